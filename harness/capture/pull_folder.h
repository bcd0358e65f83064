/*
 * The folder of a capture, from the first block to the finished fixture.
 *
 * States (docs/CAPTURE.md): new; under way (capture.json and journals *.part, beside them perhaps
 * the fixture of an earlier end); being finished (building.part, then ready.part); finished (a
 * fixture with capture.json). Each step from one to the next is one rename or one complete line, so
 * a process may be killed anywhere: opening the folder again finds out how far it came.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_FOLDER_H
#define LS_HARNESS_CAPTURE_PULL_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capture/files.h"
#include "harness/capture/pull_facts.h"
#include "harness/capture/pull_journal.h"
#include "harness/capture/pull_track.h"
#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/sync_status.h"

#define LS_PULL_L2_JOURNAL "l2.ndjson.part"
#define LS_PULL_L1_JOURNAL "l1.ndjson.part"
#define LS_PULL_STATUS_JOURNAL "status.ndjson.part"
#define LS_PULL_BUILDING "building.part"
#define LS_PULL_READY "ready.part"

/* A layer of blocks on the disk and in mind. */
struct ls_pull_layer {
    struct ls_pull_journal journal;
    struct ls_pull_track track;
};

struct ls_pull_folder {
    char dir[LS_PATH_MAX];
    int lock_fd;     /* of the folder itself; -1: not locked */
    bool is_made;    /* this process made the folder */
    bool is_new;     /* no capture.json yet */
    bool is_open;    /* journals are open */
    uint64_t healed; /* lines that a power cut had damaged, dropped when opening */
    struct ls_pull_facts facts;
    struct ls_arena arena; /* texts of facts */
    struct ls_pull_layer l2;
    struct ls_pull_layer l1;
    struct ls_pull_journal beside[LS_BESIDE_COUNT]; /* closed when they are not wanted */
    struct ls_pull_journal status;
    uint64_t rows;
    uint64_t last_row_ms;   /* at_ms of the last row */
    struct ls_buf last_row; /* its result, to see what changes */
};

/* Looks at dir, which may not exist: ends what a killed process was finishing, reads capture.json.
 * window: LS_PULL_WINDOW, or less in tests. The folder is this process's until it is closed.
 * EXISTS: a fixture stands there that no capture made. IO: cannot, or another process has it.
 * ls_pull_folder_close in any case. */
enum ls_err ls_pull_folder_look(const char *dir, uint32_t window, struct ls_pull_folder *f,
                                struct ls_diag *d);

/* Makes a new folder (its parent must exist) with the facts in f, or replaces the facts. IO. */
enum ls_err ls_pull_folder_save(struct ls_pull_folder *f, struct ls_diag *d);

/* Opens the journals, out of the finished fixture if there is one, and reads them: the last
 * LS_PULL_WINDOW lines are verified like new ones. IO; LINK, HASH … when lines are damaged that no
 * power cut explains. */
enum ls_err ls_pull_folder_open(struct ls_pull_folder *f, struct ls_diag *d);

/* Records a block: its line is on its way to the disk when this returns. ref is the tip then. A
 * block that is recorded already becomes the tip without a line. As ls_pull_track_add, IO. */
enum ls_err ls_pull_folder_put(struct ls_pull_layer *layer, struct ls_span text,
                               const struct ls_l2_ref *ref, struct ls_diag *d);

/* Records what stands beside the block that will be recorded next; the caller has checked it.
 * Lines come before that of their block, so whoever is killed between them has some too many, and
 * never a block without. An empty list needs no line. IO. */
enum ls_err ls_pull_folder_put_beside(struct ls_pull_folder *f, enum ls_beside_kind k,
                                      struct ls_span text, struct ls_diag *d);

/* Records the genesis block, which must come first. IO. */
enum ls_err ls_pull_folder_put_genesis(struct ls_pull_folder *f, struct ls_span text,
                                       const struct ls_l2_ref *ref, struct ls_diag *d);

/* Records a label row seen at now_ms (wall clock), unless it is the last one again. result is the
 * text of an optimism_syncStatus result; the caller has checked it. IO. */
enum ls_err ls_pull_folder_put_row(struct ls_pull_folder *f, struct ls_span result, uint64_t now_ms,
                                   struct ls_diag *d);

/* Asks the disk to keep all of it. IO. */
enum ls_err ls_pull_folder_sync(struct ls_pull_folder *f, struct ls_diag *d);

/* Takes a new folder's files away again, and the folder if this process made it. Only while no
 * block is recorded. */
void ls_pull_folder_forget(struct ls_pull_folder *f);

/* Frees and closes; what is on the disk stays. After ls_pull_folder_look, whatever it said. */
void ls_pull_folder_close(struct ls_pull_folder *f);

/* Sequence number of a reference that was only glanced at, so its origin is not known. */
#define LS_PULL_GLANCED UINT64_MAX

/* number, hash, parentHash and timestamp of a block's text by a glance, without verifying anything.
 * false when one of them is not there. */
bool ls_pull_glance(struct ls_span text, struct ls_l2_ref *out);

/* What ended up in the fixture. */
struct ls_pull_result {
    uint64_t first;
    uint64_t last;
    uint64_t blocks; /* canonical, without genesis apart */
    uint64_t orphans;
    uint64_t headers; /* of L1 */
    uint64_t rows;
    uint64_t orphans_left_out; /* their L1 header could not be had */
    uint64_t rows_left_out;
    uint64_t lacking[LS_BESIDE_COUNT]; /* blocks without what should stand beside them */
    bool is_verified;                  /* false: too large to be opened here */
};

#define LS_PULL_VERIFY_BYTES_MAX ((uint64_t)64 << 20) /* of text that is opened to verify */

/* Makes the fixture of what is recorded, verifies it by opening it, and puts it in place of the
 * journals, which are closed. level: of compression, 1..19. NOT_FOUND when nothing is recorded, IO,
 * or what verification says; the journals are then as they were. */
enum ls_err ls_pull_folder_finish(struct ls_pull_folder *f, int level, struct ls_pull_result *out,
                                  struct ls_diag *d);

/* Ends what a killed process was finishing. Used by ls_pull_folder_look. IO. */
enum ls_err ls_pull_folder_roll(const char *dir, struct ls_diag *d);

/* Takes building.part away. */
void ls_pull_folder_undo(const char *dir);

/* Asks the disk to keep the entries of a folder (what was made, renamed and removed in it). */
void ls_pull_folder_settle(const char *path);

/* Makes the journals anew from the finished fixture of the folder. Used by ls_pull_folder_open. */
enum ls_err ls_pull_folder_unfold(const struct ls_pull_folder *f, struct ls_diag *d);

#endif
