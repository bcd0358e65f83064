/*
 * What the mock engine costs a call, beside a raw echo of the same bytes (bench/yardstick.h) and
 * beside the HTTP port alone, which says the same bytes without looking at what was asked: calls a
 * second and processor time of the server, each side alone on a processor.
 *
 *   engine BUILD [FIXTURE [ONLY]]      BUILD holds lockstep; prints "name value" lines, with ONLY
 *                                      those of cases whose name begins so
 *
 * The servers are asked in turns, ROUNDS times; the medians are printed. Every round of a call that
 * changes the engine has a new engine. `ratio` is the calls a second over those of the echo,
 * `port_ratio` that of the port alone: what libmicrohttpd leaves of the echo, the most that any
 * engine behind it can have.
 */
#define _GNU_SOURCE /* processors are pinned, and bytes searched */
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "bench/yardstick.h"
#include "harness/capture/chain.h"
#include "harness/capture/fork.h"
#include "harness/live/mocks.h"
#include "lib/json.h"
#include "lib/jwt.h"
#include "lib/op/block.h"
#include "lib/op/payload.h"
#include "mocks/http/front.h"
#include "mocks/rpc/engine_rpc.h"
#include "mocks/rpc/synctester.h"

#define ROUNDS 9u
#define BLOCKS 300u /* imported in a round */
#define READS 3000u /* calls of a round that change nothing */
#define STARTS 9u
#define BYTES_MAX ((size_t)64 << 20)

struct bench {
    struct ls_chain chain;
    struct drive_conn *conns;
    const char *only; /* "": all */
    cpu_set_t cpus;   /* this program may use */
    uint8_t secret[LS_JWT_SECRET_BYTES];
};

enum side { SIDE_ENGINE, SIDE_ECHO, SIDE_PORT, SIDE_COUNT };
static const char *const SIDE_NAMES[SIDE_COUNT] = {"mock-engine", "echo", "port"};

/* What a case asks: calls that prepare the engine, and calls that are timed. */
struct load {
    struct drive_call *calls;
    size_t count;
    size_t prepare_count; /* the first ones; on one connection, untimed */
    size_t conns;
    uint32_t seed; /* block the engine starts at */
    bool has_token;
    bool is_tester;  /* of the sync tester's URLs, a session for each connection */
    uint64_t latest; /* of a new session */
};

struct figure {
    double calls_per_s;
    double cpu_us;
};

/* --- requests --- */

/* Where the next call goes. */
static void put_path(const struct bench *b, const struct load *l, char *out, size_t cap)
{
    if (!l->is_tester) {
        (void)snprintf(out, cap, "/");
        return;
    }
    (void)snprintf(out, cap,
                   "/chain/%" PRIu64 "/synctest/00000000-0000-4000-8000-%012zu?latest=%" PRIu64
                   "&safe=0&finalized=0",
                   b->chain.l2_chain_id, (l->count - l->prepare_count) % l->conns, l->latest);
}

static void put_http(struct ls_buf *out, const struct bench *b, const struct load *l,
                     const struct ls_buf *body)
{
    bool has_token = l->has_token;
    char path[192];
    char token[LS_JWT_TEXT_MAX] = "";
    put_path(b, l, path, sizeof path);
    if (has_token) {
        ls_jwt_make(b->secret, (int64_t)time(NULL), token);
    }
    (void)ls_buf_printf(out,
                        "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s%sContent-Type: "
                        "application/json\r\nContent-Length: %zu\r\n\r\n",
                        path, has_token ? "Authorization: Bearer " : "", token,
                        has_token ? "\r\n" : "", body->n);
    (void)ls_buf_put(out, body->p, body->n);
}

static void add_call(const struct bench *b, struct load *l, const char *text)
{
    struct drive_call *call = &l->calls[l->count];
    struct ls_buf body;
    ls_buf_init(&body, BYTES_MAX);
    ls_buf_init(&call->request, BYTES_MAX);
    ls_buf_init(&call->reply, BYTES_MAX);
    (void)ls_buf_puts(&body, text);
    put_http(&call->request, b, l, &body);
    l->count++;
    ls_buf_fini(&body);
}

