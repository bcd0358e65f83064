/*
 * The node's own JSON-RPC (spec 6.1): text in, text out, no socket. Behaves as op-node's server
 * does: batches, notifications, its error codes and, where a client may look at them, its texts.
 */
#ifndef LS_NODE_IO_API_H
#define LS_NODE_IO_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/payload.h"
#include "node/core/core.h"
#include "node/io/outputs.h"

#define LS_API_BODY_BYTES_MAX (32u << 20)  /* an envelope of 10 MiB is 20 MiB of hex */
#define LS_API_REPLY_BYTES_MAX (25u << 20) /* of a batch, as op-node's server has it */
#define LS_API_BATCH_MAX 1000u
#define LS_API_OUTPUTS_MAX 8u /* optimism_outputAtBlock under way at once */

/* What "optimism_version" and /healthz say. */
#define LS_API_VERSION "v" LS_VERSION "-lightcl"

/* The node behind the methods. */
struct ls_api_host {
    void *node; /* first argument of the functions */
    void (*status)(void *node, struct ls_core_status *out);
    /* Takes an unsafe payload whose block hash is right; p is borrowed for the call. An error is
     * one of the node's limits (LIMIT, NOMEM) or the payload's shape (PARSE …); d says which. What
     * the node does with a payload later is no matter of the caller's (spec 3.4). */
    enum ls_err (*post)(void *node, const struct ls_payload *p, struct ls_diag *d);
    /* Starts to find out the output of a block; the answer comes by ls_server_output with this slot
     * (below LS_API_OUTPUTS_MAX). false: it cannot be asked for now. */
    bool (*ask_output)(void *node, size_t slot, uint64_t number);
    /* Appends the page of GET /metrics. */
    void (*metrics)(void *node, struct ls_buf *out);
    const char *rollup_json; /* what optimism_rollupConfig answers */
    size_t rollup_bytes;
    bool is_admin_enabled;
    uint64_t safe_lag_max; /* for readyz */
};

/* Serves one HTTP body: a call, a notification or a batch. Appends the reply to out (maximum
 * LS_API_REPLY_BYTES_MAX); nothing when only notifications were in it. */
void ls_api_serve(const struct ls_api_host *host, const char *text, size_t n, struct ls_buf *out);

/* true when the body is a call of optimism_outputAtBlock, which the engine has to be asked for: it
 * is answered by ls_api_output, everything else by ls_api_serve (also that method in a batch: an
 * error). */
bool ls_api_wants_output(const char *text, size_t n, uint64_t *number);

/* The reply to such a body. o: what was found; NULL: an error with the text why. */
void ls_api_output(const struct ls_api_host *host, const char *text, size_t n,
                   const struct ls_output *o, const char *why, struct ls_buf *out);

/* Appends the bodies of GET /healthz and GET /readyz. readyz returns true when the node is
 * following: source and engine fine, L1 not in the way, a pass has succeeded, and safe is at most
 * lag_max blocks behind unsafe (0: however far; ). wall_s: now. */
void ls_api_healthz(struct ls_buf *out);
bool ls_api_readyz(const struct ls_core_status *s, uint64_t lag_max, int64_t wall_s,
                   struct ls_buf *out);

/* "ok" "syncing" …: an engine state in one word, as readyz and the metrics have it. */
const char *ls_api_engine_text(enum ls_engine_state s);

#endif
