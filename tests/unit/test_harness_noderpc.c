/*
 * What a world says to the node under test, with a front of ours playing the node's RPC server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <cmocka.h>

#include "harness/capture/chain.h"
#include "harness/live/noderpc.h"
#include "harness/serve/gossip.h"
#include "lib/json.h"
#include "lib/jsonw.h"
#include "lib/op/payload.h"
#include "mocks/http/front.h"

#define HOUR_NS (UINT64_C(3600) * UINT64_C(1000000000))
#define TURNS_MAX 20000
#define SEEN_MAX 16

enum mood { ANSWERING, REFUSING, SILENT, TALKING_NONSENSE };

struct rig {
    struct ls_backend backend; /* first: the node's server is the rig */
    struct ls_chain chain;
    struct ls_loop *loop;
    struct ls_front *front;
    struct ls_loop_timer timer;
    struct ls_trace *trace;
    struct ls_trace_event events[SEEN_MAX];
    size_t event_count;
    struct ls_noderpc *rpc;
    struct ls_gossip *gossip;
    char url[64]; /* of the node's server */
    enum mood mood;
    struct ls_hash payloads[SEEN_MAX];
    size_t payload_count;
    size_t status_count;
    uint64_t safe_number; /* what the status says */
};

/* --- the node's server --- */

static void take_payload(struct rig *r, const struct cJSON *params)
{
    struct ls_arena arena;
    struct ls_payload p;

    ls_arena_init(&arena, 8u << 20);
    assert_int_equal(ls_json_count(params), 1);
    assert_int_equal(ls_envelope_from_json(ls_json_first(params), &arena, &p, NULL), LS_OK);
    assert_int_equal(ls_payload_verify(&p, NULL), LS_OK);
    assert_true(r->payload_count < SEEN_MAX);
    r->payloads[r->payload_count++] = p.block_hash;
    ls_arena_fini(&arena);
}

static void write_answer(struct rig *r, struct ls_jw *w, const char *method)
{
    if (r->mood == REFUSING) {
        ls_jw_object(w, "error");
        ls_jw_i64(w, "code", -32000);
        ls_jw_str(w, "message", "not now");
        ls_jw_object_end(w);
    } else if (strcmp(method, "optimism_syncStatus") == 0) {
        struct ls_sync_status s = {0};
        s.safe_l2.number = r->safe_number;
        s.safe_l2.hash.b[0] = (uint8_t)r->safe_number;
        ls_sync_status_write(&s, w, "result");
    } else {
        ls_jw_null(w, "result");
    }
}

static void node_handle(struct ls_backend *b, const struct ls_http_request *req,
                        struct ls_http_reply *reply)
{
    struct rig *r = (struct rig *)b;
    struct cJSON *json = NULL;
    struct ls_jw w;
    uint64_t id = 0;
    const char *method;

    assert_int_equal(ls_json_parse(req->body, req->body_bytes, 0, &json, NULL), LS_OK);
    method = ls_json_str(ls_json_get(json, "method"));
    assert_int_equal(ls_json_u64(ls_json_get(json, "id"), &id), LS_OK);
    if (strcmp(method, "admin_postUnsafePayload") == 0) {
        take_payload(r, ls_json_get(json, "params"));
    } else {
        assert_string_equal(method, "optimism_syncStatus");
        r->status_count++;
    }
    if (r->mood == TALKING_NONSENSE) {
        (void)ls_buf_puts(&reply->body, "nonsense");
    } else {
        ls_jw_init(&w, &reply->body);
        ls_jw_object(&w, NULL);
        ls_jw_str(&w, "jsonrpc", "2.0");
        ls_jw_u64(&w, "id", id);
        write_answer(r, &w, method);
        ls_jw_object_end(&w);
    }
    reply->fate = r->mood == SILENT ? LS_FATE_HANG : LS_FATE_SEND;
    ls_json_free(json);
    ls_loop_happened(r->loop);
}

