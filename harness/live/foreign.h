/*
 * A node of another chain, for a source's port that leads to the wrong one (scenarios 2.2,
 * SRC-WRONG): a second fixture with mocks of its own, at its tip.
 */
#ifndef LS_HARNESS_LIVE_FOREIGN_H
#define LS_HARNESS_LIVE_FOREIGN_H

#include <stdbool.h>

#include "harness/capture/chain.h"
#include "harness/live/mocks.h"
#include "lib/err.h"
#include "mocks/trace.h"

/* Zeroed is closed. */
struct ls_foreign {
    bool is_open;
    struct ls_chain chain;
    struct ls_mocks mocks;
};

/* Opens the fixture in folder dir: its source calls the tip unsafe and safe, and a block a little
 * below it finalized. f is closed; trace may be NULL. Errors of ls_chain_open and ls_mocks_init; f
 * is closed then. */
enum ls_err ls_foreign_open(struct ls_foreign *f, const char *dir, enum ls_src_flavour flavour,
                            struct ls_trace *trace, struct ls_diag *d);

/* After no port is of its source any more. */
void ls_foreign_close(struct ls_foreign *f);

#endif
