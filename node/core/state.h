/*
 * The core's memory, seen only inside node/core. One struct, no pointers into the outside.
 *
 * Parts: four state machines (life, source, engine, l1: table in machine.c), the heads the engine
 * confirmed, the follow pass under way, the engine writer, the payload queue, the L1 view.
 */
#ifndef LS_CORE_STATE_H
#define LS_CORE_STATE_H

#include "node/core/core.h"

#define LS_REQUESTS_MAX 16u /* alive at once: one write, one pass fact, probes, L1 polls */
#define LS_BAD_MAX 1024u    /* hashes the engine called invalid (R-3.1: at least 1000) */
#define LS_SEEN_MAX 512u    /* payloads whose links are remembered */
#define LS_ORIGIN_CACHE 64u /* L1 origins found canonical */
#define LS_STALL_PASSES 4u  /* passes without progress before another sync target is tried */
#define LS_DAMP_POLLS 10u   /* P-2: a second switch inside this many polls wants confirmation */
#define LS_REFUSALS_BOOT 2u /* P-6: refusals before zero labels are tried at bootstrap */
#define LS_LABEL_PASSES 2u  /* I-26: passes a label must differ before it is restored */
#define LS_GAP_EAGER 3u     /* gap attempts one poll apart; later ones LS_GAP_SLOW polls apart */
#define LS_GAP_SLOW 5u      /* I-27 allows 10 */
#define LS_MUTE_POLLS \
    64u /* a source that did not tell a block by number is not asked for so long */
#define LS_RELEASES_MAX 32u /* RELEASE actions in one step; the rest follow in the next */
#define LS_PAYLOAD_TRIES 8u /* attempts at a payload that fits but is not accepted */

/* --- state machines --- */

enum ls_life { LS_LIFE_NEW, LS_LIFE_PROBE, LS_LIFE_RUN, LS_LIFE_HALTED, LS_LIFE_COUNT };

/* --- heads --- */

/* Zero hash = not known. */
struct ls_heads {
    struct ls_l2_ref unsafe;
    struct ls_l2_ref local_safe;
    struct ls_l2_ref safe;
    struct ls_l2_ref finalized;
};

/* What the source said in one pass; local_safe = safe for variant A. */
struct ls_snapshot {
    struct ls_l2_ref local_safe;
    struct ls_l2_ref safe;
    struct ls_l2_ref finalized;
    struct ls_l1_ref current_l1; /* zero hash = not given */
};

/* --- facts: what a pass must know before it decides; asked for one after another --- */

enum ls_fact_state { LS_FACT_UNASKED, LS_FACT_ASKED, LS_FACT_KNOWN };

enum ls_fact_id {
    LS_FACT_SRC_FINALIZED, /* variant A; asked and answered before SAFE is asked (ATO-04) */
    LS_FACT_SRC_SAFE,      /* variant A */
    LS_FACT_SRC_STATUS,    /* variant B */
    LS_FACT_L1_LOCAL_SAFE, /* L1 block at the origin's number, E S F and current_l1 */
    LS_FACT_L1_SAFE,
    LS_FACT_L1_FINALIZED,
    LS_FACT_L1_CURRENT,
    LS_FACT_EL_LATEST,
    LS_FACT_EL_SAFE,
    LS_FACT_EL_FINALIZED,
    LS_FACT_EL_HEAD, /* latest again, with its full reference, when it is not what we believed */
    LS_FACT_EL_AT_E, /* canonical block of the engine at E.number */
    LS_FACT_EL_AT_S,
    LS_FACT_EL_AT_OURS, /* at the number of our own safe */
    LS_FACT_EL_AT_F,
    LS_FACT_EL_LATEST_AGAIN, /* after the blocks: did the engine's head stand still meanwhile? */
    LS_FACT_SRC_AT_F,        /* the source's block at our finalized number */
    LS_FACT_SRC_PAIR,        /* variant A: its block at the number of its finalized, after safe */
    LS_FACT_SRC_AT_GAP,      /* the source's block at the number of a payload above a gap */
    LS_FACT_L1_OURS,         /* L1 block at the number of our own safe's origin */
    LS_FACT_COUNT
};

