#include "node/io/node.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "node/core/core.h"
#include "node/io/http.h"
#include "node/io/intake.h"
#include "node/io/metrics.h"
#include "node/io/notes.h"
#include "node/io/outputs.h"
#include "node/io/schedule.h"
#include "node/io/server.h"
#include "node/io/store.h"
#include "node/io/unsafe.h"
#include "node/io/wire.h"

#define NS_PER_S 1000000000u
#define NS_PER_MS 1000000u
#define CORE_ALIGN 16u
#define STORE_SLOTS (LS_QUEUE_MAX + 64u) /* the core's queue, and what it is about to release */
#define ENGINE_REPLY_BYTES_MAX (64u << 20)
#define REMOTE_REPLY_BYTES_MAX (8u << 20)
#define REQUEST_BYTES_MAX (72u << 20)
#define OUTPUT_ID LS_REQUEST_IDS_END /* | slot: requests of our own */
#define UNSAFE_ID (LS_REQUEST_IDS_END | LS_API_OUTPUTS_MAX)

struct ls_node {
    const struct ls_node_config *cfg;
    struct ls_log *log;
    struct ls_core *core; /* also the memory it lives in */
    struct ls_http *http;
    struct ls_store *store;
    struct ls_server *server;
    struct ls_server *metrics; /* NULL: off */
    struct ls_meter meter;
    struct ls_api_host host;
    int signal_fd;
    uint64_t mono_ns; /* of this turn of the loop */
    int64_t wall_s;
    bool is_halted;
    size_t source;      /* which of the list is asked */
    bool said_mismatch; /* of fork schedule and blocks, until a block fits again */
    struct ls_actions actions;
    struct ls_action asked[LS_HTTP_SLOTS]; /* requests under way; id 0 = free */
    struct ls_event unsent[LS_HTTP_SLOTS]; /* FAIL of requests that could not even start */
    size_t unsent_count;
    struct {
        bool is_alive;
        struct ls_output_query query;
    } outputs[LS_API_OUTPUTS_MAX];
    struct ls_unsafe unsafe_source; /* only used with a URL */
    bool said_unsafe;               /* that it gives nothing usable, until it does */
};

static void read_clock(struct ls_node *n)
{
    struct timespec mono;
    struct timespec wall;

    (void)clock_gettime(CLOCK_MONOTONIC, &mono);
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    n->mono_ns = (uint64_t)mono.tv_sec * NS_PER_S + (uint64_t)mono.tv_nsec;
    n->wall_s = wall.tv_sec;
    n->log->wall_ms = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / (long)NS_PER_MS;
}

/* --- what the core wants done --- */

static struct ls_action *find_asked(struct ls_node *n, uint32_t id)
{
    for (size_t i = 0; i < LS_HTTP_SLOTS; i++) {
        if (n->asked[i].id == id) {
            return &n->asked[i];
        }
    }
    return NULL;
}

static const char *target_text(enum ls_target t)
{
    switch (t) {
    case LS_TO_ENGINE:
        return "engine";
    case LS_TO_SOURCE:
        return "source";
    case LS_TO_L1:
        return "l1";
    case LS_TO_UNSAFE:
        return "unsafe source";
    case LS_TARGET_COUNT:
        break;
    }
    return "";
}

/* Every engine call has a token of its own; nobody else ever sees one (spec 4.3). */
static enum ls_err post(struct ls_node *n, const struct ls_action *a, struct ls_diag *d)
{
    struct ls_http_post request = {.id = a->id, .target = a->target};
    char token[LS_JWT_TEXT_MAX];
    struct ls_buf body;

    ls_buf_init(&body, REQUEST_BYTES_MAX);
    ls_wire_encode(a, n->store, &body);
    if (body.err != LS_OK) {
        enum ls_err e = ls_fail(d, body.err, "request cannot be built: %s", ls_err_text(body.err));
        ls_buf_fini(&body);
        return e;
    }
    if (a->target == LS_TO_ENGINE) {
        ls_jwt_make(n->cfg->jwt_secret, n->wall_s, token);
        request.bearer = token;
    }
    request.timeout_ns = a->give_up_ns > n->mono_ns ? a->give_up_ns - n->mono_ns : 0;
    return ls_http_post(n->http, &request, &body, d);
}

