#include "mocks/rpc/gotx.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/rlp.h"

#define BLOB_TYPE 3u
#define BLOB_BYTES 131072u /* EIP-4844 */
#define KZG_BYTES 48u      /* a commitment or a proof */
#define HASH_BYTES 32u
#define SIDECAR_VERSION 1u /* the one with a version of its own, EIP-7594 */

/* --- types of fields --- */

static const struct ls_gorlp_type U64 = {.name = "uint64", .kind = LS_GORLP_UINT, .size = 8};
static const struct ls_gorlp_type U8 = {.name = "uint8", .kind = LS_GORLP_UINT, .size = 1};
static const struct ls_gorlp_type BOOL = {.name = "bool", .kind = LS_GORLP_BOOL};
static const struct ls_gorlp_type BIG = {.name = "big.Int", .kind = LS_GORLP_BIG};
static const struct ls_gorlp_type U256 = {.name = "uint256.Int", .kind = LS_GORLP_U256};
static const struct ls_gorlp_type BYTES = {.name = "[]uint8", .kind = LS_GORLP_BYTES};
static const struct ls_gorlp_type HASH = {
    .name = "common.Hash", .kind = LS_GORLP_FIXED, .size = HASH_BYTES};
static const struct ls_gorlp_type ADDRESS = {
    .name = "common.Address", .kind = LS_GORLP_FIXED, .size = 20};
/* No address makes a contract. */
static const struct ls_gorlp_type TO = {
    .name = "common.Address", .kind = LS_GORLP_FIXED_OR_NIL, .size = 20};
static const struct ls_gorlp_type HASHES = {
    .name = "[]common.Hash", .kind = LS_GORLP_LIST, .item = &HASH};

#define STRUCT(go_name, table)                                         \
    {                                                                  \
        .name = (go_name), .kind = LS_GORLP_STRUCT, .fields = (table), \
        .field_count = sizeof(table) / sizeof(table)[0]                \
    }

static const struct ls_gorlp_field ACCESS_TUPLE_FIELDS[] = {{"Address", &ADDRESS},
                                                            {"StorageKeys", &HASHES}};
static const struct ls_gorlp_type ACCESS_TUPLE = STRUCT("types.AccessTuple", ACCESS_TUPLE_FIELDS);
static const struct ls_gorlp_type ACCESS_LIST = {
    .name = "types.AccessList", .kind = LS_GORLP_LIST, .item = &ACCESS_TUPLE};

static const struct ls_gorlp_field AUTHORIZATION_FIELDS[] = {
    {"ChainID", &U256}, {"Address", &ADDRESS}, {"Nonce", &U64},
    {"V", &U8},         {"R", &U256},          {"S", &U256}};
static const struct ls_gorlp_type AUTHORIZATION =
    STRUCT("types.SetCodeAuthorization", AUTHORIZATION_FIELDS);
static const struct ls_gorlp_type AUTHORIZATIONS = {
    .name = "[]types.SetCodeAuthorization", .kind = LS_GORLP_LIST, .item = &AUTHORIZATION};

/* --- transactions --- */

static const struct ls_gorlp_field LEGACY_FIELDS[] = {
    {"Nonce", &U64},  {"GasPrice", &BIG}, {"Gas", &U64}, {"To", &TO}, {"Value", &BIG},
    {"Data", &BYTES}, {"V", &BIG},        {"R", &BIG},   {"S", &BIG}};

static const struct ls_gorlp_field ACCESS_LIST_FIELDS[] = {
    {"ChainID", &BIG}, {"Nonce", &U64}, {"GasPrice", &BIG}, {"Gas", &U64},
    {"To", &TO},       {"Value", &BIG}, {"Data", &BYTES},   {"AccessList", &ACCESS_LIST},
    {"V", &BIG},       {"R", &BIG},     {"S", &BIG}};

static const struct ls_gorlp_field DYNAMIC_FEE_FIELDS[] = {
    {"ChainID", &BIG},   {"Nonce", &U64},  {"GasTipCap", &BIG},
    {"GasFeeCap", &BIG}, {"Gas", &U64},    {"To", &TO},
    {"Value", &BIG},     {"Data", &BYTES}, {"AccessList", &ACCESS_LIST},
    {"V", &BIG},         {"R", &BIG},      {"S", &BIG}};

static const struct ls_gorlp_field BLOB_FIELDS[] = {{"ChainID", &U256},
                                                    {"Nonce", &U64},
                                                    {"GasTipCap", &U256},
                                                    {"GasFeeCap", &U256},
                                                    {"Gas", &U64},
                                                    {"To", &ADDRESS},
                                                    {"Value", &U256},
                                                    {"Data", &BYTES},
                                                    {"AccessList", &ACCESS_LIST},
                                                    {"BlobFeeCap", &U256},
                                                    {"BlobHashes", &HASHES},
                                                    {"V", &U256},
                                                    {"R", &U256},
                                                    {"S", &U256}};

