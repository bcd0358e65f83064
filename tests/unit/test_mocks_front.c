/*
 * The front over real loopback sockets. Clients and front share this thread; mock time is whatever
 * the test says, so a delay of an hour costs nothing and nothing here waits for a clock: poll's
 * timeout only bounds a broken front.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "lib/bytes.h"
#include "mocks/http/front.h"

#define CLIENTS_MAX 64
#define TURNS_MAX 20000
#define STUCK_MS 5000 /* a poll this long means that nothing will come any more */
#define BODY_MAX 1000
#define HOUR_NS (3600ull * 1000000000ull)

/* --- a backend that does what the path says --- */

struct seen {
    char path[32];
    char body[32];
    char host[32];
    char origin[32];
    bool is_peer_local;
    size_t body_bytes;
    uint64_t conn;
    uint64_t serial;
};

struct script {
    struct ls_backend backend;
    struct ls_trace *trace;
    bool is_released;
    size_t asked; /* calls of handle */
    size_t count; /* requests that took effect */
    struct seen seen[256];
    uint64_t abandoned[8];
    size_t abandoned_count;
    uint64_t left; /* serial of the last one whose delayed answer nobody awaits any more */
    const char *stored;
    size_t stored_bytes;
};

static void take_effect(struct script *s, const struct ls_http_request *req)
{
    struct seen *e = &s->seen[s->count++ % 256];

    (void)snprintf(e->path, sizeof e->path, "%s", req->path);
    (void)snprintf(e->body, sizeof e->body, "%.*s", (int)req->body_bytes, req->body);
    (void)snprintf(e->host, sizeof e->host, "%s", req->host != NULL ? req->host : "-");
    (void)snprintf(e->origin, sizeof e->origin, "%s", req->origin != NULL ? req->origin : "-");
    e->is_peer_local = req->is_peer_local;
    e->body_bytes = req->body_bytes;
    e->conn = req->conn;
    e->serial = req->serial;
}

static void script_handle(struct ls_backend *b, const struct ls_http_request *req,
                          struct ls_http_reply *reply)
{
    struct script *s = (struct script *)b;
    struct ls_trace_event *call;

    s->asked++;
    ls_trace_call_reset(s->trace, req->ticket);
    call = ls_trace_call(s->trace, req->ticket);
    if (call != NULL) {
        (void)snprintf(call->method, sizeof call->method, "%.31s", req->path);
        call->answer = LS_TRACE_RESULT;
        call->http_status = 200;
    }
    if (strcmp(req->path, "/hold") == 0 && !s->is_released) {
        reply->fate = LS_FATE_HOLD;
        return;
    }
    take_effect(s, req);
    ls_buf_put(&reply->body, req->body, req->body_bytes);
    if (strcmp(req->path, "/hang") == 0) {
        reply->fate = LS_FATE_HANG;
    } else if (strcmp(req->path, "/reset") == 0) {
        reply->fate = LS_FATE_RESET;
    } else if (strcmp(req->path, "/gone") == 0) {
        reply->fate = LS_FATE_REFUSE;
        reply->refuse_ns = LS_REFUSE_FOR_GOOD;
    } else if (strcmp(req->path, "/truncate") == 0) {
        reply->fate = LS_FATE_TRUNCATE;
    } else if (strcmp(req->path, "/drip") == 0) {
        reply->fate = LS_FATE_DRIP;
        reply->drip_ns = HOUR_NS;
    } else if (strcmp(req->path, "/delay") == 0) {
        reply->delay_ns = HOUR_NS;
    } else if (strcmp(req->path, "/stored") == 0) {
        reply->stored = s->stored;
        reply->stored_bytes = s->stored_bytes;
    } else if (strcmp(req->path, "/busy?now=1") == 0) {
        reply->status = 503;
        reply->retry_after_s = 7;
        reply->close = true;
        reply->content_type = "text/plain";
    } else if (strcmp(req->path, "/moved") == 0) {
        reply->status = 307;
        reply->content_type = NULL;
        reply->is_bare = true;
        reply->is_nosniff = true;
        reply->location = strdup("/elsewhere");
    } else if (strcmp(req->path, "/identity") == 0) {
        reply->is_identity = true;
    } else if (strcmp(req->path, "/huge") == 0) {
        ls_buf_grow(&reply->body, 2u << 20);
    }
}

static void script_abandon(struct ls_backend *b, uint64_t serial)
{
    struct script *s = (struct script *)b;

    s->abandoned[s->abandoned_count++ % 8] = serial;
}

