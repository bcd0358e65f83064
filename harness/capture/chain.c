/*
 * Opening a fixture folder: manifest, L1, L2, receipts, proofs, labels. L1 is loaded before L2, so
 * that each L2 block can be held against its origin, and labels last.
 */
#include "harness/capture/chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/beside.h"
#include "harness/capture/chain_mem.h"
#include "harness/capture/check.h"
#include "harness/capture/files.h"
#include "harness/capture/labels.h"
#include "harness/capture/load.h"
#include "harness/capture/window.h"
#include "lib/json.h"

#define TABLES_BYTES_MAX ((size_t)256 << 20) /* runs, branches, provenance of one manifest */

/* --- segments of a chain --- */

/* Memory for a universe: capacity 1 when there is nothing, so that it is never NULL. */
static enum ls_err make_universe(uint64_t blocks, void **mem, struct ls_universe **out,
                                 struct ls_diag *d)
{
    if (blocks > LS_LOAD_BLOCKS_MAX) {
        return ls_fail(d, LS_ERR_LIMIT, "more than %u blocks", LS_LOAD_BLOCKS_MAX);
    }
    uint32_t capacity = blocks ? (uint32_t)blocks : 1;
    size_t bytes = ls_universe_size(capacity);
    *mem = aligned_alloc(16, (bytes + 15) / 16 * 16);
    if (!*mem) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    *out = ls_universe_init(*mem, capacity);
    return LS_OK;
}

static enum ls_err open_lazily(const struct ls_chain *c, bool is_l1, struct ls_lazy **out,
                               struct ls_diag *d)
{
    const struct ls_manifest *m = &c->mem->manifest;
    const struct ls_store_spec spec = {.dir = c->dir,
                                       .seg = is_l1 ? &m->l1 : &m->l2,
                                       .rollup = c->has_rollup ? &c->rollup : NULL,
                                       .is_l1 = is_l1};

    return ls_lazy_open(&spec, LS_LAZY_HALF_BYTES, out, d);
}

static enum ls_err load_l1(struct ls_chain *c, struct ls_diag *d)
{
    struct ls_chain_mem *m = c->mem;
    const struct ls_manifest_segment *seg = &m->manifest.l1;
    struct ls_loaded got = {.first = LS_NO_BLOCK, .tip = LS_NO_BLOCK};
    enum ls_err e = make_universe(seg->lines, &m->l1_universe, &c->l1, d);

    if (!e && seg->is_present && m->is_lazy) {
        e = open_lazily(c, true, &m->lazy_l1, d);
    } else if (!e && seg->is_present && !m->is_window) {
        e = ls_segment_load(c->dir, LS_SEGMENT_L1_FILE, seg->sha256, &m->l1, d);
    }
    if (!e && seg->is_present) {
        const struct ls_load what = {c, seg, &m->l1, m->lazy_l1, c->l1, true, &m->fault};
        e = ls_load_blocks(&what, &got, d);
    }
    c->l1_first = got.first;
    c->l1_tip = got.tip;
    c->l1_branches = got.branches;
    c->l1_branch_count = got.branch_count;
    return e;
}

static enum ls_err load_l2(struct ls_chain *c, uint32_t extra_blocks, struct ls_diag *d)
{
    struct ls_chain_mem *m = c->mem;
    const struct ls_manifest_segment *seg = &m->manifest.l2;
    uint64_t room = seg->lines > LS_LOAD_BLOCKS_MAX ? seg->lines : seg->lines + extra_blocks;
    struct ls_loaded got = {.first = LS_NO_BLOCK, .tip = LS_NO_BLOCK};
    enum ls_err e = LS_OK;

    if (m->is_lazy) {
        e = open_lazily(c, false, &m->lazy_l2, d);
    } else if (!m->is_window) {
        e = ls_segment_load(c->dir, LS_SEGMENT_L2_FILE, seg->sha256, &m->l2, d);
    }
    if (!e) {
        e = make_universe(room, &m->l2_universe, &c->l2, d);
    }
    if (!e) {
        const struct ls_load what = {c, seg, &m->l2, m->lazy_l2, c->l2, false, &m->fault};
        e = ls_load_blocks(&what, &got, d);
    }
    c->first = got.first;
    c->tip = got.tip;
    c->branches = got.branches;
    c->branch_count = got.branch_count;
    return e;
}

static enum ls_err load_beside(struct ls_chain *c, enum ls_beside_kind k, struct ls_diag *d)
{
    struct ls_chain_mem *m = c->mem;
    const struct ls_manifest_segment *seg = &m->manifest.beside[k];
    enum ls_err e = LS_OK;

    if (!seg->is_present) {
        return LS_OK;
    }
    if (!m->is_window) {
        e = ls_segment_load(c->dir, ls_beside_of(k)->file, seg->sha256, &m->beside[k], d);
    }
    return e ? e : ls_beside_load(c, k, &m->beside[k], &m->fault, d);
}

