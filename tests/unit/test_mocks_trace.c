/* The trace: order of lines, overlap, round trip, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mocks/trace.h"

#define LINES_MAX 32u

struct lines {
    size_t count;
    struct ls_trace_event events[LINES_MAX];
};

static void keep_line(void *user, const char *line, size_t n)
{
    struct lines *l = user;
    struct ls_diag d = {{0}};
    assert_true(l->count < LINES_MAX);
    assert_int_equal(strlen(line), n);
    if (ls_trace_parse(line, n, &l->events[l->count], &d) != LS_OK) {
        fail_msg("%s: %s", line, d.text);
    }
    l->count++;
}

/* Member by member, so that padding stays zero and events can be compared as bytes. */
static void set_block(struct ls_trace_block *b, uint8_t tag, uint64_t number)
{
    b->hash.b[0] = tag;
    b->has_hash = true;
    b->number = number;
    b->has_number = true;
}

static void fill_event(struct ls_trace_event *out)
{
    struct ls_trace_event e;
    memset(&e, 0, sizeof e);
    e.seq_in = 3;
    e.seq_out = 9;
    e.tick = 4;
    e.ns_in = 5000000001;
    e.ns_out = 5000000009;
    e.incarnation = 2;
    e.ep = LS_TRACE_L1;
    e.kind = LS_TRACE_CALL;
    (void)strcpy(e.method, "engine_forkchoiceUpdatedV3");
    e.conn = 17;
    set_block(&e.head, 1, 10);
    set_block(&e.safe, 2, 9);
    e.finalized.has_hash = true; /* the zero hash, sent as such */
    e.has_attributes = true;
    set_block(&e.block, 4, UINT64_MAX);
    (void)strcpy(e.tag, "finalized");
    e.version = 3;
    e.answer = LS_TRACE_ERROR;
    e.http_status = 200;
    (void)strcpy(e.fault, "delay");
    (void)strcpy(e.status, "SYNCING");
    set_block(&e.latest_valid, 5, 1);
    e.code = -38002;
    (void)strcpy(e.text, "quote \" back \\ \xc3\xa9");
    e.result.number = 7;
    e.result.has_number = true;
    e.has_heads = true;
    set_block(&e.unsafe_l2, 6, 20);
    set_block(&e.local_safe_l2, 7, 19);
    set_block(&e.safe_l2, 8, 18);
    set_block(&e.finalized_l2, 9, 17);
    set_block(&e.current_l1, 10, 16);
    memcpy(out, &e, sizeof e);
}

static void everything_is_read_back(void **state)
{
    struct ls_trace_event e;
    struct ls_trace_event back;
    struct ls_buf b;
    (void)state;
    fill_event(&e);
    ls_buf_init(&b, LS_TRACE_LINE_MAX);
    ls_trace_write(&e, &b);
    assert_int_equal(ls_trace_parse((const char *)b.p, b.n, &back, NULL), LS_OK);
    assert_memory_equal(&e, &back, sizeof e);
    ls_buf_fini(&b);
}

static void equal_events_give_equal_bytes_and_empty_ones_short_ones(void **state)
{
    struct ls_trace_event e = {.seq_in = 1, .seq_out = 1, .kind = LS_TRACE_NOTE};
    struct ls_buf b;
    (void)state;
    e.ep = LS_TRACE_HARNESS;
    ls_buf_init(&b, LS_TRACE_LINE_MAX);
    ls_trace_write(&e, &b);
    assert_string_equal((const char *)b.p, "{\"in\":1,\"out\":1,\"tick\":0,\"ns\":0,\"inc\":0,"
                                           "\"ep\":\"harness\",\"kind\":\"note\"}");
    ls_buf_fini(&b);
}

