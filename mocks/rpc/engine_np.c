/*
 * newPayload before the model: arguments, version and fork, OP's rules, hash (mock-engine 2.3, rows
 * 1 to 5, in op-geth's order); then the model decides.
 */
#include <stdio.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/json.h"
#include "mocks/rpc/engine_parts.h"
#include "mocks/rpc/gotx.h"
#include "mocks/rpc/reth_rpc.h"

#define INVALID_PARAMS "Invalid parameters"
#define UNSUPPORTED_FORK "Unsupported fork"
#define EXTRA_MAX 32u

static bool is_active(const struct ls_engine_port *e, enum ls_fork fork, const struct ls_np_args *n)
{
    return ls_rollup_is_active(&e->rollup, fork, n->payload.timestamp);
}

/* --- arguments --- */

static bool take_hashes(struct ls_engine_port *e, struct ls_go_args *a, struct ls_np_args *n)
{
    const struct cJSON *v = ls_go_args_take(a, true);
    if (!ls_go_kind(a, v, LS_GO_ARGUMENT, "array", "[]common.Hash")) {
        return false;
    }
    n->has_hashes = v != NULL && !ls_json_is_null(v);
    struct ls_hash *hashes = ls_arena_alloc(&e->arena, ls_json_count(v) * sizeof *hashes);
    if (hashes == NULL) {
        ls_go_args_fail(a, "too large");
        return false;
    }
    for (const struct cJSON *h = ls_json_first(v); h != NULL; h = ls_json_next(h)) {
        if (!ls_go_hash(a, h, LS_GO_ARGUMENT, &hashes[n->hash_count++])) {
            return false;
        }
    }
    n->hashes = hashes;
    return !a->is_failed;
}

static bool take_beacon_root(struct ls_go_args *a, struct ls_np_args *n)
{
    const struct cJSON *v = ls_go_args_take(a, false);
    n->payload.has_beacon_root = v != NULL && !ls_json_is_null(v);
    return !n->payload.has_beacon_root || ls_go_hash(a, v, LS_GO_ARGUMENT, &n->payload.beacon_root);
}

static bool take_requests(struct ls_engine_port *e, struct ls_go_args *a, struct ls_np_args *n)
{
    const struct cJSON *v = ls_go_args_take(a, true);
    if (!ls_go_kind(a, v, LS_GO_ARGUMENT, "array", "[]hexutil.Bytes")) {
        return false;
    }
    n->has_requests = v != NULL && !ls_json_is_null(v);
    struct ls_span *items = ls_arena_alloc(&e->arena, ls_json_count(v) * sizeof *items);
    if (items == NULL) {
        ls_go_args_fail(a, "too large");
        return false;
    }
    for (const struct cJSON *r = ls_json_first(v); r != NULL; r = ls_json_next(r)) {
        if (!ls_go_bytes(a, r, LS_GO_ARGUMENT, &e->arena, &items[n->request_count++])) {
            return false;
        }
    }
    n->requests = items;
    return !a->is_failed;
}

static bool decode(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version,
                   struct ls_np_args *n)
{
    struct ls_go_args a;
    memset(n, 0, sizeof *n);
    ls_go_args_begin(&a, call);
    const struct cJSON *payload = ls_go_args_take(&a, true);
    if (!ls_engine_decode_payload(&a, payload, &e->arena, n)) {
        return false;
    }
    if (version >= 3 && !(take_hashes(e, &a, n) && take_beacon_root(&a, n))) {
        return false;
    }
    if (version >= 4 && !take_requests(e, &a, n)) {
        return false;
    }
    return ls_go_args_end(&a);
}

/* --- version and fork (rows 1 and 2) --- */

static bool refuse(struct ls_rpc_call *call, const char *why)
{
    ls_rpc_error(call, LS_RPC_INVALID_PARAMS, INVALID_PARAMS);
    ls_rpc_error_data(call, "%s", why);
    return false;
}

static bool refuse_fork(struct ls_rpc_call *call, const char *why)
{
    ls_rpc_error(call, LS_RPC_UNSUPPORTED_FORK, UNSUPPORTED_FORK);
    ls_rpc_error_data(call, "%s", why);
    return false;
}

