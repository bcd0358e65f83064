#include "harness/record/player.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "harness/record/calls.h"
#include "harness/record/types.h"

#define NS_PER_MS UINT64_C(1000000)
#define PATIENCE_NS_MIN (20 * NS_PER_MS)
#define ARENA_BYTES_MAX ((size_t)1 << 30)
#define NOT_RECORDED "{\"code\":-32000,\"message\":\"lockstep replay: this call was not recorded\"}"

struct port {
    struct ls_backend backend; /* first: the backend is the port */
    struct ls_player *player;
    enum ls_peer peer;
    struct ls_gate gate;
};

/* A request whose answers are found, but not all due. */
struct waiting {
    struct port *port;
    uint64_t serial;
    uint64_t came_ns;
    bool has_waited; /* as long as patience lasts */
    size_t count;
    struct ls_match_hit *hits;
    struct waiting *prev, *next;
};

struct ls_player {
    struct ls_player_options o;
    struct port ports[LS_PEER_COUNT];
    struct waiting *waiting; /* oldest first */
    struct ls_loop_timer retry;
    struct ls_loop_timer patience;
    uint64_t patience_ns;
    uint64_t settled_ns;   /* the node has reacted to what it was told */
    uint64_t start_ns;     /* of the replay, when the recording's at_ms was 0 */
    struct ls_arena arena; /* of one request */
    struct ls_types types;
    uint64_t requests;
    size_t progress; /* when it was last looked at */
};

/* --- what a request asks --- */

/* A request in calls; one that is no JSON-RPC is a single one without items. */
struct asked {
    struct ls_calls calls;
    bool is_raw;
    struct ls_match_call *keys;
    size_t count;
};

static enum ls_err read_asked(struct ls_player *p, const struct ls_http_request *req,
                              struct asked *out)
{
    struct ls_span body = {(const uint8_t *)req->body, req->body_bytes};
    enum ls_err e;

    *out = (struct asked){.is_raw = false};
    out->is_raw = ls_calls_split(body, &p->arena, &out->calls) != LS_OK;
    out->count = out->is_raw ? 1 : out->calls.count;
    out->keys = ls_arena_alloc(&p->arena, out->count * sizeof *out->keys);
    e = out->keys != NULL ? LS_OK : LS_ERR_NOMEM;
    if (e == LS_OK && out->is_raw) {
        return ls_match_raw(req->verb, req->path, body, &out->keys[0]);
    }
    for (size_t i = 0; e == LS_OK && i < out->count; i++) {
        const struct ls_call *c = &out->calls.items[i];
        e = ls_match_call(c->method, c->params, &p->arena, &out->keys[i]);
    }
    return e;
}

/* --- the answer --- */

/* The row that decides about the whole answer, because of what it was on the wire; NULL: each call
 * has an answer of its own. */
static const struct ls_row *whole_answer(const struct ls_match_hit *hits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct ls_row *row = hits[i].row;
        if (row != NULL && (row->fail != LS_FAIL_NONE || row->has_body)) {
            return row;
        }
    }
    return NULL;
}

static void put_envelope(struct ls_buf *b, struct ls_span id, const char *key, struct ls_span text)
{
    (void)ls_buf_puts(b, "{\"jsonrpc\":\"2.0\",\"id\":");
    (void)ls_buf_put(b, id.p, id.n);
    (void)ls_buf_printf(b, ",\"%s\":", key);
    (void)ls_buf_put(b, text.p, text.n);
    (void)ls_buf_putc(b, '}');
}

/* false when nothing was said to this call. */
static bool put_answer(struct ls_buf *b, struct ls_span id, const struct ls_match_hit *hit)
{
    static const struct ls_span unknown = {(const uint8_t *)NOT_RECORDED, sizeof NOT_RECORDED - 1};
    const struct ls_said_text *said;

    if (id.n == 0) {
        return false; /* a notification */
    }
    if (hit->row == NULL) {
        put_envelope(b, id, "error", unknown);
        return true;
    }
    said = &hit->row->calls[hit->index].said;
    if (said->kind != LS_SAID_NOTHING) {
        put_envelope(b, id, said->kind == LS_SAID_ERROR ? "error" : "result", said->text);
    }
    return said->kind != LS_SAID_NOTHING;
}

static void put_answers(struct ls_buf *b, const struct asked *asked,
                        const struct ls_match_hit *hits)
{
    bool need_comma = false;

    if (asked->calls.is_batch) {
        (void)ls_buf_putc(b, '[');
    }
    for (size_t i = 0; i < asked->count; i++) {
        size_t before = b->n;
        if (need_comma) {
            (void)ls_buf_putc(b, ',');
        }
        if (put_answer(b, asked->calls.items[i].id, &hits[i])) {
            need_comma = true;
        } else {
            b->n = before;
        }
    }
    if (asked->calls.is_batch) {
        (void)ls_buf_putc(b, ']');
    }
}

