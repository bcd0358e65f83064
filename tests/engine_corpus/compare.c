#include "tests/engine_corpus/compare.h"

#include <string.h>

#include "lib/json.h"

static enum ls_verdict cmp(const struct ls_comparison *c, const char *key, const struct cJSON *want,
                           const struct cJSON *got);

static enum ls_verdict worse(enum ls_verdict a, enum ls_verdict b)
{
    return a > b ? a : b;
}

static bool is_listed(const char *const *list, const char *text)
{
    while (*list != NULL && strcmp(*list, text) != 0) {
        list++;
    }
    return *list != NULL;
}

/* --- scalars and texts --- */

static bool is_same_scalar(const struct cJSON *a, const struct cJSON *b)
{
    struct ls_buf x;
    struct ls_buf y;
    ls_buf_init(&x, LS_CORPUS_BYTES_MAX);
    ls_buf_init(&y, LS_CORPUS_BYTES_MAX);
    ls_json_print(a, &x);
    ls_json_print(b, &y);
    bool same = x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
    ls_buf_fini(&x);
    ls_buf_fini(&y);
    return same;
}

/* Texts that state what an execution gave: after all header rules of a block whose results differ
 * from the stated ones. */
static bool is_execution_text(const char *text)
{
    static const char *const starts[] = {
        "invalid gas used (remote: ", "invalid bloom (remote: ", "invalid merkle root (remote: ",
        "invalid receipt root hash (remote: ", "could not apply tx ",
        "invalid withdrawals hash (remote: ", "blob gas used mismatch (header ",
        /* op-reth */
        "mismatched block state root: got ", "receipt root mismatch: got ",
        "block gas used mismatch: got ", "header bloom filter mismatch: got ",
        "failed to verify block post-execution: ", "EVM reported invalid transaction (",
        "blob gas used mismatch: got "};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (strncmp(text, starts[i], strlen(starts[i])) == 0) {
            return true;
        }
    }
    return false;
}

static enum ls_verdict cmp_text(const struct ls_comparison *c, const char *want, const char *got)
{
    static const char fee[] = "invalid baseFee: have ";
    if (c->any_text || strcmp(want, got) == 0) {
        return LS_VERDICT_EQUAL;
    }
    bool is_fee = c->is_on_built && strncmp(want, fee, sizeof fee - 1) == 0 &&
                  strncmp(got, fee, sizeof fee - 1) == 0;
    bool is_both = is_execution_text(want) && is_execution_text(got);
    return is_fee || is_both ? LS_VERDICT_EXECUTION : LS_VERDICT_DIFFERENT;
}

/* --- what a block that the engine built has from execution --- */

static bool is_execution_member(const struct ls_comparison *c, const char *key)
{
    static const char *const results[] = {"stateRoot",       "receiptsRoot", "logsBloom",
                                          "gasUsed",         "blobGasUsed",  "blockValue",
                                          "withdrawalsRoot", "size",         NULL};
    /* The fee that follows a block depends on the gas it used. */
    static const char *const fees[] = {"baseFeePerGas", "gasPrice", NULL};
    return is_listed(results, key) || (c->is_fee_open && is_listed(fees, key));
}

/* Payload, block or transaction of a block that was built, with other results than ours. */
static bool is_of_built(const struct ls_comparison *c, const struct cJSON *v)
{
    return ls_names_has(c->names, ls_json_str(ls_json_get(v, "blockHash"))) ||
           ls_names_has(c->names, ls_json_str(ls_json_get(v, "hash")));
}

static enum ls_verdict cmp_member(const struct ls_comparison *c, const struct cJSON *want,
                                  const struct cJSON *got, bool is_built)
{
    const char *key = ls_json_key(want);
    enum ls_verdict v = cmp(c, key, want, got);
    if (v == LS_VERDICT_DIFFERENT && is_built && is_execution_member(c, key)) {
        return LS_VERDICT_EXECUTION;
    }
    return v;
}

static enum ls_verdict cmp_members(const struct ls_comparison *outer, const struct cJSON *want,
                                   const struct cJSON *got)
{
    enum ls_verdict v = LS_VERDICT_EQUAL;
    bool is_built = is_of_built(outer, want);
    struct ls_comparison inner = *outer;
    const struct ls_comparison *c = &inner;
    inner.is_fee_open =
        outer->is_fee_open || ls_names_has(c->names, ls_json_str(ls_json_get(want, "parentHash")));
    if (!ls_json_is_object(got)) {
        return LS_VERDICT_DIFFERENT;
    }
    for (const struct cJSON *m = ls_json_first(want); m != NULL; m = ls_json_next(m)) {
        v = worse(v, cmp_member(c, m, ls_json_get(got, ls_json_key(m)), is_built));
    }
    for (const struct cJSON *m = ls_json_first(got); m != NULL; m = ls_json_next(m)) {
        const char *key = ls_json_key(m);
        if (ls_json_get(want, key) == NULL) {
            v = worse(v, is_built && is_execution_member(c, key) ? LS_VERDICT_EXECUTION
                                                                 : LS_VERDICT_DIFFERENT);
        }
    }
    return v;
}

