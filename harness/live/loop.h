/*
 * The one event loop of a live world: descriptors, timers, ticks and the user's Ctrl-C, on epoll,
 * timerfd and signalfd. One thread; callbacks never block.
 *
 * Time is read once a wait and counts from the making of the loop. A tick ends when its period has
 * passed; a loop that was away for longer (a stalled machine, a debugger) counts one tick for the
 * whole stall and then starts a full period anew, so slowness makes a run longer and no bound
 * tighter.
 */
#ifndef LS_HARNESS_LIVE_LOOP_H
#define LS_HARNESS_LIVE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

#define LS_LOOP_NEVER UINT64_MAX

struct ls_loop;
struct ls_loop_watch; /* a descriptor being watched */

/* events: EPOLLIN, EPOLLOUT, … of sys/epoll.h, as they came. */
typedef void ls_loop_fd_fn(void *user, uint32_t events);
typedef void ls_loop_fn(void *user);

/* Owned by the caller; zeroed is stopped. Set fn and user before the first ls_loop_timer_set. */
struct ls_loop_timer {
    ls_loop_fn *fn;
    void *user;
    uint64_t due_ns;
    bool is_set;
    uint64_t set_in; /* the dispatch it was set in */
    struct ls_loop_timer *prev, *next;
};

/* tick_ns > 0. While the loop lives, SIGINT, SIGTERM and SIGHUP are blocked and collected by it
 * (one loop a process at a time). IO, NOMEM. */
enum ls_err ls_loop_new(uint64_t tick_ns, struct ls_loop **out, struct ls_diag *d);
/* Forgets all watches and timers, closes no descriptor but its own, restores the signal mask. NULL
 * is fine. */
void ls_loop_free(struct ls_loop *l);

/* Starts watching fd, which stays the caller's. NULL when it cannot be watched. */
struct ls_loop_watch *ls_loop_watch(struct ls_loop *l, int fd, uint32_t events, ls_loop_fd_fn *fn,
                                    void *user);
/* Other events from now on. */
void ls_loop_rewatch(struct ls_loop *l, struct ls_loop_watch *w, uint32_t events);
/* Call before fd is closed; may be called from any callback. NULL is fine. */
void ls_loop_unwatch(struct ls_loop *l, struct ls_loop_watch *w);

/* Calls t->fn once when due_ns has come (0: in the next wait), replacing what was set before. */
void ls_loop_timer_set(struct ls_loop *l, struct ls_loop_timer *t, uint64_t due_ns);
void ls_loop_timer_stop(struct ls_loop *l, struct ls_loop_timer *t);

/* Called before every wait: the place to set timers from deadlines that others keep. */
void ls_loop_on_prepare(struct ls_loop *l, ls_loop_fn *fn, void *user);

/* Waits and dispatches until somebody said ls_loop_happened or the tick ended, whichever is first.
 * true: the tick ended. */
bool ls_loop_turn(struct ls_loop *l);

/* Waits and dispatches once, at most until until_ns; ticks are not counted. For shutting down. */
void ls_loop_step(struct ls_loop *l, uint64_t until_ns);

/* Something happened that somebody outside may wait for: the turn ends after this dispatch. */
void ls_loop_happened(struct ls_loop *l);

/* Time of the last wait's end. */
uint64_t ls_loop_now_ns(const struct ls_loop *l);
int64_t ls_loop_wall_s(const struct ls_loop *l);
/* Ticks that ended. */
uint64_t ls_loop_ticks(const struct ls_loop *l);
/* Reads the clock again after something slow was done outside the loop. */
void ls_loop_update(struct ls_loop *l);

/* A signal asked the process to stop; stays true. */
bool ls_loop_is_interrupted(const struct ls_loop *l);

#endif
