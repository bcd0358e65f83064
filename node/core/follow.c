/*
 * The follow pass (Appendix A): one snapshot of the source, checked, compared with the engine,
 * turned into at most one forkchoice.
 *
 * Written as a question list: ls_follow_continue() runs from the top after every answer; each
 * helper either has its facts or asks for one and returns. The decision itself is ls_decide() in
 * decide.c.
 */
#include <assert.h>

#include "node/core/decide.h"
#include "node/core/state.h"

void ls_pass_end(struct ls_core *c, enum ls_pass_result r)
{
    assert(c->pass.is_active);
    c->pass.is_active = false;
    c->passes[r]++;
    if (r != LS_PASS_SUCCESS) {
        c->is_behind = false; /* unknown: do not keep gap repair waiting for it */
        c->saw_reorg = false;
    }
}

const struct ls_block_reply *ls_pass_ask(struct ls_core *c, struct ls_actions *out,
                                         enum ls_fact_id f, enum ls_target to, enum ls_method m,
                                         struct ls_request_params p)
{
    struct ls_fact *fact = &c->pass.facts[f];
    if (fact->state == LS_FACT_KNOWN) {
        return &fact->r;
    }
    if (fact->state == LS_FACT_UNASKED && !ls_is_asking(c, LS_FOR_PASS)) {
        fact->state = LS_FACT_ASKED;
        ls_send(c, out, (struct ls_alive){.purpose = LS_FOR_PASS, .fact = f, .target = to}, m, p);
    }
    return NULL;
}

/* --- step 1: the snapshot --- */

static bool is_gated(const struct ls_core *c)
{
    const struct ls_snapshot *a = &c->gated, *b = &c->pass.snap;
    return c->has_gated && ls_same(&a->local_safe, &b->local_safe) && ls_same(&a->safe, &b->safe) &&
           ls_same(&a->finalized, &b->finalized) &&
           ls_hash_eq(&a->current_l1.hash, &b->current_l1.hash);
}

static bool source_lacks(struct ls_core *c, struct ls_actions *out)
{
    ls_move_source(c, LS_SOURCE_UNUSABLE);
    ls_episode(c, out, LS_SLOT_SOURCE, LS_NOTE_SOURCE_INVALID, NULL, NULL, 0);
    ls_pass_end(c, LS_PASS_INVALID);
    return false;
}

/* Variant A: finalized first, then safe, so that a moving source can only make safe newer (ATO-03).
 */
static bool snapshot_from_el(struct ls_core *c, struct ls_actions *out)
{
    const struct ls_block_reply *f =
        ls_pass_ask(c, out, LS_FACT_SRC_FINALIZED, LS_TO_SOURCE, LS_M_BLOCK,
                    (struct ls_request_params){.tag = LS_TAG_FINALIZED, .want_ref = true});
    if (f == NULL) {
        return false;
    }
    if (!f->found) {
        return source_lacks(c, out);
    }
    const struct ls_block_reply *s =
        ls_pass_ask(c, out, LS_FACT_SRC_SAFE, LS_TO_SOURCE, LS_M_BLOCK,
                    (struct ls_request_params){.tag = LS_TAG_SAFE, .want_ref = true});
    if (s == NULL) {
        return false;
    }
    if (!s->found) {
        return source_lacks(c, out);
    }
    c->pass.snap = (struct ls_snapshot){.local_safe = s->ref, .safe = s->ref, .finalized = f->ref};
    return true;
}

/* Variant B: the status was stored by ls_follow_reply. A source that does not know local-safe
 * (older op-node, reset window) means safe (#14576). */
static bool snapshot_from_cl(struct ls_core *c, struct ls_actions *out)
{
    if (ls_pass_ask(c, out, LS_FACT_SRC_STATUS, LS_TO_SOURCE, LS_M_STATUS,
                    (struct ls_request_params){0}) == NULL) {
        return false;
    }
    if (!ls_known(&c->pass.snap.local_safe)) {
        c->pass.snap.local_safe = c->pass.snap.safe;
    }
    return true;
}

