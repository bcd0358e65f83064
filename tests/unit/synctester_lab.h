/*
 * The node behind the recorded sync tester: a chain up to the block it had then, blocks of another
 * chain as one of the recordings had, and on demand the faults that were injected there. Keeps the
 * list of what it was asked.
 */
#ifndef LS_TESTS_UNIT_SYNCTESTER_LAB_H
#define LS_TESTS_UNIT_SYNCTESTER_LAB_H

#include "lib/hex.h"
#include "lib/jsonw.h"
#include "mocks/rpc/blockjson.h"
#include "mocks/rpc/upstream.h"
#include "tests/unit/synctester_rows.h"

#define LAB_BLOCKS_MAX 8192u

enum lab_fault {
    LAB_FINE,
    LAB_RATE_LIMITED, /* a JSON-RPC error */
    LAB_HTTP_500,
    LAB_HTTP_429,
    LAB_GARBAGE, /* 200 with HTML */
    LAB_NULL,
    LAB_EMPTY_OBJECT,
    LAB_STRING,   /* "x" */
    LAB_WRONG_ID, /* the chain id's answer to everything: ids are not looked at */
    LAB_NO_RECEIPTS,
    LAB_HASH_WRONG, /* blocks, altered */
    LAB_STATE_ROOT,
    LAB_NO_TXS,
    LAB_ONE_TX_LESS,
    LAB_NO_NUMBER,
    LAB_NO_WITHDRAWALS,
    LAB_EXTRA_FIELD,
    LAB_MEMBER, /* lab->member has lab->value */
    LAB_SLOW    /* answers after 35 s */
};

struct lab_receipts {
    struct ls_hash block;
    struct ls_buf text;
};

struct lab {
    struct ls_upstream base; /* what the tester asks */
    struct ls_upstream *chain;
    struct ls_upstream *other; /* another chain, above the first; NULL = none */
    struct ls_universe *universe;
    void *universe_mem;
    struct ls_blockjson *blocks;
    uint32_t tip;       /* of all that is recorded */
    uint32_t other_tip; /* LS_NO_BLOCK: there is none */
    uint64_t chain_id;
    struct ls_buf *texts; /* the files the blocks stand in */
    size_t text_count;
    struct lab_receipts *receipts;
    size_t receipt_count;
    enum lab_fault fault;
    const char *member;
    const char *value;         /* a text */
    unsigned fault_from;       /* the first request it hits, from 1 */
    unsigned fault_to;         /* the last */
    enum lab_fault fault_then; /* from the one after */
    unsigned asked;            /* requests since the log was cleared */
    struct ls_buf log;         /* "[method, params],…" */
    struct ls_buf made;        /* an answer made here */
};

/* --- blocks --- */

static void add_recorded_block(struct lab *lab, struct ls_span text)
{
    struct cJSON *v = NULL;
    struct ls_ublock b = {.json = (const char *)text.p, .json_bytes = text.n};
    uint32_t id;
    if (ls_json_parse((const char *)text.p, text.n, 0, &v, NULL) != LS_OK ||
        ls_json_fixed(ls_json_get(v, "hash"), b.ref.hash.b, 32) != LS_OK ||
        ls_json_fixed(ls_json_get(v, "parentHash"), b.ref.parent.b, 32) != LS_OK ||
        ls_json_quantity(ls_json_get(v, "number"), &b.ref.number) != LS_OK) {
        die("blocks", "a line is no block");
    }
    ls_json_free(v);
    b.parent = ls_universe_find(lab->universe, &b.ref.parent);
    enum ls_err e = ls_universe_add(lab->universe, &b, &id);
    if (e == LS_ERR_EXISTS) {
        return;
    }
    if (e != LS_OK) {
        die("blocks", ls_err_text(e));
    }
    /* The first chain is the one with a genesis; whatever has no parent here begins the other. */
    bool is_first = b.ref.number == 0 || (b.parent != LS_NO_BLOCK && b.parent == lab->tip);
    if (is_first) {
        lab->tip = id;
    } else if (b.parent == LS_NO_BLOCK || b.parent == lab->other_tip) {
        lab->other_tip = id;
    }
}

