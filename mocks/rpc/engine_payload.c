/* ExecutableData: its fields in one table, read as Go's decoder does. */
#include <assert.h>
#include <stddef.h>

#include "mocks/rpc/engine_parts.h"
#include "mocks/rpc/gostruct.h"

#define AT(member) offsetof(struct ls_np_args, member)

/* In the order in which geth looks for missing ones. */
static const struct ls_go_field FIELDS[] = {
    {"parentHash", LS_GO_FIELD_HASH, AT(payload.parent_hash), LS_GO_REQUIRED, 0, NULL},
    {"feeRecipient", LS_GO_FIELD_ADDRESS, AT(payload.fee_recipient), LS_GO_REQUIRED, 0, NULL},
    {"stateRoot", LS_GO_FIELD_HASH, AT(payload.state_root), LS_GO_REQUIRED, 0, NULL},
    {"receiptsRoot", LS_GO_FIELD_HASH, AT(payload.receipts_root), LS_GO_REQUIRED, 0, NULL},
    {"logsBloom", LS_GO_FIELD_BYTES, AT(bloom), LS_GO_REQUIRED, 0, NULL},
    {"prevRandao", LS_GO_FIELD_HASH, AT(payload.prev_randao), LS_GO_REQUIRED, 0, NULL},
    {"blockNumber", LS_GO_FIELD_U64, AT(payload.number), LS_GO_REQUIRED, 0, NULL},
    {"gasLimit", LS_GO_FIELD_U64, AT(payload.gas_limit), LS_GO_REQUIRED, 0, NULL},
    {"gasUsed", LS_GO_FIELD_U64, AT(payload.gas_used), LS_GO_REQUIRED, 0, NULL},
    {"timestamp", LS_GO_FIELD_U64, AT(payload.timestamp), LS_GO_REQUIRED, 0, NULL},
    {"extraData", LS_GO_FIELD_BYTES, AT(extra), LS_GO_REQUIRED, 0, NULL},
    {"baseFeePerGas", LS_GO_FIELD_BIG, AT(payload.base_fee), LS_GO_REQUIRED, 0, NULL},
    {"blockHash", LS_GO_FIELD_HASH, AT(payload.block_hash), LS_GO_REQUIRED, 0, NULL},
    {"transactions", LS_GO_FIELD_BYTES_LIST, AT(payload.txs), LS_GO_REQUIRED, AT(payload.tx_count),
     NULL},
    {"withdrawals", LS_GO_FIELD_OBJECTS, AT(withdrawals), AT(has_withdrawals), AT(withdrawal_count),
     &LS_GO_WITHDRAWAL},
    {"blobGasUsed", LS_GO_FIELD_U64, AT(payload.blob_gas_used), AT(has_blob_gas_used), 0, NULL},
    {"excessBlobGas", LS_GO_FIELD_U64, AT(payload.excess_blob_gas), AT(has_excess_blob_gas), 0,
     NULL},
    {"withdrawalsRoot", LS_GO_FIELD_HASH, AT(payload.withdrawals_root),
     AT(payload.has_withdrawals_root), 0, NULL},
};
static_assert(sizeof FIELDS / sizeof FIELDS[0] <= LS_GO_FIELDS_MAX, "room for what is there");

static const struct ls_go_struct EXECUTABLE_DATA = {"ExecutableData", "engine", FIELDS,
                                                    sizeof FIELDS / sizeof FIELDS[0],
                                                    sizeof(struct ls_np_args)};

bool ls_engine_decode_payload(struct ls_go_args *a, const struct cJSON *v, struct ls_arena *arena,
                              struct ls_np_args *out)
{
    return ls_go_struct_read(a, v, &EXECUTABLE_DATA, arena, out);
}
