/*
 * Buffers and arenas: bounds, sticky errors, terminators, alignment, reuse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdalign.h>

#include "lib/arena.h"
#include "lib/bytes.h"

static void appends_arrive_in_order_and_stay_terminated(void **state)
{
    (void)state;
    struct ls_buf b;
    ls_buf_init(&b, 1000);
    assert_int_equal(ls_buf_puts(&b, "one "), LS_OK);
    assert_int_equal(ls_buf_put(&b, "two", 3), LS_OK);
    assert_int_equal(ls_buf_putc(&b, ' '), LS_OK);
    assert_int_equal(ls_buf_printf(&b, "%d %s", 3, "drei"), LS_OK);
    assert_string_equal((char *)b.p, "one two 3 drei");
    assert_int_equal(b.n, 14);
    struct ls_span s = ls_buf_span(&b);
    assert_ptr_equal(s.p, b.p);
    assert_int_equal(s.n, 14);
    ls_buf_fini(&b);
    assert_null(b.p);
    assert_int_equal(b.bytes_max, 1000);
}

static void the_maximum_is_reached_exactly_and_never_passed(void **state)
{
    (void)state;
    for (size_t max = 1; max <= 300; max++) {
        struct ls_buf b;
        ls_buf_init(&b, max);
        for (size_t i = 0; i < max; i++) {
            assert_int_equal(ls_buf_putc(&b, (uint8_t)i), LS_OK);
            assert_int_equal(b.p[b.n], 0);
        }
        assert_int_equal(ls_buf_putc(&b, 1), LS_ERR_LIMIT);
        assert_int_equal(b.n, max);
        assert_true(b.cap <= max + 1);
        for (size_t i = 0; i < max; i++) {
            assert_int_equal(b.p[i], (uint8_t)i);
        }
        ls_buf_fini(&b);
    }
}

static void a_failed_append_leaves_the_content_and_sticks(void **state)
{
    (void)state;
    struct ls_buf b;
    ls_buf_init(&b, 5);
    assert_int_equal(ls_buf_puts(&b, "abc"), LS_OK);
    assert_int_equal(ls_buf_puts(&b, "def"), LS_ERR_LIMIT);
    assert_string_equal((char *)b.p, "abc");
    /* Would fit, but a hole in the middle is worse than an early end. */
    assert_int_equal(ls_buf_puts(&b, "d"), LS_ERR_LIMIT);
    assert_int_equal(ls_buf_put(&b, NULL, 0), LS_ERR_LIMIT);
    assert_int_equal(ls_buf_printf(&b, "d"), LS_ERR_LIMIT);
    assert_null(ls_buf_grow(&b, 1));
    assert_string_equal((char *)b.p, "abc");
    ls_buf_clear(&b);
    assert_string_equal((char *)b.p, "");
    assert_int_equal(b.err, LS_OK);
    assert_int_equal(ls_buf_printf(&b, "%s", "12345"), LS_OK);
    assert_int_equal(ls_buf_printf(&b, "%s", "6"), LS_ERR_LIMIT);
    assert_string_equal((char *)b.p, "12345");
    ls_buf_fini(&b);
}

static void a_zeroed_buffer_takes_nothing(void **state)
{
    (void)state;
    struct ls_buf b = {0};
    assert_int_equal(ls_buf_put(&b, NULL, 0), LS_OK);
    assert_int_equal(ls_buf_putc(&b, 'x'), LS_ERR_LIMIT);
    ls_buf_clear(&b);
    ls_buf_fini(&b);
}

static void grown_room_is_counted(void **state)
{
    (void)state;
    struct ls_buf b;
    ls_buf_init(&b, 100);
    (void)ls_buf_puts(&b, "ab");
    uint8_t *at = ls_buf_grow(&b, 3);
    assert_non_null(at);
    memcpy(at, "cde", 3);
    assert_string_equal((char *)b.p, "abcde");
    assert_null(ls_buf_grow(&b, SIZE_MAX));
    assert_int_equal(b.err, LS_ERR_LIMIT);
    ls_buf_fini(&b);
}

static void arena_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct ls_arena a;
    ls_arena_init(&a, 1 << 20);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 0; n < 200; n++) {
            unsigned char *p = ls_arena_alloc(&a, n);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
            for (size_t i = 0; i < n; i++) {
                assert_int_equal(p[i], 0);
            }
            memset(p, 0xff, n);
        }
        ls_arena_reset(&a);
        assert_int_equal(a.bytes_used, 0);
    }
    ls_arena_fini(&a);
}

