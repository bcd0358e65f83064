/* Rollup config: what is read, what is refused, and the schedule. */
#include "tests/unit/op_vectors.h"

#include "lib/op/rollup.h"

#define L1_HASH "0x672832514e7a4f820c61fd12557b96e91c60b7b3460df2db6394fe8825493acb"
#define L2_HASH "0x074ce55b9e580b744fa584b07ca4572692057165af46a71a98744082f9b5b34a"

/* The form op-node writes. */
static const char OP_NODE[] =
    "{\"genesis\":{\"l1\":{\"hash\":\"" L1_HASH "\",\"number\":2},"
    "\"l2\":{\"hash\":\"" L2_HASH "\",\"number\":7},\"l2_time\":1000,"
    "\"system_config\":{\"batcherAddr\":\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\","
    "\"overhead\":\"0x0000000000000000000000000000000000000000000000000000000000000000\","
    "\"scalar\":\"0x010000000000000000000000000000000000000000000000000c5fc500000558\","
    "\"gasLimit\":60000000,\"eip1559Params\":\"0x0000000000000000\","
    "\"operatorFeeParams\":"
    "\"0x0000000000000000000000000000000000000000000000000000000000000000\","
    "\"minBaseFee\":0,\"daFootprintGasScalar\":0}},"
    "\"block_time\":2,\"max_sequencer_drift\":600,\"seq_window_size\":3600,"
    "\"channel_timeout\":300,\"l1_chain_id\":900,\"l2_chain_id\":901,"
    "\"regolith_time\":0,\"canyon_time\":1000,\"delta_time\":1010,\"ecotone_time\":1020,"
    "\"fjord_time\":1030,\"granite_time\":1040,\"holocene_time\":1050,\"isthmus_time\":1060,"
    "\"jovian_time\":1070,\"batch_inbox_address\":\"0xff00000000000000000000000000000000000901\","
    "\"deposit_contract_address\":\"0x1000000000000000000000000000000000000002\","
    "\"l1_system_config_address\":\"0x1000000000000000000000000000000000000001\","
    "\"protocol_versions_address\":\"0x0000000000000000000000000000000000000000\","
    "\"chain_op_config\":{\"eip1559Elasticity\":6,\"eip1559Denominator\":50,"
    "\"eip1559DenominatorCanyon\":250}}";

/* The form op-alloy writes for base-sepolia: chain by name, nulls, members of its own. */
static const char OP_ALLOY[] =
    "{\"genesis\":{\"l1\":{\"number\":4370868,\"hash\":"
    "\"0xcac9a83291d4dec146d6f7f69ab2304f23f5be87b1789119a0c5b1e4482444ed\"},"
    "\"l2\":{\"number\":0,\"hash\":"
    "\"0x0dcc9e089e30b90ddfc55be9a37dd15bc551aeee999d2e2b51414c54eaf934e4\"},"
    "\"l2_time\":1695768288,\"system_config\":{\"gasLimit\":25000000,\"baseFeeScalar\":null,"
    "\"eip1559Denominator\":null,\"operatorFeeScalar\":null}},"
    "\"block_time\":2,\"granite_channel_timeout\":50,\"l1_chain_id\":11155111,"
    "\"l2_chain_id\":\"base-sepolia\",\"regolith_time\":0,\"canyon_time\":1699981200,"
    "\"delta_time\":1703203200,\"pectra_blob_schedule_time\":1742486400,\"blobs_data\":0,"
    "\"interop_message_expiry_window\":0,\"alt_da\":null}";

static struct ls_rollup parsed(const char *text)
{
    struct ls_rollup r;
    struct ls_diag d = {""};

    if (ls_rollup_parse(text, strlen(text), &r, &d) != LS_OK) {
        fail_msg("refused: %s", d.text);
    }
    return r;
}

/* OP_NODE with old replaced by new is refused, and the sentence holds word. */
static void assert_refused(const char *old, const char *new, const char *word)
{
    char *text = replaced(OP_NODE, old, new);
    struct ls_rollup r = {.block_time = 77};
    struct ls_diag d = {""};

    assert_int_equal(ls_rollup_parse(text, strlen(text), &r, &d), LS_ERR_CONFIG);
    if (strstr(d.text, word) == NULL) {
        fail_msg("\"%s\" is not in: %s", word, d.text);
    }
    assert_int_equal(r.block_time, 77);
    free(text);
}

