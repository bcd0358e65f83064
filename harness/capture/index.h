/*
 * The index of a segment: where each line stands, by id, number and hash, so that a block of a
 * capture of any size is found in constant time. One file a segment, "l2.idx" beside
 * "l2.ndjson.zst", read through a mapping.
 *
 * It is a cache: made from the segment, thrown away when the segment is another (SHA-256, size,
 * time of change), and never believed. This reader checks sizes and bounds only, so that no content
 * of the file can make it leave the mapping; what an entry says of a block is proved against the
 * block by store.h. Integers are of the machine that wrote it; another byte order reads as stale.
 *
 *   head · runs · frames, one more than there are · blocks by id · slots (open addressing by hash)
 */
#ifndef LS_HARNESS_CAPTURE_INDEX_H
#define LS_HARNESS_CAPTURE_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/types.h"

#define LS_INDEX_VERSION 1u
#define LS_INDEX_NONE UINT32_MAX
#define LS_INDEX_BLOCKS_MAX (1u << 28)
#define LS_INDEX_FRAMES_MAX (1u << 28)

/* The segment file an index belongs to. */
struct ls_index_source {
    uint8_t sha256[32]; /* of the whole file, as in the manifest */
    uint64_t bytes;
    int64_t mtime_ns; /* since the epoch */
};

/* Canonical blocks first .. last have the ids id .. id + last - first. */
struct ls_index_run {
    uint64_t first;
    uint64_t last;
    uint64_t id;
};

/* A zstd frame: where it starts in the file and in the text, and the first block in it. */
struct ls_index_frame {
    uint64_t packed;
    uint64_t text;
    uint64_t block;
};

/* One line. Of L1 headers only hash, parent, number and timestamp are set. */
struct ls_index_block {
    struct ls_hash hash;
    struct ls_hash parent;
    struct ls_hash origin_hash;
    uint64_t number;
    uint64_t timestamp;
    uint64_t origin_number;
    uint64_t sequence_number;
    uint64_t text;  /* offset in the text of the whole segment */
    uint32_t bytes; /* without the line feed */
    uint32_t frame;
};

struct ls_index_counts {
    uint64_t runs;
    uint64_t frames;
    uint64_t blocks;
    uint64_t canonical; /* blocks with an id below this are canonical */
};

struct ls_index_head;

/* An index in memory. Borrows the bytes it was read from. */
struct ls_index {
    struct ls_index_source source;
    struct ls_index_counts counts;
    const struct ls_index_run *runs;
    const struct ls_index_frame *frames; /* counts.frames + 1; the last is where all ends */
    const struct ls_index_block *blocks;
    const uint32_t *slots; /* id + 1, 0 is free */
    uint32_t slot_mask;
};

/* Bytes of an index with these counts. LIMIT past the maxima. */
enum ls_err ls_index_size(const struct ls_index_counts *c, size_t *out);

/* Reads n bytes at p (8-aligned). Errors, after which the index should be made anew: UNSUPPORTED
 * for another version or byte order, PARSE when sizes or tables cannot be right. d says which. */
enum ls_err ls_index_read(const void *p, size_t n, struct ls_index *out, struct ls_diag *d);

/* Id of the canonical block of that number, of the block of that hash; LS_INDEX_NONE. Constant
 * time; of numbers, the logarithm of the count of runs. */
uint32_t ls_index_at(const struct ls_index *ix, uint64_t number);
uint32_t ls_index_find(const struct ls_index *ix, const struct ls_hash *hash);

/* The entry as a reference; id < counts.blocks. */
struct ls_l2_ref ls_index_ref(const struct ls_index *ix, uint32_t id);

/* --- making one --- */

/* An index being filled, in memory of ls_index_size bytes that are zero. Fill runs and frames
 * freely, blocks with ls_index_put, then seal. */
struct ls_index_writer {
    struct ls_index_head *head;
    struct ls_index_run *runs;
    struct ls_index_frame *frames;
    struct ls_index_block *blocks;
    uint32_t *slots;
    uint32_t slot_mask;
    uint32_t count; /* blocks put */
};

/* Lays the writer out over mem (8-aligned, zero). */
void ls_index_begin(void *mem, const struct ls_index_counts *c, struct ls_index_writer *out);
/* The next block, id w->count. EXISTS when its hash is there. There must be room. */
enum ls_err ls_index_put(struct ls_index_writer *w, const struct ls_index_block *b);
/* Id of a block put before; LS_INDEX_NONE. */
uint32_t ls_index_put_find(const struct ls_index_writer *w, const struct ls_hash *hash);
/* Makes it valid. */
void ls_index_seal(struct ls_index_writer *w, const struct ls_index_source *source);

#endif
