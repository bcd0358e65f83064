/*
 * Receipts: proving them.
 */
#include "harness/capture/receipts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/jsontext.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/receipt.h"
#include "lib/op/tx.h"

#define BLOCK_BYTES_MAX ((size_t)256 << 20) /* receipts of one block, encoded */
#define TYPE_DEPOSIT 0x7eu

/* A block and its receipts, taken apart. */
struct proof {
    struct cJSON *block;
    struct cJSON *list;
    uint64_t timestamp;
    const struct ls_rollup *rollup;
    struct ls_buf bytes; /* the receipts, one encoded behind the other */
    size_t *ends;        /* of each in bytes */
    uint64_t gas;        /* cumulative, up to the receipt in hand */
};

static bool is_text(const struct cJSON *a, const struct cJSON *b)
{
    const char *x = ls_json_str(a);
    const char *y = ls_json_str(b);

    return x && y && strcmp(x, y) == 0;
}

/* The quantity of an optional member: absent and null are *out as it was. */
static enum ls_err quantity(const struct cJSON *object, const char *key, uint64_t *out,
                            struct ls_diag *d)
{
    const struct cJSON *v = ls_json_get(object, key);
    enum ls_err e = !v || ls_json_is_null(v) ? LS_OK : ls_json_quantity(v, out);

    return e ? ls_fail(d, e, "%s: %s", key, ls_err_text(e)) : LS_OK;
}

static enum ls_err check_place(const struct proof *p, const struct cJSON *receipt,
                               const struct cJSON *tx, uint64_t i, struct ls_diag *d)
{
    uint64_t index = i;
    enum ls_err e = quantity(receipt, "transactionIndex", &index, d);

    if (e) {
        return e;
    }
    const char *wrong =
        index != i ? "transactionIndex"
        : !is_text(ls_json_get(receipt, "transactionHash"), ls_json_get(tx, "hash"))
            ? "transactionHash"
        : !is_text(ls_json_get(receipt, "blockHash"), ls_json_get(p->block, "hash")) ? "blockHash"
        : !is_text(ls_json_get(receipt, "blockNumber"), ls_json_get(p->block, "number"))
            ? "blockNumber"
            : NULL;
    return wrong ? ls_fail(d, LS_ERR_LINK, "%s: is not that of transaction %" PRIu64, wrong, i)
                 : LS_OK;
}

static enum ls_err check_gas(struct proof *p, const struct cJSON *receipt, struct ls_diag *d)
{
    uint64_t total = 0;
    enum ls_err e = quantity(receipt, "cumulativeGasUsed", &total, d);
    uint64_t used = total - p->gas;

    if (!e && total < p->gas) {
        e = ls_fail(d, LS_ERR_RANGE, "cumulativeGasUsed: goes down");
    }
    if (!e) {
        e = quantity(receipt, "gasUsed", &used, d);
    }
    if (!e && used != total - p->gas) {
        e = ls_fail(d, LS_ERR_RANGE, "gasUsed: cumulativeGasUsed grows by %" PRIu64,
                    total - p->gas);
    }
    p->gas = total;
    return e;
}

static bool has(const struct cJSON *object, const char *key)
{
    const struct cJSON *v = ls_json_get(object, key);

    return v && !ls_json_is_null(v);
}

/* Regolith brought the nonce, Canyon the version. */
static enum ls_err check_deposit(const struct proof *p, const struct cJSON *receipt,
                                 struct ls_diag *d)
{
    static const struct {
        const char *key;
        enum ls_fork since;
    } rows[] = {{"depositNonce", LS_FORK_REGOLITH}, {"depositReceiptVersion", LS_FORK_CANYON}};

    for (size_t i = 0; p->rollup && i < sizeof rows / sizeof rows[0]; i++) {
        bool is_due = ls_rollup_is_active(p->rollup, rows[i].since, p->timestamp);
        if (has(receipt, rows[i].key) != is_due) {
            return ls_fail(d, is_due ? LS_ERR_MISSING : LS_ERR_UNSUPPORTED, "%s: %s %s",
                           rows[i].key, is_due ? "is missing, its block is of" : "comes before",
                           ls_fork_name(rows[i].since));
        }
    }
    return LS_OK;
}