static bool have_snapshot(struct ls_core *c, struct ls_actions *out)
{
    if (c->pass.has_snapshot) {
        return true;
    }
    bool have = c->cfg.follow == LS_FOLLOW_EL ? snapshot_from_el(c, out) : snapshot_from_cl(c, out);
    if (have) {
        c->pass.has_snapshot = true;
        c->pass.is_same = is_gated(c);
        if (!ls_gate_order(c, out)) {
            return false;
        }
        if (ls_in_episode(c, LS_SLOT_SOURCE, LS_NOTE_SOURCE_DOWN)) {
            ls_episode_over(c, out, LS_SLOT_SOURCE, LS_NOTE_SOURCE_BACK);
        } else {
            ls_episode_over(c, out, LS_SLOT_SOURCE, LS_NOTE_SOURCE_OK);
        }
        if (c->source != LS_SOURCE_CONTRADICTION) {
            ls_move_source(c, LS_SOURCE_OK);
        }
    }
    return have;
}

/* Nobody knows on what branch a payload above a gap is; the source does, and is asked once for it.
 * What it has another block for is not named; after a jump, or when safe has moved since, only what
 * it vouches for is (I-27 without breaking I-03). No block is taken from it (P-7). */
static bool gap_is_known(struct ls_core *c, struct ls_actions *out)
{
    if (c->pass.facts[LS_FACT_SRC_AT_GAP].state == LS_FACT_KNOWN) {
        return true;
    }
    if (c->pass.facts[LS_FACT_SRC_AT_GAP].state == LS_FACT_ASKED) {
        return false;
    }
    uint32_t slot = ls_queue_doubtful(c);
    if (slot == LS_QUEUE_MAX) {
        return true;
    }
    c->pass.gap = c->queue.items[slot].ref.hash;
    (void)ls_pass_ask(c, out, LS_FACT_SRC_AT_GAP, LS_TO_SOURCE,
                      c->cfg.follow == LS_FOLLOW_EL ? LS_M_BLOCK : LS_M_OUTPUT,
                      (struct ls_request_params){.number = c->queue.items[slot].ref.number});
    return false;
}

/* --- step 5: what the engine has --- */

static const struct ls_block_reply *ask_engine(struct ls_core *c, struct ls_actions *out,
                                               enum ls_fact_id f, enum ls_tag tag, uint64_t number)
{
    return ls_pass_ask(
        c, out, f, LS_TO_ENGINE, LS_M_BLOCK,
        (struct ls_request_params){.tag = tag, .number = number, .want_ref = f == LS_FACT_EL_HEAD});
}

/* The engine's head is not the one it confirmed to us: it lost blocks, or somebody moved it. Its
 * word counts (I-14). What was lost stays wanted: the same forkchoice goes out again (SYN-01,
 * #19384). */
static void adopt_engine_head(struct ls_core *c, struct ls_actions *out,
                              const struct ls_l2_ref *latest)
{
    if (latest->number < c->heads.unsafe.number && !c->writer.pending.is_set &&
        !ls_queue_is_bad(&c->queue, &c->heads.unsafe.hash)) {
        struct ls_block_id lost = ls_id(&c->heads.unsafe), now = ls_id(latest);
        ls_note(out, LS_NOTE_ENGINE_LOST_BLOCKS, &lost, &now, 0);
        c->writer.pending = (struct ls_want){.is_set = true, .is_lost = true, .heads = c->heads};
        c->writer.stalled = 0;
        c->lost_matched = c->matched;
    }
    bool has_lost = latest->number < c->heads.unsafe.number;
    c->matched = (struct ls_hash){{0}};
    c->heads.unsafe = *latest;
    c->is_off_branch = ls_known(&c->heads.safe) && c->heads.safe.number <= latest->number;
    if (c->writer.pending.is_set && ls_same(&c->writer.pending.heads.unsafe, latest)) {
        c->writer.pending = (struct ls_want){0};
    }
    if (!has_lost) {
        ls_queue_mark_strays(c);
    }
    ls_queue_trim(c, out);
    ls_queue_arm(c);
    ls_publish(c, out);
}

static void count_progress(struct ls_core *c, const struct ls_block_id *latest)
{
    struct ls_writer *w = &c->writer;
    bool moved = !ls_hash_eq(&w->stalled_at.hash, &latest->hash);
    w->stalled = moved ? 0 : w->stalled + 1;
    w->stalled_at = *latest;
}

