#include "lib/op/payload.h"

#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/reader.h"
#include "lib/op/ref.h"
#include "lib/op/tx.h"

unsigned ls_payload_version(const struct ls_rollup *r, uint64_t timestamp_s)
{
    if (ls_rollup_is_active(r, LS_FORK_ISTHMUS, timestamp_s)) {
        return 4;
    }
    return ls_rollup_is_active(r, LS_FORK_ECOTONE, timestamp_s) ? 3 : 2;
}

/* --- block -> payload --- */

/* A payload leaves out what every OP block has alike; a block that differs there has no payload. */
static bool has_payload_form(const struct ls_header *h)
{
    static const uint8_t no_nonce[8];
    static const struct ls_u256 no_difficulty;

    if (h->tail == LS_TAIL_REQUESTS_HASH && !ls_hash_eq(&h->requests_hash, &LS_EMPTY_REQUESTS)) {
        return false;
    }
    if (h->tail >= LS_TAIL_WITHDRAWALS_ROOT && h->tail < LS_TAIL_REQUESTS_HASH &&
        !ls_hash_eq(&h->withdrawals_root, &LS_EMPTY_TRIE)) {
        return false;
    }
    return h->tail != LS_TAIL_NONE && h->tail != LS_TAIL_BLOB_GAS_USED &&
           ls_hash_eq(&h->uncles_hash, &LS_EMPTY_UNCLES) &&
           ls_u256_cmp(&h->difficulty, &no_difficulty) == 0 &&
           memcmp(h->nonce, no_nonce, sizeof no_nonce) == 0;
}

enum ls_err ls_payload_from_block(const struct ls_block *b, struct ls_payload *out)
{
    const struct ls_header *h = &b->header;
    struct ls_payload p = {.parent_hash = h->parent,
                           .fee_recipient = h->miner,
                           .state_root = h->state_root,
                           .receipts_root = h->receipts_root,
                           .prev_randao = h->mix_hash,
                           .number = h->number,
                           .gas_limit = h->gas_limit,
                           .gas_used = h->gas_used,
                           .timestamp = h->timestamp,
                           .extra_bytes = h->extra_bytes,
                           .base_fee = h->base_fee,
                           .block_hash = b->hash,
                           .txs = b->txs,
                           .tx_count = b->tx_count,
                           .has_withdrawals = h->tail >= LS_TAIL_WITHDRAWALS_ROOT,
                           .has_blob_gas = h->tail >= LS_TAIL_EXCESS_BLOB_GAS,
                           .blob_gas_used = h->blob_gas_used,
                           .excess_blob_gas = h->excess_blob_gas,
                           .has_beacon_root = h->tail >= LS_TAIL_BEACON_ROOT,
                           .beacon_root = h->beacon_root,
                           .has_withdrawals_root = h->tail >= LS_TAIL_REQUESTS_HASH};

    if (!b->is_hydrated) {
        return LS_ERR_TYPE;
    }
    if (b->withdrawal_count != 0) {
        return LS_ERR_RANGE;
    }
    if (!has_payload_form(h)) {
        return LS_ERR_UNSUPPORTED;
    }
    memcpy(p.bloom, h->bloom, sizeof p.bloom);
    memcpy(p.extra, h->extra, sizeof p.extra);
    if (p.has_withdrawals_root) {
        p.withdrawals_root = h->withdrawals_root;
    }
    *out = p;
    return LS_OK;
}

/* --- payload -> header --- */

/* Tail fields come in order without a hole; a payload that leaves one out has no header. */
static enum ls_err put_tail(const struct ls_payload *p, struct ls_header *h)
{
    h->tail = LS_TAIL_BASE_FEE;
    h->base_fee = p->base_fee;
    if ((p->has_blob_gas && !p->has_withdrawals) || (p->has_beacon_root && !p->has_blob_gas) ||
        (p->has_withdrawals_root && !p->has_beacon_root)) {
        return LS_ERR_PARSE;
    }
    if (p->has_withdrawals) {
        h->tail = LS_TAIL_WITHDRAWALS_ROOT;
        h->withdrawals_root = p->has_withdrawals_root ? p->withdrawals_root : LS_EMPTY_TRIE;
    }
    if (p->has_blob_gas) {
        h->tail = LS_TAIL_EXCESS_BLOB_GAS;
        h->blob_gas_used = p->blob_gas_used;
        h->excess_blob_gas = p->excess_blob_gas;
    }
    if (p->has_beacon_root) {
        h->tail = LS_TAIL_BEACON_ROOT;
        h->beacon_root = p->beacon_root;
    }
    if (p->has_withdrawals_root) {
        h->tail = LS_TAIL_REQUESTS_HASH;
        h->requests_hash = LS_EMPTY_REQUESTS;
    }
    return LS_OK;
}

enum ls_err ls_payload_header(const struct ls_payload *p, struct ls_header *out)
{
    struct ls_header h = {.parent = p->parent_hash,
                          .uncles_hash = LS_EMPTY_UNCLES,
                          .miner = p->fee_recipient,
                          .state_root = p->state_root,
                          .receipts_root = p->receipts_root,
                          .number = p->number,
                          .gas_limit = p->gas_limit,
                          .gas_used = p->gas_used,
                          .timestamp = p->timestamp,
                          .extra_bytes = p->extra_bytes,
                          .mix_hash = p->prev_randao};
    enum ls_err e;

