/*
 * Inside of the engine's JSON-RPC port, shared by its files. Nobody outside mocks/rpc includes it.
 */
#ifndef LS_MOCKS_ENGINE_PARTS_H
#define LS_MOCKS_ENGINE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/op/payload.h"
#include "lib/op/rollup.h"
#include "lib/op/txjson.h"
#include "mocks/model/engine.h"
#include "mocks/rpc/args.h"
#include "mocks/rpc/blockjson.h"
#include "mocks/rpc/eth_reads.h"
#include "mocks/rpc/gorlp.h"
#include "mocks/rpc/jsonrpc.h"

/* Memory for one request's decoded arguments. */
#define LS_ENGINE_ARENA_MAX (256u << 20)

struct ls_engine_port;
struct ls_engine_public {
    struct ls_backend base;
    struct ls_engine_port *port;
};

/* A build that getPayload can ask for. */
struct ls_engine_job {
    uint8_t id[8];
    char *payload;   /* the executionPayload object; NULL: no build of it succeeds */
    size_t v3_bytes; /* of its start, which is the payload V3 without its end */
    enum ls_header_tail tail;
    struct ls_hash beacon_root;
    bool is_fetched; /* LS_EL_BUILDS_RETH */
    uint64_t born_ns;
};

/* How the call under way ends (engine_life.c). */
enum ls_engine_end {
    LS_ENGINE_ANSWERS,
    LS_ENGINE_TIMES_OUT, /* answers after geth's limit */
    LS_ENGINE_HANGS,
    LS_ENGINE_DIES /* no answer, and the process is gone */
};

/* What only this process knows of itself. */
struct ls_engine_life {
    uint64_t process; /* ls_engine_process */
    uint64_t busy_ns; /* works on earlier calls until then */
    bool is_builder_waiting;
    bool is_builder_stuck;
    enum ls_engine_end end;
    bool is_engine_call; /* the request has an engine_* call */
};

struct ls_engine_port {
    struct ls_backend base;
    struct ls_engine_public public_port;
    struct ls_engine *engine;
    struct ls_universe *universe;
    struct ls_rollup rollup;
    const uint8_t *jwt_secret;
    struct ls_trace *trace;
    enum ls_eth_state state;
    uint64_t chain_id;
    struct ls_blockjson *blocks;
    struct ls_arena arena; /* reset by each call */
    /* Texts of blocks added at run time; owned here, read by the universe. */
    char **added;
    size_t added_count;
    struct ls_engine_life life;
    char exec_error[2048];                       /* of the payload being looked at */
    struct ls_engine_job jobs[LS_EL_BUILDS_MAX]; /* newest first */
    size_t job_count;
};

/* --- newPayload (engine_np.c, engine_payload.c, engine_exec.c) --- */

/* ExecutableData and the parameters beside it, as decoded; lengths not judged yet. */
struct ls_np_args {
    struct ls_payload payload; /* bloom and extra are filled in once their lengths are right */
    struct ls_span bloom;
    struct ls_span extra;
    bool has_withdrawals;
    const struct ls_go_withdrawal *withdrawals;
    size_t withdrawal_count;
    bool has_blob_gas_used;
    bool has_excess_blob_gas;
    bool has_hashes; /* versioned hashes: a list was given */
    const struct ls_hash *hashes;
    size_t hash_count;
    bool has_requests;
    const struct ls_span *requests;
    size_t request_count;
};

/* engine_newPayloadV<version>: the checks on the payload itself, then the model's rule. */
void ls_engine_np(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version);
/* Decodes the executionPayload object. */
bool ls_engine_decode_payload(struct ls_go_args *a, const struct cJSON *v, struct ls_arena *arena,
                              struct ls_np_args *out);
/* Enters a payload that executes on parent into the universe; LS_NO_BLOCK when there is no room. */
uint32_t ls_engine_add_block(struct ls_engine_port *e, const struct ls_payload *p,
                             const struct ls_header *h, uint32_t parent);

/* A payload status as {status, latestValidHash, validationError}; noted in ev. */
void ls_engine_put_status(struct ls_engine_port *e, struct ls_jw *w, const char *key,
                          const struct ls_el_verdict *v, struct ls_trace_event *ev);
/* The verdict is an error: the call fails with it. */
bool ls_engine_put_error(struct ls_rpc_call *call, const struct ls_el_verdict *v);

/* --- header rules (engine_rules.c) --- */

/* The header of block id, read from its text; an error when that is none. */
enum ls_err ls_engine_header_of(const struct ls_engine_port *e, uint32_t id, struct ls_header *out);
/* What is wrong with h as a child of parent before it is executed, in op-geth's words and order;
 * NULL = nothing. Valid until the next call. */
const char *ls_engine_header_fault(struct ls_engine_port *e, const struct ls_header *h,
                                   uint32_t parent_id, const struct ls_header *parent);

