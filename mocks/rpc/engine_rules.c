/* The header rules of a payload that nobody recorded, as they follow from its parent (mock-engine
 * 2.3, row 12, before anything is executed). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "mocks/rpc/basefee.h"
#include "mocks/rpc/blockjson.h"
#include "mocks/rpc/engine_parts.h"

#define GAS_LIMIT_MAX INT64_MAX
#define BLOB_GAS 131072u

enum ls_err ls_engine_header_of(const struct ls_engine_port *e, uint32_t id, struct ls_header *out)
{
    struct cJSON *root;
    const struct ls_ublock *b = ls_universe_get(e->universe, id);
    enum ls_err err = ls_blockjson_tree(b, &root);
    if (err == LS_OK) {
        err = ls_header_from_json(root, out, NULL, NULL);
        ls_json_free(root);
    }
    return err;
}

void ls_engine_print_u256(const struct ls_u256 *v, char out[80])
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
    ls_engine_print_u256(&h->base_fee, have);
    (void)snprintf(e->exec_error, sizeof e->exec_error,
                   "invalid baseFee: have %s, want %" PRIu64 ", parentBaseFee %" PRIu64
                   ", parentGasUsed %" PRIu64,
                   have, want, parent_fee, parent->gas_used);
    return e->exec_error;
}

const char *ls_engine_blob_fault(struct ls_engine_port *e, uint64_t stated, uint64_t calculated)
{
    if (calculated == 0 && stated % BLOB_GAS != 0) {
        (void)snprintf(e->exec_error, sizeof e->exec_error,
                       "blob gas used %" PRIu64 " not a multiple of blob gas per blob %u", stated,
                       BLOB_GAS);
    } else {
        (void)snprintf(e->exec_error, sizeof e->exec_error,
                       "blob gas used mismatch (header %" PRIu64 ", calculated %" PRIu64 ")",
                       stated, calculated);
    }
    return e->exec_error;
}

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
    if (ls_rollup_is_active(&e->rollup, LS_FORK_JOVIAN, h->timestamp) ||
        h->blob_gas_used % BLOB_GAS == 0) {
        return NULL; /* whether it is the right multiple, the transactions tell */
    }
    return ls_engine_blob_fault(e, h->blob_gas_used, 0);
}

const char *ls_engine_header_fault(struct ls_engine_port *e, const struct ls_header *h,
                                   uint32_t parent_id, const struct ls_header *parent)
{
    bool is_next = h->number == parent->number + 1;
    /* geth looks for the parent by hash and number; only its cache goes by the hash alone. */
    if (!is_next && !ls_engine_header_is_cached(e->engine, parent_id)) {
        return "unknown ancestor";
    }
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
    if (!is_next) {
        return "invalid block number";
    }
    const char *fault = base_fee_fault(e, h, parent);
    if (fault == NULL && h->tail < LS_TAIL_WITHDRAWALS_ROOT &&
        ls_rollup_is_active(&e->rollup, LS_FORK_CANYON, h->timestamp)) {
        fault = "missing withdrawalsHash";
    }
    return fault != NULL ? fault : blob_fault(e, h);
}
