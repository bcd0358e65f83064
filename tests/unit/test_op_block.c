/* Whole blocks: real ones decode, verify and give their origin; altered ones are refused for the
 * right reason. */
#include "tests/unit/op_vectors.h"

#include "lib/hash.h"
#include "lib/op/block.h"
#include "lib/op/l1info.h"

#define ARENA_MAX (8u << 20)

#define DEVNET_L1 "0x672832514e7a4f820c61fd12557b96e91c60b7b3460df2db6394fe8825493acb"
#define DEVNET_L2 "0x074ce55b9e580b744fa584b07ca4572692057165af46a71a98744082f9b5b34a"

/* The devnet's schedule: Ecotone at block 10, then a fork every ten blocks. */
static struct ls_rollup devnet(void)
{
    static const uint64_t GENESIS = 1795342988;
    struct ls_rollup r = {.genesis_l2_time = GENESIS, .block_time = 2};

    r.genesis_l1 = (struct ls_block_id){hash_of(DEVNET_L1), 2};
    r.genesis_l2 = (struct ls_block_id){hash_of(DEVNET_L2), 0};
    for (size_t f = 0; f < LS_FORK_COUNT; f++) {
        r.fork_time[f] = f <= LS_FORK_DELTA ? 0 : GENESIS + 20 * (f - LS_FORK_DELTA);
    }
    r.fork_time[LS_FORK_KARST] = LS_FORK_NEVER;
    r.fork_time[LS_FORK_INTEROP] = LS_FORK_NEVER;
    return r;
}

/* One row of the vectors, decoded. */
struct loaded {
    struct ls_buf text;
    struct cJSON *row;
    struct ls_arena arena;
    struct ls_block block;
};

/* The devnet block of that number, as text of one row. Ends the test when it is not there. */
static void load_devnet(struct loaded *l, uint64_t number)
{
    struct ls_span rest;

    l->text = vectors_load(VECTORS_BLOCKS);
    rest = ls_buf_span(&l->text);
    ls_arena_init(&l->arena, ARENA_MAX);
    while ((l->row = vectors_next(&rest)) != NULL) {
        const struct cJSON *block = ls_json_get(l->row, "block");
        uint64_t n = 0;

        assert_int_equal(ls_json_quantity(ls_json_get(block, "number"), &n), LS_OK);
        if (n == number && strcmp(ls_json_str(ls_json_get(l->row, "chain")), "devnet") == 0) {
            assert_int_equal(ls_block_from_json(block, &l->arena, &l->block, NULL), LS_OK);
            return;
        }
        ls_json_free(l->row);
    }
    fail_msg("no devnet block %d among the vectors", (int)number);
}

static void unload(struct loaded *l)
{
    ls_arena_fini(&l->arena);
    ls_json_free(l->row);
    ls_buf_fini(&l->text);
}

/* The JSON text of a row's block; freed with ls_buf_fini. */
static struct ls_buf text_of(const struct loaded *l)
{
    struct ls_buf b;

    ls_buf_init(&b, 1u << 20);
    ls_json_print(ls_json_get(l->row, "block"), &b);
    assert_int_equal(b.err, LS_OK);
    return b;
}

/* Decodes that block's text with old replaced by new. */
static enum ls_err decode_altered(const struct loaded *l, const char *old, const char *new,
                                  struct ls_diag *d)
{
    struct ls_buf b = text_of(l);
    char *text = replaced((const char *)b.p, old, new);
    struct cJSON *block = json_of(text);
    struct ls_arena a;
    struct ls_block out;
    enum ls_err e;

    ls_arena_init(&a, ARENA_MAX);
    e = ls_block_from_json(block, &a, &out, d);
    if (e == LS_OK) {
        e = ls_block_verify(&out, d);
    }
    ls_arena_fini(&a);
    ls_json_free(block);
    ls_buf_fini(&b);
    free(text);
    return e;
}

static void assert_word(const struct ls_diag *d, const char *word)
{
    if (strstr(d->text, word) == NULL) {
        fail_msg("\"%s\" is not in: %s", word, d->text);
    }
}

