#include "mocks/filter/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/jsonw.h"
#include "mocks/filter/alter.h"
#include "mocks/filter/chance.h"
#include "mocks/rpc/jsonrpc.h"

/* Requests held at a time; a carrier has at most one a connection. More pass unheld. */
#define HELD_MAX 256u
/* Bytes of an answer that is rewritten or made here. */
#define PARAMS_TEXT_MAX ((size_t)512 << 20) /* a request has less */
#define DEFAULT_OVERSIZE ((size_t)64 << 20)

struct rule {
    uint32_t name; /* 0 = free */
    struct ls_fault_rule r;
    char method[LS_FAULT_METHOD_MAX];
    char text[LS_FAULT_TEXT_MAX];
    char params[LS_FAULT_TEXT_MAX];
    uint64_t first_ns; /* when the first one that matched came */
    uint64_t seen;
    uint64_t hits;
};

struct held {
    uint64_t serial;                  /* 0 = free */
    char method[LS_FAULT_METHOD_MAX]; /* glob of the rule that holds it */
    bool may_pass;
};

struct filter {
    struct ls_backend base;
    struct ls_backend *inner;
    uint64_t random;
    uint32_t last_name;
    size_t rule_count;
    struct rule *rules[LS_FAULT_RULES_MAX]; /* in the order they were added */
    struct held held[HELD_MAX];
};

