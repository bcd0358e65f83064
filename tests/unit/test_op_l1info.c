/* L1-info calldata of the four packings, and which one a block must carry. */
#include "tests/unit/op_vectors.h"

#include "lib/op/l1info.h"

#define CALLDATA_MAX 260u

struct packing {
    const char *selector;
    size_t bytes;
    enum ls_l1info_format format;
};

static const struct packing PACKINGS[] = {
    {"0x015d8eb9", 260, LS_L1INFO_BEDROCK},
    {"0x440a5e20", 164, LS_L1INFO_ECOTONE},
    {"0x098999be", 176, LS_L1INFO_ISTHMUS},
    {"0x3db6be2b", 178, LS_L1INFO_JOVIAN},
};
#define PACKING_COUNT (sizeof PACKINGS / sizeof PACKINGS[0])

/* Calldata whose number is 0x…01, time 0x…02, sequence number 0x…03, hash 32 times 0xaa. */
static struct ls_span calldata_of(const struct packing *p, uint8_t mem[CALLDATA_MAX])
{
    static const size_t WORD_END = 7;
    bool is_abi = p->format == LS_L1INFO_BEDROCK;

    memset(mem, 0, CALLDATA_MAX);
    assert_int_equal(ls_hex_fixed(p->selector, strlen(p->selector), mem, 4), LS_OK);
    mem[28 + WORD_END] = 1;
    mem[(is_abi ? 60 : 20) + WORD_END] = 2;
    mem[(is_abi ? 156 : 12) + WORD_END] = 3;
    memset(mem + 100, 0xaa, 32);
    return (struct ls_span){mem, p->bytes};
}

static void every_packing_gives_origin_time_and_sequence(void **state)
{
    (void)state;
    for (size_t i = 0; i < PACKING_COUNT; i++) {
        uint8_t mem[CALLDATA_MAX];
        struct ls_l1info info;

        assert_int_equal(ls_l1info_decode(calldata_of(&PACKINGS[i], mem), &info, NULL), LS_OK);
        assert_int_equal(info.format, PACKINGS[i].format);
        assert_int_equal(info.origin.number, 1);
        assert_int_equal(info.origin_time, 2);
        assert_int_equal(info.sequence_number, 3);
        assert_hash_is(&info.origin.hash,
                       "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    }
}

static void every_other_length_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < PACKING_COUNT; i++) {
        uint8_t mem[CALLDATA_MAX + 1] = {0};
        struct ls_span calldata = calldata_of(&PACKINGS[i], mem);
        struct ls_l1info info;

        for (size_t n = 0; n <= CALLDATA_MAX + 1; n++) {
            enum ls_err e = ls_l1info_decode((struct ls_span){mem, n}, &info, NULL);

            assert_int_equal(e, n == calldata.n ? LS_OK : LS_ERR_PARSE);
        }
    }
}

static void an_unknown_selector_is_named(void **state)
{
    uint8_t mem[CALLDATA_MAX];
    struct ls_span calldata = calldata_of(&PACKINGS[0], mem);
    struct ls_l1info info;
    struct ls_diag d = {""};

    (void)state;
    mem[3]++;
    assert_int_equal(ls_l1info_decode(calldata, &info, &d), LS_ERR_PARSE);
    assert_non_null(strstr(d.text, "\"0x015d8eba\""));
}

/* Flips each byte in turn: the ones that must be zero make it refuse, the others do not. */
static void padding_must_be_zero_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < PACKING_COUNT; i++) {
        bool is_abi = PACKINGS[i].format == LS_L1INFO_BEDROCK;
        uint8_t mem[CALLDATA_MAX];
        struct ls_span calldata = calldata_of(&PACKINGS[i], mem);

        for (size_t at = 4; at < calldata.n; at++) {
            bool is_padding = is_abi ? (at < 28) || (at >= 36 && at < 60) ||
                                           (at >= 132 && at < 156) || (at >= 164 && at < 176)
                                     : at >= 132 && at < 144;
            struct ls_l1info info;

            mem[at] ^= 0x80;
            assert_int_equal(ls_l1info_decode(calldata, &info, NULL),
                             is_padding ? LS_ERR_PARSE : LS_OK);
            mem[at] ^= 0x80;
        }
    }
}

