/*
 * Receipts of recorded blocks: what real blocks commit to, and folders that hold them.
 */
#include "tests/unit/made_receipts.h"
#include "tests/unit/same_beside.h"

#include <unistd.h>

#include "harness/capture/beside.h"
#include "harness/capture/chain_mem.h"
#include "harness/capture/import.h"
#include "harness/capture/receipts.h"
#include "harness/capture/store.h"
#include "harness/serve/testers.h"
#include "lib/hex.h"

static const struct ls_draft_options WHOLE = {.last = UINT64_MAX, .level = 1, .replace = true};

static void real_blocks_commit_to_them(void **state)
{
    static const struct {
        const char *dir;
        unsigned least;
    } rows[] = {{"fixtures/devnet-forks", 30}, {"fixtures/devnet-reorgs", 300}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_chain c;
        struct ls_diag d = {""};
        unsigned proved = 0;
        assert_int_equal(ls_chain_open(rows[i].dir, NULL, &c, &d), LS_OK);
        for (uint32_t id = 0; id < ls_universe_count(c.l2); id++) {
            const struct ls_ublock *b = ls_universe_get(c.l2, id);
            struct ls_buf text;
            ls_buf_init(&text, 1u << 20);
            if (made_receipts_put(&c, b, &text)) {
                struct ls_span block = {(const uint8_t *)b->json, b->json_bytes};
                if (ls_receipts_check(block, ls_buf_span(&text), &c.rollup, &d)) {
                    fail_msg("block %u: %s", (unsigned)b->ref.number, d.text);
                }
                proved++;
            }
            ls_buf_fini(&text);
        }
        assert_true(proved >= rows[i].least);
        ls_chain_close(&c);
    }
}

/* --- folders --- */

/* Fills a folder from FOLDER_SOURCE's first reorg, with receipts where they follow from the block;
 * says how many blocks have them. */
static size_t fill_with_receipts(struct folder *f)
{
    const struct ls_draft_options window = {
        .first = FOLDER_FIRST, .last = FOLDER_LAST, .level = 1, .replace = true};
    struct ls_draft draft;
    struct ls_chain c;

    folder_make(f);
    assert_int_equal(ls_chain_open(FOLDER_SOURCE, NULL, &c, &f->d), LS_OK);
    ls_draft_init(&draft);
    assert_int_equal(ls_draft_from_chain(&draft, &c, &f->d), LS_OK);
    for (uint32_t id = 0; id < ls_universe_count(c.l2); id++) {
        const struct ls_ublock *b = ls_universe_get(c.l2, id);
        struct ls_buf text;
        ls_buf_init(&text, 1u << 20);
        if (made_receipts_put(&c, b, &text)) {
            struct ls_span kept = ls_draft_keep(&draft, ls_buf_span(&text));
            assert_int_equal(
                ls_draft_add_beside(&draft.beside[LS_BESIDE_RECEIPTS], &b->ref.hash, kept, NULL),
                LS_OK);
        }
        ls_buf_fini(&text);
    }
    if (ls_draft_write(&draft, f->dir, &window, &f->d)) {
        fail_msg("%s", f->d.text);
    }
    ls_draft_fini(&draft);
    ls_chain_close(&c);
    assert_int_equal(ls_chain_open(f->dir, NULL, &c, &f->d), LS_OK);
    size_t count = 0;
    for (uint32_t id = 0; id < ls_universe_count(c.l2); id++) {
        count += ls_universe_get(c.l2, id)->receipts != NULL;
    }
    assert_true(count > 30 && count < ls_universe_count(c.l2));
    ls_chain_close(&c);
    return count;
}

static void a_window_keeps_those_of_its_blocks(void **state)
{
    const struct ls_chain_options o = {.has_window = true, .first = 1600, .last = 1620};
    struct folder f;
    struct ls_chain whole;
    struct ls_chain window;

    (void)state;
    fill_with_receipts(&f);
    assert_int_equal(ls_chain_open(f.dir, NULL, &whole, &f.d), LS_OK);
    if (ls_chain_open(f.dir, &o, &window, &f.d)) {
        fail_msg("%s", f.d.text);
    }
    assert_true(same_beside(&whole, &window, LS_BESIDE_RECEIPTS) > 10);
    ls_chain_close(&window);
    ls_chain_close(&whole);
    folder_remove(&f);
}

