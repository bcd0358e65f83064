/*
 * Captures of a recorded chain from nodes that replay it: what went in comes out, through reorgs,
 * stops and starts, and nodes that lag, lie or are of another chain.
 */
#include "tests/unit/harness_folder.h"
#include "tests/unit/pull_world.h"

#include "harness/capture/fork.h"
#include "harness/capture/pull_folder.h"

#define FROM 1326u
/* A folder to capture into must not exist yet, so it is made inside of this one. */
#define CAPTURE "capture"

/* Linked in place of the real ones: the tests are not about power cuts, and disks are slow. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    (void)fd;
    return 0;
}
int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
    (void)fd;
    return 0;
}

struct rig {
    struct folder tmp;
    char dir[LS_PATH_MAX];
    struct ls_chain chain; /* fixtures/devnet-reorgs */
    struct world_time time;
    struct pull_world world;
    struct ls_pull_options o;
    struct ls_pull_result result;
    struct ls_diag d;
};

static void remove_capture(const char *dir)
{
    static const char *const files[] = {
        LS_MANIFEST_FILE,   LS_SEGMENT_L2_FILE, LS_SEGMENT_L1_FILE, LS_SEGMENT_STATUS_FILE,
        LS_PULL_FACTS_FILE, LS_PULL_L2_JOURNAL, LS_PULL_L1_JOURNAL, LS_PULL_STATUS_JOURNAL};
    char path[LS_PATH_MAX];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(ls_path_join(dir, files[i], path, NULL), LS_OK);
        unlink(path);
    }
    rmdir(dir);
}

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    folder_make(&r->tmp);
    folder_path(&r->tmp, CAPTURE, r->dir);
    assert_int_equal(ls_chain_open(FOLDER_SOURCE, NULL, &r->chain, &r->d), LS_OK);
    r->o = (struct ls_pull_options){.dir = r->dir,
                                    .has_from = true,
                                    .from = FROM,
                                    .is_following = true,
                                    .poll_ms = 1000,
                                    .patience_ms = 30000,
                                    .level = 1,
                                    .window = LS_PULL_WINDOW};
    world_init(&r->world, &r->chain, &r->time, 0, r->chain.timeline_count - 1);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;

    remove_capture(r->dir);
    folder_remove(&r->tmp);
    ls_chain_close(&r->chain);
    free(r);
    return 0;
}

static void capture_ok(struct rig *r)
{
    enum ls_err e = world_capture(&r->world, &r->o, &r->result, &r->d);

    if (e) {
        print_error("%s: %s\n", ls_err_name(e), r->d.text);
    }
    assert_int_equal(e, LS_OK);
}

static void refuse(struct rig *r, enum ls_err want, const char *says)
{
    enum ls_err e = world_capture(&r->world, &r->o, &r->result, &r->d);

    if (e != want || !strstr(r->d.text, says)) {
        print_error("%s: %s\n", ls_err_name(e), r->d.text);
    }
    assert_int_equal(e, want);
    assert_non_null(strstr(r->d.text, says));
}

static void open_ok(struct rig *r, struct ls_chain *c)
{
    enum ls_err e = ls_chain_open(r->dir, NULL, c, &r->d);

    if (e) {
        print_error("%s\n", r->d.text);
    }
    assert_int_equal(e, LS_OK);
}

/* The same blocks, byte for byte, in the same order. */
static void assert_same_blocks(const struct ls_universe *a, const struct ls_universe *b)
{
    assert_int_equal(ls_universe_count(a), ls_universe_count(b));
    for (uint32_t i = 0; i < ls_universe_count(a); i++) {
        const struct ls_ublock *x = ls_universe_get(a, i);
        const struct ls_ublock *y = ls_universe_get(b, i);
        assert_int_equal(x->json_bytes, y->json_bytes);
        assert_memory_equal(x->json, y->json, x->json_bytes);
    }
}

static void read_file(const struct rig *r, const char *name, struct ls_buf *out)
{
    char path[LS_PATH_MAX];

    assert_int_equal(ls_path_join(r->dir, name, path, NULL), LS_OK);
    ls_buf_init(out, LS_SEGMENT_BYTES_MAX);
    assert_int_equal(ls_file_read(path, out, NULL), LS_OK);
}

static bool exists(const struct rig *r, const char *name)
{
    char path[LS_PATH_MAX];

    assert_int_equal(ls_path_join(r->dir, name, path, NULL), LS_OK);
    return ls_file_exists(path);
}

/* Every L1 header from the first origin on is there, orphans too, and nothing else. */
static void assert_l1_from_first_origin(const struct rig *r, const struct ls_chain *c)
{
    uint64_t first = ls_universe_get(c->l2, c->first)->ref.l1_origin.number;
    uint32_t head = world_l1_head(&r->world);
    uint64_t last = ls_universe_get(r->chain.l1, head)->ref.number;
    uint32_t wanted = 0;

    for (uint32_t i = 0; i < ls_universe_count(r->chain.l1); i++) {
        const struct ls_ublock *b = ls_universe_get(r->chain.l1, i);
        if (b->ref.number >= first && b->ref.number <= last) {
            wanted++;
            assert_int_not_equal(ls_universe_find(c->l1, &b->ref.hash), LS_NO_BLOCK);
        }
    }
    assert_int_equal(ls_universe_count(c->l1), wanted);
}