/* The engine reached a target it had answered SYNCING to: the same forkchoice again, now VALID,
 * before a newer target hides it (a moving source would otherwise starve the labels). */
static bool confirm_target(struct ls_core *c, struct ls_actions *out,
                           const struct ls_block_reply *latest)
{
    struct ls_writer *w = &c->writer;
    bool is_ours = !w->pending.is_payload && !w->pending.is_lost; /* those are adopted instead */
    if (!c->pass.has_confirmed && w->pending.is_set && is_ours &&
        ls_hash_eq(&latest->ref.hash, &w->pending.heads.unsafe.hash)) {
        c->pass.has_confirmed = true;
        w->want = w->pending;
        ls_writer_pump(c, out);
    }
    return !w->want.is_set && w->in_flight != LS_WRITE_FOLLOW;
}

static bool engine_head(struct ls_core *c, struct ls_actions *out)
{
    if (c->pass.facts[LS_FACT_EL_LATEST].state == LS_FACT_UNASKED) {
        c->pass.wants_quiet = true; /* a head read beside a write proves nothing */
        c->pass.epoch = c->writer.epoch;
        if (c->writer.in_flight != LS_WRITE_NONE) {
            return false;
        }
    }
    const struct ls_block_reply *latest = ask_engine(c, out, LS_FACT_EL_LATEST, LS_TAG_LATEST, 0);
    if (latest == NULL) {
        return false;
    }
    if (!latest->found) {
        ls_pass_end(c, LS_PASS_EL);
        return false;
    }
    if (!confirm_target(c, out, latest)) {
        return false;
    }
    bool is_fresh = c->pass.epoch == c->writer.epoch;
    if (is_fresh && !c->pass.has_adopted && !ls_hash_eq(&latest->ref.hash, &c->heads.unsafe.hash)) {
        const struct ls_block_reply *head = ask_engine(c, out, LS_FACT_EL_HEAD, LS_TAG_LATEST, 0);
        if (head == NULL) {
            return false;
        }
        if (head->found) {
            c->pass.has_adopted = true;
            adopt_engine_head(c, out, &head->ref);
        }
    }
    c->pass.wants_quiet = false;
    return true;
}

static bool label_differs(const struct ls_block_reply *label, const struct ls_l2_ref *ours)
{
    return ls_known(ours) && (!label->found || !ls_hash_eq(&label->ref.hash, &ours->hash));
}

/* I-26: labels that differ for some passes are written again, less and less often when that does
 * not help (an engine that drops them, ENG-10). */
static bool engine_labels(struct ls_core *c, struct ls_actions *out)
{
    const struct ls_block_reply *s = ask_engine(c, out, LS_FACT_EL_SAFE, LS_TAG_SAFE, 0);
    const struct ls_block_reply *f =
        s == NULL ? NULL : ask_engine(c, out, LS_FACT_EL_FINALIZED, LS_TAG_FINALIZED, 0);
    return f != NULL;
}

static bool labels_need_repair(struct ls_core *c)
{
    bool is_fresh = c->pass.epoch == c->writer.epoch && c->writer.in_flight == LS_WRITE_NONE;
    if (!is_fresh || c->writer.pending.is_set) {
        return false;
    }
    if (!label_differs(&c->pass.facts[LS_FACT_EL_SAFE].r, &c->heads.safe) &&
        !label_differs(&c->pass.facts[LS_FACT_EL_FINALIZED].r, &c->heads.finalized)) {
        c->label_misses = 0;
        c->label_wait = LS_LABEL_PASSES;
        return false;
    }
    c->label_misses++;
    if (c->label_misses < c->label_wait) {
        return false;
    }
    c->label_misses = 0;
    c->label_wait = c->label_wait < 64 ? c->label_wait * 2 : 64;
    return true;
}

/* Is our safe on the engine's chain? Asked when the source went back and when the engine's head was
 * moved under us; payloads wait while it is not (I-03). */
static bool our_safe_is_checked(struct ls_core *c, struct ls_actions *out)
{
    const struct ls_l2_ref *s = &c->heads.safe;
    bool matters = ls_known(s) && s->number <= c->heads.unsafe.number &&
                   (c->is_off_branch || c->pass.snap.safe.number < s->number);
    if (!matters) {
        return true;
    }
    const struct ls_block_reply *r = ask_engine(c, out, LS_FACT_EL_AT_OURS, LS_TAG_NONE, s->number);
    if (r != NULL) {
        c->is_off_branch = r->found && !ls_hash_eq(&r->ref.hash, &s->hash);
        ls_publish(c, out);
    }
    return r != NULL;
}

