/*
 * Strict JSON: what RFC 8259 and lib/json.h allow is read, everything else is refused and placed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "lib/json.h"
#include "lib/json_scan.h"
#include "lib/utf8.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A text that may hold any byte, NUL too. */
struct text {
    const char *p;
    size_t n;
};
#define T(s)               \
    {                      \
        (s), sizeof(s) - 1 \
    }

static void well_formed_texts_are_taken(void **state)
{
    (void)state;
    static const struct text rows[] = {
        T("{}"),
        T("[]"),
        T("null"),
        T("true"),
        T("false"),
        T("\"\""),
        T("0"),
        T("-0"),
        T(" \t\r\n[ \t\r\n] \t\r\n"),
        T("{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":{}}}"),
        T("[[],[[]],{}]"),
        T("{\"\":0}"),
        T("{\"a\":1,\"a\":2}"),
        T("-1"),
        T("10"),
        T("1.5"),
        T("0.0"),
        T("-0.1e-9"),
        T("1e5"),
        T("1E+5"),
        T("1e-5"),
        T("0e0"),
        T("123456789012345678901234567890"),
        T("1e400"),
        T("-1e400"),
        T("1e-400"),
        T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
        T("\"\\u0041\\uabcd\\uABCD\\u0001\""),
        T("\"\\ud834\\udd1e\""),
        T("\"\\uDBFF\\uDFFF\""),
        T("\"\x7f\""), /* DEL is no control character in RFC 8259 */
        T("\"\xc2\x80\""),
        T("\"\xdf\xbf\""),
        T("\"\xe0\xa0\x80\""),
        T("\"\xed\x9f\xbf\""),
        T("\"\xee\x80\x80\""),
        T("\"\xef\xbf\xbf\""),
        T("\"\xf0\x90\x80\x80\""),
        T("\"\xf4\x8f\xbf\xbf\""),
        T("{\"\xe2\x82\xac\":\"\xe2\x82\xac\"}"),
        T("\"\xef\xbb\xbf\""), /* U+FEFF within a string is a character */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cJSON *root = NULL;
        struct ls_diag d = {{0}};
        if (ls_json_validate(rows[i].p, rows[i].n, 0, NULL) ||
            ls_json_parse(rows[i].p, rows[i].n, 0, &root, &d)) {
            fail_msg("refused: %s (%s)", rows[i].p, d.text);
        }
        ls_json_free(root);
    }
}

/* A text and where the first wrong byte stands. */
struct wrong {
    struct text text;
    size_t offset;
};

