/*
 * Blocks out of a mapped segment: which frame, decompressed when it is not at hand, and the proof.
 */
#include "harness/capture/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/capture/check.h"
#include "harness/capture/files.h"
#include "harness/capture/index_build.h"
#include "lib/zst.h"

/* A decompressed frame. Blocks are proved once as long as it stays. */
struct cached {
    bool is_used;
    uint64_t frame;
    uint64_t last_use;
    struct ls_buf text;
    uint8_t *proved; /* one bit a block of the frame */
    size_t proved_bytes;
};

struct ls_store {
    struct ls_store_spec spec;
    const char *file;
    int fd;                /* of the segment: read, not mapped, so that a file cut short under us is
                              an error and a long life touches no more memory */
    struct ls_mapping map; /* of the index */
    struct ls_index index;
    bool has_made_index;
    char path[LS_PATH_MAX];
    char index_path[LS_PATH_MAX];
    struct ls_buf packed; /* scratch */
    struct ls_arena scratch;
    struct cached cache[LS_STORE_FRAMES];
    uint64_t uses;
};

/* --- opening --- */

/* An index of another state of the file, of another manifest, or of no sense is made anew. */
static bool is_current(const struct ls_store *s, const struct ls_index_source *now)
{
    const struct ls_index_source *was = &s->index.source;
    const struct ls_manifest_segment *seg = s->spec.seg;

    if (was->bytes != now->bytes || was->mtime_ns != now->mtime_ns ||
        memcmp(was->sha256, seg->sha256, sizeof was->sha256) != 0 ||
        s->index.counts.blocks != seg->lines || s->index.counts.runs != seg->run_count) {
        return false;
    }
    for (size_t i = 0; i < seg->run_count; i++) {
        if (s->index.runs[i].first != seg->runs[i].first ||
            s->index.runs[i].last != seg->runs[i].last) {
            return false;
        }
    }
    return true;
}

static bool open_index(struct ls_store *s, const struct ls_index_source *now)
{
    struct ls_index_source own;
    int fd;
    bool is_good = ls_file_open(s->index_path, &fd, NULL) == LS_OK &&
                   ls_mapping_source(fd, s->index_path, &own, NULL) == LS_OK &&
                   ls_mapping_open(fd, s->index_path, &own, &s->map, NULL) == LS_OK &&
                   ls_index_read(s->map.p, s->map.n, &s->index, NULL) == LS_OK &&
                   is_current(s, now);

    if (fd >= 0) {
        close(fd);
    }
    if (!is_good) {
        ls_mapping_close(&s->map);
    }
    return is_good;
}

static enum ls_err make_index(struct ls_store *s, const struct ls_index_source *now,
                              struct ls_diag *d)
{
    struct ls_mapping segment = {NULL, 0};
    enum ls_err e = ls_mapping_open(s->fd, s->path, now, &segment, d);

    if (!e) {
        e = ls_index_build(&s->spec, &segment, now, s->index_path, &s->map, d);
    }
    if (!e) {
        e = ls_index_read(s->map.p, s->map.n, &s->index, d);
    }
    ls_mapping_close(&segment);
    s->has_made_index = !e;
    return e;
}

static enum ls_err open_store(struct ls_store *s, struct ls_diag *d)
{
    struct ls_index_source now = {.bytes = 0};
    const char *index = s->spec.is_l1 ? LS_INDEX_L1_FILE : LS_INDEX_L2_FILE;
    enum ls_err e = ls_path_join(s->spec.dir, s->file, s->path, d);

    if (!e) {
        e = ls_path_join(s->spec.dir, index, s->index_path, d);
    }
    if (!e) {
        e = ls_file_open(s->path, &s->fd, d);
    }
    if (!e) {
        e = ls_mapping_source(s->fd, s->path, &now, d);
    }
    if (!e && !open_index(s, &now)) {
        e = make_index(s, &now, d);
    }
    if (!e) {
        /* Look-ups jump about: reading ahead would only fill memory. */
        (void)posix_madvise(s->map.p, s->map.n, POSIX_MADV_RANDOM);
    }
    return e;
}

enum ls_err ls_store_open(const struct ls_store_spec *spec, struct ls_store **out,
                          struct ls_diag *d)
{
    struct ls_store *s = calloc(1, sizeof *s);

