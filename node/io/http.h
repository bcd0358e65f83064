/*
 * HTTP client: POSTs of JSON to the three peers, many at a time on one thread, over libcurl.
 *
 * Bounded in every direction: a fixed number of requests, a maximum of reply bytes a peer, a time
 * a request. No redirect is followed, no proxy used, no cookie kept: a peer is the URL it was given
 * as. Connections are kept alive and shared. It knows nothing of JSON.
 */
#ifndef LS_NODE_IO_HTTP_H
#define LS_NODE_IO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "node/core/core.h"

/* Requests under way at once. The core has at most 16 alive; a cancelled one is gone at once. */
#define LS_HTTP_SLOTS 32u

struct ls_http;

/* A peer: where, and how much it may say. url is borrowed and outlives the client; NULL = unused.*/
struct ls_http_peer {
    const char *url;
    size_t reply_bytes_max; /* > 0 */
};

/* Makes a client. NOMEM, or INTERNAL when libcurl cannot be started. */
enum ls_err ls_http_new(const struct ls_http_peer peers[LS_TARGET_COUNT], struct ls_http **out,
                        struct ls_diag *d);

/* Drops what is under way and frees all; NULL is fine. Never waits. */
void ls_http_free(struct ls_http *h);

/* One request to start. */
struct ls_http_post {
    uint32_t id; /* not 0, not under way already */
    enum ls_target target;
    const char *bearer;  /* token for an Authorization header, copied; NULL = none */
    uint64_t timeout_ns; /* from now; at least 1 ms is given */
};

/* Starts a POST of body, whose memory it takes over in every case (body is left empty). LIMIT: all
 * slots are busy; NOMEM; INTERNAL. */
enum ls_err ls_http_post(struct ls_http *h, const struct ls_http_post *post, struct ls_buf *body,
                         struct ls_diag *d);

/* Requests to the target that start from now on go to that URL, borrowed as those of peers. */
void ls_http_lead_to(struct ls_http *h, enum ls_target target, const char *url);

/* Drops a request; unknown ids are ignored. */
void ls_http_cancel(struct ls_http *h, uint32_t id);

/* What became of a request. */
struct ls_http_reply {
    uint32_t id;
    enum ls_target target;
    bool is_ok;              /* a 2xx status and the whole body */
    enum ls_fail_class fail; /* when not ok */
    int64_t code;            /* HTTP status of a HTTP or AUTH failure, else 0 */
    uint64_t retry_after_ns; /* Retry-After of a refusal, 0 = none */
    struct ls_span body;     /* when ok; until the next call of next, post or cancel */
    char date[40];           /* the peer's clock (Date header) of an AUTH failure; may be empty */
    struct ls_diag why;      /* when not ok: one sentence */
};

/* Does all I/O that is possible now. */
void ls_http_turn(struct ls_http *h);

/* The next finished request; false when there is none. Each is reported once. */
bool ls_http_next(struct ls_http *h, struct ls_http_reply *out);

/* A descriptor of somebody else that ends the wait when it can be read. */
struct ls_http_fd {
    int fd;
    bool is_ready; /* set by the wait */
};

#define LS_HTTP_FDS_MAX 4u

/* Waits until a request can go on, one of fds (count <= LS_HTTP_FDS_MAX) can be read, or timeout_ns
 * have passed (rounded up to milliseconds). */
void ls_http_wait(struct ls_http *h, struct ls_http_fd *fds, size_t count, uint64_t timeout_ns);

#endif
