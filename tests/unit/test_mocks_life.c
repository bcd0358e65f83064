/*
 * How a call to the mock engine ends: late, never, or with the process. All of it is off without
 * its knob, which each test shows as well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/hex.h"
#include "lib/rlp.h"
#include "mocks/model/engine.h"
#include "mocks/rpc/engine_rpc.h"
#include "tests/unit/payload_world.h"

#define ZERO32 "0x0000000000000000000000000000000000000000000000000000000000000000"
#define S UINT64_C(1000000000)

struct fixture {
    struct payload_world w;
    struct ls_engine *engine;
    struct ls_backend *port;
    struct ls_http_reply reply; /* the last one */
    uint64_t now_ns;
};

/* The head is block 7; its children are of Holocene, Isthmus and Jovian. */
static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    payload_world_init(&f->w);
    f->w.rollup.fork_time[LS_FORK_HOLOCENE] = 1016;
    f->w.rollup.fork_time[LS_FORK_JOVIAN] = 1016;
    void *mem = malloc(ls_engine_size(f->w.u));
    assert_non_null(mem);
    f->engine = ls_engine_init(mem, f->w.u, 0, ls_engine_profile_find("geth"));
    ls_engine_seed(f->engine, 7, LS_NO_BLOCK, LS_NO_BLOCK);
    f->port = ls_engine_rpc_new(&(struct ls_engine_rpc_config){
        .engine = f->engine, .universe = f->w.u, .rollup = &f->w.rollup});
    assert_non_null(f->port);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    ls_buf_fini(&f->reply.body);
    ls_engine_rpc_free(f->port);
    free(f->engine);
    payload_world_fini(&f->w);
    free(f);
    return 0;
}

/* Asks a port; the answer's text is valid until the next. */
static const char *ask_at(struct fixture *f, struct ls_backend *port, const char *method,
                          const char *params)
{
    struct ls_buf body;
    ls_buf_init(&body, PAYLOAD_WORLD_BYTES);
    (void)ls_buf_printf(&body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}",
                        method, params);
    struct ls_http_request req = post((const char *)body.p);
    req.now_ns = f->now_ns;
    ls_buf_fini(&f->reply.body);
    f->reply = exchange(port, &req);
    (void)ls_buf_putc(&f->reply.body, '\0');
    ls_buf_fini(&body);
    return (const char *)f->reply.body.p;
}

static const char *ask(struct fixture *f, const char *method, const char *params)
{
    return ask_at(f, f->port, method, params);
}

static void expect_text(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("no %s in %s", part, text);
    }
}

static void expect_gone(struct fixture *f)
{
    assert_true(ls_engine_is_dead(f->engine));
    (void)ask(f, "eth_blockNumber", "[]");
    assert_int_equal(f->reply.fate, LS_FATE_REFUSE);
    assert_true(f->reply.refuse_ns == LS_REFUSE_FOR_GOOD);
}

static void expect_alive(struct fixture *f)
{
    assert_false(ls_engine_is_dead(f->engine));
    expect_text(ask(f, "eth_blockNumber", "[]"), "\"result\":\"0x");
    assert_int_equal(f->reply.fate, LS_FATE_SEND);
}

/* --- payloads and attributes --- */

static struct ls_payload child(const struct fixture *f)
{
    static const uint8_t extra[17] = {1, 0, 0, 0, 250, 0, 0, 0, 6};
    struct ls_payload p = payload_draft(&f->w, 7);
    p.parent_hash = f->w.payloads[7].block_hash;
    p.number = 8;
    p.timestamp = 1016;
    p.extra_bytes = sizeof extra;
    memcpy(p.extra, extra, sizeof extra);
    return p;
}

static const char *deliver(struct fixture *f, struct ls_payload *p)
{
    struct ls_buf params;
    struct ls_header h;
    struct ls_jw w;
    payload_seal(p, &h);
    ls_buf_init(&params, PAYLOAD_WORLD_BYTES);
    ls_jw_init(&w, &params);
    ls_payload_write_params(p, 4, &w, NULL);
    const char *answer = ask(f, "engine_newPayloadV4", (const char *)params.p);
    ls_buf_fini(&params);
    return answer;
}

