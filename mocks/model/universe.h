/*
 * The block universe: every block of a run, recorded or synthetic, as a DAG with an index by hash.
 * Pure: memory comes from the caller, JSON is carried as opaque bytes. Used for L2 blocks and, with
 * l1_origin unused, for L1 blocks.
 *
 * A block is named by its id (0 .. count-1), which never changes. Runs: blocks added one after
 * another as child of the block before them share a run, so that "the ancestor of tip at height n"
 * is O(1) inside a run and O(number of runs) across forks.
 */
#ifndef LS_MOCKS_UNIVERSE_H
#define LS_MOCKS_UNIVERSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/types.h"

#define LS_NO_BLOCK UINT32_MAX

struct ls_ublock;

/* Where the texts of blocks come from that are not in memory from the start. */
struct ls_utexts {
    /* The block's text; valid while a request is answered, not longer. n 0: it cannot be had, and
     * who owns this knows why. */
    struct ls_span (*read)(struct ls_utexts *self, const struct ls_ublock *b);
};

struct ls_ublock {
    struct ls_l2_ref ref;
    uint32_t parent; /* id, or LS_NO_BLOCK. The first block of a window whose parent is not recorded
                        has genesis as parent, with is_gap set. */
    bool is_gap;     /* parent is an ancestor, but not the direct parent */
    bool is_synthetic;
    bool expect_invalid; /* an engine must refuse it: executes to INVALID */
    const char *json;    /* hydrated JSON-RPC block object, borrowed for the life of the universe */
    size_t json_bytes;
    struct ls_utexts *texts; /* not NULL: json is NULL, ls_ublock_text asks here */
    const char *receipts;    /* eth_getBlockReceipts result, borrowed as json; NULL: not recorded */
    size_t receipts_bytes;
    const char *proof; /* eth_getProof result of the L2ToL1MessagePasser, borrowed; NULL: none */
    size_t proof_bytes;
    uint32_t run_first; /* set by ls_universe_add */
};

struct ls_universe;

/* Bytes for a universe of at most blocks_max blocks, 16-aligned. */
size_t ls_universe_size(uint32_t blocks_max);
struct ls_universe *ls_universe_init(void *mem, uint32_t blocks_max);

/* Adds a block; its parent, if any, must be there. *id gets its name. LIMIT when full, EXISTS when
 * the hash is there already (*id is then the existing one), LINK when parent does not fit number.
 */
enum ls_err ls_universe_add(struct ls_universe *u, const struct ls_ublock *b, uint32_t *id);

/* Gives block id (< count) its receipts, borrowed for the life of the universe. */
void ls_universe_set_receipts(struct ls_universe *u, uint32_t id, const char *json, size_t n);

/* And its proof. */
void ls_universe_set_proof(struct ls_universe *u, uint32_t id, const char *json, size_t n);

/* Blocks added. */
uint32_t ls_universe_count(const struct ls_universe *u);
/* blocks_max of init: models size their tables by it, because blocks may be added later. */
uint32_t ls_universe_capacity(const struct ls_universe *u);
/* id must be < count. */
const struct ls_ublock *ls_universe_get(const struct ls_universe *u, uint32_t id);
/* The block's text: json, for the life of the universe, or what texts reads. */
struct ls_span ls_ublock_text(const struct ls_ublock *b);
/* LS_NO_BLOCK when unknown. */
uint32_t ls_universe_find(const struct ls_universe *u, const struct ls_hash *hash);
/* The ancestor-or-self of tip with this number; LS_NO_BLOCK when there is none (above tip, inside
 * the unrecorded gap, or tip is LS_NO_BLOCK). */
uint32_t ls_universe_at(const struct ls_universe *u, uint32_t tip, uint64_t number);
/* a is an ancestor of b, or b itself. false when either is LS_NO_BLOCK. */
bool ls_universe_is_ancestor(const struct ls_universe *u, uint32_t a, uint32_t b);
/* The newest block that is ancestor-or-self of both; LS_NO_BLOCK when there is none. */
uint32_t ls_universe_common(const struct ls_universe *u, uint32_t a, uint32_t b);

#endif
