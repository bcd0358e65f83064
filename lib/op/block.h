/*
 * A whole block: header, hash, raw transactions; from JSON-RPC, checked, and as a reference.
 */
#ifndef LS_OP_BLOCK_H
#define LS_OP_BLOCK_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/op/header.h"
#include "lib/op/rollup.h"
#include "lib/op/types.h"

struct cJSON;

#define LS_BLOCK_TX_MAX 65536u

struct ls_block {
    struct ls_header header;
    struct ls_hash hash;       /* as stated by the source, or computed when none was stated */
    bool is_hydrated;          /* transactions were objects (or none), so txs is complete */
    const struct ls_span *txs; /* EIP-2718 bytes, in the arena */
    size_t tx_count;           /* also set when only hashes were given (txs is then NULL) */
    bool has_withdrawals;      /* a "withdrawals" list was present */
    size_t withdrawal_count;
};

/* Decodes an eth_getBlockBy* result. Transactions may be objects (hydrated) or hashes. The hash of
 * each transaction object is compared with the stated one: HASH names its index. Memory of out
 * lives in a: about the bytes of the transactions, LIMIT when its maximum is too small. d names
 * member and transaction. */
enum ls_err ls_block_from_json(const struct cJSON *block, struct ls_arena *a, struct ls_block *out,
                               struct ls_diag *d);

/* Recomputes header hash and, when hydrated, transactionsRoot. HASH names the field. */
enum ls_err ls_block_verify(const struct ls_block *b, struct ls_diag *d);

/* Checks what the fork schedule demands of an L2 block (tail fields, extraData form, requests hash,
 * empty withdrawals, difficulty and nonce zero, first transaction a deposit with the L1-info format
 * expected). PARSE names the rule. Genesis (number 0 or genesis_l2) is exempt from the rules on
 * transactions, extraData, difficulty and nonce; a block known by hashes only from that on
 * transactions. Blocks before Bedrock are not L2 blocks in this sense: do not call it for them. */
enum ls_err ls_block_check_fork(const struct ls_block *b, const struct ls_rollup *r,
                                struct ls_diag *d);

/* L2 block reference from header and first transaction (spec 5.1). r may be NULL: then block 0
 * counts as genesis with a zero origin. At genesis_l2.number the hash must equal the configured one
 * (HASH). TYPE when only hashes of the transactions are known, PARSE when the first one is no
 * L1-info deposit. */
enum ls_err ls_block_l2_ref(const struct ls_block *b, const struct ls_rollup *r,
                            struct ls_l2_ref *out, struct ls_diag *d);

/* L1 reference from the header. */
struct ls_l1_ref ls_block_l1_ref(const struct ls_block *b);

#endif
