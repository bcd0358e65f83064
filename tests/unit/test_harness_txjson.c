/*
 * Transactions to JSON and back, and blocks from payload attributes.
 */
#include "tests/unit/harness_folder.h"

#include "harness/capture/attributes.h"
#include "harness/capture/import.h"
#include "lib/json.h"
#include "lib/op/block.h"
#include "lib/op/tx.h"
#include "lib/op/txjson.h"

/* --- one transaction --- */

static void encode(const char *json, size_t n, struct ls_buf *out)
{
    struct cJSON *root = NULL;
    struct ls_diag d = {""};

    ls_buf_init(out, LS_TX_BYTES_MAX);
    assert_int_equal(ls_json_parse(json, n, 0, &root, &d), LS_OK);
    if (ls_tx_encode(root, out, &d)) {
        fail_msg("%s", d.text);
    }
    ls_json_free(root);
}

static void to_json(struct ls_span bytes, const struct ls_header *h, struct ls_buf *out)
{
    static const struct ls_hash hash = {{7}};
    const struct ls_txjson_place place = {
        .block_hash = &hash, .header = h, .index = 3, .has_deposit_version = true};
    struct ls_jw w;
    struct ls_diag d = {""};

    ls_buf_init(out, LS_SEGMENT_BYTES_MAX);
    ls_jw_init(&w, out);
    if (ls_txjson_write(bytes, &place, &w, &d)) {
        fail_msg("%s", d.text);
    }
}

static void assert_comes_back(struct ls_span bytes)
{
    const struct ls_header h = {.number = 9, .base_fee = {{0}}};
    struct ls_buf json;
    struct ls_buf again;

    to_json(bytes, &h, &json);
    encode((const char *)json.p, json.n, &again);
    assert_int_equal(again.n, bytes.n);
    assert_memory_equal(again.p, bytes.p, bytes.n);
    ls_buf_fini(&again);
    ls_buf_fini(&json);
}

/* Every member of made is in recorded with the same value, but for the place. */
static void assert_as_recorded(const struct cJSON *made, const struct cJSON *recorded)
{
    for (const struct cJSON *m = ls_json_first(made); m; m = ls_json_next(m)) {
        const char *key = ls_json_key(m);
        const struct cJSON *r = ls_json_get(recorded, key);
        struct ls_buf a;
        struct ls_buf b;
        if (strcmp(key, "blockHash") == 0 || strcmp(key, "blockNumber") == 0 ||
            strcmp(key, "transactionIndex") == 0) {
            continue;
        }
        if (!r) {
            fail_msg("%s is not recorded", key);
        }
        ls_buf_init(&a, LS_SEGMENT_BYTES_MAX);
        ls_buf_init(&b, LS_SEGMENT_BYTES_MAX);
        ls_json_print(m, &a);
        ls_json_print(r, &b);
        assert_string_equal((const char *)a.p, (const char *)b.p);
        ls_buf_fini(&a);
        ls_buf_fini(&b);
    }
}

/* op-geth printed these blocks: what we print of the same bytes must agree with it. */
static void every_recorded_transaction_is_printed_as_the_node_did(void **state)
{
    struct ls_chain c;
    unsigned types[0x7f] = {0};

    (void)state;
    assert_int_equal(ls_chain_open("fixtures/devnet-forks", NULL, &c, NULL), LS_OK);
    for (uint32_t id = 0; id < ls_universe_count(c.l2); id++) {
        const struct ls_ublock *b = ls_universe_get(c.l2, id);
        struct ls_arena a;
        struct ls_block block;
        struct cJSON *root = NULL;
        ls_arena_init(&a, 1u << 26);
        assert_int_equal(ls_json_parse(b->json, b->json_bytes, 0, &root, NULL), LS_OK);
        assert_int_equal(ls_block_from_json(root, &a, &block, NULL), LS_OK);
        for (size_t i = 0; i < block.tx_count; i++) {
            struct ls_buf json;
            struct cJSON *made = NULL;
            assert_comes_back(block.txs[i]);
            to_json(block.txs[i], &block.header, &json);
            assert_int_equal(ls_json_parse((const char *)json.p, json.n, 0, &made, NULL), LS_OK);
            assert_as_recorded(made, ls_json_at(ls_json_get(root, "transactions"), i));
            types[block.txs[i].p[0] >= 0xc0 ? 0 : block.txs[i].p[0]]++;
            ls_json_free(made);
            ls_buf_fini(&json);
        }
        ls_json_free(root);
        ls_arena_fini(&a);
    }
    assert_int_not_equal(types[0], 0);
    assert_int_not_equal(types[1], 0);
    assert_int_not_equal(types[2], 0);
    assert_int_not_equal(types[0x7e], 0);
    ls_chain_close(&c);
}

