#include "tests/engine_corpus/world.h"

static const struct ls_ublock *block(const struct ls_world *w, uint32_t id)
{
    return ls_universe_get(w->lab.universe, id);
}

static uint32_t head_of(const struct ls_world *w)
{
    return ls_engine_label(w->lab.engine, LS_LABEL_LATEST);
}

void ls_world_begin(struct ls_world *w, const struct ls_corpus *c, const char *profile,
                    uint32_t head, uint32_t safe, uint32_t finalized)
{
    struct ls_lab lab = w->lab;
    struct ls_world_counts counts = w->counts;
    ls_lab_fresh(&lab, c, profile);
    counts.lives++;
    *w = (struct ls_world){.lab = lab, .counts = counts, .denied_from = UINT64_MAX};
    if (head != LS_NO_BLOCK) {
        ls_engine_seed(lab.engine, head, safe, finalized);
        w->is_told = true;
    }
}

void ls_world_close(struct ls_world *w)
{
    ls_lab_close(&w->lab);
}

/* --- what answers deny --- */

void ls_world_deny(struct ls_world *w, uint32_t id)
{
    if (id == LS_NO_BLOCK) {
        return;
    }
    if (w->denied_count == LS_WORLD_DENIED_MAX) {
        ls_corpus_die("conversation", "denies too many blocks");
    }
    w->denied[w->denied_count].id = id;
    w->denied[w->denied_count++].deed = w->deeds;
}

void ls_world_deny_from(struct ls_world *w, uint64_t number)
{
    w->denied_from = number;
    w->denied_above = head_of(w);
    w->denied_from_deed = w->deeds;
}

void ls_world_want(struct ls_world *w, const struct ls_forkchoice *f)
{
    if (w->wanted_count == LS_WORLD_WANTED_MAX) {
        for (size_t i = 1; i < w->wanted_count; i++) {
            w->wanted[i - 1] = w->wanted[i];
        }
        w->wanted_count--;
    }
    w->wanted[w->wanted_count++] = *f;
}

void ls_world_deed(struct ls_world *w)
{
    w->deeds++;
}

/* Who lacks a block lacks what comes after it. *deed: of the newest denial. */
static bool is_denied(const struct ls_world *w, uint32_t id, unsigned long *deed)
{
    bool is_found = block(w, id)->ref.number >= w->denied_from &&
                    ls_universe_is_ancestor(w->lab.universe, w->denied_above, id);
    *deed = is_found ? w->denied_from_deed : 0;
    for (size_t i = 0; i < w->denied_count; i++) {
        if (ls_universe_is_ancestor(w->lab.universe, w->denied[i].id, id)) {
            is_found = true;
            *deed = w->denied[i].deed > *deed ? w->denied[i].deed : *deed;
        }
    }
    return is_found;
}

/* --- what happens --- */

/* Gives id and what it stands on, the head as it is. */
static void give(struct ls_world *w, uint32_t id)
{
    while (!ls_engine_has(w->lab.engine, id)) {
        uint32_t lowest = id;
        while (!ls_engine_has(w->lab.engine, block(w, lowest)->parent)) {
            lowest = block(w, lowest)->parent;
        }
        const struct ls_ublock *b = block(w, lowest);
        struct ls_np_input in = {.id = {.hash = b->ref.hash, .number = b->ref.number},
                                 .parent = b->ref.parent,
                                 .timestamp = b->ref.timestamp,
                                 .block = lowest};
        if (ls_engine_new_payload(w->lab.engine, &in).status != LS_STATUS_VALID) {
            return;
        }
    }
}

/* The newest forkchoice that leads to id; NULL: none. */
static const struct ls_forkchoice *way_to(const struct ls_world *w, uint32_t id)
{
    for (size_t i = w->wanted_count; i > 0; i--) {
        uint32_t head = ls_universe_find(w->lab.universe, &w->wanted[i - 1].head);
        if (ls_universe_is_ancestor(w->lab.universe, id, head)) {
            return &w->wanted[i - 1];
        }
    }
    return NULL;
}

/* Peers appear, send what is missing up to id, and are gone. */
static void sync_to(struct ls_world *w, const struct ls_forkchoice *f, uint32_t id)
{
    struct ls_engine *e = w->lab.engine;
    uint64_t missing = 0;
    for (uint32_t at = id; at != LS_NO_BLOCK && !ls_engine_has(e, at); at = block(w, at)->parent) {
        missing++;
    }
    ls_engine_set_backfill(e, missing);
    (void)ls_engine_forkchoice(e, f);
    ls_engine_tick(e);
    ls_engine_set_backfill(e, 0);
    w->counts.synced++;
}

static bool is_met(const struct ls_world *w, uint32_t id, enum ls_need need)
{
    switch (need) {
    case LS_NEED_BLOCK:
        return ls_engine_has(w->lab.engine, id);
    case LS_NEED_CANONICAL:
        return ls_engine_canonical_at(w->lab.engine, block(w, id)->ref.number) == id;
    case LS_NEED_HEAD:
        return head_of(w) == id;
    }
    return false;
}

/* The head stands above id on one chain. */
static bool is_behind(const struct ls_world *w, uint32_t id)
{
    return ls_universe_is_ancestor(w->lab.universe, id, head_of(w));
}

static void rewind_to(struct ls_world *w, uint32_t id)
{
    uint64_t n = block(w, head_of(w))->ref.number - block(w, id)->ref.number;
    ls_engine_rewind(w->lab.engine, n);
    w->counts.rewound++;
}

static bool act(struct ls_world *w, uint32_t id, enum ls_need need)
{
    unsigned long deed = 0;
    bool is_denied_block = is_denied(w, id, &deed);
    const struct ls_forkchoice *f = way_to(w, id);
    if (!w->is_told && need != LS_NEED_BLOCK && !is_denied_block) {
        ls_engine_seed(w->lab.engine, id, LS_NO_BLOCK, LS_NO_BLOCK);
        w->counts.there++;
        return false;
    }
    if (need == LS_NEED_HEAD && is_behind(w, id)) {
        if (w->deeds > w->deeds_known) {
            rewind_to(w, id);
        }
        return false;
    }
    if (f != NULL && !ls_engine_has(w->lab.engine, id) &&
        (is_denied_block || need != LS_NEED_BLOCK)) {
        sync_to(w, f, id);
        return true;
    }
    if (need == LS_NEED_HEAD) {
        if (w->deeds > w->deeds_known) {
            give(w, id);
            ls_engine_set_label(w->lab.engine, LS_LABEL_LATEST, id);
            w->counts.given++;
        }
        return false;
    }
    if (!is_denied_block) {
        w->counts.there++;
    } else if (w->deeds > deed) {
        w->counts.given++;
    } else {
        return false;
    }
    give(w, id);
    return false;
}

bool ls_world_need(struct ls_world *w, uint32_t id, enum ls_need need)
{
    bool is_clock = id != LS_NO_BLOCK && !is_met(w, id, need) && act(w, id, need);
    if (id != LS_NO_BLOCK && need != LS_NEED_BLOCK) {
        w->is_told = true;
    }
    if (need == LS_NEED_HEAD) {
        w->deeds_known = w->deeds;
    }
    return is_clock;
}
