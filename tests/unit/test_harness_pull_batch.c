/*
 * Batches as text, and the pace of asking: raw spans by id in any order, what nodes say when a
 * batch is too much, how long to wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/capture/pull_batch.h"
#include "harness/capture/pull_pace.h"
#include "harness/capture/pull_progress.h"

/* --- requests --- */

static void call_block(void *ctx, uint64_t index, struct ls_pull_call *out)
{
    const struct ls_pull_call *first = ctx;

    *out = *first;
    out->number += index;
}

static void assert_written(const struct ls_pull_call *first, size_t count, bool is_single,
                           const char *want)
{
    struct ls_pull_call call = *first;
    const struct ls_pull_plan plan = {.count = count, .call = call_block, .ctx = &call};
    struct ls_buf b;

    ls_buf_init(&b, 4096);
    ls_pull_batch_write(&plan, 0, count, is_single, &b);
    assert_int_equal(b.err, LS_OK);
    assert_string_equal((const char *)b.p, want);
    ls_buf_fini(&b);
}

static void calls_are_written_with_ids_from_one(void **state)
{
    (void)state;
    assert_written(
        &(struct ls_pull_call){.method = LS_PULL_BLOCK_BY_NUMBER, .number = 15, .is_full = true}, 2,
        false,
        "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBlockByNumber\",\"params\":[\"0xf\","
        "true]},"
        "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"eth_getBlockByNumber\",\"params\":[\"0x10\","
        "true]}]");
    assert_written(&(struct ls_pull_call){.method = LS_PULL_BLOCK_BY_TAG, .tag = "safe"}, 1, true,
                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBlockByNumber\",\"params\":"
                   "[\"safe\",false]}");
    assert_written(
        &(struct ls_pull_call){.method = LS_PULL_SYNC_STATUS}, 1, true,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"optimism_syncStatus\",\"params\":[]}");
    assert_written(
        &(struct ls_pull_call){.method = LS_PULL_BLOCK_BY_HASH, .hash = {{0xab}}}, 1, true,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBlockByHash\",\"params\":["
        "\"0xab00000000000000000000000000000000000000000000000000000000000000\",false]}");
}

/* --- answers --- */

static enum ls_err split(const char *body, size_t count, struct ls_pull_item *items,
                         struct ls_diag *d)
{
    struct ls_diag unused = {""};
    struct ls_span text = {(const uint8_t *)body, strlen(body)};

    return ls_pull_batch_split(text, count, items, d ? d : &unused);
}

static void assert_result(const struct ls_pull_item *item, const char *want)
{
    assert_int_equal(item->fate, LS_PULL_ANSWERED);
    assert_int_equal(item->answer.result.n, strlen(want));
    assert_memory_equal(item->answer.result.p, want, strlen(want));
}

/* Odd spacing, escapes, brackets and commas in strings, members twice: the bytes are untouched. */
static void results_are_the_very_bytes_of_the_answer(void **state)
{
    static const char *const results[] = {
        "{\"a\":\"x\"}",
        "{ \"a\" :\t[1, 2,{}] ,\"b\":\"]}\\\"],{\" }",
        "\"\\u0041\\\\\"",
        "null",
        "-1.50e+01",
        "[ ]",
        "{\"id\":9,\"result\":\"inner\",\"error\":{\"code\":1}}",
        "{\"hash\":\"0xAb\",\"hash\":\"0xaB\"}",
    };
    struct ls_pull_item items[2];
    char body[512];

    (void)state;
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        snprintf(body, sizeof body,
                 " [{\"result\":%s ,\"id\":2,\"jsonrpc\":\"2.0\"},\n{\"id\" : \"1\" , "
                 "\"error\":null,\"result\" :\r\n  %s\t}]\n",
                 results[i], results[i]);
        assert_int_equal(split(body, 2, items, NULL), LS_OK);
        assert_result(&items[0], results[i]);
        assert_result(&items[1], results[i]);
        assert_true(items[1].answer.result.p < items[0].answer.result.p);

        snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":%s}", results[i]);
        assert_int_equal(split(body, 1, items, NULL), LS_OK);
        assert_result(&items[0], results[i]);
    }
}