    memcpy(h.bloom, p->bloom, sizeof h.bloom);
    memcpy(h.extra, p->extra, sizeof h.extra);
    e = put_tail(p, &h);
    if (e == LS_OK) {
        e = ls_trie_ordered_root(p->txs, p->tx_count, &h.tx_root);
    }
    if (e == LS_OK) {
        *out = h;
    }
    return e;
}

enum ls_err ls_payload_verify(const struct ls_payload *p, struct ls_diag *d)
{
    struct ls_header h;
    struct ls_hash actual;
    char stated[65] = {0};
    char computed[65] = {0};
    enum ls_err e = ls_payload_header(p, &h);

    if (e != LS_OK) {
        return ls_fail(d, e, "payload makes no header: %s",
                       e == LS_ERR_PARSE ? "a field is missing that a later one needs"
                                         : ls_err_text(e));
    }
    actual = ls_header_hash(&h);
    if (ls_hash_eq(&actual, &p->block_hash)) {
        return LS_OK;
    }
    ls_hex_encode(p->block_hash.b, 32, stated);
    ls_hex_encode(actual.b, 32, computed);
    return ls_fail(d, LS_ERR_HASH, "payload has bad block hash: 0x%s, actual block hash is: 0x%s",
                   stated, computed);
}

enum ls_err ls_payload_l2_ref(const struct ls_payload *p, const struct ls_rollup *r,
                              struct ls_l2_ref *out, struct ls_diag *d)
{
    struct ls_l2_ref ref = {.hash = p->block_hash,
                            .number = p->number,
                            .parent = p->parent_hash,
                            .timestamp = p->timestamp};

    return ls_ref_complete(&ref, p->txs, p->tx_count, r, out, d);
}

/* --- JSON -> payload --- */

static void read_fields(struct ls_reader *r, struct ls_payload *p)
{
    size_t extra_bytes = 0;

    ls_reader_fixed(r, "parentHash", p->parent_hash.b, 32);
    ls_reader_fixed(r, "feeRecipient", p->fee_recipient.b, 20);
    ls_reader_fixed(r, "stateRoot", p->state_root.b, 32);
    ls_reader_fixed(r, "receiptsRoot", p->receipts_root.b, 32);
    ls_reader_fixed(r, "logsBloom", p->bloom, sizeof p->bloom);
    ls_reader_fixed(r, "prevRandao", p->prev_randao.b, 32);
    ls_reader_quantity(r, "blockNumber", &p->number);
    ls_reader_quantity(r, "gasLimit", &p->gas_limit);
    ls_reader_quantity(r, "gasUsed", &p->gas_used);
    ls_reader_quantity(r, "timestamp", &p->timestamp);
    ls_reader_data(r, "extraData", p->extra, sizeof p->extra, &extra_bytes);
    ls_reader_u256(r, "baseFeePerGas", &p->base_fee);
    ls_reader_fixed(r, "blockHash", p->block_hash.b, 32);
    p->extra_bytes = (uint8_t)extra_bytes;
}

static void read_fork_fields(struct ls_reader *r, struct ls_payload *p)
{
    const struct cJSON *withdrawals = ls_reader_get(r, "withdrawals");
    bool has_used = ls_reader_opt_quantity(r, "blobGasUsed", &p->blob_gas_used);
    bool has_excess = ls_reader_opt_quantity(r, "excessBlobGas", &p->excess_blob_gas);

    p->has_withdrawals_root = ls_reader_opt_fixed(r, "withdrawalsRoot", p->withdrawals_root.b, 32);
    p->has_withdrawals = withdrawals != NULL;
    p->has_blob_gas = has_used && has_excess;
    if (has_used != has_excess) {
        ls_reader_fail(r, LS_ERR_MISSING, has_used ? "excessBlobGas" : "blobGasUsed");
    }
    if (withdrawals != NULL && !ls_json_is_array(withdrawals)) {
        ls_reader_fail(r, LS_ERR_TYPE, "withdrawals");
    } else if (ls_json_first(withdrawals) != NULL) {
        ls_reader_fail(r, LS_ERR_RANGE, "withdrawals");
    }
}

static enum ls_err read_txs(const struct cJSON *list, struct ls_arena *a, struct ls_payload *p,
                            struct ls_diag *d)
{
    size_t n = ls_json_count(list);
    struct ls_span *txs;
    size_t i = 0;

    if (n > LS_BLOCK_TX_MAX) {
        return ls_fail(d, LS_ERR_LIMIT, "%zu transactions, more than %u", n, LS_BLOCK_TX_MAX);
    }
    txs = ls_arena_alloc(a, n * sizeof *txs);
    if (txs == NULL) {
        return ls_fail(d, ls_reader_refused(a, n * sizeof *txs), "no room for %zu transactions", n);
    }
    for (const struct cJSON *v = ls_json_first(list); v != NULL; v = ls_json_next(v), i++) {
        enum ls_err e = ls_json_data(v, a, LS_TX_BYTES_MAX, &txs[i]);

        if (e == LS_ERR_NOMEM) {
            e = ls_reader_refused(a, strlen(ls_json_str(v)) / 2);
        }
        if (e != LS_OK) {
            return ls_fail(d, e, "transaction %zu: %s", i, ls_err_text(e));
        }
    }
    p->txs = txs;
    p->tx_count = n;
    return LS_OK;
}

