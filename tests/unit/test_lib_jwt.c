/*
 * Tokens: fixed vectors, the secret file, and op-geth's refusals word by word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "lib/hash.h"
#include "lib/jwt.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW 1700000000
#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

/* Secret of the vectors: 00 01 .. 1f. */
static void make_secret(uint8_t secret[32])
{
    for (size_t i = 0; i < 32; i++) {
        secret[i] = (uint8_t)i;
    }
}

static void tokens_of_a_fixed_secret_and_time(void **state)
{
    (void)state;
    static const struct {
        int64_t iat;
        const char *rest;
    } rows[] = {
        {0, "eyJpYXQiOjB9.EOp_CqLEmwdr3t5CFW_alucgMpie_ViZSQo8NwVsfss"},
        {1, "eyJpYXQiOjF9.Gnt_wuOTptaSgpTqryI_L8T65QqZbOxmUsn_mCOjQ7Y"},
        {NOW, "eyJpYXQiOjE3MDAwMDAwMDB9.uAxdaUtr1_HpYPtNDLNlQ_sHMiP5eBV-ra8EjL3ScS8"},
        {9999999999, "eyJpYXQiOjk5OTk5OTk5OTl9.zBCW1G2ggjpMCLBNrOHJJMUCLE2DOuA8yIvXOgjm_Iw"},
        {-1, "eyJpYXQiOi0xfQ.QFN1tG0bYlKbiLYlvRtKzZPfpMhWiaZO0Q-rMpf8uSo"},
    };
    uint8_t secret[32];
    make_secret(secret);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char token[LS_JWT_TEXT_MAX], want[LS_JWT_TEXT_MAX];
        ls_jwt_make(secret, rows[i].iat, token);
        (void)snprintf(want, sizeof want, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.%s", rows[i].rest);
        assert_string_equal(token, want);
    }
}

static void the_longest_token_fits(void **state)
{
    (void)state;
    uint8_t secret[32];
    make_secret(secret);
    char token[LS_JWT_TEXT_MAX], header[LS_JWT_TEXT_MAX + 8];
    ls_jwt_make(secret, INT64_MIN, token);
    assert_true(strlen(token) < LS_JWT_TEXT_MAX);
    ls_jwt_make(secret, NOW, token);
    (void)snprintf(header, sizeof header, "Bearer %s", token);
    assert_int_equal(ls_jwt_check(secret, header, NOW), LS_JWT_VALID);
}

#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"

static void secrets_are_read_from_their_file(void **state)
{
    (void)state;
    static const char *const good[] = {DIGITS, "0x" DIGITS, "0X" DIGITS, DIGITS "\n",
                                       " \t\r\n0x" DIGITS "\r\n\n"};
    uint8_t want[32];
    make_secret(want);
    for (size_t i = 0; i < COUNT(good); i++) {
        uint8_t secret[32] = {0};
        assert_int_equal(ls_jwt_secret_parse(good[i], strlen(good[i]), secret, NULL), LS_OK);
        assert_memory_equal(secret, want, 32);
    }
    static const char *const bad[] = {
        "",
        "0x",
        "  \n",
        DIGITS "00",
        DIGITS "0",
        "0x0x" DIGITS,
        "0x 00102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F",
        "00102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F",
        "g00102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F",
        DIGITS "\n" DIGITS};
    for (size_t i = 0; i < COUNT(bad); i++) {
        /* Exactly as large as the text: a file is not terminated. */
        size_t n = strlen(bad[i]);
        char *text = malloc(n ? n : 1);
        assert_non_null(text);
        memcpy(text, bad[i], n);
        uint8_t secret[32];
        struct ls_diag d = {{0}};
        assert_int_equal(ls_jwt_secret_parse(text, n, secret, &d), LS_ERR_PARSE);
        assert_true(strlen(d.text) > 0);
        assert_null(strstr(d.text, "0102030405"));
        free(text);
    }
}

/* --- tokens of any content --- */

/* base64url without padding, by arithmetic, so that the tests do not lean on the code under test.
 */
static size_t to_base64url(const char *s, size_t n, char *out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t len = (n * 8 + 5) / 6;
    for (size_t i = 0; i < len; i++) {
        unsigned v = 0;
        for (size_t bit = 6 * i; bit < 6 * i + 6; bit++) {
            unsigned char byte = bit / 8 < n ? (unsigned char)s[bit / 8] : 0;
            v = v << 1 | (byte >> (7 - bit % 8) & 1);
        }
        out[i] = alphabet[v];
    }
    out[len] = '\0';
    return len;
}