static void script_left(struct ls_backend *b, uint64_t serial)
{
    struct script *s = (struct script *)b;

    s->left = serial;
}

static const struct ls_backend_ops script_ops = {
    .handle = script_handle, .abandon = script_abandon, .left = script_left};

/* --- clients --- */

struct client {
    int fd;
    struct ls_buf in;
    bool is_eof;
    bool is_reset;
};

struct bench {
    struct script script;
    struct ls_front *front;
    struct ls_front_time now;
    struct client clients[CLIENTS_MAX];
    size_t client_count;
    struct ls_trace_event events[16];
    size_t event_count;
};

static int dial(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static struct client *client(struct bench *w)
{
    struct client *c = &w->clients[w->client_count++];

    assert_true(w->client_count <= CLIENTS_MAX);
    c->fd = dial(ls_front_port(w->front));
    assert_true(c->fd >= 0);
    c->is_eof = false;
    c->is_reset = false;
    ls_buf_init(&c->in, 64u << 20);
    return c;
}

static void leave(struct client *c)
{
    close(c->fd);
    c->fd = -1;
}

static void say(struct client *c, const char *text)
{
    size_t n = strlen(text);

    assert_int_equal(send(c->fd, text, n, MSG_NOSIGNAL), (ssize_t)n);
}

static void post(struct client *c, const char *path, const char *body)
{
    char text[4096];

    (void)snprintf(text, sizeof text,
                   "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                   "Content-Length: %zu\r\n\r\n%s",
                   path, strlen(body), body);
    say(c, text);
}

static void hear(struct client *c)
{
    ssize_t n;

    do {
        char part[65536];
        n = recv(c->fd, part, sizeof part, 0);
        if (n > 0) {
            assert_int_equal(ls_buf_put(&c->in, part, (size_t)n), LS_OK);
        }
    } while (n > 0);
    c->is_eof = c->is_eof || n == 0;
    c->is_reset = c->is_reset || (n < 0 && (errno == ECONNRESET || errno == EPIPE));
}

static bool is_over(const struct client *c)
{
    return c->fd < 0 || c->is_eof || c->is_reset;
}

/* Waits for anything to happen, then lets everyone do what they can. */
static void turn(struct bench *w)
{
    struct pollfd fds[CLIENTS_MAX + 1] = {{.fd = ls_front_fd(w->front), .events = POLLIN}};
    uint64_t due = ls_front_deadline(w->front);
    nfds_t n = 1;

    for (size_t i = 0; i < w->client_count; i++) {
        if (!is_over(&w->clients[i])) {
            fds[n++] = (struct pollfd){.fd = w->clients[i].fd, .events = POLLIN};
        }
    }
    if (due > w->now.mono_ns) {
        assert_true(poll(fds, n, STUCK_MS) > 0);
    }
    ls_front_turn(w->front, w->now);
    for (size_t i = 0; i < w->client_count; i++) {
        if (!is_over(&w->clients[i])) {
            hear(&w->clients[i]);
        }
    }
}

#define UNTIL(w, condition)                            \
    do {                                               \
        int turns_ = 0;                                \
        while (!(condition) && turns_++ < TURNS_MAX) { \
            turn(w);                                   \
        }                                              \
        assert_true(condition);                        \
    } while (0)

static bool has(const struct client *c, const char *text)
{
    return c->in.n > 0 && strstr((const char *)c->in.p, text) != NULL;
}

static bool ends_with(const struct client *c, const char *text)
{
    size_t n = strlen(text);

    return c->in.n >= n && memcmp(c->in.p + c->in.n - n, text, n) == 0;
}

/* Nothing is due but the end of idle connections, minutes of real time away. */
static bool waits_for_nothing_but_idleness(struct bench *w)
{
    w->now.mono_ns += 1000000000u; /* those who left are looked for once, a second after */
    ls_front_turn(w->front, w->now);
    return ls_front_deadline(w->front) > w->now.mono_ns + HOUR_NS / 60;
}

/* ls_trace_sink */
static void keep_event(void *user, const char *line, size_t n)
{
    struct bench *w = user;

    assert_true(w->event_count < 16);
    assert_int_equal(ls_trace_parse(line, n, &w->events[w->event_count++], NULL), LS_OK);
}

static int setup(void **state)
{
    struct bench *w = calloc(1, sizeof *w);
    struct ls_front_options o = {.body_bytes_max = BODY_MAX,
                                 .reply_bytes_max = 1u << 20,
                                 .connections_max = CLIENTS_MAX,
                                 .gzip = true};

    w->script.backend.ops = &script_ops;
    w->now.mono_ns = 1;
    o.backend = &w->script.backend;
    *state = w;
    return ls_front_new(&o, &w->front, NULL) == LS_OK ? 0 : 1;
}

static int setup_traced(void **state)
{
    struct bench *w;

    if (setup(state) != 0) {
        return 1;
    }
    w = *state;
    ls_front_free(w->front);
    w->script.trace = ls_trace_new(keep_event, w);
    return ls_front_new(&(struct ls_front_options){.backend = &w->script.backend,
                                                   .body_bytes_max = BODY_MAX,
                                                   .reply_bytes_max = BODY_MAX,
                                                   .connections_max = CLIENTS_MAX,
                                                   .trace = w->script.trace,
                                                   .ep = LS_TRACE_SOURCE},
                        &w->front, NULL) == LS_OK
               ? 0
               : 1;
}

static int teardown(void **state)
{
    struct bench *w = *state;

    for (size_t i = 0; i < w->client_count; i++) {
        if (w->clients[i].fd >= 0) {
            close(w->clients[i].fd);
        }
        ls_buf_fini(&w->clients[i].in);
    }
    ls_front_free(w->front);
    ls_trace_free(w->script.trace);
    free(w);
    return 0;
}

/* --- HTTP --- */

static void keeps_the_connection_for_the_next_request(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    post(c, "/echo", "one");
    UNTIL(w, ends_with(c, "one"));
    assert_true(has(c, "HTTP/1.1 200"));
    assert_true(has(c, "Content-Type: application/json\r\n"));
    assert_true(has(c, "Vary: Origin\r\n"));
    assert_true(has(c, "Content-Length: 3\r\n"));
    post(c, "/echo", "two");
    UNTIL(w, ends_with(c, "two"));
    assert_int_equal(w->script.seen[0].conn, 1);
    assert_int_equal(w->script.seen[1].conn, 1);
    assert_int_equal(w->script.seen[1].serial, 2);
    assert_int_equal(ls_front_connections(w->front), 1);
    assert_false(is_over(c));
}

static void numbers_connections_from_one(void **state)
{
    struct bench *w = *state;

    for (uint64_t i = 0; i < 3; i++) {
        struct client *c = client(w);
        post(c, "/echo", "x");
        UNTIL(w, ends_with(c, "x"));
        assert_int_equal(w->script.seen[i].conn, i + 1);
    }
}

static void answers_pipelined_requests_in_order(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    say(c, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1;"
           "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n2;"
           "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n3;");
    UNTIL(w, ends_with(c, "3;"));
    assert_true(strstr((char *)c->in.p, "1;") < strstr((char *)c->in.p, "2;"));
    assert_true(strstr((char *)c->in.p, "2;") < strstr((char *)c->in.p, "3;"));
    assert_string_equal(w->script.seen[0].path, "/a");
    assert_string_equal(w->script.seen[2].path, "/c");
}

static void tells_the_backend_where_a_request_comes_from(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    say(c, "GET /a HTTP/1.1\r\nHost: node.example:1\r\nOrigin: http://evil.example\r\n\r\n");
    UNTIL(w, w->script.count == 1);
    assert_string_equal(w->script.seen[0].host, "node.example:1");
    assert_string_equal(w->script.seen[0].origin, "http://evil.example");
    assert_true(w->script.seen[0].is_peer_local);
    say(c, "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(w, w->script.count == 2);
    assert_string_equal(w->script.seen[1].origin, "-");
}

static void wants_a_host_from_newer_clients(void **state)
{
    struct bench *w = *state;
    struct client *new = client(w);
    struct client *old = client(w);

    say(new, "POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\nx");
    UNTIL(w, is_over(new));
    assert_true(has(new, "HTTP/1.1 400"));
    assert_true(ends_with(new, "\r\n\r\n400 Bad Request: missing required Host header"));
    assert_int_equal(w->script.asked, 0);
    say(old, "POST /echo HTTP/1.0\r\nContent-Length: 1\r\n\r\nx");
    UNTIL(w, is_over(old));
    assert_true(ends_with(old, "\r\n\r\nx"));
}

static void sends_the_headers_a_reply_asks_for(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    post(c, "/moved", "");
    UNTIL(w, ends_with(c, "\r\n\r\n"));
    assert_true(has(c, "HTTP/1.1 307"));
    assert_true(has(c, "Location: /elsewhere\r\n"));
    assert_true(has(c, "X-Content-Type-Options: nosniff\r\n"));
    assert_false(has(c, "\r\nContent-Type:"));
    assert_false(has(c, "Vary"));
}

static void ask_packed(struct client *c, const char *path, const char *accepts)
{
    char text[256];

    (void)snprintf(text, sizeof text,
                   "POST %s HTTP/1.1\r\nHost: x\r\nAccept-Encoding: %s\r\n"
                   "Content-Length: 300\r\n\r\n",
                   path, accepts);
    say(c, text);
    for (int i = 0; i < 100; i++) {
        say(c, "abc");
    }
}

/* The body behind the headers, unpacked; *n is its size. */
static const char *unpack(struct client *c, char out[512], size_t *n)
{
    z_stream z = {0};
    const char *body = strstr((const char *)c->in.p, "\r\n\r\n");

    assert_non_null(body);
    z.next_in = (z_const Bytef *)(uintptr_t)(body + 4);
    z.avail_in = (uInt)(c->in.n - (size_t)(body + 4 - (const char *)c->in.p));
    z.next_out = (Bytef *)out;
    z.avail_out = 512;
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    *n = 512 - z.avail_out;
    assert_int_equal(inflateEnd(&z), Z_OK);
    return out;
}

static void compresses_for_clients_that_accept_it(void **state)
{
    struct bench *w = *state;
    char out[512];
    size_t n;

    for (int round = 0; round < 2; round++) { /* the compressor is used again */
        struct client *c = client(w);
        ask_packed(c, "/echo", "br, gzip;q=0");
        UNTIL(w, w->script.count == (size_t)round + 1 && has(c, "\r\n\r\n\x1f\x8b"));
        assert_true(has(c, "Content-Encoding: gzip\r\n"));
        (void)unpack(c, out, &n);
        assert_int_equal(n, 300);
        assert_memory_equal(out + 297, "abc", 3);
    }
    struct client *plain = client(w);
    ask_packed(plain, "/echo", "br");
    UNTIL(w, ends_with(plain, "abc"));
    assert_false(has(plain, "Content-Encoding"));
    struct client *identity = client(w);
    ask_packed(identity, "/identity", "gzip");
    UNTIL(w, ends_with(identity, "abc"));
    assert_false(has(identity, "Content-Encoding"));
}

static void says_continue_to_a_client_that_waits_for_it(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    say(c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
           "Expect: 100-continue\r\n\r\n");
    UNTIL(w, has(c, "100 Continue"));
    assert_int_equal(w->script.asked, 0);
    say(c, "body");
    UNTIL(w, ends_with(c, "body"));
}

static void refuses_other_expectations(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    say(c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: gold\r\n\r\nbody");
    UNTIL(w, is_over(c));
    assert_true(has(c, "HTTP/1.1 417"));
    assert_int_equal(w->script.asked, 0);
}

static void refuses_a_body_over_the_cap_unread(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    say(c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n"
           "Expect: 100-continue\r\n\r\n");
    UNTIL(w, is_over(c));
    assert_true(has(c, "HTTP/1.1 413"));
    assert_true(ends_with(c, "content length too large (1001>1000)\n"));
    assert_int_equal(w->script.asked, 0);
}

static void takes_a_body_of_exactly_the_cap(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);
    char body[BODY_MAX + 1];

    memset(body, 'b', BODY_MAX);
    body[BODY_MAX] = '\0';
    post(c, "/echo", body);
    UNTIL(w, ends_with(c, body));
    assert_int_equal(w->script.seen[0].body_bytes, BODY_MAX);
}

static void cuts_a_chunked_body_at_the_cap(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);
    char chunk[BODY_MAX];

    say(c, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 3; i++) {
        (void)snprintf(chunk, sizeof chunk, "190\r\n%0400d\r\n", i);
        say(c, chunk);
    }
    say(c, "0\r\n\r\n");
    UNTIL(w, has(c, "Content-Length: 1000\r\n"));
    assert_int_equal(w->script.seen[0].body_bytes, BODY_MAX);
}

static void passes_status_type_and_headers_on(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    post(c, "/busy?now=1", "");
    UNTIL(w, is_over(c));
    assert_true(has(c, "HTTP/1.1 503"));
    assert_true(has(c, "Retry-After: 7\r\n"));
    assert_true(has(c, "Content-Type: text/plain\r\n"));
    assert_true(has(c, "Connection: close\r\n"));
    assert_true(c->is_eof);
}

static void sends_stored_bodies_as_they_are(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);
    size_t n = 5u << 20; /* over every buffer between */
    char *big = calloc(1, n + 1);

    for (size_t i = 0; i < n; i++) {
        big[i] = (char)('a' + i % 23);
    }
    w->script.stored = big;
    w->script.stored_bytes = n;
    post(c, "/stored", "");
    UNTIL(w, c->in.n > n && ends_with(c, big + n - 40));
    assert_memory_equal(c->in.p + c->in.n - n, big, n);
    free(big);
}

