/*
 * The execution engine as a consensus node sees it: which blocks it has, which chain is canonical,
 * its labels, and what it says to newPayload and forkchoiceUpdated (mock-engine 2.2 - 2.4, 2.9,
 * 2.10). One set of rules; a profile (struct ls_engine_profile, mock-engine 4.3) turns it into one
 * real engine or another. It executes nothing: whether a block executes is told (ls_ublock.
 * expect_invalid, ls_engine_mark_invalid, ls_np_input.exec_error).
 *
 * Pure: lives in caller memory, names blocks by universe id, knows no JSON, no socket, no clock.
 * Time passes by ls_engine_tick.
 *
 * Synchronisation is the backfill knob: how many blocks a tick it obtains from peers, and what
 * those peers have. Off (0) by default: such an engine has no peers, and gaps stay.
 */
#ifndef LS_MOCKS_ENGINE_H
#define LS_MOCKS_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/op/rpc.h"
#include "lib/op/types.h"
#include "mocks/model/universe.h"

/* --- profile --- */

enum ls_el_unknown_head {
    LS_EL_HEAD_SYNCING,       /* SYNCING, nothing starts unless the header is in the stash */
    LS_EL_HEAD_SYNCING_START, /* SYNCING and the header is asked from peers */
    LS_EL_HEAD_ERROR          /* -38002, no sync (ethrex) */
};
enum ls_el_zero_head { LS_EL_ZERO_INVALID, LS_EL_ZERO_ERROR, LS_EL_ZERO_SYNCING };
enum ls_el_old_head {
    LS_EL_OLD_LABELS, /* latest stays, labels applied (op-geth) */
    LS_EL_OLD_SKIP,   /* VALID, nothing applied (reth, upstream geth) */
    LS_EL_OLD_UNWIND, /* latest goes back, and the blocks above are forgotten that were written;
                         labels are not looked at (op-reth with
                         --engine.allow-unwind-canonical-header) */
    LS_EL_OLD_REWIND, /* latest goes back */
    LS_EL_OLD_FINAL   /* at or below our finalized block as SKIP, above it as REWIND */
};
/* What a read of a label says that was never set: the dialects a consensus node has to know. */
enum ls_el_unset {
    LS_EL_UNSET_ERROR,     /* "geth": -32000 "safe block not found" */
    LS_EL_UNSET_NULL,      /* "null": result null */
    LS_EL_UNSET_NOT_FOUND, /* "not-found": -32000 "block not found" */
    LS_EL_UNSET_TEXT,      /* "unknown": -32000 "Unknown block" */
    LS_EL_UNSET_UNKNOWN,   /* "39001": -39001 "Unknown block" */
    LS_EL_UNSET_GENESIS    /* "genesis": the genesis block */
};
enum ls_el_unknown_parent { LS_EL_PARENT_SYNCING, LS_EL_PARENT_ACCEPTED, LS_EL_PARENT_ERROR };
enum ls_el_restore {
    LS_EL_RESTORE_FINALIZED, /* restart: finalized kept, safe := finalized (op-geth) */
    LS_EL_RESTORE_BOTH,
    LS_EL_RESTORE_WRITTEN, /* labels as the head was written with, no block beside the canonical
                              chain; a safe block without a finalized one becomes both (op-reth) */
    LS_EL_RESTORE_NONE,
    LS_EL_RESTORE_NO_SAFE /* finalized kept, safe unset */
};

enum ls_el_builds {
    LS_EL_BUILDS_GETH, /* id begins with the version that asked; one envelope for all versions */
    LS_EL_BUILDS_RETH  /* id begins with 4; envelopes by version; kept until another is fetched */
};

/* Whose texts a newPayload that is INVALID gets, and whose order of rules. op-reth's latest valid
 * hash is the parent, when it knows it, also where op-geth's is null. */
enum ls_el_words { LS_EL_WORDS_GETH, LS_EL_WORDS_RETH };

/* How blocks come from peers. */
enum ls_el_fetch {
    LS_EL_FETCH_CHAIN, /* each is the head as it comes (or none before a snap sync's end) */
    LS_EL_FETCH_GAP    /* all of a gap at once; a wide one by a pipeline (engine_fetch.c) */
};

/* What stands behind a profile's name: "deep:16". */
enum ls_el_param {
    LS_EL_PARAM_NONE,
    LS_EL_PARAM_BLOCKS,  /* a number */
    LS_EL_PARAM_MS,      /* a number */
    LS_EL_PARAM_DIALECT, /* a word: enum ls_el_unset */
    LS_EL_PARAM_BLOCK    /* a block, which the caller must know */
};

