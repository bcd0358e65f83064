/* Blocks as alloy names them: tags, numbers, hashes and objects of EIP-1898. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/hex.h"
#include "mocks/rpc/serde.h"

static const struct {
    const char *name;
    enum ls_serde_tag tag;
} TAGS[] = {{"latest", LS_SERDE_TAG_LATEST},
            {"finalized", LS_SERDE_TAG_FINALIZED},
            {"safe", LS_SERDE_TAG_SAFE},
            {"earliest", LS_SERDE_TAG_EARLIEST},
            {"pending", LS_SERDE_TAG_PENDING}};

static char lower(uint8_t c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* Rust's u64::from_str_radix(16): a plus is fine, zeros in front as well. Its complaint, or NULL.
 */
static const char *parse_hex(struct ls_span digits, uint64_t *out)
{
    size_t i = digits.n > 1 && digits.p[0] == '+' ? 1 : 0;
    *out = 0;
    if (digits.n == 0) {
        return "cannot parse integer from empty string";
    }
    for (; i < digits.n; i++) {
        char c = lower(digits.p[i]);
        int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (v < 0) {
            return "invalid digit found in string";
        }
        if (*out >> 60 != 0) {
            return "number too large to fit in target type";
        }
        *out = *out << 4 | (uint64_t)v;
    }
    return NULL;
}

static const char *parse_block(struct ls_span text, struct ls_serde_block *out)
{
    char name[16] = "";
    for (size_t i = 0; i < text.n && text.n < sizeof name; i++) {
        name[i] = lower(text.p[i]);
    }
    for (size_t i = 0; i < sizeof TAGS / sizeof TAGS[0]; i++) {
        if (strcmp(name, TAGS[i].name) == 0) {
            out->tag = TAGS[i].tag;
            (void)snprintf(out->text, sizeof out->text, "%s", name);
            return NULL;
        }
    }
    if (text.n < 2 || text.p[0] != '0' || lower(text.p[1]) != 'x') {
        return "hex string without 0x prefix";
    }
    out->tag = LS_SERDE_TAG_NUMBER;
    const char *fault = parse_hex((struct ls_span){text.p + 2, text.n - 2}, &out->number);
    (void)snprintf(out->text, sizeof out->text, "0x%" PRIx64, out->number);
    return fault;
}

/* The text is read first and understood afterwards, so its faults have no place. */
bool ls_serde_block(struct ls_serde *s, struct ls_serde_block *out)
{
    struct ls_span text;
    *out = (struct ls_serde_block){0};
    if (ls_serde_peek(s) != '"') {
        return ls_serde_wrong_type(s, false, "a string");
    }
    if (!ls_serde_string(s, &text)) {
        return false;
    }
    const char *fault = parse_block(text, out);
    return fault == NULL || ls_serde_fail(s, "%s", fault);
}

static bool set_hash(struct ls_serde_block *out)
{
    char digits[65] = {0};
    out->tag = LS_SERDE_TAG_HASH;
    ls_hex_encode(out->hash, sizeof out->hash, digits);
    (void)snprintf(out->text, sizeof out->text, "hash 0x%s", digits);
    return true;
}

static bool id_text(struct ls_serde *s, struct ls_serde_block *out)
{
    struct ls_span text;
    size_t start = s->at;
    if (!ls_serde_string(s, &text)) {
        return false;
    }
    if (text.n == 66) {
        s->at = start;
        return ls_serde_fixed(s, out->hash, sizeof out->hash) && set_hash(out);
    }
    const char *fault = parse_block(text, out);
    if (fault != NULL) {
        (void)ls_serde_fail(s, "%s", fault);
    }
    return ls_serde_place(s);
}

struct members {
    bool has_number;
    bool has_hash;
    bool has_canonical;
    bool is_canonical;
};

static bool id_member(struct ls_serde *s, struct ls_span key, struct members *m,
                      struct ls_serde_block *out)
{
    if (ls_span_is(key, "blockNumber")) {
        if (m->has_number || m->has_hash) {
            return ls_serde_fail(s, "duplicate field `blockNumber`");
        }
        if (m->has_canonical) {
            return ls_serde_fail(s, "Non-valid require_canonical field");
        }
        m->has_number = true;
        s->at++;
        return ls_serde_block(s, out);
    }
    if (ls_span_is(key, "blockHash")) {
        if (m->has_number || m->has_hash) {
            return ls_serde_fail(s, "duplicate field `blockHash`");
        }
        m->has_hash = true;
        s->at++;
        return ls_serde_fixed(s, out->hash, sizeof out->hash) && set_hash(out);
    }
    if (ls_span_is(key, "requireCanonical")) {
        if (m->has_number || m->has_canonical) {
            return ls_serde_fail(s, "duplicate field `requireCanonical`");
        }
        m->has_canonical = true;
        s->at++;
        return ls_serde_bool(s, &m->is_canonical);
    }
    return ls_serde_fail(s,
                         "unknown field `%.*s`, expected one of `blockNumber`, `blockHash`, "
                         "`requireCanonical`",
                         (int)(key.n < 200 ? key.n : 200), (const char *)key.p);
}

static bool id_object(struct ls_serde *s, struct ls_serde_block *out)
{
    struct members m = {0};
    struct ls_span key;
    bool is_fine = ls_serde_enter(s);
    while (is_fine && ls_serde_peek(s) != '}') {
        if (s->text[s->at] == ',') {
            s->at++;
            (void)ls_serde_peek(s);
        }
        is_fine = ls_serde_string(s, &key) && ls_serde_peek(s) == ':' && id_member(s, key, &m, out);
    }
    if (is_fine && !m.has_number && !m.has_hash) {
        (void)ls_serde_fail(
            s, "Expected `blockNumber` or `blockHash` with `requireCanonical` optionally");
    }
    ls_serde_leave(s);
    ls_serde_end(s, '}');
    return ls_serde_place(s);
}

bool ls_serde_block_id(struct ls_serde *s, struct ls_serde_block *out)
{
    char c = ls_serde_peek(s);
    *out = (struct ls_serde_block){0};
    if (c == '"') {
        return id_text(s, out);
    }
    return c == '{' ? id_object(s, out)
                    : ls_serde_wrong_type(s, true, "Block identifier following EIP-1898");
}
