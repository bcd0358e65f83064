/*
 * The control API: what a person or a script sees of the stage and does to it, as HTTP with JSON
 * bodies (docs/SERVE.md), and the page for a browser. A backend without sockets; things that need
 * one are asked of the owner through ls_control_hands.
 *
 * Whoever is on this machine may do anything here, and nobody else: what changes something is a
 * POST from a loopback address, with a JSON content type, to a loopback name, and not from another
 * site's page.
 */
#ifndef LS_HARNESS_SERVE_CONTROL_H
#define LS_HARNESS_SERVE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/serve/calls.h"
#include "harness/serve/faults.h"
#include "harness/serve/gossip.h"
#include "harness/serve/history.h"
#include "harness/serve/portset.h"
#include "harness/serve/stage.h"
#include "lib/err.h"
#include "mocks/backend.h"

#define LS_CONTROL_BODY_MAX 65536u /* bytes of a request */
#define LS_CONTROL_URL_BYTES 64u

/* What the dispatcher cannot do itself. Only ports that are on are named. */
struct ls_control_hands {
    /* Held requests that may go now are asked again. */
    void (*retry)(void *user, enum ls_serve_port port);
    size_t (*held)(void *user, enum ls_serve_port port);
    bool (*is_open)(void *user, enum ls_serve_port port);
    /* Closing resets all connections; IO. */
    enum ls_err (*set_open)(void *user, enum ls_serve_port port, bool is_open, struct ls_diag *d);
};

struct ls_control {
    struct ls_backend backend; /* first: a struct ls_backend * is a struct ls_control * */
    struct ls_stage *stage;    /* all borrowed */
    struct ls_faults *faults;
    const struct ls_calls *calls;
    const struct ls_history *history;
    struct ls_gossip *gossip; /* NULL: no node to tell */
    const struct ls_control_hands *hands;
    void *hands_user;
    struct ls_trace *trace; /* what is done is noted in it; may be NULL */
    char urls[LS_SERVE_PORT_COUNT][LS_CONTROL_URL_BYTES]; /* "": the port is off */
};

/* Sets backend; the caller fills in the rest, before or after. */
void ls_control_init(struct ls_control *c);

/* A sample of the heads as they are now, for the history. */
struct ls_sample ls_control_sample(const struct ls_stage *stage, uint64_t now_ns);

#endif
