/*
 * JSON-RPC envelopes by their text, and the normal form in which calls are compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/record/calls.h"
#include "harness/record/canon.h"

struct rig {
    struct ls_arena a;
    struct ls_buf out;
    struct ls_calls calls;
};

static struct ls_span span(const char *s)
{
    return (struct ls_span){(const uint8_t *)s, strlen(s)};
}

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    *state = r;
    ls_arena_init(&r->a, 1u << 20);
    ls_buf_init(&r->out, 1u << 20);
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    ls_arena_fini(&r->a);
    ls_buf_fini(&r->out);
    free(r);
    return 0;
}

static void is_text(struct ls_span s, const char *want)
{
    assert_int_equal(s.n, strlen(want));
    assert_memory_equal(s.p, want, s.n);
}

static enum ls_err split(struct rig *r, const char *body)
{
    return ls_calls_split(span(body), &r->a, &r->calls);
}

static void a_call_is_its_method_params_and_id_as_written(void **state)
{
    struct rig *r = *state;

    assert_int_equal(
        split(
            r,
            " {\"id\":\"7a\",\"method\":\"eth_x\", \"params\":[ 1,\"}\" ],\"jsonrpc\":\"2.0\"}\n"),
        LS_OK);
    assert_int_equal(r->calls.count, 1);
    assert_false(r->calls.is_batch);
    is_text(r->calls.items[0].id, "\"7a\"");
    is_text(r->calls.items[0].method, "eth_x");
    is_text(r->calls.items[0].params, "[ 1,\"}\" ]");
}

static void a_batch_keeps_the_order_of_its_calls(void **state)
{
    struct rig *r = *state;

    assert_int_equal(
        split(r, "[{\"id\":2,\"method\":\"b\"},{\"id\":1,\"method\":\"a\",\"params\":[]}]"), LS_OK);
    assert_true(r->calls.is_batch);
    assert_int_equal(r->calls.count, 2);
    is_text(r->calls.items[0].method, "b");
    assert_int_equal(r->calls.items[0].params.n, 0);
    is_text(r->calls.items[1].params, "[]");
}

static void what_is_no_request_is_refused(void **state)
{
    static const char *const bodies[] = {"",
                                         "{}",
                                         "[]",
                                         "7",
                                         "\"x\"",
                                         "{\"method\":7}",
                                         "{\"method\":\"\"}",
                                         "{\"method\":\"a\"} x",
                                         "{\"method\":\"a\"",
                                         "[{\"method\":\"a\"},3]",
                                         "[[{\"method\":\"a\"}]]",
                                         "<html>"};
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(split(r, bodies[i]), LS_ERR_PARSE);
    }
}

static const struct ls_said_text *answers(struct rig *r, const char *body)
{
    struct ls_said_text *said = NULL;

    return ls_calls_answers(span(body), &r->calls, &r->a, &said) == LS_OK ? said : NULL;
}

static void an_answer_is_told_by_its_id(void **state)
{
    struct rig *r = *state;
    const struct ls_said_text *said;

    assert_int_equal(split(r, "{\"id\":5,\"method\":\"a\"}"), LS_OK);
    said = answers(r, "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"x\": null}}");
    assert_non_null(said);
    assert_int_equal(said[0].kind, LS_SAID_RESULT);
    is_text(said[0].text, "{\"x\": null}");
    assert_null(answers(r, "{\"id\":6,\"result\":1}"));
    assert_null(answers(r, "{\"id\":\"5\",\"result\":1}"));
    assert_null(answers(r, "{\"id\":5}"));
    assert_null(answers(r, "[{\"id\":5,\"result\":1}]"));
    assert_null(answers(r, "slow down"));
}

static void an_error_counts_before_a_result_and_null_as_none(void **state)
{
    struct rig *r = *state;
    const struct ls_said_text *said;

    assert_int_equal(split(r, "{\"id\":5,\"method\":\"a\"}"), LS_OK);
    said = answers(r, "{\"id\":5,\"error\":{\"code\":-1},\"result\":null}");
    assert_int_equal(said[0].kind, LS_SAID_ERROR);
    is_text(said[0].text, "{\"code\":-1}");
    said = answers(r, "{\"id\":5,\"error\":null,\"result\":null}");
    assert_int_equal(said[0].kind, LS_SAID_RESULT);
    is_text(said[0].text, "null");
}

static void answers_of_a_batch_may_be_mixed_and_lacking(void **state)
{
    struct rig *r = *state;
    const struct ls_said_text *said;

    assert_int_equal(split(r, "[{\"id\":1,\"method\":\"a\"},{\"id\":2,\"method\":\"b\"},"
                              "{\"id\":3,\"method\":\"c\"}]"),
                     LS_OK);
    said = answers(r, "[{\"id\":3,\"result\":\"c\"},{\"id\":1,\"error\":{}}]");
    assert_non_null(said);
    assert_int_equal(said[0].kind, LS_SAID_ERROR);
    assert_int_equal(said[1].kind, LS_SAID_NOTHING);
    is_text(said[2].text, "\"c\"");
    assert_null(answers(r, "[{\"id\":1,\"result\":1},{\"id\":1,\"result\":2}]"));
    assert_null(answers(r, "{\"id\":1,\"result\":1}"));
    assert_null(answers(r, "{}"));
    assert_null(answers(r, ""));
    assert_non_null(answers(r, "[]"));
    assert_int_equal(split(r, "{\"method\":\"notify\"}"), LS_OK);
    assert_null(answers(r, "{\"result\":1}"));
}

/* --- normal form --- */

