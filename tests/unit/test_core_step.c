/*
 * The core's behaviour, event by event, in a tiny world (core_rig.h).
 */
#include "tests/unit/core_rig.h"

static void assert_fcu(const struct rig_write *w, struct rig_block h, struct rig_block s,
                       struct rig_block f)
{
    assert_non_null(w);
    assert_true(rig_is(w->head, h));
    assert_true(w->has_safe && rig_is(w->safe, s));
    assert_true(w->has_finalized && rig_is(w->finalized, f));
}

#define B(n) ((struct rig_block){0, (n)})
#define X(n) ((struct rig_block){1, (n)})

static void assert_labels(const struct rig *r, struct rig_block s, struct rig_block f)
{
    assert_true(r->has_safe && rig_is(r->safe, s));
    assert_true(r->has_finalized && rig_is(r->finalized, f));
}

static void first_forkchoice_carries_the_sources_heads(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct rig *r = rig_new(kind == 0 ? LS_FOLLOW_EL : LS_FOLLOW_CL, kind == 1);
        rig_source(r, 0, 340, 40);
        r->backfill = 50;
        rig_start(r);
        rig_run(r, 1);
        assert_fcu(&r->writes[0], B(340), B(340), B(40));
        assert_int_equal(r->writes[0].tick, 1);                      /* at once */
        assert_int_equal(rig_status(r).published.safe_l2.number, 0); /* P-5 */
        rig_run(r, 9);
        assert_labels(r, B(340), B(40));
        assert_int_equal(rig_status(r).published.safe_l2.number, 340);
        rig_free(r);
    }
}

/* for a person's eyes; a node that waited for it, or that took the refusal for a broken
 * engine, would be late or degraded. */
static void the_engines_methods_are_asked_once_and_matter_to_nobody(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 400, 330, 40);
    rig_source(r, 0, 340, 50);
    rig_start(r);
    rig_run(r, 1);
    assert_int_equal(r->methods_asked, 1);
    assert_int_equal(rig_forkchoices(r), 1);
    assert_int_equal(rig_status(r).engine, LS_ENGINE_VALID);
    assert_int_equal(r->notes[LS_NOTE_ENGINE_OPERATOR], 0);
    rig_run(r, 20);
    assert_int_equal(r->methods_asked, 1);
    rig_free(r);
}

static void warm_restart_keeps_the_head(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, true);
    rig_warm(r, 400, 330, 40);
    rig_source(r, 0, 340, 50);
    rig_start(r);
    rig_run(r, 3);
    assert_int_equal(rig_forkchoices(r), 1);
    assert_fcu(&r->writes[0], B(400), B(340), B(50));
    rig_free(r);
}

static void nothing_is_sent_when_nothing_changes(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 400, 340, 50);
    rig_source(r, 0, 340, 50);
    rig_start(r);
    rig_run(r, 50);
    assert_int_equal(r->write_count, 0); /* I-20 */
    rig_free(r);
}

static void genesis_is_shown_but_never_sent(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_source(r, 0, 0, 0);
    rig_start(r);
    rig_run(r, 5);
    assert_int_equal(r->write_count, 0);
    struct ls_hash g = rig_hash(B(0));
    struct ls_core_status st = rig_status(r);
    assert_memory_equal(&st.published.safe_l2.hash, &g, 32);
    rig_feed(r, 0, 1);
    assert_fcu(rig_last_forkchoice(r), B(1), B(0), B(0));
    rig_source(r, 0, 1, 0);
    rig_run(r, 2);
    assert_true(rig_is(r->safe, B(1)));
    rig_free(r);
}

static void source_back_at_genesis_is_held(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 400, 340, 50);
    rig_source(r, 0, 0, 0);
    rig_start(r);
    rig_run(r, 5);
    assert_int_equal(r->write_count, 0);
    assert_int_equal(r->notes[LS_NOTE_SOURCE_GENESIS], 1);
    rig_source(r, 0, 345, 60);
    rig_run(r, 1);
    assert_labels(r, B(345), B(60));
    rig_free(r);
}

static void payloads_go_in_at_once_and_in_order(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_EL, false);
    rig_warm(r, 300, 290, 50);
    rig_source(r, 0, 290, 50);
    rig_start(r);
    for (uint64_t n = 301; n <= 500; n++) {
        rig_feed(r, 0, n);
        assert_true(rig_is(r->head, B(n)));
    }
    assert_int_equal(r->write_count, 400); /* one newPayload, one forkchoice each */
    assert_int_equal(r->released, 200);
    assert_int_equal(rig_status(r).published.unsafe_l2.number, 500);
    rig_free(r);
}