struct ls_engine_profile {
    const char *name;
    const char *what; /* how it differs from "geth", one line */
    enum ls_el_param param;
    enum ls_el_unknown_parent unknown_parent;
    enum ls_el_unknown_head unknown_head;
    enum ls_el_zero_head zero_head;
    enum ls_el_old_head old_head;
    enum ls_el_unset label_unset;
    enum ls_el_restore restore;
    enum ls_el_builds builds;
    enum ls_el_words words;
    uint32_t builds_max;         /* getPayload knows the newest so many, <= LS_EL_BUILDS_MAX */
    bool labels_atomic;          /* a bad label leaves head and labels as they were */
    bool same_head_keeps_labels; /* a forkchoice that keeps the head moves no label (EL-ERI) */
    bool labels_by_old_head; /* labels are checked on the chain as it was before the call, and the
                                head moves all the same (EL-NM) */
    bool finalized_first;    /* an unknown finalized block is -38002 before anything else is looked
                                at, so that no sync starts (EL-38002) */
    bool error_data;         /* engine errors carry data {"err": text} */
    bool side_block_by_hash; /* non-canonical blocks are readable by hash */
    bool syncing_at_start;   /* eth_syncing says so until the head moves for the first time */
    bool label_by_chain;     /* a label whose block was reorged out reads as unset */
    bool old_head_builds;    /* LS_EL_OLD_SKIP: attributes are looked at all the same */
    bool connects;           /* remote headers are executed when their parent comes, and the head
                                of the last forkchoice that was SYNCING becomes the head then */
    enum ls_el_fetch fetch;
    uint32_t pipeline_gap; /* FETCH_GAP: blocks from the head to the parent of the first block
                              fetched, more of which take a pipeline */
    bool is_snap;          /* starts in snap mode while only genesis is there */
    bool snap_done_on_canonical_fcu; /* … which a forkchoice to a known block ends for good */
    /* The canonical chain is written in batches beside the engine, and taken off the disk after a
     * reorg (engine_disk.c): that forgets side chains below the finalized block, and blocks that
     * left the chain stay readable as long as the disk or a cache has them (op-reth). */
    bool writes_behind;
    bool disk_lags; /* … over with the tick after the call, not with the call; off in every row */
    bool parent_by_number;     /* see ls_engine_header_is_cached */
    bool null_omitted;         /* null members of a PayloadStatus are left out */
    uint32_t stash_max;        /* remote headers kept, <= LS_EL_STASH_MAX */
    uint32_t invalid_hits_max; /* look-ups after which a rejected block is tried again, 0 = never */
    bool payload_resets_hits;  /* a newPayload of such a block starts the count again (op-reth) */
    uint64_t reorg_depth_max;  /* deeper: -38006; 0 = no limit */
    uint64_t bodies_kept;      /* older ones below the head are gone; UINT64_MAX = keep all */
    uint64_t call_ns;          /* an engine_* call takes that long; the next one waits for it */
    bool is_stuck;             /* SYNCING to every newPayload and forkchoice, nothing changes */
    /* Far heads are had after this many consecutive numbers of the last window_keep, from nowhere,
     * and the call that completes it still says SYNCING (EL-WIN). 0 = peers are needed. */
    uint32_t window_need;
    uint32_t window_keep;
    /* Where the real program ends itself (or its builder) this one does, too: off in every row. */
    bool is_mortal;
    bool builds_hang;
};

#define LS_EL_BUILDS_MAX 64u
#define LS_EL_STASH_MAX 256u
#define LS_EL_INVALID_MAX 512u

/* The rows of the table in engine_profile.c by name: "geth" (op-geth 1.16.3), "nm", "deep", …. Also
 * as the catalogue of scenarios spells them: "EL-NM". NULL when there is none. Static. */
const struct ls_engine_profile *ls_engine_profile_find(const char *name);
/* i-th profile, NULL past the end. */
const struct ls_engine_profile *ls_engine_profile_at(size_t i);

enum ls_el_choice_fault { LS_EL_CHOICE_OK, LS_EL_CHOICE_NO_NAME, LS_EL_CHOICE_NO_PARAM };
/* Reads "NAME" or "NAME:PARAM" into a profile; without PARAM the row's own value counts. *block is
 * the text of a parameter that is a block, which is the caller's to find and to hand to
 * ls_engine_condemn; NULL: none was given or the row takes none. NO_NAME, NO_PARAM (out->param says
 * what it should have been). */
enum ls_el_choice_fault ls_engine_profile_read(const char *text, struct ls_engine_profile *out,
                                               const char **block);
/* "BLOCKS", "MS", "DIALECT", "BLOCK"; NULL for NONE. */
const char *ls_engine_param_name(enum ls_el_param param);
/* Writes " NAME[:PARAM]…" of all rows for a complaint, cut to cap. */
void ls_engine_profile_names(char *out, size_t cap);
#define LS_EL_NAMES_MAX 256u /* room for it */