/* --- real blocks --- */

static void assert_origin(const struct cJSON *row, const struct ls_block *b)
{
    const struct cJSON *l1 = ls_json_get(row, "l1");
    struct ls_l2_ref ref;
    uint64_t number = 0;
    uint64_t sequence = 0;

    if (ls_json_is_null(l1)) {
        enum ls_err e = ls_block_l2_ref(b, NULL, &ref, NULL);

        assert_int_equal(e, b->header.number == 0 ? LS_OK : LS_ERR_PARSE);
        return;
    }
    assert_int_equal(ls_block_l2_ref(b, NULL, &ref, NULL), LS_OK);
    assert_int_equal(ls_json_u64(ls_json_get(l1, "number"), &number), LS_OK);
    assert_int_equal(ls_json_u64(ls_json_get(l1, "sequence"), &sequence), LS_OK);
    assert_int_equal(ref.l1_origin.number, number);
    assert_int_equal(ref.sequence_number, sequence);
    assert_hash_is(&ref.l1_origin.hash, ls_json_str(ls_json_get(l1, "hash")));
    assert_true(ls_hash_eq(&ref.hash, &b->hash));
    assert_true(ls_hash_eq(&ref.parent, &b->header.parent));
    assert_int_equal(ref.number, b->header.number);
    assert_int_equal(ref.timestamp, b->header.timestamp);
}

static void real_blocks_decode_verify_and_name_their_origin(void **state)
{
    struct ls_buf text = vectors_load(VECTORS_BLOCKS);
    struct ls_span rest = ls_buf_span(&text);
    struct cJSON *row;
    size_t rows = 0;

    (void)state;
    while ((row = vectors_next(&rest)) != NULL) {
        struct ls_arena a;
        struct ls_block b;
        struct ls_diag d = {""};

        ls_arena_init(&a, ARENA_MAX);
        if (ls_block_from_json(ls_json_get(row, "block"), &a, &b, &d) != LS_OK ||
            ls_block_verify(&b, &d) != LS_OK) {
            fail_msg("row %d: %s", (int)rows, d.text);
        }
        assert_true(b.is_hydrated);
        assert_origin(row, &b);
        ls_arena_fini(&a);
        ls_json_free(row);
        rows++;
    }
    assert_int_equal(rows, 21);
    ls_buf_fini(&text);
}

static void every_fork_of_the_devnet_passes_its_schedule(void **state)
{
    static const uint64_t NUMBERS[] = {0, 1, 9, 10, 11, 20, 40, 50, 51, 60, 61, 100};
    struct ls_rollup r = devnet();

    (void)state;
    for (size_t i = 0; i < sizeof NUMBERS / sizeof NUMBERS[0]; i++) {
        struct loaded l;
        struct ls_diag d = {""};

        load_devnet(&l, NUMBERS[i]);
        if (ls_block_check_fork(&l.block, &r, &d) != LS_OK) {
            fail_msg("block %d: %s", (int)NUMBERS[i], d.text);
        }
        unload(&l);
    }
}

/* --- altered blocks --- */

static void an_altered_header_is_a_wrong_hash(void **state)
{
    struct loaded l;
    struct ls_diag d = {""};

    (void)state;
    load_devnet(&l, 100);
    assert_int_equal(decode_altered(&l, "\"gasLimit\":\"0x3", "\"gasLimit\":\"0x4", &d),
                     LS_ERR_HASH);
    assert_word(&d, "\"hash\" does not match");
    unload(&l);
}

static void a_transaction_too_few_is_a_wrong_root(void **state)
{
    struct loaded l;
    struct ls_diag d = {""};
    struct ls_block shorter;

    (void)state;
    load_devnet(&l, 100);
    shorter = l.block;
    shorter.tx_count--;
    assert_int_equal(ls_block_verify(&shorter, &d), LS_ERR_HASH);
    assert_word(&d, "\"transactionsRoot\"");
    unload(&l);
}

