/*
 * Whether a payload nobody recorded executes: the header rules that follow from its parent, and,
 * where a recorded block with the same parent and transactions exists, what execution gave there.
 * Without such a block the stated results are believed: a mock executes nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/block.h"
#include "mocks/rpc/basefee.h"
#include "mocks/rpc/engine_parts.h"

#define GAS_LIMIT_MAX INT64_MAX
#define BLOB_GAS 131072u

static enum ls_err header_of(const struct ls_engine_port *e, uint32_t id, struct ls_header *out)
{
    struct cJSON *root;
    const struct ls_ublock *b = ls_universe_get(e->universe, id);
    enum ls_err err = ls_json_parse(b->json, b->json_bytes, 0, &root, NULL);
    if (err == LS_OK) {
        err = ls_header_from_json(root, out, NULL, NULL);
        ls_json_free(root);
    }
    return err;
}

/* Decimal digits of a 256-bit number. */
static void print_u256(const struct ls_u256 *v, char out[80])
{
    uint8_t left[32];
    char digits[80];
    size_t count = 0;
    bool is_zero;
    memcpy(left, v->be, sizeof left);
    do {
        unsigned rest = 0;
        is_zero = true;
        for (size_t i = 0; i < sizeof left; i++) {
            unsigned part = rest * 256u + left[i];
            left[i] = (uint8_t)(part / 10u);
            rest = part % 10u;
            is_zero = is_zero && left[i] == 0;
        }
        digits[count++] = (char)('0' + rest);
    } while (!is_zero);
    for (size_t i = 0; i < count; i++) {
        out[i] = digits[count - 1 - i];
    }
    out[count] = '\0';
}

/* --- base fee --- */

static const char *base_fee_fault(struct ls_engine_port *e, const struct ls_header *h,
                                  const struct ls_header *parent)
{
    uint64_t parent_fee;
    char have[80];
    if (!ls_u256_to_u64(&parent->base_fee, &parent_fee)) {
        return NULL;
    }
    uint64_t want = ls_base_fee_next(&e->rollup, parent, parent_fee, h->timestamp);
    struct ls_u256 want_big = ls_u256_from_u64(want);
    if (ls_u256_cmp(&h->base_fee, &want_big) == 0) {
        return NULL;
    }
    print_u256(&h->base_fee, have);
    (void)snprintf(e->exec_error, sizeof e->exec_error,
                   "invalid baseFee: have %s, want %" PRIu64 ", parentBaseFee %" PRIu64
                   ", parentGasUsed %" PRIu64,
                   have, want, parent_fee, parent->gas_used);
    return e->exec_error;
}

/* --- header rules --- */

static const char *blob_fault(struct ls_engine_port *e, const struct ls_header *h)
{
    if (h->tail < LS_TAIL_EXCESS_BLOB_GAS) {
        return NULL;
    }
    if (h->excess_blob_gas != 0) {
        (void)snprintf(e->exec_error, sizeof e->exec_error,
                       "invalid excessBlobGas: have %" PRIu64 ", want 0", h->excess_blob_gas);
        return e->exec_error;
    }
    if (ls_rollup_is_active(&e->rollup, LS_FORK_JOVIAN, h->timestamp) || h->blob_gas_used == 0) {
        return NULL;
    }
    if (h->blob_gas_used % BLOB_GAS != 0) {
        (void)snprintf(e->exec_error, sizeof e->exec_error,
                       "blob gas used %" PRIu64 " not a multiple of blob gas per blob %u",
                       h->blob_gas_used, BLOB_GAS);
    } else {
        (void)snprintf(e->exec_error, sizeof e->exec_error,
                       "blob gas used mismatch (header %" PRIu64 ", calculated 0)",
                       h->blob_gas_used);
    }
    return e->exec_error;
}

static const char *header_fault(struct ls_engine_port *e, const struct ls_header *h,
                                const struct ls_header *parent)
{
    if (h->gas_limit > GAS_LIMIT_MAX) {
        (void)snprintf(e->exec_error, sizeof e->exec_error,
                       "invalid gasLimit: have %" PRIu64 ", max %" PRIi64, h->gas_limit,
                       GAS_LIMIT_MAX);
        return e->exec_error;
    }
    if (h->gas_used > h->gas_limit) {
        (void)snprintf(e->exec_error, sizeof e->exec_error,
                       "invalid gasUsed: have %" PRIu64 ", gasLimit %" PRIu64, h->gas_used,
                       h->gas_limit);
        return e->exec_error;
    }
    if (h->number != parent->number + 1) {
        return "invalid block number";
    }
    const char *fault = base_fee_fault(e, h, parent);
    return fault != NULL ? fault : blob_fault(e, h);
}

