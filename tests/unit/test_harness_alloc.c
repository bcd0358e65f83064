/*
 * Memory that runs out while a folder is opened, an index made, a block read through it, a window
 * opened: the n-th allocation fails, n rising until everything passes. Each time the error is NOMEM
 * and says so, nothing leaks (the sanitizer build looks), and nothing half made stays in the
 * folder.
 */
#include "tests/unit/harness_folder.h"

#include <dirent.h>

#include "harness/capture/chain_mem.h"
#include "tests/unit/failing_alloc.h"

/* The linker sends these here, too. */
void *__real_calloc(size_t count, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void *__real_ZSTD_createDCtx(void);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
void *__wrap_ZSTD_createDCtx(void);

void *__wrap_calloc(size_t count, size_t n)
{
    return fails_now() ? NULL : __real_calloc(count, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    return fails_now() ? NULL : __real_aligned_alloc(align, n);
}

void *__wrap_ZSTD_createDCtx(void)
{
    return fails_now() ? NULL : __real_ZSTD_createDCtx();
}

/* Every allocation of the first hundred fails once; then, block after block being alike, every
 * seventh. */
#define EACH 100u
#define STEP 7u
#define ROUNDS_MAX 100000u

struct world {
    struct folder f;
    struct ls_chain chain; /* opened before, for its manifest */
    struct ls_diag d;
};

static unsigned fail_each(struct world *w, enum ls_err (*one)(struct world *w))
{
    unsigned failed = 0;

    for (unsigned n = 0; n < ROUNDS_MAX; n += n < EACH ? 1 : STEP) {
        w->d.text[0] = '\0';
        failing.is_armed = true;
        failing.left = n;
        enum ls_err e = one(w);
        failing.is_armed = false;
        if (e == LS_OK) {
            return failed;
        }
        if (e != LS_ERR_NOMEM || !w->d.text[0]) {
            fail_msg("allocation %u: %s: %s", n, ls_err_name(e), w->d.text);
        }
        failed++;
    }
    fail_msg("never succeeds");
    return 0;
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    folder_make(&w->f);
    folder_fill(&w->f);
    assert_int_equal(ls_chain_open(w->f.dir, NULL, &w->chain, &w->d), LS_OK);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    ls_chain_close(&w->chain);
    folder_remove(&w->f);
    free(w);
    return 0;
}

static enum ls_err open_whole(struct world *w)
{
    struct ls_chain c;
    enum ls_err e = ls_chain_open(w->f.dir, NULL, &c, &w->d);

    ls_chain_close(&c);
    return e;
}

static void opening_a_folder_without_memory(void **state)
{
    assert_true(fail_each(*state, open_whole) > EACH);
}

static enum ls_err open_window(struct world *w)
{
    const struct ls_chain_options o = {
        .has_window = true, .first = FOLDER_FIRST + 50, .last = FOLDER_LAST};
    struct ls_chain c;
    enum ls_err e = ls_chain_open(w->f.dir, &o, &c, &w->d);

    ls_chain_close(&c);
    return e;
}

static void opening_a_window_without_memory(void **state)
{
    assert_true(fail_each(*state, open_window) > EACH);
}

/* The index is thrown away first, so that it is made each time. */
static enum ls_err index_and_read(struct world *w)
{
    const struct ls_store_spec spec = {
        .dir = w->f.dir, .seg = &w->chain.mem->manifest.l2, .rollup = &w->chain.rollup};
    struct ls_store *s = NULL;
    struct ls_span text;
    char path[LS_PATH_MAX];

    folder_path(&w->f, LS_INDEX_L2_FILE, path);
    unlink(path);
    enum ls_err e = ls_store_open(&spec, &s, &w->d);
    if (!e) {
        e = ls_store_read(s, 40, &text, NULL, &w->d);
    }
    ls_store_close(s);
    return e;
}

static size_t count_files(const struct folder *f)
{
    DIR *dir = opendir(f->dir);
    size_t n = 0;

    assert_non_null(dir);
    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        n += e->d_name[0] != '.';
    }
    closedir(dir);
    return n;
}

static void making_an_index_without_memory(void **state)
{
    struct world *w = *state;

    assert_true(fail_each(w, index_and_read) > EACH);
    assert_int_equal(count_files(&w->f), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(opening_a_folder_without_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(opening_a_window_without_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(making_an_index_without_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
