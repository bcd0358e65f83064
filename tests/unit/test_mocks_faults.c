/*
 * Every fault on every method of every port, over sockets. After each the server answers as before,
 * and nothing is left of it: no connection, no descriptor, and under ASan no memory. Tokens that do
 * not do are refused in op-geth's words, before a large body has come, and no token is ever in the
 * trace.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/json.h"
#include "mocks/filter/balance.h"
#include "mocks/filter/filter.h"
#include "mocks/http/front.h"
#include "mocks/rpc/tap.h"
#include "tests/unit/port_world.h"
#include "tests/unit/wire.h"

#define BYTES_MAX ((size_t)1 << 24)
#define NOW_S INT64_C(1800000000)
#define HOUR_NS UINT64_C(3600000000000)
#define TURNS_MAX 20000u
#define STEP_NS \
    UINT64_C(10000000) /* of the clock: an answer may take its time, as the sync tester's */
#define QUIET_TURNS 4u /* loopback in one thread: what is sent is there at once */
#define OVERSIZE 100000u

struct rig {
    struct port_world world;
    enum pw_port port;
    struct ls_backend *filter;
    struct ls_backend *sick;    /* another one over the same port */
    struct ls_backend *balance; /* filter and sick */
    struct ls_backend *tap;
    struct ls_trace *trace;
    struct ls_buf lines; /* of the trace */
    struct ls_front *front;
    struct ls_front_time now;
    char token[LS_JWT_TEXT_MAX];
    char texts[4096]; /* of the request being sent */
};

/* --- the server --- */

/* ls_trace_sink */
static void keep_line(void *user, const char *line, size_t n)
{
    (void)ls_buf_put(user, line, n);
}

/* The enum pw_port that *state points to, or the engine's. */
static int set_up(void **state)
{
    struct rig *g = calloc(1, sizeof *g);
    assert_non_null(g);
    g->port = *state != NULL ? *(const enum pw_port *)*state : PW_EL;
    ls_buf_init(&g->lines, BYTES_MAX);
    g->trace = ls_trace_new(keep_line, &g->lines);
    port_world_init(&g->world, g->trace);
    ls_jwt_make(g->world.secret, NOW_S, g->token);
    g->filter = ls_filter_new(g->world.ports[g->port], 1);
    g->sick = ls_filter_new(g->world.ports[g->port], 1);
    struct ls_backend *members[2] = {g->filter, g->sick};
    g->balance = ls_balance_new(members, 2, LS_BALANCE_TURN, 1);
    ls_balance_set_in(g->balance, 1, false);
    g->tap = ls_tap_new(g->balance, g->trace, LS_TRACE_ENGINE);
    g->now = (struct ls_front_time){1, NOW_S};
    assert_int_equal(ls_front_new(&(struct ls_front_options){.backend = g->tap,
                                                             .body_bytes_max = BYTES_MAX,
                                                             .reply_bytes_max = BYTES_MAX,
                                                             .connections_max = 8,
                                                             .gzip = true,
                                                             .trace = g->trace,
                                                             .ep = LS_TRACE_ENGINE},
                                  &g->front, NULL),
                     LS_OK);
    *state = g;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *g = *state;
    ls_front_free(g->front);
    ls_tap_free(g->tap);
    ls_balance_free(g->balance);
    ls_filter_free(g->sick);
    ls_filter_free(g->filter);
    port_world_fini(&g->world);
    ls_trace_free(g->trace);
    ls_buf_fini(&g->lines);
    free(g);
    return 0;
}

/* --- a client --- */

static void turn(struct rig *g, struct wire *w)
{
    if (w->fd >= 0) {
        (void)wire_talk(w);
    }
    ls_front_turn(g->front, g->now);
    if (w->fd >= 0) {
        (void)wire_talk(w);
    }
}

