/* The source and L1 models: heads, moods, balancing, replay; canonical L1 with lag and reorgs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mocks/model/l1.h"
#include "mocks/model/source.h"
#include "tests/unit/small_world.h"

#define NONE LS_NO_BLOCK

/* L2 chain a: 1..20, b: 11..15 on a10; L1 chain l: 1..9. Block n of a has L1 origin n / 3. */
struct fixture {
    struct small_world l2;
    struct small_world l1;
    struct ls_source *s;
    void *mem;
    uint32_t a[21];
    uint32_t b;
    uint32_t l[10];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    small_world_init(&f->l1, 16);
    small_world_init(&f->l2, 64);
    for (unsigned i = 1; i < 10; i++) {
        f->l[i] = grow(&f->l1, f->l[i - 1], 1, 'l');
    }
    for (unsigned i = 1; i < 21; i++) {
        struct ls_ublock block = small_block(&f->l2, f->a[i - 1], 'a');
        block.ref.l1_origin.hash = ls_universe_get(f->l1.u, f->l[i / 3])->ref.hash;
        block.ref.l1_origin.number = i / 3;
        assert_int_equal(ls_universe_add(f->l2.u, &block, &f->a[i]), LS_OK);
    }
    f->b = grow(&f->l2, f->a[10], 5, 'b');
    f->mem = malloc(ls_source_size());
    assert_non_null(f->mem);
    f->s = ls_source_init(f->mem, f->l2.u, f->l2.genesis, f->l1.u, LS_SRC_CL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    free(f->mem);
    small_world_fini(&f->l2);
    small_world_fini(&f->l1);
    free(f);
    return 0;
}

static struct ls_sync_status status_of(struct fixture *f, uint64_t conn)
{
    struct ls_src_answer a = ls_source_answer(f->s, conn);
    struct ls_sync_status status;
    assert_true(ls_source_status(f->s, &a, &status));
    return status;
}

static uint32_t tag_of(struct fixture *f, enum ls_src_tag tag)
{
    struct ls_src_answer a = ls_source_answer(f->s, 1);
    return ls_source_by_tag(f->s, &a, tag);
}

static bool is_block(const struct fixture *f, const struct ls_l2_ref *r, uint32_t id)
{
    return ls_hash_eq(&r->hash, &ls_universe_get(f->l2.u, id)->ref.hash);
}

static void unset_heads_are_zero_references(void **state)
{
    struct fixture *f = *state;
    struct ls_sync_status st = status_of(f, 1);
    assert_true(is_block(f, &st.unsafe_l2, f->a[0]));
    assert_true(ls_hash_is_zero(&st.safe_l2.hash));
    assert_true(ls_hash_is_zero(&st.finalized_l2.hash));
    assert_true(ls_hash_is_zero(&st.current_l1.hash));
    assert_int_equal(tag_of(f, LS_SRC_SAFE), NONE);
    assert_int_equal(tag_of(f, LS_SRC_LATEST), f->a[0]);
}

static void heads_are_set_one_by_one_and_need_not_be_sane(void **state)
{
    struct fixture *f = *state;
    *ls_source_heads(f->s) = (struct ls_src_heads){.unsafe_l2 = f->a[3],
                                                   .local_safe_l2 = f->a[6],
                                                   .safe_l2 = f->b,
                                                   .finalized_l2 = f->a[20],
                                                   .current_l1 = f->l[4],
                                                   .head_l1 = f->l[5],
                                                   .safe_l1 = f->l[3],
                                                   .finalized_l1 = f->l[2]};
    struct ls_sync_status st = status_of(f, 1);
    assert_true(is_block(f, &st.unsafe_l2, f->a[3]));
    assert_true(is_block(f, &st.local_safe_l2, f->a[6]));
    assert_true(is_block(f, &st.safe_l2, f->b));
    assert_true(is_block(f, &st.finalized_l2, f->a[20]));
    assert_int_equal(st.current_l1.number, 4);
    assert_int_equal(st.head_l1.number, 5);
    assert_int_equal(st.safe_l1.number, 3);
    assert_int_equal(st.finalized_l1.number, 2);
}

static void follow_raises_unsafe_and_names_the_l1_origin(void **state)
{
    struct fixture *f = *state;
    ls_source_follow(f->s, f->a[9], f->a[4]);
    struct ls_sync_status st = status_of(f, 1);
    assert_true(is_block(f, &st.unsafe_l2, f->a[9]));
    assert_true(is_block(f, &st.local_safe_l2, f->a[9]));
    assert_int_equal(st.current_l1.number, 3);
    ls_source_heads(f->s)->unsafe_l2 = f->a[20];
    ls_source_follow(f->s, f->a[12], f->a[4]);
    st = status_of(f, 1);
    assert_true(is_block(f, &st.unsafe_l2, f->a[20])); /* a descendant stays */
    ls_source_follow(f->s, f->b, f->a[4]);
    st = status_of(f, 1);
    assert_true(is_block(f, &st.unsafe_l2, f->b));
}

static void execution_layer_serves_its_own_chain_only(void **state)
{
    struct fixture *f = *state;
    ls_source_follow(f->s, f->b, f->a[4]);
    struct ls_src_answer a = ls_source_answer(f->s, 1);
    assert_int_equal(ls_source_by_number(f->s, &a, 10), f->a[10]);
    assert_int_equal(ls_source_by_number(f->s, &a, 15), f->b);
    assert_int_equal(ls_source_by_number(f->s, &a, 16), NONE);
    assert_int_equal(ls_source_by_hash(f->s, &a, &ls_universe_get(f->l2.u, f->a[12])->ref.hash),
                     NONE);
    assert_int_equal(ls_source_by_hash(f->s, &a, &ls_universe_get(f->l2.u, f->a[9])->ref.hash),
                     f->a[9]);
}

static void frozen_source_answers_as_it_was(void **state)
{
    struct fixture *f = *state;
    ls_source_follow(f->s, f->a[5], f->a[2]);
    ls_source_freeze(f->s, true);
    ls_source_follow(f->s, f->a[8], f->a[6]);
    struct ls_sync_status st = status_of(f, 1);
    assert_true(is_block(f, &st.safe_l2, f->a[5]));
    ls_source_freeze(f->s, false);
    st = status_of(f, 1);
    assert_true(is_block(f, &st.safe_l2, f->a[8]));
}

static void moods_last_as_many_answers_as_asked(void **state)
{
    struct fixture *f = *state;
    struct ls_sync_status st;
    ls_source_follow(f->s, f->a[5], f->a[2]);
    ls_source_set_mood(f->s, LS_SRC_NULLS, 1);
    struct ls_src_answer a = ls_source_answer(f->s, 1);
    assert_false(ls_source_status(f->s, &a, &st));
    assert_int_equal(ls_source_by_tag(f->s, &a, LS_SRC_SAFE), NONE);
    st = status_of(f, 1);
    assert_true(is_block(f, &st.safe_l2, f->a[5]));
    ls_source_set_mood(f->s, LS_SRC_ZEROS, UINT64_MAX);
    for (unsigned i = 0; i < 5; i++) {
        st = status_of(f, 1);
        assert_true(ls_hash_is_zero(&st.unsafe_l2.hash));
    }
    ls_source_set_mood(f->s, LS_SRC_GENESIS, 2);
    st = status_of(f, 1);
    assert_true(is_block(f, &st.unsafe_l2, f->a[5]));
    assert_true(is_block(f, &st.safe_l2, f->a[0]));
    assert_true(ls_hash_is_zero(&st.current_l1.hash));
    assert_int_equal(tag_of(f, LS_SRC_FINALIZED), f->a[0]);
    assert_int_equal(tag_of(f, LS_SRC_FINALIZED), f->a[2]);
    ls_source_set_mood(f->s, LS_SRC_ONLY_G, 1);
    st = status_of(f, 1);
    assert_true(is_block(f, &st.unsafe_l2, f->a[0]));
}

static void balancer_gives_views_by_its_policy(void **state)
{
    struct fixture *f = *state;
    unsigned seen[3] = {0};
    ls_source_follow(f->s, f->a[5], f->a[2]);
    ls_source_set_views(f->s, 3, LS_TURNS_ROUND_ROBIN, 7);
    ls_source_view(f->s, 1)->safe_l2 = f->a[3];
    ls_source_view(f->s, 2)->safe_l2 = f->b;
    const uint32_t want[] = {f->a[5], f->a[3], f->b, f->a[5]};
    for (unsigned i = 0; i < 4; i++) {
        struct ls_sync_status st = status_of(f, 1);
        assert_true(is_block(f, &st.safe_l2, want[i]));
    }
    ls_source_set_views(f->s, 3, LS_TURNS_STICKY, 7);
    for (uint64_t conn = 0; conn < 6; conn++) {
        assert_int_equal(ls_source_answer(f->s, conn).view, conn % 3);
    }
    ls_source_set_views(f->s, 3, LS_TURNS_RANDOM, 7);
    for (unsigned i = 0; i < 300; i++) {
        seen[ls_source_answer(f->s, 1).view]++;
    }
    assert_true(seen[0] > 50 && seen[1] > 50 && seen[2] > 50);
    ls_source_set_views(f->s, 3, LS_TURNS_RANDOM, 7);
    unsigned first = ls_source_answer(f->s, 1).view;
    ls_source_set_views(f->s, 3, LS_TURNS_RANDOM, 7);
    assert_int_equal(ls_source_answer(f->s, 1).view, first);
}

static void backends_stay_behind_the_source_wherever_it_goes(void **state)
{
    struct fixture *f = *state;
    const struct ls_src_backend at[] = {{0, LS_NO_BLOCK}, {3, LS_NO_BLOCK}, {100, LS_NO_BLOCK}};
    ls_source_balance(f->s, at, 3, LS_TURNS_ROUND_ROBIN, 7);
    for (unsigned i = 5; i <= 6; i++) {
        ls_source_heads(f->s)->unsafe_l2 = f->a[i + 1];
        ls_source_follow(f->s, f->a[i], f->a[i - 1]);
        const uint32_t want[3][3] = {{f->a[i + 1], f->a[i], f->a[i - 1]},
                                     {f->a[i - 2], f->a[i - 3], f->a[i - 4]},
                                     {f->a[0], f->a[0], f->a[0]}};
        for (unsigned k = 0; k < 3; k++) {
            struct ls_sync_status st = status_of(f, 1);
            assert_true(is_block(f, &st.unsafe_l2, want[k][0]));
            assert_true(is_block(f, &st.safe_l2, want[k][1]));
            assert_true(is_block(f, &st.local_safe_l2, want[k][1]));
            assert_true(is_block(f, &st.finalized_l2, want[k][2]));
        }
    }
    ls_source_freeze(f->s, true);
    ls_source_follow(f->s, f->a[9], f->a[9]);
    (void)status_of(f, 1);
    struct ls_sync_status st = status_of(f, 1);
    assert_true(is_block(f, &st.safe_l2, f->a[3])); /* of the second one, as it was */
    ls_source_freeze(f->s, false);
    ls_source_set_views(f->s, 1, LS_TURNS_ROUND_ROBIN, 0);
    st = status_of(f, 1);
    assert_true(is_block(f, &st.safe_l2, f->a[9]));
}

/* One backend is on a fork: it has what it shares with the source, and its own of the rest, as high
 * as it goes. */
static void backends_may_be_on_a_fork(void **state)
{
    struct fixture *f = *state;
    const struct ls_src_backend at[] = {{0, LS_NO_BLOCK}, {0, f->b}, {2, f->b}};
    ls_source_heads(f->s)->unsafe_l2 = f->a[20];
    ls_source_follow(f->s, f->a[12], f->a[8]);
    ls_source_balance(f->s, at, 3, LS_TURNS_ROUND_ROBIN, 7);
    struct ls_sync_status st = status_of(f, 1);
    assert_true(is_block(f, &st.safe_l2, f->a[12]));
    st = status_of(f, 1);
    assert_true(is_block(f, &st.unsafe_l2, f->b));
    assert_true(is_block(f, &st.safe_l2, ls_universe_at(f->l2.u, f->b, 12)));
    assert_false(is_block(f, &st.safe_l2, f->a[12]));
    assert_true(is_block(f, &st.finalized_l2, f->a[8]));
    st = status_of(f, 1);
    assert_true(is_block(f, &st.unsafe_l2, ls_universe_at(f->l2.u, f->b, 13)));
    assert_true(is_block(f, &st.safe_l2, f->a[10]));
    assert_true(is_block(f, &st.finalized_l2, f->a[6]));
}

static void unset_heads_stay_unset_behind_a_balancer(void **state)
{
    struct fixture *f = *state;
    const struct ls_src_backend at = {2, LS_NO_BLOCK};
    ls_source_balance(f->s, &at, 1, LS_TURNS_RANDOM, 7);
    ls_source_heads(f->s)->safe_l2 = LS_NO_BLOCK;
    assert_int_equal(ls_source_answer(f->s, 1).heads.safe_l2, LS_NO_BLOCK);
}

static void replay_answers_with_the_moment_that_was(void **state)
{
    struct fixture *f = *state;
    struct ls_src_moment moments[3] = {{.at_ms = 100}, {.at_ms = 200}, {.at_ms = 300}};
    for (unsigned i = 0; i < 3; i++) {
        moments[i].status.safe_l2 = ls_universe_get(f->l2.u, f->a[4 + i])->ref;
        moments[i].status.unsafe_l2 = ls_universe_get(f->l2.u, f->a[10 + i])->ref;
    }
    ls_source_play(f->s, moments, 3);
    const struct {
        uint64_t at_ms;
        unsigned moment;
    } want[] = {{0, 0}, {199, 0}, {200, 1}, {299, 1}, {5000, 2}};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        ls_source_seek(f->s, want[i].at_ms);
        struct ls_sync_status st = status_of(f, 1);
        assert_true(is_block(f, &st.safe_l2, f->a[4 + want[i].moment]));
        assert_int_equal(tag_of(f, LS_SRC_SAFE), f->a[4 + want[i].moment]);
        assert_int_equal(tag_of(f, LS_SRC_LATEST), f->a[10 + want[i].moment]);
    }
    ls_source_step(f->s, 1);
    assert_int_equal(tag_of(f, LS_SRC_SAFE), f->a[5]);
    ls_source_step(f->s, 99);
    assert_int_equal(tag_of(f, LS_SRC_SAFE), f->a[6]);
    ls_source_play(f->s, NULL, 0);
    assert_int_equal(tag_of(f, LS_SRC_SAFE), NONE);
}

