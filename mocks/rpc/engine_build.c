/*
 * Building: forkchoiceUpdated with attributes makes a block on the head, getPayload hands it out
 * (mock-engine 2.5, 2.6). The header follows from parent and attributes; what execution adds comes
 * from engine_exec.c, so attributes of a recorded block give that very block.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/tx.h"
#include "mocks/rpc/basefee.h"
#include "mocks/rpc/engine_parts.h"
#include "mocks/rpc/gotx.h"
#include "mocks/rpc/reth_rpc.h"

#define ENVELOPE_BYTES_MAX ((size_t)1 << 28)
#define EIP1559_BYTES 8u
#define RETH_BUILD_NS UINT64_C(12000000000) /* op-reth's builder gives a build up after that */
#define RETH_ID 4u /* first byte of op-reth's payload ids, whatever the version */
/* Parameters of OP chains since Canyon, for attributes that say 0 and 0. */
#define DEFAULT_DENOMINATOR 250u
#define DEFAULT_ELASTICITY 6u

/* --- the header --- */

static void put_be32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

/* Version byte, denominator, elasticity, and from Jovian the least base fee (mock-engine 2.13). */
static void set_extra(const struct ls_engine_port *e, const struct ls_attributes *at,
                      struct ls_header *h)
{
    if (!ls_rollup_is_active(&e->rollup, LS_FORK_HOLOCENE, at->timestamp)) {
        return;
    }
    if (ls_be32(at->eip1559.p) == 0) {
        put_be32(h->extra + 1, DEFAULT_DENOMINATOR);
        put_be32(h->extra + 5, DEFAULT_ELASTICITY);
    } else {
        memcpy(h->extra + 1, at->eip1559.p, EIP1559_BYTES);
    }
    h->extra_bytes = 1 + EIP1559_BYTES;
    if (ls_rollup_is_active(&e->rollup, LS_FORK_JOVIAN, at->timestamp)) {
        h->extra[0] = 1;
        ls_put_be64(h->extra + h->extra_bytes, at->min_base_fee);
        h->extra_bytes += 8;
    }
}

static enum ls_header_tail tail_at(const struct ls_engine_port *e, uint64_t timestamp)
{
    if (ls_rollup_is_active(&e->rollup, LS_FORK_ISTHMUS, timestamp)) {
        return LS_TAIL_REQUESTS_HASH;
    }
    if (ls_rollup_is_active(&e->rollup, LS_FORK_ECOTONE, timestamp)) {
        return LS_TAIL_BEACON_ROOT;
    }
    return ls_rollup_is_active(&e->rollup, LS_FORK_CANYON, timestamp) ? LS_TAIL_WITHDRAWALS_ROOT
                                                                      : LS_TAIL_BASE_FEE;
}

/* Everything but the results of execution. */
static enum ls_err make_header(const struct ls_engine_port *e, const struct ls_hash *head,
                               const struct ls_header *parent, const struct ls_attributes *at,
                               struct ls_header *h)
{
    uint64_t parent_fee = 0;
    (void)ls_u256_to_u64(&parent->base_fee, &parent_fee);
    *h = (struct ls_header){.parent = *head,
                            .uncles_hash = LS_EMPTY_UNCLES,
                            .miner = at->fee_recipient,
                            .number = parent->number + 1,
                            .gas_limit = at->gas_limit,
                            .timestamp = at->timestamp,
                            .mix_hash = at->random,
                            .tail = tail_at(e, at->timestamp),
                            .base_fee = ls_u256_from_u64(
                                ls_base_fee_next(&e->rollup, parent, parent_fee, at->timestamp)),
                            .withdrawals_root = LS_EMPTY_TRIE,
                            .beacon_root = at->beacon_root,
                            .requests_hash = LS_EMPTY_REQUESTS};
    set_extra(e, at, h);
    return ls_trie_ordered_root(at->txs, at->tx_count, &h->tx_root);
}

static void set_results(struct ls_header *h, const struct ls_exec_results *r)
{
    h->gas_used = r->gas_used;
    h->blob_gas_used = r->blob_gas_used;
    memcpy(h->bloom, r->bloom, sizeof h->bloom);
    h->receipts_root = r->receipts_root;
    h->state_root = r->state_root;
    if (h->tail >= LS_TAIL_REQUESTS_HASH) {
        h->withdrawals_root = r->withdrawals_root;
    }
}

/* --- its JSON --- */

static bool is_geth(const struct ls_engine_port *e)
{
    return ls_engine_knobs(e->engine)->builds == LS_EL_BUILDS_GETH;
}

