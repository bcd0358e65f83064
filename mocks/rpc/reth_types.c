#include "mocks/rpc/reth_types.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NEEDED(rust_name, of_type, st, member)                                   \
    {                                                                            \
        .name = (rust_name), .type = &(of_type), .offset = offsetof(st, member), \
        .flag = LS_SERDE_NO_FLAG                                                 \
    }
#define OPTION(rust_name, of_type, st, member, flag_member)                      \
    {                                                                            \
        .name = (rust_name), .type = &(of_type), .offset = offsetof(st, member), \
        .is_optional = true, .flag = offsetof(st, flag_member)                   \
    }
/* Parameters have Rust's name and its camel case. */
#define PARAM(rust_name, camel, of_type, st, member)                                               \
    {                                                                                              \
        .name = (rust_name), .alias = (camel), .type = &(of_type), .offset = offsetof(st, member), \
        .flag = LS_SERDE_NO_FLAG                                                                   \
    }
#define PARAM_OPTION(rust_name, camel, of_type, st, member, flag_member)                           \
    {                                                                                              \
        .name = (rust_name), .alias = (camel), .type = &(of_type), .offset = offsetof(st, member), \
        .is_optional = true, .flag = offsetof(st, flag_member)                                     \
    }
#define PARAMS(list)                                                         \
    {                                                                        \
        .name = "ParamsObject", .fields = (list), .field_count = COUNT(list) \
    }

/* --- alloy's primitives --- */

static const struct ls_serde_type B64 = {.kind = LS_SERDE_FIXED, .bytes = 8};
static const struct ls_serde_type ADDRESS = {.kind = LS_SERDE_FIXED, .bytes = 20};
static const struct ls_serde_type B256 = {.kind = LS_SERDE_FIXED, .bytes = 32};
static const struct ls_serde_type BLOOM = {.kind = LS_SERDE_FIXED, .bytes = 256};
static const struct ls_serde_type U64 = {.kind = LS_SERDE_UINT, .bytes = 8};
static const struct ls_serde_type U256 = {.kind = LS_SERDE_UINT, .bytes = 32};
static const struct ls_serde_type BYTES = {.kind = LS_SERDE_BYTES};
static const struct ls_serde_type NUMBER = {.kind = LS_SERDE_NUMBER};
static const struct ls_serde_type BOOL = {.kind = LS_SERDE_BOOL};
static const struct ls_serde_type STRING = {.kind = LS_SERDE_STRING};
static const struct ls_serde_type BLOCK = {.kind = LS_SERDE_BLOCK};
static const struct ls_serde_type BLOCK_ID = {.kind = LS_SERDE_BLOCK_ID};
static const struct ls_serde_type BYTES_LIST = {
    .kind = LS_SERDE_LIST, .bytes = sizeof(struct ls_span), .item = &BYTES};
static const struct ls_serde_type HASHES = {
    .kind = LS_SERDE_LIST, .bytes = sizeof(struct ls_hash), .item = &B256};
static const struct ls_serde_type STRINGS = {
    .kind = LS_SERDE_LIST, .bytes = sizeof(struct ls_span), .item = &STRING};

static const struct ls_serde_field WITHDRAWAL_FIELDS[] = {
    NEEDED("index", U64, struct ls_reth_withdrawal, index),
    NEEDED("validatorIndex", U64, struct ls_reth_withdrawal, validator_index),
    NEEDED("address", ADDRESS, struct ls_reth_withdrawal, address),
    NEEDED("amount", U64, struct ls_reth_withdrawal, amount)};
static const struct ls_serde_struct WITHDRAWAL_STRUCT = {
    .name = "Withdrawal", .fields = WITHDRAWAL_FIELDS, .field_count = COUNT(WITHDRAWAL_FIELDS)};
static const struct ls_serde_type WITHDRAWAL = {.kind = LS_SERDE_STRUCT, .of = &WITHDRAWAL_STRUCT};
static const struct ls_serde_type WITHDRAWALS = {
    .kind = LS_SERDE_LIST, .bytes = sizeof(struct ls_reth_withdrawal), .item = &WITHDRAWAL};

/* --- newPayload --- */

