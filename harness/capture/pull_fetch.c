/*
 * Fetcher. A slot carries a stretch of calls that follow one another. When its answer holds only
 * the first of them, the slot hands those out when it is their turn and asks for the rest; what is
 * behind it waits, so answers leave in order without being copied.
 */
#include "harness/capture/pull_fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/pull_batch.h"

#define REQUEST_BYTES_MAX (1u << 20)
#define PAUSE_WORTH_TELLING_MS 1000u

enum slot_state {
    SLOT_FREE,
    SLOT_IDLE, /* has calls, no request: waits for the pause to end */
    SLOT_BUSY, /* a request is in the air */
    SLOT_READY /* items[0 .. good-1] can be handed out */
};

struct slot {
    enum slot_state state;
    uint64_t first; /* call index */
    size_t count;
    size_t asked; /* of them are in the request in the air */
    size_t good;  /* of them are answered */
    struct ls_buf request;
    struct ls_pull_item *items;
};

struct fetch {
    struct ls_pull_link *link;
    struct ls_pull_endpoint *ep;
    const struct ls_pull_fetch_options *o;
    const struct ls_pull_plan *plan;
    struct slot slots[LS_PULL_SLOTS_MAX];
    uint64_t issued; /* calls given to slots */
    uint64_t done;   /* calls handed out */
    char why[LS_PULL_MESSAGE_BYTES + 64];
    struct ls_diag *d;
};

/* --- failures --- */

static enum ls_err fail_node(const struct fetch *f, enum ls_err e, const char *what)
{
    return ls_fail(f->d, e, "%s: %s", f->ep->name, what);
}

/* The node failed in a way that may pass. An error when patience is over; no pause is longer than
 * that. */
static enum ls_err try_later(struct fetch *f, enum ls_err e, uint64_t retry_after_ms)
{
    struct ls_pull_pace *pace = &f->ep->pace;
    uint64_t now = f->link->ops->now_ms(f->link);
    uint64_t end = ls_pull_pace_end_ms(pace, f->o->patience_ms, f->o->first_ms);

    if (pace->failures > 0 && now >= end) {
        ls_fail(f->d, e, "%s: %s, for %" PRIu64 " s: is the node up, and the URL right?",
                f->ep->name, f->why, (now - pace->failing_since_ms + 500) / 1000);
        return e;
    }
    if (now < pace->pause_until_ms) { /* requests that were in the air together fail as one */
        return LS_OK;
    }
    uint64_t pause = ls_pull_pace_bad(pace, now, retry_after_ms);
    end = ls_pull_pace_end_ms(pace, f->o->patience_ms, f->o->first_ms);
    if (pace->pause_until_ms > end) {
        pace->pause_until_ms = end;
        pause = end - now;
    }
    if (f->o->on_pause && pause >= PAUSE_WORTH_TELLING_MS) {
        f->o->on_pause(f->o->user, f->ep, pause, f->why);
    }
    return LS_OK;
}

static void say(struct fetch *f, const char *text)
{
    snprintf(f->why, sizeof f->why, "%s", text);
}

static enum ls_err ask_for_less(struct fetch *f, size_t asked, const char *why)
{
    say(f, why);
    return ls_pull_pace_smaller(&f->ep->pace, asked) ? LS_OK : try_later(f, LS_ERR_RPC, 0);
}

/* --- answers --- */

/* A call that got no answer; asked is how many were in its request. */
static enum ls_err take_missing(struct fetch *f, const struct ls_pull_item *item, size_t asked)
{
    switch (item->fate) {
    case LS_PULL_TOO_LARGE:
        return ask_for_less(f, asked, item->answer.message);
    case LS_PULL_BUSY:
        say(f, item->answer.message);
        return try_later(f, LS_ERR_RPC, 0);
    case LS_PULL_LOST:
        say(f, "it left calls of a batch without an answer");
        return try_later(f, LS_ERR_RPC, 0);
    case LS_PULL_ANSWERED:
    case LS_PULL_REFUSED:
        break;
    }
    return LS_OK;
}

static bool is_answered(const struct ls_pull_item *item)
{
    return item->fate == LS_PULL_ANSWERED || item->fate == LS_PULL_REFUSED;
}

static enum ls_err take_body(struct fetch *f, struct slot *s, const struct ls_pull_reply *r)
{
    struct ls_diag d = {""};
    size_t good = 0;
    enum ls_err e = ls_pull_batch_split(r->body, s->asked, s->items, &d);

    if (e == LS_ERR_LIMIT) {
        return ask_for_less(f, s->asked, d.text);
    }
    if (e) {
        say(f, d.text);
        return try_later(f, e, 0);
    }
    while (good < s->asked && is_answered(&s->items[good])) {
        good++;
    }
    s->good = good;
    if (good == s->asked) {
        ls_pull_pace_good(&f->ep->pace, good, r->body.n, r->took_ms);
        return LS_OK;
    }
    if (good > 0) { /* slow is not dead */
        f->ep->pace.failing_since_ms = f->link->ops->now_ms(f->link);
    }
    return take_missing(f, &s->items[good], s->asked);
}

#define HTTP_PASSES(status) \
    ((status) >= 500 || (status) == 408 || (status) == 425 || (status) == 429)

/* Anything but 200. Many servers say 4xx to an array they will not take, so a lone call has the
 * last word. */