static void put_blob_gas(const struct ls_engine_port *e, const struct ls_header *h, struct ls_jw *w)
{
    if (h->tail >= LS_TAIL_BEACON_ROOT) {
        ls_jw_quantity(w, "blobGasUsed", h->blob_gas_used);
        ls_jw_quantity(w, "excessBlobGas", h->excess_blob_gas);
    } else if (is_geth(e)) {
        ls_jw_null(w, "blobGasUsed");
        ls_jw_null(w, "excessBlobGas");
    }
}

/* op-geth writes null for absent fields of a fork, and leaves a withdrawals root out that is the
 * empty trie's (mock-engine 2.6). Returns how much of it is the payload V3, without its end. */
static size_t put_payload(const struct ls_engine_port *e, const struct ls_header *h,
                          const struct ls_attributes *at, struct ls_buf *out)
{
    struct ls_hash hash = ls_header_hash(h);
    struct ls_jw w;
    ls_jw_init(&w, out);
    ls_jw_object(&w, NULL);
    ls_jw_hex(&w, "parentHash", h->parent.b, 32);
    ls_jw_hex(&w, "feeRecipient", h->miner.b, 20);
    ls_jw_hex(&w, "stateRoot", h->state_root.b, 32);
    ls_jw_hex(&w, "receiptsRoot", h->receipts_root.b, 32);
    ls_jw_hex(&w, "logsBloom", h->bloom, sizeof h->bloom);
    ls_jw_hex(&w, "prevRandao", h->mix_hash.b, 32);
    ls_jw_quantity(&w, "blockNumber", h->number);
    ls_jw_quantity(&w, "gasLimit", h->gas_limit);
    ls_jw_quantity(&w, "gasUsed", h->gas_used);
    ls_jw_quantity(&w, "timestamp", h->timestamp);
    ls_jw_hex(&w, "extraData", h->extra, h->extra_bytes);
    ls_jw_u256(&w, "baseFeePerGas", &h->base_fee);
    ls_jw_hex(&w, "blockHash", hash.b, 32);
    ls_jw_array(&w, "transactions");
    for (size_t i = 0; i < at->tx_count; i++) {
        ls_jw_hex(&w, NULL, at->txs[i].p, at->txs[i].n);
    }
    ls_jw_array_end(&w);
    if (h->tail >= LS_TAIL_WITHDRAWALS_ROOT) {
        ls_jw_array(&w, "withdrawals");
        ls_jw_array_end(&w);
    } else {
        ls_jw_null(&w, "withdrawals");
    }
    put_blob_gas(e, h, &w);
    size_t v3_bytes = out->n;
    if (h->tail >= LS_TAIL_REQUESTS_HASH &&
        !(is_geth(e) && ls_hash_eq(&h->withdrawals_root, &LS_EMPTY_TRIE))) {
        ls_jw_hex(&w, "withdrawalsRoot", h->withdrawals_root.b, 32);
    }
    ls_jw_object_end(&w);
    return v3_bytes;
}

/* The envelope after its first member: op-geth's is one for all versions. */
static void put_rest(const struct ls_engine_port *e, const struct ls_engine_job *job,
                     unsigned version, struct ls_buf *out)
{
    bool is_one = is_geth(e);
    bool is_isthmus = job->tail >= LS_TAIL_REQUESTS_HASH;
    (void)ls_buf_puts(out, ",\"blockValue\":\"0x0\"");
    if (is_one || version >= 3) {
        (void)ls_buf_puts(out, ",\"blobsBundle\":{\"commitments\":[],\"proofs\":[],\"blobs\":[]},"
                               "\"shouldOverrideBuilder\":false");
    }
    if (is_one || version >= 4) {
        (void)ls_buf_printf(out, ",\"executionRequests\":%s", is_isthmus ? "[]" : "null");
    }
    if (job->tail >= LS_TAIL_BEACON_ROOT) {
        char digits[65] = {0};
        ls_hex_encode(job->beacon_root.b, 32, digits);
        (void)ls_buf_printf(out, ",\"parentBeaconBlockRoot\":\"0x%s\"", digits);
    }
}

/* --- jobs --- */

static struct ls_engine_job *find_job(struct ls_engine_port *e, const uint8_t id[8])
{
    for (size_t i = 0; i < e->job_count; i++) {
        if (memcmp(e->jobs[i].id, id, 8) == 0) {
            return &e->jobs[i];
        }
    }
    return NULL;
}