static bool check_old_version(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version,
                              const struct ls_np_args *n)
{
    if (version == 1) {
        return n->has_withdrawals ? refuse(call, "withdrawals not supported in V1") : true;
    }
    bool is_shanghai = is_active(e, LS_FORK_CANYON, n);
    if (is_active(e, LS_FORK_ECOTONE, n)) {
        return refuse(call, "can't use newPayloadV2 post-cancun");
    }
    if (is_shanghai && !n->has_withdrawals) {
        return refuse(call, "nil withdrawals post-shanghai");
    }
    if (!is_shanghai && n->has_withdrawals) {
        return refuse(call, "non-nil withdrawals pre-shanghai");
    }
    if (n->has_excess_blob_gas) {
        return refuse(call, "non-nil excessBlobGas pre-cancun");
    }
    return n->has_blob_gas_used ? refuse(call, "non-nil blobGasUsed pre-cancun") : true;
}

/* An item needs a type and content, types ascend. */
static bool check_requests(struct ls_rpc_call *call, const struct ls_np_args *n)
{
    for (size_t i = 0; i < n->request_count; i++) {
        struct ls_span r = n->requests[i];
        bool is_empty = r.n < 2;
        if (!is_empty && (i == 0 || r.p[0] > n->requests[i - 1].p[0])) {
            continue;
        }
        char list[1024] = "";
        size_t used = 0;
        for (size_t k = 0; k < r.n && used + 8 < sizeof list; k++) {
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%u", k == 0 ? "" : " ",
                                     r.p[k]);
        }
        ls_rpc_error(call, LS_RPC_INVALID_PARAMS, INVALID_PARAMS);
        ls_rpc_error_data(call, "%s: [%s]", is_empty ? "empty request" : "invalid request order",
                          list);
        return false;
    }
    return true;
}

static bool check_version(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version,
                          const struct ls_np_args *n)
{
    if (version < 3) {
        return check_old_version(e, call, version, n);
    }
    if (!n->has_withdrawals) {
        return refuse(call, "nil withdrawals post-shanghai");
    }
    if (!n->has_excess_blob_gas) {
        return refuse(call, "nil excessBlobGas post-cancun");
    }
    if (!n->has_blob_gas_used) {
        return refuse(call, "nil blobGasUsed post-cancun");
    }
    if (!n->has_hashes) {
        return refuse(call, "nil versionedHashes post-cancun");
    }
    if (!n->payload.has_beacon_root) {
        return refuse(call, "nil beaconRoot post-cancun");
    }
    if (version == 4 && !n->has_requests) {
        return refuse(call, "nil executionRequests post-prague");
    }
    bool is_cancun = is_active(e, LS_FORK_ECOTONE, n);
    bool is_prague = is_active(e, LS_FORK_ISTHMUS, n);
    if (version == 3 && (!is_cancun || is_prague)) {
        return refuse_fork(call, "newPayloadV3 must only be called for cancun payloads");
    }
    if (version == 4 && !is_prague) {
        return refuse_fork(call, "newPayloadV4 must only be called for prague payloads");
    }
    return version < 4 || check_requests(call, n);
}

/* --- OP's payload rules (row 5); text or NULL --- */

#define HOLOCENE_BYTES 9u
#define JOVIAN_BYTES 17u

static const char *extra_fault(char *text, size_t cap, struct ls_span x, const char *name,
                               unsigned version, size_t bytes)
{
    if (x.n != bytes) {
        (void)snprintf(text, cap, "%s extraData should be %zu bytes, got %zu", name, bytes, x.n);
        return text;
    }
    if (x.p[0] != version) {
        (void)snprintf(text, cap, "%s extraData version byte should be %u, got %u", name, version,
                       x.p[0]);
        return text;
    }
    if (ls_be32(x.p + 1) == 0) {
        return "holocene params cannot have a 0 denominator unless elasticity is also 0";
    }
    return NULL;
}

static const char *op_fault(struct ls_engine_port *e, const struct ls_np_args *n, char *text,
                            size_t cap)
{
    const char *fault = NULL;
    bool is_isthmus = is_active(e, LS_FORK_ISTHMUS, n);
    if (is_active(e, LS_FORK_CANYON, n) && n->withdrawal_count > 0) {
        return "non-empty withdrawals post-Canyon";
    }
    if (is_active(e, LS_FORK_JOVIAN, n)) {
        fault = extra_fault(text, cap, n->extra, "MinBaseFee", 1, JOVIAN_BYTES);
    } else if (is_active(e, LS_FORK_HOLOCENE, n)) {
        fault = extra_fault(text, cap, n->extra, "holocene", 0, HOLOCENE_BYTES);
    } else if (n->extra.n > 0) {
        fault = "extraData must be empty before Holocene";
    }
    if (fault != NULL) {
        return fault;
    }
    if (is_isthmus && !n->payload.has_withdrawals_root) {
        return "nil withdrawalsRoot post-Isthmus";
    }
    if (!is_isthmus && n->payload.has_withdrawals_root) {
        return "non-nil withdrawalsRoot pre-Isthmus";
    }
    return NULL;
}

