/*
 * A segment: an ndjson.zst file of a fixture folder, as text in memory, line by line.
 *
 * A damaged file is not given up at once: what can still be decompressed is handed out, so that the
 * caller can say which block is wrong, and the damage is remembered for the end.
 */
#ifndef LS_HARNESS_CAPTURE_SEGMENT_H
#define LS_HARNESS_CAPTURE_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

#define LS_SEGMENT_BYTES_MAX ((size_t)4 << 30) /* of one file, compressed or not */

/* Text of one zstd frame that ls_segment_store writes, about: small enough that reading one block
 * out of many stays cheap (store.h), large enough to cost little compression. */
#define LS_SEGMENT_FRAME_BYTES ((size_t)1 << 18)

struct ls_segment {
    struct ls_buf text;
    bool is_sha_wrong; /* the file is not the one the manifest names */
    bool is_damaged;   /* text ends early: the compressed file is cut or corrupt */
};

/* Appends a segment's file as it lies on disk, held against the manifest's hash. IO, LIMIT past the
 * maximum of packed, NOMEM, HASH; the sentence names the file. */
enum ls_err ls_segment_read(const char *dir, const char *file, const uint8_t *sha256,
                            struct ls_buf *packed, struct ls_diag *d);

/* Reads and decompresses dir/file; sha256 (32 bytes) is what the manifest says. IO, LIMIT or NOMEM;
 * wrong content is not an error here. Free with ls_segment_fini. */
enum ls_err ls_segment_load(const char *dir, const char *file, const uint8_t *sha256,
                            struct ls_segment *out, struct ls_diag *d);
void ls_segment_fini(struct ls_segment *s);

/* Takes the next line (without line feed) from the front of *rest. false at the end, and for a last
 * line without a line feed: such a line is cut. */
bool ls_segment_line(struct ls_span *rest, struct ls_span *out);

/* HASH when the segment turned out to be damaged or another file than stated, though each of its
 * lines was fine; where says how far it went. */
enum ls_err ls_segment_judge(const struct ls_segment *s, const char *file, const char *where,
                             struct ls_diag *d);

/* Compresses text into dir/file, in frames that each end with a line; sha256 gets the file's hash.
 * level 1..19. */
enum ls_err ls_segment_store(const char *dir, const char *file, struct ls_span text, int level,
                             uint8_t sha256[32], struct ls_diag *d);

#endif
