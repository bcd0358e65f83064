#include "mocks/rpc/args.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/json.h"

const struct ls_go_place LS_GO_ARGUMENT = {NULL, NULL};

/* geth's hexutil errors, as they stand inside a sentence of Go's JSON decoder. */
#define NON_STRING "non-string"
#define NO_PREFIX "hex string without 0x prefix"
#define ODD_LENGTH "hex string of odd length"
#define NO_DIGITS "hex string \"0x\""
#define LEADING_ZERO "hex number with leading zero digits"
#define SYNTAX "invalid hex string"

void ls_go_args_begin(struct ls_go_args *a, struct ls_rpc_call *call)
{
    *a = (struct ls_go_args){.call = call, .next = ls_json_first(call->params)};
    if (call->params_not_array) {
        ls_rpc_error(call, LS_RPC_INVALID_PARAMS, "non-array args");
        a->is_failed = true;
    }
}

const struct cJSON *ls_go_args_take(struct ls_go_args *a, bool is_needed)
{
    if (a->is_failed) {
        return NULL;
    }
    a->index = a->taken++;
    const struct cJSON *v = a->next;
    if (v != NULL) {
        a->next = ls_json_next(v);
    } else if (is_needed) {
        ls_rpc_error(a->call, LS_RPC_INVALID_PARAMS, "missing value for required argument %u",
                     a->index);
        a->is_failed = true;
    }
    return v;
}

bool ls_go_args_end(struct ls_go_args *a)
{
    if (!a->is_failed && a->next != NULL) {
        ls_rpc_error(a->call, LS_RPC_INVALID_PARAMS, "too many arguments, want at most %u",
                     a->taken);
        a->is_failed = true;
    }
    return !a->is_failed;
}

void ls_go_args_fail(struct ls_go_args *a, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (!a->is_failed) {
        ls_rpc_error(a->call, LS_RPC_INVALID_PARAMS, "invalid argument %u: %s", a->index, text);
        a->is_failed = true;
    }
}

/* json.UnmarshalTypeError. */
static void type_error(char *text, size_t cap, const char *what, struct ls_go_place p,
                       const char *type)
{
    if (p.structure != NULL) {
        (void)snprintf(text, cap, "json: cannot unmarshal %s into Go struct field %s.%s of type %s",
                       what, p.structure, p.field, type);
    } else {
        (void)snprintf(text, cap, "json: cannot unmarshal %s into Go value of type %s", what, type);
    }
}

static bool cannot(struct ls_go_args *a, const char *what, struct ls_go_place p, const char *type)
{
    char text[LS_GO_NOTE_MAX];
    type_error(text, sizeof text, what, p, type);
    ls_go_args_fail(a, "%s", text);
    return false;
}

void ls_go_args_note(struct ls_go_args *a, const char *what, struct ls_go_place p, const char *type)
{
    if (a->noted[0] == '\0') {
        type_error(a->noted, sizeof a->noted, what, p, type);
    }
}

bool ls_go_args_settle(struct ls_go_args *a)
{
    if (a->noted[0] != '\0') {
        ls_go_args_fail(a, "%s", a->noted);
    }
    return !a->is_failed;
}

const char *ls_go_kind_name(const struct cJSON *v)
{
    if (ls_json_is_string(v)) {
        return "string";
    }
    if (ls_json_is_number(v)) {
        return "number";
    }
    if (ls_json_is_bool(v)) {
        return "bool";
    }
    return ls_json_is_array(v) ? "array" : "object";
}

static bool has_prefix(const char *s)
{
    return s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
}

static bool is_hex(const char *s)
{
    return strspn(s, "0123456789abcdefABCDEF") == strlen(s);
}

/* hexutil.checkText: the digits behind the prefix; "" for the empty string. NULL: fault named. */
static const char *hex_text(const char *s, const char **fault)
{
    if (s[0] == '\0') {
        return s;
    }
    if (!has_prefix(s)) {
        *fault = NO_PREFIX;
        return NULL;
    }
    if (strlen(s) % 2 != 0) {
        *fault = ODD_LENGTH;
        return NULL;
    }
    return s + 2;
}