/* Decimal digits of a 256-bit number. */
void ls_engine_print_u256(const struct ls_u256 *v, char out[80]);
/* The text for a blobGasUsed other than the calculated one. */
const char *ls_engine_blob_fault(struct ls_engine_port *e, uint64_t stated, uint64_t calculated);

/* --- accounts, as far as recorded blocks tell (engine_accounts.c) --- */

/* false: nobody recorded the transaction. */
bool ls_engine_sender(const struct ls_engine_port *e, const struct ls_tx_view *tx,
                      struct ls_addr *out);
/* The account's next nonce after block tip; false when not all blocks below are there. */
bool ls_engine_nonce(const struct ls_engine_port *e, uint32_t tip, const struct ls_addr *who,
                     uint64_t *out);
/* A transaction of the chain that ends in tip names the account, or one that is not recorded may.
 */
bool ls_engine_was_named(const struct ls_engine_port *e, uint32_t tip, const struct ls_addr *who);
/* The chain that ends in tip has the contract which the deployer ("0x…", lower case) makes in the
 * first block of this fork. */
bool ls_engine_has_contract(const struct ls_engine_port *e, uint32_t tip, enum ls_fork fork,
                            const char *deployer);
/* The gas of a transaction that runs no code. */
uint64_t ls_engine_plain_gas(const struct ls_engine_port *e, struct ls_span tx, uint64_t timestamp);
/* A recorded block shows that a call of this address runs no code. */
bool ls_engine_is_codeless(struct ls_engine_port *e, const struct ls_addr *to);
/* "0x…" as geth prints addresses (EIP-55). */
void ls_engine_checksum(const struct ls_addr *who, char out[43]);

/* A transaction that cannot be applied. */
struct ls_tx_fault {
    size_t index;
    struct ls_tx_view tx;
    struct ls_addr sender; /* zero: not known */
    bool breaks_builder;   /* op-geth's, which says no more than that */
    char why[320];         /* op-geth's words */
    char why_reth[160];
};
/* The first of these transactions that does not apply on parent, by signature, nonce, fee or gas;
 * false: none that can be told without executing. op-reth's are told by nonce and gas. */
bool ls_engine_txs_fault(struct ls_engine_port *e, uint32_t parent, const struct ls_header *h,
                         const struct ls_span *txs, size_t tx_count, struct ls_tx_fault *out);

/* Why a block may not hold these transactions, by the blobs they have or bring, in op-geth's words;
 * NULL = nothing. Valid until the next call. */
const char *ls_engine_blobs_fault(struct ls_engine_port *e, const struct ls_header *h,
                                  const struct ls_span *txs, size_t tx_count);

/* --- results of execution (engine_exec.c) --- */

/* What executing a block gives. */
struct ls_exec_results {
    uint64_t gas_used;
    uint64_t blob_gas_used;
    uint8_t bloom[256];
    struct ls_hash receipts_root;
    struct ls_hash state_root;
    struct ls_hash withdrawals_root; /* of the message passer, from Isthmus */
};

/* The results for a block on parent with these inputs in h (everything but the results) and
 * transactions: those of a recorded block with the same inputs, else made up by a pure function of
 * the inputs, so that what was built here is valid here, now and after a restart. */
void ls_engine_execute(struct ls_engine_port *e, uint32_t parent_id, const struct ls_header *parent,
                       const struct ls_header *h, const struct ls_span *txs, size_t tx_count,
                       struct ls_exec_results *out);
/* Why the payload does not execute on parent (id), as op-geth says it; NULL = it does. Valid until
 * the next call. */
const char *ls_engine_exec_error(struct ls_engine_port *e, const struct ls_payload *p,
                                 const struct ls_header *h, uint32_t parent);

/* --- building (engine_attrs.c, engine_build.c) --- */

struct ls_attributes {
    uint64_t timestamp; /* s */
    struct ls_hash random;
    struct ls_addr fee_recipient;
    bool has_withdrawals;
    const struct ls_go_withdrawal *withdrawals; /* op-geth's; op-reth's are withdrawals_rlp */
    size_t withdrawal_count;
    struct ls_span withdrawals_rlp; /* empty: no list was decoded */
    bool has_beacon_root;
    struct ls_hash beacon_root;
    const struct ls_span *txs;
    size_t tx_count;
    bool no_tx_pool;
    bool has_gas_limit;
    uint64_t gas_limit;
    struct ls_span eip1559;
    bool has_min_base_fee;
    uint64_t min_base_fee;
};

/* Decodes PayloadAttributes; their memory is the port's arena. */
bool ls_engine_read_attributes(struct ls_engine_port *e, struct ls_go_args *a,
                               const struct cJSON *v, struct ls_attributes *at);
