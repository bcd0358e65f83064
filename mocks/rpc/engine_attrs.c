/* PayloadAttributes: from JSON, what is wrong with them by version and fork (mock-engine 2.4 row 1,
 * 2.5), and the payload id they give. */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lib/hash.h"
#include "mocks/rpc/engine_parts.h"
#include "mocks/rpc/gostruct.h"

#define AT(member) offsetof(struct ls_attributes, member)

/* In the order in which geth looks for missing ones. */
static const struct ls_go_field FIELDS[] = {
    {"timestamp", LS_GO_FIELD_U64, AT(timestamp), LS_GO_REQUIRED, 0, NULL},
    {"prevRandao", LS_GO_FIELD_HASH, AT(random), LS_GO_REQUIRED, 0, NULL},
    {"suggestedFeeRecipient", LS_GO_FIELD_ADDRESS, AT(fee_recipient), LS_GO_REQUIRED, 0, NULL},
    {"withdrawals", LS_GO_FIELD_OBJECTS, AT(withdrawals), AT(has_withdrawals), AT(withdrawal_count),
     &LS_GO_WITHDRAWAL},
    {"parentBeaconBlockRoot", LS_GO_FIELD_HASH, AT(beacon_root), AT(has_beacon_root), 0, NULL},
    {"transactions", LS_GO_FIELD_BYTES_LIST, AT(txs), LS_GO_NO_FLAG, AT(tx_count), NULL},
    {"noTxPool", LS_GO_FIELD_BOOL, AT(no_tx_pool), LS_GO_NO_FLAG, 0, NULL},
    {"gasLimit", LS_GO_FIELD_U64, AT(gas_limit), AT(has_gas_limit), 0, NULL},
    {"eip1559Params", LS_GO_FIELD_BYTES, AT(eip1559), LS_GO_NO_FLAG, 0, NULL},
    {"minBaseFee", LS_GO_FIELD_NUMBER, AT(min_base_fee), AT(has_min_base_fee), 0, NULL},
};
static_assert(sizeof FIELDS / sizeof FIELDS[0] <= LS_GO_FIELDS_MAX, "room for what is there");

static const struct ls_go_struct PAYLOAD_ATTRIBUTES = {"PayloadAttributes", "engine", FIELDS,
                                                       sizeof FIELDS / sizeof FIELDS[0],
                                                       sizeof(struct ls_attributes)};

bool ls_engine_read_attributes(struct ls_engine_port *e, struct ls_go_args *a,
                               const struct cJSON *v, struct ls_attributes *at)
{
    return ls_go_struct_read(a, v, &PAYLOAD_ATTRIBUTES, &e->arena, at);
}

/* --- what is wrong with attributes --- */

static bool fail(struct ls_rpc_call *call, int64_t code, const char *message, const char *why)
{
    ls_rpc_error(call, code, "%s", message);
    ls_rpc_error_data(call, "%s", why);
    return false;
}

bool ls_engine_bad_attributes(struct ls_rpc_call *call, const char *why)
{
    return fail(call, LS_RPC_INVALID_ATTRIBUTES, "Invalid payload attributes", why);
}