/* DIR of a fixture, its l2 file, or an object with "blocks". */
static void add_chain(struct lab *lab, const char *path)
{
    char file[4096];
    size_t at = 0;
    struct ls_span line;
    (void)snprintf(file, sizeof file, "%s/l2.ndjson.zst", path);
    FILE *probe = fopen(file, "rb");
    if (probe != NULL) {
        (void)fclose(probe);
        path = file;
    }
    lab->texts = need(realloc(lab->texts, (lab->text_count + 1) * sizeof *lab->texts));
    struct ls_buf *text = &lab->texts[lab->text_count++];
    read_file(path, text);
    struct ls_span blocks = member_text((struct ls_span){text->p, text->n}, "blocks");
    if (blocks.p != NULL) {
        for (at = space_at(blocks, 1); blocks.p[at] == '{' || blocks.p[at] == ',';) {
            at = space_at(blocks, blocks.p[at] == ',' ? at + 1 : at);
            size_t end = value_end(blocks, at);
            add_recorded_block(lab, (struct ls_span){blocks.p + at, end - at});
            at = space_at(blocks, end);
        }
        return;
    }
    while ((line = next_line(text, &at)).p != NULL) {
        add_recorded_block(lab, line);
    }
}

/* --- receipts: those of the answers, with members that the tester drops --- */

static void add_receipts(struct lab *lab, const struct cJSON *list)
{
    struct ls_hash hash;
    struct ls_jw w;
    if (ls_json_fixed(ls_json_get(ls_json_at(list, 0), "blockHash"), hash.b, 32) != LS_OK) {
        return;
    }
    for (size_t i = 0; i < lab->receipt_count; i++) {
        if (ls_hash_eq(&lab->receipts[i].block, &hash)) {
            return;
        }
    }
    lab->receipts = need(realloc(lab->receipts, (lab->receipt_count + 1) * sizeof *lab->receipts));
    struct lab_receipts *r = &lab->receipts[lab->receipt_count++];
    r->block = hash;
    ls_buf_init(&r->text, RECORDED_BYTES_MAX);
    ls_jw_init(&w, &r->text);
    ls_jw_array(&w, NULL);
    for (const struct cJSON *one = ls_json_first(list); one != NULL; one = ls_json_next(one)) {
        struct ls_buf text;
        ls_buf_init(&text, RECORDED_BYTES_MAX);
        ls_json_print(one, &text);
        ls_jw_object(&w, NULL);
        ls_jw_str(&w, "from", "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001");
        ls_jw_str(&w, "to", "0x4200000000000000000000000000000000000015");
        (void)ls_buf_putc(&r->text, ',');
        (void)ls_buf_put(&r->text, text.p + 1, text.n - 2);
        ls_jw_object_end(&w);
        ls_buf_fini(&text);
    }
    ls_jw_array_end(&w);
}

static struct ls_span receipts_of(void *self, uint32_t block)
{
    struct lab *lab = self;
    const struct ls_ublock *b = ls_universe_get(lab->universe, block);
    for (size_t i = 0; i < lab->receipt_count; i++) {
        if (ls_hash_eq(&lab->receipts[i].block, &b->ref.hash)) {
            return ls_buf_span(&lab->receipts[i].text);
        }
    }
    if (b->ref.number == 0) {
        return (struct ls_span){(const uint8_t *)"[]", 2};
    }
    return (struct ls_span){NULL, 0};
}

/* --- the log --- */

static void log_query(struct lab *lab, const struct ls_upstream_query *q)
{
    struct ls_jw w = {.b = &lab->log, .need_comma = lab->asked > 1};
    ls_jw_array(&w, NULL);
    switch (q->what) {
    case LS_UPSTREAM_CHAIN_ID:
        ls_jw_str(&w, NULL, "eth_chainId");
        break;
    case LS_UPSTREAM_BLOCK:
        ls_jw_str(&w, NULL, q->hash != NULL ? "eth_getBlockByHash" : "eth_getBlockByNumber");
        break;
    case LS_UPSTREAM_RECEIPTS:
        ls_jw_str(&w, NULL, "eth_getBlockReceipts");
        break;
    }
    ls_jw_array(&w, NULL);
    if (q->what != LS_UPSTREAM_CHAIN_ID) {
        if (q->hash != NULL) {
            ls_jw_hex(&w, NULL, q->hash->b, 32);
        } else {
            ls_jw_str(&w, NULL, q->text);
        }
    }
    if (q->what == LS_UPSTREAM_BLOCK) {
        ls_jw_bool(&w, NULL, q->is_full);
    }
    ls_jw_array_end(&w);
    ls_jw_array_end(&w);
}

static void clear_log(struct lab *lab)
{
    ls_buf_clear(&lab->log);
    lab->asked = 0;
}

