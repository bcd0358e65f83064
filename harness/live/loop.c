#include "harness/live/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>

#define EVENTS_MAX 32
#define NS_PER_S 1000000000ull

struct ls_loop_watch {
    int fd;
    ls_loop_fd_fn *fn; /* NULL: unwatched, freed after the dispatch */
    void *user;
    struct ls_loop_watch *prev, *next;
};

struct ls_loop {
    int epoll_fd;
    int timer_fd;
    int signal_fd;
    sigset_t old_mask;
    bool has_mask;
    bool has_happened;
    bool is_interrupted;
    uint64_t epoch_ns;
    uint64_t now_ns;
    int64_t wall_s;
    uint64_t tick_ns;
    uint64_t tick_due_ns;
    uint64_t ticks;
    uint64_t dispatch; /* number of the one going on */
    ls_loop_fn *prepare;
    void *prepare_user;
    struct ls_loop_watch *watches;
    struct ls_loop_watch *dead; /* unwatched, maybe still named by a fetched event */
    struct ls_loop_watch *timer_watch, *signal_watch;
    struct ls_loop_timer *timers;
};

/* --- clock --- */

static uint64_t mono_ns(void)
{
    struct timespec t = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

void ls_loop_update(struct ls_loop *l)
{
    l->now_ns = mono_ns() - l->epoch_ns;
    l->wall_s = (int64_t)time(NULL);
}

/* --- descriptors --- */

struct ls_loop_watch *ls_loop_watch(struct ls_loop *l, int fd, uint32_t events, ls_loop_fd_fn *fn,
                                    void *user)
{
    struct ls_loop_watch *w = calloc(1, sizeof *w);
    struct epoll_event ev = {.events = events, .data.ptr = w};

    if (w == NULL) {
        return NULL;
    }
    *w = (struct ls_loop_watch){.fd = fd, .fn = fn, .user = user};
    if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0) {
        free(w);
        return NULL;
    }
    DL_APPEND(l->watches, w);
    return w;
}

void ls_loop_rewatch(struct ls_loop *l, struct ls_loop_watch *w, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.ptr = w};

    (void)epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, w->fd, &ev);
}