static void put_cut(struct ls_buf *b, struct ls_span body)
{
    uint8_t *p;

    /* The front sends half of it. */
    (void)ls_buf_put(b, body.p, body.n);
    p = body.n > 0 ? ls_buf_grow(b, body.n) : NULL;
    if (p != NULL) {
        memset(p, 0, body.n);
    }
}

static enum ls_http_fate fate_of(enum ls_fail_kind fail)
{
    switch (fail) {
    case LS_FAIL_NONE:
        return LS_FATE_SEND;
    case LS_FAIL_CUT:
        return LS_FATE_TRUNCATE;
    case LS_FAIL_GONE:
    case LS_FAIL_OPEN:
        return LS_FATE_HANG;
    case LS_FAIL_REFUSED:
    case LS_FAIL_UNKNOWN:
    case LS_FAIL_TLS:
    case LS_FAIL_RESET:
    case LS_FAIL_TOO_LONG:
    case LS_FAIL_COUNT:
        break;
    }
    return LS_FATE_RESET;
}

/* Status, headers and pace as the first recorded call of the request had them. */
static void dress(struct ls_player *p, const struct ls_row *row, uint64_t came_ns,
                  struct ls_http_reply *reply)
{
    uint64_t spent_ns = ls_loop_now_ns(p->o.loop) - came_ns;

    reply->status = row->http != 0 ? row->http : reply->status;
    reply->is_bare = true; /* no header that was not recorded */
    if (row->has_no_type) {
        reply->content_type = NULL;
    } else if (row->content_type.n > 0) {
        reply->content_type =
            ls_types_keep(&p->types, (const char *)row->content_type.p, row->content_type.n);
    }
    reply->retry_after_s = row->retry_after_s < UINT32_MAX ? (unsigned)row->retry_after_s : 0;
    if (p->o.has_delays && row->ms * NS_PER_MS > spent_ns) {
        reply->delay_ns = row->ms * NS_PER_MS - spent_ns;
    }
}

static void answer(struct ls_player *p, const struct asked *asked, const struct ls_match_hit *hits,
                   uint64_t came_ns, struct ls_http_reply *reply)
{
    const struct ls_row *whole = whole_answer(hits, asked->count);

    if (whole != NULL) {
        dress(p, whole, came_ns, reply);
        reply->fate = fate_of(whole->fail);
        if (whole->fail == LS_FAIL_CUT) {
            put_cut(&reply->body, whole->body);
        } else {
            (void)ls_buf_put(&reply->body, whole->body.p, whole->body.n);
        }
        return;
    }
    if (hits[0].row != NULL) {
        dress(p, hits[0].row, came_ns, reply);
    }
    if (asked->is_raw) {
        reply->status = 404; /* nothing like it was recorded: a recorded one has a body */
    } else {
        put_answers(&reply->body, asked, hits);
    }
}

/* --- waiting --- */

/* Whether a hit is a recorded answer at its place in the order. */
static bool is_in_order(const struct ls_match_hit *h)
{
    return h->row != NULL && !h->is_extra && !h->is_beyond;
}

/* The place of a request's answer in the order of answers; 0: none. */
static uint64_t place_of(const struct ls_match_hit *hits, size_t count)
{
    uint64_t place = 0;

    for (size_t i = 0; i < count; i++) {
        if (is_in_order(&hits[i]) && hits[i].row->seq_out > place) {
            place = hits[i].row->seq_out;
        }
    }
    return place;
}

static bool is_settled(const struct ls_player *p)
{
    return p->o.is_loose || ls_loop_now_ns(p->o.loop) >= p->settled_ns;
}

/* Strict: answers leave in their order, each when all has been asked that came before it. self is
 * the request's own entry, or NULL. */
static bool are_due(const struct ls_player *p, const struct ls_match_hit *hits, size_t count,
                    const struct waiting *self)
{
    uint64_t place = place_of(hits, count);
    const struct waiting *w;

    if (place != 0 && !is_settled(p)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (hits[i].is_beyond ||
            (is_in_order(&hits[i]) && !ls_match_is_due(p->o.match, hits[i].row))) {
            return false;
        }
    }
    DL_FOREACH(p->waiting, w)
    {
        uint64_t other = place_of(w->hits, w->count);
        if (w != self && !p->o.is_loose && other != 0 && other < place) {
            return false;
        }
    }
    return true;
}

static struct waiting *find(const struct port *port, uint64_t serial)
{
    struct waiting *w;

    DL_FOREACH(port->player->waiting, w)
    {
        if (w->port == port && w->serial == serial) {
            return w;
        }
    }
    return NULL;
}

