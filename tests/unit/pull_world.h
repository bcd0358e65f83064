/*
 * A world for captures in memory: three nodes that replay a recorded chain, moment by moment of its
 * label timeline, orphans and all. No socket, no clock: waiting is what moves time. Included by
 * several test programs, so everything is static inline.
 */
#ifndef LS_TESTS_PULL_WORLD_H
#define LS_TESTS_PULL_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/capture/chain.h"
#include "harness/capture/pull_run.h"
#include "lib/hex.h"

#define WORLD_EPOCH_MS UINT64_C(1790000000000)
#define WORLD_ALWAYS SIZE_MAX

/* What a process that is killed does not take with it. */
struct world_time {
    size_t moment; /* row of the timeline that is now */
    uint64_t now_ms;
    uint64_t waits;
    bool is_stopped;
};

struct pull_world {
    struct ls_pull_world world; /* first */
    const struct ls_chain *chain;
    struct world_time *time;
    size_t last_moment;    /* the world says stop when time would pass it; WORLD_ALWAYS: time stands
                              still, the canonical tips are the heads */
    uint64_t calls;        /* answered so far */
    size_t dwell_at;       /* time stays at this moment … */
    unsigned dwell;        /* … for so many waits more */
    uint64_t stop_at_call; /* 0: never */
    uint64_t clock_back_ms; /* the wall clock was set back by this */
    /* May change an answer; its text must live until the next call. NULL: nothing is changed. */
    void (*mangle)(struct pull_world *w, enum ls_pull_node node, const struct ls_pull_call *call,
                   struct ls_pull_answer *a);
    /* Called by every wait; NULL: nothing happens but time. */
    void (*on_wait)(struct pull_world *w);
    void *user;
    char number[32];
    char notes[2048]; /* what the user was told */
    uint64_t blocks;  /* seen by the watch */
};

static inline struct pull_world *world_of(struct ls_pull_world *w)
{
    return (struct pull_world *)w;
}

/* --- heads --- */

static inline const struct ls_sync_status *world_status(const struct pull_world *w)
{
    return w->last_moment == WORLD_ALWAYS ? NULL : &w->chain->timeline[w->time->moment].status;
}

static inline uint32_t world_l2_head(const struct pull_world *w)
{
    const struct ls_sync_status *s = world_status(w);

    return s ? ls_universe_find(w->chain->l2, &s->unsafe_l2.hash) : w->chain->tip;
}

static inline uint32_t world_l1_head(const struct pull_world *w)
{
    const struct ls_sync_status *s = world_status(w);

    return s ? ls_universe_find(w->chain->l1, &s->head_l1.hash) : w->chain->l1_tip;
}

static inline uint32_t world_tag(const struct pull_world *w, const char *tag)
{
    const struct ls_sync_status *s = world_status(w);

    if (strcmp(tag, "latest") == 0) {
        return world_l2_head(w);
    }
    if (!s) {
        return LS_NO_BLOCK;
    }
    return ls_universe_find(w->chain->l2,
                            strcmp(tag, "safe") == 0 ? &s->safe_l2.hash : &s->finalized_l2.hash);
}

/* --- answers --- */

static inline struct ls_span world_text(const char *text)
{
    return (struct ls_span){(const uint8_t *)text, strlen(text)};
}

static inline struct ls_span world_block(const struct ls_universe *u, uint32_t id)
{
    if (id == LS_NO_BLOCK) {
        return world_text("null");
    }
    const struct ls_ublock *b = ls_universe_get(u, id);
    return (struct ls_span){(const uint8_t *)b->json, b->json_bytes};
}

/* Those that are recorded; of a block without transactions none. */
static inline struct ls_span world_receipts(const struct pull_world *w, uint32_t id)
{
    if (id == LS_NO_BLOCK) {
        return world_text("null");
    }
    const struct ls_ublock *b = ls_universe_get(w->chain->l2, id);
    return b->receipts ? (struct ls_span){(const uint8_t *)b->receipts, b->receipts_bytes}
                       : world_text("[]");
}

static inline struct ls_span world_proof(const struct pull_world *w, uint32_t id)
{
    const struct ls_ublock *b = id == LS_NO_BLOCK ? NULL : ls_universe_get(w->chain->l2, id);

    return b && b->proof ? (struct ls_span){(const uint8_t *)b->proof, b->proof_bytes}
                         : world_text("null");
}

static inline struct ls_span world_block_call(const struct pull_world *w, enum ls_pull_node node,
                                              const struct ls_pull_call *c)
{
    const struct ls_universe *u = node == LS_PULL_L1 ? w->chain->l1 : w->chain->l2;
    uint32_t head = node == LS_PULL_L1 ? world_l1_head(w) : world_l2_head(w);

    switch (c->method) {
    case LS_PULL_BLOCK_BY_NUMBER:
        return world_block(u, ls_universe_at(u, head, c->number));
    case LS_PULL_BLOCK_BY_TAG:
        return world_block(u, world_tag(w, c->tag));
    case LS_PULL_BLOCK_BY_HASH:
        return world_block(u, ls_universe_find(u, &c->hash));
    case LS_PULL_RECEIPTS_BY_NUMBER:
        return world_receipts(w, ls_universe_at(u, head, c->number));
    case LS_PULL_RECEIPTS_BY_HASH:
        return world_receipts(w, ls_universe_find(u, &c->hash));
    case LS_PULL_PROOF_BY_NUMBER:
        return world_proof(w, ls_universe_at(u, head, c->number));
    case LS_PULL_PROOF_BY_HASH:
        return world_proof(w, ls_universe_find(u, &c->hash));
    case LS_PULL_CHAIN_ID:
    case LS_PULL_CLIENT_VERSION:
    case LS_PULL_ROLLUP_CONFIG:
    case LS_PULL_SYNC_STATUS:
        break;
    }
    return world_text("null");
}

