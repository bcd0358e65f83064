/*
 * Replay: a recorded conversation against a node under test, from ports to verdict. The node is
 * somebody else's, or a child of this process, or the recording itself (a rehearsal).
 */
#ifndef LS_HARNESS_RECORD_REPLAY_H
#define LS_HARNESS_RECORD_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/live/adapter.h"
#include "harness/record/gate.h"
#include "harness/record/tape.h"
#include "lib/err.h"

struct ls_replay_options {
    const struct ls_tape *tape;
    bool is_loose;
    bool has_delays;
    bool is_rehearsal;
    struct ls_gate_place at[LS_PEER_COUNT];
    uint64_t tick_ns;     /* > 0 */
    uint64_t ticks_max;   /* 0: as long as it takes */
    uint64_t patience_ns; /* see player.h */
    uint64_t settle_ns;   /* likewise */
    uint64_t idle_ns;     /* it ends when no recorded call came for so long */
    /* The node: started here when program is not NULL, else fed at feed_url when that is not. */
    const struct ls_adapter *adapter;
    const char *program;
    const char *const *args;
    size_t args_count;
    struct ls_span rollup;
    const char *feed_url;
};

/* Runs it; TAP goes to stdout as it comes. *is_equal: the node's calls are those of the recording.
 * An error is one of setting it up. */
enum ls_err ls_replay_run(const struct ls_replay_options *o, bool *is_equal, struct ls_diag *d);

#endif
