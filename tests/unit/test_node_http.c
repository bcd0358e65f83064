/*
 * HTTP client and server of the node, against each other and against peers that behave badly, on
 * loopback and on one thread. Waiting is on events; the only time that passes is a request's own
 * timeout, where that is what is tested.
 */
#include "tests/unit/node_rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/io/http.h"
#include "node/io/server.h"

#define TURNS_MAX 2000    /* a bound on waiting: each turn waits at most TURN_NS */
#define TURN_NS 10000000u /* 10 ms */
#define PATIENT_NS 10000000000u
#define REPLY_MAX 65536u
#define HEARD_MAX (4u << 20)
#define LARGE_BODY (2u << 20) /* libcurl asks for leave before it sends so much */

/* --- a peer that says what it is told to, byte for byte --- */

struct peer {
    int listener;
    int conn;        /* -1 until accepted */
    const char *say; /* NULL: accepts and never answers */
    struct ls_buf heard;
    size_t hear_bytes; /* before it answers, at least so many */
    uint16_t port;
};

static void peer_open(struct peer *p, const char *say)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;

    *p = (struct peer){.conn = -1, .say = say};
    ls_buf_init(&p->heard, HEARD_MAX);
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(p->listener >= 0);
    assert_int_equal(bind(p->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(p->listener, 8), 0);
    assert_int_equal(getsockname(p->listener, (struct sockaddr *)&a, &n), 0);
    p->port = ntohs(a.sin_port);
}

/* Accepts, hears, and answers once it has heard something. */
static void peer_turn(struct peer *p)
{
    char chunk[65536];
    ssize_t n = 0;

    if (p->conn < 0) {
        p->conn = accept(p->listener, NULL, NULL);
    }
    if (p->conn < 0) {
        return;
    }
    n = recv(p->conn, chunk, sizeof chunk, MSG_DONTWAIT);
    if (n > 0) {
        assert_int_equal(ls_buf_put(&p->heard, chunk, (size_t)n), LS_OK);
        if (p->say != NULL && strstr((char *)p->heard.p, "\r\n\r\n{}") != NULL &&
            p->heard.n >= p->hear_bytes) {
            (void)send(p->conn, p->say, strlen(p->say), MSG_NOSIGNAL);
            (void)close(p->conn);
            p->conn = -1;
        }
    }
}

static void peer_close(struct peer *p)
{
    if (p->conn >= 0) {
        (void)close(p->conn);
    }
    (void)close(p->listener);
    ls_buf_fini(&p->heard);
}

/* --- one request, start to end --- */

static struct ls_http *client_for(uint16_t port, const char *path, char url[64])
{
    struct ls_http *h = NULL;

    (void)snprintf(url, 64, "http://127.0.0.1:%u%s", (unsigned)port, path);
    const struct ls_http_peer peers[LS_TARGET_COUNT] = {
        [LS_TO_ENGINE] = {url, REPLY_MAX}, [LS_TO_SOURCE] = {url, 16}};
    assert_int_equal(ls_http_new(peers, &h, NULL), LS_OK);
    return h;
}

static void post(struct ls_http *h, const struct ls_http_post *p, const char *text)
{
    struct ls_buf body;
    struct ls_diag d = {""};

    ls_buf_init(&body, HEARD_MAX);
    ls_buf_puts(&body, text);
    if (ls_http_post(h, p, &body, &d) != LS_OK) {
        fail_msg("%s", d.text);
    }
    assert_null(body.p);
}

/* Turns both sides until a request is finished. */
static struct ls_http_reply finish(struct ls_http *h, struct peer *p, struct ls_server *s)
{
    struct ls_http_reply reply;

