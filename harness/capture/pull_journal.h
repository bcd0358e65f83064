/*
 * Journal: a file of complete lines that only grows. What a killed writer left behind is a prefix
 * of what it wrote; a last line without a line feed is cut off when the file is opened again. A
 * write that fails leaves the lines before it whole.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_JOURNAL_H
#define LS_HARNESS_CAPTURE_PULL_JOURNAL_H

#include <stdint.h>

#include "harness/capture/files.h"
#include "lib/bytes.h"
#include "lib/err.h"

#define LS_PULL_SYNC_BYTES ((uint64_t)4 << 20) /* a power cut loses at most this much */

struct ls_pull_journal {
    int fd; /* -1: closed */
    uint64_t bytes;
    uint64_t unsynced;
    char path[LS_PATH_MAX];
};

/* Opens dir/file, made when it is not there. One writer at a time: whoever owns the folder. IO. */
enum ls_err ls_pull_journal_open(const char *dir, const char *file, struct ls_pull_journal *j,
                                 struct ls_diag *d);
/* Zeroed with fd -1 is fine. */
void ls_pull_journal_close(struct ls_pull_journal *j);

/* Adds the text as a line; it must hold no line feed. IO with the system's reason. */
enum ls_err ls_pull_journal_put(struct ls_pull_journal *j, struct ls_span text, struct ls_diag *d);

/* Asks the disk to keep what was written. IO. */
enum ls_err ls_pull_journal_sync(struct ls_pull_journal *j, struct ls_diag *d);

/* Forgets everything behind byte bytes. IO. */
enum ls_err ls_pull_journal_cut(struct ls_pull_journal *j, uint64_t bytes, struct ls_diag *d);

/* Takes a line: its first byte is at byte `at` of the file; text is valid for the call. An error
 * ends the reading. */
typedef enum ls_err ls_pull_journal_fn(void *ctx, uint64_t at, struct ls_span text,
                                       struct ls_diag *d);

/* Hands every line to fn, in the memory of one line. IO, NOMEM, LIMIT; an error of fn is passed on.
 */
enum ls_err ls_pull_journal_each(const struct ls_pull_journal *j, ls_pull_journal_fn *fn, void *ctx,
                                 struct ls_diag *d);

/* Appends the n bytes at byte `at` to out. IO, NOMEM, LIMIT. */
enum ls_err ls_pull_journal_read(const struct ls_pull_journal *j, uint64_t at, size_t n,
                                 struct ls_buf *out, struct ls_diag *d);

/* The lines as they stand, mapped for reading; unmap before the next change. IO. */
enum ls_err ls_pull_journal_map(const struct ls_pull_journal *j, struct ls_span *out,
                                struct ls_diag *d);
void ls_pull_journal_unmap(struct ls_span text);

#endif
