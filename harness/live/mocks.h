/*
 * The other side of a node under test: engine, source and L1 as models over the blocks of one
 * chain, and the JSON-RPC ports of each as backends. Who puts them on sockets, and when their heads
 * move, is the owner's business (live.h: a scenario; harness/serve: a clock or a person).
 */
#ifndef LS_HARNESS_LIVE_MOCKS_H
#define LS_HARNESS_LIVE_MOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capture/chain.h"
#include "lib/err.h"
#include "mocks/backend.h"
#include "mocks/model/engine.h"
#include "mocks/model/l1.h"
#include "mocks/model/source.h"
#include "mocks/rpc/eth_reads.h"
#include "mocks/trace.h"

/* Models are owned by this; zeroed is none. */
struct ls_mocks {
    struct ls_chain *chain; /* borrowed, outlives the mocks and their backends */
    struct ls_trace *trace; /* borrowed, likewise; NULL: nothing is traced */
    struct ls_engine *engine;
    struct ls_source *source;
    struct ls_l1 *l1;
};

/* At the start of the chain: an engine with nothing but genesis, a source at genesis, the whole L1.
 * CONFIG when the chain lacks what a node needs to follow it (rollup config, genesis block); NOMEM.
 * *m is then zeroed. */
enum ls_err ls_mocks_init(struct ls_mocks *m, struct ls_chain *chain, struct ls_trace *trace,
                          const struct ls_engine_profile *profile, struct ls_diag *d);
/* After the backends are freed. Zeroed is fine. */
void ls_mocks_fini(struct ls_mocks *m);

/* The engine's port; jwt_secret (borrowed) of 32 bytes, NULL = no token. NULL when out of memory.
 * Freed by ls_engine_rpc_free. */
struct ls_backend *ls_mocks_engine_rpc(const struct ls_mocks *m, const uint8_t *jwt_secret,
                                       enum ls_eth_state state);
/* The source's port in the flavour that the model has at the time of a call. Freed by
 * ls_source_rpc_free. */
struct ls_backend *ls_mocks_source_rpc(const struct ls_mocks *m);
/* The source's port rpc (of any mocks) is of these mocks' source from now on. false: out of memory,
 * it is as it was. */
bool ls_mocks_take_source_rpc(const struct ls_mocks *m, struct ls_backend *rpc);
/* The source's port in this flavour, whatever the model says. Freed by ls_source_rpc_free. */
struct ls_backend *ls_mocks_source_rpc_as(const struct ls_mocks *m, enum ls_src_flavour flavour,
                                          enum ls_eth_state state);
/* The L1's port. Freed by ls_l1_rpc_free. */
struct ls_backend *ls_mocks_l1_rpc(const struct ls_mocks *m);

#endif
