/* The engine model: each row of the newPayload and forkchoice tables, labels, life. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mocks/model/engine.h"
#include "tests/unit/small_world.h"

/* Chain a: 1..20 on genesis. Chain b: 6..12 on a5. */
struct fixture {
    struct small_world w;
    void *mem;
    struct ls_engine *e;
    uint32_t a[21];
    uint32_t b[13];
};

static void set_up_as(struct fixture *f, const char *profile)
{
    small_world_init(&f->w, 128);
    f->a[0] = f->w.genesis;
    for (unsigned i = 1; i <= 20; i++) {
        f->a[i] = grow(&f->w, f->a[i - 1], 1, 'a');
    }
    f->b[5] = f->a[5];
    for (unsigned i = 6; i <= 12; i++) {
        f->b[i] = grow(&f->w, f->b[i - 1], 1, 'b');
    }
    f->mem = malloc(ls_engine_size(f->w.u));
    assert_non_null(f->mem);
    f->e = ls_engine_init(f->mem, f->w.u, f->w.genesis, ls_engine_profile_find(profile));
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    set_up_as(f, "geth");
    *state = f;
    return 0;
}

static int set_up_snap(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    set_up_as(f, "snap");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    free(f->mem);
    small_world_fini(&f->w);
    free(f);
    return 0;
}

static const struct ls_hash *hash_of(const struct fixture *f, uint32_t id)
{
    return &ls_universe_get(f->w.u, id)->ref.hash;
}

static struct ls_np_input payload_of(const struct fixture *f, uint32_t id)
{
    const struct ls_l2_ref *r = &ls_universe_get(f->w.u, id)->ref;
    return (struct ls_np_input){
        .id = {r->hash, r->number}, .parent = r->parent, .timestamp = r->timestamp, .block = id};
}

static struct ls_el_verdict np(struct fixture *f, uint32_t id)
{
    struct ls_np_input in = payload_of(f, id);
    return ls_engine_new_payload(f->e, &in);
}

static struct ls_el_verdict fcu(struct fixture *f, uint32_t head, uint32_t safe, uint32_t finalized)
{
    struct ls_forkchoice c = {0};
    c.head = head == LS_NO_BLOCK ? c.head : *hash_of(f, head);
    c.safe = safe == LS_NO_BLOCK ? c.safe : *hash_of(f, safe);
    c.finalized = finalized == LS_NO_BLOCK ? c.finalized : *hash_of(f, finalized);
    return ls_engine_forkchoice(f->e, &c);
}

#define NONE LS_NO_BLOCK

static void expect_row(struct ls_el_verdict v, const char *row, enum ls_payload_status status)
{
    assert_string_equal(v.row, row);
    assert_false(v.is_error);
    assert_int_equal(v.status, status);
}

static void expect_valid(const struct fixture *f, struct ls_el_verdict v, const char *row,
                         uint32_t id)
{
    expect_row(v, row, LS_STATUS_VALID);
    assert_int_equal(v.lvh, LS_LVH_HASH);
    assert_true(ls_hash_eq(&v.latest_valid, hash_of(f, id)));
    assert_null(v.error);
}

static void expect_syncing(struct ls_el_verdict v, const char *row)
{
    expect_row(v, row, LS_STATUS_SYNCING);
    assert_int_equal(v.lvh, LS_LVH_NULL);
}

static void expect_invalid(const struct fixture *f, struct ls_el_verdict v, const char *row,
                           uint32_t latest_valid, const char *error)
{
    expect_row(v, row, LS_STATUS_INVALID);
    assert_int_equal(v.lvh, LS_LVH_HASH);
    assert_true(ls_hash_eq(&v.latest_valid, hash_of(f, latest_valid)));
    assert_string_equal(v.error, error);
}

static void expect_labels(const struct fixture *f, uint32_t latest, uint32_t safe,
                          uint32_t finalized)
{
    assert_int_equal(ls_engine_label(f->e, LS_LABEL_LATEST), latest);
    assert_int_equal(ls_engine_label(f->e, LS_LABEL_SAFE), safe);
    assert_int_equal(ls_engine_label(f->e, LS_LABEL_FINALIZED), finalized);
}

static void deliver(struct fixture *f, const uint32_t *chain, unsigned from, unsigned to)
{
    for (unsigned i = from; i <= to; i++) {
        expect_valid(f, np(f, chain[i]), "np 13", chain[i]);
    }
}

/* --- newPayload --- */

static void known_block_is_valid_again(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 2);
    expect_valid(f, np(f, f->a[1]), "np 6", f->a[1]);
    expect_valid(f, np(f, f->a[0]), "np 6", f->a[0]);
}

