/*
 * How far into the recording the served source is. A position in milliseconds that runs with real
 * time, faster or slower by a factor, or stands still until somebody moves it. Time is passed in.
 */
#ifndef LS_HARNESS_SERVE_PACE_H
#define LS_HARNESS_SERVE_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define LS_PACE_REAL 1000u         /* thousandths: as recorded */
#define LS_PACE_MILLI_MAX 1000000u /* a thousand times as fast */
#define LS_PACE_TEXT_BYTES 24u

/* Zeroed stands still at 0. */
struct ls_pace {
    bool is_running;
    uint64_t milli; /* thousandths of real time; 1 … LS_PACE_MILLI_MAX while running */
    uint64_t at_ms; /* position at anchor_ns */
    uint64_t anchor_ns;
};

/* "real", "manual", or a factor: "10", "0.5", at most three digits behind the point, 0.001 to 1000.
 * Sets is_running and milli only. USAGE. */
enum ls_err ls_pace_parse(const char *text, struct ls_pace *out, struct ls_diag *d);

/* What parse takes, for LS_PACE_TEXT_BYTES bytes. */
void ls_pace_print(const struct ls_pace *p, char out[LS_PACE_TEXT_BYTES]);

/* The position; now_ns not before the last change. */
uint64_t ls_pace_at_ms(const struct ls_pace *p, uint64_t now_ns);

/* Goes on from here at the pace of how. */
void ls_pace_change(struct ls_pace *p, const struct ls_pace *how, uint64_t now_ns);

/* Goes on at the same pace from at_ms. */
void ls_pace_jump(struct ls_pace *p, uint64_t at_ms, uint64_t now_ns);

#endif
