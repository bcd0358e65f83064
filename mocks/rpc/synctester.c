/* The sync tester's port: life, routes, HTTP, and which method goes where. */
#include "mocks/rpc/synctester.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/jwt.h"
#include "mocks/rpc/note.h"
#include "mocks/rpc/synctester_parts.h"

#define VERSION "v0.0.0" /* what the real one says when it was built without a tag */
#define LATE_CODE (-32002)
#define LATE_TEXT "request timed out"

static const char NO_SESSION[] = "no session found in context";

/* --- what methods use --- */

const char *ls_st_text(struct ls_st_call *c, const char *fmt, ...)
{
    va_list args;
    va_list again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    char *text = n < 0 ? NULL : ls_arena_alloc(&c->port->arena, (size_t)n + 1);
    if (text != NULL) {
        (void)vsnprintf(text, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    va_end(args);
    return text != NULL ? text : "";
}

void ls_st_crash(struct ls_st_call *c)
{
    ls_rpc_error(c->rpc, LS_RPC_INTERNAL, "method handler crashed");
}

void ls_st_engine_error(struct ls_st_call *c, int64_t code, const char *message, const char *text)
{
    struct ls_span data = {0};
    if (text != NULL) {
        struct ls_buf b;
        struct ls_jw w;
        ls_buf_init(&b, LS_ST_ARENA_MAX);
        ls_jw_init(&w, &b);
        ls_jw_object(&w, NULL);
        ls_jw_str(&w, "err", text);
        ls_jw_object_end(&w);
        data.n = b.n;
        data.p = ls_arena_dup(&c->port->arena, b.n > 0 ? b.p : (const uint8_t *)"", b.n);
        ls_buf_fini(&b);
    }
    ls_rpc_error_spans(c->rpc, code, (struct ls_span){(const uint8_t *)message, strlen(message)},
                       data);
}

void ls_st_ask(struct ls_st_call *c, struct ls_upstream_query *q, struct ls_upstream_answer *out)
{
    struct ls_upstream *u = c->chain->upstream;
    q->now_ns = c->rpc->req->now_ns + c->port->delay_ns;
    u->ops->ask(u, q, out);
    c->port->delay_ns += out->delay_ns;
}

bool ls_st_enter(struct ls_st_call *c)
{
    const struct ls_st_url *url = c->port->url;
    uint64_t now_ns = c->rpc->req->now_ns + c->port->delay_ns;
    if (!url->has_session) {
        ls_rpc_error(c->rpc, LS_RPC_SERVER, NO_SESSION);
        return false;
    }
    switch (
        ls_st_open(c->chain->sessions, url->id, url->id_bytes, &url->start, now_ns, &c->session)) {
    case LS_ST_FOUND:
        break;
    case LS_ST_DELETED:
        ls_rpc_error(c->rpc, LS_RPC_SERVER, "session already deleted: %.*s", (int)url->id_bytes,
                     url->id);
        return false;
    case LS_ST_FULL:
        ls_rpc_error(c->rpc, LS_RPC_SERVER, "too many sessions, at most %" PRIu32,
                     ls_st_count(c->chain->sessions));
        return false;
    }
    c->session->calls[c->method]++;
    if (c->session->busy_ns > now_ns) {
        c->port->delay_ns += c->session->busy_ns - now_ns; /* Q18 */
    }
    return true;
}

void ls_st_put_status(struct ls_st_call *c, struct ls_jw *w, const char *key, const char *status,
                      const struct ls_hash *lvh, const char *error)
{
    struct ls_trace_event *ev = c->rpc->event;
    ls_jw_object(w, key);
    ls_jw_str(w, "status", status);
    if (lvh != NULL) { /* Q15: left out rather than null */
        ls_jw_hex(w, "latestValidHash", lvh->b, sizeof lvh->b);
    }
    if (error != NULL) {
        ls_jw_str(w, "validationError", error);
    }
    ls_jw_object_end(w);
    if (ev != NULL) {
        ls_trace_copy(ev->status, sizeof ev->status, status, strlen(status));
        ev->latest_valid = lvh != NULL ? ls_trace_block_of(lvh) : (struct ls_trace_block){0};
        ls_trace_copy(ev->text, sizeof ev->text, error != NULL ? error : "",
                      error != NULL ? strlen(error) : 0);
    }
}

/* --- small methods --- */

static bool takes_nothing(struct ls_st_call *c)
{
    struct ls_go_args a;
    ls_go_args_begin(&a, c->rpc);
    return ls_go_args_end(&a);
}

static void put_heads(struct ls_jw *w, const char *key, const struct ls_st_heads *heads)
{
    ls_jw_object(w, key);
    ls_jw_u64(w, "latest", heads->latest);
    ls_jw_u64(w, "safe", heads->safe);
    ls_jw_u64(w, "finalized", heads->finalized);
    ls_jw_object_end(w);
}

static void get_session(struct ls_st_call *c)
{
    struct ls_jw w;
    size_t start = c->rpc->out->n;
    if (!takes_nothing(c) || !ls_st_enter(c)) {
        return;
    }
    const struct ls_st_session *s = c->session;
    ls_rpc_result(c->rpc, &w);
    ls_jw_object(&w, NULL);
    ls_jw_strn(&w, "session_id", s->id, s->id_bytes);
    ls_jw_u64(&w, "validated", s->validated);
    put_heads(&w, "current_state", &s->now);
    ls_jw_bool(&w, "el_sync_active", s->is_el_sync);
    put_heads(&w, "initial_state", &s->initial);
    ls_jw_object_end(&w);
    ls_rpc_escape_html(c->rpc->out, start);
}

static void answer_null(struct ls_st_call *c)
{
    struct ls_jw w;
    ls_rpc_result(c->rpc, &w);
    ls_jw_null(&w, NULL);
}

static void delete_session(struct ls_st_call *c)
{
    if (takes_nothing(c) && ls_st_enter(c)) {
        ls_st_delete(c->chain->sessions, c->session);
        c->session = NULL;
        answer_null(c);
    }
}

static void reset_session(struct ls_st_call *c)
{
    if (takes_nothing(c) && ls_st_enter(c)) {
        ls_st_reset(c->chain->sessions, c->session);
        answer_null(c);
    }
}

static void list_sessions(struct ls_st_call *c)
{
    struct ls_jw w;
    size_t start = c->rpc->out->n;
    if (!takes_nothing(c)) {
        return;
    }
    ls_st_expire(c->chain->sessions, c->rpc->req->now_ns);
    ls_rpc_result(c->rpc, &w);
    ls_jw_array(&w, NULL);
    for (uint32_t i = 0; i < ls_st_count(c->chain->sessions); i++) {
        const struct ls_st_session *s = ls_st_at(c->chain->sessions, i);
        ls_jw_strn(&w, NULL, s->id, s->id_bytes);
    }
    ls_jw_array_end(&w);
    ls_rpc_escape_html(c->rpc->out, start);
}

static void exchange_capabilities(struct ls_st_call *c)
{
    static const char *const names[] = {
        "engine_getPayloadV1",        "engine_getPayloadV2",        "engine_getPayloadV3",
        "engine_getPayloadV4",        "engine_forkchoiceUpdatedV1", "engine_forkchoiceUpdatedV2",
        "engine_forkchoiceUpdatedV3", "engine_newPayloadV1",        "engine_newPayloadV2",
        "engine_newPayloadV3",        "engine_newPayloadV4"};
    struct ls_go_args a;
    struct ls_jw w;
    ls_go_args_begin(&a, c->rpc);
    const struct cJSON *v = ls_go_args_take(&a, true);
    if (ls_go_kind(&a, v, LS_GO_ARGUMENT, "array", "[]string")) {
        for (const struct cJSON *s = ls_json_first(v); s != NULL; s = ls_json_next(s)) {
            (void)ls_go_kind(&a, s, LS_GO_ARGUMENT, "string", "string");
        }
    }
    if (!ls_go_args_end(&a)) {
        return;
    }
    ls_rpc_result(c->rpc, &w);
    ls_jw_array(&w, NULL);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ls_jw_str(&w, NULL, names[i]);
    }
    ls_jw_array_end(&w);
}

static void health_status(struct ls_st_call *c)
{
    struct ls_jw w;
    if (takes_nothing(c)) {
        ls_rpc_result(c->rpc, &w);
        ls_jw_str(&w, NULL, c->port->version);
    }
}

static void rpc_modules(struct ls_st_call *c)
{
    struct ls_jw w;
    if (!takes_nothing(c)) {
        return;
    }
    ls_rpc_result(c->rpc, &w);
    ls_jw_object(&w, NULL);
    if (c->chain != NULL) {
        ls_jw_str(&w, "engine", "1.0");
        ls_jw_str(&w, "eth", "1.0");
    }
    ls_jw_str(&w, "health", "1.0");
    ls_jw_str(&w, "rpc", "1.0");
    if (c->chain != NULL) {
        ls_jw_str(&w, "sync", "1.0");
    }
    ls_jw_object_end(&w);
}

static void counters(struct ls_st_call *c);

/* --- methods --- */

static const struct method {
    const char *name;
    void (*run)(struct ls_st_call *c);
    unsigned version;
    bool is_everywhere; /* at the root too */
} METHODS[] = {
    {"eth_chainId", ls_st_eth_chain_id, 0, false},
    {"eth_getBlockByNumber", ls_st_eth_block_by_number, 0, false},
    {"eth_getBlockByHash", ls_st_eth_block_by_hash, 0, false},
    {"eth_getBlockReceipts", ls_st_eth_receipts, 0, false},
    {"engine_newPayloadV1", ls_st_engine_np, 1, false},
    {"engine_newPayloadV2", ls_st_engine_np, 2, false},
    {"engine_newPayloadV3", ls_st_engine_np, 3, false},
    {"engine_newPayloadV4", ls_st_engine_np, 4, false},
    {"engine_forkchoiceUpdatedV1", ls_st_engine_fcu, 1, false},
    {"engine_forkchoiceUpdatedV2", ls_st_engine_fcu, 2, false},
    {"engine_forkchoiceUpdatedV3", ls_st_engine_fcu, 3, false},
    {"engine_getPayloadV1", ls_st_engine_get, 1, false},
    {"engine_getPayloadV2", ls_st_engine_get, 2, false},
    {"engine_getPayloadV3", ls_st_engine_get, 3, false},
    {"engine_getPayloadV4", ls_st_engine_get, 4, false},
    {"engine_exchangeCapabilities", exchange_capabilities, 0, false},
    {"sync_getSession", get_session, 0, false},
    {"sync_deleteSession", delete_session, 0, false},
    {"sync_resetSession", reset_session, 0, false},
    {"sync_listSessions", list_sessions, 0, false},
    {"health_status", health_status, 0, true},
    {"rpc_modules", rpc_modules, 0, true},
    {"lockstep_counters", counters, 0, false},
};
#define METHOD_COUNT (sizeof METHODS / sizeof METHODS[0])
static_assert(METHOD_COUNT <= LS_ST_METHODS_MAX, "a session counts the calls of every method");

/* Of the session in the URL when it exists, else of the chain. Makes none. */
static void counters(struct ls_st_call *c)
{
    const struct ls_st_url *url = c->port->url;
    const uint64_t *calls = c->chain->calls;
    struct ls_jw w;
    if (!takes_nothing(c)) {
        return;
    }
    if (url->has_session) {
        const struct ls_st_session *s = ls_st_find(c->chain->sessions, url->id, url->id_bytes);
        if (s == NULL) {
            ls_rpc_error(c->rpc, LS_RPC_SERVER, NO_SESSION);
            return;
        }
        calls = s->calls;
    }
    ls_rpc_result(c->rpc, &w);
    ls_jw_object(&w, NULL);
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        ls_jw_u64(&w, METHODS[i].name, calls[i]);
    }
    ls_jw_object_end(&w);
}

