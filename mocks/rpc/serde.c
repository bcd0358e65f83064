/* The cursor, faults and their places, and what unexpected values are called. */
#include "mocks/rpc/serde.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/utf8.h"

#define FAULT_BYTES_MAX ((size_t)64 << 20) /* a fault may quote a whole transaction */

void ls_serde_init(struct ls_serde *s, const char *text, size_t n, struct ls_arena *arena)
{
    *s = (struct ls_serde){.text = text, .n = n, .depth_left = LS_SERDE_DEPTH_MAX, .arena = arena};
    ls_buf_init(&s->fault, FAULT_BYTES_MAX);
}

void ls_serde_fini(struct ls_serde *s)
{
    ls_buf_fini(&s->fault);
}

/* --- faults --- */

bool ls_serde_fail(struct ls_serde *s, const char *fmt, ...)
{
    char text[512];
    va_list args;
    if (s->fault.n > 0) {
        return false;
    }
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)ls_buf_puts(&s->fault, text);
    return false;
}

static bool place_at(struct ls_serde *s, size_t at)
{
    size_t line = 1;
    size_t start = 0;
    if (s->fault.n == 0 || s->is_placed || s->is_buffered) {
        return s->fault.n == 0;
    }
    for (size_t i = 0; i < at; i++) {
        if (s->text[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    (void)ls_buf_printf(&s->fault, " at line %zu column %zu", line, at - start);
    s->is_placed = true;
    return false;
}

bool ls_serde_place(struct ls_serde *s)
{
    return place_at(s, s->at);
}

/* A fault seen in the byte that comes next. */
static bool fail_ahead(struct ls_serde *s, const char *what)
{
    (void)ls_serde_fail(s, "%s", what);
    return place_at(s, s->at < s->n ? s->at + 1 : s->n);
}

/* --- moving --- */

char ls_serde_peek(struct ls_serde *s)
{
    while (s->at < s->n && s->text[s->at] != '\0' && strchr(" \t\r\n", s->text[s->at]) != NULL) {
        s->at++;
    }
    return s->at < s->n ? s->text[s->at] : '\0';
}

bool ls_serde_enter(struct ls_serde *s)
{
    if (s->depth_left <= 1) {
        return fail_ahead(s, "recursion limit exceeded");
    }
    s->depth_left--;
    s->at++;
    return true;
}

void ls_serde_leave(struct ls_serde *s)
{
    s->depth_left++;
}

void ls_serde_end(struct ls_serde *s, char closing)
{
    char c = ls_serde_peek(s);
    if (c == closing) {
        s->at++;
        return;
    }
    if (c == ',' && closing == ']') {
        s->at++;
        (void)ls_serde_peek(s);
    }
    if (s->fault.n == 0) {
        (void)fail_ahead(s, "trailing characters");
    }
}

static void skip_string(struct ls_serde *s)
{
    for (s->at++; s->at < s->n && s->text[s->at] != '"'; s->at++) {
        if (s->text[s->at] == '\\') {
            s->at++;
        }
    }
    s->at++;
}

static size_t token_bytes(const struct ls_serde *s)
{
    size_t n = 0;
    while (s->at + n < s->n && s->text[s->at + n] != '\0' &&
           strchr(" \t\r\n,:]}[{\"", s->text[s->at + n]) == NULL) {
        n++;
    }
    return n;
}

bool ls_serde_skip(struct ls_serde *s, bool counts_depth)
{
    unsigned depth = 0;
    do {
        char c = ls_serde_peek(s);
        if (c == '\0') {
            return fail_ahead(s, "expected value");
        }
        if (c == '"') {
            skip_string(s);
        } else if (c == '[' || c == '{') {
            if (counts_depth && depth + 1 >= s->depth_left) {
                return fail_ahead(s, "recursion limit exceeded");
            }
            depth++;
            s->at++;
        } else if (c == ']' || c == '}') {
            depth--;
            s->at++;
        } else if (c == ',' || c == ':') {
            s->at++;
        } else {
            s->at += token_bytes(s);
        }
    } while (depth > 0);
    return true;
}

/* --- strings --- */

static unsigned hex4(const char *p)
{
    unsigned v = 0;
    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)p[i];
        v = v << 4 | (c <= '9' ? c - '0' : (c | 32u) - 'a' + 10);
    }
    return v;
}

static size_t put_utf8(uint8_t *out, unsigned c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

/* At the backslash; returns the bytes written to out, 0 for a surrogate without its half. */
static size_t unescape(struct ls_serde *s, uint8_t *out)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    char c = s->text[s->at + 1];
    if (c != 'u') {
        const char *found = strchr(from, c);
        out[0] = (uint8_t)(found == NULL ? c : to[found - from]);
        s->at += 2;
        return 1;
    }
    unsigned unit = hex4(s->text + s->at + 2);
    s->at += 6;
    if (unit >= 0xd800 && unit <= 0xdbff && s->at + 6 <= s->n && s->text[s->at] == '\\' &&
        s->text[s->at + 1] == 'u') {
        unsigned low = hex4(s->text + s->at + 2);
        s->at += 6;
        if (low >= 0xdc00 && low <= 0xdfff) {
            return put_utf8(out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        }
        return 0;
    }
    return unit >= 0xd800 && unit <= 0xdfff ? 0 : put_utf8(out, unit);
}

bool ls_serde_string(struct ls_serde *s, struct ls_span *out)
{
    size_t start = ++s->at;
    while (s->at < s->n && s->text[s->at] != '"' && s->text[s->at] != '\\') {
        s->at++;
    }
    *out = (struct ls_span){(const uint8_t *)s->text + start, s->at - start};
    if (s->at < s->n && s->text[s->at] == '"') {
        s->at++;
        return true;
    }
    uint8_t *copy = ls_arena_alloc(s->arena, s->n - start);
    size_t n = out->n;
    if (copy == NULL) {
        return ls_serde_fail(s, "too large");
    }
    memcpy(copy, out->p, n);
    while (s->at < s->n && s->text[s->at] != '"') {
        size_t put = 1;
        if (s->text[s->at] == '\\') {
            put = unescape(s, copy + n);
        } else {
            copy[n] = (uint8_t)s->text[s->at++];
        }
        if (put == 0) {
            (void)ls_serde_fail(s, "lone leading surrogate in hex escape");
            return ls_serde_place(s);
        }
        n += put;
    }
    s->at++;
    *out = (struct ls_span){copy, n};
    return true;
}

/* --- numbers --- */

static bool parse_u64(const char *p, size_t n, uint64_t *out)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(p[i] - '0');
        if (v > (UINT64_MAX - digit) / 10) {
            return false;
        }
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

/* serde_json's value of digits * 10^exponent, which is not always the nearest double. */
static double float_of(uint64_t digits, long exponent)
{
    double f = (double)digits;
    for (; exponent < -308; exponent += 308) {
        f /= 1e308;
    }
    if (exponent > 308) {
        return f == 0 ? f : INFINITY;
    }
    double power = strtod((char[]){'1', 'e', (char)('0' + labs(exponent) / 100),
                                   (char)('0' + labs(exponent) / 10 % 10),
                                   (char)('0' + labs(exponent) % 10), '\0'},
                          NULL);
    return exponent < 0 ? f / power : f * power;
}

/* Reads what grammar calls a number; digits past 64 bits only count. */
static double parse_float(const char *p, size_t n)
{
    uint64_t digits = 0;
    long exponent = 0;
    bool is_behind_point = false;
    bool is_full = false;
    size_t i = n > 0 && p[0] == '-' ? 1 : 0;
    for (; i < n && p[i] != 'e' && p[i] != 'E'; i++) {
        if (p[i] == '.') {
            is_behind_point = true;
            continue;
        }
        uint64_t digit = (uint64_t)(p[i] - '0');
        is_full = is_full || digits > (UINT64_MAX - digit) / 10;
        if (!is_full) {
            digits = digits * 10 + digit;
            exponent -= is_behind_point ? 1 : 0;
        } else {
            exponent += is_behind_point ? 0 : 1;
        }
    }
    if (i < n) {
        long given = strtol(p + i + 1, NULL, 10);
        exponent += given > 100000 ? 100000 : given < -100000 ? -100000 : given;
    }
    double f = float_of(digits, exponent);
    return p[0] == '-' ? -f : f;
}

/* As serde_json sorts them: whole numbers that fit, anything else a float; -0 is one, too. */
bool ls_serde_number(struct ls_serde *s, struct ls_serde_number *out)
{
    const char *p = s->text + s->at;
    size_t n = token_bytes(s);
    bool is_negative = n > 0 && p[0] == '-';
    uint64_t whole;
    s->at += n;
    memset(out, 0, sizeof *out);
    if (parse_u64(p + is_negative, n - is_negative, &whole) && !(is_negative && whole == 0) &&
        !(is_negative && whole > (uint64_t)1 << 63)) {
        out->kind = is_negative ? LS_SERDE_SIGNED : LS_SERDE_UNSIGNED;
        out->u = whole;
        out->i = is_negative ? (int64_t)(0 - whole) : 0;
        return true;
    }
    out->kind = LS_SERDE_FLOAT;
    out->f = parse_float(p, n);
    if (isinf(out->f)) {
        (void)ls_serde_fail(s, "number out of range");
        return ls_serde_place(s);
    }
    return true;
}

/* The shortest digits that read back the same, in the form zmij prints them. */
static void put_float(struct ls_buf *b, double f)
{
    char digits[40];
    int count = 1;
    int exponent;
    do {
        (void)snprintf(digits, sizeof digits, "%.*e", count - 1, f);
    } while (count++ < 17 && strtod(digits, NULL) != f);
    char *e = strchr(digits, 'e');
    exponent = atoi(e + 1);
    if (exponent >= 16 || exponent < -5) {
        *e = '\0';
        (void)ls_buf_printf(b, "%se%+d", digits, exponent);
        return;
    }
    int places = count - 2 - exponent; /* behind the point */
    (void)ls_buf_printf(b, "%.*f", places > 1 ? places : 1, f);
}

/* --- what unexpected values are called --- */

/* Characters Rust's Debug escapes beyond ASCII, of those that texts are seen to hold: controls,
 * marks that join or have no width, spaces, private use. Its whole table is Unicode's. */
static bool is_unprintable(unsigned c)
{
    static const struct {
        unsigned first;
        unsigned last;
    } ranges[] = {{0x80, 0xa0},     {0xad, 0xad},     {0x300, 0x36f},   {0x1680, 0x1680},
                  {0x180e, 0x180e}, {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f},
                  {0x20d0, 0x20f0}, {0x3000, 0x3000}, {0xe000, 0xf8ff}, {0xfe00, 0xfe0f},
                  {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xe0000, 0x10ffff}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* Of a well-formed sequence of n bytes. */
static unsigned code_point(const uint8_t *p, size_t n)
{
    unsigned c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        c = c << 6 | (p[i] & 0x3fu);
    }
    return c;
}

/* Rust's Debug of a string. */
void ls_serde_quote(struct ls_serde *s, struct ls_span text)
{
    struct ls_buf *b = &s->fault;
    (void)ls_buf_putc(b, '"');
    for (size_t i = 0; i < text.n;) {
        uint8_t c = text.p[i];
        size_t n = ls_utf8_next(text.p + i, text.n - i);
        if (c == '"' || c == '\\') {
            (void)ls_buf_printf(b, "\\%c", c);
        } else if (c == '\0' || c == '\n' || c == '\r' || c == '\t') {
            static const char names[] = "0nrt";
            (void)ls_buf_printf(b, "\\%c",
                                names[c == '\0'   ? 0
                                      : c == '\n' ? 1
                                      : c == '\r' ? 2
                                                  : 3]);
        } else if (c < 0x20 || c == 0x7f) {
            (void)ls_buf_printf(b, "\\u{%x}", c);
        } else if (n > 1 && is_unprintable(code_point(text.p + i, n))) {
            (void)ls_buf_printf(b, "\\u{%x}", code_point(text.p + i, n));
        } else {
            (void)ls_buf_put(b, text.p + i, n == 0 ? 1 : n);
        }
        i += n == 0 ? 1 : n;
    }
    (void)ls_buf_putc(b, '"');
}

bool ls_serde_wrong_text(struct ls_serde *s, struct ls_span text, const char *expected)
{
    (void)ls_buf_puts(&s->fault, "invalid value: string ");
    ls_serde_quote(s, text);
    (void)ls_buf_printf(&s->fault, ", expected %s", expected);
    return ls_serde_place(s);
}

static bool wrong_number(struct ls_serde *s, const char *expected)
{
    struct ls_serde_number v;
    if (!ls_serde_number(s, &v)) {
        return false;
    }
    (void)ls_buf_puts(&s->fault, "invalid type: ");
    switch (v.kind) {
    case LS_SERDE_UNSIGNED:
        (void)ls_buf_printf(&s->fault, "integer `%" PRIu64 "`", v.u);
        break;
    case LS_SERDE_SIGNED:
        (void)ls_buf_printf(&s->fault, "integer `%" PRIi64 "`", v.i);
        break;
    case LS_SERDE_FLOAT:
        (void)ls_buf_puts(&s->fault, "floating point `");
        put_float(&s->fault, v.f);
        (void)ls_buf_putc(&s->fault, '`');
        break;
    }
    (void)ls_buf_printf(&s->fault, ", expected %s", expected);
    return ls_serde_place(s);
}

static bool wrong_brackets(struct ls_serde *s, bool is_any, const char *expected)
{
    bool is_list = s->text[s->at] == '[';
    if (is_any && !ls_serde_enter(s)) {
        return false;
    }
    (void)ls_serde_fail(s, "invalid type: %s, expected %s", is_list ? "sequence" : "map", expected);
    if (is_any) {
        ls_serde_leave(s);
        ls_serde_end(s, is_list ? ']' : '}');
    }
    return ls_serde_place(s);
}

static bool wrong_string(struct ls_serde *s, const char *expected)
{
    struct ls_span text;
    if (!ls_serde_string(s, &text)) {
        return false;
    }
    (void)ls_buf_puts(&s->fault, "invalid type: string ");
    ls_serde_quote(s, text);
    (void)ls_buf_printf(&s->fault, ", expected %s", expected);
    return ls_serde_place(s);
}

bool ls_serde_wrong_type(struct ls_serde *s, bool is_any, const char *expected)
{
    char c = ls_serde_peek(s);
    switch (c) {
    case '[':
    case '{':
        return wrong_brackets(s, is_any, expected);
    case '"':
        return wrong_string(s, expected);
    case 'n':
        s->at += 4;
        (void)ls_serde_fail(s, "invalid type: null, expected %s", expected);
        return ls_serde_place(s);
    case 't':
    case 'f':
        s->at += c == 't' ? 4 : 5;
        (void)ls_serde_fail(s, "invalid type: boolean `%s`, expected %s",
                            c == 't' ? "true" : "false", expected);
        return ls_serde_place(s);
    default:
        if (c == '-' || (c >= '0' && c <= '9')) {
            return wrong_number(s, expected);
        }
        return fail_ahead(s, "expected value");
    }
}
