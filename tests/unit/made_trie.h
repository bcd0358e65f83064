/*
 * A trie for tests: from keys and values to its root and to the nodes on the way to a key, built
 * top down from the pairs, so the other way round than proofs are read.
 */
#ifndef LS_TESTS_MADE_TRIE_H
#define LS_TESTS_MADE_TRIE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/bytes.h"
#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/op/types.h"
#include "lib/rlp.h"

#define MADE_NODES_MAX 66u

struct made_pair {
    struct ls_span key;
    struct ls_span value;
};

/* The way to target. */
struct made_proof {
    struct ls_span target;
    struct ls_hash root;
    struct ls_buf nodes[MADE_NODES_MAX]; /* root first */
    size_t count;
};

static inline uint8_t made_nibble(struct ls_span key, size_t i)
{
    return i % 2 ? key.p[i / 2] & 0x0f : key.p[i / 2] >> 4;
}

static inline size_t made_common(struct ls_span a, struct ls_span b)
{
    size_t n = 0;

    while (n < 2 * a.n && n < 2 * b.n && made_nibble(a, n) == made_nibble(b, n)) {
        n++;
    }
    return n;
}

static inline int made_compare(const void *x, const void *y)
{
    const struct made_pair *a = x;
    const struct made_pair *b = y;
    size_t n = a->key.n < b->key.n ? a->key.n : b->key.n;
    int order = n ? memcmp(a->key.p, b->key.p, n) : 0;

    return order ? order : (a->key.n > b->key.n) - (a->key.n < b->key.n);
}

static inline void made_put_path(struct ls_buf *out, struct ls_span key, size_t from, size_t to,
                                 bool is_leaf)
{
    uint8_t path[40];
    size_t n = 1;

    path[0] = (uint8_t)((is_leaf ? 0x20 : 0) | ((to - from) % 2 ? 0x10 : 0));
    if ((to - from) % 2) {
        path[0] |= made_nibble(key, from++);
    }
    for (; from < to; from += 2) {
        path[n++] = (uint8_t)(made_nibble(key, from) << 4 | made_nibble(key, from + 1));
    }
    ls_rlp_put_bytes(out, path, n);
}

static inline void made_node(const struct made_pair *p, size_t n, size_t depth,
                             struct made_proof *proof, struct ls_buf *out);

/* As it stands in its parent. */
static inline void made_put_child(const struct made_pair *p, size_t n, size_t depth,
                                  struct made_proof *proof, struct ls_buf *out)
{
    struct ls_buf node;
    uint8_t hash[32];

    ls_buf_init(&node, 4096);
    made_node(p, n, depth, proof, &node);
    if (node.n < sizeof hash) {
        ls_buf_put(out, node.p, node.n);
    } else {
        ls_keccak256(node.p, node.n, hash);
        ls_rlp_put_bytes(out, hash, sizeof hash);
    }
    ls_buf_fini(&node);
}

/* Pairs that differ at depth, or one of which ends there. */
static inline void made_put_branch(const struct made_pair *p, size_t n, size_t depth,
                                   struct made_proof *proof, struct ls_buf *out)
{
    struct ls_span own = {NULL, 0};
    size_t at = 0;

    if (2 * p[0].key.n == depth) {
        own = p[at++].value;
    }
    for (uint8_t nibble = 0; nibble < 16; nibble++) {
        size_t first = at;
        while (at < n && made_nibble(p[at].key, depth) == nibble) {
            at++;
        }
        if (at > first) {
            made_put_child(p + first, at - first, depth + 1, proof, out);
        } else {
            ls_rlp_put_bytes(out, NULL, 0);
        }
    }
    ls_rlp_put_bytes(out, own.p, own.n);
}

/* The node of sorted pairs whose keys agree up to depth; noted when it is on the way. */
static inline void made_node(const struct made_pair *p, size_t n, size_t depth,
                             struct made_proof *proof, struct ls_buf *out)
{
    size_t agree = made_common(p[0].key, p[n - 1].key);
    size_t place = proof->count;
    bool is_on_way = made_common(p[0].key, proof->target) >= depth;
    size_t mark = ls_rlp_list_begin(out);

