/*
 * A recorded chain in memory: a fixture folder, opened, decompressed and verified.
 *
 * The folder is data anyone can write with curl and read with zstd and jq (docs/FIXTURES.md):
 * manifest.json, l2.ndjson.zst, l1.ndjson.zst, status.ndjson.zst, receipts.ndjson.zst,
 * proofs.ndjson.zst. Opening checks everything that can be checked without executing a block, so
 * whoever holds a struct ls_chain may believe it.
 *
 * It is not a writer (import.h, segment.h) and knows nothing of engines or sources: it gives the
 * mocks their universes and the scenarios their names for blocks.
 */
#ifndef LS_HARNESS_CAPTURE_CHAIN_H
#define LS_HARNESS_CAPTURE_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/rollup.h"
#include "lib/op/sync_status.h"
#include "mocks/model/universe.h"

#define LS_CHAIN_FORMAT 1u         /* manifest "format" this code reads and writes */
#define LS_CHAIN_NAME_MAX 64u      /* bytes of a chain or branch name, terminator included */
#define LS_CHAIN_BRANCHES_MAX 256u /* named tips a segment may have, forks included */

/* A named tip. Branch 0 of a segment is the canonical one, "canonical". */
struct ls_chain_branch {
    char name[LS_CHAIN_NAME_MAX];
    uint32_t first;    /* id of its lowest block that is on no branch before it in the list */
    uint32_t tip;      /* id */
    bool is_synthetic; /* made by ls_chain_fork or `lockstep fork`, never seen on a network */
};

/* What the recorded CL answered to optimism_syncStatus, and when. */
struct ls_chain_label {
    uint64_t at_ms; /* since the first row of the recording */
    struct ls_sync_status status;
    struct ls_span json; /* the result object as recorded; borrowed from the chain */
};

struct ls_chain_mem;

/* All pointers are owned by the chain and live until ls_chain_close. Blocks are named by their id
 * in the universe. Callers read; only ls_chain_fork adds. */
struct ls_chain {
    const char *dir;
    char name[LS_CHAIN_NAME_MAX];
    uint64_t l2_chain_id; /* 0: not stated */
    uint64_t l1_chain_id; /* 0: not stated */

    bool has_rollup;            /* false: a bag of blocks, no fork rule was checked */
    struct ls_rollup rollup;    /* zero without has_rollup */
    struct ls_span rollup_json; /* its text, as in rollup.json */

    const char *synthetic; /* what is not real about every block of the folder; NULL: all is real */

    /* Canonical blocks come first, ascending, then orphans. A block whose parent is not recorded
     * has the canonical block before it as parent, with is_gap set (so genesis is the ancestor of
     * all). json is the recorded text without its line feed. */
    struct ls_universe *l2;
    uint32_t genesis; /* id; LS_NO_BLOCK when the genesis block is not recorded */
    uint32_t first;   /* lowest block of the recorded window: genesis itself when the window starts
                         there, else the first block behind the gap; with several runs, the first
                         of the last run, so first .. tip has no gap */
    uint32_t tip;     /* highest canonical block */
    struct ls_chain_branch *branches; /* branches[0].tip == tip */
    size_t branch_count;

    struct ls_universe *l1; /* never NULL, may be empty; only hash, number, parent and timestamp of
                               ref are set; json is the recorded header object */
    uint32_t l1_first;      /* as first; LS_NO_BLOCK when there are no L1 headers */
    uint32_t l1_tip;
    struct ls_chain_branch *l1_branches;
    size_t l1_branch_count;

    const struct ls_chain_label *timeline; /* ascending at_ms; NULL when there is none. Opened
                                              lazily, the rest of a row is ls_chain_label's */
    size_t timeline_count;

    bool has_receipts; /* of blocks of l2: the folder has some */

    struct ls_chain_mem *mem;
};

/* What was wrong first, for programs: the sentence of the diag in its parts. What does not apply is
 * empty, 0 or false. */
struct ls_chain_fault {
    char file[32];  /* in the folder */
    uint64_t line;  /* from 1 */
    bool has_block; /* an L1 block when the file is the one of L1 headers */
    uint64_t block; /* number the line should have, or states */
    char field[64]; /* member at fault, as the sentence begins */
};

struct ls_chain_options {
    uint32_t extra_blocks; /* room for this many L2 blocks of ls_chain_fork */
    bool has_window;       /* open only blocks first .. last, through the folder's index */
    uint64_t first;
    uint64_t last;
    bool is_lazy;                 /* verify blocks when they are asked for; not with has_window */
    struct ls_chain_fault *fault; /* set when opening fails; may be NULL */
};

/* Opens the folder dir and verifies every block of it: SHA-256 of each segment, header hash, parent
 * link, transactions root, timestamp step, order and number of blocks, and, when the manifest has a
 * rollup config, the rules of the fork (tail fields, withdrawals, requests hash, extraData form,
 * first transaction an L1-info deposit), the L1 origin (one step at a time, sequence number, known
 * to the recorded L1) and every reference of the label timeline; recorded receipts and proofs as
 * receipts.h and proofs.h say.
 *
 * With a window only its blocks are read, genesis, the orphans that sit on them, and the L1 headers
 * and label rows that belong to them, as `lockstep cut` would keep them,
 * but branches that leave the window upwards whole; all of that is checked the
 * same, but what is outside is not looked at, the SHA-256 of the block segments neither (store.h
 * has the whole story). RANGE when no block of the window is recorded.
 *
 * With is_lazy blocks are taken from the folder's index, which is made when it is not there, so
 * that opening costs nothing by the block but its links, its origin, and the SHA-256 of segments of
 * a few MiB. Their json is NULL: ls_ublock_text has it, verified as above before it is handed out;
 * so are rows of the label timeline by ls_chain_label; ls_chain_prove does the rest, ls_chain_fault
 * says what was found. A folder that cannot be opened
 * in this way is opened in the other.
 *
 * options may be NULL. On success *out is zeroed and filled: ls_chain_close it. Errors: IO when a
 * file cannot be read (usage class), anything else when the content is refused (protocol class; d
 * names file or block, and field), LIMIT, NOMEM. *out is then zeroed. */
enum ls_err ls_chain_open(const char *dir, const struct ls_chain_options *options,
                          struct ls_chain *out, struct ls_diag *d);

/* A row of the timeline, verified; row < timeline_count. When it is wrong, which only a chain that
 * was opened lazily finds now, ls_chain_fault says so and this is the first row. */
const struct ls_chain_label *ls_chain_label(const struct ls_chain *c, size_t row);

/* Of a chain that was opened lazily: verifies up to `blocks` more blocks or rows of the timeline.
 * *is_done: there are none left (at once, when it was not opened lazily). The first block that is
 * wrong is an error as of ls_chain_open, now and ever after: nothing of the chain is to be believed
 * then. */
enum ls_err ls_chain_prove(struct ls_chain *c, uint32_t blocks, bool *is_done, struct ls_diag *d);

/* OK, or why a text was not to be had: the same errors. Cheap. */
enum ls_err ls_chain_fault(const struct ls_chain *c, struct ls_diag *d);

/* Frees everything. NULL and zeroed are fine. */
void ls_chain_close(struct ls_chain *c);

/* The branch of this name, or NULL. */
const struct ls_chain_branch *ls_chain_branch(const struct ls_chain *c, const char *name);

/* The canonical L2 block of this number: LS_NO_BLOCK when it is not recorded. */
uint32_t ls_chain_at(const struct ls_chain *c, uint64_t number);

#endif
