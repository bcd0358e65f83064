/*
 * `lockstep serve` without sockets and clocks: pace arithmetic, positions of a recording, fault
 * rules as words, the command line. The control API is in test_harness_control.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "harness/capture/chain.h"
#include "harness/live/rundir.h"
#include "harness/serve/calls.h"
#include "harness/serve/faults.h"
#include "harness/serve/history.h"
#include "harness/serve/options.h"
#include "harness/serve/pace.h"
#include "harness/serve/secret.h"
#include "harness/serve/timeline.h"

#define S UINT64_C(1000000000)

/* --- pace --- */

static void paces_are_words_and_factors(void **state)
{
    static const struct {
        const char *text;
        bool is_running;
        uint64_t milli;
        const char *printed;
    } rows[] = {{"real", true, 1000, "real"},     {"manual", false, 1000, "manual"},
                {"1", true, 1000, "real"},        {"10", true, 10000, "10"},
                {"0.5", true, 500, "0.500"},      {"2.25", true, 2250, "2.250"},
                {"0.001", true, 1, "0.001"},      {"1000", true, 1000000, "1000"},
                {"1000.0", true, 1000000, "1000"}};
    char text[LS_PACE_TEXT_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_pace p = {0};
        assert_int_equal(ls_pace_parse(rows[i].text, &p, NULL), LS_OK);
        assert_int_equal(p.is_running, rows[i].is_running);
        assert_int_equal(p.milli, rows[i].milli);
        ls_pace_print(&p, text);
        assert_string_equal(text, rows[i].printed);
    }
}

static void what_is_no_pace_is_refused(void **state)
{
    static const char *const bad[] = {"",       "0",        "-1",  "fast", "1.",   ".5",
                                      "1.2345", "1000.001", "1e3", " 1",   "1001", "0.0001"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ls_pace p = {0};
        struct ls_diag d = {0};
        assert_int_equal(ls_pace_parse(bad[i], &p, &d), LS_ERR_USAGE);
        assert_non_null(strstr(d.text, "real, manual"));
    }
}

static void the_position_runs_with_time_and_factor(void **state)
{
    struct ls_pace p = {.is_running = true, .milli = 2500, .at_ms = 100, .anchor_ns = 3 * S};
    (void)state;
    assert_int_equal(ls_pace_at_ms(&p, 3 * S), 100);
    assert_int_equal(ls_pace_at_ms(&p, 5 * S), 5100);
    assert_int_equal(ls_pace_at_ms(&p, 2 * S), 100); /* a clock never goes back */
    p.is_running = false;
    assert_int_equal(ls_pace_at_ms(&p, 500 * S), 100);
}

static void a_position_past_all_time_does_not_wrap(void **state)
{
    struct ls_pace p = {.is_running = true, .milli = LS_PACE_MILLI_MAX};
    (void)state;
    assert_true(ls_pace_at_ms(&p, UINT64_MAX) == UINT64_MAX);
    p = (struct ls_pace){.is_running = true, .milli = 1000, .at_ms = UINT64_MAX - 10};
    assert_true(ls_pace_at_ms(&p, 5 * S) == UINT64_MAX);
}

static void a_change_of_pace_keeps_the_position(void **state)
{
    struct ls_pace p = {.is_running = true, .milli = 1000};
    struct ls_pace fast = {.is_running = true, .milli = 10000};
    struct ls_pace still = {.milli = 1000};
    (void)state;
    ls_pace_change(&p, &fast, 4 * S);
    assert_int_equal(ls_pace_at_ms(&p, 4 * S), 4000);
    assert_int_equal(ls_pace_at_ms(&p, 5 * S), 14000);
    ls_pace_change(&p, &still, 5 * S);
    assert_int_equal(ls_pace_at_ms(&p, 99 * S), 14000);
    ls_pace_jump(&p, 7, 99 * S);
    ls_pace_change(&p, &fast, 100 * S);
    assert_int_equal(ls_pace_at_ms(&p, 101 * S), 10007);
}

/* --- positions --- */

static struct ls_chain chain_of(const char *dir)
{
    struct ls_chain c;
    assert_int_equal(ls_chain_open(dir, NULL, &c, NULL), LS_OK);
    return c;
}

static uint64_t number(const struct ls_chain *c, uint32_t id)
{
    assert_int_not_equal(id, LS_NO_BLOCK);
    return ls_universe_get(c->l2, id)->ref.number;
}

