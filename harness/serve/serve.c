/*
 * Wires chain, stage, ports and control into one event loop. The loop sleeps in its turn and
 * nowhere else.
 */
#include "harness/serve/serve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "harness/capture/chain.h"
#include "harness/live/loop.h"
#include "harness/live/ports.h"
#include "harness/live/rundir.h"
#include "harness/serve/control.h"
#include "harness/serve/gossip.h"
#include "harness/serve/options.h"
#include "harness/serve/prover.h"
#include "harness/serve/secret.h"
#include "harness/serve/testers.h"
#include "mocks/rpc/engine_rpc.h"
#include "mocks/rpc/jsonrpc.h"
#include "mocks/rpc/jsonrpsee.h"
#include "mocks/rpc/l1_rpc.h"
#include "mocks/rpc/source_rpc.h"
#include "mocks/rpc/synctester.h"
#include "mocks/rpc/upstream.h"

#define CONNECTIONS_MAX 1200u /* of each port */
#define CONTROL_CONNECTIONS_MAX 64u

/* Everything one run owns; zeroed is empty. */
struct serve {
    struct ls_serve_options options;
    struct ls_chain chain;
    struct ls_rundir dir; /* secret and rollup config for nodes to use */
    char jwt_path[LS_RUNDIR_PATH_MAX];
    uint8_t secret[LS_JWT_SECRET_BYTES];
    FILE *trace_file;
    bool is_trace_lost;
    struct ls_calls *calls;
    struct ls_trace *trace;
    struct ls_loop *loop;
    struct ls_stage stage;
    struct ls_backend *engine_rpc;
    struct ls_upstream *upstream; /* the chain that the sync tester masks: the source's */
    struct ls_testers testers;
    uint8_t testers_secret[LS_JWT_SECRET_BYTES];
    struct ls_port ports[LS_SERVE_PORT_COUNT + 1];   /* the last one is the control port */
    struct ls_guard guards[LS_SERVE_PORT_COUNT + 1]; /* around what the ports serve */
    struct ls_prover prover;
    struct ls_faults faults;
    struct ls_history *history;
    struct ls_gossip *gossip; /* NULL: nobody is told */
    struct ls_control control;
};

/* --- the trace --- */

/* ls_trace_sink */
static void on_line(void *user, const char *line, size_t n)
{
    struct serve *s = user;

    ls_calls_add(s->calls, line, n);
    if (s->trace_file != NULL &&
        (fwrite(line, 1, n, s->trace_file) != n || putc('\n', s->trace_file) == EOF)) {
        s->is_trace_lost = true;
    }
}

static enum ls_err open_trace(struct serve *s, struct ls_diag *d)
{
    s->calls = ls_calls_new();
    s->history = calloc(1, sizeof *s->history);
    s->trace = ls_trace_new(on_line, s);
    if (s->calls == NULL || s->history == NULL || s->trace == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    if (s->options.trace != NULL) {
        s->trace_file = fopen(s->options.trace, "we");
        if (s->trace_file == NULL) {
            return ls_fail(d, LS_ERR_IO, "cannot write \"%s\": %s", s->options.trace,
                           strerror(errno));
        }
    }
    return LS_OK;
}

/* --- hands of the control API --- */

static void hand_retry(void *user, enum ls_serve_port port)
{
    struct serve *s = user;

    ls_port_retry(&s->ports[port]);
}

static size_t hand_held(void *user, enum ls_serve_port port)
{
    const struct serve *s = user;

    return ls_front_held(s->ports[port].front);
}

static bool hand_is_open(void *user, enum ls_serve_port port)
{
    const struct serve *s = user;

    return ls_front_is_open(s->ports[port].front);
}

static enum ls_err hand_set_open(void *user, enum ls_serve_port port, bool is_open,
                                 struct ls_diag *d)
{
    struct serve *s = user;

    return ls_front_set_open(s->ports[port].front, is_open, d);
}

static const struct ls_control_hands HANDS = {
    .retry = hand_retry, .held = hand_held, .is_open = hand_is_open, .set_open = hand_set_open};

/* --- ports --- */

static struct ls_backend *make_backend(struct serve *s, size_t port)
{
    const struct ls_mocks *m = &s->stage.mocks;

