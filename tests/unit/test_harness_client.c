/*
 * The HTTP client of the loop, against a front in the same loop.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/live/client.h"
#include "harness/live/loop.h"
#include "mocks/http/front.h"

#define HOUR_NS (UINT64_C(3600) * UINT64_C(1000000000))
#define TURNS_MAX 10000

struct rig;
struct answer {
    struct rig *rig;
    int calls;
    enum ls_err err;
    enum ls_client_failure failure;
    unsigned status;
    uint64_t retry_after_s;
    char content_type[64];
    char body[64];
    size_t body_bytes;
};

struct rig {
    struct ls_backend backend; /* first: the backend is the rig */
    struct ls_loop *loop;
    struct ls_front *front;
    struct ls_loop_timer timer;
    struct ls_client *client;
    char url[64];
    uint64_t conn_last;
    size_t huge_bytes;
    bool is_hanging;
    bool is_custom; /* answers with what a JSON port would not say */
    enum ls_http_fate fate;
    char seen[256]; /* verb, path and headers of a request to it */
};

static void echo(struct ls_backend *b, const struct ls_http_request *req,
                 struct ls_http_reply *reply)
{
    struct rig *r = (struct rig *)b;

    r->conn_last = req->conn;
    if (r->is_custom) {
        (void)snprintf(r->seen, sizeof r->seen, "%s %s %s %s", req->verb, req->path,
                       req->content_type != NULL ? req->content_type : "-",
                       req->authorization != NULL ? req->authorization : "-");
        (void)ls_buf_puts(&reply->body, "slow down");
        reply->status = 429;
        reply->content_type = "text/odd";
        reply->retry_after_s = 7;
        reply->fate = r->fate;
        return;
    }
    (void)ls_buf_put(&reply->body, req->body, req->body_bytes);
    if (r->huge_bytes > 0) {
        uint8_t *p = ls_buf_grow(&reply->body, r->huge_bytes);
        memset(p, 'x', r->huge_bytes);
    }
    reply->fate = r->is_hanging ? LS_FATE_HANG : LS_FATE_SEND;
    assert_string_equal(req->verb, "POST");
    assert_string_equal(req->content_type, "application/json");
}

static const struct ls_backend_ops echo_ops = {.handle = echo};

static void serve(void *user)
{
    struct rig *r = user;

    ls_front_turn(r->front, (struct ls_front_time){.mono_ns = ls_loop_now_ns(r->loop)});
}

static void on_ready(void *user, uint32_t events)
{
    (void)events;
    serve(user);
}

static void prepare(void *user)
{
    struct rig *r = user;

    if (ls_front_deadline(r->front) != LS_FRONT_NEVER) {
        ls_loop_timer_set(r->loop, &r->timer, ls_front_deadline(r->front));
    }
}

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    *state = r;
    r->backend.ops = &echo_ops;
    r->timer = (struct ls_loop_timer){.fn = serve, .user = r};
    assert_int_equal(ls_loop_new(HOUR_NS, &r->loop, NULL), LS_OK);
    assert_int_equal(ls_front_new(&(struct ls_front_options){.backend = &r->backend,
                                                             .body_bytes_max = 8u << 20,
                                                             .reply_bytes_max = 8u << 20,
                                                             .connections_max = 16},
                                  &r->front, NULL),
                     LS_OK);
    assert_non_null(ls_loop_watch(r->loop, ls_front_fd(r->front), EPOLLIN, on_ready, r));
    ls_loop_on_prepare(r->loop, prepare, r);
    assert_int_equal(ls_client_new(r->loop, &r->client, NULL), LS_OK);
    (void)snprintf(r->url, sizeof r->url, "http://127.0.0.1:%u/", ls_front_port(r->front));
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    ls_client_free(r->client);
    ls_front_free(r->front);
    ls_loop_free(r->loop);
    free(r);
    return 0;
}

static void on_answer(void *user, const struct ls_client_answer *a)
{
    struct answer *out = user;

    out->calls++;
    out->err = a->err;
    out->failure = a->failure;
    out->retry_after_s = a->retry_after_s;
    (void)snprintf(out->content_type, sizeof out->content_type, "%s",
                   a->content_type != NULL ? a->content_type : "-");
    out->status = a->status;
    out->body_bytes = a->body.n;
    (void)snprintf(out->body, sizeof out->body, "%.*s", (int)(a->body.n < 60 ? a->body.n : 60),
                   a->body.n > 0 ? (const char *)a->body.p : "");
    ls_loop_happened(out->rig->loop);
}

