#include "harness/record/match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"

/* A key is a hash already: any part of it will do. */
static unsigned part_of(const void *key)
{
    unsigned v;

    memcpy(&v, key, sizeof v);
    return v;
}

#define HASH_FUNCTION(key, bytes, hash) ((hash) = part_of(key))
#include <uthash.h>

#define NONE UINT32_MAX
#define SCRATCH_BYTES_MAX ((size_t)1 << 30)

enum state { WAITING, USED, MISSING };

/* A recorded call. */
struct item {
    const struct ls_row *row;
    uint32_t index; /* in the row */
    uint32_t by_in; /* of the exchange */
    uint32_t next;  /* with the same key, later; NONE */
    enum state state;
    struct group *group;
};

/* All calls of a peer that are the same. */
struct group {
    struct ls_canon_key key;
    uint32_t first;
    uint32_t waiting; /* the next one not used, NONE */
    uint32_t newest;  /* the last one added */
    uint32_t used;    /* the last one used, NONE */
    UT_hash_handle hh;
};

struct side {
    struct item *items; /* by seq_in */
    uint32_t count;
    uint32_t at;       /* no item before it is waiting */
    uint32_t write_at; /* no write before it is waiting; loose */
    struct group *groups;
    struct ls_match_sum sum;
    uint32_t jump_over; /* the item a call came before; NONE */
    char jump_text[LS_MATCH_TEXT_MAX];
};

struct ls_match {
    const struct ls_tape *tape;
    bool is_loose;
    struct side sides[LS_PEER_COUNT];
    uint32_t *left; /* by by_in: calls of the exchange that are waiting */
    size_t next;    /* in by_in: no exchange before it has any */
    size_t waiting_count;
};

/* --- texts and keys --- */

void ls_match_text(struct ls_span method, struct ls_span params, char out[LS_MATCH_TEXT_MAX])
{
    static const char dots[] = "…";
    struct ls_span parts[] = {method, {(const uint8_t *)" ", 1}, params};
    size_t at = 0, room = LS_MATCH_TEXT_MAX - sizeof dots;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0] - (params.n == 0 ? 2 : 0); i++) {
        size_t n = parts[i].n < room - at ? parts[i].n : room - at;
        memcpy(out + at, parts[i].p, n);
        at += n;
        if (n < parts[i].n) {
            memcpy(out + at, dots, sizeof dots);
            return;
        }
    }
    out[at] = '\0';
}

enum ls_err ls_match_call(struct ls_span method, struct ls_span params, struct ls_arena *a,
                          struct ls_match_call *out)
{
    *out = (struct ls_match_call){.method = method, .params = params};
    return ls_canon_key(method, params, a, &out->key);
}

enum ls_err ls_match_raw(const char *verb, const char *path, struct ls_span body,
                         struct ls_match_call *out)
{
    struct ls_buf text = {0};
    enum ls_err e;

    *out = (struct ls_match_call){.method = {(const uint8_t *)verb, strlen(verb)}, .params = body};
    ls_buf_init(&text, SCRATCH_BYTES_MAX);
    (void)ls_buf_printf(&text, "raw %s %s\n", verb, path);
    (void)ls_buf_put(&text, body.p, body.n);
    e = text.err;
    if (e == LS_OK) {
        ls_sha256(text.p, text.n, out->key.b);
    }
    ls_buf_fini(&text);
    return e;
}

/* A span as a C string of at most cap - 1 bytes. */
static void copy_text(struct ls_span s, const char *otherwise, char *out, size_t cap)
{
    if (s.n == 0) {
        (void)snprintf(out, cap, "%s", otherwise);
    } else {
        (void)snprintf(out, cap, "%.*s", s.n < cap ? (int)s.n : (int)cap, (const char *)s.p);
    }
}

static enum ls_err recorded_call(const struct ls_row *row, size_t index, struct ls_arena *a,
                                 struct ls_match_call *out)
{
    char verb[16];
    char path[4096];

    if (row->kind != LS_ROW_RAW) {
        return ls_match_call(row->calls[index].method, row->calls[index].params, a, out);
    }
    copy_text(row->verb, "POST", verb, sizeof verb);
    copy_text(row->path, "/", path, sizeof path);
    return ls_match_raw(verb, path, row->request, out);
}