    *out = NULL;
    if (!s) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    s->spec = *spec;
    s->fd = -1;
    ls_buf_init(&s->packed, LS_STORE_FRAME_BYTES_MAX);
    s->file = spec->is_l1 ? LS_SEGMENT_L1_FILE : LS_SEGMENT_L2_FILE;
    ls_arena_init(&s->scratch, LS_CHECK_BLOCK_BYTES_MAX);
    for (size_t i = 0; i < LS_STORE_FRAMES; i++) {
        ls_buf_init(&s->cache[i].text, LS_STORE_FRAME_BYTES_MAX);
    }
    enum ls_err e = open_store(s, d);
    if (e) {
        ls_store_close(s);
        return e;
    }
    *out = s;
    return LS_OK;
}

void ls_store_close(struct ls_store *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < LS_STORE_FRAMES; i++) {
        ls_buf_fini(&s->cache[i].text);
        free(s->cache[i].proved);
    }
    ls_arena_fini(&s->scratch);
    ls_buf_fini(&s->packed);
    ls_mapping_close(&s->map);
    if (s->fd >= 0) {
        close(s->fd);
    }
    free(s);
}

const struct ls_index *ls_store_index(const struct ls_store *s)
{
    return &s->index;
}

bool ls_store_made_index(const struct ls_store *s)
{
    return s->has_made_index;
}

/* --- frames --- */

static enum ls_err blame_index(const struct ls_store *s, const char *what, struct ls_diag *d)
{
    return ls_fail(d, LS_ERR_HASH,
                   "index \"%s\": %s; delete it, it is made again when it is needed", s->index_path,
                   what);
}

/* The slot that was not used for the longest time. */
static struct cached *oldest(struct ls_store *s)
{
    struct cached *c = &s->cache[0];

    for (size_t i = 1; i < LS_STORE_FRAMES; i++) {
        if (s->cache[i].last_use < c->last_use) {
            c = &s->cache[i];
        }
    }
    return c;
}

static enum ls_err read_packed(struct ls_store *s, const struct ls_index_frame *f,
                               struct ls_diag *d)
{
    size_t n = (size_t)(f[1].packed - f[0].packed);

    ls_buf_clear(&s->packed);
    uint8_t *to = ls_buf_grow(&s->packed, n);
    if (!to) {
        return ls_fail(d, s->packed.err, "a frame of %zu bytes: %s", n, ls_err_text(s->packed.err));
    }
    return ls_file_read_at(s->fd, s->path, f[0].packed, to, n, d);
}

static enum ls_err fill(struct ls_store *s, struct cached *c, uint64_t frame, struct ls_diag *d)
{
    const struct ls_index_frame *f = &s->index.frames[frame];
    size_t bits = (size_t)(f[1].block - f[0].block + 7) / 8;
    uint8_t *proved = c->proved_bytes < bits ? realloc(c->proved, bits) : c->proved;

    c->is_used = false;
    if (bits > 0 && !proved) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    c->proved = proved;
    c->proved_bytes = c->proved_bytes < bits ? bits : c->proved_bytes;
    ls_buf_clear(&c->text);
    enum ls_err e = read_packed(s, f, d);
    if (e) {
        return e;
    }
    e = ls_zst_decompress(s->packed.p, s->packed.n, &c->text);
    if (e == LS_ERR_NOMEM) {
        return ls_fail(d, e, "out of memory");
    }
    if (e || c->text.n != f[1].text - f[0].text) {
        return blame_index(s, "a frame is not where it says", d);
    }
    if (bits > 0) {
        memset(c->proved, 0, c->proved_bytes);
    }
    c->frame = frame;
    c->is_used = true;
    return LS_OK;
}

static enum ls_err get_frame(struct ls_store *s, uint64_t frame, struct cached **out,
                             struct ls_diag *d)
{
    struct cached *c = NULL;
    enum ls_err e = LS_OK;

    for (size_t i = 0; i < LS_STORE_FRAMES && !c; i++) {
        if (s->cache[i].is_used && s->cache[i].frame == frame) {
            c = &s->cache[i];
        }
    }
    if (!c) {
        c = oldest(s);
        e = fill(s, c, frame, d);
    }
    c->last_use = ++s->uses;
    /* A look-up touches three or four places, and the kernel maps what it has in one piece
     * around each, which can be 2 MiB. */
    if (s->uses % LS_STORE_RESIDENT_USES == 0) {
        ls_mapping_forget(&s->map);
    }
    *out = c;
    return e;
}

