/*
 * The payload store and what comes into it: bounds, handles, and that a payload is kept as the text
 * newPayload needs.
 */
#include "tests/unit/node_rig.h"

#include "node/io/intake.h"
#include "node/io/store.h"

static struct ls_buf text_of(const char *s)
{
    struct ls_buf b;

    ls_buf_init(&b, 4096);
    assert_int_equal(ls_buf_puts(&b, s), LS_OK);
    return b;
}

static enum ls_err put(struct ls_store *s, const char *text, uint32_t *handle)
{
    struct ls_buf b = text_of(text);
    enum ls_err e = ls_store_put(s, 3, &b, handle);

    if (e == LS_OK) {
        assert_null(b.p); /* the memory went to the store */
    } else {
        assert_string_equal((char *)b.p, text);
    }
    ls_buf_fini(&b);
    return e;
}

static void what_was_put_can_be_got_until_released(void **state)
{
    struct ls_store *s = NULL;
    uint32_t a = 0, b = 0;

    (void)state;
    assert_int_equal(ls_store_new(4, 1u << 20, &s), LS_OK);
    assert_int_equal(put(s, "one", &a), LS_OK);
    assert_int_equal(put(s, "second", &b), LS_OK);
    assert_int_not_equal(a, 0);
    assert_int_not_equal(a, b);
    assert_int_equal(ls_store_count(s), 2);
    assert_int_equal(ls_store_bytes(s), 9 + 2 * LS_STORE_OVERHEAD_BYTES);
    ls_store_release(s, a);
    assert_int_equal(ls_store_count(s), 1);
    assert_int_equal(ls_store_bytes(s), ls_store_cost(6));
    assert_int_equal(ls_store_get(s, b).version, 3);
    assert_int_equal(ls_store_get(s, b).params.n, 6);
    assert_memory_equal(ls_store_get(s, b).params.p, "second", 6);
    ls_store_free(s);
}

static void a_slot_used_again_has_another_handle(void **state)
{
    struct ls_store *s = NULL;
    uint32_t first = 0, second = 0;

    (void)state;
    assert_int_equal(ls_store_new(1, 1u << 20, &s), LS_OK);
    assert_int_equal(put(s, "x", &first), LS_OK);
    ls_store_release(s, first);
    assert_int_equal(put(s, "y", &second), LS_OK);
    assert_int_not_equal(first, second);
    assert_memory_equal(ls_store_get(s, second).params.p, "y", 1);
    ls_store_free(s);
}

static void slots_and_bytes_are_bounded(void **state)
{
    struct ls_store *s = NULL;
    uint32_t h[3] = {0}, more = 0;

    (void)state;
    assert_int_equal(ls_store_new(3, 1u << 20, &s), LS_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(put(s, "p", &h[i]), LS_OK);
    }
    assert_int_equal(put(s, "p", &more), LS_ERR_LIMIT);
    ls_store_release(s, h[1]);
    assert_int_equal(put(s, "p", &more), LS_OK);
    ls_store_free(s);

    assert_int_equal(ls_store_new(3, 2 * LS_STORE_OVERHEAD_BYTES + 3, &s), LS_OK);
    assert_int_equal(put(s, "ab", &h[0]), LS_OK);
    assert_int_equal(put(s, "cd", &h[1]), LS_ERR_LIMIT);
    assert_int_equal(put(s, "c", &h[1]), LS_OK);
    assert_int_equal(ls_store_count(s), 2);
    ls_store_free(s);
}

