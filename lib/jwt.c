/*
 * Tokens as a consensus client sends them, and the secret both sides share.
 */
#include "lib/jwt.h"

#include <nettle/base64.h>
#include <stdio.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/hex.h"

#define MAC_BYTES 32u

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

enum ls_err ls_jwt_secret_parse(const char *text, size_t n, uint8_t out[LS_JWT_SECRET_BYTES],
                                struct ls_diag *d)
{
    const char *s = text;
    const char *end = text + n;
    while (s < end && is_space(*s)) {
        s++;
    }
    while (end > s && is_space(end[-1])) {
        end--;
    }
    if (end - s >= 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        s += 2;
    }
    char digits[2 + 2 * LS_JWT_SECRET_BYTES] = {'0', 'x'};
    size_t count = (size_t)(end - s);
    if (count != 2 * LS_JWT_SECRET_BYTES) {
        return ls_fail(d, LS_ERR_PARSE, "JWT secret of %zu characters, must be 64 hex digits",
                       count);
    }
    memcpy(digits + 2, s, count);
    if (ls_hex_fixed(digits, sizeof digits, out, LS_JWT_SECRET_BYTES)) {
        return ls_fail(d, LS_ERR_PARSE, "JWT secret holds a character that is no hex digit");
    }
    return LS_OK;
}

/* base64url without padding; out takes the text and a terminator. Returns the text's length. */
static size_t encode(const void *p, size_t n, char *out)
{
    struct base64_encode_ctx ctx;
    base64url_encode_init(&ctx);
    size_t len = base64_encode_update(&ctx, out, n, p);
    char tail[BASE64_ENCODE_FINAL_LENGTH];
    size_t tail_len = base64_encode_final(&ctx, tail);
    for (size_t i = 0; i < tail_len && tail[i] != '='; i++) {
        out[len++] = tail[i];
    }
    out[len] = '\0';
    return len;
}

void ls_jwt_make(const uint8_t secret[LS_JWT_SECRET_BYTES], int64_t iat_s,
                 char out[LS_JWT_TEXT_MAX])
{
    static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    char claims[40];
    int claims_len = snprintf(claims, sizeof claims, "{\"iat\":%lld}", (long long)iat_s);
    size_t n = encode(header, sizeof header - 1, out);
    out[n++] = '.';
    n += encode(claims, (size_t)claims_len, out + n);
    uint8_t mac[MAC_BYTES];
    ls_hmac_sha256(secret, LS_JWT_SECRET_BYTES, out, n, mac);
    out[n++] = '.';
    (void)encode(mac, sizeof mac, out + n);
}