static void assert_same_rows(const struct ls_chain *a, const struct ls_chain *b)
{
    assert_int_equal(a->timeline_count, b->timeline_count);
    for (size_t i = 0; i < a->timeline_count; i++) {
        assert_int_equal(a->timeline[i].at_ms - a->timeline[0].at_ms, b->timeline[i].at_ms);
        assert_int_equal(a->timeline[i].json.n, b->timeline[i].json.n);
        assert_memory_equal(a->timeline[i].json.p, b->timeline[i].json.p, a->timeline[i].json.n);
    }
}

/* --- what goes in comes out --- */

static void following_a_chain_with_reorgs_records_every_block_header_and_row(void **state)
{
    struct rig *r = *state;
    struct ls_chain c;

    capture_ok(r);
    open_ok(r, &c);
    assert_same_blocks(r->chain.l2, c.l2);
    assert_same_rows(&r->chain, &c);
    assert_l1_from_first_origin(r, &c);
    assert_int_equal(c.branch_count, 3);
    assert_int_equal(c.l1_branch_count, 3);
    assert_string_equal(c.branches[1].name, "orphan-1613");
    assert_string_equal(c.branches[2].name, "orphan-1757");
    assert_int_equal(ls_universe_get(c.l2, c.genesis)->ref.number, 0);
    assert_true(r->result.is_verified);
    assert_int_equal(r->result.orphans, 18);
    assert_int_equal(r->result.rows, r->chain.timeline_count);
    assert_false(exists(r, LS_PULL_L2_JOURNAL));
    assert_false(exists(r, LS_PULL_L1_JOURNAL));
    assert_false(exists(r, LS_PULL_STATUS_JOURNAL));
    assert_false(exists(r, LS_PULL_READY));
    ls_chain_close(&c);
}

static void a_range_is_recorded_without_following(void **state)
{
    struct rig *r = *state;
    struct ls_chain c;

    r->o.is_following = false;
    r->o.has_to = true;
    r->o.to = 1400;
    r->time.moment = r->chain.timeline_count - 1;
    capture_ok(r);
    open_ok(r, &c);
    assert_int_equal(ls_universe_get(c.l2, c.tip)->ref.number, 1400);
    assert_int_equal(ls_universe_count(c.l2), 1 + 75);
    assert_int_equal(c.timeline_count, 0);
    /* Origins of these blocks, no more. */
    assert_true(ls_hash_eq(&ls_universe_get(c.l1, c.l1_tip)->ref.hash,
                           &ls_universe_get(c.l2, c.tip)->ref.l1_origin.hash));
    assert_int_equal(r->time.waits, 0);
    ls_chain_close(&c);
}

static void tags_of_an_el_become_rows(void **state)
{
    struct rig *r = *state;
    struct ls_chain c;

    r->world.world.names[LS_PULL_CL] = NULL;
    r->world.world.names[LS_PULL_L1] = NULL;
    r->world.last_moment = 40;
    capture_ok(r);
    open_ok(r, &c);
    assert_false(c.has_rollup);
    assert_non_null(strstr(r->world.notes, "without a rollup config"));
    size_t rows = 0;
    for (size_t i = 0; i <= 40; i++) {
        const struct ls_sync_status *s = &r->chain.timeline[i].status;
        const struct ls_sync_status *before = i > 0 ? &r->chain.timeline[i - 1].status : NULL;
        bool is_new = !before || !ls_hash_eq(&s->unsafe_l2.hash, &before->unsafe_l2.hash) ||
                      !ls_hash_eq(&s->safe_l2.hash, &before->safe_l2.hash) ||
                      !ls_hash_eq(&s->finalized_l2.hash, &before->finalized_l2.hash);
        if (is_new) {
            assert_true(rows < c.timeline_count);
            assert_true(ls_hash_eq(&c.timeline[rows].status.safe_l2.hash, &s->safe_l2.hash));
            assert_true(
                ls_hash_eq(&c.timeline[rows].status.finalized_l2.hash, &s->finalized_l2.hash));
            rows++;
        }
    }
    assert_int_equal(c.timeline_count, rows);
    ls_chain_close(&c);
}

static void only_client_name_and_version_get_into_the_folder(void **state)
{
    struct rig *r = *state;
    struct ls_buf text;

    r->world.last_moment = 3;
    capture_ok(r);
    read_file(r, LS_MANIFEST_FILE, &text);
    assert_non_null(strstr((const char *)text.p, "(Geth v1.2.3-stable)"));
    assert_null(strstr((const char *)text.p, "secret"));
    assert_null(strstr((const char *)text.p, "linux"));
    ls_buf_fini(&text);
    read_file(r, LS_PULL_FACTS_FILE, &text);
    assert_null(strstr((const char *)text.p, "secret"));
    ls_buf_fini(&text);
}

/* --- reorgs --- */

/* The chain of the world and where its head goes with each wait. */
struct script {
    struct ls_chain chain;
    uint32_t heads[4];
    size_t next;
};

static void next_head(struct pull_world *w)
{
    struct script *s = w->user;

    if (s->next == 4) {
        w->time->is_stopped = true;
    } else {
        s->chain.tip = s->heads[s->next++];
    }
}

