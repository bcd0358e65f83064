/* Which methods op-reth has, and those that read. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/json.h"
#include "mocks/rpc/eth_tools.h"
#include "mocks/rpc/reth_rpc.h"
#include "mocks/rpc/reth_types.h"

#define BODIES_MAX 1024u
#define NOT_FOUND (-32001)
#define CLIENT_VERSION "reth/v2.0.0-VERGEN_/x86_64-unknown-linux-gnu" /* as recorded */

/* --- blocks --- */

static struct ls_el_read read_block(const struct ls_engine_port *e, const struct ls_eth_view *v,
                                    const struct ls_serde_block *b)
{
    struct ls_hash hash;
    switch (b->tag) {
    case LS_SERDE_TAG_NUMBER:
        return v->ops->read(v->self, LS_GO_NUMBER, b->number);
    case LS_SERDE_TAG_LATEST:
        return v->ops->read(v->self, LS_GO_LATEST, 0);
    case LS_SERDE_TAG_PENDING:
        return ls_engine_read_pending(e->engine);
    case LS_SERDE_TAG_FINALIZED:
        return v->ops->read(v->self, LS_GO_FINALIZED, 0);
    case LS_SERDE_TAG_SAFE:
        return v->ops->read(v->self, LS_GO_SAFE, 0);
    case LS_SERDE_TAG_EARLIEST:
        return v->ops->read(v->self, LS_GO_EARLIEST, 0);
    case LS_SERDE_TAG_HASH:
        break;
    }
    memcpy(hash.b, b->hash, sizeof hash.b);
    return v->ops->read_hash(v->self, &hash);
}

/* A pending block that is none of the chain yet has no receipts. */
static enum ls_block_form full_form(const struct ls_engine_port *e, const struct ls_el_read *r)
{
    bool is_pending = r->kind == LS_READ_BLOCK && r->id == ls_engine_read_pending(e->engine).id &&
                      r->id != ls_engine_label(e->engine, LS_LABEL_LATEST);
    return is_pending ? LS_FORM_FULL_RETH_PENDING : LS_FORM_FULL_RETH;
}

static void block_by_number(struct ls_engine_port *e, const struct ls_eth_view *v,
                            struct ls_rpc_call *call)
{
    struct ls_reth_read p = {0};
    if (ls_reth_params(call, &e->arena, &LS_RETH_BLOCK_BY_NUMBER, &p)) {
        struct ls_el_read r = read_block(e, v, &p.block);
        ls_eth_answer(v, call, &r, p.is_full ? full_form(e, &r) : LS_FORM_HASHES);
    }
}

static void block_by_hash(struct ls_engine_port *e, const struct ls_eth_view *v,
                          struct ls_rpc_call *call)
{
    struct ls_reth_read p = {0};
    if (ls_reth_params(call, &e->arena, &LS_RETH_BLOCK_BY_HASH, &p)) {
        struct ls_el_read r = v->ops->read_hash(v->self, &p.hash);
        ls_eth_answer(v, call, &r, p.is_full ? full_form(e, &r) : LS_FORM_HASHES);
    }
}

static void block_receipts(struct ls_engine_port *e, const struct ls_eth_view *v,
                           struct ls_rpc_call *call)
{
    struct ls_reth_read p = {0};
    if (ls_reth_params(call, &e->arena, &LS_RETH_BLOCK_ID, &p)) {
        struct ls_el_read r = read_block(e, v, &p.block);
        ls_eth_put_receipts(v, call, &r);
    }
}

/* Proofs are for the state of the newest block only (its proof window is 0). */
static void proof(struct ls_engine_port *e, const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_reth_read p = {.block = {.tag = LS_SERDE_TAG_LATEST, .text = "latest"}};
    if (!ls_reth_params(call, &e->arena, &LS_RETH_PROOF, &p)) {
        return;
    }
    struct ls_el_read r = read_block(e, v, &p.block);
    struct ls_el_read latest = v->ops->read(v->self, LS_GO_LATEST, 0);
    if (r.kind != LS_READ_BLOCK || latest.kind != LS_READ_BLOCK) {
        ls_rpc_error(call, NOT_FOUND, "block not found: %s", p.block.text);
    } else if (ls_universe_get(v->universe, r.id)->ref.number <
               ls_universe_get(v->universe, latest.id)->ref.number) {
        ls_rpc_error(call, LS_RPC_INVALID_PARAMS,
                     "distance to target block exceeds maximum proof window");
    } else {
        struct ls_addr who;
        memcpy(who.b, p.address, sizeof who.b);
        if (!ls_eth_put_proof(v, call, r.id, &who, p.list.count)) {
            ls_rpc_error(call, LS_RPC_SERVER, "the state is not recorded");
        }
    }
}

