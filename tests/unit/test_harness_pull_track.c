/*
 * Tracks: reorgs as moves between the canonical chain and the orphans, against a plain model of all
 * blocks; and journals, cut at every byte.
 */
#include "tests/unit/harness_folder.h"

#include "harness/capture/pull_journal.h"
#include "harness/capture/pull_track.h"

/* A block named by its number and a letter of the branch it is on. */
static struct ls_l2_ref block(uint64_t number, char letter, char parent)
{
    struct ls_l2_ref ref = {.number = number, .timestamp = number * 2};

    ref.hash.b[0] = (uint8_t)letter;
    ref.hash.b[1] = (uint8_t)number;
    ref.hash.b[2] = (uint8_t)(number >> 8);
    if (number > 0) {
        ref.parent.b[0] = (uint8_t)parent;
        ref.parent.b[1] = (uint8_t)(number - 1);
        ref.parent.b[2] = (uint8_t)((number - 1) >> 8);
    }
    return ref;
}

static struct ls_block_id id(uint64_t number, char letter)
{
    struct ls_l2_ref ref = block(number, letter, letter);

    return (struct ls_block_id){ref.hash, number};
}

static void put(struct ls_pull_track *t, uint64_t number, char letter, char parent)
{
    struct ls_l2_ref ref = block(number, letter, parent);
    struct ls_diag d = {""};
    enum ls_err e = ls_pull_track_add(t, &ref, &d);

    if (e) {
        print_error("%s\n", d.text);
    }
    assert_int_equal(e, LS_OK);
}

/* The canonical letters from block `from` up, "aab…". */
static void assert_chain(const struct ls_pull_track *t, uint64_t from, const char *letters)
{
    assert_int_equal(ls_pull_track_tip(t)->number, from + strlen(letters) - 1);
    for (uint64_t n = from; *letters; n++, letters++) {
        assert_non_null(ls_pull_track_at(t, n));
        assert_int_equal(ls_pull_track_at(t, n)->hash.b[0], *letters);
    }
}

static void assert_orphans(const struct ls_pull_track *t, size_t count, size_t branches)
{
    assert_int_equal(t->orphan_count, count);
    assert_int_equal(ls_pull_track_branches(t), branches);
}

static void a_reorg_moves_blocks_to_the_orphans_and_back(void **state)
{
    struct ls_pull_track t;
    struct ls_block_id to;

    (void)state;
    assert_int_equal(ls_pull_track_init(&t, 64, NULL), LS_OK);
    assert_null(ls_pull_track_tip(&t));
    for (uint64_t n = 5; n <= 10; n++) {
        put(&t, n, 'a', 'a');
    }
    assert_chain(&t, 5, "aaaaaa");
    put(&t, 8, 'b', 'a');
    assert_chain(&t, 5, "aaab");
    assert_orphans(&t, 3, 1);
    put(&t, 9, 'b', 'b');
    put(&t, 11, 'a', 'a'); /* the old chain wins after all */
    assert_chain(&t, 5, "aaaaaaa");
    assert_orphans(&t, 2, 1);
    put(&t, 10, 'c', 'b'); /* a third one, on top of the second */
    assert_chain(&t, 5, "aaabbc");
    assert_orphans(&t, 4, 1);
    put(&t, 9, 'd', 'b');
    assert_chain(&t, 5, "aaabd");
    assert_orphans(&t, 6, 2); /* a8 a9 a10 a11, and c10 on b9 */
    put(&t, 9, 'd', 'b');     /* known: it is the tip already */
    assert_orphans(&t, 6, 2);
    to = id(7, 'a'); /* a rollback */
    assert_int_equal(ls_pull_track_move(&t, &to, NULL), LS_OK);
    assert_chain(&t, 5, "aaa");
    assert_orphans(&t, 8, 3); /* a11, d9, c10 */
    put(&t, 9, 'd', 'b');     /* known: forward again, through b8 */
    assert_chain(&t, 5, "aaabd");
    to = id(10, 'c');
    assert_int_equal(ls_pull_track_move(&t, &to, NULL), LS_OK);
    assert_chain(&t, 5, "aaabbc");
    ls_pull_track_fini(&t);
}

