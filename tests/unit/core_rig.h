/*
 * A tiny world around the core, for unit tests: blocks are (branch, number), an engine and a source
 * that answer at once in virtual time, and a record of what was written to the engine. Not the mock
 * engine: just enough rules to see decisions.
 */
#ifndef LS_TESTS_CORE_RIG_H
#define LS_TESTS_CORE_RIG_H

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/core/core.h"

#define RIG_TOP 600u
#define RIG_POLL 1000u /* ns: one tick */
#define RIG_WRITES 4096u

/* Branch 0 is the main chain; branch b > 0 forks off it after block rig.fork[b]. */
#define RIG_BRANCHES 4u
struct rig_block {
    unsigned branch;
    uint64_t number;
};

struct rig_write {
    bool is_forkchoice;
    struct rig_block head, safe, finalized; /* number 0 and branch 99 = zero hash */
    bool has_safe, has_finalized;
    int answer; /* enum ls_payload_status, or a negative JSON-RPC code, or 1000 = transport */
    uint64_t tick;
};

struct rig {
    void *mem;
    struct ls_core *core;
    uint64_t now;
    struct ls_actions out;
    uint64_t fork[RIG_BRANCHES];
    /* engine */
    bool has[RIG_BRANCHES][RIG_TOP];
    struct rig_block head, safe, finalized;
    bool has_safe, has_finalized;
    struct rig_block target; /* backfill */
    bool has_target;
    unsigned backfill;   /* blocks a tick, 0 = no peers */
    unsigned move_after; /* engine block reads until it completes its sync by itself, 0 = never */
    bool engine_down;
    bool engine_stuck;        /* SYNCING to everything */
    unsigned refuse;          /* next forkchoices answer -38002 after moving the head */
    struct rig_block invalid; /* and what is built on it */
    bool has_invalid;
    /* source */
    struct rig_block e, s, f;
    bool source_down, source_null, source_zero;
    bool source_foreign;   /* of another chain */
    bool source_mute;      /* takes requests and never answers */
    unsigned muted;        /* requests that was done to */
    unsigned cancelled;    /* requests of any kind */
    struct rig_block tear; /* E and S, and the branch, from when F was read next; number 0 = not */
    unsigned source_reads;
    uint64_t current_l1; /* 0 = zero ref */
    /* L1 */
    uint64_t l1_reorg_from; /* origins at or above have other hashes, 0 = none */
    uint64_t l1_head;
    bool l1_down;
    bool answers_output;
    uint64_t source_tip; /* it has nothing above, 0 = no matter what is asked for */
    unsigned source_ats; /* blocks above its finalized it was asked for by number */
    /* record */
    struct rig_write writes[RIG_WRITES];
    size_t write_count;
    unsigned notes[LS_NOTE_COUNT];
    unsigned released;
    unsigned methods_asked; /* engine_exchangeCapabilities, which this engine does not know */
    bool halted;
    bool hold_writes; /* keep engine writes unanswered */
    struct ls_action held;
    bool has_held;
};

static inline struct rig_block rig_at(const struct rig *r, unsigned branch, uint64_t n)
{
    return (struct rig_block){n <= r->fork[branch] ? 0 : branch, n};
}

static inline struct ls_hash rig_hash(struct rig_block b)
{
    struct ls_hash h = {{0}};
    h.b[0] = 0xb0;
    h.b[1] = (uint8_t)b.branch;
    h.b[30] = (uint8_t)(b.number >> 8);
    h.b[31] = (uint8_t)b.number;
    return h;
}

static inline struct rig_block rig_find(const struct ls_hash *h)
{
    return (struct rig_block){h->b[1], (uint64_t)h->b[30] << 8 | h->b[31]};
}

static inline struct ls_hash rig_l1_hash(const struct rig *r, uint64_t n, bool canonical)
{
    struct ls_hash h = {{0}};
    h.b[0] = 0x11;
    h.b[1] = canonical && r->l1_reorg_from != 0 && n >= r->l1_reorg_from ? 1 : 0;
    h.b[31] = (uint8_t)n;
    h.b[30] = (uint8_t)(n >> 8);
    return h;
}

