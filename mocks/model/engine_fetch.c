/*
 * op-reth's two ways to blocks that peers have (mock-engine 2.4, rows 5 and 6; 2.10).
 *
 * Live: the missing blocks are fetched, nothing shows before all are there, then they are executed
 * in order. The pipeline: takes the place of a gap that is too wide, goes to the finalized block of
 * the forkchoice, or to its head when that names none, and answers nobody while it runs. Which one
 * is decided when the first block that was asked for arrives, by the last forkchoice as far as it
 * was SYNCING: one that is VALID in between takes the reason for a pipeline away.
 */
#include "mocks/model/engine_state.h"

/* What the stages of a pipeline show when they are done, in the order of the recorded checkpoints:
 * headers, bodies, and LS_EL_STAGE_GROUPS - 2 more that take a tick each. */
enum group { GROUP_HEADERS, GROUP_BODIES };

/* Below its head a forkchoice names two blocks. */
#define LABELS 2u

static bool is_same(const struct ls_engine *e, uint32_t id, const struct ls_hash *hash)
{
    return ls_hash_eq(&ls_universe_get(e->u, id)->ref.hash, hash);
}

static bool has_wanted(const struct ls_engine *e)
{
    return !ls_hash_is_zero(&e->wanted.head);
}

static bool is_any_wanted(const struct ls_engine *e, uint32_t id)
{
    return has_wanted(e) && (is_same(e, id, &e->wanted.head) || is_same(e, id, &e->wanted.safe) ||
                             is_same(e, id, &e->wanted.finalized));
}

void ls_el_fetch_ask(struct ls_engine *e, const struct ls_forkchoice *f, uint32_t head)
{
    uint32_t safe = ls_universe_find(e->u, &f->safe);
    bool is_safe_first =
        !e->had_forkchoice && !ls_hash_is_zero(&f->safe) && !ls_el_is_known(e, safe);
    uint32_t target = is_safe_first ? safe : head;
    if (target == LS_NO_BLOCK) {
        return;
    }
    if (e->sync_target == LS_NO_BLOCK || !ls_universe_is_ancestor(e->u, e->sync_target, target)) {
        e->live_blocks = 0;
    }
    e->sync_target = target;
    e->has_asked = true;
    e->generation++;
}

/* --- which way --- */

/* The height that tells how wide the gap is: of the finalized block when its header is at hand,
 * else of the parent of the block asked for, which stands below the headers somebody sent. */
static uint64_t far_height(const struct ls_engine *e)
{
    const struct ls_el_header *finalized = ls_el_stash_get(e, &e->wanted.finalized);
    uint32_t id = e->sync_target;
    uint64_t asked = ls_el_number(e, id);
    if (finalized != NULL) {
        return finalized->number;
    }
    while (id != LS_NO_BLOCK && ls_el_stash_get(e, &ls_universe_get(e->u, id)->ref.hash) != NULL) {
        asked = ls_el_number(e, id) - 1u;
        id = ls_el_parent(e, id);
    }
    bool is_finalized = id != LS_NO_BLOCK && is_same(e, id, &e->wanted.finalized);
    return is_finalized || asked == 0 ? asked : asked - 1u;
}

static bool is_far(const struct ls_engine *e, uint64_t height)
{
    uint64_t head = ls_el_number(e, e->head);
    return height > head && height - head > e->profile.pipeline_gap;
}

/* LS_NO_BLOCK as target: peers are asked for a hash that they do not have, for ever. */
static void start_pipeline(struct ls_engine *e, uint32_t target)
{
    e->is_in_pipeline = true;
    e->pipeline_target = target;
    e->pipeline_blocks = 0;
    e->stages_done = 0;
    e->stage_base = ls_el_number(e, e->written);
    e->has_moved = false;
    e->generation++;
}

static void choose_way(struct ls_engine *e, uint64_t height)
{
    uint32_t finalized = ls_universe_find(e->u, &e->wanted.finalized);
    if (!has_wanted(e) || !is_far(e, height)) {
        return;
    }
    if (ls_hash_is_zero(&e->wanted.finalized)) {
        start_pipeline(e, ls_universe_find(e->u, &e->wanted.head));
    } else if (!ls_el_is_known(e, finalized)) {
        start_pipeline(e, finalized);
    }
}

/* --- the pipeline --- */

