/* Parameters of the sync tester's engine methods, decoded as Go decodes op-service's types: absent
 * members are zero values, null is nil for a pointer, the first fault in the text counts. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/json.h"
#include "mocks/rpc/synctester_parts.h"

#define EXTRA_TEXT_MAX 68u /* 32 bytes in hex, prefix and quotes */

/*
 * A value of another JSON kind than its Go type does not stop Go's decoder: it remembers the first
 * and goes on, and what a type's own decoder says afterwards wins.
 */
struct reader {
    struct ls_go_args *args;
    struct ls_arena *arena;
    const char *structure; /* Go's name of the struct being read */
    char mismatch[256];
};

static struct ls_go_place place(const struct reader *r, const char *field)
{
    return (struct ls_go_place){r->structure, field};
}

/* v is of this kind or null; else the mismatch is remembered. */
static bool has_kind(struct reader *r, const struct cJSON *v, const char *kind, const char *field,
                     const char *type)
{
    if (ls_json_is_null(v)) {
        return false;
    }
    if (strcmp(ls_go_kind_name(v), kind) == 0) {
        return true;
    }
    if (r->mismatch[0] == '\0') {
        (void)snprintf(r->mismatch, sizeof r->mismatch,
                       "json: cannot unmarshal %s into Go struct field %s.%s of type %s",
                       ls_go_kind_name(v), r->structure, field, type);
    }
    return false;
}

static bool end(struct reader *r)
{
    if (r->mismatch[0] != '\0') {
        ls_go_args_fail(r->args, "%s", r->mismatch);
    }
    return !r->args->is_failed;
}

/* --- members of both structs --- */

static void read_txs(struct reader *r, const struct cJSON *v, const struct ls_span **out,
                     size_t *count)
{
    *out = NULL;
    *count = 0;
    if (!has_kind(r, v, "array", "transactions", "[]hexutil.Bytes")) {
        return;
    }
    struct ls_span *txs = ls_arena_alloc(r->arena, ls_json_count(v) * sizeof *txs);
    if (txs == NULL) {
        ls_go_args_fail(r->args, "too large");
        return;
    }
    for (const struct cJSON *tx = ls_json_first(v); tx != NULL; tx = ls_json_next(tx)) {
        if (!ls_go_bytes(r->args, tx, place(r, "transactions"), r->arena, &txs[*count])) {
            return;
        }
        (*count)++;
    }
    *out = txs;
}

/* One withdrawal: nobody looks at it further, but it has to be one. */
static void read_withdrawal(struct reader *r, const struct cJSON *v)
{
    static const char *const fields[] = {"index", "validatorIndex", "address", "amount"};
    char field[40];
    uint64_t number;
    struct ls_addr address;
    if (ls_json_is_null(v)) {
        return;
    }
    if (!ls_go_kind(r->args, v, place(r, "withdrawals"), "object", "types.Withdrawal")) {
        return;
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const struct cJSON *member = ls_json_get(v, fields[i]);
        if (member == NULL || ls_json_is_null(member)) {
            continue;
        }
        (void)snprintf(field, sizeof field, "withdrawals.%s", fields[i]);
        if (i == 2) {
            (void)ls_go_fixed(r->args, member, place(r, field), "common.Address", address.b,
                              sizeof address.b);
        } else {
            (void)ls_go_u64(r->args, member, place(r, field), &number);
        }
    }
}

static void read_withdrawals(struct reader *r, const struct cJSON *v, bool *is_there, size_t *count)
{
    *is_there = false;
    *count = 0;
    if (!has_kind(r, v, "array", "withdrawals", "types.Withdrawals")) {
        return;
    }
    *is_there = true;
    for (const struct cJSON *w = ls_json_first(v); w != NULL; w = ls_json_next(w)) {
        read_withdrawal(r, w);
        (*count)++;
    }
}

/* A member behind a pointer: null is its absence. */
static void read_optional_u64(struct reader *r, const struct cJSON *v, const char *field,
                              bool *is_there, uint64_t *out)
{
    *is_there = !ls_json_is_null(v);
    if (*is_there) {
        (void)ls_go_u64(r->args, v, place(r, field), out);
    }
}

static void read_optional_hash(struct reader *r, const struct cJSON *v, const char *field,
                               bool *is_there, struct ls_hash *out)
{
    *is_there = !ls_json_is_null(v);
    if (*is_there) {
        (void)ls_go_hash(r->args, v, place(r, field), out);
    }
}

