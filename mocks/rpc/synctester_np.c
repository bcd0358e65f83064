/* engine_newPayloadV1 - V4 of the sync tester, step by step (mock-engine 1.13). */
#include <inttypes.h>
#include <string.h>

#include "mocks/rpc/note.h"
#include "mocks/rpc/synctester_parts.h"

#define INVALID_PARAMS "Invalid parameters"
#define SERVER_ERROR "Server error"

/* Steps 1 - 4: what the version wants to be there. NULL: all right. */
static const char *shape_fault(struct ls_st_call *c, const struct ls_st_given *g)
{
    if (c->version < 3) {
        if (g->has_excess_blob_gas) {
            return "non-nil excessBlobGas pre-cancun";
        }
        return g->has_blob_gas_used ? "non-nil blobGasUsed pre-cancun" : NULL;
    }
    if (!g->has_excess_blob_gas) {
        return "nil excessBlobGas post-cancun";
    }
    if (!g->has_blob_gas_used) {
        return "nil blobGasUsed post-cancun";
    }
    if (!g->has_hashes) {
        return "nil versionedHashes post-cancun";
    }
    if (!g->payload.has_beacon_root) {
        return "nil beaconRoot post-cancun";
    }
    if (c->version >= 4 && !g->has_requests) {
        return "nil executionRequests post-prague";
    }
    if (g->hash_count != 0) {
        return ls_st_text(c, "versionedHashes length non-zero: %zu", g->hash_count);
    }
    if (c->version >= 4 && !g->payload.has_withdrawals_root) {
        return "nil withdrawalsRoot post-isthmus";
    }
    if (g->request_count != 0) {
        return ls_st_text(c, "executionRequests must be empty array but got %zu", g->request_count);
    }
    return NULL;
}

/* Step 5: the block, asked for again after 2 s when it is unknown. false: answered. */
static bool fetch(struct ls_st_call *c, const struct ls_hash *hash, struct ls_st_block *out)
{
    struct ls_upstream_query q = {.hash = hash};
    const char *why;
    enum ls_st_fetch got = ls_st_fetch_block(c, &q, out, &why);
    bool is_retry = got == LS_ST_NO_SUCH;
    if (is_retry) {
        c->port->delay_ns += LS_ST_RETRY_NS;
        got = ls_st_fetch_block(c, &q, out, &why);
    }
    if (got == LS_ST_GOT) {
        return true;
    }
    const char *what = got == LS_ST_NO_SUCH ? "block not found" : "failed to fetch block";
    ls_st_engine_error(
        c, LS_RPC_SERVER, SERVER_ERROR,
        ls_st_text(c, "sync tester: %s%s: %s", what, is_retry ? " after retry" : "", why));
    return false;
}

/* --- step 7: field by field --- */

static const char *hashes_differ(struct ls_st_call *c, const char *field, const struct ls_hash *a,
                                 const struct ls_hash *b)
{
    char left[67];
    char right[67];
    ls_st_print_hash(a, left);
    ls_st_print_hash(b, right);
    return ls_st_text(c, "%s mismatch: %s != %s", field, left, right);
}

static const char *numbers_differ(struct ls_st_call *c, const char *field, uint64_t a, uint64_t b)
{
    return ls_st_text(c, "%s mismatch: 0x%" PRIx64 " != 0x%" PRIx64, field, a, b);
}

static const char *addresses_differ(struct ls_st_call *c, const struct ls_addr *a,
                                    const struct ls_addr *b)
{
    char left[43];
    char right[43];
    ls_st_print_address(a, left);
    ls_st_print_address(b, right);
    return ls_st_text(c, "FeeRecipient mismatch: %s != %s", left, right);
}

/* As Go prints four words, the lowest first. */
static const char *fees_differ(struct ls_st_call *c, const struct ls_u256 *a,
                               const struct ls_u256 *b)
{
    return ls_st_text(c,
                      "BaseFeePerGas mismatch: [%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
                      "] != [%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "]",
                      ls_be64(a->be + 24), ls_be64(a->be + 16), ls_be64(a->be + 8), ls_be64(a->be),
                      ls_be64(b->be + 24), ls_be64(b->be + 16), ls_be64(b->be + 8), ls_be64(b->be));
}