/* Heads of the same height and lower ones, on branches never seen before, of an EL alone. */
static void a_head_that_is_not_higher_is_followed(void **state)
{
    const struct ls_chain_options room = {.extra_blocks = 64};
    const struct ls_fork_spec x = {.name = "x"}, y = {.name = "y"}, z = {.name = "z"};
    struct rig *r = *state;
    struct script s = {.next = 0};
    uint32_t ids[16];
    struct ls_chain c;

    assert_int_equal(ls_chain_open(FOLDER_SOURCE, &room, &s.chain, &r->d), LS_OK);
    assert_int_equal(ls_chain_fork(&s.chain, ls_chain_at(&s.chain, 1390), 10, &x, ids, &r->d),
                     LS_OK);
    s.heads[0] = ids[9]; /* 1400 again */
    assert_int_equal(ls_chain_fork(&s.chain, ls_chain_at(&s.chain, 1385), 3, &y, ids, &r->d),
                     LS_OK);
    s.heads[1] = ids[2]; /* 1388 */
    s.heads[2] = s.heads[0];
    assert_int_equal(ls_chain_fork(&s.chain, ls_chain_at(&s.chain, 1330), 16, &z, ids, &r->d),
                     LS_OK);
    s.heads[3] = ids[15]; /* 1346, from far below */
    s.chain.tip = ls_chain_at(&s.chain, 1400);
    world_init(&r->world, &s.chain, &r->time, 0, WORLD_ALWAYS);
    r->world.world.names[LS_PULL_CL] = NULL;
    r->world.on_wait = next_head;
    r->world.user = &s;
    capture_ok(r);
    open_ok(r, &c);
    assert_int_equal(c.branch_count, 4);
    assert_int_equal(r->result.orphans, 70 + 10 + 3);
    assert_true(ls_hash_eq(&ls_universe_get(c.l2, c.tip)->ref.hash,
                           &ls_universe_get(s.chain.l2, s.heads[3])->ref.hash));
    ls_chain_close(&c);
    ls_chain_close(&s.chain);
}

static void say_what_was_before_the_reorg(struct pull_world *w, enum ls_pull_node node,
                                          const struct ls_pull_call *call, struct ls_pull_answer *a)
{
    if (node == LS_PULL_CL && call->method == LS_PULL_SYNC_STATUS) {
        a->result = w->chain->timeline[403].json;
    }
}

/* A CL that is still on the branch its EL has left: the branch is fetched by hash, the tip stays.
 */
static void a_branch_only_the_cl_knows_is_fetched_by_its_hash(void **state)
{
    struct rig *r = *state;
    struct ls_chain c;

    world_init(&r->world, &r->chain, &r->time, 407, 415);
    r->o.from = 1580;
    r->world.mangle = say_what_was_before_the_reorg;
    capture_ok(r);
    open_ok(r, &c);
    assert_int_equal(r->result.orphans, 7);
    assert_int_equal(c.timeline_count, 1);
    assert_true(ls_hash_eq(&ls_universe_get(c.l2, c.tip)->ref.hash,
                           &r->chain.timeline[415].status.unsafe_l2.hash));
    ls_chain_close(&c);
}

static void right_after_it_the_tip_is_what_the_el_says(void **state)
{
    struct rig *r = *state;
    struct ls_chain c;

    world_init(&r->world, &r->chain, &r->time, 407, 407);
    r->o.from = 1580;
    r->world.mangle = say_what_was_before_the_reorg;
    capture_ok(r);
    open_ok(r, &c);
    assert_int_equal(r->result.orphans, 7);
    assert_true(ls_hash_eq(&ls_universe_get(c.l2, c.tip)->ref.hash,
                           &r->chain.timeline[407].status.unsafe_l2.hash));
    ls_chain_close(&c);
}

/* The chain changes while a range is fetched, blocks and L1 headers of the old one in hand. */
static void change_at_1617(struct pull_world *w, enum ls_pull_node node,
                           const struct ls_pull_call *call, struct ls_pull_answer *a)
{
    (void)a;
    if (node == LS_PULL_L2 && call->is_full && call->number == 1617 && w->time->moment == 403) {
        w->time->moment = 407;
    }
}

static void a_reorg_in_the_middle_of_a_range_loses_nothing(void **state)
{
    struct rig *r = *state;

    world_init(&r->world, &r->chain, &r->time, 403, 410);
    r->o.from = 1600;
    r->world.mangle = change_at_1617;
    capture_ok(r);
    assert_int_equal(r->result.orphans, 7); /* 1613 .. 1617, and two more by their label */
    assert_int_equal(r->result.orphans_left_out, 0);
    remove_capture(r->dir);

    world_init(&r->world, &r->chain, &r->time, 403, 410);
    r->world.world.names[LS_PULL_CL] = NULL;
    r->o.rollup = r->chain.rollup_json;
    r->world.mangle = change_at_1617;
    capture_ok(r);
    assert_int_equal(r->result.orphans, 5);
    assert_int_equal(r->result.orphans_left_out, 0);
}

static void change_at_the_end(struct pull_world *w, enum ls_pull_node node,
                              const struct ls_pull_call *call, struct ls_pull_answer *a)
{
    struct script *s = w->user;

    (void)a;
    if (node == LS_PULL_L2 && call->is_full && call->number == 1360) {
        s->chain.tip = s->heads[0];
    }
}