/* A transaction of a user, or a deposit, all of whose fields are empty or zero. */
static struct ls_span a_tx(bool is_deposit)
{
    static const uint8_t user[] = {2,    0xcc, 0x80, 0x80, 0x80, 0x80, 0x80,
                                   0x80, 0x80, 0x80, 0xc0, 0x80, 0x80, 0x80};
    static const uint8_t deposit[63] = {
        0x7e,        0xf8,        60,          0xa0,        [36] = 0x94, [57] = 0x80,
        [58] = 0x80, [59] = 0x80, [60] = 0x80, [61] = 0x80, [62] = 0x80};
    return is_deposit ? (struct ls_span){deposit, sizeof deposit}
                      : (struct ls_span){user, sizeof user};
}

/* forkchoiceUpdatedV3 to a head; attributes: the rest of their object, NULL: none. */
static const char *forkchoice(struct fixture *f, const struct ls_hash *head, const char *attributes)
{
    struct ls_buf params;
    char digits[65] = {0};
    ls_hex_encode(head->b, 32, digits);
    ls_buf_init(&params, PAYLOAD_WORLD_BYTES);
    (void)ls_buf_printf(&params,
                        "[{\"headBlockHash\":\"0x%s\",\"safeBlockHash\":\"" ZERO32
                        "\",\"finalizedBlockHash\":\"" ZERO32 "\"},",
                        digits);
    if (attributes == NULL) {
        (void)ls_buf_puts(&params, "null]");
    } else {
        (void)ls_buf_printf(&params,
                            "{\"timestamp\":\"0x3f8\",\"prevRandao\":\"" ZERO32
                            "\",\"suggestedFeeRecipient\":"
                            "\"0x4200000000000000000000000000000000000011\",\"withdrawals\":[],"
                            "\"parentBeaconBlockRoot\":\"" ZERO32 "\",\"gasLimit\":\"0x1c9c380\","
                            "%s}]",
                            attributes);
    }
    const char *answer = ask(f, "engine_forkchoiceUpdatedV3", (const char *)params.p);
    ls_buf_fini(&params);
    return answer;
}

/* The payload id in an answer, as parameters of getPayload. */
static void id_of(const char *answer, char params[32])
{
    const char *at = strstr(answer, "\"payloadId\":\"0x");
    assert_non_null(at);
    (void)snprintf(params, 32, "[\"%.18s\"]", at + strlen("\"payloadId\":\""));
}

/* --- slow --- */

static void engine_calls_are_worked_off_one_by_one(void **state)
{
    struct fixture *f = *state;
    const struct ls_hash *head = &f->w.payloads[7].block_hash;
    ls_engine_knobs(f->engine)->call_ns = 2 * S;
    f->now_ns = 10 * S;
    (void)forkchoice(f, head, NULL);
    assert_int_equal(f->reply.delay_ns, 2 * S);
    f->now_ns = 11 * S;
    (void)forkchoice(f, head, NULL);
    assert_int_equal(f->reply.delay_ns, 3 * S);
    (void)ask(f, "eth_blockNumber", "[]");
    assert_int_equal(f->reply.delay_ns, 0);
    ls_engine_restart(f->engine, 0);
    (void)forkchoice(f, head, NULL);
    assert_int_equal(f->reply.delay_ns, 2 * S);
    ls_engine_knobs(f->engine)->call_ns = 0;
    (void)forkchoice(f, head, NULL);
    assert_int_equal(f->reply.delay_ns, 0);
}

/* --- dead --- */

static void a_dead_process_answers_on_no_port_until_its_restart(void **state)
{
    struct fixture *f = *state;
    expect_alive(f);
    ls_engine_kill(f->engine);
    expect_gone(f);
    (void)ask_at(f, ls_engine_rpc_public(f->port), "eth_blockNumber", "[]");
    assert_int_equal(f->reply.fate, LS_FATE_REFUSE);
    ls_engine_restart(f->engine, 0);
    expect_alive(f);
}

static void geth_dies_of_the_last_timestamp_with_a_user_transaction(void **state)
{
    struct fixture *f = *state;
    struct ls_span tx = a_tx(false);
    struct ls_payload p = child(f);
    p.timestamp = UINT64_MAX;
    p.txs = &tx;
    p.tx_count = 1;
    (void)deliver(f, &p);
    expect_alive(f); /* the knob is off */
    ls_engine_knobs(f->engine)->is_mortal = true;
    tx = a_tx(true);
    (void)deliver(f, &p);
    expect_alive(f); /* a deposit only */
    tx = a_tx(false);
    p.parent_hash.b[0] ^= 1;
    expect_text(deliver(f, &p), "SYNCING");
    expect_alive(f); /* the parent is not there */
    p.parent_hash.b[0] ^= 1;
    p.timestamp--;
    (void)deliver(f, &p);
    expect_alive(f);
    p.timestamp++;
    (void)deliver(f, &p);
    assert_int_equal(f->reply.fate, LS_FATE_REFUSE);
    expect_gone(f);
}

