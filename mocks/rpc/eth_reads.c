#include "mocks/rpc/eth_reads.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "mocks/rpc/blockjson.h"
#include "mocks/rpc/eth_tools.h"
#include "mocks/rpc/note.h"

#define CLIENT_VERSION "Geth/v0.1.0-untagged/linux-amd64/go1.26.8" /* as recorded */

static bool takes_nothing(struct ls_rpc_call *call)
{
    struct ls_go_args a;
    ls_go_args_begin(&a, call);
    return ls_go_args_end(&a);
}

static void chain_id(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_jw w;
    if (takes_nothing(call)) {
        ls_rpc_result(call, &w);
        ls_jw_quantity(&w, NULL, v->chain_id);
    }
}

static void net_version(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_jw w;
    char text[24];
    if (takes_nothing(call)) {
        (void)snprintf(text, sizeof text, "%" PRIu64, v->chain_id);
        ls_rpc_result(call, &w);
        ls_jw_str(&w, NULL, text);
    }
}

static void client_version(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_jw w;
    (void)v;
    if (takes_nothing(call)) {
        ls_rpc_result(call, &w);
        ls_jw_str(&w, NULL, CLIENT_VERSION);
    }
}

void ls_eth_answer(const struct ls_eth_view *v, struct ls_rpc_call *call,
                   const struct ls_el_read *r, enum ls_block_form form)
{
    struct ls_jw w;
    switch (r->kind) {
    case LS_READ_ERROR:
        ls_rpc_error(call, r->code, "%s", r->message);
        break;
    case LS_READ_NULL:
        ls_rpc_result(call, &w);
        ls_jw_null(&w, NULL);
        break;
    case LS_READ_BLOCK:
        ls_rpc_result(call, &w);
        if (form != LS_FORM_HEADER && v->ops->is_pruned != NULL &&
            v->ops->is_pruned(v->self, r->id)) {
            form = LS_FORM_PRUNED;
        }
        ls_blockjson_put(v->blocks, r->id, form, call->out);
        ls_note_result(call->event, v->universe, r->id);
        break;
    }
}

static void block_number(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_jw w;
    if (!takes_nothing(call)) {
        return;
    }
    struct ls_el_read r = v->ops->read(v->self, LS_GO_LATEST, 0);
    if (r.kind == LS_READ_BLOCK) {
        ls_rpc_result(call, &w);
        ls_jw_quantity(&w, NULL, ls_universe_get(v->universe, r.id)->ref.number);
    } else {
        ls_eth_answer(v, call, &r, LS_FORM_HASHES);
    }
}

static void syncing(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_jw w;
    struct ls_el_syncing s = {0};
    if (!takes_nothing(call)) {
        return;
    }
    if (v->ops->syncing != NULL) {
        s = v->ops->syncing(v->self);
    }
    ls_rpc_result(call, &w);
    if (!s.is_syncing) {
        ls_jw_bool(&w, NULL, false);
        return;
    }
    ls_jw_object(&w, NULL);
    ls_jw_quantity(&w, "currentBlock", s.current);
    ls_jw_quantity(&w, "highestBlock", s.highest);
    ls_jw_quantity(&w, "startingBlock", s.starting);
    ls_jw_object_end(&w);
}

/* (tag or number, hydrated?) or, without wants_full, (tag or number). false: answered already. */
static bool take_number(const struct ls_eth_view *v, struct ls_rpc_call *call, bool wants_full,
                        struct ls_el_read *r, bool *is_full)
{
    struct ls_go_args a;
    enum ls_go_block kind = LS_GO_LATEST;
    uint64_t number = 0;
    ls_go_args_begin(&a, call);
    if (!ls_go_block_number(&a, ls_go_args_take(&a, true), &kind, &number) ||
        (wants_full && !ls_go_bool(&a, ls_go_args_take(&a, true), LS_GO_ARGUMENT, is_full)) ||
        !ls_go_args_end(&a)) {
        return false;
    }
    *r = v->ops->read(v->self, kind, number);
    return true;
}

static bool take_hash(const struct ls_eth_view *v, struct ls_rpc_call *call, bool wants_full,
                      struct ls_el_read *r, bool *is_full)
{
    struct ls_go_args a;
    struct ls_hash hash = {0};
    ls_go_args_begin(&a, call);
    if (!ls_go_hash(&a, ls_go_args_take(&a, true), LS_GO_ARGUMENT, &hash) ||
        (wants_full && !ls_go_bool(&a, ls_go_args_take(&a, true), LS_GO_ARGUMENT, is_full)) ||
        !ls_go_args_end(&a)) {
        return false;
    }
    *r = v->ops->read_hash(v->self, &hash);
    return true;
}

static void block_by_number(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_el_read r;
    bool is_full = false;
    if (take_number(v, call, true, &r, &is_full)) {
        ls_eth_answer(v, call, &r, is_full ? LS_FORM_FULL : LS_FORM_HASHES);
    }
}

static void block_by_hash(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_el_read r;
    bool is_full = false;
    if (take_hash(v, call, true, &r, &is_full)) {
        ls_eth_answer(v, call, &r, is_full ? LS_FORM_FULL : LS_FORM_HASHES);
    }
}

static void header_by_number(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_el_read r;
    if (take_number(v, call, false, &r, NULL)) {
        ls_eth_answer(v, call, &r, LS_FORM_HEADER);
    }
}

static void header_by_hash(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_el_read r;
    if (take_hash(v, call, false, &r, NULL)) {
        ls_eth_answer(v, call, &r, LS_FORM_HEADER);
    }
}

static void tx_count_by_number(const struct ls_eth_view *v, struct ls_rpc_call *call)
{
    struct ls_el_read r;
    struct ls_jw w;
    struct cJSON *root = NULL;
    if (!take_number(v, call, false, &r, NULL)) {
        return;
    }
    if (r.kind != LS_READ_BLOCK) {
        ls_eth_answer(v, call, &r, LS_FORM_HASHES);
        return;
    }
    const struct ls_ublock *b = ls_universe_get(v->universe, r.id);
    (void)ls_blockjson_tree(b, &root);
    ls_rpc_result(call, &w);
    ls_jw_quantity(&w, NULL, ls_json_count(ls_json_get(root, "transactions")));
    ls_json_free(root);
}

static const struct {
    const char *name;
    void (*run)(const struct ls_eth_view *v, struct ls_rpc_call *call);
    bool is_public_only;
} METHODS[] = {
    {"eth_chainId", chain_id, false},
    {"eth_blockNumber", block_number, false},
    {"eth_syncing", syncing, false},
    {"eth_getBlockByNumber", block_by_number, false},
    {"eth_getBlockByHash", block_by_hash, false},
    {"eth_getHeaderByNumber", header_by_number, false},
    {"eth_getHeaderByHash", header_by_hash, false},
    {"eth_getBlockTransactionCountByNumber", tx_count_by_number, false},
    {"net_version", net_version, true},
    {"web3_clientVersion", client_version, true},
};

bool ls_eth_serve(const struct ls_eth_view *view, struct ls_rpc_call *call)
{
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++) {
        if (strcmp(METHODS[i].name, call->method) == 0 &&
            (view->is_public || !METHODS[i].is_public_only)) {
            METHODS[i].run(view, call);
            return true;
        }
    }
    return ls_eth_serve_tools(view, call);
}
