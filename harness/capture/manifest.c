/*
 * Reader and writer of manifest.json. The reader fills a struct member by member; the first error
 * names the member's path.
 */
#include "harness/capture/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/capture/jsontext.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/jsonw.h"

bool ls_manifest_is_name(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t n = strlen(name);

    return n > 0 && n < LS_CHAIN_NAME_MAX && name[0] != '-' && strspn(name, allowed) == n;
}

static enum ls_err fail_member(struct ls_diag *d, enum ls_err e, const char *path)
{
    return e ? ls_fail(d, e, "%s: %s", path, ls_err_text(e)) : LS_OK;
}

static enum ls_err read_name(const struct cJSON *v, const char *path, char *out, struct ls_diag *d)
{
    const char *s = ls_json_str(v);

    if (!s) {
        return fail_member(d, v ? LS_ERR_TYPE : LS_ERR_MISSING, path);
    }
    if (!ls_manifest_is_name(s)) {
        return ls_fail(d, LS_ERR_PARSE, "%s: \"%.40s\" is not a name (letters, digits, - _ .)",
                       path, s);
    }
    memcpy(out, s, strlen(s) + 1);
    return LS_OK;
}

/* Optional number; absent is 0. */
static enum ls_err read_number(const struct cJSON *v, const char *path, uint64_t *out,
                               struct ls_diag *d)
{
    *out = 0;
    return v ? fail_member(d, ls_json_u64(v, out), path) : LS_OK;
}

static enum ls_err read_text(const struct cJSON *v, const char *path, struct ls_arena *a,
                             const char **out, struct ls_diag *d)
{
    const char *s = ls_json_str(v);

    if (!s) {
        return fail_member(d, LS_ERR_TYPE, path);
    }
    if (strlen(s) > LS_MANIFEST_TEXT_MAX) {
        return fail_member(d, LS_ERR_LIMIT, path);
    }
    *out = ls_arena_dup(a, s, strlen(s));
    return fail_member(d, *out ? LS_OK : LS_ERR_NOMEM, path);
}

/* Number of elements and room for them. *out is NULL when there are none. */
static enum ls_err read_list(const struct cJSON *v, const char *path, size_t max, size_t item_bytes,
                             struct ls_arena *a, void *out, size_t *count, struct ls_diag *d)
{
    void *room = NULL;
    size_t n = ls_json_count(v);

    if (v && !ls_json_is_array(v)) {
        return fail_member(d, LS_ERR_TYPE, path);
    }
    if (n > max) {
        return fail_member(d, LS_ERR_LIMIT, path);
    }
    if (v && n > 0) {
        room = ls_arena_alloc(a, n * item_bytes);
        if (!room) {
            return fail_member(d, LS_ERR_NOMEM, path);
        }
    }
    memcpy(out, &room, sizeof room);
    *count = v ? n : 0;
    return LS_OK;
}

static enum ls_err read_provenance(const struct cJSON *v, struct ls_arena *a,
                                   struct ls_manifest *out, struct ls_diag *d)
{
    enum ls_err e = read_list(v, "provenance", LS_MANIFEST_LIST_MAX, sizeof *out->provenance, a,
                              &out->provenance, &out->provenance_count, d);

    for (size_t i = 0; !e && i < out->provenance_count; i++) {
        e = read_text(ls_json_at(v, i), "provenance", a, &out->provenance[i], d);
    }
    return e;
}

static enum ls_err read_run(const struct cJSON *v, struct ls_manifest_run *out, struct ls_diag *d)
{
    enum ls_err e = fail_member(d, ls_json_u64(ls_json_get(v, "first"), &out->first), "first");

    if (!e) {
        e = fail_member(d, ls_json_u64(ls_json_get(v, "last"), &out->last), "last");
    }
    if (!e && out->last < out->first) {
        e = fail_member(d, LS_ERR_RANGE, "last");
    }
    return e;
}

