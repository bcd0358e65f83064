/*
 * Pace.
 */
#include "harness/capture/pull_pace.h"

#define BATCH_START 8u
#define QUICK_MS 1000u          /* an answer sooner than that, and … */
#define SMALL_BYTES (2u << 20)  /* … smaller than that, lets the batch grow */
#define SLOW_MS 5000u           /* later than that, or … */
#define LARGE_BYTES (16u << 20) /* … larger, makes it shrink */
#define DOUBLINGS_MAX 7u        /* 250 ms << 7 is over the maximum */

void ls_pull_pace_init(struct ls_pull_pace *p, size_t batch_max, uint64_t seed)
{
    *p = (struct ls_pull_pace){.batch_max = batch_max, .random = seed};
    p->batch = batch_max < BATCH_START ? batch_max : BATCH_START;
}

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators). */
static uint64_t next_random(struct ls_pull_pace *p)
{
    uint64_t z = p->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void ls_pull_pace_good(struct ls_pull_pace *p, size_t count, size_t bytes, uint64_t took_ms)
{
    p->failures = 0; /* a pause stays: this one may have been in the air before it */
    p->has_answered = true;
    if (took_ms > SLOW_MS || bytes > LARGE_BYTES) {
        p->batch = count > 1 ? count / 2 : 1;
    } else if (count >= p->batch && took_ms < QUICK_MS && bytes < SMALL_BYTES) {
        p->batch = p->batch * 2 < p->batch_max ? p->batch * 2 : p->batch_max;
    }
}

bool ls_pull_pace_smaller(struct ls_pull_pace *p, size_t count)
{
    if (count <= 1) {
        return false;
    }
    if (count / 2 < p->batch_max) {
        p->batch_max = count / 2;
    }
    if (p->batch > p->batch_max) {
        p->batch = p->batch_max;
    }
    return true;
}

uint64_t ls_pull_pace_bad(struct ls_pull_pace *p, uint64_t now_ms, uint64_t retry_after_ms)
{
    unsigned doublings = p->failures < DOUBLINGS_MAX ? p->failures : DOUBLINGS_MAX;
    uint64_t full = (uint64_t)LS_PULL_BACKOFF_MIN_MS << doublings;

    if (p->failures++ == 0) {
        p->failing_since_ms = now_ms;
    }
    if (full > LS_PULL_BACKOFF_MAX_MS) {
        full = LS_PULL_BACKOFF_MAX_MS;
    }
    uint64_t pause = full / 2 + next_random(p) % (full / 2 + 1);
    if (retry_after_ms > LS_PULL_RETRY_AFTER_MAX_MS) {
        retry_after_ms = LS_PULL_RETRY_AFTER_MAX_MS;
    }
    if (retry_after_ms > 0) { /* the jitter on top keeps many clients apart */
        pause = retry_after_ms + pause % LS_PULL_BACKOFF_MIN_MS;
    }
    p->pause_until_ms = now_ms + pause;
    return pause;
}

uint64_t ls_pull_pace_end_ms(const struct ls_pull_pace *p, uint64_t patience_ms, uint64_t first_ms)
{
    return p->failing_since_ms +
           (p->has_answered || patience_ms < first_ms ? patience_ms : first_ms);
}
