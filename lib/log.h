/*
 * Logger: one line an event, logfmt or JSON, to a FILE the caller owns. Time is passed in. A field
 * that came from outside is always quoted; credentials in URLs are the caller's to redact
 * (ls_log_redact_url).
 */
#ifndef LS_LIB_LOG_H
#define LS_LIB_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/bytes.h"
#include "lib/err.h"

enum ls_log_level { LS_LOG_DEBUG, LS_LOG_INFO, LS_LOG_WARN, LS_LOG_ERROR };
enum ls_log_format { LS_LOG_LOGFMT, LS_LOG_JSON };

struct ls_log {
    FILE *out;
    enum ls_log_level level;
    enum ls_log_format format;
    int64_t wall_ms; /* set by the loop once a turn; the time of every line until then */
};

/* "debug" "info" "warn" "error" (any case; op-node's "crit", "trace", "dbug" map to the nearest).
 */
enum ls_err ls_log_parse_level(const char *s, enum ls_log_level *out);
/* "text", "logfmt", "terminal" or "json". */
enum ls_err ls_log_parse_format(const char *s, enum ls_log_format *out);

/* Values of a field. Build arrays of these with the LS_F_* macros. */
struct ls_field {
    const char *key;
    enum { LS_FIELD_STR, LS_FIELD_U64, LS_FIELD_I64, LS_FIELD_HASH } kind;
    const char *str;
    uint64_t u64;
    int64_t i64;
    const uint8_t *hash; /* 32 bytes, printed 0x… */
};
#define LS_F_STR(k, v) ((struct ls_field){.key = (k), .kind = LS_FIELD_STR, .str = (v)})
#define LS_F_U64(k, v) ((struct ls_field){.key = (k), .kind = LS_FIELD_U64, .u64 = (v)})
#define LS_F_I64(k, v) ((struct ls_field){.key = (k), .kind = LS_FIELD_I64, .i64 = (v)})
#define LS_F_HASH(k, v) ((struct ls_field){.key = (k), .kind = LS_FIELD_HASH, .hash = (v)})

/* Writes one line if level is enabled; flushes. fields: count entries, borrowed. */
void ls_log_write(struct ls_log *l, enum ls_log_level level, const char *msg,
                  const struct ls_field *fields, size_t count);
#define ls_logf(l, level, msg, ...)                                           \
    ls_log_write((l), (level), (msg), (const struct ls_field[]){__VA_ARGS__}, \
                 sizeof((const struct ls_field[]){__VA_ARGS__}) / sizeof(struct ls_field))

/* Copies url to out (cap bytes, terminated; what does not fit is dropped) with userinfo, query
 * values and fragment replaced by "xxxx" and path segments of 20 or more characters (API keys) by
 * their first 4 and "xxxx". */
void ls_log_redact_url(const char *url, char *out, size_t cap);

#endif
