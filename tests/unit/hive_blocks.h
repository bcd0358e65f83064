/*
 * The blocks of hive's scripts: a recorded chain, two side branches, and payloads that differ from
 * theirs in one thing. A block is named
 *   N         canonical block N
 *   xN, yN    block N of a side branch, 101 to 112
 *   B/FIELD   payload of B with that field altered, and a hash that fits
 *   B<P       payload of B on the parent P instead, and a hash that fits; P as any of these
 *   B#        payload of B with a block hash that does not fit
 *   B=        payload of B whose parent hash is its block hash
 *   -, ?      in forkchoices: the zero hash, a hash nobody knows
 */
#ifndef LS_TESTS_HIVE_BLOCKS_H
#define LS_TESTS_HIVE_BLOCKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/num.h"
#include "lib/op/payload.h"
#include "tests/engine_corpus/lab.h"
#include "tests/engine_corpus/standin.h"

#define WORD_BYTES 96u
#define IDS_MAX 16u
#define SIDE_FROM 101u /* of branches x and y, which leave the chain at the block below … */
#define SIDE_TO 112u   /* … and end here */

static const char zero_hash[] =
    "0x0000000000000000000000000000000000000000000000000000000000000000";

struct lab {
    struct ls_corpus corpus;
    struct ls_names names;
    struct ls_lab lab;
};

struct run {
    struct lab *l;
    const char *hive; /* the test's name */
    const char *statement;
    char ids[IDS_MAX][24];
    size_t id_count;
};

static inline void __attribute__((noreturn))
bad(const struct run *r, const char *what, const char *got)
{
    fail_msg("hive \"%s\": %s: %s %s", r->hive, r->statement, what, got == NULL ? "" : got);
    abort();
}

/* --- blocks by name --- */

static inline struct ls_hash side_name(char branch, uint64_t number)
{
    struct ls_hash h;
    char text[32];
    (void)snprintf(text, sizeof text, "%c%llu", branch, (unsigned long long)number);
    ls_keccak256(text, strlen(text), h.b);
    return h;
}

static inline const struct ls_corpus_block *side_block(const struct lab *l, char branch,
                                                       uint64_t number)
{
    struct ls_hash h = side_name(branch, number);
    struct ls_buf text;
    ls_buf_init(&text, WORD_BYTES);
    ls_hex_put(&text, h.b, sizeof h.b);
    (void)ls_names_to_ours(&l->names, &text);
    const struct ls_corpus_block *b = ls_corpus_block(&l->corpus, (const char *)text.p);
    ls_buf_fini(&text);
    return b;
}

static inline void add_branch(struct lab *l, struct ls_standins *s, char branch)
{
    for (uint64_t n = SIDE_FROM; n <= SIDE_TO; n++) {
        const struct ls_corpus_block *sibling = ls_corpus_at(&l->corpus, n);
        struct ls_ref ref = {.hash = side_name(branch, n), .number = n, .txs = UINT64_MAX};
        ref.parent =
            n == SIDE_FROM ? ls_corpus_at(&l->corpus, n - 1)->hash : side_name(branch, n - 1);
        (void)ls_json_quantity(ls_json_get(sibling->block, "timestamp"), &ref.timestamp);
        s->items = ls_corpus_need(realloc(s->items, (s->count + 1) * sizeof *s->items));
        s->items[s->count++] = ref;
    }
}

static inline void put_hash(struct ls_hash *h, const char *text)
{
    assert_int_equal(ls_hex_fixed(text, strlen(text), h->b, sizeof h->b), LS_OK);
}

