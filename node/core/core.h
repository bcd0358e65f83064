/*
 * The core of the light CL: decides, never acts.
 *
 * One opaque struct in caller memory. The shell (node/io in production, harness/sim in virtual
 * time) tells it what happened (struct ls_event) and does what it says (struct ls_action). After
 * init the core allocates nothing, reads no clock, knows no socket, calls nobody back and cannot
 * fail: a peer's mistake is an event, our own mistake is an assertion that is on in every build.
 *
 * What it decides is Appendix A of the light-CL specification (the follow pass), the intake of
 * unsafe payloads, gap repair, and what is published. Bodies never enter: a payload is a handle
 * into a store of the shell.
 *
 * Time: every event carries mono_ns (monotonic) and wall_s; LS_NEVER means "no deadline".
 */
#ifndef LS_NODE_CORE_H
#define LS_NODE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/op/rpc.h"
#include "lib/op/sync_status.h"
#include "lib/op/types.h"

#define LS_NEVER UINT64_MAX

/* Ids of the core's requests are below; the shell has the rest for its own. */
#define LS_REQUEST_IDS_END 0x80000000u

/* Most actions one step can ask for. A step never needs more; the core asserts it. */
#define LS_ACTIONS_MAX 96u
/* Most payloads kept waiting, and their bytes (R-3.1: bounded; the farthest above the head go
 * first). */
#define LS_QUEUE_MAX 2048u

/* Where a request goes. The core sends nothing to UNSAFE: the shell fetches unsafe blocks there. */
enum ls_target { LS_TO_ENGINE, LS_TO_SOURCE, LS_TO_L1, LS_TO_UNSAFE, LS_TARGET_COUNT };

/* What safe and finalized are taken from. */
enum ls_follow_kind {
    LS_FOLLOW_EL, /* variant A: an EL's "finalized" and "safe" tags */
    LS_FOLLOW_CL  /* variant B: a CL's optimism_syncStatus */
};

struct ls_core_config {
    enum ls_follow_kind follow;
    struct ls_block_id genesis; /* of the L2 chain */
    uint64_t l2_chain_id;
    uint64_t l1_chain_id;
    bool has_l1;                /* an L1 URL is configured: origins are checked (P-3) */
    uint64_t poll_ns;           /* follow period, > 0; also the retry period of everything */
    uint64_t l1_poll_ns;        /* period of the L1 head poll, > 0 */
    uint64_t source_timeout_ns; /* deadline of one source or L1 call, > 0 */
    uint64_t engine_timeout_ns; /* deadline of one engine call, > 0 */
    uint64_t queue_bytes_max;   /* bytes of waiting payloads, > 0 */
};

/* Block tags; LS_TAG_NONE = by number. */
enum ls_tag { LS_TAG_NONE, LS_TAG_LATEST, LS_TAG_SAFE, LS_TAG_FINALIZED };

enum ls_method {
    LS_M_CHAIN_ID,    /* engine, l1, source of variant A: eth_chainId -> chain_id */
    LS_M_BLOCK,       /* any: eth_getBlockByNumber(tag or number) -> block */
    LS_M_NEW_PAYLOAD, /* engine: engine_newPayloadV* of handle -> verdict */
    LS_M_FORKCHOICE,  /* engine: engine_forkchoiceUpdatedV3, null attributes -> verdict */
    LS_M_STATUS,      /* source of variant B: optimism_syncStatus -> status */
    LS_M_IDENTITY,    /* source of variant B: optimism_rollupConfig -> identity */
    LS_M_OUTPUT,      /* source of variant B: optimism_outputAtBlock(number).blockRef -> block */
    LS_M_CAPABILITIES /* engine: engine_exchangeCapabilities, for the shell's eyes only */
};

/* --- what the core asks for --- */

