/*
 * Zstandard: round trips around the chunk size, frames in a row, damage, and the maximum.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include "lib/zst.h"

#define MAX (8u << 20)

/* Lines of a few kinds in random order: neither random nor one repeated line. */
static uint8_t *make_text(size_t n)
{
    uint8_t *p = malloc(n ? n : 1);
    assert_non_null(p);
    uint32_t x = 1;
    for (size_t i = 0; i < n; i++) {
        if (i % 50 == 0) {
            x = x * 1664525u + 1013904223u;
        }
        p[i] = (uint8_t)(32 + (x >> 25) % 90 + i % 50 * 7 % 31);
    }
    return p;
}

static void what_was_packed_comes_out_again(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,      1,      100,    131071, 131072,
                                   131073, 262143, 262144, 262145, 1000000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *text = make_text(sizes[i]);
        struct ls_buf packed, out;
        ls_buf_init(&packed, MAX);
        ls_buf_init(&out, MAX);
        assert_int_equal(ls_zst_compress(text, sizes[i], 3, &packed), LS_OK);
        assert_true(ls_zst_is(packed.p, packed.n));
        assert_int_equal(ls_zst_decompress(packed.p, packed.n, &out), LS_OK);
        assert_int_equal(out.n, sizes[i]);
        if (sizes[i]) {
            assert_memory_equal(out.p, text, sizes[i]);
            assert_int_equal(out.p[out.n], 0);
        }
        ls_buf_fini(&packed);
        ls_buf_fini(&out);
        free(text);
    }
}

/* What a sink has been given so far. */
struct pieces {
    struct ls_buf all;
    size_t count;
    size_t stop_after; /* pieces; 0: never */
};

static enum ls_err take_piece(void *user, const void *p, size_t n)
{
    struct pieces *got = user;
    assert_true(n > 0);
    assert_int_equal(ls_buf_put(&got->all, p, n), LS_OK);
    return ++got->count == got->stop_after ? LS_ERR_LIMIT : LS_OK;
}

static void frames_are_handed_out_in_pieces(void **state)
{
    (void)state;
    uint8_t *text = make_text(1000000);
    struct ls_buf packed;
    struct pieces got = {.count = 0};
    ls_buf_init(&packed, MAX);
    ls_buf_init(&got.all, MAX);
    assert_int_equal(ls_zst_compress(text, 400000, 3, &packed), LS_OK);
    assert_int_equal(ls_zst_compress(text + 400000, 600000, 3, &packed), LS_OK);

    assert_int_equal(ls_zst_stream(packed.p, packed.n, take_piece, &got), LS_OK);
    assert_int_equal(got.all.n, 1000000);
    assert_memory_equal(got.all.p, text, 1000000);
    assert_true(got.count > 5);

    ls_buf_clear(&got.all);
    got.stop_after = got.count + 2;
    assert_int_equal(ls_zst_stream(packed.p, packed.n, take_piece, &got), LS_ERR_LIMIT);
    assert_int_equal(got.count, got.stop_after);

    ls_buf_clear(&got.all);
    assert_int_equal(ls_zst_stream(packed.p, packed.n - 1, take_piece, &got), LS_ERR_PARSE);
    assert_true(got.all.n > 900000);
    ls_buf_fini(&packed);
    ls_buf_fini(&got.all);
    free(text);
}

static void every_level_works_and_higher_ones_pack_better(void **state)
{
    (void)state;
    uint8_t *text = make_text(60000);
    size_t n_fast = 0;
    for (int level = 1; level <= 19; level++) {
        struct ls_buf packed;
        ls_buf_init(&packed, MAX);
        assert_int_equal(ls_zst_compress(text, 60000, level, &packed), LS_OK);
        n_fast = level == 1 ? packed.n : n_fast;
        assert_true(packed.n < 30000);
        if (level == 19) {
            assert_true(packed.n < n_fast);
        }
        ls_buf_fini(&packed);
    }
    free(text);
}

/* The frame header descriptor says: checksum present, content size present (RFC 8878, 3.1.1.1). */
static void a_frame_carries_its_size_and_checksum(void **state)
{
    (void)state;
    uint8_t *text = make_text(1000);
    struct ls_buf packed;
    ls_buf_init(&packed, MAX);
    assert_int_equal(ls_zst_compress(text, 1000, 3, &packed), LS_OK);
    assert_int_equal(packed.p[4] & 0x04, 0x04);
    assert_int_equal(packed.p[4] >> 6, 1);
    assert_int_equal(packed.p[5] | packed.p[6] << 8, 1000 - 256);
    ls_buf_fini(&packed);
    free(text);
}

