#include "lib/op/block.h"

#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/op/l1info.h"
#include "lib/op/reader.h"
#include "lib/op/ref.h"
#include "lib/op/tx.h"

/* --- JSON --- */

static enum ls_err fail_arena(const struct ls_arena *a, size_t n, struct ls_diag *d)
{
    enum ls_err e = ls_reader_refused(a, n);

    return ls_fail(d, e, "block does not fit: %s", ls_err_text(e));
}

/* The stated hash of a transaction, when there is one, must be that of its bytes. */
static enum ls_err check_tx_hash(const struct cJSON *tx, const uint8_t *p, size_t n,
                                 struct ls_diag *d)
{
    struct ls_reader r = ls_reader_open(tx, "transaction", d);
    struct ls_hash stated;
    struct ls_hash actual;

    if (!ls_reader_opt_fixed(&r, "hash", stated.b, 32)) {
        return r.err;
    }
    ls_keccak256(p, n, actual.b);
    return ls_hash_eq(&stated, &actual)
               ? LS_OK
               : ls_fail(d, LS_ERR_HASH, "\"hash\" does not match the content");
}

/* Encodes the transactions one after the other into scratch; ends[i] is where the i-th ends. */
static enum ls_err encode_txs(const struct cJSON *list, struct ls_buf *scratch, size_t *ends,
                              struct ls_diag *d)
{
    size_t i = 0;

    for (const struct cJSON *tx = ls_json_first(list); tx != NULL; tx = ls_json_next(tx), i++) {
        size_t start = scratch->n;
        enum ls_err e = ls_tx_encode(tx, scratch, d);

        if (e == LS_OK) {
            e = check_tx_hash(tx, scratch->p + start, scratch->n - start, d);
        }
        if (e != LS_OK) {
            return ls_fail_in(d, e, "transaction %zu", i);
        }
        ends[i] = scratch->n;
    }
    return LS_OK;
}

static enum ls_err decode_hydrated(const struct cJSON *list, struct ls_arena *a,
                                   struct ls_block *out, struct ls_diag *d)
{
    size_t n = out->tx_count;
    struct ls_span *txs = ls_arena_alloc(a, n * sizeof *txs);
    size_t *ends = ls_arena_alloc(a, n * sizeof *ends);
    struct ls_buf scratch = {0};
    const uint8_t *bytes;
    enum ls_err e;

    if (txs == NULL || ends == NULL) {
        return fail_arena(a, n * sizeof *txs, d);
    }
    ls_buf_init(&scratch, a->bytes_max);
    e = encode_txs(list, &scratch, ends, d);
    if (e != LS_OK) {
        goto out;
    }
    bytes = ls_arena_dup(a, scratch.p, scratch.n);
    if (bytes == NULL) {
        e = fail_arena(a, scratch.n + 1, d);
        goto out;
    }
    for (size_t i = 0, start = 0; i < n; start = ends[i++]) {
        txs[i] = (struct ls_span){bytes + start, ends[i] - start};
    }
    out->txs = txs;
    out->is_hydrated = true;
out:
    ls_buf_fini(&scratch);
    return e;
}

static enum ls_err check_tx_hashes(const struct cJSON *list, struct ls_diag *d)
{
    size_t i = 0;

    for (const struct cJSON *v = ls_json_first(list); v != NULL; v = ls_json_next(v), i++) {
        struct ls_hash hash;
        enum ls_err e = ls_json_fixed(v, hash.b, 32);

        if (e != LS_OK) {
            return ls_fail(d, e, "transaction %zu: %s", i, ls_err_text(e));
        }
    }
    return LS_OK;
}

/* A list without transactions counts as hydrated: nothing is missing. */
static enum ls_err decode_txs(const struct cJSON *block, struct ls_arena *a, struct ls_block *out,
                              struct ls_diag *d)
{
    const struct cJSON *list = ls_json_get(block, "transactions");

    if (!ls_json_is_array(list)) {
        return ls_fail(d, list == NULL ? LS_ERR_MISSING : LS_ERR_TYPE,
                       "no list of transactions: \"transactions\"");
    }
    out->tx_count = ls_json_count(list);
    if (out->tx_count > LS_BLOCK_TX_MAX) {
        return ls_fail(d, LS_ERR_LIMIT, "%zu transactions, more than %u", out->tx_count,
                       LS_BLOCK_TX_MAX);
    }
    if (ls_json_is_string(ls_json_first(list))) {
        return check_tx_hashes(list, d);
    }
    return decode_hydrated(list, a, out, d);
}

static enum ls_err decode_withdrawals(const struct cJSON *block, struct ls_block *out,
                                      struct ls_diag *d)
{
    const struct cJSON *list = ls_json_get(block, "withdrawals");

