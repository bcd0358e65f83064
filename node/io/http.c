/*
 * Slots hold one easy handle each, made at first use and kept; connections live in the multi
 * handle's cache and are shared by all slots.
 *
 * libcurl resolves names in a thread of its own. QUICK_EXIT keeps us from waiting for that thread
 * when a request is dropped or the program ends while a resolver hangs.
 */
#include "node/io/http.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_KEPT 8L
#define SHOWN_BODY_BYTES 120
#define NS_PER_MS 1000000u
#define NS_PER_S 1000000000u
#define RETRY_AFTER_MAX_S 3600

struct slot {
    uint32_t id; /* 0 = free */
    enum ls_target target;
    CURL *easy;
    struct curl_slist *headers;
    struct ls_buf request;
    struct ls_buf reply;
    char error[CURL_ERROR_SIZE];
};

struct ls_http {
    CURLM *multi;
    struct ls_http_peer peers[LS_TARGET_COUNT];
    struct slot slots[LS_HTTP_SLOTS];
    struct ls_buf last; /* body of the reply handed out last */
};

enum ls_err ls_http_new(const struct ls_http_peer peers[LS_TARGET_COUNT], struct ls_http **out,
                        struct ls_diag *d)
{
    struct ls_http *h = calloc(1, sizeof *h);

    if (h == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "no memory for the HTTP client");
    }
    /* TLS starts itself with the first https connection: OpenSSL 1.1 and later need no help. */
    if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK) {
        free(h);
        return ls_fail(d, LS_ERR_INTERNAL, "libcurl does not start");
    }
    memcpy(h->peers, peers, sizeof h->peers);
    h->multi = curl_multi_init();
    if (h->multi == NULL) {
        ls_http_free(h);
        return ls_fail(d, LS_ERR_NOMEM, "no memory for libcurl");
    }
    (void)curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
    *out = h;
    return LS_OK;
}

static void clear(struct ls_http *h, struct slot *s)
{
    if (s->easy != NULL) {
        (void)curl_multi_remove_handle(h->multi, s->easy);
        curl_easy_reset(s->easy);
    }
    curl_slist_free_all(s->headers);
    s->headers = NULL;
    ls_buf_fini(&s->request);
    ls_buf_fini(&s->reply);
    s->id = 0;
}

void ls_http_free(struct ls_http *h)
{
    if (h == NULL) {
        return;
    }
    for (size_t i = 0; i < LS_HTTP_SLOTS; i++) {
        if (h->slots[i].easy != NULL) {
            clear(h, &h->slots[i]);
            curl_easy_cleanup(h->slots[i].easy);
        }
    }
    ls_buf_fini(&h->last);
    (void)curl_multi_cleanup(h->multi);
    curl_global_cleanup();
    free(h);
}

/* --- starting --- */

static struct slot *find(struct ls_http *h, uint32_t id)
{
    for (size_t i = 0; i < LS_HTTP_SLOTS; i++) {
        if (h->slots[i].id == id) {
            return &h->slots[i];
        }
    }
    return NULL;
}

/* A write callback that takes less than it was given ends the transfer. */
static size_t take_body(char *p, size_t size, size_t n, void *arg)
{
    struct slot *s = arg;

    return ls_buf_put(&s->reply, p, size * n) == LS_OK ? size * n : 0;
}

static bool add_header(struct slot *s, const char *line)
{
    struct curl_slist *more = curl_slist_append(s->headers, line);

    s->headers = more != NULL ? more : s->headers;
    return more != NULL;
}

static enum ls_err set_headers(struct slot *s, const char *bearer)
{
    struct ls_buf line;
    bool ok = add_header(s, "Content-Type: application/json") &&
              add_header(s, "Accept: application/json") &&
              add_header(s, "Expect:"); /* or libcurl waits a second for "100 Continue" */

    ls_buf_init(&line, 1024);
    if (ok && bearer != NULL) {
        ok = ls_buf_printf(&line, "Authorization: Bearer %s", bearer) == LS_OK &&
             add_header(s, (const char *)line.p);
    }
    ls_buf_fini(&line);
    return ok ? LS_OK : LS_ERR_NOMEM;
}