/* The newPayload call of a block; false when it cannot be made. */
static bool add_payload(const struct bench *b, struct load *l, uint32_t id)
{
    const struct ls_ublock *u = ls_universe_get(b->chain.l2, id);
    struct cJSON *json = NULL;
    struct ls_arena arena;
    struct ls_block block;
    struct ls_payload payload;
    struct ls_buf body;
    struct ls_jw w;
    ls_arena_init(&arena, BYTES_MAX);
    ls_buf_init(&body, BYTES_MAX);
    bool is_ok = ls_json_parse(u->json, u->json_bytes, 0, &json, NULL) == LS_OK &&
                 ls_block_from_json(json, &arena, &block, NULL) == LS_OK &&
                 ls_payload_from_block(&block, &payload) == LS_OK;
    if (is_ok) {
        unsigned version = ls_payload_version(&b->chain.rollup, payload.timestamp);
        char method[32];
        (void)snprintf(method, sizeof method, "engine_newPayloadV%u", version);
        ls_jw_init(&w, &body);
        ls_jw_object(&w, NULL);
        ls_jw_str(&w, "jsonrpc", "2.0");
        ls_jw_u64(&w, "id", 1);
        ls_jw_str(&w, "method", method);
        ls_payload_write_params(&payload, version, &w, "params");
        ls_jw_object_end(&w);
        add_call(b, l, (const char *)body.p);
    }
    ls_buf_fini(&body);
    ls_json_free(json);
    ls_arena_fini(&arena);
    return is_ok;
}

static void put_hash(const struct bench *b, uint64_t number, char out[67])
{
    const struct ls_hash *h =
        &ls_universe_get(b->chain.l2, ls_chain_at(&b->chain, number))->ref.hash;
    (void)snprintf(out, 3, "0x");
    for (size_t i = 0; i < 32; i++) {
        (void)snprintf(out + 2 + 2 * i, 3, "%02x", h->b[i]);
    }
}

/* Head, safe and finalized, all three different. */
static void add_forkchoice(const struct bench *b, struct load *l, uint64_t number)
{
    char text[512];
    char hashes[3][67];
    for (uint64_t i = 0; i < 3; i++) {
        put_hash(b, number > i ? number - i : 0, hashes[i]);
    }
    (void)snprintf(text, sizeof text,
                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"engine_forkchoiceUpdatedV3\","
                   "\"params\":[{\"headBlockHash\":\"%s\",\"safeBlockHash\":\"%s\","
                   "\"finalizedBlockHash\":\"%s\"},null]}",
                   hashes[0], hashes[1], hashes[2]);
    add_call(b, l, text);
}

/* --- servers: processes of their own --- */

/* To the which-th processor this program may use; with one only, or none to choose, the figures are
 * just worse. */
static void pin(const cpu_set_t *all, unsigned which)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, all) && which-- == 0) {
            CPU_SET(cpu, &one);
            (void)sched_setaffinity(0, sizeof one, &one);
            return;
        }
    }
}

