/* The engine port's other methods: reads (by eth_reads.h), capabilities, bodies, and the ones that
 * only say no. */
#include <inttypes.h>
#include <string.h>

#include "lib/json.h"
#include "lib/op/block.h"
#include "mocks/rpc/blockjson.h"
#include "mocks/rpc/engine_parts.h"
#include "mocks/rpc/eth_reads.h"

#define BODIES_MAX 1024u

/* --- what eth_reads.h needs --- */

static uint64_t number_of(const struct ls_engine_port *e, uint32_t id)
{
    return ls_universe_get(e->universe, id)->ref.number;
}

static struct ls_el_read look_up(struct ls_engine_port *e, enum ls_go_block kind, uint64_t number)
{
    switch (kind) {
    case LS_GO_NUMBER:
        break;
    case LS_GO_LATEST:
        return ls_engine_read_label(e->engine, LS_LABEL_LATEST);
    case LS_GO_PENDING:
        return ls_engine_read_geth_pending(e->engine);
    case LS_GO_SAFE:
        return ls_engine_read_label(e->engine, LS_LABEL_SAFE);
    case LS_GO_FINALIZED:
        return ls_engine_read_label(e->engine, LS_LABEL_FINALIZED);
    case LS_GO_EARLIEST:
        number = number_of(e, ls_engine_genesis(e->engine));
        break;
    }
    return ls_engine_read_number(e->engine, number);
}

static struct ls_el_read read_block(void *self, enum ls_go_block kind, uint64_t number)
{
    struct ls_engine_port *e = self;
    struct ls_el_read r = look_up(e, kind, number);
    ls_engine_cache_block(e->engine, r.kind == LS_READ_BLOCK ? r.id : LS_NO_BLOCK);
    return r;
}

static struct ls_el_read read_hash(void *self, const struct ls_hash *hash)
{
    struct ls_engine_port *e = self;
    struct ls_el_read r = ls_engine_read_hash(e->engine, hash);
    ls_engine_cache_block(e->engine, r.kind == LS_READ_BLOCK ? r.id : LS_NO_BLOCK);
    return r;
}

static struct ls_el_syncing read_syncing(void *self)
{
    const struct ls_engine_port *e = self;
    return ls_engine_syncing(e->engine);
}

static bool is_pruned(void *self, uint32_t id)
{
    const struct ls_engine_port *e = self;
    return ls_engine_is_pruned(e->engine, id);
}

static const struct ls_eth_ops ENGINE_READS = {
    .read = read_block, .read_hash = read_hash, .syncing = read_syncing, .is_pruned = is_pruned};

struct ls_eth_view ls_engine_eth_view(struct ls_engine_port *e, bool is_public)
{
    return (struct ls_eth_view){.ops = &ENGINE_READS,
                                .self = e,
                                .universe = e->universe,
                                .blocks = e->blocks,
                                .chain_id = e->chain_id,
                                .is_public = is_public,
                                .state = e->state,
                                .rollup = &e->rollup};
}

bool ls_engine_eth(struct ls_engine_port *e, struct ls_rpc_call *call, bool is_public)
{
    const struct ls_eth_view view = ls_engine_eth_view(e, is_public);
    return ls_eth_serve(&view, call);
}

static bool load_block(struct ls_engine_port *e, uint32_t id, struct cJSON **root,
                       struct ls_block *out)
{
    const struct ls_ublock *b = ls_universe_get(e->universe, id);
    return ls_blockjson_tree(b, root) == LS_OK &&
           ls_block_from_json(*root, &e->arena, out, NULL) == LS_OK;
}

/* --- engine_* that need no state --- */

static const char *const CAPABILITIES[] = {
    "engine_exchangeTransitionConfigurationV1",
    "engine_executeStatelessPayloadV1",
    "engine_executeStatelessPayloadV2",
    "engine_executeStatelessPayloadV3",
    "engine_executeStatelessPayloadV4",
    "engine_forkchoiceUpdatedV1",
    "engine_forkchoiceUpdatedV2",
    "engine_forkchoiceUpdatedV3",
    "engine_forkchoiceUpdatedWithWitnessV1",
    "engine_forkchoiceUpdatedWithWitnessV2",
    "engine_forkchoiceUpdatedWithWitnessV3",
    "engine_getBlobsV1",
    "engine_getBlobsV2",
    "engine_getClientVersionV1",
    "engine_getPayloadBodiesByHashV1",
    "engine_getPayloadBodiesByHashV2",
    "engine_getPayloadBodiesByRangeV1",
    "engine_getPayloadBodiesByRangeV2",
    "engine_getPayloadV1",
    "engine_getPayloadV2",
    "engine_getPayloadV3",
    "engine_getPayloadV4",
    "engine_getPayloadV5",
    "engine_newPayloadV1",
    "engine_newPayloadV2",
    "engine_newPayloadV3",
    "engine_newPayloadV4",
    "engine_newPayloadWithWitnessV1",
    "engine_newPayloadWithWitnessV2",
    "engine_newPayloadWithWitnessV3",
    "engine_newPayloadWithWitnessV4",
    "engine_signalSuperchainV1",
};

