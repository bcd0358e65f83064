#include "mocks/rpc/jsonrpsee.h"

#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/json.h"
#include "lib/json_scan.h"
#include "mocks/rpc/args.h"
#include "mocks/rpc/gojson.h"
#include "mocks/rpc/serde.h"

const struct ls_rpc_limits LS_JSONRPSEE_LIMITS_AUTH = {.body_bytes_max = 128u << 20};
const struct ls_rpc_limits LS_JSONRPSEE_LIMITS_PUBLIC = {.body_bytes_max = 15u << 20};

#define JSON_TYPE "application/json; charset=utf-8"
#define BLANK_MAX 128u /* white space before the body's first bracket */
#define ARENA_MAX ((size_t)1 << 20)
#define TOO_BIG (-32007)

/* --- HTTP --- */

static void refuse(struct ls_http_reply *reply, unsigned status, const char *text)
{
    reply->status = status;
    reply->content_type = "text/plain";
    (void)ls_buf_puts(&reply->body, text);
}

static bool is_json_type(const char *type)
{
    static const char *const known[] = {"application/json",
                                        "application/json; charset=utf-8",
                                        "application/json;charset=utf-8",
                                        "application/json-rpc",
                                        "application/json-rpc;charset=utf-8",
                                        "application/json-rpc; charset=utf-8"};
    for (size_t i = 0; type != NULL && i < sizeof known / sizeof known[0]; i++) {
        if (ls_go_name_eq(type, known[i])) {
            return true;
        }
    }
    return false;
}