/* The last block has just come when the chain changes below it. */
static void what_ends_a_range_is_still_canonical(void **state)
{
    const struct ls_chain_options room = {.extra_blocks = 64};
    const struct ls_fork_spec x = {.name = "x"};
    struct rig *r = *state;
    struct script s = {.next = 0};
    uint32_t ids[40];
    struct ls_chain c;

    assert_int_equal(ls_chain_open(FOLDER_SOURCE, &room, &s.chain, &r->d), LS_OK);
    assert_int_equal(ls_chain_fork(&s.chain, ls_chain_at(&s.chain, 1350), 40, &x, ids, &r->d),
                     LS_OK);
    s.heads[0] = ids[39];
    world_init(&r->world, &s.chain, &r->time, 0, WORLD_ALWAYS);
    r->world.mangle = change_at_the_end;
    r->world.user = &s;
    r->o.is_following = false;
    r->o.has_to = true;
    r->o.to = 1360;
    capture_ok(r);
    open_ok(r, &c);
    assert_true(ls_hash_eq(&ls_universe_get(c.l2, c.tip)->ref.hash,
                           &ls_universe_get(s.chain.l2, ids[9])->ref.hash));
    assert_int_equal(r->result.orphans, 10);
    ls_chain_close(&c);
    ls_chain_close(&s.chain);
}

static void without_a_config_l1_begins_at_the_first_origin_there_is(void **state)
{
    struct rig *r = *state;
    struct ls_chain forks, c;

    assert_int_equal(ls_chain_open("fixtures/devnet-forks", NULL, &forks, &r->d), LS_OK);
    world_init(&r->world, &forks, &r->time, 0, WORLD_ALWAYS);
    r->o.from = 1; /* genesis is one stretch with it */
    r->o.is_following = false;
    r->o.has_to = true;
    r->o.to = 40;
    r->o.has_no_rollup = true;
    capture_ok(r);
    open_ok(r, &c);
    assert_false(c.has_rollup);
    assert_int_equal(r->result.first, 0);
    assert_int_equal(ls_universe_get(c.l1, c.l1_first)->ref.number,
                     ls_universe_get(c.l2, ls_chain_at(&c, 1))->ref.l1_origin.number);
    assert_true(ls_hash_eq(&ls_universe_get(c.l1, c.l1_tip)->ref.hash,
                           &ls_universe_get(c.l2, c.tip)->ref.l1_origin.hash));
    ls_chain_close(&c);
    ls_chain_close(&forks);
}

/* --- stops and starts --- */

/* Stopped at call n, started again, stopped n calls later, and so on to the end: the folder is the
 * same as without, and a fixture after each stop. */
static void stops_leave_fixtures_and_starts_go_on(void **state)
{
    static const uint64_t steps[] = {14, 40, 150, 300};
    struct rig *r = *state;
    struct ls_chain c;

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        size_t sessions = 0;
        world_init(&r->world, &r->chain, &r->time, 300, 420); /* the first reorg is in it */
        r->o.from = 1500;
        for (r->world.stop_at_call = 1; !r->time.is_stopped; sessions++) {
            r->world.stop_at_call = r->world.calls + steps[i] + sessions;
            capture_ok(r);
            open_ok(r, &c);
            ls_chain_close(&c);
        }
        assert_true(sessions > 1);
        open_ok(r, &c);
        assert_int_equal(r->result.orphans, 7);
        assert_string_equal(c.branches[1].name, "orphan-1613");
        assert_int_equal(ls_universe_get(c.l2, c.tip)->ref.hash.b[0],
                         ls_universe_get(r->chain.l2, world_l2_head(&r->world))->ref.hash.b[0]);
        assert_l1_from_first_origin(r, &c);
        ls_chain_close(&c);
        remove_capture(r->dir);
    }
}

static void a_finished_capture_is_extended(void **state)
{
    struct rig *r = *state;
    struct ls_chain c;

    r->world.last_moment = 400;
    capture_ok(r);
    assert_false(exists(r, LS_PULL_L2_JOURNAL));
    r->time.is_stopped = false;
    r->world.last_moment = r->chain.timeline_count - 1;
    capture_ok(r);
    open_ok(r, &c);
    assert_same_blocks(r->chain.l2, c.l2);
    assert_same_rows(&r->chain, &c);
    assert_l1_from_first_origin(r, &c);
    ls_chain_close(&c);
}

/* Whatever is the tip when the end comes, and wherever L1 is at that time: the folder verifies,
 * says what the nodes said, and taken apart and put together again it is the same. */
