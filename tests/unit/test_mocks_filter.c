/* Faults by rule: what each does to the answer, when a rule fires, holding and letting go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/json.h"
#include "lib/op/rpc.h"
#include "mocks/filter/filter.h"

#define REPLY_BYTES ((size_t)1 << 16)

/* Answers "right" to id 1 and counts who came. */
struct inner {
    struct ls_backend base;
    unsigned served;
    uint64_t abandoned;
    const char *says; /* this instead, as stored bytes */
};

static void inner_handle(struct ls_backend *b, const struct ls_http_request *req,
                         struct ls_http_reply *reply)
{
    (void)req;
    struct inner *inner = (struct inner *)b;
    inner->served++;
    if (inner->says != NULL) {
        reply->stored = inner->says;
        reply->stored_bytes = strlen(inner->says);
        return;
    }
    (void)ls_buf_puts(&reply->body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"right\"}\n");
}

static void inner_abandon(struct ls_backend *b, uint64_t serial)
{
    ((struct inner *)b)->abandoned = serial;
}

static const struct ls_backend_ops INNER_OPS = {.handle = inner_handle, .abandon = inner_abandon};

struct fixture {
    struct inner inner;
    struct ls_backend *filter;
    struct ls_http_reply reply; /* of the newest request */
    uint64_t serial;
    const char *params; /* of the next request; NULL = [] */
    uint64_t now_ns;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->inner.base.ops = &INNER_OPS;
    f->filter = ls_filter_new(&f->inner.base, 42);
    assert_non_null(f->filter);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    ls_buf_fini(&f->reply.body);
    ls_filter_free(f->filter);
    free(f);
    return 0;
}

static void send_serial(struct fixture *f, const char *method, uint64_t serial)
{
    char body[256];
    (void)snprintf(body, sizeof body,
                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method,
                   f->params != NULL ? f->params : "[]");
    struct ls_http_request req = {.verb = "POST",
                                  .path = "/",
                                  .content_type = "application/json",
                                  .body = body,
                                  .body_bytes = strlen(body),
                                  .conn = 1,
                                  .now_ns = f->now_ns,
                                  .serial = serial};
    ls_buf_fini(&f->reply.body);
    f->reply = (struct ls_http_reply){.status = 200, .content_type = "application/json"};
    ls_buf_init(&f->reply.body, REPLY_BYTES);
    f->filter->ops->handle(f->filter, &req, &f->reply);
}

static void send(struct fixture *f, const char *method)
{
    send_serial(f, method, ++f->serial);
}

static const char *body_of(const struct fixture *f)
{
    return f->reply.body.p == NULL ? "" : (const char *)f->reply.body.p;
}

static bool is_right(const struct fixture *f)
{
    return f->reply.fate == LS_FATE_SEND && f->reply.status == 200 && f->reply.fault == NULL &&
           strstr(body_of(f), "\"right\"") != NULL;
}

static uint32_t arm(struct fixture *f, struct ls_fault_rule rule)
{
    uint32_t name = ls_filter_add(f->filter, &rule);
    assert_int_not_equal(name, 0);
    return name;
}

