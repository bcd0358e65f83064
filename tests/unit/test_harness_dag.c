/*
 * Blocks beside one another: which are canonical, where a window cuts, what may follow what.
 */
#include "tests/unit/harness_folder.h"

#include "harness/capture/check.h"
#include "harness/capture/dag.h"

/* --- arranging --- */

/* A node by letters: hash 'x', parent 'y'. */
static struct ls_dag_node node(char hash, char parent, uint64_t number)
{
    struct ls_dag_node n = {.number = number};

    memset(n.hash.b, hash, sizeof n.hash.b);
    memset(n.parent.b, parent, sizeof n.parent.b);
    return n;
}

static struct ls_hash letter(char c)
{
    struct ls_hash h;

    memset(h.b, c, sizeof h.b);
    return h;
}

struct arranged {
    struct ls_arena a;
    struct ls_dag dag;
    char order[32]; /* letters in file order */
    struct ls_diag d;
};

static enum ls_err arrange(struct arranged *r, const struct ls_dag_node *nodes, size_t count,
                           const struct ls_dag_options *o)
{
    memset(r, 0, sizeof *r);
    ls_arena_init(&r->a, 1u << 20);
    enum ls_err e = ls_dag_arrange(nodes, count, o, &r->a, &r->dag, &r->d);
    for (size_t i = 0; !e && i < r->dag.count; i++) {
        r->order[i] = (char)nodes[r->dag.order[i]].hash.b[0];
    }
    return e;
}

static const struct ls_dag_options ALL = {.last = UINT64_MAX, .is_one_chain = true};

static void canonical_is_the_path_from_the_highest_block(void **state)
{
    /* a - b - c - d - e, with x - y beside c - d */
    const struct ls_dag_node nodes[] = {node('y', 'x', 4), node('e', 'd', 5), node('a', '0', 1),
                                        node('x', 'b', 3), node('c', 'b', 3), node('d', 'c', 4),
                                        node('b', 'a', 2)};
    struct arranged r;

    (void)state;
    assert_int_equal(arrange(&r, nodes, 7, &ALL), LS_OK);
    assert_string_equal(r.order, "abcdexy");
    assert_int_equal(r.dag.canonical_count, 5);
    assert_int_equal(r.dag.run_count, 1);
    assert_int_equal(r.dag.branch_count, 2);
    assert_string_equal(r.dag.branches[0].name, "canonical");
    assert_string_equal(r.dag.branches[1].name, "orphan-3");
    assert_int_equal(r.dag.branches[1].first, 3);
    assert_int_equal(r.dag.branches[1].tip.number, 4);
    ls_arena_fini(&r.a);
}

static void of_equal_heights_the_first_given_is_canonical(void **state)
{
    const struct ls_dag_node nodes[] = {node('a', '0', 1), node('x', 'a', 2), node('b', 'a', 2)};
    const struct ls_dag_node other[] = {node('a', '0', 1), node('b', 'a', 2), node('x', 'a', 2)};
    struct arranged r;

    (void)state;
    assert_int_equal(arrange(&r, nodes, 3, &ALL), LS_OK);
    assert_string_equal(r.order, "axb");
    ls_arena_fini(&r.a);
    assert_int_equal(arrange(&r, other, 3, &ALL), LS_OK);
    assert_string_equal(r.order, "abx");
    ls_arena_fini(&r.a);
}

static void unlinked_stretches_are_runs(void **state)
{
    const struct ls_dag_node nodes[] = {node('h', 'g', 8), node('a', '0', 1), node('g', 'f', 7),
                                        node('d', 'c', 4)};
    struct arranged r;

    (void)state;
    assert_int_equal(arrange(&r, nodes, 4, &ALL), LS_OK);
    assert_string_equal(r.order, "adgh");
    assert_int_equal(r.dag.run_count, 3);
    assert_int_equal(r.dag.runs[2].first, 7);
    assert_int_equal(r.dag.runs[2].last, 8);
    ls_arena_fini(&r.a);
}

static void one_chain_cannot_hold_a_number_twice_unlinked(void **state)
{
    const struct ls_dag_node nodes[] = {node('h', 'g', 8), node('g', 'f', 7), node('q', 'p', 7)};
    struct ls_dag_options bag = ALL;
    struct arranged r;

    (void)state;
    assert_int_equal(arrange(&r, nodes, 3, &ALL), LS_ERR_EXISTS);
    assert_non_null(strstr(r.d.text, "block 7"));
    ls_arena_fini(&r.a);
    bag.is_one_chain = false;
    assert_int_equal(arrange(&r, nodes, 3, &bag), LS_OK);
    assert_int_equal(r.dag.run_count, 2);
    assert_int_equal(r.dag.canonical_count, 3);
    ls_arena_fini(&r.a);
}

