/*
 * Each invariant against a node that keeps it and a stub that breaks it. The stubs are the
 * self-test pack of the catalogue (I-33): a checker that stays silent on one of them would be
 * worthless.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/check/check.h"

#define BLOCKS 64u
#define NONE LS_NO_BLOCK

/* A small world: G = 0, canonical 1..20, fork x leaves after 10 and has 21..26 (numbers 11..16). */
struct fixture {
    void *mem;
    struct ls_universe *u;
    uint32_t canonical[21];
    uint32_t fork[6];
    struct ls_tracelog *log;
    struct ls_trace *trace;
    uint64_t now;
    struct ls_check_config cfg;
    struct ls_violation found[16];
    size_t count;
};

static uint32_t add(struct fixture *f, uint32_t parent, uint64_t number, uint8_t salt)
{
    struct ls_ublock b = {.parent = parent};
    b.ref.number = number;
    b.ref.hash.b[0] = salt;
    b.ref.hash.b[1] = (uint8_t)number;
    b.ref.hash.b[31] = 1;
    if (parent != NONE) {
        b.ref.parent = ls_universe_get(f->u, parent)->ref.hash;
    }
    uint32_t id;
    assert_int_equal(ls_universe_add(f->u, &b, &id), LS_OK);
    return id;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    size_t bytes = ls_universe_size(BLOCKS);
    f->mem = aligned_alloc(16, (bytes + 15) / 16 * 16);
    assert_non_null(f->mem);
    f->u = ls_universe_init(f->mem, BLOCKS);
    f->canonical[0] = add(f, NONE, 0, 0xaa);
    for (uint8_t n = 1; n <= 20; n++) {
        f->canonical[n] = add(f, f->canonical[n - 1], n, 0xaa);
    }
    for (uint8_t n = 0; n < 6; n++) {
        f->fork[n] = add(f, n == 0 ? f->canonical[10] : f->fork[n - 1], 11u + n, 0xbb);
    }
    f->log = ls_tracelog_new();
    f->trace = ls_trace_new(ls_tracelog_sink, f->log);
    assert_non_null(f->trace);
    f->cfg = (struct ls_check_config){.l2 = f->u, .genesis = f->canonical[0], .is_strict = true};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    ls_trace_free(f->trace);
    ls_tracelog_free(f->log);
    free(f->mem);
    free(f);
    return 0;
}

/* --- the stub writes its trace --- */

static struct ls_trace_block block(const struct fixture *f, uint32_t id)
{
    static const struct ls_hash zero;
    if (id == NONE) {
        return ls_trace_block_of(&zero);
    }
    const struct ls_l2_ref *r = &ls_universe_get(f->u, id)->ref;
    return ls_trace_block_id(&r->hash, r->number);
}

static void put(struct fixture *f, enum ls_trace_ep ep, enum ls_trace_kind kind, const char *method,
                uint32_t id, int64_t code)
{
    struct ls_trace_event e = {.ep = ep, .kind = kind, .code = code};
    strcpy(e.method, method);
    if (id != NONE) {
        e.block = block(f, id);
    }
    ls_trace_put(f->trace, &e, f->now++);
}

static void start(struct fixture *f, uint32_t incarnation)
{
    ls_trace_set_incarnation(f->trace, incarnation);
    put(f, LS_TRACE_CL, LS_TRACE_START, "", NONE, 0);
}

static uint64_t open_call(struct fixture *f, enum ls_trace_ep ep, const struct ls_trace_event *like)
{
    uint64_t ticket = ls_trace_open(f->trace, ep, 1, f->now++);
    struct ls_trace_event *e = ls_trace_call(f->trace, ticket);
    assert_non_null(e);
    struct ls_trace_event stamped = *e;
    *e = *like;
    e->seq_in = stamped.seq_in;
    e->tick = stamped.tick;
    e->ns_in = stamped.ns_in;
    e->incarnation = stamped.incarnation;
    e->ep = stamped.ep;
    e->kind = stamped.kind;
    e->conn = stamped.conn;
    e->http_status = 200;
    return ticket;
}

static void call(struct fixture *f, enum ls_trace_ep ep, const struct ls_trace_event *like)
{
    ls_trace_close(f->trace, open_call(f, ep, like), f->now++, true);
}

