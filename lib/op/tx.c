#include "lib/op/tx.h"

#include "lib/hex.h"
#include "lib/op/reader.h"
#include "lib/op/rlpput.h"
#include "lib/rlp.h"

/* Type bytes of EIP-2718 envelopes; 0 stands for the bare legacy list. */
enum tx_type {
    TX_LEGACY = 0,
    TX_ACCESS_LIST = 1,
    TX_DYNAMIC_FEE = 2,
    TX_SET_CODE = 4,
    TX_DEPOSIT = 0x7e
};

/* --- members -> RLP items --- */

/* Absent, null and zero are all the empty string: a deposit's mint. */
static void put_opt_u256(struct ls_reader *r, const char *key, struct ls_buf *b)
{
    struct ls_u256 v = {{0}};

    (void)ls_reader_opt_u256(r, key, &v);
    ls_rlp_put_u256(b, &v);
}

/* The recipient; absent or null creates a contract and is the empty string. */
static void put_to(struct ls_reader *r, struct ls_buf *b)
{
    uint8_t v[20];

    if (ls_reader_opt_fixed(r, "to", v, sizeof v)) {
        ls_rlp_put_bytes(b, v, sizeof v);
    } else {
        ls_rlp_put_bytes(b, NULL, 0);
    }
}

/* The list under key: absent and null are NULL, anything but a list is an error. */
static const struct cJSON *list_of(struct ls_reader *r, const char *key)
{
    const struct cJSON *v = ls_reader_get(r, key);

    if (v != NULL && !ls_json_is_array(v)) {
        ls_reader_fail(r, LS_ERR_TYPE, key);
        return NULL;
    }
    return ls_json_first(v);
}

static void put_storage_keys(struct ls_reader *r, struct ls_buf *b)
{
    size_t mark = ls_rlp_list_begin(b);

    for (const struct cJSON *v = list_of(r, "storageKeys"); v != NULL; v = ls_json_next(v)) {
        uint8_t key[32] = {0};

        ls_reader_fail(r, ls_json_fixed(v, key, sizeof key), "storageKeys");
        ls_rlp_put_bytes(b, key, sizeof key);
    }
    ls_rlp_list_end(b, mark);
}

static void put_access_list(struct ls_reader *r, struct ls_buf *b)
{
    size_t mark = ls_rlp_list_begin(b);

    for (const struct cJSON *v = list_of(r, "accessList"); v != NULL; v = ls_json_next(v)) {
        struct ls_reader entry = ls_reader_open(v, "accessList", NULL);
        size_t entry_mark = ls_rlp_list_begin(b);

        ls_rlpput_fixed(&entry, "address", 20, b);
        put_storage_keys(&entry, b);
        ls_rlp_list_end(b, entry_mark);
        ls_reader_fail(r, entry.err, "accessList");
    }
    ls_rlp_list_end(b, mark);
}

/* Typed transactions carry the parity of y; older nodes print it only as v. */
static void put_signature(struct ls_reader *r, struct ls_buf *b)
{
    ls_rlpput_u64(r, ls_reader_get(r, "yParity") != NULL ? "yParity" : "v", b);
    ls_rlpput_u256(r, "r", b);
    ls_rlpput_u256(r, "s", b);
}

static void put_authorizations(struct ls_reader *r, struct ls_buf *b)
{
    size_t mark = ls_rlp_list_begin(b);

    if (ls_reader_get(r, "authorizationList") == NULL) {
        ls_reader_fail(r, LS_ERR_MISSING, "authorizationList");
    }
    for (const struct cJSON *v = list_of(r, "authorizationList"); v != NULL; v = ls_json_next(v)) {
        struct ls_reader entry = ls_reader_open(v, "authorizationList", NULL);
        size_t entry_mark = ls_rlp_list_begin(b);

        ls_rlpput_u256(&entry, "chainId", b);
        ls_rlpput_fixed(&entry, "address", 20, b);
        ls_rlpput_u64(&entry, "nonce", b);
        put_signature(&entry, b);
        ls_rlp_list_end(b, entry_mark);
        ls_reader_fail(r, entry.err, "authorizationList");
    }
    ls_rlp_list_end(b, mark);
}

/* --- transaction bodies, in the order of their RLP lists --- */

/* v, r, s as they are: 27/28, EIP-155, or all zero for a message that came from L1 before
 * Bedrock. */
static void put_legacy(struct ls_reader *r, struct ls_buf *b)
{
    ls_rlpput_u64(r, "nonce", b);
    ls_rlpput_u256(r, "gasPrice", b);
    ls_rlpput_u64(r, "gas", b);
    put_to(r, b);
    ls_rlpput_u256(r, "value", b);
    ls_rlpput_data(r, "input", LS_TX_BYTES_MAX, b);
    ls_rlpput_u256(r, "v", b);
    ls_rlpput_u256(r, "r", b);
    ls_rlpput_u256(r, "s", b);
}

static void put_access_list_tx(struct ls_reader *r, struct ls_buf *b)
{
    ls_rlpput_u256(r, "chainId", b);
    ls_rlpput_u64(r, "nonce", b);
    ls_rlpput_u256(r, "gasPrice", b);
    ls_rlpput_u64(r, "gas", b);
    put_to(r, b);
    ls_rlpput_u256(r, "value", b);
    ls_rlpput_data(r, "input", LS_TX_BYTES_MAX, b);
    put_access_list(r, b);
    put_signature(r, b);
}

