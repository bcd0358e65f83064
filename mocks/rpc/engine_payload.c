/* ExecutableData: from JSON as Go's decoder reads it, fields in one table. */
#include <stddef.h>
#include <string.h>

#include "lib/json.h"
#include "mocks/rpc/engine_parts.h"

#define STRUCTURE "ExecutableData"

enum field_kind {
    FIELD_HASH,
    FIELD_ADDRESS,
    FIELD_U64,
    FIELD_BIG,
    FIELD_BYTES,
    FIELD_TXS,
    FIELD_WITHDRAWALS
};

#define NO_FLAG SIZE_MAX
#define AT(member) offsetof(struct ls_np_args, member)

/* In the order in which geth looks for missing ones. */
static const struct field {
    const char *name;
    enum field_kind kind;
    size_t at;
    size_t flag; /* of a field that may be missing: where its presence is noted */
} FIELDS[] = {
    {"parentHash", FIELD_HASH, AT(payload.parent_hash), NO_FLAG},
    {"feeRecipient", FIELD_ADDRESS, AT(payload.fee_recipient), NO_FLAG},
    {"stateRoot", FIELD_HASH, AT(payload.state_root), NO_FLAG},
    {"receiptsRoot", FIELD_HASH, AT(payload.receipts_root), NO_FLAG},
    {"logsBloom", FIELD_BYTES, AT(bloom), NO_FLAG},
    {"prevRandao", FIELD_HASH, AT(payload.prev_randao), NO_FLAG},
    {"blockNumber", FIELD_U64, AT(payload.number), NO_FLAG},
    {"gasLimit", FIELD_U64, AT(payload.gas_limit), NO_FLAG},
    {"gasUsed", FIELD_U64, AT(payload.gas_used), NO_FLAG},
    {"timestamp", FIELD_U64, AT(payload.timestamp), NO_FLAG},
    {"extraData", FIELD_BYTES, AT(extra), NO_FLAG},
    {"baseFeePerGas", FIELD_BIG, AT(payload.base_fee), NO_FLAG},
    {"blockHash", FIELD_HASH, AT(payload.block_hash), NO_FLAG},
    {"transactions", FIELD_TXS, AT(payload.txs), NO_FLAG},
    {"withdrawals", FIELD_WITHDRAWALS, AT(withdrawal_count), AT(has_withdrawals)},
    {"blobGasUsed", FIELD_U64, AT(payload.blob_gas_used), AT(has_blob_gas_used)},
    {"excessBlobGas", FIELD_U64, AT(payload.excess_blob_gas), AT(has_excess_blob_gas)},
    {"withdrawalsRoot", FIELD_HASH, AT(payload.withdrawals_root), AT(payload.has_withdrawals_root)},
};
#define FIELD_COUNT (sizeof FIELDS / sizeof FIELDS[0])

static bool read_txs(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place place,
                     struct ls_arena *arena, struct ls_np_args *out)
{
    if (!ls_go_kind(a, v, place, "array", "[]hexutil.Bytes")) {
        return false;
    }
    size_t count = ls_json_count(v);
    struct ls_span *txs = ls_arena_alloc(arena, count * sizeof *txs);
    if (txs == NULL) {
        ls_go_args_fail(a, "too large");
        return false;
    }
    size_t i = 0;
    for (const struct cJSON *tx = ls_json_first(v); tx != NULL; tx = ls_json_next(tx)) {
        if (!ls_go_bytes(a, tx, place, arena, &txs[i++])) {
            return false;
        }
    }
    out->payload.txs = txs;
    out->payload.tx_count = count;
    return true;
}

static bool read_field(struct ls_go_args *a, const struct field *f, const struct cJSON *v,
                       struct ls_arena *arena, struct ls_np_args *out)
{
    struct ls_go_place place = {STRUCTURE, f->name};
    void *at = (uint8_t *)out + f->at;
    switch (f->kind) {
    case FIELD_HASH:
        return ls_go_hash(a, v, place, at);
    case FIELD_ADDRESS:
        return ls_go_fixed(a, v, place, "common.Address", at, sizeof(struct ls_addr));
    case FIELD_U64:
        return ls_go_u64(a, v, place, at);
    case FIELD_BIG:
        return ls_go_big(a, v, place, at);
    case FIELD_BYTES:
        return ls_go_bytes(a, v, place, arena, at);
    case FIELD_TXS:
        return read_txs(a, v, place, arena, out);
    case FIELD_WITHDRAWALS:
        out->withdrawal_count = ls_json_count(v);
        return ls_go_kind(a, v, place, "array", "[]*types.Withdrawal");
    }
    return false;
}

/* Looks from the field `from` on, and then at those before it: most clients send them in order. */
static size_t field_index(const char *key, size_t from)
{
    for (size_t k = 0; k < FIELD_COUNT; k++) {
        size_t i = (from + k) % FIELD_COUNT;
        if (ls_go_name_eq(key, FIELDS[i].name)) {
            return i;
        }
    }
    return FIELD_COUNT;
}

bool ls_engine_decode_payload(struct ls_go_args *a, const struct cJSON *v, struct ls_arena *arena,
                              struct ls_np_args *out)
{
    bool is_there[FIELD_COUNT] = {false};
    size_t next = 0;
    memset(out, 0, sizeof *out);
    if (v == NULL || !ls_go_kind(a, v, LS_GO_ARGUMENT, "object", "engine.ExecutableData")) {
        return false;
    }
    for (const struct cJSON *m = ls_json_first(v); m != NULL; m = ls_json_next(m)) {
        size_t i = field_index(ls_json_key(m), next);
        if (i == FIELD_COUNT) {
            continue;
        }
        next = i + 1;
        is_there[i] = !ls_json_is_null(m); /* null sets a Go pointer back to nil */
        if (is_there[i] && !read_field(a, &FIELDS[i], m, arena, out)) {
            return false;
        }
    }
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (FIELDS[i].flag != NO_FLAG) {
            *(bool *)((uint8_t *)out + FIELDS[i].flag) = is_there[i];
        } else if (!is_there[i]) {
            ls_go_args_fail(a, "missing required field '%s' for " STRUCTURE, FIELDS[i].name);
            return false;
        }
    }
    return true;
}
