/*
 * What eth_getProof says of an account, held against the state root of the block it was asked at.
 */
#ifndef LS_OP_ACCOUNT_H
#define LS_OP_ACCOUNT_H

#include <stdbool.h>

#include "lib/err.h"
#include "lib/op/types.h"

struct cJSON;

/* The predeploy 0x4200…0016 whose storage root output roots commit to. */
extern const struct ls_addr LS_MESSAGE_PASSER;

#define LS_ACCOUNT_NODES_MAX 65u /* a node for each nibble of the hashed address, and the root */
#define LS_ACCOUNT_NODE_BYTES_MAX 1024u /* the largest branch has 532 */

struct ls_account {
    bool is_there;               /* false: proved that the state has no such account */
    struct ls_hash storage_root; /* of the empty trie when it is not there */
};

/* Proves a result of eth_getProof: its accountProof leads from state_root to the account of who (or
 * to nothing), and nonce, balance, storageHash and codeHash are what stands there. Of an account
 * that is not there nodes print zeros, and the hashes of nothing or zero. A member "address" must
 * be that of who; storageProof is not looked at.
 *
 * d begins with the member at fault. Errors of ls_mpt_prove, MISSING, TYPE, PARSE, LIMIT; RANGE
 * when a member differs from what is proved. With an error *out is as it was. */
enum ls_err ls_account_prove(const struct cJSON *result, const struct ls_addr *who,
                             const struct ls_hash *state_root, struct ls_account *out,
                             struct ls_diag *d);

#endif
