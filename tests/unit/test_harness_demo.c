/* The demo's drawing, with made-up heads: frames keep their size and tell the truth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/demo/frame.h"
#include "harness/demo/screen.h"
#include "harness/demo/view.h"

#define RED "\x1b[38;5;203m"

struct fixture {
    struct ls_screen screen;
    struct ls_demo_view view;
    struct ls_buf out;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->screen = (struct ls_screen){.is_live = true, .is_utf8 = true, .columns = 80, .rows = 24};
    f->view.chain = "some-chain";
    f->view.variant = "B";
    f->view.base = 1000;
    ls_buf_init(&f->out, 1u << 20);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    ls_buf_fini(&f->out);
    free(f);
    return 0;
}

static void add_sample(struct fixture *f, int32_t source, int32_t engine, bool is_forked)
{
    struct ls_demo_sample s = {.height = {source, source, engine, engine, engine},
                               .is_forked = is_forked};
    ls_demo_sample_add(&f->view, &s);
}

/* The output as text, drawn anew. */
static const char *draw(struct fixture *f)
{
    ls_buf_clear(&f->out);
    ls_screen_draw(&f->screen, &f->view, &f->out);
    assert_int_equal(f->out.err, LS_OK);
    return (const char *)f->out.p;
}

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;
    for (const char *p = strstr(text, what); p; p = strstr(p + 1, what)) {
        n++;
    }
    return n;
}

/* Columns of the widest line: escapes take none, a UTF-8 character takes one. */
static unsigned widest_line(const char *text)
{
    unsigned widest = 0;
    unsigned n = 0;
    for (const char *p = text; *p; p++) {
        if (*p == '\x1b') {
            p += strcspn(p, "ABCDHJKhlm");
            continue;
        }
        if (*p == '\n') {
            n = 0;
        } else if (*p != '\r' && ((uint8_t)*p & 0xc0u) != 0x80u) {
            n++;
        }
        widest = n > widest ? n : widest;
    }
    return widest;
}

static void frames_have_one_height_and_fit_the_terminal(void **state)
{
    struct fixture *f = *state;
    static const unsigned sizes[][2] = {{60, 22}, {80, 24}, {100, 32}, {200, 60}, {300, 100}};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        f->screen.columns = sizes[i][0];
        f->screen.rows = sizes[i][1];
        f->screen.drawn = 0;
        unsigned lines = count(draw(f), "\n");
        assert_in_range(lines, 20, sizes[i][1] - 1);
        for (int k = 0; k < 5; k++) {
            add_sample(f, 40 + 10 * k, 100000 * k, k == 3);
            ls_demo_tell(&f->view, LS_DEMO_BAD, "somebody with a long name",
                         "says more than fits on a line of any terminal that was ever sold: %0500d",
                         k);
            const char *text = draw(f);
            assert_int_equal(count(text, "\n"), lines);
            assert_int_equal(f->screen.drawn, lines);
            assert_in_range(widest_line(text), 20, sizes[i][0] - 1);
        }
    }
}

static void a_frame_is_drawn_over_the_last_one(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(count(draw(f), "\x1b[23A"), 0);
    assert_int_equal(f->screen.drawn, 23);
    assert_int_equal(count(draw(f), "\x1b[23A"), 1);
}

static void heads_are_named_by_number_genesis_and_unset(void **state)
{
    struct fixture *f = *state;
    struct ls_demo_sample s = {.height = {2, 41, -1, 0, 41}};
    const char *text;

    f->view.base = 29470000;
    ls_demo_sample_add(&f->view, &s);
    text = draw(f);
    assert_int_equal(count(text, "29,470,041"), 2);
    assert_int_equal(count(text, "29,470,002"), 1);
    assert_non_null(strstr(text, "unset"));
    assert_null(strstr(text, RED "fork"));
    assert_int_equal(count(text, "genesis"), 2); /* on the axis, and the safe head */
}

static void a_forked_head_is_told_in_words_and_colour(void **state)
{
    struct fixture *f = *state;

    add_sample(f, 10, 10, false);
    assert_int_equal(count(draw(f), RED), 0);
    add_sample(f, 10, 12, true);
    assert_non_null(strstr(draw(f), RED "fork"));
    assert_true(count(draw(f), RED) >= 2);
}

static void the_whole_story_stays_in_sight(void **state)
{
    struct fixture *f = *state;

    add_sample(f, 500, 0, true); /* the one forked sample, at the very start */
    for (int i = 0; i < 3000; i++) {
        add_sample(f, 500, 500, false);
    }
    assert_true(f->view.sample_count <= LS_DEMO_SAMPLES_MAX);
    assert_true(widest_line(draw(f)) <= 79);
    f->view.sample_count = 400; /* more samples than columns: the first and the last but one */
    f->view.samples[0].is_forked = true;
    f->view.samples[398].is_forked = true;
    assert_int_equal(count(draw(f), RED), 2);
}

