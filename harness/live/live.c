#include "harness/live/live.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/capture/chain.h"
#include "harness/capture/files.h"
#include "harness/live/adapter.h"
#include "harness/live/foreign.h"
#include "harness/live/loop.h"
#include "harness/live/mocks.h"
#include "harness/live/noderpc.h"
#include "harness/live/ports.h"
#include "harness/live/process.h"
#include "harness/live/rundir.h"
#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/jwt.h"
#include "mocks/model/engine.h"
#include "mocks/model/l1.h"
#include "mocks/model/source.h"
#include "mocks/rpc/engine_rpc.h"
#include "mocks/rpc/jsonrpc.h"
#include "mocks/rpc/l1_rpc.h"
#include "mocks/rpc/source_rpc.h"
#include "mocks/trace.h"

#define ARGV_BYTES_MAX (256u * 1024u)
#define LOG_BYTES_MAX (64u << 20)
#define STOP_GRACE_NS UINT64_C(2000000000) /* from SIGTERM to SIGKILL when the world ends */
#define DRAIN_TURNS 8 /* accept, read and answer what a dead node left in our buffers */

struct live {
    struct ls_world world; /* first: a struct ls_world * is a struct live * */
    const struct ls_adapter *adapter;
    bool keep_temp;
    bool is_verbose;
    uint64_t seed;
    struct ls_loop *loop;
    struct ls_mocks mocks;
    struct ls_foreign foreign; /* the source's port is of its source while it is open */
    struct ls_port ports[LS_ENDPOINT_COUNT];
    struct ls_noderpc *rpc;
    int rpc_reserve_fd; /* bound, never listening: the node's RPC port is nobody else's */
    uint16_t rpc_port;
    struct ls_process process;
    struct ls_loop_watch *process_watch;
    uint32_t incarnation;
    int exit_status;
    struct ls_rundir dir;
    char program[LS_RUNDIR_PATH_MAX];
    uint8_t jwt_secret[LS_JWT_SECRET_BYTES];
};

static struct live *live_of(struct ls_world *w)
{
    return (struct live *)w;
}

static const struct live *live_of_const(const struct ls_world *w)
{
    return (const struct live *)w;
}

/* --- the node's process --- */

static void put_life(struct live *l, enum ls_trace_kind kind, int64_t code, const char *text)
{
    struct ls_trace_event ev = {.ep = LS_TRACE_CL, .kind = kind, .code = code};

    (void)snprintf(ev.text, sizeof ev.text, "%s", text);
    ls_trace_put(l->world.trace, &ev, ls_loop_now_ns(l->loop));
}

/* What the dead node sent before its end came in before its end. */
static void drain_ports(struct live *l)
{
    for (int i = 0; i < DRAIN_TURNS; i++) {
        for (size_t ep = 0; ep < LS_ENDPOINT_COUNT; ep++) {
            ls_port_turn(&l->ports[ep]);
        }
    }
}

static void node_ended(struct live *l)
{
    const char *text = "";

    drain_ports(l);
    l->exit_status = l->process.status;
    if (l->exit_status < 0) {
        text = strsignal(-l->exit_status);
    }
    put_life(l, LS_TRACE_EXIT, l->exit_status, text);
    ls_noderpc_down(l->rpc);
    ls_loop_happened(l->loop);
}

/* ls_loop_fd_fn */
static void on_process(void *user, uint32_t events)
{
    struct live *l = user;

    (void)events;
    ls_loop_unwatch(l->loop, l->process_watch); /* reaping closes the descriptor */
    l->process_watch = NULL;
    if (ls_process_reap(&l->process)) {
        node_ended(l);
    }
}

static void put_start(struct live *l, char *const argv[])
{
    struct ls_buf text = {0};

    ls_buf_init(&text, ARGV_BYTES_MAX);
    for (size_t i = 0; argv[i] != NULL; i++) {
        (void)ls_buf_printf(&text, "%s%s", i > 0 ? " " : "", argv[i]);
    }
    put_life(l, LS_TRACE_START, 0, text.p != NULL ? (const char *)text.p : "");
    ls_buf_fini(&text);
}