void ls_engine_put_names(struct ls_rpc_call *call, const char *const *names, size_t count)
{
    struct ls_jw w;
    ls_rpc_result(call, &w);
    ls_jw_array(&w, NULL);
    for (size_t i = 0; i < count; i++) {
        ls_jw_str(&w, NULL, names[i]);
    }
    ls_jw_array_end(&w);
}

static void exchange_capabilities(struct ls_engine_port *e, struct ls_rpc_call *call)
{
    struct ls_go_args a;
    (void)e;
    ls_go_args_begin(&a, call);
    const struct cJSON *list = ls_go_args_take(&a, true);
    if (ls_go_kind(&a, list, LS_GO_ARGUMENT, "array", "[]string") && ls_go_args_end(&a)) {
        ls_engine_put_names(call, CAPABILITIES, sizeof CAPABILITIES / sizeof CAPABILITIES[0]);
    }
}

void ls_engine_put_client(struct ls_rpc_call *call, const struct ls_engine_client *client)
{
    struct ls_jw w;
    ls_rpc_result(call, &w);
    ls_jw_array(&w, NULL);
    ls_jw_object(&w, NULL);
    ls_jw_str(&w, "code", client->code);
    ls_jw_str(&w, "name", client->name);
    ls_jw_str(&w, "version", client->version);
    ls_jw_str(&w, "commit", client->commit);
    ls_jw_object_end(&w);
    ls_jw_array_end(&w);
}

static void client_version(struct ls_engine_port *e, struct ls_rpc_call *call)
{
    static const struct ls_engine_client geth = {"GE", "go-ethereum", "0.1.0-untagged",
                                                 "0x00000000"};
    struct ls_go_args a;
    (void)e;
    ls_go_args_begin(&a, call);
    (void)ls_go_args_take(&a, true);
    if (ls_go_args_end(&a)) {
        ls_engine_put_client(call, &geth);
    }
}

/* The newest protocol version it knows: major 9, as recorded. */
static void signal_superchain(struct ls_engine_port *e, struct ls_rpc_call *call)
{
    struct ls_jw w;
    (void)e;
    ls_rpc_result(call, &w);
    ls_jw_str(&w, NULL, "0x0000000000000000000000000000000000000009000000000000000000000000");
}

static void transition_configuration(struct ls_engine_port *e, struct ls_rpc_call *call)
{
    static const uint8_t zero[32];
    struct ls_jw w;
    (void)e;
    ls_rpc_result(call, &w);
    ls_jw_object(&w, NULL);
    ls_jw_quantity(&w, "terminalTotalDifficulty", 0);
    ls_jw_hex(&w, "terminalBlockHash", zero, sizeof zero);
    ls_jw_quantity(&w, "terminalBlockNumber", 0);
    ls_jw_object_end(&w);
}

static void rpc_modules(struct ls_engine_port *e, struct ls_rpc_call *call)
{
    struct ls_jw w;
    (void)e;
    ls_rpc_result(call, &w);
    ls_jw_object(&w, NULL);
    ls_jw_str(&w, "debug", "1.0");
    ls_jw_str(&w, "engine", "1.0");
    ls_jw_str(&w, "eth", "1.0");
    ls_jw_str(&w, "rpc", "1.0");
    ls_jw_object_end(&w);
}

/* debug_setHead: the head back to a number; what stood above is forgotten (mock-engine 2.9). */
static void set_head(struct ls_engine_port *e, struct ls_rpc_call *call)
{
    struct ls_go_args a;
    struct ls_jw w;
    uint64_t number = 0;
    uint64_t head = number_of(e, ls_engine_label(e->engine, LS_LABEL_LATEST));
    ls_go_args_begin(&a, call);
    if (!ls_go_u64(&a, ls_go_args_take(&a, true), LS_GO_ARGUMENT, &number) || !ls_go_args_end(&a)) {
        return;
    }
    /* op-reth says yes to it and does nothing. */
    bool is_done = ls_engine_knobs(e->engine)->words != LS_EL_WORDS_RETH;
    if (is_done && number < head) {
        ls_engine_rewind(e->engine, head - number);
    }
    ls_rpc_result(call, &w);
    ls_jw_null(&w, NULL);
}

/* --- bodies --- */

static void put_body(struct ls_engine_port *e, uint32_t id, struct ls_jw *w)
{
    struct ls_block block;
    struct cJSON *root = NULL;
    if (id == LS_NO_BLOCK || ls_engine_is_pruned(e->engine, id) ||
        !load_block(e, id, &root, &block)) {
        ls_jw_null(w, NULL);
    } else {
        ls_jw_object(w, NULL);
        ls_jw_array(w, "transactions");
        for (size_t i = 0; block.is_hydrated && i < block.tx_count; i++) {
            ls_jw_hex(w, NULL, block.txs[i].p, block.txs[i].n);
        }
        ls_jw_array_end(w);
        if (block.has_withdrawals) {
            ls_jw_array(w, "withdrawals");
            ls_jw_array_end(w);
        } else {
            ls_jw_null(w, "withdrawals");
        }
        ls_jw_object_end(w);
    }
    ls_json_free(root);
}

