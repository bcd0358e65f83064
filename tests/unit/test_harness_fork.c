/*
 * Synthetic forks: right hashes, the same each time, kept on the disk.
 */
#include "tests/unit/harness_folder.h"

#include "harness/capture/fork.h"
#include "lib/arena.h"
#include "lib/json.h"
#include "lib/op/block.h"

#define LENGTH 5u

struct world {
    struct folder f;
    struct ls_chain c;
};

static int setup(void **state)
{
    static const struct ls_chain_options room = {.extra_blocks = 40};
    struct world *w = calloc(1, sizeof *w);

    folder_make(&w->f);
    if (ls_chain_open(FOLDER_SOURCE, &room, &w->c, &w->f.d)) {
        fail_msg("%s", w->f.d.text);
    }
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    ls_chain_close(&w->c);
    folder_remove(&w->f);
    free(w);
    return 0;
}

static const struct ls_ublock *get(const struct world *w, uint32_t id)
{
    return ls_universe_get(w->c.l2, id);
}

/* Decodes the block's text and compares all that can be with its reference. */
static void check_block(const struct world *w, uint32_t id, struct ls_block *out,
                        struct ls_arena *a)
{
    const struct ls_ublock *b = get(w, id);
    struct cJSON *root = NULL;
    struct ls_l2_ref ref;
    struct ls_diag d = {""};

    assert_int_equal(ls_json_parse(b->json, b->json_bytes, 0, &root, &d), LS_OK);
    assert_int_equal(ls_block_from_json(root, a, out, &d), LS_OK);
    assert_int_equal(ls_block_verify(out, &d), LS_OK);
    assert_int_equal(ls_block_check_fork(out, &w->c.rollup, &d), LS_OK);
    assert_int_equal(ls_block_l2_ref(out, &w->c.rollup, &ref, &d), LS_OK);
    assert_memory_equal(&ref, &b->ref, sizeof ref);
    for (const struct cJSON *tx = ls_json_first(ls_json_get(root, "transactions")); tx;
         tx = ls_json_next(tx)) {
        struct ls_hash stated;
        assert_int_equal(ls_json_fixed(ls_json_get(tx, "blockHash"), stated.b, 32), LS_OK);
        assert_true(ls_hash_eq(&stated, &b->ref.hash));
    }
    ls_json_free(root);
}

static void siblings_have_right_hashes_and_only_differ_where_asked(void **state)
{
    struct world *w = *state;
    const struct ls_fork_spec spec = {.name = "side"};
    uint32_t at = ls_chain_at(&w->c, 1600);
    uint32_t ids[LENGTH];
    uint32_t parent = at;

    assert_int_equal(ls_chain_fork(&w->c, at, LENGTH, &spec, ids, &w->f.d), LS_OK);
    for (uint32_t i = 0; i < LENGTH; i++) {
        struct ls_arena a;
        struct ls_block made;
        struct ls_block real;
        ls_arena_init(&a, 1u << 24);
        check_block(w, ids[i], &made, &a);
        check_block(w, ls_chain_at(&w->c, 1601 + i), &real, &a);
        assert_int_equal(get(w, ids[i])->parent, parent);
        assert_true(get(w, ids[i])->is_synthetic);
        assert_false(get(w, ids[i])->expect_invalid);
        assert_false(ls_hash_eq(&made.hash, &real.hash));
        assert_int_equal(ls_hash_eq(&made.header.mix_hash, &real.header.mix_hash), i > 0);
        assert_true(ls_hash_eq(&made.header.tx_root, &real.header.tx_root));
        assert_true(ls_hash_eq(&made.header.state_root, &real.header.state_root));
        parent = ids[i];
        ls_arena_fini(&a);
    }
    const struct ls_chain_branch *br = ls_chain_branch(&w->c, "side");
    assert_non_null(br);
    assert_true(br->is_synthetic);
    assert_int_equal(br->first, ids[0]);
    assert_int_equal(br->tip, ids[LENGTH - 1]);
    assert_int_equal(ls_universe_common(w->c.l2, br->tip, w->c.tip), at);
}

static struct ls_hash fork_hash(const struct ls_fork_spec *spec)
{
    static const struct ls_chain_options room = {.extra_blocks = 1};
    struct ls_chain c;
    uint32_t id;

