/*
 * A world in memory for tests of the scenario layer: real models over a small made-up chain, and a
 * toy node that does what a test tells it to. One turn is one tick; no clock, no socket. Included
 * by one test program only, so everything is static.
 */
#ifndef LS_TESTS_HARNESS_TOY_H
#define LS_TESTS_HARNESS_TOY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/capture/chain.h"
#include "harness/check/tracelog.h"
#include "harness/world.h"
#include "mocks/model/engine.h"
#include "mocks/model/l1.h"
#include "mocks/model/source.h"

#define TOY_LENGTH 40u /* canonical blocks, genesis included */
#define TOY_FORK_AT 10u
#define TOY_FORK_LENGTH 5u
#define TOY_FEED_MAX 64u
#define TOY_TICK_NS UINT64_C(50000000)

struct toy;
/* What the node does in one tick while it runs. */
typedef void toy_node(struct toy *t);

struct toy {
    struct ls_world world; /* first: a struct ls_world * is a struct toy * */
    struct ls_chain chain;
    struct ls_chain_branch branches[2]; /* canonical, and "x": 5 blocks after B+10 */
    uint32_t canonical[TOY_LENGTH];
    uint32_t fork[TOY_FORK_LENGTH];
    struct ls_tracelog *log;
    uint64_t tick;
    bool is_running;
    int exit_status;
    int last_signal;
    bool is_stubborn; /* ignores SIGTERM */
    uint32_t incarnation;
    uint32_t fed[TOY_FEED_MAX];
    size_t fed_count;
    size_t fed_done;
    uint32_t unsafe_l2;
    char foreign[64]; /* folder of the chain the source's port leads to; "": its own */
    toy_node *node;
    void *memory[4];
};

static struct toy *toy_of(const struct ls_world *w)
{
    union {
        const struct ls_world *in;
        struct toy *out;
    } cast = {.in = w};
    return cast.out;
}

/* --- trace --- */

static struct ls_trace_block toy_block(const struct toy *t, uint32_t id)
{
    static const struct ls_hash zero;
    if (id == LS_NO_BLOCK) {
        return ls_trace_block_of(&zero);
    }
    const struct ls_l2_ref *r = &ls_universe_get(t->chain.l2, id)->ref;
    return ls_trace_block_id(&r->hash, r->number);
}

static uint64_t toy_now_ns(const struct ls_world *w)
{
    return toy_of(w)->tick * TOY_TICK_NS;
}

static void toy_call(struct toy *t, enum ls_trace_ep ep, const struct ls_trace_event *like)
{
    uint64_t ticket = ls_trace_open(t->world.trace, ep, 1, toy_now_ns(&t->world));
    struct ls_trace_event *e = ls_trace_call(t->world.trace, ticket);
    struct ls_trace_event stamp = *e;
    *e = *like;
    e->seq_in = stamp.seq_in;
    e->tick = stamp.tick;
    e->ns_in = stamp.ns_in;
    e->incarnation = stamp.incarnation;
    e->ep = stamp.ep;
    e->kind = stamp.kind;
    e->conn = stamp.conn;
    ls_trace_close(t->world.trace, ticket, toy_now_ns(&t->world), true);
}

/* --- the node's hands: each writes its trace line and does it to the model --- */

static void toy_forkchoice(struct toy *t, uint32_t head, uint32_t safe, uint32_t finalized)
{
    struct ls_trace_event e = {.method = "engine_forkchoiceUpdatedV3",
                               .answer = LS_TRACE_RESULT,
                               .head = toy_block(t, head),
                               .safe = toy_block(t, safe),
                               .finalized = toy_block(t, finalized)};
    const struct ls_forkchoice f = {
        .head = e.head.hash, .safe = e.safe.hash, .finalized = e.finalized.hash};
    struct ls_el_verdict v = ls_engine_forkchoice(t->world.engine, &f);
    if (v.is_error) {
        e.answer = LS_TRACE_ERROR;
        e.code = v.code;
    } else {
        strcpy(e.status, ls_payload_status_name(v.status));
    }
    toy_call(t, LS_TRACE_ENGINE, &e);
}

static void toy_new_payload(struct toy *t, uint32_t block)
{
    const struct ls_l2_ref *r = &ls_universe_get(t->chain.l2, block)->ref;
    const struct ls_np_input in = {.id = {.hash = r->hash, .number = r->number},
                                   .parent = r->parent,
                                   .timestamp = r->timestamp,
                                   .block = block};
    struct ls_el_verdict v = ls_engine_new_payload(t->world.engine, &in);
    struct ls_trace_event e = {
        .method = "engine_newPayloadV3", .answer = LS_TRACE_RESULT, .block = toy_block(t, block)};
    strcpy(e.status, ls_payload_status_name(v.status));
    toy_call(t, LS_TRACE_ENGINE, &e);
}

