/*
 * The node's own JSON-RPC, without a socket.
 */
#include "tests/unit/node_rig.h"

#include "node/io/api.h"

/* A node that remembers what it was asked. */
struct node {
    struct ls_core_status status;
    unsigned posted;
    struct ls_hash last_posted;
    enum ls_err answer;
};

static void give_status(void *arg, struct ls_core_status *out)
{
    *out = ((struct node *)arg)->status;
}

static enum ls_err take_payload(void *arg, const struct ls_payload *p, struct ls_diag *d)
{
    struct node *n = arg;

    if (n->answer != LS_OK) {
        return ls_fail(d, n->answer, "no room");
    }
    n->posted++;
    n->last_posted = p->block_hash;
    return LS_OK;
}

static struct ls_api_host host_of(struct node *n)
{
    return (struct ls_api_host){.node = n,
                                .status = give_status,
                                .post = take_payload,
                                .rollup_json = "{\"block_time\":2}",
                                .rollup_bytes = strlen("{\"block_time\":2}"),
                                .is_admin_enabled = true};
}

static struct ls_buf serve(const struct ls_api_host *h, const char *text)
{
    struct ls_buf out;

    ls_buf_init(&out, LS_API_REPLY_BYTES_MAX);
    ls_api_serve(h, text, strlen(text), &out);
    assert_int_equal(out.err, LS_OK);
    return out;
}

static void assert_answer(const struct ls_api_host *h, const char *text, const char *want)
{
    struct ls_buf out = serve(h, text);

    assert_string_equal(out.n > 0 ? (char *)out.p : "", want);
    ls_buf_fini(&out);
}

#define ERROR(id, code, message)                                                                   \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"error\":{\"code\":" code ",\"message\":\"" message "\"}" \
    "}"
#define RESULT(id, result) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":" result "}"
#define CALL(id, method, params) \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\",\"params\":" params "}"
#define VERSION "\"v" LS_VERSION "-lightcl\""

static void calls_are_answered_as_op_node_does(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        {CALL("1", "optimism_version", "[]"), RESULT("1", VERSION)},
        {CALL("\"a\"", "health_status", "null"), RESULT("\"a\"", VERSION)},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"optimism_version\"}", RESULT("1", VERSION)},
        {CALL("3", "optimism_rollupConfig", "[]"), RESULT("3", "{\"block_time\":2}")},
        /* errors */
        {"{\"jsonrpc\":", ERROR("null", "-32700", "parse error")},
        {"", ERROR("null", "-32700", "parse error")},
        {"7", ERROR("null", "-32600", "invalid request")},
        {"{\"id\":1,\"method\":\"optimism_version\"}", ERROR("1", "-32600", "invalid request")},
        {"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"optimism_version\"}",
         ERROR("1", "-32600", "invalid request")},
        {"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"optimism_version\"}",
         ERROR("null", "-32600", "invalid request")},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", ERROR("1", "-32600", "invalid request")},
        {CALL("1", "optimism_safeHeadAtL1Block", "[\"0x1\"]"),
         ERROR("1", "-32601",
               "the method optimism_safeHeadAtL1Block does not exist/is not available")},
        {CALL("1", "optimism_outputAtBlock", "[\"1\"]"),
         ERROR("1", "-32602", "invalid argument 0: not a hex number")},
        {CALL("1", "optimism_outputAtBlock", "[]"),
         ERROR("1", "-32602", "missing value for required argument 0")},
        {"[" CALL("1", "optimism_outputAtBlock", "[\"0x1\"]") "]",
         "[" ERROR("1", "-32000", "optimism_outputAtBlock is not served in a batch") "]"},
        {CALL("1", "optimism_version", "[1]"),
         ERROR("1", "-32602", "too many arguments, want at most 0")},
        {CALL("1", "optimism_version", "{}"), ERROR("1", "-32602", "non-array args")},
        {CALL("1", "admin_postUnsafePayload", "[]"),
         ERROR("1", "-32602", "missing value for required argument 0")},
        {CALL("1", "admin_postUnsafePayload", "[{},{}]"),
         ERROR("1", "-32602", "too many arguments, want at most 1")},
        /* nobody waits for the answer of a notification */
        {"{\"jsonrpc\":\"2.0\",\"method\":\"optimism_version\"}", ""},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"no_such\"}", ""},
    };
    struct node n = {.answer = LS_OK};
    struct ls_api_host h = host_of(&n);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_answer(&h, rows[i].text, rows[i].want);
    }
}

