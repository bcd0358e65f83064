#include "harness/record/row.h"

#include <string.h>

#include "harness/capture/jsontext.h"
#include "lib/jsonw.h"
#include "lib/utf8.h"

#define TEXT_BYTES_MAX ((size_t)1 << 30)

const char *ls_fail_name(enum ls_fail_kind f)
{
    static const char *const names[] = {
#define FAIL_NAME(name, word) word,
        LS_FAIL_LIST(FAIL_NAME)
#undef FAIL_NAME
    };

    return names[f];
}

bool ls_row_is_payload(const struct ls_row *row)
{
    static const char method[] = "admin_postUnsafePayload";

    return row->kind == LS_ROW_CALL && row->peer == LS_PEER_NODE && row->fail == LS_FAIL_NONE &&
           !row->has_body && row->calls[0].method.n == sizeof method - 1 &&
           memcmp(row->calls[0].method.p, method, sizeof method - 1) == 0;
}

static bool begins_with(struct ls_span s, const char *text)
{
    size_t n = strlen(text);

    return s.n >= n && memcmp(s.p, text, n) == 0;
}

bool ls_row_is_write(const struct ls_row *row)
{
    return row->peer == LS_PEER_ENGINE && row->call_count == 1 &&
           (begins_with(row->calls[0].method, "engine_newPayload") ||
            begins_with(row->calls[0].method, "engine_forkchoiceUpdated"));
}

struct ls_span ls_row_block_hash(const struct ls_row *row)
{
    const struct ls_row_call *c = row->call_count == 1 ? &row->calls[0] : NULL;
    struct ls_jsontext it;
    struct ls_jsontext_item first = {.value = {NULL, 0}};

    if (c == NULL || (!ls_row_is_payload(row) && !begins_with(c->method, "engine_newPayload"))) {
        return (struct ls_span){NULL, 0};
    }
    it = ls_jsontext_open(c->params);
    (void)ls_jsontext_next(&it, &first);
    if (row->peer == LS_PEER_NODE) {
        first.value = ls_jsontext_get(first.value, "executionPayload");
    }
    return ls_jsontext_get(first.value, "blockHash");
}

/* JSON as it came; a line break can only stand between tokens. */
static void put_json(struct ls_jw *w, const char *key, struct ls_span json)
{
    struct ls_buf flat = {0};

    if (memchr(json.p, '\n', json.n) == NULL && memchr(json.p, '\r', json.n) == NULL) {
        ls_jw_raw(w, key, (const char *)json.p, json.n);
        return;
    }
    ls_buf_init(&flat, TEXT_BYTES_MAX);
    ls_jsontext_compact(json, &flat);
    if (flat.err != LS_OK) {
        w->b->err = w->b->err != LS_OK ? w->b->err : flat.err;
    } else {
        ls_jw_raw(w, key, (const char *)flat.p, flat.n);
    }
    ls_buf_fini(&flat);
}

/* A text without quotes that has its escapes. */
static void put_escaped(struct ls_jw *w, const char *key, struct ls_span text)
{
    struct ls_buf quoted = {0};

    ls_buf_init(&quoted, TEXT_BYTES_MAX);
    (void)ls_buf_putc(&quoted, '"');
    (void)ls_buf_put(&quoted, text.p, text.n);
    (void)ls_buf_putc(&quoted, '"');
    ls_jw_raw(w, key, (const char *)quoted.p, quoted.n);
    w->b->err = w->b->err != LS_OK ? w->b->err : quoted.err;
    ls_buf_fini(&quoted);
}

static bool is_text(struct ls_span s)
{
    size_t at = 0;

    while (at < s.n && s.p[at] != 0) {
        size_t n = ls_utf8_next(s.p + at, s.n - at);
        if (n == 0) {
            return false;
        }
        at += n;
    }
    return at == s.n;
}

/* Any bytes: as text under key, or as hexadecimal under hex_key when they are none. */
static void put_bytes(struct ls_jw *w, const char *key, const char *hex_key, struct ls_span s)
{
    if (is_text(s)) {
        ls_jw_strn(w, key, s.n > 0 ? (const char *)s.p : "", s.n);
    } else {
        ls_jw_hex(w, hex_key, s.p, s.n);
    }
}

static void put_call(struct ls_jw *w, const struct ls_row_call *c)
{
    put_escaped(w, "method", c->method);
    if (c->params.n > 0) {
        put_json(w, "params", c->params);
    }
    switch (c->said.kind) {
    case LS_SAID_NOTHING:
        break;
    case LS_SAID_RESULT:
        put_json(w, "result", c->said.text);
        break;
    case LS_SAID_ERROR:
        put_json(w, "error", c->said.text);
        break;
    }
}

static void put_request(struct ls_jw *w, const struct ls_row *row)
{
    if (row->verb.n > 0) {
        ls_jw_strn(w, "verb", (const char *)row->verb.p, row->verb.n);
    }
    if (row->path.n > 0) {
        put_bytes(w, "path", "path_hex", row->path);
    }
    if (row->kind == LS_ROW_RAW) {
        put_bytes(w, "request", "request_hex", row->request);
    } else if (row->kind == LS_ROW_CALL) {
        put_call(w, &row->calls[0]);
    } else {
        ls_jw_array(w, "batch");
        for (size_t i = 0; i < row->call_count; i++) {
            ls_jw_object(w, NULL);
            put_call(w, &row->calls[i]);
            ls_jw_object_end(w);
        }
        ls_jw_array_end(w);
    }
}

static void put_answer(struct ls_jw *w, const struct ls_row *row)
{
    if (row->fail != LS_FAIL_NONE) {
        ls_jw_str(w, "fail", ls_fail_name(row->fail));
    }
    if (row->has_body) {
        put_bytes(w, "body", "body_hex", row->body);
    }
    ls_jw_u64(w, "http", row->http);
    if (row->has_no_type) {
        ls_jw_null(w, "content_type");
    } else if (row->content_type.n > 0) {
        put_bytes(w, "content_type", "content_type_hex", row->content_type);
    }
    if (row->retry_after_s > 0) {
        ls_jw_u64(w, "retry_after", row->retry_after_s);
    }
    if (row->fault.n > 0) {
        put_bytes(w, "fault", "fault_hex", row->fault);
    }
}

void ls_row_write(const struct ls_row *row, struct ls_buf *b)
{
    struct ls_jw w;

    ls_jw_init(&w, b);
    ls_jw_object(&w, NULL);
    ls_jw_u64(&w, "seq_in", row->seq_in);
    ls_jw_u64(&w, "seq_out", row->seq_out);
    ls_jw_u64(&w, "at_ms", row->at_ms);
    if (row->kind == LS_ROW_EVENT) {
        put_escaped(&w, "peer", row->who);
        put_json(&w, "event", row->event);
    } else {
        ls_jw_u64(&w, "ms", row->ms);
        ls_jw_str(&w, "peer", ls_peer_name(row->peer));
        put_request(&w, row);
        put_answer(&w, row);
    }
    ls_jw_object_end(&w);
}
