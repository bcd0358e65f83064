/*
 * Where the heads of the source and of the L1 are at a position of the recording: by the recorded
 * label timeline, or, where there is none, by block time with safe and finalized a fixed number of
 * blocks behind. A pure function of the position, which is 0 at the first label or block.
 */
#ifndef LS_HARNESS_SERVE_TIMELINE_H
#define LS_HARNESS_SERVE_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capture/chain.h"
#include "mocks/model/source.h"

/* Distances in blocks, for chains without recorded labels. */
struct ls_lags {
    uint64_t safe;      /* unsafe - safe */
    uint64_t finalized; /* unsafe - finalized */
};

struct ls_timeline {
    const struct ls_chain *chain; /* borrowed; has a rollup config */
    struct ls_lags lags;
};

/* The heads at at_ms; before the beginning as at it, behind the end as there. L1 blocks that are
 * not recorded are LS_NO_BLOCK. */
struct ls_src_heads ls_timeline_heads(const struct ls_timeline *t, uint64_t at_ms);

/* From here on nothing changes any more. */
uint64_t ls_timeline_end_ms(const struct ls_timeline *t);

/* The earliest position at which unsafe is at least as high as block (an L2 id); the end when it
 * never is. */
uint64_t ls_timeline_when(const struct ls_timeline *t, uint32_t block);

#endif
