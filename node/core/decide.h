/*
 * The follow decision: which heads the engine should have, given one source snapshot, the heads we
 * hold and what the engine has at three heights. A pure function of its argument; everything the
 * node is about is on one screen in decide.c.
 */
#ifndef LS_CORE_DECIDE_H
#define LS_CORE_DECIDE_H

#include "node/core/state.h"

/* The source's local-safe block E seen from the engine (spec 2.4). */
enum ls_relation {
    LS_REL_AHEAD,   /* above the engine's real latest */
    LS_REL_MISSING, /* not above latest, yet the engine has no block at that height */
    LS_REL_MATCH,   /* canonical on the engine */
    LS_REL_REORG    /* the engine has another block at that height */
};

/* The engine's canonical block at a height. */
struct ls_at {
    bool found;
    struct ls_hash hash;
};

struct ls_view {
    struct ls_snapshot snap;   /* usable: ordered, no zero hash, L1-checked */
    struct ls_heads mine;      /* confirmed heads */
    struct ls_block_id latest; /* the engine's real latest */
    struct ls_at at_e;
    struct ls_at at_s;
    bool is_off_branch;      /* our safe is not on the engine's chain */
    bool safe_is_dead;       /* L1 no longer has our safe's origin (P-1) */
    struct ls_l2_ref wanted; /* head asked for and not reached yet, zero when none */
    bool wanted_is_lost;     /* the engine had it and lost it */
    unsigned stalled;        /* passes without progress towards it */
};

struct ls_decision {
    enum ls_relation relation;
    bool head_is_current; /* heads.unsafe is simply our unsafe head */
    bool is_holding;      /* the source went back on the same chain: ours is kept */
    bool is_possible;     /* false: S lies below our finalized; nothing may change */
    struct ls_heads heads;
};

/* Where the source's local-safe block stands on the engine, and what follows from it. */
enum ls_relation ls_relation_of(const struct ls_view *v);
struct ls_decision ls_decide(const struct ls_view *v);

#endif
