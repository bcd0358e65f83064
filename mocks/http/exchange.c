#include "mocks/http/exchange.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utlist.h>

#include "lib/num.h"

#define READ_BLOCK_BYTES 16384u
#define TEXT_PLAIN "text/plain; charset=utf-8"
#define REFUSAL_BYTES_MAX 1024u
/* Go's server reads so much of what nobody wants. */
#define UNREAD_BYTES_MAX ((uint64_t)256 << 10)
#define TOO_LARGE "Request Entity Too Large"

void ls_front_conn_reset(const struct ls_front_conn *c)
{
    /* Dissolving the association is the only way to a RST that MHD's own shutdown does not turn
     * into a FIN. */
    const struct sockaddr none = {.sa_family = AF_UNSPEC};
    (void)connect(c->fd, &none, sizeof none);
}

/* --- waiting --- */

static void wait_as(struct ls_exchange *x, enum ls_exchange_state state, uint64_t due_ns)
{
    struct ls_front *f = x->conn->front;
    struct epoll_event ev = {.events = EPOLLRDHUP, .data.ptr = x};

    assert(!x->is_waiting);
    x->state = state;
    x->due_ns = due_ns;
    x->is_waiting = true;
    DL_APPEND(f->waiting, x);
    /* Without the watch the exchange only waits longer than its client. */
    (void)epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, x->conn->fd, &ev);
    MHD_suspend_connection(x->mhd);
}

static void stop_waiting(struct ls_exchange *x, enum ls_exchange_state next)
{
    struct ls_front *f = x->conn->front;

    assert(x->is_waiting);
    x->is_waiting = false;
    x->state = next;
    DL_DELETE(f->waiting, x);
    (void)epoll_ctl(f->epoll_fd, EPOLL_CTL_DEL, x->conn->fd, NULL);
    f->is_dirty = true;
    MHD_resume_connection(x->mhd);
}

void ls_exchange_wake(struct ls_exchange *x)
{
    stop_waiting(x, x->state == LS_X_DRIPPING ? LS_X_SENDING : LS_X_READY);
}

void ls_exchange_drop(struct ls_exchange *x)
{
    struct ls_backend *b = x->conn->front->options.backend;

    if (x->state == LS_X_HELD && b->ops->abandon != NULL) {
        b->ops->abandon(b, x->serial);
    }
    if (x->state == LS_X_DELAYED && b->ops->left != NULL) {
        b->ops->left(b, x->serial);
    }
    stop_waiting(x, LS_X_GONE);
}

static const char *header(const struct ls_exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->mhd, MHD_HEADER_KIND, name);
}

/* --- the reply --- */

static struct ls_span reply_span(const struct ls_exchange *x)
{
    if (x->reply.stored != NULL) {
        return (struct ls_span){(const uint8_t *)x->reply.stored, x->reply.stored_bytes};
    }
    return ls_buf_span(&x->reply.body);
}

static ssize_t copy_out(const struct ls_exchange *x, uint64_t pos, char *out, size_t n)
{
    struct ls_span s = reply_span(x);
    size_t left = pos < s.n ? s.n - (size_t)pos : 0;

    n = n < left ? n : left;
    memcpy(out, s.p + pos, n);
    return (ssize_t)n;
}

