/*
 * State tables, the table of open requests, and notes.
 *
 * Each machine is a list of {name, allowed next}; one function moves, and asserts. A state that may
 * follow itself is not a move.
 */
#include <assert.h>

#include "node/core/state.h"

struct rule {
    const char *name;
    uint32_t next; /* bit per state */
};

#define TO(s) (1u << (unsigned)(s))

static const struct rule LIFE[LS_LIFE_COUNT] = {
    [LS_LIFE_NEW] = {"new", TO(LS_LIFE_PROBE)},
    [LS_LIFE_PROBE] = {"probe", TO(LS_LIFE_RUN) | TO(LS_LIFE_HALTED)},
    [LS_LIFE_RUN] = {"run", TO(LS_LIFE_HALTED)},
    [LS_LIFE_HALTED] = {"halted", 0},
};

#define SRC_ANY                                                                               \
    (TO(LS_SOURCE_UNKNOWN) | TO(LS_SOURCE_OK) | TO(LS_SOURCE_DOWN) | TO(LS_SOURCE_UNUSABLE) | \
     TO(LS_SOURCE_WRONG_CHAIN) | TO(LS_SOURCE_CONTRADICTION))
static const struct rule SOURCE[] = {
    [LS_SOURCE_UNKNOWN] = {"unknown", SRC_ANY},
    [LS_SOURCE_OK] = {"ok", SRC_ANY},
    [LS_SOURCE_DOWN] = {"down", SRC_ANY},
    [LS_SOURCE_UNUSABLE] = {"unusable", SRC_ANY},
    [LS_SOURCE_WRONG_CHAIN] = {"wrong chain",
                               TO(LS_SOURCE_UNKNOWN) | TO(LS_SOURCE_OK) | TO(LS_SOURCE_DOWN)},
    [LS_SOURCE_CONTRADICTION] = {"contradiction", SRC_ANY},
};

#define EL_ANY                                                                                   \
    (TO(LS_ENGINE_VALID) | TO(LS_ENGINE_SYNCING) | TO(LS_ENGINE_DOWN) | TO(LS_ENGINE_REFUSING) | \
     TO(LS_ENGINE_MISCONFIGURED))
static const struct rule ENGINE[] = {
    [LS_ENGINE_PROBING] = {"probing", EL_ANY},
    [LS_ENGINE_VALID] = {"valid", EL_ANY},
    [LS_ENGINE_SYNCING] = {"syncing", EL_ANY},
    [LS_ENGINE_DOWN] = {"down", EL_ANY | TO(LS_ENGINE_PROBING)},
    [LS_ENGINE_REFUSING] = {"refusing", EL_ANY},
    [LS_ENGINE_MISCONFIGURED] = {"misconfigured", EL_ANY | TO(LS_ENGINE_PROBING)},
};

#define L1_ANY (TO(LS_L1_OK) | TO(LS_L1_LAGGING) | TO(LS_L1_DOWN) | TO(LS_L1_WRONG))
static const struct rule L1[] = {
    [LS_L1_OFF] = {"off", 0},        [LS_L1_UNKNOWN] = {"unknown", L1_ANY},
    [LS_L1_OK] = {"ok", L1_ANY},     [LS_L1_LAGGING] = {"lagging", L1_ANY},
    [LS_L1_DOWN] = {"down", L1_ANY}, [LS_L1_WRONG] = {"wrong", 0},
};

static void check_move(const struct rule *from, unsigned to)
{
    assert((from->next & TO(to)) != 0);
    (void)from;
    (void)to;
}

void ls_move_life(struct ls_core *c, enum ls_life to)
{
    check_move(&LIFE[c->life], to);
    c->life = to;
}

void ls_move_source(struct ls_core *c, enum ls_source_state to)
{
    if (c->source != to) {
        check_move(&SOURCE[c->source], to);
        c->source = to;
    }
}

void ls_move_engine(struct ls_core *c, enum ls_engine_state to)
{
    if (c->engine != to) {
        check_move(&ENGINE[c->engine], to);
        c->engine = to;
    }
}

void ls_move_l1(struct ls_core *c, enum ls_l1_state to)
{
    if (c->l1 != to) {
        check_move(&L1[c->l1], to);
        c->l1 = to;
    }
}

