/*
 * The fetcher over a link that is a script: answers in any order, refusals, losses, pauses. Time is
 * a number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/capture/pull_batch.h"
#include "harness/capture/pull_fetch.h"

#define SLOTS 4u
#define BODY_MAX (1u << 20)

/* How the server takes a batch that is over its limit. */
enum refusal {
    REFUSE_OBJECT,
    REFUSE_ARRAY,
    REFUSE_HTTP_400,
    REFUSE_HTTP_413,
    REFUSE_TIMEOUT,
    REFUSE_TAIL
};

struct server {
    struct ls_pull_link link; /* first */
    uint64_t now_ms;
    bool is_stopped;
    unsigned stop_after; /* requests; 0: never */

    size_t batch_max; /* calls it takes at once */
    enum refusal refusal;
    unsigned bad_requests; /* the next so many fail: … */
    enum ls_err bad_err;   /* … on the way, or with … */
    unsigned bad_status;   /* … this status, or with … */
    const char *bad_body;  /* … this body */
    uint64_t bad_retry_after_ms;
    size_t items_per_request; /* the rest of a batch gets a rate limit; 0: all are answered */
    bool is_backwards;        /* the newest request is answered first */
    const char *busy_call;    /* a call whose answer is an error; NULL: none */
    const char *busy_error;

    struct {
        bool is_busy;
        unsigned serial;
        char *text;
        size_t calls;
        bool is_array;
    } slots[LS_PULL_SLOTS_MAX];
    struct ls_buf bodies[LS_PULL_SLOTS_MAX];
    unsigned requests;
    unsigned in_air_max;
    size_t largest;       /* batch seen */
    unsigned lone_arrays; /* arrays of one call: never sent */
    uint64_t last_send_ms;
};

static struct server *of(struct ls_pull_link *l)
{
    return (struct server *)l;
}

static unsigned in_air(const struct server *s)
{
    unsigned n = 0;

    for (unsigned i = 0; i < LS_PULL_SLOTS_MAX; i++) {
        n += s->slots[i].is_busy;
    }
    return n;
}

static enum ls_err take_request(struct ls_pull_link *l, unsigned slot, const char *url,
                                struct ls_span body)
{
    struct server *s = of(l);
    size_t calls = 0;

    assert_string_equal(url, "http://key@host");
    assert_false(s->slots[slot].is_busy);
    char *text = malloc(body.n + 1);
    assert_non_null(text);
    memcpy(text, body.p, body.n);
    text[body.n] = '\0';
    for (const char *p = text; (p = strstr(p, "\"id\":")) != NULL; p++) {
        calls++;
    }
    free(s->slots[slot].text);
    s->slots[slot].is_busy = true;
    s->slots[slot].serial = ++s->requests;
    s->slots[slot].text = text;
    s->slots[slot].calls = calls;
    s->slots[slot].is_array = text[0] == '[';
    s->lone_arrays += text[0] == '[' && calls == 1;
    s->largest = calls > s->largest ? calls : s->largest;
    s->in_air_max = in_air(s) > s->in_air_max ? in_air(s) : s->in_air_max;
    s->last_send_ms = s->now_ms;
    s->is_stopped |= s->stop_after > 0 && s->requests >= s->stop_after;
    return LS_OK;
}

/* The answer to the call at text: its number again, unless it is to be refused. */
static void put_answer(const struct server *s, const char *text, size_t id, struct ls_buf *out)
{
    const char *number = strstr(text, "\"params\":[\"");

    assert_non_null(number);
    number += strlen("\"params\":[\"");
    int n = (int)strcspn(number, "\"");
    bool is_busy = s->busy_call && strncmp(number, s->busy_call, (size_t)n) == 0 &&
                   strlen(s->busy_call) == (size_t)n;
    if (is_busy || (s->items_per_request > 0 && id > s->items_per_request)) {
        ls_buf_printf(out, "{\"id\":%zu,\"error\":%s}", id,
                      is_busy ? s->busy_error : "{\"code\":-32005,\"message\":\"slow down\"}");
    } else {
        ls_buf_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"result\":\"%.*s\"}", id, n, number);
    }
}

