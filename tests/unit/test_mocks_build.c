/* Building on the mock engine: what forkchoiceUpdated with attributes starts and getPayload hands
 * out, and what the engine says to it afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/rlp.h"
#include "mocks/model/engine.h"
#include "mocks/rpc/engine_rpc.h"
#include "tests/unit/payload_world.h"

#define ZERO32 "0x0000000000000000000000000000000000000000000000000000000000000000"

struct fixture {
    struct payload_world w;
    void *engine_mem;
    struct ls_engine *engine;
    struct ls_backend *port;
    uint64_t now_ns;
};

static void open_port(struct fixture *f)
{
    f->port = ls_engine_rpc_new(&(struct ls_engine_rpc_config){
        .engine = f->engine, .universe = f->w.u, .rollup = &f->w.rollup});
    assert_non_null(f->port);
}

/* The head is block 2, of Canyon. */
static int set_up_as(void **state, const char *profile)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    payload_world_init(&f->w);
    f->engine_mem = malloc(ls_engine_size(f->w.u));
    assert_non_null(f->engine_mem);
    f->engine = ls_engine_init(f->engine_mem, f->w.u, 0, ls_engine_profile_find(profile));
    ls_engine_seed(f->engine, 2, LS_NO_BLOCK, LS_NO_BLOCK);
    open_port(f);
    *state = f;
    return 0;
}

static int set_up(void **state)
{
    return set_up_as(state, "geth");
}

static int set_up_reth(void **state)
{
    return set_up_as(state, "reth");
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    ls_engine_rpc_free(f->port);
    free(f->engine_mem);
    payload_world_fini(&f->w);
    free(f);
    return 0;
}

/* The whole answer, parsed. */
static struct cJSON *ask(const struct fixture *f, const char *method, const char *params)
{
    struct ls_buf body;
    struct cJSON *root;
    ls_buf_init(&body, PAYLOAD_WORLD_BYTES);
    (void)ls_buf_printf(&body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}",
                        method, params);
    struct ls_http_request req = post((const char *)body.p);
    req.now_ns = f->now_ns;
    struct ls_http_reply reply = exchange(f->port, &req);
    assert_int_equal(ls_json_parse((const char *)reply.body.p, reply.body.n, 0, &root, NULL),
                     LS_OK);
    ls_buf_fini(&reply.body);
    ls_buf_fini(&body);
    return root;
}

static void expect_error(const struct fixture *f, const char *method, const char *params,
                         int64_t code, const char *why)
{
    struct cJSON *root = ask(f, method, params);
    const struct cJSON *error = ls_json_get(root, "error");
    int64_t got = 0;
    assert_int_equal(ls_json_i64(ls_json_get(error, "code"), &got), LS_OK);
    assert_int_equal(got, code);
    if (why != NULL) {
        assert_string_equal(ls_json_str(ls_json_get(ls_json_get(error, "data"), "err")), why);
    }
    ls_json_free(root);
}

/* What the attributes of a test differ in. */
struct build {
    unsigned random; /* last byte of prevRandao */
    uint64_t timestamp;
    uint64_t gas_limit;
    const char *tx; /* "0x…", NULL: none */
    bool with_pool;
};

static void build_params(const struct fixture *f, const struct build *b, struct ls_buf *out)
{
    char head[65] = {0};
    ls_hex_encode(f->w.payloads[2].block_hash.b, 32, head);
    (void)ls_buf_printf(
        out,
        "[{\"headBlockHash\":\"0x%s\",\"safeBlockHash\":\"" ZERO32
        "\",\"finalizedBlockHash\":\"" ZERO32 "\"},{\"timestamp\":\"0x%llx\",\"prevRandao\":"
        "\"0x%064x\",\"suggestedFeeRecipient\":\"0x4200000000000000000000000000000000000011\","
        "\"withdrawals\":[],\"noTxPool\":%s,\"gasLimit\":\"0x%llx\",\"transactions\":[",
        head, (unsigned long long)b->timestamp, b->random, b->with_pool ? "false" : "true",
        (unsigned long long)b->gas_limit);
    if (b->tx != NULL) {
        (void)ls_buf_printf(out, "\"%s\"", b->tx);
    }
    (void)ls_buf_puts(out, "]}]");
}