/* The strings the templates of the adapter name. */
struct places {
    char url[LS_ENDPOINT_COUNT][40];
    char jwt[LS_RUNDIR_PATH_MAX];
    char rollup[LS_RUNDIR_PATH_MAX];
};

static enum ls_err find_places(const struct live *l, struct places *p, struct ls_diag *d)
{
    for (size_t ep = 0; ep < LS_ENDPOINT_COUNT; ep++) {
        (void)snprintf(p->url[ep], sizeof p->url[ep], "http://127.0.0.1:%u",
                       ls_front_port(l->ports[ep].front));
    }
    if (ls_rundir_path(&l->dir, "jwt.hex", p->jwt, sizeof p->jwt) != LS_OK ||
        ls_rundir_path(&l->dir, "rollup.json", p->rollup, sizeof p->rollup) != LS_OK) {
        return ls_fail(d, LS_ERR_IO, "the path of folder \"%s\" is too long", l->dir.path);
    }
    return LS_OK;
}

static enum ls_err launch(struct live *l, char *const argv[], struct ls_diag *d)
{
    char log_path[LS_RUNDIR_PATH_MAX];
    enum ls_err e = ls_rundir_path(&l->dir, "cl.log", log_path, sizeof log_path);

    if (e != LS_OK) {
        return ls_fail(d, e, "the path of folder \"%s\" is too long", l->dir.path);
    }
    e = ls_process_start(&l->process, l->program, argv, log_path, d);
    if (e != LS_OK) {
        return e;
    }
    l->process_watch = ls_loop_watch(l->loop, ls_process_fd(&l->process), EPOLLIN, on_process, l);
    if (l->process_watch == NULL) {
        (void)ls_process_stop(&l->process, 0);
        return ls_fail(d, LS_ERR_IO, "cannot watch \"%s\"", l->program);
    }
    return LS_OK;
}

static enum ls_err live_start(struct ls_world *w, const struct ls_start_options *o,
                              struct ls_diag *d)
{
    struct live *l = live_of(w);
    struct places p;
    struct ls_arena arena;
    char **argv = NULL;
    enum ls_err e;

    if (ls_process_is_running(&l->process)) {
        return ls_fail(d, LS_ERR_USAGE, "the node is running already");
    }
    e = find_places(l, &p, d);
    if (e != LS_OK) {
        return e;
    }
    ls_arena_init(&arena, ARGV_BYTES_MAX);
    e = ls_adapter_argv(l->adapter, w->variant, o, l->is_verbose, l->program,
                        &(struct ls_adapter_vars){.engine = p.url[LS_EP_ENGINE],
                                                  .source = p.url[LS_EP_SOURCE],
                                                  .l1 = p.url[LS_EP_L1],
                                                  .jwt = p.jwt,
                                                  .rollup = p.rollup,
                                                  .dir = l->dir.path,
                                                  .rpc_port = l->rpc_port,
                                                  .poll_ns = w->tick_ns},
                        &arena, &argv, d);
    if (e == LS_OK) {
        ls_loop_update(l->loop);
        e = launch(l, argv, d);
    }
    if (e == LS_OK) {
        ls_trace_set_incarnation(w->trace, ++l->incarnation);
        put_start(l, argv);
        ls_noderpc_up(l->rpc);
    }
    ls_arena_fini(&arena);
    return e;
}

static void live_signal(struct ls_world *w, int signo)
{
    ls_process_signal(&live_of(w)->process, signo);
}

static bool live_is_running(const struct ls_world *w)
{
    return ls_process_is_running(&live_of_const(w)->process);
}

static int live_exit_status(const struct ls_world *w)
{
    return live_of_const(w)->exit_status;
}

