#include "mocks/rpc/eth_tools.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/account.h"
#include "mocks/rpc/basefee.h"
#include "mocks/rpc/blockjson.h"

/* op-geth's smallest suggestion, and its only one while blocks are not full. */
#define TIP_WEI 1000000u
#define FEE_HISTORY_MAX 1024u /* geth's */

bool ls_eth_header(const struct ls_eth_view *view, uint32_t id, struct ls_header *out)
{
    const struct ls_ublock *b = ls_universe_get(view->universe, id);
    struct cJSON *root = NULL;
    bool is_read =
        ls_blockjson_tree(b, &root) == LS_OK && ls_header_from_json(root, out, NULL, NULL) == LS_OK;
    ls_json_free(root);
    return is_read;
}

/* --- blocks as arguments --- */

/* A null result is an error of these methods. */
static struct ls_el_read needed(struct ls_el_read r, const char *missing)
{
    if (r.kind == LS_READ_NULL) {
        r = (struct ls_el_read){
            .kind = LS_READ_ERROR, .id = LS_NO_BLOCK, .code = LS_RPC_SERVER, .message = missing};
    }
    return r;
}

static bool by_number(const struct ls_eth_view *view, struct ls_go_args *a, const struct cJSON *v,
                      struct ls_el_read *out)
{
    enum ls_go_block kind = LS_GO_LATEST;
    uint64_t number = 0;
    if (!ls_go_block_number(a, v, &kind, &number)) {
        return false;
    }
    *out = needed(view->ops->read(view->self, kind, number), "header not found");
    return true;
}

static bool by_hash(const struct ls_eth_view *view, struct ls_go_args *a, const struct cJSON *v,
                    struct ls_el_read *out)
{
    struct ls_hash hash;
    if (!ls_go_hash(a, v, LS_GO_ARGUMENT, &hash)) {
        return false;
    }
    *out = needed(view->ops->read_hash(view->self, &hash), "header for hash not found");
    return true;
}

bool ls_eth_take_block(const struct ls_eth_view *view, struct ls_go_args *a, bool is_needed,
                       struct ls_el_read *out)
{
    const struct cJSON *v = ls_go_args_take(a, is_needed);
    const struct cJSON *number = ls_json_get(v, "blockNumber");
    const struct cJSON *hash = ls_json_get(v, "blockHash");
    const char *text = ls_json_str(v);
    if (a->is_failed) {
        return false;
    }
    if (number != NULL && hash != NULL) {
        ls_go_args_fail(a,
                        "cannot specify both BlockHash and BlockNumber, choose one or the other");
        return false;
    }
    if (hash != NULL) {
        return by_hash(view, a, hash, out);
    }
    if (text != NULL && strlen(text) == 66) {
        return by_hash(view, a, v, out);
    }
    return by_number(view, a, ls_json_is_object(v) ? number : v, out);
}

/* --- state --- */

static bool take_this_address(struct ls_go_args *a, struct ls_addr *out)
{
    return ls_go_fixed(a, ls_go_args_take(a, true), LS_GO_ARGUMENT, "common.Address", out->b,
                       sizeof out->b);
}

static bool take_address(struct ls_go_args *a)
{
    struct ls_addr address;
    return take_this_address(a, &address);
}

/* The error of the read, or of an engine that has the block and not its state: op-geth's words. */
static void refuse(const struct ls_eth_view *v, struct ls_rpc_call *call,
                   const struct ls_el_read *r)
{
    struct ls_header h = {0};
    char root[2 * sizeof h.state_root.b + 1] = {0};
    if (r->kind != LS_READ_BLOCK) {
        ls_rpc_error(call, r->code, "%s", r->message);
        return;
    }
    (void)ls_eth_header(v, r->id, &h);
    ls_hex_encode(h.state_root.b, sizeof h.state_root.b, root);
    ls_rpc_error(call, LS_RPC_SERVER,
                 "missing trie node %s (path ) state 0x%s is not available, not found", root, root);
}

