/*
 * Blocks of one segment into a universe, every one checked. Internal to harness/capture: half of
 * ls_chain_open, in a file of its own because it is one idea: lines become linked blocks.
 *
 * With an index nothing is decoded: the entries are taken at their word, held against one another
 * and against the L1 as ever, and each block proves its entry when its text is asked for (lazy.h).
 */
#ifndef LS_HARNESS_CAPTURE_LOAD_H
#define LS_HARNESS_CAPTURE_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/capture/chain.h"
#include "harness/capture/lazy.h"
#include "harness/capture/manifest.h"
#include "harness/capture/segment.h"
#include "lib/err.h"
#include "mocks/model/universe.h"

#define LS_LOAD_BLOCKS_MAX (1u << 28) /* of one segment */

struct ls_load {
    const struct ls_chain *chain; /* rollup config, and for L2 the L1 loaded before */
    const struct ls_manifest_segment *seg;
    const struct ls_segment *data; /* NULL with lazy */
    struct ls_lazy *lazy;          /* NULL: all text is in data */
    struct ls_universe *universe;  /* empty, with room for seg->lines */
    bool is_l1;
    struct ls_chain_fault *fault; /* set with an error; may be NULL */
};

/* Notes where an error is (file, line and block as in struct ls_chain_fault; block may be NULL) and
 * the field its sentence d begins with. f may be NULL. */
void ls_load_note(struct ls_chain_fault *f, const char *file, uint64_t line, const uint64_t *block,
                  const struct ls_diag *d);

struct ls_loaded {
    uint32_t first; /* first block of the last run */
    uint32_t tip;
    struct ls_chain_branch *branches; /* LS_CHAIN_BRANCHES_MAX entries; the caller frees them */
    size_t branch_count;
};

/* Reads every line of the segment. Errors name file, line, block and field. *out is set in any
 * case: its branches may be there after an error too. */
enum ls_err ls_load_blocks(const struct ls_load *what, struct ls_loaded *out, struct ls_diag *d);

#endif
