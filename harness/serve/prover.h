/*
 * The verification of the served chain while it is being served. The ports open as soon as the
 * chain's index is read; blocks are then verified one after another whenever the loop has a turn to
 * spare, and out of turn when an answer needs one. What cannot be verified ends the service: no
 * answer leaves that was made without a block it asked for.
 */
#ifndef LS_HARNESS_SERVE_PROVER_H
#define LS_HARNESS_SERVE_PROVER_H

#include "harness/capture/chain.h"
#include "harness/live/loop.h"
#include "mocks/backend.h"

/* Wraps a backend over the chain; owned by the caller, as is inner. */
struct ls_guard {
    struct ls_backend base;
    struct ls_backend *inner;
    const struct ls_chain *chain;
};

/* The guard as a backend; inner NULL gives NULL. Once the chain is found wrong, connections are
 * reset in place of an answer. */
struct ls_backend *ls_guard_init(struct ls_guard *g, struct ls_backend *inner,
                                 const struct ls_chain *chain);

struct ls_prover {
    struct ls_chain *chain;
    struct ls_loop *loop;
    struct ls_loop_timer timer;
};

/* Begins to verify, a few blocks a turn of the loop, until all are; what is wrong is then
 * ls_chain_fault's. chain and loop are borrowed for as long as the loop turns. */
void ls_prover_start(struct ls_prover *p, struct ls_chain *chain, struct ls_loop *loop);

#endif