/* Branch 3 carries origins of the reorged L1. */
static inline struct ls_l2_ref rig_ref(const struct rig *r, struct rig_block b)
{
    struct ls_l2_ref ref = {.hash = rig_hash(b), .number = b.number, .timestamp = b.number * 2};
    if (b.number > 0) {
        ref.parent = rig_hash(rig_at(r, b.branch, b.number - 1));
    }
    ref.l1_origin.number = 10 + b.number / 6;
    ref.l1_origin.hash = rig_l1_hash(r, ref.l1_origin.number, b.branch == 3);
    ref.sequence_number = b.number % 6;
    return ref;
}

static inline bool rig_is(struct rig_block a, struct rig_block b)
{
    return a.branch == b.branch && a.number == b.number;
}

static inline bool rig_on(const struct rig *r, struct rig_block a, struct rig_block tip)
{
    return a.number <= tip.number && rig_is(a, rig_at(r, tip.branch, a.number));
}

static inline bool rig_has(const struct rig *r, struct rig_block b)
{
    return r->has[b.branch][b.number];
}

static inline bool rig_bad(const struct rig *r, struct rig_block b)
{
    return r->has_invalid && rig_on(r, r->invalid, b);
}

/* The engine's chain up to tip. */
static inline void rig_give(struct rig *r, unsigned branch, uint64_t tip)
{
    for (uint64_t n = 0; n <= tip; n++) {
        struct rig_block b = rig_at(r, branch, n);
        r->has[b.branch][n] = true;
    }
}

static void rig_event(struct rig *r, struct ls_event ev);

static inline int rig_forkchoice(struct rig *r, const struct ls_forkchoice *f)
{
    struct rig_block h = rig_find(&f->head);
    if (rig_bad(r, h)) {
        return LS_STATUS_INVALID;
    }
    if (r->engine_stuck || !rig_has(r, h)) {
        r->target = h;
        r->has_target = true;
        return LS_STATUS_SYNCING;
    }
    if (!rig_on(r, h, r->head)) { /* a canonical ancestor does not rewind */
        r->head = h;
    }
    if (r->refuse > 0) {
        r->refuse--;
        return LS_RPC_INVALID_FORKCHOICE;
    }
    if (!ls_hash_is_zero(&f->finalized)) {
        if (!rig_on(r, rig_find(&f->finalized), r->head)) {
            return LS_RPC_INVALID_FORKCHOICE;
        }
        r->finalized = rig_find(&f->finalized);
        r->has_finalized = true;
    }
    if (!ls_hash_is_zero(&f->safe)) {
        if (!rig_on(r, rig_find(&f->safe), r->head)) {
            return LS_RPC_INVALID_FORKCHOICE;
        }
        r->safe = rig_find(&f->safe);
        r->has_safe = true;
    }
    return LS_STATUS_VALID;
}

static inline int rig_payload(struct rig *r, struct rig_block b)
{
    if (rig_bad(r, b)) {
        return LS_STATUS_INVALID;
    }
    if (r->engine_stuck || !rig_has(r, rig_at(r, b.branch, b.number - 1))) {
        return LS_STATUS_SYNCING;
    }
    r->has[b.branch][b.number] = true;
    return LS_STATUS_VALID;
}

static inline void rig_record(struct rig *r, const struct ls_action *a, int answer)
{
    assert_true(r->write_count < RIG_WRITES);
    struct rig_write *w = &r->writes[r->write_count++];
    *w = (struct rig_write){.answer = answer, .tick = r->now / RIG_POLL};
    if (a->method == LS_M_FORKCHOICE) {
        const struct ls_forkchoice *f = &a->params.fork;
        w->is_forkchoice = true;
        w->head = rig_find(&f->head);
        w->has_safe = !ls_hash_is_zero(&f->safe);
        w->has_finalized = !ls_hash_is_zero(&f->finalized);
        w->safe = rig_find(&f->safe);
        w->finalized = rig_find(&f->finalized);
    } else {
        w->head = (struct rig_block){a->params.handle >> 16, a->params.handle & 0xffffu};
    }
}

