/*
 * A client that sends damaged requests and looks at every answer: it must be HTTP with a status
 * that means something, and what says it is JSON must be JSON-RPC. After each damaged request a
 * good one is answered.
 *
 *   test_mocks_fuzz [--seed N] [--rounds N]       against every port, in this process
 *   test_mocks_fuzz --el N --jwt FILE --el-http N --source-el N --source-cl N --l1 N
 *                   --synctester N [--seconds N] [--rounds N] [--seed N] [--idle N]
 *       against the ports of a `lockstep serve` that is there, or some of them; N idle connections
 *       stand beside
 *
 * Ends with 1 at the first answer that is none, and says the seed and the round.
 */
#include <poll.h>
#include <time.h>

#include "lib/num.h"
#include "mocks/http/front.h"
#include "tests/unit/port_world.h"
#include "tests/unit/wire.h"

#define BYTES_MAX ((size_t)1 << 22)
#define NOW_S INT64_C(1800000000)
#define DAMAGES_MAX 6u
#define TURNS_MAX 2000u
#define IDLE_S 110 /* the server may close what was idle for longer */
#define READING_TURNS 3u
#define READING_MS 2
#define PATIENCE_MS 5000 /* of a server elsewhere */

struct fuzz {
    struct port_world world;
    bool is_elsewhere;                 /* the server; else: */
    struct ls_front *fronts[PW_PORTS]; /* of this process */
    struct ls_front_time now;
    uint16_t ports[PW_PORTS]; /* 0: not there */
    uint8_t secret[LS_JWT_SECRET_BYTES];
    uint64_t random;
    uint64_t seed;
    uint64_t round;
};

static const char *const PORT_NAMES[PW_PORTS] = {"--el",        "--el-http", "--source-el",
                                                 "--source-cl", "--l1",      "--synctester"};

static uint64_t next(struct fuzz *f, uint64_t below)
{
    f->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = f->random;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

/* --- requests --- */

static void put_call(struct fuzz *f, struct ls_buf *out)
{
    size_t m = (size_t)next(f, sizeof METHODS / sizeof METHODS[0]);
    (void)ls_buf_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"%s\",\"params\":%s}",
                        (unsigned)next(f, 100), METHODS[m].name, METHODS[m].params);
}

static void put_body(struct fuzz *f, struct ls_buf *out)
{
    uint64_t n = next(f, 4) == 0 ? next(f, 5) : 1;
    if (n == 1) {
        put_call(f, out);
        return;
    }
    (void)ls_buf_putc(out, '[');
    for (uint64_t i = 0; i < n; i++) {
        (void)ls_buf_puts(out, i == 0 ? "" : ",");
        put_call(f, out);
    }
    (void)ls_buf_putc(out, ']');
}

/* Changes a few places: a bit, a byte, a piece lost, doubled, or made of another place. */
static void damage(struct fuzz *f, struct ls_buf *b)
{
    uint64_t n = next(f, DAMAGES_MAX);
    for (uint64_t i = 0; i < n && b->n > 1; i++) {
        size_t at = (size_t)next(f, b->n);
        size_t room = b->n - at;
        size_t k = (size_t)next(f, room < 16 ? room : 16) + 1;
        k = k > room ? room : k;
        switch (next(f, 6)) {
        case 0:
            b->p[at] ^= (uint8_t)(1u << next(f, 8));
            break;
        case 1:
            b->p[at] = (uint8_t)next(f, 256);
            break;
        case 2:
            memmove(b->p + at, b->p + at + k, room - k);
            b->n -= k;
            break;
        case 3:
            memmove(b->p + at, b->p + next(f, b->n - k + 1), k);
            break;
        case 4:
            b->n = at;
            break;
        default: {
            uint8_t piece[16];
            memcpy(piece, b->p + at, k);
            (void)ls_buf_put(b, piece, k);
            break;
        }
        }
    }
    b->p[b->n] = 0;
}

static void put_token(struct fuzz *f, struct ls_buf *out)
{
    char token[LS_JWT_TEXT_MAX];
    ls_jwt_make(f->secret, f->is_elsewhere ? time(NULL) : NOW_S, token);
    (void)ls_buf_printf(out, "Authorization: Bearer %s\r\n", token);
}

/* Sessions of the sync tester are deleted on the way; another one is asked well. */
static void put_path(struct fuzz *f, struct ls_buf *out, enum pw_port port)
{
    if (port == PW_SYNCTESTER) {
        (void)ls_buf_printf(
            out, "/chain/901/synctest/9b2e8f1c-5a3d-4e6f-8a7b-1c2d3e4f%04x?latest=4&safe=3",
            (unsigned)next(f, 256));
    } else {
        (void)ls_buf_puts(out, PW_PATHS[port]);
    }
}

