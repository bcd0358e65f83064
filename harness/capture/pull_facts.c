/*
 * Reader and writer of capture.json.
 */
#include "harness/capture/pull_facts.h"

#include <inttypes.h>
#include <string.h>

#include "harness/capture/beside.h"
#include "harness/capture/files.h"
#include "harness/capture/jsontext.h"
#include "harness/capture/manifest.h"
#include "lib/json.h"
#include "lib/jsonw.h"

#define FACTS_FORMAT 1u

const struct ls_rollup *ls_pull_facts_rollup(const struct ls_pull_facts *facts)
{
    return facts->rollup_json.n > 0 ? &facts->rollup : NULL;
}

static enum ls_err check_id(uint64_t known, uint64_t config, const char *which, struct ls_diag *d)
{
    if (known && known != config) {
        return ls_fail(d, LS_ERR_CONFIG,
                       "the rollup config is for %s chain %" PRIu64 ", the node serves %" PRIu64,
                       which, config, known);
    }
    return LS_OK;
}

enum ls_err ls_pull_facts_set_rollup(struct ls_pull_facts *facts, struct ls_span text,
                                     struct ls_arena *a, struct ls_diag *d)
{
    struct ls_rollup r;
    enum ls_err e = ls_rollup_parse((const char *)text.p, text.n, &r, d);

    if (!e) {
        e = check_id(facts->l2_chain_id, r.l2_chain_id, "L2", d);
    }
    if (!e) {
        e = check_id(facts->l1_chain_id, r.l1_chain_id, "L1", d);
    }
    if (e) {
        return e;
    }
    const uint8_t *copy = ls_arena_dup(a, text.p, text.n);
    if (!copy) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    facts->rollup = r;
    facts->rollup_json = (struct ls_span){copy, text.n};
    facts->l2_chain_id = r.l2_chain_id;
    facts->l1_chain_id = r.l1_chain_id;
    return LS_OK;
}

/* --- reading --- */

static enum ls_err read_u64(const struct cJSON *root, const char *key, uint64_t *out,
                            struct ls_diag *d)
{
    enum ls_err e = ls_json_u64(ls_json_get(root, key), out);

    return e ? ls_fail(d, e, "%s: %s", key, ls_err_text(e)) : LS_OK;
}

static enum ls_err read_genesis(const struct cJSON *root, struct ls_pull_facts *out,
                                struct ls_diag *d)
{
    const struct cJSON *genesis = ls_json_get(root, "genesis");

    if (!genesis) {
        return LS_OK;
    }
    enum ls_err e = ls_json_fixed(ls_json_get(genesis, "hash"), out->genesis.hash.b, 32);
    if (e) {
        return ls_fail(d, e, "genesis.hash: %s", ls_err_text(e));
    }
    return read_u64(genesis, "number", &out->genesis.number, d);
}

static enum ls_err read_texts(const struct cJSON *root, struct ls_arena *a,
                              struct ls_pull_facts *out, struct ls_diag *d)
{
    const char *name = ls_json_str(ls_json_get(root, "name"));

    if (!name || !ls_manifest_is_name(name)) {
        return ls_fail(d, LS_ERR_PARSE, "name: is not a name");
    }
    memcpy(out->name, name, strlen(name) + 1);
    for (const struct cJSON *v = ls_json_first(ls_json_get(root, "provenance"));
         v && out->provenance_count < LS_PULL_PROVENANCE_MAX; v = ls_json_next(v)) {
        const char *text = ls_json_str(v);
        const char *copy = text ? ls_arena_dup(a, text, strlen(text)) : NULL;
        if (!copy) {
            return ls_fail(d, text ? LS_ERR_NOMEM : LS_ERR_TYPE, "provenance: not a list of texts");
        }
        out->provenance[out->provenance_count++] = copy;
    }
    return LS_OK;
}

static enum ls_err read_root(const struct cJSON *root, struct ls_span text, struct ls_arena *a,
                             struct ls_pull_facts *out, struct ls_diag *d)
{
    uint64_t format = 0;
    enum ls_err e = read_u64(root, "format", &format, d);

