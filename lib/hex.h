/*
 * Hexadecimal: strict decoding of 0x-prefixed data and lower-case encoding.
 */
#ifndef LS_LIB_HEX_H
#define LS_LIB_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

/* Decodes 2*out_bytes digits (either case), no prefix. false: one of them is none; out is then of
 * no use. */
bool ls_hex_digits(const char *s, uint8_t *out, size_t out_bytes);

/* Decodes "0x" + exactly 2*out_bytes digits (either case). PARSE on anything else. */
enum ls_err ls_hex_fixed(const char *s, size_t n, uint8_t *out, size_t out_bytes);

/* Decodes "0x" + any even number of digits into out, at most out_bytes_max bytes; *out_bytes is the
 * count. PARSE or LIMIT. */
enum ls_err ls_hex_data(const char *s, size_t n, uint8_t *out, size_t out_bytes_max,
                        size_t *out_bytes);

/* Writes 2*n lower-case digits without prefix and without terminator to out. */
void ls_hex_encode(const uint8_t *p, size_t n, char *out);

/* Appends "0x" and the digits of n bytes. Errors stick in b. */
void ls_hex_put(struct ls_buf *b, const uint8_t *p, size_t n);

/* Appends a JSON-RPC quantity ("0x0" for zero). */
void ls_hex_put_quantity(struct ls_buf *b, uint64_t v);

#endif
