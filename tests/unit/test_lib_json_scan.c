/*
 * What Go's encoding/json lets pass and what it does not: where a value ends, where a fault is, and
 * in which of its words it is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/json.h"
#include "lib/json_scan.h"

struct row {
    const char *text;
    size_t n; /* 0: a string's length */
    size_t end;
    const char *why; /* NULL: it is a value */
};

#define CUT "cut" /* the text ends too early */
#define BYTES(text) text, sizeof(text) - 1

static const struct row rows[] = {
    /* what ends where */
    {"{}", 0, 2, NULL},
    {"{} x", 0, 2, NULL},
    {" \t\r\n[1 , 2]\n", 0, 11, NULL},
    {"01", 0, 1, NULL},
    {"0x1", 0, 1, NULL},
    {"-0.5e+10,", 0, 8, NULL},
    {"1E5]", 0, 3, NULL},
    {"truely", 0, 4, NULL},
    {"nullnull", 0, 4, NULL},
    {"\"a\"\"b\"", 0, 3, NULL},
    {"{\"a\":1,\"a\":2}", 0, 13, NULL},
    {"[[],{},\"\",0,true,false,null]", 0, 28, NULL},
    /* strings: any bytes from 0x20 on, any escapes of four digits */
    {BYTES("\"\xff\""), 3, NULL},
    {BYTES("\"\x80\xc3\""), 4, NULL},
    {BYTES("\"\xc0\x80\""), 4, NULL},
    {BYTES("\"\xed\xa0\x80\""), 5, NULL},
    {BYTES("\"\x7f\""), 3, NULL},
    {"\"\\u0000\"", 0, 8, NULL},
    {"\"\\ud800\"", 0, 8, NULL},
    {"\"\\udc00\\ud800\"", 0, 14, NULL},
    {"\"\\ud83d\\uDE00\"", 0, 14, NULL},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 0, 18, NULL},
    {"{\"\\ud800\":1}", 0, 12, NULL},
    /* but no control characters, and no other escapes */
    {BYTES("\"\0\""), 1, "in string literal"},
    {BYTES("\"a\x1f\""), 2, "in string literal"},
    {"\"\n\"", 0, 1, "in string literal"},
    {"\"\\x\"", 0, 2, "in string escape code"},
    {"\"\\'\"", 0, 2, "in string escape code"},
    {"\"\\U0041\"", 0, 2, "in string escape code"},
    {"\"\\u12g4\"", 0, 5, "in \\u hexadecimal character escape"},
    {"\"\\u\"", 0, 3, "in \\u hexadecimal character escape"},
    /* numbers and literals */
    {"-x", 0, 1, "in numeric literal"},
    {"1.x", 0, 2, "after decimal point in numeric literal"},
    {"1.]", 0, 2, "after decimal point in numeric literal"},
    {"1ex", 0, 2, "in exponent of numeric literal"},
    {"1e+]", 0, 3, "in exponent of numeric literal"},
    {"+1", 0, 0, "looking for beginning of value"},
    {".5", 0, 0, "looking for beginning of value"},
    {"NaN", 0, 0, "looking for beginning of value"},
    {"'a'", 0, 0, "looking for beginning of value"},
    {"\xef\xbb\xbf{}", 0, 0, "looking for beginning of value"},
    {"\v1", 0, 0, "looking for beginning of value"},
    {"True", 0, 0, "looking for beginning of value"},
    {"trux", 0, 3, "in literal true"},
    {"fals3", 0, 4, "in literal false"},
    {"nul]", 0, 3, "in literal null"},
    /* arrays and objects */
    {"[1,]", 0, 3, "looking for beginning of value"},
    {"[,1]", 0, 1, "looking for beginning of value"},
    {"[1 2]", 0, 3, "after array element"},
    {"[1}", 0, 2, "after array element"},
    {"{a:1}", 0, 1, "looking for beginning of object key string"},
    {"{1:1}", 0, 1, "looking for beginning of object key string"},
    {"{\"a\":1,}", 0, 7, "looking for beginning of object key string"},
    {"{\"a\" 1}", 0, 5, "after object key"},
    {"{\"a\":}", 0, 5, "looking for beginning of value"},
    {"{\"a\":1 \"b\":2}", 0, 7, "after object key:value pair"},
    {"{\"a\":1]", 0, 6, "after object key:value pair"},
    {"]", 0, 0, "looking for beginning of value"},
    /* texts that end too early */
    {"", 0, 0, CUT},
    {" \n", 0, 2, CUT},
    {"{", 0, 1, CUT},
    {"[1", 0, 2, CUT},
    {"[1,", 0, 3, CUT},
    {"{\"a\"", 0, 4, CUT},
    {"{\"a\":", 0, 5, CUT},
    {"{\"a\":1,", 0, 7, CUT},
    {"\"abc", 0, 4, CUT},
    {"\"\\", 0, 2, CUT},
    {"\"\\u12", 0, 5, CUT},
    {"-", 0, 1, CUT},
    {"1.", 0, 2, CUT},
    {"1e", 0, 2, CUT},
    {"1e-", 0, 3, CUT},
    {"tru", 0, 3, CUT},
};

