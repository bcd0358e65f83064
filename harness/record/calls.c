#include "harness/record/calls.h"

#include <string.h>

#include "harness/capture/jsontext.h"
#include "harness/record/peer.h"
#include "lib/json.h"
#include "lib/json_scan.h"

const char *ls_peer_name(enum ls_peer p)
{
    static const char *const names[] = {
#define PEER_NAME(name, word) word,
        LS_PEER_LIST(PEER_NAME)
#undef PEER_NAME
    };

    return names[p];
}

bool ls_calls_is_null(struct ls_span value)
{
    return value.n == 4 && memcmp(value.p, "null", 4) == 0;
}

/* The text of the only JSON value in body; n 0 when it is none. */
static struct ls_span whole_value(struct ls_span body)
{
    struct ls_json_scan found;

    if (body.n == 0 ||
        ls_json_scan((const char *)body.p, body.n, LS_JSON_DEPTH_MAX, true, &found) != LS_OK) {
        return (struct ls_span){NULL, 0};
    }
    return ls_jsontext_trim(body);
}

static bool is_object(struct ls_span value)
{
    return value.n > 0 && value.p[0] == '{';
}

static bool is_array(struct ls_span value)
{
    return value.n > 0 && value.p[0] == '[';
}

static size_t count_items(struct ls_span array)
{
    struct ls_jsontext it = ls_jsontext_open(array);
    struct ls_jsontext_item item;
    size_t n = 0;

    while (ls_jsontext_next(&it, &item)) {
        n++;
    }
    return n;
}

/* --- requests --- */

static enum ls_err read_call(struct ls_span object, struct ls_call *out)
{
    struct ls_span method = ls_jsontext_get(object, "method");

    if (!is_object(object) || method.n < 3 || method.p[0] != '"') {
        return LS_ERR_PARSE;
    }
    *out = (struct ls_call){.id = ls_jsontext_get(object, "id"),
                            .method = {method.p + 1, method.n - 2},
                            .params = ls_jsontext_get(object, "params")};
    return LS_OK;
}

enum ls_err ls_calls_split(struct ls_span body, struct ls_arena *a, struct ls_calls *out)
{
    struct ls_span value = whole_value(body);
    bool is_batch = is_array(value);
    size_t count = is_batch ? count_items(value) : 1;
    struct ls_call *items;
    enum ls_err e = LS_OK;

    if (count == 0 || (!is_batch && !is_object(value))) {
        return LS_ERR_PARSE;
    }
    if (count > LS_CALLS_MAX) {
        return LS_ERR_LIMIT;
    }
    items = ls_arena_alloc(a, count * sizeof *items);
    if (items == NULL) {
        return LS_ERR_NOMEM;
    }
    if (is_batch) {
        struct ls_jsontext it = ls_jsontext_open(value);
        struct ls_jsontext_item item;
        for (size_t i = 0; e == LS_OK && ls_jsontext_next(&it, &item); i++) {
            e = read_call(item.value, &items[i]);
        }
    } else {
        e = read_call(value, &items[0]);
    }
    if (e == LS_OK) {
        *out = (struct ls_calls){.items = items, .count = count, .is_batch = is_batch};
    }
    return e;
}

/* --- answers --- */

static bool is_same(struct ls_span a, struct ls_span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* What an answer's object says; NOTHING when it is not of the form. */
static struct ls_said_text read_said(struct ls_span object)
{
    struct ls_span result = ls_jsontext_get(object, "result");
    struct ls_span error = ls_jsontext_get(object, "error");

    if (error.n > 0 && !ls_calls_is_null(error)) {
        return (struct ls_said_text){LS_SAID_ERROR, error};
    }
    if (result.n > 0) {
        return (struct ls_said_text){LS_SAID_RESULT, result};
    }
    return (struct ls_said_text){LS_SAID_NOTHING, {NULL, 0}};
}

/* Puts one answer where its call is; the first of several calls with that id that has none yet. */
static enum ls_err place(struct ls_span object, const struct ls_calls *calls,
                         struct ls_said_text *said)
{
    struct ls_span id = ls_jsontext_get(object, "id");
    struct ls_said_text text = read_said(object);

    if (!is_object(object) || id.n == 0 || text.kind == LS_SAID_NOTHING) {
        return LS_ERR_PARSE;
    }
    for (size_t i = 0; i < calls->count; i++) {
        if (said[i].kind == LS_SAID_NOTHING && is_same(calls->items[i].id, id)) {
            said[i] = text;
            return LS_OK;
        }
    }
    return LS_ERR_PARSE;
}

enum ls_err ls_calls_answers(struct ls_span body, const struct ls_calls *calls, struct ls_arena *a,
                             struct ls_said_text **out)
{
    struct ls_span value = whole_value(body);
    struct ls_said_text *said = ls_arena_alloc(a, calls->count * sizeof *said);
    enum ls_err e = LS_OK;

    if (said == NULL) {
        return LS_ERR_NOMEM;
    }
    if (calls->is_batch != is_array(value)) {
        return LS_ERR_PARSE;
    }
    if (calls->is_batch) {
        struct ls_jsontext it = ls_jsontext_open(value);
        struct ls_jsontext_item item;
        while (e == LS_OK && ls_jsontext_next(&it, &item)) {
            e = place(item.value, calls, said);
        }
    } else {
        e = place(value, calls, said);
    }
    if (e == LS_OK) {
        *out = said;
    }
    return e;
}
