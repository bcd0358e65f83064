/* Payloads: both ways between blocks, headers and JSON, and what is refused. Parameters of recorded
 * calls are compared in test_op_payload_corpus.c. */
#include "tests/unit/op_vectors.h"

#include "lib/op/block.h"
#include "lib/op/payload.h"

#define ARENA_MAX (8u << 20)

struct fixture {
    struct ls_buf rows;
    struct cJSON *row;
    struct ls_arena arena;
    struct ls_block block;
    struct ls_payload payload;
};

/* The block of the vectors whose newPayload call has that many parameters: 1, 3 or 4. */
static void load(struct fixture *f, size_t param_count)
{
    struct ls_span rest;

    f->rows = vectors_load(VECTORS_PARAMS);
    rest = ls_buf_span(&f->rows);
    ls_arena_init(&f->arena, ARENA_MAX);
    while ((f->row = vectors_next(&rest)) != NULL) {
        if (ls_json_count(ls_json_get(f->row, "params")) == param_count) {
            assert_int_equal(
                ls_block_from_json(ls_json_get(f->row, "block"), &f->arena, &f->block, NULL),
                LS_OK);
            assert_int_equal(ls_payload_from_block(&f->block, &f->payload), LS_OK);
            return;
        }
        ls_json_free(f->row);
    }
    fail_msg("no such row");
}

static void unload(struct fixture *f)
{
    ls_arena_fini(&f->arena);
    ls_json_free(f->row);
    ls_buf_fini(&f->rows);
}

static struct ls_buf envelope_text(const struct ls_payload *p)
{
    struct ls_buf b;
    struct ls_jw w;

    ls_buf_init(&b, 1u << 20);
    ls_jw_init(&w, &b);
    ls_envelope_write(p, &w, NULL);
    assert_int_equal(b.err, LS_OK);
    return b;
}

static enum ls_err read_envelope(const char *text, struct ls_arena *a, struct ls_payload *out,
                                 struct ls_diag *d)
{
    struct cJSON *v = json_of(text);
    enum ls_err e = ls_envelope_from_json(v, a, out, d);

    ls_json_free(v);
    return e;
}

/* --- versions --- */

static void the_version_goes_by_the_time_of_the_block(void **state)
{
    struct ls_rollup r = {.block_time = 2};

    (void)state;
    for (size_t f = 0; f < LS_FORK_COUNT; f++) {
        r.fork_time[f] = 10 * f;
    }
    assert_int_equal(ls_payload_version(&r, 0), 2);
    assert_int_equal(ls_payload_version(&r, 10 * LS_FORK_ECOTONE - 1), 2);
    assert_int_equal(ls_payload_version(&r, 10 * LS_FORK_ECOTONE), 3);
    assert_int_equal(ls_payload_version(&r, 10 * LS_FORK_ISTHMUS - 1), 3);
    assert_int_equal(ls_payload_version(&r, 10 * LS_FORK_ISTHMUS), 4);
    assert_int_equal(ls_payload_version(&r, UINT64_MAX - 1), 4);
}

/* --- blocks --- */

static void fork_fields_follow_the_header_tail(void **state)
{
    static const size_t PARAM_COUNTS[] = {1, 3, 4};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;

        load(&f, PARAM_COUNTS[i]);
        assert_true(f.payload.has_withdrawals);
        assert_int_equal(f.payload.has_blob_gas, i >= 1);
        assert_int_equal(f.payload.has_beacon_root, i >= 1);
        assert_int_equal(f.payload.has_withdrawals_root, i >= 2);
        assert_int_equal(ls_payload_verify(&f.payload, NULL), LS_OK);
        unload(&f);
    }
}

static void before_canyon_there_are_no_withdrawals(void **state)
{
    struct fixture f;
    struct ls_payload p;
    struct ls_buf b;

    (void)state;
    load(&f, 1);
    f.block.header.tail = LS_TAIL_BASE_FEE;
    f.block.hash = ls_header_hash(&f.block.header);
    assert_int_equal(ls_payload_from_block(&f.block, &p), LS_OK);
    assert_false(p.has_withdrawals);
    assert_int_equal(ls_payload_verify(&p, NULL), LS_OK);
    b = envelope_text(&p);
    assert_null(strstr((const char *)b.p, "withdrawals"));
    assert_null(strstr((const char *)b.p, "parentBeaconBlockRoot"));
    ls_buf_fini(&b);
    unload(&f);
}

