/*
 * Recorded files for tests: JSON lines, zstd or plain, one tree a line. Whatever is wrong with them
 * ends the test program with exit code 2.
 */
#ifndef LS_TESTS_UNIT_RECORDED_ROWS_H
#define LS_TESTS_UNIT_RECORDED_ROWS_H

#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/op/types.h"
#include "tests/unit/recorded_file.h"

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

static void add_row(struct rows *rows, struct ls_span line)
{
    struct row *r;
    struct ls_buf text;
    rows->items = need(realloc(rows->items, (rows->count + 1) * sizeof *r));
    r = &rows->items[rows->count++];
    memset(r, 0, sizeof *r);
    r->tree = parse_marked((const char *)line.p, line.n);
    r->id = ls_json_str(ls_json_get(r->tree, "id"));
    (void)ls_json_fixed(ls_json_get(r->tree, "hash"), r->hash.b, sizeof r->hash.b);
    const struct cJSON *block = ls_json_get(r->tree, "block");
    if (block != NULL) {
        ls_buf_init(&text, RECORDED_BYTES_MAX);
        ls_json_print(block, &text);
        r->block_json = (char *)text.p;
        r->block_bytes = text.n;
    }
}

static void load_rows(const char *path, struct rows *out)
{
    struct ls_buf text;
    struct ls_span line;
    size_t at = 0;
    read_file(path, &text);
    while ((line = next_line(&text, &at)).p != NULL) {
        add_row(out, line);
    }
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