/* The block is known and state reads as empty: the caller answers. */
static bool is_empty(const struct ls_eth_view *v, struct ls_rpc_call *call,
                     const struct ls_el_read *r)
{
    if (r->kind == LS_READ_BLOCK && v->state == LS_ETH_STATE_EMPTY) {
        return true;
    }
    refuse(v, call, r);
    return false;
}

static bool account_is_empty(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_go_args a;
    struct ls_el_read r;
    ls_go_args_begin(&a, call);
    return take_address(&a) && ls_eth_take_block(v, &a, true, &r) && ls_go_args_end(&a) &&
           is_empty(v, call, &r);
}

static void balance_or_nonce(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_jw w;
    if (account_is_empty(v, call)) {
        ls_rpc_result(call, &w);
        ls_jw_quantity(&w, NULL, 0);
    }
}

static void code(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_jw w;
    if (account_is_empty(v, call)) {
        ls_rpc_result(call, &w);
        ls_jw_str(&w, NULL, "0x");
    }
}

bool ls_eth_put_proof(const struct ls_eth_view *v, struct ls_rpc_call *call, uint32_t id,
                      const struct ls_addr *who, size_t key_count)
{
    const struct ls_ublock *b = ls_universe_get(v->universe, id);
    struct ls_jw w;
    if (b->proof == NULL || key_count > 0 ||
        memcmp(who->b, LS_MESSAGE_PASSER.b, sizeof who->b) != 0) {
        return false;
    }
    ls_rpc_result(call, &w);
    ls_jw_raw(&w, NULL, b->proof, b->proof_bytes);
    return true;
}

/* A proof takes the state's tree, which no setting makes up. */
static void proof(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_go_args a;
    struct ls_el_read r;
    struct ls_addr who;
    ls_go_args_begin(&a, call);
    if (!take_this_address(&a, &who)) {
        return;
    }
    const struct cJSON *keys = ls_go_args_take(&a, true);
    if (!ls_go_kind(&a, keys, LS_GO_ARGUMENT, "array", "[]string") ||
        !ls_eth_take_block(v, &a, true, &r) || !ls_go_args_end(&a)) {
        return;
    }
    if (r.kind == LS_READ_BLOCK && ls_eth_put_proof(v, call, r.id, &who, ls_json_count(keys))) {
        return;
    }
    if (r.kind == LS_READ_ERROR) {
        r.code = LS_RPC_SERVER;
        r.message = "header not found"; /* op-geth drops the cause here */
    }
    refuse(v, call, &r);
}

/* geth takes a slot with up to 32 bytes, zeros in front or not. */
static bool take_slot(struct ls_go_args *a)
{
    const char *s = ls_json_str(ls_go_args_take(a, true));
    if (a->is_failed) {
        return false;
    }
    size_t n = s == NULL ? 0 : strlen(s);
    size_t prefix = n >= 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 2 : 0;
    if (s == NULL || n == prefix || n - prefix > 64 ||
        strspn(s + prefix, "0123456789abcdefABCDEF") != n - prefix) {
        ls_rpc_error(a->call, LS_RPC_INVALID_PARAMS, "unable to decode storage key: %s",
                     n > prefix + 64 ? "hex string too long, want at most 32 bytes"
                                     : "hex string invalid");
        a->is_failed = true;
        return false;
    }
    return true;
}

static void storage(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    static const uint8_t zero[32];
    struct ls_go_args a;
    struct ls_el_read r;
    struct ls_jw w;
    ls_go_args_begin(&a, call);
    if (take_address(&a) && take_slot(&a) && ls_eth_take_block(v, &a, true, &r) &&
        ls_go_args_end(&a) && is_empty(v, call, &r)) {
        ls_rpc_result(call, &w);
        ls_jw_hex(&w, NULL, zero, sizeof zero);
    }
}

