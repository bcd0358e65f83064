/*
 * RLP: published vectors both ways, and every non-canonical or cut encoding refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/hex.h"
#include "lib/rlp.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ZEROS_11 "0000000000000000000000"
#define ZEROS_55 ZEROS_11 ZEROS_11 ZEROS_11 ZEROS_11 ZEROS_11
#define LOREM "Lorem ipsum dolor sit amet, consectetur adipisicing elit"

static void assert_encoding(struct ls_buf *b, const char *hex)
{
    struct ls_buf text;
    ls_buf_init(&text, 10000);
    ls_hex_put(&text, b->p, b->n);
    assert_string_equal((char *)text.p, hex);
    ls_buf_fini(&text);
    ls_buf_fini(b);
}

static struct ls_buf begin(void)
{
    struct ls_buf b;
    ls_buf_init(&b, 100000);
    return b;
}

/* Vectors of the Ethereum wiki and of ethereum/tests, RLPTests/rlptest.json. */
static void strings_are_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        const char *hex;
    } rows[] = {
        {"", 0, "0x80"},
        {"\0", 1, "0x00"},
        {"\x01", 1, "0x01"},
        {"\x7f", 1, "0x7f"},
        {"\x80", 1, "0x8180"},
        {"dog", 3, "0x83646f67"},
        {"Lorem ipsum dolor sit amet, consectetur adipisicing eli", 55,
         "0xb74c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e736563746574757220"
         "6164697069736963696e6720656c69"},
        {LOREM, 56,
         "0xb8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e736563746574757220"
         "6164697069736963696e6720656c6974"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ls_buf b = begin();
        ls_rlp_put_bytes(&b, (const uint8_t *)rows[i].text, rows[i].n);
        assert_encoding(&b, rows[i].hex);
    }
}

