/*
 * RLP: an append writer and a strict reader (canonical encodings only: shortest form, no leading
 * zero in integers, no trailing bytes unless the caller looks for them).
 */
#ifndef LS_LIB_RLP_H
#define LS_LIB_RLP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/num.h"

/* --- writer: errors stick in the buffer --- */

/* One item: a byte string, or a number as its big-endian bytes without leading zeros. */
void ls_rlp_put_bytes(struct ls_buf *b, const uint8_t *p, size_t n);
void ls_rlp_put_u64(struct ls_buf *b, uint64_t v);
void ls_rlp_put_u256(struct ls_buf *b, const struct ls_u256 *v);

/* Lists: remember the mark, append the items, then close: the header is inserted at the mark. */
size_t ls_rlp_list_begin(const struct ls_buf *b);
void ls_rlp_list_end(struct ls_buf *b, size_t mark);

/* --- reader --- */

struct ls_rlp_item {
    bool is_list;
    struct ls_span body; /* content without header, borrowed from the input */
    struct ls_span raw;  /* header and content */
};

/* Reads the item at the front of *in and advances *in past it. PARSE when not canonical or cut. */
enum ls_err ls_rlp_next(struct ls_span *in, struct ls_rlp_item *out);

/* The item must be a string holding a canonical integer. TYPE, PARSE or RANGE. */
enum ls_err ls_rlp_u64(const struct ls_rlp_item *item, uint64_t *out);

/* The item must be a string of exactly n bytes. TYPE or RANGE. */
enum ls_err ls_rlp_fixed(const struct ls_rlp_item *item, uint8_t *out, size_t n);

#endif