static void drop(struct ls_engine_job *job)
{
    free(job->payload);
    *job = (struct ls_engine_job){0};
}

/* At the front; the oldest goes when there is no more room. */
static struct ls_engine_job *new_job(struct ls_engine_port *e, const uint8_t id[8])
{
    size_t max = ls_engine_knobs(e->engine)->builds_max;
    while (e->job_count > 0 && e->job_count >= max) {
        drop(&e->jobs[--e->job_count]);
    }
    memmove(&e->jobs[1], &e->jobs[0], e->job_count * sizeof e->jobs[0]);
    e->job_count++;
    e->jobs[0] = (struct ls_engine_job){0};
    memcpy(e->jobs[0].id, id, 8);
    return &e->jobs[0];
}

void ls_engine_drop_builds(struct ls_engine_port *e)
{
    while (e->job_count > 0) {
        drop(&e->jobs[--e->job_count]);
    }
}

static bool keep_block(struct ls_engine_port *e, const uint8_t id[8], const struct ls_header *h,
                       const struct ls_attributes *at)
{
    struct ls_buf payload;
    ls_buf_init(&payload, ENVELOPE_BYTES_MAX);
    size_t v3_bytes = put_payload(e, h, at, &payload);
    if (payload.err != LS_OK) {
        ls_buf_fini(&payload);
        return false;
    }
    struct ls_engine_job *job = new_job(e, id);
    job->payload = (char *)payload.p;
    job->v3_bytes = v3_bytes;
    job->tail = h->tail;
    job->beacon_root = h->beacon_root;
    return true;
}

/* --- building --- */

/* The first transaction that cannot be read, and why; tx_count: all can. */
static size_t unreadable_tx(const struct ls_attributes *at, char why[LS_GORLP_TEXT_MAX])
{
    size_t i = 0;
    while (i < at->tx_count && ls_gotx_check(at->txs[i], why)) {
        i++;
    }
    return i;
}

static bool check_time(struct ls_engine_port *e, struct ls_rpc_call *call, uint64_t parent_time,
                       uint64_t time)
{
    char text[96];
    if (time > parent_time) {
        return true;
    }
    if (!is_geth(e)) {
        ls_rpc_error(call, LS_RPC_INVALID_ATTRIBUTES, "Invalid payload attributes");
        return false;
    }
    (void)snprintf(text, sizeof text, "invalid timestamp, parent %" PRIu64 " given %" PRIu64,
                   parent_time, time);
    return ls_engine_bad_attributes(call, text);
}

/* A forced transaction does not apply. With the pool allowed the call succeeds all the same, and
 * nothing ever comes of the build, or it takes the process along. */
static bool refuse_tx(struct ls_engine_port *e, struct ls_rpc_call *call,
                      const struct ls_attributes *at, const struct ls_tx_fault *f,
                      const uint8_t id[8])
{
    char text[512];
    char hash[65] = {0};
    char sender[43];
    if (!at->no_tx_pool) {
        (void)new_job(e, id);
        if (f->breaks_builder) {
            ls_engine_die_of_builder(e);
        }
        return true;
    }
    if (f->breaks_builder) {
        ls_rpc_error(call, LS_RPC_INTERNAL, "method handler crashed");
        return false;
    }
    ls_hex_encode(f->tx.hash.b, sizeof f->tx.hash.b, hash);
    ls_engine_checksum(&f->sender, sender);
    (void)snprintf(text, sizeof text,
                   "failed to force-include tx: 0x%s type: %u sender: %s nonce: %" PRIu64
                   ", err: %s",
                   hash, f->tx.type, sender, f->tx.nonce, f->why);
    return ls_engine_bad_attributes(call, text);
}

/* op-reth leaves the forced transactions out of the block that do not apply. false: no memory. */
static bool leave_failing_out(struct ls_engine_port *e, uint32_t parent_id, struct ls_header *h,
                              struct ls_attributes *at)
{
    struct ls_tx_fault tx;
    struct ls_span *txs = ls_arena_dup(&e->arena, at->txs, at->tx_count * sizeof *txs);
    if (txs == NULL) {
        return at->tx_count == 0;
    }
    at->txs = txs;
    while (ls_engine_txs_fault(e, parent_id, h, txs, at->tx_count, &tx)) {
        memmove(&txs[tx.index], &txs[tx.index + 1], (at->tx_count - tx.index - 1) * sizeof *txs);
        at->tx_count--;
    }
    return ls_trie_ordered_root(txs, at->tx_count, &h->tx_root) == LS_OK;
}

