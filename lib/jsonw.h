/*
 * JSON append-writer: commas and quoting are its only cares. Used for payloads, traces, logs and
 * reports; deterministic (members come out in call order). Errors stick in the buffer. A string may
 * hold any bytes: NUL and what is not UTF-8 become U+FFFD, and control characters are escaped, DEL
 * and C1 too, so that lib/json reads back what comes out and no terminal obeys it.
 */
#ifndef LS_LIB_JSONW_H
#define LS_LIB_JSONW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/num.h"

struct ls_jw {
    struct ls_buf *b;
    bool need_comma;
};

/* Starts writing into b (appends). b stays owned by the caller. */
void ls_jw_init(struct ls_jw *w, struct ls_buf *b);

/* key is NULL inside arrays and at the top level. */
void ls_jw_object(struct ls_jw *w, const char *key);
void ls_jw_object_end(struct ls_jw *w);
void ls_jw_array(struct ls_jw *w, const char *key);
void ls_jw_array_end(struct ls_jw *w);
void ls_jw_str(struct ls_jw *w, const char *key, const char *value); /* NULL value writes null */
void ls_jw_strn(struct ls_jw *w, const char *key, const char *value, size_t n);
void ls_jw_u64(struct ls_jw *w, const char *key, uint64_t v);                 /* JSON number */
void ls_jw_i64(struct ls_jw *w, const char *key, int64_t v);                  /* JSON number */
void ls_jw_quantity(struct ls_jw *w, const char *key, uint64_t v);            /* "0x…" */
void ls_jw_u256(struct ls_jw *w, const char *key, const struct ls_u256 *v);   /* "0x…" quantity */
void ls_jw_hex(struct ls_jw *w, const char *key, const uint8_t *p, size_t n); /* "0x…" data */
void ls_jw_bool(struct ls_jw *w, const char *key, bool v);
void ls_jw_null(struct ls_jw *w, const char *key);
/* Already valid JSON text, copied as it is. */
void ls_jw_raw(struct ls_jw *w, const char *key, const char *text, size_t n);

#endif
