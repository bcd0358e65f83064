/* Life of an engine: memory, small helpers, what the world does to it, ground truth. */
#include "mocks/model/engine.h"

#include <assert.h>
#include <string.h>

#include "mocks/model/engine_state.h"

#define ALIGN 16u

size_t ls_engine_size(const struct ls_universe *u)
{
    size_t bytes = sizeof(struct ls_engine) + ls_universe_capacity(u) * sizeof(uint16_t);
    return (bytes + ALIGN - 1u) / ALIGN * ALIGN;
}

struct ls_engine *ls_engine_init(void *mem, const struct ls_universe *u, uint32_t genesis,
                                 const struct ls_engine_profile *profile)
{
    struct ls_engine *e = mem;
    memset(e, 0, ls_engine_size(u));
    e->u = u;
    e->profile = *profile;
    e->genesis = genesis;
    e->flags = (uint16_t *)(e + 1);
    e->peer_tip = LS_NO_BLOCK;
    assert(genesis < ls_universe_count(u));
    ls_engine_wipe(e);
    return e;
}

void ls_el_end_process(struct ls_engine *e)
{
    uint32_t count = ls_universe_count(e->u);
    for (uint32_t id = 0; id < count; id++) {
        e->flags[id] &= (uint16_t)~LS_EL_CONDEMNED;
    }
    ls_el_forget_memory(e);
    ls_el_sync_reset(e);
    e->process++;
}

uint64_t ls_engine_process(const struct ls_engine *e)
{
    return e->process;
}

void ls_engine_set_profile(struct ls_engine *e, const struct ls_engine_profile *profile)
{
    e->profile = *profile;
    ls_el_end_process(e);
    ls_el_disk_begin(e);
}

struct ls_engine_profile *ls_engine_knobs(struct ls_engine *e)
{
    return &e->profile;
}

/* --- helpers --- */

bool ls_el_is_known(const struct ls_engine *e, uint32_t id)
{
    return id != LS_NO_BLOCK && (e->flags[id] & LS_EL_KNOWN) != 0;
}

bool ls_el_has_state(const struct ls_engine *e, uint32_t id)
{
    return id != LS_NO_BLOCK && (e->flags[id] & LS_EL_STATE) != 0;
}

bool ls_el_is_bad(const struct ls_engine *e, uint32_t id)
{
    if ((e->flags[id] & (LS_EL_INVALID | LS_EL_CONDEMNED)) != 0) {
        return true;
    }
    return ls_universe_get(e->u, id)->expect_invalid && (e->flags[id] & LS_EL_NOT_INVALID) == 0;
}

void ls_el_enter(struct ls_engine *e, uint32_t id)
{
    e->flags[id] |= LS_EL_KNOWN | LS_EL_STATE;
    ls_el_disk_note_loose(e, id);
    e->generation++;
    if (ls_universe_get(e->u, id)->parent == e->head) {
        e->pending = id;
    }
}

uint64_t ls_el_number(const struct ls_engine *e, uint32_t id)
{
    return ls_universe_get(e->u, id)->ref.number;
}

uint32_t ls_el_parent(const struct ls_engine *e, uint32_t id)
{
    const struct ls_ublock *b = ls_universe_get(e->u, id);
    return b->is_gap ? LS_NO_BLOCK : b->parent;
}

void ls_el_set_head(struct ls_engine *e, uint32_t id)
{
    if (e->head != id) {
        e->head = id;
        e->pending = LS_NO_BLOCK;
        e->has_moved = true;
        e->generation++;
    }
}

void ls_el_forget_block(struct ls_engine *e, uint32_t id)
{
    e->flags[id] &= (uint16_t) ~(LS_EL_KNOWN | LS_EL_STATE | LS_EL_HEADER_READ | LS_EL_BODY_READ |
                                 LS_EL_ON_DISK);
}

/* Forgets every known block whose recorded parent is not known. Parents have smaller ids, so one
 * sweep reaches all descendants. */
static void drop_orphans(struct ls_engine *e)
{
    uint32_t count = ls_universe_count(e->u);
    for (uint32_t id = 0; id < count; id++) {
        uint32_t parent = ls_universe_get(e->u, id)->parent;
        if (id != e->genesis && ls_el_is_known(e, id) && !ls_el_is_known(e, parent)) {
            ls_el_forget_block(e, id);
        }
    }
}