/* hexutil.checkNumberText, then the digits themselves. */
static const char *number_text(const char *s, size_t digits_max, const char *range,
                               const char **fault)
{
    *fault = NULL;
    if (s[0] == '\0') {
        return s;
    }
    if (!has_prefix(s)) {
        *fault = NO_PREFIX;
    } else if (s[2] == '\0') {
        *fault = NO_DIGITS;
    } else if (s[2] == '0' && s[3] != '\0') {
        *fault = LEADING_ZERO;
    } else if (strlen(s + 2) > digits_max) {
        *fault = range;
    } else if (!is_hex(s + 2)) {
        *fault = SYNTAX;
    }
    return *fault == NULL ? s + 2 : NULL;
}

static uint8_t nibble(char c)
{
    if (c >= '0' && c <= '9') {
        return (uint8_t)(c - '0');
    }
    return (uint8_t)((c | 0x20) - 'a' + 10);
}

bool ls_go_fixed(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p,
                 const char *type, uint8_t *out, size_t n)
{
    const char *fault = NULL;
    const char *s = ls_json_str(v);
    if (v == NULL || a->is_failed) {
        return !a->is_failed;
    }
    if (s == NULL) {
        return cannot(a, NON_STRING, p, type);
    }
    const char *digits = hex_text(s, &fault);
    if (digits == NULL) {
        return cannot(a, fault, p, type);
    }
    if (strlen(digits) != 2 * n) {
        ls_go_args_fail(a, "hex string has length %zu, want %zu for %s", strlen(digits), 2 * n,
                        type);
        return false;
    }
    return ls_hex_digits(digits, out, n) ? true : cannot(a, SYNTAX, p, type);
}

bool ls_go_hash(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p,
                struct ls_hash *out)
{
    return ls_go_fixed(a, v, p, "common.Hash", out->b, sizeof out->b);
}

/* digits (at most 2*n of them) as a big-endian number of n bytes. */
static void decode_number(const char *digits, uint8_t *out, size_t n)
{
    size_t count = strlen(digits);
    memset(out, 0, n);
    for (size_t i = 0; i < count; i++) {
        size_t place = count - 1 - i; /* of the digit, from the right */
        out[n - 1 - place / 2] |= (uint8_t)(nibble(digits[i]) << (place % 2 * 4));
    }
}

static bool go_number(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p,
                      const char *type, const char *range, uint8_t *out, size_t n)
{
    const char *fault = NULL;
    const char *s = ls_json_str(v);
    if (s == NULL) {
        return cannot(a, NON_STRING, p, type);
    }
    const char *digits = number_text(s, 2 * n, range, &fault);
    if (digits == NULL) {
        return cannot(a, fault, p, type);
    }
    decode_number(digits, out, n);
    return true;
}

bool ls_go_u64(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p, uint64_t *out)
{
    uint8_t be[8];
    if (v == NULL || a->is_failed) {
        return !a->is_failed;
    }
    if (!go_number(a, v, p, "hexutil.Uint64", "hex number > 64 bits", be, sizeof be)) {
        return false;
    }
    *out = ls_be64(be);
    return true;
}

bool ls_go_big(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p,
               struct ls_u256 *out)
{
    if (v == NULL || a->is_failed) {
        return !a->is_failed;
    }
    return go_number(a, v, p, "*hexutil.Big", "hex number > 256 bits", out->be, sizeof out->be);
}

bool ls_go_u256(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p,
                struct ls_u256 *out)
{
    if (v == NULL || a->is_failed) {
        return !a->is_failed;
    }
    return go_number(a, v, p, "*uint256.Int", "hex number > 256 bits", out->be, sizeof out->be);
}

