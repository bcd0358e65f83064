/*
 * The engine writer: newPayload and forkchoiceUpdated, one at a time, in order (I-15).
 *
 * Order of work: a forkchoice a follow pass wants, then the payload that extends the head, then a
 * gap attempt. What an answer means is spec section 2.8 as amended by.
 */
#include <assert.h>

#include "node/core/state.h"

static void send_forkchoice(struct ls_core *c, struct ls_actions *out, enum ls_write_kind kind,
                            const struct ls_heads *h, bool no_labels)
{
    struct ls_forkchoice f = {.head = h->unsafe.hash};
    if (!no_labels) {
        f.safe = h->safe.hash;
        f.finalized = h->finalized.hash;
    }
    assert(!ls_hash_is_zero(&f.head) && h->unsafe.number != c->cfg.genesis.number); /* */
    assert(no_labels || h->safe.number <= h->unsafe.number);                        /* I-02 */
    c->writer.in_flight = kind;
    c->writer.last_sent = f;
    ls_send(c, out, (struct ls_alive){.purpose = LS_FOR_FORKCHOICE, .target = LS_TO_ENGINE},
            LS_M_FORKCHOICE, (struct ls_request_params){.fork = f});
}

/* A want may have aged while a payload was in flight: its head is taken fresh, and it is dropped
 * when it does not fit any more. The next pass decides anew. */
static bool send_want(struct ls_core *c, struct ls_actions *out)
{
    struct ls_want w = c->writer.want;
    c->writer.want = (struct ls_want){0};
    if (w.head_is_current) {
        w.heads.unsafe = c->heads.unsafe;
    }
    if (w.heads.unsafe.number == c->cfg.genesis.number ||
        w.heads.safe.number > w.heads.unsafe.number ||
        ls_queue_is_bad(&c->queue, &w.heads.unsafe.hash)) {
        return false;
    }
    c->writer.sent = w;
    send_forkchoice(c, out, LS_WRITE_FOLLOW, &w.heads, w.no_labels);
    return true;
}

static void send_payload(struct ls_core *c, struct ls_actions *out, uint32_t slot)
{
    c->writer.in_flight = LS_WRITE_PAYLOAD;
    c->writer.entry = slot;
    ls_send(c, out, (struct ls_alive){.purpose = LS_FOR_PAYLOAD, .target = LS_TO_ENGINE},
            LS_M_NEW_PAYLOAD, (struct ls_request_params){.handle = c->queue.items[slot].handle});
}

void ls_writer_pump(struct ls_core *c, struct ls_actions *out)
{
    struct ls_writer *w = &c->writer;
    if (c->life != LS_LIFE_RUN || w->in_flight != LS_WRITE_NONE || c->now_ns < w->not_before_ns) {
        return;
    }
    if (w->want.is_set && send_want(c, out)) {
        return;
    }
    if (c->pass.is_active && c->pass.wants_quiet) {
        return;
    }
    uint32_t slot = ls_queue_next(c);
    if (slot == LS_QUEUE_MAX) {
        slot = ls_queue_gap(c);
        if (slot != LS_QUEUE_MAX) {
            struct ls_block_id id = ls_id(&c->queue.items[slot].ref), u = ls_id(&c->heads.unsafe);
            ls_episode(c, out, LS_SLOT_GAP, LS_NOTE_GAP, &u, &id, 0);
        }
    }
    if (slot != LS_QUEUE_MAX) {
        send_payload(c, out, slot);
    }
}

static void head_moved(struct ls_core *c, struct ls_actions *out)
{
    struct ls_writer *w = &c->writer;
    if (w->pending.is_set && w->pending.heads.unsafe.number <= c->heads.unsafe.number) {
        w->pending = (struct ls_want){0};
    }
    if (c->queue.count == 0 || ls_queue_next(c) != LS_QUEUE_MAX) {
        c->episodes[LS_SLOT_GAP] = 0;
    }
    ls_queue_trim(c, out);
    ls_queue_arm(c);
    ls_publish(c, out);
}

/* --- answers to a forkchoice of a follow pass --- */

/* The engine took a newer decision, so an older target of the source is obsolete. A target above
 * the source's (a payload, a head the engine lost) stays while our head stays; after a jump nobody
 * knows whether it, or a payload above a gap, descends from the new safe (I-03): such a payload
 * still goes in when it fits the head, but no gap attempt names it. */