/* eth_call and the like: nothing here executes, also with empty state. */
static void execute(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_go_args a;
    struct ls_el_read r;
    ls_go_args_begin(&a, call);
    const struct cJSON *tx = ls_go_args_take(&a, true);
    if (ls_go_kind(&a, tx, LS_GO_ARGUMENT, "object", "ethapi.TransactionArgs") &&
        ls_eth_take_block(v, &a, false, &r)) {
        refuse(v, call, &r); /* overrides may follow */
    }
}

static void accounts(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_go_args a;
    struct ls_jw w;
    (void)v;
    ls_go_args_begin(&a, call);
    if (ls_go_args_end(&a)) {
        ls_rpc_result(call, &w);
        ls_jw_array(&w, NULL);
        ls_jw_array_end(&w);
    }
}

/* --- fees --- */

/* false: answered with the read's error. */
static bool latest_header(const struct ls_eth_view *v, struct ls_rpc_call *call,
                          struct ls_header *out)
{
    struct ls_el_read r = needed(v->ops->read(v->self, LS_GO_LATEST, 0), "header not found");
    if (r.kind == LS_READ_BLOCK && ls_eth_header(v, r.id, out)) {
        return true;
    }
    refuse(v, call, &r);
    return false;
}

static uint64_t base_fee_of(const struct ls_header *h)
{
    uint64_t fee = 0;
    (void)ls_u256_to_u64(&h->base_fee, &fee);
    return fee;
}

static void put_price(const struct ls_eth_view *v, struct ls_rpc_call *call, bool with_base_fee)
{
    struct ls_header h;
    struct ls_go_args a;
    struct ls_jw w;
    ls_go_args_begin(&a, call);
    if (ls_go_args_end(&a) && latest_header(v, call, &h)) {
        ls_rpc_result(call, &w);
        ls_jw_quantity(&w, NULL, TIP_WEI + (with_base_fee ? base_fee_of(&h) : 0));
    }
}

static void gas_price(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    put_price(v, call, true);
}

static void tip(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    put_price(v, call, false);
}

/* math.HexOrDecimal64: "0x4", "4" or 4. */
static bool take_count(struct ls_go_args *a, uint64_t *out)
{
    const struct cJSON *v = ls_go_args_take(a, true);
    const char *s = ls_json_str(v);
    if (a->is_failed) {
        return false;
    }
    if (ls_json_u64_any(v, out) == LS_OK ||
        (s != NULL && ls_parse_dec(s, strlen(s), out) == LS_OK)) {
        return true;
    }
    ls_go_args_fail(a, "invalid hex or decimal integer \"%.40s\"", s == NULL ? "" : s);
    return false;
}

/* The shortest decimal that reads back the same, as Go prints it. */
static void put_ratio(struct ls_jw *w, double ratio)
{
    char text[40];
    int digits = 1;
    do {
        (void)snprintf(text, sizeof text, "%.*g", digits, ratio);
    } while (digits++ < 17 && strtod(text, NULL) != ratio);
    ls_jw_raw(w, NULL, text, strlen(text));
}

/* The headers from newest downwards, oldest first; how many there are. */
static size_t collect(const struct ls_eth_view *v, uint32_t newest, uint64_t count,
                      struct ls_header *out)
{
    size_t n = 0;
    uint32_t id = newest;
    while (n < count && id != LS_NO_BLOCK && ls_eth_header(v, id, &out[count - 1 - n])) {
        const struct ls_ublock *b = ls_universe_get(v->universe, id);
        n++;
        id = b->is_gap ? LS_NO_BLOCK : b->parent;
    }
    memmove(out, out + (count - n), n * sizeof *out);
    return n;
}