static void stopped_at_any_moment_of_a_reorg_it_is_whole(void **state)
{
    struct rig *r = *state;
    unsigned below_orphans = 0;
    unsigned l1_behind = 0;

    r->o.from = 1580; /* all rows fit */
    for (size_t last = 396; last < 424; last++) {
        struct ls_pull_folder f;
        struct ls_buf before, after;
        struct ls_chain c;
        world_init(&r->world, &r->chain, &r->time, 390, last);
        r->world.dwell_at = 404; /* the head is rolled back there: let it be believed, or not */
        r->world.dwell = last % 2 ? 0 : 2;
        capture_ok(r);
        open_ok(r, &c);
        const struct ls_sync_status *s = &r->chain.timeline[last].status;
        /* A head below the tip is believed the third time: nodes behind a balancer lag. */
        const struct ls_l2_ref *tip = &ls_universe_get(c.l2, c.tip)->ref;
        uint32_t said = ls_universe_find(c.l2, &s->unsafe_l2.hash);
        assert_true(said == c.tip || ls_universe_is_ancestor(c.l2, said, c.tip));
        assert_true(last != 405 || tip->number == 1619); /* seen twice only */
        below_orphans +=
            ls_universe_get(c.l2, ls_universe_count(c.l2) - 1)->ref.number > tip->number;
        /* The L1 head is canonical unless the L2 tip is still on the chain L1 has left. */
        uint32_t origin = ls_universe_find(r->chain.l1, &tip->l1_origin.hash);
        uint32_t head = ls_universe_find(r->chain.l1, &s->head_l1.hash);
        if (ls_universe_is_ancestor(r->chain.l1, origin, head)) {
            assert_true(ls_hash_eq(&ls_universe_get(c.l1, c.l1_tip)->ref.hash, &s->head_l1.hash));
        } else {
            l1_behind++;
            assert_int_not_equal(ls_universe_find(c.l1, &s->head_l1.hash), LS_NO_BLOCK);
            assert_int_equal(ls_universe_get(c.l1, c.l1_tip)->ref.number, 810);
        }
        ls_chain_close(&c);

        read_file(r, LS_MANIFEST_FILE, &before);
        assert_int_equal(ls_pull_folder_look(r->dir, LS_PULL_WINDOW, &f, &r->d), LS_OK);
        assert_int_equal(ls_pull_folder_open(&f, &r->d), LS_OK);
        ls_pull_folder_close(&f);
        assert_int_equal(ls_pull_finish(r->dir, 1, &r->result, &r->d), LS_OK);
        read_file(r, LS_MANIFEST_FILE, &after);
        assert_string_equal((const char *)before.p, (const char *)after.p);
        ls_buf_fini(&before);
        ls_buf_fini(&after);
        remove_capture(r->dir);
    }
    assert_true(below_orphans > 0);
    assert_true(l1_behind > 0);
}

static void a_clock_that_is_set_back_does_not_turn_rows_around(void **state)
{
    struct rig *r = *state;
    struct ls_chain c;

    r->world.last_moment = 10;
    capture_ok(r);
    world_init(&r->world, &r->chain, &r->time, 11, 20);
    r->world.clock_back_ms = 3600000;
    capture_ok(r);
    open_ok(r, &c); /* which refuses rows that go back */
    assert_int_equal(c.timeline_count, 21);
    assert_int_equal(c.timeline[20].at_ms, c.timeline[10].at_ms);
    ls_chain_close(&c);
}

static void started_again_at_the_end_nothing_changes(void **state)
{
    struct rig *r = *state;
    struct ls_buf before, after;

    r->o.has_to = true;
    r->o.to = 1700;
    capture_ok(r);
    read_file(r, LS_MANIFEST_FILE, &before);
    r->world.blocks = 0;
    capture_ok(r);
    read_file(r, LS_MANIFEST_FILE, &after);
    assert_int_equal(r->world.blocks, 0);
    assert_int_equal(before.n, after.n);
    assert_memory_equal(before.p, after.p, before.n);
    ls_buf_fini(&before);
    ls_buf_fini(&after);
}

static void a_capture_that_got_nothing_leaves_nothing(void **state)
{
    struct rig *r = *state;

    r->o.is_following = false;
    r->o.has_to = true;
    r->o.to = 5000;
    refuse(r, LS_ERR_RANGE, "its head is block 1350, below --to 5000");
    assert_false(ls_file_exists(r->dir));
}

static void finish_makes_a_fixture_without_any_node(void **state)
{
    struct rig *r = *state;
    struct ls_pull_folder f;
    struct ls_chain c;

    r->world.last_moment = 5;
    capture_ok(r);
    /* As a kill leaves it: journals are open, nothing ends them. */
    assert_int_equal(ls_pull_folder_look(r->dir, LS_PULL_WINDOW, &f, &r->d), LS_OK);
    assert_int_equal(ls_pull_folder_open(&f, &r->d), LS_OK);
    ls_pull_folder_close(&f);
    assert_true(exists(r, LS_PULL_L2_JOURNAL));
    assert_int_equal(ls_pull_finish(r->dir, 1, &r->result, &r->d), LS_OK);
    assert_int_equal(r->result.rows, 6);
    assert_false(exists(r, LS_PULL_L2_JOURNAL));
    open_ok(r, &c);
    ls_chain_close(&c);
    remove_capture(r->dir);
    assert_int_equal(ls_pull_finish(r->dir, 1, &r->result, &r->d), LS_ERR_USAGE);
}

/* --- journals that are not as they were left --- */

/* A capture of a range as a kill leaves it: journals, no fixture. */
static void leave_journals(struct rig *r)
{
    struct ls_pull_folder f;
    char path[LS_PATH_MAX];

    world_init(&r->world, &r->chain, &r->time, 0, WORLD_ALWAYS);
    r->o.is_following = false;
    r->o.has_to = true;
    r->o.to = 1360;
    capture_ok(r);
    assert_int_equal(ls_pull_folder_look(r->dir, LS_PULL_WINDOW, &f, &r->d), LS_OK);
    assert_int_equal(ls_pull_folder_open(&f, &r->d), LS_OK);
    ls_pull_folder_close(&f);
    for (size_t i = 0; i < 3; i++) {
        static const char *const files[] = {LS_MANIFEST_FILE, LS_SEGMENT_L2_FILE,
                                            LS_SEGMENT_L1_FILE};
        assert_int_equal(ls_path_join(r->dir, files[i], path, NULL), LS_OK);
        assert_int_equal(unlink(path), 0);
    }
}

