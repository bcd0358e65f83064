/*
 * Requests as text, replies as events.
 */
#include "tests/unit/node_rig.h"

#include "node/io/schedule.h"
#include "node/io/wire.h"

/* --- requests --- */

static void assert_encoded(const struct ls_action *a, const struct ls_store *s, const char *want)
{
    struct ls_buf b;

    ls_buf_init(&b, 1u << 20);
    ls_wire_encode(a, s, &b);
    assert_int_equal(b.err, LS_OK);
    assert_string_equal((char *)b.p, want);
    assert_int_equal(ls_json_validate((char *)b.p, b.n, 0, NULL), LS_OK);
    ls_buf_fini(&b);
}

#define CALL(method, params) \
    "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"" method "\",\"params\":[" params "]}"

static void every_request_has_its_text(void **state)
{
    struct ls_forkchoice fork = {.head = hash_of(RIG_HASH_A), .safe = hash_of(RIG_HASH_B)};
    const struct {
        struct ls_action action;
        const char *want;
    } rows[] = {
        {{.target = LS_TO_ENGINE, .method = LS_M_CHAIN_ID}, CALL("eth_chainId", "")},
        {{.target = LS_TO_SOURCE, .method = LS_M_STATUS}, CALL("optimism_syncStatus", "")},
        {{.target = LS_TO_SOURCE, .method = LS_M_IDENTITY}, CALL("optimism_rollupConfig", "")},
        {{.target = LS_TO_ENGINE, .method = LS_M_CAPABILITIES},
         CALL("engine_exchangeCapabilities",
              "[\"engine_forkchoiceUpdatedV3\",\"engine_newPayloadV2\","
              "\"engine_newPayloadV3\",\"engine_newPayloadV4\"]")},
        {{.target = LS_TO_SOURCE, .method = LS_M_OUTPUT, .params = {.number = 4660}},
         CALL("optimism_outputAtBlock", "\"0x1234\"")},
        {{.target = LS_TO_SOURCE,
          .method = LS_M_BLOCK,
          .params = {.tag = LS_TAG_FINALIZED, .want_ref = true}},
         CALL("eth_getBlockByNumber", "\"finalized\",true")},
        {{.target = LS_TO_SOURCE, .method = LS_M_BLOCK, .params = {.tag = LS_TAG_SAFE}},
         CALL("eth_getBlockByNumber", "\"safe\",false")},
        {{.target = LS_TO_ENGINE,
          .method = LS_M_BLOCK,
          .params = {.tag = LS_TAG_LATEST, .want_ref = true}},
         CALL("eth_getBlockByNumber", "\"latest\",true")},
        {{.target = LS_TO_ENGINE, .method = LS_M_BLOCK, .params = {.number = 0}},
         CALL("eth_getBlockByNumber", "\"0x0\",false")},
        /* an L1 block is never fetched whole: only its hash is of use */
        {{.target = LS_TO_L1, .method = LS_M_BLOCK, .params = {.number = 16, .want_ref = true}},
         CALL("eth_getBlockByNumber", "\"0x10\",false")},
        {{.target = LS_TO_ENGINE, .method = LS_M_FORKCHOICE, .params = {.fork = fork}},
         CALL("engine_forkchoiceUpdatedV3",
              "{\"headBlockHash\":\"" RIG_HASH_A "\",\"safeBlockHash\":\"" RIG_HASH_B
              "\",\"finalizedBlockHash\":\"" RIG_HASH_0 "\"},null")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_action a = rows[i].action;

        a.kind = LS_ACT_SEND;
        a.id = 7;
        assert_encoded(&a, NULL, rows[i].want);
    }
}

static void a_payload_is_sent_with_the_version_it_was_kept_with(void **state)
{
    struct ls_action a = {
        .kind = LS_ACT_SEND, .id = 7, .target = LS_TO_ENGINE, .method = LS_M_NEW_PAYLOAD};
    struct ls_store *s = NULL;
    struct ls_buf params;

    (void)state;
    assert_int_equal(ls_store_new(2, 1u << 20, &s), LS_OK);
    ls_buf_init(&params, 100);
    ls_buf_puts(&params, "{\"x\":1},[],null");
    assert_int_equal(ls_store_put(s, 3, &params, &a.params.handle), LS_OK);
    assert_encoded(&a, s, CALL("engine_newPayloadV3", "{\"x\":1},[],null"));
    ls_store_free(s);
}

/* --- replies --- */

struct decoded {
    struct ls_event ev;
    struct ls_diag d;
    struct ls_diag remark;
};

static struct decoded decode_text(const struct ls_action *a, const char *text, size_t n)
{
    struct ls_rollup r = rig_rollup();
    struct decoded out = {.d = {""}};

    ls_wire_decode(a, &r, (struct ls_span){(const uint8_t *)text, n}, &out.ev, &out.d, &out.remark);
    assert_int_equal(out.ev.id, a->id);
    assert_int_equal(out.ev.mono_ns, 0);
    return out;
}

static struct decoded decode(const struct ls_action *a, const char *text)
{
    return decode_text(a, text, strlen(text));
}

/* The reply with this result. */
static struct decoded decode_result(const struct ls_action *a, const char *result)
{
    struct decoded out;
    struct ls_buf b;

    ls_buf_init(&b, 1u << 20);
    ls_buf_printf(&b, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":%s}", result);
    assert_int_equal(b.err, LS_OK);
    out = decode_text(a, (char *)b.p, b.n);
    ls_buf_fini(&b);
    return out;
}

static void assert_fails(const struct decoded *r, enum ls_fail_class fail, int64_t code,
                         const char *says)
{
    if (r->ev.kind != LS_EV_FAIL || r->ev.fail != fail || r->ev.code != code ||
        strstr(r->d.text, says) == NULL) {
        fail_msg("kind %d fail %d code %lld: \"%s\", expected \"%s\"", (int)r->ev.kind,
                 (int)r->ev.fail, (long long)r->ev.code, r->d.text, says);
    }
}

static const struct ls_action CHAIN_ID = {.id = 7, .method = LS_M_CHAIN_ID};

static void what_is_no_reply_to_us_is_a_protocol_failure(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } rows[] = {
        {"", ""},
        {"<html>", "malformed JSON"},
        {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"0x385\"} x", "malformed JSON"},
        {"[]", "JSON object"},
        {"null", "JSON object"},
        {"{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":\"0x385\"}", "reply to another request"},
        {"{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":\"0x385\"}", "reply to another request"},
        {"{\"jsonrpc\":\"2.0\",\"result\":\"0x385\"}", "reply to another request"},
        {"{\"jsonrpc\":\"2.0\",\"id\":7}", "neither"},
        {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":901}", "chain id"},
        {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":null}", "chain id"},
        {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"901\"}", "chain id"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct decoded r = decode(&CHAIN_ID, rows[i].text);
        assert_fails(&r, LS_FAIL_PROTOCOL, 0, rows[i].says);
    }
}

static void an_rpc_error_keeps_its_code(void **state)
{
    struct ls_action fork = {.id = 7, .target = LS_TO_ENGINE, .method = LS_M_FORKCHOICE};
    struct decoded r = decode(&fork, "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-38002,"
                                     "\"message\":\"Invalid forkchoice state\"}}");

    (void)state;
    assert_fails(&r, LS_FAIL_RPC, -38002, "JSON-RPC error -38002: Invalid forkchoice state");
    r = decode(&CHAIN_ID, "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32000,"
                          "\"message\":\"block not found\"}}");
    assert_fails(&r, LS_FAIL_RPC, -32000, "block not found"); /* only a block may be absent */
}

static void a_chain_id_is_a_quantity(void **state)
{
    struct decoded r = decode_result(&CHAIN_ID, "\"0x385\"");

    (void)state;
    assert_int_equal(r.ev.kind, LS_EV_REPLY);
    assert_int_equal(r.ev.chain_id, 901);
}

static void an_absent_block_is_not_a_failure(void **state)
{
    static const char *const errors[] = {
        "{\"code\":-39001,\"message\":\"Unknown block\"}",
        "{\"code\":-32000,\"message\":\"finalized block not found\"}",
        "{\"code\":-32001,\"message\":\"resource\"}",
    };
    struct ls_action a = {.id = 7,
                          .target = LS_TO_ENGINE,
                          .method = LS_M_BLOCK,
                          .params = {.tag = LS_TAG_SAFE, .want_ref = true}};
    struct decoded r = decode_result(&a, "null");

    (void)state;
    assert_int_equal(r.ev.kind, LS_EV_REPLY);
    assert_false(r.ev.block.found);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        char text[256];

        (void)snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":%s}", errors[i]);
        r = decode(&a, text);
        assert_int_equal(r.ev.kind, LS_EV_REPLY);
        assert_false(r.ev.block.found);
    }
    a.method = LS_M_OUTPUT;
    a.target = LS_TO_SOURCE;
    r = decode(&a, "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32000,\"message\":"
                   "\"failed to get L2 block ref with sync status: not found\"}}");
    assert_int_equal(r.ev.kind, LS_EV_REPLY);
    assert_false(r.ev.block.found);
    r = decode(&a, "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32601,\"message\":"
                   "\"Method not found\"}}");
    assert_fails(&r, LS_FAIL_RPC, -32601, "Method not found");
}

