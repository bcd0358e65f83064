/*
 * Transactions from their EIP-2718 bytes to JSON-RPC objects: types 0, 1, 2, 4 and the deposit
 * 0x7e. The way back is ls_tx_encode.
 *
 * What the bytes do not hold is left out: the sender of a signed transaction (it would take
 * elliptic curves to recover) and the nonce of a deposit (it stands in the receipt).
 */
#ifndef LS_HARNESS_CAPTURE_TXJSON_H
#define LS_HARNESS_CAPTURE_TXJSON_H

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/jsonw.h"
#include "lib/op/header.h"
#include "lib/op/types.h"

/* Where the transaction stands. */
struct ls_txjson_place {
    const struct ls_hash *block_hash;
    const struct ls_header *header; /* number; base fee, for the gas price that was paid */
    uint64_t index;
    bool has_deposit_version; /* Canyon and later: a deposit has depositReceiptVersion */
};

/* Writes one object as an array element. PARSE when the bytes are no transaction, UNSUPPORTED for
 * another type. */
enum ls_err ls_txjson_write(struct ls_span tx, const struct ls_txjson_place *place, struct ls_jw *w,
                            struct ls_diag *d);

/* The least gas a transaction that runs uses: its intrinsic gas (EIP-2028, EIP-2930), at most its
 * limit. 0 when the bytes are no transaction. */
uint64_t ls_txjson_gas_floor(struct ls_span tx);

#endif
