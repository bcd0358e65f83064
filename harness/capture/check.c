/*
 * Checks of recorded blocks: alone, beside their parent, under their L1, against labels.
 */
#include "harness/capture/check.h"

#include <inttypes.h>
#include <stddef.h>

#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/header.h"

/* --- one block --- */

/* Places of a transaction that the block hash does not bind, so that nothing recorded may lie.
 * Each is optional: other programs leave some out. */
static enum ls_err check_tx_place(const struct cJSON *tx, const struct ls_block *b, size_t index,
                                  struct ls_diag *d)
{
    const struct cJSON *hash = ls_json_get(tx, "blockHash");
    const struct cJSON *number = ls_json_get(tx, "blockNumber");
    const struct cJSON *place = ls_json_get(tx, "transactionIndex");
    struct ls_hash h;
    uint64_t v;

    if (hash && (ls_json_fixed(hash, h.b, 32) || !ls_hash_eq(&h, &b->hash))) {
        return ls_fail(d, LS_ERR_HASH, "transactions[%zu].blockHash: not this block's", index);
    }
    if (number && (ls_json_quantity(number, &v) || v != b->header.number)) {
        return ls_fail(d, LS_ERR_RANGE, "transactions[%zu].blockNumber: not this block's", index);
    }
    if (place && (ls_json_quantity(place, &v) || v != index)) {
        return ls_fail(d, LS_ERR_RANGE, "transactions[%zu].transactionIndex: not its place", index);
    }
    return LS_OK;
}

static enum ls_err check_tx_places(const struct cJSON *root, const struct ls_block *b,
                                   struct ls_diag *d)
{
    const struct cJSON *tx = ls_json_first(ls_json_get(root, "transactions"));

    for (size_t i = 0; tx; tx = ls_json_next(tx), i++) {
        enum ls_err e = check_tx_place(tx, b, i, d);
        if (e) {
            return e;
        }
    }
    return LS_OK;
}

/* A block of which only the hash is known to be right: blocks before Bedrock have no L1-info. */
static enum ls_err plain_ref(const struct ls_block *b, struct ls_l2_ref *ref, struct ls_diag *d)
{
    if (b->tx_count > 0 && b->txs[0].n > 0 && b->txs[0].p[0] == 0x7e) {
        return ls_block_l2_ref(b, NULL, ref, d);
    }
    *ref = (struct ls_l2_ref){.hash = b->hash,
                              .number = b->header.number,
                              .parent = b->header.parent,
                              .timestamp = b->header.timestamp};
    return LS_OK;
}

/* The number of an L2 block tells its time. */
static enum ls_err check_time(const struct ls_header *h, const struct ls_rollup *r,
                              struct ls_diag *d)
{
    uint64_t want = 0;

    if (!ls_mul_u64(h->number - r->genesis_l2.number, r->block_time, &want) ||
        !ls_add_u64(want, r->genesis_l2_time, &want) || want != h->timestamp) {
        return ls_fail(d, LS_ERR_RANGE,
                       "timestamp: %" PRIu64 " is not that of block %" PRIu64
                       ", counted from genesis",
                       h->timestamp, h->number);
    }
    return LS_OK;
}

static enum ls_err ref_under_config(const struct ls_block *b, const struct ls_rollup *r,
                                    struct ls_l2_ref *ref, struct ls_diag *d)
{
    if (b->header.number < r->genesis_l2.number) {
        return ls_fail(d, LS_ERR_RANGE, "number: below the rollup config's genesis, block %" PRIu64,
                       r->genesis_l2.number);
    }
    enum ls_err e = check_time(&b->header, r, d);
    if (!e) {
        e = ls_block_check_fork(b, r, d);
    }
    return e ? e : ls_block_l2_ref(b, r, ref, d);
}

