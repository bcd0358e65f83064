/*
 * Folders that are opened through their index: the same chain as one that was read whole, only that
 * a block is verified when it is asked for. What an index lies about is never handed out.
 */
#include "tests/unit/harness_folder.h"

#include "harness/capture/chain_mem.h"
#include "harness/capture/fork.h"
#include "harness/serve/prover.h"

#define LIED 40u /* id of the block whose entry is wrong */

static void make_folder(struct folder *f)
{
    folder_make(f);
    folder_fill(f);
}

static void open_lazily(struct folder *f, struct ls_chain *c)
{
    const struct ls_chain_options o = {.is_lazy = true, .extra_blocks = 8};

    if (ls_chain_open(f->dir, &o, c, &f->d)) {
        fail_msg("%s", f->d.text);
    }
}

/* --- the same chain --- */

static void expect_same_blocks(const struct ls_universe *a, const struct ls_universe *b)
{
    assert_int_equal(ls_universe_count(a), ls_universe_count(b));
    for (uint32_t id = 0; id < ls_universe_count(a); id++) {
        const struct ls_ublock *x = ls_universe_get(a, id);
        const struct ls_ublock *y = ls_universe_get(b, id);
        struct ls_span text = ls_ublock_text(y);

        assert_memory_equal(&x->ref, &y->ref, sizeof x->ref);
        assert_int_equal(x->parent, y->parent);
        assert_int_equal(x->is_gap, y->is_gap);
        assert_int_equal(x->is_synthetic, y->is_synthetic);
        assert_int_equal(x->expect_invalid, y->expect_invalid);
        assert_null(y->json);
        assert_int_equal(text.n, x->json_bytes);
        assert_memory_equal(text.p, x->json, text.n);
    }
}

static void expect_same_branches(const struct ls_chain *a, const struct ls_chain *b)
{
    assert_int_equal(a->branch_count, b->branch_count);
    for (size_t i = 0; i < a->branch_count; i++) {
        assert_string_equal(a->branches[i].name, b->branches[i].name);
        assert_int_equal(a->branches[i].first, b->branches[i].first);
        assert_int_equal(a->branches[i].tip, b->branches[i].tip);
        assert_int_equal(a->branches[i].is_synthetic, b->branches[i].is_synthetic);
    }
}

static void expect_same_labels(const struct ls_chain *a, const struct ls_chain *b)
{
    assert_int_equal(a->timeline_count, b->timeline_count);
    for (size_t i = 0; i < a->timeline_count; i++) {
        const struct ls_chain_label *x = ls_chain_label(a, i);
        assert_int_equal(b->timeline[i].at_ms, x->at_ms); /* known before the row is read */
        const struct ls_chain_label *y = ls_chain_label(b, i);
        assert_ptr_equal(y, &b->timeline[i]);
        assert_memory_equal(&x->status, &y->status, sizeof x->status);
        assert_int_equal(x->json.n, y->json.n);
        assert_memory_equal(x->json.p, y->json.p, x->json.n);
    }
}

static void is_the_chain_that_is_read_whole(void **state)
{
    struct ls_chain whole, lazy;
    struct folder f;

    (void)state;
    make_folder(&f);
    assert_int_equal(ls_chain_open(f.dir, NULL, &whole, &f.d), LS_OK);
    open_lazily(&f, &lazy);
    expect_same_blocks(whole.l2, lazy.l2);
    expect_same_blocks(whole.l1, lazy.l1);
    expect_same_branches(&whole, &lazy);
    assert_int_equal(whole.genesis, lazy.genesis);
    assert_int_equal(whole.first, lazy.first);
    assert_int_equal(whole.tip, lazy.tip);
    assert_int_equal(whole.l1_tip, lazy.l1_tip);
    expect_same_labels(&whole, &lazy);
    ls_chain_close(&lazy);
    ls_chain_close(&whole);
    folder_remove(&f);
}

static void synthetic_forks_grow_on_it(void **state)
{
    const struct ls_fork_spec spec = {.name = "fork"};
    struct ls_chain c;
    struct folder f;

    (void)state;
    make_folder(&f);
    open_lazily(&f, &c);
    assert_int_equal(ls_chain_fork(&c, ls_chain_at(&c, FOLDER_FIRST + 5), 3, &spec, NULL, &f.d),
                     LS_OK);
    const struct ls_ublock *tip = ls_universe_get(c.l2, ls_chain_branch(&c, "fork")->tip);
    struct ls_span text = ls_ublock_text(tip);
    assert_ptr_equal(text.p, tip->json);
    assert_true(text.n > 0);
    ls_chain_close(&c);
    folder_remove(&f);
}

