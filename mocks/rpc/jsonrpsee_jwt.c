/* Tokens as op-reth checks them (jsonwebtoken under alloy's rules): form, algorithm, signature,
 * then the claims through serde; iat at most 60 s off, exp and nbf not looked at. */
#include <stdio.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/json_scan.h"
#include "mocks/rpc/jsonrpsee.h"
#include "mocks/rpc/serde.h"

#define DRIFT_MAX_S 60
#define SCHEME "Bearer "
#define PART_BYTES_MAX 65536u

static const char *const ALGORITHMS[] = {"HS256", "HS384", "HS512", "ES256", "ES384",
                                         "RS256", "RS384", "RS512", "PS256", "PS384",
                                         "PS512", "EdDSA", NULL};
struct claims {
    unsigned algorithm; /* of the header; 0: HS256 */
    uint64_t iat_s;
    uint64_t exp_s;
};

static const struct ls_serde_type ALGORITHM = {.kind = LS_SERDE_NAME, .names = ALGORITHMS};
static const struct ls_serde_type NUMBER = {.kind = LS_SERDE_NUMBER};
static const struct ls_serde_field HEADER_FIELDS[] = {{.name = "alg",
                                                       .type = &ALGORITHM,
                                                       .offset = offsetof(struct claims, algorithm),
                                                       .flag = LS_SERDE_NO_FLAG}};
static const struct ls_serde_struct HEADER = {
    .name = "Header", .fields = HEADER_FIELDS, .field_count = 1};
static const struct ls_serde_field CLAIM_FIELDS[] = {{.name = "iat",
                                                      .type = &NUMBER,
                                                      .offset = offsetof(struct claims, iat_s),
                                                      .flag = LS_SERDE_NO_FLAG},
                                                     {.name = "exp",
                                                      .type = &NUMBER,
                                                      .offset = offsetof(struct claims, exp_s),
                                                      .is_optional = true,
                                                      .flag = LS_SERDE_NO_FLAG}};
static const struct ls_serde_struct CLAIMS = {
    .name = "Claims", .fields = CLAIM_FIELDS, .field_count = 2};

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static bool fail(struct ls_buf *reason, const char *text)
{
    (void)ls_buf_puts(reason, text);
    return false;
}

/* base64url without padding. */
static bool decode(struct ls_span part, struct ls_buf *out, struct ls_buf *reason)
{
    unsigned acc = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < part.n; i++) {
        const char *found = part.p[i] == '\0' ? NULL : strchr(DIGITS, part.p[i]);
        if (found == NULL) {
            (void)ls_buf_printf(reason,
                                "JWT decoding error: Base64 error: Invalid symbol %u, offset %zu.",
                                part.p[i], i);
            return false;
        }
        acc = (acc << 6 | (unsigned)(found - DIGITS)) & 0xffffu;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            (void)ls_buf_putc(out, (uint8_t)(acc >> bits));
        }
    }
    if (part.n % 4 == 1) {
        return fail(reason, "JWT decoding error: Base64 error: Invalid input length: 1");
    }
    return out->err == LS_OK;
}

/* A part of the token as JSON of this type. */
static bool read_part(struct ls_span part, const struct ls_serde_struct *of, struct claims *out,
                      struct ls_buf *reason)
{
    const struct ls_serde_type type = {.kind = LS_SERDE_STRUCT, .of = of};
    struct ls_arena arena;
    struct ls_serde s;
    struct ls_buf json;
    ls_arena_init(&arena, PART_BYTES_MAX);
    ls_buf_init(&json, PART_BYTES_MAX);
    bool is_read = decode(part, &json, reason);
    const char *text = json.p == NULL ? "" : (const char *)json.p;
    struct ls_json_scan found;
    if (is_read && ls_json_scan(text, json.n, 0, true, &found) != LS_OK) {
        (void)ls_buf_printf(reason,
                            "JWT decoding error: JSON error: expected value at line 1 column %zu",
                            found.end + 1);
        is_read = false;
    }
    if (is_read) {
        ls_serde_init(&s, text, json.n, &arena);
        is_read = ls_serde_decode(&s, &type, out);
        if (!is_read) {
            (void)ls_buf_puts(reason, "JWT decoding error: JSON error: ");
            (void)ls_buf_put(reason, s.fault.p, s.fault.n);
        }
        ls_serde_fini(&s);
    }
    ls_buf_fini(&json);
    ls_arena_fini(&arena);
    return is_read;
}

/* The signature is compared as text. */
static bool is_signed(const uint8_t secret[32], struct ls_span message, struct ls_span signature)
{
    uint8_t mac[33] = {0};
    char text[44] = "";
    unsigned wrong = signature.n != 43;
    ls_hmac_sha256(secret, 32, message.p, message.n, mac);
    for (size_t i = 0; i < 43; i++) {
        unsigned pair = (unsigned)mac[i * 6 / 8] << 8 | mac[i * 6 / 8 + 1];
        text[i] = DIGITS[pair >> (10 - i * 6 % 8) & 63];
    }
    for (size_t i = 0; i < 43 && i < signature.n; i++) {
        wrong |= (unsigned)(text[i] ^ (char)signature.p[i]);
    }
    return wrong == 0;
}

/* Splits at the last point; false: there is none. */
static bool split(struct ls_span in, struct ls_span *left, struct ls_span *right)
{
    for (size_t i = in.n; i-- > 0;) {
        if (in.p[i] == '.') {
            *left = (struct ls_span){in.p, i};
            *right = (struct ls_span){in.p + i + 1, in.n - i - 1};
            return true;
        }
    }
    return false;
}

bool ls_jsonrpsee_token_is_valid(const uint8_t secret[32], const char *header, int64_t now_s,
                                 struct ls_buf *reason)
{
    struct claims c = {0};
    struct ls_span message;
    struct ls_span signature;
    struct ls_span head;
    struct ls_span body;
    if (header == NULL || strncmp(header, SCHEME, sizeof SCHEME - 1) != 0) {
        return fail(reason, "Authorization header is missing or invalid");
    }
    struct ls_span token = {(const uint8_t *)header + sizeof SCHEME - 1,
                            strlen(header) - (sizeof SCHEME - 1)};
    while (token.n > 0 && (token.p[token.n - 1] == ' ' || token.p[token.n - 1] == '\t')) {
        token.n--; /* as HTTP ends a header's value */
    }
    if (!split(token, &message, &signature) || !split(message, &head, &body)) {
        return fail(reason, "JWT decoding error: InvalidToken");
    }
    if (!read_part(head, &HEADER, &c, reason)) {
        return false;
    }
    if (c.algorithm != 0) {
        return fail(reason, "unsupported signature algorithm. Only HS256 is supported");
    }
    if (!is_signed(secret, message, signature)) {
        return fail(reason, "provided signature is invalid");
    }
    if (!read_part(body, &CLAIMS, &c, reason)) {
        return false;
    }
    uint64_t now = now_s < 0 ? 0 : (uint64_t)now_s;
    uint64_t drift = now > c.iat_s ? now - c.iat_s : c.iat_s - now;
    return drift <= DRIFT_MAX_S || fail(reason, "IAT (issued-at) claim is not within \xc2\xb1"
                                                "60 seconds from the current time");
}
