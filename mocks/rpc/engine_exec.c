/*
 * What executing a block gives, without executing it. Execution is a function of the parent's
 * state, the block's inputs and its transactions, so the results of a recorded block with the same
 * ones are ours; a deposit to an address without code changes nothing but the gas of its data.
 * Where no recorded block helps, the results are made up by a hash of the inputs: a payload built
 * here is VALID here, and one that states any other results is INVALID, as one with a wrong state
 * root is (docs/decisions/0006-execution.md).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/block.h"
#include "mocks/rpc/blockjson.h"
#include "mocks/rpc/engine_parts.h"

/* Senders of the upgrade transactions that deploy the contracts of EIP-4788 and EIP-2935, in the
 * first block of Ecotone and of Isthmus. */
#define BEACON_ROOTS_DEPLOYER "0x0b799c86a49deeb90402691f1041aa3af2d3c875"
#define HISTORY_DEPLOYER "0xe9f0662359bb2c8111840effd73b9afa77cbde10"

/* L2ToL1MessagePasser. */
static const struct ls_addr MESSAGE_PASSER = {
    {0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x16}};

/* The inputs of one execution. */
struct inputs {
    uint32_t parent_id;
    const struct ls_header *parent;
    const struct ls_header *h;
    const struct ls_span *txs;
    size_t tx_count;
    bool pays_fees; /* a transaction pays its sender's fee to the block's recipient */
    bool has_beacon_roots;
    bool has_history;
};

/* A recorded block to learn from. */
struct twin {
    bool is_found;
    bool has_same_inputs; /* else its gas, logs and receipts are ours, its state is not */
    bool has_same_receipts;
    int64_t more_gas; /* what our deposits' data costs more than its */
    struct ls_header header;
};

static struct inputs inputs_of(struct ls_engine_port *e, uint32_t parent_id,
                               const struct ls_header *parent, const struct ls_header *h,
                               const struct ls_span *txs, size_t tx_count)
{
    struct inputs in = {
        .parent_id = parent_id, .parent = parent, .h = h, .txs = txs, .tx_count = tx_count};
    for (size_t i = 0; i < tx_count; i++) {
        in.pays_fees = in.pays_fees || txs[i].n == 0 || txs[i].p[0] != 0x7e;
    }
    in.has_beacon_roots =
        ls_engine_has_contract(e, parent_id, LS_FORK_ECOTONE, BEACON_ROOTS_DEPLOYER);
    in.has_history = ls_engine_has_contract(e, parent_id, LS_FORK_ISTHMUS, HISTORY_DEPLOYER);
    return in;
}

/* --- learning from a recorded block --- */

/* What reaches the state beside the transactions: system calls, and fees where some are paid. */
static bool has_same_inputs(const struct inputs *in, const struct ls_header *c)
{
    const struct ls_header *h = in->h;
    if (in->has_beacon_roots &&
        (h->timestamp != c->timestamp || !ls_hash_eq(&h->beacon_root, &c->beacon_root))) {
        return false;
    }
    if (in->has_history && !ls_hash_eq(&h->parent, &c->parent)) {
        return false;
    }
    return !in->pays_fees || (memcmp(h->miner.b, c->miner.b, sizeof h->miner.b) == 0 &&
                              ls_u256_cmp(&h->base_fee, &c->base_fee) == 0);
}

static bool is_same_call(const struct ls_tx_view *a, const struct ls_tx_view *b)
{
    return a->type == 0x7e && b->type == 0x7e && a->has_to && b->has_to && a->gas == b->gas &&
           memcmp(a->to.b, b->to.b, sizeof a->to.b) == 0 &&
           memcmp(a->from.b, b->from.b, sizeof a->from.b) == 0 &&
           ls_u256_cmp(&a->mint, &b->mint) == 0 && ls_u256_cmp(&a->value, &b->value) == 0;
}

/* Ours and the twin's transaction do the same, but for the gas of a deposit's data. */
static bool is_same_tx(struct ls_engine_port *e, uint64_t timestamp, struct ls_span ours,
                       struct ls_span its, struct twin *t)
{
    struct ls_tx_view a;
    struct ls_tx_view b;
    if (ours.n == its.n && memcmp(ours.p, its.p, ours.n) == 0) {
        return true;
    }
    if (ls_txjson_view(ours, &a) != LS_OK || ls_txjson_view(its, &b) != LS_OK ||
        !is_same_call(&a, &b) || !ls_engine_is_codeless(e, &a.to)) {
        return false;
    }
    int64_t more = (int64_t)ls_engine_plain_gas(e, ours, timestamp) -
                   (int64_t)ls_engine_plain_gas(e, its, timestamp);
    t->more_gas += more;
    t->has_same_receipts = t->has_same_receipts && more == 0;
    return true;
}

