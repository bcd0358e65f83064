/*
 * The control API without sockets: requests go straight to its backend, over a stage with a
 * recorded chain; ports are doubles that count.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/capture/chain.h"
#include "harness/serve/control.h"
#include "lib/json.h"

#define S UINT64_C(1000000000)

struct rig {
    struct ls_chain chain;
    struct ls_stage stage;
    struct ls_backend inner; /* behind the filters */
    struct ls_faults faults;
    struct ls_calls *calls;
    struct ls_history *history;
    struct ls_control control;
    bool is_closed[LS_SERVE_PORT_COUNT];
    unsigned closings;
    unsigned retries[LS_SERVE_PORT_COUNT];
    uint64_t now_ns;
    struct ls_http_request next; /* template of requests */
    struct ls_http_reply reply;  /* to the last one */
    struct cJSON *answer;        /* its body, parsed; NULL when it is no JSON */
};

/* --- doubles --- */

static void answer_nothing(struct ls_backend *b, const struct ls_http_request *req,
                           struct ls_http_reply *reply)
{
    (void)b;
    (void)req;
    (void)reply;
}

static const struct ls_backend_ops INNER_OPS = {.handle = answer_nothing};

static void retry(void *user, enum ls_serve_port port)
{
    struct rig *r = user;
    r->retries[port]++;
}

static size_t held(void *user, enum ls_serve_port port)
{
    (void)user;
    return port == LS_SERVE_L1 ? 3 : 0;
}

static bool is_open(void *user, enum ls_serve_port port)
{
    const struct rig *r = user;
    return !r->is_closed[port];
}

static enum ls_err set_open(void *user, enum ls_serve_port port, bool wanted, struct ls_diag *d)
{
    struct rig *r = user;
    (void)d;
    r->closings += !wanted && !r->is_closed[port] ? 1 : 0;
    r->is_closed[port] = !wanted;
    return LS_OK;
}

static const struct ls_control_hands HANDS = {retry, held, is_open, set_open};

/* --- rig --- */

static int set_up_over(void **state, const char *fixture, const char *pace)
{
    const struct ls_chain_options room = {.extra_blocks = LS_STAGE_FORK_BLOCKS};
    struct rig *r = calloc(1, sizeof *r);
    struct ls_stage_options o = {.profile = "geth", .lags = {30, 120}, .peers = 200};
    *state = r;
    if (r == NULL || ls_chain_open(fixture, &room, &r->chain, NULL) != LS_OK) {
        return 1;
    }
    o.chain = &r->chain;
    r->inner.ops = &INNER_OPS;
    r->calls = ls_calls_new();
    r->history = calloc(1, sizeof *r->history);
    r->now_ns = 100 * S;
    r->control = (struct ls_control){.stage = &r->stage,
                                     .faults = &r->faults,
                                     .calls = r->calls,
                                     .history = r->history,
                                     .hands = &HANDS,
                                     .hands_user = r};
    for (size_t p = 0; p < LS_SERVE_SYNCTESTER; p++) {
        r->faults.filters[p] = ls_filter_new(&r->inner, 1);
        (void)snprintf(r->control.urls[p], LS_CONTROL_URL_BYTES, "http://127.0.0.1:%zu", 1000 + p);
    }
    ls_control_init(&r->control);
    ls_buf_init(&r->reply.body, 4u << 20);
    r->next = (struct ls_http_request){.verb = "POST",
                                       .content_type = "application/json",
                                       .host = "127.0.0.1:8700",
                                       .is_peer_local = true};
    return ls_pace_parse(pace, &o.pace, NULL) == LS_OK &&
                   ls_stage_init(&r->stage, &o, NULL) == LS_OK
               ? 0
               : 1;
}

static int setup(void **state)
{
    return set_up_over(state, "fixtures/devnet-forks", "manual");
}

static int setup_real(void **state)
{
    return set_up_over(state, "fixtures/devnet-forks", "real");
}

static int setup_reorgs(void **state)
{
    return set_up_over(state, "fixtures/devnet-reorgs", "manual");
}

static int setup_gap(void **state)
{
    return set_up_over(state, "fixtures/op-sepolia-window", "manual");
}

static int teardown(void **state)
{
    struct rig *r = *state;
    for (size_t p = 0; p < LS_SERVE_PORT_COUNT; p++) {
        ls_filter_free(r->faults.filters[p]);
    }
    ls_stage_fini(&r->stage);
    ls_json_free(r->answer);
    ls_buf_fini(&r->reply.body);
    ls_calls_free(r->calls);
    free(r->history);
    ls_chain_close(&r->chain);
    free(r);
    return 0;
}

/* Sends the template with this path and body; the status. */
static unsigned send(struct rig *r, const char *path, const char *body)
{
    struct ls_http_request req = r->next;
    struct ls_buf kept = r->reply.body;
    req.path = path;
    req.body = body;
    req.body_bytes = strlen(body);
    req.now_ns = r->now_ns;
    ls_buf_clear(&kept);
    r->reply =
        (struct ls_http_reply){.body = kept, .status = 200, .content_type = "application/json"};
    r->control.backend.ops->handle(&r->control.backend, &req, &r->reply);
    ls_json_free(r->answer);
    r->answer = NULL;
    (void)ls_json_parse((const char *)r->reply.body.p, r->reply.body.n, 0, &r->answer, NULL);
    return r->reply.status;
}

