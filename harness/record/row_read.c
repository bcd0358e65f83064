#include "harness/record/row.h"

#include <string.h>

#include "harness/capture/jsontext.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/json_scan.h"
#include "lib/num.h"

#define MEMBERS_MAX 24u
/* What stands in a line may be as deep as a message, and is one or two levels further in. */
#define LINE_DEPTH_MAX (LS_JSON_DEPTH_MAX + 4u)

/* The members of an object, looked for once: a line may be megabytes long. */
struct members {
    struct ls_jsontext_item items[MEMBERS_MAX];
    size_t count;
};

static bool collect(struct ls_span object, struct members *out)
{
    struct ls_jsontext it = ls_jsontext_open(object);

    out->count = 0;
    while (out->count < MEMBERS_MAX && ls_jsontext_next(&it, &out->items[out->count])) {
        out->count++;
    }
    return it.rest.n == 0;
}

/* n 0 when there is none. */
static struct ls_span get(const struct members *m, const char *key)
{
    for (size_t i = m->count; i > 0; i--) {
        if (ls_jsontext_is(&m->items[i - 1], key)) {
            return m->items[i - 1].value;
        }
    }
    return (struct ls_span){NULL, 0};
}

static enum ls_err fail_member(struct ls_diag *d, enum ls_err e, const char *key)
{
    return e != LS_OK ? ls_fail(d, e, "%s: %s", key, ls_err_text(e)) : LS_OK;
}

static bool is_string(struct ls_span json)
{
    return json.n >= 2 && json.p[0] == '"';
}

static enum ls_err read_u64(const struct members *m, const char *key, bool is_needed, uint64_t *out,
                            struct ls_diag *d)
{
    struct ls_span json = get(m, key);

    if (json.n == 0) {
        return is_needed ? fail_member(d, LS_ERR_MISSING, key) : LS_OK;
    }
    return fail_member(d, ls_parse_dec((const char *)json.p, json.n, out), key);
}

/* The value of a JSON string, in the arena when it has escapes. */
static enum ls_err unescape(struct ls_span json, struct ls_arena *a, struct ls_span *out)
{
    struct cJSON *v = NULL;
    const char *s;
    enum ls_err e;

    if (memchr(json.p, '\\', json.n) == NULL) {
        *out = (struct ls_span){json.p + 1, json.n - 2};
        return LS_OK;
    }
    e = ls_json_parse((const char *)json.p, json.n, 0, &v, NULL);
    if (e == LS_OK) {
        s = ls_json_str(v);
        out->n = strlen(s);
        out->p = ls_arena_dup(a, s, out->n);
        e = out->p != NULL ? LS_OK : LS_ERR_NOMEM;
    }
    ls_json_free(v);
    return e;
}

static enum ls_err read_hex(struct ls_span json, struct ls_arena *a, struct ls_span *out)
{
    uint8_t *p = ls_arena_alloc(a, json.n / 2);

    out->p = p;
    return p == NULL ? LS_ERR_NOMEM
                     : ls_hex_data((const char *)json.p + 1, json.n - 2, p, json.n / 2, &out->n);
}

/* Bytes as put_bytes writes them; *is_there (may be NULL) tells whether there are any. */
static enum ls_err read_bytes(const struct members *m, const char *key, const char *hex_key,
                              struct ls_arena *a, struct ls_span *out, bool *is_there,
                              struct ls_diag *d)
{
    struct ls_span text = get(m, key);
    struct ls_span hex = get(m, hex_key);
    enum ls_err e = LS_OK;

    if ((text.n > 0 && !is_string(text)) || (hex.n > 0 && !is_string(hex))) {
        return fail_member(d, LS_ERR_TYPE, key);
    }
    if (text.n > 0) {
        e = unescape(text, a, out);
    } else if (hex.n > 0) {
        e = read_hex(hex, a, out);
    }
    if (is_there != NULL) {
        *is_there = text.n > 0 || hex.n > 0;
    }
    return fail_member(d, e, key);
}

static enum ls_err read_peer(const struct members *m, struct ls_row *out, struct ls_diag *d)
{
    struct ls_span json = get(m, "peer");

