/*
 * Gossip for the node under test: what a sequencer would have told it. The blocks that the source's
 * unsafe head passes are handed to the node (admin_postUnsafePayload), each once and in order;
 * after a reorganisation those of the new branch. What the node cannot be told, because it is not
 * there or too slow, is lost, as gossip is.
 */
#ifndef LS_HARNESS_SERVE_GOSSIP_H
#define LS_HARNESS_SERVE_GOSSIP_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/live/loop.h"
#include "lib/err.h"
#include "mocks/model/universe.h"
#include "mocks/trace.h"

/* Payloads that wait for the node; one more is lost. */
#define LS_GOSSIP_QUEUE_MAX 1024u

struct ls_gossip_options {
    struct ls_loop *loop;         /* all borrowed, outlive the gossip */
    const struct ls_universe *l2; /* blocks by id */
    struct ls_trace *trace;
    const char *url; /* of the node's RPC, "http://127.0.0.1:9545" */
};

/* How often what happened, since the beginning. */
struct ls_gossip_counts {
    uint64_t sent;    /* the node answered, be it with an error: the trace says which */
    uint64_t lost;    /* the node could not be reached, or the queue was full */
    uint64_t waiting; /* now */
};

struct ls_gossip;

/* NOMEM. */
enum ls_err ls_gossip_new(const struct ls_gossip_options *o, struct ls_gossip **out,
                          struct ls_diag *d);
/* NULL is fine. */
void ls_gossip_free(struct ls_gossip *g);

/* The source's unsafe head is at block (an id, LS_NO_BLOCK: it has none). The first head is where
 * gossip begins: it is told, what is below is not. A head that fell back along its chain tells
 * nothing. */
void ls_gossip_follow(struct ls_gossip *g, uint32_t block);

/* Hands over one block, whatever it is. LIMIT when the queue is full, others when the block is no
 * payload (the trusted genesis is none). */
enum ls_err ls_gossip_tell(struct ls_gossip *g, uint32_t block, struct ls_diag *d);

/* What became of the payloads so far. */
struct ls_gossip_counts ls_gossip_counts(const struct ls_gossip *g);

#endif