/* --- methods whose parameters nobody reads, or which op-geth's port answers alike --- */

static void shared(struct ls_engine_port *e, const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    (void)e;
    if (!ls_eth_serve(v, call)) {
        ls_reth_no_method(call);
    }
}

/* Decoded as op-reth does and written as op-geth's port reads it: what follows is alike. */
static void as_geth(struct ls_engine_port *e, const struct ls_eth_view *v, struct ls_rpc_call *call,
                    const char *params)
{
    struct cJSON *tree = NULL;
    if (ls_json_parse(params, strlen(params), 0, &tree, NULL) != LS_OK) {
        ls_rpc_error(call, LS_RPC_INTERNAL, "out of memory");
        return;
    }
    const struct ls_rpc_call sent = *call;
    call->params = tree;
    call->params_not_array = false;
    call->params_text = (struct ls_span){(const uint8_t *)params, strlen(params)};
    shared(e, v, call);
    call->params = sent.params;
    call->params_not_array = sent.params_not_array;
    call->params_text = sent.params_text;
    ls_json_free(tree);
}

static void by_hash(struct ls_engine_port *e, const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_reth_read p = {0};
    char digits[2 * sizeof p.hash.b + 1] = {0};
    char params[sizeof digits + 8];
    if (!ls_reth_params(call, &e->arena, &LS_RETH_HASH, &p)) {
        return;
    }
    ls_hex_encode(p.hash.b, sizeof p.hash.b, digits);
    (void)snprintf(params, sizeof params, "[\"0x%s\"]", digits);
    as_geth(e, v, call, params);
}

/* The pending state is that of the newest block: no other is recorded. */
static void of_account(struct ls_engine_port *e, const struct ls_eth_view *v,
                       struct ls_rpc_call *call)
{
    struct ls_reth_read p = {.block = {.tag = LS_SERDE_TAG_LATEST, .text = "latest"}};
    char who[2 * sizeof p.address + 1] = {0};
    char params[sizeof who + 48];
    if (!ls_reth_params(call, &e->arena, &LS_RETH_ACCOUNT, &p)) {
        return;
    }
    if (p.block.tag == LS_SERDE_TAG_PENDING) {
        p.block.tag = LS_SERDE_TAG_LATEST;
    }
    struct ls_el_read r = read_block(e, v, &p.block);
    if (r.kind != LS_READ_BLOCK) {
        ls_rpc_error(call, NOT_FOUND, "block not found: %s", p.block.text);
        return;
    }
    ls_hex_encode(p.address, sizeof p.address, who);
    (void)snprintf(params, sizeof params, "[\"0x%s\",\"0x%" PRIx64 "\"]", who,
                   ls_universe_get(v->universe, r.id)->ref.number);
    as_geth(e, v, call, params);
}

static void without_params(struct ls_engine_port *e, const struct ls_eth_view *v,
                           struct ls_rpc_call *call)
{
    call->params = NULL;
    call->params_not_array = false;
    shared(e, v, call);
}

/* The stages of its pipeline; outside of one all stand where the database does. Those with the same
 * number are done together, in that order; 0: never by a pipeline that peers feed. */
static void syncing(struct ls_engine_port *e, const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    static const struct {
        const char *name;
        uint32_t group; /* from 1 */
    } stages[] = {{"Era", 0},
                  {"Headers", 1},
                  {"Bodies", 2},
                  {"SenderRecovery", 3},
                  {"Execution", 4},
                  {"PruneSenderRecovery", 0},
                  {"MerkleUnwind", 5},
                  {"AccountHashing", 5},
                  {"StorageHashing", 5},
                  {"MerkleExecute", 6},
                  {"TransactionLookup", 7},
                  {"IndexStorageHistory", 8},
                  {"IndexAccountHistory", LS_EL_STAGE_GROUPS},
                  {"Prune", LS_EL_STAGE_GROUPS},
                  {"Finish", LS_EL_STAGE_GROUPS}};
    struct ls_jw w;
    struct ls_el_syncing s = v->ops->syncing(v->self);
    (void)e;
    ls_rpc_result(call, &w);
    if (!s.is_syncing) {
        ls_jw_bool(&w, NULL, false);
        return;
    }
    ls_jw_object(&w, NULL);
    ls_jw_quantity(&w, "startingBlock", s.starting);
    ls_jw_quantity(&w, "currentBlock", s.current);
    ls_jw_quantity(&w, "highestBlock", s.highest);
    ls_jw_null(&w, "warpChunksAmount");
    ls_jw_null(&w, "warpChunksProcessed");
    ls_jw_object(&w, "stages");
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        bool is_done = stages[i].group > 0 && stages[i].group <= s.stages_done;
        ls_jw_quantity(&w, stages[i].name, is_done ? s.stage_target : s.stages);
    }
    ls_jw_object_end(&w);
    ls_jw_object_end(&w);
}