/* A node that does it right: imports what it is fed, follows safe and finalized. */
static void toy_follower(struct toy *t)
{
    struct ls_src_answer a = ls_source_answer(t->world.source, 1);
    struct ls_trace_event e = {.method = "optimism_syncStatus",
                               .answer = LS_TRACE_RESULT,
                               .has_heads = true,
                               .unsafe_l2 = toy_block(t, a.heads.unsafe_l2),
                               .local_safe_l2 = toy_block(t, a.heads.local_safe_l2),
                               .safe_l2 = toy_block(t, a.heads.safe_l2),
                               .finalized_l2 = toy_block(t, a.heads.finalized_l2)};
    toy_call(t, LS_TRACE_SOURCE, &e);
    for (; t->fed_done < t->fed_count; t->fed_done++) {
        toy_new_payload(t, t->fed[t->fed_done]);
        t->unsafe_l2 = t->fed[t->fed_done];
    }
    if (a.heads.safe_l2 == LS_NO_BLOCK) {
        return;
    }
    if (!ls_universe_is_ancestor(t->chain.l2, a.heads.safe_l2, t->unsafe_l2)) {
        t->unsafe_l2 = a.heads.safe_l2;
    }
    toy_forkchoice(t, t->unsafe_l2, a.heads.safe_l2, a.heads.finalized_l2);
}

/* A node that does nothing. */
static void toy_silent(struct toy *t)
{
    (void)t;
}

/* --- the world's operations --- */

static void toy_life(struct toy *t, enum ls_trace_kind kind, int code)
{
    const struct ls_trace_event e = {.ep = LS_TRACE_CL, .kind = kind, .code = code};
    ls_trace_put(t->world.trace, &e, toy_now_ns(&t->world));
}

static enum ls_err toy_start(struct ls_world *w, const struct ls_start_options *o,
                             struct ls_diag *d)
{
    (void)o;
    (void)d;
    struct toy *t = toy_of(w);
    t->is_running = true;
    t->unsafe_l2 = t->chain.genesis;
    ls_trace_set_incarnation(w->trace, ++t->incarnation);
    toy_life(t, LS_TRACE_START, 0);
    return LS_OK;
}

static void toy_end(struct toy *t, int status)
{
    t->is_running = false;
    t->exit_status = status;
    toy_life(t, LS_TRACE_EXIT, status);
}

static void toy_signal(struct ls_world *w, int signo)
{
    toy_of(w)->last_signal = signo;
}

static bool toy_is_running(const struct ls_world *w)
{
    return toy_of(w)->is_running;
}

static int toy_exit_status(const struct ls_world *w)
{
    return toy_of(w)->exit_status;
}

static long toy_said(const struct ls_world *w, const char *text)
{
    return toy_of(w)->is_running ? (long)strlen(text) : -1;
}

static enum ls_err toy_feed(struct ls_world *w, uint32_t block, struct ls_diag *d)
{
    struct toy *t = toy_of(w);
    if (t->fed_count == TOY_FEED_MAX) {
        return ls_fail(d, LS_ERR_LIMIT, "the toy takes %u payloads", TOY_FEED_MAX);
    }
    t->fed[t->fed_count++] = block;
    return LS_OK;
}

static size_t toy_feeding(const struct ls_world *w)
{
    return toy_of(w)->fed_count - toy_of(w)->fed_done;
}

static bool toy_status(struct ls_world *w, struct ls_sync_status *out)
{
    struct toy *t = toy_of(w);
    *out = (struct ls_sync_status){.unsafe_l2 = ls_universe_get(t->chain.l2, t->unsafe_l2)->ref};
    return t->is_running;
}

static void toy_hold(struct ls_world *w, enum ls_endpoint ep, const char *glob, unsigned count)
{
    (void)w;
    (void)ep;
    (void)glob;
    (void)count;
}

static void toy_release(struct ls_world *w, enum ls_endpoint ep, const char *glob)
{
    (void)w;
    (void)ep;
    (void)glob;
}

static size_t toy_held(const struct ls_world *w, enum ls_endpoint ep)
{
    (void)w;
    (void)ep;
    return 0;
}

static enum ls_err toy_port(struct ls_world *w, enum ls_endpoint ep, bool is_open,
                            struct ls_diag *d)
{
    (void)w;
    (void)ep;
    (void)is_open;
    (void)d;
    return LS_OK;
}

static enum ls_err toy_foreign_source(struct ls_world *w, const char *dir, struct ls_diag *d)
{
    struct toy *t = toy_of(w);
    (void)snprintf(t->foreign, sizeof t->foreign, "%s", dir ? dir : "");
    return dir && strstr(dir, "missing") ? ls_fail(d, LS_ERR_IO, "\"%s\" is missing", dir) : LS_OK;
}

static void toy_turn(struct ls_world *w)
{
    struct toy *t = toy_of(w);
    ls_trace_set_tick(w->trace, ++t->tick);
    ls_engine_tick(w->engine);
    if (t->last_signal != 0 && t->is_running && !(t->is_stubborn && t->last_signal == 15)) {
        toy_end(t, t->last_signal == 9 ? -9 : 0);
    }
    t->last_signal = 0;
    if (t->is_running) {
        t->node(t);
    }
}