/* Each row from its time on until the next one's; the first one's time is 0, also in a window that
 * was cut out of a longer recording. */
static void labels_are_shown(const char *fixture, uint64_t last_unsafe)
{
    struct ls_chain c = chain_of(fixture);
    struct ls_timeline t = {.chain = &c};
    for (size_t i = 0; i < c.timeline_count; i++) {
        const struct ls_chain_label *row = &c.timeline[i];
        uint64_t at_ms = row->at_ms - c.timeline[0].at_ms;
        bool is_last_of_its_time =
            i + 1 == c.timeline_count || c.timeline[i + 1].at_ms > row->at_ms;
        struct ls_src_heads h = ls_timeline_heads(&t, at_ms);
        if (is_last_of_its_time) {
            assert_int_equal(number(&c, h.unsafe_l2), row->status.unsafe_l2.number);
            assert_int_equal(number(&c, h.safe_l2), row->status.safe_l2.number);
            assert_int_equal(number(&c, h.finalized_l2), row->status.finalized_l2.number);
            assert_int_equal(ls_universe_get(c.l1, h.head_l1)->ref.number,
                             row->status.head_l1.number);
        }
        if (i > 0 && row->at_ms > c.timeline[i - 1].at_ms) {
            h = ls_timeline_heads(&t, at_ms - 1);
            assert_int_equal(number(&c, h.unsafe_l2), c.timeline[i - 1].status.unsafe_l2.number);
        }
    }
    assert_int_equal(number(&c, ls_timeline_heads(&t, UINT64_MAX).unsafe_l2), last_unsafe);
    assert_int_equal(ls_timeline_end_ms(&t),
                     c.timeline[c.timeline_count - 1].at_ms - c.timeline[0].at_ms);
    ls_chain_close(&c);
}

static void recorded_labels_are_shown_at_their_time(void **state)
{
    (void)state;
    labels_are_shown("fixtures/devnet-forks", 511);
    labels_are_shown("fixtures/devnet-reorgs", 1837);
}

static void without_labels_heads_follow_block_time(void **state)
{
    struct ls_chain c = chain_of("fixtures/op-sepolia-window");
    struct ls_timeline t = {.chain = &c, .lags = {30, 120}};
    uint64_t first = number(&c, c.first);
    uint64_t tip = number(&c, c.tip);
    uint64_t step = c.rollup.block_time * 1000;
    struct ls_src_heads h = ls_timeline_heads(&t, 0);
    (void)state;
    assert_int_equal(number(&c, h.unsafe_l2), first);
    assert_int_equal(number(&c, h.finalized_l2), first);
    h = ls_timeline_heads(&t, 150 * step - 1);
    assert_int_equal(number(&c, h.unsafe_l2), first + 149);
    h = ls_timeline_heads(&t, 150 * step);
    assert_int_equal(number(&c, h.unsafe_l2), first + 150);
    assert_int_equal(number(&c, h.safe_l2), first + 120);
    assert_int_equal(number(&c, h.local_safe_l2), first + 120);
    assert_int_equal(number(&c, h.finalized_l2), first + 30);
    /* at the end the labels catch up */
    h = ls_timeline_heads(&t, ls_timeline_end_ms(&t) - 1);
    assert_int_equal(number(&c, h.unsafe_l2), tip);
    assert_int_equal(number(&c, h.finalized_l2), tip - 1);
    h = ls_timeline_heads(&t, ls_timeline_end_ms(&t));
    assert_int_equal(number(&c, h.finalized_l2), tip);
    ls_chain_close(&c);
}

static void l1_is_never_behind_an_origin_nor_ahead_of_the_time(void **state)
{
    struct ls_chain c = chain_of("fixtures/op-sepolia-window");
    struct ls_timeline t = {.chain = &c, .lags = {30, 120}};
    (void)state;
    for (uint64_t at_ms = 0; at_ms < ls_timeline_end_ms(&t); at_ms += 7777) {
        struct ls_src_heads h = ls_timeline_heads(&t, at_ms);
        const struct ls_l2_ref *unsafe = &ls_universe_get(c.l2, h.unsafe_l2)->ref;
        const struct ls_l2_ref *safe = &ls_universe_get(c.l2, h.safe_l2)->ref;
        const struct ls_l2_ref *head = &ls_universe_get(c.l1, h.head_l1)->ref;
        const struct ls_l2_ref *current = &ls_universe_get(c.l1, h.current_l1)->ref;
        assert_true(head->number >= unsafe->l1_origin.number);
        assert_true(head->timestamp <= unsafe->timestamp);
        assert_memory_equal(&current->hash, &safe->l1_origin.hash, sizeof current->hash);
    }
    ls_chain_close(&c);
}

