/*
 * Executing nothing, a header is: attributes, the parent, and commitments to what execution would
 * have given. The first two are real here; the last are hashes of a label, so that they are equal
 * on every machine and cannot be taken for anything else.
 */
#include "harness/capture/attributes.h"

#include <inttypes.h>
#include <string.h>

#include "harness/capture/check.h"
#include "harness/capture/input.h"
#include "harness/capture/jsontext.h"
#include "lib/hash.h"
#include "lib/json.h"
#include "lib/op/tx.h"
#include "lib/op/txjson.h"
#include "lib/rlp.h"

#define TX_BYTES_MAX LS_TX_BYTES_MAX

static const char SYNTHETIC[] =
    "Blocks built from real payload attributes: transactions, their order, timestamps, prevRandao, "
    "beacon roots and L1 origins are real. Not real, but the same on every machine: stateRoot, "
    "receiptsRoot, logsBloom (empty), gasUsed (a lower bound) and baseFeePerGas (EIP-1559 from "
    "it), therefore every block hash and parent hash too; the first block's parent does not exist. "
    "Transactions lack \"from\", deposits \"nonce\": raw bytes do not hold them.";

/* EIP-1559 constants before Holocene, which moved them into extraData. */
struct fee_rule {
    uint64_t elasticity;
    uint64_t denominator;
    uint64_t denominator_canyon;
};

struct builder {
    struct ls_draft *f;
    struct fee_rule fees;
    uint64_t base_fee; /* of the first block */
    bool has_parent;
    struct ls_header parent;
    struct ls_hash parent_hash;
    struct ls_arena scratch;
    struct ls_buf text;
    struct ls_diag *d;
};

/* --- reading --- */

static enum ls_err fail_member(struct builder *b, enum ls_err e, const char *name)
{
    return e ? ls_fail(b->d, e, "%s: %s", name, ls_err_text(e)) : LS_OK;
}

static enum ls_err read_quantity(struct builder *b, const struct cJSON *from, const char *name,
                                 uint64_t *out)
{
    return fail_member(b, ls_json_u64_any(ls_json_get(from, name), out), name);
}

static enum ls_err read_fixed(struct builder *b, const struct cJSON *from, const char *name,
                              uint8_t *out, size_t n)
{
    return fail_member(b, ls_json_fixed(ls_json_get(from, name), out, n), name);
}

static enum ls_err read_txs(struct builder *b, const struct cJSON *attributes,
                            struct ls_block *block)
{
    const struct cJSON *list = ls_json_get(attributes, "transactions");
    size_t n = ls_json_count(list);
    struct ls_span *txs = n > LS_BLOCK_TX_MAX ? NULL : ls_arena_alloc(&b->scratch, n * sizeof *txs);
    enum ls_err e = ls_json_is_array(list) ? LS_OK : LS_ERR_TYPE;

    if (!e && !txs) {
        e = n > LS_BLOCK_TX_MAX ? LS_ERR_LIMIT : LS_ERR_NOMEM;
    }
    const struct cJSON *v = ls_json_first(list);
    for (size_t i = 0; !e && i < n; i++, v = ls_json_next(v)) {
        e = ls_json_data(v, &b->scratch, TX_BYTES_MAX, &txs[i]);
    }
    block->txs = txs;
    block->tx_count = n;
    block->is_hydrated = true;
    return fail_member(b, e, "transactions");
}

static enum ls_err read_attributes(struct builder *b, const struct cJSON *attributes,
                                   struct ls_block *block)
{
    struct ls_header *h = &block->header;
    enum ls_err e = read_quantity(b, attributes, "timestamp", &h->timestamp);

