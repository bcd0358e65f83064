/*
 * What lies beside blocks (receipts, proofs) compared between two chains.
 */
#ifndef LS_TESTS_SAME_BESIDE_H
#define LS_TESTS_SAME_BESIDE_H

#include "harness/capture/beside.h"
#include "harness/capture/chain.h"

/* Every block of part has what it has in whole, or nothing as there; says how many have some. */
static inline size_t same_beside(const struct ls_chain *whole, const struct ls_chain *part,
                                 enum ls_beside_kind kind)
{
    const struct ls_beside *beside = ls_beside_of(kind);
    size_t count = 0;

    for (uint32_t id = 0; id < ls_universe_count(part->l2); id++) {
        const struct ls_ublock *b = ls_universe_get(part->l2, id);
        uint32_t at = ls_universe_find(whole->l2, &b->ref.hash);
        struct ls_span here = beside->get(b);
        struct ls_span there = beside->get(ls_universe_get(whole->l2, at));
        assert_int_equal(there.n, here.n);
        if (there.p) {
            assert_memory_equal(there.p, here.p, there.n);
            count++;
        }
    }
    return count;
}

#endif
