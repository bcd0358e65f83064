/*
 * Reading recorded blocks in whatever wrapping they come.
 */
#include "harness/capture/input.h"

#include <stdio.h>
#include <string.h>

#include "harness/capture/files.h"
#include "harness/capture/jsontext.h"
#include "harness/capture/segment.h"
#include "lib/json.h"
#include "lib/json_scan.h"
#include "lib/zst.h"

#define WRAP_DEPTH_MAX 4u /* array of responses of collections of blocks */

/* --- cleaning --- */

static bool is_collectors(const struct ls_jsontext_item *m)
{
    return (m->key.n > 0 && m->key.p[0] == '_') || ls_jsontext_is(m, "raw");
}

static void clean_object(struct ls_span object, struct ls_buf *b);

static void clean_txs(struct ls_span list, struct ls_buf *b)
{
    struct ls_jsontext it = ls_jsontext_open(list);
    struct ls_jsontext_item tx;
    const char *sep = "";

    ls_buf_putc(b, '[');
    while (ls_jsontext_next(&it, &tx)) {
        ls_buf_puts(b, sep);
        if (tx.value.n > 0 && tx.value.p[0] == '{') {
            clean_object(tx.value, b);
        } else {
            ls_jsontext_compact(tx.value, b);
        }
        sep = ",";
    }
    ls_buf_putc(b, ']');
}

/* Copies an object without the collector's members. */
static void clean_object(struct ls_span object, struct ls_buf *b)
{
    struct ls_jsontext it = ls_jsontext_open(object);
    struct ls_jsontext_item m;
    const char *sep = "";

    ls_buf_putc(b, '{');
    while (ls_jsontext_next(&it, &m)) {
        if (is_collectors(&m)) {
            continue;
        }
        ls_buf_puts(b, sep);
        ls_buf_putc(b, '"');
        ls_buf_put(b, m.key.p, m.key.n);
        ls_buf_puts(b, "\":");
        if (ls_jsontext_is(&m, "transactions")) {
            clean_txs(m.value, b);
        } else {
            ls_jsontext_compact(m.value, b);
        }
        sep = ",";
    }
    ls_buf_putc(b, '}');
}

static bool has_collectors_members(struct ls_span object)
{
    struct ls_jsontext it = ls_jsontext_open(object);
    struct ls_jsontext_item m;

    while (ls_jsontext_next(&it, &m)) {
        struct ls_jsontext txs = ls_jsontext_open(m.value);
        struct ls_jsontext_item tx;
        if (is_collectors(&m)) {
            return true;
        }
        while (ls_jsontext_is(&m, "transactions") && ls_jsontext_next(&txs, &tx)) {
            if (has_collectors_members(tx.value)) {
                return true;
            }
        }
    }
    return false;
}

static bool holds(struct ls_span text, const char *word)
{
    size_t n = strlen(word);
    const uint8_t *p = text.p;
    const uint8_t *end = text.p + text.n;

    while (p && (size_t)(end - p) >= n) {
        p = memchr(p, word[0], (size_t)(end - p) - n + 1);
        if (p && memcmp(p, word, n) == 0) {
            return true;
        }
        p = p ? p + 1 : NULL;
    }
    return false;
}

void ls_input_clean(struct ls_span block, struct ls_buf *b)
{
    bool is_one_line = !memchr(block.p, '\n', block.n) && !memchr(block.p, '\r', block.n);
    bool may_have = holds(block, "\"_") || holds(block, "\"raw\"");

    if (is_one_line && !(may_have && has_collectors_members(block))) {
        ls_buf_put(b, block.p, block.n);
    } else {
        clean_object(block, b);
    }
}

/* --- unwrapping --- */

struct reader {
    const struct ls_input_sink *sink;
    struct ls_buf clean;
};

static enum ls_err unwrap(struct reader *r, struct ls_span v, unsigned depth, struct ls_diag *d);

static enum ls_err unwrap_list(struct reader *r, struct ls_span list, unsigned depth,
                               struct ls_diag *d)
{
    struct ls_jsontext it = ls_jsontext_open(list);
    struct ls_jsontext_item item;
    enum ls_err e = LS_OK;

    for (size_t i = 0; !e && ls_jsontext_next(&it, &item); i++) {
        e = unwrap(r, item.value, depth + 1, d);
        if (e) {
            ls_fail_in(d, e, "[%zu]", i);
        }
    }
    return e;
}

