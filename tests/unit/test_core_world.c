/*
 * Random worlds: the source grows, regresses and reorgs above finalized; engine and source fail;
 * the engine loses blocks; payloads come in any order. Every forkchoice is checked, and after each
 * storm a quiet time must bring the engine's labels to the source's. One seed a world; a failure
 * prints it.
 */
#include <stdio.h>

#include "tests/unit/core_rig.h"

#define WORLDS 400u
#define STORMS 4u

static uint64_t random_next(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static uint64_t below(uint64_t *s, uint64_t n)
{
    return random_next(s) % n;
}

static bool is_sound(const struct rig *r, const struct rig_write *w)
{
    bool ok = w->head.number > 0;                                       /* I-01 strict */
    ok = ok && (!w->has_safe || rig_on(r, w->safe, w->head));           /* I-03 */
    ok = ok && (!w->has_finalized || rig_on(r, w->finalized, w->head)); /* I-02, I-03 */
    return ok && (!w->has_finalized || !w->has_safe || rig_on(r, w->finalized, w->safe));
}

static bool writes_are_sound(const struct rig *r)
{
    struct rig_block last = {0, 0};
    for (size_t i = 0; i < r->write_count; i++) {
        const struct rig_write *w = &r->writes[i];
        if (!w->is_forkchoice) {
            continue;
        }
        bool counts = w->has_finalized && w->answer == LS_STATUS_VALID;
        if (!is_sound(r, w) || (counts && !rig_on(r, last, w->finalized))) { /* I-04 */
            print_error("write %zu tick %llu: head %u:%llu safe %u:%llu finalized %u:%llu\n", i,
                        (unsigned long long)w->tick, w->head.branch,
                        (unsigned long long)w->head.number, w->safe.branch,
                        (unsigned long long)w->safe.number, w->finalized.branch,
                        (unsigned long long)w->finalized.number);
            return false;
        }
        last = counts ? w->finalized : last;
    }
    return true;
}

/* The world's truth: the source is on `branch` at safe `s`; finality is honest. */
struct truth {
    unsigned branch;
    uint64_t safe, finalized;
};

static void grow(struct rig *r, uint64_t *s, struct truth *t)
{
    t->safe += below(s, 4);
    if (below(s, 4) == 0 && t->safe > t->finalized + 4) {
        t->finalized += below(s, t->safe - t->finalized - 3);
    }
    if (t->branch + 1 < RIG_BRANCHES && below(s, 25) == 0) { /* reorg above finalized */
        uint64_t top = t->branch == 0 ? t->safe : r->fork[t->branch];
        if (top >= t->finalized) { /* branches are siblings off the main chain */
            t->branch++;
            r->fork[t->branch] = t->finalized + below(s, top - t->finalized + 1);
        }
    }
    rig_source(r, t->branch, t->safe, t->finalized);
    if (below(s, 10) == 0 && t->safe > t->finalized + 2) { /* a lagging backend */
        rig_source(r, t->branch, t->finalized + 1, t->finalized);
    }
}

static void storm_step(struct rig *r, uint64_t *s, struct truth *t)
{
    r->source_down = below(s, 8) == 0;
    r->source_zero = below(s, 12) == 0;
    r->engine_down = below(s, 10) == 0;
    r->engine_stuck = below(s, 12) == 0;
    r->refuse = below(s, 15) == 0 ? 1 : 0;
    r->backfill = (unsigned)below(s, 3) * 10;
    if (below(s, 30) == 0 && r->head.number > 20) { /* the engine loses blocks */
        uint64_t to = r->head.number - below(s, 20);
        for (uint64_t n = to + 1; n <= r->head.number; n++) {
            struct rig_block b = rig_at(r, r->head.branch, n);
            r->has[b.branch][n] = false;
        }
        r->head = rig_at(r, r->head.branch, to);
        r->has_safe = r->has_safe && r->safe.number <= to;
        r->has_finalized = r->has_finalized && r->finalized.number <= to;
    }
    struct ls_core_status status = rig_status(r);
    if (status.published.safe_l2.number == 0 || status.published.safe_l2.hash.b[1] != t->branch) {
        return; /* nobody can tell which branch a payload above a gap is on before the source says
                 */
    }
    uint64_t n = t->safe + below(s, 6);
    for (uint64_t i = 0; i < below(s, 4); i++) {
        rig_feed(r, t->branch, n + i);
    }
}

static void run_world(uint64_t seed)
{
    uint64_t s = seed * 0x9e3779b97f4a7c15u + 1;
    struct rig *r = rig_new(below(&s, 2) == 0 ? LS_FOLLOW_EL : LS_FOLLOW_CL, false);
    struct truth t = {0, 40 + below(&s, 20), 10 + below(&s, 20)};
    uint64_t have = below(&s, 3) * 20;
    r->answers_output = below(&s, 3) != 0;
    rig_warm(r, have, have > 10 ? 10 : 0, have > 10 ? 5 : 0);
    rig_source(r, 0, t.safe, t.finalized);
    rig_start(r);
    for (unsigned storm = 0; storm < STORMS; storm++) {
        for (unsigned i = 0; i < 25; i++) {
            grow(r, &s, &t);
            storm_step(r, &s, &t);
            rig_run(r, 1);
        }
        r->source_down = r->source_zero = r->engine_down = r->engine_stuck = false;
        r->refuse = 0;
        r->backfill = 100;
        rig_source(r, t.branch, t.safe, t.finalized);
        rig_run(r, 25);
        bool same = r->has_safe && rig_is(r->safe, r->s) && r->has_finalized &&
                    rig_is(r->finalized, r->f); /* I-23 */
        if (!writes_are_sound(r) || !same) {
            print_error("seed %llu storm %u: engine safe %u:%llu finalized %llu, source %u:%llu "
                        "%llu\n",
                        (unsigned long long)seed, storm, r->safe.branch,
                        (unsigned long long)r->safe.number, (unsigned long long)r->finalized.number,
                        r->s.branch, (unsigned long long)r->s.number,
                        (unsigned long long)r->f.number);
            fail();
        }
    }
    rig_free(r);
}

static void random_worlds_converge_and_keep_the_invariants(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        run_world(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_worlds_converge_and_keep_the_invariants),
    };
    return cmocka_run_group_tests_name("core_world", tests, NULL, NULL);
}