static void broken_lines_are_refused_by_member(void **state)
{
    static const struct {
        const char *line;
        enum ls_err err;
        const char *named;
    } cases[] = {
        {"", LS_ERR_PARSE, ""},
        {"[]", LS_ERR_TYPE, "line"},
        {"{\"out\":1,\"tick\":0,\"ns\":0,\"inc\":0,\"ep\":\"l1\",\"kind\":\"call\"}",
         LS_ERR_MISSING, "in"},
        {"{\"in\":1,\"out\":1,\"tick\":0,\"ns\":0,\"inc\":0,\"ep\":\"moon\",\"kind\":\"call\"}",
         LS_ERR_RANGE, "ep"},
        {"{\"in\":1,\"out\":1,\"tick\":0,\"ns\":0,\"inc\":0,\"ep\":\"l1\",\"kind\":3}", LS_ERR_TYPE,
         "kind"},
        {"{\"in\":1,\"out\":1,\"tick\":0,\"ns\":0,\"inc\":0,\"ep\":\"l1\",\"kind\":\"call\","
         "\"head\":{\"hash\":\"0x12\"}}",
         LS_ERR_PARSE, "head"},
        {"{\"in\":1,\"out\":1,\"tick\":0,\"ns\":0,\"inc\":4294967296,\"ep\":\"l1\","
         "\"kind\":\"call\"}",
         LS_ERR_RANGE, "inc"},
        {"{\"in\":1,\"out\":1,\"tick\":0,\"ns\":0,\"inc\":0,\"ep\":\"l1\",\"kind\":\"call\","
         "\"tag\":\"much too long for a tag\"}",
         LS_ERR_RANGE, "tag"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ls_trace_event e;
        struct ls_diag d = {{0}};
        char name[32];
        assert_int_equal(ls_trace_parse(cases[i].line, strlen(cases[i].line), &e, &d),
                         cases[i].err);
        if (cases[i].named[0] != '\0') {
            (void)snprintf(name, sizeof name, "\"%s\"", cases[i].named);
            assert_non_null(strstr(d.text, name));
        }
    }
}

static void overlap_is_visible_in_the_numbers(void **state)
{
    struct lines l = {0};
    struct ls_trace *t = ls_trace_new(keep_line, &l);
    (void)state;
    ls_trace_set_tick(t, 7);
    uint64_t first = ls_trace_open(t, LS_TRACE_ENGINE, 1, 100);
    (void)strcpy(ls_trace_call(t, first)->method, "first");
    ls_trace_set_tick(t, 8);
    uint64_t second = ls_trace_open(t, LS_TRACE_ENGINE, 2, 110);
    (void)strcpy(ls_trace_call(t, second)->method, "second");
    ls_trace_close(t, second, 120, true);
    ls_trace_close(t, first, 130, true);
    uint64_t third = ls_trace_open(t, LS_TRACE_ENGINE, 1, 140);
    (void)strcpy(ls_trace_call(t, third)->method, "third");
    ls_trace_close(t, third, 150, true);
    assert_int_equal(l.count, 3);
    const struct ls_trace_event *s = &l.events[0];
    const struct ls_trace_event *f = &l.events[1];
    assert_string_equal(s->method, "second");
    assert_string_equal(f->method, "first");
    assert_true(f->seq_in < s->seq_in && s->seq_in < f->seq_out);
    assert_true(s->seq_out < f->seq_out);
    assert_true(l.events[2].seq_in > f->seq_out);
    assert_int_equal(f->tick, 7); /* when it came in */
    assert_int_equal(f->ns_in, 100);
    assert_int_equal(f->ns_out, 130);
    ls_trace_free(t);
}

static void unanswered_call_claims_no_answer(void **state)
{
    struct lines l = {0};
    struct ls_trace *t = ls_trace_new(keep_line, &l);
    (void)state;
    uint64_t ticket = ls_trace_open(t, LS_TRACE_ENGINE, 1, 100);
    struct ls_trace_event *e = ls_trace_call(t, ticket);
    uint64_t seq = e->seq_in;
    struct ls_trace_event full;
    fill_event(&full);
    *e = full;
    e->seq_in = seq;
    ls_trace_close(t, ticket, 120, false);
    assert_int_equal(l.count, 1);
    e = &l.events[0];
    assert_int_equal(e->answer, LS_TRACE_NO_ANSWER);
    assert_int_equal(e->http_status, 0);
    assert_int_equal(e->code, 0);
    assert_string_equal(e->status, "");
    assert_string_equal(e->text, "");
    assert_false(e->has_heads || e->result.has_number || e->latest_valid.has_hash);
    assert_string_equal(e->method, full.method); /* what was asked stays */
    assert_int_equal(e->head.number, 10);
    ls_trace_free(t);
}

static void calls_in_flight_are_written_at_the_end(void **state)
{
    struct lines l = {0};
    struct ls_trace *t = ls_trace_new(keep_line, &l);
    (void)state;
    uint64_t first = ls_trace_open(t, LS_TRACE_SOURCE, 1, 100);
    uint64_t second = ls_trace_open(t, LS_TRACE_L1, 1, 100);
    assert_int_equal(ls_trace_open_count(t), 2);
    ls_trace_finish(t, 900);
    assert_int_equal(ls_trace_open_count(t), 0);
    assert_int_equal(l.count, 2);
    assert_int_equal(l.events[0].seq_in, first);
    assert_int_equal(l.events[1].seq_in, second);
    assert_int_equal(l.events[0].seq_out, 0);
    ls_trace_close(t, first, 950, true); /* gone: no effect */
    assert_int_equal(l.count, 2);
    ls_trace_free(t);
}

static void batch_gives_one_line_a_call(void **state)
{
    struct lines l = {0};
    struct ls_trace *t = ls_trace_new(keep_line, &l);
    (void)state;
    uint64_t ticket = ls_trace_open(t, LS_TRACE_L1, 1, 100);
    for (unsigned i = 0; i < 5; i++) {
        ls_trace_call(t, ticket)->version = i + 1;
    }
    assert_int_equal(ls_trace_call_at(t, ticket, 4)->version, 5);
    assert_null(ls_trace_call_at(t, ticket, 5));
    ls_trace_close(t, ticket, 120, true);
    assert_int_equal(l.count, 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(l.events[i].version, i + 1);
        assert_int_equal(l.events[i].seq_in, l.events[0].seq_in);
        assert_int_equal(l.events[i].seq_out, l.events[0].seq_out);
    }
    ls_trace_free(t);
}

static void harness_events_are_stamped(void **state)
{
    struct lines l = {0};
    struct ls_trace *t = ls_trace_new(keep_line, &l);
    struct ls_trace_event e = {.ep = LS_TRACE_CL, .kind = LS_TRACE_START};
    (void)state;
    ls_trace_set_incarnation(t, 3);
    ls_trace_set_tick(t, 11);
    ls_trace_put(t, &e, 77);
    ls_trace_say(t, LS_TRACE_VERB, "fork", "b 3", 78);
    assert_int_equal(l.count, 2);
    assert_int_equal(l.events[0].incarnation, 3);
    assert_int_equal(l.events[0].tick, 11);
    assert_int_equal(l.events[0].ns_in, 77);
    assert_int_equal(l.events[0].seq_out, l.events[0].seq_in);
    assert_string_equal(l.events[1].method, "fork");
    assert_string_equal(l.events[1].text, "b 3");
    assert_true(l.events[1].seq_in > l.events[0].seq_in);
    ls_trace_free(t);
}

static void copied_text_is_cut_between_characters(void **state)
{
    char out[6];
    (void)state;
    ls_trace_copy(out, sizeof out, "abcd\xc3\xa9", 6);
    assert_string_equal(out, "abcd");
    ls_trace_copy(out, sizeof out, "a\xff\n\x01z", 5);
    assert_string_equal(out, "a???z");
    ls_trace_copy(out, sizeof out, "", 0);
    assert_string_equal(out, "");
}

static void no_trace_is_fine_everywhere(void **state)
{
    struct ls_trace_event e = {0};
    (void)state;
    assert_int_equal(ls_trace_open(NULL, LS_TRACE_L1, 1, 1), 0);
    assert_null(ls_trace_call(NULL, 1));
    assert_null(ls_trace_call_at(NULL, 1, 0));
    ls_trace_put(NULL, &e, 1);
    ls_trace_close(NULL, 1, 1, true);
    ls_trace_call_reset(NULL, 1);
    ls_trace_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read_back),
        cmocka_unit_test(equal_events_give_equal_bytes_and_empty_ones_short_ones),
        cmocka_unit_test(broken_lines_are_refused_by_member),
        cmocka_unit_test(overlap_is_visible_in_the_numbers),
        cmocka_unit_test(unanswered_call_claims_no_answer),
        cmocka_unit_test(calls_in_flight_are_written_at_the_end),
        cmocka_unit_test(batch_gives_one_line_a_call),
        cmocka_unit_test(harness_events_are_stamped),
        cmocka_unit_test(copied_text_is_cut_between_characters),
        cmocka_unit_test(no_trace_is_fine_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
