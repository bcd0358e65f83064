/*
 * The sync tester's port: what the recorded exchanges cannot show (test_mocks_synctester_corpus),
 * and what goes beyond the real program. In process, over the first blocks of a recorded chain.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/jwt.h"
#include "lib/op/block.h"
#include "lib/op/payload.h"
#include "mocks/filter/filter.h"
#include "mocks/rpc/synctester.h"
#include "mocks/rpc/synctester_config.h"
#include "mocks/rpc/synctester_faults.h"
#include "tests/unit/synctester_lab.h"

#define CHAIN "fixtures/devnet-forks"
#define ROUTE "/chain/901/synctest"
#define A ROUTE "/11111111-1111-4111-8111-111111111111"
#define B ROUTE "/22222222-2222-4222-8222-222222222222"
#define SECOND UINT64_C(1000000000)
#define UNKNOWN_HASH "0xabababababababababababababababababababababababababababababababab"
#define JSON_TYPE "application/json"

struct world {
    struct lab lab;
    struct ls_backend *port;
    uint64_t now_ns;
    uint64_t serial;
    struct ls_http_reply reply; /* of the last request; its body is kept */
    const char *token;
    uint32_t grown_tip; /* from grows_at on, for chains that grow */
    uint64_t grows_at;
};

/* --- asking --- */

static void fresh(struct world *w, struct ls_synctester_config *cfg)
{
    struct ls_synctester_chain chains[] = {{901, &w->lab.base}, {7, &w->lab.base}};
    struct ls_synctester_config plain = {0};
    cfg = cfg != NULL ? cfg : &plain;
    cfg->chains = chains;
    cfg->chain_count = 2;
    ls_synctester_free(w->port);
    assert_int_equal(ls_synctester_new(cfg, &w->port, NULL), LS_OK);
}

static void send_request(struct world *w, const char *verb, const char *url, const char *type,
                         const char *body)
{
    const struct ls_http_request req = {.verb = verb,
                                        .path = url,
                                        .content_type = type,
                                        .authorization = w->token,
                                        .body = body,
                                        .body_bytes = strlen(body),
                                        .conn = 1,
                                        .serial = ++w->serial,
                                        .now_ns = w->now_ns,
                                        .wall_s = 1000};
    struct ls_buf kept = w->reply.body;
    ls_buf_clear(&kept);
    free(w->reply.location);
    w->reply = (struct ls_http_reply){.body = kept, .status = 200, .content_type = JSON_TYPE};
    w->port->ops->handle(w->port, &req, &w->reply);
    (void)ls_buf_puts(&w->reply.body, ""); /* terminated, even when empty */
}

/* The answer to one call, without the line feed; valid until the next. */
static const char *call(struct world *w, const char *url, const char *method, const char *params)
{
    char body[65536];
    (void)snprintf(body, sizeof body,
                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method,
                   params);
    send_request(w, "POST", url, JSON_TYPE, body);
    if (w->reply.body.n > 0 && w->reply.body.p[w->reply.body.n - 1] == '\n') {
        w->reply.body.p[--w->reply.body.n] = '\0';
    }
    return w->reply.body.n > 0 ? (const char *)w->reply.body.p : "";
}

#define RESULT(text) "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":" text "}"
#define ERROR(code, text) \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":" #code ",\"message\":\"" text "\"}}"

static bool has_text(const char *text, const char *what)
{
    return strstr(text, what) != NULL;
}

static uint32_t block_at(struct world *w, uint64_t number)
{
    return ls_universe_at(w->lab.universe, w->lab.tip, number);
}

struct read_block {
    struct ls_arena arena;
    struct ls_block block;
    struct ls_payload payload;
};

static void read_block(struct world *w, uint64_t number, struct read_block *out)
{
    const struct ls_ublock *b = ls_universe_get(w->lab.universe, block_at(w, number));
    struct cJSON *root = NULL;
    ls_arena_init(&out->arena, 1u << 24);
    assert_int_equal(ls_json_parse(b->json, b->json_bytes, 0, &root, NULL), LS_OK);
    assert_int_equal(ls_block_from_json(root, &out->arena, &out->block, NULL), LS_OK);
    assert_int_equal(ls_payload_from_block(&out->block, &out->payload), LS_OK);
    ls_json_free(root);
}

/* [payload, [], root, []…] of the recorded block, for newPayload of this version. */
static void payload_params(struct world *w, uint64_t number, unsigned version, struct ls_buf *out)
{
    struct read_block b;
    struct ls_jw jw;
    read_block(w, number, &b);
    ls_buf_init(out, 1u << 20);
    ls_jw_init(&jw, out);
    ls_payload_write_params(&b.payload, version, &jw, NULL);
    ls_arena_fini(&b.arena);
}

static const char *new_payload(struct world *w, const char *url, uint64_t number, unsigned version)
{
    struct ls_buf params;
    char method[32];
    (void)snprintf(method, sizeof method, "engine_newPayloadV%u", version);
    payload_params(w, number, version, &params);
    const char *answer = call(w, url, method, (const char *)params.p);
    ls_buf_fini(&params);
    return answer;
}

static const char *unknown_payload(struct world *w, const char *url)
{
    return call(w, url, "engine_newPayloadV2", "[{\"blockHash\":\"" UNKNOWN_HASH "\"}]");
}

/* --- a world --- */

static int setup(void **state)
{
    static char chain[] = CHAIN;
    char *chains[] = {chain};
    struct world *w = calloc(1, sizeof *w);
    make_lab(&w->lab, chains, 1);
    ls_buf_init(&w->reply.body, 64u << 20);
    w->now_ns = 1000 * SECOND;
    fresh(w, NULL);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    ls_synctester_free(w->port);
    ls_buf_fini(&w->reply.body);
    free(w->reply.location);
    free_lab(&w->lab);
    free(w);
    return 0;
}

/* --- sessions (1.3, 1.4) --- */