    if (port == LS_SERVE_CONTROL) {
        return &s->control.backend;
    }
    switch ((enum ls_serve_port)port) {
    case LS_SERVE_EL:
        return s->engine_rpc;
    case LS_SERVE_EL_HTTP:
        return ls_engine_rpc_public(s->engine_rpc);
    case LS_SERVE_SOURCE_EL:
        return ls_mocks_source_rpc_as(m, LS_SRC_EL, s->options.state);
    case LS_SERVE_SOURCE_CL:
        return ls_mocks_source_rpc_as(m, LS_SRC_CL, s->options.state);
    case LS_SERVE_L1:
        return ls_mocks_l1_rpc(m);
    case LS_SERVE_SYNCTESTER:
        return s->testers.backend;
    case LS_SERVE_PORT_COUNT:
        break;
    }
    return NULL;
}

/* tip_at of struct ls_upstream_fixture: the sync tester's upstream is as far as the source, also at
 * a time that has not come yet. */
static uint32_t source_tip(void *self, uint64_t now_ns)
{
    const struct serve *s = self;
    struct ls_src_heads h = *ls_source_heads(s->stage.mocks.source);

    if (s->stage.pace.is_running) {
        h = ls_timeline_heads(&s->stage.timeline, ls_pace_at_ms(&s->stage.pace, now_ns));
    }
    return h.unsafe_l2 != LS_NO_BLOCK ? h.unsafe_l2 : s->chain.genesis;
}

static enum ls_err make_synctester(struct serve *s, struct ls_diag *d)
{
    const struct ls_upstream_fixture upstream = {.universe = s->chain.l2,
                                                 .chain_id = s->chain.rollup.l2_chain_id,
                                                 .tip = s->chain.genesis,
                                                 .tip_at = source_tip,
                                                 .has_receipts = s->chain.has_receipts,
                                                 .self = s};
    struct ls_testers_options o = {.config = s->options.synctester_config,
                                   .fixture = s->options.fixture,
                                   .served_chain_id = upstream.chain_id,
                                   .sessions_max = s->options.synctester_sessions,
                                   .idle_s = s->options.synctester_idle_s,
                                   .seed = s->options.seed,
                                   .trace = s->trace};
    enum ls_err e = LS_OK;

    o.served = s->upstream = ls_upstream_fixture_new(&upstream);
    if (s->upstream == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    if (s->options.synctester_jwt != NULL) {
        e = ls_serve_secret(s->options.synctester_jwt, s->testers_secret, d);
        o.jwt_secret = s->testers_secret;
    }
    return e == LS_OK ? ls_testers_init(&s->testers, &o, d) : e;
}

static void close_port(struct serve *s, size_t port)
{
    struct ls_backend *rpc = s->guards[port].inner;

    (void)ls_port_close(&s->ports[port]);
    s->guards[port].inner = NULL;
    if (port == LS_SERVE_SOURCE_EL || port == LS_SERVE_SOURCE_CL) {
        ls_source_rpc_free(rpc);
    } else if (port == LS_SERVE_L1) {
        ls_l1_rpc_free(rpc);
    }
}

static enum ls_trace_ep trace_ep(size_t port)
{
    switch ((enum ls_serve_port)port) {
    case LS_SERVE_SOURCE_EL:
    case LS_SERVE_SOURCE_CL:
        return LS_TRACE_SOURCE;
    case LS_SERVE_L1:
        return LS_TRACE_L1;
    case LS_SERVE_EL:
    case LS_SERVE_EL_HTTP:
    case LS_SERVE_SYNCTESTER:
    case LS_SERVE_PORT_COUNT:
        break;
    }
    return LS_TRACE_ENGINE;
}

/* Of requests: as the real server of each port has it; 0 = as an authenticated port of geth. */
static size_t body_bytes_max(size_t port)
{
    if (port == LS_SERVE_CONTROL) {
        return 2u * LS_CONTROL_BODY_MAX;
    }
    switch ((enum ls_serve_port)port) {
    case LS_SERVE_EL_HTTP: /* op-reth's, the larger; the profile of the day says less itself */
        return LS_JSONRPSEE_LIMITS_PUBLIC.body_bytes_max;
    case LS_SERVE_SOURCE_EL:
    case LS_SERVE_SOURCE_CL:
    case LS_SERVE_L1:
        return LS_RPC_LIMITS_PUBLIC.body_bytes_max;
    case LS_SERVE_SYNCTESTER:
        return LS_SYNCTESTER_BODY_BYTES_MAX;
    case LS_SERVE_EL:
    case LS_SERVE_PORT_COUNT:
        break;
    }
    return 0;
}

static enum ls_err open_at(struct serve *s, size_t port, uint16_t number, struct ls_diag *d)
{
    bool is_control = port == LS_SERVE_CONTROL;
    const struct ls_port_options o = {.loop = s->loop,
                                      .trace = is_control ? NULL : s->trace,
                                      .ep = trace_ep(port),
                                      .seed = s->options.seed + port,
                                      .address = s->options.addresses[port].address,
                                      .port = number,
                                      .connections_max =
                                          is_control ? CONTROL_CONNECTIONS_MAX : CONNECTIONS_MAX,
                                      .gzip = !is_control,
                                      .is_cors = port == LS_SERVE_SYNCTESTER,
                                      .body_bytes_max = body_bytes_max(port)};