    if (list == NULL || ls_json_is_null(list)) {
        return LS_OK;
    }
    if (!ls_json_is_array(list)) {
        return ls_fail(d, LS_ERR_TYPE, "not a list: \"withdrawals\"");
    }
    out->has_withdrawals = true;
    out->withdrawal_count = ls_json_count(list);
    return LS_OK;
}

enum ls_err ls_block_from_json(const struct cJSON *block, struct ls_arena *a, struct ls_block *out,
                               struct ls_diag *d)
{
    struct ls_block b = {.is_hydrated = false};
    enum ls_err e = ls_header_from_json(block, &b.header, &b.hash, d);

    if (e == LS_OK) {
        e = decode_txs(block, a, &b, d);
    }
    if (e == LS_OK) {
        e = decode_withdrawals(block, &b, d);
    }
    if (e != LS_OK) {
        return e;
    }
    if (ls_hash_is_zero(&b.hash)) {
        b.hash = ls_header_hash(&b.header);
    }
    *out = b;
    return LS_OK;
}

/* --- checks --- */

static enum ls_err fail_hash(struct ls_diag *d, const char *field, const struct ls_hash *stated,
                             const struct ls_hash *actual)
{
    char s[65] = {0};
    char c[65] = {0};

    ls_hex_encode(stated->b, 32, s);
    ls_hex_encode(actual->b, 32, c);
    return ls_fail(d, LS_ERR_HASH, "\"%s\" does not match the content: stated 0x%s, computed 0x%s",
                   field, s, c);
}

enum ls_err ls_block_verify(const struct ls_block *b, struct ls_diag *d)
{
    struct ls_hash actual = ls_header_hash(&b->header);
    enum ls_err e;

    if (!ls_hash_eq(&actual, &b->hash)) {
        return fail_hash(d, "hash", &b->hash, &actual);
    }
    if (!b->is_hydrated) {
        return LS_OK;
    }
    e = ls_trie_ordered_root(b->txs, b->tx_count, &actual);
    if (e != LS_OK) {
        return ls_fail(d, e, "transactionsRoot cannot be computed: %s", ls_err_text(e));
    }
    if (!ls_hash_eq(&actual, &b->header.tx_root)) {
        return fail_hash(d, "transactionsRoot", &b->header.tx_root, &actual);
    }
    return LS_OK;
}

static bool is_genesis(const struct ls_block *b, const struct ls_rollup *r)
{
    return b->header.number == 0 || (r != NULL && b->header.number == r->genesis_l2.number);
}

/* The last tail field a block of this fork has. */
static enum ls_header_tail tail_at(const struct ls_rollup *r, uint64_t timestamp_s)
{
    if (ls_rollup_is_active(r, LS_FORK_ISTHMUS, timestamp_s)) {
        return LS_TAIL_REQUESTS_HASH;
    }
    if (ls_rollup_is_active(r, LS_FORK_ECOTONE, timestamp_s)) {
        return LS_TAIL_BEACON_ROOT;
    }
    if (ls_rollup_is_active(r, LS_FORK_CANYON, timestamp_s)) {
        return LS_TAIL_WITHDRAWALS_ROOT;
    }
    return LS_TAIL_BASE_FEE;
}

static enum ls_err check_constants(const struct ls_block *b, bool genesis, struct ls_diag *d)
{
    static const uint8_t no_nonce[8];
    static const struct ls_u256 no_difficulty;
    const struct ls_header *h = &b->header;

    if (!ls_hash_eq(&h->uncles_hash, &LS_EMPTY_UNCLES)) {
        return ls_fail(d, LS_ERR_PARSE, "\"sha3Uncles\" is not that of an empty list");
    }
    if (!genesis && ls_u256_cmp(&h->difficulty, &no_difficulty) != 0) {
        return ls_fail(d, LS_ERR_PARSE, "\"difficulty\" is not zero");
    }
    if (!genesis && memcmp(h->nonce, no_nonce, sizeof no_nonce) != 0) {
        return ls_fail(d, LS_ERR_PARSE, "\"nonce\" is not zero");
    }
    return LS_OK;
}

static enum ls_err check_tail(const struct ls_block *b, const struct ls_rollup *r,
                              struct ls_diag *d)
{
    const struct ls_header *h = &b->header;
    enum ls_header_tail tail = tail_at(r, h->timestamp);
    const char *fork = ls_fork_name(ls_rollup_fork_at(r, h->timestamp));

