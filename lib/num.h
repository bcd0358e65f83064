/*
 * Checked numbers: parsing text from outside and arithmetic on outside numbers, and 256-bit
 * unsigned integers as big-endian bytes (enough for fees and difficulties: no arithmetic but
 * order).
 */
#ifndef LS_LIB_NUM_H
#define LS_LIB_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

/* 256-bit unsigned, big endian. */
struct ls_u256 {
    uint8_t be[32];
};

/* *out = a + b; false (and *out untouched) on overflow. */
bool ls_add_u64(uint64_t a, uint64_t b, uint64_t *out);

/* *out = a * b; false (and *out untouched) on overflow. */
bool ls_mul_u64(uint64_t a, uint64_t b, uint64_t *out);

/* Unsigned decimal, digits only, whole input. PARSE, or RANGE past 2^64-1. */
enum ls_err ls_parse_dec(const char *s, size_t n, uint64_t *out);

/* JSON-RPC quantity: "0x" then 1..16 hex digits without leading zero ("0x0" is zero). PARSE or
 * RANGE. */
enum ls_err ls_parse_quantity(const char *s, size_t n, uint64_t *out);

/* Same, up to 64 digits. */
enum ls_err ls_parse_quantity256(const char *s, size_t n, struct ls_u256 *out);

/* A duration such as "50ms", "4s", "2m", "1h", or plain seconds "4" / "0.5s"; result in ns.
 * PARSE or RANGE. */
enum ls_err ls_parse_duration(const char *s, uint64_t *out_ns);

/* v, widened. */
struct ls_u256 ls_u256_from_u64(uint64_t v);

/* true and *out set when v fits 64 bits. */
bool ls_u256_to_u64(const struct ls_u256 *v, uint64_t *out);

/* memcmp order: <0, 0, >0. */
int ls_u256_cmp(const struct ls_u256 *a, const struct ls_u256 *b);

/* Big-endian loads and stores. */
uint64_t ls_be64(const uint8_t p[8]);
uint32_t ls_be32(const uint8_t p[4]);
void ls_put_be64(uint8_t p[8], uint64_t v);

#endif