/* --- ExecutionPayload --- */

enum field_kind {
    F_HASH,
    F_BYTES32,
    F_ADDRESS,
    F_BLOOM,
    F_U64,
    F_EXTRA,
    F_FEE,
    F_TXS,
    F_WITHDRAWALS,
    F_BLOB_GAS,
    F_EXCESS,
    F_ROOT
};

#define AT(member) offsetof(struct ls_st_given, payload.member)

static const struct field {
    const char *name;
    enum field_kind kind;
    size_t at;
} PAYLOAD_FIELDS[] = {
    {"parentHash", F_HASH, AT(parent_hash)},
    {"feeRecipient", F_ADDRESS, AT(fee_recipient)},
    {"stateRoot", F_BYTES32, AT(state_root)},
    {"receiptsRoot", F_BYTES32, AT(receipts_root)},
    {"logsBloom", F_BLOOM, AT(bloom)},
    {"prevRandao", F_BYTES32, AT(prev_randao)},
    {"blockNumber", F_U64, AT(number)},
    {"gasLimit", F_U64, AT(gas_limit)},
    {"gasUsed", F_U64, AT(gas_used)},
    {"timestamp", F_U64, AT(timestamp)},
    {"extraData", F_EXTRA, 0},
    {"baseFeePerGas", F_FEE, AT(base_fee)},
    {"blockHash", F_HASH, AT(block_hash)},
    {"transactions", F_TXS, 0},
    {"withdrawals", F_WITHDRAWALS, 0},
    {"blobGasUsed", F_BLOB_GAS, AT(blob_gas_used)},
    {"excessBlobGas", F_EXCESS, AT(excess_blob_gas)},
    {"withdrawalsRoot", F_ROOT, AT(withdrawals_root)},
};

static void too_long(struct reader *r, const struct ls_buf *text)
{
    static const char head[] =
        "invalid argument 0: input too long, expected at most 32 hex-encoded, 0x-prefixed, bytes: ";
    size_t n = sizeof head - 1;
    char *message = ls_arena_alloc(r->arena, n + 2 * text->n);
    r->args->is_failed = true;
    if (message == NULL) {
        ls_rpc_error(r->args->call, LS_RPC_INVALID_PARAMS, "%s", head);
        return;
    }
    memcpy(message, head, n);
    ls_hex_encode(text->p, text->n, message + n);
    ls_rpc_error_spans(r->args->call, LS_RPC_INVALID_PARAMS,
                       (struct ls_span){(const uint8_t *)message, n + 2 * text->n},
                       (struct ls_span){0});
}

/* At most 32 bytes, which is looked at before anything else. */
static void read_extra(struct reader *r, const struct cJSON *v, struct ls_payload *p)
{
    struct ls_buf text;
    struct ls_span bytes = {0};
    ls_buf_init(&text, LS_ST_ARENA_MAX);
    ls_json_print(v, &text);
    if (text.n > EXTRA_TEXT_MAX) {
        too_long(r, &text);
    } else if (ls_go_bytes(r->args, v, place(r, "extraData"), r->arena, &bytes)) {
        memcpy(p->extra, bytes.p, bytes.n);
        p->extra_bytes = (uint8_t)bytes.n;
    }
    ls_buf_fini(&text);
}

static void read_payload_field(struct reader *r, const struct field *f, const struct cJSON *v,
                               struct ls_st_given *out)
{
    void *at = (uint8_t *)out + f->at;
    struct ls_payload *p = &out->payload;
    switch (f->kind) {
    case F_HASH:
        (void)ls_go_hash(r->args, v, place(r, f->name), at);
        break;
    case F_BYTES32:
        (void)ls_go_fixed(r->args, v, place(r, f->name), "*eth.Bytes32", at, 32);
        break;
    case F_ADDRESS:
        (void)ls_go_fixed(r->args, v, place(r, f->name), "common.Address", at, 20);
        break;
    case F_BLOOM:
        (void)ls_go_fixed(r->args, v, place(r, f->name), "*eth.Bytes256", at, 256);
        break;
    case F_U64:
        (void)ls_go_u64(r->args, v, place(r, f->name), at);
        break;
    case F_EXTRA:
        read_extra(r, v, p);
        break;
    case F_FEE:
        (void)ls_go_u256(r->args, v, place(r, f->name), at);
        break;
    case F_TXS:
        read_txs(r, v, &p->txs, &p->tx_count);
        break;
    case F_WITHDRAWALS:
        read_withdrawals(r, v, &p->has_withdrawals, &out->withdrawal_count);
        break;
    case F_BLOB_GAS:
        read_optional_u64(r, v, f->name, &out->has_blob_gas_used, at);
        break;
    case F_EXCESS:
        read_optional_u64(r, v, f->name, &out->has_excess_blob_gas, at);
        break;
    case F_ROOT:
        read_optional_hash(r, v, f->name, &p->has_withdrawals_root, at);
        break;
    }
}

