/*
 * Checks a snapshot must pass before anything is decided (Appendix A, steps 2 to 4).
 *
 * Each returns true when the pass may go on; false when it ended here or an answer is awaited.
 */
#include "node/core/decide.h"
#include "node/core/state.h"

static bool refuse(struct ls_core *c, struct ls_actions *out, enum ls_note why,
                   const struct ls_l2_ref *a, const struct ls_l2_ref *b)
{
    struct ls_block_id x = ls_id(a), y = ls_id(b);
    ls_move_source(c, LS_SOURCE_UNUSABLE);
    ls_episode(c, out, LS_SLOT_SOURCE, why, &x, &y, 0);
    ls_pass_end(c, LS_PASS_INVALID);
    return false;
}

static bool is_ordered(const struct ls_l2_ref *low, const struct ls_l2_ref *high)
{
    return low->number < high->number ||
           (low->number == high->number && ls_hash_eq(&low->hash, &high->hash));
}

static bool is_misplaced_genesis(const struct ls_core *c, const struct ls_l2_ref *r)
{
    bool at_height = r->number == c->cfg.genesis.number;
    return at_height != ls_hash_eq(&r->hash, &c->cfg.genesis.hash) ||
           r->number < c->cfg.genesis.number;
}

/* Step 2.: numbers and hashes: no zero hash; P-9: genesis after more is held. */
bool ls_gate_order(struct ls_core *c, struct ls_actions *out)
{
    const struct ls_snapshot *s = &c->pass.snap;
    const struct ls_l2_ref *refs[] = {&s->finalized, &s->safe, &s->local_safe};
    for (size_t i = 0; i < 3; i++) {
        if (!ls_known(refs[i])) {
            return refuse(c, out, LS_NOTE_SOURCE_ZERO, refs[i], &s->safe);
        }
        if (is_misplaced_genesis(c, refs[i])) {
            return refuse(c, out, LS_NOTE_SOURCE_INVALID, refs[i], &s->safe);
        }
    }
    if (!is_ordered(refs[0], refs[1])) {
        return refuse(c, out, LS_NOTE_SOURCE_ORDER, refs[0], refs[1]);
    }
    if (!is_ordered(refs[1], refs[2])) {
        return refuse(c, out, LS_NOTE_SOURCE_ORDER, refs[1], refs[2]);
    }
    if (s->safe.number == c->cfg.genesis.number && c->heads.safe.number > s->safe.number) {
        return refuse(c, out, LS_NOTE_SOURCE_GENESIS, &s->safe, &c->heads.safe);
    }
    return true;
}

/* --- step 3: L1 --- */

enum origin { ORIGIN_OK, ORIGIN_WAIT, ORIGIN_ABSENT, ORIGIN_DIFFERS };

static enum origin check_origin(struct ls_core *c, struct ls_actions *out, enum ls_fact_id f,
                                const struct ls_block_id *origin)
{
    if (ls_l1_is_checked(c, origin)) {
        return ORIGIN_OK;
    }
    for (int i = LS_FACT_L1_LOCAL_SAFE; i < (int)f; i++) { /* asked in this pass already? */
        const struct ls_fact *g = &c->pass.facts[i];
        if (g->state == LS_FACT_KNOWN && g->r.found && g->r.l1.number == origin->number) {
            return ls_hash_eq(&g->r.l1.hash, &origin->hash) ? ORIGIN_OK : ORIGIN_DIFFERS;
        }
    }
    const struct ls_block_reply *r = ls_pass_ask(
        c, out, f, LS_TO_L1, LS_M_BLOCK, (struct ls_request_params){.number = origin->number});
    if (r == NULL) {
        return ORIGIN_WAIT;
    }
    if (!r->found) {
        return ORIGIN_ABSENT;
    }
    if (!ls_hash_eq(&r->l1.hash, &origin->hash)) {
        return ORIGIN_DIFFERS;
    }
    ls_l1_remember(c, origin);
    return ORIGIN_OK;
}

