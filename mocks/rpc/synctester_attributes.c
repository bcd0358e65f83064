/* Payload attributes against the block they are to become, and the id of the payload (mock-engine
 * 1.11). The fork is read off the block itself. */
#include <inttypes.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/hex.h"
#include "mocks/rpc/synctester_parts.h"

#define HOLOCENE_EXTRA_BYTES 9u
#define JOVIAN_EXTRA_BYTES 17u
#define PARAMS_BYTES 8u

/* extraData of this version and length, with a denominator (the rules of op-geth's validators). */
static bool has_extra_form(const struct ls_header *h, uint8_t version, size_t bytes)
{
    return h->extra_bytes == bytes && h->extra[0] == version && ls_be32(h->extra + 1) != 0;
}

static bool is_jovian(const struct ls_header *h)
{
    return has_extra_form(h, 1, JOVIAN_EXTRA_BYTES);
}

bool ls_st_is_holocene(const struct ls_header *h)
{
    return is_jovian(h) || has_extra_form(h, 0, HOLOCENE_EXTRA_BYTES);
}

static const char *in_hex(struct ls_st_call *c, const uint8_t *p, size_t n)
{
    char *out = ls_arena_alloc(&c->port->arena, 2 * n + 3);
    if (out == NULL) {
        return "";
    }
    out[0] = '0';
    out[1] = 'x';
    ls_hex_encode(p, n, out + 2);
    return out;
}

/* --- the rules, one a function, in order --- */

static const char *head_fault(struct ls_st_call *c, const struct ls_st_attributes *a,
                              const struct ls_header *h)
{
    if (h->timestamp != a->timestamp) {
        return ls_st_text(c, "timestamp mismatch: header=%" PRIu64 ", attr=%" PRIu64, h->timestamp,
                          a->timestamp);
    }
    if (!ls_hash_eq(&h->mix_hash, &a->prev_randao)) {
        return ls_st_text(c, "prevRandao mismatch: header=%s, attr=%s",
                          in_hex(c, h->mix_hash.b, 32), in_hex(c, a->prev_randao.b, 32));
    }
    if (memcmp(&h->miner, &a->fee_recipient, sizeof h->miner) != 0) {
        char header[43];
        char attr[43];
        ls_st_print_address(&h->miner, header);
        ls_st_print_address(&a->fee_recipient, attr);
        return ls_st_text(c, "coinbase mismatch: header=%s, attr=%s", header, attr);
    }
    return a->withdrawal_count != 0 ? "withdrawals must be nil or empty" : NULL;
}

static const char *beacon_root_fault(struct ls_st_call *c, const struct ls_st_attributes *a,
                                     const struct ls_header *h)
{
    bool is_in_header = h->tail >= LS_TAIL_BEACON_ROOT;
    if (is_in_header == a->has_beacon_root &&
        (!is_in_header || ls_hash_eq(&h->beacon_root, &a->beacon_root))) {
        return NULL;
    }
    return ls_st_text(c, "parentBeaconBlockRoot mismatch: attr=%s, header=%s",
                      a->has_beacon_root ? in_hex(c, a->beacon_root.b, 32) : "<nil>",
                      is_in_header ? in_hex(c, h->beacon_root.b, 32) : "<nil>");
}

static const char *txs_fault(struct ls_st_call *c, const struct ls_st_attributes *a,
                             const struct ls_block *b)
{
    if (a->tx_count != b->tx_count) {
        return ls_st_text(c, "tx count mismatch: attr=%zu, block=%zu", a->tx_count, b->tx_count);
    }
    for (size_t i = 0; i < a->tx_count; i++) {
        if (a->txs[i].n != b->txs[i].n || memcmp(a->txs[i].p, b->txs[i].p, a->txs[i].n) != 0) {
            return ls_st_text(c, "tx mismatch: tx=%s, idx=%zu", in_hex(c, a->txs[i].p, a->txs[i].n),
                              i);
        }
    }
    return NULL;
}

