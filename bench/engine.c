/*
 * What the mock engine costs a call, beside a raw echo of the same bytes (bench/yardstick.h): calls
 * a second and processor time of the server, each side alone on a processor.
 *
 *   engine BUILD [FIXTURE [ONLY]]      BUILD holds lockstep; prints "name value" lines, with ONLY
 *                                      those of cases whose name begins so
 *
 * Both servers are asked in turns, ROUNDS times; the medians are printed. Every round of a call
 * that changes the engine has a new engine. `ratio` is the calls a second over those of the echo.
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
#include "harness/live/mocks.h"
#include "lib/json.h"
#include "lib/jwt.h"
#include "lib/op/block.h"
#include "lib/op/payload.h"
#include "mocks/http/front.h"
#include "mocks/rpc/engine_rpc.h"

#define ROUNDS 9u
#define BLOCKS 300u /* imported in a round */
#define READS 3000u /* calls of a round that change nothing */
#define STARTS 9u
#define BYTES_MAX ((size_t)64 << 20)
#define SERVE_PORT "28551"

struct bench {
    struct ls_chain chain;
    struct drive_conn *conns;
    const char *only; /* "": all */
    cpu_set_t cpus;   /* this program may use */
    uint8_t secret[LS_JWT_SECRET_BYTES];
};

/* What a case asks: calls that prepare the engine, and calls that are timed. */
struct load {
    struct drive_call *calls;
    size_t count;
    size_t prepare_count; /* the first ones; on one connection, untimed */
    size_t conns;
    uint32_t seed; /* block the engine starts at */
    bool has_token;
};

struct figure {
    double calls_per_s;
    double cpu_us;
};

/* --- requests --- */

static void put_http(struct ls_buf *out, const struct bench *b, bool has_token,
                     const struct ls_buf *body)
{
    char token[LS_JWT_TEXT_MAX] = "";
    if (has_token) {
        ls_jwt_make(b->secret, (int64_t)time(NULL), token);
    }
    (void)ls_buf_printf(out,
                        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s%sContent-Type: "
                        "application/json\r\nContent-Length: %zu\r\n\r\n",
                        has_token ? "Authorization: Bearer " : "", token, has_token ? "\r\n" : "",
                        body->n);
    (void)ls_buf_put(out, body->p, body->n);
}

