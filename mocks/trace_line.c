/* One trace event as one line of JSON, and back. Members come in the order of this file; what is
 * empty is left out. */
#include <string.h>

#include "lib/hex.h"
#include "lib/json.h"
#include "lib/jsonw.h"
#include "mocks/trace.h"

#define LINE_DEPTH_MAX 4u
#define EXACT_NUMBER_MAX ((UINT64_C(1) << 53) - 1u) /* larger ones lose digits in JSON readers */

static const char *const EP_NAMES[] = {"engine", "source", "l1", "cl", "harness"};
static const char *const KIND_NAMES[] = {"call", "start", "exit", "pay", "status", "verb", "note"};
static const char *const ANSWER_NAMES[] = {"none", "result", "null", "error", "other"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *name_of(const char *const *names, size_t count, unsigned value)
{
    return value < count ? names[value] : "unknown";
}

const char *ls_trace_ep_name(enum ls_trace_ep ep)
{
    return name_of(EP_NAMES, COUNT(EP_NAMES), (unsigned)ep);
}

const char *ls_trace_kind_name(enum ls_trace_kind kind)
{
    return name_of(KIND_NAMES, COUNT(KIND_NAMES), (unsigned)kind);
}

/* --- writing --- */

static void put_number(struct ls_jw *w, const char *key, uint64_t v)
{
    if (v > EXACT_NUMBER_MAX) {
        ls_jw_quantity(w, key, v);
    } else {
        ls_jw_u64(w, key, v);
    }
}

static void put_nonzero(struct ls_jw *w, const char *key, uint64_t v)
{
    if (v != 0) {
        put_number(w, key, v);
    }
}

static void put_text(struct ls_jw *w, const char *key, const char *s)
{
    if (s[0] != '\0') {
        ls_jw_str(w, key, s);
    }
}

static void put_block(struct ls_jw *w, const char *key, const struct ls_trace_block *b)
{
    if (!b->has_hash && !b->has_number) {
        return;
    }
    ls_jw_object(w, key);
    if (b->has_number) {
        put_number(w, "number", b->number);
    }
    if (b->has_hash) {
        ls_jw_hex(w, "hash", b->hash.b, sizeof b->hash.b);
    }
    ls_jw_object_end(w);
}

static void put_heads(struct ls_jw *w, const struct ls_trace_event *e)
{
    if (!e->has_heads) {
        return;
    }
    ls_jw_object(w, "heads");
    put_block(w, "unsafe", &e->unsafe_l2);
    put_block(w, "local_safe", &e->local_safe_l2);
    put_block(w, "safe", &e->safe_l2);
    put_block(w, "finalized", &e->finalized_l2);
    put_block(w, "current_l1", &e->current_l1);
    ls_jw_object_end(w);
}

static void put_asked(struct ls_jw *w, const struct ls_trace_event *e)
{
    put_text(w, "method", e->method);
    put_nonzero(w, "v", e->version);
    put_nonzero(w, "conn", e->conn);
    put_block(w, "head", &e->head);
    put_block(w, "safe", &e->safe);
    put_block(w, "finalized", &e->finalized);
    if (e->has_attributes) {
        ls_jw_bool(w, "attributes", true);
    }
    put_text(w, "tag", e->tag);
    put_block(w, "block", &e->block);
}

static void put_answered(struct ls_jw *w, const struct ls_trace_event *e)
{
    if (e->kind == LS_TRACE_CALL) {
        ls_jw_str(w, "answer", name_of(ANSWER_NAMES, COUNT(ANSWER_NAMES), (unsigned)e->answer));
    }
    put_nonzero(w, "http", e->http_status);
    put_text(w, "fault", e->fault);
    put_text(w, "status", e->status);
    put_block(w, "lvh", &e->latest_valid);
    if (e->code != 0) {
        ls_jw_i64(w, "code", e->code);
    }
    put_text(w, "text", e->text);
    put_block(w, "result", &e->result);
    put_heads(w, e);
}

void ls_trace_write(const struct ls_trace_event *e, struct ls_buf *b)
{
    struct ls_jw w;
    ls_jw_init(&w, b);
    ls_jw_object(&w, NULL);
    put_number(&w, "in", e->seq_in);
    put_number(&w, "out", e->seq_out);
    put_number(&w, "tick", e->tick);
    put_number(&w, "ns", e->ns_in);
    if (e->ns_out != e->ns_in) {
        put_number(&w, "ns_out", e->ns_out);
    }
    put_number(&w, "inc", e->incarnation);
    ls_jw_str(&w, "ep", ls_trace_ep_name(e->ep));
    ls_jw_str(&w, "kind", ls_trace_kind_name(e->kind));
    put_asked(&w, e);
    put_answered(&w, e);
    ls_jw_object_end(&w);
}

/* --- reading --- */

/* Remembers the first failure and the member it was about. */
struct reader {
    const struct cJSON *root;
    enum ls_err err;
    struct ls_diag *d;
};

static void fail(struct reader *r, enum ls_err err, const char *key)
{
    if (r->err == LS_OK) {
        r->err = ls_fail(r->d, err, "trace line: \"%s\": %s", key, ls_err_text(err));
    }
}

static uint64_t get_number(struct reader *r, const struct cJSON *obj, const char *key, uint64_t max,
                           bool is_needed)
{
    const struct cJSON *v = ls_json_get(obj, key);
    uint64_t out = 0;
    if (v == NULL && !is_needed) {
        return 0;
    }
    enum ls_err err = ls_json_u64_any(v, &out);
    if (err == LS_OK && out > max) {
        err = LS_ERR_RANGE;
    }
    if (err != LS_OK) {
        fail(r, err, key);
        return 0;
    }
    return out;
}

static unsigned get_name(struct reader *r, const char *key, const char *const *names, size_t count,
                         bool is_needed)
{
    const struct cJSON *v = ls_json_get(r->root, key);
    const char *s = ls_json_str(v);
    if (v == NULL && !is_needed) {
        return 0;
    }
    for (size_t i = 0; s != NULL && i < count; i++) {
        if (strcmp(names[i], s) == 0) {
            return (unsigned)i;
        }
    }
    fail(r, v == NULL ? LS_ERR_MISSING : s == NULL ? LS_ERR_TYPE : LS_ERR_RANGE, key);
    return 0;
}

static void get_text(struct reader *r, const char *key, char *out, size_t cap)
{
    const struct cJSON *v = ls_json_get(r->root, key);
    const char *s = ls_json_str(v);
    if (v == NULL) {
        return;
    }
    if (s == NULL) {
        fail(r, LS_ERR_TYPE, key);
        return;
    }
    if (strlen(s) >= cap) {
        fail(r, LS_ERR_RANGE, key);
        return;
    }
    ls_trace_copy(out, cap, s, strlen(s));
}

static void get_block(struct reader *r, const struct cJSON *obj, const char *key,
                      struct ls_trace_block *out)
{
    const struct cJSON *v = ls_json_get(obj, key);
    if (v == NULL) {
        return;
    }
    if (!ls_json_is_object(v)) {
        fail(r, LS_ERR_TYPE, key);
        return;
    }
    out->has_number = ls_json_get(v, "number") != NULL;
    out->number = get_number(r, v, "number", UINT64_MAX, false);
    const struct cJSON *hash = ls_json_get(v, "hash");
    out->has_hash = hash != NULL;
    if (hash != NULL) {
        enum ls_err err = ls_json_fixed(hash, out->hash.b, sizeof out->hash.b);
        if (err != LS_OK) {
            fail(r, err, key);
        }
    }
}

static void get_heads(struct reader *r, struct ls_trace_event *e)
{
    const struct cJSON *heads = ls_json_get(r->root, "heads");
    if (heads == NULL) {
        return;
    }
    if (!ls_json_is_object(heads)) {
        fail(r, LS_ERR_TYPE, "heads");
        return;
    }
    e->has_heads = true;
    get_block(r, heads, "unsafe", &e->unsafe_l2);
    get_block(r, heads, "local_safe", &e->local_safe_l2);
    get_block(r, heads, "safe", &e->safe_l2);
    get_block(r, heads, "finalized", &e->finalized_l2);
    get_block(r, heads, "current_l1", &e->current_l1);
}

static void get_stamp(struct reader *r, struct ls_trace_event *e)
{
    const struct cJSON *o = r->root;
    e->seq_in = get_number(r, o, "in", UINT64_MAX, true);
    e->seq_out = get_number(r, o, "out", UINT64_MAX, true);
    e->tick = get_number(r, o, "tick", UINT64_MAX, true);
    e->ns_in = get_number(r, o, "ns", UINT64_MAX, true);
    e->ns_out =
        ls_json_get(o, "ns_out") == NULL ? e->ns_in : get_number(r, o, "ns_out", UINT64_MAX, true);
    e->incarnation = (uint32_t)get_number(r, o, "inc", UINT32_MAX, true);
    e->ep = (enum ls_trace_ep)get_name(r, "ep", EP_NAMES, COUNT(EP_NAMES), true);
    e->kind = (enum ls_trace_kind)get_name(r, "kind", KIND_NAMES, COUNT(KIND_NAMES), true);
}

static void get_asked(struct reader *r, struct ls_trace_event *e)
{
    const struct cJSON *o = r->root;
    get_text(r, "method", e->method, sizeof e->method);
    e->version = (unsigned)get_number(r, o, "v", UINT32_MAX, false);
    e->conn = get_number(r, o, "conn", UINT64_MAX, false);
    get_block(r, o, "head", &e->head);
    get_block(r, o, "safe", &e->safe);
    get_block(r, o, "finalized", &e->finalized);
    e->has_attributes = ls_json_true(ls_json_get(o, "attributes"));
    get_text(r, "tag", e->tag, sizeof e->tag);
    get_block(r, o, "block", &e->block);
}

static void get_answered(struct reader *r, struct ls_trace_event *e)
{
    const struct cJSON *o = r->root;
    e->answer =
        (enum ls_trace_answer)get_name(r, "answer", ANSWER_NAMES, COUNT(ANSWER_NAMES), false);
    e->http_status = (unsigned)get_number(r, o, "http", UINT32_MAX, false);
    get_text(r, "fault", e->fault, sizeof e->fault);
    get_text(r, "status", e->status, sizeof e->status);
    get_block(r, o, "lvh", &e->latest_valid);
    const struct cJSON *code = ls_json_get(o, "code");
    if (code != NULL) {
        enum ls_err err = ls_json_i64(code, &e->code);
        if (err != LS_OK) {
            fail(r, err, "code");
        }
    }
    get_text(r, "text", e->text, sizeof e->text);
    get_block(r, o, "result", &e->result);
    get_heads(r, e);
}

enum ls_err ls_trace_parse(const char *line, size_t n, struct ls_trace_event *out,
                           struct ls_diag *d)
{
    struct cJSON *root;
    struct ls_trace_event e;
    memset(&e, 0, sizeof e); /* padding too: events are compared as bytes in tests */
    enum ls_err err = ls_json_parse(line, n, LINE_DEPTH_MAX, &root, d);
    if (err != LS_OK) {
        return err;
    }
    struct reader r = {.root = root, .d = d};
    if (!ls_json_is_object(root)) {
        fail(&r, LS_ERR_TYPE, "line");
    } else {
        get_stamp(&r, &e);
        get_asked(&r, &e);
        get_answered(&r, &e);
    }
    ls_json_free(root);
    if (r.err == LS_OK) {
        *out = e;
    }
    return r.err;
}
