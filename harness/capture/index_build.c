/*
 * From a mapped segment to its index. The index is filled where it will stay: in a mapping of the
 * file written aside, so that a million entries cost no heap.
 */
#define _DEFAULT_SOURCE /* madvise: the C library makes nothing of posix_madvise DONTNEED */
#include "harness/capture/index_build.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/capture/check.h"
#include "harness/capture/files.h"
#include "harness/capture/segment.h"
#include "lib/hash.h"
#include "lib/zst.h"

/* Where the index is being written. */
struct target {
    char aside[LS_PATH_MAX + 8]; /* empty: a file without a name */
    int fd;
    struct ls_mapping map;
};

struct builder {
    const struct ls_store_spec *spec;
    const struct ls_mapping *segment;
    const char *file;
    struct ls_index_counts counts;
    struct ls_index_writer w;
    struct ls_arena scratch;
    struct ls_buf text;   /* of the frame in hand */
    uint64_t text_before; /* bytes of the frames before it */
    uint64_t frame;
    size_t run;    /* run in hand */
    uint64_t next; /* number the next canonical block must have */
};

/* --- mappings --- */

static enum ls_err fail_io(struct ls_diag *d, const char *what, const char *path)
{
    return ls_fail(d, LS_ERR_IO, "cannot %s \"%s\": %s", what, path, strerror(errno));
}

enum ls_err ls_mapping_source(int fd, const char *path, struct ls_index_source *out,
                              struct ls_diag *d)
{
    struct stat st;

    if (fstat(fd, &st)) {
        return fail_io(d, "read", path);
    }
    if (st.st_size == 0) {
        return ls_fail(d, LS_ERR_PARSE, "\"%s\" is empty", path);
    }
    out->bytes = (uint64_t)st.st_size;
    out->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    return LS_OK;
}

enum ls_err ls_mapping_open(int fd, const char *path, const struct ls_index_source *source,
                            struct ls_mapping *out, struct ls_diag *d)
{
    void *p = mmap(NULL, (size_t)source->bytes, PROT_READ, MAP_SHARED, fd, 0);

    if (p == MAP_FAILED) {
        return fail_io(d, "map", path);
    }
    *out = (struct ls_mapping){p, (size_t)source->bytes};
    return LS_OK;
}

void ls_mapping_forget(const struct ls_mapping *m)
{
    (void)madvise(m->p, m->n, MADV_DONTNEED);
}

void ls_mapping_close(struct ls_mapping *m)
{
    if (m->p) {
        munmap(m->p, m->n);
    }
    *m = (struct ls_mapping){NULL, 0};
}

/* --- one line --- */

static enum ls_err decode(struct builder *b, struct ls_span line, struct ls_l2_ref *ref,
                          struct ls_diag *d)
{
    struct ls_block block;
    struct ls_l1_ref l1;
    enum ls_err e;

    if (!b->spec->is_l1) {
        ls_arena_reset(&b->scratch);
        return ls_check_l2_block(line, b->spec->rollup, &b->scratch, &block, ref, d);
    }
    e = ls_check_l1_header(line, &l1, d);
    if (!e) {
        *ref = (struct ls_l2_ref){
            .hash = l1.hash, .number = l1.number, .parent = l1.parent, .timestamp = l1.timestamp};
    }
    return e;
}

static struct ls_l2_ref ref_of(const struct ls_index_block *e)
{
    return (struct ls_l2_ref){.hash = e->hash,
                              .number = e->number,
                              .parent = e->parent,
                              .timestamp = e->timestamp,
                              .l1_origin = {.hash = e->origin_hash, .number = e->origin_number},
                              .sequence_number = e->sequence_number};
}

static enum ls_err check_link(const struct builder *b, uint32_t below, const struct ls_l2_ref *ref,
                              struct ls_diag *d)
{
    struct ls_l2_ref parent = ref_of(&b->w.blocks[below]);

