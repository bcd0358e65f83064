/*
 * A client and the sync tester's port on real loopback sockets in one thread. Mock time stands
 * still until nothing can happen any more, then jumps to the next thing that is due: a call that
 * takes 2 s costs none, and how long it took can be read off.
 */
#ifndef LS_TESTS_UNIT_SYNCTESTER_WIRE_H
#define LS_TESTS_UNIT_SYNCTESTER_WIRE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "mocks/http/front.h"
#include "mocks/rpc/synctester.h"
#include "tests/unit/synctester_rows.h"

#define STUCK_MS 5000 /* bounds a broken front */
#define REPLY_BYTES_MAX (64u << 20)

struct wire {
    struct ls_front *front;
    struct ls_front_time now;
};

/* What came back to one request. */
struct reply {
    unsigned status;
    bool is_continued;  /* "100 Continue" came first */
    char *head;         /* status line and headers, owned */
    struct ls_buf body; /* decompressed */
    uint64_t took_ns;
};

static void free_reply(struct reply *r)
{
    free(r->head);
    ls_buf_fini(&r->body);
}

static void open_wire(struct wire *w, struct ls_backend *backend)
{
    struct ls_front_options o = {.backend = backend,
                                 .body_bytes_max = LS_SYNCTESTER_BODY_BYTES_MAX,
                                 .reply_bytes_max = REPLY_BYTES_MAX,
                                 .connections_max = 8,
                                 .is_cors = true,
                                 .gzip = true};
    struct ls_diag d;
    w->now = (struct ls_front_time){.mono_ns = 1, .wall_s = 1795343000};
    if (ls_front_new(&o, &w->front, &d) != LS_OK) {
        die("front", d.text);
    }
}

static int dial(const struct wire *w)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(ls_front_port(w->front))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        die("socket", strerror(errno));
    }
    return fd;
}

/* A header of a reply's head, copied into out; false: it has none. */
static bool header_of(const char *head, const char *name, char out[128])
{
    size_t n = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            const char *value = line + n + 1 + strspn(line + n + 1, " ");
            (void)snprintf(out, 128, "%.*s", (int)strcspn(value, "\r\n"), value);
            return true;
        }
    }
    return false;
}

/* The bytes of the first whole answer in; 0: it has not come yet. */
static size_t whole_answer(const struct ls_buf *in, bool is_head, bool is_over, size_t *head_n)
{
    char value[128];
    const char *end = in->n > 0 ? strstr((const char *)in->p, "\r\n\r\n") : NULL;
    if (end == NULL) {
        return 0;
    }
    *head_n = (size_t)(end + 4 - (const char *)in->p);
    char *head = need(strndup((const char *)in->p, *head_n));
    bool has_length = header_of(head, "Content-Length", value);
    free(head);
    size_t body = has_length && !is_head ? (size_t)strtoul(value, NULL, 10) : 0;
    if (!has_length && !is_head && !is_over) {
        return 0;
    }
    if (!has_length && !is_head) {
        body = in->n - *head_n;
    }
    return in->n >= *head_n + body ? *head_n + body : 0;
}

static void gunzip(struct ls_span in, struct ls_buf *out)
{
    z_stream z = {0};
    uint8_t chunk[65536];
    int e;
    if (inflateInit2(&z, 15 + 16) != Z_OK) {
        die("zlib", "cannot start");
    }
    z.next_in = (z_const Bytef *)(uintptr_t)in.p;
    z.avail_in = (uInt)in.n;
    do {
        z.next_out = chunk;
        z.avail_out = sizeof chunk;
        e = inflate(&z, Z_NO_FLUSH);
        (void)ls_buf_put(out, chunk, sizeof chunk - z.avail_out);
    } while (e == Z_OK);
    if (e != Z_STREAM_END) {
        die("gzip", "an answer is damaged");
    }
    (void)inflateEnd(&z);
}

