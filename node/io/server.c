/*
 * As op-node's server: POST to "/" with JSON, GET of "/" for load balancers, the health pages.
 * Browsers are kept out of the admin methods by the content type, which a page of another origin
 * cannot send without asking first, and we do not answer that question (no CORS headers).
 */
#include "node/io/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/num.h"
#include "node/io/metrics.h"

#define CONNECTIONS_MAX 64u
#define CONNECTION_BYTES 16384u /* headers and buffers of one connection */
#define IDLE_S 30u
#define BACKLOG 64
#define BODIES_BYTES_MAX (64u << 20) /* request bodies of all connections together */
#define NS_PER_MS 1000000u

struct ls_server {
    enum ls_server_kind kind;
    struct MHD_Daemon *daemon;
    const struct ls_api_host *host;
    int epoll_fd;
    uint16_t port;
    int64_t wall_s;
    size_t bodies_bytes;
    bool has_resumed; /* a connection goes on: the next turn must not wait */
    struct waiting {
        struct request *request; /* NULL: free */
        struct MHD_Connection *connection;
    } waiting[LS_API_OUTPUTS_MAX]; /* suspended until ls_server_output */
};

/* A request being received. */
struct request {
    struct ls_server *server;
    struct ls_buf body;
    struct ls_buf reply; /* of a call that took time */
    bool has_waited;
};