static uint32_t unset_when_forgotten(const struct ls_engine *e, uint32_t label)
{
    return ls_el_is_known(e, label) ? label : LS_NO_BLOCK;
}

void ls_el_cut_back(struct ls_engine *e, uint32_t to)
{
    for (uint32_t id = e->head; id != to && id != LS_NO_BLOCK;
         id = ls_universe_get(e->u, id)->parent) {
        ls_el_forget_block(e, id);
    }
    drop_orphans(e);
    e->head = to;
    e->safe = unset_when_forgotten(e, e->safe);
    e->finalized = unset_when_forgotten(e, e->finalized);
    e->generation++;
}

uint32_t ls_el_below_head(const struct ls_engine *e, uint64_t n)
{
    uint32_t id = e->head;
    for (uint64_t i = 0; i < n && id != e->genesis; i++) {
        id = ls_universe_get(e->u, id)->parent;
    }
    return id;
}

void ls_el_begin_process(struct ls_engine *e)
{
    e->start_block = ls_el_number(e, e->head);
    e->has_moved = false;
}

/* --- the world's hands --- */

void ls_engine_wipe(struct ls_engine *e)
{
    uint32_t count = ls_universe_count(e->u);
    for (uint32_t id = 0; id < count; id++) {
        ls_el_forget_block(e, id);
    }
    e->head = e->genesis;
    e->safe = LS_NO_BLOCK;
    e->finalized = LS_NO_BLOCK;
    ls_el_forget_memory(e);
    ls_el_enter(e, e->genesis);
    ls_el_begin_process(e);
    ls_el_disk_begin(e);
    ls_el_cool(e);
    ls_el_sync_reset(e);
}

void ls_engine_seed(struct ls_engine *e, uint32_t tip, uint32_t safe, uint32_t finalized)
{
    for (uint32_t id = tip; id != LS_NO_BLOCK; id = ls_universe_get(e->u, id)->parent) {
        ls_el_enter(e, id);
    }
    e->head = tip;
    e->safe = safe;
    e->finalized = finalized;
    ls_el_begin_process(e);
    ls_el_disk_begin(e);
    e->has_moved = true; /* a CL has been here */
    ls_el_sync_reset(e);
}

void ls_engine_kill(struct ls_engine *e)
{
    e->is_dead = true;
    e->generation++;
}

bool ls_engine_is_dead(const struct ls_engine *e)
{
    return e->is_dead;
}

void ls_engine_rewind(struct ls_engine *e, uint64_t n)
{
    ls_el_cut_back(e, ls_el_below_head(e, n));
    ls_el_cool(e);
}

void ls_engine_forget(struct ls_engine *e, uint32_t id)
{
    if (id == e->genesis || !ls_el_is_known(e, id)) {
        return;
    }
    if (ls_universe_is_ancestor(e->u, id, e->head)) {
        ls_el_cut_back(e, ls_universe_get(e->u, id)->parent);
        return;
    }
    ls_el_forget_block(e, id);
    ls_el_cut_back(e, e->head);
}

void ls_engine_set_prune(struct ls_engine *e, uint64_t keep)
{
    e->profile.bodies_kept = keep;
    e->generation++;
}

void ls_engine_mark_invalid(struct ls_engine *e, uint32_t id, bool is_invalid)
{
    uint16_t off = is_invalid ? LS_EL_NOT_INVALID : LS_EL_INVALID;
    uint16_t on = is_invalid ? LS_EL_INVALID : LS_EL_NOT_INVALID;
    e->flags[id] = (uint16_t)((e->flags[id] & ~off) | on);
    e->generation++;
}

/* id and its descendants are refused from now on, as if id had been executed again. */
static void reject_with_descendants(struct ls_engine *e, uint32_t id)
{
    const struct ls_l2_ref *bad = &ls_universe_get(e->u, id)->ref;
    uint32_t count = ls_universe_count(e->u);
    for (uint32_t tip = id; tip < count; tip++) {
        if (ls_el_is_known(e, tip) && ls_universe_is_ancestor(e->u, id, tip)) {
            ls_el_reject(e, &ls_universe_get(e->u, tip)->ref.hash, &bad->hash, &bad->parent, 1);
        }
    }
}