    for (int i = 0; i < TURNS_MAX; i++) {
        struct ls_http_fd fd = {.fd = p != NULL   ? (p->conn >= 0 ? p->conn : p->listener)
                                      : s != NULL ? ls_server_fd(s)
                                                  : -1};
        ls_http_turn(h);
        if (ls_http_next(h, &reply)) {
            return reply;
        }
        ls_http_wait(h, &fd, fd.fd >= 0 ? 1 : 0, TURN_NS);
        if (p != NULL) {
            peer_turn(p);
        }
        if (s != NULL) {
            ls_server_turn(s, 1000);
        }
    }
    fail_msg("no reply");
    return (struct ls_http_reply){.id = 0};
}

static struct ls_http_reply ask_peer(const char *say, enum ls_target target)
{
    struct ls_http_post p = {.id = 5, .target = target, .timeout_ns = PATIENT_NS};
    struct ls_http_reply r;
    struct ls_http *h = NULL;
    struct peer peer;
    char url[64];

    peer_open(&peer, say);
    h = client_for(peer.port, "/", url);
    post(h, &p, "{}");
    r = finish(h, &peer, NULL);
    r.body = (struct ls_span){NULL, 0};
    assert_int_equal(r.id, 5);
    assert_int_equal(r.target, target);
    ls_http_free(h);
    peer_close(&peer);
    return r;
}

#define HTTP(status, headers, body) "HTTP/1.1 " status "\r\n" headers "\r\n" body