struct ls_request_params {
    enum ls_tag tag; /* BLOCK */
    uint64_t number; /* BLOCK with LS_TAG_NONE, OUTPUT */
    bool want_ref;   /* BLOCK: the full L2 reference is needed (fetch hydrated); else hash,
                        number, parent and time suffice */
    uint32_t handle; /* NEW_PAYLOAD */
    struct ls_forkchoice fork; /* FORKCHOICE */
};

enum ls_action_kind {
    LS_ACT_SEND,    /* start a request; answer with REPLY or FAIL bearing the same id */
    LS_ACT_CANCEL,  /* forget request id; a later answer to it may still be delivered: ignored */
    LS_ACT_RELEASE, /* the payload behind handle is not needed any more */
    LS_ACT_HEADS,   /* the published status changed: read it with ls_core_status */
    LS_ACT_NOTE,    /* something a person should know */
    LS_ACT_HALT     /* refuse to run: configuration or identity is wrong (exit code 1) */
};

/* Notes: what a person should know, once an episode. X(name, level, text) */
#define LS_NOTE_LIST(X)                                                                           \
    X(ENGINE_READY, INFO, "engine identified")                                                    \
    X(ENGINE_DOWN, WARN, "engine does not answer")                                                \
    X(ENGINE_AUTH, ERROR,                                                                         \
      "engine refuses our token: JWT secret mismatch or clock drift over 60 s")                   \
    X(ENGINE_ERROR, WARN, "engine answers with an error")                                         \
    X(ENGINE_BACK, INFO, "engine answers again")                                                  \
    X(ENGINE_WRONG_CHAIN, ERROR, "engine is on another chain")                                    \
    X(ENGINE_WRONG_GENESIS, ERROR, "engine has another genesis block")                            \
    X(ENGINE_NO_GENESIS, WARN, "engine does not have the genesis block")                          \
    X(ENGINE_SYNCED, INFO, "engine has the block it was asked to sync to")                        \
    X(ENGINE_AGREES, INFO, "engine accepts forkchoices again")                                    \
    X(ENGINE_SYNCING, INFO, "engine is syncing to a block it does not have yet")                  \
    X(ENGINE_REFUSES, WARN, "engine refuses the forkchoice (-38002)")                             \
    X(ENGINE_OPERATOR, ERROR, "engine cannot serve us: check its version and fork configuration") \
    X(ENGINE_LOST_BLOCKS, WARN, "engine lost blocks it had")                                      \
    X(ENGINE_LABELS, WARN, "engine's labels differ from ours: restoring them")                    \
    X(HEAD_INVALID, WARN, "engine calls the head invalid")                                        \
    X(SOURCE_READY, INFO, "source identified")                                                    \
    X(SOURCE_DOWN, WARN, "source does not answer")                                                \
    X(SOURCE_BACK, INFO, "source answers again")                                                  \
    X(SOURCE_INVALID, WARN, "source's answer is not usable")                                      \
    X(SOURCE_ORDER, WARN, "source's heads are out of order")                                      \
    X(SOURCE_ZERO, WARN, "source reports a zero hash")                                            \
    X(SOURCE_WRONG_CHAIN, ERROR, "source is on another chain")                                    \
    X(SOURCE_NO_IDENTITY, WARN, "source does not tell its chain: trusting the configured URL")    \
    X(SOURCE_REGRESS, WARN, "source's safe head went back on the same chain: holding ours")       \
    X(SOURCE_REGRESS_FOLLOWED, WARN, "our safe head died with an L1 reorg: following the source") \
    X(SOURCE_MOVED, WARN,                                                                         \
      "source changed its branch between two answers: asked again at the next poll")              \
    X(SOURCE_GENESIS, WARN, "source fell back to genesis: holding our heads")                     \
    X(SOURCE_OK, INFO, "source's answers are usable again")                                       \
    X(CONTRADICTION, ERROR, "source contradicts our finalized block: heads frozen")               \
    X(CONTRADICTION_OVER, INFO, "source agrees with our finalized block again")                   \
    X(L1_DOWN, WARN, "L1 does not answer: heads held")                                            \
    X(L1_BACK, INFO, "L1 answers again")                                                          \
    X(L1_WRONG_CHAIN, ERROR, "L1 is another network")                                             \
    X(L1_MISMATCH, WARN, "an L1 origin of the source is not canonical on our L1: heads held")     \
    X(L1_LAG, INFO, "our L1 does not have the source's L1 origin yet: heads held")                \
    X(L1_OK, INFO, "L1 origins agree again")                                                      \
    X(DIVERGED, WARN, "our chain differs from the source's: switching")                           \
    X(DAMPED, INFO, "source switched branch again: waiting for a second opinion")                 \
    X(GAP, INFO, "unsafe payloads wait above a gap: asking the engine to fill it")                \
    X(PAYLOAD_INVALID, WARN, "engine calls an unsafe payload invalid: dropped")                   \
    X(PAYLOAD_DROPPED, DEBUG, "unsafe payload dropped")                                           \
    X(QUEUE_FULL, WARN, "payload queue is full: dropped the farthest")                            \
    X(FOLLOWED, INFO, "engine follows the source")