#define UNTIL(g, w, condition)                         \
    do {                                               \
        unsigned turns_ = 0;                           \
        while (!(condition) && turns_++ < TURNS_MAX) { \
            turn(g, w);                                \
            (g)->now.mono_ns += STEP_NS;               \
        }                                              \
        assert_true(condition);                        \
    } while (0)

static void stay_quiet(struct rig *g, struct wire *w, size_t bytes)
{
    for (unsigned i = 0; i < QUIET_TURNS; i++) {
        turn(g, w);
    }
    assert_int_equal(w->in.n, bytes);
    assert_false(w->is_over);
}

/* headers: lines of their own, "" for none; bytes: what Content-Length says. */
static void say(struct rig *g, struct wire *w, const char *headers, size_t bytes, const char *body)
{
    wire_init(w, BYTES_MAX);
    assert_true(wire_dial(w, ls_front_port(g->front)));
    (void)ls_buf_printf(&w->out,
                        "POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        PW_PATHS[g->port], headers, bytes, body);
}

static void ask_with(struct rig *g, struct wire *w, const char *authorization, const char *body)
{
    char header[LS_JWT_TEXT_MAX + 128] = "";
    if (authorization != NULL) {
        (void)snprintf(header, sizeof header, "Authorization: %s\r\n", authorization);
    }
    say(g, w, header, strlen(body), body);
}

static const char *body_of(const struct wire *w)
{
    const char *at = w->in.n == 0 ? NULL : strstr((const char *)w->in.p, "\r\n\r\n");
    return at == NULL ? NULL : at + 4;
}

static size_t promised(const struct wire *w)
{
    const char *at = w->in.n == 0 ? NULL : strstr((const char *)w->in.p, "Content-Length: ");
    return at == NULL ? 0 : strtoul(at + 16, NULL, 10);
}

static size_t body_bytes(const struct wire *w)
{
    const char *body = body_of(w);
    return body == NULL ? 0 : w->in.n - (size_t)(body - (const char *)w->in.p);
}

static bool is_complete(const struct wire *w)
{
    return body_of(w) != NULL && body_bytes(w) == promised(w);
}

static void leave(struct rig *g, struct wire *w)
{
    wire_close(w);
    UNTIL(g, w, ls_front_connections(g->front) == 0);
}

static unsigned descriptors(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        n++;
    }
    (void)closedir(dir);
    return n;
}

/* --- what each fault looks like --- */

struct seen {
    struct rig *g;
    size_t method;
    struct wire w;
    struct cJSON *tree;  /* of the body; NULL: no JSON */
    const char *usual;   /* the answer without the fault */
    struct cJSON *right; /* its tree */
};

static void take(struct seen *s)
{
    UNTIL(s->g, &s->w, is_complete(&s->w));
    (void)ls_json_parse(body_of(&s->w), body_bytes(&s->w), 0, &s->tree, NULL);
}

static void takes_the_usual(struct seen *s)
{
    take(s);
    assert_string_equal(body_of(&s->w), s->usual);
}

static void comes_later(struct seen *s)
{
    stay_quiet(s->g, &s->w, 0);
    s->g->now.mono_ns += HOUR_NS - 1;
    stay_quiet(s->g, &s->w, 0);
    s->g->now.mono_ns++;
    takes_the_usual(s);
}

static void never_comes(struct seen *s)
{
    s->g->now.mono_ns += 1000 * HOUR_NS;
    stay_quiet(s->g, &s->w, 0);
}

static void is_reset(struct seen *s)
{
    UNTIL(s->g, &s->w, s->w.is_over);
    assert_true(s->w.is_reset);
    assert_int_equal(s->w.in.n, 0);
}

static void is_unavailable(struct seen *s)
{
    take(s);
    assert_non_null(strstr((const char *)s->w.in.p, "HTTP/1.1 503 "));
    assert_non_null(strstr((const char *)s->w.in.p, "Retry-After: 7\r\n"));
    assert_string_equal(body_of(&s->w), "no");
}

