/*
 * A table per type says which member each RLP field is and how it is written.
 */
#include "lib/op/txjson.h"

#include <assert.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/num.h"
#include "lib/rlp.h"

#define FIELDS_MAX 16u

enum form {
    FORM_END,
    FORM_QUANTITY,
    FORM_DATA,
    FORM_TO,   /* 20 bytes, or empty: null */
    FORM_HASH, /* 32 bytes */
    FORM_ADDRESS,
    FORM_ACCESS_LIST,
    FORM_AUTHORIZATIONS,
    FORM_PARITY, /* quantity, written as yParity and v */
    FORM_FLAG    /* written only when true */
};

struct field {
    const char *name;
    enum form form;
};

static const struct field LEGACY[] = {{"nonce", FORM_QUANTITY}, {"gasPrice", FORM_QUANTITY},
                                      {"gas", FORM_QUANTITY},   {"to", FORM_TO},
                                      {"value", FORM_QUANTITY}, {"input", FORM_DATA},
                                      {"v", FORM_QUANTITY},     {"r", FORM_QUANTITY},
                                      {"s", FORM_QUANTITY},     {NULL, FORM_END}};

static const struct field ACCESS_LIST[] = {{"chainId", FORM_QUANTITY},
                                           {"nonce", FORM_QUANTITY},
                                           {"gasPrice", FORM_QUANTITY},
                                           {"gas", FORM_QUANTITY},
                                           {"to", FORM_TO},
                                           {"value", FORM_QUANTITY},
                                           {"input", FORM_DATA},
                                           {"accessList", FORM_ACCESS_LIST},
                                           {"yParity", FORM_PARITY},
                                           {"r", FORM_QUANTITY},
                                           {"s", FORM_QUANTITY},
                                           {NULL, FORM_END}};

static const struct field DYNAMIC_FEE[] = {{"chainId", FORM_QUANTITY},
                                           {"nonce", FORM_QUANTITY},
                                           {"maxPriorityFeePerGas", FORM_QUANTITY},
                                           {"maxFeePerGas", FORM_QUANTITY},
                                           {"gas", FORM_QUANTITY},
                                           {"to", FORM_TO},
                                           {"value", FORM_QUANTITY},
                                           {"input", FORM_DATA},
                                           {"accessList", FORM_ACCESS_LIST},
                                           {"yParity", FORM_PARITY},
                                           {"r", FORM_QUANTITY},
                                           {"s", FORM_QUANTITY},
                                           {NULL, FORM_END}};

static const struct field SET_CODE[] = {{"chainId", FORM_QUANTITY},
                                        {"nonce", FORM_QUANTITY},
                                        {"maxPriorityFeePerGas", FORM_QUANTITY},
                                        {"maxFeePerGas", FORM_QUANTITY},
                                        {"gas", FORM_QUANTITY},
                                        {"to", FORM_TO},
                                        {"value", FORM_QUANTITY},
                                        {"input", FORM_DATA},
                                        {"accessList", FORM_ACCESS_LIST},
                                        {"authorizationList", FORM_AUTHORIZATIONS},
                                        {"yParity", FORM_PARITY},
                                        {"r", FORM_QUANTITY},
                                        {"s", FORM_QUANTITY},
                                        {NULL, FORM_END}};

static const struct field DEPOSIT[] = {
    {"sourceHash", FORM_HASH}, {"from", FORM_ADDRESS},   {"to", FORM_TO},
    {"mint", FORM_QUANTITY},   {"value", FORM_QUANTITY}, {"gas", FORM_QUANTITY},
    {"isSystemTx", FORM_FLAG}, {"input", FORM_DATA},     {NULL, FORM_END}};

static const struct field AUTHORIZATION[] = {{"chainId", FORM_QUANTITY},
                                             {"address", FORM_ADDRESS},
                                             {"nonce", FORM_QUANTITY},
                                             {"yParity", FORM_QUANTITY},
                                             {"r", FORM_QUANTITY},
                                             {"s", FORM_QUANTITY},
                                             {NULL, FORM_END}};

/* A transaction taken apart. */
struct tx {
    uint8_t type;
    const struct field *fields;
    struct ls_rlp_item items[FIELDS_MAX];
};

/* --- taking apart --- */

static const struct field *fields_of(uint8_t type)
{
    switch (type) {
    case 1:
        return ACCESS_LIST;
    case 2:
        return DYNAMIC_FEE;
    case 4:
        return SET_CODE;
    case 0x7e:
        return DEPOSIT;
    default:
        return NULL;
    }
}