/* The session's next caller waits until this call is over. */
static void hold_session(struct ls_st_call *c)
{
    if (c->session != NULL && c->port->delay_ns > 0) {
        c->session->busy_ns = c->rpc->req->now_ns + c->port->delay_ns;
        c->session->busy_serial = c->rpc->req->serial;
    }
}

static void run(struct ls_st_port *port, struct ls_rpc_call *rpc, size_t method)
{
    struct ls_st_call c = {.port = port,
                           .rpc = rpc,
                           .chain = port->chain,
                           .version = METHODS[method].version,
                           .method = (unsigned)method};
    if (port->chain != NULL) {
        port->chain->calls[method]++;
    }
    METHODS[method].run(&c);
    hold_session(&c);
}

/* ls_rpc_handler */
static void handle_call(void *self, struct ls_rpc_call *rpc)
{
    struct ls_st_port *port = self;
    size_t i = 0;
    ls_arena_reset(&port->arena);
    ls_note_asked(rpc->event, rpc->method, rpc->params,
                  port->chain != NULL ? port->chain->upstream->universe : NULL);
    while (i < METHOD_COUNT && strcmp(METHODS[i].name, rpc->method) != 0) {
        i++;
    }
    if (i == METHOD_COUNT || (port->chain == NULL && !METHODS[i].is_everywhere)) {
        ls_rpc_no_method(rpc);
    } else if (!port->is_late) {
        run(port, rpc, i);
    }
    port->is_late = port->is_late || port->delay_ns >= LS_ST_CALL_NS_MAX;
    if (port->is_late) {
        ls_rpc_error(rpc, LATE_CODE, LATE_TEXT); /* as for what follows in a batch */
    }
}

