/*
 * Every port there is, over six recorded blocks and at the newest of them, and a call of every
 * method they know, for tests over sockets.
 */
#ifndef LS_TESTS_UNIT_PORT_WORLD_H
#define LS_TESTS_UNIT_PORT_WORLD_H

#include "lib/jwt.h"
#include "mocks/model/engine.h"
#include "mocks/model/l1.h"
#include "mocks/model/source.h"
#include "mocks/rpc/engine_rpc.h"
#include "mocks/rpc/l1_rpc.h"
#include "mocks/rpc/source_rpc.h"
#include "mocks/rpc/synctester.h"
#include "tests/unit/recorded_rows.h"

#define PORT_WORLD_BLOCKS "tests/data/transport/op-geth.ndjson.zst"
#define PORT_WORLD_BLOCKS_MAX 8u

enum pw_port {
    PW_EL,      /* the engine, with a secret */
    PW_EL_HTTP, /* the same, public */
    PW_SOURCE_EL,
    PW_SOURCE_CL,
    PW_L1, /* over the L2's blocks: nobody looks at what they are */
    PW_SYNCTESTER,
    PW_PORTS
};

#define PW_SESSION "/chain/901/synctest/9b2e8f1c-5a3d-4e6f-8a7b-1c2d3e4f5a6b"

static const char *const PW_PATHS[PW_PORTS] = {"/", "/", "/",
                                               "/", "/", PW_SESSION "?latest=4&safe=3&finalized=2"};

