/*
 * A pushdown automaton over the text: one bit a level says whether it is an object. Strings, which
 * are most of a block's bytes, are crossed eight bytes at a time.
 */
#include "lib/json_scan.h"

#include <stdint.h>
#include <string.h>

#include "lib/utf8.h"

struct scanner {
    const uint8_t *start;
    const uint8_t *p;
    const uint8_t *end;
    const char *why; /* set at the first fault; p stays at it */
    unsigned depth;
    unsigned depth_max;
    size_t number_bytes_max;
    size_t values;
    bool is_lax;        /* strings as Go takes them */
    uint8_t *is_object; /* a bit for each level of depth_max */
};

/* All steps return true to go on and false at a fault. At the end of the text `why` is set as well:
 * the caller tells a cut text by p == end. */
static bool fault(struct scanner *s, const char *why)
{
    s->why = why;
    return false;
}

static void skip_space(struct scanner *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t')) {
        s->p++;
    }
}

static bool is_digit_at(const struct scanner *s)
{
    return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static void skip_digits(struct scanner *s)
{
    while (is_digit_at(s)) {
        s->p++;
    }
}

static bool scan_number(struct scanner *s)
{
    const uint8_t *first = s->p;
    if (*s->p == '-') {
        s->p++;
    }
    if (!is_digit_at(s)) {
        return fault(s, "in numeric literal");
    }
    if (*s->p == '0') {
        s->p++; /* a digit behind a leading zero is refused by whatever must follow the value */
    } else {
        skip_digits(s);
    }
    if (s->p < s->end && *s->p == '.') {
        s->p++;
        if (!is_digit_at(s)) {
            return fault(s, "after decimal point in numeric literal");
        }
        skip_digits(s);
    }
    if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
        s->p++;
        if (s->p < s->end && (*s->p == '+' || *s->p == '-')) {
            s->p++;
        }
        if (!is_digit_at(s)) {
            return fault(s, "in exponent of numeric literal");
        }
        skip_digits(s);
    }
    size_t n = (size_t)(s->p - first);
    s->number_bytes_max = n > s->number_bytes_max ? n : s->number_bytes_max;
    return true;
}

static bool scan_literal(struct scanner *s, const char *word, const char *why)
{
    for (; *word; word++, s->p++) {
        if (s->p == s->end || *s->p != (uint8_t)*word) {
            return fault(s, why);
        }
    }
    return true;
}

/* Four hex digits of a \u escape. */
static bool scan_unit(struct scanner *s, unsigned *out)
{
    unsigned v = 0;
    for (int i = 0; i < 4; i++, s->p++) {
        unsigned c = s->p < s->end ? *s->p : 0;
        if (c >= '0' && c <= '9') {
            v = v << 4 | (c - '0');
        } else if ((c | 32) >= 'a' && (c | 32) <= 'f') {
            v = v << 4 | ((c | 32) - 'a' + 10);
        } else {
            return fault(s, "in \\u hexadecimal character escape");
        }
    }
    *out = v;
    return true;
}

/* Behind "\u". A surrogate must be half of a pair, or the string could not be UTF-8; NUL would end
 * the C strings that the tree is made of. */
static bool scan_unicode_escape(struct scanner *s)
{
    const uint8_t *first = s->p;
    unsigned unit = 0;
    if (!scan_unit(s, &unit)) {
        return false;
    }
    if (s->is_lax) {
        return true;
    }
    if (unit == 0) {
        s->p = first;
        return fault(s, "in \\u escape (NUL is not allowed)");
    }
    if (unit < 0xd800 || unit > 0xdfff) {
        return true;
    }
    unsigned low = 0;
    if (unit >= 0xdc00) {
        s->p = first;
        return fault(s, "in \\u escape (unpaired surrogate)");
    }
    if (s->p < s->end && *s->p != '\\') {
        return fault(s, "in \\u escape (unpaired surrogate)");
    }
    s->p += s->p < s->end;
    if (s->p < s->end && *s->p != 'u') {
        return fault(s, "in \\u escape (unpaired surrogate)");
    }
    s->p += s->p < s->end;
    first = s->p;
    if (!scan_unit(s, &low)) {
        return false;
    }
    if (low < 0xdc00 || low > 0xdfff) {
        s->p = first;
        return fault(s, "in \\u escape (unpaired surrogate)");
    }
    return true;
}

static bool scan_escape(struct scanner *s)
{
    s->p++;
    if (s->p == s->end) {
        return fault(s, "in string escape code");
    }
    switch (*s->p) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        s->p++;
        return true;
    case 'u':
        s->p++;
        return scan_unicode_escape(s);
    default:
        return fault(s, "in string escape code");
    }
}

static bool scan_utf8(struct scanner *s)
{
    size_t n = ls_utf8_next(s->p, (size_t)(s->end - s->p));
    if (n == 0 && s->is_lax) {
        n = 1;
    }
    if (n == 0) {
        return fault(s, "in string literal (not UTF-8)");
    }
    s->p += n;
    return true;
}

/* Crosses the bytes of a string that need no look: none of '"', '\\', below 0x20, above 0x7f. */
static void skip_plain(struct scanner *s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = UINT64_C(0x8080808080808080);
    while (s->end - s->p >= 8) {
        uint64_t w;
        memcpy(&w, s->p, 8);
        uint64_t quote = w ^ ones * '"';
        uint64_t slash = w ^ ones * '\\';
        /* x - ones sets the top bit of every byte that was 0 (or of a byte above one that was: a
         * false alarm ends the fast path early and does no harm). */
        uint64_t special = (quote - ones) | (slash - ones) | (w - ones * 0x20) | w;
        if (special & tops) {
            break;
        }
        s->p += 8;
    }
    while (s->p < s->end && *s->p >= 0x20 && *s->p < 0x80 && *s->p != '"' && *s->p != '\\') {
        s->p++;
    }
}