static void answers_500_when_a_reply_outgrows_its_maximum(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    post(c, "/huge", "");
    UNTIL(w, has(c, "HTTP/1.1 500"));
}

static void serves_64_connections_at_once(void **state)
{
    struct bench *w = *state;
    char body[16];

    for (int i = 0; i < CLIENTS_MAX; i++) {
        (void)snprintf(body, sizeof body, "%03d", i);
        post(client(w), "/hold", body);
    }
    UNTIL(w, ls_front_held(w->front) == CLIENTS_MAX);
    w->script.is_released = true;
    ls_front_retry(w->front, w->now);
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        (void)snprintf(body, sizeof body, "%03zu", i);
        UNTIL(w, ends_with(&w->clients[i], body));
    }
    assert_int_equal(ls_front_requests(w->front), CLIENTS_MAX);
}

/* --- fates --- */

static void held_requests_take_effect_on_release_in_order(void **state)
{
    struct bench *w = *state;
    const char *names[] = {"first", "second", "third"};
    struct client *c[3];

    for (size_t i = 0; i < 3; i++) {
        c[i] = client(w);
        post(c[i], "/hold", names[i]);
        UNTIL(w, ls_front_held(w->front) == i + 1);
    }
    assert_int_equal(w->script.count, 0);
    ls_front_retry(w->front, w->now); /* the backend still holds them */
    assert_int_equal(w->script.asked, 6);
    assert_int_equal(ls_front_held(w->front), 3);

    w->script.is_released = true;
    ls_front_retry(w->front, w->now);
    assert_int_equal(ls_front_held(w->front), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(w->script.seen[i].body, names[i]);
        assert_int_equal(w->script.seen[i].serial, i + 1);
        UNTIL(w, ends_with(c[i], names[i]));
    }
}

