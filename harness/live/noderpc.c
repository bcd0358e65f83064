#include "harness/live/noderpc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/live/pay.h"
#include "lib/jsonw.h"
#include "lib/op/rpc.h"

#define NS_PER_MS UINT64_C(1000000)
#define RETRY_NS (10 * NS_PER_MS) /* between two attempts to reach a server that is not up */
#define PAY_TIMEOUT_MS 10000u
#define STATUS_TIMEOUT_MS 5000u
#define STATUS_WANTED_TICKS 2u

struct ls_noderpc {
    struct ls_noderpc_options o;
    struct ls_client *client;
    char url[40];
    bool is_up;
    uint64_t id_last;
    /* payloads: a ring */
    uint32_t queue[LS_NODERPC_QUEUE_MAX];
    size_t head, count;
    struct ls_client_call *pay;
    uint64_t pay_id;
    struct ls_loop_timer retry;
    /* status */
    struct ls_client_call *ask;
    uint64_t ask_id;
    bool has_asked;        /* in this tick */
    uint64_t wanted_ticks; /* how long to go on asking */
    bool has_status;
    struct ls_sync_status status;
};

static void send_next(struct ls_noderpc *n);

/* --- payloads --- */

static enum ls_err write_pay(const struct ls_noderpc *n, uint32_t block, struct ls_buf *out,
                             struct ls_diag *d)
{
    return ls_pay_write(ls_universe_get(n->o.l2, block), n->pay_id, n->o.adapter->payload_method,
                        out, d);
}

/* ls_client_fn */
static void on_paid(void *user, const struct ls_client_answer *answer)
{
    struct ls_noderpc *n = user;

    n->pay = NULL;
    if (answer->err != LS_OK) {
        ls_loop_timer_set(n->o.loop, &n->retry, ls_loop_now_ns(n->o.loop) + RETRY_NS);
        return;
    }
    ls_trace_put_pay(n->o.trace, ls_universe_get(n->o.l2, n->queue[n->head]), n->pay_id,
                     n->o.adapter->payload_method, answer, ls_loop_now_ns(n->o.loop));
    n->head = (n->head + 1) % LS_NODERPC_QUEUE_MAX;
    n->count--;
    ls_loop_happened(n->o.loop);
    send_next(n);
}

/* ls_loop_fn */
static void on_retry(void *user)
{
    send_next(user);
}

/* Sends the oldest payload when none is under way. That it can be written was tried when it came;
 * only memory can be missing, and may be there later. */
static void send_next(struct ls_noderpc *n)
{
    struct ls_buf body = {0};

    if (!n->is_up || n->pay != NULL || n->count == 0) {
        return;
    }
    ls_buf_init(&body, LS_PAY_BYTES_MAX);
    n->pay_id = ++n->id_last;
    if (write_pay(n, n->queue[n->head], &body, NULL) == LS_OK) {
        n->pay = ls_client_post(n->client, n->url, ls_buf_span(&body), PAY_TIMEOUT_MS, on_paid, n);
    }
    ls_buf_fini(&body);
    if (n->pay == NULL) {
        ls_loop_timer_set(n->o.loop, &n->retry, ls_loop_now_ns(n->o.loop) + RETRY_NS);
    }
}

enum ls_err ls_noderpc_feed(struct ls_noderpc *n, uint32_t block, struct ls_diag *d)
{
    struct ls_buf body = {0};
    enum ls_err e;

    if (!n->is_up) {
        return ls_fail(d, LS_ERR_CONNECT, "no node is running to take a payload");
    }
    if (n->count == LS_NODERPC_QUEUE_MAX) {
        return ls_fail(d, LS_ERR_LIMIT, "more than %u payloads wait for the node",
                       LS_NODERPC_QUEUE_MAX);
    }
    ls_buf_init(&body, LS_PAY_BYTES_MAX);
    e = write_pay(n, block, &body, d);
    ls_buf_fini(&body);
    if (e != LS_OK) {
        return e;
    }
    n->queue[(n->head + n->count++) % LS_NODERPC_QUEUE_MAX] = block;
    send_next(n);
    return LS_OK;
}

size_t ls_noderpc_feeding(const struct ls_noderpc *n)
{
    return n->count;
}

/* --- status --- */

static struct ls_trace_block block_of(const struct ls_l2_ref *r)
{
    return ls_trace_block_id(&r->hash, r->number);
}

static bool is_news(const struct ls_noderpc *n, const struct ls_sync_status *s)
{
    const struct ls_sync_status *old = &n->status;

    return !n->has_status || !ls_hash_eq(&old->unsafe_l2.hash, &s->unsafe_l2.hash) ||
           !ls_hash_eq(&old->local_safe_l2.hash, &s->local_safe_l2.hash) ||
           !ls_hash_eq(&old->safe_l2.hash, &s->safe_l2.hash) ||
           !ls_hash_eq(&old->finalized_l2.hash, &s->finalized_l2.hash) ||
           !ls_hash_eq(&old->current_l1.hash, &s->current_l1.hash);
}

