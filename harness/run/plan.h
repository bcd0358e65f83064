/*
 * What is to be run: every (scenario, variant, fixture), with files read and fixtures opened before
 * anything starts, so that a wrong file stops the run at once and workers inherit verified chains.
 */
#ifndef LS_HARNESS_RUN_PLAN_H
#define LS_HARNESS_RUN_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "harness/capture/chain.h"
#include "harness/run/options.h"
#include "harness/scenario/meta.h"

#define LS_FORK_BLOCKS_MAX 2048u /* synthetic blocks a scenario can make */

/* A fixture that some job needs. */
struct ls_fixture {
    char name[48];
    struct ls_chain chain;
};

struct ls_job {
    const struct ls_scenario_meta *meta;
    struct ls_fixture *fixture;
    enum ls_variant variant;
    uint64_t seed;
    unsigned round; /* of --repeat, from 0 */
};

/* Zeroed is empty. */
struct ls_plan {
    struct ls_scenario_meta *metas;
    size_t meta_count;
    struct ls_fixture *fixtures;
    size_t fixture_count;
    struct ls_job *jobs;
    size_t job_count;
    char cl[1024]; /* the node's program, "" = the adapter's default */
};

/* Finds, reads and opens all that o asks for. USAGE class (or the protocol class of a refused
 * fixture or file) with a sentence that names file and line. plan is freed by ls_plan_fini in any
 * case. */
enum ls_err ls_plan_make(const struct ls_run_options *o, struct ls_plan *plan, struct ls_diag *d);

void ls_plan_fini(struct ls_plan *plan);

#endif