static void what_does_not_fit_changes_nothing(void **state)
{
    struct ls_pull_track t;
    struct ls_l2_ref stray = block(9, 'x', 'y');
    struct ls_l2_ref below = block(5, 'x', 'a');
    struct ls_block_id unknown = id(9, 'x');
    struct ls_diag d;

    (void)state;
    assert_int_equal(ls_pull_track_init(&t, 64, NULL), LS_OK);
    for (uint64_t n = 5; n <= 10; n++) {
        put(&t, n, 'a', 'a');
    }
    assert_int_equal(ls_pull_track_place(&t, &stray), LS_PULL_UNLINKED);
    assert_int_equal(ls_pull_track_add(&t, &stray, &d), LS_ERR_LINK);
    assert_int_equal(ls_pull_track_place(&t, &below), LS_PULL_UNLINKED);
    assert_int_equal(ls_pull_track_add(&t, &below, &d), LS_ERR_LINK);
    assert_int_equal(ls_pull_track_move(&t, &unknown, &d), LS_ERR_NOT_FOUND);
    assert_chain(&t, 5, "aaaaaa");
    assert_orphans(&t, 0, 0);
    ls_pull_track_fini(&t);
}

static void a_window_forgets_the_oldest(void **state)
{
    struct ls_pull_track t;
    struct ls_l2_ref deep = block(16, 'b', 'a');
    struct ls_diag d;

    (void)state;
    assert_int_equal(ls_pull_track_init(&t, 4, NULL), LS_OK);
    for (uint64_t n = 5; n <= 20; n++) {
        put(&t, n, 'a', 'a');
    }
    assert_int_equal(t.first, 5);
    assert_null(ls_pull_track_at(&t, 16));
    assert_chain(&t, 17, "aaaa");
    /* Of a number below the window it is assumed, above and below the chain it is not. */
    struct ls_block_id asked[] = {id(16, 'z'), id(17, 'z'), id(4, 'a'), id(21, 'a')};
    assert_true(ls_pull_track_holds(&t, &asked[0]));
    assert_false(ls_pull_track_holds(&t, &asked[1]));
    assert_false(ls_pull_track_holds(&t, &asked[2]));
    assert_false(ls_pull_track_holds(&t, &asked[3]));
    assert_int_equal(ls_pull_track_place(&t, &deep), LS_PULL_TOO_DEEP);
    assert_int_equal(ls_pull_track_add(&t, &deep, &d), LS_ERR_LIMIT);
    put(&t, 18, 'b', 'a'); /* as deep as it remembers */
    assert_chain(&t, 17, "ab");
    assert_orphans(&t, 3, 1);
    /* The way back is there as long as its foot is. */
    put(&t, 19, 'b', 'b');
    put(&t, 20, 'b', 'b');
    put(&t, 21, 'b', 'b');
    struct ls_block_id gone = id(20, 'a');
    assert_int_equal(ls_pull_track_move(&t, &gone, &d), LS_ERR_LIMIT);
    assert_chain(&t, 18, "bbbb");
    ls_pull_track_fini(&t);
}

static void genesis_apart_is_known_but_no_parent(void **state)
{
    struct ls_pull_track t;
    struct ls_l2_ref genesis = block(0, 'a', 'a');
    struct ls_l2_ref other = block(1, 'b', 'a');
    struct ls_block_id asked = id(0, 'a');

    (void)state;
    assert_int_equal(ls_pull_track_init(&t, 4, NULL), LS_OK);
    ls_pull_track_anchor(&t, &genesis);
    assert_null(ls_pull_track_tip(&t));
    put(&t, 100, 'a', 'a');
    assert_non_null(ls_pull_track_find(&t, &asked));
    assert_int_equal(ls_pull_track_place(&t, &other), LS_PULL_UNLINKED);
    ls_pull_track_fini(&t);
}

static void climbing_takes_orphans_above_the_tip(void **state)
{
    struct ls_pull_track t;
    struct ls_block_id to = id(6, 'a');

    (void)state;
    assert_int_equal(ls_pull_track_init(&t, 64, NULL), LS_OK);
    for (uint64_t n = 5; n <= 10; n++) {
        put(&t, n, 'a', 'a');
    }
    put(&t, 7, 'b', 'a');
    assert_int_equal(ls_pull_track_move(&t, &to, NULL), LS_OK);
    assert_int_equal(ls_pull_track_climb(&t, NULL), LS_OK);
    assert_chain(&t, 5, "aaaaaa"); /* the lower hash */
    assert_orphans(&t, 1, 1);
    put(&t, 7, '0', 'a');
    put(&t, 8, '0', '0');
    put(&t, 11, 'a', 'a');
    assert_int_equal(ls_pull_track_move(&t, &to, NULL), LS_OK);
    assert_int_equal(ls_pull_track_climb(&t, NULL), LS_OK);
    assert_chain(&t, 5, "aa00");
    assert_orphans(&t, 6, 2);
    ls_pull_track_fini(&t);
}