void ls_engine_condemn(struct ls_engine *e, uint32_t id)
{
    assert(id != e->genesis);
    e->flags[id] |= LS_EL_CONDEMNED;
    e->generation++;
    if (ls_el_is_known(e, id)) {
        reject_with_descendants(e, id);
        ls_engine_forget(e, id);
    }
}

void ls_engine_set_backfill(struct ls_engine *e, uint64_t blocks_per_tick)
{
    e->backfill = blocks_per_tick;
}

void ls_engine_set_peer_tip(struct ls_engine *e, uint32_t tip)
{
    e->peer_tip = tip;
}

void ls_engine_set_stuck(struct ls_engine *e, bool is_stuck)
{
    e->profile.is_stuck = is_stuck;
}

void ls_engine_set_label(struct ls_engine *e, enum ls_label label, uint32_t id)
{
    switch (label) {
    case LS_LABEL_LATEST:
        assert(ls_el_is_known(e, id));
        e->head = id;
        break;
    case LS_LABEL_SAFE:
        e->safe = id;
        break;
    case LS_LABEL_FINALIZED:
        e->finalized = id;
        break;
    }
    e->generation++;
}

/* --- ground truth --- */

bool ls_engine_has(const struct ls_engine *e, uint32_t id)
{
    return ls_el_is_known(e, id);
}

uint32_t ls_engine_canonical_at(const struct ls_engine *e, uint64_t number)
{
    return ls_universe_at(e->u, e->head, number);
}

uint32_t ls_engine_label(const struct ls_engine *e, enum ls_label label)
{
    switch (label) {
    case LS_LABEL_LATEST:
        return e->head;
    case LS_LABEL_SAFE:
        return e->safe;
    case LS_LABEL_FINALIZED:
        return e->finalized;
    }
    return LS_NO_BLOCK;
}

uint32_t ls_engine_genesis(const struct ls_engine *e)
{
    return e->genesis;
}

uint32_t ls_engine_sync_target(const struct ls_engine *e)
{
    return e->sync_target;
}

bool ls_engine_is_pruned(const struct ls_engine *e, uint32_t id)
{
    uint64_t head = ls_el_number(e, e->head);
    uint64_t number = ls_el_number(e, id);
    return number != 0 && number < head && head - number > e->profile.bodies_kept;
}

bool ls_engine_header_is_cached(const struct ls_engine *e, uint32_t id)
{
    return !e->profile.parent_by_number || (e->flags[id] & LS_EL_HEADER_READ) != 0;
}

void ls_engine_cache_header(struct ls_engine *e, uint32_t id)
{
    e->flags[id] |= LS_EL_HEADER_READ;
}

void ls_engine_cache_block(struct ls_engine *e, uint32_t id)
{
    if (ls_el_is_known(e, id)) {
        e->flags[id] |= LS_EL_BODY_READ;
    }
}

void ls_el_touch(struct ls_engine *e, uint32_t id)
{
    if (!e->profile.writes_behind) {
        ls_engine_cache_block(e, id);
    }
}

bool ls_el_finds_parent(const struct ls_engine *e, uint32_t parent, uint64_t number)
{
    return !e->profile.parent_by_number || (e->flags[parent] & LS_EL_BODY_READ) != 0 ||
           number == ls_el_number(e, parent) + 1u;
}

void ls_el_cool(struct ls_engine *e)
{
    uint32_t count = ls_universe_count(e->u);
    for (uint32_t id = 0; id < count; id++) {
        e->flags[id] &= (uint16_t) ~(LS_EL_HEADER_READ | LS_EL_BODY_READ);
    }
    e->flags[e->genesis] |= LS_EL_HEADER_READ | LS_EL_BODY_READ;
    e->flags[e->head] |= LS_EL_HEADER_READ | LS_EL_BODY_READ;
}

uint64_t ls_engine_generation(const struct ls_engine *e)
{
    return e->generation;
}