static void executed_block_is_readable_by_hash_but_moves_nothing(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 1);
    assert_true(ls_engine_has(f->e, f->a[1]));
    assert_int_equal(ls_engine_read_hash(f->e, hash_of(f, f->a[1])).id, f->a[1]);
    assert_int_equal(ls_engine_read_number(f->e, 1).kind, LS_READ_NULL);
    expect_labels(f, f->a[0], NONE, NONE);
}

static void unknown_parent_is_syncing_and_never_connected(void **state)
{
    struct fixture *f = *state;
    expect_syncing(np(f, f->a[3]), "np 8");
    expect_syncing(np(f, f->a[2]), "np 8");
    deliver(f, f->a, 1, 1);
    assert_false(ls_engine_has(f->e, f->a[2]));
    deliver(f, f->a, 2, 3);
}

static void unknown_parent_knob(void **state)
{
    struct fixture *f = *state;
    ls_engine_knobs(f->e)->unknown_parent = LS_EL_PARENT_ACCEPTED;
    expect_row(np(f, f->a[3]), "np 8", LS_STATUS_ACCEPTED);
    ls_engine_knobs(f->e)->unknown_parent = LS_EL_PARENT_ERROR;
    struct ls_el_verdict v = np(f, f->a[4]);
    assert_true(v.is_error);
    assert_int_equal(v.code, LS_RPC_SERVER);
}

static void stale_timestamp_is_invalid_and_not_remembered(void **state)
{
    struct fixture *f = *state;
    struct ls_np_input in = payload_of(f, f->a[1]);
    in.timestamp = ls_universe_get(f->w.u, f->a[0])->ref.timestamp;
    expect_invalid(f, ls_engine_new_payload(f->e, &in), "np 9", f->a[0], "invalid timestamp");
    deliver(f, f->a, 1, 1);
}

static void block_that_does_not_execute_is_remembered_with_its_descendants(void **state)
{
    struct fixture *f = *state;
    const char *links = "links to previously rejected block";
    ls_engine_mark_invalid(f->e, f->a[3], true);
    deliver(f, f->a, 1, 2);
    expect_invalid(f, np(f, f->a[3]), "np 12", f->a[2], "invalid merkle root");
    expect_invalid(f, np(f, f->a[3]), "np 7", f->a[2], links);
    expect_invalid(f, np(f, f->a[4]), "np 7", f->a[2], links);
    expect_invalid(f, np(f, f->a[5]), "np 7", f->a[2], links);
    expect_invalid(f, fcu(f, f->a[5], NONE, NONE), "fcu 3", f->a[2], links);
    expect_labels(f, f->a[0], NONE, NONE);
    /* One whose parent nobody sent is unknown, not refused. */
    expect_syncing(np(f, f->a[9]), "np 8");
}

static void told_execution_error_is_passed_on(void **state)
{
    struct fixture *f = *state;
    struct ls_np_input in = payload_of(f, f->a[1]);
    in.exec_error = "invalid gas used (remote: 2 local: 1)";
    expect_invalid(f, ls_engine_new_payload(f->e, &in), "np 12", f->a[0], in.exec_error);
    in.exec_error = NULL;
    expect_invalid(f, ls_engine_new_payload(f->e, &in), "np 7", f->a[0],
                   "links to previously rejected block");
}

static void wrong_number_on_a_known_parent_is_invalid(void **state)
{
    struct fixture *f = *state;
    struct ls_np_input in = payload_of(f, f->a[1]);
    in.id.number = 2;
    in.id.hash = small_hash('x', 2);
    in.block = LS_NO_BLOCK;
    expect_invalid(f, ls_engine_new_payload(f->e, &in), "np 12", f->a[0], "invalid block number");
}

/* geth looks for a parent by hash and number, but its caches go by the hash alone. */
static void wrong_number_finds_a_parent_that_was_read(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 3);
    struct ls_np_input in = payload_of(f, f->a[4]);
    in.id.number = 9;
    in.id.hash.b[0] ^= 1;
    in.block = NONE;
    expect_syncing(ls_engine_new_payload(f->e, &in), "np 8"); /* a3 was never read */
    assert_false(ls_engine_header_is_cached(f->e, f->a[3]));
    expect_valid(f, fcu(f, f->a[3], NONE, NONE), "fcu 7", f->a[3]);
    in.exec_error = "unknown ancestor";
    expect_invalid(f, ls_engine_new_payload(f->e, &in), "np 12", f->a[3], "unknown ancestor");
    assert_false(ls_engine_header_is_cached(f->e, f->a[3]));
    (void)np(f, f->a[4]);
    assert_true(ls_engine_header_is_cached(f->e, f->a[3]));
    ls_engine_restart(f->e, 0);
    assert_true(ls_engine_header_is_cached(f->e, f->a[3])); /* the head */
    assert_false(ls_engine_header_is_cached(f->e, f->a[2]));
    ls_engine_knobs(f->e)->parent_by_number = false;
    assert_true(ls_engine_header_is_cached(f->e, f->a[2]));
}

