#include "lib/op/account.h"

#include "lib/arena.h"
#include "lib/hash.h"
#include "lib/json.h"
#include "lib/mpt_proof.h"
#include "lib/op/header.h"
#include "lib/rlp.h"

#define PROOF_BYTES_MAX ((size_t)1 << 20)

const struct ls_addr LS_MESSAGE_PASSER = {{[0] = 0x42, [19] = 0x16}};

/* keccak256 of no code. */
static const struct ls_hash EMPTY_CODE = {{0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c,
                                           0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
                                           0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b,
                                           0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70}};

/* An account as the state has it: [nonce, balance, storage root, code hash]. */
struct fields {
    uint64_t nonce;
    struct ls_u256 balance;
    struct ls_hash storage;
    struct ls_hash code;
};

static enum ls_err fail_member(struct ls_diag *d, enum ls_err e, const char *key)
{
    return ls_fail(d, e, "%s: %s", key, ls_err_text(e));
}

static enum ls_err read_u256(const struct ls_rlp_item *item, struct ls_u256 *out)
{
    size_t n = item->body.n;

    if (item->is_list || n > sizeof out->be || (n > 0 && item->body.p[0] == 0)) {
        return LS_ERR_PARSE;
    }
    *out = (struct ls_u256){{0}};
    for (size_t i = 0; i < n; i++) {
        out->be[sizeof out->be - n + i] = item->body.p[i];
    }
    return LS_OK;
}

static enum ls_err read_account(struct ls_span value, struct fields *out)
{
    struct ls_rlp_item list;
    struct ls_rlp_item items[4];
    enum ls_err e = ls_rlp_next(&value, &list);

    if (e || !list.is_list || value.n > 0) {
        return LS_ERR_PARSE;
    }
    for (size_t i = 0; !e && i < sizeof items / sizeof items[0]; i++) {
        e = ls_rlp_next(&list.body, &items[i]);
    }
    e = !e && list.body.n > 0 ? LS_ERR_PARSE : e;
    e = e ? e : ls_rlp_u64(&items[0], &out->nonce);
    e = e ? e : read_u256(&items[1], &out->balance);
    e = e ? e : ls_rlp_fixed(&items[2], out->storage.b, sizeof out->storage.b);
    return e ? e : ls_rlp_fixed(&items[3], out->code.b, sizeof out->code.b);
}

static enum ls_err read_claim(const struct cJSON *result, struct fields *out, struct ls_diag *d)
{
    const char *key = "nonce";
    enum ls_err e = ls_json_quantity(ls_json_get(result, key), &out->nonce);

    if (!e) {
        key = "balance";
        e = ls_json_u256(ls_json_get(result, key), &out->balance);
    }
    if (!e) {
        key = "storageHash";
        e = ls_json_fixed(ls_json_get(result, key), out->storage.b, sizeof out->storage.b);
    }
    if (!e) {
        key = "codeHash";
        e = ls_json_fixed(ls_json_get(result, key), out->code.b, sizeof out->code.b);
    }
    return e ? fail_member(d, e, key) : LS_OK;
}

/* Of what is not there, clients print the hash of nothing or no hash. */
static void take_zero_for_nothing(struct fields *claim)
{
    claim->storage = ls_hash_is_zero(&claim->storage) ? LS_EMPTY_TRIE : claim->storage;
    claim->code = ls_hash_is_zero(&claim->code) ? EMPTY_CODE : claim->code;
}

static enum ls_err compare(const struct fields *claim, const struct fields *proved,
                           struct ls_diag *d)
{
    const char *wrong = claim->nonce != proved->nonce                         ? "nonce"
                        : ls_u256_cmp(&claim->balance, &proved->balance) != 0 ? "balance"
                        : !ls_hash_eq(&claim->storage, &proved->storage)      ? "storageHash"
                        : !ls_hash_eq(&claim->code, &proved->code)            ? "codeHash"
                                                                              : NULL;

    return wrong ? ls_fail(d, LS_ERR_RANGE, "%s: is not what the proof leads to", wrong) : LS_OK;
}

static enum ls_err read_nodes(const struct cJSON *result, struct ls_arena *a,
                              struct ls_span nodes[LS_ACCOUNT_NODES_MAX], size_t *count,
                              struct ls_diag *d)
{
    const struct cJSON *list = ls_json_get(result, "accountProof");
    enum ls_err e = LS_OK;

    *count = ls_json_count(list);
    if (!ls_json_is_array(list)) {
        e = list ? LS_ERR_TYPE : LS_ERR_MISSING;
    } else if (*count > LS_ACCOUNT_NODES_MAX) {
        e = LS_ERR_LIMIT;
    }
    const struct cJSON *node = ls_json_first(list);
    for (size_t i = 0; !e && i < *count; i++) {
        e = ls_json_data(node, a, LS_ACCOUNT_NODE_BYTES_MAX, &nodes[i]);
        node = ls_json_next(node);
    }
    return e ? fail_member(d, e, "accountProof") : LS_OK;
}

/* Where the nodes lead. */
static enum ls_err walk(const struct cJSON *result, const struct ls_addr *who,
                        const struct ls_hash *state_root, bool *is_there, struct fields *out,
                        struct ls_diag *d)
{
    struct ls_span nodes[LS_ACCOUNT_NODES_MAX];
    struct ls_span value = {NULL, 0};
    struct ls_hash key;
    struct ls_arena a;
    size_t count;
    size_t at = 0;

    ls_arena_init(&a, PROOF_BYTES_MAX);
    ls_keccak256(who->b, sizeof who->b, key.b);
    enum ls_err e = read_nodes(result, &a, nodes, &count, d);
    if (!e) {
        e = ls_mpt_prove(state_root->b, (struct ls_span){key.b, sizeof key.b}, nodes, count, &value,
                         &at);
        *is_there = value.p != NULL;
        if (!e && *is_there) {
            e = read_account(value, out);
        }
        if (e) {
            (void)ls_fail(d, e, "accountProof: node %zu: %s", at, ls_err_text(e));
        }
    }
    ls_arena_fini(&a);
    return e;
}

enum ls_err ls_account_prove(const struct cJSON *result, const struct ls_addr *who,
                             const struct ls_hash *state_root, struct ls_account *out,
                             struct ls_diag *d)
{
    const struct cJSON *address = ls_json_get(result, "address");
    struct fields claim;
    struct fields proved = {.storage = LS_EMPTY_TRIE, .code = EMPTY_CODE};
    struct ls_addr stated = *who;
    bool is_there = false;
    enum ls_err e = address ? ls_json_fixed(address, stated.b, sizeof stated.b) : LS_OK;

    if (e || memcmp(stated.b, who->b, sizeof who->b) != 0) {
        return ls_fail(d, e ? e : LS_ERR_RANGE, "address: is not the one asked for");
    }
    e = walk(result, who, state_root, &is_there, &proved, d);
    if (!e) {
        e = read_claim(result, &claim, d);
    }
    if (!e) {
        if (!is_there) {
            take_zero_for_nothing(&claim);
        }
        e = compare(&claim, &proved, d);
    }
    if (!e) {
        *out = (struct ls_account){is_there, proved.storage};
    }
    return e;
}