/* The order of formats around each activation; real calldata is checked with its block in
 * test_op_block.c. */
static void a_fork_speaks_its_format_one_block_late(void **state)
{
    struct ls_rollup r = {.genesis_l2_time = 1000, .block_time = 2};
    struct {
        uint64_t time;
        enum ls_l1info_format format;
    } v[] = {
        {1002, LS_L1INFO_BEDROCK}, {1018, LS_L1INFO_BEDROCK}, {1020, LS_L1INFO_BEDROCK},
        {1022, LS_L1INFO_ECOTONE}, {1100, LS_L1INFO_ECOTONE}, {1102, LS_L1INFO_ISTHMUS},
        {1120, LS_L1INFO_ISTHMUS}, {1122, LS_L1INFO_JOVIAN},  {9999, LS_L1INFO_JOVIAN},
    };

    (void)state;
    for (size_t f = 0; f < LS_FORK_COUNT; f++) {
        r.fork_time[f] = 0;
    }
    r.fork_time[LS_FORK_ECOTONE] = 1020;
    r.fork_time[LS_FORK_ISTHMUS] = 1100;
    r.fork_time[LS_FORK_JOVIAN] = 1120;
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
        assert_int_equal(ls_l1info_expected(&r, v[i].time), v[i].format);
    }
}

static void a_fork_at_genesis_speaks_its_format_from_block_one(void **state)
{
    struct ls_rollup r = {.genesis_l2_time = 1000, .block_time = 2};

    (void)state;
    r.fork_time[LS_FORK_ISTHMUS] = LS_FORK_NEVER;
    r.fork_time[LS_FORK_JOVIAN] = LS_FORK_NEVER;
    r.fork_time[LS_FORK_ECOTONE] = 1000;
    assert_int_equal(ls_l1info_expected(&r, 1002), LS_L1INFO_ECOTONE);
    r.fork_time[LS_FORK_ECOTONE] = 0;
    assert_int_equal(ls_l1info_expected(&r, 1002), LS_L1INFO_ECOTONE);
}

/* Two forks in one block: the format of the newest that is past its first block. */
static void forks_in_one_block_keep_the_old_format_together(void **state)
{
    struct ls_rollup r = {.genesis_l2_time = 1000, .block_time = 2};

    (void)state;
    r.fork_time[LS_FORK_ECOTONE] = 0;
    r.fork_time[LS_FORK_ISTHMUS] = 1100;
    r.fork_time[LS_FORK_JOVIAN] = 1100;
    assert_int_equal(ls_l1info_expected(&r, 1100), LS_L1INFO_ECOTONE);
    assert_int_equal(ls_l1info_expected(&r, 1102), LS_L1INFO_JOVIAN);
}

static void formats_have_names(void **state)
{
    (void)state;
    assert_string_equal(ls_l1info_format_name(LS_L1INFO_BEDROCK), "bedrock");
    assert_string_equal(ls_l1info_format_name(LS_L1INFO_JOVIAN), "jovian");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packing_gives_origin_time_and_sequence),
        cmocka_unit_test(every_other_length_is_refused),
        cmocka_unit_test(an_unknown_selector_is_named),
        cmocka_unit_test(padding_must_be_zero_and_nothing_else),
        cmocka_unit_test(a_fork_speaks_its_format_one_block_late),
        cmocka_unit_test(a_fork_at_genesis_speaks_its_format_from_block_one),
        cmocka_unit_test(forks_in_one_block_keep_the_old_format_together),
        cmocka_unit_test(formats_have_names),
    };

    return cmocka_run_group_tests_name("op l1info", tests, NULL, NULL);
}
