/*
 * A capture's state, shared by the files that make it up. Internal to pull_*.c: pull_run.c leads,
 * pull_chain.c fetches blocks and finds forks, pull_l1.c the L1 headers, pull_rows.c the labels.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_INNER_H
#define LS_HARNESS_CAPTURE_PULL_INNER_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capture/pull_call.h"
#include "harness/capture/pull_folder.h"
#include "harness/capture/pull_run.h"
#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/rollup.h"

/* How a fetch of blocks ended when it did not go through. */
enum ls_pull_outcome {
    LS_PULL_WENT_WELL,
    LS_PULL_GONE,  /* the node did not have a block */
    LS_PULL_REORG, /* a block's parent is not recorded */
    LS_PULL_MIXED  /* what came beside a block is of another: a reorg between two answers */
};

struct ls_pull {
    struct ls_pull_world *w;
    const struct ls_pull_options *o;
    const struct ls_pull_watch *watch;
    struct ls_pull_folder *f;
    const struct ls_rollup *rollup; /* NULL: none */
    struct ls_arena scratch;        /* of the block in hand */
    bool has_l1;
    bool has_cl;
    bool has_status; /* the CL answers optimism_syncStatus */
    uint64_t next;   /* number of the block to fetch next */
    uint64_t target; /* highest number that is wanted now */
    enum ls_pull_outcome outcome;
    unsigned lower_polls; /* in a row that showed a head below the tip */
    uint64_t progress_ms; /* when the last block came, or nothing was missing */
    uint64_t l1_lacks_ms; /* since when the tip's L1 origin is not to be had; 0: it is recorded */
    uint64_t synced_ms;   /* when the disk was asked to keep what there is */
    uint64_t skipped_rows;
    struct ls_diag *d;
};

/* --- pull_run.c --- */

/* Tells the user. */
void ls_pull_say(const struct ls_pull *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* One call; the result's text goes to out. RPC when the node answers with an error (d has method
 * and message). */
enum ls_err ls_pull_ask(struct ls_pull *p, enum ls_pull_node node, const struct ls_pull_call *call,
                        struct ls_buf *out);

/* RPC with a sentence when the answer is an error. */
enum ls_err ls_pull_judge(const struct ls_pull *p, enum ls_pull_node node,
                          const struct ls_pull_call *call, const struct ls_pull_answer *a,
                          struct ls_diag *d);

/* --- pull_chain.c --- */

/* Verifies the text as a block of L2 beside its recorded parent and records it. outcome is REORG
 * (and the error LINK) when the parent is not recorded. */
enum ls_err ls_pull_record(struct ls_pull *p, struct ls_span text, struct ls_diag *d);

/* Records all blocks up to number to, through reorgs, with their L1 headers. Ends early without an
 * error when the world says stop. */
enum ls_err ls_pull_reach(struct ls_pull *p, uint64_t to);

/* The chain under the recorded one was replaced: finds the highest recorded canonical block, not
 * above upper, that the node still has, and sets next behind it. */
enum ls_err ls_pull_find_fork(struct ls_pull *p, uint64_t upper);

/* Makes the recorded chain the one with this head, as far as it is wanted (o->to). */
enum ls_err ls_pull_go_to_head(struct ls_pull *p, const struct ls_block_id *head);

/* true in *is_same when the node's canonical block at the last number that is wanted is the
 * recorded one; otherwise next is set to where to go on. */
enum ls_err ls_pull_confirm(struct ls_pull *p, bool *is_same);

/* Records the block of that hash with what is missing below it, at most a few. NOT_FOUND when the
 * node does not have it or it does not lead to a recorded block. */
enum ls_err ls_pull_record_hash(struct ls_pull *p, const struct ls_block_id *id);

/* TIMEOUT when the node has lacked what (a sentence's object) since since_ms, and that is longer
 * than the user is patient. */
enum ls_err ls_pull_be_patient(struct ls_pull *p, enum ls_pull_node node, const char *what,
                               uint64_t since_ms);

/* --- pull_l1.c --- */

/* Records the L1 headers up to the origin of the tip. One that the L1 node does not have is no
 * error at once, it may be replaced soon with the L2 blocks that name it: l1_lacks_ms says since
 * when. */
enum ls_err ls_pull_l1_catch_up(struct ls_pull *p);

/* Records the header id names and those below it. NOT_FOUND when the node does not have it, or it
 * does not lead to a recorded one. */
enum ls_err ls_pull_l1_reach(struct ls_pull *p, const struct ls_block_id *id);

/* --- pull_rows.c --- */

/* What was said of the heads at one moment. */
struct ls_pull_sight {
    struct ls_block_id head; /* the EL's latest; zero hash: none */
    bool has_row;
    uint64_t at_ms;
    struct ls_buf status;    /* CL: the result's text */
    struct ls_block_id safe; /* EL: tags, zero hash when not set */
    struct ls_block_id finalized;
};

/* Asks the nodes for their heads. s->status is initialised. */
enum ls_err ls_pull_look(struct ls_pull *p, struct ls_pull_sight *s);

/* Records the row of what was seen, with the blocks and headers it names that are not there yet. A
 * row that names what cannot be had is left out. */
enum ls_err ls_pull_put_sight(struct ls_pull *p, const struct ls_pull_sight *s);

#endif