static void a_held_request_whose_client_left_takes_no_effect(void **state)
{
    struct bench *w = *state;
    struct client *stays = client(w);
    struct client *leaves = client(w);

    post(stays, "/hold", "stays");
    UNTIL(w, ls_front_held(w->front) == 1);
    post(leaves, "/hold", "leaves");
    UNTIL(w, ls_front_held(w->front) == 2);
    leave(leaves);
    UNTIL(w, ls_front_held(w->front) == 1);
    assert_int_equal(w->script.abandoned_count, 1);
    assert_int_equal(w->script.abandoned[0], 2);
    w->script.is_released = true;
    ls_front_retry(w->front, w->now);
    UNTIL(w, ends_with(stays, "stays"));
    assert_int_equal(w->script.count, 1);
    assert_int_equal(ls_front_connections(w->front), 1);
}

static void a_delayed_reply_waits_for_mock_time(void **state)
{
    struct bench *w = *state;
    struct client *slow = client(w);
    struct client *quick = client(w);
    uint64_t asked_at = w->now.mono_ns;

    post(slow, "/delay", "slow");
    UNTIL(w, w->script.count == 1); /* the effect is at once */
    w->now.mono_ns += HOUR_NS - 1;
    post(quick, "/echo", "quick");
    UNTIL(w, ends_with(quick, "quick"));
    assert_int_equal(slow->in.n, 0);
    ls_front_turn(w->front, w->now); /* those who left are looked for */
    assert_true(ls_front_deadline(w->front) == asked_at + HOUR_NS);
    w->now.mono_ns += 1;
    UNTIL(w, ends_with(slow, "slow"));
    assert_true(waits_for_nothing_but_idleness(w));
}

