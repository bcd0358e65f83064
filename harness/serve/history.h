/*
 * Heads over time, for the chart of the control page: a ring of samples, one where something
 * changed, at most one each LS_HISTORY_STEP_MS. Time is passed in.
 */
#ifndef LS_HARNESS_SERVE_HISTORY_H
#define LS_HARNESS_SERVE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/jsonw.h"

#define LS_HISTORY_MAX 3600u
#define LS_HISTORY_STEP_MS 500u
#define LS_HISTORY_UNSET UINT64_MAX

enum ls_history_line {
    LS_HISTORY_SOURCE_UNSAFE,
    LS_HISTORY_SOURCE_SAFE,
    LS_HISTORY_SOURCE_FINALIZED,
    LS_HISTORY_EL_LATEST,
    LS_HISTORY_EL_SAFE,
    LS_HISTORY_EL_FINALIZED,
    LS_HISTORY_LINES
};

struct ls_sample {
    uint64_t at_ms;
    uint64_t numbers[LS_HISTORY_LINES]; /* LS_HISTORY_UNSET: no such label */
};

/* Zeroed is empty. */
struct ls_history {
    struct ls_sample samples[LS_HISTORY_MAX]; /* number i, from 1, at i % LS_HISTORY_MAX */
    uint64_t last;
};

/* Takes the sample when it differs from the newest one and that is old enough. */
void ls_history_add(struct ls_history *h, const struct ls_sample *s);

/* Writes samples with a number greater than after, oldest first, as a list of
 * [number, at_ms, source unsafe, safe, finalized, el latest, safe, finalized], null where unset. */
void ls_history_write(const struct ls_history *h, uint64_t after, struct ls_jw *w, const char *key);

#endif