/* The lowest block above the known ones on the way to the target that does not execute. */
static uint32_t find_bad(const struct ls_engine *e)
{
    uint32_t bad = LS_NO_BLOCK;
    for (uint32_t id = e->pipeline_target; id != LS_NO_BLOCK && !ls_el_is_known(e, id);
         id = ls_universe_get(e->u, id)->parent) {
        bad = ls_el_is_bad(e, id) ? id : bad;
    }
    return bad;
}

/* The pipeline writes what it has: its last block is the head, on disk, and no live block. */
static void finish_at(struct ls_engine *e, uint32_t top)
{
    for (uint32_t id = top; id != LS_NO_BLOCK && !ls_el_is_known(e, id);
         id = ls_universe_get(e->u, id)->parent) {
        ls_el_enter(e, id);
    }
    ls_el_set_head(e, top);
    e->has_moved = false;
    e->is_in_pipeline = false;
    ls_el_disk_fill(e);
    e->generation++;
}

static void finish_pipeline(struct ls_engine *e)
{
    uint32_t bad = find_bad(e);
    if (bad != LS_NO_BLOCK) {
        const struct ls_l2_ref *b = &ls_universe_get(e->u, bad)->ref;
        finish_at(e, ls_universe_get(e->u, bad)->parent);
        ls_el_reject(e, &b->hash, &b->hash, &b->parent, 1);
        return;
    }
    finish_at(e, e->pipeline_target);
    const struct ls_el_header *finalized = ls_el_stash_get(e, &e->wanted.finalized);
    if (finalized != NULL) {
        choose_way(e, finalized->number); /* it went on meanwhile */
    }
    if (!e->is_in_pipeline) {
        ls_el_connect(e, e->head);
    }
}

static void step_pipeline(struct ls_engine *e)
{
    uint64_t missing;
    if (!ls_el_peers_have(e, e->pipeline_target) ||
        ls_el_known_ancestor(e, e->pipeline_target, &missing) == LS_NO_BLOCK) {
        return;
    }
    e->generation++;
    if (e->stages_done == GROUP_BODIES) {
        e->pipeline_blocks += e->backfill;
        if (e->pipeline_blocks < missing) {
            return;
        }
    }
    e->stages_done++;
    if (e->stages_done == LS_EL_STAGE_GROUPS) {
        finish_pipeline(e);
    }
}

/* --- live --- */

static void end_live(struct ls_engine *e)
{
    e->sync_target = LS_NO_BLOCK;
    e->is_live = false;
    e->has_asked = false;
    e->live_blocks = 0;
    e->live_shown = 0;
}

/* From above the known blocks up to the target, or to the first block that a forkchoice waits for:
 * that is the head as soon as it is executed, which shows for a tick. Of one gap only as often as
 * one forkchoice can make it: newer ones would hold up the rest for ever. */
static void execute_fetched(struct ls_engine *e, uint32_t at)
{
    while (at != e->sync_target) {
        at = ls_el_next_above(e, at);
        if (ls_el_is_bad(e, at)) {
            ls_el_fail_at(e, at);
            end_live(e);
            return;
        }
        ls_el_enter(e, at);
        if (is_any_wanted(e, at) && at != e->sync_target) {
            ls_el_set_head(e, at);
            if (e->live_shown < LABELS) {
                e->live_shown++;
                return;
            }
        }
    }
    end_live(e);
    if (is_any_wanted(e, at)) {
        ls_el_set_head(e, at);
    }
    ls_el_connect(e, at);
}

/* false: not all blocks are there yet. */
static bool step_live(struct ls_engine *e)
{
    uint64_t missing;
    uint32_t at = ls_el_known_ancestor(e, e->sync_target, &missing);
    e->live_blocks += e->backfill;
    e->generation++;
    if (e->live_blocks < missing) {
        return false;
    }
    execute_fetched(e, at);
    return true;
}

void ls_el_fetch_tick(struct ls_engine *e)
{
    uint64_t missing;
    if (e->is_in_pipeline) {
        step_pipeline(e);
        return;
    }
    if (!ls_el_peers_have(e, e->sync_target) ||
        ls_el_known_ancestor(e, e->sync_target, &missing) == LS_NO_BLOCK) {
        return;
    }
    bool is_done = e->is_live && step_live(e);
    if (e->has_asked && !is_done) {
        e->has_asked = false;
        e->is_live = true;
        e->generation++;
        choose_way(e, far_height(e));
    }
}

void ls_el_fetch_reset(struct ls_engine *e)
{
    e->has_asked = false;
    e->is_live = false;
    e->had_forkchoice = false;
    e->is_in_pipeline = false;
    e->live_blocks = 0;
    e->live_shown = 0;
    e->stages_done = 0;
}
