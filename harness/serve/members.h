/*
 * Members of a JSON object that a person or a script wrote: a misspelt or unknown member is an
 * error that names the known ones, and so is a wrong type. The first error sticks; read all members
 * and check once at the end.
 */
#ifndef LS_HARNESS_SERVE_MEMBERS_H
#define LS_HARNESS_SERVE_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

struct cJSON;

struct ls_members {
    const struct cJSON *object; /* NULL: empty */
    enum ls_err err;
    struct ls_diag *d;
};

/* known is a NULL-terminated list. object NULL is an object without members. USAGE (in m->err) when
 * it is no object, has an unknown member, or one twice. */
void ls_members_begin(struct ls_members *m, const struct cJSON *object, const char *const *known,
                      struct ls_diag *d);

/* The member is there. */
bool ls_members_has(const struct ls_members *m, const char *key);

/* These give otherwise when the member is absent or there was an error. */
uint64_t ls_members_u64(struct ls_members *m, const char *key, uint64_t max, uint64_t otherwise);
int64_t ls_members_i64(struct ls_members *m, const char *key, int64_t otherwise);
double ls_members_double(struct ls_members *m, const char *key, double otherwise);
bool ls_members_bool(struct ls_members *m, const char *key, bool otherwise);
/* Borrowed from the tree. */
const char *ls_members_str(struct ls_members *m, const char *key, const char *otherwise);

/* Notes an error of the caller's own, unless there is one. */
void ls_members_fail(struct ls_members *m, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