static void payloads_out_of_order_wait_for_the_missing_one(void **state)
{
    (void)state;
    static const uint64_t ORDER[] = {301, 305, 303, 304, 307, 302, 306};
    static const uint64_t HEAD[] = {301, 301, 301, 301, 301, 305, 307};
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 300, 290, 50);
    rig_source(r, 0, 290, 50);
    rig_start(r);
    for (size_t i = 0; i < 7; i++) {
        rig_feed(r, 0, ORDER[i]);
        assert_int_equal(r->head.number, HEAD[i]);
    }
    rig_free(r);
}

static void gap_is_acted_on_although_everything_else_ticks(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, true);
    rig_warm(r, 300, 290, 50);
    rig_source(r, 0, 290, 50);
    r->backfill = 2;
    rig_start(r);
    rig_run(r, 2);
    rig_feed(r, 0, 305);
    rig_run(r, 2);
    assert_true(rig_forkchoices(r) >= 1); /* I-27: at most 3 T */
    assert_true(rig_is(rig_last_forkchoice(r)->head, B(305)));
    rig_run(r, 8);
    assert_true(rig_is(r->head, B(305)));
    assert_int_equal(rig_status(r).published.unsafe_l2.number, 305);
    rig_free(r);
}

/* REO-20 without L1: gossip of a branch that leaves ours below safe arrives before the source names
 * it. */
static void gap_on_a_branch_beside_safe_waits_for_the_source(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 360, 350, 50);
    r->fork[1] = 345;
    r->backfill = 10;
    rig_source(r, 0, 350, 50);
    rig_start(r);
    rig_run(r, 2);
    for (uint64_t n = 346; n < 366; n++) {
        rig_feed(r, 1, n);
        rig_run(r, n % 4 == 0);
    }
    rig_run(r, 5);
    assert_int_equal(r->write_count, 0);
    rig_source(r, 1, 362, 50);
    rig_run(r, 10);
    assert_true(rig_is(r->safe, X(362)));
    assert_true(rig_is(r->head, X(365)));
    rig_free(r);
}

/* After a jump to the source's block nobody knows on what branch a payload above a gap is. The
 * source does: what it vouches for is named (I-27), before any more gossip. */
static void a_payload_above_a_gap_is_named_when_the_source_has_it(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct rig *r = rig_new(kind == 0 ? LS_FOLLOW_EL : LS_FOLLOW_CL, false);
        rig_warm(r, 100, 100, 40);
        r->backfill = 100;
        rig_source(r, 0, 100, 40);
        rig_start(r);
        rig_source(r, 0, 130, 40);
        rig_feed(r, 0, 150);
        rig_run(r, 6);
        assert_int_equal(r->head.number, 150);
        assert_labels(r, B(130), B(40));
        assert_int_equal(r->source_ats, 1);
        rig_free(r);
    }
}

/* The source shows another block there: not named while that is so, not even once, and the one that
 * is above it on the right branch is. */
static void a_payload_the_source_has_not_is_never_named_after_a_jump(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    r->fork[1] = 120;
    rig_warm(r, 100, 100, 40);
    r->backfill = 100;
    rig_source(r, 0, 100, 40);
    rig_start(r);
    rig_source(r, 0, 130, 40);
    rig_feed(r, 1, 140);
    rig_feed(r, 0, 150);
    rig_run(r, 30);
    for (size_t i = 0; i < r->write_count; i++) {
        assert_true(r->writes[i].head.branch == 0 || r->writes[i].safe.number < 130);
    }
    assert_int_equal(r->head.number, 150);
    assert_true(r->source_ats < 20);
    rig_free(r);
}

/* Safe moves on below the gap. A dead payload far above the source's tip was named while it could
 * be on our chain; not any more (I-03). */
static void a_far_payload_is_not_named_over_a_safe_block_that_moved(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    r->fork[1] = 100;
    rig_warm(r, 100, 100, 40);
    rig_source(r, 0, 100, 40);
    rig_start(r);
    r->source_tip = 100;
    rig_feed(r, 1, 300);
    rig_run(r, 3);
    assert_true(rig_is(rig_last_forkchoice(r)->head, X(300))); /* nothing spoke against it */
    size_t before = r->write_count;
    for (uint64_t n = 101; n < 130; n++) {
        r->source_tip = n;
        rig_source(r, 0, n, 40);
        rig_feed(r, 0, n);
        rig_run(r, 1);
    }
    for (size_t i = before; i < r->write_count; i++) {
        bool is_far = r->writes[i].is_forkchoice && r->writes[i].head.branch == 1;
        assert_true(!is_far || r->writes[i].safe.number == 100);
    }
    assert_labels(r, B(129), B(40));
    rig_free(r);
}