static const struct wrong wrong_texts[] = {
    /* nothing, cut */
    {T(""), 0},
    {T(" "), 1},
    {T("["), 1},
    {T("{"), 1},
    {T("[1"), 2},
    {T("[1,"), 3},
    {T("{\"a\""), 4},
    {T("{\"a\":"), 5},
    {T("{\"a\":1"), 6},
    {T("{\"a\":1,"), 7},
    {T("\"abc"), 4},
    {T("\"abc\\"), 5},
    {T("\"\\u12"), 5},
    {T("\"\\ud834"), 7},
    {T("\"\\ud834\\"), 8},
    {T("tru"), 3},
    {T("-"), 1},
    {T("1."), 2},
    {T("1e"), 2},
    {T("1e+"), 3},
    /* more than one document, trailing text */
    {T("{}{}"), 2},
    {T("1 2"), 2},
    {T("[] x"), 3},
    {T("{}\0"), 2},
    {T("null\0null"), 4},
    {T("[1]]"), 3},
    {T("{}}"), 2},
    {T("{}//"), 2},
    {T("{}#"), 2},
    {T("\"a\"\"b\""), 3},
    /* commas and colons */
    {T("[1,]"), 3},
    {T("[,1]"), 1},
    {T("[1,,2]"), 3},
    {T("[1 2]"), 3},
    {T("[1:2]"), 2},
    {T("{\"a\":1,}"), 7},
    {T("{,\"a\":1}"), 1},
    {T("{\"a\" 1}"), 5},
    {T("{\"a\",1}"), 4},
    {T("{\"a\":1 \"b\":2}"), 7},
    {T("{\"a\"::1}"), 5},
    {T("{\"a\":}"), 5},
    {T(","), 0},
    {T(":"), 0},
    /* brackets */
    {T("]"), 0},
    {T("}"), 0},
    {T("[}"), 1},
    {T("{]"), 1},
    {T("[1}"), 2},
    {T("{\"a\":1]"), 6},
    {T("[{]}"), 2},
    /* keys */
    {T("{1:1}"), 1},
    {T("{a:1}"), 1},
    {T("{'a':1}"), 1},
    {T("{null:1}"), 1},
    {T("{[]:1}"), 1},
    {T("{\"\\u0000\":1}"), 4},
    {T("{\"a\\x\":1}"), 4},
    /* numbers */
    {T("01"), 1},
    {T("-01"), 2},
    {T("00"), 1},
    {T("+1"), 0},
    {T(".5"), 0},
    {T("-.5"), 1},
    {T("1.e1"), 2},
    {T("1.x"), 2},
    {T("1e1.5"), 3},
    {T("1e+x"), 3},
    {T("1ex"), 2},
    {T("0x1"), 1},
    {T("0x"), 1},
    {T("1_000"), 1},
    {T("1,000"), 1},
    {T("--1"), 1},
    {T("-a"), 1},
    {T("1-"), 1},
    {T("1+1"), 1},
    {T("[1.2.3]"), 4},
    {T("NaN"), 0},
    {T("-NaN"), 1},
    {T("Infinity"), 0},
    {T("-Infinity"), 1},
    {T("1f"), 1},
    {T("1 .5"), 2},
    {T("\xef\xbc\x91"), 0},
    /* literals */
    {T("True"), 0},
    {T("tRue"), 1},
    {T("truE"), 3},
    {T("truee"), 4},
    {T("nul1"), 3},
    {T("NULL"), 0},
    {T("fals_"), 4},
    {T("nil"), 1},
    {T("undefined"), 0},
    {T("[true1]"), 5},
    /* strings */
    {T("'a'"), 0},
    {T("a"), 0},
    {T("\"a\nb\""), 2},
    {T("\"a\tb\""), 2},
    {T("\"\x1f\""), 1},
    {T("\"\0\""), 1},
    {T("\"a\0b\""), 2},
    {T("\"\\x41\""), 2},
    {T("\"\\a\""), 2},
    {T("\"\\'\""), 2},
    {T("\"\\0\""), 2},
    {T("\"\\U0041\""), 2},
    {T("\"\\\n\""), 2},
    {T("\"\\\""), 3},
    {T("\"\\u004\""), 6},
    {T("\"\\u00g0\""), 5},
    {T("\"\\u 041\""), 3},
    {T("\"\\u+041\""), 3},
    {T("\"\\u\xc2\xa9\""), 3},
    {T("\"\\u0000\""), 3},
    {T("\"ab\\u0000cd\""), 5},
    {T("\"\\ud834\""), 7},
    {T("\"\\ud834x\""), 7},
    {T("\"\\ud834\\n\""), 8},
    {T("\"\\ud834\\u0041\""), 9},
    {T("\"\\ud834\\ud834\""), 9},
    {T("\"\\udd1e\""), 3},
    {T("\"\\udd1e\\ud834\""), 3},
    {T("\"\\ud834\\\\udd1e\""), 8},
    /* UTF-8: stray, cut, overlong, surrogates, too large, other encodings, byte order marks */
    {T("\"\x80\""), 1},
    {T("\"\xbf\""), 1},
    {T("\"\xc2\""), 1},
    {T("\"\xc2\x41\""), 1},
    {T("\"\xe2\x82\""), 1},
    {T("\"\xe2\x82\x41\""), 1},
    {T("\"\xf0\x9d\x84\""), 1},
    {T("\"\xf0\x9d\x84\x41\""), 1},
    {T("\"\xc0\x80\""), 1},
    {T("\"\xc1\xbf\""), 1},
    {T("\"\xe0\x9f\xbf\""), 1},
    {T("\"\xe0\x80\x80\""), 1},
    {T("\"\xf0\x8f\xbf\xbf\""), 1},
    {T("\"\xf0\x80\x80\x80\""), 1},
    {T("\"\xed\xa0\x80\""), 1},
    {T("\"\xed\xbf\xbf\""), 1},
    {T("\"\xf4\x90\x80\x80\""), 1},
    {T("\"\xf5\x80\x80\x80\""), 1},
    {T("\"\xff\""), 1},
    {T("\"\xfe\""), 1},
    {T("\"\xfc\x80\x80\x80\x80\x80\""), 1},
    {T("\"\xc2"), 1},
    {T("\"\xe9\""), 1},
    {T("\xef\xbb\xbf{}"), 0},
    {T("\xff\xfe{\0}\0"), 0},
    {T("\xfe\xff\0{\0}"), 0},
    {T("{\0}\0"), 1},
    {T("\0{}"), 0},
    /* white space JSON does not know */
    {T("\v1"), 0},
    {T("\f1"), 0},
    {T("[\f]"), 1},
    {T("\xc2\xa0{}"), 0},
    {T("[\xe2\x80\xa8]"), 1},
    {T("[1\x0b,2]"), 2},
    {T("/* */1"), 0},
};

static void malformed_texts_are_refused_where_they_go_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong_texts); i++) {
        const struct text *t = &wrong_texts[i].text;
        size_t offset = 9999;
        struct cJSON *root = NULL;
        if (ls_json_validate(t->p, t->n, 0, &offset) != LS_ERR_PARSE) {
            fail_msg("accepted: %s", t->p);
        }
        if (offset != wrong_texts[i].offset) {
            fail_msg("%s: refused at %zu instead of %zu", t->p, offset, wrong_texts[i].offset);
        }
        assert_int_equal(ls_json_parse(t->p, t->n, 0, &root, NULL), LS_ERR_PARSE);
        assert_null(root);
    }
}

