#include "harness/record/proxy.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "harness/live/client.h"
#include "harness/record/calls.h"
#include "harness/record/row.h"
#include "harness/record/types.h"

#define NS_PER_MS UINT64_C(1000000)
#define PATH_BYTES_MAX 65536u
#define ARENA_BYTES_MAX ((size_t)64 << 20)

struct exchange;

struct port {
    struct ls_backend backend; /* first: the backend is the port */
    struct ls_proxy *proxy;
    enum ls_peer peer;
    const char *url;
    bool is_tls; /* a new connection for each request would cost too much */
    struct ls_gate gate;
    uint64_t count;
    struct exchange *exchanges;
};

/* A request that was passed on. */
struct exchange {
    struct port *port;
    uint64_t serial;
    uint64_t seq_in;
    uint64_t at_ns;
    char *verb;
    char *path;
    struct ls_buf request;
    struct ls_client_call *call; /* NULL once it is answered */
    bool is_answered;
    enum ls_http_fate fate;
    unsigned status;
    const char *content_type; /* of the proxy's table; NULL: none */
    unsigned retry_after_s;
    struct ls_buf answer;
    struct exchange *prev, *next;
};

struct ls_proxy {
    struct ls_proxy_options o;
    struct ls_client *client;
    struct port ports[LS_PEER_COUNT];
    bool is_recording;
    struct ls_arena arena; /* of one row */
    struct ls_types types;
};

/* --- recording --- */

static enum ls_fail_kind fail_of(enum ls_client_failure failure)
{
    switch (failure) {
    case LS_CLIENT_WHOLE:
        return LS_FAIL_NONE;
    case LS_CLIENT_REFUSED:
        return LS_FAIL_REFUSED;
    case LS_CLIENT_UNKNOWN:
        return LS_FAIL_UNKNOWN;
    case LS_CLIENT_TLS:
        return LS_FAIL_TLS;
    case LS_CLIENT_CUT:
        return LS_FAIL_CUT;
    case LS_CLIENT_TOO_LONG:
        return LS_FAIL_TOO_LONG;
    case LS_CLIENT_RESET:
    case LS_CLIENT_TIMEOUT:
    case LS_CLIENT_INTERNAL:
        break;
    }
    return LS_FAIL_RESET;
}

static void take_said(struct ls_row *row, const struct ls_said_text *said)
{
    for (size_t i = 0; i < row->call_count; i++) {
        row->calls[i].said = said[i];
    }
}

/* The request's part of the row; calls are for matching the answer, count 0 when it is raw. */
static void describe_request(const struct exchange *x, struct ls_row *row, struct ls_calls *calls)
{
    struct ls_proxy *p = x->port->proxy;
    struct ls_span body = ls_buf_span(&x->request);

    if (strcmp(x->verb, "POST") != 0) {
        row->verb = (struct ls_span){(const uint8_t *)x->verb, strlen(x->verb)};
    }
    if (strcmp(x->path, "/") != 0) {
        row->path = (struct ls_span){(const uint8_t *)x->path, strlen(x->path)};
    }
    row->kind = LS_ROW_RAW;
    row->request = body;
    if (ls_calls_split(body, &p->arena, calls) != LS_OK) {
        return;
    }
    row->calls = ls_arena_alloc(&p->arena, calls->count * sizeof *row->calls);
    if (row->calls == NULL) {
        return;
    }
    for (size_t i = 0; i < calls->count; i++) {
        row->calls[i].method = calls->items[i].method;
        row->calls[i].params = calls->items[i].params;
    }
    row->call_count = calls->count;
    row->kind = calls->is_batch ? LS_ROW_BATCH : LS_ROW_CALL;
}

static void describe_answer(const struct exchange *x, const struct ls_client_answer *answer,
                            const struct ls_calls *calls, struct ls_row *row)
{
    struct ls_said_text *said;

    row->fail = fail_of(answer->failure);
    if (row->fail != LS_FAIL_NONE && row->fail != LS_FAIL_CUT) {
        return;
    }
    row->http = answer->status;
    row->retry_after_s = answer->retry_after_s;
    row->has_no_type = x->content_type == NULL;
    if (!row->has_no_type && strcmp(x->content_type, LS_TYPE_JSON) != 0) {
        row->content_type =
            (struct ls_span){(const uint8_t *)x->content_type, strlen(x->content_type)};
    }
    if (row->fail == LS_FAIL_NONE && row->kind != LS_ROW_RAW &&
        ls_calls_answers(answer->body, calls, &x->port->proxy->arena, &said) == LS_OK) {
        take_said(row, said);
    } else {
        row->has_body = true;
        row->body = answer->body;
    }
}

