/*
 * Recorded conversations: what counts as the same call, and lines that come back as they were
 * written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/record/canon.h"
#include "harness/record/row.h"

static struct ls_span span(const char *s)
{
    return (struct ls_span){(const uint8_t *)s, strlen(s)};
}

static bool is_same(const char *a, const char *b)
{
    struct ls_arena arena;
    struct ls_canon_key x, y;
    ls_arena_init(&arena, 1u << 20);
    assert_int_equal(ls_canon_key(span("m"), span(a), &arena, &x), LS_OK);
    assert_int_equal(ls_canon_key(span("m"), span(b), &arena, &y), LS_OK);
    ls_arena_fini(&arena);
    return memcmp(x.b, y.b, sizeof x.b) == 0;
}

static void other_bytes_for_the_same_call_are_the_same(void **state)
{
    (void)state;
    static const char *const PAIRS[][2] = {
        {"[\"0x1\",false]", " [ \"0x1\" , false ] "},
        {"[{\"a\":1,\"b\":2}]", "[{\"b\":2,\"a\":1}]"},
        {"[{\"a\":1,\"b\":null}]", "[{\"a\":1}]"},
        {"[{\"a\":1},null]", "[{\"a\":1}]"},
        {"[]", ""},
        {"[\"0xAB\"]", "[\"0xab\"]"},
        {"[\"0x01\"]", "[\"0x1\"]"},
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        assert_true(is_same(PAIRS[i][0], PAIRS[i][1]));
    }
}

static void other_calls_are_others(void **state)
{
    (void)state;
    static const char *const PAIRS[][2] = {
        {"[\"0x1\",false]", "[\"0x1\",true]"},
        {"[\"0x1\",\"0x2\"]", "[\"0x2\",\"0x1\"]"},
        {"[{\"a\":1}]", "[{\"a\":2}]"},
        {"[{\"a\":1}]", "[{\"A\":1}]"},
        {"[\"latest\"]", "[\"Latest\"]"},
        {"[null,1]", "[1]"},
        /* a hash is no quantity: its zeros count */
        {"[\"0x00000000000000000000000000000000000000000000000000000000000000ab\"]", "[\"0xab\"]"},
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        assert_false(is_same(PAIRS[i][0], PAIRS[i][1]));
    }
}

static void a_line_comes_back_as_it_was_written(void **state)
{
    (void)state;
    static const char *const LINES[] = {
        "{\"seq_in\":1,\"seq_out\":2,\"at_ms\":3,\"peer\":\"engine\",\"method\":\"eth_chainId\","
        "\"params\":[],\"result\":\"0x385\",\"http\":200}",
        "{\"seq_in\":3,\"seq_out\":4,\"at_ms\":9,\"peer\":\"source\",\"method\":\"optimism_"
        "syncStatus\","
        "\"params\":[],\"error\":{\"code\":-32000,\"message\":\"x\"},\"http\":200}",
    };
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        struct ls_arena a;
        struct ls_row row, again;
        struct ls_buf out;
        struct ls_diag d = {{0}};
        ls_arena_init(&a, 1u << 20);
        ls_buf_init(&out, 1u << 16);
        assert_int_equal(ls_row_read(span(LINES[i]), &a, &row, &d), LS_OK);
        assert_int_equal(row.call_count, 1);
        assert_int_equal(row.http, 200);
        ls_row_write(&row, &out);
        assert_int_equal(out.err, LS_OK);
        assert_int_equal(ls_row_read(ls_buf_span(&out), &a, &again, &d), LS_OK);
        assert_int_equal(again.seq_in, row.seq_in);
        assert_int_equal(again.at_ms, row.at_ms);
        assert_int_equal(again.peer, row.peer);
        assert_int_equal(again.calls[0].method.n, row.calls[0].method.n);
        assert_memory_equal(again.calls[0].method.p, row.calls[0].method.p, row.calls[0].method.n);
        ls_buf_fini(&out);
        ls_arena_fini(&a);
    }
}

static void a_broken_line_is_refused(void **state)
{
    (void)state;
    static const char *const LINES[] = {
        "",
        "{}",
        "[1]",
        "{\"seq_in\":1",
        "{\"seq_in\":-1,\"peer\":\"engine\"}",
        "{\"seq_in\":1,\"seq_out\":2,\"at_ms\":3,\"peer\":\"nobody\",\"http\":200}",
    };
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        struct ls_arena a;
        struct ls_row row;
        struct ls_diag d = {{0}};
        ls_arena_init(&a, 1u << 20);
        assert_int_not_equal(ls_row_read(span(LINES[i]), &a, &row, &d), LS_OK);
        assert_true(d.text[0] != '\0');
        ls_arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_bytes_for_the_same_call_are_the_same),
        cmocka_unit_test(other_calls_are_others),
        cmocka_unit_test(a_line_comes_back_as_it_was_written),
        cmocka_unit_test(a_broken_line_is_refused),
    };
    return cmocka_run_group_tests_name("harness_record", tests, NULL, NULL);
}
