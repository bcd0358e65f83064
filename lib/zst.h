/*
 * Zstandard: whole-buffer forms of compression and decompression, and decompression in pieces for
 * what would be too large as a whole.
 */
#ifndef LS_LIB_ZST_H
#define LS_LIB_ZST_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/bytes.h"
#include "lib/err.h"

/* true when the bytes begin with a zstd frame. */
bool ls_zst_is(const void *p, size_t n);

/* Appends the decompressed content of all frames in p to out (bounded by out's maximum). PARSE when
 * cut or corrupt, LIMIT. */
enum ls_err ls_zst_decompress(const void *p, size_t n, struct ls_buf *out);

/* The same, but what came out before the damage (or the limit) stays in out: for saying where a
 * file is broken. */
enum ls_err ls_zst_salvage(const void *p, size_t n, struct ls_buf *out);

/* Takes decompressed bytes as they come out; p is valid for the call. An error ends it. */
typedef enum ls_err ls_zst_sink(void *user, const void *p, size_t n);

/* Decompresses all frames in p piece by piece into sink, in constant memory. PARSE when cut or
 * corrupt (what came before was handed out), NOMEM; an error of sink is passed on. */
enum ls_err ls_zst_stream(const void *p, size_t n, ls_zst_sink *sink, void *user);

/* Compressed size of the frame p begins with, without decompressing it. PARSE when there is no
 * whole frame. */
enum ls_err ls_zst_frame(const void *p, size_t n, size_t *out);

/* Appends one frame holding p, with content size and checksum, to out. level 1..19. */
enum ls_err ls_zst_compress(const void *p, size_t n, int level, struct ls_buf *out);

#endif
