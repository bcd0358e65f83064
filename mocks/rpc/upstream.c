/* A recorded chain as the node behind the sync tester. Texts are op-geth's. */
#include "mocks/rpc/upstream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/num.h"
#include "lib/op/rpc.h"

struct fixture {
    struct ls_upstream base;
    struct ls_upstream_fixture f;
    uint32_t safe;
    uint32_t finalized;
    char chain_id[24]; /* as JSON */
};

static const struct ls_span null_text = {(const uint8_t *)"null", 4};

static void answer_error(struct ls_upstream_answer *out, int64_t code, const char *message)
{
    out->kind = LS_UPSTREAM_ERROR;
    out->code = code;
    out->message = message;
}

/* --- which block --- */

enum found { FOUND, UNKNOWN, WRONG };

/* What is wrong with text as a number, as op-geth says it; NULL: nothing. */
static const char *number_fault(const char *text)
{
    if (text[0] != '0' || (text[1] != 'x' && text[1] != 'X')) {
        return "invalid argument 0: hex string without 0x prefix";
    }
    return "invalid argument 0: invalid hex string";
}

static enum found by_label(uint32_t id, const char *missing, struct ls_upstream_answer *out)
{
    if (id == LS_NO_BLOCK) {
        answer_error(out, LS_RPC_SERVER, missing);
        return WRONG;
    }
    out->block = id;
    return FOUND;
}

static enum found by_text(const struct fixture *x, uint32_t tip, const char *text,
                          struct ls_upstream_answer *out)
{
    uint64_t number = 0;
    if (strcmp(text, "latest") == 0 || strcmp(text, "pending") == 0) {
        out->block = tip;
        return FOUND;
    }
    if (strcmp(text, "safe") == 0) {
        return by_label(x->safe, "safe block not found", out);
    }
    if (strcmp(text, "finalized") == 0) {
        return by_label(x->finalized, "finalized block not found", out);
    }
    if (strcmp(text, "earliest") != 0 && ls_parse_quantity(text, strlen(text), &number) != LS_OK) {
        answer_error(out, LS_RPC_INVALID_PARAMS, number_fault(text));
        return WRONG;
    }
    out->block = ls_universe_at(x->f.universe, tip, number);
    return out->block == LS_NO_BLOCK ? UNKNOWN : FOUND;
}

static enum found by_hash(const struct fixture *x, uint32_t tip, const struct ls_hash *hash,
                          struct ls_upstream_answer *out)
{
    uint32_t id = ls_universe_find(x->f.universe, hash);
    if (id == LS_NO_BLOCK || tip == LS_NO_BLOCK) {
        return UNKNOWN;
    }
    const struct ls_ublock *b = ls_universe_get(x->f.universe, id);
    if (b->ref.number > ls_universe_get(x->f.universe, tip)->ref.number ||
        (b->is_synthetic && !ls_universe_is_ancestor(x->f.universe, id, tip))) {
        return UNKNOWN;
    }
    out->block = id;
    return FOUND;
}

/* --- answers --- */

static void ask_block(const struct fixture *x, const struct ls_upstream_query *q, uint32_t tip,
                      struct ls_upstream_answer *out)
{
    enum found found =
        q->hash != NULL ? by_hash(x, tip, q->hash, out) : by_text(x, tip, q->text, out);
    if (found == UNKNOWN) {
        out->text = null_text;
    }
}

static struct ls_span recorded_receipts(const struct ls_universe *u, uint32_t id)
{
    const struct ls_ublock *b = ls_universe_get(u, id);
    return (struct ls_span){(const uint8_t *)b->receipts, b->receipts_bytes};
}

static void ask_receipts(const struct fixture *x, const struct ls_upstream_query *q, uint32_t tip,
                         struct ls_upstream_answer *out)
{
    if (x->f.receipts == NULL && !x->f.has_receipts) {
        answer_error(out, LS_RPC_METHOD_NOT_FOUND,
                     "the method eth_getBlockReceipts does not exist/is not available");
        return;
    }
    ask_block(x, q, tip, out);
    if (out->block == LS_NO_BLOCK) {
        return;
    }
    out->text = x->f.receipts != NULL ? x->f.receipts(x->f.self, out->block)
                                      : recorded_receipts(x->f.universe, out->block);
    out->block = LS_NO_BLOCK;
    if (out->text.p == NULL) {
        answer_error(out, LS_RPC_SERVER, "receipts of this block are not recorded");
    }
}

static void fixture_ask(struct ls_upstream *u, const struct ls_upstream_query *q,
                        struct ls_upstream_answer *out)
{
    const struct fixture *x = (const struct fixture *)u;
    uint32_t tip = x->f.tip_at != NULL ? x->f.tip_at(x->f.self, q->now_ns) : x->f.tip;
    *out = (struct ls_upstream_answer){.kind = LS_UPSTREAM_RESULT, .block = LS_NO_BLOCK};
    switch (q->what) {
    case LS_UPSTREAM_CHAIN_ID:
        out->text = (struct ls_span){(const uint8_t *)x->chain_id, strlen(x->chain_id)};
        break;
    case LS_UPSTREAM_BLOCK:
        ask_block(x, q, tip, out);
        break;
    case LS_UPSTREAM_RECEIPTS:
        ask_receipts(x, q, tip, out);
        break;
    }
}

static const struct ls_upstream_ops FIXTURE_OPS = {.ask = fixture_ask};

struct ls_upstream *ls_upstream_fixture_new(const struct ls_upstream_fixture *f)
{
    struct fixture *x = calloc(1, sizeof *x);
    if (x == NULL) {
        return NULL;
    }
    x->base = (struct ls_upstream){.ops = &FIXTURE_OPS, .universe = f->universe};
    x->f = *f;
    x->safe = LS_NO_BLOCK;
    x->finalized = LS_NO_BLOCK;
    (void)snprintf(x->chain_id, sizeof x->chain_id, "\"0x%" PRIx64 "\"", f->chain_id);
    return &x->base;
}

void ls_upstream_fixture_free(struct ls_upstream *u)
{
    free(u);
}

void ls_upstream_fixture_set_tip(struct ls_upstream *u, uint32_t tip)
{
    ((struct fixture *)u)->f.tip = tip;
}

void ls_upstream_fixture_set_labels(struct ls_upstream *u, uint32_t safe, uint32_t finalized)
{
    ((struct fixture *)u)->safe = safe;
    ((struct fixture *)u)->finalized = finalized;
}