/* --- references to blocks of the corpus --- */

static bool is_hash_list_of(const struct cJSON *txs, const struct cJSON *hashes)
{
    if (!ls_json_is_array(hashes) || ls_json_count(txs) != ls_json_count(hashes)) {
        return false;
    }
    const struct cJSON *h = ls_json_first(hashes);
    for (const struct cJSON *tx = ls_json_first(txs); tx != NULL; tx = ls_json_next(tx)) {
        const char *want = ls_json_str(ls_json_get(tx, "hash"));
        const char *got = ls_json_str(h);
        if (want == NULL || got == NULL || strcmp(want, got) != 0) {
            return false;
        }
        h = ls_json_next(h);
    }
    return true;
}

/* A deposit of the corpus as op-reth prints it: yParity is there, a creation has no "to". */
static enum ls_verdict cmp_reth_deposit(const struct ls_comparison *c, const struct cJSON *want,
                                        const struct cJSON *got)
{
    const char *parity = ls_json_str(ls_json_get(got, "yParity"));
    size_t seen = 1;
    for (const struct cJSON *m = ls_json_first(want); m != NULL; m = ls_json_next(m)) {
        const char *key = ls_json_key(m);
        if (strcmp(key, "to") == 0 && ls_json_is_null(m)) {
            continue;
        }
        if (cmp(c, key, m, ls_json_get(got, key)) != LS_VERDICT_EQUAL) {
            return LS_VERDICT_DIFFERENT;
        }
        seen++;
    }
    bool same = parity != NULL && strcmp(parity, "0x0") == 0 && seen == ls_json_count(got);
    return same ? LS_VERDICT_EQUAL : LS_VERDICT_DIFFERENT;
}

static enum ls_verdict cmp_reth_txs(const struct ls_comparison *c, const struct cJSON *want,
                                    const struct cJSON *got)
{
    enum ls_verdict v = LS_VERDICT_EQUAL;
    if (!ls_json_is_array(got) || ls_json_count(want) != ls_json_count(got)) {
        return LS_VERDICT_DIFFERENT;
    }
    const struct cJSON *g = ls_json_first(got);
    for (const struct cJSON *w = ls_json_first(want); w != NULL; w = ls_json_next(w)) {
        const char *type = ls_json_str(ls_json_get(w, "type"));
        bool is_deposit = type != NULL && strcmp(type, "0x7e") == 0;
        v = worse(v, is_deposit ? cmp_reth_deposit(c, w, g) : cmp(c, "", w, g));
        g = ls_json_next(g);
    }
    return v;
}

static enum ls_verdict cmp_block_member(const struct ls_comparison *c, const struct cJSON *want,
                                        const struct cJSON *got, bool is_full)
{
    const char *key = ls_json_key(want);
    if (strcmp(key, "transactions") != 0) {
        return cmp(c, key, want, got);
    }
    if (!is_full) {
        return is_hash_list_of(want, got) ? LS_VERDICT_EQUAL : LS_VERDICT_DIFFERENT;
    }
    return c->reth_deposits ? cmp_reth_txs(c, want, got) : cmp(c, key, want, got);
}

/* {"$block": h, "full": b} or {"$header": h}. */
static enum ls_verdict cmp_block(const struct ls_comparison *c, const struct cJSON *ref,
                                 const struct cJSON *got)
{
    static const char *const body[] = {"transactions", "uncles", "withdrawals", "size", NULL};
    const char *header = ls_json_str(ls_json_get(ref, "$header"));
    const char *hash = header != NULL ? header : ls_json_str(ls_json_get(ref, "$block"));
    const struct ls_corpus_block *b = ls_corpus_block(c->corpus, hash);
    bool is_full = ls_json_true(ls_json_get(ref, "full"));
    size_t seen = 0;
    if (b == NULL || !ls_json_is_object(got)) {
        return LS_VERDICT_DIFFERENT;
    }
    for (const struct cJSON *m = ls_json_first(b->block); m != NULL; m = ls_json_next(m)) {
        const char *key = ls_json_key(m);
        if (header != NULL && is_listed(body, key)) {
            continue;
        }
        if (cmp_block_member(c, m, ls_json_get(got, key), is_full) != LS_VERDICT_EQUAL) {
            return LS_VERDICT_DIFFERENT;
        }
        seen++;
    }
    return seen == ls_json_count(got) ? LS_VERDICT_EQUAL : LS_VERDICT_DIFFERENT;
}

/* {"$body": h}: transactions and withdrawals of the payload. */
static enum ls_verdict cmp_body(const struct ls_comparison *c, const char *hash,
                                const struct cJSON *got)
{
    const struct ls_corpus_block *b = ls_corpus_block(c->corpus, hash);
    const struct cJSON *payload = b == NULL ? NULL : ls_json_at(b->params, 0);
    if (payload == NULL) {
        return LS_VERDICT_DIFFERENT;
    }
    return worse(cmp(c, "", ls_json_get(payload, "transactions"), ls_json_get(got, "transactions")),
                 cmp(c, "", ls_json_get(payload, "withdrawals"), ls_json_get(got, "withdrawals")));
}

