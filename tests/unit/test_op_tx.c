/* Transactions to EIP-2718 bytes. The expected bytes were made by ethers 6 and @ethereumjs/rlp, or
 * are transactions of public chains. */
#include "tests/unit/op_vectors.h"

#include "lib/hash.h"
#include "lib/op/tx.h"

#define TWENTY(b) b b b b b b b b b b b b b b b b b b b b
#define A_11 TWENTY("11")
#define A_12 TWENTY("12")
#define A_20 TWENTY("20")
#define A_21 TWENTY("21")
#define A_22 TWENTY("22")
#define A_42 TWENTY("42")
#define A_DE TWENTY("de")
#define W_AB TWENTY("ab") "abababababababababababab"
#define W_01 "0000000000000000000000000000000000000000000000000000000000000001"
#define W_FF "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

#define ACCESS_LIST                                                                  \
    "[{\"address\":\"0x" A_11 "\",\"storageKeys\":[\"0x" W_01 "\",\"0x" W_FF "\"]}," \
    "{\"address\":\"0x" A_12 "\",\"storageKeys\":[]}]"

static const char SET_CODE[] =
    "{\"type\":\"0x4\",\"chainId\":\"0xa\",\"nonce\":\"0x7\",\"gasPrice\":\"0x1e8480\","
    "\"maxPriorityFeePerGas\":\"0xf4240\",\"maxFeePerGas\":\"0x1e8480\",\"gas\":\"0x186a0\","
    "\"to\":\"0x" A_22 "\",\"value\":\"0x0\",\"input\":\"0xdeadbeef\","
    "\"accessList\":" ACCESS_LIST ",\"authorizationList\":["
    "{\"chainId\":\"0xa\",\"address\":\"0x" A_20 "\","
    "\"nonce\":\"0x1\",\"yParity\":\"0x1\","
    "\"r\":\"0x453150f516fbccde741f27b7ac3ac4c4fc03478013a8b3999cc919b4669b3f22\","
    "\"s\":\"0x7d92b9b068b830eac18eb759ad4b9c9b9aef094f94056f21e6a642d36a7e12d3\"},"
    "{\"chainId\":\"0x0\",\"address\":\"0x" A_21 "\","
    "\"nonce\":\"0x0\",\"yParity\":\"0x0\","
    "\"r\":\"0xdaddc1344f67880cbaf1ee6136b20906a4be857b07ed152ed17aa8587795e6fd\","
    "\"s\":\"0x465530eb93a91a1bbb884ef94d7fb0b8cc698ac252467e89bc27705c46ee52bc\"}],"
    "\"yParity\":\"0x0\",\"v\":\"0x0\","
    "\"r\":\"0x3d2ff174ed14fe9ed697994e0a21800e64fd4211245ff902d265186f27e72888\","
    "\"s\":\"0x6d518ba2d4173106eaf85afe2052a8932519fb9171b0192c1d4d70de402181da\"}";

/* A creation with one zero byte of code; older nodes print no yParity. */
static const char ACCESS_LIST_TX[] =
    "{\"type\":\"0x1\",\"chainId\":\"0xa\",\"nonce\":\"0x0\",\"gasPrice\":\"0xf4240\","
    "\"gas\":\"0xcf08\",\"to\":null,\"value\":\"0x5\",\"input\":\"0x00\","
    "\"accessList\":" ACCESS_LIST ",\"v\":\"0x0\","
    "\"r\":\"0xa45b3b387f0472ce2d570a07e04133da4ff3959a6e2522e88a1573c4e37f656b\","
    "\"s\":\"0x767d4f2a5606522adea82db74c0f15f732c7df586a99114dd365448d19545630\"}";

static const char DYNAMIC_FEE[] =
    "{\"type\":\"0x2\",\"chainId\":\"0xa\",\"nonce\":\"0x12c\",\"gasPrice\":\"0x1\","
    "\"maxPriorityFeePerGas\":\"0x0\",\"maxFeePerGas\":\"0x1e8480\",\"gas\":\"0x5208\","
    "\"to\":\"0x" A_22 "\","
    "\"value\":\"0x100000000000000000000000000000000000000000000000000\",\"input\":\"0x7f\","
    "\"accessList\":[],\"yParity\":\"0x0\",\"v\":\"0x0\","
    "\"r\":\"0xa817f764ea1238ccb03a573c1d3fb9384e70b4f61eb85811719ecf1d5d59e45d\","
    "\"s\":\"0x2868c183cda0b837419ace8f0b7a4c8ffef227b977bd1560fb91f0a1689797ad\"}";