static void write_file(const struct rig *r, const char *name, const void *p, size_t n)
{
    char path[LS_PATH_MAX];

    assert_int_equal(ls_path_join(r->dir, name, path, NULL), LS_OK);
    assert_int_equal(ls_file_write(path, (struct ls_span){p, n}, NULL), LS_OK);
}

static void a_journal_cut_anywhere_is_completed(void **state)
{
    static const char *const journals[] = {LS_PULL_L2_JOURNAL, LS_PULL_L1_JOURNAL};
    struct rig *r = *state;
    struct ls_buf whole, want, have;

    capture_ok(r);
    remove_capture(r->dir);
    for (size_t k = 0; k < 2; k++) {
        leave_journals(r);
        read_file(r, journals[k], &whole);
        capture_ok(r);
        read_file(r, LS_MANIFEST_FILE, &want);
        for (size_t cut = 0; cut < whole.n; cut += 1 + whole.n / 61) {
            remove_capture(r->dir);
            leave_journals(r);
            write_file(r, journals[k], whole.p, cut);
            capture_ok(r);
            read_file(r, LS_MANIFEST_FILE, &have); /* with the hashes of all files */
            assert_int_equal(have.n, want.n);
            assert_memory_equal(have.p, want.p, want.n);
            ls_buf_fini(&have);
        }
        remove_capture(r->dir);
        ls_buf_fini(&whole);
        ls_buf_fini(&want);
    }
}

/* What a power cut may leave: the length is there, the bytes are not. */
static void a_tail_of_zeros_is_dropped_and_fetched_again(void **state)
{
    struct rig *r = *state;
    struct ls_buf text;

    leave_journals(r);
    read_file(r, LS_PULL_L2_JOURNAL, &text);
    memset(text.p + text.n - 10000, 0, 9999);
    write_file(r, LS_PULL_L2_JOURNAL, text.p, text.n);
    capture_ok(r);
    assert_non_null(strstr(r->world.notes, "lines at the end"));
    assert_int_equal(r->result.last, 1360);
    ls_buf_fini(&text);
}

static void damage_that_no_power_cut_explains_is_refused(void **state)
{
    struct rig *r = *state;
    struct ls_buf text;
    struct ls_buf damaged;

    leave_journals(r);
    read_file(r, LS_PULL_L2_JOURNAL, &text);
    ls_buf_init(&damaged, 64u << 20);
    ls_buf_put(&damaged, text.p, text.n);
    damaged.p[5000] ^= 1;
    while (damaged.n < (10u << 20)) {
        ls_buf_put(&damaged, text.p, text.n);
    }
    write_file(r, LS_PULL_L2_JOURNAL, damaged.p, damaged.n);
    enum ls_err e = world_capture(&r->world, &r->o, &r->result, &r->d);
    assert_int_not_equal(e, LS_OK);
    assert_non_null(strstr(r->d.text, LS_PULL_L2_JOURNAL));
    assert_non_null(strstr(r->d.text, "line "));
    ls_buf_fini(&damaged);
    ls_buf_fini(&text);
}

static void two_processes_do_not_capture_into_one_folder(void **state)
{
    struct rig *r = *state;
    struct ls_pull_folder f;

    r->world.last_moment = 5;
    capture_ok(r);
    r->time.is_stopped = false;
    assert_int_equal(ls_pull_folder_look(r->dir, LS_PULL_WINDOW, &f, &r->d), LS_OK);
    refuse(r, LS_ERR_IO, "another process is capturing");
    ls_pull_folder_close(&f);
    capture_ok(r);
}

static void a_fixture_that_was_not_captured_is_left_alone(void **state)
{
    struct rig *r = *state;

    r->o.dir = FOLDER_SOURCE;
    refuse(r, LS_ERR_EXISTS, "holds blocks but no capture.json");
}

/* --- nodes that are wrong --- */

static void other_chain_id(struct pull_world *w, enum ls_pull_node node,
                           const struct ls_pull_call *call, struct ls_pull_answer *a)
{
    (void)w;
    if (node == LS_PULL_L2 && call->method == LS_PULL_CHAIN_ID) {
        a->result = world_text("\"0xa\"");
    }
}

static void a_node_of_another_chain_is_refused_and_nothing_changes(void **state)
{
    struct rig *r = *state;
    struct ls_chain c;

    r->world.last_moment = 5;
    capture_ok(r);
    r->time.is_stopped = false;
    r->world.mangle = other_chain_id;
    refuse(r, LS_ERR_CONFIG, "holds chain 901, the L2 node serves chain 10");
    open_ok(r, &c);
    ls_chain_close(&c);
}

static void a_rollup_config_of_another_chain_is_refused(void **state)
{
    struct rig *r = *state;

    r->world.mangle = other_chain_id;
    refuse(r, LS_ERR_CONFIG, "the rollup config is for L2 chain 901, the node serves 10");
    assert_false(exists(r, LS_PULL_FACTS_FILE));
}

static void other_genesis(struct pull_world *w, enum ls_pull_node node,
                          const struct ls_pull_call *call, struct ls_pull_answer *a)
{
    if (node == LS_PULL_L2 && call->method == LS_PULL_BLOCK_BY_NUMBER && call->number == 0) {
        a->result = world_block(w->chain->l2, w->chain->first);
    }
}

static void another_chain_with_the_same_id_is_refused(void **state)
{
    struct rig *r = *state;

    r->world.last_moment = 5;
    r->o.has_no_rollup = true;
    capture_ok(r);
    r->time.is_stopped = false;
    r->world.mangle = other_genesis;
    refuse(r, LS_ERR_CONFIG, "the genesis blocks differ");
}

