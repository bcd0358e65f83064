#include "lib/mpt_proof.h"

#include <stdbool.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/rlp.h"

#define BRANCH_ITEMS 17u /* a child for each nibble, and the value of the key that ends here */
#define SHORT_ITEMS 2u   /* an extension or a leaf: path, and child or value */
#define HASH_BYTES 32u
#define FLAG_ODD 1u  /* of hex-prefix: a nibble of the path stands beside the flags */
#define FLAG_LEAF 2u /* the path ends here */
#define FLAGS_MAX 3u

struct walk {
    struct ls_span key;
    size_t depth; /* nibbles of the key that lie behind */
    const struct ls_span *nodes;
    size_t count;
    size_t used;
    struct ls_span value;
    bool is_over;
};

static uint8_t nibble_at(struct ls_span s, size_t i)
{
    return i % 2 ? s.p[i / 2] & 0x0f : s.p[i / 2] >> 4;
}

/* The items of a node's encoding, one list and nothing behind it; their number, 0: it is no node.
 */
static size_t split(struct ls_span node, struct ls_rlp_item items[BRANCH_ITEMS])
{
    struct ls_rlp_item list;
    size_t n = 0;

    if (ls_rlp_next(&node, &list) || node.n > 0 || !list.is_list) {
        return 0;
    }
    for (struct ls_span rest = list.body; rest.n > 0; n++) {
        if (n == BRANCH_ITEMS || ls_rlp_next(&rest, &items[n])) {
            return 0;
        }
    }
    return n;
}

static enum ls_err end(struct walk *w, const struct ls_rlp_item *value)
{
    if (value && (value->is_list || value->body.n == 0)) {
        return LS_ERR_PARSE;
    }
    w->value = value ? value->body : (struct ls_span){NULL, 0};
    w->is_over = true;
    return LS_OK;
}

/* The next node by its hash. */
static enum ls_err follow(struct walk *w, const uint8_t hash[HASH_BYTES], struct ls_span *node)
{
    uint8_t got[HASH_BYTES];

    if (w->used == w->count) {
        return LS_ERR_MISSING;
    }
    *node = w->nodes[w->used];
    ls_keccak256(node->p, node->n, got);
    if (memcmp(got, hash, sizeof got) != 0) {
        return LS_ERR_HASH;
    }
    w->used++;
    return LS_OK;
}

/* A child: a hash, or a node that is shorter than one. */
static enum ls_err descend(struct walk *w, const struct ls_rlp_item *child, struct ls_span *node)
{
    if (!child->is_list && child->body.n == HASH_BYTES) {
        return follow(w, child->body.p, node);
    }
    if (!child->is_list || child->raw.n >= HASH_BYTES) {
        return LS_ERR_PARSE;
    }
    *node = child->raw;
    return LS_OK;
}

static enum ls_err branch(struct walk *w, const struct ls_rlp_item items[BRANCH_ITEMS],
                          struct ls_span *node)
{
    const struct ls_rlp_item *child = &items[BRANCH_ITEMS - 1];

    if (w->depth == 2 * w->key.n) {
        return end(w, child->is_list || child->body.n > 0 ? child : NULL);
    }
    child = &items[nibble_at(w->key, w->depth)];
    if (!child->is_list && child->body.n == 0) {
        return end(w, NULL);
    }
    w->depth++;
    return descend(w, child, node);
}

/* Whether the nibbles of path from first on are those of the key that come next. */
static bool is_on_way(const struct walk *w, struct ls_span path, size_t first)
{
    size_t n = 2 * path.n - first;

    if (n > 2 * w->key.n - w->depth) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (nibble_at(path, first + i) != nibble_at(w->key, w->depth + i)) {
            return false;
        }
    }
    return true;
}

static enum ls_err shorten(struct walk *w, const struct ls_rlp_item items[SHORT_ITEMS],
                           struct ls_span *node)
{
    struct ls_span path = items[0].body;

    if (items[0].is_list || path.n == 0 || nibble_at(path, 0) > FLAGS_MAX) {
        return LS_ERR_PARSE;
    }
    unsigned flags = nibble_at(path, 0);
    size_t first = flags & FLAG_ODD ? 1 : 2;
    if (first == 2 && nibble_at(path, 1) != 0) {
        return LS_ERR_PARSE; /* the nibble that fills the byte */
    }
    size_t n = 2 * path.n - first;
    bool is_leaf = flags & FLAG_LEAF;
    if (!is_leaf && n == 0) {
        return LS_ERR_PARSE; /* an extension by nothing */
    }
    bool is_here = is_on_way(w, path, first);
    if (is_leaf) {
        return end(w, is_here && w->depth + n == 2 * w->key.n ? &items[1] : NULL);
    }
    if (!is_here) {
        return end(w, NULL);
    }
    w->depth += n;
    return descend(w, &items[1], node);
}

static enum ls_err step(struct walk *w, struct ls_span *node)
{
    struct ls_rlp_item items[BRANCH_ITEMS];

    switch (split(*node, items)) {
    case BRANCH_ITEMS:
        return branch(w, items, node);
    case SHORT_ITEMS:
        return shorten(w, items, node);
    default:
        return LS_ERR_PARSE;
    }
}

/* The trie without a key has the hash of the empty string's encoding for a root. */
static bool is_empty_trie(const uint8_t root[HASH_BYTES], const struct ls_span *nodes, size_t count)
{
    static const uint8_t empty = 0x80;
    uint8_t hash[HASH_BYTES];

    ls_keccak256(&empty, 1, hash);
    return memcmp(hash, root, sizeof hash) == 0 &&
           (count == 0 || (count == 1 && nodes[0].n == 1 && nodes[0].p[0] == empty));
}

static enum ls_err walk(struct walk *w, const uint8_t root[HASH_BYTES])
{
    struct ls_span node;

    if (is_empty_trie(root, w->nodes, w->count)) {
        w->used = w->count;
        return LS_OK;
    }
    enum ls_err e = follow(w, root, &node);
    while (!e && !w->is_over) { /* each turn takes a nibble of the key, or ends */
        e = step(w, &node);
    }
    return !e && w->used < w->count ? LS_ERR_RANGE : e;
}

enum ls_err ls_mpt_prove(const uint8_t root[32], struct ls_span key, const struct ls_span *nodes,
                         size_t count, struct ls_span *value, size_t *at)
{
    struct walk w = {.key = key, .nodes = nodes, .count = count};
    enum ls_err e = key.n > LS_MPT_KEY_BYTES_MAX ? LS_ERR_LIMIT : walk(&w, root);

    if (at) {
        *at = w.used;
    }
    if (!e) {
        *value = w.value;
    }
    return e;
}