/* --- life --- */

struct ls_engine;

/* Bytes for an engine over u (by its capacity), 16-aligned. */
size_t ls_engine_size(const struct ls_universe *u);
/* Builds a fresh engine in mem, at genesis (an id of u), labels unset. u and profile outlive it. */
struct ls_engine *ls_engine_init(void *mem, const struct ls_universe *u, uint32_t genesis,
                                 const struct ls_engine_profile *profile);

/* Another program on the same database: blocks and labels stay, what a process only remembers
 * (stash, rejections, condemned blocks, sync target) is gone. Its ports stay as they are. The copy
 * may be edited: see ls_engine_knobs. */
void ls_engine_set_profile(struct ls_engine *e, const struct ls_engine_profile *profile);
/* The profile in force, writable: a test flips a single knob. */
struct ls_engine_profile *ls_engine_knobs(struct ls_engine *e);

/* One tick of engine time: obtains up to the backfill rate of blocks towards the sync target. */
void ls_engine_tick(struct ls_engine *e);

/* --- the world's hands: what scenarios do to an engine --- */

/* Database back to genesis: blocks, labels, sync target, invalid marks by execution are gone. */
void ls_engine_wipe(struct ls_engine *e);
/* Puts tip and all its ancestors in the database and makes tip the head; labels as given
 * (LS_NO_BLOCK = unset). For "the engine is already at block n". */
void ls_engine_seed(struct ls_engine *e, uint32_t tip, uint32_t safe, uint32_t finalized);
/* Process restart: stash, remembered rejections, sync target are gone, labels as the profile
 * restores them; lost = newest canonical blocks that did not survive (0 = clean stop). */
void ls_engine_restart(struct ls_engine *e, uint64_t lost);
/* How many of the newest canonical blocks a kill costs now, when no write is under way. */
uint64_t ls_engine_unwritten(const struct ls_engine *e);
/* What is under way on disk (knob disk_lags) is over, and what follows from it. */
void ls_engine_settle(struct ls_engine *e);
/* Nothing is. */
bool ls_engine_is_settled(const struct ls_engine *e);
/* As ls_engine_restart after a kill, before the newest lost blocks were written. op-reth's labels
 * are those of the head that is left; op-geth that lost its head altogether has its blocks still.
 */
void ls_engine_crash(struct ls_engine *e, uint64_t lost);
/* Head back by n blocks (debug_setHead; at most to genesis); the blocks above it are forgotten, and
 * a label above the new head becomes unset (mock-engine 2.9). */
void ls_engine_rewind(struct ls_engine *e, uint64_t n);
/* Forgets one block and every descendant of it, so that it is unknown to the engine; when it is
 * canonical the head moves below it, as ls_engine_rewind. Genesis stays. */
void ls_engine_forget(struct ls_engine *e, uint32_t id);
/* The knob bodies_kept: bodies of blocks more than keep below the head are gone, they are served
 * without transactions. UINT64_MAX = keep all. */
void ls_engine_set_prune(struct ls_engine *e, uint64_t keep);
/* Executes to INVALID from now on, or again not. An executed block stays executed. */
void ls_engine_mark_invalid(struct ls_engine *e, uint32_t id, bool is_invalid);
/* EL-INV(b): the block executes to INVALID until the process restarts. Where it was executed before
 * it is rejected now, with every descendant, and the head is below it. Not genesis. */
void ls_engine_condemn(struct ls_engine *e, uint32_t id);
/* Blocks a tick from peers; 0 = no peers. */
void ls_engine_set_backfill(struct ls_engine *e, uint64_t blocks_per_tick);
/* Newest block the peers have (with its ancestors); LS_NO_BLOCK = they have every block. */
void ls_engine_set_peer_tip(struct ls_engine *e, uint32_t tip);
/* The knob is_stuck. */
void ls_engine_set_stuck(struct ls_engine *e, bool is_stuck);
/* The knob disk_lags; without it what is under way is over. */
void ls_engine_set_disk_lags(struct ls_engine *e, bool lags);
/* The process is gone: its ports answer nobody until ls_engine_restart. */
void ls_engine_kill(struct ls_engine *e);
bool ls_engine_is_dead(const struct ls_engine *e);
/* Which process this is: another number after each restart and change of profile. */
uint64_t ls_engine_process(const struct ls_engine *e);
/* Sets a label (LS_NO_BLOCK = unset) behind the CL's back. The head: a reorg to an executed id. */
enum ls_label { LS_LABEL_LATEST, LS_LABEL_SAFE, LS_LABEL_FINALIZED };
void ls_engine_set_label(struct ls_engine *e, enum ls_label label, uint32_t id);

/* --- ground truth --- */