/* A source that does not tell blocks by number: asked now and then, the gap is acted on all the
 * same, and following goes on as if nothing was asked. */
static void a_source_that_cannot_vouch_leaves_no_gap_open(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 120, 100, 40);
    r->answers_output = false;
    r->engine_stuck = false;
    rig_source(r, 0, 100, 40);
    rig_start(r);
    rig_feed(r, 0, 150);
    rig_source(r, 0, 110, 40);
    rig_run(r, 8);
    assert_labels(r, B(110), B(40));
    assert_int_equal(rig_status(r).passes[LS_PASS_FETCH], 0);
    assert_true(rig_is(rig_last_forkchoice(r)->head, B(150)));
    assert_true(rig_is(rig_last_forkchoice(r)->safe, B(110)));
    r->backfill = 10;
    rig_run(r, 12);
    assert_int_equal(r->head.number, 150);
    rig_free(r);
}

/* The engine reaches its sync target between two reads of one pass, at every place in it. */
static void engine_that_moves_between_reads_is_read_again(void **state)
{
    (void)state;
    for (unsigned after = 1; after < 12; after++) {
        struct rig *r = rig_new(LS_FOLLOW_CL, false);
        rig_warm(r, 330, 320, 40);
        r->fork[1] = 330;
        rig_give(r, 1, 390);
        r->head = X(390);
        rig_source(r, 0, 350, 45);
        rig_start(r);
        assert_int_equal(rig_last_forkchoice(r)->answer, LS_STATUS_SYNCING);
        r->move_after = after;
        rig_run(r, 4);
        for (size_t i = 0; i < r->write_count; i++) {
            assert_fcu(&r->writes[i], B(350), B(350), B(45));
        }
        assert_labels(r, B(350), B(45));
        rig_free(r);
    }
}

/* A source that moves at every poll and an engine that fetches what it names: gossip still goes in.
 */
static void gossip_is_not_starved_by_jumps_to_the_source(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 100, 100, 40);
    rig_source(r, 0, 130, 40);
    r->backfill = 40;
    rig_start(r);
    for (uint64_t n = 131; n < 180; n++) {
        rig_feed(r, 0, n + 2);
        rig_source(r, 0, n, 40);
        rig_run(r, 1);
    }
    assert_int_equal(r->head.number, 181); /* the tip of gossip, not the source's 179 */
    rig_free(r);
}

/* An empty engine without peers, told of the source's heads before the payloads came: they go in
 * without forkchoices of their own, then one names everything. */
static void payloads_help_an_engine_without_peers_to_its_first_labels(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_source(r, 0, 30, 10);
    rig_start(r);
    rig_run(r, 2);
    assert_fcu(rig_last_forkchoice(r), B(30), B(30), B(10));
    for (uint64_t n = 1; n <= 40; n++) {
        rig_feed(r, 0, n);
    }
    rig_run(r, 3);
    for (size_t i = 0; i < r->write_count; i++) {
        const struct rig_write *w = &r->writes[i];
        assert_true(!w->is_forkchoice || (w->has_safe && w->has_finalized)); /* I-34 */
    }
    assert_labels(r, B(30), B(10));
    assert_true(rig_is(r->head, B(40)));
    rig_free(r);
}

/* A source just ahead of gossip at every poll: its block gets its labels when its payload is in. */
static void labels_follow_the_payload_that_brings_the_block(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 300, 300, 40);
    rig_source(r, 0, 300, 40);
    rig_start(r);
    rig_run(r, 1);
    r->hold_writes = true;
    for (uint64_t n = 301; n <= 310; n++) {
        rig_feed(r, 0, n);
    }
    rig_source(r, 0, 310, 40);
    rig_run(r, 1); /* the poll sees 310, whose payload is still on its way */
    r->hold_writes = false;
    r->has_held = false;
    rig_write_call(r, &r->held);
    assert_true(rig_is(r->head, B(310)));
    assert_labels(r, B(310), B(40)); /* without another poll */
    rig_free(r);
}

static void gap_attempts_stay_within_budget(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 300, 290, 50);
    rig_source(r, 0, 290, 50);
    rig_start(r);
    rig_feed(r, 0, 305);
    rig_run(r, 40);
    assert_in_range(rig_forkchoices(r), 4, 12);
    rig_free(r);
}

/* SYN-10: an engine that is sent to the same block again and again may never move; one that is sent
 * back syncs twice. 309 has a gap of its own below it and is not on the way. */
