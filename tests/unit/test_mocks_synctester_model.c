/* The sync tester's sessions as a model: rows of mock-engine 1.4, 1.7, 1.10, 1.13 - 1.15. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mocks/model/synctester.h"

#define A "11111111-1111-4111-8111-111111111111"
#define B "22222222-2222-4222-8222-222222222222"
#define C "33333333-3333-4333-8333-333333333333"

static const struct ls_st_limits SMALL = {
    .sessions_max = 2, .tombstones_max = 2, .payloads_max = 3, .idle_ns_max = LS_ST_NEVER};

struct world {
    void *mem;
    struct ls_st *st;
};

static void make(struct world *w, const struct ls_st_limits *limits)
{
    free(w->mem);
    w->mem = malloc(ls_st_size(limits));
    assert_non_null(w->mem);
    w->st = ls_st_init(w->mem, limits);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    make(w, &SMALL);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    free(w->mem);
    free(w);
    return 0;
}

static enum ls_st_found find_at(struct world *w, const char *id, uint64_t latest, uint64_t now_ns,
                                struct ls_st_session **out)
{
    struct ls_st_start start = {.heads = {latest, latest / 2, latest / 4}};
    return ls_st_open(w->st, id, strlen(id), &start, now_ns, out);
}

static struct ls_st_session *open_at(struct world *w, const char *id, uint64_t latest)
{
    struct ls_st_session *s = NULL;
    assert_int_equal(find_at(w, id, latest, 0, &s), LS_ST_FOUND);
    return s;
}

static struct ls_st_session *syncing_at(struct world *w, uint64_t latest)
{
    struct ls_st_session *s = open_at(w, A, latest);
    s->is_el_sync = true;
    return s;
}

/* --- life --- */

static void the_first_request_decides(void **state)
{
    struct world *w = *state;
    struct ls_st_session *s = open_at(w, A, 20);
    assert_int_equal(s->now.latest, 20);
    assert_int_equal(s->now.safe, 10);
    assert_int_equal(s->now.finalized, 5);
    assert_int_equal(s->validated, 20);
    assert_ptr_equal(open_at(w, A, 99), s);
    assert_int_equal(s->now.latest, 20);
}

static void a_deleted_session_never_comes_back(void **state)
{
    struct world *w = *state;
    struct ls_st_session *s = open_at(w, A, 1);
    ls_st_delete(w->st, s);
    assert_int_equal(ls_st_count(w->st), 0);
    assert_int_equal(find_at(w, A, 1, 0, &s), LS_ST_DELETED);
    assert_int_equal(find_at(w, B, 1, 0, &s), LS_ST_FOUND);
}

static void the_oldest_tombstone_goes_first(void **state)
{
    static const char *const ids[] = {A, B, C};
    struct world *w = *state;
    struct ls_st_session *s = NULL;
    for (size_t i = 0; i < 3; i++) {
        ls_st_delete(w->st, open_at(w, ids[i], 1));
    }
    assert_int_equal(find_at(w, B, 1, 0, &s), LS_ST_DELETED);
    assert_int_equal(find_at(w, C, 1, 0, &s), LS_ST_DELETED);
    assert_int_equal(find_at(w, A, 1, 0, &s), LS_ST_FOUND);
}

static void there_is_room_for_so_many(void **state)
{
    struct world *w = *state;
    struct ls_st_session *s = NULL;
    (void)open_at(w, A, 1);
    (void)open_at(w, B, 1);
    assert_int_equal(find_at(w, C, 1, 0, &s), LS_ST_FULL);
    ls_st_delete(w->st, ls_st_find(w->st, A, strlen(A)));
    assert_int_equal(find_at(w, C, 1, 0, &s), LS_ST_FOUND);
}

static void sessions_are_listed_in_byte_order(void **state)
{
    struct world *w = *state;
    struct ls_st_limits limits = SMALL;
    limits.sessions_max = 8;
    make(w, &limits);
    static const char *const ids[] = {"b", "B", "ab", "a", "{b}"};
    static const char *const order[] = {"B", "a", "ab", "b", "{b}"};
    for (size_t i = 0; i < 5; i++) {
        (void)open_at(w, ids[i], i);
    }
    for (uint32_t i = 0; i < 5; i++) {
        assert_string_equal(ls_st_at(w->st, i)->id, order[i]);
    }
    ls_st_delete(w->st, ls_st_find(w->st, "ab", 2));
    assert_string_equal(ls_st_at(w->st, 2)->id, "b");
    assert_null(ls_st_find(w->st, "ab", 2));
    assert_int_equal(ls_st_find(w->st, "{b}", 3)->now.latest, 4);
}

