/*
 * Which recorded call a call is: strict and loose, and where two conversations part.
 */
#include "tests/unit/talk_folder.h"

#include "harness/record/match.h"

struct rig {
    struct ls_tape tape;
    struct ls_match *m;
    struct ls_arena a;
};

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    *state = r;
    ls_arena_init(&r->a, 1u << 20);
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    ls_match_free(r->m);
    ls_tape_close(&r->tape);
    ls_arena_fini(&r->a);
    free(r);
    return 0;
}

static void play(struct rig *r, bool is_loose, const char *lines)
{
    talk_tape(lines, &r->tape);
    assert_int_equal(
        ls_match_new(&(struct ls_match_options){.tape = &r->tape, .is_loose = is_loose}, &r->m,
                     NULL),
        LS_OK);
}

static struct ls_match_hit ask(struct rig *r, enum ls_peer peer, const char *method,
                               const char *params)
{
    struct ls_match_call call;

    assert_int_equal(ls_match_call((struct ls_span){(const uint8_t *)method, strlen(method)},
                                   (struct ls_span){(const uint8_t *)params, strlen(params)}, &r->a,
                                   &call),
                     LS_OK);
    return ls_match_take(r->m, peer, &call);
}

static void is_answer(const struct ls_match_hit *h, const char *result)
{
    const struct ls_said_text *said;

    assert_non_null(h->row);
    said = &h->row->calls[h->index].said;
    assert_int_equal(said->text.n, strlen(result));
    assert_memory_equal(said->text.p, result, said->text.n);
}

static void gives(struct rig *r, enum ls_peer peer, const char *method, const char *params,
                  const char *result)
{
    struct ls_match_hit h = ask(r, peer, method, params);

    is_answer(&h, result);
    assert_false(h.is_extra || h.is_beyond);
}

#define SUM(r, peer) ls_match_sum((r)->m, (peer))

/* Engine: a, then b; source: s between the two. */
#define THREE                                      \
    TALK_CALL(1, 2, "engine", "a", "[]", "\"a1\"") \
    TALK_CALL(3, 4, "source", "s", "[]", "\"s1\"") \
    TALK_CALL(5, 6, "engine", "b", "[\"0x1\"]", "\"b1\"")

static void calls_in_their_order_are_the_same(void **state)
{
    struct rig *r = *state;

    play(r, false, THREE);
    gives(r, LS_PEER_ENGINE, "a", "", "\"a1\"");
    gives(r, LS_PEER_SOURCE, "s", "[]", "\"s1\"");
    assert_false(ls_match_is_over(r->m));
    gives(r, LS_PEER_ENGINE, "b", "[\"0x01\",null]", "\"b1\"");
    assert_true(ls_match_is_over(r->m));
    assert_int_equal(SUM(r, LS_PEER_ENGINE)->same, 2);
    assert_false(SUM(r, LS_PEER_ENGINE)->first.is_there);
    assert_false(SUM(r, LS_PEER_SOURCE)->first.is_there);
}

static void an_answer_is_due_when_all_before_it_has_been_asked(void **state)
{
    struct rig *r = *state;
    struct ls_match_hit b;

    play(r, false, THREE);
    b = ask(r, LS_PEER_ENGINE, "b", "[\"0x1\"]"); /* early: it waits for a and s */
    is_answer(&b, "\"b1\"");
    assert_false(ls_match_is_due(r->m, b.row));
    gives(r, LS_PEER_ENGINE, "a", "[]", "\"a1\"");
    assert_false(ls_match_is_due(r->m, b.row));
    gives(r, LS_PEER_SOURCE, "s", "[]", "\"s1\"");
    assert_true(ls_match_is_due(r->m, b.row));
    assert_false(SUM(r, LS_PEER_ENGINE)->first.is_there);
}

/* Asked before the other was answered: neither waits for the other. */
static void calls_that_overlapped_may_come_in_either_order(void **state)
{
    struct rig *r = *state;
    struct ls_match_hit h;

    play(r, false,
         TALK_CALL(1, 3, "engine", "a", "[]", "1") TALK_CALL(2, 4, "engine", "b", "[]", "2"));
    h = ask(r, LS_PEER_ENGINE, "b", "[]");
    assert_false(ls_match_is_due(r->m, h.row)); /* both were under way when either was answered */
    h = ask(r, LS_PEER_ENGINE, "a", "[]");
    assert_true(ls_match_is_due(r->m, h.row));
    assert_true(ls_match_is_over(r->m));
    assert_false(SUM(r, LS_PEER_ENGINE)->first.is_there);
}