static void gap_attempts_go_up_the_payloads_and_never_back(void **state)
{
    (void)state;
    uint64_t last = 0;
    bool has_seen[310] = {false};
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 300, 290, 50);
    rig_source(r, 0, 290, 50);
    rig_start(r);
    rig_feed(r, 0, 306);
    rig_feed(r, 0, 309);
    rig_feed(r, 0, 305);
    rig_feed(r, 0, 307);
    rig_run(r, 40);
    for (size_t i = 0; i < r->write_count; i++) {
        uint64_t head = r->writes[i].head.number;
        if (r->writes[i].is_forkchoice) {
            assert_in_range(head, last, 307);
            has_seen[head] = true;
            last = head;
        }
    }
    assert_true(has_seen[305] && has_seen[306] && has_seen[307]);
    rig_feed(r, 0, 308); /* closes the upper gap: goes on to 309 */
    rig_run(r, 40);
    assert_int_equal(rig_last_forkchoice(r)->head.number, 309);
    rig_free(r);
}

static void divergence_sets_unsafe_to_safe_in_one_forkchoice(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct rig *r = rig_new(kind == 0 ? LS_FOLLOW_EL : LS_FOLLOW_CL, false);
        rig_warm(r, 350, 320, 40);
        r->fork[1] = 330;
        rig_give(r, 1, 390);
        r->head = X(390);
        rig_source(r, 0, 350, 45);
        rig_start(r);
        rig_run(r, 8);
        assert_int_equal(rig_forkchoices(r), 1);
        assert_fcu(&r->writes[0], B(350), B(350), B(45));
        assert_int_equal(rig_status(r).published.unsafe_l2.number, 350);
        rig_feed(r, 0, 351);
        assert_true(rig_is(r->head, B(351)));
        rig_free(r);
    }
}

static void same_height_other_hash_is_replaced(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 350, 350, 40);
    r->fork[1] = 345;
    rig_give(r, 1, 352);
    rig_source(r, 1, 350, 40);
    rig_start(r);
    rig_run(r, 3);
    assert_int_equal(rig_forkchoices(r), 1);
    assert_fcu(&r->writes[0], X(350), X(350), B(40));
    rig_free(r);
}

static void shorter_branch_is_followed(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 350, 350, 40);
    r->fork[1] = 340;
    rig_give(r, 1, 352);
    rig_source(r, 1, 343, 40);
    rig_start(r);
    rig_run(r, 3);
    assert_fcu(&r->writes[0], X(343), X(343), B(40));
    assert_int_equal(rig_status(r).published.safe_l2.number, 343);
    rig_free(r);
}

static void regress_on_the_same_chain_is_held(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, true);
    rig_warm(r, 360, 350, 40);
    rig_source(r, 0, 345, 40);
    rig_start(r);
    rig_run(r, 6);
    assert_int_equal(r->write_count, 0);
    assert_int_equal(r->notes[LS_NOTE_SOURCE_REGRESS], 1);
    rig_source(r, 0, 352, 40);
    rig_run(r, 2);
    assert_labels(r, B(352), B(40));
    rig_free(r);
}

static void regress_is_followed_when_l1_dropped_our_safe(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, true);
    rig_warm(r, 360, 350, 40);
    rig_source(r, 0, 350, 40);
    rig_start(r);
    rig_run(r, 2);
    r->l1_reorg_from = 10 + 344 / 6; /* origins of 342 and up are gone */
    rig_source(r, 0, 340, 40);
    rig_run(r, 2);
    assert_labels(r, B(340), B(40));
    assert_int_equal(r->notes[LS_NOTE_SOURCE_REGRESS_FOLLOWED], 1);
    rig_free(r);
}

static void reorg_below_finalized_freezes(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct rig *r = rig_new(kind == 0 ? LS_FOLLOW_EL : LS_FOLLOW_CL, false);
        rig_warm(r, 350, 340, 320);
        r->fork[1] = 310;
        rig_give(r, 1, 360);
        rig_source(r, 1, 350, 305);
        rig_start(r);
        rig_run(r, 20);
        assert_int_equal(r->write_count, 0);
        assert_int_equal(r->notes[LS_NOTE_CONTRADICTION], 1);
        assert_int_equal(rig_status(r).source, LS_SOURCE_CONTRADICTION);
        rig_feed(r, 0, 351); /* unsafe goes on */
        assert_true(rig_is(r->head, B(351)));
        assert_fcu(rig_last_forkchoice(r), B(351), B(340), B(320));
        rig_source(r, 0, 345, 330);
        rig_run(r, 2);
        assert_labels(r, B(345), B(330));
        assert_int_equal(r->notes[LS_NOTE_CONTRADICTION_OVER], 1);
        rig_free(r);
    }
}