static void acts_show_how_they_ended(void **state)
{
    struct fixture *f = *state;
    const char *text;

    f->view.acts[LS_DEMO_EMPTY] = (struct ls_demo_act_view){LS_DEMO_PASSED, 12};
    f->view.acts[LS_DEMO_FORK] = (struct ls_demo_act_view){LS_DEMO_FAILED, 0};
    text = draw(f);
    assert_non_null(strstr(text, "✔"));
    assert_non_null(strstr(text, " 12 ticks"));
    assert_non_null(strstr(text, "✘"));
    assert_non_null(strstr(text, "○"));
}

static void without_utf8_only_ascii_is_printed(void **state)
{
    struct fixture *f = *state;

    f->screen.is_utf8 = false;
    add_sample(f, 100, 50, false);
    f->view.acts[LS_DEMO_EMPTY].state = LS_DEMO_PASSED;
    for (const char *p = draw(f); *p; p++) {
        assert_in_range((uint8_t)*p, 1, 126);
    }
}

static void plain_output_has_no_escape_and_tells_each_event_once(void **state)
{
    struct fixture *f = *state;
    const char *text;

    f->screen.is_live = false;
    f->view.tick = 7;
    add_sample(f, 100, 50, false);
    ls_demo_tell(&f->view, LS_DEMO_PLAIN, "lightcl", "says %d", 42);
    text = draw(f);
    assert_int_equal(count(text, "\x1b"), 0);
    assert_int_equal(count(text, "lightcl  says 42\n"), 1);
    assert_int_equal(count(text, "engine unsafe 1050 safe 1050"), 1);
    f->view.tick = 8;
    assert_string_equal(draw(f), "");
    f->view.tick = 11;
    assert_int_equal(count(draw(f), "heads"), 1);
}

static void a_full_ring_of_events_forgets_the_oldest(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 1; i <= LS_DEMO_EVENTS_MAX + 3; i++) {
        ls_demo_tell(&f->view, LS_DEMO_PLAIN, "x", "event %u", i);
    }
    assert_null(ls_demo_event_at(&f->view, 0));
    assert_null(ls_demo_event_at(&f->view, 3));
    assert_string_equal(ls_demo_event_at(&f->view, 4)->text, "event 4");
    assert_string_equal(ls_demo_event_at(&f->view, LS_DEMO_EVENTS_MAX + 3)->text, "event 67");
    assert_null(ls_demo_event_at(&f->view, LS_DEMO_EVENTS_MAX + 4));
}

static void numbers_are_grouped_by_three(void **state)
{
    char out[32];
    (void)state;

    assert_string_equal(ls_screen_number(0, out), "0");
    assert_string_equal(ls_screen_number(999, out), "999");
    assert_string_equal(ls_screen_number(1000, out), "1,000");
    assert_string_equal(ls_screen_number(UINT64_MAX, out), "18,446,744,073,709,551,615");
}

static void the_environment_decides_between_frames_and_lines(void **state)
{
    struct ls_screen s;
    (void)state;

    ls_screen_init(&s, -1);
    assert_false(s.is_live);
    setenv("LC_ALL", "C", 1);
    ls_screen_init(&s, -1);
    assert_false(s.is_utf8);
    setenv("LC_ALL", "de_DE.UTF-8", 1);
    ls_screen_init(&s, -1);
    assert_true(s.is_utf8);
    setenv("LC_ALL", "", 1);
    setenv("LC_CTYPE", "POSIX", 1);
    ls_screen_init(&s, -1);
    assert_false(s.is_utf8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_have_one_height_and_fit_the_terminal, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_frame_is_drawn_over_the_last_one, setup, teardown),
        cmocka_unit_test_setup_teardown(heads_are_named_by_number_genesis_and_unset, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_forked_head_is_told_in_words_and_colour, setup, teardown),
        cmocka_unit_test_setup_teardown(the_whole_story_stays_in_sight, setup, teardown),
        cmocka_unit_test_setup_teardown(acts_show_how_they_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(without_utf8_only_ascii_is_printed, setup, teardown),
        cmocka_unit_test_setup_teardown(plain_output_has_no_escape_and_tells_each_event_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_full_ring_of_events_forgets_the_oldest, setup, teardown),
        cmocka_unit_test(numbers_are_grouped_by_three),
        cmocka_unit_test(the_environment_decides_between_frames_and_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