static void failures_are_told_apart(void **state)
{
    static const struct {
        const char *say;
        enum ls_fail_class fail;
        int64_t code;
        const char *why;
    } rows[] = {
        {HTTP("500 Oops", "Content-Length: 5\r\n", "sorry"), LS_FAIL_HTTP, 500, "500: sorry"},
        {HTTP("503 No", "Content-Length: 0\r\n", ""), LS_FAIL_HTTP, 503, "503"},
        {HTTP("302 Go", "Location: http://127.0.0.1:1/\r\nContent-Length: 0\r\n", ""), LS_FAIL_HTTP,
         302, "302"},
        {HTTP("401 No", "Content-Length: 7\r\n", "signed\n"), LS_FAIL_AUTH, 401, "401: signed"},
        {HTTP("403 No", "Content-Length: 0\r\n", ""), LS_FAIL_AUTH, 403, "403"},
        {"garbage\r\n\r\n", LS_FAIL_PROTOCOL, 0, ""},
        {"", LS_FAIL_CONNECT, 0, ""}, /* closed without a word */
        {HTTP("200 OK", "Content-Length: 50\r\n", "cut"), LS_FAIL_CONNECT, 0, ""},
        {HTTP("200 OK", "Content-Length: 20\r\n", "12345678901234567890"), LS_FAIL_PROTOCOL, 0,
         "larger than the cap"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_http_reply r = ask_peer(rows[i].say, LS_TO_SOURCE);

        if (r.is_ok || r.fail != rows[i].fail || r.code != rows[i].code ||
            strstr(r.why.text, rows[i].why) == NULL) {
            fail_msg("row %zu: ok %d fail %d code %lld \"%s\"", i, (int)r.is_ok, (int)r.fail,
                     (long long)r.code, r.why.text);
        }
        assert_null(strchr(r.why.text, '\n'));
    }
}

static void the_cap_is_the_peers_own(void **state)
{
    struct ls_http_reply r =
        ask_peer(HTTP("200 OK", "Content-Length: 20\r\n", "12345678901234567890"), LS_TO_ENGINE);

    (void)state;
    assert_true(r.is_ok);
}

static void refusals_may_say_when_to_come_again(void **state)
{
    struct ls_http_reply r =
        ask_peer(HTTP("429 Slow", "Retry-After: 3\r\nContent-Length: 0\r\n", ""), LS_TO_SOURCE);

    (void)state;
    assert_int_equal(r.code, 429);
    assert_int_equal(r.retry_after_ns, 3000000000);
    r = ask_peer(HTTP("429 Slow", "Retry-After: 999999999\r\nContent-Length: 0\r\n", ""),
                 LS_TO_SOURCE);
    assert_int_equal(r.retry_after_ns, 3600000000000); /* at most an hour */
}

/* the peer's clock tells a wrong secret from a wrong clock. */
static void a_refused_token_comes_with_the_peers_clock(void **state)
{
    struct ls_http_reply r =
        ask_peer(HTTP("401 No", "Date: Tue, 24 Nov 2026 12:00:00 GMT\r\nContent-Length: 0\r\n", ""),
                 LS_TO_ENGINE);

    (void)state;
    assert_string_equal(r.date, "Tue, 24 Nov 2026 12:00:00 GMT");
}

static void a_closed_port_is_a_connection_failure(void **state)
{
    struct ls_http_post p = {.id = 1, .target = LS_TO_ENGINE, .timeout_ns = PATIENT_NS};
    struct ls_http_reply r;
    struct ls_http *h = NULL;
    struct peer peer;
    char url[64];

    (void)state;
    peer_open(&peer, NULL);
    h = client_for(peer.port, "/", url);
    peer_close(&peer);
    post(h, &p, "{}");
    r = finish(h, NULL, NULL);
    assert_false(r.is_ok);
    assert_int_equal(r.fail, LS_FAIL_CONNECT);
    ls_http_free(h);
}

static void a_peer_that_never_answers_runs_into_the_timeout(void **state)
{
    struct ls_http_post p = {.id = 1, .target = LS_TO_ENGINE, .timeout_ns = 20000000};
    struct ls_http_reply r;
    struct ls_http *h = NULL;
    struct peer peer;
    char url[64];

    (void)state;
    peer_open(&peer, NULL);
    h = client_for(peer.port, "/", url);
    post(h, &p, "{}");
    r = finish(h, &peer, NULL);
    assert_false(r.is_ok);
    assert_int_equal(r.fail, LS_FAIL_TIMEOUT);
    ls_http_free(h);
    peer_close(&peer);
}

static void the_token_goes_only_where_it_is_given(void **state)
{
    static const char ok[] = HTTP("200 OK", "Content-Length: 2\r\n", "{}");
    struct ls_http_post p = {.id = 1, .target = LS_TO_ENGINE, .timeout_ns = PATIENT_NS};
    struct ls_http *h = NULL;
    struct peer peer;
    char url[64];

    (void)state;
    peer_open(&peer, ok);
    h = client_for(peer.port, "/path?k=v", url);
    p.bearer = "tok.en.1";
    post(h, &p, "{}");
    assert_true(finish(h, &peer, NULL).is_ok);
    assert_non_null(strstr((char *)peer.heard.p, "POST /path?k=v HTTP/1.1\r\n"));
    assert_non_null(strstr((char *)peer.heard.p, "\r\nAuthorization: Bearer tok.en.1\r\n"));
    assert_non_null(strstr((char *)peer.heard.p, "\r\nContent-Type: application/json\r\n"));
    assert_null(strstr((char *)peer.heard.p, "Expect"));
    ls_buf_clear(&peer.heard);
    p.bearer = NULL;
    p.id = 2;
    post(h, &p, "{}");
    assert_true(finish(h, &peer, NULL).is_ok);
    assert_null(strstr((char *)peer.heard.p, "Authorization"));
    ls_http_free(h);
    peer_close(&peer);
}

static void a_large_body_is_sent_without_asking_for_leave(void **state)
{
    static const char ok[] = HTTP("200 OK", "Content-Length: 2\r\n", "{}");
    struct ls_http_post p = {.id = 1, .target = LS_TO_ENGINE, .timeout_ns = PATIENT_NS};
    char *body = malloc(LARGE_BODY + 1);
    struct ls_http *h = NULL;
    struct peer peer;
    char url[64];

    (void)state;
    assert_non_null(body);
    memset(body, ' ', LARGE_BODY);
    memcpy(body, "{}", 2);
    body[LARGE_BODY] = '\0';
    peer_open(&peer, ok);
    peer.hear_bytes = LARGE_BODY;
    h = client_for(peer.port, "/", url);
    post(h, &p, body);
    assert_true(finish(h, &peer, NULL).is_ok);
    assert_null(strstr((char *)peer.heard.p, "Expect"));
    free(body);
    ls_http_free(h);
    peer_close(&peer);
}

static void a_cancelled_request_is_never_heard_of_again(void **state)
{
    static const char ok[] = HTTP("200 OK", "Content-Length: 2\r\n", "{}");
    struct ls_http_post p = {.id = 1, .target = LS_TO_ENGINE, .timeout_ns = PATIENT_NS};
    struct ls_http_reply r;
    struct ls_http *h = NULL;
    struct peer peer;
    char url[64];

    (void)state;
    peer_open(&peer, ok);
    h = client_for(peer.port, "/", url);
    post(h, &p, "{}");
    ls_http_cancel(h, 1);
    ls_http_cancel(h, 99); /* unknown: ignored */
    p.id = 2;
    post(h, &p, "{}");
    r = finish(h, &peer, NULL);
    assert_int_equal(r.id, 2);
    assert_false(ls_http_next(h, &r));
    ls_http_free(h);
    peer_close(&peer);
}

static void requests_under_way_are_bounded(void **state)
{
    struct ls_http_post p = {.target = LS_TO_ENGINE, .timeout_ns = PATIENT_NS};
    struct ls_http *h = NULL;
    struct peer peer;
    struct ls_buf body;
    char url[64];

    (void)state;
    peer_open(&peer, NULL);
    h = client_for(peer.port, "/", url);
    for (p.id = 1; p.id <= LS_HTTP_SLOTS; p.id++) {
        post(h, &p, "{}");
    }
    ls_buf_init(&body, 10);
    ls_buf_puts(&body, "{}");
    assert_int_equal(ls_http_post(h, &p, &body, NULL), LS_ERR_LIMIT);
    assert_null(body.p);
    ls_http_cancel(h, 7);
    post(h, &p, "{}");
    ls_http_free(h); /* with requests under way */
    peer_close(&peer);
}

/* --- the server --- */

static void give_status(void *arg, struct ls_core_status *out)
{
    (void)arg;
    memset(out, 0, sizeof *out);
}

static enum ls_err take_payload(void *arg, const struct ls_payload *p, struct ls_diag *d)
{
    (void)arg;
    (void)p;
    return ls_fail(d, LS_ERR_INTERNAL, "not expected");
}

static struct ls_server *serve(const char *addr, uint16_t port)
{
    static const struct ls_api_host host = {
        .status = give_status, .post = take_payload, .rollup_json = "{}", .rollup_bytes = 2};
    struct ls_server *s = NULL;
    struct ls_diag d = {""};

    if (ls_server_new(LS_SERVER_RPC, addr, port, &host, &s, &d) != LS_OK) {
        fail_msg("%s", d.text);
    }
    return s;
}

static void the_server_answers_calls_on_one_connection(void **state)
{
    struct ls_server *s = serve("127.0.0.1", 0);
    char url[64];
    struct ls_http *h = client_for(ls_server_port(s), "/", url);

    (void)state;
    for (uint32_t id = 1; id <= 20; id++) {
        struct ls_http_post p = {.id = id, .target = LS_TO_ENGINE, .timeout_ns = PATIENT_NS};
        struct ls_http_reply r;

        post(h, &p, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"optimism_version\"}");
        r = finish(h, NULL, s);
        assert_true(r.is_ok);
        assert_string_equal((const char *)r.body.p,
                            "{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":\"v" LS_VERSION
                            "-lightcl\"}");
    }
    ls_http_free(h);
    ls_server_free(s);
}

static void a_call_goes_to_the_root_only(void **state)
{
    struct ls_http_post p = {.id = 1, .target = LS_TO_ENGINE, .timeout_ns = PATIENT_NS};
    struct ls_server *s = serve("127.0.0.1", 0);
    char url[64];
    struct ls_http *h = client_for(ls_server_port(s), "/elsewhere", url);
    struct ls_http_reply r;

    (void)state;
    post(h, &p, "{}");
    r = finish(h, NULL, s);
    assert_int_equal(r.code, 404);
    ls_http_free(h);
    ls_server_free(s);
}

/* Sends raw bytes to the server and returns what it says until it closes or a reply's body has
 * come in full, which the caller sees by its end. */
static void exchange(struct ls_server *s, const char *request, const char *want_status,
                     const char *want_text)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons(ls_server_port(s))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char heard[4096] = "";
    size_t n = 0;
    struct ls_http *h = NULL;
    char url[64];

    h = client_for(1, "/", url); /* only to wait with */
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    for (int i = 0; i < TURNS_MAX && strstr(heard, want_text) == NULL; i++) {
        struct ls_http_fd fds[] = {{.fd = ls_server_fd(s)}, {.fd = fd}};
        ssize_t got = 0;

        ls_http_wait(h, fds, 2, TURN_NS);
        ls_server_turn(s, 1000);
        got = recv(fd, heard + n, sizeof heard - 1 - n, MSG_DONTWAIT);
        if (got == 0) {
            break;
        }
        n += got > 0 ? (size_t)got : 0;
        heard[n] = '\0';
    }
    if (strncmp(heard, want_status, strlen(want_status)) != 0 || strstr(heard, want_text) == NULL) {
        fail_msg("\"%s\" was answered with \"%s\"", request, heard);
    }
    (void)close(fd);
    ls_http_free(h);
}

