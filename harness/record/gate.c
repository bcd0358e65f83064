#include "harness/record/gate.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/num.h"

/* --- places --- */

static enum ls_err parse_host(const char *host, size_t n, struct ls_gate_place *out)
{
    struct in_addr any;

    if (n == 0 || (n == strlen("localhost") && memcmp(host, "localhost", n) == 0)) {
        (void)snprintf(out->address, sizeof out->address, "127.0.0.1");
        return LS_OK;
    }
    if (n >= sizeof out->address) {
        return LS_ERR_USAGE;
    }
    memcpy(out->address, host, n);
    out->address[n] = '\0';
    return inet_pton(AF_INET, out->address, &any) == 1 ? LS_OK : LS_ERR_USAGE;
}

enum ls_err ls_gate_place_parse(const char *text, size_t n, struct ls_gate_place *out,
                                struct ls_diag *d)
{
    const char *colon = memchr(text, ':', n);
    const char *port = colon != NULL ? colon + 1 : text;
    size_t host_bytes = colon != NULL ? (size_t)(colon - text) : 0;
    struct ls_gate_place place = {.port = 0};
    uint64_t number = 0;

    if (ls_parse_dec(port, n - (size_t)(port - text), &number) != LS_OK || number > UINT16_MAX ||
        parse_host(text, host_bytes, &place) != LS_OK) {
        return ls_fail(d, LS_ERR_USAGE,
                       "\"%.*s\" is no place to listen (HOST:PORT with an IPv4 address, or PORT)",
                       n < 80 ? (int)n : 80, text);
    }
    place.port = (uint16_t)number;
    *out = place;
    return LS_OK;
}

/* --- the port --- */

static struct ls_front_time time_of(const struct ls_gate *g)
{
    return (struct ls_front_time){.mono_ns = ls_loop_now_ns(g->loop),
                                  .wall_s = ls_loop_wall_s(g->loop)};
}

/* ls_loop_fn */
static void turn(void *user)
{
    struct ls_gate *g = user;

    ls_front_turn(g->front, time_of(g));
    ls_loop_happened(g->loop);
}

/* ls_loop_fd_fn */
static void on_ready(void *user, uint32_t events)
{
    (void)events;
    turn(user);
}

enum ls_err ls_gate_open(struct ls_gate *g, struct ls_backend *backend, struct ls_loop *loop,
                         const struct ls_gate_place *at, struct ls_diag *d)
{
    const struct ls_front_options o = {.backend = backend,
                                       .address = at->address,
                                       .port = at->port,
                                       .body_bytes_max = LS_GATE_BODY_MAX,
                                       .reply_bytes_max = LS_GATE_REPLY_MAX,
                                       .connections_max = LS_GATE_CONNECTIONS_MAX};
    enum ls_err e;

    *g = (struct ls_gate){.loop = loop, .timer = {.fn = turn, .user = g}};
    e = ls_front_new(&o, &g->front, d);
    if (e != LS_OK) {
        return e;
    }
    g->watch = ls_loop_watch(loop, ls_front_fd(g->front), EPOLLIN, on_ready, g);
    return g->watch != NULL ? LS_OK : ls_fail(d, LS_ERR_IO, "cannot watch a port");
}

void ls_gate_close(struct ls_gate *g)
{
    if (g->loop != NULL) {
        ls_loop_unwatch(g->loop, g->watch);
        ls_loop_timer_stop(g->loop, &g->timer);
    }
    ls_front_free(g->front);
    *g = (struct ls_gate){.front = NULL};
}

void ls_gate_prepare(struct ls_gate *g)
{
    uint64_t due_ns;

    if (g->front == NULL) {
        return;
    }
    due_ns = ls_front_deadline(g->front);
    if (due_ns == LS_FRONT_NEVER) {
        ls_loop_timer_stop(g->loop, &g->timer);
    } else {
        ls_loop_timer_set(g->loop, &g->timer, due_ns);
    }
}

void ls_gate_retry(struct ls_gate *g)
{
    ls_front_retry(g->front, time_of(g));
}

uint16_t ls_gate_port(const struct ls_gate *g)
{
    return ls_front_port(g->front);
}