/* Before anything is applied, by the version of the method. */
static bool check_version(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version,
                          const struct ls_attributes *at)
{
    bool is_shanghai = ls_rollup_is_active(&e->rollup, LS_FORK_CANYON, at->timestamp);
    bool is_cancun = ls_rollup_is_active(&e->rollup, LS_FORK_ECOTONE, at->timestamp);
    switch (version) {
    case 1:
        if (at->has_withdrawals || at->has_beacon_root) {
            return fail(call, LS_RPC_INVALID_PARAMS, "Invalid parameters",
                        "withdrawals and beacon root not supported in V1");
        }
        return is_cancun ? fail(call, LS_RPC_INVALID_PARAMS, "Invalid parameters",
                                "fcuV1 called post-shanghai")
                         : true;
    case 2:
        if (at->has_beacon_root) {
            return ls_engine_bad_attributes(call, "unexpected beacon root");
        }
        if (!is_shanghai && at->has_withdrawals) {
            return ls_engine_bad_attributes(call, "withdrawals before shanghai");
        }
        if (is_shanghai && !is_cancun && !at->has_withdrawals) {
            return ls_engine_bad_attributes(call, "missing withdrawals");
        }
        return is_cancun ? fail(call, LS_RPC_UNSUPPORTED_FORK, "Unsupported fork",
                                "fcuV2 must only be called with paris or shanghai payloads")
                         : true;
    default:
        if (!at->has_withdrawals) {
            return ls_engine_bad_attributes(call, "missing withdrawals");
        }
        if (!at->has_beacon_root) {
            return ls_engine_bad_attributes(call, "missing beacon root");
        }
        return is_cancun ? true
                         : fail(call, LS_RPC_UNSUPPORTED_FORK, "Unsupported fork",
                                "fcuV3 must only be called for cancun or prague payloads");
    }
}

/* OP's own rules; not looked at when the head is zero. */
static bool check_op(struct ls_engine_port *e, struct ls_rpc_call *call,
                     const struct ls_attributes *at)
{
    char text[96];
    bool is_canyon = ls_rollup_is_active(&e->rollup, LS_FORK_CANYON, at->timestamp);
    bool is_holocene = ls_rollup_is_active(&e->rollup, LS_FORK_HOLOCENE, at->timestamp);
    if (!at->has_gas_limit) {
        return ls_engine_bad_attributes(call, "gasLimit parameter is required");
    }
    if (is_canyon && at->withdrawal_count > 0) {
        return ls_engine_bad_attributes(call, "non-empty withdrawals post-Canyon");
    }
    if (is_holocene && at->eip1559.n != 8) {
        (void)snprintf(text, sizeof text, "holocene eip-1559 params should be 8 bytes, got %zu",
                       at->eip1559.n);
        return ls_engine_bad_attributes(call, text);
    }
    if (is_holocene && ls_be32(at->eip1559.p) == 0 && ls_be32(at->eip1559.p + 4) != 0) {
        return ls_engine_bad_attributes(
            call, "holocene params cannot have a 0 denominator unless elasticity is also 0");
    }
    if (!is_holocene && at->eip1559.n > 0) {
        return ls_engine_bad_attributes(call, "non-empty eip155Params pre-Holocene");
    }
    return true;
}

bool ls_engine_check_attributes(struct ls_engine_port *e, struct ls_rpc_call *call,
                                unsigned version, bool has_head, const struct ls_attributes *at)
{
    return check_version(e, call, version, at) && (!has_head || check_op(e, call, at));
}

/* --- the same in op-reth, after the forkchoice was applied (mock-engine 2.4 row 1, 2.5) --- */

static bool reth_refuse(struct ls_rpc_call *call, const char *why)
{
    ls_rpc_error(call, LS_RPC_INVALID_ATTRIBUTES, "Invalid payload attributes");
    ls_rpc_error_data(call, "Payload attributes validation error: %s", why);
    return false;
}

static bool reth_invalid_params(struct ls_rpc_call *call, const char *what)
{
    ls_rpc_error(call, LS_RPC_INVALID_PARAMS, "Invalid params");
    ls_rpc_error_data(call, "Invalid params: %s", what);
    return false;
}

static bool reth_check_version(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version,
                               const struct ls_attributes *at)
{
    bool is_shanghai = ls_rollup_is_active(&e->rollup, LS_FORK_CANYON, at->timestamp);
    bool is_cancun = ls_rollup_is_active(&e->rollup, LS_FORK_ECOTONE, at->timestamp);
    if (version == 1 && at->has_withdrawals) {
        return reth_refuse(call, "withdrawals not supported in V1");
    }
    if (version >= 2 && is_shanghai != at->has_withdrawals) {
        return reth_refuse(call, is_shanghai ? "no withdrawals post-Shanghai"
                                             : "withdrawals pre-Shanghai");
    }
    if (version < 3 && at->has_beacon_root) {
        return reth_refuse(call, "parent beacon block root not supported before V3");
    }
    if (version >= 3 && !at->has_beacon_root) {
        return reth_refuse(call, "no parent beacon block root post-cancun");
    }
    if (version >= 2 && is_cancun != (version >= 3)) { /* V1 is not held to a time */
        ls_rpc_error(call, LS_RPC_UNSUPPORTED_FORK, "Unsupported fork");
        return false;
    }
    return true;
}