static inline struct ls_span world_answer(struct pull_world *w, enum ls_pull_node node,
                                          const struct ls_pull_call *c)
{
    switch (c->method) {
    case LS_PULL_CHAIN_ID:
        snprintf(w->number, sizeof w->number, "\"0x%llx\"",
                 (unsigned long long)(node == LS_PULL_L1 ? w->chain->l1_chain_id
                                                         : w->chain->l2_chain_id));
        return world_text(w->number);
    case LS_PULL_CLIENT_VERSION:
        return world_text("\"Geth/secret.example.com/v1.2.3-stable/linux-amd64/go1.22\"");
    case LS_PULL_ROLLUP_CONFIG:
        return w->chain->rollup_json;
    case LS_PULL_SYNC_STATUS:
        return w->last_moment == WORLD_ALWAYS ? world_text("null")
                                              : w->chain->timeline[w->time->moment].json;
    case LS_PULL_BLOCK_BY_NUMBER:
    case LS_PULL_BLOCK_BY_TAG:
    case LS_PULL_BLOCK_BY_HASH:
    case LS_PULL_RECEIPTS_BY_NUMBER:
    case LS_PULL_RECEIPTS_BY_HASH:
    case LS_PULL_PROOF_BY_NUMBER:
    case LS_PULL_PROOF_BY_HASH:
        break;
    }
    return world_block_call(w, node, c);
}

/* --- the world --- */

static inline bool world_is_stopped(struct ls_pull_world *world)
{
    const struct pull_world *w = world_of(world);

    return w->time->is_stopped || (w->stop_at_call > 0 && w->calls >= w->stop_at_call);
}

static inline enum ls_err world_fetch(struct ls_pull_world *world, const struct ls_pull_plan *plan,
                                      struct ls_diag *d)
{
    struct pull_world *w = world_of(world);
    enum ls_err e = LS_OK;

    assert_non_null(world->names[plan->node]);
    for (uint64_t i = 0; !e && i < plan->count; i++) {
        struct ls_pull_call call = {.method = LS_PULL_CHAIN_ID};
        if (world_is_stopped(world)) {
            return ls_fail(d, LS_ERR_TIMEOUT, "stopped");
        }
        w->calls++;
        plan->call(plan->ctx, i, &call);
        struct ls_pull_answer a = {.result = world_answer(w, plan->node, &call)};
        if (w->mangle) {
            w->mangle(w, plan->node, &call, &a);
        }
        e = plan->take(plan->ctx, i, &a, d);
    }
    return e;
}

static inline uint64_t world_now_ms(struct ls_pull_world *world)
{
    return world_of(world)->time->now_ms - world_of(world)->clock_back_ms;
}

static inline void world_wait(struct ls_pull_world *world, uint64_t ms)
{
    struct pull_world *w = world_of(world);
    struct world_time *t = w->time;

    t->waits++;
    if (w->on_wait) {
        w->on_wait(w);
    }
    if (w->last_moment == WORLD_ALWAYS) {
        t->now_ms += ms;
    } else if (t->moment == w->dwell_at && w->dwell > 0) {
        w->dwell--;
    } else if (t->moment < w->last_moment) {
        t->moment++;
        t->now_ms = WORLD_EPOCH_MS + w->chain->timeline[t->moment].at_ms;
    } else {
        t->is_stopped = true;
    }
}

static inline void world_on_note(void *user, const char *text)
{
    struct pull_world *w = user;
    size_t n = strlen(w->notes);

    snprintf(w->notes + n, sizeof w->notes - n, "%s\n", text);
}

static inline void world_on_block(void *user, uint64_t number, uint64_t target)
{
    struct pull_world *w = user;

    (void)target;
    (void)number;
    w->blocks++;
}

/* Nodes over the chain, from row first to row last of its timeline (WORLD_ALWAYS: none). */
static inline void world_init(struct pull_world *w, const struct ls_chain *chain,
                              struct world_time *time, size_t first, size_t last)
{
    static const struct ls_pull_world_ops ops = {world_fetch, world_now_ms, world_wait,
                                                 world_is_stopped};

    *w = (struct pull_world){
        .world = {.ops = &ops, .names = {"the L2 node", "the L1 node", "the CL"}},
        .chain = chain,
        .time = time,
        .last_moment = last};
    *time = (struct world_time){.moment = first, .now_ms = WORLD_EPOCH_MS};
    if (last != WORLD_ALWAYS) {
        time->now_ms += chain->timeline[first].at_ms;
    }
}

/* Captures with what the world has; *d and the result's error tell the rest. */
static inline enum ls_err world_capture(struct pull_world *w, const struct ls_pull_options *o,
                                        struct ls_pull_result *out, struct ls_diag *d)
{
    const struct ls_pull_watch watch = {world_on_block, world_on_note, w};

    d->text[0] = '\0';
    return ls_pull_run(&w->world, o, &watch, out, d);
}

#endif