/* The first transaction of Ethereum's main network. */
static const char LEGACY[] =
    "{\"nonce\":\"0x0\",\"gasPrice\":\"0x2d79883d2000\",\"gas\":\"0x5208\","
    "\"to\":\"0x5df9b87991262f6ba471f09758cde1c0fc1de734\",\"value\":\"0x7a69\",\"input\":\"0x\","
    "\"v\":\"0x1c\","
    "\"r\":\"0x88ff6cf0fefd94db46111149ae4bfc179e9b94721fffd821d38d16464b3f71d0\","
    "\"s\":\"0x45e0aff800961cfce805daef7016b9b675c137a6a41a548f7b60a3484c06a33a\"}";

/* A message from L1 as OP chains carried it before Bedrock. */
static const char QUEUED[] =
    "{\"type\":\"0x0\",\"nonce\":\"0x3\",\"gasPrice\":\"0x0\",\"gas\":\"0xf4240\","
    "\"to\":\"0x" A_42 "\",\"value\":\"0x0\",\"input\":\"0xcbd4ece9\","
    "\"v\":\"0x0\",\"r\":\"0x0\",\"s\":\"0x0\"}";

/* A creation by deposit, with what belongs to the receipt around it. */
static const char DEPOSIT[] =
    "{\"type\":\"0x7e\",\"sourceHash\":\"0x" W_AB "\",\"from\":\"0x" A_DE "\","
    "\"to\":null,\"mint\":\"0xde0b6b3a7640000\",\"value\":\"0x1\",\"gas\":\"0xf4240\","
    "\"isSystemTx\":true,\"input\":\"0x6001\",\"nonce\":\"0x55\",\"gasPrice\":\"0x0\","
    "\"v\":\"0x0\",\"r\":\"0x0\",\"s\":\"0x0\",\"depositReceiptVersion\":\"0x1\"}";

/* Its bytes up to the recipient; then the recipient and what follows. */
#define DEPOSIT_HEAD "0x7ef849a0" W_AB "94" A_DE
#define DEPOSIT_BYTES DEPOSIT_HEAD "80880de0b6b3a764000001830f424001826001"

static enum ls_err encode(const char *text, struct ls_buf *b, struct ls_diag *d)
{
    struct cJSON *tx = json_of(text);
    enum ls_err e;

    ls_buf_init(b, 1u << 20);
    e = ls_tx_encode(tx, b, d);
    ls_json_free(tx);
    return e;
}

static void assert_bytes(const char *text, const char *expected)
{
    struct ls_buf b;
    struct ls_buf hex;
    struct ls_diag d = {""};

    if (encode(text, &b, &d) != LS_OK) {
        fail_msg("refused: %s", d.text);
    }
    ls_buf_init(&hex, 1u << 20);
    ls_hex_put(&hex, b.p, b.n);
    assert_string_equal((const char *)hex.p, expected);
    ls_buf_fini(&hex);
    ls_buf_fini(&b);
}

static void assert_tx_hash(const char *text, const char *expected)
{
    struct ls_buf b;
    struct ls_diag d = {""};
    struct ls_hash hash;

    if (encode(text, &b, &d) != LS_OK) {
        fail_msg("refused: %s", d.text);
    }
    ls_keccak256(b.p, b.n, hash.b);
    assert_hash_is(&hash, expected);
    ls_buf_fini(&b);
}

/* text with old replaced by new fails with e, and the sentence names word. */
static void assert_refused(const char *text, const char *old, const char *new, enum ls_err e,
                           const char *word)
{
    char *changed = replaced(text, old, new);
    struct ls_buf b;
    struct ls_diag d = {""};

    assert_int_equal(encode(changed, &b, &d), e);
    if (strstr(d.text, word) == NULL) {
        fail_msg("\"%s\" is not in: %s", word, d.text);
    }
    ls_buf_fini(&b);
    free(changed);
}