static void frames_in_a_row_are_one_text(void **state)
{
    (void)state;
    struct ls_buf packed, out;
    ls_buf_init(&packed, MAX);
    ls_buf_init(&out, MAX);
    assert_int_equal(ls_zst_compress("one ", 4, 3, &packed), LS_OK);
    assert_int_equal(ls_zst_compress("two", 3, 19, &packed), LS_OK);
    (void)ls_buf_puts(&out, "zero ");
    assert_int_equal(ls_zst_decompress(packed.p, packed.n, &out), LS_OK);
    assert_string_equal((char *)out.p, "zero one two");
    ls_buf_fini(&packed);
    ls_buf_fini(&out);
}

static void every_cut_and_every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct ls_buf packed, out;
    ls_buf_init(&packed, MAX);
    ls_buf_init(&out, MAX);
    uint8_t *text = make_text(300);
    assert_int_equal(ls_zst_compress(text, 300, 3, &packed), LS_OK);
    (void)ls_buf_puts(&out, "kept");
    for (size_t n = 0; n < packed.n; n++) {
        assert_int_equal(ls_zst_decompress(packed.p, n, &out), LS_ERR_PARSE);
        assert_string_equal((char *)out.p, "kept");
    }
    size_t refused = 0;
    for (size_t bit = 0; bit < 8 * packed.n; bit++) {
        packed.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum ls_err e = ls_zst_decompress(packed.p, packed.n, &out);
        if (e) {
            refused++;
            assert_string_equal((char *)out.p, "kept");
        } else {
            /* Some bits have no meaning; then nothing may have changed. */
            assert_int_equal(out.n, 304);
            assert_memory_equal(out.p + 4, text, 300);
        }
        ls_buf_clear(&out);
        (void)ls_buf_puts(&out, "kept");
        packed.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(refused >= 8 * packed.n - 8);
    ls_buf_fini(&packed);
    ls_buf_fini(&out);
    free(text);
}

static void other_bytes_are_no_frame(void **state)
{
    (void)state;
    struct ls_buf out, packed;
    ls_buf_init(&out, MAX);
    ls_buf_init(&packed, MAX);
    assert_false(ls_zst_is("{\"a\":1}", 7));
    assert_false(ls_zst_is("\x28\xb5\x2f", 3));
    assert_false(ls_zst_is(NULL, 0));
    assert_int_equal(ls_zst_decompress("{\"a\":1}", 7, &out), LS_ERR_PARSE);
    assert_int_equal(ls_zst_decompress(NULL, 0, &out), LS_ERR_PARSE);
    assert_int_equal(ls_zst_compress("x", 1, 3, &packed), LS_OK);
    (void)ls_buf_puts(&packed, "trailing");
    assert_int_equal(ls_zst_decompress(packed.p, packed.n, &out), LS_ERR_PARSE);
    assert_int_equal(out.n, 0);
    ls_buf_fini(&out);
    ls_buf_fini(&packed);
}

static void the_maximum_holds_against_a_bomb(void **state)
{
    (void)state;
    enum { SIZE = 4 << 20 };
    uint8_t *zeros = calloc(1, SIZE);
    assert_non_null(zeros);
    struct ls_buf packed;
    ls_buf_init(&packed, 10000);
    assert_int_equal(ls_zst_compress(zeros, SIZE, 3, &packed), LS_OK);
    for (size_t max = SIZE - 1; max <= SIZE; max++) {
        struct ls_buf out;
        ls_buf_init(&out, max);
        enum ls_err want = max < SIZE ? LS_ERR_LIMIT : LS_OK;
        assert_int_equal(ls_zst_decompress(packed.p, packed.n, &out), want);
        assert_int_equal(out.n, want ? 0 : SIZE);
        ls_buf_fini(&out);
    }
    ls_buf_fini(&packed);
    ls_buf_init(&packed, 50);
    assert_int_equal(ls_zst_compress(zeros, SIZE, 3, &packed), LS_ERR_LIMIT);
    assert_int_equal(packed.n, 0);
    ls_buf_fini(&packed);
    free(zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_comes_out_again),
        cmocka_unit_test(frames_are_handed_out_in_pieces),
        cmocka_unit_test(every_level_works_and_higher_ones_pack_better),
        cmocka_unit_test(a_frame_carries_its_size_and_checksum),
        cmocka_unit_test(frames_in_a_row_are_one_text),
        cmocka_unit_test(every_cut_and_every_flipped_bit_is_refused),
        cmocka_unit_test(other_bytes_are_no_frame),
        cmocka_unit_test(the_maximum_holds_against_a_bomb),
    };
    return cmocka_run_group_tests_name("lib zst", tests, NULL, NULL);
}
