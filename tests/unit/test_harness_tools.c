/*
 * What cast, anvil and wallets ask of the mocks' ports beside blocks: transactions, fees, state;
 * over a recorded chain. Texts are op-geth's where it has one.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/capture/chain.h"
#include "harness/live/mocks.h"
#include "lib/json.h"
#include "lib/op/header.h"
#include "mocks/rpc/basefee.h"
#include "mocks/rpc/engine_rpc.h"
#include "mocks/rpc/l1_rpc.h"
#include "mocks/rpc/source_rpc.h"

#define HEAD 400u /* the engine's */

struct rig {
    struct ls_chain chain;
    struct ls_mocks mocks;
    struct ls_backend *engine;       /* state missing */
    struct ls_backend *empty_engine; /* state empty */
    struct ls_backend *source_el;
    struct ls_backend *source_cl;
    struct ls_backend *l1;
    struct ls_buf body;
    struct cJSON *answer;
};

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    *state = r;
    if (r == NULL || ls_chain_open("fixtures/devnet-forks", NULL, &r->chain, NULL) != LS_OK ||
        ls_mocks_init(&r->mocks, &r->chain, NULL, ls_engine_profile_find("geth"), NULL) != LS_OK) {
        return 1;
    }
    ls_engine_seed(r->mocks.engine, ls_chain_at(&r->chain, HEAD), ls_chain_at(&r->chain, 390),
                   ls_chain_at(&r->chain, 380));
    ls_source_heads(r->mocks.source)->unsafe_l2 = r->chain.tip;
    r->engine = ls_mocks_engine_rpc(&r->mocks, NULL, LS_ETH_STATE_MISSING);
    r->empty_engine = ls_mocks_engine_rpc(&r->mocks, NULL, LS_ETH_STATE_EMPTY);
    r->source_el = ls_mocks_source_rpc_as(&r->mocks, LS_SRC_EL, LS_ETH_STATE_EMPTY);
    r->source_cl = ls_mocks_source_rpc_as(&r->mocks, LS_SRC_CL, LS_ETH_STATE_EMPTY);
    r->l1 = ls_mocks_l1_rpc(&r->mocks);
    ls_buf_init(&r->body, 16u << 20);
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;
    ls_json_free(r->answer);
    ls_buf_fini(&r->body);
    ls_engine_rpc_free(r->engine);
    ls_engine_rpc_free(r->empty_engine);
    ls_source_rpc_free(r->source_el);
    ls_source_rpc_free(r->source_cl);
    ls_l1_rpc_free(r->l1);
    ls_mocks_fini(&r->mocks);
    ls_chain_close(&r->chain);
    free(r);
    return 0;
}

/* The whole response to a call, kept in r->answer. */
static const struct cJSON *ask(struct rig *r, struct ls_backend *b, const char *method,
                               const char *params)
{
    char text[1024];
    struct ls_http_request req = {
        .verb = "POST", .path = "/", .content_type = "application/json", .body = text, .conn = 1};
    ls_buf_clear(&r->body);
    struct ls_http_reply reply = {.body = r->body, .status = 200};
    (void)snprintf(text, sizeof text,
                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method,
                   params);
    req.body_bytes = strlen(text);
    b->ops->handle(b, &req, &reply);
    r->body = reply.body;
    ls_json_free(r->answer);
    r->answer = NULL;
    assert_int_equal(ls_json_parse((const char *)r->body.p, r->body.n, 0, &r->answer, NULL), LS_OK);
    return r->answer;
}

static const struct cJSON *result(struct rig *r, struct ls_backend *b, const char *method,
                                  const char *params)
{
    const struct cJSON *v = ls_json_get(ask(r, b, method, params), "result");
    if (v == NULL) {
        fail_msg("%s %s: %s", method, params, (const char *)r->body.p);
    }
    return v;
}

static void says(struct rig *r, struct ls_backend *b, const char *method, const char *params,
                 const char *text)
{
    const char *s = ls_json_str(result(r, b, method, params));
    assert_string_equal(s != NULL ? s : "(no string)", text);
}

