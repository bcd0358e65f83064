/*
 * RLP (Ethereum yellow paper, appendix B). The reader refuses every encoding the writer would not
 * produce, so that decode and encode are inverse on what is accepted.
 */
#include "lib/rlp.h"

#include <assert.h>
#include <string.h>

#define SHORT_MAX 55u     /* longest content whose length stands in the first byte */
#define STRING_BASE 0x80u /* "" */
#define STRING_LONG 0xb7u /* + number of length bytes */
#define LIST_BASE 0xc0u   /* [] */
#define LIST_LONG 0xf7u
#define HEADER_BYTES_MAX 9u

/* Writes the header for n bytes of content; base is STRING_BASE or LIST_BASE. Returns its size. */
static size_t encode_header(uint8_t out[HEADER_BYTES_MAX], unsigned base, size_t n)
{
    if (n <= SHORT_MAX) {
        out[0] = (uint8_t)(base + n);
        return 1;
    }
    uint8_t be[8];
    ls_put_be64(be, n);
    size_t zeros = 0;
    while (be[zeros] == 0) {
        zeros++;
    }
    size_t len = sizeof be - zeros;
    out[0] = (uint8_t)(base + SHORT_MAX + len);
    memcpy(out + 1, be + zeros, len);
    return 1 + len;
}

void ls_rlp_put_bytes(struct ls_buf *b, const uint8_t *p, size_t n)
{
    if (n == 1 && p[0] < STRING_BASE) {
        (void)ls_buf_putc(b, p[0]);
        return;
    }
    uint8_t header[HEADER_BYTES_MAX];
    (void)ls_buf_put(b, header, encode_header(header, STRING_BASE, n));
    (void)ls_buf_put(b, p, n);
}

static void put_integer(struct ls_buf *b, const uint8_t *be, size_t n)
{
    while (n && be[0] == 0) {
        be++;
        n--;
    }
    ls_rlp_put_bytes(b, be, n);
}

void ls_rlp_put_u64(struct ls_buf *b, uint64_t v)
{
    uint8_t be[8];
    ls_put_be64(be, v);
    put_integer(b, be, sizeof be);
}

void ls_rlp_put_u256(struct ls_buf *b, const struct ls_u256 *v)
{
    put_integer(b, v->be, sizeof v->be);
}

size_t ls_rlp_list_begin(const struct ls_buf *b)
{
    return b->n;
}

void ls_rlp_list_end(struct ls_buf *b, size_t mark)
{
    if (b->err) {
        return;
    }
    assert(mark <= b->n);
    size_t n = b->n - mark;
    uint8_t header[HEADER_BYTES_MAX];
    size_t header_bytes = encode_header(header, LIST_BASE, n);
    if (!ls_buf_grow(b, header_bytes)) {
        return;
    }
    memmove(b->p + mark + header_bytes, b->p + mark, n);
    memcpy(b->p + mark, header, header_bytes);
}

/* Where an item's content lies in its encoding. */
struct extent {
    size_t header_bytes;
    size_t body_bytes;
};

/* Reads the length that follows a long form's first byte. */
static enum ls_err read_long(struct ls_span in, size_t len_bytes, struct extent *x)
{
    if (in.n < 1 + len_bytes || in.p[1] == 0) {
        return LS_ERR_PARSE;
    }
    uint64_t n = 0;
    for (size_t i = 1; i <= len_bytes; i++) {
        n = n << 8 | in.p[i];
    }
    if (n <= SHORT_MAX || n > in.n - 1 - len_bytes) {
        return LS_ERR_PARSE;
    }
    *x = (struct extent){1 + len_bytes, (size_t)n};
    return LS_OK;
}

static enum ls_err read_extent(struct ls_span in, struct extent *x)
{
    unsigned first = in.p[0];
    if (first < STRING_BASE) {
        *x = (struct extent){0, 1};
        return LS_OK;
    }
    bool is_list = first >= LIST_BASE;
    unsigned longest_short = is_list ? LIST_LONG : STRING_LONG;
    if (first > longest_short) {
        return read_long(in, first - longest_short, x);
    }
    size_t n = first - (is_list ? LIST_BASE : STRING_BASE);
    if (n > in.n - 1) {
        return LS_ERR_PARSE;
    }
    if (!is_list && n == 1 && in.p[1] < STRING_BASE) {
        return LS_ERR_PARSE; /* such a byte is its own encoding */
    }
    *x = (struct extent){1, n};
    return LS_OK;
}

enum ls_err ls_rlp_next(struct ls_span *in, struct ls_rlp_item *out)
{
    if (in->n == 0) {
        return LS_ERR_PARSE;
    }
    struct extent x = {0, 0};
    enum ls_err e = read_extent(*in, &x);
    if (e) {
        return e;
    }
    size_t total = x.header_bytes + x.body_bytes;
    *out = (struct ls_rlp_item){
        .is_list = in->p[0] >= LIST_BASE,
        .body = {in->p + x.header_bytes, x.body_bytes},
        .raw = {in->p, total},
    };
    *in = (struct ls_span){in->p + total, in->n - total};
    return LS_OK;
}

enum ls_err ls_rlp_u64(const struct ls_rlp_item *item, uint64_t *out)
{
    if (item->is_list) {
        return LS_ERR_TYPE;
    }
    struct ls_span s = item->body;
    if (s.n && s.p[0] == 0) {
        return LS_ERR_PARSE;
    }
    if (s.n > 8) {
        return LS_ERR_RANGE;
    }
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        v = v << 8 | s.p[i];
    }
    *out = v;
    return LS_OK;
}

enum ls_err ls_rlp_fixed(const struct ls_rlp_item *item, uint8_t *out, size_t n)
{
    if (item->is_list) {
        return LS_ERR_TYPE;
    }
    if (item->body.n != n) {
        return LS_ERR_RANGE;
    }
    if (n) {
        memcpy(out, item->body.p, n);
    }
    return LS_OK;
}
