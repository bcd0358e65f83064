/*
 * Where things are: the folders of scenarios and fixtures, the node's program, and the scenario
 * files that the words of a command line mean.
 */
#ifndef LS_HARNESS_RUN_LOCATE_H
#define LS_HARNESS_RUN_LOCATE_H

#include <stddef.h>

#include "lib/err.h"

#define LS_SCENARIO_FILES_MAX 1024u

/* Paths, sorted as they are to run. Zeroed is empty. */
struct ls_paths {
    char **items;
    size_t count;
};

void ls_paths_fini(struct ls_paths *p);

/* Finds the folder called name ("scenarios", "fixtures"): in the tree the program stands in
 * (<program>/../name), in the current folder, or installed (<program>/../share/lockstep/name).
 * Writes its path to out (cap bytes). NOT_FOUND names the places. */
enum ls_err ls_locate_folder(const char *name, char *out, size_t cap, struct ls_diag *d);

/* Finds a program that stands beside this one. NOT_FOUND when there is none. */
enum ls_err ls_locate_program(const char *name, char *out, size_t cap);

/* Appends the scenario files that word means: a file, a folder (all below it, by name), or an id,
 * sought below scenarios (may be NULL). A file whose name does not begin with a capital letter is a
 * helper for use(), no scenario, unless it is named itself. NOT_FOUND, LIMIT, NOMEM. */
enum ls_err ls_locate_scenarios(const char *word, const char *scenarios, struct ls_paths *out,
                                struct ls_diag *d);

#endif
