/*
 * Drafts: writing. Segments first, the manifest last, so that a folder with a manifest is whole.
 */
#include "harness/capture/draft.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/capture/beside.h"
#include "harness/capture/check.h"
#include "harness/capture/files.h"
#include "harness/capture/manifest.h"
#include "harness/capture/store.h"

/* One layer's blocks on their way to a segment. */
struct layer {
    const struct ls_draft_block **unique; /* sorted by hash */
    size_t count;
    struct ls_dag dag;
    const struct ls_draft_block **kept; /* dag.count, sorted by hash */
};

struct writer {
    struct ls_draft *f;
    const struct ls_draft_options *o;
    const char *dir;
    struct layer l2;
    struct layer l1;
    struct ls_arena arena;
    struct ls_manifest m;
    struct ls_diag *d;
};

/* --- one of each block --- */

static int compare_blocks(const void *x, const void *y)
{
    const struct ls_draft_block *const *a = x;
    const struct ls_draft_block *const *b = y;
    int c = memcmp((*a)->hash.b, (*b)->hash.b, sizeof(*a)->hash.b);

    if (c == 0) { /* full blocks before headers, then the first given */
        c = (*b)->is_hydrated - (*a)->is_hydrated;
    }
    return c ? c : (*a > *b) - (*a < *b);
}