void ls_engine_put_bodies_by_hash(struct ls_engine_port *e, struct ls_rpc_call *call,
                                  const struct ls_hash *hashes, size_t count)
{
    struct ls_jw w;
    ls_rpc_result(call, &w);
    ls_jw_array(&w, NULL);
    for (size_t i = 0; i < count; i++) {
        struct ls_el_read r = ls_engine_read_hash(e->engine, &hashes[i]);
        put_body(e, r.id, &w);
    }
    ls_jw_array_end(&w);
}

static void bodies_by_hash(struct ls_engine_port *e, struct ls_rpc_call *call)
{
    struct ls_go_args a;
    ls_go_args_begin(&a, call);
    const struct cJSON *list = ls_go_args_take(&a, true);
    if (!ls_go_kind(&a, list, LS_GO_ARGUMENT, "array", "[]common.Hash") || !ls_go_args_end(&a)) {
        return;
    }
    size_t count = 0;
    struct ls_hash *hashes = ls_arena_alloc(&e->arena, ls_json_count(list) * sizeof *hashes);
    if (hashes == NULL) {
        ls_go_args_fail(&a, "too large");
        return;
    }
    for (const struct cJSON *h = ls_json_first(list); h != NULL; h = ls_json_next(h)) {
        if (!ls_go_hash(&a, h, LS_GO_ARGUMENT, &hashes[count++])) {
            return;
        }
    }
    ls_engine_put_bodies_by_hash(e, call, hashes, count);
}

void ls_engine_put_bodies_by_range(struct ls_engine_port *e, struct ls_rpc_call *call,
                                   uint64_t start, uint64_t count)
{
    struct ls_jw w;
    uint64_t head = number_of(e, ls_engine_label(e->engine, LS_LABEL_LATEST));
    ls_rpc_result(call, &w);
    ls_jw_array(&w, NULL);
    for (uint64_t i = 0; i < count && start <= head && i <= head - start; i++) {
        put_body(e, ls_engine_canonical_at(e->engine, start + i), &w);
    }
    ls_jw_array_end(&w);
}

static void bodies_by_range(struct ls_engine_port *e, struct ls_rpc_call *call)
{
    struct ls_go_args a;
    uint64_t start = 0;
    uint64_t count = 0;
    ls_go_args_begin(&a, call);
    if (!ls_go_u64(&a, ls_go_args_take(&a, true), LS_GO_ARGUMENT, &start) ||
        !ls_go_u64(&a, ls_go_args_take(&a, true), LS_GO_ARGUMENT, &count) || !ls_go_args_end(&a)) {
        return;
    }
    if (start == 0 || count == 0) {
        ls_rpc_error(call, LS_RPC_INVALID_PARAMS, "Invalid parameters");
        ls_rpc_error_data(call, "invalid start or count, start: 0x%" PRIx64 " count: 0x%" PRIx64,
                          start, count);
        return;
    }
    if (count > BODIES_MAX) {
        ls_rpc_error(call, LS_RPC_REQUEST_TOO_LARGE, "Too large request");
        ls_rpc_error_data(call, "requested count too large: 0x%" PRIx64, count);
        return;
    }
    ls_engine_put_bodies_by_range(e, call, start, count);
}

/* --- which is which --- */

static const struct {
    const char *name;
    void (*run)(struct ls_engine_port *e, struct ls_rpc_call *call);
} METHODS[] = {
    {"engine_exchangeCapabilities", exchange_capabilities},
    {"engine_getClientVersionV1", client_version},
    {"engine_signalSuperchainV1", signal_superchain},
    {"engine_exchangeTransitionConfigurationV1", transition_configuration},
    {"engine_getPayloadBodiesByHashV1", bodies_by_hash},
    {"engine_getPayloadBodiesByHashV2", bodies_by_hash},
    {"engine_getPayloadBodiesByRangeV1", bodies_by_range},
    {"engine_getPayloadBodiesByRangeV2", bodies_by_range},
    {"rpc_modules", rpc_modules},
};

bool ls_engine_debug(struct ls_engine_port *e, struct ls_rpc_call *call)
{
    if (strcmp(call->method, "debug_setHead") != 0) {
        return false;
    }
    set_head(e, call);
    return true;
}

void ls_engine_other(struct ls_engine_port *e, struct ls_rpc_call *call)
{
    if (ls_engine_eth(e, call, false) || ls_engine_debug(e, call)) {
        return;
    }
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++) {
        if (strcmp(METHODS[i].name, call->method) == 0) {
            METHODS[i].run(e, call);
            return;
        }
    }
    ls_rpc_no_method(call);
}
