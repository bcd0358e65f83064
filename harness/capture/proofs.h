/*
 * Proofs of the recorded blocks' states: the optional segment proofs.ndjson.zst. A line is what
 * eth_getProof returned of the L2ToL1MessagePasser (0x4200…0016, no keys) at the block of that
 * line: what an output root needs beside the block. Such an answer does not say of which block it
 * is; the root of its nodes does, and any block of that state may have it.
 */
#ifndef LS_HARNESS_CAPTURE_PROOFS_H
#define LS_HARNESS_CAPTURE_PROOFS_H

#include <stdbool.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/rollup.h"
#include "lib/op/types.h"

/* Checks the proof of a block, both as JSON text; the block has been checked before. Its nodes lead
 * from the block's stateRoot to the account it states, or to none (ls_account_prove); it has no
 * storage keys, whose values nobody would check; with r (NULL: no config), from Isthmus on,
 * storageHash is the block's withdrawalsRoot. d begins with the member at fault. */
enum ls_err ls_proof_check(struct ls_span block, struct ls_span proof, const struct ls_rollup *r,
                           struct ls_diag *d);

/* The state root the proof is of, as its first node says; that of an empty state when there is no
 * node. false: it has no list of nodes, or its first is none. */
bool ls_proof_state(struct ls_span proof, struct ls_hash *out);

#endif
