/*
 * Execution payloads V1..V4 and the envelope that carries the parent beacon root (spec 4.1, 4.2).
 */
#ifndef LS_OP_PAYLOAD_H
#define LS_OP_PAYLOAD_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/jsonw.h"
#include "lib/op/block.h"
#include "lib/op/header.h"
#include "lib/op/rollup.h"

struct cJSON;

struct ls_payload {
    struct ls_hash parent_hash;
    struct ls_addr fee_recipient;
    struct ls_hash state_root;
    struct ls_hash receipts_root;
    uint8_t bloom[256];
    struct ls_hash prev_randao;
    uint64_t number;
    uint64_t gas_limit;
    uint64_t gas_used;
    uint64_t timestamp; /* s */
    uint8_t extra[LS_HEADER_EXTRA_MAX];
    uint8_t extra_bytes;
    struct ls_u256 base_fee;
    struct ls_hash block_hash;
    const struct ls_span *txs; /* EIP-2718 bytes, borrowed */
    size_t tx_count;
    bool has_withdrawals; /* Canyon+; the list itself must be empty on OP */
    bool has_blob_gas;    /* both blob fields; Ecotone+ */
    uint64_t blob_gas_used;
    uint64_t excess_blob_gas;
    bool has_withdrawals_root; /* Isthmus+ */
    struct ls_hash withdrawals_root;
    bool has_beacon_root; /* travels in the envelope; Ecotone+ */
    struct ls_hash beacon_root;
};

/* Engine API version of newPayload (and of the payload): 2 until Ecotone, 3, 4 from Isthmus; V1 is
 * never used (spec 4.1). */
unsigned ls_payload_version(const struct ls_rollup *r, uint64_t timestamp_s);

/* From a hydrated block; borrows its transactions. withdrawalsRoot goes along only when the header
 * has a requests hash (Isthmus). TYPE when b is not hydrated, RANGE when it has withdrawals,
 * UNSUPPORTED when it has what no payload can carry (uncles, difficulty, nonce, requests, no base
 * fee, a withdrawals root of its own before Isthmus). */
enum ls_err ls_payload_from_block(const struct ls_block *b, struct ls_payload *out);

/* The header this payload stands for (transactions root computed). PARSE when the payload leaves
 * out a field that a later one needs. */
enum ls_err ls_payload_header(const struct ls_payload *p, struct ls_header *out);

/* Recomputes the block hash and compares: HASH, with op-node's text "payload has bad block hash: X,
 * actual block hash is: Y". */
enum ls_err ls_payload_verify(const struct ls_payload *p, struct ls_diag *d);

/* The reference of the block the payload makes. As ls_block_l2_ref. */
enum ls_err ls_payload_l2_ref(const struct ls_payload *p, const struct ls_rollup *r,
                              struct ls_l2_ref *out, struct ls_diag *d);

/* Reads an executionPayload object; strict on types and lengths, unknown members ignored, null in a
 * fork's field the same as absent. Memory of out lives in a. withdrawals not empty is RANGE, one
 * blob gas field without the other MISSING. */
enum ls_err ls_payload_from_json(const struct cJSON *v, struct ls_arena *a, struct ls_payload *out,
                                 struct ls_diag *d);

/* Reads {"parentBeaconBlockRoot"?, "executionPayload"}. MISSING when the payload is absent (R: the
 * admin call answers -32602). */
enum ls_err ls_envelope_from_json(const struct cJSON *v, struct ls_arena *a, struct ls_payload *out,
                                  struct ls_diag *d);

/* Writes the executionPayload object under key (NULL inside arrays), members in the order of spec
 * 4.2. */
void ls_payload_write(const struct ls_payload *p, struct ls_jw *w, const char *key);

/* Writes the envelope object (for admin_postUnsafePayload). */
void ls_envelope_write(const struct ls_payload *p, struct ls_jw *w, const char *key);

/* Writes the params array of engine_newPayloadV<version>: [payload] or [payload,[],root] or
 * [payload,[],root,[]]. */
void ls_payload_write_params(const struct ls_payload *p, unsigned version, struct ls_jw *w,
                             const char *key);

#endif
