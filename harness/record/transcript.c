#include "harness/record/transcript.h"

#include <string.h>

#include "harness/capture/files.h"
#include "harness/capture/jsontext.h"
#include "harness/capture/segment.h"
#include "lib/json.h"
#include "lib/json_scan.h"
#include "lib/num.h"
#include "lib/zst.h"

#define ARENA_BYTES_MAX ((size_t)1 << 30)

static bool is_text(struct ls_span json, const char *text)
{
    size_t n = strlen(text);

    return json.n == n + 2 && json.p[0] == '"' && memcmp(json.p + 1, text, n) == 0;
}

static enum ls_err read_u64(struct ls_span line, const char *key, uint64_t *out, struct ls_diag *d)
{
    struct ls_span json = ls_jsontext_get(line, key);

    if (json.n == 0 || ls_calls_is_null(json)) {
        return LS_OK;
    }
    return ls_parse_dec((const char *)json.p, json.n, out) == LS_OK
               ? LS_OK
               : ls_fail(d, LS_ERR_PARSE, "%s: no number", key);
}

/* --- exchanges --- */

static enum ls_err read_request(struct ls_span req, struct ls_arena *a, struct ls_row *row,
                                struct ls_calls *calls, struct ls_diag *d)
{
    enum ls_err e = ls_calls_split(req, a, calls);

    if (e != LS_OK) {
        return ls_fail(d, e, "req: no JSON-RPC request");
    }
    row->kind = calls->is_batch ? LS_ROW_BATCH : LS_ROW_CALL;
    row->call_count = calls->count;
    row->calls = ls_arena_alloc(a, calls->count * sizeof *row->calls);
    if (row->calls == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < calls->count; i++) {
        row->calls[i].method = calls->items[i].method;
        row->calls[i].params = calls->items[i].params;
    }
    return LS_OK;
}

/* A JSON string, decoded. */
static enum ls_err read_string(struct ls_span json, struct ls_arena *a, struct ls_span *out)
{
    struct cJSON *v = NULL;
    enum ls_err e = ls_json_parse((const char *)json.p, json.n, 0, &v, NULL);

    if (e == LS_OK) {
        const char *s = ls_json_str(v);
        out->n = strlen(s);
        out->p = ls_arena_dup(a, s, out->n);
        e = out->p != NULL ? LS_OK : LS_ERR_NOMEM;
    }
    ls_json_free(v);
    return e;
}

/* A text that was no JSON is a string; anything else is the body itself. */
static enum ls_err read_body(struct ls_span res, struct ls_arena *a, struct ls_row *row)
{
    row->has_body = true;
    if (res.p[0] != '"') {
        row->body = res;
        return LS_OK;
    }
    return read_string(res, a, &row->body);
}

/* What stood between says that the answer was its own; true and the like say no more than that. */
static enum ls_err read_fault(struct ls_span line, struct ls_arena *a, struct ls_row *row,
                              struct ls_diag *d)
{
    struct ls_span fault = ls_jsontext_get(line, "fault");

    if (fault.n == 0 || ls_calls_is_null(fault)) {
        return LS_OK;
    }
    if (fault.p[0] != '"') {
        row->fault = fault;
        return LS_OK;
    }
    return read_string(fault, a, &row->fault) == LS_OK ? LS_OK
                                                       : ls_fail(d, LS_ERR_PARSE, "fault: no text");
}

static enum ls_err read_answer(struct ls_span line, const struct ls_calls *calls,
                               struct ls_arena *a, struct ls_row *row, struct ls_diag *d)
{
    struct ls_span res = ls_jsontext_get(line, "res");
    struct ls_said_text *said;

    if (row->http == 0) {
        /* A connection that was closed is told apart; every other silence lasts. */
        row->fail = is_text(ls_jsontext_get(line, "fault"), "connection closed") ? LS_FAIL_RESET
                                                                                 : LS_FAIL_GONE;
        return LS_OK;
    }
    if (res.n == 0) {
        return ls_fail(d, LS_ERR_MISSING, "res: http %u without an answer", row->http);
    }
    if (ls_calls_answers(res, calls, a, &said) == LS_OK) {
        for (size_t i = 0; i < row->call_count; i++) {
            row->calls[i].said = said[i];
        }
        return LS_OK;
    }
    return read_body(res, a, row) == LS_OK ? LS_OK : ls_fail(d, LS_ERR_PARSE, "res: no text");
}

static enum ls_err read_exchange(struct ls_span line, struct ls_arena *a, struct ls_row *row,
                                 struct ls_diag *d)
{
    struct ls_calls calls = {.items = NULL};
    uint64_t http = 0;
    enum ls_err e = read_u64(line, "http", &http, d);

    if (e == LS_OK) {
        row->http = http <= 999 ? (unsigned)http : 999;
        e = read_u64(line, "ms", &row->ms, d);
    }
    if (e == LS_OK) {
        e = read_fault(line, a, row, d);
    }
    if (e == LS_OK) {
        e = read_request(ls_jsontext_get(line, "req"), a, row, &calls, d);
    }
    return e != LS_OK ? e : read_answer(line, &calls, a, row, d);
}