    if (!e) {
        e = read_quantity(b, attributes, "gasLimit", &h->gas_limit);
    }
    if (!e) {
        e = read_fixed(b, attributes, "prevRandao", h->mix_hash.b, 32);
    }
    if (!e) {
        e = read_fixed(b, attributes, "suggestedFeeRecipient", h->miner.b, 20);
    }
    if (!e && ls_json_get(attributes, "parentBeaconBlockRoot")) {
        e = read_fixed(b, attributes, "parentBeaconBlockRoot", h->beacon_root.b, 32);
    }
    return e ? e : read_txs(b, attributes, block);
}

/* --- what execution would have given --- */

static struct ls_hash make_up(const struct builder *b, const char *what, const struct ls_header *h)
{
    static const char label[] = "lockstep made up";
    uint8_t numbers[16];
    struct ls_keccak k;
    struct ls_hash out;

    ls_put_be64(numbers, b->f->l2_chain_id);
    ls_put_be64(numbers + 8, h->number);
    ls_keccak_init(&k);
    ls_keccak_update(&k, label, sizeof label);
    ls_keccak_update(&k, what, strlen(what) + 1);
    ls_keccak_update(&k, numbers, sizeof numbers);
    ls_keccak_update(&k, h->tx_root.b, 32);
    ls_keccak_final(&k, out.b);
    return out;
}

static uint64_t gas_used(const struct ls_block *block)
{
    uint64_t gas = 0;

    for (size_t i = 0; i < block->tx_count; i++) {
        gas += ls_txjson_gas_floor(block->txs[i]);
    }
    return gas < block->header.gas_limit ? gas : block->header.gas_limit;
}

/* Constants that hold for a child of parent. */
static struct fee_rule fees_after(const struct builder *b, uint64_t child_time)
{
    struct fee_rule r = b->fees;
    const struct ls_header *p = &b->parent;

    if (ls_rollup_is_active(&b->f->rollup, LS_FORK_CANYON, child_time)) {
        r.denominator = r.denominator_canyon;
    }
    if (p->extra_bytes >= 9 && ls_be32(p->extra + 1) != 0 && ls_be32(p->extra + 5) != 0) {
        r.denominator = ls_be32(p->extra + 1);
        r.elasticity = ls_be32(p->extra + 5);
    }
    return r;
}

/* EIP-1559. RANGE when the numbers are absurd. */
static enum ls_err next_base_fee(struct builder *b, uint64_t child_time, uint64_t *out)
{
    const struct ls_header *p = &b->parent;
    struct fee_rule r = fees_after(b, child_time);
    uint64_t target = p->gas_limit / r.elasticity;
    uint64_t distance = p->gas_used > target ? p->gas_used - target : target - p->gas_used;
    uint64_t fee = 0;
    uint64_t product = 0;

    if (target == 0 || !ls_u256_to_u64(&p->base_fee, &fee) ||
        !ls_mul_u64(fee, distance, &product)) {
        return ls_fail(b->d, LS_ERR_RANGE, "baseFeePerGas: fee or gas limit is out of range");
    }
    uint64_t step = product / target / r.denominator;
    if (p->gas_used > target) {
        *out = fee + (step > 0 ? step : 1);
    } else {
        *out = fee - step;
    }
    return LS_OK;
}

/* Holocene and later: version, EIP-1559 constants (zero: the chain's own), minimum base fee. */
static enum ls_err fill_extra(struct builder *b, const struct cJSON *attributes,
                              struct ls_header *h)
{
    bool is_jovian = ls_rollup_is_active(&b->f->rollup, LS_FORK_JOVIAN, h->timestamp);
    uint64_t min_base_fee = 0;
    uint8_t params[8] = {0};
    enum ls_err e = LS_OK;

    if (!ls_rollup_is_active(&b->f->rollup, LS_FORK_HOLOCENE, h->timestamp)) {
        return LS_OK;
    }
    e = read_fixed(b, attributes, "eip1559Params", params, sizeof params);
    if (!e && is_jovian) {
        e = read_quantity(b, attributes, "minBaseFee", &min_base_fee);
    }
    if (!e && ls_be64(params) == 0) {
        ls_put_be64(params, b->fees.denominator_canyon << 32 | b->fees.elasticity);
    }
    h->extra[0] = is_jovian ? 1 : 0;
    memcpy(h->extra + 1, params, sizeof params);
    ls_put_be64(h->extra + 9, min_base_fee);
    h->extra_bytes = is_jovian ? 17 : 9;
    return e;
}

