/*
 * JSON-RPC batches as text: calls into a request body, an answer's body into the answers, each as
 * the very bytes the node sent. Knows what nodes say when a batch is too large for them; does no
 * I/O and keeps no time.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_BATCH_H
#define LS_HARNESS_CAPTURE_PULL_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "harness/capture/pull_call.h"
#include "lib/bytes.h"
#include "lib/err.h"

#define LS_PULL_BATCH_MAX 256u /* calls in one request */

/* What became of one call of a batch. */
enum ls_pull_fate {
    LS_PULL_LOST,      /* no answer in the body: ask again */
    LS_PULL_ANSWERED,  /* a result, null included */
    LS_PULL_REFUSED,   /* an error that will not go away */
    LS_PULL_BUSY,      /* rate limit, overload, a passing trouble: ask again later */
    LS_PULL_TOO_LARGE, /* the node does not answer that much at once: ask again for less */
};

struct ls_pull_item {
    enum ls_pull_fate fate;
    struct ls_pull_answer answer; /* result borrows from the body */
};

/* Writes the calls first .. first + count - 1 of the plan with ids 1 .. count: an array, or with
 * is_single (count 1) the call alone. Errors stick in b. */
void ls_pull_batch_write(const struct ls_pull_plan *plan, uint64_t first, size_t count,
                         bool is_single, struct ls_buf *b);

/* Splits the body into count items by id, in whatever order they come. LIMIT: the node refused the
 * batch as a whole (a lone error where an array was due), which *items says nothing about. PARSE
 * when it is not JSON-RPC at all, with a sentence. */
enum ls_err ls_pull_batch_split(struct ls_span body, size_t count, struct ls_pull_item *items,
                                struct ls_diag *d);

#endif
