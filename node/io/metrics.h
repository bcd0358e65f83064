/*
 * GET /metrics: what the node did and what it sees, in the text format of Prometheus.
 *
 * Names are op-node's where op-node has the same thing (prefix op_node_default_), so that its
 * dashboards go on working; what only a follower can tell has names of its own. The meter counts
 * what passes through the shell; the rest is read from the core's status when a page is asked for.
 */
#ifndef LS_NODE_IO_METRICS_H
#define LS_NODE_IO_METRICS_H

#include <stdint.h>

#include "lib/bytes.h"
#include "node/core/core.h"

#define LS_METRICS_BYTES_MAX (1u << 18) /* of a page; it is far smaller */

/* References shown, in the order of the table in metrics.c. */
#define LS_METER_REFS 9u
/* Answers to a write: each enum ls_payload_status, and "error" last. */
#define LS_METER_ANSWERS 6u
enum ls_meter_source {
    LS_METER_UNSAFE,
    LS_METER_LOCAL_SAFE,
    LS_METER_SAFE,
    LS_METER_FINALIZED,
    LS_METER_SOURCES
};

/* Zeroed is a new one. */
struct ls_meter {
    uint64_t forkchoices[LS_METER_ANSWERS];
    uint64_t payloads[LS_METER_ANSWERS];
    struct ls_l2_ref source[LS_METER_SOURCES]; /* as last told, whether it was usable or not */
    uint64_t unsafe_payloads;                  /* taken from outside */
    int64_t last_unsafe_payload_s;
    struct ls_hash seen[LS_METER_REFS]; /* for the age of a block when it was first shown */
    int64_t latency_s[LS_METER_REFS];
};

/* What came of a request: ev is the REPLY or FAIL that the core is told. */
void ls_meter_answer(struct ls_meter *m, const struct ls_action *asked, const struct ls_event *ev);

/* An unsafe payload was taken. */
void ls_meter_payload(struct ls_meter *m, int64_t wall_s);

/* The published status changed. */
void ls_meter_heads(struct ls_meter *m, const struct ls_sync_status *s, int64_t wall_s);

/* Appends the page; out's maximum should be LS_METRICS_BYTES_MAX. */
void ls_metrics_write(const struct ls_meter *m, const struct ls_core_status *s, struct ls_buf *out);

#endif