#define KEY "0x0102030405060708091011121314151617181920212223242526272829303132"
#define ADDRESS "0x00000000000000000000000000000000000000aa"

static const char *const MADE_TXS[] = {
    "{\"type\":\"0x4\",\"chainId\":\"0x385\",\"nonce\":\"0x1\",\"maxPriorityFeePerGas\":\"0x2\","
    "\"maxFeePerGas\":\"0x3\",\"gas\":\"0x186a0\",\"to\":\"" ADDRESS "\",\"value\":\"0x0\","
    "\"input\":\"0x00ff\",\"accessList\":[{\"address\":\"" ADDRESS "\",\"storageKeys\":[\"" KEY
    "\"]},{\"address\":\"" ADDRESS "\",\"storageKeys\":[]}],\"authorizationList\":[{\"chainId\":"
    "\"0x0\",\"address\":\"" ADDRESS "\",\"nonce\":\"0x5\",\"yParity\":\"0x1\",\"r\":\"0x6\","
    "\"s\":\"0x7\"}],\"yParity\":\"0x0\",\"v\":\"0x0\",\"r\":\"0x8\",\"s\":\"0x9\"}",
    "{\"type\":\"0x1\",\"chainId\":\"0x385\",\"nonce\":\"0x0\",\"gasPrice\":\"0x1\",\"gas\":"
    "\"0x5208\",\"to\":null,\"value\":\"0xffffffffffffffffffffffffffffffff\",\"input\":\"0x\","
    "\"accessList\":[],\"yParity\":\"0x1\",\"v\":\"0x1\",\"r\":\"0x8\",\"s\":\"0x9\"}",
    "{\"type\":\"0x7e\",\"sourceHash\":\"" KEY "\",\"from\":\"" ADDRESS "\",\"to\":null,\"mint\":"
    "\"0x12\",\"value\":\"0x3\",\"gas\":\"0x1\",\"isSystemTx\":true,\"input\":\"0x60\"}",
};

static void rare_shapes_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof MADE_TXS / sizeof MADE_TXS[0]; i++) {
        struct ls_buf bytes;
        encode(MADE_TXS[i], strlen(MADE_TXS[i]), &bytes);
        assert_comes_back(ls_buf_span(&bytes));
        ls_buf_fini(&bytes);
    }
}

/* Each cut of a transaction, and each with a byte more, is no transaction. */
static void refuses_bytes_that_are_no_transaction(void **state)
{
    const struct ls_header h = {.number = 9};
    static const struct ls_hash hash;
    const struct ls_txjson_place place = {.block_hash = &hash, .header = &h};

    (void)state;
    for (size_t i = 0; i < sizeof MADE_TXS / sizeof MADE_TXS[0]; i++) {
        struct ls_buf bytes;
        encode(MADE_TXS[i], strlen(MADE_TXS[i]), &bytes);
        ls_buf_putc(&bytes, 0);
        for (size_t n = 0; n <= bytes.n; n++) {
            struct ls_buf out;
            struct ls_jw w;
            uint8_t *exact = malloc(n + 1); /* so that a read past the end is seen */
            assert_non_null(exact);
            memcpy(exact, bytes.p, n);
            exact = realloc(exact, n ? n : 1);
            ls_buf_init(&out, 1u << 16);
            ls_jw_init(&w, &out);
            enum ls_err e = ls_txjson_write((struct ls_span){exact, n}, &place, &w, NULL);
            assert_int_equal(e == LS_OK, n == bytes.n - 1);
            ls_buf_fini(&out);
            free(exact);
        }
        ls_buf_fini(&bytes);
    }
}

/* A list of ten where a legacy transaction has nine items. */
static void refuses_an_item_too_many(void **state)
{
    static const uint8_t ten[] = {0xca, 0x80, 0x01, 0x01, 0x80, 0x80, 0x80, 0x1b, 0x01, 0x01, 0x80};
    const struct ls_header h = {.number = 9};
    static const struct ls_hash hash;
    const struct ls_txjson_place place = {.block_hash = &hash, .header = &h};
    uint8_t nine[sizeof ten - 1];
    struct ls_buf out;
    struct ls_jw w;

    (void)state;
    memcpy(nine, ten, sizeof nine);
    nine[0]--;
    ls_buf_init(&out, 1u << 16);
    ls_jw_init(&w, &out);
    assert_int_equal(ls_txjson_write((struct ls_span){nine, sizeof nine}, &place, &w, NULL), LS_OK);
    assert_int_equal(ls_txjson_write((struct ls_span){ten, sizeof ten}, &place, &w, NULL),
                     LS_ERR_PARSE);
    ls_buf_fini(&out);
}