#define HEAD(line) line " HTTP/1.1\r\nHost: x\r\n"

static void pages_and_refusals_have_their_status(void **state)
{
    static const struct {
        const char *request;
        const char *status;
        const char *text;
    } rows[] = {
        {HEAD("GET /healthz") "\r\n", "HTTP/1.1 200", "{\"version\":\"v" LS_VERSION "-lightcl\"}"},
        {HEAD("GET /readyz") "\r\n", "HTTP/1.1 503", "\"source\":\"unknown\""},
        {HEAD("GET /") "\r\n", "HTTP/1.1 200", "Content-Length: 0"},
        {HEAD("GET /metrics") "\r\n", "HTTP/1.1 404", "404 page not found"},
        {HEAD("GET /nope") "\r\n", "HTTP/1.1 404", "404 page not found"},
        {HEAD("DELETE /") "\r\n", "HTTP/1.1 405", "method not allowed"},
        {HEAD("POST /") "Content-Length: 2\r\nContent-Type: text/plain\r\n\r\n{}", "HTTP/1.1 415",
         "only application/json is supported"},
        {HEAD("POST /") "Content-Length: 2\r\n\r\n{}", "HTTP/1.1 415", "application/json"},
        {HEAD("POST /") "Content-Length: 99999999\r\nContent-Type: application/json\r\n\r\n",
         "HTTP/1.1 413", "too large"},
        {HEAD("POST /") "Content-Length: 2\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"
                        "{}",
         "HTTP/1.1 200", "\"code\":-32600"},
        {HEAD("POST /") "Content-Length: 0\r\nContent-Type: application/json\r\n\r\n",
         "HTTP/1.1 200", "\"code\":-32700"},
    };
    struct ls_server *s = serve("127.0.0.1", 0);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        exchange(s, rows[i].request, rows[i].status, rows[i].text);
    }
    ls_server_free(s);
}