    if (!b->spec->is_l1) {
        return ls_check_l2_link(&parent, ref, b->spec->rollup, d);
    }
    struct ls_l1_ref from = {parent.hash, parent.number, parent.parent, parent.timestamp};
    struct ls_l1_ref to = {ref->hash, ref->number, ref->parent, ref->timestamp};
    return ls_check_l1_link(&from, &to, d);
}

/* A canonical block stands where the manifest's runs have its number. */
static enum ls_err place_canonical(struct builder *b, const struct ls_l2_ref *ref,
                                   struct ls_diag *d)
{
    const struct ls_manifest_run *run = &b->spec->seg->runs[b->run];
    enum ls_err e = LS_OK;

    if (ref->number != b->next) {
        return ls_fail(d, LS_ERR_LINK,
                       "number: block %" PRIu64 " stands where the manifest has block %" PRIu64
                       " (missing, doubled or moved)",
                       ref->number, b->next);
    }
    if (b->next > run->first) {
        e = check_link(b, b->w.count - 1, ref, d);
    }
    if (b->next < run->last) {
        b->next++;
    } else if (++b->run < b->spec->seg->run_count) {
        b->next = b->spec->seg->runs[b->run].first;
    }
    return e;
}

static enum ls_err place_orphan(const struct builder *b, const struct ls_l2_ref *ref,
                                struct ls_diag *d)
{
    uint32_t below = ls_index_put_find(&b->w, &ref->parent);

    return below == LS_INDEX_NONE
               ? ls_fail(d, LS_ERR_LINK, "parentHash: no block above this line has that hash")
               : check_link(b, below, ref, d);
}

/* at: where the line begins in the frame's text. */
static enum ls_err take_line(struct builder *b, struct ls_span line, size_t at, struct ls_diag *d)
{
    struct ls_l2_ref ref = {.number = b->next};
    enum ls_err e = LS_OK;

    if (b->w.count == b->counts.blocks) {
        return ls_fail(d, LS_ERR_RANGE,
                       "%s: there are more lines than the manifest's %" PRIu64 " blocks", b->file,
                       b->counts.blocks);
    }
    e = line.n > UINT32_MAX ? ls_fail(d, LS_ERR_LIMIT, "block: too long")
                            : decode(b, line, &ref, d);
    if (!e) {
        e = b->w.count < b->counts.canonical ? place_canonical(b, &ref, d)
                                             : place_orphan(b, &ref, d);
    }
    if (!e) {
        const struct ls_index_block entry = {.hash = ref.hash,
                                             .parent = ref.parent,
                                             .origin_hash = ref.l1_origin.hash,
                                             .number = ref.number,
                                             .timestamp = ref.timestamp,
                                             .origin_number = ref.l1_origin.number,
                                             .sequence_number = ref.sequence_number,
                                             .text = b->text_before + at,
                                             .bytes = (uint32_t)line.n,
                                             .frame = (uint32_t)b->frame};
        e = ls_index_put(&b->w, &entry);
        if (e) {
            ls_fail(d, e, "hash: the block stands here twice");
        }
    }
    return e ? ls_fail_in(d, e, "%s line %" PRIu32 ", block %" PRIu64, b->file, b->w.count + 1,
                          ref.number)
             : LS_OK;
}

/* --- frames --- */

static enum ls_err count_frames(struct builder *b, struct ls_diag *d)
{
    const uint8_t *p = b->segment->p;
    size_t at = 0;

    for (; at < b->segment->n; b->counts.frames++) {
        size_t n = 0;
        if (ls_zst_frame(p + at, b->segment->n - at, &n)) {
            return ls_fail(d, LS_ERR_HASH, "%s: the compressed data is damaged or cut at byte %zu",
                           b->file, at);
        }
        at += n;
    }
    return LS_OK;
}

static enum ls_err take_lines(struct builder *b, struct ls_diag *d)
{
    struct ls_span rest = ls_buf_span(&b->text);
    struct ls_span line;
    enum ls_err e = LS_OK;

