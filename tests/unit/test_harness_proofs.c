/*
 * Proofs of recorded blocks' states: folders that hold them, and mocks that serve them.
 */
#include "tests/unit/harness_folder.h"
#include "tests/unit/made_states.h"
#include "tests/unit/same_beside.h"

#include <unistd.h>

#include "harness/capture/beside.h"
#include "harness/capture/chain_mem.h"
#include "harness/capture/import.h"
#include "harness/capture/proofs.h"
#include "harness/capture/store.h"
#include "harness/live/mocks.h"
#include "lib/op/header.h"
#include "lib/op/output.h"
#include "mocks/rpc/engine_rpc.h"
#include "mocks/rpc/source_rpc.h"

static const struct ls_draft_options WHOLE = {.last = UINT64_MAX, .level = 1, .replace = true};

/* Writes a folder around the blocks that have proofs; says the number of the first of those. */
static uint64_t fill_with_proofs(struct folder *f)
{
    struct ls_draft draft;
    struct ls_chain c;
    struct ls_arena a;

    folder_make(f);
    ls_arena_init(&a, 1u << 20);
    uint64_t first = made_states_open(&c, &a);
    const struct ls_draft_options window = {
        .first = first - 3, .last = first + MADE_STATES_BLOCKS + 2, .level = 1, .replace = true};
    ls_draft_init(&draft);
    if (ls_draft_from_chain(&draft, &c, &f->d) || ls_draft_write(&draft, f->dir, &window, &f->d)) {
        fail_msg("%s", f->d.text);
    }
    ls_draft_fini(&draft);
    ls_chain_close(&c);
    ls_arena_fini(&a);
    return first;
}

static void open_ok(struct folder *f, const char *dir, const struct ls_chain_options *o,
                    struct ls_chain *c)
{
    if (ls_chain_open(dir, o, c, &f->d)) {
        fail_msg("%s", f->d.text);
    }
}

static void a_window_keeps_those_of_its_blocks(void **state)
{
    struct folder f;
    struct ls_chain whole;
    struct ls_chain window;

    (void)state;
    uint64_t first = fill_with_proofs(&f);
    const struct ls_chain_options o = {
        .has_window = true, .first = first - 1, .last = first + MADE_STATES_BLOCKS - 1};
    open_ok(&f, f.dir, NULL, &whole);
    open_ok(&f, f.dir, &o, &window);
    assert_int_equal(same_beside(&whole, &whole, LS_BESIDE_PROOFS), MADE_STATES_BLOCKS);
    assert_int_equal(same_beside(&whole, &window, LS_BESIDE_PROOFS), MADE_STATES_BLOCKS);
    assert_true(ls_universe_count(window.l2) < ls_universe_count(whole.l2));
    ls_chain_close(&window);
    ls_chain_close(&whole);
    folder_remove(&f);
}

/* Another block of the same state has the same proof; one of another state has none. */
static void a_fork_has_those_of_its_states(void **state)
{
    const struct ls_fork_spec by_mix = {.name = "mix"};
    const struct ls_fork_spec by_state = {.name = "state", .field = LS_FORK_FIELD_STATE_ROOT};
    const struct ls_chain_options room = {.extra_blocks = 6};
    struct folder f;
    struct ls_chain c;
    uint32_t ids[3];

    (void)state;
    uint64_t first = fill_with_proofs(&f);
    open_ok(&f, f.dir, &room, &c);
    uint32_t low = LS_NO_BLOCK;
    for (uint32_t id = 0; id < ls_universe_count(c.l2); id++) {
        const struct ls_ublock *b = ls_universe_get(c.l2, id);
        low = b->proof && b->ref.number == first ? id : low;
    }
    assert_int_not_equal(low, LS_NO_BLOCK);
    assert_int_equal(ls_chain_fork(&c, low, 3, &by_mix, ids, &f.d), LS_OK);
    for (size_t i = 0; i < 3; i++) {
        const struct ls_ublock *b = ls_universe_get(c.l2, ids[i]);
        assert_non_null(b->proof);
        struct ls_span proof = {(const uint8_t *)b->proof, b->proof_bytes};
        assert_int_equal(ls_proof_check(ls_ublock_text(b), proof, &c.rollup, &f.d), LS_OK);
    }
    assert_int_equal(ls_chain_fork(&c, low, 3, &by_state, ids, &f.d), LS_OK);
    assert_null(ls_universe_get(c.l2, ids[0])->proof);
    assert_non_null(ls_universe_get(c.l2, ids[1])->proof);
    ls_chain_close(&c);
    folder_remove(&f);
}