static void is_no_json(struct seen *s)
{
    take(s);
    assert_true(body_bytes(&s->w) > 0);
    assert_null(s->tree);
}

static void has_another_id(struct seen *s)
{
    int64_t id = 0;
    take(s);
    assert_int_equal(ls_json_i64(ls_json_get(s->tree, "id"), &id), LS_OK);
    assert_int_not_equal(id, 41);
    const char *rest = strstr(s->usual, "41,");
    assert_non_null(rest);
    assert_non_null(strstr(body_of(&s->w), rest + 2));
}

static void is_null(struct seen *s)
{
    take(s);
    assert_string_equal(body_of(&s->w), "{\"jsonrpc\":\"2.0\",\"id\":41,\"result\":null}\n");
}

static void is_an_error(struct seen *s)
{
    int64_t code = 0;
    take(s);
    assert_int_equal(ls_json_i64(ls_json_get(ls_json_get(s->tree, "error"), "code"), &code), LS_OK);
    assert_int_equal(code, -32005);
    assert_string_equal(ls_json_str(ls_json_get(ls_json_get(s->tree, "error"), "message")), "no");
}

static void is_what_was_said(struct seen *s)
{
    take(s);
    assert_string_equal(body_of(&s->w), "{\"jsonrpc\":\"2.0\",\"id\":41,\"result\":[1]}\n");
}

static void is_huge(struct seen *s)
{
    take(s);
    assert_true(body_bytes(&s->w) > OVERSIZE);
    assert_non_null(s->tree);
}

static void is_half(struct seen *s)
{
    UNTIL(s->g, &s->w, s->w.is_over);
    assert_int_equal(promised(&s->w), strlen(s->usual));
    assert_int_equal(body_bytes(&s->w), strlen(s->usual) / 2);
}

static void drips(struct seen *s)
{
    UNTIL(s->g, &s->w, body_bytes(&s->w) == 1);
    for (size_t i = 2; i <= 4; i++) {
        s->g->now.mono_ns += HOUR_NS;
        UNTIL(s->g, &s->w, body_bytes(&s->w) == i);
    }
    assert_memory_equal(body_of(&s->w), s->usual, 4);
}

static void is_syncing(struct seen *s)
{
    take(s);
    const struct cJSON *result = ls_json_get(s->tree, "result");
    const struct cJSON *inner = ls_json_get(result, "payloadStatus");
    assert_string_equal(ls_json_str(ls_json_get(inner != NULL ? inner : result, "status")),
                        "SYNCING");
}

static void is_held(struct seen *s)
{
    never_comes(s);
    assert_int_equal(ls_front_held(s->g->front), 1);
    ls_filter_release(s->g->filter, NULL);
    ls_front_retry(s->g->front, s->g->now);
    takes_the_usual(s);
}

/* Reset, and nobody gets in for an hour. */
static void refuses(struct seen *s)
{
    struct wire other;
    is_reset(s);
    wire_init(&other, 1);
    assert_false(wire_dial(&other, ls_front_port(s->g->front)));
    assert_int_equal(errno, ECONNREFUSED);
    wire_close(&other);
    uint64_t due_ns = ls_front_deadline(s->g->front);
    assert_in_range(due_ns, s->g->now.mono_ns + HOUR_NS - 1000 * STEP_NS,
                    s->g->now.mono_ns + HOUR_NS);
    s->g->now.mono_ns = due_ns - 1;
    turn(s->g, &s->w);
    assert_false(ls_front_is_open(s->g->front));
    s->g->now.mono_ns = due_ns;
    turn(s->g, &s->w);
    assert_true(ls_front_is_open(s->g->front));
}