static void a_payload_is_kept_as_params_of_its_version(void **state)
{
    static const struct {
        uint64_t block;
        unsigned version;
        const char *tail;
    } rows[] = {
        {1, 2, "}"},
        {10, 3, "\"]"},
        {100, 4, ",[]]"},
    };
    struct ls_rollup r = rig_rollup();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_store *s = NULL;
        struct rig_block b;
        struct ls_event ev;
        struct ls_payload p;
        struct ls_buf params;
        struct ls_jw w;

        assert_int_equal(ls_store_new(4, 1u << 20, &s), LS_OK);
        rig_block_load(&b, rows[i].block);
        p = rig_payload(&b);
        assert_int_equal(ls_intake(&p, &r, s, &ev, NULL), LS_OK);
        assert_int_equal(ev.kind, LS_EV_PAYLOAD);
        assert_int_equal(ev.ref.number, rows[i].block);
        assert_true(ls_hash_eq(&ev.ref.hash, &b.block.hash));
        assert_true(ev.ref.l1_origin.number > 0);
        assert_int_equal(ls_store_get(s, ev.handle).version, rows[i].version);
        assert_int_equal(ev.bytes, ls_store_bytes(s));

        ls_buf_init(&params, 1u << 20);
        ls_jw_init(&w, &params);
        ls_payload_write_params(&p, rows[i].version, &w, NULL);
        assert_int_equal(ls_store_get(s, ev.handle).params.n, params.n - 2);
        assert_memory_equal(ls_store_get(s, ev.handle).params.p, params.p + 1, params.n - 2);
        ls_buf_fini(&params);
        rig_block_fini(&b);
        ls_store_free(s);
    }
}

/* A payload whose members are not those of its time would look like an engine that is set up
 * wrongly. */
static void a_payload_of_another_forks_shape_is_refused(void **state)
{
    struct ls_rollup r = rig_rollup();
    struct ls_store *s = NULL;
    struct rig_block jovian, canyon;
    struct ls_event ev;
    struct ls_payload p;
    struct ls_diag d = {""};

    (void)state;
    assert_int_equal(ls_store_new(4, 1u << 20, &s), LS_OK);
    rig_block_load(&jovian, 100);
    rig_block_load(&canyon, 1);
    p = rig_payload(&jovian);
    p.has_beacon_root = false;
    assert_int_equal(ls_intake(&p, &r, s, &ev, &d), LS_ERR_PARSE);
    assert_non_null(strstr(d.text, "engine_newPayloadV4"));
    p = rig_payload(&jovian);
    p.has_withdrawals_root = false;
    assert_int_equal(ls_intake(&p, &r, s, &ev, NULL), LS_ERR_PARSE);
    p = rig_payload(&jovian);
    p.has_blob_gas = false;
    assert_int_equal(ls_intake(&p, &r, s, &ev, NULL), LS_ERR_PARSE);
    p = rig_payload(&canyon);
    p.has_blob_gas = true;
    assert_int_equal(ls_intake(&p, &r, s, &ev, NULL), LS_ERR_PARSE);
    p = rig_payload(&canyon);
    p.tx_count = 0;
    assert_int_not_equal(ls_intake(&p, &r, s, &ev, NULL), LS_OK); /* no L1 origin */
    assert_int_equal(ls_store_count(s), 0);
    rig_block_fini(&jovian);
    rig_block_fini(&canyon);
    ls_store_free(s);
}

static void a_full_store_refuses_a_payload(void **state)
{
    struct ls_rollup r = rig_rollup();
    struct ls_store *s = NULL;
    struct rig_block b;
    struct ls_event ev;
    struct ls_payload p;
    struct ls_diag d = {""};

    (void)state;
    assert_int_equal(ls_store_new(4, 2000, &s), LS_OK);
    rig_block_load(&b, 100);
    p = rig_payload(&b);
    assert_int_equal(ls_intake(&p, &r, s, &ev, &d), LS_ERR_LIMIT);
    assert_non_null(strstr(d.text, "payload cannot be kept"));
    rig_block_fini(&b);
    ls_store_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_can_be_got_until_released),
        cmocka_unit_test(a_slot_used_again_has_another_handle),
        cmocka_unit_test(slots_and_bytes_are_bounded),
        cmocka_unit_test(a_payload_is_kept_as_params_of_its_version),
        cmocka_unit_test(a_payload_of_another_forks_shape_is_refused),
        cmocka_unit_test(a_full_store_refuses_a_payload),
    };

    return cmocka_run_group_tests_name("node_store", tests, NULL, NULL);
}
