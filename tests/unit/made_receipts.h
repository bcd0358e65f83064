/*
 * Receipts for tests. Those of a block with nothing in it but the L1-info deposit follow from the
 * block: it succeeded, used all the gas the block used, logged nothing, and its nonce is printed
 * with the transaction (with that of the canonical block, for an orphan). So real blocks prove the
 * encoding without a recording of theirs.
 */
#ifndef LS_TESTS_MADE_RECEIPTS_H
#define LS_TESTS_MADE_RECEIPTS_H

#include "tests/unit/harness_folder.h"

#include "lib/arena.h"
#include "lib/json.h"
#include "lib/jsonw.h"

static inline const char *made_text(const struct cJSON *object, const char *key)
{
    return ls_json_str(ls_json_get(object, key));
}

/* The only transaction of a block, in *root's tree; NULL when there are more or none. */
static inline const struct cJSON *made_only_tx(const struct ls_ublock *b, struct cJSON **root)
{
    assert_int_equal(ls_json_parse(b->json, b->json_bytes, 0, root, NULL), LS_OK);
    const struct cJSON *txs = ls_json_get(*root, "transactions");
    return ls_json_count(txs) == 1 ? ls_json_at(txs, 0) : NULL;
}

static inline void made_receipts_write(const struct cJSON *block, const struct cJSON *tx,
                                       const char *nonce, struct ls_buf *out)
{
    struct ls_jw w;

    ls_jw_init(&w, out);
    ls_jw_array(&w, NULL);
    ls_jw_object(&w, NULL);
    ls_jw_str(&w, "type", "0x7e");
    ls_jw_str(&w, "status", "0x1");
    ls_jw_str(&w, "cumulativeGasUsed", made_text(block, "gasUsed"));
    ls_jw_str(&w, "logsBloom", made_text(block, "logsBloom"));
    ls_jw_array(&w, "logs");
    ls_jw_array_end(&w);
    ls_jw_str(&w, "transactionHash", made_text(tx, "hash"));
    ls_jw_str(&w, "transactionIndex", "0x0");
    ls_jw_str(&w, "blockHash", made_text(block, "hash"));
    ls_jw_str(&w, "blockNumber", made_text(block, "number"));
    ls_jw_str(&w, "gasUsed", made_text(block, "gasUsed"));
    ls_jw_str(&w, "depositNonce", nonce);
    ls_jw_str(&w, "depositReceiptVersion", "0x1");
    ls_jw_object_end(&w);
    ls_jw_array_end(&w);
    assert_int_equal(out->err, LS_OK);
}

/* Appends the receipts of a block (Canyon or later) of c with one deposit and nothing else; false
 * when it is another. */
static inline bool made_receipts_put(const struct ls_chain *c, const struct ls_ublock *b,
                                     struct ls_buf *out)
{
    const struct ls_ublock *at = ls_universe_get(c->l2, ls_chain_at(c, b->ref.number));
    struct cJSON *block = NULL;
    struct cJSON *canonical = NULL;
    const struct cJSON *tx = made_only_tx(b, &block);
    const struct cJSON *known = made_only_tx(at, &canonical);
    bool is_known = tx && known && made_text(known, "depositReceiptVersion");

    if (is_known) {
        made_receipts_write(block, tx, made_text(known, "nonce"), out);
    }
    ls_json_free(canonical);
    ls_json_free(block);
    return is_known;
}

/* Gives all such blocks of the chain their receipts; a owns the text. */
static inline void made_receipts_give(struct ls_chain *c, struct ls_arena *a)
{
    for (uint32_t id = 0; id < ls_universe_count(c->l2); id++) {
        struct ls_buf text;
        ls_buf_init(&text, 1u << 20);
        if (made_receipts_put(c, ls_universe_get(c->l2, id), &text)) {
            const char *kept = ls_arena_dup(a, text.p, text.n);
            assert_non_null(kept);
            ls_universe_set_receipts(c->l2, id, kept, text.n);
        }
        ls_buf_fini(&text);
    }
}

#endif
