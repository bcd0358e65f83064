/*
 * Label rows against tracks. The same rules as ls_check_labels, which sees whole universes.
 */
#include "harness/capture/pull_labels.h"

#include <inttypes.h>

static const char *const L2_NAMES[LS_PULL_L2_LABELS] = {
    "unsafe_l2", "safe_l2", "finalized_l2", "pending_safe_l2", "cross_unsafe_l2", "local_safe_l2"};
static const char *const L1_NAMES[LS_PULL_L1_LABELS] = {"current_l1", "current_l1_finalized",
                                                        "head_l1", "safe_l1", "finalized_l1"};

void ls_pull_labels_l2(const struct ls_sync_status *s,
                       const struct ls_l2_ref *out[LS_PULL_L2_LABELS])
{
    out[0] = &s->unsafe_l2;
    out[1] = &s->safe_l2;
    out[2] = &s->finalized_l2;
    out[3] = &s->pending_safe_l2;
    out[4] = &s->cross_unsafe_l2;
    out[5] = &s->local_safe_l2;
}

void ls_pull_labels_l1(const struct ls_sync_status *s,
                       const struct ls_l1_ref *out[LS_PULL_L1_LABELS])
{
    out[0] = &s->current_l1;
    out[1] = &s->current_l1_finalized;
    out[2] = &s->head_l1;
    out[3] = &s->safe_l1;
    out[4] = &s->finalized_l1;
}

static enum ls_err missing(const char *name, uint64_t number, struct ls_diag *d)
{
    return ls_fail(d, LS_ERR_NOT_FOUND, "%s: block %" PRIu64 " is not recorded", name, number);
}

static enum ls_err differs(const char *name, uint64_t number, struct ls_diag *d)
{
    return ls_fail(d, LS_ERR_LINK, "%s: differs from the recorded block %" PRIu64, name, number);
}

static bool is_left_out(const struct ls_pull_track *t, const struct ls_block_id *id)
{
    const struct ls_pull_orphan *o = ls_pull_track_orphan(t, id);

    return o && o->is_left_out;
}

static enum ls_err check_l2(const struct ls_l2_ref *label, const char *name,
                            const struct ls_pull_track *t, struct ls_diag *d)
{
    struct ls_block_id id = {label->hash, label->number};
    const struct ls_l2_ref *ref = ls_pull_track_find(t, &id);

    if (!ref) {
        return ls_pull_track_holds(t, &id) ? LS_OK : missing(name, label->number, d);
    }
    if (is_left_out(t, &id)) {
        return missing(name, label->number, d);
    }
    bool is_same = ls_hash_eq(&ref->parent, &label->parent) && ref->timestamp == label->timestamp &&
                   ref->l1_origin.number == label->l1_origin.number &&
                   ls_hash_eq(&ref->l1_origin.hash, &label->l1_origin.hash) &&
                   ref->sequence_number == label->sequence_number;
    return is_same ? LS_OK : differs(name, label->number, d);
}

static enum ls_err check_l1(const struct ls_l1_ref *label, const char *name,
                            const struct ls_pull_track *t, struct ls_diag *d)
{
    struct ls_block_id id = {label->hash, label->number};
    const struct ls_l2_ref *ref = ls_pull_track_find(t, &id);

    if (!ref) {
        /* One above the tip would be missing as soon as the tip reaches it. */
        bool is_outside = t->end == t->first || label->number < t->low;
        return is_outside ? LS_OK : missing(name, label->number, d);
    }
    return ls_hash_eq(&ref->parent, &label->parent) && ref->timestamp == label->timestamp
               ? LS_OK
               : differs(name, label->number, d);
}

enum ls_err ls_pull_labels_check(const struct ls_sync_status *s, const struct ls_pull_track *l2,
                                 const struct ls_pull_track *l1, struct ls_diag *d)
{
    const struct ls_l2_ref *l2_refs[LS_PULL_L2_LABELS];
    const struct ls_l1_ref *l1_refs[LS_PULL_L1_LABELS];
    enum ls_err e = LS_OK;

    ls_pull_labels_l2(s, l2_refs);
    ls_pull_labels_l1(s, l1_refs);
    for (size_t i = 0; !e && i < LS_PULL_L2_LABELS; i++) {
        if (!ls_hash_is_zero(&l2_refs[i]->hash)) {
            e = check_l2(l2_refs[i], L2_NAMES[i], l2, d);
        }
    }
    for (size_t i = 0; !e && i < LS_PULL_L1_LABELS; i++) {
        if (!ls_hash_is_zero(&l1_refs[i]->hash)) {
            e = check_l1(l1_refs[i], L1_NAMES[i], l1, d);
        }
    }
    return e;
}
