/*
 * Front: serves one backend (mocks/backend.h) over HTTP, on 127.0.0.1 unless told otherwise, with
 * libmicrohttpd as the parser. It knows HTTP and nothing of JSON-RPC: verbs, paths, tokens and
 * content types are the backend's to judge; only the body cap and unknown expectations are answered
 * here.
 *
 * No thread and no blocking call: the owner waits on ls_front_fd until ls_front_deadline and then
 * calls ls_front_turn. Replies that take their time (delay, drip) or never come (hold, hang) are
 * suspended connections; the loop that calls turn is the only one that resumes them.
 *
 * The port belongs to the front for its whole life, also while it is closed: a closed front refuses
 * connections, and nobody else can take its port meanwhile.
 */
#ifndef LS_MOCKS_HTTP_FRONT_H
#define LS_MOCKS_HTTP_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "mocks/backend.h"
#include "mocks/trace.h"

#define LS_FRONT_NEVER UINT64_MAX

struct ls_front;

struct ls_front_options {
    struct ls_backend *backend; /* borrowed, outlives the front */
    const char *address;        /* IPv4 in dots, borrowed during new; NULL = 127.0.0.1 */
    uint16_t port;              /* 0 = any free one */
    size_t body_bytes_max;      /* longer requests: 413, or cut when sent in chunks; > 0 */
    size_t reply_bytes_max;     /* of bodies a backend writes (stored ones do not count); > 0 */
    unsigned connections_max;   /* further ones wait to be accepted; > 0 */
    bool is_cors;               /* too large a body is refused behind geth's CORS handler: Vary */
    bool gzip;                  /* compress bodies for clients that accept it, as geth does */
    struct ls_trace *trace;     /* borrowed; NULL: requests are not traced */
    enum ls_trace_ep ep;        /* whose port this is, for the trace */
};

/* The clock of one loop turn. mono_ns counts from any point, but never backwards. */
struct ls_front_time {
    uint64_t mono_ns;
    int64_t wall_s;
};

/* Opens the port and listens. USAGE when the address is none, IO when the port cannot be had (d
 * names it), NOMEM. */
enum ls_err ls_front_new(const struct ls_front_options *o, struct ls_front **out,
                         struct ls_diag *d);

/* Resets every connection and frees all. NULL is fine. */
void ls_front_free(struct ls_front *f);

/* The port, the same for the whole life. */
uint16_t ls_front_port(const struct ls_front *f);

/* Becomes readable when ls_front_turn has work. Stays valid while the port is closed. */
int ls_front_fd(const struct ls_front *f);

/* When ls_front_turn is due even without anything to read (mono_ns of ls_front_turn), or
 * LS_FRONT_NEVER; 0 = at once. */
uint64_t ls_front_deadline(const struct ls_front *f);

/* Does all I/O that is possible now. */
void ls_front_turn(struct ls_front *f, struct ls_front_time now);

/* Asks the backend again for every held request, oldest first; what it does not hold again is
 * answered in the next turn. */
void ls_front_retry(struct ls_front *f, struct ls_front_time now);

/* Closing resets all connections (held requests are abandoned) and refuses new ones; opening
 * listens on the same port. Nothing happens when it is so already. IO, NOMEM. */
enum ls_err ls_front_set_open(struct ls_front *f, bool is_open, struct ls_diag *d);

/* As set by ls_front_set_open, or by a reply that had the port refuse for a while; a new front is
 * open. */
bool ls_front_is_open(const struct ls_front *f);

/* Requests waiting because the backend said LS_FATE_HOLD. */
size_t ls_front_held(const struct ls_front *f);

/* Open connections. */
size_t ls_front_connections(const struct ls_front *f);

/* Requests handed to the backend so far (each once, however often it was asked again). */
uint64_t ls_front_requests(const struct ls_front *f);

#endif
