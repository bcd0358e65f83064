/*
 * The three mock ports of a live world: models behind their JSON-RPC codecs, behind a filter for
 * faults and holds, behind the trace's tap, on a loopback port. Private to harness/live.
 */
#ifndef LS_HARNESS_LIVE_PORTS_H
#define LS_HARNESS_LIVE_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/live/loop.h"
#include "harness/world.h"
#include "mocks/backend.h"
#include "mocks/http/front.h"

struct ls_port {
    struct ls_backend *rpc;    /* the codec over the model */
    struct ls_backend *filter; /* wraps rpc */
    struct ls_backend *tap;    /* wraps filter; what the front serves */
    struct ls_front *front;
    struct ls_loop *loop;
    struct ls_loop_watch *watch;
    struct ls_loop_timer timer;
};

/* Puts filter, tap and front around rpc, which p owns from now on (also on error), and watches the
 * front in the loop. rpc NULL is NOMEM. */
enum ls_err ls_port_open(struct ls_port *p, struct ls_backend *rpc, enum ls_endpoint ep,
                         struct ls_loop *loop, struct ls_trace *trace, uint64_t seed,
                         struct ls_diag *d);

/* Closes the port and frees filter and tap; gives rpc back to be freed by its kind. Zeroed is fine.
 */
struct ls_backend *ls_port_close(struct ls_port *p);

/* Before a wait: sets the timer from the front's deadline. */
void ls_port_prepare(struct ls_port *p);

/* Does the port's I/O now. */
void ls_port_turn(struct ls_port *p);

/* The world's hold and release (harness/world.h) on this port. */
void ls_port_hold(struct ls_port *p, const char *glob, unsigned count);
void ls_port_release(struct ls_port *p, const char *glob);

#endif
