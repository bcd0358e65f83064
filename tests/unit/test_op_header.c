/* Headers: JSON, RLP, hash. Hashes are those of real chains (tests/data/op). */
#include "tests/unit/op_vectors.h"

#include "lib/hash.h"
#include "lib/op/header.h"
#include "lib/rlp.h"

/* A header with every tail field, of no chain. */
#define WORD(b) "0x" b b b b b b b b b b b b b b b b b b b b b b b b b b b b b b b b
#define W1 WORD("01")
#define W2 WORD("02")
#define W3 WORD("03")
#define W4 WORD("04")
#define W5 WORD("05")
#define W6 WORD("06")
#define W7 WORD("07")
#define W8 WORD("08")
#define W9 WORD("09")
#define ZEROS_32 "00000000000000000000000000000000"
#define ZEROS_128 ZEROS_32 ZEROS_32 ZEROS_32 ZEROS_32
#define BLOOM "0x" ZEROS_128 ZEROS_128 ZEROS_128 ZEROS_128
static const char FULL[] =
    "{\"parentHash\":\"" W1 "\",\"sha3Uncles\":\"" W2 "\","
    "\"miner\":\"0x4200000000000000000000000000000000000011\",\"stateRoot\":\"" W3 "\","
    "\"transactionsRoot\":\"" W4 "\",\"receiptsRoot\":\"" W5 "\","
    "\"logsBloom\":\"" BLOOM "\","
    "\"difficulty\":\"0x0\",\"number\":\"0x7\",\"gasLimit\":\"0x8\",\"gasUsed\":\"0x9\","
    "\"timestamp\":\"0xa\",\"extraData\":\"0x0102\",\"mixHash\":\"" W6 "\","
    "\"nonce\":\"0x0000000000000000\",\"baseFeePerGas\":\"0xb\",\"withdrawalsRoot\":\"" W7 "\","
    "\"blobGasUsed\":\"0xc\",\"excessBlobGas\":\"0xd\",\"parentBeaconBlockRoot\":\"" W8 "\","
    "\"requestsHash\":\"" W9 "\"}";

/* What a clique header carries: the longest extraData there is (op-mainnet before Bedrock). */
static const size_t EXTRA_CLIQUE = 97;

static enum ls_err decode(const char *text, struct ls_header *h, struct ls_hash *hash,
                          struct ls_diag *d)
{
    struct cJSON *block = json_of(text);
    enum ls_err e = ls_header_from_json(block, h, hash, d);

    ls_json_free(block);
    return e;
}

/* FULL with old replaced by new fails with e, and the sentence names word. */
static void assert_refused(const char *old, const char *new, enum ls_err e, const char *word)
{
    char *text = replaced(FULL, old, new);
    struct ls_header h;
    struct ls_diag d = {""};

    assert_int_equal(decode(text, &h, NULL, &d), e);
    if (strstr(d.text, word) == NULL) {
        fail_msg("\"%s\" is not in: %s", word, d.text);
    }
    free(text);
}

static void hashes_of_every_fork_are_those_of_the_chains(void **state)
{
    struct ls_buf text = vectors_load(VECTORS_BLOCKS);
    struct ls_span rest = ls_buf_span(&text);
    struct cJSON *row;
    unsigned tails_seen = 0;
    size_t rows = 0;

    (void)state;
    while ((row = vectors_next(&rest)) != NULL) {
        const struct cJSON *block = ls_json_get(row, "block");
        struct ls_header h;
        struct ls_hash stated;
        struct ls_hash actual;

        assert_int_equal(ls_header_from_json(block, &h, &stated, NULL), LS_OK);
        actual = ls_header_hash(&h);
        assert_hash_is(&actual, ls_json_str(ls_json_get(block, "hash")));
        assert_true(ls_hash_eq(&stated, &actual));
        tails_seen |= 1u << h.tail;
        rows++;
        ls_json_free(row);
    }
    assert_int_equal(rows, 21);
    assert_int_equal(tails_seen, 1u << LS_TAIL_NONE | 1u << LS_TAIL_BASE_FEE |
                                     1u << LS_TAIL_WITHDRAWALS_ROOT | 1u << LS_TAIL_BEACON_ROOT |
                                     1u << LS_TAIL_REQUESTS_HASH);
    ls_buf_fini(&text);
}