static long to_ms(uint64_t ns)
{
    uint64_t ms = ns / NS_PER_MS + (ns % NS_PER_MS != 0 ? 1 : 0);

    return ms == 0 ? 1 : ms > INT32_MAX ? (long)INT32_MAX : (long)ms;
}

static enum ls_err set_options(struct slot *s, const char *url, uint64_t timeout_ns)
{
    CURL *c = s->easy;
    bool ok = curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK;

    ok = ok && curl_easy_setopt(c, CURLOPT_POSTFIELDS, (char *)s->request.p) == CURLE_OK;
    ok = ok &&
         curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)s->request.n) == CURLE_OK;
    ok = ok && curl_easy_setopt(c, CURLOPT_HTTPHEADER, s->headers) == CURLE_OK;
    ok = ok && curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK;
    ok = ok && curl_easy_setopt(c, CURLOPT_WRITEDATA, s) == CURLE_OK;
    ok = ok && curl_easy_setopt(c, CURLOPT_PRIVATE, s) == CURLE_OK;
    ok = ok && curl_easy_setopt(c, CURLOPT_ERRORBUFFER, s->error) == CURLE_OK;
    ok = ok && curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, to_ms(timeout_ns)) == CURLE_OK;
    ok = ok && curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    ok = ok && curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK;
    ok = ok && curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
    ok = ok && curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
    ok = ok && curl_easy_setopt(c, CURLOPT_USERAGENT, "lightcl/" LS_VERSION) == CURLE_OK;
    return ok ? LS_OK : LS_ERR_NOMEM;
}

static enum ls_err start(struct ls_http *h, struct slot *s, const struct ls_http_post *post)
{
    const struct ls_http_peer *peer = &h->peers[post->target];
    enum ls_err e = LS_OK;

    assert(peer->url != NULL);
    ls_buf_init(&s->reply, peer->reply_bytes_max);
    s->id = post->id;
    s->target = post->target;
    s->error[0] = '\0';
    if (s->easy == NULL) {
        s->easy = curl_easy_init();
    }
    if (s->easy == NULL) {
        return LS_ERR_NOMEM;
    }
    e = set_headers(s, post->bearer);
    if (e == LS_OK) {
        e = set_options(s, peer->url, post->timeout_ns);
    }
    if (e == LS_OK && curl_multi_add_handle(h->multi, s->easy) != CURLM_OK) {
        e = LS_ERR_INTERNAL;
    }
    return e;
}

enum ls_err ls_http_post(struct ls_http *h, const struct ls_http_post *post, struct ls_buf *body,
                         struct ls_diag *d)
{
    struct slot *s = find(h, 0);
    enum ls_err e = LS_ERR_LIMIT;

    assert(post->id != 0 && find(h, post->id) == NULL);
    if (s != NULL) {
        s->request = *body;
        *body = (struct ls_buf){.bytes_max = body->bytes_max};
        e = start(h, s, post);
        if (e != LS_OK) {
            clear(h, s);
        }
    }
    ls_buf_fini(body);
    return e == LS_OK ? e : ls_fail(d, e, "request cannot be sent: %s", ls_err_text(e));
}

void ls_http_lead_to(struct ls_http *h, enum ls_target target, const char *url)
{
    h->peers[target].url = url;
}

void ls_http_cancel(struct ls_http *h, uint32_t id)
{
    struct slot *s = id != 0 ? find(h, id) : NULL;

    if (s != NULL) {
        clear(h, s);
    }
}

/* --- finishing --- */

/* What a failed transfer was. libcurl's list of reasons is long and open; what is not a timeout or
 * an unreadable answer is the connection's failure. */
static enum ls_fail_class classify(CURLcode rc)
{
    if (rc == CURLE_OPERATION_TIMEDOUT) {
        return LS_FAIL_TIMEOUT;
    }
    if (rc == CURLE_WRITE_ERROR || rc == CURLE_WEIRD_SERVER_REPLY ||
        rc == CURLE_UNSUPPORTED_PROTOCOL || rc == CURLE_BAD_CONTENT_ENCODING) {
        return LS_FAIL_PROTOCOL;
    }
    return LS_FAIL_CONNECT;
}