static void read_payload(struct ls_st_call *c, struct ls_go_args *a, const struct cJSON *v,
                         struct ls_st_given *out)
{
    struct reader r = {.args = a, .arena = &c->port->arena, .structure = "ExecutionPayload"};
    out->is_null = v == NULL || ls_json_is_null(v);
    if (out->is_null || !ls_go_kind(a, v, LS_GO_ARGUMENT, "object", "eth.ExecutionPayload")) {
        return;
    }
    for (const struct cJSON *m = ls_json_first(v); m != NULL && !a->is_failed;
         m = ls_json_next(m)) {
        for (size_t i = 0; i < sizeof PAYLOAD_FIELDS / sizeof PAYLOAD_FIELDS[0]; i++) {
            if (ls_go_name_eq(ls_json_key(m), PAYLOAD_FIELDS[i].name)) {
                read_payload_field(&r, &PAYLOAD_FIELDS[i], m, out);
                break;
            }
        }
    }
    (void)end(&r);
}

static void take_hashes(struct ls_go_args *a, struct ls_st_given *out)
{
    struct ls_hash hash;
    const struct cJSON *v = ls_go_args_take(a, true);
    if (v == NULL || ls_json_is_null(v) ||
        !ls_go_kind(a, v, LS_GO_ARGUMENT, "array", "[]common.Hash")) {
        return;
    }
    out->has_hashes = true;
    for (const struct cJSON *h = ls_json_first(v); h != NULL; h = ls_json_next(h)) {
        (void)ls_go_hash(a, h, LS_GO_ARGUMENT, &hash);
        out->hash_count++;
    }
}

static void take_requests(struct ls_go_args *a, struct ls_arena *arena, struct ls_st_given *out)
{
    struct ls_span bytes;
    const struct cJSON *v = ls_go_args_take(a, true);
    if (v == NULL || ls_json_is_null(v) ||
        !ls_go_kind(a, v, LS_GO_ARGUMENT, "array", "[]hexutil.Bytes")) {
        return;
    }
    out->has_requests = true;
    for (const struct cJSON *h = ls_json_first(v); h != NULL; h = ls_json_next(h)) {
        (void)ls_go_bytes(a, h, LS_GO_ARGUMENT, arena, &bytes);
        out->request_count++;
    }
}

bool ls_st_take_payload(struct ls_st_call *c, struct ls_st_given *out)
{
    struct ls_go_args a;
    memset(out, 0, sizeof *out);
    ls_go_args_begin(&a, c->rpc);
    read_payload(c, &a, ls_go_args_take(&a, false), out);
    if (c->version >= 3) {
        take_hashes(&a, out);
        const struct cJSON *root = ls_go_args_take(&a, false);
        out->payload.has_beacon_root = root != NULL && !ls_json_is_null(root);
        if (out->payload.has_beacon_root) {
            (void)ls_go_hash(&a, root, LS_GO_ARGUMENT, &out->payload.beacon_root);
        }
    }
    if (c->version >= 4) {
        take_requests(&a, &c->port->arena, out);
    }
    return ls_go_args_end(&a);
}

/* --- PayloadAttributes --- */

static void read_min_base_fee(struct reader *r, const struct cJSON *v, struct ls_st_attributes *out)
{
    out->has_min_base_fee = has_kind(r, v, "number", "minBaseFee", "uint64");
    if (out->has_min_base_fee && ls_json_u64(v, &out->min_base_fee) != LS_OK) {
        struct ls_buf text;
        ls_buf_init(&text, 64);
        ls_json_print(v, &text);
        if (r->mismatch[0] == '\0') {
            (void)snprintf(r->mismatch, sizeof r->mismatch,
                           "json: cannot unmarshal number %s into Go struct field "
                           "PayloadAttributes.minBaseFee of type uint64",
                           text.p != NULL ? (const char *)text.p : "");
        }
        ls_buf_fini(&text);
    }
}

