/*
 * Whole files in and out, for programs a person runs: sentences that name the path and the system's
 * reason, and writes that are either complete or not there.
 */
#ifndef LS_HARNESS_CAPTURE_FILES_H
#define LS_HARNESS_CAPTURE_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

#define LS_PATH_MAX 4096u

/* Writes "dir/name" to out (LS_PATH_MAX bytes). LIMIT when it does not fit. */
enum ls_err ls_path_join(const char *dir, const char *name, char *out, struct ls_diag *d);

/* true when something of that name exists. */
bool ls_file_exists(const char *path);

/* Appends the content of path to out; "-" is standard input. IO with the reason, LIMIT past out's
 * maximum, NOMEM. */
enum ls_err ls_file_read(const char *path, struct ls_buf *out, struct ls_diag *d);

/* Opens path for reading; -1 and IO with the reason when that fails. The caller closes it. */
enum ls_err ls_file_open(const char *path, int *fd, struct ls_diag *d);

/* Fills p with n bytes from offset at of an open file; path is for the sentence. IO, also when the
 * file ends before. */
enum ls_err ls_file_read_at(int fd, const char *path, uint64_t at, void *p, size_t n,
                            struct ls_diag *d);

/* Replaces path by the bytes: written beside it, flushed to the disk, then renamed, so a reader or
 * a crash sees the old file or the new one. IO. */
enum ls_err ls_file_write(const char *path, struct ls_span bytes, struct ls_diag *d);

/* Makes the folder unless it is there; its parent must exist. IO. */
enum ls_err ls_dir_make(const char *path, struct ls_diag *d);

#endif