/* No scalar of b has the type it has in a. */
static void assert_other_types(const struct cJSON *a, const struct cJSON *b)
{
    if (ls_json_is_object(a) || ls_json_is_array(a)) {
        assert_int_equal(ls_json_count(a), ls_json_count(b));
        const struct cJSON *y = ls_json_first(b);
        for (const struct cJSON *x = ls_json_first(a); x != NULL; x = ls_json_next(x)) {
            assert_other_types(x, y);
            y = ls_json_next(y);
        }
        return;
    }
    assert_false(ls_json_is_string(a) && ls_json_is_string(b));
    assert_false(ls_json_is_number(a) && ls_json_is_number(b));
    assert_false(ls_json_is_bool(a) && ls_json_is_bool(b));
    assert_false(ls_json_is_null(a) && ls_json_is_null(b));
}

static void has_other_types(struct seen *s)
{
    take(s);
    if (ls_json_get(s->right, "result") == NULL) {
        assert_null(ls_json_get(s->tree, "result"));
        return;
    }
    assert_other_types(ls_json_get(s->right, "result"), ls_json_get(s->tree, "result"));
}

/* Every quantity that fitted does not fit; everything else is as it was. */
static void assert_too_large(const struct cJSON *a, const struct cJSON *b)
{
    uint64_t v;
    if (ls_json_is_object(a) || ls_json_is_array(a)) {
        const struct cJSON *y = ls_json_first(b);
        for (const struct cJSON *x = ls_json_first(a); x != NULL; x = ls_json_next(x)) {
            assert_too_large(x, y);
            y = ls_json_next(y);
        }
    } else if (ls_json_quantity(a, &v) == LS_OK) {
        assert_int_equal(ls_json_quantity(b, &v), LS_ERR_RANGE);
    } else if (ls_json_is_string(a)) {
        assert_string_equal(ls_json_str(a), ls_json_str(b));
    }
}

static void is_too_large(struct seen *s)
{
    take(s);
    assert_too_large(ls_json_get(s->right, "result"), ls_json_get(s->tree, "result"));
}

static void says_nothing(struct seen *s)
{
    take(s);
    assert_string_equal(body_of(&s->w), "{\"jsonrpc\":\"2.0\",\"id\":41}\n");
}

static void ask(struct rig *g, struct wire *w, size_t method);

/* Refuses, then is there but not ready, then is ready. */
static void starts_cold(struct seen *s)
{
    refuses(s);
    wire_close(&s->w);
    ask(s->g, &s->w, s->method);
    take(s);
    assert_non_null(strstr((const char *)s->w.in.p, "HTTP/1.1 503 "));
    assert_non_null(strstr((const char *)s->w.in.p, "Retry-After: 1\r\n"));
    s->g->now.mono_ns += HOUR_NS;
    leave(s->g, &s->w);
    ls_json_free(s->tree);
    s->tree = NULL;
    ask(s->g, &s->w, s->method);
    takes_the_usual(s);
}

static const struct {
    struct ls_fault_rule rule;
    void (*check)(struct seen *s);
} FAULTS[] = {
    {{.fault = LS_FAULT_DELAY, .delay_ns = HOUR_NS}, comes_later},
    {{.fault = LS_FAULT_HANG}, never_comes},
    {{.fault = LS_FAULT_HANG, .apply = true}, never_comes},
    {{.fault = LS_FAULT_RESET}, is_reset},
    {{.fault = LS_FAULT_RESET, .apply = true}, is_reset},
    {{.fault = LS_FAULT_HTTP, .http_status = 503, .retry_after_s = 7, .text = "no"},
     is_unavailable},
    {{.fault = LS_FAULT_BAD_JSON}, is_no_json},
    {{.fault = LS_FAULT_WRONG_ID}, has_another_id},
    {{.fault = LS_FAULT_NULL}, is_null},
    {{.fault = LS_FAULT_RPC_ERROR, .code = -32005, .text = "no"}, is_an_error},
    {{.fault = LS_FAULT_RESULT, .text = "[1]"}, is_what_was_said},
    {{.fault = LS_FAULT_OVERSIZE, .body_bytes = OVERSIZE}, is_huge},
    {{.fault = LS_FAULT_TRUNCATE}, is_half},
    {{.fault = LS_FAULT_DRIP, .delay_ns = HOUR_NS}, drips},
    {{.fault = LS_FAULT_STATUS, .text = "SYNCING"}, is_syncing},
    {{.fault = LS_FAULT_HOLD}, is_held},
    {{.fault = LS_FAULT_REFUSE, .delay_ns = HOUR_NS}, refuses},
    {{.fault = LS_FAULT_COLD_START, .delay_ns = HOUR_NS, .for_ns = 2 * HOUR_NS}, starts_cold},
    {{.fault = LS_FAULT_WRONG_TYPE}, has_other_types},
    {{.fault = LS_FAULT_OUT_OF_RANGE}, is_too_large},
    {{.fault = LS_FAULT_NO_RESULT}, says_nothing},
};