/* Subscriptions are for WebSockets. */
static void not_over_http(struct ls_engine_port *e, const struct ls_eth_view *v,
                          struct ls_rpc_call *call)
{
    (void)e;
    (void)v;
    ls_rpc_error(call, LS_RPC_INTERNAL, "Internal error");
}

static void web3_client(struct ls_engine_port *e, const struct ls_eth_view *v,
                        struct ls_rpc_call *call)
{
    struct ls_jw w;
    (void)e;
    (void)v;
    ls_rpc_result(call, &w);
    ls_jw_str(&w, NULL, CLIENT_VERSION);
}

/* --- engine_* --- */

static const char *const CAPABILITIES[] = {
    "engine_forkchoiceUpdatedV1",
    "engine_forkchoiceUpdatedV2",
    "engine_forkchoiceUpdatedV3",
    "engine_getClientVersionV1",
    "engine_getPayloadBodiesByHashV1",
    "engine_getPayloadBodiesByRangeV1",
    "engine_getPayloadV2",
    "engine_getPayloadV3",
    "engine_getPayloadV4",
    "engine_newPayloadV2",
    "engine_newPayloadV3",
    "engine_newPayloadV4",
    "engine_signalSuperchainV1" /* though it is not there */,
};

static void capabilities(struct ls_engine_port *e, const struct ls_eth_view *v,
                         struct ls_rpc_call *call)
{
    struct ls_reth_read p = {0};
    (void)v;
    if (ls_reth_params(call, &e->arena, &LS_RETH_CAPABILITIES, &p)) {
        ls_engine_put_names(call, CAPABILITIES, sizeof CAPABILITIES / sizeof CAPABILITIES[0]);
    }
}

static void client_version(struct ls_engine_port *e, const struct ls_eth_view *v,
                           struct ls_rpc_call *call)
{
    static const struct ls_engine_client reth = {"RH", "OP-Reth", "2.0.0", "VERGEN_I"};
    struct ls_reth_client p = {0};
    (void)v;
    if (ls_reth_params(call, &e->arena, &LS_RETH_CLIENT, &p)) {
        ls_engine_put_client(call, &reth);
    }
}

/* Its own way for benchmarks, by which a block comes as RLP: the mock has the parameters of it, and
 * takes no block that way. */
static void own_payload(struct ls_engine_port *e, const struct ls_eth_view *v,
                        struct ls_rpc_call *call)
{
    struct ls_reth_read p = {0};
    (void)v;
    if (ls_reth_params(call, &e->arena, &LS_RETH_OWN_PAYLOAD, &p)) {
        ls_rpc_error(call, LS_RPC_SERVER, "blocks come by engine_newPayload here");
    }
}

static bool is_too_many(struct ls_rpc_call *call, uint64_t count)
{
    if (count <= BODIES_MAX) {
        return false;
    }
    ls_rpc_error(call, LS_RPC_REQUEST_TOO_LARGE, "Too large request");
    ls_rpc_error_data(call, "requested count too large: %" PRIu64, count);
    return true;
}

static void bodies_by_hash(struct ls_engine_port *e, const struct ls_eth_view *v,
                           struct ls_rpc_call *call)
{
    struct ls_reth_read p = {0};
    (void)v;
    if (ls_reth_params(call, &e->arena, &LS_RETH_BODIES_BY_HASH, &p) &&
        !is_too_many(call, p.list.count)) {
        ls_engine_put_bodies_by_hash(e, call, p.list.items, p.list.count);
    }
}

static void bodies_by_range(struct ls_engine_port *e, const struct ls_eth_view *v,
                            struct ls_rpc_call *call)
{
    struct ls_reth_read p = {0};
    (void)v;
    if (!ls_reth_params(call, &e->arena, &LS_RETH_BODIES_BY_RANGE, &p) ||
        is_too_many(call, p.count)) {
        return;
    }
    if (p.start == 0 || p.count == 0) {
        ls_rpc_error(call, LS_RPC_INVALID_PARAMS, "Invalid params");
        ls_rpc_error_data(call, "invalid start (%" PRIu64 ") or count (%" PRIu64 ")", p.start,
                          p.count);
        return;
    }
    ls_engine_put_bodies_by_range(e, call, p.start, p.count);
}