/* MHD_ContentReaderCallback: half of the body, then the end of the connection. */
static ssize_t read_half(void *cls, uint64_t pos, char *out, size_t n)
{
    struct ls_exchange *x = cls;
    size_t half = reply_span(x).n / 2;

    if (pos >= half) {
        x->was_cut = true;
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    return copy_out(x, pos, out, n < half - pos ? n : half - (size_t)pos);
}

/* MHD_ContentReaderCallback: a byte, then a pause. Returning 0 without suspending would spin. */
static ssize_t read_drip(void *cls, uint64_t pos, char *out, size_t n)
{
    struct ls_exchange *x = cls;
    const struct ls_front *f = x->conn->front;

    if (x->state == LS_X_GONE || n == 0) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (pos > 0 && x->due_ns > f->now.mono_ns) {
        wait_as(x, LS_X_DRIPPING, x->due_ns);
        return 0;
    }
    x->due_ns = f->now.mono_ns + x->reply.drip_ns;
    return copy_out(x, pos, out, 1);
}

static struct MHD_Response *make_response(struct ls_exchange *x)
{
    struct ls_span s = reply_span(x);

    switch (x->reply.fate) {
    case LS_FATE_TRUNCATE:
        return MHD_create_response_from_callback(s.n > 0 ? s.n : 1, READ_BLOCK_BYTES, read_half, x,
                                                 NULL);
    case LS_FATE_DRIP:
        return MHD_create_response_from_callback(s.n, READ_BLOCK_BYTES, read_drip, x, NULL);
    case LS_FATE_SEND:
    case LS_FATE_HOLD:
    case LS_FATE_HANG:
    case LS_FATE_RESET:
    case LS_FATE_REFUSE:
        break;
    }
    /* Not copied: the bytes are the backend's, or x's, and x lives until MHD says it is done. */
    return MHD_create_response_from_buffer(s.n, (void *)(uintptr_t)s.p, MHD_RESPMEM_PERSISTENT);
}

/* A header that is there when value is. */
static void add_header(struct MHD_Response *r, const char *name, const char *value,
                       enum MHD_Result *ok)
{
    if (*ok == MHD_YES && value != NULL) {
        *ok = MHD_add_response_header(r, name, value);
    }
}

static enum MHD_Result add_headers(struct MHD_Response *r, const struct ls_exchange *x)
{
    const struct ls_http_reply *reply = &x->reply;
    char seconds[16];
    enum MHD_Result ok = MHD_YES;

    (void)snprintf(seconds, sizeof seconds, "%u", reply->retry_after_s);
    add_header(r, "Content-Type", reply->content_type, &ok);
    add_header(r, "Vary", reply->is_bare ? NULL : "Origin", &ok);
    add_header(r, "Content-Encoding", x->is_gzip ? "gzip" : NULL, &ok);
    add_header(r, "X-Content-Type-Options", reply->is_nosniff ? "nosniff" : NULL, &ok);
    add_header(r, "Sec-WebSocket-Version", reply->is_websocket_refused ? "13" : NULL, &ok);
    add_header(r, "Location", reply->location, &ok);
    add_header(r, "Connection", reply->close ? "close" : NULL, &ok);
    add_header(r, "Retry-After", reply->retry_after_s > 0 ? seconds : NULL, &ok);
    return ok;
}

/* The body becomes its compressed form when the client takes that. Without memory it stays. */
static void compress(struct ls_exchange *x)
{
    struct ls_front *f = x->conn->front;
    struct ls_buf packed;

    if (!f->options.gzip || x->is_gzip || x->reply.is_identity || reply_span(x).n == 0 ||
        !ls_gzip_is_wanted(header(x, "Accept-Encoding"))) {
        return;
    }
    if (f->gzip == NULL) {
        f->gzip = ls_gzip_new();
    }
    ls_buf_init(&packed, x->reply.body.bytes_max);
    if (f->gzip == NULL || ls_gzip_put(f->gzip, reply_span(x), &packed) != LS_OK) {
        ls_buf_fini(&packed);
        return;
    }
    ls_buf_fini(&x->reply.body);
    x->reply.body = packed;
    x->reply.stored = NULL;
    x->is_gzip = true;
}

static enum MHD_Result send_reply(struct ls_exchange *x)
{
    struct MHD_Response *r;
    enum MHD_Result ok = MHD_NO;

    compress(x);
    r = make_response(x);
    if (r == NULL) {
        return MHD_NO;
    }
    if (add_headers(r, x) == MHD_YES) {
        x->state = LS_X_SENDING;
        ok = MHD_queue_response(x->mhd, x->reply.status, r);
    }
    MHD_destroy_response(r);
    return ok;
}

/* Does what the reply says, its delay being over. */
static enum MHD_Result perform(struct ls_exchange *x)
{
    switch (x->reply.fate) {
    case LS_FATE_REFUSE:
        x->conn->front->refuse_ns = x->reply.refuse_ns; /* closed when this turn ends */
        ls_front_conn_reset(x->conn);
        return MHD_NO;
    case LS_FATE_RESET:
        ls_front_conn_reset(x->conn);
        return MHD_NO;
    case LS_FATE_HOLD:
        wait_as(x, LS_X_HELD, LS_FRONT_NEVER);
        return MHD_YES;
    case LS_FATE_HANG:
        wait_as(x, LS_X_HANGING, LS_FRONT_NEVER);
        return MHD_YES;
    case LS_FATE_SEND:
    case LS_FATE_TRUNCATE:
    case LS_FATE_DRIP:
        break;
    }
    return send_reply(x);
}

/* --- the request --- */

/* Addresses 127.0.0.0/8: the front listens on IPv4 only. */
static bool is_peer_local(const struct ls_exchange *x)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct sockaddr_in peer = {0};

    if (info == NULL || info->client_addr == NULL || info->client_addr->sa_family != AF_INET) {
        return false;
    }
    memcpy(&peer, info->client_addr, sizeof peer);
    return ntohl(peer.sin_addr.s_addr) >> 24 == 127;
}

