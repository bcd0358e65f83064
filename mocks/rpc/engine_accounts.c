/*
 * What the recorded blocks say of accounts without executing anything: who sent a transaction, how
 * many an account has sent on a chain, which addresses hold no code. A look-up searches the stored
 * text of blocks; it is needed only for payloads and builds that nobody recorded.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/block.h"
#include "mocks/rpc/blockjson.h"
#include "mocks/rpc/engine_parts.h"

#define SEARCH_BLOCKS_MAX 8192u /* blocks a look-up reads at most */

/* needle, without its zero, stands in the block's text. */
static bool has_text(const struct ls_ublock *b, const char *needle)
{
    size_t n = strlen(needle);
    struct ls_span text = ls_ublock_text(b);
    const char *at = (const char *)text.p;
    const char *end = at + text.n;
    while ((size_t)(end - at) >= n) {
        const char *hit = memchr(at, needle[0], (size_t)(end - at) - n + 1);
        if (hit == NULL) {
            return false;
        }
        if (memcmp(hit, needle, n) == 0) {
            return true;
        }
        at = hit + 1;
    }
    return false;
}

static void quote_hex(const uint8_t *p, size_t n, char *out)
{
    memcpy(out, "\"0x", 3);
    ls_hex_encode(p, n, out + 3);
    out[3 + 2 * n] = '"';
    out[4 + 2 * n] = '\0';
}

/* --- who sent it --- */

static bool sender_in(const struct ls_ublock *b, const struct ls_hash *hash, struct ls_addr *out)
{
    struct cJSON *root = NULL;
    bool is_found = false;
    (void)ls_blockjson_tree(b, &root);
    const struct cJSON *tx = ls_json_first(ls_json_get(root, "transactions"));
    for (; tx != NULL && !is_found; tx = ls_json_next(tx)) {
        struct ls_hash h;
        is_found = ls_json_fixed(ls_json_get(tx, "hash"), h.b, sizeof h.b) == LS_OK &&
                   ls_hash_eq(&h, hash) &&
                   ls_json_fixed(ls_json_get(tx, "from"), out->b, sizeof out->b) == LS_OK;
    }
    ls_json_free(root);
    return is_found;
}

bool ls_engine_sender(const struct ls_engine_port *e, const struct ls_tx_view *tx,
                      struct ls_addr *out)
{
    char quoted[72];
    if (tx->type == 0x7e) {
        *out = tx->from;
        return true;
    }
    quote_hex(tx->hash.b, sizeof tx->hash.b, quoted);
    uint32_t count = ls_universe_count(e->universe);
    for (uint32_t i = 0; i < count && i < SEARCH_BLOCKS_MAX; i++) {
        const struct ls_ublock *b = ls_universe_get(e->universe, count - 1 - i);
        if (has_text(b, quoted) && sender_in(b, &tx->hash, out)) {
            return true;
        }
    }
    return false;
}

/* --- how many it sent --- */

/* The nonce after this block's last transaction of the account. */
static bool nonce_after(const struct ls_ublock *b, const struct ls_addr *who, uint64_t *out)
{
    struct cJSON *root = NULL;
    bool is_found = false;
    (void)ls_blockjson_tree(b, &root);
    const struct cJSON *tx = ls_json_first(ls_json_get(root, "transactions"));
    for (; tx != NULL; tx = ls_json_next(tx)) {
        struct ls_addr from;
        uint64_t nonce;
        if (ls_json_fixed(ls_json_get(tx, "from"), from.b, sizeof from.b) == LS_OK &&
            memcmp(from.b, who->b, sizeof from.b) == 0 &&
            ls_json_quantity(ls_json_get(tx, "nonce"), &nonce) == LS_OK) {
            *out = nonce + 1;
            is_found = true;
        }
    }
    ls_json_free(root);
    return is_found;
}

bool ls_engine_nonce(const struct ls_engine_port *e, uint32_t tip, const struct ls_addr *who,
                     uint64_t *out)
{
    char quoted[48];
    uint32_t id = tip;
    quote_hex(who->b, sizeof who->b, quoted);
    for (uint32_t i = 0; id != LS_NO_BLOCK && i < SEARCH_BLOCKS_MAX; i++) {
        const struct ls_ublock *b = ls_universe_get(e->universe, id);
        if (has_text(b, quoted) && nonce_after(b, who, out)) {
            return true;
        }
        if (b->is_gap) {
            return false;
        }
        id = b->parent;
    }
    *out = 0;
    /* Back to the start of the chain without having sent anything. */
    return id == LS_NO_BLOCK;
}

