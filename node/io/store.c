/*
 * A handle is slot + 1 in the low half and the slot's generation in the high half, so that a handle
 * used after its release is caught instead of naming the next payload in that slot.
 */
#include "node/io/store.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#define NO_SLOT UINT32_MAX

struct slot {
    struct ls_buf params;
    uint16_t version;
    uint16_t generation;
    bool is_used;
    uint32_t next_free;
};

struct ls_store {
    uint32_t slots_max;
    uint32_t slots_touched; /* slots from here on were never used, and are not in the free list */
    uint32_t first_free;
    uint32_t count;
    uint64_t bytes;
    uint64_t bytes_max;
    struct slot slots[];
};

enum ls_err ls_store_new(uint32_t slots_max, uint64_t bytes_max, struct ls_store **out)
{
    struct ls_store *s = NULL;

    assert(slots_max >= 1 && slots_max <= UINT16_MAX);
    s = calloc(1, sizeof *s + slots_max * sizeof s->slots[0]);
    if (s == NULL) {
        return LS_ERR_NOMEM;
    }
    s->slots_max = slots_max;
    s->bytes_max = bytes_max;
    s->first_free = NO_SLOT;
    *out = s;
    return LS_OK;
}

void ls_store_free(struct ls_store *s)
{
    if (s == NULL) {
        return;
    }
    for (uint32_t i = 0; i < s->slots_touched; i++) {
        ls_buf_fini(&s->slots[i].params);
    }
    free(s);
}

uint64_t ls_store_cost(size_t n)
{
    return (uint64_t)n + LS_STORE_OVERHEAD_BYTES;
}

static uint32_t take_slot(struct ls_store *s)
{
    uint32_t i = s->first_free;

    if (i != NO_SLOT) {
        s->first_free = s->slots[i].next_free;
        return i;
    }
    return s->slots_touched < s->slots_max ? s->slots_touched++ : NO_SLOT;
}

enum ls_err ls_store_put(struct ls_store *s, unsigned version, struct ls_buf *params,
                         uint32_t *handle)
{
    uint64_t cost = ls_store_cost(params->n);
    struct slot *slot = NULL;
    uint32_t i = 0;

    if (cost > s->bytes_max - s->bytes) {
        return LS_ERR_LIMIT;
    }
    i = take_slot(s);
    if (i == NO_SLOT) {
        return LS_ERR_LIMIT;
    }
    slot = &s->slots[i];
    slot->params = *params;
    *params = (struct ls_buf){.bytes_max = params->bytes_max};
    slot->version = (uint16_t)version;
    slot->generation++;
    slot->is_used = true;
    s->count++;
    s->bytes += cost;
    *handle = ((uint32_t)slot->generation << 16) | (i + 1);
    return LS_OK;
}

static uint32_t slot_of(const struct ls_store *s, uint32_t handle)
{
    uint32_t i = (handle & 0xffffu) - 1;

    assert(i < s->slots_touched && s->slots[i].is_used && s->slots[i].generation == handle >> 16);
    return i;
}

struct ls_stored ls_store_get(const struct ls_store *s, uint32_t handle)
{
    const struct slot *slot = &s->slots[slot_of(s, handle)];

    return (struct ls_stored){.version = slot->version, .params = ls_buf_span(&slot->params)};
}

void ls_store_release(struct ls_store *s, uint32_t handle)
{
    uint32_t i = slot_of(s, handle);
    struct slot *slot = &s->slots[i];

    s->bytes -= ls_store_cost(slot->params.n);
    s->count--;
    ls_buf_fini(&slot->params);
    slot->is_used = false;
    slot->next_free = s->first_free;
    s->first_free = i;
}

uint32_t ls_store_count(const struct ls_store *s)
{
    return s->count;
}

uint64_t ls_store_bytes(const struct ls_store *s)
{
    return s->bytes;
}
