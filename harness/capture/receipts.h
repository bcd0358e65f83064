/*
 * Receipts of recorded blocks: the optional segment receipts.ndjson.zst (beside.h). A line is what
 * eth_getBlockReceipts returned for the block of that line.
 *
 * The block's receiptsRoot proves all that it commits to. Of the rest, what follows from it and
 * from the block is checked (hashes, places, gas); addresses and fees are not.
 */
#ifndef LS_HARNESS_CAPTURE_RECEIPTS_H
#define LS_HARNESS_CAPTURE_RECEIPTS_H

#include <stdbool.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/rollup.h"
#include "lib/op/types.h"

/* Checks the receipts (an array) of a block, both as JSON text; the block has been checked before.
 * One receipt a transaction in the same order, with its hash and type, in this block; gas adds up;
 * with r (NULL: no config) deposits have nonce and version as the block's fork wants it; and their
 * trie has the block's receiptsRoot. d begins with the member at fault. */
enum ls_err ls_receipts_check(struct ls_span block, struct ls_span receipts,
                              const struct ls_rollup *r, struct ls_diag *d);

/* The block the receipts say they are of: that of the first. false when there is none. */
bool ls_receipts_block(struct ls_span receipts, struct ls_hash *out);

#endif
