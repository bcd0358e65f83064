/*
 * The trace of one run in memory: every line as text, for people, and as an event, for predicates
 * and checkers. It is the sink of mocks/trace.h and the reader of a trace file, so that a verdict
 * can be repeated from the file alone.
 */
#ifndef LS_HARNESS_CHECK_TRACELOG_H
#define LS_HARNESS_CHECK_TRACELOG_H

#include <stddef.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "mocks/trace.h"

#define LS_TRACELOG_EVENTS_MAX 100000u
#define LS_TRACELOG_BYTES_MAX (64u << 20)

struct ls_tracelog;

/* An empty log; NULL when memory is short. Freed by ls_tracelog_free (NULL is fine). */
struct ls_tracelog *ls_tracelog_new(void);
void ls_tracelog_free(struct ls_tracelog *log);

/* Takes one line; user is the log. The ls_trace_sink to give to ls_trace_new. A line that does not
 * parse, or is one too many, sets the log's error. */
void ls_tracelog_sink(void *user, const char *line, size_t n);

/* First failure of the sink, sticky: a verdict must not stand on a log with an error. */
enum ls_err ls_tracelog_err(const struct ls_tracelog *log, struct ls_diag *d);

/* Lines taken so far. */
size_t ls_tracelog_count(const struct ls_tracelog *log);
/* i < count; valid until the next line is taken. */
const struct ls_trace_event *ls_tracelog_at(const struct ls_tracelog *log, size_t i);
/* Text of line i without newline; *n its length. */
const char *ls_tracelog_line(const struct ls_tracelog *log, size_t i, size_t *n);

/* Appends the last count lines, each cut to columns_max bytes (0 = whole), to b. */
void ls_tracelog_tail(const struct ls_tracelog *log, size_t count, size_t columns_max,
                      struct ls_buf *b);

/* All lines with their newlines. */
struct ls_span ls_tracelog_text(const struct ls_tracelog *log);

#endif
