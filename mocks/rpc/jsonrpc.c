#include "mocks/rpc/jsonrpc.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "lib/json_scan.h"
#include "mocks/rpc/gojson.h"

const struct ls_rpc_limits LS_RPC_LIMITS_AUTH = {.batch_max = 2000, .body_bytes_max = 128u << 20};
const struct ls_rpc_limits LS_RPC_LIMITS_PUBLIC = {.batch_max = 1000, .body_bytes_max = 5u << 20};

/* One message of a request, as spans of the body; p NULL = member absent. */
struct message {
    struct ls_span version;
    struct ls_span id;
    struct ls_span method;
    struct ls_span params;
    struct ls_span result; /* of an answer, which a client may send as well */
    struct ls_span error;
    bool has_found; /* params passed the strict scanner, which found this */
    struct ls_json_scan found;
};

/* --- reading without a tree: an id is echoed as it was written --- */

struct cursor {
    const char *text;
    size_t n;
    size_t at;
};

static void skip_space(struct cursor *c)
{
    for (; c->at < c->n; c->at++) {
        char at = c->text[c->at];
        if (at != ' ' && at != '\t' && at != '\r' && at != '\n') {
            return;
        }
    }
}

static bool take(struct cursor *c, char wanted)
{
    skip_space(c);
    if (c->at < c->n && c->text[c->at] == wanted) {
        c->at++;
        return true;
    }
    return false;
}

/* The next JSON value; p NULL when there is none. */
static struct ls_span take_value(struct cursor *c)
{
    struct ls_json_scan found;
    skip_space(c);
    if (ls_json_scan_go(c->text + c->at, c->n - c->at, &found) != LS_OK) {
        return (struct ls_span){0};
    }
    struct ls_span value = {(const uint8_t *)c->text + c->at, found.end};
    c->at += found.end;
    skip_space(c);
    return value;
}

/* Go matches member names in any case. */
static bool is_name(struct ls_span key, const char *name)
{
    size_t n = strlen(name);
    if (key.n != n + 2) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (tolower(key.p[i + 1]) != name[i]) {
            return false;
        }
    }
    return true;
}

/* Where the member of this name goes; NULL: nowhere. */
static struct ls_span *member_of(struct message *m, struct ls_span key)
{
    const struct {
        const char *name;
        struct ls_span *to;
    } members[] = {{"jsonrpc", &m->version}, {"id", &m->id},         {"method", &m->method},
                   {"params", &m->params},   {"result", &m->result}, {"error", &m->error}};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (is_name(key, members[i].name)) {
            return members[i].to;
        }
    }
    return NULL;
}

/* value is known to be a JSON value. */
static void read_message(struct ls_span value, struct message *m)
{
    struct cursor c = {(const char *)value.p, value.n, 0};
    memset(m, 0, sizeof *m);
    if (!take(&c, '{')) {
        return; /* not an object: no member at all */
    }
    while (c.at < c.n && c.text[c.at] != '}') {
        struct ls_span key = take_value(&c);
        if (key.p == NULL || !take(&c, ':')) {
            return;
        }
        struct ls_span member = take_value(&c);
        struct ls_span *to = member_of(m, key);
        if (to != NULL) {
            *to = member;
        }
        if (!take(&c, ',')) {
            return;
        }
        skip_space(&c);
    }
}

/* The next value as the strict scanner of lib/json takes it; p NULL when it does not. */
static struct ls_span take_strict(struct cursor *c, struct ls_json_scan *found)
{
    skip_space(c);
    if (ls_json_scan(c->text + c->at, c->n - c->at, LS_JSON_DEPTH_MAX, false, found) != LS_OK) {
        return (struct ls_span){0};
    }
    struct ls_span value = {(const uint8_t *)c->text + c->at, found->end};
    c->at += found->end;
    return value;
}

/* Reads the message of a plain request in one pass, which is its check too. false: no object, or
 * something that the strict scanner does not let pass; c and m are then of no use. */
static bool read_plain(struct cursor *c, struct message *m)
{
    memset(m, 0, sizeof *m);
    if (!take(c, '{')) {
        return false;
    }
    do {
        struct ls_json_scan found;
        struct ls_span key = take_strict(c, &found);
        if (key.p == NULL || key.p[0] != '"' || !take(c, ':')) {
            return false;
        }
        struct ls_span member = take_strict(c, &found);
        struct ls_span *to = member_of(m, key);
        if (member.p == NULL) {
            return false;
        }
        if (to == &m->params) {
            m->found = found;
            m->has_found = true;
        }
        if (to != NULL) {
            *to = member;
        }
    } while (take(c, ','));
    return take(c, '}');
}

