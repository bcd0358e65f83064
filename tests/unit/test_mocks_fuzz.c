/*
 * A client that sends damaged requests and looks at every answer: it must be HTTP with a status
 * that means something, and what says it is JSON must be JSON-RPC. After each damaged request a
 * good one is answered.
 *
 *   test_mocks_fuzz [--seed N] [--rounds N]               against a port in this process
 *   test_mocks_fuzz --port N --seconds N [--seed N]       against a server that is there, public
 * port
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
    struct ls_front *fronts[2]; /* NULL: the server is elsewhere */
    struct ls_front_time now;
    uint16_t ports[2];
    uint64_t random;
    uint64_t seed;
    uint64_t round;
    char token[LS_JWT_TEXT_MAX];
};

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

static void put_head(struct fuzz *f, struct ls_buf *out, size_t body_bytes, bool has_token)
{
    static const char *const verbs[] = {"POST", "POST", "POST", "GET", "PUT", "OPTIONS", "HEAD"};
    static const char *const types[] = {"application/json", "application/json", "text/plain"};
    (void)ls_buf_printf(out, "%s / HTTP/1.%u\r\nHost: x\r\nContent-Type: %s\r\n", verbs[next(f, 7)],
                        next(f, 9) == 0 ? 0u : 1u, types[next(f, 3)]);
    if (has_token) {
        (void)ls_buf_printf(out, "Authorization: Bearer %s\r\n", f->token);
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
static void put_request(struct fuzz *f, struct ls_buf *out, bool has_token)
{
    struct ls_buf body;
    ls_buf_init(&body, BYTES_MAX);
    put_body(f, &body);
    if (next(f, 3) != 0) {
        damage(f, &body);
    }
    put_head(f, out, body.n, has_token);
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
    static const unsigned known[] = {100, 200, 400, 401, 404, 405, 411, 413,
                                     414, 415, 417, 431, 500, 501, 505};
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
    if (f->fronts[0] == NULL && w->sent == w->out.n) {
        struct pollfd p = {.fd = w->fd, .events = POLLIN};
        (void)poll(&p, 1, patience_ms);
    }
    (void)wire_talk(w);
    for (size_t i = 0; i < 2 && f->fronts[0] != NULL; i++) {
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

static bool ask_well(struct fuzz *f)
{
    static const char request[] = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                  "Content-Length: 59\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,"
                                  "\"method\":\"eth_chainId\",\"params\":[]}";
    struct wire w;
    wire_init(&w, BYTES_MAX);
    (void)ls_buf_puts(&w.out, request);
    bool is_ok = wire_dial(&w, f->ports[1]);
    for (unsigned i = 0; is_ok && i < TURNS_MAX && w.in.n == 0 && !w.is_over; i++) {
        turn(f, &w, PATIENCE_MS);
    }
    is_ok = is_ok && w.in.n > 0 && strstr((const char *)w.in.p, "\"result\":\"0x") != NULL;
    wire_close(&w);
    return is_ok;
}

static bool fuzz_round(struct fuzz *f)
{
    struct wire w;
    size_t which = f->fronts[0] != NULL ? (size_t)next(f, 2) : 1;
    f->round++;
    wire_init(&w, BYTES_MAX);
    put_request(f, &w.out, which == 0 && next(f, 8) != 0);
    const char *why = "no connection";
    if (wire_dial(&w, f->ports[which])) {
        why = !exchange(f, &w) ? "neither answered nor closed"
              : w.in.n > 0 && !are_answers((const char *)w.in.p, w.in.n) ? "no proper answer"
                                                                         : NULL;
    }
    if (why == NULL && !ask_well(f)) {
        why = "a good request is not answered afterwards";
    }
    if (why != NULL) {
        (void)printf("not ok: seed %llu, round %llu: %s\n--- sent\n%.*s\n--- got\n%.*s\n",
                     (unsigned long long)f->seed, (unsigned long long)f->round, why, (int)w.out.n,
                     (const char *)w.out.p, (int)w.in.n, w.in.n > 0 ? (const char *)w.in.p : "");
    }
    wire_close(&w);
    return why == NULL;
}

/* --- the program --- */

static void open_ports(struct fuzz *f)
{
    port_world_init(&f->world, NULL);
    ls_jwt_make(f->world.secret, NOW_S, f->token);
    f->now = (struct ls_front_time){1, NOW_S};
    for (size_t i = 0; i < 2; i++) {
        struct ls_front_options o = {.backend = i == 0 ? f->world.port
                                                       : ls_engine_rpc_public(f->world.port),
                                     .body_bytes_max = BYTES_MAX,
                                     .reply_bytes_max = BYTES_MAX,
                                     .connections_max = 16};
        if (ls_front_new(&o, &f->fronts[i], NULL) != LS_OK) {
            die("front", "cannot listen");
        }
        f->ports[i] = ls_front_port(f->fronts[i]);
    }
}

/* Nothing is left of the clients. */
static bool are_all_gone(struct fuzz *f)
{
    size_t n = 0;
    for (size_t i = 0; i < 2 && f->fronts[0] != NULL; i++) {
        ls_front_turn(f->fronts[i], f->now);
        n += ls_front_connections(f->fronts[i]);
    }
    if (n > 0) {
        (void)printf("not ok: %zu connections of clients that left\n", n);
    }
    return n == 0;
}

static void close_ports(struct fuzz *f)
{
    if (f->fronts[0] != NULL) {
        ls_front_free(f->fronts[0]);
        ls_front_free(f->fronts[1]);
        port_world_fini(&f->world);
    }
}

/* Connections that say nothing. */
static void open_idle(const struct fuzz *f, int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct wire w = {.fd = -1};
        if (!wire_dial(&w, f->ports[1])) {
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

int main(int argc, char **argv)
{
    struct fuzz f = {.seed = 1};
    uint64_t rounds = 4000;
    uint64_t seconds = 0;
    size_t idle = 0;
    int *fds;
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t v = number_of(argv[i + 1]);
        if (strcmp(argv[i], "--seed") == 0) {
            f.seed = v;
        } else if (strcmp(argv[i], "--rounds") == 0) {
            rounds = v;
        } else if (strcmp(argv[i], "--seconds") == 0) {
            seconds = v;
        } else if (strcmp(argv[i], "--idle") == 0 && v <= 10000) {
            idle = (size_t)v;
        } else if (strcmp(argv[i], "--port") == 0) {
            f.ports[1] = (uint16_t)v;
        } else {
            die(argv[i], "unknown option");
        }
    }
    f.random = f.seed;
    if (f.ports[1] == 0) {
        open_ports(&f);
    }
    fds = need(calloc(idle + 1, sizeof *fds));
    open_idle(&f, fds, idle);
    time_t started = time(NULL);
    time_t end = time(NULL) + (time_t)seconds;
    bool is_ok = true;
    while (is_ok && (seconds > 0 ? time(NULL) < end : f.round < rounds)) {
        is_ok = fuzz_round(&f);
    }
    size_t lost = close_idle(fds, idle);
    if (lost > 0 && time(NULL) - started < IDLE_S) {
        (void)printf("not ok: %zu idle connections were closed\n", lost);
        is_ok = false;
    }
    free(fds);
    is_ok = is_ok && are_all_gone(&f);
    if (is_ok) {
        (void)printf(
            "ok: seed %llu, %llu damaged requests beside %zu idle connections, every answer a "
            "proper one\n",
            (unsigned long long)f.seed, (unsigned long long)f.round, idle);
    }
    close_ports(&f);
    return is_ok ? 0 : 1;
}