struct ls_fact {
    enum ls_fact_state state;
    struct ls_block_reply r;
};

struct ls_pass {
    bool is_active;
    bool is_same; /* same snapshot as the last one accepted by the L1 gate */
    bool has_snapshot;
    bool has_restarted;   /* the engine's facts were asked for a second time */
    bool has_adopted;     /* the engine's head was not ours and was taken over */
    bool wants_quiet;     /* no new payload write until the engine's head was read */
    bool has_confirmed;   /* the confirming forkchoice of this pass was sent */
    bool skip_current_l1; /* current_l1 is not on our L1 (yet) */
    bool no_source_at;    /* the source cannot tell its block at a number */
    uint64_t epoch;       /* engine writes answered when EL_LATEST was asked */
    struct ls_hash gap;   /* the payload SRC_AT_GAP is about */
    struct ls_snapshot snap;
    struct ls_fact facts[LS_FACT_COUNT];
};

/* --- requests --- */

enum ls_purpose {
    LS_FOR_NOTHING,
    LS_FOR_PASS, /* a fact */
    LS_FOR_EL_CHAIN,
    LS_FOR_EL_GENESIS,
    LS_FOR_EL_LATEST,
    LS_FOR_EL_SAFE,
    LS_FOR_EL_FINALIZED,
    LS_FOR_EL_METHODS,  /* its answer changes nothing */
    LS_FOR_SRC_CHAIN,   /* A: eth_chainId; B: optimism_rollupConfig */
    LS_FOR_SRC_GENESIS, /* A */
    LS_FOR_L1_CHAIN,
    LS_FOR_L1_LATEST,
    LS_FOR_L1_SAFE,
    LS_FOR_L1_FINALIZED,
    LS_FOR_PAYLOAD,
    LS_FOR_FORKCHOICE
};

struct ls_alive {
    uint32_t id; /* 0 = free */
    enum ls_purpose purpose;
    enum ls_fact_id fact;
    enum ls_target target;
};

/* --- the engine writer: at most one write in flight (I-15) --- */

enum ls_write_kind {
    LS_WRITE_NONE,
    LS_WRITE_PAYLOAD, /* newPayload, a forkchoice to it follows */
    LS_WRITE_HEAD,    /* forkchoice to the payload just delivered */
    LS_WRITE_FOLLOW   /* forkchoice of a follow pass */
};

/* A forkchoice a pass wants. */
struct ls_want {
    bool is_set;
    bool head_is_current; /* head = whatever is unsafe when it is sent, so no payload is undone */
    bool no_labels;       /* P-6: zero safe and finalized */
    bool is_payload;      /* pending: the head is an unsafe payload, not the source's */
    bool is_lost;         /* pending: the engine had this head and lost it */
    struct ls_heads heads;
};

struct ls_writer {
    enum ls_write_kind in_flight;
    struct ls_want want; /* next follow write */
    struct ls_want sent; /* the follow write in flight */
    struct ls_forkchoice last_sent;
    struct ls_forkchoice last_valid; /* dedup key. Seeded from the engine's labels */
    struct ls_want awaited;          /* labels for a block that waiting payloads lead to */
    struct ls_l2_ref delivered;      /* newest payload VALID without a forkchoice to it */
    uint32_t entry;                  /* queue slot of the payload in flight */
    uint64_t epoch;                  /* writes answered so far */
    struct ls_want pending;          /* answered SYNCING: target not reached yet */
    unsigned stalled;                /* passes since then without the engine's latest moving */
    struct ls_block_id stalled_at;
    unsigned refusals;      /* -38002 in a row */
    bool labels_accepted;   /* some non-zero label was answered VALID or read from the engine */
    uint64_t not_before_ns; /* operator errors and auth: no write before */
};

/* --- payloads --- */