    return ls_port_open(&s->ports[port],
                        ls_guard_init(&s->guards[port], make_backend(s, port), &s->chain), &o, d);
}

static enum ls_err open_port(struct serve *s, size_t port, struct ls_diag *d)
{
    const struct ls_serve_address *a = &s->options.addresses[port];
    enum ls_err e = open_at(s, port, a->port, d);

    if (e == LS_ERR_IO && !a->is_given) {
        close_port(s, port);
        e = open_at(s, port, 0, d);
    }
    if (e != LS_OK) {
        close_port(s, port);
        return ls_fail_in(d, e, "--%s",
                          port == LS_SERVE_CONTROL ? "control"
                                                   : ls_serve_port_name((enum ls_serve_port)port));
    }
    if (port != LS_SERVE_CONTROL) {
        s->faults.filters[port] = s->ports[port].filter;
        (void)snprintf(s->control.urls[port], sizeof s->control.urls[port], "http://%s:%u",
                       a->address, ls_front_port(s->ports[port].front));
    }
    return LS_OK;
}

static enum ls_err open_ports(struct serve *s, struct ls_diag *d)
{
    bool has_token = s->options.jwt == NULL || strcmp(s->options.jwt, "none") != 0;
    enum ls_err e = LS_OK;

    s->engine_rpc =
        ls_mocks_engine_rpc(&s->stage.mocks, has_token ? s->secret : NULL, s->options.state);
    if (s->engine_rpc == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    if (!s->options.addresses[LS_SERVE_SYNCTESTER].is_off) {
        e = make_synctester(s, d);
    }
    for (size_t p = 0; e == LS_OK && p <= LS_SERVE_PORT_COUNT; p++) {
        if (!s->options.addresses[p].is_off) {
            e = open_port(s, p, d);
        }
    }
    for (size_t i = 0; e == LS_OK && i < s->options.faults.count; i++) {
        uint32_t id;
        e = ls_faults_add_text(&s->faults, s->options.faults.items[i], &id, d);
    }
    return e;
}

/* ls_loop_fn */
static void prepare_ports(void *user)
{
    struct serve *s = user;

    for (size_t p = 0; p <= LS_SERVE_PORT_COUNT; p++) {
        if (s->ports[p].front != NULL) {
            ls_port_prepare(&s->ports[p]);
        }
    }
}

/* --- life --- */

static enum ls_err fill_folder(struct serve *s, struct ls_diag *d)
{
    const char *jwt = s->options.jwt;
    enum ls_err e = ls_rundir_make(&s->dir, NULL, d);

    if (e == LS_OK) {
        e = ls_rundir_write(&s->dir, "rollup.json", s->chain.rollup_json, d);
    }
    if (e != LS_OK || (jwt != NULL && strcmp(jwt, "none") == 0)) {
        return e;
    }
    if (jwt == NULL) {
        e = ls_rundir_path(&s->dir, "jwt.hex", s->jwt_path, sizeof s->jwt_path);
    } else if (snprintf(s->jwt_path, sizeof s->jwt_path, "%s", jwt) >= (int)sizeof s->jwt_path) {
        e = LS_ERR_LIMIT;
    }
    return e == LS_OK ? ls_serve_secret(s->jwt_path, s->secret, d)
                      : ls_fail(d, LS_ERR_IO, "the path of the secret file is too long");
}

static enum ls_err make_gossip(struct serve *s, struct ls_diag *d)
{
    const struct ls_gossip_options o = {
        .loop = s->loop, .l2 = s->chain.l2, .trace = s->trace, .url = s->options.gossip};