static void post(struct rig *r, const char *path, const char *body)
{
    unsigned status = send(r, path, body);
    if (status != 200) {
        fail_msg("POST %s %s: %u %s", path, body, status, (const char *)r->reply.body.p);
    }
}

static unsigned get(struct rig *r, const char *path)
{
    r->next.verb = "GET";
    unsigned status = send(r, path, "");
    r->next.verb = "POST";
    return status;
}

static void refused(struct rig *r, const char *path, const char *body, unsigned status,
                    const char *says)
{
    unsigned got = send(r, path, body);
    const char *error = ls_json_str(ls_json_get(r->answer, "error"));
    if (got != status || error == NULL || strstr(error, says) == NULL) {
        fail_msg("POST %s %s: %u %s", path, body, got, (const char *)r->reply.body.p);
    }
}

static const struct cJSON *at(const struct rig *r, const char *object, const char *member)
{
    return ls_json_get(ls_json_get(r->answer, object), member);
}

/* Number of a head in the last answer; UINT64_MAX: null. */
static uint64_t head(const struct rig *r, const char *object, const char *member)
{
    uint64_t n = UINT64_MAX;
    (void)ls_json_u64(ls_json_get(at(r, object, member), "number"), &n);
    return n;
}

static const char *branch(const struct rig *r, const char *object, const char *member)
{
    const char *name = ls_json_str(ls_json_get(at(r, object, member), "branch"));
    return name != NULL ? name : "-";
}

#define HEADS(r, u, s, f)                                        \
    do {                                                         \
        assert_int_equal(head((r), "source", "unsafe"), (u));    \
        assert_int_equal(head((r), "source", "safe"), (s));      \
        assert_int_equal(head((r), "source", "finalized"), (f)); \
    } while (0)

#define ENGINE(r, u, s, f)                                       \
    do {                                                         \
        assert_int_equal(head((r), "engine", "latest"), (u));    \
        assert_int_equal(head((r), "engine", "safe"), (s));      \
        assert_int_equal(head((r), "engine", "finalized"), (f)); \
    } while (0)

#define NONE UINT64_MAX

/* --- who may --- */

static void changes_are_made_from_this_machine_only(void **state)
{
    struct rig *r = *state;
    r->next.is_peer_local = false;
    refused(r, "/advance", "{}", 403, "this machine");
    assert_int_equal(get(r, "/state"), 200);
    HEADS(r, 149, 140, 122);
}

static void another_sites_page_changes_nothing(void **state)
{
    static const char *const origins[] = {"http://evil.example", "https://127.0.0.1:8700",
                                          "http://127.0.0.1:8701", "null",
                                          "http://127.0.0.1:8700.evil.example"};
    struct rig *r = *state;
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
        r->next.origin = origins[i];
        refused(r, "/advance", "{}", 403, "Origin");
    }
    r->next.origin = "http://127.0.0.1:8700";
    post(r, "/advance", "{}");
}

static void a_name_that_somebody_else_owns_is_refused(void **state)
{
    static const char *const hosts[] = {
        "evil.example", "127.0.0.1.evil.example", "localhost.evil", "10.0.0.1:8700", "",
        "127.0.0.1x:80"};
    static const char *const ours[] = {"localhost", "LocalHost:8700", "127.0.0.1", "127.1.2.3:9"};
    struct rig *r = *state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        r->next.host = hosts[i];
        refused(r, "/advance", "{}", 403, "Host");
    }
    r->next.host = NULL;
    refused(r, "/advance", "{}", 403, "Host");
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        r->next.host = ours[i];
        post(r, "/advance", "{}");
    }
}

static void a_form_cannot_post(void **state)
{
    static const char *const types[] = {"text/plain", "application/x-www-form-urlencoded",
                                        "application/jsonp", "multipart/form-data"};
    struct rig *r = *state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        r->next.content_type = types[i];
        refused(r, "/advance", "{}", 415, "application/json");
    }
    r->next.content_type = NULL;
    refused(r, "/advance", "{}", 415, "application/json");
    r->next.content_type = "Application/JSON; charset=utf-8";
    post(r, "/advance", "{}");
}

/* --- what is what --- */

static void paths_and_verbs_are_named(void **state)
{
    struct rig *r = *state;
    refused(r, "/advanc", "{}", 404, "/advance");
    refused(r, "/state", "{}", 405, "GET");
    assert_int_equal(get(r, "/advance"), 404);
    r->next.verb = "PUT";
    refused(r, "/advance", "{}", 405, "GET or POST");
    r->next.verb = "OPTIONS"; /* what a browser asks before a page of another site may POST */
    refused(r, "/advance", "{}", 405, "GET or POST");
}

static void bodies_are_strict_json_objects(void **state)
{
    struct rig *r = *state;
    refused(r, "/advance", "[]", 400, "object");
    refused(r, "/advance", "{", 400, "");
    refused(r, "/advance", "{} x", 400, "");
    refused(r, "/advance", "{\"block\":1}", 400, "known: blocks unsafe");
    refused(r, "/advance", "{\"blocks\":1,\"blocks\":2}", 400, "twice");
    refused(r, "/advance", "{\"blocks\":\"1\"}", 400, "whole number");
    refused(r, "/advance", "{\"blocks\":-1}", 400, "whole number");
    refused(r, "/advance", "{\"blocks\":1.5}", 400, "whole number");
    char *large = malloc(LS_CONTROL_BODY_MAX + 2);
    assert_non_null(large);
    memset(large, ' ', LS_CONTROL_BODY_MAX + 1);
    large[LS_CONTROL_BODY_MAX + 1] = '\0';
    refused(r, "/advance", large, 413, "too large");
    free(large);
    assert_int_equal(get(r, "/state"), 200);
    HEADS(r, 149, 140, 122);
    post(r, "/advance", ""); /* no body is an empty object */
    HEADS(r, 150, 141, 123);
}