static void a_call_that_does_not_come_is_missing_and_what_came_instead_is_named(void **state)
{
    struct rig *r = *state;
    struct ls_match_hit b;
    const struct ls_match_difference *f;

    play(r, false, THREE);
    b = ask(r, LS_PEER_ENGINE, "b", "[\"0x1\"]");
    ls_match_give_up(r->m);
    assert_int_equal(ls_match_next(r->m)->seq_in, 3);
    ls_match_give_up(r->m);
    assert_true(ls_match_is_due(r->m, b.row));
    assert_true(ls_match_is_over(r->m));
    f = &SUM(r, LS_PEER_ENGINE)->first;
    assert_true(f->is_there && f->has_expected);
    assert_int_equal(f->seq, 1);
    assert_string_equal(f->expected, "a []");
    assert_string_equal(f->got, "b [\"0x1\"]");
    assert_int_equal(SUM(r, LS_PEER_ENGINE)->missing, 1);
    assert_string_equal(SUM(r, LS_PEER_SOURCE)->first.got, "");
}

static void a_call_that_was_never_made_is_extra(void **state)
{
    struct rig *r = *state;
    struct ls_match_hit h;
    const struct ls_match_difference *f;

    play(r, false, THREE);
    h = ask(r, LS_PEER_ENGINE, "x", "[7]");
    assert_null(h.row);
    assert_true(h.is_extra);
    f = &SUM(r, LS_PEER_ENGINE)->first;
    assert_string_equal(f->expected, "a []");
    assert_string_equal(f->got, "x [7]");
    gives(r, LS_PEER_ENGINE, "a", "[]", "\"a1\""); /* it goes on where it was */
    assert_int_equal(SUM(r, LS_PEER_ENGINE)->extra, 1);
    assert_int_equal(SUM(r, LS_PEER_ENGINE)->missing, 0);
    /* The first difference stays the first. */
    (void)ask(r, LS_PEER_ENGINE, "y", "[]");
    assert_string_equal(f->got, "x [7]");
}

static void an_extra_call_gets_the_last_answer_to_the_same(void **state)
{
    struct rig *r = *state;
    struct ls_match_hit h;

    play(r, false,
         TALK_CALL(1, 2, "engine", "a", "[]", "1") TALK_CALL(3, 4, "engine", "a", "[]", "2")
             TALK_CALL(5, 6, "engine", "b", "[]", "3"));
    gives(r, LS_PEER_ENGINE, "a", "[]", "1");
    gives(r, LS_PEER_ENGINE, "a", "[]", "2");
    h = ask(r, LS_PEER_ENGINE, "a", "[]");
    assert_true(h.is_extra);
    is_answer(&h, "2");
}

/* The source's recording ends before the engine's: a poll that comes now may only be early. */
static void a_call_beyond_the_end_of_its_peer_is_not_judged_at_once(void **state)
{
    struct rig *r = *state;
    struct ls_match_hit h;
    struct ls_match_call call = {.method = {(const uint8_t *)"s", 1}};

    play(r, false,
         TALK_CALL(1, 2, "source", "s", "[]", "1") TALK_CALL(3, 4, "engine", "a", "[]", "2"));
    gives(r, LS_PEER_SOURCE, "s", "[]", "1");
    h = ask(r, LS_PEER_SOURCE, "s", "[]");
    assert_true(h.is_beyond);
    is_answer(&h, "1");
    assert_int_equal(SUM(r, LS_PEER_SOURCE)->extra, 0);
    ls_match_extra(r->m, LS_PEER_SOURCE, &call);
    assert_int_equal(SUM(r, LS_PEER_SOURCE)->extra, 1);
    assert_true(SUM(r, LS_PEER_SOURCE)->first.is_there);
    gives(r, LS_PEER_ENGINE, "a", "[]", "2");
    (void)ask(r, LS_PEER_ENGINE, "zzz", "[]"); /* all is over: nothing counts any more */
    assert_int_equal(SUM(r, LS_PEER_ENGINE)->extra, 0);
}

static void what_is_too_far_ahead_is_no_match(void **state)
{
    struct rig *r = *state;
    struct ls_buf lines = {0};
    struct ls_match_hit h;

    ls_buf_init(&lines, 1u << 16);
    for (unsigned i = 1; i <= LS_MATCH_AHEAD + 2; i++) {
        (void)ls_buf_printf(&lines,
                            "{\"seq_in\":%u,\"seq_out\":%u,\"at_ms\":0,\"peer\":\"l1\",\"method\":"
                            "\"m\",\"params\":[%u],\"result\":%u,\"http\":200}\n",
                            2 * i - 1, 2 * i, i, i);
    }
    play(r, false, (const char *)lines.p);
    ls_buf_fini(&lines);
    h = ask(r, LS_PEER_L1, "m", "[17]"); /* one too far */
    assert_true(h.is_extra);
    gives(r, LS_PEER_L1, "m", "[16]", "16");
    gives(r, LS_PEER_L1, "m", "[17]", "17"); /* what is used does not count */
}

