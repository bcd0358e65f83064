/*
 * Progress of a long fetch as text: a bar on a terminal, now and then a line elsewhere. Pure:
 * counts and times in, text out.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_PROGRESS_H
#define LS_HARNESS_CAPTURE_PULL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LS_PULL_BAR_EVERY_MS 100u
#define LS_PULL_LINE_EVERY_MS 5000u
#define LS_PULL_PROGRESS_BYTES 160u

struct ls_pull_progress {
    bool is_terminal;
    uint64_t blocks; /* since the start */
    uint64_t start_ms;
    uint64_t shown_ms;     /* when something was shown last */
    uint64_t shown_blocks; /* and how many there were */
    double rate;           /* blocks a second, smoothed; 0: not known yet */
};

void ls_pull_progress_init(struct ls_pull_progress *p, bool is_terminal, uint64_t now_ms);

/* Another block came: number of at last target. true when it is time to show out, a text without
 * line break. */
bool ls_pull_progress_block(struct ls_pull_progress *p, uint64_t number, uint64_t target,
                            uint64_t now_ms, char out[LS_PULL_PROGRESS_BYTES]);

#endif