static void window_keeps_genesis_and_orphans_whose_parent_stays(void **state)
{
    /* a - b - c - d - e - f, w beside b, x - y beside d - e */
    const struct ls_dag_node nodes[] = {node('a', '0', 0), node('b', 'a', 1), node('c', 'b', 2),
                                        node('d', 'c', 3), node('e', 'd', 4), node('f', 'e', 5),
                                        node('w', 'a', 1), node('v', 'w', 2), node('x', 'c', 3),
                                        node('y', 'x', 4)};
    struct ls_dag_options o = {.first = 2, .last = 3, .is_one_chain = true, .keep = letter('a')};
    struct arranged r;

    (void)state;
    assert_int_equal(arrange(&r, nodes, 10, &o), LS_OK);
    assert_string_equal(r.order, "acdx");
    assert_int_equal(r.dag.run_count, 2);
    assert_int_equal(r.dag.branches[1].tip.number, 3);
    ls_arena_fini(&r.a);
    o.first = 6;
    o.last = 9;
    o.keep = letter('0');
    assert_int_equal(arrange(&r, nodes, 10, &o), LS_ERR_RANGE);
    ls_arena_fini(&r.a);
}

static void known_tips_keep_name_and_place(void **state)
{
    /* a - b - c; x - y on a; z on x: the tip x is no leaf */
    const struct ls_dag_node nodes[] = {node('a', '0', 1), node('b', 'a', 2), node('c', 'b', 3),
                                        node('x', 'a', 2), node('y', 'x', 3), node('z', 'x', 3)};
    const struct ls_dag_tip tips[] = {
        {.hash = letter('x'), .name = "ex"},
        {.hash = letter('z'), .name = "zed", .is_synthetic = true, .invalid_from = 3},
        {.hash = letter('q'), .name = "gone"}};
    struct ls_dag_options o = ALL;
    struct arranged r;

    (void)state;
    o.tips = tips;
    o.tip_count = 3;
    assert_int_equal(arrange(&r, nodes, 6, &o), LS_OK);
    assert_string_equal(r.order, "abcxyz");
    assert_int_equal(r.dag.branch_count, 4);
    assert_string_equal(r.dag.branches[1].name, "ex");
    assert_string_equal(r.dag.branches[2].name, "zed");
    assert_int_equal(r.dag.branches[2].first, 3);
    assert_int_equal(r.dag.branches[2].invalid_from, 3);
    assert_true(r.dag.branches[2].is_synthetic);
    assert_string_equal(r.dag.branches[3].name, "orphan-3");
    ls_arena_fini(&r.a);
}

static void a_point_says_which_path_is_canonical(void **state)
{
    /* a - b - c, with x - y - z beside b - c; far above it r - s with t - u beside s */
    const struct ls_dag_node nodes[] = {node('a', '0', 1), node('b', 'a', 2), node('c', 'b', 3),
                                        node('x', 'a', 2), node('y', 'x', 3), node('z', 'y', 4),
                                        node('r', 'q', 8), node('s', 'r', 9), node('t', 'r', 9),
                                        node('u', 't', 10)};
    static const struct {
        const char *points; /* pairs: the block, and t(ip), h(ead) or (a)ncestor */
        const char *order;
    } rows[] = {
        {"?t?h", "axyzrtubcs"}, /* none that is there: the highest */
        {"ba", "abcrtuxyzs"},   /* through b, so up to c */
        {"bt", "abrtuxcyzs"},   /* b is the tip: c is left behind */
        {"btxt", "abrtuxcyzs"}, /* of a run the first point counts */
        {"ctsa", "abcrsxyztu"}, /* each run has its own */
        {"atrt", "arbxcyzstu"}, /* everything on it is left behind */
        {"aatt", "axyzrtbcsu"},
        {"ahzh", "abcrtuxyzs"},     /* the chain came back from z to a: the other way it went on */
        {"ahyh", "abcrtuxyzs"},     /* nor does what stands on y belong to it */
        {"ahyhch", "artubxcyzs"},   /* it has left both */
        {"chbhah", "abcrtuxyzs"},   /* heads that go up leave nothing */
        {"ahyhthrh", "abcrtuxyzs"}, /* each run its own */
        {"aazh", "abcrtuxyzs"},
        {"ahza", "axyzrtubcs"}, /* an ancestor was no head */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_dag_point points[4];
        struct ls_dag_options o = ALL;
        struct arranged r;
        o.points = points;
        for (const char *p = rows[i].points; *p; p += 2) {
            points[o.point_count++] =
                (struct ls_dag_point){letter(p[0]), p[1] == 't'   ? LS_DAG_TIP
                                                    : p[1] == 'h' ? LS_DAG_HEAD
                                                                  : LS_DAG_ANCESTOR};
        }
        assert_int_equal(arrange(&r, nodes, 10, &o), LS_OK);
        assert_string_equal(r.order, rows[i].order);
        assert_int_equal(r.dag.run_count, 2);
        ls_arena_fini(&r.a);
    }
}