static void the_page_is_html(void **state)
{
    struct rig *r = *state;
    assert_int_equal(get(r, "/"), 200);
    assert_string_equal(r->reply.content_type, "text/html; charset=utf-8");
    assert_memory_equal(r->reply.stored, "<!doctype html>", 15);
    assert_memory_equal(r->reply.stored + r->reply.stored_bytes - 8, "</html>\n", 8);
}

static void state_says_what_there_is(void **state)
{
    struct rig *r = *state;
    assert_int_equal(get(r, "/state?x=1"), 200);
    assert_string_equal(ls_json_str(at(r, "chain", "name")), "devnet-forks");
    assert_string_equal(ls_json_str(at(r, "pace", "mode")), "manual");
    assert_string_equal(ls_json_str(at(r, "engine", "profile")), "geth");
    HEADS(r, 149, 140, 122);
    ENGINE(r, 0, NONE, NONE);
    assert_string_equal(ls_json_str(ls_json_get(at(r, "ports", "el"), "url")),
                        "http://127.0.0.1:1000");
    assert_null(at(r, "ports", "synctester"));
    uint64_t n = 0;
    assert_int_equal(ls_json_u64(ls_json_get(at(r, "ports", "l1"), "held"), &n), LS_OK);
    assert_int_equal(n, 3);
}

static void calls_and_history_are_paged(void **state)
{
    struct rig *r = *state;
    struct ls_sample s = ls_control_sample(&r->stage, 5 * S);
    uint64_t n = 0;
    ls_calls_add(r->calls, "{\"a\":1}", 7);
    ls_calls_add(r->calls, "{\"a\":2}", 7);
    ls_history_add(r->history, &s);
    assert_int_equal(get(r, "/calls?n=1"), 200);
    assert_int_equal(ls_json_count(ls_json_get(r->answer, "calls")), 1);
    assert_int_equal(get(r, "/calls?after=1&n=9"), 200);
    assert_int_equal(
        ls_json_u64(ls_json_get(ls_json_at(ls_json_get(r->answer, "calls"), 0), "a"), &n), LS_OK);
    assert_int_equal(n, 2);
    assert_int_equal(get(r, "/calls?n=x"), 400);
    assert_int_equal(get(r, "/history?after=-1"), 400);
    assert_int_equal(get(r, "/history"), 200);
    const struct cJSON *sample = ls_json_at(ls_json_get(r->answer, "samples"), 0);
    assert_int_equal(ls_json_u64(ls_json_at(sample, 1), &n), LS_OK);
    assert_int_equal(n, 5000);
    assert_int_equal(ls_json_u64(ls_json_at(sample, 2), &n), LS_OK);
    assert_int_equal(n, 149);
    assert_true(ls_json_is_null(ls_json_at(sample, 6)));
}

/* --- source --- */

static void advance_moves_heads_together_or_one_by_one(void **state)
{
    struct rig *r = *state;
    post(r, "/advance", "{\"blocks\":10}");
    HEADS(r, 159, 150, 132);
    post(r, "/advance", "{\"safe\":2}");
    HEADS(r, 159, 152, 132);
    assert_int_equal(head(r, "source", "local_safe"), 152);
    post(r, "/advance", "{\"unsafe\":1,\"finalized\":3}");
    HEADS(r, 160, 152, 135);
    refused(r, "/advance", "{\"blocks\":1,\"ms\":1}", 400, "or some of");
}

static void advance_past_the_end_moves_nothing(void **state)
{
    struct rig *r = *state;
    post(r, "/advance", "{\"unsafe\":362}");
    HEADS(r, 511, 140, 122);
    refused(r, "/advance", "{\"blocks\":1}", 400, "ends at 511");
    assert_int_equal(get(r, "/state"), 200);
    HEADS(r, 511, 140, 122);
}

static void advance_by_time_follows_the_recording(void **state)
{
    struct rig *r = *state;
    uint64_t at_ms = 0;
    post(r, "/advance", "{\"ms\":100000}");
    const struct ls_chain_label *row = r->chain.timeline;
    while (row[1].at_ms <= 100000) {
        row++;
    }
    HEADS(r, row->status.unsafe_l2.number, row->status.safe_l2.number,
          row->status.finalized_l2.number);
    assert_int_equal(ls_json_u64(at(r, "pace", "at_ms"), &at_ms), LS_OK);
    assert_int_equal(at_ms, 100000);
    assert_string_equal(ls_json_str(at(r, "pace", "mode")), "manual");
}

static void hands_take_the_heads_from_the_clock(void **state)
{
    struct rig *r = *state;
    ls_stage_tick(&r->stage, 50 * S);
    assert_int_equal(get(r, "/state"), 200);
    uint64_t unsafe = head(r, "source", "unsafe");
    assert_true(unsafe > 149);
    post(r, "/advance", "{\"unsafe\":1}");
    assert_string_equal(ls_json_str(at(r, "pace", "mode")), "manual");
    r->now_ns += 600 * S;
    ls_stage_tick(&r->stage, r->now_ns);
    assert_int_equal(get(r, "/state"), 200);
    assert_int_equal(head(r, "source", "unsafe"), unsafe + 1);
}

