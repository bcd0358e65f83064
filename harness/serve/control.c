#include "harness/serve/control.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "harness/serve/control_parts.h"
#include "harness/serve/page.h"
#include "lib/json.h"
#include "lib/num.h"

#define CALLS_DEFAULT 50u

/* --- answers --- */

static void put_error(struct ls_http_reply *reply, unsigned status, const char *text)
{
    struct ls_jw w;

    ls_buf_clear(&reply->body);
    reply->status = status;
    ls_jw_init(&w, &reply->body);
    ls_jw_object(&w, NULL);
    ls_jw_str(&w, "error", text);
    ls_jw_object_end(&w);
    (void)ls_buf_putc(&reply->body, '\n');
}

static void put_state(const struct ls_control *c, uint64_t now_ns, struct ls_http_reply *reply)
{
    struct ls_jw w;

    ls_jw_init(&w, &reply->body);
    ls_control_write_state(c, now_ns, &w);
    (void)ls_buf_putc(&reply->body, '\n');
}

/* --- who asks --- */

/* "127.0.0.1:8700", "localhost", … */
static bool is_loopback_name(const char *host)
{
    size_t n = strcspn(host, ":");

    return (n == 9 && strncasecmp(host, "localhost", n) == 0) ||
           (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == n);
}

/* The page that asks came from here. */
static bool is_own_origin(const char *origin, const char *host)
{
    static const char scheme[] = "http://";

    return strncmp(origin, scheme, sizeof scheme - 1) == 0 &&
           strcasecmp(origin + sizeof scheme - 1, host) == 0;
}

