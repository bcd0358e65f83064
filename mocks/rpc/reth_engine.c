/* op-reth's engine_newPayload, engine_forkchoiceUpdated and engine_getPayload up to where the
 * rules that do not depend on the decoder begin. */
#include <string.h>

#include "lib/rlp.h"
#include "mocks/rpc/reth_rpc.h"
#include "mocks/rpc/reth_types.h"

/* --- newPayload --- */

static bool bad_payload(struct ls_rpc_call *call, const char *why)
{
    ls_rpc_error(call, LS_RPC_INVALID_PARAMS, "Invalid params");
    ls_rpc_error_data(call, "Payload validation error: %s", why);
    return false;
}

/* Withdrawals are looked at before the time. V3 takes what V4 is for; the hash will not fit. */
static bool check_np_version(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version,
                             const struct ls_np_args *n)
{
    uint64_t time = n->payload.timestamp;
    bool is_shanghai = ls_rollup_is_active(&e->rollup, LS_FORK_CANYON, time);
    bool is_cancun = ls_rollup_is_active(&e->rollup, LS_FORK_ECOTONE, time);
    bool is_prague = ls_rollup_is_active(&e->rollup, LS_FORK_ISTHMUS, time);
    if (is_shanghai && !n->has_withdrawals) {
        return bad_payload(call, "no withdrawals post-Shanghai");
    }
    if (!is_shanghai && n->has_withdrawals) {
        return bad_payload(call, "withdrawals pre-Shanghai");
    }
    if (is_cancun != (version >= 3) || (version == 4 && !is_prague)) {
        ls_rpc_error(call, LS_RPC_UNSUPPORTED_FORK, "Unsupported fork");
        return false;
    }
    return true;
}

bool ls_reth_take_np(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version,
                     struct ls_np_args *n)
{
    const struct ls_serde_struct *t = version == 2   ? &LS_RETH_NEW_PAYLOAD_V2
                                      : version == 3 ? &LS_RETH_NEW_PAYLOAD_V3
                                                     : &LS_RETH_NEW_PAYLOAD_V4;
    struct ls_reth_np *p = ls_arena_alloc(&e->arena, sizeof *p);
    if (p == NULL) {
        ls_rpc_error(call, LS_RPC_INTERNAL, "out of memory");
        return false;
    }
    memset(p, 0, sizeof *p);
    if (!ls_reth_params(call, &e->arena, t, p)) {
        return false;
    }
    *n = p->args;
    n->bloom = (struct ls_span){p->bloom, sizeof p->bloom};
    n->payload.txs = p->txs.items;
    n->payload.tx_count = p->txs.count;
    n->withdrawal_count = p->withdrawals.count;
    n->hashes = p->hashes.items;
    n->hash_count = p->hashes.count;
    n->requests = p->requests.items;
    n->request_count = p->requests.count;
    n->has_withdrawals = n->has_withdrawals || version >= 3;
    n->has_blob_gas_used = n->has_excess_blob_gas = n->has_hashes = version >= 3;
    n->payload.has_beacon_root = version >= 3;
    n->payload.has_withdrawals_root = n->has_requests = version >= 4;
    return check_np_version(e, call, version, n);
}

/* --- forkchoiceUpdated --- */

/* As they go into the payload id. */
static struct ls_span encode_withdrawals(struct ls_arena *arena, const struct ls_serde_list *list)
{
    struct ls_buf b;
    const struct ls_reth_withdrawal *w = list->items;
    ls_buf_init(&b, 64 * list->count + 64);
    size_t outer = ls_rlp_list_begin(&b);
    for (size_t i = 0; i < list->count; i++) {
        size_t inner = ls_rlp_list_begin(&b);
        ls_rlp_put_u64(&b, w[i].index);
        ls_rlp_put_u64(&b, w[i].validator_index);
        ls_rlp_put_bytes(&b, w[i].address.b, sizeof w[i].address.b);
        ls_rlp_put_u64(&b, w[i].amount);
        ls_rlp_list_end(&b, inner);
    }
    ls_rlp_list_end(&b, outer);
    struct ls_span out = {ls_arena_dup(arena, b.p, b.n), b.n};
    ls_buf_fini(&b);
    return out.p != NULL ? out : (struct ls_span){0};
}

bool ls_reth_take_fcu(struct ls_engine_port *e, struct ls_rpc_call *call, struct ls_forkchoice *f,
                      bool *has_attributes, struct ls_attributes *at)
{
    struct ls_reth_fcu p = {0};
    if (!ls_reth_params(call, &e->arena, &LS_RETH_FORKCHOICE, &p)) {
        return false;
    }
    *f = p.state;
    *at = p.attributes.at;
    *has_attributes = p.has_attributes;
    at->txs = p.attributes.txs.items;
    at->tx_count = p.attributes.txs.count;
    at->withdrawal_count = p.attributes.withdrawals.count;
    if (at->has_withdrawals) {
        at->withdrawals_rlp = encode_withdrawals(&e->arena, &p.attributes.withdrawals);
    }
    if (p.attributes.has_eip1559) {
        at->eip1559.p = ls_arena_dup(&e->arena, p.attributes.eip1559, 8);
        at->eip1559.n = at->eip1559.p == NULL ? 0 : 8;
    }
    return true;
}

/* --- getPayload --- */

bool ls_reth_take_payload_id(struct ls_engine_port *e, struct ls_rpc_call *call, uint8_t id[8])
{
    struct ls_reth_read p = {0};
    if (!ls_reth_params(call, &e->arena, &LS_RETH_PAYLOAD_ID, &p)) {
        return false;
    }
    memcpy(id, p.id, sizeof p.id);
    return true;
}