static void a_whole_block_becomes_a_reference(void **state)
{
    static const enum ls_target targets[] = {LS_TO_SOURCE, LS_TO_ENGINE};
    struct rig_block b;

    (void)state;
    rig_block_load(&b, 100);
    for (size_t i = 0; i < 2; i++) {
        struct ls_action a = {.id = 7,
                              .target = targets[i],
                              .method = LS_M_BLOCK,
                              .params = {.tag = LS_TAG_SAFE, .want_ref = true}};
        struct decoded r = decode_result(&a, (char *)b.json.p);

        assert_int_equal(r.ev.kind, LS_EV_REPLY);
        assert_true(r.ev.block.found);
        assert_int_equal(r.ev.block.ref.number, 100);
        assert_true(ls_hash_eq(&r.ev.block.ref.hash, &b.block.hash));
        assert_true(ls_hash_eq(&r.ev.block.ref.parent, &b.block.header.parent));
        assert_int_equal(r.ev.block.ref.timestamp, b.block.header.timestamp);
        assert_true(r.ev.block.ref.l1_origin.number > 2);
        assert_false(ls_hash_is_zero(&r.ev.block.ref.l1_origin.hash));
    }
    rig_block_fini(&b);
}

/* CRA-06: engines throw bodies away; who has no body knows no L1 origin, but hash and number. */
static void a_block_without_its_body_is_enough_of_our_engine_only(void **state)
{
    struct ls_action a = {.id = 7,
                          .target = LS_TO_ENGINE,
                          .method = LS_M_BLOCK,
                          .params = {.tag = LS_TAG_SAFE, .want_ref = true}};
    struct rig_block b;
    struct ls_buf pruned;

    (void)state;
    rig_block_load(&b, 100);
    const char *text = (const char *)b.json.p;
    const char *list = strstr(text, "\"transactions\":[");
    assert_non_null(list);
    const char *end = strchr(list, '[');
    for (int depth = 1; depth > 0;) {
        end++;
        depth += *end == '[' ? 1 : *end == ']' ? -1 : 0;
    }
    ls_buf_init(&pruned, 1u << 20);
    ls_buf_printf(&pruned, "%.*s\"transactions\":[%s", (int)(list - text), text, end);
    struct decoded r = decode_result(&a, (const char *)pruned.p);
    assert_string_equal(r.d.text, "");
    assert_int_equal(r.ev.kind, LS_EV_REPLY);
    assert_true(ls_hash_eq(&r.ev.block.ref.hash, &b.block.hash));
    assert_int_equal(r.ev.block.ref.number, 100);
    assert_int_equal(r.ev.block.ref.timestamp, b.block.header.timestamp);
    assert_true(ls_hash_is_zero(&r.ev.block.ref.l1_origin.hash));
    a.target = LS_TO_SOURCE;
    r = decode_result(&a, (const char *)pruned.p);
    assert_int_equal(r.ev.kind, LS_EV_FAIL);
    ls_buf_fini(&pruned);
    rig_block_fini(&b);
}