static void paid_price_is_base_fee_and_tip_up_to_the_cap(void **state)
{
    static const struct {
        uint64_t base_fee;
        const char *price;
    } rows[] = {
        {0, "\"gasPrice\":\"0x2\""}, {1, "\"gasPrice\":\"0x3\""}, {2, "\"gasPrice\":\"0x3\""}};
    struct ls_buf bytes;

    (void)state;
    encode(MADE_TXS[0], strlen(MADE_TXS[0]), &bytes); /* tip 2, cap 3 */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ls_header h = {.base_fee = ls_u256_from_u64(rows[i].base_fee)};
        struct ls_buf json;
        to_json(ls_buf_span(&bytes), &h, &json);
        assert_non_null(strstr((const char *)json.p, rows[i].price));
        ls_buf_fini(&json);
    }
    ls_buf_fini(&bytes);
}

static void gas_floor_is_the_intrinsic_gas(void **state)
{
    static const uint64_t floors[] = {
        21000 + 16 + 4 + 2 * 2400 + 1900, /* one zero byte, one not; two addresses, one key */
        21000,                            /* 53000 to create, but the limit is lower */
        1,
    };

    (void)state;
    for (size_t i = 0; i < sizeof floors / sizeof floors[0]; i++) {
        struct ls_buf bytes;
        encode(MADE_TXS[i], strlen(MADE_TXS[i]), &bytes);
        assert_int_equal(ls_txjson_gas_floor(ls_buf_span(&bytes)), floors[i]);
        ls_buf_fini(&bytes);
    }
}

/* --- blocks from attributes --- */

/* Attributes of a window of recorded blocks, as a derivation pipeline would have them. */
static void write_attributes(const struct folder *f, const struct ls_chain *c, uint64_t first,
                             uint64_t last)
{
    struct ls_buf out;
    struct ls_jw w;

    ls_buf_init(&out, LS_SEGMENT_BYTES_MAX);
    for (uint64_t n = first; n <= last; n++) {
        const struct ls_ublock *b = ls_universe_get(c->l2, ls_chain_at(c, n));
        struct cJSON *root = NULL;
        struct ls_arena a;
        struct ls_block block;
        ls_arena_init(&a, 1u << 26);
        assert_int_equal(ls_json_parse(b->json, b->json_bytes, 0, &root, NULL), LS_OK);
        assert_int_equal(ls_block_from_json(root, &a, &block, NULL), LS_OK);
        ls_jw_init(&w, &out);
        ls_jw_object(&w, NULL);
        ls_jw_u64(&w, "number", n);
        ls_jw_hex(&w, "transactionsRoot", block.header.tx_root.b, 32);
        ls_jw_u64(&w, "sequenceNumber", b->ref.sequence_number);
        ls_jw_object(&w, "l1Origin");
        ls_jw_u64(&w, "number", b->ref.l1_origin.number);
        ls_jw_hex(&w, "hash", b->ref.l1_origin.hash.b, 32);
        ls_jw_object_end(&w);
        ls_jw_object(&w, "attributes");
        ls_jw_quantity(&w, "timestamp", block.header.timestamp);
        ls_jw_quantity(&w, "gasLimit", block.header.gas_limit);
        ls_jw_hex(&w, "prevRandao", block.header.mix_hash.b, 32);
        ls_jw_hex(&w, "suggestedFeeRecipient", block.header.miner.b, 20);
        if (block.header.tail >= LS_TAIL_BEACON_ROOT) {
            ls_jw_hex(&w, "parentBeaconBlockRoot", block.header.beacon_root.b, 32);
        }
        if (block.header.extra_bytes > 0) {
            ls_jw_hex(&w, "eip1559Params", block.header.extra + 1, 8);
            ls_jw_quantity(&w, "minBaseFee", 0);
        }
        ls_jw_array(&w, "transactions");
        for (size_t i = 0; i < block.tx_count; i++) {
            ls_jw_hex(&w, NULL, block.txs[i].p, block.txs[i].n);
        }
        ls_jw_array_end(&w);
        ls_jw_object_end(&w);
        ls_jw_object_end(&w);
        ls_buf_putc(&out, '\n');
        ls_json_free(root);
        ls_arena_fini(&a);
    }
    folder_write(f, "in", out.p, out.n);
    ls_buf_fini(&out);
}