/* The fields that came with a fork. */
static void fill_tail(const struct builder *b, struct ls_header *h)
{
    const struct ls_rollup *r = &b->f->rollup;

    h->tail = LS_TAIL_BASE_FEE;
    if (ls_rollup_is_active(r, LS_FORK_CANYON, h->timestamp)) {
        h->tail = LS_TAIL_WITHDRAWALS_ROOT;
        h->withdrawals_root = LS_EMPTY_TRIE;
    }
    if (ls_rollup_is_active(r, LS_FORK_ECOTONE, h->timestamp)) {
        h->tail = LS_TAIL_BEACON_ROOT;
    }
    if (ls_rollup_is_active(r, LS_FORK_ISTHMUS, h->timestamp)) {
        h->tail = LS_TAIL_REQUESTS_HASH;
        h->withdrawals_root = make_up(b, "withdrawalsRoot", h);
        h->requests_hash = LS_EMPTY_REQUESTS;
    }
}

static enum ls_err fill_results(struct builder *b, const struct cJSON *attributes,
                                struct ls_block *block)
{
    struct ls_header *h = &block->header;
    uint64_t fee = b->base_fee;
    enum ls_err e = ls_trie_ordered_root(block->txs, block->tx_count, &h->tx_root);

    if (!e && b->has_parent) {
        e = next_base_fee(b, h->timestamp, &fee);
    }
    if (!e) {
        e = fill_extra(b, attributes, h);
    }
    if (e) {
        return e;
    }
    h->uncles_hash = LS_EMPTY_UNCLES;
    h->parent = b->has_parent ? b->parent_hash : make_up(b, "parentHash", h);
    h->state_root = make_up(b, "stateRoot", h);
    h->receipts_root = make_up(b, "receiptsRoot", h);
    h->gas_used = gas_used(block);
    h->base_fee = ls_u256_from_u64(fee);
    fill_tail(b, h);
    block->hash = ls_header_hash(h);
    return LS_OK;
}

/* --- writing --- */

/* Bytes of the block as nodes count them: header, transactions, uncles, withdrawals in RLP. */
static uint64_t block_size(const struct ls_block *block)
{
    struct ls_buf rlp;
    uint64_t size;

    ls_buf_init(&rlp, LS_CHECK_BLOCK_BYTES_MAX);
    size_t all = ls_rlp_list_begin(&rlp);
    ls_header_rlp(&block->header, &rlp);
    size_t txs = ls_rlp_list_begin(&rlp);
    for (size_t i = 0; i < block->tx_count; i++) {
        if (block->txs[i].n > 0 && block->txs[i].p[0] >= 0xc0) {
            ls_buf_put(&rlp, block->txs[i].p, block->txs[i].n);
        } else {
            ls_rlp_put_bytes(&rlp, block->txs[i].p, block->txs[i].n);
        }
    }
    ls_rlp_list_end(&rlp, txs);
    size_t uncles = ls_rlp_list_begin(&rlp);
    ls_rlp_list_end(&rlp, uncles);
    if (block->header.tail >= LS_TAIL_WITHDRAWALS_ROOT) {
        size_t withdrawals = ls_rlp_list_begin(&rlp);
        ls_rlp_list_end(&rlp, withdrawals);
    }
    ls_rlp_list_end(&rlp, all);
    size = rlp.n;
    ls_buf_fini(&rlp);
    return size;
}

static enum ls_err put_block(struct builder *b, const struct ls_block *block)
{
    const struct ls_header *h = &block->header;
    struct ls_txjson_place place = {
        .block_hash = &block->hash,
        .header = h,
        .has_deposit_version = ls_rollup_is_active(&b->f->rollup, LS_FORK_CANYON, h->timestamp)};
    struct ls_jw w;
    enum ls_err e = LS_OK;

