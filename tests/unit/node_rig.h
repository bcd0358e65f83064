/*
 * What the tests of node/io share: the rollup config of the recorded devnet, its blocks, and the
 * payloads made from them. Tests run at the root of the tree.
 */
#ifndef LS_TESTS_NODE_RIG_H
#define LS_TESTS_NODE_RIG_H

#include "tests/unit/op_vectors.h"

#include "lib/arena.h"
#include "lib/op/block.h"
#include "lib/op/payload.h"
#include "lib/op/rollup.h"

#define RIG_GENESIS "0x074ce55b9e580b744fa584b07ca4572692057165af46a71a98744082f9b5b34a"
#define RIG_HASH_A "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define RIG_HASH_B "0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define RIG_HASH_0 "0x0000000000000000000000000000000000000000000000000000000000000000"

/* The devnet's config as op-node wrote it; block 100 is a Jovian block. */
static const char RIG_ROLLUP[] =
    "{\n \"genesis\": {\n  \"l1\": {\"hash\": "
    "\"0x672832514e7a4f820c61fd12557b96e91c60b7b3460df2db6394fe8825493acb\", \"number\": 2},\n"
    "  \"l2\": {\"hash\": \"" RIG_GENESIS "\", \"number\": 0},\n  \"l2_time\": 1795342988,\n"
    "  \"system_config\": {\"batcherAddr\": \"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\",\n"
    "   \"overhead\": \"" RIG_HASH_0 "\", \"scalar\": \"" RIG_HASH_0 "\",\n"
    "   \"gasLimit\": 60000000, \"eip1559Params\": \"0x0000000000000000\",\n"
    "   \"operatorFeeParams\": \"" RIG_HASH_0 "\", \"minBaseFee\": 0,\n"
    "   \"daFootprintGasScalar\": 0}\n },\n"
    " \"block_time\": 2, \"max_sequencer_drift\": 600, \"seq_window_size\": 3600,\n"
    " \"channel_timeout\": 300, \"l1_chain_id\": 900, \"l2_chain_id\": 901,\n"
    " \"regolith_time\": 0, \"canyon_time\": 0, \"delta_time\": 0, \"ecotone_time\": 1795343008,\n"
    " \"fjord_time\": 1795343028, \"granite_time\": 1795343048, \"holocene_time\": 1795343068,\n"
    " \"isthmus_time\": 1795343088, \"jovian_time\": 1795343108,\n"
    " \"batch_inbox_address\": \"0xff00000000000000000000000000000000000901\",\n"
    " \"deposit_contract_address\": \"0x1000000000000000000000000000000000000002\",\n"
    " \"l1_system_config_address\": \"0x1000000000000000000000000000000000000001\",\n"
    " \"protocol_versions_address\": \"0x0000000000000000000000000000000000000000\"\n}\n";

static inline struct ls_rollup rig_rollup(void)
{
    struct ls_rollup r;
    struct ls_diag d = {""};

    if (ls_rollup_parse(RIG_ROLLUP, sizeof RIG_ROLLUP - 1, &r, &d) != LS_OK) {
        fail_msg("config of the rig: %s", d.text);
    }
    return r;
}

/* A block of the devnet: its JSON as text (what a node's result would be), and decoded. */
struct rig_block {
    struct ls_buf json;
    struct ls_arena arena;
    struct ls_block block;
};

static inline void rig_block_load(struct rig_block *b, uint64_t number)
{
    struct ls_buf rows = vectors_load(VECTORS_BLOCKS);
    struct ls_span rest = ls_buf_span(&rows);
    struct cJSON *row = NULL;
    bool found = false;

    ls_buf_init(&b->json, 1u << 20);
    ls_arena_init(&b->arena, 8u << 20);
    while (!found && (row = vectors_next(&rest)) != NULL) {
        const struct cJSON *block = ls_json_get(row, "block");
        uint64_t n = 0;

        found = strcmp(ls_json_str(ls_json_get(row, "chain")), "devnet") == 0 &&
                ls_json_quantity(ls_json_get(block, "number"), &n) == LS_OK && n == number;
        if (found) {
            ls_json_print(block, &b->json);
            assert_int_equal(ls_block_from_json(block, &b->arena, &b->block, NULL), LS_OK);
        }
        ls_json_free(row);
    }
    assert_true(found);
    ls_buf_fini(&rows);
}

static inline void rig_block_fini(struct rig_block *b)
{
    ls_buf_fini(&b->json);
    ls_arena_fini(&b->arena);
}

/* The payload of a loaded block, with the parent beacon root its envelope carries. */
static inline struct ls_payload rig_payload(const struct rig_block *b)
{
    struct ls_payload p;

    assert_int_equal(ls_payload_from_block(&b->block, &p), LS_OK);
    if (b->block.header.tail >= LS_TAIL_BEACON_ROOT) {
        p.has_beacon_root = true;
        p.beacon_root = b->block.header.beacon_root;
    }
    return p;
}

#endif
