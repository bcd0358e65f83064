/* Requests as op-reth's decoder takes them: what passes, what it becomes, and what is said of the
 * rest, word by word and byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/json.h"
#include "mocks/rpc/reth_types.h"

#define SENTENCES "tests/data/serde/params.ndjson"
#define LINE_BYTES 16384

static const struct {
    const char *name;
    const struct ls_serde_struct *params;
} TYPES[] = {
    {"id", &LS_RETH_PAYLOAD_ID},       {"range", &LS_RETH_BODIES_BY_RANGE},
    {"caps", &LS_RETH_CAPABILITIES},   {"hashes", &LS_RETH_BODIES_BY_HASH},
    {"num", &LS_RETH_BLOCK_BY_NUMBER}, {"blockid", &LS_RETH_BLOCK_ID},
    {"client", &LS_RETH_CLIENT},       {"fcu", &LS_RETH_FORKCHOICE},
    {"np2", &LS_RETH_NEW_PAYLOAD_V2},  {"np3", &LS_RETH_NEW_PAYLOAD_V3},
    {"np4", &LS_RETH_NEW_PAYLOAD_V4},
};

/* Room for whatever a method's parameters become. */
union decoded {
    struct ls_reth_np np;
    struct ls_reth_fcu fcu;
    struct ls_reth_read read;
    struct ls_reth_client client;
};

struct decoder {
    struct ls_arena arena;
    struct ls_rpc_call call;
    union decoded out;
};

static bool decode(struct decoder *d, const struct ls_serde_struct *t, const char *text)
{
    memset(&d->out, 0, sizeof d->out);
    memset(&d->call, 0, sizeof d->call);
    d->call.params_text = (struct ls_span){(const uint8_t *)text, strlen(text)};
    return ls_reth_params(&d->call, &d->arena, t, &d->out);
}

static int start(void **state)
{
    struct decoder *d = calloc(1, sizeof *d);
    ls_arena_init(&d->arena, (size_t)1 << 20);
    *state = d;
    return 0;
}

static int stop(void **state)
{
    struct decoder *d = *state;
    ls_arena_fini(&d->arena);
    free(d);
    return 0;
}

static const struct ls_serde_struct *type_named(const char *name)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        if (strcmp(TYPES[i].name, name) == 0) {
            return TYPES[i].params;
        }
    }
    fail_msg("no type %s", name);
    return NULL;
}

static void check_row(struct decoder *d, const struct cJSON *row)
{
    char said[LINE_BYTES] = "";
    const char *text = ls_json_str(ls_json_get(row, "params"));
    const char *want = ls_json_str(ls_json_get(row, "fault"));
    struct cJSON *data = NULL;
    if (decode(d, type_named(ls_json_str(ls_json_get(row, "type"))), text)) {
        assert_int_equal(d->call.code, 0);
    } else {
        struct ls_span json = d->call.long_data;
        assert_int_equal(d->call.code, -32602);
        assert_int_equal(ls_json_parse((const char *)json.p, json.n, 0, &data, NULL), LS_OK);
        (void)snprintf(said, sizeof said, "%s", ls_json_str(data));
    }
    if (strcmp(said, want == NULL ? "" : want) != 0) {
        print_error("%s\n  said     %s\n  should   %s\n", text, said, want == NULL ? "" : want);
        fail();
    }
    ls_json_free(data);
}

static void says_what_the_real_libraries_say(void **state)
{
    char *line = malloc(LINE_BYTES);
    FILE *f = fopen(SENTENCES, "r");
    size_t rows = 0;
    assert_non_null(f);
    while (fgets(line, LINE_BYTES, f) != NULL) {
        struct cJSON *row = NULL;
        assert_int_equal(ls_json_parse(line, strcspn(line, "\n"), 0, &row, NULL), LS_OK);
        check_row(*state, row);
        ls_arena_reset(&((struct decoder *)*state)->arena);
        ls_json_free(row);
        rows++;
    }
    assert_true(rows > 100);
    (void)fclose(f);
    free(line);
}

static void numbers_come_in_every_form_ruint_reads(void **state)
{
    static const struct {
        const char *text;
        uint64_t start;
        uint64_t count;
    } cases[] = {{"[\"0x10\",\"16\"]", 16, 16},
                 {"[16,\"0b101\"]", 16, 5},
                 {"[\"0o17\",\"\"]", 15, 0},
                 {"[\"1_000\",\"0X_f\"]", 1000, 15},
                 {"[\"00\",\"0x0000000000000000001\"]", 0, 1},
                 {"{\"count\":18446744073709551615,\"start\":\"0xFFFFFFFFFFFFFFFF\"}", UINT64_MAX,
                  UINT64_MAX}};
    struct decoder *d = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(decode(d, &LS_RETH_BODIES_BY_RANGE, cases[i].text));
        assert_int_equal(d->out.read.start, cases[i].start);
        assert_int_equal(d->out.read.count, cases[i].count);
    }
}

static void bytes_come_as_hex_or_as_an_array(void **state)
{
    static const uint8_t want[8] = {0, 1, 2, 3, 0xa, 0xb, 0xff, 7};
    static const char *const texts[] = {"[\"0x000102030a0bff07\"]", "[\"000102030A0BFF07\"]",
                                        "[[0,1,2,3,10,11,255,7]]", "[\"\\u0030x000102030a0bff07\"]",
                                        "{\"payloadId\":\"0x000102030a0bff07\"}"};
    struct decoder *d = *state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_true(decode(d, &LS_RETH_PAYLOAD_ID, texts[i]));
        assert_memory_equal(d->out.read.id, want, sizeof want);
    }
}