static void send_request(struct ls_node *n, const struct ls_action *a)
{
    struct ls_action *slot = find_asked(n, 0);
    struct ls_diag d = {""};

    ls_logf(n->log, LS_LOG_DEBUG, "asks", LS_F_STR("peer", target_text(a->target)),
            LS_F_STR("method", ls_wire_method(a->method)), LS_F_U64("id", a->id));
    assert(slot != NULL); /* the core has fewer requests alive than there are slots */
    if (post(n, a, &d) == LS_OK) {
        *slot = *a;
        return;
    }
    ls_logf(n->log, LS_LOG_ERROR, "request not sent", LS_F_STR("why", d.text));
    assert(n->unsent_count < LS_HTTP_SLOTS);
    n->unsent[n->unsent_count++] =
        (struct ls_event){.kind = LS_EV_FAIL, .id = a->id, .fail = LS_FAIL_CONNECT};
}

static void cancel_request(struct ls_node *n, uint32_t id)
{
    struct ls_action *asked = find_asked(n, id);

    if (asked != NULL) {
        ls_http_cancel(n->http, id);
        asked->id = 0;
    }
}

static void show_heads(struct ls_node *n)
{
    struct ls_core_status s;

    ls_core_status(n->core, &s);
    ls_meter_heads(&n->meter, &s.published, n->wall_s);
    if (n->log->level <= LS_LOG_DEBUG) {
        ls_logf(n->log, LS_LOG_DEBUG, "heads", LS_F_U64("unsafe", s.published.unsafe_l2.number),
                LS_F_U64("safe", s.published.safe_l2.number),
                LS_F_U64("finalized", s.published.finalized_l2.number),
                LS_F_U64("l1", s.published.head_l1.number));
    }
}

static void act(struct ls_node *n, const struct ls_action *a, const char *detail)
{
    switch (a->kind) {
    case LS_ACT_SEND:
        send_request(n, a);
        break;
    case LS_ACT_CANCEL:
        cancel_request(n, a->id);
        break;
    case LS_ACT_RELEASE:
        ls_store_release(n->store, a->handle);
        break;
    case LS_ACT_HEADS:
        show_heads(n);
        break;
    case LS_ACT_NOTE:
        ls_notes_write(n->log, a, detail);
        break;
    case LS_ACT_HALT:
        ls_notes_write(n->log, a, "lightcl does not run against the wrong chain");
        n->is_halted = true;
        break;
    }
}

/* --- what the core is told --- */

/* One event. why: a sentence about it (may be empty) for the first note that it causes. */
static void step(struct ls_node *n, struct ls_event *ev, const char *why)
{
    ev->mono_ns = n->mono_ns;
    ev->wall_s = n->wall_s;
    ls_core_step(n->core, ev, &n->actions);
    for (size_t i = 0; i < n->actions.count; i++) {
        act(n, &n->actions.items[i], why);
        if (n->actions.items[i].kind == LS_ACT_NOTE) {
            why = NULL;
        }
    }
}

static void tell_unsent(struct ls_node *n)
{
    while (n->unsent_count > 0) {
        struct ls_event ev = n->unsent[--n->unsent_count];
        step(n, &ev, NULL);
    }
}

/* a refused token is either the secret or the clock; the peer's clock tells which. */
static void explain_refusal(struct ls_http_reply *r)
{
    struct ls_diag why = r->why;

    if (r->fail == LS_FAIL_AUTH && r->date[0] != '\0') {
        (void)ls_fail(&r->why, LS_OK, "%s; its clock says %s", why.text, r->date);
    }
}

/* said once, and again after a block that fits. */
static void remark_on(struct ls_node *n, enum ls_method m, bool is_judged,
                      const struct ls_diag *remark)
{
    if (m == LS_M_CAPABILITIES && remark->text[0] != '\0') {
        ls_logf(n->log, LS_LOG_WARN, "engine lacks a method", LS_F_STR("why", remark->text));
    } else if (is_judged) {
        if (remark->text[0] != '\0' && !n->said_mismatch) {
            ls_logf(n->log, LS_LOG_WARN, "fork schedule mismatch", LS_F_STR("why", remark->text));
        }
        n->said_mismatch = remark->text[0] != '\0';
    }
}

