/*
 * Child: a node that `lockstep replay` starts by itself, told that the player's ports are its
 * peers. What has to be known of it is the adapter's (harness/live/adapter.h).
 */
#ifndef LS_HARNESS_RECORD_CHILD_H
#define LS_HARNESS_RECORD_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/live/adapter.h"
#include "harness/live/loop.h"
#include "harness/record/peer.h"
#include "lib/bytes.h"
#include "lib/err.h"

struct ls_child;

struct ls_child_options {
    struct ls_loop *loop;             /* borrowed, outlives the child */
    const struct ls_adapter *adapter; /* static */
    const char *program;              /* path */
    enum ls_variant variant;
    uint16_t ports[LS_PEER_COUNT]; /* 0: no such peer */
    struct ls_span rollup;         /* text of its rollup config */
    uint64_t poll_ns;
    const char *const *args; /* further arguments */
    size_t args_count;
};

/* Starts it. IO, CONFIG, NOMEM with a sentence. */
enum ls_err ls_child_start(const struct ls_child_options *o, struct ls_child **out,
                           struct ls_diag *d);

/* Stops it (SIGTERM, then SIGKILL) and removes its folder, unless keep_log: then log_path stays.
 * NULL is fine. */
void ls_child_free(struct ls_child *c, bool keep_log);

/* Has it not ended yet? */
bool ls_child_is_running(const struct ls_child *c);
/* >= 0: exit code, < 0: minus the signal. Once it has ended. */
int ls_child_status(const struct ls_child *c);

/* Its log file, and the URL of its own RPC port. */
const char *ls_child_log(const struct ls_child *c);
const char *ls_child_url(const struct ls_child *c);

#endif