static enum ls_err check_decoded(const struct cJSON *root, const struct ls_block *b,
                                 const struct ls_rollup *r, struct ls_l2_ref *ref,
                                 struct ls_diag *d)
{
    if (!ls_json_get(root, "hash")) {
        return ls_fail(d, LS_ERR_MISSING, "hash: not stated");
    }
    if (!b->is_hydrated) {
        return ls_fail(d, LS_ERR_TYPE,
                       "transactions: hashes, not objects; record the block with "
                       "eth_getBlockByNumber(number, true)");
    }
    enum ls_err e = ls_block_verify(b, d);
    if (!e) {
        e = check_tx_places(root, b, d);
    }
    if (!e && b->withdrawal_count > 0) {
        e = ls_fail(d, LS_ERR_RANGE, "withdrawals: an L2 block has none");
    }
    if (!e) {
        e = r ? ref_under_config(b, r, ref, d) : plain_ref(b, ref, d);
    }
    return e;
}

enum ls_err ls_check_l2_block(struct ls_span text, const struct ls_rollup *r, struct ls_arena *a,
                              struct ls_block *block, struct ls_l2_ref *ref, struct ls_diag *d)
{
    struct cJSON *root = NULL;
    enum ls_err e = ls_json_parse((const char *)text.p, text.n, 0, &root, d);

    if (!e) {
        e = ls_block_from_json(root, a, block, d);
    }
    if (!e) {
        e = check_decoded(root, block, r, ref, d);
    }
    ls_json_free(root);
    return e;
}

enum ls_err ls_check_l1_header(struct ls_span text, struct ls_l1_ref *out, struct ls_diag *d)
{
    struct cJSON *root = NULL;
    struct ls_header h;
    struct ls_hash stated;
    enum ls_err e = ls_json_parse((const char *)text.p, text.n, 0, &root, d);

    if (!e) {
        e = ls_header_from_json(root, &h, &stated, d);
    }
    if (!e) {
        struct ls_hash actual = ls_header_hash(&h);
        *out = (struct ls_l1_ref){
            .hash = actual, .number = h.number, .parent = h.parent, .timestamp = h.timestamp};
        if (!ls_hash_eq(&stated, &actual)) {
            e = ls_fail(d, LS_ERR_HASH, "hash: does not match the header's content");
        }
    }
    ls_json_free(root);
    return e;
}

/* --- neighbours --- */

static enum ls_err check_parent(const struct ls_hash *parent, uint64_t parent_number,
                                const struct ls_hash *child_parent, uint64_t child_number,
                                struct ls_diag *d)
{
    if (parent_number == UINT64_MAX || child_number != parent_number + 1) {
        return ls_fail(d, LS_ERR_LINK, "number: %" PRIu64 " does not follow its parent's %" PRIu64,
                       child_number, parent_number);
    }
    if (!ls_hash_eq(parent, child_parent)) {
        char want[65] = {0};
        ls_hex_encode(parent->b, 32, want);
        return ls_fail(d, LS_ERR_LINK, "parentHash: is not the hash of block %" PRIu64 ", 0x%s",
                       parent_number, want);
    }
    return LS_OK;
}

static enum ls_err check_origin_step(const struct ls_l2_ref *parent, const struct ls_l2_ref *child,
                                     struct ls_diag *d)
{
    const struct ls_block_id *from = &parent->l1_origin;
    const struct ls_block_id *to = &child->l1_origin;
    bool stays = to->number == from->number;

    if (!stays && (from->number == UINT64_MAX || to->number != from->number + 1)) {
        return ls_fail(d, LS_ERR_LINK,
                       "L1 origin: goes from L1 block %" PRIu64 " to %" PRIu64
                       ", it may stay or go up by one",
                       from->number, to->number);
    }
    if (stays && !ls_hash_eq(&from->hash, &to->hash)) {
        return ls_fail(d, LS_ERR_LINK,
                       "L1 origin: another hash of L1 block %" PRIu64 " than the parent's",
                       to->number);
    }
    uint64_t want = stays ? parent->sequence_number + 1 : 0;
    if (child->sequence_number != want) {
        return ls_fail(d, LS_ERR_LINK,
                       "L1 origin: sequence number is %" PRIu64 " instead of %" PRIu64,
                       child->sequence_number, want);
    }
    return LS_OK;
}

