/*
 * Importers: from a line of JSON to an entry of the draft.
 */
#include "harness/capture/import.h"

#include <inttypes.h>
#include <string.h>

#include "harness/capture/beside.h"
#include "harness/capture/check.h"
#include "harness/capture/files.h"
#include "harness/capture/input.h"
#include "harness/capture/jsontext.h"
#include "harness/capture/manifest.h"
#include "harness/capture/proofs.h"
#include "harness/capture/receipts.h"
#include "lib/hex.h"
#include "lib/json.h"

struct importer {
    struct ls_draft *f;
    struct ls_arena scratch;
    bool is_mixed; /* collections of several chains were met */
    bool found;    /* genesis */
};

static enum ls_err keep_block(struct importer *im, struct ls_draft_blocks *to,
                              struct ls_draft_block *b, struct ls_diag *d)
{
    b->text = ls_draft_keep(im->f, b->text);
    return b->text.p ? ls_draft_add_block(to, b, d) : ls_fail(d, LS_ERR_NOMEM, "out of memory");
}

/* The number as stated, for a sentence about a block that may be wrong. */
static enum ls_err name_block(enum ls_err e, struct ls_span text, struct ls_diag *d)
{
    struct ls_span v = ls_jsontext_get(text, "number");
    uint64_t number = 0;

    if (v.n > 2 && !ls_parse_quantity((const char *)v.p + 1, v.n - 2, &number)) {
        return ls_fail_in(d, e, "block %" PRIu64, number);
    }
    return e;
}

/* Transactions as hashes: good only to be met again in full. */
static bool is_hash_only(struct ls_span block)
{
    struct ls_jsontext it = ls_jsontext_open(ls_jsontext_get(block, "transactions"));
    struct ls_jsontext_item item;

    return ls_jsontext_next(&it, &item) && item.value.n > 0 && item.value.p[0] == '"';
}

static enum ls_err add_header(struct importer *im, struct ls_draft_blocks *to, struct ls_span text,
                              struct ls_diag *d)
{
    struct ls_l1_ref ref;
    enum ls_err e = ls_check_l1_header(text, &ref, d);

    if (e) {
        return name_block(e, text, d);
    }
    struct ls_draft_block b = {
        .text = text, .hash = ref.hash, .parent = ref.parent, .number = ref.number};
    return keep_block(im, to, &b, d);
}

static enum ls_err take_l2(void *ctx, struct ls_span text, struct ls_diag *d)
{
    struct importer *im = ctx;
    const struct ls_rollup *r = im->f->rollup_json.n > 0 ? &im->f->rollup : NULL;
    struct ls_block block;
    struct ls_l2_ref ref;

    if (is_hash_only(text)) {
        return add_header(im, &im->f->l2, text, d);
    }
    ls_arena_reset(&im->scratch);
    enum ls_err e = ls_check_l2_block(text, r, &im->scratch, &block, &ref, d);
    if (e) {
        return name_block(e, text, d);
    }
    struct ls_draft_block b = {.text = text,
                               .hash = ref.hash,
                               .parent = ref.parent,
                               .number = ref.number,
                               .l1_origin = ref.l1_origin,
                               .is_hydrated = true};
    return keep_block(im, &im->f->l2, &b, d);
}

static enum ls_err take_l1(void *ctx, struct ls_span text, struct ls_diag *d)
{
    struct importer *im = ctx;

    return add_header(im, &im->f->l1, text, d);
}

/* Of a file of many genesis blocks, the one that is ours. */
static enum ls_err take_genesis(void *ctx, struct ls_span text, struct ls_diag *d)
{
    struct importer *im = ctx;
    struct ls_l1_ref ref;

    if (im->found || ls_check_l1_header(text, &ref, NULL) ||
        !ls_hash_eq(&ref.hash, &im->f->rollup.genesis_l2.hash)) {
        return LS_OK;
    }
    im->found = true;
    return take_l2(ctx, text, d);
}

static enum ls_err take_row(void *ctx, struct ls_span text, struct ls_diag *d)
{
    struct importer *im = ctx;
    struct ls_draft_row row;
    struct ls_buf line;
    struct cJSON *root = NULL;
    uint64_t at_ms;
    enum ls_err e = ls_json_parse((const char *)text.p, text.n, 0, &root, d);