/* of several sources the next one is asked when this one does not answer, or is of another
 * chain. What it answers may be wrong in other ways; that is for the core to see through. */
static void turn_to_next_source(struct ls_node *n, const struct ls_event *last)
{
    struct ls_event ev = {.kind = LS_EV_SOURCE};
    struct ls_core_status s;
    char shown[256];

    ls_core_status(n->core, &s);
    /* Some calls may fail and the source is as good as before: the core knows which. */
    bool is_lost =
        last->kind == LS_EV_FAIL && (s.source == LS_SOURCE_DOWN || s.source == LS_SOURCE_UNUSABLE);
    if (n->cfg->source_count < 2 || (!is_lost && s.source != LS_SOURCE_WRONG_CHAIN)) {
        return;
    }
    n->source = (n->source + 1) % n->cfg->source_count;
    ls_http_lead_to(n->http, LS_TO_SOURCE, n->cfg->source_urls[n->source]);
    ls_log_redact_url(n->cfg->source_urls[n->source], shown, sizeof shown);
    ls_logf(n->log, LS_LOG_INFO, "turns to the next source", LS_F_STR("url", shown));
    step(n, &ev, NULL);
}

static void take_reply(struct ls_node *n, struct ls_http_reply *r)
{
    struct ls_action *asked = find_asked(n, r->id);
    struct ls_action action;
    struct ls_diag remark = {""};
    struct ls_event ev = {.kind = LS_EV_FAIL,
                          .id = r->id,
                          .fail = r->fail,
                          .code = r->code,
                          .retry_after_ns = r->retry_after_ns};

    assert(asked != NULL); /* a cancelled request is never reported */
    action = *asked;
    asked->id = 0;
    if (r->is_ok) {
        ls_wire_decode(&action, &n->cfg->rollup, r->body, &ev, &r->why, &remark);
        remark_on(n, action.method, action.params.want_ref && ev.block.found, &remark);
    } else {
        explain_refusal(r);
    }
    if (ev.kind == LS_EV_FAIL) {
        ls_logf(n->log, LS_LOG_DEBUG, "request failed", LS_F_STR("peer", target_text(r->target)),
                LS_F_STR("method", ls_wire_method(action.method)), LS_F_U64("id", r->id),
                LS_F_STR("why", r->why.text));
    }
    ls_meter_answer(&n->meter, &action, &ev);
    step(n, &ev, r->why.text);
    if (action.target == LS_TO_SOURCE) {
        turn_to_next_source(n, &ev);
    }
}

/* --- optimism_outputAtBlock: the engine is asked beside the core --- */

static enum ls_err send_output(struct ls_node *n, size_t slot, struct ls_diag *d)
{
    struct ls_http_post request = {.id = OUTPUT_ID | (uint32_t)slot,
                                   .target = LS_TO_ENGINE,
                                   .timeout_ns = n->cfg->engine_timeout_ns};
    char token[LS_JWT_TEXT_MAX];
    struct ls_buf body;

    ls_buf_init(&body, REQUEST_BYTES_MAX);
    ls_output_write_request(&n->outputs[slot].query, request.id, &body);
    ls_jwt_make(n->cfg->jwt_secret, n->wall_s, token);
    request.bearer = token;
    return ls_http_post(n->http, &request, &body, d);
}

static bool host_ask_output(void *node, size_t slot, uint64_t number)
{
    struct ls_node *n = node;

    if (n->outputs[slot].is_alive) {
        return false; /* for a client that has left */
    }
    n->outputs[slot].query = ls_output_ask(number);
    n->outputs[slot].is_alive = send_output(n, slot, NULL) == LS_OK;
    return n->outputs[slot].is_alive;
}

