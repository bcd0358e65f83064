#include "mocks/rpc/blockjson.h"

#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/jsonw.h"

#define BLOCK_BYTES_MAX (64u << 20)

struct text {
    char *p; /* NULL: not made yet */
    size_t n;
};

struct ls_blockjson {
    const struct ls_universe *u;
    struct text *hashes; /* by block id */
};

struct ls_blockjson *ls_blockjson_new(const struct ls_universe *u)
{
    struct ls_blockjson *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    c->u = u;
    c->hashes = calloc((size_t)ls_universe_capacity(u) + 1, sizeof *c->hashes);
    if (c->hashes == NULL) {
        free(c);
        return NULL;
    }
    return c;
}

void ls_blockjson_free(struct ls_blockjson *c)
{
    if (c == NULL) {
        return;
    }
    for (uint32_t i = 0; i < ls_universe_capacity(c->u); i++) {
        free(c->hashes[i].p);
    }
    free(c->hashes);
    free(c);
}

static void put_hashes(const struct cJSON *txs, struct ls_jw *w)
{
    ls_jw_array(w, "transactions");
    for (const struct cJSON *tx = ls_json_first(txs); tx != NULL; tx = ls_json_next(tx)) {
        const char *hash = ls_json_str(tx);
        ls_jw_str(w, NULL, hash != NULL ? hash : ls_json_str(ls_json_get(tx, "hash")));
    }
    ls_jw_array_end(w);
}

static void put_printed(const struct cJSON *v, const char *key, struct ls_jw *w,
                        struct ls_buf *scratch)
{
    ls_buf_clear(scratch);
    ls_json_print(v, scratch);
    ls_jw_raw(w, key, (const char *)scratch->p, scratch->n);
}

static bool is_deposit(const struct cJSON *tx)
{
    const char *type = ls_json_str(ls_json_get(tx, "type"));
    return type != NULL && strcmp(type, "0x7e") == 0;
}

/* A member of a deposit that op-reth leaves out. */
static bool is_left_out(const struct cJSON *m, bool is_pending)
{
    const char *key = ls_json_key(m);
    if (strcmp(key, "to") == 0) {
        return ls_json_is_null(m);
    }
    return is_pending && (strcmp(key, "nonce") == 0 || strcmp(key, "depositReceiptVersion") == 0);
}

static void put_reth_txs(const struct cJSON *txs, bool is_pending, struct ls_jw *w,
                         struct ls_buf *scratch)
{
    ls_jw_array(w, "transactions");
    for (const struct cJSON *tx = ls_json_first(txs); tx != NULL; tx = ls_json_next(tx)) {
        if (!is_deposit(tx)) {
            put_printed(tx, NULL, w, scratch);
            continue;
        }
        ls_jw_object(w, NULL);
        for (const struct cJSON *m = ls_json_first(tx); m != NULL; m = ls_json_next(m)) {
            if (!is_left_out(m, is_pending)) {
                put_printed(m, ls_json_key(m), w, scratch);
            }
        }
        if (ls_json_get(tx, "yParity") == NULL) {
            ls_jw_str(w, "yParity", "0x0");
        }
        ls_jw_object_end(w);
    }
    ls_jw_array_end(w);
}

static bool is_body_member(const char *key)
{
    static const char *const names[] = {"transactions", "uncles", "withdrawals", "size"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(key, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Writes one member the way this form has it; members keep their order. */
static void put_member(const struct cJSON *member, enum ls_block_form form, struct ls_jw *w,
                       struct ls_buf *scratch)
{
    const char *key = ls_json_key(member);
    if (form == LS_FORM_HEADER && is_body_member(key)) {
        return;
    }
    if (strcmp(key, "transactions") == 0) {
        if (form == LS_FORM_PRUNED) {
            ls_jw_array(w, key);
            ls_jw_array_end(w);
        } else if (form == LS_FORM_FULL_RETH || form == LS_FORM_FULL_RETH_PENDING) {
            put_reth_txs(member, form == LS_FORM_FULL_RETH_PENDING, w, scratch);
        } else {
            put_hashes(member, w);
        }
        return;
    }
    put_printed(member, key, w, scratch);
}

enum ls_err ls_blockjson_tree(const struct ls_ublock *b, struct cJSON **root)
{
    struct ls_span text = ls_ublock_text(b);
    return ls_json_parse((const char *)text.p, text.n, 0, root, NULL);
}

static void derive(const struct ls_ublock *b, enum ls_block_form form, struct ls_buf *out)
{
    struct cJSON *root = NULL;
    struct ls_buf scratch;
    struct ls_jw w;
    if (ls_blockjson_tree(b, &root) != LS_OK || !ls_json_is_object(root)) {
        (void)ls_buf_puts(out, "null");
        ls_json_free(root);
        return;
    }
    ls_buf_init(&scratch, BLOCK_BYTES_MAX);
    ls_jw_init(&w, out);
    ls_jw_object(&w, NULL);
    for (const struct cJSON *m = ls_json_first(root); m != NULL; m = ls_json_next(m)) {
        put_member(m, form, &w, &scratch);
    }
    ls_jw_object_end(&w);
    if (scratch.err != LS_OK) {
        out->err = scratch.err;
    }
    ls_buf_fini(&scratch);
    ls_json_free(root);
}

static void put_cached(struct ls_blockjson *c, uint32_t id, struct ls_buf *out)
{
    struct text *t = &c->hashes[id];
    if (t->p == NULL) {
        size_t start = out->n;
        derive(ls_universe_get(c->u, id), LS_FORM_HASHES, out);
        if (out->err == LS_OK) {
            t->n = out->n - start;
            t->p = malloc(t->n);
            if (t->p != NULL) { /* without memory it is made again next time */
                memcpy(t->p, out->p + start, t->n);
            }
        }
        return;
    }
    (void)ls_buf_put(out, t->p, t->n);
}

void ls_blockjson_put(struct ls_blockjson *c, uint32_t id, enum ls_block_form form,
                      struct ls_buf *out)
{
    const struct ls_ublock *b = ls_universe_get(c->u, id);
    struct ls_span text;
    switch (form) {
    case LS_FORM_FULL:
        text = ls_ublock_text(b);
        (void)ls_buf_put(out, text.p, text.n);
        break;
    case LS_FORM_HASHES:
        put_cached(c, id, out);
        break;
    case LS_FORM_FULL_RETH:
    case LS_FORM_FULL_RETH_PENDING:
    case LS_FORM_PRUNED:
    case LS_FORM_HEADER:
        derive(b, form, out);
        break;
    }
}