/* --- every method --- */

static void ask(struct rig *g, struct wire *w, size_t method)
{
    char bearer[LS_JWT_TEXT_MAX + 8];
    (void)snprintf(bearer, sizeof bearer, "Bearer %s", g->token);
    (void)snprintf(g->texts, sizeof g->texts,
                   "{\"jsonrpc\":\"2.0\",\"id\":41,\"method\":\"%s\",\"params\":%s}",
                   METHODS[method].name, METHODS[method].params);
    ask_with(g, w, bearer, g->texts);
}

static char *usual_answer(struct rig *g, size_t method)
{
    struct wire w;
    ask(g, &w, method);
    UNTIL(g, &w, is_complete(&w));
    char *text = strdup(body_of(&w));
    assert_non_null(text);
    leave(g, &w);
    return text;
}

static void try_fault(struct rig *g, size_t method, size_t fault, const char *usual)
{
    struct seen s = {.g = g, .method = method, .usual = usual};
    struct ls_fault_rule rule = FAULTS[fault].rule;
    rule.method = METHODS[method].name;
    uint32_t name = ls_filter_add(g->filter, &rule);
    assert_int_not_equal(name, 0);
    assert_int_equal(ls_json_parse(usual, strlen(usual), 0, &s.right, NULL), LS_OK);
    ask(g, &s.w, method);
    FAULTS[fault].check(&s);
    assert_true(rule.fault == LS_FAULT_HOLD || ls_filter_hits(g->filter, name) >= 1);
    ls_filter_clear(g->filter);
    leave(g, &s.w);
    ls_json_free(s.tree);
    ls_json_free(s.right);
}

static bool is_here(const struct rig *g, size_t method)
{
    return (METHODS[method].ports & PW_AT(g->port)) != 0;
}

/* Whoever holds state, such as the sync tester, answers the same from the second time on. */
static char *settled_answer(struct rig *g, size_t method)
{
    free(usual_answer(g, method));
    return usual_answer(g, method);
}

static void every_fault_on_every_method_leaves_nothing_behind(void **state)
{
    struct rig *g = *state;
    unsigned tried = 0;
    for (size_t m = 0; m < sizeof METHODS / sizeof METHODS[0]; m++) {
        if (!is_here(g, m)) {
            continue;
        }
        char *usual = settled_answer(g, m);
        unsigned before = descriptors();
        for (size_t f = 0; f < sizeof FAULTS / sizeof FAULTS[0]; f++) {
            try_fault(g, m, f, usual);
            char *again = usual_answer(g, m);
            if (strcmp(again, usual) != 0 || descriptors() != before) {
                print_error("%s, fault %zu\n", METHODS[m].name, f);
            }
            assert_string_equal(again, usual);
            assert_int_equal(descriptors(), before);
            free(again);
            tried++;
        }
        free(usual);
    }
    assert_true(tried >= 5 * sizeof FAULTS / sizeof FAULTS[0]);
    assert_int_equal(ls_front_held(g->front), 0);
    assert_non_null(strstr((const char *)g->lines.p, "nobody_knowsThis"));
    assert_null(strstr((const char *)g->lines.p, g->token));
    assert_null(strstr((const char *)g->lines.p, strrchr(g->token, '.') + 1));
    assert_null(strstr((const char *)g->lines.p, "Bearer"));
}