/* --- HTTP, in the order of the real handlers --- */

static void refuse(struct ls_http_reply *reply, unsigned status, const char *text)
{
    ls_rpc_refuse(reply, status, text);
    reply->is_nosniff = true;
}

/* Outside of the handlers that compress and that know of origins. */
static void refuse_bare(struct ls_http_reply *reply, unsigned status, const char *text)
{
    refuse(reply, status, text);
    reply->is_bare = true;
    reply->is_identity = true;
}

/* true: nothing else is to be done. */
static bool is_answered(const struct ls_st_port *port, const struct ls_http_request *req,
                        struct ls_http_reply *reply)
{
    char text[96];
    if (strcmp(req->verb, "GET") == 0 && req->body_bytes == 0 && !port->url->has_query) {
        reply->content_type = NULL; /* health checks of balancers */
        return true;
    }
    if (strcmp(req->verb, "PUT") == 0 || strcmp(req->verb, "DELETE") == 0) {
        refuse(reply, 405, "method not allowed");
        return true;
    }
    if (req->body_bytes > LS_SYNCTESTER_BODY_BYTES_MAX) {
        (void)snprintf(text, sizeof text, "content length too large (%zu>%u)", req->body_bytes,
                       LS_SYNCTESTER_BODY_BYTES_MAX);
        refuse(reply, 413, text);
        reply->close = true;
        return true;
    }
    if (strcmp(req->verb, "OPTIONS") != 0 && !ls_rpc_is_json_type(req->content_type)) {
        refuse(reply, 415, "invalid content type, only application/json is supported");
        return true;
    }
    return false;
}