static void reth_says_that_its_task_stopped_and_dies_of_a_base_fee(void **state)
{
    struct fixture *f = *state;
    struct ls_payload p = child(f);
    ls_engine_set_profile(f->engine, ls_engine_profile_find("reth"));
    p.base_fee.be[23] = 1; /* 2^64 */
    (void)deliver(f, &p);
    expect_alive(f);
    ls_engine_knobs(f->engine)->is_mortal = true;
    p.base_fee = ls_u256_from_u64(UINT64_MAX);
    (void)deliver(f, &p);
    expect_alive(f);
    p.base_fee.be[23] = 1;
    const char *answer = deliver(f, &p);
    expect_text(answer, "-32603");
    expect_text(answer, "\"data\":{\"err\":\"beacon consensus engine task stopped\"}");
    assert_int_equal(f->reply.fate, LS_FATE_SEND);
    expect_gone(f);
}

/* A block that geth itself builds, with these EIP-1559 parameters, becomes the head. */
static void take_built(struct fixture *f, const char *params)
{
    char attributes[128], id[32];
    struct ls_buf payload;
    struct cJSON *root;
    (void)snprintf(attributes, sizeof attributes,
                   "\"noTxPool\":true,\"minBaseFee\":0,\"eip1559Params\":\"%s\"", params);
    id_of(forkchoice(f, &f->w.payloads[7].block_hash, attributes), id);
    const char *envelope = ask(f, "engine_getPayloadV4", id);
    assert_int_equal(ls_json_parse(envelope, strlen(envelope), 0, &root, NULL), LS_OK);
    const struct cJSON *p = ls_json_get(ls_json_get(root, "result"), "executionPayload");
    ls_buf_init(&payload, PAYLOAD_WORLD_BYTES);
    (void)ls_buf_putc(&payload, '[');
    ls_json_print(p, &payload);
    (void)ls_buf_puts(&payload, ",[],\"" ZERO32 "\",[]]");
    struct ls_hash hash;
    const char *digits = ls_json_str(ls_json_get(p, "blockHash"));
    assert_int_equal(ls_hex_fixed(digits, strlen(digits), hash.b, sizeof hash.b), LS_OK);
    expect_text(ask(f, "engine_newPayloadV4", (const char *)payload.p), "\"VALID\"");
    assert_false(ls_engine_is_dead(f->engine));
    expect_text(forkchoice(f, &hash, NULL), "\"VALID\"");
    ls_json_free(root);
    ls_buf_fini(&payload);
}

static void geth_dies_of_a_head_without_elasticity(void **state)
{
    struct fixture *f = *state;
    ls_engine_knobs(f->engine)->is_mortal = true;
    take_built(f, "0x000000fa00000006");
    expect_alive(f);
    take_built(f, "0x0000000000000000");
    expect_alive(f);
    ls_engine_knobs(f->engine)->is_mortal = false;
    take_built(f, "0x000000fa00000000");
    expect_alive(f);
    expect_text(forkchoice(f, &f->w.payloads[7].block_hash, NULL), "\"VALID\"");
    ls_engine_rewind(f->engine, 1);
    ls_engine_knobs(f->engine)->is_mortal = true;
    take_built(f, "0x000000fa00000000");
    assert_int_equal(f->reply.fate, LS_FATE_SEND);
    expect_gone(f);
}

static void geth_dies_of_jovian_attributes_without_a_least_base_fee(void **state)
{
    static const char pool[] = "\"noTxPool\":false,\"eip1559Params\":\"0x000000fa00000006\"";
    static const char full[] =
        "\"noTxPool\":false,\"minBaseFee\":1,\"eip1559Params\":\"0x000000fa00000006\"";
    static const char forced[] = "\"noTxPool\":true,\"eip1559Params\":\"0x000000fa00000006\"";
    struct fixture *f = *state;
    const struct ls_hash *head = &f->w.payloads[7].block_hash;
    expect_text(forkchoice(f, head, pool), "\"payloadId\":\"0x03");
    expect_alive(f);
    ls_engine_knobs(f->engine)->is_mortal = true;
    expect_text(forkchoice(f, head, full), "\"payloadId\":\"0x03");
    expect_text(forkchoice(f, head, forced), "method handler crashed");
    expect_alive(f);
    expect_text(forkchoice(f, head, pool), "\"payloadId\":\"0x03");
    assert_int_equal(f->reply.fate, LS_FATE_SEND);
    expect_gone(f);
}

