/*
 * How a call to the engine ends when not with an answer at once: a slow process, one that is gone,
 * one that ends itself or its builder over what it was asked, as the recorded programs did
 * (mock-engine 2.3 row 12, 2.5, 2.6). All of it is off unless a knob says so.
 */
#include <string.h>

#include "mocks/rpc/engine_parts.h"

#define DEPOSIT_TYPE 0x7e
#define TIMED_OUT_NS UINT64_C(30000000000) /* geth's limit for one call, mock-engine 1.5 */

static bool is_reth(const struct ls_engine_port *e)
{
    return ls_engine_knobs(e->engine)->words == LS_EL_WORDS_RETH;
}

/* Nobody listens there until somebody starts it again. */
static void refuse(struct ls_http_reply *reply)
{
    reply->fate = LS_FATE_REFUSE;
    reply->refuse_ns = LS_REFUSE_FOR_GOOD;
    reply->fault = "gone";
}

bool ls_engine_is_there(struct ls_engine_port *e, struct ls_http_reply *reply)
{
    if (ls_engine_is_dead(e->engine)) {
        refuse(reply);
        return false;
    }
    if (e->life.process != ls_engine_process(e->engine)) {
        ls_engine_drop_builds(e);
        e->life = (struct ls_engine_life){.process = ls_engine_process(e->engine)};
    }
    e->life.end = LS_ENGINE_ANSWERS;
    e->life.is_engine_call = false;
    return true;
}

/* Calls are worked off one by one, as both engines do. */
static uint64_t slowness_ns(struct ls_engine_port *e, uint64_t now_ns)
{
    uint64_t call_ns = ls_engine_knobs(e->engine)->call_ns;
    if (call_ns == 0 || !e->life.is_engine_call) {
        return 0;
    }
    e->life.busy_ns = (e->life.busy_ns > now_ns ? e->life.busy_ns : now_ns) + call_ns;
    return e->life.busy_ns - now_ns;
}

void ls_engine_end_call(struct ls_engine_port *e, uint64_t now_ns, struct ls_http_reply *reply)
{
    reply->delay_ns += slowness_ns(e, now_ns);
    switch (e->life.end) {
    case LS_ENGINE_ANSWERS:
        break;
    case LS_ENGINE_TIMES_OUT:
        reply->delay_ns += TIMED_OUT_NS;
        break;
    case LS_ENGINE_HANGS:
        reply->fate = LS_FATE_HANG;
        reply->fault = "hangs";
        break;
    case LS_ENGINE_DIES:
        refuse(reply);
        break;
    }
}

/* --- the builder --- */

bool ls_engine_builder_hangs(struct ls_engine_port *e, bool starts_build)
{
    e->life.is_builder_stuck |= starts_build && e->life.is_builder_waiting;
    if (e->life.is_builder_stuck) {
        e->life.end = LS_ENGINE_HANGS;
    }
    return e->life.is_builder_stuck;
}

void ls_engine_await_build(struct ls_engine_port *e)
{
    if (ls_engine_knobs(e->engine)->builds_hang) {
        e->life.is_builder_waiting = true;
        e->life.end = LS_ENGINE_TIMES_OUT;
    }
}

/* --- deaths --- */

static bool is_mortal(const struct ls_engine_port *e)
{
    return ls_engine_knobs(e->engine)->is_mortal;
}

static bool has_user_tx(const struct ls_payload *p)
{
    for (size_t i = 0; i < p->tx_count; i++) {
        if (p->txs[i].n > 0 && p->txs[i].p[0] != DEPOSIT_TYPE) {
            return true;
        }
    }
    return false;
}

static bool has_parent(const struct ls_engine_port *e, const struct ls_payload *p)
{
    uint32_t parent = ls_universe_find(e->universe, &p->parent_hash);
    return parent != LS_NO_BLOCK && ls_engine_has(e->engine, parent);
}

/* The payload is the block that it says it is. */
static bool is_whole(const struct ls_np_args *n)
{
    struct ls_payload p = n->payload;
    struct ls_header h;
    if (n->bloom.n != sizeof p.bloom || n->extra.n > sizeof p.extra) {
        return false;
    }
    memcpy(p.bloom, n->bloom.p, sizeof p.bloom);
    memcpy(p.extra, n->extra.p, n->extra.n);
    p.extra_bytes = (uint8_t)n->extra.n;
    p.has_withdrawals = n->has_withdrawals;
    p.has_blob_gas = n->has_blob_gas_used && n->has_excess_blob_gas;
    if (ls_payload_header(&p, &h) != LS_OK) {
        return false;
    }
    struct ls_hash hash = ls_header_hash(&h);
    return ls_hash_eq(&hash, &p.block_hash);
}

bool ls_engine_dies_of_fee(struct ls_engine_port *e, const struct ls_np_args *n,
                           struct ls_el_verdict *last)
{
    uint64_t fee;
    if (!is_mortal(e) || !is_reth(e) || ls_u256_to_u64(&n->payload.base_fee, &fee) ||
        !has_parent(e, &n->payload) || !is_whole(n)) {
        return false;
    }
    *last = (struct ls_el_verdict){.is_error = true,
                                   .code = LS_RPC_INTERNAL,
                                   .message = "Server error",
                                   .data = "beacon consensus engine task stopped",
                                   .row = "dies"};
    ls_engine_kill(e->engine);
    return true;
}

bool ls_engine_dies_of_time(struct ls_engine_port *e, const struct ls_payload *p)
{
    if (!is_mortal(e) || is_reth(e) || p->timestamp != UINT64_MAX || !has_user_tx(p) ||
        !has_parent(e, p)) {
        return false;
    }
    e->life.end = LS_ENGINE_DIES;
    ls_engine_kill(e->engine);
    return true;
}

void ls_engine_die_of_head(struct ls_engine_port *e)
{
    struct ls_header h;
    if (!is_mortal(e) || is_reth(e) ||
        ls_engine_header_of(e, ls_engine_label(e->engine, LS_LABEL_LATEST), &h) != LS_OK) {
        return;
    }
    /* The next base fee divides by the elasticity; 0 and 0 stand for the chain's own. */
    if (h.extra_bytes >= 9 && ls_be32(h.extra + 1) != 0 && ls_be32(h.extra + 5) == 0) {
        ls_engine_kill(e->engine);
    }
}

void ls_engine_die_of_builder(struct ls_engine_port *e)
{
    if (is_mortal(e) && !is_reth(e)) {
        ls_engine_kill(e->engine);
    }
}

void ls_engine_die_of_build(struct ls_engine_port *e, const struct ls_attributes *at)
{
    if (is_mortal(e) && !is_reth(e) && !at->no_tx_pool && !at->has_min_base_fee &&
        ls_rollup_is_active(&e->rollup, LS_FORK_JOVIAN, at->timestamp)) {
        ls_engine_kill(e->engine);
    }
}
