/* JSON-RPC ports: envelope, tokens, engine methods, source and L1, and what the tap records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/jwt.h"
#include "mocks/filter/filter.h"
#include "mocks/rpc/engine_rpc.h"
#include "mocks/rpc/l1_rpc.h"
#include "mocks/rpc/source_rpc.h"
#include "mocks/rpc/tap.h"
#include "tests/unit/payload_world.h"

#define EVENTS_MAX 16u
#define NOW_S INT64_C(1700000000)

struct fixture {
    struct payload_world w;
    void *engine_mem;
    void *source_mem;
    void *l1_mem;
    struct ls_engine *engine;
    struct ls_source *source;
    struct ls_l1 *l1;
    struct ls_trace *trace;
    struct ls_backend *engine_port;
    struct ls_backend *source_port;
    struct ls_backend *l1_port;
    struct ls_backend *filter; /* in front of the engine's port */
    struct ls_backend *tap;    /* in front of the filter */
    size_t event_count;
    struct ls_trace_event events[EVENTS_MAX];
};

static const uint8_t SECRET[32] = {1, 2, 3};
static const char ROLLUP_JSON[] = "{\"l2_chain_id\":901}";

static void keep_event(void *user, const char *line, size_t n)
{
    struct fixture *f = user;
    assert_true(f->event_count < EVENTS_MAX);
    assert_int_equal(ls_trace_parse(line, n, &f->events[f->event_count++], NULL), LS_OK);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    payload_world_init(&f->w);
    f->trace = ls_trace_new(keep_event, f);
    f->engine_mem = malloc(ls_engine_size(f->w.u));
    f->source_mem = malloc(ls_source_size());
    f->l1_mem = malloc(ls_l1_size());
    assert_true(f->engine_mem != NULL && f->source_mem != NULL && f->l1_mem != NULL);
    f->engine = ls_engine_init(f->engine_mem, f->w.u, 0, ls_engine_profile_find("geth"));
    f->source = ls_source_init(f->source_mem, f->w.u, 0, f->w.u, LS_SRC_CL);
    f->l1 = ls_l1_init(f->l1_mem, f->w.u, 5);
    f->engine_port = ls_engine_rpc_new(&(struct ls_engine_rpc_config){
        .engine = f->engine, .universe = f->w.u, .rollup = &f->w.rollup, .trace = f->trace});
    f->source_port = ls_source_rpc_new(
        &(struct ls_source_rpc_config){.source = f->source,
                                       .l2 = f->w.u,
                                       .rollup = &f->w.rollup,
                                       .rollup_json = ROLLUP_JSON,
                                       .rollup_json_bytes = sizeof ROLLUP_JSON - 1});
    f->l1_port =
        ls_l1_rpc_new(&(struct ls_l1_rpc_config){.l1 = f->l1, .universe = f->w.u, .chain_id = 900});
    f->filter = ls_filter_new(f->engine_port, 1);
    f->tap = ls_tap_new(f->filter, f->trace, LS_TRACE_ENGINE);
    assert_true(f->engine_port != NULL && f->source_port != NULL && f->l1_port != NULL &&
                f->filter != NULL && f->tap != NULL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    ls_tap_free(f->tap);
    ls_filter_free(f->filter);
    ls_engine_rpc_free(f->engine_port);
    ls_source_rpc_free(f->source_port);
    ls_l1_rpc_free(f->l1_port);
    ls_trace_free(f->trace);
    free(f->engine_mem);
    free(f->source_mem);
    free(f->l1_mem);
    payload_world_fini(&f->w);
    free(f);
    return 0;
}

/* The body is exactly this. */
static void expect_body(struct ls_backend *b, const char *request, const char *want)
{
    struct ls_http_request req = post(request);
    struct ls_http_reply reply = exchange(b, &req);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body.p == NULL ? "" : (const char *)reply.body.p, want);
    ls_buf_fini(&reply.body);
}

#define CALL(method, params) \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":" params "}"
#define RESULT(json) "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":" json "}\n"
#define ERROR(code, text) \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":" code ",\"message\":\"" text "\"}}\n"

/* The parsed result or error of a call made of method and params. */
static struct cJSON *ask(struct ls_backend *b, const char *method, const char *params,
                         const struct cJSON **result, const struct cJSON **error)
{
    struct ls_buf body;
    struct cJSON *root;
    ls_buf_init(&body, PAYLOAD_WORLD_BYTES);
    (void)ls_buf_printf(&body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}",
                        method, params);
    struct ls_http_request req = post((const char *)body.p);
    struct ls_http_reply reply = exchange(b, &req);
    assert_int_equal(ls_json_parse((const char *)reply.body.p, reply.body.n, 0, &root, NULL),
                     LS_OK);
    *result = ls_json_get(root, "result");
    *error = ls_json_get(root, "error");
    ls_buf_fini(&reply.body);
    ls_buf_fini(&body);
    return root;
}

/* why: data.err, NULL = not looked at. */
static void expect_error_why(struct ls_backend *b, const char *method, const char *params,
                             int64_t code, const char *message, const char *why)
{
    const struct cJSON *result;
    const struct cJSON *error;
    int64_t got = 0;
    struct cJSON *root = ask(b, method, params, &result, &error);
    assert_null(result);
    assert_int_equal(ls_json_i64(ls_json_get(error, "code"), &got), LS_OK);
    assert_int_equal(got, code);
    assert_string_equal(ls_json_str(ls_json_get(error, "message")), message);
    if (why != NULL) {
        assert_string_equal(ls_json_str(ls_json_get(ls_json_get(error, "data"), "err")), why);
    }
    ls_json_free(root);
}

