/* Reads of transactions. There is no index: people's tools ask a few times a minute, and looking
 * through the recorded text of the visible chain takes milliseconds. */
#include <string.h>

#include "lib/hex.h"
#include "lib/json.h"
#include "mocks/rpc/blockjson.h"
#include "mocks/rpc/eth_tools.h"

#define QUOTED_HASH_BYTES 68u /* "0x…" with its quotes */

/* What a look-up found: the parsed block and the transaction in it. */
struct found {
    const struct ls_ublock *at; /* the block */
    struct cJSON *block;
    const struct cJSON *tx; /* NULL: none */
};

static const struct cJSON *tx_of(const struct cJSON *block, const char *hash)
{
    const struct cJSON *txs = ls_json_get(block, "transactions");
    for (const struct cJSON *tx = ls_json_first(txs); tx != NULL; tx = ls_json_next(tx)) {
        const char *h = ls_json_str(ls_json_get(tx, "hash"));
        if (h != NULL && strcmp(h, hash) == 0) {
            return tx;
        }
    }
    return NULL;
}

/* The quoted hash stands somewhere in the text, as whose hash ever. */
static bool mentions(const struct ls_ublock *b, const char quoted[QUOTED_HASH_BYTES])
{
    struct ls_span text = ls_ublock_text(b);
    const char *at = (const char *)text.p;
    size_t left = text.n;
    while (left >= QUOTED_HASH_BYTES) {
        const char *hit = memchr(at, '"', left);
        if (hit == NULL) {
            return false;
        }
        left -= (size_t)(hit - at);
        at = hit;
        if (left >= QUOTED_HASH_BYTES && memcmp(at, quoted, QUOTED_HASH_BYTES) == 0) {
            return true;
        }
        at++;
        left--;
    }
    return false;
}

/* On the chain from latest down to genesis. free block. */
static struct found find(const struct ls_eth_view *v, const struct ls_hash *hash)
{
    char quoted[QUOTED_HASH_BYTES + 1] = "\"0x";
    struct ls_el_read r = v->ops->read(v->self, LS_GO_LATEST, 0);
    uint32_t id = r.kind == LS_READ_BLOCK ? r.id : LS_NO_BLOCK;
    ls_hex_encode(hash->b, sizeof hash->b, quoted + 3);
    quoted[QUOTED_HASH_BYTES - 1] = '"';
    while (id != LS_NO_BLOCK) {
        const struct ls_ublock *b = ls_universe_get(v->universe, id);
        struct found f = {.at = b};
        if (mentions(b, quoted) && ls_blockjson_tree(b, &f.block) == LS_OK) {
            quoted[QUOTED_HASH_BYTES - 1] = '\0';
            f.tx = tx_of(f.block, quoted + 1);
            quoted[QUOTED_HASH_BYTES - 1] = '"';
            if (f.tx != NULL) {
                return f;
            }
            ls_json_free(f.block);
        }
        id = b->parent;
    }
    return (struct found){0};
}

static void put_tx(struct ls_rpc_call *call, const struct cJSON *tx)
{
    struct ls_jw w;
    ls_rpc_result(call, &w);
    if (ls_json_is_object(tx)) {
        ls_json_print(tx, call->out);
    } else {
        ls_jw_null(&w, NULL);
    }
}

static bool take_tx_hash(struct ls_rpc_call *call, struct ls_hash *hash)
{
    struct ls_go_args a;
    ls_go_args_begin(&a, call);
    return ls_go_hash(&a, ls_go_args_take(&a, true), LS_GO_ARGUMENT, hash) && ls_go_args_end(&a);
}

static void by_hash(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_hash hash = {0};
    if (take_tx_hash(call, &hash)) {
        struct found f = find(v, &hash);
        put_tx(call, f.tx);
        ls_json_free(f.block);
    }
}

/* The receipt of that transaction among the recorded ones of its block. */
static void put_receipt(struct ls_rpc_call *call, const struct found *f)
{
    const char *hash = ls_json_str(ls_json_get(f->tx, "hash"));
    struct cJSON *list = NULL;
    (void)ls_json_parse(f->at->receipts, f->at->receipts_bytes, 0, &list, NULL);
    const struct cJSON *r = ls_json_first(list);
    while (r != NULL && strcmp(ls_json_str(ls_json_get(r, "transactionHash")), hash) != 0) {
        r = ls_json_next(r);
    }
    put_tx(call, r);
    ls_json_free(list);
}

static void receipt(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_hash hash = {0};
    if (!take_tx_hash(call, &hash)) {
        return;
    }
    struct found f = find(v, &hash);
    if (f.tx != NULL && f.at->receipts != NULL) {
        put_receipt(call, &f);
    } else if (f.tx != NULL) {
        ls_rpc_error(call, LS_RPC_SERVER, "receipts are not recorded");
    } else {
        put_tx(call, NULL);
    }
    ls_json_free(f.block);
}

