#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/capture/jsontext.h"
#include "harness/capture/manifest.h"
#include "harness/record/tape.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/jsonw.h"
#include "lib/num.h"

/* --- reading --- */

static enum ls_err fail_member(struct ls_diag *d, enum ls_err e, const char *path)
{
    return e != LS_OK ? ls_fail(d, e, "%s: %s", path, ls_err_text(e)) : LS_OK;
}

static enum ls_err read_kind(const struct cJSON *root, struct ls_diag *d)
{
    const char *kind = ls_json_str(ls_json_get(root, "kind"));
    uint64_t format = 0;

    if (kind == NULL || strcmp(kind, LS_TAPE_KIND) != 0) {
        return ls_fail(d, LS_ERR_UNSUPPORTED,
                       "kind: no \"" LS_TAPE_KIND "\" (recorded blocks are for lockstep info)");
    }
    if (ls_json_u64(ls_json_get(root, "format"), &format) != LS_OK || format != LS_TAPE_FORMAT) {
        return ls_fail(d, LS_ERR_UNSUPPORTED, "format: only version %u is supported",
                       LS_TAPE_FORMAT);
    }
    return LS_OK;
}

static enum ls_err read_name(const struct cJSON *root, struct ls_tape_head *out, struct ls_diag *d)
{
    const char *name = ls_json_str(ls_json_get(root, "name"));

    if (name == NULL || !ls_manifest_is_name(name)) {
        return ls_fail(d, LS_ERR_PARSE, "name: no name (letters, digits, - _ .)");
    }
    (void)snprintf(out->name, sizeof out->name, "%s", name);
    return LS_OK;
}

static enum ls_err read_optional(const struct cJSON *root, const char *key, uint64_t *out,
                                 struct ls_diag *d)
{
    const struct cJSON *v = ls_json_get(root, key);

    return v != NULL ? fail_member(d, ls_json_u64(v, out), key) : LS_OK;
}

static enum ls_err read_notes(const struct cJSON *root, struct ls_arena *a,
                              struct ls_tape_head *out, struct ls_diag *d)
{
    const struct cJSON *item = ls_json_first(ls_json_get(root, "provenance"));

    for (; item != NULL; item = ls_json_next(item)) {
        const char *text = ls_json_str(item);
        if (text == NULL || out->note_count == LS_TAPE_NOTES_MAX) {
            return fail_member(d, text == NULL ? LS_ERR_TYPE : LS_ERR_LIMIT, "provenance");
        }
        out->notes[out->note_count] = ls_arena_dup(a, text, strlen(text));
        if (out->notes[out->note_count++] == NULL) {
            return fail_member(d, LS_ERR_NOMEM, "provenance");
        }
    }
    return LS_OK;
}

/* "calls" is there when the recording is finished. */
static enum ls_err read_calls(const struct cJSON *root, struct ls_tape_head *out, struct ls_diag *d)
{
    const struct cJSON *calls = ls_json_get(root, "calls");
    const char *sha = ls_json_str(ls_json_get(calls, "sha256"));
    char text[2 + 64 + 1];

    out->is_finished = calls != NULL;
    if (calls == NULL) {
        return LS_OK;
    }
    if (sha == NULL || strlen(sha) != 64) {
        return fail_member(d, sha == NULL ? LS_ERR_MISSING : LS_ERR_PARSE, "calls: sha256");
    }
    (void)snprintf(text, sizeof text, "0x%s", sha);
    if (ls_hex_fixed(text, 66, out->sha256, 32) != LS_OK) {
        return fail_member(d, LS_ERR_PARSE, "calls: sha256");
    }
    return fail_member(d, ls_json_u64(ls_json_get(calls, "rows"), &out->row_count), "calls: rows");
}

enum ls_err ls_tape_head_read(struct ls_span text, struct ls_arena *a, struct ls_tape_head *out,
                              struct ls_diag *d)
{
    struct ls_tape_head h = {.name = ""};
    struct cJSON *root = NULL;
    struct ls_span rollup;
    enum ls_err e = ls_json_parse((const char *)text.p, text.n, 0, &root, d);

    if (e == LS_OK) {
        e = read_kind(root, d);
    }
    if (e == LS_OK) {
        e = read_name(root, &h, d);
    }
    if (e == LS_OK) {
        e = read_optional(root, "l2_chain_id", &h.l2_chain_id, d);
    }
    if (e == LS_OK) {
        e = read_optional(root, "l1_chain_id", &h.l1_chain_id, d);
    }
    if (e == LS_OK) {
        e = read_notes(root, a, &h, d);
    }
    if (e == LS_OK) {
        e = read_calls(root, &h, d);
    }
    if (e == LS_OK) {
        rollup = ls_jsontext_get(text, "rollup");
        h.rollup = (struct ls_span){ls_arena_dup(a, rollup.p, rollup.n), rollup.n};
        e = h.rollup.p != NULL ? LS_OK : LS_ERR_NOMEM;
    }
    if (e == LS_OK) {
        *out = h;
    }
    ls_json_free(root);
    return e;
}