/* Every block from the second on has a synthetic sibling, and those are what the node serves. */
static void a_chain_replaced_below_the_first_block_is_refused(void **state)
{
    struct rig *r = *state;
    const struct ls_chain_options room = {.extra_blocks = 100};
    const struct ls_fork_spec spec = {.name = "other"};
    struct ls_chain other;
    uint32_t ids[100];

    r->o.from = FROM + 1;
    r->world.last_moment = 5;
    capture_ok(r);
    assert_int_equal(ls_chain_open(FOLDER_SOURCE, &room, &other, &r->d), LS_OK);
    assert_int_equal(ls_chain_fork(&other, ls_chain_at(&other, FROM), 100, &spec, ids, &r->d),
                     LS_OK);
    other.tip = ids[99];
    world_init(&r->world, &other, &r->time, 0, WORLD_ALWAYS);
    refuse(r, LS_ERR_LINK, "has another block 1327");
    /* One block lower there is common ground: a capture from there takes it for a reorg. */
    ls_chain_close(&other);
}

static char flipped[1 << 20];

static void flip(struct pull_world *w, enum ls_pull_node node, const struct ls_pull_call *call,
                 struct ls_pull_answer *a)
{
    const char *what = w->user;

    if (node != LS_PULL_L2 || !call->is_full || call->number != 1340) {
        return;
    }
    assert_true(a->result.n < sizeof flipped);
    memcpy(flipped, a->result.p, a->result.n);
    flipped[a->result.n] = '\0';
    char *at = strstr(flipped, what);
    assert_non_null(at);
    at += strlen(what) + 12;
    *at = *at == '7' ? '8' : '7';
    a->result.p = (const uint8_t *)flipped;
}

static void a_block_that_is_wrong_is_refused_as_it_arrives(void **state)
{
    static const char *const members[] = {"\"stateRoot\":\"", "\"transactionsRoot\":\"",
                                          "\"hash\":\"", "\"sourceHash\":\"", "\"input\":\""};
    struct rig *r = *state;
    union {
        const char *in;
        void *out;
    } what;

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        what.in = members[i];
        world_init(&r->world, &r->chain, &r->time, 5, 10);
        r->world.mangle = flip;
        r->world.user = what.out;
        refuse(r, LS_ERR_HASH, "the L2 node: block 1340");
        assert_non_null(strstr(r->d.text, "blocks 1326..1339 are kept"));
        /* With the right block it goes on, and ends as if nothing had been. */
        r->world.mangle = NULL;
        r->time.is_stopped = false;
        capture_ok(r);
        remove_capture(r->dir);
    }
}

static void another_number(struct pull_world *w, enum ls_pull_node node,
                           const struct ls_pull_call *call, struct ls_pull_answer *a)
{
    if (node == LS_PULL_L2 && call->is_full && call->number == 1340) {
        a->result = world_block(w->chain->l2, ls_chain_at(w->chain, 1339));
    }
}

static void a_block_that_was_not_asked_for_is_refused(void **state)
{
    struct rig *r = *state;

    r->world.last_moment = 5;
    r->world.mangle = another_number;
    refuse(r, LS_ERR_RANGE, "asked for block 1340, got block 1339");
}

static void a_block_that_does_not_follow_the_rules_of_the_config_is_refused(void **state)
{
    struct rig *r = *state;
    struct ls_buf config;

    ls_buf_init(&config, 1u << 20);
    ls_buf_put(&config, r->chain.rollup_json.p, r->chain.rollup_json.n);
    assert_int_equal(text_replace(&config, "\"block_time\":2", "\"block_time\":4"), 1);
    r->o.rollup = ls_buf_span(&config);
    refuse(r, LS_ERR_RANGE, "block 1326: timestamp");
    ls_buf_fini(&config);
}

/* --- nodes that lag --- */

static void lack(struct pull_world *w, enum ls_pull_node node, const struct ls_pull_call *call,
                 struct ls_pull_answer *a)
{
    bool is_meant = w->user == NULL ? node == LS_PULL_L2 && call->is_full && call->number == 1340
                                    : node == LS_PULL_L1 && call->method != LS_PULL_CHAIN_ID;

    if (is_meant && w->time->waits < 5) {
        a->result = world_text("null");
    }
}

static void a_block_that_is_not_there_yet_is_waited_for(void **state)
{
    struct rig *r = *state;

    world_init(&r->world, &r->chain, &r->time, 0, WORLD_ALWAYS);
    r->o.is_following = false;
    r->o.has_to = true;
    r->o.to = 1360;
    r->world.mangle = lack;
    capture_ok(r);
    assert_int_equal(r->result.last, 1360);
    assert_int_equal(r->time.waits, 5);
}

static void a_block_that_never_comes_ends_the_patience(void **state)
{
    struct rig *r = *state;

    world_init(&r->world, &r->chain, &r->time, 0, WORLD_ALWAYS);
    r->o.is_following = false;
    r->o.has_to = true;
    r->o.to = 1360;
    r->o.patience_ms = 3000;
    r->world.mangle = lack;
    refuse(r, LS_ERR_TIMEOUT, "the L2 node: does not have block 1340");
    assert_non_null(strstr(r->d.text, "blocks 1326..1339 are kept"));
}