/* --- which is which --- */

enum port { AUTH = 1, PUBLIC = 2, BOTH = 3 };

/* run NULL: engine_rpc.c knows it. */
static const struct {
    const char *name;
    enum port port;
    void (*run)(struct ls_engine_port *e, const struct ls_eth_view *v, struct ls_rpc_call *call);
} METHODS[] = {
    {"engine_newPayloadV2", AUTH, NULL},
    {"engine_newPayloadV3", AUTH, NULL},
    {"engine_newPayloadV4", AUTH, NULL},
    {"engine_forkchoiceUpdatedV1", AUTH, NULL},
    {"engine_forkchoiceUpdatedV2", AUTH, NULL},
    {"engine_forkchoiceUpdatedV3", AUTH, NULL},
    {"engine_getPayloadV2", AUTH, NULL},
    {"engine_getPayloadV3", AUTH, NULL},
    {"engine_getPayloadV4", AUTH, NULL},
    {"engine_getPayloadBodiesByHashV1", AUTH, bodies_by_hash},
    {"engine_getPayloadBodiesByRangeV1", AUTH, bodies_by_range},
    {"engine_getClientVersionV1", AUTH, client_version},
    {"engine_exchangeCapabilities", AUTH, capabilities},
    {"reth_newPayload", AUTH, own_payload},
    {"eth_syncing", BOTH, syncing},
    {"eth_chainId", BOTH, without_params},
    {"eth_blockNumber", BOTH, without_params},
    {"eth_getBlockByHash", BOTH, block_by_hash},
    {"eth_getBlockByNumber", BOTH, block_by_number},
    {"eth_getBlockReceipts", BOTH, block_receipts},
    {"eth_getProof", BOTH, proof},
    {"eth_call", BOTH, shared},
    {"eth_getCode", BOTH, of_account},
    {"eth_getTransactionReceipt", BOTH, by_hash},
    {"eth_getHeaderByNumber", PUBLIC, shared},
    {"eth_getHeaderByHash", PUBLIC, by_hash},
    {"eth_getBlockTransactionCountByNumber", PUBLIC, shared},
    {"eth_getBlockTransactionCountByHash", PUBLIC, by_hash},
    {"eth_getTransactionByHash", PUBLIC, by_hash},
    {"eth_getTransactionByBlockNumberAndIndex", PUBLIC, shared},
    {"eth_getTransactionByBlockHashAndIndex", PUBLIC, shared},
    {"eth_getBalance", PUBLIC, of_account},
    {"eth_getTransactionCount", PUBLIC, of_account},
    {"eth_getStorageAt", PUBLIC, shared},
    {"eth_estimateGas", PUBLIC, shared},
    {"eth_accounts", PUBLIC, without_params},
    {"eth_gasPrice", PUBLIC, without_params},
    {"eth_maxPriorityFeePerGas", PUBLIC, without_params},
    {"eth_feeHistory", PUBLIC, shared},
    {"eth_subscribe", PUBLIC, not_over_http},
    {"eth_unsubscribe", PUBLIC, not_over_http},
    {"net_version", PUBLIC, without_params},
    {"web3_clientVersion", PUBLIC, web3_client},
};

static size_t find(const char *method, bool is_public)
{
    enum port port = is_public ? PUBLIC : AUTH;
    size_t i = 0;
    while (i < sizeof METHODS / sizeof METHODS[0] &&
           (strcmp(METHODS[i].name, method) != 0 || (METHODS[i].port & port) == 0)) {
        i++;
    }
    return i;
}

bool ls_reth_has(const char *method, bool is_public)
{
    return find(method, is_public) < sizeof METHODS / sizeof METHODS[0];
}

void ls_reth_no_method(struct ls_rpc_call *call)
{
    ls_rpc_error(call, LS_RPC_METHOD_NOT_FOUND, "Method not found");
}

void ls_reth_other(struct ls_engine_port *e, struct ls_rpc_call *call, bool is_public)
{
    size_t i = find(call->method, is_public);
    struct ls_eth_view view = ls_engine_eth_view(e, is_public);
    if (i < sizeof METHODS / sizeof METHODS[0] && METHODS[i].run != NULL) {
        METHODS[i].run(e, &view, call);
    } else {
        ls_reth_no_method(call);
    }
}