static bool hold_for_l1(struct ls_core *c, struct ls_actions *out, enum origin why,
                        const struct ls_block_id *origin)
{
    bool lags = why == ORIGIN_ABSENT;
    ls_move_l1(c, lags ? LS_L1_LAGGING : LS_L1_OK);
    ls_episode(c, out, LS_SLOT_L1, lags ? LS_NOTE_L1_LAG : LS_NOTE_L1_MISMATCH, origin, NULL, 0);
    ls_pass_end(c, lags ? LS_PASS_L1_LOOKUP : LS_PASS_L1_MISMATCH);
    return false;
}

/* current_l1 alone is affected when our L1 does not have it (defect 50, kona's zero current_l1). */
static bool check_current_l1(struct ls_core *c, struct ls_actions *out)
{
    struct ls_block_id id = {c->pass.snap.current_l1.hash, c->pass.snap.current_l1.number};
    if (ls_hash_is_zero(&id.hash)) {
        c->pass.skip_current_l1 = true;
        return true;
    }
    enum origin o = check_origin(c, out, LS_FACT_L1_CURRENT, &id);
    c->pass.skip_current_l1 = o != ORIGIN_OK;
    return o != ORIGIN_WAIT;
}

/* P-3: fail closed when an L1 is configured. An unchanged snapshot that passed is not asked again.
 */
bool ls_gate_l1(struct ls_core *c, struct ls_actions *out)
{
    static const enum ls_fact_id FACTS[] = {LS_FACT_L1_LOCAL_SAFE, LS_FACT_L1_SAFE,
                                            LS_FACT_L1_FINALIZED};
    const struct ls_snapshot *s = &c->pass.snap;
    const struct ls_l2_ref *refs[] = {&s->local_safe, &s->safe, &s->finalized};
    if (!c->cfg.has_l1 || c->pass.is_same) {
        c->pass.skip_current_l1 = ls_hash_is_zero(&s->current_l1.hash);
        return true;
    }
    if (!c->l1_known) {
        if (!ls_is_asking(c, LS_FOR_L1_CHAIN)) {
            ls_pass_end(c, LS_PASS_L1_LOOKUP);
        }
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        if (refs[i]->number == c->cfg.genesis.number) {
            continue; /* certified by the configuration */
        }
        enum origin o = check_origin(c, out, FACTS[i], &refs[i]->l1_origin);
        if (o == ORIGIN_WAIT) {
            return false;
        }
        if (o != ORIGIN_OK) {
            return hold_for_l1(c, out, o, &refs[i]->l1_origin);
        }
    }
    if (!check_current_l1(c, out)) {
        return false;
    }
    ls_move_l1(c, LS_L1_OK);
    ls_episode_over(c, out, LS_SLOT_L1, LS_NOTE_L1_OK);
    return true;
}

bool ls_gate_safe_is_dead(struct ls_core *c, struct ls_actions *out, bool *is_dead)
{
    const struct ls_block_id *origin = &c->heads.safe.l1_origin;
    *is_dead = false;
    if (!c->cfg.has_l1 || c->pass.snap.safe.number >= c->heads.safe.number ||
        ls_hash_is_zero(&origin->hash)) {
        return true;
    }
    const struct ls_block_reply *r =
        ls_pass_ask(c, out, LS_FACT_L1_OURS, LS_TO_L1, LS_M_BLOCK,
                    (struct ls_request_params){.number = origin->number});
    if (r == NULL) {
        return false;
    }
    *is_dead = r->found && !ls_hash_eq(&r->l1.hash, &origin->hash);
    return true;
}

/* --- step 4: our finalized block must be on the source's chain (R-2.7, I-31) --- */

static bool freeze(struct ls_core *c, struct ls_actions *out, const struct ls_block_id *theirs)
{
    struct ls_block_id ours = ls_id(&c->heads.finalized);
    ls_move_source(c, LS_SOURCE_CONTRADICTION);
    ls_episode(c, out, LS_SLOT_HEADS, LS_NOTE_CONTRADICTION, theirs, &ours, 0);
    ls_pass_end(c, LS_PASS_CONTRADICTION);
    return false;
}

