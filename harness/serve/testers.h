/*
 * The sync testers of `lockstep serve`: the chain that is served, whose upstream moves with it, or
 * the chains of op-sync-tester's config file, each whole.
 */
#ifndef LS_HARNESS_SERVE_TESTERS_H
#define LS_HARNESS_SERVE_TESTERS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/capture/chain.h"
#include "lib/err.h"
#include "mocks/backend.h"
#include "mocks/rpc/synctester_config.h"
#include "mocks/rpc/upstream.h"
#include "mocks/trace.h"

/* All borrowed; what is served outlives the testers. */
struct ls_testers_options {
    const char *config; /* file; NULL: the served chain alone */
    const char *fixture;
    struct ls_upstream *served; /* over fixture */
    uint64_t served_chain_id;
    const uint8_t *jwt_secret; /* 32 bytes; NULL: no token is asked for */
    uint64_t sessions_max;     /* of a chain; 0 = the port's own */
    uint64_t idle_s;           /* a session unused for longer is deleted; 0 = never */
    uint64_t seed;
    struct ls_trace *trace;
};

/* A chain of the config file that is not the served one. */
struct ls_testers_chain {
    struct ls_chain chain;
    struct ls_upstream *upstream;
};

/* Zeroed is none. */
struct ls_testers {
    struct ls_synctester_file file;
    struct ls_testers_chain *chains; /* one for each entry, zeroed for the served chain */
    struct ls_backend *backend;
};

/* Reads the file, opens and verifies what its el_rpc name (a fixture folder, seen from the file or
 * from here) and makes the backend. CONFIG with file and line, or what ls_chain_open says. *t is
 * then zeroed. */
enum ls_err ls_testers_init(struct ls_testers *t, const struct ls_testers_options *o,
                            struct ls_diag *d);
void ls_testers_fini(struct ls_testers *t);

#endif
