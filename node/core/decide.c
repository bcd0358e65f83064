#include "node/core/decide.h"

/* Step 5. "Ahead" is decided against the engine's real latest, not an optimistic number. */
enum ls_relation ls_relation_of(const struct ls_view *v)
{
    const struct ls_l2_ref *e = &v->snap.local_safe;
    if (e->number > v->latest.number) {
        return LS_REL_AHEAD;
    }
    if (!v->at_e.found) {
        return LS_REL_MISSING;
    }
    return ls_hash_eq(&v->at_e.hash, &e->hash) ? LS_REL_MATCH : LS_REL_REORG;
}

/* Step 6, the head. A target already asked for is kept while it is no lower than E and progresses:
 * it may well be the chain we want, and changing it restarts the engine's sync (#21004). */
static struct ls_l2_ref choose_head(const struct ls_view *v, enum ls_relation rel)
{
    bool keep_wanted = ls_known(&v->wanted) && v->wanted.number >= v->snap.local_safe.number &&
                       v->stalled < LS_STALL_PASSES;
    switch (rel) {
    case LS_REL_MATCH: /* only what the engine lost above E is asked for again (SYN-01) */
        return keep_wanted && v->wanted_is_lost ? v->wanted : v->mine.unsafe;
    case LS_REL_REORG:
        return v->snap.local_safe;
    case LS_REL_MISSING: /* a hole below latest: never a divergence (SYN-13, SYN-14) */
        return v->stalled < LS_STALL_PASSES ? v->mine.unsafe : v->snap.local_safe;
    case LS_REL_AHEAD:
        return keep_wanted ? v->wanted : v->snap.local_safe;
    }
    return v->snap.local_safe;
}

/* Step 4, regress: S is lower than our safe and not on another branch. Held (P-1), unless our safe
 * died in an L1 reorg. A block the engine cannot show is no proof of another branch. */
static bool holds(const struct ls_view *v, enum ls_relation rel)
{
    const struct ls_l2_ref *s = &v->snap.safe;
    if (!ls_known(&v->mine.safe) || s->number >= v->mine.safe.number || v->safe_is_dead ||
        v->is_off_branch) {
        return false;
    }
    if (v->at_s.found) {
        return ls_hash_eq(&v->at_s.hash, &s->hash);
    }
    return rel != LS_REL_REORG;
}

static struct ls_l2_ref higher(const struct ls_l2_ref *mine, const struct ls_l2_ref *theirs)
{
    return ls_known(mine) && mine->number > theirs->number ? *mine : *theirs;
}

struct ls_decision ls_decide(const struct ls_view *v)
{
    const struct ls_snapshot *snap = &v->snap;
    struct ls_decision d = {.relation = ls_relation_of(v), .heads = {.safe = snap->safe}};
    d.is_holding = holds(v, d.relation);
    d.heads.unsafe = choose_head(v, d.relation);
    d.heads.local_safe = snap->local_safe;
    d.heads.finalized = higher(&v->mine.finalized, &snap->finalized); /* I-04 */
    if (d.is_holding) {
        d.heads.safe = v->mine.safe;
        d.heads.local_safe = higher(&v->mine.local_safe, &snap->local_safe);
    }
    if (d.heads.safe.number > d.heads.unsafe.number) { /* I-02: the held safe is lost with the EL */
        d.heads.safe = snap->safe;
        d.heads.local_safe = snap->local_safe;
    }
    d.head_is_current = ls_same(&d.heads.unsafe, &v->mine.unsafe);
    d.is_possible = d.heads.finalized.number < d.heads.safe.number ||
                    ls_same(&d.heads.finalized, &d.heads.safe);
    return d;
}
