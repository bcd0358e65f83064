/*
 * Any bytes as a transaction. What must hold: who refuses says why; what is taken is canonical RLP
 * to the last byte, behind its type, and its fields and blob hashes lie in it.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/rlp.h"
#include "mocks/rpc/gosign.h"
#include "mocks/rpc/gotx.h"

#define DEPTH_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_canonical(struct ls_span in, int depth)
{
    must(depth < DEPTH_MAX);
    while (in.n > 0) {
        struct ls_rlp_item item;
        must(ls_rlp_next(&in, &item) == LS_OK);
        if (item.is_list) {
            check_canonical(item.body, depth + 1);
        }
    }
}

static void check_hashes(struct ls_span tx)
{
    struct ls_gotx_hashes h = ls_gotx_blob_hashes(tx);
    for (size_t i = 0; i < h.count; i++) {
        const uint8_t *hash = h.first + i * h.stride;
        must(hash > tx.p && hash + 32 <= tx.p + tx.n);
    }
}

static void check_fields(struct ls_span tx)
{
    static const char *const names[] = {
        "Nonce", "GasPrice", "GasFeeCap", "Mint", "From", "IsSystemTransaction", "S"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct ls_span v;
        if (ls_gotx_field(tx, names[i], &v)) {
            must(v.p >= tx.p && v.p + v.n <= tx.p + tx.n);
        }
    }
    must(!ls_gotx_has_blobs(tx) || ls_gotx_type(tx) == 3);
    (void)ls_gotx_hash(tx);
}

static void check_sender(struct ls_span tx, bool has_set_code)
{
    char why[LS_GOSIGN_TEXT_MAX];
    struct ls_gosign_rules rules = {.chain_id = 901, .has_set_code = has_set_code};
    memset(why, 0xa5, sizeof why);
    if (!ls_gosign_check(tx, &rules, why)) {
        must(memchr(why, '\0', sizeof why) != NULL && why[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ls_span tx = {data, size};
    char why[LS_GORLP_TEXT_MAX];
    memset(why, 0xa5, sizeof why);
    if (!ls_gotx_check(tx, why)) {
        must(memchr(why, '\0', sizeof why) != NULL && why[0] != '\0');
        return 0;
    }
    must(size > 1);
    size_t type_bytes = data[0] <= 0x7f;
    check_canonical((struct ls_span){data + type_bytes, size - type_bytes}, 0);
    check_hashes(tx);
    check_fields(tx);
    check_sender(tx, false);
    check_sender(tx, true);
    return 0;
}
