/*
 * Memory that runs out while a peer's block, payload or reply is read: the n-th allocation fails, n
 * rising until everything passes. Each time the error is NOMEM, so that nobody takes our own
 * trouble for the peer's, and nothing leaks (the sanitizer build looks).
 */
#include "tests/unit/op_vectors.h"

#include "lib/op/block.h"
#include "lib/op/payload.h"
#include "tests/unit/failing_alloc.h"

#define ROUNDS_MAX 1000u
#define ARENA_MAX (8u << 20)

/* Runs one over v with the n-th allocation failing until it succeeds; returns how many failed. */
static unsigned fail_each(enum ls_err (*one)(const struct cJSON *v), const struct cJSON *v)
{
    for (unsigned n = 0; n < ROUNDS_MAX; n++) {
        enum ls_err e;

        failing.is_armed = true;
        failing.left = n;
        e = one(v);
        failing.is_armed = false;
        if (e == LS_OK) {
            return n;
        }
        assert_int_equal(e, LS_ERR_NOMEM);
    }
    fail_msg("never succeeds");
    return 0;
}

static enum ls_err read_block(const struct cJSON *v)
{
    struct ls_arena a;
    struct ls_block b;
    struct ls_diag d = {""};
    enum ls_err e;

    ls_arena_init(&a, ARENA_MAX);
    e = ls_block_from_json(v, &a, &b, &d);
    ls_arena_fini(&a);
    return e;
}

static enum ls_err read_payload(const struct cJSON *v)
{
    struct ls_arena a;
    struct ls_payload p;
    struct ls_diag d = {""};
    enum ls_err e;

    ls_arena_init(&a, ARENA_MAX);
    e = ls_payload_from_json(v, &a, &p, &d);
    ls_arena_fini(&a);
    return e;
}

/* The richest row of the vectors: the last of the canonical chain. */
static struct cJSON *rich_row(struct ls_buf *text)
{
    struct ls_span rest;
    struct cJSON *rich = NULL;
    struct cJSON *row;

    *text = vectors_load(VECTORS_PARAMS);
    rest = ls_buf_span(text);
    while ((row = vectors_next(&rest)) != NULL) {
        if (rich == NULL ||
            ls_json_count(ls_json_get(ls_json_get(row, "block"), "transactions")) >
                ls_json_count(ls_json_get(ls_json_get(rich, "block"), "transactions"))) {
            ls_json_free(rich);
            rich = row;
        } else {
            ls_json_free(row);
        }
    }
    assert_non_null(rich);
    return rich;
}

static void a_block_that_finds_no_memory_is_no_memory(void **state)
{
    struct ls_buf text;
    struct cJSON *row = rich_row(&text);

    (void)state;
    assert_true(fail_each(read_block, ls_json_get(row, "block")) > 2);
    ls_json_free(row);
    ls_buf_fini(&text);
}

static void a_payload_that_finds_no_memory_is_no_memory(void **state)
{
    struct ls_buf text;
    struct cJSON *row = rich_row(&text);

    (void)state;
    assert_true(fail_each(read_payload, ls_json_at(ls_json_get(row, "params"), 0)) > 0);
    ls_json_free(row);
    ls_buf_fini(&text);
}

/* What is computed from a block in memory needs none. */
static void verifying_allocates_nothing(void **state)
{
    struct ls_buf text;
    struct cJSON *row = rich_row(&text);
    struct ls_arena a;
    struct ls_block b;
    struct ls_payload p;
    struct ls_l2_ref ref;

    (void)state;
    ls_arena_init(&a, ARENA_MAX);
    assert_int_equal(ls_block_from_json(ls_json_get(row, "block"), &a, &b, NULL), LS_OK);
    failing.is_armed = true;
    failing.left = 0;
    assert_int_equal(ls_block_verify(&b, NULL), LS_OK);
    assert_int_equal(ls_block_l2_ref(&b, NULL, &ref, NULL), LS_OK);
    assert_int_equal(ls_payload_from_block(&b, &p), LS_OK);
    assert_int_equal(ls_payload_verify(&p, NULL), LS_OK);
    failing.is_armed = false;
    ls_arena_fini(&a);
    ls_json_free(row);
    ls_buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_that_finds_no_memory_is_no_memory),
        cmocka_unit_test(a_payload_that_finds_no_memory_is_no_memory),
        cmocka_unit_test(verifying_allocates_nothing),
    };

    return cmocka_run_group_tests_name("op alloc", tests, NULL, NULL);
}
