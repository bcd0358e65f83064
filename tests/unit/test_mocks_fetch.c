/*
 * How op-reth gets blocks from peers: live or by its pipeline, what it answers meanwhile, and what
 * op-geth says of a pending block while a snap sync runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/engine_bench.h"

#define TOP 200u
#define BASE 20u /* the engine's head at first */
#define TICKS_MAX 500u

static int bench_up(void **state, const char *profile)
{
    struct bench *s = calloc(1, sizeof *s);
    assert_non_null(s);
    bench_init(s, profile, TOP, 16);
    ls_engine_set_backfill(s->e, 10);
    *state = s;
    return 0;
}

static int reth_up(void **state)
{
    (void)bench_up(state, "reth");
    struct bench *s = *state;
    ls_engine_seed(s->e, s->a[BASE], s->a[8], s->a[5]);
    return 0;
}

static int snap_up(void **state)
{
    return bench_up(state, "snap");
}

static int bench_down(void **state)
{
    struct bench *s = *state;
    bench_fini(s);
    free(s);
    return 0;
}

/* --- calls --- */

static uint64_t head_of(const struct bench *s)
{
    return ls_universe_get(s->w.u, ls_engine_label(s->e, LS_LABEL_LATEST))->ref.number;
}

static void tick(struct bench *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        ls_engine_tick(s->e);
    }
}

/* Until nothing changes any more. */
static void tick_out(struct bench *s)
{
    for (unsigned i = 0; i < TICKS_MAX; i++) {
        uint64_t before = ls_engine_generation(s->e);
        ls_engine_tick(s->e);
        if (ls_engine_generation(s->e) == before) {
            return;
        }
    }
    fail_msg("it goes on for ever");
}

/* A known head is SYNCING while the pipeline runs, and only then. */
static bool is_in_pipeline(struct bench *s)
{
    return ls_engine_syncing(s->e).is_syncing && np(s, s->a[1]).status == LS_STATUS_SYNCING;
}

/* --- which way --- */

/* Asked for is a block; its parent may be 32 above the head. */
static void the_parent_of_what_is_asked_for_decides_the_way(void **state)
{
    static const struct {
        unsigned head;
        bool is_stashed; /* the head came as a payload: the block below it is asked for */
        bool is_pipeline;
    } rows[] = {{BASE + 33, false, false},
                {BASE + 34, false, true},
                {BASE + 34, true, false},
                {BASE + 35, true, true}};
    struct bench *s = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ls_engine_wipe(s->e);
        ls_engine_seed(s->e, s->a[BASE], NONE, NONE);
        if (rows[i].is_stashed) {
            assert_int_equal(np(s, s->a[rows[i].head]).status, LS_STATUS_SYNCING);
        }
        assert_int_equal(fcu(s, s->a[rows[i].head], NONE, NONE).status, LS_STATUS_SYNCING);
        assert_false(is_in_pipeline(s));
        tick(s, 1);
        assert_int_equal(is_in_pipeline(s), rows[i].is_pipeline);
        tick_out(s);
        assert_int_equal(head_of(s), rows[i].head);
    }
}

static void a_finalized_header_at_hand_decides_instead(void **state)
{
    struct bench *s = *state;
    (void)np(s, s->a[BASE + 32]);
    (void)fcu(s, s->a[TOP], NONE, s->a[BASE + 32]);
    tick(s, 1);
    assert_false(is_in_pipeline(s));
    (void)np(s, s->a[BASE + 33]);
    (void)fcu(s, s->a[TOP], NONE, s->a[BASE + 33]);
    tick(s, 1);
    assert_true(is_in_pipeline(s));
}

static void a_known_finalized_block_keeps_any_gap_live(void **state)
{
    struct bench *s = *state;
    (void)fcu(s, s->a[TOP], s->a[8], s->a[5]);
    for (unsigned i = 0; i < TOP && head_of(s) == BASE; i++) {
        assert_false(is_in_pipeline(s));
        assert_int_equal(fcu(s, s->a[TOP], s->a[8], s->a[5]).status, LS_STATUS_SYNCING);
        tick(s, 1);
    }
    assert_int_equal(head_of(s), TOP); /* at once */
}

static void an_unknown_finalized_block_ends_the_pipeline_and_the_rest_is_live(void **state)
{
    struct bench *s = *state;
    (void)fcu(s, s->a[BASE], s->a[8], s->a[5]); /* not the first any more */
    (void)np(s, s->a[TOP]);
    (void)fcu(s, s->a[TOP], s->a[190], s->a[150]);
    tick(s, 1);
    while (is_in_pipeline(s)) {
        assert_int_equal(head_of(s), BASE);
        tick(s, 1);
    }
    assert_int_equal(head_of(s), 150);
    assert_true(ls_engine_syncing(s->e).is_syncing);
    tick_out(s);
    assert_int_equal(head_of(s), TOP);
    assert_false(ls_engine_syncing(s->e).is_syncing);
    /* Nobody's labels but those of a VALID forkchoice. */
    assert_int_equal(ls_engine_label(s->e, LS_LABEL_FINALIZED), s->a[5]);
}

