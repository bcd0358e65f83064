/*
 * From a heap of blocks to the order of a segment: which are canonical, which are orphans, where a
 * window cuts, what the tips are called. Pure: it sees hashes and numbers only.
 *
 * Blocks that are linked to one another have one canonical path, a run: the one a point on it says,
 * else the one down from the highest block (the first given of several). A chain may stand lower
 * than what it left behind, so whoever knows its tip should say so.
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

/* What is known of a block that is, or was, canonical. */
enum ls_dag_point_kind {
    LS_DAG_TIP,      /* nothing above it is canonical */
    LS_DAG_HEAD,     /* the head when it was last looked at; more heads say, latest first, what was
                        the head before: canonical is what goes on from the last one, but not what
                        the chain had left when it came back to it */
    LS_DAG_ANCESTOR, /* the tip descends from it, or is it */
};

struct ls_dag_point {
    struct ls_hash hash;
    enum ls_dag_point_kind kind;
};

struct ls_dag_options {
    uint64_t first; /* window, inclusive; 0 .. UINT64_MAX keeps all */
    uint64_t last;
    struct ls_hash keep; /* kept although below the window (genesis); zero: none */
    bool is_one_chain;   /* runs must not overlap in numbers: all are of one chain */
    const struct ls_dag_tip *tips;
    size_t tip_count;
    const struct ls_dag_point
        *points; /* the first of a run leads it; those not there are ignored */
    size_t point_count;
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
