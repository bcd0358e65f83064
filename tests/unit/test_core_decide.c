/*
 * The follow decision over an exhaustively enumerated small world: two branches of six heights,
 * every consistent position of our heads, the source's heads and the engine's chain. Properties,
 * not examples.
 */
#include "tests/unit/core_rig.h"

#include "node/core/decide.h"

#define TOP 5u /* heights 0 .. TOP; branch 1 forks after height 2 */

struct tip {
    unsigned branch;
    uint64_t number;
};

static struct rig *rig;

static struct ls_l2_ref ref(unsigned branch, uint64_t n)
{
    return rig_ref(rig, rig_at(rig, branch, n));
}

static bool is_on(const struct ls_l2_ref *a, struct tip tip)
{
    return rig_on(rig, rig_find(&a->hash), rig_at(rig, tip.branch, tip.number));
}

static void check_properties(const struct ls_view *v, struct tip engine, struct tip source)
{
    struct ls_decision d = ls_decide(v);
    const struct ls_heads *h = &d.heads;
    bool safe_is_mine = ls_same(&h->safe, &v->mine.safe);
    bool safe_is_theirs = ls_same(&h->safe, &v->snap.safe);
    assert_true(safe_is_mine || safe_is_theirs);                  /* I-06 */
    assert_true(h->finalized.number >= v->mine.finalized.number); /* I-04 */
    assert_true(h->safe.number <= h->unsafe.number);              /* I-02 */
    if (!d.is_possible) {
        assert_true(v->snap.safe.number <= v->mine.finalized.number);
        return;
    }
    assert_true(h->finalized.number <= h->safe.number);
    if (d.is_holding) {
        assert_true(v->snap.safe.number < v->mine.safe.number && !v->safe_is_dead);
    }
    if (!safe_is_theirs && !v->safe_is_dead) { /* I-05: held only on one chain */
        assert_true(is_on(&v->snap.safe, engine));
    }
    switch (d.relation) {
    case LS_REL_MATCH: /* I-10: our head stays */
        assert_true(ls_same(&h->unsafe, &v->mine.unsafe));
        assert_true(is_on(&v->snap.local_safe, engine));
        break;
    case LS_REL_AHEAD:
        assert_true(v->snap.local_safe.number > engine.number);
        assert_true(ls_same(&h->unsafe, &v->snap.local_safe));
        break;
    case LS_REL_REORG: /* I-09: the head of a divergence is the source's */
        assert_true(ls_same(&h->unsafe, &v->snap.local_safe));
        assert_false(is_on(&v->snap.local_safe, engine));
        assert_true(safe_is_theirs || v->at_s.found);
        break;
    case LS_REL_MISSING:
        fail();
    }
    (void)source;
}

static struct ls_at at(struct tip engine, uint64_t n)
{
    struct ls_at a = {.found = n <= engine.number};
    if (a.found) {
        a.hash = ref(engine.branch, n).hash;
    }
    return a;
}

static unsigned enumerate(struct tip engine, struct tip source)
{
    unsigned worlds = 0;
    for (uint64_t s = 0; s <= engine.number; s++) {
        for (uint64_t f = 0; f <= s; f++) {
            for (uint64_t ts = 0; ts <= source.number; ts++) {
                for (uint64_t tf = 0; tf <= ts; tf++) {
                    for (int dead = 0; dead < 2; dead++) {
                        struct ls_view v = {
                            .snap = {.local_safe = ref(source.branch, source.number),
                                     .safe = ref(source.branch, ts),
                                     .finalized = ref(source.branch, tf)},
                            .mine = {.unsafe = ref(engine.branch, engine.number),
                                     .local_safe = ref(engine.branch, s),
                                     .safe = ref(engine.branch, s),
                                     .finalized = ref(engine.branch, f)},
                            .at_e = at(engine, source.number),
                            .at_s = at(engine, ts),
                            .safe_is_dead = dead != 0,
                        };
                        v.latest = ls_id(&v.mine.unsafe);
                        check_properties(&v, engine, source);
                        worlds++;
                    }
                }
            }
        }
    }
    return worlds;
}

static void every_small_world_is_decided_soundly(void **state)
{
    (void)state;
    unsigned worlds = 0;
    rig = rig_new(LS_FOLLOW_CL, false);
    rig->fork[1] = 2;
    for (unsigned eb = 0; eb < 2; eb++) {
        for (uint64_t en = 0; en <= TOP; en++) {
            for (unsigned sb = 0; sb < 2; sb++) {
                for (uint64_t sn = 0; sn <= TOP; sn++) {
                    worlds += enumerate((struct tip){eb, en}, (struct tip){sb, sn});
                }
            }
        }
    }
    rig_free(rig);
    assert_true(worlds > 10000);
}

/* A hole below latest is no divergence; our head stays until nothing moved for some passes. */
static void a_hole_is_no_divergence(void **state)
{
    (void)state;
    rig = rig_new(LS_FOLLOW_CL, false);
    struct ls_view v = {.snap = {ref(0, 350), ref(0, 350), ref(0, 40), {.number = 0}},
                        .mine = {ref(0, 400), ref(0, 340), ref(0, 340), ref(0, 40)}};
    v.latest = ls_id(&v.mine.unsafe);
    struct ls_decision d = ls_decide(&v);
    assert_int_equal(d.relation, LS_REL_MISSING);
    assert_int_equal(d.heads.unsafe.number, 400);
    v.stalled = LS_STALL_PASSES;
    assert_int_equal(ls_decide(&v).heads.unsafe.number, 350);
    rig_free(rig);
}

/* A target no lower than E is kept while it progresses, then given up for E (BOOT-05, SYN-06). */
static void a_higher_target_is_kept_while_it_progresses(void **state)
{
    (void)state;
    rig = rig_new(LS_FOLLOW_CL, false);
    struct ls_view v = {.snap = {ref(0, 350), ref(0, 350), ref(0, 40), {.number = 0}},
                        .mine = {ref(0, 10), ref(0, 5), ref(0, 5), ref(0, 2)},
                        .wanted = ref(0, 402)};
    v.latest = ls_id(&v.mine.unsafe);
    assert_int_equal(ls_decide(&v).heads.unsafe.number, 402);
    v.stalled = LS_STALL_PASSES;
    assert_int_equal(ls_decide(&v).heads.unsafe.number, 350);
    v.stalled = 0;
    v.wanted = ref(0, 345); /* below E: E */
    assert_int_equal(ls_decide(&v).heads.unsafe.number, 350);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_small_world_is_decided_soundly),
        cmocka_unit_test(a_hole_is_no_divergence),
        cmocka_unit_test(a_higher_target_is_kept_while_it_progresses),
    };
    return cmocka_run_group_tests_name("core_decide", tests, NULL, NULL);
}