static void put_history(const struct ls_eth_view *v, struct ls_rpc_call *call,
                        const struct ls_header *headers, size_t n)
{
    const struct ls_header *last = &headers[n - 1];
    uint64_t step = n > 1 ? last->timestamp - headers[n - 2].timestamp : 0;
    struct ls_jw w;
    ls_rpc_result(call, &w);
    ls_jw_object(&w, NULL);
    ls_jw_quantity(&w, "oldestBlock", headers[0].number);
    ls_jw_array(&w, "baseFeePerGas");
    for (size_t i = 0; i < n; i++) {
        ls_jw_quantity(&w, NULL, base_fee_of(&headers[i]));
    }
    ls_jw_quantity(&w, NULL,
                   ls_base_fee_next(v->rollup, last, base_fee_of(last), last->timestamp + step));
    ls_jw_array_end(&w);
    ls_jw_array(&w, "gasUsedRatio");
    for (size_t i = 0; i < n; i++) {
        put_ratio(&w, headers[i].gas_limit == 0
                          ? 0
                          : (double)headers[i].gas_used / (double)headers[i].gas_limit);
    }
    ls_jw_array_end(&w);
    ls_jw_object_end(&w);
}

static void put_no_history(struct ls_rpc_call *call)
{
    struct ls_jw w;
    ls_rpc_result(call, &w);
    ls_jw_object(&w, NULL);
    ls_jw_quantity(&w, "oldestBlock", 0);
    ls_jw_null(&w, "gasUsedRatio");
    ls_jw_object_end(&w);
}

static void beyond_head(const struct ls_eth_view *v, struct ls_rpc_call *call,
                        const struct cJSON *newest)
{
    struct ls_header h = {0};
    uint64_t asked = 0;
    (void)ls_json_u64_any(newest, &asked);
    if (latest_header(v, call, &h)) {
        ls_rpc_error(call, LS_RPC_SERVER,
                     "request beyond head block: requested %" PRIu64 ", head %" PRIu64, asked,
                     h.number);
    }
}

static void fee_history(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_go_args a;
    struct ls_el_read r = {0};
    uint64_t count = 0;
    ls_go_args_begin(&a, call);
    if (!take_count(&a, &count) || !by_number(v, &a, ls_go_args_take(&a, true), &r) ||
        a.is_failed) {
        return;
    }
    const struct cJSON *percentiles = ls_go_args_take(&a, false);
    if (!ls_go_kind(&a, percentiles, LS_GO_ARGUMENT, "array", "[]float64") || !ls_go_args_end(&a)) {
        return;
    }
    if (count == 0) {
        put_no_history(call);
    } else if (r.kind != LS_READ_BLOCK) {
        beyond_head(v, call, ls_json_at(call->params, 1));
    } else if (ls_json_count(percentiles) > 0) {
        ls_rpc_error(call, LS_RPC_SERVER, "rewards need receipts, which are not recorded");
    } else {
        count = count > FEE_HISTORY_MAX ? FEE_HISTORY_MAX : count;
        struct ls_header *headers = calloc(count, sizeof *headers);
        size_t n = headers == NULL ? 0 : collect(v, r.id, count, headers);
        if (n > 0) {
            put_history(v, call, headers, n);
        } else {
            ls_rpc_error(call, LS_RPC_SERVER, "header not found");
        }
        free(headers);
    }
}

static const struct {
    const char *name;
    void (*run)(const struct ls_eth_view *v, struct ls_rpc_call *call);
} METHODS[] = {
    {"eth_getBalance", balance_or_nonce},
    {"eth_getTransactionCount", balance_or_nonce},
    {"eth_getCode", code},
    {"eth_getProof", proof},
    {"eth_getStorageAt", storage},
    {"eth_call", execute},
    {"eth_estimateGas", execute},
    {"eth_accounts", accounts},
    {"eth_gasPrice", gas_price},
    {"eth_maxPriorityFeePerGas", tip},
    {"eth_feeHistory", fee_history},
};

bool ls_eth_serve_tools(const struct ls_eth_view *view, struct ls_rpc_call *call)
{
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++) {
        if (strcmp(METHODS[i].name, call->method) == 0) {
            METHODS[i].run(view, call);
            return true;
        }
    }
    return ls_eth_serve_txs(view, call);
}
