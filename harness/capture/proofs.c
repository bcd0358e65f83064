#include "harness/capture/proofs.h"

#include "harness/capture/jsontext.h"
#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/account.h"
#include "lib/op/header.h"

/* What stands between the quotes of a string; n 0: it is none. */
static struct ls_span unquote(struct ls_span v)
{
    bool is_string = v.n >= 2 && v.p[0] == '"' && v.p[v.n - 1] == '"';

    return is_string ? (struct ls_span){v.p + 1, v.n - 2} : (struct ls_span){NULL, 0};
}

static bool hash_member(struct ls_span object, const char *key, struct ls_hash *out)
{
    struct ls_span v = unquote(ls_jsontext_get(object, key));

    return v.n > 0 && ls_hex_fixed((const char *)v.p, v.n, out->b, sizeof out->b) == LS_OK;
}

bool ls_proof_state(struct ls_span proof, struct ls_hash *out)
{
    struct ls_span list = ls_jsontext_get(proof, "accountProof");
    struct ls_jsontext it = ls_jsontext_open(list);
    struct ls_jsontext_item first;
    uint8_t node[LS_ACCOUNT_NODE_BYTES_MAX];
    size_t n;

    if (list.n == 0 || list.p[0] != '[') {
        return false;
    }
    if (!ls_jsontext_next(&it, &first)) {
        *out = LS_EMPTY_TRIE;
        return true;
    }
    struct ls_span hex = unquote(first.value);
    if (hex.n == 0 || ls_hex_data((const char *)hex.p, hex.n, node, sizeof node, &n)) {
        return false;
    }
    ls_keccak256(node, n, out->b);
    return true;
}

/* --- checking --- */

static enum ls_err check_keys(const struct cJSON *proof, struct ls_diag *d)
{
    const struct cJSON *keys = ls_json_get(proof, "storageProof");

    if (!keys || ls_json_is_null(keys) || (ls_json_is_array(keys) && ls_json_count(keys) == 0)) {
        return LS_OK;
    }
    return ls_fail(d, LS_ERR_UNSUPPORTED, "storageProof: a proof with keys is not kept here");
}

/* From Isthmus on the header has the passer's storage root too. */
static enum ls_err check_header(struct ls_span block, const struct ls_rollup *r,
                                const struct ls_account *passer, struct ls_diag *d)
{
    struct ls_span time = unquote(ls_jsontext_get(block, "timestamp"));
    struct ls_hash stated;
    uint64_t timestamp;

    if (!r) {
        return LS_OK;
    }
    if (ls_parse_quantity((const char *)time.p, time.n, &timestamp)) {
        return ls_fail(d, LS_ERR_PARSE, "timestamp: of the block is no quantity");
    }
    if (!ls_rollup_is_active(r, LS_FORK_ISTHMUS, timestamp)) {
        return LS_OK;
    }
    if (!hash_member(block, "withdrawalsRoot", &stated) ||
        !ls_hash_eq(&stated, &passer->storage_root)) {
        return ls_fail(d, LS_ERR_HASH, "storageHash: is not the block's withdrawalsRoot");
    }
    return LS_OK;
}

enum ls_err ls_proof_check(struct ls_span block, struct ls_span proof, const struct ls_rollup *r,
                           struct ls_diag *d)
{
    struct cJSON *root = NULL;
    struct ls_account passer;
    struct ls_hash state;
    enum ls_err e = ls_json_parse((const char *)proof.p, proof.n, 0, &root, d);

    if (e) {
        return ls_fail_in(d, e, "proof");
    }
    if (!ls_json_is_object(root)) {
        e = ls_fail(d, LS_ERR_TYPE, "proof: is no object");
    } else if (!hash_member(block, "stateRoot", &state)) {
        e = ls_fail(d, LS_ERR_MISSING, "stateRoot: of the block");
    }
    if (!e) {
        e = check_keys(root, d);
    }
    if (!e) {
        e = ls_account_prove(root, &LS_MESSAGE_PASSER, &state, &passer, d);
    }
    if (!e) {
        e = check_header(block, r, &passer, d);
    }
    ls_json_free(root);
    return e;
}