bool ls_engine_check_attributes_reth(struct ls_engine_port *e, struct ls_rpc_call *call,
                                     unsigned version, const struct ls_attributes *at)
{
    bool is_jovian = ls_rollup_is_active(&e->rollup, LS_FORK_JOVIAN, at->timestamp);
    if (!reth_check_version(e, call, version, at)) {
        return false;
    }
    if (!at->has_gas_limit) {
        return reth_invalid_params(call, "MissingGasLimitInPayloadAttributes");
    }
    if (ls_rollup_is_active(&e->rollup, LS_FORK_HOLOCENE, at->timestamp)) {
        if (at->eip1559.n != 8) {
            return reth_invalid_params(call, "MissingEip1559ParamsInPayloadAttributes");
        }
        bool is_zero = ls_be32(at->eip1559.p) == 0;
        bool is_zero_too = ls_be32(at->eip1559.p + 4) == 0;
        if (is_zero != is_zero_too) {
            return reth_invalid_params(call, is_zero ? "Eip1559ParamsDenominatorZero"
                                                     : "Eip1559ParamsElasticityZero");
        }
    }
    if (is_jovian != at->has_min_base_fee) {
        return reth_invalid_params(call, is_jovian ? "MissingMinBaseFeeInPayloadAttributes"
                                                   : "MinBaseFeeNotAllowedBeforeJovian");
    }
    return true;
}

/* --- the payload id: a pure function of head and attributes --- */

static void put_u64(struct ls_buf *b, uint64_t v)
{
    uint8_t be[8];
    ls_put_be64(be, v);
    (void)ls_buf_put(b, be, sizeof be);
}

void ls_engine_payload_id(const struct ls_hash *head, const struct ls_attributes *at,
                          unsigned version, uint8_t out[8])
{
    struct ls_buf b;
    uint8_t digest[32];
    ls_buf_init(&b, 1u << 20);
    (void)ls_buf_put(&b, head->b, 32);
    put_u64(&b, at->timestamp);
    (void)ls_buf_put(&b, at->random.b, 32);
    (void)ls_buf_put(&b, at->fee_recipient.b, 20);
    if (at->withdrawals_rlp.n > 0) {
        (void)ls_buf_put(&b, at->withdrawals_rlp.p, at->withdrawals_rlp.n);
    } else {
        (void)ls_buf_putc(&b, 0xc0); /* op-geth: a list, also when none was given */
    }
    if (at->has_beacon_root) {
        (void)ls_buf_put(&b, at->beacon_root.b, 32);
    }
    if (at->no_tx_pool || at->tx_count > 0) {
        (void)ls_buf_putc(&b, at->no_tx_pool ? 1 : 0);
        put_u64(&b, at->tx_count);
        for (size_t i = 0; i < at->tx_count; i++) {
            ls_keccak256(at->txs[i].p, at->txs[i].n, digest);
            (void)ls_buf_put(&b, digest, sizeof digest);
        }
    }
    if (at->has_gas_limit) {
        put_u64(&b, at->gas_limit);
    }
    (void)ls_buf_put(&b, at->eip1559.p, at->eip1559.n);
    if (at->has_min_base_fee) {
        put_u64(&b, at->min_base_fee);
    }
    ls_sha256(b.p, b.n, digest);
    memcpy(out, digest, 8);
    out[0] = (uint8_t)version;
    ls_buf_fini(&b);
}