bool ls_engine_was_named(const struct ls_engine_port *e, uint32_t tip, const struct ls_addr *who)
{
    char quoted[48];
    uint32_t id = tip;
    quote_hex(who->b, sizeof who->b, quoted);
    for (uint32_t i = 0; id != LS_NO_BLOCK && i < SEARCH_BLOCKS_MAX; i++) {
        const struct ls_ublock *b = ls_universe_get(e->universe, id);
        if (b->is_gap || has_text(b, quoted)) {
            return true;
        }
        id = b->parent;
    }
    return id != LS_NO_BLOCK;
}

/* --- where code is --- */

bool ls_engine_has_contract(const struct ls_engine_port *e, uint32_t tip, enum ls_fork fork,
                            const char *deployer)
{
    uint32_t id = tip;
    uint32_t first = LS_NO_BLOCK;
    bool is_gap = false;
    while (id != LS_NO_BLOCK &&
           ls_rollup_is_active(&e->rollup, fork, ls_universe_get(e->universe, id)->ref.timestamp)) {
        const struct ls_ublock *b = ls_universe_get(e->universe, id);
        first = id;
        is_gap = b->is_gap;
        id = b->parent;
    }
    if (first == LS_NO_BLOCK) {
        return false; /* the fork begins above tip: its block deploys it, after the system call */
    }
    /* When the fork's first block is not recorded, or is genesis, it is there. */
    return id == LS_NO_BLOCK || is_gap || has_text(ls_universe_get(e->universe, first), deployer);
}

uint64_t ls_engine_plain_gas(const struct ls_engine_port *e, struct ls_span tx, uint64_t timestamp)
{
    uint64_t gas = ls_txjson_gas_floor(tx);
    uint64_t least = ls_txjson_gas_data_floor(tx);
    return ls_rollup_is_active(&e->rollup, LS_FORK_ISTHMUS, timestamp) && least > gas ? least : gas;
}

/* The block's only transaction is a deposit to this address that used no gas but for its data. */
static bool shows_no_code(struct ls_engine_port *e, uint32_t id, const struct ls_addr *to)
{
    struct cJSON *root = NULL;
    struct ls_block block;
    struct ls_tx_view tx;
    const struct ls_ublock *b = ls_universe_get(e->universe, id);
    bool is_shown =
        ls_blockjson_tree(b, &root) == LS_OK &&
        ls_block_from_json(root, &e->arena, &block, NULL) == LS_OK && block.is_hydrated &&
        block.tx_count == 1 && ls_txjson_view(block.txs[0], &tx) == LS_OK && tx.type == 0x7e &&
        tx.has_to && memcmp(tx.to.b, to->b, sizeof to->b) == 0 &&
        block.header.gas_used == ls_engine_plain_gas(e, block.txs[0], block.header.timestamp);
    ls_json_free(root);
    return is_shown;
}

#define SHOWN_BY_BLOCKS 16u /* single-deposit blocks are common where there are any */

bool ls_engine_is_codeless(struct ls_engine_port *e, const struct ls_addr *to)
{
    char quoted[48];
    unsigned tried = 0;
    quote_hex(to->b, sizeof to->b, quoted);
    uint32_t count = ls_universe_count(e->universe);
    for (uint32_t id = 0; id < count && tried < SHOWN_BY_BLOCKS; id++) {
        const struct ls_ublock *b = ls_universe_get(e->universe, id);
        if (!b->is_synthetic && has_text(b, quoted)) {
            tried++;
            if (shows_no_code(e, id, to)) {
                return true;
            }
        }
    }
    return false;
}

/* --- addresses as geth prints them (EIP-55) --- */

void ls_engine_checksum(const struct ls_addr *who, char out[43])
{
    uint8_t digest[32];
    memcpy(out, "0x", 2);
    ls_hex_encode(who->b, sizeof who->b, out + 2);
    out[42] = '\0';
    ls_keccak256(out + 2, 40, digest);
    for (size_t i = 0; i < 40; i++) {
        unsigned nibble = i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 15u;
        if (out[2 + i] >= 'a' && nibble >= 8) {
            out[2 + i] = (char)(out[2 + i] - 'a' + 'A');
        }
    }
}