/* The engine's canonical blocks at the heights that matter. Heights above its latest are known to
 * be empty without asking. A payload that went in meanwhile may have raised our head past E: then
 * the answer is asked for again. */
static bool engine_blocks(struct ls_core *c, struct ls_actions *out)
{
    const struct ls_snapshot *s = &c->pass.snap;
    const struct ls_l2_ref *u = &c->heads.unsafe;
    struct ls_fact *at_e = &c->pass.facts[LS_FACT_EL_AT_E];
    if (s->local_safe.number <= u->number &&
        ask_engine(c, out, LS_FACT_EL_AT_E, LS_TAG_NONE, s->local_safe.number) == NULL) {
        return false;
    }
    struct ls_fact *at_s = &c->pass.facts[LS_FACT_EL_AT_S];
    if (ls_same(&s->local_safe, &s->safe)) {
        *at_s = *at_e;
    } else if (s->safe.number <= u->number && s->safe.number < c->heads.safe.number &&
               ask_engine(c, out, LS_FACT_EL_AT_S, LS_TAG_NONE, s->safe.number) == NULL) {
        return false;
    }
    if (!our_safe_is_checked(c, out)) {
        return false;
    }
    bool f_matters = ls_known(&c->heads.finalized) && s->finalized.number <= u->number &&
                     s->finalized.number != c->heads.finalized.number;
    return !f_matters ||
           ask_engine(c, out, LS_FACT_EL_AT_F, LS_TAG_NONE, s->finalized.number) != NULL;
}

/* The engine may change its head between the reads when it reaches a sync target. What was read
 * counts only if its head is still ours afterwards; else the engine is asked everything once more.
 */
static bool engine_stood_still(struct ls_core *c, struct ls_actions *out)
{
    if (c->pass.facts[LS_FACT_EL_LATEST_AGAIN].state == LS_FACT_UNASKED) {
        c->pass.wants_quiet = true;
        if (c->writer.in_flight != LS_WRITE_NONE) {
            return false;
        }
    }
    const struct ls_block_reply *again =
        ask_engine(c, out, LS_FACT_EL_LATEST_AGAIN, LS_TAG_LATEST, 0);
    if (again == NULL) {
        return false;
    }
    c->pass.wants_quiet = false;
    if (again->found && ls_hash_eq(&again->ref.hash, &c->heads.unsafe.hash)) {
        return true;
    }
    if (c->pass.has_restarted) {
        ls_pass_end(c, LS_PASS_EL); /* next poll */
        return false;
    }
    for (int f = LS_FACT_EL_LATEST; f <= LS_FACT_EL_LATEST_AGAIN; f++) {
        c->pass.facts[f] = (struct ls_fact){.state = LS_FACT_UNASKED};
    }
    c->pass.has_restarted = true;
    c->pass.has_adopted = false;
    c->pass.has_confirmed = false;
    ls_follow_continue(c, out);
    return false;
}

/* --- steps 6 and 7: from decision to forkchoice --- */

static bool is_quiet_genesis(const struct ls_core *c, const struct ls_decision *d)
{
    return d->heads.unsafe.number == c->cfg.genesis.number;
}

static void commit_labels(struct ls_core *c, struct ls_actions *out, const struct ls_heads *h)
{
    bool has_moved = !ls_same(&c->heads.safe, &h->safe);
    c->heads.local_safe = h->local_safe;
    c->heads.safe = h->safe;
    c->heads.finalized = h->finalized;
    if (has_moved) {
        ls_queue_mark_dated(c);
    }
    ls_publish(c, out);
}

/* P-2: the first switch is immediate; one within LS_DAMP_POLLS of the last needs a second pass that
 * sees a divergence. A switch under way is not damped. */