static void the_time_of_a_height_shows_that_height(void **state)
{
    static const char *const dirs[] = {"fixtures/devnet-forks", "fixtures/devnet-reorgs",
                                       "fixtures/op-sepolia-window"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct ls_chain c = chain_of(dirs[i]);
        struct ls_timeline t = {.chain = &c, .lags = {30, 120}};
        uint32_t block = ls_chain_at(&c, number(&c, c.tip) - 100);
        uint64_t at_ms = ls_timeline_when(&t, block);
        assert_true(number(&c, ls_timeline_heads(&t, at_ms).unsafe_l2) >= number(&c, block));
        assert_true(number(&c, ls_timeline_heads(&t, at_ms - 1).unsafe_l2) < number(&c, block));
        ls_chain_close(&c);
    }
}

/* --- faults as words --- */

static void answer_ok(struct ls_backend *b, const struct ls_http_request *req,
                      struct ls_http_reply *reply)
{
    (void)b;
    (void)req;
    (void)ls_buf_puts(&reply->body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":true}");
}

static const struct ls_backend_ops ANSWER_OPS = {.handle = answer_ok};

struct ports {
    struct ls_backend inner;
    struct ls_faults faults;
};

static int setup_ports(void **state)
{
    struct ports *p = calloc(1, sizeof *p);
    *state = p;
    if (p == NULL) {
        return 1;
    }
    p->inner.ops = &ANSWER_OPS;
    for (size_t i = 0; i < LS_SERVE_PORT_COUNT; i++) {
        p->faults.filters[i] = i == LS_SERVE_SYNCTESTER ? NULL : ls_filter_new(&p->inner, 1);
    }
    return 0;
}

static int teardown_ports(void **state)
{
    struct ports *p = *state;
    for (size_t i = 0; i < LS_SERVE_PORT_COUNT; i++) {
        ls_filter_free(p->faults.filters[i]);
    }
    free(p);
    return 0;
}

/* Asks a port for a method. */
static struct ls_http_reply ask(struct ports *p, enum ls_serve_port port, const char *method)
{
    char body[128];
    struct ls_backend *f = p->faults.filters[port];
    struct ls_http_reply reply = {.status = 200};
    struct ls_http_request req = {.verb = "POST", .path = "/", .body = body, .serial = 1};
    (void)snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"}", method);
    req.body_bytes = strlen(body);
    ls_buf_init(&reply.body, 4096);
    f->ops->handle(f, &req, &reply);
    ls_buf_fini(&reply.body);
    return reply;
}

static uint32_t armed(struct ports *p, const char *text)
{
    struct ls_diag d = {0};
    uint32_t id = 0;
    enum ls_err e = ls_faults_add_text(&p->faults, text, &id, &d);
    if (e != LS_OK) {
        fail_msg("%s: %s", text, d.text);
    }
    return id;
}

static void a_fault_is_one_word(void **state)
{
    struct ports *p = *state;
    assert_int_equal(armed(p, "el:delay,method=engine_newPayload*,ms=300,count=2"), 1);
    assert_int_equal(ask(p, LS_SERVE_EL, "eth_chainId").delay_ns, 0);
    assert_int_equal(ask(p, LS_SERVE_EL, "engine_newPayloadV3").delay_ns, 300000000);
    assert_int_equal(ask(p, LS_SERVE_EL_HTTP, "engine_newPayloadV3").delay_ns, 0);
    assert_int_equal(ask(p, LS_SERVE_EL, "engine_newPayloadV4").delay_ns, 300000000);
    assert_int_equal(ask(p, LS_SERVE_EL, "engine_newPayloadV4").delay_ns, 0);
}

