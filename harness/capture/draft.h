/*
 * A folder in the making: blocks, headers, labels and facts, collected in any order, then written
 * as a fixture folder and verified by opening it. Import, cut and fork differ only in how they fill
 * a draft.
 *
 * A draft trusts its blocks: who adds one has decoded it. What is written is checked again.
 */
#ifndef LS_HARNESS_CAPTURE_DRAFT_H
#define LS_HARNESS_CAPTURE_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/capture/chain.h"
#include "harness/capture/dag.h"
#include "harness/capture/manifest.h"
#include "harness/capture/segment.h"
#include "lib/arena.h"
#include "lib/err.h"
#include "lib/op/rollup.h"
#include "lib/op/sync_status.h"

/* A block of either layer. text is one line of JSON, borrowed (see ls_draft_keep). */
struct ls_draft_block {
    struct ls_span text;
    struct ls_hash hash;
    struct ls_hash parent;
    uint64_t number;
    struct ls_block_id l1_origin; /* L2 blocks */
    bool is_hydrated;             /* L2 blocks: false is only good to be found again in full */
};

struct ls_draft_row {
    struct ls_span text; /* the whole line, borrowed */
    struct ls_sync_status status;
};

/* What stands beside a block that may come later, or never. text is borrowed. */
struct ls_draft_beside {
    struct ls_hash key; /* as beside.h says */
    struct ls_span text;
};

struct ls_draft_beside_list {
    struct ls_draft_beside *items;
    size_t count;
    size_t capacity;
};

struct ls_draft_blocks {
    struct ls_draft_block *items;
    size_t count;
    size_t capacity;
};

/* Blocks known to be canonical, what is known best first. */
struct ls_draft_points {
    struct ls_dag_point *items;
    size_t count;
    size_t capacity;
};

struct ls_draft {
    struct ls_arena arena;
    char name[LS_CHAIN_NAME_MAX]; /* empty: the folder's name is taken */
    uint64_t l2_chain_id;
    uint64_t l1_chain_id;
    struct ls_span rollup_json; /* n 0: none */
    struct ls_rollup rollup;    /* valid with rollup_json */
    const char *synthetic;      /* NULL: all is real */
    const char **provenance;
    size_t provenance_count;
    size_t provenance_capacity;
    struct ls_draft_blocks l2;
    struct ls_draft_blocks l1;
    struct ls_draft_beside_list beside[LS_BESIDE_COUNT]; /* of L2 blocks, in any order */
    struct ls_draft_points l2_points;                    /* before those the rows name */
    struct ls_draft_points l1_points;
    struct ls_draft_row *rows;
    size_t row_count;
    size_t row_capacity;
    size_t rows_left_out; /* set by ls_draft_write: rows that name a block the folder lacks */
    struct ls_dag_tip tips[LS_CHAIN_BRANCHES_MAX]; /* of L2; names borrowed */
    size_t tip_count;
    struct ls_dag_tip l1_tips[LS_CHAIN_BRANCHES_MAX];
    size_t l1_tip_count;
};

void ls_draft_init(struct ls_draft *f);
void ls_draft_fini(struct ls_draft *f);

/* A copy of the text that lives as long as the draft; p is NULL without memory. */
struct ls_span ls_draft_keep(struct ls_draft *f, struct ls_span text);

/* All add to the end. NOMEM. */
enum ls_err ls_draft_add_block(struct ls_draft_blocks *to, const struct ls_draft_block *b,
                               struct ls_diag *d);
enum ls_err ls_draft_add_row(struct ls_draft *f, const struct ls_draft_row *row, struct ls_diag *d);
enum ls_err ls_draft_add_beside(struct ls_draft_beside_list *to, const struct ls_hash *key,
                                struct ls_span text, struct ls_diag *d);
enum ls_err ls_draft_add_point(struct ls_draft_points *to, const struct ls_hash *hash,
                               enum ls_dag_point_kind kind, struct ls_diag *d);

/* Copies one sentence on where the data comes from, unless it is there already. Words that hold a
 * URL ("://") are left out: hosts and keys have no place in a fixture. */
enum ls_err ls_draft_add_provenance(struct ls_draft *f, const char *text, struct ls_diag *d);

/* Reads text as rollup.json and keeps it with its chain ids. As ls_rollup_parse; CONFIG when ids
 * known already differ. */
enum ls_err ls_draft_set_rollup(struct ls_draft *f, struct ls_span text, struct ls_diag *d);

/* Fills f from an open chain, its forks included. f borrows from c. */
enum ls_err ls_draft_from_chain(struct ls_draft *f, const struct ls_chain *c, struct ls_diag *d);

struct ls_draft_options {
    uint64_t first; /* window of L2 numbers, inclusive; genesis stays in any case */
    uint64_t last;  /* UINT64_MAX and first 0: no window */
    int level;      /* of compression, 1..19 */
    bool replace;   /* a fixture that stands in dir gives way */
};

/* Writes dir (made when its parent is there) and opens it to verify; a folder that does not verify
 * is emptied again. Canonical are the blocks of the draft's points; where it has none, the heads of
 * the last label rows and what descends from them, of L1 then the origin of the last L2 block; else
 * the highest block and what it descends from. With a window, L1 headers and label rows are cut to
 * it: headers from the lowest origin to LS_DRAFT_L1_MARGIN above the highest block named, rows
 * whose every L2 block is in the folder. Errors as ls_dag_arrange and ls_chain_open; EXISTS when
 * dir holds a fixture and replace is false; TYPE when a block is there only with transaction
 * hashes. */
enum ls_err ls_draft_write(struct ls_draft *f, const char *dir,
                           const struct ls_draft_options *options, struct ls_diag *d);

#define LS_DRAFT_L1_MARGIN 16u

#endif