/* "Bearer <header>.<claims>.<signature>" of the given texts under the key. */
static void sign(const uint8_t *key, size_t key_bytes, const char *header, const char *claims,
                 char out[1000])
{
    memcpy(out, "Bearer ", 7);
    char *token = out + 7;
    size_t n = to_base64url(header, strlen(header), token);
    token[n++] = '.';
    n += to_base64url(claims, strlen(claims), token + n);
    uint8_t mac[32];
    ls_hmac_sha256(key, key_bytes, token, n, mac);
    token[n++] = '.';
    (void)to_base64url((char *)mac, 32, token + n);
}

struct refusal {
    const char *header; /* of the token */
    const char *claims;
    enum ls_jwt_verdict verdict;
    const char *text;
};

static void check(const char *authorization, enum ls_jwt_verdict verdict, const char *text)
{
    uint8_t secret[32];
    make_secret(secret);
    char reason[LS_JWT_REASON_BYTES];
    memset(reason, 'x', sizeof reason);
    enum ls_jwt_verdict v = ls_jwt_explain(secret, authorization, NOW, reason);
    if (v != verdict || strcmp(reason, text) != 0) {
        fail_msg("%s: verdict %d \"%s\" instead of %d \"%s\"",
                 authorization ? authorization : "(none)", (int)v, reason, (int)verdict, text);
    }
    assert_int_equal(ls_jwt_check(secret, authorization, NOW), verdict);
}

static void check_signed(const struct refusal *r)
{
    uint8_t secret[32];
    make_secret(secret);
    char authorization[1000];
    sign(secret, sizeof secret, r->header, r->claims, authorization);
    check(authorization, r->verdict, r->text);
}