/* Executed and not forgotten. */
bool ls_engine_has(const struct ls_engine *e, uint32_t id);
/* LS_NO_BLOCK above the head. */
uint32_t ls_engine_canonical_at(const struct ls_engine *e, uint64_t number);
/* LS_NO_BLOCK when unset. LATEST is never unset. */
uint32_t ls_engine_label(const struct ls_engine *e, enum ls_label label);
uint32_t ls_engine_genesis(const struct ls_engine *e);
/* Sync target, LS_NO_BLOCK when idle. */
uint32_t ls_engine_sync_target(const struct ls_engine *e);
bool ls_engine_is_pruned(const struct ls_engine *e, uint32_t id);
/* geth looks for a parent by hash and number, but its caches go by the hash alone: a child with a
 * wrong number finds it only when it was read before (profile: parent_by_number). Header: read as
 * the parent of a block that was executed or built; block: named by a call. */
bool ls_engine_header_is_cached(const struct ls_engine *e, uint32_t id);
void ls_engine_cache_header(struct ls_engine *e, uint32_t id);
/* LS_NO_BLOCK and unknown blocks are ignored. */
void ls_engine_cache_block(struct ls_engine *e, uint32_t id);
/* Sum of state changes; equal twice = nothing changed between. */
uint64_t ls_engine_generation(const struct ls_engine *e);

/* --- what the CL asks --- */

/* newPayload, after the JSON-RPC layer found structure, fork, stateless rules and hash in order
 * (mock-engine 2.3, rows 1 - 5 are its). */
struct ls_np_input {
    struct ls_block_id id;
    struct ls_hash parent;
    uint64_t timestamp; /* s */
    uint32_t block; /* its universe id, or LS_NO_BLOCK: such a block can be stashed or refused, but
                       never becomes known */
    /* Why it does not execute on its parent, NULL = it does as far as the caller knows. Borrowed;
     * the verdict may point to it. */
    const char *exec_error;
};

enum ls_el_lvh { LS_LVH_NULL, LS_LVH_ZERO, LS_LVH_HASH };

/* Answer to newPayload and forkchoiceUpdated. */
struct ls_el_verdict {
    bool is_error; /* a JSON-RPC error: code, message, data */
    int code;
    const char *message; /* static */
    const char *data;    /* static text for {"err": …}, NULL = no data; with a latest valid hash,
                            which no error has otherwise, that hash goes behind it */
    enum ls_payload_status status;
    enum ls_el_lvh lvh;
    struct ls_hash latest_valid;
    const char *error; /* validationError, static or the input's; NULL = null */
    const char *row;   /* the row of the decision table that fired, "np 8"; for traces and tests */
    bool head_applied; /* forkchoice: head and labels stand (attributes are looked at next) */
};

/* The decision tables of mock-engine 2.3 and 2.4. Errors are answers: a verdict is always one. */
struct ls_el_verdict ls_engine_new_payload(struct ls_engine *e, const struct ls_np_input *in);
/* Without attributes: their checks are the JSON-RPC layer's. */
struct ls_el_verdict ls_engine_forkchoice(struct ls_engine *e, const struct ls_forkchoice *f);

/* Answer to a read of a block. */
enum ls_el_read_kind { LS_READ_BLOCK, LS_READ_NULL, LS_READ_ERROR };
struct ls_el_read {
    enum ls_el_read_kind kind;
    uint32_t id;         /* BLOCK */
    int code;            /* ERROR */
    const char *message; /* ERROR, static */
};
struct ls_el_read ls_engine_read_label(const struct ls_engine *e, enum ls_label label);
struct ls_el_read ls_engine_read_number(const struct ls_engine *e, uint64_t number);
/* The engine's own builder made this block, so it is executed; one that is not above the head is
 * forgotten, as op-reth does. LS_NO_BLOCK: nothing happens. */
void ls_engine_take_built(struct ls_engine *e, uint32_t id);
/* op-reth's "pending": the block that was executed on the head last, while none the head. */
struct ls_el_read ls_engine_read_pending(const struct ls_engine *e);
/* op-geth's: the head, and an error while a snap sync gets its state from peers. */
struct ls_el_read ls_engine_read_geth_pending(const struct ls_engine *e);
struct ls_el_read ls_engine_read_hash(const struct ls_engine *e, const struct ls_hash *hash);

#define LS_EL_STAGE_GROUPS 9u /* of op-reth's stages: those of a group are done together */

struct ls_el_syncing {
    bool is_syncing;
    uint64_t starting, current, highest;
    /* op-reth: the block the stages of a pipeline stand at, but for so many groups of them, in the
     * order in which they are done, which stand at stage_target */
    uint64_t stages;
    uint32_t stages_done;
    uint64_t stage_target;
};
struct ls_el_syncing ls_engine_syncing(const struct ls_engine *e);

#endif
