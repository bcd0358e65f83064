/*
 * RLP into memory the caller has sized: for headers and trie nodes, whose longest encoding is known
 * and which are hashed too often to allocate. Each writer returns the place after what it wrote.
 * Internal to lib/op; everything of open length goes through lib/rlp.
 */
#ifndef LS_OP_RLPMEM_H
#define LS_OP_RLPMEM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/num.h"

#define LS_RLPMEM_HEAD_MAX 9u

/* The head of a string (base 0x80) or list (base 0xc0) of n bytes of content. */
static inline uint8_t *ls_rlpmem_head(uint8_t *o, uint8_t base, size_t n)
{
    uint8_t be[8];
    size_t skip = 0;

    if (n < 56) {
        *o++ = (uint8_t)(base + n);
        return o;
    }
    ls_put_be64(be, n);
    while (be[skip] == 0) {
        skip++;
    }
    *o++ = (uint8_t)(base + 55 + (8 - skip));
    memcpy(o, be + skip, 8 - skip);
    return o + (8 - skip);
}

/* The bytes ls_rlpmem_head writes for n. */
static inline size_t ls_rlpmem_head_bytes(size_t n)
{
    size_t bytes = 1;

    if (n < 56) {
        return bytes;
    }
    for (; n != 0; n >>= 8) {
        bytes++;
    }
    return bytes;
}

/* A string. */
static inline uint8_t *ls_rlpmem_bytes(uint8_t *o, const uint8_t *p, size_t n)
{
    if (n == 1 && p[0] < 0x80) {
        *o++ = p[0];
        return o;
    }
    o = ls_rlpmem_head(o, 0x80, n);
    if (n != 0) {
        memcpy(o, p, n);
    }
    return o + n;
}

/* A big-endian integer of n bytes, leading zeros dropped. */
static inline uint8_t *ls_rlpmem_uint(uint8_t *o, const uint8_t *be, size_t n)
{
    while (n != 0 && *be == 0) {
        be++;
        n--;
    }
    return ls_rlpmem_bytes(o, be, n);
}

static inline uint8_t *ls_rlpmem_u64(uint8_t *o, uint64_t v)
{
    uint8_t be[8];

    ls_put_be64(be, v);
    return ls_rlpmem_uint(o, be, sizeof be);
}

#endif
