#include "harness/record/feed.h"

#include <stdlib.h>
#include <string.h>

#include "harness/capture/jsontext.h"
#include "harness/live/client.h"

#define NS_PER_MS UINT64_C(1000000)
#define RETRY_NS (20 * NS_PER_MS) /* between two attempts to reach a server that is not up */
#define PAUSE_MS 1u /* between two calls that a node makes without waiting for anything else */
#define TIMEOUT_MS 10000u
#define BODY_BYTES_MAX ((size_t)256 << 20)

/* A recorded hand-over, or the first engine_newPayload of a block. */
struct payload {
    size_t by_in;
    const struct ls_row *row;
    uint64_t due_seq;                /* strict: handed over when everything below has been asked */
    const struct ls_row_call *given; /* the hand-over; NULL: made from a newPayload */
    struct ls_span body;             /* executionPayload */
    struct ls_span hash;             /* its blockHash, as written */
    struct ls_span root;             /* parentBeaconBlockRoot; n 0: none */
};

struct ls_feed {
    struct ls_feed_options o;
    char *url;
    struct ls_client *client;
    struct payload *payloads;
    size_t count;
    size_t next;      /* to be handed over */
    size_t source_at; /* in by_in: the source has been asked everything before it */
    size_t taken;
    bool is_pushed; /* next goes out whether due or not */
    struct ls_client_call *call;
    struct ls_loop_timer retry;
    bool is_pausing;
    uint64_t id_last;
};

/* --- what there is to hand over --- */

static bool begins_with(struct ls_span s, const char *text)
{
    size_t n = strlen(text);

    return s.n >= n && memcmp(s.p, text, n) == 0;
}

/* The newPayload call of a row, or NULL. */
static const struct ls_row_call *new_payload(const struct ls_row *row)
{
    for (size_t i = 0; row->peer == LS_PEER_ENGINE && i < row->call_count; i++) {
        if (begins_with(row->calls[i].method, "engine_newPayload")) {
            return &row->calls[i];
        }
    }
    return NULL;
}

static bool read_payload(const struct ls_row_call *c, struct payload *out)
{
    struct ls_jsontext it = ls_jsontext_open(c->params);
    struct ls_jsontext_item item;
    struct ls_span params[3] = {{NULL, 0}};

    for (size_t i = 0; i < 3 && ls_jsontext_next(&it, &item); i++) {
        params[i] = item.value;
    }
    out->body = params[0];
    out->hash = ls_jsontext_get(params[0], "blockHash");
    out->root = begins_with(params[2], "\"") ? params[2] : (struct ls_span){NULL, 0};
    return out->hash.n > 0;
}

static bool is_known(const struct ls_feed *f, struct ls_span hash)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->payloads[i].hash.n == hash.n && memcmp(f->payloads[i].hash.p, hash.p, hash.n) == 0) {
            return true;
        }
    }
    return false;
}

/* The engine call before i in by_in; i when there is none. */
static size_t engine_call_before(const struct ls_tape *t, size_t i)
{
    size_t at = i;

    while (at > 0) {
        at--;
        if (t->rows[t->by_in[at]].peer == LS_PEER_ENGINE) {
            return at;
        }
    }
    return i;
}

/* When the node had the payload. It sends one write after the other: if this one began when another
 * ended, its payload was there when that one began, at least. */
static uint64_t due_seq(const struct ls_tape *t, size_t i)
{
    for (;;) {
        const struct ls_row *row = &t->rows[t->by_in[i]];
        size_t before = engine_call_before(t, i);
        const struct ls_row *last = &t->rows[t->by_in[before]];
        if (before == i || !ls_row_is_write(last) ||
            last->at_ms + last->ms + PAUSE_MS < row->at_ms) {
            return row->seq_in;
        }
        i = before;
    }
}

static void collect_given(struct ls_feed *f)
{
    const struct ls_tape *t = f->o.tape;

    for (size_t i = 0; i < t->exchange_count; i++) {
        const struct ls_row *row = &t->rows[t->by_in[i]];
        if (ls_row_is_payload(row)) {
            f->payloads[f->count++] = (struct payload){
                .by_in = i, .row = row, .given = &row->calls[0], .due_seq = row->asked_seq};
        }
    }
}

static enum ls_err collect(struct ls_feed *f)
{
    const struct ls_tape *t = f->o.tape;

    f->payloads = calloc(t->exchange_count + 1, sizeof *f->payloads);
    if (f->payloads == NULL) {
        return LS_ERR_NOMEM;
    }
    if (ls_tape_has(t, LS_PEER_NODE)) {
        collect_given(f);
        return LS_OK;
    }
    for (size_t i = 0; i < t->exchange_count; i++) {
        const struct ls_row *row = &t->rows[t->by_in[i]];
        const struct ls_row_call *c = new_payload(row);
        struct payload p = {.by_in = i, .row = row};
        p.due_seq = c != NULL ? due_seq(t, i) : 0;
        if (c != NULL && read_payload(c, &p) && !is_known(f, p.hash)) {
            f->payloads[f->count++] = p;
        }
    }
    return LS_OK;
}

/* --- when --- */

/* The source has been asked everything that it had answered before the node sent this payload on.
 */
static bool has_source_said(struct ls_feed *f, const struct payload *p)
{
    const struct ls_tape *t = f->o.tape;

    while (f->source_at < t->exchange_count &&
           (t->rows[t->by_in[f->source_at]].peer != LS_PEER_SOURCE ||
            ls_match_is_asked(f->o.match, f->source_at))) {
        f->source_at++;
    }
    return f->source_at >= p->by_in || t->rows[t->by_in[f->source_at]].seq_out > p->row->asked_seq;
}