static uint64_t clock_ns(clockid_t id)
{
    struct timespec t = {0};
    (void)clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static void turn_for_ever(struct ls_front *front)
{
    for (;;) {
        struct pollfd p = {.fd = ls_front_fd(front), .events = POLLIN};
        (void)poll(&p, 1, ls_front_deadline(front) == 0 ? 0 : -1);
        struct ls_front_time now = {clock_ns(CLOCK_MONOTONIC), (int64_t)time(NULL)};
        ls_front_turn(front, now);
    }
}

/* Serves on a port in this process, tells its number through the pipe and never returns. */
static void serve_backend(struct ls_backend *backend, int tell)
{
    struct ls_front *front = NULL;
    const struct ls_front_options o = {.backend = backend,
                                       .body_bytes_max = BYTES_MAX,
                                       .reply_bytes_max = BYTES_MAX,
                                       .connections_max = 64};
    uint16_t port = 0;
    if (backend != NULL && ls_front_new(&o, &front, NULL) == LS_OK) {
        port = ls_front_port(front);
    }
    if (write(tell, &port, sizeof port) != (ssize_t)sizeof port || port == 0) {
        _exit(1);
    }
    turn_for_ever(front);
}

/* Says what the engine said to the call that this must be, being asked as drive() asks. */
struct canned {
    struct ls_backend base;
    const struct load *load;
    size_t asked[DRIVE_CONNS_MAX];
};

static void say_canned(struct ls_backend *b, const struct ls_http_request *req,
                       struct ls_http_reply *reply)
{
    struct canned *c = (struct canned *)b;
    const struct load *l = c->load;
    size_t conn = (size_t)(req->conn - 1) % l->conns;
    size_t i = l->prepare_count + conn + l->conns * c->asked[conn]++;
    const struct ls_buf *text = &l->calls[i % l->count].reply;
    const uint8_t *body = memmem(text->p, text->n, "\r\n\r\n", 4);
    reply->stored = body != NULL ? (const char *)body + 4 : "";
    reply->stored_bytes = body != NULL ? text->n - (size_t)(body + 4 - text->p) : 0;
}

static void serve_port(const struct load *l, int tell)
{
    static const struct ls_backend_ops ops = {.handle = say_canned};
    struct canned canned = {.base = {&ops}, .load = l};
    serve_backend(&canned.base, tell);
}

static void serve_tester(struct bench *b, int tell)
{
    const struct ls_upstream_fixture fixture = {
        .universe = b->chain.l2, .chain_id = b->chain.l2_chain_id, .tip = b->chain.tip};
    const struct ls_synctester_chain chain = {.chain_id = b->chain.l2_chain_id,
                                              .upstream = ls_upstream_fixture_new(&fixture)};
    const struct ls_synctester_config cfg = {.chains = &chain, .chain_count = 1};
    struct ls_backend *backend = NULL;
    if (chain.upstream != NULL && ls_synctester_new(&cfg, &backend, NULL) != LS_OK) {
        backend = NULL;
    }
    serve_backend(backend, tell);
}

static void serve_engine(struct bench *b, const struct load *l, int tell)
{
    struct ls_mocks mocks;
    struct ls_backend *backend = NULL;
    if (ls_mocks_init(&mocks, &b->chain, NULL, ls_engine_profile_find("geth"), NULL) == LS_OK) {
        ls_engine_seed(mocks.engine, l->seed, LS_NO_BLOCK, LS_NO_BLOCK);
        backend =
            ls_mocks_engine_rpc(&mocks, l->has_token ? b->secret : NULL, LS_ETH_STATE_MISSING);
    }
    serve_backend(backend, tell);
}

static void serve_echo(const struct load *l, int tell)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &n) != 0) {
        _exit(1);
    }
    uint16_t port = ntohs(at.sin_port);
    if (write(tell, &port, sizeof port) != (ssize_t)sizeof port) {
        _exit(1);
    }
    yardstick_serve(fd, l->calls + l->prepare_count, l->count - l->prepare_count, l->conns);
}

static pid_t start_server(struct bench *b, const struct load *l, enum side side, uint16_t *port)
{
    int ends[2];
    *port = 0;
    if (pipe(ends) != 0) {
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        pin(&b->cpus, 0);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)prctl(PR_SET_NAME, SIDE_NAMES[side]); /* perf report --comms */
        if (side == SIDE_ENGINE && l->is_tester) {
            serve_tester(b, ends[1]);
        } else if (side == SIDE_ENGINE) {
            serve_engine(b, l, ends[1]);
        } else if (side == SIDE_ECHO) {
            serve_echo(l, ends[1]);
        } else {
            serve_port(l, ends[1]);
        }
        _exit(1);
    }
    (void)close(ends[1]);
    if (read(ends[0], port, sizeof *port) != (ssize_t)sizeof *port) {
        *port = 0;
    }
    (void)close(ends[0]);
    return pid;
}

