/*
 * What of an engine's state is on disk, and so survives its process (mock-engine 2.9).
 *
 * op-geth writes a block when it executes it and its head with it. op-reth writes behind: the
 * canonical chain in batches, as soon as more than a threshold of its blocks is unwritten, and the
 * labels with a batch only. How far a killed one had come is a matter of its clock, so the caller
 * of ls_engine_crash says it.
 */
#include "mocks/model/engine_state.h"

/* op-reth's --engine.persistence-threshold. */
#define UNWRITTEN_MAX 2u

void ls_el_disk_begin(struct ls_engine *e)
{
    e->written = e->head;
    e->move_count = 0;
    ls_el_disk_note(e);
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

void ls_el_disk_note(struct ls_engine *e)
{
    if (e->move_count > 0 && e->moves[(e->move_count - 1) % LS_EL_MOVES_MAX].head == e->head) {
        return;
    }
    e->moves[e->move_count++ % LS_EL_MOVES_MAX] =
        (struct ls_el_move){.head = e->head, .safe = e->safe, .finalized = e->finalized};
    uint32_t base = ls_universe_common(e->u, e->written, e->head);
    bool is_batch = ls_el_number(e, e->head) - ls_el_number(e, base) > UNWRITTEN_MAX;
    e->written = is_batch ? e->head : base;
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
    ls_el_cut_back(e, ls_el_below_head(e, lost));
    if (e->profile.restore == LS_EL_RESTORE_WRITTEN && e->written == e->head) {
        read_written_labels(e);
    }
    begin_again(e);
}

uint64_t ls_engine_unwritten(const struct ls_engine *e)
{
    return e->profile.restore == LS_EL_RESTORE_WRITTEN
               ? ls_el_number(e, e->head) - ls_el_number(e, e->written)
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