/* --- L1 --- */

static struct ls_l1 *make_l1(const struct fixture *f, void **mem)
{
    *mem = malloc(ls_l1_size());
    assert_non_null(*mem);
    return ls_l1_init(*mem, f->l1.u, f->l[9]);
}

static void l1_heads_are_clamped_to_latest(void **state)
{
    struct fixture *f = *state;
    void *mem;
    struct ls_l1 *l1 = make_l1(f, &mem);
    assert_int_equal(ls_l1_by_tag(l1, LS_L1_TAG_LATEST), f->l[9]);
    assert_int_equal(ls_l1_by_tag(l1, LS_L1_TAG_SAFE), NONE);
    ls_l1_set_safe(l1, 7);
    ls_l1_set_finalized(l1, 50);
    assert_int_equal(ls_l1_by_tag(l1, LS_L1_TAG_SAFE), f->l[7]);
    assert_int_equal(ls_l1_by_tag(l1, LS_L1_TAG_FINALIZED), f->l[9]);
    assert_int_equal(ls_l1_by_tag(l1, LS_L1_TAG_EARLIEST), f->l[0]);
    free(mem);
}

static void lagging_l1_does_not_have_the_newest(void **state)
{
    struct fixture *f = *state;
    void *mem;
    struct ls_l1 *l1 = make_l1(f, &mem);
    ls_l1_set_lag(l1, 3);
    assert_int_equal(ls_l1_by_tag(l1, LS_L1_TAG_LATEST), f->l[6]);
    assert_int_equal(ls_l1_by_number(l1, 7), NONE);
    assert_int_equal(ls_l1_by_number(l1, 6), f->l[6]);
    assert_int_equal(ls_l1_by_hash(l1, &ls_universe_get(f->l1.u, f->l[7])->ref.hash), NONE);
    ls_l1_set_lag(l1, 100);
    assert_int_equal(ls_l1_by_tag(l1, LS_L1_TAG_LATEST), NONE);
    free(mem);
}