struct ls_queued {
    bool is_used;
    bool is_dropped; /* to be released: a step releases a bounded number */
    bool is_stray;   /* perhaps on a branch we left: fits the head or waits, no gap attempt */
    bool is_dated;   /* safe moved since it was taken to descend from it: the same */
    uint32_t handle;
    struct ls_l2_ref ref;
    uint64_t bytes;
    uint64_t not_before_ns; /* retry time */
    unsigned tries;
    unsigned asks;          /* how often the source was asked for it */
    struct ls_hash vouched; /* the source's safe block when it had this one on its chain */
};

/* What a payload said of its place, kept after the payload is gone. */
struct ls_seen {
    struct ls_hash hash;
    struct ls_hash parent;
    uint64_t number;
};

struct ls_queue {
    struct ls_queued items[LS_QUEUE_MAX];
    uint32_t count;
    uint32_t dropped;    /* slots waiting for their RELEASE */
    uint32_t used_below; /* every slot in use or dropped is below this index */
    uint64_t bytes;
    struct ls_seen seen[LS_SEEN_MAX]; /* ring */
    uint32_t seen_next;
    struct ls_hash bad[LS_BAD_MAX]; /* ring */
    uint32_t bad_count;
    uint32_t bad_next;
    uint64_t gap_next_ns; /* LS_NEVER = no gap */
    unsigned gap_tries;
};

/* --- notes: one episode a slot --- */

enum ls_slot {
    LS_SLOT_SOURCE,
    LS_SLOT_ENGINE,
    LS_SLOT_L1,
    LS_SLOT_HEADS, /* regress, genesis, contradiction, damping */
    LS_SLOT_GAP,
    LS_SLOT_QUEUE,
    LS_SLOT_COUNT
};

struct ls_core {
    struct ls_core_config cfg;
    uint64_t seed;
    uint64_t now_ns;
    int64_t wall_s;

    enum ls_life life;
    enum ls_source_state source;
    enum ls_engine_state engine;
    enum ls_l1_state l1;

    uint32_t next_id;
    struct ls_alive alive[LS_REQUESTS_MAX];

    struct ls_heads heads; /* what the engine confirmed, or labels read at start */
    struct ls_sync_status published;

    struct ls_pass pass;
    struct ls_snapshot gated; /* last snapshot the L1 gate let through whole */
    bool has_gated;
    bool is_behind; /* last pass: the engine lacks the source's local-safe */
    uint64_t next_poll_ns;
    uint64_t source_retry_ns;    /* Retry-After */
    uint64_t source_mute_ns;     /* until then it is not asked for blocks by number for a gap */
    uint64_t last_switch_ns;     /* 0 = never */
    struct ls_hash matched;      /* newest E known to be an ancestor of our unsafe head */
    struct ls_hash lost_matched; /* the same for the head the engine lost */
    bool is_off_branch;          /* our safe is not on the engine's chain: payloads wait */
    bool saw_reorg;              /* the pass before this one saw a divergence */
    unsigned label_misses;
    unsigned label_wait;
    uint64_t last_follow_wall_s;
    uint64_t passes[LS_PASS_COUNT];

    bool source_known;
    uint64_t probe_retry_ns; /* engine: next attempt, LS_NEVER = none due */
    uint64_t source_probe_ns;
    uint64_t l1_probe_ns;

    struct ls_writer writer;
    struct ls_queue queue;

    bool l1_known;
    uint64_t next_l1_ns;
    struct ls_block_id origins[LS_ORIGIN_CACHE];
    uint32_t origin_next;

    uint8_t episodes[LS_SLOT_COUNT]; /* note + 1, 0 = fine */
};

/* --- machine.c: state tables, requests, notes --- */

/* The only way to another state: a move the table does not allow is our own mistake (assertion). */
void ls_move_life(struct ls_core *c, enum ls_life to);
void ls_move_source(struct ls_core *c, enum ls_source_state to);
void ls_move_engine(struct ls_core *c, enum ls_engine_state to);
void ls_move_l1(struct ls_core *c, enum ls_l1_state to);

/* Starts a request. */
void ls_send(struct ls_core *c, struct ls_actions *out, struct ls_alive what, enum ls_method m,
             struct ls_request_params p);