static void fails(struct rig *r, struct ls_backend *b, const char *method, const char *params,
                  int64_t code, const char *text)
{
    const struct cJSON *e = ls_json_get(ask(r, b, method, params), "error");
    int64_t got = 0;
    (void)ls_json_i64(ls_json_get(e, "code"), &got);
    const char *message = ls_json_str(ls_json_get(e, "message"));
    if (got != code || message == NULL || strcmp(message, text) != 0) {
        fail_msg("%s %s: %s", method, params, (const char *)r->body.p);
    }
}

static struct ls_header header(const struct ls_universe *u, uint32_t id)
{
    struct ls_header h;
    struct cJSON *root = NULL;
    const struct ls_ublock *b = ls_universe_get(u, id);
    assert_int_equal(ls_json_parse(b->json, b->json_bytes, 0, &root, NULL), LS_OK);
    assert_int_equal(ls_header_from_json(root, &h, NULL, NULL), LS_OK);
    ls_json_free(root);
    return h;
}

static uint64_t fee_at(const struct rig *r, uint64_t number)
{
    struct ls_header h = header(r->chain.l2, ls_chain_at(&r->chain, number));
    uint64_t fee = 0;
    assert_true(ls_u256_to_u64(&h.base_fee, &fee));
    return fee;
}

#define WHO "\"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266\""

/* --- state --- */

static void state_that_is_not_recorded_is_missing_as_on_a_pruned_engine(void **state)
{
    struct rig *r = *state;
    static const char *const methods[] = {"eth_getBalance", "eth_getCode",
                                          "eth_getTransactionCount"};
    struct ls_header h = header(r->chain.l2, ls_chain_at(&r->chain, 390));
    char root[65] = {0};
    char text[256];
    for (size_t i = 0; i < 32; i++) {
        (void)snprintf(root + 2 * i, 3, "%02x", h.state_root.b[i]);
    }
    (void)snprintf(text, sizeof text,
                   "missing trie node %s (path ) state 0x%s is not available, not found", root,
                   root);
    for (size_t i = 0; i < 3; i++) {
        fails(r, r->engine, methods[i], "[" WHO ",\"safe\"]", -32000, text);
        fails(r, r->engine, methods[i], "[" WHO ",\"0x186\"]", -32000, text);
    }
    fails(r, r->engine, "eth_getStorageAt", "[" WHO ",\"0x0\",\"safe\"]", -32000, text);
    fails(r, r->engine, "eth_call", "[{},\"safe\"]", -32000, text);
    fails(r, r->empty_engine, "eth_estimateGas", "[{},\"safe\"]", -32000, text);
}

static void empty_state_knows_no_account(void **state)
{
    struct rig *r = *state;
    struct ls_backend *const ports[] = {r->empty_engine, r->source_el};
    for (size_t i = 0; i < 2; i++) {
        says(r, ports[i], "eth_getBalance", "[" WHO ",\"latest\"]", "0x0");
        says(r, ports[i], "eth_getTransactionCount", "[" WHO ",\"0x10\"]", "0x0");
        says(r, ports[i], "eth_getCode", "[" WHO ",{\"blockNumber\":\"0x10\"}]", "0x");
        says(r, ports[i], "eth_getStorageAt", "[" WHO ",\"0x1\",\"latest\"]",
             "0x0000000000000000000000000000000000000000000000000000000000000000");
    }
}

static void state_of_an_unknown_block_is_no_state(void **state)
{
    struct rig *r = *state;
    static const char zero[] = "0x0000000000000000000000000000000000000000000000000000000000000000";
    char params[256];
    fails(r, r->empty_engine, "eth_getBalance", "[" WHO ",\"0x191\"]", -32000, "header not found");
    (void)snprintf(params, sizeof params, "[" WHO ",\"%s\"]", zero);
    fails(r, r->empty_engine, "eth_getBalance", params, -32000, "header for hash not found");
    (void)snprintf(params, sizeof params, "[" WHO ",{\"blockHash\":\"%s\"}]", zero);
    fails(r, r->empty_engine, "eth_getBalance", params, -32000, "header for hash not found");
}

