/*
 * Label rows of a live capture: what a CL said of its heads, or what the tags of an EL amount to.
 * Here is which rows a capture can keep; when to ask is the capture's.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_LABELS_H
#define LS_HARNESS_CAPTURE_PULL_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capture/pull_track.h"
#include "lib/err.h"
#include "lib/op/sync_status.h"

#define LS_PULL_L2_LABELS 6u
#define LS_PULL_L1_LABELS 5u

/* The references of a status in one order each, borrowed from s. */
void ls_pull_labels_l2(const struct ls_sync_status *s,
                       const struct ls_l2_ref *out[LS_PULL_L2_LABELS]);
void ls_pull_labels_l1(const struct ls_sync_status *s,
                       const struct ls_l1_ref *out[LS_PULL_L1_LABELS]);

/* OK when a fixture of these blocks can hold the row: every L2 reference is zero or a recorded
 * block with the same members, every L1 reference too unless it lies below the recorded headers or
 * there are none.
 * NOT_FOUND: a block is not recorded; LINK: it differs. d names the member. */
enum ls_err ls_pull_labels_check(const struct ls_sync_status *s, const struct ls_pull_track *l2,
                                 const struct ls_pull_track *l1, struct ls_diag *d);

#endif