static bool is_damped(struct ls_core *c, struct ls_actions *out, const struct ls_decision *d)
{
    struct ls_block_id e = ls_id(&d->heads.unsafe), u = ls_id(&c->heads.unsafe);
    bool is_soon =
        c->last_switch_ns != 0 && c->now_ns - c->last_switch_ns < LS_DAMP_POLLS * c->cfg.poll_ns;
    bool wait =
        d->relation == LS_REL_REORG && is_soon && !c->saw_reorg && !c->writer.pending.is_set;
    if (d->relation == LS_REL_REORG && !wait && !c->writer.pending.is_set) {
        c->last_switch_ns = c->now_ns;
        ls_note(out, LS_NOTE_DIVERGED, &u, &e, 0);
    }
    if (wait) {
        ls_episode(c, out, LS_SLOT_HEADS, LS_NOTE_DAMPED, &e, NULL, 0);
    }
    c->saw_reorg = wait;
    return wait;
}

/* The engine called the head invalid: E instead, if that is another block. */
static bool avoid_bad_head(struct ls_core *c, struct ls_actions *out, struct ls_decision *d)
{
    const struct ls_l2_ref *e = &c->pass.snap.local_safe;
    if (!ls_queue_is_bad(&c->queue, &d->heads.unsafe.hash)) {
        return true;
    }
    struct ls_block_id bad = ls_id(&d->heads.unsafe);
    ls_episode(c, out, LS_SLOT_ENGINE, LS_NOTE_HEAD_INVALID, &bad, NULL, 0);
    if (ls_queue_is_bad(&c->queue, &e->hash) || d->heads.safe.number > e->number) {
        return false;
    }
    d->heads.unsafe = *e;
    d->head_is_current = false;
    return true;
}

static bool is_acknowledged(const struct ls_core *c, const struct ls_heads *h)
{
    const struct ls_forkchoice *v = &c->writer.last_valid;
    return ls_hash_eq(&v->head, &h->unsafe.hash) && ls_hash_eq(&v->safe, &h->safe.hash) &&
           ls_hash_eq(&v->finalized, &h->finalized.hash);
}

/* equal to what the engine accepted as VALID and nothing pending: silence. */
static void want(struct ls_core *c, struct ls_actions *out, const struct ls_decision *d)
{
    bool is_pending = c->writer.pending.is_set && !d->head_is_current;
    bool repair = labels_need_repair(c);
    if (repair) {
        struct ls_block_id s = ls_id(&c->heads.safe), f = ls_id(&c->heads.finalized);
        ls_note(out, LS_NOTE_ENGINE_LABELS, &s, &f, 0);
    }
    if (is_acknowledged(c, &d->heads) && !is_pending && !repair) {
        commit_labels(c, out, &d->heads);
        ls_engine_agrees(c, out);
        return;
    }
    c->writer.want = (struct ls_want){.is_set = true,
                                      .head_is_current = d->head_is_current,
                                      .no_labels = !c->writer.labels_accepted &&
                                                   c->writer.refusals >= LS_REFUSALS_BOOT,
                                      .heads = d->heads};
    ls_writer_pump(c, out);
}

static void note_heads(struct ls_core *c, struct ls_actions *out, const struct ls_decision *d,
                       bool is_dead)
{
    struct ls_block_id s = ls_id(&c->pass.snap.safe), ours = ls_id(&c->heads.safe);
    if (d->is_holding) {
        ls_episode(c, out, LS_SLOT_HEADS, LS_NOTE_SOURCE_REGRESS, &s, &ours, 0);
        return;
    }
    if (is_dead) {
        ls_note(out, LS_NOTE_SOURCE_REGRESS_FOLLOWED, &s, &ours, 0);
    }
    bool was_conflict = ls_in_episode(c, LS_SLOT_HEADS, LS_NOTE_CONTRADICTION);
    ls_episode_over(c, out, LS_SLOT_HEADS,
                    was_conflict ? LS_NOTE_CONTRADICTION_OVER : LS_NOTE_SOURCE_OK);
}

/* May a target the engine did not reach yet be the head of a forkchoice with this snapshot's safe?
 * Only if it is known, or not yet knowable, that it descends from E (I-03): a payload that waiting
 * payloads link to E, or any before the first label (BOOT-05); a lost head while the source says
 * the same. */
static bool target_descends(const struct ls_core *c)
{
    const struct ls_want *p = &c->writer.pending;
    if (!p->is_set) {
        return false;
    }
    if (p->is_payload) {
        return !ls_known(&c->heads.safe) ||
               ls_queue_links(c, &c->pass.snap.local_safe, &p->heads.unsafe);
    }
    return p->is_lost && ls_hash_eq(&c->lost_matched, &c->pass.snap.local_safe.hash);
}