/* {"hash":…, "header":{…}}, as lists of genesis headers have it: a block without transactions. */
static void put_header_form(struct ls_span hash, struct ls_span header, struct ls_buf *b)
{
    clean_object(header, b);
    if (b->err || b->n < 2) {
        return;
    }
    b->n--; /* reopen the object */
    ls_buf_puts(b, b->n > 1 ? ",\"hash\":" : "\"hash\":");
    ls_jsontext_compact(hash, b);
    ls_buf_puts(b, ",\"transactions\":[],\"uncles\":[]");
    if (ls_jsontext_get(header, "withdrawalsRoot").p) {
        ls_buf_puts(b, ",\"withdrawals\":[]");
    }
    ls_buf_putc(b, '}');
}

static enum ls_err give_block(struct reader *r, struct ls_span block, struct ls_span hash,
                              struct ls_span header, struct ls_diag *d)
{
    ls_buf_clear(&r->clean);
    if (header.p) {
        put_header_form(hash, header, &r->clean);
    } else {
        ls_input_clean(block, &r->clean);
    }
    if (r->clean.err) {
        return ls_fail(d, r->clean.err, "block: %s", ls_err_text(r->clean.err));
    }
    return r->sink->item(r->sink->ctx, ls_buf_span(&r->clean), d);
}

static enum ls_err unwrap_object(struct reader *r, struct ls_span v, unsigned depth,
                                 struct ls_diag *d)
{
    struct ls_span result = ls_jsontext_get(v, "result");
    struct ls_span blocks = ls_jsontext_get(v, "blocks");
    struct ls_span header = ls_jsontext_get(v, "header");
    struct ls_span error = ls_jsontext_get(v, "error");
    enum ls_err e = LS_OK;

    if (ls_jsontext_get(v, "parentHash").p || header.p) {
        return give_block(r, v, ls_jsontext_get(v, "hash"), header, d);
    }
    if (blocks.p) {
        if (r->sink->collection) {
            e = r->sink->collection(r->sink->ctx, v, d);
        }
        return e ? e : unwrap(r, blocks, depth + 1, d);
    }
    if (result.p) {
        return unwrap(r, result, depth + 1, d);
    }
    if (error.p) {
        return ls_fail(d, LS_ERR_RPC, "the node answered with an error: %.*s",
                       (int)(error.n < 200 ? error.n : 200), (const char *)error.p);
    }
    return ls_fail(d, LS_ERR_PARSE,
                   "neither a block (no \"parentHash\"), a JSON-RPC response (no \"result\") nor a "
                   "collection (no \"blocks\")");
}

static enum ls_err unwrap(struct reader *r, struct ls_span v, unsigned depth, struct ls_diag *d)
{
    if (depth > WRAP_DEPTH_MAX) {
        return ls_fail(d, LS_ERR_LIMIT, "blocks are wrapped more than %u deep", WRAP_DEPTH_MAX);
    }
    if (v.n > 0 && v.p[0] == '[') {
        return unwrap_list(r, v, depth, d);
    }
    if (v.n > 0 && v.p[0] == '{') {
        return unwrap_object(r, v, depth, d);
    }
    if (v.n == 4 && memcmp(v.p, "null", 4) == 0) {
        return ls_fail(d, LS_ERR_NOT_FOUND, "null: the node did not have this block");
    }
    return ls_fail(d, LS_ERR_TYPE, "neither an object nor an array");
}

/* --- files --- */

/* Content of the file, decompressed when it is zstd. */
static enum ls_err slurp(const char *path, struct ls_buf *out, struct ls_diag *d)
{
    struct ls_buf packed;
    enum ls_err e = ls_file_read(path, out, d);

    if (e || !ls_zst_is(out->p, out->n)) {
        return e;
    }
    packed = *out;
    ls_buf_init(out, LS_SEGMENT_BYTES_MAX);
    e = ls_zst_decompress(packed.p, packed.n, out);
    ls_buf_fini(&packed);
    return e ? ls_fail(d, e, "cannot decompress \"%s\": %s", path,
                       e == LS_ERR_PARSE ? "the file is damaged or cut" : ls_err_text(e))
             : LS_OK;
}

static size_t count_lines(const uint8_t *p, const uint8_t *end)
{
    size_t n = 0;

    while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
        n++;
        p++;
    }
    return n;
}