static const struct ls_gorlp_field SET_CODE_FIELDS[] = {{"ChainID", &U256},
                                                        {"Nonce", &U64},
                                                        {"GasTipCap", &U256},
                                                        {"GasFeeCap", &U256},
                                                        {"Gas", &U64},
                                                        {"To", &ADDRESS},
                                                        {"Value", &U256},
                                                        {"Data", &BYTES},
                                                        {"AccessList", &ACCESS_LIST},
                                                        {"AuthList", &AUTHORIZATIONS},
                                                        {"V", &U256},
                                                        {"R", &U256},
                                                        {"S", &U256}};

static const struct ls_gorlp_field DEPOSIT_FIELDS[] = {{"SourceHash", &HASH},
                                                       {"From", &ADDRESS},
                                                       {"To", &TO},
                                                       {"Mint", &BIG},
                                                       {"Value", &BIG},
                                                       {"Gas", &U64},
                                                       {"IsSystemTransaction", &BOOL},
                                                       {"Data", &BYTES}};

static const struct ls_gorlp_type LEGACY = STRUCT("types.LegacyTx", LEGACY_FIELDS);
static const struct ls_gorlp_type BLOB = STRUCT("types.BlobTx", BLOB_FIELDS);

static const struct {
    uint8_t type;
    struct ls_gorlp_type of;
} TYPES[] = {{1, STRUCT("types.AccessListTx", ACCESS_LIST_FIELDS)},
             {2, STRUCT("types.DynamicFeeTx", DYNAMIC_FEE_FIELDS)},
             {4, STRUCT("types.SetCodeTx", SET_CODE_FIELDS)},
             {0x7e, STRUCT("types.DepositTx", DEPOSIT_FIELDS)}};

/* --- a blob transaction, alone or with its blobs --- */

static const struct ls_gorlp_type BLOB_CONTENT = {
    .name = "kzg4844.Blob", .kind = LS_GORLP_FIXED, .size = BLOB_BYTES};
static const struct ls_gorlp_type COMMITMENT = {
    .name = "kzg4844.Commitment", .kind = LS_GORLP_FIXED, .size = KZG_BYTES};
static const struct ls_gorlp_type PROOF = {
    .name = "kzg4844.Proof", .kind = LS_GORLP_FIXED, .size = KZG_BYTES};
static const struct ls_gorlp_type BLOB_CONTENTS = {
    .name = "[]kzg4844.Blob", .kind = LS_GORLP_LIST, .item = &BLOB_CONTENT};
static const struct ls_gorlp_type COMMITMENTS = {
    .name = "[]kzg4844.Commitment", .kind = LS_GORLP_LIST, .item = &COMMITMENT};
static const struct ls_gorlp_type PROOFS = {
    .name = "[]kzg4844.Proof", .kind = LS_GORLP_LIST, .item = &PROOF};

static const struct ls_gorlp_field SIDECAR_0_FIELDS[] = {{"BlobTx", &BLOB},
                                                         {"Blobs", &BLOB_CONTENTS},
                                                         {"Commitments", &COMMITMENTS},
                                                         {"Proofs", &PROOFS}};
static const struct ls_gorlp_field SIDECAR_1_FIELDS[] = {{"BlobTx", &BLOB},
                                                         {"Version", &U8},
                                                         {"Blobs", &BLOB_CONTENTS},
                                                         {"Commitments", &COMMITMENTS},
                                                         {"Proofs", &PROOFS}};
static const struct ls_gorlp_type SIDECAR_0 = STRUCT("types.blobTxWithBlobsV0", SIDECAR_0_FIELDS);
static const struct ls_gorlp_type SIDECAR_1 = STRUCT("types.blobTxWithBlobsV1", SIDECAR_1_FIELDS);

static bool say(char text[LS_GORLP_TEXT_MAX], const char *why)
{
    (void)snprintf(text, LS_GORLP_TEXT_MAX, "%s", why);
    return false;
}

static bool check_version(struct ls_span version, char text[LS_GORLP_TEXT_MAX])
{
    unsigned v = version.n > 0 ? version.p[0] : 0;
    if (v != SIDECAR_VERSION) {
        (void)snprintf(text, LS_GORLP_TEXT_MAX, "unsupported blob tx version %u", v);
    }
    return v == SIDECAR_VERSION;
}