static void a_pace_given_back_goes_on_from_the_height(void **state)
{
    struct rig *r = *state;
    post(r, "/heads", "{\"unsafe\":400}");
    post(r, "/pace", "{\"pace\":\"10\"}");
    ls_stage_tick(&r->stage, r->now_ns);
    assert_int_equal(get(r, "/state"), 200);
    assert_int_equal(head(r, "source", "unsafe"), 400);
    r->now_ns += 2 * S;
    ls_stage_tick(&r->stage, r->now_ns);
    assert_int_equal(get(r, "/state"), 200);
    assert_in_range(head(r, "source", "unsafe"), 405, 425); /* 20 s of 1 s blocks */
    refused(r, "/pace", "{\"pace\":\"warp\"}", 400, "no pace");
    refused(r, "/pace", "{}", 400, "missing");
}

static void heads_are_set_by_number_name_and_hash(void **state)
{
    struct rig *r = *state;
    post(r, "/heads", "{\"unsafe\":300,\"safe\":\"unsafe\",\"finalized\":\"genesis\"}");
    HEADS(r, 300, 149, 0); /* names mean the heads before */
    post(r, "/heads", "{\"safe\":\"none\",\"local_safe\":200}");
    HEADS(r, 300, NONE, 0);
    assert_int_equal(head(r, "source", "local_safe"), 200);
    post(r, "/heads",
         "{\"safe\":\"0x79579cdc887b7ebf32291e8c78c73bce9ec3d9ef9e1f76b8d91d25dc51f6c03c\"}");
    HEADS(r, 300, 511, 0); /* insane, and wanted so */
    post(r, "/heads", "{\"safe\":\"canonical:77\"}");
    HEADS(r, 300, 77, 0);
    refused(r, "/heads", "{\"safe\":512}", 400, "block 512");
    refused(r, "/heads", "{\"safe\":\"x:1\"}", 400, "\"x:1\"");
    refused(r, "/heads", "{\"safe\":true}", 400, "string");
    refused(r, "/heads", "{\"safe\":1,\"finalized\":\"where\"}", 400, "where");
    assert_int_equal(get(r, "/state"), 200);
    HEADS(r, 300, 77, 0);
}

static void hand_set_heads_take_the_l1_along(void **state)
{
    struct rig *r = *state;
    post(r, "/heads", "{\"unsafe\":500,\"safe\":450,\"finalized\":400}");
    const struct ls_universe *l2 = r->chain.l2;
    uint64_t origin = ls_universe_get(l2, ls_chain_at(&r->chain, 500))->ref.l1_origin.number;
    assert_true(head(r, "l1", "latest") >= origin);
    origin = ls_universe_get(l2, ls_chain_at(&r->chain, 450))->ref.l1_origin.number;
    assert_int_equal(head(r, "source", "current_l1"), origin);
    assert_int_equal(head(r, "l1", "safe"), origin);
    origin = ls_universe_get(l2, ls_chain_at(&r->chain, 400))->ref.l1_origin.number;
    assert_int_equal(head(r, "l1", "finalized"), origin);
    post(r, "/advance", "{\"safe\":40}");
    origin = ls_universe_get(l2, ls_chain_at(&r->chain, 490))->ref.l1_origin.number;
    assert_int_equal(head(r, "source", "current_l1"), origin);
}

static void a_reorg_moves_what_is_above_the_fork_point(void **state)
{
    struct rig *r = *state;
    post(r, "/reorg", "{\"depth\":12}");
    HEADS(r, 149, 140, 122);
    assert_string_equal(branch(r, "source", "unsafe"), "reorg-1");
    assert_string_equal(branch(r, "source", "safe"), "reorg-1"); /* 140 is above 137 */
    assert_string_equal(branch(r, "source", "finalized"), "-");
    assert_int_equal(head(r, "source", "tip"), 137 + 12 + 32);
    post(r, "/advance", "{\"unsafe\":32}");
    assert_int_equal(head(r, "source", "unsafe"), 181);
    assert_string_equal(branch(r, "source", "unsafe"), "reorg-1");
    refused(r, "/advance", "{\"unsafe\":1}", 400, "ends at 181");
    post(r, "/reorg", "{\"branch\":\"canonical\"}");
    HEADS(r, 181, 140, 122);
    assert_string_equal(branch(r, "source", "unsafe"), "-");
    post(r, "/advance", "{\"unsafe\":100}");
    assert_int_equal(head(r, "source", "unsafe"), 281);
    refused(r, "/reorg", "{\"branch\":\"nowhere\"}", 400, "canonical reorg-1");
    refused(r, "/reorg", "{\"branch\":\"canonical\",\"depth\":1}", 400, "alone");
}

