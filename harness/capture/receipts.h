/*
 * Receipts of recorded blocks: the optional segment receipts.ndjson.zst. Its lines stand as those
 * of l2.ndjson.zst do, each with what eth_getBlockReceipts returned for the block of that line, or
 * null where nothing was recorded.
 *
 * The block's receiptsRoot proves all that it commits to. Of the rest, what follows from it and
 * from the block is checked (hashes, places, gas); addresses and fees are not.
 */
#ifndef LS_HARNESS_CAPTURE_RECEIPTS_H
#define LS_HARNESS_CAPTURE_RECEIPTS_H

#include "harness/capture/chain.h"
#include "harness/capture/manifest.h"
#include "harness/capture/segment.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/rollup.h"

/* Checks the receipts (an array) of a block, both as JSON text; the block has been checked before.
 * One receipt a transaction in the same order, with its hash and type, in this block; gas adds up;
 * with r (NULL: no config) deposits have nonce and version as the block's fork wants it; and their
 * trie has the block's receiptsRoot. d begins with the member at fault. */
enum ls_err ls_receipts_check(struct ls_span block, struct ls_span receipts,
                              const struct ls_rollup *r, struct ls_diag *d);

/* Gives the blocks of c->l2 the receipts of the segment, which must have a line a block, each
 * checked; fault is noted with an error. Text is borrowed from data. */
enum ls_err ls_receipts_load(const struct ls_chain *c, const struct ls_manifest_segment *seg,
                             const struct ls_segment *data, struct ls_chain_fault *fault,
                             struct ls_diag *d);

/* What line stands for no receipts. */
#define LS_RECEIPTS_NONE "null"

/* true for a list that is not empty. */
bool ls_receipts_are_some(struct ls_span line);

/* The block the receipts say they are of: that of the first. false when there is none. */
bool ls_receipts_block(struct ls_span receipts, struct ls_hash *out);

#endif
