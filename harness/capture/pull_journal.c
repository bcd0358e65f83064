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

#define TAIL_BYTES 4096u
#define CHUNK_BYTES ((size_t)1 << 20)
#define LINE_BYTES_MAX ((size_t)128 << 20)

static enum ls_err fail_io(const struct ls_pull_journal *j, const char *what, struct ls_diag *d)
{
    return ls_fail(d, LS_ERR_IO, "cannot %s \"%s\": %s", what, j->path, strerror(errno));
}

/* Looks for the last line feed from the end. */
static enum ls_err cut_last_line(struct ls_pull_journal *j, struct ls_diag *d)
{
    uint8_t chunk[TAIL_BYTES];
    uint64_t whole = j->bytes;

    while (whole > 0) {
        size_t n = whole < sizeof chunk ? (size_t)whole : sizeof chunk;
        ssize_t got = pread(j->fd, chunk, n, (off_t)(whole - n));
        if (got != (ssize_t)n) {
            return fail_io(j, "read", d);
        }
        while (n > 0 && chunk[n - 1] != '\n') {
            n--;
            whole--;
        }
        if (n > 0) {
            break;
        }
    }
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

/* --- reading --- */

/* Hands out the whole lines in front of the buffer and keeps the rest of it. */
static enum ls_err each_line(struct ls_buf *b, uint64_t *at, ls_pull_journal_fn *fn, void *ctx,
                             struct ls_diag *d)
{
    size_t start = 0;
    const uint8_t *feed;
    enum ls_err e = LS_OK;

    while (!e && (feed = memchr(b->p + start, '\n', b->n - start)) != NULL) {
        struct ls_span line = {b->p + start, (size_t)(feed - b->p) - start};
        e = fn(ctx, *at, line, d);
        *at += line.n + 1;
        start += line.n + 1;
    }
    memmove(b->p, b->p + start, b->n - start);
    b->n -= start;
    return e;
}

enum ls_err ls_pull_journal_read(const struct ls_pull_journal *j, uint64_t at, size_t n,
                                 struct ls_buf *out, struct ls_diag *d)
{
    uint8_t *to = ls_buf_grow(out, n);

    if (!to) {
        return ls_fail(d, out->err, "\"%s\": a line is too long, or memory is out", j->path);
    }
    while (n > 0) {
        ssize_t got = pread(j->fd, to, n, (off_t)at);
        if (got < 0 && errno != EINTR) {
            return fail_io(j, "read", d);
        }
        if (got == 0) {
            return ls_fail(d, LS_ERR_IO, "\"%s\": ends too early", j->path);
        }
        if (got > 0) {
            to += got;
            at += (uint64_t)got;
            n -= (size_t)got;
        }
    }
    return LS_OK;
}

enum ls_err ls_pull_journal_each(const struct ls_pull_journal *j, ls_pull_journal_fn *fn, void *ctx,
                                 struct ls_diag *d)
{
    struct ls_buf b;
    uint64_t at = 0;
    enum ls_err e = LS_OK;

    ls_buf_init(&b, LINE_BYTES_MAX);
    for (uint64_t read = 0; !e && read < j->bytes;) {
        uint64_t left = j->bytes - read;
        size_t n = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
        e = ls_pull_journal_read(j, read, n, &b, d);
        read += n;
        if (!e) {
            e = each_line(&b, &at, fn, ctx, d);
        }
    }
    ls_buf_fini(&b);
    return e;
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
