/*
 * newPayload parameters against recorded calls: rows {"block", "params", "method"?} as in
 * tests/data/op/params.ndjson.zst. For each, the parameters made from the block must equal the
 * recorded ones byte for byte once both are in one form (members sorted, no white space, a member
 * that is null left out). Rows without params (genesis) are passed over.
 *
 * Given files, checks every row of those instead: test_op_payload_corpus FILE…
 */
#include "tests/unit/op_vectors.h"

#include "lib/op/block.h"
#include "lib/op/payload.h"

#define ARENA_MAX (64u << 20)
#define TEXT_MAX (64u << 20)

/* What main was given; cmocka hands it to the test. */
struct files {
    char **paths;
    size_t count;
    size_t rows_min; /* so that an empty file is no success */
};

/* --- one form --- */

static int by_key(const void *a, const void *b)
{
    return strcmp(ls_json_key(*(const struct cJSON *const *)a),
                  ls_json_key(*(const struct cJSON *const *)b));
}

static void put_form(const struct cJSON *v, struct ls_buf *out);

static void put_object(const struct cJSON *v, struct ls_buf *out)
{
    size_t n = ls_json_count(v);
    const struct cJSON **members = calloc(n + 1, sizeof *members);
    size_t used = 0;

    assert_non_null(members);
    for (const struct cJSON *m = ls_json_first(v); m != NULL; m = ls_json_next(m)) {
        if (!ls_json_is_null(m)) {
            members[used++] = m;
        }
    }
    qsort(members, used, sizeof *members, by_key);
    (void)ls_buf_putc(out, '{');
    for (size_t i = 0; i < used; i++) {
        (void)ls_buf_printf(out, "%s\"%s\":", i == 0 ? "" : ",", ls_json_key(members[i]));
        put_form(members[i], out);
    }
    (void)ls_buf_putc(out, '}');
    free(members);
}

static void put_array(const struct cJSON *v, struct ls_buf *out)
{
    (void)ls_buf_putc(out, '[');
    for (const struct cJSON *e = ls_json_first(v); e != NULL; e = ls_json_next(e)) {
        if (e != ls_json_first(v)) {
            (void)ls_buf_putc(out, ',');
        }
        put_form(e, out);
    }
    (void)ls_buf_putc(out, ']');
}

static void put_form(const struct cJSON *v, struct ls_buf *out)
{
    if (ls_json_is_object(v)) {
        put_object(v, out);
    } else if (ls_json_is_array(v)) {
        put_array(v, out);
    } else {
        ls_json_print(v, out);
    }
}

/* --- rows --- */

/* The version of newPayload by the number of its parameters. */
static unsigned version_of(const struct cJSON *params)
{
    switch (ls_json_count(params)) {
    case 1:
        return 2;
    case 3:
        return 3;
    default:
        return 4;
    }
}

/* Makes the parameters of the block as text into out. */
static enum ls_err make_params(const struct cJSON *block, unsigned version, struct ls_buf *out,
                               struct ls_diag *d)
{
    struct ls_arena a;
    struct ls_block b;
    struct ls_payload p;
    struct ls_jw w;
    enum ls_err e;

    ls_arena_init(&a, ARENA_MAX);
    ls_jw_init(&w, out);
    e = ls_block_from_json(block, &a, &b, d);
    if (e == LS_OK) {
        e = ls_block_verify(&b, d);
    }
    if (e == LS_OK) {
        e = ls_payload_from_block(&b, &p);
    }
    if (e == LS_OK) {
        e = ls_payload_verify(&p, d);
    }
    if (e == LS_OK) {
        ls_payload_write_params(&p, version, &w, NULL);
        e = out->err;
    }
    ls_arena_fini(&a);
    return e;
}

static void check_row(const struct cJSON *row, const char *path, size_t line)
{
    const struct cJSON *params = ls_json_get(row, "params");
    struct ls_buf made;
    struct ls_buf have;
    struct ls_buf want;
    struct ls_diag d = {""};
    struct cJSON *tree = NULL;

    ls_buf_init(&made, TEXT_MAX);
    ls_buf_init(&have, TEXT_MAX);
    ls_buf_init(&want, TEXT_MAX);
    if (make_params(ls_json_get(row, "block"), version_of(params), &made, &d) != LS_OK) {
        fail_msg("%s:%d: %s", path, (int)line, d.text);
    }
    assert_int_equal(ls_json_parse((const char *)made.p, made.n, 0, &tree, &d), LS_OK);
    put_form(tree, &have);
    put_form(params, &want);
    assert_int_equal(have.err, LS_OK);
    assert_int_equal(want.err, LS_OK);
    if (have.n != want.n || memcmp(have.p, want.p, want.n) != 0) {
        fail_msg("%s:%d: made %s\nrecorded %s", path, (int)line, (const char *)have.p,
                 (const char *)want.p);
    }
    ls_json_free(tree);
    ls_buf_fini(&made);
    ls_buf_fini(&have);
    ls_buf_fini(&want);
}

static size_t check_file(const char *path)
{
    struct ls_buf text = vectors_load(path);
    struct ls_span rest = ls_buf_span(&text);
    struct cJSON *row;
    size_t line = 0;
    size_t checked = 0;

    while ((row = vectors_next(&rest)) != NULL) {
        line++;
        if (ls_json_is_array(ls_json_get(row, "params"))) {
            check_row(row, path, line);
            checked++;
        }
        ls_json_free(row);
    }
    ls_buf_fini(&text);
    return checked;
}

static void parameters_equal_the_recorded_ones(void **state)
{
    const struct files *files = *state;
    size_t rows = 0;

    for (size_t i = 0; i < files->count; i++) {
        size_t n = check_file(files->paths[i]);

        print_message("%s: %zu rows equal\n", files->paths[i], n);
        rows += n;
    }
    assert_true(rows >= files->rows_min);
}

int main(int argc, char **argv)
{
    char shipped[] = VECTORS_PARAMS;
    char *paths[] = {shipped};
    struct files files = {paths, 1, 15};

    if (argc > 1) {
        files = (struct files){argv + 1, (size_t)argc - 1, 1};
    }
    {
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_prestate(parameters_equal_the_recorded_ones, &files),
        };

        return cmocka_run_group_tests_name("op payload corpus", tests, NULL, NULL);
    }
}