static void forget(struct ls_player *p, struct waiting *w)
{
    DL_DELETE(p->waiting, w);
    if (p->waiting == NULL) {
        ls_loop_timer_stop(p->o.loop, &p->patience);
    }
    free(w->hits);
    free(w);
}

/* A call is late when nothing has gone on for so long, and the time has come and gone at which it
 * was made in the recording. */
static void be_patient(struct ls_player *p)
{
    const struct ls_row *next = ls_match_next(p->o.match);
    uint64_t due_ns = ls_loop_now_ns(p->o.loop);

    if (next != NULL && p->start_ns + next->at_ms * NS_PER_MS > due_ns) {
        due_ns = p->start_ns + next->at_ms * NS_PER_MS;
    }
    ls_loop_timer_set(p->o.loop, &p->patience, due_ns + p->patience_ns);
}

/* Looks at what waits as soon as the node is settled. */
static void go_on(struct ls_player *p)
{
    ls_loop_timer_set(p->o.loop, &p->retry, p->settled_ns);
}

static void told(struct ls_player *p)
{
    p->settled_ns = ls_loop_now_ns(p->o.loop) + p->o.settle_ns;
    go_on(p);
}

/* A call was made: others may be due now, and if it was a recorded one there is reason to wait on.
 */
static void moved(struct ls_player *p)
{
    size_t progress = ls_match_progress(p->o.match);

    go_on(p);
    if (p->waiting != NULL && progress > p->progress) {
        be_patient(p);
    }
    p->progress = progress;
}

static struct waiting *wait_for(struct port *port, const struct ls_http_request *req,
                                const struct ls_match_hit *hits, size_t count)
{
    struct ls_player *p = port->player;
    struct waiting *w = calloc(1, sizeof *w);
    struct ls_match_hit *copy = malloc(count * sizeof *copy);

    if (w == NULL || copy == NULL) {
        free(w);
        free(copy);
        return NULL;
    }
    memcpy(copy, hits, count * sizeof *copy);
    *w = (struct waiting){.port = port,
                          .serial = req->serial,
                          .came_ns = ls_loop_now_ns(p->o.loop),
                          .count = count,
                          .hits = copy};
    DL_APPEND(p->waiting, w);
    if (!p->patience.is_set) {
        be_patient(p);
    }
    return w;
}

static void ask_again(struct ls_player *p)
{
    for (size_t i = 0; i < LS_PEER_COUNT; i++) {
        if (p->ports[i].gate.front != NULL) {
            ls_gate_retry(&p->ports[i].gate);
        }
    }
}

/* ls_loop_fn */
static void on_retry(void *user)
{
    const struct ls_player *p = user;

    ask_again(user);
    ls_loop_happened(p->o.loop); /* somebody else may have something to tell */
}

/* What this request waits for does not come; what is beyond the recording of its peer is extra,
 * which is counted when it is asked again. */
static void stop_waiting_for(struct ls_player *p, struct waiting *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct ls_match_hit *h = &w->hits[i];
        while (is_in_order(h) && !ls_match_is_due(p->o.match, h->row)) {
            ls_match_give_up(p->o.match);
        }
    }
    w->has_waited = true;
}

/* ls_loop_fn: nothing went on for so long. Next time it is noticed sooner: where two conversations
 * have parted, waiting seldom helps. */
static void on_patience(void *user)
{
    struct ls_player *p = user;
    struct waiting *w;

    if (p->waiting == NULL) {
        return;
    }
    if (p->o.on_stall == NULL || !p->o.on_stall(p->o.user)) {
        DL_FOREACH(p->waiting, w)
        {
            stop_waiting_for(p, w);
        }
        if (p->patience_ns / 4 >= PATIENCE_NS_MIN) {
            p->patience_ns /= 4;
        }
    }
    be_patient(p);
    ask_again(p);
}

/* --- the backend --- */

/* The first request comes when the first one came. */
static void set_start(struct ls_player *p)
{
    const struct ls_row *first = ls_match_next(p->o.match);
    uint64_t at_ns = first != NULL ? first->at_ms * NS_PER_MS : 0;
    uint64_t now_ns = ls_loop_now_ns(p->o.loop);

    p->start_ns = now_ns > at_ns ? now_ns - at_ns : 0;
}

/* The first time: which calls these are. NULL when memory is out. */
static struct ls_match_hit *take_calls(struct port *port, const struct asked *asked)
{
    struct ls_player *p = port->player;
    struct ls_match_hit *hits = ls_arena_alloc(&p->arena, asked->count * sizeof *hits);

    if (p->requests++ == 0) {
        set_start(p);
    }
    for (size_t i = 0; hits != NULL && i < asked->count; i++) {
        hits[i] = ls_match_take(p->o.match, port->peer, &asked->keys[i]);
    }
    return hits;
}

