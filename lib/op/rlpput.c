#include "lib/op/rlpput.h"

#include <string.h>

#include "lib/hex.h"
#include "lib/op/rlpmem.h"
#include "lib/rlp.h"

#define FIXED_BYTES_MAX 256u

void ls_rlpput_u64(struct ls_reader *r, const char *key, struct ls_buf *b)
{
    uint64_t v = 0;

    ls_reader_quantity(r, key, &v);
    ls_rlp_put_u64(b, v);
}

void ls_rlpput_u256(struct ls_reader *r, const char *key, struct ls_buf *b)
{
    struct ls_u256 v = {{0}};

    ls_reader_u256(r, key, &v);
    ls_rlp_put_u256(b, &v);
}

void ls_rlpput_fixed(struct ls_reader *r, const char *key, size_t n, struct ls_buf *b)
{
    uint8_t v[FIXED_BYTES_MAX] = {0};

    ls_reader_fixed(r, key, v, n);
    ls_rlp_put_bytes(b, v, n);
}

/* Data of open length. A string's head follows from its length alone, so the digits are decoded to
 * where they belong; a string of one byte may have no head. */
void ls_rlpput_data(struct ls_reader *r, const char *key, size_t bytes_max, struct ls_buf *b)
{
    const struct cJSON *v = ls_reader_get(r, key);
    const char *s = ls_json_str(v);
    size_t digits = s == NULL ? 0 : strlen(s);
    size_t n = digits < 2 ? 0 : (digits - 2) / 2;
    uint8_t head[LS_RLPMEM_HEAD_MAX];
    uint8_t one = 0;
    uint8_t *o;

    if (s == NULL) {
        ls_reader_fail(r, v == NULL ? LS_ERR_MISSING : LS_ERR_TYPE, key);
    } else if (n > bytes_max) {
        ls_reader_fail(r, LS_ERR_LIMIT, key);
    } else if (n < 2) {
        ls_reader_fail(r, ls_hex_data(s, digits, &one, 1, &n), key);
        ls_rlp_put_bytes(b, &one, n);
    } else {
        (void)ls_buf_put(b, head, (size_t)(ls_rlpmem_head(head, 0x80, n) - head));
        o = ls_buf_grow(b, n);
        if (o != NULL) {
            ls_reader_fail(r, ls_hex_fixed(s, digits, o, n), key);
        }
    }
}
