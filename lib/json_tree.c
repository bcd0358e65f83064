/*
 * The tree of a text that the scanner has passed: cJSON's nodes, all of them and all their strings
 * in one block of memory. cJSON's own reader asks the allocator twice a member, which is most of
 * what a tree costs. Grammar is not looked at here: the scan has been over this very text and
 * counted its values.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/json_scan.h"

#define NUMBER_BYTES_MAX 63u
#define EXACT_DIGITS 15u /* so many decimal digits are an integer that a double holds */

struct builder {
    const uint8_t *p;
    const uint8_t *end;
    struct cJSON *next; /* the next node that is free */
    char *text;         /* where the next string goes */
};

static void skip_space(struct builder *b)
{
    while (b->p < b->end && (*b->p == ' ' || *b->p == '\n' || *b->p == '\r' || *b->p == '\t')) {
        b->p++;
    }
}

/* --- strings --- */

/* Copies up to the next quote or backslash, eight bytes at a time while neither is among them. */
static void copy_plain(struct builder *b)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = UINT64_C(0x8080808080808080);
    while (b->end - b->p >= 8) {
        uint64_t w;
        memcpy(&w, b->p, 8);
        uint64_t quote = w ^ ones * '"';
        uint64_t slash = w ^ ones * '\\';
        /* The top bit of a byte that is 0 comes out set; others may too, and end this early. */
        if (((quote - ones) | (slash - ones)) & ~w & tops) {
            break;
        }
        memcpy(b->text, &w, 8);
        b->text += 8;
        b->p += 8;
    }
    while (*b->p != '"' && *b->p != '\\') {
        *b->text++ = (char)*b->p++;
    }
}