static void encodes_set_code(void **state)
{
    (void)state;
    assert_tx_hash(SET_CODE, "0xca0c3c7e6523325a752ef8aab971f1c8a8d158cb7d533e3bc57af1804855f584");
}

static void encodes_access_list_creation_without_y_parity(void **state)
{
    (void)state;
    assert_tx_hash(ACCESS_LIST_TX,
                   "0x292604e633cb3dec94e8b72afee59ec0da8523f4b7d9994a64c333688e534304");
}

static void encodes_dynamic_fee_and_ignores_effective_gas_price(void **state)
{
    (void)state;
    assert_bytes(DYNAMIC_FEE,
                 "0x02f8810a82012c80831e84808252089422222222222222222222222222222222222222229a0100"
                 "0000000000000000000000000000000000000000000000007fc080a0a817f764ea1238ccb03a573c"
                 "1d3fb9384e70b4f61eb85811719ecf1d5d59e45da02868c183cda0b837419ace8f0b7a4c8ffef227"
                 "b977bd1560fb91f0a1689797ad");
}

static void a_missing_access_list_is_an_empty_one(void **state)
{
    char *text = replaced(DYNAMIC_FEE, "\"accessList\":[],", "");

    (void)state;
    assert_tx_hash(text, "0x90dbaca205f0a9983515bcc3f0ed82ce09e2f03a427971f12619aebaee92d8f3");
    free(text);
}

static void encodes_legacy_from_before_replay_protection(void **state)
{
    (void)state;
    assert_tx_hash(LEGACY, "0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060");
}

static void encodes_unsigned_messages_of_the_old_queue(void **state)
{
    (void)state;
    assert_bytes(QUEUED, "0xe40380830f424094" A_42 "8084cbd4ece9808080");
}

static void encodes_deposits_without_their_receipt(void **state)
{
    char *plain;

    (void)state;
    assert_bytes(DEPOSIT, DEPOSIT_BYTES);
    plain = replaced(DEPOSIT, "\"isSystemTx\":true,", "");
    assert_bytes(plain, DEPOSIT_HEAD "80880de0b6b3a764000001830f424080826001");
    free(plain);
}

static void mint_zero_null_and_absent_are_one(void **state)
{
    static const char *const FORMS[] = {"\"mint\":\"0x0\",", "\"mint\":null,", ""};

    (void)state;
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        char *text = replaced(DEPOSIT, "\"mint\":\"0xde0b6b3a7640000\",", FORMS[i]);

        assert_bytes(text, "0x7ef841a0" W_AB "94" A_DE "808001830f424001826001");
        free(text);
    }
}

static void to_null_and_absent_are_one(void **state)
{
    char *text = replaced(DEPOSIT, "\"to\":null,", "");

    (void)state;
    assert_bytes(text, DEPOSIT_BYTES);
    free(text);
}

static void data_around_every_length_limit(void **state)
{
    static const size_t BYTES[] = {0, 1, 2, 55, 56, 255, 256};

    (void)state;
    for (size_t i = 0; i < sizeof BYTES / sizeof BYTES[0]; i++) {
        char digits[2 * 256 + 3] = "0x";
        struct ls_buf b;
        struct ls_diag d = {""};
        struct ls_deposit deposit;
        char *text;

        memset(digits + 2, '9', 2 * BYTES[i]);
        text = replaced(DEPOSIT, "0x6001", digits);
        assert_int_equal(encode(text, &b, &d), LS_OK);
        assert_int_equal(ls_tx_decode_deposit(ls_buf_span(&b), &deposit), LS_OK);
        assert_int_equal(deposit.input.n, BYTES[i]);
        for (size_t j = 0; j < BYTES[i]; j++) {
            assert_int_equal(deposit.input.p[j], 0x99);
        }
        ls_buf_fini(&b);
        free(text);
    }
}

