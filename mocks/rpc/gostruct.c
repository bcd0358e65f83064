#include "mocks/rpc/gostruct.h"

#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "lib/num.h"

#define FIELD_TEXT_MAX 64u
#define TYPE_TEXT_MAX 64u

static const struct ls_go_field WITHDRAWAL_FIELDS[] = {
    {"index", LS_GO_FIELD_U64, offsetof(struct ls_go_withdrawal, index), LS_GO_NO_FLAG, 0, NULL},
    {"validatorIndex", LS_GO_FIELD_U64, offsetof(struct ls_go_withdrawal, validator), LS_GO_NO_FLAG,
     0, NULL},
    {"address", LS_GO_FIELD_ADDRESS, offsetof(struct ls_go_withdrawal, address), LS_GO_NO_FLAG, 0,
     NULL},
    {"amount", LS_GO_FIELD_U64, offsetof(struct ls_go_withdrawal, amount), LS_GO_NO_FLAG, 0, NULL},
};

const struct ls_go_struct LS_GO_WITHDRAWAL = {
    "Withdrawal", "types", WITHDRAWAL_FIELDS,
    sizeof WITHDRAWAL_FIELDS / sizeof WITHDRAWAL_FIELDS[0], sizeof(struct ls_go_withdrawal)};

/* One decoding under way. outer: the place of the list that the object is an element of; it names
 * the struct in the texts. */
struct reader {
    struct ls_go_args *args;
    const struct ls_go_struct *type;
    const struct ls_go_place *outer;
    struct ls_arena *arena;
};

static bool read_members(const struct reader *r, const struct cJSON *v, void *out);

/* --- values --- */

static bool is_kind(const struct cJSON *v, const char *kind)
{
    return strcmp(ls_go_kind_name(v), kind) == 0;
}

static bool too_large(const struct reader *r)
{
    ls_go_args_fail(r->args, "too large");
    return false;
}

static bool read_bytes_list(const struct reader *r, const struct cJSON *v, struct ls_go_place place,
                            void *at, size_t *count)
{
    if (!is_kind(v, "array")) {
        ls_go_args_note(r->args, ls_go_kind_name(v), place, "[]hexutil.Bytes");
        return true;
    }
    struct ls_span *items = ls_arena_alloc(r->arena, ls_json_count(v) * sizeof *items);
    if (items == NULL) {
        return too_large(r);
    }
    *count = 0;
    for (const struct cJSON *item = ls_json_first(v); item != NULL; item = ls_json_next(item)) {
        items[*count] = (struct ls_span){0};
        if (!ls_go_bytes(r->args, item, place, r->arena, &items[*count])) {
            return false;
        }
        ++*count;
    }
    memcpy(at, &(const struct ls_span *){items}, sizeof items);
    return true;
}

/* An element decodes itself: what it finds wrong ends the whole. */
static bool read_object(const struct reader *r, const struct cJSON *v, struct ls_go_place place,
                        const struct ls_go_struct *of, void *out)
{
    struct reader inner = {r->args, of, &place, r->arena};
    char type[TYPE_TEXT_MAX];
    if (ls_json_is_null(v)) {
        return true;
    }
    if (!is_kind(v, "object")) {
        (void)snprintf(type, sizeof type, "%s.%s", of->package, of->name);
        return ls_go_kind(r->args, v, place, "object", type);
    }
    return read_members(&inner, v, out);
}

static bool read_objects(const struct reader *r, const struct ls_go_field *f, const struct cJSON *v,
                         struct ls_go_place place, void *at, size_t *count)
{
    char type[TYPE_TEXT_MAX];
    if (!is_kind(v, "array")) {
        (void)snprintf(type, sizeof type, "[]*%s.%s", f->of->package, f->of->name);
        ls_go_args_note(r->args, ls_go_kind_name(v), place, type);
        return true;
    }
    uint8_t *items = ls_arena_alloc(r->arena, ls_json_count(v) * f->of->bytes);
    if (items == NULL) {
        return too_large(r);
    }
    *count = 0;
    for (const struct cJSON *item = ls_json_first(v); item != NULL; item = ls_json_next(item)) {
        void *element = items + *count * f->of->bytes;
        memset(element, 0, f->of->bytes);
        if (!read_object(r, item, place, f->of, element)) {
            return false;
        }
        ++*count;
    }
    memcpy(at, &items, sizeof items);
    return true;
}

static void read_number(const struct reader *r, const struct cJSON *v, struct ls_go_place place,
                        uint64_t *out)
{
    char what[96];
    const char *digits = ls_json_number_text(v);
    if (digits == NULL) {
        ls_go_args_note(r->args, ls_go_kind_name(v), place, "uint64");
    } else if (ls_parse_dec(digits, strlen(digits), out) != LS_OK) {
        (void)snprintf(what, sizeof what, "number %s", digits);
        ls_go_args_note(r->args, what, place, "uint64");
    }
}

