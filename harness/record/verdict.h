/*
 * Verdict: what a replay found, as TAP: a test for each peer of the recording.
 */
#ifndef LS_HARNESS_RECORD_VERDICT_H
#define LS_HARNESS_RECORD_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/record/match.h"
#include "harness/record/tape.h"
#include "lib/bytes.h"

/* Peers of the tape. */
size_t ls_verdict_count(const struct ls_tape *tape);

/* Appends the tests, numbered from 1, of a match that is finished (ls_match_finish). true when the
 * node's calls are those of the recording. */
bool ls_verdict_write(const struct ls_match *m, const struct ls_tape *tape, bool is_loose,
                      struct ls_buf *b);

#endif
