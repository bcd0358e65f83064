/*
 * The engine's authenticated JSON-RPC port as a backend: token, envelope, engine_* and eth_* over
 * the engine model, answering with op-geth's codes and texts (mock-engine 2.3, 2.5, 2.7, 2.8, 3).
 * Recorded blocks are served as their stored bytes.
 */
#ifndef LS_MOCKS_ENGINE_RPC_H
#define LS_MOCKS_ENGINE_RPC_H

#include <stdint.h>

#include "lib/err.h"
#include "lib/op/rollup.h"
#include "mocks/backend.h"
#include "mocks/model/engine.h"
#include "mocks/model/universe.h"
#include "mocks/rpc/eth_reads.h"
#include "mocks/trace.h"

/* Everything is borrowed and outlives the backend; the rollup config is copied. */
struct ls_engine_rpc_config {
    struct ls_engine *engine;
    struct ls_universe *universe; /* valid payloads it has not are added while there is room */
    const struct ls_rollup *rollup;
    const uint8_t *jwt_secret; /* 32 bytes; NULL: no token is asked for */
    enum ls_eth_state state;   /* what its reads of state say */
    struct ls_trace *trace;    /* NULL: no trace */
};

/* Makes the backend; NULL when out of memory. Freed by ls_engine_rpc_free. */
struct ls_backend *ls_engine_rpc_new(const struct ls_engine_rpc_config *cfg);
/* NULL is fine. */
void ls_engine_rpc_free(struct ls_backend *b);

/* The engine's public port: no token, no engine_* methods, but net_version and web3_clientVersion.
 * Owned by b. */
struct ls_backend *ls_engine_rpc_public(struct ls_backend *b);

/* The secret changes (AUT-03); NULL: no token is asked for. Borrowed. */
void ls_engine_rpc_set_secret(struct ls_backend *b, const uint8_t *jwt_secret);
/* "engine is on another chain" (BOOT-15): what eth_chainId says. */
void ls_engine_rpc_set_chain_id(struct ls_backend *b, uint64_t chain_id);

#endif
