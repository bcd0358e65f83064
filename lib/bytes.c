/*
 * Growable buffers: capacity doubles up to the maximum, plus one byte for the terminator.
 */
#include "lib/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool ls_span_is(struct ls_span s, const char *text)
{
    return s.p != NULL && s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

#define CAP_FIRST 64u

void ls_buf_init(struct ls_buf *b, size_t bytes_max)
{
    assert(bytes_max >= 1 && bytes_max <= SIZE_MAX / 4);
    *b = (struct ls_buf){.bytes_max = bytes_max};
}

void ls_buf_fini(struct ls_buf *b)
{
    free(b->p);
    *b = (struct ls_buf){.bytes_max = b->bytes_max};
}

void ls_buf_clear(struct ls_buf *b)
{
    b->n = 0;
    b->err = LS_OK;
    if (b->p) {
        b->p[0] = 0;
    }
}

/* Makes cap > b->n + n, so that the terminator fits too. A first failure sticks. */
static enum ls_err reserve(struct ls_buf *b, size_t n)
{
    if (b->err) {
        return b->err;
    }
    if (n > b->bytes_max - b->n) {
        return b->err = LS_ERR_LIMIT;
    }
    size_t need = b->n + n + 1;
    if (need <= b->cap) {
        return LS_OK;
    }
    size_t cap = b->cap ? b->cap * 2 : CAP_FIRST;
    cap = cap < need ? need : cap;
    cap = cap > b->bytes_max + 1 ? b->bytes_max + 1 : cap;
    uint8_t *p = realloc(b->p, cap);
    if (!p) {
        return b->err = LS_ERR_NOMEM;
    }
    b->p = p;
    b->cap = cap;
    return LS_OK;
}

uint8_t *ls_buf_grow(struct ls_buf *b, size_t n)
{
    if (reserve(b, n)) {
        return NULL;
    }
    uint8_t *at = b->p + b->n;
    b->n += n;
    b->p[b->n] = 0;
    return at;
}

enum ls_err ls_buf_put(struct ls_buf *b, const void *p, size_t n)
{
    if (n == 0) {
        return b->err;
    }
    uint8_t *at = ls_buf_grow(b, n);
    if (!at) {
        return b->err;
    }
    memcpy(at, p, n);
    return LS_OK;
}

enum ls_err ls_buf_puts(struct ls_buf *b, const char *s)
{
    return ls_buf_put(b, s, strlen(s));
}

enum ls_err ls_buf_putc(struct ls_buf *b, uint8_t c)
{
    return ls_buf_put(b, &c, 1);
}

enum ls_err ls_buf_printf(struct ls_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    assert(n >= 0); /* only a broken format or encoding fails, and formats are ours */
    if (reserve(b, (size_t)n)) {
        return b->err;
    }
    va_start(ap, fmt);
    (void)vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->n += (size_t)n;
    return LS_OK;
}

struct ls_span ls_buf_span(const struct ls_buf *b)
{
    return (struct ls_span){b->p, b->n};
}