void ls_loop_unwatch(struct ls_loop *l, struct ls_loop_watch *w)
{
    if (w == NULL) {
        return;
    }
    (void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
    w->fn = NULL;
    DL_DELETE(l->watches, w);
    DL_APPEND(l->dead, w);
}

static void free_watches(struct ls_loop_watch **list)
{
    struct ls_loop_watch *w, *next;

    DL_FOREACH_SAFE(*list, w, next)
    {
        DL_DELETE(*list, w);
        free(w);
    }
}

/* --- timers --- */

void ls_loop_timer_set(struct ls_loop *l, struct ls_loop_timer *t, uint64_t due_ns)
{
    if (!t->is_set) {
        DL_APPEND(l->timers, t);
    }
    t->is_set = true;
    t->set_in = l->dispatch;
    t->due_ns = due_ns;
}

void ls_loop_timer_stop(struct ls_loop *l, struct ls_loop_timer *t)
{
    if (t->is_set) {
        DL_DELETE(l->timers, t);
        t->is_set = false;
    }
}

static uint64_t first_due_ns(const struct ls_loop *l, uint64_t until_ns)
{
    const struct ls_loop_timer *t;

    DL_FOREACH(l->timers, t)
    {
        until_ns = t->due_ns < until_ns ? t->due_ns : until_ns;
    }
    return until_ns;
}

/* What a callback sets is for the next dispatch, so that this one comes to an end. */
static struct ls_loop_timer *next_due(const struct ls_loop *l)
{
    struct ls_loop_timer *t;

    DL_FOREACH(l->timers, t)
    {
        if (t->due_ns <= l->now_ns && t->set_in < l->dispatch) {
            return t;
        }
    }
    return NULL;
}

static void fire_timers(struct ls_loop *l)
{
    struct ls_loop_timer *t;

    while ((t = next_due(l)) != NULL) {
        ls_loop_timer_stop(l, t);
        t->fn(t->user);
    }
}

/* --- signals --- */

/* ls_loop_fd_fn */
static void on_signal(void *user, uint32_t events)
{
    struct ls_loop *l = user;
    struct signalfd_siginfo info;

    (void)events;
    while (read(l->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        l->is_interrupted = true;
        l->has_happened = true;
    }
}

static int collect_signals(struct ls_loop *l)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    l->has_mask = sigprocmask(SIG_BLOCK, &set, &l->old_mask) == 0;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* --- life --- */

/* ls_loop_fd_fn: the timer descriptor only ends a wait; timers are looked at after every wait. */
static void on_timer_fd(void *user, uint32_t events)
{
    const struct ls_loop *l = user;
    uint64_t expirations;

    (void)events;
    (void)!read(l->timer_fd, &expirations, sizeof expirations);
}

enum ls_err ls_loop_new(uint64_t tick_ns, struct ls_loop **out, struct ls_diag *d)
{
    struct ls_loop *l = calloc(1, sizeof *l);

    assert(tick_ns > 0);
    if (l == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    l->epoch_ns = mono_ns();
    l->tick_ns = tick_ns;
    l->tick_due_ns = tick_ns;
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    l->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    l->signal_fd = collect_signals(l);
    if (l->epoll_fd >= 0 && l->timer_fd >= 0 && l->signal_fd >= 0) {
        l->timer_watch = ls_loop_watch(l, l->timer_fd, EPOLLIN, on_timer_fd, l);
        l->signal_watch = ls_loop_watch(l, l->signal_fd, EPOLLIN, on_signal, l);
    }
    if (l->timer_watch == NULL || l->signal_watch == NULL) {
        enum ls_err e = ls_fail(d, LS_ERR_IO, "cannot make an event loop: %s", strerror(errno));
        ls_loop_free(l);
        return e;
    }
    ls_loop_update(l);
    *out = l;
    return LS_OK;
}

static void close_fd(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}

void ls_loop_free(struct ls_loop *l)
{
    if (l == NULL) {
        return;
    }
    free_watches(&l->watches);
    free_watches(&l->dead);
    close_fd(l->epoll_fd);
    close_fd(l->timer_fd);
    close_fd(l->signal_fd);
    if (l->has_mask) {
        (void)sigprocmask(SIG_SETMASK, &l->old_mask, NULL);
    }
    free(l);
}

void ls_loop_on_prepare(struct ls_loop *l, ls_loop_fn *fn, void *user)
{
    l->prepare = fn;
    l->prepare_user = user;
}

/* --- turning --- */

static void arm_timer_fd(const struct ls_loop *l, uint64_t due_ns)
{
    struct itimerspec at = {0};
    uint64_t abs_ns = l->epoch_ns + due_ns;

    if (due_ns != LS_LOOP_NEVER) {
        at.it_value.tv_sec = (time_t)(abs_ns / NS_PER_S);
        at.it_value.tv_nsec = (long)(abs_ns % NS_PER_S);
    }
    (void)timerfd_settime(l->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static void dispatch(struct ls_loop *l, const struct epoll_event *events, int n)
{
    l->dispatch++;
    for (int i = 0; i < n; i++) {
        struct ls_loop_watch *w = events[i].data.ptr;
        if (w->fn != NULL) {
            w->fn(w->user, events[i].events);
        }
    }
    fire_timers(l);
    free_watches(&l->dead);
}

void ls_loop_step(struct ls_loop *l, uint64_t until_ns)
{
    struct epoll_event events[EVENTS_MAX];
    uint64_t due_ns;
    int n;

    if (l->prepare != NULL) {
        l->prepare(l->prepare_user);
    }
    due_ns = first_due_ns(l, until_ns);
    if (due_ns > l->now_ns) {
        arm_timer_fd(l, due_ns);
    }
    n = epoll_wait(l->epoll_fd, events, EVENTS_MAX, due_ns > l->now_ns ? -1 : 0);
    ls_loop_update(l);
    dispatch(l, events, n);
}

bool ls_loop_turn(struct ls_loop *l)
{
    l->has_happened = false;
    do {
        ls_loop_step(l, l->tick_due_ns);
    } while (!l->has_happened && l->now_ns < l->tick_due_ns);
    if (l->now_ns < l->tick_due_ns) {
        return false;
    }
    l->ticks++;
    l->tick_due_ns += l->tick_ns;
    if (l->tick_due_ns <= l->now_ns) {
        l->tick_due_ns = l->now_ns + l->tick_ns;
    }
    return true;
}

void ls_loop_happened(struct ls_loop *l)
{
    l->has_happened = true;
}

uint64_t ls_loop_now_ns(const struct ls_loop *l)
{
    return l->now_ns;
}

int64_t ls_loop_wall_s(const struct ls_loop *l)
{
    return l->wall_s;
}

uint64_t ls_loop_ticks(const struct ls_loop *l)
{
    return l->ticks;
}

bool ls_loop_is_interrupted(const struct ls_loop *l)
{
    return l->is_interrupted;
}
