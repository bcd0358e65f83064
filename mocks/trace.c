/* The life of trace records: tickets, order, stamps. The text of a line is trace_line.c. */
#include "mocks/trace.h"

#include <stdlib.h>
#include <string.h>

#include "lib/utf8.h"

/* Requests open at a time; a carrier has at most one a connection. Further ones go unrecorded only
 * after this many were left open. */
#define TICKETS_MAX 4096u
#define EVENTS_PER_TICKET_MAX 2000u /* op-geth's batch limit */

struct ticket {
    struct ls_trace_event stamp; /* seq_in, tick, ns_in, incarnation, ep, kind, conn */
    struct ls_trace_event *events;
    size_t count;
    size_t cap;
};

struct ls_trace {
    ls_trace_sink *sink;
    void *user;
    uint64_t seq;
    uint64_t tick;
    uint32_t incarnation;
    struct ticket *tickets; /* ascending seq_in */
    size_t ticket_count;
    size_t ticket_cap;
    struct ls_buf line;
};

struct ls_trace *ls_trace_new(ls_trace_sink *sink, void *user)
{
    struct ls_trace *t = calloc(1, sizeof *t);
    if (t != NULL) {
        t->sink = sink;
        t->user = user;
        ls_buf_init(&t->line, LS_TRACE_LINE_MAX);
    }
    return t;
}

void ls_trace_free(struct ls_trace *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i < t->ticket_count; i++) {
        free(t->tickets[i].events);
    }
    free(t->tickets);
    ls_buf_fini(&t->line);
    free(t);
}

void ls_trace_set_tick(struct ls_trace *t, uint64_t tick)
{
    t->tick = tick;
}

void ls_trace_set_incarnation(struct ls_trace *t, uint32_t incarnation)
{
    t->incarnation = incarnation;
}

static void emit(struct ls_trace *t, const struct ls_trace_event *e)
{
    ls_buf_clear(&t->line);
    ls_trace_write(e, &t->line);
    if (t->line.err == LS_OK) {
        t->sink(t->user, (const char *)t->line.p, t->line.n);
    }
}

void ls_trace_put(struct ls_trace *t, const struct ls_trace_event *e, uint64_t now_ns)
{
    if (t == NULL) {
        return;
    }
    struct ls_trace_event out = *e;
    out.seq_in = ++t->seq;
    out.seq_out = out.seq_in;
    out.tick = t->tick;
    out.incarnation = t->incarnation;
    out.ns_in = now_ns;
    out.ns_out = now_ns;
    emit(t, &out);
}

void ls_trace_say(struct ls_trace *t, enum ls_trace_kind kind, const char *method, const char *text,
                  uint64_t now_ns)
{
    struct ls_trace_event e = {.ep = LS_TRACE_HARNESS, .kind = kind};
    if (method != NULL) {
        ls_trace_copy(e.method, sizeof e.method, method, strlen(method));
    }
    if (text != NULL) {
        ls_trace_copy(e.text, sizeof e.text, text, strlen(text));
    }
    ls_trace_put(t, &e, now_ns);
}

/* --- calls --- */

static bool grow_tickets(struct ls_trace *t)
{
    if (t->ticket_count < t->ticket_cap) {
        return true;
    }
    size_t cap = t->ticket_cap == 0 ? 16 : t->ticket_cap * 2;
    if (cap > TICKETS_MAX) {
        return false;
    }
    struct ticket *bigger = realloc(t->tickets, cap * sizeof *bigger);
    if (bigger == NULL) {
        return false;
    }
    t->tickets = bigger;
    t->ticket_cap = cap;
    return true;
}

uint64_t ls_trace_open(struct ls_trace *t, enum ls_trace_ep ep, uint64_t conn, uint64_t now_ns)
{
    if (t == NULL || !grow_tickets(t)) {
        return 0;
    }
    struct ticket *k = &t->tickets[t->ticket_count++];
    *k = (struct ticket){.stamp = {.seq_in = ++t->seq,
                                   .tick = t->tick,
                                   .ns_in = now_ns,
                                   .incarnation = t->incarnation,
                                   .ep = ep,
                                   .kind = LS_TRACE_CALL,
                                   .conn = conn}};
    return k->stamp.seq_in;
}