static struct cJSON *params_of(const struct message *m)
{
    struct cJSON *tree;
    if (m->has_found &&
        ls_json_tree((const char *)m->params.p, m->params.n, &m->found, &tree, NULL) == LS_OK) {
        return tree;
    }
    return ls_gojson_tree(m->params);
}

static bool has_valid_id(const struct message *m)
{
    return m->id.p != NULL && m->id.p[0] != '{' && m->id.p[0] != '[';
}

/* --- writing --- */

static bool is_mark(uint8_t c)
{
    return c == '<' || c == '>' || c == '&';
}

void ls_rpc_escape_html(struct ls_buf *out, size_t from)
{
    size_t extra = 0;
    for (size_t i = from; i < out->n; i++) {
        extra += is_mark(out->p[i]) ? 5 : 0;
    }
    if (extra == 0 || ls_buf_grow(out, extra) == NULL) {
        return;
    }
    for (size_t i = out->n - extra, to = out->n; to > i;) {
        uint8_t c = out->p[--i];
        if (is_mark(c)) {
            char escape[7];
            (void)snprintf(escape, sizeof escape, "\\u%04x", c);
            to -= 6;
            memcpy(out->p + to, escape, 6);
        } else {
            out->p[--to] = c;
        }
    }
}

static void put_head(struct ls_buf *out, const struct message *m)
{
    (void)ls_buf_puts(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    if (m != NULL && has_valid_id(m)) {
        size_t start = out->n;
        (void)ls_buf_put(out, m->id.p, m->id.n);
        ls_rpc_escape_html(out, start);
    } else {
        (void)ls_buf_puts(out, "null");
    }
    (void)ls_buf_putc(out, ',');
}

static struct ls_span span_of(const char *text)
{
    return (struct ls_span){(const uint8_t *)text, strlen(text)};
}

/* data is a text of its own; or json is the whole member. */
static void put_error(struct ls_buf *out, int64_t code, struct ls_span text, const char *data,
                      struct ls_span json)
{
    struct ls_jw w;
    ls_jw_init(&w, out);
    (void)ls_buf_puts(out, "\"error\":");
    ls_jw_object(&w, NULL);
    ls_jw_i64(&w, "code", code);
    ls_jw_strn(&w, "message", (const char *)text.p, text.n);
    if (json.p != NULL) {
        ls_jw_raw(&w, "data", (const char *)json.p, json.n);
    } else if (data[0] != '\0') {
        ls_jw_object(&w, "data");
        ls_jw_str(&w, "err", data);
        ls_jw_object_end(&w);
    }
    ls_jw_object_end(&w);
    (void)ls_buf_putc(out, '}');
}

void ls_rpc_put_error(struct ls_buf *out, const struct ls_rpc_call *call)
{
    if (call->long_text.p != NULL) {
        put_error(out, call->code, call->long_text, "", call->long_data);
    } else {
        put_error(out, call->code, span_of(call->text), call->data, (struct ls_span){0});
    }
}

static void put_fault(struct ls_buf *out, const struct message *m, int64_t code, const char *text)
{
    put_head(out, m);
    size_t start = out->n;
    put_error(out, code, span_of(text), "", (struct ls_span){0});
    ls_rpc_escape_html(out, start);
}

void ls_rpc_cut_back(struct ls_buf *out, size_t n)
{
    if (out->p != NULL) {
        out->n = n;
        out->p[n] = 0;
    }
    out->err = LS_OK;
}

void ls_rpc_call_begin(struct ls_rpc_call *call, const struct ls_http_request *req,
                       struct ls_trace *trace, const char *method, const struct cJSON *params,
                       struct ls_span params_text, struct ls_buf *out)
{
    call->req = req;
    call->method = method;
    call->params = ls_json_is_array(params) ? params : NULL;
    call->params_text = params_text;
    call->params_not_array =
        params != NULL && !ls_json_is_array(params) && !ls_json_is_null(params);
    call->event = ls_trace_call(trace, req->ticket);
    call->out = out;
    (void)ls_buf_puts(out, "\"result\":");
    call->result_at = out->n;
    call->code = 0;
    call->text[0] = '\0';
    call->data[0] = '\0';
    call->long_text.p = NULL;
    if (call->event != NULL) {
        ls_trace_copy(call->event->method, sizeof call->event->method, method, strlen(method));
    }
}

void ls_rpc_result(struct ls_rpc_call *call, struct ls_jw *w)
{
    ls_rpc_cut_back(call->out, call->result_at);
    call->code = 0;
    ls_jw_init(w, call->out);
}

void ls_rpc_error(struct ls_rpc_call *call, int64_t code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(call->text, sizeof call->text, fmt, args);
    va_end(args);
    call->code = code;
    call->data[0] = '\0';
    call->long_text.p = NULL;
}

void ls_rpc_error_spans(struct ls_rpc_call *call, int64_t code, struct ls_span message,
                        struct ls_span data)
{
    call->code = code;
    call->long_text = message.p != NULL ? message : span_of("");
    call->long_data = data;
}

void ls_rpc_error_data(struct ls_rpc_call *call, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(call->data, sizeof call->data, fmt, args);
    va_end(args);
}

void ls_rpc_no_method(struct ls_rpc_call *call)
{
    ls_rpc_error(call, LS_RPC_METHOD_NOT_FOUND, "the method %s does not exist/is not available",
                 call->method);
}

void ls_rpc_note_answer(struct ls_trace_event *ev, const struct ls_rpc_call *call)
{
    if (ev == NULL) {
        return;
    }
    if (call->code != 0) {
        ev->answer = LS_TRACE_ERROR;
        ev->code = call->code;
        if (call->long_text.p != NULL) {
            ls_trace_copy(ev->text, sizeof ev->text, (const char *)call->long_text.p,
                          call->long_text.n);
            return;
        }
        const char *text = call->data[0] != '\0' ? call->data : call->text;
        ls_trace_copy(ev->text, sizeof ev->text, text, strlen(text));
        return;
    }
    struct ls_span result = {call->out->p + call->result_at, call->out->n - call->result_at};
    ev->answer = ls_span_is(result, "null") ? LS_TRACE_NULL : LS_TRACE_RESULT;
}

/* --- serving --- */

struct server {
    const struct ls_http_request *req;
    struct ls_http_reply *reply;
    struct ls_buf *out;
    struct ls_trace *trace;
    ls_rpc_handler *handler;
    void *self;
};

static bool ends_with(const char *method, const char *suffix)
{
    size_t n = strlen(method);
    size_t suffix_n = strlen(suffix);
    return n >= suffix_n && strcmp(method + n - suffix_n, suffix) == 0;
}

/* Over HTTP nothing can be subscribed to, in any namespace, and so nothing be ended. */
static bool answer_subscription(struct ls_rpc_call *call)
{
    if (ends_with(call->method, "_subscribe")) {
        ls_rpc_error(call, LS_RPC_METHOD_NOT_FOUND, "notifications not supported");
        return true;
    }
    if (!ends_with(call->method, "_unsubscribe")) {
        return false;
    }
    if (call->params_not_array) {
        ls_rpc_error(call, LS_RPC_INVALID_PARAMS, "non-array args");
    } else if (ls_json_count(call->params) == 0) {
        ls_rpc_error(call, LS_RPC_INVALID_PARAMS, "missing value for required argument 0");
    } else if (ls_json_count(call->params) > 1) {
        ls_rpc_error(call, LS_RPC_INVALID_PARAMS, "too many arguments, want at most 1");
    } else {
        ls_rpc_error(call, -32000, "subscription not found");
    }
    return true;
}

static void run_call(struct server *s, const struct message *m, const char *method)
{
    struct ls_rpc_call call; /* large: its texts are not cleared beyond their first byte */
    struct cJSON *params = params_of(m);
    size_t start = s->out->n;
    put_head(s->out, m);
    size_t answer = s->out->n;
    ls_rpc_call_begin(&call, s->req, s->trace, method, params, m->params, s->out);
    if (!answer_subscription(&call)) {
        s->handler(s->self, &call);
    }
    if (call.code == 0 && s->out->err != LS_OK) {
        ls_rpc_error(&call, -32003, "response too large");
    }
    ls_rpc_note_answer(call.event, &call);
    if (call.code != 0) {
        ls_rpc_cut_back(s->out, answer);
        ls_rpc_put_error(s->out, &call);
        ls_rpc_escape_html(s->out, answer);
    } else {
        (void)ls_buf_putc(s->out, '}');
    }
    if (m->id.p == NULL) {
        ls_rpc_cut_back(s->out, start); /* a notification takes effect and is not answered */
    }
    ls_json_free(params);
}

/* An answer nobody asked for: it is dropped without a word. */
static bool is_answer(const struct message *m, const char *method)
{
    return ls_span_is(m->version, "\"2.0\"") && has_valid_id(m) &&
           (method == NULL ? m->method.p == NULL : method[0] == '\0') && m->params.p == NULL &&
           (m->result.p != NULL || (m->error.p != NULL && !ls_span_is(m->error, "null")));
}

/* Answers one message; appends nothing when there is nothing to say. */
static void serve_message(struct server *s, const struct message *m)
{
    struct cJSON *method_tree = ls_gojson_tree(m->method);
    const char *method = ls_json_str(method_tree);
    bool is_call = ls_span_is(m->version, "\"2.0\"") && method != NULL && method[0] != '\0' &&
                   (m->id.p == NULL || has_valid_id(m));
    if (is_call) {
        run_call(s, m, method);
    } else if (!is_answer(m, method)) {
        put_fault(s->out, m, LS_RPC_INVALID_REQUEST, "invalid request");
    }
    ls_json_free(method_tree);
}

static void serve_value(struct server *s, struct ls_span value)
{
    struct message m;
    read_message(value, &m);
    serve_message(s, &m);
}

static size_t count_items(struct ls_span value)
{
    struct cursor c = {(const char *)value.p, value.n, 0};
    size_t count = 0;
    if (!take(&c, '[') || take(&c, ']')) {
        return 0;
    }
    do {
        (void)take_value(&c);
        count++;
    } while (take(&c, ','));
    return count;
}

/* An answer to the request as a whole: geth writes it past the compressor. */
static void put_whole_fault(struct server *s, const struct message *m, int64_t code,
                            const char *text)
{
    s->reply->is_identity = true;
    put_fault(s->out, m, code, text);
}

static void refuse_batch(struct server *s, struct ls_span value)
{
    struct cursor c = {(const char *)value.p, value.n, 0};
    struct message first;
    (void)take(&c, '[');
    read_message(take_value(&c), &first);
    (void)ls_buf_putc(s->out, '[');
    put_whole_fault(s, &first, LS_RPC_INVALID_REQUEST, "batch too large");
    (void)ls_buf_putc(s->out, ']');
}

static void serve_batch(struct server *s, struct ls_span value, size_t batch_max)
{
    size_t count = count_items(value);
    if (count == 0) {
        put_whole_fault(s, NULL, LS_RPC_INVALID_REQUEST, "empty batch");
        return;
    }
    if (count > batch_max) {
        refuse_batch(s, value);
        return;
    }
    struct cursor c = {(const char *)value.p, value.n, 0};
    size_t start = s->out->n;
    (void)take(&c, '[');
    (void)ls_buf_putc(s->out, '[');
    do {
        size_t before = s->out->n;
        bool is_first = before == start + 1;
        if (!is_first) {
            (void)ls_buf_putc(s->out, ',');
        }
        size_t item = s->out->n;
        serve_value(s, take_value(&c));
        if (s->out->n == item) {
            ls_rpc_cut_back(s->out, before);
        }
    } while (take(&c, ','));
    if (s->out->n == start + 1) {
        ls_rpc_cut_back(s->out, start); /* notifications only */
        return;
    }
    (void)ls_buf_puts(s->out, "]\n");
}

void ls_rpc_refuse(struct ls_http_reply *reply, unsigned status, const char *text)
{
    reply->status = status;
    reply->content_type = "text/plain; charset=utf-8";
    reply->is_nosniff = true;
    (void)ls_buf_puts(&reply->body, text);
    (void)ls_buf_putc(&reply->body, '\n');
}

bool ls_rpc_is_json_type(const char *type)
{
    static const char *const accepted[] = {"application/json", "application/json-rpc",
                                           "application/jsonrequest"};
    if (type == NULL) {
        return false;
    }
    while (*type == ' ') {
        type++;
    }
    size_t n = strcspn(type, "; ");
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        bool is_equal = strlen(accepted[i]) == n;
        for (size_t k = 0; is_equal && k < n; k++) {
            is_equal = tolower((unsigned char)type[k]) == accepted[i][k];
        }
        if (is_equal) {
            return true;
        }
    }
    return false;
}