static void read_attribute(struct reader *r, const struct cJSON *v, struct ls_st_attributes *out)
{
    const char *key = ls_json_key(v);
    if (ls_go_name_eq(key, "timestamp")) {
        (void)ls_go_u64(r->args, v, place(r, "timestamp"), &out->timestamp);
    } else if (ls_go_name_eq(key, "prevRandao")) {
        (void)ls_go_fixed(r->args, v, place(r, "prevRandao"), "*eth.Bytes32", out->prev_randao.b,
                          32);
    } else if (ls_go_name_eq(key, "suggestedFeeRecipient")) {
        (void)ls_go_fixed(r->args, v, place(r, "suggestedFeeRecipient"), "common.Address",
                          out->fee_recipient.b, 20);
    } else if (ls_go_name_eq(key, "withdrawals")) {
        read_withdrawals(r, v, &out->has_withdrawals, &out->withdrawal_count);
    } else if (ls_go_name_eq(key, "parentBeaconBlockRoot")) {
        read_optional_hash(r, v, "parentBeaconBlockRoot", &out->has_beacon_root, &out->beacon_root);
    } else if (ls_go_name_eq(key, "transactions")) {
        read_txs(r, v, &out->txs, &out->tx_count);
    } else if (ls_go_name_eq(key, "noTxPool")) {
        if (has_kind(r, v, "bool", "noTxPool", "bool")) {
            out->no_tx_pool = ls_json_true(v);
        }
    } else if (ls_go_name_eq(key, "gasLimit")) {
        read_optional_u64(r, v, "gasLimit", &out->has_gas_limit, &out->gas_limit);
    } else if (ls_go_name_eq(key, "eip1559Params")) {
        out->has_params = !ls_json_is_null(v);
        if (out->has_params) {
            (void)ls_go_fixed(r->args, v, place(r, "eip1559Params"), "*eth.Bytes8", out->params, 8);
        }
    } else if (ls_go_name_eq(key, "minBaseFee")) {
        read_min_base_fee(r, v, out);
    }
}

static void read_attributes(struct ls_st_call *c, struct ls_go_args *a, const struct cJSON *v,
                            struct ls_st_forkchoice *out)
{
    struct reader r = {.args = a, .arena = &c->port->arena, .structure = "PayloadAttributes"};
    if (v == NULL || ls_json_is_null(v) ||
        !ls_go_kind(a, v, LS_GO_ARGUMENT, "object", "eth.PayloadAttributes")) {
        return;
    }
    out->has_attributes = true;
    for (const struct cJSON *m = ls_json_first(v); m != NULL && !a->is_failed;
         m = ls_json_next(m)) {
        read_attribute(&r, m, &out->attributes);
    }
    (void)end(&r);
}

static void read_state(struct ls_go_args *a, const struct cJSON *v, struct ls_st_forkchoice *out)
{
    struct {
        const char *name;
        struct ls_hash *hash;
    } fields[] = {{"headBlockHash", &out->head},
                  {"safeBlockHash", &out->safe},
                  {"finalizedBlockHash", &out->finalized}};
    out->is_null = v == NULL || ls_json_is_null(v);
    if (out->is_null || !ls_go_kind(a, v, LS_GO_ARGUMENT, "object", "eth.ForkchoiceState")) {
        return;
    }
    for (const struct cJSON *m = ls_json_first(v); m != NULL; m = ls_json_next(m)) {
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
            if (ls_go_name_eq(ls_json_key(m), fields[i].name)) {
                (void)ls_go_hash(a, m, (struct ls_go_place){"ForkchoiceState", fields[i].name},
                                 fields[i].hash);
            }
        }
    }
}

bool ls_st_take_forkchoice(struct ls_st_call *c, struct ls_st_forkchoice *out)
{
    struct ls_go_args a;
    memset(out, 0, sizeof *out);
    ls_go_args_begin(&a, c->rpc);
    read_state(&a, ls_go_args_take(&a, false), out);
    read_attributes(c, &a, ls_go_args_take(&a, false), out);
    return ls_go_args_end(&a);
}
