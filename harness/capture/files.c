/*
 * Files by POSIX calls: read to the end, write aside and rename.
 */
#include "harness/capture/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_CHUNK 65536u

static enum ls_err fail_io(struct ls_diag *d, const char *what, const char *path)
{
    return ls_fail(d, LS_ERR_IO, "cannot %s \"%s\": %s", what, path, strerror(errno));
}

enum ls_err ls_path_join(const char *dir, const char *name, char *out, struct ls_diag *d)
{
    int n = snprintf(out, LS_PATH_MAX, "%s/%s", dir, name);

    if (n < 0 || (size_t)n >= LS_PATH_MAX) {
        return ls_fail(d, LS_ERR_LIMIT, "the path \"%.64s…/%s\" is too long", dir, name);
    }
    return LS_OK;
}

bool ls_file_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

static enum ls_err read_all(int fd, const char *path, struct ls_buf *out, struct ls_diag *d)
{
    uint8_t chunk[READ_CHUNK];

    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno != EINTR) {
            return fail_io(d, "read", path);
        }
        if (got == 0) {
            return LS_OK;
        }
        if (got > 0 && ls_buf_put(out, chunk, (size_t)got)) {
            return ls_fail(d, out->err, "cannot read \"%s\" (at most %zu bytes): %s", path,
                           out->bytes_max, ls_err_text(out->err));
        }
    }
}

enum ls_err ls_file_read(const char *path, struct ls_buf *out, struct ls_diag *d)
{
    if (strcmp(path, "-") == 0) {
        return read_all(STDIN_FILENO, "standard input", out, d);
    }
    int fd;
    enum ls_err e = ls_file_open(path, &fd, d);
    if (!e) {
        e = read_all(fd, path, out, d);
        close(fd);
    }
    return e;
}

enum ls_err ls_file_open(const char *path, int *fd, struct ls_diag *d)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    return *fd < 0 ? fail_io(d, "read", path) : LS_OK;
}

enum ls_err ls_file_read_at(int fd, const char *path, uint64_t at, void *p, size_t n,
                            struct ls_diag *d)
{
    uint8_t *to = p;

    while (n > 0) {
        ssize_t got = pread(fd, to, n, (off_t)at);
        if (got < 0 && errno != EINTR) {
            return fail_io(d, "read", path);
        }
        if (got == 0) {
            return ls_fail(d, LS_ERR_IO, "cannot read \"%s\": it ends at byte %" PRIu64, path, at);
        }
        to += got > 0 ? got : 0;
        at += got > 0 ? (uint64_t)got : 0;
        n -= got > 0 ? (size_t)got : 0;
    }
    return LS_OK;
}

static enum ls_err write_all(int fd, const char *path, struct ls_span bytes, struct ls_diag *d)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno != EINTR) {
            return fail_io(d, "write", path);
        }
        if (n > 0) {
            bytes.p += n;
            bytes.n -= (size_t)n;
        }
    }
    return fsync(fd) ? fail_io(d, "write", path) : LS_OK;
}

enum ls_err ls_file_write(const char *path, struct ls_span bytes, struct ls_diag *d)
{
    char aside[LS_PATH_MAX + 8];
    enum ls_err e;

    snprintf(aside, sizeof aside, "%s.part", path);
    int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        return fail_io(d, "write", aside);
    }
    e = write_all(fd, aside, bytes, d);
    if (close(fd) && !e) {
        e = fail_io(d, "write", aside);
    }
    if (!e && rename(aside, path)) {
        e = fail_io(d, "rename to", path);
    }
    if (e) {
        unlink(aside);
    }
    return e;
}

enum ls_err ls_dir_make(const char *path, struct ls_diag *d)
{
    struct stat st;

    if (mkdir(path, 0755) == 0) {
        return LS_OK;
    }
    if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        return LS_OK;
    }
    return fail_io(d, "make the folder", path);
}