static void refuses_a_number_that_does_not_follow(void **state)
{
    const struct ls_dag_node nodes[] = {node('a', '0', 1), node('b', 'a', 3)};
    struct arranged r;

    (void)state;
    assert_int_equal(arrange(&r, nodes, 2, &ALL), LS_ERR_LINK);
    assert_non_null(strstr(r.d.text, "block 3"));
    ls_arena_fini(&r.a);
    assert_int_equal(arrange(&r, nodes, 0, &ALL), LS_ERR_LIMIT);
    ls_arena_fini(&r.a);
}

/* --- neighbours --- */

static const struct ls_rollup CONFIG = {.block_time = 2};

static struct ls_l2_ref parent_ref(void)
{
    return (struct ls_l2_ref){.hash = letter('p'),
                              .number = 10,
                              .timestamp = 100,
                              .l1_origin = {letter('o'), 5},
                              .sequence_number = 3};
}

static struct ls_l2_ref child_ref(void)
{
    return (struct ls_l2_ref){.hash = letter('c'),
                              .number = 11,
                              .parent = letter('p'),
                              .timestamp = 102,
                              .l1_origin = {letter('o'), 5},
                              .sequence_number = 4};
}

static void origin_stays_or_goes_up_by_one(void **state)
{
    const struct {
        struct ls_block_id origin;
        uint64_t sequence;
        bool is_fine;
    } rows[] = {
        {{letter('o'), 5}, 4, true},  {{letter('q'), 6}, 0, true},  {{letter('o'), 5}, 5, false},
        {{letter('o'), 5}, 3, false}, {{letter('q'), 6}, 1, false}, {{letter('q'), 5}, 4, false},
        {{letter('q'), 7}, 0, false}, {{letter('q'), 4}, 0, false},
    };
    const struct ls_l2_ref parent = parent_ref();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_l2_ref child = child_ref();
        struct ls_diag d = {""};
        child.l1_origin = rows[i].origin;
        child.sequence_number = rows[i].sequence;
        assert_int_equal(ls_check_l2_link(&parent, &child, &CONFIG, &d) == LS_OK, rows[i].is_fine);
        assert_int_equal(strstr(d.text, "L1 origin") == NULL, rows[i].is_fine);
        assert_int_equal(ls_check_l2_link(&parent, &child, NULL, NULL), LS_OK);
    }
}

static void behind_a_gap_nothing_goes_back(void **state)
{
    const struct ls_l2_ref parent = parent_ref();
    struct ls_l2_ref child = child_ref();

    (void)state;
    child.number = 20;
    child.parent = letter('?');
    assert_int_equal(ls_check_l2_gap(&parent, &child, &CONFIG, NULL), LS_OK);
    child.l1_origin.number = 4;
    assert_int_equal(ls_check_l2_gap(&parent, &child, &CONFIG, NULL), LS_ERR_LINK);
    child.l1_origin.number = 5;
    child.timestamp = 99;
    assert_int_equal(ls_check_l2_gap(&parent, &child, &CONFIG, NULL), LS_ERR_RANGE);
    child.timestamp = 100;
    child.number = 10;
    assert_int_equal(ls_check_l2_gap(&parent, &child, &CONFIG, NULL), LS_ERR_LINK);
}

/* An L1 of blocks 4 - 5 - 6 with an orphan 6 beside. */
static struct ls_universe *make_l1(void **mem)
{
    static const struct {
        char hash, parent;
        uint64_t number, time;
    } rows[] = {{'n', '0', 4, 88}, {'o', 'n', 5, 100}, {'q', 'o', 6, 112}, {'x', 'o', 6, 101}};
    struct ls_universe *u;

    *mem = aligned_alloc(16, (ls_universe_size(4) + 15) / 16 * 16);
    assert_non_null(*mem);
    u = ls_universe_init(*mem, 4);
    for (uint32_t i = 0; i < 4; i++) {
        struct ls_ublock b = {.ref = {.hash = letter(rows[i].hash),
                                      .number = rows[i].number,
                                      .parent = letter(rows[i].parent),
                                      .timestamp = rows[i].time},
                              .parent = i == 0   ? LS_NO_BLOCK
                                        : i == 3 ? 1
                                                 : i - 1};
        uint32_t id;
        assert_int_equal(ls_universe_add(u, &b, &id), LS_OK);
    }
    return u;
}