static void the_calls_of_a_batch_are_calls_for_themselves(void **state)
{
    struct rig *r = *state;

    play(r, false,
         "{\"seq_in\":1,\"seq_out\":2,\"at_ms\":0,\"peer\":\"l1\",\"batch\":[{\"method\":\"a\","
         "\"result\":1},{\"method\":\"b\",\"params\":[],\"error\":{\"code\":5}}],\"http\":200}\n");
    gives(r, LS_PEER_L1, "b", "[]", "{\"code\":5}");
    assert_false(ls_match_is_over(r->m));
    gives(r, LS_PEER_L1, "a", "[]", "1");
    assert_true(ls_match_is_over(r->m));
}

static void what_is_left_at_the_end_is_missing(void **state)
{
    struct rig *r = *state;

    play(r, false, THREE);
    gives(r, LS_PEER_ENGINE, "a", "[]", "\"a1\"");
    ls_match_finish(r->m);
    assert_int_equal(SUM(r, LS_PEER_ENGINE)->missing, 1);
    assert_string_equal(SUM(r, LS_PEER_ENGINE)->first.expected, "b [\"0x1\"]");
    assert_int_equal(SUM(r, LS_PEER_SOURCE)->missing, 1);
}

/* --- loose --- */

#define TWICE                                     \
    TALK_CALL(1, 2, "source", "s", "[]", "1")     \
    TALK_CALL(3, 4, "source", "t", "[]", "\"t\"") \
    TALK_CALL(5, 6, "source", "s", "[]", "2")

static void loose_gives_the_next_answer_and_the_last_again(void **state)
{
    struct rig *r = *state;

    play(r, true, TWICE);
    gives(r, LS_PEER_SOURCE, "s", "[]", "1");
    gives(r, LS_PEER_SOURCE, "s", "[]", "2");
    gives(r, LS_PEER_SOURCE, "s", "[]", "2");
    gives(r, LS_PEER_SOURCE, "t", "[]", "\"t\"");
    assert_true(ls_match_is_over(r->m));
    assert_int_equal(SUM(r, LS_PEER_SOURCE)->same, 3);
    assert_int_equal(SUM(r, LS_PEER_SOURCE)->repeated, 1);
    assert_false(SUM(r, LS_PEER_SOURCE)->first.is_there);
}

static void loose_waits_for_nothing(void **state)
{
    struct rig *r = *state;
    struct ls_match_hit h;

    play(r, true, THREE);
    h = ask(r, LS_PEER_ENGINE, "b", "[\"0x1\"]");
    assert_true(ls_match_is_due(r->m, h.row));
}

static void loose_tells_what_was_never_recorded_and_what_is_never_made(void **state)
{
    struct rig *r = *state;

    play(r, true, TWICE);
    assert_null(ask(r, LS_PEER_SOURCE, "x", "[]").row);
    assert_int_equal(SUM(r, LS_PEER_SOURCE)->extra, 1);
    gives(r, LS_PEER_SOURCE, "s", "[]", "1");
    ls_match_finish(r->m);
    /* t was never made; that s was made once instead of twice is no difference. */
    assert_int_equal(SUM(r, LS_PEER_SOURCE)->missing, 1);
    assert_string_equal(SUM(r, LS_PEER_SOURCE)->first.got, "x []");
}

/* What an engine has depends on what it was told. */
static void loose_answers_do_not_run_ahead_of_a_write(void **state)
{
    struct rig *r = *state;

    play(r, true,
         TALK_CALL(1, 2, "engine", "eth_x", "[]", "\"old\"")
             TALK_CALL(3, 4, "engine", "engine_newPayloadV4", "[{\"blockHash\":\"0x1\"}]", "{}")
                 TALK_CALL(5, 6, "engine", "eth_x", "[]", "\"new\""));
    gives(r, LS_PEER_ENGINE, "eth_x", "[]", "\"old\"");
    gives(r, LS_PEER_ENGINE, "eth_x", "[]", "\"old\"");
    gives(r, LS_PEER_ENGINE, "engine_newPayloadV4", "[{\"blockHash\":\"0x1\"}]", "{}");
    gives(r, LS_PEER_ENGINE, "eth_x", "[]", "\"new\"");
}

/* --- texts, raw requests, payloads --- */