bool ls_glob_match(const char *glob, const char *text)
{
    const char *star = NULL;
    const char *retry = NULL;
    while (*text != '\0') {
        if (*glob == '*') {
            star = glob++;
            retry = text;
        } else if (*glob == '?' || *glob == *text) {
            glob++;
            text++;
        } else if (star != NULL) {
            glob = star + 1;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*glob == '*') {
        glob++;
    }
    return *glob == '\0';
}

/* --- which rule --- */

struct search {
    const struct rule *rule;
    bool is_found;
};

static bool match_params(const char *glob, const struct cJSON *params)
{
    struct ls_buf text;
    if (params == NULL) {
        return ls_glob_match(glob, "[]");
    }
    ls_buf_init(&text, PARAMS_TEXT_MAX);
    ls_json_print(params, &text);
    bool is_match = text.err == LS_OK && ls_glob_match(glob, (const char *)text.p);
    ls_buf_fini(&text);
    return is_match;
}

static bool match_message(void *self, const char *method, const struct cJSON *params)
{
    struct search *s = self;
    s->is_found = ls_glob_match(s->rule->method, method == NULL ? "" : method) &&
                  (s->rule->r.params == NULL || match_params(s->rule->params, params));
    return !s->is_found;
}

/* Of a batch, one element is enough. "*" takes what is no JSON-RPC, too. */
static bool matches(const struct rule *rule, const struct ls_http_request *req)
{
    struct search s = {rule, false};
    if (strcmp(rule->method, "*") == 0 && rule->r.params == NULL) {
        return true;
    }
    ls_rpc_each(req->body, req->body_bytes, match_message, &s);
    return s.is_found;
}

/* Its turn: past `after`, not used up, and lucky. */
static bool fires(struct filter *f, struct rule *rule, uint64_t now_ns)
{
    rule->first_ns = rule->seen == 0 ? now_ns : rule->first_ns;
    rule->seen++;
    if (rule->r.for_ns != 0 && now_ns - rule->first_ns >= rule->r.for_ns) {
        return false;
    }
    if (rule->seen <= rule->r.after || (rule->r.count != 0 && rule->hits >= rule->r.count)) {
        return false;
    }
    double p = rule->r.probability;
    if (p > 0 && p < 1 && ls_chance_next(&f->random) >= p) {
        return false;
    }
    rule->hits++;
    return true;
}

static struct rule *choose(struct filter *f, const struct ls_http_request *req)
{
    for (size_t i = 0; i < f->rule_count; i++) {
        if (matches(f->rules[i], req) && fires(f, f->rules[i], req->now_ns)) {
            return f->rules[i];
        }
    }
    return NULL;
}

/* --- answers made here --- */

static void answer_null(void *self, struct ls_rpc_call *call)
{
    struct ls_jw w;
    (void)self;
    ls_rpc_result(call, &w);
    ls_jw_null(&w, NULL);
}

static void answer_error(void *self, struct ls_rpc_call *call)
{
    const struct rule *rule = self;
    ls_rpc_error(call, rule->r.code, "%s", rule->text[0] != '\0' ? rule->text : "injected error");
}

static void answer_result(void *self, struct ls_rpc_call *call)
{
    const struct rule *rule = self;
    struct ls_jw w;
    ls_rpc_result(call, &w);
    ls_jw_raw(&w, NULL, rule->text, strlen(rule->text));
}

static void answer_status(void *self, struct ls_rpc_call *call)
{
    const struct rule *rule = self;
    bool is_forkchoice = strncmp(call->method, "engine_forkchoiceUpdated", 24) == 0;
    struct ls_jw w;
    ls_rpc_result(call, &w);
    ls_jw_object(&w, NULL);
    if (is_forkchoice) {
        ls_jw_object(&w, "payloadStatus");
    }
    ls_jw_str(&w, "status", rule->text);
    ls_jw_null(&w, "latestValidHash");
    ls_jw_null(&w, "validationError");
    if (is_forkchoice) {
        ls_jw_object_end(&w);
        ls_jw_null(&w, "payloadId");
    }
    ls_jw_object_end(&w);
}

/* A string as result, as long as asked. */
static void answer_oversize(void *self, struct ls_rpc_call *call)
{
    const struct rule *rule = self;
    size_t n = rule->r.body_bytes == 0 ? DEFAULT_OVERSIZE : rule->r.body_bytes;
    struct ls_jw w;
    ls_rpc_result(call, &w);
    (void)ls_buf_putc(call->out, '"');
    uint8_t *room = ls_buf_grow(call->out, n);
    if (room != NULL) {
        memset(room, 'x', n);
    }
    (void)ls_buf_putc(call->out, '"');
}

static void clear_reply(struct ls_http_reply *reply)
{
    ls_buf_clear(&reply->body);
    reply->stored = NULL;
    reply->stored_bytes = 0;
    reply->status = 200;
    reply->content_type = "application/json";
    reply->close = false;
    reply->is_bare = false;
    reply->is_nosniff = false;
    reply->is_identity = false;
    reply->is_websocket_refused = false;
    free(reply->location);
    reply->location = NULL;
}

static void pass(struct filter *f, const struct ls_http_request *req, struct ls_http_reply *reply)
{
    f->inner->ops->handle(f->inner, req, reply);
}

/* Replaces the answer; before that the request takes effect when the rule says so. */
static void replace(struct filter *f, const struct rule *rule, const struct ls_http_request *req,
                    struct ls_http_reply *reply)
{
    if (rule->r.apply) {
        pass(f, req, reply);
    }
    clear_reply(reply);
}

static void replace_calls(struct filter *f, struct rule *rule, const struct ls_http_request *req,
                          struct ls_http_reply *reply, ls_rpc_handler *handler)
{
    replace(f, rule, req, reply);
    /* Made to be larger than what anybody allows, the carrier's own maximum included. */
    if (reply->body.bytes_max < DEFAULT_OVERSIZE + 4096 && handler == answer_oversize) {
        reply->body.bytes_max = rule->r.body_bytes + DEFAULT_OVERSIZE + 4096;
    }
    /* Whatever its path is: the sync tester has calls below other ones than "/". */
    ls_rpc_serve_body(req, reply, SIZE_MAX, NULL, handler, rule);
}

/* The right answer under another id; of a batch, its first element. */
static void wrong_id(struct filter *f, const struct ls_http_request *req,
                     struct ls_http_reply *reply)
{
    struct ls_buf right;
    static const char key[] = "\"id\":";
    pass(f, req, reply);
    if (ls_alter_own(reply) != LS_OK || reply->body.p == NULL) {
        return;
    }
    ls_buf_init(&right, reply->body.bytes_max);
    (void)ls_buf_put(&right, reply->body.p, reply->body.n);
    ls_buf_clear(&reply->body);
    const char *at = (const char *)right.p;
    const char *hit = at == NULL ? NULL : strstr(at, key);
    if (hit != NULL) {
        (void)ls_buf_put(&reply->body, at, (size_t)(hit - at) + sizeof key - 1);
        at = hit + sizeof key - 1;
        (void)ls_buf_puts(&reply->body, "9000009");
        at += *at == '"' ? strcspn(at + 1, "\"") + 2 : strcspn(at, ",}");
    }
    if (at != NULL) {
        (void)ls_buf_puts(&reply->body, at);
    }
    ls_buf_fini(&right);
}

/* The right answer with wrong values. Without memory it stays right, and the fault is not named. */
static void alter(struct filter *f, const struct ls_http_request *req, struct ls_http_reply *reply,
                  enum ls_alter how)
{
    pass(f, req, reply);
    if (ls_alter_results(reply, how) != LS_OK) {
        reply->fault = NULL;
    }
}

/* An answer that says nothing, under the first id asked for. */
static void no_result(struct filter *f, const struct rule *rule, const struct ls_http_request *req,
                      struct ls_http_reply *reply)
{
    static const char marker[] = ",\"result\":null";
    struct rule null_rule = *rule;
    replace_calls(f, &null_rule, req, reply, answer_null);
    char *at = reply->body.p == NULL ? NULL : strstr((char *)reply->body.p, marker);
    while (at != NULL) {
        size_t rest = strlen(at + sizeof marker - 1);
        memmove(at, at + sizeof marker - 1, rest + 1);
        reply->body.n -= sizeof marker - 1;
        at = strstr(at, marker);
    }
}

/* The right answer on its way in another manner. */
static void carry(struct filter *f, const struct rule *rule, const struct ls_http_request *req,
                  struct ls_http_reply *reply, enum ls_http_fate fate)
{
    pass(f, req, reply);
    reply->fate = fate;
    reply->drip_ns = rule->r.delay_ns;
}

/* No answer at all. */
static void lose(struct filter *f, const struct rule *rule, const struct ls_http_request *req,
                 struct ls_http_reply *reply, enum ls_http_fate fate)
{
    replace(f, rule, req, reply);
    reply->fate = fate;
}

static bool hold(struct filter *f, const struct rule *rule, const struct ls_http_request *req,
                 struct ls_http_reply *reply)
{
    for (size_t i = 0; i < HELD_MAX; i++) {
        struct held *h = &f->held[i];
        if (h->serial == 0 && req->serial != 0) {
            h->serial = req->serial;
            h->may_pass = false;
            memcpy(h->method, rule->method, sizeof h->method);
            reply->fate = LS_FATE_HOLD;
            return true;
        }
    }
    return false;
}

/* A status as a balancer or a server that is not ready gives it. */
static void answer_http(struct filter *f, const struct rule *rule,
                        const struct ls_http_request *req, struct ls_http_reply *reply,
                        unsigned status, unsigned retry_after_s)
{
    replace(f, rule, req, reply);
    reply->status = status;
    reply->retry_after_s = retry_after_s;
    reply->content_type = "text/plain; charset=utf-8";
    (void)ls_buf_puts(&reply->body, rule->text);
}

static void refuse(struct filter *f, const struct rule *rule, const struct ls_http_request *req,
                   struct ls_http_reply *reply)
{
    lose(f, rule, req, reply, LS_FATE_REFUSE);
    reply->refuse_ns = rule->r.delay_ns;
}

static void cold_start(struct filter *f, const struct rule *rule, const struct ls_http_request *req,
                       struct ls_http_reply *reply)
{
    if (rule->hits == 1) {
        refuse(f, rule, req, reply);
    } else {
        answer_http(f, rule, req, reply, 503,
                    rule->r.retry_after_s != 0 ? rule->r.retry_after_s : 1);
    }
}

static void act(struct filter *f, struct rule *rule, const struct ls_http_request *req,
                struct ls_http_reply *reply)
{
    reply->fault = ls_fault_name(rule->r.fault);
    switch (rule->r.fault) {
    case LS_FAULT_DELAY:
        pass(f, req, reply);
        reply->delay_ns += rule->r.delay_ns;
        break;
    case LS_FAULT_HANG:
        lose(f, rule, req, reply, LS_FATE_HANG);
        break;
    case LS_FAULT_RESET:
        lose(f, rule, req, reply, LS_FATE_RESET);
        break;
    case LS_FAULT_HTTP:
        answer_http(f, rule, req, reply, rule->r.http_status, rule->r.retry_after_s);
        break;
    case LS_FAULT_COLD_START:
        cold_start(f, rule, req, reply);
        break;
    case LS_FAULT_BAD_JSON:
        replace(f, rule, req, reply);
        (void)ls_buf_puts(&reply->body, rule->text[0] != '\0' ? rule->text : "{\"jsonrpc\":\"2.0");
        break;
    case LS_FAULT_WRONG_ID:
        wrong_id(f, req, reply);
        break;
    case LS_FAULT_NULL:
        replace_calls(f, rule, req, reply, answer_null);
        break;
    case LS_FAULT_RPC_ERROR:
        replace_calls(f, rule, req, reply, answer_error);
        break;
    case LS_FAULT_RESULT:
        replace_calls(f, rule, req, reply, answer_result);
        break;
    case LS_FAULT_OVERSIZE:
        replace_calls(f, rule, req, reply, answer_oversize);
        reply->is_identity = true; /* compressed it would be small */
        break;
    case LS_FAULT_TRUNCATE:
        carry(f, rule, req, reply, LS_FATE_TRUNCATE);
        break;
    case LS_FAULT_DRIP:
        carry(f, rule, req, reply, LS_FATE_DRIP);
        break;
    case LS_FAULT_STATUS:
        replace_calls(f, rule, req, reply, answer_status);
        break;
    case LS_FAULT_HOLD:
        if (!hold(f, rule, req, reply)) {
            reply->fault = NULL;
            pass(f, req, reply);
        }
        break;
    case LS_FAULT_REFUSE:
        refuse(f, rule, req, reply);
        break;
    case LS_FAULT_WRONG_TYPE:
        alter(f, req, reply, LS_ALTER_TYPE);
        break;
    case LS_FAULT_OUT_OF_RANGE:
        alter(f, req, reply, LS_ALTER_RANGE);
        break;
    case LS_FAULT_NO_RESULT:
        no_result(f, rule, req, reply);
        break;
    case LS_FAULT_KIND_COUNT:
        break;
    }
}

static struct held *find_held(struct filter *f, uint64_t serial)
{
    for (size_t i = 0; serial != 0 && i < HELD_MAX; i++) {
        if (f->held[i].serial == serial) {
            return &f->held[i];
        }
    }
    return NULL;
}

static void filter_handle(struct ls_backend *b, const struct ls_http_request *req,
                          struct ls_http_reply *reply)
{
    struct filter *f = (struct filter *)b;
    struct held *h = find_held(f, req->serial);
    if (h != NULL && !h->may_pass) {
        reply->fate = LS_FATE_HOLD;
        reply->fault = ls_fault_name(LS_FAULT_HOLD);
        return;
    }
    if (h != NULL) {
        h->serial = 0; /* let go: other rules do not look at it again */
        pass(f, req, reply);
        return;
    }
    struct rule *rule = f->rule_count == 0 ? NULL : choose(f, req);
    if (rule == NULL) {
        pass(f, req, reply);
    } else {
        act(f, rule, req, reply);
    }
}

static void filter_abandon(struct ls_backend *b, uint64_t serial)
{
    struct filter *f = (struct filter *)b;
    struct held *h = find_held(f, serial);
    if (h != NULL) {
        h->serial = 0;
    }
    if (f->inner->ops->abandon != NULL) {
        f->inner->ops->abandon(f->inner, serial);
    }
}

static void filter_left(struct ls_backend *b, uint64_t serial)
{
    struct filter *f = (struct filter *)b;
    if (f->inner->ops->left != NULL) {
        f->inner->ops->left(f->inner, serial);
    }
}

/* Rules look at what is asked, so they do not look here. */
static bool filter_admit(struct ls_backend *b, const struct ls_http_request *req,
                         struct ls_http_reply *reply)
{
    return ls_backend_admits(((struct filter *)b)->inner, req, reply);
}

static const struct ls_backend_ops FILTER_OPS = {
    .handle = filter_handle, .abandon = filter_abandon, .left = filter_left, .admit = filter_admit};

struct ls_backend *ls_filter_new(struct ls_backend *inner, uint64_t seed)
{
    struct filter *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return NULL;
    }
    f->base.ops = &FILTER_OPS;
    f->inner = inner;
    f->random = seed;
    return &f->base;
}

