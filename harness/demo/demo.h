/*
 * `lockstep demo`: a tour of half a minute. lightcl follows a recorded chain over real sockets
 * beside an empty engine, is led onto a fork, and has its engine wiped; the terminal shows the
 * heads over time. It is a show and a check at once: the verdict comes from the engine's labels and
 * from the invariants over the trace, as in every scenario.
 */
#ifndef LS_HARNESS_DEMO_DEMO_H
#define LS_HARNESS_DEMO_DEMO_H

/* argv[0] is "demo". Returns the program's exit code: 0 the node came out right, 1 it did not, 2
 * wrong usage, a missing fixture or program. */
int ls_cmd_demo(int argc, char **argv);

#endif