static void rejection_is_tried_again_after_its_hits(void **state)
{
    struct fixture *f = *state;
    ls_engine_mark_invalid(f->e, f->a[1], true);
    expect_row(np(f, f->a[1]), "np 12", LS_STATUS_INVALID);
    for (unsigned i = 0; i < 126; i++) {
        expect_row(np(f, f->a[1]), "np 7", LS_STATUS_INVALID);
    }
    expect_row(np(f, f->a[1]), "np 12", LS_STATUS_INVALID);
    for (unsigned i = 0; i < 126; i++) {
        expect_row(fcu(f, f->a[1], NONE, NONE), "fcu 3", LS_STATUS_INVALID);
    }
    expect_syncing(fcu(f, f->a[1], NONE, NONE), "fcu 4");
    ls_engine_mark_invalid(f->e, f->a[1], false);
    deliver(f, f->a, 1, 1);
}

static void rejections_stay_within_their_table(void **state)
{
    struct fixture *f = *state;
    struct ls_np_input in = payload_of(f, f->a[1]);
    in.exec_error = "bad";
    in.block = LS_NO_BLOCK;
    for (unsigned i = 0; i < 3 * LS_EL_INVALID_MAX; i++) {
        in.id.hash = small_hash('r', 1000 + i);
        expect_row(ls_engine_new_payload(f->e, &in), "np 12", LS_STATUS_INVALID);
        expect_row(ls_engine_new_payload(f->e, &in), "np 7", LS_STATUS_INVALID);
    }
    in.id.hash = small_hash('r', 1000 + 2 * LS_EL_INVALID_MAX); /* the oldest that is left */
    expect_row(ls_engine_new_payload(f->e, &in), "np 7", LS_STATUS_INVALID);
    in.id.hash = small_hash('r', 1001);
    expect_row(ls_engine_new_payload(f->e, &in), "np 12", LS_STATUS_INVALID);
}

static void restart_forgets_rejections(void **state)
{
    struct fixture *f = *state;
    ls_engine_mark_invalid(f->e, f->a[1], true);
    expect_row(np(f, f->a[1]), "np 12", LS_STATUS_INVALID);
    ls_engine_restart(f->e, 0);
    expect_row(np(f, f->a[1]), "np 12", LS_STATUS_INVALID);
}

/* --- forkchoice --- */

static void zero_head_by_knob(void **state)
{
    struct fixture *f = *state;
    struct ls_el_verdict v = fcu(f, NONE, NONE, NONE);
    expect_row(v, "fcu 2", LS_STATUS_INVALID);
    assert_int_equal(v.lvh, LS_LVH_NULL);
    assert_null(v.error);
    ls_engine_knobs(f->e)->zero_head = LS_EL_ZERO_ERROR;
    v = fcu(f, NONE, NONE, NONE);
    assert_true(v.is_error);
    assert_int_equal(v.code, LS_RPC_INVALID_FORKCHOICE);
    ls_engine_knobs(f->e)->zero_head = LS_EL_ZERO_SYNCING;
    expect_syncing(fcu(f, NONE, NONE, NONE), "fcu 2");
}

static void unknown_head_is_syncing_and_changes_nothing_without_peers(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 2);
    expect_valid(f, fcu(f, f->a[2], f->a[1], f->a[0]), "fcu 7", f->a[2]);
    expect_syncing(fcu(f, f->a[9], f->a[8], f->a[7]), "fcu 4");
    expect_syncing(np(f, f->a[9]), "np 8");
    expect_syncing(fcu(f, f->a[9], f->a[8], f->a[7]), "fcu 5");
    for (unsigned i = 0; i < 50; i++) {
        ls_engine_tick(f->e);
    }
    assert_false(ls_engine_syncing(f->e).is_syncing);
    expect_labels(f, f->a[2], f->a[1], f->a[0]);
    expect_valid(f, fcu(f, f->a[2], f->a[2], f->a[1]), "fcu 8", f->a[2]);
}

static void unknown_head_can_be_an_error(void **state)
{
    struct fixture *f = *state;
    ls_engine_knobs(f->e)->unknown_head = LS_EL_HEAD_ERROR;
    ls_engine_set_backfill(f->e, 5);
    struct ls_el_verdict v = fcu(f, f->a[9], NONE, NONE);
    assert_true(v.is_error);
    assert_int_equal(v.code, LS_RPC_INVALID_FORKCHOICE);
    assert_int_equal(ls_engine_sync_target(f->e), NONE);
}

