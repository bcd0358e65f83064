/*
 * Unsafe blocks over RPC: when a node is asked, for which block, and what of its answers is taken.
 */
#include "tests/unit/node_rig.h"

#include "node/io/unsafe.h"

#define PAUSE 1000u
#define ID 7u
#define NUMBER 100u

struct rig {
    struct ls_rollup rollup;
    struct rig_block b; /* NUMBER */
    struct ls_unsafe u;
    struct ls_core_status s; /* its head is the block below */
    struct ls_arena arena;
    struct ls_payload out;
    struct ls_diag d;
};

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    r->rollup = rig_rollup();
    rig_block_load(&r->b, NUMBER);
    r->s.engine = LS_ENGINE_VALID;
    r->s.published.unsafe_l2.number = NUMBER - 1;
    r->s.published.unsafe_l2.hash = r->b.block.header.parent;
    ls_arena_init(&r->arena, 8u << 20);
    ls_unsafe_init(&r->u, PAUSE);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;

    rig_block_fini(&r->b);
    ls_arena_fini(&r->arena);
    free(r);
    return 0;
}

static void expect_asks(struct rig *r, uint64_t now_ns, const char *number)
{
    struct ls_buf b;
    char want[128];

    assert_true(ls_unsafe_is_due(&r->u, &r->s, now_ns));
    ls_buf_init(&b, 4096);
    ls_unsafe_write_request(&r->u, ID, &b);
    (void)snprintf(want, sizeof want,
                   "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"eth_getBlockByNumber\",\"params\":["
                   "\"%s\",true]}",
                   number);
    assert_string_equal((const char *)b.p, want);
    ls_buf_fini(&b);
    assert_int_equal(r->u.next_ns, LS_NEVER);
    assert_false(ls_unsafe_is_due(&r->u, &r->s, now_ns + 100 * PAUSE)); /* one at a time */
}

static enum ls_unsafe_found take_body(struct rig *r, uint64_t now_ns, const char *body)
{
    r->d = (struct ls_diag){""};
    return ls_unsafe_take(&r->u, &r->rollup, ID,
                          (struct ls_span){(const uint8_t *)body, strlen(body)}, now_ns, &r->arena,
                          &r->out, &r->d);
}

/* The reply with block NUMBER in which from became to (NULL: as it is). */
static enum ls_unsafe_found take_block(struct rig *r, uint64_t now_ns, const char *from,
                                       const char *to)
{
    struct ls_buf reply;
    char *text = (char *)r->b.json.p;
    char *at = from ? strstr(text, from) : text;

    assert_non_null(at);
    ls_buf_init(&reply, 1u << 20);
    ls_buf_puts(&reply, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":");
    ls_buf_put(&reply, text, (size_t)(at - text));
    ls_buf_puts(&reply, from ? to : "");
    ls_buf_puts(&reply, at + (from ? strlen(from) : 0));
    ls_buf_puts(&reply, "}");
    enum ls_unsafe_found found = take_body(r, now_ns, (const char *)reply.p);
    ls_buf_fini(&reply);
    return found;
}

static void the_block_above_the_head_is_taken_and_the_next_asked_at_once(void **state)
{
    struct rig *r = *state;
    struct ls_payload want = rig_payload(&r->b);

    expect_asks(r, 0, "0x64");
    assert_int_equal(take_block(r, 5, NULL, NULL), LS_UNSAFE_BLOCK);
    assert_int_equal(r->out.number, NUMBER);
    assert_memory_equal(&r->out.block_hash, &want.block_hash, 32);
    assert_int_equal(r->out.tx_count, want.tx_count);
    r->s.queue_count = 1; /* it waits; the head is where it was */
    expect_asks(r, 5, "0x65");
    assert_int_equal(take_body(r, 6, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":null}"),
                     LS_UNSAFE_NOTHING);
    assert_false(ls_unsafe_is_due(&r->u, &r->s, 5 + PAUSE));
    expect_asks(r, 6 + PAUSE, "0x65");
}

static void what_was_taken_and_lost_is_asked_for_again(void **state)
{
    struct rig *r = *state;

    expect_asks(r, 0, "0x64");
    assert_int_equal(take_block(r, 0, NULL, NULL), LS_UNSAFE_BLOCK);
    assert_false(ls_unsafe_is_due(&r->u, &r->s, 0)); /* nothing waits, and the head did not move */
    expect_asks(r, PAUSE, "0x64");
    ls_unsafe_again(&r->u, PAUSE, 0);
    r->s.queue_count = 1;
    expect_asks(r, 2 * PAUSE, "0x64");
    ls_unsafe_again(&r->u, 0, 50 * PAUSE); /* Retry-After */
    assert_false(ls_unsafe_is_due(&r->u, &r->s, 49 * PAUSE));
    expect_asks(r, 50 * PAUSE, "0x64");
}

