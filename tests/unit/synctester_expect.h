/*
 * The recorded answer as it has to be, and the comparison of its parts.
 */
#ifndef LS_TESTS_UNIT_SYNCTESTER_EXPECT_H
#define LS_TESTS_UNIT_SYNCTESTER_EXPECT_H

#include "lib/jsonw.h"
#include "tests/unit/synctester_request.h"
#include "tests/unit/synctester_wire.h"

#define SLOW_MS 500.0 /* what took longer took it on purpose */
#define SLACK_MS 100.0

/* The answer as it has to be. */
struct expected {
    unsigned status;
    bool is_continued;
    struct ls_buf body;
    bool is_loose;   /* the bytes were not kept, only the value */
    char *headers;   /* object of those that count, owned; NULL: not told */
    bool is_summary; /* of a long batch */
};

static const char *const COUNTED_HEADERS[] = {"content-type", "vary", "x-content-type-options",
                                              "content-encoding"};

/* Header lines into an object of those that count. */
static char *collect_headers(const char *head)
{
    struct ls_buf out;
    struct ls_jw w;
    char value[128];
    ls_buf_init(&out, 4096);
    ls_jw_init(&w, &out);
    ls_jw_object(&w, NULL);
    for (size_t i = 0; i < sizeof COUNTED_HEADERS / sizeof COUNTED_HEADERS[0]; i++) {
        if (header_of(head, COUNTED_HEADERS[i], value)) {
            ls_jw_str(&w, COUNTED_HEADERS[i], value);
        }
    }
    ls_jw_object_end(&w);
    char *text = need(strdup((const char *)out.p));
    ls_buf_fini(&out);
    return text;
}

/* A whole answer as it came from the socket. */
static void expect_raw(const char *text, struct expected *e)
{
    if (strncmp(text, "HTTP/1.1 100", 12) == 0) {
        e->is_continued = true;
        text = strstr(text, "\r\n\r\n") + 4;
    }
    const char *body = strstr(text, "\r\n\r\n");
    e->status = (unsigned)strtoul(text + strcspn(text, " "), NULL, 10);
    e->headers = collect_headers(text);
    (void)ls_buf_puts(&e->body, body != NULL ? body + 4 : "");
}

static void expect(const struct exchange *x, struct expected *e)
{
    memset(e, 0, sizeof *e);
    ls_buf_init(&e->body, RECORDED_BYTES_MAX);
    e->status = x->http;
    if (x->reshdr.p != NULL && x->reshdr.p[0] == '{') {
        e->headers = need(strndup((const char *)x->reshdr.p, x->reshdr.n));
    }
    char *text = string_of(is_json_string(x->raw) ? x->raw : x->res);
    if (is_json_string(x->res) && strncmp(text, "HTTP/1.", 7) == 0) {
        expect_raw(text, e);
    } else if (is_json_string(x->raw) || is_json_string(x->res)) {
        (void)ls_buf_puts(&e->body, text);
    } else if (x->res.p != NULL) {
        (void)ls_buf_put(&e->body, x->res.p, x->res.n);
        (void)ls_buf_putc(&e->body, '\n');
        e->is_loose = ls_span_is(x->raw, "null");
        e->is_summary = x->res.p[0] == '{' && member_text(x->res, "ids_in_order").p != NULL;
    }
    free(text);
}

static void free_expected(struct expected *e)
{
    ls_buf_fini(&e->body);
    free(e->headers);
}

static bool same_value(const struct cJSON *a, const struct cJSON *b)
{
    struct ls_buf x;
    struct ls_buf y;
    ls_buf_init(&x, RECORDED_BYTES_MAX);
    ls_buf_init(&y, RECORDED_BYTES_MAX);
    ls_json_print(a, &x);
    ls_json_print(b, &y);
    bool is_same = x.n == y.n && (x.n == 0 || memcmp(x.p, y.p, x.n) == 0);
    ls_buf_fini(&x);
    ls_buf_fini(&y);
    return is_same;
}

static bool same_json(struct ls_span a, struct ls_span b)
{
    struct cJSON *x = NULL;
    struct cJSON *y = NULL;
    bool is_same = ls_json_parse((const char *)a.p, a.n, 0, &x, NULL) == LS_OK &&
                   ls_json_parse((const char *)b.p, b.n, 0, &y, NULL) == LS_OK && same_value(x, y);
    ls_json_free(x);
    ls_json_free(y);
    return is_same;
}

/* {answers, ids_in_order, first, last} against a batch. */
static bool same_summary(const struct expected *e, const struct reply *r)
{
    struct cJSON *sum = NULL;
    struct cJSON *all = NULL;
    bool is_same = ls_json_parse((const char *)e->body.p, e->body.n, 0, &sum, NULL) == LS_OK &&
                   ls_json_parse((const char *)r->body.p, r->body.n, 0, &all, NULL) == LS_OK;
    size_t count = ls_json_count(all);
    uint64_t wanted = 0;
    is_same = is_same && ls_json_u64(ls_json_get(sum, "answers"), &wanted) == LS_OK &&
              count == wanted && same_value(ls_json_at(all, 0), ls_json_get(sum, "first")) &&
              same_value(ls_json_at(all, count - 1), ls_json_get(sum, "last"));
    uint64_t number = 0;
    for (const struct cJSON *one = ls_json_first(all); is_same && one != NULL;
         one = ls_json_next(one)) {
        uint64_t id = 0;
        is_same = ls_json_u64(ls_json_get(one, "id"), &id) == LS_OK && id == number++;
    }
    ls_json_free(sum);
    ls_json_free(all);
    return is_same;
}

static bool same_headers(const struct expected *e, const struct reply *r)
{
    struct cJSON *told = NULL;
    char value[128];
    bool is_same = true;
    if (e->headers == NULL) {
        return true;
    }
    (void)ls_json_parse(e->headers, strlen(e->headers), 0, &told, NULL);
    for (size_t i = 0; i < sizeof COUNTED_HEADERS / sizeof COUNTED_HEADERS[0]; i++) {
        const char *wanted = ls_json_str(ls_json_get(told, COUNTED_HEADERS[i]));
        bool is_there = header_of(r->head, COUNTED_HEADERS[i], value);
        is_same = is_same && is_there == (wanted != NULL) &&
                  (wanted == NULL || strcmp(wanted, value) == 0);
    }
    ls_json_free(told);
    return is_same;
}

/* What took its time on purpose takes it here too, and nothing else does. */
static bool same_time(const struct exchange *x, const struct reply *r)
{
    double took_ms = (double)r->took_ns / 1e6;
    if (x->ms < SLOW_MS) {
        return took_ms < SLOW_MS;
    }
    return took_ms > x->ms - SLACK_MS && took_ms < x->ms + SLACK_MS;
}

#endif