static void take_output(struct ls_node *n, const struct ls_http_reply *r)
{
    size_t slot = r->id & ~OUTPUT_ID;
    struct ls_output_query *q = &n->outputs[slot].query;
    struct ls_diag d = {""};

    assert(slot < LS_API_OUTPUTS_MAX && n->outputs[slot].is_alive);
    if (r->is_ok) {
        ls_output_take(q, &n->cfg->rollup, r->id, r->body);
    } else {
        ls_output_fail(q, r->why.text);
    }
    if (q->step == LS_OUTPUT_PROOF) {
        if (send_output(n, slot, &d) == LS_OK) {
            return;
        }
        ls_output_fail(q, d.text);
    }
    n->outputs[slot].is_alive = false;
    ls_server_output(n->server, slot, q->step == LS_OUTPUT_DONE ? &q->output : NULL, q->why.text);
}

/* --- what the RPC server asks of us --- */

static void host_status(void *node, struct ls_core_status *out)
{
    const struct ls_node *n = node;

    ls_core_status(n->core, out);
}

static void host_metrics(void *node, struct ls_buf *out)
{
    const struct ls_node *n = node;
    struct ls_core_status s;

    ls_core_status(n->core, &s);
    ls_metrics_write(&n->meter, &s, out);
}

static enum ls_err host_post(void *node, const struct ls_payload *p, struct ls_diag *d)
{
    struct ls_node *n = node;
    struct ls_diag remark = {""};
    struct ls_event ev;
    enum ls_err e = ls_intake(p, &n->cfg->rollup, n->store, &ev, d);

    if (e == LS_OK) {
        (void)ls_schedule_differs(&n->cfg->rollup, p->number, p->timestamp, p->txs, p->tx_count,
                                  &remark);
        remark_on(n, LS_M_NEW_PAYLOAD, true, &remark);
        ls_meter_payload(&n->meter, n->wall_s);
        step(n, &ev, NULL);
    }
    return e;
}

/* --- unsafe blocks over RPC: a node is asked beside the core, which sees payloads --- */

static uint64_t unsafe_pause_ns(const struct ls_node_config *c)
{
    uint64_t block_ns = c->rollup.block_time * NS_PER_S;

    return block_ns > 0 && block_ns < c->poll_ns ? block_ns : c->poll_ns;
}

static void ask_unsafe(struct ls_node *n)
{
    struct ls_core_status s;
    struct ls_buf body;
    struct ls_http_post request = {
        .id = UNSAFE_ID, .target = LS_TO_UNSAFE, .timeout_ns = n->cfg->source_timeout_ns};

    if (n->cfg->unsafe_url == NULL || n->is_halted || n->unsafe_source.next_ns > n->mono_ns) {
        return;
    }
    ls_core_status(n->core, &s);
    if (!ls_unsafe_is_due(&n->unsafe_source, &s, n->mono_ns)) {
        return;
    }
    ls_buf_init(&body, REQUEST_BYTES_MAX);
    ls_unsafe_write_request(&n->unsafe_source, UNSAFE_ID, &body);
    if (ls_http_post(n->http, &request, &body, NULL) != LS_OK) {
        ls_unsafe_again(&n->unsafe_source, n->mono_ns, 0);
    }
}

/* Once an episode; d empty: it is over. */
static void remark_on_unsafe(struct ls_node *n, const struct ls_diag *d)
{
    bool is_bad = d->text[0] != '\0';

    if (is_bad && !n->said_unsafe) {
        ls_logf(n->log, LS_LOG_WARN, "unsafe source gives no block", LS_F_STR("why", d->text));
    } else if (!is_bad && n->said_unsafe) {
        ls_logf(n->log, LS_LOG_INFO, "unsafe source gives blocks again",
                LS_F_U64("above", n->unsafe_source.base.number));
    }
    n->said_unsafe = is_bad;
}

static void take_unsafe(struct ls_node *n, const struct ls_http_reply *r)
{
    struct ls_arena arena;
    struct ls_payload p;
    struct ls_diag d = {""};

    if (!r->is_ok) {
        ls_unsafe_again(&n->unsafe_source, n->mono_ns, r->retry_after_ns);
        remark_on_unsafe(n, &r->why);
        return;
    }
    ls_arena_init(&arena, REMOTE_REPLY_BYTES_MAX);
    switch (ls_unsafe_take(&n->unsafe_source, &n->cfg->rollup, r->id, r->body, n->mono_ns, &arena,
                           &p, &d)) {
    case LS_UNSAFE_BLOCK:
        if (host_post(n, &p, &d) != LS_OK) {
            ls_unsafe_again(&n->unsafe_source, n->mono_ns, 0);
        }
        break;
    case LS_UNSAFE_BAD:
        ls_unsafe_again(&n->unsafe_source, n->mono_ns, 0);
        break;
    case LS_UNSAFE_NOTHING:
        break;
    }
    remark_on_unsafe(n, &d);
    ls_arena_fini(&arena);
}

