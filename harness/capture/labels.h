/*
 * The label timeline of a folder: rows of {"at_ms", "result": optimism_syncStatus}. Of a chain that
 * is opened lazily a row is read when it is asked for, as its blocks are (lazy.h): at opening only
 * its time is. Internal to harness/capture; chain.h has what callers see.
 */
#ifndef LS_HARNESS_CAPTURE_LABELS_H
#define LS_HARNESS_CAPTURE_LABELS_H

#include "harness/capture/chain.h"

struct ls_labels {
    struct ls_chain_label *rows;
    struct ls_span *unread; /* by row, its line; p NULL: it was read. NULL: all were */
    size_t proved;          /* rows below were read */
    enum ls_err fault;      /* of the first row that could not be read later, for good */
    struct ls_diag why;
};

/* Loads the timeline of c, whose blocks are there, when its folder has one. Errors: IO, HASH,
 * PARSE, RANGE, LINK, NOMEM: d names the line. */
enum ls_err ls_labels_load(struct ls_chain *c, struct ls_diag *d);
/* Zeroed is fine. */
void ls_labels_fini(struct ls_labels *l);

/* Reads up to `rows` more; *is_done: there are none left. The error of the first row that is wrong,
 * now and ever after. */
enum ls_err ls_labels_prove(struct ls_chain *c, uint32_t rows, bool *is_done, struct ls_diag *d);

/* OK, or why a row could not be read. */
enum ls_err ls_labels_fault(const struct ls_labels *l, struct ls_diag *d);

#endif