static void batches_are_answered_in_order_without_the_notifications(void **state)
{
    struct node n = {.answer = LS_OK};
    struct ls_api_host h = host_of(&n);

    (void)state;
    assert_answer(&h,
                  "[" CALL("1", "optimism_version",
                           "[]") ",{\"jsonrpc\":\"2.0\",\"method\":"
                                 "\"optimism_version\"},3," CALL("2", "nope_x", "[]") "]",
                  "[" RESULT("1", VERSION) "," ERROR("null", "-32600", "invalid request") "," ERROR(
                      "2", "-32601", "the method nope_x does not exist/is not available") "]");
    assert_answer(&h, "[]", ERROR("null", "-32600", "empty batch"));
    assert_answer(&h, "[{\"jsonrpc\":\"2.0\",\"method\":\"optimism_version\"}]", "");
}

static void a_batch_is_bounded(void **state)
{
    struct node n = {.answer = LS_OK};
    struct ls_api_host h = host_of(&n);
    struct ls_buf text;

    (void)state;
    ls_buf_init(&text, 1u << 20);
    ls_buf_puts(&text, "[1");
    for (unsigned i = 1; i < LS_API_BATCH_MAX + 1; i++) {
        ls_buf_puts(&text, ",1");
    }
    ls_buf_puts(&text, "]");
    assert_answer(&h, (char *)text.p, ERROR("null", "-32600", "batch too large"));
    ls_buf_fini(&text);
}

static void a_reply_is_bounded(void **state)
{
    struct node n = {.answer = LS_OK};
    struct ls_api_host h = host_of(&n);
    struct ls_buf out;
    const char *call = CALL("1", "optimism_syncStatus", "[]");

    (void)state;
    ls_buf_init(&out, 200);
    ls_api_serve(&h, call, strlen(call), &out);
    assert_string_equal((char *)out.p, ERROR("null", "-32000", "response too large"));
    ls_buf_fini(&out);
}

static void the_status_is_the_published_one(void **state)
{
    struct node n = {.status.published.safe_l2 = {.number = 77}};
    struct ls_api_host h = host_of(&n);
    struct ls_buf out = serve(&h, CALL("1", "optimism_syncStatus", "[]"));
    struct cJSON *root = json_of((char *)out.p);
    const struct cJSON *result = ls_json_get(root, "result");
    uint64_t number = 0;

    (void)state;
    assert_int_equal(ls_json_count(result), 11);
    assert_int_equal(ls_json_u64(ls_json_get(ls_json_get(result, "safe_l2"), "number"), &number),
                     LS_OK);
    assert_int_equal(number, 77);
    ls_json_free(root);
    ls_buf_fini(&out);
}

/* The call that hands in p. */
static struct ls_buf post_call(const struct ls_payload *p)
{
    struct ls_buf b;
    struct ls_jw w;

    ls_buf_init(&b, 1u << 20);
    ls_buf_puts(&b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"admin_postUnsafePayload\","
                    "\"params\":[");
    ls_jw_init(&w, &b);
    ls_envelope_write(p, &w, NULL);
    ls_buf_puts(&b, "]}");
    assert_int_equal(b.err, LS_OK);
    return b;
}