/* The block, from attributes that are fine so far. */
static bool build_block(struct ls_engine_port *e, struct ls_rpc_call *call,
                        const struct ls_hash *head, uint32_t parent_id,
                        const struct ls_attributes *given, const uint8_t id[8])
{
    struct ls_attributes at = *given;
    struct ls_header parent;
    struct ls_header h;
    struct ls_exec_results results;
    struct ls_tx_fault tx;
    if (ls_engine_header_of(e, parent_id, &parent) != LS_OK ||
        make_header(e, head, &parent, &at, &h) != LS_OK ||
        (!is_geth(e) && !leave_failing_out(e, parent_id, &h, &at))) {
        ls_rpc_error(call, LS_RPC_INTERNAL, "no block can be built on this head");
        return false;
    }
    if (is_geth(e) && ls_engine_txs_fault(e, parent_id, &h, at.txs, at.tx_count, &tx)) {
        return refuse_tx(e, call, &at, &tx, id);
    }
    ls_engine_execute(e, parent_id, &parent, &h, at.txs, at.tx_count, &results);
    set_results(&h, &results);
    if (!keep_block(e, id, &h, &at)) {
        ls_rpc_error(call, LS_RPC_INTERNAL, "out of memory");
        return false;
    }
    e->jobs[0].born_ns = call->req->now_ns;
    return true;
}

bool ls_engine_build(struct ls_engine_port *e, struct ls_rpc_call *call, const struct ls_hash *head,
                     const struct ls_attributes *at, unsigned version, uint8_t id[8])
{
    char why[LS_GORLP_TEXT_MAX];
    uint32_t parent_id = ls_universe_find(e->universe, head);
    ls_engine_payload_id(head, at, is_geth(e) ? version : RETH_ID, id);
    size_t unreadable = unreadable_tx(at, why);
    if (unreadable < at->tx_count && !is_geth(e)) {
        return true; /* op-reth gives the id, and nothing ever comes of the build */
    }
    if (unreadable < at->tx_count) {
        ls_rpc_error(call, LS_RPC_SERVER, "transaction %zu is not valid: %s", unreadable, why);
        return false;
    }
    if (find_job(e, id) != NULL) {
        return true;
    }
    if (!check_time(e, call, ls_universe_get(e->universe, parent_id)->ref.timestamp,
                    at->timestamp)) {
        return false;
    }
    ls_engine_cache_header(e->engine, parent_id);
    if (at->no_tx_pool && !at->has_min_base_fee &&
        ls_rollup_is_active(&e->rollup, LS_FORK_JOVIAN, at->timestamp)) {
        ls_rpc_error(call, LS_RPC_INTERNAL, "method handler crashed"); /* op-geth's nil pointer */
        return false;
    }
    return build_block(e, call, head, parent_id, at, id);
}

/* --- getPayload --- */

static bool take_payload_id(struct ls_go_args *a, uint8_t id[8])
{
    const struct cJSON *v = ls_go_args_take(a, true);
    const char *s = ls_json_str(v);
    if (ls_json_is_null(v)) {
        return true; /* the zero id */
    }
    if (v == NULL || !ls_go_kind(a, v, LS_GO_ARGUMENT, "string", "*engine.PayloadID") ||
        s == NULL) {
        return false;
    }
    /* Its UnmarshalText wraps what hexutil.UnmarshalFixedText says: prefix, evenness, length,
     * digits. */
    const char *digits = s;
    const char *fault = NULL;
    if (s[0] != '\0' && (s[0] != '0' || (s[1] != 'x' && s[1] != 'X'))) {
        fault = "hex string without 0x prefix";
    } else if (strlen(s) % 2 != 0) {
        fault = "hex string of odd length";
    } else {
        digits = s[0] == '\0' ? s : s + 2;
    }
    if (fault == NULL && strlen(digits) != 16) {
        ls_go_args_fail(
            a, "invalid payload id \"%s\": hex string has length %zu, want 16 for PayloadID", s,
            strlen(digits));
        return false;
    }
    if (fault == NULL && !ls_hex_digits(digits, id, 8)) {
        fault = "invalid hex string";
    }
    if (fault != NULL) {
        ls_go_args_fail(a, "invalid payload id \"%s\": %s", s, fault);
    }
    return fault == NULL;
}