static void expect_error(struct ls_backend *b, const char *method, const char *params, int64_t code,
                         const char *message)
{
    expect_error_why(b, method, params, code, message, NULL);
}

static void expect_status(struct ls_backend *b, const char *method, const char *params,
                          const char *status, const char *validation_error)
{
    const struct cJSON *result;
    const struct cJSON *error;
    struct cJSON *root = ask(b, method, params, &result, &error);
    assert_null(error);
    const struct cJSON *inner = ls_json_get(result, "payloadStatus");
    const struct cJSON *v = inner == NULL ? result : inner;
    assert_string_equal(ls_json_str(ls_json_get(v, "status")), status);
    const char *text = ls_json_str(ls_json_get(v, "validationError"));
    if (validation_error == NULL) {
        assert_null(text);
    } else {
        assert_non_null(text);
        assert_int_equal(strncmp(text, validation_error, strlen(validation_error)), 0);
    }
    ls_json_free(root);
}

/* --- envelope --- */

static void id_is_echoed_letter_by_letter(void **state)
{
    static const char *const ids[] = {
        "7", "1.5", "1e3", "\"a\\u0062\"", "null", "true", "123456789012345678901234567890"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char request[160];
        char want[160];
        (void)snprintf(request, sizeof request,
                       "{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\",\"id\": %s }", ids[i]);
        (void)snprintf(want, sizeof want, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":\"0x385\"}\n",
                       ids[i]);
        expect_body(f->engine_port, request, want);
    }
}

#define PARSE_ERROR \
    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"parse error\"}}"
#define INVALID(id)                                                  \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"error\":{\"code\":-32600," \
    "\"message\":\"invalid request\"}}"

static void malformed_requests_get_geths_words(void **state)
{
    struct fixture *f = *state;
    struct ls_backend *b = f->engine_port;
    expect_body(b, "{\"jsonrpc\":", PARSE_ERROR);
    expect_body(b, "nonsense", PARSE_ERROR);
    expect_body(b, "5", INVALID("null") "\n");
    expect_body(b, "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"eth_chainId\"}", INVALID("1") "\n");
    expect_body(b, "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"eth_chainId\"}",
                INVALID("null") "\n");
    expect_body(b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}", INVALID("1") "\n");
    expect_body(b, CALL("eth_nosuch", "[]"),
                ERROR("-32601", "the method eth_nosuch does not exist/is not available"));
    expect_body(b, CALL("eth_chainId", "{}"), ERROR("-32602", "non-array args"));
    expect_body(b, CALL("eth_chainId", "[1]"),
                ERROR("-32602", "too many arguments, want at most 0"));
    /* what follows the first document is not looked at */
    expect_body(b, CALL("eth_chainId", "[]") " trailing", RESULT("\"0x385\""));
}

static void batches_and_notifications(void **state)
{
    struct fixture *f = *state;
    struct ls_backend *b = f->engine_port;
    const char *note = "{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\"}";
    expect_body(b, note, "");
    expect_body(b, "[]",
                "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,"
                "\"message\":\"empty batch\"}}");
    expect_body(b,
                "[{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\"},"
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\"},5,"
                "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"eth_blockNumber\"},"
                "{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\"}]",
                "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x385\"}," INVALID(
                    "null") ",{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":\"0x0\"}]\n");
    expect_body(b, "[{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\"}]", "");
}

static void batch_over_the_limit_is_refused_whole(void **state)
{
    struct fixture *f = *state;
    struct ls_buf body;
    ls_buf_init(&body, PAYLOAD_WORLD_BYTES);
    for (unsigned i = 0; i < 1001; i++) {
        (void)ls_buf_printf(&body, "%s{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"eth_chainId\"}",
                            i == 0 ? "[" : ",", i);
    }
    (void)ls_buf_puts(&body, "]");
    expect_body(f->l1_port, (const char *)body.p,
                "[{\"jsonrpc\":\"2.0\",\"id\":0,\"error\":{\"code\":-32600,"
                "\"message\":\"batch too large\"}}]");
    ls_buf_fini(&body);
}

static void http_is_judged_as_geth_does(void **state)
{
    static const struct {
        const char *verb;
        const char *path;
        const char *type;
        const char *body;
        unsigned status;
    } cases[] = {
        {"POST", "/", "application/json", "5", 200},
        {"POST", "/?x=1", "Application/JSON; charset=utf-8", "5", 200},
        {"POST", "/", "text/plain", "5", 415},
        {"POST", "/", NULL, "5", 415},
        {"POST", "/other", "application/json", "5", 404},
        {"PUT", "/", "application/json", "5", 405},
        {"DELETE", "/", NULL, "", 405},
        {"GET", "/", NULL, "", 200},
        {"OPTIONS", "/", NULL, "5", 200},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ls_http_request req = post(cases[i].body);
        req.verb = cases[i].verb;
        req.path = cases[i].path;
        req.content_type = cases[i].type;
        struct ls_http_reply reply = exchange(f->source_port, &req);
        assert_int_equal(reply.status, cases[i].status);
        ls_buf_fini(&reply.body);
    }
}

