/*
 * manifest.json: what a fixture folder holds. Reading is strict about what it knows and blind to
 * members it does not know, so that people can add notes; writing gives one stable form.
 *
 * Hash and count of each segment stand here, so the manifest is written last and a folder without
 * one is no fixture yet.
 */
#ifndef LS_HARNESS_CAPTURE_MANIFEST_H
#define LS_HARNESS_CAPTURE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/capture/chain.h"
#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/types.h"

#define LS_MANIFEST_FILE "manifest.json"
#define LS_SEGMENT_L2_FILE "l2.ndjson.zst"
#define LS_SEGMENT_L1_FILE "l1.ndjson.zst"
#define LS_SEGMENT_STATUS_FILE "status.ndjson.zst"
#define LS_SEGMENT_RECEIPTS_FILE "receipts.ndjson.zst"
#define LS_SEGMENT_PROOFS_FILE "proofs.ndjson.zst"
#define LS_MANIFEST_BYTES_MAX (8u << 20)
#define LS_MANIFEST_TEXT_MAX 4096u  /* bytes of one provenance line or of "synthetic" */
#define LS_MANIFEST_LIST_MAX 65536u /* entries of runs or provenance */

/* Canonical blocks without a hole. */
struct ls_manifest_run {
    uint64_t first;
    uint64_t last;
};

struct ls_manifest_branch {
    char name[LS_CHAIN_NAME_MAX];
    uint64_t first; /* number of the lowest block that is not canonical; of branch 0, its lowest */
    struct ls_block_id tip;
    bool is_synthetic;
    uint64_t invalid_from; /* number of the first block an engine must refuse; 0: none */
};

/* One ndjson.zst file. Memory is in the arena of who made it. */
struct ls_manifest_segment {
    bool is_present;
    uint8_t sha256[32]; /* of the file as it stands, compressed */
    uint64_t lines;
    const struct ls_manifest_run *runs; /* none for the label timeline, nor are branches */
    size_t run_count;
    const struct ls_manifest_branch *branches;
    size_t branch_count;
};

/* What may stand beside the blocks of l2, a line a block (beside.h). */
enum ls_beside_kind { LS_BESIDE_RECEIPTS, LS_BESIDE_PROOFS, LS_BESIDE_COUNT };

struct ls_manifest {
    char name[LS_CHAIN_NAME_MAX];
    uint64_t l2_chain_id;    /* 0: not stated */
    uint64_t l1_chain_id;    /* 0: not stated */
    const char *synthetic;   /* NULL: everything is real */
    const char **provenance; /* where the data comes from; no hosts, no keys */
    size_t provenance_count;
    struct ls_span rollup; /* text of the object; n 0: none */
    struct ls_manifest_segment l2;
    struct ls_manifest_segment l1;
    struct ls_manifest_segment status;
    struct ls_manifest_segment beside[LS_BESIDE_COUNT]; /* lines as many as those of l2 */
};

/* Reads the text; out borrows from it (rollup) and from a. d names the member. UNSUPPORTED for
 * another format version. */
enum ls_err ls_manifest_parse(struct ls_span text, struct ls_arena *a, struct ls_manifest *out,
                              struct ls_diag *d);

/* Appends the text, ready to be written as manifest.json. Errors stick in b. */
void ls_manifest_write(const struct ls_manifest *m, struct ls_buf *b);

/* true for a name that may stand in a manifest and on a command line: letters, digits, '-', '_' and
 * '.', not longer than LS_CHAIN_NAME_MAX - 1, not starting with '-'. */
bool ls_manifest_is_name(const char *name);

#endif
