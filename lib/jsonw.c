/*
 * What is written here is always read back by ls_json_parse, whatever bytes a string holds.
 */
#include "lib/jsonw.h"

#include <stdio.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/utf8.h"

/* U+FFFD: stands for a byte that is not UTF-8, and for NUL, which our reader refuses. */
static const char replacement[] = "\xef\xbf\xbd";

void ls_jw_init(struct ls_jw *w, struct ls_buf *b)
{
    *w = (struct ls_jw){.b = b};
}

static void put_escaped(struct ls_buf *b, uint8_t c)
{
    switch (c) {
    case '"':
        (void)ls_buf_puts(b, "\\\"");
        break;
    case '\\':
        (void)ls_buf_puts(b, "\\\\");
        break;
    case '\n':
        (void)ls_buf_puts(b, "\\n");
        break;
    case '\r':
        (void)ls_buf_puts(b, "\\r");
        break;
    case '\t':
        (void)ls_buf_puts(b, "\\t");
        break;
    case 0:
        (void)ls_buf_puts(b, replacement);
        break;
    default:
        (void)ls_buf_printf(b, "\\u%04x", c);
        break;
    }
}

/* DEL and the C1 controls: legal in JSON, but a terminal that shows a log or trace obeys them. */
static bool is_control(const uint8_t *p, size_t len)
{
    return len == 1 ? *p == 0x7f : len == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

/* Length of the longest front of p that can be copied as it is. */
static size_t plain_run(const uint8_t *p, size_t n)
{
    size_t i = 0;
    while (i < n && p[i] >= 0x20 && p[i] != '"' && p[i] != '\\') {
        if (p[i] < 0x7f) {
            i++;
            continue;
        }
        size_t len = ls_utf8_next(p + i, n - i);
        if (len == 0 || is_control(p + i, len)) {
            break;
        }
        i += len;
    }
    return i;
}

/* Writes what stands at p and cannot be copied; returns its length. */
static size_t put_special(struct ls_buf *b, const uint8_t *p, size_t n)
{
    size_t len = ls_utf8_next(p, n);
    if (len == 0) {
        (void)ls_buf_puts(b, replacement);
        return 1;
    }
    put_escaped(b, len == 1 ? p[0] : p[1]); /* U+0080..U+009F end in their own value */
    return len;
}

static void put_string(struct ls_buf *b, const uint8_t *p, size_t n)
{
    (void)ls_buf_putc(b, '"');
    while (n) {
        size_t run = plain_run(p, n);
        (void)ls_buf_put(b, p, run);
        p += run;
        n -= run;
        if (n == 0) {
            break;
        }
        size_t len = put_special(b, p, n);
        p += len;
        n -= len;
    }
    (void)ls_buf_putc(b, '"');
}

/* Everything that stands before a value. */
static void begin_value(struct ls_jw *w, const char *key)
{
    if (w->need_comma) {
        (void)ls_buf_putc(w->b, ',');
    }
    w->need_comma = true;
    if (key) {
        put_string(w->b, (const uint8_t *)key, strlen(key));
        (void)ls_buf_putc(w->b, ':');
    }
}

static void open_level(struct ls_jw *w, const char *key, uint8_t c)
{
    begin_value(w, key);
    (void)ls_buf_putc(w->b, c);
    w->need_comma = false;
}

static void close_level(struct ls_jw *w, uint8_t c)
{
    (void)ls_buf_putc(w->b, c);
    w->need_comma = true;
}

void ls_jw_object(struct ls_jw *w, const char *key)
{
    open_level(w, key, '{');
}

void ls_jw_object_end(struct ls_jw *w)
{
    close_level(w, '}');
}

void ls_jw_array(struct ls_jw *w, const char *key)
{
    open_level(w, key, '[');
}

void ls_jw_array_end(struct ls_jw *w)
{
    close_level(w, ']');
}

void ls_jw_str(struct ls_jw *w, const char *key, const char *value)
{
    if (value) {
        ls_jw_strn(w, key, value, strlen(value));
    } else {
        ls_jw_null(w, key);
    }
}

void ls_jw_strn(struct ls_jw *w, const char *key, const char *value, size_t n)
{
    begin_value(w, key);
    put_string(w->b, (const uint8_t *)value, n);
}

/* Without printf, which takes ten times as long: an answer can be mostly numbers. */
static void put_decimal(struct ls_buf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    (void)ls_buf_put(b, digits + at, sizeof digits - at);
}

void ls_jw_u64(struct ls_jw *w, const char *key, uint64_t v)
{
    begin_value(w, key);
    put_decimal(w->b, v);
}

void ls_jw_i64(struct ls_jw *w, const char *key, int64_t v)
{
    begin_value(w, key);
    if (v < 0) {
        (void)ls_buf_putc(w->b, '-');
    }
    put_decimal(w->b, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void ls_jw_quantity(struct ls_jw *w, const char *key, uint64_t v)
{
    begin_value(w, key);
    (void)ls_buf_putc(w->b, '"');
    ls_hex_put_quantity(w->b, v);
    (void)ls_buf_putc(w->b, '"');
}

void ls_jw_u256(struct ls_jw *w, const char *key, const struct ls_u256 *v)
{
    char digits[64];
    ls_hex_encode(v->be, sizeof v->be, digits);
    size_t zeros = 0;
    while (zeros < sizeof digits - 1 && digits[zeros] == '0') {
        zeros++;
    }
    begin_value(w, key);
    (void)ls_buf_puts(w->b, "\"0x");
    (void)ls_buf_put(w->b, digits + zeros, sizeof digits - zeros);
    (void)ls_buf_putc(w->b, '"');
}

void ls_jw_hex(struct ls_jw *w, const char *key, const uint8_t *p, size_t n)
{
    begin_value(w, key);
    (void)ls_buf_putc(w->b, '"');
    ls_hex_put(w->b, p, n);
    (void)ls_buf_putc(w->b, '"');
}

void ls_jw_bool(struct ls_jw *w, const char *key, bool v)
{
    begin_value(w, key);
    (void)ls_buf_puts(w->b, v ? "true" : "false");
}

void ls_jw_null(struct ls_jw *w, const char *key)
{
    begin_value(w, key);
    (void)ls_buf_puts(w->b, "null");
}

void ls_jw_raw(struct ls_jw *w, const char *key, const char *text, size_t n)
{
    begin_value(w, key);
    (void)ls_buf_put(w->b, text, n);
}