/* an execution-layer source cannot make us follow what its hash does not say; our own engine
 * is believed. */
static void a_source_block_must_hash_to_its_hash(void **state)
{
    struct ls_action a = {.id = 7,
                          .target = LS_TO_SOURCE,
                          .method = LS_M_BLOCK,
                          .params = {.tag = LS_TAG_SAFE, .want_ref = true}};
    struct rig_block b;
    struct decoded r;
    char *altered = NULL;

    (void)state;
    rig_block_load(&b, 100);
    altered = replaced((char *)b.json.p, "\"gasUsed\":\"0x23d4e\"", "\"gasUsed\":\"0x23d4f\"");
    r = decode_result(&a, altered);
    assert_fails(&r, LS_FAIL_PROTOCOL, 0, "\"hash\" does not match");
    a.params.want_ref = false;
    r = decode_result(&a, altered);
    assert_fails(&r, LS_FAIL_PROTOCOL, 0, "\"hash\" does not match");
    a.target = LS_TO_ENGINE;
    a.params.want_ref = true;
    r = decode_result(&a, altered);
    assert_int_equal(r.ev.kind, LS_EV_REPLY);
    free(altered);
    rig_block_fini(&b);
}

#define STATED(hash, number)                                                        \
    "{\"hash\":\"" hash "\",\"parentHash\":\"" RIG_HASH_B "\",\"number\":\"" number \
    "\",\"timestamp\":\"0x10\",\"newField\":{}}"