static void reads_what_op_node_writes(void **state)
{
    struct ls_rollup r = parsed(OP_NODE);

    (void)state;
    assert_hash_is(&r.genesis_l1.hash, L1_HASH);
    assert_int_equal(r.genesis_l1.number, 2);
    assert_hash_is(&r.genesis_l2.hash, L2_HASH);
    assert_int_equal(r.genesis_l2.number, 7);
    assert_int_equal(r.genesis_l2_time, 1000);
    assert_int_equal(r.block_time, 2);
    assert_int_equal(r.l1_chain_id, 900);
    assert_int_equal(r.l2_chain_id, 901);
    assert_int_equal(r.fork_time[LS_FORK_REGOLITH], 0);
    assert_int_equal(r.fork_time[LS_FORK_ISTHMUS], 1060);
    assert_int_equal(r.fork_time[LS_FORK_JOVIAN], 1070);
    assert_true(r.fork_time[LS_FORK_KARST] == LS_FORK_NEVER);
    assert_true(r.fork_time[LS_FORK_INTEROP] == LS_FORK_NEVER);
}

static void reads_what_op_alloy_writes(void **state)
{
    struct ls_rollup r = parsed(OP_ALLOY);

    (void)state;
    assert_int_equal(r.l2_chain_id, 84532);
    assert_int_equal(r.l1_chain_id, 11155111);
    assert_int_equal(r.fork_time[LS_FORK_DELTA], 1703203200);
    assert_true(r.fork_time[LS_FORK_ECOTONE] == LS_FORK_NEVER);
}

static void refuses_unknown_members_by_name(void **state)
{
    (void)state;
    assert_refused("\"jovian_time\"", "\"jovain_time\"", "\"jovain_time\"");
    assert_refused("\"l2_time\"", "\"l2time\"", "genesis: unknown member \"l2time\"");
    assert_refused("\"number\":7", "\"number\":7,\"nonce\":1", "\"nonce\"");
    assert_refused("\"overhead\"", "\"Overhead\"", "\"Overhead\"");
    assert_refused("\"eip1559Elasticity\"", "\"elasticity\"", "\"elasticity\"");
}

static void refuses_wrong_types(void **state)
{
    (void)state;
    assert_refused("\"canyon_time\":1000", "\"canyon_time\":\"1000\"", "\"canyon_time\"");
    assert_refused("\"canyon_time\":1000", "\"canyon_time\":-1", "\"canyon_time\"");
    assert_refused("\"canyon_time\":1000", "\"canyon_time\":1.5", "\"canyon_time\"");
    assert_refused("\"canyon_time\":1000", "\"canyon_time\":9007199254740993", "\"canyon_time\"");
    assert_refused("\"l2_chain_id\":901", "\"l2_chain_id\":\"nowhere\"", "\"l2_chain_id\"");
    assert_refused("0xff00000000000000000000000000000000000901", "0xff", "batch_inbox_address");
    assert_refused("{\"hash\":\"" L1_HASH "\",\"number\":2}", "[]", "\"l1\"");
}

static void refuses_missing_and_zero_members(void **state)
{
    (void)state;
    assert_refused("\"block_time\":2", "\"block_time\":0", "\"block_time\"");
    assert_refused("\"block_time\":2,", "", "\"block_time\"");
    assert_refused("\"l2_chain_id\":901,", "", "\"l2_chain_id\"");
    assert_refused("\"l2_chain_id\":901", "\"l2_chain_id\":900", "chain id");
    assert_refused("\"l1_chain_id\":900", "\"l1_chain_id\":0", "\"l1_chain_id\"");
    assert_refused(",\"l2_time\":1000", "", "\"l2_time\"");
    assert_refused("\"l2_time\":1000", "\"l2_time\":0", "\"genesis.l2_time\"");
    assert_refused(L2_HASH, L1_HASH, "same genesis hash");
    assert_refused(L1_HASH, "0x0000000000000000000000000000000000000000000000000000000000000000",
                   "\"genesis.l1\"");
}

