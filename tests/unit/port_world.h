/*
 * The engine's ports over six recorded blocks, at the newest of them, and a call of every method
 * they know, for tests over sockets.
 */
#ifndef LS_TESTS_UNIT_PORT_WORLD_H
#define LS_TESTS_UNIT_PORT_WORLD_H

#include "lib/jwt.h"
#include "mocks/model/engine.h"
#include "mocks/rpc/engine_rpc.h"
#include "tests/unit/recorded_rows.h"

#define PORT_WORLD_BLOCKS "tests/data/transport/op-geth.ndjson.zst"
#define PORT_WORLD_BLOCKS_MAX 8u

struct port_world {
    struct rows rows;
    void *universe_mem;
    void *engine_mem;
    struct ls_rollup rollup;
    struct ls_backend *port;
    uint8_t secret[LS_JWT_SECRET_BYTES];
};

static struct ls_universe *port_world_blocks(struct port_world *g)
{
    struct ls_universe *u;
    g->universe_mem = need(malloc(ls_universe_size(PORT_WORLD_BLOCKS_MAX)));
    u = ls_universe_init(g->universe_mem, PORT_WORLD_BLOCKS_MAX);
    load_rows(PORT_WORLD_BLOCKS, &g->rows);
    for (size_t i = 0; i < g->rows.count; i++) {
        const struct row *row = &g->rows.items[i];
        const struct cJSON *v = ls_json_get(row->tree, "block");
        struct ls_ublock b = {.json = row->block_json, .json_bytes = row->block_bytes};
        uint32_t id;
        if (v == NULL) {
            continue;
        }
        b.ref.hash = row->hash;
        (void)ls_json_fixed(ls_json_get(v, "parentHash"), b.ref.parent.b, 32);
        (void)ls_json_quantity(ls_json_get(v, "number"), &b.ref.number);
        (void)ls_json_quantity(ls_json_get(v, "timestamp"), &b.ref.timestamp);
        b.parent = ls_universe_find(u, &b.ref.parent);
        if (ls_universe_add(u, &b, &id) != LS_OK) {
            die("block", "does not fit");
        }
    }
    return u;
}

/* The authenticated port, with a secret; ls_engine_rpc_public has the other. trace may be NULL. */
static void port_world_init(struct port_world *g, struct ls_trace *trace)
{
    struct ls_universe *u = port_world_blocks(g);
    g->rollup = (struct ls_rollup){.block_time = 2, .l2_chain_id = 901};
    g->rollup.genesis_l2.hash = ls_universe_get(u, 0)->ref.hash;
    for (size_t i = 0; i < LS_FORK_COUNT; i++) {
        g->rollup.fork_time[i] = i <= LS_FORK_DELTA ? 0 : LS_FORK_NEVER;
    }
    g->engine_mem = need(malloc(ls_engine_size(u)));
    struct ls_engine *e = ls_engine_init(g->engine_mem, u, 0, ls_engine_profile_find("geth"));
    ls_engine_seed(e, ls_universe_count(u) - 1, LS_NO_BLOCK, LS_NO_BLOCK);
    memset(g->secret, 0x5a, sizeof g->secret);
    g->port = need(ls_engine_rpc_new(&(struct ls_engine_rpc_config){.engine = e,
                                                                    .universe = u,
                                                                    .rollup = &g->rollup,
                                                                    .jwt_secret = g->secret,
                                                                    .trace = trace}));
}

static void port_world_fini(struct port_world *g)
{
    ls_engine_rpc_free(g->port);
    free(g->engine_mem);
    free(g->universe_mem);
    free_rows(&g->rows);
}

/* --- every method --- */

#define PW_HASH "\"0x29de6cb8906418552e16fecb61782819273ac888c4da53d15d4c1014782ac0b7\""
#define PW_ADDRESS "\"0x4200000000000000000000000000000000000015\""