static void give_metrics(void *arg, struct ls_buf *out)
{
    (void)arg;
    ls_buf_puts(out, "x_total 7\n");
}

static void the_metrics_port_serves_nothing_else(void **state)
{
    static const struct ls_api_host host = {.metrics = give_metrics};
    static const struct {
        const char *request;
        const char *status;
        const char *text;
    } rows[] = {
        {HEAD("GET /metrics") "\r\n", "HTTP/1.1 200", "\r\n\r\nx_total 7\n"},
        {HEAD("GET /metrics") "\r\n", "HTTP/1.1 200", "Content-Type: text/plain; version=0.0.4"},
        {HEAD("GET /") "\r\n", "HTTP/1.1 404", "404 page not found"},
        {HEAD("GET /healthz") "\r\n", "HTTP/1.1 404", "404 page not found"},
        {HEAD("POST /") "Content-Length: 2\r\nContent-Type: application/json\r\n\r\n{}",
         "HTTP/1.1 405", "method not allowed"},
    };
    struct ls_server *s = NULL;
    struct ls_diag d = {""};

    (void)state;
    assert_int_equal(ls_server_new(LS_SERVER_METRICS, "127.0.0.1", 0, &host, &s, &d), LS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        exchange(s, rows[i].request, rows[i].status, rows[i].text);
    }
    ls_server_free(s);
}