    ls_buf_init(&line, LS_MANIFEST_BYTES_MAX);
    if (!e && (e = ls_json_u64(ls_json_get(root, "at_ms"), &at_ms))) {
        ls_fail(d, e, "at_ms: %s", ls_err_text(e));
    }
    if (!e) {
        e = ls_sync_status_parse(ls_json_get(root, "result"), &row.status, d);
    }
    if (!e) {
        ls_input_clean(text, &line);
        row.text = ls_draft_keep(im->f, ls_buf_span(&line));
        e = line.err || !row.text.p ? ls_fail(d, LS_ERR_NOMEM, "out of memory")
                                    : ls_draft_add_row(im->f, &row, d);
    }
    ls_buf_fini(&line);
    ls_json_free(root);
    return e;
}

/* Keeps text as a line that goes by that key. */
static enum ls_err keep_beside(struct importer *im, struct ls_draft_beside_list *to,
                               const struct ls_hash *key, struct ls_span text, struct ls_diag *d)
{
    struct ls_buf line;

    ls_buf_init(&line, LS_SEGMENT_BYTES_MAX);
    ls_jsontext_compact(text, &line);
    struct ls_span kept = ls_draft_keep(im->f, ls_buf_span(&line));
    enum ls_err e = line.err || !kept.p ? ls_fail(d, LS_ERR_NOMEM, "out of memory")
                                        : ls_draft_add_beside(to, key, kept, d);
    ls_buf_fini(&line);
    return e;
}

/* The receipts themselves say of which block they are. */
static enum ls_err take_receipts(void *ctx, struct ls_span text, struct ls_diag *d)
{
    struct importer *im = ctx;
    struct ls_hash block;

    if (ls_beside_is_none(text)) {
        return LS_OK;
    }
    if (text.n == 0 || text.p[0] != '[') {
        return ls_fail(d, LS_ERR_TYPE, "no list of receipts");
    }
    if (!ls_beside_is_some(text)) {
        return LS_OK;
    }
    if (!ls_receipts_block(text, &block)) {
        return ls_fail(d, LS_ERR_PARSE, "blockHash: no receipt without it");
    }
    return keep_beside(im, &im->f->beside[LS_BESIDE_RECEIPTS], &block, text, d);
}

/* A proof says of which state it is. */
static enum ls_err take_proof(void *ctx, struct ls_span text, struct ls_diag *d)
{
    struct importer *im = ctx;
    struct ls_jsontext it = ls_jsontext_open(text);
    struct ls_jsontext_item item;
    struct ls_hash state;
    enum ls_err e = LS_OK;

    if (ls_beside_is_none(text)) {
        return LS_OK;
    }
    if (text.n > 0 && text.p[0] == '[') {
        while (!e && ls_jsontext_next(&it, &item)) {
            e = take_proof(ctx, item.value, d);
        }
        return e;
    }
    if (text.n == 0 || text.p[0] != '{') {
        return ls_fail(d, LS_ERR_TYPE, "no proof of an account");
    }
    if (!ls_proof_state(text, &state)) {
        return ls_fail(d, LS_ERR_PARSE, "accountProof: no proof without its nodes");
    }
    return keep_beside(im, &im->f->beside[LS_BESIDE_PROOFS], &state, text, d);
}

/* --- facts of a collection --- */

static enum ls_err take_chain_id(struct importer *im, const struct cJSON *root, struct ls_diag *d)
{
    struct ls_draft *f = im->f;
    uint64_t id = 0;

    if (ls_json_u64(ls_json_get(root, "chainId"), &id) || id == 0 || im->is_mixed) {
        return LS_OK;
    }
    if (f->l2_chain_id == 0 && f->l2.count == 0) {
        f->l2_chain_id = id;
    } else if (f->l2_chain_id != id && f->rollup_json.n > 0) {
        return ls_fail(d, LS_ERR_CONFIG,
                       "chainId: %" PRIu64 ", but the rollup config is for chain %" PRIu64, id,
                       f->l2_chain_id);
    } else if (f->l2_chain_id != id) {
        im->is_mixed = true;
        f->l2_chain_id = 0;
    }
    return LS_OK;
}

static enum ls_err take_provenance(struct importer *im, const struct cJSON *root, struct ls_diag *d)
{
    const struct cJSON *v = ls_json_first(ls_json_get(root, "provenance"));
    enum ls_err e = LS_OK;

    for (; !e && v; v = ls_json_next(v)) {
        if (ls_json_str(v)) {
            e = ls_draft_add_provenance(im->f, ls_json_str(v), d);
        }
    }
    return e;
}

static enum ls_err take_collection(void *ctx, struct ls_span text, struct ls_diag *d)
{
    struct importer *im = ctx;
    struct cJSON *root = NULL;
    enum ls_err e = ls_json_parse((const char *)text.p, text.n, 0, &root, d);

