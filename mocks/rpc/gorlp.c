#include "mocks/rpc/gorlp.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SHORT_MAX 55u /* longer contents have their length in bytes of its own */

enum fault {
    FINE,
    AT_END, /* of the list: no fault, but for who needs a value */
    ZERO_BYTES,
    LONG_FORM,
    NO_LIST,
    NO_STRING,
    TOO_LONG,
    TOO_SHORT,
    TOO_LONG_U256,
    TOO_FEW,
    TOO_MANY,
    NO_BOOL,
    EMPTY_LIST,
    PAST_LIST,
    PAST_INPUT,
    TRAILING
};

/* How a fault reads when the type that met it puts its name to it; NULL: no type does. */
static const char *const NAMED[] = {
    [ZERO_BYTES] = "non-canonical integer (leading zero bytes)",
    [LONG_FORM] = "non-canonical size information",
    [NO_LIST] = "expected input list",
    [NO_STRING] = "expected input string or byte",
    [TOO_LONG] = "input string too long",
    [TOO_SHORT] = "input string too short",
    [TOO_FEW] = "too few elements",
    [TOO_MANY] = "input list has too many elements",
    [EMPTY_LIST] = "wrong kind of empty value (got List, want String)",
    [TRAILING] = NULL,
};

/* And when none does. */
static const char *const PLAIN[] = {
    [AT_END] = "EOF",
    [LONG_FORM] = "rlp: non-canonical size information",
    [TOO_LONG_U256] = "rlp: value too large for uint256",
    [PAST_LIST] = "rlp: element is larger than containing list",
    [PAST_INPUT] = "rlp: value size exceeds available input length",
    [TRAILING] = "rlp: input contains more than one value",
};

/* Where in the value a fault was met: a field, or an item of a list. */
struct step {
    const char *field; /* NULL: an item */
    size_t index;
};

struct walk {
    const uint8_t *p;
    const uint8_t *end; /* of the input */
    bool is_in_list;
    uint64_t left; /* of the innermost list; see take_head */
    struct step path[LS_GORLP_DEPTH_MAX];
    size_t depth;
    const char *named_by; /* the type that names the fault; NULL: none does */
    const char *pointer;  /* "*" when it is a pointer to that type */
    unsigned value;       /* NO_BOOL: what it was */
};

struct head {
    bool is_list;
    bool is_byte; /* the value is its own head, and was taken with it */
    uint64_t size;
};

/* --- heads --- */

static enum fault take(struct walk *w, uint64_t n)
{
    if (w->is_in_list && n > w->left) {
        return PAST_LIST;
    }
    if (n > (uint64_t)(w->end - w->p)) {
        return PAST_INPUT;
    }
    w->left -= w->is_in_list ? n : 0;
    w->p += n;
    return FINE;
}

/* The n bytes of a length, n from 1 to 8. */
static enum fault take_length(struct walk *w, unsigned n, uint64_t *out)
{
    const uint8_t *digits = w->p;
    enum fault fault = take(w, n);
    if (fault != FINE) {
        return fault;
    }
    *out = 0;
    for (unsigned i = 0; i < n; i++) {
        *out = *out << 8 | digits[i];
    }
    return digits[0] == 0 || *out <= SHORT_MAX ? LONG_FORM : FINE;
}

/* A size is held against what the list had left before the head was taken, so that a value may
 * stick out of its list by its head: a string is found out when it is taken, a list that does makes
 * what is left of the outer one wrap. */
static enum fault take_head(struct walk *w, struct head *out)
{
    uint64_t left = w->left;
    memset(out, 0, sizeof *out);
    if (w->is_in_list ? left == 0 : w->p == w->end) {
        return AT_END;
    }
    enum fault fault = take(w, 1);
    if (fault != FINE) {
        return fault;
    }
    unsigned b = w->p[-1];
    if (b < 0x80) {
        out->is_byte = true;
        out->size = 1;
        return FINE;
    }
    out->is_list = b >= 0xc0;
    unsigned n = b - (out->is_list ? 0xc0u : 0x80u);
    out->size = n;
    if (n > SHORT_MAX) {
        fault = take_length(w, n - SHORT_MAX, &out->size);
    }
    if (fault == FINE && w->is_in_list && out->size > left) {
        fault = PAST_LIST;
    }
    if (fault == FINE && out->size > (uint64_t)(w->end - w->p)) {
        fault = PAST_INPUT;
    }
    return fault;
}

/* --- strings --- */

