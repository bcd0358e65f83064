/*
 * Fetcher: runs a plan of calls against a node over a link: packs them into batches, keeps several
 * requests in the air, asks again for what failed, hands the answers out in order.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_FETCH_H
#define LS_HARNESS_CAPTURE_PULL_FETCH_H

#include <stdint.h>

#include "harness/capture/pull_call.h"
#include "harness/capture/pull_link.h"
#include "harness/capture/pull_pace.h"
#include "lib/err.h"

#define LS_PULL_SLOTS_MAX 16u

/* A node that can be asked. */
struct ls_pull_endpoint {
    const char *url;  /* borrowed; may hold credentials */
    const char *name; /* for sentences; no credentials */
    struct ls_pull_pace pace;
};

struct ls_pull_fetch_options {
    unsigned slots;       /* requests in the air, 1 .. LS_PULL_SLOTS_MAX */
    uint64_t patience_ms; /* how long a node may fail before the plan does */
    uint64_t first_ms;    /* the same for a node that never answered */
    /* Told of a pause of a second or more before a node is asked again; may be NULL. */
    void (*on_pause)(void *user, const struct ls_pull_endpoint *ep, uint64_t pause_ms,
                     const char *why);
    void *user;
};

/* As fetch of struct ls_pull_world_ops. A null block is an answer, whoever asked must judge it. */
enum ls_err ls_pull_fetch(struct ls_pull_link *link, struct ls_pull_endpoint *ep,
                          const struct ls_pull_fetch_options *o, const struct ls_pull_plan *plan,
                          struct ls_diag *d);

#endif