/* optimism_syncStatus of the source, as an event. */
static struct ls_trace_event status_event(const struct fixture *f, uint32_t safe,
                                          uint32_t finalized)
{
    return (struct ls_trace_event){.method = "optimism_syncStatus",
                                   .answer = LS_TRACE_RESULT,
                                   .has_heads = true,
                                   .unsafe_l2 = block(f, safe),
                                   .local_safe_l2 = block(f, safe),
                                   .safe_l2 = block(f, safe),
                                   .finalized_l2 = block(f, finalized)};
}

static void source_says(struct fixture *f, uint32_t safe, uint32_t finalized)
{
    struct ls_trace_event e = status_event(f, safe, finalized);
    call(f, LS_TRACE_SOURCE, &e);
}

/* eth_getBlockByNumber(tag); NONE is answered null. */
static void tag_read(struct fixture *f, enum ls_trace_ep ep, const char *tag, uint32_t id)
{
    struct ls_trace_event e = {.method = "eth_getBlockByNumber",
                               .answer = id == NONE ? LS_TRACE_NULL : LS_TRACE_RESULT};
    strcpy(e.tag, tag);
    if (id != NONE) {
        e.result = block(f, id);
    }
    call(f, ep, &e);
}

static struct ls_trace_event forkchoice_event(const struct fixture *f, uint32_t head, uint32_t safe,
                                              uint32_t finalized)
{
    return (struct ls_trace_event){.method = "engine_forkchoiceUpdatedV3",
                                   .version = 3,
                                   .answer = LS_TRACE_RESULT,
                                   .status = "VALID",
                                   .head = block(f, head),
                                   .safe = block(f, safe),
                                   .finalized = block(f, finalized)};
}

static void forkchoice(struct fixture *f, uint32_t head, uint32_t safe, uint32_t finalized)
{
    struct ls_trace_event e = forkchoice_event(f, head, safe, finalized);
    call(f, LS_TRACE_ENGINE, &e);
}

static void feed(struct fixture *f, uint32_t id)
{
    put(f, LS_TRACE_HARNESS, LS_TRACE_VERB, "feed", id, 0);
}

/* --- the checker speaks --- */

static void judge(struct fixture *f)
{
    struct ls_diag d = {0};
    ls_trace_finish(f->trace, f->now);
    assert_int_equal(ls_check_run(&f->cfg, f->log, f->found, 16, &f->count, &d), LS_OK);
}

static bool accuses(const struct fixture *f, const char *id)
{
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->found[i].invariant, id) == 0) {
            return true;
        }
    }
    return false;
}

static void expect_only(struct fixture *f, const char *id)
{
    judge(f);
    if (f->count != 1 || !accuses(f, id)) {
        for (size_t i = 0; i < f->count; i++) {
            print_message("%s: %s\n", f->found[i].invariant, f->found[i].text);
        }
        fail_msg("expected one violation, of %s", id);
    }
}

static void expect_clean(struct fixture *f)
{
    judge(f);
    if (f->count != 0) {
        fail_msg("%s: %s", f->found[0].invariant, f->found[0].text);
    }
}

/* --- nodes that keep the rules --- */

static void a_good_follower_is_clean(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    tag_read(f, LS_TRACE_ENGINE, "latest", b[0]);
    source_says(f, b[5], b[2]);
    forkchoice(f, b[5], b[5], b[2]);
    feed(f, b[6]);
    forkchoice(f, b[6], b[5], b[2]);
    source_says(f, b[6], b[4]);
    forkchoice(f, b[6], b[6], b[4]);
    put(f, LS_TRACE_HARNESS, LS_TRACE_VERB, "signal", NONE, 0);
    put(f, LS_TRACE_CL, LS_TRACE_EXIT, "", NONE, 0);
    expect_clean(f);
}

static void two_reads_make_a_snapshot_of_an_el_source(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    f->cfg.is_el_source = true;
    start(f, 1);
    tag_read(f, LS_TRACE_SOURCE, "finalized", b[2]);
    tag_read(f, LS_TRACE_SOURCE, "safe", b[5]);
    forkchoice(f, b[5], b[5], b[2]);
    expect_clean(f);
}

