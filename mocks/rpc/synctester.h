/*
 * The upstream sync tester (op-sync-tester) as a backend: its URLs, sessions, methods, codes and
 * texts, bug for bug (mock-engine section 1), over recorded chains instead of a live node.
 *
 * Beyond it: tokens, limits and expiry of sessions, faults by URL (docs/SYNCTESTER.md), and
 * lockstep_counters, which answers {"method": calls, …} of a session, or without one of its chain.
 *
 * The 2 s the real one sleeps before it asks again for an unknown block, and whatever its upstream
 * takes, are a delay of the reply; meanwhile further calls on that session wait for it.
 */
#ifndef LS_MOCKS_RPC_SYNCTESTER_H
#define LS_MOCKS_RPC_SYNCTESTER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "mocks/backend.h"
#include "mocks/rpc/upstream.h"
#include "mocks/trace.h"

#define LS_SYNCTESTER_BODY_BYTES_MAX (5u << 20) /* for the front: longer requests are 413 */
#define LS_SYNCTESTER_CHAINS_MAX 64u

/* One entry of the config file: a route /chain/<chain_id>/synctest with sessions of its own. */
struct ls_synctester_chain {
    uint64_t chain_id;
    struct ls_upstream *upstream; /* borrowed, outlives the backend */
};

struct ls_synctester_config {
    const struct ls_synctester_chain *chains; /* copied; at most LS_SYNCTESTER_CHAINS_MAX, no id
                                                 twice */
    size_t chain_count;
    const char *version;          /* what /healthz and health_status say; borrowed; NULL = v0.0.0 */
    uint32_t sessions_max;        /* of a chain; 0 = 1024 */
    uint32_t tombstones_max;      /* of a chain; 0 = 16384 */
    uint32_t payloads_max;        /* of a chain; 0 = 65536 */
    uint32_t faulty_sessions_max; /* of all chains: sessions with faults of their own; 0 = 64 */
    uint64_t idle_ns_max;         /* a session unused for longer is deleted; 0 = never */
    uint64_t decoded_bytes_max;   /* blocks kept decoded, of a chain; 0 = 32 MiB */
    uint64_t seed;                /* of faults that are a matter of chance */
    const uint8_t *jwt_secret;    /* 32 bytes, borrowed; NULL: no token is asked for */
    struct ls_trace *trace;       /* borrowed; NULL: no trace */
};

/* Makes the backend. USAGE when two chains have the same id or there are too many (d says which),
 * NOMEM. Freed by ls_synctester_free. The front should gzip (ls_front_options.gzip). */
enum ls_err ls_synctester_new(const struct ls_synctester_config *cfg, struct ls_backend **out,
                              struct ls_diag *d);
/* NULL is fine. */
void ls_synctester_free(struct ls_backend *b);

#endif