/* The line of block id, whole: an entry must point at the start of a line and know its length. */
static enum ls_err locate(struct ls_store *s, uint32_t id, struct ls_span *text,
                          struct cached **frame, struct ls_diag *d)
{
    const struct ls_index_block *b = &s->index.blocks[id];
    struct cached *c = NULL;

    if (b->frame >= s->index.counts.frames) {
        return blame_index(s, "an entry names no frame", d);
    }
    const struct ls_index_frame *f = &s->index.frames[b->frame];
    if (id < f[0].block || id >= f[1].block || b->text < f[0].text || b->text >= f[1].text ||
        b->bytes >= f[1].text - b->text) {
        return blame_index(s, "an entry points outside of its frame", d);
    }
    enum ls_err e = get_frame(s, b->frame, &c, d);
    if (e) {
        return e;
    }
    size_t at = (size_t)(b->text - f[0].text);
    const uint8_t *p = c->text.p + at;
    if ((at > 0 && p[-1] != '\n') || p[b->bytes] != '\n' || memchr(p, '\n', b->bytes)) {
        return blame_index(s, "an entry does not point at a line", d);
    }
    *text = (struct ls_span){p, b->bytes};
    *frame = c;
    return LS_OK;
}

/* --- proof --- */

static bool is_same(const struct ls_l2_ref *a, const struct ls_l2_ref *b)
{
    return ls_hash_eq(&a->hash, &b->hash) && ls_hash_eq(&a->parent, &b->parent) &&
           a->number == b->number && a->timestamp == b->timestamp &&
           ls_hash_eq(&a->l1_origin.hash, &b->l1_origin.hash) &&
           a->l1_origin.number == b->l1_origin.number && a->sequence_number == b->sequence_number;
}

/* A canonical block has the number of its place, and sits on the entry below in its run. */
static bool is_in_place(const struct ls_index *ix, uint32_t id)
{
    const struct ls_index_block *b = &ix->blocks[id];

    if (id >= ix->counts.canonical) {
        return true;
    }
    if (ls_index_at(ix, b->number) != id) {
        return false;
    }
    bool starts_run = b->number == 0 || ls_index_at(ix, b->number - 1) == LS_INDEX_NONE;
    return starts_run || ls_hash_eq(&b->parent, &b[-1].hash);
}

static enum ls_err prove(struct ls_store *s, uint32_t id, struct ls_span text, struct ls_diag *d)
{
    struct ls_l2_ref want = ls_index_ref(&s->index, id);
    struct ls_l2_ref got = {.number = 0};
    struct ls_l1_ref l1;
    struct ls_block block;
    enum ls_err e;

    if (s->spec.is_l1) {
        e = ls_check_l1_header(text, &l1, d);
        if (!e) {
            got = (struct ls_l2_ref){l1.hash, l1.number, l1.parent, l1.timestamp, {{{0}}, 0}, 0};
        }
    } else {
        ls_arena_reset(&s->scratch);
        e = ls_check_l2_block(text, s->spec.rollup, &s->scratch, &block, &got, d);
    }
    if (e) {
        return ls_fail_in(d, e, "%s line %" PRIu32 ", block %" PRIu64, s->file, id + 1,
                          want.number);
    }
    return is_same(&want, &got) && is_in_place(&s->index, id)
               ? LS_OK
               : blame_index(s, "an entry is not that of its block", d);
}

enum ls_err ls_store_text(struct ls_store *s, uint32_t id, struct ls_span *text, struct ls_diag *d)
{
    struct cached *c = NULL;

    return locate(s, id, text, &c, d);
}

enum ls_err ls_store_read(struct ls_store *s, uint32_t id, struct ls_span *text,
                          struct ls_l2_ref *ref, struct ls_diag *d)
{
    struct cached *c = NULL;
    enum ls_err e = locate(s, id, text, &c, d);

    if (e) {
        return e;
    }
    size_t at = (size_t)(id - s->index.frames[c->frame].block);
    uint8_t bit = (uint8_t)(1u << at % 8);
    if (!(c->proved[at / 8] & bit)) {
        e = prove(s, id, *text, d);
        c->proved[at / 8] |= e ? 0 : bit;
    }
    if (!e && ref) {
        *ref = ls_index_ref(&s->index, id);
    }
    return e;
}