static void the_backend_hears_when_nobody_awaits_a_delayed_reply(void **state)
{
    struct bench *w = *state;
    struct client *stays = client(w);
    struct client *leaves = client(w);

    post(stays, "/delay", "stays");
    UNTIL(w, w->script.count == 1);
    post(leaves, "/delay", "leaves");
    UNTIL(w, w->script.count == 2);
    assert_int_equal(w->script.left, 0);
    leave(leaves);
    UNTIL(w, w->script.left != 0);
    assert_int_equal(w->script.left, 2);
    assert_int_equal(w->script.abandoned_count, 0);
}

static void a_hanging_request_is_let_go_when_its_client_leaves(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    post(c, "/hang", "x");
    UNTIL(w, w->script.count == 1);
    assert_int_equal(ls_front_connections(w->front), 1);
    assert_true(waits_for_nothing_but_idleness(w));
    leave(c);
    UNTIL(w, ls_front_connections(w->front) == 0);
    assert_int_equal(w->script.abandoned_count, 0);
}

static void resets_instead_of_answering(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    post(c, "/reset", "x");
    UNTIL(w, is_over(c));
    assert_true(c->is_reset);
    assert_int_equal(c->in.n, 0);
}

static void truncates_the_body_under_its_full_length(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    post(c, "/truncate", "0123456789");
    UNTIL(w, is_over(c));
    assert_true(has(c, "Content-Length: 10\r\n"));
    assert_true(ends_with(c, "\r\n\r\n01234"));
}

