/*
 * The parameters of op-reth's methods as tables for mocks/rpc/serde.h: alloy's and op-alloy's
 * types with their fields in the order of the Rust structs, which decides what a fault names.
 * A method's parameters are a struct themselves: given by position or, in an object, by name.
 */
#ifndef LS_MOCKS_RETH_TYPES_H
#define LS_MOCKS_RETH_TYPES_H

#include "mocks/rpc/engine_parts.h"
#include "mocks/rpc/serde.h"

struct ls_reth_withdrawal {
    uint64_t index;
    uint64_t validator_index;
    struct ls_addr address;
    uint64_t amount; /* gwei */
};

/* engine_newPayload. Lists that args names by pointer and count are here until they are joined. */
struct ls_reth_np {
    struct ls_np_args args;
    uint8_t bloom[256];
    struct ls_serde_list txs;         /* struct ls_span */
    struct ls_serde_list withdrawals; /* struct ls_reth_withdrawal */
    struct ls_serde_list hashes;      /* struct ls_hash */
    struct ls_serde_list requests;    /* struct ls_span */
};

/* engine_forkchoiceUpdated. */
struct ls_reth_fcu {
    struct ls_forkchoice state;
    bool has_attributes;
    struct {
        struct ls_attributes at;
        struct ls_serde_list txs;
        struct ls_serde_list withdrawals;
        uint8_t eip1559[8];
        bool has_eip1559;
    } attributes;
};

/* What the methods that read take. */
struct ls_reth_read {
    struct ls_serde_block block;
    struct ls_hash hash;
    uint8_t address[20];
    bool has_block;
    bool is_full;
    uint8_t id[8];
    struct ls_span rlp;
    uint64_t start;
    uint64_t count;
    struct ls_serde_list list; /* hashes, names or keys */
};

struct ls_reth_client {
    unsigned code;
    struct ls_span name;
    struct ls_span version;
    struct ls_span commit;
};

extern const struct ls_serde_struct LS_RETH_NEW_PAYLOAD_V2;
extern const struct ls_serde_struct LS_RETH_NEW_PAYLOAD_V3;
extern const struct ls_serde_struct LS_RETH_NEW_PAYLOAD_V4;
extern const struct ls_serde_struct LS_RETH_FORKCHOICE;
extern const struct ls_serde_struct LS_RETH_PAYLOAD_ID;
extern const struct ls_serde_struct LS_RETH_BODIES_BY_HASH;
extern const struct ls_serde_struct LS_RETH_BODIES_BY_RANGE;
extern const struct ls_serde_struct LS_RETH_CAPABILITIES;
extern const struct ls_serde_struct LS_RETH_CLIENT; /* into struct ls_reth_client */
extern const struct ls_serde_struct LS_RETH_BLOCK_BY_NUMBER;
extern const struct ls_serde_struct LS_RETH_BLOCK_BY_HASH;
extern const struct ls_serde_struct LS_RETH_BLOCK_ID; /* one EIP-1898 block */
extern const struct ls_serde_struct LS_RETH_PROOF;
extern const struct ls_serde_struct LS_RETH_HASH;    /* of a block or a transaction */
extern const struct ls_serde_struct LS_RETH_ACCOUNT; /* in the state of a block, or the newest */
extern const struct ls_serde_struct LS_RETH_OWN_PAYLOAD; /* of reth_newPayload */

/* Decodes the call's parameters. false: the call has failed with -32602 "Invalid params" and
 * serde's sentence as data; its text lives in the arena. */
bool ls_reth_params(struct ls_rpc_call *call, struct ls_arena *arena,
                    const struct ls_serde_struct *t, void *out);

#endif