static bool scan_string(struct scanner *s)
{
    s->p++;
    for (;;) {
        skip_plain(s);
        if (s->p == s->end) {
            return fault(s, "in string literal");
        }
        if (*s->p == '"') {
            s->p++;
            return true;
        }
        if (*s->p < 0x20) {
            return fault(s, "in string literal");
        }
        if (*s->p == '\\' ? !scan_escape(s) : !scan_utf8(s)) {
            return false;
        }
    }
}

static bool top_is_object(const struct scanner *s)
{
    return s->is_object[(s->depth - 1) / 8] >> ((s->depth - 1) % 8) & 1;
}

static bool push(struct scanner *s, bool is_object)
{
    if (s->depth == s->depth_max) {
        return fault(s, "nested too deeply");
    }
    unsigned bit = 1u << s->depth % 8;
    uint8_t *byte = &s->is_object[s->depth / 8];
    unsigned below = s->depth % 8 == 0 ? 0 : *byte; /* nothing is known of a fresh byte */
    *byte = (uint8_t)(is_object ? below | bit : below & ~bit);
    s->depth++;
    s->p++;
    return true;
}

/* A member's key and colon. */
static bool scan_key(struct scanner *s)
{
    skip_space(s);
    if (s->p == s->end || *s->p != '"') {
        return fault(s, "looking for beginning of object key string");
    }
    if (!scan_string(s)) {
        return false;
    }
    skip_space(s);
    if (s->p == s->end || *s->p != ':') {
        return fault(s, "after object key");
    }
    s->p++;
    return true;
}

/* Behind '{' or '[': closes an empty one, else stands where its first value begins. */
static bool scan_opened(struct scanner *s, bool *is_closed)
{
    bool is_object = top_is_object(s);
    skip_space(s);
    *is_closed = s->p < s->end && *s->p == (is_object ? '}' : ']');
    if (*is_closed) {
        s->p++;
        s->depth--;
        return true;
    }
    return !is_object || scan_key(s);
}

/* One scalar, or the opening of an array or object. *is_done: the value is complete. */
static bool scan_value(struct scanner *s, bool *is_done)
{
    static const char no_value[] = "looking for beginning of value";
    skip_space(s);
    if (s->p == s->end) {
        return fault(s, no_value);
    }
    *is_done = true;
    s->values++;
    switch (*s->p) {
    case '"':
        return scan_string(s);
    case '{':
        return push(s, true) && scan_opened(s, is_done);
    case '[':
        return push(s, false) && scan_opened(s, is_done);
    case 't':
        return scan_literal(s, "true", "in literal true");
    case 'f':
        return scan_literal(s, "false", "in literal false");
    case 'n':
        return scan_literal(s, "null", "in literal null");
    default:
        if (*s->p == '-' || is_digit_at(s)) {
            return scan_number(s);
        }
        return fault(s, no_value);
    }
}

/* Behind a complete value inside depth > 0: closes levels until a comma asks for a next value. */
static bool scan_closing(struct scanner *s)
{
    while (s->depth > 0) {
        bool is_object = top_is_object(s);
        skip_space(s);
        uint8_t c = s->p < s->end ? *s->p : 0;
        if (c == ',') {
            s->p++;
            return !is_object || scan_key(s);
        }
        if (c != (is_object ? '}' : ']')) {
            return fault(s, is_object ? "after object key:value pair" : "after array element");
        }
        s->p++;
        s->depth--;
    }
    return true;
}

static bool scan_document(struct scanner *s, bool is_whole)
{
    do {
        bool is_done = false;
        if (!scan_value(s, &is_done) || (is_done && !scan_closing(s))) {
            return false;
        }
    } while (s->depth > 0);
    if (is_whole) {
        skip_space(s);
        if (s->p != s->end) {
            return fault(s, "after top-level value");
        }
    }
    return true;
}

/* s holds depth_max, is_lax and room for the levels. */
static enum ls_err scan(struct scanner *s, const char *text, size_t n, bool is_whole,
                        struct ls_json_scan *out)
{
    static const uint8_t empty[1];
    s->start = n ? (const uint8_t *)text : empty;
    s->p = s->start;
    s->end = s->start + n;
    bool ok = scan_document(s, is_whole);
    bool is_cut = !ok && s->p == s->end;
    *out = (struct ls_json_scan){
        .end = (size_t)(s->p - s->start),
        .is_cut = is_cut,
        .why = is_cut ? NULL : s->why,
        .number_bytes_max = s->number_bytes_max,
        .values = s->values,
    };
    return ok ? LS_OK : LS_ERR_PARSE;
}

enum ls_err ls_json_scan(const char *text, size_t n, unsigned depth_max, bool is_whole,
                         struct ls_json_scan *out)
{
    uint8_t levels[(LS_JSON_SCAN_DEPTH_MAX + 7) / 8];
    if (depth_max == 0 || depth_max > LS_JSON_SCAN_DEPTH_MAX) {
        depth_max = LS_JSON_SCAN_DEPTH_MAX;
    }
    struct scanner s = {.depth_max = depth_max, .is_object = levels};
    return scan(&s, text, n, is_whole, out);
}

enum ls_err ls_json_scan_go(const char *text, size_t n, struct ls_json_scan *out)
{
    uint8_t levels[(LS_JSON_GO_DEPTH_MAX + 7) / 8];
    struct scanner s = {.depth_max = LS_JSON_GO_DEPTH_MAX, .is_lax = true, .is_object = levels};
    return scan(&s, text, n, false, out);
}