    return o.url != NULL ? ls_gossip_new(&o, &s->gossip, d) : LS_OK;
}

/* A connection is a descriptor, and people's shells allow 1024. */
static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static enum ls_err set_up(struct serve *s, struct ls_diag *d)
{
    const struct ls_chain_options room = {.extra_blocks = LS_STAGE_FORK_BLOCKS, .is_lazy = true};
    enum ls_err e = ls_chain_open(s->options.fixture, &room, &s->chain, d);

    if (e != LS_OK) {
        return ls_fail_in(d, e, "fixture \"%s\"", s->options.fixture);
    }
    e = open_trace(s, d);
    if (e == LS_OK) {
        e = ls_stage_init(&s->stage,
                          &(struct ls_stage_options){.chain = &s->chain,
                                                     .trace = s->trace,
                                                     .profile = s->options.profile,
                                                     .start = s->options.start,
                                                     .pace = s->options.pace,
                                                     .lags = s->options.lags,
                                                     .peers = s->options.peers},
                          d);
    }
    if (e == LS_OK) {
        e = fill_folder(s, d);
    }
    if (e == LS_OK) {
        e = ls_loop_new(LS_STAGE_TICK_NS, &s->loop, d);
    }
    if (e == LS_OK) {
        e = make_gossip(s, d);
    }
    if (e != LS_OK) {
        return e;
    }
    s->control.stage = &s->stage;
    s->control.gossip = s->gossip;
    s->control.faults = &s->faults;
    s->control.calls = s->calls;
    s->control.history = s->history;
    s->control.hands = &HANDS;
    s->control.hands_user = s;
    s->control.trace = s->trace;
    ls_control_init(&s->control);
    ls_loop_on_prepare(s->loop, prepare_ports, s);
    ls_prover_start(&s->prover, &s->chain, s->loop);
    return open_ports(s, d);
}

static void tear_down(struct serve *s)
{
    if (s->trace != NULL && s->loop != NULL) {
        ls_trace_finish(s->trace, ls_loop_now_ns(s->loop));
    }
    for (size_t p = 0; p <= LS_SERVE_PORT_COUNT; p++) {
        close_port(s, p);
    }
    ls_gossip_free(s->gossip);
    ls_engine_rpc_free(s->engine_rpc);
    ls_testers_fini(&s->testers);
    ls_upstream_fixture_free(s->upstream);
    ls_loop_free(s->loop);
    ls_stage_fini(&s->stage);
    ls_trace_free(s->trace);
    ls_calls_free(s->calls);
    free(s->history);
    ls_rundir_remove(&s->dir);
    ls_chain_close(&s->chain);
    ls_serve_options_fini(&s->options);
}

/* --- what is said on the terminal --- */

static const char *url(const struct serve *s, enum ls_serve_port port)
{
    return s->control.urls[port][0] != '\0' ? s->control.urls[port] : "off";
}

static void print_ports(const struct serve *s)
{
    const struct ls_engine *e = s->stage.mocks.engine;
    const struct ls_ublock *head =
        ls_universe_get(s->chain.l2, ls_engine_label(e, LS_LABEL_LATEST));

    printf("  el          %s  engine, %s, profile %s, at block %" PRIu64 "\n", url(s, LS_SERVE_EL),
           s->jwt_path[0] != '\0' ? "authenticated" : "no token asked for", s->options.profile,
           head->ref.number);
    printf("  el-http     %s  the same engine, public\n", url(s, LS_SERVE_EL_HTTP));
    printf("  source-el   %s  the node to follow, execution\n", url(s, LS_SERVE_SOURCE_EL));
    printf("  source-cl   %s  the node to follow, consensus\n", url(s, LS_SERVE_SOURCE_CL));
    printf("  l1          %s\n", url(s, LS_SERVE_L1));
    for (size_t i = 0; i < s->testers.file.count; i++) {
        printf("  synctester  %s/chain/%" PRIu64 "/synctest/<uuid4>\n", url(s, LS_SERVE_SYNCTESTER),
               s->testers.file.entries[i].chain_id);
    }
    if (s->testers.backend != NULL && s->options.synctester_config == NULL) {
        printf("  synctester  %s/chain/%" PRIu64 "/synctest/<uuid4>\n", url(s, LS_SERVE_SYNCTESTER),
               s->chain.rollup.l2_chain_id);
    }
    if (s->ports[LS_SERVE_CONTROL].front != NULL) {
        printf("  control     http://%s:%u  for curl, and for a browser\n",
               s->options.addresses[LS_SERVE_CONTROL].address,
               ls_front_port(s->ports[LS_SERVE_CONTROL].front));
    }
}

static void print_pace(const struct serve *s)
{
    char pace[LS_PACE_TEXT_BYTES];

    ls_pace_print(&s->options.pace, pace);
    printf("  pace        %s, by %s, %" PRIu64 " s long\n", pace,
           s->chain.timeline_count > 0 ? "recorded labels" : "block time",
           ls_timeline_end_ms(&s->stage.timeline) / 1000u);
}

static void print_hint(const struct serve *s)
{
    if (s->control.urls[LS_SERVE_EL][0] == '\0' || s->jwt_path[0] == '\0' ||
        s->control.urls[LS_SERVE_SOURCE_CL][0] == '\0') {
        return;
    }
    printf("\n  lightcl --l2 %s --l2.jwt-secret %s \\\n"
           "          --rollup.config %s/rollup.json --l2.follow.source %s\n",
           url(s, LS_SERVE_EL), s->jwt_path, s->dir.path, url(s, LS_SERVE_SOURCE_CL));
}

static void print_start(const struct serve *s)
{
    const struct ls_universe *l2 = s->chain.l2;

    printf("lockstep serve: %s, L2 chain %" PRIu64 ", blocks %" PRIu64 " to %" PRIu64 "\n",
           s->chain.name, s->chain.rollup.l2_chain_id,
           ls_universe_get(l2, s->chain.first)->ref.number,
           ls_universe_get(l2, s->chain.tip)->ref.number);
    print_ports(s);
    if (s->jwt_path[0] != '\0') {
        printf("  jwt         %s\n", s->jwt_path);
    }
    printf("  rollup      %s/rollup.json\n", s->dir.path);
    print_pace(s);
    if (s->gossip != NULL) {
        printf("  gossip      new unsafe blocks are handed to %s\n", s->options.gossip);
    }
    print_hint(s);
    printf("\nCtrl-C ends it.\n");
    (void)fflush(stdout);
}

/* The sync tester's upstream has the labels of the source. */
static void follow_labels(struct serve *s)
{
    const struct ls_src_heads *h = ls_source_heads(s->stage.mocks.source);

    if (s->upstream != NULL) {
        ls_upstream_fixture_set_labels(s->upstream, h->safe_l2, h->finalized_l2);
    }
}

/* Until it is interrupted, or a block turns out to be wrong. */
static enum ls_err run(struct serve *s, struct ls_diag *d)
{
    follow_labels(s);
    while (!ls_loop_is_interrupted(s->loop) && ls_chain_fault(&s->chain, NULL) == LS_OK) {
        if (!ls_loop_turn(s->loop)) {
            continue;
        }
        uint64_t now_ns = ls_loop_now_ns(s->loop);
        ls_trace_set_tick(s->trace, ls_loop_ticks(s->loop));
        ls_stage_tick(&s->stage, now_ns);
        follow_labels(s);
        if (s->gossip != NULL) {
            ls_gossip_follow(s->gossip, ls_source_heads(s->stage.mocks.source)->unsafe_l2);
        }
        struct ls_sample sample = ls_control_sample(&s->stage, now_ns);
        ls_history_add(s->history, &sample);
        if (s->trace_file != NULL) {
            (void)fflush(s->trace_file);
        }
    }
    enum ls_err e = ls_chain_fault(&s->chain, d);
    return e == LS_OK ? LS_OK : ls_fail_in(d, e, "fixture \"%s\"", s->options.fixture);
}

static enum ls_err close_trace(struct serve *s, struct ls_diag *d)
{
    FILE *f = s->trace_file;

