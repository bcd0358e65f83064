/*
 * Track: which of the captured blocks are canonical, as the node sees it now, and which it has
 * left.
 *
 * The canonical chain is kept as a window of references below its tip, so a capture of any length
 * takes the same memory; blocks a reorg left are kept one by one. Pure: no text, no I/O. Used for
 * L2 blocks and, with the origin unused, for L1 headers.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_TRACK_H
#define LS_HARNESS_CAPTURE_PULL_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/op/types.h"

#define LS_PULL_WINDOW 65536u      /* canonical blocks that are remembered: a reorg's depth */
#define LS_PULL_ORPHANS_MAX 65536u /* blocks that are remembered off the canonical chain */

/* A recorded block that is not canonical now. offset and bytes are for who has its text. */
struct ls_pull_orphan {
    struct ls_l2_ref ref;
    uint64_t offset;
    uint64_t bytes;
    bool is_left_out;
};

/* Read the fields freely, change them by the functions only. */
struct ls_pull_track {
    struct ls_l2_ref *ring; /* canonical references low .. end - 1, at number % window */
    uint32_t window;
    uint64_t first; /* lowest canonical number; valid when end > first */
    uint64_t low;   /* lowest number that is in the ring */
    uint64_t end;   /* tip's number + 1 */
    struct ls_pull_orphan *orphans;
    size_t orphan_count;
    size_t orphan_capacity;
    uint64_t orphan_top;     /* highest number among them */
    struct ls_l2_ref anchor; /* genesis, when it is recorded apart from the chain */
    bool has_anchor;
};

/* Where a block belongs. */
enum ls_pull_place {
    LS_PULL_EXTENDS,  /* child of the tip, or the first of all */
    LS_PULL_FORKS,    /* child of another recorded block: the chain above that one was left */
    LS_PULL_KNOWN,    /* recorded already */
    LS_PULL_UNLINKED, /* its parent is not recorded */
    LS_PULL_TOO_DEEP  /* as FORKS, but below the window */
};

/* window: LS_PULL_WINDOW, or less in tests. NOMEM. */
enum ls_err ls_pull_track_init(struct ls_pull_track *t, uint32_t window, struct ls_diag *d);
void ls_pull_track_fini(struct ls_pull_track *t);

/* The recorded genesis block: known, but no parent of anything. */
void ls_pull_track_anchor(struct ls_pull_track *t, const struct ls_l2_ref *ref);

/* The canonical tip; NULL when nothing is recorded. Valid until the next change. */
const struct ls_l2_ref *ls_pull_track_tip(const struct ls_pull_track *t);

/* The canonical block of that number; NULL when it is outside the window. */
const struct ls_l2_ref *ls_pull_track_at(const struct ls_pull_track *t, uint64_t number);

/* The recorded block, canonical in the window or not; NULL when there is none. */
const struct ls_l2_ref *ls_pull_track_find(const struct ls_pull_track *t,
                                           const struct ls_block_id *id);

/* true when the block is recorded, as far as can be told: below the window a canonical block of
 * that number is, whatever its hash. */
bool ls_pull_track_holds(const struct ls_pull_track *t, const struct ls_block_id *id);

/* Where ref would go. */
enum ls_pull_place ls_pull_track_place(const struct ls_pull_track *t, const struct ls_l2_ref *ref);

/* Makes ref the tip: a new block, or a recorded one. Blocks of the old chain that are no ancestors
 * of it become orphans. LINK when its parent is not recorded, LIMIT below the window or with too
 * many orphans, NOMEM; nothing has changed then. */
enum ls_err ls_pull_track_add(struct ls_pull_track *t, const struct ls_l2_ref *ref,
                              struct ls_diag *d);

/* Makes the recorded block id the tip. NOT_FOUND, LIMIT, NOMEM. */
enum ls_err ls_pull_track_move(struct ls_pull_track *t, const struct ls_block_id *id,
                               struct ls_diag *d);

/* The orphan of that identity, NULL when there is none. */
struct ls_pull_orphan *ls_pull_track_orphan(const struct ls_pull_track *t,
                                            const struct ls_block_id *id);

/* How many branches the orphans make: orphans no orphan sits on. */
size_t ls_pull_track_branches(const struct ls_pull_track *t);

/* Moves the tip up along recorded orphans as far as they go (of siblings, the lowest hash). NOMEM.
 */
enum ls_err ls_pull_track_climb(struct ls_pull_track *t, struct ls_diag *d);

#endif
