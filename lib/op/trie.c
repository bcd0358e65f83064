/*
 * Root of the ordered trie rlp(i) -> item i, the form of transactionsRoot.
 *
 * The keys are known before the items, so nothing is stored: their sorted order is 1..127, 0,
 * 128, 129, … (rlp(0) is 0x80), no key is a prefix of another, and every node is a contiguous range
 * of that order. The range is split by nibbles; depth is at most the nibbles of the longest key.
 */
#include "lib/op/tx.h"

#include "lib/hash.h"
#include "lib/op/header.h"
#include "lib/op/rlpmem.h"

#define ITEMS_MAX (1u << 24) /* keys then have at most 4 bytes */
#define NIBBLES_MAX 8u
#define COMPACT_MAX (NIBBLES_MAX / 2 + 1)
#define REF_MAX 33u
#define BRANCH_BODY_MAX (16u * REF_MAX + 1u)
#define INLINE_MAX 31u /* a node of fewer than 32 bytes stands in its parent as it is */

struct trie {
    const struct ls_span *items;
    size_t count;
};

struct key {
    uint8_t nibbles[NIBBLES_MAX];
    size_t n;
};

/* How a node appears in its parent: itself, or the RLP string of its hash. */
struct ref {
    uint8_t b[REF_MAX];
    size_t n;
};

/* Sorted positions first .. first + count - 1, whose keys agree in their first depth nibbles. */
struct range {
    size_t first;
    size_t count;
    size_t depth;
};

static size_t index_at(const struct trie *t, size_t position)
{
    size_t ones = t->count - 1 < 127 ? t->count - 1 : 127; /* the indices 1..127 */

    if (position < ones) {
        return position + 1;
    }
    return position == ones ? 0 : position;
}

static struct key key_of(size_t index)
{
    uint8_t bytes[LS_RLPMEM_HEAD_MAX];
    size_t n = (size_t)(ls_rlpmem_u64(bytes, index) - bytes);
    struct key k = {.n = 2 * n};

    for (size_t i = 0; i < n && i < NIBBLES_MAX / 2; i++) {
        k.nibbles[2 * i] = bytes[i] >> 4;
        k.nibbles[2 * i + 1] = bytes[i] & 0x0f;
    }
    return k;
}

/* Hex-prefix encoding of nibbles from..to as an RLP string. */
static uint8_t *put_path(uint8_t *o, const struct key *k, size_t from, size_t to, bool is_leaf)
{
    uint8_t compact[COMPACT_MAX];
    size_t n = 0;
    uint8_t flag = is_leaf ? 0x20 : 0x00;

    if ((to - from) % 2 == 1) {
        compact[n++] = (uint8_t)(flag | 0x10 | k->nibbles[from++]);
    } else {
        compact[n++] = flag;
    }
    for (; from < to; from += 2) {
        compact[n++] = (uint8_t)(k->nibbles[from] << 4 | k->nibbles[from + 1]);
    }
    return ls_rlpmem_bytes(o, compact, n);
}

/* Turns the content of a node's list, of at most BRANCH_BODY_MAX bytes, into its reference. */
static void finish(const uint8_t *body, size_t n, struct ref *out)
{
    uint8_t node[3 + BRANCH_BODY_MAX];
    uint8_t *end = ls_rlpmem_head(node, 0xc0, n);
    size_t bytes;

    memcpy(end, body, n);
    bytes = (size_t)(end - node) + n;
    if (bytes <= INLINE_MAX) {
        memcpy(out->b, node, bytes);
        out->n = bytes;
        return;
    }
    out->b[0] = 0xa0;
    ls_keccak256(node, bytes, out->b + 1);
    out->n = REF_MAX;
}