static void put_fault(struct ls_buf *out, struct ls_span id, int code, const char *text)
{
    (void)ls_buf_puts(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    (void)ls_buf_put(out, id.p != NULL ? id.p : (const uint8_t *)"null", id.p != NULL ? id.n : 4);
    (void)ls_buf_printf(out, ",\"error\":{\"code\":%d,\"message\":\"%s\"}}", code, text);
}

bool ls_jsonrpsee_admits(const struct ls_http_request *req, struct ls_http_reply *reply,
                         const struct ls_rpc_limits *limits)
{
    reply->is_bare = true;
    reply->content_type = JSON_TYPE;
    if (strcmp(req->verb, "POST") != 0) {
        refuse(reply, 405, "Used HTTP Method is not allowed. POST is required\n");
        return false;
    }
    if (!is_json_type(req->content_type)) {
        refuse(reply, 415,
               "Supplied content type is not allowed. Content-Type: application/json is "
               "required\n");
        return false;
    }
    if (req->body_bytes > limits->body_bytes_max) {
        reply->status = 413;
        reply->close = true;
        (void)ls_buf_printf(&reply->body,
                            "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":%d,\"message\":"
                            "\"Request is too big\",\"data\":\"Exceeded max limit of %zu\"}}",
                            TOO_BIG, limits->body_bytes_max);
        return false;
    }
    return true;
}

/* --- messages --- */

/* Members as the derived decoders see them: a name that comes twice spoils what reads it. */
struct message {
    struct ls_span version;
    struct ls_span id;
    struct ls_span method;
    struct ls_span params;
    bool is_object;
    bool is_spoilt;    /* version, method or params twice */
    bool is_id_spoilt; /* id twice */
};

static void take(struct message *m, struct ls_span key, struct ls_span value)
{
    struct ls_span *member = ls_span_is(key, "jsonrpc")  ? &m->version
                             : ls_span_is(key, "id")     ? &m->id
                             : ls_span_is(key, "method") ? &m->method
                             : ls_span_is(key, "params") ? &m->params
                                                         : NULL;
    if (member == NULL) {
        return;
    }
    if (member->p != NULL && member == &m->id) {
        m->is_id_spoilt = true;
    } else if (member->p != NULL) {
        m->is_spoilt = true;
    }
    *member = value;
}

/* value is one JSON value. */
static void read_message(struct ls_span value, struct ls_arena *arena, struct message *m)
{
    struct ls_serde s;
    struct ls_span key;
    *m = (struct message){.is_object = value.p[0] == '{'};
    ls_serde_init(&s, (const char *)value.p, value.n, arena);
    s.at = 1;
    while (m->is_object && (ls_serde_peek(&s) == '"' || s.text[s.at] == ',')) {
        s.at += s.text[s.at] == ',' ? 1 : 0;
        (void)ls_serde_peek(&s);
        if (!ls_serde_string(&s, &key) || ls_serde_peek(&s) != ':') {
            break;
        }
        s.at++;
        (void)ls_serde_peek(&s);
        size_t start = s.at;
        (void)ls_serde_skip(&s, false);
        take(m, key, (struct ls_span){value.p + start, s.at - start});
    }
    ls_serde_fini(&s);
}

/* null, a string or a number that fits 64 bits; echoed goes to out as it is printed again. */
static bool read_id(struct ls_span id, struct ls_arena *arena, struct ls_buf *out)
{
    struct ls_serde s;
    struct ls_span text;
    uint64_t number;
    if (id.p == NULL) {
        return false;
    }
    ls_serde_init(&s, (const char *)id.p, id.n, arena);
    struct cJSON *tree = NULL;
    bool is_fine = true;
    if (id.p[0] == '"') {
        struct ls_jw w;
        is_fine = ls_json_parse((const char *)id.p, id.n, 0, &tree, NULL) == LS_OK &&
                  ls_serde_string(&s, &text);
        ls_jw_init(&w, out);
        if (is_fine) {
            ls_jw_strn(&w, NULL, (const char *)text.p, text.n);
        }
    } else {
        is_fine =
            ls_span_is(id, "null") ||
            ((id.p[0] == '-' || (id.p[0] >= '0' && id.p[0] <= '9')) && ls_serde_u64(&s, &number));
        (void)ls_buf_put(out, id.p, id.n);
    }
    ls_json_free(tree);
    ls_serde_fini(&s);
    return is_fine;
}

/* --- serving --- */

struct server {
    const struct ls_http_request *req;
    struct ls_buf *out;
    struct ls_trace *trace;
    ls_rpc_handler *handler;
    void *self;
    struct ls_arena arena; /* of one message */
    bool has_answer;
    bool has_notification;
};

static void put_head(struct ls_buf *out, struct ls_span id)
{
    (void)ls_buf_puts(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    (void)ls_buf_put(out, id.p, id.n);
    (void)ls_buf_putc(out, ',');
}

static void run_call(struct server *s, const struct message *m, struct ls_span id,
                     const char *method)
{
    struct ls_rpc_call call; /* large: its texts are not cleared beyond their first byte */
    struct cJSON *params = ls_gojson_tree(m->params);
    put_head(s->out, id);
    size_t answer = s->out->n;
    ls_rpc_call_begin(&call, s->req, s->trace, method, params, m->params, s->out);
    s->handler(s->self, &call);
    ls_rpc_note_answer(call.event, &call);
    if (call.code != 0) {
        ls_rpc_cut_back(s->out, answer);
        ls_rpc_put_error(s->out, &call);
    } else {
        (void)ls_buf_putc(s->out, '}');
    }
    ls_json_free(params);
}

/* value is one JSON value. What is neither call nor notification is invalid, or no request at all
 * when it has no id. */
static void serve_message(struct server *s, struct ls_span value, bool is_in_batch)
{
    struct message m;
    struct ls_buf id;
    ls_arena_reset(&s->arena);
    ls_buf_init(&id, value.n * 6 + 16);
    read_message(value, &s->arena, &m);
    struct cJSON *method_tree = NULL;
    if (m.method.p != NULL) {
        (void)ls_json_parse((const char *)m.method.p, m.method.n, 0, &method_tree, NULL);
    }
    const char *method = ls_json_str(method_tree);
    bool is_fit = !m.is_spoilt && ls_span_is(m.version, "\"2.0\"") && method != NULL;
    bool has_id = !m.is_id_spoilt && read_id(m.id, &s->arena, &id);
    if (is_fit && !has_id) {
        s->has_notification = true;
    } else if (is_fit) {
        s->has_answer = true;
        run_call(s, &m, ls_buf_span(&id), method);
    } else {
        s->has_answer = true;
        bool is_request = has_id || is_in_batch;
        put_fault(s->out, has_id ? ls_buf_span(&id) : (struct ls_span){0},
                  is_request ? LS_RPC_INVALID_REQUEST : LS_RPC_PARSE,
                  is_request ? "Invalid request" : "Parse error");
    }
    ls_json_free(method_tree);
    ls_buf_fini(&id);
}

static void serve_batch(struct server *s, struct ls_span value)
{
    struct ls_serde c;
    ls_serde_init(&c, (const char *)value.p, value.n, &s->arena);
    c.at = 1;
    if (ls_serde_peek(&c) == ']') {
        put_fault(s->out, (struct ls_span){0}, LS_RPC_INVALID_REQUEST, "Invalid request");
        s->has_answer = true;
        ls_serde_fini(&c);
        return;
    }
    (void)ls_buf_putc(s->out, '[');
    for (bool is_first = true; ls_serde_peek(&c) != ']'; is_first = !s->has_answer) {
        c.at += c.text[c.at] == ',' ? 1 : 0;
        (void)ls_serde_peek(&c);
        size_t start = c.at;
        size_t before = s->out->n;
        (void)ls_serde_skip(&c, false);
        if (!is_first) {
            (void)ls_buf_putc(s->out, ',');
        }
        size_t at = s->out->n;
        serve_message(s, (struct ls_span){value.p + start, c.at - start}, true);
        if (s->out->n == at) {
            ls_rpc_cut_back(s->out, before);
        }
    }
    (void)ls_buf_putc(s->out, ']');
    ls_serde_fini(&c);
}

/* Where the body's first bracket is; false: it does not begin with one. */
static bool find_bracket(const struct ls_http_request *req, size_t *at)
{
    for (*at = 0; *at < req->body_bytes && *at < BLANK_MAX; ++*at) {
        if (req->body[*at] == '\0' || strchr(" \t\r\n\f", req->body[*at]) == NULL) {
            break;
        }
    }
    return *at < req->body_bytes && (req->body[*at] == '{' || req->body[*at] == '[');
}

static bool is_one_value(const struct ls_http_request *req, size_t at, size_t *n)
{
    struct ls_json_scan found;
    if (ls_json_scan_go(req->body + at, req->body_bytes - at, &found) != LS_OK) {
        return false;
    }
    *n = found.end;
    for (size_t i = at + found.end; i < req->body_bytes; i++) {
        if (req->body[i] == '\0' || strchr(" \t\r\n", req->body[i]) == NULL) {
            return false;
        }
    }
    return true;
}

void ls_jsonrpsee_serve(const struct ls_http_request *req, struct ls_http_reply *reply,
                        const struct ls_rpc_limits *limits, struct ls_trace *trace,
                        ls_rpc_handler *handler, void *self)
{
    struct server s = {
        .req = req, .out = &reply->body, .trace = trace, .handler = handler, .self = self};
    size_t at = 0;
    size_t n = 0;
    if (!ls_jsonrpsee_admits(req, reply, limits)) {
        return;
    }
    if (!find_bracket(req, &at)) {
        reply->status = 400;
        put_fault(s.out, (struct ls_span){0}, LS_RPC_PARSE, "Parse error");
        return;
    }
    if (!is_one_value(req, at, &n)) {
        put_fault(s.out, (struct ls_span){0}, LS_RPC_PARSE, "Parse error");
        return;
    }
    struct ls_span value = {(const uint8_t *)req->body + at, n};
    size_t start = s.out->n;
    ls_arena_init(&s.arena, req->body_bytes + ARENA_MAX);
    if (value.p[0] == '[') {
        serve_batch(&s, value);
    } else {
        serve_message(&s, value, false);
    }
    if (!s.has_answer) {
        ls_rpc_cut_back(s.out, start);
        (void)ls_buf_puts(s.out, "null");
    }
    ls_arena_fini(&s.arena);
}