/* --- proving --- */

static void is_proved_a_few_blocks_at_a_time(void **state)
{
    struct ls_chain c;
    struct folder f;
    bool is_done = false;
    uint32_t turns = 0;

    (void)state;
    make_folder(&f);
    open_lazily(&f, &c);
    while (!is_done) {
        assert_int_equal(ls_chain_prove(&c, 16, &is_done, &f.d), LS_OK);
        turns++;
    }
    /* Each segment in turns of 16, rounded up, and those in which one is found to be done. */
    uint32_t least = ls_universe_count(c.l2) / 16 + ls_universe_count(c.l1) / 16 +
                     (uint32_t)c.timeline_count / 16;
    assert_in_range(turns, least, least + 5);
    ls_chain_close(&c);
    assert_int_equal(ls_chain_open(f.dir, NULL, &c, &f.d), LS_OK);
    assert_int_equal(ls_chain_prove(&c, 1, &is_done, &f.d), LS_OK);
    assert_true(is_done); /* it was, when it was opened */
    ls_chain_close(&c);
    folder_remove(&f);
}

/* --- an index that lies --- */

/* The folder gets an index in which block LIED stands where another does, as a whole line: nothing
 * but the block itself can tell. */
static void tell_a_lie(struct folder *f, bool is_l1)
{
    const char *name = is_l1 ? LS_INDEX_L1_FILE : LS_INDEX_L2_FILE;
    struct ls_index ix;
    struct ls_index_writer w;
    struct ls_chain c;
    struct ls_buf b;

    open_lazily(f, &c);
    ls_chain_close(&c);
    folder_read(f, name, &b);
    assert_int_equal(ls_index_read(b.p, b.n, &ix, NULL), LS_OK);
    struct ls_index_counts counts = ix.counts;
    struct ls_index_source source = ix.source;
    uint32_t id = is_l1 ? 3 : LIED;
    ls_index_begin(b.p, &counts, &w);
    w.count = (uint32_t)counts.blocks;
    w.blocks[id].text = w.blocks[id + 1].text;
    w.blocks[id].bytes = w.blocks[id + 1].bytes;
    w.blocks[id].frame = w.blocks[id + 1].frame;
    ls_index_seal(&w, &source);
    folder_write(f, name, b.p, b.n);
    ls_buf_fini(&b);
}

static void a_block_that_is_not_proved_is_not_handed_out(void **state)
{
    struct ls_chain c;
    struct folder f;

    (void)state;
    for (int is_l1 = 0; is_l1 < 2; is_l1++) {
        make_folder(&f);
        tell_a_lie(&f, is_l1);
        open_lazily(&f, &c);
        const struct ls_universe *u = is_l1 ? c.l1 : c.l2;
        uint32_t id = is_l1 ? 3 : LIED;
        assert_true(ls_ublock_text(ls_universe_get(u, id - 1)).n > 0);
        assert_int_equal(ls_chain_fault(&c, NULL), LS_OK);
        assert_int_equal(ls_ublock_text(ls_universe_get(u, id)).n, 0);
        assert_int_equal(ls_chain_fault(&c, &f.d), LS_ERR_HASH);
        assert_non_null(strstr(f.d.text, is_l1 ? LS_INDEX_L1_FILE : LS_INDEX_L2_FILE));
        assert_int_equal(ls_ublock_text(ls_universe_get(u, id - 1)).n, 0); /* nor another */
        ls_chain_close(&c);
        folder_remove(&f);
    }
}

