/*
 * Captures with proofs: they come with their blocks and are as hard to lose as receipts are
 * (test_harness_pull_receipts.c has what both share).
 */
#include "tests/unit/harness_folder.h"
#include "tests/unit/made_states.h"
#include "tests/unit/pull_world.h"

#include <limits.h>

#include "harness/capture/beside.h"
#include "harness/capture/pull_facts.h"

#define CAPTURE "capture"

struct rig {
    struct folder tmp;
    char dir[LS_PATH_MAX];
    struct ls_chain chain;
    struct ls_arena texts;
    uint64_t first; /* of the blocks with proofs */
    unsigned wrong; /* answers given */
    unsigned wrong_max;
    struct world_time time;
    struct pull_world world;
    struct ls_pull_options o;
    struct ls_pull_result result;
    struct ls_diag d;
};

static void remove_capture(const char *dir)
{
    static const char *const files[] = {
        LS_MANIFEST_FILE,       LS_SEGMENT_L2_FILE,       LS_SEGMENT_L1_FILE,
        LS_SEGMENT_STATUS_FILE, LS_SEGMENT_RECEIPTS_FILE, LS_SEGMENT_PROOFS_FILE,
        LS_PULL_FACTS_FILE,     LS_PULL_L2_JOURNAL,       LS_PULL_L1_JOURNAL,
        LS_PULL_STATUS_JOURNAL, LS_BESIDE_PROOFS_JOURNAL, LS_BESIDE_RECEIPTS_JOURNAL};
    char path[LS_PATH_MAX];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(ls_path_join(dir, files[i], path, NULL), LS_OK);
        unlink(path);
    }
    rmdir(dir);
}

/* The world stands still, and is captured up to count blocks. */
static void still_world(struct rig *r, uint64_t count)
{
    world_init(&r->world, &r->chain, &r->time, 0, WORLD_ALWAYS);
    r->o.has_to = true;
    r->o.to = r->first + count - 1;
}

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    folder_make(&r->tmp);
    folder_path(&r->tmp, CAPTURE, r->dir);
    ls_arena_init(&r->texts, 1u << 20);
    r->first = made_states_open(&r->chain, &r->texts);
    r->o = (struct ls_pull_options){.dir = r->dir,
                                    .has_from = true,
                                    .from = r->first,
                                    .has_beside[LS_BESIDE_PROOFS] = true,
                                    .poll_ms = 1000,
                                    .patience_ms = 3000,
                                    .level = 1,
                                    .window = LS_PULL_WINDOW};
    still_world(r, 6);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;

    remove_capture(r->dir);
    folder_remove(&r->tmp);
    ls_chain_close(&r->chain);
    ls_arena_fini(&r->texts);
    free(r);
    return 0;
}

static void capture_ok(struct rig *r)
{
    if (world_capture(&r->world, &r->o, &r->result, &r->d)) {
        fail_msg("%s", r->d.text);
    }
}

/* The fixture has that many blocks with the proof the node gave. Genesis may lack its own. */
static void check_fixture(struct rig *r, uint64_t blocks, uint64_t lacking)
{
    struct ls_chain c;
    uint64_t with = 0;

    if (ls_chain_open(r->dir, NULL, &c, &r->d)) {
        fail_msg("%s", r->d.text);
    }
    for (uint32_t id = 0; id < ls_universe_count(c.l2); id++) {
        const struct ls_ublock *b = ls_universe_get(c.l2, id);
        const struct ls_ublock *node =
            ls_universe_get(r->chain.l2, ls_universe_find(r->chain.l2, &b->ref.hash));
        if (b->proof) {
            assert_int_equal(b->proof_bytes, node->proof_bytes);
            assert_memory_equal(b->proof, node->proof, b->proof_bytes);
            with++;
        }
    }
    assert_int_equal(with, blocks);
    assert_int_equal(r->result.lacking[LS_BESIDE_PROOFS], lacking);
    ls_chain_close(&c);
}

static void they_come_with_their_blocks(void **state)
{
    struct rig *r = *state;
    char journal[LS_PATH_MAX];

    capture_ok(r);
    check_fixture(r, 6, 0);
    assert_int_equal(ls_path_join(r->dir, LS_BESIDE_PROOFS_JOURNAL, journal, NULL), LS_OK);
    assert_false(ls_file_exists(journal));
    /* A finished capture goes on with them, asked or not. */
    still_world(r, MADE_STATES_BLOCKS);
    r->o.has_beside[LS_BESIDE_PROOFS] = false;
    capture_ok(r);
    check_fixture(r, MADE_STATES_BLOCKS, 0);
}

static void stopped_at_any_call_nothing_is_lost(void **state)
{
    struct rig *r = *state;

    capture_ok(r);
    uint64_t calls = r->world.calls;
    assert_true(calls > 12);
    for (uint64_t stop = 1; stop < calls; stop++) {
        remove_capture(r->dir);
        still_world(r, 6);
        r->world.stop_at_call = stop;
        (void)world_capture(&r->world, &r->o, &r->result, &r->d);
        still_world(r, 6);
        capture_ok(r);
        check_fixture(r, 6, 0);
    }
}