    if (h->tail != tail) {
        return ls_fail(d, LS_ERR_PARSE, "header has %s fields than a block of \"%s\" has",
                       h->tail < tail ? "fewer" : "more", fork);
    }
    if (b->has_withdrawals != (tail >= LS_TAIL_WITHDRAWALS_ROOT) || b->withdrawal_count != 0) {
        return ls_fail(d, LS_ERR_PARSE, "\"withdrawals\" is not %s, as \"%s\" demands",
                       tail >= LS_TAIL_WITHDRAWALS_ROOT ? "an empty list" : "absent", fork);
    }
    if ((tail == LS_TAIL_WITHDRAWALS_ROOT || tail == LS_TAIL_BEACON_ROOT) &&
        !ls_hash_eq(&h->withdrawals_root, &LS_EMPTY_TRIE)) {
        return ls_fail(d, LS_ERR_PARSE, "\"withdrawalsRoot\" is not that of an empty list");
    }
    if (tail == LS_TAIL_REQUESTS_HASH && !ls_hash_eq(&h->requests_hash, &LS_EMPTY_REQUESTS)) {
        return ls_fail(d, LS_ERR_PARSE, "\"requestsHash\" is not that of an empty list");
    }
    if (tail >= LS_TAIL_BLOB_GAS_USED && h->excess_blob_gas != 0) {
        return ls_fail(d, LS_ERR_PARSE, "\"excessBlobGas\" is not zero");
    }
    if (tail >= LS_TAIL_BLOB_GAS_USED && h->blob_gas_used != 0 &&
        !ls_rollup_is_active(r, LS_FORK_JOVIAN, h->timestamp)) {
        return ls_fail(d, LS_ERR_PARSE, "\"blobGasUsed\" is not zero before jovian");
    }
    return LS_OK;
}

/* Holocene: version 0, denominator, elasticity; Jovian: version 1, the same and the minimum base
 * fee; empty before. */
static enum ls_err check_extra(const struct ls_header *h, const struct ls_rollup *r,
                               struct ls_diag *d)
{
    bool is_jovian = ls_rollup_is_active(r, LS_FORK_JOVIAN, h->timestamp);
    bool is_holocene = ls_rollup_is_active(r, LS_FORK_HOLOCENE, h->timestamp);
    unsigned bytes = is_jovian ? 17 : is_holocene ? 9 : 0;

    if (h->extra_bytes != bytes) {
        return ls_fail(d, LS_ERR_PARSE, "\"extraData\" has %u bytes instead of %u",
                       (unsigned)h->extra_bytes, bytes);
    }
    if (bytes == 0) {
        return LS_OK;
    }
    if (h->extra[0] != (is_jovian ? 1 : 0)) {
        return ls_fail(d, LS_ERR_PARSE, "\"extraData\" has version %u", (unsigned)h->extra[0]);
    }
    if (ls_be32(h->extra + 1) == 0) {
        return ls_fail(d, LS_ERR_PARSE, "\"extraData\" has a zero denominator");
    }
    return LS_OK;
}

static enum ls_err check_l1info(const struct ls_block *b, const struct ls_rollup *r,
                                struct ls_diag *d)
{
    enum ls_l1info_format expected = ls_l1info_expected(r, b->header.timestamp);
    struct ls_l1info info;
    enum ls_err e = ls_ref_l1info(b->txs, b->tx_count, &info, d);

    if (e != LS_OK) {
        return e;
    }
    if (info.format != expected) {
        return ls_fail(d, LS_ERR_PARSE, "L1 info is \"%s\" where the fork schedule demands \"%s\"",
                       ls_l1info_format_name(info.format), ls_l1info_format_name(expected));
    }
    return LS_OK;
}

enum ls_err ls_block_check_fork(const struct ls_block *b, const struct ls_rollup *r,
                                struct ls_diag *d)
{
    bool genesis = is_genesis(b, r);
    enum ls_err e = check_constants(b, genesis, d);

    if (e == LS_OK) {
        e = check_tail(b, r, d);
    }
    if (e == LS_OK && !genesis) {
        e = check_extra(&b->header, r, d);
    }
    if (e == LS_OK && !genesis && b->is_hydrated) {
        e = check_l1info(b, r, d);
    }
    return e;
}

/* --- references --- */

enum ls_err ls_block_l2_ref(const struct ls_block *b, const struct ls_rollup *r,
                            struct ls_l2_ref *out, struct ls_diag *d)
{
    struct ls_l2_ref ref = {.hash = b->hash,
                            .number = b->header.number,
                            .parent = b->header.parent,
                            .timestamp = b->header.timestamp};

    return ls_ref_complete(&ref, b->txs, b->tx_count, r, out, d);
}

struct ls_l1_ref ls_block_l1_ref(const struct ls_block *b)
{
    return (struct ls_l1_ref){.hash = b->hash,
                              .number = b->header.number,
                              .parent = b->header.parent,
                              .timestamp = b->header.timestamp};
}