static void put_head(struct fuzz *f, struct ls_buf *out, size_t body_bytes, enum pw_port port)
{
    static const char *const verbs[] = {"POST", "POST", "POST", "GET", "PUT", "OPTIONS", "HEAD"};
    static const char *const types[] = {"application/json", "application/json", "text/plain"};
    (void)ls_buf_printf(out, "%s ", verbs[next(f, 7)]);
    put_path(f, out, port);
    (void)ls_buf_printf(out, " HTTP/1.%u\r\nHost: x\r\nContent-Type: %s\r\n",
                        next(f, 9) == 0 ? 0u : 1u, types[next(f, 3)]);
    if (port == PW_EL && next(f, 8) != 0) {
        put_token(f, out);
    }
    if (next(f, 16) == 0) {
        (void)ls_buf_puts(out, "Expect: 100-continue\r\n");
    }
    if (next(f, 4) == 0) {
        (void)ls_buf_puts(out, "Accept: */*\r\nX-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
    }
    switch (next(f, 8)) {
    case 0:
        (void)ls_buf_puts(out, "Transfer-Encoding: chunked\r\n\r\n");
        (void)ls_buf_printf(out, "%zx\r\n", body_bytes);
        break;
    case 1:
        (void)ls_buf_printf(out, "Content-Length: %u\r\n\r\n", (unsigned)next(f, 4096));
        break;
    default:
        (void)ls_buf_printf(out, "Content-Length: %zu\r\n\r\n", body_bytes);
        break;
    }
}

/* Damage to the body keeps the length right more often than not, so that it reaches JSON. */
static void put_request(struct fuzz *f, struct ls_buf *out, enum pw_port port)
{
    struct ls_buf body;
    ls_buf_init(&body, BYTES_MAX);
    put_body(f, &body);
    if (next(f, 3) != 0) {
        damage(f, &body);
    }
    put_head(f, out, body.n, port);
    (void)ls_buf_put(out, body.p, body.n);
    (void)ls_buf_puts(out, next(f, 8) == 0 ? "\r\n0\r\n\r\n" : "");
    if (next(f, 3) == 0) {
        damage(f, out);
    }
    ls_buf_fini(&body);
}

/* --- answers --- */

static bool is_status(unsigned status)
{
    static const unsigned known[] = {100, 200, 307, 400, 401, 404, 405, 411,
                                     413, 414, 415, 417, 431, 500, 501, 505};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i] == status) {
            return true;
        }
    }
    return false;
}

static bool is_rpc_answer(const struct cJSON *v)
{
    const char *version = ls_json_str(ls_json_get(v, "jsonrpc"));
    const struct cJSON *error = ls_json_get(v, "error");
    int64_t code;
    bool has_result = ls_json_get(v, "result") != NULL;
    if (version == NULL || strcmp(version, "2.0") != 0 || has_result == (error != NULL)) {
        return false;
    }
    return has_result || (ls_json_i64(ls_json_get(error, "code"), &code) == LS_OK &&
                          ls_json_str(ls_json_get(error, "message")) != NULL);
}

/* An id that is no UTF-8 comes back as it was sent: such an answer is not read. */
static bool is_json_rpc(const char *text, size_t n)
{
    struct cJSON *tree = NULL;
    size_t offset = 0;
    if (ls_json_validate(text, n, 0, &offset) != LS_OK) {
        return offset < n && (memchr("\"\\", text[offset], 2) != NULL ||
                              (uint8_t)text[offset] >= 0x80 || strstr(text, "\"id\":\"") != NULL);
    }
    bool is_ok = ls_json_parse(text, n, 0, &tree, NULL) == LS_OK;
    if (is_ok && ls_json_is_array(tree)) {
        for (const struct cJSON *v = ls_json_first(tree); v != NULL; v = ls_json_next(v)) {
            is_ok = is_ok && is_rpc_answer(v);
        }
    } else {
        is_ok = is_ok && is_rpc_answer(tree);
    }
    ls_json_free(tree);
    return is_ok;
}

/* The answers in text, one after another; the last may be cut when the connection is over. Answers
 * to HEAD have no body, which shows as the next status line, or the end. */