/* Lines of a folder are what import takes, beside plain answers and the answer to a batch. */
static void goes_out_and_comes_in(void **state)
{
    static const char *const wraps[][2] = {{"", "\n"},
                                           {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":", "}\n"},
                                           {"[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":", "}]"}};
    struct folder f;
    struct folder to;
    struct ls_buf lines;

    (void)state;
    fill_with_proofs(&f);
    folder_make(&to);
    folder_read_segment(&f, LS_SEGMENT_PROOFS_FILE, &lines);
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
        open_ok(&f, f.dir, NULL, &c);
        ls_draft_init(&draft);
        assert_int_equal(ls_draft_from_chain(&draft, &c, &f.d), LS_OK);
        draft.beside[LS_BESIDE_PROOFS].count = 0;
        if (ls_import_proofs(&draft, path, &f.d) || ls_draft_write(&draft, to.dir, &WHOLE, &f.d)) {
            fail_msg("wrapping %zu: %s", i, f.d.text);
        }
        ls_draft_fini(&draft);
        open_ok(&f, to.dir, NULL, &d);
        assert_int_equal(same_beside(&c, &d, LS_BESIDE_PROOFS), MADE_STATES_BLOCKS);
        ls_chain_close(&d);
        ls_chain_close(&c);
        ls_buf_fini(&in);
    }
    ls_buf_fini(&lines);
    folder_remove(&to);
    folder_remove(&f);
}

static void what_is_no_proof_is_not_taken(void **state)
{
    static const struct {
        const char *in, *says;
    } rows[] = {{"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32000}}", "without a result"},
                {"7", "no proof"},
                {"\n{\"address\":\"0x00\"}", "line 2: accountProof"},
                {"{\"accountProof\":[7]}", "accountProof"},
                {"{\"accountProof\":[\"0x1\"]}", "accountProof"},
                {"{", "malformed"}};
    struct folder f;
    char path[LS_PATH_MAX];

    (void)state;
    folder_make(&f);
    folder_path(&f, "in", path);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_draft draft;
        folder_write(&f, "in", rows[i].in, strlen(rows[i].in));
        ls_draft_init(&draft);
        assert_int_not_equal(ls_import_proofs(&draft, path, &f.d), LS_OK);
        if (!strstr(f.d.text, rows[i].says)) {
            fail_msg("row %zu: %s", i, f.d.text);
        }
        ls_draft_fini(&draft);
    }
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

/* Each block gets the line of the block before it. */
static void move_down(struct ls_buf *t)
{
    static const char none[] = LS_BESIDE_NONE "\n";

    lose_the_last_line(t);
    assert_int_equal(ls_buf_puts(t, none), LS_OK);
    memmove(t->p + strlen(none), t->p, t->n - strlen(none));
    memcpy(t->p, none, strlen(none));
}

static void names_what_is_wrong(void **state)
{
    static const struct {
        const char *from, *to; /* in every line; or */
        void (*change)(struct ls_buf *t);
        const char *field;
        bool has_block;
    } rows[] = {
        {"\"accountProof\":[\"0xf9", "\"accountProof\":[\"0xfa", NULL, "accountProof", true},
        {"\"accountProof\":[", "\"accountProof\":[\"0x80\",", NULL, "accountProof", true},
        {"\"accountProof\"", "\"_\"", NULL, "accountProof", true},
        {"\"balance\":\"0x1234", "\"balance\":\"0x1235", NULL, "balance", true},
        {"\"nonce\":\"0x1\"", "\"nonce\":\"0x2\"", NULL, "nonce", true},
        {"\"codeHash\":\"0xcd", "\"codeHash\":\"0xce", NULL, "codeHash", true},
        {"\"storageHash\":\"0xa", "\"storageHash\":\"0xb", NULL, "storageHash", true},
        {"\"address\":\"0x42", "\"address\":\"0x43", NULL, "address", true},
        {"\"storageProof\":[]", "\"storageProof\":[{\"key\":\"0x0\"}]", NULL, "storageProof", true},
        {"{\"address\"", "[{\"address\"", NULL, "proof", true},
        {NULL, NULL, move_down, "accountProof", true},
        {NULL, NULL, lose_the_last_line, "", false},
        {NULL, NULL, add_a_line, "", false},
    };
    struct folder f;

    (void)state;
    fill_with_proofs(&f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_buf good;
        struct ls_buf bad;
        folder_read_segment(&f, LS_SEGMENT_PROOFS_FILE, &good);
        folder_read_segment(&f, LS_SEGMENT_PROOFS_FILE, &bad);
        if (rows[i].change) {
            rows[i].change(&bad);
        } else {
            assert_int_not_equal(text_replace(&bad, rows[i].from, rows[i].to), 0);
        }
        folder_write_segment(&f, LS_SEGMENT_PROOFS_FILE, &bad);
        enum ls_err e = folder_open(&f);
        if (e == LS_OK || strcmp(f.fault.file, LS_SEGMENT_PROOFS_FILE) != 0 ||
            f.fault.has_block != rows[i].has_block ||
            (rows[i].has_block &&
             strncmp(f.fault.field, rows[i].field, strlen(rows[i].field)) != 0)) {
            fail_msg("row %zu: field \"%s\": %s", i, f.fault.field, f.d.text);
        }
        folder_write_segment(&f, LS_SEGMENT_PROOFS_FILE, &good);
        ls_buf_fini(&bad);
        ls_buf_fini(&good);
    }
    assert_int_equal(folder_open(&f), LS_OK);
    folder_edit_manifest(&f, "\"lines\":", "\"lines\":1");
    assert_int_equal(folder_open(&f), LS_ERR_RANGE);
    folder_remove(&f);
}

