/* Command line of `lockstep demo`. */
#ifndef LS_HARNESS_DEMO_OPTIONS_H
#define LS_HARNESS_DEMO_OPTIONS_H

#include <stdint.h>

#include "harness/world.h"

#define LS_DEMO_PATH_MAX 1024u

struct ls_demo_options {
    enum ls_variant variant;
    uint64_t tick_ns;
    char fixture[LS_DEMO_PATH_MAX];
    char program[LS_DEMO_PATH_MAX]; /* the node's */
    char trace[LS_DEMO_PATH_MAX];
};

/* What the program does next. */
enum ls_demo_start { LS_DEMO_GO, LS_DEMO_HELPED, LS_DEMO_MISUSED };

/* Fills *o from defaults and arguments. HELPED: the usage was printed. MISUSED: one line on stderr
 * said what is wrong. */
enum ls_demo_start ls_demo_options_read(int argc, char **argv, struct ls_demo_options *o);

#endif