static void settle_targets(struct ls_core *c, bool has_jumped)
{
    struct ls_writer *w = &c->writer;
    if (has_jumped || (!w->pending.is_payload && !w->pending.is_lost)) {
        w->pending = (struct ls_want){0};
    }
    if (has_jumped) {
        w->awaited = (struct ls_want){0};
        ls_queue_mark_strays(c);
    }
}

static void follow_valid(struct ls_core *c, struct ls_actions *out)
{
    struct ls_writer *w = &c->writer;
    struct ls_block_id s = ls_id(&w->sent.heads.safe);
    bool has_jumped = !ls_same(&w->sent.heads.unsafe, &c->heads.unsafe) || c->is_off_branch;
    bool is_first = !ls_known(&c->heads.safe);
    struct ls_hash was_safe = c->heads.safe.hash;
    w->last_valid = w->last_sent;
    w->refusals = 0;
    c->is_off_branch = false;
    if (!w->sent.head_is_current) {
        c->matched = w->sent.heads.local_safe.hash;
    }
    c->heads.unsafe = w->sent.heads.unsafe;
    if (!w->sent.no_labels) {
        c->heads = w->sent.heads;
        w->labels_accepted = true;
    }
    if (!ls_hash_eq(&was_safe, &c->heads.safe.hash)) {
        ls_queue_mark_dated(c);
    }
    settle_targets(c, has_jumped);
    ls_move_engine(c, w->pending.is_set ? LS_ENGINE_SYNCING : LS_ENGINE_VALID);
    ls_engine_agrees(c, out);
    if (is_first) {
        ls_note(out, LS_NOTE_FOLLOWED, &s, NULL, 0);
    }
    head_moved(c, out);
}

static void keep_target(struct ls_core *c, struct ls_actions *out, const struct ls_want *target)
{
    struct ls_writer *w = &c->writer;
    struct ls_block_id id = ls_id(&target->heads.unsafe);
    if (!w->pending.is_set ||
        !ls_hash_eq(&w->pending.heads.unsafe.hash, &target->heads.unsafe.hash)) {
        w->stalled = 0;
        w->stalled_at = ls_id(&c->heads.unsafe);
    }
    bool was_lost = w->pending.is_set && w->pending.is_lost &&
                    ls_hash_eq(&w->pending.heads.unsafe.hash, &target->heads.unsafe.hash);
    w->pending = *target;
    w->pending.is_set = true;
    w->pending.is_lost = was_lost;
    w->pending.head_is_current = false;
    ls_move_engine(c, LS_ENGINE_SYNCING);
    ls_episode(c, out, LS_SLOT_ENGINE, LS_NOTE_ENGINE_SYNCING, &id, NULL, 0);
}

static void head_is_invalid(struct ls_core *c, struct ls_actions *out, const struct ls_l2_ref *head)
{
    struct ls_block_id id = ls_id(head);
    ls_queue_bad(c, out, &head->hash);
    ls_move_engine(c, LS_ENGINE_REFUSING);
    ls_episode(c, out, LS_SLOT_ENGINE, LS_NOTE_HEAD_INVALID, &id, NULL, 0);
    if (c->writer.pending.is_set && ls_hash_eq(&c->writer.pending.heads.unsafe.hash, &head->hash)) {
        c->writer.pending = (struct ls_want){0};
    }
}

static void follow_answered(struct ls_core *c, const struct ls_payload_verdict *v,
                            struct ls_actions *out)
{
    switch (v->status) {
    case LS_STATUS_VALID:
        follow_valid(c, out);
        break;
    case LS_STATUS_SYNCING:
    case LS_STATUS_ACCEPTED:
        c->writer.refusals = 0;
        keep_target(c, out, &c->writer.sent);
        break;
    case LS_STATUS_INVALID:
    case LS_STATUS_INVALID_BLOCK_HASH:
        head_is_invalid(c, out, &c->writer.sent.heads.unsafe);
        break;
    }
    if (c->pass.is_active && c->pass.has_confirmed && v->status != LS_STATUS_VALID) {
        ls_pass_end(c, LS_PASS_EL); /* its head is not the one we believe: next poll */
    }
    ls_follow_continue(c, out);
}

/* --- answers on the way of a payload --- */

static struct ls_heads heads_with(const struct ls_core *c, const struct ls_l2_ref *head)
{
    struct ls_heads h = c->heads;
    h.unsafe = *head;
    return h;
}