static void long_calls_are_cut_in_reports(void **state)
{
    char text[LS_MATCH_TEXT_MAX];
    char params[2 * LS_MATCH_TEXT_MAX];

    (void)state;
    memset(params, 'p', sizeof params);
    ls_match_text((struct ls_span){(const uint8_t *)"m", 1},
                  (struct ls_span){(const uint8_t *)params, sizeof params}, text);
    assert_true(strlen(text) < LS_MATCH_TEXT_MAX);
    assert_memory_equal(text, "m ppp", 5);
    assert_string_equal(text + strlen(text) - 3, "…");
    ls_match_text((struct ls_span){(const uint8_t *)"m", 1}, (struct ls_span){NULL, 0}, text);
    assert_string_equal(text, "m");
}

static void requests_that_are_no_json_rpc_are_told_by_their_bytes(void **state)
{
    struct rig *r = *state;
    struct ls_match_call call;

    play(r, false,
         "{\"seq_in\":1,\"seq_out\":2,\"at_ms\":0,\"peer\":\"l1\",\"verb\":\"GET\",\"path\":\"/"
         "eth/v1/x\",\"request\":\"\",\"body\":\"[]\",\"http\":200}\n");
    assert_int_equal(ls_match_raw("POST", "/eth/v1/x", (struct ls_span){NULL, 0}, &call), LS_OK);
    assert_null(ls_match_take(r->m, LS_PEER_L1, &call).row);
    assert_int_equal(ls_match_raw("GET", "/eth/v1/x", (struct ls_span){NULL, 0}, &call), LS_OK);
    assert_non_null(ls_match_take(r->m, LS_PEER_L1, &call).row);
    assert_true(ls_match_is_over(r->m));
}

#define PAYLOAD "[{\"executionPayload\":{\"blockHash\":\"0xaa\"}}]"
#define HAND_OVER                                                       \
    TALK_CALL(1, 2, "engine", "a", "[]", "1")                           \
    TALK_CALL(3, 4, "node", "admin_postUnsafePayload", PAYLOAD, "null") \
    TALK_CALL(5, 6, "node", "optimism_syncStatus", "[]", "{}")          \
    TALK_CALL(7, 8, "engine", "b", "[]", "2")

static void payloads_take_part_in_the_order_when_somebody_hands_them_over(void **state)
{
    struct rig *r = *state;
    struct ls_match_hit b;

    talk_tape(HAND_OVER, &r->tape);
    assert_int_equal(
        ls_match_new(&(struct ls_match_options){.tape = &r->tape, .has_feeder = true}, &r->m, NULL),
        LS_OK);
    gives(r, LS_PEER_ENGINE, "a", "[]", "1");
    b = ask(r, LS_PEER_ENGINE, "b", "[]");
    assert_false(ls_match_is_due(r->m, b.row));
    assert_true(ls_row_is_payload(ls_match_next(r->m)));
    (void)ask(r, LS_PEER_NODE, "admin_postUnsafePayload", PAYLOAD);
    assert_true(ls_match_is_due(r->m, b.row)); /* the node's status is nobody's business */
    assert_true(ls_match_is_over(r->m));
}

static void payloads_that_nobody_hands_over_are_not_waited_for(void **state)
{
    struct rig *r = *state;

    play(r, false, HAND_OVER);
    gives(r, LS_PEER_ENGINE, "a", "[]", "1");
    gives(r, LS_PEER_ENGINE, "b", "[]", "2");
    assert_true(ls_match_is_over(r->m));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(calls_in_their_order_are_the_same),
        T(an_answer_is_due_when_all_before_it_has_been_asked),
        T(calls_that_overlapped_may_come_in_either_order),
        T(a_call_that_does_not_come_is_missing_and_what_came_instead_is_named),
        T(a_call_that_was_never_made_is_extra),
        T(an_extra_call_gets_the_last_answer_to_the_same),
        T(a_call_beyond_the_end_of_its_peer_is_not_judged_at_once),
        T(what_is_too_far_ahead_is_no_match),
        T(the_calls_of_a_batch_are_calls_for_themselves),
        T(what_is_left_at_the_end_is_missing),
        T(loose_gives_the_next_answer_and_the_last_again),
        T(loose_waits_for_nothing),
        T(loose_tells_what_was_never_recorded_and_what_is_never_made),
        T(loose_answers_do_not_run_ahead_of_a_write),
        T(long_calls_are_cut_in_reports),
        T(requests_that_are_no_json_rpc_are_told_by_their_bytes),
        T(payloads_take_part_in_the_order_when_somebody_hands_them_over),
        T(payloads_that_nobody_hands_over_are_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
