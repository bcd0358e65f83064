/*
 * A mock's port: a model behind its JSON-RPC codec, behind a filter for faults and holds, behind
 * the trace's tap, on a socket of the event loop. For harness/live and harness/serve.
 */
#ifndef LS_HARNESS_LIVE_PORTS_H
#define LS_HARNESS_LIVE_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/live/loop.h"
#include "lib/err.h"
#include "mocks/backend.h"
#include "mocks/http/front.h"
#include "mocks/trace.h"

#define LS_PORT_CONNECTIONS_MAX 256u /* unless told otherwise */

struct ls_port {
    struct ls_backend *rpc;    /* the codec over the model */
    struct ls_backend *filter; /* wraps rpc */
    struct ls_backend *tap;    /* wraps filter; what the front serves */
    struct ls_front *front;
    struct ls_loop *loop;
    struct ls_loop_watch *watch;
    struct ls_loop_timer timer;
};

struct ls_port_options {
    struct ls_loop *loop;     /* borrowed, outlives the port */
    struct ls_trace *trace;   /* borrowed, likewise; NULL: requests are not traced */
    enum ls_trace_ep ep;      /* whose port it is, for the trace */
    uint64_t seed;            /* of the filter's chance */
    const char *address;      /* IPv4 in dots, borrowed during open; NULL = 127.0.0.1 */
    uint16_t port;            /* 0 = any free one */
    unsigned connections_max; /* 0 = LS_PORT_CONNECTIONS_MAX */
    size_t body_bytes_max;    /* of requests; 0 = geth's for an authenticated port */
    bool gzip;                /* compress for clients that accept it */
    bool is_cors;             /* as in struct ls_front_options */
};

/* Puts filter, tap and front around rpc, which p owns from now on (also on error), and watches the
 * front in the loop. rpc NULL is NOMEM; IO when the port cannot be had. */
enum ls_err ls_port_open(struct ls_port *p, struct ls_backend *rpc, const struct ls_port_options *o,
                         struct ls_diag *d);

/* Closes the port and frees filter and tap; gives rpc back to be freed by its kind. Zeroed is fine.
 */
struct ls_backend *ls_port_close(struct ls_port *p);

/* Before a wait: sets the timer from the front's deadline. */
void ls_port_prepare(struct ls_port *p);

/* Does the port's I/O now. */
void ls_port_turn(struct ls_port *p);

/* Asks again for everything that is held: what may go, goes. */
void ls_port_retry(struct ls_port *p);

/* The world's hold and release (harness/world.h) on this port. */
void ls_port_hold(struct ls_port *p, const char *glob, unsigned count);
void ls_port_release(struct ls_port *p, const char *glob);

#endif