static long live_said(const struct ls_world *w, const char *text)
{
    char path[LS_RUNDIR_PATH_MAX];
    struct ls_buf log;
    long lines = -1;
    ls_buf_init(&log, LOG_BYTES_MAX);
    if (ls_rundir_path(&live_of_const(w)->dir, "cl.log", path, sizeof path) == LS_OK &&
        ls_file_read(path, &log, NULL) == LS_OK) {
        lines = 0;
        const char *at = log.p == NULL ? NULL : strstr((const char *)log.p, text);
        while (at != NULL) {
            lines++;
            at = strchr(at, '\n');
            at = at == NULL ? NULL : strstr(at, text);
        }
    }
    ls_buf_fini(&log);
    return lines;
}

/* Lets the node end by itself, serving it meanwhile; then it is killed. */
static void stop_node(struct live *l)
{
    uint64_t until_ns = ls_loop_now_ns(l->loop) + STOP_GRACE_NS;

    ls_process_signal(&l->process, SIGTERM);
    ls_process_signal(&l->process, SIGCONT);
    while (ls_process_is_running(&l->process) && ls_loop_now_ns(l->loop) < until_ns) {
        ls_loop_step(l->loop, until_ns);
    }
    if (ls_process_is_running(&l->process)) {
        ls_loop_unwatch(l->loop, l->process_watch);
        l->process_watch = NULL;
        (void)ls_process_stop(&l->process, 0);
        node_ended(l);
    }
}

/* --- the node's RPC, the ports, the clock --- */

static enum ls_err live_feed(struct ls_world *w, uint32_t block, struct ls_diag *d)
{
    return ls_noderpc_feed(live_of(w)->rpc, block, d);
}

static size_t live_feeding(const struct ls_world *w)
{
    return ls_noderpc_feeding(live_of_const(w)->rpc);
}

static bool live_status(struct ls_world *w, struct ls_sync_status *out)
{
    return ls_noderpc_status(live_of(w)->rpc, out);
}

static void live_hold(struct ls_world *w, enum ls_endpoint ep, const char *glob, unsigned count)
{
    ls_port_hold(&live_of(w)->ports[ep], glob, count);
}

static void live_release(struct ls_world *w, enum ls_endpoint ep, const char *glob)
{
    ls_port_release(&live_of(w)->ports[ep], glob);
}

static size_t live_held(const struct ls_world *w, enum ls_endpoint ep)
{
    return ls_front_held(live_of_const(w)->ports[ep].front);
}

static enum ls_err live_port(struct ls_world *w, enum ls_endpoint ep, bool is_open,
                             struct ls_diag *d)
{
    return ls_front_set_open(live_of(w)->ports[ep].front, is_open, d);
}

static enum ls_err live_foreign_source(struct ls_world *w, const char *dir, struct ls_diag *d)
{
    struct live *l = live_of(w);
    struct ls_backend *rpc = l->ports[LS_EP_SOURCE].rpc;
    enum ls_err e = LS_OK;

    if (!ls_mocks_take_source_rpc(&l->mocks, rpc)) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    ls_foreign_close(&l->foreign);
    if (dir != NULL) {
        e = ls_foreign_open(&l->foreign, dir, ls_source_flavour(w->source), w->trace, d);
        if (e == LS_OK && !ls_mocks_take_source_rpc(&l->foreign.mocks, rpc)) {
            e = ls_fail(d, LS_ERR_NOMEM, "out of memory");
        }
    }
    return e;
}

/* ls_loop_fn */
static void prepare_ports(void *user)
{
    struct live *l = user;

    for (size_t ep = 0; ep < LS_ENDPOINT_COUNT; ep++) {
        ls_port_prepare(&l->ports[ep]);
    }
}

static void live_turn(struct ls_world *w)
{
    struct live *l = live_of(w);

    if (ls_loop_turn(l->loop)) {
        ls_trace_set_tick(w->trace, ls_loop_ticks(l->loop));
        ls_engine_tick(w->engine);
        ls_source_tick(w->source);
        ls_noderpc_tick(l->rpc);
    }
}

