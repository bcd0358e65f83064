/*
 * The yardstick: what the sockets alone cost. An epoll loop that reads requests of known sizes and
 * answers with known bytes, without looking at either. It serves what bench/drive.h asks: request i
 * comes on the connection that was accepted as number i modulo their number.
 */
#ifndef LS_BENCH_YARDSTICK_H
#define LS_BENCH_YARDSTICK_H

#include "bench/drive.h"

struct yardstick_conn {
    int fd;
    size_t call;
    size_t got;
};

/* Serves for ever on the listening socket. */
static void yardstick_serve(int listener, const struct drive_call *calls, size_t count,
                            size_t conns)
{
    static char sink[1 << 16];
    struct yardstick_conn c[DRIVE_CONNS_MAX];
    int epoll = epoll_create1(0);
    for (size_t i = 0; i < conns; i++) {
        int on = 1;
        struct epoll_event ev = {.events = EPOLLIN, .data.u64 = i};
        c[i] = (struct yardstick_conn){.fd = accept(listener, NULL, NULL), .call = i};
        (void)setsockopt(c[i].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)epoll_ctl(epoll, EPOLL_CTL_ADD, c[i].fd, &ev);
    }
    for (;;) {
        struct epoll_event events[DRIVE_CONNS_MAX];
        int n = epoll_wait(epoll, events, DRIVE_CONNS_MAX, -1);
        for (int k = 0; k < n; k++) {
            struct yardstick_conn *one = &c[events[k].data.u64];
            ssize_t got = recv(one->fd, sink, sizeof sink, 0);
            if (got <= 0) {
                (void)epoll_ctl(epoll, EPOLL_CTL_DEL, one->fd, NULL);
                continue;
            }
            one->got += (size_t)got;
            if (one->call < count && one->got >= calls[one->call].request.n) {
                (void)drive_send(one->fd, ls_buf_span(&calls[one->call].reply));
                one->call += conns;
                one->got = 0;
            }
        }
    }
}

#endif