static uint64_t toy_now(const struct ls_world *w)
{
    return toy_of(w)->tick;
}

static void toy_free(struct ls_world *w)
{
    (void)w;
}

static const struct ls_world_ops toy_ops = {.start = toy_start,
                                            .signal = toy_signal,
                                            .is_running = toy_is_running,
                                            .exit_status = toy_exit_status,
                                            .said = toy_said,
                                            .feed = toy_feed,
                                            .feeding = toy_feeding,
                                            .status = toy_status,
                                            .hold = toy_hold,
                                            .release = toy_release,
                                            .held = toy_held,
                                            .port = toy_port,
                                            .foreign_source = toy_foreign_source,
                                            .turn = toy_turn,
                                            .now = toy_now,
                                            .now_ns = toy_now_ns,
                                            .free = toy_free};

/* --- making it --- */

static void *toy_memory(struct toy *t, size_t i, size_t bytes)
{
    t->memory[i] = aligned_alloc(16, (bytes + 15) / 16 * 16);
    assert_non_null(t->memory[i]);
    memset(t->memory[i], 0, bytes);
    return t->memory[i];
}

static uint32_t toy_add(struct toy *t, uint32_t parent, uint64_t number, uint8_t salt)
{
    struct ls_ublock b = {.parent = parent, .json = "{}", .json_bytes = 2};
    b.ref.number = number;
    b.ref.timestamp = 2 * number;
    b.ref.hash.b[0] = salt;
    b.ref.hash.b[1] = (uint8_t)number;
    b.ref.hash.b[31] = 1;
    if (parent != LS_NO_BLOCK) {
        b.ref.parent = ls_universe_get(t->chain.l2, parent)->ref.hash;
    }
    uint32_t id;
    assert_int_equal(ls_universe_add(t->chain.l2, &b, &id), LS_OK);
    return id;
}

static void toy_make_chain(struct toy *t)
{
    uint32_t blocks = TOY_LENGTH + TOY_FORK_LENGTH;
    t->chain.l2 = ls_universe_init(toy_memory(t, 0, ls_universe_size(blocks)), blocks);
    for (uint32_t n = 0; n < TOY_LENGTH; n++) {
        t->canonical[n] = toy_add(t, n == 0 ? LS_NO_BLOCK : t->canonical[n - 1], n, 0xaa);
    }
    for (uint32_t n = 0; n < TOY_FORK_LENGTH; n++) {
        t->fork[n] = toy_add(t, n == 0 ? t->canonical[TOY_FORK_AT] : t->fork[n - 1],
                             TOY_FORK_AT + 1 + n, 0xbb);
    }
    t->branches[0] = (struct ls_chain_branch){
        .name = "canonical", .first = t->canonical[0], .tip = t->canonical[TOY_LENGTH - 1]};
    t->branches[1] = (struct ls_chain_branch){
        .name = "x", .first = t->fork[0], .tip = t->fork[TOY_FORK_LENGTH - 1]};
    t->chain.genesis = t->canonical[0];
    t->chain.first = t->canonical[0];
    t->chain.tip = t->canonical[TOY_LENGTH - 1];
    t->chain.branches = t->branches;
    t->chain.branch_count = 2;
    t->chain.dir = "fixtures/toy";
    t->chain.l1_first = LS_NO_BLOCK;
    t->chain.l1_tip = LS_NO_BLOCK;
}

/* The engine is at genesis, the source has no safe block, the node is silent. */
static void toy_init(struct toy *t)
{
    *t = (struct toy){.node = toy_silent};
    toy_make_chain(t);
    t->log = ls_tracelog_new();
    assert_non_null(t->log);
    t->world = (struct ls_world){.ops = &toy_ops,
                                 .chain = &t->chain,
                                 .trace = ls_trace_new(ls_tracelog_sink, t->log),
                                 .variant = LS_VARIANT_B,
                                 .cl_name = "lightcl",
                                 .tick_ns = TOY_TICK_NS};
    assert_non_null(t->world.trace);
    t->world.engine = ls_engine_init(toy_memory(t, 1, ls_engine_size(t->chain.l2)), t->chain.l2,
                                     t->chain.genesis, ls_engine_profile_find("geth"));
    t->world.source = ls_source_init(toy_memory(t, 2, ls_source_size()), t->chain.l2,
                                     t->chain.genesis, NULL, LS_SRC_CL);
    t->world.l1 = ls_l1_init(toy_memory(t, 3, ls_l1_size()), t->chain.l2, LS_NO_BLOCK);
}

static void toy_fini(struct toy *t)
{
    ls_trace_free(t->world.trace);
    ls_tracelog_free(t->log);
    for (size_t i = 0; i < sizeof t->memory / sizeof t->memory[0]; i++) {
        free(t->memory[i]);
    }
}

#endif