/* --- answers --- */

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *type,
                              const struct ls_buf *body)
{
    struct MHD_Response *r =
        MHD_create_response_from_buffer(body->n, body->p, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result rc = MHD_NO;

    if (r == NULL) {
        return MHD_NO; /* closes the connection */
    }
    if (MHD_add_response_header(r, "Content-Type", type) == MHD_YES) {
        rc = MHD_queue_response(c, status, r);
    }
    MHD_destroy_response(r);
    return rc;
}

static enum MHD_Result answer_text(struct MHD_Connection *c, unsigned status, const char *text)
{
    struct ls_buf b;
    enum MHD_Result rc;

    ls_buf_init(&b, 256);
    ls_buf_puts(&b, text);
    rc = answer(c, status, "text/plain; charset=utf-8", &b);
    ls_buf_fini(&b);
    return rc;
}

static enum MHD_Result get_metrics(struct ls_server *s, struct MHD_Connection *c, const char *path)
{
    enum MHD_Result rc;
    struct ls_buf b;

    if (strcmp(path, "/metrics") != 0) {
        return answer_text(c, MHD_HTTP_NOT_FOUND, "404 page not found\n");
    }
    ls_buf_init(&b, LS_METRICS_BYTES_MAX);
    s->host->metrics(s->host->node, &b);
    rc = b.err == LS_OK ? answer(c, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", &b)
                        : MHD_NO;
    ls_buf_fini(&b);
    return rc;
}

static enum MHD_Result get(struct ls_server *s, struct MHD_Connection *c, const char *path)
{
    struct ls_core_status status;
    enum MHD_Result rc;
    unsigned code = MHD_HTTP_OK;
    struct ls_buf b;

    if (strcmp(path, "/") == 0) {
        return answer_text(c, MHD_HTTP_OK, "");
    }
    ls_buf_init(&b, 4096);
    if (strcmp(path, "/healthz") == 0) {
        ls_api_healthz(&b);
    } else if (strcmp(path, "/readyz") == 0) {
        s->host->status(s->host->node, &status);
        code = ls_api_readyz(&status, s->host->safe_lag_max, s->wall_s, &b)
                   ? MHD_HTTP_OK
                   : MHD_HTTP_SERVICE_UNAVAILABLE;
    } else {
        ls_buf_fini(&b);
        return answer_text(c, MHD_HTTP_NOT_FOUND, "404 page not found\n");
    }
    rc = answer(c, code, "application/json", &b);
    ls_buf_fini(&b);
    return rc;
}

/* Puts the connection aside until the engine has answered; false: that is not possible now. */
static bool wait_for_output(struct request *r, struct MHD_Connection *c, uint64_t number)
{
    struct ls_server *s = r->server;

    for (size_t i = 0; i < LS_API_OUTPUTS_MAX; i++) {
        if (s->waiting[i].request == NULL && s->host->ask_output(s->host->node, i, number)) {
            s->waiting[i] = (struct waiting){.request = r, .connection = c};
            r->has_waited = true;
            MHD_suspend_connection(c);
            return true;
        }
    }
    return false;
}

static enum MHD_Result serve_output(struct request *r, struct MHD_Connection *c, uint64_t number)
{
    enum MHD_Result rc;
    struct ls_buf reply;

    if (wait_for_output(r, c, number)) {
        return MHD_YES;
    }
    ls_buf_init(&reply, LS_API_REPLY_BYTES_MAX);
    ls_api_output(r->server->host, (const char *)r->body.p, r->body.n, NULL,
                  "too many calls of optimism_outputAtBlock at once", &reply);
    rc = answer(c, MHD_HTTP_OK, "application/json", &reply);
    ls_buf_fini(&reply);
    return rc;
}

static enum MHD_Result serve(struct request *r, struct MHD_Connection *c)
{
    enum MHD_Result rc;
    struct ls_buf reply;
    uint64_t number = 0;

    if (r->has_waited) { /* without a reply the server is about to end */
        return r->reply.n > 0 ? answer(c, MHD_HTTP_OK, "application/json", &r->reply) : MHD_NO;
    }
    if (ls_api_wants_output((const char *)r->body.p, r->body.n, &number)) {
        return serve_output(r, c, number);
    }
    ls_buf_init(&reply, LS_API_REPLY_BYTES_MAX);
    ls_api_serve(r->server->host, (const char *)r->body.p, r->body.n, &reply);
    rc = answer(c, MHD_HTTP_OK, "application/json", &reply);
    ls_buf_fini(&reply);
    return rc;
}

/* --- receiving --- */

static bool is_json(struct MHD_Connection *c)
{
    const char *type = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Type");
    size_t n = strlen("application/json");

    return type != NULL && strncasecmp(type, "application/json", n) == 0 &&
           (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

/* true when the announced length is past the cap; a length that is no number counts so too. */
static bool is_too_long(struct MHD_Connection *c)
{
    const char *text = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length");
    uint64_t n = 0;

    return text != NULL &&
           (ls_parse_dec(text, strlen(text), &n) != LS_OK || n > LS_API_BODY_BYTES_MAX);
}

/* What is wrong with a request is said before its body is read. */
static enum MHD_Result begin(struct ls_server *s, struct MHD_Connection *c, const char *path,
                             const char *method, void **state)
{
    struct request *r = NULL;

    if (strcmp(method, "GET") == 0) {
        return s->kind == LS_SERVER_METRICS ? get_metrics(s, c, path) : get(s, c, path);
    }
    if (strcmp(method, "POST") != 0 || s->kind == LS_SERVER_METRICS) {
        return answer_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "method not allowed\n");
    }
    if (strcmp(path, "/") != 0) {
        return answer_text(c, MHD_HTTP_NOT_FOUND, "404 page not found\n");
    }
    if (is_too_long(c)) {
        return answer_text(c, MHD_HTTP_CONTENT_TOO_LARGE, "request body too large\n");
    }
    if (!is_json(c)) {
        return answer_text(c, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                           "invalid content type, only application/json is supported\n");
    }
    r = calloc(1, sizeof *r);
    if (r == NULL) {
        return MHD_NO;
    }
    r->server = s;
    ls_buf_init(&r->body, LS_API_BODY_BYTES_MAX);
    ls_buf_init(&r->reply, LS_API_REPLY_BYTES_MAX);
    *state = r;
    return MHD_YES;
}

/* A body sent in chunks that outgrows its bounds ends the connection: its length is not known. */
static enum MHD_Result receive(struct request *r, const char *data, size_t n)
{
    struct ls_server *s = r->server;

    if (n > BODIES_BYTES_MAX - s->bodies_bytes || ls_buf_put(&r->body, data, n) != LS_OK) {
        return MHD_NO;
    }
    s->bodies_bytes += n;
    return MHD_YES;
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *data, size_t *n,
                              void **state)
{
    struct request *r = *state;

    (void)version;
    if (r == NULL) {
        return begin(arg, c, url, method, state);
    }
    if (*n != 0) {
        size_t taken = *n;
        *n = 0;
        return receive(r, data, taken);
    }
    return serve(r, c);
}

static void completed(void *arg, struct MHD_Connection *c, void **state,
                      enum MHD_RequestTerminationCode why)
{
    struct request *r = *state;

    (void)arg;
    (void)c;
    (void)why;
    if (r != NULL) {
        for (size_t i = 0; i < LS_API_OUTPUTS_MAX; i++) {
            if (r->server->waiting[i].request == r) {
                r->server->waiting[i] = (struct waiting){.request = NULL};
            }
        }
        r->server->bodies_bytes -= r->body.n;
        ls_buf_fini(&r->body);
        ls_buf_fini(&r->reply);
        free(r);
        *state = NULL;
    }
}

/* --- life --- */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t to_address(const char *addr, uint16_t port, union address *out)
{
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, addr, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        return sizeof out->v4;
    }
    if (inet_pton(AF_INET6, addr, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        return sizeof out->v6;
    }
    return 0;
}

/* The socket is ours, not the library's, so that a failure has a reason; -1 on error. */
static int listen_on(const char *addr, uint16_t port, uint16_t *actual)
{
    union address a;
    socklen_t n = to_address(addr, port, &a);
    int yes = 1;
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -1;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, &a.any, n) != 0 || listen(fd, BACKLOG) != 0 || getsockname(fd, &a.any, &n) != 0) {
        int reason = errno;
        (void)close(fd);
        errno = reason;
        return -1;
    }
    *actual = ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
    return fd;
}

static struct MHD_Daemon *start(struct ls_server *s, int fd)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, s,
                            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                            CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
                            MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
}