static const struct ls_backend_ops node_ops = {.handle = node_handle};

static void serve(void *user)
{
    struct rig *r = user;

    ls_front_turn(r->front, (struct ls_front_time){.mono_ns = ls_loop_now_ns(r->loop)});
}

static void on_ready(void *user, uint32_t events)
{
    (void)events;
    serve(user);
}

static void prepare(void *user)
{
    struct rig *r = user;

    if (ls_front_deadline(r->front) != LS_FRONT_NEVER) {
        ls_loop_timer_set(r->loop, &r->timer, ls_front_deadline(r->front));
    }
}

/* ls_trace_sink */
static void keep_event(void *user, const char *line, size_t n)
{
    struct rig *r = user;

    assert_true(r->event_count < SEEN_MAX);
    assert_int_equal(ls_trace_parse(line, n, &r->events[r->event_count++], NULL), LS_OK);
}

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    *state = r;
    r->backend.ops = &node_ops;
    r->timer = (struct ls_loop_timer){.fn = serve, .user = r};
    assert_int_equal(ls_chain_open("fixtures/op-mainnet-run", NULL, &r->chain, NULL), LS_OK);
    assert_int_equal(ls_loop_new(HOUR_NS, &r->loop, NULL), LS_OK);
    assert_int_equal(ls_front_new(&(struct ls_front_options){.backend = &r->backend,
                                                             .body_bytes_max = 8u << 20,
                                                             .reply_bytes_max = 8u << 20,
                                                             .connections_max = 16},
                                  &r->front, NULL),
                     LS_OK);
    assert_non_null(ls_loop_watch(r->loop, ls_front_fd(r->front), EPOLLIN, on_ready, r));
    ls_loop_on_prepare(r->loop, prepare, r);
    r->trace = ls_trace_new(keep_event, r);
    assert_int_equal(
        ls_noderpc_new(&(struct ls_noderpc_options){.loop = r->loop,
                                                    .adapter = ls_adapter_find("lightcl"),
                                                    .l2 = r->chain.l2,
                                                    .trace = r->trace,
                                                    .port = ls_front_port(r->front)},
                       &r->rpc, NULL),
        LS_OK);
    ls_noderpc_up(r->rpc);
    (void)snprintf(r->url, sizeof r->url, "http://127.0.0.1:%u", ls_front_port(r->front));
    assert_int_equal(ls_gossip_new(
                         &(struct ls_gossip_options){
                             .loop = r->loop, .l2 = r->chain.l2, .trace = r->trace, .url = r->url},
                         &r->gossip, NULL),
                     LS_OK);
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    ls_gossip_free(r->gossip);
    ls_noderpc_free(r->rpc);
    ls_front_free(r->front);
    ls_trace_free(r->trace);
    ls_loop_free(r->loop);
    ls_chain_close(&r->chain);
    free(r);
    return 0;
}

#define UNTIL(r, condition)                            \
    do {                                               \
        int turns_ = 0;                                \
        while (!(condition) && turns_++ < TURNS_MAX) { \
            (void)ls_loop_turn((r)->loop);             \
        }                                              \
        assert_true(condition);                        \
    } while (0)

static uint32_t nth(const struct rig *r, uint32_t i)
{
    return r->chain.first + i;
}

static void assert_payload(const struct rig *r, size_t i, uint32_t block)
{
    const struct ls_hash *want = &ls_universe_get(r->chain.l2, block)->ref.hash;

    assert_memory_equal(r->payloads[i].b, want->b, 32);
}

/* --- payloads --- */