static void a_payload_with_the_right_hash_is_taken(void **state)
{
    static const uint64_t blocks[] = {1, 10, 60, 100};
    struct node n = {.answer = LS_OK};
    struct ls_api_host h = host_of(&n);

    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        struct rig_block b;
        struct ls_payload p;
        struct ls_buf call;

        rig_block_load(&b, blocks[i]);
        p = rig_payload(&b);
        call = post_call(&p);
        assert_answer(&h, (char *)call.p, RESULT("1", "null"));
        assert_int_equal(n.posted, i + 1);
        assert_true(ls_hash_eq(&n.last_posted, &b.block.hash));
        ls_buf_fini(&call);
        rig_block_fini(&b);
    }
}

static void a_payload_with_a_wrong_hash_is_refused_in_op_nodes_words(void **state)
{
    struct node n = {.answer = LS_OK};
    struct ls_api_host h = host_of(&n);
    struct rig_block b;
    struct ls_payload p;
    struct ls_buf call, out;

    (void)state;
    rig_block_load(&b, 100);
    p = rig_payload(&b);
    p.gas_used++;
    call = post_call(&p);
    out = serve(&h, (char *)call.p);
    assert_non_null(strstr((char *)out.p, "\"code\":-32000,\"message\":\"payload has bad block "
                                          "hash: 0x"));
    assert_non_null(strstr((char *)out.p, ", actual block hash is: 0x"));
    assert_int_equal(n.posted, 0);
    ls_buf_fini(&out);
    ls_buf_fini(&call);
    rig_block_fini(&b);
}

static void a_payload_the_node_cannot_take_is_an_error(void **state)
{
    struct node n = {.answer = LS_ERR_LIMIT};
    struct ls_api_host h = host_of(&n);
    struct rig_block b;
    struct ls_payload p;
    struct ls_buf call;

    (void)state;
    rig_block_load(&b, 100);
    p = rig_payload(&b);
    call = post_call(&p);
    assert_answer(&h, (char *)call.p, ERROR("1", "-32000", "no room"));
    ls_buf_fini(&call);
    rig_block_fini(&b);
}

static void a_payload_that_is_none_is_an_invalid_argument(void **state)
{
    static const char *const params[] = {
        "[{}]",
        "[null]",
        "[7]",
        "[{\"parentBeaconBlockRoot\":\"" RIG_HASH_0 "\"}]",
        "[{\"executionPayload\":null}]",
        "[{\"executionPayload\":{}}]",
        "[{\"executionPayload\":{\"parentHash\":7}}]",
    };
    struct node n = {.answer = LS_OK};
    struct ls_api_host h = host_of(&n);

    (void)state;
    for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
        char text[512];
        struct ls_buf out;

        (void)snprintf(text, sizeof text, CALL("1", "admin_postUnsafePayload", "%s"), params[i]);
        out = serve(&h, text);
        if (strstr((char *)out.p, "\"code\":-32602,\"message\":\"invalid argument 0: ") == NULL) {
            fail_msg("%s gave %s", params[i], (char *)out.p);
        }
        ls_buf_fini(&out);
    }
    assert_int_equal(n.posted, 0);
}

static void admin_methods_are_not_there_unless_enabled(void **state)
{
    struct node n = {.answer = LS_OK};
    struct ls_api_host h = host_of(&n);

    (void)state;
    h.is_admin_enabled = false;
    assert_answer(
        &h, CALL("1", "admin_postUnsafePayload", "[{}]"),
        ERROR("1", "-32601", "the method admin_postUnsafePayload does not exist/is not available"));
}

