/*
 * RLP items from the members of a JSON object: what the encoders of transactions and receipts have
 * in common. A member that is wrong is remembered in the reader, and what stands in the buffer is
 * then to be thrown away. Internal to lib/op.
 */
#ifndef LS_OP_RLPPUT_H
#define LS_OP_RLPPUT_H

#include "lib/bytes.h"
#include "lib/op/reader.h"

/* Quantities. */
void ls_rlpput_u64(struct ls_reader *r, const char *key, struct ls_buf *b);
void ls_rlpput_u256(struct ls_reader *r, const char *key, struct ls_buf *b);

/* Data of exactly n bytes, n <= 256. */
void ls_rlpput_fixed(struct ls_reader *r, const char *key, size_t n, struct ls_buf *b);

/* Data of open length, LIMIT when there are more than bytes_max. */
void ls_rlpput_data(struct ls_reader *r, const char *key, size_t bytes_max, struct ls_buf *b);

#endif