/* Every special byte at every place of a string: around the stretches crossed eight at a time. */
static void special_bytes_are_seen_wherever_they_stand(void **state)
{
    (void)state;
    enum { LEN = 40 };
    for (int c = 0; c < 256; c++) {
        bool is_plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
        for (size_t at = 0; at < LEN; at++) {
            /* Exactly as large as the text, so that a read past its end is seen. */
            char *text = malloc(LEN + 2);
            assert_non_null(text);
            memset(text, 'a', LEN + 2);
            text[0] = text[LEN + 1] = '"';
            text[1 + at] = (char)c;
            enum ls_err e = ls_json_validate(text, LEN + 2, 0, NULL);
            assert_int_equal(e, is_plain ? LS_OK : LS_ERR_PARSE);
            free(text);
        }
    }
}

static void every_cut_of_a_text_is_refused_at_its_end(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":[1.5e+3,\"x\\n\\ud834\\udd1e\",true,{\"b\":null}],\"c\":false}";
    for (size_t n = 0; n < sizeof text - 1; n++) {
        char *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, text, n);
        struct ls_json_scan found;
        assert_int_equal(ls_json_scan(copy, n, 0, true, &found), LS_ERR_PARSE);
        assert_true(found.is_cut);
        assert_int_equal(found.end, n);
        free(copy);
    }
    assert_int_equal(ls_json_validate(text, sizeof text - 1, 0, NULL), LS_OK);
}

static void nesting_is_capped(void **state)
{
    (void)state;
    char text[2 * 1001];
    size_t offset = 0;
    static const unsigned caps[] = {1, 2, 7, 8, 9, 64, 1000};
    for (size_t i = 0; i < COUNT(caps); i++) {
        for (unsigned depth = caps[i]; depth <= caps[i] + 1; depth++) {
            memset(text, '[', depth);
            memset(text + depth, ']', depth);
            struct cJSON *root = NULL;
            enum ls_err want = depth > caps[i] ? LS_ERR_PARSE : LS_OK;
            assert_int_equal(ls_json_validate(text, 2 * depth, caps[i], &offset), want);
            assert_int_equal(ls_json_parse(text, 2 * depth, caps[i], &root, NULL), want);
            ls_json_free(root);
            if (want) {
                assert_int_equal(offset, caps[i]);
            }
        }
    }
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    assert_int_equal(ls_json_validate(text, 130, 0, NULL), LS_ERR_PARSE);
    assert_int_equal(ls_json_validate(text + 1, 128, 0, NULL), LS_OK);
    /* No caller gets more than what cJSON takes. */
    memset(text, '[', 1001);
    memset(text + 1001, ']', 1001);
    assert_int_equal(ls_json_validate(text, 2002, 5000, NULL), LS_ERR_PARSE);
}

/* Objects and arrays in an order without a period, and each closing bracket swapped once. */
static void nesting_remembers_what_it_closes(void **state)
{
    (void)state;
    enum { DEPTH = 200 };
    bool is_object[DEPTH];
    char text[DEPTH * 6];
    size_t n = 0;
    uint32_t x = 7;
    for (size_t i = 0; i < DEPTH; i++) {
        x = x * 1664525u + 1013904223u;
        is_object[i] = x >> 31;
        const char *open = is_object[i] ? "{\"\":" : "[";
        memcpy(text + n, open, strlen(open));
        n += strlen(open);
    }
    text[n++] = '0';
    for (size_t i = DEPTH; i-- > 0;) {
        text[n++] = is_object[i] ? '}' : ']';
    }
    assert_int_equal(ls_json_validate(text, n, DEPTH, NULL), LS_OK);
    for (size_t i = 0; i < DEPTH; i++) {
        char *c = &text[n - 1 - i];
        char old = *c;
        *c = old == ']' ? '}' : ']';
        size_t offset = 0;
        assert_int_equal(ls_json_validate(text, n, DEPTH, &offset), LS_ERR_PARSE);
        assert_int_equal(offset, n - 1 - i);
        *c = old;
    }
}

