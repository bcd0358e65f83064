#include "node/io/wire.h"

#include <assert.h>
#include <stdio.h>

#include "lib/arena.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/block.h"
#include "lib/op/header.h"
#include "node/io/schedule.h"

/* Decoded transactions are at most half of their JSON text; the rest is for the tables of spans. */
#define BLOCK_BYTES_MAX (64u << 20)

/* --- requests --- */

const char *ls_wire_method(enum ls_method m)
{
    switch (m) {
    case LS_M_CHAIN_ID:
        return "eth_chainId";
    case LS_M_BLOCK:
        return "eth_getBlockByNumber";
    case LS_M_NEW_PAYLOAD:
        return "engine_newPayload";
    case LS_M_FORKCHOICE:
        return "engine_forkchoiceUpdatedV3"; /* at every fork when without attributes (spec 4.1) */
    case LS_M_STATUS:
        return "optimism_syncStatus";
    case LS_M_IDENTITY:
        return "optimism_rollupConfig";
    case LS_M_OUTPUT:
        return "optimism_outputAtBlock";
    case LS_M_CAPABILITIES:
        return "engine_exchangeCapabilities";
    }
    return "";
}

static const char *tag_text(enum ls_tag tag)
{
    switch (tag) {
    case LS_TAG_NONE:
        break;
    case LS_TAG_LATEST:
        return "latest";
    case LS_TAG_SAFE:
        return "safe";
    case LS_TAG_FINALIZED:
        return "finalized";
    }
    return NULL;
}

static void put_block_params(const struct ls_action *a, struct ls_jw *w)
{
    const char *tag = tag_text(a->params.tag);

    if (tag != NULL) {
        ls_jw_str(w, NULL, tag);
    } else {
        ls_jw_quantity(w, NULL, a->params.number);
    }
    ls_jw_bool(w, NULL, a->params.want_ref && a->target != LS_TO_L1);
}

static void put_new_payload(const struct ls_action *a, const struct ls_store *store,
                            struct ls_buf *out)
{
    struct ls_stored p = ls_store_get(store, a->params.handle);
    struct ls_jw w;
    char method[32];

    ls_jw_init(&w, out);
    (void)snprintf(method, sizeof method, "%sV%u", ls_wire_method(LS_M_NEW_PAYLOAD), p.version);
    ls_rpc_request_begin(&w, a->id, method);
    ls_jw_raw(&w, NULL, (const char *)p.params.p, p.params.n);
    ls_rpc_request_end(&w);
}

void ls_wire_encode(const struct ls_action *a, const struct ls_store *store, struct ls_buf *out)
{
    struct ls_jw w;

    if (a->method == LS_M_NEW_PAYLOAD) {
        put_new_payload(a, store, out);
        return;
    }
    ls_jw_init(&w, out);
    ls_rpc_request_begin(&w, a->id, ls_wire_method(a->method));
    if (a->method == LS_M_BLOCK) {
        put_block_params(a, &w);
    } else if (a->method == LS_M_FORKCHOICE) {
        ls_forkchoice_write(&a->params.fork, &w, NULL);
        ls_jw_null(&w, NULL);
    } else if (a->method == LS_M_OUTPUT) {
        ls_jw_quantity(&w, NULL, a->params.number);
    } else if (a->method == LS_M_CAPABILITIES) {
        ls_schedule_write_methods(&w);
    }
    ls_rpc_request_end(&w);
}

/* --- replies: each reader returns OK and fills its member of the event --- */

struct reading {
    const struct ls_action *action;
    const struct ls_rollup *rollup;
    const struct cJSON *result;
    struct ls_diag *diag;
    struct ls_diag *remark;
};

static enum ls_err read_chain_id(const struct reading *r, struct ls_event *out)
{
    enum ls_err e = ls_json_quantity(r->result, &out->chain_id);

    return e == LS_OK ? e : ls_fail(r->diag, e, "chain id: %s", ls_err_text(e));
}

