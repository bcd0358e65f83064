/*
 * Chain vocabulary: hashes, ids and block references, as plain values. No behaviour beyond
 * equality. Included by everything that talks about blocks, the pure core among them.
 */
#ifndef LS_OP_TYPES_H
#define LS_OP_TYPES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* 32-byte hash. All zero means "none" in references. */
struct ls_hash {
    uint8_t b[32];
};

/* 20-byte address. */
struct ls_addr {
    uint8_t b[20];
};

/* A block by hash and number. */
struct ls_block_id {
    struct ls_hash hash;
    uint64_t number;
};

/* L1 block reference (optimism_syncStatus "L1BlockRef"). */
struct ls_l1_ref {
    struct ls_hash hash;
    uint64_t number;
    struct ls_hash parent;
    uint64_t timestamp; /* s */
};

/* L2 block reference (optimism_syncStatus "L2BlockRef"). */
struct ls_l2_ref {
    struct ls_hash hash;
    uint64_t number;
    struct ls_hash parent;
    uint64_t timestamp; /* s */
    struct ls_block_id l1_origin;
    uint64_t sequence_number; /* position of the block in its L1 epoch, 0 = first */
};

static inline bool ls_hash_eq(const struct ls_hash *a, const struct ls_hash *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

static inline bool ls_hash_is_zero(const struct ls_hash *h)
{
    static const struct ls_hash zero;
    return ls_hash_eq(h, &zero);
}

#endif