static const struct build PLAIN = {.timestamp = 1006, .gas_limit = 30000000};

/* The payload id as "[\"0x…\"]". */
static void start(const struct fixture *f, const struct build *b, char params[24])
{
    struct ls_buf text;
    ls_buf_init(&text, PAYLOAD_WORLD_BYTES);
    build_params(f, b, &text);
    struct cJSON *root = ask(f, "engine_forkchoiceUpdatedV2", (const char *)text.p);
    const char *id = ls_json_str(ls_json_get(ls_json_get(root, "result"), "payloadId"));
    assert_non_null(id);
    (void)snprintf(params, 24, "[\"%s\"]", id);
    ls_json_free(root);
    ls_buf_fini(&text);
}

/* The executionPayload as "[{…}]". */
static void get(const struct fixture *f, const char *id, struct ls_buf *out)
{
    struct cJSON *root = ask(f, "engine_getPayloadV2", id);
    const struct cJSON *payload = ls_json_get(ls_json_get(root, "result"), "executionPayload");
    assert_non_null(payload);
    (void)ls_buf_putc(out, '[');
    ls_json_print(payload, out);
    (void)ls_buf_putc(out, ']');
    ls_json_free(root);
}

static void expect_status(const struct fixture *f, const char *payload, const char *status)
{
    struct cJSON *root = ask(f, "engine_newPayloadV2", payload);
    assert_string_equal(ls_json_str(ls_json_get(ls_json_get(root, "result"), "status")), status);
    ls_json_free(root);
}

/* A deposit that wants this much gas, "0x…", and the digits of its hash. */
static void deposit(uint64_t gas, char out[256], char hash[65])
{
    uint8_t digest[32];
    payload_deposit(gas, out, digest);
    ls_hex_encode(digest, 32, hash);
    hash[64] = '\0';
}

static void what_was_built_is_valid_and_becomes_a_block(void **state)
{
    struct fixture *f = *state;
    struct ls_buf payload;
    char id[24];
    ls_buf_init(&payload, PAYLOAD_WORLD_BYTES);
    start(f, &PLAIN, id);
    get(f, id, &payload);
    struct cJSON *tree;
    assert_int_equal(ls_json_parse((const char *)payload.p, payload.n, 0, &tree, NULL), LS_OK);
    const struct cJSON *p = ls_json_at(tree, 0);
    char hash[80];
    (void)snprintf(hash, sizeof hash, "[\"%s\",true]", ls_json_str(ls_json_get(p, "blockHash")));
    assert_string_equal(ls_json_str(ls_json_get(p, "blockNumber")), "0x3");
    assert_string_equal(ls_json_str(ls_json_get(p, "gasLimit")), "0x1c9c380");
    assert_string_equal(ls_json_str(ls_json_get(p, "baseFeePerGas")), "0x3bd7d300");
    assert_true(ls_json_is_null(ls_json_get(p, "blobGasUsed")));
    ls_json_free(tree);
    struct cJSON *root = ask(f, "eth_getBlockByHash", hash);
    assert_true(ls_json_is_null(ls_json_get(root, "result"))); /* built is not delivered */
    ls_json_free(root);
    expect_status(f, (const char *)payload.p, "VALID");
    root = ask(f, "eth_getBlockByHash", hash);
    assert_string_equal(ls_json_str(ls_json_get(ls_json_get(root, "result"), "number")), "0x3");
    ls_json_free(root);
    ls_buf_fini(&payload);
}

/* No recorded block has this transaction, so the results are made up. */
static void what_was_built_is_valid_after_the_process_ended(void **state)
{
    struct fixture *f = *state;
    struct ls_buf payload;
    char tx[256];
    char hash[65];
    char id[24];
    struct build b = PLAIN;
    deposit(1000000, tx, hash);
    b.tx = tx;
    ls_buf_init(&payload, PAYLOAD_WORLD_BYTES);
    start(f, &b, id);
    get(f, id, &payload);
    ls_engine_rpc_free(f->port);
    open_port(f);
    expect_error(f, "engine_getPayloadV2", id, -38001, NULL);
    expect_status(f, (const char *)payload.p, "VALID");
    ls_buf_fini(&payload);
}