static void proving_finds_what_nobody_asked_for(void **state)
{
    struct ls_chain c;
    struct folder f;
    bool is_done = false;
    enum ls_err e = LS_OK;

    (void)state;
    for (int is_l1 = 0; is_l1 < 2; is_l1++) {
        make_folder(&f);
        tell_a_lie(&f, is_l1);
        open_lazily(&f, &c);
        for (is_done = false; !e && !is_done;) {
            e = ls_chain_prove(&c, 7, &is_done, &f.d);
        }
        assert_int_equal(e, LS_ERR_HASH);
        assert_false(is_done);
        assert_int_equal(ls_chain_fault(&c, NULL), LS_ERR_HASH);
        assert_int_equal(ls_chain_prove(&c, 1, &is_done, NULL), LS_ERR_HASH);
        ls_chain_close(&c);
        folder_remove(&f);
        e = LS_OK;
    }
}

/* A block with a byte of another, where the entry is right. */
static void a_wrong_byte_is_named_with_its_block(void **state)
{
    struct ls_chain c;
    struct folder f;
    const struct ls_chain_options o = {.is_lazy = true};
    struct ls_buf b;

    (void)state;
    make_folder(&f);
    open_lazily(&f, &c);
    ls_chain_close(&c);
    folder_read(&f, LS_SEGMENT_L2_FILE, &b);
    b.p[b.n / 2] ^= 1;
    folder_write(&f, LS_SEGMENT_L2_FILE, b.p, b.n);
    ls_buf_fini(&b);
    assert_int_not_equal(ls_chain_open(f.dir, &o, &c, &f.d), LS_OK);
    assert_non_null(strstr(f.d.text, LS_SEGMENT_L2_FILE));
    assert_non_null(strstr(f.d.text, "block "));
    folder_remove(&f);
}

/* --- a label row that is wrong --- */

#define WRONG_ROW 5u

/* In row WRONG_ROW of the folder `from` becomes `to`, and the manifest knows. */
static void change_row(const struct folder *f, const char *from, const char *to)
{
    struct ls_buf text;
    struct ls_buf changed;
    struct ls_span line;

    folder_read_segment(f, LS_SEGMENT_STATUS_FILE, &text);
    struct ls_span rest = ls_buf_span(&text);
    ls_buf_init(&changed, LS_SEGMENT_BYTES_MAX);
    for (size_t i = 0; ls_segment_line(&rest, &line); i++) {
        struct ls_buf row;
        ls_buf_init(&row, LS_SEGMENT_BYTES_MAX);
        assert_int_equal(ls_buf_put(&row, line.p, line.n), LS_OK);
        assert_true(i != WRONG_ROW || text_replace(&row, from, to) == 1);
        (void)ls_buf_put(&changed, row.p, row.n);
        assert_int_equal(ls_buf_putc(&changed, '\n'), LS_OK);
        ls_buf_fini(&row);
    }
    folder_write_segment(f, LS_SEGMENT_STATUS_FILE, &changed);
    ls_buf_fini(&changed);
    ls_buf_fini(&text);
}