/* A proof that is right in itself but whose account's storage is not what the header says. */
static void from_isthmus_on_the_header_has_the_last_word(void **state)
{
    struct ls_chain c;
    struct ls_arena a;
    struct ls_buf text;
    struct ls_diag d = {""};
    const struct ls_hash other = {{1, 2, 3}};
    char hex[67] = "0x";

    (void)state;
    assert_int_equal(
        ls_chain_open(MADE_STATES_SOURCE, &(struct ls_chain_options){.extra_blocks = 2}, &c, NULL),
        LS_OK);
    ls_arena_init(&a, 1u << 20);
    ls_buf_init(&text, 1u << 20);
    struct ls_hash root = made_account_proof(&LS_MESSAGE_PASSER, &other, 1, &text);
    ls_hex_encode(root.b, sizeof root.b, hex + 2);
    const struct ls_fork_spec spec = {.field = LS_FORK_FIELD_STATE_ROOT, .value = hex};
    uint64_t isthmus = made_states_isthmus(&c);
    for (uint64_t n = isthmus - 1; n <= isthmus; n++) {
        uint32_t id = ls_chain_at(&c, n - 1);
        assert_int_equal(ls_chain_fork(&c, id, 1, &spec, &id, &d), LS_OK);
        struct ls_span block = ls_ublock_text(ls_universe_get(c.l2, id));
        assert_int_equal(ls_proof_check(block, ls_buf_span(&text), &c.rollup, &d),
                         n < isthmus ? LS_OK : LS_ERR_HASH);
        assert_int_equal(ls_proof_check(block, ls_buf_span(&text), NULL, &d), LS_OK);
    }
    ls_buf_fini(&text);
    ls_arena_fini(&a);
    ls_chain_close(&c);
}

/* --- mocks over such a folder --- */

struct rig {
    struct ls_chain chain;
    struct ls_arena texts;
    uint64_t first;
    struct ls_mocks mocks;
    struct ls_backend *engine;
    struct ls_backend *source;
    struct ls_buf body;
};

static void rig_init(struct rig *r, const char *profile)
{
    ls_arena_init(&r->texts, 1u << 20);
    r->first = made_states_open(&r->chain, &r->texts);
    assert_int_equal(
        ls_mocks_init(&r->mocks, &r->chain, NULL, ls_engine_profile_find(profile), NULL), LS_OK);
    ls_engine_seed(r->mocks.engine, r->chain.tip, r->chain.tip, r->chain.tip);
    ls_source_heads(r->mocks.source)->unsafe_l2 = r->chain.tip;
    r->engine = ls_mocks_engine_rpc(&r->mocks, NULL, LS_ETH_STATE_MISSING);
    r->source = ls_mocks_source_rpc_as(&r->mocks, LS_SRC_CL, LS_ETH_STATE_EMPTY);
    ls_buf_init(&r->body, 16u << 20);
}

static void rig_fini(struct rig *r)
{
    ls_buf_fini(&r->body);
    ls_engine_rpc_free(r->engine);
    ls_source_rpc_free(r->source);
    ls_mocks_fini(&r->mocks);
    ls_chain_close(&r->chain);
    ls_arena_fini(&r->texts);
}