static void a_warm_restart_may_repeat_the_engines_labels(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    tag_read(f, LS_TRACE_ENGINE, "latest", b[9]);
    tag_read(f, LS_TRACE_ENGINE, "safe", b[7]);
    tag_read(f, LS_TRACE_ENGINE, "finalized", b[3]);
    feed(f, b[10]);
    forkchoice(f, b[10], b[7], b[3]);
    source_says(f, b[8], b[2]); /* finalized behind ours: held */
    forkchoice(f, b[10], b[8], b[3]);
    expect_clean(f);
}

static void a_lagging_source_is_held(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    source_says(f, b[8], b[4]);
    forkchoice(f, b[8], b[8], b[4]);
    source_says(f, b[6], b[5]);
    forkchoice(f, b[8], b[8], b[5]);
    expect_clean(f);
}

/* --- I-01 --- */

static void genesis_as_head_is_caught(void **state)
{
    struct fixture *f = *state;
    start(f, 1);
    source_says(f, f->canonical[5], f->canonical[2]);
    forkchoice(f, f->canonical[0], NONE, NONE);
    judge(f);
    assert_true(accuses(f, "I-01"));
}

static void genesis_as_head_is_caught_before_any_answer_when_strict(void **state)
{
    struct fixture *f = *state;
    start(f, 1);
    tag_read(f, LS_TRACE_ENGINE, "latest", f->canonical[0]);
    forkchoice(f, f->canonical[0], NONE, NONE);
    expect_only(f, "I-01");
}

static void genesis_as_head_of_a_new_chain_is_fine_for_others(void **state)
{
    struct fixture *f = *state;
    f->cfg.is_strict = false;
    start(f, 1);
    tag_read(f, LS_TRACE_ENGINE, "latest", f->canonical[0]);
    forkchoice(f, f->canonical[0], NONE, NONE);
    expect_clean(f);
}

static void genesis_as_safe_is_caught_once_the_source_is_past_it(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    source_says(f, b[0], b[0]);
    source_says(f, b[5], b[0]);
    forkchoice(f, b[5], b[0], b[0]);
    expect_only(f, "I-01");
}

static void genesis_as_finalized_is_caught_unless_the_source_says_so(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    source_says(f, b[5], b[0]);
    forkchoice(f, b[5], b[5], b[0]); /* the source's own */
    source_says(f, b[6], b[2]);
    forkchoice(f, b[6], b[6], b[0]);
    judge(f);
    assert_true(accuses(f, "I-01"));
    assert_int_equal(f->found[0].line, 4);
}

/* What a node has not received yet cannot bind it: requests count when they came in. */
static void an_answer_still_on_its_way_binds_nobody(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    f->cfg.is_strict = false;
    start(f, 1);
    tag_read(f, LS_TRACE_ENGINE, "latest", b[0]);
    struct ls_trace_event status = status_event(f, b[5], b[2]);
    struct ls_trace_event fc = forkchoice_event(f, b[0], NONE, NONE);
    uint64_t slow = open_call(f, LS_TRACE_SOURCE, &status);
    uint64_t ticket = open_call(f, LS_TRACE_ENGINE, &fc);
    ls_trace_close(f->trace, slow, f->now++, true);
    ls_trace_close(f->trace, ticket, f->now++, true);
    expect_clean(f);
}

/* --- I-02, I-03 --- */

static void swapped_labels_are_caught(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    source_says(f, b[8], b[4]);
    forkchoice(f, b[8], b[4], b[8]);
    judge(f);
    assert_true(accuses(f, "I-02"));
    assert_true(accuses(f, "I-03"));
}

static void safe_above_head_is_caught(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    feed(f, b[7]);
    source_says(f, b[8], b[4]);
    forkchoice(f, b[7], b[8], b[4]);
    judge(f);
    assert_true(accuses(f, "I-02"));
}

static void a_safe_block_of_the_old_branch_is_caught(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    source_says(f, b[12], b[4]);
    forkchoice(f, b[12], b[12], b[4]);
    source_says(f, f->fork[3], b[4]);
    forkchoice(f, f->fork[3], b[12], b[4]); /* head switched, safe did not */
    expect_only(f, "I-03");
}

/* --- I-06 --- */

static void an_invented_hash_is_caught(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    source_says(f, b[5], b[2]);
    struct ls_trace_event e = forkchoice_event(f, b[5], b[5], b[2]);
    memset(e.head.hash.b, 0x11, sizeof e.head.hash.b);
    call(f, LS_TRACE_ENGINE, &e);
    expect_only(f, "I-06");
}

