/*
 * The table of invariants. Inside harness/check only; a further invariant is a further row.
 */
#ifndef LS_HARNESS_CHECK_INVARIANTS_H
#define LS_HARNESS_CHECK_INVARIANTS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/check/model.h"
#include "lib/err.h"

struct ls_invariant {
    const char *id;
    const char *title;
    /* Looks at an event as it comes in, before the model takes it. true: violated, *why says how.
     */
    bool (*is_broken)(const struct ls_check_model *m, const struct ls_trace_event *e,
                      struct ls_diag *why);
};

/* i-th row, NULL past the end. */
const struct ls_invariant *ls_invariant_at(size_t i);

#endif