    s->trace_file = NULL;
    if (f == NULL) {
        return LS_OK;
    }
    s->is_trace_lost = ferror(f) != 0 || s->is_trace_lost;
    s->is_trace_lost = fclose(f) != 0 || s->is_trace_lost;
    return s->is_trace_lost ? ls_fail(d, LS_ERR_IO, "trace \"%s\" is not whole: cannot write to it",
                                      s->options.trace)
                            : LS_OK;
}

static int serve(struct serve *s)
{
    struct ls_diag d = {0};
    enum ls_err e = set_up(s, &d);

    if (e == LS_OK) {
        print_start(s);
        e = run(s, &d);
        ls_trace_finish(s->trace, ls_loop_now_ns(s->loop));
        enum ls_err trace = close_trace(s, e == LS_OK ? &d : NULL);
        e = e == LS_OK ? trace : e;
    }
    return e == LS_OK ? LS_EXIT_OK : ls_cmd_fail("serve", e, &d);
}

int ls_cmd_serve(int argc, char **argv)
{
    struct serve *s = calloc(1, sizeof *s);
    struct ls_diag d = {0};
    int code = LS_EXIT_OK;
    enum ls_err e;

    if (s == NULL) {
        return ls_cmd_fail("serve", LS_ERR_NOMEM, &d);
    }
    allow_descriptors();
    e = ls_serve_options_read(argc, argv, &s->options, &d);
    if (e != LS_OK) {
        code = ls_cmd_fail("serve", e, &d);
    } else if (s->options.is_help) {
        fputs(ls_serve_usage, stdout);
    } else {
        code = serve(s);
    }
    tear_down(s);
    free(s);
    return code;
}