static void integers_are_written(void **state)
{
    (void)state;
    static const struct {
        uint64_t v;
        const char *hex;
    } rows[] = {{0, "0x80"},
                {1, "0x01"},
                {127, "0x7f"},
                {128, "0x8180"},
                {1000, "0x8203e8"},
                {1024, "0x820400"},
                {100000, "0x830186a0"},
                {UINT64_MAX, "0x88ffffffffffffffff"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ls_buf b = begin();
        ls_rlp_put_u64(&b, rows[i].v);
        assert_encoding(&b, rows[i].hex);
        struct ls_u256 wide = ls_u256_from_u64(rows[i].v);
        b = begin();
        ls_rlp_put_u256(&b, &wide);
        assert_encoding(&b, rows[i].hex);
    }
    struct ls_u256 wide = {{0}};
    assert_int_equal(
        ls_parse_quantity256("0x100102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                             66, &wide),
        LS_OK);
    struct ls_buf b = begin();
    ls_rlp_put_u256(&b, &wide);
    assert_encoding(&b, "0xa0100102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
}

static void lists_are_written(void **state)
{
    (void)state;
    struct ls_buf b = begin();
    ls_rlp_list_end(&b, ls_rlp_list_begin(&b));
    assert_encoding(&b, "0xc0");

    b = begin();
    size_t list = ls_rlp_list_begin(&b);
    ls_rlp_put_bytes(&b, (const uint8_t *)"cat", 3);
    ls_rlp_put_bytes(&b, (const uint8_t *)"dog", 3);
    ls_rlp_list_end(&b, list);
    assert_encoding(&b, "0xc88363617483646f67");

    /* [ [], [[]], [ [], [[]] ] ] */
    b = begin();
    size_t l[8];
    l[0] = ls_rlp_list_begin(&b);
    ls_rlp_list_end(&b, ls_rlp_list_begin(&b));
    l[1] = ls_rlp_list_begin(&b);
    ls_rlp_list_end(&b, ls_rlp_list_begin(&b));
    ls_rlp_list_end(&b, l[1]);
    l[2] = ls_rlp_list_begin(&b);
    ls_rlp_list_end(&b, ls_rlp_list_begin(&b));
    l[3] = ls_rlp_list_begin(&b);
    ls_rlp_list_end(&b, ls_rlp_list_begin(&b));
    ls_rlp_list_end(&b, l[3]);
    ls_rlp_list_end(&b, l[2]);
    ls_rlp_list_end(&b, l[0]);
    assert_encoding(&b, "0xc7c0c1c0c3c0c1c0");
}

static void long_lists_get_their_length_bytes(void **state)
{
    (void)state;
    static const struct {
        size_t items;
        const char *header;
        size_t header_bytes;
    } rows[] = {{55, "\xf7", 1},
                {56, "\xf8\x38", 2},
                {255, "\xf8\xff", 2},
                {256, "\xf9\x01\x00", 3},
                {65536, "\xfa\x01\x00\x00", 4}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ls_buf b = begin();
        (void)ls_buf_puts(&b, "before");
        size_t list = ls_rlp_list_begin(&b);
        for (size_t j = 0; j < rows[i].items; j++) {
            ls_rlp_put_u64(&b, 1 + j % 100);
        }
        ls_rlp_list_end(&b, list);
        assert_memory_equal(b.p, "before", 6);
        assert_memory_equal(b.p + 6, rows[i].header, rows[i].header_bytes);
        assert_int_equal(b.n, 6 + rows[i].header_bytes + rows[i].items);
        struct ls_span in = {b.p + 6, b.n - 6};
        struct ls_rlp_item item;
        assert_int_equal(ls_rlp_next(&in, &item), LS_OK);
        assert_true(item.is_list);
        assert_int_equal(item.body.n, rows[i].items);
        assert_int_equal(in.n, 0);
        ls_buf_fini(&b);
    }
}

static void a_full_buffer_keeps_the_error_of_the_first_item(void **state)
{
    (void)state;
    struct ls_buf b;
    ls_buf_init(&b, 4);
    size_t list = ls_rlp_list_begin(&b);
    ls_rlp_put_bytes(&b, (const uint8_t *)"cat", 3);
    ls_rlp_list_end(&b, list);
    assert_int_equal(b.err, LS_ERR_LIMIT);
    ls_rlp_list_end(&b, list);
    assert_int_equal(b.n, 4);
    ls_buf_fini(&b);
}

static enum ls_err read_hex(const char *hex, struct ls_rlp_item *item, size_t *rest)
{
    static uint8_t bytes[100];
    size_t n = 0;
    assert_int_equal(ls_hex_data(hex, strlen(hex), bytes, sizeof bytes, &n), LS_OK);
    struct ls_span in = {bytes, n};
    enum ls_err e = ls_rlp_next(&in, item);
    *rest = in.n;
    return e;
}

static void items_are_read(void **state)
{
    (void)state;
    struct ls_rlp_item item;
    size_t rest = 0;
    assert_int_equal(read_hex("0x83646f6705", &item, &rest), LS_OK);
    assert_false(item.is_list);
    assert_int_equal(item.body.n, 3);
    assert_memory_equal(item.body.p, "dog", 3);
    assert_int_equal(item.raw.n, 4);
    assert_int_equal(rest, 1);

    assert_int_equal(read_hex("0x00", &item, &rest), LS_OK);
    assert_int_equal(item.body.n, 1);
    assert_int_equal(item.raw.n, 1);
    assert_int_equal(read_hex("0x80", &item, &rest), LS_OK);
    assert_int_equal(item.body.n, 0);
    assert_int_equal(read_hex("0xc0", &item, &rest), LS_OK);
    assert_true(item.is_list);
    assert_int_equal(item.body.n, 0);
    assert_int_equal(item.raw.n, 1);
}

static void a_nested_list_is_walked_by_its_bodies(void **state)
{
    (void)state;
    struct ls_rlp_item outer, inner;
    size_t rest = 0;
    assert_int_equal(read_hex("0xc7c0c1c0c3c0c1c0", &outer, &rest), LS_OK);
    size_t sizes[] = {0, 1, 3};
    struct ls_span in = outer.body;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        assert_int_equal(ls_rlp_next(&in, &inner), LS_OK);
        assert_true(inner.is_list);
        assert_int_equal(inner.body.n, sizes[i]);
    }
    assert_int_equal(in.n, 0);
    assert_int_equal(ls_rlp_next(&in, &inner), LS_ERR_PARSE);
}

/* The invalid cases of ethereum/tests (RLPTests/invalidRLPTest.json) by kind. */
static void broken_encodings_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "0x",                     /* nothing */
        "0x8100",                 /* a small byte with a header */
        "0x817f",                 /* the largest of them */
        "0x81",                   /* cut after the header */
        "0x83646f",               /* cut in the body */
        "0xb8",                   /* length missing */
        "0xb900",                 /* length cut */
        "0xb800",                 /* long form of nothing */
        "0xb80100",               /* long form of one byte */
        "0xb837" ZEROS_55,        /* long form of 55 bytes */
        "0xb90038" ZEROS_55 "00", /* length with a leading zero */
        "0xbfffffffffffffffff00", /* length past every memory */
        "0xbf8000000000000000",
        "0xbbffffffff00",
        "0xc1",   /* list cut */
        "0xf800", /* long form of an empty list */
        "0xf90000",
        "0xf80101",
        "0xffffffffffffffffff",
        "0xff0000000000000001",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ls_rlp_item item;
        size_t rest = 0;
        assert_int_equal(read_hex(rows[i], &item, &rest), LS_ERR_PARSE);
        assert_int_equal(rest, strlen(rows[i]) / 2 - 1);
    }
}