static void body_over_the_limit_is_413(void **state)
{
    struct fixture *f = *state;
    char *body = malloc(6000001);
    assert_non_null(body);
    memset(body, ' ', 6000000);
    body[6000000] = '\0';
    struct ls_http_request req = post(body);
    struct ls_http_reply reply = exchange(f->l1_port, &req);
    assert_int_equal(reply.status, 413);
    assert_string_equal((const char *)reply.body.p, "content length too large (6000000>5242880)\n");
    assert_true(reply.close);
    ls_buf_fini(&reply.body);
    free(body);
}

static void token_is_checked_first(void **state)
{
    struct fixture *f = *state;
    char token[LS_JWT_TEXT_MAX];
    char header[LS_JWT_TEXT_MAX + 16];
    const struct {
        int64_t iat_s;
        unsigned status;
        const char *body;
    } cases[] = {{NOW_S, 200, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x385\"}\n"},
                 {NOW_S - 61, 401, "stale token\n"},
                 {NOW_S + 61, 401, "future token\n"}};
    ls_engine_rpc_set_secret(f->engine_port, SECRET);
    struct ls_http_request req = post(CALL("eth_chainId", "[]"));
    req.wall_s = NOW_S;
    req.verb = "PUT"; /* even for what HTTP would refuse */
    struct ls_http_reply reply = exchange(f->engine_port, &req);
    assert_int_equal(reply.status, 401);
    assert_string_equal((const char *)reply.body.p, "missing token\n");
    ls_buf_fini(&reply.body);
    req.verb = "POST";
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ls_jwt_make(SECRET, cases[i].iat_s, token);
        (void)snprintf(header, sizeof header, "Bearer %s", token);
        req.authorization = header;
        reply = exchange(f->engine_port, &req);
        assert_int_equal(reply.status, cases[i].status);
        assert_string_equal((const char *)reply.body.p, cases[i].body);
        ls_buf_fini(&reply.body);
    }
    ls_engine_rpc_set_secret(f->engine_port, NULL);
    req.authorization = NULL;
    reply = exchange(f->engine_port, &req);
    assert_int_equal(reply.status, 200);
    ls_buf_fini(&reply.body);
}

/* --- engine --- */

static const char *np_method(unsigned n)
{
    return n < 4 ? "engine_newPayloadV2" : n < 6 ? "engine_newPayloadV3" : "engine_newPayloadV4";
}

/* newPayload's params for p, written to out. */
static const char *np_params(const struct ls_payload *p, unsigned version, struct ls_buf *out)
{
    struct ls_jw w;
    ls_buf_clear(out);
    ls_jw_init(&w, out);
    ls_payload_write_params(p, version, &w, NULL);
    return (const char *)out->p;
}

static unsigned version_of(unsigned n)
{
    return n < 4 ? 2 : n < 6 ? 3 : 4;
}

static void payloads_of_every_version_are_taken(void **state)
{
    struct fixture *f = *state;
    struct ls_buf text;
    ls_buf_init(&text, PAYLOAD_WORLD_BYTES);
    for (unsigned n = 1; n < 6; n++) {
        expect_status(f->engine_port, np_method(n),
                      np_params(&f->w.payloads[n], version_of(n), &text), "VALID", NULL);
        assert_true(ls_engine_has(f->engine, n));
    }
    ls_buf_fini(&text);
}