/* --- life --- */

/* curl's resolver threads inherit the mask, so the signals reach only our descriptor. */
static enum ls_err take_signals(struct ls_node *n, struct ls_diag *d)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || sigaction(SIGPIPE, &ignore, NULL) != 0 ||
        (n->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)) < 0) {
        return ls_fail(d, LS_ERR_INTERNAL, "signals cannot be taken over: %s", strerror(errno));
    }
    return LS_OK;
}

static enum ls_err make_core(struct ls_node *n, struct ls_diag *d)
{
    const struct ls_node_config *c = n->cfg;
    struct ls_core_config core = {.follow = c->follow,
                                  .genesis = c->rollup.genesis_l2,
                                  .l2_chain_id = c->rollup.l2_chain_id,
                                  .l1_chain_id = c->rollup.l1_chain_id,
                                  .has_l1 = c->l1_url != NULL,
                                  .poll_ns = c->poll_ns,
                                  .l1_poll_ns = c->l1_poll_ns,
                                  .source_timeout_ns = c->source_timeout_ns,
                                  .engine_timeout_ns = c->engine_timeout_ns,
                                  .queue_bytes_max = c->queue_bytes_max};
    void *mem = aligned_alloc(CORE_ALIGN, ls_core_size());

    if (mem == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "no memory for the core");
    }
    n->core = ls_core_init(mem, &core, 0);
    return LS_OK;
}

static enum ls_err make_parts(struct ls_node *n, struct ls_diag *d)
{
    const struct ls_node_config *c = n->cfg;
    const struct ls_http_peer peers[LS_TARGET_COUNT] = {
        [LS_TO_ENGINE] = {c->engine_url, ENGINE_REPLY_BYTES_MAX},
        [LS_TO_SOURCE] = {c->source_urls[0], REMOTE_REPLY_BYTES_MAX},
        [LS_TO_L1] = {c->l1_url, REMOTE_REPLY_BYTES_MAX},
        [LS_TO_UNSAFE] = {c->unsafe_url, REMOTE_REPLY_BYTES_MAX}};
    enum ls_err e = take_signals(n, d);

    if (e == LS_OK) {
        e = make_core(n, d);
    }
    if (e == LS_OK &&
        ls_store_new(STORE_SLOTS, c->queue_bytes_max + LS_API_BODY_BYTES_MAX, &n->store) != LS_OK) {
        e = ls_fail(d, LS_ERR_NOMEM, "no memory for the payload store");
    }
    if (e == LS_OK) {
        e = ls_http_new(peers, &n->http, d);
    }
    if (e == LS_OK) {
        e = ls_server_new(LS_SERVER_RPC, c->rpc_addr, c->rpc_port, &n->host, &n->server, d);
    }
    if (e == LS_OK && c->has_metrics) {
        e = ls_server_new(LS_SERVER_METRICS, c->metrics_addr, c->metrics_port, &n->host,
                          &n->metrics, d);
    }
    return e;
}

enum ls_err ls_node_new(const struct ls_node_config *cfg, struct ls_log *log, struct ls_node **out,
                        struct ls_diag *d)
{
    struct ls_node *n = calloc(1, sizeof *n);
    enum ls_err e;

    if (n == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "no memory for the node");
    }
    n->cfg = cfg;
    n->log = log;
    n->signal_fd = -1;
    ls_unsafe_init(&n->unsafe_source, unsafe_pause_ns(cfg));
    n->host = (struct ls_api_host){.node = n,
                                   .status = host_status,
                                   .post = host_post,
                                   .ask_output = host_ask_output,
                                   .metrics = host_metrics,
                                   .rollup_json = (const char *)cfg->rollup_text.p,
                                   .rollup_bytes = cfg->rollup_text.n,
                                   .is_admin_enabled = cfg->is_admin_enabled,
                                   .safe_lag_max = cfg->safe_lag_max};
    read_clock(n);
    e = make_parts(n, d);
    if (e != LS_OK) {
        ls_node_free(n);
        return e;
    }
    *out = n;
    return LS_OK;
}