static uint64_t live_now(const struct ls_world *w)
{
    return ls_loop_ticks(live_of_const(w)->loop);
}

static uint64_t live_now_ns(const struct ls_world *w)
{
    return ls_loop_now_ns(live_of_const(w)->loop);
}

/* --- making and freeing --- */

static void live_free(struct ls_world *w)
{
    struct live *l = live_of(w);

    if (w == NULL) {
        return;
    }
    if (ls_process_is_running(&l->process)) {
        stop_node(l);
    }
    ls_noderpc_free(l->rpc);
    ls_engine_rpc_free(ls_port_close(&l->ports[LS_EP_ENGINE]));
    ls_source_rpc_free(ls_port_close(&l->ports[LS_EP_SOURCE]));
    ls_l1_rpc_free(ls_port_close(&l->ports[LS_EP_L1]));
    ls_loop_free(l->loop);
    if (l->rpc_reserve_fd >= 0) {
        (void)close(l->rpc_reserve_fd);
    }
    if (!l->keep_temp) {
        ls_rundir_remove(&l->dir);
    }
    ls_mocks_fini(&l->mocks);
    ls_foreign_close(&l->foreign);
    free(l);
}

static const struct ls_world_ops live_ops = {
    .start = live_start,
    .signal = live_signal,
    .is_running = live_is_running,
    .exit_status = live_exit_status,
    .said = live_said,
    .feed = live_feed,
    .feeding = live_feeding,
    .status = live_status,
    .hold = live_hold,
    .release = live_release,
    .held = live_held,
    .port = live_port,
    .foreign_source = live_foreign_source,
    .turn = live_turn,
    .now = live_now,
    .now_ns = live_now_ns,
    .free = live_free,
};

static enum ls_err make_models(struct live *l, const struct ls_engine_profile *profile,
                               struct ls_diag *d)
{
    struct ls_world *w = &l->world;
    const struct ls_engine_profile *p = profile != NULL ? profile : ls_engine_profile_find("geth");
    enum ls_err e = ls_mocks_init(&l->mocks, w->chain, w->trace, p, d);

    if (e != LS_OK) {
        return e;
    }
    w->engine = l->mocks.engine;
    w->source = l->mocks.source;
    w->l1 = l->mocks.l1;
    ls_source_set_flavour(w->source, w->variant == LS_VARIANT_A ? LS_SRC_EL : LS_SRC_CL);
    return LS_OK;
}

static enum ls_err open_ports(struct live *l, struct ls_diag *d)
{
    struct ls_backend *rpcs[LS_ENDPOINT_COUNT] = {
        [LS_EP_ENGINE] = ls_mocks_engine_rpc(&l->mocks, l->jwt_secret, LS_ETH_STATE_MISSING),
        [LS_EP_SOURCE] = ls_mocks_source_rpc(&l->mocks),
        [LS_EP_L1] = ls_mocks_l1_rpc(&l->mocks),
    };
    const size_t public_max = LS_RPC_LIMITS_PUBLIC.body_bytes_max;
    enum ls_err first = LS_OK;

    for (size_t ep = 0; ep < LS_ENDPOINT_COUNT; ep++) {
        /* The first members of enum ls_trace_ep are the endpoints. */
        const struct ls_port_options o = {.loop = l->loop,
                                          .trace = l->world.trace,
                                          .ep = (enum ls_trace_ep)ep,
                                          .seed = l->seed + ep,
                                          .gzip = true,
                                          .body_bytes_max = ep == LS_EP_ENGINE ? 0 : public_max};
        enum ls_err e = ls_port_open(&l->ports[ep], rpcs[ep], &o, first == LS_OK ? d : NULL);
        first = first == LS_OK ? e : first;
    }
    return first;
}

/* A port for the node's own server. The node binds it itself, which SO_REUSEADDR on both sides
 * allows as long as ours never listens. */
