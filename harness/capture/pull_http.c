/*
 * libcurl. One easy handle a slot, used again and again, so connections stay open.
 */
#include "harness/capture/pull_http.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_MS 10000L
#define WAIT_MAX_MS 60000u
#define LOCAL_HOSTS "localhost,127.0.0.1,::1"
#define NOPROXY_BYTES 1024u

struct request {
    CURL *easy;
    struct ls_buf answer;
    bool is_in_air;
};

struct ls_pull_http {
    struct ls_pull_link link; /* first */
    CURLM *multi;
    struct curl_slist *headers;
    struct request *requests;
    unsigned slots;
    int signal_fd;
    sigset_t old_mask;
    bool is_masked;
    bool is_stopped;
    bool is_global;
};

static struct ls_pull_http *of(struct ls_pull_link *l)
{
    return (struct ls_pull_http *)l;
}

static uint64_t now_ms(struct ls_pull_link *l)
{
    struct timespec t;

    (void)l;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* --- signals --- */

static enum ls_err open_signals(struct ls_pull_http *h, struct ls_diag *d)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &mask, &h->old_mask)) {
        return ls_fail(d, LS_ERR_IO, "cannot block signals");
    }
    h->is_masked = true;
    h->signal_fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    return h->signal_fd >= 0 ? LS_OK : ls_fail(d, LS_ERR_IO, "cannot watch for signals");
}

static void look_for_signals(struct ls_pull_http *h)
{
    struct signalfd_siginfo info;

    if (!h->is_stopped && read(h->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        h->is_stopped = true;
        sigprocmask(SIG_SETMASK, &h->old_mask, NULL); /* the next one is final */
        h->is_masked = false;
    }
}

static bool is_stopped(struct ls_pull_link *l)
{
    look_for_signals(of(l));
    return of(l)->is_stopped;
}

/* Waits for sockets or a signal, at most ms. */
static void poll_once(struct ls_pull_http *h, uint64_t ms)
{
    struct curl_waitfd signals = {.fd = h->signal_fd, .events = CURL_WAIT_POLLIN};

    curl_multi_poll(h->multi, &signals, 1, (int)(ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS), NULL);
    look_for_signals(h);
}

void ls_pull_http_sleep(struct ls_pull_http *h, uint64_t ms)
{
    uint64_t until = now_ms(&h->link) + ms;

    for (uint64_t now; !is_stopped(&h->link) && (now = now_ms(&h->link)) < until;) {
        poll_once(h, until - now);
    }
}

/* --- requests --- */

/* CURLOPT_WRITEFUNCTION */
static size_t on_body(char *p, size_t size, size_t count, void *user)
{
    struct request *r = user;

    return ls_buf_put(&r->answer, p, size * count) == LS_OK ? size * count : 0;
}

/* A machine talks to itself without a proxy and without compression. */
static bool is_local(const char *url)
{
    static const char *const local[] = {"http://127.", "http://localhost", "http://[::1]"};

    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        if (strncasecmp(url, local[i], strlen(local[i])) == 0) {
            return true;
        }
    }
    return false;
}

static CURLcode set_route(CURL *easy, const char *url)
{
    const char *users = getenv("no_proxy");
    char noproxy[NOPROXY_BYTES];

    snprintf(noproxy, sizeof noproxy, "%s%s%s", LOCAL_HOSTS, users && *users ? "," : "",
             users ? users : "");
    CURLcode c = curl_easy_setopt(easy, CURLOPT_NOPROXY, noproxy);
    /* NULL asks for no encoding, "" for all there are. */
    return c ? c : curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, is_local(url) ? NULL : "");
}

/* What is the same for all requests. */
static bool configure(struct ls_pull_http *h, struct request *r)
{
    CURL *e = r->easy;

    return curl_easy_setopt(e, CURLOPT_PRIVATE, r) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HTTPHEADER, h->headers) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_USERAGENT, "lockstep/" LS_VERSION) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEDATA, r) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)LS_PULL_TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
}

static enum ls_err send_request(struct ls_pull_link *l, unsigned slot, const char *url,
                                struct ls_span body)
{
    struct ls_pull_http *h = of(l);
    struct request *r = &h->requests[slot];
    CURL *e = r->easy;

    ls_buf_clear(&r->answer);
    if (curl_easy_setopt(e, CURLOPT_URL, url) || set_route(e, url) ||
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n) ||
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, body.p) ||
        curl_multi_add_handle(h->multi, e) != CURLM_OK) {
        return LS_ERR_NOMEM;
    }
    r->is_in_air = true;
    return LS_OK;
}

static void cancel(struct ls_pull_link *l, unsigned slot)
{
    struct ls_pull_http *h = of(l);
    struct request *r = &h->requests[slot];

    if (r->is_in_air) {
        curl_multi_remove_handle(h->multi, r->easy);
        r->is_in_air = false;
    }
}

