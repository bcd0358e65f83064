/*
 * Unsafe blocks over RPC, for a node that nobody gossips to: an execution layer is asked
 * for the block above our head, again and again. A block is taken when its hash is that of its
 * content and it sits on our head, or on the one taken before it, so all there is to trust is the
 * head. What is taken goes the way of every unsafe payload; safe and finalized are the source's
 * business.
 *
 * It goes forward only. Where that node is on another branch than our head nothing is taken, until
 * the source's safe block has moved the head over.
 *
 * Pure: request bodies out, reply bodies in.
 */
#ifndef LS_NODE_IO_UNSAFE_H
#define LS_NODE_IO_UNSAFE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/payload.h"
#include "lib/op/rollup.h"
#include "lib/op/types.h"
#include "node/core/core.h"

/* Most blocks taken above the head: what is further waits for the engine. */
#define LS_UNSAFE_AHEAD_MAX 64u

struct ls_unsafe {
    uint64_t pause_ns;       /* between two questions while there is nothing new */
    uint64_t next_ns;        /* when to ask; LS_NEVER while an answer is awaited */
    struct ls_block_id base; /* the next block sits on it: our head, or the last one taken */
};

/* Asks at once, then after each pause (> 0). */
void ls_unsafe_init(struct ls_unsafe *u, uint64_t pause_ns);

/* Whether to ask now. The core's status says where the head is; while that is not known, or the
 * engine is busy with something else, the next time is a pause later. */
bool ls_unsafe_is_due(struct ls_unsafe *u, const struct ls_core_status *s, uint64_t now_ns);

/* Appends the body of the request, which is then awaited. */
void ls_unsafe_write_request(struct ls_unsafe *u, uint32_t id, struct ls_buf *out);

enum ls_unsafe_found {
    LS_UNSAFE_BLOCK,   /* a payload: hand it in */
    LS_UNSAFE_NOTHING, /* the node has no such block yet */
    LS_UNSAFE_BAD      /* nothing to be taken, d says why */
};

/* The reply. BLOCK: *out, whose memory is in a, sits on what was taken so far; the next question is
 * due at once. Else it is after a pause. */
enum ls_unsafe_found ls_unsafe_take(struct ls_unsafe *u, const struct ls_rollup *r, uint32_t id,
                                    struct ls_span body, uint64_t now_ns, struct ls_arena *a,
                                    struct ls_payload *out, struct ls_diag *d);

/* The request failed, or its block could not be handed in: again from the head, after a pause or
 * retry_after_ns, whichever is longer. */
void ls_unsafe_again(struct ls_unsafe *u, uint64_t now_ns, uint64_t retry_after_ns);

#endif