static enum ls_err take_status(struct fetch *f, const struct slot *s, const struct ls_pull_reply *r)
{
    if (r->status == 401 || r->status == 403) {
        snprintf(f->why, sizeof f->why, "access was refused (HTTP %u): check the key in its URL",
                 r->status);
        return fail_node(f, LS_ERR_AUTH, f->why);
    }
    snprintf(f->why, sizeof f->why, "it answers with HTTP status %u", r->status);
    if (HTTP_PASSES(r->status)) {
        return try_later(f, LS_ERR_HTTP, r->retry_after_ms);
    }
    if (s->asked > 1) {
        ls_pull_pace_smaller(&f->ep->pace, s->asked);
        return LS_OK;
    }
    return fail_node(f, LS_ERR_HTTP, f->why);
}

static enum ls_err take_reply(struct fetch *f, struct slot *s, const struct ls_pull_reply *r)
{
    enum ls_err e;

    s->good = 0;
    f->ep->pace.has_answered |= !r->err;
    if (r->err == LS_ERR_LIMIT) {
        e = ask_for_less(f, s->asked, r->why);
    } else if (r->err) {
        if (r->err == LS_ERR_TIMEOUT) { /* less may take less long */
            ls_pull_pace_smaller(&f->ep->pace, s->asked);
        }
        say(f, r->why);
        e = try_later(f, r->err, 0);
    } else if (r->status != 200) {
        e = take_status(f, s, r);
    } else {
        e = take_body(f, s, r);
    }
    s->state = s->good > 0 ? SLOT_READY : SLOT_IDLE;
    return e;
}

/* --- handing out --- */

static enum ls_err hand_out(struct fetch *f, struct slot *s)
{
    enum ls_err e = LS_OK;

    for (size_t i = 0; !e && i < s->good; i++) {
        e = f->plan->take(f->plan->ctx, s->first + i, &s->items[i].answer, f->d);
        f->done++;
    }
    s->first += s->good;
    s->count -= s->good;
    s->good = 0;
    s->state = s->count > 0 ? SLOT_IDLE : SLOT_FREE;
    return e;
}

/* The slot whose calls are due. */
static struct slot *due_slot(struct fetch *f)
{
    for (unsigned i = 0; i < f->o->slots; i++) {
        if (f->slots[i].state == SLOT_READY && f->slots[i].first == f->done) {
            return &f->slots[i];
        }
    }
    return NULL;
}

/* --- asking --- */

static enum ls_err post(struct fetch *f, unsigned i)
{
    struct slot *s = &f->slots[i];

    s->asked = s->count < f->ep->pace.batch ? s->count : f->ep->pace.batch;
    ls_buf_clear(&s->request);
    ls_pull_batch_write(f->plan, s->first, s->asked, s->asked == 1, &s->request);
    if (s->request.err) {
        return ls_fail(f->d, s->request.err, "request: %s", ls_err_text(s->request.err));
    }
    s->state = SLOT_BUSY;
    return f->link->ops->send(f->link, i, f->ep->url, ls_buf_span(&s->request));
}

/* Gives work to free slots, and sends what waits, lowest first. Idle slots send in any order: each
 * is bounded, and the due one is among them. */
static enum ls_err ask(struct fetch *f)
{
    enum ls_err e = LS_OK;

    if (f->link->ops->now_ms(f->link) < f->ep->pace.pause_until_ms) {
        return LS_OK;
    }
    for (unsigned i = 0; !e && i < f->o->slots; i++) {
        struct slot *s = &f->slots[i];
        if (s->state == SLOT_FREE && f->issued < f->plan->count) {
            uint64_t left = f->plan->count - f->issued;
            s->first = f->issued;
            s->count = left < f->ep->pace.batch ? (size_t)left : f->ep->pace.batch;
            s->good = 0;
            f->issued += s->count;
            s->state = SLOT_IDLE;
        }
        if (s->state == SLOT_IDLE) {
            e = post(f, i);
        }
    }
    return e;
}

static enum ls_err step(struct fetch *f)
{
    struct slot *s = due_slot(f);
    struct ls_pull_reply reply;
    unsigned i;

    if (s) {
        return hand_out(f, s);
    }
    enum ls_err e = ask(f);
    uint64_t pause = f->ep->pace.pause_until_ms;
    uint64_t now = f->link->ops->now_ms(f->link);
    uint64_t until = pause > now ? pause : UINT64_MAX;
    if (!e && f->link->ops->wait(f->link, until, &i, &reply)) {
        e = take_reply(f, &f->slots[i], &reply);
    }
    if (!e && f->link->ops->is_stopped(f->link)) {
        e = fail_node(f, LS_ERR_TIMEOUT, "stopped");
    }
    return e;
}

enum ls_err ls_pull_fetch(struct ls_pull_link *link, struct ls_pull_endpoint *ep,
                          const struct ls_pull_fetch_options *o, const struct ls_pull_plan *plan,
                          struct ls_diag *d)
{
    struct fetch f = {.link = link, .ep = ep, .o = o, .plan = plan, .d = d};
    enum ls_err e = LS_OK;

    for (unsigned i = 0; !e && i < o->slots; i++) {
        ls_buf_init(&f.slots[i].request, REQUEST_BYTES_MAX);
        f.slots[i].items = calloc(LS_PULL_BATCH_MAX, sizeof *f.slots[i].items);
        e = f.slots[i].items ? LS_OK : ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    while (!e && f.done < plan->count) {
        e = step(&f);
    }
    for (unsigned i = 0; i < o->slots; i++) {
        if (f.slots[i].state == SLOT_BUSY) {
            link->ops->cancel(link, i);
        }
        ls_buf_fini(&f.slots[i].request);
        free(f.slots[i].items);
    }
    return e;
}
