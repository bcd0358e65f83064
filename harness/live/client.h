/*
 * HTTP POST from inside the event loop, on libcurl's multi interface: for the node's own JSON-RPC
 * port. Connections are kept and reused; proxies of the environment are ignored.
 */
#ifndef LS_HARNESS_LIVE_CLIENT_H
#define LS_HARNESS_LIVE_CLIENT_H

#include <stdint.h>

#include "harness/live/loop.h"
#include "lib/bytes.h"
#include "lib/err.h"

#define LS_CLIENT_ANSWER_MAX (4u << 20) /* bytes of an answer's body */

struct ls_client;
struct ls_client_call;

/* How a call ended. */
struct ls_client_answer {
    enum ls_err err;     /* OK: an HTTP answer came; else CONNECT, TIMEOUT, LIMIT */
    unsigned status;     /* HTTP status, 0 without answer */
    struct ls_span body; /* borrowed during the callback */
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

/* Ends a call without calling back. NULL is fine. */
void ls_client_cancel(struct ls_client_call *call);

#endif