static void blocks_are_tags_numbers_and_hashes(void **state)
{
    static const struct {
        const char *text;
        enum ls_serde_tag tag;
        uint64_t number;
        const char *print;
    } cases[] = {{"[\"Safe\"]", LS_SERDE_TAG_SAFE, 0, "safe"},
                 {"[\"0x0ff\"]", LS_SERDE_TAG_NUMBER, 255, "0xff"},
                 {"[{\"blockNumber\":\"pending\"}]", LS_SERDE_TAG_PENDING, 0, "pending"},
                 {"[{\"blockHash\":\"0x"
                  "1111111111111111111111111111111111111111111111111111111111111111\"}]",
                  LS_SERDE_TAG_HASH, 0,
                  "hash 0x1111111111111111111111111111111111111111111111111111111111111111"}};
    struct decoder *d = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(decode(d, &LS_RETH_BLOCK_ID, cases[i].text));
        assert_int_equal(d->out.read.block.tag, cases[i].tag);
        assert_int_equal(d->out.read.block.number, cases[i].number);
        assert_string_equal(d->out.read.block.text, cases[i].print);
    }
}

#define HASH(digit) "\"0x" digit digit digit digit digit digit digit digit "\""
#define EIGHT "1234567812345678"

static void attributes_know_what_was_given(void **state)
{
    static const char text[] = "[[" HASH("11111111") "," HASH("22222222") "," HASH(
        "00000000") "],"
                    "{\"minBaseFee\":7,\"timestamp\":\"9\",\"unknown\":[{\"timestamp\":[]}],"
                    "\"withdrawals\":[{\"index\":1,\"validatorIndex\":\"0x2\",\"amount\":3,"
                    "\"address\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]}],"
                    "\"suggestedFeeRecipient\":\"" EIGHT EIGHT "12345678\",\"prevRandao\":" HASH(
                        "33333333") ","
                                    "\"transactions\":[\"0x01ff\",[],[5]],\"gasLimit\":null}]";
    struct decoder *d = *state;
    assert_true(decode(d, &LS_RETH_FORKCHOICE, text));
    const struct ls_reth_fcu *f = &d->out.fcu;
    assert_int_equal(f->state.head.b[31], 0x11);
    assert_int_equal(f->state.safe.b[0], 0x22);
    assert_true(f->has_attributes);
    assert_int_equal(f->attributes.at.timestamp, 9);
    assert_true(f->attributes.at.has_min_base_fee);
    assert_int_equal(f->attributes.at.min_base_fee, 7);
    assert_false(f->attributes.at.has_gas_limit);
    assert_false(f->attributes.at.has_beacon_root);
    assert_false(f->attributes.has_eip1559);
    assert_int_equal(f->attributes.at.random.b[5], 0x33);
    assert_true(f->attributes.at.has_withdrawals);
    assert_int_equal(f->attributes.withdrawals.count, 1);
    const struct ls_reth_withdrawal *w = f->attributes.withdrawals.items;
    assert_int_equal(w->validator_index, 2);
    assert_int_equal(w->address.b[19], 20);
    assert_int_equal(f->attributes.txs.count, 3);
    const struct ls_span *txs = f->attributes.txs.items;
    assert_int_equal(txs[0].n, 2);
    assert_int_equal(txs[0].p[1], 0xff);
    assert_int_equal(txs[1].n, 0);
    assert_int_equal(txs[2].p[0], 5);
}

/* Buffered values are nested without a limit of ours: serde_json's is 128. */
static void nesting_has_a_limit(void **state)
{
    static const struct {
        unsigned depth;
        const char *fault;
    } cases[] = {{126, "\"missing field `timestamp` at line 1 column 258\""},
                 {127, "\"recursion limit exceeded at line 1 column 132\""}};
    struct decoder *d = *state;
    for (size_t i = 0; i < 2; i++) {
        struct ls_buf text;
        ls_buf_init(&text, 4096);
        (void)ls_buf_puts(
            &text, "[[" HASH("11111111") "," HASH("22222222") "," HASH("00000000") "],{\"x\":");
        for (unsigned k = 0; k < 2 * cases[i].depth; k++) {
            (void)ls_buf_putc(&text, k < cases[i].depth ? '[' : ']');
        }
        (void)ls_buf_puts(&text, "}]");
        (void)ls_buf_putc(&text, 0);
        assert_false(decode(d, &LS_RETH_FORKCHOICE, (const char *)text.p));
        assert_int_equal(d->call.long_data.n, strlen(cases[i].fault));
        assert_memory_equal(d->call.long_data.p, cases[i].fault, d->call.long_data.n);
        ls_buf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(says_what_the_real_libraries_say, start, stop),
        cmocka_unit_test_setup_teardown(numbers_come_in_every_form_ruint_reads, start, stop),
        cmocka_unit_test_setup_teardown(bytes_come_as_hex_or_as_an_array, start, stop),
        cmocka_unit_test_setup_teardown(blocks_are_tags_numbers_and_hashes, start, stop),
        cmocka_unit_test_setup_teardown(attributes_know_what_was_given, start, stop),
        cmocka_unit_test_setup_teardown(nesting_has_a_limit, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
