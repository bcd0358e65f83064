/*
 * The folder of one run: secrets, configuration and logs of the node under test. Made anew, mode
 * 0700, and removed with everything in it.
 */
#ifndef LS_HARNESS_LIVE_RUNDIR_H
#define LS_HARNESS_LIVE_RUNDIR_H

#include "lib/bytes.h"
#include "lib/err.h"

#define LS_RUNDIR_PATH_MAX 512u

/* Zeroed is none. */
struct ls_rundir {
    char path[LS_RUNDIR_PATH_MAX];
};

/* Makes parent/lockstep-XXXXXX; parent NULL: $TMPDIR, or /tmp. IO names the folder. */
enum ls_err ls_rundir_make(struct ls_rundir *r, const char *parent, struct ls_diag *d);

/* Removes it and all it holds, links not followed. Accepts zeroed; r is zeroed after. */
void ls_rundir_remove(struct ls_rundir *r);

/* Writes out = path/name; LIMIT when it does not fit cap bytes. */
enum ls_err ls_rundir_path(const struct ls_rundir *r, const char *name, char *out, size_t cap);

/* Writes a new file of mode 0600. IO names it. */
enum ls_err ls_rundir_write(const struct ls_rundir *r, const char *name, struct ls_span content,
                            struct ls_diag *d);

#endif