static void transfer_failed(const struct slot *s, CURLcode rc, struct ls_http_reply *out)
{
    const char *text = s->error[0] != '\0' ? s->error : curl_easy_strerror(rc);

    out->fail = classify(rc);
    if (s->reply.err == LS_ERR_LIMIT) {
        text = "body is larger than the cap";
    }
    (void)ls_fail(&out->why, LS_OK, "%s", text);
}

static uint64_t retry_after_ns(CURL *easy)
{
    curl_off_t s = 0;

    if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &s) != CURLE_OK || s <= 0) {
        return 0;
    }
    return (uint64_t)(s < RETRY_AFTER_MAX_S ? s : RETRY_AFTER_MAX_S) * NS_PER_S;
}

static void copy_date(CURL *easy, char *out, size_t cap)
{
    struct curl_header *date = NULL;

    if (curl_easy_header(easy, "Date", 0, CURLH_HEADER, -1, &date) == CURLHE_OK &&
        strlen(date->value) < cap) {
        memcpy(out, date->value, strlen(date->value) + 1);
    }
}

/* Bytes of a refusal's body worth showing: its beginning, without the line break at the end. */
static int shown_bytes(const struct ls_buf *body)
{
    int n = body->n < SHOWN_BODY_BYTES ? (int)body->n : SHOWN_BODY_BYTES;

    while (n > 0 && (body->p[n - 1] == '\n' || body->p[n - 1] == '\r')) {
        n--;
    }
    return n;
}

static void status_failed(const struct slot *s, long status, struct ls_http_reply *out)
{
    int shown = shown_bytes(&s->reply);

    out->fail = status == 401 || status == 403 ? LS_FAIL_AUTH : LS_FAIL_HTTP;
    out->code = status;
    out->retry_after_ns = retry_after_ns(s->easy);
    if (out->fail == LS_FAIL_AUTH) {
        copy_date(s->easy, out->date, sizeof out->date);
    }
    (void)ls_fail(&out->why, LS_OK, "HTTP status %ld%s%.*s", status, shown > 0 ? ": " : "", shown,
                  shown > 0 ? (const char *)s->reply.p : "");
}

void ls_http_turn(struct ls_http *h)
{
    int running = 0;

    (void)curl_multi_perform(h->multi, &running);
}

static void finish(struct ls_http *h, struct slot *s, CURLcode rc, struct ls_http_reply *out)
{
    long status = 0;

    *out = (struct ls_http_reply){.id = s->id, .target = s->target};
    (void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    if (rc != CURLE_OK) {
        transfer_failed(s, rc, out);
    } else if (status < 200 || status > 299) {
        status_failed(s, status, out);
    } else {
        out->is_ok = true;
        ls_buf_fini(&h->last);
        h->last = s->reply;
        s->reply = (struct ls_buf){.bytes_max = s->reply.bytes_max};
        out->body = ls_buf_span(&h->last);
    }
    clear(h, s);
}

bool ls_http_next(struct ls_http *h, struct ls_http_reply *out)
{
    CURLMsg *m = NULL;
    int left = 0;

    ls_buf_fini(&h->last);
    while ((m = curl_multi_info_read(h->multi, &left)) != NULL) {
        char *owner = NULL;

        if (m->msg == CURLMSG_DONE &&
            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &owner) == CURLE_OK) {
            finish(h, (struct slot *)(void *)owner, m->data.result, out);
            return true;
        }
    }
    return false;
}

void ls_http_wait(struct ls_http *h, struct ls_http_fd *fds, size_t count, uint64_t timeout_ns)
{
    struct curl_waitfd extra[LS_HTTP_FDS_MAX];

    assert(count <= LS_HTTP_FDS_MAX);
    for (size_t i = 0; i < count; i++) {
        extra[i] = (struct curl_waitfd){.fd = fds[i].fd, .events = CURL_WAIT_POLLIN};
    }
    (void)curl_multi_poll(h->multi, extra, (unsigned)count,
                          timeout_ns == 0 ? 0 : (int)to_ms(timeout_ns), NULL);
    for (size_t i = 0; i < count; i++) {
        fds[i].is_ready = extra[i].revents != 0;
    }
}