    if (!is_string(json)) {
        return fail_member(d, json.n > 0 ? LS_ERR_TYPE : LS_ERR_MISSING, "peer");
    }
    out->who = (struct ls_span){json.p + 1, json.n - 2};
    if (out->kind == LS_ROW_EVENT) {
        return LS_OK;
    }
    for (int p = 0; p < LS_PEER_COUNT; p++) {
        const char *name = ls_peer_name((enum ls_peer)p);
        if (strlen(name) == out->who.n && memcmp(name, out->who.p, out->who.n) == 0) {
            out->peer = (enum ls_peer)p;
            return LS_OK;
        }
    }
    return ls_fail(d, LS_ERR_RANGE, "peer: \"%.*s\" is none of engine, source, l1, node",
                   out->who.n < 40 ? (int)out->who.n : 40, (const char *)out->who.p);
}

static enum ls_err read_call(const struct members *m, struct ls_row_call *out, struct ls_diag *d)
{
    struct ls_span method = get(m, "method");
    struct ls_span result = get(m, "result");
    struct ls_span error = get(m, "error");

    if (!is_string(method)) {
        return fail_member(d, method.n > 0 ? LS_ERR_TYPE : LS_ERR_MISSING, "method");
    }
    out->method = (struct ls_span){method.p + 1, method.n - 2};
    out->params = get(m, "params");
    if (error.n > 0) {
        out->said = (struct ls_said_text){LS_SAID_ERROR, error};
    } else if (result.n > 0) {
        out->said = (struct ls_said_text){LS_SAID_RESULT, result};
    }
    return LS_OK;
}

static enum ls_err alloc_calls(size_t count, struct ls_arena *a, struct ls_row *out)
{
    out->calls = count <= LS_CALLS_MAX ? ls_arena_alloc(a, count * sizeof *out->calls) : NULL;
    out->call_count = count;
    return out->calls != NULL ? LS_OK : count > LS_CALLS_MAX ? LS_ERR_LIMIT : LS_ERR_NOMEM;
}

static enum ls_err read_batch(struct ls_span array, struct ls_arena *a, struct ls_row *out,
                              struct ls_diag *d)
{
    struct ls_jsontext it = ls_jsontext_open(array);
    struct ls_jsontext_item item;
    size_t count = 0;
    enum ls_err e;

    while (ls_jsontext_next(&it, &item)) {
        count++;
    }
    e = count > 0 ? alloc_calls(count, a, out) : LS_ERR_RANGE;
    if (e != LS_OK) {
        return fail_member(d, e, "batch");
    }
    it = ls_jsontext_open(array);
    for (size_t i = 0; e == LS_OK && ls_jsontext_next(&it, &item); i++) {
        struct members m;
        e = collect(item.value, &m) ? read_call(&m, &out->calls[i], d)
                                    : fail_member(d, LS_ERR_LIMIT, "batch");
    }
    return e;
}

static enum ls_err read_calls(const struct members *m, struct ls_arena *a, struct ls_row *out,
                              struct ls_diag *d)
{
    struct ls_span batch = get(m, "batch");
    bool is_raw = false;
    enum ls_err e = read_bytes(m, "request", "request_hex", a, &out->request, &is_raw, d);

    if (e != LS_OK) {
        return e;
    }
    if (is_raw) {
        out->kind = LS_ROW_RAW;
        return LS_OK;
    }
    out->kind = batch.n > 0 ? LS_ROW_BATCH : LS_ROW_CALL;
    if (batch.n > 0) {
        return read_batch(batch, a, out, d);
    }
    e = alloc_calls(1, a, out);
    return e != LS_OK ? fail_member(d, e, "method") : read_call(m, &out->calls[0], d);
}

static enum ls_err read_fail(const struct members *m, struct ls_row *out, struct ls_diag *d)
{
    struct ls_span json = get(m, "fail");

    if (json.n == 0) {
        return LS_OK;
    }
    for (int f = LS_FAIL_NONE + 1; is_string(json) && f < LS_FAIL_COUNT; f++) {
        const char *name = ls_fail_name((enum ls_fail_kind)f);
        if (strlen(name) == json.n - 2 && memcmp(name, json.p + 1, json.n - 2) == 0) {
            out->fail = (enum ls_fail_kind)f;
            return LS_OK;
        }
    }
    return ls_fail(d, LS_ERR_RANGE, "fail: no such failure");
}

