/* A payload that nobody recorded enters the universe: its block as JSON-RPC shows it, made from the
 * payload's bytes and from what recorded blocks say of its senders. */
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/rlp.h"
#include "mocks/rpc/engine_parts.h"

#define BLOCK_BYTES_MAX ((size_t)1 << 28)

/* Deposits of one sender within a block follow each other. */
static uint64_t deposits_before(const struct ls_payload *p, size_t i, const struct ls_tx_view *tx)
{
    uint64_t count = 0;
    for (size_t k = 0; k < i; k++) {
        struct ls_tx_view other;
        if (ls_txjson_view(p->txs[k], &other) == LS_OK && other.type == 0x7e &&
            memcmp(other.from.b, tx->from.b, sizeof other.from.b) == 0) {
            count++;
        }
    }
    return count;
}

static enum ls_err write_tx(const struct ls_engine_port *e, const struct ls_payload *p, size_t i,
                            uint32_t parent, struct ls_txjson_place *place, struct ls_jw *w)
{
    struct ls_tx_view tx;
    struct ls_addr from;
    uint64_t nonce = 0;
    enum ls_err err = ls_txjson_view(p->txs[i], &tx);
    if (err != LS_OK) {
        return err;
    }
    place->index = i;
    place->from = NULL;
    place->deposit_nonce = NULL;
    if (tx.type == 0x7e) {
        (void)ls_engine_nonce(e, parent, &tx.from, &nonce);
        nonce += deposits_before(p, i, &tx);
        place->deposit_nonce = &nonce;
    } else if (ls_engine_sender(e, &tx, &from)) {
        place->from = &from;
    }
    return ls_txjson_write(p->txs[i], place, w, NULL);
}

/* Bytes of the block's RLP: header, transactions, uncles, withdrawals. */
static uint64_t block_size(const struct ls_payload *p, const struct ls_header *h)
{
    struct ls_buf b;
    ls_buf_init(&b, BLOCK_BYTES_MAX);
    size_t all = ls_rlp_list_begin(&b);
    ls_header_rlp(h, &b);
    size_t txs = ls_rlp_list_begin(&b);
    for (size_t i = 0; i < p->tx_count; i++) {
        if (p->txs[i].n > 0 && p->txs[i].p[0] >= 0xc0) {
            (void)ls_buf_put(&b, p->txs[i].p, p->txs[i].n);
        } else {
            ls_rlp_put_bytes(&b, p->txs[i].p, p->txs[i].n);
        }
    }
    ls_rlp_list_end(&b, txs);
    ls_rlp_list_end(&b, ls_rlp_list_begin(&b));
    if (h->tail >= LS_TAIL_WITHDRAWALS_ROOT) {
        ls_rlp_list_end(&b, ls_rlp_list_begin(&b));
    }
    ls_rlp_list_end(&b, all);
    uint64_t size = b.n;
    ls_buf_fini(&b);
    return size;
}

static enum ls_err write_block(const struct ls_engine_port *e, const struct ls_payload *p,
                               const struct ls_header *h, uint32_t parent, struct ls_buf *out)
{
    struct ls_txjson_place place = {
        .block_hash = &p->block_hash,
        .header = h,
        .has_deposit_version = ls_rollup_is_active(&e->rollup, LS_FORK_CANYON, h->timestamp)};
    struct ls_jw w;
    enum ls_err err = LS_OK;
    ls_jw_init(&w, out);
    ls_jw_object(&w, NULL);
    ls_header_write(h, &p->block_hash, &w);
    ls_jw_quantity(&w, "size", block_size(p, h));
    ls_jw_array(&w, "transactions");
    for (size_t i = 0; err == LS_OK && i < p->tx_count; i++) {
        err = write_tx(e, p, i, parent, &place, &w);
    }
    ls_jw_array_end(&w);
    ls_jw_array(&w, "uncles");
    ls_jw_array_end(&w);
    if (h->tail >= LS_TAIL_WITHDRAWALS_ROOT) {
        ls_jw_array(&w, "withdrawals");
        ls_jw_array_end(&w);
    }
    ls_jw_object_end(&w);
    return err == LS_OK ? out->err : err;
}

/* A block without an L1-info deposit is no block of a rollup, but an engine takes it all the same:
 * it stays in its parent's epoch. */
static void plain_ref(const struct ls_engine_port *e, const struct ls_payload *p, uint32_t parent,
                      struct ls_l2_ref *out)
{
    *out = ls_universe_get(e->universe, parent)->ref;
    out->hash = p->block_hash;
    out->parent = p->parent_hash;
    out->number = p->number;
    out->timestamp = p->timestamp;
    out->sequence_number++;
}

uint32_t ls_engine_add_block(struct ls_engine_port *e, const struct ls_payload *p,
                             const struct ls_header *h, uint32_t parent)
{
    struct ls_ublock b = {.parent = parent, .is_synthetic = true};
    struct ls_buf text;
    uint32_t id = LS_NO_BLOCK;
    if (e->added_count > ls_universe_capacity(e->universe)) {
        return LS_NO_BLOCK;
    }
    if (ls_payload_l2_ref(p, &e->rollup, &b.ref, NULL) != LS_OK) {
        plain_ref(e, p, parent, &b.ref);
    }
    ls_buf_init(&text, BLOCK_BYTES_MAX);
    enum ls_err err = write_block(e, p, h, parent, &text);
    b.json = (const char *)text.p;
    b.json_bytes = text.n;
    if (err == LS_OK && ls_universe_add(e->universe, &b, &id) == LS_OK) {
        e->added[e->added_count++] = (char *)text.p;
        return id;
    }
    ls_buf_fini(&text);
    return LS_NO_BLOCK;
}
