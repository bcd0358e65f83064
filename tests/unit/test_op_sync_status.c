/* optimism_syncStatus: what is written, and every shape that is read. */
#include "tests/unit/op_vectors.h"

#include "lib/op/sync_status.h"

#define HASH(d) "0x" d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d
#define ZERO HASH("00")
#define HASH_07 HASH("07")
#define HASH_AA HASH("aa")
#define HASH_BB HASH("bb")
#define HASH_CC HASH("cc")

/* What a reference says after its hash; the number is to be filled in. */
#define L1_REST "\"number\":%zu,\"parentHash\":\"" HASH_AA "\",\"timestamp\":1700000000}"
#define L2_REST                                                               \
    "\"number\":%zu,\"parentHash\":\"" HASH_BB "\",\"timestamp\":1700000002," \
    "\"l1origin\":{\"hash\":\"" HASH_CC "\",\"number\":5},\"sequenceNumber\":4}"

static const char *const MEMBERS[] = {
    "current_l1",      "current_l1_finalized", "head_l1",
    "safe_l1",         "finalized_l1",         "unsafe_l2",
    "safe_l2",         "finalized_l2",         "pending_safe_l2",
    "cross_unsafe_l2", "local_safe_l2",
};
#define MEMBER_COUNT (sizeof MEMBERS / sizeof MEMBERS[0])
#define L1_MEMBER_COUNT 5u

/* The result as op-node prints it today: member i (from 1) has a hash of bytes i and number 10 + i.
 * The caller frees it with ls_buf_fini. */
static struct ls_buf current_form(void)
{
    struct ls_buf b;

    ls_buf_init(&b, 1u << 16);
    for (size_t i = 1; i <= MEMBER_COUNT; i++) {
        uint8_t hash[32];

        memset(hash, (int)i, sizeof hash);
        (void)ls_buf_printf(&b, "%s\"%s\":{\"hash\":\"", i == 1 ? "{" : ",", MEMBERS[i - 1]);
        ls_hex_put(&b, hash, sizeof hash);
        (void)ls_buf_puts(&b, "\",");
        if (i <= L1_MEMBER_COUNT) {
            (void)ls_buf_printf(&b, L1_REST, 10 + i);
        } else {
            (void)ls_buf_printf(&b, L2_REST, 10 + i);
        }
    }
    (void)ls_buf_putc(&b, '}');
    assert_int_equal(b.err, LS_OK);
    return b;
}

static enum ls_err parse(const char *text, struct ls_sync_status *out, struct ls_diag *d)
{
    struct cJSON *v = json_of(text);
    enum ls_err e = ls_sync_status_parse(v, out, d);

    ls_json_free(v);
    return e;
}

static struct ls_buf written(const struct ls_sync_status *s)
{
    struct ls_buf b;
    struct ls_jw w;

    ls_buf_init(&b, 1u << 16);
    ls_jw_init(&w, &b);
    ls_sync_status_write(s, &w, NULL);
    return b;
}

static void the_present_form_reads_and_writes_back_to_the_byte(void **state)
{
    struct ls_buf text = current_form();
    struct ls_sync_status s;
    struct ls_buf b;

    (void)state;
    assert_int_equal(parse((const char *)text.p, &s, NULL), LS_OK);
    assert_hash_is(&s.current_l1.hash, HASH("01"));
    assert_int_equal(s.finalized_l1.number, 15);
    assert_hash_is(&s.finalized_l1.parent, HASH_AA);
    assert_int_equal(s.finalized_l1.timestamp, 1700000000);
    assert_hash_is(&s.unsafe_l2.hash, HASH("06"));
    assert_int_equal(s.safe_l2.number, 17);
    assert_int_equal(s.local_safe_l2.number, 21);
    assert_hash_is(&s.local_safe_l2.parent, HASH_BB);
    assert_int_equal(s.local_safe_l2.timestamp, 1700000002);
    assert_hash_is(&s.local_safe_l2.l1_origin.hash, HASH_CC);
    assert_int_equal(s.local_safe_l2.l1_origin.number, 5);
    assert_int_equal(s.local_safe_l2.sequence_number, 4);
    b = written(&s);
    assert_string_equal((const char *)b.p, (const char *)text.p);
    ls_buf_fini(&b);
    ls_buf_fini(&text);
}

static void an_unknown_block_is_an_object_of_zeros(void **state)
{
    static const char SAFE[] = "\"local_safe_l2\":{\"hash\":\"" ZERO "\",\"number\":0,"
                               "\"parentHash\":\"" ZERO "\",\"timestamp\":0,"
                               "\"l1origin\":{\"hash\":\"" ZERO "\",\"number\":0},"
                               "\"sequenceNumber\":0}";
    static const struct ls_sync_status nothing;
    struct ls_buf b = written(&nothing);
    struct cJSON *v = json_of((const char *)b.p);

    (void)state;
    assert_int_equal(ls_json_count(v), 11);
    assert_string_equal(ls_json_str(ls_json_get(ls_json_get(v, "safe_l2"), "hash")), ZERO);
    assert_non_null(strstr((const char *)b.p, SAFE));
    ls_json_free(v);
    ls_buf_fini(&b);
}

static void missing_and_null_members_are_zero(void **state)
{
    static const char PARTS[] = "{\"safe_l2\":null,\"pending_safe_l2\":{\"number\":19},"
                                "\"head_l1\":{\"number\":7},"
                                "\"finalized_l2\":{\"l1origin\":null}}";
    struct ls_sync_status s;

    (void)state;
    memset(&s, 0xff, sizeof s);
    assert_int_equal(parse("{}", &s, NULL), LS_OK);
    assert_int_equal(s.safe_l2.number, 0);
    assert_true(ls_hash_is_zero(&s.finalized_l1.hash));
    memset(&s, 0xff, sizeof s);
    assert_int_equal(parse(PARTS, &s, NULL), LS_OK);
    assert_int_equal(s.safe_l2.timestamp, 0);
    assert_int_equal(s.pending_safe_l2.number, 19);
    assert_int_equal(s.head_l1.number, 7);
    assert_true(ls_hash_is_zero(&s.head_l1.hash));
    assert_int_equal(s.finalized_l2.l1_origin.number, 0);
}

