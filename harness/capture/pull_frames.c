/*
 * Frames into a file.
 */
#include "harness/capture/pull_frames.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "harness/capture/check.h"
#include "lib/zst.h"

static enum ls_err fail_io(const struct ls_pull_frames *w, const char *what, struct ls_diag *d)
{
    return ls_fail(d, LS_ERR_IO, "cannot %s \"%s\": %s", what, w->path, strerror(errno));
}

enum ls_err ls_pull_frames_open(const char *dir, const char *file, int level,
                                struct ls_pull_frames *w, struct ls_diag *d)
{
    *w = (struct ls_pull_frames){.fd = -1, .level = level};
    ls_buf_init(&w->text, LS_CHECK_BLOCK_BYTES_MAX + LS_PULL_FRAME_BYTES);
    ls_sha256_init(&w->hash);
    ls_buf_init(&w->packed, 2 * LS_CHECK_BLOCK_BYTES_MAX);
    enum ls_err e = ls_path_join(dir, file, w->path, d);
    if (e) {
        return e;
    }
    w->fd = open(w->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return w->fd >= 0 ? LS_OK : fail_io(w, "write", d);
}

static enum ls_err write_all(struct ls_pull_frames *w, struct ls_span bytes, struct ls_diag *d)
{
    ls_sha256_update(&w->hash, bytes.p, bytes.n);
    while (bytes.n > 0) {
        ssize_t n = write(w->fd, bytes.p, bytes.n);
        if (n < 0 && errno != EINTR) {
            return fail_io(w, "write", d);
        }
        if (n > 0) {
            bytes.p += n;
            bytes.n -= (size_t)n;
        }
    }
    return LS_OK;
}

static enum ls_err end_frame(struct ls_pull_frames *w, struct ls_diag *d)
{
    ls_buf_clear(&w->packed);
    enum ls_err e = ls_zst_compress(w->text.p, w->text.n, w->level, &w->packed);

    ls_buf_clear(&w->text);
    return e ? ls_fail(d, e, "cannot compress \"%s\": %s", w->path, ls_err_text(e))
             : write_all(w, ls_buf_span(&w->packed), d);
}

enum ls_err ls_pull_frames_put(struct ls_pull_frames *w, struct ls_span text, struct ls_diag *d)
{
    ls_buf_put(&w->text, text.p, text.n);
    enum ls_err e = ls_buf_putc(&w->text, '\n');

    if (e) {
        return ls_fail(d, e, "\"%s\": %s", w->path, ls_err_text(e));
    }
    w->lines++;
    w->text_bytes += text.n + 1;
    return w->text.n >= LS_PULL_FRAME_BYTES ? end_frame(w, d) : LS_OK;
}

enum ls_err ls_pull_frames_end(struct ls_pull_frames *w, uint8_t sha256[32], struct ls_diag *d)
{
    enum ls_err e = w->text.n > 0 || w->lines == 0 ? end_frame(w, d) : LS_OK;

    if (!e && fsync(w->fd)) {
        e = fail_io(w, "write", d);
    }
    if (!e) {
        ls_sha256_final(&w->hash, sha256);
    }
    return e;
}

void ls_pull_frames_close(struct ls_pull_frames *w)
{
    if (w->fd >= 0) {
        close(w->fd);
    }
    w->fd = -1;
    ls_buf_fini(&w->text);
    ls_buf_fini(&w->packed);
}