static void a_valid_forkchoice_takes_the_reason_for_a_pipeline_away(void **state)
{
    struct bench *s = *state;
    (void)fcu(s, s->a[TOP], NONE, NONE);
    assert_int_equal(fcu(s, s->a[BASE], NONE, NONE).status, LS_STATUS_VALID);
    tick_out(s);
    assert_int_equal(head_of(s), BASE); /* and nobody waits for the blocks */
    assert_true(ls_engine_has(s->e, s->a[TOP]));
    assert_int_equal(fcu(s, s->a[TOP], NONE, NONE).status, LS_STATUS_VALID);
    assert_int_equal(head_of(s), TOP);
}

static void a_block_that_a_forkchoice_waits_for_is_head_on_the_way(void **state)
{
    struct bench *s = *state;
    uint64_t seen[4] = {head_of(s)};
    size_t n = 1;
    (void)fcu(s, s->a[BASE], s->a[8], s->a[5]); /* not the first any more */
    (void)fcu(s, s->a[50], s->a[45], s->a[30]);
    for (unsigned i = 0; i < TICKS_MAX && seen[n - 1] != 50; i++) {
        tick(s, 1);
        if (head_of(s) != seen[n - 1]) {
            assert_true(n < 4);
            seen[n++] = head_of(s);
        }
    }
    assert_int_equal(seen[1], 30);
    assert_int_equal(seen[2], 45);
    assert_int_equal(seen[3], 50);
}

/* Each forkchoice names the next blocks, as a node does that follows a chain: what one of them
 * waits for must not hold up the rest. */
static void a_chain_that_goes_on_is_caught_up_with(void **state)
{
    struct bench *s = *state;
    unsigned i = 0;
    ls_engine_set_backfill(s->e, 100);
    (void)fcu(s, s->a[BASE], s->a[8], s->a[5]);
    while (head_of(s) < 45 + i) {
        i++;
        assert_true(i < 10);
        (void)fcu(s, s->a[45 + i], s->a[40 + i], s->a[25 + i]);
        tick(s, 1);
    }
}

static void the_first_forkchoice_of_a_process_asks_for_its_safe_block(void **state)
{
    struct bench *s = *state;
    (void)fcu(s, s->a[60], s->a[40], s->a[5]);
    tick_out(s);
    assert_int_equal(head_of(s), 40);
    (void)fcu(s, s->a[80], s->a[70], s->a[5]);
    tick_out(s);
    assert_int_equal(head_of(s), 80);
}

/* --- the pipeline --- */

static void the_pipeline_lets_everything_wait(void **state)
{
    struct bench *s = *state;
    (void)fcu(s, s->a[TOP], NONE, NONE);
    tick(s, 1);
    assert_int_equal(fcu(s, s->a[BASE], s->a[8], s->a[5]).status, LS_STATUS_SYNCING);
    assert_int_equal(fcu(s, s->a[TOP], NONE, NONE).status, LS_STATUS_SYNCING);
    assert_int_equal(np(s, s->a[BASE + 1]).status, LS_STATUS_SYNCING);
    assert_int_equal(np(s, s->a[BASE]).status, LS_STATUS_SYNCING);
    assert_true(fcu(s, NONE, NONE, NONE).is_error); /* a zero head is looked at first */
    assert_int_equal(head_of(s), BASE);
    tick_out(s);
    assert_int_equal(fcu(s, s->a[BASE], NONE, NONE).status, LS_STATUS_VALID);
    assert_int_equal(head_of(s), TOP);
}

static void eth_syncing_stays_until_a_live_block_is_the_head(void **state)
{
    struct bench *s = *state;
    uint32_t next = grow(&s->w, s->a[TOP], 1, 'a');
    assert_false(ls_engine_syncing(s->e).is_syncing);
    (void)fcu(s, s->a[TOP], NONE, NONE);
    tick(s, 1);
    struct ls_el_syncing at = ls_engine_syncing(s->e);
    assert_true(at.is_syncing);
    assert_int_equal(at.current, BASE);
    assert_int_equal(at.highest, BASE);
    tick_out(s);
    assert_int_equal(fcu(s, s->a[TOP], NONE, NONE).status, LS_STATUS_VALID);
    at = ls_engine_syncing(s->e);
    assert_true(at.is_syncing);
    assert_int_equal(at.current, TOP);
    assert_int_equal(at.highest, TOP);
    assert_int_equal(np(s, next).status, LS_STATUS_VALID);
    assert_true(ls_engine_syncing(s->e).is_syncing);
    (void)fcu(s, next, NONE, NONE);
    assert_false(ls_engine_syncing(s->e).is_syncing);
}