void ls_filter_free(struct ls_backend *b)
{
    if (b != NULL) {
        ls_filter_clear(b);
        free(b);
    }
}

uint32_t ls_filter_add(struct ls_backend *b, const struct ls_fault_rule *rule)
{
    struct filter *f = (struct filter *)b;
    struct rule *r = f->rule_count == LS_FAULT_RULES_MAX ? NULL : calloc(1, sizeof *r);
    if (r == NULL) {
        return 0;
    }
    r->r = *rule;
    r->name = ++f->last_name;
    (void)snprintf(r->method, sizeof r->method, "%s", rule->method == NULL ? "*" : rule->method);
    (void)snprintf(r->text, sizeof r->text, "%s", rule->text == NULL ? "" : rule->text);
    (void)snprintf(r->params, sizeof r->params, "%s", rule->params == NULL ? "" : rule->params);
    r->r.method = r->method;
    r->r.params = rule->params == NULL ? NULL : r->params;
    r->r.text = r->text;
    f->rules[f->rule_count++] = r;
    return r->name;
}

static void remove_at(struct filter *f, size_t i)
{
    free(f->rules[i]);
    f->rule_count--;
    memmove(&f->rules[i], &f->rules[i + 1], (f->rule_count - i) * sizeof f->rules[0]);
}

