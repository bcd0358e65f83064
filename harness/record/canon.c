#include "harness/record/canon.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/jsontext.h"
#include "harness/record/calls.h"
#include "lib/hash.h"

#define CANON_BYTES_MAX ((size_t)256 << 20)
#define QUANTITY_DIGITS_MAX 16u

/* --- strings --- */

static bool is_hex_digit(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* text with its quotes. */
static bool is_hex(struct ls_span text)
{
    if (text.n < 5 || text.p[1] != '0' || text.p[2] != 'x') {
        return false;
    }
    for (size_t i = 3; i + 1 < text.n; i++) {
        if (!is_hex_digit(text.p[i])) {
            return false;
        }
    }
    return true;
}

static void put_string(struct ls_span text, struct ls_buf *out)
{
    size_t first = 3, end = text.n - 1;
    uint8_t *to;

    if (!is_hex(text)) {
        (void)ls_buf_put(out, text.p, text.n);
        return;
    }
    while (end - 3 <= QUANTITY_DIGITS_MAX && first + 1 < end && text.p[first] == '0') {
        first++;
    }
    (void)ls_buf_puts(out, "\"0x");
    to = ls_buf_grow(out, end - first);
    for (size_t i = first; to != NULL && i < end; i++) {
        uint8_t c = text.p[i];
        to[i - first] = c >= 'A' && c <= 'F' ? (uint8_t)(c - 'A' + 'a') : c;
    }
    (void)ls_buf_putc(out, '"');
}

/* --- containers --- */

/* The items of a container in an array of the arena. */
static enum ls_err collect(struct ls_span container, struct ls_arena *a,
                           struct ls_jsontext_item **out, size_t *count)
{
    struct ls_jsontext it = ls_jsontext_open(container);
    struct ls_jsontext_item item;
    size_t n = 0;

    while (ls_jsontext_next(&it, &item)) {
        n++;
    }
    *out = ls_arena_alloc(a, n * sizeof **out);
    if (*out == NULL) {
        return LS_ERR_NOMEM;
    }
    it = ls_jsontext_open(container);
    for (*count = 0; *count < n; (*count)++) {
        (void)ls_jsontext_next(&it, &(*out)[*count]);
    }
    return LS_OK;
}

static int by_key(const void *va, const void *vb)
{
    const struct ls_jsontext_item *a = va, *b = vb;
    size_t n = a->key.n < b->key.n ? a->key.n : b->key.n;
    int order = memcmp(a->key.p, b->key.p, n);

    return order != 0 ? order : (a->key.n > b->key.n) - (a->key.n < b->key.n);
}

/* An object or array that is being written. No recursion: levels lie on a stack of their own. */
struct level {
    struct ls_jsontext_item *items;
    size_t count;
    size_t at;
    bool is_object;
    bool need_comma;
};

/* Null says no more than absence: members of objects, and what trails in params. */
static void drop_nulls(struct level *l, bool is_params)
{
    if (l->is_object) {
        size_t kept = 0;
        for (size_t i = 0; i < l->count; i++) {
            if (!ls_calls_is_null(l->items[i].value)) {
                l->items[kept++] = l->items[i];
            }
        }
        l->count = kept;
        if (kept > 1) {
            qsort(l->items, kept, sizeof *l->items, by_key);
        }
    } else if (is_params) {
        while (l->count > 0 && ls_calls_is_null(l->items[l->count - 1].value)) {
            l->count--;
        }
    }
}

#define LEVELS_MAX 70u /* the JSON depth cap, and some */

struct walk {
    struct ls_arena *a;
    struct ls_buf *out;
    struct level levels[LEVELS_MAX];
    size_t depth;
};

static enum ls_err enter(struct walk *w, struct ls_span container)
{
    struct level *l = &w->levels[w->depth];
    enum ls_err e;

    if (w->depth == LEVELS_MAX) {
        return LS_ERR_LIMIT;
    }
    *l = (struct level){.is_object = container.p[0] == '{'};
    e = collect(container, w->a, &l->items, &l->count);
    if (e == LS_OK) {
        drop_nulls(l, w->depth == 0);
        w->depth++;
        (void)ls_buf_putc(w->out, l->is_object ? '{' : '[');
    }
    return e;
}

static enum ls_err put_value(struct walk *w, struct ls_span value)
{
    if (value.p[0] == '{' || value.p[0] == '[') {
        return enter(w, value);
    }
    if (value.p[0] == '"') {
        put_string(value, w->out);
    } else {
        (void)ls_buf_put(w->out, value.p, value.n);
    }
    return LS_OK;
}

/* Writes the next item of the innermost level, or closes it. */
static enum ls_err advance(struct walk *w)
{
    struct level *l = &w->levels[w->depth - 1];
    const struct ls_jsontext_item *item;

    if (l->at == l->count) {
        (void)ls_buf_putc(w->out, l->is_object ? '}' : ']');
        w->depth--;
        return LS_OK;
    }
    item = &l->items[l->at++];
    if (l->need_comma) {
        (void)ls_buf_putc(w->out, ',');
    }
    l->need_comma = true;
    if (l->is_object) {
        (void)ls_buf_putc(w->out, '"');
        (void)ls_buf_put(w->out, item->key.p, item->key.n);
        (void)ls_buf_puts(w->out, "\":");
    }
    return put_value(w, item->value);
}

enum ls_err ls_canon_params(struct ls_span params, struct ls_arena *a, struct ls_buf *out)
{
    struct ls_span value = ls_jsontext_trim(params);
    struct walk w = {.a = a, .out = out};
    enum ls_err e;

    if (value.n == 0 || ls_calls_is_null(value)) {
        return ls_buf_puts(out, "[]");
    }
    e = put_value(&w, value);
    while (e == LS_OK && w.depth > 0) {
        e = advance(&w);
    }
    return e != LS_OK ? e : out->err;
}

enum ls_err ls_canon_key(struct ls_span method, struct ls_span params, struct ls_arena *a,
                         struct ls_canon_key *out)
{
    struct ls_buf text = {0};
    enum ls_err e;

    ls_buf_init(&text, CANON_BYTES_MAX);
    (void)ls_buf_put(&text, method.p, method.n);
    (void)ls_buf_putc(&text, '\n');
    e = ls_canon_params(params, a, &text);
    if (e == LS_OK) {
        ls_sha256(text.p, text.n, out->b);
    }
    ls_buf_fini(&text);
    return e;
}