/* ATO-03: variant A, the source goes over to another branch after F was read and before E is. */
static void a_pair_of_two_branches_is_not_used(void **state)
{
    (void)state;
    /* The engine has the branch; lacks it; is fresh; E is above its head. */
    for (int situation = 0; situation < 4; situation++) {
        struct rig *r = rig_new(LS_FOLLOW_EL, false);
        r->fork[1] = 310;
        if (situation != 2) {
            rig_warm(r, situation == 3 ? 330 : 350, 325, 320);
        }
        if (situation != 1) {
            rig_give(r, 1, 360);
        }
        rig_source(r, 0, 325, 320);
        r->tear = X(340);
        rig_start(r);
        rig_run(r, 4);
        assert_int_equal(r->notes[LS_NOTE_SOURCE_MOVED], 1);
        for (size_t i = 0; i < r->write_count; i++) { /* only a fresh engine goes to the branch */
            const struct rig_write *w = &r->writes[i];
            assert_true(situation == 2);
            assert_true(!w->is_forkchoice || rig_on(r, w->finalized, w->safe));
        }
        rig_free(r);
    }
}

static void other_finalized_at_the_same_height_freezes(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 350, 340, 320);
    r->fork[1] = 318;
    rig_source(r, 0, 350, 320);
    r->f = X(320);
    rig_start(r);
    rig_run(r, 10);
    assert_int_equal(r->write_count, 0);
    assert_int_equal(r->notes[LS_NOTE_CONTRADICTION], 1);
    rig_free(r);
}

static void unusable_snapshots_change_nothing(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 400, 340, 50);
    rig_source(r, 0, 350, 50);
    r->source_zero = true;
    rig_start(r);
    rig_run(r, 3);
    r->source_zero = false;
    r->f = B(355);
    rig_run(r, 3);
    r->f = X(350); /* equal number, other hash */
    r->fork[1] = 349;
    rig_run(r, 3);
    r->source_down = true;
    rig_run(r, 3);
    assert_int_equal(r->write_count, 0);
    assert_int_equal(r->notes[LS_NOTE_SOURCE_ZERO], 1);
    assert_int_equal(r->notes[LS_NOTE_SOURCE_ORDER], 1); /* once an episode */
    assert_int_equal(r->notes[LS_NOTE_SOURCE_DOWN], 1);
    r->source_down = false;
    rig_source(r, 0, 350, 60);
    rig_run(r, 1);
    assert_labels(r, B(350), B(60));
    assert_int_equal(r->notes[LS_NOTE_SOURCE_BACK], 1);
    rig_free(r);
}

static void null_label_of_the_source_skips_the_pass(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_EL, false);
    rig_warm(r, 400, 340, 50);
    rig_source(r, 0, 350, 50);
    r->source_null = true;
    rig_start(r);
    rig_run(r, 3);
    assert_int_equal(r->write_count, 0);
    r->source_null = false;
    rig_run(r, 1);
    assert_labels(r, B(350), B(50));
    rig_free(r);
}

static void syncing_is_asked_again_once_a_poll(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_source(r, 0, 340, 40);
    rig_start(r);
    rig_run(r, 20); /* no peers */
    assert_in_range(rig_forkchoices(r), 18, 22);
    for (size_t i = 0; i < r->write_count; i++) {
        assert_fcu(&r->writes[i], B(340), B(340), B(40));
    }
    assert_int_equal(rig_status(r).engine, LS_ENGINE_SYNCING);
    assert_int_equal(r->notes[LS_NOTE_ENGINE_SYNCING], 1);
    rig_free(r);
}

static void moving_source_does_not_starve_the_labels(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 300, 300, 40);
    r->backfill = 10;
    rig_source(r, 0, 300, 40);
    rig_start(r);
    for (uint64_t n = 303; n < 360; n += 3) { /* FOL-05: no gossip, the source moves each poll */
        rig_source(r, 0, n, 40);
        rig_run(r, 1);
    }
    assert_true(r->safe.number >= 350);
    rig_free(r);
}

static void lost_blocks_are_asked_for_again(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 400, 340, 50);
    rig_source(r, 0, 340, 50);
    rig_start(r);
    rig_run(r, 5);
    assert_int_equal(r->write_count, 0);
    for (uint64_t n = 301; n <= 400; n++) {
        r->has[0][n] = false;
    }
    r->head = B(300);
    r->has_safe = false;
    r->backfill = 50;
    rig_run(r, 3);
    assert_fcu(&r->writes[0], B(400), B(340), B(50)); /* equal to what was acknowledged */
    assert_int_equal(rig_status(r).published.safe_l2.number, 340);
    rig_run(r, 5);
    assert_true(rig_is(r->head, B(400)));
    assert_labels(r, B(340), B(50));
    rig_free(r);
}

