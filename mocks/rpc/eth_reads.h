/*
 * The eth_* reads every mock has: chain id, block number, syncing, blocks and headers, with
 * op-geth's checks and texts, over whatever answers them; and what people's tools ask besides
 * (eth_tools.c): transactions, fees, state.
 */
#ifndef LS_MOCKS_ETH_READS_H
#define LS_MOCKS_ETH_READS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/op/rollup.h"
#include "mocks/model/engine.h"
#include "mocks/rpc/args.h"
#include "mocks/rpc/blockjson.h"
#include "mocks/rpc/jsonrpc.h"

/* A recording has blocks and no state. What reads of it (eth_getBalance, eth_getCode, …) say: */
enum ls_eth_state {
    LS_ETH_STATE_MISSING, /* an error, as an engine that pruned the state says it */
    LS_ETH_STATE_EMPTY    /* as if no account were ever used: what tools that fork need to start */
};

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
    enum ls_eth_state state;
    const struct ls_rollup *rollup; /* NULL: an L1 */
};

/* Answers with what was read: a block in this form, null or the error. */
void ls_eth_answer(const struct ls_eth_view *v, struct ls_rpc_call *call,
                   const struct ls_el_read *r, enum ls_block_form form);

/* Answers the call when its method is one of these; false: it is not. */
bool ls_eth_serve(const struct ls_eth_view *view, struct ls_rpc_call *call);

#endif