static void a_short_fork_holds_heads_at_its_tip(void **state)
{
    struct rig *r = *state;
    post(r, "/reorg", "{\"depth\":10,\"length\":4,\"name\":\"stub\"}");
    HEADS(r, 143, 140, 122);
    assert_string_equal(branch(r, "source", "unsafe"), "stub");
    refused(r, "/reorg", "{\"depth\":1,\"name\":\"stub\"}", 400, "stub");
    refused(r, "/reorg", "{\"depth\":0}", 400, "depth 0");
    refused(r, "/reorg", "{\"depth\":1000}", 400, "1000 below");
    refused(r, "/reorg", "{\"depth\":3,\"length\":9000}", 400, "");
    refused(r, "/reorg", "{\"name\":\"a:b\"}", 400, "no name");
    post(r, "/reorg", "{\"depth\":2}"); /* a fork of a fork */
    assert_string_equal(branch(r, "source", "unsafe"), "reorg-2");
}

static void the_engine_refuses_a_branch_that_is_marked(void **state)
{
    struct rig *r = *state;
    post(r, "/reorg", "{\"depth\":3,\"length\":6,\"invalid_from\":2,\"name\":\"bad\"}");
    const struct ls_chain_branch *b = ls_chain_branch(&r->chain, "bad");
    assert_false(ls_universe_get(r->chain.l2, b->first)->expect_invalid);
    assert_true(ls_universe_get(r->chain.l2, b->tip)->expect_invalid);
}

static void recorded_orphans_are_branches_to_go_to(void **state)
{
    struct rig *r = *state;
    post(r, "/heads", "{\"unsafe\":1800}");
    post(r, "/reorg", "{\"branch\":\"orphan-1613\"}");
    assert_int_equal(head(r, "source", "unsafe"), 1619);
    assert_string_equal(branch(r, "source", "unsafe"), "orphan-1613");
    post(r, "/heads", "{\"unsafe\":\"canonical:1500\"}");
    post(r, "/reorg", "{\"branch\":\"orphan-1757\"}"); /* the head stays, its future changes */
    assert_int_equal(head(r, "source", "unsafe"), 1500);
    assert_int_equal(head(r, "source", "tip"), 1767);
}

static void moods_last_as_many_answers_as_asked(void **state)
{
    struct rig *r = *state;
    post(r, "/source", "{\"mood\":\"nulls\",\"answers\":1}");
    struct ls_src_answer a = ls_source_answer(r->stage.mocks.source, 1);
    assert_int_equal(a.mood, LS_SRC_NULLS);
    a = ls_source_answer(r->stage.mocks.source, 1);
    assert_int_equal(a.mood, LS_SRC_NORMAL);
    post(r, "/source", "{\"freeze\":true}");
    post(r, "/advance", "{\"blocks\":5}");
    a = ls_source_answer(r->stage.mocks.source, 1);
    assert_int_equal(ls_universe_get(r->chain.l2, a.heads.unsafe_l2)->ref.number, 149);
    refused(r, "/source", "{\"mood\":\"sad\"}", 400, "there are: normal");
}

static uint64_t unsafe_for(struct rig *r, uint64_t conn)
{
    struct ls_src_answer a = ls_source_answer(r->stage.mocks.source, conn);
    return ls_universe_get(r->chain.l2, a.heads.unsafe_l2)->ref.number;
}

static void the_source_may_be_several_nodes(void **state)
{
    struct rig *r = *state;
    post(r, "/source", "{\"backends\":[0,0,8]}");
    uint64_t top = unsafe_for(r, 1);
    assert_int_equal(unsafe_for(r, 1), top);
    assert_int_equal(unsafe_for(r, 1), top - 8);
    post(r, "/advance", "{\"blocks\":5}");
    post(r, "/source", "{\"backends\":[0,3],\"by\":\"conn\"}");
    assert_int_equal(unsafe_for(r, 2), top + 5);
    assert_int_equal(unsafe_for(r, 3), top + 2);
    post(r, "/source", "{\"backends\":[0]}");
    assert_int_equal(unsafe_for(r, 3), top + 5);
    refused(r, "/source", "{\"backends\":[]}", 400, "1 to 8 lags");
    refused(r, "/source", "{\"backends\":[0,1,2,3,4,5,6,7,8]}", 400, "1 to 8 lags");
    refused(r, "/source", "{\"backends\":3}", 400, "1 to 8 lags");
    refused(r, "/source", "{\"backends\":[-1]}", 400, "whole number");
    refused(r, "/source", "{\"backends\":[1],\"by\":\"luck\"}", 400, "turn conn chance");
    assert_int_equal(unsafe_for(r, 3), top + 5);
}

static uint64_t l1_latest(struct rig *r)
{
    struct ls_l1 *l1 = r->stage.mocks.l1;
    ls_l1_turn(l1, 1);
    return ls_universe_get(r->chain.l1, ls_l1_by_tag(l1, LS_L1_TAG_LATEST))->ref.number;
}

static void the_l1_may_be_several_nodes_or_another_network(void **state)
{
    struct rig *r = *state;
    post(r, "/l1", "{\"tip\":200}");
    post(r, "/l1", "{\"backends\":[0,{\"lag\":3,\"branch\":\"canonical\"}]}");
    assert_int_equal(l1_latest(r), 200);
    assert_int_equal(l1_latest(r), 197);
    post(r, "/l1", "{\"backends\":[0],\"chain_id\":17000}");
    assert_int_equal(l1_latest(r), 200);
    assert_int_equal(ls_l1_chain_id(r->stage.mocks.l1), 17000);
    post(r, "/l1", "{\"chain_id\":0}");
    assert_int_equal(ls_l1_chain_id(r->stage.mocks.l1), 0);
    refused(r, "/l1", "{\"backends\":[{\"branch\":\"nowhere\"}]}", 400, "nowhere");
    refused(r, "/l1", "{\"backends\":[{\"branch\":7}]}", 400, "no name");
    refused(r, "/l1", "{\"backends\":[{\"tip\":7}]}", 400, "lag");
    refused(r, "/source", "{\"backends\":[{\"branch\":\"nowhere\"}]}", 400, "nowhere");
}

