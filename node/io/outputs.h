/*
 * optimism_outputAtBlock, the part that needs the engine: its block at a number and, before
 * Isthmus, where the header does not have it, the storage root of the message passer from
 * eth_getProof, which is held against the block's state root.
 *
 * Pure: request bodies out, reply bodies in.
 */
#ifndef LS_NODE_IO_OUTPUTS_H
#define LS_NODE_IO_OUTPUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/rollup.h"
#include "lib/op/types.h"

/* What is told of a block. */
struct ls_output {
    struct ls_l2_ref ref;
    struct ls_hash state_root;
    struct ls_hash passer_root; /* storage root of the L2ToL1MessagePasser */
};

enum ls_output_step {
    LS_OUTPUT_BLOCK, /* the block is asked for */
    LS_OUTPUT_PROOF, /* the storage root is */
    LS_OUTPUT_DONE,
    LS_OUTPUT_FAILED
};

/* One question. */
struct ls_output_query {
    enum ls_output_step step;
    uint64_t number;
    struct ls_output output; /* complete when DONE */
    struct ls_diag why;      /* when FAILED: the text op-node's clients know, or what went wrong */
};

/* A new question about that block. */
struct ls_output_query ls_output_ask(uint64_t number);

/* Appends the body of the request that is due (BLOCK, PROOF) with this JSON-RPC id. */
void ls_output_write_request(const struct ls_output_query *q, uint32_t id, struct ls_buf *out);

/* The reply to it: moves q on to PROOF, DONE or FAILED. */
void ls_output_take(struct ls_output_query *q, const struct ls_rollup *r, uint32_t id,
                    struct ls_span body);

/* It failed on the way: FAILED. why: a sentence. */
void ls_output_fail(struct ls_output_query *q, const char *why);

#endif
