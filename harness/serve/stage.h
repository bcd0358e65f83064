/*
 * What `lockstep serve` plays: the models over a recorded chain, the pace at which the source and
 * the L1 move through the recording, and what a person does to them. No sockets: time and requests
 * are passed in.
 *
 * The heads belong to the clock until somebody moves them by hand; then they stand still until the
 * pace is given back (ls_stage_pace), which goes on from the height they have.
 */
#ifndef LS_HARNESS_SERVE_STAGE_H
#define LS_HARNESS_SERVE_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capture/chain.h"
#include "harness/live/mocks.h"
#include "harness/serve/pace.h"
#include "harness/serve/timeline.h"
#include "lib/err.h"

#define LS_STAGE_TICK_NS 100000000u /* engine time: its peers give blocks once a tick */
#define LS_STAGE_FORK_BLOCKS 16384u /* room for blocks of ls_stage_reorg */

/* What the engine has at the beginning, by number on the canonical chain. */
struct ls_stage_start {
    bool is_given; /* false: genesis, or, when blocks behind it are not recorded, the first one */
    bool has_safe;
    bool has_finalized;
    uint64_t head;
    uint64_t safe;
    uint64_t finalized;
};

struct ls_stage_options {
    struct ls_chain *chain; /* borrowed, outlives the stage */
    struct ls_trace *trace; /* borrowed, likewise; NULL: none */
    const char *profile;    /* "deep:16" */
    struct ls_stage_start start;
    struct ls_pace pace;
    struct ls_lags lags;
    uint64_t peers; /* blocks a second that the engine gets from its peers; 0 = it has none */
};

struct ls_stage {
    struct ls_mocks mocks;
    struct ls_timeline timeline;
    struct ls_pace pace;
    uint64_t peers;
    uint32_t tip;   /* of the branch that the source is on */
    unsigned forks; /* made by ls_stage_reorg */
};

/* Zeroed is none. CONFIG when a node cannot follow the chain, RANGE when a block of the start is
 * not recorded, NOMEM. */
enum ls_err ls_stage_init(struct ls_stage *s, const struct ls_stage_options *o, struct ls_diag *d);
/* After the backends over the models are freed. Zeroed is fine. */
void ls_stage_fini(struct ls_stage *s);

/* One tick of LS_STAGE_TICK_NS ended. */
void ls_stage_tick(struct ls_stage *s, uint64_t now_ns);

/* --- time --- */

/* From now on at this pace; heads that were set by hand go on from the height they have. */
void ls_stage_pace(struct ls_stage *s, const struct ls_pace *how, uint64_t now_ns);
/* Moves the recording on by ms and shows it; the pace stays what it is. */
void ls_stage_skip(struct ls_stage *s, uint64_t ms, uint64_t now_ns);

/* --- by hand: each of these takes the heads from the clock --- */

/* Moves each head up the source's branch. RANGE: one of them would leave it; nothing moved. */
struct ls_stage_step {
    uint64_t unsafe_l2, safe, finalized; /* blocks */
};
enum ls_err ls_stage_advance(struct ls_stage *s, const struct ls_stage_step *by, uint64_t now_ns,
                             struct ls_diag *d);

/* Puts heads at blocks; one that is NULL stays, LS_NO_BLOCK unsets. Sanity is not asked for: that a
 * source may be insane is the point. */
struct ls_stage_heads {
    const uint32_t *unsafe_l2, *safe, *local_safe, *finalized;
};
void ls_stage_set(struct ls_stage *s, const struct ls_stage_heads *to, uint64_t now_ns);

/* The source reorganises: a synthetic branch leaves its chain depth blocks below unsafe and is
 * length blocks long (0: a little longer than what it replaces, as far as the recording goes). What
 * was above the fork point is now on the branch, at the same height or at its tip. RANGE, LIMIT,
 * EXISTS (the name is taken), NOMEM. */
struct ls_stage_fork {
    uint64_t depth, length;
    uint64_t
        invalid_from; /* 1-based: from this block of the branch on the engine refuses; 0 = none */
    const char *name; /* NULL: "reorg-N" */
};
enum ls_err ls_stage_reorg(struct ls_stage *s, const struct ls_stage_fork *fork, uint64_t now_ns,
                           struct ls_diag *d);

/* The source changes to a branch the chain has ("canonical", "orphan-1613", "reorg-1"): heads that
 * are not on it keep their height, or are at its tip. NOT_FOUND names the branches. */
enum ls_err ls_stage_switch(struct ls_stage *s, const char *branch, uint64_t now_ns,
                            struct ls_diag *d);

/* Moves the L1, by number: its tip (on the canonical chain, or on branch), how far it lags behind
 * that, its labels (above latest they are clamped to it). The heads are taken from the clock.
 * NOT_FOUND: no such block. */
struct ls_stage_l1 {
    bool has_tip, has_lag, has_safe, has_finalized;
    uint64_t tip, lag, safe, finalized;
    const char *branch; /* of tip; NULL = canonical */
};
enum ls_err ls_stage_set_l1(struct ls_stage *s, const struct ls_stage_l1 *to, uint64_t now_ns,
                            struct ls_diag *d);

/* NAME[:PARAM] of a profile (mocks/model/engine_profile.c), its block looked up later. USAGE with a
 * sentence that lists what there is. */
enum ls_err ls_stage_check_profile(const char *text, struct ls_diag *d);
/* The same with its block, which is a number on the source's branch or a name for ls_stage_find.
 * USAGE, NOT_FOUND. */
struct ls_stage_profile {
    struct ls_engine_profile profile;
    uint32_t condemned; /* the block that profile "inv" is about, else LS_NO_BLOCK */
};
enum ls_err ls_stage_find_profile(const struct ls_stage *s, const char *text,
                                  struct ls_stage_profile *out, struct ls_diag *d);
/* What the profile says of one block, once the engine has it (and ls_engine_set_profile was done).
 */
void ls_stage_condemn(struct ls_stage *s, const struct ls_stage_profile *p);

/* Blocks a second that the engine gets from its peers, in steps of ten; 0 = it has none. */
void ls_stage_set_peers(struct ls_stage *s, uint64_t peers);

/* --- names of blocks --- */

/* The block of this number on the source's branch. NOT_FOUND. */
enum ls_err ls_stage_at(const struct ls_stage *s, uint64_t number, uint32_t *out,
                        struct ls_diag *d);
/* "genesis", "tip" (of the source's branch), "unsafe", "safe", "finalized" (of the source), "none"
 * (LS_NO_BLOCK), "BRANCH:NUMBER", or a hash. NOT_FOUND. */
enum ls_err ls_stage_find(const struct ls_stage *s, const char *name, uint32_t *out,
                          struct ls_diag *d);
/* The name of the branch other than the canonical one that id is on; NULL. */
const char *ls_stage_branch_of(const struct ls_stage *s, uint32_t id);

#endif