static void answer_batch(const struct server *s, unsigned slot, struct ls_buf *out)
{
    const char *p = s->slots[slot].text;
    size_t calls = s->slots[slot].calls;
    bool is_tail_cut = s->refusal == REFUSE_TAIL && calls > s->batch_max;

    ls_buf_puts(out, s->slots[slot].is_array ? "[" : "");
    for (size_t id = 1; id <= calls; id++) {
        p = strstr(p, "\"method\":");
        ls_buf_puts(out, id > 1 ? "," : "");
        if (is_tail_cut && id > s->batch_max) {
            ls_buf_printf(out,
                          "{\"id\":%zu,\"error\":{\"code\":-32003,\"message\":\"response too "
                          "large\"}}",
                          id);
        } else {
            put_answer(s, p, id, out);
        }
        p++;
    }
    ls_buf_puts(out, s->slots[slot].is_array ? "]" : "");
}

static void refuse(const struct server *s, struct ls_buf *out, struct ls_pull_reply *reply)
{
    static const char error[] =
        "{\"id\":null,\"error\":{\"code\":-32600,\"message\":\"unwelcome\"}}";

    switch (s->refusal) {
    case REFUSE_OBJECT:
        ls_buf_puts(out, error);
        break;
    case REFUSE_ARRAY:
        ls_buf_printf(out, "[%s]", error);
        break;
    case REFUSE_HTTP_400:
        reply->status = 400;
        break;
    case REFUSE_HTTP_413:
        reply->status = 413;
        break;
    case REFUSE_TIMEOUT:
        reply->err = LS_ERR_TIMEOUT;
        break;
    case REFUSE_TAIL:
        break;
    }
}

static void answer(struct server *s, unsigned slot, struct ls_pull_reply *reply)
{
    struct ls_buf *out = &s->bodies[slot];

    ls_buf_clear(out);
    *reply = (struct ls_pull_reply){.status = 200, .took_ms = 1, .why = "No error"};
    if (s->bad_requests > 0) {
        s->bad_requests--;
        reply->err = s->bad_err;
        reply->why = s->bad_err ? "broken" : "No error";
        reply->status = s->bad_status ? s->bad_status : 200;
        reply->retry_after_ms = s->bad_retry_after_ms;
        ls_buf_puts(out, s->bad_body ? s->bad_body : "");
    } else if (s->slots[slot].calls > s->batch_max && s->refusal != REFUSE_TAIL) {
        refuse(s, out, reply);
    } else {
        answer_batch(s, slot, out);
    }
    assert_int_equal(out->err, LS_OK);
    reply->body = ls_buf_span(out);
}

static bool wait_reply(struct ls_pull_link *l, uint64_t until_ms, unsigned *slot,
                       struct ls_pull_reply *reply)
{
    struct server *s = of(l);
    unsigned chosen = LS_PULL_SLOTS_MAX;

    for (unsigned i = 0; i < LS_PULL_SLOTS_MAX; i++) {
        bool is_better = chosen == LS_PULL_SLOTS_MAX ||
                         (s->slots[i].serial > s->slots[chosen].serial) == s->is_backwards;
        chosen = s->slots[i].is_busy && is_better ? i : chosen;
    }
    if (s->is_stopped) {
        return false;
    }
    if (chosen == LS_PULL_SLOTS_MAX) {
        assert_true(until_ms != UINT64_MAX); /* it would wait for ever */
        s->now_ms = until_ms > s->now_ms ? until_ms : s->now_ms;
        return false;
    }
    s->now_ms++;
    s->slots[chosen].is_busy = false;
    *slot = chosen;
    answer(s, chosen, reply);
    return true;
}

static void cancel(struct ls_pull_link *l, unsigned slot)
{
    of(l)->slots[slot].is_busy = false;
}

static uint64_t now_ms(struct ls_pull_link *l)
{
    return of(l)->now_ms;
}

static bool is_stopped(struct ls_pull_link *l)
{
    return of(l)->is_stopped;
}

/* --- the plan: blocks 0x64 …, answered with their numbers --- */

struct rig {
    struct server server;
    struct ls_pull_endpoint ep;
    struct ls_pull_fetch_options o;
    uint64_t first;
    uint64_t count;
    uint64_t taken;
    uint64_t fail_at; /* index at which take fails; UINT64_MAX: never */
    unsigned pauses;
    uint64_t paused_ms;
    struct ls_pull_answer last_error;
    struct ls_diag d;
};