/* Recorded from op-geth: time claims. */
static void times_are_judged_as_by_geth(void **state)
{
    (void)state;
    static const struct refusal rows[] = {
        {HS256, "{\"iat\":1700000000}", LS_JWT_VALID, ""},
        {HS256, "{\"iat\":1699999942}", LS_JWT_VALID, ""},
        {HS256, "{\"iat\":1699999940}", LS_JWT_VALID, ""},
        {HS256, "{\"iat\":1699999939}", LS_JWT_STALE, "stale token"},
        {HS256, "{\"iat\":1700000060}", LS_JWT_VALID, ""},
        {HS256, "{\"iat\":1700000061}", LS_JWT_FUTURE, "future token"},
        {HS256, "{\"iat\":1700003600}", LS_JWT_FUTURE, "future token"},
        {HS256, "{\"iat\":-1}", LS_JWT_STALE, "stale token"},
        {HS256, "{\"iat\":-1e30}", LS_JWT_STALE, "stale token"},
        {HS256, "{\"iat\":1e30}", LS_JWT_FUTURE, "future token"},
        {HS256, "{\"iat\":1699999940.5}", LS_JWT_VALID, ""},
        {HS256, "{\"iat\":1699999939.9}", LS_JWT_STALE, "stale token"},
        {HS256, "{\"iat\":\"1700000000\"}", LS_JWT_VALID, ""},
        {HS256, "{}", LS_JWT_NO_IAT, "missing issued-at"},
        {HS256, "null", LS_JWT_NO_IAT, "missing issued-at"},
        {HS256, "{\"iat\":null}", LS_JWT_NO_IAT, "missing issued-at"},
        {HS256, "{\"iat\":1700000000,\"iat\":null}", LS_JWT_NO_IAT, "missing issued-at"},
        {HS256, "{\"IAT\":1700000000}", LS_JWT_VALID, ""},
        {HS256, "{\"iat\":1700000000,\"exp\":1699999990}", LS_JWT_EXPIRED, "token is expired"},
        {HS256, "{\"iat\":1700000000,\"exp\":1700000000}", LS_JWT_EXPIRED, "token is expired"},
        {HS256, "{\"iat\":1700000000,\"exp\":1700000001}", LS_JWT_VALID, ""},
        {HS256, "{\"exp\":1}", LS_JWT_EXPIRED, "token is expired"},
        {HS256, "{\"iat\":1700000000,\"exp\":null}", LS_JWT_VALID, ""},
        {HS256, "{\"iat\":1700000000,\"nbf\":1700000100}", LS_JWT_VALID, ""},
        {HS256, "{\"iat\":1700000000,\"id\":\"lockstep\",\"clv\":\"v0\",\"foo\":[1]}", LS_JWT_VALID,
         ""},
        {HS256, "{\"iat\":1700000000} and more", LS_JWT_VALID, ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_signed(&rows[i]);
    }
}

static void algorithms_and_headers(void **state)
{
    (void)state;
    static const char claims[] = "{\"iat\":1700000000}";
    static const struct refusal rows[] = {
        {"{\"alg\":\"HS256\"}", claims, LS_JWT_VALID, ""},
        {"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"x\"}", claims, LS_JWT_VALID, ""},
        {"{\"alg\":\"none\",\"alg\":\"HS256\"}", claims, LS_JWT_VALID, ""},
        {"{\"alg\":\"HS512\"}", claims, LS_JWT_ALGORITHM, "signing method HS512 is invalid"},
        {"{\"alg\":\"RS256\"}", claims, LS_JWT_ALGORITHM, "signing method RS256 is invalid"},
        {"{\"alg\":\"none\"}", claims, LS_JWT_ALGORITHM, "signing method none is invalid"},
        {"{\"alg\":\"hs256\"}", claims, LS_JWT_ALGORITHM, "signing method (alg) is unavailable."},
        {"{\"alg\":\"HS255\"}", claims, LS_JWT_ALGORITHM, "signing method (alg) is unavailable."},
        {"{\"alg\":256}", claims, LS_JWT_ALGORITHM, "signing method (alg) is unspecified."},
        {"{\"ALG\":\"HS256\"}", claims, LS_JWT_ALGORITHM, "signing method (alg) is unspecified."},
        {"{}", claims, LS_JWT_ALGORITHM, "signing method (alg) is unspecified."},
        {"null", claims, LS_JWT_ALGORITHM, "signing method (alg) is unspecified."},
        {"[1]", claims, LS_JWT_ENCODING,
         "json: cannot unmarshal array into Go value of type map[string]interface {}"},
        {"", claims, LS_JWT_ENCODING, "unexpected end of JSON input"},
        {"{\"alg\":", claims, LS_JWT_ENCODING, "unexpected end of JSON input"},
        {"{\"alg\":x}", claims, LS_JWT_ENCODING,
         "invalid character 'x' looking for beginning of value"},
        {"{\"alg\":\"HS256\"}}", claims, LS_JWT_ENCODING,
         "invalid character '}' after top-level value"},
        {"{\n\x01}", claims, LS_JWT_ENCODING,
         "invalid character '\\x01' looking for beginning of object key string"},
        {"{\"\n\"", claims, LS_JWT_ENCODING, "invalid character '\\n' in string literal"},
        {"[\x7f", claims, LS_JWT_ENCODING,
         "invalid character '\\x7f' looking for beginning of value"},
        {"[\x80", claims, LS_JWT_ENCODING,
         "invalid character '\\u0080' looking for beginning of value"},
        {"[\xad", claims, LS_JWT_ENCODING,
         "invalid character '\\u00ad' looking for beginning of value"},
        {"[\xc3\xa9", claims, LS_JWT_ENCODING,
         "invalid character '\xc3\x83' looking for beginning of value"},
        {"[~", claims, LS_JWT_ENCODING, "invalid character '~' looking for beginning of value"},
        {"[\"\" \"", claims, LS_JWT_ENCODING, "invalid character '\"' after array element"},
        {"{'alg'}", claims, LS_JWT_ENCODING,
         "invalid character '\\'' looking for beginning of object key string"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_signed(&rows[i]);
    }
}

static void claims_of_the_wrong_type(void **state)
{
    (void)state;
    static const struct refusal rows[] = {
        {HS256, "{\"iat\":\"now\"}", LS_JWT_ENCODING,
         "could not parse NumericData: json: invalid number literal, trying to unmarshal "
         "\"\\\"now\\\"\" into Number"},
        {HS256, "{\"iat\":\" 1700000000\"}", LS_JWT_ENCODING,
         "could not parse NumericData: json: invalid number literal, trying to unmarshal "
         "\"\\\" 1700000000\\\"\" into Number"},
        {HS256, "{\"iat\":true}", LS_JWT_ENCODING,
         "could not parse NumericData: json: cannot unmarshal bool into Go value of type "
         "json.Number"},
        {HS256, "{\"exp\":[]}", LS_JWT_ENCODING,
         "could not parse NumericData: json: cannot unmarshal array into Go value of type "
         "json.Number"},
        {HS256, "{\"nbf\":{}}", LS_JWT_ENCODING,
         "could not parse NumericData: json: cannot unmarshal object into Go value of type "
         "json.Number"},
        {HS256, "{\"iat\":1e400}", LS_JWT_ENCODING, "could not convert json number value to float"},
        {HS256, "{\"iss\":5}", LS_JWT_ENCODING,
         "json: cannot unmarshal number into Go struct field RegisteredClaims.iss of type string"},
        {HS256, "{\"aud\":5}", LS_JWT_ENCODING, "json: unsupported type: float64"},
        {HS256, "{\"aud\":[\"a\",true]}", LS_JWT_ENCODING, "json: unsupported type: bool"},
        {HS256, "{\"aud\":[\"a\",\"b\"],\"iss\":\"x\",\"sub\":null,\"iat\":1700000000}",
         LS_JWT_VALID, ""},
        {HS256, "7", LS_JWT_ENCODING,
         "json: cannot unmarshal number into Go value of type jwt.RegisteredClaims"},
        {HS256, "", LS_JWT_ENCODING, "EOF"},
        {HS256, "{\"iat\":1", LS_JWT_ENCODING, "unexpected EOF"},
        {HS256, "{\"iat\":01}", LS_JWT_ENCODING,
         "invalid character '1' after object key:value pair"},
        /* Claims are read before the algorithm is looked at. */
        {"{\"alg\":\"none\"}", "{", LS_JWT_ENCODING, "unexpected EOF"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_signed(&rows[i]);
    }
}

static void wrong_keys(void **state)
{
    (void)state;
    uint8_t secret[33];
    make_secret(secret);
    secret[32] = 1;
    char authorization[1000];
    static const char claims[] = "{\"iat\":1700000000}";
    sign(secret, 31, HS256, claims, authorization);
    check(authorization, LS_JWT_SIGNATURE, "signature is invalid");
    sign(secret, 33, HS256, claims, authorization);
    check(authorization, LS_JWT_SIGNATURE, "signature is invalid");
    sign(secret, 0, HS256, claims, authorization);
    check(authorization, LS_JWT_SIGNATURE, "signature is invalid");
    /* A bad signature is told before a stale time. */
    sign(secret, 33, HS256, "{\"iat\":1}", authorization);
    check(authorization, LS_JWT_SIGNATURE, "signature is invalid");
    /* A key with a zero byte behind it is the same key to HMAC. */
    secret[32] = 0;
    sign(secret, 33, HS256, claims, authorization);
    check(authorization, LS_JWT_VALID, "");
}

static void schemes_and_segments(void **state)
{
    (void)state;
    uint8_t secret[32];
    make_secret(secret);
    char good[1000], h[1100];
    sign(secret, 32, HS256, "{\"iat\":1700000000}", good);
    const char *token = good + 7;
    size_t n = strlen(token);
    static const struct {
        const char *format; /* %s is the token */
        enum ls_jwt_verdict verdict;
        const char *text;
    } rows[] = {
        {"Bearer %s", LS_JWT_VALID, ""},
        {"Bearer %s ", LS_JWT_VALID, ""},
        {"bearer %s", LS_JWT_NO_TOKEN, "missing token"},
        {"BEARER %s", LS_JWT_NO_TOKEN, "missing token"},
        {"Bearer\t%s", LS_JWT_NO_TOKEN, "missing token"},
        {"Bearer%s", LS_JWT_NO_TOKEN, "missing token"},
        {"%s", LS_JWT_NO_TOKEN, "missing token"},
        {"Basic %s", LS_JWT_NO_TOKEN, "missing token"},
        {"Bearer  %s", LS_JWT_ENCODING, "illegal base64 data at input byte 0"},
        {"Bearer \"%s\"", LS_JWT_ENCODING, "illegal base64 data at input byte 0"},
        {"Bearer %s=", LS_JWT_ENCODING, "illegal base64 data at input byte 43"},
        {"Bearer %s,foo", LS_JWT_ENCODING, "illegal base64 data at input byte 43"},
        {"Bearer %s.", LS_JWT_SEGMENTS, "token contains an invalid number of segments"},
        {"Bearer .%s", LS_JWT_SEGMENTS, "token contains an invalid number of segments"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *at = strstr(rows[i].format, "%s");
        (void)snprintf(h, sizeof h, "%.*s%s%s", (int)(at - rows[i].format), rows[i].format, token,
                       at + 2);
        check(h, rows[i].verdict, rows[i].text);
    }
    check(NULL, LS_JWT_NO_TOKEN, "missing token");
    check("", LS_JWT_NO_TOKEN, "missing token");
    check("Bearer", LS_JWT_NO_TOKEN, "missing token");
    check("Bearer ", LS_JWT_NO_TOKEN, "missing token");
    check("Bearer abc", LS_JWT_SEGMENTS, "token contains an invalid number of segments");
    check("Bearer a.b", LS_JWT_SEGMENTS, "token contains an invalid number of segments");
    check("Bearer a.b.c", LS_JWT_ENCODING, "illegal base64 data at input byte 0");
    check("Bearer ..", LS_JWT_ENCODING, "unexpected end of JSON input");

    (void)snprintf(h, sizeof h, "Bearer %.*s", (int)(n - 1), token);
    check(h, LS_JWT_SIGNATURE, "signature is invalid");
    (void)snprintf(h, sizeof h, "Bearer %.*s", (int)(n - 10), token);
    check(h, LS_JWT_ENCODING, "illegal base64 data at input byte 32");
    (void)snprintf(h, sizeof h, "Bearer %.*s", (int)(n - 43), token);
    check(h, LS_JWT_SIGNATURE, "signature is invalid");
}

/* The last character of a signature of 32 bytes carries two bits that belong to nothing; Go does
 * not look at them. */
static void left_over_bits_of_base64_do_not_count(void **state)
{
    (void)state;
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t secret[32];
    make_secret(secret);
    char h[1000];
    sign(secret, 32, HS256, "{\"iat\":1700000000}", h);
    char *last = h + strlen(h) - 1;
    size_t v = (size_t)(strchr(alphabet, *last) - alphabet);
    assert_int_equal(v % 4, 0);
    *last = alphabet[v + 3];
    check(h, LS_JWT_VALID, "");
    *last = alphabet[v ^ 4];
    check(h, LS_JWT_SIGNATURE, "signature is invalid");
}

/* No single changed character of a good token may pass, but for those left-over bits. */
static void a_changed_token_is_refused(void **state)
{
    (void)state;
    uint8_t secret[32];
    make_secret(secret);
    char good[1000];
    sign(secret, 32, HS256, "{\"iat\":1700000000}", good);
    size_t n = strlen(good);
    for (size_t i = 7; i < n - 1; i++) {
        char h[1000];
        memcpy(h, good, n + 1);
        h[i] = h[i] == 'A' ? 'B' : 'A';
        enum ls_jwt_verdict v = ls_jwt_check(secret, h, NOW);
        assert_int_not_equal(v, LS_JWT_VALID);
    }
}

static void overlong_tokens_are_refused(void **state)
{
    (void)state;
    static char h[70000];
    memset(h, 'A', sizeof h - 1);
    memcpy(h, "Bearer ", 7);
    h[100] = h[200] = '.';
    check(h, LS_JWT_SEGMENTS, "token contains an invalid number of segments");
}

static void every_verdict_has_a_text(void **state)
{
    (void)state;
    assert_string_equal(ls_jwt_verdict_text(LS_JWT_VALID), "");
    for (int v = LS_JWT_NO_TOKEN; v <= LS_JWT_FUTURE; v++) {
        assert_true(strlen(ls_jwt_verdict_text((enum ls_jwt_verdict)v)) > 0);
    }
    assert_string_equal(ls_jwt_verdict_text(LS_JWT_STALE), "stale token");
    assert_string_equal(ls_jwt_verdict_text((enum ls_jwt_verdict)99), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_of_a_fixed_secret_and_time),
        cmocka_unit_test(the_longest_token_fits),
        cmocka_unit_test(secrets_are_read_from_their_file),
        cmocka_unit_test(times_are_judged_as_by_geth),
        cmocka_unit_test(algorithms_and_headers),
        cmocka_unit_test(claims_of_the_wrong_type),
        cmocka_unit_test(wrong_keys),
        cmocka_unit_test(schemes_and_segments),
        cmocka_unit_test(left_over_bits_of_base64_do_not_count),
        cmocka_unit_test(a_changed_token_is_refused),
        cmocka_unit_test(overlong_tokens_are_refused),
        cmocka_unit_test(every_verdict_has_a_text),
    };
    return cmocka_run_group_tests_name("lib jwt", tests, NULL, NULL);
}