static void arguments_are_checked_as_geth_does(void **state)
{
    struct rig *r = *state;
    fails(r, r->engine, "eth_getBalance", "[]", -32602, "missing value for required argument 0");
    fails(r, r->engine, "eth_getBalance", "[" WHO "]", -32602,
          "missing value for required argument 1");
    fails(r, r->engine, "eth_getBalance", "[" WHO ",\"latest\",1]", -32602,
          "too many arguments, want at most 2");
    fails(r, r->engine, "eth_getBalance",
          "[" WHO ",{\"blockNumber\":\"0x1\",\"blockHash\":\"0x1\"}]", -32602,
          "invalid argument 1: cannot specify both BlockHash and BlockNumber, choose one or the "
          "other");
    fails(r, r->empty_engine, "eth_getStorageAt", "[" WHO ",\"0xg\",\"latest\"]", -32602,
          "unable to decode storage key: hex string invalid");
    fails(r, r->engine, "eth_gasPrice", "[1]", -32602, "too many arguments, want at most 0");
}

static void ports_of_a_consensus_node_have_none_of_it(void **state)
{
    struct rig *r = *state;
    fails(r, r->source_cl, "eth_gasPrice", "[]", -32601,
          "the method eth_gasPrice does not exist/is not available");
    assert_non_null(result(r, r->source_cl, "optimism_version", "[]"));
    fails(r, r->source_el, "optimism_version", "[]", -32601,
          "the method optimism_version does not exist/is not available");
}

/* --- fees --- */

static void prices_follow_the_latest_base_fee(void **state)
{
    struct rig *r = *state;
    char text[32];
    (void)snprintf(text, sizeof text, "0x%" PRIx64, fee_at(r, HEAD) + 1000000);
    says(r, r->engine, "eth_gasPrice", "[]", text);
    (void)snprintf(text, sizeof text, "0x%" PRIx64, fee_at(r, 511) + 1000000);
    says(r, r->source_el, "eth_gasPrice", "[]", text);
    says(r, r->engine, "eth_maxPriorityFeePerGas", "[]", "0xf4240");
}

static uint64_t quantity(const struct cJSON *list, size_t i)
{
    uint64_t n = UINT64_MAX;
    assert_int_equal(ls_json_quantity(ls_json_at(list, i), &n), LS_OK);
    return n;
}

static void fee_history_is_that_of_the_headers(void **state)
{
    struct rig *r = *state;
    const struct cJSON *h = result(r, r->engine, "eth_feeHistory", "[\"0x4\",\"latest\",[]]");
    const struct cJSON *fees = ls_json_get(h, "baseFeePerGas");
    const struct cJSON *ratios = ls_json_get(h, "gasUsedRatio");
    assert_string_equal(ls_json_str(ls_json_get(h, "oldestBlock")), "0x18d");
    assert_int_equal(ls_json_count(fees), 5);
    assert_int_equal(ls_json_count(ratios), 4);
    for (uint64_t i = 0; i < 5; i++) { /* the fifth is that of the next block, which is recorded */
        assert_int_equal(quantity(fees, i), fee_at(r, HEAD - 3 + i));
    }
    for (uint64_t i = 0; i < 4; i++) {
        struct ls_header b = header(r->chain.l2, ls_chain_at(&r->chain, HEAD - 3 + i));
        double got = -1;
        assert_int_equal(ls_json_double(ls_json_at(ratios, i), &got), LS_OK);
        assert_true(got == (double)b.gas_used / (double)b.gas_limit);
    }
}