static void a_row_that_is_wrong_is_found_when_it_is_read(void **state)
{
    static const char *const rows[][2] = {
        {"\"unsafe_l2\":{\"hash\":\"0x", "\"unsafe_l2\":{\"hash\":\"0xx"},
        {"\"unsafe_l2\":{", "\"unsafe_l2\":{\"number\":}{"},
        {"\"unsafe_l2\":{", "\"unsafe_l2\":{\"hash\":\"0x1111111111111111111111111111111111111111"
                            "111111111111111111111111\",\"number\":1},\"other\":{"},
        {",\"result\":", ",\"at\\u005fms\":987654321,\"result\":"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_chain c;
        struct folder f;
        bool is_done = false;

        make_folder(&f);
        change_row(&f, rows[i][0], rows[i][1]);
        assert_int_not_equal(folder_open(&f), LS_OK);
        open_lazily(&f, &c);
        assert_ptr_equal(ls_chain_label(&c, WRONG_ROW - 1), &c.timeline[WRONG_ROW - 1]);
        assert_int_equal(ls_chain_fault(&c, NULL), LS_OK);
        assert_ptr_equal(ls_chain_label(&c, WRONG_ROW), &c.timeline[0]);
        enum ls_err e = ls_chain_fault(&c, &f.d);
        assert_int_not_equal(e, LS_OK);
        assert_non_null(strstr(f.d.text, LS_SEGMENT_STATUS_FILE " line 6"));
        assert_ptr_equal(ls_chain_label(&c, WRONG_ROW + 1), &c.timeline[0]); /* nor another */
        ls_chain_close(&c);
        open_lazily(&f, &c);
        for (enum ls_err proof = LS_OK; proof == LS_OK && !is_done;) {
            proof = ls_chain_prove(&c, 7, &is_done, &f.d);
        }
        assert_false(is_done);
        assert_int_equal(ls_chain_fault(&c, NULL), e);
        ls_chain_close(&c);
        folder_remove(&f);
    }
}

/* --- memory --- */

static void old_texts_go_and_come_back(void **state)
{
    struct ls_chain whole;
    struct folder f;
    struct ls_lazy *z;
    size_t longest = 0;

    (void)state;
    make_folder(&f);
    assert_int_equal(ls_chain_open(f.dir, NULL, &whole, &f.d), LS_OK);
    uint32_t count = ls_universe_count(whole.l2);
    for (uint32_t id = 0; id < count; id++) {
        size_t n = ls_universe_get(whole.l2, id)->json_bytes;
        longest = n > longest ? n : longest;
    }
    const struct ls_store_spec spec = {
        .dir = f.dir, .seg = &whole.mem->manifest.l2, .rollup = &whole.rollup};
    assert_int_equal(ls_lazy_open(&spec, longest + 64, &z, &f.d), LS_OK); /* halves of few blocks */
    const uint8_t *first = ls_lazy_texts(z)->read(ls_lazy_texts(z), ls_universe_get(whole.l2, 0)).p;
    assert_ptr_equal(ls_lazy_texts(z)->read(ls_lazy_texts(z), ls_universe_get(whole.l2, 0)).p,
                     first); /* it is not read again while it is there */
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t back = 0; back <= i; back = 2 * back + 1) { /* texts of every age */
            const struct ls_ublock *b = ls_universe_get(whole.l2, i - back);
            struct ls_span text = ls_lazy_texts(z)->read(ls_lazy_texts(z), b);
            const struct ls_ublock *next = ls_universe_get(whole.l2, i - back / 2);
            (void)ls_lazy_texts(z)->read(ls_lazy_texts(z), next);
            assert_int_equal(text.n, b->json_bytes);
            assert_memory_equal(text.p, b->json, text.n); /* also behind another reading */
        }
    }
    assert_int_equal(ls_lazy_fault(z, NULL), LS_OK);
    ls_lazy_close(z);
    ls_chain_close(&whole);
    folder_remove(&f);
}

/* --- the guard of lockstep serve --- */

static void answer(struct ls_backend *b, const struct ls_http_request *req,
                   struct ls_http_reply *reply)
{
    (void)b;
    (void)req;
    reply->fate = LS_FATE_SEND;
}

static void no_answer_leaves_a_chain_that_is_wrong(void **state)
{
    static const struct ls_backend_ops ops = {.handle = answer};
    struct ls_backend inner = {&ops};
    struct ls_http_reply reply = {.status = 200};
    const struct ls_http_request req = {.verb = "POST"};
    struct ls_guard guard;
    struct ls_chain c;
    struct folder f;

    (void)state;
    make_folder(&f);
    tell_a_lie(&f, false);
    open_lazily(&f, &c);
    struct ls_backend *b = ls_guard_init(&guard, &inner, &c);
    b->ops->handle(b, &req, &reply);
    assert_int_equal(reply.fate, LS_FATE_SEND);
    (void)ls_ublock_text(ls_universe_get(c.l2, LIED));
    b->ops->handle(b, &req, &reply);
    assert_int_equal(reply.fate, LS_FATE_RESET);
    b->ops->abandon(b, 1); /* the inner one has neither */
    b->ops->left(b, 1);
    assert_null(ls_guard_init(&guard, NULL, &c));
    ls_chain_close(&c);
    folder_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_chain_that_is_read_whole),
        cmocka_unit_test(synthetic_forks_grow_on_it),
        cmocka_unit_test(is_proved_a_few_blocks_at_a_time),
        cmocka_unit_test(a_block_that_is_not_proved_is_not_handed_out),
        cmocka_unit_test(proving_finds_what_nobody_asked_for),
        cmocka_unit_test(a_wrong_byte_is_named_with_its_block),
        cmocka_unit_test(a_row_that_is_wrong_is_found_when_it_is_read),
        cmocka_unit_test(old_texts_go_and_come_back),
        cmocka_unit_test(no_answer_leaves_a_chain_that_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
