/*
 * cJSON's trees behind a scanner and a reader of our own (json_tree.c). cJSON 1.7.15 by itself
 * takes trailing text, leading zeros, raw control characters, invalid UTF-8 and a byte order mark,
 * cuts strings at \u0000 and numbers at 63 characters, and finds keys without regard to case: none
 * of that gets past here.
 */
#include "lib/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/json_scan.h"
#include "lib/jsonw.h"

#define EXACT_LIMIT 9007199254740992.0 /* 2^53: from here on doubles skip integers */

static enum ls_err scan(const char *text, size_t n, unsigned depth_max, struct ls_json_scan *found)
{
    return ls_json_scan(text, n, depth_max ? depth_max : LS_JSON_DEPTH_MAX, true, found);
}

enum ls_err ls_json_validate(const char *text, size_t n, unsigned depth_max, size_t *offset)
{
    struct ls_json_scan found;
    enum ls_err e = scan(text, n, depth_max, &found);
    if (e && offset) {
        *offset = found.end;
    }
    return e;
}

static enum ls_err explain(const char *text, const struct ls_json_scan *found, struct ls_diag *d)
{
    if (found->is_cut) {
        return ls_fail(d, LS_ERR_PARSE, "malformed JSON: it ends too early, at byte %zu",
                       found->end);
    }
    unsigned c = (unsigned char)text[found->end];
    if (c > 0x20 && c < 0x7f) {
        return ls_fail(d, LS_ERR_PARSE, "malformed JSON at byte %zu: unexpected '%c' %s",
                       found->end, (int)c, found->why);
    }
    return ls_fail(d, LS_ERR_PARSE, "malformed JSON at byte %zu: unexpected byte 0x%02x %s",
                   found->end, c, found->why);
}

enum ls_err ls_json_parse(const char *text, size_t n, unsigned depth_max, struct cJSON **out,
                          struct ls_diag *d)
{
    *out = NULL;
    struct ls_json_scan found;
    if (scan(text, n, depth_max, &found)) {
        return explain(text, &found, d);
    }
    return ls_json_tree(text, n, &found, out, d);
}

static bool is_kind(const struct cJSON *v, int type)
{
    return v && v->type == type;
}

bool ls_json_is_object(const struct cJSON *v)
{
    return is_kind(v, cJSON_Object);
}

bool ls_json_is_array(const struct cJSON *v)
{
    return is_kind(v, cJSON_Array);
}

bool ls_json_is_string(const struct cJSON *v)
{
    return is_kind(v, cJSON_String);
}

bool ls_json_is_number(const struct cJSON *v)
{
    return is_kind(v, cJSON_Number);
}

bool ls_json_is_bool(const struct cJSON *v)
{
    return is_kind(v, cJSON_True) || is_kind(v, cJSON_False);
}

bool ls_json_is_null(const struct cJSON *v)
{
    return is_kind(v, cJSON_NULL);
}

const struct cJSON *ls_json_first(const struct cJSON *v)
{
    return v ? v->child : NULL;
}

const struct cJSON *ls_json_next(const struct cJSON *v)
{
    return v ? v->next : NULL;
}

const char *ls_json_key(const struct cJSON *v)
{
    return v ? v->string : NULL;
}

const struct cJSON *ls_json_get(const struct cJSON *obj, const char *key)
{
    if (!ls_json_is_object(obj)) {
        return NULL;
    }
    const struct cJSON *found = NULL;
    for (const struct cJSON *m = obj->child; m; m = m->next) {
        /* Most keys differ in their first letter: that is looked at without a call. */
        if (m->string[0] == key[0] && strcmp(m->string, key) == 0) {
            found = m; /* the last one counts */
        }
    }
    return found;
}

size_t ls_json_count(const struct cJSON *v)
{
    size_t n = 0;
    for (const struct cJSON *c = ls_json_first(v); c; c = c->next) {
        n++;
    }
    return n;
}

const struct cJSON *ls_json_at(const struct cJSON *v, size_t i)
{
    if (!ls_json_is_array(v)) {
        return NULL;
    }
    const struct cJSON *c = v->child;
    while (c && i--) {
        c = c->next;
    }
    return c;
}

const char *ls_json_str(const struct cJSON *v)
{
    return ls_json_is_string(v) ? v->valuestring : NULL;
}

const char *ls_json_number_text(const struct cJSON *v)
{
    return ls_json_is_number(v) ? v->valuestring : NULL;
}

bool ls_json_true(const struct cJSON *v)
{
    return is_kind(v, cJSON_True);
}