/* What the host was asked, and how often it says no. */
struct outputs {
    size_t slot;
    uint64_t number;
    unsigned asked;
    bool is_busy;
};

static bool take_question(void *arg, size_t slot, uint64_t number)
{
    struct outputs *o = arg;

    if (o->is_busy) {
        return false;
    }
    *o = (struct outputs){.slot = slot, .number = number, .asked = o->asked + 1};
    return true;
}

static void status_of_nothing(void *arg, struct ls_core_status *out)
{
    (void)arg;
    memset(out, 0, sizeof *out);
}

#define ASK_OUTPUT \
    "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"optimism_outputAtBlock\",\"params\":[\"0x2a\"]}"

static struct ls_server *serve_outputs(struct outputs *o, struct ls_api_host *host)
{
    struct ls_server *s = NULL;

    *host =
        (struct ls_api_host){.node = o, .status = status_of_nothing, .ask_output = take_question};
    assert_int_equal(ls_server_new(LS_SERVER_RPC, "127.0.0.1", 0, host, &s, NULL), LS_OK);
    return s;
}

/* Turns until the host was asked n times. */
static void await_question(struct ls_http *h, struct ls_server *s, const struct outputs *o,
                           unsigned n)
{
    for (int i = 0; i < TURNS_MAX && o->asked < n; i++) {
        struct ls_http_fd fds[] = {{.fd = ls_server_fd(s)}};

        ls_http_wait(h, fds, 1, TURN_NS);
        ls_http_turn(h);
        ls_server_turn(s, 1000);
    }
    assert_int_equal(o->asked, n);
}

static void a_call_that_takes_time_is_answered_when_it_is_known(void **state)
{
    struct ls_output output = {.ref = {.number = 42}};
    struct outputs o = {.asked = 0};
    struct ls_api_host host;
    struct ls_server *s = serve_outputs(&o, &host);
    char url[64];
    struct ls_http *h = client_for(ls_server_port(s), "/", url);
    struct ls_http_post p = {.id = 1, .target = LS_TO_ENGINE, .timeout_ns = PATIENT_NS};
    struct ls_http_post other = {.id = 2, .target = LS_TO_ENGINE, .timeout_ns = PATIENT_NS};
    struct ls_http_reply r;

    (void)state;
    post(h, &p, ASK_OUTPUT);
    await_question(h, s, &o, 1);
    assert_int_equal(o.number, 42);
    post(h, &other, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"optimism_version\"}");
    r = finish(h, NULL, s); /* nobody else waits */
    assert_int_equal(r.id, 2);
    ls_server_output(s, o.slot, &output, NULL);
    r = finish(h, NULL, s);
    assert_int_equal(r.id, 1);
    assert_true(r.is_ok);
    assert_non_null(strstr((const char *)r.body.p, "\"id\":9,\"result\":{\"version\":\"0x00"));
    assert_non_null(strstr((const char *)r.body.p, "\"number\":42"));
    assert_non_null(strstr((const char *)r.body.p, "\"syncStatus\":{"));
    post(h, &p, ASK_OUTPUT); /* the same connection goes on */
    await_question(h, s, &o, 2);
    ls_server_output(s, o.slot, NULL, "not today");
    r = finish(h, NULL, s);
    assert_string_equal(
        (const char *)r.body.p,
        "{\"jsonrpc\":\"2.0\",\"id\":9,\"error\":{\"code\":-32000,\"message\":\"not today\"}}");
    o.is_busy = true;
    post(h, &p, ASK_OUTPUT);
    r = finish(h, NULL, s);
    assert_non_null(strstr((const char *)r.body.p, "too many calls"));
    ls_http_free(h);
    ls_server_free(s);
}

