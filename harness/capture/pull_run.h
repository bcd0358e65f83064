/*
 * A capture: blocks of a chain, the L1 headers they come from and what was said of the heads, from
 * living nodes into a folder (pull_folder.h). Every block is verified as it arrives; what a reorg
 * leaves behind stays as a branch. Started again it goes on where it stopped.
 *
 * It sees nodes, clock and user through struct ls_pull_world, so it needs no sockets to be tested.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_RUN_H
#define LS_HARNESS_CAPTURE_PULL_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/capture/pull_call.h"
#include "harness/capture/pull_folder.h"
#include "lib/bytes.h"
#include "lib/err.h"

/* Zeroed but for dir and level is a capture that begins at 0 and has no end. */
struct ls_pull_options {
    const char *dir;
    const char *name; /* in the manifest; NULL: the folder's own name */
    bool has_from;    /* needed for a new folder */
    uint64_t from;
    const char *from_tag; /* instead of a number: "safe", "finalized", "latest"; NULL: number */
    bool has_to;
    uint64_t to;
    bool is_following;                /* wait for blocks that are not there yet */
    struct ls_span rollup;            /* text of rollup.json; n 0: ask the CL */
    bool has_no_rollup;               /* do not ask the CL either */
    const char *provenance;           /* one sentence more; NULL: none */
    bool has_beside[LS_BESIDE_COUNT]; /* blocks with these; a folder that has them goes on so */
    uint64_t poll_ms;                 /* how often the head is asked for when following */
    uint64_t patience_ms;             /* how long a node may lack a block that it says is there */
    int level;                        /* of compression, 1..19 */
    uint32_t window;                  /* LS_PULL_WINDOW, or less in tests */
};

/* Who watches. Each may be NULL. */
struct ls_pull_watch {
    /* Block `number` is recorded; target is the last one that is known to be wanted. */
    void (*block)(void *user, uint64_t number, uint64_t target);
    /* Something the user should know, one sentence. */
    void (*note)(void *user, const char *text);
    void *user;
};

/* Captures until the end is reached or the world says stop, then makes the fixture; *out says what
 * is in it. On an error what was recorded stays in the folder for another start. Errors: USAGE when
 * options and folder do not fit, CONFIG when nodes and folder do not, IO, those of fetch, and what
 * verification finds; each names node or file, and block. */
enum ls_err ls_pull_run(struct ls_pull_world *w, const struct ls_pull_options *o,
                        const struct ls_pull_watch *watch, struct ls_pull_result *out,
                        struct ls_diag *d);

/* Makes the fixture of what is recorded in dir, without asking any node. */
enum ls_err ls_pull_finish(const char *dir, int level, struct ls_pull_result *out,
                           struct ls_diag *d);

#endif