static void drips_one_byte_a_pause(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);
    const char *so_far[] = {"\r\n\r\na", "\r\n\r\nab", "\r\n\r\nabc", "\r\n\r\nabcd"};

    post(c, "/drip", "abcd");
    for (size_t i = 0; i < 4; i++) {
        UNTIL(w, ends_with(c, so_far[i]));
        w->now.mono_ns += HOUR_NS;
    }
    post(c, "/echo", "after"); /* the connection is still good */
    UNTIL(w, ends_with(c, "after"));
}

static void a_client_may_leave_while_it_is_dripped_on(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    post(c, "/drip", "abcd");
    UNTIL(w, ends_with(c, "\r\n\r\na"));
    leave(c);
    UNTIL(w, ls_front_connections(w->front) == 0);
}

static void notices_a_client_that_left_with_half_a_request(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    say(c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
    assert_int_equal(shutdown(c->fd, SHUT_WR), 0); /* before the front has read anything */
    UNTIL(w, ls_front_connections(w->front) == 1);
    for (int i = 0; i < 4; i++) {
        ls_front_turn(w->front, w->now);
    }
    assert_true(ls_front_deadline(w->front) <= w->now.mono_ns + 1000000000u);
    w->now.mono_ns += 1000000000u;
    ls_front_turn(w->front, w->now);
    UNTIL(w, is_over(c));
    assert_int_equal(ls_front_connections(w->front), 0);
    assert_int_equal(w->script.asked, 0);
}

static void notices_a_client_that_left_with_its_request(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    post(c, "/echo", "whole");
    leave(c); /* before the front has read anything */
    UNTIL(w, w->script.asked == 1);
    w->now.mono_ns += 1000000000u;
    for (int i = 0; i < 4; i++) {
        ls_front_turn(w->front, w->now);
    }
    assert_int_equal(ls_front_connections(w->front), 0);
}

static void answers_a_client_that_closed_its_half(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    post(c, "/echo", "whole");
    assert_int_equal(shutdown(c->fd, SHUT_WR), 0);
    w->now.mono_ns += 5000000000u;
    UNTIL(w, ends_with(c, "whole"));
}

static void costs_nothing_while_everybody_waits(void **state)
{
    struct bench *w = *state;
    struct client *idle = client(w);
    struct client *drip = client(w);
    struct pollfd front = {.fd = ls_front_fd(w->front), .events = POLLIN};

    post(client(w), "/hold", "x");
    post(client(w), "/hang", "x");
    post(client(w), "/delay", "x");
    post(drip, "/drip", "xyz");
    post(idle, "/echo", "x");
    UNTIL(w, w->script.asked == 5 && idle->in.n > 0 && ends_with(drip, "\r\n\r\nx"));
    ls_front_turn(w->front, w->now);
    assert_int_equal(poll(&front, 1, 0), 0);
    assert_true(waits_for_nothing_but_idleness(w));
}

/* --- the port --- */

static void closing_resets_everyone_and_opening_serves_again(void **state)
{
    struct bench *w = *state;
    struct client *idle = client(w);
    struct client *held = client(w);
    struct client *hung = client(w);
    struct client *slow = client(w);
    struct client *again;
    uint16_t port = ls_front_port(w->front);

    post(idle, "/echo", "x");
    post(held, "/hold", "x");
    post(hung, "/hang", "x");
    post(slow, "/delay", "x");
    UNTIL(w, w->script.asked == 4 && idle->in.n > 0);
    assert_int_equal(ls_front_set_open(w->front, false, NULL), LS_OK);
    assert_false(ls_front_is_open(w->front));
    for (size_t i = 0; i < 4; i++) {
        hear(&w->clients[i]);
        assert_true(w->clients[i].is_reset);
    }
    assert_int_equal(w->script.abandoned_count, 1);
    assert_int_equal(ls_front_held(w->front), 0);
    assert_int_equal(dial(port), -1);
    assert_int_equal(errno, ECONNREFUSED);
    ls_front_turn(w->front, w->now);

    assert_int_equal(ls_front_set_open(w->front, true, NULL), LS_OK);
    assert_int_equal(ls_front_port(w->front), port);
    again = client(w);
    post(again, "/echo", "back");
    UNTIL(w, ends_with(again, "back"));
    assert_int_equal(w->script.seen[w->script.count - 1].conn, 5);
}

/* A process that is gone: no clock brings it back, somebody does. */
static void a_port_that_refuses_for_good_is_opened_by_hand_only(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    post(c, "/gone", "x");
    UNTIL(w, !ls_front_is_open(w->front));
    hear(c);
    assert_true(c->is_reset);
    assert_true(ls_front_deadline(w->front) == LS_FRONT_NEVER);
    w->now.mono_ns += UINT64_C(1000000000) * 86400;
    ls_front_turn(w->front, w->now);
    assert_int_equal(dial(ls_front_port(w->front)), -1);
    assert_int_equal(errno, ECONNREFUSED);
    assert_int_equal(ls_front_set_open(w->front, true, NULL), LS_OK);
    c = client(w);
    post(c, "/echo", "back");
    UNTIL(w, ends_with(c, "back"));
}

static void nobody_can_take_the_port_while_it_is_closed(void **state)
{
    struct bench *w = *state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(ls_front_port(w->front))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(ls_front_set_open(w->front, false, NULL), LS_OK);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), -1);
    assert_int_equal(errno, EADDRINUSE);
    close(fd);
    assert_int_equal(ls_front_set_open(w->front, true, NULL), LS_OK);
}

