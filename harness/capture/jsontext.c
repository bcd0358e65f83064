/*
 * JSON text as spans. Strings are the only tokens in which brackets and commas mean nothing, so a
 * value ends at the first comma or closing bracket of its own level outside of strings.
 */
#include "harness/capture/jsontext.h"

#include <string.h>

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip(struct ls_span *s, size_t n)
{
    s->p += n;
    s->n -= n;
}

static void skip_space(struct ls_span *s)
{
    while (s->n > 0 && is_space(s->p[0])) {
        skip(s, 1);
    }
}

/* Bytes of the string at the front of s, quotes included. */
static size_t string_bytes(struct ls_span s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '\\') {
            i++;
        } else if (s.p[i] == '"') {
            return i + 1;
        }
    }
    return s.n;
}

/* Bytes of the value at the front of s, white space behind it included. */
static size_t value_bytes(struct ls_span s)
{
    size_t depth = 0;

    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '"':
            i += string_bytes((struct ls_span){s.p + i, s.n - i}) - 1;
            break;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (depth == 0) {
                return i;
            }
            depth--;
            break;
        case ',':
            if (depth == 0) {
                return i;
            }
            break;
        default:
            break;
        }
    }
    return s.n;
}

struct ls_span ls_jsontext_trim(struct ls_span text)
{
    skip_space(&text);
    while (text.n > 0 && is_space(text.p[text.n - 1])) {
        text.n--;
    }
    return text;
}

struct ls_jsontext ls_jsontext_open(struct ls_span container)
{
    struct ls_span s = ls_jsontext_trim(container);

    if (s.n < 2 || (s.p[0] != '{' && s.p[0] != '[')) {
        return (struct ls_jsontext){{NULL, 0}};
    }
    skip(&s, 1);
    s.n--;
    skip_space(&s);
    return (struct ls_jsontext){s};
}

/* A string in front of a colon is a key: in arrays a string is followed by a comma or the end. */
static struct ls_span take_key(struct ls_span *s)
{
    struct ls_span after = *s;
    size_t n;

    if (s->n == 0 || s->p[0] != '"') {
        return (struct ls_span){NULL, 0};
    }
    n = string_bytes(*s);
    skip(&after, n);
    skip_space(&after);
    if (after.n == 0 || after.p[0] != ':') {
        return (struct ls_span){NULL, 0};
    }
    struct ls_span key = {s->p + 1, n - 2};
    skip(&after, 1);
    *s = after;
    return key;
}

bool ls_jsontext_next(struct ls_jsontext *it, struct ls_jsontext_item *out)
{
    struct ls_span *s = &it->rest;

    skip_space(s);
    if (s->n == 0) {
        return false;
    }
    out->key = take_key(s);
    size_t n = value_bytes(*s);
    out->value = ls_jsontext_trim((struct ls_span){s->p, n});
    skip(s, n);
    if (s->n > 0) {
        skip(s, 1); /* the comma */
    }
    return true;
}

bool ls_jsontext_is(const struct ls_jsontext_item *item, const char *key)
{
    size_t n = strlen(key);

    return item->key.p && item->key.n == n && memcmp(item->key.p, key, n) == 0;
}

struct ls_span ls_jsontext_get(struct ls_span object, const char *key)
{
    struct ls_jsontext it = ls_jsontext_open(object);
    struct ls_jsontext_item item;
    struct ls_span found = {NULL, 0};

    while (ls_jsontext_next(&it, &item)) {
        if (ls_jsontext_is(&item, key)) {
            found = item.value;
        }
    }
    return found;
}

void ls_jsontext_compact(struct ls_span text, struct ls_buf *b)
{
    struct ls_span s = ls_jsontext_trim(text);

    while (s.n > 0) {
        size_t n = 0;
        if (s.p[0] == '"') {
            n = string_bytes(s);
        } else {
            while (n < s.n && s.p[n] != '"' && !is_space(s.p[n])) {
                n++;
            }
        }
        ls_buf_put(b, s.p, n);
        skip(&s, n);
        skip_space(&s);
    }
}