static void hands_payloads_over_in_order_and_records_each(void **state)
{
    struct rig *r = *state;

    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(ls_noderpc_feed(r->rpc, nth(r, i), NULL), LS_OK);
    }
    assert_int_equal(ls_noderpc_feeding(r->rpc), 5);
    UNTIL(r, ls_noderpc_feeding(r->rpc) == 0);
    assert_int_equal(r->payload_count, 5);
    assert_int_equal(r->event_count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_payload(r, i, nth(r, i));
        assert_int_equal(r->events[i].ep, LS_TRACE_CL);
        assert_int_equal(r->events[i].kind, LS_TRACE_PAY);
        assert_int_equal(r->events[i].http_status, 200);
        assert_string_equal(r->events[i].text, "");
        assert_memory_equal(r->events[i].block.hash.b, r->payloads[i].b, 32);
    }
}

static void sends_the_next_payload_only_when_the_last_is_acknowledged(void **state)
{
    struct rig *r = *state;

    r->mood = SILENT;
    assert_int_equal(ls_noderpc_feed(r->rpc, nth(r, 0), NULL), LS_OK);
    assert_int_equal(ls_noderpc_feed(r->rpc, nth(r, 1), NULL), LS_OK);
    UNTIL(r, r->payload_count == 1);
    assert_int_equal(ls_noderpc_status(r->rpc, &(struct ls_sync_status){0}), false);
    UNTIL(r, r->status_count == 1); /* time for a second payload, had it been sent */
    assert_int_equal(r->payload_count, 1);
    assert_int_equal(ls_noderpc_feeding(r->rpc), 2);
}

static void waits_for_a_server_that_is_not_up_yet(void **state)
{
    struct rig *r = *state;

    assert_int_equal(ls_front_set_open(r->front, false, NULL), LS_OK);
    assert_int_equal(ls_noderpc_feed(r->rpc, nth(r, 0), NULL), LS_OK);
    for (int i = 0; i < 5; i++) {
        ls_loop_step(r->loop, ls_loop_now_ns(r->loop) + 15000000u); /* a retry or two */
    }
    assert_int_equal(ls_noderpc_feeding(r->rpc), 1);
    assert_int_equal(r->event_count, 0);
    assert_int_equal(ls_front_set_open(r->front, true, NULL), LS_OK);
    UNTIL(r, ls_noderpc_feeding(r->rpc) == 0);
    assert_payload(r, 0, nth(r, 0));
}

static void records_a_refusal_and_goes_on(void **state)
{
    struct rig *r = *state;

    r->mood = REFUSING;
    assert_int_equal(ls_noderpc_feed(r->rpc, nth(r, 0), NULL), LS_OK);
    UNTIL(r, ls_noderpc_feeding(r->rpc) == 0);
    assert_int_equal(r->events[0].code, -32000);
    assert_string_equal(r->events[0].text, "not now");
    r->mood = TALKING_NONSENSE;
    assert_int_equal(ls_noderpc_feed(r->rpc, nth(r, 1), NULL), LS_OK);
    UNTIL(r, ls_noderpc_feeding(r->rpc) == 0);
    assert_int_equal(r->events[1].code, 0);
    assert_true(r->events[1].text[0] != '\0');
}

static void what_a_node_did_not_take_dies_with_it(void **state)
{
    struct rig *r = *state;

    r->mood = SILENT;
    assert_int_equal(ls_noderpc_feed(r->rpc, nth(r, 0), NULL), LS_OK);
    assert_int_equal(ls_noderpc_feed(r->rpc, nth(r, 1), NULL), LS_OK);
    UNTIL(r, r->payload_count == 1);
    ls_noderpc_down(r->rpc);
    assert_int_equal(ls_noderpc_feeding(r->rpc), 0);
    assert_int_equal(ls_noderpc_feed(r->rpc, nth(r, 2), NULL), LS_ERR_CONNECT);

    r->mood = ANSWERING;
    ls_noderpc_up(r->rpc);
    assert_int_equal(ls_noderpc_feed(r->rpc, nth(r, 3), NULL), LS_OK);
    UNTIL(r, ls_noderpc_feeding(r->rpc) == 0);
    assert_int_equal(r->payload_count, 2);
    assert_payload(r, 1, nth(r, 3));
}