static void l1_reorg_replaces_numbers_and_keeps_hashes(void **state)
{
    struct fixture *f = *state;
    void *mem;
    struct ls_l1 *l1 = make_l1(f, &mem);
    uint32_t side = grow(&f->l1, f->l[6], 3, 'm');
    ls_l1_set_tip(l1, side);
    assert_int_equal(ls_l1_tip(l1), side);
    assert_int_equal(ls_l1_by_number(l1, 9), side);
    assert_int_equal(ls_l1_by_number(l1, 6), f->l[6]);
    assert_int_equal(ls_l1_by_hash(l1, &ls_universe_get(f->l1.u, f->l[8])->ref.hash), f->l[8]);
    free(mem);
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* --- profiles --- */

/* safe/finalized of the next count answers, a tick after each. */
static void story(struct fixture *f, const char *profile, unsigned count, char *out, size_t cap)
{
    struct ls_src_profile p;
    size_t n = 0;
    assert_true(ls_source_profile_read(profile, &p));
    *ls_source_heads(f->s) = (struct ls_src_heads){.unsafe_l2 = f->a[20],
                                                   .local_safe_l2 = f->a[18],
                                                   .safe_l2 = f->a[18],
                                                   .finalized_l2 = f->a[14],
                                                   .current_l1 = f->l[6],
                                                   .head_l1 = f->l[7],
                                                   .safe_l1 = f->l[6],
                                                   .finalized_l1 = f->l[5]};
    ls_source_set_profile(f->s, &p);
    for (unsigned i = 0; i < count; i++) {
        struct ls_sync_status st = status_of(f, 1);
        n += (size_t)snprintf(out + n, cap - n, "%s%u/%u%s", i == 0 ? "" : " ",
                              (unsigned)st.safe_l2.number, (unsigned)st.finalized_l2.number,
                              ls_hash_is_zero(&st.current_l1.hash) ? "-" : "");
        ls_source_tick(f->s);
    }
}

static void each_profile_tells_its_own_story(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *profile;
        const char *story; /* safe/finalized, "-": current L1 zero */
    } rows[] = {
        {"normal", "18/14 18/14 18/14 18/14"},
        {"SRC-REGRESS:3", "15/14 15/14 15/14 15/14"},
        {"regress:6", "12/12 12/12 12/12 12/12"}, /* finalized is not left above */
        {"SRC-SAW:4/2", "14/14 16/14 14/14 16/14"},
        {"SRC-COLD:2", "0/0- 0/0- 18/14 18/14"},
        {"cold-finalized:2", "14/14- 14/14- 18/14 18/14"},
        {"cold-zeros:1", "0/0- 18/14 18/14 18/14"},
        {"kona", "18/14 18/14 18/14 18/14"},
    };
    char seen[200];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        story(f, rows[i].profile, 4, seen, sizeof seen);
        assert_string_equal(seen, rows[i].story);
    }
    assert_int_equal(ls_source_shape(f->s), LS_SRC_SHAPE_KONA);
    story(f, "freeze", 1, seen, sizeof seen);
    ls_source_heads(f->s)->safe_l2 = f->a[19];
    struct ls_sync_status st = status_of(f, 1);
    assert_int_equal(st.safe_l2.number, 18);
}