static bool is_due(struct ls_feed *f, const struct payload *p)
{
    if (f->is_pushed) {
        return true;
    }
    if (!f->o.is_loose) {
        const struct ls_row *next = ls_match_next(f->o.match);
        return next != NULL && next->asked_seq >= p->due_seq;
    }
    return (f->next == 0 || ls_match_is_asked(f->o.match, f->payloads[f->next - 1].by_in)) &&
           has_source_said(f, p);
}

/* --- handing over --- */

/* A hand-over is a call of the recording, too. */
static void take(struct ls_feed *f, const struct payload *p)
{
    struct ls_match_call call;
    struct ls_arena scratch;

    if (p->given == NULL) {
        return;
    }
    ls_arena_init(&scratch, BODY_BYTES_MAX);
    if (ls_match_call(p->given->method, p->given->params, &scratch, &call) == LS_OK) {
        (void)ls_match_take(f->o.match, LS_PEER_NODE, &call);
    }
    ls_arena_fini(&scratch);
}

/* ls_client_fn: a refusal is an answer, too; the node's own judgement of it shows in its calls. */
static void on_answer(void *user, const struct ls_client_answer *answer)
{
    struct ls_feed *f = user;

    f->call = NULL;
    if (answer->err != LS_OK) {
        f->is_pausing = true;
        ls_loop_timer_set(f->o.loop, &f->retry, ls_loop_now_ns(f->o.loop) + RETRY_NS);
        return;
    }
    take(f, &f->payloads[f->next]);
    f->next++;
    f->taken++;
    f->is_pushed = false;
    if (f->o.on_taken != NULL) {
        f->o.on_taken(f->o.user);
    }
    ls_loop_happened(f->o.loop);
}

/* ls_loop_fn */
static void on_retry(void *user)
{
    struct ls_feed *f = user;

    f->is_pausing = false;
    ls_loop_happened(f->o.loop);
}

static void write_request(const struct ls_feed *f, const struct payload *p, struct ls_buf *b)
{
    (void)ls_buf_printf(b, "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"method\":\"%s\",\"params\":",
                        (unsigned long long)f->id_last, f->o.method);
    if (p->given != NULL) {
        (void)ls_buf_put(b, p->given->params.p, p->given->params.n);
        (void)ls_buf_putc(b, '}');
        return;
    }
    (void)ls_buf_puts(b, "[{");
    if (p->root.n > 0) {
        (void)ls_buf_puts(b, "\"parentBeaconBlockRoot\":");
        (void)ls_buf_put(b, p->root.p, p->root.n);
        (void)ls_buf_putc(b, ',');
    }
    (void)ls_buf_puts(b, "\"executionPayload\":");
    (void)ls_buf_put(b, p->body.p, p->body.n);
    (void)ls_buf_puts(b, "}]}");
}

static void hand_over(struct ls_feed *f, const struct payload *p)
{
    struct ls_buf body = {0};

    ls_buf_init(&body, BODY_BYTES_MAX);
    f->id_last++;
    write_request(f, p, &body);
    if (body.err == LS_OK) {
        /* Once: a payload that comes twice may go to the engine twice. */
        const struct ls_client_request q = {.verb = "POST",
                                            .url = f->url,
                                            .content_type = "application/json",
                                            .body = ls_buf_span(&body),
                                            .answer_bytes_max = LS_CLIENT_ANSWER_MAX,
                                            .timeout_ms = TIMEOUT_MS,
                                            .is_once = true};
        f->call = ls_client_send(f->client, &q, on_answer, f);
    }
    ls_buf_fini(&body);
}

static void skip_what_came(struct ls_feed *f)
{
    while (f->next < f->count && ls_match_is_asked(f->o.match, f->payloads[f->next].by_in)) {
        f->next++;
        f->is_pushed = false;
    }
}

void ls_feed_turn(struct ls_feed *f)
{
    if (f->call != NULL || f->is_pausing) {
        return;
    }
    skip_what_came(f);
    if (f->next < f->count && is_due(f, &f->payloads[f->next])) {
        hand_over(f, &f->payloads[f->next]);
    }
}

bool ls_feed_push(struct ls_feed *f)
{
    if (f->call != NULL || f->is_pushed) {
        return false;
    }
    skip_what_came(f);
    if (f->next == f->count) {
        return false;
    }
    f->is_pushed = true;
    ls_feed_turn(f);
    return true;
}

/* --- life --- */

enum ls_err ls_feed_new(const struct ls_feed_options *o, struct ls_feed **out, struct ls_diag *d)
{
    struct ls_feed *f = calloc(1, sizeof *f);
    enum ls_err e;

    if (f == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    f->o = *o;
    f->retry = (struct ls_loop_timer){.fn = on_retry, .user = f};
    f->url = strdup(o->url);
    e = f->url != NULL ? collect(f) : LS_ERR_NOMEM;
    if (e == LS_OK) {
        e = ls_client_new(o->loop, &f->client, d);
    }
    if (e != LS_OK) {
        ls_feed_free(f);
        return ls_fail(d, e, "out of memory");
    }
    *out = f;
    return LS_OK;
}

void ls_feed_free(struct ls_feed *f)
{
    if (f == NULL) {
        return;
    }
    ls_client_free(f->client);
    ls_loop_timer_stop(f->o.loop, &f->retry);
    free(f->payloads);
    free(f->url);
    free(f);
}

size_t ls_feed_count(const struct ls_feed *f)
{
    return f->count;
}

size_t ls_feed_taken(const struct ls_feed *f)
{
    return f->taken;
}