static enum ls_err reserve_rpc_port(struct live *l, struct ls_diag *d)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof at;
    int on = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    l->rpc_reserve_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->rpc_reserve_fd < 0 ||
        setsockopt(l->rpc_reserve_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(l->rpc_reserve_fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
        getsockname(l->rpc_reserve_fd, (struct sockaddr *)&at, &n) != 0) {
        return ls_fail(d, LS_ERR_IO, "no free port on 127.0.0.1: %s", strerror(errno));
    }
    l->rpc_port = ntohs(at.sin_port);
    return LS_OK;
}

/* The secret is as random as the seed: a run can be repeated, and no two seeds share one. */
static void make_secret(struct live *l)
{
    static const char label[] = "lockstep engine secret";
    uint8_t key[8];

    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)(l->seed >> (56 - 8 * i));
    }
    ls_hmac_sha256(key, sizeof key, label, sizeof label - 1, l->jwt_secret);
}

/* What op-node wants to know of an L1 that is not built into it: every fork from the start. */
static enum ls_err write_l1_chain(struct live *l, struct ls_diag *d)
{
    struct ls_buf text;
    ls_buf_init(&text, 2048);
    (void)ls_buf_printf(
        &text,
        "{\"chainId\":%" PRIu64 ",\"homesteadBlock\":0,\"eip150Block\":0,\"eip155Block\":0,"
        "\"eip158Block\":0,\"byzantiumBlock\":0,\"constantinopleBlock\":0,\"petersburgBlock\":0,"
        "\"istanbulBlock\":0,\"berlinBlock\":0,\"londonBlock\":0,\"terminalTotalDifficulty\":0,"
        "\"shanghaiTime\":0,\"cancunTime\":0,\"pragueTime\":0,\"blobSchedule\":{"
        "\"cancun\":{\"target\":3,\"max\":6,\"baseFeeUpdateFraction\":3338477},"
        "\"prague\":{\"target\":6,\"max\":9,\"baseFeeUpdateFraction\":5007716}}}\n",
        l->world.chain->rollup.l1_chain_id);
    enum ls_err e = text.err;
    if (e == LS_OK) {
        e = ls_rundir_write(&l->dir, "l1-chain.json", ls_buf_span(&text), d);
    }
    ls_buf_fini(&text);
    return e;
}

static enum ls_err fill_folder(struct live *l, const char *parent, struct ls_diag *d)
{
    char hex[2 * LS_JWT_SECRET_BYTES];
    enum ls_err e = ls_rundir_make(&l->dir, parent, d);

    ls_hex_encode(l->jwt_secret, sizeof l->jwt_secret, hex);
    if (e == LS_OK) {
        e = ls_rundir_write(&l->dir, "jwt.hex", (struct ls_span){(const uint8_t *)hex, sizeof hex},
                            d);
    }
    if (e == LS_OK) {
        e = ls_rundir_write(&l->dir, "rollup.json", l->world.chain->rollup_json, d);
    }
    return e == LS_OK ? write_l1_chain(l, d) : e;
}

/* The adapter's binary beside ours, or one folder up (test programs stand in one of their own). */
static enum ls_err find_program(struct live *l, const char *path, struct ls_diag *d)
{
    static const char *const places[] = {"", "../"};
    char self[LS_RUNDIR_PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (path != NULL) {
        int length = snprintf(l->program, sizeof l->program, "%s", path);
        return length < 0 || (size_t)length >= sizeof l->program
                   ? ls_fail(d, LS_ERR_CONFIG, "the path \"%s\" is too long", path)
                   : LS_OK;
    }
    self[n > 0 ? n : 0] = '\0';
    if (strrchr(self, '/') != NULL) {
        *(strrchr(self, '/') + 1) = '\0';
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        int length =
            snprintf(l->program, sizeof l->program, "%s%s%s", self, places[i], l->adapter->program);
        if (length > 0 && (size_t)length < sizeof l->program && access(l->program, X_OK) == 0) {
            return LS_OK;
        }
    }
    return ls_fail(d, LS_ERR_CONFIG, "no program \"%s\" in \"%s\"", l->adapter->program, self);
}

static enum ls_err pick_adapter(struct live *l, const struct ls_live_options *o, struct ls_diag *d)
{
    const char *name = o->adapter != NULL ? o->adapter : "lightcl";