static void is_normal(struct rig *r, const char *params, const char *want)
{
    ls_buf_clear(&r->out);
    assert_int_equal(ls_canon_params(span(params), &r->a, &r->out), LS_OK);
    is_text(ls_buf_span(&r->out), want);
}

static void the_normal_form_has_no_accidents(void **state)
{
    struct rig *r = *state;

    is_normal(r, "", "[]");
    is_normal(r, "null", "[]");
    is_normal(r, " [ ] ", "[]");
    is_normal(r, "[1,null,2,null,null]", "[1,null,2]");
    is_normal(r, "[null]", "[]");
    is_normal(r, "{\"b\": 1, \"a\":{\"z\":[],\"y\":null}}", "{\"a\":{\"z\":[]},\"b\":1}");
    is_normal(r, "[[1,null]]", "[[1,null]]");
    is_normal(r, "[\"0xABcd\",\"0x00ff\",\"0x0\",\"0x00\",\"0x\"]",
              "[\"0xabcd\",\"0xff\",\"0x0\",\"0x0\",\"0x\"]");
    /* More digits than a quantity has: bytes. */
    is_normal(r, "[\"0x0000000000000000F\"]", "[\"0x0000000000000000f\"]");
    is_normal(r, "[\"Latest\",\"0xZZ\",\"0X1\",true,1.50,\"a\\\"b, c\"]",
              "[\"Latest\",\"0xZZ\",\"0X1\",true,1.50,\"a\\\"b, c\"]");
}

static bool are_same(struct rig *r, const char *method_a, const char *a, const char *method_b,
                     const char *b)
{
    struct ls_canon_key ka, kb;

    assert_int_equal(ls_canon_key(span(method_a), span(a), &r->a, &ka), LS_OK);
    assert_int_equal(ls_canon_key(span(method_b), span(b), &r->a, &kb), LS_OK);
    return memcmp(&ka, &kb, sizeof ka) == 0;
}

static void calls_are_the_same_when_they_ask_the_same(void **state)
{
    struct rig *r = *state;

    assert_true(are_same(r, "m", "[{\"a\":\"0xA\",\"b\":\"0x1\"},null]", "m",
                         "[ {\"b\":\"0x01\", \"a\":\"0xa\"} ]"));
    assert_true(are_same(r, "m", "", "m", "[]"));
    assert_false(are_same(r, "m", "[1,2]", "m", "[2,1]"));
    assert_false(are_same(r, "m", "[\"0x1\"]", "m", "[\"0x10\"]"));
    assert_false(are_same(r, "m", "[]", "n", "[]"));
    assert_false(are_same(r, "m", "[\"a\",\"b\"]", "m", "[\"a,b\"]"));
    assert_false(are_same(r, "m", "[{\"a\":1}]", "m", "[[1]]"));
}

static void deep_params_are_written_without_recursion(void **state)
{
    struct rig *r = *state;
    char deep[2 * 60 + 1];

    memset(deep, '[', 60);
    memset(deep + 60, ']', 60);
    deep[120] = '\0';
    is_normal(r, deep, deep);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_call_is_its_method_params_and_id_as_written),
        T(a_batch_keeps_the_order_of_its_calls),
        T(what_is_no_request_is_refused),
        T(an_answer_is_told_by_its_id),
        T(an_error_counts_before_a_result_and_null_as_none),
        T(answers_of_a_batch_may_be_mixed_and_lacking),
        T(the_normal_form_has_no_accidents),
        T(calls_are_the_same_when_they_ask_the_same),
        T(deep_params_are_written_without_recursion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
