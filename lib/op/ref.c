#include "lib/op/ref.h"

#include <inttypes.h>

#include "lib/hex.h"
#include "lib/op/tx.h"

enum ls_err ls_ref_l1info(const struct ls_span *txs, size_t tx_count, struct ls_l1info *out,
                          struct ls_diag *d)
{
    struct ls_deposit deposit;
    enum ls_err e;

    if (tx_count == 0) {
        return ls_fail(d, LS_ERR_PARSE, "block has no L1-info transaction");
    }
    e = ls_tx_decode_deposit(txs[0], &deposit);
    if (e != LS_OK) {
        return ls_fail(d, LS_ERR_PARSE, "first transaction is no deposit: %s", ls_err_text(e));
    }
    return ls_l1info_decode(deposit.input, out, d);
}

static enum ls_err fail_genesis(const struct ls_l2_ref *block, const struct ls_rollup *r,
                                struct ls_diag *d)
{
    char have[65] = {0};
    char want[65] = {0};

    ls_hex_encode(block->hash.b, 32, have);
    ls_hex_encode(r->genesis_l2.hash.b, 32, want);
    return ls_fail(d, LS_ERR_HASH,
                   "genesis of another chain: block %" PRIu64
                   " is 0x%s, the rollup config says 0x%s",
                   block->number, have, want);
}

enum ls_err ls_ref_complete(const struct ls_l2_ref *block, const struct ls_span *txs,
                            size_t tx_count, const struct ls_rollup *r, struct ls_l2_ref *out,
                            struct ls_diag *d)
{
    struct ls_l2_ref ref = *block;
    struct ls_l1info info;
    enum ls_err e;

    if (block->number == (r != NULL ? r->genesis_l2.number : 0)) {
        if (r != NULL && !ls_hash_eq(&block->hash, &r->genesis_l2.hash)) {
            return fail_genesis(block, r, d);
        }
        ref.l1_origin = r != NULL ? r->genesis_l1 : (struct ls_block_id){.number = 0};
        ref.sequence_number = 0;
        *out = ref;
        return LS_OK;
    }
    if (txs == NULL && tx_count != 0) {
        return ls_fail(d, LS_ERR_TYPE, "transactions are hashes only, the L1 origin is not known");
    }
    e = ls_ref_l1info(txs, tx_count, &info, d);
    if (e != LS_OK) {
        return e;
    }
    ref.l1_origin = info.origin;
    ref.sequence_number = info.sequence_number;
    *out = ref;
    return LS_OK;
}
