/*
 * Recorded exchanges with the real sync tester, read without losing a byte: the bodies of requests
 * and answers are spans of the row, whose numbers no tree could hold. Whatever is wrong with a file
 * ends the program with exit code 2.
 */
#ifndef LS_TESTS_UNIT_SYNCTESTER_ROWS_H
#define LS_TESTS_UNIT_SYNCTESTER_ROWS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/json.h"
#include "lib/json_scan.h"
#include "lib/zst.h"

#define RECORDED_BYTES_MAX ((size_t)1 << 30)

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "sync tester's recordings: %s: %s\n", what, why);
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

static void read_whole(const char *path, struct ls_buf *out)
{
    struct ls_buf raw;
    char chunk[65536];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        die(path, "cannot be opened");
    }
    ls_buf_init(&raw, RECORDED_BYTES_MAX);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) {
        (void)ls_buf_put(&raw, chunk, n);
    }
    (void)fclose(f);
    if (!ls_zst_is(raw.p, raw.n)) {
        *out = raw;
        return;
    }
    ls_buf_init(out, RECORDED_BYTES_MAX);
    if (ls_zst_decompress(raw.p, raw.n, out) != LS_OK) {
        die(path, "is damaged");
    }
    ls_buf_fini(&raw);
}

/* The next line of text from *at on; p NULL at the end. */
static struct ls_span next_line(const struct ls_buf *text, size_t *at)
{
    struct ls_span line = {NULL, 0};
    while (*at < text->n && line.n == 0) {
        const uint8_t *start = text->p + *at;
        const uint8_t *end = memchr(start, '\n', text->n - *at);
        line.p = start;
        line.n = end == NULL ? text->n - *at : (size_t)(end - start);
        *at += line.n + 1;
    }
    return line.n > 0 ? line : (struct ls_span){NULL, 0};
}

/* --- members --- */

static size_t space_at(struct ls_span v, size_t at)
{
    while (at < v.n && (v.p[at] == ' ' || v.p[at] == '\t')) {
        at++;
    }
    return at;
}

static size_t value_end(struct ls_span v, size_t at)
{
    struct ls_json_scan found;
    if (ls_json_scan((const char *)v.p + at, v.n - at, LS_JSON_DEPTH_MAX, false, &found) != LS_OK) {
        die("row", "is not JSON");
    }
    return at + found.end;
}

/* The text of a member of the object v; p NULL when it has none of that name. */
static struct ls_span member_text(struct ls_span v, const char *name)
{
    size_t at = space_at(v, 0) + 1;
    size_t name_n = strlen(name);
    while (at < v.n && v.p[at] != '}') {
        size_t key = space_at(v, at);
        size_t colon = space_at(v, value_end(v, key));
        size_t value = space_at(v, colon + 1);
        size_t end = value_end(v, value);
        if (colon - key == name_n + 2 && memcmp(v.p + key + 1, name, name_n) == 0) {
            return (struct ls_span){v.p + value, end - value};
        }
        at = space_at(v, end);
        at = at < v.n && v.p[at] == ',' ? space_at(v, at + 1) : at;
    }
    return (struct ls_span){NULL, 0};
}

static bool text_is(struct ls_span v, const char *text)
{
    return v.p != NULL && v.n == strlen(text) && memcmp(v.p, text, v.n) == 0;
}

#endif