static void refuses_more_than_it_can_keep(void **state)
{
    struct rig *r = *state;

    r->mood = SILENT;
    for (size_t i = 0; i < LS_NODERPC_QUEUE_MAX; i++) {
        assert_int_equal(ls_noderpc_feed(r->rpc, nth(r, 0), NULL), LS_OK);
    }
    assert_int_equal(ls_noderpc_feed(r->rpc, nth(r, 0), NULL), LS_ERR_LIMIT);
}

/* --- status --- */

static void tells_the_newest_status_of_this_incarnation(void **state)
{
    struct rig *r = *state;
    struct ls_sync_status s = {0};

    r->safe_number = 7;
    assert_false(ls_noderpc_status(r->rpc, &s));
    UNTIL(r, ls_noderpc_status(r->rpc, &s));
    assert_int_equal(s.safe_l2.number, 7);
    ls_noderpc_down(r->rpc);
    ls_noderpc_up(r->rpc);
    assert_false(ls_noderpc_status(r->rpc, &s));
}

static void asks_once_a_tick_while_somebody_wants_to_know(void **state)
{
    struct rig *r = *state;
    struct ls_sync_status s = {0};

    UNTIL(r, ls_noderpc_status(r->rpc, &s));
    (void)ls_noderpc_status(r->rpc, &s);
    assert_int_equal(ls_noderpc_feed(r->rpc, nth(r, 0), NULL), LS_OK); /* goes there and back */
    UNTIL(r, ls_noderpc_feeding(r->rpc) == 0);
    assert_int_equal(r->status_count, 1);
    for (size_t tick = 0; tick < 2; tick++) {
        ls_noderpc_tick(r->rpc);
        UNTIL(r, r->status_count == 2 + tick);
        (void)ls_loop_turn(r->loop); /* its answer */
    }
    ls_noderpc_tick(r->rpc); /* nobody asked for two ticks */
    assert_int_equal(ls_noderpc_feed(r->rpc, nth(r, 0), NULL), LS_OK);
    UNTIL(r, ls_noderpc_feeding(r->rpc) == 0);
    assert_int_equal(r->status_count, 3);
}

static void only_news_is_recorded(void **state)
{
    struct rig *r = *state;
    struct ls_sync_status s = {0};

    r->safe_number = 1;
    UNTIL(r, ls_noderpc_status(r->rpc, &s));
    assert_int_equal(r->event_count, 1);
    ls_noderpc_tick(r->rpc);
    UNTIL(r, r->status_count == 2);
    (void)ls_loop_turn(r->loop);
    assert_int_equal(r->event_count, 1);
    r->safe_number = 2;
    (void)ls_noderpc_status(r->rpc, &s);
    ls_noderpc_tick(r->rpc);
    UNTIL(r, r->event_count == 2);
    assert_int_equal(r->events[1].kind, LS_TRACE_STATUS);
    assert_int_equal(r->events[1].safe_l2.number, 2);
}

static void an_unusable_status_is_recorded_and_changes_nothing(void **state)
{
    struct rig *r = *state;
    struct ls_sync_status s = {0};

    r->mood = TALKING_NONSENSE;
    (void)ls_noderpc_status(r->rpc, &s);
    UNTIL(r, r->event_count == 1);
    assert_false(r->events[0].has_heads);
    assert_true(r->events[0].text[0] != '\0');
    assert_false(ls_noderpc_status(r->rpc, &s));
}

/* --- gossip, which differs in what happens to payloads that the node does not take --- */

/* Until nothing waits; how many the node has had. */
static size_t told(struct rig *r)
{
    UNTIL(r, ls_gossip_counts(r->gossip).waiting == 0);
    return r->payload_count;
}