static void what_was_recorded_without_stays_without(void **state)
{
    struct rig *r = *state;

    r->o.has_beside[LS_BESIDE_PROOFS] = false;
    capture_ok(r);
    check_fixture(r, 0, 0);
    still_world(r, MADE_STATES_BLOCKS);
    r->o.has_beside[LS_BESIDE_PROOFS] = true;
    capture_ok(r);
    check_fixture(r, MADE_STATES_BLOCKS - 6, 6);
}

static bool is_proof(const struct rig *r, const struct ls_pull_call *call, uint64_t nth)
{
    return call->method == LS_PULL_PROOF_BY_NUMBER && call->number == r->first + nth;
}

static void lie_of_the_third(struct pull_world *w, enum ls_pull_node node,
                             const struct ls_pull_call *call, struct ls_pull_answer *a)
{
    static char text[1 << 16];
    const struct rig *r = w->user;

    if (node == LS_PULL_L2 && is_proof(r, call, 2)) {
        memcpy(text, a->result.p, a->result.n);
        text[a->result.n] = '\0';
        char *at = strstr(text, "\"balance\":\"0x1");
        assert_non_null(at);
        at[strlen("\"balance\":\"0x")] = '2';
        a->result.p = (const uint8_t *)text;
    }
}

static void give_that_of_another(struct pull_world *w, enum ls_pull_node node,
                                 const struct ls_pull_call *call, struct ls_pull_answer *a)
{
    struct rig *r = w->user;

    if (node == LS_PULL_L2 && is_proof(r, call, 2) && r->wrong < r->wrong_max) {
        r->wrong++;
        const struct ls_ublock *b =
            ls_universe_get(r->chain.l2, ls_chain_at(&r->chain, r->first + 1));
        a->result = (struct ls_span){(const uint8_t *)b->proof, b->proof_bytes};
    }
}

static void a_proof_that_proves_nothing_is_refused(void **state)
{
    struct rig *r = *state;

    r->world.user = r;
    r->world.mangle = lie_of_the_third;
    enum ls_err e = world_capture(&r->world, &r->o, &r->result, &r->d);
    if (e != LS_ERR_RANGE || !strstr(r->d.text, "balance")) {
        fail_msg("%s: %s", ls_err_name(e), r->d.text);
    }
}

/* The chain may have been replaced between the two answers: it is asked for again. */
static void that_of_another_state_is_asked_for_again(void **state)
{
    struct rig *r = *state;

    r->world.user = r;
    r->world.mangle = give_that_of_another;
    r->wrong_max = 1;
    capture_ok(r);
    assert_int_equal(r->wrong, 1);
    check_fixture(r, 6, 0);
}

static void a_node_that_never_has_it_is_named(void **state)
{
    struct rig *r = *state;

    r->world.user = r;
    r->world.mangle = give_that_of_another;
    r->wrong_max = UINT_MAX;
    enum ls_err e = world_capture(&r->world, &r->o, &r->result, &r->d);
    if (e != LS_ERR_TIMEOUT || !strstr(r->d.text, "the proof of block")) {
        fail_msg("%s: %s", ls_err_name(e), r->d.text);
    }
}

/* Lines too many, one that is damaged, and one that is cut. */
static void a_damaged_journal_costs_its_line(void **state)
{
    static const char *const files[] = {LS_MANIFEST_FILE, LS_SEGMENT_L2_FILE, LS_SEGMENT_L1_FILE,
                                        LS_SEGMENT_PROOFS_FILE};
    struct rig *r = *state;
    struct ls_pull_folder f;
    struct ls_buf text;
    char path[LS_PATH_MAX];

    capture_ok(r);
    assert_int_equal(ls_pull_folder_look(r->dir, LS_PULL_WINDOW, &f, &r->d), LS_OK);
    assert_int_equal(ls_pull_folder_open(&f, &r->d), LS_OK);
    ls_pull_folder_close(&f);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(ls_path_join(r->dir, files[i], path, NULL), LS_OK);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(ls_path_join(r->dir, LS_BESIDE_PROOFS_JOURNAL, path, NULL), LS_OK);
    ls_buf_init(&text, LS_SEGMENT_BYTES_MAX);
    assert_int_equal(ls_file_read(path, &text, NULL), LS_OK);
    ls_buf_putc(&text, '\0'); /* of a text that has none */
    char *balance = strstr((char *)text.p, "\"0x1234\"");
    assert_non_null(balance);
    balance[3] = '7';
    text.n--;
    ls_buf_puts(&text, "{\"accountProof\":[\"0x00\"]}\n{\"accou");
    assert_int_equal(ls_file_write(path, ls_buf_span(&text), NULL), LS_OK);
    ls_buf_fini(&text);
    still_world(r, MADE_STATES_BLOCKS);
    capture_ok(r);
    check_fixture(r, MADE_STATES_BLOCKS - 1, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(they_come_with_their_blocks),
        T(stopped_at_any_call_nothing_is_lost),
        T(what_was_recorded_without_stays_without),
        T(a_proof_that_proves_nothing_is_refused),
        T(that_of_another_state_is_asked_for_again),
        T(a_node_that_never_has_it_is_named),
        T(a_damaged_journal_costs_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