enum ls_err ls_check_l2_link(const struct ls_l2_ref *parent, const struct ls_l2_ref *child,
                             const struct ls_rollup *r, struct ls_diag *d)
{
    enum ls_err e = check_parent(&parent->hash, parent->number, &child->parent, child->number, d);

    if (e) {
        return e;
    }
    if (child->timestamp < parent->timestamp) {
        return ls_fail(d, LS_ERR_RANGE, "timestamp: earlier than the parent's");
    }
    return r ? check_origin_step(parent, child, d) : LS_OK;
}

enum ls_err ls_check_l2_gap(const struct ls_l2_ref *parent, const struct ls_l2_ref *child,
                            const struct ls_rollup *r, struct ls_diag *d)
{
    if (child->number <= parent->number) {
        return ls_fail(d, LS_ERR_LINK, "number: %" PRIu64 " comes behind block %" PRIu64,
                       child->number, parent->number);
    }
    if (child->timestamp < parent->timestamp) {
        return ls_fail(d, LS_ERR_RANGE, "timestamp: earlier than that of block %" PRIu64,
                       parent->number);
    }
    return r && child->l1_origin.number < parent->l1_origin.number
               ? ls_fail(d, LS_ERR_LINK, "L1 origin: lower than that of block %" PRIu64,
                         parent->number)
               : LS_OK;
}

enum ls_err ls_check_l1_link(const struct ls_l1_ref *parent, const struct ls_l1_ref *child,
                             struct ls_diag *d)
{
    enum ls_err e = check_parent(&parent->hash, parent->number, &child->parent, child->number, d);

    /* Development L1s repeat a timestamp when they reorganise, so equal is not an error. */
    if (!e && child->timestamp < parent->timestamp) {
        e = ls_fail(d, LS_ERR_RANGE, "timestamp: earlier than the parent's");
    }
    return e;
}

/* --- L1 origin --- */

enum ls_err ls_check_origin(const struct ls_universe *l1, uint32_t l1_tip,
                            const struct ls_l2_ref *block, bool must_be_canonical,
                            struct ls_diag *d)
{
    uint32_t canonical = ls_universe_at(l1, l1_tip, block->l1_origin.number);
    uint32_t id = ls_universe_find(l1, &block->l1_origin.hash);

    if (id == LS_NO_BLOCK) {
        return canonical == LS_NO_BLOCK
                   ? LS_OK
                   : ls_fail(d, LS_ERR_LINK,
                             "L1 origin: its hash is not that of any recorded L1 block %" PRIu64,
                             block->l1_origin.number);
    }
    const struct ls_l2_ref *header = &ls_universe_get(l1, id)->ref;
    if (header->number != block->l1_origin.number) {
        return ls_fail(d, LS_ERR_LINK,
                       "L1 origin: number is %" PRIu64 ", the L1 block of that hash has %" PRIu64,
                       block->l1_origin.number, header->number);
    }
    if (header->timestamp > block->timestamp) {
        return ls_fail(d, LS_ERR_LINK, "L1 origin: L1 block %" PRIu64 " is later than the block",
                       header->number);
    }
    if (must_be_canonical && id != canonical) {
        return ls_fail(d, LS_ERR_LINK,
                       "L1 origin: L1 block %" PRIu64 " is an orphan, the block is not",
                       header->number);
    }
    return LS_OK;
}

/* --- labels --- */

struct label_member {
    const char *name;
    size_t offset; /* in struct ls_sync_status */
};

#define LABEL(member)                                    \
    {                                                    \
#member, offsetof(struct ls_sync_status, member) \
    }
static const struct label_member L2_LABELS[] = {
    LABEL(unsafe_l2),       LABEL(safe_l2),         LABEL(finalized_l2),
    LABEL(pending_safe_l2), LABEL(cross_unsafe_l2), LABEL(local_safe_l2),
};
static const struct label_member L1_LABELS[] = {
    LABEL(current_l1), LABEL(current_l1_finalized), LABEL(head_l1),
    LABEL(safe_l1),    LABEL(finalized_l1),
};
#undef LABEL
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static const void *member_at(const struct ls_sync_status *s, const struct label_member *m)
{
    return (const uint8_t *)s + m->offset;
}

