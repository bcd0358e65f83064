/* Blocks of the node behind the sync tester: fetched, read as ethclient reads them, kept decoded.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "mocks/rpc/blockjson.h"
#include "mocks/rpc/synctester_parts.h"

struct kept {
    struct ls_block block;
    struct ls_arena arena;
};

struct ls_st_blocks {
    const struct ls_universe *u;
    uint64_t bytes_max;
    uint64_t bytes;
    struct kept **kept; /* by block id; NULL = not decoded */
};

struct ls_st_blocks *ls_st_blocks_new(const struct ls_universe *u, uint64_t bytes_max)
{
    struct ls_st_blocks *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return NULL;
    }
    b->u = u;
    b->bytes_max = bytes_max;
    b->kept = calloc((size_t)ls_universe_capacity(u) + 1, sizeof(struct kept *));
    if (b->kept == NULL) {
        free(b);
        return NULL;
    }
    return b;
}

static void forget_all(struct ls_st_blocks *b)
{
    for (uint32_t i = 0; i < ls_universe_capacity(b->u); i++) {
        if (b->kept[i] != NULL) {
            ls_arena_fini(&b->kept[i]->arena);
            free(b->kept[i]);
            b->kept[i] = NULL;
        }
    }
    b->bytes = 0;
}

void ls_st_blocks_free(struct ls_st_blocks *b)
{
    if (b != NULL) {
        forget_all(b);
        free(b->kept);
        free(b);
    }
}

/* --- printing --- */

void ls_st_print_hash(const struct ls_hash *h, char out[67])
{
    out[0] = '0';
    out[1] = 'x';
    ls_hex_encode(h->b, sizeof h->b, out + 2);
    out[66] = '\0';
}

void ls_st_print_address(const struct ls_addr *a, char out[43])
{
    uint8_t digest[32];
    out[0] = '0';
    out[1] = 'x';
    ls_hex_encode(a->b, sizeof a->b, out + 2);
    out[42] = '\0';
    ls_keccak256(out + 2, 40, digest);
    for (size_t i = 0; i < 40; i++) {
        unsigned nibble = i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 15u;
        if (nibble >= 8) {
            out[2 + i] = (char)toupper((unsigned char)out[2 + i]);
        }
    }
}

void ls_st_print_number(uint64_t n, char out[40])
{
    static const char *const labels[] = {"pending", "latest", "finalized", "safe", "earliest"};
    uint64_t below = UINT64_MAX - n; /* 0 is -1 */
    if (n <= INT64_MAX) {
        (void)snprintf(out, 40, "0x%" PRIx64, n);
    } else if (below < sizeof labels / sizeof labels[0]) {
        (void)snprintf(out, 40, "%s", labels[below]);
    } else {
        (void)snprintf(out, 40, "<invalid -%" PRIu64 ">", below + 1);
    }
}

/* --- decoding --- */

/* Decodes a recorded block for keeps; NULL when memory is out or the text is no block. */
static struct kept *decode(const struct ls_ublock *b)
{
    struct cJSON *root = NULL;
    struct kept *k = calloc(1, sizeof *k);
    if (k == NULL) {
        return NULL;
    }
    ls_arena_init(&k->arena, LS_ST_ARENA_MAX);
    if (ls_blockjson_tree(b, &root) != LS_OK ||
        ls_block_from_json(root, &k->arena, &k->block, NULL) != LS_OK || !k->block.is_hydrated) {
        ls_arena_fini(&k->arena);
        free(k);
        k = NULL;
    }
    ls_json_free(root);
    return k;
}

static const struct ls_block *keep(struct ls_st_blocks *b, uint32_t id)
{
    if (b->kept[id] == NULL) {
        struct kept *k = decode(ls_universe_get(b->u, id));
        if (k == NULL) {
            return NULL;
        }
        if (b->bytes + k->arena.bytes_used + sizeof *k > b->bytes_max) {
            forget_all(b);
        }
        b->bytes += k->arena.bytes_used + sizeof *k;
        b->kept[id] = k;
    }
    return &b->kept[id]->block;
}

/* What geth's header misses in v, as its decoder says it; NULL: nothing. */
static const char *missing_field(struct ls_st_call *c, const struct cJSON *v)
{
    static const char *const required[] = {
        "parentHash", "sha3Uncles", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom",
        "difficulty", "number",     "gasLimit",  "gasUsed",          "timestamp",    "extraData"};
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
        const struct cJSON *member = ls_json_get(v, required[i]);
        if (member == NULL || ls_json_is_null(member)) {
            return ls_st_text(c, "missing required field '%s' for Header", required[i]);
        }
    }
    return NULL;
}

/* ethclient's quick look at whether body and header agree. */
static const char *body_fault(const struct cJSON *v, const struct ls_block *b)
{
    bool has_uncles = ls_json_count(ls_json_get(v, "uncles")) > 0;
    bool may_have_uncles = !ls_hash_eq(&b->header.uncles_hash, &LS_EMPTY_UNCLES);
    bool may_have_txs = !ls_hash_eq(&b->header.tx_root, &LS_EMPTY_TRIE);
    if (has_uncles && !may_have_uncles) {
        return "server returned non-empty uncle list but block header indicates no uncles";
    }
    if (!has_uncles && may_have_uncles) {
        return "server returned empty uncle list but block header indicates uncles";
    }
    if (b->tx_count > 0 && !may_have_txs) {
        return "server returned non-empty transaction list but block header indicates no "
               "transactions";
    }
    if (b->tx_count == 0 && may_have_txs) {
        return "server returned empty transaction list but block header indicates transactions";
    }
    return NULL;
}

