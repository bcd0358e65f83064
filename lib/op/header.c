#include "lib/op/header.h"

#include <assert.h>

#include "lib/hash.h"
#include "lib/op/reader.h"
#include "lib/op/rlpmem.h"

const struct ls_hash LS_EMPTY_UNCLES = {{0x1d, 0xcc, 0x4d, 0xe8, 0xde, 0xc7, 0x5d, 0x7a,
                                         0xab, 0x85, 0xb5, 0x67, 0xb6, 0xcc, 0xd4, 0x1a,
                                         0xd3, 0x12, 0x45, 0x1b, 0x94, 0x8a, 0x74, 0x13,
                                         0xf0, 0xa1, 0x42, 0xfd, 0x40, 0xd4, 0x93, 0x47}};

const struct ls_hash LS_EMPTY_TRIE = {{0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6,
                                       0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
                                       0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0,
                                       0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21}};

const struct ls_hash LS_EMPTY_REQUESTS = {{0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
                                           0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
                                           0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
                                           0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55}};

/* Upper bound of a header's encoding: 11 words of 33 bytes, 8 integers of 9, miner 21, nonce 9,
 * bloom 259, extraData 2 + 128, list head 3. */
#define RLP_MAX (11u * 33u + 8u * 9u + 21u + 9u + 259u + 2u + LS_HEADER_EXTRA_MAX + 3u)
static_assert(RLP_MAX < 1024, "a header's RLP list head is at most 3 bytes");
static_assert(LS_HEADER_EXTRA_MAX <= UINT8_MAX, "extra_bytes counts extraData");

/* --- JSON --- */

struct tail_member {
    enum ls_header_tail tail;
    bool is_present;
    const char *name;
};

/* Tail fields come in order, without a hole. */
static enum ls_err tail_of(const struct tail_member *m, size_t n, enum ls_header_tail *out,
                           struct ls_diag *d)
{
    enum ls_header_tail tail = LS_TAIL_NONE;

    for (size_t i = 0; i < n; i++) {
        if (!m[i].is_present) {
            continue;
        }
        if (i > 0 && !m[i - 1].is_present) {
            return ls_fail(d, LS_ERR_PARSE, "header has \"%s\" without \"%s\"", m[i].name,
                           m[i - 1].name);
        }
        tail = m[i].tail;
    }
    *out = tail;
    return LS_OK;
}

static enum ls_err read_tail(struct ls_reader *r, struct ls_header *h)
{
    const struct tail_member m[] = {
        {LS_TAIL_BASE_FEE, ls_reader_opt_u256(r, "baseFeePerGas", &h->base_fee), "baseFeePerGas"},
        {LS_TAIL_WITHDRAWALS_ROOT,
         ls_reader_opt_fixed(r, "withdrawalsRoot", h->withdrawals_root.b, 32), "withdrawalsRoot"},
        {LS_TAIL_BLOB_GAS_USED, ls_reader_opt_quantity(r, "blobGasUsed", &h->blob_gas_used),
         "blobGasUsed"},
        {LS_TAIL_EXCESS_BLOB_GAS, ls_reader_opt_quantity(r, "excessBlobGas", &h->excess_blob_gas),
         "excessBlobGas"},
        {LS_TAIL_BEACON_ROOT, ls_reader_opt_fixed(r, "parentBeaconBlockRoot", h->beacon_root.b, 32),
         "parentBeaconBlockRoot"},
        {LS_TAIL_REQUESTS_HASH, ls_reader_opt_fixed(r, "requestsHash", h->requests_hash.b, 32),
         "requestsHash"},
    };

    return r->err != LS_OK ? r->err : tail_of(m, sizeof m / sizeof m[0], &h->tail, r->diag);
}

static void read_body(struct ls_reader *r, struct ls_header *h)
{
    size_t extra_bytes = 0;

    ls_reader_fixed(r, "parentHash", h->parent.b, 32);
    ls_reader_fixed(r, "sha3Uncles", h->uncles_hash.b, 32);
    ls_reader_fixed(r, "miner", h->miner.b, 20);
    ls_reader_fixed(r, "stateRoot", h->state_root.b, 32);
    ls_reader_fixed(r, "transactionsRoot", h->tx_root.b, 32);
    ls_reader_fixed(r, "receiptsRoot", h->receipts_root.b, 32);
    ls_reader_fixed(r, "logsBloom", h->bloom, sizeof h->bloom);
    ls_reader_u256(r, "difficulty", &h->difficulty);
    ls_reader_quantity(r, "number", &h->number);
    ls_reader_quantity(r, "gasLimit", &h->gas_limit);
    ls_reader_quantity(r, "gasUsed", &h->gas_used);
    ls_reader_quantity(r, "timestamp", &h->timestamp);
    ls_reader_data(r, "extraData", h->extra, sizeof h->extra, &extra_bytes);
    ls_reader_fixed(r, "mixHash", h->mix_hash.b, 32);
    ls_reader_fixed(r, "nonce", h->nonce, sizeof h->nonce);
    h->extra_bytes = (uint8_t)extra_bytes;
}

enum ls_err ls_header_from_json(const struct cJSON *block, struct ls_header *out,
                                struct ls_hash *stated_hash, struct ls_diag *d)
{
    struct ls_reader r = ls_reader_open(block, "block", d);
    struct ls_header h = {.tail = LS_TAIL_NONE};
    struct ls_hash hash = {{0}};
    enum ls_err e;

    read_body(&r, &h);
    (void)ls_reader_opt_fixed(&r, "hash", hash.b, 32);
    e = read_tail(&r, &h);
    if (e != LS_OK) {
        return e;
    }
    *out = h;
    if (stated_hash != NULL) {
        *stated_hash = hash;
    }
    return LS_OK;
}

