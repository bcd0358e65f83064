/*
 * Batches: one pass over the members of each answer, nothing is copied.
 */
#include "harness/capture/pull_batch.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "harness/capture/jsontext.h"
#include "lib/json.h"
#include "lib/json_scan.h"
#include "lib/jsonw.h"
#include "lib/num.h"
#include "lib/op/account.h"
#include "lib/op/rpc.h"

static const char *const METHODS[] = {
#define METHOD_NAME(name, text) text,
    LS_PULL_METHOD_LIST(METHOD_NAME)
#undef METHOD_NAME
};

const char *ls_pull_method_name(enum ls_pull_method m)
{
    return METHODS[m];
}

bool ls_pull_is_null(struct ls_span result)
{
    return result.n == 0 || (result.n == 4 && memcmp(result.p, "null", 4) == 0);
}

/* --- requests --- */

/* Whose proof: the message passer's, of no storage key. */
static void write_account(struct ls_jw *w)
{
    ls_jw_hex(w, NULL, LS_MESSAGE_PASSER.b, sizeof LS_MESSAGE_PASSER.b);
    ls_jw_array(w, NULL);
    ls_jw_array_end(w);
}

static void write_call(const struct ls_pull_call *c, uint64_t id, struct ls_jw *w)
{
    ls_rpc_request_begin(w, id, METHODS[c->method]);
    switch (c->method) {
    case LS_PULL_BLOCK_BY_NUMBER:
        ls_jw_quantity(w, NULL, c->number);
        ls_jw_bool(w, NULL, c->is_full);
        break;
    case LS_PULL_BLOCK_BY_TAG:
        ls_jw_str(w, NULL, c->tag);
        ls_jw_bool(w, NULL, c->is_full);
        break;
    case LS_PULL_BLOCK_BY_HASH:
        ls_jw_hex(w, NULL, c->hash.b, sizeof c->hash.b);
        ls_jw_bool(w, NULL, c->is_full);
        break;
    case LS_PULL_RECEIPTS_BY_NUMBER:
        ls_jw_quantity(w, NULL, c->number);
        break;
    case LS_PULL_RECEIPTS_BY_HASH:
        ls_jw_hex(w, NULL, c->hash.b, sizeof c->hash.b);
        break;
    case LS_PULL_PROOF_BY_NUMBER:
        write_account(w);
        ls_jw_quantity(w, NULL, c->number);
        break;
    case LS_PULL_PROOF_BY_HASH:
        write_account(w);
        ls_jw_hex(w, NULL, c->hash.b, sizeof c->hash.b);
        break;
    case LS_PULL_CHAIN_ID:
    case LS_PULL_CLIENT_VERSION:
    case LS_PULL_ROLLUP_CONFIG:
    case LS_PULL_SYNC_STATUS:
        break;
    }
    ls_rpc_request_end(w);
}

void ls_pull_batch_write(const struct ls_pull_plan *plan, uint64_t first, size_t count,
                         bool is_single, struct ls_buf *b)
{
    struct ls_jw w;

    ls_jw_init(&w, b);
    if (!is_single) {
        ls_jw_array(&w, NULL);
    }
    for (size_t i = 0; i < count; i++) {
        struct ls_pull_call c = {.method = LS_PULL_CHAIN_ID};
        plan->call(plan->ctx, first + i, &c);
        write_call(&c, i + 1, &w);
    }
    if (!is_single) {
        ls_jw_array_end(&w);
    }
}

/* --- answers --- */

struct parts {
    struct ls_span id;
    struct ls_span result;
    struct ls_span error;
};

static struct parts take_apart(struct ls_span object)
{
    struct ls_jsontext it = ls_jsontext_open(object);
    struct ls_jsontext_item m;
    struct parts p = {.id = {NULL, 0}};

    while (ls_jsontext_next(&it, &m)) {
        if (ls_jsontext_is(&m, "id")) {
            p.id = m.value;
        } else if (ls_jsontext_is(&m, "result")) {
            p.result = m.value;
        } else if (ls_jsontext_is(&m, "error") && !ls_pull_is_null(m.value)) {
            p.error = m.value;
        }
    }
    return p;
}

/* The id as a place, 1 .. count; 0 when it is none of ours. Some nodes send numbers as strings. */
static size_t place_of(struct ls_span id, size_t count)
{
    uint64_t v = 0;

    if (id.n > 2 && id.p[0] == '"') {
        id.p++;
        id.n -= 2;
    }
    return id.n > 0 && !ls_parse_dec((const char *)id.p, id.n, &v) && v <= count ? (size_t)v : 0;
}

/* Copies the text between the quotes so that it can stand in a sentence. */
static void copy_message(struct ls_span quoted, char out[LS_PULL_MESSAGE_BYTES])
{
    size_t n = 0;

    for (size_t i = 1; i + 1 < quoted.n && n + 1 < LS_PULL_MESSAGE_BYTES; i++) {
        unsigned char c = quoted.p[i];
        out[n++] = isprint(c) ? (char)c : ' ';
    }
    out[n] = '\0';
}