/* geth answers these without a line feed, and never compressed. */
static void finish(struct ls_st_port *port, struct ls_http_reply *reply)
{
    struct ls_buf *b = &reply->body;
    reply->delay_ns = port->is_late ? LS_ST_CALL_NS_MAX : port->delay_ns;
    if (port->is_late && b->n > 0 && b->p[b->n - 1] == '\n') {
        b->p[--b->n] = 0;
    }
    reply->is_identity = b->n > 0 && b->p[b->n - 1] != '\n';
}

/* struct ls_backend_ops.handle of the inner backend: behind a session's faults. */
static void serve(struct ls_backend *b, const struct ls_http_request *req,
                  struct ls_http_reply *reply)
{
    struct ls_st_port *port =
        (struct ls_st_port *)(void *)((char *)b - offsetof(struct ls_st_port, inner));
    port->delay_ns = 0;
    port->is_late = false;
    if (!is_answered(port, req, reply)) {
        ls_rpc_serve_body(req, reply, SIZE_MAX, port->trace, handle_call, port);
        finish(port, reply);
    }
}

static bool is_authorized(const struct ls_st_port *port, const struct ls_http_request *req,
                          struct ls_http_reply *reply)
{
    char reason[LS_JWT_REASON_BYTES];
    if (port->jwt_secret == NULL ||
        ls_jwt_explain(port->jwt_secret, req->authorization, req->wall_s, reason) == LS_JWT_VALID) {
        return true;
    }
    refuse(reply, 401, reason);
    return false;
}