static const char *flags_of(enum ls_server_kind kind)
{
    return kind == LS_SERVER_METRICS ? "--metrics.addr, --metrics.port" : "--rpc.addr, --rpc.port";
}

enum ls_err ls_server_new(enum ls_server_kind kind, const char *addr, uint16_t port,
                          const struct ls_api_host *host, struct ls_server **out, struct ls_diag *d)
{
    struct ls_server *s = calloc(1, sizeof *s);
    const union MHD_DaemonInfo *info = NULL;
    int fd = -1;

    if (s == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "no memory for the RPC server");
    }
    s->kind = kind;
    s->host = host;
    fd = listen_on(addr, port, &s->port);
    if (fd < 0) {
        enum ls_err e = ls_fail(d, LS_ERR_IO, "cannot listen on %s port %u (%s): %s", addr,
                                (unsigned)port, flags_of(kind), strerror(errno));
        free(s);
        return e;
    }
    s->daemon = start(s, fd);
    if (s->daemon != NULL) {
        info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    }
    if (info == NULL) {
        if (s->daemon == NULL) {
            (void)close(fd);
        }
        ls_server_free(s);
        return ls_fail(d, LS_ERR_INTERNAL, "the RPC server does not start");
    }
    s->epoll_fd = info->epoll_fd;
    *out = s;
    return LS_OK;
}

void ls_server_free(struct ls_server *s)
{
    if (s != NULL) {
        for (size_t i = 0; i < LS_API_OUTPUTS_MAX && s->daemon != NULL; i++) {
            if (s->waiting[i].request != NULL) { /* the library wants it so */
                MHD_resume_connection(s->waiting[i].connection);
            }
        }
        if (s->daemon != NULL) {
            MHD_stop_daemon(s->daemon); /* closes the listening socket too */
        }
        free(s);
    }
}

void ls_server_output(struct ls_server *s, size_t slot, const struct ls_output *o, const char *why)
{
    struct waiting w = s->waiting[slot];

    if (w.request != NULL) {
        s->waiting[slot] = (struct waiting){.request = NULL};
        ls_api_output(s->host, (const char *)w.request->body.p, w.request->body.n, o, why,
                      &w.request->reply);
        MHD_resume_connection(w.connection);
        s->has_resumed = true;
    }
}

uint16_t ls_server_port(const struct ls_server *s)
{
    return s->port;
}

int ls_server_fd(const struct ls_server *s)
{
    return s->epoll_fd;
}

uint64_t ls_server_patience_ns(const struct ls_server *s)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;

    if (s->has_resumed) {
        return 0;
    }
    return MHD_get_timeout(s->daemon, &ms) == MHD_YES ? (uint64_t)ms * NS_PER_MS : LS_SERVER_NEVER;
}

void ls_server_turn(struct ls_server *s, int64_t wall_s)
{
    s->wall_s = wall_s;
    s->has_resumed = false;
    (void)MHD_run(s->daemon);
}