static void known_side_block_becomes_head(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 8);
    deliver(f, f->b, 6, 9);
    expect_valid(f, fcu(f, f->a[8], f->a[4], f->a[3]), "fcu 7", f->a[8]);
    expect_valid(f, fcu(f, f->b[7], f->b[6], f->a[4]), "fcu 7", f->b[7]);
    expect_labels(f, f->b[7], f->b[6], f->a[4]);
    assert_int_equal(ls_engine_canonical_at(f->e, 6), f->b[6]);
    assert_int_equal(ls_engine_canonical_at(f->e, 8), NONE);
    assert_true(ls_engine_has(f->e, f->a[8]));
}

static void zero_labels_are_kept(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 6);
    (void)fcu(f, f->a[5], f->a[4], f->a[3]);
    expect_valid(f, fcu(f, f->a[6], NONE, NONE), "fcu 7", f->a[6]);
    expect_labels(f, f->a[6], f->a[4], f->a[3]);
}

static void labels_outlive_the_chain_they_were_on(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 9);
    deliver(f, f->b, 6, 6);
    (void)fcu(f, f->a[9], f->a[8], f->a[7]);
    expect_valid(f, fcu(f, f->b[6], NONE, NONE), "fcu 7", f->b[6]);
    expect_labels(f, f->b[6], f->a[8], f->a[7]);
    assert_int_equal(ls_engine_read_label(f->e, LS_LABEL_SAFE).id, f->a[8]);
}

static void expect_bad_state(struct ls_el_verdict v, const char *row, const char *data)
{
    assert_string_equal(v.row, row);
    assert_true(v.is_error);
    assert_int_equal(v.code, -38002);
    assert_string_equal(v.message, "Invalid forkchoice state");
    assert_string_equal(v.data, data);
    assert_false(v.head_applied);
}

static void bad_finalized_comes_after_the_head_moved_and_before_safe(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 8);
    deliver(f, f->b, 6, 6);
    (void)fcu(f, f->a[6], f->a[2], f->a[1]);
    expect_bad_state(fcu(f, f->a[7], f->a[5], f->a[19]), "fcu 11",
                     "final block not available in database");
    expect_labels(f, f->a[7], f->a[2], f->a[1]);
    expect_bad_state(fcu(f, f->a[8], f->a[19], f->b[6]), "fcu 11",
                     "final block not in canonical chain");
    expect_labels(f, f->a[8], f->a[2], f->a[1]);
}

static void bad_safe_comes_after_finalized_was_stored(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 8);
    deliver(f, f->b, 6, 6);
    expect_bad_state(fcu(f, f->a[7], f->a[19], f->a[3]), "fcu 12",
                     "safe block not available in database");
    expect_labels(f, f->a[7], NONE, f->a[3]);
    expect_bad_state(fcu(f, f->a[8], f->b[6], f->a[4]), "fcu 12",
                     "safe block not in canonical chain");
    expect_labels(f, f->a[8], NONE, f->a[4]);
}

static void error_data_can_be_missing(void **state)
{
    struct fixture *f = *state;
    ls_engine_knobs(f->e)->error_data = false;
    struct ls_el_verdict v = fcu(f, f->a[0], f->a[19], NONE);
    assert_true(v.is_error);
    assert_null(v.data);
}

static void atomic_labels_leave_the_head_when_one_is_bad(void **state)
{
    struct fixture *f = *state;
    ls_engine_knobs(f->e)->labels_atomic = true;
    deliver(f, f->a, 1, 3);
    uint64_t before = ls_engine_generation(f->e);
    assert_true(fcu(f, f->a[3], f->a[19], f->a[1]).is_error);
    assert_int_equal(ls_engine_generation(f->e), before);
    expect_labels(f, f->a[0], NONE, NONE);
    expect_valid(f, fcu(f, f->a[3], f->a[2], f->a[1]), "fcu 7", f->a[3]);
}

static void odd_but_canonical_labels_are_taken(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 8);
    (void)fcu(f, f->a[8], f->a[7], f->a[6]);
    /* finalized above safe, both going back */
    expect_valid(f, fcu(f, f->a[8], f->a[1], f->a[3]), "fcu 8", f->a[8]);
    expect_labels(f, f->a[8], f->a[1], f->a[3]);
}

static void old_head_keeps_latest_but_applies_labels(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 8);
    (void)fcu(f, f->a[8], NONE, NONE);
    struct ls_el_verdict v = fcu(f, f->a[5], f->a[4], f->a[3]);
    expect_valid(f, v, "fcu 9", f->a[5]);
    assert_true(v.head_applied);
    expect_labels(f, f->a[8], f->a[4], f->a[3]);
    /* a label above the old head is still on the canonical chain */
    expect_valid(f, fcu(f, f->a[5], f->a[7], f->a[3]), "fcu 9", f->a[5]);
    expect_labels(f, f->a[8], f->a[7], f->a[3]);
}