static void wrong_version_is_named(void **state)
{
    struct fixture *f = *state;
    struct ls_buf text;
    ls_buf_init(&text, PAYLOAD_WORLD_BYTES);
    static const struct {
        const char *method;
        unsigned block;
        unsigned version; /* of the params */
        int64_t code;
        const char *message;
        const char *why;
    } cases[] = {
        {"engine_newPayloadV1", 1, 2, -32602, "Invalid parameters",
         "withdrawals not supported in V1"},
        {"engine_newPayloadV2", 4, 2, -32602, "Invalid parameters",
         "can't use newPayloadV2 post-cancun"},
        {"engine_newPayloadV3", 1, 3, -32602, "Invalid parameters",
         "nil excessBlobGas post-cancun"},
        {"engine_newPayloadV3", 6, 3, -38005, "Unsupported fork",
         "newPayloadV3 must only be called for cancun payloads"},
        {"engine_newPayloadV4", 4, 4, -38005, "Unsupported fork",
         "newPayloadV4 must only be called for prague payloads"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ls_payload p = f->w.payloads[cases[i].block];
        p.has_beacon_root = cases[i].version >= 3;
        expect_error_why(f->engine_port, cases[i].method, np_params(&p, cases[i].version, &text),
                         cases[i].code, cases[i].message, cases[i].why);
    }
    expect_error(f->engine_port, "engine_newPayloadV5", "[]", -32601,
                 "the method engine_newPayloadV5 does not exist/is not available");
    expect_error(f->engine_port, "engine_newPayloadV2", "[]", -32602,
                 "missing value for required argument 0");
    expect_error(f->engine_port, "engine_newPayloadV2", "[{}]", -32602,
                 "invalid argument 0: missing required field 'parentHash' for ExecutableData");
    ls_buf_fini(&text);
}

static void content_that_does_not_fit_is_invalid(void **state)
{
    struct fixture *f = *state;
    struct ls_buf text;
    struct ls_payload p = f->w.payloads[1];
    ls_buf_init(&text, PAYLOAD_WORLD_BYTES);
    p.gas_used = 1;
    expect_status(f->engine_port, "engine_newPayloadV2", np_params(&p, 2, &text), "INVALID",
                  "blockhash mismatch, want ");
    p = f->w.payloads[1];
    p.extra_bytes = 1;
    expect_status(f->engine_port, "engine_newPayloadV2", np_params(&p, 2, &text), "INVALID",
                  "extraData must be empty before Holocene");
    p = f->w.payloads[6];
    expect_status(f->engine_port, "engine_newPayloadV4", np_params(&p, 4, &text), "INVALID",
                  "holocene extraData should be 9 bytes, got 0");
    ls_buf_fini(&text);
}

static void unrecorded_payload_is_judged_by_its_parent(void **state)
{
    struct fixture *f = *state;
    struct ls_buf text;
    struct ls_header h;
    struct ls_payload p = payload_draft(&f->w, 1);
    ls_buf_init(&text, PAYLOAD_WORLD_BYTES);
    p.gas_used = p.gas_limit + 1;
    payload_seal(&p, &h);
    expect_status(f->engine_port, "engine_newPayloadV2", np_params(&p, 2, &text), "INVALID",
                  "invalid gasUsed: have 30000001, gasLimit 30000000");
    p = payload_draft(&f->w, 1);
    p.base_fee = ls_u256_from_u64(7);
    payload_seal(&p, &h);
    expect_status(f->engine_port, "engine_newPayloadV2", np_params(&p, 2, &text), "INVALID",
                  "invalid baseFee: have 7, want 996000000, parentBaseFee 1000000000, "
                  "parentGasUsed 0");
    ls_engine_seed(f->engine, 2, LS_NO_BLOCK, LS_NO_BLOCK);
    p = payload_draft(&f->w, 3); /* its parent used more than the target */
    p.base_fee = ls_u256_from_u64(7);
    payload_seal(&p, &h);
    expect_status(f->engine_port, "engine_newPayloadV2", np_params(&p, 2, &text), "INVALID",
                  "invalid baseFee: have 7, want 1004000000, parentBaseFee 1000000000, "
                  "parentGasUsed 10000000");
    p = payload_draft(&f->w, 1);
    p.base_fee = ls_u256_from_u64(996000000);
    p.number = 2;
    payload_seal(&p, &h);
    expect_status(f->engine_port, "engine_newPayloadV2", np_params(&p, 2, &text), "INVALID",
                  "invalid block number");
    ls_buf_fini(&text);
}

/* params of newPayloadV3 with this between payload and beacon root instead of no hashes. */
static void put_hashes(struct ls_buf *params, const char *hashes)
{
    struct ls_buf with;
    const char *text = (const char *)params->p;
    const char *at = strstr(text, "},[],");
    assert_non_null(at);
    ls_buf_init(&with, PAYLOAD_WORLD_BYTES);
    (void)ls_buf_printf(&with, "%.*s},[%s],%s", (int)(at - text), text, hashes, at + 5);
    ls_buf_fini(params);
    *params = with;
}

/* They are held against the hashes beside the payload before its own hash is, and then against the
 * blob gas: a rollup's block has none. */
static void blobs_are_counted(void **state)
{
#define HASH_1 "0111111111111111111111111111111111111111111111111111111111111111"
#define HASH_2 "0122222222222222222222222222222222222222222222222222222222222222"
#define BLOB_TX_HEAD                           \
    "e48203858080808094"                       \
    "0000000000000000000000000000000000000000" \
    "8080c080"
    static const struct {
        const char *tx; /* hex */
        const char *hashes;
        const char *error;
    } cases[] = {
        {"03" BLOB_TX_HEAD "c0808080", "\"0x" HASH_1 "\"",
         "invalid number of versionedHashes: [0x" HASH_1 "] blobHashes: []"},
        {"03f84582038580808080940000000000000000000000000000000000000000"
         "8080c080e1a0" HASH_1 "808080",
         "", "invalid number of versionedHashes: [] blobHashes: [0x" HASH_1 "]"},
        {"03f84582038580808080940000000000000000000000000000000000000000"
         "8080c080e1a0" HASH_1 "808080",
         "\"0x" HASH_2 "\"",
         "invalid versionedHash at 0: [0x" HASH_2 "] blobHashes: [0x" HASH_1 "]"},
        {"03f84582038580808080940000000000000000000000000000000000000000"
         "8080c080e1a0" HASH_1 "808080",
         "\"0x" HASH_1 "\"", "blob gas used mismatch (header 0, calculated 131072)"},
        {"03e8" BLOB_TX_HEAD "c0808080c0c0c0", "",
         "unexpected blob sidecar in transaction at index 0"},
        {"03" BLOB_TX_HEAD "c0808080", "", "could not apply tx 0 ["},
    };
    struct fixture *f = *state;
    ls_engine_seed(f->engine, 3, LS_NO_BLOCK, LS_NO_BLOCK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[256];
        struct ls_span tx = {bytes, strlen(cases[i].tx) / 2};
        struct ls_payload p = payload_draft(&f->w, 4);
        struct ls_header h;
        struct ls_buf text;
        assert_true(ls_hex_digits(cases[i].tx, bytes, tx.n));
        p.txs = &tx;
        p.tx_count = 1;
        p.base_fee = ls_u256_from_u64(996000000);
        payload_seal(&p, &h);
        ls_buf_init(&text, PAYLOAD_WORLD_BYTES);
        (void)np_params(&p, 3, &text);
        put_hashes(&text, cases[i].hashes);
        expect_status(f->engine_port, "engine_newPayloadV3", (const char *)text.p, "INVALID",
                      cases[i].error);
        ls_buf_fini(&text);
    }
}

/* V1 has no withdrawals to ask for, but the block must. */
static void a_block_without_withdrawals_hash_is_invalid(void **state)
{
    struct fixture *f = *state;
    struct ls_header h;
    struct ls_buf text;
    struct ls_payload p = payload_draft(&f->w, 1);
    ls_buf_init(&text, PAYLOAD_WORLD_BYTES);
    p.has_withdrawals = false;
    p.base_fee = ls_u256_from_u64(996000000);
    payload_seal(&p, &h);
    expect_status(f->engine_port, "engine_newPayloadV1", np_params(&p, 1, &text), "INVALID",
                  "missing withdrawalsHash");
    ls_buf_fini(&text);
}

static void forkchoice_params(const struct fixture *f, unsigned head, unsigned safe,
                              unsigned finalized, struct ls_buf *out)
{
    struct ls_jw w;
    struct ls_forkchoice c = {f->w.payloads[head].block_hash, f->w.payloads[safe].block_hash,
                              f->w.payloads[finalized].block_hash};
    ls_buf_clear(out);
    ls_jw_init(&w, out);
    ls_jw_array(&w, NULL);
    ls_forkchoice_write(&c, &w, NULL);
    ls_jw_null(&w, NULL);
    ls_jw_array_end(&w);
}

static void forkchoice_reaches_the_model(void **state)
{
    struct fixture *f = *state;
    struct ls_buf text;
    ls_buf_init(&text, PAYLOAD_WORLD_BYTES);
    ls_engine_seed(f->engine, 3, LS_NO_BLOCK, LS_NO_BLOCK);
    forkchoice_params(f, 3, 2, 1, &text);
    expect_status(f->engine_port, "engine_forkchoiceUpdatedV3", (const char *)text.p, "VALID",
                  NULL);
    assert_int_equal(ls_engine_label(f->engine, LS_LABEL_SAFE), 2);
    assert_int_equal(ls_engine_label(f->engine, LS_LABEL_FINALIZED), 1);
    forkchoice_params(f, 3, 5, 1, &text);
    expect_error(f->engine_port, "engine_forkchoiceUpdatedV3", (const char *)text.p, -38002,
                 "Invalid forkchoice state");
    forkchoice_params(f, 5, 2, 1, &text);
    expect_status(f->engine_port, "engine_forkchoiceUpdatedV3", (const char *)text.p, "SYNCING",
                  NULL);
    expect_error(f->engine_port, "engine_forkchoiceUpdatedV3", "[{\"headBlockHash\":5}]", -32602,
                 "invalid argument 0: json: cannot unmarshal non-string into Go struct field "
                 "ForkchoiceStateV1.headBlockHash of type common.Hash");
    ls_buf_fini(&text);
}

static void omitted_nulls_are_a_knob(void **state)
{
    struct fixture *f = *state;
    struct ls_buf text;
    ls_buf_init(&text, PAYLOAD_WORLD_BYTES);
    ls_engine_knobs(f->engine)->null_omitted = true;
    struct ls_buf want;
    ls_buf_init(&want, PAYLOAD_WORLD_BYTES);
    (void)ls_buf_printf(&want, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}",
                        "engine_newPayloadV2", np_params(&f->w.payloads[3], 2, &text));
    expect_body(f->engine_port, (const char *)want.p, RESULT("{\"status\":\"SYNCING\"}"));
    ls_buf_fini(&want);
    ls_buf_fini(&text);
}