static void call_number(void *ctx, uint64_t index, struct ls_pull_call *out)
{
    const struct rig *r = ctx;

    assert_true(index < r->count);
    *out = (struct ls_pull_call){.method = LS_PULL_BLOCK_BY_NUMBER, .number = r->first + index};
}

static enum ls_err take_number(void *ctx, uint64_t index, const struct ls_pull_answer *a,
                               struct ls_diag *d)
{
    struct rig *r = ctx;
    char want[32];

    assert_int_equal(index, r->taken);
    if (index == r->fail_at) {
        return ls_fail(d, LS_ERR_LINK, "not this one");
    }
    r->taken++;
    if (a->is_error) {
        r->last_error = *a;
        return LS_OK;
    }
    snprintf(want, sizeof want, "\"0x%llx\"", (unsigned long long)(r->first + index));
    assert_int_equal(a->result.n, strlen(want));
    assert_memory_equal(a->result.p, want, a->result.n);
    return LS_OK;
}

static void on_pause(void *user, const struct ls_pull_endpoint *ep, uint64_t pause_ms,
                     const char *why)
{
    struct rig *r = user;

    assert_string_equal(ep->name, "http://host");
    assert_true(why[0] != '\0');
    r->pauses++;
    r->paused_ms += pause_ms;
}

static int set_up(void **state)
{
    static const struct ls_pull_link_ops ops = {take_request, wait_reply, cancel, now_ms,
                                                is_stopped};
    struct rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    r->server.link.ops = &ops;
    r->server.batch_max = SIZE_MAX;
    for (unsigned i = 0; i < LS_PULL_SLOTS_MAX; i++) {
        ls_buf_init(&r->server.bodies[i], BODY_MAX);
    }
    r->ep = (struct ls_pull_endpoint){.url = "http://key@host", .name = "http://host"};
    ls_pull_pace_init(&r->ep.pace, 64, 1);
    r->o = (struct ls_pull_fetch_options){
        .slots = SLOTS, .patience_ms = 60000, .first_ms = 5000, .on_pause = on_pause, .user = r};
    r->first = 100;
    r->count = 1000;
    r->fail_at = UINT64_MAX;
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;

    for (unsigned i = 0; i < LS_PULL_SLOTS_MAX; i++) {
        assert_false(r->server.slots[i].is_busy); /* nothing is left in the air */
        free(r->server.slots[i].text);
        ls_buf_fini(&r->server.bodies[i]);
    }
    free(r);
    return 0;
}

static enum ls_err fetch(struct rig *r)
{
    const struct ls_pull_plan plan = {LS_PULL_L2, r->count, call_number, take_number, r};

    return ls_pull_fetch(&r->server.link, &r->ep, &r->o, &plan, &r->d);
}

static void fetch_all(struct rig *r)
{
    enum ls_err e = fetch(r);

    if (e) {
        print_error("%s\n", r->d.text);
    }
    assert_int_equal(e, LS_OK);
    assert_int_equal(r->taken, r->count);
}

static void fetch_fails(struct rig *r, enum ls_err want, const char *says)
{
    enum ls_err e = fetch(r);

    if (e != want || !strstr(r->d.text, says)) {
        print_error("%s: %s\n", ls_err_name(e), r->d.text);
    }
    assert_int_equal(e, want);
    assert_non_null(strstr(r->d.text, says));
    assert_null(strstr(r->d.text, "key@"));
}

/* --- tests --- */

static void answers_leave_in_order_however_they_come(void **state)
{
    struct rig *r = *state;

    r->server.is_backwards = true;
    fetch_all(r);
    assert_int_equal(r->server.in_air_max, SLOTS);
    assert_int_equal(r->server.largest, 64);
    assert_int_equal(r->server.lone_arrays, 0);
    assert_true(r->server.requests < 30);
}

static void counts_around_the_batch_size_are_fetched(void **state)
{
    struct rig *r = *state;

    for (uint64_t n = 0; n <= 70; n++) {
        r->count = n;
        r->taken = 0;
        fetch_all(r);
    }
}

