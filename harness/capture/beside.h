/*
 * Segments that stand beside the blocks: receipts and proofs. As many lines as l2.ndjson.zst has,
 * in the same order, each with what is recorded of the block of that line, or null.
 */
#ifndef LS_HARNESS_CAPTURE_BESIDE_H
#define LS_HARNESS_CAPTURE_BESIDE_H

#include <stdbool.h>

#include "harness/capture/chain.h"
#include "harness/capture/manifest.h"
#include "harness/capture/segment.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/rollup.h"
#include "lib/op/types.h"

/* The line of a block of which nothing is recorded. */
#define LS_BESIDE_NONE "null"

/* While a capture is under way. */
#define LS_BESIDE_RECEIPTS_JOURNAL "receipts.ndjson.part"
#define LS_BESIDE_PROOFS_JOURNAL "proofs.ndjson.part"

/* One kind. Blocks and lines are JSON texts; what is returned borrows from them. */
struct ls_beside {
    enum ls_beside_kind kind;
    const char *file;    /* of the segment */
    const char *journal; /* file name */
    const char *name;    /* of the manifest's member */
    const char *what;    /* a block has, in sentences */
    /* Whether the line belongs to the block, which is checked; r may be NULL. */
    enum ls_err (*check)(struct ls_span block, struct ls_span line, const struct ls_rollup *r,
                         struct ls_diag *d);
    /* What a line says it belongs to; false: it does not say so. */
    bool (*line_key)(struct ls_span line, struct ls_hash *out);
    /* The same of a block. */
    bool (*block_key)(struct ls_span block, struct ls_hash *out);
    /* The line of a block that says everything itself; p NULL: it does not. */
    struct ls_span (*needless)(struct ls_span block);
    /* A block's line in a universe; p NULL: none. */
    struct ls_span (*get)(const struct ls_ublock *b);
    void (*give)(struct ls_universe *u, uint32_t id, const char *json, size_t n);
};

/* Never NULL. */
const struct ls_beside *ls_beside_of(enum ls_beside_kind k);

/* true when the text is LS_BESIDE_NONE, without a line feed. */
bool ls_beside_is_none(struct ls_span line);

/* true for a list or an object that is not empty. */
bool ls_beside_is_some(struct ls_span line);

/* Gives each block of c->l2 its line of data, once it is checked; the text is borrowed. The
 * manifest of c says how many lines there are. fault is noted with an error: that of a check, RANGE
 * when there are more or fewer lines than blocks, what ls_segment_judge says of the file. */
enum ls_err ls_beside_load(const struct ls_chain *c, enum ls_beside_kind k,
                           const struct ls_segment *data, struct ls_chain_fault *fault,
                           struct ls_diag *d);

#endif