static void stored_blocks_are_served_as_they_are(void **state)
{
    struct fixture *f = *state;
    const struct cJSON *result;
    const struct cJSON *error;
    struct ls_buf want;
    ls_engine_seed(f->engine, 3, 2, 1);
    ls_buf_init(&want, PAYLOAD_WORLD_BYTES);
    (void)ls_buf_printf(&want, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":%s}\n", f->w.json[2]);
    expect_body(f->engine_port, CALL("eth_getBlockByNumber", "[\"safe\",true]"),
                (const char *)want.p);
    ls_buf_fini(&want);
    for (unsigned twice = 0; twice < 2; twice++) { /* made, then from the cache */
        struct cJSON *root =
            ask(f->engine_port, "eth_getBlockByNumber", "[\"0x3\",false]", &result, &error);
        const struct cJSON *txs = ls_json_get(result, "transactions");
        assert_int_equal(ls_json_count(txs), 1);
        assert_string_equal(ls_json_str(ls_json_at(txs, 0)),
                            "0x00000000000000000000000000000000000000000000000000000000000000aa");
        assert_non_null(ls_json_get(result, "stateRoot"));
        ls_json_free(root);
    }
    expect_body(f->engine_port, CALL("eth_getBlockByNumber", "[\"0x4\",true]"), RESULT("null"));
    expect_body(f->engine_port, CALL("eth_blockNumber", "[]"), RESULT("\"0x3\""));
    expect_body(f->engine_port, CALL("eth_syncing", "[]"), RESULT("false"));
}