static void stop_server(pid_t pid)
{
    if (pid > 0) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
    }
}

/* --- measuring --- */

static bool measure(struct bench *b, struct load *l, enum side side, struct figure *out)
{
    uint16_t port;
    clockid_t cpu;
    pid_t pid = start_server(b, l, side, &port);
    size_t count = l->count - l->prepare_count;
    bool is_ok = pid > 0 && port != 0 && clock_getcpuclockid(pid, &cpu) == 0 &&
                 (side != SIDE_ENGINE || l->prepare_count == 0 ||
                  drive(port, l->calls, l->prepare_count, 1, b->conns));
    if (is_ok) {
        uint64_t cpu_ns = clock_ns(cpu);
        uint64_t wall_ns = clock_ns(CLOCK_MONOTONIC);
        is_ok = drive(port, l->calls + l->prepare_count, count, l->conns, b->conns);
        wall_ns = clock_ns(CLOCK_MONOTONIC) - wall_ns;
        cpu_ns = clock_ns(cpu) - cpu_ns;
        out->calls_per_s = (double)count * 1e9 / (double)wall_ns;
        out->cpu_us = (double)cpu_ns / 1e3 / (double)count;
    }
    stop_server(pid);
    return is_ok;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof v[0], by_size);
    return v[n / 2];
}

/* A fast refusal would be no figure: each call must have had the result of its kind. */
static bool are_results(const struct load *l)
{
    static const char *const wrong[] = {"\"error\":", "SYNCING", "INVALID"};
    bool is_ok = true;
    for (size_t i = l->prepare_count; is_ok && i < l->count; i++) {
        const struct ls_buf *reply = &l->calls[i].reply;
        is_ok = memmem(reply->p, reply->n, "\"result\":", 9) != NULL;
        for (size_t k = 0; is_ok && k < sizeof wrong / sizeof wrong[0]; k++) {
            is_ok = memmem(reply->p, reply->n, wrong[k], strlen(wrong[k])) == NULL;
        }
        if (!is_ok) {
            (void)fprintf(stderr, "engine: %s\n", (const char *)reply->p);
        }
    }
    return is_ok;
}

/* All sides in turns. */
static bool run(struct bench *b, const char *name, struct load *l)
{
    double per_s[SIDE_COUNT][ROUNDS];
    double cpu_us[SIDE_COUNT][ROUNDS];
    double ratio[SIDE_COUNT][ROUNDS]; /* to the echo */
    double cpu_ratio[SIDE_COUNT][ROUNDS];
    static const char *const infix[SIDE_COUNT] = {"", "_echo", "_port"};
    if (strncmp(name, b->only, strlen(b->only)) != 0) {
        return true;
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        struct figure f[SIDE_COUNT];
        for (size_t side = 0; side < SIDE_COUNT; side++) {
            if (side == SIDE_ECHO && i == 0 && !are_results(l)) {
                (void)fprintf(stderr, "engine: %s: not the answer that was wanted\n", name);
                return false;
            }
            if (!measure(b, l, (enum side)side, &f[side])) {
                (void)fprintf(stderr, "engine: %s: the server went away: %s\n", name,
                              SIDE_NAMES[side]);
                return false;
            }
        }
        for (size_t side = 0; side < SIDE_COUNT; side++) {
            per_s[side][i] = f[side].calls_per_s;
            cpu_us[side][i] = f[side].cpu_us;
            ratio[side][i] = f[side].calls_per_s / f[SIDE_ECHO].calls_per_s;
            cpu_ratio[side][i] = f[side].cpu_us / f[SIDE_ECHO].cpu_us;
        }
    }
    for (size_t side = 0; side < SIDE_COUNT; side++) {
        (void)printf("engine_%s%s_calls_per_s %.0f\n", name, infix[side],
                     median(per_s[side], ROUNDS));
        (void)printf("engine_%s%s_cpu_us %.1f\n", name, infix[side], median(cpu_us[side], ROUNDS));
        if (side != SIDE_ECHO) {
            (void)printf("engine_%s%s_ratio %.2f\n", name, infix[side],
                         median(ratio[side], ROUNDS));
            (void)printf("engine_%s%s_cpu_ratio %.2f\n", name, infix[side],
                         median(cpu_ratio[side], ROUNDS));
        }
    }
    (void)fflush(stdout);
    return true;
}

