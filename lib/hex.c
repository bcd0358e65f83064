/*
 * Hexadecimal by table: decoding is on the path of every block, transaction data included.
 */
#include "lib/hex.h"

/* Digit value + 1; 0 marks what is no digit. */
static const uint8_t digit_plus_1[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};
static const char digits[16] = {'0', '1', '2', '3', '4', '5', '6', '7',
                                '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

bool ls_hex_digits(const char *s, uint8_t *out, size_t out_bytes)
{
    unsigned seen = 0; /* looked at once, at the end: a wrong digit is rare, a long text is not */
    for (size_t i = 0; i < out_bytes; i++) {
        unsigned hi = digit_plus_1[(uint8_t)s[2 * i]] - 1u;
        unsigned lo = digit_plus_1[(uint8_t)s[2 * i + 1]] - 1u;
        seen |= hi | lo;
        out[i] = (uint8_t)(hi << 4 | lo);
    }
    return seen <= 15;
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