enum ls_note {
#define LS_NOTE_ENUM(name, level, text) LS_NOTE_##name,
    LS_NOTE_LIST(LS_NOTE_ENUM)
#undef LS_NOTE_ENUM
        LS_NOTE_COUNT
};

struct ls_action {
    enum ls_action_kind kind;
    uint32_t id;                     /* SEND, CANCEL: request id, never 0, not reused while alive */
    enum ls_target target;           /* SEND */
    enum ls_method method;           /* SEND */
    struct ls_request_params params; /* SEND */
    uint64_t give_up_ns;             /* SEND: fail the request (TIMEOUT) at this mono time */
    uint32_t handle;                 /* RELEASE */
    enum ls_note note;               /* NOTE, HALT */
    struct ls_block_id a, b;         /* NOTE, HALT: blocks it is about (zero hash = none); for chain
                                        ids: a.number is what was found, b.number what we expect */
    int64_t code;                    /* NOTE: JSON-RPC error code or HTTP status, 0 = none */
};

struct ls_actions {
    size_t count;
    struct ls_action items[LS_ACTIONS_MAX];
};

/* --- what happened --- */

enum ls_event_kind {
    LS_EV_START,   /* once, first */
    LS_EV_TIMER,   /* the deadline passed (may also be sent at any other time: harmless) */
    LS_EV_REPLY,   /* a request was answered */
    LS_EV_FAIL,    /* a request failed */
    LS_EV_PAYLOAD, /* an unsafe payload came in, its hash verified by the shell */
    LS_EV_SOURCE   /* requests to the source go to another node from now on */
};

/* Why a request failed. */
enum ls_fail_class {
    LS_FAIL_CONNECT,  /* refused, reset, unresolvable */
    LS_FAIL_TIMEOUT,  /* give_up_ns passed */
    LS_FAIL_HTTP,     /* status in code */
    LS_FAIL_AUTH,     /* 401 or 403; status in code */
    LS_FAIL_PROTOCOL, /* body too large, not JSON, wrong id, wrong type, zero or wrong hash … */
    LS_FAIL_RPC       /* JSON-RPC error; its code in code */
};

/* Answer to LS_M_BLOCK and LS_M_OUTPUT. A JSON null, or an error that means "no such block", is
 * found = false. ref is complete when want_ref was set (engine, source); l1 is set for the L1. */
struct ls_block_reply {
    bool found;
    struct ls_l2_ref ref;
    struct ls_l1_ref l1;
};

/* Answer to LS_M_IDENTITY. */
struct ls_identity {
    uint64_t l2_chain_id;
    struct ls_block_id genesis;
};

