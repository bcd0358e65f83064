/*
 * A load generator on raw sockets: a list of requests over some connections, one request under way
 * on each, request i on connection i modulo their number.
 *
 * On one connection it sleeps between request and answer, as a client does. On several it stays
 * awake: with a fast server it has no time to sleep anyway, and waking it would be charged to a
 * slow one, which is the one that sends (on a virtual machine that is a third of its time).
 */
#ifndef LS_BENCH_DRIVE_H
#define LS_BENCH_DRIVE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/bytes.h"

#define DRIVE_CONNS_MAX 8u
#define DRIVE_PATIENCE_MS 5000u
#define DRIVE_REPLY_MAX ((size_t)1 << 20)

/* A request and, once it has been asked, the very bytes of its answer. */
struct drive_call {
    struct ls_buf request;
    struct ls_buf reply;
};

struct drive_conn {
    int fd;
    size_t call; /* under way */
    size_t got;
    char reply[DRIVE_REPLY_MAX];
};

static int drive_dial(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        (void)close(fd);
        return -1;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static bool drive_send(int fd, struct ls_span bytes)
{
    while (bytes.n > 0) {
        ssize_t k = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (k <= 0) {
            return false;
        }
        bytes.p += k;
        bytes.n -= (size_t)k;
    }
    return true;
}

/* Bytes of the whole answer at the start of text; 0 = more must come. */
static size_t drive_reply_bytes(const char *text, size_t n)
{
    static const char key[] = "Content-Length: ";
    const char *end = memmem(text, n, "\r\n\r\n", 4);
    const char *length =
        end == NULL ? NULL : memmem(text, (size_t)(end - text), key, sizeof key - 1);
    if (length == NULL) {
        return 0;
    }
    size_t total = (size_t)(end - text) + 4 + strtoul(length + sizeof key - 1, NULL, 10);
    return total <= n ? total : 0;
}

/* Reads what is there; true when the answer is complete. *is_ok false: the connection is broken. */
static bool drive_read(struct drive_conn *c, bool *is_ok)
{
    ssize_t k = recv(c->fd, c->reply + c->got, sizeof c->reply - 1 - c->got, 0);
    *is_ok = k > 0;
    c->got += k > 0 ? (size_t)k : 0;
    c->reply[c->got] = '\0';
    return drive_reply_bytes(c->reply, c->got) > 0;
}

static bool drive_keep(struct drive_call *call, const struct drive_conn *c)
{
    return call->reply.n > 0 || ls_buf_put(&call->reply, c->reply, c->got) == LS_OK;
}

static uint64_t drive_now_ns(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* Events, as epoll_wait has them; 0: nothing came for five seconds. */
static int drive_wait(int epoll, bool is_awake, struct epoll_event *events)
{
    uint64_t end_ns = drive_now_ns() + DRIVE_PATIENCE_MS * UINT64_C(1000000);
    int n;
    do {
        n = epoll_wait(epoll, events, DRIVE_CONNS_MAX, is_awake ? 0 : (int)DRIVE_PATIENCE_MS);
    } while (n == 0 && drive_now_ns() < end_ns);
    return n;
}

/* Asks all calls, in order, and keeps the answers that are not known yet. false: a connection
 * broke. */
static bool drive(uint16_t port, struct drive_call *calls, size_t count, size_t conns,
                  struct drive_conn *c)
{
    size_t done = 0;
    bool is_ok = true;
    int epoll = epoll_create1(0);
    for (size_t i = 0; is_ok && i < conns; i++) {
        struct epoll_event ev = {.events = EPOLLIN, .data.u64 = i};
        c[i].fd = drive_dial(port);
        c[i].call = i;
        c[i].got = 0;
        is_ok = c[i].fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, c[i].fd, &ev) == 0;
    }
    for (size_t i = 0; is_ok && i < conns && i < count; i++) {
        is_ok = drive_send(c[i].fd, ls_buf_span(&calls[i].request));
    }
    while (is_ok && done < count) {
        struct epoll_event events[DRIVE_CONNS_MAX];
        int n = drive_wait(epoll, conns > 1, events);
        is_ok = n > 0;
        for (int k = 0; is_ok && k < n; k++) {
            struct drive_conn *one = &c[events[k].data.u64];
            if (!drive_read(one, &is_ok)) {
                continue;
            }
            is_ok = is_ok && drive_keep(&calls[one->call], one);
            done++;
            one->got = 0;
            one->call += conns;
            if (is_ok && one->call < count) {
                is_ok = drive_send(one->fd, ls_buf_span(&calls[one->call].request));
            }
        }
    }
    for (size_t i = 0; i < conns; i++) {
        (void)close(c[i].fd);
    }
    (void)close(epoll);
    return is_ok;
}

#endif
