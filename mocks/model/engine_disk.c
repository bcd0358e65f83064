/*
 * What of an engine's state is on disk, and so survives its process (mock-engine 2.9), and what the
 * disk shows while the process lives.
 *
 * op-geth writes a block when it executes it and its head with it. op-reth writes behind: the
 * canonical chain in batches, as soon as more than a threshold of its blocks is unwritten, and the
 * labels with a batch only; after a reorg it takes off the disk what left the chain. It does one
 * such thing at a time, beside the engine, so between two of a reorg's calls the disk may still
 * have what left the chain: that counts as canonical for whoever asks by hash. What is over clears
 * memory: side chains that leave the canonical chain below both its finalized block and its last
 * written one are gone. The recorded answers to reorgs and their labels show all of this.
 *
 * How far a killed one had come is a matter of its clock, so the caller of ls_engine_crash says it.
 */
#include "mocks/model/engine_state.h"

/* op-reth's --engine.persistence-threshold and --engine.persistence-backpressure-threshold: more
 * unwritten blocks are written; with so many more the engine waits for the disk. */
#define UNWRITTEN_MAX 2u
#define BACKLOG_MAX 16u

static uint32_t parent_of(const struct ls_engine *e, uint32_t id)
{
    return ls_universe_get(e->u, id)->parent;
}

static bool is_canonical(const struct ls_engine *e, uint32_t id)
{
    return ls_universe_is_ancestor(e->u, id, e->head);
}

/* The newest block that the disk and the canonical chain share. */
static uint32_t shared(const struct ls_engine *e)
{
    return ls_universe_common(e->u, e->written, e->head);
}

/* The newest entry of a head; NULL: none, or too long ago. */
static const struct ls_el_move *find_move(const struct ls_engine *e, uint32_t head)
{
    uint64_t kept = e->move_count < LS_EL_MOVES_MAX ? e->move_count : LS_EL_MOVES_MAX;
    for (uint64_t i = 1; i <= kept; i++) {
        const struct ls_el_move *m = &e->moves[(e->move_count - i) % LS_EL_MOVES_MAX];
        if (m->head == head) {
            return m;
        }
    }
    return NULL;
}

bool ls_el_is_left_on_disk(const struct ls_engine *e, uint32_t id)
{
    return e->profile.writes_behind && (e->flags[id] & LS_EL_ON_DISK) != 0 && !is_canonical(e, id);
}

bool ls_el_is_attached(const struct ls_engine *e, uint32_t id)
{
    while (e->profile.writes_behind && ls_el_is_known(e, id) && !is_canonical(e, id)) {
        id = parent_of(e, id);
    }
    return ls_el_is_known(e, id);
}

/* --- what is written --- */

bool ls_engine_is_settled(const struct ls_engine *e)
{
    return e->next_written == e->written;
}

void ls_el_disk_note_loose(struct ls_engine *e, uint32_t id)
{
    e->loose_from = id < e->loose_from ? id : e->loose_from;
    e->loose_to = id >= e->loose_to ? id + 1u : e->loose_to;
}

static bool is_loose(const struct ls_engine *e, uint32_t id)
{
    return (e->flags[id] & (LS_EL_KNOWN | LS_EL_ON_DISK)) == LS_EL_KNOWN;
}

/* Takes side chains away that left the canonical one below that number. They are in memory only. */
static void forget_sides(struct ls_engine *e, uint64_t below)
{
    uint32_t from = e->loose_from;
    uint32_t to = e->loose_to;
    e->loose_from = LS_NO_BLOCK;
    e->loose_to = 0;
    for (uint32_t id = from; id < to; id++) {
        if (!is_loose(e, id)) {
            continue;
        }
        if (!is_canonical(e, id) &&
            ls_el_number(e, ls_universe_common(e->u, id, e->head)) < below) {
            ls_el_forget_block(e, id);
            e->generation++;
        } else {
            ls_el_disk_note_loose(e, id);
        }
    }
}

/* The disk agrees with the canonical chain: what is finalized and written needs no sides. The
 * finalized block is the one named last, applied or not; a foreign one counts as none. */
static void forget_final_sides(struct ls_engine *e)
{
    if (!is_canonical(e, e->written) || !is_canonical(e, e->valid_finalized)) {
        return;
    }
    uint64_t written = ls_el_number(e, e->written);
    uint64_t finalized = ls_el_number(e, e->valid_finalized);
    forget_sides(e, finalized < written ? finalized : written);
}

/* One thing at a time: first what left the canonical chain is taken off the disk. */
static void begin_next(struct ls_engine *e)
{
    if (!e->profile.writes_behind || !ls_engine_is_settled(e) || e->is_in_pipeline) {
        return;
    }
    uint32_t base = shared(e);
    if (base != e->written) {
        e->next_written = base;
    } else if (ls_el_number(e, e->head) - ls_el_number(e, base) > UNWRITTEN_MAX) {
        e->next_written = e->head;
    }
}

static void set_on_disk(struct ls_engine *e, uint32_t id, bool is_there)
{
    if (is_there) {
        e->flags[id] |= LS_EL_ON_DISK;
    } else {
        e->flags[id] &= (uint16_t)~LS_EL_ON_DISK;
        ls_el_disk_note_loose(e, id);
    }
}

static void end_one(struct ls_engine *e)
{
    uint32_t to = e->next_written;
    bool is_removal = ls_universe_is_ancestor(e->u, to, e->written);
    uint32_t low = is_removal ? to : e->written;
    for (uint32_t id = is_removal ? e->written : to; id != low; id = parent_of(e, id)) {
        set_on_disk(e, id, !is_removal);
    }
    e->written = to;
    e->generation++;
    forget_final_sides(e);
    begin_next(e);
}