static uint32_t find_genesis(const struct ls_chain *c)
{
    if (c->has_rollup) {
        return ls_universe_find(c->l2, &c->rollup.genesis_l2.hash);
    }
    return ls_universe_get(c->l2, 0)->ref.number == 0 ? 0 : LS_NO_BLOCK;
}

/* --- the folder --- */

static enum ls_err adopt_rollup(struct ls_chain *c, struct ls_diag *d)
{
    const struct ls_manifest *m = &c->mem->manifest;

    if (m->rollup.n == 0) {
        return LS_OK;
    }
    enum ls_err e = ls_rollup_parse((const char *)m->rollup.p, m->rollup.n, &c->rollup, d);
    if (e) {
        return ls_fail_in(d, e, "rollup");
    }
    if ((m->l2_chain_id && m->l2_chain_id != c->rollup.l2_chain_id) ||
        (m->l1_chain_id && m->l1_chain_id != c->rollup.l1_chain_id)) {
        return ls_fail(d, LS_ERR_CONFIG, "rollup: chain ids differ from l2_chain_id, l1_chain_id");
    }
    c->has_rollup = true;
    c->rollup_json = m->rollup;
    c->l2_chain_id = c->rollup.l2_chain_id;
    c->l1_chain_id = c->rollup.l1_chain_id;
    return LS_OK;
}

static enum ls_err load_manifest(struct ls_chain *c, struct ls_diag *d)
{
    struct ls_chain_mem *m = c->mem;
    char path[LS_PATH_MAX];
    enum ls_err e = ls_path_join(c->dir, LS_MANIFEST_FILE, path, d);

    if (!e) {
        e = ls_file_read(path, &m->manifest_text, d);
    }
    if (!e) {
        e = ls_manifest_parse(ls_buf_span(&m->manifest_text), &m->tables, &m->manifest, d);
        if (!e) {
            c->l2_chain_id = m->manifest.l2_chain_id;
            c->l1_chain_id = m->manifest.l1_chain_id;
            e = adopt_rollup(c, d);
        }
        if (e) {
            ls_load_note(&m->fault, LS_MANIFEST_FILE, 0, NULL, d);
            ls_fail_in(d, e, LS_MANIFEST_FILE);
        }
    }
    if (!e) {
        memcpy(c->name, m->manifest.name, sizeof c->name);
        c->synthetic = m->manifest.synthetic;
    }
    return e;
}

/* Puts the window in the place of the segments: the rest of opening then sees a small folder. */
static enum ls_err load_window(struct ls_chain *c, const struct ls_chain_options *o,
                               struct ls_diag *d)
{
    struct ls_chain_mem *m = c->mem;
    const struct ls_window_spec spec = {.dir = c->dir,
                                        .manifest = &m->manifest,
                                        .rollup = c->has_rollup ? &c->rollup : NULL,
                                        .first = o->first,
                                        .last = o->last};
    struct ls_window w;
    enum ls_err e = ls_window_load(&spec, &m->tables, &w, d);

    m->is_window = true;
    m->l2 = w.l2;
    m->l1 = w.l1;
    m->status = w.status;
    m->manifest.l2 = w.l2_seg;
    m->manifest.l1 = w.l1_seg;
    m->manifest.status = w.status_seg;
    for (size_t k = 0; k < LS_BESIDE_COUNT; k++) {
        m->beside[k] = w.beside[k];
        m->manifest.beside[k] = w.beside_seg[k];
    }
    return e;
}

static enum ls_err init(struct ls_chain *c, const char *dir, struct ls_diag *d)
{
    *c = (struct ls_chain){.genesis = LS_NO_BLOCK};
    c->mem = calloc(1, sizeof *c->mem);
    if (!c->mem) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    ls_buf_init(&c->mem->manifest_text, LS_MANIFEST_BYTES_MAX);
    ls_arena_init(&c->mem->tables, TABLES_BYTES_MAX);
    ls_arena_init(&c->mem->forks, LS_CHAIN_FORK_BYTES_MAX);
    c->dir = ls_arena_dup(&c->mem->tables, dir, strlen(dir));
    return c->dir ? LS_OK : ls_fail(d, LS_ERR_NOMEM, "out of memory");
}

/* A fault that no reader noted is one of a whole file, which the sentence begins with. */
static void report_fault(const struct ls_chain *c, const struct ls_chain_options *options,
                         const struct ls_diag *d)
{
    static const char *const files[] = {LS_MANIFEST_FILE,         LS_SEGMENT_L2_FILE,
                                        LS_SEGMENT_L1_FILE,       LS_SEGMENT_STATUS_FILE,
                                        LS_SEGMENT_RECEIPTS_FILE, LS_SEGMENT_PROOFS_FILE};

    if (!options || !options->fault || !c->mem) {
        return;
    }
    *options->fault = c->mem->fault;
    for (size_t i = 0; d && !options->fault->file[0] && i < sizeof files / sizeof files[0]; i++) {
        if (strstr(d->text, files[i])) {
            snprintf(options->fault->file, sizeof options->fault->file, "%s", files[i]);
        }
    }
}