/* All 65,536 escapes alone, and every kind of neighbour for a first half. */
static void escaped_characters_are_scalar_values(void **state)
{
    (void)state;
    for (unsigned u = 0; u <= 0xffff; u++) {
        char text[16];
        int n = snprintf(text, sizeof text, u & 1 ? "\"\\u%04x\"" : "\"\\u%04X\"", u);
        bool is_good = u != 0 && (u < 0xd800 || u > 0xdfff);
        assert_int_equal(ls_json_validate(text, (size_t)n, 0, NULL),
                         is_good ? LS_OK : LS_ERR_PARSE);
    }
    static const unsigned edges[] = {1,      0xd7ff, 0xd800, 0xd801, 0xdbfe, 0xdbff,
                                     0xdc00, 0xdc01, 0xdffe, 0xdfff, 0xe000, 0xffff};
    for (size_t i = 0; i < COUNT(edges); i++) {
        for (size_t j = 0; j < COUNT(edges); j++) {
            unsigned a = edges[i], b = edges[j];
            bool is_pair = a >= 0xd800 && a < 0xdc00 && b >= 0xdc00 && b < 0xe000;
            bool are_single = (a < 0xd800 || a > 0xdfff) && (b < 0xd800 || b > 0xdfff);
            char text[20];
            int n = snprintf(text, sizeof text, "\"\\u%04x\\u%04x\"", a, b);
            assert_int_equal(ls_json_validate(text, (size_t)n, 0, NULL),
                             is_pair || are_single ? LS_OK : LS_ERR_PARSE);
        }
    }
    for (int c = 0; c < 256; c++) {
        bool is_hex = c && strchr("0123456789abcdefABCDEF", c);
        for (size_t at = 3; at < 7; at++) {
            char text[] = "\"\\u1111\"";
            text[at] = (char)c;
            assert_int_equal(ls_json_validate(text, sizeof text - 1, 0, NULL),
                             is_hex ? LS_OK : LS_ERR_PARSE);
        }
    }
}

/* In memory of exactly n bytes, so that a look past the end is seen. */
static size_t utf8_next(const uint8_t *p, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, p, n);
    size_t len = ls_utf8_next(copy, n);
    free(copy);
    return len;
}

static void utf8_is_every_scalar_value_in_its_shortest_form(void **state)
{
    (void)state;
    assert_int_equal(utf8_next((const uint8_t *)"", 0), 0);
    /* Any lead, any second byte, and others at their edges: well formed when decoding says so. */
    static const uint8_t edges[] = {0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff};
    for (unsigned v = 0; v < 1u << 16; v++) {
        for (size_t i = 0; i < COUNT(edges) * COUNT(edges); i++) {
            const uint8_t p[4] = {(uint8_t)(v >> 8), (uint8_t)v, edges[i / COUNT(edges)],
                                  edges[i % COUNT(edges)]};
            unsigned lead = p[0];
            size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
            static const uint32_t shortest[] = {0, 0, 0x80, 0x800, 0x10000};
            uint32_t c = len == 1 ? lead : lead & (0x7fu >> len);
            bool is_good = len == 1 || (lead >= 0xc0 && lead < 0xf8);
            for (size_t j = 1; j < len; j++) {
                is_good = is_good && (p[j] & 0xc0) == 0x80;
                c = c << 6 | (p[j] & 0x3fu);
            }
            is_good = is_good && c >= shortest[len] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
            if (ls_utf8_next(p, sizeof p) != (is_good ? len : 0)) {
                fail_msg("%02x %02x %02x %02x", p[0], p[1], p[2], p[3]);
            }
        }
    }
    static const char *const whole[] = {"\xc2\x80", "\xe2\x82\xac", "\xf0\x9d\x84\x9e"};
    for (size_t i = 0; i < COUNT(whole); i++) {
        for (size_t n = 1; n <= i + 2; n++) {
            assert_int_equal(utf8_next((const uint8_t *)whole[i], n), n == i + 2 ? n : 0);
        }
    }
}

static void the_sentence_names_offset_and_byte(void **state)
{
    (void)state;
    struct ls_diag d;
    struct cJSON *root = NULL;
    (void)ls_json_parse("{\"a\":x}", 7, 0, &root, &d);
    assert_string_equal(d.text,
                        "malformed JSON at byte 5: unexpected 'x' looking for beginning of value");
    (void)ls_json_parse("\"\x01\"", 3, 0, &root, &d);
    assert_string_equal(d.text, "malformed JSON at byte 1: unexpected byte 0x01 in string literal");
    (void)ls_json_parse("[1", 2, 0, &root, &d);
    assert_string_equal(d.text, "malformed JSON: it ends too early, at byte 2");
}

static struct cJSON *parse(const char *text)
{
    struct cJSON *root = NULL;
    struct ls_diag d = {{0}};
    if (ls_json_parse(text, strlen(text), 0, &root, &d)) {
        fail_msg("%s: %s", text, d.text);
    }
    return root;
}

static void keys_are_found_exactly_and_the_last_one_counts(void **state)
{
    (void)state;
    struct cJSON *root = parse("{\"hash\":1,\"HASH\":2,\"hash\":3,\"h\":[4],\"\":5}");
    uint64_t v = 0;
    assert_int_equal(ls_json_u64(ls_json_get(root, "hash"), &v), LS_OK);
    assert_int_equal(v, 3);
    assert_int_equal(ls_json_u64(ls_json_get(root, "HASH"), &v), LS_OK);
    assert_int_equal(v, 2);
    assert_int_equal(ls_json_u64(ls_json_get(root, ""), &v), LS_OK);
    assert_int_equal(v, 5);
    assert_null(ls_json_get(root, "Hash"));
    assert_null(ls_json_get(root, "has"));
    assert_null(ls_json_get(ls_json_get(root, "h"), "h"));
    assert_null(ls_json_get(NULL, "h"));
    ls_json_free(root);
}