static void reads_every_member(void **state)
{
    struct ls_header h;
    struct ls_hash stated;

    (void)state;
    assert_int_equal(decode(FULL, &h, &stated, NULL), LS_OK);
    assert_true(ls_hash_is_zero(&stated));
    assert_hash_is(&h.parent, W1);
    assert_hash_is(&h.uncles_hash, W2);
    assert_hash_is(&h.state_root, W3);
    assert_hash_is(&h.tx_root, W4);
    assert_hash_is(&h.receipts_root, W5);
    assert_hash_is(&h.mix_hash, W6);
    assert_hash_is(&h.withdrawals_root, W7);
    assert_hash_is(&h.beacon_root, W8);
    assert_hash_is(&h.requests_hash, W9);
    assert_int_equal(h.miner.b[0], 0x42);
    assert_int_equal(h.number, 7);
    assert_int_equal(h.gas_limit, 8);
    assert_int_equal(h.gas_used, 9);
    assert_int_equal(h.timestamp, 10);
    assert_int_equal(h.extra_bytes, 2);
    assert_int_equal(h.base_fee.be[31], 11);
    assert_int_equal(h.blob_gas_used, 12);
    assert_int_equal(h.excess_blob_gas, 13);
    assert_int_equal(h.tail, LS_TAIL_REQUESTS_HASH);
}

static void a_tail_with_a_hole_is_refused(void **state)
{
    (void)state;
    assert_refused("\"baseFeePerGas\":\"0xb\",", "", LS_ERR_PARSE, "\"baseFeePerGas\"");
    assert_refused("\"withdrawalsRoot\"", "\"x\"", LS_ERR_PARSE, "\"withdrawalsRoot\"");
    assert_refused("\"blobGasUsed\":\"0xc\"", "\"blobGasUsed\":null", LS_ERR_PARSE,
                   "\"excessBlobGas\" without \"blobGasUsed\"");
    assert_refused("\"excessBlobGas\":\"0xd\",", "", LS_ERR_PARSE, "\"excessBlobGas\"");
    assert_refused("\"parentBeaconBlockRoot\"", "\"x\"", LS_ERR_PARSE,
                   "\"requestsHash\" without \"parentBeaconBlockRoot\"");
}

static void a_tail_may_end_anywhere(void **state)
{
    static const char *const LAST[] = {"\"requestsHash\"",    "\"parentBeaconBlockRoot\"",
                                       "\"excessBlobGas\"",   "\"blobGasUsed\"",
                                       "\"withdrawalsRoot\"", "\"baseFeePerGas\""};
    char *text = replaced(FULL, "{", "{");

    (void)state;
    for (size_t i = 0; i < sizeof LAST / sizeof LAST[0]; i++) {
        char *shorter = replaced(text, LAST[i], "\"unknown\"");
        struct ls_header h;

        assert_int_equal(decode(shorter, &h, NULL, NULL), LS_OK);
        assert_int_equal(h.tail, (int)LS_TAIL_REQUESTS_HASH - (int)i - 1);
        free(text);
        text = shorter;
    }
    free(text);
}

static void malformed_members_are_named(void **state)
{
    (void)state;
    assert_refused("\"number\":\"0x7\"", "\"number\":\"0x07\"", LS_ERR_PARSE, "\"number\"");
    assert_refused("\"number\":\"0x7\"", "\"number\":\"0x\"", LS_ERR_PARSE, "\"number\"");
    assert_refused("\"number\":\"0x7\"", "\"number\":7", LS_ERR_TYPE, "\"number\"");
    assert_refused("\"number\":\"0x7\",", "", LS_ERR_MISSING, "\"number\"");
    assert_refused("\"number\":\"0x7\"", "\"number\":null", LS_ERR_TYPE, "\"number\"");
    assert_refused("\"gasUsed\":\"0x9\"", "\"gasUsed\":\"0x10000000000000000\"", LS_ERR_RANGE,
                   "\"gasUsed\"");
    assert_refused(W1, "0x01", LS_ERR_PARSE, "\"parentHash\"");
    assert_refused("\"nonce\":\"0x00", "\"nonce\":\"0x", LS_ERR_PARSE, "\"nonce\"");
    assert_refused("\"requestsHash\":\"0x09", "\"requestsHash\":\"0x", LS_ERR_PARSE,
                   "\"requestsHash\"");
    assert_refused("\"blobGasUsed\":\"0xc\"", "\"blobGasUsed\":\"12\"", LS_ERR_PARSE,
                   "\"blobGasUsed\"");
    assert_refused("\"extraData\":\"0x0102\"", "\"extraData\":\"0x012\"", LS_ERR_PARSE,
                   "\"extraData\"");
    assert_refused("\"extraData\":\"0x0102\",", "", LS_ERR_MISSING, "\"extraData\"");
    assert_refused("\"extraData\":\"0x0102\"", "\"extraData\":1", LS_ERR_TYPE, "\"extraData\"");
    assert_refused("\"parentHash\":", "\"hash\":\"0x1\",\"parentHash\":", LS_ERR_PARSE, "\"hash\"");
}

static enum ls_err decode_with_extra(size_t bytes, struct ls_header *h)
{
    char digits[2 * (LS_HEADER_EXTRA_MAX + 1) + 3] = "0x";
    char *text;
    enum ls_err e;

    memset(digits + 2, 'e', 2 * bytes);
    text = replaced(FULL, "0x0102", digits);
    e = decode(text, h, NULL, NULL);
    free(text);
    return e;
}