/* {"$all": v}: whatever members there are, each is v. */
static enum ls_verdict cmp_all(const struct ls_comparison *c, const struct cJSON *want,
                               const struct cJSON *got)
{
    enum ls_verdict v = ls_json_count(got) > 0 ? LS_VERDICT_EQUAL : LS_VERDICT_DIFFERENT;
    for (const struct cJSON *m = ls_json_first(got); m != NULL; m = ls_json_next(m)) {
        v = worse(v, cmp(c, "", want, m));
    }
    return v;
}

/* Some recordings keep of a block only {number, hash}. */
static bool is_short_block(const struct cJSON *want)
{
    return ls_json_count(want) == 2 && ls_json_is_string(ls_json_get(want, "number")) &&
           ls_json_is_string(ls_json_get(want, "hash"));
}

static enum ls_verdict cmp_short_block(const struct ls_comparison *c, const struct cJSON *want,
                                       const struct cJSON *got)
{
    return worse(cmp(c, "number", ls_json_get(want, "number"), ls_json_get(got, "number")),
                 cmp(c, "hash", ls_json_get(want, "hash"), ls_json_get(got, "hash")));
}

static enum ls_verdict cmp_object(const struct ls_comparison *c, const struct cJSON *want,
                                  const struct cJSON *got)
{
    const char *payload = ls_json_str(ls_json_get(want, "$payload"));
    const char *body = ls_json_str(ls_json_get(want, "$body"));
    if (ls_json_get(want, "$block") != NULL || ls_json_get(want, "$header") != NULL) {
        return cmp_block(c, want, got);
    }
    if (is_short_block(want)) {
        return cmp_short_block(c, want, got);
    }
    if (ls_json_get(want, "$all") != NULL) {
        return cmp_all(c, ls_json_get(want, "$all"), got);
    }
    if (body != NULL) {
        return cmp_body(c, body, got);
    }
    if (payload != NULL) {
        const struct ls_corpus_block *b = ls_corpus_block(c->corpus, payload);
        return b == NULL ? LS_VERDICT_DIFFERENT : cmp_members(c, ls_json_at(b->params, 0), got);
    }
    return cmp_members(c, want, got);
}

/* --- anything --- */

static enum ls_verdict cmp_items(const struct ls_comparison *c, const struct cJSON *want,
                                 const struct cJSON *got)
{
    enum ls_verdict v = LS_VERDICT_EQUAL;
    if (!ls_json_is_array(got) || ls_json_count(want) != ls_json_count(got)) {
        return LS_VERDICT_DIFFERENT;
    }
    const struct cJSON *g = ls_json_first(got);
    for (const struct cJSON *w = ls_json_first(want); w != NULL; w = ls_json_next(w)) {
        v = worse(v, cmp(c, "", w, g));
        g = ls_json_next(g);
    }
    return v;
}

static enum ls_verdict cmp(const struct ls_comparison *c, const char *key, const struct cJSON *want,
                           const struct cJSON *got)
{
    const char *text = ls_json_str(want);
    const char *have = ls_json_str(got);
    if (want == NULL || got == NULL) {
        return want == got ? LS_VERDICT_EQUAL : LS_VERDICT_DIFFERENT;
    }
    if (ls_json_is_object(want)) {
        return cmp_object(c, want, got);
    }
    if (ls_json_is_array(want)) {
        return cmp_items(c, want, got);
    }
    if (text != NULL && strcmp(text, "$caps") == 0) {
        const struct cJSON *list = ls_json_get(c->corpus->capabilities, "value");
        return list == NULL ? LS_VERDICT_DIFFERENT : cmp_items(c, list, got);
    }
    if (text != NULL && have != NULL && strcmp(key, "validationError") == 0) {
        return cmp_text(c, text, have);
    }
    return is_same_scalar(want, got) ? LS_VERDICT_EQUAL : LS_VERDICT_DIFFERENT;
}

/* Methods that only execution can answer: that a block is known must be told all the same. */
static bool is_execution_method(const char *method)
{
    static const char *const methods[] = {"eth_getProof", "eth_getBlockReceipts", NULL};
    return method != NULL && is_listed(methods, method);
}

enum ls_verdict ls_compare(const struct ls_comparison *c, const struct cJSON *call,
                           const struct cJSON *answer)
{
    const struct cJSON *error = ls_json_get(call, "e");
    const struct cJSON *want = ls_json_get(call, "r");
    const struct cJSON *got = ls_json_get(answer, "result");
    if (error != NULL) {
        return cmp(c, "", error, ls_json_get(answer, "error"));
    }
    if (is_execution_method(ls_json_str(ls_json_get(call, "m"))) && ls_json_count(want) > 0) {
        return got == NULL && ls_json_get(answer, "error") != NULL ? LS_VERDICT_EXECUTION
                                                                   : cmp(c, "", want, got);
    }
    return cmp(c, "", want, got);
}