static void hash_and_number_are_enough_where_no_reference_is_wanted(void **state)
{
    struct ls_action a = {
        .id = 7, .target = LS_TO_L1, .method = LS_M_BLOCK, .params = {.number = 18}};
    struct decoded r = decode_result(&a, STATED(RIG_HASH_A, "0x12"));

    (void)state;
    assert_int_equal(r.ev.kind, LS_EV_REPLY);
    assert_true(r.ev.block.found);
    assert_int_equal(r.ev.block.l1.number, 18);
    assert_hash_is(&r.ev.block.l1.hash, RIG_HASH_A);
    assert_hash_is(&r.ev.block.l1.parent, RIG_HASH_B);
    assert_int_equal(r.ev.block.l1.timestamp, 16);
    a.target = LS_TO_ENGINE;
    r = decode_result(&a, STATED(RIG_HASH_A, "0x12"));
    assert_hash_is(&r.ev.block.ref.hash, RIG_HASH_A);
    assert_int_equal(r.ev.block.ref.number, 18);
}

static void a_block_that_was_not_asked_for_is_refused(void **state)
{
    struct ls_action a = {
        .id = 7, .target = LS_TO_L1, .method = LS_M_BLOCK, .params = {.number = 18}};
    struct decoded r = decode_result(&a, STATED(RIG_HASH_A, "0x13"));

    (void)state;
    assert_fails(&r, LS_FAIL_PROTOCOL, 0, "asked for block 18, got block 19");
    r = decode_result(&a, STATED(RIG_HASH_0, "0x12"));
    assert_fails(&r, LS_FAIL_PROTOCOL, 0, "block without a hash");
    r = decode_result(&a, "{\"number\":\"0x12\"}");
    assert_fails(&r, LS_FAIL_PROTOCOL, 0, "\"hash\"");
    r = decode_result(&a, "[]");
    assert_fails(&r, LS_FAIL_PROTOCOL, 0, "neither an object nor null");
    a.params.tag = LS_TAG_LATEST; /* any number will do */
    r = decode_result(&a, STATED(RIG_HASH_A, "0x13"));
    assert_int_equal(r.ev.kind, LS_EV_REPLY);
}