/* An integer that a double holds exactly. */
static enum ls_err exact_integer(const struct cJSON *v, int64_t *out)
{
    if (!v) {
        return LS_ERR_MISSING;
    }
    if (!ls_json_is_number(v)) {
        return LS_ERR_TYPE;
    }
    double d = v->valuedouble;
    if (!(d > -EXACT_LIMIT && d < EXACT_LIMIT)) {
        return LS_ERR_RANGE;
    }
    if (d != floor(d)) {
        return LS_ERR_PARSE;
    }
    *out = (int64_t)d;
    return LS_OK;
}

enum ls_err ls_json_i64(const struct cJSON *v, int64_t *out)
{
    return exact_integer(v, out);
}

enum ls_err ls_json_u64(const struct cJSON *v, uint64_t *out)
{
    int64_t i = 0;
    enum ls_err e = exact_integer(v, &i);
    if (e) {
        return e;
    }
    if (i < 0) {
        return LS_ERR_RANGE;
    }
    *out = (uint64_t)i;
    return LS_OK;
}

enum ls_err ls_json_double(const struct cJSON *v, double *out)
{
    if (!v) {
        return LS_ERR_MISSING;
    }
    if (!ls_json_is_number(v)) {
        return LS_ERR_TYPE;
    }
    *out = v->valuedouble;
    return LS_OK;
}

/* The text of a string node, or MISSING / TYPE. */
static enum ls_err get_text(const struct cJSON *v, const char **s, size_t *n)
{
    if (!v) {
        return LS_ERR_MISSING;
    }
    *s = ls_json_str(v);
    if (!*s) {
        return LS_ERR_TYPE;
    }
    *n = strlen(*s);
    return LS_OK;
}

enum ls_err ls_json_quantity(const struct cJSON *v, uint64_t *out)
{
    const char *s = NULL;
    size_t n = 0;
    enum ls_err e = get_text(v, &s, &n);
    return e ? e : ls_parse_quantity(s, n, out);
}

enum ls_err ls_json_u64_any(const struct cJSON *v, uint64_t *out)
{
    return ls_json_is_number(v) ? ls_json_u64(v, out) : ls_json_quantity(v, out);
}

enum ls_err ls_json_u256(const struct cJSON *v, struct ls_u256 *out)
{
    const char *s = NULL;
    size_t n = 0;
    enum ls_err e = get_text(v, &s, &n);
    return e ? e : ls_parse_quantity256(s, n, out);
}

enum ls_err ls_json_fixed(const struct cJSON *v, uint8_t *out, size_t n)
{
    const char *s = NULL;
    size_t len = 0;
    enum ls_err e = get_text(v, &s, &len);
    return e ? e : ls_hex_fixed(s, len, out, n);
}

enum ls_err ls_json_data(const struct cJSON *v, struct ls_arena *a, size_t bytes_max,
                         struct ls_span *out)
{
    const char *s = NULL;
    size_t len = 0;
    enum ls_err e = get_text(v, &s, &len);
    if (e) {
        return e;
    }
    size_t bytes = len / 2; /* the prefix makes this one more than needed */
    if (len >= 2 && bytes - 1 > bytes_max) {
        return LS_ERR_LIMIT;
    }
    uint8_t *p = ls_arena_alloc(a, bytes);
    if (!p) {
        return LS_ERR_NOMEM;
    }
    e = ls_hex_data(s, len, p, bytes, &bytes);
    if (!e) {
        *out = (struct ls_span){p, bytes};
    }
    return e;
}

/* Recursion is bounded: a tree is never deeper than LS_JSON_SCAN_DEPTH_MAX. */
static void print_value(struct ls_jw *w, const char *key, const struct cJSON *v)
{
    if (ls_json_is_object(v) || ls_json_is_array(v)) {
        bool is_object = ls_json_is_object(v);
        (is_object ? ls_jw_object : ls_jw_array)(w, key);
        for (const struct cJSON *c = v->child; c; c = c->next) {
            print_value(w, is_object ? c->string : NULL, c);
        }
        (is_object ? ls_jw_object_end : ls_jw_array_end)(w);
    } else if (ls_json_is_string(v)) {
        ls_jw_str(w, key, v->valuestring);
    } else if (ls_json_is_number(v)) {
        ls_jw_raw(w, key, v->valuestring, strlen(v->valuestring)); /* as it was written */
    } else if (ls_json_is_bool(v)) {
        ls_jw_bool(w, key, ls_json_true(v));
    } else {
        ls_jw_null(w, key);
    }
}

void ls_json_print(const struct cJSON *v, struct ls_buf *b)
{
    struct ls_jw w;
    ls_jw_init(&w, b);
    print_value(&w, NULL, v);
}
