/*
 * Numbers and hexadecimal: the whole input, in one spelling, within its range, or an error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/hex.h"
#include "lib/num.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define UNTOUCHED 0x5555u

struct number {
    const char *text;
    enum ls_err err;
    uint64_t value;
};

static void decimals(void **state)
{
    (void)state;
    static const struct number rows[] = {
        {"0", LS_OK, 0},
        {"007", LS_OK, 7},
        {"18446744073709551615", LS_OK, UINT64_MAX},
        {"18446744073709551616", LS_ERR_RANGE, 0},
        {"99999999999999999999999", LS_ERR_RANGE, 0},
        {"99999999999999999999999x", LS_ERR_PARSE, 0},
        {"", LS_ERR_PARSE, 0},
        {"-1", LS_ERR_PARSE, 0},
        {"+1", LS_ERR_PARSE, 0},
        {" 1", LS_ERR_PARSE, 0},
        {"1 ", LS_ERR_PARSE, 0},
        {"0x1", LS_ERR_PARSE, 0},
        {"1e3", LS_ERR_PARSE, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t v = UNTOUCHED;
        assert_int_equal(ls_parse_dec(rows[i].text, strlen(rows[i].text), &v), rows[i].err);
        assert_true(v == (rows[i].err ? UNTOUCHED : rows[i].value));
    }
    uint64_t v = 0;
    assert_int_equal(ls_parse_dec("129", 2, &v), LS_OK);
    assert_int_equal(v, 12);
}

static void quantities(void **state)
{
    (void)state;
    static const struct number rows[] = {
        {"0x0", LS_OK, 0},
        {"0xaBc", LS_OK, 0xabc},
        {"0x9AFaf0", LS_OK, 0x9afaf0},
        {"0xffffffffffffffff", LS_OK, UINT64_MAX},
        {"0x10000000000000000", LS_ERR_RANGE, 0},
        {"0x", LS_ERR_PARSE, 0},
        {"", LS_ERR_PARSE, 0},
        {"0", LS_ERR_PARSE, 0},
        {"12", LS_ERR_PARSE, 0},
        {"0X1", LS_ERR_PARSE, 0},
        {"0x00", LS_ERR_PARSE, 0},
        {"0x01", LS_ERR_PARSE, 0},
        {"0x1g", LS_ERR_PARSE, 0},
        {"0x 1", LS_ERR_PARSE, 0},
        {"-0x1", LS_ERR_PARSE, 0},
        {"0x1 ", LS_ERR_PARSE, 0},
        {"0x1111111111111111g", LS_ERR_PARSE, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t v = UNTOUCHED;
        assert_int_equal(ls_parse_quantity(rows[i].text, strlen(rows[i].text), &v), rows[i].err);
        assert_true(v == (rows[i].err ? UNTOUCHED : rows[i].value));
    }
}

static void quantities_of_256_bits(void **state)
{
    (void)state;
    struct ls_u256 v;
    uint64_t u = 0;
    assert_int_equal(ls_parse_quantity256("0x102", 5, &v), LS_OK);
    assert_int_equal(v.be[31], 2);
    assert_int_equal(v.be[30], 1);
    assert_true(ls_u256_to_u64(&v, &u));
    assert_int_equal(u, 0x102);

    char text[67] = "0x";
    memset(text + 2, 'f', 64);
    assert_int_equal(ls_parse_quantity256(text, 66, &v), LS_OK);
    for (size_t i = 0; i < 32; i++) {
        assert_int_equal(v.be[i], 0xff);
    }
    assert_false(ls_u256_to_u64(&v, &u));
    assert_int_equal(u, 0x102);
    text[66] = 'f';
    assert_int_equal(ls_parse_quantity256(text, 67, &v), LS_ERR_RANGE);
    assert_int_equal(ls_parse_quantity256("0x01", 4, &v), LS_ERR_PARSE);

    assert_int_equal(ls_parse_quantity256("0x10000000000000000", 19, &v), LS_OK);
    assert_false(ls_u256_to_u64(&v, &u));
    assert_int_equal(v.be[23], 1);
}

static void durations(void **state)
{
    (void)state;
    static const struct number rows[] = {
        {"4", LS_OK, 4000000000u},
        {"0.5s", LS_OK, 500000000u},
        {"0.5", LS_OK, 500000000u},
        {"50ms", LS_OK, 50000000u},
        {"1.5ms", LS_OK, 1500000u},
        {"250us", LS_OK, 250000u},
        {"250\xc2\xb5s", LS_OK, 250000u},
        {"7ns", LS_OK, 7},
        {"0.9ns", LS_OK, 0},
        {"2m", LS_OK, 120000000000u},
        {"1.5h", LS_OK, UINT64_C(5400000000000)},
        {"1h2m3.25s", LS_OK, UINT64_C(3723250000000)},
        {"0.123456789s", LS_OK, 123456789u},
        {"0.1234567899s", LS_OK, 123456789u},
        {"1.s", LS_OK, 1000000000u},
        {".5s", LS_OK, 500000000u},
        {"0", LS_OK, 0},
        {"18446744073709551615ns", LS_OK, UINT64_MAX},
        {"18446744073709551616ns", LS_ERR_RANGE, 0},
        {"5124096h", LS_ERR_RANGE, 0},
        {"18446744074s", LS_ERR_RANGE, 0},
        {"18446744073s1s", LS_ERR_RANGE, 0},
        {"", LS_ERR_PARSE, 0},
        {"s", LS_ERR_PARSE, 0},
        {".s", LS_ERR_PARSE, 0},
        {"-1s", LS_ERR_PARSE, 0},
        {"1 s", LS_ERR_PARSE, 0},
        {"1s ", LS_ERR_PARSE, 0},
        {"1d", LS_ERR_PARSE, 0},
        {"1m30", LS_ERR_PARSE, 0},
        {"1.2.3s", LS_ERR_PARSE, 0},
        {"99999999999999999999999x", LS_ERR_PARSE, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t v = UNTOUCHED;
        assert_int_equal(ls_parse_duration(rows[i].text, &v), rows[i].err);
        assert_true(v == (rows[i].err ? UNTOUCHED : rows[i].value));
    }
}

static void arithmetic_says_when_it_does_not_fit(void **state)
{
    (void)state;
    uint64_t v = UNTOUCHED;
    assert_false(ls_add_u64(UINT64_MAX, 1, &v));
    assert_false(ls_mul_u64(UINT64_C(1) << 32, UINT64_C(1) << 32, &v));
    assert_true(v == UNTOUCHED);
    assert_true(ls_add_u64(UINT64_MAX - 1, 1, &v));
    assert_true(v == UINT64_MAX);
    assert_true(ls_mul_u64(UINT64_MAX, 1, &v));
    assert_true(v == UINT64_MAX);
    assert_true(ls_mul_u64(UINT64_MAX, 0, &v));
    assert_true(v == 0);
    assert_true(ls_mul_u64(0xffffffffu, 0x100000001u, &v));
    assert_true(v == UINT64_MAX);
}

static void big_endian_both_ways(void **state)
{
    (void)state;
    static const uint8_t bytes[8] = {0x81, 2, 3, 4, 5, 6, 7, 0xf8};
    assert_true(ls_be64(bytes) == UINT64_C(0x81020304050607f8));
    assert_true(ls_be32(bytes) == 0x81020304u);
    uint8_t out[8];
    ls_put_be64(out, UINT64_C(0x81020304050607f8));
    assert_memory_equal(out, bytes, 8);
}

static void u256_order_is_numeric(void **state)
{
    (void)state;
    struct ls_u256 one = ls_u256_from_u64(1);
    struct ls_u256 big = ls_u256_from_u64(UINT64_MAX);
    struct ls_u256 bigger = {{[0] = 1}};
    assert_true(ls_u256_cmp(&one, &big) < 0);
    assert_true(ls_u256_cmp(&bigger, &big) > 0);
    assert_int_equal(ls_u256_cmp(&one, &one), 0);
    uint64_t v = 0;
    assert_true(ls_u256_to_u64(&big, &v));
    assert_true(v == UINT64_MAX);
}

static void hex_of_a_fixed_size(void **state)
{
    (void)state;
    uint8_t out[3] = {0};
    assert_int_equal(ls_hex_fixed("0x00aBfF", 8, out, 3), LS_OK);
    assert_memory_equal(out, "\x00\xab\xff", 3);
    assert_int_equal(ls_hex_fixed("0x", 2, out, 0), LS_OK);
    static const char *const wrong[] = {
        "",         "0",        "0x",          "00aBfF",   "0x00aBf",  "0x00aBfFf", "0x00aBfFff",
        "0X00aBfF", "0x00aBfg", "0x00aB\xc2z", " 0x00aBf", "0x0x00aB", "0x-0aBff"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(ls_hex_fixed(wrong[i], strlen(wrong[i]), out, 3), LS_ERR_PARSE);
    }
}

static void every_character_is_a_hex_digit_or_refused(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        const char *all = "0123456789abcdefABCDEF";
        const char *at = c ? strchr(all, c) : NULL;
        const char high[4] = {'0', 'x', (char)c, '0'};
        const char low[4] = {'0', 'x', '0', (char)c};
        uint8_t hi = 0, lo = 0;
        enum ls_err want = at ? LS_OK : LS_ERR_PARSE;
        assert_int_equal(ls_hex_fixed(high, 4, &hi, 1), want);
        assert_int_equal(ls_hex_fixed(low, 4, &lo, 1), want);
        if (at) {
            int digit = (int)(at - all);
            digit = digit < 16 ? digit : digit - 6;
            assert_int_equal(hi, digit << 4);
            assert_int_equal(lo, digit);
        }
    }
}

/* Long texts are decoded in blocks: every length around them, each digit wrong once. */
static void long_hex_is_decoded_or_refused_at_every_place(void **state)
{
    (void)state;
    char text[2 * 70 + 1];
    uint8_t bytes[70];
    uint8_t back[70];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 37 + 11);
    }
    for (size_t n = 0; n <= sizeof bytes; n++) {
        ls_hex_encode(bytes, n, text);
        assert_true(ls_hex_digits(text, back, n));
        assert_memory_equal(back, bytes, n);
        for (size_t i = 0; i < 2 * n; i++) {
            char right = text[i];
            text[i] = "/:@G`g\xff"[i % 7];
            assert_false(ls_hex_digits(text, back, n));
            text[i] = right;
        }
    }
}