static inline void alter(const struct run *r, struct ls_payload *p, const char *field)
{
    static const struct {
        const char *name;
        size_t at;
    } hashes[] = {{"parentHash", offsetof(struct ls_payload, parent_hash)},
                  {"stateRoot", offsetof(struct ls_payload, state_root)},
                  {"receiptsRoot", offsetof(struct ls_payload, receipts_root)}};
    static const struct {
        const char *name;
        size_t at;
        int64_t by;
    } numbers[] = {{"blockNumber", offsetof(struct ls_payload, number), 1},
                   {"gasLimit", offsetof(struct ls_payload, gas_limit), 1000000},
                   {"gasUsed", offsetof(struct ls_payload, gas_used), 1},
                   {"timestamp", offsetof(struct ls_payload, timestamp), -10},
                   {"blobGasUsed", offsetof(struct ls_payload, blob_gas_used), 1}};
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        if (strcmp(field, hashes[i].name) == 0) {
            ((uint8_t *)p)[hashes[i].at + 31] ^= 1;
            return;
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(field, numbers[i].name) == 0) {
            uint64_t v;
            memcpy(&v, (uint8_t *)p + numbers[i].at, sizeof v);
            v += (uint64_t)numbers[i].by;
            memcpy((uint8_t *)p + numbers[i].at, &v, sizeof v);
            return;
        }
    }
    if (strcmp(field, "transactions") != 0 || p->tx_count == 0) {
        bad(r, "no such field", field);
    }
    p->tx_count--;
}

static inline void rehash(const struct run *r, struct ls_payload *p)
{
    struct ls_header h;
    if (ls_payload_header(p, &h) != LS_OK) {
        bad(r, "no block", NULL);
    }
    p->block_hash = ls_header_hash(&h);
}

static inline void plain(struct run *r, const char *name, size_t n, struct ls_arena *a,
                         struct ls_payload *out)
{
    bool is_side = name[0] == 'x' || name[0] == 'y';
    uint64_t number = 0;
    struct ls_diag d = {{0}};
    assert_int_equal(ls_parse_dec(name + is_side, n - is_side, &number), LS_OK);
    const struct ls_corpus_block *b =
        is_side ? side_block(r->l, name[0], number) : ls_corpus_at(&r->l->corpus, number);
    if (b == NULL || b->params == NULL) {
        bad(r, "no such block", name);
    }
    if (ls_payload_from_json(ls_json_at(b->params, 0), a, out, &d) != LS_OK) {
        bad(r, "no payload", d.text);
    }
    if (ls_json_count(b->params) > 2) {
        out->has_beacon_root = true;
        put_hash(&out->beacon_root, ls_json_str(ls_json_at(b->params, 2)));
    }
}

static inline void payload_of(struct run *r, const char *name, struct ls_arena *a,
                              struct ls_payload *out)
{
    size_t n = strcspn(name, "/<#=");
    plain(r, name, n, a, out);
    const char *rest = name + n;
    if (*rest == '/') {
        char field[WORD_BYTES];
        size_t bytes = strcspn(rest + 1, "<");
        (void)snprintf(field, sizeof field, "%.*s", (int)bytes, rest + 1);
        alter(r, out, field);
        rehash(r, out);
        rest += 1 + bytes;
    }
    if (*rest == '<') {
        struct ls_payload parent;
        payload_of(r, rest + 1, a, &parent);
        out->parent_hash = parent.block_hash;
        rehash(r, out);
    } else if (*rest == '#') {
        out->block_hash.b[31] ^= 1;
    } else if (*rest == '=') {
        out->parent_hash = out->block_hash;
    }
}

static inline void hash_text(struct run *r, const char *name, char out[67])
{
    struct ls_arena a;
    struct ls_payload p;
    const char *genesis = ls_json_str(ls_json_get(ls_corpus_at(&r->l->corpus, 0)->block, "hash"));
    if (strcmp(name, "-") == 0 || strcmp(name, "0") == 0) {
        (void)snprintf(out, 67, "%s", name[0] == '-' ? zero_hash : genesis);
        return;
    }
    if (strcmp(name, "?") == 0) {
        (void)snprintf(out, 67, "0x%064d", 7);
        return;
    }
    ls_arena_init(&a, LS_CORPUS_BYTES_MAX);
    payload_of(r, name, &a, &p);
    (void)memcpy(out, "0x", 3);
    ls_hex_encode(p.block_hash.b, sizeof p.block_hash.b, out + 2);
    out[66] = '\0';
    ls_arena_fini(&a);
}

#endif