enum ls_err ls_payload_from_json(const struct cJSON *v, struct ls_arena *a, struct ls_payload *out,
                                 struct ls_diag *d)
{
    struct ls_reader r = ls_reader_open(v, "executionPayload", d);
    struct ls_payload p = {.txs = NULL};
    const struct cJSON *txs = ls_json_get(v, "transactions");
    enum ls_err e;

    read_fields(&r, &p);
    read_fork_fields(&r, &p);
    if (!ls_json_is_array(txs)) {
        ls_reader_fail(&r, txs == NULL ? LS_ERR_MISSING : LS_ERR_TYPE, "transactions");
    }
    e = r.err != LS_OK ? r.err : read_txs(txs, a, &p, d);
    if (e == LS_OK) {
        *out = p;
    }
    return e;
}

enum ls_err ls_envelope_from_json(const struct cJSON *v, struct ls_arena *a, struct ls_payload *out,
                                  struct ls_diag *d)
{
    struct ls_reader r = ls_reader_open(v, "envelope", d);
    const struct cJSON *payload = ls_reader_get(&r, "executionPayload");
    struct ls_hash root;
    bool has_root = ls_reader_opt_fixed(&r, "parentBeaconBlockRoot", root.b, 32);
    enum ls_err e;

    if (payload == NULL) {
        ls_reader_fail(&r, LS_ERR_MISSING, "executionPayload");
    }
    e = r.err != LS_OK ? r.err : ls_payload_from_json(payload, a, out, d);
    if (e == LS_OK && has_root) {
        out->has_beacon_root = true;
        out->beacon_root = root;
    }
    return e;
}

/* --- payload -> JSON --- */

void ls_payload_write(const struct ls_payload *p, struct ls_jw *w, const char *key)
{
    ls_jw_object(w, key);
    ls_jw_hex(w, "parentHash", p->parent_hash.b, 32);
    ls_jw_hex(w, "feeRecipient", p->fee_recipient.b, 20);
    ls_jw_hex(w, "stateRoot", p->state_root.b, 32);
    ls_jw_hex(w, "receiptsRoot", p->receipts_root.b, 32);
    ls_jw_hex(w, "logsBloom", p->bloom, sizeof p->bloom);
    ls_jw_hex(w, "prevRandao", p->prev_randao.b, 32);
    ls_jw_quantity(w, "blockNumber", p->number);
    ls_jw_quantity(w, "gasLimit", p->gas_limit);
    ls_jw_quantity(w, "gasUsed", p->gas_used);
    ls_jw_quantity(w, "timestamp", p->timestamp);
    ls_jw_hex(w, "extraData", p->extra, p->extra_bytes);
    ls_jw_u256(w, "baseFeePerGas", &p->base_fee);
    ls_jw_hex(w, "blockHash", p->block_hash.b, 32);
    ls_jw_array(w, "transactions");
    for (size_t i = 0; i < p->tx_count; i++) {
        ls_jw_hex(w, NULL, p->txs[i].p, p->txs[i].n);
    }
    ls_jw_array_end(w);
    if (p->has_withdrawals) {
        ls_jw_array(w, "withdrawals");
        ls_jw_array_end(w);
    }
    if (p->has_blob_gas) {
        ls_jw_quantity(w, "blobGasUsed", p->blob_gas_used);
        ls_jw_quantity(w, "excessBlobGas", p->excess_blob_gas);
    }
    if (p->has_withdrawals_root) {
        ls_jw_hex(w, "withdrawalsRoot", p->withdrawals_root.b, 32);
    }
    ls_jw_object_end(w);
}

void ls_envelope_write(const struct ls_payload *p, struct ls_jw *w, const char *key)
{
    ls_jw_object(w, key);
    if (p->has_beacon_root) {
        ls_jw_hex(w, "parentBeaconBlockRoot", p->beacon_root.b, 32);
    }
    ls_payload_write(p, w, "executionPayload");
    ls_jw_object_end(w);
}

void ls_payload_write_params(const struct ls_payload *p, unsigned version, struct ls_jw *w,
                             const char *key)
{
    ls_jw_array(w, key);
    ls_payload_write(p, w, NULL);
    if (version >= 3) {
        ls_jw_array(w, NULL); /* blob hashes: an L2 has none */
        ls_jw_array_end(w);
        if (p->has_beacon_root) {
            ls_jw_hex(w, NULL, p->beacon_root.b, 32);
        } else {
            ls_jw_null(w, NULL);
        }
    }
    if (version >= 4) {
        ls_jw_array(w, NULL); /* execution requests: likewise */
        ls_jw_array_end(w);
    }
    ls_jw_array_end(w);
}