static bool is_equal_hash(const struct ls_hash *a, const struct ls_hash *b)
{
    return ls_hash_eq(a, b);
}

/* The fields in front of the transactions. a is the right payload. */
static const char *head_differs(struct ls_st_call *c, const struct ls_payload *a,
                                const struct ls_payload *b)
{
    if (!is_equal_hash(&a->parent_hash, &b->parent_hash)) {
        return hashes_differ(c, "ParentHash", &a->parent_hash, &b->parent_hash);
    }
    if (memcmp(&a->fee_recipient, &b->fee_recipient, sizeof a->fee_recipient) != 0) {
        return addresses_differ(c, &a->fee_recipient, &b->fee_recipient);
    }
    if (!is_equal_hash(&a->state_root, &b->state_root)) {
        return hashes_differ(c, "StateRoot", &a->state_root, &b->state_root);
    }
    if (!is_equal_hash(&a->receipts_root, &b->receipts_root)) {
        return hashes_differ(c, "ReceiptsRoot", &a->receipts_root, &b->receipts_root);
    }
    if (memcmp(a->bloom, b->bloom, sizeof a->bloom) != 0) {
        return "LogsBloom mismatch";
    }
    if (!is_equal_hash(&a->prev_randao, &b->prev_randao)) {
        return hashes_differ(c, "PrevRandao", &a->prev_randao, &b->prev_randao);
    }
    if (a->number != b->number) {
        return numbers_differ(c, "BlockNumber", a->number, b->number);
    }
    if (a->gas_limit != b->gas_limit) {
        return numbers_differ(c, "GasLimit", a->gas_limit, b->gas_limit);
    }
    if (a->gas_used != b->gas_used) {
        return numbers_differ(c, "GasUsed", a->gas_used, b->gas_used);
    }
    if (a->timestamp != b->timestamp) {
        return numbers_differ(c, "timestamp", a->timestamp, b->timestamp);
    }
    if (ls_u256_cmp(&a->base_fee, &b->base_fee) != 0) {
        return fees_differ(c, &a->base_fee, &b->base_fee);
    }
    if (!is_equal_hash(&a->block_hash, &b->block_hash)) {
        return hashes_differ(c, "BlockHash", &a->block_hash, &b->block_hash);
    }
    if (a->extra_bytes != b->extra_bytes || memcmp(a->extra, b->extra, a->extra_bytes) != 0) {
        return "ExtraData mismatch";
    }
    return NULL;
}

static const char *txs_differ(struct ls_st_call *c, const struct ls_payload *a,
                              const struct ls_payload *b)
{
    if (a->tx_count != b->tx_count) {
        return ls_st_text(c, "transactions length mismatch: %zu != %zu", a->tx_count, b->tx_count);
    }
    for (size_t i = 0; i < a->tx_count; i++) {
        if (a->txs[i].n != b->txs[i].n || memcmp(a->txs[i].p, b->txs[i].p, a->txs[i].n) != 0) {
            return ls_st_text(c, "transaction[%zu] mismatch", i);
        }
    }
    return NULL;
}

/* The fields that came with forks. */
static const char *tail_differs(struct ls_st_call *c, const struct ls_payload *a,
                                const struct ls_st_given *g)
{
    const struct ls_payload *b = &g->payload;
    if (g->withdrawal_count != 0) {
        return ls_st_text(c, "withdrawals length mismatch: 0 != %zu", g->withdrawal_count);
    }
    if (a->has_blob_gas != g->has_blob_gas_used) {
        return "BlobGasUsed nil mismatch";
    }
    if (a->has_blob_gas && a->blob_gas_used != b->blob_gas_used) {
        return numbers_differ(c, "BlobGasUsed", a->blob_gas_used, b->blob_gas_used);
    }
    if (a->has_blob_gas != g->has_excess_blob_gas) {
        return "ExcessBlobGas nil mismatch";
    }
    if (a->has_blob_gas && a->excess_blob_gas != b->excess_blob_gas) {
        return numbers_differ(c, "ExcessBlobGas", a->excess_blob_gas, b->excess_blob_gas);
    }
    if (a->has_withdrawals_root != b->has_withdrawals_root) {
        return "WithdrawalsRoot nil mismatch";
    }
    if (a->has_withdrawals_root && !is_equal_hash(&a->withdrawals_root, &b->withdrawals_root)) {
        return hashes_differ(c, "WithdrawalsRoot", &a->withdrawals_root, &b->withdrawals_root);
    }
    return NULL;
}