static inline void rig_write_call(struct rig *r, const struct ls_action *a)
{
    struct ls_event ev = {.kind = LS_EV_REPLY, .id = a->id};
    int answer;
    if (r->engine_down) {
        answer = 1000;
    } else if (a->method == LS_M_FORKCHOICE) {
        answer = rig_forkchoice(r, &a->params.fork);
    } else {
        answer =
            rig_payload(r, (struct rig_block){a->params.handle >> 16, a->params.handle & 0xffffu});
    }
    rig_record(r, a, answer);
    if (answer == 1000) {
        ev.kind = LS_EV_FAIL;
        ev.fail = LS_FAIL_CONNECT;
    } else if (answer < 0) {
        ev.kind = LS_EV_FAIL;
        ev.fail = LS_FAIL_RPC;
        ev.code = answer;
    } else {
        ev.verdict.status = (enum ls_payload_status)answer;
    }
    rig_event(r, ev);
}

static inline struct ls_block_reply rig_engine_block(struct rig *r, const struct ls_action *a)
{
    if (r->move_after > 0 && --r->move_after == 0 && r->has_target) {
        rig_give(r, r->target.branch, r->target.number);
        r->head = r->target;
        r->has_target = false;
    }
    struct ls_block_reply b = {.found = true};
    struct rig_block at = rig_at(r, r->head.branch, a->params.number);
    if (a->params.tag == LS_TAG_LATEST) {
        at = r->head;
    } else if (a->params.tag == LS_TAG_SAFE) {
        at = r->safe;
        b.found = r->has_safe && rig_on(r, at, r->head);
    } else if (a->params.tag == LS_TAG_FINALIZED) {
        at = r->finalized;
        b.found = r->has_finalized && rig_on(r, at, r->head);
    } else {
        b.found = a->params.number <= r->head.number;
    }
    b.ref = rig_ref(r, at);
    return b;
}

static inline void rig_engine_read(struct rig *r, const struct ls_action *a)
{
    struct ls_event ev = {.kind = LS_EV_REPLY, .id = a->id, .chain_id = 901};
    if (r->engine_down) {
        ev.kind = LS_EV_FAIL;
        ev.fail = LS_FAIL_CONNECT;
    } else if (a->method == LS_M_BLOCK) {
        ev.block = rig_engine_block(r, a);
    } else if (a->method == LS_M_CAPABILITIES) {
        r->methods_asked++;
        ev.kind = LS_EV_FAIL;
        ev.fail = LS_FAIL_RPC;
        ev.code = LS_RPC_METHOD_NOT_FOUND;
    }
    rig_event(r, ev);
}

