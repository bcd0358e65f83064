/*
 * Captures with receipts: they come with their blocks, orphans too, and are as hard to lose.
 */
#include "tests/unit/made_receipts.h"
#include "tests/unit/pull_world.h"

#include <fcntl.h>

#include "harness/capture/beside.h"
#include "harness/capture/pull_facts.h"

#define CAPTURE "capture"
#define FROM 1600u
#define BEFORE_REORG 403u /* rows of the timeline around the first reorg of FOLDER_SOURCE */
#define BEHIND_REORG 410u

struct rig {
    struct folder tmp;
    char dir[LS_PATH_MAX];
    struct ls_chain chain;
    struct ls_arena texts;
    struct world_time time;
    struct pull_world world;
    struct ls_pull_options o;
    struct ls_pull_result result;
    struct ls_diag d;
};

static void remove_capture(const char *dir)
{
    static const char *const files[] = {LS_MANIFEST_FILE,         LS_SEGMENT_L2_FILE,
                                        LS_SEGMENT_L1_FILE,       LS_SEGMENT_STATUS_FILE,
                                        LS_SEGMENT_RECEIPTS_FILE, LS_PULL_FACTS_FILE,
                                        LS_PULL_L2_JOURNAL,       LS_PULL_L1_JOURNAL,
                                        LS_PULL_STATUS_JOURNAL,   LS_BESIDE_RECEIPTS_JOURNAL};
    char path[LS_PATH_MAX];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(ls_path_join(dir, files[i], path, NULL), LS_OK);
        unlink(path);
    }
    rmdir(dir);
}

/* The world stands still, and is captured up to that block. */
static void still_world(struct rig *r, uint64_t to)
{
    world_init(&r->world, &r->chain, &r->time, 0, WORLD_ALWAYS);
    r->o.is_following = false;
    r->o.has_to = true;
    r->o.to = to;
}

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    folder_make(&r->tmp);
    folder_path(&r->tmp, CAPTURE, r->dir);
    assert_int_equal(ls_chain_open(FOLDER_SOURCE, NULL, &r->chain, &r->d), LS_OK);
    ls_arena_init(&r->texts, (size_t)64 << 20);
    made_receipts_give(&r->chain, &r->texts);
    r->o = (struct ls_pull_options){.dir = r->dir,
                                    .has_from = true,
                                    .from = FROM,
                                    .has_beside[LS_BESIDE_RECEIPTS] = true,
                                    .poll_ms = 1000,
                                    .patience_ms = 3000,
                                    .level = 1,
                                    .window = LS_PULL_WINDOW};
    still_world(r, 1612);
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

static void refuse(struct rig *r, enum ls_err want, const char *says)
{
    enum ls_err e = world_capture(&r->world, &r->o, &r->result, &r->d);

    if (e != want || !strstr(r->d.text, says)) {
        fail_msg("%s: %s", ls_err_name(e), r->d.text);
    }
}

/* Every block of the fixture with transactions has the receipts the node gave; but the first
 * `lacking` ones that have none. */
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
        if (b->receipts && b->ref.number > 0) {
            assert_int_equal(b->receipts_bytes, node->receipts_bytes);
            assert_memory_equal(b->receipts, node->receipts, b->receipts_bytes);
            with++;
        }
    }
    assert_int_equal(with, blocks);
    assert_int_equal(r->result.lacking[LS_BESIDE_RECEIPTS], lacking);
    ls_chain_close(&c);
}

static void they_come_with_their_blocks(void **state)
{
    struct rig *r = *state;

    char journal[LS_PATH_MAX];

    capture_ok(r);
    check_fixture(r, 13, 0);
    assert_int_equal(ls_path_join(r->dir, LS_BESIDE_RECEIPTS_JOURNAL, journal, NULL), LS_OK);
    assert_false(ls_file_exists(journal));
    /* A finished capture goes on with them, asked or not. */
    still_world(r, 1620);
    r->o.has_beside[LS_BESIDE_RECEIPTS] = false;
    capture_ok(r);
    check_fixture(r, 21, 0);
}