static void a_status_may_be_of_any_shape_but_not_null(void **state)
{
    struct ls_action a = {.id = 7, .target = LS_TO_SOURCE, .method = LS_M_STATUS};
    struct decoded r =
        decode_result(&a, "{\"safe_l2\":{\"hash\":\"" RIG_HASH_A "\",\"number\":\"0x5\","
                          "\"parentHash\":\"" RIG_HASH_B "\",\"timestamp\":9,\"l1Origin\":{"
                          "\"hash\":\"" RIG_HASH_B "\",\"number\":3},\"seqNum\":1},\"new\":1}");

    (void)state;
    assert_int_equal(r.ev.kind, LS_EV_REPLY);
    assert_int_equal(r.ev.status.safe_l2.number, 5);
    assert_int_equal(r.ev.status.safe_l2.l1_origin.number, 3);
    assert_true(ls_hash_is_zero(&r.ev.status.finalized_l2.hash));
    r = decode_result(&a, "null");
    assert_int_equal(r.ev.kind, LS_EV_FAIL);
    assert_int_equal(r.ev.fail, LS_FAIL_PROTOCOL);
    r = decode_result(&a, "{\"safe_l2\":{\"hash\":\"0x12\"}}");
    assert_int_equal(r.ev.fail, LS_FAIL_PROTOCOL);
}

static void identity_comes_from_the_rollup_config(void **state)
{
    struct ls_action a = {.id = 7, .target = LS_TO_SOURCE, .method = LS_M_IDENTITY};
    struct decoded r = decode_result(&a, RIG_ROLLUP);

    (void)state;
    assert_int_equal(r.ev.kind, LS_EV_REPLY);
    assert_int_equal(r.ev.identity.l2_chain_id, 901);
    assert_int_equal(r.ev.identity.genesis.number, 0);
    assert_hash_is(&r.ev.identity.genesis.hash, RIG_GENESIS);
    r = decode_result(&a, "{\"l2_chain_id\":901}");
    assert_fails(&r, LS_FAIL_PROTOCOL, 0, "genesis.l2");
    r = decode_result(&a, "null");
    assert_int_equal(r.ev.fail, LS_FAIL_PROTOCOL);
}

#define OUTPUT(hash, number)                                                                  \
    "{\"version\":\"" RIG_HASH_0 "\",\"blockRef\":{\"hash\":\"" hash "\",\"number\":" number  \
    ",\"parentHash\":\"" RIG_HASH_B "\",\"timestamp\":9,\"l1origin\":{\"hash\":\"" RIG_HASH_B \
    "\",\"number\":3},\"sequenceNumber\":1}}"

static void an_output_holds_a_block_reference(void **state)
{
    struct ls_action a = {
        .id = 7, .target = LS_TO_SOURCE, .method = LS_M_OUTPUT, .params = {.number = 5}};
    struct decoded r = decode_result(&a, OUTPUT(RIG_HASH_A, "5"));

    (void)state;
    assert_int_equal(r.ev.kind, LS_EV_REPLY);
    assert_true(r.ev.block.found);
    assert_hash_is(&r.ev.block.ref.hash, RIG_HASH_A);
    assert_int_equal(r.ev.block.ref.sequence_number, 1);
    r = decode_result(&a, OUTPUT(RIG_HASH_A, "6"));
    assert_fails(&r, LS_FAIL_PROTOCOL, 0, "asked for block 5, got block 6");
    r = decode_result(&a, OUTPUT(RIG_HASH_0, "5"));
    assert_fails(&r, LS_FAIL_PROTOCOL, 0, "block without a hash");
    r = decode_result(&a, "{}");
    assert_fails(&r, LS_FAIL_PROTOCOL, 0, "block without a hash");
}