static void an_altered_transaction_is_named_by_index(void **state)
{
    struct loaded l;
    struct ls_diag d = {""};

    (void)state;
    load_devnet(&l, 100);
    assert_int_equal(decode_altered(&l, "\"input\":\"0x3", "\"input\":\"0x4", &d), LS_ERR_HASH);
    assert_word(&d, "transaction 0: \"hash\"");
    assert_int_equal(decode_altered(&l, "\"type\":\"0x2\"", "\"type\":\"0x9\"", &d),
                     LS_ERR_UNSUPPORTED);
    assert_word(&d, "transaction ");
    unload(&l);
}

static void a_missing_hash_is_computed(void **state)
{
    struct loaded l;
    struct ls_buf b;
    char *text;
    struct cJSON *block;
    struct ls_arena a;
    struct ls_block out;
    char member[128];
    char hex[65] = {0};

    (void)state;
    load_devnet(&l, 61);
    b = text_of(&l);
    ls_hex_encode(l.block.hash.b, 32, hex);
    (void)snprintf(member, sizeof member, "\"hash\":\"0x%s\",", hex);
    text = replaced((const char *)b.p, member, "");
    block = json_of(text);
    ls_arena_init(&a, ARENA_MAX);
    assert_int_equal(ls_block_from_json(block, &a, &out, NULL), LS_OK);
    assert_true(ls_hash_eq(&out.hash, &l.block.hash));
    ls_arena_fini(&a);
    ls_json_free(block);
    free(text);
    ls_buf_fini(&b);
    unload(&l);
}

/* --- lists --- */

static enum ls_err decode_with_txs(const struct loaded *l, const char *list, struct ls_arena *a,
                                   struct ls_block *out, struct ls_diag *d)
{
    struct ls_buf b = text_of(l);
    char *text = replaced((const char *)b.p, "\"transactions\":", "\"was\":");
    char *closed;
    char members[512];
    struct cJSON *block;
    enum ls_err e;

    (void)snprintf(members, sizeof members, "{%s", list);
    closed = replaced(text, "{", members);
    block = json_of(closed);
    e = ls_block_from_json(block, a, out, d);
    ls_json_free(block);
    free(closed);
    free(text);
    ls_buf_fini(&b);
    return e;
}

static void hashes_only_are_counted_and_never_an_origin(void **state)
{
    struct loaded l;
    struct ls_arena a;
    struct ls_block b;
    struct ls_l2_ref ref;

    (void)state;
    load_devnet(&l, 61);
    ls_arena_init(&a, ARENA_MAX);
    assert_int_equal(decode_with_txs(&l, "\"transactions\":[\"" DEVNET_L1 "\",\"" DEVNET_L2 "\"],",
                                     &a, &b, NULL),
                     LS_OK);
    assert_false(b.is_hydrated);
    assert_int_equal(b.tx_count, 2);
    assert_null(b.txs);
    assert_int_equal(ls_block_verify(&b, NULL), LS_OK);
    assert_int_equal(ls_block_l2_ref(&b, NULL, &ref, NULL), LS_ERR_TYPE);
    ls_arena_fini(&a);
    unload(&l);
}

static void broken_lists_are_refused(void **state)
{
    struct loaded l;
    struct ls_arena a;
    struct ls_block b;
    struct ls_diag d = {""};

    (void)state;
    load_devnet(&l, 61);
    ls_arena_init(&a, ARENA_MAX);
    assert_int_equal(decode_with_txs(&l, "", &a, &b, &d), LS_ERR_MISSING);
    assert_int_equal(decode_with_txs(&l, "\"transactions\":{},", &a, &b, &d), LS_ERR_TYPE);
    assert_int_equal(decode_with_txs(&l, "\"transactions\":null,", &a, &b, &d), LS_ERR_TYPE);
    assert_int_equal(decode_with_txs(&l, "\"transactions\":[\"0x1\"],", &a, &b, &d), LS_ERR_PARSE);
    assert_int_equal(decode_with_txs(&l, "\"transactions\":[\"" DEVNET_L1 "\",{}],", &a, &b, &d),
                     LS_ERR_TYPE);
    assert_word(&d, "transaction 1");
    assert_int_equal(decode_with_txs(&l, "\"transactions\":[null],", &a, &b, &d), LS_ERR_TYPE);
    assert_int_equal(decode_altered(&l, "\"withdrawals\":[]", "\"withdrawals\":{}", &d),
                     LS_ERR_TYPE);
    assert_word(&d, "\"withdrawals\"");
    ls_arena_fini(&a);
    unload(&l);
}