static bool asks_for_websocket(const struct ls_exchange *x)
{
    const char *upgrade = header(x, "Upgrade");
    return upgrade != NULL && strcasecmp(upgrade, "websocket") == 0;
}

static void reset_reply(struct ls_exchange *x)
{
    struct ls_buf body = x->reply.body;

    ls_buf_clear(&body);
    free(x->reply.location);
    x->is_gzip = false;
    x->reply =
        (struct ls_http_reply){.body = body, .status = 200, .content_type = "application/json"};
}

/* body_bytes as read, or as announced. */
static struct ls_http_request make_request(const struct ls_exchange *x, size_t body_bytes)
{
    const struct ls_front *f = x->conn->front;
    return (struct ls_http_request){
        .verb = x->verb,
        .path = x->path,
        .content_type = header(x, "Content-Type"),
        .authorization = header(x, "Authorization"),
        .host = header(x, "Host"),
        .origin = header(x, "Origin"),
        .is_peer_local = is_peer_local(x),
        .is_websocket = asks_for_websocket(x),
        .is_preflight =
            strcmp(x->verb, "OPTIONS") == 0 && header(x, "Access-Control-Request-Method") != NULL,
        .body = x->body.n > 0 ? (const char *)x->body.p : "",
        .body_bytes = body_bytes,
        .conn = x->conn->number,
        .serial = x->serial,
        .now_ns = f->now.mono_ns,
        .wall_s = f->now.wall_s,
        .ticket = x->ticket,
    };
}

static void ask_backend(struct ls_exchange *x)
{
    struct ls_backend *b = x->conn->front->options.backend;
    const struct ls_http_request req = make_request(x, x->body.n);

    reset_reply(x);
    b->ops->handle(b, &req, &x->reply);
    if (x->reply.body.err != LS_OK) {
        /* The backend wrote more than a reply may have, or memory ran out. */
        reset_reply(x);
        x->reply.status = 500;
        x->reply.content_type = TEXT_PLAIN;
    }
    if (x->was_body_cut) {
        x->reply.close = true; /* the rest of the body would be read as a request */
    }
}

static enum MHD_Result handle(struct ls_exchange *x)
{
    struct ls_front *f = x->conn->front;

    x->serial = ++f->serial_last;
    x->ticket = ls_trace_open(f->options.trace, f->options.ep, x->conn->number, f->now.mono_ns);
    ask_backend(x);
    if (x->reply.delay_ns > 0 && x->reply.fate != LS_FATE_HOLD && x->reply.fate != LS_FATE_HANG) {
        wait_as(x, LS_X_DELAYED, f->now.mono_ns + x->reply.delay_ns);
        return MHD_YES;
    }
    return perform(x);
}

void ls_exchange_retry(struct ls_exchange *x)
{
    uint64_t now_ns = x->conn->front->now.mono_ns;

    assert(x->state == LS_X_HELD);
    ask_backend(x);
    switch (x->reply.fate) {
    case LS_FATE_HOLD:
        return;
    case LS_FATE_HANG:
        x->state = LS_X_HANGING;
        return;
    case LS_FATE_SEND:
    case LS_FATE_RESET:
    case LS_FATE_REFUSE:
    case LS_FATE_TRUNCATE:
    case LS_FATE_DRIP:
        break;
    }
    if (x->reply.delay_ns > 0) {
        x->state = LS_X_DELAYED;
        x->due_ns = now_ns + x->reply.delay_ns;
        return;
    }
    ls_exchange_wake(x);
}

/* The answer is given before the body was read; the connection ends with it. It goes to the socket
 * as it is, because MHD has a reason phrase of its own for every status. What does not fit into an
 * empty socket buffer is lost, as the rest of the request is. */
static enum MHD_Result refuse(struct ls_exchange *x, unsigned status, const char *reason)
{
    const struct ls_front *f = x->conn->front;
    const struct ls_http_reply *reply = &x->reply;
    struct ls_span body = reply_span(x);
    struct ls_trace_event *ev;
    struct ls_buf out;