static void payload_put_off(struct ls_core *c, struct ls_actions *out, uint64_t polls)
{
    struct ls_queued *e = &c->queue.items[c->writer.entry];
    e->not_before_ns = c->now_ns + polls * c->cfg.poll_ns;
    if (++e->tries >= LS_PAYLOAD_TRIES && e->ref.number == c->heads.unsafe.number + 1) {
        struct ls_block_id id = ls_id(&e->ref);
        ls_note(out, LS_NOTE_PAYLOAD_DROPPED, &id, NULL, 0);
        ls_queue_drop(c, out, c->writer.entry);
    }
}

static void payload_invalid(struct ls_core *c, struct ls_actions *out)
{
    struct ls_hash hash = c->queue.items[c->writer.entry].ref.hash;
    struct ls_block_id id = ls_id(&c->queue.items[c->writer.entry].ref);
    ls_note(out, LS_NOTE_PAYLOAD_INVALID, &id, NULL, 0);
    ls_queue_bad(c, out, &hash); /* dropped, remembered, its children too */
}

/* Without a forkchoice to it: the block waits in the engine until the source's is reached. */
static void payload_delivered(struct ls_core *c, struct ls_actions *out, bool is_valid)
{
    if (is_valid) {
        c->writer.delivered = c->queue.items[c->writer.entry].ref;
    } else {
        payload_put_off(c, out, 1);
    }
}

/* newPayload: VALID goes on; SYNCING and ACCEPTED too, since only a forkchoice starts a sync. */
static void payload_answered(struct ls_core *c, const struct ls_payload_verdict *v,
                             struct ls_actions *out)
{
    struct ls_heads h = heads_with(c, &c->queue.items[c->writer.entry].ref);
    if (ls_queue_only_delivers(c) && v->status != LS_STATUS_INVALID &&
        v->status != LS_STATUS_INVALID_BLOCK_HASH) {
        payload_delivered(c, out, v->status == LS_STATUS_VALID);
        return;
    }
    switch (v->status) {
    case LS_STATUS_VALID:
    case LS_STATUS_SYNCING:
    case LS_STATUS_ACCEPTED:
        if (h.safe.number <= h.unsafe.number) {
            send_forkchoice(c, out, LS_WRITE_HEAD, &h, false);
        }
        break;
    case LS_STATUS_INVALID:
    case LS_STATUS_INVALID_BLOCK_HASH:
        payload_invalid(c, out);
        break;
    }
}

/* The payloads reached the block whose labels a pass decided while they were on their way: now, not
 * a poll later, when a moving source would be one block ahead again. */
static void label_awaited(struct ls_core *c)
{
    struct ls_writer *w = &c->writer;
    if (w->awaited.is_set && ls_same(&c->heads.unsafe, &w->awaited.heads.unsafe)) {
        c->matched = c->heads.unsafe.hash;
        w->want = w->awaited;
        w->want.head_is_current = true;
        w->awaited = (struct ls_want){0};
    }
}

static void head_answered(struct ls_core *c, const struct ls_payload_verdict *v,
                          struct ls_actions *out)
{
    struct ls_want target = {.is_payload = true,
                             .heads = heads_with(c, &c->queue.items[c->writer.entry].ref)};
    switch (v->status) {
    case LS_STATUS_VALID:
        c->writer.last_valid = c->writer.last_sent;
        c->heads.unsafe = target.heads.unsafe;
        ls_queue_drop(c, out, c->writer.entry);
        label_awaited(c);
        ls_move_engine(c, LS_ENGINE_VALID);
        ls_engine_agrees(c, out);
        head_moved(c, out);
        break;
    case LS_STATUS_SYNCING:
    case LS_STATUS_ACCEPTED:
        keep_target(c, out, &target);
        payload_put_off(c, out, 1);
        break;
    case LS_STATUS_INVALID:
    case LS_STATUS_INVALID_BLOCK_HASH:
        payload_invalid(c, out);
        head_is_invalid(c, out, &target.heads.unsafe);
        break;
    }
}

void ls_writer_reply(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out)
{
    enum ls_write_kind kind = c->writer.in_flight;
    c->writer.in_flight = LS_WRITE_NONE;
    c->writer.epoch++;
    c->writer.not_before_ns = 0;
    ls_engine_answered(c, out);
    switch (kind) {
    case LS_WRITE_NONE:
        break; /* ls_core_check: a write alive means one in flight */
    case LS_WRITE_PAYLOAD:
        payload_answered(c, &ev->verdict, out);
        break;
    case LS_WRITE_HEAD:
        head_answered(c, &ev->verdict, out);
        break;
    case LS_WRITE_FOLLOW:
        follow_answered(c, &ev->verdict, out);
        break;
    }
    ls_writer_pump(c, out);
}

