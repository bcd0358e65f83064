/*
 * optimism_outputAtBlock: what the engine is asked, and what becomes of its answers.
 */
#include "tests/unit/node_rig.h"

#include "node/io/outputs.h"

#include "lib/op/account.h"
#include "tests/unit/made_trie.h"

#define EMPTY_TRIE "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
#define REPLY(rest) "{\"jsonrpc\":\"2.0\",\"id\":7," rest "}"

static void assert_asks(const struct ls_output_query *q, const char *want)
{
    struct ls_buf b;

    ls_buf_init(&b, 4096);
    ls_output_write_request(q, 7, &b);
    assert_int_equal(b.err, LS_OK);
    assert_string_equal((const char *)b.p, want);
    ls_buf_fini(&b);
}

static void take(struct ls_output_query *q, const char *reply)
{
    struct ls_rollup r = rig_rollup();

    ls_output_take(q, &r, 7, (struct ls_span){(const uint8_t *)reply, strlen(reply)});
}

static void take_block_reply(struct ls_output_query *q, const struct rig_block *b)
{
    struct ls_buf reply;

    ls_buf_init(&reply, 1u << 20);
    ls_buf_printf(&reply, REPLY("\"result\":%s"), (const char *)b->json.p);
    take(q, (const char *)reply.p);
    ls_buf_fini(&reply);
}

static void from_isthmus_on_the_header_has_it(void **state)
{
    struct ls_output_query q = ls_output_ask(100);
    struct rig_block b;

    (void)state;
    rig_block_load(&b, 100);
    assert_asks(&q, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"eth_getBlockByNumber\","
                    "\"params\":[\"0x64\",true]}");
    take_block_reply(&q, &b);
    assert_int_equal(q.step, LS_OUTPUT_DONE);
    assert_int_equal(q.output.ref.number, 100);
    assert_memory_equal(&q.output.ref.hash, &b.block.hash, 32);
    assert_memory_equal(&q.output.state_root, &b.block.header.state_root, 32);
    assert_memory_equal(&q.output.passer_root, &b.block.header.withdrawals_root, 32);
    rig_block_fini(&b);
}

/* A question that waits for the proof of this state. */
static struct ls_output_query asks_for_proof(const struct ls_hash *state_root)
{
    struct ls_output_query q = ls_output_ask(5);

    q.step = LS_OUTPUT_PROOF;
    q.output.ref.hash = hash_of(RIG_HASH_B);
    q.output.state_root = *state_root;
    return q;
}

static void before_isthmus_the_engine_proves_it(void **state)
{
    struct ls_hash want = hash_of(RIG_HASH_A);
    struct ls_output_query q;
    struct rig_block b;
    struct ls_buf proof;
    struct ls_buf reply;

    (void)state;
    rig_block_load(&b, 10); /* the first block of Ecotone */
    q = ls_output_ask(10);
    take_block_reply(&q, &b);
    assert_int_equal(q.step, LS_OUTPUT_PROOF);
    assert_memory_equal(&q.output.state_root, &b.block.header.state_root, 32);
    rig_block_fini(&b);
    ls_buf_init(&proof, 1u << 20);
    ls_buf_init(&reply, 1u << 20);
    struct ls_hash root = made_account_proof(&LS_MESSAGE_PASSER, &want, 1, &proof);
    q = asks_for_proof(&root);
    assert_asks(&q, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"eth_getProof\",\"params\":["
                    "\"0x4200000000000000000000000000000000000016\",[],\"" RIG_HASH_B "\"]}");
    ls_buf_printf(&reply, REPLY("\"result\":%s"), (const char *)proof.p);
    take(&q, (const char *)reply.p);
    assert_int_equal(q.step, LS_OUTPUT_DONE);
    assert_memory_equal(&q.output.passer_root, &want, 32);
    root.b[0] ^= 1;
    q = asks_for_proof(&root);
    take(&q, (const char *)reply.p);
    assert_int_equal(q.step, LS_OUTPUT_FAILED);
    assert_string_equal(q.why.text, "failed to get the message passer's storage root: the engine's "
                                    "proof: accountProof: node 0: hash does not match the content");
    ls_buf_fini(&reply);
    ls_buf_fini(&proof);
}

/* Only what is proved is told on: an engine of another state, or of another mind. */
static void a_wrong_proof_is_said_in_one_line(void **state)
{
    static const struct {
        const char *reply, *says;
    } rows[] = {
        {REPLY("\"result\":null"), "storage root: the engine's proof: accountProof: required"},
        {REPLY("\"result\":{\"storageHash\":\"" RIG_HASH_A "\"}"), "accountProof: required"},
        {REPLY("\"result\":{\"accountProof\":[],\"storageHash\":\"" RIG_HASH_A "\"}"),
         "accountProof: node 0: required"},
        {REPLY("\"error\":{\"code\":-32000,\"message\":\"missing trie node\"}"),
         "storage root: missing trie node"},
        /* the whole of an empty state: nothing is there, which is proved */
        {REPLY("\"result\":{\"accountProof\":[],\"balance\":\"0x0\",\"nonce\":\"0x0\","
               "\"storageHash\":\"0x" EMPTY_TRIE "\",\"codeHash\":\"0x" MADE_NO_CODE "\"}"),
         "the account is not there"},
    };
    struct ls_hash root = hash_of("0x" EMPTY_TRIE);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ls_hash *state_root = i == 2 ? &(struct ls_hash){{1}} : &root;
        struct ls_output_query q = asks_for_proof(state_root);
        take(&q, rows[i].reply);
        assert_int_equal(q.step, LS_OUTPUT_FAILED);
        if (!strstr(q.why.text, rows[i].says) || strchr(q.why.text, '\n')) {
            fail_msg("row %zu: %s", i, q.why.text);
        }
    }
}

static void what_is_no_such_block_is_said_in_op_nodes_words(void **state)
{
    static const struct {
        const char *reply;
        const char *says;
    } rows[] = {
        {REPLY("\"result\":null"), "L2BlockRef of height 100, could not get payload: not found"},
        {REPLY("\"error\":{\"code\":-32000,\"message\":\"header not found\"}"),
         "L2BlockRef of height 100, could not get payload: not found"},
        {REPLY("\"error\":{\"code\":-32000,\"message\":\"too busy\"}"), "too busy"},
        {REPLY("\"result\":{\"number\":\"0x64\"}"), ""},
        {"nonsense", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_output_query q = ls_output_ask(100);

        take(&q, rows[i].reply);
        assert_int_equal(q.step, LS_OUTPUT_FAILED);
        assert_non_null(strstr(q.why.text, "failed to get L2 block ref with sync status: "));
        assert_non_null(strstr(q.why.text, rows[i].says));
    }
}

static void another_block_than_asked_for_is_refused(void **state)
{
    struct ls_output_query q = ls_output_ask(99);
    struct rig_block b;

    (void)state;
    rig_block_load(&b, 100);
    take_block_reply(&q, &b);
    assert_int_equal(q.step, LS_OUTPUT_FAILED);
    rig_block_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_isthmus_on_the_header_has_it),
        cmocka_unit_test(before_isthmus_the_engine_proves_it),
        cmocka_unit_test(a_wrong_proof_is_said_in_one_line),
        cmocka_unit_test(what_is_no_such_block_is_said_in_op_nodes_words),
        cmocka_unit_test(another_block_than_asked_for_is_refused),
    };

    return cmocka_run_group_tests_name("node_outputs", tests, NULL, NULL);
}