/* The hash of the payload with the beacon root it came with. What is equal to a recorded block in
 * every field has its hash, and needs no computing. */
static struct ls_hash hash_of(const struct ls_st_given *g, const struct ls_st_block *b)
{
    const struct ls_header *want = &b->block->header;
    const struct ls_payload *p = &g->payload;
    struct ls_header h;
    bool has_root = want->tail >= LS_TAIL_BEACON_ROOT;
    if (b->id != LS_NO_BLOCK && has_root == p->has_beacon_root &&
        (!has_root || is_equal_hash(&p->beacon_root, &want->beacon_root)) &&
        p->has_withdrawals_root == (want->tail >= LS_TAIL_REQUESTS_HASH)) {
        return b->hash;
    }
    if (ls_payload_header(p, &h) != LS_OK) {
        return (struct ls_hash){{0}};
    }
    return ls_header_hash(&h);
}

/* Why the payload is not that of block b, or NULL. */
static const char *payload_fault(struct ls_st_call *c, struct ls_st_given *g,
                                 const struct ls_st_block *b)
{
    struct ls_payload right;
    const char *differs;
    bool is_isthmus = c->version >= 4;
    g->payload.has_withdrawals_root = is_isthmus; /* whatever was given to an older version */
    g->payload.has_blob_gas = g->has_blob_gas_used;
    ls_st_block_payload(b, g->payload.has_withdrawals, is_isthmus, &right);
    if ((differs = head_differs(c, &right, &g->payload)) != NULL ||
        (differs = txs_differ(c, &right, &g->payload)) != NULL ||
        (differs = tail_differs(c, &right, g)) != NULL) {
        return ls_st_text(c, "payload check mismatch: %s", differs);
    }
    struct ls_hash actual = hash_of(g, b);
    if (!is_equal_hash(&actual, &g->payload.block_hash)) {
        char stated[67];
        char computed[67];
        ls_st_print_hash(&b->hash, stated);
        ls_st_print_hash(&actual, computed);
        return ls_st_text(c, "block hash check from execution envelope failed. %s != %s", stated,
                          computed);
    }
    return NULL;
}

/* Steps 6 - 10. */
static void judge(struct ls_st_call *c, struct ls_st_given *g, const struct ls_st_block *b)
{
    struct ls_jw w;
    uint64_t number = b->block->header.number;
    if (b->block->has_withdrawals != g->payload.has_withdrawals) {
        ls_st_engine_error(c, LS_RPC_INVALID_PARAMS, INVALID_PARAMS,
                           g->payload.has_withdrawals ? "non-nil withdrawals pre-shanghai"
                                                      : "nil withdrawals post-shanghai");
        return;
    }
    if (!ls_st_payload_is_near(c->session, number)) {
        ls_rpc_result(c->rpc, &w);
        ls_st_put_status(c, &w, NULL, "SYNCING", NULL, NULL);
        return;
    }
    const char *fault = payload_fault(c, g, b);
    if (fault == NULL) {
        ls_st_payload_valid(c->session, number);
    }
    ls_rpc_result(c->rpc, &w);
    ls_st_put_status(c, &w, NULL, fault == NULL ? "VALID" : "INVALID",
                     fault == NULL ? &b->hash : NULL, fault);
}

void ls_st_engine_np(struct ls_st_call *c)
{
    struct ls_st_given g;
    struct ls_st_block b;
    if (!ls_st_take_payload(c, &g) || !ls_st_enter(c)) {
        return;
    }
    if (g.is_null) {
        ls_st_crash(c); /* Q19 */
        return;
    }
    const char *fault = shape_fault(c, &g);
    if (fault != NULL) {
        ls_st_engine_error(c, LS_RPC_INVALID_PARAMS, INVALID_PARAMS, fault);
        return;
    }
    if (fetch(c, &g.payload.block_hash, &b)) {
        judge(c, &g, &b);
    }
}