/* The answer must be about the block that was asked for, and name it. */
static enum ls_err check_identity(const struct reading *r, const struct ls_hash *hash,
                                  uint64_t number)
{
    const struct ls_request_params *p = &r->action->params;
    bool by_number = r->action->method == LS_M_OUTPUT || p->tag == LS_TAG_NONE;

    if (ls_hash_is_zero(hash)) {
        return ls_fail(r->diag, LS_ERR_HASH, "block without a hash");
    }
    if (by_number && number != p->number) {
        return ls_fail(r->diag, LS_ERR_RANGE, "asked for block %llu, got block %llu",
                       (unsigned long long)p->number, (unsigned long long)number);
    }
    return LS_OK;
}

/* Hash, number, parent and time, as stated. */
static enum ls_err read_stated(const struct reading *r, struct ls_block_reply *out)
{
    const struct cJSON *b = r->result;
    struct ls_l1_ref ref;
    const char *member = "hash";
    enum ls_err e = ls_json_fixed(ls_json_get(b, member), ref.hash.b, 32);

    if (e == LS_OK) {
        member = "parentHash";
        e = ls_json_fixed(ls_json_get(b, member), ref.parent.b, 32);
    }
    if (e == LS_OK) {
        member = "number";
        e = ls_json_quantity(ls_json_get(b, member), &ref.number);
    }
    if (e == LS_OK) {
        member = "timestamp";
        e = ls_json_quantity(ls_json_get(b, member), &ref.timestamp);
    }
    if (e != LS_OK) {
        return ls_fail(r->diag, e, "%s: \"%s\"", ls_err_text(e), member);
    }
    out->l1 = ref;
    out->ref = (struct ls_l2_ref){
        .hash = ref.hash, .number = ref.number, .parent = ref.parent, .timestamp = ref.timestamp};
    return check_identity(r, &ref.hash, ref.number);
}

static struct ls_l2_ref ref_of_header(const struct ls_block *b)
{
    return (struct ls_l2_ref){.hash = b->hash,
                              .number = b->header.number,
                              .parent = b->header.parent,
                              .timestamp = b->header.timestamp};
}

/* Our engine threw the body away (CRA-06). Its L1 origin is then unknown, which the core can do
 * with; a block of the source without one says nothing. */
static bool is_pruned(const struct reading *r, const struct ls_block *b)
{
    return r->action->target == LS_TO_ENGINE && b->tx_count == 0 &&
           !ls_hash_eq(&b->header.tx_root, &LS_EMPTY_TRIE);
}

/* a source's block is what its hash says, header and transactions. */
static enum ls_err read_whole(const struct reading *r, struct ls_block_reply *out)
{
    struct ls_arena arena;
    struct ls_block b;
    enum ls_err e;

    ls_arena_init(&arena, BLOCK_BYTES_MAX);
    e = ls_block_from_json(r->result, &arena, &b, r->diag);
    if (e == LS_OK && r->action->target == LS_TO_SOURCE) {
        e = ls_block_verify(&b, r->diag);
    }
    if (e == LS_OK && r->action->params.want_ref && !is_pruned(r, &b)) {
        e = ls_block_l2_ref(&b, r->rollup, &out->ref, r->diag);
        (void)ls_schedule_differs(r->rollup, b.header.number, b.header.timestamp, b.txs, b.tx_count,
                                  r->remark);
    } else if (e == LS_OK) {
        out->l1 = ls_block_l1_ref(&b);
        out->ref = ref_of_header(&b);
    }
    ls_arena_fini(&arena);
    return e == LS_OK ? check_identity(r, &out->ref.hash, out->ref.number) : e;
}

static enum ls_err read_block(const struct reading *r, struct ls_event *out)
{
    bool is_whole = r->action->target == LS_TO_SOURCE ||
                    (r->action->target == LS_TO_ENGINE && r->action->params.want_ref);

    if (ls_json_is_null(r->result)) {
        return LS_OK; /* no such block */
    }
    if (!ls_json_is_object(r->result)) {
        return ls_fail(r->diag, LS_ERR_TYPE, "block is neither an object nor null");
    }
    out->block.found = true;
    return is_whole ? read_whole(r, &out->block) : read_stated(r, &out->block);
}

static enum ls_err read_output(const struct reading *r, struct ls_event *out)
{
    struct ls_l2_ref ref;
    enum ls_err e;

