/*
 * What op-reth's disk, which is written beside the engine, shows in its answers: side chains that a
 * write forgets, blocks that left the chain and are found on disk, caches, and what an unwind
 * takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/op/rpc.h"
#include "tests/unit/engine_bench.h"

#define TOP 40u

static int bench_up(void **state, const char *profile)
{
    struct bench *s = calloc(1, sizeof *s);
    assert_non_null(s);
    bench_init(s, profile, TOP, 3 * TOP);
    *state = s;
    return 0;
}

static int reth_up(void **state)
{
    return bench_up(state, "reth");
}

static int lagging_up(void **state)
{
    (void)bench_up(state, "reth");
    ls_engine_knobs(((struct bench *)*state)->e)->disk_lags = true;
    return 0;
}

static int unwinding_up(void **state)
{
    (void)bench_up(state, "reth");
    ls_engine_knobs(((struct bench *)*state)->e)->old_head = LS_EL_OLD_UNWIND;
    return 0;
}

static int geth_up(void **state)
{
    return bench_up(state, "geth");
}

static int bench_down(void **state)
{
    struct bench *s = *state;
    bench_fini(s);
    free(s);
    return 0;
}

/* --- calls --- */

static void must_be(struct ls_el_verdict v, enum ls_payload_status status)
{
    assert_false(v.is_error);
    assert_int_equal(v.status, status);
}

/* Delivered, and the head, one after the other; what is under way is over before each. */
static void follow(struct bench *s, uint64_t from, uint64_t to)
{
    for (uint64_t n = from; n <= to; n++) {
        must_be(np(s, s->a[n]), LS_STATUS_VALID);
        ls_engine_settle(s->e);
        must_be(fcu(s, s->a[n], NONE, NONE), LS_STATUS_VALID);
    }
}

/* A side chain of that many blocks, executed; its tip. */
static uint32_t side(struct bench *s, uint32_t fork, unsigned count, char branch)
{
    uint32_t id = fork;
    for (unsigned i = 0; i < count; i++) {
        id = grow(&s->w, id, 1, branch);
        must_be(np(s, id), LS_STATUS_VALID);
    }
    return id;
}

static uint32_t head_of(const struct bench *s)
{
    return ls_engine_label(s->e, LS_LABEL_LATEST);
}

/* As a port reads: what is found is in the cache from then on. */
static bool reads(struct bench *s, uint32_t id)
{
    struct ls_hash hash = hash_of(s, id);
    struct ls_el_read r = ls_engine_read_hash(s->e, &hash);
    ls_engine_cache_block(s->e, r.kind == LS_READ_BLOCK ? r.id : NONE);
    return r.kind == LS_READ_BLOCK;
}

/* --- side chains --- */

/* All forks and finalized blocks below a head of which two blocks are unwritten. */
static void a_write_forgets_sides_that_leave_below_what_is_final_and_written(void **state)
{
    enum { HEAD = 8, WRITTEN = 6 };
    (void)state;
    for (unsigned fork = 0; fork <= HEAD; fork++) {
        for (unsigned final = 0; final <= HEAD; final++) {
            struct bench *s;
            (void)reth_up((void **)&s);
            follow(s, 1, WRITTEN - 1);
            for (unsigned n = WRITTEN; n <= HEAD; n++) {
                must_be(np(s, s->a[n]), LS_STATUS_VALID);
            }
            uint32_t tip = side(s, s->a[fork], 2, 'b');
            must_be(fcu(s, s->a[WRITTEN], NONE, s->a[final < WRITTEN ? final : WRITTEN]),
                    LS_STATUS_VALID);
            must_be(fcu(s, s->a[HEAD], NONE, s->a[final]), LS_STATUS_VALID);
            bool is_kept = fork >= WRITTEN || fork >= final;
            assert_int_equal(ls_engine_has(s->e, tip), is_kept);
            must_be(np(s, grow(&s->w, tip, 1, 'b')), is_kept ? LS_STATUS_VALID : LS_STATUS_SYNCING);
            assert_true(ls_engine_has(s->e, s->a[HEAD]));
            (void)bench_down((void **)&s);
        }
    }
}

/* When the write is over, not when it began; also one that applies nothing. */
static void a_write_goes_by_the_finalized_block_named_last(void **state)
{
    struct bench *s = *state;
    follow(s, 1, 10);
    ls_engine_settle(s->e);
    uint32_t tip = side(s, s->a[2], 2, 'b');
    must_be(np(s, s->a[11]), LS_STATUS_VALID);
    must_be(np(s, s->a[12]), LS_STATUS_VALID);
    must_be(fcu(s, s->a[12], NONE, s->a[8]), LS_STATUS_VALID); /* a write begins */
    must_be(fcu(s, s->a[5], NONE, NONE), LS_STATUS_VALID);     /* old head */
    ls_engine_tick(s->e);
    assert_true(ls_engine_has(s->e, tip));
    for (unsigned n = 13; n <= 15; n++) {
        must_be(np(s, s->a[n]), LS_STATUS_VALID);
    }
    must_be(fcu(s, s->a[15], NONE, NONE), LS_STATUS_VALID);
    must_be(fcu(s, s->a[5], NONE, s->a[8]), LS_STATUS_VALID);
    assert_true(ls_engine_has(s->e, tip));
    ls_engine_tick(s->e);
    assert_false(ls_engine_has(s->e, tip));
}