static void calls_make_sessions_and_questions_do_not(void **state)
{
    static const struct {
        const char *method;
        const char *params;
        bool makes;
    } rows[] = {
        {"eth_chainId", "[]", true},
        {"eth_getBlockByNumber", "[\"latest\",false]", true},
        {"eth_getBlockByHash", "[\"" UNKNOWN_HASH "\",false]", true},
        {"eth_getBlockReceipts", "[\"latest\"]", true},
        {"engine_forkchoiceUpdatedV3", "[null]", true}, /* crashes, in the session */
        {"engine_newPayloadV2", "[null]", true},
        {"engine_getPayloadV1", "[\"0x0100000000000000\"]", true},
        {"sync_getSession", "[]", true},
        {"sync_resetSession", "[]", true},
        {"sync_getSession", "[1]", false},
        {"eth_getBlockByNumber", "[]", false},
        {"engine_newPayloadV3", "[null]", false},
        {"engine_exchangeCapabilities", "[[]]", false},
        {"sync_listSessions", "[]", false},
        {"rpc_modules", "[]", false},
        {"health_status", "[]", false},
        {"no_such", "[]", false},
        {"lockstep_counters", "[]", false},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fresh(w, NULL);
        (void)call(w, A "?latest=3", rows[i].method, rows[i].params);
        const char *list = call(w, ROUTE, "sync_listSessions", "[]");
        assert_int_equal(has_text(list, "11111111"), rows[i].makes);
    }
}

static void a_notification_makes_a_session_too(void **state)
{
    struct world *w = *state;
    send_request(w, "POST", A, JSON_TYPE, "{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\"}");
    assert_int_equal(w->reply.status, 200);
    assert_int_equal(w->reply.body.n, 0);
    assert_true(has_text(call(w, ROUTE, "sync_listSessions", "[]"), "11111111"));
}

static void a_deleted_session_answers_nothing_else(void **state)
{
#define GONE ERROR(-32000, "session already deleted: 11111111-1111-4111-8111-111111111111")
    static const char *const methods[] = {"sync_deleteSession", "sync_getSession",
                                          "sync_resetSession", "eth_chainId"};
    struct world *w = *state;
    assert_string_equal(call(w, A, "sync_deleteSession", "[]"), RESULT("null"));
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        assert_string_equal(call(w, A, methods[i], "[]"), GONE);
    }
    assert_string_equal(call(w, A, "sync_listSessions", "[]"), RESULT("[]"));
    assert_true(has_text(call(w, A, "engine_exchangeCapabilities", "[[]]"), "newPayloadV4"));
}

static void chains_have_sessions_of_their_own(void **state)
{
    struct world *w = *state;
    (void)call(w, A "?latest=5", "sync_getSession", "[]");
    assert_true(has_text(call(w, "/chain/7/synctest/11111111-1111-4111-8111-111111111111?latest=9",
                              "sync_getSession", "[]"),
                         "\"validated\":9"));
    assert_true(has_text(call(w, A, "sync_getSession", "[]"), "\"validated\":5"));
    assert_string_equal(
        call(w, "/chain/7/synctest/11111111-1111-4111-8111-111111111111", "eth_chainId", "[]"),
        ERROR(-32000, "chainID mismatch: config: 7, backend: 901"));
}

static void names_are_escaped_as_go_escapes_them(void **state)
{
    struct world *w = *state;
    const char *answer =
        call(w, ROUTE "/<11111111-1111-4111-8111-111111111111>", "sync_getSession", "[]");
    assert_true(
        has_text(answer, "\"session_id\":\"\\u003c11111111-1111-4111-8111-111111111111\\u003e\""));
    assert_true(has_text(call(w, ROUTE, "sync_listSessions", "[]"), "[\"\\u003c1111"));
}

/* --- time (1.4, 1.5, 1.13) --- */

static void an_unknown_block_takes_two_seconds(void **state)
{
    struct world *w = *state;
    assert_string_equal(
        unknown_payload(w, A),
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32000,\"message\":\"Server error\","
        "\"data\":{\"err\":\"sync tester: block not found after retry: not found\"}}}");
    assert_int_equal(w->reply.delay_ns, 2 * SECOND);
    assert_int_equal(w->reply.fate, LS_FATE_SEND);
}

static void its_session_waits_meanwhile_and_no_other(void **state)
{
    struct world *w = *state;
    (void)unknown_payload(w, A);
    w->now_ns += SECOND / 2;
    (void)call(w, B, "sync_getSession", "[]");
    assert_int_equal(w->reply.delay_ns, 0);
    (void)call(w, A, "sync_listSessions", "[]"); /* needs no session */
    assert_int_equal(w->reply.delay_ns, 0);
    (void)call(w, A, "sync_getSession", "[]");
    assert_int_equal(w->reply.delay_ns, 3 * SECOND / 2);
    (void)unknown_payload(w, A); /* waits, then takes its own two seconds */
    assert_int_equal(w->reply.delay_ns, 7 * SECOND / 2);
    w->now_ns += 7 * SECOND / 2;
    (void)call(w, A, "sync_getSession", "[]");
    assert_int_equal(w->reply.delay_ns, 0);
}

static void a_client_that_leaves_frees_its_session(void **state)
{
    struct world *w = *state;
    (void)unknown_payload(w, A);
    w->port->ops->left(w->port, w->serial + 1); /* somebody else */
    (void)call(w, A, "sync_getSession", "[]");
    assert_int_equal(w->reply.delay_ns, 2 * SECOND);
    fresh(w, NULL);
    (void)unknown_payload(w, A);
    w->port->ops->left(w->port, w->serial);
    (void)call(w, A, "sync_getSession", "[]");
    assert_int_equal(w->reply.delay_ns, 0);
}

/* struct ls_upstream_fixture.tip_at */
static uint32_t growing_tip(void *self, uint64_t now_ns)
{
    const struct world *w = self;
    return now_ns >= w->grows_at ? w->grown_tip : w->grown_tip - 1;
}