static void a_fault_on_the_source_is_on_both_of_its_ports(void **state)
{
    struct ports *p = *state;
    (void)armed(p, "source:http,http_status=503,retry_after=9");
    assert_int_equal(ask(p, LS_SERVE_SOURCE_EL, "eth_chainId").status, 503);
    assert_int_equal(ask(p, LS_SERVE_SOURCE_CL, "optimism_version").retry_after_s, 9);
    assert_int_equal(ask(p, LS_SERVE_L1, "eth_chainId").status, 200);
}

static void text_takes_the_rest_of_the_word(void **state)
{
    struct ports *p = *state;
    (void)armed(p, "el:result,text={\"a\":1,\"b\":[2,3]}");
    assert_string_equal(ask(p, LS_SERVE_EL, "eth_chainId").fault, "result");
}

static void every_kind_of_fault_can_be_armed(void **state)
{
    struct ports *p = *state;
    for (size_t i = 0; i < LS_FAULT_KIND_COUNT; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "l1:%s,count=3,text=\"SYNCING\"",
                       ls_fault_name((enum ls_fault)i));
        (void)armed(p, text);
        assert_int_equal(p->faults.armed[i].kind, i);
    }
}

static void params_narrow_a_fault(void **state)
{
    struct ports *p = *state;
    (void)armed(p, "el:hang,params=*latest*");
    assert_int_equal(ask(p, LS_SERVE_EL, "eth_getBlockByNumber").fate, LS_FATE_SEND);
    assert_int_equal(p->faults.armed[0].kind, LS_FAULT_HANG);
}

static void wrong_faults_say_what_is_wrong(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } rows[] = {{"delay", "PORT:KIND"},
                {"el", "PORT:KIND"},
                {"x:delay", "unknown \"port\""},
                {"el:explode", "no kind \"explode\""},
                {"synctester:delay", "is off"},
                {"el:delay,ms", "member=value"},
                {"el:delay,=3", "member=value"},
                {"el:delay,mss=3", "no member \"mss\""},
                {"el:delay,ms=-3", "whole number"},
                {"el:delay,ms=soon", "whole number"},
                {"el:delay,ms=3,ms=4", "twice"},
                {"el:http,http_status=99", "not from 200"},
                {"el:http,http_status=600", "to 599"},
                {"el:delay,probability=1.5", "not from 0 to 1"},
                {"el:result", "JSON"},
                {"el:result,text={", "JSON"},
                {"el:status", "SYNCING"}};
    struct ports *p = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_diag d = {0};
        uint32_t id = 77;
        assert_int_equal(ls_faults_add_text(&p->faults, rows[i].text, &id, &d), LS_ERR_USAGE);
        if (strstr(d.text, rows[i].says) == NULL) {
            fail_msg("\"%s\" gives \"%s\"", rows[i].text, d.text);
        }
        assert_int_equal(id, 77);
    }
    assert_int_equal(p->faults.armed[0].id, 0);
}

static void faults_are_cleared_by_number_and_by_port(void **state)
{
    struct ports *p = *state;
    uint32_t first = armed(p, "all:hang,method=a");
    uint32_t second = armed(p, "el:hang,method=b");
    assert_int_equal(ls_faults_remove(&p->faults, 99, NULL), LS_ERR_NOT_FOUND);
    assert_int_equal(ls_faults_remove(&p->faults, second, NULL), LS_OK);
    assert_int_equal(ask(p, LS_SERVE_EL, "b").fate, LS_FATE_SEND);
    ls_faults_clear(&p->faults, 1u << LS_SERVE_EL);
    assert_int_equal(ask(p, LS_SERVE_EL, "a").fate, LS_FATE_SEND);
    assert_int_equal(ask(p, LS_SERVE_L1, "a").fate, LS_FATE_HANG);
    assert_int_equal(p->faults.armed[0].id, first); /* still on the other ports */
    ls_faults_clear(&p->faults, UINT32_MAX);
    assert_int_equal(ask(p, LS_SERVE_L1, "a").fate, LS_FATE_SEND);
    assert_int_equal(p->faults.armed[0].id, 0);
}

static void a_used_up_fault_makes_room(void **state)
{
    struct ports *p = *state;
    struct ls_diag d = {0};
    uint32_t id = 0;
    for (size_t i = 0; i < LS_FAULT_RULES_MAX; i++) {
        (void)armed(p, "el:null,count=1,method=a");
    }
    assert_int_equal(ls_faults_add_text(&p->faults, "el:null,method=b", &id, &d), LS_ERR_LIMIT);
    assert_non_null(strstr(d.text, "\"el\""));
    (void)ask(p, LS_SERVE_EL, "a");
    (void)armed(p, "el:null,method=b");
    assert_string_equal(ask(p, LS_SERVE_EL, "b").fault, "null");
}

