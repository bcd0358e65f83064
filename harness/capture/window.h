/*
 * A window of a capture of any size, through its index: only the blocks asked for, their orphans,
 * genesis, the L1 headers and label rows that belong to them are read. Internal to harness/capture:
 * ls_chain_open then checks the window as it checks a whole folder.
 */
#ifndef LS_HARNESS_CAPTURE_WINDOW_H
#define LS_HARNESS_CAPTURE_WINDOW_H

#include "harness/capture/manifest.h"
#include "harness/capture/segment.h"
#include "lib/arena.h"
#include "lib/op/rollup.h"

struct ls_window_spec {
    const char *dir;
    const struct ls_manifest *manifest;
    const struct ls_rollup *rollup; /* NULL: none */
    uint64_t first;                 /* L2 numbers, inclusive */
    uint64_t last;
};

/* Texts and, in the manifest's form, what they hold. Lists are in the arena. */
struct ls_window {
    struct ls_segment l2;
    struct ls_segment l1;
    struct ls_segment status;
    struct ls_segment beside[LS_BESIDE_COUNT];
    struct ls_manifest_segment l2_seg;
    struct ls_manifest_segment l1_seg; /* is_present false: no header belongs to the window */
    struct ls_manifest_segment status_seg;
    struct ls_manifest_segment beside_seg[LS_BESIDE_COUNT];
};

/* Fills out, which is zeroed first; free it with ls_window_fini in any case. RANGE when no
 * canonical block has a number of the window, else as ls_store_open. */
enum ls_err ls_window_load(const struct ls_window_spec *spec, struct ls_arena *a,
                           struct ls_window *out, struct ls_diag *d);
void ls_window_fini(struct ls_window *w);

#endif
