/* JSON-RPC messages and the Engine API's answers. */
#include "tests/unit/op_vectors.h"

#include "lib/op/rpc.h"

#define HASH_1 "0x0101010101010101010101010101010101010101010101010101010101010101"

static enum ls_err parse(const char *text, struct ls_rpc_reply *out, struct ls_diag *d)
{
    return ls_rpc_reply_parse(text, strlen(text), 7, out, d);
}

static void a_request_has_the_members_of_json_rpc_2(void **state)
{
    static const struct ls_forkchoice fc = {.head = {{0x11}}};
    struct ls_buf b;
    struct ls_jw w;
    struct cJSON *v;
    const struct cJSON *params;

    (void)state;
    ls_buf_init(&b, 4096);
    ls_jw_init(&w, &b);
    ls_rpc_request_begin(&w, 7, "engine_forkchoiceUpdatedV3");
    ls_forkchoice_write(&fc, &w, NULL);
    ls_jw_null(&w, NULL);
    ls_rpc_request_end(&w);
    v = json_of((const char *)b.p);
    assert_string_equal(ls_json_str(ls_json_get(v, "jsonrpc")), "2.0");
    assert_string_equal(ls_json_str(ls_json_get(v, "method")), "engine_forkchoiceUpdatedV3");
    assert_int_equal(ls_json_count(v), 4);
    params = ls_json_get(v, "params");
    assert_int_equal(ls_json_count(params), 2);
    assert_string_equal(ls_json_str(ls_json_get(ls_json_at(params, 0), "headBlockHash")),
                        "0x1100000000000000000000000000000000000000000000000000000000000000");
    assert_string_equal(ls_json_str(ls_json_get(ls_json_at(params, 0), "finalizedBlockHash")),
                        "0x0000000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(ls_json_count(ls_json_at(params, 0)), 3);
    ls_json_free(v);
    ls_buf_fini(&b);
}

static void results_and_errors_are_told_apart(void **state)
{
    struct ls_rpc_reply r;

    (void)state;
    assert_int_equal(parse("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"0x1\"}", &r, NULL), LS_OK);
    assert_false(r.is_error);
    assert_string_equal(ls_json_str(r.result), "0x1");
    ls_rpc_reply_fini(&r);

    assert_int_equal(parse("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":null}", &r, NULL), LS_OK);
    assert_false(r.is_error);
    assert_true(ls_json_is_null(r.result));
    ls_rpc_reply_fini(&r);

    assert_int_equal(parse("{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-38002,"
                           "\"message\":\"Invalid forkchoice state\",\"data\":{\"err\":\"x\"}}}",
                           &r, NULL),
                     LS_OK);
    assert_true(r.is_error);
    assert_null(r.result);
    assert_int_equal(r.code, LS_RPC_INVALID_FORKCHOICE);
    assert_string_equal(r.message, "Invalid forkchoice state");
    assert_string_equal(ls_json_str(ls_json_get(r.data, "err")), "x");
    ls_rpc_reply_fini(&r);
}

static void nulls_of_lax_servers_are_tolerated(void **state)
{
    struct ls_rpc_reply r;

    (void)state;
    assert_int_equal(parse("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":1,\"error\":null}", &r, NULL),
                     LS_OK);
    assert_false(r.is_error);
    ls_rpc_reply_fini(&r);
    assert_int_equal(parse("{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":null,"
                           "\"error\":{\"code\":-32700,\"message\":\"parse error\"}}",
                           &r, NULL),
                     LS_OK);
    assert_true(r.is_error);
    ls_rpc_reply_fini(&r);
}

static void malformed_replies_are_refused(void **state)
{
    static const struct {
        const char *text;
        enum ls_err e;
        const char *word;
    } V[] = {
        {"", LS_ERR_PARSE, ""},
        {"<html>", LS_ERR_PARSE, ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":1", LS_ERR_PARSE, ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":1}x", LS_ERR_PARSE, ""},
        {"[]", LS_ERR_TYPE, "reply"},
        {"{\"id\":7,\"result\":1}", LS_ERR_TYPE, "\"jsonrpc\""},
        {"{\"jsonrpc\":\"1.0\",\"id\":7,\"result\":1}", LS_ERR_TYPE, "\"jsonrpc\""},
        {"{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":1}", LS_ERR_RANGE, "\"id\" is not 7"},
        {"{\"jsonrpc\":\"2.0\",\"id\":\"7\",\"result\":1}", LS_ERR_RANGE, "\"id\""},
        {"{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":1}", LS_ERR_RANGE, "\"id\""},
        {"{\"jsonrpc\":\"2.0\",\"result\":1}", LS_ERR_RANGE, "\"id\""},
        {"{\"jsonrpc\":\"2.0\",\"id\":8,\"error\":{\"code\":1,\"message\":\"\"}}", LS_ERR_RANGE,
         "\"id\""},
        {"{\"jsonrpc\":\"2.0\",\"id\":7}", LS_ERR_MISSING, "neither"},
        {"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":null}", LS_ERR_MISSING, "neither"},
        {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":1,\"error\":{\"code\":1,\"message\":\"\"}}",
         LS_ERR_TYPE, "both"},
        {"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":\"no\"}", LS_ERR_TYPE, "\"error\""},
        {"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"message\":\"\"}}", LS_ERR_TYPE,
         "\"error.code\""},
        {"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":1.5,\"message\":\"\"}}", LS_ERR_TYPE,
         "\"error.code\""},
        {"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":1}}", LS_ERR_TYPE, "\"error.message\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
        struct ls_rpc_reply r;
        struct ls_diag d = {""};
        enum ls_err e;

        memset(&r, 0x5a, sizeof r);
        e = parse(V[i].text, &r, &d);
        if (e != V[i].e || strstr(d.text, V[i].word) == NULL) {
            fail_msg("%s: %s: %s", V[i].text, ls_err_name(e), d.text);
        }
        assert_int_equal(ls_err_class(e), LS_CLASS_PROTOCOL);
        assert_null(r.root);
        ls_rpc_reply_fini(&r);
    }
}

