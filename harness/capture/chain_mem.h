/*
 * What a struct ls_chain owns behind its public fields. Internal to harness/capture: the loader
 * fills it, forks take their text and branch entries from it.
 */
#ifndef LS_HARNESS_CAPTURE_CHAIN_MEM_H
#define LS_HARNESS_CAPTURE_CHAIN_MEM_H

#include "harness/capture/chain.h"
#include "harness/capture/labels.h"
#include "harness/capture/lazy.h"
#include "harness/capture/manifest.h"
#include "harness/capture/segment.h"
#include "lib/arena.h"
#include "lib/bytes.h"

#define LS_CHAIN_FORK_BYTES_MAX ((size_t)1 << 30) /* text of all synthetic blocks of one chain */

struct ls_chain_mem {
    struct ls_buf manifest_text;
    struct ls_manifest manifest; /* borrows from manifest_text and tables */
    struct ls_arena tables;
    bool is_window; /* segments and the manifest's part on them hold a window */
    bool is_lazy;   /* l2 and l1 are empty, the texts are with these: */
    struct ls_lazy *lazy_l2;
    struct ls_lazy *lazy_l1; /* NULL: no L1 headers */
    struct ls_segment l2;
    struct ls_segment l1;
    struct ls_segment status;
    struct ls_segment beside[LS_BESIDE_COUNT];
    void *l2_universe;
    void *l1_universe;
    struct ls_labels labels;
    struct ls_chain_fault fault; /* of an opening that fails */
    struct ls_arena forks;       /* text of synthetic blocks */
};

#endif