static void garbage_is_plausible_and_never_twice_the_same(void **state)
{
    struct fixture *f = *state;
    struct ls_src_profile p;
    struct ls_sync_status before = {0};
    assert_true(ls_source_profile_read("SRC-BYZ", &p));
    ls_source_set_profile(f->s, &p);
    for (unsigned i = 0; i < 100; i++) {
        struct ls_sync_status st = status_of(f, 1);
        assert_true(st.finalized_l2.number <= st.safe_l2.number);
        assert_true(st.safe_l2.number <= st.unsafe_l2.number);
        assert_int_equal(ls_universe_find(f->l2.u, &st.safe_l2.hash), NONE);
        assert_false(ls_hash_eq(&st.safe_l2.hash, &before.safe_l2.hash));
        assert_true(tag_of(f, LS_SRC_SAFE) < ls_universe_count(f->l2.u));
        before = st;
    }
}

static void wrong_profiles_of_sources_are_refused(void **state)
{
    static const char *const wrong[] = {"",      "src-",    "colder",   "cold:",     "cold:x",
                                        "saw:4", "saw:4/0", "freeze:3", "regress:0", "normal:1"};
    struct ls_src_profile p;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(ls_source_profile_read(wrong[i], &p));
    }
    for (size_t i = 0; ls_source_profile_at(i) != NULL; i++) {
        assert_true(ls_source_profile_read(ls_source_profile_at(i)->name, &p));
        assert_non_null(p.what);
    }
}