static void verdicts_are_read_from_where_each_call_has_them(void **state)
{
    struct ls_action payload = {.id = 7, .target = LS_TO_ENGINE, .method = LS_M_NEW_PAYLOAD};
    struct ls_action fork = {.id = 7, .target = LS_TO_ENGINE, .method = LS_M_FORKCHOICE};
    struct decoded r =
        decode_result(&payload, "{\"status\":\"INVALID\",\"latestValidHash\":\"" RIG_HASH_A
                                "\",\"validationError\":\"bad state root\"}");

    (void)state;
    assert_int_equal(r.ev.kind, LS_EV_REPLY);
    assert_int_equal(r.ev.verdict.status, LS_STATUS_INVALID);
    assert_true(r.ev.verdict.has_latest_valid);
    assert_string_equal(r.d.text, "bad state root"); /* for the log */
    r = decode_result(&fork, "{\"payloadStatus\":{\"status\":\"SYNCING\",\"latestValidHash\":null,"
                             "\"validationError\":null},\"payloadId\":null}");
    assert_int_equal(r.ev.kind, LS_EV_REPLY);
    assert_int_equal(r.ev.verdict.status, LS_STATUS_SYNCING);
    r = decode_result(&fork, "{\"status\":\"VALID\"}");
    assert_int_equal(r.ev.fail, LS_FAIL_PROTOCOL);
    r = decode_result(&payload, "{\"status\":\"MAYBE\"}");
    assert_int_equal(r.ev.fail, LS_FAIL_PROTOCOL);
    r = decode_result(&payload, "null");
    assert_int_equal(r.ev.fail, LS_FAIL_PROTOCOL);
}

/* --- remarks: what does not fit the fork schedule --- */

#define ALL_BUT_V4 "\"engine_forkchoiceUpdatedV3\",\"engine_newPayloadV2\",\"engine_newPayloadV3\""

static void a_method_the_schedule_needs_and_the_engine_lacks_is_remarked_on(void **state)
{
    struct ls_action a = {
        .kind = LS_ACT_SEND, .id = 7, .target = LS_TO_ENGINE, .method = LS_M_CAPABILITIES};
    struct decoded r = decode_result(&a, "[" ALL_BUT_V4 "]");

    (void)state;
    assert_int_equal(r.ev.kind, LS_EV_REPLY);
    assert_non_null(strstr(r.remark.text, "engine_newPayloadV4"));
    assert_non_null(strstr(r.remark.text, "isthmus"));
    r = decode_result(&a, "[" ALL_BUT_V4 ",\"engine_newPayloadV4\",\"engine_x\",7]");
    assert_int_equal(r.ev.kind, LS_EV_REPLY);
    assert_string_equal(r.remark.text, "");
    r = decode_result(&a, "{}");
    assert_int_equal(r.ev.kind, LS_EV_FAIL);
    assert_string_equal(r.remark.text, "");
}

/* A chain that begins with Isthmus and plans nothing else needs V4 alone. */
static void a_method_of_a_fork_that_is_never_used_is_not_missed(void **state)
{
    struct ls_rollup r = rig_rollup();
    struct cJSON *methods = NULL;
    const char *v4 = "[\"engine_newPayloadV4\",\"engine_forkchoiceUpdatedV3\"]";
    const char *v2 = "[\"engine_newPayloadV2\",\"engine_forkchoiceUpdatedV3\"]";
    struct ls_diag d = {""};

    (void)state;
    assert_int_equal(ls_json_parse(v4, strlen(v4), 0, &methods, NULL), LS_OK);
    assert_true(ls_schedule_lacks(&r, methods, &d)); /* it began before Ecotone */
    assert_non_null(strstr(d.text, "engine_newPayloadV2"));
    for (int f = LS_FORK_REGOLITH; f <= LS_FORK_ISTHMUS; f++) {
        r.fork_time[f] = 0;
    }
    assert_false(ls_schedule_lacks(&r, methods, &d));
    ls_json_free(methods);
    assert_int_equal(ls_json_parse(v2, strlen(v2), 0, &methods, NULL), LS_OK);
    assert_true(ls_schedule_lacks(&r, methods, &d));
    for (int f = LS_FORK_ECOTONE; f < LS_FORK_COUNT; f++) {
        r.fork_time[f] = LS_FORK_NEVER;
    }
    assert_false(ls_schedule_lacks(&r, methods, &d));
    ls_json_free(methods);
}