void ls_node_free(struct ls_node *n)
{
    if (n == NULL) {
        return;
    }
    ls_server_free(n->server);
    ls_server_free(n->metrics);
    ls_http_free(n->http);
    ls_store_free(n->store);
    free(n->core);
    if (n->signal_fd >= 0) {
        (void)close(n->signal_fd);
    }
    free(n);
}

static uint64_t patience_ns(const struct ls_node *n)
{
    const struct ls_server *servers[] = {n->server, n->metrics};
    uint64_t least = ls_core_deadline(n->core);

    if (n->cfg->unsafe_url != NULL && n->unsafe_source.next_ns < least) {
        least = n->unsafe_source.next_ns;
    }
    if (least != LS_NEVER) {
        least = least > n->mono_ns ? least - n->mono_ns : 0;
    }
    for (size_t i = 0; i < 2; i++) {
        uint64_t patience =
            servers[i] != NULL ? ls_server_patience_ns(servers[i]) : LS_SERVER_NEVER;

        least = patience < least ? patience : least;
    }
    return least;
}

/* The signal that came, 0 = none. */
static int read_signal(const struct ls_node *n)
{
    struct signalfd_siginfo info;

    return read(n->signal_fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

/* NULL is a server that is off. */
static void serve(struct ls_server *s, bool is_ready, int64_t wall_s)
{
    if (s != NULL && (is_ready || ls_server_patience_ns(s) == 0)) {
        ls_server_turn(s, wall_s);
    }
}

/* One turn of the loop: wait, then peers, then clients, then the clock. */
static int turn(struct ls_node *n)
{
    struct ls_http_fd fds[] = {{.fd = n->signal_fd},
                               {.fd = ls_server_fd(n->server)},
                               {.fd = n->metrics != NULL ? ls_server_fd(n->metrics) : -1}};
    struct ls_http_reply reply;
    uint64_t patience = patience_ns(n);
    struct ls_event timer = {.kind = LS_EV_TIMER};

    ls_http_wait(n->http, fds, n->metrics != NULL ? 3 : 2, patience);
    read_clock(n);
    ls_http_turn(n->http);
    while (!n->is_halted && ls_http_next(n->http, &reply)) {
        if (reply.id == UNSAFE_ID) {
            take_unsafe(n, &reply);
        } else if ((reply.id & OUTPUT_ID) != 0) {
            take_output(n, &reply);
        } else {
            take_reply(n, &reply);
        }
    }
    serve(n->server, fds[1].is_ready, n->wall_s);
    serve(n->metrics, fds[2].is_ready, n->wall_s);
    tell_unsent(n);
    if (!n->is_halted && ls_core_deadline(n->core) <= n->mono_ns) {
        step(n, &timer, NULL);
    }
    ask_unsafe(n);
    return fds[0].is_ready ? read_signal(n) : 0;
}

bool ls_node_run(struct ls_node *n)
{
    struct ls_event start = {.kind = LS_EV_START};
    int signo = 0;

    ls_logf(n->log, LS_LOG_INFO, "RPC listens", LS_F_STR("addr", n->cfg->rpc_addr),
            LS_F_U64("port", ls_server_port(n->server)),
            LS_F_STR("admin", n->cfg->is_admin_enabled ? "enabled" : "disabled"));
    if (n->metrics != NULL) {
        ls_logf(n->log, LS_LOG_INFO, "metrics are served", LS_F_STR("addr", n->cfg->metrics_addr),
                LS_F_U64("port", ls_server_port(n->metrics)));
    }
    step(n, &start, NULL);
    while (signo == 0 && !n->is_halted) {
        signo = turn(n);
    }
    if (signo != 0) {
        ls_logf(n->log, LS_LOG_INFO, "stopped by a signal", LS_F_I64("signal", signo));
    }
    return !n->is_halted;
}
