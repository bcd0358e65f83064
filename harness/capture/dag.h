/*
 * From a heap of blocks to the order of a segment: which are canonical, which are orphans, where a
 * window cuts, what the tips are called. Pure: it sees hashes and numbers only.
 *
 * Canonical is the path down from the highest block (the first given of several). Blocks that are
 * not linked to it because blocks between are not recorded make runs of their own.
 */
#ifndef LS_HARNESS_CAPTURE_DAG_H
#define LS_HARNESS_CAPTURE_DAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/capture/manifest.h"
#include "lib/arena.h"
#include "lib/err.h"
#include "lib/op/types.h"

#define LS_DAG_NODES_MAX (1u << 28)

struct ls_dag_node {
    struct ls_hash hash;
    struct ls_hash parent;
    uint64_t number;
};

/* A tip that has a name already. It keeps its place and name when it is in the window. */
struct ls_dag_tip {
    struct ls_hash hash;
    const char *name;
    bool is_synthetic;
    uint64_t invalid_from; /* as in struct ls_manifest_branch */
};

struct ls_dag_options {
    uint64_t first; /* window, inclusive; 0 .. UINT64_MAX keeps all */
    uint64_t last;
    struct ls_hash keep; /* kept although below the window (genesis); zero: none */
    bool is_one_chain;   /* runs must not overlap in numbers: all are of one chain */
    const struct ls_dag_tip *tips;
    size_t tip_count;
};

/* What to write, and how the manifest describes it. Memory is in the arena. */
struct ls_dag {
    const uint32_t *order; /* indices of nodes, in file order */
    size_t count;
    size_t canonical_count;
    const struct ls_manifest_run *runs;
    size_t run_count;
    const struct ls_manifest_branch *branches;
    size_t branch_count;
};

/* Arranges count (>= 1) nodes with distinct hashes. LINK when a number does not follow its
 * parent's, EXISTS when two unlinked runs hold the same number of one chain, RANGE when the window
 * is empty, LIMIT, NOMEM. */
enum ls_err ls_dag_arrange(const struct ls_dag_node *nodes, size_t count,
                           const struct ls_dag_options *options, struct ls_arena *a,
                           struct ls_dag *out, struct ls_diag *d);

#endif
