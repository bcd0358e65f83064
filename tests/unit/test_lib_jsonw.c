/*
 * JSON writer: commas, quoting, and that our own strict reader takes whatever comes out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/json.h"
#include "lib/jsonw.h"

static void assert_text(struct ls_buf *b, const char *want)
{
    assert_int_equal(b->err, LS_OK);
    assert_string_equal((char *)b->p, want);
    assert_int_equal(ls_json_validate((char *)b->p, b->n, 0, NULL), LS_OK);
    ls_buf_clear(b);
}

static void members_come_out_in_call_order(void **state)
{
    (void)state;
    struct ls_buf b;
    ls_buf_init(&b, 10000);
    struct ls_jw w;
    ls_jw_init(&w, &b);
    struct ls_u256 wide = ls_u256_from_u64(0x0102);
    struct ls_u256 zero = ls_u256_from_u64(0);
    ls_jw_object(&w, NULL);
    ls_jw_str(&w, "s", "text");
    ls_jw_str(&w, "none", NULL);
    ls_jw_strn(&w, "n", "cut here", 3);
    ls_jw_u64(&w, "u", UINT64_MAX);
    ls_jw_i64(&w, "i", INT64_MIN);
    ls_jw_quantity(&w, "q", 255);
    ls_jw_u256(&w, "w", &wide);
    ls_jw_u256(&w, "z", &zero);
    ls_jw_hex(&w, "h", (const uint8_t *)"\x00\xff", 2);
    ls_jw_hex(&w, "e", NULL, 0);
    ls_jw_bool(&w, "t", true);
    ls_jw_bool(&w, "f", false);
    ls_jw_null(&w, "o");
    ls_jw_raw(&w, "r", "[1,2]", 5);
    ls_jw_object_end(&w);
    assert_text(&b, "{\"s\":\"text\",\"none\":null,\"n\":\"cut\",\"u\":18446744073709551615,"
                    "\"i\":-9223372036854775808,\"q\":\"0xff\",\"w\":\"0x102\",\"z\":\"0x0\","
                    "\"h\":\"0x00ff\",\"e\":\"0x\",\"t\":true,\"f\":false,\"o\":null,\"r\":[1,2]}");
    ls_buf_fini(&b);
}

static void commas_stand_between_siblings_only(void **state)
{
    (void)state;
    struct ls_buf b;
    ls_buf_init(&b, 10000);
    struct ls_jw w;
    ls_jw_init(&w, &b);
    ls_jw_array(&w, NULL);
    ls_jw_array(&w, NULL);
    ls_jw_array_end(&w);
    ls_jw_object(&w, NULL);
    ls_jw_object_end(&w);
    ls_jw_u64(&w, NULL, 1);
    ls_jw_object(&w, NULL);
    ls_jw_array(&w, "a");
    ls_jw_u64(&w, NULL, 2);
    ls_jw_u64(&w, NULL, 3);
    ls_jw_array_end(&w);
    ls_jw_object(&w, "b");
    ls_jw_object_end(&w);
    ls_jw_object_end(&w);
    ls_jw_array_end(&w);
    assert_text(&b, "[[],{},1,{\"a\":[2,3],\"b\":{}}]");
    ls_buf_fini(&b);
}

static void writes_behind_what_is_there(void **state)
{
    (void)state;
    struct ls_buf b;
    ls_buf_init(&b, 100);
    (void)ls_buf_puts(&b, "x=");
    struct ls_jw w;
    ls_jw_init(&w, &b);
    ls_jw_u64(&w, NULL, 5);
    assert_string_equal((char *)b.p, "x=5");
    ls_buf_fini(&b);
}

static void strings_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        const char *want;
    } rows[] = {
        {"plain / 'text'", 14, "\"plain / 'text'\""},
        {"\"\\", 2, "\"\\\"\\\\\""},
        {"\n\r\t\b\f\x01\x1f", 7, "\"\\n\\r\\t\\u0008\\u000c\\u0001\\u001f\""},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e", 9, "\"\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e\""},
        /* what a terminal would obey */
        {"\x1b[2J\x7f\xc2\x9b", 7, "\"\\u001b[2J\\u007f\\u009b\""},
        {"\xc2\xa0", 2, "\"\xc2\xa0\""},
        /* what no reader would take */
        {"a\0b", 3,
         "\"a\xef\xbf\xbd"
         "b\""},
        {"\x80z\xc2", 3, "\"\xef\xbf\xbdz\xef\xbf\xbd\""},
        {"\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"", 0, "\"\""},
    };
    struct ls_buf b;
    ls_buf_init(&b, 1000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_jw w;
        ls_jw_init(&w, &b);
        ls_jw_strn(&w, NULL, rows[i].text, rows[i].n);
        assert_text(&b, rows[i].want);
    }
    struct ls_jw w;
    ls_jw_init(&w, &b);
    ls_jw_object(&w, NULL);
    ls_jw_null(&w, "a\"\xff");
    ls_jw_object_end(&w);
    assert_text(&b, "{\"a\\\"\xef\xbf\xbd\":null}");
    ls_buf_fini(&b);
}

/* All pairs of bytes, alone and between letters. */
static void any_bytes_make_a_string_our_reader_takes(void **state)
{
    (void)state;
    struct ls_buf b;
    ls_buf_init(&b, 1000);
    for (unsigned v = 0; v < 1u << 16; v++) {
        const char pair[4] = {'a', (char)(v >> 8), (char)v, 'z'};
        struct ls_jw w;
        ls_jw_init(&w, &b);
        ls_jw_array(&w, NULL);
        ls_jw_strn(&w, NULL, pair + 1, 2);
        ls_jw_strn(&w, NULL, pair, 4);
        ls_jw_array_end(&w);
        size_t offset = 0;
        if (ls_json_validate((char *)b.p, b.n, 0, &offset)) {
            fail_msg("0x%04x: %s refused at %zu", v, (char *)b.p, offset);
        }
        ls_buf_clear(&b);
    }
    ls_buf_fini(&b);
}

static void a_full_buffer_is_noticed_at_the_end(void **state)
{
    (void)state;
    struct ls_buf b;
    ls_buf_init(&b, 10);
    struct ls_jw w;
    ls_jw_init(&w, &b);
    ls_jw_array(&w, NULL);
    for (int i = 0; i < 20; i++) {
        ls_jw_quantity(&w, NULL, 0xffff);
    }
    ls_jw_array_end(&w);
    assert_int_equal(b.err, LS_ERR_LIMIT);
    assert_true(b.n <= 10);
    ls_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_out_in_call_order),
        cmocka_unit_test(commas_stand_between_siblings_only),
        cmocka_unit_test(writes_behind_what_is_there),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(any_bytes_make_a_string_our_reader_takes),
        cmocka_unit_test(a_full_buffer_is_noticed_at_the_end),
    };
    return cmocka_run_group_tests_name("lib jsonw", tests, NULL, NULL);
}