static enum ls_err error_of(const struct request *r, CURLcode code)
{
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return LS_ERR_TIMEOUT;
    }
    if (code == CURLE_WRITE_ERROR) {
        return r->answer.err ? r->answer.err : LS_ERR_LIMIT;
    }
    return LS_ERR_CONNECT;
}

static void fill_reply(struct request *r, CURLcode code, struct ls_pull_reply *out)
{
    long status = 0;
    curl_off_t retry_after_s = 0;
    curl_off_t took_us = 0;

    (void)curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(r->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    (void)curl_easy_getinfo(r->easy, CURLINFO_TOTAL_TIME_T, &took_us);
    *out = (struct ls_pull_reply){.err = code ? error_of(r, code) : LS_OK,
                                  .status = (unsigned)status,
                                  .took_ms = (uint64_t)took_us / 1000u,
                                  .body = ls_buf_span(&r->answer),
                                  .why = curl_easy_strerror(code)};
    if (retry_after_s > 0) {
        out->retry_after_ms = (uint64_t)retry_after_s * 1000u;
    }
}

/* A request that has ended, if there is one. */
static bool take_ended(struct ls_pull_http *h, unsigned *slot, struct ls_pull_reply *out)
{
    int left;
    const CURLMsg *msg = curl_multi_info_read(h->multi, &left);
    struct request *r = NULL;

    if (!msg || msg->msg != CURLMSG_DONE ||
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&r) != CURLE_OK || !r) {
        return false;
    }
    CURLcode code = msg->data.result; /* msg dies with the handle's removal */
    *slot = (unsigned)(r - h->requests);
    fill_reply(r, code, out);
    cancel(&h->link, *slot);
    return true;
}

static bool wait_reply(struct ls_pull_link *l, uint64_t until_ms, unsigned *slot,
                       struct ls_pull_reply *out)
{
    struct ls_pull_http *h = of(l);
    int running;

    for (;;) {
        (void)curl_multi_perform(h->multi, &running);
        if (take_ended(h, slot, out)) {
            return true;
        }
        uint64_t now = now_ms(l);
        if (is_stopped(l) || now >= until_ms) {
            return false;
        }
        poll_once(h, until_ms - now);
    }
}

/* --- life --- */

static enum ls_err init(struct ls_pull_http *h, unsigned slots, struct ls_diag *d)
{
    enum ls_err e = open_signals(h, d);

    if (e) {
        return e;
    }
    h->is_global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    h->multi = h->is_global ? curl_multi_init() : NULL;
    h->headers = curl_slist_append(NULL, "Content-Type: application/json");
    h->requests = calloc(slots, sizeof *h->requests);
    bool is_good = h->multi && h->requests && h->headers;
    /* Without this a large body waits a second for a "100 Continue". */
    is_good = is_good && curl_slist_append(h->headers, "Expect:");
    for (unsigned i = 0; is_good && i < slots; i++) {
        ls_buf_init(&h->requests[i].answer, LS_PULL_ANSWER_MAX);
        h->requests[i].easy = curl_easy_init();
        h->slots = i + 1;
        is_good = h->requests[i].easy && configure(h, &h->requests[i]);
    }
    return is_good ? LS_OK : ls_fail(d, LS_ERR_NOMEM, "cannot start libcurl");
}

enum ls_err ls_pull_http_new(unsigned slots, struct ls_pull_http **out, struct ls_diag *d)
{
    static const struct ls_pull_link_ops ops = {send_request, wait_reply, cancel, now_ms,
                                                is_stopped};
    struct ls_pull_http *h = calloc(1, sizeof *h);

    *out = NULL;
    if (!h) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    h->link.ops = &ops;
    h->signal_fd = -1;
    enum ls_err e = init(h, slots, d);
    if (e) {
        ls_pull_http_free(h);
        return e;
    }
    *out = h;
    return LS_OK;
}

void ls_pull_http_free(struct ls_pull_http *h)
{
    if (!h) {
        return;
    }
    for (unsigned i = 0; i < h->slots; i++) {
        cancel(&h->link, i);
        curl_easy_cleanup(h->requests[i].easy);
        ls_buf_fini(&h->requests[i].answer);
    }
    free(h->requests);
    if (h->multi) {
        curl_multi_cleanup(h->multi);
    }
    curl_slist_free_all(h->headers);
    if (h->is_global) {
        curl_global_cleanup();
    }
    if (h->signal_fd >= 0) {
        close(h->signal_fd);
    }
    if (h->is_masked) {
        sigprocmask(SIG_SETMASK, &h->old_mask, NULL);
    }
    free(h);
}

struct ls_pull_link *ls_pull_http_link(struct ls_pull_http *h)
{
    return &h->link;
}