static void children_are_walked_in_order(void **state)
{
    (void)state;
    struct cJSON *root = parse("{\"a\":[10,20,30],\"b\":{},\"c\":\"x\"}");
    const struct cJSON *a = ls_json_first(root);
    assert_string_equal(ls_json_key(a), "a");
    assert_string_equal(ls_json_key(ls_json_next(a)), "b");
    assert_int_equal(ls_json_count(root), 3);
    assert_int_equal(ls_json_count(a), 3);
    assert_int_equal(ls_json_count(ls_json_next(a)), 0);
    assert_null(ls_json_key(ls_json_first(a)));
    uint64_t v = 0;
    assert_int_equal(ls_json_u64(ls_json_at(a, 2), &v), LS_OK);
    assert_int_equal(v, 30);
    assert_null(ls_json_at(a, 3));
    assert_null(ls_json_at(root, 0));
    assert_null(ls_json_at(NULL, 0));
    assert_null(ls_json_next(ls_json_at(a, 2)));
    assert_null(ls_json_first(ls_json_at(a, 0)));
    assert_null(ls_json_first(NULL));
    assert_null(ls_json_next(NULL));
    assert_null(ls_json_key(NULL));
    assert_int_equal(ls_json_count(NULL), 0);
    ls_json_free(root);
    ls_json_free(NULL);
}

static void kinds_are_told_apart(void **state)
{
    (void)state;
    struct cJSON *root = parse("[{},[],\"\",0,true,false,null]");
    bool (*const is[])(const struct cJSON *) = {
        ls_json_is_object, ls_json_is_array, ls_json_is_string, ls_json_is_number,
        ls_json_is_bool,   ls_json_is_bool,  ls_json_is_null};
    for (size_t i = 0; i < 7; i++) {
        for (size_t j = 0; j < 7; j++) {
            assert_int_equal(is[j](ls_json_at(root, i)), is[i] == is[j]);
        }
        assert_false(is[i](NULL));
    }
    assert_true(ls_json_true(ls_json_at(root, 4)));
    assert_false(ls_json_true(ls_json_at(root, 5)));
    assert_false(ls_json_true(ls_json_at(root, 3)));
    assert_false(ls_json_true(NULL));
    assert_string_equal(ls_json_str(ls_json_at(root, 2)), "");
    assert_null(ls_json_str(ls_json_at(root, 3)));
    assert_null(ls_json_str(NULL));
    ls_json_free(root);
}

static void escapes_become_utf8(void **state)
{
    (void)state;
    struct cJSON *root = parse("\"\\u00e9\\u20ac\\ud834\\udd1e\\b\\f\\n\\r\\t\\/\\\\\\\"\"");
    assert_string_equal(ls_json_str(root), "\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e\b\f\n\r\t/\\\"");
    ls_json_free(root);
}

static void json_numbers_are_integers_while_they_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ls_err u64, i64;
        int64_t v;
    } rows[] = {
        {"0", LS_OK, LS_OK, 0},
        {"-0", LS_OK, LS_OK, 0},
        {"9007199254740991", LS_OK, LS_OK, 9007199254740991},
        {"9007199254740992", LS_ERR_RANGE, LS_ERR_RANGE, 0},
        {"9007199254740993", LS_ERR_RANGE, LS_ERR_RANGE, 0},
        {"18446744073709551615", LS_ERR_RANGE, LS_ERR_RANGE, 0},
        {"1e400", LS_ERR_RANGE, LS_ERR_RANGE, 0},
        {"-1e400", LS_ERR_RANGE, LS_ERR_RANGE, 0},
        {"-1", LS_ERR_RANGE, LS_OK, -1},
        {"-9007199254740991", LS_ERR_RANGE, LS_OK, -9007199254740991},
        {"-9007199254740992", LS_ERR_RANGE, LS_ERR_RANGE, 0},
        {"1.5", LS_ERR_PARSE, LS_ERR_PARSE, 0},
        {"1e3", LS_OK, LS_OK, 1000},
        {"\"1\"", LS_ERR_TYPE, LS_ERR_TYPE, 0},
        {"true", LS_ERR_TYPE, LS_ERR_TYPE, 0},
        {"null", LS_ERR_TYPE, LS_ERR_TYPE, 0},
        {"[1]", LS_ERR_TYPE, LS_ERR_TYPE, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cJSON *root = parse(rows[i].text);
        uint64_t u = 77;
        int64_t s = 77;
        assert_int_equal(ls_json_u64(root, &u), rows[i].u64);
        assert_int_equal(ls_json_i64(root, &s), rows[i].i64);
        assert_true(u == (rows[i].u64 ? 77 : (uint64_t)rows[i].v));
        assert_true(s == (rows[i].i64 ? 77 : rows[i].v));
        ls_json_free(root);
    }
    uint64_t u = 0;
    int64_t s = 0;
    assert_int_equal(ls_json_u64(NULL, &u), LS_ERR_MISSING);
    assert_int_equal(ls_json_i64(NULL, &s), LS_ERR_MISSING);
}

