/*
 * Receipts on their way from the journal to the fixture. The journal has them in the order in which
 * they came, some twice, some of blocks that never were recorded; a fixture has a line a block.
 * Internal to pull_*.c.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_RECEIPTS_H
#define LS_HARNESS_CAPTURE_PULL_RECEIPTS_H

#include "harness/capture/pull_folder.h"
#include "harness/capture/pull_frames.h"

struct ls_pull_receipts_place;

struct ls_pull_receipts {
    struct ls_pull_frames to;
    const struct ls_rollup *rollup;        /* NULL: none */
    struct ls_span journal;                /* mapped */
    struct ls_pull_receipts_place *places; /* of its lines, 24 bytes each, by block */
    size_t count;
    size_t capacity;
    uint64_t lacking; /* blocks put without receipts that should have some */
};

/* Reads where what stands in f's journal and makes the segment in dir. Errors as those of frames
 * and journals. Close in any case. */
enum ls_err ls_pull_receipts_open(const struct ls_pull_folder *f, const char *dir, int level,
                                  struct ls_pull_receipts *r, struct ls_diag *d);

/* Adds the line of the block whose text is given. Receipts that do not prove themselves (a power
 * cut may have damaged the journal) count as lacking. */
enum ls_err ls_pull_receipts_put(struct ls_pull_receipts *r, struct ls_span block,
                                 struct ls_diag *d);

/* Frees and closes; what was written stays. */
void ls_pull_receipts_close(struct ls_pull_receipts *r);

#endif