static void l1_lags_and_moves(void **state)
{
    struct rig *r = *state;
    post(r, "/l1", "{\"tip\":200}");
    assert_int_equal(head(r, "l1", "latest"), 200);
    post(r, "/l1", "{\"lag\":5,\"finalized\":100}");
    assert_int_equal(head(r, "l1", "latest"), 195);
    assert_int_equal(head(r, "l1", "finalized"), 100);
    refused(r, "/l1", "{\"tip\":9999}", 400, "9999");
    refused(r, "/l1", "{\"branch\":\"canonical\"}", 400, "needs \"tip\"");
    refused(r, "/l1", "{\"tip\":200,\"branch\":\"other\"}", 400, "other");
}

/* --- faults --- */

static void faults_are_armed_shown_and_cleared(void **state)
{
    struct rig *r = *state;
    uint64_t id = 0;
    post(r, "/fault", "{\"port\":\"el\",\"kind\":\"delay\",\"ms\":5,\"method\":\"engine_*\"}");
    assert_int_equal(ls_json_u64(ls_json_get(r->answer, "id"), &id), LS_OK);
    assert_int_equal(id, 1);
    post(r, "/fault", "{\"port\":\"source\",\"kind\":\"hang\"}");
    assert_int_equal(get(r, "/state"), 200);
    const struct cJSON *list = ls_json_get(r->answer, "faults");
    assert_int_equal(ls_json_count(list), 2);
    assert_string_equal(ls_json_str(ls_json_get(ls_json_at(list, 0), "method")), "engine_*");
    assert_int_equal(ls_json_count(ls_json_get(ls_json_at(list, 1), "ports")), 2);
    post(r, "/clear", "{\"id\":1}");
    assert_int_equal(ls_json_count(ls_json_get(r->answer, "faults")), 1);
    refused(r, "/clear", "{\"id\":1}", 400, "number 1");
    refused(r, "/clear", "{\"port\":\"moon\"}", 400, "there are: el");
    refused(r, "/clear", "{\"port\":\"synctester\"}", 400, "off");
    post(r, "/clear", "{}");
    assert_int_equal(ls_json_count(ls_json_get(r->answer, "faults")), 0);
    refused(r, "/fault", "{\"port\":\"el\"}", 400, "\"kind\" is missing");
}

static void holds_are_released_and_asked_again(void **state)
{
    struct rig *r = *state;
    post(r, "/hold", "{\"port\":\"el\",\"method\":\"engine_*\",\"count\":2}");
    assert_int_equal(get(r, "/state"), 200);
    assert_int_equal(ls_json_count(ls_json_get(r->answer, "faults")), 1);
    post(r, "/release", "{\"port\":\"el\",\"method\":\"engine_*\"}");
    assert_int_equal(ls_json_count(ls_json_get(r->answer, "faults")), 0);
    assert_int_equal(r->retries[LS_SERVE_EL], 1);
    assert_int_equal(r->retries[LS_SERVE_L1], 0);
    post(r, "/release", "{}");
    assert_int_equal(r->retries[LS_SERVE_EL], 2);
    assert_int_equal(r->retries[LS_SERVE_L1], 1);
    assert_int_equal(r->retries[LS_SERVE_SYNCTESTER], 0);
    refused(r, "/hold", "{}", 400, "missing \"port\"");
}

static void ports_close_and_open(void **state)
{
    struct rig *r = *state;
    post(r, "/port", "{\"port\":\"source\",\"open\":false}");
    assert_true(r->is_closed[LS_SERVE_SOURCE_EL] && r->is_closed[LS_SERVE_SOURCE_CL]);
    assert_true(ls_json_is_bool(ls_json_get(at(r, "ports", "source-el"), "open")));
    assert_false(ls_json_true(ls_json_get(at(r, "ports", "source-el"), "open")));
    post(r, "/port", "{\"port\":\"all\",\"open\":true}");
    assert_false(r->is_closed[LS_SERVE_SOURCE_EL]);
    refused(r, "/port", "{\"port\":\"el\"}", 400, "\"open\" is missing");
    refused(r, "/port", "{\"open\":true}", 400, "missing \"port\"");
}

/* --- engine --- */

static void the_engine_is_put_rewound_and_wiped(void **state)
{
    struct rig *r = *state;
    post(r, "/engine", "{\"head\":100,\"safe\":90,\"finalized\":80}");
    ENGINE(r, 100, 90, 80);
    post(r, "/engine", "{\"rewind\":5}");
    ENGINE(r, 95, 90, 80);
    post(r, "/engine", "{\"safe\":\"none\"}");
    ENGINE(r, 95, NONE, 80);
    post(r, "/engine", "{\"forget\":94}");
    ENGINE(r, 93, NONE, 80);
    post(r, "/engine", "{\"wipe\":true}");
    ENGINE(r, 0, NONE, NONE);
    post(r, "/engine", "{\"profile\":\"snap\",\"peers\":0}");
    assert_string_equal(ls_json_str(at(r, "engine", "profile")), "snap");
}

