/*
 * Whether transactions apply to a block, as far as that can be told without executing: signatures
 * but for whose they are, nonces and fees of senders that recorded blocks know, gas limits against
 * what the transactions before use at least. A balance is never known.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mocks/rpc/engine_parts.h"
#include "mocks/rpc/gosign.h"
#include "mocks/rpc/gotx.h"

#define SENDERS_MAX 64u
#define DEPOSIT 0x7e
#define BLOB 3
#define BLOB_GAS 131072u
#define DIGITS_MAX 80u

/* What is known of one sender within a block. */
struct sent {
    struct ls_addr who;
    uint64_t nonce;
};

/* A block under way. */
struct block {
    struct ls_engine_port *e;
    uint32_t parent;
    const struct ls_header *h;
    bool is_geth;
    struct sent sent[SENDERS_MAX];
    size_t sent_count;
    uint64_t gas_left; /* at most */
};

/* --- numbers as they stand in RLP --- */

static struct ls_u256 widen(struct ls_span v)
{
    struct ls_u256 out = {{0}};
    size_t n = v.n < sizeof out.be ? v.n : sizeof out.be;
    memcpy(out.be + sizeof out.be - n, v.p + v.n - n, n); /* the low bytes */
    return out;
}

/* false: the type has no such field, or it has more than 256 bits. */
static bool field_u256(struct ls_span tx, const char *name, struct ls_u256 *out)
{
    struct ls_span v;
    if (!ls_gotx_field(tx, name, &v)) {
        return false;
    }
    *out = widen(v);
    return v.n <= sizeof out->be;
}

/* --- one rule each --- */

static bool sign_fault(const struct block *b, struct ls_span tx, struct ls_tx_fault *out)
{
    const struct ls_rollup *r = &b->e->rollup;
    struct ls_gosign_rules rules = {.chain_id = r->l2_chain_id,
                                    .has_set_code =
                                        ls_rollup_is_active(r, LS_FORK_ISTHMUS, b->h->timestamp)};
    out->breaks_builder = out->tx.type == BLOB && !ls_gotx_has_blobs(tx);
    return !ls_gosign_check(tx, &rules, out->why);
}

static bool deposit_fault(const struct block *b, struct ls_span tx, struct ls_tx_fault *out)
{
    char text[DIGITS_MAX];
    struct ls_span v = {NULL, 0};
    out->sender = out->tx.from;
    if (ls_gotx_field(tx, "Mint", &v) && v.n > 32) {
        struct ls_u256 low = widen(v);
        ls_engine_print_u256(&low, text);
        (void)snprintf(out->why, sizeof out->why, "mint value exceeds uint256: %s", text);
        return true;
    }
    if (ls_gotx_field(tx, "IsSystemTransaction", &v) && v.n > 0 &&
        ls_rollup_is_active(&b->e->rollup, LS_FORK_REGOLITH, b->h->timestamp)) {
        ls_engine_checksum(&out->sender, text);
        (void)snprintf(out->why, sizeof out->why, "system tx not supported: address %s", text);
        return true;
    }
    return false;
}

static bool next_nonce(struct block *b, const struct ls_addr *who, uint64_t **out)
{
    for (size_t i = 0; i < b->sent_count; i++) {
        if (memcmp(b->sent[i].who.b, who->b, sizeof who->b) == 0) {
            *out = &b->sent[i].nonce;
            return true;
        }
    }
    if (b->sent_count == SENDERS_MAX ||
        !ls_engine_nonce(b->e, b->parent, who, &b->sent[b->sent_count].nonce)) {
        return false;
    }
    b->sent[b->sent_count].who = *who;
    *out = &b->sent[b->sent_count++].nonce;
    return true;
}

static void say_nonce(struct ls_tx_fault *out, uint64_t state)
{
    char who[43];
    const char *how = out->tx.nonce < state ? "low" : "high";
    ls_engine_checksum(&out->sender, who);
    (void)snprintf(out->why, sizeof out->why,
                   "nonce too %s: address %s, tx: %" PRIu64 " state: %" PRIu64, how, who,
                   out->tx.nonce, state);
    (void)snprintf(out->why_reth, sizeof out->why_reth,
                   "nonce %" PRIu64 " too %s, expected %" PRIu64, out->tx.nonce, how, state);
}

