/*
 * The command line of `lockstep run`.
 */
#ifndef LS_HARNESS_RUN_OPTIONS_H
#define LS_HARNESS_RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/world.h"
#include "lib/err.h"
#include "mocks/model/engine.h"

#define LS_RUN_JOBS_DEFAULT 8u
#define LS_RUN_JOBS_MAX 64u
#define LS_RUN_REPEAT_MAX 1000u
#define LS_RUN_TICK_DEFAULT UINT64_C(50000000) /* ns; the C node's (scenarios 1) */

struct ls_run_options {
    const char *program; /* lockstep itself, as called */
    const char *cl;      /* path of the node under test; NULL = beside lockstep */
    const char *cl_kind; /* adapter, "lightcl" */
    const char *profile; /* of the engine where a scenario names none, "deep:16"; NULL = "geth" */
    struct ls_engine_profile engine; /* that, read; name NULL when profile is */
    const char *fixture;             /* only this one; NULL = all a scenario names */
    const char *fixtures;            /* folder of fixtures; NULL = look for it */
    const char *trace_dir; /* all traces go here; NULL = those of failures, to a folder of their
                              own */
    const char *tap_file;  /* the TAP text once more, whole or not at all; NULL = none */
    uint64_t from;         /* window of block numbers of fixtures that name none of their own */
    uint64_t to;           /* UINT64_MAX: no end */
    uint64_t tick_ns;
    uint64_t seed;
    unsigned workers;
    unsigned repeat;
    bool only_variant; /* variant is set */
    enum ls_variant variant;
    bool is_long;
    bool wants_help;
    char **names; /* files, folders, ids; borrowed from argv */
    size_t name_count;
};

/* Reads argv (argv[0] is "run"). USAGE with a sentence that names the argument. */
enum ls_err ls_run_options_parse(int argc, char **argv, const char *program,
                                 struct ls_run_options *out, struct ls_diag *d);

/* The help text. */
const char *ls_run_usage(void);

#endif
