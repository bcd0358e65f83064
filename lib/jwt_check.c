/*
 * The verifier of HS256 tokens. It walks in the order of geth's handler and the golang-jwt parser
 * under it, because a refusal names the first thing that is wrong: segments, header, claims,
 * algorithm, signature, then exp and iat. Lenient where they are: padding bits of a base64 text and
 * what follows the claims object are not looked at, claim names match in any case, a quoted number
 * is a number.
 *
 * Stricter in one point: header and claims are read by lib/json, which refuses invalid UTF-8 and
 * NUL in strings where Go puts U+FFFD.
 */
#include "lib/jwt.h"

#include <ctype.h>
#include <math.h>
#include <nettle/memops.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/json.h"
#include "lib/json_scan.h"

#define DRIFT_MAX_S 60         /* geth's jwtExpiryTimeout */
#define TOKEN_BYTES_MAX 65536u /* far past what a HTTP server lets through in a header */
#define SIGNATURE_BYTES 32u
#define SCHEME "Bearer "

struct check {
    const uint8_t *secret;
    int64_t now_s;
    char *reason; /* LS_JWT_REASON_BYTES */
};

__attribute__((format(printf, 3, 4))) static enum ls_jwt_verdict
refuse(struct check *c, enum ls_jwt_verdict v, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(c->reason, LS_JWT_REASON_BYTES, fmt, ap);
    va_end(ap);
    return v;
}

static enum ls_jwt_verdict refuse_plainly(struct check *c, enum ls_jwt_verdict v)
{
    return refuse(c, v, "%s", ls_jwt_verdict_text(v));
}

/* We, not the token, are to blame: fails closed, and says so. */
static enum ls_jwt_verdict refuse_memory(struct check *c)
{
    return refuse(c, LS_JWT_ENCODING, "%s", ls_err_text(LS_ERR_NOMEM));
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* Decodes s into b as Go's RawURLEncoding does: no padding, left-over bits ignored. A fault's
 * offset goes to *bad: the character itself, or the start of a last group of one. */
static enum ls_err decode(struct ls_span s, struct ls_buf *b, size_t *bad)
{
    unsigned bits = 0;
    unsigned acc = 0;
    for (size_t i = 0; i < s.n; i++) {
        int v = sextet((char)s.p[i]);
        if (v < 0) {
            *bad = i;
            return LS_ERR_PARSE;
        }
        acc = (acc << 6 | (unsigned)v) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            (void)ls_buf_putc(b, (uint8_t)(acc >> bits));
        }
    }
    if (s.n % 4 == 1) {
        *bad = s.n - 1;
        return LS_ERR_PARSE;
    }
    return b->err;
}

/* Decodes one segment; LS_JWT_VALID, or the refusal. */
static enum ls_jwt_verdict decode_segment(struct check *c, struct ls_span s, struct ls_buf *b)
{
    size_t bad = 0;
    enum ls_err e = decode(s, b, &bad);
    if (e == LS_ERR_PARSE) {
        return refuse(c, LS_JWT_ENCODING, "illegal base64 data at input byte %zu", bad);
    }
    return e ? refuse_memory(c) : LS_JWT_VALID;
}