void ls_header_write(const struct ls_header *h, const struct ls_hash *hash, struct ls_jw *w)
{
    ls_jw_hex(w, "parentHash", h->parent.b, 32);
    ls_jw_hex(w, "sha3Uncles", h->uncles_hash.b, 32);
    ls_jw_hex(w, "miner", h->miner.b, 20);
    ls_jw_hex(w, "stateRoot", h->state_root.b, 32);
    ls_jw_hex(w, "transactionsRoot", h->tx_root.b, 32);
    ls_jw_hex(w, "receiptsRoot", h->receipts_root.b, 32);
    ls_jw_hex(w, "logsBloom", h->bloom, sizeof h->bloom);
    ls_jw_u256(w, "difficulty", &h->difficulty);
    ls_jw_quantity(w, "number", h->number);
    ls_jw_quantity(w, "gasLimit", h->gas_limit);
    ls_jw_quantity(w, "gasUsed", h->gas_used);
    ls_jw_quantity(w, "timestamp", h->timestamp);
    ls_jw_hex(w, "extraData", h->extra, h->extra_bytes);
    ls_jw_hex(w, "mixHash", h->mix_hash.b, 32);
    ls_jw_hex(w, "nonce", h->nonce, sizeof h->nonce);
    if (h->tail >= LS_TAIL_BASE_FEE) {
        ls_jw_u256(w, "baseFeePerGas", &h->base_fee);
    }
    if (h->tail >= LS_TAIL_WITHDRAWALS_ROOT) {
        ls_jw_hex(w, "withdrawalsRoot", h->withdrawals_root.b, 32);
    }
    if (h->tail >= LS_TAIL_BLOB_GAS_USED) {
        ls_jw_quantity(w, "blobGasUsed", h->blob_gas_used);
    }
    if (h->tail >= LS_TAIL_EXCESS_BLOB_GAS) {
        ls_jw_quantity(w, "excessBlobGas", h->excess_blob_gas);
    }
    if (h->tail >= LS_TAIL_BEACON_ROOT) {
        ls_jw_hex(w, "parentBeaconBlockRoot", h->beacon_root.b, 32);
    }
    if (h->tail >= LS_TAIL_REQUESTS_HASH) {
        ls_jw_hex(w, "requestsHash", h->requests_hash.b, 32);
    }
    ls_jw_hex(w, "hash", hash->b, 32);
}

/* --- RLP --- */

static uint8_t *encode_tail(const struct ls_header *h, uint8_t *o)
{
    if (h->tail >= LS_TAIL_BASE_FEE) {
        o = ls_rlpmem_uint(o, h->base_fee.be, 32);
    }
    if (h->tail >= LS_TAIL_WITHDRAWALS_ROOT) {
        o = ls_rlpmem_bytes(o, h->withdrawals_root.b, 32);
    }
    if (h->tail >= LS_TAIL_BLOB_GAS_USED) {
        o = ls_rlpmem_u64(o, h->blob_gas_used);
    }
    if (h->tail >= LS_TAIL_EXCESS_BLOB_GAS) {
        o = ls_rlpmem_u64(o, h->excess_blob_gas);
    }
    if (h->tail >= LS_TAIL_BEACON_ROOT) {
        o = ls_rlpmem_bytes(o, h->beacon_root.b, 32);
    }
    if (h->tail >= LS_TAIL_REQUESTS_HASH) {
        o = ls_rlpmem_bytes(o, h->requests_hash.b, 32);
    }
    return o;
}

static uint8_t *encode_fields(const struct ls_header *h, uint8_t *o)
{
    o = ls_rlpmem_bytes(o, h->parent.b, 32);
    o = ls_rlpmem_bytes(o, h->uncles_hash.b, 32);
    o = ls_rlpmem_bytes(o, h->miner.b, 20);
    o = ls_rlpmem_bytes(o, h->state_root.b, 32);
    o = ls_rlpmem_bytes(o, h->tx_root.b, 32);
    o = ls_rlpmem_bytes(o, h->receipts_root.b, 32);
    o = ls_rlpmem_bytes(o, h->bloom, sizeof h->bloom);
    o = ls_rlpmem_uint(o, h->difficulty.be, 32);
    o = ls_rlpmem_u64(o, h->number);
    o = ls_rlpmem_u64(o, h->gas_limit);
    o = ls_rlpmem_u64(o, h->gas_used);
    o = ls_rlpmem_u64(o, h->timestamp);
    o = ls_rlpmem_bytes(o, h->extra, h->extra_bytes);
    o = ls_rlpmem_bytes(o, h->mix_hash.b, 32);
    o = ls_rlpmem_bytes(o, h->nonce, sizeof h->nonce);
    return encode_tail(h, o);
}

/* The encoding, somewhere in mem. The bloom alone makes the list head 3 bytes long. */
static struct ls_span encode(const struct ls_header *h, uint8_t mem[RLP_MAX])
{
    uint8_t *end;

    assert(h->extra_bytes <= LS_HEADER_EXTRA_MAX);
    end = encode_fields(h, mem + 3);
    (void)ls_rlpmem_head(mem, 0xc0, (size_t)(end - (mem + 3)));
    return (struct ls_span){mem, (size_t)(end - mem)};
}

void ls_header_rlp(const struct ls_header *h, struct ls_buf *b)
{
    uint8_t mem[RLP_MAX];
    struct ls_span rlp = encode(h, mem);

    (void)ls_buf_put(b, rlp.p, rlp.n);
}

struct ls_hash ls_header_hash(const struct ls_header *h)
{
    uint8_t mem[RLP_MAX];
    struct ls_span rlp = encode(h, mem);
    struct ls_hash hash;

    ls_keccak256(rlp.p, rlp.n, hash.b);
    return hash;
}