static void a_server_without_batches_gets_lone_calls(void **state)
{
    static const enum refusal refusals[] = {REFUSE_OBJECT, REFUSE_ARRAY, REFUSE_HTTP_400,
                                            REFUSE_HTTP_413};
    struct rig *r = *state;

    r->server.batch_max = 1;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        ls_pull_pace_init(&r->ep.pace, 64, 1);
        r->server.refusal = refusals[i];
        r->server.requests = 0;
        r->taken = 0;
        fetch_all(r);
        assert_int_equal(r->ep.pace.batch, 1);
        assert_true(r->server.requests <=
                    r->count + 20); /* it is asked a few times, not for ever */
        assert_int_equal(r->server.lone_arrays, 0);
        assert_int_equal(r->pauses, 0);
    }
}

static void a_limit_of_the_server_is_found(void **state)
{
    static const enum refusal refusals[] = {REFUSE_OBJECT, REFUSE_HTTP_413, REFUSE_TAIL};
    struct rig *r = *state;

    r->server.batch_max = 20;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        ls_pull_pace_init(&r->ep.pace, 64, 1);
        r->server.refusal = refusals[i];
        r->server.requests = 0;
        r->taken = 0;
        fetch_all(r);
        assert_int_equal(r->ep.pace.batch, 16);
        assert_true(r->server.requests < 90);
    }
}

static void a_batch_that_takes_too_long_is_made_smaller(void **state)
{
    struct rig *r = *state;

    r->server.batch_max = 20;
    r->server.refusal = REFUSE_TIMEOUT;
    fetch_all(r);
    assert_int_equal(r->ep.pace.batch, 16);
}

/* One answer a request, for longer than the patience: slow is not dead. */
static void a_node_that_is_slow_is_not_given_up(void **state)
{
    struct rig *r = *state;

    r->count = 200;
    r->o.patience_ms = 2000;
    r->server.items_per_request = 1;
    fetch_all(r);
    assert_true(r->server.now_ms > 3 * r->o.patience_ms);
}

static void what_a_rate_limit_leaves_out_is_asked_for_again(void **state)
{
    struct rig *r = *state;

    r->server.items_per_request = 5;
    fetch_all(r);
    assert_true(r->server.now_ms > LS_PULL_BACKOFF_MIN_MS); /* with pauses */
}

static void troubles_that_pass_are_waited_out(void **state)
{
    static const struct {
        enum ls_err err;
        unsigned status;
        const char *body;
    } rows[] = {{LS_ERR_CONNECT, 0, ""},     {LS_ERR_TIMEOUT, 0, ""}, {LS_OK, 429, ""},
                {LS_OK, 503, "<html>"},      {LS_OK, 500, ""},        {LS_OK, 200, "<html>"},
                {LS_OK, 200, "[{\"id\":1,"}, {LS_OK, 200, "[]"},      {LS_OK, 200, "{}"}};
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        r->taken = 0;
        r->server.bad_requests = 5;
        r->server.bad_err = rows[i].err;
        r->server.bad_status = rows[i].status;
        r->server.bad_body = rows[i].body;
        uint64_t start = r->server.now_ms;
        fetch_all(r);
        assert_true(r->server.now_ms - start > LS_PULL_BACKOFF_MIN_MS / 2);
        assert_int_equal(r->ep.pace.failures, 0);
    }
}

static void retry_after_decides_when(void **state)
{
    struct rig *r = *state;

    r->server.bad_requests = 1;
    r->server.bad_status = 429;
    r->server.bad_retry_after_ms = 7000;
    r->server.is_backwards = true; /* what was in the air beside it does not shorten the pause */
    r->count = 12;
    fetch_all(r);
    assert_int_equal(r->server.requests, 3);
    assert_in_range(r->server.last_send_ms, 7000, 7000 + LS_PULL_BACKOFF_MIN_MS + 1);
    assert_int_equal(r->pauses, 1);
}

static void requests_that_fail_together_count_once(void **state)
{
    struct rig *r = *state;

    r->server.bad_requests = SLOTS;
    r->server.bad_err = LS_ERR_CONNECT;
    fetch_all(r);
    assert_in_range(r->server.now_ms, LS_PULL_BACKOFF_MIN_MS / 2, LS_PULL_BACKOFF_MIN_MS * 3);
}