/* A byte as Go's JSON errors quote it: taken as the character of that number. */
static void quote_byte(unsigned c, char out[8])
{
    if (c == '\'' || c == '\\') {
        (void)snprintf(out, 8, "\\%c", (int)c);
    } else if (c >= '\a' && c <= '\r') {
        (void)snprintf(out, 8, "\\%c", "abtnvfr"[c - '\a']);
    } else if (c < 0x20 || c == 0x7f) {
        (void)snprintf(out, 8, "\\x%02x", c);
    } else if (c < 0x7f) {
        (void)snprintf(out, 8, "%c", (int)c);
    } else if (c <= 0xa0 || c == 0xad) {
        (void)snprintf(out, 8, "\\u%04x", c);
    } else {
        (void)snprintf(out, 8, "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 0x3f)));
    }
}

/* Go's words for a text that is no JSON. */
static enum ls_jwt_verdict refuse_json(struct check *c, const char *text,
                                       const struct ls_json_scan *found, const char *cut_text)
{
    if (found->is_cut) {
        return refuse(c, LS_JWT_ENCODING, "%s", cut_text);
    }
    char quoted[8];
    quote_byte((unsigned char)text[found->end], quoted);
    return refuse(c, LS_JWT_ENCODING, "invalid character '%s' %s", quoted, found->why);
}

/* Decodes a segment and parses its JSON. is_claims: Go's Decoder, which stops behind the first
 * value, instead of Unmarshal. *out is the caller's to free. */
static enum ls_jwt_verdict parse_segment(struct check *c, struct ls_span s, bool is_claims,
                                         struct cJSON **out)
{
    struct ls_buf b;
    ls_buf_init(&b, TOKEN_BYTES_MAX);
    struct ls_json_scan found;
    enum ls_jwt_verdict v = decode_segment(c, s, &b);
    if (v != LS_JWT_VALID) {
        goto out;
    }
    const char *text = (const char *)b.p;
    if (ls_json_scan(text, b.n, 0, !is_claims, &found)) {
        const char *cut = !is_claims ? "unexpected end of JSON input"
                          : b.n      ? "unexpected EOF"
                                     : "EOF";
        v = refuse_json(c, text, &found, cut);
        goto out;
    }
    if (ls_json_tree(text, found.end, &found, out, NULL)) {
        v = refuse_memory(c);
    }
out:
    ls_buf_fini(&b);
    return v;
}

/* Go's name for the type of a JSON value, as its errors use it. */
static const char *type_name(const struct cJSON *v)
{
    if (ls_json_is_object(v)) {
        return "object";
    }
    if (ls_json_is_array(v)) {
        return "array";
    }
    if (ls_json_is_bool(v)) {
        return "bool";
    }
    return ls_json_is_number(v) ? "number" : "string";
}

/* Everything golang-jwt knows by name. */
static bool is_known_algorithm(const char *alg)
{
    static const char *const known[] = {"HS256", "HS384", "HS512", "RS256", "RS384",
                                        "RS512", "ES256", "ES384", "ES512", "PS256",
                                        "PS384", "PS512", "EdDSA", "none"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i], alg) == 0) {
            return true;
        }
    }
    return false;
}

static enum ls_jwt_verdict check_algorithm(struct check *c, const struct cJSON *header)
{
    const char *alg = ls_json_str(ls_json_get(header, "alg"));
    if (!alg) {
        return refuse(c, LS_JWT_ALGORITHM, "signing method (alg) is unspecified.");
    }
    if (!is_known_algorithm(alg)) {
        return refuse(c, LS_JWT_ALGORITHM, "signing method (alg) is unavailable.");
    }
    if (strcmp(alg, "HS256") != 0) {
        return refuse(c, LS_JWT_ALGORITHM, "signing method %s is invalid", alg);
    }
    return LS_JWT_VALID;
}

/* A time of the claims; whole seconds, as golang-jwt cuts them. */
struct numeric_date {
    bool is_set;
    int64_t s;
};

/* Claims that a decision rests on. */
struct claims {
    struct numeric_date exp, nbf, iat;
};

