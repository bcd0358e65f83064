/*
 * The world a scenario runs in: recorded chain, mocks, one consensus node under test, a clock that
 * counts ticks. Two implementations: harness/live (a child process, sockets, wall clock) and,
 * later, harness/sim (our core in virtual time). A scenario sees only this.
 *
 * The mocks live in the harness process in both worlds, so their models are plain pointers here: a
 * verb that changes the engine's state or moves the source's heads writes to the model directly.
 * What differs between the worlds is behind the operations.
 *
 * Tick: one follow-poll period of the node under test. The tick counter advances by one a period of
 * world time; a harness that was stalled counts one tick for the whole stall, so a slow machine
 * makes a run longer, not a bound tighter.
 */
#ifndef LS_HARNESS_WORLD_H
#define LS_HARNESS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/op/sync_status.h"
#include "mocks/model/universe.h"

struct ls_chain;   /* harness/capture/chain.h: fixture, universes, branches, label timeline */
struct ls_engine;  /* mocks/model/engine.h */
struct ls_source;  /* mocks/model/source.h */
struct ls_l1;      /* mocks/model/l1.h */
struct ls_trace;   /* mocks/trace.h */
struct ls_backend; /* mocks/backend.h */

/* The mock's ports. */
enum ls_endpoint { LS_EP_ENGINE, LS_EP_SOURCE, LS_EP_L1, LS_ENDPOINT_COUNT };

/* Variant of following (spec 2.3, 2.4). */
enum ls_variant { LS_VARIANT_A, LS_VARIANT_B };

/* How the node under test is started. */
struct ls_start_options {
    bool with_l1;            /* give it an L1 URL */
    const char *const *args; /* further arguments, args_count, appended after the adapter's; the
                                placeholders of harness/live/adapter.h count in them */
    size_t args_count;
};

struct ls_world;

struct ls_world_ops {
    /* Starts the node under test (a new incarnation). USAGE-class errors name the program. */
    enum ls_err (*start)(struct ls_world *w, const struct ls_start_options *o, struct ls_diag *d);
    /* Sends signo to it (SIGTERM, SIGKILL, SIGSTOP, SIGCONT). Its end is seen by is_running. */
    void (*signal)(struct ls_world *w, int signo);
    bool (*is_running)(const struct ls_world *w);
    /* Exit status of the last incarnation that ended: >= 0 exit code, < 0 minus the signal. */
    int (*exit_status)(const struct ls_world *w);
    /* Lines of its log, over all incarnations, that contain text; -1 when there is no log. */
    long (*said)(const struct ls_world *w, const char *text);
    /* Hands it an unsafe payload (admin_postUnsafePayload); asynchronous, queued in order. */
    enum ls_err (*feed)(struct ls_world *w, uint32_t block, struct ls_diag *d);
    /* Payloads handed in and not yet acknowledged by the node's RPC. */
    size_t (*feeding)(const struct ls_world *w);
    /* Asks for its optimism_syncStatus; the answer of the newest finished request is in *out. false
     * until there is one for this incarnation. Calling it keeps a poll of one request a tick going.
     */
    bool (*status)(struct ls_world *w, struct ls_sync_status *out);
    /* From now on requests to ep whose method matches glob are kept before they take effect, until
     * release. count 0 = all that come. Several holds may be active. */
    void (*hold)(struct ls_world *w, enum ls_endpoint ep, const char *glob, unsigned count);
    /* Lets held requests go (glob as given to hold; NULL = all of ep) in the order they came. */
    void (*release)(struct ls_world *w, enum ls_endpoint ep, const char *glob);
    /* Requests held now. */
    size_t (*held)(const struct ls_world *w, enum ls_endpoint ep);
    /* Closes (connections are reset, new ones refused) or opens the port. */
    enum ls_err (*port)(struct ls_world *w, enum ls_endpoint ep, bool is_open, struct ls_diag *d);
    /* The source's port is of a node of another chain from now on, the fixture in folder dir, at
     * that chain's tip (SRC-WRONG). NULL: of the world's source again. Errors of ls_chain_open. */
    enum ls_err (*foreign_source)(struct ls_world *w, const char *dir, struct ls_diag *d);
    /* Does I/O until something happened or the tick ended, whichever is first. */
    void (*turn)(struct ls_world *w);
    /* Ticks since the world was made. */
    uint64_t (*now)(const struct ls_world *w);
    /* World time since it was made, ns: the time base of the trace. */
    uint64_t (*now_ns)(const struct ls_world *w);
    void (*free)(struct ls_world *w);
};

/* Fields are owned by the world and live as long as it. */
struct ls_world {
    const struct ls_world_ops *ops;
    struct ls_chain *chain;
    struct ls_engine *engine;
    struct ls_source *source;
    struct ls_l1 *l1;
    struct ls_trace *trace;
    /* Fault filters of the ports (mocks/filter/filter.h); rules added here act at once. */
    struct ls_backend *filters[LS_ENDPOINT_COUNT];
    enum ls_variant variant;
    const char *cl_name; /* adapter name: "lightcl", later "op-node", "kona-node" */
    uint64_t tick_ns;
    bool is_live; /* bounds get one tick of phase slack and 1.5 s of process slack (scenarios 1) */
};

#endif