/* Reads as many items as there are fields, no more and no less. */
static enum ls_err split(struct ls_span body, const struct field *fields,
                         struct ls_rlp_item items[FIELDS_MAX])
{
    for (size_t i = 0; fields[i].name; i++) {
        enum ls_err e = ls_rlp_next(&body, &items[i]);
        if (e) {
            return e;
        }
    }
    return body.n == 0 ? LS_OK : LS_ERR_PARSE;
}

static enum ls_err decode(struct ls_span bytes, struct tx *out)
{
    struct ls_rlp_item list;

    if (bytes.n == 0) {
        return LS_ERR_PARSE;
    }
    out->type = bytes.p[0] >= 0xc0 ? 0 : bytes.p[0];
    out->fields = bytes.p[0] >= 0xc0 ? LEGACY : fields_of(out->type);
    if (!out->fields) {
        return LS_ERR_UNSUPPORTED;
    }
    if (bytes.p[0] < 0xc0) {
        bytes.p++;
        bytes.n--;
    }
    enum ls_err e = ls_rlp_next(&bytes, &list);
    if (e || !list.is_list || bytes.n > 0) {
        return e ? e : LS_ERR_PARSE;
    }
    return split(list.body, out->fields, out->items);
}

/* NULL when this type has no such field. */
static const struct ls_rlp_item *find_item(const struct tx *tx, const char *name)
{
    for (size_t i = 0; tx->fields[i].name; i++) {
        if (strcmp(tx->fields[i].name, name) == 0) {
            return &tx->items[i];
        }
    }
    return NULL;
}

/* A field that the type has. */
static const struct ls_rlp_item *item_of(const struct tx *tx, const char *name)
{
    const struct ls_rlp_item *item = find_item(tx, name);
    assert(item);
    return item;
}

static enum ls_err to_u256(const struct ls_rlp_item *item, struct ls_u256 *out)
{
    struct ls_u256 v = {{0}};

    if (item->is_list || item->body.n > sizeof v.be || (item->body.n > 0 && item->body.p[0] == 0)) {
        return LS_ERR_PARSE;
    }
    if (item->body.n > 0) {
        memcpy(v.be + sizeof v.be - item->body.n, item->body.p, item->body.n);
    }
    *out = v;
    return LS_OK;
}

/* --- writing fields --- */

static enum ls_err put_fields(const struct field *fields, const struct ls_rlp_item *items,
                              struct ls_jw *w);

static enum ls_err put_keys(struct ls_span list, struct ls_jw *w)
{
    struct ls_rlp_item key;
    enum ls_err e = LS_OK;

    while (!e && list.n > 0) {
        e = ls_rlp_next(&list, &key);
        if (!e && (key.is_list || key.body.n != 32)) {
            e = LS_ERR_PARSE;
        }
        if (!e) {
            ls_jw_hex(w, NULL, key.body.p, key.body.n);
        }
    }
    return e;
}

/* [[address, [key, …]], …] */
static enum ls_err put_access_list(const struct ls_rlp_item *item, struct ls_jw *w)
{
    struct ls_span list = item->body;
    enum ls_err e = item->is_list ? LS_OK : LS_ERR_PARSE;

    ls_jw_array(w, "accessList");
    while (!e && list.n > 0) {
        struct ls_rlp_item entry;
        struct ls_rlp_item address;
        struct ls_rlp_item keys;
        e = ls_rlp_next(&list, &entry);
        if (e || !entry.is_list || ls_rlp_next(&entry.body, &address) ||
            ls_rlp_next(&entry.body, &keys) || address.body.n != 20 || !keys.is_list ||
            entry.body.n > 0) {
            return LS_ERR_PARSE;
        }
        ls_jw_object(w, NULL);
        ls_jw_hex(w, "address", address.body.p, address.body.n);
        ls_jw_array(w, "storageKeys");
        e = put_keys(keys.body, w);
        ls_jw_array_end(w);
        ls_jw_object_end(w);
    }
    ls_jw_array_end(w);
    return e;
}

static enum ls_err put_authorizations(const struct ls_rlp_item *item, struct ls_jw *w)
{
    struct ls_span list = item->body;
    enum ls_err e = item->is_list ? LS_OK : LS_ERR_PARSE;

    ls_jw_array(w, "authorizationList");
    while (!e && list.n > 0) {
        struct ls_rlp_item entry;
        struct ls_rlp_item items[FIELDS_MAX];
        e = ls_rlp_next(&list, &entry);
        if (!e) {
            e = entry.is_list ? split(entry.body, AUTHORIZATION, items) : LS_ERR_PARSE;
        }
        if (!e) {
            ls_jw_object(w, NULL);
            e = put_fields(AUTHORIZATION, items, w);
            ls_jw_object_end(w);
        }
    }
    ls_jw_array_end(w);
    return e;
}