bool ls_go_bytes(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p,
                 struct ls_arena *arena, struct ls_span *out)
{
    const char *fault = NULL;
    const char *s = ls_json_str(v);
    if (v == NULL || a->is_failed) {
        return !a->is_failed;
    }
    if (s == NULL) {
        return cannot(a, NON_STRING, p, "hexutil.Bytes");
    }
    const char *digits = hex_text(s, &fault);
    if (digits == NULL) {
        return cannot(a, fault, p, "hexutil.Bytes");
    }
    size_t n = strlen(digits) / 2;
    uint8_t *bytes = ls_arena_alloc(arena, n);
    if (bytes == NULL) {
        ls_go_args_fail(a, "too large");
        return false;
    }
    if (!ls_hex_digits(digits, bytes, n)) {
        return cannot(a, SYNTAX, p, "hexutil.Bytes");
    }
    *out = (struct ls_span){bytes, n};
    return true;
}

bool ls_go_bool(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p, bool *out)
{
    if (v == NULL || a->is_failed || ls_json_is_null(v)) {
        return !a->is_failed;
    }
    if (!ls_json_is_bool(v)) {
        return cannot(a, ls_go_kind_name(v), p, "bool");
    }
    *out = ls_json_true(v);
    return true;
}

bool ls_go_kind(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p, const char *kind,
                const char *type)
{
    if (v == NULL || a->is_failed || ls_json_is_null(v)) {
        return !a->is_failed;
    }
    return strcmp(ls_go_kind_name(v), kind) == 0 ? true : cannot(a, ls_go_kind_name(v), p, type);
}

bool ls_go_name_eq(const char *key, const char *name)
{
    size_t i = 0;
    while (key[i] != '\0' && (key[i] == name[i] ||
                              tolower((unsigned char)key[i]) == tolower((unsigned char)name[i]))) {
        i++;
    }
    return key[i] == '\0' && name[i] == '\0';
}

static const struct {
    const char *name;
    enum ls_go_block kind;
} TAGS[] = {{"latest", LS_GO_LATEST},
            {"pending", LS_GO_PENDING},
            {"safe", LS_GO_SAFE},
            {"finalized", LS_GO_FINALIZED},
            {"earliest", LS_GO_EARLIEST}};

bool ls_go_block_number(struct ls_go_args *a, const struct cJSON *v, enum ls_go_block *kind,
                        uint64_t *number)
{
    const char *fault = NULL;
    char printed[64] = "";
    uint8_t be[8];
    if (v == NULL || a->is_failed) {
        return !a->is_failed;
    }
    const char *s = ls_json_str(v);
    if (s == NULL) {
        /* rpc.BlockNumber reads the token itself, whatever it is. */
        struct ls_buf text;
        ls_buf_init(&text, sizeof printed - 1);
        ls_json_print(v, &text);
        (void)snprintf(printed, sizeof printed, "%s", text.p != NULL ? (char *)text.p : "");
        ls_buf_fini(&text);
        s = printed;
    }
    for (size_t i = 0; i < sizeof TAGS / sizeof TAGS[0]; i++) {
        if (strcmp(s, TAGS[i].name) == 0) {
            *kind = TAGS[i].kind;
            return true;
        }
    }
    const char *digits = number_text(s, 16, "hex number > 64 bits", &fault);
    if (digits == NULL || s[0] == '\0') {
        ls_go_args_fail(a, "%s", s[0] == '\0' ? "empty hex string" : fault);
        return false;
    }
    decode_number(digits, be, sizeof be);
    *number = ls_be64(be);
    *kind = LS_GO_NUMBER;
    if (*number > INT64_MAX) {
        ls_go_args_fail(a, "block number larger than int64");
        return false;
    }
    return true;
}

const char *ls_go_block_name(enum ls_go_block kind)
{
    for (size_t i = 0; i < sizeof TAGS / sizeof TAGS[0]; i++) {
        if (TAGS[i].kind == kind) {
            return TAGS[i].name;
        }
    }
    return "";
}