/* Receipts are results of execution: as they were recorded, or not at all; of no transactions there
 * are none. */
void ls_eth_put_receipts(const struct ls_eth_view *v, struct ls_rpc_call *call,
                         const struct ls_el_read *r)
{
    struct cJSON *block = NULL;
    struct ls_jw w;
    if (r->kind != LS_READ_BLOCK) {
        put_tx(call, NULL); /* an unset label too */
        return;
    }
    const struct ls_ublock *b = ls_universe_get(v->universe, r->id);
    if (b->receipts != NULL) {
        ls_rpc_result(call, &w);
        ls_jw_raw(&w, NULL, b->receipts, b->receipts_bytes);
        return;
    }
    (void)ls_blockjson_tree(b, &block);
    if (ls_json_count(ls_json_get(block, "transactions")) > 0) {
        ls_rpc_error(call, LS_RPC_SERVER, "receipts are not recorded");
    } else {
        ls_rpc_result(call, &w);
        ls_jw_array(&w, NULL);
        ls_jw_array_end(&w);
    }
    ls_json_free(block);
}

static void block_receipts(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_go_args a;
    struct ls_el_read r;
    ls_go_args_begin(&a, call);
    if (ls_eth_take_block(v, &a, true, &r) && ls_go_args_end(&a)) {
        ls_eth_put_receipts(v, call, &r);
    }
}

static bool is_pruned(const struct ls_eth_view *v, const struct ls_el_read *r)
{
    return v->ops->is_pruned != NULL && v->ops->is_pruned(v->self, r->id);
}

static void at_index(const struct ls_eth_view *v, struct ls_rpc_call *call, struct ls_go_args *a,
                     const struct ls_el_read *r)
{
    uint64_t index = 0;
    struct cJSON *block = NULL;
    if (!ls_go_u64(a, ls_go_args_take(a, true), LS_GO_ARGUMENT, &index) || !ls_go_args_end(a)) {
        return;
    }
    if (r->kind == LS_READ_ERROR) {
        ls_rpc_error(call, r->code, "%s", r->message);
        return;
    }
    if (r->kind == LS_READ_BLOCK && !is_pruned(v, r)) {
        const struct ls_ublock *b = ls_universe_get(v->universe, r->id);
        (void)ls_blockjson_tree(b, &block);
    }
    put_tx(call, index > UINT32_MAX
                     ? NULL
                     : ls_json_at(ls_json_get(block, "transactions"), (size_t)index));
    ls_json_free(block);
}

static void by_number_and_index(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_go_args a;
    enum ls_go_block kind = LS_GO_LATEST;
    uint64_t number = 0;
    ls_go_args_begin(&a, call);
    if (ls_go_block_number(&a, ls_go_args_take(&a, true), &kind, &number)) {
        struct ls_el_read r = v->ops->read(v->self, kind, number);
        at_index(v, call, &a, &r);
    }
}

static void by_hash_and_index(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_go_args a;
    struct ls_hash hash = {0};
    ls_go_args_begin(&a, call);
    if (ls_go_hash(&a, ls_go_args_take(&a, true), LS_GO_ARGUMENT, &hash)) {
        struct ls_el_read r = v->ops->read_hash(v->self, &hash);
        at_index(v, call, &a, &r);
    }
}

static void count_by_hash(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_hash hash = {0};
    struct cJSON *block = NULL;
    struct ls_jw w;
    if (!take_tx_hash(call, &hash)) {
        return;
    }
    struct ls_el_read r = v->ops->read_hash(v->self, &hash);
    ls_rpc_result(call, &w);
    if (r.kind != LS_READ_BLOCK) {
        ls_jw_null(&w, NULL);
        return;
    }
    const struct ls_ublock *b = ls_universe_get(v->universe, r.id);
    (void)ls_blockjson_tree(b, &block);
    ls_jw_quantity(&w, NULL, ls_json_count(ls_json_get(block, "transactions")));
    ls_json_free(block);
}

static const struct {
    const char *name;
    void (*run)(const struct ls_eth_view *v, struct ls_rpc_call *call);
} METHODS[] = {
    {"eth_getTransactionByHash", by_hash},
    {"eth_getTransactionReceipt", receipt},
    {"eth_getBlockReceipts", block_receipts},
    {"eth_getTransactionByBlockNumberAndIndex", by_number_and_index},
    {"eth_getTransactionByBlockHashAndIndex", by_hash_and_index},
    {"eth_getBlockTransactionCountByHash", count_by_hash},
};

bool ls_eth_serve_txs(const struct ls_eth_view *view, struct ls_rpc_call *call)
{
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++) {
        if (strcmp(METHODS[i].name, call->method) == 0) {
            METHODS[i].run(view, call);
            return true;
        }
    }
    return false;
}
