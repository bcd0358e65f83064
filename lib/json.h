/*
 * Strict JSON over cJSON: the one place that parses JSON trees.
 *
 * Strict means: the whole input is consumed, RFC 8259 number and string grammar, valid UTF-8, no
 * NUL (raw or escaped), no byte order mark, a depth cap, case-sensitive look-up; of duplicate keys
 * the last counts. Integers: cJSON keeps doubles, so JSON numbers are accepted as integers only
 * below 2^53, where they are exact; larger ones are RANGE, never rounded.
 *
 * Nodes are borrowed from the tree; the tree is owned by who called ls_json_parse.
 */
#ifndef LS_LIB_JSON_H
#define LS_LIB_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/num.h"

struct cJSON;

#define LS_JSON_DEPTH_MAX 64u

/* Parses n bytes of text (no terminator needed). depth_max 0 means LS_JSON_DEPTH_MAX. On success
 * *out is a tree to be freed with ls_json_free; on error *out is NULL and d names the offset. */
enum ls_err ls_json_parse(const char *text, size_t n, unsigned depth_max, struct cJSON **out,
                          struct ls_diag *d);

/* Frees a tree; NULL is fine. */
void ls_json_free(struct cJSON *root);

/* Checks the grammar only (no tree): OK or PARSE, *offset (may be NULL) where it went wrong. */
enum ls_err ls_json_validate(const char *text, size_t n, unsigned depth_max, size_t *offset);

/* Member of an object, case-sensitive; NULL when absent or when obj is no object. */
const struct cJSON *ls_json_get(const struct cJSON *obj, const char *key);

/* The kind of v; all false for NULL (absent). */
bool ls_json_is_object(const struct cJSON *v);
bool ls_json_is_array(const struct cJSON *v);
bool ls_json_is_string(const struct cJSON *v);
bool ls_json_is_number(const struct cJSON *v);
bool ls_json_is_bool(const struct cJSON *v);
bool ls_json_is_null(const struct cJSON *v); /* a JSON null; NULL (absent) is not */

/* Iteration: first child of an array or object, then siblings; NULL at the end. */
const struct cJSON *ls_json_first(const struct cJSON *v);
const struct cJSON *ls_json_next(const struct cJSON *v);
/* Key of a member reached by iteration; NULL for array elements. */
const char *ls_json_key(const struct cJSON *v);
/* Number of children. */
size_t ls_json_count(const struct cJSON *v);
/* i-th element of an array; NULL past the end or when v is no array. */
const struct cJSON *ls_json_at(const struct cJSON *v, size_t i);

/* Text of a string node, borrowed; NULL when v is NULL or no string. */
const char *ls_json_str(const struct cJSON *v);
/* A number node as it was written, borrowed; NULL when v is NULL or no number. */
const char *ls_json_number_text(const struct cJSON *v);
/* Value of a bool node; false when v is no bool. */
bool ls_json_true(const struct cJSON *v);

/* All of these: MISSING when v is NULL, TYPE when it is of another type, PARSE / RANGE by content;
 * *out is untouched on error. */
enum ls_err ls_json_u64(const struct cJSON *v, uint64_t *out);        /* JSON integer 0 .. 2^53-1 */
enum ls_err ls_json_i64(const struct cJSON *v, int64_t *out);         /* JSON integer, |v| < 2^53 */
enum ls_err ls_json_double(const struct cJSON *v, double *out);       /* any; may be infinite */
enum ls_err ls_json_quantity(const struct cJSON *v, uint64_t *out);   /* "0x…" */
enum ls_err ls_json_u64_any(const struct cJSON *v, uint64_t *out);    /* either form */
enum ls_err ls_json_u256(const struct cJSON *v, struct ls_u256 *out); /* "0x…" up to 32 bytes */
/* "0x" + exactly n bytes. */
enum ls_err ls_json_fixed(const struct cJSON *v, uint8_t *out, size_t n);
/* "0x" + up to bytes_max bytes, copied into the arena. LIMIT, NOMEM. */
enum ls_err ls_json_data(const struct cJSON *v, struct ls_arena *a, size_t bytes_max,
                         struct ls_span *out);

/* Prints a tree compactly (for small control-plane objects). Errors stick in b. */
void ls_json_print(const struct cJSON *v, struct ls_buf *b);

#endif
