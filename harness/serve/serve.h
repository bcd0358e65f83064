/* `lockstep serve`: the mocks over a recorded chain, as servers. */
#ifndef LS_HARNESS_SERVE_SERVE_H
#define LS_HARNESS_SERVE_SERVE_H

/* The subcommand; argv[0] is "serve". Returns the exit code: 0 ended by a signal, 1 something was
 * refused or lost, 2 wrong usage. */
int ls_cmd_serve(int argc, char **argv);

#endif
