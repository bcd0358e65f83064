#include "harness/record/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "harness/capture/manifest.h"
#include "harness/capture/segment.h"

#define HEAD_BYTES_MAX ((size_t)16 << 20)
#define LINE_BYTES_MAX ((size_t)1 << 30)

static void init(struct ls_recording *r)
{
    *r = (struct ls_recording){.lock_fd = -1, .journal = {.fd = -1}};
    ls_arena_init(&r->arena, HEAD_BYTES_MAX);
    ls_buf_init(&r->line, LINE_BYTES_MAX);
}

/* The folder is this process's until it is closed. */
static enum ls_err lock(struct ls_recording *r, const char *dir, struct ls_diag *d)
{
    (void)memcpy(r->dir, dir, strlen(dir) + 1);
    r->lock_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->lock_fd < 0) {
        return ls_fail(d, LS_ERR_IO, "cannot open \"%s\": %s", dir, strerror(errno));
    }
    if (flock(r->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return ls_fail(d, LS_ERR_IO, "another process records into \"%s\"", dir);
    }
    return LS_OK;
}

static enum ls_err save_head(const struct ls_recording *r, struct ls_diag *d)
{
    struct ls_buf text = {0};
    char path[LS_PATH_MAX];
    enum ls_err e = ls_path_join(r->dir, LS_TAPE_MANIFEST_FILE, path, d);

    ls_buf_init(&text, LS_MANIFEST_BYTES_MAX);
    ls_tape_head_write(&r->head, &text);
    if (e == LS_OK) {
        e = text.err != LS_OK ? ls_fail(d, text.err, "\"%s\": %s", path, ls_err_text(text.err))
                              : ls_file_write(path, ls_buf_span(&text), d);
    }
    ls_buf_fini(&text);
    return e;
}

/* Whether a recording can begin here: a manifest says that something stands here already. */
static enum ls_err check_place(const char *dir, struct ls_diag *d)
{
    char path[LS_PATH_MAX];
    enum ls_err e = ls_path_join(dir, LS_TAPE_MANIFEST_FILE, path, d);

    if (e == LS_OK && ls_file_exists(path)) {
        e = ls_fail(d, LS_ERR_EXISTS,
                    "\"%s\" exists already: record into another folder (an unfinished recording "
                    "ends with lockstep record --finish)",
                    path);
    }
    return e;
}

static enum ls_err copy_head(struct ls_recording *r, const struct ls_tape_head *head,
                             struct ls_diag *d)
{
    bool is_short = false;

    r->head = *head;
    for (size_t i = 0; i < head->note_count; i++) {
        r->head.notes[i] = ls_arena_dup(&r->arena, head->notes[i], strlen(head->notes[i]));
        is_short = is_short || r->head.notes[i] == NULL;
    }
    r->head.rollup.p = ls_arena_dup(&r->arena, head->rollup.p, head->rollup.n);
    return is_short || r->head.rollup.p == NULL ? ls_fail(d, LS_ERR_NOMEM, "out of memory") : LS_OK;
}

enum ls_err ls_recording_new(const char *dir, const struct ls_tape_head *head,
                             struct ls_recording *r, struct ls_diag *d)
{
    enum ls_err e = check_place(dir, d);

    init(r);
    r->is_dir_begun = !ls_file_exists(dir);
    if (e == LS_OK) {
        e = ls_dir_make(dir, d);
    }
    if (e == LS_OK) {
        e = lock(r, dir, d);
    }
    if (e == LS_OK) {
        e = copy_head(r, head, d);
    }
    if (e == LS_OK) {
        r->head.is_finished = false;
        e = ls_pull_journal_open(dir, LS_TAPE_JOURNAL_FILE, &r->journal, d);
    }
    /* What an earlier recording without a manifest left is none of ours. */
    if (e == LS_OK && r->journal.bytes > 0) {
        e = ls_pull_journal_cut(&r->journal, 0, d);
    }
    r->is_begun = e == LS_OK;
    return e != LS_OK ? e : save_head(r, d);
}

void ls_recording_discard(struct ls_recording *r)
{
    char path[LS_PATH_MAX];

    if (!r->is_begun) {
        return;
    }
    (void)unlink(r->journal.path);
    if (ls_path_join(r->dir, LS_TAPE_MANIFEST_FILE, path, NULL) == LS_OK) {
        (void)unlink(path);
    }
    if (r->is_dir_begun) {
        (void)rmdir(r->dir);
    }
}

enum ls_err ls_recording_resume(const char *dir, struct ls_recording *r, struct ls_diag *d)
{
    struct ls_tape tape = {.rows = NULL};
    enum ls_err e;

    init(r);
    e = strlen(dir) < sizeof r->dir ? lock(r, dir, d)
                                    : ls_fail(d, LS_ERR_LIMIT, "the path is too long");
    if (e != LS_OK) {
        return e;
    }
    e = ls_tape_open(dir, &tape, d);
    if (e == LS_OK && tape.head.is_finished) {
        e = ls_fail(d, LS_ERR_EXISTS, "\"%s\" is finished already", dir);
    }
    if (e == LS_OK) {
        e = copy_head(r, &tape.head, d);
    }
    for (size_t i = 0; e == LS_OK && i < tape.count; i++) {
        ls_tape_head_learn(&r->head, &tape.rows[i], &r->arena);
        r->seq_last = tape.rows[i].seq_out;
    }
    r->row_count = tape.count;
    ls_tape_close(&tape);
    return e != LS_OK ? e : ls_pull_journal_open(dir, LS_TAPE_JOURNAL_FILE, &r->journal, d);
}

uint64_t ls_recording_seq(struct ls_recording *r)
{
    return ++r->seq_last;
}

enum ls_err ls_recording_put(struct ls_recording *r, const struct ls_row *row, struct ls_diag *d)
{
    enum ls_err e;

    ls_buf_clear(&r->line);
    ls_row_write(row, &r->line);
    e = r->line.err;
    if (e != LS_OK) {
        return ls_fail(d, e, "exchange %" PRIu64 " cannot be recorded: %s", row->seq_in,
                       ls_err_text(e));
    }
    e = ls_pull_journal_put(&r->journal, ls_buf_span(&r->line), d);
    if (e == LS_OK) {
        r->row_count++;
        ls_tape_head_learn(&r->head, row, &r->arena);
    }
    return e;
}

enum ls_err ls_recording_finish(struct ls_recording *r, int level, struct ls_diag *d)
{
    struct ls_span text = {NULL, 0};
    enum ls_err e = ls_pull_journal_sync(&r->journal, d);

    if (e == LS_OK) {
        e = ls_pull_journal_map(&r->journal, &text, d);
    }
    if (e == LS_OK) {
        e = ls_segment_store(r->dir, LS_TAPE_CALLS_FILE, text, level, r->head.sha256, d);
        ls_pull_journal_unmap(text);
    }
    if (e == LS_OK) {
        r->head.is_finished = true;
        r->head.row_count = r->row_count;
        e = save_head(r, d);
        r->head.is_finished = e == LS_OK;
    }
    if (e == LS_OK) {
        (void)unlink(r->journal.path); /* nobody reads it any more */
    }
    return e;
}

void ls_recording_close(struct ls_recording *r)
{
    ls_pull_journal_close(&r->journal);
    if (r->lock_fd >= 0) {
        (void)close(r->lock_fd);
    }
    r->lock_fd = -1;
    ls_buf_fini(&r->line);
    ls_arena_fini(&r->arena);
}