    while (!e && ls_segment_line(&rest, &line)) {
        e = take_line(b, line, (size_t)(line.p - b->text.p), d);
    }
    if (!e && rest.n > 0) {
        e = ls_fail(d, LS_ERR_UNSUPPORTED,
                    "%s: a line stands in two zstd frames, or has no end: line %" PRIu32
                    "; pack the text anew",
                    b->file, b->w.count + 1);
    }
    return e;
}

static enum ls_err take_frames(struct builder *b, struct ls_diag *d)
{
    const uint8_t *p = b->segment->p;
    size_t at = 0;
    enum ls_err e = LS_OK;

    for (b->frame = 0; !e && b->frame < b->counts.frames; b->frame++) {
        size_t n = 0;
        b->w.frames[b->frame] = (struct ls_index_frame){at, b->text_before, b->w.count};
        ls_buf_clear(&b->text);
        e = ls_zst_frame(p + at, b->segment->n - at, &n);
        if (!e) {
            e = ls_zst_decompress(p + at, n, &b->text);
        }
        if (e) {
            ls_fail(d, e, "%s: zstd frame at byte %zu: %s", b->file, at, ls_err_text(e));
        } else {
            e = take_lines(b, d);
        }
        at += n;
        b->text_before += b->text.n;
    }
    b->w.frames[b->counts.frames] = (struct ls_index_frame){at, b->text_before, b->w.count};
    if (!e && b->w.count < b->counts.blocks) {
        e = ls_fail(d, LS_ERR_RANGE,
                    "%s: lines are missing behind line %" PRIu32 ", the manifest says %" PRIu64
                    " blocks",
                    b->file, b->w.count, b->counts.blocks);
    }
    return e;
}

/* --- where it goes --- */

/* Space is reserved first: writing through a mapping cannot report a full disk. */
static enum ls_err map_target(struct target *t, size_t bytes)
{
    if (posix_fallocate(t->fd, 0, (off_t)bytes)) {
        return LS_ERR_IO;
    }
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, t->fd, 0);
    if (p == MAP_FAILED) {
        return LS_ERR_IO;
    }
    t->map = (struct ls_mapping){p, bytes};
    return LS_OK;
}

static void discard(struct target *t)
{
    close(t->fd);
    if (t->aside[0]) {
        unlink(t->aside);
    }
    *t = (struct target){.fd = -1};
}

/* A file beside the index it will be. */
static enum ls_err open_aside(struct target *t, const char *path, size_t bytes)
{
    snprintf(t->aside, sizeof t->aside, "%s.XXXXXX", path);
    t->fd = mkstemp(t->aside);
    if (t->fd < 0) {
        t->aside[0] = '\0';
        return LS_ERR_IO;
    }
    enum ls_err e = fchmod(t->fd, 0644) ? LS_ERR_IO : map_target(t, bytes);
    if (e) {
        discard(t);
    }
    return e;
}

/* A file without a name. */
static enum ls_err open_unnamed(struct target *t, size_t bytes)
{
    FILE *f = tmpfile();

    t->fd = f ? dup(fileno(f)) : -1;
    if (f) {
        fclose(f);
    }
    if (t->fd < 0) {
        return LS_ERR_IO;
    }
    enum ls_err e = map_target(t, bytes);
    if (e) {
        discard(t);
    }
    return e;
}

/* A folder that cannot be written is no reason to fail: the index then serves this process only. */
static enum ls_err open_target(struct target *t, const char *path, size_t bytes, struct ls_diag *d)
{
    *t = (struct target){.fd = -1};
    if (open_aside(t, path, bytes) == LS_OK || open_unnamed(t, bytes) == LS_OK) {
        return LS_OK;
    }
    return ls_fail(d, LS_ERR_IO, "no room for an index of %zu bytes: %s", bytes, strerror(errno));
}

static enum ls_err publish(struct target *t, const char *path, struct ls_diag *d)
{
    if (!t->aside[0]) {
        return LS_OK;
    }
    if (msync(t->map.p, t->map.n, MS_SYNC) || fsync(t->fd)) {
        return fail_io(d, "write", t->aside);
    }
    return rename(t->aside, path) ? fail_io(d, "rename to", path) : LS_OK;
}