static void a_block_that_comes_meanwhile_is_found(void **state)
{
    struct world *w = *state;
    const struct ls_upstream_fixture f = {
        .universe = w->lab.universe, .chain_id = 901, .tip_at = growing_tip, .self = w};
    struct ls_upstream *grows = ls_upstream_fixture_new(&f);
    const struct ls_synctester_chain chain = {901, grows};
    const struct ls_synctester_config cfg = {.chains = &chain, .chain_count = 1};
    assert_non_null(grows);
    w->grown_tip = block_at(w, 5);
    ls_synctester_free(w->port);
    assert_int_equal(ls_synctester_new(&cfg, &w->port, NULL), LS_OK);
    w->grows_at = w->now_ns + 2 * SECOND + 1;
    assert_true(has_text(new_payload(w, A "?latest=4", 5, 2), "-32000"));
    w->grows_at = w->now_ns + 6 * SECOND; /* when the retry comes, two seconds after the wait */
    assert_true(has_text(new_payload(w, B "?latest=4", 5, 2), "-32000"));
    w->grows_at = w->now_ns + 4 * SECOND;
    assert_true(has_text(new_payload(w, A "?latest=4", 5, 2), "\"VALID\""));
    assert_int_equal(w->reply.delay_ns, 4 * SECOND);
    ls_synctester_free(w->port);
    w->port = NULL;
    ls_upstream_fixture_free(grows);
}

static void geths_server_answers_for_a_call_that_takes_too_long(void **state)
{
    struct world *w = *state;
    w->lab.fault = LAB_SLOW;
    w->lab.fault_from = 1;
    w->lab.fault_to = 1;
    send_request(w, "POST", A, JSON_TYPE,
                 "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\"},"
                 "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"sync_getSession\"}]");
    assert_string_equal(
        (const char *)w->reply.body.p,
        "[{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32002,\"message\":\"request timed "
        "out\"}},{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32002,\"message\":\"request "
        "timed out\"}}]");
    assert_true(w->reply.is_identity);
    assert_int_equal(w->reply.delay_ns, UINT64_C(29930000000));
    w->now_ns += w->reply.delay_ns;
    (void)call(w, A, "sync_getSession", "[]"); /* the node behind is still thinking */
    assert_int_equal(w->reply.delay_ns, UINT64_C(5070000000));
}

/* --- payloads --- */

static void a_difference_is_told_at_any_length(void **state)
{
    struct world *w = *state;
    struct ls_buf params;
    struct ls_hash head = ls_universe_get(w->lab.universe, block_at(w, 9))->ref.hash;
    ls_buf_init(&params, 1u << 20);
    (void)ls_buf_puts(&params, "[{\"headBlockHash\":\"");
    ls_hex_put(&params, head.b, 32);
    (void)ls_buf_puts(&params, "\"},{\"timestamp\":\"0x6b02c2a0\",\"prevRandao\":\"");
    /* block 10 is Ecotone's first, with the upgrade's long deposits */
    const struct ls_ublock *b = ls_universe_get(w->lab.universe, block_at(w, 10));
    struct cJSON *root = NULL;
    assert_int_equal(ls_json_parse(b->json, b->json_bytes, 0, &root, NULL), LS_OK);
    (void)ls_buf_puts(&params, ls_json_str(ls_json_get(root, "mixHash")));
    (void)ls_buf_puts(&params, "\",\"suggestedFeeRecipient\":"
                               "\"0x4200000000000000000000000000000000000011\",\"withdrawals\":[],"
                               "\"parentBeaconBlockRoot\":\"");
    (void)ls_buf_puts(&params, ls_json_str(ls_json_get(root, "parentBeaconBlockRoot")));
    (void)ls_buf_puts(&params, "\",\"transactions\":[");
    size_t count = ls_json_count(ls_json_get(root, "transactions"));
    for (size_t i = 0; i < count; i++) {
        (void)ls_buf_printf(&params, "%s\"0x%08192x\"", i > 0 ? "," : "", 0x7e);
    }
    (void)ls_buf_puts(&params, "]}]");
    const char *answer =
        call(w, A "?latest=9", "engine_forkchoiceUpdatedV3", (const char *)params.p);
    assert_true(has_text(answer, "\"code\":-38003"));
    assert_true(has_text(answer, "\"err\":\"tx mismatch: tx=0x0000"));
    assert_true(has_text(answer, "7e, idx=0\"}}}"));
    assert_true(strlen(answer) > 8192);
    ls_json_free(root);
    ls_buf_fini(&params);
}

/* The node behind answers with this member altered, from now on. */
static void alter_member(struct world *w, const char *member, const char *value)
{
    w->lab.fault = LAB_MEMBER;
    w->lab.member = member;
    w->lab.value = value;
    w->lab.fault_from = 1;
    w->lab.fault_to = UINT32_MAX;
}

static void an_altered_block_is_looked_up_by_its_number(void **state)
{
    static const struct {
        const char *number;
        bool is_seen;
    } rows[] = {{"0x3", true}, {"0x4", false}, {"0x100000003", false}};
    struct world *w = *state;
    const struct ls_ublock *b = ls_universe_get(w->lab.universe, block_at(w, 2));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char hash[65] = "";
        char params[80];
        ls_hex_encode(b->ref.hash.b, 32, hash);
        (void)snprintf(params, sizeof params, "[\"0x%.64s\",false]", hash);
        alter_member(w, "number", rows[i].number);
        const char *answer = call(w, A "?latest=3", "eth_getBlockByHash", params);
        assert_int_equal(has_text(answer, "\"result\":{"), rows[i].is_seen);
        assert_int_equal(strcmp(answer, ERROR(-32000, "not found")) == 0, !rows[i].is_seen);
    }
}

static void extra_data_has_at_most_32_bytes(void **state)
{
#define BYTES_32 "0000000000000000000000000000000000000000000000000000000000000000"
    struct world *w = *state;
    assert_true(
        has_text(call(w, A, "engine_newPayloadV2",
                      "[{\"blockHash\":\"" UNKNOWN_HASH "\",\"extraData\":\"0x" BYTES_32 "\"}]"),
                 "not found after retry"));
    assert_true(
        has_text(call(w, A, "engine_newPayloadV2",
                      "[{\"blockHash\":\"" UNKNOWN_HASH "\",\"extraData\":\"0x" BYTES_32 "00\"}]"),
                 "input too long, expected at most 32 hex-encoded"));
}

