/*
 * Texts on demand. A block is found in the index by its hash, which the universe has from there.
 */
#include "harness/capture/lazy.h"

#include <stdlib.h>

#include "harness/capture/segment.h"

/* A text that was read, in the half that was filled as number `half`. */
struct kept {
    const uint8_t *p;
    uint32_t n;
    uint32_t half; /* 0: never read */
};

struct ls_lazy {
    struct ls_utexts texts; /* first, so that it is this */
    struct ls_store *store;
    struct ls_arena halves[2];
    uint32_t half;     /* number of the one being filled, from 1; it is halves[half % 2] */
    struct kept *kept; /* by id */
    uint32_t proved;   /* blocks below were proved by ls_lazy_prove */
    enum ls_err fault;
    struct ls_diag why;
};

/* --- opening --- */

static enum ls_err check_file(const struct ls_store_spec *spec, struct ls_diag *d)
{
    const char *file = spec->is_l1 ? LS_SEGMENT_L1_FILE : LS_SEGMENT_L2_FILE;
    struct ls_buf packed;

    ls_buf_init(&packed, LS_LAZY_HASHED_BYTES);
    enum ls_err e = ls_segment_read(spec->dir, file, spec->seg->sha256, &packed, d);
    ls_buf_fini(&packed);
    return e == LS_ERR_LIMIT ? LS_OK : e;
}

static struct ls_span read_text(struct ls_utexts *self, const struct ls_ublock *b);

enum ls_err ls_lazy_open(const struct ls_store_spec *spec, size_t half_bytes, struct ls_lazy **out,
                         struct ls_diag *d)
{
    struct ls_lazy *z = calloc(1, sizeof *z);

    *out = NULL;
    if (!z) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    z->texts.read = read_text;
    z->half = 1;
    ls_arena_init(&z->halves[0], half_bytes);
    ls_arena_init(&z->halves[1], half_bytes);
    enum ls_err e = check_file(spec, d);
    if (!e) {
        e = ls_store_open(spec, &z->store, d);
    }
    if (!e) {
        z->kept = calloc((size_t)ls_lazy_index(z)->counts.blocks + 1, sizeof *z->kept);
        e = z->kept ? LS_OK : ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    if (e) {
        ls_lazy_close(z);
        return e;
    }
    *out = z;
    return LS_OK;
}

void ls_lazy_close(struct ls_lazy *z)
{
    if (!z) {
        return;
    }
    ls_store_close(z->store);
    ls_arena_fini(&z->halves[0]);
    ls_arena_fini(&z->halves[1]);
    free(z->kept);
    free(z);
}

const struct ls_index *ls_lazy_index(const struct ls_lazy *z)
{
    return ls_store_index(z->store);
}

struct ls_utexts *ls_lazy_texts(struct ls_lazy *z)
{
    return &z->texts;
}

/* --- reading --- */

static enum ls_err break_for_good(struct ls_lazy *z, enum ls_err e, const struct ls_diag *d)
{
    z->fault = e;
    z->why = *d;
    return e;
}

enum ls_err ls_lazy_fault(const struct ls_lazy *z, struct ls_diag *d)
{
    if (z->fault && d) {
        *d = z->why;
    }
    return z->fault;
}

static bool is_kept(const struct ls_lazy *z, const struct kept *k)
{
    return k->half != 0 && z->half - k->half < 2;
}

/* A copy of text that stays for a while; NULL when memory ran out. */
static const uint8_t *keep(struct ls_lazy *z, struct ls_span text)
{
    const uint8_t *p = ls_arena_dup(&z->halves[z->half % 2], text.p, text.n);

    if (!p && z->halves[z->half % 2].bytes_used > 0) {
        z->half++;
        ls_arena_reset(&z->halves[z->half % 2]);
        p = ls_arena_dup(&z->halves[z->half % 2], text.p, text.n);
    }
    return p;
}

static struct ls_span read_text(struct ls_utexts *self, const struct ls_ublock *b)
{
    struct ls_lazy *z = (struct ls_lazy *)self;
    const struct ls_span none = {NULL, 0};
    struct ls_diag d = {{0}};
    struct ls_span text;

    if (z->fault) {
        return none;
    }
    uint32_t id = ls_index_find(ls_lazy_index(z), &b->ref.hash);
    if (id == LS_INDEX_NONE) {
        enum ls_err e = ls_fail(&d, LS_ERR_HASH, "the index was changed while it was used");
        (void)break_for_good(z, e, &d);
        return none;
    }
    struct kept *k = &z->kept[id];
    if (!is_kept(z, k)) {
        enum ls_err e = ls_store_read(z->store, id, &text, NULL, &d);
        const uint8_t *p = e ? NULL : keep(z, text);
        if (!p) {
            e = e ? e : ls_fail(&d, LS_ERR_NOMEM, "out of memory for the text of a block");
            (void)break_for_good(z, e, &d);
            return none;
        }
        *k = (struct kept){p, (uint32_t)text.n, z->half};
    }
    return (struct ls_span){k->p, k->n};
}

enum ls_err ls_lazy_prove(struct ls_lazy *z, uint32_t blocks, bool *is_done, struct ls_diag *d)
{
    uint64_t count = ls_lazy_index(z)->counts.blocks;
    struct ls_diag own = {{0}};
    struct ls_span text;

    for (; !z->fault && blocks > 0 && z->proved < count; blocks--, z->proved++) {
        enum ls_err e = ls_store_read(z->store, z->proved, &text, NULL, &own);
        if (e) {
            (void)break_for_good(z, e, &own);
        }
    }
    *is_done = z->proved == count;
    return ls_lazy_fault(z, d);
}