static void no_such_block_is_known_by_code_or_text(void **state)
{
    (void)state;
    assert_true(ls_rpc_is_not_found(-32000, "block not found"));
    assert_true(ls_rpc_is_not_found(-32000, "safe block not found"));
    assert_true(ls_rpc_is_not_found(-32000, "Header Not Found"));
    assert_true(ls_rpc_is_not_found(-32000, "unknown block"));
    assert_true(ls_rpc_is_not_found(-32000, "not found"));
    assert_true(ls_rpc_is_not_found(LS_RPC_UNKNOWN_BLOCK, "anything"));
    assert_true(ls_rpc_is_not_found(-32001, NULL));
    assert_false(ls_rpc_is_not_found(LS_RPC_METHOD_NOT_FOUND, "Method not found"));
    assert_false(ls_rpc_is_not_found(-32000, "not foun"));
    assert_false(ls_rpc_is_not_found(-32000, ""));
    assert_false(ls_rpc_is_not_found(LS_RPC_INTERNAL, NULL));
}

static enum ls_err verdict(const char *text, struct ls_payload_verdict *out, struct ls_diag *d)
{
    struct cJSON *v = json_of(text);
    enum ls_err e = ls_payload_verdict_parse(v, out, d);

    ls_json_free(v);
    return e;
}

static void every_status_is_known(void **state)
{
    static const char *const NAMES[] = {"VALID", "INVALID", "SYNCING", "ACCEPTED",
                                        "INVALID_BLOCK_HASH"};

    (void)state;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        char text[64];
        struct ls_payload_verdict v;

        (void)snprintf(text, sizeof text, "{\"status\":\"%s\"}", NAMES[i]);
        assert_int_equal(verdict(text, &v, NULL), LS_OK);
        assert_string_equal(ls_payload_status_name(v.status), NAMES[i]);
        assert_false(v.has_latest_valid);
        assert_string_equal(v.error, "");
    }
}