static void lost_label_is_restored(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 400, 340, 50);
    rig_source(r, 0, 340, 50);
    rig_start(r);
    rig_run(r, 5);
    r->has_safe = false;
    rig_run(r, 3);
    assert_labels(r, B(340), B(50)); /* I-26 */
    rig_free(r);
}

static void failed_read_is_no_divergence(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 400, 340, 50);
    rig_source(r, 0, 345, 50);
    r->engine_down = true;
    rig_start(r);
    rig_run(r, 5);
    assert_int_equal(r->write_count, 0);
    r->engine_down = false;
    rig_run(r, 2);
    assert_labels(r, B(345), B(50));
    assert_true(rig_is(r->head, B(400)));
    rig_free(r);
}

static void refusal_is_repaired_without_a_storm(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 400, 340, 50);
    rig_source(r, 0, 345, 55);
    r->refuse = 10;
    rig_start(r);
    rig_run(r, 9);
    assert_in_range(rig_forkchoices(r), 8, 11);
    assert_int_equal(rig_status(r).published.safe_l2.number, 340);
    assert_int_equal(r->notes[LS_NOTE_ENGINE_REFUSES], 1);
    rig_run(r, 4);
    assert_labels(r, B(345), B(55));
    rig_free(r);
}

static void invalid_payload_and_its_children_are_dropped(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 300, 290, 50);
    rig_source(r, 0, 290, 50);
    r->fork[1] = 300;
    r->invalid = X(301);
    r->has_invalid = true;
    rig_start(r);
    rig_feed(r, 1, 301);
    rig_feed(r, 1, 302);
    rig_run(r, 5);
    assert_int_equal(r->write_count, 1); /* I-12 */
    rig_feed(r, 0, 301);
    rig_feed(r, 0, 302);
    assert_true(rig_is(r->head, B(302)));
    rig_free(r);
}

static void poisoned_head_is_left_for_the_sources(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 380, 340, 50);
    rig_source(r, 0, 340, 50);
    rig_start(r);
    rig_run(r, 3);
    r->invalid = B(375);
    r->has_invalid = true;
    rig_source(r, 0, 350, 50);
    rig_run(r, 4);
    assert_fcu(rig_last_forkchoice(r), B(350), B(350), B(50)); /* ENG-02 */
    assert_in_range(rig_forkchoices(r), 2, 5);
    rig_free(r);
}

static void stale_payloads_never_reach_the_engine(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 400, 340, 50);
    rig_source(r, 0, 340, 50);
    r->fork[1] = 399;
    rig_start(r);
    for (int i = 0; i < 50; i++) {
        rig_feed(r, 0, 40);
        rig_feed(r, 0, 340);
        rig_feed(r, 0, 400);
        rig_feed(r, 1, 401); /* next height, wrong parent */
    }
    rig_run(r, 5);
    assert_int_equal(r->write_count, 0);
    assert_int_equal(r->released, 200);
    rig_free(r);
}

static void far_payloads_are_evicted_first(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 10, 5, 2);
    rig_source(r, 0, 5, 2);
    r->engine_stuck = true;
    rig_start(r);
    for (uint64_t n = 590; n > 12; n--) { /* far first; the queue holds 1000 of 1000 bytes */
        rig_feed(r, 0, n);
    }
    for (int i = 0; i < 3; i++) {
        r->fork[1 + i] = 11;
        for (uint64_t n = 20; n < 590; n++) {
            rig_feed(r, 1 + (unsigned)i, n);
        }
    }
    assert_true(rig_status(r).queue_bytes <= 1000 * 1000);
    r->engine_stuck = false;
    rig_feed(r, 0, 12);
    rig_feed(r, 0, 11);
    rig_run(r, 20);
    assert_true(r->head.number >= 240); /* four branches share a thousand places */
    rig_free(r);
}

static void l1_origin_not_canonical_holds(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, true);
    rig_warm(r, 400, 340, 50);
    rig_source(r, 0, 350, 60);
    r->l1_reorg_from = 10 + 348 / 6;
    rig_start(r);
    rig_run(r, 5);
    assert_int_equal(r->write_count, 0);
    assert_int_equal(r->notes[LS_NOTE_L1_MISMATCH], 1);
    r->l1_reorg_from = 0;
    rig_run(r, 2);
    assert_labels(r, B(350), B(60));
    rig_free(r);
}