static void release_lets_held_requests_go_and_ends_the_hold(void **state)
{
    struct ports *p = *state;
    (void)armed(p, "el:hold,method=engine_*");
    assert_int_equal(ask(p, LS_SERVE_EL, "engine_x").fate, LS_FATE_HOLD);
    ls_faults_release(&p->faults, 1u << LS_SERVE_EL, "eth_*");
    assert_int_equal(ask(p, LS_SERVE_EL, "engine_x").fate, LS_FATE_HOLD);
    ls_faults_release(&p->faults, 1u << LS_SERVE_EL, "engine_*");
    assert_int_equal(ask(p, LS_SERVE_EL, "engine_x").fate, LS_FATE_SEND);
    assert_int_equal(p->faults.armed[0].id, 0);
}

/* --- rings --- */

static void the_ring_keeps_the_newest_lines_in_order(void **state)
{
    struct ls_calls *c = ls_calls_new();
    struct ls_buf out;
    struct ls_jw w;
    char line[16];
    (void)state;
    ls_buf_init(&out, 1u << 20);
    for (unsigned i = 1; i <= LS_CALLS_MAX + 5; i++) {
        int n = snprintf(line, sizeof line, "%u", i);
        ls_calls_add(c, line, (size_t)n);
    }
    assert_int_equal(ls_calls_last(c), LS_CALLS_MAX + 5);
    ls_jw_init(&w, &out);
    ls_calls_write(c, 0, 3, &w, NULL);
    assert_string_equal((char *)out.p, "[1027,1028,1029]");
    ls_buf_clear(&out);
    ls_jw_init(&w, &out);
    ls_calls_write(c, 1027, 100, &w, NULL);
    assert_string_equal((char *)out.p, "[1028,1029]");
    ls_buf_clear(&out);
    ls_jw_init(&w, &out);
    ls_calls_write(c, 5000, 100, &w, NULL);
    assert_string_equal((char *)out.p, "[]");
    ls_buf_clear(&out);
    ls_jw_init(&w, &out);
    ls_calls_write(c, 0, UINT64_MAX, &w, NULL);
    assert_memory_equal(out.p, "[6,7,", 5);
    ls_buf_fini(&out);
    ls_calls_free(c);
}

static void history_keeps_changes_that_are_apart(void **state)
{
    struct ls_history *h = calloc(1, sizeof *h);
    struct ls_sample s = {.at_ms = 100, .numbers = {5, 4, LS_HISTORY_UNSET, 3, 2, 1}};
    struct ls_buf out;
    struct ls_jw w;
    (void)state;
    assert_non_null(h);
    ls_buf_init(&out, 1u << 20);
    ls_history_add(h, &s);
    s.at_ms = 100 + LS_HISTORY_STEP_MS;
    ls_history_add(h, &s); /* nothing changed */
    s.at_ms = 100 + LS_HISTORY_STEP_MS - 1;
    s.numbers[0] = 6;
    ls_history_add(h, &s); /* too early */
    s.at_ms = 100 + LS_HISTORY_STEP_MS;
    ls_history_add(h, &s);
    ls_jw_init(&w, &out);
    ls_history_write(h, 0, &w, NULL);
    assert_string_equal((char *)out.p, "[[1,100,5,4,null,3,2,1],[2,600,6,4,null,3,2,1]]");
    ls_buf_clear(&out);
    ls_jw_init(&w, &out);
    ls_history_write(h, 1, &w, NULL);
    assert_string_equal((char *)out.p, "[[2,600,6,4,null,3,2,1]]");
    for (uint64_t i = 0; i < LS_HISTORY_MAX + 2; i++) {
        s.at_ms += LS_HISTORY_STEP_MS;
        s.numbers[0]++;
        ls_history_add(h, &s);
    }
    ls_buf_clear(&out);
    ls_jw_init(&w, &out);
    ls_history_write(h, 0, &w, NULL);
    assert_memory_equal(out.p, "[[5,", 4); /* 3602 + 2 samples were taken, 3600 are kept */
    ls_buf_fini(&out);
    free(h);
}

