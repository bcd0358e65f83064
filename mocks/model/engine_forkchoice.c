/* forkchoiceUpdated without attributes: the decision table of mock-engine 2.4, in evaluation order.
 */
#include "mocks/model/engine_state.h"

#define BAD_STATE "Invalid forkchoice state"

static struct ls_el_verdict bad_state(const struct ls_engine *e, const char *data, const char *row)
{
    return ls_el_error(e, LS_RPC_INVALID_FORKCHOICE, BAD_STATE, data, row);
}

static struct ls_el_verdict zero_head(const struct ls_engine *e)
{
    struct ls_el_verdict v = {.status = LS_STATUS_INVALID, .row = "fcu 2"};
    switch (e->profile.zero_head) {
    case LS_EL_ZERO_INVALID:
        break;
    case LS_EL_ZERO_ERROR:
        return bad_state(e, NULL, "fcu 2");
    case LS_EL_ZERO_SYNCING:
        v.status = LS_STATUS_SYNCING;
        break;
    }
    return v;
}

/* Rows 3 to 5. A header from the stash starts a sync whoever the peers are; without one the header
 * must come from peers at once. */
static struct ls_el_verdict unknown_head(struct ls_engine *e, const struct ls_forkchoice *f,
                                         uint32_t id)
{
    struct ls_el_verdict v;
    const struct ls_hash *hash = &f->head;
    if (ls_el_is_rejected(e, hash, hash, "fcu 3", &v)) {
        return v;
    }
    if (e->profile.window_need != 0) {
        ls_el_sync_window(e, id);
        return ls_el_syncing("fcu 4");
    }
    if (e->profile.fetch == LS_EL_FETCH_GAP) {
        ls_el_fetch_ask(e, f, id);
        return ls_el_syncing("fcu 5");
    }
    const struct ls_el_header *header = ls_el_stash_get(e, hash);
    if (e->profile.unknown_head == LS_EL_HEAD_ERROR) {
        return bad_state(e, "head block not available in database", "fcu 4");
    }
    if (header != NULL) {
        ls_el_sync_start(e, header->block, false);
        return ls_el_syncing("fcu 5");
    }
    if (e->profile.unknown_head == LS_EL_HEAD_SYNCING_START) {
        ls_el_sync_start(e, id, true);
    }
    return ls_el_syncing("fcu 4");
}

/* Row 6: whatever is named, known or not, waits for the pipeline. */
static struct ls_el_verdict in_pipeline(struct ls_engine *e, const struct ls_forkchoice *f)
{
    struct ls_el_verdict v;
    if (ls_el_is_rejected(e, &f->head, &f->head, "fcu 3", &v)) {
        return v;
    }
    e->wanted = *f;
    return ls_el_syncing("fcu 6");
}

/* What is wrong with a label on the chain that ends in head; NULL = nothing. */
static const char *label_fault(struct ls_engine *e, const struct ls_hash *hash, uint32_t head,
                               const char *missing, const char *foreign)
{
    if (ls_hash_is_zero(hash)) {
        return NULL;
    }
    uint32_t id = ls_universe_find(e->u, hash);
    if (!ls_el_is_known(e, id)) {
        return missing;
    }
    ls_el_touch(e, id);
    return ls_universe_is_ancestor(e->u, id, head) || ls_el_is_left_on_disk(e, id) ? NULL : foreign;
}

static const char *finalized_fault(struct ls_engine *e, const struct ls_forkchoice *f,
                                   uint32_t head)
{
    return label_fault(e, &f->finalized, head, "final block not available in database",
                       "final block not in canonical chain");
}

static const char *safe_fault(struct ls_engine *e, const struct ls_forkchoice *f, uint32_t head)
{
    return label_fault(e, &f->safe, head, "safe block not available in database",
                       "safe block not in canonical chain");
}

static void set_label(struct ls_engine *e, uint32_t *label, const struct ls_hash *hash)
{
    uint32_t id = ls_universe_find(e->u, hash);
    if (!ls_hash_is_zero(hash) && *label != id) {
        *label = id;
        e->generation++;
    }
}

/* Rows 11 to 13: finalized is checked and stored before safe is looked at. chain is the block whose
 * ancestors they must be: the head, or what it was before the call (labels_by_old_head). */
static struct ls_el_verdict apply_labels(struct ls_engine *e, const struct ls_forkchoice *f,
                                         uint32_t id, uint32_t chain, const char *row)
{
    const char *fault = finalized_fault(e, f, chain);
    if (fault != NULL) {
        return bad_state(e, fault, "fcu 11");
    }
    set_label(e, &e->finalized, &f->finalized);
    fault = safe_fault(e, f, chain);
    if (fault != NULL) {
        return bad_state(e, fault, "fcu 12");
    }
    set_label(e, &e->safe, &f->safe);
    struct ls_el_verdict v = ls_el_valid(e, id, row);
    v.head_applied = true;
    return v;
}

static bool is_too_deep(const struct ls_engine *e, uint32_t id)
{
    if (e->profile.reorg_depth_max == 0) {
        return false;
    }
    uint32_t common = ls_universe_common(e->u, id, e->head);
    uint64_t depth = ls_el_number(e, e->head) - ls_el_number(e, common);
    return depth > e->profile.reorg_depth_max;
}