    l->adapter = ls_adapter_find(name);
    if (l->adapter == NULL) {
        return ls_fail(d, LS_ERR_CONFIG, "no adapter is named \"%s\"", name);
    }
    if ((o->variant == LS_VARIANT_A ? l->adapter->args_a : l->adapter->args_b) == NULL) {
        return ls_fail(d, LS_ERR_CONFIG, "\"%s\" cannot follow a source of variant %s", name,
                       o->variant == LS_VARIANT_A ? "A" : "B");
    }
    l->world.cl_name = l->adapter->name;
    l->world.tick_ns = l->adapter->tick_fixed_ns != 0 ? l->adapter->tick_fixed_ns
                       : o->tick_ns != 0              ? o->tick_ns
                                                      : l->adapter->tick_ns;
    return find_program(l, o->program, d);
}

static enum ls_err build(struct live *l, const struct ls_live_options *o, struct ls_diag *d)
{
    enum ls_err e = pick_adapter(l, o, d);

    if (e == LS_OK) {
        make_secret(l);
        e = fill_folder(l, o->temp_parent, d);
    }
    if (e == LS_OK) {
        e = ls_loop_new(l->world.tick_ns, &l->loop, d);
    }
    if (e == LS_OK) {
        e = make_models(l, o->profile, d);
    }
    if (e == LS_OK) {
        e = open_ports(l, d);
    }
    if (e == LS_OK) {
        e = reserve_rpc_port(l, d);
    }
    if (e == LS_OK) {
        e = ls_noderpc_new(&(struct ls_noderpc_options){.loop = l->loop,
                                                        .adapter = l->adapter,
                                                        .l2 = o->chain->l2,
                                                        .trace = o->trace,
                                                        .port = l->rpc_port},
                           &l->rpc, d);
    }
    return e;
}

enum ls_err ls_live_new(const struct ls_live_options *o, struct ls_world **out, struct ls_diag *d)
{
    struct live *l = calloc(1, sizeof *l);
    enum ls_err e;

    if (l == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    l->world = (struct ls_world){.ops = &live_ops,
                                 .chain = o->chain,
                                 .trace = o->trace,
                                 .variant = o->variant,
                                 .is_live = true};
    l->keep_temp = o->keep_temp;
    l->is_verbose = o->is_verbose;
    l->seed = o->seed;
    l->rpc_reserve_fd = -1;
    e = build(l, o, d);
    if (e != LS_OK) {
        l->keep_temp = false;
        live_free(&l->world);
        return e;
    }
    ls_loop_on_prepare(l->loop, prepare_ports, l);
    for (size_t ep = 0; ep < LS_ENDPOINT_COUNT; ep++) {
        l->world.filters[ep] = l->ports[ep].filter;
    }
    *out = &l->world;
    return LS_OK;
}

const char *ls_live_temp_dir(const struct ls_world *w)
{
    return live_of_const(w)->dir.path;
}

void ls_live_keep_temp(struct ls_world *w)
{
    live_of(w)->keep_temp = true;
}

bool ls_live_is_interrupted(const struct ls_world *w)
{
    return ls_loop_is_interrupted(live_of_const(w)->loop);
}

uint16_t ls_live_port(const struct ls_world *w, enum ls_endpoint ep)
{
    return ls_front_port(live_of_const(w)->ports[ep].front);
}

uint16_t ls_live_rpc_port(const struct ls_world *w)
{
    return live_of_const(w)->rpc_port;
}
