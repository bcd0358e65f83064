/*
 * The trees of parameters as Go's encoding/json decodes them: what is no Unicode becomes U+FFFD,
 * byte by byte and escape by escape, and everything else stays.
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
#include "mocks/rpc/gojson.h"

#define FFFD "\xef\xbf\xbd"
#define SMILE "\xf0\x9f\x98\x80"
#define BYTES(text) text, sizeof(text) - 1

/* Strings as they are decoded. */
static const struct {
    const char *text;
    size_t n;
    const char *want;
} strings[] = {
    {BYTES("\"abc\""), "abc"},
    {BYTES("\"\xc3\xa4" SMILE "\""), "\xc3\xa4" SMILE},
    {BYTES("\"\\u00e4\\n\\/\""), "\xc3\xa4\n/"},
    /* bytes: each that begins no character is one */
    {BYTES("\"\xff\""), FFFD},
    {BYTES("\"a\xc3\""), "a" FFFD},
    {BYTES("\"\xc3z\""), FFFD "z"},
    {BYTES("\"\xe2\x82\""), FFFD FFFD},
    {BYTES("\"\xf0\x9f\x98\""), FFFD FFFD FFFD},
    {BYTES("\"\xc0\x80\""), FFFD FFFD},
    {BYTES("\"\xed\xa0\x80\""), FFFD FFFD FFFD},
    {BYTES("\"\xf5\x80\x80\x80\""), FFFD FFFD FFFD FFFD},
    {BYTES("\"\x80\xc3\xa4\x80\""), FFFD "\xc3\xa4" FFFD},
    {BYTES("\"" FFFD "\""), FFFD},
    /* escapes: halves of a pair are one each, pairs stay */
    {BYTES("\"\\ud83d\\ude00\""), SMILE},
    {BYTES("\"\\uD83D\\uDE00\xff\""), SMILE FFFD},
    {BYTES("\"\\ud800\""), FFFD},
    {BYTES("\"\\udc00\""), FFFD},
    {BYTES("\"\\udc00\\ud800\""), FFFD FFFD},
    {BYTES("\"\\udc00\\udc00\""), FFFD FFFD},
    {BYTES("\"\\ud800\\u0041\""), FFFD "A"},
    {BYTES("\"\\ud800A\""), FFFD "A"},
    {BYTES("\"\\ud800\\ud83d\\ude00\""), FFFD SMILE},
    {BYTES("\"\\ud83d\\\\ude00\""), FFFD "\\ude00"},
    {BYTES("\"a\\u0000b\""), "a" FFFD "b"}, /* a NUL in Go; our strings end there */
    /* what only looks like one */
    {BYTES("\"\\\\ud800\xff\""), "\\ud800" FFFD},
    {BYTES("\"\\\"\xff\\\"\""), "\"" FFFD "\""},
    {BYTES("\"[{\xff\""), "[{" FFFD},
};

static struct cJSON *tree_of(const char *text, size_t n)
{
    uint8_t *copy = malloc(n);
    struct ls_json_scan found;
    assert_non_null(copy);
    memcpy(copy, text, n);
    assert_int_equal(ls_json_scan_go((const char *)copy, n, &found), LS_OK);
    assert_int_equal(found.end, n);
    struct cJSON *tree = ls_gojson_tree((struct ls_span){copy, n});
    free(copy);
    return tree;
}

static void what_is_no_unicode_becomes_a_replacement_character(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        struct cJSON *tree = tree_of(strings[i].text, strings[i].n);
        if (ls_json_str(tree) == NULL || strcmp(ls_json_str(tree), strings[i].want) != 0) {
            fail_msg("row %zu, %s: %s", i, strings[i].text,
                     ls_json_str(tree) == NULL ? "no string" : ls_json_str(tree));
        }
        ls_json_free(tree);
    }
}

static void only_strings_change(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } trees[] = {
        {"{\"a\":[\"\\ud800\",1.5,null],\"b\":{}}", "{\"a\":[\"" FFFD "\",1.5,null],\"b\":{}}"},
        {"{\"\\udc00\":true}", "{\"" FFFD "\":true}"},
        {" [ \"\xff\" , [ ] , { } ] ", "[\"" FFFD "\",[],{}]"},
        {"[\"]}\",\"\xff\"]", "[\"]}\",\"" FFFD "\"]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        struct ls_buf text;
        struct cJSON *tree =
            ls_gojson_tree((struct ls_span){(const uint8_t *)trees[i].text, strlen(trees[i].text)});
        ls_buf_init(&text, 1024);
        ls_json_print(tree, &text);
        assert_string_equal((const char *)text.p, trees[i].want);
        ls_buf_fini(&text);
        ls_json_free(tree);
    }
}

/* A value nested depth deep in arrays, with text in the innermost one. */
static struct cJSON *nested(size_t depth, const char *text)
{
    size_t inner = strlen(text);
    size_t n = 2 * depth + inner;
    char *s = malloc(n);
    assert_non_null(s);
    memset(s, '[', depth);
    memcpy(s + depth, text, inner);
    memset(s + depth + inner, ']', depth);
    struct cJSON *tree = tree_of(s, n);
    free(s);
    return tree;
}

/* How many arrays stand in one another at the first place. */
static size_t depth_of(const struct cJSON *tree)
{
    size_t depth = 0;
    for (const struct cJSON *v = tree; ls_json_is_array(v); v = ls_json_at(v, 0)) {
        depth++;
    }
    return depth;
}

static void what_is_nested_too_deeply_is_empty(void **state)
{
    static const size_t depths[] = {1,
                                    10,
                                    LS_JSON_DEPTH_MAX - 2,
                                    LS_JSON_DEPTH_MAX,
                                    LS_JSON_DEPTH_MAX + 1,
                                    1000,
                                    LS_JSON_GO_DEPTH_MAX - 3};
    (void)state;
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        struct cJSON *tree = nested(depths[i], "\"x\",{\"y\":[[1]]}");
        assert_non_null(tree);
        size_t depth = depth_of(tree);
        assert_true(depth <= LS_JSON_DEPTH_MAX);
        assert_true(depths[i] > LS_JSON_DEPTH_MAX - 2 ? depth >= LS_JSON_DEPTH_MAX - 2
                                                      : depth == depths[i]);
        ls_json_free(tree);
    }
}

static void members_beside_what_is_too_deep_stay(void **state)
{
    char text[1024] = "[";
    (void)state;
    memset(text + 1, '[', 200);
    memset(text + 201, ']', 200);
    (void)strcpy(text + 401, ",\"kept\",{\"a\":1}]");
    struct cJSON *tree = tree_of(text, strlen(text));
    assert_int_equal(ls_json_count(tree), 3);
    assert_string_equal(ls_json_str(ls_json_at(tree, 1)), "kept");
    assert_non_null(ls_json_get(ls_json_at(tree, 2), "a"));
    ls_json_free(tree);
}

static void no_text_has_no_tree(void **state)
{
    (void)state;
    assert_null(ls_gojson_tree((struct ls_span){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_unicode_becomes_a_replacement_character),
        cmocka_unit_test(only_strings_change),
        cmocka_unit_test(what_is_nested_too_deeply_is_empty),
        cmocka_unit_test(members_beside_what_is_too_deep_stay),
        cmocka_unit_test(no_text_has_no_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
