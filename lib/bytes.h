/*
 * Spans and growable buffers.
 *
 * A span is a borrowed view. A buffer owns heap memory and has a maximum that it never exceeds; a
 * failed append leaves it unchanged and sets a sticky flag, so that writers can check once at the
 * end.
 */
#ifndef LS_LIB_BYTES_H
#define LS_LIB_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

/* A borrowed byte range. p may be NULL when n is 0. */
struct ls_span {
    const uint8_t *p;
    size_t n;
};

/* Whether s is exactly the bytes of text, a C string. An absent span (p NULL) is no text. */
bool ls_span_is(struct ls_span s, const char *text);

/* Growable, bounded, always followed by a zero byte that is not counted (so p is a C string when
 * the content holds no zero). Zeroed is a valid empty buffer with maximum 0: use ls_buf_init. */
struct ls_buf {
    uint8_t *p;
    size_t n;
    size_t cap;
    size_t bytes_max;
    enum ls_err err; /* first failure (NOMEM or LIMIT); sticky until ls_buf_clear */
};

/* Prepares an empty buffer; allocates nothing yet. bytes_max: 1 .. SIZE_MAX/4. */
void ls_buf_init(struct ls_buf *b, size_t bytes_max);

/* Frees the memory; b is then as after ls_buf_init with the same maximum. Accepts zeroed. */
void ls_buf_fini(struct ls_buf *b);

/* Empties b, keeps the memory, clears the sticky error. */
void ls_buf_clear(struct ls_buf *b);

/* Appends n bytes. LIMIT past bytes_max, NOMEM; on error nothing is appended and err sticks. */
enum ls_err ls_buf_put(struct ls_buf *b, const void *p, size_t n);

/* Appends a C string without its zero. */
enum ls_err ls_buf_puts(struct ls_buf *b, const char *s);

/* Appends one byte. */
enum ls_err ls_buf_putc(struct ls_buf *b, uint8_t c);

/* Appends formatted text. */
enum ls_err ls_buf_printf(struct ls_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for n more bytes and returns where they go (n is then added to the length), or NULL.
 */
uint8_t *ls_buf_grow(struct ls_buf *b, size_t n);

/* The content as a span; valid until the next append. */
struct ls_span ls_buf_span(const struct ls_buf *b);

#endif
