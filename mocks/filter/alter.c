#include "mocks/filter/alter.h"

#include <string.h>

#include "lib/json.h"
#include "lib/jsonw.h"

#define QUANTITY_DIGITS_MAX 16u /* of 64 bits */
#define TOO_LARGE "0x10000000000000000"
#define TOO_LARGE_NUMBER "18446744073709551616"

static void put_raw(struct ls_jw *w, const struct cJSON *v)
{
    struct ls_buf text;
    ls_buf_init(&text, w->b->bytes_max);
    ls_json_print(v, &text);
    ls_jw_raw(w, ls_json_key(v), (const char *)text.p, text.n);
    ls_buf_fini(&text);
}

/* "0x0" … "0xffffffffffffffff"; hashes and data are longer or have an even number of digits and
 * a leading zero. */
static bool is_quantity(const char *text)
{
    size_t n = text == NULL ? 0 : strlen(text);
    if (n < 3 || n > 2 + QUANTITY_DIGITS_MAX || strncmp(text, "0x", 2) != 0 ||
        strspn(text + 2, "0123456789abcdefABCDEF") != n - 2) {
        return false;
    }
    return text[2] != '0' || n == 3;
}

static void put_other_type(struct ls_jw *w, const struct cJSON *v)
{
    const char *key = ls_json_key(v);
    if (ls_json_is_string(v)) {
        ls_jw_u64(w, key, 7);
    } else if (ls_json_is_number(v)) {
        ls_jw_str(w, key, "seven");
    } else if (ls_json_is_bool(v)) {
        ls_jw_u64(w, key, ls_json_true(v) ? 1 : 0);
    } else {
        ls_jw_object(w, key);
        ls_jw_object_end(w);
    }
}

static void put_out_of_range(struct ls_jw *w, const struct cJSON *v)
{
    const char *key = ls_json_key(v);
    if (is_quantity(ls_json_str(v))) {
        ls_jw_str(w, key, TOO_LARGE);
    } else if (ls_json_is_number(v)) {
        ls_jw_raw(w, key, TOO_LARGE_NUMBER, sizeof TOO_LARGE_NUMBER - 1);
    } else {
        put_raw(w, v);
    }
}

/* Trees are at most LS_JSON_DEPTH_MAX deep. */
static void put_altered(struct ls_jw *w, const struct cJSON *v, enum ls_alter how)
{
    bool is_object = ls_json_is_object(v);
    if (!is_object && !ls_json_is_array(v)) {
        if (how == LS_ALTER_TYPE) {
            put_other_type(w, v);
        } else {
            put_out_of_range(w, v);
        }
        return;
    }
    if (is_object) {
        ls_jw_object(w, ls_json_key(v));
    } else {
        ls_jw_array(w, ls_json_key(v));
    }
    for (const struct cJSON *m = ls_json_first(v); m != NULL; m = ls_json_next(m)) {
        put_altered(w, m, how);
    }
    if (is_object) {
        ls_jw_object_end(w);
    } else {
        ls_jw_array_end(w);
    }
}

/* One answer; only its result is touched. */
static void put_answer(struct ls_jw *w, const struct cJSON *answer, enum ls_alter how)
{
    if (!ls_json_is_object(answer)) {
        put_raw(w, answer);
        return;
    }
    ls_jw_object(w, NULL);
    for (const struct cJSON *m = ls_json_first(answer); m != NULL; m = ls_json_next(m)) {
        if (strcmp(ls_json_key(m), "result") == 0) {
            put_altered(w, m, how);
        } else {
            put_raw(w, m);
        }
    }
    ls_jw_object_end(w);
}

static void put_answers(struct ls_buf *out, const struct cJSON *tree, enum ls_alter how)
{
    struct ls_jw w;
    ls_jw_init(&w, out);
    if (!ls_json_is_array(tree)) {
        put_answer(&w, tree, how);
        return;
    }
    ls_jw_array(&w, NULL);
    for (const struct cJSON *a = ls_json_first(tree); a != NULL; a = ls_json_next(a)) {
        put_answer(&w, a, how);
    }
    ls_jw_array_end(&w);
}

enum ls_err ls_alter_own(struct ls_http_reply *reply)
{
    if (reply->stored == NULL) {
        return LS_OK;
    }
    ls_buf_clear(&reply->body);
    enum ls_err e = ls_buf_put(&reply->body, reply->stored, reply->stored_bytes);
    if (e == LS_OK) {
        reply->stored = NULL;
        reply->stored_bytes = 0;
    }
    return e;
}

enum ls_err ls_alter_results(struct ls_http_reply *reply, enum ls_alter how)
{
    struct cJSON *tree = NULL;
    struct ls_buf altered;
    enum ls_err e = ls_alter_own(reply);
    if (e != LS_OK || reply->body.n == 0) {
        return e;
    }
    if (ls_json_parse((const char *)reply->body.p, reply->body.n, 0, &tree, NULL) != LS_OK) {
        return LS_OK;
    }
    ls_buf_init(&altered, reply->body.bytes_max);
    put_answers(&altered, tree, how);
    ls_json_free(tree);
    (void)ls_buf_putc(&altered, '\n');
    if (altered.err != LS_OK) {
        e = altered.err;
        ls_buf_fini(&altered);
        return e;
    }
    ls_buf_fini(&reply->body);
    reply->body = altered;
    return LS_OK;
}
