#include "mocks/http/front.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "mocks/http/exchange.h"

#define BACKLOG 128
/* MHD's buffers of one connection, and with that the longest head of a request. It is zeroed after
 * each one. */
#define CONN_MEMORY_BYTES (80u * 1024u)
#define EVENTS_MAX 64
#define IDLE_S 120u /* op-geth's idle timeout */
#define SWEEP_NS UINT64_C(1000000000)
#define REOPEN_RETRY_NS UINT64_C(100000000)
#define NS_PER_MS UINT64_C(1000000)
#define RUNS_MAX 64 /* MHD_run calls in one turn; what is left is due at once */

/* --- sockets --- */

/* A socket bound to address:port; -1 with errno set. */
static int bind_at(const char *address, uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};

    (void)inet_pton(AF_INET, address, &at.sin_addr); /* looked at by ls_front_new */
    /* With SO_REUSEADDR on both, the reserving socket and a listening one share the port. */
    if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
                    bind(fd, (const struct sockaddr *)&at, sizeof at) != 0)) {
        int saved = errno;
        (void)close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_in at = {0};
    socklen_t n = sizeof at;

    return getsockname(fd, (struct sockaddr *)&at, &n) == 0 ? ntohs(at.sin_port) : 0;
}

/* --- connections --- */

/* MHD_NotifyConnectionCallback */
static void on_connection(void *cls, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct ls_front *f = cls;
    struct ls_front_conn *c = *socket_context;

    switch (code) {
    case MHD_CONNECTION_NOTIFY_STARTED:
        c = calloc(1, sizeof *c);
        *socket_context = c; /* without it, requests on this connection are dropped */
        if (c != NULL) {
            c->front = f;
            c->number = ++f->conn_last;
            c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
            DL_APPEND(f->conns, c);
            f->conn_count++;
            f->is_sweep_due = true;
        }
        break;
    case MHD_CONNECTION_NOTIFY_CLOSED:
        if (c != NULL) {
            DL_DELETE(f->conns, c);
            f->conn_count--;
            free(c);
            *socket_context = NULL;
        }
        break;
    }
}

/* --- the port --- */

static struct MHD_Daemon *start_daemon(struct ls_front *f, int listen_fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK, 0, NULL, NULL,
        ls_exchange_access, f, MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, f, MHD_OPTION_URI_LOG_CALLBACK, ls_exchange_begin, f,
        MHD_OPTION_NOTIFY_COMPLETED, ls_exchange_end, f, MHD_OPTION_CONNECTION_LIMIT,
        f->options.connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONN_MEMORY_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_END);
}

static enum ls_err open_port(struct ls_front *f, struct ls_diag *d)
{
    int listen_fd = bind_at(f->address, f->port);
    struct epoll_event ev = {.events = EPOLLIN};
    int mhd_fd;

    if (listen_fd < 0 || listen(listen_fd, BACKLOG) != 0) {
        enum ls_err e = ls_fail(d, LS_ERR_IO, "cannot listen on %s:%u: %s", f->address, f->port,
                                strerror(errno));
        if (listen_fd >= 0) {
            (void)close(listen_fd);
        }
        return e;
    }
    f->daemon = start_daemon(f, listen_fd);
    if (f->daemon == NULL) {
        (void)close(listen_fd);
        return ls_fail(d, LS_ERR_NOMEM, "cannot start the HTTP server of port %u", f->port);
    }
    mhd_fd = MHD_get_daemon_info(f->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    if (epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, mhd_fd, &ev) != 0) {
        MHD_stop_daemon(f->daemon);
        f->daemon = NULL;
        return ls_fail(d, LS_ERR_IO, "cannot watch port %u: %s", f->port, strerror(errno));
    }
    return LS_OK;
}

/* Resets every connection, those not yet accepted by closing the listening socket. MHD must not be
 * stopped with a suspended connection. */
static void close_port(struct ls_front *f)
{
    struct ls_exchange *x, *x_next;
    struct ls_front_conn *c;
    int listen_fd = MHD_quiesce_daemon(f->daemon);

    DL_FOREACH_SAFE(f->waiting, x, x_next)
    {
        ls_exchange_drop(x);
    }
    DL_FOREACH(f->conns, c)
    {
        ls_front_conn_reset(c);
    }
    (void)MHD_run(f->daemon);
    MHD_stop_daemon(f->daemon);
    f->daemon = NULL;
    f->is_dirty = false;
    if (listen_fd >= 0) {
        (void)close(listen_fd);
    }
    assert(f->conns == NULL && f->waiting == NULL);
}

enum ls_err ls_front_set_open(struct ls_front *f, bool is_open, struct ls_diag *d)
{
    f->reopen_ns = 0;
    if (is_open == (f->daemon != NULL)) {
        return LS_OK;
    }
    if (is_open) {
        return open_port(f, d);
    }
    close_port(f);
    return LS_OK;
}

/* --- life --- */

enum ls_err ls_front_new(const struct ls_front_options *o, struct ls_front **out, struct ls_diag *d)
{
    const char *address = o->address != NULL ? o->address : "127.0.0.1";
    struct in_addr parsed;
    struct ls_front *f;
    enum ls_err e;