static void bad_arguments_get_geths_words(void **state)
{
    static const struct {
        const char *params;
        const char *message;
    } cases[] = {
        {"[]", "missing value for required argument 0"},
        {"[\"latest\"]", "missing value for required argument 1"},
        {"[\"latest\",true,1]", "too many arguments, want at most 2"},
        {"[\"Latest\",true]", "invalid argument 0: hex string without 0x prefix"},
        {"[\"10\",true]", "invalid argument 0: hex string without 0x prefix"},
        {"[\"0x0a\",true]", "invalid argument 0: hex number with leading zero digits"},
        {"[\"0x\",true]", "invalid argument 0: hex string \"0x\""},
        {"[\"\",true]", "invalid argument 0: empty hex string"},
        {"[\"0xg\",true]", "invalid argument 0: invalid hex string"},
        {"[\"0x10000000000000000\",true]", "invalid argument 0: hex number > 64 bits"},
        {"[\"0x8000000000000000\",true]", "invalid argument 0: block number larger than int64"},
        {"[\"0x1\",\"true\"]",
         "invalid argument 1: json: cannot unmarshal string into Go value of type bool"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_error(f->engine_port, "eth_getBlockByNumber", cases[i].params, -32602,
                     cases[i].message);
    }
    expect_error(f->engine_port, "eth_getBlockByHash", "[\"0x12\",true]", -32602,
                 "invalid argument 0: hex string has length 2, want 64 for common.Hash");
    expect_body(f->engine_port, CALL("eth_getBlockByNumber", "[\"0X7\",null]"), RESULT("null"));
}

static void pruned_bodies_are_empty(void **state)
{
    struct fixture *f = *state;
    const struct cJSON *result;
    const struct cJSON *error;
    ls_engine_seed(f->engine, 5, LS_NO_BLOCK, LS_NO_BLOCK);
    ls_engine_set_prune(f->engine, 2);
    struct cJSON *root =
        ask(f->engine_port, "eth_getBlockByNumber", "[\"0x2\",true]", &result, &error);
    assert_int_equal(ls_json_count(ls_json_get(result, "transactions")), 0);
    ls_json_free(root);
    root = ask(f->engine_port, "eth_getBlockByNumber", "[\"0x3\",true]", &result, &error);
    assert_int_equal(ls_json_count(ls_json_get(result, "transactions")), 1);
    ls_json_free(root);
}

static void public_port_has_no_engine(void **state)
{
    struct fixture *f = *state;
    struct ls_backend *b = ls_engine_rpc_public(f->engine_port);
    ls_engine_rpc_set_secret(f->engine_port, SECRET);
    expect_body(b, CALL("eth_chainId", "[]"), RESULT("\"0x385\""));
    expect_body(b, CALL("net_version", "[]"), RESULT("\"901\""));
    expect_error(b, "engine_newPayloadV2", "[]", -32601,
                 "the method engine_newPayloadV2 does not exist/is not available");
}

static void chain_ids_can_be_wrong(void **state)
{
    struct fixture *f = *state;
    ls_engine_rpc_set_chain_id(f->engine_port, 5);
    struct ls_rollup rollup = f->w.rollup;
    rollup.l2_chain_id = 7;
    ls_l1_set_chain_id(f->l1, 6);
    assert_true(ls_source_rpc_turn_to(f->source_port,
                                      &(struct ls_source_rpc_config){.source = f->source,
                                                                     .l2 = f->w.u,
                                                                     .rollup = &rollup,
                                                                     .rollup_json = "{}",
                                                                     .rollup_json_bytes = 2}));
    ls_source_set_flavour(f->source, LS_SRC_EL);
    expect_body(f->engine_port, CALL("eth_chainId", "[]"), RESULT("\"0x5\""));
    expect_body(f->l1_port, CALL("eth_chainId", "[]"), RESULT("\"0x6\""));
    expect_body(f->source_port, CALL("eth_chainId", "[]"), RESULT("\"0x7\""));
    ls_source_set_flavour(f->source, LS_SRC_CL);
    expect_body(f->source_port, CALL("optimism_rollupConfig", "[]"), RESULT("{}"));
}

/* Whatever comes in, what goes out is JSON or nothing. */
static void damaged_requests_get_json_or_nothing(void **state)
{
    struct fixture *f = *state;
    struct ls_buf request;
    struct ls_buf params;
    uint32_t random = 1;
    unsigned batches = 0; /* damaged so little that the batch is answered */
    ls_buf_init(&request, PAYLOAD_WORLD_BYTES);
    ls_buf_init(&params, PAYLOAD_WORLD_BYTES);
    (void)np_params(&f->w.payloads[6], 4, &params);
    for (unsigned i = 0; i < 4000; i++) {
        ls_buf_clear(&request);
        (void)ls_buf_printf(&request,
                            "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\","
                            "\"params\":%s},5]",
                            np_method(6), (const char *)params.p);
        for (unsigned k = 0; k < 1 + i % 3; k++) {
            random = random * 1664525u + 1013904223u;
            request.p[(random >> 8) % request.n] = (uint8_t) "{}[]\",:0x\\e\xff\t-"[random % 15];
        }
        random = random * 1664525u + 1013904223u;
        struct ls_http_request req = post((const char *)request.p);
        req.body_bytes = i % 4 == 0 ? (random >> 8) % request.n : request.n;
        struct ls_http_reply reply = exchange(f->engine_port, &req);
        if (reply.body.n > 0) {
            assert_int_equal(ls_json_validate((const char *)reply.body.p, reply.body.n, 0, NULL),
                             LS_OK);
            batches += reply.body.p[0] == '[' ? 1 : 0;
        }
        ls_buf_fini(&reply.body);
    }
    assert_true(batches > 500 && batches < 3500);
    ls_buf_fini(&params);
    ls_buf_fini(&request);
}

/* --- source and L1 --- */

static void status_shapes_differ_in_their_members(void **state)
{
    struct fixture *f = *state;
    static const struct {
        enum ls_src_shape shape;
        size_t members;
        const char *missing;
    } cases[] = {{LS_SRC_SHAPE_CURRENT, 11, "none"},
                 {LS_SRC_SHAPE_KONA, 10, "pending_safe_l2"},
                 {LS_SRC_SHAPE_OLD, 10, "local_safe_l2"}};
    ls_source_follow(f->source, 4, 2);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cJSON *result;
        const struct cJSON *error;
        struct ls_sync_status st;
        ls_source_set_shape(f->source, cases[i].shape);
        struct cJSON *root = ask(f->source_port, "optimism_syncStatus", "[]", &result, &error);
        assert_int_equal(ls_json_count(result), cases[i].members);
        assert_null(ls_json_get(result, cases[i].missing));
        assert_int_equal(ls_sync_status_parse(result, &st, NULL), LS_OK);
        assert_int_equal(st.safe_l2.number, 4);
        assert_int_equal(st.finalized_l2.number, 2);
        ls_json_free(root);
    }
}