/* op-reth: a build that nobody fetched in time is gone. */
static void drop_late(struct ls_engine_port *e, uint64_t now_ns)
{
    for (size_t k = 0; !is_geth(e) && k < e->job_count; k++) {
        struct ls_engine_job *job = &e->jobs[k];
        if (!job->is_fetched && now_ns > job->born_ns && now_ns - job->born_ns > RETH_BUILD_NS) {
            drop(job);
        }
    }
}

/* op-reth: a job ends when it is fetched; only the last one fetched can be asked for again. */
static void end_job(struct ls_engine_port *e, struct ls_engine_job *job)
{
    for (size_t k = 0; k < e->job_count; k++) {
        if (&e->jobs[k] != job && e->jobs[k].is_fetched) {
            drop(&e->jobs[k]); /* leaves a hole with the zero id, which no build has */
        }
    }
    job->is_fetched = true;
}

/* op-reth's engine takes what its builder hands out for executed: a forkchoice may name the block
 * before any newPayload has brought it. */
static void enter_built(struct ls_engine_port *e, const struct ls_engine_job *job)
{
    struct cJSON *root = NULL;
    struct ls_payload p;
    struct ls_header h;
    if (ls_json_parse(job->payload, strlen(job->payload), 0, &root, NULL) == LS_OK &&
        ls_payload_from_json(root, &e->arena, &p, NULL) == LS_OK) {
        p.has_beacon_root = job->tail >= LS_TAIL_BEACON_ROOT;
        p.beacon_root = job->beacon_root;
        uint32_t id = ls_universe_find(e->universe, &p.block_hash);
        if (id == LS_NO_BLOCK && ls_payload_header(&p, &h) == LS_OK) {
            id = ls_engine_add_block(e, &p, &h, ls_universe_find(e->universe, &p.parent_hash));
        }
        ls_engine_take_built(e->engine, id);
    }
    ls_json_free(root);
}

/* The version of the method fits the id, and for op-reth the fork of the block. */
static bool fits_version(const struct ls_engine_port *e, const uint8_t id[8],
                         const struct ls_engine_job *job, unsigned version)
{
    unsigned low = version <= 2 ? 1 : 3;
    unsigned high = version <= 2 ? version : 3;
    if (is_geth(e)) {
        return id[0] >= low && id[0] <= high;
    }
    if (job == NULL) {
        return true;
    }
    return version <= 2   ? job->tail < LS_TAIL_BEACON_ROOT
           : version == 3 ? job->tail >= LS_TAIL_BEACON_ROOT
                          : job->tail >= LS_TAIL_REQUESTS_HASH;
}

static void put_answer(struct ls_engine_port *e, struct ls_rpc_call *call,
                       const struct ls_engine_job *job, unsigned version)
{
    struct ls_jw w;
    ls_rpc_result(call, &w);
    if (version == 1) {
        (void)ls_buf_puts(call->out, job->payload);
        return;
    }
    (void)ls_buf_puts(call->out, "{\"executionPayload\":");
    if (version == 3 && !is_geth(e)) { /* its type has no withdrawalsRoot, whatever the fork */
        (void)ls_buf_put(call->out, job->payload, job->v3_bytes);
        (void)ls_buf_putc(call->out, '}');
    } else {
        (void)ls_buf_puts(call->out, job->payload);
    }
    put_rest(e, job, version, call->out);
    (void)ls_buf_putc(call->out, '}');
}

void ls_engine_get_payload(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version)
{
    struct ls_go_args a;
    uint8_t id[8] = {0};
    if (ls_engine_knobs(e->engine)->words == LS_EL_WORDS_RETH) {
        if (!ls_reth_take_payload_id(e, call, id)) {
            return;
        }
    } else {
        ls_go_args_begin(&a, call);
        if (!take_payload_id(&a, id) || !ls_go_args_end(&a)) {
            return;
        }
    }
    if (ls_engine_builder_hangs(e, false)) {
        return;
    }
    drop_late(e, call->req->now_ns);
    struct ls_engine_job *job = find_job(e, id);
    if (!fits_version(e, id, job, version)) {
        ls_rpc_error(call, LS_RPC_UNSUPPORTED_FORK, "Unsupported fork");
    } else if (job == NULL) {
        ls_rpc_error(call, LS_RPC_UNKNOWN_PAYLOAD, "Unknown payload");
    } else if (job->payload == NULL) {
        ls_rpc_error(call, LS_RPC_TIMED_OUT, "request timed out");
        ls_engine_await_build(e);
    } else {
        put_answer(e, call, job, version);
        if (!is_geth(e)) {
            enter_built(e, job);
            end_job(e, job);
        }
    }
}
