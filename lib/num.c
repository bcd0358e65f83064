/*
 * Checked numbers from text, checked arithmetic, and byte order.
 */
#include "lib/num.h"

#include <string.h>

#define NS_PER_S UINT64_C(1000000000)

bool ls_add_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    if (a > UINT64_MAX - b) {
        return false;
    }
    *out = a + b;
    return true;
}

bool ls_mul_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    if (b != 0 && a > UINT64_MAX / b) {
        return false;
    }
    *out = a * b;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

enum ls_err ls_parse_dec(const char *s, size_t n, uint64_t *out)
{
    if (n == 0) {
        return LS_ERR_PARSE;
    }
    uint64_t v = 0;
    bool fits = true;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(s[i])) {
            return LS_ERR_PARSE;
        }
        fits = fits && ls_mul_u64(v, 10, &v) && ls_add_u64(v, (uint64_t)(s[i] - '0'), &v);
    }
    if (!fits) {
        return LS_ERR_RANGE;
    }
    *out = v;
    return LS_OK;
}

/* Value of a hex digit, or -1. */
static int nibble(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

/* Checks the form of a quantity ("0x", digits, no leading zero) and its number of digits. */
static enum ls_err check_quantity(const char *s, size_t n, size_t digits_max)
{
    if (n < 3 || s[0] != '0' || s[1] != 'x') {
        return LS_ERR_PARSE;
    }
    if (s[2] == '0' && n > 3) {
        return LS_ERR_PARSE;
    }
    for (size_t i = 2; i < n; i++) {
        if (nibble(s[i]) < 0) {
            return LS_ERR_PARSE;
        }
    }
    return n - 2 > digits_max ? LS_ERR_RANGE : LS_OK;
}

enum ls_err ls_parse_quantity(const char *s, size_t n, uint64_t *out)
{
    enum ls_err e = check_quantity(s, n, 16);
    if (e) {
        return e;
    }
    uint64_t v = 0;
    for (size_t i = 2; i < n; i++) {
        v = v << 4 | (uint64_t)nibble(s[i]);
    }
    *out = v;
    return LS_OK;
}

enum ls_err ls_parse_quantity256(const char *s, size_t n, struct ls_u256 *out)
{
    enum ls_err e = check_quantity(s, n, 64);
    if (e) {
        return e;
    }
    struct ls_u256 v = {{0}};
    for (size_t i = 0; i < n - 2; i++) {
        unsigned d = (unsigned)nibble(s[n - 1 - i]);
        v.be[31 - i / 2] |= (uint8_t)(i % 2 ? d << 4 : d);
    }
    *out = v;
    return LS_OK;
}

struct unit {
    const char *suffix;
    uint64_t ns;
};

/* Longer suffixes first: "ms" before "m". */
static const struct unit units[] = {
    {"ns", 1},       {"us", 1000},         {"\xc2\xb5s", 1000},    {"ms", 1000000},
    {"s", NS_PER_S}, {"m", 60 * NS_PER_S}, {"h", 3600 * NS_PER_S},
};

/* One number of a duration: whole part and the first nine digits of the fraction. */
struct decimal {
    uint64_t whole;
    uint64_t nano;
};

/* Reads digits, optionally with a point and more digits; *s moves behind it. */
static enum ls_err read_decimal(const char **s, struct decimal *out)
{
    const char *p = *s;
    size_t n = 0;
    while (is_digit(p[n])) {
        n++;
    }
    struct decimal d = {0};
    enum ls_err e = n ? ls_parse_dec(p, n, &d.whole) : LS_OK;
    p += n;
    size_t frac_digits = 0;
    if (*p == '.') {
        uint64_t weight = NS_PER_S / 10;
        for (p++; is_digit(*p); p++, weight /= 10, frac_digits++) {
            d.nano += (uint64_t)(*p - '0') * weight;
        }
    }
    if (n + frac_digits == 0) {
        return LS_ERR_PARSE;
    }
    *s = p;
    *out = d;
    return e;
}

/* Consumes a unit; NULL when there is none. */
static const struct unit *read_unit(const char **s)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t n = strlen(units[i].suffix);
        if (strncmp(*s, units[i].suffix, n) == 0) {
            *s += n;
            return &units[i];
        }
    }
    return NULL;
}

/* *total += d * unit_ns, a fraction below 1 ns dropped. */
static bool add_scaled(uint64_t *total, const struct decimal *d, uint64_t unit_ns)
{
    uint64_t frac =
        unit_ns >= NS_PER_S ? d->nano * (unit_ns / NS_PER_S) : d->nano / (NS_PER_S / unit_ns);
    uint64_t whole = 0;
    return ls_mul_u64(d->whole, unit_ns, &whole) && ls_add_u64(whole, frac, &whole) &&
           ls_add_u64(*total, whole, total);
}

enum ls_err ls_parse_duration(const char *s, uint64_t *out_ns)
{
    uint64_t total = 0;
    bool fits = true;
    const char *p = s;
    do {
        bool is_first = p == s;
        struct decimal d = {0};
        enum ls_err e = read_decimal(&p, &d);
        if (e == LS_ERR_PARSE) {
            return e;
        }
        const struct unit *u = read_unit(&p);
        if (!u && (!is_first || *p)) {
            return LS_ERR_PARSE; /* a bare number means seconds only when it stands alone */
        }
        fits = fits && !e && add_scaled(&total, &d, u ? u->ns : NS_PER_S);
    } while (*p);
    if (!fits) {
        return LS_ERR_RANGE;
    }
    *out_ns = total;
    return LS_OK;
}

struct ls_u256 ls_u256_from_u64(uint64_t v)
{
    struct ls_u256 r = {{0}};
    ls_put_be64(r.be + 24, v);
    return r;
}

bool ls_u256_to_u64(const struct ls_u256 *v, uint64_t *out)
{
    static const uint8_t zero[24];
    if (memcmp(v->be, zero, sizeof zero) != 0) {
        return false;
    }
    *out = ls_be64(v->be + 24);
    return true;
}

int ls_u256_cmp(const struct ls_u256 *a, const struct ls_u256 *b)
{
    return memcmp(a->be, b->be, sizeof a->be);
}

uint64_t ls_be64(const uint8_t p[8])
{
    return (uint64_t)ls_be32(p) << 32 | ls_be32(p + 4);
}

uint32_t ls_be32(const uint8_t p[4])
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Written out, as in ls_be32: of a loop, compilers do not make one store. */
static void put_be32(uint8_t p[4], uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

void ls_put_be64(uint8_t p[8], uint64_t v)
{
    put_be32(p, (uint32_t)(v >> 32));
    put_be32(p + 4, (uint32_t)v);
}