static bool read_value(const struct reader *r, const struct ls_go_field *f, const struct cJSON *v,
                       struct ls_go_place place, void *out)
{
    void *at = (uint8_t *)out + f->at;
    size_t *count = (size_t *)(void *)((uint8_t *)out + f->count);
    switch (f->kind) {
    case LS_GO_FIELD_HASH:
        return ls_go_hash(r->args, v, place, at);
    case LS_GO_FIELD_ADDRESS:
        return ls_go_fixed(r->args, v, place, "common.Address", at, sizeof(struct ls_addr));
    case LS_GO_FIELD_U64:
        return ls_go_u64(r->args, v, place, at);
    case LS_GO_FIELD_NUMBER:
        read_number(r, v, place, at);
        return true;
    case LS_GO_FIELD_BIG:
        return ls_go_big(r->args, v, place, at);
    case LS_GO_FIELD_BOOL:
        if (ls_json_is_bool(v)) {
            *(bool *)at = ls_json_true(v);
        } else {
            ls_go_args_note(r->args, ls_go_kind_name(v), place, "bool");
        }
        return true;
    case LS_GO_FIELD_BYTES:
        return ls_go_bytes(r->args, v, place, r->arena, at);
    case LS_GO_FIELD_BYTES_LIST:
        return read_bytes_list(r, v, place, at, count);
    case LS_GO_FIELD_OBJECTS:
        return read_objects(r, f, v, place, at, count);
    }
    return false;
}

/* What null makes of a value that an earlier member of the name gave. */
static void forget(const struct ls_go_field *f, void *out)
{
    uint8_t *at = (uint8_t *)out + f->at;
    switch (f->kind) {
    case LS_GO_FIELD_BOOL:
        *(bool *)(void *)at = false;
        break;
    case LS_GO_FIELD_BYTES:
        *(struct ls_span *)(void *)at = (struct ls_span){0};
        break;
    case LS_GO_FIELD_BYTES_LIST:
    case LS_GO_FIELD_OBJECTS:
        *(size_t *)(void *)((uint8_t *)out + f->count) = 0;
        break;
    case LS_GO_FIELD_HASH:
    case LS_GO_FIELD_ADDRESS:
    case LS_GO_FIELD_U64:
    case LS_GO_FIELD_NUMBER:
    case LS_GO_FIELD_BIG:
        break; /* its flag says that it is not there, or it is required */
    }
}

/* --- members --- */

static bool read_field(const struct reader *r, const struct ls_go_field *f, const struct cJSON *v,
                       void *out)
{
    char inside[FIELD_TEXT_MAX];
    struct ls_go_place place = {r->type->name, f->name};
    if (r->outer != NULL) {
        (void)snprintf(inside, sizeof inside, "%s.%s", r->outer->field, f->name);
        place = (struct ls_go_place){r->outer->structure, inside};
    }
    return read_value(r, f, v, place, out);
}

/* Looks from the field `from` on, and then at those before it: most clients send them in order. */
static size_t field_index(const struct ls_go_struct *s, const char *key, size_t from)
{
    for (size_t k = 0; k < s->field_count; k++) {
        size_t i = (from + k) % s->field_count;
        if (ls_go_name_eq(key, s->fields[i].name)) {
            return i;
        }
    }
    return s->field_count;
}

static bool settle(const struct reader *r, const bool *is_there, void *out)
{
    if (!ls_go_args_settle(r->args)) {
        return false;
    }
    for (size_t i = 0; i < r->type->field_count; i++) {
        const struct ls_go_field *f = &r->type->fields[i];
        if (f->flag == LS_GO_REQUIRED && !is_there[i]) {
            ls_go_args_fail(r->args, "missing required field '%s' for %s", f->name, r->type->name);
            return false;
        }
        if (f->flag != LS_GO_REQUIRED && f->flag != LS_GO_NO_FLAG) {
            *(bool *)((uint8_t *)out + f->flag) = is_there[i];
        }
    }
    return true;
}

static bool read_members(const struct reader *r, const struct cJSON *v, void *out)
{
    bool is_there[LS_GO_FIELDS_MAX] = {false};
    size_t next = 0;
    for (const struct cJSON *m = ls_json_first(v); m != NULL; m = ls_json_next(m)) {
        size_t i = field_index(r->type, ls_json_key(m), next);
        if (i == r->type->field_count) {
            continue;
        }
        next = i + 1;
        is_there[i] = !ls_json_is_null(m);
        if (!is_there[i]) {
            forget(&r->type->fields[i], out);
        } else if (!read_field(r, &r->type->fields[i], m, out)) {
            return false;
        }
    }
    return r->outer != NULL || settle(r, is_there, out);
}

bool ls_go_struct_read(struct ls_go_args *a, const struct cJSON *v, const struct ls_go_struct *s,
                       struct ls_arena *arena, void *out)
{
    struct reader r = {a, s, NULL, arena};
    char type[TYPE_TEXT_MAX];
    memset(out, 0, s->bytes);
    (void)snprintf(type, sizeof type, "%s.%s", s->package, s->name);
    return v != NULL && ls_go_kind(a, v, LS_GO_ARGUMENT, "object", type) &&
           read_members(&r, v, out);
}