static void blocks_no_payload_can_carry_are_refused(void **state)
{
    struct fixture f;
    struct ls_block b;
    struct ls_payload p;

    (void)state;
    load(&f, 4);
    b = f.block;
    b.is_hydrated = false;
    assert_int_equal(ls_payload_from_block(&b, &p), LS_ERR_TYPE);
    b = f.block;
    b.withdrawal_count = 1;
    assert_int_equal(ls_payload_from_block(&b, &p), LS_ERR_RANGE);
    b = f.block;
    b.header.difficulty.be[31] = 2;
    assert_int_equal(ls_payload_from_block(&b, &p), LS_ERR_UNSUPPORTED);
    b = f.block;
    b.header.nonce[0] = 1;
    assert_int_equal(ls_payload_from_block(&b, &p), LS_ERR_UNSUPPORTED);
    b = f.block;
    b.header.uncles_hash.b[0] ^= 1;
    assert_int_equal(ls_payload_from_block(&b, &p), LS_ERR_UNSUPPORTED);
    b = f.block;
    b.header.tail = LS_TAIL_NONE;
    assert_int_equal(ls_payload_from_block(&b, &p), LS_ERR_UNSUPPORTED);
    b.header.tail = LS_TAIL_BLOB_GAS_USED;
    b.header.withdrawals_root = LS_EMPTY_TRIE;
    assert_int_equal(ls_payload_from_block(&b, &p), LS_ERR_UNSUPPORTED);
    b.header.tail = LS_TAIL_BEACON_ROOT;
    assert_int_equal(ls_payload_from_block(&b, &p), LS_OK);
    b.header.withdrawals_root.b[0] ^= 1; /* before Isthmus the list makes the root */
    assert_int_equal(ls_payload_from_block(&b, &p), LS_ERR_UNSUPPORTED);
    b = f.block;
    b.header.requests_hash.b[0] ^= 1;
    assert_int_equal(ls_payload_from_block(&b, &p), LS_ERR_UNSUPPORTED);
    unload(&f);
}

/* --- headers --- */

static void a_bad_hash_is_told_in_op_nodes_words(void **state)
{
    struct fixture f;
    struct ls_diag d = {""};
    char stated[65] = {0};
    char actual[65] = {0};
    char sentence[256];

    (void)state;
    load(&f, 4);
    ls_hex_encode(f.block.hash.b, 32, actual);
    f.payload.block_hash.b[0] ^= 1;
    ls_hex_encode(f.payload.block_hash.b, 32, stated);
    assert_int_equal(ls_payload_verify(&f.payload, &d), LS_ERR_HASH);
    (void)snprintf(sentence, sizeof sentence,
                   "payload has bad block hash: 0x%s, actual block hash is: 0x%s", stated, actual);
    assert_string_equal(d.text, sentence);
    unload(&f);
}

static void every_field_goes_into_the_hash(void **state)
{
    static const size_t OFFSETS[] = {
        offsetof(struct ls_payload, parent_hash),     offsetof(struct ls_payload, fee_recipient),
        offsetof(struct ls_payload, state_root),      offsetof(struct ls_payload, receipts_root),
        offsetof(struct ls_payload, bloom),           offsetof(struct ls_payload, prev_randao),
        offsetof(struct ls_payload, number),          offsetof(struct ls_payload, gas_limit),
        offsetof(struct ls_payload, gas_used),        offsetof(struct ls_payload, timestamp),
        offsetof(struct ls_payload, extra),           offsetof(struct ls_payload, base_fee),
        offsetof(struct ls_payload, block_hash),      offsetof(struct ls_payload, blob_gas_used),
        offsetof(struct ls_payload, excess_blob_gas), offsetof(struct ls_payload, withdrawals_root),
        offsetof(struct ls_payload, beacon_root),
    };
    struct fixture f;

    (void)state;
    load(&f, 4);
    for (size_t i = 0; i < sizeof OFFSETS / sizeof OFFSETS[0]; i++) {
        struct ls_payload p = f.payload;

        ((uint8_t *)&p)[OFFSETS[i]] ^= 1;
        assert_int_equal(ls_payload_verify(&p, NULL), LS_ERR_HASH);
    }
    unload(&f);
}

static void a_field_left_out_makes_no_header(void **state)
{
    struct fixture f;
    struct ls_payload p;
    struct ls_header h;
    struct ls_diag d = {""};

    (void)state;
    load(&f, 4);
    p = f.payload;
    p.has_beacon_root = false;
    assert_int_equal(ls_payload_header(&p, &h), LS_ERR_PARSE);
    assert_int_equal(ls_payload_verify(&p, &d), LS_ERR_PARSE);
    assert_non_null(strstr(d.text, "makes no header"));
    p = f.payload;
    p.has_blob_gas = false;
    assert_int_equal(ls_payload_header(&p, &h), LS_ERR_PARSE);
    p = f.payload;
    p.has_withdrawals = false;
    assert_int_equal(ls_payload_header(&p, &h), LS_ERR_PARSE);
    unload(&f);
}

