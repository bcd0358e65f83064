/*
 * Errors: every value has a name, a text and a class; a diagnosis never overflows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/err.h"

static void every_error_has_its_own_name_and_a_text(void **state)
{
    (void)state;
    for (int i = 0; i < LS_ERR_COUNT; i++) {
        assert_true(strlen(ls_err_name((enum ls_err)i)) > 0);
        assert_true(strlen(ls_err_text((enum ls_err)i)) > 0);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(ls_err_name((enum ls_err)i), ls_err_name((enum ls_err)j));
        }
    }
    assert_string_equal(ls_err_name(LS_ERR_PARSE), "PARSE");
    assert_string_equal(ls_err_text(LS_ERR_TIMEOUT), "no answer in time");
}

static void the_class_decides_policy(void **state)
{
    (void)state;
    assert_int_equal(ls_err_class(LS_OK), LS_CLASS_NONE);
    assert_int_equal(ls_err_class(LS_ERR_CONFIG), LS_CLASS_USAGE);
    assert_int_equal(ls_err_class(LS_ERR_TIMEOUT), LS_CLASS_TRANSIENT);
    assert_int_equal(ls_err_class(LS_ERR_HASH), LS_CLASS_PROTOCOL);
    assert_int_equal(ls_err_class(LS_ERR_LIMIT), LS_CLASS_LIMIT);
    assert_int_equal(ls_err_class(LS_ERR_AUTH), LS_CLASS_AUTH);
    assert_int_equal(ls_err_class(LS_ERR_NOMEM), LS_CLASS_INTERNAL);
    for (int i = 1; i < LS_ERR_COUNT; i++) {
        assert_int_not_equal(ls_err_class((enum ls_err)i), LS_CLASS_NONE);
    }
}

static void a_value_out_of_the_list_is_internal(void **state)
{
    (void)state;
    assert_int_equal(ls_err_class(LS_ERR_COUNT), LS_CLASS_INTERNAL);
    assert_string_equal(ls_err_name(LS_ERR_COUNT), "UNKNOWN");
    assert_string_equal(ls_err_text(LS_ERR_COUNT), "unknown error");
}

static void fail_returns_its_error_and_sets_the_sentence(void **state)
{
    (void)state;
    struct ls_diag d = {{0}};
    assert_int_equal(ls_fail(&d, LS_ERR_HASH, "no block '%s' at %d", "0xab", 7), LS_ERR_HASH);
    assert_string_equal(d.text, "no block '0xab' at 7");
    assert_int_equal(ls_fail(NULL, LS_ERR_HASH, "unheard"), LS_ERR_HASH);
    assert_int_equal(ls_fail_in(NULL, LS_ERR_HASH, "unheard"), LS_ERR_HASH);
}

static void fail_may_quote_the_text_it_replaces(void **state)
{
    (void)state;
    struct ls_diag d = {{0}};
    (void)ls_fail(&d, LS_ERR_IO, "cause");
    (void)ls_fail(&d, LS_ERR_IO, "effect (%s)", d.text);
    assert_string_equal(d.text, "effect (cause)");
}

static void the_place_goes_in_front(void **state)
{
    (void)state;
    struct ls_diag d = {{0}};
    (void)ls_fail(&d, LS_ERR_PARSE, "wrong digit");
    assert_int_equal(ls_fail_in(&d, LS_ERR_PARSE, "block %d", 12), LS_ERR_PARSE);
    (void)ls_fail_in(&d, LS_ERR_PARSE, "file '%s'", "l2.ndjson");
    assert_string_equal(d.text, "file 'l2.ndjson': block 12: wrong digit");

    struct ls_diag empty = {{0}};
    (void)ls_fail_in(&empty, LS_ERR_PARSE, "alone");
    assert_string_equal(empty.text, "alone");
}

static void long_sentences_are_cut_and_terminated(void **state)
{
    (void)state;
    char longer[2 * LS_DIAG_BYTES];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    struct ls_diag d;
    memset(&d, 0x7f, sizeof d);
    (void)ls_fail(&d, LS_ERR_IO, "%s", longer);
    assert_int_equal(strlen(d.text), LS_DIAG_BYTES - 1);
    (void)ls_fail_in(&d, LS_ERR_IO, "%s", "place");
    assert_int_equal(strlen(d.text), LS_DIAG_BYTES - 1);
    assert_memory_equal(d.text, "place: xxx", 10);
    (void)ls_fail_in(&d, LS_ERR_IO, "%s", longer);
    assert_int_equal(strlen(d.text), LS_DIAG_BYTES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_own_name_and_a_text),
        cmocka_unit_test(the_class_decides_policy),
        cmocka_unit_test(a_value_out_of_the_list_is_internal),
        cmocka_unit_test(fail_returns_its_error_and_sets_the_sentence),
        cmocka_unit_test(fail_may_quote_the_text_it_replaces),
        cmocka_unit_test(the_place_goes_in_front),
        cmocka_unit_test(long_sentences_are_cut_and_terminated),
    };
    return cmocka_run_group_tests_name("lib err", tests, NULL, NULL);
}