/* Every maximum up to the first that suffices: each refusal is the limit's, at its very edge too.
 */
static void a_block_larger_than_the_arena_is_a_limit(void **state)
{
    struct loaded l;
    struct ls_diag d = {""};
    enum ls_err e = LS_ERR_LIMIT;
    size_t max = 0;

    (void)state;
    load_devnet(&l, 61);
    for (; e != LS_OK; max++) {
        struct ls_arena a;
        struct ls_block b;

        ls_arena_init(&a, max);
        e = ls_block_from_json(ls_json_get(l.row, "block"), &a, &b, &d);
        ls_arena_fini(&a);
        if (e != LS_OK) {
            assert_int_equal(e, LS_ERR_LIMIT);
            assert_word(&d, "does not fit");
        }
    }
    assert_true(max > 256);
    unload(&l);
}

static void more_transactions_than_the_maximum_are_a_limit(void **state)
{
    struct loaded l;
    struct ls_buf list;
    struct ls_arena a;
    struct ls_block b;
    struct ls_diag d = {""};
    struct cJSON *txs;

    (void)state;
    load_devnet(&l, 61);
    ls_buf_init(&list, 16u << 20);
    (void)ls_buf_puts(&list, "{\"was\":0,\"transactions\":[0");
    for (size_t i = 0; i < LS_BLOCK_TX_MAX; i++) {
        (void)ls_buf_puts(&list, ",0");
    }
    (void)ls_buf_puts(&list, "],");
    {
        struct ls_buf text = text_of(&l);
        char *renamed = replaced((const char *)text.p, "\"transactions\":", "\"old\":");

        (void)ls_buf_puts(&list, renamed + 1);
        free(renamed);
        ls_buf_fini(&text);
    }
    txs = json_of((const char *)list.p);
    ls_arena_init(&a, ARENA_MAX);
    assert_int_equal(ls_block_from_json(txs, &a, &b, &d), LS_ERR_LIMIT);
    assert_word(&d, "65537 transactions");
    ls_arena_fini(&a);
    ls_json_free(txs);
    ls_buf_fini(&list);
    unload(&l);
}

/* --- the fork schedule --- */

/* What a rule looks at, altered; each must be refused, and the sentence name the field. */
enum alteration {
    ALTER_UNCLES,
    ALTER_DIFFICULTY,
    ALTER_NONCE,
    ALTER_TAIL_SHORT,
    ALTER_WITHDRAWALS_GONE,
    ALTER_WITHDRAWALS_ONE,
    ALTER_WITHDRAWALS_ROOT,
    ALTER_REQUESTS,
    ALTER_EXCESS,
    ALTER_BLOB_GAS,
    ALTER_EXTRA_LENGTH,
    ALTER_EXTRA_VERSION,
    ALTER_EXTRA_DENOMINATOR,
    ALTER_NO_TXS
};

static void alter(struct ls_block *b, enum alteration a)
{
    switch (a) {
    case ALTER_UNCLES:
        b->header.uncles_hash.b[0] ^= 1;
        return;
    case ALTER_DIFFICULTY:
        b->header.difficulty.be[31] = 1;
        return;
    case ALTER_NONCE:
        b->header.nonce[7] = 1;
        return;
    case ALTER_TAIL_SHORT:
        b->header.tail = (enum ls_header_tail)(b->header.tail - 1);
        return;
    case ALTER_WITHDRAWALS_GONE:
        b->has_withdrawals = false;
        return;
    case ALTER_WITHDRAWALS_ONE:
        b->withdrawal_count = 1;
        return;
    case ALTER_WITHDRAWALS_ROOT:
        b->header.withdrawals_root.b[0] ^= 1;
        return;
    case ALTER_REQUESTS:
        b->header.requests_hash.b[0] ^= 1;
        return;
    case ALTER_EXCESS:
        b->header.excess_blob_gas = 1;
        return;
    case ALTER_BLOB_GAS:
        b->header.blob_gas_used = 1;
        return;
    case ALTER_EXTRA_LENGTH:
        b->header.extra_bytes++;
        return;
    case ALTER_EXTRA_VERSION:
        b->header.extra[0] ^= 1;
        return;
    case ALTER_EXTRA_DENOMINATOR:
        memset(b->header.extra + 1, 0, 4);
        return;
    case ALTER_NO_TXS:
        b->tx_count = 0;
        return;
    }
}