/* --- command line --- */

static enum ls_err read_line(struct ls_serve_options *o, struct ls_diag *d, int n, ...)
{
    static char words[20][64];
    char *argv[21] = {0};
    va_list args;
    va_start(args, n);
    for (int i = 0; i < n; i++) {
        (void)snprintf(words[i], sizeof words[i], "%s", va_arg(args, const char *));
        argv[i] = words[i];
    }
    va_end(args);
    return ls_serve_options_read(n, argv, o, d);
}

static void defaults_are_the_usual_ports_on_this_machine(void **state)
{
    struct ls_serve_options o;
    struct ls_diag d = {0};
    (void)state;
    assert_int_equal(read_line(&o, &d, 3, "serve", "--fixture", "x"), LS_OK);
    assert_string_equal(o.fixture, "x");
    assert_string_equal(o.profile, "geth");
    assert_int_equal(o.addresses[LS_SERVE_EL].port, 8551);
    assert_string_equal(o.addresses[LS_SERVE_CONTROL].address, "127.0.0.1");
    assert_false(o.addresses[LS_SERVE_EL].is_given);
    assert_true(o.pace.is_running);
    assert_int_equal(o.pace.milli, LS_PACE_REAL);
    assert_int_equal(o.state, LS_ETH_STATE_EMPTY);
    assert_false(o.start.is_given);
    ls_serve_options_fini(&o);
}

static void options_are_taken(void **state)
{
    struct ls_serve_options o;
    struct ls_diag d = {0};
    (void)state;
    assert_int_equal(read_line(&o, &d, 17, "serve", "--fixture=x", "--el", "0", "--l1=off",
                               "--control", "0.0.0.0:99", "--source-el", ":7", "--start", "9/8",
                               "--pace", "manual", "--fault", "a:b", "--fault", "c:d"),
                     LS_OK);
    assert_true(o.addresses[LS_SERVE_EL].is_given);
    assert_int_equal(o.addresses[LS_SERVE_EL].port, 0);
    assert_true(o.addresses[LS_SERVE_L1].is_off);
    assert_string_equal(o.addresses[LS_SERVE_CONTROL].address, "0.0.0.0");
    assert_int_equal(o.addresses[LS_SERVE_CONTROL].port, 99);
    assert_int_equal(o.addresses[LS_SERVE_SOURCE_EL].port, 7);
    assert_int_equal(o.start.head, 9);
    assert_true(o.start.has_safe);
    assert_int_equal(o.start.safe, 8);
    assert_false(o.start.has_finalized);
    assert_false(o.pace.is_running);
    assert_int_equal(o.faults.count, 2);
    assert_string_equal(o.faults.items[1], "c:d");
    ls_serve_options_fini(&o);
}