static void a_number_too_long_for_the_parser_is_refused_not_cut(void **state)
{
    (void)state;
    char text[66];
    memset(text, '1', sizeof text);
    struct cJSON *root = NULL;
    struct ls_diag d;
    assert_int_equal(ls_json_validate(text, 64, 0, NULL), LS_OK);
    assert_int_equal(ls_json_parse(text, 64, 0, &root, &d), LS_ERR_RANGE);
    assert_null(root);
    assert_non_null(strstr(d.text, "64 characters"));
    assert_int_equal(ls_json_parse(text, 63, 0, &root, &d), LS_OK);
    double v = 0;
    assert_int_equal(ls_json_double(root, &v), LS_OK);
    assert_true(v > 1.11e62 && v < 1.12e62);
    ls_json_free(root);
}

static void quantities_and_either_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ls_err quantity, any;
        uint64_t v;
    } rows[] = {
        {"\"0x10\"", LS_OK, LS_OK, 16},
        {"\"0xffffffffffffffff\"", LS_OK, LS_OK, UINT64_MAX},
        {"16", LS_ERR_TYPE, LS_OK, 16},
        {"-1", LS_ERR_TYPE, LS_ERR_RANGE, 0},
        {"\"16\"", LS_ERR_PARSE, LS_ERR_PARSE, 0},
        {"\"0x010\"", LS_ERR_PARSE, LS_ERR_PARSE, 0},
        {"\"0x10000000000000000\"", LS_ERR_RANGE, LS_ERR_RANGE, 0},
        {"null", LS_ERR_TYPE, LS_ERR_TYPE, 0},
        {"[]", LS_ERR_TYPE, LS_ERR_TYPE, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cJSON *root = parse(rows[i].text);
        uint64_t q = 77, a = 77;
        assert_int_equal(ls_json_quantity(root, &q), rows[i].quantity);
        assert_int_equal(ls_json_u64_any(root, &a), rows[i].any);
        assert_true(q == (rows[i].quantity ? 77 : rows[i].v));
        assert_true(a == (rows[i].any ? 77 : rows[i].v));
        ls_json_free(root);
    }
    uint64_t v = 0;
    double d = 0;
    struct ls_u256 wide;
    assert_int_equal(ls_json_quantity(NULL, &v), LS_ERR_MISSING);
    assert_int_equal(ls_json_u64_any(NULL, &v), LS_ERR_MISSING);
    assert_int_equal(ls_json_u256(NULL, &wide), LS_ERR_MISSING);
    assert_int_equal(ls_json_double(NULL, &d), LS_ERR_MISSING);
}

static void hexadecimal_members(void **state)
{
    (void)state;
    struct cJSON *root = parse("[\"0x0102\",\"0x\",\"0x123\",\"\",7,\"0x1\",\"0x00zz\"]");
    const struct cJSON *two = ls_json_at(root, 0);
    uint8_t out[2] = {0};
    assert_int_equal(ls_json_fixed(two, out, 2), LS_OK);
    assert_memory_equal(out, "\x01\x02", 2);
    assert_int_equal(ls_json_fixed(two, out, 1), LS_ERR_PARSE);
    assert_int_equal(ls_json_fixed(ls_json_at(root, 4), out, 2), LS_ERR_TYPE);
    assert_int_equal(ls_json_fixed(NULL, out, 2), LS_ERR_MISSING);

    struct ls_arena a;
    ls_arena_init(&a, 1000);
    struct ls_span s = {NULL, 77};
    assert_int_equal(ls_json_data(ls_json_at(root, 2), &a, 100, &s), LS_ERR_PARSE);
    assert_int_equal(ls_json_data(ls_json_at(root, 3), &a, 100, &s), LS_ERR_PARSE);
    assert_int_equal(ls_json_data(ls_json_at(root, 4), &a, 100, &s), LS_ERR_TYPE);
    assert_int_equal(ls_json_data(ls_json_at(root, 6), &a, 100, &s), LS_ERR_PARSE);
    assert_int_equal(ls_json_data(two, &a, 1, &s), LS_ERR_LIMIT);
    assert_int_equal(ls_json_data(NULL, &a, 1, &s), LS_ERR_MISSING);
    assert_int_equal(s.n, 77);
    assert_int_equal(ls_json_data(two, &a, 2, &s), LS_OK);
    assert_int_equal(s.n, 2);
    assert_memory_equal(s.p, "\x01\x02", 2);
    assert_int_equal(ls_json_data(ls_json_at(root, 1), &a, 0, &s), LS_OK);
    assert_int_equal(s.n, 0);
    struct ls_arena none = {0};
    assert_int_equal(ls_json_data(two, &none, 2, &s), LS_ERR_NOMEM);

    struct ls_u256 wide;
    assert_int_equal(ls_json_u256(ls_json_at(root, 5), &wide), LS_OK);
    assert_int_equal(wide.be[31], 1);
    assert_int_equal(ls_json_u256(ls_json_at(root, 4), &wide), LS_ERR_TYPE);
    ls_arena_fini(&a);
    ls_json_free(root);
}