static void clear_load(struct load *l)
{
    for (size_t i = 0; i < l->count; i++) {
        ls_buf_fini(&l->calls[i].request);
        ls_buf_fini(&l->calls[i].reply);
    }
    l->count = 0;
    l->prepare_count = 0;
}

/* --- the cases --- */

static uint64_t first_number(const struct bench *b)
{
    return ls_universe_get(b->chain.l2, b->chain.first)->ref.number;
}

static uint64_t blocks_of(const struct bench *b)
{
    uint64_t n = ls_universe_get(b->chain.l2, b->chain.tip)->ref.number - first_number(b);
    return n < BLOCKS ? n : BLOCKS;
}

/* The recorded chain, as a client follows it: each block the child of the one before. On several
 * connections each client sends all of it; whose block is first imports it, and the others are told
 * of one that is there, which costs the engine the same: it must be decoded and proved first. */
static bool bench_payloads(struct bench *b, struct load *l, size_t conns)
{
    bool is_ok = true;
    l->conns = conns;
    l->seed = b->chain.first;
    for (uint64_t i = 1; is_ok && i <= blocks_of(b); i++) {
        for (size_t c = 0; is_ok && c < conns; c++) {
            is_ok = add_payload(b, l, ls_chain_at(&b->chain, first_number(b) + i));
        }
    }
    is_ok = is_ok && run(b, conns == 1 ? "new_payload" : "new_payload_8", l);
    clear_load(l);
    return is_ok;
}

/* Every call imports. On several connections a block of a chain may overtake its parent, and is not
 * looked at then. So these are siblings of the recorded blocks, which are there already: new, with
 * a known parent, in any order. */
static bool bench_siblings(struct bench *b, struct load *l, size_t conns)
{
    const struct ls_fork_spec spec = {.seed = 1};
    bool is_ok = true;
    l->conns = conns;
    l->seed = b->chain.first;
    for (uint64_t i = 1; is_ok && i <= blocks_of(b); i++) {
        is_ok = add_payload(b, l, ls_chain_at(&b->chain, first_number(b) + i));
    }
    l->prepare_count = l->count;
    for (uint64_t i = 0; is_ok && i < blocks_of(b); i++) {
        uint32_t at = ls_chain_at(&b->chain, first_number(b) + i);
        uint32_t id;
        is_ok = ls_chain_fork(&b->chain, at, 1, &spec, &id, NULL) == LS_OK && add_payload(b, l, id);
    }
    is_ok = is_ok && run(b, "new_payload_siblings_8", l);
    clear_load(l);
    return is_ok;
}

static bool bench_forkchoices(struct bench *b, struct load *l, size_t conns)
{
    bool is_ok = true;
    l->conns = conns;
    l->seed = b->chain.first;
    for (uint64_t i = 1; is_ok && i <= blocks_of(b); i++) {
        is_ok = add_payload(b, l, ls_chain_at(&b->chain, first_number(b) + i));
    }
    l->prepare_count = l->count;
    for (uint64_t i = 1; is_ok && i <= blocks_of(b); i++) {
        add_forkchoice(b, l, first_number(b) + i);
    }
    is_ok = is_ok && run(b, conns == 1 ? "forkchoice" : "forkchoice_8", l);
    clear_load(l);
    return is_ok;
}

