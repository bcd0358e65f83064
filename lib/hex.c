/*
 * Hexadecimal without tables or branches: decoding is on the path of every block, transaction data
 * included, and what is written as a loop of one length over bytes becomes vector instructions.
 */
#include "lib/hex.h"

#include <string.h>

#define BLOCK_BYTES 32u /* decoded at once; a hash is one block */
#define NO_DIGIT 16

static const char digits[16] = {'0', '1', '2', '3', '4', '5', '6', '7',
                                '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

/* Its value, or NO_DIGIT. */
static inline uint8_t value_of(uint8_t c)
{
    uint8_t digit = (uint8_t)(c - '0');
    uint8_t letter = (uint8_t)((c | 0x20) - 'a');
    return (uint8_t)(digit < 10 ? digit : letter < 6 ? letter + 10 : NO_DIGIT);
}

/* The values seen, or-ed: NO_DIGIT or more when one was none. */
static unsigned decode_block(const char *s, uint8_t *out)
{
    uint8_t v[2 * BLOCK_BYTES];
    uint8_t seen = 0;
    memcpy(v, s, sizeof v);
    for (size_t i = 0; i < sizeof v; i++) {
        v[i] = value_of(v[i]);
        seen |= v[i];
    }
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        out[i] = (uint8_t)(v[2 * i] << 4 | v[2 * i + 1]);
    }
    return seen;
}

bool ls_hex_digits(const char *s, uint8_t *out, size_t out_bytes)
{
    unsigned seen = 0; /* looked at once, at the end: a wrong digit is rare, a long text is not */
    size_t i = 0;
    for (; out_bytes - i >= BLOCK_BYTES; i += BLOCK_BYTES) {
        seen |= decode_block(s + 2 * i, out + i);
    }
    for (; i < out_bytes; i++) {
        uint8_t high = value_of((uint8_t)s[2 * i]);
        uint8_t low = value_of((uint8_t)s[2 * i + 1]);
        seen |= high | low;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return seen < NO_DIGIT;
}

static bool has_prefix(const char *s, size_t n)
{
    return n >= 2 && s[0] == '0' && s[1] == 'x';
}

enum ls_err ls_hex_fixed(const char *s, size_t n, uint8_t *out, size_t out_bytes)
{
    if (!has_prefix(s, n) || n % 2 != 0 || (n - 2) / 2 != out_bytes) {
        return LS_ERR_PARSE;
    }
    return ls_hex_digits(s + 2, out, out_bytes) ? LS_OK : LS_ERR_PARSE;
}

enum ls_err ls_hex_data(const char *s, size_t n, uint8_t *out, size_t out_bytes_max,
                        size_t *out_bytes)
{
    if (!has_prefix(s, n) || n % 2 != 0) {
        return LS_ERR_PARSE;
    }
    size_t bytes = (n - 2) / 2;
    if (bytes > out_bytes_max) {
        return LS_ERR_LIMIT;
    }
    if (!ls_hex_digits(s + 2, out, bytes)) {
        return LS_ERR_PARSE;
    }
    *out_bytes = bytes;
    return LS_OK;
}

void ls_hex_encode(const uint8_t *p, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
}

void ls_hex_put(struct ls_buf *b, const uint8_t *p, size_t n)
{
    /* A length whose digits cannot be counted is past every maximum. */
    size_t chars = n > SIZE_MAX / 4 ? SIZE_MAX / 2 : 2 + 2 * n;
    char *at = (char *)ls_buf_grow(b, chars);
    if (!at) {
        return;
    }
    at[0] = '0';
    at[1] = 'x';
    ls_hex_encode(p, n, at + 2);
}

void ls_hex_put_quantity(struct ls_buf *b, uint64_t v)
{
    char text[18];
    size_t at = sizeof text;
    do {
        text[--at] = digits[v & 15];
        v >>= 4;
    } while (v);
    text[--at] = 'x';
    text[--at] = '0';
    (void)ls_buf_put(b, text + at, sizeof text - at);
}
