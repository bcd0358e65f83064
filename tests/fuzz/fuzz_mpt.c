/*
 * Any bytes as a proof: a length and a key, then nodes, each behind its length in two bytes. 32
 * bytes of 0xee in a node stand for the hash of the node behind it, so that ways of many nodes are
 * found. What must hold: the value lies within a node, the count of nodes that were right is no
 * more than there are and all of them when the proof is one, and a flipped bit in any node, or one
 * node too many, is no proof any more.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/mpt_proof.h"

#define NODES_MAX 16u
#define HASH_BYTES 32u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

struct input {
    struct ls_span key;
    struct ls_span nodes[NODES_MAX + 1];
    size_t count;
};

static struct input split(uint8_t *p, size_t n)
{
    struct input in = {.count = 0};
    size_t at = 1 + (n > 0 ? p[0] % 80u : 0);

    if (n < at || n == 0) {
        return in;
    }
    in.key = (struct ls_span){p + 1, at - 1};
    while (in.count < NODES_MAX && n - at > 2) {
        size_t bytes = (size_t)p[at] << 8 | p[at + 1];
        at += 2;
        bytes = bytes < n - at ? bytes : n - at;
        in.nodes[in.count++] = (struct ls_span){p + at, bytes};
        at += bytes;
    }
    return in;
}

/* From the last node to the first, so that hashes are of what is final. */
static void link_up(struct input *in, uint8_t *p, uint8_t root[HASH_BYTES])
{
    uint8_t mark[HASH_BYTES];

    memset(mark, 0xee, sizeof mark);
    memset(root, 0, HASH_BYTES);
    for (size_t i = in->count; i > 0; i--) {
        uint8_t *node = p + (in->nodes[i - 1].p - p);
        size_t n = in->nodes[i - 1].n;
        for (size_t at = 0; i < in->count && at + HASH_BYTES <= n; at++) {
            if (memcmp(node + at, mark, sizeof mark) == 0) {
                memcpy(node + at, root, HASH_BYTES);
            }
        }
        ls_keccak256(node, n, root);
    }
}

static bool is_within(const struct input *in, struct ls_span value)
{
    for (size_t i = 0; i < in->count; i++) {
        const struct ls_span *n = &in->nodes[i];
        if (value.p >= n->p && value.p + value.n <= n->p + n->n) {
            return true;
        }
    }
    return false;
}

static void check_proof(struct input *in, uint8_t *p, const uint8_t root[HASH_BYTES])
{
    struct ls_span got;

    for (size_t i = 0; i < in->count; i++) {
        uint8_t *last = p + (in->nodes[i].p - p) + in->nodes[i].n - 1;
        *last ^= 1;
        must(ls_mpt_prove(root, in->key, in->nodes, in->count, &got, NULL) != LS_OK);
        *last ^= 1;
    }
    in->nodes[in->count] = (struct ls_span){p, 1};
    must(ls_mpt_prove(root, in->key, in->nodes, in->count + 1, &got, NULL) != LS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *p = malloc(size + 1);
    uint8_t root[HASH_BYTES];
    struct ls_span value = {data, 0};
    size_t at = 0;

    must(p != NULL);
    memcpy(p, data, size);
    struct input in = split(p, size);
    link_up(&in, p, root);
    enum ls_err e = ls_mpt_prove(root, in.key, in.nodes, in.count, &value, &at);
    must(at <= in.count);
    must(e ? value.p == data && value.n == 0 : at == in.count);
    if (!e) {
        must(value.p ? value.n > 0 && is_within(&in, value) : value.n == 0);
        check_proof(&in, p, root);
    }
    free(p);
    return 0;
}
