/*
 * Transactions from their EIP-2718 bytes to JSON-RPC objects: types 0, 1, 2, 4 and the deposit
 * 0x7e. The way back is ls_tx_encode.
 *
 * What the bytes do not hold the caller may know: the sender of a signed transaction (it would take
 * elliptic curves to recover) and the nonce of a deposit (it stands in the receipt). Else it is
 * left out.
 */
#ifndef LS_OP_TXJSON_H
#define LS_OP_TXJSON_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/jsonw.h"
#include "lib/num.h"
#include "lib/op/header.h"
#include "lib/op/types.h"

/* Where the transaction stands. */
struct ls_txjson_place {
    const struct ls_hash *block_hash;
    const struct ls_header *header; /* number; base fee, for the gas price that was paid */
    uint64_t index;
    bool has_deposit_version;      /* Canyon and later: a deposit has depositReceiptVersion */
    const struct ls_addr *from;    /* sender of a signed transaction; NULL: left out */
    const uint64_t *deposit_nonce; /* NULL: left out */
};

/* Writes one object as an array element. PARSE when the bytes are no transaction, UNSUPPORTED for
 * another type. */
enum ls_err ls_txjson_write(struct ls_span tx, const struct ls_txjson_place *place, struct ls_jw *w,
                            struct ls_diag *d);

/* The least gas a transaction that runs uses: its intrinsic gas (EIP-2028, EIP-2930), at most its
 * limit. 0 when the bytes are no transaction. */
uint64_t ls_txjson_gas_floor(struct ls_span tx);

/* What EIP-7623 makes a transaction pay at least for its data (Isthmus and later). 0 when the bytes
 * are no transaction. */
uint64_t ls_txjson_gas_data_floor(struct ls_span tx);

/* What the rules of a block look at in one transaction. */
struct ls_tx_view {
    uint8_t type; /* 0 .. 4, or 0x7e: a deposit */
    struct ls_hash hash;
    uint64_t nonce; /* 0 for a deposit, which has its own in the receipt */
    uint64_t gas;   /* limit */
    bool has_to;
    struct ls_addr to;
    struct ls_addr from; /* deposits only, else zero */
    struct ls_u256 mint; /* deposits only */
    struct ls_u256 value;
};

/* Reads it from the bytes. PARSE, or UNSUPPORTED for another type. */
enum ls_err ls_txjson_view(struct ls_span tx, struct ls_tx_view *out);

#endif