static void the_reference_is_that_of_the_block(void **state)
{
    struct fixture f;
    struct ls_l2_ref of_payload;
    struct ls_l2_ref of_block;

    (void)state;
    load(&f, 4);
    assert_int_equal(ls_payload_l2_ref(&f.payload, NULL, &of_payload, NULL), LS_OK);
    assert_int_equal(ls_block_l2_ref(&f.block, NULL, &of_block, NULL), LS_OK);
    assert_true(ls_hash_eq(&of_payload.hash, &of_block.hash));
    assert_true(ls_hash_eq(&of_payload.parent, &of_block.parent));
    assert_true(ls_hash_eq(&of_payload.l1_origin.hash, &of_block.l1_origin.hash));
    assert_int_equal(of_payload.number, of_block.number);
    assert_int_equal(of_payload.timestamp, of_block.timestamp);
    assert_int_equal(of_payload.l1_origin.number, of_block.l1_origin.number);
    assert_int_equal(of_payload.sequence_number, of_block.sequence_number);
    unload(&f);
}

/* --- JSON --- */

static void an_envelope_reads_back_as_it_was(void **state)
{
    static const size_t PARAM_COUNTS[] = {1, 3, 4};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;
        struct ls_payload back;
        struct ls_diag d = {""};
        struct ls_buf b;
        struct ls_buf again;

        load(&f, PARAM_COUNTS[i]);
        b = envelope_text(&f.payload);
        if (read_envelope((const char *)b.p, &f.arena, &back, &d) != LS_OK) {
            fail_msg("refused: %s", d.text);
        }
        assert_int_equal(ls_payload_verify(&back, NULL), LS_OK);
        again = envelope_text(&back);
        assert_string_equal((const char *)again.p, (const char *)b.p);
        ls_buf_fini(&again);
        ls_buf_fini(&b);
        unload(&f);
    }
}

static void null_in_a_forks_field_is_absent(void **state)
{
    struct fixture f;
    struct ls_payload back;
    struct ls_buf b;
    char *text;

    (void)state;
    load(&f, 1);
    b = envelope_text(&f.payload);
    text = replaced((const char *)b.p, "\"withdrawals\":[]",
                    "\"withdrawals\":[],\"blobGasUsed\":null,\"excessBlobGas\":null,"
                    "\"withdrawalsRoot\":null,\"unknown\":{\"x\":[]}");
    assert_int_equal(read_envelope(text, &f.arena, &back, NULL), LS_OK);
    assert_false(back.has_blob_gas);
    assert_false(back.has_withdrawals_root);
    assert_int_equal(ls_payload_verify(&back, NULL), LS_OK);
    free(text);
    ls_buf_fini(&b);
    unload(&f);
}

static void broken_payloads_are_refused_by_name(void **state)
{
    static const struct {
        const char *old;
        const char *new;
        enum ls_err e;
        const char *word;
    } V[] = {
        {"\"withdrawals\":[]", "\"withdrawals\":[{}]", LS_ERR_RANGE, "\"withdrawals\""},
        {"\"withdrawals\":[]", "\"withdrawals\":{}", LS_ERR_TYPE, "\"withdrawals\""},
        {"\"blobGasUsed\"", "\"x\"", LS_ERR_MISSING, "\"blobGasUsed\""},
        {"\"excessBlobGas\"", "\"x\"", LS_ERR_MISSING, "\"excessBlobGas\""},
        {"\"blockNumber\":\"0x", "\"blockNumber\":\"0x0", LS_ERR_PARSE, "\"blockNumber\""},
        {"\"blockNumber\":\"0x", "\"blockNumber\":\"0X", LS_ERR_PARSE, "\"blockNumber\""},
        {"\"gasUsed\":\"0x", "\"gasUsed\":\"", LS_ERR_PARSE, "\"gasUsed\""},
        {"\"timestamp\":\"0x", "\"timestamp\":\"0x10000000000000000", LS_ERR_RANGE,
         "\"timestamp\""},
        {"\"parentHash\":\"0x", "\"parentHash\":\"0x00", LS_ERR_PARSE, "\"parentHash\""},
        {"\"feeRecipient\"", "\"x\"", LS_ERR_MISSING, "\"feeRecipient\""},
        {"\"logsBloom\":\"0x00", "\"logsBloom\":\"0x", LS_ERR_PARSE, "\"logsBloom\""},
        {"\"transactions\"", "\"x\"", LS_ERR_MISSING, "\"transactions\""},
        {"\"transactions\":[", "\"x\":[],\"transactions\":[\"0x1\",", LS_ERR_PARSE,
         "transaction 0"},
        {"\"transactions\":[", "\"x\":[],\"transactions\":[7,", LS_ERR_TYPE, "transaction 0"},
        {"\"transactions\":[", "\"transactions\":null,\"x\":[", LS_ERR_TYPE, "\"transactions\""},
        {"\"executionPayload\"", "\"payload\"", LS_ERR_MISSING, "\"executionPayload\""},
        {"\"executionPayload\":{", "\"executionPayload\":7,\"x\":{", LS_ERR_TYPE,
         "executionPayload"},
        {"\"parentBeaconBlockRoot\":\"0x", "\"parentBeaconBlockRoot\":\"0x0", LS_ERR_PARSE,
         "\"parentBeaconBlockRoot\""},
    };
    struct fixture f;
    struct ls_buf b;

    (void)state;
    load(&f, 4);
    b = envelope_text(&f.payload);
    for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
        char *text = replaced((const char *)b.p, V[i].old, V[i].new);
        struct ls_payload out;
        struct ls_diag d = {""};
        enum ls_err e = read_envelope(text, &f.arena, &out, &d);

        if (e != V[i].e || strstr(d.text, V[i].word) == NULL) {
            fail_msg("case %d: %s: %s", (int)i, ls_err_name(e), d.text);
        }
        free(text);
    }
    ls_buf_fini(&b);
    unload(&f);
}

