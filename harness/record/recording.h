/*
 * Recording: the folder of a conversation while it is written.
 *
 * A row is in the journal when ls_recording_put returns, so a kill costs at most the exchange in
 * hand; a disk that is full costs the row that did not fit, not those before it. Finishing packs
 * the journal: at any moment of it the folder can be read (harness/record/tape.h).
 */
#ifndef LS_HARNESS_RECORD_RECORDING_H
#define LS_HARNESS_RECORD_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capture/files.h"
#include "harness/capture/pull_journal.h"
#include "harness/record/row.h"
#include "harness/record/tape.h"
#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"

struct ls_recording {
    char dir[LS_PATH_MAX];
    int lock_fd;       /* of the folder */
    bool is_begun;     /* by this process */
    bool is_dir_begun; /* the folder too */
    struct ls_pull_journal journal;
    struct ls_tape_head head;
    struct ls_arena arena; /* of head */
    struct ls_buf line;
    uint64_t seq_last;
    uint64_t row_count;
};

/* Makes the folder (its parent must exist) with what head says; head is borrowed during the call.
 * EXISTS when there is a manifest already, IO. ls_recording_close in any case. */
enum ls_err ls_recording_new(const char *dir, const struct ls_tape_head *head,
                             struct ls_recording *r, struct ls_diag *d);

/* Takes up a folder that was not finished; what its journal holds is read. EXISTS when it is
 * finished, IO when another process writes it, else as ls_tape_open. ls_recording_close in any
 * case. */
enum ls_err ls_recording_resume(const char *dir, struct ls_recording *r, struct ls_diag *d);

/* The next number of the conversation's counter. */
uint64_t ls_recording_seq(struct ls_recording *r);

/* Adds a row whose seq_out is above that of all before it. IO; the rows before stay whole. */
enum ls_err ls_recording_put(struct ls_recording *r, const struct ls_row *row, struct ls_diag *d);

/* Packs and checks it. level of compression 1..19. IO; the journal is then still there. */
enum ls_err ls_recording_finish(struct ls_recording *r, int level, struct ls_diag *d);

/* Takes a recording away that ls_recording_new began; no effect on any other. */
void ls_recording_discard(struct ls_recording *r);

/* Closes; what is on the disk stays. After new and resume, whatever they said. */
void ls_recording_close(struct ls_recording *r);

#endif
