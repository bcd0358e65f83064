/*
 * The eth_* reads every mock has: chain id, block number, syncing, blocks and headers, with
 * op-geth's checks and texts, over whatever answers them.
 */
#ifndef LS_MOCKS_ETH_READS_H
#define LS_MOCKS_ETH_READS_H

#include <stdbool.h>
#include <stdint.h>

#include "mocks/model/engine.h"
#include "mocks/rpc/args.h"
#include "mocks/rpc/blockjson.h"
#include "mocks/rpc/jsonrpc.h"

struct ls_eth_ops {
    struct ls_el_read (*read)(void *self, enum ls_go_block kind, uint64_t number);
    struct ls_el_read (*read_hash)(void *self, const struct ls_hash *hash);
    struct ls_el_syncing (*syncing)(void *self); /* NULL: never syncing */
    bool (*is_pruned)(void *self, uint32_t id);  /* NULL: nothing is */
};

struct ls_eth_view {
    const struct ls_eth_ops *ops;
    void *self;
    const struct ls_universe *universe;
    struct ls_blockjson *blocks;
    uint64_t chain_id;
    bool is_public; /* net_version and web3_clientVersion exist on public ports only */
};

/* Answers the call when its method is one of these; false: it is not. */
bool ls_eth_serve(const struct ls_eth_view *view, struct ls_rpc_call *call);

#endif
