/*
 * Recorded files for tests: JSON lines, zstd or plain, one tree a line. Whatever is wrong with them
 * ends the test program with exit code 2.
 */
#ifndef LS_TESTS_UNIT_RECORDED_ROWS_H
#define LS_TESTS_UNIT_RECORDED_ROWS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/json.h"
#include "lib/op/types.h"
#include "lib/zst.h"

#define FILE_BYTES_MAX ((size_t)1 << 30)

struct row {
    struct cJSON *tree;
    struct ls_hash hash; /* blocks */
    const char *id;      /* mutations */
    char *block_json;    /* blocks */
    size_t block_bytes;
};

struct rows {
    struct row *items;
    size_t count;
};

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "recorded rows: %s: %s\n", what, why);
    exit(2);
}

static void *need(void *p)
{
    if (p == NULL) {
        die("memory", "none left");
    }
    return p;
}

/* --- files --- */

static void read_file(const char *path, struct ls_buf *out)
{
    struct ls_buf raw;
    char chunk[65536];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        die(path, "cannot be opened");
    }
    ls_buf_init(&raw, FILE_BYTES_MAX);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) {
        (void)ls_buf_put(&raw, chunk, n);
    }
    (void)fclose(f);
    ls_buf_init(out, FILE_BYTES_MAX);
    enum ls_err e = ls_zst_is(raw.p, raw.n) ? ls_zst_decompress(raw.p, raw.n, out)
                                            : ls_buf_put(out, raw.p, raw.n);
    ls_buf_fini(&raw);
    if (e != LS_OK) {
        die(path, ls_err_text(e));
    }
}

typedef void line_fn(void *self, const char *line, size_t n);

static void each_line(const struct ls_buf *text, line_fn *fn, void *self)
{
    const char *at = (const char *)text->p;
    const char *end = at + text->n;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop == NULL ? end : stop;
        if (stop > at) {
            fn(self, at, (size_t)(stop - at));
        }
        at = stop + 1;
    }
}

static struct cJSON *parse(const char *text, size_t n)
{
    struct cJSON *tree;
    struct ls_diag d = {{0}};
    if (ls_json_parse(text, n, 0, &tree, &d) != LS_OK) {
        die("line", d.text);
    }
    return tree;
}

/* U+E000, which stands in the trees for the NUL that strings of lib/json cannot hold. */
#define NUL_MARK "\xee\x80\x80"

/* The line as a tree, with marks for NULs. */
static struct cJSON *parse_marked(const char *line, size_t n)
{
    static const char nul[] = "\\u0000";
    struct cJSON *tree;
    char *copy = need(malloc(n + 1));
    memcpy(copy, line, n);
    copy[n] = '\0';
    for (char *at = strstr(copy, nul); at != NULL; at = strstr(at, nul)) {
        memcpy(at, "\\ue000", 6);
    }
    tree = parse(copy, n);
    free(copy);
    return tree;
}

static void add_row(void *self, const char *line, size_t n)
{
    struct rows *rows = self;
    struct row *r;
    struct ls_buf text;
    rows->items = need(realloc(rows->items, (rows->count + 1) * sizeof *r));
    r = &rows->items[rows->count++];
    memset(r, 0, sizeof *r);
    r->tree = parse_marked(line, n);
    r->id = ls_json_str(ls_json_get(r->tree, "id"));
    (void)ls_json_fixed(ls_json_get(r->tree, "hash"), r->hash.b, sizeof r->hash.b);
    const struct cJSON *block = ls_json_get(r->tree, "block");
    if (block != NULL) {
        ls_buf_init(&text, FILE_BYTES_MAX);
        ls_json_print(block, &text);
        r->block_json = (char *)text.p;
        r->block_bytes = text.n;
    }
}

static void load_rows(const char *path, struct rows *out)
{
    struct ls_buf text;
    read_file(path, &text);
    each_line(&text, add_row, out);
    ls_buf_fini(&text);
}

static void free_rows(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        ls_json_free(rows->items[i].tree);
        free(rows->items[i].block_json);
    }
    free(rows->items);
}

#endif