static void l1_lag_holds_only_what_is_affected(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, true);
    rig_warm(r, 400, 340, 50);
    rig_source(r, 0, 350, 60);
    r->current_l1 = 100;
    r->l1_head = 90; /* the origin of 350 is 68: known; current_l1 is not */
    rig_start(r);
    rig_run(r, 2);
    assert_labels(r, B(350), B(60));
    assert_int_equal(rig_status(r).published.current_l1.number, 0);
    r->l1_head = 120;
    rig_run(r, 2);
    assert_int_equal(rig_status(r).published.current_l1.number, 100);
    r->l1_head = 60;
    rig_source(r, 0, 360, 60);
    rig_run(r, 3);
    assert_int_equal(r->safe.number, 350);
    r->l1_head = 120;
    rig_run(r, 2);
    assert_int_equal(r->safe.number, 360);
    rig_free(r);
}

/* I-11: nothing of it reaches the engine; asked again, since the name may lead elsewhere one day.
 */
static void a_source_on_another_chain_is_not_followed(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct rig *r = rig_new(kind == 0 ? LS_FOLLOW_EL : LS_FOLLOW_CL, false);
        rig_warm(r, 300, 290, 40);
        rig_source(r, 0, 320, 50);
        r->source_foreign = true;
        rig_start(r);
        rig_run(r, 10);
        assert_int_equal(r->write_count, 0);
        assert_int_equal(r->notes[LS_NOTE_SOURCE_WRONG_CHAIN], 1);
        assert_int_equal(rig_status(r).source, LS_SOURCE_WRONG_CHAIN);
        r->source_foreign = false;
        r->backfill = 50;
        rig_run(r, 4);
        assert_labels(r, B(320), B(50));
        rig_free(r);
    }
}

/* nothing of the new one is believed before it has said its chain. */
static void another_source_is_identified_before_it_is_followed(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct rig *r = rig_new(kind == 0 ? LS_FOLLOW_EL : LS_FOLLOW_CL, false);
        rig_warm(r, 400, 340, 50);
        rig_source(r, 0, 350, 60);
        rig_start(r);
        rig_run(r, 2);
        assert_labels(r, B(350), B(60));
        size_t writes = r->write_count;
        r->source_foreign = true;
        rig_source(r, 0, 360, 70);
        rig_event(r, (struct ls_event){.kind = LS_EV_SOURCE});
        rig_run(r, 5);
        assert_int_equal(r->write_count, writes);
        assert_int_equal(rig_status(r).source, LS_SOURCE_WRONG_CHAIN);
        r->source_foreign = false;
        rig_event(r, (struct ls_event){.kind = LS_EV_SOURCE});
        rig_run(r, 3);
        assert_labels(r, B(360), B(70));
        rig_free(r);
    }
}

/* What the one before was asked is forgotten: no poll waits for it. */
static void another_source_ends_the_pass_that_waits_for_the_one_before(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct rig *r = rig_new(kind == 0 ? LS_FOLLOW_EL : LS_FOLLOW_CL, false);
        rig_warm(r, 400, 340, 50);
        rig_source(r, 0, 350, 60);
        rig_start(r);
        rig_run(r, 2);
        r->source_mute = true;
        rig_source(r, 0, 360, 70);
        rig_run(r, 4);
        assert_int_equal(r->muted, 1);
        r->source_mute = false;
        rig_event(r, (struct ls_event){.kind = LS_EV_SOURCE});
        assert_int_equal(r->cancelled, 1);
        rig_run(r, 3);
        assert_labels(r, B(360), B(70));
        rig_free(r);
    }
}

static void wrong_engine_genesis_halts(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    r->fork[2] = 0;
    rig_source(r, 0, 350, 60);
    r->head = B(0);
    struct ls_core_config cfg = {.follow = LS_FOLLOW_CL,
                                 .genesis = {.hash = rig_hash(X(77))},
                                 .l2_chain_id = 901,
                                 .poll_ns = RIG_POLL,
                                 .l1_poll_ns = RIG_POLL,
                                 .source_timeout_ns = RIG_POLL,
                                 .engine_timeout_ns = RIG_POLL,
                                 .queue_bytes_max = 1000};
    r->core = ls_core_init(r->mem, &cfg, 1);
    rig_start(r);
    rig_run(r, 3);
    assert_true(r->halted);
    assert_int_equal(r->notes[LS_NOTE_ENGINE_WRONG_GENESIS], 1);
    assert_int_equal(r->write_count, 0);
    rig_free(r);
}

static void a_write_in_flight_is_never_joined_by_another(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 300, 290, 50);
    rig_source(r, 0, 295, 50);
    r->hold_writes = true;
    rig_start(r);
    for (uint64_t n = 301; n < 320; n++) {
        rig_feed(r, 0, n);
        rig_run(r, 1); /* rig_do asserts that only one is held */
    }
    assert_true(r->has_held);
    r->hold_writes = false;
    r->has_held = false;
    rig_write_call(r, &r->held);
    rig_run(r, 2);
    assert_true(rig_is(r->head, B(319)));
    assert_labels(r, B(295), B(50));
    rig_free(r);
}