static void stages_are_done_one_after_the_other(void **state)
{
    struct bench *s = *state;
    uint32_t done = 0;
    (void)fcu(s, s->a[TOP], NONE, NONE);
    tick(s, 1);
    for (unsigned i = 0; i < TICKS_MAX && done < LS_EL_STAGE_GROUPS; i++) {
        struct ls_el_syncing at = ls_engine_syncing(s->e);
        assert_true(at.stages_done == done || at.stages_done == done + 1);
        done = at.stages_done;
        assert_int_equal(at.stages, BASE);
        assert_int_equal(at.stage_target, done == 0 ? BASE : TOP);
        tick(s, 1);
    }
    assert_int_equal(done, LS_EL_STAGE_GROUPS);
    assert_int_equal(head_of(s), TOP);
}

static void a_block_that_does_not_execute_ends_the_pipeline_below_it(void **state)
{
    struct bench *s = *state;
    ls_engine_mark_invalid(s->e, s->a[100], true);
    (void)fcu(s, s->a[TOP], NONE, NONE);
    tick_out(s);
    assert_int_equal(head_of(s), 99);
    assert_int_equal(np(s, s->a[100]).status, LS_STATUS_INVALID);
}

static void a_pipeline_to_what_no_peer_has_runs_until_the_process_ends(void **state)
{
    struct bench *s = *state;
    struct ls_forkchoice f = {.head = hash_of(s, s->a[TOP]), .finalized = {{7}}};
    assert_int_equal(ls_engine_forkchoice(s->e, &f).status, LS_STATUS_SYNCING);
    tick_out(s);
    assert_true(is_in_pipeline(s));
    ls_engine_restart(s->e, 0);
    assert_int_equal(fcu(s, s->a[BASE], NONE, NONE).status, LS_STATUS_VALID);
}

static void without_peers_nothing_starts_until_they_come(void **state)
{
    struct bench *s = *state;
    ls_engine_set_backfill(s->e, 0);
    (void)fcu(s, s->a[TOP], NONE, NONE);
    tick(s, 50);
    assert_false(ls_engine_syncing(s->e).is_syncing);
    assert_int_equal(np(s, s->a[BASE + 1]).status, LS_STATUS_VALID);
    ls_engine_set_backfill(s->e, 10);
    tick_out(s);
    assert_int_equal(head_of(s), TOP);
}

/* --- op-geth --- */

static void geth_has_no_pending_block_while_a_snap_sync_runs(void **state)
{
    struct bench *s = *state;
    (void)np(s, s->a[100]);
    assert_int_equal(ls_engine_read_geth_pending(s->e).id, s->a[0]);
    (void)fcu(s, s->a[100], NONE, NONE);
    struct ls_el_read r = ls_engine_read_geth_pending(s->e);
    assert_int_equal(r.kind, LS_READ_ERROR);
    assert_string_equal(r.message, "pending block is not available");
    tick_out(s);
    r = ls_engine_read_geth_pending(s->e);
    assert_int_equal(r.kind, LS_READ_BLOCK);
    assert_int_equal(r.id, s->a[100]);
}

#define OF_RETH(f) cmocka_unit_test_setup_teardown(f, reth_up, bench_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OF_RETH(the_parent_of_what_is_asked_for_decides_the_way),
        OF_RETH(a_finalized_header_at_hand_decides_instead),
        OF_RETH(a_known_finalized_block_keeps_any_gap_live),
        OF_RETH(an_unknown_finalized_block_ends_the_pipeline_and_the_rest_is_live),
        OF_RETH(a_valid_forkchoice_takes_the_reason_for_a_pipeline_away),
        OF_RETH(a_block_that_a_forkchoice_waits_for_is_head_on_the_way),
        OF_RETH(a_chain_that_goes_on_is_caught_up_with),
        OF_RETH(the_first_forkchoice_of_a_process_asks_for_its_safe_block),
        OF_RETH(the_pipeline_lets_everything_wait),
        OF_RETH(eth_syncing_stays_until_a_live_block_is_the_head),
        OF_RETH(stages_are_done_one_after_the_other),
        OF_RETH(a_block_that_does_not_execute_ends_the_pipeline_below_it),
        OF_RETH(a_pipeline_to_what_no_peer_has_runs_until_the_process_ends),
        OF_RETH(without_peers_nothing_starts_until_they_come),
        cmocka_unit_test_setup_teardown(geth_has_no_pending_block_while_a_snap_sync_runs, snap_up,
                                        bench_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
