/*
 * Block header of L1 and L2, every fork: JSON-RPC form, RLP form and hash (spec section 5.3).
 */
#ifndef LS_OP_HEADER_H
#define LS_OP_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/jsonw.h"
#include "lib/num.h"
#include "lib/op/types.h"

struct cJSON;

/* Longest extraData we accept: clique headers before Bedrock carry 97 bytes. Rules of a fork may be
 * stricter; they are checked elsewhere. */
#define LS_HEADER_EXTRA_MAX 128u

/* Optional tail fields, in RLP order. A header with one has all before it. */
enum ls_header_tail {
    LS_TAIL_NONE,
    LS_TAIL_BASE_FEE,         /* London / Bedrock */
    LS_TAIL_WITHDRAWALS_ROOT, /* Shanghai / Canyon */
    LS_TAIL_BLOB_GAS_USED,
    LS_TAIL_EXCESS_BLOB_GAS,
    LS_TAIL_BEACON_ROOT,  /* Cancun / Ecotone */
    LS_TAIL_REQUESTS_HASH /* Prague / Isthmus */
};

struct ls_header {
    struct ls_hash parent;
    struct ls_hash uncles_hash;
    struct ls_addr miner;
    struct ls_hash state_root;
    struct ls_hash tx_root;
    struct ls_hash receipts_root;
    uint8_t bloom[256];
    struct ls_u256 difficulty;
    uint64_t number;
    uint64_t gas_limit;
    uint64_t gas_used;
    uint64_t timestamp; /* s */
    uint8_t extra[LS_HEADER_EXTRA_MAX];
    uint8_t extra_bytes;
    struct ls_hash mix_hash;
    uint8_t nonce[8];
    enum ls_header_tail tail; /* the last tail field that is present */
    struct ls_u256 base_fee;
    struct ls_hash withdrawals_root;
    uint64_t blob_gas_used;
    uint64_t excess_blob_gas;
    struct ls_hash beacon_root;
    struct ls_hash requests_hash;
};

/* keccak256(rlp([])), the uncles hash of every L2 block. */
extern const struct ls_hash LS_EMPTY_UNCLES;
/* keccak256(rlp("")), the root of an empty trie. */
extern const struct ls_hash LS_EMPTY_TRIE;
/* sha256(""), the requests hash of every Isthmus block. */
extern const struct ls_hash LS_EMPTY_REQUESTS;

/* Reads the header members of an eth_getBlockBy* result. Members it does not know are ignored. A
 * tail with a hole (say requestsHash without withdrawalsRoot) is PARSE. d names the member. The
 * stated "hash" goes to *stated_hash (zero when absent; the argument may be NULL). */
enum ls_err ls_header_from_json(const struct cJSON *block, struct ls_header *out,
                                struct ls_hash *stated_hash, struct ls_diag *d);

/* Appends the header's RLP list. */
void ls_header_rlp(const struct ls_header *h, struct ls_buf *b);

/* keccak256 of the RLP. */
struct ls_hash ls_header_hash(const struct ls_header *h);

/* Writes the header members (parentHash … requestsHash, and hash) as members of the object that w
 * has open, spelled as geth's eth_getBlockBy* spells them. */
void ls_header_write(const struct ls_header *h, const struct ls_hash *hash, struct ls_jw *w);

#endif