static void change_at_1617(struct pull_world *w, enum ls_pull_node node,
                           const struct ls_pull_call *call, struct ls_pull_answer *a)
{
    (void)a;
    if (node == LS_PULL_L2 && call->is_full && call->number == 1617 && w->time->moment == 403) {
        w->time->moment = 407;
    }
}

static void orphans_have_theirs(void **state)
{
    struct rig *r = *state;

    world_init(&r->world, &r->chain, &r->time, BEFORE_REORG, BEHIND_REORG);
    r->world.mangle = change_at_1617;
    r->o.is_following = true;
    r->o.has_to = false;
    capture_ok(r);
    assert_int_equal(r->result.orphans, 7);
    check_fixture(r, r->result.blocks + 7, 0);
    still_world(r, 1640); /* out of the fixture and into it again */
    capture_ok(r);
    check_fixture(r, r->result.blocks + 7, 0);
}

static void stopped_at_any_call_nothing_is_lost(void **state)
{
    struct rig *r = *state;

    capture_ok(r);
    uint64_t calls = r->world.calls;
    for (uint64_t stop = 1; stop < calls; stop++) {
        remove_capture(r->dir);
        still_world(r, 1612);
        r->world.stop_at_call = stop;
        (void)world_capture(&r->world, &r->o, &r->result, &r->d);
        still_world(r, 1612);
        capture_ok(r);
        check_fixture(r, 13, 0);
    }
}

/* A capture of 1600 .. 1612 with its journals; the fixture is gone. */
static void leave_journals(struct rig *r)
{
    static const char *const files[] = {LS_MANIFEST_FILE, LS_SEGMENT_L2_FILE, LS_SEGMENT_L1_FILE,
                                        LS_SEGMENT_RECEIPTS_FILE};
    struct ls_pull_folder f;
    char path[LS_PATH_MAX];

    capture_ok(r);
    assert_int_equal(ls_pull_folder_look(r->dir, LS_PULL_WINDOW, &f, &r->d), LS_OK);
    assert_int_equal(ls_pull_folder_open(&f, &r->d), LS_OK);
    ls_pull_folder_close(&f);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(ls_path_join(r->dir, files[i], path, NULL), LS_OK);
        assert_int_equal(unlink(path), 0);
    }
}

static void read_journal(const struct rig *r, struct ls_buf *out)
{
    char path[LS_PATH_MAX];

    assert_int_equal(ls_path_join(r->dir, LS_BESIDE_RECEIPTS_JOURNAL, path, NULL), LS_OK);
    ls_buf_init(out, LS_SEGMENT_BYTES_MAX);
    assert_int_equal(ls_file_read(path, out, NULL), LS_OK);
}

static void write_journal(const struct rig *r, const struct ls_buf *text)
{
    char path[LS_PATH_MAX];

    assert_int_equal(ls_path_join(r->dir, LS_BESIDE_RECEIPTS_JOURNAL, path, NULL), LS_OK);
    assert_int_equal(ls_file_write(path, ls_buf_span(text), NULL), LS_OK);
}

/* Lines too many, and one that is cut: a process killed between receipts and block. */
static void lines_without_a_block_do_no_harm(void **state)
{
    struct rig *r = *state;
    struct ls_buf text;

    leave_journals(r);
    read_journal(r, &text);
    const struct ls_ublock *later = ls_universe_get(r->chain.l2, ls_chain_at(&r->chain, 1613));
    ls_buf_put(&text, later->receipts, later->receipts_bytes);
    ls_buf_puts(&text, "\n[{\"status\":\"0x1\"}]\n[{\"sta");
    write_journal(r, &text);
    ls_buf_fini(&text);
    still_world(r, 1614);
    capture_ok(r);
    check_fixture(r, 15, 0);
}

