/*
 * Content types that were seen, each kept once: a front keeps only the pointer of a reply's type,
 * until the answer has left.
 */
#ifndef LS_HARNESS_RECORD_TYPES_H
#define LS_HARNESS_RECORD_TYPES_H

#include <stddef.h>

#define LS_TYPES_MAX 64u
#define LS_TYPE_JSON "application/json"
#define LS_TYPE_OTHER "application/octet-stream" /* for what does not fit any more */

/* Zeroed is empty. */
struct ls_types {
    char *items[LS_TYPES_MAX];
    size_t count;
};

/* The kept copy of the type, valid until ls_types_fini. */
const char *ls_types_keep(struct ls_types *t, const char *type, size_t n);

void ls_types_fini(struct ls_types *t);

#endif