/* With blobs it is a list that begins with a list; behind that, the newer form has its version. */
static bool check_blob(struct ls_span body, char text[LS_GORLP_TEXT_MAX])
{
    struct ls_gorlp_part all;
    struct ls_gorlp_part first;
    struct ls_gorlp_part second;
    const char *fault = ls_gorlp_split(body, &all);
    if (fault == NULL && !all.is_list) {
        fault = "rlp: expected List";
    }
    if (fault == NULL) {
        fault = ls_gorlp_split(all.content, &first);
    }
    if (fault == NULL && !first.is_list) {
        return ls_gorlp_check(body, &BLOB, text);
    }
    if (fault == NULL) {
        fault = ls_gorlp_split(first.rest, &second);
    }
    if (fault != NULL) {
        return say(text, fault);
    }
    if (second.is_list) {
        return ls_gorlp_check(body, &SIDECAR_0, text);
    }
    return ls_gorlp_check(body, &SIDECAR_1, text) && check_version(second.content, text);
}

/* --- any transaction --- */

bool ls_gotx_check(struct ls_span tx, char text[LS_GORLP_TEXT_MAX])
{
    if (tx.n > 0 && tx.p[0] > 0x7f) {
        return ls_gorlp_check(tx, &LEGACY, text);
    }
    if (tx.n <= 1) {
        return say(text, "typed transaction too short");
    }
    struct ls_span body = {tx.p + 1, tx.n - 1};
    if (tx.p[0] == BLOB_TYPE) {
        return check_blob(body, text);
    }
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        if (TYPES[i].type == tx.p[0]) {
            return ls_gorlp_check(body, &TYPES[i].of, text);
        }
    }
    return say(text, "transaction type not supported");
}

/* --- reading what was taken --- */

uint8_t ls_gotx_type(struct ls_span tx)
{
    return tx.n > 0 && tx.p[0] <= 0x7f ? tx.p[0] : 0;
}

/* The list of the fields, head and all; p NULL when there is none. */
static struct ls_span fields_of(struct ls_span tx)
{
    struct ls_span none = {NULL, 0};
    struct ls_rlp_item item;
    size_t type_bytes = tx.n > 0 && tx.p[0] <= 0x7f;
    struct ls_span in = {tx.p + type_bytes, tx.n - type_bytes};
    if (ls_rlp_next(&in, &item) != LS_OK || !item.is_list) {
        return none;
    }
    bool has_blobs = ls_gotx_type(tx) == BLOB_TYPE && item.body.n > 0 && item.body.p[0] >= 0xc0;
    in = item.body;
    if (has_blobs && ls_rlp_next(&in, &item) != LS_OK) {
        return none;
    }
    return item.raw;
}

static const struct ls_gorlp_type *table_of(uint8_t type)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        if (TYPES[i].type == type) {
            return &TYPES[i].of;
        }
    }
    return type == BLOB_TYPE ? &BLOB : &LEGACY;
}

bool ls_gotx_field(struct ls_span tx, const char *name, struct ls_span *out)
{
    const struct ls_gorlp_type *t = table_of(ls_gotx_type(tx));
    struct ls_span in = fields_of(tx);
    struct ls_rlp_item item;
    if (in.p == NULL || ls_rlp_next(&in, &item) != LS_OK) {
        return false;
    }
    in = item.body;
    for (size_t i = 0; i < t->field_count && ls_rlp_next(&in, &item) == LS_OK; i++) {
        if (strcmp(t->fields[i].name, name) == 0) {
            *out = item.body;
            return true;
        }
    }
    return false;
}

bool ls_gotx_has_blobs(struct ls_span tx)
{
    return ls_gotx_type(tx) == BLOB_TYPE && fields_of(tx).p != tx.p + 1;
}

struct ls_hash ls_gotx_hash(struct ls_span tx)
{
    struct ls_keccak k;
    struct ls_hash out;
    struct ls_span fields = fields_of(tx);
    ls_keccak_init(&k);
    ls_keccak_update(&k, tx.p, tx.p[0] <= 0x7f);
    ls_keccak_update(&k, fields.p, fields.n);
    ls_keccak_final(&k, out.b);
    return out;
}

struct ls_gotx_hashes ls_gotx_blob_hashes(struct ls_span tx)
{
    struct ls_span list;
    if (ls_gotx_type(tx) != BLOB_TYPE || !ls_gotx_field(tx, "BlobHashes", &list)) {
        return (struct ls_gotx_hashes){0};
    }
    return (struct ls_gotx_hashes){
        .first = list.p + 1, .stride = 1 + HASH_BYTES, .count = list.n / (1 + HASH_BYTES)};
}