static bool bench_imports(struct bench *b, struct load *l)
{
    bool is_ok = true;
    l->conns = 1;
    l->seed = b->chain.first;
    for (uint64_t i = 1; is_ok && i <= blocks_of(b); i++) {
        is_ok = add_payload(b, l, ls_chain_at(&b->chain, first_number(b) + i));
        add_forkchoice(b, l, first_number(b) + i);
    }
    is_ok = is_ok && run(b, "import", l); /* two calls each */
    clear_load(l);
    return is_ok;
}

static bool bench_read(struct bench *b, struct load *l, const char *name, const char *method,
                       const char *params, size_t conns)
{
    char text[256];
    char full[64];
    l->conns = conns;
    l->seed = b->chain.tip;
    for (size_t i = 0; i < READS; i++) {
        uint64_t number = first_number(b) + 1 + i % blocks_of(b);
        int n =
            snprintf(text, sizeof text,
                     "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"%s\",\"params\":", i, method);
        if (params != NULL) {
            (void)snprintf(text + n, sizeof text - (size_t)n, "%s}", params);
        } else {
            (void)snprintf(text + n, sizeof text - (size_t)n, "[\"0x%" PRIx64 "\",true]}", number);
        }
        add_call(b, l, text);
    }
    (void)snprintf(full, sizeof full, conns == 1 ? "%s" : "%s_8", name);
    bool is_ok = run(b, full, l);
    clear_load(l);
    return is_ok;
}

/* A new session for each connection, all of them at genesis; blocks one after another. */
static bool bench_tester_blocks(struct bench *b, struct load *l, const char *name, bool is_import)
{
    bool is_ok = true;
    uint64_t count = blocks_of(b) / (is_import ? 2 : 1);
    l->latest = first_number(b);
    for (uint64_t i = 1; is_ok && i <= count; i++) {
        uint64_t number = first_number(b) + i;
        for (size_t c = 0; is_ok && c < l->conns; c++) {
            is_ok = add_payload(b, l, ls_chain_at(&b->chain, number));
        }
        for (size_t c = 0; is_import && c < l->conns; c++) {
            add_forkchoice(b, l, number);
        }
    }
    is_ok = is_ok && run(b, name, l);
    clear_load(l);
    return is_ok;
}

static bool bench_tester(struct bench *b, struct load *l)
{
    l->is_tester = true;
    l->conns = 8;
    bool is_ok = bench_tester_blocks(b, l, "tester_new_payload_8", false) &&
                 bench_tester_blocks(b, l, "tester_import_8", true);
    l->latest = ls_universe_get(b->chain.l2, b->chain.tip)->ref.number;
    is_ok =
        is_ok && bench_read(b, l, "tester_session", "sync_getSession", "[]", 8) &&
        bench_read(b, l, "tester_chain_id", "eth_chainId", "[]", 8) &&
        bench_read(b, l, "tester_block_latest", "eth_getBlockByNumber", "[\"latest\",false]", 8) &&
        bench_read(b, l, "tester_block_full", "eth_getBlockByNumber", NULL, 8);
    l->is_tester = false;
    return is_ok;
}

/* --- from exec to the first answer --- */

/* A port that nobody has: one the kernel gave and took back. */
static uint16_t free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool is_had = bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
                  getsockname(fd, (struct sockaddr *)&at, &n) == 0;
    (void)close(fd);
    return is_had ? ntohs(at.sin_port) : 0;
}

