/*
 * What must hold of a recorded block by itself and beside its parent, its L1 origin and the labels
 * a CL gave it. Used wherever a block comes in: opening a folder, importing, forking.
 *
 * The block's own rules (hashes, fork schedule) are lib/op's; this adds what only a recording has:
 * neighbours. Every sentence begins with the member at fault, as the JSON spells it.
 */
#ifndef LS_HARNESS_CAPTURE_CHECK_H
#define LS_HARNESS_CAPTURE_CHECK_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/block.h"
#include "lib/op/rollup.h"
#include "lib/op/sync_status.h"
#include "lib/op/types.h"
#include "mocks/model/universe.h"

/* Longest block text that is accepted, and memory one decoded block may take. */
#define LS_CHECK_BLOCK_BYTES_MAX ((size_t)64 << 20)

/* Decodes one hydrated L2 block and checks all that needs no neighbour: the hash, each
 * transaction's hash and place (blockHash, blockNumber, transactionIndex where given),
 * transactionsRoot, no withdrawals, and with r (NULL: no config) the time that belongs to its
 * number and the rules of its fork. *ref gets its reference; without r a block with no L1-info
 * deposit has a zero origin. Memory of *block lives in a. */
enum ls_err ls_check_l2_block(struct ls_span text, const struct ls_rollup *r, struct ls_arena *a,
                              struct ls_block *block, struct ls_l2_ref *ref, struct ls_diag *d);

/* Decodes an L1 header (transactions, if any, are not looked at) and checks its hash. */
enum ls_err ls_check_l1_header(struct ls_span text, struct ls_l1_ref *out, struct ls_diag *d);

/* child directly on parent: number, parentHash, timestamp not earlier, and with r the L1 origin:
 * the same with the next sequence number, or the next with 0.
 */
enum ls_err ls_check_l2_link(const struct ls_l2_ref *parent, const struct ls_l2_ref *child,
                             const struct ls_rollup *r, struct ls_diag *d);

/* child above parent on one chain with unrecorded blocks between: time does not go back,
 * nor with r the origin. */
enum ls_err ls_check_l2_gap(const struct ls_l2_ref *parent, const struct ls_l2_ref *child,
                            const struct ls_rollup *r, struct ls_diag *d);

/* As ls_check_l2_link for L1 headers: number, parentHash, timestamp not earlier. */
enum ls_err ls_check_l1_link(const struct ls_l1_ref *parent, const struct ls_l1_ref *child,
                             struct ls_diag *d);

/* The block's L1 origin against the recorded L1 (l1_tip: its canonical tip): of a recorded number
 * the hash must be known, not later than the block, and canonical when must_be_canonical. */
enum ls_err ls_check_origin(const struct ls_universe *l1, uint32_t l1_tip,
                            const struct ls_l2_ref *block, bool must_be_canonical,
                            struct ls_diag *d);

/* Each L2 reference of a status must be a recorded block with exactly these members, or zero; each
 * L1 reference too, as far as its number is recorded. */
enum ls_err ls_check_labels(const struct ls_sync_status *s, const struct ls_universe *l2,
                            const struct ls_universe *l1, uint32_t l1_tip, struct ls_diag *d);

/* A set of block hashes, for ls_check_labels_recorded. */
struct ls_check_known {
    bool (*has)(const void *set, const struct ls_hash *hash);
    const void *set;
};

/* true when every L2 reference of the status is zero or in the set: what a window can keep. */
bool ls_check_labels_recorded(const struct ls_sync_status *s, const struct ls_check_known *l2);

#endif