/* answer NULL: there is none, because of why. */
static void put_row(struct exchange *x, const struct ls_client_answer *answer,
                    enum ls_fail_kind why)
{
    struct ls_proxy *p = x->port->proxy;
    struct ls_recording *r = p->o.recording;
    struct ls_row row = {.peer = x->port->peer,
                         .seq_in = x->seq_in,
                         .seq_out = ls_recording_seq(r),
                         .at_ms = x->at_ns / NS_PER_MS,
                         .ms = ls_loop_now_ns(p->o.loop) / NS_PER_MS - x->at_ns / NS_PER_MS};
    struct ls_calls calls = {.items = NULL};
    struct ls_diag d = {{0}};

    x->port->count++;
    if (!p->is_recording) {
        return;
    }
    ls_arena_reset(&p->arena);
    describe_request(x, &row, &calls);
    if (answer != NULL) {
        describe_answer(x, answer, &calls, &row);
    } else {
        row.fail = why;
    }
    if (ls_recording_put(r, &row, &d) != LS_OK) {
        p->is_recording = false;
        if (p->o.on_trouble != NULL) {
            p->o.on_trouble(p->o.user, &d);
        }
    }
}

/* --- exchanges --- */

static void free_exchange(struct exchange *x)
{
    DL_DELETE(x->port->exchanges, x);
    ls_client_cancel(x->call);
    ls_buf_fini(&x->request);
    ls_buf_fini(&x->answer);
    free(x->verb);
    free(x->path);
    free(x);
}

/* The front cuts a body in the middle: what came is followed by as much again that never leaves. */
static void pad_cut(struct ls_buf *b)
{
    uint8_t *p = b->n > 0 ? ls_buf_grow(b, b->n) : NULL;

    if (p != NULL) {
        memset(p, 0, b->n / 2);
    }
}

static void take_answer(struct exchange *x, const struct ls_client_answer *answer)
{
    enum ls_fail_kind fail = fail_of(answer->failure);

    x->status = answer->status;
    x->content_type = NULL;
    if (answer->content_type != NULL) {
        x->content_type = ls_types_keep(&x->port->proxy->types, answer->content_type,
                                        strlen(answer->content_type));
    }
    x->retry_after_s =
        answer->retry_after_s < UINT32_MAX ? (unsigned)answer->retry_after_s : UINT32_MAX;
    x->fate = LS_FATE_RESET;
    if (fail == LS_FAIL_NONE || fail == LS_FAIL_CUT) {
        (void)ls_buf_put(&x->answer, answer->body.p, answer->body.n);
        x->fate = fail == LS_FAIL_NONE ? LS_FATE_SEND : LS_FATE_TRUNCATE;
    }
    if (fail == LS_FAIL_CUT) {
        pad_cut(&x->answer);
    }
    if (x->answer.err != LS_OK) {
        x->fate = LS_FATE_RESET;
    }
}

/* ls_client_fn */
static void on_answer(void *user, const struct ls_client_answer *answer)
{
    struct exchange *x = user;

    x->call = NULL;
    x->is_answered = true;
    take_answer(x, answer);
    put_row(x, answer, LS_FAIL_NONE);
    ls_gate_retry(&x->port->gate); /* frees x */
}

/* The peer's URL, with the path the node asked for behind it. */
static void make_url(const struct port *port, const char *path, struct ls_buf *out)
{
    size_t n = strlen(port->url);
    bool is_bare = strcmp(path, "/") == 0 || strchr(port->url, '?') != NULL;

    n -= !is_bare && n > 0 && port->url[n - 1] == '/' ? 1 : 0;
    (void)ls_buf_put(out, port->url, n);
    (void)ls_buf_puts(out, is_bare ? "" : path);
}

static bool pass_on(struct exchange *x, const struct ls_http_request *req)
{
    struct ls_buf url = {0};

    ls_buf_init(&url, PATH_BYTES_MAX);
    make_url(x->port, req->path, &url);
    if (url.err == LS_OK) {
        const struct ls_client_request q = {.verb = req->verb,
                                            .url = (const char *)url.p,
                                            .content_type = req->content_type,
                                            .authorization = req->authorization,
                                            .body = ls_buf_span(&x->request),
                                            .answer_bytes_max = LS_GATE_REPLY_MAX / 2,
                                            .is_once = !x->port->is_tls};
        x->call = ls_client_send(x->port->proxy->client, &q, on_answer, x);
    }
    ls_buf_fini(&url);
    return x->call != NULL;
}

static struct exchange *new_exchange(struct port *port, const struct ls_http_request *req)
{
    struct exchange *x = calloc(1, sizeof *x);

    if (x == NULL) {
        return NULL;
    }
    *x = (struct exchange){.port = port,
                           .serial = req->serial,
                           .seq_in = ls_recording_seq(port->proxy->o.recording),
                           .at_ns = ls_loop_now_ns(port->proxy->o.loop),
                           .content_type = LS_TYPE_JSON,
                           .verb = strdup(req->verb),
                           .path = strdup(req->path)};
    ls_buf_init(&x->request, LS_GATE_BODY_MAX);
    ls_buf_init(&x->answer, LS_GATE_REPLY_MAX);
    DL_APPEND(port->exchanges, x);
    if (x->verb == NULL || x->path == NULL ||
        ls_buf_put(&x->request, req->body, req->body_bytes) != LS_OK) {
        free_exchange(x);
        return NULL;
    }
    return x;
}