/* --- every small world --- */

#define TREE_MAX 9u

/* A tree of blocks as plain as can be: parents by index, block 0 the root. */
struct tree {
    size_t parent[TREE_MAX];
    uint64_t number[TREE_MAX];
    size_t count;
};

static struct ls_l2_ref tree_ref(const struct tree *m, size_t i)
{
    char parent = (char)('a' + (i > 0 ? m->parent[i] : 0));

    return block(m->number[i], (char)('a' + i), parent);
}

/* What the track must say when tip is the tip: the path to the root, all else orphans. */
static void assert_like_tree(const struct ls_pull_track *t, const struct tree *m, size_t tip)
{
    bool is_canonical[TREE_MAX] = {false};
    size_t leaves = 0;

    for (size_t i = tip;; i = m->parent[i]) {
        is_canonical[i] = true;
        if (i == 0) {
            break;
        }
    }
    for (size_t i = 0; i < m->count; i++) {
        struct ls_l2_ref ref = tree_ref(m, i);
        struct ls_block_id asked = {ref.hash, ref.number};
        assert_int_equal(ls_pull_track_orphan(t, &asked) == NULL, is_canonical[i]);
        assert_non_null(ls_pull_track_find(t, &asked));
        const struct ls_l2_ref *at = ls_pull_track_at(t, ref.number);
        assert_int_equal(at && ls_hash_eq(&at->hash, &ref.hash), is_canonical[i]);
        bool is_leaf = !is_canonical[i];
        for (size_t k = i + 1; k < m->count; k++) {
            is_leaf = is_leaf && m->parent[k] != i;
        }
        leaves += is_leaf;
    }
    assert_int_equal(ls_pull_track_branches(t), leaves);
    assert_int_equal(ls_pull_track_tip(t)->number, m->number[tip]);
}

/* Each way to add the next block: on top of every block there is. Each is the tip when it comes;
 * then the tip moves to every block once, and back. */
static size_t grow(const struct tree *m)
{
    size_t worlds = 1;
    struct ls_pull_track t;

    assert_int_equal(ls_pull_track_init(&t, 16, NULL), LS_OK);
    for (size_t i = 0; i < m->count; i++) {
        struct ls_l2_ref ref = tree_ref(m, i);
        assert_int_equal(ls_pull_track_add(&t, &ref, NULL), LS_OK);
    }
    assert_like_tree(&t, m, m->count - 1);
    for (size_t i = 0; i < m->count; i++) {
        struct ls_l2_ref ref = tree_ref(m, i);
        struct ls_block_id to = {ref.hash, ref.number};
        assert_int_equal(ls_pull_track_move(&t, &to, NULL), LS_OK);
        assert_like_tree(&t, m, i);
    }
    ls_pull_track_fini(&t);
    if (m->count < 7) {
        for (size_t parent = 0; parent < m->count; parent++) {
            struct tree next = *m;
            next.parent[next.count] = parent;
            next.number[next.count] = m->number[parent] + 1;
            next.count++;
            worlds += grow(&next);
        }
    }
    return worlds;
}

static void every_tree_of_seven_blocks_is_tracked(void **state)
{
    struct tree root = {.number = {100}, .count = 1};

    (void)state;
    assert_int_equal(grow(&root), 1 + 1 + 2 + 6 + 24 + 120 + 720);
}

/* --- journals --- */

static void put_line(struct ls_pull_journal *j, const char *text)
{
    assert_int_equal(
        ls_pull_journal_put(j, (struct ls_span){(const uint8_t *)text, strlen(text)}, NULL), LS_OK);
}

static const char *const LINES[] = {"{\"a\":1}", "", "x", "{\"b\":[1,2,3]}", "last"};
#define LINE_COUNT (sizeof LINES / sizeof LINES[0])

