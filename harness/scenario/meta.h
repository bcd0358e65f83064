/*
 * What a scenario file says about itself: identity, where it applies, what it covers, which
 * invariants it switches off and why, which deviations of other nodes are known. Read once, before
 * anything runs, so that a wrong file stops the whole run with its line instead of failing
 * half-way.
 */
#ifndef LS_HARNESS_SCENARIO_META_H
#define LS_HARNESS_SCENARIO_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/world.h"
#include "lib/err.h"

#define LS_META_FIXTURES_MAX 4u
#define LS_META_COVERS_MAX 32u
#define LS_META_EXEMPT_MAX 8u
#define LS_META_KNOWN_MAX 8u

/* An invariant that this scenario switches off. */
struct ls_exemption {
    char id[8]; /* "I-06" */
    char reason[160];
};

/* A node that is known to fail this scenario: reported as such, never counted as a failure. */
struct ls_known_deviation {
    char cl[24];
    char what[160];
    char link[160];
};

struct ls_scenario_meta {
    char path[256];
    char id[24];
    char title[160];
    char priority[4]; /* "P0" "P1" "P2" */
    char applies;     /* 'A' 'L' 'D' 'X' (scenarios 1) */
    bool has_variant[2];
    char fixtures[LS_META_FIXTURES_MAX][48];
    size_t fixture_count;
    char covers[LS_META_COVERS_MAX][16];
    size_t cover_count;
    struct ls_exemption exempt[LS_META_EXEMPT_MAX];
    size_t exempt_count;
    struct ls_known_deviation known[LS_META_KNOWN_MAX];
    size_t known_count;
    uint64_t ticks_max; /* a run that takes longer is stopped */
};

struct ls_host;

/* Reads the table on top of h's stack, as ls_host_load left it, and leaves it there. path is the
 * file's. CONFIG with "file:line: what; what to do". */
enum ls_err ls_meta_read(struct ls_host *h, const char *path, struct ls_scenario_meta *out,
                         struct ls_diag *d);

/* Loads the file in a state of its own and reads its table: ls_host_load and ls_meta_read. */
enum ls_err ls_meta_load(const char *path, struct ls_scenario_meta *out, struct ls_diag *d);

/* Line of path on which text first stands; 1 when it does not. For errors about a value. */
int ls_meta_line(const char *path, const char *text);

#endif