static void oversize_extra_data_is_a_limit(void **state)
{
    char member[2 * (LS_HEADER_EXTRA_MAX + 1) + 32] = "\"x\":0,\"extraData\":\"0x";
    size_t n = strlen(member);
    struct fixture f;
    struct ls_payload out;
    struct ls_buf b;
    char *renamed;
    char *text;

    (void)state;
    load(&f, 4);
    memset(member + n, 'a', 2 * (LS_HEADER_EXTRA_MAX + 1));
    strcat(member, "\",\"was\"");
    b = envelope_text(&f.payload);
    renamed = replaced((const char *)b.p, "\"extraData\"", "\"old\"");
    text = replaced(renamed, "\"old\"", member);
    assert_int_equal(read_envelope(text, &f.arena, &out, NULL), LS_ERR_LIMIT);
    free(text);
    free(renamed);
    ls_buf_fini(&b);
    unload(&f);
}

/* Every maximum up to the first that suffices: each refusal is the limit's, at its very edge too.
 */
static void a_payload_larger_than_the_arena_is_a_limit(void **state)
{
    struct fixture f;
    struct ls_buf b;
    struct cJSON *v;
    enum ls_err e = LS_ERR_LIMIT;
    size_t max = 0;

    (void)state;
    load(&f, 4);
    b = envelope_text(&f.payload);
    v = json_of((const char *)b.p);
    for (; e != LS_OK; max++) {
        struct ls_arena a;
        struct ls_payload out;

        ls_arena_init(&a, max);
        e = ls_envelope_from_json(v, &a, &out, NULL);
        ls_arena_fini(&a);
        if (e != LS_OK) {
            assert_int_equal(e, LS_ERR_LIMIT);
        }
    }
    assert_true(max > 256);
    ls_json_free(v);
    ls_buf_fini(&b);
    unload(&f);
}

static void parameters_have_the_form_of_their_version(void **state)
{
    static const char *const ENDS[] = {"}]", "},[],null]", "},[],null,[]]"};
    struct fixture f;

    (void)state;
    load(&f, 1);
    for (unsigned version = 2; version <= 4; version++) {
        struct ls_buf b;
        struct ls_jw w;
        const char *end = ENDS[version - 2];

        ls_buf_init(&b, 1u << 20);
        ls_jw_init(&w, &b);
        ls_payload_write_params(&f.payload, version, &w, NULL);
        assert_string_equal((const char *)b.p + b.n - strlen(end), end);
        ls_buf_fini(&b);
    }
    unload(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_version_goes_by_the_time_of_the_block),
        cmocka_unit_test(fork_fields_follow_the_header_tail),
        cmocka_unit_test(before_canyon_there_are_no_withdrawals),
        cmocka_unit_test(blocks_no_payload_can_carry_are_refused),
        cmocka_unit_test(a_bad_hash_is_told_in_op_nodes_words),
        cmocka_unit_test(every_field_goes_into_the_hash),
        cmocka_unit_test(a_field_left_out_makes_no_header),
        cmocka_unit_test(the_reference_is_that_of_the_block),
        cmocka_unit_test(an_envelope_reads_back_as_it_was),
        cmocka_unit_test(null_in_a_forks_field_is_absent),
        cmocka_unit_test(broken_payloads_are_refused_by_name),
        cmocka_unit_test(oversize_extra_data_is_a_limit),
        cmocka_unit_test(a_payload_larger_than_the_arena_is_a_limit),
        cmocka_unit_test(parameters_have_the_form_of_their_version),
    };

    return cmocka_run_group_tests_name("op payload", tests, NULL, NULL);
}