static void serve_rpc(struct ls_st_port *port, const struct ls_http_request *req,
                      struct ls_http_reply *reply)
{
    struct ls_backend *backend = &port->inner;
    const char *why = NULL;
    char text[160];
    if (!is_authorized(port, req, reply)) {
        return;
    }
    if (port->chain != NULL && port->url->has_session) {
        backend = ls_st_faulty_find(port, &why);
        if (backend == NULL) {
            (void)snprintf(text, sizeof text, "invalid value for \"fault\": %s", why);
            refuse_bare(reply, 400, text);
            return;
        }
    }
    backend->ops->handle(backend, req, reply);
    ls_st_faulty_sweep(port);
}

static void redirect(const struct ls_st_url *url, const struct ls_http_request *req,
                     struct ls_http_reply *reply)
{
    reply->status = 307;
    reply->is_bare = true;
    reply->is_identity = true;
    reply->content_type = NULL;
    reply->location = strdup(url->text);
    if (strcmp(req->verb, "GET") == 0) {
        reply->content_type = "text/html; charset=utf-8";
        (void)ls_buf_printf(&reply->body, "<a href=\"%s\">Temporary Redirect</a>.\n\n", url->text);
    }
}

static void answer_health(const struct ls_st_port *port, struct ls_http_reply *reply)
{
    struct ls_jw w;
    ls_jw_init(&w, &reply->body);
    ls_jw_object(&w, NULL);
    ls_jw_str(&w, "version", port->version);
    ls_jw_object_end(&w);
    (void)ls_buf_putc(&reply->body, '\n');
    reply->is_bare = true;
    reply->is_identity = true;
}

static struct ls_st_chain *find_chain(const struct ls_st_port *port, uint64_t chain_id)
{
    for (size_t i = 0; i < port->chain_count; i++) {
        if (port->chains[i].chain_id == chain_id) {
            return &port->chains[i];
        }
    }
    return NULL;
}

/* ls_st_has_chain */
static bool has_chain(void *self, uint64_t chain_id)
{
    return find_chain(self, chain_id) != NULL;
}

/* struct ls_backend_ops.handle */
static void port_handle(struct ls_backend *b, const struct ls_http_request *req,
                        struct ls_http_reply *reply)
{
    struct ls_st_port *port = (struct ls_st_port *)b;
    ls_st_url_parse(req->path, has_chain, port, port->url);
    port->chain = NULL;
    switch (port->url->route) {
    case LS_ST_ROUTE_CHAIN:
        port->chain = find_chain(port, port->url->chain_id);
        serve_rpc(port, req, reply);
        break;
    case LS_ST_ROUTE_ROOT:
        serve_rpc(port, req, reply);
        break;
    case LS_ST_ROUTE_HEALTH:
        answer_health(port, reply);
        break;
    case LS_ST_ROUTE_REDIRECT:
        redirect(port->url, req, reply);
        break;
    case LS_ST_ROUTE_MISSING:
        refuse_bare(reply, 404, "404 page not found");
        break;
    case LS_ST_ROUTE_BAD:
        refuse_bare(reply, 400, port->url->text);
        break;
    case LS_ST_ROUTE_MALFORMED:
        refuse_bare(reply, 400, "400 Bad Request");
        reply->body.n--; /* no line feed here */
        reply->is_nosniff = false;
        reply->close = true;
        break;
    }
}

/* struct ls_backend_ops.left: a client that goes away during the retry of newPayload frees its
 * session at once. */
static void port_left(struct ls_backend *b, uint64_t serial)
{
    struct ls_st_port *port = (struct ls_st_port *)b;
    for (size_t i = 0; i < port->chain_count; i++) {
        struct ls_st *st = port->chains[i].sessions;
        for (uint32_t k = 0; k < ls_st_count(st); k++) {
            struct ls_st_session *s = ls_st_at(st, k);
            if (s->busy_serial == serial) {
                s->busy_ns = 0;
            }
        }
    }
}

static bool port_admit(struct ls_backend *b, const struct ls_http_request *req,
                       struct ls_http_reply *reply)
{
    return is_authorized((const struct ls_st_port *)b, req, reply);
}