static void geth_dies_of_a_blob_transaction_without_blobs(void **state)
{
#define BLOB_TX                                \
    "03e48203858080808094"                     \
    "0000000000000000000000000000000000000000" \
    "8080c080c0808080"
#define ATTRIBUTES(pool, tx)                                                           \
    "\"noTxPool\":" pool ",\"minBaseFee\":1,\"eip1559Params\":\"0x000000fa00000006\"," \
    "\"transactions\":[\"0x" tx "\"]"
    struct fixture *f = *state;
    const struct ls_hash *head = &f->w.payloads[7].block_hash;
    expect_text(forkchoice(f, head, ATTRIBUTES("false", BLOB_TX)), "\"payloadId\":\"0x03");
    expect_alive(f); /* the knob is off */
    ls_engine_knobs(f->engine)->is_mortal = true;
    expect_text(forkchoice(f, head, ATTRIBUTES("true", BLOB_TX)), "method handler crashed");
    expect_alive(f);
    expect_text(forkchoice(f, head,
                           ATTRIBUTES("false", "04e38203858080808094"
                                               "0000000000000000000000000000000000000000"
                                               "8080c0c0808080")),
                "\"payloadId\":\"0x03");
    expect_alive(f); /* refused, which breaks nothing */
    expect_text(forkchoice(f, head,
                           ATTRIBUTES("false", "03e48203850180808094"
                                               "0000000000000000000000000000000000000000"
                                               "8080c080c0808080")),
                "\"payloadId\":\"0x03");
    assert_int_equal(f->reply.fate, LS_FATE_SEND);
    expect_gone(f);
}

/* --- the builder --- */

static void a_build_that_cannot_succeed_blocks_the_builder(void **state)
{
    struct fixture *f = *state;
    const struct ls_hash *head = &f->w.payloads[7].block_hash;
    char tx[256], doomed[512], id[32];
    static const char fine[] =
        "\"noTxPool\":true,\"minBaseFee\":1,\"eip1559Params\":\"0x000000fa00000006\"";
    payload_deposit(40000000, tx, NULL);
    (void)snprintf(doomed, sizeof doomed,
                   "\"noTxPool\":false,\"minBaseFee\":1,\"eip1559Params\":\"0x000000fa00000006\","
                   "\"transactions\":[\"%s\"]",
                   tx);
    id_of(forkchoice(f, head, doomed), id);
    expect_text(ask(f, "engine_getPayloadV4", id), "-32002");
    assert_int_equal(f->reply.delay_ns, 0);
    expect_text(forkchoice(f, head, fine), "\"payloadId\":\"0x03");

    ls_engine_knobs(f->engine)->builds_hang = true;
    expect_text(ask(f, "engine_getPayloadV4", id), "-32002");
    assert_int_equal(f->reply.delay_ns, 30 * S);
    expect_text(forkchoice(f, head, NULL), "\"VALID\""); /* not yet */
    assert_int_equal(f->reply.fate, LS_FATE_SEND);
    (void)forkchoice(f, head, fine);
    assert_int_equal(f->reply.fate, LS_FATE_HANG);
    (void)forkchoice(f, head, NULL);
    assert_int_equal(f->reply.fate, LS_FATE_HANG);
    (void)ask(f, "engine_getPayloadV4", "[\"0x0300000000000001\"]");
    assert_int_equal(f->reply.fate, LS_FATE_HANG);
    struct ls_payload p = child(f);
    expect_text(deliver(f, &p), "status");
    assert_int_equal(f->reply.fate, LS_FATE_SEND);
    expect_alive(f);

    ls_engine_restart(f->engine, 0);
    expect_text(forkchoice(f, head, fine), "\"payloadId\":\"0x03");
    expect_text(ask(f, "engine_getPayloadV4", id), "-38001"); /* its builds are gone, too */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(engine_calls_are_worked_off_one_by_one),
        TEST(a_dead_process_answers_on_no_port_until_its_restart),
        TEST(geth_dies_of_the_last_timestamp_with_a_user_transaction),
        TEST(reth_says_that_its_task_stopped_and_dies_of_a_base_fee),
        TEST(geth_dies_of_a_head_without_elasticity),
        TEST(geth_dies_of_jovian_attributes_without_a_least_base_fee),
        TEST(geth_dies_of_a_blob_transaction_without_blobs),
        TEST(a_build_that_cannot_succeed_blocks_the_builder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