    x->ticket = ls_trace_open(f->options.trace, f->options.ep, x->conn->number, f->now.mono_ns);
    ev = ls_trace_call(f->options.trace, x->ticket);
    if (ev != NULL) {
        ev->answer = LS_TRACE_OTHER;
        ev->http_status = status;
    }
    ls_buf_init(&out, REFUSAL_BYTES_MAX);
    (void)ls_buf_printf(&out, "HTTP/1.1 %u %s\r\n", status, reason);
    if (reply->content_type != NULL) {
        (void)ls_buf_printf(&out, "Content-Type: %s\r\n", reply->content_type);
    }
    (void)ls_buf_printf(&out, "%s%sContent-Length: %zu\r\nConnection: close\r\n\r\n",
                        reply->is_bare ? "" : "Vary: Origin\r\n",
                        reply->is_nosniff ? "X-Content-Type-Options: nosniff\r\n" : "", body.n);
    (void)ls_buf_put(&out, body.p, strcmp(x->verb, "HEAD") == 0 ? 0 : body.n);
    if (out.err == LS_OK) {
        (void)send(x->conn->fd, out.p, out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        x->was_cut = true;
    }
    ls_buf_fini(&out);
    return MHD_NO;
}

/* A refusal of the front's own, around which there are no handlers. */
static enum MHD_Result refuse_bare(struct ls_exchange *x, unsigned status, const char *reason,
                                   const char *content_type)
{
    x->reply.is_bare = true;
    x->reply.content_type = content_type;
    return refuse(x, status, reason);
}

/* As Go's server refuses what is no HTTP: the body repeats the status line. */
static enum MHD_Result refuse_malformed(struct ls_exchange *x, const char *reason)
{
    (void)ls_buf_printf(&x->reply.body, "400 %s", reason);
    return refuse_bare(x, 400, reason, TEXT_PLAIN);
}

/* What MHD lets pass and Go's server does not. */
struct header_survey {
    const char *length; /* the first Content-Length */
    bool is_name_bad;
    bool is_length_bad;
};

static bool is_token(const char *name)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (; *name != '\0'; name++) {
        bool is_alnum =
            (*name >= '0' && *name <= '9') || ((*name | 32) >= 'a' && (*name | 32) <= 'z');
        if (!is_alnum && strchr(others, *name) == NULL) {
            return false;
        }
    }
    return true;
}

/* MHD_KeyValueIterator */
static enum MHD_Result survey_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    struct header_survey *v = cls;

    (void)kind;
    v->is_name_bad = v->is_name_bad || !is_token(name);
    if (strcasecmp(name, "Content-Length") == 0) {
        v->is_length_bad = v->is_length_bad || value == NULL ||
                           (v->length != NULL && strcmp(v->length, value) != 0);
        v->length = value;
    }
    return MHD_YES;
}

static enum MHD_Result check_form(struct ls_exchange *x, const char *version)
{
    const char *coding = header(x, "Transfer-Encoding");
    struct header_survey v = {0};

    (void)MHD_get_connection_values(x->mhd, MHD_HEADER_KIND, survey_header, &v);
    if (v.is_name_bad) {
        return refuse_malformed(x, "Bad Request: invalid header name");
    }
    if (v.is_length_bad) {
        return refuse_malformed(x, "Bad Request");
    }
    if (header(x, "Host") == NULL && strcmp(version, MHD_HTTP_VERSION_1_1) == 0) {
        return refuse_malformed(x, "Bad Request: missing required Host header");
    }
    if (coding != NULL && strcasecmp(coding, "chunked") != 0) {
        (void)ls_buf_puts(&x->reply.body, "Unsupported transfer encoding");
        return refuse_bare(x, 501, "Not Implemented", TEXT_PLAIN);
    }
    return MHD_YES;
}

/* Whoever cannot be served is told so before a large body has crossed the wire, or one whose sender
 * asks first; as with Go's server, that ends the connection. */
static enum MHD_Result check_admission(struct ls_exchange *x, uint64_t announced, bool is_expecting)
{
    const struct ls_front_options *o = &x->conn->front->options;
    struct ls_http_reply *reply = &x->reply;

    if (announced >= UNREAD_BYTES_MAX || (is_expecting && announced > 0)) {
        const struct ls_http_request req = make_request(x, announced);
        if (!ls_backend_admits(o->backend, &req, reply)) {
            return refuse(x, reply->status,
                          reply->status == 413 ? TOO_LARGE
                                               : MHD_get_reason_phrase_for(reply->status));
        }
        reset_reply(x);
    }
    if (announced > o->body_bytes_max) {
        /* geth's text (mock-engine 2.8) */
        (void)ls_buf_printf(&reply->body, "content length too large (%llu>%zu)\n",
                            (unsigned long long)announced, o->body_bytes_max);
        reply->content_type = TEXT_PLAIN;
        reply->is_nosniff = true;
        reply->is_bare = !o->is_cors;
        return refuse(x, 413, TOO_LARGE);
    }
    return MHD_YES;
}