/* The content of a string whose head was taken; a single byte below 0x80 is its own head. */
static enum fault take_content(struct walk *w, const struct head *h, const uint8_t **out)
{
    if (h->is_byte) {
        *out = w->p - 1;
        return FINE;
    }
    *out = w->p;
    enum fault fault = take(w, h->size);
    return fault == FINE && h->size == 1 && **out < 0x80 ? LONG_FORM : fault;
}

/* The head of a string. */
static enum fault take_string_head(struct walk *w, struct head *h)
{
    enum fault fault = take_head(w, h);
    return fault == FINE && h->is_list ? NO_STRING : fault;
}

/* An integer of at most max bytes. */
static enum fault take_integer(struct walk *w, size_t max, enum fault too_long, struct head *h,
                               const uint8_t **out)
{
    enum fault fault = take_string_head(w, h);
    if (fault == FINE && h->size > max) {
        fault = too_long;
    }
    if (fault == FINE) {
        fault = take_content(w, h, out);
    }
    return fault == FINE && h->size > 0 && **out == 0 ? ZERO_BYTES : fault;
}

static enum fault take_bool(struct walk *w)
{
    struct head h;
    const uint8_t *v = NULL;
    enum fault fault = take_integer(w, 1, TOO_LONG, &h, &v);
    if (fault != FINE) {
        return fault;
    }
    w->value = h.size > 0 ? *v : 0;
    return w->value > 1 ? NO_BOOL : FINE;
}

static enum fault take_number(struct walk *w, size_t max, enum fault too_long)
{
    struct head h;
    const uint8_t *v = NULL;
    return take_integer(w, max, too_long, &h, &v);
}

static enum fault take_bytes(struct walk *w)
{
    struct head h;
    const uint8_t *content;
    enum fault fault = take_string_head(w, &h);
    return fault != FINE ? fault : take_content(w, &h, &content);
}

/* Behind the head, which was taken. */
static enum fault take_fixed(struct walk *w, const struct head *h, size_t n)
{
    const uint8_t *content;
    if (h->is_list) {
        return NO_STRING;
    }
    if (h->size != n) {
        return h->size > n ? TOO_LONG : TOO_SHORT;
    }
    return take_content(w, h, &content);
}

/* --- values --- */

/* The type puts its name to the fault, if it is one of those that are named. */
static enum fault name_it(struct walk *w, enum fault fault, const char *pointer,
                          const struct ls_gorlp_type *t)
{
    if (fault < sizeof NAMED / sizeof NAMED[0] && NAMED[fault] != NULL) {
        w->named_by = t->name;
        w->pointer = pointer;
    }
    return fault;
}

static enum fault take_value(struct walk *w, const struct ls_gorlp_type *t);

/* Of one size: a fault of the head stays without a name, unless the value may be left out. */
static enum fault take_sized(struct walk *w, const struct ls_gorlp_type *t)
{
    struct head h;
    bool may_be_nil = t->kind == LS_GORLP_FIXED_OR_NIL;
    enum fault fault = take_head(w, &h);
    if (fault != FINE) {
        return may_be_nil ? name_it(w, fault, "*", t) : fault;
    }
    if (may_be_nil && h.size == 0) {
        return h.is_list ? name_it(w, EMPTY_LIST, "*", t) : FINE;
    }
    return name_it(w, take_fixed(w, &h, t->size), "", t);
}

static enum fault take_at(struct walk *w, struct step step, const struct ls_gorlp_type *t)
{
    w->path[w->depth++] = step;
    enum fault fault = take_value(w, t);
    if (fault == FINE || fault == AT_END) {
        w->depth--; /* else it is where the fault is */
    }
    return fault;
}

static enum fault take_fields(struct walk *w, const struct ls_gorlp_type *t)
{
    for (size_t i = 0; i < t->field_count; i++) {
        enum fault fault = take_at(w, (struct step){t->fields[i].name, 0}, t->fields[i].type);
        if (fault == AT_END) {
            return name_it(w, TOO_FEW, "", t);
        }
        if (fault != FINE) {
            return fault;
        }
    }
    return w->left == 0 ? FINE : name_it(w, TOO_MANY, "", t);
}

static enum fault take_items(struct walk *w, const struct ls_gorlp_type *t)
{
    enum fault fault = FINE;
    for (size_t i = 0; fault == FINE; i++) {
        fault = take_at(w, (struct step){NULL, i}, t->item);
    }
    return fault == AT_END ? FINE : fault;
}