static void two_branches_in_turn_are_damped(void **state)
{
    (void)state;
    struct rig *r = rig_new(LS_FOLLOW_CL, false);
    rig_warm(r, 350, 320, 300);
    r->fork[1] = 330;
    rig_give(r, 1, 390);
    rig_give(r, 0, 390);
    rig_start(r);
    for (int i = 0; i < 10; i++) { /* REO-09 */
        rig_source(r, i % 2 == 0 ? 1 : 0, 350, 300);
        rig_run(r, 1);
    }
    assert_in_range(rig_forkchoices(r), 1, 3);
    rig_source(r, 0, 352, 300);
    rig_run(r, 3);
    assert_labels(r, B(352), B(300));
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_forkchoice_carries_the_sources_heads),
        cmocka_unit_test(the_engines_methods_are_asked_once_and_matter_to_nobody),
        cmocka_unit_test(warm_restart_keeps_the_head),
        cmocka_unit_test(nothing_is_sent_when_nothing_changes),
        cmocka_unit_test(genesis_is_shown_but_never_sent),
        cmocka_unit_test(source_back_at_genesis_is_held),
        cmocka_unit_test(payloads_go_in_at_once_and_in_order),
        cmocka_unit_test(payloads_out_of_order_wait_for_the_missing_one),
        cmocka_unit_test(gap_is_acted_on_although_everything_else_ticks),
        cmocka_unit_test(gap_on_a_branch_beside_safe_waits_for_the_source),
        cmocka_unit_test(a_payload_above_a_gap_is_named_when_the_source_has_it),
        cmocka_unit_test(a_payload_the_source_has_not_is_never_named_after_a_jump),
        cmocka_unit_test(a_far_payload_is_not_named_over_a_safe_block_that_moved),
        cmocka_unit_test(a_source_that_cannot_vouch_leaves_no_gap_open),
        cmocka_unit_test(engine_that_moves_between_reads_is_read_again),
        cmocka_unit_test(gossip_is_not_starved_by_jumps_to_the_source),
        cmocka_unit_test(payloads_help_an_engine_without_peers_to_its_first_labels),
        cmocka_unit_test(labels_follow_the_payload_that_brings_the_block),
        cmocka_unit_test(gap_attempts_stay_within_budget),
        cmocka_unit_test(gap_attempts_go_up_the_payloads_and_never_back),
        cmocka_unit_test(divergence_sets_unsafe_to_safe_in_one_forkchoice),
        cmocka_unit_test(same_height_other_hash_is_replaced),
        cmocka_unit_test(shorter_branch_is_followed),
        cmocka_unit_test(regress_on_the_same_chain_is_held),
        cmocka_unit_test(regress_is_followed_when_l1_dropped_our_safe),
        cmocka_unit_test(reorg_below_finalized_freezes),
        cmocka_unit_test(a_pair_of_two_branches_is_not_used),
        cmocka_unit_test(other_finalized_at_the_same_height_freezes),
        cmocka_unit_test(unusable_snapshots_change_nothing),
        cmocka_unit_test(null_label_of_the_source_skips_the_pass),
        cmocka_unit_test(syncing_is_asked_again_once_a_poll),
        cmocka_unit_test(moving_source_does_not_starve_the_labels),
        cmocka_unit_test(lost_blocks_are_asked_for_again),
        cmocka_unit_test(lost_label_is_restored),
        cmocka_unit_test(failed_read_is_no_divergence),
        cmocka_unit_test(refusal_is_repaired_without_a_storm),
        cmocka_unit_test(invalid_payload_and_its_children_are_dropped),
        cmocka_unit_test(poisoned_head_is_left_for_the_sources),
        cmocka_unit_test(stale_payloads_never_reach_the_engine),
        cmocka_unit_test(far_payloads_are_evicted_first),
        cmocka_unit_test(l1_origin_not_canonical_holds),
        cmocka_unit_test(l1_lag_holds_only_what_is_affected),
        cmocka_unit_test(a_source_on_another_chain_is_not_followed),
        cmocka_unit_test(another_source_is_identified_before_it_is_followed),
        cmocka_unit_test(another_source_ends_the_pass_that_waits_for_the_one_before),
        cmocka_unit_test(wrong_engine_genesis_halts),
        cmocka_unit_test(a_write_in_flight_is_never_joined_by_another),
        cmocka_unit_test(two_branches_in_turn_are_damped),
    };
    return cmocka_run_group_tests_name("core_step", tests, NULL, NULL);
}