/* What HTTP itself refuses or answers, in geth's order. true: done. */
static bool serve_http(const struct ls_http_request *req, struct ls_http_reply *reply,
                       const struct ls_rpc_limits *limits)
{
    const char *query = strchr(req->path, '?');
    size_t path_n = query == NULL ? strlen(req->path) : (size_t)(query - req->path);
    if (path_n != 1 || req->path[0] != '/') {
        reply->status = 404;
        reply->content_type = NULL;
        reply->is_bare = true;
        return true;
    }
    if (strcmp(req->verb, "GET") == 0 && req->body_bytes == 0 && query == NULL) {
        reply->content_type = NULL; /* somebody asks whether it is alive */
        return true;
    }
    if (strcmp(req->verb, "PUT") == 0 || strcmp(req->verb, "DELETE") == 0) {
        ls_rpc_refuse(reply, 405, "method not allowed");
        return true;
    }
    if (req->body_bytes > limits->body_bytes_max) {
        char text[96];
        (void)snprintf(text, sizeof text, "content length too large (%zu>%zu)", req->body_bytes,
                       limits->body_bytes_max);
        ls_rpc_refuse(reply, 413, text);
        reply->close = true;
        return true;
    }
    if (strcmp(req->verb, "OPTIONS") == 0 || req->body_bytes == 0) {
        return true;
    }
    if (!ls_rpc_is_json_type(req->content_type)) {
        ls_rpc_refuse(reply, 415, "invalid content type, only application/json is supported");
        return true;
    }
    return false;
}