static unsigned take_unit(struct builder *b)
{
    unsigned v = 0;
    for (int i = 0; i < 4; i++) {
        unsigned c = *b->p++;
        v = v << 4 | (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return v;
}

static void put_utf8(struct builder *b, unsigned c)
{
    if (c < 0x80) {
        *b->text++ = (char)c;
        return;
    }
    unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
    *b->text++ = (char)(lead[more] | c >> 6 * more);
    while (more-- > 0) {
        *b->text++ = (char)(0x80 | (c >> 6 * more & 0x3f));
    }
}

/* At a backslash. */
static void take_escape(struct builder *b)
{
    static const char codes[] = "\"\\/bfnrt";
    static const char bytes[] = "\"\\/\b\f\n\r\t";
    unsigned c = b->p[1];
    b->p += 2;
    if (c != 'u') {
        *b->text++ = bytes[strchr(codes, (int)c) - codes];
        return;
    }
    c = take_unit(b);
    if (c >= 0xd800 && c <= 0xdbff) {
        b->p += 2; /* the backslash and u of the other half */
        c = 0x10000 + ((c - 0xd800) << 10) + (take_unit(b) - 0xdc00);
    }
    put_utf8(b, c);
}

/* At the opening quote. */
static char *take_string(struct builder *b)
{
    char *start = b->text;
    b->p++;
    for (copy_plain(b); *b->p == '\\'; copy_plain(b)) {
        take_escape(b);
    }
    b->p++;
    *b->text++ = '\0';
    return start;
}

/* --- values --- */

/* The text of the number that ends at p. */
static char *keep_number(struct builder *b, const uint8_t *start)
{
    char *text = b->text;
    size_t n = (size_t)(b->p - start);
    memcpy(text, start, n);
    text[n] = '\0';
    b->text += n + 1;
    return text;
}

static double take_number(struct builder *b)
{
    const uint8_t *start = b->p;
    bool is_negative = *b->p == '-';
    uint64_t v = 0;
    b->p += is_negative;
    const uint8_t *digits = b->p;
    while (b->p < b->end && *b->p >= '0' && *b->p <= '9') {
        v = v * 10 + (unsigned)(*b->p++ - '0');
    }
    bool is_integer = b->p == b->end || (*b->p != '.' && *b->p != 'e' && *b->p != 'E');
    if (is_integer && b->p - digits <= (ptrdiff_t)EXACT_DIGITS) {
        return is_negative ? -(double)v : (double)v;
    }
    char text[NUMBER_BYTES_MAX + 1];
    size_t n = 0;
    for (b->p = start; n < NUMBER_BYTES_MAX && b->p < b->end &&
                       ((*b->p >= '0' && *b->p <= '9') || strchr("+-.eE", *b->p) != NULL);
         b->p++) {
        text[n++] = (char)*b->p;
    }
    text[n] = '\0';
    return strtod(text, NULL);
}

/* true: an array or object was opened. */
static bool take_value(struct builder *b, struct cJSON *node)
{
    const uint8_t *start;
    switch (*b->p) {
    case '{':
    case '[':
        node->type = *b->p++ == '{' ? cJSON_Object : cJSON_Array;
        return true;
    case '"':
        node->type = cJSON_String;
        node->valuestring = take_string(b);
        return false;
    case 't':
        node->type = cJSON_True;
        b->p += 4;
        return false;
    case 'f':
        node->type = cJSON_False;
        b->p += 5;
        return false;
    case 'n':
        node->type = cJSON_NULL;
        b->p += 4;
        return false;
    default:
        node->type = cJSON_Number;
        start = b->p;
        node->valuedouble = take_number(b);
        node->valuestring = keep_number(b, start);
        return false;
    }
}

/* cJSON keeps the last child as the first one's prev. */
static void append(struct cJSON *parent, struct cJSON *node)
{
    struct cJSON *first = parent->child;
    if (first == NULL) {
        parent->child = node->prev = node;
        return;
    }
    node->prev = first->prev;
    first->prev->next = node;
    first->prev = node;
}

/* A node for the value at p, with its key if it is a member; in its parent unless it is the root.
 */
static struct cJSON *begin_node(struct builder *b, struct cJSON *parent)
{
    struct cJSON *node = b->next++;
    memset(node, 0, sizeof *node);
    if (parent == NULL) {
        return node;
    }
    if (parent->type == cJSON_Object) {
        node->string = take_string(b);
        skip_space(b);
        b->p++; /* the colon */
        skip_space(b);
    }
    append(parent, node);
    return node;
}

/* Levels are kept beside the nodes, which do not know their parents. */
static void build(struct builder *b)
{
    struct cJSON *open[LS_JSON_SCAN_DEPTH_MAX];
    size_t depth = 0;
    do {
        skip_space(b);
        bool is_empty = depth > 0 && (*b->p == '}' || *b->p == ']');
        if (!is_empty) {
            struct cJSON *node = begin_node(b, depth > 0 ? open[depth - 1] : NULL);
            if (take_value(b, node)) {
                open[depth++] = node;
                continue;
            }
        }
        for (skip_space(b); depth > 0 && *b->p != ','; skip_space(b)) {
            b->p++;
            depth--;
        }
        b->p += depth > 0; /* the comma */
    } while (depth > 0);
}

enum ls_err ls_json_tree(const char *text, size_t n, const struct ls_json_scan *found,
                         struct cJSON **out, struct ls_diag *d)
{
    *out = NULL;
    if (found->number_bytes_max > NUMBER_BYTES_MAX) {
        return ls_fail(d, LS_ERR_RANGE, "JSON number of %zu characters, at most %u are taken",
                       found->number_bytes_max, NUMBER_BYTES_MAX);
    }
    /* A string without its quotes, terminated, is shorter than what it was read from; a number,
     * terminated, is longer by one. */
    struct cJSON *nodes = malloc(found->values * (sizeof *nodes + 1) + found->end);
    if (nodes == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory for a JSON tree of %zu bytes", n);
    }
    struct builder b = {.p = (const uint8_t *)text,
                        .end = (const uint8_t *)text + found->end,
                        .next = nodes,
                        .text = (char *)(nodes + found->values)};
    build(&b);
    *out = nodes;
    return LS_OK;
}

void ls_json_free(struct cJSON *root)
{
    free(root); /* the root is the first node of the block */
}
