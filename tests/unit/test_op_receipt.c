/*
 * Receipts to the bytes of the receipts trie. What is expected was made by hand from the rules;
 * that real blocks commit to such bytes is shown in test_harness_receipts.c.
 */
#include "tests/unit/op_vectors.h"

#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/receipt.h"

/* A bloom without a bit, as JSON digits and in RLP. */
#define B32 "0000000000000000000000000000000000000000000000000000000000000000"
#define BLOOM B32 B32 B32 B32 B32 B32 B32 B32
#define TWENTY(b) b b b b b b b b b b b b b b b b b b b b
#define TOPIC TWENTY("ab") "abababababababababababab"

#define OUTCOME "\"status\":\"0x1\",\"cumulativeGasUsed\":\"0x5208\",\"logsBloom\":\"0x" BLOOM "\""
#define OUTCOME_RLP "01825208b90100" BLOOM

static void check(const char *json, const char *want)
{
    struct cJSON *v = NULL;
    struct ls_buf b;
    struct ls_buf hex;
    struct ls_diag d = {""};

    assert_int_equal(ls_json_parse(json, strlen(json), 0, &v, NULL), LS_OK);
    ls_buf_init(&b, 1u << 20);
    ls_buf_init(&hex, 1u << 20);
    if (ls_receipt_encode(v, &b, &d)) {
        fail_msg("%s: %s", json, d.text);
    }
    ls_hex_put(&hex, b.p, b.n);
    ls_buf_putc(&hex, '\0');
    assert_string_equal((const char *)hex.p + 2, want);
    ls_buf_fini(&hex);
    ls_buf_fini(&b);
    ls_json_free(v);
}

static void types_stand_in_front_of_the_list(void **state)
{
    (void)state;
    check("{" OUTCOME ",\"logs\":[]}", "f90108" OUTCOME_RLP "c0");
    check("{\"type\":\"0x0\"," OUTCOME ",\"logs\":[]}", "f90108" OUTCOME_RLP "c0");
    check("{\"type\":\"0x1\"," OUTCOME ",\"logs\":[]}", "01f90108" OUTCOME_RLP "c0");
    check("{\"type\":\"0x2\"," OUTCOME ",\"logs\":[]}", "02f90108" OUTCOME_RLP "c0");
    check("{\"type\":\"0x3\"," OUTCOME ",\"logs\":[]}", "03f90108" OUTCOME_RLP "c0");
    check("{\"type\":\"0x4\"," OUTCOME ",\"logs\":[]}", "04f90108" OUTCOME_RLP "c0");
}

static void a_failed_transaction_has_an_empty_status(void **state)
{
    (void)state;
    check("{\"type\":\"0x2\",\"status\":\"0x0\",\"cumulativeGasUsed\":\"0x5208\",\"logsBloom\":"
          "\"0x" BLOOM "\",\"logs\":[]}",
          "02f9010880825208b90100" BLOOM "c0");
    check("{\"root\":\"0x" TOPIC "\",\"cumulativeGasUsed\":\"0x5208\",\"logsBloom\":\"0x" BLOOM
          "\",\"logs\":[]}",
          "f90128a0" TOPIC "825208b90100" BLOOM "c0");
}

static void a_log_is_address_topics_and_data(void **state)
{
    (void)state;
    check("{" OUTCOME ",\"logs\":[{\"address\":\"0x" TWENTY(
              "11") "\",\"topics\":[\"0x" TOPIC
                    "\"],\"data\":\"0x0102\",\"logIndex\":\"0x0\"},{\"address\":\"0x" TWENTY(
                        "22") "\",\"topics\":[],\"data\":\"0x\"}]}",
          "f9015d" OUTCOME_RLP "f854"
          "f83a"
          "94" TWENTY("11") "e1a0" TOPIC "820102"
                            "d7"
                            "94" TWENTY("22") "c080");
}

/* The nonce is committed to from Canyon on, which a version shows. */
static void a_deposits_nonce_needs_a_version(void **state)
{
    (void)state;
    check("{\"type\":\"0x7e\"," OUTCOME ",\"logs\":[]}", "7ef90108" OUTCOME_RLP "c0");
    check("{\"type\":\"0x7e\"," OUTCOME ",\"logs\":[],\"depositNonce\":\"0x1234\"}",
          "7ef90108" OUTCOME_RLP "c0");
    check("{\"type\":\"0x7e\"," OUTCOME ",\"logs\":[],\"depositNonce\":\"0x1234\","
          "\"depositReceiptVersion\":\"0x1\"}",
          "7ef9010c" OUTCOME_RLP "c0"
          "821234"
          "01");
    check("{\"type\":\"0x2\"," OUTCOME ",\"logs\":[],\"depositNonce\":\"0x1234\","
          "\"depositReceiptVersion\":\"0x1\"}",
          "02f90108" OUTCOME_RLP "c0");
}

static void names_the_member_that_is_wrong(void **state)
{
    static const struct {
        const char *json, *says;
        enum ls_err e;
    } rows[] = {
        {"[]", "receipt", LS_ERR_TYPE},
        {"{\"type\":\"0x5\"," OUTCOME ",\"logs\":[]}", "type", LS_ERR_UNSUPPORTED},
        {"{\"status\":\"0x2\"}", "status", LS_ERR_RANGE},
        {"{\"cumulativeGasUsed\":\"0x1\"}", "status", LS_ERR_MISSING},
        {"{\"status\":\"0x1\"}", "cumulativeGasUsed", LS_ERR_MISSING},
        {"{\"status\":\"0x1\",\"cumulativeGasUsed\":\"0x1\",\"logsBloom\":\"0x00\"}", "logsBloom",
         LS_ERR_PARSE},
        {"{" OUTCOME "}", "logs", LS_ERR_MISSING},
        {"{" OUTCOME ",\"logs\":{}}", "logs", LS_ERR_TYPE},
        {"{" OUTCOME ",\"logs\":[1]}", "logs", LS_ERR_TYPE},
        {"{" OUTCOME ",\"logs\":[{\"topics\":[],\"data\":\"0x\"}]}", "address", LS_ERR_MISSING},
        {"{" OUTCOME ",\"logs\":[{\"address\":\"0x" TWENTY("11") "\",\"data\":\"0x\"}]}", "topics",
         LS_ERR_MISSING},
        {"{" OUTCOME
         ",\"logs\":[{\"address\":\"0x" TWENTY("11") "\",\"topics\":[\"0x1\"],\"data\":\"0x\"}]}",
         "topics", LS_ERR_PARSE},
        {"{\"type\":\"0x7e\"," OUTCOME ",\"logs\":[],\"depositReceiptVersion\":\"0x1\"}",
         "depositNonce", LS_ERR_MISSING},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cJSON *v = NULL;
        struct ls_buf b;
        struct ls_diag d = {""};
        assert_int_equal(ls_json_parse(rows[i].json, strlen(rows[i].json), 0, &v, NULL), LS_OK);
        ls_buf_init(&b, 1u << 20);
        enum ls_err e = ls_receipt_encode(v, &b, &d);
        if (e != rows[i].e || !strstr(d.text, rows[i].says)) {
            fail_msg("row %zu: %s: %s", i, ls_err_name(e), d.text);
        }
        ls_buf_fini(&b);
        ls_json_free(v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_stand_in_front_of_the_list),
        cmocka_unit_test(a_failed_transaction_has_an_empty_status),
        cmocka_unit_test(a_log_is_address_topics_and_data),
        cmocka_unit_test(a_deposits_nonce_needs_a_version),
        cmocka_unit_test(names_the_member_that_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
