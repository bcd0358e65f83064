/*
 * Blocks from payload attributes: what a derivation pipeline knows of a block is everything but the
 * result of executing it. Where the full block was never published, real transactions, times and L1
 * origins can still be replayed; the commitments to state are made up, deterministically, and the
 * manifest says so.
 */
#ifndef LS_HARNESS_CAPTURE_ATTRIBUTES_H
#define LS_HARNESS_CAPTURE_ATTRIBUTES_H

#include <stdint.h>

#include "harness/capture/draft.h"
#include "lib/err.h"

#define LS_ATTRIBUTES_BASE_FEE 1000000000u /* wei; genesis base fee of OP chains */

/* Adds a linked run of blocks from a file of {"number", "attributes", "l1Origin"?,
 * "sequenceNumber"?, "transactionsRoot"?} objects with ascending numbers: what is stated beside the
 * attributes must agree with them. The rollup config must be set. The first block has a made-up
 * parent and base_fee; the fees of the others follow EIP-1559 from a lower bound of the gas their
 * transactions use. Sets f->synthetic. Errors with file and block. */
enum ls_err ls_import_attributes(struct ls_draft *f, const char *path, uint64_t base_fee,
                                 struct ls_diag *d);

#endif