/* *is_done: both numbers are 0, and nothing further is looked at (Q17). */
static const char *params_fault(struct ls_st_call *c, const struct ls_st_attributes *a,
                                const struct ls_header *h, bool *is_done)
{
    *is_done = false;
    if (!ls_st_is_holocene(h)) {
        return a->has_params ? ls_st_text(c,
                                          "holocene disabled but EIP1559Params not nil. "
                                          "eip1559Params: %s",
                                          in_hex(c, a->params, PARAMS_BYTES))
                             : NULL;
    }
    if (!a->has_params) {
        return "holocene enabled but EIP1559Params nil";
    }
    if (ls_be32(a->params) == 0) {
        *is_done = ls_be32(a->params + 4) == 0;
        return *is_done ? NULL
                        : "invalid eip1559Params: holocene params cannot have a 0 denominator "
                          "unless elasticity is also 0";
    }
    if (memcmp(h->extra + 1, a->params, PARAMS_BYTES) != 0) {
        return ls_st_text(c, "eip1559Params mismatch: %s != %s", in_hex(c, a->params, PARAMS_BYTES),
                          in_hex(c, h->extra + 1, h->extra_bytes - 1u));
    }
    return NULL;
}

static const char *min_base_fee_fault(struct ls_st_call *c, const struct ls_st_attributes *a,
                                      const struct ls_header *h)
{
    if (!is_jovian(h)) {
        /* The real text ends in the address of the number. */
        return a->has_min_base_fee
                   ? ls_st_text(c, "jovian disabled but MinBaseFee not nil. MinBaseFee: %" PRIu64,
                                a->min_base_fee)
                   : NULL;
    }
    if (!a->has_min_base_fee) {
        return "jovian enabled but MinBaseFee nil";
    }
    uint64_t wanted = ls_be64(h->extra + HOLOCENE_EXTRA_BYTES);
    if (wanted != a->min_base_fee) {
        return ls_st_text(c, "MinBaseFee mismatch: %" PRIu64 " != %" PRIu64, a->min_base_fee,
                          wanted);
    }
    return NULL;
}

const char *ls_st_attributes_fault(struct ls_st_call *c, const struct ls_st_attributes *a,
                                   const struct ls_st_block *b, bool *is_crash)
{
    const struct ls_header *h = &b->block->header;
    const char *fault;
    bool is_done;
    *is_crash = false;
    if ((fault = head_fault(c, a, h)) != NULL || (fault = beacon_root_fault(c, a, h)) != NULL ||
        (fault = txs_fault(c, a, b->block)) != NULL) {
        return fault;
    }
    if (!a->no_tx_pool) {
        return "txpool cannot be enabled yet";
    }
    if (!a->has_gas_limit) {
        *is_crash = true;
        return NULL;
    }
    if (a->gas_limit != h->gas_limit) {
        return ls_st_text(c, "gaslimit mismatch: attr=%" PRIu64 ", header=%" PRIu64, a->gas_limit,
                          h->gas_limit);
    }
    fault = params_fault(c, a, h, &is_done);
    return fault != NULL || is_done ? fault : min_base_fee_fault(c, a, h);
}

/* --- id --- */

static void put_u64(struct ls_buf *b, uint64_t v)
{
    uint8_t be[8];
    ls_put_be64(be, v);
    (void)ls_buf_put(b, be, sizeof be);
}

void ls_st_payload_id(struct ls_st_call *c, const struct ls_hash *parent,
                      const struct ls_st_attributes *a, const struct ls_st_block *b,
                      uint8_t out[LS_ST_PAYLOAD_ID_BYTES])
{
    uint8_t digest[32];
    struct ls_buf in;
    ls_buf_init(&in, LS_ST_ARENA_MAX);
    (void)ls_buf_put(&in, parent->b, 32);
    put_u64(&in, a->timestamp);
    (void)ls_buf_put(&in, a->prev_randao.b, 32);
    (void)ls_buf_put(&in, a->fee_recipient.b, 20);
    (void)ls_buf_putc(&in, 0xc0); /* no withdrawals, as RLP */
    if (a->has_beacon_root) {
        (void)ls_buf_put(&in, a->beacon_root.b, 32);
    }
    (void)ls_buf_putc(&in, 1); /* noTxPool */
    put_u64(&in, b->block->tx_count);
    for (size_t i = 0; i < b->block->tx_count; i++) {
        ls_keccak256(b->block->txs[i].p, b->block->txs[i].n, digest);
        (void)ls_buf_put(&in, digest, sizeof digest);
    }
    put_u64(&in, b->block->header.gas_limit);
    if (ls_st_is_holocene(&b->block->header)) {
        (void)ls_buf_put(&in, a->params, PARAMS_BYTES);
    }
    ls_sha256(in.p, in.n, digest);
    memcpy(out, digest, LS_ST_PAYLOAD_ID_BYTES);
    out[0] = (uint8_t)c->version;
    ls_buf_fini(&in);
}
