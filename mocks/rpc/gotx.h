/*
 * EIP-2718 transactions as op-geth decodes them: one table of fields a type, and its sentence for
 * bytes that are none. Whether a transaction that decodes may be in a block is not looked at.
 */
#ifndef LS_MOCKS_GOTX_H
#define LS_MOCKS_GOTX_H

#include <stdbool.h>

#include "lib/bytes.h"
#include "mocks/rpc/gorlp.h"

/* The bytes are a transaction op-geth decodes: true. Otherwise text says what is wrong. A blob
 * transaction may come with its blobs. */
bool ls_gotx_check(struct ls_span tx, char text[LS_GORLP_TEXT_MAX]);

/* The versioned hashes of a transaction that ls_gotx_check took, 32 bytes each, as they stand in
 * it; *stride = bytes from one to the next. Empty when it is no blob transaction. */
struct ls_gotx_hashes {
    const uint8_t *first;
    size_t stride;
    size_t count;
};
struct ls_gotx_hashes ls_gotx_blob_hashes(struct ls_span tx);

#endif
