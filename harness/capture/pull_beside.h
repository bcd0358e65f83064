/*
 * Receipts and proofs on their way from the journal to the fixture. The journal has them in the
 * order in which they came, some twice, some of blocks that never were recorded; a fixture has a
 * line a block. Internal to pull_*.c.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_BESIDE_H
#define LS_HARNESS_CAPTURE_PULL_BESIDE_H

#include "harness/capture/beside.h"
#include "harness/capture/pull_folder.h"
#include "harness/capture/pull_frames.h"

struct ls_pull_beside_place;

struct ls_pull_beside {
    const struct ls_beside *kind;
    struct ls_pull_frames to;
    const struct ls_rollup *rollup;      /* NULL: none */
    struct ls_hash genesis;              /* zero: not known */
    struct ls_span journal;              /* mapped */
    struct ls_pull_beside_place *places; /* of its lines, 24 bytes each, by key */
    size_t count;
    size_t capacity;
    uint64_t lacking; /* blocks put without what should stand beside them */
};

/* Nothing is open yet; close it in any case. */
void ls_pull_beside_init(struct ls_pull_beside *b, enum ls_beside_kind k);

/* Reads where what stands in f's journal and makes the segment in dir. Errors as those of frames
 * and journals. */
enum ls_err ls_pull_beside_open(struct ls_pull_beside *b, const struct ls_pull_folder *f,
                                const char *dir, int level, struct ls_diag *d);

/* Adds the line of the block whose text is given. One that does not prove itself (a power cut may
 * have damaged the journal) counts as lacking; genesis may lack it, whose proof is
 * not asked for. */
enum ls_err ls_pull_beside_put(struct ls_pull_beside *b, struct ls_span block, struct ls_diag *d);

/* Frees and closes; what was written stays. */
void ls_pull_beside_close(struct ls_pull_beside *b);

#endif