static enum MHD_Result check_headers(struct ls_exchange *x, const char *version)
{
    const char *length = header(x, "Content-Length");
    const char *expect = header(x, "Expect");
    uint64_t n = 0;

    reset_reply(x);
    x->state = LS_X_READING;
    if (check_form(x, version) != MHD_YES) {
        return MHD_NO;
    }
    if (expect != NULL && strcasecmp(expect, "100-continue") != 0) {
        return refuse_bare(x, 417, "Expectation Failed", NULL);
    }
    if (length != NULL && ls_parse_dec(length, strlen(length), &n) != LS_OK) {
        n = 0; /* MHD has the last word on it */
    }
    return check_admission(x, n, expect != NULL);
}

/* A body sent in chunks is cut at the cap, as geth does: the backend then sees broken JSON. */
static enum MHD_Result add_body(struct ls_exchange *x, const char *upload, size_t *upload_bytes)
{
    size_t room = x->conn->front->options.body_bytes_max - x->body.n;
    size_t n = *upload_bytes < room ? *upload_bytes : room;

    x->was_body_cut = x->was_body_cut || n < *upload_bytes;
    *upload_bytes = 0;
    return ls_buf_put(&x->body, upload, n) == LS_OK ? MHD_YES : MHD_NO;
}

/* Of an absolute URI, as clients send it to proxies, what follows the authority. */
static const char *path_of(const char *uri)
{
    const char *authority = strncmp(uri, "http://", 7) == 0 ? uri + 7 : NULL;
    const char *path = authority == NULL ? uri : authority + strcspn(authority, "/?");

    return path[0] == '\0' ? "/" : path;
}

void *ls_exchange_begin(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    struct ls_front *f = cls;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct ls_exchange *x = calloc(1, sizeof *x);

    if (x == NULL || info == NULL || info->socket_context == NULL) {
        free(x);
        return NULL;
    }
    x->path = strdup(path_of(uri));
    if (x->path == NULL) {
        free(x);
        return NULL;
    }
    x->conn = info->socket_context;
    x->conn->x = x;
    f->is_sweep_due = true;
    x->mhd = mhd;
    ls_buf_init(&x->body, f->options.body_bytes_max);
    ls_buf_init(&x->reply.body, f->options.reply_bytes_max);
    return x;
}

enum MHD_Result ls_exchange_access(void *cls, struct MHD_Connection *mhd, const char *url,
                                   const char *method, const char *version, const char *upload,
                                   size_t *upload_bytes, void **con_cls)
{
    struct ls_exchange *x = *con_cls;

    (void)cls;
    (void)mhd;
    (void)url;
    if (x == NULL) {
        return MHD_NO;
    }
    switch (x->state) {
    case LS_X_FRESH:
        x->verb = method;
        return check_headers(x, version);
    case LS_X_READING:
        return *upload_bytes > 0 ? add_body(x, upload, upload_bytes) : handle(x);
    case LS_X_READY:
        return perform(x);
    case LS_X_GONE:
        return MHD_NO;
    case LS_X_DELAYED:
    case LS_X_HELD:
    case LS_X_HANGING:
    case LS_X_SENDING:
    case LS_X_DRIPPING:
        break;
    }
    assert(false && "MHD asked about a request that waits or is answered");
    return MHD_NO;
}

void ls_exchange_end(void *cls, struct MHD_Connection *mhd, void **con_cls,
                     enum MHD_RequestTerminationCode why)
{
    const struct ls_front *f = cls;
    struct ls_exchange *x = *con_cls;
    bool is_answered;

    (void)mhd;
    if (x == NULL) {
        return;
    }
    assert(!x->is_waiting);
    x->conn->x = NULL;
    is_answered = why == MHD_REQUEST_TERMINATED_COMPLETED_OK || x->was_cut;
    ls_trace_close(f->options.trace, x->ticket, f->now.mono_ns, is_answered);
    ls_buf_fini(&x->body);
    ls_buf_fini(&x->reply.body);
    free(x->reply.location);
    free(x->path);
    free(x);
    *con_cls = NULL;
}