/* The node on the old fork answers with it, as high as it goes; a hash is found by all who may have
 * it. */
static void l1_nodes_are_behind_or_on_a_fork(void **state)
{
    struct fixture *f = *state;
    uint32_t old = grow(&f->l1, f->l[4], 2, 'm');
    const struct ls_l1_node nodes[] = {{0, NONE}, {3, NONE}, {0, old}};
    void *mem = malloc(ls_l1_size());
    struct ls_l1 *l = ls_l1_init(mem, f->l1.u, f->l[9]);
    ls_l1_set_safe(l, 8);
    ls_l1_set_finalized(l, 3);
    ls_l1_balance(l, nodes, 3, LS_TURNS_ROUND_ROBIN, 7);
    const uint32_t want[3][4] = {{f->l[9], f->l[8], f->l[3], f->l[5]},
                                 {f->l[6], f->l[6], f->l[3], f->l[5]},
                                 {old, old, f->l[3], ls_universe_at(f->l1.u, old, 5)}};
    for (unsigned i = 0; i < 6; i++) {
        ls_l1_turn(l, 1);
        assert_int_equal(ls_l1_by_tag(l, LS_L1_TAG_LATEST), want[i % 3][0]);
        assert_int_equal(ls_l1_by_tag(l, LS_L1_TAG_SAFE), want[i % 3][1]);
        assert_int_equal(ls_l1_by_tag(l, LS_L1_TAG_FINALIZED), want[i % 3][2]);
        assert_int_equal(ls_l1_by_number(l, 5), want[i % 3][3]);
    }
    ls_l1_set_tip(l, f->l[5]); /* a node is no higher than the L1 */
    ls_l1_balance(l, &nodes[2], 1, LS_TURNS_STICKY, 7);
    assert_int_equal(ls_l1_by_tag(l, LS_L1_TAG_LATEST), ls_universe_at(f->l1.u, old, 5));
    free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(unset_heads_are_zero_references),
        WITH(heads_are_set_one_by_one_and_need_not_be_sane),
        WITH(follow_raises_unsafe_and_names_the_l1_origin),
        WITH(execution_layer_serves_its_own_chain_only),
        WITH(frozen_source_answers_as_it_was),
        WITH(moods_last_as_many_answers_as_asked),
        WITH(each_profile_tells_its_own_story),
        WITH(garbage_is_plausible_and_never_twice_the_same),
        WITH(wrong_profiles_of_sources_are_refused),
        WITH(backends_stay_behind_the_source_wherever_it_goes),
        WITH(backends_may_be_on_a_fork),
        WITH(l1_nodes_are_behind_or_on_a_fork),
        WITH(unset_heads_stay_unset_behind_a_balancer),
        WITH(balancer_gives_views_by_its_policy),
        WITH(replay_answers_with_the_moment_that_was),
        WITH(l1_heads_are_clamped_to_latest),
        WITH(lagging_l1_does_not_have_the_newest),
        WITH(l1_reorg_replaces_numbers_and_keeps_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
