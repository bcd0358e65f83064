/*
 * newPayload in op-reth's words and order, where they are not op-geth's: from payload to block
 * (mock-engine 2.3, rows 3 to 5, column reth) and the header rules (rows 9 and 12).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/hex.h"
#include "mocks/rpc/basefee.h"
#include "mocks/rpc/engine_parts.h"
#include "mocks/rpc/gotx.h"

#define EXTRA_MAX 32u

/* --- from payload to block --- */

/* Of a transaction that is none; where the fault lies deeper than its frame, no recording has what
 * op-reth says. */
static const char *tx_fault(const struct ls_np_args *n)
{
    for (size_t i = 0; i < n->payload.tx_count; i++) {
        struct ls_span tx = n->payload.txs[i];
        char why[LS_GORLP_TEXT_MAX];
        if (ls_gotx_check(tx, why)) {
            continue;
        }
        if (tx.n == 0) {
            return "Unexpected type flag";
        }
        if (tx.p[0] <= 0x7d && tx.p[0] > 4) {
            return tx.p[0] == 5 ? "unexpected tx type" : "overflow";
        }
        return "input too short";
    }
    return NULL;
}

/* Its hash of the requests leaves out those that are a type and nothing more. */
static bool has_requests(const struct ls_np_args *n)
{
    for (size_t i = 0; i < n->request_count; i++) {
        if (n->requests[i].n > 1) {
            return true;
        }
    }
    return false;
}

static const char *content_fault(const struct ls_np_args *n, char *text, size_t cap)
{
    uint64_t fee;
    char digits[2 * 256 + 1] = {0};
    if (n->extra.n > EXTRA_MAX) {
        ls_hex_encode(n->extra.p, n->extra.n < 256 ? n->extra.n : 256, digits);
        (void)snprintf(text, cap, "invalid payload extra data: 0x%s", digits);
        return text;
    }
    if (!ls_u256_to_u64(&n->payload.base_fee, &fee)) {
        char number[80];
        ls_engine_print_u256(&n->payload.base_fee, number);
        (void)snprintf(text, cap, "invalid payload base fee: %s", number);
        return text;
    }
    if (n->withdrawal_count > 0) {
        return "non-empty L1 withdrawals";
    }
    if (n->hash_count > 0) {
        return "non-empty blob versioned hashes";
    }
    return has_requests(n) ? "non-empty EL requests" : NULL;
}

static const char *hash_fault(struct ls_np_args *n, bool is_isthmus, struct ls_header *h,
                              char *text, size_t cap)
{
    char want[65] = {0};
    char got[65] = {0};
    struct ls_payload *p = &n->payload;
    memcpy(p->bloom, n->bloom.p, n->bloom.n == sizeof p->bloom ? sizeof p->bloom : 0);
    memcpy(p->extra, n->extra.p, n->extra.n);
    p->extra_bytes = (uint8_t)n->extra.n;
    p->has_withdrawals = n->has_withdrawals;
    p->has_blob_gas = n->has_blob_gas_used && n->has_excess_blob_gas;
    if (!is_isthmus) {
        p->has_withdrawals_root = false; /* not looked at before */
    }
    if (ls_payload_header(p, h) != LS_OK) {
        return "block hash mismatch";
    }
    struct ls_hash actual = ls_header_hash(h);
    if (ls_hash_eq(&actual, &p->block_hash)) {
        return NULL;
    }
    ls_hex_encode(p->block_hash.b, 32, want);
    ls_hex_encode(actual.b, 32, got);
    (void)snprintf(text, cap, "block hash mismatch: want 0x%s, got 0x%s", got, want);
    return text;
}

const char *ls_engine_block_fault_reth(struct ls_engine_port *e, struct ls_np_args *n,
                                       struct ls_header *h, char *text, size_t cap)
{
    bool is_isthmus = ls_rollup_is_active(&e->rollup, LS_FORK_ISTHMUS, n->payload.timestamp);
    const char *fault = tx_fault(n);
    if (fault == NULL) {
        fault = content_fault(n, text, cap);
    }
    return fault != NULL ? fault : hash_fault(n, is_isthmus, h, text, cap);
}

/* --- header rules --- */

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
                   "block base fee mismatch: got %s, expected %" PRIu64, have, want);
    return e->exec_error;
}

