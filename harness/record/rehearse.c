#include "harness/record/rehearse.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/live/client.h"
#include "harness/record/calls.h"
#include "harness/record/gate.h"
#include "harness/record/types.h"

#define REQUEST_BYTES_MAX ((size_t)LS_GATE_BODY_MAX)
#define ARENA_BYTES_MAX ((size_t)1 << 30)
#define TIMEOUT_MS 30000u
#define FIRST_BYTES_MAX 256u

struct exchange {
    struct ls_rehearsal *r;
    const struct ls_row *row;
    struct ls_client_call *call; /* NULL: not sent, or answered */
    bool is_answered;
};

/* A request to send or an answer to wait for. */
struct moment {
    uint64_t seq;
    uint32_t exchange;
    bool is_answer;
};

struct ls_rehearsal {
    struct ls_loop *loop;
    const struct ls_tape *tape;
    const struct ls_match *match;
    uint16_t ports[LS_PEER_COUNT];
    struct ls_client *client;
    struct exchange *exchanges;
    struct moment *moments;
    size_t moment_count;
    size_t at;
    struct ls_arena arena; /* of one comparison */
    size_t answers;
    size_t differences;
    char first[FIRST_BYTES_MAX];
};

/* --- requests --- */

static void put_call(struct ls_buf *b, size_t id, const struct ls_row_call *c)
{
    (void)ls_buf_printf(b, "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"", id);
    (void)ls_buf_put(b, c->method.p, c->method.n);
    (void)ls_buf_putc(b, '"');
    if (c->params.n > 0) {
        (void)ls_buf_puts(b, ",\"params\":");
        (void)ls_buf_put(b, c->params.p, c->params.n);
    }
    (void)ls_buf_putc(b, '}');
}

/* Calls get the ids 1, 2, … of their place in the request. */
static void put_request(const struct ls_row *row, struct ls_buf *b)
{
    if (row->kind == LS_ROW_RAW) {
        (void)ls_buf_put(b, row->request.p, row->request.n);
        return;
    }
    (void)ls_buf_puts(b, row->kind == LS_ROW_BATCH ? "[" : "");
    for (size_t i = 0; i < row->call_count; i++) {
        (void)ls_buf_puts(b, i > 0 ? "," : "");
        put_call(b, i + 1, &row->calls[i]);
    }
    (void)ls_buf_puts(b, row->kind == LS_ROW_BATCH ? "]" : "");
}

/* --- answers --- */

static void differ(struct ls_rehearsal *r, const struct ls_row *row, const char *what)
{
    if (r->differences++ == 0) {
        (void)snprintf(r->first, sizeof r->first, "%s, exchange %" PRIu64 ": %s",
                       ls_peer_name(row->peer), row->seq_in, what);
    }
}

static bool is_same(struct ls_span a, struct ls_span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The answer to the ids that put_request gave. NULL when memory is out or it is no answer. */
static const struct ls_said_text *read_said(struct ls_rehearsal *r, const struct ls_row *row,
                                            struct ls_span body)
{
    struct ls_calls calls = {.count = row->call_count, .is_batch = row->kind == LS_ROW_BATCH};
    struct ls_said_text *said = NULL;
    char id[24];

    calls.items = ls_arena_alloc(&r->arena, calls.count * sizeof *calls.items);
    for (size_t i = 0; calls.items != NULL && i < calls.count; i++) {
        int n = snprintf(id, sizeof id, "%zu", i + 1);
        calls.items[i].id = (struct ls_span){ls_arena_dup(&r->arena, id, (size_t)n), (size_t)n};
        if (calls.items[i].id.p == NULL) {
            return NULL;
        }
    }
    return calls.items != NULL && ls_calls_answers(body, &calls, &r->arena, &said) == LS_OK ? said
                                                                                            : NULL;
}

/* NULL: as recorded. */
static const char *compare_said(struct ls_rehearsal *r, const struct ls_row *row,
                                struct ls_span body)
{
    const struct ls_said_text *said = read_said(r, row, body);

    if (said == NULL) {
        return "it is no answer to this call";
    }
    for (size_t i = 0; i < row->call_count; i++) {
        const struct ls_said_text *want = &row->calls[i].said;
        if (said[i].kind != want->kind || !is_same(said[i].text, want->text)) {
            return "result or error differs";
        }
    }
    return NULL;
}

static const char *compare_headers(const struct ls_row *row, const struct ls_client_answer *a)
{
    const char *type = a->content_type != NULL ? a->content_type : "";
    struct ls_span want = row->content_type;

    if (want.n == 0 && !row->has_no_type) {
        want = (struct ls_span){(const uint8_t *)LS_TYPE_JSON, sizeof LS_TYPE_JSON - 1};
    }
    if (a->status != row->http) {
        return "HTTP status differs";
    }
    if (!is_same(want, (struct ls_span){(const uint8_t *)type, strlen(type)})) {
        return "content type differs";
    }
    return a->retry_after_s != row->retry_after_s ? "Retry-After differs" : NULL;
}

static const char *compare(struct ls_rehearsal *r, const struct ls_row *row,
                           const struct ls_client_answer *a)
{
    const char *why;

    if (row->fail != LS_FAIL_NONE && row->fail != LS_FAIL_CUT) {
        return a->failure == LS_CLIENT_RESET ? NULL : "the connection was not reset";
    }
    if (a->failure != (row->fail == LS_FAIL_CUT ? LS_CLIENT_CUT : LS_CLIENT_WHOLE)) {
        return row->fail == LS_FAIL_CUT ? "the answer was not cut" : "no whole answer came";
    }
    why = compare_headers(row, a);
    if (why != NULL) {
        return why;
    }
    if (row->has_body) {
        return is_same(row->body, a->body) ? NULL : "the body differs";
    }
    return compare_said(r, row, a->body);
}

/* ls_client_fn */
static void on_answer(void *user, const struct ls_client_answer *a)
{
    struct exchange *x = user;
    struct ls_rehearsal *r = x->r;
    const char *why;

    x->call = NULL;
    x->is_answered = true;
    r->answers++;
    ls_arena_reset(&r->arena);
    why = compare(r, x->row, a);
    if (why != NULL) {
        differ(r, x->row, why);
    }
    ls_loop_happened(r->loop);
}

/* --- moments --- */

static const char *text_or(struct ls_rehearsal *r, struct ls_span s, const char *otherwise)
{
    const char *copy = s.n > 0 ? ls_arena_dup(&r->arena, s.p, s.n) : otherwise;

    return copy != NULL ? copy : otherwise;
}

static void send_request(struct ls_rehearsal *r, struct exchange *x)
{
    const struct ls_row *row = x->row;
    struct ls_buf body = {0};
    struct ls_buf url = {0};
    struct ls_client_request q = {
        .answer_bytes_max = LS_GATE_REPLY_MAX, .timeout_ms = TIMEOUT_MS, .is_once = true};

    ls_arena_reset(&r->arena);
    ls_buf_init(&body, REQUEST_BYTES_MAX);
    ls_buf_init(&url, 65536);
    put_request(row, &body);
    (void)ls_buf_printf(&url, "http://127.0.0.1:%u%s", r->ports[row->peer],
                        text_or(r, row->path, "/"));
    q.verb = text_or(r, row->verb, "POST");
    q.body = ls_buf_span(&body);
    q.content_type = body.n > 0 ? LS_TYPE_JSON : NULL;
    q.url = (const char *)url.p;
    if (body.err == LS_OK && url.err == LS_OK) {
        x->call = ls_client_send(r->client, &q, on_answer, x);
    }
    if (x->call == NULL) {
        differ(r, row, "the request cannot be sent");
        x->is_answered = true;
    }
    ls_buf_fini(&body);
    ls_buf_fini(&url);
}

/* An answer that did not come in the recording does not come now: its time ends with the wait. */
static void give_up(struct ls_rehearsal *r, struct exchange *x)
{
    if (x->is_answered) {
        differ(r, x->row, "an answer came where there was none");
    }
    ls_client_cancel(x->call);
    x->call = NULL;
    x->is_answered = true;
}

void ls_rehearsal_turn(struct ls_rehearsal *r)
{
    for (; r->at < r->moment_count; r->at++) {
        const struct moment *m = &r->moments[r->at];
        struct exchange *x = &r->exchanges[m->exchange];
        if (!m->is_answer) {
            send_request(r, x);
        } else if (x->row->fail == LS_FAIL_GONE || x->row->fail == LS_FAIL_OPEN) {
            if (!ls_match_is_asked(r->match, m->exchange)) {
                return; /* the request is still on its way */
            }
            give_up(r, x);
        } else if (!x->is_answered) {
            return;
        }
    }
}

/* --- life --- */

static int by_seq(const void *va, const void *vb)
{
    const struct moment *a = va, *b = vb;

    return (a->seq > b->seq) - (a->seq < b->seq);
}

static enum ls_err prepare(struct ls_rehearsal *r)
{
    const struct ls_tape *t = r->tape;

    r->exchanges = calloc(t->exchange_count + 1, sizeof *r->exchanges);
    r->moments = calloc(2 * t->exchange_count + 1, sizeof *r->moments);
    if (r->exchanges == NULL || r->moments == NULL) {
        return LS_ERR_NOMEM;
    }
    for (size_t i = 0; i < t->exchange_count; i++) {
        const struct ls_row *row = &t->rows[t->by_in[i]];
        r->exchanges[i] = (struct exchange){.r = r, .row = row};
        if (row->peer == LS_PEER_NODE) {
            continue; /* nobody is there to be asked */
        }
        r->moments[r->moment_count++] = (struct moment){row->seq_in, (uint32_t)i, false};
        r->moments[r->moment_count++] = (struct moment){row->seq_out, (uint32_t)i, true};
    }
    qsort(r->moments, r->moment_count, sizeof *r->moments, by_seq);
    return LS_OK;
}

enum ls_err ls_rehearsal_new(struct ls_loop *loop, const struct ls_tape *tape,
                             const struct ls_match *match, const uint16_t ports[LS_PEER_COUNT],
                             struct ls_rehearsal **out, struct ls_diag *d)
{
    struct ls_rehearsal *r = calloc(1, sizeof *r);
    enum ls_err e;

    if (r == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    r->loop = loop;
    r->tape = tape;
    r->match = match;
    memcpy(r->ports, ports, sizeof r->ports);
    ls_arena_init(&r->arena, ARENA_BYTES_MAX);
    e = prepare(r);
    if (e == LS_OK) {
        e = ls_client_new(loop, &r->client, d);
    }
    if (e != LS_OK) {
        ls_rehearsal_free(r);
        return ls_fail(d, e, "out of memory");
    }
    *out = r;
    return LS_OK;
}

void ls_rehearsal_free(struct ls_rehearsal *r)
{
    if (r == NULL) {
        return;
    }
    ls_client_free(r->client);
    free(r->exchanges);
    free(r->moments);
    ls_arena_fini(&r->arena);
    free(r);
}

bool ls_rehearsal_is_over(const struct ls_rehearsal *r)
{
    return r->at == r->moment_count;
}

size_t ls_rehearsal_answers(const struct ls_rehearsal *r)
{
    return r->answers;
}

size_t ls_rehearsal_differences(const struct ls_rehearsal *r)
{
    return r->differences;
}

const char *ls_rehearsal_first(const struct ls_rehearsal *r)
{
    return r->first;
}