static enum ls_err fail_label(struct ls_diag *d, const char *name, uint64_t number,
                              const char *what)
{
    return ls_fail(d, LS_ERR_LINK, "%s: %s of block %" PRIu64 " differs from the recorded block's",
                   name, what, number);
}

static enum ls_err check_l2_label(const struct ls_l2_ref *label, const char *name,
                                  const struct ls_universe *l2, struct ls_diag *d)
{
    if (ls_hash_is_zero(&label->hash)) {
        return LS_OK;
    }
    uint32_t id = ls_universe_find(l2, &label->hash);
    if (id == LS_NO_BLOCK) {
        return ls_fail(d, LS_ERR_NOT_FOUND, "%s: block %" PRIu64 " is not recorded", name,
                       label->number);
    }
    const struct ls_l2_ref *ref = &ls_universe_get(l2, id)->ref;
    if (ref->number != label->number) {
        return fail_label(d, name, label->number, "number");
    }
    if (!ls_hash_eq(&ref->parent, &label->parent)) {
        return fail_label(d, name, label->number, "parentHash");
    }
    if (ref->timestamp != label->timestamp) {
        return fail_label(d, name, label->number, "timestamp");
    }
    if (ref->l1_origin.number != label->l1_origin.number ||
        !ls_hash_eq(&ref->l1_origin.hash, &label->l1_origin.hash)) {
        return fail_label(d, name, label->number, "l1origin");
    }
    if (ref->sequence_number != label->sequence_number) {
        return fail_label(d, name, label->number, "sequenceNumber");
    }
    return LS_OK;
}

static enum ls_err check_l1_label(const struct ls_l1_ref *label, const char *name,
                                  const struct ls_universe *l1, uint32_t l1_tip, struct ls_diag *d)
{
    uint32_t id = ls_universe_find(l1, &label->hash);

    if (ls_hash_is_zero(&label->hash)) {
        return LS_OK;
    }
    if (id == LS_NO_BLOCK) {
        return ls_universe_at(l1, l1_tip, label->number) == LS_NO_BLOCK
                   ? LS_OK
                   : ls_fail(d, LS_ERR_NOT_FOUND,
                             "%s: L1 block %" PRIu64 " of that hash is not recorded", name,
                             label->number);
    }
    const struct ls_l2_ref *ref = &ls_universe_get(l1, id)->ref;
    if (ref->number != label->number) {
        return fail_label(d, name, label->number, "number");
    }
    if (!ls_hash_eq(&ref->parent, &label->parent)) {
        return fail_label(d, name, label->number, "parentHash");
    }
    return ref->timestamp == label->timestamp ? LS_OK
                                              : fail_label(d, name, label->number, "timestamp");
}

enum ls_err ls_check_labels(const struct ls_sync_status *s, const struct ls_universe *l2,
                            const struct ls_universe *l1, uint32_t l1_tip, struct ls_diag *d)
{
    enum ls_err e = LS_OK;

    for (size_t i = 0; !e && i < COUNT_OF(L2_LABELS); i++) {
        e = check_l2_label(member_at(s, &L2_LABELS[i]), L2_LABELS[i].name, l2, d);
    }
    for (size_t i = 0; !e && i < COUNT_OF(L1_LABELS); i++) {
        e = check_l1_label(member_at(s, &L1_LABELS[i]), L1_LABELS[i].name, l1, l1_tip, d);
    }
    return e;
}

bool ls_check_labels_recorded(const struct ls_sync_status *s, const struct ls_check_known *l2)
{
    for (size_t i = 0; i < COUNT_OF(L2_LABELS); i++) {
        const struct ls_l2_ref *label = member_at(s, &L2_LABELS[i]);
        if (!ls_hash_is_zero(&label->hash) && !l2->has(l2->set, &label->hash)) {
            return false;
        }
    }
    return true;
}