    proof->count += is_on_way;
    if (n == 1) {
        made_put_path(out, p[0].key, depth, 2 * p[0].key.n, true);
        ls_rlp_put_bytes(out, p[0].value.p, p[0].value.n);
    } else if (agree > depth) {
        made_put_path(out, p[0].key, depth, agree, false);
        made_put_child(p, n, agree, proof, out);
    } else {
        made_put_branch(p, n, depth, proof, out);
    }
    ls_rlp_list_end(out, mark);
    assert_int_equal(out->err, LS_OK);
    if (is_on_way && (depth == 0 || out->n >= 32)) {
        assert_true(place < MADE_NODES_MAX);
        ls_buf_init(&proof->nodes[place], 4096);
        ls_buf_put(&proof->nodes[place], out->p, out->n);
    } else if (is_on_way) {
        assert_int_equal(proof->count, place + 1); /* what is below it is shorter still */
        proof->count = place;
    }
}

/* Builds the trie of the pairs (at least one), which it sorts, and the way to key. */
static inline void made_prove(struct made_pair *pairs, size_t n, struct ls_span key,
                              struct made_proof *out)
{
    struct ls_buf root;

    memset(out, 0, sizeof *out);
    out->target = key;
    qsort(pairs, n, sizeof *pairs, made_compare);
    ls_buf_init(&root, 4096);
    made_node(pairs, n, 0, out, &root);
    ls_keccak256(root.p, root.n, out->root.b);
    ls_buf_fini(&root);
}

static inline void made_proof_fini(struct made_proof *p)
{
    for (size_t i = 0; i < p->count; i++) {
        ls_buf_fini(&p->nodes[i]);
    }
}

/* --- a state with one account of interest among others --- */

struct made_state {
    uint8_t keys[24][32];
    struct ls_buf accounts[24];
    struct made_pair pairs[24];
};

#define MADE_NO_CODE "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
#define MADE_BALANCE 0x1234u
#define MADE_CODE_BYTE 0xcdu

/* The account of who with nonce 1, MADE_BALANCE, this storage root and a code hash of
 * MADE_CODE_BYTEs, and others that depend on seed. */
static inline void made_state_init(struct made_state *s, const struct ls_addr *who,
                                   const struct ls_hash *storage_root, uint8_t seed)
{
    for (size_t i = 0; i < 24; i++) {
        struct ls_addr address = {{seed, (uint8_t)(i + 1)}};
        struct ls_hash code;
        struct ls_buf *b = &s->accounts[i];
        memset(code.b, MADE_CODE_BYTE, sizeof code.b);
        ls_keccak256(i ? address.b : who->b, sizeof who->b, s->keys[i]);
        ls_buf_init(b, 256);
        size_t mark = ls_rlp_list_begin(b);
        ls_rlp_put_u64(b, 1);
        ls_rlp_put_u64(b, MADE_BALANCE);
        ls_rlp_put_bytes(b, storage_root->b, sizeof storage_root->b);
        ls_rlp_put_bytes(b, code.b, sizeof code.b);
        ls_rlp_list_end(b, mark);
        s->pairs[i] = (struct made_pair){{s->keys[i], sizeof s->keys[i]}, {b->p, b->n}};
    }
}

static inline void made_state_fini(struct made_state *s)
{
    for (size_t i = 0; i < 24; i++) {
        ls_buf_fini(&s->accounts[i]);
    }
}

/* Appends what eth_getProof answers for who in a state made that way, and says the state's root. */
static inline struct ls_hash made_account_proof(const struct ls_addr *who,
                                                const struct ls_hash *storage_root, uint8_t seed,
                                                struct ls_buf *out)
{
    struct made_state s;
    struct made_proof p;
    struct ls_hash key;
    struct ls_hash code;

    memset(code.b, MADE_CODE_BYTE, sizeof code.b);
    made_state_init(&s, who, storage_root, seed);
    ls_keccak256(who->b, sizeof who->b, key.b);
    made_prove(s.pairs, 24, (struct ls_span){key.b, sizeof key.b}, &p);
    ls_buf_puts(out, "{\"address\":\"");
    ls_hex_put(out, who->b, sizeof who->b);
    ls_buf_puts(out, "\",\"accountProof\":[");
    for (size_t i = 0; i < p.count; i++) {
        ls_buf_puts(out, i ? ",\"" : "\"");
        ls_hex_put(out, p.nodes[i].p, p.nodes[i].n);
        ls_buf_puts(out, "\"");
    }
    ls_buf_printf(out, "],\"balance\":\"0x%x\",\"codeHash\":\"", MADE_BALANCE);
    ls_hex_put(out, code.b, sizeof code.b);
    ls_buf_puts(out, "\",\"nonce\":\"0x1\",\"storageHash\":\"");
    ls_hex_put(out, storage_root->b, sizeof storage_root->b);
    ls_buf_puts(out, "\",\"storageProof\":[]}");
    struct ls_hash root = p.root;
    made_proof_fini(&p);
    made_state_fini(&s);
    return root;
}

#endif