static void gossip_tells_each_new_block_once_and_in_order(void **state)
{
    struct rig *r = *state;

    ls_gossip_follow(r->gossip, LS_NO_BLOCK);
    ls_gossip_follow(r->gossip, nth(r, 2)); /* where it begins */
    ls_gossip_follow(r->gossip, nth(r, 2));
    assert_int_equal(told(r), 1);
    ls_gossip_follow(r->gossip, nth(r, 5));
    assert_int_equal(told(r), 4);
    ls_gossip_follow(r->gossip, nth(r, 3)); /* falls back: nothing new */
    ls_gossip_follow(r->gossip, nth(r, 6));
    assert_int_equal(told(r), 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_payload(r, i, nth(r, 2 + i));
    }
    assert_int_equal(ls_gossip_counts(r->gossip).sent, 5);
    assert_int_equal(r->event_count, 5);
}

/* Of its own chain, which has orphans. */
static void gossip_tells_the_new_branch_after_a_reorganisation(void **state)
{
    struct rig *r = *state;
    struct ls_gossip_options o = {.loop = r->loop, .trace = r->trace, .url = r->url};
    struct ls_chain chain;
    uint32_t orphan, fork;
    uint64_t orphan_number;

    assert_int_equal(ls_chain_open("fixtures/devnet-reorgs", NULL, &chain, NULL), LS_OK);
    assert_true(chain.branch_count > 1);
    orphan = chain.branches[1].tip;
    fork = ls_universe_common(chain.l2, orphan, chain.tip);
    orphan_number = ls_universe_get(chain.l2, orphan)->ref.number;
    o.l2 = chain.l2;
    ls_gossip_free(r->gossip);
    assert_int_equal(ls_gossip_new(&o, &r->gossip, NULL), LS_OK);

    ls_gossip_follow(r->gossip, orphan);
    ls_gossip_follow(r->gossip, ls_universe_at(chain.l2, chain.tip, orphan_number));
    assert_int_equal(told(r), 1 + orphan_number - ls_universe_get(chain.l2, fork)->ref.number);
    for (size_t i = 1; i < r->payload_count; i++) {
        uint64_t number = ls_universe_get(chain.l2, fork)->ref.number + i;
        uint32_t want = ls_universe_at(chain.l2, chain.tip, number);
        assert_memory_equal(r->payloads[i].b, ls_universe_get(chain.l2, want)->ref.hash.b, 32);
    }
    ls_gossip_free(r->gossip);
    r->gossip = NULL;
    ls_chain_close(&chain);
}

static void gossip_that_nobody_hears_is_lost(void **state)
{
    struct rig *r = *state;

    assert_int_equal(ls_front_set_open(r->front, false, NULL), LS_OK);
    ls_gossip_follow(r->gossip, nth(r, 0));
    ls_gossip_follow(r->gossip, nth(r, 3));
    assert_int_equal(told(r), 0);
    assert_int_equal(ls_gossip_counts(r->gossip).lost, 4);
    assert_int_equal(ls_front_set_open(r->front, true, NULL), LS_OK);
    ls_gossip_follow(r->gossip, nth(r, 4));
    assert_int_equal(told(r), 1);
    assert_payload(r, 0, nth(r, 4));
}

static void a_payload_that_the_node_refuses_was_told(void **state)
{
    struct rig *r = *state;

    r->mood = REFUSING;
    assert_int_equal(ls_gossip_tell(r->gossip, nth(r, 0), NULL), LS_OK);
    assert_int_equal(told(r), 1);
    assert_int_equal(ls_gossip_counts(r->gossip).sent, 1);
    assert_int_equal(r->events[0].kind, LS_TRACE_PAY);
    assert_string_equal(r->events[0].text, "not now");
}

static void gossip_has_a_bound(void **state)
{
    struct rig *r = *state;

    r->mood = SILENT;
    for (size_t i = 0; i < LS_GOSSIP_QUEUE_MAX; i++) {
        assert_int_equal(ls_gossip_tell(r->gossip, nth(r, 0), NULL), LS_OK);
    }
    assert_int_equal(ls_gossip_tell(r->gossip, nth(r, 0), NULL), LS_ERR_LIMIT);
    assert_int_equal(ls_gossip_counts(r->gossip).lost, 1);
}