static void fee_history_has_edges(void **state)
{
    struct rig *r = *state;
    const struct cJSON *h = result(r, r->engine, "eth_feeHistory", "[8,\"0x2\",null]");
    assert_string_equal(ls_json_str(ls_json_get(h, "oldestBlock")), "0x0");
    assert_int_equal(ls_json_count(ls_json_get(h, "gasUsedRatio")), 3);
    h = result(r, r->engine, "eth_feeHistory", "[0,\"latest\",[]]");
    assert_true(ls_json_is_null(ls_json_get(h, "gasUsedRatio")));
    h = result(r, r->engine, "eth_feeHistory", "[\"5000\",\"latest\",[]]");
    assert_int_equal(ls_json_count(ls_json_get(h, "gasUsedRatio")), 401);
    fails(r, r->engine, "eth_feeHistory", "[1,\"0x200\",[]]", -32000,
          "request beyond head block: requested 512, head 400");
    fails(r, r->engine, "eth_feeHistory", "[1,\"latest\",[50]]", -32000,
          "rewards need receipts, which are not recorded");
}

/* Every base fee of the recording follows from its parent, on L2 and on L1. */
static void base_fees_of_the_recording_follow_the_rule(void **state)
{
    struct rig *r = *state;
    for (uint64_t n = 1; n <= 511; n++) {
        struct ls_header parent = header(r->chain.l2, ls_chain_at(&r->chain, n - 1));
        struct ls_header child = header(r->chain.l2, ls_chain_at(&r->chain, n));
        uint64_t want =
            ls_base_fee_next(&r->chain.rollup, &parent, fee_at(r, n - 1), child.timestamp);
        if (fee_at(r, n) != want) {
            fail_msg("block %" PRIu64 ": %" PRIu64 ", not %" PRIu64, n, fee_at(r, n), want);
        }
    }
    uint32_t tip = r->chain.l1_tip;
    uint64_t last = ls_universe_get(r->chain.l1, tip)->ref.number;
    for (uint64_t n = last; n > last - 100; n--) {
        struct ls_header child = header(r->chain.l1, ls_universe_at(r->chain.l1, tip, n));
        struct ls_header parent = header(r->chain.l1, ls_universe_at(r->chain.l1, tip, n - 1));
        uint64_t parent_fee, fee;
        assert_true(ls_u256_to_u64(&parent.base_fee, &parent_fee));
        assert_true(ls_u256_to_u64(&child.base_fee, &fee));
        assert_int_equal(ls_base_fee_next(NULL, &parent, parent_fee, child.timestamp), fee);
    }
}

/* --- transactions --- */

/* Hash of transaction i of a recorded block, quoted in brackets. */
static void tx_params(const struct rig *r, uint64_t number, size_t i, char out[80])
{
    struct cJSON *root = NULL;
    const struct ls_ublock *b = ls_universe_get(r->chain.l2, ls_chain_at(&r->chain, number));
    assert_int_equal(ls_json_parse(b->json, b->json_bytes, 0, &root, NULL), LS_OK);
    const struct cJSON *tx = ls_json_at(ls_json_get(root, "transactions"), i);
    (void)snprintf(out, 80, "[\"%s\"]", ls_json_str(ls_json_get(tx, "hash")));
    ls_json_free(root);
}

static void transactions_are_found_on_the_visible_chain(void **state)
{
    struct rig *r = *state;
    char params[80];
    for (uint64_t n = 1; n <= HEAD; n += 57) {
        uint64_t got = 0;
        tx_params(r, n, 0, params);
        const struct cJSON *tx = result(r, r->engine, "eth_getTransactionByHash", params);
        assert_int_equal(ls_json_quantity(ls_json_get(tx, "blockNumber"), &got), LS_OK);
        assert_int_equal(got, n);
    }
    tx_params(r, HEAD + 1, 0, params); /* the engine does not have it yet, the source does */
    assert_true(ls_json_is_null(result(r, r->engine, "eth_getTransactionByHash", params)));
    assert_true(ls_json_is_object(result(r, r->source_el, "eth_getTransactionByHash", params)));
}

static void a_blocks_hash_is_no_transactions(void **state)
{
    struct rig *r = *state;
    char params[80] = "[\"0x";
    const struct ls_l2_ref *ref = &ls_universe_get(r->chain.l2, ls_chain_at(&r->chain, 7))->ref;
    for (size_t i = 0; i < 32; i++) {
        (void)snprintf(params + 4 + 2 * i, 3, "%02x", ref->hash.b[i]);
    }
    (void)snprintf(params + 68, 3, "\"]");
    assert_true(ls_json_is_null(result(r, r->engine, "eth_getTransactionByHash", params)));
    assert_string_equal(
        ls_json_str(result(r, r->engine, "eth_getBlockTransactionCountByHash", params)), "0x1");
}

