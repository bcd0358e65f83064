/*
 * Recorded blocks as JSON-RPC results. Hydrated blocks are the stored bytes; the form with hashes
 * only is made from them once and kept.
 */
#ifndef LS_MOCKS_BLOCKJSON_H
#define LS_MOCKS_BLOCKJSON_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "mocks/model/universe.h"

struct cJSON;
struct ls_blockjson;

/* A cache over u (borrowed). NULL when out of memory. */
struct ls_blockjson *ls_blockjson_new(const struct ls_universe *u);
void ls_blockjson_free(struct ls_blockjson *c);

enum ls_block_form {
    LS_FORM_FULL,      /* with transaction objects */
    LS_FORM_FULL_RETH, /* as op-reth prints deposits: yParity is there, a creation has no to */
    LS_FORM_FULL_RETH_PENDING, /* and what their receipts would add is not */
    LS_FORM_HASHES,            /* with transaction hashes */
    LS_FORM_PRUNED,            /* with an empty list: the body is gone (EL-PRUNE) */
    LS_FORM_HEADER /* eth_getHeaderBy*: without transactions, uncles, withdrawals, size */
};

/* The block's text as a tree, to be freed with ls_json_free; NULL on error: as ls_json_parse. */
enum ls_err ls_blockjson_tree(const struct ls_ublock *b, struct cJSON **root);

/* Appends block id in this form, or null when its stored text is not a JSON object. */
void ls_blockjson_put(struct ls_blockjson *c, uint32_t id, enum ls_block_form form,
                      struct ls_buf *out);

#endif