static void a_head_nobody_offered_is_caught(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    source_says(f, b[5], b[2]);
    forkchoice(f, b[7], b[5], b[2]);
    expect_only(f, "I-06");
}

/* a block that the CL read from the source and delivered may be the head. */
static void a_block_fetched_and_delivered_may_be_the_head(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    struct ls_trace_event delivered = {
        .method = "engine_newPayloadV4", .answer = LS_TRACE_RESULT, .block = block(f, b[6])};
    f->cfg.is_el_source = true;
    start(f, 1);
    tag_read(f, LS_TRACE_SOURCE, "finalized", b[2]);
    tag_read(f, LS_TRACE_SOURCE, "safe", b[5]);
    tag_read(f, LS_TRACE_SOURCE, "", b[6]);
    call(f, LS_TRACE_ENGINE, &delivered);
    forkchoice(f, b[6], b[5], b[2]);
    expect_clean(f);
    tag_read(f, LS_TRACE_SOURCE, "", b[7]); /* asked about, not delivered */
    forkchoice(f, b[7], b[5], b[2]);
    expect_only(f, "I-06");
}

static void what_an_earlier_incarnation_knew_is_no_excuse(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    source_says(f, b[8], b[4]);
    put(f, LS_TRACE_HARNESS, LS_TRACE_VERB, "signal", NONE, 0);
    put(f, LS_TRACE_CL, LS_TRACE_EXIT, "", NONE, 0);
    start(f, 2);
    forkchoice(f, b[8], b[8], b[4]);
    judge(f);
    assert_true(accuses(f, "I-06"));
}

/* --- I-07 --- */

static void safe_of_one_answer_with_finalized_of_another_is_caught(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    source_says(f, b[6], b[2]);
    forkchoice(f, b[6], b[6], b[2]);
    source_says(f, b[8], b[3]);
    source_says(f, b[10], b[5]);
    forkchoice(f, b[10], b[10], b[3]);
    expect_only(f, "I-07");
}

static void a_failed_half_contributes_nothing(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    f->cfg.is_el_source = true;
    start(f, 1);
    tag_read(f, LS_TRACE_SOURCE, "finalized", b[2]);
    tag_read(f, LS_TRACE_SOURCE, "safe", b[6]);
    forkchoice(f, b[6], b[6], b[2]);
    tag_read(f, LS_TRACE_SOURCE, "finalized", b[4]);
    tag_read(f, LS_TRACE_SOURCE, "safe", NONE);
    forkchoice(f, b[6], b[6], b[4]); /* applied half of a poll */
    judge(f);
    assert_true(accuses(f, "I-07"));
}

/* The engine does not have the source's safe block yet; gossip goes on below it. */
static void the_pair_in_force_may_come_back_while_the_engine_syncs(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    tag_read(f, LS_TRACE_ENGINE, "safe", b[4]);
    tag_read(f, LS_TRACE_ENGINE, "finalized", b[2]);
    source_says(f, b[9], b[5]);
    struct ls_trace_event e = forkchoice_event(f, b[9], b[9], b[5]);
    strcpy(e.status, "SYNCING");
    call(f, LS_TRACE_ENGINE, &e);
    feed(f, b[6]);
    forkchoice(f, b[6], b[4], b[2]);
    expect_clean(f);
}

static void zero_labels_are_caught_unless_the_engine_refused(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    source_says(f, b[6], b[2]);
    forkchoice(f, b[6], b[6], b[2]);
    forkchoice(f, b[6], NONE, NONE);
    expect_only(f, "I-07");
}

static void zero_labels_after_a_refusal_are_the_fallback(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    source_says(f, b[6], b[2]);
    struct ls_trace_event e = forkchoice_event(f, b[6], b[6], b[2]);
    e.answer = LS_TRACE_ERROR;
    e.code = -38002;
    e.status[0] = '\0';
    call(f, LS_TRACE_ENGINE, &e);
    forkchoice(f, b[6], NONE, NONE);
    expect_clean(f);
}

/* --- I-08, I-22 --- */