static void each_rule_of_a_fork_is_enforced(void **state)
{
    static const struct {
        uint64_t number;
        enum alteration alteration;
        const char *word; /* NULL: allowed at this fork */
    } V[] = {
        {1, ALTER_UNCLES, "sha3Uncles"},
        {1, ALTER_DIFFICULTY, "difficulty"},
        {0, ALTER_DIFFICULTY, NULL},
        {1, ALTER_NONCE, "nonce"},
        {0, ALTER_NONCE, NULL},
        {1, ALTER_TAIL_SHORT, "fewer"},
        {10, ALTER_TAIL_SHORT, "fewer"},
        {50, ALTER_TAIL_SHORT, "fewer"},
        {1, ALTER_WITHDRAWALS_GONE, "withdrawals"},
        {50, ALTER_WITHDRAWALS_ONE, "withdrawals"},
        {1, ALTER_WITHDRAWALS_ROOT, "withdrawalsRoot"},
        {40, ALTER_WITHDRAWALS_ROOT, "withdrawalsRoot"},
        {50, ALTER_WITHDRAWALS_ROOT, NULL},
        {50, ALTER_REQUESTS, "requestsHash"},
        {40, ALTER_REQUESTS, NULL},
        {10, ALTER_EXCESS, "excessBlobGas"},
        {61, ALTER_EXCESS, "excessBlobGas"},
        {51, ALTER_BLOB_GAS, "blobGasUsed"},
        {60, ALTER_BLOB_GAS, NULL},
        {1, ALTER_EXTRA_LENGTH, "1 bytes instead of 0"},
        {40, ALTER_EXTRA_LENGTH, "10 bytes instead of 9"},
        {60, ALTER_EXTRA_LENGTH, "18 bytes instead of 17"},
        {0, ALTER_EXTRA_LENGTH, NULL},
        {40, ALTER_EXTRA_VERSION, "version 1"},
        {60, ALTER_EXTRA_VERSION, "version 0"},
        {40, ALTER_EXTRA_DENOMINATOR, "denominator"},
        {61, ALTER_EXTRA_DENOMINATOR, "denominator"},
        {61, ALTER_NO_TXS, "L1-info"},
        {0, ALTER_NO_TXS, NULL},
    };
    struct ls_rollup r = devnet();

    (void)state;
    for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
        struct loaded l;
        struct ls_diag d = {""};
        enum ls_err e;

        load_devnet(&l, V[i].number);
        alter(&l.block, V[i].alteration);
        e = ls_block_check_fork(&l.block, &r, &d);
        if (e != (V[i].word == NULL ? LS_OK : LS_ERR_PARSE)) {
            fail_msg("case %d: %s", (int)i, d.text);
        }
        if (V[i].word != NULL) {
            assert_word(&d, V[i].word);
        }
        unload(&l);
    }
}

static void fields_of_a_later_fork_are_refused(void **state)
{
    struct ls_rollup r = devnet();
    struct loaded l;
    struct ls_diag d = {""};

    (void)state;
    r.fork_time[LS_FORK_ISTHMUS] = LS_FORK_NEVER;
    r.fork_time[LS_FORK_JOVIAN] = LS_FORK_NEVER;
    load_devnet(&l, 50);
    assert_int_equal(ls_block_check_fork(&l.block, &r, &d), LS_ERR_PARSE);
    assert_word(&d, "more fields than a block of \"holocene\"");
    unload(&l);
}