/* --- adapters --- */

static void an_adapter_fills_in_its_templates(void **state)
{
    static const char *const more[] = {"--x={source}/{poll}", "{not} {\"a\":1} {"};
    const struct ls_start_options o = {.with_l1 = true, .args = more, .args_count = 2};
    const struct ls_adapter_vars vars = {.engine = "http://e",
                                         .source = "http://s",
                                         .l1 = "http://l",
                                         .jwt = "/j",
                                         .rollup = "/r",
                                         .dir = "/d",
                                         .rpc_port = 4711,
                                         .poll_ns = 50000000};
    const char *const want[] = {"/bin/lightcl",
                                "--l2=http://e",
                                "--l2.jwt-secret=/j",
                                "--rollup.config=/r",
                                "--rpc.port=4711",
                                "--follow.poll-interval=50ms",
                                "--safe-source.l2-rpc=http://s",
                                "--l1=http://l",
                                "--x=http://s/50ms",
                                "{not} {\"a\":1} {"};
    struct ls_arena arena;
    char **argv = NULL;
    size_t found = 0, count = 0;

    (void)state;
    ls_arena_init(&arena, 1u << 16);
    assert_int_equal(ls_adapter_argv(ls_adapter_find("lightcl"), LS_VARIANT_A, &o, false,
                                     "/bin/lightcl", &vars, &arena, &argv, NULL),
                     LS_OK);
    for (; argv[count] != NULL; count++) {
        if (found < sizeof want / sizeof want[0] && strcmp(argv[count], want[found]) == 0) {
            found++;
        }
        assert_null(strstr(argv[count], "follow.source"));
    }
    assert_int_equal(found, sizeof want / sizeof want[0]);
    ls_arena_fini(&arena);
}

static void an_adapter_says_what_it_cannot_do(void **state)
{
    static const char *const args[] = {"--x={nonsense}", NULL};
    const struct ls_adapter a = {.name = "toy", .args = args, .args_b = args};
    const struct ls_start_options o = {0};
    struct ls_arena arena;
    struct ls_diag d = {{0}};
    char **argv = NULL;

    (void)state;
    ls_arena_init(&arena, 1u << 16);
    assert_int_equal(ls_adapter_argv(&a, LS_VARIANT_A, &o, false, "toy",
                                     &(struct ls_adapter_vars){0}, &arena, &argv, &d),
                     LS_ERR_CONFIG);
    assert_non_null(strstr(d.text, "variant A"));
    assert_int_equal(ls_adapter_argv(&a, LS_VARIANT_B, &o, false, "toy",
                                     &(struct ls_adapter_vars){0}, &arena, &argv, &d),
                     LS_ERR_CONFIG);
    assert_non_null(strstr(d.text, "{nonsense}"));
    assert_null(ls_adapter_find("toy"));
    ls_arena_fini(&arena);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(hands_payloads_over_in_order_and_records_each),
        T(sends_the_next_payload_only_when_the_last_is_acknowledged),
        T(waits_for_a_server_that_is_not_up_yet),
        T(records_a_refusal_and_goes_on),
        T(what_a_node_did_not_take_dies_with_it),
        T(refuses_more_than_it_can_keep),
        T(tells_the_newest_status_of_this_incarnation),
        T(asks_once_a_tick_while_somebody_wants_to_know),
        T(only_news_is_recorded),
        T(an_unusable_status_is_recorded_and_changes_nothing),
        T(gossip_tells_each_new_block_once_and_in_order),
        T(gossip_tells_the_new_branch_after_a_reorganisation),
        T(gossip_that_nobody_hears_is_lost),
        T(a_payload_that_the_node_refuses_was_told),
        T(gossip_has_a_bound),
        cmocka_unit_test(an_adapter_fills_in_its_templates),
        cmocka_unit_test(an_adapter_says_what_it_cannot_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