#define NP struct ls_reth_np
#define PAYLOAD_V1                                                       \
    NEEDED("parentHash", B256, NP, args.payload.parent_hash),            \
        NEEDED("feeRecipient", ADDRESS, NP, args.payload.fee_recipient), \
        NEEDED("stateRoot", B256, NP, args.payload.state_root),          \
        NEEDED("receiptsRoot", B256, NP, args.payload.receipts_root),    \
        NEEDED("logsBloom", BLOOM, NP, bloom),                           \
        NEEDED("prevRandao", B256, NP, args.payload.prev_randao),        \
        NEEDED("blockNumber", U64, NP, args.payload.number),             \
        NEEDED("gasLimit", U64, NP, args.payload.gas_limit),             \
        NEEDED("gasUsed", U64, NP, args.payload.gas_used),               \
        NEEDED("timestamp", U64, NP, args.payload.timestamp),            \
        NEEDED("extraData", BYTES, NP, args.extra),                      \
        NEEDED("baseFeePerGas", U256, NP, args.payload.base_fee),        \
        NEEDED("blockHash", B256, NP, args.payload.block_hash),          \
        NEEDED("transactions", BYTES_LIST, NP, txs)

static const struct ls_serde_field PAYLOAD_V2_FIELDS[] = {
    PAYLOAD_V1, OPTION("withdrawals", WITHDRAWALS, NP, withdrawals, args.has_withdrawals)};
static const struct ls_serde_field PAYLOAD_V3_FIELDS[] = {
    PAYLOAD_V1, NEEDED("withdrawals", WITHDRAWALS, NP, withdrawals),
    NEEDED("blobGasUsed", U64, NP, args.payload.blob_gas_used),
    NEEDED("excessBlobGas", U64, NP, args.payload.excess_blob_gas)};
static const struct ls_serde_field PAYLOAD_V4_FIELDS[] = {
    NEEDED("withdrawalsRoot", B256, NP, args.payload.withdrawals_root)};

/* alloy decodes V2 and V3 through a local struct of this name. */
static const struct ls_serde_struct PAYLOAD_V2_STRUCT = {.name = "Helper",
                                                         .fields = PAYLOAD_V2_FIELDS,
                                                         .field_count = COUNT(PAYLOAD_V2_FIELDS),
                                                         .denies_unknown = true};
static const struct ls_serde_struct PAYLOAD_V3_STRUCT = {
    .name = "Helper", .fields = PAYLOAD_V3_FIELDS, .field_count = COUNT(PAYLOAD_V3_FIELDS)};
static const struct ls_serde_struct PAYLOAD_V4_STRUCT = {.name = "OpExecutionPayloadV4",
                                                         .fields = PAYLOAD_V4_FIELDS,
                                                         .field_count = COUNT(PAYLOAD_V4_FIELDS),
                                                         .flat = &PAYLOAD_V3_STRUCT};
static const struct ls_serde_type PAYLOAD_V2 = {.kind = LS_SERDE_STRUCT, .of = &PAYLOAD_V2_STRUCT};
static const struct ls_serde_type PAYLOAD_V3 = {.kind = LS_SERDE_STRUCT, .of = &PAYLOAD_V3_STRUCT};
static const struct ls_serde_type PAYLOAD_V4 = {.kind = LS_SERDE_STRUCT, .of = &PAYLOAD_V4_STRUCT};

#define BESIDE_V3                                                            \
    PARAM("versioned_hashes", "versionedHashes", HASHES, NP, hashes),        \
        PARAM("parent_beacon_block_root", "parentBeaconBlockRoot", B256, NP, \
              args.payload.beacon_root)

/* The payload comes first: &((NP *)0)->args has offset 0, where all its fields count from. */
static const struct ls_serde_field NEW_PAYLOAD_V2[] = {
    PARAM("payload", "payload", PAYLOAD_V2, NP, args)};
static const struct ls_serde_field NEW_PAYLOAD_V3[] = {
    PARAM("payload", "payload", PAYLOAD_V3, NP, args), BESIDE_V3};
static const struct ls_serde_field NEW_PAYLOAD_V4[] = {
    PARAM("payload", "payload", PAYLOAD_V4, NP, args), BESIDE_V3,
    PARAM("execution_requests", "executionRequests", BYTES_LIST, NP, requests)};
_Static_assert(offsetof(NP, args) == 0, "fields of a payload count from the parameters");
const struct ls_serde_struct LS_RETH_NEW_PAYLOAD_V2 = PARAMS(NEW_PAYLOAD_V2);
const struct ls_serde_struct LS_RETH_NEW_PAYLOAD_V3 = PARAMS(NEW_PAYLOAD_V3);
const struct ls_serde_struct LS_RETH_NEW_PAYLOAD_V4 = PARAMS(NEW_PAYLOAD_V4);