static inline void rig_source_read(struct rig *r, const struct ls_action *a)
{
    struct ls_event ev = {.kind = LS_EV_REPLY, .id = a->id, .chain_id = 901};
    ev.chain_id += r->source_foreign;
    ev.identity.l2_chain_id = ev.chain_id;
    ev.identity.genesis.hash = rig_hash((struct rig_block){0, 0});
    r->source_reads++;
    if (r->source_down) {
        ev.kind = LS_EV_FAIL;
        ev.fail = LS_FAIL_CONNECT;
    } else if (a->method == LS_M_OUTPUT && !r->answers_output) {
        ev.kind = LS_EV_FAIL;
        ev.fail = LS_FAIL_RPC;
        ev.code = LS_RPC_METHOD_NOT_FOUND;
    } else if (a->method == LS_M_STATUS) {
        ev.status.local_safe_l2 = rig_ref(r, r->e);
        ev.status.safe_l2 = rig_ref(r, r->s);
        ev.status.finalized_l2 = rig_ref(r, r->f);
        if (r->current_l1 != 0) {
            ev.status.current_l1.number = r->current_l1;
            ev.status.current_l1.hash = rig_l1_hash(r, r->current_l1, true);
        }
        if (r->source_zero) {
            memset(&ev.status.safe_l2.hash, 0, sizeof ev.status.safe_l2.hash);
        }
    } else if (a->method == LS_M_BLOCK || a->method == LS_M_OUTPUT) {
        struct rig_block at = rig_at(r, r->s.branch, a->params.number);
        at = a->params.tag == LS_TAG_SAFE ? r->s : at;
        at = a->params.tag == LS_TAG_FINALIZED ? r->f : at;
        bool by_number = a->params.tag == LS_TAG_NONE;
        r->source_ats += by_number && a->params.number > r->f.number;
        ev.block.found =
            by_number ? r->source_tip == 0 || a->params.number <= r->source_tip : !r->source_null;
        ev.block.ref = rig_ref(r, at);
        if (a->params.tag == LS_TAG_FINALIZED && r->tear.number > 0) {
            r->e = r->s = r->tear;
            r->f = rig_at(r, r->tear.branch, r->f.number);
            r->tear.number = 0;
        }
    }
    rig_event(r, ev);
}

static inline void rig_l1_read(struct rig *r, const struct ls_action *a)
{
    struct ls_event ev = {.kind = LS_EV_REPLY, .id = a->id, .chain_id = 900};
    uint64_t n = a->params.tag == LS_TAG_NONE ? a->params.number : r->l1_head;
    ev.block.found = n <= r->l1_head;
    ev.block.l1.number = n;
    ev.block.l1.hash = rig_l1_hash(r, n, true);
    if (a->params.tag == LS_TAG_FINALIZED || a->params.tag == LS_TAG_SAFE) {
        ev.block.l1.number = 1;
        ev.block.l1.hash = rig_l1_hash(r, 1, true);
    }
    if (r->l1_down) {
        ev.kind = LS_EV_FAIL;
        ev.fail = LS_FAIL_CONNECT;
    }
    rig_event(r, ev);
}

static inline void rig_do(struct rig *r, const struct ls_action *a)
{
    bool is_write = a->method == LS_M_FORKCHOICE || a->method == LS_M_NEW_PAYLOAD;
    if (a->kind == LS_ACT_RELEASE) {
        r->released++;
    } else if (a->kind == LS_ACT_NOTE) {
        r->notes[a->note]++;
    } else if (a->kind == LS_ACT_HALT) {
        r->halted = true;
        r->notes[a->note]++;
    } else if (a->kind == LS_ACT_CANCEL) {
        r->cancelled++;
    } else if (a->kind != LS_ACT_SEND) {
        return;
    } else if (is_write && r->hold_writes) {
        assert_false(r->has_held); /* I-15 */
        r->held = *a;
        r->has_held = true;
    } else if (is_write) {
        rig_write_call(r, a);
    } else if (a->target == LS_TO_ENGINE) {
        rig_engine_read(r, a);
    } else if (a->target == LS_TO_SOURCE && r->source_mute) {
        r->muted++;
    } else if (a->target == LS_TO_SOURCE) {
        rig_source_read(r, a);
    } else {
        rig_l1_read(r, a);
    }
}

static void rig_event(struct rig *r, struct ls_event ev)
{
    struct ls_actions *out = malloc(sizeof *out);
    ev.mono_ns = r->now;
    ev.wall_s = (int64_t)(r->now / RIG_POLL) + 1;
    ls_core_step(r->core, &ev, out);
    ls_core_check(r->core);
    for (size_t i = 0; i < out->count; i++) {
        rig_do(r, &out->items[i]);
    }
    free(out);
}

static inline void rig_backfill(struct rig *r)
{
    uint64_t left = r->backfill;
    for (uint64_t n = 0; r->has_target && left > 0 && n <= r->target.number; n++) {
        struct rig_block b = rig_at(r, r->target.branch, n);
        if (!rig_has(r, b)) {
            r->has[b.branch][n] = true;
            left--;
        }
        if (rig_is(b, r->target)) {
            r->has_target = false;
            r->head = b;
        }
    }
}

