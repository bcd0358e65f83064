/*
 * capture.json: what a capture is about. Written before the first block, so that a second start
 * knows what it goes on with and refuses a node of another chain. It stays in the folder beside the
 * manifest; whoever only reads fixtures need not look at it.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_FACTS_H
#define LS_HARNESS_CAPTURE_PULL_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/capture/chain.h"
#include "harness/capture/manifest.h"
#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/rollup.h"
#include "lib/op/types.h"

#define LS_PULL_FACTS_FILE "capture.json"
#define LS_PULL_PROVENANCE_MAX 32u

struct ls_pull_facts {
    char name[LS_CHAIN_NAME_MAX]; /* in the manifest */
    uint64_t l2_chain_id;
    uint64_t l1_chain_id;             /* 0: not known */
    uint64_t from;                    /* number of the first block */
    struct ls_block_id genesis;       /* zero hash: the node did not have it */
    bool has_beside[LS_BESIDE_COUNT]; /* blocks are recorded with these */
    uint64_t labels_from_ms;          /* wall time of the first label row; 0: there is none */
    struct ls_span rollup_json;       /* n 0: none */
    struct ls_rollup rollup;          /* valid with rollup_json */
    const char *provenance[LS_PULL_PROVENANCE_MAX];
    size_t provenance_count;
};

/* Reads dir/capture.json; texts live in a. IO, PARSE and others with path and member. */
enum ls_err ls_pull_facts_read(const char *dir, struct ls_arena *a, struct ls_pull_facts *out,
                               struct ls_diag *d);

/* Replaces dir/capture.json. IO. */
enum ls_err ls_pull_facts_write(const char *dir, const struct ls_pull_facts *facts,
                                struct ls_diag *d);

/* Parses text as rollup.json into facts, with its chain ids. As ls_rollup_parse; CONFIG when an id
 * that is known already differs. */
enum ls_err ls_pull_facts_set_rollup(struct ls_pull_facts *facts, struct ls_span text,
                                     struct ls_arena *a, struct ls_diag *d);

/* The rollup config, or NULL. */
const struct ls_rollup *ls_pull_facts_rollup(const struct ls_pull_facts *facts);

#endif