static void add_call(const struct bench *b, struct load *l, const char *text)
{
    struct drive_call *call = &l->calls[l->count++];
    struct ls_buf body;
    ls_buf_init(&body, BYTES_MAX);
    ls_buf_init(&call->request, BYTES_MAX);
    ls_buf_init(&call->reply, BYTES_MAX);
    (void)ls_buf_puts(&body, text);
    put_http(&call->request, b, l->has_token, &body);
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

/* The engine's port in this process; tells its port number through the pipe and never returns. */
static void serve_engine(struct bench *b, const struct load *l, int tell)
{
    struct ls_mocks mocks;
    struct ls_front *front;
    struct ls_front_options o = {
        .body_bytes_max = BYTES_MAX, .reply_bytes_max = BYTES_MAX, .connections_max = 64};
    uint16_t port = 0;
    if (ls_mocks_init(&mocks, &b->chain, NULL, ls_engine_profile_find("geth"), NULL) == LS_OK) {
        ls_engine_seed(mocks.engine, l->seed, LS_NO_BLOCK, LS_NO_BLOCK);
        o.backend =
            ls_mocks_engine_rpc(&mocks, l->has_token ? b->secret : NULL, LS_ETH_STATE_MISSING);
        if (o.backend != NULL && ls_front_new(&o, &front, NULL) == LS_OK) {
            port = ls_front_port(front);
        }
    }
    if (write(tell, &port, sizeof port) != (ssize_t)sizeof port || port == 0) {
        _exit(1);
    }
    turn_for_ever(front);
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

static pid_t start_server(struct bench *b, const struct load *l, bool is_echo, uint16_t *port)
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
        (void)prctl(PR_SET_NAME, is_echo ? "echo" : "mock-engine"); /* perf report --comms */
        if (is_echo) {
            serve_echo(l, ends[1]);
        } else {
            serve_engine(b, l, ends[1]);
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

static bool measure(struct bench *b, struct load *l, bool is_echo, struct figure *out)
{
    uint16_t port;
    clockid_t cpu;
    pid_t pid = start_server(b, l, is_echo, &port);
    size_t count = l->count - l->prepare_count;
    bool is_ok =
        pid > 0 && port != 0 && clock_getcpuclockid(pid, &cpu) == 0 &&
        (is_echo || l->prepare_count == 0 || drive(port, l->calls, l->prepare_count, 1, b->conns));
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

/* Engine and echo in turns. */
static bool run(struct bench *b, const char *name, struct load *l)
{
    double v[6][ROUNDS];
    if (strncmp(name, b->only, strlen(b->only)) != 0) {
        return true;
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        struct figure engine;
        struct figure echo;
        if (!measure(b, l, false, &engine) || !measure(b, l, true, &echo)) {
            (void)fprintf(stderr, "engine: %s: a server went away\n", name);
            return false;
        }
        v[0][i] = engine.calls_per_s;
        v[1][i] = engine.cpu_us;
        v[2][i] = echo.calls_per_s;
        v[3][i] = echo.cpu_us;
        v[4][i] = engine.calls_per_s / echo.calls_per_s;
        v[5][i] = engine.cpu_us / echo.cpu_us;
    }
    (void)printf("engine_%s_calls_per_s %.0f\n", name, median(v[0], ROUNDS));
    (void)printf("engine_%s_cpu_us %.1f\n", name, median(v[1], ROUNDS));
    (void)printf("engine_%s_echo_calls_per_s %.0f\n", name, median(v[2], ROUNDS));
    (void)printf("engine_%s_echo_cpu_us %.1f\n", name, median(v[3], ROUNDS));
    (void)printf("engine_%s_ratio %.2f\n", name, median(v[4], ROUNDS));
    (void)printf("engine_%s_cpu_ratio %.2f\n", name, median(v[5], ROUNDS));
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

static bool bench_payloads(struct bench *b, struct load *l, size_t conns)
{
    bool is_ok = true;
    l->conns = conns;
    l->seed = b->chain.first;
    for (uint64_t i = 1; is_ok && i <= blocks_of(b); i++) {
        is_ok = add_payload(b, l, ls_chain_at(&b->chain, first_number(b) + i));
    }
    is_ok = is_ok && run(b, conns == 1 ? "new_payload" : "new_payload_8", l);
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

/* --- from exec to the first answer --- */

static uint64_t answer_ns(const char *program, const char *fixture)
{
    static const char request[] =
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 59\r\n\r\n"
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":[]}";
    uint64_t start = clock_ns(CLOCK_MONOTONIC);
    char reply[512];
    pid_t pid = fork();
    if (pid == 0) {
        (void)!freopen("/dev/null", "w", stdout);
        (void)!freopen("/dev/null", "w", stderr);
        execl(program, program, "serve", "--fixture", fixture, "--el-http", "127.0.0.1:" SERVE_PORT,
              (char *)NULL);
        _exit(127);
    }
    int fd = -1;
    while (fd < 0 && clock_ns(CLOCK_MONOTONIC) - start < UINT64_C(5000000000)) {
        const struct timespec pause = {.tv_nsec = 100000};
        fd = drive_dial((uint16_t)atoi(SERVE_PORT));
        (void)nanosleep(&pause, NULL);
    }
    bool is_ok = fd >= 0 &&
                 drive_send(fd, (struct ls_span){(const uint8_t *)request, sizeof request - 1}) &&
                 recv(fd, reply, sizeof reply, 0) > 0;
    uint64_t ns = clock_ns(CLOCK_MONOTONIC) - start;
    (void)close(fd);
    stop_server(pid);
    return is_ok ? ns : 0;
}

static bool bench_start(const char *build, const char *fixture)
{
    double ms[STARTS];
    char program[1024];
    (void)snprintf(program, sizeof program, "%s/lockstep", build);
    for (size_t i = 0; i < STARTS; i++) {
        uint64_t ns = answer_ns(program, fixture);
        if (ns == 0) {
            (void)fprintf(stderr, "engine: no answer of %s serve\n", program);
            return false;
        }
        ms[i] = (double)ns / 1e6;
    }
    (void)printf("serve_first_answer_ms %.1f\n", median(ms, STARTS));
    return true;
}

static bool bench_all(struct bench *b, struct load *l)
{
    bool is_ok = bench_payloads(b, l, 1) && bench_payloads(b, l, 8) && bench_forkchoices(b, l, 1) &&
                 bench_forkchoices(b, l, 8) && bench_imports(b, l);
    for (size_t conns = 1; is_ok && conns <= 8; conns += 7) {
        is_ok =
            bench_read(b, l, "chain_id", "eth_chainId", "[]", conns) &&
            bench_read(b, l, "block_latest", "eth_getBlockByNumber", "[\"latest\",false]", conns) &&
            bench_read(b, l, "block_full", "eth_getBlockByNumber", NULL, conns);
    }
    l->has_token = true;
    return is_ok && bench_read(b, l, "chain_id_token", "eth_chainId", "[]", 1);
}

int main(int argc, char **argv)
{
    const char *fixture = argc > 2 ? argv[2] : "fixtures/devnet-forks";
    struct bench b = {.secret = {1}};
    struct load l = {0};
    struct ls_diag d = {{0}};
    if (argc < 2) {
        (void)fprintf(stderr, "usage: engine BUILD [FIXTURE [ONLY]]\n");
        return 2;
    }
    if (ls_chain_open(fixture, NULL, &b.chain, &d) != LS_OK) {
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
