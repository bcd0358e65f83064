/*
 * The L1 origin of an L2 block from its first transaction: shared by blocks and payloads. Others
 * want ls_block_l2_ref or ls_payload_l2_ref, unless it is the L1 info itself they are after.
 */
#ifndef LS_OP_REF_H
#define LS_OP_REF_H

#include <stddef.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/l1info.h"
#include "lib/op/rollup.h"
#include "lib/op/types.h"

/* Decodes the L1 info of the first of tx_count transactions. PARSE when there is none or it is no
 * L1-info deposit. */
enum ls_err ls_ref_l1info(const struct ls_span *txs, size_t tx_count, struct ls_l1info *out,
                          struct ls_diag *d);

/* Fills l1_origin and sequence_number into a copy of *block (which has the rest) and stores it in
 * *out (spec 5.1). The genesis block is known by number: by r, or number 0 when r is NULL. txs NULL
 * means that only hashes are known: TYPE unless it is genesis. HASH: genesis of another chain. */
enum ls_err ls_ref_complete(const struct ls_l2_ref *block, const struct ls_span *txs,
                            size_t tx_count, const struct ls_rollup *r, struct ls_l2_ref *out,
                            struct ls_diag *d);

#endif