static void hex_data_of_any_size_up_to_a_maximum(void **state)
{
    (void)state;
    uint8_t out[4] = {0};
    size_t n = UNTOUCHED;
    assert_int_equal(ls_hex_data("0x", 2, out, 4, &n), LS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(ls_hex_data("0x01020304", 10, out, 4, &n), LS_OK);
    assert_int_equal(n, 4);
    assert_memory_equal(out, "\x01\x02\x03\x04", 4);
    assert_int_equal(ls_hex_data("0x0102030405", 12, out, 4, &n), LS_ERR_LIMIT);
    assert_int_equal(ls_hex_data("0x010", 5, out, 4, &n), LS_ERR_PARSE);
    assert_int_equal(ls_hex_data("0102", 4, out, 4, &n), LS_ERR_PARSE);
    assert_int_equal(ls_hex_data("0x01zz", 6, out, 4, &n), LS_ERR_PARSE);
    assert_int_equal(ls_hex_data("", 0, out, 4, &n), LS_ERR_PARSE);
    assert_int_equal(n, 4);
}

static void hex_is_written_in_lower_case(void **state)
{
    (void)state;
    struct ls_buf b;
    ls_buf_init(&b, 1000);
    uint8_t all[256];
    for (size_t i = 0; i < 256; i++) {
        all[i] = (uint8_t)i;
    }
    ls_hex_put(&b, all, 256);
    assert_int_equal(b.n, 514);
    assert_memory_equal(b.p, "0x000102", 8);
    assert_memory_equal(b.p + 508, "fdfeff", 6);
    uint8_t back[256];
    assert_int_equal(ls_hex_fixed((char *)b.p, b.n, back, 256), LS_OK);
    assert_memory_equal(back, all, 256);
    ls_buf_clear(&b);
    ls_hex_put(&b, NULL, 0);
    assert_string_equal((char *)b.p, "0x");
    ls_hex_put(&b, all, SIZE_MAX);
    assert_int_equal(b.err, LS_ERR_LIMIT);
    ls_buf_fini(&b);
}

static void quantities_are_written_without_leading_zeros(void **state)
{
    (void)state;
    static const struct number rows[] = {{"0x0", LS_OK, 0},
                                         {"0xf", LS_OK, 15},
                                         {"0x10", LS_OK, 16},
                                         {"0x67e8a1c0", LS_OK, 0x67e8a1c0},
                                         {"0xffffffffffffffff", LS_OK, UINT64_MAX}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ls_buf b;
        ls_buf_init(&b, 18);
        ls_hex_put_quantity(&b, rows[i].value);
        assert_string_equal((char *)b.p, rows[i].text);
        ls_buf_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals),
        cmocka_unit_test(quantities),
        cmocka_unit_test(quantities_of_256_bits),
        cmocka_unit_test(durations),
        cmocka_unit_test(arithmetic_says_when_it_does_not_fit),
        cmocka_unit_test(big_endian_both_ways),
        cmocka_unit_test(u256_order_is_numeric),
        cmocka_unit_test(hex_of_a_fixed_size),
        cmocka_unit_test(every_character_is_a_hex_digit_or_refused),
        cmocka_unit_test(long_hex_is_decoded_or_refused_at_every_place),
        cmocka_unit_test(hex_data_of_any_size_up_to_a_maximum),
        cmocka_unit_test(hex_is_written_in_lower_case),
        cmocka_unit_test(quantities_are_written_without_leading_zeros),
    };
    return cmocka_run_group_tests_name("lib num and hex", tests, NULL, NULL);
}
