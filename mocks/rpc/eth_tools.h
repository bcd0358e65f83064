/*
 * What cast, anvil, wallets and scripts ask beside the reads of eth_reads.h: transactions, fees,
 * state. Blocks are recorded, so transactions and fees are real, and receipts where a folder has
 * them; state and logs are not, and what needs them says so (or, by choice, state reads as empty:
 * enum ls_eth_state).
 */
#ifndef LS_MOCKS_ETH_TOOLS_H
#define LS_MOCKS_ETH_TOOLS_H

#include <stdbool.h>

#include "lib/op/header.h"
#include "mocks/rpc/eth_reads.h"

/* Answers the call when its method is one of these; false: it is not. For eth_reads.c. */
bool ls_eth_serve_tools(const struct ls_eth_view *view, struct ls_rpc_call *call);

/* eth_getTransactionByHash, -ByBlock*AndIndex, eth_getTransactionReceipt and
 * eth_getBlockTransactionCountByHash; false: it is none of them. For eth_tools.c. */
bool ls_eth_serve_txs(const struct ls_eth_view *view, struct ls_rpc_call *call);

/* Answers with the recorded proof of who in the state of block id; false: nothing is answered,
 * there is none. Recorded are those of the L2ToL1MessagePasser, without keys. */
bool ls_eth_put_proof(const struct ls_eth_view *view, struct ls_rpc_call *call, uint32_t id,
                      const struct ls_addr *who, size_t key_count);

/* Answers with the receipts of the block that was read; null when it is none. */
void ls_eth_put_receipts(const struct ls_eth_view *view, struct ls_rpc_call *call,
                         const struct ls_el_read *r);

/* The header of block id; false when its text is no header. */
bool ls_eth_header(const struct ls_eth_view *view, uint32_t id, struct ls_header *out);

/* The next argument as a block: tag, number, hash, or an object with blockNumber or blockHash
 * (EIP-1898); latest when it is not given and not needed. false: a fault was noted. */
bool ls_eth_take_block(const struct ls_eth_view *view, struct ls_go_args *a, bool is_needed,
                       struct ls_el_read *out);

#endif