static void answers_that_are_missing_are_lost_and_strays_ignored(void **state)
{
    struct ls_pull_item items[4];

    (void)state;
    assert_int_equal(
        split("[{\"id\":3,\"result\":3},{\"id\":7,\"result\":7},{\"id\":0,\"result\":0},"
              "{\"id\":null,\"result\":1},{\"id\":4}, 5, \"x\"]",
              4, items, NULL),
        LS_OK);
    assert_int_equal(items[0].fate, LS_PULL_LOST);
    assert_int_equal(items[1].fate, LS_PULL_LOST);
    assert_result(&items[2], "3");
    assert_int_equal(items[3].fate, LS_PULL_LOST);
    assert_int_equal(split("[]", 2, items, NULL), LS_OK);
    assert_int_equal(items[1].fate, LS_PULL_LOST);
}

static void an_error_is_told_from_trouble_that_passes(void **state)
{
    static const struct {
        const char *error;
        enum ls_pull_fate fate;
        int64_t code;
    } rows[] = {
        {"{\"code\":-32601,\"message\":\"the method x does not exist\"}", LS_PULL_REFUSED, -32601},
        {"{\"code\":-32602,\"message\":\"invalid argument 0\"}", LS_PULL_REFUSED, -32602},
        {"{\"code\":-32005,\"message\":\"daily request count exceeded\"}", LS_PULL_BUSY, -32005},
        {"{\"code\":429,\"message\":\"Too Many Requests\"}", LS_PULL_BUSY, 429},
        {"{\"code\":-32000,\"message\":\"execution timeout\"}", LS_PULL_BUSY, -32000},
        {"{\"code\":-32003,\"message\":\"response too large\"}", LS_PULL_TOO_LARGE, -32003},
        {"{\"code\":-32600,\"message\":\"batch too large\"}", LS_PULL_TOO_LARGE, -32600},
        {"{\"code\":-32000,\"message\":\"Batch size is over the limit\"}", LS_PULL_TOO_LARGE,
         -32000},
        {"{\"message\":\"no code\"}", LS_PULL_BUSY, 0},
    };
    struct ls_pull_item items[1];
    char body[256];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(body, sizeof body, "{\"id\":1,\"error\":%s,\"result\":null}", rows[i].error);
        assert_int_equal(split(body, 1, items, NULL), LS_OK);
        assert_int_equal(items[0].fate, rows[i].fate);
        assert_true(items[0].answer.is_error);
        assert_int_equal(items[0].answer.code, rows[i].code);
    }
    /* "Not found" as an error is what others say with null. */
    assert_int_equal(
        split("{\"id\":1,\"error\":{\"code\":-32000,\"message\":\"header not found\"}}", 1, items,
              NULL),
        LS_OK);
    assert_result(&items[0], "null");
    assert_false(items[0].answer.is_error);
}

static void a_batch_refused_as_a_whole_is_told(void **state)
{
    static const char *const bodies[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"no batches\"}}",
        "[{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"no "
        "batches\"}}]",
    };
    struct ls_pull_item items[2];
    struct ls_diag d = {""};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(split(bodies[i], 2, items, &d), LS_ERR_LIMIT);
        assert_string_equal(d.text, "a batch of 2 calls was refused: no batches");
    }
}

static void what_is_not_json_rpc_is_told(void **state)
{
    static const char *const bodies[] = {"",
                                         " ",
                                         "<html>502</html>",
                                         "[{\"id\":1,\"result\":{}}",
                                         "[{\"id\":1,\"result\":{}}]]",
                                         "7",
                                         "{}",
                                         "{\"id\":1}",
                                         "[{\"id\":1,\"result\":\"\x01\"}]"};
    struct ls_pull_item items[1];
    struct ls_diag d;

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        d.text[0] = '\0';
        assert_int_equal(split(bodies[i], 1, items, &d), LS_ERR_PARSE);
        assert_int_not_equal(d.text[0], '\0');
    }
}