static void an_l1_that_lags_is_waited_for_at_the_end(void **state)
{
    struct rig *r = *state;
    struct ls_chain c;

    world_init(&r->world, &r->chain, &r->time, 0, WORLD_ALWAYS);
    r->o.is_following = false;
    r->o.has_to = true;
    r->o.to = 1360;
    r->world.mangle = lack;
    r->world.user = r;
    capture_ok(r);
    open_ok(r, &c);
    assert_true(r->time.waits >= 5);
    assert_true(ls_hash_eq(&ls_universe_get(c.l1, c.l1_tip)->ref.hash,
                           &ls_universe_get(c.l2, c.tip)->ref.l1_origin.hash));
    ls_chain_close(&c);
}

/* An L1 node that no longer has the orphans when they are asked for: L2 orphans made from them
 * cannot stand, the rest is whole. */
static void forget_orphans(struct pull_world *w, enum ls_pull_node node,
                           const struct ls_pull_call *call, struct ls_pull_answer *a)
{
    struct ls_l2_ref ref;

    if (node != LS_PULL_L1 || call->method == LS_PULL_CHAIN_ID ||
        !ls_pull_glance(a->result, &ref)) {
        return;
    }
    uint32_t id = ls_universe_find(w->chain->l1, &ref.hash);
    if (ls_universe_at(w->chain->l1, w->chain->l1_tip, ref.number) != id) {
        a->result = world_text("null");
    }
}

static void orphans_whose_l1_is_gone_are_left_out(void **state)
{
    struct rig *r = *state;
    struct ls_chain c;

    r->world.mangle = forget_orphans;
    capture_ok(r);
    open_ok(r, &c);
    assert_int_equal(c.l1_branch_count, 1);
    assert_int_equal(r->result.orphans + r->result.orphans_left_out, 18);
    assert_true(r->result.orphans_left_out > 0);
    assert_true(r->result.rows > 600);
    ls_chain_close(&c);
}

/* --- small memory --- */

static void a_window_smaller_than_the_capture_is_enough(void **state)
{
    struct rig *r = *state;
    struct ls_chain c;

    r->o.window = 64;
    r->world.last_moment = 200;
    capture_ok(r);
    r->time.is_stopped = false;
    r->world.last_moment = r->chain.timeline_count - 1;
    capture_ok(r);
    open_ok(r, &c);
    assert_same_blocks(r->chain.l2, c.l2);
    assert_same_rows(&r->chain, &c);
    ls_chain_close(&c);
}

static void a_reorg_below_the_window_is_refused_in_a_sentence(void **state)
{
    struct rig *r = *state;

    r->o.window = 4;
    refuse(r, LS_ERR_LIMIT, "more than 4 blocks below its tip");
}

int main(void)
{
#define RIGGED(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        RIGGED(following_a_chain_with_reorgs_records_every_block_header_and_row),
        RIGGED(a_range_is_recorded_without_following),
        RIGGED(tags_of_an_el_become_rows),
        RIGGED(only_client_name_and_version_get_into_the_folder),
        RIGGED(a_head_that_is_not_higher_is_followed),
        RIGGED(a_branch_only_the_cl_knows_is_fetched_by_its_hash),
        RIGGED(right_after_it_the_tip_is_what_the_el_says),
        RIGGED(a_reorg_in_the_middle_of_a_range_loses_nothing),
        RIGGED(what_ends_a_range_is_still_canonical),
        RIGGED(without_a_config_l1_begins_at_the_first_origin_there_is),
        RIGGED(a_block_that_was_not_asked_for_is_refused),
        RIGGED(a_block_that_does_not_follow_the_rules_of_the_config_is_refused),
        RIGGED(stops_leave_fixtures_and_starts_go_on),
        RIGGED(a_finished_capture_is_extended),
        RIGGED(stopped_at_any_moment_of_a_reorg_it_is_whole),
        RIGGED(a_clock_that_is_set_back_does_not_turn_rows_around),
        RIGGED(started_again_at_the_end_nothing_changes),
        RIGGED(a_capture_that_got_nothing_leaves_nothing),
        RIGGED(two_processes_do_not_capture_into_one_folder),
        RIGGED(a_fixture_that_was_not_captured_is_left_alone),
        RIGGED(a_journal_cut_anywhere_is_completed),
        RIGGED(a_tail_of_zeros_is_dropped_and_fetched_again),
        RIGGED(damage_that_no_power_cut_explains_is_refused),
        RIGGED(finish_makes_a_fixture_without_any_node),
        RIGGED(a_node_of_another_chain_is_refused_and_nothing_changes),
        RIGGED(a_rollup_config_of_another_chain_is_refused),
        RIGGED(another_chain_with_the_same_id_is_refused),
        RIGGED(a_chain_replaced_below_the_first_block_is_refused),
        RIGGED(a_block_that_is_wrong_is_refused_as_it_arrives),
        RIGGED(a_block_that_is_not_there_yet_is_waited_for),
        RIGGED(a_block_that_never_comes_ends_the_patience),
        RIGGED(an_l1_that_lags_is_waited_for_at_the_end),
        RIGGED(orphans_whose_l1_is_gone_are_left_out),
        RIGGED(a_window_smaller_than_the_capture_is_enough),
        RIGGED(a_reorg_below_the_window_is_refused_in_a_sentence),
    };
#undef RIGGED
    return cmocka_run_group_tests(tests, NULL, NULL);
}
