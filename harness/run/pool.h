/*
 * Workers: each job in a forked process, a bounded number at a time, results in the order of the
 * plan whatever the order of their ends. A job that crashes or hangs is a failed test, not the end
 * of the run.
 */
#ifndef LS_HARNESS_RUN_POOL_H
#define LS_HARNESS_RUN_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/run/job.h"

/* Called in plan order with each result; out is borrowed for the call. */
typedef void ls_pool_sink(void *user, size_t index, const struct ls_job_result *out);

/* Runs all jobs, o->workers at a time. LS_OK when all were run; TIMEOUT when SIGINT or SIGTERM
 * ended the run early (workers are stopped, results not reached are not reported); INTERNAL or
 * NOMEM when processes cannot be made. */
enum ls_err ls_pool_run(const struct ls_run_options *o, const struct ls_plan *plan,
                        ls_pool_sink *sink, void *user, struct ls_diag *d);

#endif