/* Before anything is applied: what is wrong by version and fork (has_head: OP's own rules too). */
bool ls_engine_check_attributes(struct ls_engine_port *e, struct ls_rpc_call *call,
                                unsigned version, bool has_head, const struct ls_attributes *at);
/* op-reth's, looked at after head and labels were applied. */
bool ls_engine_check_attributes_reth(struct ls_engine_port *e, struct ls_rpc_call *call,
                                     unsigned version, const struct ls_attributes *at);
/* The payload id: a pure function of head, attributes and version. */
void ls_engine_payload_id(const struct ls_hash *head, const struct ls_attributes *at,
                          unsigned version, uint8_t out[8]);
/* -38003 "Invalid payload attributes"; returns false. */
bool ls_engine_bad_attributes(struct ls_rpc_call *call, const char *why);

/* After head and labels were applied: starts a build on the head. false: the call has failed. */
bool ls_engine_build(struct ls_engine_port *e, struct ls_rpc_call *call, const struct ls_hash *head,
                     const struct ls_attributes *at, unsigned version, uint8_t id[8]);
/* engine_getPayloadV<version>. */
void ls_engine_get_payload(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version);
/* Forgets every build (the process ended, or the port does). */
void ls_engine_drop_builds(struct ls_engine_port *e);

/* --- op-reth's words and order (engine_np_reth.c); each as its namesake --- */

/* Why the payload is no block; fills in h. text has room for cap bytes and may be the answer. */
const char *ls_engine_block_fault_reth(struct ls_engine_port *e, struct ls_np_args *n,
                                       struct ls_header *h, char *text, size_t cap);
/* As ls_engine_header_fault, the timestamp included. */
const char *ls_engine_header_fault_reth(struct ls_engine_port *e, const struct ls_header *h,
                                        const struct ls_header *parent);
/* Where the stated results are not those of execution; NULL: they are. */
const char *ls_engine_result_fault_reth(struct ls_engine_port *e, const struct ls_header *h,
                                        const struct ls_exec_results *r);

/* --- how a call ends (engine_life.c) --- */

/* Before a request: false: the process is gone, and the reply says so. */
bool ls_engine_is_there(struct ls_engine_port *e, struct ls_http_reply *reply);
/* After it: what the knobs and its calls made of the reply. */
void ls_engine_end_call(struct ls_engine_port *e, uint64_t now_ns, struct ls_http_reply *reply);
/* The builder waits for a build that never succeeds: the call has no answer. starts_build: it is a
 * forkchoice with attributes, the first of which blocks the others. */
bool ls_engine_builder_hangs(struct ls_engine_port *e, bool starts_build);
/* getPayload of such a build. */
void ls_engine_await_build(struct ls_engine_port *e);
/* The knob is_mortal: the process ends. op-reth over a base fee past 64 bits (before anything else
 * is judged; *last is what it still says), op-geth over the last timestamp (of a payload that is a
 * block), over its head, over attributes that were taken. */
bool ls_engine_dies_of_fee(struct ls_engine_port *e, const struct ls_np_args *n,
                           struct ls_el_verdict *last);
bool ls_engine_dies_of_time(struct ls_engine_port *e, const struct ls_payload *p);
void ls_engine_die_of_head(struct ls_engine_port *e);
void ls_engine_die_of_build(struct ls_engine_port *e, const struct ls_attributes *at);
/* Over a transaction that breaks its builder, which works beside the call (is_mortal). */
void ls_engine_die_of_builder(struct ls_engine_port *e);

/* --- forkchoiceUpdated (engine_fcu.c) --- */
void ls_engine_fcu(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version);

/* --- everything else (engine_reads.c) --- */
void ls_engine_other(struct ls_engine_port *e, struct ls_rpc_call *call);
/* eth_* reads; false: the method is none of them. */
bool ls_engine_eth(struct ls_engine_port *e, struct ls_rpc_call *call, bool is_public);
/* The view those reads go through. */
struct ls_eth_view ls_engine_eth_view(struct ls_engine_port *e, bool is_public);
/* The answers of getPayloadBodies once its arguments are fine. */
void ls_engine_put_bodies_by_hash(struct ls_engine_port *e, struct ls_rpc_call *call,
                                  const struct ls_hash *hashes, size_t count);
void ls_engine_put_bodies_by_range(struct ls_engine_port *e, struct ls_rpc_call *call,
                                   uint64_t start, uint64_t count);
/* The answers of engine_exchangeCapabilities and of engine_getClientVersionV1. */
void ls_engine_put_names(struct ls_rpc_call *call, const char *const *names, size_t count);
struct ls_engine_client {
    const char *code, *name, *version, *commit;
};
void ls_engine_put_client(struct ls_rpc_call *call, const struct ls_engine_client *client);
/* debug_setHead, which both ports have; false: it is not that. */
bool ls_engine_debug(struct ls_engine_port *e, struct ls_rpc_call *call);

#endif