/* Reads a block that came as a tree. */
static const char *read_tree(struct ls_st_call *c, const struct cJSON *v, struct ls_block *block)
{
    struct ls_diag d = {""};
    if (!ls_json_is_object(v)) {
        return ls_st_text(c, "json: cannot unmarshal %s into Go value of type types.Header",
                          ls_go_kind_name(v));
    }
    const char *fault = missing_field(c, v);
    if (fault != NULL) {
        return fault;
    }
    if (ls_block_from_json(v, &c->port->arena, block, &d) != LS_OK) {
        return ls_st_text(c, "%s", d.text);
    }
    return body_fault(v, block);
}

static enum ls_st_fetch read_text(struct ls_st_call *c, struct ls_span text,
                                  struct ls_st_block *out, const char **why)
{
    struct cJSON *root = NULL;
    struct ls_block *block = ls_arena_alloc(&c->port->arena, sizeof *block);
    if (block == NULL || ls_json_parse((const char *)text.p, text.n, 0, &root, NULL) != LS_OK) {
        *why = "invalid character looking for beginning of value";
        return LS_ST_BROKEN;
    }
    if (ls_json_is_null(root)) {
        *why = "not found";
        ls_json_free(root);
        return LS_ST_NO_SUCH;
    }
    *why = read_tree(c, root, block);
    ls_json_free(root);
    if (*why != NULL) {
        return LS_ST_BROKEN;
    }
    *out = (struct ls_st_block){block, ls_header_hash(&block->header), LS_NO_BLOCK};
    return LS_ST_GOT;
}

/* An answer that is no result: why. */
static bool is_result(const struct ls_upstream_answer *a, const char **why)
{
    *why = a->message;
    return a->kind == LS_UPSTREAM_RESULT;
}

bool ls_st_recorded_block(struct ls_st_call *c, uint32_t id, struct ls_st_block *out)
{
    const struct ls_block *block = keep(c->chain->decoded, id);
    if (block == NULL) {
        return false;
    }
    *out = (struct ls_st_block){block, ls_universe_get(c->chain->upstream->universe, id)->ref.hash,
                                id};
    return true;
}

enum ls_st_fetch ls_st_fetch_block(struct ls_st_call *c, struct ls_upstream_query *q,
                                   struct ls_st_block *out, const char **why)
{
    struct ls_upstream_answer a;
    q->what = LS_UPSTREAM_BLOCK;
    q->is_full = true;
    ls_st_ask(c, q, &a);
    if (!is_result(&a, why)) {
        return LS_ST_BROKEN;
    }
    if (a.block == LS_NO_BLOCK) {
        return read_text(c, a.text, out, why);
    }
    if (!ls_st_recorded_block(c, a.block, out)) {
        *why = "recorded block cannot be read";
        return LS_ST_BROKEN;
    }
    return LS_ST_GOT;
}

enum ls_st_fetch ls_st_fetch_number(struct ls_st_call *c, const struct ls_hash *hash,
                                    uint64_t *number)
{
    struct ls_upstream_query q = {.what = LS_UPSTREAM_BLOCK, .hash = hash, .is_full = true};
    struct ls_upstream_answer a;
    struct ls_st_block b;
    const char *why;
    ls_st_ask(c, &q, &a);
    if (!is_result(&a, &why)) {
        return LS_ST_BROKEN;
    }
    if (a.block != LS_NO_BLOCK) {
        *number = ls_universe_get(c->chain->upstream->universe, a.block)->ref.number;
        return LS_ST_GOT;
    }
    enum ls_st_fetch got = read_text(c, a.text, &b, &why);
    if (got == LS_ST_GOT) {
        *number = b.block->header.number;
    }
    return got;
}

void ls_st_block_payload(const struct ls_st_block *b, bool has_withdrawals, bool has_root,
                         struct ls_payload *out)
{
    const struct ls_header *h = &b->block->header;
    *out = (struct ls_payload){
        .parent_hash = h->parent,
        .fee_recipient = h->miner,
        .state_root = h->state_root,
        .receipts_root = h->receipts_root,
        .prev_randao = h->mix_hash,
        .number = h->number,
        .gas_limit = h->gas_limit,
        .gas_used = h->gas_used,
        .timestamp = h->timestamp,
        .extra_bytes = h->extra_bytes,
        .base_fee = h->base_fee,
        .block_hash = b->hash,
        .txs = b->block->txs,
        .tx_count = b->block->tx_count,
        .has_withdrawals = has_withdrawals,
        .has_blob_gas = h->tail >= LS_TAIL_EXCESS_BLOB_GAS,
        .blob_gas_used = h->blob_gas_used,
        .excess_blob_gas = h->excess_blob_gas,
        .has_withdrawals_root = has_root && h->tail >= LS_TAIL_WITHDRAWALS_ROOT,
        .withdrawals_root = h->withdrawals_root,
        .has_beacon_root = h->tail >= LS_TAIL_BEACON_ROOT,
        .beacon_root = h->beacon_root,
    };
    memcpy(out->bloom, h->bloom, sizeof out->bloom);
    memcpy(out->extra, h->extra, sizeof out->extra);
}