static void old_head_by_knob(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 8);
    (void)fcu(f, f->a[8], NONE, NONE);
    ls_engine_knobs(f->e)->old_head = LS_EL_OLD_SKIP;
    expect_valid(f, fcu(f, f->a[5], f->a[19], f->a[3]), "fcu 9", f->a[5]);
    expect_labels(f, f->a[8], NONE, NONE);
    ls_engine_knobs(f->e)->old_head = LS_EL_OLD_REWIND;
    expect_valid(f, fcu(f, f->a[5], f->a[4], f->a[3]), "fcu 9", f->a[5]);
    expect_labels(f, f->a[5], f->a[4], f->a[3]);
    assert_true(ls_engine_has(f->e, f->a[8]));
}

static void deep_reorg_by_knob(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 9);
    deliver(f, f->b, 6, 7);
    (void)fcu(f, f->a[9], NONE, NONE);
    ls_engine_knobs(f->e)->reorg_depth_max = 3;
    struct ls_el_verdict v = fcu(f, f->b[7], NONE, NONE);
    assert_true(v.is_error);
    assert_int_equal(v.code, -38006);
    expect_labels(f, f->a[9], NONE, NONE);
    ls_engine_knobs(f->e)->reorg_depth_max = 4;
    expect_valid(f, fcu(f, f->b[7], NONE, NONE), "fcu 7", f->b[7]);
}

static void same_head_may_drop_labels_by_knob(void **state)
{
    struct fixture *f = *state;
    ls_engine_knobs(f->e)->same_head_keeps_labels = true;
    deliver(f, f->a, 1, 2);
    expect_valid(f, fcu(f, f->a[2], f->a[1], NONE), "fcu 7", f->a[2]);
    expect_valid(f, fcu(f, f->a[2], f->a[2], f->a[1]), "fcu 8", f->a[2]);
    expect_labels(f, f->a[2], f->a[1], NONE);
}

static void same_call_twice_changes_nothing(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 5);
    (void)fcu(f, f->a[5], f->a[4], f->a[3]);
    uint64_t before = ls_engine_generation(f->e);
    expect_valid(f, fcu(f, f->a[5], f->a[4], f->a[3]), "fcu 8", f->a[5]);
    expect_valid(f, np(f, f->a[5]), "np 6", f->a[5]);
    assert_int_equal(ls_engine_generation(f->e), before);
}

static void stuck_engine_says_syncing_to_everything(void **state)
{
    struct fixture *f = *state;
    ls_engine_set_stuck(f->e, true);
    uint64_t before = ls_engine_generation(f->e);
    expect_syncing(np(f, f->a[1]), "stuck");
    expect_syncing(fcu(f, f->a[0], NONE, NONE), "stuck");
    assert_int_equal(ls_engine_generation(f->e), before);
    ls_engine_set_stuck(f->e, false);
    deliver(f, f->a, 1, 1);
}

/* --- labels as read --- */

static void unset_labels_by_knob(void **state)
{
    struct fixture *f = *state;
    struct ls_el_read r = ls_engine_read_label(f->e, LS_LABEL_SAFE);
    assert_int_equal(r.kind, LS_READ_ERROR);
    assert_int_equal(r.code, -32000);
    assert_string_equal(r.message, "safe block not found");
    r = ls_engine_read_label(f->e, LS_LABEL_FINALIZED);
    assert_string_equal(r.message, "finalized block not found");
    ls_engine_knobs(f->e)->label_unset = LS_EL_UNSET_NULL;
    assert_int_equal(ls_engine_read_label(f->e, LS_LABEL_SAFE).kind, LS_READ_NULL);
    ls_engine_knobs(f->e)->label_unset = LS_EL_UNSET_UNKNOWN;
    assert_int_equal(ls_engine_read_label(f->e, LS_LABEL_SAFE).code, -39001);
    ls_engine_knobs(f->e)->label_unset = LS_EL_UNSET_GENESIS;
    assert_int_equal(ls_engine_read_label(f->e, LS_LABEL_SAFE).id, f->a[0]);
}

static void side_blocks_can_be_hidden(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 1);
    ls_engine_knobs(f->e)->side_block_by_hash = false;
    assert_int_equal(ls_engine_read_hash(f->e, hash_of(f, f->a[1])).kind, LS_READ_NULL);
    (void)fcu(f, f->a[1], NONE, NONE);
    assert_int_equal(ls_engine_read_hash(f->e, hash_of(f, f->a[1])).id, f->a[1]);
}

/* --- life --- */

static void restart_restores_labels_by_knob(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 9);
    (void)fcu(f, f->a[9], f->a[6], f->a[4]);
    ls_engine_restart(f->e, 0);
    expect_labels(f, f->a[9], f->a[4], f->a[4]); /* op-geth: safe := finalized */
    (void)fcu(f, f->a[9], f->a[6], f->a[4]);
    ls_engine_knobs(f->e)->restore = LS_EL_RESTORE_BOTH;
    ls_engine_restart(f->e, 0);
    expect_labels(f, f->a[9], f->a[6], f->a[4]);
    ls_engine_knobs(f->e)->restore = LS_EL_RESTORE_NO_SAFE;
    ls_engine_restart(f->e, 0);
    expect_labels(f, f->a[9], NONE, f->a[4]);
    ls_engine_knobs(f->e)->restore = LS_EL_RESTORE_NONE;
    ls_engine_restart(f->e, 0);
    expect_labels(f, f->a[9], NONE, NONE);
}