static void an_idle_session_is_deleted(void **state)
{
    struct world *w = *state;
    struct ls_st_limits limits = SMALL;
    struct ls_st_session *s = NULL;
    limits.idle_ns_max = 100;
    make(w, &limits);
    assert_int_equal(find_at(w, A, 1, 1000, &s), LS_ST_FOUND);
    assert_int_equal(find_at(w, B, 1, 1050, &s), LS_ST_FOUND);
    assert_int_equal(find_at(w, A, 1, 1100, &s), LS_ST_FOUND); /* 100 is not too long */
    assert_int_equal(find_at(w, C, 1, 1151, &s), LS_ST_FOUND); /* B makes room */
    assert_int_equal(find_at(w, B, 1, 1151, &s), LS_ST_DELETED);
    assert_int_equal(find_at(w, A, 1, 1201, &s), LS_ST_DELETED);
    ls_st_expire(w->st, 1252);
    assert_int_equal(ls_st_count(w->st), 0);
}

static void reset_keeps_the_window_and_forgets_payloads(void **state)
{
    struct world *w = *state;
    struct ls_st_session *s = syncing_at(w, 0);
    struct ls_st_payload p = {.id = {3, 1}, .block = 7};
    assert_false(ls_st_head(s, 5));
    assert_false(ls_st_head(s, 6));
    assert_int_equal(s->now.latest, 6);
    ls_st_payload_put(w->st, s, &p);
    ls_st_reset(w->st, s);
    assert_int_equal(s->now.latest, 0);
    assert_int_equal(s->validated, 0);
    assert_true(s->is_el_sync);
    assert_false(ls_st_payload_take(w->st, s, p.id, &p));
    /* 5 and 6 are still there, so 7 is the third in a row (Q14) */
    assert_false(ls_st_head(s, 7));
    assert_int_equal(s->validated, 7);
    assert_int_equal(s->now.latest, 7);
}

/* --- reads (1.7) --- */

