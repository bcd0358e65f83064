/*
 * Small files read whole: configuration and secrets.
 */
#ifndef LS_NODE_IO_FILE_H
#define LS_NODE_IO_FILE_H

#include "lib/bytes.h"
#include "lib/err.h"

/* Replaces out's content by that of the file, of at most out's maximum. IO with path and reason,
 * LIMIT, NOMEM. */
enum ls_err ls_file_read(const char *path, struct ls_buf *out, struct ls_diag *d);

#endif