static void unclean_restart_loses_the_newest_blocks(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 9);
    (void)fcu(f, f->a[9], f->a[8], f->a[4]);
    ls_engine_restart(f->e, 3);
    expect_labels(f, f->a[6], f->a[4], f->a[4]);
    assert_false(ls_engine_has(f->e, f->a[7]));
    expect_syncing(fcu(f, f->a[9], NONE, NONE), "fcu 4");
    deliver(f, f->a, 7, 9);
}

static void rewind_unsets_the_labels_above(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 9);
    deliver(f, f->b, 6, 7);
    (void)fcu(f, f->a[9], f->a[7], f->a[4]);
    ls_engine_rewind(f->e, 5);
    expect_labels(f, f->a[4], NONE, f->a[4]);
    assert_false(ls_engine_has(f->e, f->a[5]));
    assert_false(ls_engine_has(f->e, f->b[7])); /* stood on a5 */
    ls_engine_rewind(f->e, 100);
    expect_labels(f, f->a[0], NONE, NONE);
}

static void wipe_leaves_genesis_only(void **state)
{
    struct fixture *f = *state;
    ls_engine_seed(f->e, f->a[9], f->a[6], f->a[4]);
    expect_labels(f, f->a[9], f->a[6], f->a[4]);
    assert_true(ls_engine_has(f->e, f->a[3]));
    ls_engine_wipe(f->e);
    expect_labels(f, f->a[0], NONE, NONE);
    assert_true(ls_engine_has(f->e, f->a[0]));
    assert_false(ls_engine_has(f->e, f->a[1]));
}

static void forgotten_block_takes_its_descendants_along(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 9);
    deliver(f, f->b, 6, 9);
    (void)fcu(f, f->a[9], f->a[6], f->a[2]);
    ls_engine_forget(f->e, f->b[7]);
    assert_true(ls_engine_has(f->e, f->b[6]));
    assert_false(ls_engine_has(f->e, f->b[9]));
    expect_labels(f, f->a[9], f->a[6], f->a[2]);
    ls_engine_forget(f->e, f->a[4]);
    expect_labels(f, f->a[3], NONE, f->a[2]);
    assert_false(ls_engine_has(f->e, f->b[6]));
    ls_engine_forget(f->e, f->a[0]);
    assert_true(ls_engine_has(f->e, f->a[0]));
}

static void pruning_leaves_genesis_and_the_newest(void **state)
{
    struct fixture *f = *state;
    ls_engine_seed(f->e, f->a[9], NONE, NONE);
    assert_false(ls_engine_is_pruned(f->e, f->a[1]));
    ls_engine_set_prune(f->e, 3);
    assert_true(ls_engine_is_pruned(f->e, f->a[5]));
    assert_false(ls_engine_is_pruned(f->e, f->a[6]));
    assert_false(ls_engine_is_pruned(f->e, f->a[0]));
}

/* --- synchronisation --- */

static void full_sync_climbs_block_by_block(void **state)
{
    struct fixture *f = *state;
    ls_engine_set_backfill(f->e, 3);
    expect_syncing(np(f, f->a[8]), "np 8");
    assert_int_equal(ls_engine_sync_target(f->e), NONE); /* newPayload never starts one */
    expect_syncing(fcu(f, f->a[8], f->a[4], f->a[3]), "fcu 5");
    assert_true(ls_engine_syncing(f->e).is_syncing);
    assert_int_equal(ls_engine_syncing(f->e).highest, 8);
    ls_engine_tick(f->e);
    expect_labels(f, f->a[3], NONE, NONE);
    expect_syncing(fcu(f, f->a[8], f->a[4], f->a[3]), "fcu 5");
    ls_engine_tick(f->e);
    expect_labels(f, f->a[6], NONE, NONE);
    ls_engine_tick(f->e);
    expect_labels(f, f->a[8], NONE, NONE);
    assert_false(ls_engine_syncing(f->e).is_syncing);
    expect_valid(f, fcu(f, f->a[8], f->a[4], f->a[3]), "fcu 8", f->a[8]);
    expect_labels(f, f->a[8], f->a[4], f->a[3]);
}

