/*
 * The machine-checkable invariants (scenarios 8), judged from the trace of a run and the block
 * universe, whatever the scenario was about. They see only what a wire tap would have seen.
 *
 * What a node knew when it sent a call matters, so events are replayed in the order in which things
 * became known: a request counts when it came in, an answer when it had left.
 *
 * One invariant is one row of the table in invariants.c; a scenario can exempt single rows.
 */
#ifndef LS_HARNESS_CHECK_CHECK_H
#define LS_HARNESS_CHECK_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/check/tracelog.h"
#include "lib/err.h"
#include "mocks/model/universe.h"

#define LS_CHECK_EXEMPT_MAX 16u

struct ls_check_config {
    const struct ls_universe *l2; /* borrowed during the call */
    uint32_t genesis;             /* id in l2 */
    bool is_el_source;            /* variant A: safe and finalized come from two reads */
    bool is_strict;               /* the C node: the strict forms and those that apply to it only */
    const char *exempt[LS_CHECK_EXEMPT_MAX]; /* ids of invariants that are off, "I-06" */
    size_t exempt_count;
};

struct ls_violation {
    const char *invariant; /* "I-01", static */
    const char *title;     /* "NoGenesisHead", static */
    size_t line;           /* index into the log */
    char text[448];        /* what was seen, and what would have been right */
};

/* Judges the whole log. *count gets the number of violations found (each invariant reports its
 * first only), the first max of which are in out. LIMIT or NOMEM when the log cannot be judged; the
 * log's own error when it has one. */
enum ls_err ls_check_run(const struct ls_check_config *cfg, const struct ls_tracelog *log,
                         struct ls_violation *out, size_t max, size_t *count, struct ls_diag *d);

/* true when id names an invariant that is checked. */
bool ls_check_is_known(const char *id);

/* i-th id, NULL past the end. */
const char *ls_check_id(size_t i);

#endif