static void globs(void **state)
{
    static const struct {
        const char *glob;
        const char *text;
        bool want;
    } cases[] = {{"*", "", true},          {"*", "abc", true},     {"abc", "abc", true},
                 {"abc", "abcd", false},   {"a?c", "abc", true},   {"a?c", "ac", false},
                 {"eth_*", "eth_x", true}, {"eth_*", "et", false}, {"*V3", "fcuV3", true},
                 {"*V3", "V3V4", false},   {"*a*b", "xaab", true}, {"a*b*c", "aXbYbc", true},
                 {"", "", true},           {"", "a", false},       {"??", "a", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(ls_glob_match(cases[i].glob, cases[i].text), cases[i].want);
    }
}

static void without_rules_everything_passes(void **state)
{
    struct fixture *f = *state;
    send(f, "eth_chainId");
    assert_true(is_right(f));
    assert_int_equal(f->inner.served, 1);
}

static void rule_hits_its_method_only(void **state)
{
    struct fixture *f = *state;
    uint32_t rule = arm(f, (struct ls_fault_rule){.method = "engine_*", .fault = LS_FAULT_NULL});
    send(f, "eth_chainId");
    assert_true(is_right(f));
    send(f, "engine_x");
    assert_string_equal(body_of(f), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}\n");
    assert_string_equal(f->reply.fault, "null");
    assert_int_equal(f->inner.served, 1);
    assert_int_equal(ls_filter_hits(f->filter, rule), 1);
    ls_filter_remove(f->filter, rule);
    send(f, "engine_x");
    assert_true(is_right(f));
    assert_int_equal(ls_filter_hits(f->filter, rule), 0);
}

static void after_and_count(void **state)
{
    struct fixture *f = *state;
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_NULL, .after = 2, .count = 3});
    for (unsigned i = 0; i < 8; i++) {
        send(f, "x");
        assert_int_equal(is_right(f), i < 2 || i >= 5);
    }
}

static void chance_comes_from_the_seed(void **state)
{
    struct fixture *f = *state;
    char first[201] = "";
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_NULL, .probability = 0.3});
    unsigned hits = 0;
    for (unsigned i = 0; i < 200; i++) {
        send(f, "x");
        first[i] = is_right(f) ? '.' : 'x';
        hits += is_right(f) ? 0 : 1;
    }
    assert_true(hits > 30 && hits < 90);
    ls_filter_free(f->filter);
    f->filter = ls_filter_new(&f->inner.base, 42);
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_NULL, .probability = 0.3});
    for (unsigned i = 0; i < 200; i++) {
        send(f, "x");
        assert_int_equal(first[i], is_right(f) ? '.' : 'x');
    }
}

static void first_rule_that_fires_decides(void **state)
{
    struct fixture *f = *state;
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_NULL, .count = 1});
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_RESULT, .text = "{\"a\":1}"});
    send(f, "x");
    assert_string_equal(f->reply.fault, "null");
    send(f, "x");
    assert_string_equal(body_of(f), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":1}}\n");
    ls_filter_clear(f->filter);
    send(f, "x");
    assert_true(is_right(f));
}

static void rules_have_a_limit(void **state)
{
    struct fixture *f = *state;
    struct ls_fault_rule rule = {.method = "never", .fault = LS_FAULT_NULL};
    for (unsigned i = 0; i < LS_FAULT_RULES_MAX; i++) {
        assert_int_equal(ls_filter_add(f->filter, &rule), i + 1);
    }
    assert_int_equal(ls_filter_add(f->filter, &rule), 0);
}

static void delay_keeps_the_answer(void **state)
{
    struct fixture *f = *state;
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_DELAY, .delay_ns = 77});
    send(f, "x");
    assert_int_equal(f->reply.delay_ns, 77);
    assert_non_null(strstr(body_of(f), "right"));
    assert_string_equal(f->reply.fault, LS_FAULT_NAME_DELAY);
}

static void lost_answers_reach_the_model_only_with_apply(void **state)
{
    struct fixture *f = *state;
    static const struct {
        enum ls_fault fault;
        enum ls_http_fate fate;
    } cases[] = {{LS_FAULT_HANG, LS_FATE_HANG}, {LS_FAULT_RESET, LS_FATE_RESET}};
    for (size_t i = 0; i < 2; i++) {
        for (unsigned apply = 0; apply < 2; apply++) {
            unsigned before = f->inner.served;
            ls_filter_clear(f->filter);
            (void)arm(f, (struct ls_fault_rule){.fault = cases[i].fault, .apply = apply == 1});
            send(f, "x");
            assert_int_equal(f->reply.fate, cases[i].fate);
            assert_int_equal(f->reply.body.n, 0);
            assert_int_equal(f->inner.served - before, apply);
        }
    }
}

static void http_status_with_retry_after(void **state)
{
    struct fixture *f = *state;
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_HTTP,
                                        .http_status = 429,
                                        .retry_after_s = 2,
                                        .text = "slow down"});
    send(f, "x");
    assert_int_equal(f->reply.status, 429);
    assert_int_equal(f->reply.retry_after_s, 2);
    assert_string_equal(body_of(f), "slow down");
    assert_int_equal(f->inner.served, 0);
}