/* Heads that did not change are left out: a trace is read by people. */
static void record_status(struct ls_noderpc *n, const struct ls_client_answer *answer,
                          const struct ls_sync_status *s)
{
    struct ls_trace_event ev;

    if (!is_news(n, s)) {
        return;
    }
    ev = ls_trace_node_answer(LS_TRACE_STATUS, n->o.adapter->status_method, answer, 0, "");
    ev.has_heads = true;
    ev.unsafe_l2 = block_of(&s->unsafe_l2);
    ev.local_safe_l2 = block_of(&s->local_safe_l2);
    ev.safe_l2 = block_of(&s->safe_l2);
    ev.finalized_l2 = block_of(&s->finalized_l2);
    ev.current_l1 = ls_trace_block_id(&s->current_l1.hash, s->current_l1.number);
    ls_trace_put(n->o.trace, &ev, ls_loop_now_ns(n->o.loop));
}

/* A status that cannot be used: the node said something odd, which the trace must show. */
static void record_bad_status(struct ls_noderpc *n, const struct ls_client_answer *answer,
                              int64_t code, const char *why)
{
    struct ls_trace_event ev =
        ls_trace_node_answer(LS_TRACE_STATUS, n->o.adapter->status_method, answer, code, why);

    ls_trace_put(n->o.trace, &ev, ls_loop_now_ns(n->o.loop));
}

/* ls_client_fn */
static void on_status(void *user, const struct ls_client_answer *answer)
{
    struct ls_noderpc *n = user;
    struct ls_rpc_reply reply = {0};
    struct ls_sync_status s;
    struct ls_diag why = {{0}};
    enum ls_err e;

    n->ask = NULL;
    if (answer->err != LS_OK) {
        return; /* not up yet, or stopped: the next tick asks again */
    }
    e = ls_rpc_reply_parse((const char *)answer->body.p, answer->body.n, n->ask_id, &reply, &why);
    if (e == LS_OK && reply.is_error) {
        e = ls_fail(&why, LS_ERR_RPC, "%s", reply.message);
    }
    if (e == LS_OK) {
        e = ls_sync_status_parse(reply.result, &s, &why);
    }
    if (e == LS_OK) {
        record_status(n, answer, &s);
        n->status = s;
        n->has_status = true;
    } else {
        record_bad_status(n, answer, reply.is_error ? reply.code : 0, why.text);
    }
    ls_rpc_reply_fini(&reply);
    ls_loop_happened(n->o.loop);
}

static void ask_status(struct ls_noderpc *n)
{
    struct ls_buf body = {0};
    struct ls_jw w;

    if (!n->is_up || n->ask != NULL || n->has_asked) {
        return;
    }
    ls_buf_init(&body, 1024);
    ls_jw_init(&w, &body);
    n->ask_id = ++n->id_last;
    ls_rpc_request_begin(&w, n->ask_id, n->o.adapter->status_method);
    ls_rpc_request_end(&w);
    if (body.err == LS_OK) {
        n->ask =
            ls_client_post(n->client, n->url, ls_buf_span(&body), STATUS_TIMEOUT_MS, on_status, n);
    }
    n->has_asked = true;
    ls_buf_fini(&body);
}

bool ls_noderpc_status(struct ls_noderpc *n, struct ls_sync_status *out)
{
    n->wanted_ticks = STATUS_WANTED_TICKS;
    ask_status(n);
    if (n->has_status) {
        *out = n->status;
    }
    return n->has_status;
}

void ls_noderpc_tick(struct ls_noderpc *n)
{
    n->has_asked = false;
    if (n->wanted_ticks > 0) {
        n->wanted_ticks--;
        ask_status(n);
    }
}

/* --- life --- */

enum ls_err ls_noderpc_new(const struct ls_noderpc_options *o, struct ls_noderpc **out,
                           struct ls_diag *d)
{
    struct ls_noderpc *n = calloc(1, sizeof *n);
    enum ls_err e;

    if (n == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    n->o = *o;
    n->retry = (struct ls_loop_timer){.fn = on_retry, .user = n};
    (void)snprintf(n->url, sizeof n->url, "http://127.0.0.1:%u/", o->port);
    e = ls_client_new(o->loop, &n->client, d);
    if (e != LS_OK) {
        free(n);
        return e;
    }
    *out = n;
    return LS_OK;
}

void ls_noderpc_free(struct ls_noderpc *n)
{
    if (n == NULL) {
        return;
    }
    ls_noderpc_down(n);
    ls_client_free(n->client);
    free(n);
}

void ls_noderpc_up(struct ls_noderpc *n)
{
    n->is_up = true;
    n->has_status = false;
    n->has_asked = false;
}

void ls_noderpc_down(struct ls_noderpc *n)
{
    ls_client_cancel(n->pay);
    ls_client_cancel(n->ask);
    ls_loop_timer_stop(n->o.loop, &n->retry);
    n->pay = NULL;
    n->ask = NULL;
    n->count = 0;
    n->is_up = false;
    n->has_status = false;
}
