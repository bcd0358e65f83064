/* Values without members: alloy's hex bytes, ruint's numbers, and serde's own. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/num.h"
#include "mocks/rpc/serde.h"

/* --- hex --- */

static int nibble(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct ls_span without_prefix(struct ls_span text)
{
    bool has = text.n >= 2 && text.p[0] == '0' && text.p[1] == 'x';
    return has ? (struct ls_span){text.p + 2, text.n - 2} : text;
}

/* false: *bad is the first character that is no digit. */
static bool decode_hex(struct ls_span digits, uint8_t *out, size_t *bad)
{
    for (size_t i = 0; i < digits.n; i++) {
        int v = nibble(digits.p[i]);
        if (v < 0) {
            *bad = i;
            return false;
        }
        out[i / 2] = (uint8_t)(i % 2 == 0 ? v << 4 : out[i / 2] | v);
    }
    return true;
}

/* One byte as Rust shows a char of it. */
static void print_char(uint8_t c, char out[16])
{
    static const char plain[] = "\0\n\r\t'\\";
    static const char names[] = "0nrt'\\";
    const char *found = memchr(plain, c, sizeof plain - 1);
    if (found != NULL) {
        (void)snprintf(out, 16, "'\\%c'", names[found - plain]);
    } else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad) {
        (void)snprintf(out, 16, "'\\u{%x}'", c);
    } else if (c < 0x80) {
        (void)snprintf(out, 16, "'%c'", c);
    } else {
        (void)snprintf(out, 16, "'%c%c'", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
    }
}

/* const-hex: the length is looked at with the prefix, then without, then the characters. */
static bool fixed_text(struct ls_serde *s, struct ls_span text, uint8_t *out, size_t n)
{
    char shown[16];
    size_t bad;
    struct ls_span digits = without_prefix(text);
    if (text.n % 2 != 0) {
        (void)ls_serde_fail(s, "odd number of digits");
    } else if (digits.n != 2 * n) {
        (void)ls_serde_fail(s, "invalid string length");
    } else if (!decode_hex(digits, out, &bad)) {
        print_char(digits.p[bad], shown);
        (void)ls_serde_fail(s, "invalid character %s at position %zu", shown, bad);
    }
    return ls_serde_place(s);
}

/* --- arrays of u8 --- */

static bool byte_item(struct ls_serde *s, uint8_t *out)
{
    struct ls_serde_number v;
    char c = ls_serde_peek(s);
    if (c != '-' && (c < '0' || c > '9')) {
        return ls_serde_wrong_type(s, false, "u8");
    }
    size_t start = s->at;
    if (!ls_serde_number(s, &v)) {
        return false;
    }
    if (v.kind == LS_SERDE_FLOAT) {
        s->at = start;
        return ls_serde_wrong_type(s, false, "u8");
    }
    if (v.kind == LS_SERDE_SIGNED) {
        (void)ls_serde_fail(s, "invalid value: integer `%" PRIi64 "`, expected u8", v.i);
    } else if (v.u > UINT8_MAX) {
        (void)ls_serde_fail(s, "invalid value: integer `%" PRIu64 "`, expected u8", v.u);
    }
    *out = (uint8_t)v.u;
    return ls_serde_place(s);
}

/* The next item of an array is there: the cursor is at it. */
static bool has_item(struct ls_serde *s, bool is_first)
{
    if (ls_serde_peek(s) == ']') {
        return false;
    }
    if (!is_first && s->text[s->at] == ',') {
        s->at++;
        (void)ls_serde_peek(s);
    }
    return true;
}

static bool fixed_items(struct ls_serde *s, uint8_t *out, size_t n)
{
    size_t count = 0;
    uint8_t extra;
    if (!ls_serde_enter(s)) {
        return false;
    }
    while (count <= n && has_item(s, count == 0)) {
        if (!byte_item(s, count < n ? &out[count] : &extra)) {
            if (count < n) {
                return false;
            }
            ls_buf_clear(&s->fault); /* nobody looks why there is no item too many */
            s->is_placed = false;
            break;
        }
        count++;
    }
    if (count != n) {
        (void)ls_serde_fail(s, "invalid length %zu, expected exactly %zu bytes", count, n);
    }
    ls_serde_leave(s);
    ls_serde_end(s, ']');
    return ls_serde_place(s);
}

bool ls_serde_fixed(struct ls_serde *s, uint8_t *out, size_t n)
{
    struct ls_span text;
    char expected[96];
    char c = ls_serde_peek(s);
    if (c == '"') {
        return ls_serde_string(s, &text) && fixed_text(s, text, out, n);
    }
    if (c == '[') {
        return fixed_items(s, out, n);
    }
    (void)snprintf(expected, sizeof expected,
                   "%zu bytes, represented as a hex string of length %zu, an array of u8, or raw "
                   "bytes",
                   n, 2 * n);
    return ls_serde_wrong_type(s, true, expected);
}

static bool bytes_text(struct ls_serde *s, struct ls_span text, struct ls_span *out)
{
    size_t bad;
    struct ls_span digits = without_prefix(text);
    uint8_t *p = ls_arena_alloc(s->arena, digits.n / 2 + 1);
    if (p == NULL) {
        return ls_serde_fail(s, "too large");
    }
    *out = (struct ls_span){p, digits.n / 2};
    if (text.n % 2 != 0 || !decode_hex(digits, p, &bad)) {
        return ls_serde_wrong_text(s, text, "a valid hex string");
    }
    return true;
}

static bool bytes_items(struct ls_serde *s, struct ls_span *out)
{
    uint8_t *p = ls_arena_alloc(s->arena, s->n - s->at); /* an item takes a byte at least */
    size_t count = 0;
    if (p == NULL) {
        return ls_serde_fail(s, "too large");
    }
    if (!ls_serde_enter(s)) {
        return false;
    }
    while (has_item(s, count == 0)) {
        if (!byte_item(s, &p[count])) {
            return false;
        }
        count++;
    }
    *out = (struct ls_span){p, count};
    ls_serde_leave(s);
    ls_serde_end(s, ']');
    return ls_serde_place(s);
}

bool ls_serde_bytes(struct ls_serde *s, struct ls_span *out)
{
    struct ls_span text;
    char c = ls_serde_peek(s);
    if (c == '"') {
        return ls_serde_string(s, &text) && bytes_text(s, text, out);
    }
    if (c == '[') {
        return bytes_items(s, out);
    }
    return ls_serde_wrong_type(s, true,
                               "a variable number of bytes represented as a hex string, an array "
                               "of u8, or raw bytes");
}

/* --- numbers --- */

/* v = v * base + digit; false when that takes more bytes. */
static bool shift_in(uint8_t *be, size_t bytes, unsigned base, unsigned digit)
{
    unsigned carry = digit;
    for (size_t i = bytes; i-- > 0;) {
        carry += be[i] * base;
        be[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return carry == 0;
}

static int digit_of(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    uint8_t lower = c | 0x20;
    return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : -1;
}

/* ruint: a prefix names the base, no prefix is decimal; underscores do not count and no digit at
 * all is zero. */
static bool parse_uint(struct ls_span text, uint8_t *be, size_t bytes)
{
    unsigned base = 10;
    memset(be, 0, bytes);
    if (text.n >= 2 && text.p[0] == '0') {
        uint8_t mark = text.p[1] | 0x20;
        base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
    }
    for (size_t i = base == 10 ? 0 : 2; i < text.n; i++) {
        int digit = digit_of(text.p[i]);
        if (text.p[i] == '_') {
            continue;
        }
        if (digit < 0 || (unsigned)digit >= base || !shift_in(be, bytes, base, (unsigned)digit)) {
            return false;
        }
    }
    return true;
}

static void store_uint(const uint8_t *be, size_t bytes, void *out)
{
    if (bytes == 8) {
        uint64_t v = ls_be64(be);
        memcpy(out, &v, sizeof v);
    } else {
        memcpy(out, be, bytes);
    }
}

static bool uint_number(struct ls_serde *s, size_t bytes, const char *expected, void *out)
{
    struct ls_serde_number v;
    uint8_t be[32] = {0};
    size_t start = s->at;
    if (!ls_serde_number(s, &v)) {
        return false;
    }
    if (v.kind != LS_SERDE_UNSIGNED) {
        s->at = start;
        return ls_serde_wrong_type(s, true, expected);
    }
    ls_put_be64(be + bytes - 8, v.u);
    store_uint(be, bytes, out);
    return true;
}

bool ls_serde_uint(struct ls_serde *s, size_t bytes, void *out)
{
    struct ls_span text;
    char expected[32];
    uint8_t be[32];
    char c = ls_serde_peek(s);
    (void)snprintf(expected, sizeof expected, "a %zu byte hex string", bytes);
    if (c == '-' || (c >= '0' && c <= '9')) {
        return uint_number(s, bytes, expected, out);
    }
    if (c != '"') {
        return ls_serde_wrong_type(s, true, expected);
    }
    if (!ls_serde_string(s, &text)) {
        return false;
    }
    if (!parse_uint(text, be, bytes)) {
        return ls_serde_wrong_text(s, text, expected);
    }
    store_uint(be, bytes, out);
    return true;
}

bool ls_serde_u64(struct ls_serde *s, uint64_t *out)
{
    struct ls_serde_number v;
    char c = ls_serde_peek(s);
    size_t start = s->at;
    if (c != '-' && (c < '0' || c > '9')) {
        return ls_serde_wrong_type(s, false, "u64");
    }
    if (!ls_serde_number(s, &v)) {
        return false;
    }
    switch (v.kind) {
    case LS_SERDE_UNSIGNED:
        *out = v.u;
        return true;
    case LS_SERDE_SIGNED:
        (void)ls_serde_fail(s, "invalid value: integer `%" PRIi64 "`, expected u64", v.i);
        return ls_serde_place(s);
    case LS_SERDE_FLOAT:
        break;
    }
    s->at = start;
    return ls_serde_wrong_type(s, false, "u64");
}

bool ls_serde_bool(struct ls_serde *s, bool *out)
{
    char c = ls_serde_peek(s);
    if (c != 't' && c != 'f') {
        return ls_serde_wrong_type(s, false, "a boolean");
    }
    s->at += c == 't' ? 4 : 5;
    *out = c == 't';
    return true;
}

static bool variant(struct ls_serde *s, const char *const *names, unsigned *out)
{
    struct ls_span text;
    if (!ls_serde_string(s, &text)) {
        return false;
    }
    for (*out = 0; names[*out] != NULL; ++*out) {
        if (ls_span_is(text, names[*out])) {
            return true;
        }
    }
    (void)ls_buf_puts(&s->fault, "unknown variant `");
    (void)ls_buf_put(&s->fault, text.p, text.n);
    (void)ls_buf_puts(&s->fault, "`, expected one of ");
    for (size_t i = 0; names[i] != NULL; i++) {
        (void)ls_buf_printf(&s->fault, "%s`%s`", i == 0 ? "" : ", ", names[i]);
    }
    return ls_serde_place(s);
}

/* A fault named by the byte that was seen and not consumed. */
static bool fail_at_byte(struct ls_serde *s, const char *what)
{
    (void)ls_serde_fail(s, "%s", what);
    s->at++;
    return ls_serde_place(s);
}

/* {"name": null}: serde's other form of a variant without content. */
static bool variant_object(struct ls_serde *s, const char *const *names, unsigned *out)
{
    if (!ls_serde_enter(s)) {
        return false;
    }
    if (ls_serde_peek(s) != '"') {
        return fail_at_byte(s, "expected value");
    }
    if (!variant(s, names, out)) {
        return false;
    }
    (void)ls_serde_peek(s);
    s->at++; /* the colon */
    if (ls_serde_peek(s) != 'n') {
        return ls_serde_wrong_type(s, false, "unit");
    }
    s->at += 4;
    ls_serde_leave(s);
    if (ls_serde_peek(s) != '}') {
        return fail_at_byte(s, "expected value");
    }
    s->at++;
    return true;
}

bool ls_serde_name(struct ls_serde *s, const char *const *names, unsigned *out)
{
    char c = ls_serde_peek(s);
    if (c == '{') {
        return variant_object(s, names, out);
    }
    return c == '"' ? variant(s, names, out) : fail_at_byte(s, "expected value");
}