/* Takes the request with this id off the table; purpose LS_FOR_NOTHING when it is not alive. */
struct ls_alive ls_take(struct ls_core *c, uint32_t id);
/* true when a request with that purpose is alive. */
bool ls_is_asking(const struct ls_core *c, enum ls_purpose p);

/* One more action, zeroed but for its kind; the caller fills in the rest. */
struct ls_action *ls_act(struct ls_actions *out, enum ls_action_kind kind);
/* An event note (no episode). */
void ls_note(struct ls_actions *out, enum ls_note n, const struct ls_block_id *a,
             const struct ls_block_id *b, int64_t code);
/* Enters an episode: said once until it changes or is over. */
void ls_episode(struct ls_core *c, struct ls_actions *out, enum ls_slot slot, enum ls_note n,
                const struct ls_block_id *a, const struct ls_block_id *b, int64_t code);
/* Ends the episode of a slot, saying `over` when there was one. */
void ls_episode_over(struct ls_core *c, struct ls_actions *out, enum ls_slot slot,
                     enum ls_note over);
/* true when the slot's episode is n. */
bool ls_in_episode(const struct ls_core *c, enum ls_slot slot, enum ls_note n);

static inline struct ls_block_id ls_id(const struct ls_l2_ref *r)
{
    return (struct ls_block_id){.hash = r->hash, .number = r->number};
}

static inline bool ls_known(const struct ls_l2_ref *r)
{
    return !ls_hash_is_zero(&r->hash);
}

static inline bool ls_same(const struct ls_l2_ref *a, const struct ls_l2_ref *b)
{
    return a->number == b->number && ls_hash_eq(&a->hash, &b->hash); /* */
}

/* --- probe.c: who are the peers --- */

/* The source is another node: its chain is asked for again, and a pass under way ends. */
void ls_probe_other_source(struct ls_core *c, struct ls_actions *out);

/* start asks; timer, reply and fail are the events of its requests. */
void ls_probe_start(struct ls_core *c, struct ls_actions *out);
void ls_probe_timer(struct ls_core *c, struct ls_actions *out);
void ls_probe_reply(struct ls_core *c, const struct ls_alive *q, const struct ls_event *ev,
                    struct ls_actions *out);
void ls_probe_fail(struct ls_core *c, const struct ls_alive *q, const struct ls_event *ev,
                   struct ls_actions *out);

/* --- follow.c: the follow pass --- */

/* timer begins a pass when it is time; reply and fail are the events of its requests. */
void ls_follow_timer(struct ls_core *c, struct ls_actions *out);
void ls_follow_reply(struct ls_core *c, const struct ls_alive *q, const struct ls_event *ev,
                     struct ls_actions *out);
void ls_follow_fail(struct ls_core *c, const struct ls_alive *q, const struct ls_event *ev,
                    struct ls_actions *out);
/* Goes on with the pass after the writer finished a write. */
void ls_follow_continue(struct ls_core *c, struct ls_actions *out);
/* Ends the pass under way with a result. */
void ls_pass_end(struct ls_core *c, enum ls_pass_result r);
/* The fact, KNOWN; or NULL after asking for it (at most one question is open at a time). */
const struct ls_block_reply *ls_pass_ask(struct ls_core *c, struct ls_actions *out,
                                         enum ls_fact_id f, enum ls_target to, enum ls_method m,
                                         struct ls_request_params p);

/* --- gate.c: checks of a snapshot; each says whether the pass goes on --- */

/* Order and shape of the heads; L1 origins; our finalized block against the source's (Appendix A,
 * 2 to 4). false: the pass ended, or waits for an answer. */
bool ls_gate_order(struct ls_core *c, struct ls_actions *out);
bool ls_gate_l1(struct ls_core *c, struct ls_actions *out);
bool ls_gate_finality(struct ls_core *c, struct ls_actions *out);
/* *is_dead: our safe's L1 origin is no longer canonical. false while the answer is awaited. */
bool ls_gate_safe_is_dead(struct ls_core *c, struct ls_actions *out, bool *is_dead);