static void running_sync_follows_new_payloads_and_new_targets(void **state)
{
    struct fixture *f = *state;
    ls_engine_set_backfill(f->e, 2);
    (void)fcu(f, f->a[8], NONE, NONE);
    assert_int_equal(ls_engine_sync_target(f->e), f->a[8]);
    expect_syncing(np(f, f->a[9]), "np 8");
    assert_int_equal(ls_engine_sync_target(f->e), f->a[9]);
    expect_syncing(np(f, f->a[11]), "np 8"); /* does not link to the target */
    assert_int_equal(ls_engine_sync_target(f->e), f->a[9]);
    (void)fcu(f, f->b[12], NONE, NONE);
    assert_int_equal(ls_engine_sync_target(f->e), f->b[12]);
    for (unsigned i = 0; i < 6; i++) {
        ls_engine_tick(f->e);
    }
    expect_labels(f, f->b[12], NONE, NONE);
    assert_int_equal(ls_engine_canonical_at(f->e, 6), f->b[6]);
}

static void sync_goes_as_far_as_the_peers_have_blocks(void **state)
{
    struct fixture *f = *state;
    ls_engine_set_backfill(f->e, 100);
    ls_engine_set_peer_tip(f->e, f->a[10]);
    expect_syncing(fcu(f, f->b[7], NONE, NONE), "fcu 4"); /* peers do not know it */
    assert_int_equal(ls_engine_sync_target(f->e), NONE);
    expect_syncing(np(f, f->a[12]), "np 8");
    expect_syncing(fcu(f, f->a[12], NONE, NONE), "fcu 5"); /* header here, bodies not there yet */
    ls_engine_tick(f->e);
    expect_labels(f, f->a[0], NONE, NONE);
    ls_engine_set_peer_tip(f->e, f->a[20]);
    ls_engine_tick(f->e);
    expect_labels(f, f->a[12], NONE, NONE);
}

static void sync_stops_at_a_block_that_does_not_execute(void **state)
{
    struct fixture *f = *state;
    ls_engine_set_backfill(f->e, 100);
    ls_engine_mark_invalid(f->e, f->a[6], true);
    (void)fcu(f, f->a[9], NONE, NONE);
    ls_engine_tick(f->e);
    expect_labels(f, f->a[5], NONE, NONE);
    expect_invalid(f, np(f, f->a[9]), "np 7", f->a[5], "links to previously rejected block");
    expect_invalid(f, fcu(f, f->a[9], NONE, NONE), "fcu 3", f->a[5],
                   "links to previously rejected block");
}

static void sync_crosses_the_unrecorded_gap(void **state)
{
    struct fixture *f = *state;
    struct ls_ublock b = small_block(&f->w, f->w.genesis, 'w');
    uint32_t first;
    b.is_gap = true;
    b.ref.number = 1000;
    b.ref.hash = small_hash('w', 1000);
    b.ref.parent = small_hash('w', 999);
    assert_int_equal(ls_universe_add(f->w.u, &b, &first), LS_OK);
    uint32_t tip = grow(&f->w, first, 5, 'w');
    ls_engine_set_backfill(f->e, 4);
    expect_syncing(np(f, first), "np 8"); /* genesis is an ancestor, not its parent */
    (void)fcu(f, tip, first, first);
    ls_engine_tick(f->e);
    assert_int_equal(ls_engine_label(f->e, LS_LABEL_LATEST), ls_universe_at(f->w.u, tip, 1003));
    ls_engine_tick(f->e);
    expect_valid(f, fcu(f, tip, first, first), "fcu 8", tip);
}

static void snap_sync_shows_nothing_and_then_jumps(void **state)
{
    struct fixture *f = *state;
    ls_engine_set_backfill(f->e, 4);
    expect_syncing(np(f, f->a[1]), "np 10");
    expect_syncing(np(f, f->a[12]), "np 8");
    expect_syncing(fcu(f, f->a[12], NONE, NONE), "fcu 5");
    ls_engine_tick(f->e);
    ls_engine_tick(f->e);
    expect_labels(f, f->a[0], NONE, NONE);
    assert_true(ls_engine_syncing(f->e).is_syncing);
    ls_engine_tick(f->e);
    expect_labels(f, f->a[12], NONE, NONE);
    expect_valid(f, fcu(f, f->a[12], f->a[5], f->a[2]), "fcu 8", f->a[12]);
    deliver(f, f->a, 13, 14);
}

static void naming_genesis_spoils_snap_sync_for_good(void **state)
{
    struct fixture *f = *state;
    ls_engine_set_backfill(f->e, 100);
    expect_valid(f, fcu(f, f->a[0], NONE, f->a[0]), "fcu 8", f->a[0]);
    (void)np(f, f->a[12]);
    expect_syncing(fcu(f, f->a[12], NONE, NONE), "fcu 5");
    for (unsigned i = 0; i < 100; i++) {
        ls_engine_tick(f->e);
    }
    expect_labels(f, f->a[0], NONE, f->a[0]);
    deliver(f, f->a, 1, 3); /* one by one still works */
    ls_engine_wipe(f->e);
    (void)fcu(f, f->a[12], NONE, NONE);
    ls_engine_tick(f->e);
    expect_labels(f, f->a[12], NONE, NONE);
}