static void profiles_are_listed_with_what_they_do(void **state)
{
    struct rig *r = *state;
    size_t n = 0;
    assert_int_equal(get(r, "/profiles"), 200);
    for (const struct cJSON *p = ls_json_first(r->answer); p != NULL; p = ls_json_next(p)) {
        const struct ls_engine_profile *row = ls_engine_profile_at(n++);
        assert_string_equal(ls_json_str(ls_json_get(p, "name")), row->name);
        assert_string_equal(ls_json_str(ls_json_get(p, "what")), row->what);
    }
    assert_null(ls_engine_profile_at(n));
}

static void profiles_take_what_stands_behind_a_colon(void **state)
{
    struct rig *r = *state;
    struct ls_engine *e = r->stage.mocks.engine;
    post(r, "/engine", "{\"profile\":\"EL-DEEP:7\"}");
    assert_string_equal(ls_json_str(at(r, "engine", "profile")), "deep");
    assert_int_equal(ls_engine_knobs(e)->reorg_depth_max, 7);
    post(r, "/engine", "{\"profile\":\"inv:90\",\"head\":100,\"safe\":80}");
    ENGINE(r, 89, 80, NONE);
    post(r, "/engine", "{\"profile\":\"inv:canonical:70\"}");
    ENGINE(r, 69, NONE, NONE);
    post(r, "/engine", "{\"mortal\":true,\"builds_hang\":true,\"stuck\":true}");
    assert_true(ls_engine_knobs(e)->is_mortal);
    assert_true(ls_engine_knobs(e)->builds_hang);
    assert_true(ls_engine_knobs(e)->is_stuck);
    post(r, "/engine", "{\"profile\":\"reth\",\"disk_lags\":true}");
    assert_true(ls_engine_knobs(e)->disk_lags);
    post(r, "/engine", "{\"disk_lags\":false}");
    assert_false(ls_engine_knobs(e)->disk_lags);
    post(r, "/engine", "{\"profile\":\"slow:20\"}");
    assert_int_equal(ls_engine_knobs(e)->call_ns, 20000000);
    assert_false(ls_engine_knobs(e)->is_stuck);
    refused(r, "/engine", "{\"profile\":\"deep:x\"}", 400, "deep takes a colon and BLOCKS");
    refused(r, "/engine", "{\"profile\":\"nm:1\"}", 400, "nm takes no parameter");
    refused(r, "/engine", "{\"profile\":\"inv\"}", 400, "inv takes a colon and BLOCK");
    refused(r, "/engine", "{\"profile\":\"inv:0\"}", 400, "no engine executes that");
    refused(r, "/engine", "{\"profile\":\"inv:none\"}", 400, "no engine executes that");
    refused(r, "/engine", "{\"profile\":\"inv:600\"}", 400, "600");
    assert_int_equal(ls_engine_knobs(e)->call_ns, 20000000);
}

static void the_source_takes_profiles(void **state)
{
    struct rig *r = *state;
    struct ls_source *s = r->stage.mocks.source;
    post(r, "/heads", "{\"unsafe\":110,\"safe\":100,\"finalized\":80}");
    post(r, "/source", "{\"profile\":\"SRC-REGRESS:7\"}");
    struct ls_src_answer a = ls_source_answer(s, 1);
    assert_int_equal(a.heads.safe_l2, ls_chain_at(&r->chain, 93));
    refused(r, "/source", "{\"profile\":\"saw:7\"}", 400, "saw:N/TICKS");
    post(r, "/source", "{\"profile\":\"normal\"}");
    a = ls_source_answer(s, 1);
    assert_int_equal(a.heads.safe_l2, ls_chain_at(&r->chain, 100));
}

static void a_killed_engine_answers_nobody_until_its_restart(void **state)
{
    struct rig *r = *state;
    post(r, "/engine", "{\"head\":100,\"safe\":90,\"finalized\":80}");
    refused(r, "/engine", "{\"kill\":true,\"restart\":true}", 400, "one at a time");
    post(r, "/engine", "{\"kill\":true}");
    assert_true(ls_json_true(at(r, "engine", "dead")));
    assert_true(r->is_closed[LS_SERVE_EL]);
    assert_true(r->is_closed[LS_SERVE_EL_HTTP]);
    post(r, "/engine", "{\"restart\":true,\"lost\":2}");
    assert_false(ls_json_true(at(r, "engine", "dead")));
    assert_false(r->is_closed[LS_SERVE_EL]);
    assert_false(r->is_closed[LS_SERVE_EL_HTTP]);
    ENGINE(r, 98, 80, 80);
}

static void a_wrong_wish_changes_nothing_of_the_engine(void **state)
{
    struct rig *r = *state;
    post(r, "/engine", "{\"head\":100}");
    refused(r, "/engine", "{\"wipe\":true,\"profile\":\"nope\"}", 400, "there are: geth");
    refused(r, "/engine", "{\"wipe\":true,\"head\":\"none\"}", 400, "cannot be none");
    refused(r, "/engine", "{\"wipe\":true,\"head\":600}", 400, "600");
    refused(r, "/engine", "{\"wipe\":true,\"lost\":3}", 400, "restart");
    assert_int_equal(get(r, "/state"), 200);
    ENGINE(r, 100, NONE, NONE);
}