/* the selector counts, the config is told to be wrong. */
static void l1_info_of_another_fork_is_read_and_remarked_on(void **state)
{
    struct ls_rollup r = rig_rollup();
    struct ls_action a = {.kind = LS_ACT_SEND,
                          .id = 7,
                          .target = LS_TO_ENGINE,
                          .method = LS_M_BLOCK,
                          .params = {.tag = LS_TAG_LATEST, .want_ref = true}};
    struct ls_diag d = {""};
    struct ls_diag remark;
    struct ls_event ev;
    struct ls_buf reply;
    struct rig_block b;

    (void)state;
    rig_block_load(&b, 100);
    const struct ls_header *h = &b.block.header;
    assert_false(
        ls_schedule_differs(&r, h->number, h->timestamp, b.block.txs, b.block.tx_count, &d));
    assert_string_equal(d.text, "");
    r.fork_time[LS_FORK_JOVIAN] = LS_FORK_NEVER;
    assert_true(
        ls_schedule_differs(&r, h->number, h->timestamp, b.block.txs, b.block.tx_count, &d));
    assert_non_null(strstr(d.text, "\"jovian\""));
    assert_non_null(strstr(d.text, "\"isthmus\""));
    ls_buf_init(&reply, 1u << 20);
    ls_buf_printf(&reply, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":%s}", (char *)b.json.p);
    ls_wire_decode(&a, &r, ls_buf_span(&reply), &ev, &d, &remark);
    assert_int_equal(ev.kind, LS_EV_REPLY);
    assert_int_equal(ev.block.ref.number, 100);
    assert_non_null(strstr(remark.text, "\"jovian\""));
    ls_buf_fini(&reply);
    assert_false(ls_schedule_differs(&r, h->number, h->timestamp, NULL, 0, &d));
    rig_block_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_has_its_text),
        cmocka_unit_test(a_payload_is_sent_with_the_version_it_was_kept_with),
        cmocka_unit_test(what_is_no_reply_to_us_is_a_protocol_failure),
        cmocka_unit_test(an_rpc_error_keeps_its_code),
        cmocka_unit_test(a_chain_id_is_a_quantity),
        cmocka_unit_test(an_absent_block_is_not_a_failure),
        cmocka_unit_test(a_whole_block_becomes_a_reference),
        cmocka_unit_test(a_block_without_its_body_is_enough_of_our_engine_only),
        cmocka_unit_test(a_source_block_must_hash_to_its_hash),
        cmocka_unit_test(hash_and_number_are_enough_where_no_reference_is_wanted),
        cmocka_unit_test(a_block_that_was_not_asked_for_is_refused),
        cmocka_unit_test(a_status_may_be_of_any_shape_but_not_null),
        cmocka_unit_test(identity_comes_from_the_rollup_config),
        cmocka_unit_test(an_output_holds_a_block_reference),
        cmocka_unit_test(verdicts_are_read_from_where_each_call_has_them),
        cmocka_unit_test(a_method_the_schedule_needs_and_the_engine_lacks_is_remarked_on),
        cmocka_unit_test(a_method_of_a_fork_that_is_never_used_is_not_missed),
        cmocka_unit_test(l1_info_of_another_fork_is_read_and_remarked_on),
    };

    return cmocka_run_group_tests_name("node_wire", tests, NULL, NULL);
}