static void building_blocks_is_caught(void **state)
{
    struct fixture *f = *state;
    const uint32_t *b = f->canonical;
    start(f, 1);
    source_says(f, b[6], b[2]);
    struct ls_trace_event e = forkchoice_event(f, b[6], b[6], b[2]);
    e.has_attributes = true;
    call(f, LS_TRACE_ENGINE, &e);
    expect_only(f, "I-08");
}

static void asking_for_a_payload_is_caught(void **state)
{
    struct fixture *f = *state;
    start(f, 1);
    const struct ls_trace_event e = {.method = "engine_getPayloadV3", .answer = LS_TRACE_ERROR};
    call(f, LS_TRACE_ENGINE, &e);
    expect_only(f, "I-08");
}

static void an_end_nobody_asked_for_is_caught(void **state)
{
    struct fixture *f = *state;
    start(f, 1);
    put(f, LS_TRACE_CL, LS_TRACE_EXIT, "", NONE, 1);
    expect_only(f, "I-22");
}

static void a_signal_excuses_only_its_own_incarnation(void **state)
{
    struct fixture *f = *state;
    start(f, 1);
    put(f, LS_TRACE_HARNESS, LS_TRACE_VERB, "signal", NONE, 0);
    put(f, LS_TRACE_CL, LS_TRACE_EXIT, "", NONE, 0);
    start(f, 2);
    put(f, LS_TRACE_CL, LS_TRACE_EXIT, "", NONE, -11);
    expect_only(f, "I-22");
}

/* --- the table --- */

static void an_exempt_invariant_is_silent(void **state)
{
    struct fixture *f = *state;
    start(f, 1);
    put(f, LS_TRACE_CL, LS_TRACE_EXIT, "", NONE, 1);
    f->cfg.exempt[f->cfg.exempt_count++] = "I-22";
    expect_clean(f);
}

static void the_first_slice_is_in_the_table(void **state)
{
    (void)state;
    static const char *const ids[] = {"I-01", "I-02", "I-03", "I-06", "I-07", "I-08", "I-22"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        assert_true(ls_check_is_known(ids[i]));
    }
    assert_false(ls_check_is_known("I-none"));
}

static void a_broken_trace_is_no_verdict(void **state)
{
    struct fixture *f = *state;
    struct ls_diag d = {0};
    ls_tracelog_sink(f->log, "{\"seq\":", 7);
    assert_int_not_equal(ls_check_run(&f->cfg, f->log, f->found, 16, &f->count, &d), LS_OK);
    assert_non_null(strstr(d.text, "trace line 1"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_follower_is_clean),
        TEST(two_reads_make_a_snapshot_of_an_el_source),
        TEST(a_warm_restart_may_repeat_the_engines_labels),
        TEST(a_lagging_source_is_held),
        TEST(genesis_as_head_is_caught),
        TEST(genesis_as_head_is_caught_before_any_answer_when_strict),
        TEST(genesis_as_head_of_a_new_chain_is_fine_for_others),
        TEST(genesis_as_safe_is_caught_once_the_source_is_past_it),
        TEST(genesis_as_finalized_is_caught_unless_the_source_says_so),
        TEST(an_answer_still_on_its_way_binds_nobody),
        TEST(swapped_labels_are_caught),
        TEST(safe_above_head_is_caught),
        TEST(a_safe_block_of_the_old_branch_is_caught),
        TEST(an_invented_hash_is_caught),
        TEST(a_head_nobody_offered_is_caught),
        TEST(a_block_fetched_and_delivered_may_be_the_head),
        TEST(what_an_earlier_incarnation_knew_is_no_excuse),
        TEST(safe_of_one_answer_with_finalized_of_another_is_caught),
        TEST(a_failed_half_contributes_nothing),
        TEST(the_pair_in_force_may_come_back_while_the_engine_syncs),
        TEST(zero_labels_are_caught_unless_the_engine_refused),
        TEST(zero_labels_after_a_refusal_are_the_fallback),
        TEST(building_blocks_is_caught),
        TEST(asking_for_a_payload_is_caught),
        TEST(an_end_nobody_asked_for_is_caught),
        TEST(a_signal_excuses_only_its_own_incarnation),
        TEST(an_exempt_invariant_is_silent),
        TEST(the_first_slice_is_in_the_table),
        TEST(a_broken_trace_is_no_verdict)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
