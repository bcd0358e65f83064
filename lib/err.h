/*
 * Errors: one list of values with names, texts and classes, and a small diagnosis buffer.
 *
 * Every fallible function returns enum ls_err; 0 is success. The class of an error, not its value,
 * decides policy (retry, give up, exit code). A struct ls_diag carries one sentence for a person:
 * the failure first, the subject in quotes. It is optional everywhere: passing NULL is fine.
 */
#ifndef LS_LIB_ERR_H
#define LS_LIB_ERR_H

#include <stdarg.h>
#include <stddef.h>

/* What the caller should do about an error. */
enum ls_err_class {
    LS_CLASS_NONE,      /* no error */
    LS_CLASS_USAGE,     /* the user's flag, file or URL is wrong: say so and stop (exit 2) */
    LS_CLASS_TRANSIENT, /* may go away by itself: retry later */
    LS_CLASS_PROTOCOL,  /* a peer or a file said something malformed: drop it */
    LS_CLASS_LIMIT,     /* a named maximum was reached: drop the newest thing */
    LS_CLASS_AUTH,      /* credentials were refused */
    LS_CLASS_INTERNAL   /* our own mistake or resources ran out */
};

/* X(name, class, text) */
#define LS_ERR_LIST(X)                                          \
    X(OK, NONE, "ok")                                           \
    X(USAGE, USAGE, "wrong usage")                              \
    X(CONFIG, USAGE, "invalid configuration")                   \
    X(IO, USAGE, "file cannot be read or written")              \
    X(NOMEM, INTERNAL, "out of memory")                         \
    X(INTERNAL, INTERNAL, "internal error")                     \
    X(PARSE, PROTOCOL, "malformed text")                        \
    X(TYPE, PROTOCOL, "wrong type")                             \
    X(RANGE, PROTOCOL, "value out of range")                    \
    X(MISSING, PROTOCOL, "required member is missing")          \
    X(NOT_FOUND, PROTOCOL, "not found")                         \
    X(HASH, PROTOCOL, "hash does not match the content")        \
    X(LINK, PROTOCOL, "parent link is broken")                  \
    X(UNSUPPORTED, PROTOCOL, "not supported")                   \
    X(EXISTS, PROTOCOL, "exists already")                       \
    X(RPC, PROTOCOL, "the peer answered with a JSON-RPC error") \
    X(LIMIT, LIMIT, "a limit was reached")                      \
    X(AUTH, AUTH, "authentication was refused")                 \
    X(TIMEOUT, TRANSIENT, "no answer in time")                  \
    X(CONNECT, TRANSIENT, "connection failed")                  \
    X(HTTP, TRANSIENT, "unexpected HTTP status")

enum ls_err {
#define LS_ERR_ENUM(name, cls, text) LS_ERR_##name,
    LS_ERR_LIST(LS_ERR_ENUM)
#undef LS_ERR_ENUM
        LS_ERR_COUNT
};
#define LS_OK LS_ERR_OK

/* The symbolic name ("PARSE") of e; never NULL. */
const char *ls_err_name(enum ls_err e);

/* The short text of e; never NULL. */
const char *ls_err_text(enum ls_err e);

/* The class of e; a value out of the list is LS_CLASS_INTERNAL. */
enum ls_err_class ls_err_class(enum ls_err e);

#define LS_DIAG_BYTES 512u

/* One sentence for a person. Zeroed is empty. Always terminated; longer text is cut. */
struct ls_diag {
    char text[LS_DIAG_BYTES];
};

/* Sets *d (when not NULL) to the formatted sentence and returns e: `return ls_fail(d, e, ...)`. */
enum ls_err ls_fail(struct ls_diag *d, enum ls_err e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "<formatted>: " in front of what *d says already; returns e unchanged. For callers that know
 * the file, line or block while the callee knew only the field. */
enum ls_err ls_fail_in(struct ls_diag *d, enum ls_err e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