static bool is_json_type(const char *type)
{
    static const char json[] = "application/json";
    size_t n = sizeof json - 1;

    return type != NULL && strncasecmp(type, json, n) == 0 &&
           (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

/* A page of another site can make a browser send a POST here. It cannot choose the content type
 * without being asked first, cannot hide its origin, and a name that it controls is not ours. */
static bool may_change(const struct ls_http_request *req, struct ls_http_reply *reply)
{
    const char *host = req->host != NULL ? req->host : "";

    if (!req->is_peer_local) {
        put_error(reply, 403, "changes are made from this machine only");
    } else if (!is_loopback_name(host)) {
        put_error(reply, 403, "changes are asked of 127.0.0.1 or localhost: see the Host header");
    } else if (req->origin != NULL && !is_own_origin(req->origin, host)) {
        put_error(reply, 403, "a page of another site asks: see the Origin header");
    } else if (!is_json_type(req->content_type)) {
        put_error(reply, 415, "the content type must be application/json");
    } else {
        return true;
    }
    return false;
}

/* --- GET --- */

/* A number of the query, "n=50&after=3"; otherwise when it is not there. false: no number. */
static bool query_number(const char *query, const char *key, uint64_t *out)
{
    size_t key_n = strlen(key);

    while (*query != '\0') {
        size_t n = strcspn(query, "&");
        if (n > key_n && strncmp(query, key, key_n) == 0 && query[key_n] == '=') {
            return ls_parse_dec(query + key_n + 1, n - key_n - 1, out) == LS_OK;
        }
        query += query[n] == '&' ? n + 1 : n;
    }
    return true;
}

struct question {
    const struct ls_control *control;
    const struct ls_http_request *req;
    const char *query; /* "" when there is none */
    struct ls_http_reply *reply;
};

static void get_page(const struct question *q)
{
    q->reply->content_type = "text/html; charset=utf-8";
    q->reply->stored = ls_page(&q->reply->stored_bytes);
}

static void get_state(const struct question *q)
{
    put_state(q->control, q->req->now_ns, q->reply);
}

static void get_calls(const struct question *q)
{
    uint64_t n = CALLS_DEFAULT;
    uint64_t after = 0;
    struct ls_jw w;

    if (!query_number(q->query, "n", &n) || !query_number(q->query, "after", &after)) {
        put_error(q->reply, 400, "n and after are whole numbers");
        return;
    }
    ls_jw_init(&w, &q->reply->body);
    ls_jw_object(&w, NULL);
    ls_jw_u64(&w, "last", ls_calls_last(q->control->calls));
    ls_calls_write(q->control->calls, after, n, &w, "calls");
    ls_jw_object_end(&w);
    (void)ls_buf_putc(&q->reply->body, '\n');
}

static void get_history(const struct question *q)
{
    uint64_t after = 0;
    struct ls_jw w;

    if (!query_number(q->query, "after", &after)) {
        put_error(q->reply, 400, "after is a whole number");
        return;
    }
    ls_jw_init(&w, &q->reply->body);
    ls_jw_object(&w, NULL);
    ls_jw_u64(&w, "now_ms", q->req->now_ns / 1000000u);
    ls_history_write(q->control->history, after, &w, "samples");
    ls_jw_object_end(&w);
    (void)ls_buf_putc(&q->reply->body, '\n');
}

/* [{"name", "param", "what"}], as the table of the engine has them. */
static void get_profiles(const struct question *q)
{
    const struct ls_engine_profile *p;
    struct ls_jw w;

    ls_jw_init(&w, &q->reply->body);
    ls_jw_array(&w, NULL);
    for (size_t i = 0; (p = ls_engine_profile_at(i)) != NULL; i++) {
        ls_jw_object(&w, NULL);
        ls_jw_str(&w, "name", p->name);
        ls_jw_str(&w, "param", ls_engine_param_name(p->param));
        ls_jw_str(&w, "what", p->what);
        ls_jw_object_end(&w);
    }
    ls_jw_array_end(&w);
    (void)ls_buf_putc(&q->reply->body, '\n');
}

static const struct {
    const char *path;
    void (*answer)(const struct question *q);
} VIEWS[] = {{"/", get_page},
             {"/state", get_state},
             {"/calls", get_calls},
             {"/history", get_history},
             {"/profiles", get_profiles}};

/* --- POST --- */

static unsigned status_of(enum ls_err e)
{
    switch (ls_err_class(e)) {
    case LS_CLASS_USAGE:
    case LS_CLASS_PROTOCOL:
        return 400;
    case LS_CLASS_LIMIT:
        return 409;
    case LS_CLASS_NONE:
    case LS_CLASS_TRANSIENT:
    case LS_CLASS_AUTH:
    case LS_CLASS_INTERNAL:
        break;
    }
    return 500;
}

static void note(const struct ls_control *c, const struct ls_http_request *req, const char *path)
{
    char text[200];

    (void)snprintf(text, sizeof text, "%.*s", (int)(req->body_bytes < 199 ? req->body_bytes : 199),
                   req->body);
    ls_trace_say(c->trace, LS_TRACE_VERB, path + 1, text, req->now_ns);
}

static void put_done(const struct ls_control_deed *deed, struct ls_http_reply *reply)
{
    struct ls_jw w;

    if (deed->fault == 0) {
        put_state(deed->control, deed->now_ns, reply);
        return;
    }
    ls_jw_init(&w, &reply->body);
    ls_jw_object(&w, NULL);
    ls_jw_u64(&w, "id", deed->fault);
    ls_jw_object_end(&w);
    (void)ls_buf_putc(&reply->body, '\n');
}

static void no_path(struct ls_http_reply *reply, const char *path)
{
    char deeds[160];
    char text[400];

    ls_control_deeds(deeds, sizeof deeds);
    (void)snprintf(text, sizeof text,
                   "no path \"%.60s\"; GET: / /state /calls /history /profiles; POST: %s", path,
                   deeds);
    put_error(reply, 404, text);
}

static void post(struct ls_control *c, const char *path, const struct ls_http_request *req,
                 struct ls_http_reply *reply)
{
    struct ls_diag d = {0};
    struct cJSON *body = NULL;
    struct ls_control_deed deed = {.control = c, .now_ns = req->now_ns, .d = &d};
    bool is_known = true;
    enum ls_err e = LS_OK;

    if (req->body_bytes > LS_CONTROL_BODY_MAX) {
        put_error(reply, 413, "the body is too large");
        return;
    }
    if (req->body_bytes > 0) {
        e = ls_json_parse(req->body, req->body_bytes, 0, &body, &d);
    }
    if (e == LS_OK) {
        deed.body = body;
        e = ls_control_do(&deed, path, &is_known);
    }
    if (!is_known) {
        no_path(reply, path);
    } else if (e != LS_OK) {
        put_error(reply, status_of(e), d.text[0] != '\0' ? d.text : ls_err_text(e));
    } else {
        note(c, req, path);
        put_done(&deed, reply);
    }
    ls_json_free(body);
}

/* --- the backend --- */

static bool is_view(const char *path)
{
    for (size_t i = 0; i < sizeof VIEWS / sizeof VIEWS[0]; i++) {
        if (strcmp(VIEWS[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

static void get(const struct question *q, const char *path)
{
    for (size_t i = 0; i < sizeof VIEWS / sizeof VIEWS[0]; i++) {
        if (strcmp(VIEWS[i].path, path) == 0) {
            VIEWS[i].answer(q);
            return;
        }
    }
    no_path(q->reply, path);
}

static void control_handle(struct ls_backend *b, const struct ls_http_request *req,
                           struct ls_http_reply *reply)
{
    struct ls_control *c = (struct ls_control *)b;
    const char *query = strchr(req->path, '?');
    size_t n = query != NULL ? (size_t)(query - req->path) : strlen(req->path);
    char path[64];

    (void)snprintf(path, sizeof path, "%.*s", (int)(n < sizeof path ? n : sizeof path), req->path);
    if (strcmp(req->verb, "GET") == 0 || strcmp(req->verb, "HEAD") == 0) {
        get(
            &(struct question){
                .control = c, .req = req, .query = query != NULL ? query + 1 : "", .reply = reply},
            path);
    } else if (strcmp(req->verb, "POST") != 0 || is_view(path)) {
        put_error(reply, 405, is_view(path) ? "this path is read with GET" : "GET or POST");
    } else if (may_change(req, reply)) {
        post(c, path, req, reply);
    }
}

static const struct ls_backend_ops CONTROL_OPS = {.handle = control_handle};

void ls_control_init(struct ls_control *c)
{
    c->backend.ops = &CONTROL_OPS;
}
