/*
 * The last steps of finishing, and the first of a start that finds a process was killed in them:
 * ready.part is carried out to its end, building.part is undone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/capture/beside.h"
#include "harness/capture/manifest.h"
#include "harness/capture/pull_folder.h"

#define ASIDE ".part" /* what ls_file_write writes before it renames */

/* The manifest is the last. */
static const char *const PARTS[] = {LS_SEGMENT_L2_FILE,     LS_SEGMENT_L1_FILE,
                                    LS_SEGMENT_STATUS_FILE, LS_SEGMENT_RECEIPTS_FILE,
                                    LS_SEGMENT_PROOFS_FILE, LS_MANIFEST_FILE};
static const char *const JOURNALS[] = {LS_PULL_L2_JOURNAL, LS_PULL_L1_JOURNAL,
                                       LS_PULL_STATUS_JOURNAL, LS_BESIDE_RECEIPTS_JOURNAL,
                                       LS_BESIDE_PROOFS_JOURNAL};
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* A file of this name in dir/sub. */
static enum ls_err path_of(const char *dir, const char *sub, const char *name, char *out,
                           struct ls_diag *d)
{
    char folder[LS_PATH_MAX];
    enum ls_err e = ls_path_join(dir, sub, folder, d);
    return e ? e : ls_path_join(folder, name, out, d);
}

static enum ls_err fail_io(const char *what, const char *path, struct ls_diag *d)
{
    return ls_fail(d, LS_ERR_IO, "cannot %s \"%s\": %s", what, path, strerror(errno));
}

void ls_pull_folder_settle(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        (void)fsync(fd); /* not all file systems can; the data itself is synced already */
        close(fd);
    }
}

void ls_pull_folder_undo(const char *dir)
{
    const char *sub = LS_PULL_BUILDING;
    char path[LS_PATH_MAX];

    for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
        if (!path_of(dir, sub, PARTS[i], path, NULL)) {
            unlink(path);
        }
    }
    if (!path_of(dir, sub, LS_MANIFEST_FILE ASIDE, path, NULL)) {
        unlink(path);
    }
    if (!ls_path_join(dir, sub, path, NULL)) {
        rmdir(path);
    }
}

/* Puts the parts of ready.part in place, the manifest last: there is no moment at which a manifest
 * stands beside segments of another time. */
static enum ls_err put_in_place(const char *dir, struct ls_diag *d)
{
    char from[LS_PATH_MAX];
    char to[LS_PATH_MAX];
    enum ls_err e = path_of(dir, LS_PULL_READY, LS_MANIFEST_FILE, from, d);

    if (e || !ls_file_exists(from)) {
        return e; /* the manifest is in place, so all are */
    }
    e = ls_path_join(dir, LS_MANIFEST_FILE, to, d);
    if (!e && unlink(to) && errno != ENOENT) {
        return fail_io("replace", to, d);
    }
    for (size_t i = 0; !e && i < COUNT_OF(PARTS); i++) {
        if ((e = path_of(dir, LS_PULL_READY, PARTS[i], from, d)) ||
            (e = ls_path_join(dir, PARTS[i], to, d))) {
            return e;
        }
        if (ls_file_exists(from) && rename(from, to)) {
            e = fail_io("rename to", to, d);
        }
    }
    return e;
}

enum ls_err ls_pull_folder_roll(const char *dir, struct ls_diag *d)
{
    char path[LS_PATH_MAX];
    enum ls_err e = ls_path_join(dir, LS_PULL_FACTS_FILE ASIDE, path, d);

    ls_pull_folder_undo(dir);
    if (!e) {
        unlink(path);
        e = ls_path_join(dir, LS_PULL_READY, path, d);
    }
    if (e || !ls_file_exists(path)) {
        return e;
    }
    e = put_in_place(dir, d);
    if (e) {
        return e;
    }
    for (size_t i = 0; i < COUNT_OF(JOURNALS); i++) {
        char journal[LS_PATH_MAX];
        if (!ls_path_join(dir, JOURNALS[i], journal, NULL)) {
            unlink(journal);
        }
    }
    ls_pull_folder_settle(dir);
    rmdir(path);
    return LS_OK;
}