static void close_target(struct target *t, enum ls_err e)
{
    if (e) {
        ls_mapping_close(&t->map);
    }
    if (t->fd >= 0 && e) {
        discard(t);
    } else if (t->fd >= 0) {
        close(t->fd);
    }
}

/* --- all of it --- */

/* The manifest's runs, which must tile no more than its blocks. */
static enum ls_err count_runs(struct builder *b, struct ls_diag *d)
{
    const struct ls_manifest_segment *seg = b->spec->seg;
    uint64_t total = 0;

    for (size_t i = 0; i < seg->run_count; i++) {
        uint64_t span = seg->runs[i].last - seg->runs[i].first;
        if (span >= seg->lines - total || (i > 0 && seg->runs[i].first <= seg->runs[i - 1].last)) {
            return ls_fail(d, LS_ERR_RANGE,
                           "%s: the manifest's runs overlap or hold more than its "
                           "%" PRIu64 " blocks",
                           b->file, seg->lines);
        }
        total += span + 1;
    }
    if (total == 0) {
        return ls_fail(d, LS_ERR_MISSING, "%s: the manifest names no runs", b->file);
    }
    b->counts.runs = seg->run_count;
    b->counts.blocks = seg->lines;
    b->counts.canonical = total;
    b->next = seg->runs[0].first;
    return LS_OK;
}

static void fill_runs(struct builder *b)
{
    uint64_t id = 0;

    for (size_t i = 0; i < b->counts.runs; i++) {
        const struct ls_manifest_run *r = &b->spec->seg->runs[i];
        b->w.runs[i] = (struct ls_index_run){r->first, r->last, id};
        id += r->last - r->first + 1;
    }
}

static enum ls_err check_sha(const struct builder *b, uint8_t sha256[32], struct ls_diag *d)
{
    ls_sha256(b->segment->p, b->segment->n, sha256);
    return memcmp(sha256, b->spec->seg->sha256, 32) == 0
               ? LS_OK
               : ls_fail(d, LS_ERR_HASH, "%s: sha256 differs from the manifest's", b->file);
}

static enum ls_err build(struct builder *b, struct ls_index_source *source, const char *path,
                         struct target *t, struct ls_diag *d)
{
    size_t bytes = 0;
    enum ls_err e = count_runs(b, d);

    if (!e) {
        e = count_frames(b, d);
    }
    if (!e && (e = ls_index_size(&b->counts, &bytes))) {
        ls_fail(d, e, "%s: too many blocks for an index", b->file);
    }
    if (!e) {
        e = open_target(t, path, bytes, d);
    }
    if (!e) {
        ls_index_begin(t->map.p, &b->counts, &b->w);
        fill_runs(b);
        e = take_frames(b, d);
    }
    if (!e) {
        /* Last, so that a wrong block is named rather than the file. */
        e = check_sha(b, source->sha256, d);
    }
    if (!e) {
        ls_index_seal(&b->w, source);
        e = publish(t, path, d);
    }
    return e;
}

enum ls_err ls_index_build(const struct ls_store_spec *spec, const struct ls_mapping *segment,
                           const struct ls_index_source *source, const char *path,
                           struct ls_mapping *out, struct ls_diag *d)
{
    struct builder b = {.spec = spec,
                        .segment = segment,
                        .file = spec->is_l1 ? LS_SEGMENT_L1_FILE : LS_SEGMENT_L2_FILE};
    struct ls_index_source of = *source;
    struct target t = {.fd = -1};

    ls_arena_init(&b.scratch, LS_CHECK_BLOCK_BYTES_MAX);
    ls_buf_init(&b.text, LS_STORE_FRAME_BYTES_MAX);
    enum ls_err e = build(&b, &of, path, &t, d);
    close_target(&t, e);
    *out = t.map;
    ls_buf_fini(&b.text);
    ls_arena_fini(&b.scratch);
    return e;
}