static enum fault take_list(struct walk *w, const struct ls_gorlp_type *t)
{
    struct head h;
    enum fault fault = take_head(w, &h);
    if (fault == FINE && !h.is_list) {
        fault = NO_LIST;
    }
    if (fault != FINE) {
        return name_it(w, fault, "", t);
    }
    struct walk outer = *w;
    w->left = h.size;
    w->is_in_list = true;
    fault = t->kind == LS_GORLP_STRUCT ? take_fields(w, t) : take_items(w, t);
    w->left = outer.left - h.size;
    w->is_in_list = outer.is_in_list;
    return fault;
}

static enum fault take_value(struct walk *w, const struct ls_gorlp_type *t)
{
    switch (t->kind) {
    case LS_GORLP_UINT:
        return name_it(w, take_number(w, t->size, TOO_LONG), "", t);
    case LS_GORLP_BOOL:
        return name_it(w, take_bool(w), "", t);
    case LS_GORLP_BIG:
        return name_it(w, take_number(w, SIZE_MAX, TOO_LONG), "*", t);
    case LS_GORLP_U256:
        return name_it(w, take_number(w, 32, TOO_LONG_U256), "*", t);
    case LS_GORLP_BYTES:
        return name_it(w, take_bytes(w), "", t);
    case LS_GORLP_FIXED:
    case LS_GORLP_FIXED_OR_NIL:
        return take_sized(w, t);
    case LS_GORLP_LIST:
    case LS_GORLP_STRUCT:
        return take_list(w, t);
    }
    return FINE;
}

/* --- sentences --- */

static void say_path(const struct walk *w, const struct ls_gorlp_type *root, struct ls_buf *b)
{
    if (w->depth > 0) {
        (void)ls_buf_printf(b, ", decoding into (%s)", root->name);
    }
    for (size_t i = 0; i < w->depth; i++) {
        const struct step *s = &w->path[i];
        (void)(s->field != NULL ? ls_buf_printf(b, ".%s", s->field)
                                : ls_buf_printf(b, "[%zu]", s->index));
    }
}

static void say(const struct walk *w, enum fault fault, const struct ls_gorlp_type *root,
                char text[LS_GORLP_TEXT_MAX])
{
    struct ls_buf b;
    ls_buf_init(&b, LS_GORLP_TEXT_MAX - 1);
    if (w->named_by != NULL) {
        (void)ls_buf_printf(&b, "rlp: %s for %s%s", NAMED[fault], w->pointer, w->named_by);
        say_path(w, root, &b);
    } else if (fault == NO_BOOL) {
        (void)ls_buf_printf(&b, "rlp: invalid boolean value: %u", w->value);
    } else {
        (void)ls_buf_puts(&b, PLAIN[fault]);
    }
    (void)snprintf(text, LS_GORLP_TEXT_MAX, "%.*s", (int)b.n, b.p != NULL ? (char *)b.p : "");
    ls_buf_fini(&b);
}

bool ls_gorlp_check(struct ls_span in, const struct ls_gorlp_type *type,
                    char text[LS_GORLP_TEXT_MAX])
{
    struct walk w = {.p = in.p, .end = in.p + in.n};
    enum fault fault = take_value(&w, type);
    if (fault == FINE && w.p != w.end) {
        fault = TRAILING;
    }
    if (fault != FINE) {
        say(&w, fault, type, text);
    }
    return fault == FINE;
}

/* --- cutting --- */

const char *ls_gorlp_split(struct ls_span in, struct ls_gorlp_part *out)
{
    struct walk w = {.p = in.p, .end = in.p + in.n};
    struct head h;
    const uint8_t *content = in.p;
    /* The bytes of the length may be cut off. */
    size_t length = in.n > 0 && in.p[0] >= 0x80 ? (in.p[0] & 0x3fu) : 0;
    if (in.n == 0 || (length > SHORT_MAX && length - SHORT_MAX >= in.n)) {
        return "unexpected EOF";
    }
    enum fault fault = take_head(&w, &h);
    if (fault == FINE && h.is_list) {
        content = w.p;
        fault = take(&w, h.size);
    } else if (fault == FINE) {
        fault = take_content(&w, &h, &content);
    }
    if (fault != FINE) {
        return PLAIN[fault];
    }
    *out = (struct ls_gorlp_part){.is_list = h.is_list,
                                  .content = {content, (size_t)h.size},
                                  .rest = {w.p, (size_t)(w.end - w.p)}};
    return NULL;
}
