/*
 * Rows of tests/data/op, and small helpers the tests of lib/op share. Tests run at the root of the
 * tree.
 */
#ifndef LS_TESTS_OP_VECTORS_H
#define LS_TESTS_OP_VECTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/bytes.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/types.h"
#include "lib/zst.h"

#define VECTORS_BYTES_MAX (256u << 20)
#define VECTORS_BLOCKS "tests/data/op/blocks.ndjson.zst"
#define VECTORS_PARAMS "tests/data/op/params.ndjson.zst"

/* The text of a plain or compressed file; the caller frees it with ls_buf_fini. */
static inline struct ls_buf vectors_load(const char *path)
{
    struct ls_buf file;
    struct ls_buf text;
    FILE *f = fopen(path, "rb");
    uint8_t chunk[65536];
    size_t n;

    if (f == NULL) {
        fail_msg("cannot read \"%s\": run the tests at the root of the tree", path);
    }
    ls_buf_init(&file, VECTORS_BYTES_MAX);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) {
        assert_int_equal(ls_buf_put(&file, chunk, n), LS_OK);
    }
    assert_int_equal(ferror(f), 0);
    (void)fclose(f);
    if (!ls_zst_is(file.p, file.n)) {
        return file;
    }
    ls_buf_init(&text, VECTORS_BYTES_MAX);
    assert_int_equal(ls_zst_decompress(file.p, file.n, &text), LS_OK);
    ls_buf_fini(&file);
    return text;
}

/* The next line as a tree (freed with ls_json_free), or NULL at the end. */
static inline struct cJSON *vectors_next(struct ls_span *rest)
{
    const uint8_t *end = rest->n == 0 ? NULL : memchr(rest->p, '\n', rest->n);
    size_t n = end == NULL ? rest->n : (size_t)(end - rest->p);
    struct cJSON *row = NULL;
    struct ls_diag d = {""};

    if (rest->n == 0) {
        return NULL;
    }
    if (ls_json_parse((const char *)rest->p, n, 0, &row, &d) != LS_OK) {
        fail_msg("vector is no JSON: %s", d.text);
    }
    rest->p += end == NULL ? n : n + 1;
    rest->n -= end == NULL ? n : n + 1;
    return row;
}

static inline struct cJSON *json_of(const char *text)
{
    struct cJSON *v = NULL;
    struct ls_diag d = {""};

    if (ls_json_parse(text, strlen(text), 0, &v, &d) != LS_OK) {
        fail_msg("test holds broken JSON: %s", d.text);
    }
    return v;
}

static inline struct ls_hash hash_of(const char *hex)
{
    struct ls_hash h;

    assert_int_equal(ls_hex_fixed(hex, strlen(hex), h.b, 32), LS_OK);
    return h;
}

static inline void assert_hash_is(const struct ls_hash *h, const char *hex)
{
    char text[67] = "0x";

    ls_hex_encode(h->b, 32, text + 2);
    text[66] = '\0';
    assert_string_equal(text, hex);
}

/* text with the first old replaced by new; the caller frees it. old must be there. */
static inline char *replaced(const char *text, const char *old, const char *new)
{
    const char *at = strstr(text, old);
    size_t n = strlen(text) - strlen(old) + strlen(new) + 1;
    char *out = malloc(n);

    assert_non_null(out);
    if (at == NULL) {
        free(out);
        fail_msg("nothing to replace: %s", old);
        return NULL;
    }
    (void)snprintf(out, n, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
    return out;
}

#endif
