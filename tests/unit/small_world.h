/*
 * A universe of made-up blocks for tests of the models: hashes tell branch and number, nothing has
 * content.
 */
#ifndef LS_TESTS_UNIT_SMALL_WORLD_H
#define LS_TESTS_UNIT_SMALL_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mocks/model/universe.h"

struct small_world {
    struct ls_universe *u;
    void *mem;
    uint32_t genesis;
};

static inline struct ls_hash small_hash(char branch, uint64_t number)
{
    struct ls_hash h = {{0}};
    h.b[0] = (uint8_t)(number * 37u + (uint8_t)branch); /* spread over the index */
    h.b[1] = (uint8_t)branch;
    for (unsigned i = 0; i < 8; i++) {
        h.b[31 - i] = (uint8_t)(number >> (8 * i));
    }
    return h;
}

/* A block of this branch on parent, not added yet. */
static inline struct ls_ublock small_block(const struct small_world *w, uint32_t parent,
                                           char branch)
{
    struct ls_ublock b = {.parent = parent, .json = "{}", .json_bytes = 2};
    const struct ls_l2_ref *p = &ls_universe_get(w->u, parent)->ref;
    b.ref.number = p->number + 1;
    b.ref.hash = small_hash(branch, b.ref.number);
    b.ref.parent = p->hash;
    b.ref.timestamp = p->timestamp + 2;
    return b;
}

/* Adds count blocks of this branch on parent; the id of the last. */
static inline uint32_t grow(struct small_world *w, uint32_t parent, unsigned count, char branch)
{
    uint32_t id = parent;
    for (unsigned i = 0; i < count; i++) {
        struct ls_ublock b = small_block(w, id, branch);
        if (ls_universe_add(w->u, &b, &id) != LS_OK) {
            (void)fprintf(stderr, "small_world: block not added\n");
            abort();
        }
    }
    return id;
}

static inline void small_world_init(struct small_world *w, uint32_t blocks_max)
{
    struct ls_ublock g = {.parent = LS_NO_BLOCK, .json = "{}", .json_bytes = 2};
    w->mem = malloc(ls_universe_size(blocks_max));
    if (w->mem == NULL) {
        abort();
    }
    w->u = ls_universe_init(w->mem, blocks_max);
    g.ref.hash = small_hash('g', 0);
    g.ref.timestamp = 1000;
    (void)ls_universe_add(w->u, &g, &w->genesis);
}

static inline void small_world_fini(struct small_world *w)
{
    free(w->mem);
}

#endif
