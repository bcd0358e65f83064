/*
 * Receipts: JSON-RPC object -> the bytes a block's receiptsRoot commits to, for types 0, 1, 2, 3, 4
 * and the OP deposit 0x7e.
 */
#ifndef LS_OP_RECEIPT_H
#define LS_OP_RECEIPT_H

#include "lib/bytes.h"
#include "lib/err.h"

struct cJSON;

#define LS_RECEIPT_BYTES_MAX (64u << 20) /* one receipt, encoded */

/* Appends status (or the state root of receipts before Byzantium), cumulative gas, bloom and logs,
 * with the type in front of all but the oldest. A deposit's nonce and version are in it when it has
 * a version, which is so from Canyon on: before, the nonce was printed and not committed to
 * (specs.optimism.io, Regolith and Canyon). Members nothing commits to are not looked at. d names
 * the member at fault. UNSUPPORTED for another type. On error b holds part of an encoding: discard
 * it. */
enum ls_err ls_receipt_encode(const struct cJSON *receipt, struct ls_buf *b, struct ls_diag *d);

#endif
