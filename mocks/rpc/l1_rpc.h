/*
 * The L1 node's JSON-RPC port as a backend: eth_chainId, blocks by tag, number and hash,
 * eth_blockNumber, eth_syncing, net_version. State methods answer -32601.
 */
#ifndef LS_MOCKS_L1_RPC_H
#define LS_MOCKS_L1_RPC_H

#include <stdint.h>

#include "mocks/backend.h"
#include "mocks/model/l1.h"
#include "mocks/model/universe.h"
#include "mocks/trace.h"

/* Everything is borrowed and outlives the backend. */
struct ls_l1_rpc_config {
    struct ls_l1 *l1;
    const struct ls_universe *universe;
    uint64_t chain_id;      /* unless the model has another */
    struct ls_trace *trace; /* NULL: no trace */
};

/* Makes the backend; NULL when out of memory. Freed by ls_l1_rpc_free. */
struct ls_backend *ls_l1_rpc_new(const struct ls_l1_rpc_config *cfg);
void ls_l1_rpc_free(struct ls_backend *b);

#endif