static void refuses_broken_members_by_name(void **state)
{
    (void)state;
    assert_refused(LEGACY, "\"nonce\":\"0x0\"", "\"nonce\":\"0x00\"", LS_ERR_PARSE, "\"nonce\"");
    assert_refused(LEGACY, "\"nonce\":\"0x0\"", "\"nonce\":0", LS_ERR_TYPE, "\"nonce\"");
    assert_refused(LEGACY, "\"nonce\":\"0x0\"", "\"nonce\":\"0x10000000000000000\"", LS_ERR_RANGE,
                   "\"nonce\"");
    assert_refused(LEGACY, "\"nonce\":\"0x0\",", "", LS_ERR_MISSING, "\"nonce\"");
    assert_refused(LEGACY, "\"v\":\"0x1c\",", "", LS_ERR_MISSING, "\"v\"");
    assert_refused(LEGACY, "\"to\":\"0x5d", "\"to\":\"0x", LS_ERR_PARSE, "\"to\"");
    assert_refused(LEGACY, "\"input\":\"0x\"", "\"input\":\"0x1\"", LS_ERR_PARSE, "\"input\"");
    assert_refused(LEGACY, "\"input\":\"0x\"", "\"input\":\"0xabc\"", LS_ERR_PARSE, "\"input\"");
    assert_refused(LEGACY, "\"input\":\"0x\"", "\"input\":\"abcd\"", LS_ERR_PARSE, "\"input\"");
    assert_refused(LEGACY, "\"input\":\"0x\"", "\"input\":\"0xabzz\"", LS_ERR_PARSE, "\"input\"");
    assert_refused(LEGACY, "\"input\":\"0x\"", "\"input\":\"\"", LS_ERR_PARSE, "\"input\"");
    assert_refused(LEGACY, "\"input\":\"0x\"", "\"input\":null", LS_ERR_MISSING, "\"input\"");
    assert_refused(LEGACY, "\"input\":\"0x\"", "\"input\":[]", LS_ERR_TYPE, "\"input\"");
    assert_refused(DYNAMIC_FEE, "\"accessList\":[]", "\"accessList\":{}", LS_ERR_TYPE,
                   "\"accessList\"");
    assert_refused(SET_CODE, "\"0x" W_FF "\"", "\"0xff\"", LS_ERR_PARSE, "\"accessList\"");
    assert_refused(DEPOSIT, "\"isSystemTx\":true", "\"isSystemTx\":1", LS_ERR_TYPE,
                   "\"isSystemTx\"");
    assert_refused(DEPOSIT, "\"sourceHash\":\"0xab", "\"sourceHash\":\"0x", LS_ERR_PARSE,
                   "\"sourceHash\"");
}

static void refuses_set_code_without_recipient_or_authorizations(void **state)
{
    (void)state;
    assert_refused(SET_CODE, "\"to\":\"0x" A_22 "\",", "", LS_ERR_MISSING, "\"to\"");
    assert_refused(SET_CODE, "\"authorizationList\"", "\"authorisations\"", LS_ERR_MISSING,
                   "\"authorizationList\"");
    assert_refused(SET_CODE, "\"nonce\":\"0x1\",\"yParity\":\"0x1\"", "\"nonce\":\"0x1\"",
                   LS_ERR_MISSING, "\"authorizationList\"");
}

static void refuses_other_types(void **state)
{
    (void)state;
    assert_refused(DYNAMIC_FEE, "\"type\":\"0x2\"", "\"type\":\"0x3\"", LS_ERR_UNSUPPORTED, "0x3");
    assert_refused(DYNAMIC_FEE, "\"type\":\"0x2\"", "\"type\":\"0x102\"", LS_ERR_UNSUPPORTED,
                   "0x102");
    assert_refused(DYNAMIC_FEE, "\"type\":\"0x2\"", "\"type\":2", LS_ERR_TYPE, "\"type\"");
}

static void a_full_buffer_is_reported(void **state)
{
    struct cJSON *tx = json_of(DEPOSIT);
    struct ls_buf b;
    struct ls_diag d = {""};

    (void)state;
    ls_buf_init(&b, 20);
    assert_int_equal(ls_tx_encode(tx, &b, &d), LS_ERR_LIMIT);
    assert_non_null(strstr(d.text, "does not fit"));
    ls_buf_fini(&b);
    ls_json_free(tx);
}

/* --- deposits from bytes --- */

static enum ls_err decode(const char *hex, uint8_t *mem, size_t mem_bytes, struct ls_deposit *out)
{
    size_t n = 0;