static void item_text(const struct item *i, char out[LS_MATCH_TEXT_MAX])
{
    if (i->row->kind == LS_ROW_RAW) {
        ls_match_text(i->row->verb, i->row->request, out);
    } else {
        ls_match_text(i->row->calls[i->index].method, i->row->calls[i->index].params, out);
    }
}

/* --- making --- */

static void skip_asked(struct ls_match *m)
{
    while (m->next < m->tape->exchange_count && m->left[m->next] == 0) {
        m->next++;
    }
}

static size_t calls_in(const struct ls_row *row)
{
    return row->kind == LS_ROW_RAW ? 1 : row->call_count;
}

static struct group *find_group(struct side *s, const struct ls_canon_key *key)
{
    struct group *g = NULL;

    HASH_FIND(hh, s->groups, key, sizeof *key, g);
    return g;
}

static enum ls_err join_group(struct side *s, uint32_t at, const struct ls_canon_key *key)
{
    struct group *g = find_group(s, key);

    if (g == NULL) {
        g = calloc(1, sizeof *g);
        if (g == NULL) {
            return LS_ERR_NOMEM;
        }
        *g = (struct group){.key = *key, .first = at, .waiting = at, .newest = at, .used = NONE};
        HASH_ADD(hh, s->groups, key, sizeof g->key, g);
    } else {
        s->items[g->newest].next = at;
        g->newest = at;
    }
    s->items[at].group = g;
    return LS_OK;
}

static enum ls_err add_exchange(struct ls_match *m, uint32_t by_in, struct ls_arena *scratch)
{
    const struct ls_row *row = &m->tape->rows[m->tape->by_in[by_in]];
    struct side *s = &m->sides[row->peer];
    enum ls_err e = LS_OK;

    for (size_t i = 0; e == LS_OK && i < calls_in(row); i++) {
        struct ls_match_call call;
        uint32_t at = s->count++;
        s->items[at] =
            (struct item){.row = row, .index = (uint32_t)i, .by_in = by_in, .next = NONE};
        e = recorded_call(row, i, scratch, &call);
        ls_arena_reset(scratch);
        if (e == LS_OK) {
            e = join_group(s, at, &call.key);
        }
        m->left[by_in]++;
        m->waiting_count++;
    }
    s->sum.recorded = s->count;
    return e;
}

static bool alloc_sides(struct ls_match *m)
{
    size_t counts[LS_PEER_COUNT] = {0};
    bool is_done = true;

    for (size_t i = 0; i < m->tape->exchange_count; i++) {
        const struct ls_row *row = &m->tape->rows[m->tape->by_in[i]];
        counts[row->peer] += calls_in(row);
    }
    for (size_t p = 0; p < LS_PEER_COUNT; p++) {
        m->sides[p].items = calloc(counts[p] + 1, sizeof *m->sides[p].items);
        m->sides[p].jump_over = NONE;
        is_done = is_done && m->sides[p].items != NULL && counts[p] < NONE;
    }
    m->left = calloc(m->tape->exchange_count + 1, sizeof *m->left);
    return is_done && m->left != NULL;
}

enum ls_err ls_match_new(const struct ls_match_options *o, struct ls_match **out, struct ls_diag *d)
{
    const struct ls_tape *tape = o->tape;
    struct ls_match *m = calloc(1, sizeof *m);
    struct ls_arena scratch;
    enum ls_err e = LS_OK;