    ls_buf_clear(&b->text);
    ls_jw_init(&w, &b->text);
    ls_jw_object(&w, NULL);
    ls_header_write(h, &block->hash, &w);
    ls_jw_quantity(&w, "size", block_size(block));
    ls_jw_array(&w, "transactions");
    for (size_t i = 0; !e && i < block->tx_count; i++) {
        place.index = i;
        e = ls_txjson_write(block->txs[i], &place, &w, b->d);
    }
    ls_jw_array_end(&w);
    ls_jw_array(&w, "uncles");
    ls_jw_array_end(&w);
    if (h->tail >= LS_TAIL_WITHDRAWALS_ROOT) {
        ls_jw_array(&w, "withdrawals");
        ls_jw_array_end(&w);
    }
    ls_jw_object_end(&w);
    return e ? e : fail_member(b, b->text.err, "block text");
}

/* --- one block --- */

/* What the file says about a block beside its attributes must follow from them. */
static enum ls_err check_stated(struct builder *b, const struct cJSON *item,
                                const struct ls_block *block, const struct ls_l2_ref *ref)
{
    const struct cJSON *origin = ls_json_get(item, "l1Origin");
    struct ls_hash hash;
    uint64_t number;
    enum ls_err e = LS_OK;

    if (ls_json_get(item, "transactionsRoot")) {
        e = read_fixed(b, item, "transactionsRoot", hash.b, 32);
        if (!e && !ls_hash_eq(&hash, &block->header.tx_root)) {
            return fail_member(b, LS_ERR_HASH, "transactionsRoot");
        }
    }
    if (!e && origin) {
        e = read_fixed(b, origin, "hash", hash.b, 32);
        e = e ? e : read_quantity(b, origin, "number", &number);
        if (!e && (!ls_hash_eq(&hash, &ref->l1_origin.hash) || number != ref->l1_origin.number)) {
            return fail_member(b, LS_ERR_LINK, "l1Origin");
        }
    }
    if (!e && ls_json_get(item, "sequenceNumber")) {
        e = read_quantity(b, item, "sequenceNumber", &number);
        if (!e && number != ref->sequence_number) {
            return fail_member(b, LS_ERR_LINK, "sequenceNumber");
        }
    }
    return e;
}

static enum ls_err add_block(struct builder *b, const struct cJSON *item,
                             const struct ls_block *block)
{
    struct ls_block decoded;
    struct ls_l2_ref ref;
    enum ls_err e =
        ls_check_l2_block(ls_buf_span(&b->text), &b->f->rollup, &b->scratch, &decoded, &ref, b->d);

    if (!e) {
        e = check_stated(b, item, block, &ref);
    }
    if (e) {
        return e;
    }
    struct ls_draft_block entry = {.text = ls_draft_keep(b->f, ls_buf_span(&b->text)),
                                   .hash = ref.hash,
                                   .parent = ref.parent,
                                   .number = ref.number,
                                   .l1_origin = ref.l1_origin,
                                   .is_hydrated = true};
    e = entry.text.p ? ls_draft_add_block(&b->f->l2, &entry, b->d)
                     : fail_member(b, LS_ERR_NOMEM, "block");
    b->parent = block->header;
    b->parent_hash = block->hash;
    b->has_parent = true;
    return e;
}

static enum ls_err build(struct builder *b, const struct cJSON *item)
{
    const struct cJSON *attributes = ls_json_get(item, "attributes");
    struct ls_block block = {.is_hydrated = false};
    uint64_t number = 0;
    enum ls_err e = read_quantity(b, item, "number", &number);

