#include "harness/serve/members.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/json.h"

void ls_members_fail(struct ls_members *m, const char *fmt, ...)
{
    char text[LS_DIAG_BYTES];
    va_list args;

    if (m->err != LS_OK) {
        return;
    }
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    m->err = ls_fail(m->d, LS_ERR_USAGE, "%s", text);
}

static bool is_known(const char *key, const char *const *known)
{
    while (*known != NULL && strcmp(*known, key) != 0) {
        known++;
    }
    return *known != NULL;
}

/* " a b c", or " (none)". */
static void list(const char *const *known, char *out, size_t cap)
{
    size_t n = 0;

    (void)snprintf(out, cap, " (none)");
    for (; *known != NULL && n < cap; known++) {
        n += (size_t)snprintf(out + n, cap - n, " %s", *known);
    }
}

void ls_members_begin(struct ls_members *m, const struct cJSON *object, const char *const *known,
                      struct ls_diag *d)
{
    char names[256];

    *m = (struct ls_members){.object = object, .d = d};
    if (object != NULL && !ls_json_is_object(object)) {
        ls_members_fail(m, "a JSON object is needed");
        return;
    }
    for (const struct cJSON *v = ls_json_first(object); v != NULL; v = ls_json_next(v)) {
        const char *key = ls_json_key(v);
        if (!is_known(key, known)) {
            list(known, names, sizeof names);
            ls_members_fail(m, "no member \"%.40s\" here; known:%s", key, names);
        } else if (ls_json_get(object, key) != v) {
            ls_members_fail(m, "\"%s\" is given twice", key);
        }
    }
}

/* The member, NULL when there is none or an error. */
static const struct cJSON *member(const struct ls_members *m, const char *key)
{
    return m->err == LS_OK ? ls_json_get(m->object, key) : NULL;
}

bool ls_members_has(const struct ls_members *m, const char *key)
{
    return member(m, key) != NULL;
}

uint64_t ls_members_u64(struct ls_members *m, const char *key, uint64_t max, uint64_t otherwise)
{
    const struct cJSON *v = member(m, key);
    uint64_t n = 0;

    if (v == NULL) {
        return otherwise;
    }
    if (ls_json_u64(v, &n) != LS_OK || n > max) {
        ls_members_fail(m, "\"%s\" must be a whole number from 0 to %" PRIu64, key,
                        max < (UINT64_C(1) << 53) ? max : (UINT64_C(1) << 53) - 1);
        return otherwise;
    }
    return n;
}

int64_t ls_members_i64(struct ls_members *m, const char *key, int64_t otherwise)
{
    const struct cJSON *v = member(m, key);
    int64_t n = 0;

    if (v == NULL) {
        return otherwise;
    }
    if (ls_json_i64(v, &n) != LS_OK) {
        ls_members_fail(m, "\"%s\" must be a whole number", key);
        return otherwise;
    }
    return n;
}

double ls_members_double(struct ls_members *m, const char *key, double otherwise)
{
    const struct cJSON *v = member(m, key);
    double n = 0;

    if (v == NULL) {
        return otherwise;
    }
    if (ls_json_double(v, &n) != LS_OK || n < 0) {
        ls_members_fail(m, "\"%s\" must be a number, not below 0", key);
        return otherwise;
    }
    return n;
}

bool ls_members_bool(struct ls_members *m, const char *key, bool otherwise)
{
    const struct cJSON *v = member(m, key);

    if (v == NULL) {
        return otherwise;
    }
    if (!ls_json_is_bool(v)) {
        ls_members_fail(m, "\"%s\" must be true or false", key);
        return otherwise;
    }
    return ls_json_true(v);
}

const char *ls_members_str(struct ls_members *m, const char *key, const char *otherwise)
{
    const struct cJSON *v = member(m, key);

    if (v == NULL) {
        return otherwise;
    }
    if (!ls_json_is_string(v)) {
        ls_members_fail(m, "\"%s\" must be a string", key);
        return otherwise;
    }
    return ls_json_str(v);
}