/* --- writing --- */

static void write_calls(const struct ls_tape_head *h, struct ls_jw *w)
{
    char sha[64 + 1];

    ls_hex_encode(h->sha256, 32, sha);
    sha[64] = '\0';
    ls_jw_object(w, "calls");
    ls_jw_str(w, "sha256", sha);
    ls_jw_u64(w, "rows", h->row_count);
    ls_jw_object_end(w);
}

static void write_members(const struct ls_tape_head *h, struct ls_jw *w)
{
    ls_jw_u64(w, "format", LS_TAPE_FORMAT);
    ls_jw_str(w, "kind", LS_TAPE_KIND);
    ls_jw_str(w, "tool", "lockstep " LS_VERSION);
    ls_jw_str(w, "name", h->name);
    ls_jw_str(w, "state", h->is_finished ? "finished" : "recording");
    if (h->l2_chain_id != 0) {
        ls_jw_u64(w, "l2_chain_id", h->l2_chain_id);
    }
    if (h->l1_chain_id != 0) {
        ls_jw_u64(w, "l1_chain_id", h->l1_chain_id);
    }
    ls_jw_array(w, "provenance");
    for (size_t i = 0; i < h->note_count; i++) {
        ls_jw_str(w, NULL, h->notes[i]);
    }
    ls_jw_array_end(w);
    if (h->is_finished) {
        write_calls(h, w);
    }
    if (h->rollup.n > 0) {
        ls_jw_raw(w, "rollup", (const char *)h->rollup.p, h->rollup.n);
    }
}

void ls_tape_head_write(const struct ls_tape_head *h, struct ls_buf *b)
{
    struct ls_buf compact = {0};
    struct ls_jsontext_item item;
    struct ls_jsontext it;
    const char *sep = "{";
    struct ls_jw w;

    ls_buf_init(&compact, LS_MANIFEST_BYTES_MAX);
    ls_jw_init(&w, &compact);
    ls_jw_object(&w, NULL);
    write_members(h, &w);
    ls_jw_object_end(&w);
    it = ls_jsontext_open(ls_buf_span(&compact));
    while (compact.err == LS_OK && ls_jsontext_next(&it, &item)) {
        (void)ls_buf_printf(b, "%s\n  \"%.*s\": ", sep, (int)item.key.n, (const char *)item.key.p);
        (void)ls_buf_put(b, item.value.p, item.value.n);
        sep = ",";
    }
    (void)ls_buf_puts(b, "\n}\n");
    b->err = b->err != LS_OK ? b->err : compact.err;
    ls_buf_fini(&compact);
}

/* --- learning --- */

static bool is_call(const struct ls_row_call *c, const char *method)
{
    return c->said.kind == LS_SAID_RESULT && c->method.n == strlen(method) &&
           memcmp(c->method.p, method, c->method.n) == 0;
}

static void learn_chain_id(struct ls_tape_head *h, enum ls_peer peer, struct ls_span result)
{
    uint64_t *id = peer == LS_PEER_L1 ? &h->l1_chain_id : &h->l2_chain_id;
    uint64_t seen;

    if (peer != LS_PEER_NODE && *id == 0 && result.n > 2 && result.p[0] == '"' &&
        ls_parse_quantity((const char *)result.p + 1, result.n - 2, &seen) == LS_OK) {
        *id = seen;
    }
}

static void learn_rollup(struct ls_tape_head *h, struct ls_span result, struct ls_arena *a)
{
    struct ls_buf compact = {0};

    if (h->rollup.n > 0 || result.n == 0 || result.p[0] != '{') {
        return;
    }
    ls_buf_init(&compact, LS_MANIFEST_BYTES_MAX / 2);
    ls_jsontext_compact(result, &compact);
    if (compact.err == LS_OK) {
        h->rollup.p = ls_arena_dup(a, compact.p, compact.n);
        h->rollup.n = h->rollup.p != NULL ? compact.n : 0;
    }
    ls_buf_fini(&compact);
}

void ls_tape_head_learn(struct ls_tape_head *h, const struct ls_row *row, struct ls_arena *a)
{
    for (size_t i = 0; row->kind != LS_ROW_EVENT && i < row->call_count; i++) {
        const struct ls_row_call *c = &row->calls[i];
        if (is_call(c, "eth_chainId")) {
            learn_chain_id(h, row->peer, c->said.text);
        } else if (row->peer == LS_PEER_SOURCE && is_call(c, "optimism_rollupConfig")) {
            learn_rollup(h, c->said.text, a);
        }
    }
}
