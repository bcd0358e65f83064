/*
 * Memory that runs out: the n-th allocation fails, n rising until everything passes. Each time the
 * error is NOMEM, nothing is half done, and nothing leaks (the sanitizer build looks).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "lib/arena.h"
#include "lib/json.h"
#include "lib/jsonw.h"
#include "lib/jwt.h"
#include "lib/log.h"
#include "lib/zst.h"
#include "tests/unit/failing_alloc.h"

/* zstd is a shared library, out of the linker's reach: only its contexts can be made to fail. */
struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;
struct ZSTD_CCtx_s *__real_ZSTD_createCCtx(void);
struct ZSTD_DCtx_s *__real_ZSTD_createDCtx(void);
struct ZSTD_CCtx_s *__wrap_ZSTD_createCCtx(void);
struct ZSTD_DCtx_s *__wrap_ZSTD_createDCtx(void);

struct ZSTD_CCtx_s *__wrap_ZSTD_createCCtx(void)
{
    return fails_now() ? NULL : __real_ZSTD_createCCtx();
}

struct ZSTD_DCtx_s *__wrap_ZSTD_createDCtx(void)
{
    return fails_now() ? NULL : __real_ZSTD_createDCtx();
}

#define ROUNDS_MAX 1000u

/* Runs one with the n-th allocation failing until it reports success; returns how many failed. */
static unsigned fail_each(enum ls_err (*one)(void))
{
    for (unsigned n = 0; n < ROUNDS_MAX; n++) {
        failing.is_armed = true;
        failing.left = n;
        enum ls_err e = one();
        failing.is_armed = false;
        if (e == LS_OK) {
            return n;
        }
        assert_int_equal(e, LS_ERR_NOMEM);
    }
    fail_msg("never succeeds");
    return 0;
}

static enum ls_err fill_buffer(void)
{
    struct ls_buf b;
    ls_buf_init(&b, 100000);
    enum ls_err e = LS_OK;
    size_t n = 0;
    while (n < 5000 && e == LS_OK) {
        e = ls_buf_printf(&b, "%s", "0123456789");
        n += e ? 0 : 10;
    }
    assert_int_equal(b.n, n);
    assert_int_equal(b.err, e);
    ls_buf_fini(&b);
    return e;
}

static void a_buffer_keeps_what_it_had(void **state)
{
    (void)state;
    assert_true(fail_each(fill_buffer) >= 5);
}

static enum ls_err fill_arena(void)
{
    struct ls_arena a;
    ls_arena_init(&a, 1 << 20);
    enum ls_err e = LS_OK;
    for (size_t i = 0; i < 500 && e == LS_OK; i++) {
        size_t before = a.bytes_used;
        void *p = i % 2 ? ls_arena_alloc(&a, 100) : ls_arena_dup(&a, "abc", 3);
        e = p ? LS_OK : LS_ERR_NOMEM;
        assert_true(p ? a.bytes_used > before : a.bytes_used == before);
    }
    ls_arena_reset(&a);
    ls_arena_fini(&a);
    return e;
}

static void an_arena_gives_null_and_stays_usable(void **state)
{
    (void)state;
    assert_true(fail_each(fill_arena) >= 3);
}

static enum ls_err parse_tree(void)
{
    static const char text[] = "{\"a\":[1,2,{\"b\":\"\\u20ac\"}],\"c\":null,\"d\":\"text\"}";
    struct cJSON *root = NULL;
    struct ls_diag d = {{0}};
    enum ls_err e = ls_json_parse(text, sizeof text - 1, 0, &root, &d);
    assert_true((root == NULL) == (e != LS_OK));
    assert_true((d.text[0] != '\0') == (e != LS_OK));
    ls_json_free(root);
    return e;
}

static void a_json_tree_is_whole_or_not_there(void **state)
{
    (void)state;
    assert_int_equal(fail_each(parse_tree), 1);
}

static enum ls_err print_tree(void)
{
    struct ls_buf b;
    ls_buf_init(&b, 10000);
    struct ls_jw w;
    ls_jw_init(&w, &b);
    ls_jw_array(&w, NULL);
    for (int i = 0; i < 100; i++) {
        ls_jw_str(&w, NULL, "a text\n");
        ls_jw_quantity(&w, NULL, 77);
    }
    ls_jw_array_end(&w);
    enum ls_err e = b.err;
    ls_buf_fini(&b);
    return e;
}

static void a_writer_reports_at_the_end(void **state)
{
    (void)state;
    assert_true(fail_each(print_tree) >= 3);
}

static enum ls_err check_token(void)
{
    static const uint8_t secret[LS_JWT_SECRET_BYTES] = {1, 2, 3};
    char token[LS_JWT_TEXT_MAX], header[LS_JWT_TEXT_MAX + 8], reason[LS_JWT_REASON_BYTES];
    ls_jwt_make(secret, 1000, token);
    (void)snprintf(header, sizeof header, "Bearer %s", token);
    enum ls_jwt_verdict v = ls_jwt_explain(secret, header, 1000, reason);
    if (v == LS_JWT_VALID) {
        return LS_OK;
    }
    assert_string_equal(reason, "out of memory");
    return LS_ERR_NOMEM;
}

static void a_token_check_fails_closed(void **state)
{
    (void)state;
    assert_true(fail_each(check_token) >= 2); /* a tree of the header and one of the claims */
}

static enum ls_err pack_and_unpack(void)
{
    static const char text[20000] = "lockstep";
    struct ls_buf packed, out;
    ls_buf_init(&packed, 100000);
    ls_buf_init(&out, 100000);
    enum ls_err e = ls_zst_compress(text, sizeof text, 3, &packed);
    assert_true(packed.n == 0 || e == LS_OK);
    if (!e) {
        e = ls_zst_decompress(packed.p, packed.n, &out);
        assert_true(out.n == (e ? 0 : sizeof text));
    }
    ls_buf_fini(&packed);
    ls_buf_fini(&out);
    return e;
}

static void compression_leaves_the_buffer_as_it_was(void **state)
{
    (void)state;
    assert_true(fail_each(pack_and_unpack) >= 6);
}

static enum ls_err write_line(void)
{
    char text[500] = {0};
    bool is_armed = failing.is_armed;
    failing.is_armed = false;
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    struct ls_log log = {.out = out, .format = LS_LOG_JSON};
    failing.is_armed = is_armed;
    ls_logf(&log, LS_LOG_INFO, "a message of some length, so that the line must grow",
            LS_F_U64("number", 7), LS_F_STR("field", "a value that is long as well"));
    failing.is_armed = false;
    (void)fclose(out);
    assert_int_equal(ls_json_validate(text, strlen(text), 0, NULL), LS_OK);
    if (strstr(text, "a message of some length")) {
        return LS_OK;
    }
    assert_non_null(strstr(text, "log line lost"));
    return LS_ERR_NOMEM;
}

static void a_log_line_is_never_lost_in_silence(void **state)
{
    (void)state;
    assert_true(fail_each(write_line) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_keeps_what_it_had),
        cmocka_unit_test(an_arena_gives_null_and_stays_usable),
        cmocka_unit_test(a_json_tree_is_whole_or_not_there),
        cmocka_unit_test(a_writer_reports_at_the_end),
        cmocka_unit_test(a_token_check_fails_closed),
        cmocka_unit_test(compression_leaves_the_buffer_as_it_was),
        cmocka_unit_test(a_log_line_is_never_lost_in_silence),
    };
    return cmocka_run_group_tests_name("lib alloc", tests, NULL, NULL);
}