/* Row 9, OLD_FINAL: what spec and newer geth skip (execution-apis #786). */
static bool is_final(const struct ls_engine *e, uint32_t id)
{
    return e->finalized != LS_NO_BLOCK && ls_el_number(e, id) <= ls_el_number(e, e->finalized);
}

/* Blocks that were written are taken off the disk; others stay in memory, where they are of use as
 * long as what they stand on is there. Nobody tells the cache. */
static void unwind(struct ls_engine *e, uint32_t to)
{
    for (uint32_t id = e->head; id != to; id = ls_universe_get(e->u, id)->parent) {
        if ((e->flags[id] & LS_EL_ON_DISK) != 0) {
            ls_el_forget_block(e, id);
        }
        e->flags[id] |= LS_EL_BODY_READ;
    }
    ls_el_set_head(e, to);
}

/* VALID, and nothing changes but that attributes may be looked at. */
static struct ls_el_verdict skipped(const struct ls_engine *e, uint32_t id)
{
    struct ls_el_verdict v = ls_el_valid(e, id, "fcu 9");
    v.head_applied = e->profile.old_head_builds;
    return v;
}

/* Row 9: the head is an ancestor of ours. */
static struct ls_el_verdict old_head(struct ls_engine *e, const struct ls_forkchoice *f,
                                     uint32_t id)
{
    enum ls_el_old_head rule = e->profile.old_head;
    if (rule == LS_EL_OLD_FINAL) {
        rule = is_final(e, id) ? LS_EL_OLD_SKIP : LS_EL_OLD_REWIND;
    }
    switch (rule) {
    case LS_EL_OLD_LABELS:
    case LS_EL_OLD_FINAL:
        break;
    case LS_EL_OLD_SKIP:
        return skipped(e, id);
    case LS_EL_OLD_UNWIND:
        unwind(e, id);
        return skipped(e, id);
    case LS_EL_OLD_REWIND:
        if (is_too_deep(e, id)) {
            return ls_el_error(e, LS_RPC_TOO_DEEP_REORG, "Too deep reorg", NULL, "fcu 9");
        }
        ls_el_set_head(e, id);
        break;
    }
    ls_el_sync_done(e);
    return apply_labels(e, f, id, e->head, "fcu 9");
}

/* labels_atomic: faults are found before anything moves, on the chain that would be. */
static const char *atomic_fault(struct ls_engine *e, const struct ls_forkchoice *f, uint32_t head)
{
    if (!e->profile.labels_atomic) {
        return NULL;
    }
    const char *fault = finalized_fault(e, f, head);
    return fault != NULL ? fault : safe_fault(e, f, head);
}

static struct ls_el_verdict decide(struct ls_engine *e, const struct ls_forkchoice *f)
{
    if (e->profile.is_stuck) {
        return ls_el_syncing("stuck");
    }
    if (e->profile.finalized_first && !ls_hash_is_zero(&f->finalized) &&
        !ls_el_is_known(e, ls_universe_find(e->u, &f->finalized))) {
        return bad_state(e, "final block not available in database", "fcu 11");
    }
    if (ls_hash_is_zero(&f->head)) {
        return zero_head(e);
    }
    uint32_t id = ls_universe_find(e->u, &f->head);
    if (e->is_in_pipeline) {
        return in_pipeline(e, f);
    }
    e->wanted = (struct ls_forkchoice){.head = {{0}}};
    if (!ls_el_is_known(e, id)) {
        e->wanted = *f;
        return unknown_head(e, f, id);
    }
    if (!ls_el_is_attached(e, id)) {
        return ls_el_syncing("fcu 4");
    }
    if (ls_el_is_left_on_disk(e, id)) {
        return skipped(e, id); /* what the disk has counts as canonical */
    }
    ls_el_touch(e, id);
    bool is_canonical = ls_universe_is_ancestor(e->u, id, e->head);
    const char *fault = atomic_fault(e, f, is_canonical ? e->head : id);
    if (fault != NULL) {
        return bad_state(e, fault, "fcu 11");
    }
    if (is_canonical && id != e->head) {
        return old_head(e, f, id);
    }
    if (!is_canonical) {
        if (is_too_deep(e, id)) {
            return ls_el_error(e, LS_RPC_TOO_DEEP_REORG, "Too deep reorg", NULL, "fcu 7");
        }
        uint32_t chain = e->profile.labels_by_old_head ? e->head : id;
        ls_el_set_head(e, id);
        ls_el_sync_done(e);
        return apply_labels(e, f, id, chain, "fcu 7");
    }
    ls_el_sync_done(e);
    if (e->profile.same_head_keeps_labels) {
        struct ls_el_verdict v = ls_el_valid(e, id, "fcu 8");
        v.head_applied = true;
        return v;
    }
    return apply_labels(e, f, id, e->head, "fcu 8");
}

struct ls_el_verdict ls_engine_forkchoice(struct ls_engine *e, const struct ls_forkchoice *f)
{
    ls_el_disk_await(e);
    struct ls_el_verdict v = decide(e, f);
    e->had_forkchoice = e->had_forkchoice || !v.is_error;
    if (!v.is_error && v.status == LS_STATUS_VALID) {
        e->valid_finalized = ls_universe_find(e->u, &f->finalized);
    }
    ls_el_disk_note(e);
    return v;
}
