/*
 * `lockstep run`: scenarios against a consensus node, results as TAP.
 */
#ifndef LS_HARNESS_RUN_RUN_H
#define LS_HARNESS_RUN_RUN_H

/* Runs the subcommand; argv[0] is its name, program the way lockstep was called (for the commands
 * it prints). Exit code: 0 all passed, 1 some failed, 2 wrong usage or a wrong scenario file. */
int ls_cmd_run(int argc, char **argv, const char *program);

#endif
