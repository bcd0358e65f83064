/*
 * Inside of the engine's JSON-RPC port, shared by its files. Nobody outside mocks/rpc includes it.
 */
#ifndef LS_MOCKS_ENGINE_PARTS_H
#define LS_MOCKS_ENGINE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/op/payload.h"
#include "lib/op/rollup.h"
#include "mocks/model/engine.h"
#include "mocks/rpc/args.h"
#include "mocks/rpc/blockjson.h"
#include "mocks/rpc/eth_reads.h"
#include "mocks/rpc/jsonrpc.h"

/* Memory for one request's decoded arguments. */
#define LS_ENGINE_ARENA_MAX (256u << 20)

struct ls_engine_port;
struct ls_engine_public {
    struct ls_backend base;
    struct ls_engine_port *port;
};

struct ls_engine_port {
    struct ls_backend base;
    struct ls_engine_public public_port;
    struct ls_engine *engine;
    struct ls_universe *universe;
    struct ls_rollup rollup;
    const uint8_t *jwt_secret;
    struct ls_trace *trace;
    enum ls_eth_state state;
    uint64_t chain_id;
    struct ls_blockjson *blocks;
    struct ls_arena arena; /* reset by each call */
    /* Texts of blocks added at run time; owned here, read by the universe. */
    char **added;
    size_t added_count;
    char exec_error[2048]; /* of the payload being looked at */
};

/* --- newPayload (engine_np.c, engine_payload.c, engine_exec.c) --- */

/* ExecutableData and the parameters beside it, as decoded; lengths not judged yet. */
struct ls_np_args {
    struct ls_payload payload; /* bloom and extra are filled in once their lengths are right */
    struct ls_span bloom;
    struct ls_span extra;
    bool has_withdrawals;
    size_t withdrawal_count;
    bool has_blob_gas_used;
    bool has_excess_blob_gas;
    bool has_hashes; /* versioned hashes: a list was given */
    const struct ls_hash *hashes;
    size_t hash_count;
    bool has_requests;
    const struct ls_span *requests;
    size_t request_count;
};

/* engine_newPayloadV<version>: the checks on the payload itself, then the model's rule. */
void ls_engine_np(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version);
/* Decodes the executionPayload object. */
bool ls_engine_decode_payload(struct ls_go_args *a, const struct cJSON *v, struct ls_arena *arena,
                              struct ls_np_args *out);
/* Why the payload does not execute on parent (id), as op-geth says it; NULL = nothing found. Valid
 * until the next call. */
const char *ls_engine_exec_error(struct ls_engine_port *e, const struct ls_payload *p,
                                 const struct ls_header *h, uint32_t parent);
/* Enters a payload that executes on parent into the universe, when the text of its block can be
 * made; LS_NO_BLOCK when not. */
uint32_t ls_engine_add_block(struct ls_engine_port *e, const struct ls_payload *p,
                             const struct ls_header *h, uint32_t parent);
/* geth's complaint about an encoded transaction; NULL = none. */
const char *ls_engine_tx_fault(struct ls_span tx);

/* A payload status as {status, latestValidHash, validationError}; noted in ev. */
void ls_engine_put_status(struct ls_engine_port *e, struct ls_jw *w, const char *key,
                          const struct ls_el_verdict *v, struct ls_trace_event *ev);
/* The verdict is an error: the call fails with it. */
bool ls_engine_put_error(struct ls_rpc_call *call, const struct ls_el_verdict *v);

/* --- forkchoiceUpdated (engine_fcu.c) --- */
void ls_engine_fcu(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version);

/* --- everything else (engine_reads.c) --- */
void ls_engine_other(struct ls_engine_port *e, struct ls_rpc_call *call);
/* eth_* reads; false: the method is none of them. */
bool ls_engine_eth(struct ls_engine_port *e, struct ls_rpc_call *call, bool is_public);

#endif
