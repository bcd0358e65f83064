#include "harness/live/ports.h"

#include <sys/epoll.h>

#include "mocks/filter/filter.h"
#include "mocks/rpc/tap.h"

/* geth's cap for the authenticated port (mock-engine 2.8). */
#define BODY_BYTES_MAX (128u << 20)
#define REPLY_BYTES_MAX (256u << 20)

static struct ls_front_time front_time(const struct ls_port *p)
{
    return (struct ls_front_time){.mono_ns = ls_loop_now_ns(p->loop),
                                  .wall_s = ls_loop_wall_s(p->loop)};
}

void ls_port_turn(struct ls_port *p)
{
    ls_front_turn(p->front, front_time(p));
    ls_loop_happened(p->loop);
}

/* ls_loop_fd_fn */
static void on_ready(void *user, uint32_t events)
{
    (void)events;
    ls_port_turn(user);
}

/* ls_loop_fn */
static void on_due(void *user)
{
    ls_port_turn(user);
}

void ls_port_prepare(struct ls_port *p)
{
    uint64_t due_ns = ls_front_deadline(p->front);

    if (due_ns == LS_FRONT_NEVER) {
        ls_loop_timer_stop(p->loop, &p->timer);
    } else {
        ls_loop_timer_set(p->loop, &p->timer, due_ns);
    }
}

enum ls_err ls_port_open(struct ls_port *p, struct ls_backend *rpc, const struct ls_port_options *o,
                         struct ls_diag *d)
{
    struct ls_front_options front = {
        .address = o->address,
        .port = o->port,
        .body_bytes_max = o->body_bytes_max != 0 ? o->body_bytes_max : BODY_BYTES_MAX,
        .reply_bytes_max = REPLY_BYTES_MAX,
        .connections_max = o->connections_max != 0 ? o->connections_max : LS_PORT_CONNECTIONS_MAX,
        .gzip = o->gzip,
        .is_cors = o->is_cors,
        .trace = o->trace,
        .ep = o->ep};
    enum ls_err e;

    *p = (struct ls_port){.rpc = rpc, .loop = o->loop, .timer = {.fn = on_due, .user = p}};
    p->filter = rpc != NULL ? ls_filter_new(rpc, o->seed) : NULL;
    p->tap = p->filter != NULL ? ls_tap_new(p->filter, o->trace, o->ep) : NULL;
    if (p->tap == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    front.backend = p->tap;
    e = ls_front_new(&front, &p->front, d);
    if (e != LS_OK) {
        return e;
    }
    p->watch = ls_loop_watch(o->loop, ls_front_fd(p->front), EPOLLIN, on_ready, p);
    return p->watch != NULL ? LS_OK : ls_fail(d, LS_ERR_IO, "cannot watch a port");
}

struct ls_backend *ls_port_close(struct ls_port *p)
{
    struct ls_backend *rpc = p->rpc;

    if (p->loop != NULL) {
        ls_loop_unwatch(p->loop, p->watch);
        ls_loop_timer_stop(p->loop, &p->timer);
    }
    ls_front_free(p->front);
    if (p->tap != NULL) {
        ls_tap_free(p->tap);
    }
    if (p->filter != NULL) {
        ls_filter_free(p->filter);
    }
    *p = (struct ls_port){0};
    return rpc;
}

void ls_port_retry(struct ls_port *p)
{
    ls_front_retry(p->front, front_time(p));
}

void ls_port_hold(struct ls_port *p, const char *glob, unsigned count)
{
    const struct ls_fault_rule rule = {.method = glob, .count = count, .fault = LS_FAULT_HOLD};

    (void)ls_filter_add(p->filter, &rule);
}

void ls_port_release(struct ls_port *p, const char *glob)
{
    ls_filter_release(p->filter, glob);
    ls_port_retry(p);
}