struct ls_action *ls_act(struct ls_actions *out, enum ls_action_kind kind)
{
    assert(out->count < LS_ACTIONS_MAX);
    struct ls_action *a = &out->items[out->count++];
    *a = (struct ls_action){.kind = kind};
    return a;
}

static uint64_t give_up(const struct ls_core *c, enum ls_target to)
{
    uint64_t t = to == LS_TO_ENGINE ? c->cfg.engine_timeout_ns : c->cfg.source_timeout_ns;
    return c->now_ns > LS_NEVER - t ? LS_NEVER : c->now_ns + t;
}

void ls_send(struct ls_core *c, struct ls_actions *out, struct ls_alive what, enum ls_method m,
             struct ls_request_params p)
{
    struct ls_alive *slot = NULL;
    for (size_t i = 0; i < LS_REQUESTS_MAX && slot == NULL; i++) {
        if (c->alive[i].id == 0) {
            slot = &c->alive[i];
        }
    }
    assert(slot != NULL);
    *slot = what;
    slot->id = c->next_id;
    c->next_id = c->next_id + 1 == LS_REQUEST_IDS_END ? 1 : c->next_id + 1;
    struct ls_action *a = ls_act(out, LS_ACT_SEND);
    a->id = slot->id;
    a->target = what.target;
    a->method = m;
    a->params = p;
    a->give_up_ns = give_up(c, what.target);
}

struct ls_alive ls_take(struct ls_core *c, uint32_t id)
{
    struct ls_alive none = {.purpose = LS_FOR_NOTHING};
    for (size_t i = 0; id != 0 && i < LS_REQUESTS_MAX; i++) {
        if (c->alive[i].id == id) {
            none = c->alive[i];
            c->alive[i] = (struct ls_alive){0};
            break;
        }
    }
    return none;
}

bool ls_is_asking(const struct ls_core *c, enum ls_purpose p)
{
    for (size_t i = 0; i < LS_REQUESTS_MAX; i++) {
        if (c->alive[i].id != 0 && c->alive[i].purpose == p) {
            return true;
        }
    }
    return false;
}

void ls_note(struct ls_actions *out, enum ls_note n, const struct ls_block_id *a,
             const struct ls_block_id *b, int64_t code)
{
    struct ls_action *act = ls_act(out, LS_ACT_NOTE);
    act->note = n;
    act->code = code;
    if (a != NULL) {
        act->a = *a;
    }
    if (b != NULL) {
        act->b = *b;
    }
}

static_assert(LS_NOTE_COUNT < UINT8_MAX, "an episode is a note in one byte");

void ls_episode(struct ls_core *c, struct ls_actions *out, enum ls_slot slot, enum ls_note n,
                const struct ls_block_id *a, const struct ls_block_id *b, int64_t code)
{
    if (!ls_in_episode(c, slot, n)) {
        c->episodes[slot] = (uint8_t)(n + 1);
        ls_note(out, n, a, b, code);
    }
}

void ls_episode_over(struct ls_core *c, struct ls_actions *out, enum ls_slot slot,
                     enum ls_note over)
{
    if (c->episodes[slot] != 0) {
        c->episodes[slot] = 0;
        ls_note(out, over, NULL, NULL, 0);
    }
}

bool ls_in_episode(const struct ls_core *c, enum ls_slot slot, enum ls_note n)
{
    return c->episodes[slot] == (uint8_t)(n + 1);
}

int ls_note_level(enum ls_note n)
{
    enum { DEBUG, INFO, WARN, ERROR };
#define LEVEL(name, level, text) [LS_NOTE_##name] = level,
    static const int LEVELS[] = {LS_NOTE_LIST(LEVEL)};
#undef LEVEL
    assert(n < LS_NOTE_COUNT);
    return LEVELS[n];
}

const char *ls_note_text(enum ls_note n)
{
#define TEXT(name, level, text) [LS_NOTE_##name] = text,
    static const char *const TEXTS[] = {LS_NOTE_LIST(TEXT)};
#undef TEXT
    assert(n < LS_NOTE_COUNT);
    return TEXTS[n];
}
