/*
 * EIP-2718 transactions as op-geth decodes them: one table of fields a type, and its sentence for
 * bytes that are none. Whether a transaction that decodes may be in a block is not looked at.
 */
#ifndef LS_MOCKS_GOTX_H
#define LS_MOCKS_GOTX_H

#include <stdbool.h>

#include "lib/bytes.h"
#include "lib/op/types.h"
#include "mocks/rpc/gorlp.h"

/* The bytes are a transaction op-geth decodes: true. Otherwise text says what is wrong. A blob
 * transaction may come with its blobs. */
bool ls_gotx_check(struct ls_span tx, char text[LS_GORLP_TEXT_MAX]);

/* --- of transactions that ls_gotx_check took --- */

/* 0 for a legacy transaction. */
uint8_t ls_gotx_type(struct ls_span tx);
/* The content of a field, a string, by geth's name for it ("GasFeeCap"); borrowed. false: a
 * transaction of this type has none. */
bool ls_gotx_field(struct ls_span tx, const char *name, struct ls_span *out);
/* A blob transaction that brings its blobs. */
bool ls_gotx_has_blobs(struct ls_span tx);
/* The hash it is known by, which leaves the blobs out. */
struct ls_hash ls_gotx_hash(struct ls_span tx);

/* The versioned hashes of a blob transaction, 32 bytes each, as they stand in it, stride bytes from
 * one to the next. */
struct ls_gotx_hashes {
    const uint8_t *first;
    size_t stride;
    size_t count;
};
struct ls_gotx_hashes ls_gotx_blob_hashes(struct ls_span tx);

#endif
