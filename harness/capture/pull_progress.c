/*
 * Progress.
 */
#include "harness/capture/pull_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BAR_CELLS 24u
#define SMOOTHING 0.3 /* weight of the newest interval */
#define SPAN_BYTES 32u

void ls_pull_progress_init(struct ls_pull_progress *p, bool is_terminal, uint64_t now_ms)
{
    *p = (struct ls_pull_progress){
        .is_terminal = is_terminal, .start_ms = now_ms, .shown_ms = now_ms};
}

static void take_rate(struct ls_pull_progress *p, uint64_t now_ms)
{
    double blocks = (double)(p->blocks - p->shown_blocks);
    double now = blocks * 1000.0 / (double)(now_ms - p->shown_ms);

    p->rate = p->rate > 0 ? p->rate + SMOOTHING * (now - p->rate) : now;
    p->shown_ms = now_ms;
    p->shown_blocks = p->blocks;
}

/* "1:02:03", "2:03". */
static void put_span(uint64_t s, char out[SPAN_BYTES])
{
    if (s >= 3600) {
        snprintf(out, SPAN_BYTES, "%" PRIu64 ":%02u:%02u", s / 3600, (unsigned)(s / 60 % 60),
                 (unsigned)(s % 60));
    } else {
        snprintf(out, SPAN_BYTES, "%u:%02u", (unsigned)(s / 60), (unsigned)(s % 60));
    }
}

static void put_bar(uint64_t done, uint64_t all, char out[BAR_CELLS + 1])
{
    size_t full = (size_t)((double)done / (double)all * BAR_CELLS);

    memset(out, '.', BAR_CELLS);
    memset(out, '#', full < BAR_CELLS ? full : BAR_CELLS);
    out[BAR_CELLS] = '\0';
}

static void write_text(const struct ls_pull_progress *p, uint64_t number, uint64_t target,
                       char out[LS_PULL_PROGRESS_BYTES])
{
    char bar[BAR_CELLS + 1];
    char eta[SPAN_BYTES] = "-";
    uint64_t left = target > number ? target - number : 0;

    if (p->rate > 0) {
        put_span((uint64_t)((double)left / p->rate + 0.5), eta);
    }
    if (p->is_terminal) {
        put_bar(p->blocks, p->blocks + left, bar);
        snprintf(out, LS_PULL_PROGRESS_BYTES,
                 "[%s] block %" PRIu64 " of %" PRIu64 "  %.0f blocks/s  ETA %s", bar, number,
                 target, p->rate, eta);
    } else {
        snprintf(out, LS_PULL_PROGRESS_BYTES,
                 "block %" PRIu64 " of %" PRIu64 ", %.0f blocks/s, ETA %s", number, target, p->rate,
                 eta);
    }
}

bool ls_pull_progress_block(struct ls_pull_progress *p, uint64_t number, uint64_t target,
                            uint64_t now_ms, char out[LS_PULL_PROGRESS_BYTES])
{
    uint64_t every = p->is_terminal ? LS_PULL_BAR_EVERY_MS : LS_PULL_LINE_EVERY_MS;

    p->blocks++;
    if (now_ms < p->shown_ms + every) {
        return false;
    }
    take_rate(p, now_ms);
    write_text(p, number, target, out);
    return true;
}