/* --- lines --- */

/* The line without what the row says anyway. */
static void put_event(struct ls_span line, struct ls_buf *out)
{
    struct ls_jsontext it = ls_jsontext_open(line);
    struct ls_jsontext_item item;
    const char *sep = "{";

    while (ls_jsontext_next(&it, &item)) {
        if (!ls_jsontext_is(&item, "at_ms") && !ls_jsontext_is(&item, "peer")) {
            (void)ls_buf_printf(out, "%s\"%.*s\":", sep, (int)item.key.n, (const char *)item.key.p);
            (void)ls_buf_put(out, item.value.p, item.value.n);
            sep = ",";
        }
    }
    (void)ls_buf_puts(out, *sep == '{' ? "{}" : "}");
}

static bool peer_of(struct ls_span json, enum ls_peer *out)
{
    static const struct {
        const char *name;
        enum ls_peer peer;
    } peers[] = {{"engine", LS_PEER_ENGINE},
                 {"follow", LS_PEER_SOURCE},
                 {"source", LS_PEER_SOURCE},
                 {"l1", LS_PEER_L1}};

    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
        if (is_text(json, peers[i].name)) {
            *out = peers[i].peer;
            return true;
        }
    }
    return false;
}

/* text is scratch for the event. */
static enum ls_err read_line(struct ls_span line, struct ls_arena *a, struct ls_buf *text,
                             struct ls_row *row, struct ls_diag *d)
{
    struct ls_span peer = ls_jsontext_get(line, "peer");
    struct ls_json_scan found;
    enum ls_err e;

    if (line.p[0] != '{' ||
        ls_json_scan((const char *)line.p, line.n, LS_JSON_DEPTH_MAX, true, &found) != LS_OK) {
        return ls_fail(d, LS_ERR_PARSE, "no JSON object");
    }
    if (peer.n < 2 || peer.p[0] != '"') {
        return ls_fail(d, LS_ERR_MISSING, "peer: a string is needed");
    }
    e = read_u64(line, "at_ms", &row->at_ms, d);
    if (e != LS_OK) {
        return e;
    }
    if (peer_of(peer, &row->peer)) {
        return read_exchange(line, a, row, d);
    }
    row->kind = LS_ROW_EVENT;
    row->who = (struct ls_span){peer.p + 1, peer.n - 2};
    put_event(line, text);
    row->event = ls_buf_span(text);
    return text->err;
}

/* Exchanges come one after the other: what overlapped is not in a transcript. */
static enum ls_err put_line(struct ls_span line, struct ls_arena *a, struct ls_recording *r,
                            struct ls_diag *d)
{
    struct ls_row row = {.kind = LS_ROW_CALL};
    struct ls_buf text = {0};
    enum ls_err e;

    ls_buf_init(&text, ARENA_BYTES_MAX);
    e = read_line(line, a, &text, &row, d);
    if (e == LS_OK) {
        row.seq_in = ls_recording_seq(r);
        row.seq_out = row.kind == LS_ROW_EVENT ? row.seq_in : ls_recording_seq(r);
        e = ls_recording_put(r, &row, d);
    }
    ls_buf_fini(&text);
    return e;
}

static enum ls_err read_text(const char *path, struct ls_buf *out, struct ls_diag *d)
{
    struct ls_buf raw = {0};
    enum ls_err e;

    ls_buf_init(&raw, LS_SEGMENT_BYTES_MAX);
    e = ls_file_read(path, &raw, d);
    if (e == LS_OK && ls_zst_is(raw.p, raw.n)) {
        e = ls_zst_decompress(raw.p, raw.n, out);
        if (e != LS_OK) {
            (void)ls_fail(d, e, "cannot decompress \"%s\": %s", path, ls_err_text(e));
        }
        ls_buf_fini(&raw);
    } else {
        ls_buf_fini(out);
        *out = raw;
    }
    return e;
}

enum ls_err ls_transcript_import(const char *path, struct ls_recording *r, struct ls_diag *d)
{
    struct ls_buf text = {0};
    struct ls_arena a;
    struct ls_span rest, line;
    size_t number = 0;
    enum ls_err e;

    ls_buf_init(&text, LS_SEGMENT_BYTES_MAX);
    ls_arena_init(&a, ARENA_BYTES_MAX);
    e = read_text(path, &text, d);
    if (e == LS_OK && text.n > 0 && text.p[text.n - 1] != '\n') {
        e = ls_buf_putc(&text, '\n');
    }
    rest = ls_buf_span(&text);
    while (e == LS_OK && ls_segment_line(&rest, &line)) {
        number++;
        line = ls_jsontext_trim(line);
        if (line.n > 0) {
            e = put_line(line, &a, r, d);
        }
        ls_arena_reset(&a);
        if (e != LS_OK) {
            (void)ls_fail_in(d, e, "\"%s\", line %zu", path, number);
        }
    }
    ls_arena_fini(&a);
    ls_buf_fini(&text);
    return e;
}