static bool are_answers(const char *text, size_t n)
{
    while (n > 0) {
        static const char length_key[] = "Content-Length: ";
        unsigned status = 0;
        const char *end = strstr(text, "\r\n\r\n");
        if (end == NULL || sscanf(text, "HTTP/1.%*1d %3u", &status) != 1 || !is_status(status)) {
            return false;
        }
        const char *length = strstr(text, length_key);
        const char *body = end + 4;
        size_t left = n - (size_t)(body - text);
        size_t said =
            length == NULL || length > end ? 0 : strtoul(length + sizeof length_key - 1, NULL, 10);
        bool is_empty = left == 0 || strncmp(body, "HTTP/1.", 7) == 0;
        const char *type = strstr(text, "Content-Type: application/json");
        said = is_empty ? 0 : said;
        if (said > left || (said > 0 && type != NULL && type < end && !is_json_rpc(body, said))) {
            return false;
        }
        n = left - said;
        text = body + said;
    }
    return true;
}

/* --- one round --- */

static void turn(struct fuzz *f, struct wire *w, int patience_ms)
{
    if (f->is_elsewhere && w->sent == w->out.n) {
        struct pollfd p = {.fd = w->fd, .events = POLLIN};
        (void)poll(&p, 1, patience_ms);
    }
    (void)wire_talk(w);
    for (size_t i = 0; i < PW_PORTS && !f->is_elsewhere; i++) {
        ls_front_turn(f->fronts[i], f->now);
    }
    f->now.mono_ns += 10000000; /* nobody waits for a clock here */
}

/* Says all, hangs up its half once the server has had time to read, hears all. false: the server
 * neither answers nor closes. */
static bool exchange(struct fuzz *f, struct wire *w)
{
    unsigned since_sent = 0;
    for (unsigned i = 0; i < TURNS_MAX && !w->is_over; i++) {
        turn(f, w, since_sent <= READING_TURNS ? READING_MS : PATIENCE_MS);
        since_sent += w->sent == w->out.n ? 1 : 0;
        if (since_sent == READING_TURNS) {
            (void)shutdown(w->fd, SHUT_WR);
        }
    }
    return w->is_over;
}

static bool ask_well(struct fuzz *f, enum pw_port port)
{
    struct wire w;
    char body[128];
    int n = snprintf(body, sizeof body,
                     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":[]}",
                     port == PW_SOURCE_CL ? "optimism_version" : "eth_chainId");
    wire_init(&w, BYTES_MAX);
    (void)ls_buf_printf(&w.out, "POST %s HTTP/1.1\r\nHost: x\r\n", PW_PATHS[port]);
    if (port == PW_EL) {
        put_token(f, &w.out);
    }
    (void)ls_buf_printf(&w.out, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", n,
                        body);
    bool is_ok = wire_dial(&w, f->ports[port]);
    for (unsigned i = 0; is_ok && i < TURNS_MAX && w.in.n == 0 && !w.is_over; i++) {
        turn(f, &w, PATIENCE_MS);
    }
    is_ok = is_ok && w.in.n > 0 && strstr((const char *)w.in.p, "\"result\":\"") != NULL;
    wire_close(&w);
    return is_ok;
}

static enum pw_port choose_port(struct fuzz *f)
{
    size_t p;
    do {
        p = (size_t)next(f, PW_PORTS);
    } while (f->ports[p] == 0);
    return (enum pw_port)p;
}

static bool fuzz_round(struct fuzz *f)
{
    struct wire w;
    enum pw_port port = choose_port(f);
    f->round++;
    wire_init(&w, BYTES_MAX);
    put_request(f, &w.out, port);
    const char *why = "no connection";
    if (wire_dial(&w, f->ports[port])) {
        why = !exchange(f, &w) ? "neither answered nor closed"
              : w.in.n > 0 && !are_answers((const char *)w.in.p, w.in.n) ? "no proper answer"
                                                                         : NULL;
    }
    if (why == NULL && !ask_well(f, port)) {
        why = "a good request is not answered afterwards";
    }
    if (why != NULL) {
        (void)printf("not ok: seed %llu, round %llu, %s: %s\n--- sent\n%.*s\n--- got\n%.*s\n",
                     (unsigned long long)f->seed, (unsigned long long)f->round,
                     PORT_NAMES[port] + 2, why, (int)w.out.n, (const char *)w.out.p, (int)w.in.n,
                     w.in.n > 0 ? (const char *)w.in.p : "");
    }
    wire_close(&w);
    return why == NULL;
}

/* --- the program --- */

static void open_ports(struct fuzz *f)
{
    port_world_init(&f->world, NULL);
    memcpy(f->secret, f->world.secret, sizeof f->secret);
    f->now = (struct ls_front_time){1, NOW_S};
    for (size_t i = 0; i < PW_PORTS; i++) {
        struct ls_front_options o = {.backend = f->world.ports[i],
                                     .body_bytes_max = BYTES_MAX,
                                     .reply_bytes_max = BYTES_MAX,
                                     .connections_max = 16};
        if (ls_front_new(&o, &f->fronts[i], NULL) != LS_OK) {
            die("front", "cannot listen");
        }
        f->ports[i] = ls_front_port(f->fronts[i]);
    }
}