/* A call has an answer, or there is a body, or a reason why there is neither. */
static enum ls_err check_answer(const struct ls_row *row, struct ls_diag *d)
{
    bool is_silent = row->http == 0;

    if (is_silent != (row->fail != LS_FAIL_NONE && row->fail != LS_FAIL_CUT)) {
        return ls_fail(d, LS_ERR_RANGE, "http: %u beside fail \"%s\"", row->http,
                       ls_fail_name(row->fail));
    }
    if (row->fail == LS_FAIL_NONE && !row->has_body &&
        (row->kind == LS_ROW_RAW ||
         (row->kind == LS_ROW_CALL && row->calls[0].said.kind == LS_SAID_NOTHING))) {
        return ls_fail(d, LS_ERR_MISSING, "result: neither result nor error, body or fail");
    }
    return LS_OK;
}

static enum ls_err read_answer(const struct members *m, struct ls_arena *a, struct ls_row *out,
                               struct ls_diag *d)
{
    uint64_t http = 0;
    enum ls_err e = read_u64(m, "http", true, &http, d);

    if (e == LS_OK && http > 999) {
        e = fail_member(d, LS_ERR_RANGE, "http");
    }
    out->http = (unsigned)http;
    if (e == LS_OK) {
        e = read_fail(m, out, d);
    }
    if (e == LS_OK) {
        e = read_bytes(m, "body", "body_hex", a, &out->body, &out->has_body, d);
    }
    out->has_no_type = ls_calls_is_null(get(m, "content_type"));
    if (e == LS_OK && !out->has_no_type) {
        e = read_bytes(m, "content_type", "content_type_hex", a, &out->content_type, NULL, d);
    }
    if (e == LS_OK) {
        e = read_u64(m, "retry_after", false, &out->retry_after_s, d);
    }
    if (e == LS_OK) {
        e = read_bytes(m, "fault", "fault_hex", a, &out->fault, NULL, d);
    }
    return e != LS_OK ? e : check_answer(out, d);
}

static enum ls_err read_exchange(const struct members *m, struct ls_arena *a, struct ls_row *out,
                                 struct ls_diag *d)
{
    enum ls_err e = read_u64(m, "ms", false, &out->ms, d);

    if (e == LS_OK) {
        e = read_bytes(m, "verb", "verb_hex", a, &out->verb, NULL, d);
    }
    if (e == LS_OK) {
        e = read_bytes(m, "path", "path_hex", a, &out->path, NULL, d);
    }
    if (e == LS_OK) {
        e = read_calls(m, a, out, d);
    }
    return e != LS_OK ? e : read_answer(m, a, out, d);
}

enum ls_err ls_row_read(struct ls_span line, struct ls_arena *a, struct ls_row *out,
                        struct ls_diag *d)
{
    struct ls_row row = {.kind = LS_ROW_CALL};
    struct members members;
    const struct members *const m = &members;
    struct ls_json_scan found;
    enum ls_err e;

    if (line.n == 0 || line.p[0] != '{' ||
        ls_json_scan((const char *)line.p, line.n, LINE_DEPTH_MAX, true, &found) != LS_OK) {
        return ls_fail(d, LS_ERR_PARSE, "no JSON object");
    }
    if (!collect(line, &members)) {
        return ls_fail(d, LS_ERR_LIMIT, "more than %u members", MEMBERS_MAX);
    }
    row.event = get(m, "event");
    row.kind = row.event.n > 0 ? LS_ROW_EVENT : LS_ROW_CALL;
    e = read_u64(m, "seq_in", true, &row.seq_in, d);
    if (e == LS_OK) {
        e = read_u64(m, "seq_out", true, &row.seq_out, d);
    }
    if (e == LS_OK) {
        e = read_u64(m, "at_ms", true, &row.at_ms, d);
    }
    if (e == LS_OK) {
        e = read_peer(m, &row, d);
    }
    if (e == LS_OK && row.kind != LS_ROW_EVENT) {
        e = read_exchange(m, a, &row, d);
    }
    row.asked_seq = row.seq_in;
    if (e == LS_OK) {
        *out = row;
    }
    return e;
}