static enum ls_err put_quantity(const char *name, const struct ls_rlp_item *item, struct ls_jw *w)
{
    struct ls_u256 v;
    enum ls_err e = to_u256(item, &v);

    if (!e) {
        ls_jw_u256(w, name, &v);
    }
    return e;
}

static enum ls_err put_bytes(const char *name, const struct ls_rlp_item *item, size_t bytes,
                             struct ls_jw *w)
{
    if (item->is_list || item->body.n != bytes) {
        return LS_ERR_PARSE;
    }
    ls_jw_hex(w, name, item->body.p, item->body.n);
    return LS_OK;
}

static enum ls_err put_field(const struct field *f, const struct ls_rlp_item *item, struct ls_jw *w)
{
    switch (f->form) {
    case FORM_QUANTITY:
        return put_quantity(f->name, item, w);
    case FORM_DATA:
        return put_bytes(f->name, item, item->body.n, w);
    case FORM_TO:
        if (!item->is_list && item->body.n == 0) {
            ls_jw_null(w, f->name);
            return LS_OK;
        }
        return put_bytes(f->name, item, 20, w);
    case FORM_HASH:
        return put_bytes(f->name, item, 32, w);
    case FORM_ADDRESS:
        return put_bytes(f->name, item, 20, w);
    case FORM_ACCESS_LIST:
        return put_access_list(item, w);
    case FORM_AUTHORIZATIONS:
        return put_authorizations(item, w);
    case FORM_PARITY: {
        enum ls_err e = put_quantity(f->name, item, w);
        return e ? e : put_quantity("v", item, w);
    }
    case FORM_FLAG:
        if (!item->is_list && item->body.n == 1 && item->body.p[0] == 1) {
            ls_jw_bool(w, f->name, true);
            return LS_OK;
        }
        return !item->is_list && item->body.n == 0 ? LS_OK : LS_ERR_PARSE;
    case FORM_END:
        break;
    }
    return LS_ERR_INTERNAL;
}

static enum ls_err put_fields(const struct field *fields, const struct ls_rlp_item *items,
                              struct ls_jw *w)
{
    enum ls_err e = LS_OK;

    for (size_t i = 0; !e && fields[i].name; i++) {
        e = put_field(&fields[i], &items[i], w);
    }
    return e;
}

/* --- what a node adds --- */

static void add_u256(struct ls_u256 *a, const struct ls_u256 *b)
{
    unsigned carry = 0;

    for (size_t i = sizeof a->be; i-- > 0;) {
        unsigned sum = a->be[i] + b->be[i] + carry;
        a->be[i] = (uint8_t)sum;
        carry = sum >> 8;
    }
}

/* The price paid: base fee and tip, at most the cap. Fees are far below 2^255, so the sum fits. */
static enum ls_err put_paid_price(const struct tx *tx, const struct ls_header *h, struct ls_jw *w)
{
    struct ls_u256 price = h->base_fee;
    struct ls_u256 tip;
    struct ls_u256 cap;
    enum ls_err e = to_u256(item_of(tx, "maxPriorityFeePerGas"), &tip);

    if (!e) {
        e = to_u256(item_of(tx, "maxFeePerGas"), &cap);
    }
    if (!e) {
        add_u256(&price, &tip);
        ls_jw_u256(w, "gasPrice", ls_u256_cmp(&price, &cap) > 0 ? &cap : &price);
    }
    return e;
}

/* A legacy signature names the chain unless v is 27 or 28 (EIP-155). */
static void put_legacy_chain_id(const struct tx *tx, struct ls_jw *w)
{
    uint64_t v;

    if (!ls_rlp_u64(item_of(tx, "v"), &v) && v >= 35) {
        ls_jw_quantity(w, "chainId", (v - 35) / 2);
    }
}

static void put_deposit_extras(const struct ls_txjson_place *place, struct ls_jw *w)
{
    ls_jw_str(w, "gasPrice", "0x0");
    ls_jw_str(w, "v", "0x0");
    ls_jw_str(w, "r", "0x0");
    ls_jw_str(w, "s", "0x0");
    if (place->has_deposit_version) {
        ls_jw_str(w, "depositReceiptVersion", "0x1");
    }
    if (place->deposit_nonce != NULL) {
        ls_jw_quantity(w, "nonce", *place->deposit_nonce);
    }
}

static enum ls_err put_tx(const struct tx *tx, const struct ls_txjson_place *place, struct ls_jw *w)
{
    enum ls_err e = put_fields(tx->fields, tx->items, w);