/* Each JSON value of text in turn; they may follow one another with or without line breaks. */
static enum ls_err each_value(const char *path, struct ls_span text,
                              enum ls_err (*take)(struct reader *, struct ls_span,
                                                  struct ls_diag *),
                              struct reader *r, struct ls_diag *d)
{
    struct ls_span rest = ls_jsontext_trim(text);
    size_t line = 1 + (rest.n ? count_lines(text.p, rest.p) : 0);
    enum ls_err e = LS_OK;

    while (!e && rest.n > 0) {
        struct ls_json_scan scan;
        e = ls_json_scan((const char *)rest.p, rest.n, LS_JSON_DEPTH_MAX, false, &scan);
        if (e) {
            size_t at = line + count_lines(rest.p, rest.p + scan.end);
            return ls_fail(d, e, "\"%s\" line %zu: malformed JSON: %s", path, at,
                           scan.is_cut ? "the text ends too early" : scan.why);
        }
        e = take(r, (struct ls_span){rest.p, scan.end}, d);
        if (e) {
            return ls_fail_in(d, e, "\"%s\" line %zu", path, line);
        }
        const uint8_t *start = rest.p;
        rest = ls_jsontext_trim((struct ls_span){rest.p + scan.end, rest.n - scan.end});
        line += rest.n ? count_lines(start, rest.p) : 0;
    }
    return e;
}

static enum ls_err take_blocks(struct reader *r, struct ls_span v, struct ls_diag *d)
{
    return unwrap(r, ls_jsontext_trim(v), 0, d);
}

static enum ls_err take_value(struct reader *r, struct ls_span v, struct ls_diag *d)
{
    struct ls_span value = ls_jsontext_trim(v);
    struct ls_jsontext it = ls_jsontext_open(value);
    struct ls_jsontext_item item;
    enum ls_err e = LS_OK;

    if (value.n == 0 || value.p[0] != '[') {
        return r->sink->item(r->sink->ctx, value, d);
    }
    while (!e && ls_jsontext_next(&it, &item)) {
        e = r->sink->item(r->sink->ctx, item.value, d);
    }
    return e;
}

static bool is_response(struct ls_span v)
{
    return v.n > 0 && v.p[0] == '{' && ls_jsontext_get(v, "jsonrpc").p;
}

static enum ls_err take_result(struct reader *r, struct ls_span v, struct ls_diag *d)
{
    struct ls_span value = ls_jsontext_trim(v);
    struct ls_jsontext it = ls_jsontext_open(value);
    struct ls_jsontext_item item;
    enum ls_err e = LS_OK;

    if (is_response(value)) {
        struct ls_span result = ls_jsontext_get(value, "result");
        return result.p ? r->sink->item(r->sink->ctx, result, d)
                        : ls_fail(d, LS_ERR_RPC, "the node answered without a result");
    }
    if (!ls_jsontext_next(&it, &item) || value.p[0] != '[' || !is_response(item.value)) {
        return r->sink->item(r->sink->ctx, value, d);
    }
    do { /* the answer to a batch */
        e = take_result(r, item.value, d);
    } while (!e && ls_jsontext_next(&it, &item));
    return e;
}

static enum ls_err read_file(const char *path, const struct ls_input_sink *sink,
                             enum ls_err (*take)(struct reader *, struct ls_span, struct ls_diag *),
                             struct ls_diag *d)
{
    struct reader r = {.sink = sink};
    struct ls_buf text;
    enum ls_err e;

    ls_buf_init(&text, LS_SEGMENT_BYTES_MAX);
    ls_buf_init(&r.clean, LS_SEGMENT_BYTES_MAX);
    e = slurp(path, &text, d);
    if (!e) {
        e = each_value(path, ls_buf_span(&text), take, &r, d);
    }
    ls_buf_fini(&r.clean);
    ls_buf_fini(&text);
    return e;
}

enum ls_err ls_input_blocks(const char *path, const struct ls_input_sink *sink, struct ls_diag *d)
{
    return read_file(path, sink, take_blocks, d);
}

enum ls_err ls_input_values(const char *path, const struct ls_input_sink *sink, struct ls_diag *d)
{
    return read_file(path, sink, take_value, d);
}

enum ls_err ls_input_results(const char *path, const struct ls_input_sink *sink, struct ls_diag *d)
{
    return read_file(path, sink, take_result, d);
}