static bool is_same_content(struct ls_engine_port *e, const struct inputs *in, uint32_t id,
                            struct twin *t)
{
    struct cJSON *root = NULL;
    struct ls_block block;
    const struct ls_ublock *b = ls_universe_get(e->universe, id);
    bool is_same = ls_blockjson_tree(b, &root) == LS_OK &&
                   ls_block_from_json(root, &e->arena, &block, NULL) == LS_OK &&
                   block.is_hydrated && block.tx_count == in->tx_count;
    for (size_t i = 0; is_same && i < in->tx_count; i++) {
        is_same = is_same_tx(e, in->h->timestamp, in->txs[i], block.txs[i], t);
    }
    ls_json_free(root);
    return is_same;
}

/* The candidate ran on the same state as we shall. */
static bool has_same_start(const struct ls_engine_port *e, const struct inputs *in,
                           const struct ls_ublock *b)
{
    struct ls_header its_parent;
    if (b->parent == in->parent_id) {
        return true;
    }
    return ls_engine_header_of(e, b->parent, &its_parent) == LS_OK &&
           ls_hash_eq(&its_parent.state_root, &in->parent->state_root);
}

static bool look_at(struct ls_engine_port *e, const struct inputs *in, uint32_t id, struct twin *t)
{
    const struct ls_ublock *b = ls_universe_get(e->universe, id);
    *t = (struct twin){.has_same_receipts = true};
    /* Blocks that were built here would only repeat what is made up, or half of it. */
    if (b->is_synthetic || b->ref.number != in->h->number || b->is_gap ||
        b->parent == LS_NO_BLOCK || ls_engine_header_of(e, id, &t->header) != LS_OK ||
        t->header.tail != in->h->tail || !has_same_start(e, in, b)) {
        return false;
    }
    t->is_found = ls_hash_eq(&t->header.tx_root, &in->h->tx_root) || is_same_content(e, in, id, t);
    t->has_same_inputs = has_same_inputs(in, &t->header);
    return t->is_found;
}

/* The best there is: the same inputs, then the same receipts. */
static struct twin find_twin(struct ls_engine_port *e, const struct inputs *in)
{
    struct twin best = {0};
    uint32_t count = ls_universe_count(e->universe);
    for (uint32_t id = 0; id < count; id++) {
        struct twin t;
        if (!look_at(e, in, id, &t)) {
            continue;
        }
        unsigned worth = 2u * t.has_same_inputs + t.has_same_receipts;
        if (!best.is_found || worth > 2u * best.has_same_inputs + best.has_same_receipts) {
            best = t;
        }
        if (worth == 3) {
            break;
        }
    }
    return best;
}

/* --- making results up --- */

/* A root that depends on everything an execution depends on. */
static struct ls_hash made_up(const char *what, const struct inputs *in)
{
    static const struct ls_hash zero;
    struct ls_keccak k;
    struct ls_hash out;
    uint8_t numbers[8];
    ls_put_be64(numbers, in->has_beacon_roots ? in->h->timestamp : 0);
    ls_keccak_init(&k);
    ls_keccak_update(&k, what, strlen(what));
    ls_keccak_update(&k, in->parent->state_root.b, 32);
    ls_keccak_update(&k, in->h->tx_root.b, 32);
    ls_keccak_update(&k, numbers, sizeof numbers);
    ls_keccak_update(&k, in->has_beacon_roots ? in->h->beacon_root.b : zero.b, 32);
    ls_keccak_update(&k, in->has_history ? in->h->parent.b : zero.b, 32);
    ls_keccak_update(&k, in->pays_fees ? in->h->miner.b : zero.b, 20);
    ls_keccak_update(&k, in->pays_fees ? in->h->base_fee.be : zero.b, 32);
    ls_keccak_final(&k, out.b);
    return out;
}

/* The message passer's storage, which only calls of it change. Headers tell its root from Isthmus
 * on; before, all there is to know is whether it was ever called. */
static struct ls_hash passer_root(const struct ls_engine_port *e, const struct inputs *in)
{
    bool is_called = false;
    for (size_t i = 0; i < in->tx_count; i++) {
        struct ls_tx_view tx;
        is_called = is_called || (ls_txjson_view(in->txs[i], &tx) == LS_OK && tx.has_to &&
                                  memcmp(tx.to.b, MESSAGE_PASSER.b, sizeof tx.to.b) == 0);
    }
    if (is_called) {
        return made_up("withdrawals", in);
    }
    if (in->parent->tail >= LS_TAIL_REQUESTS_HASH) {
        return in->parent->withdrawals_root;
    }
    return ls_engine_was_named(e, in->parent_id, &MESSAGE_PASSER) ? made_up("withdrawals", in)
                                                                  : LS_EMPTY_TRIE;
}