    assert(o->body_bytes_max > 0 && o->reply_bytes_max > 0 && o->connections_max > 0);
    if (inet_pton(AF_INET, address, &parsed) != 1) {
        return ls_fail(d, LS_ERR_USAGE, "\"%.40s\" is no IPv4 address to listen on", address);
    }
    f = calloc(1, sizeof *f);
    if (f == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    f->options = *o;
    (void)snprintf(f->address, sizeof f->address, "%s", address);
    f->reserve_fd = bind_at(f->address, o->port);
    f->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (f->reserve_fd < 0 || f->epoll_fd < 0) {
        e = ls_fail(d, LS_ERR_IO, "cannot have port %u on %s: %s", o->port, f->address,
                    strerror(errno));
        ls_front_free(f);
        return e;
    }
    f->port = bound_port(f->reserve_fd);
    e = open_port(f, d);
    if (e != LS_OK) {
        ls_front_free(f);
        return e;
    }
    *out = f;
    return LS_OK;
}

void ls_front_free(struct ls_front *f)
{
    if (f == NULL) {
        return;
    }
    if (f->daemon != NULL) {
        close_port(f);
    }
    if (f->epoll_fd >= 0) {
        (void)close(f->epoll_fd);
    }
    if (f->reserve_fd >= 0) {
        (void)close(f->reserve_fd);
    }
    ls_gzip_free(f->gzip);
    free(f);
}

/* --- the loop's side --- */

static bool has_work_at_once(const struct ls_front *f)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;

    return f->is_dirty || (MHD_get_timeout(f->daemon, &ms) == MHD_YES && ms == 0);
}

uint64_t ls_front_deadline(const struct ls_front *f)
{
    const struct ls_exchange *x;
    MHD_UNSIGNED_LONG_LONG ms = 0;
    uint64_t due_ns = LS_FRONT_NEVER;

    if (f->daemon == NULL) {
        return f->reopen_ns != 0 ? f->reopen_ns : LS_FRONT_NEVER;
    }
    if (f->is_dirty) {
        return 0;
    }
    if (MHD_get_timeout(f->daemon, &ms) == MHD_YES) {
        if (ms == 0) {
            return 0;
        }
        due_ns = f->now.mono_ns + (uint64_t)ms * NS_PER_MS;
    }
    if (f->is_sweep_due && f->sweep_ns < due_ns) {
        due_ns = f->sweep_ns;
    }
    DL_FOREACH(f->waiting, x)
    {
        due_ns = x->due_ns < due_ns ? x->due_ns : due_ns;
    }
    return due_ns;
}

/* Clients that left while their request waited. */
static void drop_the_gone(struct ls_front *f)
{
    struct epoll_event events[EVENTS_MAX];
    if (f->waiting == NULL) {
        return; /* only MHD's own descriptor is left, and it is asked anyway */
    }
    int n = epoll_wait(f->epoll_fd, events, EVENTS_MAX, 0);

    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr != NULL) {
            ls_exchange_drop(events[i].data.ptr);
        }
    }
}

/* A client that leaves with its last bytes is not noticed by MHD, whose epoll set is
 * edge-triggered: it reads those and never hears of the end. It does when both ways are shut.
 * Nothing that can still be answered is lost: nothing is left to read, and no answer is waiting or
 * on its way. */
static void sweep(struct ls_front *f)
{
    struct ls_front_conn *c;
    DL_FOREACH(f->conns, c)
    {
        char byte;
        bool is_quiet = c->x == NULL || c->x->state == LS_X_FRESH || c->x->state == LS_X_READING;
        if (is_quiet && recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) {
            (void)shutdown(c->fd, SHUT_RDWR);
        }
    }
    f->is_sweep_due = false;
}

/* The end of a refusal; when the port cannot be had, a while later. */
static void reopen(struct ls_front *f)
{
    f->reopen_ns = open_port(f, NULL) == LS_OK ? 0 : f->now.mono_ns + REOPEN_RETRY_NS;
}

void ls_front_turn(struct ls_front *f, struct ls_front_time now)
{
    struct ls_exchange *x, *x_next;

    f->now = now;
    if (f->reopen_ns != 0 && f->reopen_ns <= now.mono_ns) {
        reopen(f);
    }
    if (f->daemon == NULL) {
        return;
    }
    drop_the_gone(f);
    DL_FOREACH_SAFE(f->waiting, x, x_next)
    {
        if (x->due_ns <= now.mono_ns) {
            ls_exchange_wake(x);
        }
    }
    if (!f->is_sweep_due) {
        f->sweep_ns = now.mono_ns + SWEEP_NS;
    } else if (f->sweep_ns <= now.mono_ns) {
        sweep(f);
    }
    for (int i = 0; i < RUNS_MAX; i++) {
        f->is_dirty = false;
        (void)MHD_run(f->daemon);
        if (f->refuse_ns != 0) {
            f->reopen_ns = f->refuse_ns == LS_REFUSE_FOR_GOOD ? 0 : now.mono_ns + f->refuse_ns;
            f->refuse_ns = 0;
            close_port(f);
            return;
        }
        if (!has_work_at_once(f)) {
            break;
        }
    }
}

void ls_front_retry(struct ls_front *f, struct ls_front_time now)
{
    struct ls_exchange *x, *x_next;

    f->now = now;
    drop_the_gone(f);
    DL_FOREACH_SAFE(f->waiting, x, x_next)
    {
        if (x->state == LS_X_HELD) {
            ls_exchange_retry(x);
        }
    }
}

uint16_t ls_front_port(const struct ls_front *f)
{
    return f->port;
}

int ls_front_fd(const struct ls_front *f)
{
    return f->epoll_fd;
}

bool ls_front_is_open(const struct ls_front *f)
{
    return f->daemon != NULL;
}

size_t ls_front_held(const struct ls_front *f)
{
    const struct ls_exchange *x;
    size_t n = 0;

    DL_FOREACH(f->waiting, x)
    {
        n += x->state == LS_X_HELD ? 1 : 0;
    }
    return n;
}

size_t ls_front_connections(const struct ls_front *f)
{
    return f->conn_count;
}

uint64_t ls_front_requests(const struct ls_front *f)
{
    return f->serial_last;
}
