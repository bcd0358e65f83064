/*
 * Zstandard: whole-buffer forms of compression and decompression.
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

/* Appends one frame holding p, with content size and checksum, to out. level 1..19. */
enum ls_err ls_zst_compress(const void *p, size_t n, int level, struct ls_buf *out);

#endif