/* A message comes from outside and goes to a terminal. */
static void messages_are_cut_and_cannot_move_the_cursor(void **state)
{
    struct ls_pull_item items[1];
    char body[1024];
    char long_text[501];

    (void)state;
    memset(long_text, 'y', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    snprintf(body, sizeof body, "{\"id\":1,\"error\":{\"code\":1,\"message\":\"a\x7f\xc2\x9b%s\"}}",
             long_text);
    assert_int_equal(split(body, 1, items, NULL), LS_OK);
    assert_memory_equal(items[0].answer.message, "a   y", 5);
    assert_int_equal(strlen(items[0].answer.message), LS_PULL_MESSAGE_BYTES - 1);
}

/* --- pace --- */

static void batches_grow_while_the_node_is_quick(void **state)
{
    struct ls_pull_pace p;

    (void)state;
    ls_pull_pace_init(&p, 100, 1);
    assert_int_equal(p.batch, 8);
    ls_pull_pace_good(&p, 8, 1000, 10);
    assert_int_equal(p.batch, 16);
    ls_pull_pace_good(&p, 7, 1000, 10); /* the end of a plan says nothing */
    assert_int_equal(p.batch, 16);
    ls_pull_pace_good(&p, 16, 1000, 2000); /* not quick */
    assert_int_equal(p.batch, 16);
    ls_pull_pace_good(&p, 16, 3u << 20, 10); /* not small */
    assert_int_equal(p.batch, 16);
    for (int i = 0; i < 5; i++) {
        ls_pull_pace_good(&p, p.batch, 1000, 10);
    }
    assert_int_equal(p.batch, 100);
    ls_pull_pace_good(&p, 100, 1000, 6000); /* slow */
    assert_int_equal(p.batch, 50);
    ls_pull_pace_good(&p, 50, 17u << 20, 10); /* large */
    assert_int_equal(p.batch, 25);
}

static void a_size_that_was_refused_is_not_tried_again(void **state)
{
    struct ls_pull_pace p;

    (void)state;
    ls_pull_pace_init(&p, 64, 1);
    assert_true(ls_pull_pace_smaller(&p, 32));
    for (int i = 0; i < 5; i++) {
        ls_pull_pace_good(&p, p.batch, 1000, 10);
    }
    assert_int_equal(p.batch, 16);
    assert_true(ls_pull_pace_smaller(&p, 2));
    assert_int_equal(p.batch, 1);
    assert_false(ls_pull_pace_smaller(&p, 1));
    assert_int_equal(p.batch, 1);
}

static void pauses_double_up_to_a_maximum_within_their_jitter(void **state)
{
    struct ls_pull_pace p;
    uint64_t full = LS_PULL_BACKOFF_MIN_MS;

    (void)state;
    ls_pull_pace_init(&p, 64, 7);
    for (int i = 0; i < 12; i++) {
        uint64_t pause = ls_pull_pace_bad(&p, 1000, 0);
        assert_in_range(pause, full / 2, full);
        assert_int_equal(p.pause_until_ms, 1000 + pause);
        full = full * 2 < LS_PULL_BACKOFF_MAX_MS ? full * 2 : LS_PULL_BACKOFF_MAX_MS;
    }
    ls_pull_pace_good(&p, 1, 1, 1);
    assert_in_range(ls_pull_pace_bad(&p, 1000, 0), LS_PULL_BACKOFF_MIN_MS / 2,
                    LS_PULL_BACKOFF_MIN_MS);
}

static void jitter_comes_from_the_seed(void **state)
{
    struct ls_pull_pace a, b, c;
    unsigned differ = 0;

    (void)state;
    ls_pull_pace_init(&a, 64, 7);
    ls_pull_pace_init(&b, 64, 7);
    ls_pull_pace_init(&c, 64, 8);
    for (int i = 0; i < 20; i++) {
        uint64_t pause = ls_pull_pace_bad(&a, 0, 0);
        assert_int_equal(pause, ls_pull_pace_bad(&b, 0, 0));
        differ += pause != ls_pull_pace_bad(&c, 0, 0);
    }
    assert_true(differ > 15);
}

static void retry_after_is_obeyed_within_reason(void **state)
{
    struct ls_pull_pace p;

    (void)state;
    ls_pull_pace_init(&p, 64, 7);
    assert_in_range(ls_pull_pace_bad(&p, 0, 10000), 10000, 10000 + LS_PULL_BACKOFF_MIN_MS);
    assert_in_range(ls_pull_pace_bad(&p, 0, UINT64_MAX), LS_PULL_RETRY_AFTER_MAX_MS,
                    LS_PULL_RETRY_AFTER_MAX_MS + LS_PULL_BACKOFF_MIN_MS);
}

static void a_node_that_never_answered_gets_less_patience(void **state)
{
    struct ls_pull_pace p;

    (void)state;
    ls_pull_pace_init(&p, 64, 7);
    (void)ls_pull_pace_bad(&p, 1000, 0);
    (void)ls_pull_pace_bad(&p, 2000, 0);
    assert_int_equal(ls_pull_pace_end_ms(&p, 60000, 5000), 6000);
    assert_int_equal(ls_pull_pace_end_ms(&p, 3000, 5000), 4000);
    ls_pull_pace_good(&p, 1, 1, 1);
    (void)ls_pull_pace_bad(&p, 9000, 0);
    assert_int_equal(ls_pull_pace_end_ms(&p, 60000, 5000), 69000);
}

/* --- progress --- */

static void lines_come_now_and_then_with_rate_and_eta(void **state)
{
    struct ls_pull_progress p;
    char text[LS_PULL_PROGRESS_BYTES];
    unsigned shown = 0;

    (void)state;
    ls_pull_progress_init(&p, false, 0);
    for (uint64_t n = 1; n <= 1000; n++) { /* 100 a second */
        shown += ls_pull_progress_block(&p, n, 40000, n * 10, text);
    }
    assert_int_equal(shown, 2);
    assert_string_equal(text, "block 1000 of 40000, 100 blocks/s, ETA 6:30");
}

static void a_terminal_gets_a_bar(void **state)
{
    struct ls_pull_progress p;
    char text[LS_PULL_PROGRESS_BYTES];

    (void)state;
    ls_pull_progress_init(&p, true, 0);
    assert_false(ls_pull_progress_block(&p, 101, 110, 50, text));
    assert_true(ls_pull_progress_block(&p, 102, 104, 100, text));
    assert_string_equal(text, "[############............] block 102 of 104  20 blocks/s  ETA 0:00");
    for (uint64_t n = 3; n < 7; n++) {
        (void)ls_pull_progress_block(&p, 100 + n, 90000, 100, text);
    }
    assert_true(ls_pull_progress_block(&p, 107, 90000, 100 + 5000, text));
    assert_non_null(strstr(text, "[........................] block 107 of 90000  14 blocks/s  ETA "
                                 "1:44:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_written_with_ids_from_one),
        cmocka_unit_test(results_are_the_very_bytes_of_the_answer),
        cmocka_unit_test(answers_that_are_missing_are_lost_and_strays_ignored),
        cmocka_unit_test(an_error_is_told_from_trouble_that_passes),
        cmocka_unit_test(a_batch_refused_as_a_whole_is_told),
        cmocka_unit_test(what_is_not_json_rpc_is_told),
        cmocka_unit_test(messages_are_cut_and_cannot_move_the_cursor),
        cmocka_unit_test(batches_grow_while_the_node_is_quick),
        cmocka_unit_test(a_size_that_was_refused_is_not_tried_again),
        cmocka_unit_test(pauses_double_up_to_a_maximum_within_their_jitter),
        cmocka_unit_test(jitter_comes_from_the_seed),
        cmocka_unit_test(retry_after_is_obeyed_within_reason),
        cmocka_unit_test(a_node_that_never_answered_gets_less_patience),
        cmocka_unit_test(lines_come_now_and_then_with_rate_and_eta),
        cmocka_unit_test(a_terminal_gets_a_bar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
