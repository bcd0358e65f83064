/*
 * Any bytes into the RLP reader. What must hold: items lie within the input and add up; whatever is
 * accepted, lists and all, is written by the writer in the very same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/rlp.h"

#define BYTES_MAX (1u << 22)
#define DEPTH_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Integers, when taken, are written back in the same bytes too. */
static void check_integer(const struct ls_rlp_item *item)
{
    uint64_t v = 77;
    if (ls_rlp_u64(item, &v)) {
        must(v == 77);
        return;
    }
    struct ls_buf b;
    ls_buf_init(&b, 16);
    ls_rlp_put_u64(&b, v);
    must(b.n == item->raw.n && memcmp(b.p, item->raw.p, b.n) == 0);
    ls_buf_clear(&b);
    struct ls_u256 wide = ls_u256_from_u64(v);
    ls_rlp_put_u256(&b, &wide);
    must(b.n == item->raw.n && memcmp(b.p, item->raw.p, b.n) == 0);
    ls_buf_fini(&b);
}

static void check_fixed(const struct ls_rlp_item *item)
{
    uint8_t out[32];
    enum ls_err e = ls_rlp_fixed(item, out, sizeof out);
    must((e == LS_OK) == (!item->is_list && item->body.n == sizeof out));
}

/* Writes what can be read of in; false when it is not canonical to the last byte. Too deep ones are
 * copied: recursion is this test's, not the reader's. */
static bool rewrite(struct ls_span in, struct ls_buf *b, int depth)
{
    while (in.n) {
        struct ls_rlp_item item;
        struct ls_span before = in;
        if (ls_rlp_next(&in, &item)) {
            must(in.p == before.p && in.n == before.n);
            return false;
        }
        must(item.raw.p == before.p && item.raw.n + in.n == before.n && item.raw.n > 0);
        must(item.body.p + item.body.n == item.raw.p + item.raw.n);
        check_integer(&item);
        check_fixed(&item);
        if (!item.is_list) {
            ls_rlp_put_bytes(b, item.body.p, item.body.n);
        } else if (depth == DEPTH_MAX) {
            (void)ls_buf_put(b, item.raw.p, item.raw.n);
        } else {
            size_t mark = ls_rlp_list_begin(b);
            if (!rewrite(item.body, b, depth + 1)) {
                return false;
            }
            ls_rlp_list_end(b, mark);
        }
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ls_buf b;
    ls_buf_init(&b, BYTES_MAX);
    if (rewrite((struct ls_span){data, size}, &b, 0)) {
        must(b.err == LS_OK && b.n == size);
        must(size == 0 || memcmp(b.p, data, size) == 0);
    }
    ls_buf_fini(&b);
    return 0;
}