static void a_request_in_the_buffer_takes_no_effect_after_closing(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    post(c, "/echo", "before");
    UNTIL(w, ends_with(c, "before"));
    post(c, "/echo", "too late");
    assert_int_equal(ls_front_set_open(w->front, false, NULL), LS_OK);
    assert_int_equal(w->script.count, 1);
}

static void a_connection_not_yet_accepted_is_reset_too(void **state)
{
    struct bench *w = *state;
    struct client *silent = client(w);
    struct client *eager = client(w);

    post(eager, "/echo", "too late");
    assert_int_equal(ls_front_set_open(w->front, false, NULL), LS_OK);
    hear(silent);
    hear(eager);
    assert_true(silent->is_reset);
    assert_true(eager->is_reset);
    assert_int_equal(w->script.count, 0);
}

static void a_request_behind_a_held_one_takes_no_effect_after_closing(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    say(c, "POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
           "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n2");
    UNTIL(w, ls_front_held(w->front) == 1);
    assert_int_equal(ls_front_set_open(w->front, false, NULL), LS_OK);
    assert_int_equal(w->script.count, 0);
    hear(c);
    assert_true(c->is_reset);
}

static void tells_the_port_it_cannot_have(void **state)
{
    struct bench *w = *state;
    struct ls_front_options o = {.backend = &w->script.backend,
                                 .port = ls_front_port(w->front),
                                 .body_bytes_max = 1,
                                 .reply_bytes_max = 1,
                                 .connections_max = 1};
    struct ls_front *other = NULL;
    struct ls_diag d = {{0}};
    char port[8];

    (void)snprintf(port, sizeof port, "%u", ls_front_port(w->front));
    assert_int_equal(ls_front_new(&o, &other, &d), LS_ERR_IO);
    assert_null(other);
    assert_non_null(strstr(d.text, port));
}

/* The whole of 127/8 is this machine's. */
static void listens_on_another_address_when_told(void **state)
{
    struct bench *w = *state;
    struct ls_front_options o = {.backend = &w->script.backend,
                                 .address = "127.0.0.2",
                                 .port = ls_front_port(w->front),
                                 .body_bytes_max = 1,
                                 .reply_bytes_max = 1,
                                 .connections_max = 1};
    struct ls_front *other = NULL;
    struct ls_diag d = {{0}};

    assert_int_equal(ls_front_new(&o, &other, &d), LS_OK);
    assert_int_equal(ls_front_port(other), ls_front_port(w->front));
    ls_front_free(other);
    o.address = "localhost.example";
    assert_int_equal(ls_front_new(&o, &other, &d), LS_ERR_USAGE);
    assert_non_null(strstr(d.text, "localhost.example"));
}

