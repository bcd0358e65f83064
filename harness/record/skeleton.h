/*
 * Skeleton: a recorded conversation as a scenario for `lockstep run` (docs/SCENARIOS.md) to start
 * from: the heads that were there, what the source said and when, the payloads that came, and the
 * engine calls the node made of it, as expectations to keep or delete.
 *
 * Blocks are named by hash, so it runs on a fixture that holds them.
 */
#ifndef LS_HARNESS_RECORD_SKELETON_H
#define LS_HARNESS_RECORD_SKELETON_H

#include "harness/record/tape.h"
#include "lib/bytes.h"
#include "lib/err.h"

#define LS_SKELETON_BYTES_MAX (64u << 20)

/* Appends the Lua text. fixture: name of one, NULL: left open. LIMIT, NOMEM. */
enum ls_err ls_skeleton_write(const struct ls_tape *tape, const char *fixture, struct ls_buf *out,
                              struct ls_diag *d);

#endif