/* The text stands at the end of its memory, so that a read beyond it is seen. */
static void scan(const struct row *row, struct ls_json_scan *found, enum ls_err *e)
{
    size_t n = row->n > 0 ? row->n : strlen(row->text);
    char *copy = malloc(n + (n == 0));
    assert_non_null(copy);
    memcpy(copy, row->text, n);
    *e = ls_json_scan_go(copy, n, found);
    free(copy);
}

static void lets_pass_what_go_does_and_says_the_rest_in_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_json_scan found;
        enum ls_err e;
        scan(&rows[i], &found, &e);
        const char *why = e == LS_OK ? NULL : found.is_cut ? CUT : found.why;
        bool is_same = (why == NULL) == (rows[i].why == NULL) &&
                       (why == NULL || strcmp(why, rows[i].why) == 0);
        if (!is_same || found.end != rows[i].end) {
            fail_msg("%s: ends at %zu, %s", rows[i].text, found.end, why == NULL ? "a value" : why);
        }
    }
}

static void nests_ten_thousand_deep_and_no_deeper(void **state)
{
    (void)state;
    for (size_t depth = LS_JSON_GO_DEPTH_MAX; depth <= LS_JSON_GO_DEPTH_MAX + 1; depth++) {
        char *text = malloc(2 * depth);
        struct ls_json_scan found;
        assert_non_null(text);
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        bool is_fine = ls_json_scan_go(text, 2 * depth, &found) == LS_OK;
        assert_int_equal(is_fine, depth == LS_JSON_GO_DEPTH_MAX);
        assert_int_equal(found.end, is_fine ? 2 * depth : depth - 1);
        free(text);
    }
}

static void what_the_strict_scan_accepts_the_lax_one_accepts_alike(void **state)
{
    size_t both = 0;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = rows[i].n > 0 ? rows[i].n : strlen(rows[i].text);
        struct ls_json_scan strict;
        struct ls_json_scan lax;
        if (ls_json_scan(rows[i].text, n, 0, false, &strict) == LS_OK) {
            assert_int_equal(ls_json_scan_go(rows[i].text, n, &lax), LS_OK);
            assert_int_equal(lax.end, strict.end);
            assert_int_equal(lax.values, strict.values);
            assert_int_equal(lax.number_bytes_max, strict.number_bytes_max);
            both++;
        }
    }
    assert_int_equal(both, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_pass_what_go_does_and_says_the_rest_in_its_words),
        cmocka_unit_test(nests_ten_thousand_deep_and_no_deeper),
        cmocka_unit_test(what_the_strict_scan_accepts_the_lax_one_accepts_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
