#include "mocks/model/universe.h"

#include <assert.h>
#include <string.h>

struct ls_universe {
    uint32_t count;
    uint32_t capacity;
    uint32_t slot_mask; /* slots - 1, slots a power of two at least twice the capacity */
    struct ls_ublock *blocks;
    uint32_t *slots; /* block id + 1, 0 = free; open addressing, linear probing */
};

#define ALIGN 16u

static size_t aligned(size_t n)
{
    return (n + ALIGN - 1u) / ALIGN * ALIGN;
}

static uint32_t slots_for(uint32_t blocks_max)
{
    uint32_t slots = 8;
    assert(blocks_max < UINT32_MAX / 4u);
    while (slots < blocks_max * 2u) {
        slots *= 2u;
    }
    return slots;
}

size_t ls_universe_size(uint32_t blocks_max)
{
    return aligned(sizeof(struct ls_universe)) +
           aligned((size_t)blocks_max * sizeof(struct ls_ublock)) +
           aligned((size_t)slots_for(blocks_max) * sizeof(uint32_t));
}

struct ls_universe *ls_universe_init(void *mem, uint32_t blocks_max)
{
    struct ls_universe *u = mem;
    uint8_t *at = mem;
    at += aligned(sizeof *u);
    u->count = 0;
    u->capacity = blocks_max;
    u->slot_mask = slots_for(blocks_max) - 1u;
    u->blocks = (struct ls_ublock *)(void *)at;
    at += aligned((size_t)blocks_max * sizeof(struct ls_ublock));
    u->slots = (uint32_t *)(void *)at;
    memset(u->slots, 0, ((size_t)u->slot_mask + 1u) * sizeof(uint32_t));
    return u;
}

/* The slot that holds hash, or the free one where it belongs. Block hashes are as good as random,
 * so their first bytes are the hash of the table. */
static uint32_t slot_of(const struct ls_universe *u, const struct ls_hash *hash)
{
    uint32_t slot;
    memcpy(&slot, hash->b, sizeof slot);
    slot &= u->slot_mask;
    while (u->slots[slot] != 0 && !ls_hash_eq(&u->blocks[u->slots[slot] - 1u].ref.hash, hash)) {
        slot = (slot + 1u) & u->slot_mask;
    }
    return slot;
}

static bool fits_parent(const struct ls_universe *u, const struct ls_ublock *b)
{
    if (b->parent == LS_NO_BLOCK) {
        return !b->is_gap;
    }
    if (b->parent >= u->count) {
        return false;
    }
    const struct ls_l2_ref *parent = &u->blocks[b->parent].ref;
    if (b->is_gap) {
        return b->ref.number > parent->number;
    }
    return parent->number < UINT64_MAX && b->ref.number == parent->number + 1u &&
           ls_hash_eq(&b->ref.parent, &parent->hash);
}

enum ls_err ls_universe_add(struct ls_universe *u, const struct ls_ublock *b, uint32_t *id)
{
    uint32_t slot = slot_of(u, &b->ref.hash);
    if (u->slots[slot] != 0) {
        *id = u->slots[slot] - 1u;
        return LS_ERR_EXISTS;
    }
    if (!fits_parent(u, b)) {
        return LS_ERR_LINK;
    }
    if (u->count == u->capacity) {
        return LS_ERR_LIMIT;
    }
    uint32_t new_id = u->count++;
    struct ls_ublock *slot_block = &u->blocks[new_id];
    *slot_block = *b;
    bool continues_run = new_id > 0 && b->parent == new_id - 1u && !b->is_gap;
    slot_block->run_first = continues_run ? u->blocks[b->parent].run_first : new_id;
    u->slots[slot] = new_id + 1u;
    *id = new_id;
    return LS_OK;
}

void ls_universe_set_receipts(struct ls_universe *u, uint32_t id, const char *json, size_t n)
{
    u->blocks[id].receipts = json;
    u->blocks[id].receipts_bytes = n;
}

void ls_universe_set_proof(struct ls_universe *u, uint32_t id, const char *json, size_t n)
{
    u->blocks[id].proof = json;
    u->blocks[id].proof_bytes = n;
}

uint32_t ls_universe_count(const struct ls_universe *u)
{
    return u->count;
}

uint32_t ls_universe_capacity(const struct ls_universe *u)
{
    return u->capacity;
}

const struct ls_ublock *ls_universe_get(const struct ls_universe *u, uint32_t id)
{
    assert(id < u->count);
    return &u->blocks[id];
}

struct ls_span ls_ublock_text(const struct ls_ublock *b)
{
    if (b->texts != NULL) {
        return b->texts->read(b->texts, b);
    }
    return (struct ls_span){(const uint8_t *)b->json, b->json_bytes};
}

uint32_t ls_universe_find(const struct ls_universe *u, const struct ls_hash *hash)
{
    uint32_t entry = u->slots[slot_of(u, hash)];
    return entry == 0 ? LS_NO_BLOCK : entry - 1u;
}

uint32_t ls_universe_at(const struct ls_universe *u, uint32_t tip, uint64_t number)
{
    uint32_t id = tip;
    while (id != LS_NO_BLOCK) {
        const struct ls_ublock *b = ls_universe_get(u, id);
        if (number > b->ref.number) {
            return LS_NO_BLOCK; /* above the tip, or inside a gap that was just stepped over */
        }
        uint64_t down = b->ref.number - number;
        if (down <= id - b->run_first) {
            return id - (uint32_t)down;
        }
        id = ls_universe_get(u, b->run_first)->parent;
    }
    return LS_NO_BLOCK;
}

bool ls_universe_is_ancestor(const struct ls_universe *u, uint32_t a, uint32_t b)
{
    if (a == LS_NO_BLOCK || b == LS_NO_BLOCK) {
        return false;
    }
    return ls_universe_at(u, b, ls_universe_get(u, a)->ref.number) == a;
}

uint32_t ls_universe_common(const struct ls_universe *u, uint32_t a, uint32_t b)
{
    while (a != LS_NO_BLOCK && b != LS_NO_BLOCK) {
        uint32_t first_a = ls_universe_get(u, a)->run_first;
        uint32_t first_b = ls_universe_get(u, b)->run_first;
        if (first_a == first_b) {
            return a < b ? a : b;
        }
        /* Ancestors of the block whose run starts lower are below that start or in its own run,
         * so none is in the other run: leave that one. */
        const struct ls_ublock *start_a = ls_universe_get(u, first_a);
        const struct ls_ublock *start_b = ls_universe_get(u, first_b);
        if (start_a->ref.number >= start_b->ref.number) {
            a = start_a->parent;
        } else {
            b = start_b->parent;
        }
    }
    return LS_NO_BLOCK;
}
