/*
 * Pace: how much to ask a node for at once, and when to ask again. Grows while the node is quick,
 * halves when it refuses, waits longer with every failure in a row and gives up when the user's
 * patience is over. Pure: time is passed in, chance comes from a seed.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_PACE_H
#define LS_HARNESS_CAPTURE_PULL_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LS_PULL_BACKOFF_MIN_MS 250u
#define LS_PULL_BACKOFF_MAX_MS 30000u
#define LS_PULL_RETRY_AFTER_MAX_MS 300000u /* longest Retry-After that is obeyed */

struct ls_pull_pace {
    size_t batch;            /* calls to put into the next request; 1: a lone call, no array */
    size_t batch_max;        /* lowered when the node refuses a size */
    unsigned failures;       /* in a row */
    uint64_t pause_until_ms; /* no request before; 0: none */
    uint64_t failing_since_ms;
    uint64_t random;
    bool has_answered; /* the node answered something once */
};

/* batch_max >= 1. seed: any. */
void ls_pull_pace_init(struct ls_pull_pace *p, size_t batch_max, uint64_t seed);

/* A request of count calls was answered in full: bytes long, after took_ms. */
void ls_pull_pace_good(struct ls_pull_pace *p, size_t count, size_t bytes, uint64_t took_ms);

/* The node will not answer count calls at once. false when it was a lone call: no smaller way. */
bool ls_pull_pace_smaller(struct ls_pull_pace *p, size_t count);

/* A request failed in a way that may pass. retry_after_ms: what the node asked for, 0: nothing.
 * Sets pause_until_ms: twice as long with each failure in a row, at random from half of that to
 * all of it, never before retry_after_ms. Returns the pause, ms. */
uint64_t ls_pull_pace_bad(struct ls_pull_pace *p, uint64_t now_ms, uint64_t retry_after_ms);

/* When its failures have lasted too long, on the clock of now_ms: patience_ms after the first of
 * them; a node that never answered at all gets first_ms. Valid while failures > 0. */
uint64_t ls_pull_pace_end_ms(const struct ls_pull_pace *p, uint64_t patience_ms, uint64_t first_ms);

#endif