static void origin_must_be_a_recorded_header(void **state)
{
    static const struct {
        char hash;
        uint64_t number, time;
        bool is_canonical, is_fine;
    } rows[] = {
        {'o', 5, 102, true, true},  {'q', 6, 112, true, true},  {'q', 6, 111, true, false},
        {'?', 5, 102, true, false}, {'o', 6, 112, true, false}, {'x', 6, 112, true, false},
        {'x', 6, 112, false, true}, {'?', 9, 200, true, true}, /* above what is recorded */
        {'?', 3, 102, false, true},                            /* below */
    };
    void *mem;
    struct ls_universe *l1 = make_l1(&mem);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_l2_ref block = child_ref();
        block.l1_origin = (struct ls_block_id){letter(rows[i].hash), rows[i].number};
        block.timestamp = rows[i].time;
        enum ls_err e = ls_check_origin(l1, 2, &block, rows[i].is_canonical, NULL);
        assert_int_equal(e == LS_OK, rows[i].is_fine);
    }
    free(mem);
}

/* --- a bag of blocks --- */

static void runs_without_a_config_stand_alone(void **state)
{
    const struct ls_draft_options o = {.last = UINT64_MAX, .level = 1};
    struct folder f;
    struct ls_draft draft;
    struct ls_chain c;

    (void)state;
    folder_make(&f);
    assert_int_equal(ls_chain_open("fixtures/op-sepolia-runs", NULL, &c, NULL), LS_OK);
    ls_draft_init(&draft);
    assert_int_equal(ls_draft_from_chain(&draft, &c, NULL), LS_OK);
    draft.rollup_json = (struct ls_span){NULL, 0};
    if (ls_draft_write(&draft, f.dir, &o, &f.d)) {
        fail_msg("%s", f.d.text);
    }
    ls_draft_fini(&draft);
    ls_chain_close(&c);
    assert_int_equal(ls_chain_open(f.dir, NULL, &c, NULL), LS_OK);
    assert_false(c.has_rollup);
    assert_int_equal(ls_universe_get(c.l2, c.tip)->parent, LS_NO_BLOCK);
    assert_false(ls_universe_get(c.l2, c.tip)->is_gap);
    ls_chain_close(&c);
    folder_remove(&f);
}

/* A label that lies about a block: found when the folder is opened, and no folder is left. */
static void a_folder_that_does_not_verify_is_not_left_behind(void **state)
{
    const struct ls_draft_options o = {.last = UINT64_MAX, .level = 1};
    struct folder f;
    struct ls_draft draft;
    struct ls_chain c;
    struct ls_buf row;
    char path[LS_PATH_MAX];

    (void)state;
    folder_make(&f);
    assert_int_equal(ls_chain_open(FOLDER_SOURCE, NULL, &c, NULL), LS_OK);
    ls_draft_init(&draft);
    assert_int_equal(ls_draft_from_chain(&draft, &c, NULL), LS_OK);
    ls_buf_init(&row, 1u << 20);
    ls_buf_put(&row, draft.rows[5].text.p, draft.rows[5].text.n);
    assert_int_not_equal(text_replace(&row, "\"sequenceNumber\":0", "\"sequenceNumber\":7") +
                             text_replace(&row, "\"sequenceNumber\":1", "\"sequenceNumber\":8"),
                         0);
    draft.rows[5].text = ls_buf_span(&row);
    assert_int_not_equal(ls_draft_write(&draft, f.dir, &o, &f.d), LS_OK);
    assert_non_null(strstr(f.d.text, "line 6"));
    folder_path(&f, LS_MANIFEST_FILE, path);
    assert_false(ls_file_exists(path));
    folder_path(&f, LS_SEGMENT_L2_FILE, path);
    assert_false(ls_file_exists(path));
    ls_buf_fini(&row);
    ls_draft_fini(&draft);
    ls_chain_close(&c);
    folder_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_is_the_path_from_the_highest_block),
        cmocka_unit_test(of_equal_heights_the_first_given_is_canonical),
        cmocka_unit_test(unlinked_stretches_are_runs),
        cmocka_unit_test(one_chain_cannot_hold_a_number_twice_unlinked),
        cmocka_unit_test(window_keeps_genesis_and_orphans_whose_parent_stays),
        cmocka_unit_test(known_tips_keep_name_and_place),
        cmocka_unit_test(a_point_says_which_path_is_canonical),
        cmocka_unit_test(refuses_a_number_that_does_not_follow),
        cmocka_unit_test(origin_stays_or_goes_up_by_one),
        cmocka_unit_test(behind_a_gap_nothing_goes_back),
        cmocka_unit_test(origin_must_be_a_recorded_header),
        cmocka_unit_test(runs_without_a_config_stand_alone),
        cmocka_unit_test(a_folder_that_does_not_verify_is_not_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