static void an_l1_info_format_out_of_schedule_is_refused(void **state)
{
    struct ls_rollup r = devnet();
    struct loaded l;
    struct ls_diag d = {""};

    (void)state;
    r.fork_time[LS_FORK_ECOTONE] -= 2; /* makes block 10 the second of Ecotone */
    load_devnet(&l, 10);
    assert_int_equal(ls_block_check_fork(&l.block, &r, &d), LS_ERR_PARSE);
    assert_word(&d, "\"bedrock\" where the fork schedule demands \"ecotone\"");
    unload(&l);
}

/* --- references --- */

static void genesis_takes_its_origin_from_the_config(void **state)
{
    struct ls_rollup r = devnet();
    struct loaded l;
    struct ls_l2_ref ref;
    struct ls_diag d = {""};

    (void)state;
    load_devnet(&l, 0);
    assert_int_equal(ls_block_l2_ref(&l.block, &r, &ref, NULL), LS_OK);
    assert_hash_is(&ref.hash, DEVNET_L2);
    assert_hash_is(&ref.l1_origin.hash, DEVNET_L1);
    assert_int_equal(ref.l1_origin.number, 2);
    assert_int_equal(ls_block_l2_ref(&l.block, NULL, &ref, NULL), LS_OK);
    assert_true(ls_hash_is_zero(&ref.l1_origin.hash));
    r.genesis_l2.hash = hash_of(DEVNET_L1);
    assert_int_equal(ls_block_l2_ref(&l.block, &r, &ref, &d), LS_ERR_HASH);
    assert_word(&d, DEVNET_L1);
    assert_word(&d, DEVNET_L2);
    unload(&l);
}

static void genesis_is_known_by_number(void **state)
{
    struct ls_rollup r = devnet();
    struct loaded l;
    struct ls_l2_ref ref;

    (void)state;
    load_devnet(&l, 61);
    r.genesis_l2 = (struct ls_block_id){l.block.hash, 61};
    assert_int_equal(ls_block_l2_ref(&l.block, &r, &ref, NULL), LS_OK);
    assert_hash_is(&ref.l1_origin.hash, DEVNET_L1);
    assert_int_equal(ref.sequence_number, 0);
    unload(&l);
}

static void an_l1_reference_is_four_header_fields(void **state)
{
    struct loaded l;
    struct ls_l1_ref ref;

    (void)state;
    load_devnet(&l, 61);
    ref = ls_block_l1_ref(&l.block);
    assert_true(ls_hash_eq(&ref.hash, &l.block.hash));
    assert_true(ls_hash_eq(&ref.parent, &l.block.header.parent));
    assert_int_equal(ref.number, 61);
    assert_int_equal(ref.timestamp, 1795342988 + 2 * 61);
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_blocks_decode_verify_and_name_their_origin),
        cmocka_unit_test(every_fork_of_the_devnet_passes_its_schedule),
        cmocka_unit_test(an_altered_header_is_a_wrong_hash),
        cmocka_unit_test(a_transaction_too_few_is_a_wrong_root),
        cmocka_unit_test(an_altered_transaction_is_named_by_index),
        cmocka_unit_test(a_missing_hash_is_computed),
        cmocka_unit_test(hashes_only_are_counted_and_never_an_origin),
        cmocka_unit_test(broken_lists_are_refused),
        cmocka_unit_test(a_block_larger_than_the_arena_is_a_limit),
        cmocka_unit_test(more_transactions_than_the_maximum_are_a_limit),
        cmocka_unit_test(each_rule_of_a_fork_is_enforced),
        cmocka_unit_test(fields_of_a_later_fork_are_refused),
        cmocka_unit_test(an_l1_info_format_out_of_schedule_is_refused),
        cmocka_unit_test(genesis_takes_its_origin_from_the_config),
        cmocka_unit_test(genesis_is_known_by_number),
        cmocka_unit_test(an_l1_reference_is_four_header_fields),
    };

    return cmocka_run_group_tests_name("op block", tests, NULL, NULL);
}
