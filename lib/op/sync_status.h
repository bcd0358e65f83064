/*
 * optimism_syncStatus: the result object in op-node's present form, and a reader that also takes
 * older op-node's and kona's (spec section 1.2; ).
 */
#ifndef LS_OP_SYNC_STATUS_H
#define LS_OP_SYNC_STATUS_H

#include "lib/err.h"
#include "lib/jsonw.h"
#include "lib/op/types.h"

struct cJSON;

struct ls_sync_status {
    struct ls_l1_ref current_l1;
    struct ls_l1_ref current_l1_finalized;
    struct ls_l1_ref head_l1;
    struct ls_l1_ref safe_l1;
    struct ls_l1_ref finalized_l1;
    struct ls_l2_ref unsafe_l2;
    struct ls_l2_ref safe_l2;
    struct ls_l2_ref finalized_l2;
    struct ls_l2_ref pending_safe_l2;
    struct ls_l2_ref cross_unsafe_l2;
    struct ls_l2_ref local_safe_l2;
};

/* Reads a result: unknown members ignored, a missing or null member is a zero ref, numbers plain or
 * 0x-hex, l1origin or l1Origin, sequenceNumber or seqNum. Malformed values are errors named in d;
 * *out is then untouched. TYPE when v is no object. */
enum ls_err ls_sync_status_parse(const struct cJSON *v, struct ls_sync_status *out,
                                 struct ls_diag *d);

/* Writes all 11 members under key (NULL at top level or inside arrays). */
void ls_sync_status_write(const struct ls_sync_status *s, struct ls_jw *w, const char *key);

/* Writes one reference object. */
void ls_l1_ref_write(const struct ls_l1_ref *r, struct ls_jw *w, const char *key);
void ls_l2_ref_write(const struct ls_l2_ref *r, struct ls_jw *w, const char *key);

/* Reads one L2BlockRef object (the shapes above). NULL or JSON null is a zero ref. */
enum ls_err ls_l2_ref_parse(const struct cJSON *v, struct ls_l2_ref *out, struct ls_diag *d);

#endif
