/*
 * The calls a capture makes, the answers it gets, and the world it makes them in: three nodes, a
 * clock and somebody who may say stop. The capture's logic sees only this, so it is tested without
 * sockets.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_CALL_H
#define LS_HARNESS_CAPTURE_PULL_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/types.h"

/* Who is asked. */
enum ls_pull_node {
    LS_PULL_L2, /* execution client of the chain that is captured */
    LS_PULL_L1, /* execution client of its L1 */
    LS_PULL_CL, /* consensus client of the chain */
    LS_PULL_NODE_COUNT
};

/* X(name, JSON-RPC method) */
#define LS_PULL_METHOD_LIST(X)                    \
    X(CHAIN_ID, "eth_chainId")                    \
    X(CLIENT_VERSION, "web3_clientVersion")       \
    X(BLOCK_BY_NUMBER, "eth_getBlockByNumber")    \
    X(BLOCK_BY_TAG, "eth_getBlockByNumber")       \
    X(BLOCK_BY_HASH, "eth_getBlockByHash")        \
    X(RECEIPTS_BY_NUMBER, "eth_getBlockReceipts") \
    X(RECEIPTS_BY_HASH, "eth_getBlockReceipts")   \
    X(PROOF_BY_NUMBER, "eth_getProof")            \
    X(PROOF_BY_HASH, "eth_getProof")              \
    X(ROLLUP_CONFIG, "optimism_rollupConfig")     \
    X(SYNC_STATUS, "optimism_syncStatus")

enum ls_pull_method {
#define LS_PULL_METHOD_ENUM(name, text) LS_PULL_##name,
    LS_PULL_METHOD_LIST(LS_PULL_METHOD_ENUM)
#undef LS_PULL_METHOD_ENUM
};

struct ls_pull_call {
    enum ls_pull_method method;
    uint64_t number;     /* …_BY_NUMBER */
    const char *tag;     /* BLOCK_BY_TAG: "latest" …; static */
    struct ls_hash hash; /* …_BY_HASH */
    bool is_full;        /* blocks: with transaction objects */
};

#define LS_PULL_MESSAGE_BYTES 160u

/* The answer to one call. A block the node does not have is the result null, also when the node
 * says so by an error. */
struct ls_pull_answer {
    struct ls_span result; /* the text as it came, borrowed during the call back */
    bool is_error;         /* an error that will not go away by asking again */
    int64_t code;
    char message[LS_PULL_MESSAGE_BYTES]; /* cut, printable */
};

/* Calls to one node, answered in order. */
struct ls_pull_plan {
    enum ls_pull_node node;
    uint64_t count;
    /* Describes call index (0 .. count-1). May be asked again for the same one. */
    void (*call)(void *ctx, uint64_t index, struct ls_pull_call *out);
    /* Takes the answer, each once, in the order of index. An error ends the plan. */
    enum ls_err (*take)(void *ctx, uint64_t index, const struct ls_pull_answer *a,
                        struct ls_diag *d);
    void *ctx;
};

struct ls_pull_world;

struct ls_pull_world_ops {
    /* Runs the plan. An error of take is passed on; otherwise: AUTH, HTTP, CONNECT, TIMEOUT, PARSE
     * … after the node could not be made to answer for as long as the user is patient. Ends early
     * with an error of any kind when is_stopped. */
    enum ls_err (*fetch)(struct ls_pull_world *w, const struct ls_pull_plan *plan,
                         struct ls_diag *d);
    /* Wall clock, ms since the epoch. */
    uint64_t (*now_ms)(struct ls_pull_world *w);
    /* Returns after that time, or earlier when told to stop. */
    void (*wait)(struct ls_pull_world *w, uint64_t ms);
    /* Somebody wants the capture to come to an end; stays true. */
    bool (*is_stopped)(struct ls_pull_world *w);
};

/* Embed as the first member. */
struct ls_pull_world {
    const struct ls_pull_world_ops *ops;
    const char *names[LS_PULL_NODE_COUNT]; /* for sentences: redacted URLs; NULL: not given */
};

/* true when the result is JSON null (or empty). */
bool ls_pull_is_null(struct ls_span result);

/* The JSON-RPC method's name. */
const char *ls_pull_method_name(enum ls_pull_method m);

#endif
