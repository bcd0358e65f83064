/*
 * Inside of the sync tester's port, shared by its files. Nobody outside mocks/rpc includes it.
 */
#ifndef LS_MOCKS_RPC_SYNCTESTER_PARTS_H
#define LS_MOCKS_RPC_SYNCTESTER_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/op/block.h"
#include "lib/op/payload.h"
#include "mocks/model/synctester.h"
#include "mocks/rpc/args.h"
#include "mocks/rpc/blockjson.h"
#include "mocks/rpc/jsonrpc.h"
#include "mocks/rpc/synctester.h"
#include "mocks/rpc/synctester_url.h"
#include "mocks/rpc/upstream.h"

#define LS_ST_ARENA_MAX (256u << 20) /* decoded arguments and blocks of one call */
#define LS_ST_RETRY_NS 2000000000u   /* newPayload asks again for an unknown block after that */
#define LS_ST_CALL_NS_MAX UINT64_C(29930000000) /* then geth's server answers for the method */

struct ls_st_blocks;
struct ls_st_faulty;

/* One chain: a route, a node behind it, sessions. */
struct ls_st_chain {
    uint64_t chain_id;
    struct ls_upstream *upstream;
    struct ls_st *sessions; /* heap */
    struct ls_blockjson *blocks;
    struct ls_st_blocks *decoded;
    uint64_t calls[LS_ST_METHODS_MAX];
};

struct ls_st_port {
    struct ls_backend base;
    struct ls_backend inner; /* the same behind a session's own faults */
    struct ls_st_chain *chains;
    size_t chain_count;
    const char *version;
    const uint8_t *jwt_secret;
    struct ls_trace *trace;
    struct ls_arena arena; /* reset by each call */
    struct ls_st_faulty *faulty;
    /* of the request being answered */
    struct ls_st_url *url;
    struct ls_st_chain *chain; /* NULL at the root */
    uint64_t delay_ns;
    bool is_late; /* a call took longer than a call may */
};

/* One call on its way through a method. */
struct ls_st_call {
    struct ls_st_port *port;
    struct ls_rpc_call *rpc;
    struct ls_st_chain *chain;
    struct ls_st_session *session; /* NULL before ls_st_enter */
    unsigned version;              /* of an engine method */
    unsigned method;               /* number, for the counters */
};

/* Opens the session once the arguments are right, and waits for the call before. false: the call
 * has failed. */
