/*
 * One scenario in one world, from models to verdict. Called in a process of its own.
 */
#ifndef LS_HARNESS_RUN_JOB_H
#define LS_HARNESS_RUN_JOB_H

#include "harness/report/tap.h"
#include "harness/run/plan.h"
#include "lib/bytes.h"

struct ls_job_result {
    enum ls_outcome outcome;
    char why[256]; /* of SKIPPED and KNOWN */
    uint64_t ticks;
    struct ls_buf detail; /* the YAML block of a result that is not PASSED; owned */
};

/* Runs it and judges it: what the script says, then the invariants from the trace. Changes the
 * job's chain (forks). Never fails otherwise than through the result. */
void ls_job_run(const struct ls_run_options *o, const struct ls_plan *plan,
                const struct ls_job *job, struct ls_job_result *out);

/* "FOL-01 A devnet-forks", with the round when there are several. */
void ls_job_name(const struct ls_run_options *o, const struct ls_job *job, char *out, size_t cap);

#endif