static void konas_spellings_hex_numbers_and_unknown_members_are_read(void **state)
{
    static const char KONA[] = "{\"safe_l2\":{\"hash\":\"" HASH_07 "\",\"number\":\"0x11\","
                               "\"parentHash\":\"" HASH_BB "\",\"timestamp\":\"0x6553f102\","
                               "\"l1Origin\":{\"hash\":\"" HASH_CC "\",\"number\":\"0x5\"},"
                               "\"seqNum\":\"0x4\",\"extra\":[1]},\"new_head\":{},"
                               "\"current_l1\":{\"number\":\"0xb\"}}";
    struct ls_sync_status s;

    (void)state;
    assert_int_equal(parse(KONA, &s, NULL), LS_OK);
    assert_int_equal(s.safe_l2.number, 17);
    assert_int_equal(s.safe_l2.timestamp, 1700000002);
    assert_int_equal(s.safe_l2.l1_origin.number, 5);
    assert_hash_is(&s.safe_l2.l1_origin.hash, HASH_CC);
    assert_int_equal(s.safe_l2.sequence_number, 4);
    assert_int_equal(s.current_l1.number, 11);
}

static void malformed_values_are_named_and_change_nothing(void **state)
{
    static const struct {
        const char *text;
        enum ls_err e;
        const char *word;
    } V[] = {
        {"[]", LS_ERR_TYPE, "sync status"},
        {"null", LS_ERR_TYPE, "sync status"},
        {"\"x\"", LS_ERR_TYPE, "sync status"},
        {"{\"head_l1\":7}", LS_ERR_TYPE, "head_l1"},
        {"{\"head_l1\":{\"number\":-1}}", LS_ERR_RANGE, "head_l1: "},
        {"{\"head_l1\":{\"number\":1.5}}", LS_ERR_PARSE, "\"number\""},
        {"{\"head_l1\":{\"number\":\"0x01\"}}", LS_ERR_PARSE, "\"number\""},
        {"{\"head_l1\":{\"number\":\"11\"}}", LS_ERR_PARSE, "\"number\""},
        {"{\"head_l1\":{\"hash\":\"0x12\"}}", LS_ERR_PARSE, "\"hash\""},
        {"{\"safe_l2\":[]}", LS_ERR_TYPE, "safe_l2"},
        {"{\"safe_l2\":{\"hash\":true}}", LS_ERR_TYPE, "safe_l2: "},
        {"{\"safe_l2\":{\"timestamp\":{}}}", LS_ERR_TYPE, "\"timestamp\""},
        {"{\"safe_l2\":{\"l1origin\":[]}}", LS_ERR_TYPE, "l1origin"},
        {"{\"safe_l2\":{\"l1origin\":{\"number\":\"x\"}}}", LS_ERR_PARSE, "safe_l2: l1origin: "},
        {"{\"safe_l2\":{\"seqNum\":[]}}", LS_ERR_TYPE, "\"seqNum\""},
        {"{\"safe_l2\":{\"number\":9007199254740993}}", LS_ERR_RANGE, "\"number\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
        struct ls_sync_status s;
        struct ls_sync_status before;
        struct ls_diag d = {""};
        enum ls_err e;

        memset(&s, 0x5a, sizeof s);
        before = s;
        e = parse(V[i].text, &s, &d);
        if (e != V[i].e || strstr(d.text, V[i].word) == NULL) {
            fail_msg("%s: %s: %s", V[i].text, ls_err_name(e), d.text);
        }
        assert_memory_equal(&s, &before, sizeof s);
    }
}

static void the_largest_numbers_that_json_holds_survive(void **state)
{
    struct ls_sync_status s;

    (void)state;
    assert_int_equal(parse("{\"head_l1\":{\"number\":9007199254740991,"
                           "\"timestamp\":\"0xffffffffffffffff\"}}",
                           &s, NULL),
                     LS_OK);
    assert_int_equal(s.head_l1.number, 9007199254740991);
    assert_true(s.head_l1.timestamp == UINT64_MAX);
}

static void one_reference_reads_alone(void **state)
{
    struct cJSON *v = json_of("{\"number\":16,\"l1origin\":{\"number\":3}}");
    struct ls_l2_ref ref;

    (void)state;
    assert_int_equal(ls_l2_ref_parse(v, &ref, NULL), LS_OK);
    assert_int_equal(ref.number, 16);
    assert_int_equal(ref.l1_origin.number, 3);
    assert_int_equal(ls_l2_ref_parse(NULL, &ref, NULL), LS_OK);
    assert_int_equal(ref.number, 0);
    ls_json_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_present_form_reads_and_writes_back_to_the_byte),
        cmocka_unit_test(an_unknown_block_is_an_object_of_zeros),
        cmocka_unit_test(missing_and_null_members_are_zero),
        cmocka_unit_test(konas_spellings_hex_numbers_and_unknown_members_are_read),
        cmocka_unit_test(malformed_values_are_named_and_change_nothing),
        cmocka_unit_test(the_largest_numbers_that_json_holds_survive),
        cmocka_unit_test(one_reference_reads_alone),
    };

    return cmocka_run_group_tests_name("op sync status", tests, NULL, NULL);
}
