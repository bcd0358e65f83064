/*
 * Handing the payload of a block to a node, as a stand-in for gossip: the request, and what is
 * recorded of the node's answer.
 */
#ifndef LS_HARNESS_LIVE_PAY_H
#define LS_HARNESS_LIVE_PAY_H

#include <stdint.h>

#include "harness/live/client.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "mocks/model/universe.h"
#include "mocks/trace.h"

/* Bytes of a decoded block, and of a request. */
#define LS_PAY_BYTES_MAX (64u << 20)

/* Appends the JSON-RPC request `method` (admin_postUnsafePayload) with the payload of block to out.
 * TYPE and others, naming the block, when it is none that can be a payload; NOMEM, LIMIT. */
enum ls_err ls_pay_write(const struct ls_ublock *block, uint64_t id, const char *method,
                         struct ls_buf *out, struct ls_diag *d);

/* An answer of the node as far as an event that is no call records it: HTTP status, error code (0:
 * none) and text, which is cut to what an event holds. */
struct ls_trace_event ls_trace_node_answer(enum ls_trace_kind kind, const char *method,
                                           const struct ls_client_answer *answer, int64_t code,
                                           const char *text);

/* Puts the node's verdict on a payload into the trace; id is the request's. */
void ls_trace_put_pay(struct ls_trace *trace, const struct ls_ublock *block, uint64_t id,
                      const char *method, const struct ls_client_answer *answer, uint64_t now_ns);

#endif
