/*
 * Zstandard through the streaming interface: the content size a frame claims is never believed, and
 * the output buffer's maximum is checked chunk by chunk.
 */
#include "lib/zst.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

bool ls_zst_is(const void *p, size_t n)
{
    static const uint8_t magic[4] = {0x28, 0xb5, 0x2f, 0xfd};
    const uint8_t *b = p;
    return n >= sizeof magic && b[0] == magic[0] && b[1] == magic[1] && b[2] == magic[2] &&
           b[3] == magic[3];
}

enum ls_err ls_zst_frame(const void *p, size_t n, size_t *out)
{
    size_t bytes = ZSTD_findFrameCompressedSize(p, n);

    if (n == 0 || ZSTD_isError(bytes)) {
        return LS_ERR_PARSE;
    }
    *out = bytes;
    return LS_OK;
}

/* Scratch space between zstd and the caller's buffer. */
struct chunk {
    uint8_t *p;
    size_t cap;
};

static enum ls_err inflate(ZSTD_DCtx *ctx, ZSTD_inBuffer *in, struct chunk chunk, ls_zst_sink *sink,
                           void *user)
{
    size_t hint = 0;      /* 0 at the end of a frame that has been handed out completely */
    bool is_full = false; /* a full chunk may have left output behind in the context */
    while (in->pos < in->size || is_full) {
        ZSTD_outBuffer o = {chunk.p, chunk.cap, 0};
        hint = ZSTD_decompressStream(ctx, &o, in);
        if (ZSTD_isError(hint)) {
            bool is_ours = ZSTD_getErrorCode(hint) == ZSTD_error_memory_allocation;
            return is_ours ? LS_ERR_NOMEM : LS_ERR_PARSE;
        }
        enum ls_err e = o.pos > 0 ? sink(user, chunk.p, o.pos) : LS_OK;
        if (e) {
            return e;
        }
        is_full = hint != 0 && o.pos == o.size;
    }
    return hint == 0 ? LS_OK : LS_ERR_PARSE;
}

static enum ls_err deflate(ZSTD_CCtx *ctx, ZSTD_inBuffer *in, struct chunk chunk,
                           struct ls_buf *out)
{
    size_t left = 0;
    do {
        ZSTD_outBuffer o = {chunk.p, chunk.cap, 0};
        left = ZSTD_compressStream2(ctx, &o, in, ZSTD_e_end);
        if (ZSTD_isError(left)) {
            bool is_memory = ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation;
            return is_memory ? LS_ERR_NOMEM : LS_ERR_INTERNAL;
        }
        enum ls_err e = ls_buf_put(out, chunk.p, o.pos);
        if (e) {
            return e;
        }
    } while (left);
    return LS_OK;
}

/* Takes back what a failed run has appended; the sticky error of out stays. */
static void truncate_to(struct ls_buf *out, size_t n)
{
    out->n = n;
    if (out->p) {
        out->p[n] = 0;
    }
}

enum ls_err ls_zst_stream(const void *p, size_t n, ls_zst_sink *sink, void *user)
{
    enum ls_err e = LS_ERR_NOMEM;
    struct chunk chunk = {.p = NULL, .cap = ZSTD_DStreamOutSize()};
    ZSTD_DCtx *ctx = NULL;
    ZSTD_inBuffer in = {p, n, 0};

    if (!ls_zst_is(p, n)) {
        return LS_ERR_PARSE;
    }
    ctx = ZSTD_createDCtx();
    chunk.p = malloc(chunk.cap);
    if (!ctx || !chunk.p) {
        goto out;
    }
    e = inflate(ctx, &in, chunk, sink, user);
out:
    ZSTD_freeDCtx(ctx);
    free(chunk.p);
    return e;
}

/* ls_zst_sink */
static enum ls_err append(void *user, const void *p, size_t n)
{
    return ls_buf_put(user, p, n);
}

enum ls_err ls_zst_salvage(const void *p, size_t n, struct ls_buf *out)
{
    return ls_zst_stream(p, n, append, out);
}

enum ls_err ls_zst_decompress(const void *p, size_t n, struct ls_buf *out)
{
    size_t old_n = out->n;
    enum ls_err e = ls_zst_salvage(p, n, out);

    if (e) {
        truncate_to(out, old_n);
    }
    return e;
}

/* Sets level, checksum and content size; false when zstd refuses one. */
static bool configure(ZSTD_CCtx *ctx, int level, size_t n)
{
    return !ZSTD_isError(ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, level)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1)) &&
           !ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(ctx, n));
}

enum ls_err ls_zst_compress(const void *p, size_t n, int level, struct ls_buf *out)
{
    enum ls_err e = LS_ERR_NOMEM;
    size_t old_n = out->n;
    struct chunk chunk = {.p = NULL, .cap = ZSTD_CStreamOutSize()};
    ZSTD_CCtx *ctx = ZSTD_createCCtx();
    ZSTD_inBuffer in = {p, n, 0};

    chunk.p = malloc(chunk.cap);
    if (!ctx || !chunk.p) {
        goto out;
    }
    e = configure(ctx, level, n) ? deflate(ctx, &in, chunk, out) : LS_ERR_INTERNAL;
out:
    if (e) {
        truncate_to(out, old_n);
    }
    ZSTD_freeCCtx(ctx);
    free(chunk.p);
    return e;
}
