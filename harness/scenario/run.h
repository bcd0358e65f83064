/*
 * Runs one scenario in one world: the script as a coroutine that yields whenever it waits, and the
 * loop that lets the world go on, looks at what the script waits for, and keeps the promises that
 * shall never break. Says how it ended; judging the invariants and telling people is the caller's.
 */
#ifndef LS_HARNESS_SCENARIO_RUN_H
#define LS_HARNESS_SCENARIO_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/check/tracelog.h"
#include "harness/report/tap.h"
#include "harness/scenario/host.h"
#include "harness/world.h"

struct ls_scenario_options {
    const char *path;        /* of the scenario file */
    struct ls_world *world;  /* borrowed, fresh */
    struct ls_tracelog *log; /* borrowed; the sink of the world's trace */
    const char *fixture;     /* name, for the script */
    uint64_t seed;
    uint64_t ticks_max;
    bool is_long;                       /* the script's w.long */
    bool (*is_interrupted)(void *user); /* asked once a turn; may be NULL */
    void *user;
};

struct ls_scenario_result {
    enum ls_outcome outcome; /* PASSED, FAILED, BROKEN or SKIPPED */
    struct ls_script_pos at; /* where in the script; no line when it passed */
    char what[256];          /* the expectation's name, or what is wrong with the script */
    char expected[512];
    char seen[1024];
    uint64_t ticks;     /* how long it took */
    uint64_t slack_min; /* fewest ticks left of a bound, UINT64_MAX without bounds; 0 = within the
                           slack of a live world */
};

/* Runs it. Never fails otherwise than through the result. */
void ls_scenario_run(const struct ls_scenario_options *o, struct ls_scenario_result *out);

/* i-th verb's name, NULL past the end (for the documentation test). */
const char *ls_scenario_verb(size_t i);

#endif