/* The answer to the payload of this block, `from` in it replaced by `to`, of the same length. */
static const char *changed_payload(struct world *w, uint64_t number, const char *from,
                                   const char *to)
{
    struct ls_buf params;
    payload_params(w, number, 3, &params);
    char *at = strstr((char *)params.p, from);
    assert_non_null(at);
    for (size_t i = 0; from[i] != '\0'; i++) {
        at[i] = to[i];
    }
    const char *answer = call(w, A "?latest=39", "engine_newPayloadV3", (const char *)params.p);
    ls_buf_fini(&params);
    return answer;
}

static void a_payload_is_compared_field_by_field(void **state)
{
    struct world *w = *state;
    assert_true(
        has_text(changed_payload(w, 40, "\"transactions\":[\"0x7e", "\"transactions\":[\"0x7d"),
                 "payload check mismatch: transaction[0] mismatch\""));
    /* addresses are printed with the capitals of EIP-55 */
    assert_true(has_text(changed_payload(w, 40, "0x4200000000000000000000000000000000000011",
                                         "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
                         "FeeRecipient mismatch: 0x4200000000000000000000000000000000000011 != "
                         "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"));
    /* a block that hashes to something else than was asked for */
    alter_member(w, "parentBeaconBlockRoot", UNKNOWN_HASH);
    assert_true(has_text(new_payload(w, A, 40, 3), "payload check mismatch: BlockHash mismatch: "));
}

static void a_body_must_agree_with_its_header(void **state)
{
    struct world *w = *state;
    /* the root of no transactions */
    alter_member(w, "transactionsRoot",
                 "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
    assert_true(has_text(new_payload(w, A "?latest=4", 5, 2),
                         "server returned non-empty transaction list but block header indicates no "
                         "transactions"));
}

/* [state, attributes] that become the recorded block, with Holocene's parameters. */
static void attribute_params(struct world *w, uint64_t number, struct ls_buf *out)
{
    struct read_block b;
    struct ls_jw jw;
    read_block(w, number, &b);
    ls_buf_init(out, 1u << 20);
    ls_jw_init(&jw, out);
    ls_jw_array(&jw, NULL);
    ls_jw_object(&jw, NULL);
    ls_jw_hex(&jw, "headBlockHash", b.payload.parent_hash.b, 32);
    ls_jw_object_end(&jw);
    ls_jw_object(&jw, NULL);
    ls_jw_quantity(&jw, "timestamp", b.payload.timestamp);
    ls_jw_hex(&jw, "prevRandao", b.payload.prev_randao.b, 32);
    ls_jw_hex(&jw, "suggestedFeeRecipient", b.payload.fee_recipient.b, 20);
    ls_jw_hex(&jw, "parentBeaconBlockRoot", b.payload.beacon_root.b, 32);
    ls_jw_quantity(&jw, "gasLimit", b.payload.gas_limit);
    ls_jw_str(&jw, "eip1559Params", "0x000000fa00000006");
    ls_jw_bool(&jw, "noTxPool", true);
    ls_jw_array(&jw, "withdrawals");
    ls_jw_array_end(&jw);
    ls_jw_array(&jw, "transactions");
    for (size_t i = 0; i < b.payload.tx_count; i++) {
        ls_jw_hex(&jw, NULL, b.payload.txs[i].p, b.payload.txs[i].n);
    }
    ls_jw_array_end(&jw);
    ls_jw_object_end(&jw);
    ls_jw_array_end(&jw);
    ls_arena_fini(&b.arena);
}

static void the_extra_data_tells_whether_it_is_holocene(void **state)
{
#define NO_HOLOCENE "holocene disabled but EIP1559Params not nil"
    static const struct {
        const char *extra;
        const char *answer;
    } rows[] = {
        {"0x00000000fa00000006", "\"status\":\"VALID\""},
        {"0x000000000000000006", NO_HOLOCENE}, /* no denominator */
        {"0x02000000fa00000006", NO_HOLOCENE},
        {"0x00000000fa0000000600", NO_HOLOCENE},
        {"0x01000000fa00000006", NO_HOLOCENE},
        {"0x01000000fa000000060000000000000000", "jovian enabled but MinBaseFee nil"},
        {"0x0100000000000000060000000000000000", NO_HOLOCENE},
    };
    struct world *w = *state;
    struct ls_buf params;
    attribute_params(w, 40, &params);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        alter_member(w, "extraData", rows[i].extra);
        fresh(w, NULL);
        const char *answer =
            call(w, A "?latest=39", "engine_forkchoiceUpdatedV3", (const char *)params.p);
        assert_true(has_text(answer, rows[i].answer));
    }
    ls_buf_fini(&params);
}

static void few_blocks_can_be_kept_decoded(void **state)
{
    struct world *w = *state;
    struct ls_synctester_config cfg = {.decoded_bytes_max = 4096};
    fresh(w, &cfg);
    for (uint64_t number = 10; number < 20; number++) {
        assert_true(has_text(new_payload(w, A "?latest=9", number, 3), "\"status\":\"VALID\""));
    }
}

static void a_made_up_block_is_not_of_the_chain(void **state)
{
    struct world *w = *state;
    struct ls_ublock made = *ls_universe_get(w->lab.universe, block_at(w, 5));
    uint32_t id;
    memset(&made.ref.hash, 0xab, sizeof made.ref.hash);
    made.is_synthetic = true;
    assert_int_equal(ls_universe_add(w->lab.universe, &made, &id), LS_OK);
    assert_true(has_text(unknown_payload(w, A), "block not found after retry: not found"));
    memset(&made.ref.hash, 0xac, sizeof made.ref.hash); /* one of a side chain is known */
    made.is_synthetic = false;
    assert_int_equal(ls_universe_add(w->lab.universe, &made, &id), LS_OK);
    assert_true(
        has_text(call(w, A, "engine_newPayloadV2",
                      "[{\"blockHash\":\"0xacacacacacacacacacacacacacacacacacacacacacacacacacacacac"
                      "acacacac\",\"withdrawals\":[]}]"),
                 "\"SYNCING\""));
}

static void receipts_need_a_node_that_has_them(void **state)
{
    struct world *w = *state;
    const struct ls_upstream_fixture f = {
        .universe = w->lab.universe, .chain_id = 901, .tip = w->lab.tip};
    struct ls_upstream *none = ls_upstream_fixture_new(&f);
    const struct ls_synctester_chain chain = {901, none};
    const struct ls_synctester_config cfg = {.chains = &chain, .chain_count = 1};
    ls_synctester_free(w->port);
    assert_int_equal(ls_synctester_new(&cfg, &w->port, NULL), LS_OK);
    assert_string_equal(
        call(w, A, "eth_getBlockReceipts", "[\"latest\"]"),
        ERROR(-32601, "the method eth_getBlockReceipts does not exist/is not available"));
    ls_synctester_free(w->port);
    w->port = NULL;
    ls_upstream_fixture_free(none);
}

static void logs_are_written_as_geth_writes_them(void **state)
{
    struct world *w = *state;
    struct cJSON *list = NULL;
    char text[2048];
    char hash[67];
    struct ls_hash h = ls_universe_get(w->lab.universe, block_at(w, 3))->ref.hash;
    hash[0] = '0';
    hash[1] = 'x';
    ls_hex_encode(h.b, 32, hash + 2);
    hash[66] = '\0';
    (void)snprintf(text, sizeof text,
                   "[{\"blockHash\":\"%s\",\"blockNumber\":\"0x3\",\"contractAddress\":null,"
                   "\"cumulativeGasUsed\":\"0x1\",\"gasUsed\":\"0x1\",\"l1Fee\":\"0x9\","
                   "\"logs\":[{\"removed\":false,\"address\":\"0xaa\",\"topics\":[\"0x1\"],"
                   "\"data\":\"0x\",\"logIndex\":\"0x0\",\"foo\":1}],\"logsBloom\":\"0x00\","
                   "\"transactionHash\":\"0x2\",\"type\":\"0x2\"}]",
                   hash);
    assert_int_equal(ls_json_parse(text, strlen(text), 0, &list, NULL), LS_OK);
    add_receipts(&w->lab, list);
    ls_json_free(list);
    (void)snprintf(text, sizeof text,
                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[{\"type\":\"0x2\",\"root\":\"0x\","
                   "\"status\":\"0x0\",\"cumulativeGasUsed\":\"0x1\",\"logsBloom\":\"0x00\","
                   "\"logs\":[{\"address\":\"0xaa\",\"topics\":[\"0x1\"],\"data\":\"0x\","
                   "\"blockTimestamp\":\"0x0\",\"logIndex\":\"0x0\",\"removed\":false}],"
                   "\"transactionHash\":\"0x2\",\"contractAddress\":"
                   "\"0x0000000000000000000000000000000000000000\",\"gasUsed\":\"0x1\","
                   "\"effectiveGasPrice\":null,\"blockHash\":\"%s\",\"blockNumber\":\"0x3\","
                   "\"transactionIndex\":\"0x0\",\"l1Fee\":\"0x9\"}]}",
                   hash);
    assert_string_equal(call(w, A "?latest=3", "eth_getBlockReceipts", "[\"0x3\"]"), text);
}

static void receipts_are_refused_as_geths_decoder_does(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *arg;
        const char *answer;
    } rows[] = {
        {"[null]", ERROR(-32602, "invalid argument 0: hex string without 0x prefix")},
        {"[{}]", ERROR(-32602, "invalid argument 0: hex string without 0x prefix")},
        {"[5]", ERROR(-32602, "invalid argument 0: json: cannot unmarshal number into Go value of "
                              "type string")},
        {"[{\"blockNumber\":5}]", ERROR(-32602, "invalid argument 0: json: cannot unmarshal object "
                                                "into Go value of type string")},
        {"[\"0x8000000000000000\"]", ERROR(-32602, "invalid argument 0: blocknumber too high")},
        {"[\"xx" /* 66 characters */
         "abababababababababababababababababababababababababababababababab\"]",
         ERROR(-32602, "invalid argument 0: hex string without 0x prefix")},
        {"[\"earliest\"]", ERROR(-32000, "not found")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(call(w, A, "eth_getBlockReceipts", rows[i].arg), rows[i].answer);
    }
}

static void the_first_fault_that_a_type_names_wins(void **state)
{
    static const struct {
        const char *payload;
        const char *answer;
    } rows[] = {
        /* a kind that does not fit is remembered, a decoder of its own wins over it */
        {"{\"transactions\":\"x\",\"withdrawals\":5}",
         "json: cannot unmarshal string into Go struct field ExecutionPayload.transactions of type "
         "[]hexutil.Bytes"},
        {"{\"transactions\":\"x\",\"gasUsed\":5}",
         "json: cannot unmarshal non-string into Go struct field ExecutionPayload.gasUsed of type "
         "hexutil.Uint64"},
        {"{\"parentHash\":null}",
         "json: cannot unmarshal non-string into Go struct field ExecutionPayload.parentHash of "
         "type common.Hash"},
        {"{\"stateRoot\":\"0x12\"}", "hex string has length 2, want 64 for *eth.Bytes32"},
        {"{\"extraData\":null}",
         "json: cannot unmarshal non-string into Go struct field ExecutionPayload.extraData of "
         "type hexutil.Bytes"},
        {"{\"transactions\":[null]}",
         "json: cannot unmarshal non-string into Go struct field ExecutionPayload.transactions of "
         "type hexutil.Bytes"},
        {"{\"withdrawals\":[{\"index\":5}]}",
         "json: cannot unmarshal non-string into Go struct field ExecutionPayload.withdrawals.index"
         " of type hexutil.Uint64"},
        {"{\"BASEFEEPERGAS\":\"0x01\"}",
         "json: cannot unmarshal hex number with leading zero digits into Go struct field "
         "ExecutionPayload.baseFeePerGas of type *uint256.Int"},
        {"[]", "json: cannot unmarshal array into Go value of type eth.ExecutionPayload"},
    };
    struct world *w = *state;
    char params[512];
    char answer[512];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(params, sizeof params, "[%s]", rows[i].payload);
        (void)snprintf(answer, sizeof answer, ERROR(-32602, "invalid argument 0: %s"),
                       rows[i].answer);
        assert_string_equal(call(w, A, "engine_newPayloadV2", params), answer);
    }
}

/* --- beyond the real one --- */

static void there_are_so_many_sessions_a_chain(void **state)
{
    struct world *w = *state;
    struct ls_synctester_config cfg = {.sessions_max = 1};
    fresh(w, &cfg);
    (void)call(w, A, "eth_chainId", "[]");
    assert_string_equal(call(w, B, "eth_chainId", "[]"),
                        ERROR(-32000, "too many sessions, at most 1"));
    (void)call(w, A, "sync_deleteSession", "[]");
    assert_string_equal(call(w, B, "eth_chainId", "[]"), RESULT("\"0x385\""));
}

static void an_idle_session_expires(void **state)
{
    struct world *w = *state;
    struct ls_synctester_config cfg = {.idle_ns_max = 10 * SECOND};
    fresh(w, &cfg);
    (void)call(w, A, "eth_chainId", "[]");
    w->now_ns += 10 * SECOND;
    assert_string_equal(call(w, A, "eth_chainId", "[]"), RESULT("\"0x385\""));
    w->now_ns += 10 * SECOND + 1;
    assert_string_equal(call(w, ROUTE, "sync_listSessions", "[]"), RESULT("[]"));
    assert_true(has_text(call(w, A, "eth_chainId", "[]"), "session already deleted"));
}

static void calls_are_counted_by_method(void **state)
{
    struct world *w = *state;
    (void)call(w, A, "eth_chainId", "[]");
    (void)call(w, A, "eth_chainId", "[]");
    (void)call(w, B, "eth_chainId", "[]");
    (void)call(w, A, "sync_getSession", "[1]"); /* counted by the chain only: no session yet */
    (void)call(w, A, "no_such", "[]");
    const char *of_a = call(w, A, "lockstep_counters", "[]");
    assert_true(has_text(of_a, "{\"eth_chainId\":2,"));
    assert_true(has_text(of_a, "\"sync_getSession\":0,"));
    const char *of_all = call(w, ROUTE, "lockstep_counters", "[]");
    assert_true(has_text(of_all, "{\"eth_chainId\":3,"));
    assert_true(has_text(of_all, "\"sync_getSession\":1,"));
    assert_string_equal(
        call(w, ROUTE "/33333333-3333-4333-8333-333333333333", "lockstep_counters", "[]"),
        ERROR(-32000, "no session found in context"));
    assert_false(has_text(call(w, ROUTE, "rpc_modules", "[]"), "lockstep"));
}

static void a_token_is_asked_for_when_there_is_a_secret(void **state)
{
    struct world *w = *state;
    static const uint8_t secret[LS_JWT_SECRET_BYTES] = {1, 2, 3};
    struct ls_synctester_config cfg = {.jwt_secret = secret};
    char token[LS_JWT_TEXT_MAX];
    char header[LS_JWT_TEXT_MAX + 8];
    fresh(w, &cfg);
    (void)call(w, A, "eth_chainId", "[]");
    assert_int_equal(w->reply.status, 401);
    assert_string_equal((const char *)w->reply.body.p, "missing token");
    assert_string_equal(w->reply.content_type, "text/plain; charset=utf-8");
    ls_jwt_make(secret, 1000, token);
    (void)snprintf(header, sizeof header, "Bearer %s", token);
    w->token = header;
    assert_string_equal(call(w, A, "eth_chainId", "[]"), RESULT("\"0x385\""));
    w->token = NULL;
    send_request(w, "GET", "/healthz", NULL, "");
    assert_int_equal(w->reply.status, 200);
}

/* --- faults by URL --- */

static void faults_of_the_url_hit_its_session(void **state)
{
    struct world *w = *state;
    const char *url = A "?latest=3&fault=http,http_status=503,count=2,method=eth_*";
    (void)call(w, url, "eth_chainId", "[]");
    assert_int_equal(w->reply.status, 503);
    (void)call(w, url, "sync_getSession", "[]"); /* another method */
    assert_int_equal(w->reply.status, 200);
    (void)call(w, B, "eth_chainId", "[]"); /* another session */
    assert_int_equal(w->reply.status, 200);
    (void)call(w, A, "eth_chainId", "[]"); /* the same session, whatever the URL says now */
    assert_int_equal(w->reply.status, 503);
    assert_string_equal(call(w, url, "eth_chainId", "[]"), RESULT("\"0x385\""));
    assert_true(has_text(call(w, A, "sync_getSession", "[]"), "\"validated\":3"));
}

static void the_first_url_decides_about_faults_too(void **state)
{
    struct world *w = *state;
    (void)call(w, A, "eth_chainId", "[]");
    assert_string_equal(call(w, A "?fault=hang", "eth_chainId", "[]"), RESULT("\"0x385\""));
}

static void faults_may_follow_one_another(void **state)
{
    struct world *w = *state;
    const char *url = A "?fault=rpc_error,count=1,code=-32000,text=boom%20boom&fault=delay,ms=1500";
    assert_string_equal(call(w, url, "eth_chainId", "[]"), ERROR(-32000, "boom boom"));
    assert_string_equal(call(w, url, "eth_chainId", "[]"), RESULT("\"0x385\""));
    assert_int_equal(w->reply.delay_ns, 3 * SECOND / 2);
}

static void a_fault_nobody_understands_is_refused(void **state)
{
    struct world *w = *state;
    (void)call(w, A "?fault=explode", "eth_chainId", "[]");
    assert_int_equal(w->reply.status, 400);
    assert_string_equal((const char *)w->reply.body.p,
                        "invalid value for \"fault\": unknown fault");
    assert_string_equal(call(w, ROUTE, "sync_listSessions", "[]"), RESULT("[]"));
    assert_string_equal(call(w, A, "eth_chainId", "[]"), RESULT("\"0x385\""));
}

static void faults_go_with_their_session(void **state)
{
    struct world *w = *state;
    struct ls_synctester_config cfg = {.faulty_sessions_max = 1};
    fresh(w, &cfg);
    (void)call(w, A "?fault=null,count=1", "eth_chainId", "[]");
    (void)call(w, A, "eth_chainId", "[]");
    (void)call(w, B "?fault=null", "eth_chainId", "[]");
    assert_int_equal(w->reply.status, 400);
    assert_true(has_text((const char *)w->reply.body.p, "too many sessions with faults"));
    (void)call(w, A, "sync_deleteSession", "[]");
    assert_string_equal(call(w, B "?fault=null", "eth_chainId", "[]"), RESULT("null"));
}

static void fault_texts_become_rules(void **state)
{
    static const struct {
        const char *text;
        const char *wrong; /* NULL: it is right */
        struct ls_fault_rule rule;
    } rows[] = {
        {"hang", NULL, {.fault = LS_FAULT_HANG}},
        {"reset", NULL, {.fault = LS_FAULT_RESET}},
        {"refuse,ms=5", NULL, {.fault = LS_FAULT_REFUSE, .delay_ns = SECOND / 200}},
        {"delay,ms=2000", NULL, {.fault = LS_FAULT_DELAY, .delay_ns = 2 * SECOND}},
        {"drip,ms=50", NULL, {.fault = LS_FAULT_DRIP, .delay_ns = SECOND / 20}},
        {"http", NULL, {.fault = LS_FAULT_HTTP, .http_status = 500}},
        {"http,http_status=429,retry_after=7",
         NULL,
         {.fault = LS_FAULT_HTTP, .http_status = 429, .retry_after_s = 7}},
        {"null,after=1,count=2,probability=0.5,method=engine_*,apply=true,for_ms=1000",
         NULL,
         {.fault = LS_FAULT_NULL,
          .after = 1,
          .count = 2,
          .for_ns = SECOND,
          .probability = 0.5,
          .method = "engine_*",
          .apply = true}},
        {"null,params=*latest*,apply=false", NULL, {.fault = LS_FAULT_NULL, .params = "*latest*"}},
        {"rpc_error,code=-38002,text=a:b,c=d",
         NULL,
         {.fault = LS_FAULT_RPC_ERROR, .code = -38002, .text = "a:b,c=d"}},
        {"rpc_error,code=3", NULL, {.fault = LS_FAULT_RPC_ERROR, .code = 3}},
        {"result,text={\"a\":1,\"b\":2}",
         NULL,
         {.fault = LS_FAULT_RESULT, .text = "{\"a\":1,\"b\":2}"}},
        {"bad_json", NULL, {.fault = LS_FAULT_BAD_JSON}},
        {"bad_json,text=<html>", NULL, {.fault = LS_FAULT_BAD_JSON, .text = "<html>"}},
        {"wrong_id", NULL, {.fault = LS_FAULT_WRONG_ID}},
        {"wrong_type", NULL, {.fault = LS_FAULT_WRONG_TYPE}},
        {"out_of_range", NULL, {.fault = LS_FAULT_OUT_OF_RANGE}},
        {"no_result", NULL, {.fault = LS_FAULT_NO_RESULT}},
        {"truncate", NULL, {.fault = LS_FAULT_TRUNCATE}},
        {"oversize,bytes=1000", NULL, {.fault = LS_FAULT_OVERSIZE, .body_bytes = 1000}},
        {"status,text=SYNCING", NULL, {.fault = LS_FAULT_STATUS, .text = "SYNCING"}},
        {"", "unknown fault", {0}},
        {"hold", "unknown fault", {0}},
        {"http:503", "unknown fault", {0}},
        {"http,", "a member is written name=value", {0}},
        {"null,apply", "a member is written name=value", {0}},
        {"null,color=red", "a member is unknown", {0}},
        {"http,http_status=199", "its http_status is not from 200 to 599", {0}},
        {"http,http_status=600", "a member is not a number in its range", {0}},
        {"http,http_status=abc", "a member is not a number in its range", {0}},
        {"delay,ms=-1", "a member is not a number in its range", {0}},
        {"delay,ms=18446744073709551615", "a member is not a number in its range", {0}},
        {"null,count=", "a member is not a number in its range", {0}},
        {"rpc_error,code=--1", "a member is not a number in its range", {0}},
        {"null,probability=2", "a probability is above 0 and at most 1", {0}},
        {"null,probability=0", "a probability is above 0 and at most 1", {0}},
        {"null,probability=x", "a probability is above 0 and at most 1", {0}},
        {"null,apply=yes", "apply is true or false", {0}},
        {"status", "a status needs its text, such as \"SYNCING\"", {0}},
        {"result", "a result needs its text, which is JSON", {0}},
        {"hold", "unknown fault", {0}},
        {"null,method=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "a text is too long",
         {0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ls_fault_rule *want = &rows[i].rule;
        struct ls_fault_rule got;
        char text[128];
        (void)snprintf(text, sizeof text, "%s", rows[i].text);
        const char *wrong = ls_st_fault_parse(text, &got);
        if (rows[i].wrong != NULL) {
            assert_non_null(wrong);
            assert_string_equal(wrong, rows[i].wrong);
            continue;
        }
        assert_null(wrong);
        assert_int_equal(got.fault, want->fault);
        assert_int_equal(got.delay_ns, want->delay_ns);
        assert_int_equal(got.http_status, want->http_status);
        assert_int_equal(got.retry_after_s, want->retry_after_s);
        assert_int_equal(got.after, want->after);
        assert_int_equal(got.count, want->count);
        assert_int_equal(got.for_ns, want->for_ns);
        assert_true(got.probability == want->probability);
        assert_int_equal(got.apply, want->apply);
        assert_int_equal(got.code, want->code);
        assert_int_equal(got.body_bytes, want->body_bytes);
        assert_string_equal(got.text != NULL ? got.text : "-",
                            want->text != NULL ? want->text : "-");
        assert_string_equal(got.params != NULL ? got.params : "-",
                            want->params != NULL ? want->params : "-");
        assert_string_equal(got.method != NULL ? got.method : "-",
                            want->method != NULL ? want->method : "-");
    }
}

/* --- configuration (1.2) --- */

static void two_chains_of_one_id_collide(void **state)
{
    struct world *w = *state;
    const struct ls_synctester_chain chains[] = {{901, &w->lab.base}, {901, &w->lab.base}};
    const struct ls_synctester_config cfg = {.chains = chains, .chain_count = 2};
    struct ls_backend *b = NULL;
    struct ls_diag d;
    assert_int_equal(ls_synctester_new(&cfg, &b, &d), LS_ERR_USAGE);
    assert_string_equal(d.text, "route \"/chain/901/synctest\" already exists");
    assert_null(b);
}

static void a_file_is_read_as_strictly_as_upstream(void **state)
{
#define ID100                                                                                      \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaaaaaa"
    static const struct {
        const char *text;
        const char *wrong; /* NULL: it is right */
        size_t count;
    } rows[] = {
        {"synctesters:\n  dev:\n    chain_id: 901\n    el_rpc: fixtures/x\n", NULL, 1},
        {"synctesters:\n  dev: {chain_id: \"0x385\", el_rpc: x}\n  b: {el_rpc: y}\n", NULL, 2},
        {"synctesters: {}\n", NULL, 0},
        {"synctesters:\n", NULL, 0},
        {"{}\n", NULL, 0},
        {"# nothing\nsynctesters:\n  " ID100 ": {el_rpc: x}\n", NULL, 1},
        {"", "c.yaml:1: the file is empty", 0},
        {"- a\n", "c.yaml:1: it is no map", 0},
        {"foo: 1\n", "c.yaml:1: \"foo\" is no member of the file", 0},
        {"synctesters:\n  dev:\n    chain_id: 1\n    el_rpc: x\n    foo: 1\n",
         "c.yaml:5: \"foo\" is no member of a sync tester", 0},
        {"synctesters:\n  dev:\n    chain_id: 1\n", "c.yaml:2: el_rpc is missing", 0},
        {"synctesters:\n  dev:\n    chain_id: -1\n    el_rpc: x\n",
         "c.yaml:3: chain_id is not an unsigned number", 0},
        {"synctesters:\n  dev:\n    chain_id: [1]\n    el_rpc: x\n",
         "c.yaml:3: chain_id is not an unsigned number", 0},
        {"synctesters:\n  \"\": {el_rpc: x}\n",
         "c.yaml:2: invalid ID: a sync tester's has 1 to 100 bytes", 0},
        {"synctesters:\n  " ID100 "a: {el_rpc: x}\n",
         "c.yaml:2: invalid ID: a sync tester's has 1 to 100 bytes", 0},
        {"synctesters:\n  dev: {el_rpc: x}\n  dev: {el_rpc: y}\n",
         "c.yaml:3: \"dev\" is there already, in line 2", 0},
        {"synctesters:\n  dev:\n", "c.yaml:2: \"dev\" has no chain_id and el_rpc", 0},
        {"synctesters: 5\n", "c.yaml:1: synctesters is no map", 0},
        {"synctesters:\n  dev: {el_rpc: {}}\n", "c.yaml:2: el_rpc is no text", 0},
        {"synctesters:\n  ? [a]\n  : b\n", "c.yaml:2: a key is no text", 0},
        {"a: [1\n", "c.yaml:2: did not find expected ',' or ']'", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_synctester_file f;
        struct ls_diag d = {""};
        enum ls_err e =
            ls_synctester_file_parse("c.yaml", rows[i].text, strlen(rows[i].text), &f, &d);
        assert_string_equal(d.text, rows[i].wrong != NULL ? rows[i].wrong : "");
        assert_int_equal(e, rows[i].wrong != NULL ? LS_ERR_CONFIG : LS_OK);
        assert_int_equal(f.count, rows[i].count);
        ls_synctester_file_free(&f);
    }
}

static void a_file_says_what_it_says(void **state)
{
    static const char text[] = "synctesters:\n  a: {chain_id: 0x385, el_rpc: one}\n"
                               "  b:\n    el_rpc: \"two words\"\n";
    struct ls_synctester_file f;
    (void)state;
    assert_int_equal(ls_synctester_file_parse("c", text, strlen(text), &f, NULL), LS_OK);
    assert_string_equal(f.entries[0].id, "a");
    assert_int_equal(f.entries[0].chain_id, 901);
    assert_string_equal(f.entries[0].el_rpc, "one");
    assert_int_equal(f.entries[0].line, 2);
    assert_int_equal(f.entries[1].chain_id, 0);
    assert_string_equal(f.entries[1].el_rpc, "two words");
    assert_int_equal(f.entries[1].line, 3);
    ls_synctester_file_free(&f);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(calls_make_sessions_and_questions_do_not),
        T(a_notification_makes_a_session_too),
        T(a_deleted_session_answers_nothing_else),
        T(chains_have_sessions_of_their_own),
        T(names_are_escaped_as_go_escapes_them),
        T(an_unknown_block_takes_two_seconds),
        T(its_session_waits_meanwhile_and_no_other),
        T(a_client_that_leaves_frees_its_session),
        T(a_block_that_comes_meanwhile_is_found),
        T(geths_server_answers_for_a_call_that_takes_too_long),
        T(a_difference_is_told_at_any_length),
        T(an_altered_block_is_looked_up_by_its_number),
        T(extra_data_has_at_most_32_bytes),
        T(a_payload_is_compared_field_by_field),
        T(a_body_must_agree_with_its_header),
        T(the_extra_data_tells_whether_it_is_holocene),
        T(few_blocks_can_be_kept_decoded),
        T(a_made_up_block_is_not_of_the_chain),
        T(receipts_need_a_node_that_has_them),
        T(logs_are_written_as_geth_writes_them),
        T(receipts_are_refused_as_geths_decoder_does),
        T(the_first_fault_that_a_type_names_wins),
        T(there_are_so_many_sessions_a_chain),
        T(an_idle_session_expires),
        T(calls_are_counted_by_method),
        T(a_token_is_asked_for_when_there_is_a_secret),
        T(faults_of_the_url_hit_its_session),
        T(the_first_url_decides_about_faults_too),
        T(faults_may_follow_one_another),
        T(a_fault_nobody_understands_is_refused),
        T(faults_go_with_their_session),
        T(fault_texts_become_rules),
        T(two_chains_of_one_id_collide),
        T(a_file_is_read_as_strictly_as_upstream),
        T(a_file_says_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
