/*
 * Rehearsal: a client that makes the calls of a recording again, each when it was made (after the
 * same answers and before the others), and looks whether it gets the recorded answers. With a
 * player on the other side it shows that a recording is whole and can be replayed.
 */
#ifndef LS_HARNESS_RECORD_REHEARSE_H
#define LS_HARNESS_RECORD_REHEARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/live/loop.h"
#include "harness/record/match.h"
#include "harness/record/peer.h"
#include "harness/record/tape.h"
#include "lib/err.h"

struct ls_rehearsal;

/* ports: where each peer of the tape listens, on 127.0.0.1; match: the player's, which tells when a
 * call that gets no answer has arrived. loop, tape and match are borrowed. NOMEM. */
enum ls_err ls_rehearsal_new(struct ls_loop *loop, const struct ls_tape *tape,
                             const struct ls_match *match, const uint16_t ports[LS_PEER_COUNT],
                             struct ls_rehearsal **out, struct ls_diag *d);
/* NULL is fine. */
void ls_rehearsal_free(struct ls_rehearsal *r);

/* Makes the calls that are to be made now. Call after every turn of the loop. */
void ls_rehearsal_turn(struct ls_rehearsal *r);

/* Every call has been made and answered. */
bool ls_rehearsal_is_over(const struct ls_rehearsal *r);

/* Answers that were compared, and those that were other ones than recorded. */
size_t ls_rehearsal_answers(const struct ls_rehearsal *r);
size_t ls_rehearsal_differences(const struct ls_rehearsal *r);
/* What the first difference is; "" when there is none. */
const char *ls_rehearsal_first(const struct ls_rehearsal *r);

#endif
