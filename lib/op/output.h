/*
 * Output root, version 0: keccak256(version || stateRoot || messagePasserRoot || blockHash).
 */
#ifndef LS_OP_OUTPUT_H
#define LS_OP_OUTPUT_H

#include "lib/op/types.h"

/* keccak256 of version 0, state root, storage root of the L2ToL1MessagePasser, block hash. */
struct ls_hash ls_output_root_v0(const struct ls_hash *state_root,
                                 const struct ls_hash *message_passer_root,
                                 const struct ls_hash *block_hash);

#endif
