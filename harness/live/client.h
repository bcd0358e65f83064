/*
 * HTTP requests from inside the event loop, on libcurl's multi interface: for the node's own
 * JSON-RPC port, and for peers whose answers are passed on. Connections are kept and reused;
 * proxies of the environment are ignored, redirections are not followed.
 */
#ifndef LS_HARNESS_LIVE_CLIENT_H
#define LS_HARNESS_LIVE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/live/loop.h"
#include "lib/bytes.h"
#include "lib/err.h"

#define LS_CLIENT_ANSWER_MAX (4u << 20) /* bytes of an answer's body */

struct ls_client;
struct ls_client_call;

/* Why there is no whole answer; LS_CLIENT_WHOLE when there is one. */
enum ls_client_failure {
    LS_CLIENT_WHOLE,
    LS_CLIENT_REFUSED, /* no connection: refused, unreachable */
    LS_CLIENT_UNKNOWN, /* the name does not resolve */
    LS_CLIENT_TLS,     /* no common ground, or a certificate nobody vouches for */
    LS_CLIENT_RESET,   /* the connection ended before an answer began, or speaks no HTTP */
    LS_CLIENT_CUT,     /* it ended within the answer: status and body are what came */
    LS_CLIENT_TIMEOUT,
    LS_CLIENT_TOO_LONG, /* longer than the caller takes */
    LS_CLIENT_INTERNAL  /* memory, libcurl */
};

/* How a call ended. Everything is borrowed during the callback. */
struct ls_client_answer {
    enum ls_err err; /* OK: an HTTP answer came; else CONNECT, TIMEOUT, LIMIT */
    enum ls_client_failure failure;
    unsigned status; /* HTTP status, 0 without answer */
    struct ls_span body;
    const char *content_type; /* NULL: none */
    uint64_t retry_after_s;   /* 0: none */
};

/* A request that is more than a JSON post. Strings are borrowed during the call. */
struct ls_client_request {
    const char *verb; /* "POST" … */
    const char *url;
    const char *content_type;  /* NULL: none */
    const char *authorization; /* value of the header; NULL: none */
    struct ls_span body;       /* copied */
    size_t answer_bytes_max;   /* of the answer's body; > 0 */
    uint64_t timeout_ms;       /* 0: none */
    bool is_once; /* on a connection of its own: when a kept one turns out to be dead, libcurl sends
                     the request again, and the peer may have had it twice */
};
typedef void ls_client_fn(void *user, const struct ls_client_answer *answer);

/* loop is borrowed and outlives the client. NOMEM. */
enum ls_err ls_client_new(struct ls_loop *loop, struct ls_client **out, struct ls_diag *d);
/* Forgets all calls without calling anybody back. NULL is fine. */
void ls_client_free(struct ls_client *c);

/* POSTs body (copied) as application/json to url. fn is called once, later, from the loop; after it
 * the call is gone. NULL when memory is out. */
struct ls_client_call *ls_client_post(struct ls_client *c, const char *url, struct ls_span body,
                                      uint64_t timeout_ms, ls_client_fn *fn, void *user);

/* Sends any request; as ls_client_post otherwise. */
struct ls_client_call *ls_client_send(struct ls_client *c, const struct ls_client_request *request,
                                      ls_client_fn *fn, void *user);

/* Ends a call without calling back. NULL is fine. */
void ls_client_cancel(struct ls_client_call *call);

#endif