/* --- the trace --- */

static void a_call_lasts_in_the_trace_until_its_answer_left(void **state)
{
    struct bench *w = *state;
    struct client *held = client(w);
    struct client *quick = client(w);

    post(held, "/hold", "held");
    UNTIL(w, ls_front_held(w->front) == 1);
    post(quick, "/echo", "quick");
    UNTIL(w, ends_with(quick, "quick"));
    assert_int_equal(w->event_count, 1);
    w->script.is_released = true;
    ls_front_retry(w->front, w->now);
    UNTIL(w, ends_with(held, "held"));

    assert_int_equal(w->event_count, 2);
    assert_string_equal(w->events[0].method, "/echo");
    assert_string_equal(w->events[1].method, "/hold");
    assert_true(w->events[1].seq_in < w->events[0].seq_in);
    assert_true(w->events[0].seq_out < w->events[1].seq_out);
    assert_int_equal(w->events[1].ep, LS_TRACE_SOURCE);
    assert_int_equal(w->events[1].conn, 1);
    assert_int_equal(w->events[1].answer, LS_TRACE_RESULT);
    assert_int_equal(ls_trace_open_count(w->script.trace), 0);
}

static void a_call_whose_client_left_has_no_answer_in_the_trace(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    post(c, "/hang", "x");
    UNTIL(w, w->script.count == 1);
    leave(c);
    UNTIL(w, ls_front_connections(w->front) == 0);
    assert_int_equal(w->event_count, 1);
    assert_int_equal(w->events[0].answer, LS_TRACE_NO_ANSWER);
}

static void what_the_front_refuses_is_in_the_trace(void **state)
{
    struct bench *w = *state;
    struct client *c = client(w);

    say(c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");
    UNTIL(w, is_over(c));
    assert_int_equal(w->event_count, 1);
    assert_int_equal(w->events[0].answer, LS_TRACE_OTHER);
    assert_int_equal(w->events[0].http_status, 413);
}

#define TT(f) cmocka_unit_test_setup_teardown(f, setup_traced, teardown)
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(keeps_the_connection_for_the_next_request),
        T(numbers_connections_from_one),
        T(answers_pipelined_requests_in_order),
        T(tells_the_backend_where_a_request_comes_from),
        T(wants_a_host_from_newer_clients),
        T(sends_the_headers_a_reply_asks_for),
        T(compresses_for_clients_that_accept_it),
        T(says_continue_to_a_client_that_waits_for_it),
        T(refuses_other_expectations),
        T(refuses_a_body_over_the_cap_unread),
        T(takes_a_body_of_exactly_the_cap),
        T(cuts_a_chunked_body_at_the_cap),
        T(passes_status_type_and_headers_on),
        T(sends_stored_bodies_as_they_are),
        T(answers_500_when_a_reply_outgrows_its_maximum),
        T(serves_64_connections_at_once),
        T(held_requests_take_effect_on_release_in_order),
        T(a_held_request_whose_client_left_takes_no_effect),
        T(a_delayed_reply_waits_for_mock_time),
        T(the_backend_hears_when_nobody_awaits_a_delayed_reply),
        T(a_hanging_request_is_let_go_when_its_client_leaves),
        T(resets_instead_of_answering),
        T(truncates_the_body_under_its_full_length),
        T(drips_one_byte_a_pause),
        T(a_client_may_leave_while_it_is_dripped_on),
        T(notices_a_client_that_left_with_half_a_request),
        T(notices_a_client_that_left_with_its_request),
        T(answers_a_client_that_closed_its_half),
        T(costs_nothing_while_everybody_waits),
        T(closing_resets_everyone_and_opening_serves_again),
        T(a_port_that_refuses_for_good_is_opened_by_hand_only),
        T(nobody_can_take_the_port_while_it_is_closed),
        T(a_request_in_the_buffer_takes_no_effect_after_closing),
        T(a_connection_not_yet_accepted_is_reset_too),
        T(a_request_behind_a_held_one_takes_no_effect_after_closing),
        T(tells_the_port_it_cannot_have),
        T(listens_on_another_address_when_told),
        TT(a_call_lasts_in_the_trace_until_its_answer_left),
        TT(a_call_whose_client_left_has_no_answer_in_the_trace),
        TT(what_the_front_refuses_is_in_the_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