static void every_kind_of_fault_is_in_the_table(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < LS_FAULT_KIND_COUNT; kind++) {
        bool is_there = false;
        for (size_t f = 0; f < sizeof FAULTS / sizeof FAULTS[0]; f++) {
            is_there = is_there || FAULTS[f].rule.fault == (enum ls_fault)kind;
        }
        assert_true(is_there);
    }
}

/* Turn and turn about; and with the sick one out, never again. */
static void a_balancer_before_a_sick_node_fails_every_other_call(void **state)
{
    struct rig *g = *state;
    for (size_t m = 0; m < sizeof METHODS / sizeof METHODS[0]; m++) {
        if (!is_here(g, m)) {
            continue;
        }
        char *usual = settled_answer(g, m);
        (void)ls_filter_add(g->sick, &(struct ls_fault_rule){.fault = LS_FAULT_HTTP,
                                                             .http_status = 502,
                                                             .text = "Bad Gateway"});
        ls_balance_set_in(g->balance, 1, true);
        unsigned bad = 0;
        for (unsigned i = 0; i < 4; i++) {
            char *got = usual_answer(g, m);
            bad += strcmp(got, "Bad Gateway") == 0 ? 1 : 0;
            assert_true(strcmp(got, "Bad Gateway") == 0 || strcmp(got, usual) == 0);
            free(got);
        }
        assert_int_equal(bad, 2);
        ls_balance_set_in(g->balance, 1, false);
        ls_filter_clear(g->sick);
        for (unsigned i = 0; i < 2; i++) {
            char *got = usual_answer(g, m);
            assert_string_equal(got, usual);
            free(got);
        }
        free(usual);
    }
}

/* --- tokens --- */

/* The right token with another header: {"alg":"none"}, {"alg":"HS512"}. */
static void with_header(const struct rig *g, const char *header, char *out, size_t n)
{
    (void)snprintf(out, n, "Bearer %s%s", header, strchr(g->token, '.'));
}

static void refused(struct rig *g, const char *authorization, const char *text)
{
    struct wire w;
    ask_with(g, &w, authorization, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\"}");
    UNTIL(g, &w, is_complete(&w));
    assert_non_null(strstr((const char *)w.in.p, "HTTP/1.1 401 "));
    assert_non_null(strstr((const char *)w.in.p, "Content-Type: text/plain; charset=utf-8\r\n"));
    assert_string_equal(body_of(&w), text);
    assert_false(w.is_over);
    leave(g, &w);
    if (authorization != NULL && strrchr(authorization, '.') != NULL) {
        assert_null(strstr((const char *)g->lines.p, strrchr(authorization, '.') + 1));
    }
    assert_null(strstr((const char *)g->lines.p, "Bearer"));
}

static void tokens_that_do_not_do_are_refused_and_never_traced(void **state)
{
    struct rig *g = *state;
    char bearer[LS_JWT_TEXT_MAX + 64] = "Bearer ";
    uint8_t other[LS_JWT_SECRET_BYTES] = {1};
    refused(g, NULL, "missing token\n");
    ls_jwt_make(other, NOW_S, bearer + 7);
    refused(g, bearer, "signature is invalid\n");
    ls_jwt_make(g->world.secret, NOW_S - 61, bearer + 7);
    refused(g, bearer, "stale token\n");
    ls_jwt_make(g->world.secret, NOW_S + 61, bearer + 7);
    refused(g, bearer, "future token\n");
    with_header(g, "eyJhbGciOiJIUzUxMiJ9", bearer, sizeof bearer);
    refused(g, bearer, "signing method HS512 is invalid\n");
    with_header(g, "eyJhbGciOiJub25lIn0", bearer, sizeof bearer);
    refused(g, bearer, "signing method none is invalid\n");
    refused(g, "Bearer abc", "token contains an invalid number of segments\n");
    assert_non_null(strstr((const char *)g->lines.p, "401"));
}