static void a_dead_url_is_given_up_soon(void **state)
{
    struct rig *r = *state;

    r->server.bad_requests = UINT32_MAX;
    r->server.bad_err = LS_ERR_CONNECT;
    fetch_fails(r, LS_ERR_CONNECT,
                "http://host: broken, for 5 s: is the node up, and the URL right?");
    assert_in_range(r->server.now_ms, 5000, 5100);
    assert_int_equal(r->taken, 0);
}

static void a_node_that_dies_gets_the_users_patience(void **state)
{
    struct rig *r = *state;

    fetch_all(r);
    r->taken = 0;
    r->server.bad_requests = UINT32_MAX;
    r->server.bad_status = 502;
    uint64_t start = r->server.now_ms;
    fetch_fails(r, LS_ERR_HTTP, "it answers with HTTP status 502");
    assert_in_range(r->server.now_ms - start, 60000, 60100);
    assert_true(r->pauses > 2);
}

static void refused_access_is_told_at_once(void **state)
{
    struct rig *r = *state;

    r->server.bad_requests = UINT32_MAX;
    r->server.bad_status = 401;
    fetch_fails(r, LS_ERR_AUTH, "http://host: access was refused (HTTP 401): check the key");
    assert_true(r->server.now_ms < 10);
}

static void a_status_that_will_not_pass_is_told_after_a_lone_call(void **state)
{
    struct rig *r = *state;

    r->server.bad_requests = UINT32_MAX;
    r->server.bad_status = 404;
    fetch_fails(r, LS_ERR_HTTP, "HTTP status 404");
    assert_true(r->server.now_ms < 50);
}

static void a_method_that_is_not_there_is_an_answer(void **state)
{
    struct rig *r = *state;

    r->server.busy_call = "0x65";
    r->server.busy_error = "{\"code\":-32601,\"message\":\"not here\"}";
    fetch_all(r);
    assert_int_equal(r->last_error.code, -32601);
    assert_string_equal(r->last_error.message, "not here");
}

static void one_call_that_stays_busy_ends_the_patience(void **state)
{
    struct rig *r = *state;

    r->server.busy_call = "0x84"; /* 132 */
    r->server.busy_error = "{\"code\":-32000,\"message\":\"try later\"}";
    fetch_fails(r, LS_ERR_RPC, "http://host: try later");
    assert_int_equal(r->taken, 32);
    assert_true(r->server.requests < 100);
}

static void an_error_of_the_taker_ends_the_plan(void **state)
{
    struct rig *r = *state;

    r->fail_at = 333;
    fetch_fails(r, LS_ERR_LINK, "not this one");
    assert_int_equal(r->taken, 333);
}

static void a_stop_is_obeyed_at_once(void **state)
{
    struct rig *r = *state;

    r->server.stop_after = 6;
    assert_int_not_equal(fetch(r), LS_OK);
    assert_true(r->taken < r->count);
    assert_int_equal(r->server.requests, 6);
}

int main(void)
{
#define RIGGED(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        RIGGED(answers_leave_in_order_however_they_come),
        RIGGED(counts_around_the_batch_size_are_fetched),
        RIGGED(a_server_without_batches_gets_lone_calls),
        RIGGED(a_limit_of_the_server_is_found),
        RIGGED(a_batch_that_takes_too_long_is_made_smaller),
        RIGGED(a_node_that_is_slow_is_not_given_up),
        RIGGED(what_a_rate_limit_leaves_out_is_asked_for_again),
        RIGGED(troubles_that_pass_are_waited_out),
        RIGGED(retry_after_decides_when),
        RIGGED(requests_that_fail_together_count_once),
        RIGGED(a_dead_url_is_given_up_soon),
        RIGGED(a_node_that_dies_gets_the_users_patience),
        RIGGED(refused_access_is_told_at_once),
        RIGGED(a_status_that_will_not_pass_is_told_after_a_lone_call),
        RIGGED(a_method_that_is_not_there_is_an_answer),
        RIGGED(one_call_that_stays_busy_ends_the_patience),
        RIGGED(an_error_of_the_taker_ends_the_plan),
        RIGGED(a_stop_is_obeyed_at_once),
    };
#undef RIGGED
    return cmocka_run_group_tests(tests, NULL, NULL);
}