static const char *blob_fault(struct ls_engine_port *e, const struct ls_header *h)
{
    if (h->tail < LS_TAIL_EXCESS_BLOB_GAS) {
        return NULL;
    }
    if (h->excess_blob_gas != 0) {
        (void)snprintf(e->exec_error, sizeof e->exec_error,
                       "invalid excess blob gas: got %" PRIu64
                       ", expected 0; parent excess blob gas: 0, parent blob gas used: 0",
                       h->excess_blob_gas);
        return e->exec_error;
    }
    return NULL;
}

const char *ls_engine_header_fault_reth(struct ls_engine_port *e, const struct ls_header *h,
                                        const struct ls_header *parent)
{
    char *text = e->exec_error;
    size_t cap = sizeof e->exec_error;
    if (h->gas_used > h->gas_limit) {
        (void)snprintf(text, cap,
                       "block used gas (%" PRIu64 ") is greater than gas limit (%" PRIu64 ")",
                       h->gas_used, h->gas_limit);
        return text;
    }
    if (h->gas_limit > INT64_MAX) {
        (void)snprintf(text, cap,
                       "header gas limit (%" PRIu64
                       ") exceed the maximum allowed gas limit (%" PRIi64 ")",
                       h->gas_limit, INT64_MAX);
        return text;
    }
    if (h->number != parent->number + 1) {
        (void)snprintf(text, cap,
                       "block number %" PRIu64 " does not match parent block number %" PRIu64,
                       h->number, parent->number);
        return text;
    }
    if (h->timestamp <= parent->timestamp) {
        (void)snprintf(text, cap,
                       "block timestamp %" PRIu64
                       " is in the past compared to the parent timestamp %" PRIu64,
                       h->timestamp, parent->timestamp);
        return text;
    }
    const char *fault = base_fee_fault(e, h, parent);
    return fault != NULL ? fault : blob_fault(e, h);
}

/* --- results --- */

static const char *mismatch(struct ls_engine_port *e, const char *what, const uint8_t *got,
                            const uint8_t *expected, size_t n)
{
    char have[513] = {0};
    char want[513] = {0};
    ls_hex_encode(got, n, have);
    ls_hex_encode(expected, n, want);
    (void)snprintf(e->exec_error, sizeof e->exec_error, "%s: got 0x%s, expected 0x%s", what, have,
                   want);
    return e->exec_error;
}

/* got = ours, expected = stated. Receipts come before gas. */
const char *ls_engine_result_fault_reth(struct ls_engine_port *e, const struct ls_header *h,
                                        const struct ls_exec_results *r)
{
    if (h->tail >= LS_TAIL_EXCESS_BLOB_GAS && h->blob_gas_used != r->blob_gas_used) {
        (void)snprintf(e->exec_error, sizeof e->exec_error,
                       "blob gas used mismatch: got %" PRIu64 ", expected %" PRIu64,
                       h->blob_gas_used, r->blob_gas_used);
        return e->exec_error;
    }
    if (!ls_hash_eq(&h->receipts_root, &r->receipts_root)) {
        return mismatch(e, "receipt root mismatch", r->receipts_root.b, h->receipts_root.b, 32);
    }
    if (memcmp(h->bloom, r->bloom, sizeof h->bloom) != 0) {
        return mismatch(e, "header bloom filter mismatch", r->bloom, h->bloom, sizeof h->bloom);
    }
    if (h->gas_used != r->gas_used) {
        (void)snprintf(e->exec_error, sizeof e->exec_error,
                       "block gas used mismatch: got %" PRIu64 ", expected %" PRIu64
                       "; gas spent by each transaction: []",
                       r->gas_used, h->gas_used);
        return e->exec_error;
    }
    if (!ls_hash_eq(&h->state_root, &r->state_root)) {
        return mismatch(e, "mismatched block state root", r->state_root.b, h->state_root.b, 32);
    }
    if (h->tail >= LS_TAIL_REQUESTS_HASH &&
        !ls_hash_eq(&h->withdrawals_root, &r->withdrawals_root)) {
        char have[65] = {0};
        char want[65] = {0};
        ls_hex_encode(h->withdrawals_root.b, 32, have);
        ls_hex_encode(r->withdrawals_root.b, 32, want);
        (void)snprintf(e->exec_error, sizeof e->exec_error,
                       "failed to verify block post-execution: L2 withdrawals root mismatch, "
                       "header: 0x%s, exec_res: 0x%s",
                       have, want);
        return e->exec_error;
    }
    return NULL;
}
