/*
 * A segment of any size, read block by block: the compressed file mapped, its index beside it, and
 * a handful of decompressed frames. What a million-block capture needs in place of ls_chain_open,
 * which holds all text in memory.
 *
 * The index finds a block; the block proves itself. Before a block's bytes are handed out, every
 * check that needs no neighbour is made on them (check.h), the facts found are held against the
 * entry, and the entry's parent hash against the entry below. So a wrong index is an error that
 * names it, never a wrong block. The file's SHA-256 is compared when the index is made, not when
 * it is opened.
 *
 * Any number of processes may open one capture. An index that is missing or stale is made beside
 * the segment, written aside and renamed: whoever makes it at the same time makes the same one, and
 * the last rename stands. Where the folder cannot be written, it lives in memory. Segments are only
 * ever replaced, never written in place; a store keeps the file it opened.
 *
 * Memory does not grow with the life of a store: frames are a few, and the pages of the index that
 * reading touched are given back now and then.
 */
#ifndef LS_HARNESS_CAPTURE_STORE_H
#define LS_HARNESS_CAPTURE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capture/index.h"
#include "harness/capture/manifest.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/rollup.h"

#define LS_INDEX_L2_FILE "l2.idx"
#define LS_INDEX_L1_FILE "l1.idx"
#define LS_STORE_FRAME_BYTES_MAX ((size_t)128 << 20) /* text of one zstd frame */
#define LS_STORE_FRAMES 8u                           /* kept decompressed */
#define LS_STORE_RESIDENT_USES 8u                    /* the index's pages are given back after */

struct ls_store;

/* What to open. All of it must outlive the store. */
struct ls_store_spec {
    const char *dir;
    const struct ls_manifest_segment *seg; /* as the manifest describes it */
    const struct ls_rollup *rollup;        /* NULL: fork rules are not checked; ignored for L1 */
    bool is_l1;
};

/* Opens the segment, making its index first when there is none that fits: that reads and checks
 * every block once, as fast as `lockstep verify`. Errors: IO, LIMIT when a zstd frame is larger
 * than LS_STORE_FRAME_BYTES_MAX, UNSUPPORTED when a line stands in two frames, and what the
 * content is refused for, with file, line, block and field. Close with ls_store_close. */
enum ls_err ls_store_open(const struct ls_store_spec *spec, struct ls_store **out,
                          struct ls_diag *d);
/* NULL is fine. */
void ls_store_close(struct ls_store *s);

/* For looking up: ids, numbers, hashes, facts. What it says of a block is what ls_store_read
 * proves. */
const struct ls_index *ls_store_index(const struct ls_store *s);

/* true when ls_store_open had to make the index. */
bool ls_store_made_index(const struct ls_store *s);

/* The recorded bytes of block id (< counts.blocks) without line feed, proved as said above; ref may
 * be NULL. text is valid until the next call with this store. HASH names the index file when it is
 * wrong, else as ls_check_l2_block. */
enum ls_err ls_store_read(struct ls_store *s, uint32_t id, struct ls_span *text,
                          struct ls_l2_ref *ref, struct ls_diag *d);

/* The same without proof of the content, for who checks it anyway. */
enum ls_err ls_store_text(struct ls_store *s, uint32_t id, struct ls_span *text, struct ls_diag *d);

#endif
