/*
 * Match: which recorded call a call of the node under test is, and where the two conversations
 * part. Pure: no I/O, no clock.
 *
 * Strict: calls come in the order of the recording, as far as the node can know it: an answer is
 * due when everything has been asked that had been asked before it was given, by whatever peer. So
 * a call that comes a little early (by less than LS_MATCH_AHEAD calls to its peer, as timers make
 * them) waits for its answer, two that were under way at the same time may come in either order,
 * and the node is never told something earlier than it was. A call that does not come while others
 * wait for it is missing; one that is not to come is extra.
 *
 * Loose: a call gets the next answer that was recorded for the same call and not used yet, and the
 * last one again when they are used up, or when the next one tells of a payload or forkchoice that
 * the engine has not been told of yet. Different are only calls that were never recorded, and
 * recorded ones that are never made.
 *
 * Calls are compared in their normal form (harness/record/canon.h), each for itself: whether they
 * come in a batch does not count.
 */
#ifndef LS_HARNESS_RECORD_MATCH_H
#define LS_HARNESS_RECORD_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/record/canon.h"
#include "harness/record/peer.h"
#include "harness/record/tape.h"
#include "lib/err.h"

#define LS_MATCH_AHEAD 16u
#define LS_MATCH_TEXT_MAX 512u /* of a call in a report; longer ones are cut */

struct ls_match;

struct ls_match_options {
    const struct ls_tape *tape; /* borrowed, outlives the match */
    bool is_loose;
    bool has_feeder; /* payloads that were handed to the node will be again: they take part in the
                        order, asked (ls_match_take) when the node has taken them. Of what else was
                        asked of the node nothing depends. */
};

/* NOMEM, LIMIT. */
enum ls_err ls_match_new(const struct ls_match_options *o, struct ls_match **out,
                         struct ls_diag *d);
/* NULL is fine. */
void ls_match_free(struct ls_match *m);

/* A call of the node, or a request that is no JSON-RPC. */
struct ls_match_call {
    struct ls_canon_key key;
    struct ls_span method; /* for the report */
    struct ls_span params;
};

/* Fills in a call. a is for scratch. LIMIT, NOMEM. */
enum ls_err ls_match_call(struct ls_span method, struct ls_span params, struct ls_arena *a,
                          struct ls_match_call *out);
enum ls_err ls_match_raw(const char *verb, const char *path, struct ls_span body,
                         struct ls_match_call *out);

/* Where the answer is. */
struct ls_match_hit {
    const struct ls_row *row; /* NULL: nothing like it was recorded */
    size_t index;             /* of the call in the row */
    /* Strict: the peer's recording has ended, others' have not. Not counted: whether the call came
     * too early or should not come, time tells (ls_match_extra). */
    bool is_beyond;
    bool is_extra; /* strict: one too many; row is only the best answer there is */
};

/* Takes note of a call and finds its answer. What comes when the recording is over does not count.
 */
struct ls_match_hit ls_match_take(struct ls_match *m, enum ls_peer peer,
                                  const struct ls_match_call *call);

/* A call that was beyond is one too many. */
void ls_match_extra(struct ls_match *m, enum ls_peer peer, const struct ls_match_call *call);

/* Whether everything has been asked that must be before row is answered. */
bool ls_match_is_due(const struct ls_match *m, const struct ls_row *row);

/* The exchange that is to be asked next, NULL when all have been or are given up. Strict. */
const struct ls_row *ls_match_next(const struct ls_match *m);

/* ls_match_next will not come: its calls are missing. */
void ls_match_give_up(struct ls_match *m);

/* true when this exchange has been asked. Index into tape->by_in. */
bool ls_match_is_asked(const struct ls_match *m, size_t by_in);

/* Nothing of the recording is left. */
bool ls_match_is_over(const struct ls_match *m);

/* How many recorded calls have been made so far; grows as the replay goes forward. */
size_t ls_match_progress(const struct ls_match *m);

/* No more calls come: what is left is missing. */
void ls_match_finish(struct ls_match *m);

struct ls_match_difference {
    bool is_there;
    bool has_expected;
    uint64_t seq; /* seq_in of what was expected */
    char expected[LS_MATCH_TEXT_MAX];
    char got[LS_MATCH_TEXT_MAX]; /* "" : nothing came */
};

struct ls_match_sum {
    size_t recorded; /* calls in the recording */
    size_t same;     /* made as recorded */
    size_t repeated; /* loose: answered with the last answer again */
    size_t missing;
    size_t extra;
    struct ls_match_difference first;
};

/* What is known about a peer now. */
const struct ls_match_sum *ls_match_sum(const struct ls_match *m, enum ls_peer peer);

/* "method params" of a call, cut to fit. */
void ls_match_text(struct ls_span method, struct ls_span params, char out[LS_MATCH_TEXT_MAX]);

#endif