static void a_head_that_jumped_is_gone_on_from(void **state)
{
    struct rig *r = *state;

    expect_asks(r, 0, "0x64");
    assert_int_equal(take_block(r, 0, NULL, NULL), LS_UNSAFE_BLOCK);
    r->s.published.unsafe_l2.number = 499;
    r->s.queue_count = 1;
    expect_asks(r, 0, "0x1f4");
}

static void no_more_is_taken_than_the_engine_can_follow(void **state)
{
    struct rig *r = *state;

    expect_asks(r, 0, "0x64");
    assert_int_equal(take_block(r, 0, NULL, NULL), LS_UNSAFE_BLOCK);
    r->s.queue_count = LS_UNSAFE_AHEAD_MAX;
    r->s.published.unsafe_l2.number = NUMBER - LS_UNSAFE_AHEAD_MAX;
    assert_false(ls_unsafe_is_due(&r->u, &r->s, 0));
    r->s.published.unsafe_l2.number++;
    expect_asks(r, PAUSE, "0x65");
}

static void while_the_engine_is_not_at_rest_nothing_is_asked(void **state)
{
    struct rig *r = *state;
    struct ls_core_status good = r->s;

    r->s.engine = LS_ENGINE_SYNCING;
    assert_false(ls_unsafe_is_due(&r->u, &r->s, 0));
    r->s = good;
    r->s.target.hash.b[0] = 1;
    assert_false(ls_unsafe_is_due(&r->u, &r->s, PAUSE));
    r->s = good;
    memset(&r->s.published.unsafe_l2, 0, sizeof r->s.published.unsafe_l2);
    assert_false(ls_unsafe_is_due(&r->u, &r->s, 2 * PAUSE));
    r->s = good;
    assert_false(ls_unsafe_is_due(&r->u, &r->s, 2 * PAUSE + 1));
    expect_asks(r, 3 * PAUSE, "0x64");
}

static void what_proves_nothing_is_not_taken(void **state)
{
    static const struct {
        const char *from, *to; /* in the block; or */
        const char *body;
        const char *says;
    } rows[] = {
        {"\"stateRoot\":\"0x", "\"stateRoot\":\"0x0", NULL, "stateRoot"},
        {"\"gasUsed\":\"0x", "\"gasUsed\":\"0x1", NULL, "hash"},
        {"\"number\":\"0x64\"", "\"number\":\"0x65\"", NULL, "hash"},
        {"\"transactions\":[", "\"transactions\":[],\"_\":[", NULL, "ransactions"},
        {NULL, NULL,
         "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32000,\"message\":\"no\"}}", "no"},
        {NULL, NULL, "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":null}", "id"},
        {NULL, NULL, "<html>", ""},
    };
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_asks(r, i * PAUSE, "0x64");
        enum ls_unsafe_found found = rows[i].body
                                         ? take_body(r, i * PAUSE, rows[i].body)
                                         : take_block(r, i * PAUSE, rows[i].from, rows[i].to);
        if (found != LS_UNSAFE_BAD || r->d.text[0] == '\0' || !strstr(r->d.text, rows[i].says)) {
            fail_msg("row %zu: %d %s", i, (int)found, r->d.text);
        }
    }
}

static void a_block_that_is_not_above_the_head_is_not_taken(void **state)
{
    struct rig *r = *state;

    r->s.published.unsafe_l2.hash.b[0] ^= 1;
    expect_asks(r, 0, "0x64");
    assert_int_equal(take_block(r, 0, NULL, NULL), LS_UNSAFE_BAD);
    assert_non_null(strstr(r->d.text, "another branch"));
    r->s.published.unsafe_l2.number = NUMBER;
    expect_asks(r, PAUSE, "0x65");
    assert_int_equal(take_block(r, 0, NULL, NULL), LS_UNSAFE_BAD);
    assert_non_null(strstr(r->d.text, "asked for block 101, got block 100"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_block_above_the_head_is_taken_and_the_next_asked_at_once),
        T(what_was_taken_and_lost_is_asked_for_again),
        T(a_head_that_jumped_is_gone_on_from),
        T(no_more_is_taken_than_the_engine_can_follow),
        T(while_the_engine_is_not_at_rest_nothing_is_asked),
        T(what_proves_nothing_is_not_taken),
        T(a_block_that_is_not_above_the_head_is_not_taken),
    };

    return cmocka_run_group_tests_name("node_unsafe", tests, NULL, NULL);
}