    assert_int_equal(ls_hex_data(hex, strlen(hex), mem, mem_bytes, &n), LS_OK);
    return ls_tx_decode_deposit((struct ls_span){mem, n}, out);
}

static void decodes_a_deposit(void **state)
{
    uint8_t mem[128];
    struct ls_deposit deposit;

    (void)state;
    assert_int_equal(decode(DEPOSIT_BYTES, mem, sizeof mem, &deposit), LS_OK);
    assert_int_equal(deposit.source_hash.b[31], 0xab);
    assert_int_equal(deposit.from.b[19], 0xde);
    assert_int_equal(deposit.input.n, 2);
    assert_int_equal(deposit.input.p[0], 0x60);
}

static void refuses_every_cut_of_a_deposit(void **state)
{
    uint8_t mem[128];
    size_t n = 0;
    struct ls_deposit deposit;

    (void)state;
    assert_int_equal(ls_hex_data(DEPOSIT_BYTES, strlen(DEPOSIT_BYTES), mem, sizeof mem, &n), LS_OK);
    assert_int_equal(ls_tx_decode_deposit((struct ls_span){mem, 0}, &deposit), LS_ERR_TYPE);
    for (size_t i = 1; i < n; i++) {
        assert_int_equal(ls_tx_decode_deposit((struct ls_span){mem, i}, &deposit), LS_ERR_PARSE);
    }
    mem[n] = 0;
    assert_int_equal(ls_tx_decode_deposit((struct ls_span){mem, n + 1}, &deposit), LS_ERR_PARSE);
}

static void refuses_broken_deposit_bytes(void **state)
{
    /* what stands instead of "80" (to), the mint, or "01826001" (isSystemTx, input) */
    static const char *const BROKEN[] = {
        DEPOSIT_HEAD "80880de0b6b3a764000001830f424002826001", /* isSystemTx 2 */
        DEPOSIT_HEAD "8088000db6b3a764000001830f424001826001", /* mint with a leading zero */
        DEPOSIT_HEAD "c0880de0b6b3a764000001830f424001826001", /* to is a list */
        DEPOSIT_HEAD "05880de0b6b3a764000001830f424001826001", /* to has one byte */
        DEPOSIT_HEAD "80880de0b6b3a764000001830f424001c26001", /* input is a list */
        "0x7eb849a0" W_AB "94" A_DE "80880de0b6b3a764000001830f424001826001",   /* no list */
        "0x7ef84aa0" W_AB "94" A_DE "80880de0b6b3a764000001830f42400182600180", /* a ninth item */
    };
    uint8_t mem[128];
    struct ls_deposit deposit;

    (void)state;
    for (size_t i = 0; i < sizeof BROKEN / sizeof BROKEN[0]; i++) {
        assert_int_equal(decode(BROKEN[i], mem, sizeof mem, &deposit), LS_ERR_PARSE);
    }
    assert_int_equal(decode("0x02f8", mem, sizeof mem, &deposit), LS_ERR_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_set_code),
        cmocka_unit_test(encodes_access_list_creation_without_y_parity),
        cmocka_unit_test(encodes_dynamic_fee_and_ignores_effective_gas_price),
        cmocka_unit_test(a_missing_access_list_is_an_empty_one),
        cmocka_unit_test(encodes_legacy_from_before_replay_protection),
        cmocka_unit_test(encodes_unsigned_messages_of_the_old_queue),
        cmocka_unit_test(encodes_deposits_without_their_receipt),
        cmocka_unit_test(mint_zero_null_and_absent_are_one),
        cmocka_unit_test(to_null_and_absent_are_one),
        cmocka_unit_test(data_around_every_length_limit),
        cmocka_unit_test(refuses_broken_members_by_name),
        cmocka_unit_test(refuses_set_code_without_recipient_or_authorizations),
        cmocka_unit_test(refuses_other_types),
        cmocka_unit_test(a_full_buffer_is_reported),
        cmocka_unit_test(decodes_a_deposit),
        cmocka_unit_test(refuses_every_cut_of_a_deposit),
        cmocka_unit_test(refuses_broken_deposit_bytes),
    };

    return cmocka_run_group_tests_name("op tx", tests, NULL, NULL);
}
