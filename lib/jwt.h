/*
 * Engine API tokens: JWT HS256 over {"iat": now}, and the secret file (spec section 4.3).
 */
#ifndef LS_LIB_JWT_H
#define LS_LIB_JWT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

#define LS_JWT_SECRET_BYTES 32u
#define LS_JWT_TEXT_MAX 256u /* longest token ls_jwt_make writes, terminator included */

/* Parses the text of a secret file: 64 hex digits, optional 0x, white space around. PARSE with a
 * sentence that never contains the secret. */
enum ls_err ls_jwt_secret_parse(const char *text, size_t n, uint8_t out[LS_JWT_SECRET_BYTES],
                                struct ls_diag *d);

/* Writes the token for iat (seconds since the epoch), terminated. */
void ls_jwt_make(const uint8_t secret[LS_JWT_SECRET_BYTES], int64_t iat_s,
                 char out[LS_JWT_TEXT_MAX]);

/* What a verifier found; the texts op-geth answers with are in ls_jwt_verdict_text. */
enum ls_jwt_verdict {
    LS_JWT_VALID,
    LS_JWT_NO_TOKEN,  /* no header, or not exactly "Bearer " */
    LS_JWT_SEGMENTS,  /* not three segments */
    LS_JWT_ENCODING,  /* base64url or JSON broken */
    LS_JWT_ALGORITHM, /* alg is not HS256 */
    LS_JWT_SIGNATURE,
    LS_JWT_EXPIRED, /* exp in the past */
    LS_JWT_NO_IAT,
    LS_JWT_STALE, /* iat more than 60 s old */
    LS_JWT_FUTURE /* iat more than 60 s ahead */
};

/* Checks the value of an Authorization header (NULL = absent) at time now_s, as geth's handler does
 * (mock-engine section 2.8). */
enum ls_jwt_verdict ls_jwt_check(const uint8_t secret[LS_JWT_SECRET_BYTES], const char *header,
                                 int64_t now_s);

#define LS_JWT_REASON_BYTES 256u

/* As ls_jwt_check, and writes the very text op-geth puts into the body (without newline), position
 * or algorithm included: "illegal base64 data at input byte 43". Empty when valid. */
enum ls_jwt_verdict ls_jwt_explain(const uint8_t secret[LS_JWT_SECRET_BYTES], const char *header,
                                   int64_t now_s, char reason[LS_JWT_REASON_BYTES]);

/* op-geth's body text for a refusal (without newline), without the details only ls_jwt_explain
 * knows. */
const char *ls_jwt_verdict_text(enum ls_jwt_verdict v);

#endif