/* --- faults --- */

static void fail_with(struct ls_upstream_answer *out, enum ls_upstream_kind kind, int64_t code,
                      const char *message)
{
    *out = (struct ls_upstream_answer){
        .kind = kind, .block = LS_NO_BLOCK, .code = code, .message = message};
}

static void say_json(struct ls_upstream_answer *out, const char *json)
{
    *out = (struct ls_upstream_answer){.kind = LS_UPSTREAM_RESULT,
                                       .block = LS_NO_BLOCK,
                                       .text = {(const uint8_t *)json, strlen(json)}};
}

static void put_altered_txs(struct lab *lab, struct ls_jw *w, const struct cJSON *txs,
                            struct ls_buf *scratch)
{
    ls_jw_array(w, "transactions");
    for (const struct cJSON *tx = ls_json_first(txs); tx != NULL; tx = ls_json_next(tx)) {
        if (lab->fault == LAB_NO_TXS ||
            (lab->fault == LAB_ONE_TX_LESS && ls_json_next(tx) == NULL)) {
            break;
        }
        ls_buf_clear(scratch);
        ls_json_print(tx, scratch);
        ls_jw_raw(w, NULL, (const char *)scratch->p, scratch->n);
    }
    ls_jw_array_end(w);
}

static void put_altered(struct lab *lab, struct ls_jw *w, const struct cJSON *m,
                        struct ls_buf *scratch)
{
    static const char wrong[] =
        "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";
    const char *key = ls_json_key(m);
    if ((lab->fault == LAB_NO_NUMBER && strcmp(key, "number") == 0) ||
        (lab->fault == LAB_NO_WITHDRAWALS && strcmp(key, "withdrawals") == 0)) {
        return;
    }
    if ((lab->fault == LAB_HASH_WRONG && strcmp(key, "hash") == 0) ||
        (lab->fault == LAB_STATE_ROOT && strcmp(key, "stateRoot") == 0)) {
        ls_jw_str(w, key, wrong);
    } else if (lab->fault == LAB_MEMBER && strcmp(key, lab->member) == 0) {
        ls_jw_str(w, key, lab->value);
    } else if (strcmp(key, "transactions") == 0) {
        put_altered_txs(lab, w, m, scratch);
    } else {
        ls_buf_clear(scratch);
        ls_json_print(m, scratch);
        ls_jw_raw(w, key, (const char *)scratch->p, scratch->n);
    }
}

static void alter(struct lab *lab, bool is_full, struct ls_upstream_answer *out)
{
    struct ls_buf plain;
    struct ls_buf scratch;
    struct cJSON *root = NULL;
    struct ls_jw w;
    if (out->kind != LS_UPSTREAM_RESULT || out->block == LS_NO_BLOCK) {
        return;
    }
    ls_buf_init(&plain, RECORDED_BYTES_MAX);
    ls_buf_init(&scratch, RECORDED_BYTES_MAX);
    ls_blockjson_put(lab->blocks, out->block, is_full ? LS_FORM_FULL : LS_FORM_HASHES, &plain);
    if (ls_json_parse((const char *)plain.p, plain.n, 0, &root, NULL) != LS_OK) {
        die("blocks", "a recorded block cannot be read");
    }
    ls_buf_clear(&lab->made);
    ls_jw_init(&w, &lab->made);
    ls_jw_object(&w, NULL);
    for (const struct cJSON *m = ls_json_first(root); m != NULL; m = ls_json_next(m)) {
        put_altered(lab, &w, m, &scratch);
    }
    if (lab->fault == LAB_EXTRA_FIELD) {
        ls_jw_u64(&w, "foo", 1);
    }
    ls_jw_object_end(&w);
    ls_json_free(root);
    ls_buf_fini(&plain);
    ls_buf_fini(&scratch);
    out->block = LS_NO_BLOCK;
    out->text = ls_buf_span(&lab->made);
}