static bool says(const char *message, const char *word)
{
    size_t n = strlen(word);

    for (; *message; message++) {
        if (strncasecmp(message, word, n) == 0) {
            return true;
        }
    }
    return false;
}

#define CODE_RESPONSE_TOO_LARGE (-32003) /* geth: the batch's answers are over its limit */

static enum ls_pull_fate judge_error(int64_t code, const char *message)
{
    bool is_size = says(message, "too large") || says(message, "too big") ||
                   says(message, "batch limit") || says(message, "batch size");

    if (code == CODE_RESPONSE_TOO_LARGE || is_size) {
        return LS_PULL_TOO_LARGE;
    }
    /* Everything else may pass: servers make up codes for their troubles (-32005 of EIP-1474 is a
     * rate limit, and so is a lot of what comes as -32000). */
    return code == LS_RPC_METHOD_NOT_FOUND || code == LS_RPC_INVALID_PARAMS ||
                   code == LS_RPC_INVALID_REQUEST || code == LS_RPC_PARSE
               ? LS_PULL_REFUSED
               : LS_PULL_BUSY;
}

static void take_error(struct ls_span error, struct ls_pull_item *out)
{
    struct ls_span code = ls_jsontext_get(error, "code");
    struct ls_pull_answer *a = &out->answer;
    uint64_t magnitude = 0;
    bool is_negative = code.n > 1 && code.p[0] == '-';

    copy_message(ls_jsontext_get(error, "message"), a->message);
    if (is_negative) {
        code.p++;
        code.n--;
    }
    if (code.n > 0 && !ls_parse_dec((const char *)code.p, code.n, &magnitude) &&
        magnitude <= INT32_MAX) {
        a->code = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
    }
    if (ls_rpc_is_not_found(a->code, a->message)) {
        static const uint8_t null_text[] = "null";
        a->result = (struct ls_span){null_text, 4};
        out->fate = LS_PULL_ANSWERED;
        return;
    }
    out->fate = judge_error(a->code, a->message);
    a->is_error = true;
}

static void take_parts(const struct parts *p, struct ls_pull_item *out)
{
    *out = (struct ls_pull_item){.fate = LS_PULL_LOST};
    if (p->error.p) {
        take_error(p->error, out);
    } else if (p->result.p) {
        out->fate = LS_PULL_ANSWERED;
        out->answer.result = p->result;
    }
}

/* One object: the answer to a lone call, or a word about the whole batch. */
static enum ls_err split_object(struct ls_span body, size_t count, struct ls_pull_item *items,
                                struct ls_diag *d)
{
    struct parts p = take_apart(body);

    if (!p.error.p && !p.result.p) {
        return ls_fail(d, LS_ERR_PARSE,
                       "the answer is a JSON object with neither \"result\" nor \"error\"");
    }
    take_parts(&p, &items[0]);
    if (count == 1) {
        return LS_OK;
    }
    return ls_fail(d, LS_ERR_LIMIT, "a batch of %zu calls was refused: %s", count,
                   items[0].answer.message);
}

static enum ls_err split_array(struct ls_span text, size_t count, struct ls_pull_item *items,
                               struct ls_diag *d)
{
    struct ls_jsontext it = ls_jsontext_open(text);
    struct ls_jsontext_item element;
    enum ls_err e = LS_OK;

    while (ls_jsontext_next(&it, &element)) {
        struct parts p = take_apart(element.value);
        size_t place = place_of(p.id, count);
        struct ls_pull_item stray;
        if (place > 0) {
            take_parts(&p, &items[place - 1]);
        } else if (p.error.p) {
            take_parts(&p, &stray);
            e = ls_fail(d, LS_ERR_LIMIT, "a batch of %zu calls was refused: %s", count,
                        stray.answer.message);
        }
    }
    return e;
}

enum ls_err ls_pull_batch_split(struct ls_span body, size_t count, struct ls_pull_item *items,
                                struct ls_diag *d)
{
    struct ls_json_scan scan;
    struct ls_span text = ls_jsontext_trim(body);

    for (size_t i = 0; i < count; i++) {
        items[i] = (struct ls_pull_item){.fate = LS_PULL_LOST};
    }
    if (ls_json_scan((const char *)text.p, text.n, LS_JSON_DEPTH_MAX, true, &scan)) {
        return ls_fail(d, LS_ERR_PARSE, "the answer is not JSON (%zu bytes): %s", body.n,
                       scan.is_cut ? "it ends too early" : scan.why);
    }
    if (text.p[0] == '{') {
        return split_object(text, count, items, d);
    }
    if (text.p[0] != '[') {
        return ls_fail(d, LS_ERR_PARSE, "the answer is neither a JSON object nor an array");
    }
    return split_array(text, count, items, d);
}