/* Lines of a folder are what import takes, beside plain answers and the answer to a batch. */
static void goes_out_and_comes_in(void **state)
{
    static const char *const wraps[][3] = {{"", "\n", ""},
                                           {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":", "}\n", ""},
                                           {"[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":",
                                            "},{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":[]}]", ""}};
    struct folder f;
    struct folder to;
    struct ls_buf lines;

    (void)state;
    fill_with_receipts(&f);
    folder_make(&to);
    folder_read_segment(&f, LS_SEGMENT_RECEIPTS_FILE, &lines);
    for (size_t i = 0; i < sizeof wraps / sizeof wraps[0]; i++) {
        struct ls_draft draft;
        struct ls_chain c;
        struct ls_chain d;
        struct ls_buf in;
        struct ls_span rest = ls_buf_span(&lines);
        struct ls_span line;
        char path[LS_PATH_MAX];
        ls_buf_init(&in, LS_SEGMENT_BYTES_MAX);
        while (ls_segment_line(&rest, &line)) {
            ls_buf_puts(&in, wraps[i][0]);
            ls_buf_put(&in, line.p, line.n);
            ls_buf_puts(&in, wraps[i][1]);
        }
        folder_write(&to, "in", in.p, in.n);
        folder_path(&to, "in", path);
        assert_int_equal(ls_chain_open(f.dir, NULL, &c, &f.d), LS_OK);
        ls_draft_init(&draft);
        assert_int_equal(ls_draft_from_chain(&draft, &c, &f.d), LS_OK);
        draft.beside[LS_BESIDE_RECEIPTS].count = 0;
        if (ls_import_receipts(&draft, path, &f.d) ||
            ls_draft_write(&draft, to.dir, &WHOLE, &f.d)) {
            fail_msg("wrapping %zu: %s", i, f.d.text);
        }
        ls_draft_fini(&draft);
        assert_int_equal(ls_chain_open(to.dir, NULL, &d, &f.d), LS_OK);
        assert_true(same_beside(&c, &d, LS_BESIDE_RECEIPTS) > 30);
        ls_chain_close(&d);
        ls_chain_close(&c);
        ls_buf_fini(&in);
    }
    ls_buf_fini(&lines);
    folder_remove(&to);
    folder_remove(&f);
}

static void what_is_no_receipt_is_not_taken(void **state)
{
    static const struct {
        const char *in, *says;
    } rows[] = {{"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32000}}", "without a result"},
                {"7", "no list"},
                {"\n[{\"status\":\"0x1\"}]", "line 2: blockHash"},
                {"[{\"blockHash\":\"0x12\"}]", "blockHash"},
                {"[{", "malformed"}};
    struct folder f;
    char path[LS_PATH_MAX];

    (void)state;
    folder_make(&f);
    folder_path(&f, "in", path);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_draft draft;
        folder_write(&f, "in", rows[i].in, strlen(rows[i].in));
        ls_draft_init(&draft);
        assert_int_not_equal(ls_import_receipts(&draft, path, &f.d), LS_OK);
        if (!strstr(f.d.text, rows[i].says)) {
            fail_msg("row %zu: %s", i, f.d.text);
        }
        ls_draft_fini(&draft);
    }
    folder_remove(&f);
}

/* --- the sync tester over such a folder --- */

static void ask_tester(struct ls_backend *port, const char *block, struct ls_http_reply *reply)
{
    char body[256];
    (void)snprintf(body, sizeof body,
                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBlockReceipts\",\"params\":"
                   "[\"%s\"]}",
                   block);
    const struct ls_http_request req = {
        .verb = "POST",
        .path = "/chain/901/synctest/11111111-1111-4111-8111-111111111111?latest=100000",
        .content_type = "application/json",
        .body = body,
        .body_bytes = strlen(body)};
    ls_buf_clear(&reply->body);
    port->ops->handle(port, &req, reply);
}

static void the_sync_tester_hands_them_out(void **state)
{
    struct ls_http_reply reply = {.status = 200};
    struct ls_testers t;
    struct ls_chain c;
    struct folder f;
    char config[LS_PATH_MAX];
    char text[LS_PATH_MAX + 64];
    size_t with = 0;
    size_t without = 0;

    (void)state;
    fill_with_receipts(&f);
    (void)snprintf(text, sizeof text, "synctesters: {a: {chain_id: 901, el_rpc: %s}}\n", f.dir);
    folder_write(&f, "in", text, strlen(text));
    folder_path(&f, "in", config);
    const struct ls_testers_options o = {.config = config, .fixture = "fixtures/devnet-forks"};
    if (ls_testers_init(&t, &o, &f.d)) {
        fail_msg("%s", f.d.text);
    }
    assert_int_equal(ls_chain_open(f.dir, NULL, &c, &f.d), LS_OK);
    ls_buf_init(&reply.body, 1u << 20);
    for (uint32_t id = c.genesis; id <= c.tip; id++) {
        const struct ls_ublock *b = ls_universe_get(c.l2, id);
        char number[24];
        char hash[2 * sizeof b->ref.hash.b + 1] = {0};
        (void)snprintf(number, sizeof number, "0x%x", (unsigned)b->ref.number);
        ls_hex_encode(b->ref.hash.b, sizeof b->ref.hash.b, hash);
        ask_tester(t.backend, number, &reply);
        const char *got = (const char *)reply.body.p;
        if (b->receipts) {
            assert_non_null(strstr(got, "\"result\":[{\"type\":\"0x7e\""));
            assert_non_null(strstr(got, hash));
            with++;
        } else {
            assert_non_null(strstr(got, "receipts of this block are not recorded"));
            without++;
        }
    }
    assert_true(with > 10 && without > 0);
    ls_buf_fini(&reply.body);
    ls_chain_close(&c);
    ls_testers_fini(&t);
    folder_remove(&f);
}