static void spoil(struct lab *lab, enum lab_fault fault, const struct ls_upstream_query *q,
                  struct ls_upstream_answer *out)
{
    switch (fault) {
    case LAB_FINE:
        break;
    case LAB_RATE_LIMITED:
        fail_with(out, LS_UPSTREAM_ERROR, -32005, "rate limited");
        break;
    case LAB_HTTP_500:
        fail_with(out, LS_UPSTREAM_FAILURE, 0, "500 Internal Server Error: internal");
        break;
    case LAB_HTTP_429:
        fail_with(out, LS_UPSTREAM_FAILURE, 0, "429 Too Many Requests: slow down");
        break;
    case LAB_GARBAGE:
        fail_with(out, LS_UPSTREAM_FAILURE, 0,
                  "invalid character '<' looking for beginning of value");
        break;
    case LAB_NULL:
        say_json(out, "null");
        break;
    case LAB_EMPTY_OBJECT:
        say_json(out, "{}");
        break;
    case LAB_STRING:
        say_json(out, "\"x\"");
        break;
    case LAB_WRONG_ID:
        say_json(out, "\"0x385\"");
        break;
    case LAB_NO_RECEIPTS:
        say_json(out, "[]");
        break;
    case LAB_HASH_WRONG:
    case LAB_STATE_ROOT:
    case LAB_NO_TXS:
    case LAB_ONE_TX_LESS:
    case LAB_NO_NUMBER:
    case LAB_NO_WITHDRAWALS:
    case LAB_EXTRA_FIELD:
    case LAB_MEMBER:
        alter(lab, q->is_full, out);
        break;
    case LAB_SLOW:
        out->delay_ns = UINT64_C(35000000000);
        break;
    }
}

/* --- life --- */

static void lab_ask(struct ls_upstream *u, const struct ls_upstream_query *q,
                    struct ls_upstream_answer *out)
{
    struct lab *lab = (struct lab *)u;
    lab->asked++;
    log_query(lab, q);
    lab->chain->ops->ask(lab->chain, q, out);
    if (lab->other != NULL && out->kind == LS_UPSTREAM_RESULT && out->block == LS_NO_BLOCK &&
        ls_span_is(out->text, "null")) {
        struct ls_upstream_answer more;
        lab->other->ops->ask(lab->other, q, &more);
        if (more.block != LS_NO_BLOCK && ls_universe_get(lab->universe, more.block)->ref.number >
                                             ls_universe_get(lab->universe, lab->tip)->ref.number) {
            *out = more;
        }
    }
    if (lab->asked >= lab->fault_from && lab->asked <= lab->fault_to) {
        spoil(lab, lab->fault, q, out);
    } else if (lab->asked > lab->fault_to) {
        spoil(lab, lab->fault_then, q, out);
    }
}

static const struct ls_upstream_ops LAB_OPS = {.ask = lab_ask};

static void make_lab(struct lab *lab, char *const *chains, size_t count)
{
    memset(lab, 0, sizeof *lab);
    lab->tip = LS_NO_BLOCK;
    lab->other_tip = LS_NO_BLOCK;
    lab->chain_id = 901;
    lab->universe_mem = need(malloc(ls_universe_size(LAB_BLOCKS_MAX)));
    lab->universe = ls_universe_init(lab->universe_mem, LAB_BLOCKS_MAX);
    for (size_t i = 0; i < count; i++) {
        add_chain(lab, chains[i]);
    }
    if (lab->tip == LS_NO_BLOCK) {
        die("--chain", "there is no chain with a genesis block");
    }
    lab->base = (struct ls_upstream){.ops = &LAB_OPS, .universe = lab->universe};
    lab->blocks = need(ls_blockjson_new(lab->universe));
    struct ls_upstream_fixture f = {.universe = lab->universe,
                                    .chain_id = lab->chain_id,
                                    .tip = lab->tip,
                                    .self = lab,
                                    .receipts = receipts_of};
    lab->chain = need(ls_upstream_fixture_new(&f));
    if (lab->other_tip != LS_NO_BLOCK) {
        f.tip = lab->other_tip;
        lab->other = need(ls_upstream_fixture_new(&f));
    }
    ls_buf_init(&lab->log, RECORDED_BYTES_MAX);
    ls_buf_init(&lab->made, RECORDED_BYTES_MAX);
    clear_log(lab);
}

static void free_lab(struct lab *lab)
{
    ls_upstream_fixture_free(lab->chain);
    ls_upstream_fixture_free(lab->other);
    ls_blockjson_free(lab->blocks);
    free(lab->universe_mem);
    for (size_t i = 0; i < lab->receipt_count; i++) {
        ls_buf_fini(&lab->receipts[i].text);
    }
    free(lab->receipts);
    for (size_t i = 0; i < lab->text_count; i++) {
        ls_buf_fini(&lab->texts[i]);
    }
    free(lab->texts);
    ls_buf_fini(&lab->log);
    ls_buf_fini(&lab->made);
}

#endif