static void state_below_the_pivot_is_missing_after_snap_sync(void **state)
{
    struct fixture *f = *state;
    uint32_t tip = grow(&f->w, f->a[20], 80, 'a');
    uint32_t low = ls_universe_at(f->w.u, tip, 10);
    uint32_t side = grow(&f->w, low, 1, 's');
    ls_engine_set_backfill(f->e, 1000);
    (void)fcu(f, tip, NONE, NONE);
    ls_engine_tick(f->e);
    expect_labels(f, tip, NONE, NONE);
    expect_row(np(f, side), "np 11", LS_STATUS_ACCEPTED);
}

static void another_profile_keeps_blocks_and_forgets_the_rest(void **state)
{
    struct fixture *f = *state;
    deliver(f, f->a, 1, 2);
    expect_syncing(np(f, f->a[5]), "np 8");
    expect_syncing(fcu(f, f->a[5], NONE, NONE), "fcu 5");
    ls_engine_set_profile(f->e, ls_engine_profile_find("snap"));
    expect_syncing(fcu(f, f->a[5], NONE, NONE), "fcu 4");
    assert_true(ls_engine_has(f->e, f->a[2]));
}

static void profiles_are_found_by_name(void **state)
{
    (void)state;
    assert_string_equal(ls_engine_profile_find("geth")->name, "geth");
    assert_string_equal(ls_engine_profile_find("snap")->name, "snap");
    assert_null(ls_engine_profile_find("nosuch"));
    size_t i = 0;
    while (ls_engine_profile_at(i) != NULL) {
        const struct ls_engine_profile *p = ls_engine_profile_at(i++);
        assert_ptr_equal(ls_engine_profile_find(p->name), p);
        assert_true(p->stash_max <= LS_EL_STASH_MAX);
    }
    assert_true(i >= 2);
}

#define GETH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define SNAP(name) cmocka_unit_test_setup_teardown(name, set_up_snap, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GETH(known_block_is_valid_again),
        GETH(executed_block_is_readable_by_hash_but_moves_nothing),
        GETH(unknown_parent_is_syncing_and_never_connected),
        GETH(unknown_parent_knob),
        GETH(stale_timestamp_is_invalid_and_not_remembered),
        GETH(block_that_does_not_execute_is_remembered_with_its_descendants),
        GETH(told_execution_error_is_passed_on),
        GETH(wrong_number_on_a_known_parent_is_invalid),
        GETH(wrong_number_finds_a_parent_that_was_read),
        GETH(rejection_is_tried_again_after_its_hits),
        GETH(rejections_stay_within_their_table),
        GETH(restart_forgets_rejections),
        GETH(zero_head_by_knob),
        GETH(unknown_head_is_syncing_and_changes_nothing_without_peers),
        GETH(unknown_head_can_be_an_error),
        GETH(known_side_block_becomes_head),
        GETH(zero_labels_are_kept),
        GETH(labels_outlive_the_chain_they_were_on),
        GETH(bad_finalized_comes_after_the_head_moved_and_before_safe),
        GETH(bad_safe_comes_after_finalized_was_stored),
        GETH(error_data_can_be_missing),
        GETH(atomic_labels_leave_the_head_when_one_is_bad),
        GETH(odd_but_canonical_labels_are_taken),
        GETH(old_head_keeps_latest_but_applies_labels),
        GETH(old_head_by_knob),
        GETH(deep_reorg_by_knob),
        GETH(same_head_may_drop_labels_by_knob),
        GETH(same_call_twice_changes_nothing),
        GETH(stuck_engine_says_syncing_to_everything),
        GETH(unset_labels_by_knob),
        GETH(side_blocks_can_be_hidden),
        GETH(restart_restores_labels_by_knob),
        GETH(unclean_restart_loses_the_newest_blocks),
        GETH(rewind_unsets_the_labels_above),
        GETH(wipe_leaves_genesis_only),
        GETH(forgotten_block_takes_its_descendants_along),
        GETH(pruning_leaves_genesis_and_the_newest),
        GETH(full_sync_climbs_block_by_block),
        GETH(running_sync_follows_new_payloads_and_new_targets),
        GETH(sync_goes_as_far_as_the_peers_have_blocks),
        GETH(sync_stops_at_a_block_that_does_not_execute),
        GETH(sync_crosses_the_unrecorded_gap),
        SNAP(snap_sync_shows_nothing_and_then_jumps),
        SNAP(naming_genesis_spoils_snap_sync_for_good),
        SNAP(state_below_the_pivot_is_missing_after_snap_sync),
        GETH(another_profile_keeps_blocks_and_forgets_the_rest),
        cmocka_unit_test(profiles_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