static void only_a_good_call_of_output_at_block_wants_the_engine(void **state)
{
    static const struct {
        const char *text;
        bool wants;
    } rows[] = {
        {CALL("1", "optimism_outputAtBlock", "[\"0x2a\"]"), true},
        {CALL("null", "optimism_outputAtBlock", "[\"0x2a\"]"), true},
        {CALL("1", "optimism_outputAtBlock", "[\"0x2a\",1]"), false},
        {CALL("1", "optimism_outputAtBlock", "[]"), false},
        {CALL("1", "optimism_outputAtBlock", "[42]"), false},
        {CALL("1", "optimism_outputAtBlock", "{}"), false},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"optimism_outputAtBlock\"}", false},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"optimism_outputAtBlock\",\"params\":[\"0x2a\"]}",
         false},
        {"[" CALL("1", "optimism_outputAtBlock", "[\"0x2a\"]") "]", false},
        {CALL("1", "optimism_version", "[]"), false},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":3}", false},
        {"nonsense", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t number = 0;

        if (ls_api_wants_output(rows[i].text, strlen(rows[i].text), &number) != rows[i].wants ||
            (rows[i].wants && number != 42)) {
            fail_msg("%s", rows[i].text);
        }
    }
}

static void ready_means_following(void **state)
{
    const struct ls_core_status good = {
        .source = LS_SOURCE_OK,
        .engine = LS_ENGINE_VALID,
        .l1 = LS_L1_OK,
        .last_follow_wall_s = 990,
        .published = {.unsafe_l2 = {.number = 12, .timestamp = 995}, .safe_l2 = {.number = 5}}};
    struct ls_core_status s = good;
    struct ls_buf b;

    (void)state;
    ls_buf_init(&b, 1000);
    assert_true(ls_api_readyz(&s, 0, 1000, &b));
    assert_string_equal((char *)b.p,
                        "{\"source\":\"ok\",\"el\":\"ok\",\"l1\":\"ok\",\"unsafe_age_s\":5,"
                        "\"safe_lag_blocks\":7,\"last_follow_ok_s\":10}");
    assert_true(ls_api_readyz(&s, 7, 1000, &b));
    assert_false(ls_api_readyz(&s, 6, 1000, &b));
    s.l1 = LS_L1_OFF;
    assert_true(ls_api_readyz(&s, 0, 1000, &b));
    s.l1 = LS_L1_LAGGING;
    assert_false(ls_api_readyz(&s, 0, 1000, &b));
    s = good;
    s.source = LS_SOURCE_CONTRADICTION;
    assert_false(ls_api_readyz(&s, 0, 1000, &b));
    s = good;
    s.engine = LS_ENGINE_SYNCING;
    assert_false(ls_api_readyz(&s, 0, 1000, &b));
    s = (struct ls_core_status){.source = LS_SOURCE_OK, .engine = LS_ENGINE_VALID};
    ls_buf_clear(&b);
    assert_false(ls_api_readyz(&s, 0, 1000, &b));
    assert_non_null(strstr((char *)b.p, "\"unsafe_age_s\":null"));
    assert_non_null(strstr((char *)b.p, "\"last_follow_ok_s\":null"));
    ls_buf_clear(&b);
    ls_api_healthz(&b);
    assert_string_equal((char *)b.p, "{\"version\":" VERSION "}");
    ls_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_answered_as_op_node_does),
        cmocka_unit_test(batches_are_answered_in_order_without_the_notifications),
        cmocka_unit_test(a_batch_is_bounded),
        cmocka_unit_test(a_reply_is_bounded),
        cmocka_unit_test(the_status_is_the_published_one),
        cmocka_unit_test(a_payload_with_the_right_hash_is_taken),
        cmocka_unit_test(a_payload_with_a_wrong_hash_is_refused_in_op_nodes_words),
        cmocka_unit_test(a_payload_the_node_cannot_take_is_an_error),
        cmocka_unit_test(a_payload_that_is_none_is_an_invalid_argument),
        cmocka_unit_test(admin_methods_are_not_there_unless_enabled),
        cmocka_unit_test(only_a_good_call_of_output_at_block_wants_the_engine),
        cmocka_unit_test(ready_means_following),
    };

    return cmocka_run_group_tests_name("node_api", tests, NULL, NULL);
}
