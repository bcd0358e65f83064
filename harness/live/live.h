/*
 * The live world: harness/world.h over a child process. The mocks are served on loopback ports of
 * this process, the node under test is whatever program the adapter knows how to start, and one
 * event loop without threads or sleeps carries everything.
 */
#ifndef LS_HARNESS_LIVE_LIVE_H
#define LS_HARNESS_LIVE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/world.h"
#include "lib/err.h"

struct ls_live_options {
    struct ls_chain *chain; /* borrowed, outlives the world */
    enum ls_variant variant;
    const char *adapter; /* name in the adapter table; NULL = "lightcl" */
    const char *program; /* path of the node's binary; NULL = the adapter's default */
    uint64_t tick_ns;    /* follow-poll period; 0 = the adapter's default; an
                           adapter that cannot choose keeps its own (see tick_ns of the world) */
    const struct ls_engine_profile *profile; /* of the engine until a scenario says another;
                                                borrowed during ls_live_new; NULL = "geth" */
    uint64_t seed;                           /* JWT secret and every other random choice */
    const char *temp_parent; /* folder in which the run's own folder is made; NULL = $TMPDIR, or
                                /tmp */
    bool keep_temp;          /* leave that folder behind */
    struct ls_trace *trace;  /* borrowed, outlives the world */
    bool is_verbose;         /* ask the node for its most detailed log */
};

/* Makes the world: models at the start of the chain, ports open, no node started. On success *out
 * is freed with its ops->free, which stops the node (SIGTERM, then SIGKILL), closes the ports and
 * removes the folder. CONFIG: unknown adapter, or one that cannot follow in this variant; IO: port
 * or folder; NOMEM. */
enum ls_err ls_live_new(const struct ls_live_options *o, struct ls_world **out, struct ls_diag *d);

/* The run's folder: the node's log is <folder>/cl.log. */
const char *ls_live_temp_dir(const struct ls_world *w);

/* Keeps the folder when the world is freed (a failure wants its log). */
void ls_live_keep_temp(struct ls_world *w);

/* true once SIGINT or SIGTERM asked this process to stop: stop waiting and free the world. */
bool ls_live_is_interrupted(const struct ls_world *w);

/* Where the fronts and the node's RPC listen (for messages to a person). */
uint16_t ls_live_port(const struct ls_world *w, enum ls_endpoint ep);
uint16_t ls_live_rpc_port(const struct ls_world *w);

#endif
