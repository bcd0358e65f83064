/*
 * The error list's tables, and diagnoses that never overflow.
 */
#include "lib/err.h"

#include <stdio.h>
#include <string.h>

struct err_info {
    const char *name;
    const char *text;
    enum ls_err_class cls;
};

static const struct err_info infos[] = {
#define ERR_INFO(name, cls, text) [LS_ERR_##name] = {#name, text, LS_CLASS_##cls},
    LS_ERR_LIST(ERR_INFO)
#undef ERR_INFO
};

_Static_assert(sizeof infos / sizeof infos[0] == LS_ERR_COUNT, "one row an error");

/* NULL for a value out of the list (the enum may carry any int that was cast to it). */
static const struct err_info *info_of(enum ls_err e)
{
    size_t i = (size_t)e;
    return i < LS_ERR_COUNT ? &infos[i] : NULL;
}

const char *ls_err_name(enum ls_err e)
{
    const struct err_info *info = info_of(e);
    return info ? info->name : "UNKNOWN";
}

const char *ls_err_text(enum ls_err e)
{
    const struct err_info *info = info_of(e);
    return info ? info->text : "unknown error";
}

enum ls_err_class ls_err_class(enum ls_err e)
{
    const struct err_info *info = info_of(e);
    return info ? info->cls : LS_CLASS_INTERNAL;
}

enum ls_err ls_fail(struct ls_diag *d, enum ls_err e, const char *fmt, ...)
{
    if (!d) {
        return e;
    }
    /* Formatted aside: an argument may well be the old text of *d itself. */
    char text[LS_DIAG_BYTES];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    memcpy(d->text, text, sizeof text);
    return e;
}

enum ls_err ls_fail_in(struct ls_diag *d, enum ls_err e, const char *fmt, ...)
{
    if (!d) {
        return e;
    }
    char text[LS_DIAG_BYTES];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);

    const char *parts[] = {d->text[0] ? ": " : "", d->text};
    size_t n = strlen(text);
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(parts[i]);
        size_t room = sizeof text - 1 - n;
        len = len < room ? len : room;
        memcpy(text + n, parts[i], len);
        n += len;
    }
    text[n] = '\0';
    memcpy(d->text, text, n + 1);
    return e;
}