/* --- forkchoiceUpdated --- */

static const struct ls_serde_field STATE_FIELDS[] = {
    NEEDED("headBlockHash", B256, struct ls_forkchoice, head),
    NEEDED("safeBlockHash", B256, struct ls_forkchoice, safe),
    NEEDED("finalizedBlockHash", B256, struct ls_forkchoice, finalized)};
static const struct ls_serde_struct STATE_STRUCT = {
    .name = "ForkchoiceState", .fields = STATE_FIELDS, .field_count = COUNT(STATE_FIELDS)};
static const struct ls_serde_type STATE = {.kind = LS_SERDE_STRUCT, .of = &STATE_STRUCT};

#define FCU struct ls_reth_fcu
/* Offsets of attributes count from the attributes. */
#define AT(member) (offsetof(FCU, attributes.member) - offsetof(FCU, attributes))

static const struct ls_serde_field ETH_ATTRIBUTES[] = {
    {.name = "timestamp", .type = &U64, .offset = AT(at.timestamp), .flag = LS_SERDE_NO_FLAG},
    {.name = "prevRandao", .type = &B256, .offset = AT(at.random), .flag = LS_SERDE_NO_FLAG},
    {.name = "suggestedFeeRecipient",
     .type = &ADDRESS,
     .offset = AT(at.fee_recipient),
     .flag = LS_SERDE_NO_FLAG},
    {.name = "withdrawals",
     .type = &WITHDRAWALS,
     .offset = AT(withdrawals),
     .is_optional = true,
     .flag = AT(at.has_withdrawals)},
    {.name = "parentBeaconBlockRoot",
     .type = &B256,
     .offset = AT(at.beacon_root),
     .is_optional = true,
     .flag = AT(at.has_beacon_root)}};
static const struct ls_serde_struct ETH_ATTRIBUTES_STRUCT = {
    .name = "PayloadAttributes", .fields = ETH_ATTRIBUTES, .field_count = COUNT(ETH_ATTRIBUTES)};
static const struct ls_serde_field OP_ATTRIBUTES[] = {{.name = "transactions",
                                                       .type = &BYTES_LIST,
                                                       .offset = AT(txs),
                                                       .is_optional = true,
                                                       .flag = LS_SERDE_NO_FLAG},
                                                      {.name = "noTxPool",
                                                       .type = &BOOL,
                                                       .offset = AT(at.no_tx_pool),
                                                       .is_optional = true,
                                                       .flag = LS_SERDE_NO_FLAG},
                                                      {.name = "gasLimit",
                                                       .type = &U64,
                                                       .offset = AT(at.gas_limit),
                                                       .is_optional = true,
                                                       .flag = AT(at.has_gas_limit)},
                                                      {.name = "eip1559Params",
                                                       .type = &B64,
                                                       .offset = AT(eip1559),
                                                       .is_optional = true,
                                                       .flag = AT(has_eip1559)},
                                                      {.name = "minBaseFee",
                                                       .type = &NUMBER,
                                                       .offset = AT(at.min_base_fee),
                                                       .is_optional = true,
                                                       .flag = AT(at.has_min_base_fee)}};
static const struct ls_serde_struct OP_ATTRIBUTES_STRUCT = {.name = "OpPayloadAttributes",
                                                            .fields = OP_ATTRIBUTES,
                                                            .field_count = COUNT(OP_ATTRIBUTES),
                                                            .flat = &ETH_ATTRIBUTES_STRUCT};
static const struct ls_serde_type ATTRIBUTES = {.kind = LS_SERDE_STRUCT,
                                                .of = &OP_ATTRIBUTES_STRUCT};
static const struct ls_serde_field FORKCHOICE[] = {
    PARAM("fork_choice_state", "forkChoiceState", STATE, FCU, state),
    PARAM_OPTION("payload_attributes", "payloadAttributes", ATTRIBUTES, FCU, attributes,
                 has_attributes)};
const struct ls_serde_struct LS_RETH_FORKCHOICE = PARAMS(FORKCHOICE);

/* --- the others --- */

#define READ struct ls_reth_read