static void made_up_results(struct ls_engine_port *e, const struct inputs *in,
                            struct ls_exec_results *out)
{
    for (size_t i = 0; i < in->tx_count; i++) {
        out->gas_used += ls_engine_plain_gas(e, in->txs[i], in->h->timestamp);
    }
    if (out->gas_used > in->h->gas_limit) {
        out->gas_used = in->h->gas_limit;
    }
    out->receipts_root = in->tx_count == 0 ? LS_EMPTY_TRIE : made_up("receipts", in);
    out->state_root = made_up("state", in);
    out->withdrawals_root = passer_root(e, in);
}

void ls_engine_execute(struct ls_engine_port *e, uint32_t parent_id, const struct ls_header *parent,
                       const struct ls_header *h, const struct ls_span *txs, size_t tx_count,
                       struct ls_exec_results *out)
{
    struct inputs in = inputs_of(e, parent_id, parent, h, txs, tx_count);
    struct twin t = find_twin(e, &in);
    memset(out, 0, sizeof *out);
    made_up_results(e, &in, out);
    if (!t.is_found) {
        return;
    }
    out->gas_used = (uint64_t)((int64_t)t.header.gas_used + t.more_gas);
    out->blob_gas_used = t.header.tail >= LS_TAIL_BLOB_GAS_USED ? t.header.blob_gas_used : 0;
    memcpy(out->bloom, t.header.bloom, sizeof out->bloom);
    if (t.has_same_receipts) {
        out->receipts_root = t.header.receipts_root;
    }
    if (t.has_same_inputs) {
        out->state_root = t.header.state_root;
    }
    if (t.header.tail >= LS_TAIL_WITHDRAWALS_ROOT) {
        out->withdrawals_root = t.header.withdrawals_root;
    }
}

/* --- comparing with what a payload states --- */

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
                                const struct ls_exec_results *r)
{
    bool is_isthmus = h->tail >= LS_TAIL_REQUESTS_HASH;
    if (ls_rollup_is_active(&e->rollup, LS_FORK_JOVIAN, h->timestamp) &&
        h->blob_gas_used != r->blob_gas_used) {
        return ls_engine_blob_fault(e, h->blob_gas_used, r->blob_gas_used);
    }
    if (h->gas_used != r->gas_used) {
        (void)snprintf(e->exec_error, sizeof e->exec_error,
                       "invalid gas used (remote: %" PRIu64 " local: %" PRIu64 ")", h->gas_used,
                       r->gas_used);
        return e->exec_error;
    }
    if (memcmp(h->bloom, r->bloom, sizeof h->bloom) != 0) {
        return mismatch(e, "invalid bloom", "", h->bloom, r->bloom, sizeof h->bloom, "");
    }
    if (!ls_hash_eq(&h->receipts_root, &r->receipts_root)) {
        return mismatch(e, "invalid receipt root hash", "", h->receipts_root.b, r->receipts_root.b,
                        32, "");
    }
    if (!ls_hash_eq(&h->state_root, &r->state_root)) {
        return mismatch(e, "invalid merkle root", "", h->state_root.b, r->state_root.b, 32,
                        " dberr: %!w(<nil>)");
    }
    if (is_isthmus && !ls_hash_eq(&h->withdrawals_root, &r->withdrawals_root)) {
        return mismatch(e, "invalid withdrawals hash", "0x", h->withdrawals_root.b,
                        r->withdrawals_root.b, 32, " dberr: %!w(<nil>)");
    }
    return NULL;
}

const char *ls_engine_exec_error(struct ls_engine_port *e, const struct ls_payload *p,
                                 const struct ls_header *h, uint32_t parent)
{
    struct ls_header parent_header;
    struct ls_exec_results results;
    struct ls_tx_fault tx;
    char digits[65] = {0};
    if (ls_engine_header_of(e, parent, &parent_header) != LS_OK) {
        return NULL;
    }
    bool is_reth = ls_engine_knobs(e->engine)->words == LS_EL_WORDS_RETH;
    const char *fault = is_reth ? ls_engine_header_fault_reth(e, h, &parent_header)
                                : ls_engine_header_fault(e, h, parent, &parent_header);
    if (fault == NULL && !is_reth) {
        fault = ls_engine_blobs_fault(e, h, p->txs, p->tx_count);
    }
    if (fault != NULL) {
        return fault;
    }
    if (ls_engine_txs_fault(e, parent, h, p->txs, p->tx_count, &tx)) {
        ls_hex_encode(tx.tx.hash.b, sizeof tx.tx.hash.b, digits);
        if (is_reth) {
            (void)snprintf(e->exec_error, sizeof e->exec_error,
                           "EVM reported invalid transaction (0x%s): %s", digits, tx.why_reth);
        } else {
            (void)snprintf(e->exec_error, sizeof e->exec_error, "could not apply tx %zu [0x%s]: %s",
                           tx.index, digits, tx.why);
        }
        return e->exec_error;
    }
    ls_engine_execute(e, parent, &parent_header, h, p->txs, p->tx_count, &results);
    return is_reth ? ls_engine_result_fault_reth(e, h, &results) : result_fault(e, h, &results);
}
