/*
 * One loopback connection of a test that shares its thread with the server: nothing blocks, the
 * test turns both sides until nothing happens any more.
 */
#ifndef LS_TESTS_UNIT_WIRE_H
#define LS_TESTS_UNIT_WIRE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/bytes.h"

struct wire {
    int fd;
    struct ls_buf out;
    size_t sent;
    size_t hold_at; /* bytes after this one wait for "100 Continue" */
    struct ls_buf in;
    bool is_over;
    bool is_reset;
};

/* Bytes to send go into out; what came is in in. */
static void wire_init(struct wire *w, size_t bytes_max)
{
    *w = (struct wire){.fd = -1};
    ls_buf_init(&w->out, bytes_max);
    ls_buf_init(&w->in, bytes_max);
}

/* false: errno says why. */
static bool wire_dial(struct wire *w, uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    w->fd = socket(AF_INET, SOCK_STREAM, 0);
    return w->fd >= 0 && connect(w->fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
           fcntl(w->fd, F_SETFL, O_NONBLOCK) == 0;
}

static void wire_close(struct wire *w)
{
    if (w->fd >= 0) {
        (void)close(w->fd);
    }
    w->fd = -1;
    ls_buf_fini(&w->out);
    ls_buf_fini(&w->in);
}

/* false: nothing more can be said or heard now. */
static bool wire_talk(struct wire *w)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    char part[65536];
    bool did = false;
    bool may_all = w->hold_at == 0 ||
                   (w->in.n >= sizeof go_on - 1 && memcmp(w->in.p, go_on, sizeof go_on - 1) == 0);
    size_t n = (may_all ? w->out.n : w->hold_at) - w->sent;
    if (n > 0) {
        ssize_t k = send(w->fd, w->out.p + w->sent, n, MSG_NOSIGNAL);
        did = k > 0;
        w->sent += k > 0 ? (size_t)k : 0;
        if (k < 0 && errno != EAGAIN) {
            w->sent = w->out.n; /* the server has heard enough */
        }
    }
    ssize_t k = w->is_over ? 0 : recv(w->fd, part, sizeof part, 0);
    if (k > 0) {
        (void)ls_buf_put(&w->in, part, (size_t)k);
        return true;
    }
    if (k == 0 || errno != EAGAIN) {
        did = did || !w->is_over;
        w->is_reset = w->is_reset || (k < 0 && !w->is_over);
        w->is_over = true;
    }
    return did;
}

#endif