/* --- from data to block (row 3 and 4) --- */

static const char *txs_fault(const struct ls_payload *p, char *text, size_t cap)
{
    char why[LS_GORLP_TEXT_MAX];
    for (size_t i = 0; i < p->tx_count; i++) {
        if (!ls_gotx_check(p->txs[i], why)) {
            (void)snprintf(text, cap, "invalid transaction %zu: %s", i, why);
            return text;
        }
    }
    return NULL;
}

/* "0x… 0x…", as far as there is room. */
struct hash_list {
    size_t count;
    char text[960];
};

static void list_hash(struct hash_list *l, const uint8_t *hash)
{
    char digits[65] = {0};
    size_t used = strlen(l->text);
    ls_hex_encode(hash, 32, digits);
    if (used + 68 < sizeof l->text) {
        (void)snprintf(l->text + used, sizeof l->text - used, "%s0x%s", l->count == 0 ? "" : " ",
                       digits);
    }
    l->count++;
}

/* The hashes beside the payload are those of its blob transactions, one by one. */
static const char *versioned_hashes_fault(const struct ls_np_args *n, char *text, size_t cap)
{
    struct hash_list given = {0};
    struct hash_list own = {0};
    size_t differing = SIZE_MAX;
    for (size_t i = 0; i < n->hash_count; i++) {
        list_hash(&given, n->hashes[i].b);
    }
    for (size_t i = 0; i < n->payload.tx_count; i++) {
        struct ls_gotx_hashes h = ls_gotx_blob_hashes(n->payload.txs[i]);
        for (size_t k = 0; k < h.count; k++) {
            const uint8_t *hash = h.first + k * h.stride;
            if (differing == SIZE_MAX && own.count < n->hash_count &&
                memcmp(hash, n->hashes[own.count].b, 32) != 0) {
                differing = own.count;
            }
            list_hash(&own, hash);
        }
    }
    if (own.count != given.count) {
        (void)snprintf(text, cap, "invalid number of versionedHashes: [%s] blobHashes: [%s]",
                       given.text, own.text);
        return text;
    }
    if (differing == SIZE_MAX) {
        return NULL;
    }
    (void)snprintf(text, cap, "invalid versionedHash at %zu: [%s] blobHashes: [%s]", differing,
                   given.text, own.text);
    return text;
}

static const char *block_fault(const struct ls_engine_port *e, struct ls_np_args *n, char *text,
                               size_t cap)
{
    struct ls_payload *p = &n->payload;
    const char *fault = txs_fault(p, text, cap);
    if (fault != NULL) {
        return fault;
    }
    if (n->extra.n > EXTRA_MAX) {
        (void)snprintf(text, cap, "invalid extradata length: %zu", n->extra.n);
        return text;
    }
    if (n->bloom.n != sizeof p->bloom) {
        (void)snprintf(text, cap, "invalid logsBloom length: %zu", n->bloom.n);
        return text;
    }
    fault = versioned_hashes_fault(n, text, cap);
    if (fault != NULL) {
        return fault;
    }
    if (is_active(e, LS_FORK_ISTHMUS, n) && !n->has_withdrawals) {
        return "expected non-nil empty withdrawals operation list in Isthmus, but got: []";
    }
    memcpy(p->bloom, n->bloom.p, sizeof p->bloom);
    memcpy(p->extra, n->extra.p, n->extra.n);
    p->extra_bytes = (uint8_t)n->extra.n;
    p->has_withdrawals = n->has_withdrawals;
    p->has_blob_gas = n->has_blob_gas_used && n->has_excess_blob_gas;
    return n->request_count > 0 ? "requests should be empty for Isthmus blocks" : NULL;
}

static const char *hash_fault(const struct ls_payload *p, struct ls_header *h, char *text,
                              size_t cap)
{
    char want[65] = {0};
    char got[65] = {0};
    if (ls_payload_header(p, h) != LS_OK) {
        return "blockhash mismatch";
    }
    struct ls_hash actual = ls_header_hash(h);
    if (ls_hash_eq(&actual, &p->block_hash)) {
        return NULL;
    }
    ls_hex_encode(p->block_hash.b, 32, want);
    ls_hex_encode(actual.b, 32, got);
    (void)snprintf(text, cap, "blockhash mismatch, want %s, got %s", want, got);
    return text;
}

/* --- answers --- */