    if (e) {
        return e;
    }
    if (tx->type != 0x7e && place->from != NULL) {
        ls_jw_hex(w, "from", place->from->b, sizeof place->from->b);
    }
    if (tx->type == 0x7e) {
        put_deposit_extras(place, w);
    } else if (tx->type == 0) {
        put_legacy_chain_id(tx, w);
    } else if (tx->type != 1) {
        e = put_paid_price(tx, place->header, w);
    }
    return e;
}

enum ls_err ls_txjson_write(struct ls_span bytes, const struct ls_txjson_place *place,
                            struct ls_jw *w, struct ls_diag *d)
{
    struct tx tx;
    struct ls_hash hash;
    enum ls_err e = decode(bytes, &tx);

    if (e) {
        return ls_fail(d, e, "transactions[%llu]: %s", (unsigned long long)place->index,
                       ls_err_text(e));
    }
    ls_keccak256(bytes.p, bytes.n, hash.b);
    ls_jw_object(w, NULL);
    ls_jw_hex(w, "blockHash", place->block_hash->b, 32);
    ls_jw_quantity(w, "blockNumber", place->header->number);
    ls_jw_quantity(w, "transactionIndex", place->index);
    ls_jw_hex(w, "hash", hash.b, 32);
    ls_jw_quantity(w, "type", tx.type);
    e = put_tx(&tx, place, w);
    ls_jw_object_end(w);
    return e ? ls_fail(d, e, "transactions[%llu]: %s", (unsigned long long)place->index,
                       ls_err_text(e))
             : LS_OK;
}

/* --- gas --- */

static uint64_t data_gas(struct ls_span data)
{
    uint64_t gas = 0;

    for (size_t i = 0; i < data.n; i++) {
        gas += data.p[i] ? 16 : 4;
    }
    return gas;
}

/* EIP-2930: 2400 an address, 1900 a key. */
static uint64_t access_list_gas(struct ls_span list)
{
    uint64_t gas = 0;
    struct ls_rlp_item entry;
    struct ls_rlp_item address;
    struct ls_rlp_item keys;

    while (list.n > 0 && !ls_rlp_next(&list, &entry)) {
        if (!ls_rlp_next(&entry.body, &address) && !ls_rlp_next(&entry.body, &keys)) {
            gas += 2400 + keys.body.n / 33 * 1900;
        }
    }
    return gas;
}

uint64_t ls_txjson_gas_floor(struct ls_span bytes)
{
    struct tx tx;
    uint64_t limit;

    if (decode(bytes, &tx) || ls_rlp_u64(item_of(&tx, "gas"), &limit)) {
        return 0;
    }
    const struct ls_rlp_item *list = find_item(&tx, "accessList");
    uint64_t gas = 21000 + data_gas(item_of(&tx, "input")->body);
    gas += item_of(&tx, "to")->body.n == 0 ? 32000 : 0;
    gas += list ? access_list_gas(list->body) : 0;
    return gas < limit ? gas : limit;
}

/* EIP-7623: ten gas a token, four tokens a byte that is not zero. */
uint64_t ls_txjson_gas_data_floor(struct ls_span bytes)
{
    struct tx tx;
    uint64_t tokens = 0;

    if (decode(bytes, &tx)) {
        return 0;
    }
    struct ls_span data = item_of(&tx, "input")->body;
    for (size_t i = 0; i < data.n; i++) {
        tokens += data.p[i] ? 4 : 1;
    }
    return 21000 + 10 * tokens;
}

/* --- what a block's rules look at --- */

enum ls_err ls_txjson_view(struct ls_span bytes, struct ls_tx_view *out)
{
    struct tx tx;
    struct ls_tx_view v = {0};
    enum ls_err e = decode(bytes, &tx);

    if (e) {
        return e;
    }
    const struct ls_rlp_item *to = item_of(&tx, "to");
    v.type = tx.type;
    v.has_to = to->body.n > 0;
    ls_keccak256(bytes.p, bytes.n, v.hash.b);
    if (ls_rlp_u64(item_of(&tx, "gas"), &v.gas) || to_u256(item_of(&tx, "value"), &v.value) ||
        (v.has_to && ls_rlp_fixed(to, v.to.b, sizeof v.to.b))) {
        return LS_ERR_PARSE;
    }
    if (v.type == 0x7e) {
        e = to_u256(item_of(&tx, "mint"), &v.mint);
        e = e ? e : ls_rlp_fixed(item_of(&tx, "from"), v.from.b, sizeof v.from.b);
    } else {
        e = ls_rlp_u64(item_of(&tx, "nonce"), &v.nonce);
    }
    *out = v;
    return e ? LS_ERR_PARSE : LS_OK;
}