static void count_extras(struct port *port, const struct asked *asked, struct ls_match_hit *hits)
{
    for (size_t i = 0; i < asked->count; i++) {
        if (hits[i].is_beyond) {
            hits[i].is_beyond = false;
            hits[i].is_extra = true;
            ls_match_extra(port->player->o.match, port->peer, &asked->keys[i]);
        }
    }
}

static void serve(struct port *port, const struct ls_http_request *req, const struct asked *asked,
                  struct ls_http_reply *reply)
{
    struct ls_player *p = port->player;
    struct waiting *w = find(port, req->serial);
    struct ls_match_hit *hits = w != NULL ? w->hits : take_calls(port, asked);
    uint64_t came_ns = w != NULL ? w->came_ns : ls_loop_now_ns(p->o.loop);

    if (hits == NULL) {
        reply->fate = LS_FATE_RESET;
        return;
    }
    if (w == NULL) {
        moved(p);
    } else if (w->has_waited) {
        count_extras(port, asked, hits);
    }
    if (are_due(p, hits, asked->count, w)) {
        answer(p, asked, hits, came_ns, reply);
        if (w != NULL) {
            forget(p, w);
        }
        told(p);
    } else {
        bool is_kept = w != NULL || wait_for(port, req, hits, asked->count) != NULL;
        reply->fate = is_kept ? LS_FATE_HOLD : LS_FATE_RESET;
    }
}

static void handle(struct ls_backend *b, const struct ls_http_request *req,
                   struct ls_http_reply *reply)
{
    struct port *port = (struct port *)b;
    struct asked asked;

    ls_arena_reset(&port->player->arena);
    if (read_asked(port->player, req, &asked) != LS_OK) {
        reply->fate = LS_FATE_RESET; /* memory is out */
        return;
    }
    serve(port, req, &asked, reply);
    ls_loop_happened(port->player->o.loop);
}

static void abandon(struct ls_backend *b, uint64_t serial)
{
    struct port *port = (struct port *)b;
    struct waiting *w = find(port, serial);

    if (w != NULL) {
        forget(port->player, w);
    }
}

static const struct ls_backend_ops ops = {.handle = handle, .abandon = abandon};

/* --- life --- */

/* ls_loop_fn */
static void prepare(void *user)
{
    struct ls_player *p = user;

    for (size_t i = 0; i < LS_PEER_COUNT; i++) {
        ls_gate_prepare(&p->ports[i].gate);
    }
}

enum ls_err ls_player_new(const struct ls_player_options *o, struct ls_player **out,
                          struct ls_diag *d)
{
    struct ls_player *p = calloc(1, sizeof *p);
    enum ls_err e = LS_OK;

    if (p == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    p->o = *o;
    p->patience_ns = o->patience_ns;
    p->retry = (struct ls_loop_timer){.fn = on_retry, .user = p};
    p->patience = (struct ls_loop_timer){.fn = on_patience, .user = p};
    ls_arena_init(&p->arena, ARENA_BYTES_MAX);
    for (int i = 0; e == LS_OK && i < LS_PEER_COUNT; i++) {
        struct port *port = &p->ports[i];
        *port = (struct port){.backend = {&ops}, .player = p, .peer = (enum ls_peer)i};
        if (port->peer != LS_PEER_NODE && ls_tape_has(o->tape, port->peer)) {
            e = ls_gate_open(&port->gate, &port->backend, o->loop, &o->at[i], d);
        }
    }
    if (e != LS_OK) {
        ls_player_free(p);
        return e;
    }
    ls_loop_on_prepare(o->loop, prepare, p);
    *out = p;
    return LS_OK;
}

void ls_player_free(struct ls_player *p)
{
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < LS_PEER_COUNT; i++) {
        ls_gate_close(&p->ports[i].gate); /* abandons what waits */
    }
    ls_loop_on_prepare(p->o.loop, NULL, NULL);
    ls_loop_timer_stop(p->o.loop, &p->retry);
    ls_loop_timer_stop(p->o.loop, &p->patience);
    ls_types_fini(&p->types);
    ls_arena_fini(&p->arena);
    free(p);
}

uint16_t ls_player_port(const struct ls_player *p, enum ls_peer peer)
{
    return p->ports[peer].gate.front != NULL ? ls_gate_port(&p->ports[peer].gate) : 0;
}

uint64_t ls_player_requests(const struct ls_player *p)
{
    return p->requests;
}

bool ls_player_is_over(const struct ls_player *p)
{
    return ls_match_is_over(p->o.match) && !ls_player_has_due(p);
}

bool ls_player_has_due(const struct ls_player *p)
{
    const struct waiting *w;

    DL_FOREACH(p->waiting, w)
    {
        if (are_due(p, w->hits, w->count, w)) {
            return true;
        }
    }
    return !is_settled(p);
}

void ls_player_told(struct ls_player *p)
{
    told(p);
    moved(p);
}