void ls_engine_put_status(struct ls_engine_port *e, struct ls_jw *w, const char *key,
                          const struct ls_el_verdict *v, struct ls_trace_event *ev)
{
    bool omit = ls_engine_knobs(e->engine)->null_omitted;
    const char *status = ls_payload_status_name(v->status);
    ls_jw_object(w, key);
    ls_jw_str(w, "status", status);
    if (v->lvh != LS_LVH_NULL) {
        ls_jw_hex(w, "latestValidHash", v->latest_valid.b, sizeof v->latest_valid.b);
    } else if (!omit) {
        ls_jw_null(w, "latestValidHash");
    }
    if (v->error != NULL || !omit) {
        ls_jw_str(w, "validationError", v->error);
    }
    ls_jw_object_end(w);
    if (ev != NULL) {
        ls_trace_copy(ev->status, sizeof ev->status, status, strlen(status));
        if (v->lvh != LS_LVH_NULL) {
            ev->latest_valid = ls_trace_block_of(&v->latest_valid);
        }
        if (v->error != NULL) {
            ls_trace_copy(ev->text, sizeof ev->text, v->error, strlen(v->error));
        }
    }
}

bool ls_engine_put_error(struct ls_rpc_call *call, const struct ls_el_verdict *v)
{
    if (!v->is_error) {
        return false;
    }
    ls_rpc_error(call, v->code, "%s", v->message);
    if (v->data != NULL && v->lvh == LS_LVH_HASH) {
        char hash[2 * sizeof v->latest_valid.b + 1] = {0};
        ls_hex_encode(v->latest_valid.b, sizeof v->latest_valid.b, hash);
        ls_rpc_error_data(call, "%s 0x%s", v->data, hash);
    } else if (v->data != NULL) {
        ls_rpc_error_data(call, "%s", v->data);
    }
    return true;
}

static bool is_reth(const struct ls_engine_port *e)
{
    return ls_engine_knobs(e->engine)->words == LS_EL_WORDS_RETH;
}

/* Rows 3 to 5: why the payload is no block. */
static const char *block_fault_of(struct ls_engine_port *e, struct ls_np_args *n,
                                  struct ls_header *h, char *text, size_t cap)
{
    if (is_reth(e)) {
        return ls_engine_block_fault_reth(e, n, h, text, cap);
    }
    const char *fault = op_fault(e, n, text, cap);
    if (fault == NULL) {
        fault = block_fault(e, n, text, cap);
    }
    return fault != NULL ? fault : hash_fault(&n->payload, h, text, cap);
}

static struct ls_el_verdict judge(struct ls_engine_port *e, struct ls_np_args *n, char *text,
                                  size_t cap)
{
    struct ls_el_verdict invalid = {.status = LS_STATUS_INVALID, .row = "np 3"};
    struct ls_header h;
    const struct ls_payload *p = &n->payload;
    if (ls_engine_dies_of_fee(e, n, &invalid)) {
        return invalid;
    }
    invalid.error = block_fault_of(e, n, &h, text, cap);
    if (invalid.error != NULL) {
        uint32_t known = ls_universe_find(e->universe, &p->parent_hash);
        if (is_reth(e) && known != LS_NO_BLOCK && ls_engine_has(e->engine, known)) {
            invalid.lvh = LS_LVH_HASH;
            invalid.latest_valid = p->parent_hash;
        }
        return invalid;
    }
    if (ls_engine_dies_of_time(e, p)) {
        return invalid;
    }
    struct ls_np_input in = {.id = {p->block_hash, p->number},
                             .parent = p->parent_hash,
                             .timestamp = p->timestamp,
                             .block = ls_universe_find(e->universe, &p->block_hash)};
    uint32_t parent = ls_universe_find(e->universe, &p->parent_hash);
    if (in.block == LS_NO_BLOCK && parent != LS_NO_BLOCK) {
        in.exec_error = ls_engine_exec_error(e, p, &h, parent);
        if (in.exec_error == NULL) {
            in.block = ls_engine_add_block(e, p, &h, parent);
        }
    }
    return ls_engine_new_payload(e->engine, &in);
}

void ls_engine_np(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version)
{
    struct ls_np_args n;
    struct ls_jw w;
    char text[2048];
    bool is_taken = is_reth(e)
                        ? ls_reth_take_np(e, call, version, &n)
                        : decode(e, call, version, &n) && check_version(e, call, version, &n);
    if (!is_taken) {
        return;
    }
    struct ls_el_verdict v = judge(e, &n, text, sizeof text);
    if (ls_engine_put_error(call, &v)) {
        return;
    }
    ls_rpc_result(call, &w);
    ls_engine_put_status(e, &w, NULL, &v, call->event);
}