static void an_id_is_answered_by_its_version_and_again(void **state)
{
    struct fixture *f = *state;
    char id[24];
    char again[24];
    struct ls_buf one;
    struct ls_buf two;
    start(f, &PLAIN, id);
    start(f, &PLAIN, again);
    assert_string_equal(id, again);
    assert_memory_equal(id, "[\"0x02", 6);
    expect_error(f, "engine_getPayloadV1", id, -38005, NULL);
    expect_error(f, "engine_getPayloadV3", id, -38005, NULL);
    expect_error(f, "engine_getPayloadV4", id, -38005, NULL);
    expect_error(f, "engine_getPayloadV2", "[null]", -38005, NULL);
    expect_error(f, "engine_getPayloadV2", "[\"0x0200000000000000\"]", -38001, NULL);
    ls_buf_init(&one, PAYLOAD_WORLD_BYTES);
    ls_buf_init(&two, PAYLOAD_WORLD_BYTES);
    get(f, id, &one);
    get(f, id, &two);
    assert_string_equal((const char *)one.p, (const char *)two.p);
    ls_buf_fini(&one);
    ls_buf_fini(&two);
}

static void the_ten_newest_builds_are_kept(void **state)
{
    struct fixture *f = *state;
    char ids[11][24];
    for (unsigned i = 0; i < 11; i++) {
        struct build b = PLAIN;
        b.random = i;
        start(f, &b, ids[i]);
    }
    expect_error(f, "engine_getPayloadV2", ids[0], -38001, NULL);
    for (unsigned i = 1; i < 11; i++) {
        struct cJSON *root = ask(f, "engine_getPayloadV2", ids[i]);
        assert_non_null(ls_json_get(root, "result"));
        ls_json_free(root);
    }
}

static void faults_of_a_build(void **state)
{
    struct fixture *f = *state;
    struct ls_buf text;
    char tx[256];
    char hash[65];
    char why[256];
    char id[24];
    struct build b = PLAIN;
    ls_buf_init(&text, PAYLOAD_WORLD_BYTES);
    b.timestamp = 1004;
    build_params(f, &b, &text);
    expect_error(f, "engine_forkchoiceUpdatedV2", (const char *)text.p, -38003,
                 "invalid timestamp, parent 1004 given 1004");
    deposit(1000000, tx, hash);
    b = (struct build){.timestamp = 1006, .gas_limit = 999999, .tx = tx};
    ls_buf_clear(&text);
    build_params(f, &b, &text);
    (void)snprintf(why, sizeof why,
                   "failed to force-include tx: 0x%s type: 126 sender: "
                   "0x0000000000000000000000000000000000000000 nonce: 0, err: gas limit reached",
                   hash);
    expect_error(f, "engine_forkchoiceUpdatedV2", (const char *)text.p, -38003, why);
    b.gas_limit = 1000000;
    start(f, &b, id);
    b.gas_limit = 999999;
    b.with_pool = true; /* the call succeeds, the build never does */
    start(f, &b, id);
    expect_error(f, "engine_getPayloadV2", id, -32002, NULL);
    ls_buf_fini(&text);
}

