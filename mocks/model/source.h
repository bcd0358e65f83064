/*
 * The remote L2 node a light CL follows: an execution layer with tags (variant A) or a consensus
 * node with optimism_syncStatus (variant B), over the block universe (scenarios 2.2). Heads are set
 * one by one by id and need not be sane: that is the point. Pure, in caller memory; time is
 * ls_source_seek.
 *
 * A source has one or more views, each a backend behind a load balancer with heads of its own; most
 * scenarios use view 0 only.
 */
#ifndef LS_MOCKS_SOURCE_H
#define LS_MOCKS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/op/sync_status.h"
#include "lib/op/types.h"
#include "mocks/model/turns.h"
#include "mocks/model/universe.h"

enum ls_src_flavour { LS_SRC_EL, LS_SRC_CL };
/* Which members its status has (SRC-CL, SRC-CL-kona, SRC-CL-old). */
enum ls_src_shape { LS_SRC_SHAPE_CURRENT, LS_SRC_SHAPE_KONA, LS_SRC_SHAPE_OLD };

/* What it knows of L2 and L1. LS_NO_BLOCK: a zero reference in the status, an unset tag. */
struct ls_src_heads {
    uint32_t unsafe_l2;
    uint32_t local_safe_l2;
    uint32_t safe_l2;
    uint32_t finalized_l2;
    uint32_t current_l1; /* ids of the L1 universe */
    uint32_t head_l1;
    uint32_t safe_l1;
    uint32_t finalized_l1;
};

/* One of these at a time. */
enum ls_src_mood {
    LS_SRC_NORMAL,
    LS_SRC_NULLS,   /* result null to status and block reads */
    LS_SRC_ZEROS,   /* status: all references zero; block reads: null */
    LS_SRC_GENESIS, /* warm restart: unsafe as it was, safe and finalized at genesis, L1 zero */
    LS_SRC_ONLY_G,  /* everything at genesis */
    LS_SRC_ONLY_F,  /* deriving again: safe and local safe are the finalized block, current L1 zero
                     */
    LS_SRC_GARBAGE  /* well-formed and wrong: finalized <= safe <= unsafe of random hashes and
                       numbers; an execution layer's labels are any blocks */
};

/* One row of the table in source_profile.c (scenarios 2.2): how a source misbehaves by itself,
 * whatever heads it is given. */
struct ls_src_profile {
    const char *name;
    const char *what;  /* one line */
    const char *param; /* what stands behind its colon, "BLOCKS"; NULL: nothing */
    enum ls_src_mood mood;
    enum ls_src_shape shape;
    bool is_frozen;
    uint64_t answers;   /* of the mood, then it is over */
    uint64_t regress;   /* safe is so many blocks lower on the same chain */
    uint64_t saw_depth; /* falls by so many blocks, and climbs back in saw_period ticks; 0 = no */
    uint64_t saw_period;
};

/* i-th row, NULL past the end. Static. */
const struct ls_src_profile *ls_source_profile_at(size_t i);
/* Reads NAME or NAME:PARAM, also in the catalogue's spelling ("SRC-COLD:5", "saw:400/20"); false:
 * there is none, or the parameter does not fit. */
bool ls_source_profile_read(const char *text, struct ls_src_profile *out);

#define LS_SRC_VIEWS_MAX 8u

/* A recorded status with its time. */
struct ls_src_moment {
    uint64_t at_ms;
    struct ls_sync_status status;
};

struct ls_source;

size_t ls_source_size(void);
/* Over l2 (genesis is an id of it) and l1 (NULL: L1 references are zero). One view, all heads
 * unset but unsafe = genesis. Universes outlive it. */
struct ls_source *ls_source_init(void *mem, const struct ls_universe *l2, uint32_t genesis,
                                 const struct ls_universe *l1, enum ls_src_flavour flavour);

/* What it is taken for, and which members its status has; changed at any time. */
enum ls_src_flavour ls_source_flavour(const struct ls_source *s);
void ls_source_set_flavour(struct ls_source *s, enum ls_src_flavour flavour);
void ls_source_set_shape(struct ls_source *s, enum ls_src_shape shape);
enum ls_src_shape ls_source_shape(const struct ls_source *s);

