/*
 * The step function: an event in, actions out. Dispatch only; the thinking is in follow.c,
 * decide.c, gate.c, writer.c and queue.c.
 */
#include "node/core/core.h"

#include <assert.h>
#include <stdalign.h>

#include "node/core/state.h"

size_t ls_core_size(void)
{
    return (sizeof(struct ls_core) + 15u) & ~(size_t)15u;
}

struct ls_core *ls_core_init(void *mem, const struct ls_core_config *cfg, uint64_t seed)
{
    assert(mem != NULL && (uintptr_t)mem % alignof(struct ls_core) == 0);
    assert(cfg->poll_ns > 0 && cfg->l1_poll_ns > 0 && cfg->engine_timeout_ns > 0 &&
           cfg->source_timeout_ns > 0 && cfg->queue_bytes_max > 0);
    struct ls_core *c = mem;
    memset(c, 0, sizeof *c);
    c->cfg = *cfg;
    c->seed = seed;
    c->next_id = 1;
    c->l1 = cfg->has_l1 ? LS_L1_UNKNOWN : LS_L1_OFF;
    c->next_poll_ns = LS_NEVER;
    c->next_l1_ns = LS_NEVER;
    c->probe_retry_ns = LS_NEVER;
    c->source_probe_ns = LS_NEVER;
    c->l1_probe_ns = LS_NEVER;
    c->label_wait = LS_LABEL_PASSES;
    ls_queue_init(&c->queue);
    return c;
}

static void timer(struct ls_core *c, struct ls_actions *out)
{
    ls_probe_timer(c, out);
    ls_l1_timer(c, out);
    ls_follow_timer(c, out);
}

/* Which part of the core asked. */
enum part { PART_NONE, PART_PROBE, PART_FOLLOW, PART_L1, PART_WRITER };

static enum part part_of(enum ls_purpose p)
{
    switch (p) {
    case LS_FOR_NOTHING:
    case LS_FOR_EL_METHODS:
        return PART_NONE;
    case LS_FOR_PASS:
        return PART_FOLLOW;
    case LS_FOR_EL_CHAIN:
    case LS_FOR_EL_GENESIS:
    case LS_FOR_EL_LATEST:
    case LS_FOR_EL_SAFE:
    case LS_FOR_EL_FINALIZED:
    case LS_FOR_SRC_CHAIN:
    case LS_FOR_SRC_GENESIS:
    case LS_FOR_L1_CHAIN:
        return PART_PROBE;
    case LS_FOR_L1_LATEST:
    case LS_FOR_L1_SAFE:
    case LS_FOR_L1_FINALIZED:
        return PART_L1;
    case LS_FOR_PAYLOAD:
    case LS_FOR_FORKCHOICE:
        return PART_WRITER;
    }
    return PART_NONE;
}

static void reply(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out)
{
    struct ls_alive q = ls_take(c, ev->id);
    switch (part_of(q.purpose)) {
    case PART_NONE: /* cancelled, answered before, or of no consequence */
        break;
    case PART_PROBE:
        ls_probe_reply(c, &q, ev, out);
        break;
    case PART_FOLLOW:
        ls_follow_reply(c, &q, ev, out);
        break;
    case PART_L1:
        ls_l1_reply(c, &q, ev, out);
        break;
    case PART_WRITER:
        ls_writer_reply(c, ev, out);
        break;
    }
}

static void fail(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out)
{
    struct ls_alive q = ls_take(c, ev->id);
    switch (part_of(q.purpose)) {
    case PART_NONE:
        break;
    case PART_PROBE:
        ls_probe_fail(c, &q, ev, out);
        break;
    case PART_FOLLOW:
        ls_follow_fail(c, &q, ev, out);
        break;
    case PART_L1:
        ls_l1_failed(c, ev, out);
        break;
    case PART_WRITER:
        ls_writer_fail(c, ev, out);
        break;
    }
}

static void dispatch(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out)
{
    switch (ev->kind) {
    case LS_EV_START:
        ls_probe_start(c, out);
        break;
    case LS_EV_TIMER:
        timer(c, out);
        break;
    case LS_EV_REPLY:
        reply(c, ev, out);
        break;
    case LS_EV_FAIL:
        fail(c, ev, out);
        break;
    case LS_EV_PAYLOAD:
        ls_queue_push(c, ev, out);
        break;
    case LS_EV_SOURCE:
        ls_probe_other_source(c, out);
        break;
    }
}