static void labels_are_numbers_and_numbers_end_at_latest(void **state)
{
    struct world *w = *state;
    struct ls_st_session *s = open_at(w, A, 20);
    static const struct {
        enum ls_st_tag tag;
        uint64_t number;
        bool is_found;
        uint64_t target;
    } rows[] = {
        {LS_ST_LATEST, 0, true, 20},          {LS_ST_SAFE, 0, true, 10},
        {LS_ST_FINALIZED, 0, true, 5},        {LS_ST_PENDING, 0, false, 0},
        {LS_ST_EARLIEST, 0, false, 0},        {LS_ST_NUMBER, 0, true, 0},
        {LS_ST_NUMBER, 20, true, 20},         {LS_ST_NUMBER, 21, false, 0},
        {LS_ST_NUMBER, UINT64_MAX, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t target = 0;
        assert_int_equal(ls_st_target(s, rows[i].tag, rows[i].number, &target), rows[i].is_found);
        if (rows[i].is_found) {
            assert_int_equal(target, rows[i].target);
        }
    }
    assert_true(ls_st_is_visible(s, 20));
    ls_st_payload_valid(s, 21);
    assert_int_equal(s->validated, 21);
    assert_false(ls_st_is_visible(s, 21)); /* validated, not yet canonical (Q3) */
}

static void labels_above_latest_are_answered_all_the_same(void **state)
{
    struct world *w = *state;
    struct ls_st_session *s = NULL;
    struct ls_st_start start = {.heads = {20, 30, 40}};
    uint64_t target;
    assert_int_equal(ls_st_open(w->st, A, strlen(A), &start, 0, &s), LS_ST_FOUND);
    assert_true(ls_st_target(s, LS_ST_SAFE, 0, &target));
    assert_int_equal(target, 30);
    assert_true(ls_st_target(s, LS_ST_FINALIZED, 0, &target));
    assert_int_equal(target, 40);
}

/* --- newPayload (1.13) --- */

static void only_the_next_payload_advances(void **state)
{
    struct world *w = *state;
    struct ls_st_session *s = open_at(w, A, 10);
    assert_true(ls_st_payload_is_near(s, 0));
    assert_true(ls_st_payload_is_near(s, 11));
    assert_false(ls_st_payload_is_near(s, 12));
    ls_st_payload_valid(s, 10);
    assert_int_equal(s->validated, 10);
    ls_st_payload_valid(s, 11);
    assert_int_equal(s->validated, 11);
    assert_int_equal(s->now.latest, 10);
}

static void the_sum_wraps_as_it_does_upstream(void **state)
{
    struct world *w = *state;
    struct ls_st_session *s = open_at(w, A, UINT64_MAX);
    assert_true(ls_st_payload_is_near(s, 0));
    assert_false(ls_st_payload_is_near(s, 1));
    ls_st_payload_valid(s, 0);
    assert_int_equal(s->validated, 0);
}

/* --- forkchoiceUpdated (1.10) --- */

static void heads_go_back_and_validated_does_not(void **state)
{
    struct world *w = *state;
    struct ls_st_session *s = open_at(w, A, 20);
    assert_true(ls_st_head(s, 15));
    assert_int_equal(s->now.latest, 15);
    assert_int_equal(s->validated, 20);
    assert_true(ls_st_head(s, 20));
    assert_false(ls_st_head(s, 21));
    assert_int_equal(s->now.latest, 20);
    assert_int_equal(s->window.count, 0); /* without EL sync nothing is fed */
}

static void labels_stop_at_latest_and_keep_no_order(void **state)
{
    struct world *w = *state;
    struct ls_st_session *s = open_at(w, A, 20);
    assert_false(ls_st_finalized(s, 21));
    assert_false(ls_st_safe(s, 21));
    assert_int_equal(s->now.safe, 10);
    assert_int_equal(s->now.finalized, 5);
    assert_true(ls_st_finalized(s, 20));
    assert_true(ls_st_safe(s, 3)); /* below finalized */
    assert_int_equal(s->now.safe, 3);
    assert_int_equal(s->now.finalized, 20);
    assert_true(ls_st_head(s, 1));
    assert_int_equal(s->now.safe, 3); /* above latest */
}

/* --- the EL-sync window (1.14) --- */

static void the_window_wants_heads_in_a_row(void **state)
{
    static const struct {
        uint32_t need;
        uint64_t feed[8];
        const char *answers; /* V and S */
    } rows[] = {
        {2, {10, 11, 12}, "SVV"},
        {3, {10, 12, 11, 12}, "SSSV"},
        {2, {10, 11, 12, 9, 10}, "SVVSV"},
        {2, {10, 10, 11}, "SSV"},
        {2, {10, 12, 14, 16, 18, 20, 22}, "SSSSSSS"},
        {1, {10, 7, 99}, "VVV"},
        {2, {0, 1}, "SV"},
        {2, {UINT64_MAX, 0}, "SS"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_st_window window = {.count = 0};
        for (size_t k = 0; rows[i].answers[k] != '\0'; k++) {
            bool is_valid =
                ls_st_window_feed(&window, rows[i].feed[k], rows[i].need, LS_ST_WINDOW_KEEP);
            assert_int_equal(is_valid, rows[i].answers[k] == 'V');
            assert_int_equal(window.numbers[window.count - 1], rows[i].feed[k]);
        }
    }
}

static void the_window_keeps_five(void **state)
{
    struct ls_st_window window = {.count = 0};
    (void)state;
    for (uint64_t n = 1; n <= 6; n++) {
        (void)ls_st_window_feed(&window, 10 * n, 2, LS_ST_WINDOW_KEEP);
    }
    assert_int_equal(window.count, 5);
    assert_int_equal(window.numbers[0], 20);
    assert_int_equal(window.numbers[4], 60);
    assert_false(ls_st_window_feed(&window, 30, 2, LS_ST_WINDOW_KEEP));
    assert_int_equal(window.count, 2); /* 20, 30: what is not below goes */
}

static void el_sync_answers_syncing_once_more(void **state)
{
    struct world *w = *state;
    struct ls_st_session *s = syncing_at(w, 0);
    assert_false(ls_st_head(s, 5));
    assert_int_equal(s->validated, 0);
    assert_false(ls_st_head(s, 6)); /* done, and SYNCING (Q7) */
    assert_int_equal(s->validated, 6);
    assert_int_equal(s->now.latest, 6);
    assert_true(ls_st_head(s, 6));
    assert_true(ls_st_payload_is_near(s, 7)); /* fed by newPayload it is VALID at once */
    ls_st_payload_valid(s, 7);
    assert_true(ls_st_head(s, 7));
    assert_int_equal(s->window.count, 2); /* what needs no sync is not fed */
    assert_true(ls_st_head(s, 3));
    assert_int_equal(s->validated, 7);
}

/* --- payloads (1.11, 1.12) --- */

static struct ls_st_payload payload(uint8_t version, uint8_t n, uint32_t block)
{
    return (struct ls_st_payload){.id = {version, n}, .block = block};
}

static void a_payload_is_handed_out_once(void **state)
{
    struct world *w = *state;
    struct ls_st_session *a = open_at(w, A, 1);
    struct ls_st_session *b = open_at(w, B, 1);
    struct ls_st_payload p = payload(3, 1, 77);
    struct ls_st_payload got;
    p.has_withdrawals = true;
    ls_st_payload_put(w->st, a, &p);
    assert_false(ls_st_payload_take(w->st, b, p.id, &got));
    assert_true(ls_st_payload_take(w->st, a, p.id, &got));
    assert_int_equal(got.block, 77);
    assert_true(got.has_withdrawals);
    assert_false(ls_st_payload_take(w->st, a, p.id, &got));
}

static void the_same_id_replaces(void **state)
{
    struct world *w = *state;
    struct ls_st_session *a = open_at(w, A, 1);
    struct ls_st_payload p = payload(3, 1, 77);
    struct ls_st_payload got;
    ls_st_payload_put(w->st, a, &p);
    p.block = 78;
    ls_st_payload_put(w->st, a, &p);
    assert_true(ls_st_payload_take(w->st, a, p.id, &got));
    assert_int_equal(got.block, 78);
    assert_false(ls_st_payload_take(w->st, a, p.id, &got));
}

static void out_of_room_a_session_pays_for_itself(void **state)
{
    struct world *w = *state;
    struct ls_st_session *a = open_at(w, A, 1);
    struct ls_st_session *b = open_at(w, B, 1);
    struct ls_st_payload got;
    for (uint8_t i = 1; i <= 4; i++) { /* there is room for three */
        struct ls_st_payload p = payload(3, i, i);
        ls_st_payload_put(w->st, a, &p);
    }
    struct ls_st_payload late = payload(3, 9, 9);
    ls_st_payload_put(w->st, b, &late);
    assert_false(ls_st_payload_take(w->st, b, late.id, &got));
    assert_false(ls_st_payload_take(w->st, a, payload(3, 1, 0).id, &got));
    for (uint8_t i = 2; i <= 4; i++) {
        assert_true(ls_st_payload_take(w->st, a, payload(3, i, 0).id, &got));
    }
    ls_st_payload_put(w->st, b, &late);
    assert_true(ls_st_payload_take(w->st, b, late.id, &got));
}

static void deleting_a_session_frees_its_payloads(void **state)
{
    struct world *w = *state;
    struct ls_st_payload got;
    for (uint8_t i = 1; i <= 3; i++) {
        struct ls_st_payload p = payload(3, i, i);
        ls_st_payload_put(w->st, open_at(w, A, 1), &p);
    }
    ls_st_delete(w->st, ls_st_find(w->st, A, strlen(A)));
    struct ls_st_session *b = open_at(w, B, 1);
    for (uint8_t i = 1; i <= 3; i++) {
        struct ls_st_payload p = payload(2, i, i);
        ls_st_payload_put(w->st, b, &p);
    }
    assert_true(ls_st_payload_take(w->st, b, payload(2, 1, 0).id, &got));
}

static void methods_take_ids_of_their_versions(void **state)
{
    static const char *const takes[] = {"", "1", "12", "3", "3"}; /* by method version */
    (void)state;
    for (unsigned method = 1; method <= 4; method++) {
        for (uint8_t version = 0; version <= 4; version++) {
            bool is_taken = version != 0 && strchr(takes[method], '0' + version) != NULL;
            assert_int_equal(ls_st_payload_fits(method, version), is_taken);
        }
    }
}

static void a_thousand_sessions_take_little(void **state)
{
    const struct ls_st_limits limits = {.sessions_max = 1000,
                                        .tombstones_max = 16384,
                                        .payloads_max = 65536,
                                        .idle_ns_max = LS_ST_NEVER};
    (void)state;
    assert_true(ls_st_size(&limits) < (size_t)4 << 20);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_first_request_decides),
        T(a_deleted_session_never_comes_back),
        T(the_oldest_tombstone_goes_first),
        T(there_is_room_for_so_many),
        T(sessions_are_listed_in_byte_order),
        T(an_idle_session_is_deleted),
        T(reset_keeps_the_window_and_forgets_payloads),
        T(labels_are_numbers_and_numbers_end_at_latest),
        T(labels_above_latest_are_answered_all_the_same),
        T(only_the_next_payload_advances),
        T(the_sum_wraps_as_it_does_upstream),
        T(heads_go_back_and_validated_does_not),
        T(labels_stop_at_latest_and_keep_no_order),
        T(the_window_wants_heads_in_a_row),
        T(the_window_keeps_five),
        T(el_sync_answers_syncing_once_more),
        T(a_payload_is_handed_out_once),
        T(the_same_id_replaces),
        T(out_of_room_a_session_pays_for_itself),
        T(deleting_a_session_frees_its_payloads),
        T(methods_take_ids_of_their_versions),
        T(a_thousand_sessions_take_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
