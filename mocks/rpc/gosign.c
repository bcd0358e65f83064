#include "mocks/rpc/gosign.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mocks/rpc/gotx.h"

#define DEPOSIT 0x7e
#define BLOB 3
#define SET_CODE 4
#define PRINTED_BYTES_MAX 64u
#define DIGITS_MAX 160u /* of so many bytes */

/* Order of the curve secp256k1, and its half: a signature's s is at most that (EIP-2). */
static const uint8_t ORDER[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                  0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
static const uint8_t HALF_ORDER[32] = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

/* --- integers as they stand in RLP: big-endian, no leading zeros --- */

static struct ls_span field(struct ls_span tx, const char *name)
{
    struct ls_span v = {NULL, 0};
    (void)ls_gotx_field(tx, name, &v);
    return v;
}

static bool to_u64(struct ls_span v, uint64_t *out)
{
    if (v.n > 8) {
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < v.n; i++) {
        *out = *out << 8 | v.p[i];
    }
    return true;
}

/* From 1 to the limit. */
static bool is_within(struct ls_span v, const uint8_t limit[32])
{
    return v.n > 0 && (v.n < 32 || (v.n == 32 && memcmp(v.p, limit, 32) <= 0));
}

/* bytes becomes zero. */
static void print_decimal(uint8_t *bytes, size_t n, char out[DIGITS_MAX])
{
    size_t at = DIGITS_MAX - 1;
    bool is_zero;
    out[at] = '\0';
    do {
        unsigned rest = 0;
        is_zero = true;
        for (size_t i = 0; i < n; i++) {
            unsigned part = rest * 256u + bytes[i];
            bytes[i] = (uint8_t)(part / 10u);
            rest = part % 10u;
            is_zero = is_zero && bytes[i] == 0;
        }
        out[--at] = (char)('0' + rest);
    } while (!is_zero);
    memmove(out, out + at, DIGITS_MAX - at);
}

/* --- chain --- */

static bool wrong_chain(uint8_t *have, size_t n, uint64_t want, char text[LS_GOSIGN_TEXT_MAX])
{
    char digits[DIGITS_MAX];
    print_decimal(have, n, digits);
    (void)snprintf(text, LS_GOSIGN_TEXT_MAX, "invalid chain id for signer: have %s want %" PRIu64,
                   digits, want);
    return false;
}

static bool check_chain(struct ls_span id, uint64_t want, char text[LS_GOSIGN_TEXT_MAX])
{
    uint8_t copy[PRINTED_BYTES_MAX];
    uint64_t have;
    if (to_u64(id, &have) && have == want) {
        return true;
    }
    size_t n = id.n < sizeof copy ? id.n : sizeof copy;
    memcpy(copy, id.p, n);
    return wrong_chain(copy, n, want, text);
}

/* EIP-155: v = 35 + 2 * chain id + parity, in 64 bits when it fits them, wrapping as geth's does.
 */
static bool check_legacy_chain(struct ls_span v, uint64_t want, char text[LS_GOSIGN_TEXT_MAX])
{
    uint8_t id[PRINTED_BYTES_MAX];
    uint64_t have;
    if (to_u64(v, &have)) {
        have = (have - 35) / 2;
        for (size_t i = 0; i < 8; i++) {
            id[i] = (uint8_t)(have >> (56 - 8 * i));
        }
        return have == want || wrong_chain(id, 8, want, text);
    }
    size_t n = v.n < sizeof id ? v.n : sizeof id;
    unsigned borrow = 35;
    memcpy(id, v.p, n);
    for (size_t i = n; i > 0 && borrow > 0; i--) {
        unsigned before = id[i - 1];
        id[i - 1] = (uint8_t)(before - borrow);
        borrow = before < borrow;
    }
    for (size_t i = n; i > 0; i--) {
        id[i - 1] = (uint8_t)(id[i - 1] >> 1 | (i > 1 ? (id[i - 2] & 1) << 7 : 0));
    }
    return wrong_chain(id, n, want, text);
}

/* --- signature --- */

static bool check_signature(struct ls_span tx, bool is_parity_right, char text[LS_GOSIGN_TEXT_MAX])
{
    struct ls_span r = field(tx, "R");
    bool is_below_order = is_within(r, ORDER) && !(r.n == 32 && memcmp(r.p, ORDER, 32) == 0);
    if (is_parity_right && is_below_order && is_within(field(tx, "S"), HALF_ORDER)) {
        return true;
    }
    (void)snprintf(text, LS_GOSIGN_TEXT_MAX, "invalid transaction v, r, s values");
    return false;
}

static bool check_legacy(struct ls_span tx, const struct ls_gosign_rules *rules,
                         char text[LS_GOSIGN_TEXT_MAX])
{
    struct ls_span v = field(tx, "V");
    uint64_t n = 0;
    bool is_plain = to_u64(v, &n) && (n == 27 || n == 28);
    if (!is_plain && !(v.n <= 1 && n <= 1)) {
        /* The parity is what its chain id leaves of v. */
        return check_legacy_chain(v, rules->chain_id, text) && check_signature(tx, true, text);
    }
    return check_signature(tx, is_plain, text);
}

bool ls_gosign_check(struct ls_span tx, const struct ls_gosign_rules *rules,
                     char text[LS_GOSIGN_TEXT_MAX])
{
    uint8_t type = ls_gotx_type(tx);
    struct ls_span v = field(tx, "V");
    if (type == DEPOSIT) {
        return true;
    }
    if (type == BLOB || (type == SET_CODE && !rules->has_set_code)) {
        (void)snprintf(text, LS_GOSIGN_TEXT_MAX, "transaction type not supported");
        return false;
    }
    if (type == 0) {
        return check_legacy(tx, rules, text);
    }
    return check_chain(field(tx, "ChainID"), rules->chain_id, text) &&
           check_signature(tx, v.n == 0 || (v.n == 1 && v.p[0] == 1), text);
}
