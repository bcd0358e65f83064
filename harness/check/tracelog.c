#include "harness/check/tracelog.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    struct ls_trace_event event;
    size_t text_at;
    size_t text_bytes;
};

struct ls_tracelog {
    struct entry *entries;
    size_t count;
    size_t cap;
    struct ls_buf text;
    enum ls_err err;
    struct ls_diag diag;
};

struct ls_tracelog *ls_tracelog_new(void)
{
    struct ls_tracelog *log = calloc(1, sizeof *log);
    if (log) {
        ls_buf_init(&log->text, LS_TRACELOG_BYTES_MAX);
    }
    return log;
}

void ls_tracelog_free(struct ls_tracelog *log)
{
    if (log) {
        free(log->entries);
        ls_buf_fini(&log->text);
        free(log);
    }
}

static enum ls_err grow(struct ls_tracelog *log)
{
    if (log->count < log->cap) {
        return LS_OK;
    }
    if (log->cap == LS_TRACELOG_EVENTS_MAX) {
        return ls_fail(&log->diag, LS_ERR_LIMIT, "the trace has more than %u lines",
                       LS_TRACELOG_EVENTS_MAX);
    }
    size_t cap = log->cap ? 2 * log->cap : 256;
    if (cap > LS_TRACELOG_EVENTS_MAX) {
        cap = LS_TRACELOG_EVENTS_MAX;
    }
    struct entry *entries = realloc(log->entries, cap * sizeof *entries);
    if (!entries) {
        return ls_fail(&log->diag, LS_ERR_NOMEM, "no memory for the trace");
    }
    log->entries = entries;
    log->cap = cap;
    return LS_OK;
}

static enum ls_err take(struct ls_tracelog *log, const char *line, size_t n)
{
    enum ls_err err = grow(log);
    if (err != LS_OK) {
        return err;
    }
    struct entry *e = &log->entries[log->count];
    e->text_at = log->text.n;
    e->text_bytes = n;
    err = ls_trace_parse(line, n, &e->event, &log->diag);
    if (err != LS_OK) {
        return ls_fail_in(&log->diag, err, "trace line %zu", log->count + 1);
    }
    ls_buf_put(&log->text, line, n);
    ls_buf_putc(&log->text, '\n');
    if (log->text.err != LS_OK) {
        return ls_fail(&log->diag, log->text.err, "the trace has more than %u bytes",
                       LS_TRACELOG_BYTES_MAX);
    }
    log->count++;
    return LS_OK;
}

void ls_tracelog_sink(void *user, const char *line, size_t n)
{
    struct ls_tracelog *log = user;
    if (log->err == LS_OK) {
        log->err = take(log, line, n);
    }
}

enum ls_err ls_tracelog_err(const struct ls_tracelog *log, struct ls_diag *d)
{
    return log->err == LS_OK ? LS_OK : ls_fail(d, log->err, "%s", log->diag.text);
}

size_t ls_tracelog_count(const struct ls_tracelog *log)
{
    return log->count;
}

const struct ls_trace_event *ls_tracelog_at(const struct ls_tracelog *log, size_t i)
{
    return &log->entries[i].event;
}

const char *ls_tracelog_line(const struct ls_tracelog *log, size_t i, size_t *n)
{
    *n = log->entries[i].text_bytes;
    return (const char *)log->text.p + log->entries[i].text_at;
}

void ls_tracelog_tail(const struct ls_tracelog *log, size_t count, size_t columns_max,
                      struct ls_buf *b)
{
    size_t first = log->count > count ? log->count - count : 0;
    for (size_t i = first; i < log->count; i++) {
        size_t n;
        const char *line = ls_tracelog_line(log, i, &n);
        bool is_cut = columns_max > 0 && n > columns_max;
        ls_buf_put(b, line, is_cut ? columns_max : n);
        ls_buf_puts(b, is_cut ? " …\n" : "\n");
    }
}

struct ls_span ls_tracelog_text(const struct ls_tracelog *log)
{
    return ls_buf_span(&log->text);
}