static void close_ports(struct fuzz *f)
{
    for (size_t i = 0; i < PW_PORTS; i++) {
        ls_front_free(f->fronts[i]);
    }
    port_world_fini(&f->world);
}

/* Nothing is left of the clients. */
static bool are_all_gone(struct fuzz *f)
{
    size_t n = 0;
    for (size_t i = 0; i < PW_PORTS && !f->is_elsewhere; i++) {
        ls_front_turn(f->fronts[i], f->now);
        n += ls_front_connections(f->fronts[i]);
    }
    if (n > 0) {
        (void)printf("not ok: %zu connections of clients that left\n", n);
    }
    return n == 0;
}

/* Connections that say nothing. */
static void open_idle(struct fuzz *f, int *fds, size_t n)
{
    enum pw_port port = choose_port(f);
    for (size_t i = 0; i < n; i++) {
        struct wire w = {.fd = -1};
        if (!wire_dial(&w, f->ports[port])) {
            die("idle connection", strerror(errno));
        }
        fds[i] = w.fd;
    }
}

/* Those the server has closed, which no request of others may cause. */
static size_t close_idle(int *fds, size_t n)
{
    size_t lost = 0;
    for (size_t i = 0; i < n; i++) {
        char c;
        lost += recv(fds[i], &c, 1, MSG_DONTWAIT) == 0 ? 1 : 0;
        (void)close(fds[i]);
    }
    return lost;
}

static uint64_t number_of(const char *text)
{
    uint64_t v;
    if (ls_parse_dec(text, strlen(text), &v) != LS_OK) {
        die(text, "no number");
    }
    return v;
}

static void read_secret(const char *path, uint8_t *out)
{
    char text[128];
    FILE *file = fopen(path, "r");
    size_t n = file == NULL ? 0 : fread(text, 1, sizeof text, file);
    if (file == NULL || ls_jwt_secret_parse(text, n, out, NULL) != LS_OK) {
        die(path, "no secret");
    }
    (void)fclose(file);
}

struct wish {
    uint64_t rounds;
    uint64_t seconds;
    size_t idle;
};

static void read_option(struct fuzz *f, const char *name, const char *value, struct wish *wish)
{
    for (size_t p = 0; p < PW_PORTS; p++) {
        if (strcmp(name, PORT_NAMES[p]) == 0) {
            f->ports[p] = (uint16_t)number_of(value);
            f->is_elsewhere = true;
            return;
        }
    }
    if (strcmp(name, "--seed") == 0) {
        f->seed = number_of(value);
    } else if (strcmp(name, "--rounds") == 0) {
        wish->rounds = number_of(value);
    } else if (strcmp(name, "--seconds") == 0) {
        wish->seconds = number_of(value);
    } else if (strcmp(name, "--idle") == 0 && number_of(value) <= 10000) {
        wish->idle = (size_t)number_of(value);
    } else if (strcmp(name, "--jwt") == 0) {
        read_secret(value, f->secret);
    } else {
        die(name, "unknown option");
    }
}

/* All rounds; false at the first bad answer, or when idle connections were lost. */
static bool run(struct fuzz *f, const struct wish *wish)
{
    int *fds = need(calloc(wish->idle + 1, sizeof *fds));
    time_t started = time(NULL);
    time_t end = started + (time_t)wish->seconds;
    bool is_ok = true;
    open_idle(f, fds, wish->idle);
    while (is_ok && (wish->seconds > 0 ? time(NULL) < end : f->round < wish->rounds)) {
        is_ok = fuzz_round(f);
    }
    size_t lost = close_idle(fds, wish->idle);
    if (lost > 0 && time(NULL) - started < IDLE_S) {
        (void)printf("not ok: %zu idle connections were closed\n", lost);
        is_ok = false;
    }
    free(fds);
    return is_ok && are_all_gone(f);
}

int main(int argc, char **argv)
{
    struct fuzz f = {.seed = 1};
    struct wish wish = {.rounds = 4000};
    for (int i = 1; i + 1 < argc; i += 2) {
        read_option(&f, argv[i], argv[i + 1], &wish);
    }
    f.random = f.seed;
    if (!f.is_elsewhere) {
        open_ports(&f);
    }
    bool is_ok = run(&f, &wish);
    if (is_ok) {
        (void)printf("ok: seed %llu, %llu damaged requests beside %zu idle connections, every "
                     "answer a proper one\n",
                     (unsigned long long)f.seed, (unsigned long long)f.round, wish.idle);
    }
    if (!f.is_elsewhere) {
        close_ports(&f);
    }
    return is_ok ? 0 : 1;
}