/* Cut at every byte, opened, completed: the same file as ever. */
static void a_journal_cut_at_any_byte_is_completed_to_the_same_bytes(void **state)
{
    struct folder f;
    struct ls_pull_journal j;
    struct ls_buf whole, again;

    (void)state;
    folder_make(&f);
    assert_int_equal(ls_pull_journal_open(f.dir, "in", &j, NULL), LS_OK);
    for (size_t i = 0; i < LINE_COUNT; i++) {
        put_line(&j, LINES[i]);
    }
    ls_pull_journal_close(&j);
    folder_read(&f, "in", &whole);
    assert_string_equal((const char *)whole.p, "{\"a\":1}\n\nx\n{\"b\":[1,2,3]}\nlast\n");

    for (size_t cut = 0; cut <= whole.n; cut++) {
        struct ls_span text, line;
        size_t lines = 0;
        folder_write(&f, "in", whole.p, cut);
        assert_int_equal(ls_pull_journal_open(f.dir, "in", &j, NULL), LS_OK);
        assert_int_equal(ls_pull_journal_map(&j, &text, NULL), LS_OK);
        assert_int_equal(text.n, j.bytes);
        assert_true(text.n <= cut);
        for (struct ls_span rest = text; ls_segment_line(&rest, &line); lines++) {
            assert_int_equal(line.n, strlen(LINES[lines]));
            assert_memory_equal(line.p, LINES[lines], line.n);
        }
        /* Not a complete line less than was there. */
        size_t feeds = 0;
        for (size_t i = 0; i < cut; i++) {
            feeds += whole.p[i] == '\n';
        }
        assert_int_equal(lines, feeds);
        ls_pull_journal_unmap(text);
        for (; lines < LINE_COUNT; lines++) {
            put_line(&j, LINES[lines]);
        }
        ls_pull_journal_close(&j);
        folder_read(&f, "in", &again);
        assert_int_equal(again.n, whole.n);
        assert_memory_equal(again.p, whole.p, whole.n);
        ls_buf_fini(&again);
    }
    ls_buf_fini(&whole);
    folder_remove(&f);
}

struct seen {
    const struct ls_buf *whole;
    uint64_t at;
    size_t lines;
};

static enum ls_err see_line(void *ctx, uint64_t at, struct ls_span text, struct ls_diag *d)
{
    struct seen *s = ctx;

    (void)d;
    assert_int_equal(at, s->at);
    assert_memory_equal(text.p, s->whole->p + at, text.n);
    assert_int_equal(s->whole->p[at + text.n], '\n');
    s->at += text.n + 1;
    return ++s->lines == 7 ? LS_ERR_LIMIT : LS_OK;
}

/* Lines of many lengths, longer and shorter than what is read at once. */
static void each_line_is_handed_out_whole(void **state)
{
    static const size_t sizes[] = {700000, 0, 2500000, 1048575, 1048576, 1, 300000};
    struct folder f;
    struct ls_pull_journal j;
    struct ls_buf line, whole, part;
    struct seen s = {.whole = &whole};

    (void)state;
    folder_make(&f);
    ls_buf_init(&line, 8u << 20);
    ls_buf_init(&part, 8u << 20);
    assert_int_equal(ls_pull_journal_open(f.dir, "in", &j, NULL), LS_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ls_buf_clear(&line);
        memset(ls_buf_grow(&line, sizes[i]), (int)('a' + i), sizes[i]);
        assert_int_equal(ls_pull_journal_put(&j, ls_buf_span(&line), NULL), LS_OK);
    }
    folder_read(&f, "in", &whole);
    assert_int_equal(ls_pull_journal_each(&j, see_line, &s, NULL), LS_ERR_LIMIT);
    assert_int_equal(s.lines, 7);
    assert_int_equal(s.at, whole.n);
    assert_int_equal(ls_pull_journal_read(&j, 699990, 20, &part, NULL), LS_OK);
    assert_memory_equal(part.p, whole.p + 699990, 20);
    assert_int_equal(ls_pull_journal_read(&j, whole.n - 5, 6, &part, NULL), LS_ERR_IO);
    ls_pull_journal_close(&j);
    ls_buf_fini(&line);
    ls_buf_fini(&whole);
    ls_buf_fini(&part);
    folder_remove(&f);
}

static void a_journal_that_cannot_be_opened_is_told(void **state)
{
    struct ls_pull_journal j;
    struct ls_diag d = {""};

    (void)state;
    assert_int_equal(ls_pull_journal_open("/nowhere", "in", &j, &d), LS_ERR_IO);
    assert_string_equal(d.text, "cannot write \"/nowhere/in\": No such file or directory");
    ls_pull_journal_close(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reorg_moves_blocks_to_the_orphans_and_back),
        cmocka_unit_test(what_does_not_fit_changes_nothing),
        cmocka_unit_test(a_window_forgets_the_oldest),
        cmocka_unit_test(genesis_apart_is_known_but_no_parent),
        cmocka_unit_test(climbing_takes_orphans_above_the_tip),
        cmocka_unit_test(every_tree_of_seven_blocks_is_tracked),
        cmocka_unit_test(a_journal_cut_at_any_byte_is_completed_to_the_same_bytes),
        cmocka_unit_test(each_line_is_handed_out_whole),
        cmocka_unit_test(a_journal_that_cannot_be_opened_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