static bool fee_fault(const struct block *b, struct ls_span tx, struct ls_tx_fault *out)
{
    char who[43];
    char first[DIGITS_MAX];
    char second[DIGITS_MAX];
    struct ls_u256 cap;
    struct ls_u256 tip;
    if (!field_u256(tx, "GasFeeCap", &cap) && !field_u256(tx, "GasPrice", &cap)) {
        return false;
    }
    if (!field_u256(tx, "GasTipCap", &tip)) {
        tip = cap;
    }
    ls_engine_checksum(&out->sender, who);
    ls_engine_print_u256(&cap, second);
    if (ls_u256_cmp(&cap, &tip) < 0) {
        ls_engine_print_u256(&tip, first);
        (void)snprintf(out->why, sizeof out->why,
                       "max priority fee per gas higher than max fee per gas: address %s, "
                       "maxPriorityFeePerGas: %s, maxFeePerGas: %s",
                       who, first, second);
        return true;
    }
    if (ls_u256_cmp(&cap, &b->h->base_fee) < 0) {
        ls_engine_print_u256(&b->h->base_fee, first);
        (void)snprintf(out->why, sizeof out->why,
                       "max fee per gas less than block base fee: address %s, maxFeePerGas: %s, "
                       "baseFee: %s",
                       who, second, first);
        return true;
    }
    return false;
}

/* Only when its sender is known and all the blocks below are. */
static bool user_fault(struct block *b, struct ls_span tx, struct ls_tx_fault *out)
{
    uint64_t *state;
    if (!ls_engine_sender(b->e, &out->tx, &out->sender) || !next_nonce(b, &out->sender, &state)) {
        return false;
    }
    if (out->tx.nonce != *state) {
        say_nonce(out, *state);
        return true;
    }
    ++*state;
    return b->is_geth && fee_fault(b, tx, out);
}

static bool gas_fault(const struct block *b, struct ls_tx_fault *out)
{
    if (out->tx.gas <= b->gas_left) {
        return false;
    }
    (void)snprintf(out->why, sizeof out->why, "gas limit reached");
    (void)snprintf(out->why_reth, sizeof out->why_reth,
                   "transaction gas limit %" PRIu64 " is more than blocks available gas %" PRIu64,
                   out->tx.gas, b->gas_left);
    return true;
}

/* --- transactions one by one --- */

/* Also of a transaction that has no JSON. */
static bool view(struct ls_span tx, struct ls_tx_view *out)
{
    struct ls_u256 nonce;
    struct ls_span from;
    if (ls_txjson_view(tx, out) == LS_OK) {
        return true;
    }
    *out = (struct ls_tx_view){.type = ls_gotx_type(tx), .hash = ls_gotx_hash(tx)};
    if (field_u256(tx, "Nonce", &nonce)) {
        (void)ls_u256_to_u64(&nonce, &out->nonce);
    }
    if (ls_gotx_field(tx, "From", &from)) {
        memcpy(out->from.b, from.p, sizeof out->from.b);
    }
    return false;
}

static bool tx_fault(struct block *b, struct ls_span tx, struct ls_tx_fault *out)
{
    bool is_whole = view(tx, &out->tx);
    bool is_deposit = out->tx.type == DEPOSIT;
    if (b->is_geth && (is_deposit ? deposit_fault(b, tx, out) : sign_fault(b, tx, out))) {
        return true;
    }
    if (!is_whole) {
        return false;
    }
    return (!is_deposit && user_fault(b, tx, out)) || gas_fault(b, out);
}

bool ls_engine_txs_fault(struct ls_engine_port *e, uint32_t parent, const struct ls_header *h,
                         const struct ls_span *txs, size_t tx_count, struct ls_tx_fault *out)
{
    struct block b = {.e = e,
                      .parent = parent,
                      .h = h,
                      .is_geth = ls_engine_knobs(e->engine)->words != LS_EL_WORDS_RETH,
                      .gas_left = h->gas_limit};
    for (size_t i = 0; i < tx_count; i++) {
        memset(out, 0, sizeof *out);
        out->index = i;
        if (tx_fault(&b, txs[i], out)) {
            return true;
        }
        uint64_t used = ls_engine_plain_gas(e, txs[i], h->timestamp);
        b.gas_left -= used < b.gas_left ? used : b.gas_left;
    }
    return false;
}

/* --- blobs --- */

const char *ls_engine_blobs_fault(struct ls_engine_port *e, const struct ls_header *h,
                                  const struct ls_span *txs, size_t tx_count)
{
    uint64_t blobs = 0;
    for (size_t i = 0; i < tx_count; i++) {
        blobs += ls_gotx_blob_hashes(txs[i]).count;
        if (ls_gotx_has_blobs(txs[i])) {
            (void)snprintf(e->exec_error, sizeof e->exec_error,
                           "unexpected blob sidecar in transaction at index %zu", i);
            return e->exec_error;
        }
    }
    if (h->tail < LS_TAIL_BLOB_GAS_USED) {
        return blobs > 0 ? "data blobs present in block body" : NULL;
    }
    if (ls_rollup_is_active(&e->rollup, LS_FORK_JOVIAN, h->timestamp) ||
        h->blob_gas_used / BLOB_GAS == blobs) {
        return NULL; /* from Jovian on the field is another quantity */
    }
    return ls_engine_blob_fault(e, h->blob_gas_used, blobs * BLOB_GAS);
}