static void bad_json_is_bad(void **state)
{
    struct fixture *f = *state;
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_BAD_JSON, .count = 1});
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_BAD_JSON, .text = "<html>"});
    send(f, "x");
    assert_int_equal(ls_json_validate(body_of(f), f->reply.body.n, 0, NULL), LS_ERR_PARSE);
    send(f, "x");
    assert_string_equal(body_of(f), "<html>");
}

static void wrong_id_is_the_only_thing_wrong(void **state)
{
    struct fixture *f = *state;
    struct ls_rpc_reply reply;
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_WRONG_ID});
    send(f, "x");
    assert_int_not_equal(ls_rpc_reply_parse(body_of(f), f->reply.body.n, 1, &reply, NULL), LS_OK);
    assert_int_equal(ls_rpc_reply_parse(body_of(f), f->reply.body.n, 9000009, &reply, NULL), LS_OK);
    assert_string_equal(ls_json_str(reply.result), "right");
    ls_rpc_reply_fini(&reply);
    assert_string_equal(f->reply.fault, LS_FAULT_NAME_WRONG_ID);
}

static void rpc_error_with_code_and_text(void **state)
{
    struct fixture *f = *state;
    (void)arm(f, (struct ls_fault_rule){
                     .fault = LS_FAULT_RPC_ERROR, .code = -38002, .text = "no \"such\" thing"});
    send(f, "x");
    assert_string_equal(body_of(f), "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-38002,"
                                    "\"message\":\"no \\\"such\\\" thing\"}}\n");
}

static void forced_status_has_the_shape_of_its_method(void **state)
{
    struct fixture *f = *state;
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_STATUS, .text = "ACCEPTED"});
    send(f, "engine_newPayloadV4");
    assert_string_equal(body_of(f),
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"status\":\"ACCEPTED\","
                        "\"latestValidHash\":null,\"validationError\":null}}\n");
    send(f, "engine_forkchoiceUpdatedV3");
    assert_string_equal(body_of(f), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"payloadStatus\":{"
                                    "\"status\":\"ACCEPTED\",\"latestValidHash\":null,"
                                    "\"validationError\":null},\"payloadId\":null}}\n");
}

static void oversize_is_well_formed_and_large(void **state)
{
    struct fixture *f = *state;
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_OVERSIZE, .body_bytes = 1u << 20});
    send(f, "x");
    assert_true(f->reply.body.n > 1u << 20);
    assert_int_equal(ls_json_validate(body_of(f), f->reply.body.n, 0, NULL), LS_OK);
}

static void truncated_and_dripped_answers_are_the_right_ones(void **state)
{
    struct fixture *f = *state;
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_TRUNCATE, .count = 1});
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_DRIP, .delay_ns = 5});
    send(f, "x");
    assert_int_equal(f->reply.fate, LS_FATE_TRUNCATE);
    assert_non_null(strstr(body_of(f), "right"));
    send(f, "x");
    assert_int_equal(f->reply.fate, LS_FATE_DRIP);
    assert_int_equal(f->reply.drip_ns, 5);
    assert_non_null(strstr(body_of(f), "right"));
}

static void one_element_of_a_batch_is_enough(void **state)
{
    struct fixture *f = *state;
    const char *body = "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"},"
                       "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"b\"}]";
    struct ls_http_request req = {.verb = "POST",
                                  .path = "/",
                                  .content_type = "application/json",
                                  .body = body,
                                  .body_bytes = strlen(body)};
    (void)arm(f, (struct ls_fault_rule){.method = "b", .fault = LS_FAULT_NULL});
    ls_buf_init(&f->reply.body, REPLY_BYTES);
    f->reply.status = 200;
    f->filter->ops->handle(f->filter, &req, &f->reply);
    assert_string_equal(body_of(f), "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null},"
                                    "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":null}]\n");
}