/* --- damage --- */

static void lose_the_last_line(struct ls_buf *t)
{
    do {
        t->n--;
    } while (t->p[t->n - 1] != '\n');
}

static void add_a_line(struct ls_buf *t)
{
    ls_buf_puts(t, LS_BESIDE_NONE "\n");
}

static void empty_lists(struct ls_buf *t)
{
    assert_int_not_equal(text_replace(t, "[{", "["), 0);
}

static void names_what_is_wrong(void **state)
{
    static const struct {
        const char *from, *to; /* in every line; or */
        void (*change)(struct ls_buf *t);
        const char *field;
        bool has_block;
    } rows[] = {
        {"\"status\":\"0x1\"", "\"status\":\"0x0\"", NULL, "receipts", true},
        {"\"type\":\"0x7e\"", "\"type\":\"0x2\"", NULL, "receipts[0]", true},
        {"\"cumulativeGasUsed\":\"0x", "\"cumulativeGasUsed\":\"0x1", NULL, "receipts[0]", true},
        {"\"gasUsed\":\"0x", "\"gasUsed\":\"0x1", NULL, "receipts[0]", true},
        {"\"logsBloom\":\"0x0", "\"logsBloom\":\"0x1", NULL, "receipts", true},
        {"\"transactionHash\":\"0x", "\"transactionHash\":\"0x0", NULL, "receipts[0]", true},
        {"\"transactionIndex\":\"0x0", "\"transactionIndex\":\"0x1", NULL, "receipts[0]", true},
        {"\"blockHash\":\"0x", "\"blockHash\":\"0x0", NULL, "receipts[0]", true},
        {"\"blockNumber\":\"0x", "\"blockNumber\":\"0x1", NULL, "receipts[0]", true},
        {"\"depositNonce\":\"0x", "\"depositNonce\":\"0x1", NULL, "receipts", true},
        {"\"depositNonce\"", "\"_\"", NULL, "receipts[0]", true},
        {"\"depositReceiptVersion\":\"0x1", "\"depositReceiptVersion\":\"0x2", NULL, "receipts",
         true},
        {"\"depositReceiptVersion\"", "\"_\"", NULL, "receipts[0]", true},
        {"\"logs\":[]", "\"logs\":7", NULL, "logs", true},
        {"[{", "[{},{", NULL, "receipts", true},
        {NULL, NULL, empty_lists, "receipts", true},
        {NULL, NULL, lose_the_last_line, "", false},
        {NULL, NULL, add_a_line, "", false},
    };
    struct folder f;

    (void)state;
    fill_with_receipts(&f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_buf good;
        struct ls_buf bad;
        folder_read_segment(&f, LS_SEGMENT_RECEIPTS_FILE, &good);
        folder_read_segment(&f, LS_SEGMENT_RECEIPTS_FILE, &bad);
        if (rows[i].change) {
            rows[i].change(&bad);
        } else {
            assert_int_not_equal(text_replace(&bad, rows[i].from, rows[i].to), 0);
        }
        folder_write_segment(&f, LS_SEGMENT_RECEIPTS_FILE, &bad);
        enum ls_err e = folder_open(&f);
        if (e == LS_OK || strcmp(f.fault.file, LS_SEGMENT_RECEIPTS_FILE) != 0 ||
            f.fault.has_block != rows[i].has_block ||
            (rows[i].has_block && strcmp(f.fault.field, rows[i].field) != 0)) {
            fail_msg("row %zu: field \"%s\": %s", i, f.fault.field, f.d.text);
        }
        folder_write_segment(&f, LS_SEGMENT_RECEIPTS_FILE, &good);
        ls_buf_fini(&bad);
        ls_buf_fini(&good);
    }
    assert_int_equal(folder_open(&f), LS_OK);
    folder_edit_manifest(&f, "\"lines\":", "\"lines\":1");
    assert_int_equal(folder_open(&f), LS_ERR_RANGE);
    folder_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_blocks_commit_to_them),
        cmocka_unit_test(a_window_keeps_those_of_its_blocks),
        cmocka_unit_test(goes_out_and_comes_in),
        cmocka_unit_test(what_is_no_receipt_is_not_taken),
        cmocka_unit_test(the_sync_tester_hands_them_out),
        cmocka_unit_test(names_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
