/*
 * Segments: file, hash, decompression, lines.
 */
#include "harness/capture/segment.h"

#include <string.h>

#include "harness/capture/files.h"
#include "lib/hash.h"
#include "lib/zst.h"

enum ls_err ls_segment_read(const char *dir, const char *file, const uint8_t *sha256,
                            struct ls_buf *packed, struct ls_diag *d)
{
    char path[LS_PATH_MAX];
    uint8_t actual[32];
    enum ls_err e = ls_path_join(dir, file, path, d);

    if (!e) {
        e = ls_file_read(path, packed, d);
    }
    if (e) {
        return e;
    }
    ls_sha256(packed->p, packed->n, actual);
    return memcmp(actual, sha256, sizeof actual) == 0
               ? LS_OK
               : ls_fail(d, LS_ERR_HASH, "%s: sha256 differs from the manifest's", file);
}

enum ls_err ls_segment_load(const char *dir, const char *file, const uint8_t *sha256,
                            struct ls_segment *out, struct ls_diag *d)
{
    struct ls_buf packed;

    ls_buf_init(&packed, LS_SEGMENT_BYTES_MAX);
    *out = (struct ls_segment){.is_damaged = false};
    ls_buf_init(&out->text, LS_SEGMENT_BYTES_MAX);
    enum ls_err e = ls_segment_read(dir, file, sha256, &packed, d);
    out->is_sha_wrong = e == LS_ERR_HASH;
    if (e && !out->is_sha_wrong) {
        goto out;
    }
    e = ls_zst_salvage(packed.p, packed.n, &out->text);
    if (e == LS_ERR_PARSE) {
        out->is_damaged = true;
        e = LS_OK;
    } else if (e) {
        ls_fail(d, e, "cannot decompress \"%s/%s\": %s", dir, file, ls_err_text(e));
    }
out:
    ls_buf_fini(&packed);
    if (e) {
        ls_segment_fini(out);
    }
    return e;
}

void ls_segment_fini(struct ls_segment *s)
{
    ls_buf_fini(&s->text);
    *s = (struct ls_segment){.is_damaged = false};
}

bool ls_segment_line(struct ls_span *rest, struct ls_span *out)
{
    const uint8_t *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;

    if (!end) {
        return false;
    }
    *out = (struct ls_span){rest->p, (size_t)(end - rest->p)};
    rest->n -= out->n + 1;
    rest->p = end + 1;
    return true;
}

enum ls_err ls_segment_judge(const struct ls_segment *s, const char *file, const char *where,
                             struct ls_diag *d)
{
    if (s->is_damaged) {
        return ls_fail(d, LS_ERR_HASH, "%s: the compressed data is damaged or cut behind %s", file,
                       where);
    }
    if (s->is_sha_wrong) {
        return ls_fail(d, LS_ERR_HASH,
                       "%s: sha256 differs from the manifest's, though every block up to %s is "
                       "consistent: the file was changed after the manifest was written",
                       file, where);
    }
    return LS_OK;
}

/* The first lines of the text, as many as fill a frame. */
static struct ls_span take_frame(struct ls_span *rest)
{
    struct ls_span frame = {rest->p, 0};
    struct ls_span line;

    while (frame.n < LS_SEGMENT_FRAME_BYTES && ls_segment_line(rest, &line)) {
        frame.n += line.n + 1;
    }
    if (frame.n < LS_SEGMENT_FRAME_BYTES) { /* a last line without a line feed */
        frame.n += rest->n;
        rest->n = 0;
    }
    return frame;
}

static enum ls_err compress(struct ls_span text, int level, struct ls_buf *packed)
{
    enum ls_err e = LS_OK;

    do {
        struct ls_span frame = take_frame(&text);
        e = ls_zst_compress(frame.p, frame.n, level, packed);
    } while (!e && text.n > 0);
    return e;
}

enum ls_err ls_segment_store(const char *dir, const char *file, struct ls_span text, int level,
                             uint8_t sha256[32], struct ls_diag *d)
{
    char path[LS_PATH_MAX];
    struct ls_buf packed;
    enum ls_err e = ls_path_join(dir, file, path, d);

    ls_buf_init(&packed, LS_SEGMENT_BYTES_MAX);
    if (!e) {
        e = compress(text, level, &packed);
        if (e) {
            ls_fail(d, e, "cannot compress \"%s\": %s", path, ls_err_text(e));
        }
    }
    if (!e) {
        ls_sha256(packed.p, packed.n, sha256);
        e = ls_file_write(path, ls_buf_span(&packed), d);
    }
    ls_buf_fini(&packed);
    return e;
}