    assert_int_equal(ls_chain_open(FOLDER_SOURCE, &room, &c, NULL), LS_OK);
    assert_int_equal(ls_chain_fork(&c, ls_chain_at(&c, 1600), 1, spec, &id, NULL), LS_OK);
    struct ls_hash h = ls_universe_get(c.l2, id)->ref.hash;
    ls_chain_close(&c);
    return h;
}

static void equal_arguments_give_equal_blocks_and_others_do_not(void **state)
{
    static const struct ls_fork_spec specs[] = {
        {.name = "a"},
        {.name = "b"},
        {.name = "a", .seed = 1},
        {.name = "a", .field = LS_FORK_FIELD_STATE_ROOT},
        {.name = "a", .field = LS_FORK_FIELD_RECEIPTS_ROOT},
        {.name = "a", .field = LS_FORK_FIELD_GAS_LIMIT},
        {.name = NULL},
    };
    struct ls_hash hashes[sizeof specs / sizeof specs[0]];

    (void)state;
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        hashes[i] = fork_hash(&specs[i]);
        struct ls_hash again = fork_hash(&specs[i]);
        assert_true(ls_hash_eq(&hashes[i], &again));
        for (size_t k = 0; k < i; k++) {
            assert_false(ls_hash_eq(&hashes[i], &hashes[k]));
        }
    }
}

static void given_value_stands_in_the_header(void **state)
{
    struct world *w = *state;
    const struct ls_fork_spec gas = {
        .name = "gas", .field = LS_FORK_FIELD_GAS_LIMIT, .value = "0x1234567"};
    struct ls_arena a;
    struct ls_block b;
    uint32_t id;

    ls_arena_init(&a, 1u << 24);
    assert_int_equal(ls_chain_fork(&w->c, ls_chain_at(&w->c, 1600), 1, &gas, &id, NULL), LS_OK);
    check_block(w, id, &b, &a);
    assert_int_equal(b.header.gas_limit, 0x1234567);
    ls_arena_fini(&a);
}

static void blocks_from_the_invalid_one_up_are_to_be_refused(void **state)
{
    struct world *w = *state;
    const struct ls_fork_spec bad = {.name = "bad", .invalid_from = 3};
    const struct ls_fork_spec above = {.name = "above"};
    uint32_t ids[LENGTH];
    uint32_t id;

    assert_int_equal(ls_chain_fork(&w->c, ls_chain_at(&w->c, 1600), LENGTH, &bad, ids, NULL),
                     LS_OK);
    for (uint32_t i = 0; i < LENGTH; i++) {
        assert_int_equal(get(w, ids[i])->expect_invalid, i >= 2);
    }
    assert_int_equal(ls_chain_fork(&w->c, ids[2], 1, &above, &id, NULL), LS_OK);
    assert_true(get(w, id)->expect_invalid);
}

static void forks_grow_on_forks_and_orphans(void **state)
{
    struct world *w = *state;
    const struct ls_fork_spec side = {.name = "side"};
    const struct ls_fork_spec twig = {.name = "twig"};
    const struct ls_fork_spec rival = {.name = "rival"};
    const struct ls_chain_branch *orphan = ls_chain_branch(&w->c, "orphan-1757");
    uint32_t ids[LENGTH];
    uint32_t more[LENGTH];

    assert_int_equal(ls_chain_fork(&w->c, ls_chain_at(&w->c, 1600), LENGTH, &side, ids, NULL),
                     LS_OK);
    assert_int_equal(ls_chain_fork(&w->c, ids[1], LENGTH, &twig, more, NULL), LS_OK);
    assert_int_equal(ls_universe_common(w->c.l2, more[LENGTH - 1], ids[LENGTH - 1]), ids[1]);
    assert_int_equal(get(w, more[0])->ref.number, 1603);

    assert_int_equal(ls_chain_fork(&w->c, orphan->first, 3, &rival, more, NULL), LS_OK);
    assert_true(ls_universe_is_ancestor(w->c.l2, orphan->first, more[2]));
    assert_int_equal(ls_universe_common(w->c.l2, more[2], orphan->tip), orphan->first);
}