static void what_is_damaged_is_left_out_and_counted(void **state)
{
    struct rig *r = *state;
    struct ls_buf text;

    leave_journals(r);
    read_journal(r, &text);
    uint8_t *line = (uint8_t *)memchr(text.p + text.n / 2, '\n', text.n / 2) + 1;
    memset(line + 20, '0', 40); /* as a disk does that lost power */
    write_journal(r, &text);
    ls_buf_fini(&text);
    still_world(r, 1614);
    capture_ok(r);
    check_fixture(r, 14, 1);
}

static void a_folder_without_gets_them_from_now_on(void **state)
{
    struct rig *r = *state;

    r->o.has_beside[LS_BESIDE_RECEIPTS] = false;
    capture_ok(r);
    check_fixture(r, 0, 0);
    still_world(r, 1620);
    r->o.has_beside[LS_BESIDE_RECEIPTS] = true;
    capture_ok(r);
    check_fixture(r, 8, 13);
}

/* --- nodes that are not right --- */

static bool is_receipts(const struct ls_pull_call *call, uint64_t number)
{
    return call->method == LS_PULL_RECEIPTS_BY_NUMBER && call->number == number;
}

static void lie(struct pull_world *w, enum ls_pull_node node, const struct ls_pull_call *call,
                struct ls_pull_answer *a)
{
    static char text[4096];

    (void)w;
    (void)node;
    if (is_receipts(call, 1605)) {
        snprintf(text, sizeof text, "%.*s", (int)a->result.n, (const char *)a->result.p);
        char *status = strstr(text, "\"status\":\"0x1");
        assert_non_null(status);
        status[12] = '0';
        a->result = world_text(text);
    }
}

static void have_none(struct pull_world *w, enum ls_pull_node node, const struct ls_pull_call *call,
                      struct ls_pull_answer *a)
{
    (void)w;
    (void)node;
    if (is_receipts(call, 1605)) {
        a->result = world_text("null");
    }
}

static void know_no_such_call(struct pull_world *w, enum ls_pull_node node,
                              const struct ls_pull_call *call, struct ls_pull_answer *a)
{
    (void)w;
    (void)node;
    if (is_receipts(call, 1605)) {
        a->is_error = true;
        a->code = -32601;
        snprintf(a->message, sizeof a->message, "the method does not exist");
    }
}

/* Once, as when the chain is replaced between the two answers. */
static void mix_up(struct pull_world *w, enum ls_pull_node node, const struct ls_pull_call *call,
                   struct ls_pull_answer *a)
{
    (void)node;
    if (is_receipts(call, 1605) && !w->user) {
        w->user = w;
        const struct ls_ublock *b = ls_universe_get(w->chain->l2, ls_chain_at(w->chain, 1606));
        a->result = (struct ls_span){(const uint8_t *)b->receipts, b->receipts_bytes};
    }
}

static void a_node_that_lies_is_named(void **state)
{
    struct rig *r = *state;

    r->world.mangle = lie;
    refuse(r, LS_ERR_HASH, "the L2 node: block 1605: receipts");
    still_world(r, 1612);
    r->world.mangle = have_none;
    refuse(r, LS_ERR_TIMEOUT, "the receipts of block 1605");
    still_world(r, 1612);
    r->world.mangle = know_no_such_call;
    refuse(r, LS_ERR_RPC, "eth_getBlockReceipts");
    still_world(r, 1612);
    r->world.mangle = mix_up;
    capture_ok(r);
    assert_non_null(r->world.user);
    check_fixture(r, 13, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(they_come_with_their_blocks),
        T(orphans_have_theirs),
        T(stopped_at_any_call_nothing_is_lost),
        T(lines_without_a_block_do_no_harm),
        T(what_is_damaged_is_left_out_and_counted),
        T(a_folder_without_gets_them_from_now_on),
        T(a_node_that_lies_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