/* --- results, by a recorded block of the same content --- */

/* The system call of EIP-4788 writes timestamp and beacon root into the state of every block. */
static bool has_same_system_call(const struct ls_header *a, const struct ls_header *b)
{
    return a->tail < LS_TAIL_BEACON_ROOT ||
           (a->timestamp == b->timestamp && ls_hash_eq(&a->beacon_root, &b->beacon_root));
}

/* The fee recipient reaches the state only where a fee is paid, which is not looked into. */
static bool has_same_inputs(const struct ls_header *a, const struct ls_header *b)
{
    return has_same_system_call(a, b) && memcmp(a->miner.b, b->miner.b, sizeof a->miner.b) == 0;
}

/* A known child of parent that has these transactions, one with the same inputs before any other:
 * its execution is ours. */
static uint32_t find_twin(const struct ls_engine_port *e, const struct ls_header *h,
                          uint32_t parent, struct ls_header *out)
{
    uint32_t count = ls_universe_count(e->universe);
    uint32_t found = LS_NO_BLOCK;
    struct ls_header candidate;
    for (uint32_t id = parent + 1; id < count; id++) {
        const struct ls_ublock *b = ls_universe_get(e->universe, id);
        if (b->parent != parent || b->is_gap || header_of(e, id, &candidate) != LS_OK ||
            !ls_hash_eq(&candidate.tx_root, &h->tx_root)) {
            continue;
        }
        bool is_same = has_same_inputs(&candidate, h);
        if (is_same || found == LS_NO_BLOCK) {
            *out = candidate;
            found = id;
        }
        if (is_same) {
            break;
        }
    }
    return found;
}

static const char *mismatch(struct ls_engine_port *e, const char *what, const char *prefix,
                            const uint8_t *remote, const uint8_t *local, size_t n, const char *tail)
{
    char have[513] = {0};
    char want[513] = {0};
    ls_hex_encode(remote, n, have);
    ls_hex_encode(local, n, want);
    (void)snprintf(e->exec_error, sizeof e->exec_error, "%s (remote: %s%s%slocal: %s%s)%s", what,
                   prefix, have, n == 256 ? "  " : " ", prefix, want, tail);
    return e->exec_error;
}

static const char *result_fault(struct ls_engine_port *e, const struct ls_header *h,
                                const struct ls_header *twin)
{
    if (h->blob_gas_used != twin->blob_gas_used) {
        (void)snprintf(e->exec_error, sizeof e->exec_error,
                       "blob gas used mismatch (header %" PRIu64 ", calculated %" PRIu64 ")",
                       h->blob_gas_used, twin->blob_gas_used);
        return e->exec_error;
    }
    if (h->gas_used != twin->gas_used) {
        (void)snprintf(e->exec_error, sizeof e->exec_error,
                       "invalid gas used (remote: %" PRIu64 " local: %" PRIu64 ")", h->gas_used,
                       twin->gas_used);
        return e->exec_error;
    }
    if (memcmp(h->bloom, twin->bloom, sizeof h->bloom) != 0) {
        return mismatch(e, "invalid bloom", "", h->bloom, twin->bloom, sizeof h->bloom, "");
    }
    if (!ls_hash_eq(&h->receipts_root, &twin->receipts_root)) {
        return mismatch(e, "invalid receipt root hash", "", h->receipts_root.b,
                        twin->receipts_root.b, 32, "");
    }
    if (!has_same_system_call(h, twin) && ls_hash_eq(&h->state_root, &twin->state_root)) {
        return "invalid merkle root"; /* nobody knows the right one, but it is not the twin's */
    }
    if (!has_same_inputs(h, twin)) {
        return NULL;
    }
    if (!ls_hash_eq(&h->state_root, &twin->state_root)) {
        return mismatch(e, "invalid merkle root", "", h->state_root.b, twin->state_root.b, 32,
                        " dberr: %!w(<nil>)");
    }
    if (h->tail >= LS_TAIL_REQUESTS_HASH && twin->tail >= LS_TAIL_REQUESTS_HASH &&
        !ls_hash_eq(&h->withdrawals_root, &twin->withdrawals_root)) {
        return mismatch(e, "invalid withdrawals hash", "0x", h->withdrawals_root.b,
                        twin->withdrawals_root.b, 32, " dberr: %!w(<nil>)");
    }
    return NULL;
}