/* What a request gets by its head alone: nothing of the body is sent. */
static void large_requests_are_judged_by_their_token_first(void **state)
{
    struct rig *g = *state;
    char bearer[LS_JWT_TEXT_MAX + 64];
    char expecting[LS_JWT_TEXT_MAX + 128];
    (void)snprintf(bearer, sizeof bearer, "Authorization: Bearer %s\r\n", g->token);
    (void)snprintf(expecting, sizeof expecting, "%sExpect: 100-continue\r\n", bearer);
    const struct {
        const char *headers;
        size_t bytes;
        const char *starts; /* NULL: the body is waited for */
        const char *ends;
    } cases[] = {
        {"", 200u << 20, "HTTP/1.1 401 Unauthorized\r\n", "missing token\n"},
        {"", 256u << 10, "HTTP/1.1 401 Unauthorized\r\n", "missing token\n"},
        {"", (256u << 10) - 1, NULL, NULL},
        {"Expect: 100-continue\r\n", 59, "HTTP/1.1 401 Unauthorized\r\n", "missing token\n"},
        {expecting, 59, "HTTP/1.1 100 Continue\r\n", "\r\n\r\n"},
        {expecting, 200u << 20, "HTTP/1.1 413 Request Entity Too Large\r\n",
         "content length too large (209715200>134217728)\n"},
        {bearer, 200u << 20, "HTTP/1.1 413 Request Entity Too Large\r\n",
         "content length too large (209715200>134217728)\n"},
        {bearer, BYTES_MAX + 1, "HTTP/1.1 413 Request Entity Too Large\r\n",
         "content length too large (16777217>16777216)\n"},
        {bearer, BYTES_MAX, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct wire w;
        say(g, &w, cases[i].headers, cases[i].bytes, "");
        if (cases[i].starts == NULL) {
            stay_quiet(g, &w, 0);
        } else {
            const char *ends = cases[i].ends;
            UNTIL(g, &w, w.in.n > 0);
            assert_memory_equal(w.in.p, cases[i].starts, strlen(cases[i].starts));
            assert_string_equal((const char *)w.in.p + w.in.n - strlen(ends), ends);
            bool is_end = strstr(cases[i].starts, " 100 ") == NULL;
            UNTIL(g, &w, w.is_over || !is_end);
            assert_int_equal(w.is_over, is_end);
        }
        leave(g, &w);
    }
    assert_non_null(strstr((const char *)g->lines.p, "413"));
    assert_null(strstr((const char *)g->lines.p, g->token));
}

#define ON(port_)                                                                                  \
    {"every_fault_on_every_method_leaves_nothing_behind: " #port_,                                 \
     every_fault_on_every_method_leaves_nothing_behind, set_up, tear_down, &PORTS[port_]},         \
    {                                                                                              \
        "a_balancer_before_a_sick_node_fails_every_other_call: " #port_,                           \
            a_balancer_before_a_sick_node_fails_every_other_call, set_up, tear_down, &PORTS[port_] \
    }

int main(void)
{
    static enum pw_port PORTS[] = {PW_EL,        PW_EL_HTTP, PW_SOURCE_EL,
                                   PW_SOURCE_CL, PW_L1,      PW_SYNCTESTER};
    const struct CMUnitTest tests[] = {
        ON(PW_EL),
        ON(PW_EL_HTTP),
        ON(PW_SOURCE_EL),
        ON(PW_SOURCE_CL),
        ON(PW_L1),
        ON(PW_SYNCTESTER),
        cmocka_unit_test(every_kind_of_fault_is_in_the_table),
        cmocka_unit_test_setup_teardown(tokens_that_do_not_do_are_refused_and_never_traced, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(large_requests_are_judged_by_their_token_first, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