static const struct ls_serde_field PAYLOAD_ID[] = {PARAM("payload_id", "payloadId", B64, READ, id)};
const struct ls_serde_struct LS_RETH_PAYLOAD_ID = PARAMS(PAYLOAD_ID);

static const struct ls_serde_field BODIES_BY_HASH[] = {
    PARAM("block_hashes", "blockHashes", HASHES, READ, list)};
const struct ls_serde_struct LS_RETH_BODIES_BY_HASH = PARAMS(BODIES_BY_HASH);

static const struct ls_serde_field BODIES_BY_RANGE[] = {PARAM("start", "start", U64, READ, start),
                                                        PARAM("count", "count", U64, READ, count)};
const struct ls_serde_struct LS_RETH_BODIES_BY_RANGE = PARAMS(BODIES_BY_RANGE);

static const struct ls_serde_field CAPABILITIES[] = {
    PARAM("capabilities", "capabilities", STRINGS, READ, list)};
const struct ls_serde_struct LS_RETH_CAPABILITIES = PARAMS(CAPABILITIES);

static const char *const CLIENT_CODES[] = {"BU", "EJ", "EG", "GE", "GR", "LH", "LS",
                                           "NM", "NB", "TE", "TK", "PM", "RH", NULL};
static const struct ls_serde_type CLIENT_CODE = {.kind = LS_SERDE_NAME, .names = CLIENT_CODES};
static const struct ls_serde_field CLIENT_FIELDS[] = {
    NEEDED("code", CLIENT_CODE, struct ls_reth_client, code),
    NEEDED("name", STRING, struct ls_reth_client, name),
    NEEDED("version", STRING, struct ls_reth_client, version),
    NEEDED("commit", STRING, struct ls_reth_client, commit)};
static const struct ls_serde_struct CLIENT_STRUCT = {
    .name = "ClientVersionV1", .fields = CLIENT_FIELDS, .field_count = COUNT(CLIENT_FIELDS)};
static const struct ls_serde_type CLIENT_VERSION = {.kind = LS_SERDE_STRUCT, .of = &CLIENT_STRUCT};
static const struct ls_serde_field CLIENT[] = {
    {.name = "client", .type = &CLIENT_VERSION, .offset = 0, .flag = LS_SERDE_NO_FLAG}};
const struct ls_serde_struct LS_RETH_CLIENT = PARAMS(CLIENT);

static const struct ls_serde_field BLOCK_BY_NUMBER[] = {
    PARAM("number", "number", BLOCK, READ, block), PARAM("full", "full", BOOL, READ, is_full)};
const struct ls_serde_struct LS_RETH_BLOCK_BY_NUMBER = PARAMS(BLOCK_BY_NUMBER);

static const struct ls_serde_field BLOCK_BY_HASH[] = {PARAM("hash", "hash", B256, READ, hash),
                                                      PARAM("full", "full", BOOL, READ, is_full)};
const struct ls_serde_struct LS_RETH_BLOCK_BY_HASH = PARAMS(BLOCK_BY_HASH);

static const struct ls_serde_field ONE_BLOCK[] = {
    PARAM("block_id", "blockId", BLOCK_ID, READ, block)};
const struct ls_serde_struct LS_RETH_BLOCK_ID = PARAMS(ONE_BLOCK);

static const struct ls_serde_field PROOF[] = {
    PARAM("address", "address", ADDRESS, READ, address), PARAM("keys", "keys", STRINGS, READ, list),
    PARAM_OPTION("block_number", "blockNumber", BLOCK_ID, READ, block, has_block)};
const struct ls_serde_struct LS_RETH_PROOF = PARAMS(PROOF);

static const struct ls_serde_field ONE_HASH[] = {PARAM("hash", "hash", B256, READ, hash)};
const struct ls_serde_struct LS_RETH_HASH = PARAMS(ONE_HASH);

static const struct ls_serde_field ACCOUNT[] = {
    PARAM("address", "address", ADDRESS, READ, address),
    PARAM_OPTION("block_number", "blockNumber", BLOCK_ID, READ, block, has_block)};
const struct ls_serde_struct LS_RETH_ACCOUNT = PARAMS(ACCOUNT);

static const struct ls_serde_field OWN_PAYLOAD[] = {PARAM("payload", "payload", BYTES, READ, rlp)};
const struct ls_serde_struct LS_RETH_OWN_PAYLOAD = PARAMS(OWN_PAYLOAD);

