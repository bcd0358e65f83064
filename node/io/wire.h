/*
 * The core's requests as JSON-RPC bodies, and the peers' replies as the core's events.
 *
 * Pure: no socket, no clock. What each peer is trusted with (spec 5.3): our engine is believed;
 * blocks of an execution-layer source must hash to the hash they state; of an L1 block only
 * its hash is used, to be compared with an origin's, so recomputing it would prove nothing more.
 */
#ifndef LS_NODE_IO_WIRE_H
#define LS_NODE_IO_WIRE_H

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/rollup.h"
#include "node/core/core.h"
#include "node/io/store.h"

/* Appends the body of the request that action (a SEND) asks for; its id is the JSON-RPC id. store
 * has the payload of NEW_PAYLOAD. Errors stick in out. */
void ls_wire_encode(const struct ls_action *action, const struct ls_store *store,
                    struct ls_buf *out);

/* The method's name on the wire, for logs; a NEW_PAYLOAD without its version. */
const char *ls_wire_method(enum ls_method m);

/* Reads the body that answered action. Fills kind (REPLY or FAIL), id and the result in *out, not
 * the time; everything else in it is zeroed. On FAIL d has a sentence; for a verdict other than
 * VALID it has the engine's validationError, if any. On REPLY *remark (not NULL) says what in the
 * answer does not fit the fork schedule, or is empty. */
void ls_wire_decode(const struct ls_action *action, const struct ls_rollup *rollup,
                    struct ls_span body, struct ls_event *out, struct ls_diag *d,
                    struct ls_diag *remark);

#endif
