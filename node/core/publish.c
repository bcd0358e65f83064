/*
 * What optimism_syncStatus answers: confirmed heads only (P-5). Order between the heads holds in
 * every answer (I-13): after the engine lost blocks the unsafe head last confirmed stays published
 * until the engine is back above safe, and a head the engine moved to by itself is published once
 * it is known to descend from safe.
 */
#include "node/core/state.h"

void ls_publish(struct ls_core *c, struct ls_actions *out)
{
    struct ls_sync_status s = c->published;
    const struct ls_heads *h = &c->heads;
    if (h->unsafe.number >= h->safe.number && !c->is_off_branch) {
        s.unsafe_l2 = h->unsafe;
    }
    s.cross_unsafe_l2 = s.unsafe_l2;
    s.local_safe_l2 = h->local_safe;
    s.pending_safe_l2 = h->local_safe; /* */
    s.safe_l2 = h->safe;
    s.finalized_l2 = h->finalized;
    if (memcmp(&s, &c->published, sizeof s) != 0) {
        c->published = s;
        ls_act(out, LS_ACT_HEADS);
    }
}
