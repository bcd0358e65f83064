/*
 * Inside of the engine model, shared by its files: state, small helpers, and what each file offers
 * the others. Nobody outside mocks/model includes this.
 */
#ifndef LS_MOCKS_ENGINE_STATE_H
#define LS_MOCKS_ENGINE_STATE_H

#include "mocks/model/engine.h"
#include "mocks/model/synctester.h"

/* What is known of a block, two bytes a block of the universe. */
enum ls_el_flag {
    LS_EL_KNOWN = 1,        /* header and body are in the database */
    LS_EL_STATE = 2,        /* and its state: children can execute */
    LS_EL_INVALID = 4,      /* marked: executes to INVALID */
    LS_EL_NOT_INVALID = 8,  /* mark taken back: overrides ls_ublock.expect_invalid */
    LS_EL_HEADER_READ = 16, /* in the cache of headers, which goes by hash alone */
    LS_EL_BODY_READ = 32,   /* in the cache of blocks, likewise */
    LS_EL_CONDEMNED = 64,   /* executes to INVALID as long as this process lives */
    LS_EL_ON_DISK = 128     /* of the chain there (knob writes_behind) */
};

/* A header somebody sent whose parent was not there (geth's remoteBlocks, newest first). */
struct ls_el_header {
    struct ls_hash hash;
    struct ls_hash parent;
    uint64_t number;
    uint32_t block; /* universe id or LS_NO_BLOCK */
};

/* A tip that leads to a rejected block (geth's invalidTipsets). tip == bad for the block itself. */
struct ls_el_rejected {
    struct ls_hash tip;
    struct ls_hash bad;
    struct ls_hash bad_parent;
    uint32_t hits; /* look-ups that met this bad block; the same in all its entries */
    uint64_t age;  /* order of entry, from 1; 0 = free */
};

/* A head, and the labels when it became that. */
struct ls_el_move {
    uint32_t head;
    uint32_t safe;
    uint32_t finalized;
};
#define LS_EL_MOVES_MAX 32u

struct ls_engine {
    const struct ls_universe *u;
    struct ls_engine_profile profile;
    uint32_t genesis;
    uint32_t head; /* canonical chain = ancestors of head */
    uint32_t safe;
    uint32_t finalized;
    uint32_t pending;     /* last block executed on the head while it was the head; LS_NO_BLOCK */
    uint64_t start_block; /* number of the head when the process began */
    bool has_moved;       /* the head, since then */
    /* What is on disk (engine_disk.c). */
    uint32_t written;         /* the end of the chain there */
    uint32_t next_written;    /* and when what is under way is over; the same: nothing is */
    uint32_t valid_finalized; /* of the last forkchoice that was VALID; LS_NO_BLOCK: none known */
    uint32_t loose_from;      /* ids from here on and … */
    uint32_t loose_to;        /* … below may be known and not on disk; the others are not */
    uint64_t move_count;
    struct ls_el_move moves[LS_EL_MOVES_MAX]; /* the newest of them, a ring */
    uint64_t generation;
    /* synchronisation */
    uint64_t backfill;
    uint32_t peer_tip;
    uint32_t sync_target;
    uint64_t sync_start;        /* number of the head when the sync began */
    uint64_t snap_blocks;       /* obtained by the running snap sync, not visible before it ends */
    bool snap_active;           /* in snap mode and not done with it */
    bool snap_spoilt;           /* declared done too early: far heads cannot be reached any more */
    struct ls_st_window window; /* numbers of far heads, EL-WIN */
    bool is_dead;
    uint64_t process;
    /* remote headers: ring, stash_next is where the next one goes */
    uint32_t stash_count;
    uint32_t stash_next;
    struct ls_el_header stash[LS_EL_STASH_MAX];
    struct ls_forkchoice wanted; /* the last one, when it was SYNCING; else zero */
    /* LS_EL_FETCH_GAP (engine_fetch.c) */
    bool had_forkchoice;  /* this process */
    bool has_asked;       /* for the block below what is known of sync_target; not there yet */
    bool is_live;         /* the blocks up to sync_target are being fetched */
    uint64_t live_blocks; /* fetched, not visible before all are there */
    uint32_t live_shown;  /* blocks below sync_target that were the head for a tick */
    bool is_in_pipeline;
    uint32_t pipeline_target; /* LS_NO_BLOCK: nobody has it */
    uint64_t pipeline_blocks; /* bodies fetched */
    uint32_t stages_done;     /* groups of them, of the running or the last pipeline */
    uint64_t stage_base;      /* where the stages stood when it began */
    uint64_t rejected_age;
    uint32_t rejected_below; /* entries from here on were never used */
    struct ls_el_rejected rejected[LS_EL_INVALID_MAX];
    uint16_t *flags; /* by block id, capacity of the universe */
};

/* --- engine.c --- */
bool ls_el_is_known(const struct ls_engine *e, uint32_t id);
bool ls_el_has_state(const struct ls_engine *e, uint32_t id);
/* Executes to INVALID. */
bool ls_el_is_bad(const struct ls_engine *e, uint32_t id);
/* Finds the parent of a block with this number, as a look-up by hash and number does. */
bool ls_el_finds_parent(const struct ls_engine *e, uint32_t parent, uint64_t number);
/* A call named this block: op-geth has it in its cache of blocks then, op-reth only what was read.
 */
void ls_el_touch(struct ls_engine *e, uint32_t id);
/* All caches are empty but for what starting reads: genesis and the head. */
void ls_el_cool(struct ls_engine *e);
/* Enters a block with its state. */
void ls_el_enter(struct ls_engine *e, uint32_t id);
uint64_t ls_el_number(const struct ls_engine *e, uint32_t id);
/* The parent's id when the universe has the direct parent. */
uint32_t ls_el_parent(const struct ls_engine *e, uint32_t id);
/* Makes id the head. */
void ls_el_set_head(struct ls_engine *e, uint32_t id);

