/* The page a visitor of the demo is left with. */
#ifndef LS_HARNESS_DEMO_SUMMARY_H
#define LS_HARNESS_DEMO_SUMMARY_H

#include <stdbool.h>

#include "harness/capture/chain.h"
#include "harness/check/tracelog.h"
#include "harness/demo/options.h"
#include "harness/demo/story.h"

/* All borrowed. */
struct ls_demo_result {
    const struct ls_demo_options *options;
    const struct ls_chain *chain;
    const struct ls_story *story; /* ended; its world is still there */
    const struct ls_tracelog *log;
    bool is_coloured;
    const char *trace; /* file the trace was written to; NULL when it could not be */
};

/* Judges the invariants and prints the page on stdout. true when the node came out right: every act
 * passed, the engine's labels are the source's, no invariant is violated. */
bool ls_demo_summarise(const struct ls_demo_result *r);

#endif
