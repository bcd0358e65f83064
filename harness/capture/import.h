/*
 * Filling a draft from files: L2 blocks, L1 headers, labels, genesis. Every block is decoded and
 * checked by itself when it comes in, so that a mistake is named with the file and line it is in;
 * what it must be beside its neighbours is checked when the draft is written.
 */
#ifndef LS_HARNESS_CAPTURE_IMPORT_H
#define LS_HARNESS_CAPTURE_IMPORT_H

#include "harness/capture/draft.h"
#include "lib/err.h"

/* Each reads one file ("-": standard input) in any form input.h takes. Errors are input.h's and
 * check.h's, with file and line. Set the rollup config first: with it, fork rules are checked. */

/* L2 blocks. Chain id and provenance of a collection are taken over; blocks of several chains may
 * be mixed when there is no rollup config. */
enum ls_err ls_import_l2(struct ls_draft *f, const char *path, struct ls_diag *d);

/* L1 headers, with or without transactions. */
enum ls_err ls_import_l1(struct ls_draft *f, const char *path, struct ls_diag *d);

/* Label rows {"at_ms": N, "result": {…}}. */
enum ls_err ls_import_status(struct ls_draft *f, const char *path, struct ls_diag *d);

/* Receipts: results of eth_getBlockReceipts, of blocks that may come later or never; null and empty
 * lists are passed over. They are proved when the draft is written. */
enum ls_err ls_import_receipts(struct ls_draft *f, const char *path, struct ls_diag *d);

/* Proofs: results of eth_getProof of the L2ToL1MessagePasser, of blocks that may come later or
 * never: every block of the state it proves gets it. null is passed over. They are checked when the
 * draft is written. */
enum ls_err ls_import_proofs(struct ls_draft *f, const char *path, struct ls_diag *d);

/* The one block among those of the file that is the rollup config's genesis. NOT_FOUND; CONFIG
 * without a rollup config. */
enum ls_err ls_import_genesis(struct ls_draft *f, const char *path, struct ls_diag *d);

/* Hash, in hex, of the last canonical block of either chain; its blocks must be in the draft. USAGE
 * when it is no hash, NOT_FOUND. */
enum ls_err ls_import_tip(struct ls_draft *f, const char *hash, struct ls_diag *d);

/* rollup.json. */
enum ls_err ls_import_rollup(struct ls_draft *f, const char *path, struct ls_diag *d);

#endif