static struct ls_client_call *post(struct rig *r, const char *body, uint64_t timeout_ms,
                                   struct answer *out)
{
    struct ls_span s = {(const uint8_t *)body, strlen(body)};
    struct ls_client_call *call;

    out->rig = r;
    call = ls_client_post(r->client, r->url, s, timeout_ms, on_answer, out);
    assert_non_null(call);
    assert_int_equal(out->calls, 0); /* never from inside */
    return call;
}

static void until(struct rig *r, const int *calls)
{
    for (int i = 0; *calls == 0 && i < TURNS_MAX; i++) {
        (void)ls_loop_turn(r->loop);
    }
    assert_int_equal(*calls, 1);
}

static void brings_the_answer_and_keeps_the_connection(void **state)
{
    struct rig *r = *state;
    struct answer a = {0}, b = {0};

    post(r, "one", 5000, &a);
    until(r, &a.calls);
    assert_int_equal(a.err, LS_OK);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "one");
    post(r, "two", 5000, &b);
    until(r, &b.calls);
    assert_string_equal(b.body, "two");
    assert_int_equal(r->conn_last, 1);
}

static char *large_body(size_t n)
{
    char *big = malloc(n + 1);

    memset(big, 'b', n);
    big[n] = '\0';
    return big;
}

static void sends_a_large_body(void **state)
{
    struct rig *r = *state;
    size_t n = 3u << 20;
    char *big = large_body(n);
    struct answer a = {0};

    post(r, big, 5000, &a);
    free(big);
    until(r, &a.calls);
    assert_int_equal(a.err, LS_OK);
    assert_int_equal(a.body_bytes, n);
}

/* libcurl would wait a second for a server that does not answer the question. */
static void does_not_ask_whether_a_large_body_is_welcome(void **state)
{
    struct rig *r = *state;
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t at_bytes = sizeof at;
    int server = socket(AF_INET, SOCK_STREAM, 0), peer = -1;
    char *big = large_body(3u << 20), head[2048] = {0};
    struct answer a = {0};

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(server, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(server, 1), 0);
    assert_int_equal(fcntl(server, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&at, &at_bytes), 0);
    (void)snprintf(r->url, sizeof r->url, "http://127.0.0.1:%u/", ntohs(at.sin_port));
    post(r, big, 5000, &a);
    for (int i = 0; i < TURNS_MAX && strstr(head, "\r\n\r\n") == NULL; i++) {
        ls_loop_step(r->loop, ls_loop_now_ns(r->loop) + 1000000);
        peer = peer >= 0 ? peer : accept(server, NULL, NULL);
        if (peer >= 0) {
            (void)recv(peer, head, sizeof head - 1, MSG_PEEK | MSG_DONTWAIT);
        }
    }
    assert_non_null(strstr(head, "\r\n\r\n"));
    assert_null(strstr(head, "Expect"));
    free(big);
    close(peer);
    close(server);
}

static void tells_a_closed_port_from_a_silent_one(void **state)
{
    struct rig *r = *state;
    struct answer refused = {0}, silent = {0};

    r->is_hanging = true;
    post(r, "x", 20, &silent);
    until(r, &silent.calls);
    assert_int_equal(silent.err, LS_ERR_TIMEOUT);
    assert_int_equal(ls_front_set_open(r->front, false, NULL), LS_OK);
    post(r, "x", 5000, &refused);
    until(r, &refused.calls);
    assert_int_equal(refused.err, LS_ERR_CONNECT);
    assert_int_equal(refused.status, 0);
}

static void stops_reading_an_endless_answer(void **state)
{
    struct rig *r = *state;
    struct answer a = {0};

    r->huge_bytes = LS_CLIENT_ANSWER_MAX;
    post(r, "x", 5000, &a);
    until(r, &a.calls);
    assert_int_equal(a.err, LS_ERR_LIMIT);
}

static void a_cancelled_call_never_answers(void **state)
{
    struct rig *r = *state;
    struct answer a = {0}, b = {0};
    struct ls_client_call *call = post(r, "x", 5000, &a);

    ls_client_cancel(call);
    post(r, "y", 5000, &b);
    until(r, &b.calls);
    assert_int_equal(a.calls, 0);
}

static void survives_a_peer_that_was_away_between_two_calls(void **state)
{
    struct rig *r = *state;
    struct answer a = {0}, b = {0};

    post(r, "x", 5000, &a);
    until(r, &a.calls);
    assert_int_equal(ls_front_set_open(r->front, false, NULL), LS_OK);
    assert_int_equal(ls_front_set_open(r->front, true, NULL), LS_OK);
    post(r, "y", 5000, &b); /* the kept connection is dead */
    until(r, &b.calls);
    assert_int_equal(b.err, LS_OK);
    assert_string_equal(b.body, "y");
}