bool ls_st_enter(struct ls_st_call *c);
/* Asks the node behind; its delay becomes the call's. */
void ls_st_ask(struct ls_st_call *c, struct ls_upstream_query *q, struct ls_upstream_answer *out);
/* What a Go program that dereferences nil looks like from outside. */
void ls_st_crash(struct ls_st_call *c);
/* An engine error: message, data {"err": text} of any length (text NULL: no data). */
void ls_st_engine_error(struct ls_st_call *c, int64_t code, const char *message, const char *text);
/* A text in the call's arena, of any length; "" when memory is out. */
const char *ls_st_text(struct ls_st_call *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* --- blocks behind (synctester_blocks.c) --- */

/* A block of the node behind, as ethclient reads it. */
struct ls_st_block {
    const struct ls_block *block;
    struct ls_hash hash; /* recomputed from the header */
    uint32_t id;         /* universe id, or LS_NO_BLOCK: it came as text */
};

enum ls_st_fetch { LS_ST_GOT, LS_ST_NO_SUCH, LS_ST_BROKEN };

/* A cache of decoded blocks of u, at most bytes_max bytes. NULL when out of memory. */
struct ls_st_blocks *ls_st_blocks_new(const struct ls_universe *u, uint64_t bytes_max);
/* NULL is fine. */
void ls_st_blocks_free(struct ls_st_blocks *b);

/* Asks for a block, hydrated, and reads it; out lives until the next call of this or any other
 * function that asks. BROKEN: *why says it, in ethclient's words. */
enum ls_st_fetch ls_st_fetch_block(struct ls_st_call *c, struct ls_upstream_query *q,
                                   struct ls_st_block *out, const char **why);
/* A recorded block without asking; false: its text is no block. */
bool ls_st_recorded_block(struct ls_st_call *c, uint32_t id, struct ls_st_block *out);
/* As above, when only the number is of interest: for recorded blocks nothing is decoded. */
enum ls_st_fetch ls_st_fetch_number(struct ls_st_call *c, const struct ls_hash *hash,
                                    uint64_t *number);
/* The block as a payload. */
void ls_st_block_payload(const struct ls_st_block *b, bool has_withdrawals, bool has_root,
                         struct ls_payload *out);
/* Lower case, with 0x. */
void ls_st_print_hash(const struct ls_hash *h, char out[67]);
/* EIP-55: how Go prints an address. */
void ls_st_print_address(const struct ls_addr *a, char out[43]);
/* A rpc.BlockNumber that is n as a 64-bit number: how it is sent. */
void ls_st_print_number(uint64_t n, char out[40]);

/* --- payloads given (synctester_args.c) --- */

struct ls_st_given {
    bool is_null; /* no payload at all */
    struct ls_payload payload;
    size_t withdrawal_count;
    bool has_blob_gas_used;
    bool has_excess_blob_gas;
    bool has_hashes;
    size_t hash_count;
    bool has_requests;
    size_t request_count;
};

/* The parameters of newPayload; false: answered. */
bool ls_st_take_payload(struct ls_st_call *c, struct ls_st_given *out);

struct ls_st_attributes {
    uint64_t timestamp;
    struct ls_hash prev_randao;
    struct ls_addr fee_recipient;
    bool has_withdrawals;
    size_t withdrawal_count;
    bool has_beacon_root;
    struct ls_hash beacon_root;
    const struct ls_span *txs;
    size_t tx_count;
    bool no_tx_pool;
    bool has_gas_limit;
    uint64_t gas_limit;
    bool has_params;
    uint8_t params[8]; /* eip1559Params */
    bool has_min_base_fee;
    uint64_t min_base_fee;
};

struct ls_st_forkchoice {
    bool is_null;
    struct ls_hash head;
    struct ls_hash safe;
    struct ls_hash finalized;
    bool has_attributes;
    struct ls_st_attributes attributes;
};

/* The parameters of forkchoiceUpdated; false: answered. */
bool ls_st_take_forkchoice(struct ls_st_call *c, struct ls_st_forkchoice *out);

/* --- methods: each reads its arguments, enters the session and answers --- */

/* eth_chainId. */
void ls_st_eth_chain_id(struct ls_st_call *c);
/* eth_getBlockByNumber. */
void ls_st_eth_block_by_number(struct ls_st_call *c);
/* eth_getBlockByHash. */
void ls_st_eth_block_by_hash(struct ls_st_call *c);
/* eth_getBlockReceipts. */
void ls_st_eth_receipts(struct ls_st_call *c);
/* engine_newPayloadV<version>. */
void ls_st_engine_np(struct ls_st_call *c);
/* engine_forkchoiceUpdatedV<version>. */
void ls_st_engine_fcu(struct ls_st_call *c);
/* engine_getPayloadV<version>. */
void ls_st_engine_get(struct ls_st_call *c);

/* The attributes are those of block: NULL, or why not (1.11). *is_crash: a nil was dereferenced. */
const char *ls_st_attributes_fault(struct ls_st_call *c, const struct ls_st_attributes *a,
                                   const struct ls_st_block *b, bool *is_crash);
/* The id of the payload that block would be, built on parent by method version (1.11). */
void ls_st_payload_id(struct ls_st_call *c, const struct ls_hash *parent,
                      const struct ls_st_attributes *a, const struct ls_st_block *b,
                      uint8_t out[LS_ST_PAYLOAD_ID_BYTES]);
/* Holocene or later, by the form of extraData. */
bool ls_st_is_holocene(const struct ls_header *h);

/* The receipts of an upstream text, as op-geth's types write them again; false: answered. */
bool ls_st_put_receipts(struct ls_st_call *c, const struct cJSON *list);

/* A payload status; lvh NULL and error NULL are left out. Noted in the trace. */
void ls_st_put_status(struct ls_st_call *c, struct ls_jw *w, const char *key, const char *status,
                      const struct ls_hash *lvh, const char *error);

/* --- faults by URL (synctester_faults.c) --- */

/* Room for so many sessions; each has chances of its own from seed on. NULL when out of memory. */
struct ls_st_faulty *ls_st_faulty_new(uint32_t sessions_max, uint64_t seed);
/* NULL is fine. */
void ls_st_faulty_free(struct ls_st_faulty *f);
/* The backend that stands before inner for the session of port->url: a filter with its faults when
 * it has some, else inner. A session that is not there yet gets those of the URL. NULL: *why says
 * what is wrong with them. */
struct ls_backend *ls_st_faulty_find(struct ls_st_port *port, const char **why);
/* Forgets the faults of sessions that are gone. */
void ls_st_faulty_sweep(struct ls_st_port *port);

#endif