static void extra_data_has_a_maximum(void **state)
{
    struct ls_header h;

    (void)state;
    assert_int_equal(decode_with_extra(0, &h), LS_OK);
    assert_int_equal(h.extra_bytes, 0);
    assert_int_equal(decode_with_extra(EXTRA_CLIQUE, &h), LS_OK);
    assert_int_equal(h.extra_bytes, EXTRA_CLIQUE);
    assert_int_equal(decode_with_extra(LS_HEADER_EXTRA_MAX, &h), LS_OK);
    assert_int_equal(decode_with_extra(LS_HEADER_EXTRA_MAX + 1, &h), LS_ERR_LIMIT);
}

static void what_is_no_object_is_refused(void **state)
{
    struct ls_header h;
    struct ls_diag d = {""};

    (void)state;
    assert_int_equal(decode("null", &h, NULL, &d), LS_ERR_TYPE);
    assert_int_equal(decode("[]", &h, NULL, NULL), LS_ERR_TYPE);
    assert_int_equal(ls_header_from_json(NULL, &h, NULL, NULL), LS_ERR_TYPE);
}

/* The longest header there can be: every field at its widest. */
static void the_widest_header_is_one_list_of_21_items(void **state)
{
    struct ls_header h;
    struct ls_buf b;
    struct ls_span in;
    struct ls_rlp_item list;
    struct ls_rlp_item item;
    struct ls_hash expected;
    struct ls_hash actual;
    size_t items = 0;

    (void)state;
    memset(&h, 0xff, sizeof h);
    h.extra_bytes = LS_HEADER_EXTRA_MAX;
    h.tail = LS_TAIL_REQUESTS_HASH;
    ls_buf_init(&b, 4096);
    ls_header_rlp(&h, &b);
    in = ls_buf_span(&b);
    assert_int_equal(ls_rlp_next(&in, &list), LS_OK);
    assert_int_equal(in.n, 0);
    while (list.body.n != 0) {
        assert_int_equal(ls_rlp_next(&list.body, &item), LS_OK);
        items++;
    }
    assert_int_equal(items, 21);
    ls_keccak256(b.p, b.n, expected.b);
    actual = ls_header_hash(&h);
    assert_true(ls_hash_eq(&actual, &expected));
    ls_buf_fini(&b);
}

static void assert_writes_back(const struct ls_header *h)
{
    struct ls_header back;
    struct ls_hash hash = ls_header_hash(h);
    struct ls_hash stated;
    struct ls_buf b;
    struct ls_jw w;

    ls_buf_init(&b, 1u << 16);
    ls_jw_init(&w, &b);
    ls_jw_object(&w, NULL);
    ls_header_write(h, &hash, &w);
    ls_jw_object_end(&w);
    assert_int_equal(decode((const char *)b.p, &back, &stated, NULL), LS_OK);
    assert_true(ls_hash_eq(&hash, &stated));
    hash = ls_header_hash(&back);
    assert_true(ls_hash_eq(&hash, &stated));
    assert_int_equal(back.tail, h->tail);
    ls_buf_fini(&b);
}

static void what_is_written_reads_back(void **state)
{
    struct ls_buf text = vectors_load(VECTORS_BLOCKS);
    struct ls_span rest = ls_buf_span(&text);
    struct ls_header h;
    struct cJSON *row;

    (void)state;
    while ((row = vectors_next(&rest)) != NULL) {
        assert_int_equal(ls_header_from_json(ls_json_get(row, "block"), &h, NULL, NULL), LS_OK);
        assert_writes_back(&h);
        ls_json_free(row);
    }
    assert_int_equal(decode(FULL, &h, NULL, NULL), LS_OK);
    assert_writes_back(&h);
    ls_buf_fini(&text);
}

static void constants_are_the_hashes_they_stand_for(void **state)
{
    static const uint8_t EMPTY_LIST[] = {0xc0};
    static const uint8_t EMPTY_STRING[] = {0x80};
    struct ls_hash h;

    (void)state;
    ls_keccak256(EMPTY_LIST, 1, h.b);
    assert_true(ls_hash_eq(&h, &LS_EMPTY_UNCLES));
    ls_keccak256(EMPTY_STRING, 1, h.b);
    assert_true(ls_hash_eq(&h, &LS_EMPTY_TRIE));
    ls_sha256(NULL, 0, h.b);
    assert_true(ls_hash_eq(&h, &LS_EMPTY_REQUESTS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_of_every_fork_are_those_of_the_chains),
        cmocka_unit_test(reads_every_member),
        cmocka_unit_test(a_tail_with_a_hole_is_refused),
        cmocka_unit_test(a_tail_may_end_anywhere),
        cmocka_unit_test(malformed_members_are_named),
        cmocka_unit_test(extra_data_has_a_maximum),
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(the_widest_header_is_one_list_of_21_items),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(constants_are_the_hashes_they_stand_for),
    };

    return cmocka_run_group_tests_name("op header", tests, NULL, NULL);
}