struct ls_event {
    enum ls_event_kind kind;
    uint64_t mono_ns;
    int64_t wall_s;
    uint32_t id;                       /* REPLY, FAIL */
    enum ls_fail_class fail;           /* FAIL */
    int64_t code;                      /* FAIL */
    uint64_t retry_after_ns;           /* FAIL: from a Retry-After header, 0 = none */
    uint64_t chain_id;                 /* REPLY to CHAIN_ID */
    struct ls_identity identity;       /* REPLY to IDENTITY */
    struct ls_block_reply block;       /* REPLY to BLOCK, OUTPUT */
    struct ls_sync_status status;      /* REPLY to STATUS */
    struct ls_payload_verdict verdict; /* REPLY to NEW_PAYLOAD, FORKCHOICE */
    uint32_t handle;                   /* PAYLOAD: owned by the core until it says RELEASE */
    struct ls_l2_ref ref;              /* PAYLOAD */
    uint64_t bytes;                    /* PAYLOAD: what the shell holds for it */
};

/* --- what can be read --- */

enum ls_source_state {
    LS_SOURCE_UNKNOWN, /* not identified or never answered */
    LS_SOURCE_OK,
    LS_SOURCE_DOWN,
    LS_SOURCE_UNUSABLE, /* invalid, out of order, zero, L1 mismatch or lag */
    LS_SOURCE_WRONG_CHAIN,
    LS_SOURCE_CONTRADICTION /* heads frozen */
};
enum ls_engine_state {
    LS_ENGINE_PROBING,
    LS_ENGINE_VALID,
    LS_ENGINE_SYNCING,
    LS_ENGINE_DOWN,
    LS_ENGINE_REFUSING,     /* -38002, INVALID */
    LS_ENGINE_MISCONFIGURED /* 401, -38005, -38006, -3260x */
};
enum ls_l1_state { LS_L1_OFF, LS_L1_UNKNOWN, LS_L1_OK, LS_L1_LAGGING, LS_L1_DOWN, LS_L1_WRONG };

/* Counters of follow passes by outcome (Appendix A, step 10). */
enum ls_pass_result {
    LS_PASS_SUCCESS,
    LS_PASS_FETCH,
    LS_PASS_INVALID,
    LS_PASS_L1_LOOKUP,
    LS_PASS_L1_MISMATCH,
    LS_PASS_EL,
    LS_PASS_CONTRADICTION,
    LS_PASS_COUNT
};

struct ls_core_status {
    struct ls_sync_status published; /* what optimism_syncStatus answers (P-5: confirmed only) */
    struct ls_l2_ref target;         /* head the engine is asked to sync to; zero when none */
    enum ls_source_state source;
    enum ls_engine_state engine;
    enum ls_l1_state l1;
    uint32_t queue_count;
    uint64_t queue_bytes;
    uint64_t last_follow_wall_s; /* last successful pass, 0 = never */
    uint64_t passes[LS_PASS_COUNT];
};

struct ls_core;

/* Bytes of memory a core needs, 16-aligned. */
size_t ls_core_size(void);

/* Builds a core in mem (ls_core_size() bytes, 16-aligned, owned by the caller and outliving it).
 * cfg is copied. seed feeds every random choice (there is none today). Never fails. */
struct ls_core *ls_core_init(void *mem, const struct ls_core_config *cfg, uint64_t seed);

/* One event in, the actions it causes out (out->count reset first). mono_ns must not go backwards.
 * A REPLY or FAIL for an id that is not alive is ignored. */
void ls_core_step(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out);

/* When the next TIMER event is due (mono_ns), or LS_NEVER. */
uint64_t ls_core_deadline(const struct ls_core *c);

/* The state to be shown. */
void ls_core_status(const struct ls_core *c, struct ls_core_status *out);

/* Asserts every internal invariant; called after each step in tests and simulator. */
void ls_core_check(const struct ls_core *c);

/* Level of a note, as an enum ls_log_level value (0 debug … 3 error), and its text. */
int ls_note_level(enum ls_note n);
const char *ls_note_text(enum ls_note n);

#endif