void ls_filter_remove(struct ls_backend *b, uint32_t rule)
{
    struct filter *f = (struct filter *)b;
    for (size_t i = 0; i < f->rule_count; i++) {
        if (f->rules[i]->name == rule) {
            remove_at(f, i);
            return;
        }
    }
}

void ls_filter_clear(struct ls_backend *b)
{
    struct filter *f = (struct filter *)b;
    while (f->rule_count > 0) {
        remove_at(f, f->rule_count - 1);
    }
}

uint64_t ls_filter_hits(const struct ls_backend *b, uint32_t rule)
{
    const struct filter *f = (const struct filter *)b;
    for (size_t i = 0; i < f->rule_count; i++) {
        if (f->rules[i]->name == rule) {
            return f->rules[i]->hits;
        }
    }
    return 0;
}

void ls_filter_release(struct ls_backend *b, const char *glob)
{
    struct filter *f = (struct filter *)b;
    for (size_t i = f->rule_count; i > 0; i--) {
        const struct rule *r = f->rules[i - 1];
        bool is_meant = glob == NULL || strcmp(glob, r->method) == 0;
        if (r->r.fault == LS_FAULT_HOLD && is_meant) {
            remove_at(f, i - 1);
        }
    }
    for (size_t i = 0; i < HELD_MAX; i++) {
        struct held *h = &f->held[i];
        if (h->serial != 0 && (glob == NULL || strcmp(glob, h->method) == 0)) {
            h->may_pass = true;
        }
    }
}
