/*
 * The event loop. Ticks here are either so long that none ends, or so short that waiting for one is
 * nothing; a stall is made by burning time, since a loop that sleeps is not stalled.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/live/loop.h"

#define MS UINT64_C(1000000)
#define HOUR (UINT64_C(3600000) * MS)

struct ear {
    struct ls_loop *loop;
    struct ls_loop_watch *watch;
    struct ls_loop_watch *other; /* unwatched when this one hears */
    int calls;
    int fd;
};

static void on_fd(void *user, uint32_t events)
{
    struct ear *e = user;
    char c;

    assert_true((events & EPOLLIN) != 0);
    assert_int_equal(read(e->fd, &c, 1), 1);
    e->calls++;
    ls_loop_unwatch(e->loop, e->other);
    e->other = NULL;
    ls_loop_happened(e->loop);
}

static struct ls_loop *make(uint64_t tick_ns)
{
    struct ls_loop *l = NULL;

    assert_int_equal(ls_loop_new(tick_ns, &l, NULL), LS_OK);
    return l;
}

static void a_turn_ends_with_the_tick(void **state)
{
    struct ls_loop *l = make(MS);

    (void)state;
    assert_int_equal(ls_loop_ticks(l), 0);
    assert_true(ls_loop_turn(l));
    assert_int_equal(ls_loop_ticks(l), 1);
    assert_true(ls_loop_now_ns(l) >= MS);
    ls_loop_free(l);
}

static void a_stall_counts_one_tick(void **state)
{
    struct ls_loop *l = make(MS);
    uint64_t stalled_until;

    (void)state;
    while (ls_loop_now_ns(l) < 10 * MS) {
        ls_loop_update(l);
    }
    assert_true(ls_loop_turn(l));
    stalled_until = ls_loop_now_ns(l);
    assert_int_equal(ls_loop_ticks(l), 1);
    assert_true(ls_loop_turn(l));
    assert_int_equal(ls_loop_ticks(l), 2);
    assert_true(ls_loop_now_ns(l) >= stalled_until + MS); /* a full period, nothing made up for */
    ls_loop_free(l);
}

static void a_turn_ends_when_something_happened(void **state)
{
    struct ls_loop *l = make(HOUR);
    struct ear e = {.loop = l};
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    e.fd = fds[0];
    e.watch = ls_loop_watch(l, fds[0], EPOLLIN, on_fd, &e);
    assert_non_null(e.watch);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_false(ls_loop_turn(l));
    assert_int_equal(e.calls, 1);
    assert_int_equal(ls_loop_ticks(l), 0);
    ls_loop_unwatch(l, e.watch);
    close(fds[0]);
    close(fds[1]);
    ls_loop_free(l);
}

static void who_is_unwatched_hears_nothing_more_even_in_the_same_dispatch(void **state)
{
    struct ls_loop *l = make(HOUR);
    struct ear a = {.loop = l}, b = {.loop = l};
    int x[2], y[2];

    (void)state;
    assert_int_equal(pipe(x), 0);
    assert_int_equal(pipe(y), 0);
    a.fd = x[0];
    b.fd = y[0];
    a.watch = ls_loop_watch(l, x[0], EPOLLIN, on_fd, &a);
    b.watch = ls_loop_watch(l, y[0], EPOLLIN, on_fd, &b);
    a.other = b.watch;
    b.other = a.watch;
    assert_int_equal(write(x[1], "x", 1), 1);
    assert_int_equal(write(y[1], "y", 1), 1);
    assert_false(ls_loop_turn(l));
    assert_int_equal(a.calls + b.calls, 1);
    ls_loop_free(l);
    close(x[0]);
    close(x[1]);
    close(y[0]);
    close(y[1]);
}

struct alarm {
    struct ls_loop *loop;
    struct ls_loop_timer timer;
    struct ls_loop_timer *stops;
    bool sets_itself;
    int calls;
};

static void on_alarm(void *user)
{
    struct alarm *a = user;

    a->calls++;
    if (a->stops != NULL) {
        ls_loop_timer_stop(a->loop, a->stops);
    }
    if (a->sets_itself) {
        ls_loop_timer_set(a->loop, &a->timer, 0);
    }
    ls_loop_happened(a->loop);
}

static struct alarm alarm_in(struct ls_loop *l)
{
    return (struct alarm){.loop = l, .timer = {.fn = on_alarm}};
}

static void timers_fire_once_when_due(void **state)
{
    struct ls_loop *l = make(HOUR);
    struct alarm soon = alarm_in(l), later = alarm_in(l);

    (void)state;
    soon.timer.user = &soon;
    later.timer.user = &later;
    ls_loop_timer_set(l, &soon.timer, ls_loop_now_ns(l) + MS);
    ls_loop_timer_set(l, &later.timer, ls_loop_now_ns(l) + HOUR / 2);
    assert_false(ls_loop_turn(l));
    assert_int_equal(soon.calls, 1);
    assert_int_equal(later.calls, 0);
    assert_false(soon.timer.is_set);
    assert_true(later.timer.is_set);
    ls_loop_timer_stop(l, &later.timer);
    ls_loop_free(l);
}

static void a_timer_that_sets_itself_fires_once_a_wait(void **state)
{
    struct ls_loop *l = make(HOUR);
    struct alarm a = alarm_in(l);

    (void)state;
    a.timer.user = &a;
    a.sets_itself = true;
    ls_loop_timer_set(l, &a.timer, 0);
    for (int i = 1; i <= 3; i++) {
        assert_false(ls_loop_turn(l));
        assert_int_equal(a.calls, i);
    }
    ls_loop_timer_stop(l, &a.timer);
    ls_loop_free(l);
}

static void a_timer_may_stop_another_that_is_due(void **state)
{
    struct ls_loop *l = make(HOUR);
    struct alarm a = alarm_in(l), b = alarm_in(l);

    (void)state;
    a.timer.user = &a;
    b.timer.user = &b;
    a.stops = &b.timer;
    b.stops = &a.timer;
    ls_loop_timer_set(l, &a.timer, 0);
    ls_loop_timer_set(l, &b.timer, 0);
    assert_false(ls_loop_turn(l));
    assert_int_equal(a.calls + b.calls, 1);
    ls_loop_free(l);
}

static void a_request_to_stop_is_noticed_and_the_mask_restored(void **state)
{
    struct ls_loop *l = make(HOUR);
    sigset_t mask;

    (void)state;
    assert_false(ls_loop_is_interrupted(l));
    assert_int_equal(raise(SIGTERM), 0);
    assert_false(ls_loop_turn(l));
    assert_true(ls_loop_is_interrupted(l));
    ls_loop_free(l);
    assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
    assert_false(sigismember(&mask, SIGTERM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_ends_with_the_tick),
        cmocka_unit_test(a_stall_counts_one_tick),
        cmocka_unit_test(a_turn_ends_when_something_happened),
        cmocka_unit_test(who_is_unwatched_hears_nothing_more_even_in_the_same_dispatch),
        cmocka_unit_test(timers_fire_once_when_due),
        cmocka_unit_test(a_timer_that_sets_itself_fires_once_a_wait),
        cmocka_unit_test(a_timer_may_stop_another_that_is_due),
        cmocka_unit_test(a_request_to_stop_is_noticed_and_the_mask_restored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