static enum ls_err read_branch(const struct cJSON *v, struct ls_manifest_branch *out,
                               struct ls_diag *d)
{
    enum ls_err e = read_name(ls_json_get(v, "name"), "name", out->name, d);

    if (!e) {
        e = fail_member(d, ls_json_u64(ls_json_get(v, "first"), &out->first), "first");
    }
    if (!e) {
        e = fail_member(d, ls_json_u64(ls_json_get(v, "number"), &out->tip.number), "number");
    }
    if (!e) {
        e = fail_member(d, ls_json_fixed(ls_json_get(v, "tip"), out->tip.hash.b, 32), "tip");
    }
    if (!e) {
        e = read_number(ls_json_get(v, "invalid_from"), "invalid_from", &out->invalid_from, d);
    }
    const struct cJSON *synthetic = ls_json_get(v, "synthetic");
    if (!e && synthetic && !ls_json_is_bool(synthetic)) {
        e = fail_member(d, LS_ERR_TYPE, "synthetic");
    }
    out->is_synthetic = ls_json_true(synthetic);
    return e;
}

static enum ls_err read_runs(const struct cJSON *v, struct ls_arena *a,
                             struct ls_manifest_segment *out, struct ls_diag *d)
{
    struct ls_manifest_run *runs = NULL;
    enum ls_err e =
        read_list(v, "runs", LS_MANIFEST_LIST_MAX, sizeof *runs, a, &runs, &out->run_count, d);
    const struct cJSON *item = ls_json_first(v);

    for (size_t i = 0; !e && i < out->run_count; i++, item = ls_json_next(item)) {
        e = read_run(item, &runs[i], d);
        if (e) {
            ls_fail_in(d, e, "runs[%zu]", i);
        }
    }
    out->runs = runs;
    return e;
}

static enum ls_err read_branches(const struct cJSON *v, struct ls_arena *a,
                                 struct ls_manifest_segment *out, struct ls_diag *d)
{
    struct ls_manifest_branch *branches = NULL;
    enum ls_err e = read_list(v, "branches", LS_CHAIN_BRANCHES_MAX, sizeof *branches, a, &branches,
                              &out->branch_count, d);
    const struct cJSON *item = ls_json_first(v);

    for (size_t i = 0; !e && i < out->branch_count; i++, item = ls_json_next(item)) {
        e = read_branch(item, &branches[i], d);
        if (e) {
            ls_fail_in(d, e, "branches[%zu]", i);
        }
    }
    out->branches = branches;
    return e;
}

/* "sha256" is written as sha256sum prints it: digits without 0x. */
static enum ls_err read_sha256(const struct cJSON *v, uint8_t out[32], struct ls_diag *d)
{
    const char *s = ls_json_str(v);
    char text[2 + 64 + 1];

    if (!s) {
        return fail_member(d, v ? LS_ERR_TYPE : LS_ERR_MISSING, "sha256");
    }
    if (strlen(s) != 64) {
        return fail_member(d, LS_ERR_PARSE, "sha256");
    }
    snprintf(text, sizeof text, "0x%s", s);
    return fail_member(d, ls_hex_fixed(text, 66, out, 32), "sha256");
}

static enum ls_err read_segment(const struct cJSON *root, const char *key, const char *count_key,
                                struct ls_arena *a, struct ls_manifest_segment *out,
                                struct ls_diag *d)
{
    const struct cJSON *v = ls_json_get(root, key);
    enum ls_err e = LS_OK;

    if (!v) {
        return LS_OK;
    }
    out->is_present = true;
    if (!ls_json_is_object(v)) {
        return fail_member(d, LS_ERR_TYPE, key);
    }
    e = read_sha256(ls_json_get(v, "sha256"), out->sha256, d);
    if (!e) {
        e = fail_member(d, ls_json_u64(ls_json_get(v, count_key), &out->lines), count_key);
    }
    if (!e) {
        e = read_runs(ls_json_get(v, "runs"), a, out, d);
    }
    if (!e) {
        e = read_branches(ls_json_get(v, "branches"), a, out, d);
    }
    return e ? ls_fail_in(d, e, "%s", key) : LS_OK;
}