static void a_verdict_carries_ancestor_and_reason(void **state)
{
    struct ls_payload_verdict v;

    (void)state;
    assert_int_equal(verdict("{\"status\":\"INVALID\",\"latestValidHash\":\"" HASH_1
                             "\",\"validationError\":\"bad root\"}",
                             &v, NULL),
                     LS_OK);
    assert_true(v.has_latest_valid);
    assert_hash_is(&v.latest_valid, HASH_1);
    assert_string_equal(v.error, "bad root");
    assert_int_equal(verdict("{\"status\":\"SYNCING\",\"latestValidHash\":null,"
                             "\"validationError\":null}",
                             &v, NULL),
                     LS_OK);
    assert_false(v.has_latest_valid);
}

/* first, then 120 characters of two bytes each; the reason that is kept has so many bytes. */
static void assert_cut(const char *first, size_t bytes)
{
    char text[600];
    size_t n = (size_t)snprintf(text, sizeof text,
                                "{\"status\":\"INVALID\",\"validationError\":\"%s", first);
    struct ls_payload_verdict v;

    for (size_t i = 0; i < 120; i++, n += 2) {
        memcpy(text + n, "\xc3\xa4", 2);
    }
    memcpy(text + n, "\"}", 3);
    assert_int_equal(verdict(text, &v, NULL), LS_OK);
    assert_int_equal(strlen(v.error), bytes);
}

static void a_long_reason_is_cut_between_characters(void **state)
{
    struct ls_payload_verdict v;

    (void)state;
    assert_cut("x", sizeof v.error - 1);
    assert_cut("", sizeof v.error - 2);
}

static void malformed_verdicts_are_refused(void **state)
{
    static const struct {
        const char *text;
        enum ls_err e;
        const char *word;
    } V[] = {
        {"null", LS_ERR_TYPE, "payload status"},
        {"{}", LS_ERR_MISSING, "\"status\""},
        {"{\"status\":null}", LS_ERR_MISSING, "\"status\""},
        {"{\"status\":1}", LS_ERR_TYPE, "\"status\""},
        {"{\"status\":\"valid\"}", LS_ERR_UNSUPPORTED, "\"valid\""},
        {"{\"status\":\"VALID\",\"latestValidHash\":\"0x1\"}", LS_ERR_PARSE, "latestValidHash"},
        {"{\"status\":\"VALID\",\"validationError\":1}", LS_ERR_TYPE, "validationError"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
        struct ls_payload_verdict v;
        struct ls_diag d = {""};
        enum ls_err e = verdict(V[i].text, &v, &d);

        if (e != V[i].e || strstr(d.text, V[i].word) == NULL) {
            fail_msg("%s: %s: %s", V[i].text, ls_err_name(e), d.text);
        }
    }
}

static void a_forkchoice_result_wraps_a_verdict(void **state)
{
    struct cJSON *v =
        json_of("{\"payloadStatus\":{\"status\":\"VALID\",\"latestValidHash\":\"" HASH_1
                "\",\"validationError\":null},\"payloadId\":[]}");
    struct cJSON *empty = json_of("{\"payloadId\":null}");
    struct ls_payload_verdict out;

    (void)state;
    assert_int_equal(ls_forkchoice_result_parse(v, &out, NULL), LS_OK);
    assert_int_equal(out.status, LS_STATUS_VALID);
    assert_hash_is(&out.latest_valid, HASH_1);
    assert_int_equal(ls_forkchoice_result_parse(empty, &out, NULL), LS_ERR_MISSING);
    assert_int_equal(ls_forkchoice_result_parse(NULL, &out, NULL), LS_ERR_TYPE);
    ls_json_free(v);
    ls_json_free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_has_the_members_of_json_rpc_2),
        cmocka_unit_test(results_and_errors_are_told_apart),
        cmocka_unit_test(nulls_of_lax_servers_are_tolerated),
        cmocka_unit_test(malformed_replies_are_refused),
        cmocka_unit_test(no_such_block_is_known_by_code_or_text),
        cmocka_unit_test(every_status_is_known),
        cmocka_unit_test(a_verdict_carries_ancestor_and_reason),
        cmocka_unit_test(a_long_reason_is_cut_between_characters),
        cmocka_unit_test(malformed_verdicts_are_refused),
        cmocka_unit_test(a_forkchoice_result_wraps_a_verdict),
    };

    return cmocka_run_group_tests_name("op rpc", tests, NULL, NULL);
}