static const char *ask(struct rig *r, struct ls_backend *port, const char *method,
                       const char *params)
{
    char body[512];
    struct ls_http_reply reply = {.status = 200, .body = r->body};

    (void)snprintf(body, sizeof body,
                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method,
                   params);
    const struct ls_http_request req = {.verb = "POST",
                                        .path = "/",
                                        .content_type = "application/json",
                                        .body = body,
                                        .body_bytes = strlen(body)};
    ls_buf_clear(&reply.body);
    port->ops->handle(port, &req, &reply);
    r->body = reply.body;
    ls_buf_putc(&r->body, '\0');
    return (const char *)r->body.p;
}

#define PASSER "0x4200000000000000000000000000000000000016"

static const char *ask_proof(struct rig *r, const char *who, const char *keys, uint64_t number)
{
    char params[256];

    (void)snprintf(params, sizeof params, "[\"%s\",%s,\"0x%x\"]", who, keys, (unsigned)number);
    return ask(r, r->engine, "eth_getProof", params);
}

static bool has_proof_of(const char *answer, const struct ls_ublock *b)
{
    char *proof = strndup(b->proof, b->proof_bytes);
    bool has = strstr(answer, proof) != NULL;

    free(proof);
    return has;
}

static void the_engine_gives_them_as_they_are(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, "geth");
    for (uint64_t n = r.first; n < r.first + MADE_STATES_BLOCKS; n++) {
        const struct ls_ublock *b = ls_universe_get(r.chain.l2, ls_chain_at(&r.chain, n));
        assert_true(has_proof_of(ask_proof(&r, PASSER, "[]", n), b));
    }
    assert_non_null(strstr(ask_proof(&r, PASSER, "[\"0x0\"]", r.first), "missing trie node"));
    assert_non_null(strstr(ask_proof(&r, PASSER, "[]", r.first - 1), "missing trie node"));
    assert_non_null(
        strstr(ask_proof(&r, "0x4200000000000000000000000000000000000015", "[]", r.first),
               "missing trie node"));
    rig_fini(&r);
}

/* op-reth proves the newest state only. */
static void reth_gives_that_of_its_head(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, "reth");
    const struct ls_ublock *tip = ls_universe_get(r.chain.l2, r.chain.tip);
    assert_true(has_proof_of(ask_proof(&r, PASSER, "[]", tip->ref.number), tip));
    assert_non_null(strstr(ask_proof(&r, PASSER, "[\"0x0\"]", tip->ref.number), "not recorded"));
    assert_non_null(strstr(ask_proof(&r, PASSER, "[]", tip->ref.number - 1), "proof window"));
    rig_fini(&r);
}

/* An output root by hand: what the source says is held against it. */
static void expect_output(struct rig *r, uint64_t number, bool is_known)
{
    const struct ls_ublock *b = ls_universe_get(r->chain.l2, ls_chain_at(&r->chain, number));
    struct ls_hash storage = made_storage_root(&r->chain, b);
    struct ls_hash output = {{0}};
    struct cJSON *block = NULL;
    struct ls_header h;
    char params[32];
    char hex[2 * sizeof output.b + 1] = {0};

    assert_int_equal(ls_json_parse(b->json, b->json_bytes, 0, &block, NULL), LS_OK);
    assert_int_equal(ls_header_from_json(block, &h, NULL, NULL), LS_OK);
    ls_json_free(block);
    if (is_known) {
        output = ls_output_root_v0(&h.state_root, &storage, &b->ref.hash);
    }
    ls_hex_encode(output.b, sizeof output.b, hex);
    (void)snprintf(params, sizeof params, "[\"0x%x\"]", (unsigned)number);
    const char *answer = ask(r, r->source, "optimism_outputAtBlock", params);
    const char *at = strstr(answer, "\"outputRoot\":\"0x");
    assert_non_null(at);
    assert_memory_equal(at + strlen("\"outputRoot\":\"0x"), hex, strlen(hex));
}

static void the_source_has_output_roots_before_isthmus(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, "geth");
    for (uint64_t n = r.first; n < r.first + MADE_STATES_BLOCKS; n++) {
        expect_output(&r, n, true);
    }
    expect_output(&r, r.first - 1, false);
    rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_keeps_those_of_its_blocks),
        cmocka_unit_test(a_fork_has_those_of_its_states),
        cmocka_unit_test(goes_out_and_comes_in),
        cmocka_unit_test(what_is_no_proof_is_not_taken),
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(from_isthmus_on_the_header_has_the_last_word),
        cmocka_unit_test(the_engine_gives_them_as_they_are),
        cmocka_unit_test(reth_gives_that_of_its_head),
        cmocka_unit_test(the_source_has_output_roots_before_isthmus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