void ls_writer_fail(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out)
{
    enum ls_write_kind kind = c->writer.in_flight;
    c->writer.in_flight = LS_WRITE_NONE;
    c->writer.epoch++; /* it may have been applied: what was read before is stale */
    ls_engine_failed(c, ev, out);
    if (kind == LS_WRITE_FOLLOW) {
        if (ev->fail == LS_FAIL_RPC && ev->code == LS_RPC_INVALID_FORKCHOICE) {
            c->writer.refusals++;
        }
        if (c->pass.is_active) { /* at most one attempt a poll */
            ls_pass_end(c, LS_PASS_EL);
        }
    } else {
        bool is_answer = ev->fail == LS_FAIL_RPC;
        if (!is_answer) { /* not the payload's fault: no try counted */
            c->queue.items[c->writer.entry].not_before_ns = c->now_ns + c->cfg.poll_ns;
        } else {
            payload_put_off(c, out, 2);
        }
    }
    ls_writer_pump(c, out);
}

/* --- the engine's state --- */

static bool is_operator_error(int64_t code)
{
    return code == LS_RPC_UNSUPPORTED_FORK || code == LS_RPC_TOO_DEEP_REORG ||
           code == LS_RPC_METHOD_NOT_FOUND || code == LS_RPC_INVALID_PARAMS; /* */
}

void ls_engine_failed(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out)
{
    enum ls_engine_state to = LS_ENGINE_DOWN;
    enum ls_note note = LS_NOTE_ENGINE_DOWN;
    if (ev->fail == LS_FAIL_AUTH) {
        to = LS_ENGINE_MISCONFIGURED;
        note = LS_NOTE_ENGINE_AUTH;
    } else if (ev->fail == LS_FAIL_RPC && ev->code == LS_RPC_INVALID_FORKCHOICE) {
        to = LS_ENGINE_REFUSING;
        note = LS_NOTE_ENGINE_REFUSES;
    } else if (ev->fail == LS_FAIL_RPC && is_operator_error(ev->code)) {
        to = LS_ENGINE_MISCONFIGURED;
        note = LS_NOTE_ENGINE_OPERATOR;
        c->writer.not_before_ns = c->now_ns + 2 * c->cfg.poll_ns;
    } else if (ev->fail == LS_FAIL_RPC || ev->fail == LS_FAIL_PROTOCOL) {
        note = LS_NOTE_ENGINE_ERROR;
    }
    ls_move_engine(c, to);
    ls_episode(c, out, LS_SLOT_ENGINE, note, NULL, NULL, ev->code);
}

void ls_engine_answered(struct ls_core *c, struct ls_actions *out)
{
    if (ls_in_episode(c, LS_SLOT_ENGINE, LS_NOTE_ENGINE_DOWN) ||
        ls_in_episode(c, LS_SLOT_ENGINE, LS_NOTE_ENGINE_AUTH) ||
        ls_in_episode(c, LS_SLOT_ENGINE, LS_NOTE_ENGINE_NO_GENESIS)) {
        ls_episode_over(c, out, LS_SLOT_ENGINE, LS_NOTE_ENGINE_BACK);
        c->queue.bad_count = 0; /* it may be another process now: judge again (I-12) */
        c->queue.bad_next = 0;
    }
    if (c->engine == LS_ENGINE_DOWN) {
        ls_move_engine(c, c->life == LS_LIFE_PROBE ? LS_ENGINE_PROBING : LS_ENGINE_VALID);
    }
}

void ls_engine_agrees(struct ls_core *c, struct ls_actions *out)
{
    bool was_syncing = ls_in_episode(c, LS_SLOT_ENGINE, LS_NOTE_ENGINE_SYNCING);
    ls_episode_over(c, out, LS_SLOT_ENGINE,
                    was_syncing ? LS_NOTE_ENGINE_SYNCED : LS_NOTE_ENGINE_AGREES);
    if (c->engine != LS_ENGINE_SYNCING || !c->writer.pending.is_set) {
        ls_move_engine(c, LS_ENGINE_VALID);
    }
}
