#include "harness/live/client.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <utlist.h>

struct ls_client {
    struct ls_loop *loop;
    CURLM *multi;
    struct curl_slist *headers;
    struct ls_loop_timer timer;
    struct ls_client_call *calls;
    bool is_global;
};

struct ls_client_call {
    struct ls_client *client;
    CURL *easy;
    struct ls_buf answer;
    ls_client_fn *fn;
    void *user;
    struct ls_client_call *prev, *next;
};

/* --- one call --- */

static void free_call(struct ls_client_call *call)
{
    struct ls_client *c = call->client;

    (void)curl_multi_remove_handle(c->multi, call->easy);
    curl_easy_cleanup(call->easy);
    ls_buf_fini(&call->answer);
    DL_DELETE(c->calls, call);
    free(call);
}

static enum ls_err answer_err(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return LS_OK;
    case CURLE_OPERATION_TIMEDOUT:
        return LS_ERR_TIMEOUT;
    case CURLE_WRITE_ERROR:
        return LS_ERR_LIMIT;
    default:
        return LS_ERR_CONNECT;
    }
}

static void finish(struct ls_client_call *call, CURLcode code)
{
    struct ls_client_answer answer = {.err = answer_err(code)};
    ls_client_fn *fn = call->fn;
    void *user = call->user;
    struct ls_buf body = call->answer;
    long status = 0;

    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    answer.status = (unsigned)status;
    answer.body = ls_buf_span(&body);
    ls_buf_init(&call->answer, LS_CLIENT_ANSWER_MAX);
    free_call(call); /* first: the callback may start or cancel others */
    fn(user, &answer);
    ls_buf_fini(&body);
}

static void take_finished(struct ls_client *c)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(c->multi, &left)) != NULL) {
        struct ls_client_call *call = NULL;
        CURLcode code = msg->data.result;
        if (msg->msg == CURLMSG_DONE &&
            curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&call) == CURLE_OK) {
            finish(call, code);
        }
    }
}

/* --- libcurl's callbacks --- */

/* ls_loop_fd_fn; user is the client, the descriptor is not known here: libcurl finds it. */
struct socket_watch {
    struct ls_client *client;
    struct ls_loop_watch *watch;
    curl_socket_t fd;
};

static void on_socket(void *user, uint32_t events)
{
    const struct socket_watch *s = user;
    struct ls_client *c = s->client;
    int flags = 0, running;

    flags |= (events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0;
    flags |= (events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
    flags |= (events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0;
    (void)curl_multi_socket_action(c->multi, s->fd, flags, &running);
    take_finished(c); /* s may be gone */
}

static uint32_t wanted(int what)
{
    switch (what) {
    case CURL_POLL_IN:
        return EPOLLIN;
    case CURL_POLL_OUT:
        return EPOLLOUT;
    case CURL_POLL_INOUT:
        return EPOLLIN | EPOLLOUT;
    default:
        return 0;
    }
}

/* CURLMOPT_SOCKETFUNCTION */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
    struct ls_client *c = user;
    struct socket_watch *s = socket_user;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s != NULL) {
            ls_loop_unwatch(c->loop, s->watch);
            (void)curl_multi_assign(c->multi, fd, NULL);
            free(s);
        }
        return 0;
    }
    if (s != NULL) {
        ls_loop_rewatch(c->loop, s->watch, wanted(what));
        return 0;
    }
    s = calloc(1, sizeof *s);
    if (s == NULL) {
        return -1;
    }
    *s = (struct socket_watch){.client = c, .fd = fd};
    s->watch = ls_loop_watch(c->loop, fd, wanted(what), on_socket, s);
    if (s->watch == NULL) {
        free(s);
        return -1;
    }
    (void)curl_multi_assign(c->multi, fd, s);
    return 0;
}

/* CURLMOPT_TIMERFUNCTION */
static int set_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct ls_client *c = user;

    (void)multi;
    if (timeout_ms < 0) {
        ls_loop_timer_stop(c->loop, &c->timer);
    } else {
        ls_loop_timer_set(c->loop, &c->timer,
                          ls_loop_now_ns(c->loop) + (uint64_t)timeout_ms * 1000000u);
    }
    return 0;
}

/* ls_loop_fn */
static void on_timer(void *user)
{
    struct ls_client *c = user;
    int running;

    (void)curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    take_finished(c);
}

/* CURLOPT_WRITEFUNCTION */
static size_t on_body(char *p, size_t size, size_t count, void *user)
{
    struct ls_client_call *call = user;

    return ls_buf_put(&call->answer, p, size * count) == LS_OK ? size * count : 0;
}

/* --- the client --- */

enum ls_err ls_client_new(struct ls_loop *loop, struct ls_client **out, struct ls_diag *d)
{
    struct ls_client *c = calloc(1, sizeof *c);

    if (c == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    c->loop = loop;
    c->timer = (struct ls_loop_timer){.fn = on_timer, .user = c};
    c->is_global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    c->multi = c->is_global ? curl_multi_init() : NULL;
    c->headers = curl_slist_append(NULL, "Content-Type: application/json");
    /* Without this a large body waits a second for a "100 Continue". */
    if (c->headers == NULL || curl_slist_append(c->headers, "Expect:") == NULL ||
        c->multi == NULL ||
        curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) != CURLM_OK ||
        curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c) != CURLM_OK ||
        curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, set_timer) != CURLM_OK ||
        curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c) != CURLM_OK) {
        ls_client_free(c);
        return ls_fail(d, LS_ERR_NOMEM, "cannot start libcurl");
    }
    *out = c;
    return LS_OK;
}

void ls_client_free(struct ls_client *c)
{
    struct ls_client_call *call, *next;

    if (c == NULL) {
        return;
    }
    DL_FOREACH_SAFE(c->calls, call, next)
    {
        free_call(call);
    }
    if (c->multi != NULL) {
        (void)curl_multi_cleanup(c->multi);
    }
    curl_slist_free_all(c->headers);
    if (c->is_global) {
        curl_global_cleanup();
    }
    ls_loop_timer_stop(c->loop, &c->timer);
    free(c);
}

static bool set_up(struct ls_client_call *call, const char *url, struct ls_span body,
                   uint64_t timeout_ms)
{
    CURL *e = call->easy;

    return curl_easy_setopt(e, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PRIVATE, call) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HTTPHEADER, call->client->headers) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_COPYPOSTFIELDS, body.p) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEDATA, call) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)timeout_ms) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_NOPROXY, "*") == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_multi_add_handle(call->client->multi, e) == CURLM_OK;
}

struct ls_client_call *ls_client_post(struct ls_client *c, const char *url, struct ls_span body,
                                      uint64_t timeout_ms, ls_client_fn *fn, void *user)
{
    struct ls_client_call *call = calloc(1, sizeof *call);

    if (call == NULL) {
        return NULL;
    }
    *call = (struct ls_client_call){.client = c, .fn = fn, .user = user};
    ls_buf_init(&call->answer, LS_CLIENT_ANSWER_MAX);
    DL_APPEND(c->calls, call);
    call->easy = curl_easy_init();
    if (call->easy == NULL || !set_up(call, url, body, timeout_ms)) {
        free_call(call);
        return NULL;
    }
    return call;
}

void ls_client_cancel(struct ls_client_call *call)
{
    if (call != NULL) {
        free_call(call);
    }
}