static bool equal_any_case(const char *a, const char *b)
{
    while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

static int64_t whole_seconds(double d)
{
    d = floor(d);
    if (d < -9e18) {
        return INT64_MIN / 2;
    }
    return d > 9e18 ? INT64_MAX / 2 : (int64_t)d;
}

static enum ls_jwt_verdict read_date(struct check *c, const struct cJSON *v,
                                     struct numeric_date *out)
{
    double d = 0;
    const char *s = ls_json_str(v);
    if (ls_json_is_null(v)) {
        *out = (struct numeric_date){0};
        return LS_JWT_VALID;
    }
    if (!s && !ls_json_is_number(v)) {
        return refuse(c, LS_JWT_ENCODING,
                      "could not parse NumericData: json: cannot unmarshal %s into Go value of "
                      "type json.Number",
                      type_name(v));
    }
    if (s) {
        struct ls_json_scan found;
        bool is_number = (s[0] == '-' || (s[0] >= '0' && s[0] <= '9')) &&
                         ls_json_scan(s, strlen(s), 0, true, &found) == LS_OK &&
                         found.number_bytes_max == strlen(s);
        if (!is_number) {
            return refuse(c, LS_JWT_ENCODING,
                          "could not parse NumericData: json: invalid number literal, trying to "
                          "unmarshal \"\\\"%s\\\"\" into Number",
                          s);
        }
        d = strtod(s, NULL);
    } else {
        (void)ls_json_double(v, &d);
    }
    if (isinf(d)) {
        return refuse(c, LS_JWT_ENCODING, "could not convert json number value to float");
    }
    *out = (struct numeric_date){.is_set = true, .s = whole_seconds(d)};
    return LS_JWT_VALID;
}

/* iss, sub and jti: read by nobody, but Go refuses to put another type into them. */
static enum ls_jwt_verdict check_text_claim(struct check *c, const struct cJSON *v,
                                            const char *name)
{
    if (ls_json_is_string(v) || ls_json_is_null(v)) {
        return LS_JWT_VALID;
    }
    return refuse(
        c, LS_JWT_ENCODING,
        "json: cannot unmarshal %s into Go struct field RegisteredClaims.%s of type string",
        type_name(v), name);
}

/* aud: a string or an array of strings. */
static enum ls_jwt_verdict check_audience(struct check *c, const struct cJSON *v)
{
    const struct cJSON *bad = ls_json_is_string(v) || ls_json_is_null(v) ? NULL : v;
    if (ls_json_is_array(v)) {
        bad = ls_json_first(v);
        while (bad && ls_json_is_string(bad)) {
            bad = ls_json_next(bad);
        }
    }
    if (!bad) {
        return LS_JWT_VALID;
    }
    const char *type = ls_json_is_number(bad)   ? "float64"
                       : ls_json_is_bool(bad)   ? "bool"
                       : ls_json_is_object(bad) ? "map[string]interface {}"
                       : ls_json_is_array(bad)  ? "[]interface {}"
                                                : "<nil>";
    return refuse(c, LS_JWT_ENCODING, "json: unsupported type: %s", type);
}

static enum ls_jwt_verdict read_claim(struct check *c, const struct cJSON *m, struct claims *out)
{
    static const char *const texts[] = {"iss", "sub", "jti"};
    struct {
        const char *name;
        struct numeric_date *date;
    } dates[] = {{"exp", &out->exp}, {"nbf", &out->nbf}, {"iat", &out->iat}};
    const char *key = ls_json_key(m);
    for (size_t i = 0; i < 3; i++) {
        if (equal_any_case(key, dates[i].name)) {
            return read_date(c, m, dates[i].date);
        }
        if (equal_any_case(key, texts[i])) {
            return check_text_claim(c, m, texts[i]);
        }
    }
    return equal_any_case(key, "aud") ? check_audience(c, m) : LS_JWT_VALID;
}

static enum ls_jwt_verdict read_claims(struct check *c, const struct cJSON *root,
                                       struct claims *out)
{
    if (ls_json_is_null(root)) {
        return LS_JWT_VALID;
    }
    if (!ls_json_is_object(root)) {
        return refuse(c, LS_JWT_ENCODING,
                      "json: cannot unmarshal %s into Go value of type jwt.RegisteredClaims",
                      type_name(root));
    }
    enum ls_jwt_verdict v = LS_JWT_VALID;
    for (const struct cJSON *m = ls_json_first(root); m && v == LS_JWT_VALID; m = ls_json_next(m)) {
        v = read_claim(c, m, out);
    }
    return v;
}

/* A token's three parts, and what the MAC covers. */
struct segments {
    struct ls_span header, claims, signature, signed_part;
};

static bool split(const char *token, size_t n, struct segments *out)
{
    const char *dot1 = memchr(token, '.', n);
    if (!dot1) {
        return false;
    }
    const char *end = token + n;
    const char *dot2 = memchr(dot1 + 1, '.', (size_t)(end - dot1 - 1));
    if (!dot2 || memchr(dot2 + 1, '.', (size_t)(end - dot2 - 1))) {
        return false;
    }
    const uint8_t *base = (const uint8_t *)token;
    size_t a = (size_t)(dot1 - token), b = (size_t)(dot2 - token);
    *out = (struct segments){
        .header = {base, a},
        .claims = {base + a + 1, b - a - 1},
        .signature = {base + b + 1, n - b - 1},
        .signed_part = {base, b},
    };
    return true;
}

static enum ls_jwt_verdict check_header(struct check *c, struct cJSON *header)
{
    if (ls_json_is_object(header) || ls_json_is_null(header)) {
        return LS_JWT_VALID;
    }
    return refuse(c, LS_JWT_ENCODING,
                  "json: cannot unmarshal %s into Go value of type map[string]interface {}",
                  type_name(header));
}

static enum ls_jwt_verdict check_signature(struct check *c, const struct segments *seg)
{
    struct ls_buf mac;
    ls_buf_init(&mac, TOKEN_BYTES_MAX);
    enum ls_jwt_verdict v = decode_segment(c, seg->signature, &mac);
    if (v == LS_JWT_VALID) {
        uint8_t want[SIGNATURE_BYTES];
        ls_hmac_sha256(c->secret, LS_JWT_SECRET_BYTES, seg->signed_part.p, seg->signed_part.n,
                       want);
        if (mac.n != sizeof want || !memeql_sec(mac.p, want, sizeof want)) {
            v = refuse_plainly(c, LS_JWT_SIGNATURE);
        }
    }
    ls_buf_fini(&mac);
    return v;
}

static enum ls_jwt_verdict check_times(struct check *c, const struct claims *claims)
{
    if (claims->exp.is_set && c->now_s >= claims->exp.s) {
        return refuse_plainly(c, LS_JWT_EXPIRED);
    }
    if (!claims->iat.is_set) {
        return refuse_plainly(c, LS_JWT_NO_IAT);
    }
    if (claims->iat.s < c->now_s - DRIFT_MAX_S) {
        return refuse_plainly(c, LS_JWT_STALE);
    }
    if (claims->iat.s > c->now_s + DRIFT_MAX_S) {
        return refuse_plainly(c, LS_JWT_FUTURE);
    }
    return LS_JWT_VALID;
}

static enum ls_jwt_verdict check_token(struct check *c, const struct segments *seg)
{
    struct cJSON *header = NULL;
    struct cJSON *body = NULL;
    struct claims claims = {{0}, {0}, {0}};
    enum ls_jwt_verdict v = parse_segment(c, seg->header, false, &header);
    if (v == LS_JWT_VALID) {
        v = check_header(c, header);
    }
    if (v == LS_JWT_VALID) {
        v = parse_segment(c, seg->claims, true, &body);
    }
    if (v == LS_JWT_VALID) {
        v = read_claims(c, body, &claims);
    }
    if (v == LS_JWT_VALID) {
        v = check_algorithm(c, header);
    }
    if (v == LS_JWT_VALID) {
        v = check_signature(c, seg);
    }
    if (v == LS_JWT_VALID) {
        v = check_times(c, &claims);
    }
    ls_json_free(header);
    ls_json_free(body);
    return v;
}

enum ls_jwt_verdict ls_jwt_explain(const uint8_t secret[LS_JWT_SECRET_BYTES], const char *header,
                                   int64_t now_s, char reason[LS_JWT_REASON_BYTES])
{
    struct check c = {.secret = secret, .now_s = now_s, .reason = reason};
    reason[0] = '\0';
    size_t n = header ? strlen(header) : 0;
    while (n && (header[n - 1] == ' ' || header[n - 1] == '\t')) {
        n--; /* white space around a header's value is not part of it (RFC 9110, 5.5) */
    }
    if (n <= sizeof SCHEME - 1 || strncmp(header, SCHEME, sizeof SCHEME - 1) != 0) {
        return refuse_plainly(&c, LS_JWT_NO_TOKEN);
    }
    struct segments seg;
    if (n > TOKEN_BYTES_MAX || !split(header + sizeof SCHEME - 1, n - (sizeof SCHEME - 1), &seg)) {
        return refuse_plainly(&c, LS_JWT_SEGMENTS);
    }
    return check_token(&c, &seg);
}

enum ls_jwt_verdict ls_jwt_check(const uint8_t secret[LS_JWT_SECRET_BYTES], const char *header,
                                 int64_t now_s)
{
    char reason[LS_JWT_REASON_BYTES];
    return ls_jwt_explain(secret, header, now_s, reason);
}

const char *ls_jwt_verdict_text(enum ls_jwt_verdict v)
{
    switch (v) {
    case LS_JWT_VALID:
        return "";
    case LS_JWT_NO_TOKEN:
        return "missing token";
    case LS_JWT_SEGMENTS:
        return "token contains an invalid number of segments";
    case LS_JWT_ENCODING:
        return "illegal base64 data";
    case LS_JWT_ALGORITHM:
        return "signing method is invalid";
    case LS_JWT_SIGNATURE:
        return "signature is invalid";
    case LS_JWT_EXPIRED:
        return "token is expired";
    case LS_JWT_NO_IAT:
        return "missing issued-at";
    case LS_JWT_STALE:
        return "stale token";
    case LS_JWT_FUTURE:
        return "future token";
    }
    return "";
}