static struct ticket *find_ticket(struct ls_trace *t, uint64_t ticket)
{
    if (t == NULL || ticket == 0) {
        return NULL;
    }
    for (size_t i = 0; i < t->ticket_count; i++) {
        if (t->tickets[i].stamp.seq_in == ticket) {
            return &t->tickets[i];
        }
    }
    return NULL;
}

struct ls_trace_event *ls_trace_call(struct ls_trace *t, uint64_t ticket)
{
    struct ticket *k = find_ticket(t, ticket);
    if (k == NULL || k->count == EVENTS_PER_TICKET_MAX) {
        return NULL;
    }
    if (k->count == k->cap) {
        size_t cap = k->cap == 0 ? 1 : k->cap * 2;
        struct ls_trace_event *bigger = realloc(k->events, cap * sizeof *bigger);
        if (bigger == NULL) {
            return NULL;
        }
        k->events = bigger;
        k->cap = cap;
    }
    struct ls_trace_event *e = &k->events[k->count++];
    *e = k->stamp;
    return e;
}

struct ls_trace_event *ls_trace_call_at(struct ls_trace *t, uint64_t ticket, size_t i)
{
    struct ticket *k = find_ticket(t, ticket);
    return k != NULL && i < k->count ? &k->events[i] : NULL;
}

void ls_trace_call_reset(struct ls_trace *t, uint64_t ticket)
{
    struct ticket *k = find_ticket(t, ticket);
    if (k != NULL) {
        k->count = 0;
    }
}

/* Takes out what would have been said. */
static void unsay(struct ls_trace_event *e)
{
    static const struct ls_trace_block none;
    e->answer = LS_TRACE_NO_ANSWER;
    e->http_status = 0;
    e->status[0] = '\0';
    e->text[0] = '\0';
    e->code = 0;
    e->latest_valid = none;
    e->result = none;
    e->has_heads = false;
    e->unsafe_l2 = none;
    e->local_safe_l2 = none;
    e->safe_l2 = none;
    e->finalized_l2 = none;
    e->current_l1 = none;
}

static void write_ticket(struct ls_trace *t, struct ticket *k, uint64_t seq_out, uint64_t now_ns,
                         bool is_answered)
{
    size_t lines = k->count == 0 ? 1 : k->count;
    for (size_t i = 0; i < lines; i++) {
        struct ls_trace_event e = k->count == 0 ? k->stamp : k->events[i];
        e.seq_out = seq_out;
        e.ns_out = now_ns;
        if (!is_answered) {
            unsay(&e);
        }
        emit(t, &e);
    }
    free(k->events);
}

void ls_trace_close(struct ls_trace *t, uint64_t ticket, uint64_t now_ns, bool is_answered)
{
    struct ticket *k = find_ticket(t, ticket);
    if (k == NULL) {
        return;
    }
    write_ticket(t, k, ++t->seq, now_ns, is_answered);
    size_t i = (size_t)(k - t->tickets);
    t->ticket_count--;
    memmove(k, k + 1, (t->ticket_count - i) * sizeof *k);
}

void ls_trace_finish(struct ls_trace *t, uint64_t now_ns)
{
    for (size_t i = 0; i < t->ticket_count; i++) {
        write_ticket(t, &t->tickets[i], 0, now_ns, false);
    }
    t->ticket_count = 0;
}

size_t ls_trace_open_count(const struct ls_trace *t)
{
    return t->ticket_count;
}

/* --- small helpers --- */

void ls_trace_copy(char *out, size_t cap, const char *s, size_t n)
{
    const uint8_t *p = (const uint8_t *)s;
    size_t used = 0;
    for (size_t i = 0; i < n;) {
        size_t len = ls_utf8_next(p + i, n - i);
        bool is_plain = len > 1 || (len == 1 && p[i] >= 0x20 && p[i] != 0x7f);
        size_t step = len == 0 ? 1 : len;
        size_t out_len = is_plain ? len : 1;
        if (used + out_len >= cap) {
            break;
        }
        if (is_plain) {
            memcpy(out + used, p + i, len);
        } else {
            out[used] = '?';
        }
        used += out_len;
        i += step;
    }
    out[used] = '\0';
}

struct ls_trace_block ls_trace_block_of(const struct ls_hash *hash)
{
    return (struct ls_trace_block){.hash = *hash, .has_hash = true};
}

struct ls_trace_block ls_trace_block_id(const struct ls_hash *hash, uint64_t number)
{
    return (struct ls_trace_block){
        .hash = *hash, .number = number, .has_hash = true, .has_number = true};
}