/* An old head is VALID whatever its labels: one that is nowhere takes nothing away. */
static void a_write_takes_no_finalized_block_from_elsewhere(void **state)
{
    struct bench *s = *state;
    follow(s, 1, 12);
    uint32_t tip = side(s, s->a[2], 2, 'b');
    uint32_t unknown = grow(&s->w, s->a[8], 1, 'x');
    must_be(fcu(s, s->a[5], NONE, unknown), LS_STATUS_VALID);
    ls_engine_tick(s->e);
    assert_int_equal(ls_engine_unwritten(s->e), 0);
    assert_true(ls_engine_has(s->e, tip));
}

/* A removal looks at sides as a write does; the chain that was left is one from then on. */
static void a_removal_forgets_sides_as_well_but_not_what_it_removes(void **state)
{
    struct bench *s = *state;
    follow(s, 1, 9);
    uint32_t low = side(s, s->a[2], 1, 'c');
    uint32_t tip = side(s, s->a[6], 1, 'b');
    must_be(fcu(s, tip, NONE, s->a[6]), LS_STATUS_VALID);
    assert_false(ls_engine_has(s->e, low));
    assert_true(ls_engine_has(s->e, s->a[9])); /* leaves at 6, which is not below 6 */
    must_be(fcu(s, s->a[9], NONE, NONE), LS_STATUS_VALID);
    assert_int_equal(head_of(s), s->a[9]);
}

/* Also the part of it that was on disk. */
static void a_chain_that_was_left_is_forgotten_when_the_new_one_is_final(void **state)
{
    struct bench *s = *state;
    follow(s, 1, 11);
    must_be(np(s, s->a[12]), LS_STATUS_VALID);
    must_be(fcu(s, s->a[12], NONE, s->a[1]), LS_STATUS_VALID); /* a write that forgets nothing */
    uint32_t low = side(s, s->a[2], 2, 'b');
    must_be(fcu(s, low, NONE, NONE), LS_STATUS_VALID);
    assert_true(ls_engine_has(s->e, s->a[3]));
    uint32_t tip = side(s, low, 3, 'b');
    must_be(fcu(s, tip, NONE, low), LS_STATUS_VALID);
    for (unsigned n = 3; n <= 12; n++) {
        assert_false(ls_engine_has(s->e, s->a[n]));
    }
    assert_true(ls_engine_has(s->e, s->a[2]));
}

static void geth_forgets_no_sides(void **state)
{
    struct bench *s = *state;
    uint32_t tip = side(s, s->a[0], 2, 'b');
    follow(s, 1, 12);
    must_be(fcu(s, s->a[12], s->a[12], s->a[12]), LS_STATUS_VALID);
    assert_true(ls_engine_has(s->e, tip));
    must_be(np(s, grow(&s->w, tip, 1, 'b')), LS_STATUS_VALID);
}

/* --- what the disk has still --- */

static void a_head_the_disk_has_still_is_valid_and_changes_nothing(void **state)
{
    struct bench *s = *state;
    follow(s, 1, 9);
    ls_engine_settle(s->e);
    uint32_t tip = side(s, s->a[4], 1, 'b');
    must_be(fcu(s, tip, NONE, NONE), LS_STATUS_VALID);
    must_be(fcu(s, s->a[9], s->a[8], s->a[7]), LS_STATUS_VALID);
    assert_int_equal(head_of(s), tip);
    assert_int_equal(ls_engine_label(s->e, LS_LABEL_SAFE), NONE);
    ls_engine_tick(s->e);
    must_be(fcu(s, s->a[9], s->a[8], s->a[7]), LS_STATUS_VALID);
    assert_int_equal(head_of(s), s->a[9]);
    assert_int_equal(ls_engine_label(s->e, LS_LABEL_SAFE), s->a[8]);
}