    if (!e) {
        e = take_chain_id(im, root, d);
    }
    if (!e) {
        e = take_provenance(im, root, d);
    }
    ls_json_free(root);
    return e;
}

static enum ls_err take_l1_collection(void *ctx, struct ls_span text, struct ls_diag *d)
{
    struct importer *im = ctx;
    struct cJSON *root = NULL;
    enum ls_err e = ls_json_parse((const char *)text.p, text.n, 0, &root, d);

    if (!e) {
        e = take_provenance(im, root, d);
    }
    ls_json_free(root);
    return e;
}

/* --- files --- */

enum ls_err ls_import_l2(struct ls_draft *f, const char *path, struct ls_diag *d)
{
    struct importer im = {.f = f, .is_mixed = f->l2_chain_id == 0 && f->l2.count > 0};
    const struct ls_input_sink sink = {take_l2, take_collection, &im};

    ls_arena_init(&im.scratch, LS_CHECK_BLOCK_BYTES_MAX);
    enum ls_err e = ls_input_blocks(path, &sink, d);
    ls_arena_fini(&im.scratch);
    return e;
}

enum ls_err ls_import_l1(struct ls_draft *f, const char *path, struct ls_diag *d)
{
    struct importer im = {.f = f};
    const struct ls_input_sink sink = {take_l1, take_l1_collection, &im};

    return ls_input_blocks(path, &sink, d);
}

enum ls_err ls_import_status(struct ls_draft *f, const char *path, struct ls_diag *d)
{
    struct importer im = {.f = f};
    const struct ls_input_sink sink = {take_row, NULL, &im};

    return ls_input_values(path, &sink, d);
}

enum ls_err ls_import_receipts(struct ls_draft *f, const char *path, struct ls_diag *d)
{
    struct importer im = {.f = f};
    const struct ls_input_sink sink = {take_receipts, NULL, &im};

    return ls_input_results(path, &sink, d);
}

enum ls_err ls_import_proofs(struct ls_draft *f, const char *path, struct ls_diag *d)
{
    struct importer im = {.f = f};
    const struct ls_input_sink sink = {take_proof, NULL, &im};

    return ls_input_results(path, &sink, d);
}

enum ls_err ls_import_genesis(struct ls_draft *f, const char *path, struct ls_diag *d)
{
    struct importer im = {.f = f};
    const struct ls_input_sink sink = {take_genesis, NULL, &im};

    if (f->rollup_json.n == 0) {
        return ls_fail(d, LS_ERR_CONFIG, "\"%s\": --genesis needs --rollup, which names the block",
                       path);
    }
    ls_arena_init(&im.scratch, LS_CHECK_BLOCK_BYTES_MAX);
    enum ls_err e = ls_input_blocks(path, &sink, d);
    ls_arena_fini(&im.scratch);
    if (!e && !im.found) {
        e = ls_fail(d, LS_ERR_NOT_FOUND, "\"%s\": no block in it is the rollup config's genesis",
                    path);
    }
    return e;
}

static bool holds(const struct ls_draft_blocks *blocks, const struct ls_hash *hash)
{
    for (size_t i = 0; i < blocks->count; i++) {
        if (ls_hash_eq(&blocks->items[i].hash, hash)) {
            return true;
        }
    }
    return false;
}

enum ls_err ls_import_tip(struct ls_draft *f, const char *hash, struct ls_diag *d)
{
    struct ls_hash h;

    if (ls_hex_fixed(hash, strlen(hash), h.b, sizeof h.b)) {
        return ls_fail(d, LS_ERR_USAGE, "--canonical-tip: \"%.80s\" is not a block hash", hash);
    }
    bool is_l2 = holds(&f->l2, &h);
    if (!is_l2 && !holds(&f->l1, &h)) {
        return ls_fail(d, LS_ERR_NOT_FOUND, "--canonical-tip: no block of hash %s is here", hash);
    }
    return ls_draft_add_point(is_l2 ? &f->l2_points : &f->l1_points, &h, LS_DAG_TIP, d);
}

enum ls_err ls_import_rollup(struct ls_draft *f, const char *path, struct ls_diag *d)
{
    struct ls_buf text;
    enum ls_err e;

    ls_buf_init(&text, LS_MANIFEST_BYTES_MAX);
    e = ls_file_read(path, &text, d);
    if (!e) {
        e = ls_draft_set_rollup(f, ls_jsontext_trim(ls_buf_span(&text)), d);
        if (e) {
            ls_fail_in(d, e, "\"%s\"", path);
        }
    }
    ls_buf_fini(&text);
    return e;
}
