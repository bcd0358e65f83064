/*
 * Recorded files for tests, zstd or plain. Whatever is wrong with one ends the test program with
 * exit code 2.
 */
#ifndef LS_TESTS_UNIT_RECORDED_FILE_H
#define LS_TESTS_UNIT_RECORDED_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/zst.h"

#define RECORDED_BYTES_MAX ((size_t)1 << 30)

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "recorded file: %s: %s\n", what, why);
    exit(2);
}

static void *need(void *p)
{
    if (p == NULL) {
        die("memory", "none left");
    }
    return p;
}

/* The whole text; the caller ends *out. */
static void read_file(const char *path, struct ls_buf *out)
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

/* The next line that is not empty, from *at on; p NULL at the end. */
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

#endif
