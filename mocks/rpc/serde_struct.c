/* Lists and structs, as serde's derive reads them: from an object or, member by member, from an
 * array; faults by the order of the text first, then what is missing in the order of the type. */
#include <stdio.h>
#include <string.h>

#include "mocks/rpc/serde.h"

#define FIELDS_MAX 24u

static bool decode_struct(struct ls_serde *s, const struct ls_serde_struct *t, void *out);

/* --- lists --- */

/* Items of the list at the cursor, so that their memory can be had at once. */
static size_t count_items(const struct ls_serde *s)
{
    struct ls_serde look = *s;
    size_t count = 0;
    look.at++;
    while (ls_serde_peek(&look) != ']' && look.at < look.n) {
        if (look.text[look.at] == ',') {
            look.at++;
        } else {
            (void)ls_serde_skip(&look, false);
            count++;
        }
    }
    return count;
}

static bool decode_list(struct ls_serde *s, const struct ls_serde_type *t,
                        struct ls_serde_list *out)
{
    *out = (struct ls_serde_list){0};
    if (ls_serde_peek(s) != '[') {
        return ls_serde_wrong_type(s, false, "a sequence");
    }
    size_t count = count_items(s);
    uint8_t *items = ls_arena_alloc(s->arena, count * t->bytes + 1);
    if (items == NULL) {
        return ls_serde_fail(s, "too large");
    }
    if (!ls_serde_enter(s)) {
        return false;
    }
    memset(items, 0, count * t->bytes);
    bool is_fine = true;
    for (size_t i = 0; is_fine && i < count; i++) {
        if (ls_serde_peek(s) == ',') {
            s->at++;
        }
        is_fine = ls_serde_decode(s, t->item, items + i * t->bytes);
    }
    *out = (struct ls_serde_list){items, count};
    ls_serde_leave(s);
    ls_serde_end(s, ']');
    return ls_serde_place(s);
}

/* --- fields --- */

static const struct ls_serde_field *field_of(const struct ls_serde_struct *t, struct ls_span key)
{
    for (size_t i = 0; i < t->field_count; i++) {
        const struct ls_serde_field *f = &t->fields[i];
        if (ls_span_is(key, f->name) || (f->alias != NULL && ls_span_is(key, f->alias))) {
            return &t->fields[i];
        }
    }
    return NULL;
}

static bool decode_field(struct ls_serde *s, const struct ls_serde_field *f, void *out)
{
    bool is_there = true;
    uint8_t *at = (uint8_t *)out + f->offset;
    bool is_fine = f->is_optional ? ls_serde_decode_option(s, f->type, at, &is_there)
                                  : ls_serde_decode(s, f->type, at);
    if (f->flag != LS_SERDE_NO_FLAG) {
        memcpy((uint8_t *)out + f->flag, &is_there, sizeof is_there);
    }
    return is_fine;
}

static bool fail_unknown(struct ls_serde *s, const struct ls_serde_struct *t, struct ls_span key)
{
    (void)ls_buf_puts(&s->fault, "unknown field `");
    (void)ls_buf_put(&s->fault, key.p, key.n);
    (void)ls_buf_puts(&s->fault, "`, expected one of ");
    for (size_t i = 0; i < t->field_count; i++) {
        (void)ls_buf_printf(&s->fault, "%s`%s`", i == 0 ? "" : ", ", t->fields[i].name);
    }
    return false;
}

static bool nothing_missing(struct ls_serde *s, const struct ls_serde_struct *t, const bool *seen)
{
    for (size_t i = 0; i < t->field_count; i++) {
        if (!seen[i] && !t->fields[i].is_optional) {
            return ls_serde_fail(s, "missing field `%s`", t->fields[i].name);
        }
    }
    return true;
}

/* At the colon behind the name of field f. */
static bool take_field(struct ls_serde *s, const struct ls_serde_struct *t,
                       const struct ls_serde_field *f, bool *seen, void *out)
{
    size_t i = (size_t)(f - t->fields);
    if (seen[i]) {
        return ls_serde_fail(s, "duplicate field `%s`", f->name);
    }
    seen[i] = true;
    s->at++;
    return decode_field(s, f, out);
}

/* --- objects --- */

/* The members of the object the cursor is in, before its first: the name of the next one is read
 * and the cursor stands at the colon. false: there is none, or a fault. */
static bool next_key(struct ls_serde *s, struct ls_span *key)
{
    if (ls_serde_peek(s) == ',') {
        s->at++;
        (void)ls_serde_peek(s);
    }
    return s->at < s->n && s->text[s->at] == '"' && ls_serde_string(s, key) &&
           ls_serde_peek(s) == ':';
}