static const struct {
    const char *name;
    const char *params;
} METHODS[] = {
    {"eth_chainId", "[]"},
    {"eth_blockNumber", "[]"},
    {"eth_syncing", "[]"},
    {"eth_getBlockByNumber", "[\"latest\",true]"},
    {"eth_getBlockByHash", "[" PW_HASH ",false]"},
    {"eth_getHeaderByNumber", "[\"0x1\"]"},
    {"eth_getHeaderByHash", "[" PW_HASH "]"},
    {"eth_getBlockTransactionCountByNumber", "[\"latest\"]"},
    {"eth_getBlockTransactionCountByHash", "[" PW_HASH "]"},
    {"eth_getBlockReceipts", "[\"latest\"]"},
    {"eth_getTransactionByHash", "[" PW_HASH "]"},
    {"eth_getTransactionReceipt", "[" PW_HASH "]"},
    {"eth_getTransactionByBlockNumberAndIndex", "[\"latest\",\"0x0\"]"},
    {"eth_getTransactionByBlockHashAndIndex", "[" PW_HASH ",\"0x0\"]"},
    {"eth_getBalance", "[" PW_ADDRESS ",\"latest\"]"},
    {"eth_getTransactionCount", "[" PW_ADDRESS ",\"latest\"]"},
    {"eth_getCode", "[" PW_ADDRESS ",\"latest\"]"},
    {"eth_getStorageAt", "[" PW_ADDRESS ",\"0x0\",\"latest\"]"},
    {"eth_getProof", "[" PW_ADDRESS ",[],\"latest\"]"},
    {"eth_call", "[{\"to\":" PW_ADDRESS "},\"latest\"]"},
    {"eth_estimateGas", "[{\"to\":" PW_ADDRESS "}]"},
    {"eth_accounts", "[]"},
    {"eth_gasPrice", "[]"},
    {"eth_maxPriorityFeePerGas", "[]"},
    {"eth_feeHistory", "[\"0x2\",\"latest\",[]]"},
    {"net_version", "[]"},
    {"web3_clientVersion", "[]"},
    {"engine_exchangeCapabilities", "[[]]"},
    {"engine_getClientVersionV1", "[{\"code\":\"x\",\"name\":\"x\",\"version\":\"1\","
                                  "\"commit\":\"0x00000000\"}]"},
    {"engine_signalSuperchainV1", "[null]"},
    {"engine_exchangeTransitionConfigurationV1", "[]"},
    {"engine_getPayloadBodiesByHashV1", "[[" PW_HASH "]]"},
    {"engine_getPayloadBodiesByHashV2", "[[" PW_HASH "]]"},
    {"engine_getPayloadBodiesByRangeV1", "[\"0x1\",\"0x2\"]"},
    {"engine_getPayloadBodiesByRangeV2", "[\"0x1\",\"0x2\"]"},
    {"engine_getPayloadV1", "[\"0x0102030405060708\"]"},
    {"engine_getPayloadV2", "[\"0x0102030405060708\"]"},
    {"engine_getPayloadV3", "[\"0x0102030405060708\"]"},
    {"engine_getPayloadV4", "[\"0x0102030405060708\"]"},
    {"engine_newPayloadV1", "[{}]"},
    {"engine_newPayloadV2", "[{}]"},
    {"engine_newPayloadV3", "[{},[]," PW_HASH "]"},
    {"engine_newPayloadV4", "[{},[]," PW_HASH ",[]]"},
    {"engine_forkchoiceUpdatedV1", "[{\"headBlockHash\":" PW_HASH ",\"safeBlockHash\":" PW_HASH
                                   ",\"finalizedBlockHash\":" PW_HASH "},null]"},
    {"engine_forkchoiceUpdatedV2", "[{\"headBlockHash\":" PW_HASH ",\"safeBlockHash\":" PW_HASH
                                   ",\"finalizedBlockHash\":" PW_HASH "},null]"},
    {"engine_forkchoiceUpdatedV3", "[{\"headBlockHash\":" PW_HASH ",\"safeBlockHash\":" PW_HASH
                                   ",\"finalizedBlockHash\":" PW_HASH "},null]"},
    {"nobody_knowsThis", "[]"},
};

#endif