bool ls_rpc_admits(const struct ls_http_request *req, struct ls_http_reply *reply,
                   const struct ls_rpc_limits *limits)
{
    return !serve_http(req, reply, limits);
}

void ls_rpc_serve(const struct ls_http_request *req, struct ls_http_reply *reply,
                  const struct ls_rpc_limits *limits, struct ls_trace *trace,
                  ls_rpc_handler *handler, void *self)
{
    if (!serve_http(req, reply, limits)) {
        ls_rpc_serve_body(req, reply, limits->batch_max, trace, handler, self);
    }
}

void ls_rpc_serve_body(const struct ls_http_request *req, struct ls_http_reply *reply,
                       size_t batch_max, struct ls_trace *trace, ls_rpc_handler *handler,
                       void *self)
{
    struct server s = {req, reply, &reply->body, trace, handler, self};
    struct cursor c = {req->body, req->body_bytes, 0};
    skip_space(&c);
    if (c.at == c.n) {
        return; /* an empty body is answered with one */
    }
    struct cursor plain = c;
    struct message m;
    bool is_plain = read_plain(&plain, &m); /* what follows the first value is not looked at */
    struct ls_span value = is_plain ? (struct ls_span){0} : take_value(&c);
    if (is_plain) {
        serve_message(&s, &m);
    } else if (value.p == NULL) {
        put_whole_fault(&s, NULL, LS_RPC_PARSE, "parse error");
        return;
    } else if (value.p[0] == '[') {
        serve_batch(&s, value, batch_max);
        return;
    } else {
        serve_value(&s, value);
    }
    if (reply->body.n > 0) {
        (void)ls_buf_putc(&reply->body, '\n');
    }
}

/* --- looking --- */

static bool visit_message(const struct message *m, ls_rpc_visit *visit, void *self)
{
    struct cJSON *method = ls_gojson_tree(m->method);
    struct cJSON *params = params_of(m);
    bool goes_on = visit(self, ls_json_str(method), ls_json_is_array(params) ? params : NULL);
    ls_json_free(params);
    ls_json_free(method);
    return goes_on;
}

void ls_rpc_each(const char *body, size_t n, ls_rpc_visit *visit, void *self)
{
    struct cursor c = {body, n, 0};
    struct cursor plain = c;
    struct message m;
    if (read_plain(&plain, &m)) {
        (void)visit_message(&m, visit, self);
        return;
    }
    struct ls_span value = take_value(&c);
    if (value.p == NULL) {
        return;
    }
    if (value.p[0] != '[') {
        read_message(value, &m);
        (void)visit_message(&m, visit, self);
        return;
    }
    struct cursor items = {(const char *)value.p, value.n, 0};
    (void)take(&items, '[');
    if (take(&items, ']')) {
        return;
    }
    do {
        read_message(take_value(&items), &m);
    } while (visit_message(&m, visit, self) && take(&items, ','));
}
