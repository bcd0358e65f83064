/*
 * What a world says to the node under test: unsafe payloads, one in flight and in order, and the
 * question for its heads, at most once a tick and only while somebody wants to know. Both are
 * recorded in the trace.
 *
 * Payloads meant for a node whose server is not up yet are tried again until it is; those not
 * acknowledged when the node ends are lost, as gossip is.
 */
#ifndef LS_HARNESS_LIVE_NODERPC_H
#define LS_HARNESS_LIVE_NODERPC_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/live/adapter.h"
#include "harness/live/client.h"
#include "harness/live/loop.h"
#include "lib/op/sync_status.h"
#include "mocks/model/universe.h"
#include "mocks/trace.h"

#define LS_NODERPC_QUEUE_MAX 4096u

struct ls_noderpc_options {
    struct ls_loop *loop; /* all borrowed */
    const struct ls_adapter *adapter;
    const struct ls_universe *l2;
    struct ls_trace *trace;
    uint16_t port;
};

struct ls_noderpc;

enum ls_err ls_noderpc_new(const struct ls_noderpc_options *o, struct ls_noderpc **out,
                           struct ls_diag *d);
/* NULL is fine. */
void ls_noderpc_free(struct ls_noderpc *n);

/* A new incarnation runs: its status is not known yet. */
void ls_noderpc_up(struct ls_noderpc *n);
/* It ended: what is under way and what waits is forgotten. */
void ls_noderpc_down(struct ls_noderpc *n);

/* Queues the payload of a block. CONNECT when no node runs, LIMIT when the queue is full, TYPE and
 * others when the block is no payload. */
enum ls_err ls_noderpc_feed(struct ls_noderpc *n, uint32_t block, struct ls_diag *d);
/* Payloads not yet acknowledged. */
size_t ls_noderpc_feeding(const struct ls_noderpc *n);

/* The newest status of this incarnation; false when there is none yet. Keeps asking for two ticks.
 */
bool ls_noderpc_status(struct ls_noderpc *n, struct ls_sync_status *out);

/* A tick ended. */
void ls_noderpc_tick(struct ls_noderpc *n);

#endif