static void receipts_are_not_made_up(void **state)
{
    struct rig *r = *state;
    char params[80];
    tx_params(r, 100, 0, params);
    fails(r, r->engine, "eth_getTransactionReceipt", params, -32000, "receipts are not recorded");
    params[10] = params[10] == '1' ? '2' : '1';
    assert_true(ls_json_is_null(result(r, r->engine, "eth_getTransactionReceipt", params)));
}

static void recorded_receipts_are_given_as_they_are(void **state)
{
    struct rig *r = *state;
    char params[80];
    char text[256];
    uint32_t id = ls_chain_at(&r->chain, 100);
    tx_params(r, 100, 1, params);
    (void)snprintf(text, sizeof text,
                   "[ {\"transactionHash\":\"0x00\"},{\"transactionHash\":\"%.66s\",\"a\":7} ]",
                   params + 2);
    ls_universe_set_receipts(r->chain.l2, id, text, strlen(text));
    (void)ask(r, r->engine, "eth_getBlockReceipts", "[\"0x64\"]");
    ls_buf_putc(&r->body, '\0');
    assert_non_null(strstr((const char *)r->body.p, text));
    uint64_t a = 0;
    const struct cJSON *one = result(r, r->engine, "eth_getTransactionReceipt", params);
    assert_int_equal(ls_json_u64(ls_json_get(one, "a"), &a), LS_OK);
    assert_int_equal(a, 7);
    ls_universe_set_receipts(r->chain.l2, id, NULL, 0);
    fails(r, r->engine, "eth_getBlockReceipts", "[\"0x64\"]", -32000, "receipts are not recorded");
}

static void transactions_are_found_by_place(void **state)
{
    struct rig *r = *state;
    char hash[80];
    tx_params(r, 100, 0, hash);
    const struct cJSON *tx =
        result(r, r->engine, "eth_getTransactionByBlockNumberAndIndex", "[\"0x64\",\"0x0\"]");
    assert_memory_equal(ls_json_str(ls_json_get(tx, "hash")), hash + 2, 66);
    assert_true(ls_json_is_null(
        result(r, r->engine, "eth_getTransactionByBlockNumberAndIndex", "[\"0x64\",\"0x99\"]")));
    assert_true(ls_json_is_null(
        result(r, r->engine, "eth_getTransactionByBlockNumberAndIndex", "[\"0x191\",\"0x0\"]")));
    ls_engine_set_label(r->mocks.engine, LS_LABEL_SAFE, LS_NO_BLOCK);
    fails(r, r->engine, "eth_getTransactionByBlockNumberAndIndex", "[\"safe\",\"0x0\"]", -32000,
          "safe block not found");
}

static void l1_has_prices_and_no_accounts(void **state)
{
    struct rig *r = *state;
    assert_int_equal(ls_json_count(result(r, r->l1, "eth_accounts", "[]")), 0);
    assert_non_null(ls_json_str(result(r, r->l1, "eth_gasPrice", "[]")));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(state_that_is_not_recorded_is_missing_as_on_a_pruned_engine),
        T(empty_state_knows_no_account),
        T(state_of_an_unknown_block_is_no_state),
        T(arguments_are_checked_as_geth_does),
        T(ports_of_a_consensus_node_have_none_of_it),
        T(prices_follow_the_latest_base_fee),
        T(fee_history_is_that_of_the_headers),
        T(fee_history_has_edges),
        T(base_fees_of_the_recording_follow_the_rule),
        T(transactions_are_found_on_the_visible_chain),
        T(a_blocks_hash_is_no_transactions),
        T(receipts_are_not_made_up),
        T(recorded_receipts_are_given_as_they_are),
        T(transactions_are_found_by_place),
        T(l1_has_prices_and_no_accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