static bool has_block(const void *set, const struct ls_hash *hash)
{
    const struct layer *l = set;
    size_t lo = 0;
    size_t hi = l->dag.count;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = memcmp(l->kept[mid]->hash.b, hash->b, sizeof hash->b);
        if (c == 0) {
            return true;
        }
        if (c < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return false;
}

/* Puts the blocks in the order they were added, so that the dag sees it: pointers ascend. */
static int compare_added(const void *x, const void *y)
{
    const struct ls_draft_block *const *a = x;
    const struct ls_draft_block *const *b = y;

    return (*a > *b) - (*a < *b);
}

static enum ls_err unify(struct writer *w, const struct ls_draft_blocks *from, struct layer *l)
{
    size_t n = 0;

    l->unique = calloc(from->count + 1, sizeof(struct ls_draft_block *));
    if (!l->unique) {
        return ls_fail(w->d, LS_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < from->count; i++) {
        l->unique[i] = &from->items[i];
    }
    qsort(l->unique, from->count, sizeof(struct ls_draft_block *), compare_blocks);
    for (size_t i = 0; i < from->count; i++) {
        if (n == 0 || !ls_hash_eq(&l->unique[n - 1]->hash, &l->unique[i]->hash)) {
            l->unique[n++] = l->unique[i];
        }
    }
    l->count = n;
    qsort(l->unique, n, sizeof(struct ls_draft_block *), compare_added);
    return LS_OK;
}

/* What is known to be canonical, best first: what the draft was told, then the heads of its rows,
 * the last row first, then the origin of the last L2 block. */
static enum ls_err collect_points(const struct writer *w, bool is_l1, struct ls_draft_points *out)
{
    const struct ls_draft *f = w->f;
    const struct ls_draft_points *told = is_l1 ? &f->l1_points : &f->l2_points;
    enum ls_err e = LS_OK;

    for (size_t i = 0; !e && i < told->count; i++) {
        e = ls_draft_add_point(out, &told->items[i].hash, told->items[i].kind, w->d);
    }
    for (size_t i = f->row_count; !e && i > 0; i--) {
        const struct ls_sync_status *s = &f->rows[i - 1].status;
        e = ls_draft_add_point(out, is_l1 ? &s->head_l1.hash : &s->unsafe_l2.hash, LS_DAG_HEAD,
                               w->d);
    }
    if (!e && is_l1) {
        const struct ls_dag *l2 = &w->l2.dag;
        const struct ls_draft_block *tip = w->l2.unique[l2->order[l2->canonical_count - 1]];
        e = ls_draft_add_point(out, &tip->l1_origin.hash, LS_DAG_ANCESTOR, w->d);
    }
    return e;
}

static enum ls_err arrange(struct writer *w, struct layer *l, const struct ls_dag_options *o)
{
    struct ls_dag_node *nodes = calloc(l->count + 1, sizeof *nodes);

    if (!nodes) {
        return ls_fail(w->d, LS_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < l->count; i++) {
        nodes[i] =
            (struct ls_dag_node){l->unique[i]->hash, l->unique[i]->parent, l->unique[i]->number};
    }
    enum ls_err e = ls_dag_arrange(nodes, l->count, o, &w->arena, &l->dag, w->d);
    free(nodes);
    if (e) {
        return e;
    }
    l->kept = calloc(l->dag.count, sizeof(struct ls_draft_block *));
    if (!l->kept) {
        return ls_fail(w->d, LS_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < l->dag.count; i++) {
        l->kept[i] = l->unique[l->dag.order[i]];
    }
    qsort(l->kept, l->dag.count, sizeof(struct ls_draft_block *), compare_blocks);
    return LS_OK;
}

static enum ls_err arrange_l2(struct writer *w)
{
    bool has_rollup = w->f->rollup_json.n > 0;
    struct ls_dag_options o = {.first = w->o->first,
                               .last = w->o->last,
                               .is_one_chain = has_rollup,
                               .tips = w->f->tips,
                               .tip_count = w->f->tip_count};
    struct ls_draft_points points = {NULL, 0, 0};
    enum ls_err e = unify(w, &w->f->l2, &w->l2);

    if (has_rollup) {
        o.keep = w->f->rollup.genesis_l2.hash;
    }
    if (!e) {
        e = collect_points(w, false, &points);
    }
    if (!e) {
        o.points = points.items;
        o.point_count = points.count;
        e = arrange(w, &w->l2, &o);
    }
    free(points.items);
    for (size_t i = 0; !e && i < w->l2.dag.count; i++) {
        if (!w->l2.kept[i]->is_hydrated) {
            e = ls_fail(w->d, LS_ERR_TYPE,
                        "block %" PRIu64 ": transactions: hashes, not objects; record the block "
                        "with eth_getBlockByNumber(number, true)",
                        w->l2.kept[i]->number);
        }
    }
    return e;
}

/* --- label rows and L1 headers of a window --- */

static enum ls_err put_status(struct writer *w)
{
    const struct ls_check_known known = {has_block, &w->l2};
    struct ls_buf text;
    enum ls_err e = LS_OK;

    ls_buf_init(&text, LS_SEGMENT_BYTES_MAX);
    for (size_t i = 0; i < w->f->row_count; i++) {
        const struct ls_draft_row *row = &w->f->rows[i];
        if (ls_check_labels_recorded(&row->status, &known)) {
            ls_buf_put(&text, row->text.p, row->text.n);
            ls_buf_putc(&text, '\n');
            w->m.status.lines++;
        } else {
            w->f->rows_left_out++;
        }
    }
    if (text.err) {
        e = ls_fail(w->d, text.err, "label timeline: %s", ls_err_text(text.err));
    } else if (w->m.status.lines > 0) {
        w->m.status.is_present = true;
        e = ls_segment_store(w->dir, LS_SEGMENT_STATUS_FILE, ls_buf_span(&text), w->o->level,
                             w->m.status.sha256, w->d);
    }
    ls_buf_fini(&text);
    return e;
}

static void widen(uint64_t number, uint64_t *low, uint64_t *high)
{
    *low = number < *low ? number : *low;
    *high = number > *high ? number : *high;
}

/* Numbers of the L1 blocks the kept rows name; zero references name none. */
static void widen_by_rows(const struct writer *w, uint64_t *low, uint64_t *high)
{
    const struct ls_check_known known = {has_block, &w->l2};

    for (size_t i = 0; i < w->f->row_count; i++) {
        const struct ls_sync_status *s = &w->f->rows[i].status;
        const struct ls_l1_ref *refs[] = {&s->current_l1, &s->current_l1_finalized, &s->head_l1,
                                          &s->safe_l1, &s->finalized_l1};
        bool is_kept = ls_check_labels_recorded(s, &known);
        for (size_t k = 0; is_kept && k < sizeof refs / sizeof refs[0]; k++) {
            if (!ls_hash_is_zero(&refs[k]->hash)) {
                widen(refs[k]->number, low, high);
            }
        }
    }
}

static void l1_window(const struct writer *w, struct ls_dag_options *o)
{
    uint64_t low = UINT64_MAX;
    uint64_t high = 0;

    if (w->f->rollup_json.n == 0 || (w->o->first == 0 && w->o->last == UINT64_MAX)) {
        o->last = UINT64_MAX;
        return;
    }
    for (size_t i = 0; i < w->l2.dag.count; i++) {
        if (!ls_hash_eq(&w->l2.kept[i]->hash, &w->f->rollup.genesis_l2.hash)) {
            widen(w->l2.kept[i]->l1_origin.number, &low, &high);
        }
    }
    widen_by_rows(w, &low, &high);
    o->first = low;
    o->last = high > UINT64_MAX - LS_DRAFT_L1_MARGIN ? UINT64_MAX : high + LS_DRAFT_L1_MARGIN;
}

static enum ls_err arrange_l1(struct writer *w)
{
    struct ls_dag_options o = {
        .is_one_chain = true, .tips = w->f->l1_tips, .tip_count = w->f->l1_tip_count};

    if (w->f->rollup_json.n > 0) {
        o.keep = w->f->rollup.genesis_l1.hash;
    }
    struct ls_draft_points points = {NULL, 0, 0};
    l1_window(w, &o);
    enum ls_err e = unify(w, &w->f->l1, &w->l1);
    if (!e) {
        e = collect_points(w, true, &points);
    }
    if (!e) {
        o.points = points.items;
        o.point_count = points.count;
        e = arrange(w, &w->l1, &o);
    }
    free(points.items);
    return e ? ls_fail_in(w->d, e, "L1 headers") : LS_OK;
}

/* --- files --- */

static enum ls_err put_blocks(struct writer *w, const struct layer *l, const char *file,
                              struct ls_manifest_segment *seg)
{
    struct ls_buf text;
    enum ls_err e;

    ls_buf_init(&text, LS_SEGMENT_BYTES_MAX);
    for (size_t i = 0; i < l->dag.count; i++) {
        const struct ls_draft_block *b = l->unique[l->dag.order[i]];
        ls_buf_put(&text, b->text.p, b->text.n);
        ls_buf_putc(&text, '\n');
    }
    *seg = (struct ls_manifest_segment){.is_present = true,
                                        .lines = l->dag.count,
                                        .runs = l->dag.runs,
                                        .run_count = l->dag.run_count,
                                        .branches = l->dag.branches,
                                        .branch_count = l->dag.branch_count};
    e = text.err
            ? ls_fail(w->d, text.err, "%s: %s", file, ls_err_text(text.err))
            : ls_segment_store(w->dir, file, ls_buf_span(&text), w->o->level, seg->sha256, w->d);
    ls_buf_fini(&text);
    return e;
}

static int compare_beside(const void *x, const void *y)
{
    const struct ls_draft_beside *a = x;
    const struct ls_draft_beside *b = y;

    return memcmp(a->key.b, b->key.b, sizeof a->key.b);
}

static const struct ls_draft_beside *find_beside(const struct ls_draft_beside_list *all,
                                                 const struct ls_hash *key)
{
    const struct ls_draft_beside k = {.key = *key};

    return all->count == 0
               ? NULL
               : bsearch(&k, all->items, all->count, sizeof *all->items, compare_beside);
}

static const struct ls_draft_beside *beside_of(const struct writer *w, enum ls_beside_kind k,
                                               size_t place)
{
    const struct ls_draft_block *b = w->l2.unique[w->l2.dag.order[place]];
    struct ls_hash key;

    return ls_beside_of(k)->block_key(b->text, &key) ? find_beside(&w->f->beside[k], &key) : NULL;
}

/* A line a block, in the order of the blocks. No file when there is nothing of any. */
static enum ls_err put_beside(struct writer *w, enum ls_beside_kind k)
{
    const char *file = ls_beside_of(k)->file;
    struct ls_draft_beside_list *all = &w->f->beside[k];
    struct ls_manifest_segment *seg = &w->m.beside[k];
    struct ls_buf text;
    enum ls_err e = LS_OK;

    if (all->count == 0) {
        return LS_OK;
    }
    qsort(all->items, all->count, sizeof *all->items, compare_beside);
    ls_buf_init(&text, LS_SEGMENT_BYTES_MAX);
    for (size_t i = 0; i < w->l2.dag.count; i++) {
        const struct ls_draft_beside *found = beside_of(w, k, i);
        if (found) {
            ls_buf_put(&text, found->text.p, found->text.n);
            ls_buf_putc(&text, '\n');
            seg->is_present = true;
        } else {
            ls_buf_puts(&text, LS_BESIDE_NONE "\n");
        }
        seg->lines++;
    }
    if (text.err) {
        e = ls_fail(w->d, text.err, "%s: %s", file, ls_err_text(text.err));
    } else if (seg->is_present) {
        e = ls_segment_store(w->dir, file, ls_buf_span(&text), w->o->level, seg->sha256, w->d);
    }
    ls_buf_fini(&text);
    return e;
}

/* The folder's own name serves when none was given. */
static void choose_name(struct writer *w)
{
    const char *slash;
    char path[LS_PATH_MAX];
    size_t n = strlen(w->dir);

    memcpy(w->m.name, w->f->name, sizeof w->m.name);
    if (w->m.name[0] || n >= sizeof path) {
        return;
    }
    while (n > 1 && w->dir[n - 1] == '/') {
        n--;
    }
    memcpy(path, w->dir, n);
    path[n] = '\0';
    slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    snprintf(w->m.name, sizeof w->m.name, "%.*s", (int)sizeof w->m.name - 1,
             ls_manifest_is_name(base) && base[0] != '.' ? base : "chain");
}

static enum ls_err put_manifest(struct writer *w)
{
    char path[LS_PATH_MAX];
    struct ls_buf text;
    enum ls_err e = ls_path_join(w->dir, LS_MANIFEST_FILE, path, w->d);

    choose_name(w);
    w->m.l2_chain_id = w->f->l2_chain_id;
    w->m.l1_chain_id = w->f->l1_chain_id;
    w->m.synthetic = w->f->synthetic;
    w->m.provenance = w->f->provenance;
    w->m.provenance_count = w->f->provenance_count;
    w->m.rollup = w->f->rollup_json;
    ls_buf_init(&text, LS_MANIFEST_BYTES_MAX);
    ls_manifest_write(&w->m, &text);
    if (!e && text.err) {
        e = ls_fail(w->d, text.err, "%s: %s", LS_MANIFEST_FILE, ls_err_text(text.err));
    }
    if (!e) {
        e = ls_file_write(path, ls_buf_span(&text), w->d);
    }
    ls_buf_fini(&text);
    return e;
}

/* Takes the files of a fixture away, the manifest first. Files that are not there are fine. */
static void empty_folder(const char *dir)
{
    static const char *const files[] = {LS_MANIFEST_FILE,         LS_SEGMENT_L2_FILE,
                                        LS_SEGMENT_L1_FILE,       LS_SEGMENT_STATUS_FILE,
                                        LS_SEGMENT_RECEIPTS_FILE, LS_SEGMENT_PROOFS_FILE,
                                        LS_INDEX_L2_FILE,         LS_INDEX_L1_FILE};
    char path[LS_PATH_MAX];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (!ls_path_join(dir, files[i], path, NULL)) {
            unlink(path);
        }
    }
}

static enum ls_err prepare_folder(const struct writer *w)
{
    char path[LS_PATH_MAX];
    enum ls_err e = ls_path_join(w->dir, LS_MANIFEST_FILE, path, w->d);

    if (!e) {
        e = ls_dir_make(w->dir, w->d);
    }
    if (!e && ls_file_exists(path)) {
        if (!w->o->replace) {
            return ls_fail(w->d, LS_ERR_EXISTS,
                           "\"%s\" holds a fixture already: give another folder, or --replace",
                           w->dir);
        }
        empty_folder(w->dir);
    }
    return e;
}

static enum ls_err put_all(struct writer *w)
{
    enum ls_err e = put_blocks(w, &w->l2, LS_SEGMENT_L2_FILE, &w->m.l2);

    for (int k = 0; !e && k < LS_BESIDE_COUNT; k++) {
        e = put_beside(w, (enum ls_beside_kind)k);
    }
    if (!e && w->f->row_count > 0) {
        e = put_status(w);
    }
    if (!e && w->l1.dag.count > 0) {
        e = put_blocks(w, &w->l1, LS_SEGMENT_L1_FILE, &w->m.l1);
    }
    return e ? e : put_manifest(w);
}

/* The last word: what stands on the disk must open. */
static enum ls_err verify(const struct writer *w)
{
    struct ls_chain c;
    enum ls_err e = ls_chain_open(w->dir, NULL, &c, w->d);

    ls_chain_close(&c);
    return e;
}

enum ls_err ls_draft_write(struct ls_draft *f, const char *dir,
                           const struct ls_draft_options *options, struct ls_diag *d)
{
    struct writer w = {.f = f, .o = options, .dir = dir, .d = d};
    enum ls_err e;

    ls_arena_init(&w.arena, f->arena.bytes_max);
    e = arrange_l2(&w);
    if (!e && f->l1.count > 0) {
        e = arrange_l1(&w);
    }
    if (!e) {
        e = prepare_folder(&w);
    }
    if (!e) {
        e = put_all(&w);
        e = e ? e : verify(&w);
        if (e) {
            empty_folder(dir);
        }
    }
    free(w.l2.unique);
    free(w.l2.kept);
    free(w.l1.unique);
    free(w.l1.kept);
    ls_arena_fini(&w.arena);
    return e;
}
