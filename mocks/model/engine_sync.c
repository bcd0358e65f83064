/*
 * Synchronisation by peers, as the consensus node sees it (mock-engine 2.10): full sync moves the
 * head block by block, snap sync shows nothing until it is done and then jumps.
 */
#include "mocks/model/engine_state.h"

/* Blocks below a snap sync's target whose state it does not get. */
#define SNAP_PIVOT_DISTANCE 64u

bool ls_el_peers_have(const struct ls_engine *e, uint32_t id)
{
    if (e->backfill == 0 || id == LS_NO_BLOCK) {
        return false;
    }
    return e->peer_tip == LS_NO_BLOCK || ls_universe_is_ancestor(e->u, id, e->peer_tip);
}

void ls_el_sync_start(struct ls_engine *e, uint32_t target, bool ask_peers)
{
    if (target == LS_NO_BLOCK || target == e->sync_target ||
        (ask_peers && !ls_el_peers_have(e, target))) {
        return;
    }
    if (e->sync_target == LS_NO_BLOCK) {
        e->sync_start = ls_el_number(e, e->head);
    }
    e->sync_target = target;
    e->generation++;
}

void ls_el_sync_extend(struct ls_engine *e, const struct ls_np_input *in)
{
    if (e->sync_target == LS_NO_BLOCK || in->block == LS_NO_BLOCK ||
        e->profile.fetch == LS_EL_FETCH_GAP) { /* there it connects when its parent is there */
        return;
    }
    if (ls_hash_eq(&ls_universe_get(e->u, e->sync_target)->ref.hash, &in->parent)) {
        e->sync_target = in->block;
        e->generation++;
    }
}

void ls_el_sync_done(struct ls_engine *e)
{
    if (!e->snap_active) {
        return;
    }
    /* The trap behind the removed start-up reset (mock-engine 2.10, special): the engine believes
     * that it is synced although it has genesis only. */
    e->snap_active = false;
    e->snap_spoilt = e->profile.snap_done_on_canonical_fcu;
    e->generation++;
}

void ls_el_sync_reset(struct ls_engine *e)
{
    e->sync_target = LS_NO_BLOCK;
    e->snap_blocks = 0;
    e->snap_spoilt = false;
    e->window = (struct ls_st_window){.count = 0};
    ls_el_fetch_reset(e);
    e->snap_active = e->profile.is_snap && e->head == e->genesis;
    e->generation++;
}

/* As the upstream sync tester does it (mock-engine 1.14): only numbers count, what completes the
 * window is the head from then on, and nobody needs to have had its blocks. */
void ls_el_sync_window(struct ls_engine *e, uint32_t target)
{
    const struct ls_engine_profile *p = &e->profile;
    if (target == LS_NO_BLOCK ||
        (e->peer_tip != LS_NO_BLOCK && !ls_universe_is_ancestor(e->u, target, e->peer_tip)) ||
        !ls_st_window_feed(&e->window, ls_el_number(e, target), p->window_need, p->window_keep)) {
        return;
    }
    for (uint32_t id = target; id != LS_NO_BLOCK && !ls_el_is_known(e, id);
         id = ls_universe_get(e->u, id)->parent) {
        ls_el_enter(e, id);
    }
    ls_el_set_head(e, target);
}

uint32_t ls_el_known_ancestor(const struct ls_engine *e, uint32_t target, uint64_t *missing)
{
    uint32_t id = target;
    *missing = 0;
    while (id != LS_NO_BLOCK && !ls_el_is_known(e, id)) {
        id = ls_universe_get(e->u, id)->parent;
        ++*missing;
    }
    return id;
}

uint32_t ls_el_next_above(const struct ls_engine *e, uint32_t ancestor)
{
    uint32_t id = ls_universe_at(e->u, e->sync_target, ls_el_number(e, ancestor) + 1u);
    if (id != LS_NO_BLOCK) {
        return id;
    }
    /* Over the unrecorded part of a chain: the block behind the gap starts a run. */
    id = e->sync_target;
    for (;;) {
        id = ls_universe_get(e->u, id)->run_first;
        uint32_t parent = ls_universe_get(e->u, id)->parent;
        if (parent == ancestor) {
            return id;
        }
        id = parent;
    }
}