static void arena_objects_do_not_overlap(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    struct ls_arena a;
    ls_arena_init(&a, 1 << 22);
    unsigned char *p[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        p[i] = ls_arena_alloc(&a, 1 + i * 7 % 300);
        assert_non_null(p[i]);
        memset(p[i], (int)(i % 251), 1 + i * 7 % 300);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < 1 + i * 7 % 300; j++) {
            assert_int_equal(p[i][j], i % 251);
        }
    }
    ls_arena_fini(&a);
}

static void an_arena_keeps_to_its_maximum(void **state)
{
    (void)state;
    const size_t unit = alignof(max_align_t);
    struct ls_arena a;
    ls_arena_init(&a, 4 * unit);
    assert_non_null(ls_arena_alloc(&a, 3 * unit));
    assert_null(ls_arena_alloc(&a, unit + 1));
    assert_non_null(ls_arena_alloc(&a, 0));
    assert_null(ls_arena_alloc(&a, 0));
    assert_null(ls_arena_alloc(&a, SIZE_MAX));
    assert_null(ls_arena_alloc(&a, SIZE_MAX - 1));
    ls_arena_reset(&a);
    assert_non_null(ls_arena_alloc(&a, 4 * unit));
    ls_arena_fini(&a);
    assert_non_null(ls_arena_alloc(&a, 4 * unit));
    ls_arena_fini(&a);

    struct ls_arena zeroed = {0};
    assert_null(ls_arena_alloc(&zeroed, 1));
    ls_arena_reset(&zeroed);
    ls_arena_fini(&zeroed);
}

static void a_large_object_gets_a_chunk_of_its_own(void **state)
{
    (void)state;
    struct ls_arena a;
    ls_arena_init(&a, 8u << 20);
    unsigned char *small = ls_arena_alloc(&a, 8);
    unsigned char *large = ls_arena_alloc(&a, 5u << 20);
    assert_non_null(small);
    assert_non_null(large);
    large[(5u << 20) - 1] = 1;
    assert_non_null(ls_arena_alloc(&a, 1u << 20));
    assert_int_equal(small[0], 0);
    ls_arena_fini(&a);
}

static void a_copy_ends_in_zero(void **state)
{
    (void)state;
    struct ls_arena a;
    ls_arena_init(&a, 1 << 16);
    char *s = ls_arena_dup(&a, "lockstep", 4);
    assert_string_equal(s, "lock");
    /* Also where the content fills its slot. */
    for (size_t n = 1; n <= 64; n++) {
        char text[65] = {0};
        memset(text, 'x', n);
        char *copy = ls_arena_dup(&a, text, n);
        memset(ls_arena_alloc(&a, 1), 0xff, 1);
        assert_string_equal(copy, text);
    }
    char *empty = ls_arena_dup(&a, NULL, 0);
    assert_string_equal(empty, "");
    assert_null(ls_arena_dup(&a, "x", SIZE_MAX));
    ls_arena_fini(&a);
}

static void a_span_is_a_text_byte_for_byte(void **state)
{
    (void)state;
    const struct ls_span abc = {(const uint8_t *)"abcd", 3};
    assert_true(ls_span_is(abc, "abc"));
    assert_false(ls_span_is(abc, "abd"));
    assert_false(ls_span_is(abc, "ab"));
    assert_false(ls_span_is(abc, "abcd"));
    assert_true(ls_span_is((struct ls_span){abc.p, 0}, ""));
    assert_false(ls_span_is((struct ls_span){NULL, 0}, "")); /* absent */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_arrive_in_order_and_stay_terminated),
        cmocka_unit_test(the_maximum_is_reached_exactly_and_never_passed),
        cmocka_unit_test(a_failed_append_leaves_the_content_and_sticks),
        cmocka_unit_test(a_zeroed_buffer_takes_nothing),
        cmocka_unit_test(grown_room_is_counted),
        cmocka_unit_test(arena_memory_is_zeroed_and_aligned),
        cmocka_unit_test(arena_objects_do_not_overlap),
        cmocka_unit_test(an_arena_keeps_to_its_maximum),
        cmocka_unit_test(a_large_object_gets_a_chunk_of_its_own),
        cmocka_unit_test(a_copy_ends_in_zero),
        cmocka_unit_test(a_span_is_a_text_byte_for_byte),
    };
    return cmocka_run_group_tests_name("lib bytes and arena", tests, NULL, NULL);
}