    if (!e && format != FACTS_FORMAT) {
        e = ls_fail(d, LS_ERR_UNSUPPORTED, "format: %" PRIu64 " is not known", format);
    }
    if (!e) {
        e = read_u64(root, "l2_chain_id", &out->l2_chain_id, d);
    }
    if (!e) {
        e = read_u64(root, "l1_chain_id", &out->l1_chain_id, d);
    }
    if (!e) {
        e = read_u64(root, "from", &out->from, d);
    }
    if (!e) {
        e = read_u64(root, "labels_from_ms", &out->labels_from_ms, d);
    }
    for (int k = 0; k < LS_BESIDE_COUNT; k++) {
        const char *name = ls_beside_of((enum ls_beside_kind)k)->name;
        out->has_beside[k] = ls_json_true(ls_json_get(root, name));
    }
    if (!e) {
        e = read_genesis(root, out, d);
    }
    if (!e) {
        e = read_texts(root, a, out, d);
    }
    struct ls_span rollup = ls_jsontext_get(text, "rollup");
    return e || rollup.n == 0 ? e : ls_pull_facts_set_rollup(out, rollup, a, d);
}

enum ls_err ls_pull_facts_read(const char *dir, struct ls_arena *a, struct ls_pull_facts *out,
                               struct ls_diag *d)
{
    char path[LS_PATH_MAX];
    struct ls_buf text;
    struct cJSON *root = NULL;
    enum ls_err e = ls_path_join(dir, LS_PULL_FACTS_FILE, path, d);

    *out = (struct ls_pull_facts){.from = 0};
    ls_buf_init(&text, LS_MANIFEST_BYTES_MAX);
    if (!e) {
        e = ls_file_read(path, &text, d);
    }
    if (!e) {
        e = ls_json_parse((const char *)text.p, text.n, 0, &root, d);
        if (!e) {
            e = read_root(root, ls_buf_span(&text), a, out, d);
        }
        if (e) {
            ls_fail_in(d, e, "\"%s\"", path);
        }
    }
    ls_json_free(root);
    ls_buf_fini(&text);
    return e;
}

/* --- writing --- */

static void write_facts(const struct ls_pull_facts *f, struct ls_jw *w)
{
    ls_jw_object(w, NULL);
    ls_jw_u64(w, "format", FACTS_FORMAT);
    ls_jw_str(w, "tool", "lockstep " LS_VERSION);
    ls_jw_str(w, "name", f->name);
    ls_jw_u64(w, "l2_chain_id", f->l2_chain_id);
    ls_jw_u64(w, "l1_chain_id", f->l1_chain_id);
    ls_jw_u64(w, "from", f->from);
    ls_jw_u64(w, "labels_from_ms", f->labels_from_ms);
    for (int k = 0; k < LS_BESIDE_COUNT; k++) {
        if (f->has_beside[k]) {
            ls_jw_bool(w, ls_beside_of((enum ls_beside_kind)k)->name, true);
        }
    }
    if (!ls_hash_is_zero(&f->genesis.hash)) {
        ls_jw_object(w, "genesis");
        ls_jw_hex(w, "hash", f->genesis.hash.b, 32);
        ls_jw_u64(w, "number", f->genesis.number);
        ls_jw_object_end(w);
    }
    ls_jw_array(w, "provenance");
    for (size_t i = 0; i < f->provenance_count; i++) {
        ls_jw_str(w, NULL, f->provenance[i]);
    }
    ls_jw_array_end(w);
    if (f->rollup_json.n > 0) {
        ls_jw_raw(w, "rollup", (const char *)f->rollup_json.p, f->rollup_json.n);
    }
    ls_jw_object_end(w);
}

enum ls_err ls_pull_facts_write(const char *dir, const struct ls_pull_facts *facts,
                                struct ls_diag *d)
{
    char path[LS_PATH_MAX];
    struct ls_buf text;
    struct ls_jw w;
    enum ls_err e = ls_path_join(dir, LS_PULL_FACTS_FILE, path, d);

    ls_buf_init(&text, LS_MANIFEST_BYTES_MAX);
    ls_jw_init(&w, &text);
    write_facts(facts, &w);
    ls_buf_putc(&text, '\n');
    if (!e && text.err) {
        e = ls_fail(d, text.err, "\"%s\": %s", path, ls_err_text(text.err));
    }
    if (!e) {
        e = ls_file_write(path, ls_buf_span(&text), d);
    }
    ls_buf_fini(&text);
    return e;
}