static uint64_t answer_ns(const char *program, const char *fixture, uint64_t *cpu_ns)
{
    static const char request[] =
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 59\r\n\r\n"
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":[]}";
    char reply[512];
    char address[32];
    uint16_t port = free_port();
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", port);
    uint64_t start = clock_ns(CLOCK_MONOTONIC);
    pid_t pid = fork();
    if (pid == 0) {
        (void)!freopen("/dev/null", "w", stdout);
        (void)!freopen("/dev/null", "w", stderr);
        execl(program, program, "serve", "--fixture", fixture, "--el-http", address, (char *)NULL);
        _exit(127);
    }
    int fd = -1;
    while (fd < 0 && clock_ns(CLOCK_MONOTONIC) - start < UINT64_C(5000000000)) {
        const struct timespec pause = {.tv_nsec = 100000};
        fd = drive_dial(port);
        (void)nanosleep(&pause, NULL);
    }
    bool is_ok = fd >= 0 &&
                 drive_send(fd, (struct ls_span){(const uint8_t *)request, sizeof request - 1}) &&
                 recv(fd, reply, sizeof reply, 0) > 0;
    uint64_t ns = clock_ns(CLOCK_MONOTONIC) - start;
    clockid_t cpu;
    *cpu_ns = clock_getcpuclockid(pid, &cpu) == 0 ? clock_ns(cpu) : 0;
    (void)close(fd);
    stop_server(pid);
    return is_ok ? ns : 0;
}

static bool bench_start(const char *build, const char *fixture)
{
    double ms[STARTS];
    double cpu_ms[STARTS];
    char program[1024];
    (void)snprintf(program, sizeof program, "%s/lockstep", build);
    for (size_t i = 0; i < STARTS; i++) {
        uint64_t cpu_ns;
        uint64_t ns = answer_ns(program, fixture, &cpu_ns);
        if (ns == 0) {
            (void)fprintf(stderr, "engine: no answer of %s serve\n", program);
            return false;
        }
        ms[i] = (double)ns / 1e6;
        cpu_ms[i] = (double)cpu_ns / 1e6;
    }
    (void)printf("serve_first_answer_ms %.1f\n", median(ms, STARTS));
    (void)printf("serve_first_answer_cpu_ms %.1f\n", median(cpu_ms, STARTS));
    return true;
}

static bool bench_all(struct bench *b, struct load *l)
{
    bool is_ok = bench_payloads(b, l, 1) && bench_payloads(b, l, 8) && bench_siblings(b, l, 8) &&
                 bench_forkchoices(b, l, 1) && bench_forkchoices(b, l, 8) && bench_imports(b, l);
    for (size_t conns = 1; is_ok && conns <= 8; conns += 7) {
        is_ok =
            bench_read(b, l, "chain_id", "eth_chainId", "[]", conns) &&
            bench_read(b, l, "block_latest", "eth_getBlockByNumber", "[\"latest\",false]", conns) &&
            bench_read(b, l, "block_full", "eth_getBlockByNumber", NULL, conns);
    }
    is_ok = is_ok && bench_tester(b, l);
    l->has_token = true;
    return is_ok && bench_read(b, l, "chain_id_token", "eth_chainId", "[]", 1);
}

int main(int argc, char **argv)
{
    const char *fixture = argc > 2 ? argv[2] : "fixtures/devnet-forks";
    const struct ls_chain_options room = {.extra_blocks = BLOCKS};
    struct bench b = {.secret = {1}};
    struct load l = {0};
    struct ls_diag d = {{0}};
    if (argc < 2) {
        (void)fprintf(stderr, "usage: engine BUILD [FIXTURE [ONLY]]\n");
        return 2;
    }
    if (ls_chain_open(fixture, &room, &b.chain, &d) != LS_OK) {
        (void)fprintf(stderr, "engine: %s\n", d.text);
        return 1;
    }
    CPU_ZERO(&b.cpus);
    (void)sched_getaffinity(0, sizeof b.cpus, &b.cpus);
    pin(&b.cpus, 1);
    b.only = argc > 3 ? argv[3] : "";
    l.calls = calloc(READS + 2 * BLOCKS, sizeof *l.calls);
    b.conns = calloc(DRIVE_CONNS_MAX, sizeof *b.conns);
    bool is_ok =
        l.calls != NULL && b.conns != NULL && bench_all(&b, &l) && bench_start(argv[1], fixture);
    free(l.calls);
    free(b.conns);
    ls_chain_close(&b.chain);
    return is_ok ? 0 : 1;
}