static struct exchange *find(struct port *port, uint64_t serial)
{
    struct exchange *x;

    DL_FOREACH(port->exchanges, x)
    {
        if (x->serial == serial) {
            return x;
        }
    }
    return NULL;
}

/* --- the backend --- */

static void give_back(struct exchange *x, struct ls_http_reply *reply)
{
    reply->fate = x->fate;
    reply->status = x->status != 0 ? x->status : reply->status;
    reply->content_type = x->content_type;
    reply->is_bare = true; /* no header of our own */
    reply->retry_after_s = x->retry_after_s;
    (void)ls_buf_put(&reply->body, x->answer.p, x->answer.n);
    free_exchange(x);
}

static void handle(struct ls_backend *b, const struct ls_http_request *req,
                   struct ls_http_reply *reply)
{
    struct port *port = (struct port *)b;
    struct exchange *x = find(port, req->serial);

    if (x != NULL && x->is_answered) {
        give_back(x, reply);
        return;
    }
    reply->fate = LS_FATE_HOLD;
    if (x != NULL) {
        return;
    }
    x = new_exchange(port, req);
    if (x == NULL || !pass_on(x, req)) {
        /* Memory is out: the node is not left waiting. */
        reply->fate = LS_FATE_RESET;
        if (x != NULL) {
            put_row(x, NULL, LS_FAIL_RESET);
            free_exchange(x);
        }
    }
}

static void abandon(struct ls_backend *b, uint64_t serial)
{
    struct exchange *x = find((struct port *)b, serial);

    if (x == NULL) {
        return;
    }
    if (!x->is_answered) { /* else the answer is recorded, and came a moment too late */
        put_row(x, NULL, LS_FAIL_GONE);
    }
    free_exchange(x);
}

static const struct ls_backend_ops ops = {.handle = handle, .abandon = abandon};

/* --- life --- */

/* ls_loop_fn */
static void prepare(void *user)
{
    struct ls_proxy *p = user;

    for (size_t i = 0; i < LS_PEER_COUNT; i++) {
        ls_gate_prepare(&p->ports[i].gate);
    }
}

static enum ls_err open_port(struct ls_proxy *p, enum ls_peer peer, struct ls_diag *d)
{
    struct port *port = &p->ports[peer];
    enum ls_err e;

    *port = (struct port){.backend = {&ops}, .proxy = p, .peer = peer, .url = p->o.peers[peer].url};
    if (port->url == NULL) {
        return LS_OK;
    }
    port->is_tls = strncmp(port->url, "https:", 6) == 0;
    e = ls_gate_open(&port->gate, &port->backend, p->o.loop, &p->o.peers[peer].at, d);
    return e != LS_OK ? ls_fail_in(d, e, "--%s", ls_peer_name(peer)) : LS_OK;
}

enum ls_err ls_proxy_new(const struct ls_proxy_options *o, struct ls_proxy **out, struct ls_diag *d)
{
    struct ls_proxy *p = calloc(1, sizeof *p);
    enum ls_err e;

    if (p == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    p->o = *o;
    p->is_recording = true;
    ls_arena_init(&p->arena, ARENA_BYTES_MAX);
    e = ls_client_new(o->loop, &p->client, d);
    for (int peer = 0; e == LS_OK && peer < LS_PEER_COUNT; peer++) {
        e = open_port(p, (enum ls_peer)peer, d);
    }
    if (e != LS_OK) {
        ls_proxy_free(p);
        return e;
    }
    ls_loop_on_prepare(o->loop, prepare, p);
    *out = p;
    return LS_OK;
}

static void end_exchanges(struct port *port)
{
    struct exchange *x, *next;

    DL_FOREACH_SAFE(port->exchanges, x, next)
    {
        put_row(x, NULL, LS_FAIL_OPEN);
        free_exchange(x);
    }
}

void ls_proxy_free(struct ls_proxy *p)
{
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < LS_PEER_COUNT; i++) {
        end_exchanges(&p->ports[i]); /* before the port says that their clients left */
    }
    for (size_t i = 0; i < LS_PEER_COUNT; i++) {
        ls_gate_close(&p->ports[i].gate);
    }
    ls_loop_on_prepare(p->o.loop, NULL, NULL);
    ls_client_free(p->client);
    ls_types_fini(&p->types);
    ls_arena_fini(&p->arena);
    free(p);
}

uint16_t ls_proxy_port(const struct ls_proxy *p, enum ls_peer peer)
{
    return ls_gate_port(&p->ports[peer].gate);
}

uint64_t ls_proxy_count(const struct ls_proxy *p, enum ls_peer peer)
{
    return p->ports[peer].count;
}

bool ls_proxy_is_recording(const struct ls_proxy *p)
{
    return p->is_recording;
}