static enum ls_err take_receipt(struct proof *p, const struct cJSON *receipt,
                                const struct cJSON *tx, uint64_t i, struct ls_diag *d)
{
    uint64_t type = 0;
    uint64_t tx_type = 0;
    enum ls_err e = check_place(p, receipt, tx, i, d);

    if (!e) {
        e = quantity(receipt, "type", &type, d);
    }
    if (!e) {
        e = quantity(tx, "type", &tx_type, d);
    }
    if (!e && type != tx_type) {
        e = ls_fail(d, LS_ERR_TYPE, "type: the transaction has type 0x%" PRIx64, tx_type);
    }
    if (!e) {
        e = check_gas(p, receipt, d);
    }
    if (!e && type == TYPE_DEPOSIT) {
        e = check_deposit(p, receipt, d);
    }
    if (!e) {
        e = ls_receipt_encode(receipt, &p->bytes, d);
        p->ends[i] = p->bytes.n;
    }
    return e ? ls_fail_in(d, e, "receipts[%" PRIu64 "]", i) : LS_OK;
}

static enum ls_err take_all(struct proof *p, size_t count, struct ls_diag *d)
{
    const struct cJSON *tx = ls_json_first(ls_json_get(p->block, "transactions"));
    const struct cJSON *receipt = ls_json_first(p->list);
    uint64_t gas = 0;
    enum ls_err e = LS_OK;

    for (size_t i = 0; !e && i < count; i++) {
        e = take_receipt(p, receipt, tx, i, d);
        tx = ls_json_next(tx);
        receipt = ls_json_next(receipt);
    }
    if (!e) {
        e = quantity(p->block, "gasUsed", &gas, d);
    }
    if (!e && p->gas != gas) {
        e = ls_fail(d, LS_ERR_RANGE, "receipts: the block used %" PRIu64 " gas, they %" PRIu64, gas,
                    p->gas);
    }
    return e;
}

static enum ls_err check_root(const struct proof *p, size_t count, struct ls_diag *d)
{
    struct ls_span *items = calloc(count + 1, sizeof *items);
    struct ls_hash stated = {{0}};
    struct ls_hash root;

    if (!items) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        size_t start = i ? p->ends[i - 1] : 0;
        items[i] = (struct ls_span){p->bytes.p + start, p->ends[i] - start};
    }
    enum ls_err e = ls_trie_ordered_root(items, count, &root);
    free(items);
    if (!e) {
        e = ls_json_fixed(ls_json_get(p->block, "receiptsRoot"), stated.b, sizeof stated.b);
    }
    if (!e && !ls_hash_eq(&root, &stated)) {
        return ls_fail(d, LS_ERR_HASH, "receipts: are not those the block's receiptsRoot names");
    }
    return e ? ls_fail(d, e, "receiptsRoot: %s", ls_err_text(e)) : LS_OK;
}

static enum ls_err prove(struct proof *p, struct ls_diag *d)
{
    size_t count = ls_json_count(ls_json_get(p->block, "transactions"));
    enum ls_err e = quantity(p->block, "timestamp", &p->timestamp, d);

    if (e) {
        return e;
    }
    if (!ls_json_is_array(p->list) || ls_json_count(p->list) != count) {
        return ls_fail(d, LS_ERR_RANGE, "receipts: not a list of %zu, one a transaction", count);
    }
    p->ends = calloc(count + 1, sizeof *p->ends);
    if (!p->ends) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    e = take_all(p, count, d);
    return e ? e : check_root(p, count, d);
}

enum ls_err ls_receipts_check(struct ls_span block, struct ls_span receipts,
                              const struct ls_rollup *r, struct ls_diag *d)
{
    struct proof p = {.rollup = r};
    enum ls_err e = ls_json_parse((const char *)block.p, block.n, 0, &p.block, d);

    ls_buf_init(&p.bytes, BLOCK_BYTES_MAX);
    if (!e) {
        e = ls_json_parse((const char *)receipts.p, receipts.n, 0, &p.list, d);
        e = e ? ls_fail_in(d, e, "receipts") : LS_OK;
    }
    if (!e) {
        e = prove(&p, d);
    }
    free(p.ends);
    ls_buf_fini(&p.bytes);
    ls_json_free(p.list);
    ls_json_free(p.block);
    return e;
}

bool ls_receipts_block(struct ls_span receipts, struct ls_hash *out)
{
    struct ls_jsontext it = ls_jsontext_open(receipts);
    struct ls_jsontext_item first;

    if (!ls_jsontext_next(&it, &first)) {
        return false;
    }
    struct ls_span v = ls_jsontext_get(first.value, "blockHash");
    return v.n > 2 && v.p[0] == '"' &&
           ls_hex_fixed((const char *)v.p + 1, v.n - 2, out->b, sizeof out->b) == LS_OK;
}