/* --- jsonrpsee's sequence of parameters --- */

static bool fail(struct ls_rpc_call *call, struct ls_arena *arena, struct ls_span sentence)
{
    static const char message[] = "Invalid params";
    struct ls_buf json;
    struct ls_jw w;
    ls_buf_init(&json, 8 * sentence.n + 16);
    ls_jw_init(&w, &json);
    ls_jw_strn(&w, NULL, (const char *)sentence.p, sentence.n);
    struct ls_span data = {ls_arena_dup(arena, json.p, json.n), json.n};
    ls_buf_fini(&json);
    ls_rpc_error_spans(call, LS_RPC_INVALID_PARAMS,
                       (struct ls_span){(const uint8_t *)message, sizeof message - 1}, data);
    return false;
}

static bool fail_text(struct ls_rpc_call *call, struct ls_arena *arena, const char *text)
{
    return fail(call, arena, (struct ls_span){(const uint8_t *)text, strlen(text)});
}

static struct ls_span trim(struct ls_span v)
{
    while (v.n > 0 && strchr(" \t\r\n", v.p[0]) != NULL) {
        v.p++;
        v.n--;
    }
    while (v.n > 0 && strchr(" \t\r\n", v.p[v.n - 1]) != NULL) {
        v.n--;
    }
    return v;
}

/* Decodes what follows the bracket or comma that *rest starts with; places count from there. */
static bool take(struct ls_rpc_call *call, struct ls_arena *arena, struct ls_span *rest,
                 const struct ls_serde_field *f, void *out)
{
    struct ls_serde s;
    bool is_there = true;
    uint8_t *at = (uint8_t *)out + f->offset;
    ls_serde_init(&s, (const char *)rest->p + 1, rest->n - 1, arena);
    bool is_fine = f->is_optional ? ls_serde_decode_option(&s, f->type, at, &is_there)
                                  : ls_serde_decode(&s, f->type, at);
    if (!is_fine) {
        (void)fail(call, arena, ls_buf_span(&s.fault));
    } else if (f->flag != LS_SERDE_NO_FLAG) {
        memcpy((uint8_t *)out + f->flag, &is_there, sizeof is_there);
    }
    *rest = trim((struct ls_span){(const uint8_t *)s.text + s.at, s.n - s.at});
    ls_serde_fini(&s);
    return is_fine;
}

static bool by_position(struct ls_rpc_call *call, struct ls_arena *arena, struct ls_span rest,
                        const struct ls_serde_struct *t, void *out)
{
    if (rest.n == 2 && memcmp(rest.p, "[]", 2) == 0) {
        rest.n = 0;
    }
    for (size_t i = 0; i < t->field_count; i++) {
        const struct ls_serde_field *f = &t->fields[i];
        bool is_over = rest.n == 0 || rest.p[0] == ']';
        if (is_over && !f->is_optional) {
            return fail_text(call, arena, "No more params");
        }
        if (!is_over && rest.p[0] != '[' && rest.p[0] != ',') {
            struct ls_serde s;
            ls_serde_init(&s, (const char *)rest.p, rest.n, arena);
            (void)ls_serde_fail(&s, "Invalid params. Expected one of '[', ']' or ',' but found ");
            ls_serde_quote(&s, rest);
            (void)fail(call, arena, ls_buf_span(&s.fault));
            ls_serde_fini(&s);
            return false;
        }
        if (!is_over && !take(call, arena, &rest, f, out)) {
            return false;
        }
    }
    return true;
}

bool ls_reth_params(struct ls_rpc_call *call, struct ls_arena *arena,
                    const struct ls_serde_struct *t, void *out)
{
    struct ls_span text = trim(call->params_text);
    if (text.n == 4 && memcmp(text.p, "null", 4) == 0) {
        text.n = 0;
    }
    if (text.n == 0 || text.p[0] != '{') {
        return by_position(call, arena, text, t, out);
    }
    const struct ls_serde_type type = {.kind = LS_SERDE_STRUCT, .of = t};
    struct ls_serde s;
    ls_serde_init(&s, (const char *)text.p, text.n, arena);
    bool is_fine = ls_serde_decode(&s, &type, out);
    if (!is_fine) {
        (void)fail(call, arena, ls_buf_span(&s.fault));
    }
    ls_serde_fini(&s);
    return is_fine;
}