static void a_restart_drops_the_engines_connections(void **state)
{
    struct rig *r = *state;
    post(r, "/engine", "{\"head\":100,\"safe\":90,\"finalized\":80}");
    post(r, "/port", "{\"port\":\"el-http\",\"open\":false}");
    assert_int_equal(r->closings, 1);
    post(r, "/engine", "{\"restart\":true,\"lost\":7}");
    ENGINE(r, 93, 80, 80); /* op-geth keeps finalized and takes safe from it */
    assert_int_equal(r->closings, 2);
    assert_false(r->is_closed[LS_SERVE_EL]);
    assert_true(r->is_closed[LS_SERVE_EL_HTTP]); /* closed before, closed after */
}

static void peers_have_what_the_source_has(void **state)
{
    struct rig *r = *state;
    struct ls_engine *e = r->stage.mocks.engine;
    const struct ls_chain *c = &r->chain;
    struct ls_forkchoice f = {.head = ls_universe_get(c->l2, ls_chain_at(c, 149))->ref.hash};
    (void)ls_engine_forkchoice(e, &f);
    for (int i = 0; i < 20; i++) {
        ls_stage_tick(&r->stage, r->now_ns);
    }
    assert_true(ls_engine_has(e, ls_chain_at(c, 149)));
    f.head = ls_universe_get(c->l2, ls_chain_at(c, 200))->ref.hash;
    (void)ls_engine_forkchoice(e, &f);
    for (int i = 0; i < 20; i++) {
        ls_stage_tick(&r->stage, r->now_ns);
    }
    assert_false(ls_engine_has(e, ls_chain_at(c, 200)));
    post(r, "/heads", "{\"unsafe\":210}");
    (void)ls_engine_forkchoice(e, &f);
    for (int i = 0; i < 20; i++) {
        ls_stage_tick(&r->stage, r->now_ns);
    }
    assert_true(ls_engine_has(e, ls_chain_at(c, 200)));
}

static void behind_a_gap_the_engine_starts_with_the_first_block(void **state)
{
    struct rig *r = *state;
    assert_int_equal(get(r, "/state"), 200);
    ENGINE(r, 16490898, 16490898, 16490898);
    HEADS(r, 16490898, 16490898, 16490898);
    post(r, "/advance", "{\"ms\":60000}");
    HEADS(r, 16490928, 16490898, 16490898);
}

static void a_start_is_checked(void **state)
{
    struct rig *r = *state;
    struct ls_stage s;
    struct ls_diag d = {0};
    struct ls_stage_options o = {.chain = &r->chain, .profile = "geth"};
    o.start = (struct ls_stage_start){.is_given = true, .head = 512};
    assert_int_equal(ls_stage_init(&s, &o, &d), LS_ERR_RANGE);
    assert_non_null(strstr(d.text, "0 to 511"));
    o.start = (struct ls_stage_start){.is_given = true, .head = 5, .has_safe = true, .safe = 6};
    assert_int_equal(ls_stage_init(&s, &o, &d), LS_ERR_RANGE);
    o.start.safe = 5;
    assert_int_equal(ls_stage_init(&s, &o, &d), LS_OK);
    assert_int_equal(ls_engine_label(s.mocks.engine, LS_LABEL_SAFE), ls_chain_at(&r->chain, 5));
    assert_int_equal(ls_engine_label(s.mocks.engine, LS_LABEL_FINALIZED), LS_NO_BLOCK);
    ls_stage_fini(&s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(changes_are_made_from_this_machine_only),
        T(another_sites_page_changes_nothing),
        T(a_name_that_somebody_else_owns_is_refused),
        T(a_form_cannot_post),
        T(paths_and_verbs_are_named),
        T(bodies_are_strict_json_objects),
        T(the_page_is_html),
        T(state_says_what_there_is),
        T(calls_and_history_are_paged),
        T(advance_moves_heads_together_or_one_by_one),
        T(advance_past_the_end_moves_nothing),
        T(advance_by_time_follows_the_recording),
        cmocka_unit_test_setup_teardown(hands_take_the_heads_from_the_clock, setup_real, teardown),
        T(a_pace_given_back_goes_on_from_the_height),
        T(heads_are_set_by_number_name_and_hash),
        T(hand_set_heads_take_the_l1_along),
        T(a_reorg_moves_what_is_above_the_fork_point),
        T(a_short_fork_holds_heads_at_its_tip),
        T(the_engine_refuses_a_branch_that_is_marked),
        cmocka_unit_test_setup_teardown(recorded_orphans_are_branches_to_go_to, setup_reorgs,
                                        teardown),
        T(the_source_may_be_several_nodes),
        T(moods_last_as_many_answers_as_asked),
        T(the_l1_may_be_several_nodes_or_another_network),
        T(l1_lags_and_moves),
        T(faults_are_armed_shown_and_cleared),
        T(holds_are_released_and_asked_again),
        T(ports_close_and_open),
        T(the_engine_is_put_rewound_and_wiped),
        T(profiles_are_listed_with_what_they_do),
        T(profiles_take_what_stands_behind_a_colon),
        T(the_source_takes_profiles),
        T(a_killed_engine_answers_nobody_until_its_restart),
        T(a_wrong_wish_changes_nothing_of_the_engine),
        T(a_restart_drops_the_engines_connections),
        T(peers_have_what_the_source_has),
        cmocka_unit_test_setup_teardown(behind_a_gap_the_engine_starts_with_the_first_block,
                                        setup_gap, teardown),
        T(a_start_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