static enum ls_err read_head(const struct cJSON *root, struct ls_arena *a, struct ls_manifest *out,
                             struct ls_diag *d)
{
    uint64_t format = 0;
    enum ls_err e = fail_member(d, ls_json_u64(ls_json_get(root, "format"), &format), "format");

    if (!e && format != LS_CHAIN_FORMAT) {
        e = ls_fail(d, LS_ERR_UNSUPPORTED,
                    "format: version %" PRIu64 " is not supported, only version %u", format,
                    LS_CHAIN_FORMAT);
    }
    if (!e) {
        e = read_name(ls_json_get(root, "name"), "name", out->name, d);
    }
    if (!e) {
        e = read_number(ls_json_get(root, "l2_chain_id"), "l2_chain_id", &out->l2_chain_id, d);
    }
    if (!e) {
        e = read_number(ls_json_get(root, "l1_chain_id"), "l1_chain_id", &out->l1_chain_id, d);
    }
    if (!e && ls_json_get(root, "synthetic")) {
        e = read_text(ls_json_get(root, "synthetic"), "synthetic", a, &out->synthetic, d);
    }
    if (!e) {
        e = read_provenance(ls_json_get(root, "provenance"), a, out, d);
    }
    return e;
}

static enum ls_err read_root(const struct cJSON *root, struct ls_arena *a, struct ls_manifest *out,
                             struct ls_diag *d)
{
    enum ls_err e = read_head(root, a, out, d);

    if (!e) {
        e = read_segment(root, "l2", "blocks", a, &out->l2, d);
    }
    if (!e && !out->l2.is_present) {
        e = fail_member(d, LS_ERR_MISSING, "l2");
    }
    if (!e) {
        e = read_segment(root, "l1", "blocks", a, &out->l1, d);
    }
    if (!e) {
        e = read_segment(root, "status", "rows", a, &out->status, d);
    }
    if (!e) {
        e = read_segment(root, "receipts", "lines", a, &out->beside[LS_BESIDE_RECEIPTS], d);
    }
    if (!e) {
        e = read_segment(root, "proofs", "lines", a, &out->beside[LS_BESIDE_PROOFS], d);
    }
    return e;
}

enum ls_err ls_manifest_parse(struct ls_span text, struct ls_arena *a, struct ls_manifest *out,
                              struct ls_diag *d)
{
    struct cJSON *root = NULL;
    struct ls_manifest m = {.name = ""};
    enum ls_err e = ls_json_parse((const char *)text.p, text.n, 0, &root, d);

    if (!e) {
        e = read_root(root, a, &m, d);
    }
    if (!e) {
        m.rollup = ls_jsontext_get(text, "rollup");
        *out = m;
    }
    ls_json_free(root);
    return e;
}

/* --- writing --- */

/* Line breaks between members; JSON takes white space there, and people read this file. */
static void line(struct ls_buf *b, const char *indent)
{
    ls_buf_putc(b, '\n');
    ls_buf_puts(b, indent);
}

static void write_branch(const struct ls_manifest_branch *br, struct ls_jw *w)
{
    ls_jw_object(w, NULL);
    ls_jw_str(w, "name", br->name);
    ls_jw_u64(w, "first", br->first);
    ls_jw_u64(w, "number", br->tip.number);
    ls_jw_hex(w, "tip", br->tip.hash.b, 32);
    if (br->is_synthetic) {
        ls_jw_bool(w, "synthetic", true);
    }
    if (br->invalid_from) {
        ls_jw_u64(w, "invalid_from", br->invalid_from);
    }
    ls_jw_object_end(w);
}