void ls_core_step(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out)
{
    out->count = 0;
    assert(ev->mono_ns >= c->now_ns);
    c->now_ns = ev->mono_ns;
    c->wall_s = ev->wall_s;
    if (c->life == LS_LIFE_HALTED) {
        if (ev->kind == LS_EV_PAYLOAD) {
            ls_act(out, LS_ACT_RELEASE)->handle = ev->handle;
        }
        return;
    }
    dispatch(c, ev, out);
    ls_writer_pump(c, out);
    if (!ls_is_asking(c, LS_FOR_PASS)) { /* the pass may have waited for a write that is done */
        ls_follow_continue(c, out);
    }
    ls_queue_flush(c, out, LS_RELEASES_MAX);
}

static uint64_t min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t writer_deadline(const struct ls_core *c)
{
    if (c->life != LS_LIFE_RUN || c->writer.in_flight != LS_WRITE_NONE) {
        return LS_NEVER;
    }
    if (!c->writer.want.is_set && c->pass.is_active && c->pass.wants_quiet) {
        return LS_NEVER; /* the pass goes on with an answer, not with time */
    }
    uint64_t t = c->writer.want.is_set ? c->now_ns : ls_queue_deadline(c);
    return t != LS_NEVER && t < c->writer.not_before_ns ? c->writer.not_before_ns : t;
}

uint64_t ls_core_deadline(const struct ls_core *c)
{
    if (c->life == LS_LIFE_NEW || c->life == LS_LIFE_HALTED) {
        return LS_NEVER;
    }
    if (c->queue.dropped > 0) {
        return c->now_ns; /* more to release */
    }
    uint64_t t = writer_deadline(c);
    if (c->life == LS_LIFE_PROBE) {
        t = min(t, c->probe_retry_ns);
    } else {
        t = min(t, c->next_poll_ns);
    }
    if (!c->source_known) {
        t = min(t, c->source_probe_ns);
    }
    if (c->cfg.has_l1) {
        t = min(t, c->l1_known ? c->next_l1_ns : c->l1_probe_ns);
    }
    return t;
}

void ls_core_status(const struct ls_core *c, struct ls_core_status *out)
{
    *out = (struct ls_core_status){
        .published = c->published,
        .source = c->source,
        .engine = c->engine,
        .l1 = c->l1,
        .queue_count = c->queue.count,
        .queue_bytes = c->queue.bytes,
        .last_follow_wall_s = c->last_follow_wall_s,
    };
    if (c->writer.pending.is_set) {
        out->target = c->writer.pending.heads.unsafe;
    }
    memcpy(out->passes, c->passes, sizeof out->passes);
}

static void check_order(const struct ls_l2_ref *low, const struct ls_l2_ref *high)
{
    if (ls_known(low) && ls_known(high)) {
        assert(low->number <= high->number);
        assert(low->number != high->number || ls_hash_eq(&low->hash, &high->hash));
    }
}

static void check_queue(const struct ls_core *c)
{
    const struct ls_queue *q = &c->queue;
    uint32_t waiting = 0, dropped = 0;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < LS_QUEUE_MAX; i++) {
        const struct ls_queued *e = &q->items[i];
        assert(!e->is_used || i < q->used_below);
        waiting += e->is_used && !e->is_dropped ? 1 : 0;
        dropped += e->is_dropped ? 1 : 0;
        bytes += e->is_used && !e->is_dropped ? e->bytes : 0;
    }
    assert(waiting == q->count && dropped == q->dropped && bytes == q->bytes);
}

void ls_core_check(const struct ls_core *c)
{
    const struct ls_sync_status *p = &c->published;
    check_order(&p->finalized_l2, &p->safe_l2); /* I-13 */
    check_order(&p->safe_l2, &p->local_safe_l2);
    check_order(&p->safe_l2, &p->unsafe_l2);
    check_order(&c->heads.finalized, &c->heads.safe);
    check_queue(c);
    uint32_t writes = 0, facts = 0;
    for (size_t i = 0; i < LS_REQUESTS_MAX; i++) {
        const struct ls_alive *a = &c->alive[i];
        writes += a->id != 0 && (a->purpose == LS_FOR_PAYLOAD || a->purpose == LS_FOR_FORKCHOICE);
        facts += a->id != 0 && a->purpose == LS_FOR_PASS;
    }
    assert(writes == (c->writer.in_flight != LS_WRITE_NONE ? 1u : 0u)); /* I-15 */
    assert(facts <= 1);                                                 /* */
    assert(!c->pass.is_active || facts == 1 || c->writer.want.is_set ||
           c->writer.in_flight != LS_WRITE_NONE || ls_is_asking(c, LS_FOR_L1_CHAIN));
    assert(c->life != LS_LIFE_RUN || ls_known(&c->heads.unsafe)); /* */
}