void ls_el_fail_at(struct ls_engine *e, uint32_t bad)
{
    const struct ls_ublock *b = ls_universe_get(e->u, bad);
    const struct ls_hash *parent = &b->ref.parent;
    ls_el_reject(e, &b->ref.hash, &b->ref.hash, parent, 1);
    ls_el_reject(e, &ls_universe_get(e->u, e->sync_target)->ref.hash, &b->ref.hash, parent, 1);
    e->sync_target = LS_NO_BLOCK;
    e->generation++;
}

static void full_sync(struct ls_engine *e)
{
    uint64_t missing;
    uint32_t at = ls_el_known_ancestor(e, e->sync_target, &missing);
    for (uint64_t i = 0; i < e->backfill && at != e->sync_target; i++) {
        uint32_t next = ls_el_next_above(e, at);
        if (ls_el_is_bad(e, next)) {
            ls_el_fail_at(e, next);
            return;
        }
        ls_el_enter(e, next);
        ls_el_set_head(e, next);
        at = next;
    }
    if (at == e->sync_target) {
        ls_el_set_head(e, at);
        e->sync_target = LS_NO_BLOCK;
    }
}

static void snap_finish(struct ls_engine *e)
{
    uint64_t top = ls_el_number(e, e->sync_target);
    for (uint32_t id = e->sync_target; id != LS_NO_BLOCK && !ls_el_is_known(e, id);
         id = ls_universe_get(e->u, id)->parent) {
        bool has_state = top - ls_el_number(e, id) <= SNAP_PIVOT_DISTANCE;
        e->flags[id] |= (uint16_t)(LS_EL_KNOWN | (has_state ? LS_EL_STATE : 0));
    }
    ls_el_set_head(e, e->sync_target);
    e->sync_target = LS_NO_BLOCK;
    e->snap_active = false;
    e->generation++;
}

/* Nothing of a snap sync can be read before its end. */
static void snap_sync(struct ls_engine *e)
{
    uint64_t missing;
    uint32_t at = ls_el_known_ancestor(e, e->sync_target, &missing);
    if (at == LS_NO_BLOCK) {
        return;
    }
    e->snap_blocks += e->backfill;
    e->generation++;
    if (e->snap_blocks >= missing) {
        e->snap_blocks = 0;
        snap_finish(e);
    }
}

void ls_engine_tick(struct ls_engine *e)
{
    ls_el_disk_tick(e);
    if (e->profile.fetch == LS_EL_FETCH_GAP && !e->profile.is_stuck) {
        ls_el_fetch_tick(e);
        return;
    }
    if (e->profile.is_stuck || e->snap_spoilt || e->sync_target == LS_NO_BLOCK ||
        !ls_el_peers_have(e, e->sync_target)) {
        return;
    }
    if (e->snap_active) {
        snap_sync(e);
    } else {
        full_sync(e);
    }
}

/* op-reth counts as synchronising from a start or a pipeline on, until a live block is the head. */
static struct ls_el_syncing syncing_until_live(const struct ls_engine *e)
{
    struct ls_el_syncing s = {.is_syncing = !e->has_moved, .starting = e->start_block};
    s.current = s.highest = ls_el_number(e, e->head);
    s.stages = e->stages_done > 0 || e->is_in_pipeline ? e->stage_base : s.current;
    s.stages_done = e->stages_done;
    s.stage_target =
        e->is_in_pipeline && e->stages_done > 0 ? ls_el_number(e, e->pipeline_target) : s.current;
    return s;
}

struct ls_el_syncing ls_engine_syncing(const struct ls_engine *e)
{
    struct ls_el_syncing s = {0};
    if (e->profile.syncing_at_start) {
        return syncing_until_live(e);
    }
    if (e->sync_target == LS_NO_BLOCK || !ls_el_peers_have(e, e->sync_target)) {
        return s; /* without peers nothing changes for whoever asks (mock-engine 2.4, row 5) */
    }
    s.is_syncing = true;
    s.starting = e->sync_start;
    s.current = ls_el_number(e, e->head);
    s.highest = ls_el_number(e, e->sync_target);
    return s;
}