static void refuses_forks_out_of_order(void **state)
{
    (void)state;
    assert_refused("\"delta_time\":1010", "\"delta_time\":999", "\"delta\" at 999");
    assert_refused("\"delta_time\":1010,", "", "\"ecotone\" is set, but not \"delta\"");
    assert_refused("\"delta_time\":1010,", "\"delta_time\":null,", "\"ecotone\" is set");
    assert_refused("\"isthmus_time\":1060", "\"isthmus_time\":1049", "\"isthmus\"");
}

static void leaves_order_after_isthmus_unchecked(void **state)
{
    char *text = replaced(OP_NODE, "\"jovian_time\":1070", "\"jovian_time\":5,\"interop_time\":3");
    struct ls_rollup r = parsed(text);

    (void)state;
    assert_int_equal(r.fork_time[LS_FORK_JOVIAN], 5);
    assert_int_equal(r.fork_time[LS_FORK_INTEROP], 3);
    free(text);
}

static void refuses_what_is_no_object(void **state)
{
    struct ls_rollup r;
    struct ls_diag d = {""};

    (void)state;
    assert_int_equal(ls_rollup_parse("[]", 2, &r, &d), LS_ERR_CONFIG);
    assert_int_equal(ls_rollup_parse("{", 1, &r, &d), LS_ERR_PARSE);
    assert_int_equal(ls_rollup_parse("", 0, &r, NULL), LS_ERR_PARSE);
}

static void a_fork_is_active_from_its_time_on(void **state)
{
    struct ls_rollup r = parsed(OP_NODE);

    (void)state;
    assert_false(ls_rollup_is_active(&r, LS_FORK_ECOTONE, 1019));
    assert_true(ls_rollup_is_active(&r, LS_FORK_ECOTONE, 1020));
    assert_true(ls_rollup_is_active(&r, LS_FORK_BEDROCK, 0));
    assert_false(ls_rollup_is_active(&r, LS_FORK_KARST, UINT64_MAX));
    assert_int_equal(ls_rollup_fork_at(&r, 0), LS_FORK_REGOLITH);
    assert_int_equal(ls_rollup_fork_at(&r, 1049), LS_FORK_GRANITE);
    assert_int_equal(ls_rollup_fork_at(&r, 5000), LS_FORK_JOVIAN);
    assert_string_equal(ls_fork_name(LS_FORK_BEDROCK), "bedrock");
    assert_string_equal(ls_fork_name(LS_FORK_INTEROP), "interop");
}

static void only_the_first_block_of_a_fork_is_its_activation(void **state)
{
    struct ls_rollup r = parsed(OP_NODE);

    (void)state;
    assert_false(ls_rollup_is_activation(&r, LS_FORK_ECOTONE, 1018));
    assert_true(ls_rollup_is_activation(&r, LS_FORK_ECOTONE, 1020));
    assert_true(ls_rollup_is_activation(&r, LS_FORK_ECOTONE, 1021));
    assert_false(ls_rollup_is_activation(&r, LS_FORK_ECOTONE, 1022));
    /* at genesis there is none, whether the fork was set to 0 or to the genesis time */
    assert_false(ls_rollup_is_activation(&r, LS_FORK_REGOLITH, 1000));
    assert_false(ls_rollup_is_activation(&r, LS_FORK_CANYON, 1000));
    assert_false(ls_rollup_is_activation(&r, LS_FORK_CANYON, 1002));
    assert_false(ls_rollup_is_activation(&r, LS_FORK_REGOLITH, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_op_node_writes),
        cmocka_unit_test(reads_what_op_alloy_writes),
        cmocka_unit_test(refuses_unknown_members_by_name),
        cmocka_unit_test(refuses_wrong_types),
        cmocka_unit_test(refuses_missing_and_zero_members),
        cmocka_unit_test(refuses_forks_out_of_order),
        cmocka_unit_test(leaves_order_after_isthmus_unchecked),
        cmocka_unit_test(refuses_what_is_no_object),
        cmocka_unit_test(a_fork_is_active_from_its_time_on),
        cmocka_unit_test(only_the_first_block_of_a_fork_is_its_activation),
    };

    return cmocka_run_group_tests_name("op rollup", tests, NULL, NULL);
}