/* Types 2 and 4; the latter must have a recipient (EIP-7702). */
static void put_dynamic_fee_tx(struct ls_reader *r, enum tx_type type, struct ls_buf *b)
{
    ls_rlpput_u256(r, "chainId", b);
    ls_rlpput_u64(r, "nonce", b);
    ls_rlpput_u256(r, "maxPriorityFeePerGas", b);
    ls_rlpput_u256(r, "maxFeePerGas", b);
    ls_rlpput_u64(r, "gas", b);
    if (type == TX_SET_CODE) {
        ls_rlpput_fixed(r, "to", 20, b);
    } else {
        put_to(r, b);
    }
    ls_rlpput_u256(r, "value", b);
    ls_rlpput_data(r, "input", LS_TX_BYTES_MAX, b);
    put_access_list(r, b);
    if (type == TX_SET_CODE) {
        put_authorizations(r, b);
    }
    put_signature(r, b);
}

static void put_deposit(struct ls_reader *r, struct ls_buf *b)
{
    const struct cJSON *system = ls_reader_get(r, "isSystemTx");

    if (system != NULL && !ls_json_is_bool(system)) {
        ls_reader_fail(r, LS_ERR_TYPE, "isSystemTx");
    }
    ls_rlpput_fixed(r, "sourceHash", 32, b);
    ls_rlpput_fixed(r, "from", 20, b);
    put_to(r, b);
    put_opt_u256(r, "mint", b);
    ls_rlpput_u256(r, "value", b);
    ls_rlpput_u64(r, "gas", b);
    ls_rlp_put_u64(b, ls_json_true(system) ? 1 : 0);
    ls_rlpput_data(r, "input", LS_TX_BYTES_MAX, b);
}

static enum ls_err check_type(uint64_t type, struct ls_diag *d)
{
    if (type == TX_LEGACY || type == TX_ACCESS_LIST || type == TX_DYNAMIC_FEE ||
        type == TX_SET_CODE || type == TX_DEPOSIT) {
        return LS_OK;
    }
    return ls_fail(d, LS_ERR_UNSUPPORTED, "transaction type \"0x%llx\" is not supported",
                   (unsigned long long)type);
}

static void put_body(struct ls_reader *r, enum tx_type type, struct ls_buf *b)
{
    switch (type) {
    case TX_LEGACY:
        put_legacy(r, b);
        return;
    case TX_ACCESS_LIST:
        put_access_list_tx(r, b);
        return;
    case TX_DYNAMIC_FEE:
    case TX_SET_CODE:
        put_dynamic_fee_tx(r, type, b);
        return;
    case TX_DEPOSIT:
        put_deposit(r, b);
        return;
    }
}

enum ls_err ls_tx_encode(const struct cJSON *tx, struct ls_buf *b, struct ls_diag *d)
{
    struct ls_reader r = ls_reader_open(tx, "transaction", d);
    uint64_t type = TX_LEGACY; /* nodes from before EIP-2718 print no type */
    size_t start = b->n;
    size_t mark;
    enum ls_err e;

    (void)ls_reader_opt_quantity(&r, "type", &type);
    e = r.err != LS_OK ? r.err : check_type(type, d);
    if (e != LS_OK) {
        return e;
    }
    if (type != TX_LEGACY) {
        (void)ls_buf_putc(b, (uint8_t)type);
    }
    mark = ls_rlp_list_begin(b);
    put_body(&r, (enum tx_type)type, b);
    ls_rlp_list_end(b, mark);
    if (r.err != LS_OK) {
        return r.err;
    }
    if (b->err != LS_OK) {
        return ls_fail(d, b->err, "transaction does not fit: %s", ls_err_text(b->err));
    }
    if (b->n - start > LS_TX_BYTES_MAX) {
        return ls_fail(d, LS_ERR_LIMIT, "transaction has %zu bytes, more than %u", b->n - start,
                       LS_TX_BYTES_MAX);
    }
    return LS_OK;
}

/* --- deposit bytes --- */

/* A canonical integer of at most 32 bytes. */
static bool is_uint(const struct ls_rlp_item *item)
{
    return !item->is_list && item->body.n <= 32 && (item->body.n == 0 || item->body.p[0] != 0);
}

enum ls_err ls_tx_decode_deposit(struct ls_span tx, struct ls_deposit *out)
{
    enum { SOURCE, FROM, TO, MINT, VALUE, GAS, SYSTEM, INPUT, ITEMS };
    struct ls_rlp_item item[ITEMS];
    struct ls_rlp_item list;
    struct ls_deposit deposit;
    struct ls_span rest;
    uint64_t gas;
    uint64_t system;

    if (tx.n == 0 || tx.p[0] != TX_DEPOSIT) {
        return LS_ERR_TYPE;
    }
    rest = (struct ls_span){tx.p + 1, tx.n - 1};
    if (ls_rlp_next(&rest, &list) != LS_OK || !list.is_list || rest.n != 0) {
        return LS_ERR_PARSE;
    }
    for (size_t i = 0; i < ITEMS; i++) {
        if (ls_rlp_next(&list.body, &item[i]) != LS_OK) {
            return LS_ERR_PARSE;
        }
    }
    if (list.body.n != 0 || ls_rlp_fixed(&item[SOURCE], deposit.source_hash.b, 32) != LS_OK ||
        ls_rlp_fixed(&item[FROM], deposit.from.b, 20) != LS_OK || item[TO].is_list ||
        (item[TO].body.n != 0 && item[TO].body.n != 20) || !is_uint(&item[MINT]) ||
        !is_uint(&item[VALUE]) || ls_rlp_u64(&item[GAS], &gas) != LS_OK ||
        ls_rlp_u64(&item[SYSTEM], &system) != LS_OK || system > 1 || item[INPUT].is_list) {
        return LS_ERR_PARSE;
    }
    deposit.input = item[INPUT].body;
    *out = deposit;
    return LS_OK;
}