static void wrong_options_say_what_is_wrong(void **state)
{
    static const struct {
        const char *option;
        const char *value;
        const char *says;
    } rows[] = {{"--el", "x", "no address"},
                {"--el", "1.2.3:80", "no IPv4"},
                {"--el", "node.example:80", "no IPv4"},
                {"--el", "127.0.0.1", "no address"},
                {"--el", "127.0.0.1:65536", "no address"},
                {"--el", "127.0.0.1:-1", "no address"},
                {"--profile", "besu2", "there are: geth"},
                {"--start", "", "no start"},
                {"--start", "1/", "no start"},
                {"--start", "1/2/3/4", "no start"},
                {"--start", "0x10", "no start"},
                {"--pace", "fast", "no pace"},
                {"--lag", "30", "two numbers"},
                {"--lag", "30,20", "two numbers"},
                {"--state", "full", "neither"},
                {"--peers", "many", "not a number"},
                {"--peers", "1000001", "at most"},
                {"--speed", "3", "unknown option"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_serve_options o;
        struct ls_diag d = {0};
        assert_int_equal(
            read_line(&o, &d, 5, "serve", "--fixture", "x", rows[i].option, rows[i].value),
            LS_ERR_USAGE);
        if (strstr(d.text, rows[i].says) == NULL) {
            fail_msg("%s %s gives \"%s\"", rows[i].option, rows[i].value, d.text);
        }
        ls_serve_options_fini(&o);
    }
}

static void a_fixture_is_needed_and_nothing_else_stands_alone(void **state)
{
    struct ls_serve_options o;
    struct ls_diag d = {0};
    (void)state;
    assert_int_equal(read_line(&o, &d, 1, "serve"), LS_ERR_USAGE);
    assert_non_null(strstr(d.text, "--fixture"));
    ls_serve_options_fini(&o);
    assert_int_equal(read_line(&o, &d, 4, "serve", "--fixture", "x", "y"), LS_ERR_USAGE);
    assert_non_null(strstr(d.text, "\"y\""));
    ls_serve_options_fini(&o);
    assert_int_equal(read_line(&o, &d, 2, "serve", "--help"), LS_OK);
    assert_true(o.is_help);
    ls_serve_options_fini(&o);
}

/* --- the secret --- */

static void a_secret_is_made_once_and_read_again(void **state)
{
    struct ls_rundir dir;
    char path[LS_RUNDIR_PATH_MAX];
    uint8_t made[LS_JWT_SECRET_BYTES] = {0};
    uint8_t read[LS_JWT_SECRET_BYTES] = {0};
    uint8_t other[LS_JWT_SECRET_BYTES] = {0};
    struct ls_diag d = {0};
    struct stat st;
    (void)state;
    assert_int_equal(ls_rundir_make(&dir, NULL, NULL), LS_OK);
    assert_int_equal(ls_rundir_path(&dir, "jwt.hex", path, sizeof path), LS_OK);
    assert_int_equal(ls_serve_secret(path, made, NULL), LS_OK);
    assert_int_equal(ls_serve_secret(path, read, NULL), LS_OK);
    assert_memory_equal(made, read, sizeof made);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(ls_rundir_path(&dir, "other.hex", path, sizeof path), LS_OK);
    assert_int_equal(ls_serve_secret(path, other, NULL), LS_OK);
    assert_memory_not_equal(made, other, sizeof made);
    assert_int_equal(
        ls_rundir_write(&dir, "bad.hex", (struct ls_span){(const uint8_t *)"0xab", 4}, NULL),
        LS_OK);
    assert_int_equal(ls_rundir_path(&dir, "bad.hex", path, sizeof path), LS_OK);
    assert_int_not_equal(ls_serve_secret(path, read, &d), LS_OK);
    assert_non_null(strstr(d.text, "bad.hex"));
    assert_null(strstr(d.text, "0xab"));
    assert_int_equal(ls_rundir_path(&dir, "no/such.hex", path, sizeof path), LS_OK);
    assert_int_equal(ls_serve_secret(path, read, &d), LS_ERR_IO);
    ls_rundir_remove(&dir);
}

#define P(f) cmocka_unit_test_setup_teardown(f, setup_ports, teardown_ports)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paces_are_words_and_factors),
        cmocka_unit_test(what_is_no_pace_is_refused),
        cmocka_unit_test(the_position_runs_with_time_and_factor),
        cmocka_unit_test(a_position_past_all_time_does_not_wrap),
        cmocka_unit_test(a_change_of_pace_keeps_the_position),
        cmocka_unit_test(recorded_labels_are_shown_at_their_time),
        cmocka_unit_test(without_labels_heads_follow_block_time),
        cmocka_unit_test(l1_is_never_behind_an_origin_nor_ahead_of_the_time),
        cmocka_unit_test(the_time_of_a_height_shows_that_height),
        P(a_fault_is_one_word),
        P(a_fault_on_the_source_is_on_both_of_its_ports),
        P(text_takes_the_rest_of_the_word),
        P(every_kind_of_fault_can_be_armed),
        P(params_narrow_a_fault),
        P(wrong_faults_say_what_is_wrong),
        P(faults_are_cleared_by_number_and_by_port),
        P(a_used_up_fault_makes_room),
        P(release_lets_held_requests_go_and_ends_the_hold),
        cmocka_unit_test(the_ring_keeps_the_newest_lines_in_order),
        cmocka_unit_test(history_keeps_changes_that_are_apart),
        cmocka_unit_test(defaults_are_the_usual_ports_on_this_machine),
        cmocka_unit_test(options_are_taken),
        cmocka_unit_test(wrong_options_say_what_is_wrong),
        cmocka_unit_test(a_fixture_is_needed_and_nothing_else_stands_alone),
        cmocka_unit_test(a_secret_is_made_once_and_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