static void write_lists(const struct ls_manifest_segment *s, struct ls_jw *w)
{
    ls_jw_array(w, "runs");
    for (size_t i = 0; i < s->run_count; i++) {
        ls_jw_object(w, NULL);
        ls_jw_u64(w, "first", s->runs[i].first);
        ls_jw_u64(w, "last", s->runs[i].last);
        ls_jw_object_end(w);
    }
    ls_jw_array_end(w);
    ls_jw_array(w, "branches");
    for (size_t i = 0; i < s->branch_count; i++) {
        write_branch(&s->branches[i], w);
    }
    ls_jw_array_end(w);
}

static void write_segment(const struct ls_manifest_segment *s, const char *key,
                          const char *count_key, struct ls_jw *w)
{
    char sha[64 + 1];

    if (!s->is_present) {
        return;
    }
    ls_hex_encode(s->sha256, 32, sha);
    sha[64] = '\0';
    ls_jw_object(w, key);
    ls_jw_str(w, "sha256", sha);
    ls_jw_u64(w, count_key, s->lines);
    if (s->run_count > 0) {
        write_lists(s, w);
    }
    ls_jw_object_end(w);
}

static void write_head(const struct ls_manifest *m, struct ls_jw *w)
{
    ls_jw_u64(w, "format", LS_CHAIN_FORMAT);
    ls_jw_str(w, "tool", "lockstep " LS_VERSION);
    ls_jw_str(w, "name", m->name);
    if (m->l2_chain_id) {
        ls_jw_u64(w, "l2_chain_id", m->l2_chain_id);
    }
    if (m->l1_chain_id) {
        ls_jw_u64(w, "l1_chain_id", m->l1_chain_id);
    }
    if (m->synthetic) {
        ls_jw_str(w, "synthetic", m->synthetic);
    }
    ls_jw_array(w, "provenance");
    for (size_t i = 0; i < m->provenance_count; i++) {
        ls_jw_str(w, NULL, m->provenance[i]);
    }
    ls_jw_array_end(w);
}

/* Copies compact JSON with the members of the outermost object on lines of their own. */
static void put_lines(struct ls_span object, struct ls_buf *b)
{
    struct ls_jsontext it = ls_jsontext_open(object);
    struct ls_jsontext_item item;
    const char *sep = "{";

    while (ls_jsontext_next(&it, &item)) {
        ls_buf_puts(b, sep);
        line(b, "  \"");
        ls_buf_put(b, item.key.p, item.key.n);
        ls_buf_puts(b, "\": ");
        ls_buf_put(b, item.value.p, item.value.n);
        sep = ",";
    }
    ls_buf_puts(b, "\n}\n");
}

void ls_manifest_write(const struct ls_manifest *m, struct ls_buf *b)
{
    struct ls_buf compact;
    struct ls_jw w;

    ls_buf_init(&compact, LS_MANIFEST_BYTES_MAX);
    ls_jw_init(&w, &compact);
    ls_jw_object(&w, NULL);
    write_head(m, &w);
    write_segment(&m->l2, "l2", "blocks", &w);
    write_segment(&m->l1, "l1", "blocks", &w);
    write_segment(&m->status, "status", "rows", &w);
    write_segment(&m->beside[LS_BESIDE_RECEIPTS], "receipts", "lines", &w);
    write_segment(&m->beside[LS_BESIDE_PROOFS], "proofs", "lines", &w);
    if (m->rollup.n > 0) {
        struct ls_buf rollup;
        ls_buf_init(&rollup, LS_MANIFEST_BYTES_MAX);
        ls_jsontext_compact(m->rollup, &rollup);
        ls_jw_raw(&w, "rollup", (const char *)rollup.p, rollup.n);
        compact.err = compact.err ? compact.err : rollup.err;
        ls_buf_fini(&rollup);
    }
    ls_jw_object_end(&w);
    if (compact.err) {
        b->err = b->err ? b->err : compact.err;
    } else {
        put_lines(ls_buf_span(&compact), b);
    }
    ls_buf_fini(&compact);
}
