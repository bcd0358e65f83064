#include "lib/op/reader.h"

#include <string.h>

#include "lib/hex.h"

/* An arena rounds sizes up by less than this. */
#define ARENA_ROUNDING 64u

struct ls_reader ls_reader_open(const struct cJSON *object, const char *what, struct ls_diag *d)
{
    struct ls_reader r = {.object = object, .diag = d, .err = LS_OK};

    if (!ls_json_is_object(object)) {
        r.err = ls_fail(d, LS_ERR_TYPE, "not a JSON object: \"%s\"", what);
    }
    return r;
}

void ls_reader_fail(struct ls_reader *r, enum ls_err e, const char *key)
{
    if (r->err == LS_OK && e != LS_OK) {
        r->err = ls_fail(r->diag, e, "%s: \"%s\"", ls_err_text(e), key);
    }
}

const struct cJSON *ls_reader_get(const struct ls_reader *r, const char *key)
{
    const struct cJSON *v = NULL;

    if (r->err == LS_OK) {
        v = ls_json_get(r->object, key);
    }
    return ls_json_is_null(v) ? NULL : v;
}

void ls_reader_fixed(struct ls_reader *r, const char *key, uint8_t *out, size_t n)
{
    if (r->err == LS_OK) {
        ls_reader_fail(r, ls_json_fixed(ls_json_get(r->object, key), out, n), key);
    }
}

void ls_reader_quantity(struct ls_reader *r, const char *key, uint64_t *out)
{
    if (r->err == LS_OK) {
        ls_reader_fail(r, ls_json_quantity(ls_json_get(r->object, key), out), key);
    }
}

void ls_reader_u256(struct ls_reader *r, const char *key, struct ls_u256 *out)
{
    if (r->err == LS_OK) {
        ls_reader_fail(r, ls_json_u256(ls_json_get(r->object, key), out), key);
    }
}

void ls_reader_data(struct ls_reader *r, const char *key, uint8_t *out, size_t bytes_max, size_t *n)
{
    const struct cJSON *v = r->err == LS_OK ? ls_json_get(r->object, key) : NULL;
    const char *s = ls_json_str(v);

    if (v == NULL) {
        ls_reader_fail(r, LS_ERR_MISSING, key);
    } else if (s == NULL) {
        ls_reader_fail(r, LS_ERR_TYPE, key);
    } else {
        ls_reader_fail(r, ls_hex_data(s, strlen(s), out, bytes_max, n), key);
    }
}

bool ls_reader_opt_fixed(struct ls_reader *r, const char *key, uint8_t *out, size_t n)
{
    const struct cJSON *v = ls_reader_get(r, key);

    if (v == NULL) {
        return false;
    }
    ls_reader_fail(r, ls_json_fixed(v, out, n), key);
    return r->err == LS_OK;
}

bool ls_reader_opt_quantity(struct ls_reader *r, const char *key, uint64_t *out)
{
    const struct cJSON *v = ls_reader_get(r, key);

    if (v == NULL) {
        return false;
    }
    ls_reader_fail(r, ls_json_quantity(v, out), key);
    return r->err == LS_OK;
}

bool ls_reader_opt_u256(struct ls_reader *r, const char *key, struct ls_u256 *out)
{
    const struct cJSON *v = ls_reader_get(r, key);

    if (v == NULL) {
        return false;
    }
    ls_reader_fail(r, ls_json_u256(v, out), key);
    return r->err == LS_OK;
}

enum ls_err ls_reader_refused(const struct ls_arena *a, size_t n)
{
    size_t room = a->bytes_max - a->bytes_used;

    return n > room || room - n < ARENA_ROUNDING ? LS_ERR_LIMIT : LS_ERR_NOMEM;
}