    if (ls_json_is_null(r->result)) {
        return LS_OK;
    }
    e = ls_l2_ref_parse(ls_json_get(r->result, "blockRef"), &ref, r->diag);
    if (e == LS_OK) {
        e = check_identity(r, &ref.hash, ref.number);
    }
    if (e == LS_OK) {
        out->block = (struct ls_block_reply){.found = true, .ref = ref};
    }
    return e;
}

static enum ls_err read_identity(const struct reading *r, struct ls_event *out)
{
    const struct cJSON *genesis = ls_json_get(ls_json_get(r->result, "genesis"), "l2");
    struct ls_identity id;
    enum ls_err e = ls_json_u64_any(ls_json_get(r->result, "l2_chain_id"), &id.l2_chain_id);

    if (e == LS_OK) {
        e = ls_json_fixed(ls_json_get(genesis, "hash"), id.genesis.hash.b, 32);
    }
    if (e == LS_OK) {
        e = ls_json_u64_any(ls_json_get(genesis, "number"), &id.genesis.number);
    }
    if (e != LS_OK) {
        return ls_fail(r->diag, e, "rollup config without l2_chain_id and genesis.l2: %s",
                       ls_err_text(e));
    }
    out->identity = id;
    return LS_OK;
}

static enum ls_err read_verdict(const struct reading *r, struct ls_event *out)
{
    enum ls_err e = r->action->method == LS_M_FORKCHOICE
                        ? ls_forkchoice_result_parse(r->result, &out->verdict, r->diag)
                        : ls_payload_verdict_parse(r->result, &out->verdict, r->diag);

    if (e == LS_OK && out->verdict.status != LS_STATUS_VALID) {
        (void)ls_fail(r->diag, e, "%s", out->verdict.error);
    }
    return e;
}

static enum ls_err read_methods(const struct reading *r)
{
    if (!ls_json_is_array(r->result)) {
        return ls_fail(r->diag, LS_ERR_TYPE, "list of methods is no array");
    }
    (void)ls_schedule_lacks(r->rollup, r->result, r->remark);
    return LS_OK;
}

static enum ls_err read_result(const struct reading *r, struct ls_event *out)
{
    switch (r->action->method) {
    case LS_M_CHAIN_ID:
        return read_chain_id(r, out);
    case LS_M_BLOCK:
        return read_block(r, out);
    case LS_M_NEW_PAYLOAD:
    case LS_M_FORKCHOICE:
        return read_verdict(r, out);
    case LS_M_STATUS:
        return ls_sync_status_parse(r->result, &out->status, r->diag);
    case LS_M_IDENTITY:
        return read_identity(r, out);
    case LS_M_OUTPUT:
        return read_output(r, out);
    case LS_M_CAPABILITIES:
        return read_methods(r);
    }
    return LS_ERR_INTERNAL;
}

static bool asks_for_block(enum ls_method m)
{
    return m == LS_M_BLOCK || m == LS_M_OUTPUT;
}

static void set_fail(const struct ls_action *a, enum ls_fail_class fail, int64_t code,
                     struct ls_event *out)
{
    *out = (struct ls_event){.kind = LS_EV_FAIL, .id = a->id, .fail = fail, .code = code};
}

void ls_wire_decode(const struct ls_action *a, const struct ls_rollup *rollup, struct ls_span body,
                    struct ls_event *out, struct ls_diag *d, struct ls_diag *remark)
{
    struct ls_rpc_reply reply;
    struct reading r = {.action = a, .rollup = rollup, .diag = d, .remark = remark};

    *out = (struct ls_event){.kind = LS_EV_REPLY, .id = a->id};
    *remark = (struct ls_diag){""};
    if (ls_rpc_reply_parse((const char *)body.p, body.n, a->id, &reply, d) != LS_OK) {
        set_fail(a, LS_FAIL_PROTOCOL, 0, out);
        return;
    }
    r.result = reply.result;
    if (!reply.is_error) {
        if (read_result(&r, out) != LS_OK) {
            set_fail(a, LS_FAIL_PROTOCOL, 0, out);
        }
    } else if (!asks_for_block(a->method) || !ls_rpc_is_not_found(reply.code, reply.message)) {
        set_fail(a, LS_FAIL_RPC, reply.code, out);
        (void)ls_fail(d, LS_OK, "JSON-RPC error %lld: %s", (long long)reply.code, reply.message);
    }
    ls_rpc_reply_fini(&reply);
}