/* Nine blocks, of which eight are written: the head of the removal's time is the ninth. */
static void labels_may_be_blocks_the_disk_has_still(void **state)
{
    struct bench *s = *state;
    follow(s, 1, 10);
    ls_engine_settle(s->e);
    uint32_t tip = side(s, s->a[4], 2, 'b');
    struct ls_el_verdict v = fcu(s, tip, s->a[10], NONE); /* not written yet */
    assert_true(v.is_error);
    assert_int_equal(v.code, LS_RPC_INVALID_FORKCHOICE);
    must_be(fcu(s, tip, s->a[9], s->a[6]), LS_STATUS_VALID);
    assert_true(reads(s, s->a[6]));
    assert_false(reads(s, s->a[10]));
    assert_int_equal(ls_engine_read_label(s->e, LS_LABEL_SAFE).kind, LS_READ_BLOCK);
    ls_engine_tick(s->e);
    assert_int_equal(ls_engine_read_label(s->e, LS_LABEL_SAFE).kind, LS_READ_NULL);
    v = fcu(s, tip, s->a[9], NONE);
    assert_true(v.is_error);
}

/* Even where the disk is quick: it is looked at before the reorg is written. */
static void a_label_may_be_the_written_block_this_forkchoice_reorgs_out(void **state)
{
    struct bench *s = *state;
    follow(s, 1, 10);
    uint32_t tip = side(s, s->a[4], 2, 'b');
    must_be(fcu(s, tip, s->a[9], NONE), LS_STATUS_VALID);
    assert_true(fcu(s, tip, s->a[9], NONE).is_error);
    assert_int_equal(ls_engine_read_label(s->e, LS_LABEL_SAFE).kind, LS_READ_NULL);
}

/* What a read found on disk outlives the disk, until the block leaves the chain another time. */
static void a_block_that_was_read_on_disk_stays_readable(void **state)
{
    struct bench *s = *state;
    follow(s, 1, 9);
    ls_engine_settle(s->e);
    uint32_t tip = side(s, s->a[4], 1, 'b');
    must_be(fcu(s, tip, NONE, NONE), LS_STATUS_VALID);
    assert_true(reads(s, s->a[6]));
    ls_engine_tick(s->e);
    assert_true(reads(s, s->a[6]));
    assert_false(reads(s, s->a[7]));
    must_be(fcu(s, s->a[7], NONE, NONE), LS_STATUS_VALID);
    assert_true(reads(s, s->a[7]));
    ls_engine_settle(s->e);
    must_be(fcu(s, tip, NONE, NONE), LS_STATUS_VALID);
    ls_engine_settle(s->e);
    assert_false(reads(s, s->a[6]));
    assert_false(reads(s, s->a[7]));
}

/* A write that is under way when its chain is left ends first, and is taken back after. */
static void the_disk_does_one_thing_after_the_other(void **state)
{
    struct bench *s = *state;
    follow(s, 1, 6);
    ls_engine_settle(s->e);
    must_be(np(s, s->a[7]), LS_STATUS_VALID);
    must_be(np(s, s->a[8]), LS_STATUS_VALID);
    must_be(np(s, s->a[9]), LS_STATUS_VALID);
    must_be(fcu(s, s->a[9], NONE, NONE), LS_STATUS_VALID); /* a write to 9 begins */
    uint32_t other = side(s, s->a[5], 1, 'c');
    uint32_t low = side(s, s->a[4], 3, 'b');
    uint32_t tip = side(s, low, 3, 'b');
    must_be(fcu(s, tip, NONE, low), LS_STATUS_VALID);
    assert_true(reads(s, s->a[5]));
    assert_false(reads(s, s->a[9]));
    ls_engine_tick(s->e); /* written */
    assert_true(ls_engine_has(s->e, other));
    assert_true(reads(s, s->a[9]));
    assert_false(reads(s, s->a[10]));
    assert_int_equal(ls_engine_unwritten(s->e), 6);
    ls_engine_tick(s->e); /* removed */
    assert_false(reads(s, s->a[8]));
    assert_int_equal(ls_engine_unwritten(s->e), 6);
    assert_false(ls_engine_is_settled(s->e));
    assert_true(ls_engine_has(s->e, other));
    ls_engine_tick(s->e); /* the new chain is written */
    assert_false(ls_engine_has(s->e, other));
    assert_int_equal(ls_engine_unwritten(s->e), 0);
    assert_true(ls_engine_is_settled(s->e));
}

static void a_disk_that_lags_no_more_has_done_all(void **state)
{
    struct bench *s = *state;
    follow(s, 1, 9);
    uint32_t tip = side(s, s->a[4], 1, 'b');
    must_be(fcu(s, tip, NONE, NONE), LS_STATUS_VALID);
    ls_engine_set_disk_lags(s->e, true);
    assert_false(ls_engine_is_settled(s->e));
    ls_engine_set_disk_lags(s->e, false);
    assert_true(ls_engine_is_settled(s->e));
    must_be(fcu(s, s->a[9], NONE, NONE), LS_STATUS_VALID);
    assert_int_equal(head_of(s), s->a[9]);
}

