/*
 * The reads of the reth profile whose answers are op-geth's, and whose parameters are not: hashes
 * of transactions and blocks, and accounts in the state of a block.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mocks/rpc/engine_rpc.h"
#include "tests/unit/payload_world.h"

#define WHO "\"0x4200000000000000000000000000000000000016\""
#define BARE "4200000000000000000000000000000000000016"
#define HASH "1111111111111111111111111111111111111111111111111111111111111111"

struct fixture {
    struct payload_world w;
    struct ls_engine *engine;
    struct ls_backend *auth;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    payload_world_init(&f->w);
    void *mem = malloc(ls_engine_size(f->w.u));
    assert_non_null(mem);
    f->engine = ls_engine_init(mem, f->w.u, 0, ls_engine_profile_find("reth"));
    ls_engine_seed(f->engine, 7, LS_NO_BLOCK, LS_NO_BLOCK);
    f->auth = ls_engine_rpc_new(&(struct ls_engine_rpc_config){
        .engine = f->engine, .universe = f->w.u, .rollup = &f->w.rollup});
    assert_non_null(f->auth);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    ls_engine_rpc_free(f->auth);
    free(f->engine);
    payload_world_fini(&f->w);
    free(f);
    return 0;
}

/* The public port's answer, which the caller frees. */
static struct ls_buf ask(struct fixture *f, const char *method, const char *params)
{
    struct ls_buf body;
    ls_buf_init(&body, PAYLOAD_WORLD_BYTES);
    (void)ls_buf_printf(&body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}",
                        method, params);
    struct ls_http_request req = post((const char *)body.p);
    struct ls_http_reply reply = exchange(ls_engine_rpc_public(f->auth), &req);
    (void)ls_buf_putc(&reply.body, '\0');
    ls_buf_fini(&body);
    return reply.body;
}

static void expect(struct fixture *f, const char *method, const char *params, const char *part)
{
    struct ls_buf answer = ask(f, method, params);
    if (strstr((const char *)answer.p, part) == NULL) {
        fail_msg("%s %s: no %s in %s", method, params, part, (const char *)answer.p);
    }
    ls_buf_fini(&answer);
}

static void expect_same(struct fixture *f, const char *method, const char *a, const char *b)
{
    struct ls_buf first = ask(f, method, a);
    struct ls_buf second = ask(f, method, b);
    assert_null(strstr((const char *)first.p, "-32602"));
    assert_string_equal((const char *)first.p, (const char *)second.p);
    ls_buf_fini(&first);
    ls_buf_fini(&second);
}

static void a_hash_may_come_bare_and_is_refused_in_serdes_words(void **state)
{
    static const char *const methods[] = {"eth_getTransactionReceipt", "eth_getTransactionByHash",
                                          "eth_getHeaderByHash",
                                          "eth_getBlockTransactionCountByHash"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        expect(f, methods[i], "[\"0x" HASH "\"]", "\"result\":null");
        expect(f, methods[i], "[\"" HASH "\"]", "\"result\":null");
        expect(f, methods[i], "[\"0x" HASH "\",1]", "\"result\":null"); /* more is ignored */
        expect(f, methods[i], "{\"hash\":\"0x" HASH "\"}", "\"result\":null");
        expect(f, methods[i], "[]", "\"data\":\"No more params\"");
        expect(
            f, methods[i], "[\"0x01\"]",
            "\"message\":\"Invalid params\",\"data\":\"invalid string length at line 1 column 6\"");
    }
}

static void a_block_that_is_there_is_found_by_a_bare_hash(void **state)
{
    struct fixture *f = *state;
    char params[80];
    char digits[65] = {0};
    ls_hex_encode(ls_universe_get(f->w.u, 7)->ref.hash.b, 32, digits);
    (void)snprintf(params, sizeof params, "[\"%s\"]", digits);
    expect(f, "eth_getHeaderByHash", params, "\"number\":\"0x7\"");
}

static void accounts_come_with_every_form_of_a_block(void **state)
{
    static const char *const methods[] = {"eth_getCode", "eth_getBalance",
                                          "eth_getTransactionCount"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        expect_same(f, methods[i], "[" WHO ",\"0x7\"]", "[" WHO "]");
        expect_same(f, methods[i], "[" WHO ",\"latest\"]", "[\"" BARE "\",null]");
        expect_same(f, methods[i], "[" WHO ",\"pending\"]",
                    "{\"address\":" WHO ",\"blockNumber\":\"0x7\"}");
        expect(f, methods[i], "[" WHO ",\"0xffffff\"]", "-32001");
        expect(f, methods[i], "[" WHO ",\"safe\"]", "\"block not found: safe\"");
        expect(f, methods[i], "[" WHO ",\"0x" HASH "\"]", "\"block not found: hash 0x" HASH "\"");
        expect(f, methods[i], "[\"0x01\"]",
               "\"data\":\"invalid string length at line 1 column 6\"");
    }
}

/* A block that waits to be the head is one of no recorded state. */
static void the_pending_state_is_the_newest(void **state)
{
    struct fixture *f = *state;
    const struct ls_l2_ref *r = &ls_universe_get(f->w.u, 7)->ref;
    const struct ls_np_input in = {
        .id = {r->hash, r->number}, .parent = r->parent, .timestamp = r->timestamp, .block = 7};
    ls_engine_wipe(f->engine);
    ls_engine_seed(f->engine, 6, LS_NO_BLOCK, LS_NO_BLOCK);
    assert_int_equal(ls_engine_new_payload(f->engine, &in).status, LS_STATUS_VALID);
    assert_int_equal(ls_engine_read_pending(f->engine).id, 7);
    expect_same(f, "eth_getCode", "[" WHO ",\"pending\"]", "[" WHO ",\"latest\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_hash_may_come_bare_and_is_refused_in_serdes_words),
        TEST(a_block_that_is_there_is_found_by_a_bare_hash),
        TEST(the_pending_state_is_the_newest),
        TEST(accounts_come_with_every_form_of_a_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