static void refuses_what_cannot_be_made(void **state)
{
    struct world *w = *state;
    uint32_t at = ls_chain_at(&w->c, 1600);
    const struct ls_fork_spec side = {.name = "side"};
    const struct ls_fork_spec nameless = {.name = NULL};
    const struct ls_fork_spec taken = {.name = "canonical"};
    const struct ls_fork_spec slash = {.name = "a/b"};
    const struct ls_fork_spec value = {.name = "v", .value = "0x12"};

    assert_int_equal(ls_chain_fork(&w->c, at, 0, &side, NULL, &w->f.d), LS_ERR_RANGE);
    assert_int_equal(ls_chain_fork(&w->c, w->c.tip, 1, &side, NULL, &w->f.d), LS_ERR_RANGE);
    assert_non_null(strstr(w->f.d.text, "1837"));
    assert_int_equal(ls_chain_fork(&w->c, at, 1, &taken, NULL, &w->f.d), LS_ERR_EXISTS);
    assert_int_equal(ls_chain_fork(&w->c, at, 1, &slash, NULL, &w->f.d), LS_ERR_PARSE);
    assert_int_equal(ls_chain_fork(&w->c, at, 1, &value, NULL, &w->f.d), LS_ERR_PARSE);
    assert_non_null(strstr(w->f.d.text, "mixHash"));
    assert_int_equal(ls_chain_fork(&w->c, at, 1, &nameless, NULL, &w->f.d), LS_OK);
    assert_int_equal(ls_chain_fork(&w->c, at, 1, &nameless, NULL, &w->f.d), LS_ERR_EXISTS);
    assert_int_equal(ls_chain_fork(&w->c, at, 40, &side, NULL, &w->f.d), LS_ERR_LIMIT);
    assert_null(ls_chain_branch(&w->c, "side"));
}

static void survives_the_disk_with_names_and_flags(void **state)
{
    struct world *w = *state;
    const struct ls_fork_spec side = {.name = "side", .invalid_from = 2};
    const struct ls_fork_spec twig = {.name = "twig"};
    const struct ls_draft_options o = {.first = 1590, .last = 1603, .level = 1};
    struct ls_draft draft;
    struct ls_chain c;
    uint32_t ids[LENGTH];

    assert_int_equal(ls_chain_fork(&w->c, ls_chain_at(&w->c, 1600), LENGTH, &side, ids, NULL),
                     LS_OK);
    assert_int_equal(ls_chain_fork(&w->c, ids[0], LENGTH, &twig, NULL, NULL), LS_OK);
    ls_draft_init(&draft);
    assert_int_equal(ls_draft_from_chain(&draft, &w->c, NULL), LS_OK);
    if (ls_draft_write(&draft, w->f.dir, &o, &w->f.d)) {
        fail_msg("%s", w->f.d.text);
    }
    ls_draft_fini(&draft);

    assert_int_equal(ls_chain_open(w->f.dir, NULL, &c, &w->f.d), LS_OK);
    const struct ls_chain_branch *br = ls_chain_branch(&c, "side");
    assert_non_null(br);
    assert_true(br->is_synthetic);
    assert_int_equal(ls_universe_get(c.l2, br->tip)->ref.number, 1603); /* cut with the window */
    assert_true(ls_universe_get(c.l2, br->tip)->expect_invalid);
    assert_false(ls_universe_get(c.l2, br->first)->expect_invalid);
    assert_int_equal(ls_universe_get(c.l2, ls_universe_at(c.l2, br->tip, 1602))->expect_invalid,
                     true);
    assert_true(ls_universe_get(c.l2, br->first)->is_synthetic);
    const struct ls_chain_branch *above = ls_chain_branch(&c, "twig");
    assert_non_null(above);
    assert_int_equal(ls_universe_get(c.l2, above->first)->parent, br->first);
    assert_false(ls_universe_get(c.l2, above->tip)->expect_invalid);
    assert_false(ls_universe_get(c.l2, c.tip)->is_synthetic);
    ls_chain_close(&c);
}

static void field_names_are_the_json_members(void **state)
{
    enum ls_fork_field f;

    (void)state;
    for (unsigned i = 0; i < LS_FORK_FIELD_COUNT; i++) {
        assert_int_equal(ls_fork_field_parse(ls_fork_field_name((enum ls_fork_field)i), &f), LS_OK);
        assert_int_equal(f, i);
    }
    assert_int_equal(ls_fork_field_parse("extraData", &f), LS_ERR_NOT_FOUND);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(siblings_have_right_hashes_and_only_differ_where_asked),
        cmocka_unit_test(equal_arguments_give_equal_blocks_and_others_do_not),
        TEST(given_value_stands_in_the_header),
        TEST(blocks_from_the_invalid_one_up_are_to_be_refused),
        TEST(forks_grow_on_forks_and_orphans),
        TEST(refuses_what_cannot_be_made),
        TEST(survives_the_disk_with_names_and_flags),
        cmocka_unit_test(field_names_are_the_json_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