static const struct ls_backend_ops PORT_OPS = {
    .handle = port_handle, .left = port_left, .admit = port_admit};
static const struct ls_backend_ops INNER_OPS = {.handle = serve};

/* --- life --- */

#define OR(value, otherwise) ((value) != 0 ? (value) : (otherwise))

static bool make_chain(struct ls_st_chain *chain, const struct ls_synctester_chain *from,
                       const struct ls_synctester_config *cfg)
{
    const struct ls_st_limits limits = {
        .sessions_max = OR(cfg->sessions_max, 1024u),
        .tombstones_max = OR(cfg->tombstones_max, 16384u),
        .payloads_max = OR(cfg->payloads_max, 65536u),
        .idle_ns_max = OR(cfg->idle_ns_max, LS_ST_NEVER),
    };
    void *mem = malloc(ls_st_size(&limits));
    chain->chain_id = from->chain_id;
    chain->upstream = from->upstream;
    chain->sessions = mem != NULL ? ls_st_init(mem, &limits) : NULL;
    chain->blocks = ls_blockjson_new(from->upstream->universe);
    chain->decoded =
        ls_st_blocks_new(from->upstream->universe, OR(cfg->decoded_bytes_max, UINT64_C(32) << 20));
    return chain->sessions != NULL && chain->blocks != NULL && chain->decoded != NULL;
}

static enum ls_err check(const struct ls_synctester_config *cfg, struct ls_diag *d)
{
    if (cfg->chain_count > LS_SYNCTESTER_CHAINS_MAX) {
        return ls_fail(d, LS_ERR_USAGE, "%zu sync testers, more than %u", cfg->chain_count,
                       LS_SYNCTESTER_CHAINS_MAX);
    }
    for (size_t i = 0; i < cfg->chain_count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (cfg->chains[i].chain_id == cfg->chains[k].chain_id) {
                return ls_fail(d, LS_ERR_USAGE,
                               "route \"/chain/%" PRIu64 "/synctest\" already exists",
                               cfg->chains[i].chain_id);
            }
        }
    }
    return LS_OK;
}

static struct ls_st_port *make_port(const struct ls_synctester_config *cfg)
{
    struct ls_st_port *port = calloc(1, sizeof *port);
    if (port == NULL) {
        return NULL;
    }
    port->base.ops = &PORT_OPS;
    port->inner.ops = &INNER_OPS;
    port->version = cfg->version != NULL ? cfg->version : VERSION;
    port->jwt_secret = cfg->jwt_secret;
    port->trace = cfg->trace;
    ls_arena_init(&port->arena, LS_ST_ARENA_MAX);
    port->url = calloc(1, sizeof *port->url);
    port->faulty = ls_st_faulty_new(OR(cfg->faulty_sessions_max, 64u), cfg->seed);
    port->chains = calloc(cfg->chain_count + 1, sizeof *port->chains);
    bool is_whole = port->url != NULL && port->faulty != NULL && port->chains != NULL;
    for (size_t i = 0; is_whole && i < cfg->chain_count; i++) {
        port->chain_count++;
        is_whole = make_chain(&port->chains[i], &cfg->chains[i], cfg);
    }
    if (!is_whole) {
        ls_synctester_free(&port->base);
        return NULL;
    }
    return port;
}

enum ls_err ls_synctester_new(const struct ls_synctester_config *cfg, struct ls_backend **out,
                              struct ls_diag *d)
{
    enum ls_err e = check(cfg, d);
    if (e != LS_OK) {
        return e;
    }
    struct ls_st_port *port = make_port(cfg);
    if (port == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    *out = &port->base;
    return LS_OK;
}

void ls_synctester_free(struct ls_backend *b)
{
    struct ls_st_port *port = (struct ls_st_port *)b;
    if (port == NULL) {
        return;
    }
    for (size_t i = 0; port->chains != NULL && i < port->chain_count; i++) {
        free(port->chains[i].sessions);
        ls_blockjson_free(port->chains[i].blocks);
        ls_st_blocks_free(port->chains[i].decoded);
    }
    free(port->chains);
    ls_st_faulty_free(port->faulty);
    free(port->url);
    ls_arena_fini(&port->arena);
    free(port);
}