static void output_names_the_block(void **state)
{
    struct fixture *f = *state;
    const struct cJSON *result;
    const struct cJSON *error;
    struct ls_l2_ref ref;
    ls_source_follow(f->source, 4, 2);
    struct cJSON *root =
        ask(f->source_port, "optimism_outputAtBlock", "[\"0x3\"]", &result, &error);
    assert_int_equal(ls_l2_ref_parse(ls_json_get(result, "blockRef"), &ref, NULL), LS_OK);
    assert_true(ls_hash_eq(&ref.hash, &f->w.payloads[3].block_hash));
    ls_json_free(root);
    root = ask(f->source_port, "optimism_outputAtBlock", "[\"0x5\"]", &result, &error);
    assert_true(ls_rpc_is_not_found(-32000, ls_json_str(ls_json_get(error, "message"))));
    ls_json_free(root);
}

static void source_speaks_one_flavour_at_a_time(void **state)
{
    struct fixture *f = *state;
    expect_error(f->source_port, "eth_chainId", "[]", -32601,
                 "the method eth_chainId does not exist/is not available");
    ls_source_set_flavour(f->source, LS_SRC_EL);
    expect_error(f->source_port, "optimism_syncStatus", "[]", -32601,
                 "the method optimism_syncStatus does not exist/is not available");
    expect_error(f->source_port, "eth_getBlockByNumber", "[\"safe\",true]", -32000,
                 "safe block not found");
    ls_source_set_mood(f->source, LS_SRC_NULLS, 1);
    expect_body(f->source_port, CALL("eth_getBlockByNumber", "[\"safe\",true]"), RESULT("null"));
    ls_source_follow(f->source, 4, 2);
    struct ls_buf want;
    ls_buf_init(&want, PAYLOAD_WORLD_BYTES);
    (void)ls_buf_printf(&want, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":%s}\n", f->w.json[4]);
    expect_body(f->source_port, CALL("eth_getBlockByNumber", "[\"safe\",true]"),
                (const char *)want.p);
    ls_buf_fini(&want);
}

static void identity_uses_up_no_answer(void **state)
{
    struct fixture *f = *state;
    ls_source_set_mood(f->source, LS_SRC_NULLS, 1);
    expect_body(f->source_port, CALL("optimism_rollupConfig", "[]"),
                RESULT("{\"l2_chain_id\":901}"));
    expect_body(f->source_port, CALL("optimism_syncStatus", "[]"), RESULT("null"));
}

static void l1_serves_tags_numbers_and_hashes(void **state)
{
    struct fixture *f = *state;
    const struct cJSON *result;
    const struct cJSON *error;
    expect_body(f->l1_port, CALL("eth_blockNumber", "[]"), RESULT("\"0x5\""));
    expect_body(f->l1_port, CALL("eth_getBlockByNumber", "[\"0x6\",false]"), RESULT("null"));
    expect_error(f->l1_port, "eth_getBlockByNumber", "[\"finalized\",false]", -32000,
                 "finalized block not found");
    expect_error(f->l1_port, "eth_getStorage", "[]", -32601,
                 "the method eth_getStorage does not exist/is not available");
    struct cJSON *root =
        ask(f->l1_port, "eth_getBlockByNumber", "[\"latest\",false]", &result, &error);
    uint64_t number = 0;
    assert_int_equal(ls_json_quantity(ls_json_get(result, "number"), &number), LS_OK);
    assert_int_equal(number, 5);
    ls_json_free(root);
}

/* --- the trace of it --- */

static void send(struct ls_backend *b, const char *method, const char *params)
{
    const struct cJSON *result;
    const struct cJSON *error;
    ls_json_free(ask(b, method, params, &result, &error));
}