static void held_requests_take_effect_when_let_go(void **state)
{
    struct fixture *f = *state;
    (void)arm(f, (struct ls_fault_rule){.method = "engine_*", .fault = LS_FAULT_HOLD});
    send_serial(f, "engine_x", 1);
    assert_int_equal(f->reply.fate, LS_FATE_HOLD);
    send_serial(f, "engine_x", 1); /* asked again too early */
    assert_int_equal(f->reply.fate, LS_FATE_HOLD);
    assert_int_equal(f->inner.served, 0);
    ls_filter_release(f->filter, "eth_*");
    send_serial(f, "engine_x", 1);
    assert_int_equal(f->reply.fate, LS_FATE_HOLD);
    ls_filter_release(f->filter, "engine_*");
    send_serial(f, "engine_x", 1);
    assert_true(is_right(f));
    send_serial(f, "engine_x", 2); /* the rule is gone */
    assert_true(is_right(f));
    assert_int_equal(f->inner.served, 2);
}

static void hold_of_a_number_lets_the_next_pass(void **state)
{
    struct fixture *f = *state;
    (void)arm(f, (struct ls_fault_rule){.method = "x", .fault = LS_FAULT_HOLD, .count = 1});
    send_serial(f, "x", 1);
    assert_int_equal(f->reply.fate, LS_FATE_HOLD);
    send_serial(f, "x", 2);
    assert_true(is_right(f));
    ls_filter_release(f->filter, NULL);
    send_serial(f, "x", 1);
    assert_true(is_right(f));
}

static void held_request_whose_client_left_is_forgotten(void **state)
{
    struct fixture *f = *state;
    for (uint64_t serial = 1; serial <= 1000; serial++) { /* more than can be held at once */
        ls_filter_clear(f->filter);
        (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_HOLD});
        send_serial(f, "x", serial);
        assert_int_equal(f->reply.fate, LS_FATE_HOLD);
        f->filter->ops->abandon(f->filter, serial);
        assert_int_equal(f->inner.abandoned, serial);
    }
}

static void held_requests_leave_room_when_they_go(void **state)
{
    struct fixture *f = *state;
    for (uint64_t serial = 1; serial <= 1000; serial++) {
        (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_HOLD});
        send_serial(f, "x", serial);
        assert_int_equal(f->reply.fate, LS_FATE_HOLD);
        ls_filter_release(f->filter, NULL);
        send_serial(f, "x", serial);
        assert_true(is_right(f));
    }
}

static void rule_may_look_at_the_parameters(void **state)
{
    struct fixture *f = *state;
    (void)arm(f, (struct ls_fault_rule){
                     .method = "eth_getBlock*", .params = "*\"latest\"*", .fault = LS_FAULT_NULL});
    f->params = "[ \"safe\" , false ]";
    send(f, "eth_getBlockByNumber");
    assert_true(is_right(f));
    f->params = "[\"latest\",false]";
    send(f, "eth_call");
    assert_true(is_right(f));
    send(f, "eth_getBlockByNumber");
    assert_false(is_right(f));
    ls_filter_clear(f->filter);
    (void)arm(f, (struct ls_fault_rule){.params = "[1,*", .fault = LS_FAULT_NULL});
    f->params = "[ 1, 2 ]";
    send(f, "x");
    assert_false(is_right(f));
    f->params = "[2,1]";
    send(f, "x");
    assert_true(is_right(f));
}

static void rule_may_last_for_a_time(void **state)
{
    struct fixture *f = *state;
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_NULL, .for_ns = 100});
    f->now_ns = 5000; /* the time counts from here, not from the arming */
    send(f, "x");
    assert_false(is_right(f));
    f->now_ns = 5099;
    send(f, "x");
    assert_false(is_right(f));
    f->now_ns = 5100;
    send(f, "x");
    assert_true(is_right(f));
}

