/*
 * A segment written line by line: zstd frames of about LS_PULL_FRAME_BYTES of text each, every one
 * ending with a line, so that any part of a large segment can be read without the rest. The same
 * lines give the same bytes.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_FRAMES_H
#define LS_HARNESS_CAPTURE_PULL_FRAMES_H

#include <stdint.h>

#include "harness/capture/files.h"
#include "harness/capture/segment.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/hash.h"

#define LS_PULL_FRAME_BYTES LS_SEGMENT_FRAME_BYTES

struct ls_pull_frames {
    int fd; /* -1: closed */
    int level;
    uint64_t lines;
    uint64_t text_bytes;
    struct ls_buf text;   /* of the frame in hand */
    struct ls_buf packed; /* scratch */
    struct ls_sha256 hash;
    char path[LS_PATH_MAX];
};

/* Makes dir/file anew. level: 1..19. IO. */
enum ls_err ls_pull_frames_open(const char *dir, const char *file, int level,
                                struct ls_pull_frames *w, struct ls_diag *d);

/* Adds a line; text is without line feed. IO, LIMIT, NOMEM. */
enum ls_err ls_pull_frames_put(struct ls_pull_frames *w, struct ls_span text, struct ls_diag *d);

/* Writes what is left and makes sure of it; sha256 gets the file's hash. IO, NOMEM. */
enum ls_err ls_pull_frames_end(struct ls_pull_frames *w, uint8_t sha256[32], struct ls_diag *d);

/* Frees and closes. Zeroed with fd -1 is fine. */
void ls_pull_frames_close(struct ls_pull_frames *w);

#endif