    ls_arena_reset(&b->scratch);
    if (!e && b->has_parent && number != b->parent.number + 1) {
        e = ls_fail(b->d, LS_ERR_LINK, "number: does not follow %" PRIu64, b->parent.number);
    }
    if (!e && !ls_json_is_object(attributes)) {
        e = fail_member(b, attributes ? LS_ERR_TYPE : LS_ERR_MISSING, "attributes");
    }
    block.header.number = number;
    if (!e) {
        e = read_attributes(b, attributes, &block);
    }
    if (!e) {
        e = fill_results(b, attributes, &block);
    }
    if (!e) {
        e = put_block(b, &block);
    }
    if (!e) {
        e = add_block(b, item, &block);
    }
    return e ? ls_fail_in(b->d, e, "block %" PRIu64, number) : LS_OK;
}

/* --- the file --- */

static enum ls_err take_facts(struct builder *b, const struct cJSON *root)
{
    const struct cJSON *v = ls_json_first(ls_json_get(root, "provenance"));
    uint64_t id = 0;
    enum ls_err e = LS_OK;

    if (!ls_json_u64(ls_json_get(root, "chainId"), &id) && id != b->f->l2_chain_id) {
        return ls_fail(b->d, LS_ERR_CONFIG,
                       "chainId: %" PRIu64 ", but the rollup config is for chain %" PRIu64, id,
                       b->f->l2_chain_id);
    }
    for (; !e && v; v = ls_json_next(v)) {
        if (ls_json_str(v)) {
            e = ls_draft_add_provenance(b->f, ls_json_str(v), b->d);
        }
    }
    return e;
}

static enum ls_err take(void *ctx, struct ls_span text, struct ls_diag *d)
{
    struct builder *b = ctx;
    struct cJSON *root = NULL;
    enum ls_err e = ls_json_parse((const char *)text.p, text.n, 0, &root, d);
    const struct cJSON *blocks = ls_json_get(root, "blocks");

    if (!e && !blocks) {
        e = build(b, root);
    } else if (!e) {
        e = take_facts(b, root);
        for (const struct cJSON *v = ls_json_first(blocks); !e && v; v = ls_json_next(v)) {
            e = build(b, v);
        }
    }
    ls_json_free(root);
    return e;
}

/* Constants of the chain's rollup config; OP's where it has none. */
static struct fee_rule read_fees(const struct ls_draft *f)
{
    struct fee_rule r = {.elasticity = 6, .denominator = 50, .denominator_canyon = 250};
    struct cJSON *root = NULL;

    if (!ls_json_parse((const char *)f->rollup_json.p, f->rollup_json.n, 0, &root, NULL)) {
        const struct cJSON *v = ls_json_get(root, "chain_op_config");
        (void)ls_json_u64(ls_json_get(v, "eip1559Elasticity"), &r.elasticity);
        (void)ls_json_u64(ls_json_get(v, "eip1559Denominator"), &r.denominator);
        (void)ls_json_u64(ls_json_get(v, "eip1559DenominatorCanyon"), &r.denominator_canyon);
    }
    ls_json_free(root);
    r.elasticity = r.elasticity ? r.elasticity : 1;
    r.denominator = r.denominator ? r.denominator : 1;
    r.denominator_canyon = r.denominator_canyon ? r.denominator_canyon : 1;
    return r;
}

enum ls_err ls_import_attributes(struct ls_draft *f, const char *path, uint64_t base_fee,
                                 struct ls_diag *d)
{
    struct builder b = {.f = f, .fees = read_fees(f), .base_fee = base_fee, .d = d};
    const struct ls_input_sink sink = {take, NULL, &b};

    ls_arena_init(&b.scratch, LS_CHECK_BLOCK_BYTES_MAX);
    ls_buf_init(&b.text, LS_CHECK_BLOCK_BYTES_MAX);
    enum ls_err e = ls_input_values(path, &sink, d);
    ls_buf_fini(&b.text);
    ls_arena_fini(&b.scratch);
    f->synthetic = SYNTHETIC;
    return e;
}