/* The block is not known any more; what stands on it is the caller's business. */
void ls_el_forget_block(struct ls_engine *e, uint32_t id);
/* New head is to, an ancestor of the head: the blocks between are forgotten, with what stands on
 * them, and labels that pointed there are unset. */
void ls_el_cut_back(struct ls_engine *e, uint32_t to);
/* The ancestor of the head that is n known blocks below it; genesis when there are fewer. */
uint32_t ls_el_below_head(const struct ls_engine *e, uint64_t n);
/* What a process remembers outside of its database is gone. */
void ls_el_end_process(struct ls_engine *e);
/* A process begins with the head it has. */
void ls_el_begin_process(struct ls_engine *e);

/* --- engine_disk.c --- */
/* All there is now is written. */
void ls_el_disk_begin(struct ls_engine *e);
/* The block may be known and not on disk: the end of a write looks at it. */
void ls_el_disk_note_loose(struct ls_engine *e, uint32_t id);
/* Before a call: with too much unwritten the engine waits for the disk. */
void ls_el_disk_await(struct ls_engine *e);
/* After a call: the head may have moved, and a batch become due. */
void ls_el_disk_note(struct ls_engine *e);
/* One tick: what is under way is over. */
void ls_el_disk_tick(struct ls_engine *e);
/* A pipeline wrote everything up to the head. */
void ls_el_disk_fill(struct ls_engine *e);
/* Reorged out, but the disk has it still. */
bool ls_el_is_left_on_disk(const struct ls_engine *e, uint32_t id);
/* All blocks between it and the canonical chain are known; an unwind may leave others. */
bool ls_el_is_attached(const struct ls_engine *e, uint32_t id);

/* --- engine_reject.c --- */
void ls_el_stash_put(struct ls_engine *e, const struct ls_el_header *h);
const struct ls_el_header *ls_el_stash_get(const struct ls_engine *e, const struct ls_hash *hash);
/* tip leads to bad from now on; hits as counted so far, 1 for a new rejection. */
void ls_el_reject(struct ls_engine *e, const struct ls_hash *tip, const struct ls_hash *bad,
                  const struct ls_hash *bad_parent, uint32_t hits);
/* true when check leads to a rejected block: v is then the refusal, and head is remembered as
 * leading there too. Counts the look-up, which may forget the rejection (then false). */
bool ls_el_is_rejected(struct ls_engine *e, const struct ls_hash *check, const struct ls_hash *head,
                       const char *row, struct ls_el_verdict *v);
/* The look-ups of this rejected tip count from the start again. */
void ls_el_reset_hits(struct ls_engine *e, const struct ls_hash *tip);
/* Stash and rejections are gone. */
void ls_el_forget_memory(struct ls_engine *e);

/* --- engine_sync.c --- */
/* Aims at a block the engine does not have, when it can. asked_peers: the header is not in the
 * stash, so peers must have it now. */
void ls_el_sync_start(struct ls_engine *e, uint32_t target, bool ask_peers);
/* A far head was named, the header of which nobody needs to send (EL-WIN). */
void ls_el_sync_window(struct ls_engine *e, uint32_t target);
/* A header on top of the running sync's target moves the target. */
void ls_el_sync_extend(struct ls_engine *e, const struct ls_np_input *in);
/* A forkchoice to a known block was taken: a snap sync is over (mock-engine 2.10). */
void ls_el_sync_done(struct ls_engine *e);
void ls_el_sync_reset(struct ls_engine *e);
/* Peers are there and have the block; LS_NO_BLOCK: false. */
bool ls_el_peers_have(const struct ls_engine *e, uint32_t id);
/* The newest ancestor-or-self of target that is known, LS_NO_BLOCK when the recorded chain does not
 * lead to one; *missing counts the blocks above it. */
uint32_t ls_el_known_ancestor(const struct ls_engine *e, uint32_t target, uint64_t *missing);
/* The block above ancestor on the way to the target. */
uint32_t ls_el_next_above(const struct ls_engine *e, uint32_t ancestor);
/* A block on the way does not execute: everything up to the target is rejected (hive's Invalid
 * Missing Ancestor ReOrg), and the sync is over. */
void ls_el_fail_at(struct ls_engine *e, uint32_t bad);

/* --- engine_fetch.c --- */
/* A forkchoice named an unknown head (LS_NO_BLOCK: of no recorded block): it is asked for, or the
 * safe block when that is unknown and the forkchoice the first of this process. */
void ls_el_fetch_ask(struct ls_engine *e, const struct ls_forkchoice *f, uint32_t head);
/* One tick of it. */
void ls_el_fetch_tick(struct ls_engine *e);
/* Nothing is asked for or fetched any more, and no forkchoice was there. */
void ls_el_fetch_reset(struct ls_engine *e);

/* --- engine_payload.c --- */
/* Knob connects: what was waiting for this block, which is there now, is executed (mock-engine 2.3,
 * row 8, reth). */
void ls_el_connect(struct ls_engine *e, uint32_t id);

/* --- verdicts --- */
struct ls_el_verdict ls_el_syncing(const char *row);
struct ls_el_verdict ls_el_valid(const struct ls_engine *e, uint32_t id, const char *row);
struct ls_el_verdict ls_el_invalid(const struct ls_hash *latest_valid, const char *error,
                                   const char *row);
struct ls_el_verdict ls_el_error(const struct ls_engine *e, int code, const char *message,
                                 const char *data, const char *row);

#endif