static void what_is_printed_reads_back_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *printed; /* NULL: as the text */
    } rows[] = {
        {"{\"a\":[1,-2,{\"b\":null}],\"c\":true,\"d\":false,\"e\":\"x\"}", NULL},
        {" { \"a\" : [ ] , \"b\" : { } } ", "{\"a\":[],\"b\":{}}"},
        {"[9007199254740991,-9007199254740991,1700000000123]", NULL},
        {"[0.1,1.5,-2.5e-7,1.0,-0,1E+3]", NULL},
        {"[1e400,-1e400]", NULL},
        {"\"\\u0001\\\"\\\\\\u20ac\"", "\"\\u0001\\\"\\\\\xe2\x82\xac\""},
        {"{\"a\\\"b\":1}", NULL},
        {"12345678901234567890", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cJSON *root = parse(rows[i].text);
        struct ls_buf b, again;
        ls_buf_init(&b, 1000);
        ls_buf_init(&again, 1000);
        ls_json_print(root, &b);
        assert_string_equal((char *)b.p, rows[i].printed ? rows[i].printed : rows[i].text);
        struct cJSON *back = parse((char *)b.p);
        ls_json_print(back, &again);
        assert_string_equal((char *)again.p, (char *)b.p);
        ls_buf_fini(&b);
        ls_buf_fini(&again);
        ls_json_free(root);
        ls_json_free(back);
    }
}

static void a_value_can_be_read_from_the_front_of_a_text(void **state)
{
    (void)state;
    static const char text[] = " {\"a\":1} {";
    struct ls_json_scan found;
    assert_int_equal(ls_json_scan(text, sizeof text - 1, 0, false, &found), LS_OK);
    assert_int_equal(found.end, 8);
    struct cJSON *root = NULL;
    assert_int_equal(ls_json_tree(text, found.end, &found, &root, NULL), LS_OK);
    assert_int_equal(ls_json_count(root), 1);
    ls_json_free(root);
    assert_int_equal(ls_json_scan(text, sizeof text - 1, 0, true, &found), LS_ERR_PARSE);
    assert_int_equal(found.end, 9);
}

static void numbers_keep_their_text(void **state)
{
    static const char *const numbers[] = {
        "0", "-0", "7", "1.0", "1e3", "-2.50E+07", "18446744073709551615", "1e400"};
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        char text[128];
        struct cJSON *alone = parse(numbers[i]);
        assert_string_equal(ls_json_number_text(alone), numbers[i]);
        assert_null(ls_json_str(alone));
        (void)snprintf(text, sizeof text, "[%s,\"%s\",{\"a\":%s}]", numbers[i], numbers[i],
                       numbers[i]);
        struct cJSON *list = parse(text);
        assert_string_equal(ls_json_number_text(ls_json_at(list, 0)), numbers[i]);
        assert_null(ls_json_number_text(ls_json_at(list, 1)));
        assert_string_equal(ls_json_number_text(ls_json_get(ls_json_at(list, 2), "a")), numbers[i]);
        ls_json_free(alone);
        ls_json_free(list);
    }
    assert_null(ls_json_number_text(NULL));
}

/* --- the reader beside cJSON's own --- */

static void expect_same_tree(const struct cJSON *ours, const struct cJSON *theirs)
{
    const struct cJSON *last = NULL;
    assert_int_equal(ours->type, theirs->type);
    assert_memory_equal(&ours->valuedouble, &theirs->valuedouble, sizeof ours->valuedouble);
    if (ls_json_is_number(ours)) {
        assert_non_null(ls_json_number_text(ours)); /* which theirs does not keep */
    } else {
        assert_int_equal(ours->valuestring == NULL, theirs->valuestring == NULL);
    }
    if (theirs->valuestring != NULL) {
        assert_string_equal(ours->valuestring, theirs->valuestring);
    }
    assert_int_equal(ours->string == NULL, theirs->string == NULL);
    if (ours->string != NULL) {
        assert_string_equal(ours->string, theirs->string);
    }
    const struct cJSON *b = theirs->child;
    for (const struct cJSON *a = ours->child; a != NULL; a = a->next, b = b->next) {
        assert_non_null(b);
        assert_ptr_equal(a->prev, last != NULL ? last : ours->child->prev);
        expect_same_tree(a, b);
        last = a;
    }
    assert_null(b);
    assert_ptr_equal(ours->child != NULL ? ours->child->prev : NULL, last);
}

