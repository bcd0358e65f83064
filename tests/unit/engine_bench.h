/*
 * A model engine at the genesis of a small world whose first chain, 'a', is made: what tests of the
 * model's rules ask.
 */
#ifndef LS_TESTS_ENGINE_BENCH_H
#define LS_TESTS_ENGINE_BENCH_H

#include <stdint.h>
#include <stdlib.h>

#include "mocks/model/engine.h"
#include "tests/unit/small_world.h"

#define NONE LS_NO_BLOCK

struct bench {
    struct small_world w;
    struct ls_engine *e;
    uint32_t *a; /* blocks of the first chain by number, genesis to top */
};

/* Of that profile, in a world with room for spare blocks beside the first chain. */
static inline void bench_init(struct bench *s, const char *profile, unsigned top, unsigned spare)
{
    small_world_init(&s->w, top + spare);
    s->a = calloc(top + 1, sizeof *s->a);
    assert_non_null(s->a);
    s->a[0] = s->w.genesis;
    for (unsigned i = 1; i <= top; i++) {
        s->a[i] = grow(&s->w, s->a[i - 1], 1, 'a');
    }
    void *mem = malloc(ls_engine_size(s->w.u));
    assert_non_null(mem);
    s->e = ls_engine_init(mem, s->w.u, s->w.genesis, ls_engine_profile_find(profile));
}

static inline void bench_fini(struct bench *s)
{
    free(s->e);
    free(s->a);
    small_world_fini(&s->w);
}

static inline struct ls_hash hash_of(const struct bench *s, uint32_t id)
{
    return id == NONE ? (struct ls_hash){{0}} : ls_universe_get(s->w.u, id)->ref.hash;
}

static inline struct ls_el_verdict fcu(struct bench *s, uint32_t head, uint32_t safe,
                                       uint32_t finalized)
{
    const struct ls_forkchoice f = {hash_of(s, head), hash_of(s, safe), hash_of(s, finalized)};
    return ls_engine_forkchoice(s->e, &f);
}

static inline struct ls_el_verdict np(struct bench *s, uint32_t id)
{
    const struct ls_l2_ref *r = &ls_universe_get(s->w.u, id)->ref;
    const struct ls_np_input in = {
        .id = {r->hash, r->number}, .parent = r->parent, .timestamp = r->timestamp, .block = id};
    return ls_engine_new_payload(s->e, &in);
}

#endif