static void calls_are_recorded_with_arguments_and_answers(void **state)
{
    struct fixture *f = *state;
    struct ls_buf text;
    ls_buf_init(&text, PAYLOAD_WORLD_BYTES);
    send(f->tap, "engine_newPayloadV2", np_params(&f->w.payloads[1], 2, &text));
    forkchoice_params(f, 1, 0, 5, &text);
    send(f->tap, "engine_forkchoiceUpdatedV3", (const char *)text.p);
    send(f->tap, "eth_getBlockByNumber", "[\"latest\",true]");
    send(f->tap, "eth_getBlockByNumber", "[\"0x9\",true]");
    assert_int_equal(f->event_count, 4);
    const struct ls_trace_event *e = f->events;
    assert_int_equal(e[0].ep, LS_TRACE_ENGINE);
    assert_int_equal(e[0].version, 2);
    assert_int_equal(e[0].block.number, 1);
    assert_true(ls_hash_eq(&e[0].block.hash, &f->w.payloads[1].block_hash));
    assert_string_equal(e[0].status, "VALID");
    assert_true(ls_hash_eq(&e[0].latest_valid.hash, &f->w.payloads[1].block_hash));
    assert_int_equal(e[0].http_status, 200);
    assert_int_equal(e[0].answer, LS_TRACE_RESULT);
    assert_int_equal(e[1].head.number, 1);
    assert_int_equal(e[1].finalized.number, 5);
    assert_false(e[1].has_attributes);
    assert_int_equal(e[1].answer, LS_TRACE_ERROR);
    assert_int_equal(e[1].code, -38002);
    assert_string_equal(e[1].text, "final block not available in database");
    assert_string_equal(e[2].tag, "latest");
    assert_int_equal(e[2].result.number, 1);
    assert_int_equal(e[3].block.number, 9);
    assert_int_equal(e[3].answer, LS_TRACE_NULL);
    ls_buf_fini(&text);
}

static void what_leaves_is_recorded_not_what_the_model_said(void **state)
{
    struct fixture *f = *state;
    struct ls_buf text;
    struct ls_fault_rule rule = {.method = "engine_*", .count = 1};
    ls_buf_init(&text, PAYLOAD_WORLD_BYTES);
    const char *params = np_params(&f->w.payloads[1], 2, &text);
    rule.fault = LS_FAULT_STATUS;
    rule.text = "SYNCING";
    (void)ls_filter_add(f->filter, &rule);
    send(f->tap, "engine_newPayloadV2", params);
    assert_false(ls_engine_has(f->engine, 1));
    rule.fault = LS_FAULT_RPC_ERROR;
    rule.apply = true;
    rule.code = -32603;
    rule.text = "lost";
    (void)ls_filter_add(f->filter, &rule);
    send(f->tap, "engine_newPayloadV2", params);
    assert_true(ls_engine_has(f->engine, 1));
    rule.fault = LS_FAULT_HTTP;
    rule.apply = false;
    rule.http_status = 503;
    (void)ls_filter_add(f->filter, &rule);
    struct ls_http_request req = post(CALL("engine_foo", "[]"));
    struct ls_http_reply reply = exchange(f->tap, &req);
    assert_int_equal(reply.status, 503);
    ls_buf_fini(&reply.body);
    rule.fault = LS_FAULT_RESET;
    (void)ls_filter_add(f->filter, &rule);
    reply = exchange(f->tap, &req);
    ls_buf_fini(&reply.body);
    req = post("not json");
    reply = exchange(f->tap, &req);
    ls_buf_fini(&reply.body);
    rule.method = "eth_*";
    rule.fault = LS_FAULT_WRONG_ID;
    (void)ls_filter_add(f->filter, &rule);
    send(f->tap, "eth_chainId", "[]");
    assert_int_equal(f->event_count, 6);
    const struct ls_trace_event *e = f->events;
    assert_string_equal(e[0].fault, "status");
    assert_string_equal(e[0].status, "SYNCING");
    assert_int_equal(e[0].block.number, 1);
    assert_string_equal(e[1].fault, "rpc_error");
    assert_int_equal(e[1].answer, LS_TRACE_ERROR);
    assert_int_equal(e[1].code, -32603);
    assert_string_equal(e[1].status, "");
    assert_int_equal(e[2].answer, LS_TRACE_OTHER);
    assert_int_equal(e[2].http_status, 503);
    assert_string_equal(e[2].method, "engine_foo");
    assert_int_equal(e[3].answer, LS_TRACE_NO_ANSWER);
    assert_int_equal(e[3].http_status, 0);
    assert_string_equal(e[3].fault, "reset");
    assert_string_equal(e[4].method, "");
    assert_int_equal(e[4].answer, LS_TRACE_OTHER);
    assert_string_equal(e[5].fault, LS_FAULT_NAME_WRONG_ID);
    assert_int_equal(e[5].answer, LS_TRACE_OTHER);
    ls_buf_fini(&text);
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(id_is_echoed_letter_by_letter),
        WITH(malformed_requests_get_geths_words),
        WITH(batches_and_notifications),
        WITH(batch_over_the_limit_is_refused_whole),
        WITH(http_is_judged_as_geth_does),
        WITH(body_over_the_limit_is_413),
        WITH(token_is_checked_first),
        WITH(payloads_of_every_version_are_taken),
        WITH(wrong_version_is_named),
        WITH(content_that_does_not_fit_is_invalid),
        WITH(unrecorded_payload_is_judged_by_its_parent),
        WITH(blobs_are_counted),
        WITH(a_block_without_withdrawals_hash_is_invalid),
        WITH(forkchoice_reaches_the_model),
        WITH(omitted_nulls_are_a_knob),
        WITH(stored_blocks_are_served_as_they_are),
        WITH(bad_arguments_get_geths_words),
        WITH(pruned_bodies_are_empty),
        WITH(public_port_has_no_engine),
        WITH(chain_ids_can_be_wrong),
        WITH(damaged_requests_get_json_or_nothing),
        WITH(status_shapes_differ_in_their_members),
        WITH(output_names_the_block),
        WITH(source_speaks_one_flavour_at_a_time),
        WITH(identity_uses_up_no_answer),
        WITH(l1_serves_tags_numbers_and_hashes),
        WITH(calls_are_recorded_with_arguments_and_answers),
        WITH(what_leaves_is_recorded_not_what_the_model_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