void ls_engine_settle(struct ls_engine *e)
{
    while (!ls_engine_is_settled(e)) {
        end_one(e);
    }
}

void ls_engine_set_disk_lags(struct ls_engine *e, bool lags)
{
    e->profile.disk_lags = lags;
    if (!lags) {
        ls_engine_settle(e);
    }
}

void ls_el_disk_tick(struct ls_engine *e)
{
    if (!ls_engine_is_settled(e)) {
        end_one(e);
    }
}

void ls_el_disk_await(struct ls_engine *e)
{
    while (!ls_engine_is_settled(e) &&
           ls_el_number(e, e->head) - ls_el_number(e, shared(e)) > BACKLOG_MAX) {
        end_one(e);
    }
}

void ls_el_disk_fill(struct ls_engine *e)
{
    uint32_t base = shared(e);
    for (uint32_t id = e->written; id != base; id = parent_of(e, id)) {
        set_on_disk(e, id, false);
    }
    for (uint32_t id = e->head; id != base; id = parent_of(e, id)) {
        set_on_disk(e, id, true);
    }
    e->written = e->next_written = e->head;
    forget_sides(e, ls_el_number(e, e->head));
}

void ls_el_disk_begin(struct ls_engine *e)
{
    uint32_t count = ls_universe_count(e->u);
    e->written = e->next_written = e->head;
    e->valid_finalized = LS_NO_BLOCK;
    e->move_count = 0;
    for (uint32_t id = 0; id < count; id++) {
        set_on_disk(e, id, false);
    }
    for (uint32_t id = e->head; id != LS_NO_BLOCK; id = parent_of(e, id)) {
        set_on_disk(e, id, true);
    }
    ls_el_disk_note(e);
}

/* A reorg takes what left the chain out of the cache. */
static void drop_from_cache(struct ls_engine *e, uint32_t from)
{
    uint32_t base = ls_universe_common(e->u, from, e->head);
    for (uint32_t id = from; base != e->head && id != base; id = parent_of(e, id)) {
        e->flags[id] &= (uint16_t)~LS_EL_BODY_READ;
    }
}

void ls_el_disk_note(struct ls_engine *e)
{
    const struct ls_el_move *last =
        e->move_count > 0 ? &e->moves[(e->move_count - 1) % LS_EL_MOVES_MAX] : NULL;
    if (last != NULL && last->head == e->head) {
        return;
    }
    if (last != NULL && e->profile.writes_behind) {
        drop_from_cache(e, last->head);
    }
    e->moves[e->move_count++ % LS_EL_MOVES_MAX] =
        (struct ls_el_move){.head = e->head, .safe = e->safe, .finalized = e->finalized};
    begin_next(e);
    if (!e->profile.disk_lags) {
        ls_engine_settle(e);
    }
}

static void set_labels(struct ls_engine *e, uint32_t safe, uint32_t finalized)
{
    e->safe = safe;
    e->finalized = finalized;
}

/* Labels as the head was written with. A safe block that has no finalized one becomes both. */
static void read_written_labels(struct ls_engine *e)
{
    const struct ls_el_move *m = find_move(e, e->head);
    if (m != NULL) {
        set_labels(e, m->safe, m->finalized);
    }
}

/* Only the canonical chain was written. */
static void keep_canonical(struct ls_engine *e)
{
    uint32_t count = ls_universe_count(e->u);
    for (uint32_t id = 0; id < count; id++) {
        if (ls_el_is_known(e, id) && !ls_universe_is_ancestor(e->u, id, e->head)) {
            ls_el_forget_block(e, id);
        }
    }
}

static void restore_labels(struct ls_engine *e)
{
    switch (e->profile.restore) {
    case LS_EL_RESTORE_FINALIZED:
        e->safe = e->finalized;
        break;
    case LS_EL_RESTORE_BOTH:
        break;
    case LS_EL_RESTORE_NONE:
        set_labels(e, LS_NO_BLOCK, LS_NO_BLOCK);
        break;
    case LS_EL_RESTORE_NO_SAFE:
        e->safe = LS_NO_BLOCK;
        break;
    case LS_EL_RESTORE_WRITTEN:
        keep_canonical(e);
        if (e->finalized == LS_NO_BLOCK) {
            e->finalized = e->safe;
        }
        break;
    }
}

static void begin_again(struct ls_engine *e)
{
    restore_labels(e);
    e->is_dead = false;
    ls_el_end_process(e);
    ls_el_begin_process(e);
    ls_el_cool(e);
    ls_el_disk_begin(e);
}

void ls_engine_restart(struct ls_engine *e, uint64_t lost)
{
    ls_engine_settle(e);
    ls_el_cut_back(e, ls_el_below_head(e, lost));
    if (e->profile.restore == LS_EL_RESTORE_WRITTEN && e->written == e->head) {
        read_written_labels(e);
    }
    begin_again(e);
}

uint64_t ls_engine_unwritten(const struct ls_engine *e)
{
    return e->profile.restore == LS_EL_RESTORE_WRITTEN
               ? ls_el_number(e, e->head) - ls_el_number(e, shared(e))
               : 0;
}

void ls_engine_crash(struct ls_engine *e, uint64_t lost)
{
    uint32_t head = ls_el_below_head(e, lost);
    if (head == e->genesis && head != e->head && e->profile.restore != LS_EL_RESTORE_WRITTEN) {
        e->head = head;
        set_labels(e, LS_NO_BLOCK, LS_NO_BLOCK);
    }
    ls_el_cut_back(e, head);
    if (e->profile.restore == LS_EL_RESTORE_WRITTEN) {
        read_written_labels(e);
    }
    begin_again(e);
}