static void every_cut_of_an_encoding_is_refused(void **state)
{
    (void)state;
    struct ls_buf b = begin();
    size_t list = ls_rlp_list_begin(&b);
    ls_rlp_put_bytes(&b, (const uint8_t *)LOREM LOREM LOREM LOREM LOREM, 280);
    ls_rlp_list_end(&b, list);
    for (size_t n = 0; n < b.n; n++) {
        struct ls_span in = {b.p, n};
        struct ls_rlp_item item;
        assert_int_equal(ls_rlp_next(&in, &item), LS_ERR_PARSE);
    }
    ls_buf_fini(&b);
}

static void integers_are_read_in_shortest_form_only(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum ls_err err;
        uint64_t v;
    } rows[] = {
        {"0x80", LS_OK, 0},
        {"0x01", LS_OK, 1},
        {"0x7f", LS_OK, 127},
        {"0x8180", LS_OK, 128},
        {"0x820400", LS_OK, 1024},
        {"0x88ffffffffffffffff", LS_OK, UINT64_MAX},
        {"0x00", LS_ERR_PARSE, 0},
        {"0x820001", LS_ERR_PARSE, 0},
        {"0x89010000000000000000", LS_ERR_RANGE, 0},
        {"0x89000000000000000001", LS_ERR_PARSE, 0},
        {"0xc0", LS_ERR_TYPE, 0},
        {"0xc101", LS_ERR_TYPE, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ls_rlp_item item;
        size_t rest = 0;
        uint64_t v = 77;
        assert_int_equal(read_hex(rows[i].hex, &item, &rest), LS_OK);
        assert_int_equal(ls_rlp_u64(&item, &v), rows[i].err);
        assert_true(v == (rows[i].err ? 77 : rows[i].v));
    }
}

static void fixed_strings_have_their_size(void **state)
{
    (void)state;
    struct ls_rlp_item item;
    size_t rest = 0;
    uint8_t out[4] = "....";
    assert_int_equal(read_hex("0x83646f67", &item, &rest), LS_OK);
    assert_int_equal(ls_rlp_fixed(&item, out, 4), LS_ERR_RANGE);
    assert_int_equal(ls_rlp_fixed(&item, out, 2), LS_ERR_RANGE);
    assert_memory_equal(out, "....", 4);
    assert_int_equal(ls_rlp_fixed(&item, out, 3), LS_OK);
    assert_memory_equal(out, "dog.", 4);
    assert_int_equal(read_hex("0xc3010203", &item, &rest), LS_OK);
    assert_int_equal(ls_rlp_fixed(&item, out, 3), LS_ERR_TYPE);
    assert_int_equal(read_hex("0x80", &item, &rest), LS_OK);
    assert_int_equal(ls_rlp_fixed(&item, out, 0), LS_OK);
}

/* All inputs of up to three bytes: whatever the reader takes, the writer writes the same way. */
static void reading_and_writing_are_inverse_on_small_inputs(void **state)
{
    (void)state;
    size_t accepted = 0;
    for (uint32_t v = 0; v < 1u << 24; v += v < 1u << 16 ? 1 : 97) {
        const uint8_t bytes[3] = {(uint8_t)(v), (uint8_t)(v >> 8), (uint8_t)(v >> 16)};
        struct ls_span in = {bytes, sizeof bytes};
        struct ls_rlp_item item;
        if (ls_rlp_next(&in, &item)) {
            continue;
        }
        accepted++;
        uint8_t mem[8];
        struct ls_buf b = {.p = mem, .cap = sizeof mem, .bytes_max = sizeof mem - 1};
        if (item.is_list) {
            size_t list = ls_rlp_list_begin(&b);
            (void)ls_buf_put(&b, item.body.p, item.body.n);
            ls_rlp_list_end(&b, list);
        } else {
            ls_rlp_put_bytes(&b, item.body.p, item.body.n);
        }
        assert_int_equal(b.n, item.raw.n);
        assert_memory_equal(b.p, item.raw.p, b.n);
    }
    assert_true(accepted > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_written),
        cmocka_unit_test(integers_are_written),
        cmocka_unit_test(lists_are_written),
        cmocka_unit_test(long_lists_get_their_length_bytes),
        cmocka_unit_test(a_full_buffer_keeps_the_error_of_the_first_item),
        cmocka_unit_test(items_are_read),
        cmocka_unit_test(a_nested_list_is_walked_by_its_bodies),
        cmocka_unit_test(broken_encodings_are_refused),
        cmocka_unit_test(every_cut_of_an_encoding_is_refused),
        cmocka_unit_test(integers_are_read_in_shortest_form_only),
        cmocka_unit_test(fixed_strings_have_their_size),
        cmocka_unit_test(reading_and_writing_are_inverse_on_small_inputs),
    };
    return cmocka_run_group_tests_name("lib rlp", tests, NULL, NULL);
}