struct port_world {
    struct rows rows;
    void *universe_mem;
    void *engine_mem;
    void *source_mem;
    void *l1_mem;
    struct ls_upstream *upstream;
    struct ls_rollup rollup;
    struct ls_backend *ports[PW_PORTS];
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

static void port_world_engine(struct port_world *g, struct ls_universe *u, struct ls_trace *trace)
{
    g->engine_mem = need(malloc(ls_engine_size(u)));
    struct ls_engine *e = ls_engine_init(g->engine_mem, u, 0, ls_engine_profile_find("geth"));
    ls_engine_seed(e, ls_universe_count(u) - 1, LS_NO_BLOCK, LS_NO_BLOCK);
    g->ports[PW_EL] = need(ls_engine_rpc_new(&(struct ls_engine_rpc_config){.engine = e,
                                                                            .universe = u,
                                                                            .rollup = &g->rollup,
                                                                            .jwt_secret = g->secret,
                                                                            .trace = trace}));
    g->ports[PW_EL_HTTP] = ls_engine_rpc_public(g->ports[PW_EL]);
}

static void port_world_source(struct port_world *g, struct ls_universe *u, struct ls_trace *trace)
{
    static const char rollup_json[] = "{\"l2_chain_id\":901}";
    uint32_t tip = ls_universe_count(u) - 1;
    g->source_mem = need(malloc(ls_source_size()));
    struct ls_source *s = ls_source_init(g->source_mem, u, 0, NULL, LS_SRC_EL);
    ls_source_heads(s)->unsafe_l2 = tip;
    ls_source_follow(s, tip - 1, tip - 2);
    for (size_t p = PW_SOURCE_EL; p <= PW_SOURCE_CL; p++) {
        const struct ls_source_rpc_config cfg = {.source = s,
                                                 .is_flavour_fixed = true,
                                                 .flavour =
                                                     p == PW_SOURCE_EL ? LS_SRC_EL : LS_SRC_CL,
                                                 .l2 = u,
                                                 .rollup = &g->rollup,
                                                 .rollup_json = rollup_json,
                                                 .rollup_json_bytes = sizeof rollup_json - 1,
                                                 .trace = trace};
        g->ports[p] = need(ls_source_rpc_new(&cfg));
    }
}

static void port_world_l1(struct port_world *g, struct ls_universe *u, struct ls_trace *trace)
{
    g->l1_mem = need(malloc(ls_l1_size()));
    struct ls_l1 *l1 = ls_l1_init(g->l1_mem, u, ls_universe_count(u) - 1);
    g->ports[PW_L1] = need(ls_l1_rpc_new(
        &(struct ls_l1_rpc_config){.l1 = l1, .universe = u, .chain_id = 900, .trace = trace}));
}

static void port_world_synctester(struct port_world *g, struct ls_universe *u,
                                  struct ls_trace *trace)
{
    g->upstream = need(ls_upstream_fixture_new(&(struct ls_upstream_fixture){
        .universe = u, .chain_id = 901, .tip = ls_universe_count(u) - 1}));
    const struct ls_synctester_chain chain = {.chain_id = 901, .upstream = g->upstream};
    const struct ls_synctester_config cfg = {
        .chains = &chain, .chain_count = 1, .seed = 1, .trace = trace};
    if (ls_synctester_new(&cfg, &g->ports[PW_SYNCTESTER], NULL) != LS_OK) {
        die("sync tester", "cannot start");
    }
}

/* trace may be NULL. */
static void port_world_init(struct port_world *g, struct ls_trace *trace)
{
    struct ls_universe *u = port_world_blocks(g);
    g->rollup = (struct ls_rollup){.block_time = 2, .l2_chain_id = 901};
    g->rollup.genesis_l2.hash = ls_universe_get(u, 0)->ref.hash;
    for (size_t i = 0; i < LS_FORK_COUNT; i++) {
        g->rollup.fork_time[i] = i <= LS_FORK_DELTA ? 0 : LS_FORK_NEVER;
    }
    memset(g->secret, 0x5a, sizeof g->secret);
    port_world_engine(g, u, trace);
    port_world_source(g, u, trace);
    port_world_l1(g, u, trace);
    port_world_synctester(g, u, trace);
}

static void port_world_fini(struct port_world *g)
{
    ls_engine_rpc_free(g->ports[PW_EL]);
    ls_source_rpc_free(g->ports[PW_SOURCE_EL]);
    ls_source_rpc_free(g->ports[PW_SOURCE_CL]);
    ls_l1_rpc_free(g->ports[PW_L1]);
    ls_synctester_free(g->ports[PW_SYNCTESTER]);
    ls_upstream_fixture_free(g->upstream);
    free(g->l1_mem);
    free(g->source_mem);
    free(g->engine_mem);
    free(g->universe_mem);
    free_rows(&g->rows);
}

/* --- every method --- */

#define PW_HASH "\"0x29de6cb8906418552e16fecb61782819273ac888c4da53d15d4c1014782ac0b7\""
#define PW_ADDRESS "\"0x4200000000000000000000000000000000000015\""

#define PW_AT(port) (1u << (port))
#define PW_ALL (PW_AT(PW_PORTS) - 1)
#define PW_EXECUTION (PW_AT(PW_EL) | PW_AT(PW_EL_HTTP) | PW_AT(PW_SOURCE_EL))
#define PW_ETH (PW_EXECUTION | PW_AT(PW_L1))

static const struct {
    const char *name;
    const char *params;
    unsigned ports; /* PW_AT */
} METHODS[] = {
    {"eth_chainId", "[]", PW_ETH | PW_AT(PW_SYNCTESTER)},
    {"eth_blockNumber", "[]", PW_ETH},
    {"eth_syncing", "[]", PW_ETH},
    {"eth_getBlockByNumber", "[\"latest\",true]", PW_ETH | PW_AT(PW_SYNCTESTER)},
    {"eth_getBlockByHash", "[" PW_HASH ",false]", PW_ETH | PW_AT(PW_SYNCTESTER)},
    {"eth_getHeaderByNumber", "[\"0x1\"]", PW_EXECUTION},
    {"eth_getHeaderByHash", "[" PW_HASH "]", PW_EXECUTION},
    {"eth_getBlockTransactionCountByNumber", "[\"latest\"]", PW_EXECUTION},
    {"eth_getBlockTransactionCountByHash", "[" PW_HASH "]", PW_EXECUTION},
    {"eth_getBlockReceipts", "[\"latest\"]", PW_EXECUTION | PW_AT(PW_SYNCTESTER)},
    {"eth_getTransactionByHash", "[" PW_HASH "]", PW_EXECUTION},
    {"eth_getTransactionReceipt", "[" PW_HASH "]", PW_EXECUTION},
    {"eth_getTransactionByBlockNumberAndIndex", "[\"latest\",\"0x0\"]", PW_EXECUTION},
    {"eth_getTransactionByBlockHashAndIndex", "[" PW_HASH ",\"0x0\"]", PW_EXECUTION},
    {"eth_getBalance", "[" PW_ADDRESS ",\"latest\"]", PW_EXECUTION},
    {"eth_getTransactionCount", "[" PW_ADDRESS ",\"latest\"]", PW_EXECUTION},
    {"eth_getCode", "[" PW_ADDRESS ",\"latest\"]", PW_EXECUTION},
    {"eth_getStorageAt", "[" PW_ADDRESS ",\"0x0\",\"latest\"]", PW_EXECUTION},
    {"eth_getProof", "[" PW_ADDRESS ",[],\"latest\"]", PW_EXECUTION},
    {"eth_call", "[{\"to\":" PW_ADDRESS "},\"latest\"]", PW_EXECUTION},
    {"eth_estimateGas", "[{\"to\":" PW_ADDRESS "}]", PW_EXECUTION},
    {"eth_accounts", "[]", PW_EXECUTION},
    {"eth_gasPrice", "[]", PW_EXECUTION},
    {"eth_maxPriorityFeePerGas", "[]", PW_EXECUTION},
    {"eth_feeHistory", "[\"0x2\",\"latest\",[]]", PW_EXECUTION},
    {"net_version", "[]", PW_ETH},
    {"web3_clientVersion", "[]", PW_EXECUTION},
    {"engine_exchangeCapabilities", "[[]]", PW_AT(PW_EL) | PW_AT(PW_SYNCTESTER)},
    {"engine_getClientVersionV1",
     "[{\"code\":\"x\",\"name\":\"x\",\"version\":\"1\","
     "\"commit\":\"0x00000000\"}]",
     PW_AT(PW_EL)},
    {"engine_signalSuperchainV1", "[null]", PW_AT(PW_EL)},
    {"engine_exchangeTransitionConfigurationV1", "[]", PW_AT(PW_EL)},
    {"engine_getPayloadBodiesByHashV1", "[[" PW_HASH "]]", PW_AT(PW_EL)},
    {"engine_getPayloadBodiesByHashV2", "[[" PW_HASH "]]", PW_AT(PW_EL)},
    {"engine_getPayloadBodiesByRangeV1", "[\"0x1\",\"0x2\"]", PW_AT(PW_EL)},
    {"engine_getPayloadBodiesByRangeV2", "[\"0x1\",\"0x2\"]", PW_AT(PW_EL)},
    {"engine_getPayloadV1", "[\"0x0102030405060708\"]", PW_AT(PW_EL) | PW_AT(PW_SYNCTESTER)},
    {"engine_getPayloadV2", "[\"0x0102030405060708\"]", PW_AT(PW_EL) | PW_AT(PW_SYNCTESTER)},
    {"engine_getPayloadV3", "[\"0x0102030405060708\"]", PW_AT(PW_EL) | PW_AT(PW_SYNCTESTER)},
    {"engine_getPayloadV4", "[\"0x0102030405060708\"]", PW_AT(PW_EL) | PW_AT(PW_SYNCTESTER)},
    {"engine_newPayloadV1", "[{}]", PW_AT(PW_EL) | PW_AT(PW_SYNCTESTER)},
    {"engine_newPayloadV2", "[{}]", PW_AT(PW_EL) | PW_AT(PW_SYNCTESTER)},
    {"engine_newPayloadV3", "[{},[]," PW_HASH "]", PW_AT(PW_EL) | PW_AT(PW_SYNCTESTER)},
    {"engine_newPayloadV4", "[{},[]," PW_HASH ",[]]", PW_AT(PW_EL) | PW_AT(PW_SYNCTESTER)},
    {"engine_forkchoiceUpdatedV1",
     "[{\"headBlockHash\":" PW_HASH ",\"safeBlockHash\":" PW_HASH ",\"finalizedBlockHash\":" PW_HASH
     "},null]",
     PW_AT(PW_EL) | PW_AT(PW_SYNCTESTER)},
    {"engine_forkchoiceUpdatedV2",
     "[{\"headBlockHash\":" PW_HASH ",\"safeBlockHash\":" PW_HASH ",\"finalizedBlockHash\":" PW_HASH
     "},null]",
     PW_AT(PW_EL) | PW_AT(PW_SYNCTESTER)},
    {"engine_forkchoiceUpdatedV3",
     "[{\"headBlockHash\":" PW_HASH ",\"safeBlockHash\":" PW_HASH ",\"finalizedBlockHash\":" PW_HASH
     "},null]",
     PW_AT(PW_EL) | PW_AT(PW_SYNCTESTER)},
    {"nobody_knowsThis", "[]", PW_ALL},
    {"optimism_syncStatus", "[]", PW_AT(PW_SOURCE_CL)},
    {"optimism_rollupConfig", "[]", PW_AT(PW_SOURCE_CL)},
    {"optimism_outputAtBlock", "[\"0x1\"]", PW_AT(PW_SOURCE_CL)},
    {"optimism_version", "[]", PW_AT(PW_SOURCE_CL)},
    {"debug_getRawHeader", "[\"0x1\"]", PW_EXECUTION},
    {"rpc_modules", "[]", PW_EXECUTION | PW_AT(PW_SYNCTESTER)},
    {"sync_getSession", "[]", PW_AT(PW_SYNCTESTER)},
    {"sync_resetSession", "[]", PW_AT(PW_SYNCTESTER)},
    {"sync_listSessions", "[]", PW_AT(PW_SYNCTESTER)},
    {"health_status", "[]", PW_AT(PW_SYNCTESTER)},
    {"sync_deleteSession", "[]", PW_AT(PW_SYNCTESTER)}, /* the last: the session is gone */
};

#endif
