/* The block universe: index, ancestry across runs and gaps, what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/small_world.h"

static void finds_what_was_added_and_nothing_else(void **state)
{
    struct small_world w;
    (void)state;
    small_world_init(&w, 64);
    uint32_t tip = grow(&w, w.genesis, 30, 'a');
    struct ls_hash unknown = small_hash('z', 7);
    assert_int_equal(ls_universe_count(w.u), 31);
    for (uint32_t id = 0; id <= tip; id++) {
        assert_int_equal(ls_universe_find(w.u, &ls_universe_get(w.u, id)->ref.hash), id);
    }
    assert_int_equal(ls_universe_find(w.u, &unknown), LS_NO_BLOCK);
    small_world_fini(&w);
}

static void colliding_hashes_keep_apart(void **state)
{
    struct small_world w;
    uint32_t ids[20];
    (void)state;
    small_world_init(&w, 32);
    for (uint32_t i = 0; i < 20; i++) {
        struct ls_ublock b = small_block(&w, w.genesis, 'c');
        b.ref.hash = (struct ls_hash){{0}}; /* all in one slot */
        b.ref.hash.b[31] = (uint8_t)(i + 1);
        assert_int_equal(ls_universe_add(w.u, &b, &ids[i]), LS_OK);
    }
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_equal(ls_universe_find(w.u, &ls_universe_get(w.u, ids[i])->ref.hash), ids[i]);
    }
    small_world_fini(&w);
}

static void refuses_twins_loose_links_and_too_many(void **state)
{
    struct small_world w;
    uint32_t id = 99;
    (void)state;
    small_world_init(&w, 3);
    uint32_t one = grow(&w, w.genesis, 1, 'a');
    struct ls_ublock b = *ls_universe_get(w.u, one);
    assert_int_equal(ls_universe_add(w.u, &b, &id), LS_ERR_EXISTS);
    assert_int_equal(id, one);
    b = small_block(&w, one, 'b');
    b.ref.number++;
    assert_int_equal(ls_universe_add(w.u, &b, &id), LS_ERR_LINK);
    b = small_block(&w, one, 'b');
    b.ref.parent.b[0] ^= 1;
    assert_int_equal(ls_universe_add(w.u, &b, &id), LS_ERR_LINK);
    b = small_block(&w, one, 'b');
    b.parent = 2; /* not there yet */
    assert_int_equal(ls_universe_add(w.u, &b, &id), LS_ERR_LINK);
    (void)grow(&w, one, 1, 'a');
    b = small_block(&w, one, 'd');
    assert_int_equal(ls_universe_add(w.u, &b, &id), LS_ERR_LIMIT);
    assert_int_equal(ls_universe_count(w.u), 3);
    small_world_fini(&w);
}

/* Ancestry by walking parent links: what the run arithmetic must agree with. */
static uint32_t slow_at(const struct ls_universe *u, uint32_t tip, uint64_t number)
{
    while (tip != LS_NO_BLOCK && ls_universe_get(u, tip)->ref.number != number) {
        tip = ls_universe_get(u, tip)->parent;
    }
    return tip;
}

static uint32_t slow_common(const struct ls_universe *u, uint32_t a, uint32_t b)
{
    for (; a != LS_NO_BLOCK; a = ls_universe_get(u, a)->parent) {
        for (uint32_t c = b; c != LS_NO_BLOCK; c = ls_universe_get(u, c)->parent) {
            if (a == c) {
                return a;
            }
        }
    }
    return LS_NO_BLOCK;
}

/* Random trees, a gap among them; every pair of blocks and every height. */
static void agrees_with_walking_in_every_small_tree(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 40; seed++) {
        struct small_world w;
        uint32_t random = seed * 2654435761u + 1u;
        small_world_init(&w, 32);
        for (uint32_t i = 1; i < 24; i++) {
            random = random * 1664525u + 1013904223u;
            /* Mostly on top of the newest, so that runs are long enough to matter. */
            uint32_t parent = (random >> 28) < 11 ? i - 1 : (random >> 8) % i;
            struct ls_ublock b = small_block(&w, parent, (char)('A' + i));
            uint32_t id;
            b.is_gap = (random >> 24) % 8 == 0;
            b.ref.number += b.is_gap ? 3 : 0;
            assert_int_equal(ls_universe_add(w.u, &b, &id), LS_OK);
        }
        for (uint32_t a = 0; a < 24; a++) {
            for (uint64_t n = 0; n < 60; n++) {
                assert_int_equal(ls_universe_at(w.u, a, n), slow_at(w.u, a, n));
            }
            for (uint32_t b = 0; b < 24; b++) {
                uint32_t common = slow_common(w.u, a, b);
                assert_int_equal(ls_universe_common(w.u, a, b), common);
                assert_int_equal(ls_universe_is_ancestor(w.u, a, b), common == a);
            }
        }
        small_world_fini(&w);
    }
}

static void nothing_is_related_to_no_block(void **state)
{
    struct small_world w;
    (void)state;
    small_world_init(&w, 4);
    assert_int_equal(ls_universe_at(w.u, LS_NO_BLOCK, 0), LS_NO_BLOCK);
    assert_false(ls_universe_is_ancestor(w.u, LS_NO_BLOCK, w.genesis));
    assert_false(ls_universe_is_ancestor(w.u, w.genesis, LS_NO_BLOCK));
    assert_false(ls_universe_is_ancestor(w.u, LS_NO_BLOCK, LS_NO_BLOCK));
    assert_int_equal(ls_universe_common(w.u, w.genesis, LS_NO_BLOCK), LS_NO_BLOCK);
    small_world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_added_and_nothing_else),
        cmocka_unit_test(colliding_hashes_keep_apart),
        cmocka_unit_test(refuses_twins_loose_links_and_too_many),
        cmocka_unit_test(agrees_with_walking_in_every_small_tree),
        cmocka_unit_test(nothing_is_related_to_no_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