static struct ls_view view_of(const struct ls_core *c, bool is_dead)
{
    const struct ls_fact *f = c->pass.facts;
    struct ls_view v = {
        .snap = c->pass.snap,
        .mine = c->heads,
        .latest = ls_id(&c->heads.unsafe),
        .at_e = {f[LS_FACT_EL_AT_E].r.found, f[LS_FACT_EL_AT_E].r.ref.hash},
        .at_s = {f[LS_FACT_EL_AT_S].r.found, f[LS_FACT_EL_AT_S].r.ref.hash},
        .is_off_branch = c->is_off_branch,
        .safe_is_dead = is_dead,
        .stalled = c->writer.stalled,
    };
    if (target_descends(c)) {
        v.wanted = c->writer.pending.heads.unsafe;
        v.wanted_is_lost = c->writer.pending.is_lost;
    }
    return v;
}

static void conclude(struct ls_core *c, struct ls_actions *out, bool is_dead)
{
    struct ls_view v = view_of(c, is_dead);
    struct ls_decision d = ls_decide(&v);
    struct ls_block_id s = ls_id(&c->pass.snap.safe), f = ls_id(&c->heads.finalized);
    if (!d.is_possible) {
        ls_move_source(c, LS_SOURCE_CONTRADICTION);
        ls_episode(c, out, LS_SLOT_HEADS, LS_NOTE_CONTRADICTION, &s, &f, 0);
        ls_pass_end(c, LS_PASS_CONTRADICTION);
        return;
    }
    ls_move_source(c, LS_SOURCE_OK);
    bool wait = is_damped(c, out, &d);
    if (!wait) {
        note_heads(c, out, &d, is_dead);
    }
    c->is_behind = d.relation == LS_REL_AHEAD;
    c->writer.awaited = (struct ls_want){0};
    if (d.relation == LS_REL_MATCH) {
        c->matched = c->pass.snap.local_safe.hash;
    }
    c->last_follow_wall_s = (uint64_t)(c->wall_s > 0 ? c->wall_s : 0);
    ls_pass_end(c, LS_PASS_SUCCESS);
    if (wait || !avoid_bad_head(c, out, &d)) {
        return;
    }
    if (is_quiet_genesis(c, &d)) { /* genesis is shown, never sent */
        commit_labels(c, out, &d.heads);
    } else if (d.relation == LS_REL_AHEAD && !ls_queue_only_delivers(c) &&
               ls_queue_leads_to(c, &c->pass.snap.local_safe)) {
        c->writer.awaited = (struct ls_want){.is_set = true, .heads = d.heads};
        c->writer.awaited.heads.unsafe =
            c->pass.snap.local_safe; /* payloads carry the head there */
    } else {
        want(c, out, &d);
    }
}

static void accept_snapshot(struct ls_core *c, struct ls_actions *out)
{
    c->gated = c->pass.snap;
    c->has_gated = !c->pass.skip_current_l1 || ls_hash_is_zero(&c->gated.current_l1.hash);
    if (!c->pass.skip_current_l1 &&
        memcmp(&c->published.current_l1, &c->pass.snap.current_l1, sizeof c->gated.current_l1)) {
        c->published.current_l1 = c->pass.snap.current_l1;
        ls_act(out, LS_ACT_HEADS);
    }
}

/* Appendix A, top to bottom. */
void ls_follow_continue(struct ls_core *c, struct ls_actions *out)
{
    bool is_dead;
    if (!c->pass.is_active || c->life != LS_LIFE_RUN) {
        return;
    }
    if (!have_snapshot(c, out) || !ls_gate_l1(c, out) || /* steps 1 to 3 */
        !gap_is_known(c, out)) {
        return;
    }
    if (!engine_head(c, out) || !engine_labels(c, out) || !engine_blocks(c, out) ||
        !engine_stood_still(c, out)) { /* step 5 */
        return;
    }
    if (!ls_gate_finality(c, out) || !ls_gate_safe_is_dead(c, out, &is_dead)) { /* step 4 */
        return;
    }
    accept_snapshot(c, out); /* step 9 */
    if (c->writer.pending.is_set) {
        struct ls_block_id latest = ls_id(&c->heads.unsafe);
        count_progress(c, &latest);
    }
    conclude(c, out, is_dead); /* steps 6 to 8, 10 */
}