/* Of one that op-geth can read. */
static void a_transaction_that_no_block_takes_is_refused(void **state)
{
#define ZEROS40 "0000000000000000000000000000000000000000"
#define ZEROS62 ZEROS40 "0000000000000000000000"
#define DEPOSIT(mint, is_system)            \
    "a0" ZEROS40 "000000000000000000000011" \
    "94" ZEROS40 "80" mint "8080" is_system "80"
    static const struct {
        const char *tx;
        const char *err; /* NULL: the builder breaks */
    } cases[] = {
        {"0x7ef83c" DEPOSIT("80", "01"), "system tx not supported: address 0x" ZEROS40},
        {"0x7ef85d" DEPOSIT("a101" ZEROS62 "07", "80"), "mint value exceeds uint256: 7"},
        {"0x01cd820385808080808080c0808080", "invalid transaction v, r, s values"},
        {"0x02ce82038480808080808080c0808080", "invalid chain id for signer: have 900 want 901"},
        {"0x04e38203858080808094" ZEROS40 "8080c0c0808080", "transaction type not supported"},
        {"0x03e48203858080808094" ZEROS40 "8080c080c0808080", NULL},
        {"0x03e8e48203858080808094" ZEROS40 "8080c080c0808080c0c0c0",
         "transaction type not supported"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct build b = PLAIN;
        struct ls_buf params;
        b.tx = cases[i].tx;
        ls_buf_init(&params, PAYLOAD_WORLD_BYTES);
        build_params(f, &b, &params);
        if (cases[i].err == NULL) {
            expect_error(f, "engine_forkchoiceUpdatedV2", (const char *)params.p, -32603, NULL);
        } else {
            struct cJSON *root = ask(f, "engine_forkchoiceUpdatedV2", (const char *)params.p);
            const struct cJSON *data = ls_json_get(ls_json_get(root, "error"), "data");
            const char *text = ls_json_str(ls_json_get(data, "err"));
            const char *at = text == NULL ? NULL : strstr(text, ", err: ");
            assert_non_null(at);
            assert_string_equal(at + 7, cases[i].err);
            ls_json_free(root);
        }
        ls_buf_fini(&params);
    }
}

static void reth_gives_up_a_build_that_nobody_fetches(void **state)
{
    struct fixture *f = *state;
    char late[24];
    char fetched[24];
    struct ls_buf payload;
    struct build b = PLAIN;
    ls_buf_init(&payload, PAYLOAD_WORLD_BYTES);
    f->now_ns = 1;
    start(f, &PLAIN, late);
    b.random = 1;
    start(f, &b, fetched);
    f->now_ns += UINT64_C(12000000000);
    get(f, fetched, &payload);
    f->now_ns++;
    expect_error(f, "engine_getPayloadV2", late, -38001, NULL);
    get(f, fetched, &payload);
    ls_buf_fini(&payload);
}

static void reth_leaves_out_what_does_not_apply(void **state)
{
    struct fixture *f = *state;
    struct ls_buf payload;
    char tx[256];
    char hash[65];
    char id[24];
    ls_buf_init(&payload, PAYLOAD_WORLD_BYTES);
    deposit(1000000, tx, hash);
    struct build b = {.timestamp = 1006, .gas_limit = 1000000, .tx = tx};
    start(f, &b, id);
    get(f, id, &payload);
    assert_non_null(strstr((const char *)payload.p, tx));
    b.gas_limit = 999999;
    start(f, &b, id);
    ls_buf_clear(&payload);
    get(f, id, &payload);
    assert_non_null(strstr((const char *)payload.p, "\"transactions\":[]"));
    expect_status(f, (const char *)payload.p, "VALID");
    ls_buf_fini(&payload);
}

/* forkchoiceUpdated to the block of this payload: the status. */
static void expect_head_status(const struct fixture *f, const char *payload, const char *status)
{
    char hash[67];
    char params[400];
    const char *at = strstr(payload, "\"blockHash\":\"");
    assert_non_null(at);
    (void)snprintf(hash, sizeof hash, "%.66s", at + sizeof "\"blockHash\":\"" - 1);
    (void)snprintf(params, sizeof params,
                   "[{\"headBlockHash\":\"%s\",\"safeBlockHash\":\"" ZERO32
                   "\",\"finalizedBlockHash\":\"" ZERO32 "\"},null]",
                   hash);
    struct cJSON *root = ask(f, "engine_forkchoiceUpdatedV2", params);
    const struct cJSON *s = ls_json_get(ls_json_get(root, "result"), "payloadStatus");
    assert_string_equal(ls_json_str(ls_json_get(s, "status")), status);
    ls_json_free(root);
}

/* The message of an answer that is an error. */
static void expect_message(const struct fixture *f, const char *method, const char *params,
                           const char *message)
{
    struct cJSON *root = ask(f, method, params);
    assert_string_equal(ls_json_str(ls_json_get(ls_json_get(root, "error"), "message")), message);
    ls_json_free(root);
}

/* Prefix, evenness, length, digits: the first fault is told, and which id it was. */
static void an_id_that_cannot_be_read_is_quoted(void **state)
{
    static const struct {
        const char *id;
        const char *why;
    } cases[] = {
        {"", "hex string has length 0, want 16 for PayloadID"},
        {"zz", "hex string without 0x prefix"},
        {"0x02000000000000000", "hex string of odd length"},
        {"0x", "hex string has length 0, want 16 for PayloadID"},
        {"0xzz", "hex string has length 2, want 16 for PayloadID"},
        {"0x02zzzzzzzzzzzzzz", "invalid hex string"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char params[64];
        char message[160];
        (void)snprintf(params, sizeof params, "[\"%s\"]", cases[i].id);
        (void)snprintf(message, sizeof message, "invalid argument 0: invalid payload id \"%s\": %s",
                       cases[i].id, cases[i].why);
        expect_message(*state, "engine_getPayloadV2", params, message);
    }
}

/* A forced transaction whose fields are no list is named by the type it was read as. */
static void a_transaction_that_is_no_list_is_refused(void **state)
{
    static const struct {
        const char *tx;
        const char *type;
    } cases[] = {{"0x80", "LegacyTx"},
                 {"0x0101", "AccessListTx"},
                 {"0x0201", "DynamicFeeTx"},
                 {"0x0480", "SetCodeTx"},
                 {"0x7e01", "DepositTx"}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct build b = PLAIN;
        struct ls_buf params;
        char message[160];
        b.tx = cases[i].tx;
        ls_buf_init(&params, PAYLOAD_WORLD_BYTES);
        build_params(f, &b, &params);
        (void)snprintf(message, sizeof message,
                       "transaction 0 is not valid: rlp: expected input list for types.%s",
                       cases[i].type);
        expect_message(f, "engine_forkchoiceUpdatedV2", (const char *)params.p, message);
        ls_buf_fini(&params);
    }
}

static void reth_knows_the_block_it_handed_out(void **state)
{
    struct fixture *f = *state;
    struct ls_buf first;
    struct ls_buf sibling;
    struct build b = PLAIN;
    char id[24];
    ls_buf_init(&first, PAYLOAD_WORLD_BYTES);
    ls_buf_init(&sibling, PAYLOAD_WORLD_BYTES);
    start(f, &PLAIN, id);
    get(f, id, &first);
    b.random = 1;
    start(f, &b, id);
    expect_head_status(f, (const char *)first.p, "VALID");
    get(f, id, &sibling); /* not above the head any more: forgotten */
    expect_head_status(f, (const char *)sibling.p, "SYNCING");
    ls_buf_fini(&first);
    ls_buf_fini(&sibling);
}

static void geth_does_not_know_the_block_it_handed_out(void **state)
{
    struct fixture *f = *state;
    struct ls_buf payload;
    char id[24];
    ls_buf_init(&payload, PAYLOAD_WORLD_BYTES);
    start(f, &PLAIN, id);
    get(f, id, &payload);
    expect_head_status(f, (const char *)payload.p, "SYNCING");
    ls_buf_fini(&payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(what_was_built_is_valid_and_becomes_a_block),
        TEST(what_was_built_is_valid_after_the_process_ended),
        TEST(an_id_is_answered_by_its_version_and_again),
        TEST(the_ten_newest_builds_are_kept),
        TEST(faults_of_a_build),
        TEST(a_transaction_that_no_block_takes_is_refused),
        TEST(an_id_that_cannot_be_read_is_quoted),
        TEST(a_transaction_that_is_no_list_is_refused),
        TEST(geth_does_not_know_the_block_it_handed_out),
#define TEST_RETH(name) cmocka_unit_test_setup_teardown(name, set_up_reth, tear_down)
        TEST_RETH(reth_gives_up_a_build_that_nobody_fetches),
        TEST_RETH(reth_leaves_out_what_does_not_apply),
        TEST_RETH(reth_knows_the_block_it_handed_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