const char *ls_engine_exec_error(struct ls_engine_port *e, const struct ls_payload *p,
                                 const struct ls_header *h, uint32_t parent)
{
    struct ls_header parent_header;
    struct ls_header twin;
    (void)p;
    if (header_of(e, parent, &parent_header) != LS_OK) {
        return NULL;
    }
    const char *fault = header_fault(e, h, &parent_header);
    if (fault == NULL && find_twin(e, h, parent, &twin) != LS_NO_BLOCK) {
        fault = result_fault(e, h, &twin);
    }
    return fault;
}

/* --- entering it --- */

/* The twin's JSON with another header; transactions keep their content, but name the new block. */
static void write_block(const struct cJSON *twin, const struct ls_header *h,
                        const struct ls_hash *hash, struct ls_buf *out)
{
    struct ls_buf txs;
    struct ls_jw w;
    char old_digits[65] = {0};
    char new_digits[65] = {0};
    const char *old_hash = ls_json_str(ls_json_get(twin, "hash"));
    ls_buf_init(&txs, out->bytes_max);
    ls_json_print(ls_json_get(twin, "transactions"), &txs);
    (void)snprintf(old_digits, sizeof old_digits, "%s", old_hash == NULL ? "" : old_hash + 2);
    ls_hex_encode(hash->b, 32, new_digits);
    if (txs.p != NULL && old_digits[0] != '\0') {
        for (char *at = strstr((char *)txs.p, old_digits); at != NULL;
             at = strstr(at + 64, old_digits)) {
            memcpy(at, new_digits, 64);
        }
    }
    ls_jw_init(&w, out);
    ls_jw_object(&w, NULL);
    ls_header_write(h, hash, &w);
    for (const struct cJSON *m = ls_json_first(twin); m != NULL; m = ls_json_next(m)) {
        const char *key = ls_json_key(m);
        if (strcmp(key, "size") == 0 || strcmp(key, "uncles") == 0 ||
            strcmp(key, "withdrawals") == 0) {
            struct ls_buf text;
            ls_buf_init(&text, out->bytes_max);
            ls_json_print(m, &text);
            ls_jw_raw(&w, key, (const char *)text.p, text.n);
            ls_buf_fini(&text);
        }
    }
    ls_jw_raw(&w, "transactions", (const char *)txs.p, txs.n);
    ls_jw_object_end(&w);
    ls_buf_fini(&txs);
}

uint32_t ls_engine_add_block(struct ls_engine_port *e, const struct ls_payload *p,
                             const struct ls_header *h, uint32_t parent)
{
    struct ls_header twin_header;
    struct ls_ublock b = {.parent = parent, .is_synthetic = true};
    struct cJSON *root = NULL;
    struct ls_buf text;
    uint32_t id = LS_NO_BLOCK;
    uint32_t twin = find_twin(e, h, parent, &twin_header);
    if (twin == LS_NO_BLOCK || e->added_count > ls_universe_capacity(e->universe) ||
        ls_payload_l2_ref(p, &e->rollup, &b.ref, NULL) != LS_OK) {
        return LS_NO_BLOCK;
    }
    const struct ls_ublock *source = ls_universe_get(e->universe, twin);
    ls_buf_init(&text, source->json_bytes * 2 + 4096);
    if (ls_json_parse(source->json, source->json_bytes, 0, &root, NULL) == LS_OK) {
        write_block(root, h, &p->block_hash, &text);
    }
    ls_json_free(root);
    b.json = (const char *)text.p;
    b.json_bytes = text.n;
    if (text.err == LS_OK && text.n > 0 && ls_universe_add(e->universe, &b, &id) == LS_OK) {
        e->added[e->added_count++] = (char *)text.p;
        return id;
    }
    ls_buf_fini(&text);
    return LS_NO_BLOCK;
}