/* The heads of view 0, writable. Several changes between two requests are seen together. */
struct ls_src_heads *ls_source_heads(struct ls_source *s);
/* Sets safe (and local safe) and finalized, with current_l1 = the safe block's origin when the L1
 * universe has it; unsafe is raised to safe when it is not a descendant of it. */
void ls_source_follow(struct ls_source *s, uint32_t safe, uint32_t finalized);

/* Frozen: answers stay as they are now whatever is set, until thawed. */
void ls_source_freeze(struct ls_source *s, bool is_frozen);
/* From now on for this many answered status or block requests (UINT64_MAX = until changed). */
void ls_source_set_mood(struct ls_source *s, enum ls_src_mood mood, uint64_t answers);

/* Its mood, shape, freezing and movements are the profile's from now on; heads stay. */
void ls_source_set_profile(struct ls_source *s, const struct ls_src_profile *p);
/* One tick of the source's time: where a saw-tooth source stands. */
void ls_source_tick(struct ls_source *s);

/* Load balancing: count views (1 .. LS_SRC_VIEWS_MAX); new ones start as copies of view 0. */
void ls_source_set_views(struct ls_source *s, unsigned count, enum ls_turns_policy policy,
                         uint64_t seed);
struct ls_src_heads *ls_source_view(struct ls_source *s, unsigned i);
/* A backend that is where the source is, but behind or on another fork. */
struct ls_src_backend {
    uint64_t lag; /* blocks */
    uint32_t
        tip; /* of its chain, which it follows as high as that goes; LS_NO_BLOCK: the source's */
};
/* Load balancing over backends: view i has the heads of view 0, also those it gets later, each on
 * the chain of backends[i] at the same height, or its tip, and lag lower, but not below genesis.
 * count is 1 .. LS_SRC_VIEWS_MAX; one backend at the source is no balancer. ls_source_set_views
 * ends it. */
void ls_source_balance(struct ls_source *s, const struct ls_src_backend *backends, unsigned count,
                       enum ls_turns_policy policy, uint64_t seed);

/* Replay: heads come from moments (borrowed, by time) instead of the views; count 0 ends it. Seek
 * answers with the newest moment not later than at_ms (the first one before that). */
void ls_source_play(struct ls_source *s, const struct ls_src_moment *moments, size_t count);
void ls_source_seek(struct ls_source *s, uint64_t at_ms);
/* Moment number i (clamped). */
void ls_source_step(struct ls_source *s, size_t i);

/* --- what the CL asks --- */

/* Which view answers this connection now; advances the balancer and the mood's countdown. Call once
 * a request and pass the result on. */
struct ls_src_answer {
    enum ls_src_mood mood;
    struct ls_src_heads heads;           /* unused while replaying */
    const struct ls_sync_status *replay; /* NULL when not replaying */
    unsigned view;
    uint64_t salt; /* of what is random in this answer */
};
struct ls_src_answer ls_source_answer(struct ls_source *s, uint64_t conn);

/* The answer as a status; false: answer null. */
bool ls_source_status(const struct ls_source *s, const struct ls_src_answer *a,
                      struct ls_sync_status *out);

enum ls_src_tag { LS_SRC_LATEST, LS_SRC_SAFE, LS_SRC_FINALIZED, LS_SRC_EARLIEST };
/* Block of a tag, a number on the unsafe chain, a hash (any block of the unsafe chain);
 * LS_NO_BLOCK: not there. */
uint32_t ls_source_by_tag(const struct ls_source *s, const struct ls_src_answer *a,
                          enum ls_src_tag tag);
uint32_t ls_source_by_number(const struct ls_source *s, const struct ls_src_answer *a,
                             uint64_t number);
uint32_t ls_source_by_hash(const struct ls_source *s, const struct ls_src_answer *a,
                           const struct ls_hash *hash);

#endif