static void cold_start_refuses_then_is_unavailable_then_serves(void **state)
{
    struct fixture *f = *state;
    uint32_t name = arm(
        f, (struct ls_fault_rule){.fault = LS_FAULT_COLD_START, .delay_ns = 300, .for_ns = 1000});
    send(f, "x");
    assert_int_equal(f->reply.fate, LS_FATE_REFUSE);
    assert_int_equal(f->reply.refuse_ns, 300);
    f->now_ns += 999;
    send(f, "x");
    assert_int_equal(f->reply.fate, LS_FATE_SEND);
    assert_int_equal(f->reply.status, 503);
    assert_int_equal(f->reply.retry_after_s, 1);
    assert_int_equal(ls_filter_hits(f->filter, name), 2);
    f->now_ns++;
    send(f, "x");
    assert_true(is_right(f));
    assert_int_equal(f->inner.served, 1);
}

static void altered(struct fixture *f, enum ls_fault fault, const char *says, const char *want)
{
    ls_filter_clear(f->filter);
    (void)arm(f, (struct ls_fault_rule){.fault = fault});
    f->inner.says = says;
    send(f, "x");
    assert_null(f->reply.stored);
    assert_string_equal(body_of(f), want);
}

static void scalars_get_other_types(void **state)
{
    struct fixture *f = *state;
    altered(f, LS_FAULT_WRONG_TYPE, "{\"id\":1,\"result\":\"0x1\"}", "{\"id\":1,\"result\":7}\n");
    altered(f, LS_FAULT_WRONG_TYPE, "{\"id\":1,\"result\":{\"a\":[1,null,true],\"b\":{}}}",
            "{\"id\":1,\"result\":{\"a\":[\"seven\",{},1],\"b\":{}}}\n");
    altered(f, LS_FAULT_WRONG_TYPE,
            "[{\"id\":1,\"result\":null},{\"id\":2,\"error\":{\"code\":1}}]",
            "[{\"id\":1,\"result\":{}},{\"id\":2,\"error\":{\"code\":1}}]\n");
    altered(f, LS_FAULT_WRONG_TYPE, "no json", "no json");
}

static void quantities_get_too_large(void **state)
{
    struct fixture *f = *state;
    altered(f, LS_FAULT_OUT_OF_RANGE, "{\"id\":1,\"result\":\"0x0\"}",
            "{\"id\":1,\"result\":\"0x10000000000000000\"}\n");
    altered(
        f, LS_FAULT_OUT_OF_RANGE,
        "{\"id\":1,\"result\":{\"n\":12,\"q\":\"0xffffffffffffffff\",\"data\":\"0x00\","
        "\"hash\":\"0x1000000000000000f\",\"tag\":\"0xyz\",\"empty\":\"0x\"}}",
        "{\"id\":1,\"result\":{\"n\":18446744073709551616,\"q\":\"0x10000000000000000\","
        "\"data\":\"0x00\",\"hash\":\"0x1000000000000000f\",\"tag\":\"0xyz\",\"empty\":\"0x\"}}\n");
}

static void stored_answers_get_wrong_ids_too(void **state)
{
    struct fixture *f = *state;
    altered(f, LS_FAULT_WRONG_ID, "{\"id\":1,\"result\":2}", "{\"id\":9000009,\"result\":2}");
}

static void answer_may_say_nothing(void **state)
{
    struct fixture *f = *state;
    altered(f, LS_FAULT_NO_RESULT, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1}\n");
}

