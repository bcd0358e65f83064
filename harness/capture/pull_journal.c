/*
 * Journals by POSIX calls.
 */
#include "harness/capture/pull_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static enum ls_err fail_io(const struct ls_pull_journal *j, const char *what, struct ls_diag *d)
{
    return ls_fail(d, LS_ERR_IO, "cannot %s \"%s\": %s", what, j->path, strerror(errno));
}

/* Bytes up to and with the last line feed. */
static size_t whole_lines(struct ls_span text)
{
    while (text.n > 0 && text.p[text.n - 1] != '\n') {
        text.n--;
    }
    return text.n;
}

static enum ls_err cut_last_line(struct ls_pull_journal *j, struct ls_diag *d)
{
    struct ls_span text;
    enum ls_err e = ls_pull_journal_map(j, &text, d);

    if (e) {
        return e;
    }
    size_t whole = whole_lines(text);
    ls_pull_journal_unmap(text);
    return whole < j->bytes ? ls_pull_journal_cut(j, whole, d) : LS_OK;
}

enum ls_err ls_pull_journal_open(const char *dir, const char *file, struct ls_pull_journal *j,
                                 struct ls_diag *d)
{
    struct stat st;
    enum ls_err e;

    *j = (struct ls_pull_journal){.fd = -1};
    e = ls_path_join(dir, file, j->path, d);
    if (e) {
        return e;
    }
    j->fd = open(j->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (j->fd < 0) {
        return fail_io(j, "write", d);
    }
    if (fstat(j->fd, &st)) {
        e = fail_io(j, "read", d);
    } else {
        j->bytes = (uint64_t)st.st_size;
        e = cut_last_line(j, d);
    }
    if (e) {
        ls_pull_journal_close(j);
    }
    return e;
}

void ls_pull_journal_close(struct ls_pull_journal *j)
{
    if (j->fd >= 0) {
        close(j->fd);
    }
    j->fd = -1;
}

/* Takes the part of a line back that a failed write left; the reason of the failure counts. */
static enum ls_err take_back(struct ls_pull_journal *j, struct ls_diag *d)
{
    enum ls_err e = fail_io(j, "write", d);

    (void)ls_pull_journal_cut(j, j->bytes, NULL);
    return e;
}

enum ls_err ls_pull_journal_put(struct ls_pull_journal *j, struct ls_span text, struct ls_diag *d)
{
    char feed[] = "\n";
    /* writev does not write to what it is given. */
    union {
        const uint8_t *in;
        void *out;
    } base = {.in = text.p};
    struct iovec parts[2] = {{base.out, text.n}, {feed, 1}};
    struct iovec *at = parts;
    size_t left = text.n + 1;

    while (left > 0) {
        ssize_t n = writev(j->fd, at, (int)(parts + 2 - at));
        if (n < 0 && errno != EINTR) {
            return take_back(j, d);
        }
        size_t done = n > 0 ? (size_t)n : 0;
        left -= done;
        while (done > 0 && done >= at->iov_len) {
            done -= at->iov_len;
            at++;
        }
        if (done > 0) {
            at->iov_base = (uint8_t *)at->iov_base + done;
            at->iov_len -= done;
        }
    }
    j->bytes += text.n + 1;
    j->unsynced += text.n + 1;
    return j->unsynced >= LS_PULL_SYNC_BYTES ? ls_pull_journal_sync(j, d) : LS_OK;
}

enum ls_err ls_pull_journal_sync(struct ls_pull_journal *j, struct ls_diag *d)
{
    if (j->unsynced > 0 && fdatasync(j->fd)) {
        return fail_io(j, "write", d);
    }
    j->unsynced = 0;
    return LS_OK;
}

enum ls_err ls_pull_journal_cut(struct ls_pull_journal *j, uint64_t bytes, struct ls_diag *d)
{
    if (ftruncate(j->fd, (off_t)bytes)) {
        return fail_io(j, "shorten", d);
    }
    j->bytes = bytes;
    return LS_OK;
}

enum ls_err ls_pull_journal_map(const struct ls_pull_journal *j, struct ls_span *out,
                                struct ls_diag *d)
{
    *out = (struct ls_span){NULL, 0};
    if (j->bytes == 0) {
        return LS_OK;
    }
    void *p = mmap(NULL, (size_t)j->bytes, PROT_READ, MAP_PRIVATE, j->fd, 0);
    if (p == MAP_FAILED) {
        return fail_io(j, "map", d);
    }
    (void)posix_madvise(p, (size_t)j->bytes, POSIX_MADV_SEQUENTIAL);
    *out = (struct ls_span){p, (size_t)j->bytes};
    return LS_OK;
}

void ls_pull_journal_unmap(struct ls_span text)
{
    union {
        const uint8_t *in;
        void *out;
    } base = {.in = text.p};

    if (text.p) {
        munmap(base.out, text.n);
    }
}