/* The source's own block at our finalized number: exact, one call, asked only when the engine's
 * blocks cannot tell. */
static bool ask_source_at_finalized(struct ls_core *c, struct ls_actions *out)
{
    if (c->pass.no_source_at) {
        return true;
    }
    enum ls_method m = c->cfg.follow == LS_FOLLOW_EL ? LS_M_BLOCK : LS_M_OUTPUT;
    const struct ls_block_reply *r =
        ls_pass_ask(c, out, LS_FACT_SRC_AT_F, LS_TO_SOURCE, m,
                    (struct ls_request_params){.number = c->heads.finalized.number});
    if (r == NULL) {
        return false;
    }
    struct ls_block_id theirs = ls_id(&r->ref);
    if (!r->found) {
        return refuse(c, out, LS_NOTE_SOURCE_INVALID, &c->heads.finalized, &c->pass.snap.safe);
    }
    if (!ls_hash_eq(&theirs.hash, &c->heads.finalized.hash)) {
        return freeze(c, out, &theirs);
    }
    return true;
}

static bool engine_has_e(const struct ls_core *c)
{
    const struct ls_block_reply *at_e = &c->pass.facts[LS_FACT_EL_AT_E].r;
    return at_e->found && ls_hash_eq(&at_e->ref.hash, &c->pass.snap.local_safe.hash);
}

/* Variant A reads F and E one after the other: a source that goes over to another branch in between
 * says a pair that no chain has (I-03, I-07). The engine can tell when E is on its chain and holds
 * our finalized block; else the source is asked once more, for its block at F's number. */
static bool pair_is_whole(struct ls_core *c, struct ls_actions *out)
{
    const struct ls_snapshot *s = &c->pass.snap;
    bool can_engine_tell = engine_has_e(c) && ls_known(&c->heads.finalized);
    if (c->cfg.follow != LS_FOLLOW_EL || c->pass.is_same || can_engine_tell ||
        s->finalized.number == s->safe.number || s->finalized.number == c->cfg.genesis.number) {
        return true;
    }
    const struct ls_block_reply *r =
        ls_pass_ask(c, out, LS_FACT_SRC_PAIR, LS_TO_SOURCE, LS_M_BLOCK,
                    (struct ls_request_params){.number = s->finalized.number});
    if (r == NULL) {
        return false;
    }
    return r->found && ls_hash_eq(&r->ref.hash, &s->finalized.hash)
               ? true
               : refuse(c, out, LS_NOTE_SOURCE_MOVED, &s->finalized, &s->safe);
}

/* What the engine's canonical block at F.number proves. The engine's chain holds our finalized. */
bool ls_gate_finality(struct ls_core *c, struct ls_actions *out)
{
    const struct ls_l2_ref *ours = &c->heads.finalized;
    const struct ls_l2_ref *theirs = &c->pass.snap.finalized;
    const struct ls_block_reply *at_f = &c->pass.facts[LS_FACT_EL_AT_F].r;
    struct ls_block_id id = ls_id(theirs);
    if (!pair_is_whole(c, out)) {
        return false;
    }
    if (!ls_known(ours) || ours->number == c->cfg.genesis.number || ls_same(ours, theirs)) {
        return true;
    }
    if (theirs->number == ours->number) {
        return freeze(c, out, &id);
    }
    bool same = at_f->found && ls_hash_eq(&at_f->ref.hash, &theirs->hash);
    if (same && theirs->number > ours->number) {
        return true; /* F is above our finalized on the same chain */
    }
    if (at_f->found && !same && theirs->number < ours->number) {
        return freeze(c, out, &id);
    }
    if (engine_has_e(c)) { /* E is on the engine's chain; then F must be too */
        return same || !at_f->found
                   ? true
                   : refuse(c, out, LS_NOTE_SOURCE_ORDER, theirs, &c->pass.snap.local_safe);
    }
    return ask_source_at_finalized(c, out);
}
