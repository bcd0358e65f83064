/*
 * The remote L2 node's JSON-RPC port as a backend, in the source model's flavour at the time of the
 * call: optimism_* as op-node answers, or eth_* as op-geth does.
 */
#ifndef LS_MOCKS_SOURCE_RPC_H
#define LS_MOCKS_SOURCE_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/op/rollup.h"
#include "mocks/backend.h"
#include "mocks/model/source.h"
#include "mocks/model/universe.h"
#include "mocks/rpc/eth_reads.h"
#include "mocks/trace.h"

/* Everything is borrowed and outlives the backend; the rollup config is copied. */
struct ls_source_rpc_config {
    struct ls_source *source;
    bool is_flavour_fixed; /* the port is of this flavour, whatever the model says */
    enum ls_src_flavour flavour;
    enum ls_eth_state state; /* what its reads of state say */
    const struct ls_universe *l2;
    const struct ls_rollup *rollup;
    const char *rollup_json; /* text of rollup.json, served by optimism_rollupConfig */
    size_t rollup_json_bytes;
    struct ls_trace *trace; /* NULL: no trace */
};

/* Makes the backend; NULL when out of memory. Freed by ls_source_rpc_free. */
struct ls_backend *ls_source_rpc_new(const struct ls_source_rpc_config *cfg);
void ls_source_rpc_free(struct ls_backend *b);

/* The port is of another node from now on, of another chain perhaps (SRC-WRONG). false: out of
 * memory, it is as it was. */
bool ls_source_rpc_turn_to(struct ls_backend *b, const struct ls_source_rpc_config *cfg);

#endif