static void a_server_ends_with_calls_under_way(void **state)
{
    struct outputs o = {.asked = 0};
    struct ls_api_host host;
    struct ls_server *s = serve_outputs(&o, &host);
    char url[64];
    struct ls_http *h = client_for(ls_server_port(s), "/", url);
    struct ls_http_post p = {.id = 1, .target = LS_TO_ENGINE, .timeout_ns = PATIENT_NS};

    (void)state;
    post(h, &p, ASK_OUTPUT);
    await_question(h, s, &o, 1);
    ls_server_output(s, (o.slot + 1) % LS_API_OUTPUTS_MAX, NULL, "nobody waits here");
    ls_server_free(s);
    ls_http_free(h);
}

static void a_taken_port_is_named_with_the_reason(void **state)
{
    struct ls_server *s = serve("127.0.0.1", 0);
    static const struct ls_api_host host = {.status = give_status, .post = take_payload};
    struct ls_server *second = NULL;
    struct ls_diag d = {""};
    char want[64];

    (void)state;
    assert_int_equal(
        ls_server_new(LS_SERVER_RPC, "127.0.0.1", ls_server_port(s), &host, &second, &d),
        LS_ERR_IO);
    (void)snprintf(want, sizeof want, "cannot listen on 127.0.0.1 port %u",
                   (unsigned)ls_server_port(s));
    assert_non_null(strstr(d.text, want));
    assert_non_null(strstr(d.text, "Address already in use"));
    assert_non_null(strstr(d.text, "--rpc.port"));
    assert_int_equal(
        ls_server_new(LS_SERVER_METRICS, "127.0.0.1", ls_server_port(s), &host, &second, &d),
        LS_ERR_IO);
    assert_non_null(strstr(d.text, "--metrics.port"));
    ls_server_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_are_told_apart),
        cmocka_unit_test(the_cap_is_the_peers_own),
        cmocka_unit_test(refusals_may_say_when_to_come_again),
        cmocka_unit_test(a_refused_token_comes_with_the_peers_clock),
        cmocka_unit_test(a_closed_port_is_a_connection_failure),
        cmocka_unit_test(a_peer_that_never_answers_runs_into_the_timeout),
        cmocka_unit_test(the_token_goes_only_where_it_is_given),
        cmocka_unit_test(a_large_body_is_sent_without_asking_for_leave),
        cmocka_unit_test(a_cancelled_request_is_never_heard_of_again),
        cmocka_unit_test(requests_under_way_are_bounded),
        cmocka_unit_test(the_server_answers_calls_on_one_connection),
        cmocka_unit_test(a_call_goes_to_the_root_only),
        cmocka_unit_test(pages_and_refusals_have_their_status),
        cmocka_unit_test(the_metrics_port_serves_nothing_else),
        cmocka_unit_test(a_call_that_takes_time_is_answered_when_it_is_known),
        cmocka_unit_test(a_server_ends_with_calls_under_way),
        cmocka_unit_test(a_taken_port_is_named_with_the_reason),
    };

    return cmocka_run_group_tests_name("node_http", tests, NULL, NULL);
}