/* The tick. Missed ones are skipped, a pass under way is not overlapped. */
void ls_follow_timer(struct ls_core *c, struct ls_actions *out)
{
    if (c->life != LS_LIFE_RUN || c->now_ns < c->next_poll_ns) {
        return;
    }
    c->next_poll_ns += c->cfg.poll_ns;
    if (c->next_poll_ns <= c->now_ns) {
        c->next_poll_ns = c->now_ns + c->cfg.poll_ns;
    }
    if (c->pass.is_active || !c->source_known || c->now_ns < c->source_retry_ns) {
        return;
    }
    c->pass = (struct ls_pass){.is_active = true};
    ls_follow_continue(c, out);
}

void ls_follow_reply(struct ls_core *c, const struct ls_alive *q, const struct ls_event *ev,
                     struct ls_actions *out)
{
    struct ls_fact *f = &c->pass.facts[q->fact];
    if (!c->pass.is_active || f->state != LS_FACT_ASKED) {
        ls_follow_continue(c, out); /* an answer to an earlier pass: this one may ask now */
        return;
    }
    f->state = LS_FACT_KNOWN;
    f->r = ev->block;
    if (q->fact == LS_FACT_SRC_AT_GAP) {
        ls_queue_source_has(c, &c->pass.gap, &f->r);
    }
    if (q->fact == LS_FACT_SRC_STATUS) {
        c->pass.snap = (struct ls_snapshot){.local_safe = ev->status.local_safe_l2,
                                            .safe = ev->status.safe_l2,
                                            .finalized = ev->status.finalized_l2,
                                            .current_l1 = ev->status.current_l1};
    }
    if (q->target == LS_TO_ENGINE) {
        ls_engine_answered(c, out);
    } else if (q->target == LS_TO_L1) {
        ls_l1_answered(c, out);
    }
    ls_follow_continue(c, out);
}

static void source_failed(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out)
{
    uint64_t cap = 8 * c->cfg.poll_ns; /* REM-11: Retry-After is honoured up to 8 T */
    bool is_down = ev->fail != LS_FAIL_PROTOCOL;
    c->source_retry_ns = c->now_ns + (ev->retry_after_ns < cap ? ev->retry_after_ns : cap);
    ls_move_source(c, is_down ? LS_SOURCE_DOWN : LS_SOURCE_UNUSABLE);
    ls_episode(c, out, LS_SLOT_SOURCE, is_down ? LS_NOTE_SOURCE_DOWN : LS_NOTE_SOURCE_INVALID, NULL,
               NULL, ev->code);
    ls_pass_end(c, is_down ? LS_PASS_FETCH : LS_PASS_INVALID);
}

void ls_follow_fail(struct ls_core *c, const struct ls_alive *q, const struct ls_event *ev,
                    struct ls_actions *out)
{
    if (!c->pass.is_active || c->pass.facts[q->fact].state != LS_FACT_ASKED) {
        ls_follow_continue(c, out);
        return;
    }
    if (q->fact == LS_FACT_SRC_AT_GAP) { /* it was a favour: following does not depend on it */
        c->pass.facts[q->fact].state = LS_FACT_KNOWN;
        ls_queue_source_has(c, &c->pass.gap, NULL);
        ls_follow_continue(c, out);
        return;
    }
    if (q->fact == LS_FACT_SRC_AT_F && ev->fail == LS_FAIL_RPC &&
        ev->code == LS_RPC_METHOD_NOT_FOUND) {
        c->pass.no_source_at = true; /* the source cannot tell: the configured trust has to do */
        ls_follow_continue(c, out);
    } else if (q->target == LS_TO_SOURCE) {
        source_failed(c, ev, out);
    } else if (q->target == LS_TO_L1) {
        ls_l1_failed(c, ev, out);
        ls_pass_end(c, LS_PASS_L1_LOOKUP);
    } else { /* SYN-14: a failed read proves nothing */
        ls_engine_failed(c, ev, out);
        ls_pass_end(c, LS_PASS_EL);
    }
}