static void filters_stack(void **state)
{
    struct fixture *f = *state;
    struct ls_backend *outer = ls_filter_new(f->filter, 1);
    struct ls_backend *inner = f->filter;
    assert_non_null(outer);
    (void)arm(f, (struct ls_fault_rule){.fault = LS_FAULT_OUT_OF_RANGE});
    assert_int_not_equal(ls_filter_add(outer, &(struct ls_fault_rule){.fault = LS_FAULT_WRONG_ID}),
                         0);
    f->inner.says = "{\"id\":1,\"result\":\"0x2\"}";
    f->filter = outer;
    send(f, "x");
    f->filter = inner;
    ls_filter_free(outer);
    assert_string_equal(body_of(f), "{\"id\":9000009,\"result\":\"0x10000000000000000\"}\n");
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void every_fault_has_a_name_of_its_own(void **state)
{
    enum ls_fault found;
    (void)state;
    for (size_t i = 0; i < LS_FAULT_KIND_COUNT; i++) {
        found = LS_FAULT_KIND_COUNT;
        assert_true(ls_fault_find(ls_fault_name((enum ls_fault)i), &found));
        assert_int_equal(found, i);
        assert_non_null(strstr(LS_FAULT_NAMES, ls_fault_name((enum ls_fault)i)));
    }
    assert_false(ls_fault_find("fire", &found));
    assert_false(ls_fault_find("", &found));
}

static void a_rule_that_cannot_work_is_named(void **state)
{
    static const struct {
        struct ls_fault_rule rule;
        const char *says; /* NULL: it works */
    } cases[] = {
        {{.fault = LS_FAULT_STATUS}, "needs its text"},
        {{.fault = LS_FAULT_STATUS, .text = "SYNCING"}, NULL},
        {{.fault = LS_FAULT_RESULT}, "JSON"},
        {{.fault = LS_FAULT_RESULT, .text = "{"}, "JSON"},
        {{.fault = LS_FAULT_RESULT, .text = "{}"}, NULL},
        {{.fault = LS_FAULT_HTTP, .http_status = 199}, "http_status"},
        {{.fault = LS_FAULT_HTTP, .http_status = 600}, "http_status"},
        {{.fault = LS_FAULT_HTTP, .http_status = 503}, NULL},
        {{.fault = LS_FAULT_NULL, .probability = 1.1}, "probability"},
        {{.fault = LS_FAULT_NULL, .probability = -0.1}, "probability"},
        {{.fault = LS_FAULT_NULL, .probability = 1}, NULL},
    };
    static char longest[LS_FAULT_TEXT_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *wrong = ls_fault_wrong(&cases[i].rule);
        assert_true(cases[i].says == NULL ? wrong == NULL
                                          : wrong != NULL && strstr(wrong, cases[i].says) != NULL);
    }
    memset(longest, 'x', LS_FAULT_TEXT_MAX);
    assert_non_null(ls_fault_wrong(&(struct ls_fault_rule){.text = longest}));
    assert_non_null(ls_fault_wrong(&(struct ls_fault_rule){.params = longest}));
    assert_non_null(ls_fault_wrong(&(struct ls_fault_rule){.method = longest}));
    longest[LS_FAULT_TEXT_MAX - 1] = '\0';
    assert_null(ls_fault_wrong(&(struct ls_fault_rule){.text = longest}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_has_a_name_of_its_own),
        cmocka_unit_test(a_rule_that_cannot_work_is_named),
        cmocka_unit_test(globs),
        WITH(without_rules_everything_passes),
        WITH(rule_hits_its_method_only),
        WITH(after_and_count),
        WITH(chance_comes_from_the_seed),
        WITH(first_rule_that_fires_decides),
        WITH(rules_have_a_limit),
        WITH(delay_keeps_the_answer),
        WITH(lost_answers_reach_the_model_only_with_apply),
        WITH(http_status_with_retry_after),
        WITH(bad_json_is_bad),
        WITH(wrong_id_is_the_only_thing_wrong),
        WITH(rpc_error_with_code_and_text),
        WITH(forced_status_has_the_shape_of_its_method),
        WITH(oversize_is_well_formed_and_large),
        WITH(truncated_and_dripped_answers_are_the_right_ones),
        WITH(one_element_of_a_batch_is_enough),
        WITH(held_requests_take_effect_when_let_go),
        WITH(hold_of_a_number_lets_the_next_pass),
        WITH(held_request_whose_client_left_is_forgotten),
        WITH(held_requests_leave_room_when_they_go),
        WITH(rule_may_look_at_the_parameters),
        WITH(rule_may_last_for_a_time),
        WITH(cold_start_refuses_then_is_unavailable_then_serves),
        WITH(scalars_get_other_types),
        WITH(quantities_get_too_large),
        WITH(stored_answers_get_wrong_ids_too),
        WITH(answer_may_say_nothing),
        WITH(filters_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