static void send_to(struct rig *r, const struct ls_client_request *q, struct answer *out)
{
    out->rig = r;
    assert_non_null(ls_client_send(r->client, q, on_answer, out));
    until(r, &out->calls);
}

static void sends_what_it_is_told_and_brings_headers_back(void **state)
{
    struct rig *r = *state;
    struct answer a = {0}, b = {0};
    char url[80];

    r->is_custom = true;
    (void)snprintf(url, sizeof url, "%sx?y=1", r->url);
    send_to(r,
            &(struct ls_client_request){.verb = "POST",
                                        .url = url,
                                        .content_type = "text/plain",
                                        .authorization = "Bearer abc",
                                        .body = {(const uint8_t *)"q", 1},
                                        .answer_bytes_max = 100},
            &a);
    assert_string_equal(r->seen, "POST /x?y=1 text/plain Bearer abc");
    assert_int_equal(a.status, 429);
    assert_string_equal(a.content_type, "text/odd");
    assert_int_equal(a.retry_after_s, 7);
    assert_string_equal(a.body, "slow down");
    send_to(r, &(struct ls_client_request){.verb = "GET", .url = r->url, .answer_bytes_max = 100},
            &b);
    assert_string_equal(r->seen, "GET / - -");
}

static void a_request_of_its_own_connection_is_sent_once(void **state)
{
    struct rig *r = *state;
    const struct ls_client_request q = {
        .verb = "POST", .url = r->url, .answer_bytes_max = 100, .is_once = true};
    struct answer a = {0}, b = {0}, kept = {0};

    r->is_custom = true;
    send_to(r, &q, &a);
    r->fate = LS_FATE_RESET;
    send_to(r, &q, &b);
    assert_int_equal(b.failure, LS_CLIENT_RESET);
    assert_int_equal(ls_front_requests(r->front), 2);
    r->fate = LS_FATE_SEND; /* that it matters: on a kept connection it would be sent twice */
    send_to(r, &(struct ls_client_request){.verb = "POST", .url = r->url, .answer_bytes_max = 100},
            &kept);
    r->fate = LS_FATE_RESET;
    kept = (struct answer){0};
    send_to(r, &(struct ls_client_request){.verb = "POST", .url = r->url, .answer_bytes_max = 100},
            &kept);
    assert_int_equal(ls_front_requests(r->front), 5);
}

static enum ls_client_failure failure_at(struct rig *r, const char *url, size_t bytes_max,
                                         struct answer *a)
{
    *a = (struct answer){0};
    send_to(r,
            &(struct ls_client_request){
                .verb = "POST", .url = url, .answer_bytes_max = bytes_max, .timeout_ms = 5000},
            a);
    return a->failure;
}

static void tells_how_an_answer_failed_to_come(void **state)
{
    struct rig *r = *state;
    struct answer a;

    r->is_custom = true;
    assert_int_equal(failure_at(r, r->url, 100, &a), LS_CLIENT_WHOLE);
    assert_int_equal(failure_at(r, r->url, 3, &a), LS_CLIENT_TOO_LONG);
    r->fate = LS_FATE_RESET;
    assert_int_equal(failure_at(r, r->url, 100, &a), LS_CLIENT_RESET);
    assert_int_equal(a.status, 0);
    r->fate = LS_FATE_TRUNCATE;
    assert_int_equal(failure_at(r, r->url, 100, &a), LS_CLIENT_CUT);
    assert_int_equal(a.status, 429);
    assert_string_equal(a.body, "slow");
    assert_int_equal(ls_front_set_open(r->front, false, NULL), LS_OK);
    assert_int_equal(failure_at(r, r->url, 100, &a), LS_CLIENT_REFUSED);
    assert_int_equal(failure_at(r, "gopher9://127.0.0.1/", 100, &a), LS_CLIENT_UNKNOWN);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(brings_the_answer_and_keeps_the_connection),
        T(sends_a_large_body),
        T(does_not_ask_whether_a_large_body_is_welcome),
        T(tells_a_closed_port_from_a_silent_one),
        T(stops_reading_an_endless_answer),
        T(a_cancelled_call_never_answers),
        T(sends_what_it_is_told_and_brings_headers_back),
        T(a_request_of_its_own_connection_is_sent_once),
        T(tells_how_an_answer_failed_to_come),
        T(survives_a_peer_that_was_away_between_two_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
