#include "harness/record/child.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/live/process.h"
#include "harness/live/rundir.h"

#define ARGV_BYTES_MAX (256u * 1024u)
#define STOP_GRACE_NS UINT64_C(2000000000)
/* The player asks for no token, but a node needs a secret to make them with. */
#define SECRET "6c6f636b73746570207265706c617920616e79207365637265742077696c6c20"

struct ls_child {
    struct ls_loop *loop;
    struct ls_process process;
    struct ls_loop_watch *watch;
    struct ls_rundir dir;
    int reserve_fd; /* bound, never listening: the RPC port is nobody else's */
    uint16_t rpc_port;
    char url[40];
    char log[LS_RUNDIR_PATH_MAX];
    char jwt[LS_RUNDIR_PATH_MAX];
    char rollup[LS_RUNDIR_PATH_MAX];
};

/* The node binds the port itself, which SO_REUSEADDR on both sides allows. */
static enum ls_err reserve_port(struct ls_child *c, struct ls_diag *d)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof at;
    int on = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->reserve_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->reserve_fd < 0 ||
        setsockopt(c->reserve_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(c->reserve_fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
        getsockname(c->reserve_fd, (struct sockaddr *)&at, &n) != 0) {
        return ls_fail(d, LS_ERR_IO, "no free port on 127.0.0.1: %s", strerror(errno));
    }
    c->rpc_port = ntohs(at.sin_port);
    (void)snprintf(c->url, sizeof c->url, "http://127.0.0.1:%u", c->rpc_port);
    return LS_OK;
}

static enum ls_err fill_folder(struct ls_child *c, struct ls_span rollup, struct ls_diag *d)
{
    const struct ls_span secret = {(const uint8_t *)SECRET, sizeof SECRET - 1};
    enum ls_err e = ls_rundir_make(&c->dir, NULL, d);

    if (e != LS_OK) {
        return e;
    }
    if (ls_rundir_path(&c->dir, "jwt.hex", c->jwt, sizeof c->jwt) != LS_OK ||
        ls_rundir_path(&c->dir, "rollup.json", c->rollup, sizeof c->rollup) != LS_OK ||
        ls_rundir_path(&c->dir, "cl.log", c->log, sizeof c->log) != LS_OK) {
        return ls_fail(d, LS_ERR_IO, "the path of folder \"%s\" is too long", c->dir.path);
    }
    e = ls_rundir_write(&c->dir, "jwt.hex", secret, d);
    return e != LS_OK ? e : ls_rundir_write(&c->dir, "rollup.json", rollup, d);
}

/* ls_loop_fd_fn */
static void on_end(void *user, uint32_t events)
{
    struct ls_child *c = user;

    (void)events;
    ls_loop_unwatch(c->loop, c->watch); /* reaping closes the descriptor */
    c->watch = NULL;
    (void)ls_process_reap(&c->process);
    ls_loop_happened(c->loop);
}

static enum ls_err launch(struct ls_child *c, const char *program, char *const argv[],
                          struct ls_diag *d)
{
    enum ls_err e = ls_process_start(&c->process, program, argv, c->log, d);

    if (e != LS_OK) {
        return e;
    }
    c->watch = ls_loop_watch(c->loop, ls_process_fd(&c->process), EPOLLIN, on_end, c);
    return c->watch != NULL ? LS_OK : ls_fail(d, LS_ERR_IO, "cannot watch \"%s\"", program);
}

static enum ls_err start(struct ls_child *c, const struct ls_child_options *o, struct ls_diag *d)
{
    char urls[LS_PEER_COUNT][40];
    const struct ls_start_options start = {
        .with_l1 = o->ports[LS_PEER_L1] != 0, .args = o->args, .args_count = o->args_count};
    const struct ls_adapter_vars vars = {.engine = urls[LS_PEER_ENGINE],
                                         .source = urls[LS_PEER_SOURCE],
                                         .l1 = urls[LS_PEER_L1],
                                         .jwt = c->jwt,
                                         .rollup = c->rollup,
                                         .dir = c->dir.path,
                                         .rpc_port = c->rpc_port,
                                         .poll_ns = o->poll_ns};
    struct ls_arena arena;
    char **argv = NULL;
    enum ls_err e;

    for (size_t i = 0; i < LS_PEER_COUNT; i++) {
        (void)snprintf(urls[i], sizeof urls[i], "http://127.0.0.1:%u", o->ports[i]);
    }
    ls_arena_init(&arena, ARGV_BYTES_MAX);
    e = ls_adapter_argv(o->adapter, o->variant, &start, false, o->program, &vars, &arena, &argv, d);
    if (e == LS_OK) {
        e = launch(c, o->program, argv, d);
    }
    ls_arena_fini(&arena);
    return e;
}

enum ls_err ls_child_start(const struct ls_child_options *o, struct ls_child **out,
                           struct ls_diag *d)
{
    struct ls_child *c = calloc(1, sizeof *c);
    enum ls_err e;

    if (c == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    c->loop = o->loop;
    c->reserve_fd = -1;
    e = reserve_port(c, d);
    if (e == LS_OK) {
        e = fill_folder(c, o->rollup, d);
    }
    if (e == LS_OK) {
        e = start(c, o, d);
    }
    if (e != LS_OK) {
        ls_child_free(c, false);
        return e;
    }
    *out = c;
    return LS_OK;
}

/* Lets it end by itself, serving it meanwhile. */
static void stop(struct ls_child *c)
{
    uint64_t until_ns = ls_loop_now_ns(c->loop) + STOP_GRACE_NS;

    ls_process_signal(&c->process, SIGTERM);
    while (c->watch != NULL && ls_process_is_running(&c->process) &&
           ls_loop_now_ns(c->loop) < until_ns) {
        ls_loop_step(c->loop, until_ns);
    }
    if (ls_process_is_running(&c->process)) {
        ls_loop_unwatch(c->loop, c->watch);
        c->watch = NULL;
        (void)ls_process_stop(&c->process, 0);
    }
}

void ls_child_free(struct ls_child *c, bool keep_log)
{
    if (c == NULL) {
        return;
    }
    if (ls_process_is_running(&c->process)) {
        stop(c);
    }
    if (c->reserve_fd >= 0) {
        (void)close(c->reserve_fd);
    }
    if (!keep_log) {
        ls_rundir_remove(&c->dir);
    }
    free(c);
}

bool ls_child_is_running(const struct ls_child *c)
{
    return ls_process_is_running(&c->process);
}

int ls_child_status(const struct ls_child *c)
{
    return c->process.status;
}

const char *ls_child_log(const struct ls_child *c)
{
    return c->log;
}

const char *ls_child_url(const struct ls_child *c)
{
    return c->url;
}