static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % below;
}

static void put_space(struct ls_buf *b, uint64_t *seed)
{
    for (uint32_t n = draw(seed, 4) / 3 * draw(seed, 4); n > 0; n--) {
        (void)ls_buf_putc(b, (uint8_t) " \n\r\t"[draw(seed, 4)]);
    }
}

static void put_drawn_string(struct ls_buf *b, uint64_t *seed)
{
    static const char *const parts[] = {"a",        "0x1234",
                                        "eightchr", "exactly sixteen ",
                                        "\\n",      "\\\\",
                                        "\\\"",     "\\/",
                                        "\\u0041",  "\\u00e9",
                                        "\\u20AC",  "\\ud83d\\ude00",
                                        "\xc3\xa9", "\xf0\x9f\x98\x80",
                                        "\\b",      "\\f",
                                        "\\r",      "\\t",
                                        "\x7f",     "!"};
    (void)ls_buf_putc(b, '"');
    for (uint32_t n = draw(seed, 6); n > 0; n--) {
        (void)ls_buf_puts(b, parts[draw(seed, sizeof parts / sizeof parts[0])]);
    }
    (void)ls_buf_putc(b, '"');
}

static void put_drawn_value(struct ls_buf *b, uint64_t *seed, unsigned depth)
{
    static const char *const scalars[] = {"true",
                                          "false",
                                          "null",
                                          "0",
                                          "-0",
                                          "7",
                                          "-12",
                                          "999999999999999",
                                          "9999999999999999",
                                          "123456789012345678901234567890",
                                          "0.5",
                                          "-1.25e-3",
                                          "1E3",
                                          "2e+10",
                                          "1e999",
                                          "-0.0"};
    uint32_t kind = draw(seed, depth > 0 ? 4 : 2);
    put_space(b, seed);
    if (kind == 0) {
        (void)ls_buf_puts(b, scalars[draw(seed, sizeof scalars / sizeof scalars[0])]);
    } else if (kind == 1) {
        put_drawn_string(b, seed);
    } else {
        (void)ls_buf_putc(b, (uint8_t)(kind == 2 ? '[' : '{'));
        for (uint32_t i = 0, n = draw(seed, 5); i < n; i++) {
            (void)ls_buf_puts(b, i > 0 ? "," : "");
            if (kind == 3) {
                put_space(b, seed);
                put_drawn_string(b, seed);
                put_space(b, seed);
                (void)ls_buf_putc(b, ':');
            }
            put_drawn_value(b, seed, depth - 1);
        }
        put_space(b, seed);
        (void)ls_buf_putc(b, (uint8_t)(kind == 2 ? ']' : '}'));
    }
    put_space(b, seed);
}

static void trees_are_those_that_cjson_makes(void **state)
{
    (void)state;
    uint64_t seed = 20261124;
    for (int i = 0; i < 4000; i++) {
        struct ls_buf b;
        struct cJSON *ours = NULL;
        ls_buf_init(&b, 1u << 20);
        put_drawn_value(&b, &seed, 4);
        assert_int_equal(ls_json_parse((const char *)b.p, b.n, 0, &ours, NULL), LS_OK);
        struct cJSON *theirs = cJSON_ParseWithLength((const char *)b.p, b.n);
        assert_non_null(theirs);
        expect_same_tree(ours, theirs);
        cJSON_Delete(theirs);
        ls_json_free(ours);
        ls_buf_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_keep_their_text),
        cmocka_unit_test(trees_are_those_that_cjson_makes),
        cmocka_unit_test(well_formed_texts_are_taken),
        cmocka_unit_test(malformed_texts_are_refused_where_they_go_wrong),
        cmocka_unit_test(special_bytes_are_seen_wherever_they_stand),
        cmocka_unit_test(every_cut_of_a_text_is_refused_at_its_end),
        cmocka_unit_test(nesting_is_capped),
        cmocka_unit_test(nesting_remembers_what_it_closes),
        cmocka_unit_test(escaped_characters_are_scalar_values),
        cmocka_unit_test(utf8_is_every_scalar_value_in_its_shortest_form),
        cmocka_unit_test(the_sentence_names_offset_and_byte),
        cmocka_unit_test(keys_are_found_exactly_and_the_last_one_counts),
        cmocka_unit_test(children_are_walked_in_order),
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(escapes_become_utf8),
        cmocka_unit_test(json_numbers_are_integers_while_they_are_exact),
        cmocka_unit_test(a_number_too_long_for_the_parser_is_refused_not_cut),
        cmocka_unit_test(quantities_and_either_form),
        cmocka_unit_test(hexadecimal_members),
        cmocka_unit_test(what_is_printed_reads_back_the_same),
        cmocka_unit_test(a_value_can_be_read_from_the_front_of_a_text),
    };
    return cmocka_run_group_tests_name("lib json", tests, NULL, NULL);
}