/* --- writer.c: newPayload and forkchoiceUpdated --- */

/* Sends the next write if none is in flight. */
void ls_writer_pump(struct ls_core *c, struct ls_actions *out);
void ls_writer_reply(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out);
void ls_writer_fail(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out);
/* An engine call failed: state and note. */
void ls_engine_failed(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out);
/* A read was answered: the engine is there and takes our token. */
void ls_engine_answered(struct ls_core *c, struct ls_actions *out);
/* A write was accepted, or none is needed: whatever was wrong is over. */
void ls_engine_agrees(struct ls_core *c, struct ls_actions *out);

/* --- queue.c: unsafe payloads --- */

void ls_queue_init(struct ls_queue *q);
void ls_queue_push(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out);
/* Drops what the head has passed (spec 3.2). */
void ls_queue_trim(struct ls_core *c, struct ls_actions *out);
/* Slot of a payload that extends the head and may be tried now, or LS_QUEUE_MAX. */
uint32_t ls_queue_next(const struct ls_core *c);
/* true while payloads are delivered without a forkchoice to them. */
bool ls_queue_only_delivers(const struct ls_core *c);
/* Slot of the lowest payload above a gap whose time has come, or LS_QUEUE_MAX. */
uint32_t ls_queue_gap(struct ls_core *c);
/* true when waiting payloads lead from the head to this block without a hole. */
bool ls_queue_leads_to(const struct ls_core *c, const struct ls_l2_ref *to);
/* The same from another block. */
bool ls_queue_links(const struct ls_core *c, const struct ls_l2_ref *from,
                    const struct ls_l2_ref *to);
void ls_queue_drop(struct ls_core *c, struct ls_actions *out, uint32_t slot);
/* After a jump to a block that no payload led to: what does not link to it without a hole is a
 * stray, named again when the source vouches for it under the safe block we have. */
void ls_queue_mark_strays(struct ls_core *c);
/* After safe moved: the same, less strict (is_dated). */
void ls_queue_mark_dated(struct ls_core *c);
/* Slot of the payload above a gap that the source should be asked about now, or LS_QUEUE_MAX. */
uint32_t ls_queue_doubtful(const struct ls_core *c);
/* What the source has at the number of the payload with this hash (NULL: it cannot tell). */
void ls_queue_source_has(struct ls_core *c, const struct ls_hash *hash,
                         const struct ls_block_reply *r);
/* Forgets everything built on a block the engine called invalid, and remembers it. */
void ls_queue_bad(struct ls_core *c, struct ls_actions *out, const struct ls_hash *hash);
bool ls_queue_is_bad(const struct ls_queue *q, const struct ls_hash *hash);
/* The head moved or a payload came: when is the next gap attempt due. */
void ls_queue_arm(struct ls_core *c);
/* Emits RELEASE for dropped payloads, at most releases_max. */
void ls_queue_flush(struct ls_core *c, struct ls_actions *out, uint32_t releases_max);
/* Earliest retry or gap time, LS_NEVER when none. */
uint64_t ls_queue_deadline(const struct ls_core *c);

/* --- l1view.c: our own L1 heads and the cache of checked origins --- */

/* timer polls; reply and failed are the events of its requests, answered is any answer of the L1.
 */
void ls_l1_timer(struct ls_core *c, struct ls_actions *out);
void ls_l1_reply(struct ls_core *c, const struct ls_alive *q, const struct ls_event *ev,
                 struct ls_actions *out);
void ls_l1_failed(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out);
void ls_l1_answered(struct ls_core *c, struct ls_actions *out);
bool ls_l1_is_checked(const struct ls_core *c, const struct ls_block_id *origin);
void ls_l1_remember(struct ls_core *c, const struct ls_block_id *origin);

/* --- publish.c --- */

/* Rebuilds the published status from the confirmed heads; says HEADS when it changed. */
void ls_publish(struct ls_core *c, struct ls_actions *out);

#endif