/* The fields of the flattened struct, from an object that was read as a whole before. */
static bool flat_fields(struct ls_serde *outer, size_t start, const struct ls_serde_struct *own,
                        const struct ls_serde_struct *t, void *out)
{
    struct ls_serde s = *outer;
    struct ls_span key;
    bool seen[FIELDS_MAX] = {false};
    bool is_fine = true;
    s.at = start;
    s.is_buffered = true;
    while (is_fine && next_key(&s, &key)) {
        const struct ls_serde_field *f = field_of(own, key) == NULL ? field_of(t, key) : NULL;
        if (f != NULL) {
            is_fine = take_field(&s, t, f, seen, out);
        } else {
            s.at++;
            is_fine = ls_serde_skip(&s, false);
        }
    }
    is_fine = is_fine && nothing_missing(&s, t, seen);
    outer->fault = s.fault;
    return is_fine;
}

static bool object_members(struct ls_serde *s, const struct ls_serde_struct *t, void *out)
{
    struct ls_span key;
    bool seen[FIELDS_MAX] = {false};
    size_t start = s->at;
    while (next_key(s, &key)) {
        const struct ls_serde_field *f = field_of(t, key);
        if (f != NULL) {
            if (!take_field(s, t, f, seen, out)) {
                return false;
            }
        } else if (t->denies_unknown) {
            return fail_unknown(s, t, key);
        } else {
            s->at++;
            if (!ls_serde_skip(s, t->flat != NULL)) {
                return false;
            }
        }
    }
    return s->fault.n == 0 && nothing_missing(s, t, seen) &&
           (t->flat == NULL || flat_fields(s, start, t, t->flat, out));
}

static bool from_object(struct ls_serde *s, const struct ls_serde_struct *t, void *out)
{
    if (!ls_serde_enter(s)) {
        return false;
    }
    (void)object_members(s, t, out);
    ls_serde_leave(s);
    ls_serde_end(s, '}');
    return ls_serde_place(s);
}

/* --- arrays --- */

static bool from_array(struct ls_serde *s, const struct ls_serde_struct *t, void *out)
{
    bool is_fine = ls_serde_enter(s);
    for (size_t i = 0; is_fine && i < t->field_count; i++) {
        char c = ls_serde_peek(s);
        if (c == ']') {
            is_fine = ls_serde_fail(s, "invalid length %zu, expected struct %s with %zu element%s",
                                    i, t->name, t->field_count, t->field_count == 1 ? "" : "s");
        } else {
            s->at += c == ',' ? 1 : 0;
            is_fine = decode_field(s, &t->fields[i], out);
        }
    }
    ls_serde_leave(s);
    ls_serde_end(s, ']');
    return ls_serde_place(s);
}

static bool decode_struct(struct ls_serde *s, const struct ls_serde_struct *t, void *out)
{
    char expected[80];
    char c = ls_serde_peek(s);
    if (c == '{') {
        return from_object(s, t, out);
    }
    if (c == '[' && t->flat == NULL) {
        return from_array(s, t, out);
    }
    (void)snprintf(expected, sizeof expected, "struct %s", t->name);
    return ls_serde_wrong_type(s, false, expected);
}

/* --- anything --- */

bool ls_serde_decode(struct ls_serde *s, const struct ls_serde_type *t, void *out)
{
    switch (t->kind) {
    case LS_SERDE_FIXED:
        return ls_serde_fixed(s, out, t->bytes);
    case LS_SERDE_BYTES:
        return ls_serde_bytes(s, out);
    case LS_SERDE_UINT:
        return ls_serde_uint(s, t->bytes, out);
    case LS_SERDE_NUMBER:
        return ls_serde_u64(s, out);
    case LS_SERDE_BOOL:
        return ls_serde_bool(s, out);
    case LS_SERDE_STRING:
        return ls_serde_peek(s) == '"' ? ls_serde_string(s, out)
                                       : ls_serde_wrong_type(s, false, "a string");
    case LS_SERDE_NAME:
        return ls_serde_name(s, t->names, out);
    case LS_SERDE_LIST:
        return decode_list(s, t, out);
    case LS_SERDE_STRUCT:
        return decode_struct(s, t->of, out);
    case LS_SERDE_BLOCK:
        return ls_serde_block(s, out);
    case LS_SERDE_BLOCK_ID:
        return ls_serde_block_id(s, out);
    }
    return false;
}

bool ls_serde_decode_option(struct ls_serde *s, const struct ls_serde_type *t, void *out,
                            bool *is_there)
{
    bool is_null = ls_serde_peek(s) == 'n';
    if (is_there != NULL) {
        *is_there = !is_null;
    }
    if (is_null) {
        s->at += 4;
        return true;
    }
    return ls_serde_decode(s, t, out);
}