/* For the write that has been under way since block 3. */
static void the_engine_waits_for_a_disk_that_is_seventeen_blocks_behind(void **state)
{
    struct bench *s = *state;
    for (unsigned n = 1; n <= 18; n++) {
        must_be(np(s, s->a[n]), LS_STATUS_VALID);
        must_be(fcu(s, s->a[n], NONE, NONE), LS_STATUS_VALID);
        assert_int_equal(ls_engine_unwritten(s->e), n < 18 ? n : 15);
    }
}

static void a_restart_ends_what_is_under_way(void **state)
{
    struct bench *s = *state;
    follow(s, 1, 9);
    uint32_t tip = side(s, s->a[4], 1, 'b');
    must_be(fcu(s, tip, NONE, NONE), LS_STATUS_VALID);
    ls_engine_restart(s->e, 0);
    assert_true(ls_engine_is_settled(s->e));
    assert_int_equal(head_of(s), tip);
    assert_false(reads(s, s->a[6]));
    must_be(fcu(s, s->a[9], NONE, NONE), LS_STATUS_SYNCING); /* sides were in memory only */
}

/* Whatever was written of another chain before. */
static void an_engine_put_somewhere_has_that_chain_on_disk_only(void **state)
{
    struct bench *s = *state;
    follow(s, 1, 9);
    uint32_t tip = grow(&s->w, s->a[4], 2, 'b');
    ls_engine_seed(s->e, tip, NONE, NONE);
    assert_false(reads(s, s->a[6]));
    must_be(fcu(s, s->a[9], NONE, NONE), LS_STATUS_VALID);
    assert_int_equal(head_of(s), s->a[9]);
}

/* --- unwinding --- */

/* Ten blocks, nine of them written: the tenth stays in memory, on nothing. */
static void an_unwind_takes_written_blocks_and_leaves_others_without_state(void **state)
{
    struct bench *s = *state;
    follow(s, 1, 10);
    assert_true(reads(s, s->a[8]));
    must_be(fcu(s, s->a[5], NONE, NONE), LS_STATUS_VALID);
    assert_int_equal(head_of(s), s->a[5]);
    assert_false(ls_engine_has(s->e, s->a[9]));
    assert_true(ls_engine_has(s->e, s->a[10]));
    must_be(fcu(s, s->a[9], NONE, NONE), LS_STATUS_SYNCING);
    must_be(fcu(s, s->a[10], NONE, NONE), LS_STATUS_SYNCING);
    assert_int_equal(head_of(s), s->a[5]);
    assert_true(reads(s, s->a[8])); /* the cache was not told */
    struct ls_el_verdict v = np(s, s->a[11]);
    assert_true(v.is_error);
    assert_int_equal(v.code, LS_RPC_INTERNAL);
    assert_string_equal(v.data, "no state found for block");
    struct ls_hash missing = hash_of(s, s->a[9]);
    assert_true(ls_hash_eq(&v.latest_valid, &missing));
}

static void after_an_unwind_the_chain_can_come_again(void **state)
{
    struct bench *s = *state;
    follow(s, 1, 10);
    must_be(fcu(s, s->a[5], NONE, NONE), LS_STATUS_VALID);
    follow(s, 6, 12);
    assert_int_equal(head_of(s), s->a[12]);
}

int main(void)
{
#define ON(up, test) cmocka_unit_test_setup_teardown(test, up, bench_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_forgets_sides_that_leave_below_what_is_final_and_written),
        ON(lagging_up, a_write_goes_by_the_finalized_block_named_last),
        ON(lagging_up, a_write_takes_no_finalized_block_from_elsewhere),
        ON(reth_up, a_removal_forgets_sides_as_well_but_not_what_it_removes),
        ON(reth_up, a_chain_that_was_left_is_forgotten_when_the_new_one_is_final),
        ON(geth_up, geth_forgets_no_sides),
        ON(lagging_up, a_head_the_disk_has_still_is_valid_and_changes_nothing),
        ON(lagging_up, labels_may_be_blocks_the_disk_has_still),
        ON(reth_up, a_label_may_be_the_written_block_this_forkchoice_reorgs_out),
        ON(lagging_up, a_block_that_was_read_on_disk_stays_readable),
        ON(lagging_up, the_disk_does_one_thing_after_the_other),
        ON(lagging_up, a_disk_that_lags_no_more_has_done_all),
        ON(lagging_up, the_engine_waits_for_a_disk_that_is_seventeen_blocks_behind),
        ON(lagging_up, a_restart_ends_what_is_under_way),
        ON(reth_up, an_engine_put_somewhere_has_that_chain_on_disk_only),
        ON(unwinding_up, an_unwind_takes_written_blocks_and_leaves_others_without_state),
        ON(unwinding_up, after_an_unwind_the_chain_can_come_again),
    };
#undef ON
    return cmocka_run_group_tests(tests, NULL, NULL);
}