static enum ls_err open_as(const char *dir, const struct ls_chain_options *options, bool is_lazy,
                           struct ls_chain *out, struct ls_diag *d)
{
    enum ls_err e = init(out, dir, d);

    if (!e) {
        e = load_manifest(out, d);
    }
    if (!e) {
        /* Receipts and proofs are held against their blocks: all of them are needed. */
        const struct ls_manifest_segment *beside = out->mem->manifest.beside;
        out->mem->is_lazy = is_lazy && !beside[LS_BESIDE_RECEIPTS].is_present &&
                            !beside[LS_BESIDE_PROOFS].is_present;
    }
    if (!e && options && options->has_window) {
        e = load_window(out, options, d);
    }
    if (!e) {
        e = load_l1(out, d);
    }
    if (!e) {
        e = load_l2(out, options ? options->extra_blocks : 0, d);
    }
    if (!e) {
        out->genesis = find_genesis(out);
        out->has_receipts = out->mem->manifest.beside[LS_BESIDE_RECEIPTS].is_present;
    }
    for (int k = 0; !e && k < LS_BESIDE_COUNT; k++) {
        e = load_beside(out, (enum ls_beside_kind)k, d);
    }
    if (!e) {
        e = ls_labels_load(out, d);
    }
    if (e) {
        report_fault(out, options, d);
        ls_fail_in(d, e, "fixture \"%s\"", dir);
        ls_chain_close(out);
    }
    return e;
}

enum ls_err ls_chain_open(const char *dir, const struct ls_chain_options *options,
                          struct ls_chain *out, struct ls_diag *d)
{
    bool is_lazy = options && options->is_lazy && !options->has_window;

    /* What is wrong with a folder is told by the way that looks at everything, in order. */
    if (is_lazy && open_as(dir, options, true, out, NULL) == LS_OK) {
        return LS_OK;
    }
    return open_as(dir, options, false, out, d);
}

/* --- opened lazily --- */

enum ls_err ls_chain_prove(struct ls_chain *c, uint32_t blocks, bool *is_done, struct ls_diag *d)
{
    struct ls_chain_mem *m = c->mem;

    *is_done = true;
    if (!m->is_lazy) {
        return LS_OK;
    }
    enum ls_err e = ls_lazy_prove(m->lazy_l2, blocks, is_done, d);
    if (!e && *is_done && m->lazy_l1) {
        e = ls_lazy_prove(m->lazy_l1, blocks, is_done, d);
    }
    if (!e && *is_done) {
        e = ls_labels_prove(c, blocks, is_done, d);
    }
    return e;
}

enum ls_err ls_chain_fault(const struct ls_chain *c, struct ls_diag *d)
{
    const struct ls_chain_mem *m = c->mem;
    enum ls_err e = m->lazy_l2 ? ls_lazy_fault(m->lazy_l2, d) : LS_OK;

    e = !e && m->lazy_l1 ? ls_lazy_fault(m->lazy_l1, d) : e;
    return e ? e : ls_labels_fault(&m->labels, d);
}

void ls_chain_close(struct ls_chain *c)
{
    if (c && c->mem) {
        struct ls_chain_mem *m = c->mem;
        ls_lazy_close(m->lazy_l2);
        ls_lazy_close(m->lazy_l1);
        ls_segment_fini(&m->l2);
        ls_segment_fini(&m->l1);
        ls_segment_fini(&m->status);
        for (size_t k = 0; k < LS_BESIDE_COUNT; k++) {
            ls_segment_fini(&m->beside[k]);
        }
        ls_buf_fini(&m->manifest_text);
        ls_arena_fini(&m->tables);
        ls_arena_fini(&m->forks);
        free(m->l2_universe);
        free(m->l1_universe);
        ls_labels_fini(&m->labels);
        free(c->branches);
        free(c->l1_branches);
        free(m);
    }
    if (c) {
        *c = (struct ls_chain){.dir = NULL};
    }
}

const struct ls_chain_branch *ls_chain_branch(const struct ls_chain *c, const char *name)
{
    for (size_t i = 0; i < c->branch_count; i++) {
        if (strcmp(c->branches[i].name, name) == 0) {
            return &c->branches[i];
        }
    }
    return NULL;
}

uint32_t ls_chain_at(const struct ls_chain *c, uint64_t number)
{
    return ls_universe_at(c->l2, c->tip, number);
}