    if (m == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    m->tape = tape;
    m->is_loose = o->is_loose;
    ls_arena_init(&scratch, SCRATCH_BYTES_MAX);
    e = alloc_sides(m) ? LS_OK : LS_ERR_NOMEM;
    for (size_t i = 0; e == LS_OK && i < tape->exchange_count; i++) {
        const struct ls_row *row = &tape->rows[tape->by_in[i]];
        if (row->peer != LS_PEER_NODE || (o->has_feeder && ls_row_is_payload(row))) {
            e = add_exchange(m, (uint32_t)i, &scratch);
        }
    }
    ls_arena_fini(&scratch);
    if (e != LS_OK) {
        ls_match_free(m);
        return ls_fail(d, e, "the recording cannot be prepared: %s", ls_err_text(e));
    }
    skip_asked(m); /* what does not take part */
    *out = m;
    return LS_OK;
}

void ls_match_free(struct ls_match *m)
{
    if (m == NULL) {
        return;
    }
    for (size_t p = 0; p < LS_PEER_COUNT; p++) {
        struct group *g, *next;
        HASH_ITER(hh, m->sides[p].groups, g, next)
        {
            HASH_DEL(m->sides[p].groups, g);
            free(g);
        }
        free(m->sides[p].items);
    }
    free(m->left);
    free(m);
}

/* --- keeping account --- */

static void settle(struct ls_match *m, struct side *s, uint32_t at, enum state state)
{
    struct item *i = &s->items[at];
    struct group *g = i->group;

    i->state = state;
    m->waiting_count--;
    m->left[i->by_in]--;
    if (state == USED) {
        g->used = at;
        s->sum.same++;
    } else {
        s->sum.missing++;
    }
    while (g->waiting != NONE && s->items[g->waiting].state != WAITING) {
        g->waiting = s->items[g->waiting].next;
    }
    while (s->at < s->count && s->items[s->at].state != WAITING) {
        s->at++;
    }
    skip_asked(m);
}

/* call NULL: nothing came. */
static void differ(struct side *s, const struct item *expected, const struct ls_match_call *call)
{
    struct ls_match_difference *f = &s->sum.first;

    if (f->is_there) {
        return;
    }
    f->is_there = true;
    if (expected != NULL) {
        f->has_expected = true;
        f->seq = expected->row->seq_in;
        item_text(expected, f->expected);
    }
    if (call != NULL) {
        ls_match_text(call->method, call->params, f->got);
    }
}

/* The first difference is that this item was given up: what came instead, if something did. */
static void name_jump(struct side *s, uint32_t at)
{
    struct ls_match_difference *f = &s->sum.first;

    if (s->jump_over == at && f->has_expected && f->seq == s->items[at].row->seq_in &&
        f->got[0] == '\0') {
        memcpy(f->got, s->jump_text, sizeof f->got);
    }
}

static struct ls_match_hit hit_at(const struct side *s, uint32_t at)
{
    return at == NONE ? (struct ls_match_hit){.row = NULL}
                      : (struct ls_match_hit){.row = s->items[at].row, .index = s->items[at].index};
}

/* --- strict --- */

/* The first waiting item of that group not far ahead, or NONE. */
static uint32_t find_ahead(const struct side *s, const struct group *g)
{
    uint32_t seen = 0;

    for (uint32_t at = s->at; g != NULL && at < s->count && seen < LS_MATCH_AHEAD; at++) {
        if (s->items[at].state != WAITING) {
            continue;
        }
        if (s->items[at].group == g) {
            return at;
        }
        seen++;
    }
    return NONE;
}

/* Remembers that a call came before one that it came after in the recording. That is no difference
 * yet: its answer waits. It is what came instead when the other never comes. */
static void note_jump(struct side *s, uint32_t at, const struct ls_match_call *call)
{
    const struct item *first = &s->items[s->at];

    if (at != s->at && s->jump_over != s->at && first->row->seq_out < s->items[at].row->seq_in) {
        s->jump_over = s->at;
        ls_match_text(call->method, call->params, s->jump_text);
    }
}

/* An answer for a call that was not to come: the last that was given to the same, or the next. */
static struct ls_match_hit stand_in(const struct side *s, const struct group *g)
{
    if (g == NULL) {
        return hit_at(s, NONE);
    }
    return hit_at(s, g->used != NONE ? g->used : g->first);
}

void ls_match_extra(struct ls_match *m, enum ls_peer peer, const struct ls_match_call *call)
{
    struct side *s = &m->sides[peer];

    differ(s, s->at < s->count ? &s->items[s->at] : NULL, call);
    s->sum.extra++;
}

static struct ls_match_hit take_strict(struct ls_match *m, enum ls_peer peer,
                                       const struct ls_match_call *call)
{
    struct side *s = &m->sides[peer];
    const struct group *g = find_group(s, &call->key);
    uint32_t at = find_ahead(s, g);

    if (at == NONE) {
        struct ls_match_hit hit = stand_in(s, g);
        hit.is_beyond = s->at == s->count;
        hit.is_extra = !hit.is_beyond;
        if (hit.is_extra) {
            ls_match_extra(m, peer, call);
        }
        return hit;
    }
    note_jump(s, at, call);
    settle(m, s, at, USED);
    return hit_at(s, at);
}

/* --- loose --- */

/* Whether this answer came after a write that has not been made yet. */
static bool is_ahead(struct side *s, uint32_t at)
{
    const struct ls_row *row = s->items[at].row;

    while (s->write_at < s->count && (s->items[s->write_at].state != WAITING ||
                                      !ls_row_is_write(s->items[s->write_at].row))) {
        s->write_at++;
    }
    return !ls_row_is_write(row) && s->write_at < s->count &&
           s->items[s->write_at].row->seq_in < row->seq_out;
}

static struct ls_match_hit take_loose(struct ls_match *m, struct side *s,
                                      const struct ls_match_call *call)
{
    const struct group *g = find_group(s, &call->key);
    uint32_t at;

    if (g == NULL) {
        differ(s, NULL, call);
        s->sum.extra++;
        return hit_at(s, NONE);
    }
    at = g->waiting;
    if (at == NONE || (g->used != NONE && is_ahead(s, at))) {
        s->sum.repeated++;
        return hit_at(s, g->used);
    }
    settle(m, s, at, USED);
    return hit_at(s, at);
}

struct ls_match_hit ls_match_take(struct ls_match *m, enum ls_peer peer,
                                  const struct ls_match_call *call)
{
    struct side *s = &m->sides[peer];

    if (ls_match_is_over(m)) {
        struct ls_match_hit hit = stand_in(s, find_group(s, &call->key));
        hit.is_extra = true;
        return hit;
    }
    return m->is_loose ? take_loose(m, s, call) : take_strict(m, peer, call);
}

/* --- order across peers --- */

bool ls_match_is_due(const struct ls_match *m, const struct ls_row *row)
{
    const struct ls_row *next = ls_match_next(m);

    return m->is_loose || next == NULL || next->asked_seq > row->seq_out;
}

const struct ls_row *ls_match_next(const struct ls_match *m)
{
    return m->next < m->tape->exchange_count ? &m->tape->rows[m->tape->by_in[m->next]] : NULL;
}

void ls_match_give_up(struct ls_match *m)
{
    const struct ls_row *row = ls_match_next(m);
    struct side *s;

    if (row == NULL) {
        return;
    }
    s = &m->sides[row->peer];
    for (uint32_t at = s->at; at < s->count && s->items[at].row->asked_seq <= row->asked_seq;
         at++) {
        if (s->items[at].row == row && s->items[at].state == WAITING) {
            differ(s, &s->items[at], NULL);
            name_jump(s, at);
            settle(m, s, at, MISSING);
        }
    }
}

bool ls_match_is_asked(const struct ls_match *m, size_t by_in)
{
    return m->left[by_in] == 0;
}

/* --- the end --- */

bool ls_match_is_over(const struct ls_match *m)
{
    return m->waiting_count == 0;
}

size_t ls_match_progress(const struct ls_match *m)
{
    size_t n = 0;

    for (size_t p = 0; p < LS_PEER_COUNT; p++) {
        n += m->sides[p].sum.same;
    }
    return n;
}

/* Loose: a call that was made is not missing because it was made less often. */
static bool is_missing(const struct ls_match *m, const struct item *i)
{
    return i->state == WAITING && (!m->is_loose || i->group->used == NONE);
}

void ls_match_finish(struct ls_match *m)
{
    for (size_t p = 0; p < LS_PEER_COUNT; p++) {
        struct side *s = &m->sides[p];
        for (uint32_t at = 0; at < s->count; at++) {
            if (is_missing(m, &s->items[at])) {
                differ(s, &s->items[at], NULL);
                settle(m, s, at, MISSING);
            }
        }
    }
}

const struct ls_match_sum *ls_match_sum(const struct ls_match *m, enum ls_peer peer)
{
    return &m->sides[peer].sum;
}