static enum ls_err import(struct folder *f, const struct ls_chain *c, uint64_t base_fee)
{
    const struct ls_draft_options o = {.last = UINT64_MAX, .level = 1, .replace = true};
    struct ls_draft draft;
    char path[LS_PATH_MAX];

    folder_path(f, "in", path);
    ls_draft_init(&draft);
    enum ls_err e = ls_draft_set_rollup(&draft, c->rollup_json, &f->d);
    if (!e) {
        e = ls_import_attributes(&draft, path, base_fee, &f->d);
    }
    if (!e) {
        e = ls_draft_write(&draft, f->dir, &o, &f->d);
    }
    ls_draft_fini(&draft);
    return e;
}

/* Over every fork boundary: what is known of a block stands in it, and the folder verifies. */
static void blocks_of_every_fork_are_built_and_verify(void **state)
{
    struct ls_chain real;
    struct ls_chain made;
    struct folder f;

    (void)state;
    folder_make(&f);
    assert_int_equal(ls_chain_open("fixtures/devnet-forks", NULL, &real, NULL), LS_OK);
    write_attributes(&f, &real, 1, 80);
    if (import(&f, &real, 1000000000)) {
        fail_msg("%s", f.d.text);
    }
    assert_int_equal(ls_chain_open(f.dir, NULL, &made, NULL), LS_OK);
    assert_non_null(made.synthetic);
    for (uint64_t n = 1; n <= 80; n++) {
        const struct ls_l2_ref *a = &ls_universe_get(real.l2, ls_chain_at(&real, n))->ref;
        const struct ls_l2_ref *b = &ls_universe_get(made.l2, ls_chain_at(&made, n))->ref;
        assert_int_equal(a->timestamp, b->timestamp);
        assert_memory_equal(&a->l1_origin, &b->l1_origin, sizeof a->l1_origin);
        assert_int_equal(a->sequence_number, b->sequence_number);
        assert_false(ls_hash_eq(&a->hash, &b->hash));
    }
    ls_chain_close(&made);
    ls_chain_close(&real);
    folder_remove(&f);
}

static void refuses_attributes_that_contradict_what_stands_beside_them(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } rows[] = {
        {"\"transactionsRoot\":\"0x", "\"transactionsRoot\":\"0xz", "transactionsRoot"},
        {"\"transactionsRoot\":", "\"transactionsRoot\":\"" KEY "\",\"was\":", "transactionsRoot"},
        {"\"l1Origin\":{\"number\":", "\"l1Origin\":{\"number\":1", "l1Origin"},
        {"\"hash\":", "\"hash\":\"" KEY "\",\"was\":", "l1Origin"},
        {"\"number\":71,", "\"number\":72,", "block 72"},
        {"\"sequenceNumber\":", "\"sequenceNumber\":1", "sequenceNumber"},
        {"\"attributes\":", "\"attribute\":", "attributes"},
        {"\"timestamp\":\"0x6b02c3", "\"timestamp\":\"0x6b02c4", "timestamp"},
        {"\"transactions\":[\"0x7e", "\"transactions\":[\"0x7d", "transactions"},
        {"\"prevRandao\":", "\"prevRandaa\":", "prevRandao"},
        {"\"eip1559Params\":", "\"eip1559Param\":", "eip1559Params"},
    };
    struct ls_chain real;

    (void)state;
    assert_int_equal(ls_chain_open("fixtures/devnet-forks", NULL, &real, NULL), LS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct folder f;
        struct ls_buf text;
        folder_make(&f);
        write_attributes(&f, &real, 70, 71);
        folder_read(&f, "in", &text);
        assert_int_not_equal(text_replace(&text, rows[i].from, rows[i].to), 0);
        folder_write(&f, "in", text.p, text.n);
        ls_buf_fini(&text);
        if (import(&f, &real, 1000000000) == LS_OK || !strstr(f.d.text, rows[i].says)) {
            fail_msg("%s: %s", rows[i].to, f.d.text);
        }
        folder_remove(&f);
    }
    ls_chain_close(&real);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_recorded_transaction_is_printed_as_the_node_did),
        cmocka_unit_test(rare_shapes_come_back),
        cmocka_unit_test(refuses_bytes_that_are_no_transaction),
        cmocka_unit_test(refuses_an_item_too_many),
        cmocka_unit_test(paid_price_is_base_fee_and_tip_up_to_the_cap),
        cmocka_unit_test(gas_floor_is_the_intrinsic_gas),
        cmocka_unit_test(blocks_of_every_fork_are_built_and_verify),
        cmocka_unit_test(refuses_attributes_that_contradict_what_stands_beside_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
