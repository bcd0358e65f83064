/*
 * Transactions: JSON-RPC object -> EIP-2718 bytes, for types 0, 1, 2, 4 and the OP deposit 0x7e.
 */
#ifndef LS_OP_TX_H
#define LS_OP_TX_H

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/types.h"

struct cJSON;

#define LS_TX_BYTES_MAX (16u << 20) /* one transaction, encoded */

/* Appends the EIP-2718 bytes of the transaction object to b. Fields that belong to the receipt
 * (deposit nonce, depositReceiptVersion, effective gasPrice of type 2) are ignored; members it does
 * not know too. d names the member at fault. UNSUPPORTED for
 * another type. On error b holds part of an encoding: discard it. */
enum ls_err ls_tx_encode(const struct cJSON *tx, struct ls_buf *b, struct ls_diag *d);

/* The parts of a deposit we look at; input borrows from the bytes given. */
struct ls_deposit {
    struct ls_hash source_hash;
    struct ls_addr from;
    struct ls_span input;
};

/* Decodes 0x7e || rlp[...]. TYPE when it is another type of transaction, PARSE when broken. */
enum ls_err ls_tx_decode_deposit(struct ls_span tx, struct ls_deposit *out);

/* Root of the ordered trie rlp(i) -> items[i] (transactionsRoot). Allocates nothing. LIMIT past
 * 2^24 items. */
enum ls_err ls_trie_ordered_root(const struct ls_span *items, size_t count, struct ls_hash *out);

#endif