static inline void rig_run(struct rig *r, unsigned ticks)
{
    uint64_t end = r->now + (uint64_t)ticks * RIG_POLL;
    uint64_t next_tick = r->now + RIG_POLL;
    for (;;) {
        uint64_t t = ls_core_deadline(r->core);
        assert_true(t >= r->now);
        t = t < next_tick ? t : next_tick;
        if (t > end) {
            break;
        }
        r->now = t;
        if (t == next_tick) {
            rig_backfill(r);
            next_tick += RIG_POLL;
        }
        rig_event(r, (struct ls_event){.kind = LS_EV_TIMER});
    }
    r->now = end;
}

static inline void rig_feed(struct rig *r, unsigned branch, uint64_t n)
{
    struct rig_block b = rig_at(r, branch, n);
    rig_event(r, (struct ls_event){.kind = LS_EV_PAYLOAD,
                                   .handle = b.branch << 16 | (uint32_t)n,
                                   .ref = rig_ref(r, b),
                                   .bytes = 1000});
}

static inline void rig_init(struct rig *r, enum ls_follow_kind kind, bool has_l1)
{
    struct ls_core_config cfg = {
        .follow = kind,
        .genesis = {.hash = rig_hash((struct rig_block){0, 0})},
        .l2_chain_id = 901,
        .l1_chain_id = 900,
        .has_l1 = has_l1,
        .poll_ns = RIG_POLL,
        .l1_poll_ns = 3 * RIG_POLL,
        .source_timeout_ns = 10 * RIG_POLL,
        .engine_timeout_ns = 10 * RIG_POLL,
        .queue_bytes_max = 1000 * 1000,
    };
    memset(r, 0, sizeof *r);
    for (unsigned b = 0; b < RIG_BRANCHES; b++) {
        r->fork[b] = RIG_TOP;
    }
    r->has[0][0] = true;
    r->l1_head = 200;
    r->answers_output = true;
    r->mem = aligned_alloc(16, ls_core_size());
    r->core = ls_core_init(r->mem, &cfg, 1);
    r->now = RIG_POLL;
}

static inline struct rig *rig_new(enum ls_follow_kind kind, bool has_l1)
{
    struct rig *r = malloc(sizeof *r);
    rig_init(r, kind, has_l1);
    return r;
}

static inline void rig_free(struct rig *r)
{
    free(r->mem);
    free(r);
}

static inline void rig_start(struct rig *r)
{
    rig_event(r, (struct ls_event){.kind = LS_EV_START});
}

/* The engine holds the main chain up to head, with labels. */
static inline void rig_warm(struct rig *r, uint64_t head, uint64_t safe, uint64_t finalized)
{
    rig_give(r, 0, head);
    r->head.number = head;
    r->safe.number = safe;
    r->finalized.number = finalized;
    r->has_safe = safe > 0;
    r->has_finalized = finalized > 0;
}

static inline void rig_source(struct rig *r, unsigned branch, uint64_t safe, uint64_t finalized)
{
    r->e = rig_at(r, branch, safe);
    r->s = r->e;
    r->f = rig_at(r, branch, finalized);
}

static inline size_t rig_forkchoices(const struct rig *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->write_count; i++) {
        n += r->writes[i].is_forkchoice;
    }
    return n;
}

static inline const struct rig_write *rig_last_forkchoice(const struct rig *r)
{
    for (size_t i = r->write_count; i > 0; i--) {
        if (r->writes[i - 1].is_forkchoice) {
            return &r->writes[i - 1];
        }
    }
    fail_msg("no forkchoice was sent");
    return &r->writes[0];
}

static inline struct ls_core_status rig_status(const struct rig *r)
{
    struct ls_core_status s;
    ls_core_status(r->core, &s);
    return s;
}

#endif