static void keep_answer(struct reply *r, const uint8_t *p, size_t n, size_t head_n)
{
    char value[128];
    struct ls_span body = {p + head_n, n - head_n};
    r->head = need(strndup((const char *)p, head_n));
    r->status = (unsigned)strtoul(r->head + strcspn(r->head, " "), NULL, 10);
    ls_buf_init(&r->body, REPLY_BYTES_MAX);
    if (header_of(r->head, "Content-Encoding", value) && strcmp(value, "gzip") == 0) {
        gunzip(body, &r->body);
    } else {
        (void)ls_buf_put(&r->body, body.p, body.n);
    }
}

/* Lets front and client do what they can; when nobody can do anything, time passes. */
static void step(struct wire *w, int fd, bool wants_out)
{
    struct pollfd fds[2] = {{.fd = ls_front_fd(w->front), .events = POLLIN},
                            {.fd = fd, .events = (short)(POLLIN | (wants_out ? POLLOUT : 0))}};
    uint64_t due = ls_front_deadline(w->front);
    if (due > w->now.mono_ns && poll(fds, 2, due == LS_FRONT_NEVER ? STUCK_MS : 1) == 0) {
        if (due == LS_FRONT_NEVER) {
            die("front", "does not answer");
        }
        w->now.mono_ns = due;
    }
    ls_front_turn(w->front, w->now);
}

/* Sends bytes and waits for one answer. */
static struct reply talk(struct wire *w, const struct ls_buf *bytes, bool is_head)
{
    struct reply r = {0};
    struct ls_buf in;
    char chunk[65536];
    size_t sent = 0;
    size_t head_n = 0;
    size_t n = 0;
    bool is_over = false;
    uint64_t start = w->now.mono_ns;
    int fd = dial(w);
    ls_buf_init(&in, REPLY_BYTES_MAX);
    while (n == 0) {
        ssize_t k = sent < bytes->n && !is_over
                        ? send(fd, bytes->p + sent, bytes->n - sent, MSG_NOSIGNAL)
                        : 0;
        sent += k > 0 ? (size_t)k : 0;
        if (k < 0 && errno != EAGAIN) {
            sent = bytes->n; /* it has heard enough */
        }
        step(w, fd, sent < bytes->n);
        while ((k = recv(fd, chunk, sizeof chunk, 0)) > 0) {
            (void)ls_buf_put(&in, chunk, (size_t)k);
        }
        is_over = k == 0 || (k < 0 && errno != EAGAIN);
        if (in.n >= 25 && memcmp(in.p, "HTTP/1.1 100 Continue\r\n\r\n", 25) == 0) {
            r.is_continued = true;
            memmove(in.p, in.p + 25, in.n - 25 + 1);
            in.n -= 25;
        }
        n = whole_answer(&in, is_head, is_over, &head_n);
        if (n == 0 && is_over) {
            break;
        }
    }
    if (n > 0) {
        keep_answer(&r, in.p, n, head_n);
    } else {
        keep_answer(&r, (const uint8_t *)"", 0, 0);
    }
    r.took_ns = w->now.mono_ns - start;
    ls_buf_fini(&in);
    (void)close(fd);
    return r;
}

/* Sends bytes and goes away after wait_ns, or stays on (its socket is returned). */
static int start_call(struct wire *w, const struct ls_buf *bytes, uint64_t wait_ns, bool stays)
{
    int fd = dial(w);
    size_t before = (size_t)ls_front_requests(w->front);
    if (send(fd, bytes->p, bytes->n, MSG_NOSIGNAL) != (ssize_t)bytes->n) {
        die("socket", "a request does not fit");
    }
    while (ls_front_requests(w->front) == before) {
        ls_front_turn(w->front, w->now);
    }
    w->now.mono_ns += wait_ns;
    ls_front_turn(w->front, w->now);
    if (stays) {
        return fd;
    }
    (void)close(fd);
    size_t open = ls_front_connections(w->front);
    for (int i = 0; i < 1000 && ls_front_connections(w->front) == open; i++) {
        ls_front_turn(w->front, w->now);
    }
    return -1;
}

#endif