/* A leaf: [path, item]. Items are long, so they are hashed where they lie. */
static void leaf(const struct key *k, size_t depth, struct ls_span item, struct ref *out)
{
    uint8_t path[1 + COMPACT_MAX];
    uint8_t head[LS_RLPMEM_HEAD_MAX];
    size_t path_bytes = (size_t)(put_path(path, k, depth, k->n, true) - path);
    size_t item_bytes = ls_rlpmem_head_bytes(item.n) + item.n;
    struct ls_keccak keccak;

    if (path_bytes + item_bytes < INLINE_MAX) {
        uint8_t body[INLINE_MAX];

        memcpy(body, path, path_bytes);
        finish(body, (size_t)(ls_rlpmem_bytes(body + path_bytes, item.p, item.n) - body), out);
        return;
    }
    ls_keccak_init(&keccak);
    ls_keccak_update(&keccak, head,
                     (size_t)(ls_rlpmem_head(head, 0xc0, path_bytes + item_bytes) - head));
    ls_keccak_update(&keccak, path, path_bytes);
    ls_keccak_update(&keccak, head, (size_t)(ls_rlpmem_head(head, 0x80, item.n) - head));
    ls_keccak_update(&keccak, item.p, item.n);
    out->b[0] = 0xa0;
    ls_keccak_final(&keccak, out->b + 1);
    out->n = REF_MAX;
}

/* Length of what the keys of the range have in common from its depth on. */
static size_t common(const struct trie *t, const struct range *r, const struct key *first)
{
    struct key last = key_of(index_at(t, r->first + r->count - 1));
    size_t n = r->depth;

    while (n < first->n && n < last.n && first->nibbles[n] == last.nibbles[n]) {
        n++;
    }
    return n - r->depth;
}

static void node(const struct trie *t, struct range r, struct ref *out);

/* A branch over keys that differ at r.depth. */
static void branch(const struct trie *t, const struct range *r, struct ref *out)
{
    uint8_t body[BRANCH_BODY_MAX];
    uint8_t *o = body;
    size_t at = r->first;
    size_t end = r->first + r->count;

    for (uint8_t nibble = 0; nibble < 16; nibble++) {
        struct range child = {.first = at, .depth = r->depth + 1};
        struct ref ref = {.b = {0x80}, .n = 1};

        while (at < end && key_of(index_at(t, at)).nibbles[r->depth] == nibble) {
            at++;
        }
        child.count = at - child.first;
        if (child.count != 0) {
            node(t, child, &ref);
        }
        memcpy(o, ref.b, ref.n);
        o += ref.n;
    }
    *o++ = 0x80; /* no key ends at a branch */
    finish(body, (size_t)(o - body), out);
}

static void node(const struct trie *t, struct range r, struct ref *out)
{
    size_t index = index_at(t, r.first);
    struct key k = key_of(index);
    size_t shared;

    if (r.count == 1) {
        leaf(&k, r.depth, t->items[index], out);
        return;
    }
    shared = common(t, &r, &k);
    if (shared == 0) {
        branch(t, &r, out);
    } else {
        uint8_t body[1 + COMPACT_MAX + REF_MAX];
        struct range below = {r.first, r.count, r.depth + shared};
        struct ref child;
        uint8_t *o = put_path(body, &k, r.depth, below.depth, false);

        branch(t, &below, &child);
        memcpy(o, child.b, child.n);
        finish(body, (size_t)(o - body) + child.n, out);
    }
}

enum ls_err ls_trie_ordered_root(const struct ls_span *items, size_t count, struct ls_hash *out)
{
    struct trie t = {items, count};
    struct ref root;

    if (count == 0) {
        *out = LS_EMPTY_TRIE;
        return LS_OK;
    }
    if (count > ITEMS_MAX) {
        return LS_ERR_LIMIT;
    }
    node(&t, (struct range){0, count, 0}, &root);
    if (root.n == REF_MAX) {
        memcpy(out->b, root.b + 1, 32);
    } else {
        ls_keccak256(root.b, root.n, out->b); /* the root is hashed however short it is */
    }
    return LS_OK;
}
