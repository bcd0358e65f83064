#include "harness/live/client.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <utlist.h>

#define HEADER_BYTES_MAX 65536u

struct ls_client {
    struct ls_loop *loop;
    CURLM *multi;
    struct ls_loop_timer timer;
    struct ls_client_call *calls;
    bool is_global;
};

struct ls_client_call {
    struct ls_client *client;
    CURL *easy;
    struct curl_slist *headers;
    struct ls_buf answer;
    ls_client_fn *fn;
    void *user;
    struct ls_client_call *prev, *next;
};

/* --- one call --- */

static void release(struct ls_client_call *call)
{
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    ls_buf_fini(&call->answer);
    free(call);
}

static void free_call(struct ls_client_call *call)
{
    struct ls_client *c = call->client;

    (void)curl_multi_remove_handle(c->multi, call->easy);
    DL_DELETE(c->calls, call);
    release(call);
}

static enum ls_client_failure failure_of(CURLcode code, unsigned status)
{
    switch ((int)code) {
    case CURLE_OK:
        return LS_CLIENT_WHOLE;
    case CURLE_COULDNT_CONNECT:
        return LS_CLIENT_REFUSED;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return LS_CLIENT_UNKNOWN;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
        return LS_CLIENT_TLS;
    case CURLE_OPERATION_TIMEDOUT:
        return LS_CLIENT_TIMEOUT;
    case CURLE_WRITE_ERROR:
        return LS_CLIENT_TOO_LONG;
    case CURLE_OUT_OF_MEMORY:
        return LS_CLIENT_INTERNAL;
    default:
        return status != 0 ? LS_CLIENT_CUT : LS_CLIENT_RESET;
    }
}

static enum ls_err err_of(enum ls_client_failure failure)
{
    switch (failure) {
    case LS_CLIENT_WHOLE:
        return LS_OK;
    case LS_CLIENT_TIMEOUT:
        return LS_ERR_TIMEOUT;
    case LS_CLIENT_TOO_LONG:
        return LS_ERR_LIMIT;
    case LS_CLIENT_INTERNAL:
        return LS_ERR_NOMEM;
    case LS_CLIENT_REFUSED:
    case LS_CLIENT_UNKNOWN:
    case LS_CLIENT_TLS:
    case LS_CLIENT_RESET:
    case LS_CLIENT_CUT:
        break;
    }
    return LS_ERR_CONNECT;
}

static void describe(CURL *easy, CURLcode code, struct ls_client_answer *out)
{
    long status = 0;
    char *content_type = NULL;
    curl_off_t retry_after_s = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &content_type);
    (void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    out->failure = failure_of(code, (unsigned)status);
    out->err = err_of(out->failure);
    out->status = (unsigned)status;
    out->content_type = content_type;
    out->retry_after_s = retry_after_s > 0 ? (uint64_t)retry_after_s : 0;
}

/* The call leaves the list first: the callback may start, cancel or free others. What describes the
 * answer is in the easy handle, which therefore lives until after it. */
static void finish(struct ls_client_call *call, CURLcode code)
{
    struct ls_client_answer answer = {0};

    (void)curl_multi_remove_handle(call->client->multi, call->easy);
    DL_DELETE(call->client->calls, call);
    describe(call->easy, code, &answer);
    answer.body = ls_buf_span(&call->answer);
    call->fn(call->user, &answer);
    release(call);
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
    if (c->multi == NULL ||
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
    if (c->is_global) {
        curl_global_cleanup();
    }
    ls_loop_timer_stop(c->loop, &c->timer);
    free(c);
}

/* Appends "name: value", or "name:", which makes libcurl leave its own out. */
static bool add_header(struct ls_client_call *call, const char *name, const char *value)
{
    struct ls_buf text = {0};
    struct curl_slist *longer = NULL;

    ls_buf_init(&text, HEADER_BYTES_MAX);
    (void)ls_buf_printf(&text, value != NULL ? "%s: %s" : "%s:", name, value != NULL ? value : "");
    if (text.err == LS_OK) {
        longer = curl_slist_append(call->headers, (const char *)text.p);
    }
    ls_buf_fini(&text);
    call->headers = longer != NULL ? longer : call->headers;
    return longer != NULL;
}

static bool set_headers(struct ls_client_call *call, const struct ls_client_request *r)
{
    /* Without the first a large body waits a second for a "100 Continue". */
    return add_header(call, "Expect", NULL) && add_header(call, "Content-Type", r->content_type) &&
           (r->authorization == NULL || add_header(call, "Authorization", r->authorization)) &&
           curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers) == CURLE_OK;
}

/* A body is sent with whatever verb says so, as curl -X does; HEAD must not wait for one back. */
static bool set_body(CURL *e, const struct ls_client_request *r)
{
    bool is_post = strcmp(r->verb, "POST") == 0;

    if (r->body.n > 0 || is_post) {
        if (curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n) != CURLE_OK ||
            curl_easy_setopt(e, CURLOPT_COPYPOSTFIELDS,
                             r->body.n > 0 ? r->body.p : (const uint8_t *)"") != CURLE_OK) {
            return false;
        }
    }
    if (strcmp(r->verb, "HEAD") == 0) {
        return curl_easy_setopt(e, CURLOPT_NOBODY, 1L) == CURLE_OK;
    }
    return is_post || curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, r->verb) == CURLE_OK;
}

static bool set_up(struct ls_client_call *call, const struct ls_client_request *r)
{
    CURL *e = call->easy;

    return curl_easy_setopt(e, CURLOPT_URL, r->url) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PRIVATE, call) == CURLE_OK && set_headers(call, r) &&
           set_body(e, r) &&
           curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, r->is_once ? 1L : 0L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_FORBID_REUSE, r->is_once ? 1L : 0L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEDATA, call) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_NOPROXY, "*") == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_multi_add_handle(call->client->multi, e) == CURLM_OK;
}

struct ls_client_call *ls_client_send(struct ls_client *c, const struct ls_client_request *request,
                                      ls_client_fn *fn, void *user)
{
    struct ls_client_call *call = calloc(1, sizeof *call);

    if (call == NULL) {
        return NULL;
    }
    *call = (struct ls_client_call){.client = c, .fn = fn, .user = user};
    ls_buf_init(&call->answer, request->answer_bytes_max);
    DL_APPEND(c->calls, call);
    call->easy = curl_easy_init();
    if (call->easy == NULL || !set_up(call, request)) {
        free_call(call);
        return NULL;
    }
    return call;
}

struct ls_client_call *ls_client_post(struct ls_client *c, const char *url, struct ls_span body,
                                      uint64_t timeout_ms, ls_client_fn *fn, void *user)
{
    const struct ls_client_request request = {.verb = "POST",
                                              .url = url,
                                              .content_type = "application/json",
                                              .body = body,
                                              .answer_bytes_max = LS_CLIENT_ANSWER_MAX,
                                              .timeout_ms = timeout_ms};

    return ls_client_send(c, &request, fn, user);
}

void ls_client_cancel(struct ls_client_call *call)
{
    if (call != NULL) {
        free_call(call);
    }
}
