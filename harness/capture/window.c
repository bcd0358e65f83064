/*
 * Windows: which lines, then their text.
 */
#include "harness/capture/window.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/beside.h"
#include "harness/capture/check.h"
#include "harness/capture/draft.h"
#include "harness/capture/jsontext.h"
#include "harness/capture/segment.h"
#include "harness/capture/store.h"
#include "lib/json.h"
#include "lib/json_scan.h"
#include "lib/zst.h"

/* Numbers, inclusive; low > high is empty. */
struct range {
    uint64_t low;
    uint64_t high;
};

/* What is kept of one segment. */
struct cut {
    struct ls_store *store;
    const struct ls_index *ix;
    struct range numbers;
    uint32_t keep;    /* id kept although below the window; LS_INDEX_NONE */
    uint8_t *orphans; /* one byte each, set: kept */
    uint64_t top;     /* no kept block has a higher number */
    struct ls_segment *text;
    struct ls_manifest_segment *seg;
    struct ls_arena *arena;
};

/* --- which --- */

static bool is_kept(const struct cut *c, uint32_t id)
{
    if (id == LS_INDEX_NONE) {
        return false;
    }
    if (id >= c->ix->counts.canonical) {
        return c->orphans[id - c->ix->counts.canonical] != 0;
    }
    uint64_t number = c->ix->blocks[id].number;
    return id == c->keep || (number >= c->numbers.low && number <= c->numbers.high);
}

/* Orphans whose parent is kept; parents stand above their children. */
static enum ls_err choose_orphans(struct cut *c, struct ls_diag *d)
{
    uint64_t from = c->ix->counts.canonical;
    uint64_t count = c->ix->counts.blocks - from;

    c->orphans = calloc(count + 1, 1);
    if (!c->orphans) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    c->top = c->numbers.high;
    for (uint64_t i = 0; i < count; i++) {
        const struct ls_index_block *b = &c->ix->blocks[from + i];
        c->orphans[i] = b->number >= c->numbers.low && is_kept(c, ls_index_find(c->ix, &b->parent));
        c->top = c->orphans[i] && b->number > c->top ? b->number : c->top;
    }
    return LS_OK;
}

/* --- text --- */

static enum ls_err put(struct cut *c, uint32_t id, struct ls_diag *d)
{
    struct ls_span line;
    enum ls_err e = ls_store_text(c->store, id, &line, d);

    if (!e) {
        ls_buf_put(&c->text->text, line.p, line.n);
        e = ls_buf_putc(&c->text->text, '\n');
        if (e) {
            ls_fail(d, e, "the window: %s", ls_err_text(e));
        }
    }
    c->seg->lines += !e;
    return e;
}

/* The part of a run that is in the window: its numbers, and the id of the first. */
static bool clip(const struct cut *c, const struct ls_index_run *run, struct ls_manifest_run *out,
                 uint32_t *id)
{
    uint64_t first = run->first > c->numbers.low ? run->first : c->numbers.low;
    uint64_t last = run->last < c->numbers.high ? run->last : c->numbers.high;

    *out = (struct ls_manifest_run){first, last};
    *id = (uint32_t)(run->id + (first - run->first));
    return first <= last;
}

/* A run more, or a longer one when there is no hole between. */
static void add_run(struct ls_manifest_run *runs, size_t *count, struct ls_manifest_run run)
{
    if (*count > 0 && runs[*count - 1].last + 1 == run.first) {
        runs[*count - 1].last = run.last;
    } else {
        runs[(*count)++] = run;
    }
}

static enum ls_err put_canonical(struct cut *c, struct ls_diag *d)
{
    size_t room = (size_t)c->ix->counts.runs + 1;
    struct ls_manifest_run *runs = ls_arena_alloc(c->arena, room * sizeof *runs);
    enum ls_err e = runs ? LS_OK : ls_fail(d, LS_ERR_NOMEM, "out of memory");

    if (!e && c->keep != LS_INDEX_NONE && c->ix->blocks[c->keep].number < c->numbers.low) {
        uint64_t number = c->ix->blocks[c->keep].number;
        add_run(runs, &c->seg->run_count, (struct ls_manifest_run){number, number});
        e = put(c, c->keep, d);
    }
    for (uint64_t i = 0; !e && i < c->ix->counts.runs; i++) {
        struct ls_manifest_run run;
        uint32_t id;
        if (clip(c, &c->ix->runs[i], &run, &id)) {
            add_run(runs, &c->seg->run_count, run);
            for (uint64_t n = run.first; !e && n <= run.last; n++) {
                e = put(c, id++, d);
            }
        }
    }
    c->seg->runs = runs;
    return e;
}

static enum ls_err put_orphans(struct cut *c, struct ls_diag *d)
{
    enum ls_err e = LS_OK;

    for (uint64_t id = c->ix->counts.canonical; !e && id < c->ix->counts.blocks; id++) {
        if (is_kept(c, (uint32_t)id)) {
            e = put(c, (uint32_t)id, d);
        }
    }
    return e;
}

/* Names of the tips that are kept; the canonical one ends with the window. */
static enum ls_err name_branches(struct cut *c, const struct ls_manifest_segment *whole,
                                 struct ls_diag *d)
{
    size_t bytes = (whole->branch_count + 1) * sizeof(struct ls_manifest_branch);
    struct ls_manifest_branch *to = ls_arena_alloc(c->arena, bytes);
    const struct ls_manifest_run *top = &c->seg->runs[c->seg->run_count - 1];

    if (!to) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < whole->branch_count; i++) {
        struct ls_manifest_branch br = whole->branches[i];
        if (i == 0) {
            uint32_t tip = ls_index_at(c->ix, top->last);
            br.tip = (struct ls_block_id){c->ix->blocks[tip].hash, top->last};
            br.first = top->first;
        }
        if (i == 0 || is_kept(c, ls_index_find(c->ix, &br.tip.hash))) {
            to[c->seg->branch_count++] = br;
        }
    }
    c->seg->branches = to;
    return LS_OK;
}

static bool has_canonical(const struct cut *c)
{
    struct ls_manifest_run run;
    uint32_t id;

    for (uint64_t i = 0; i < c->ix->counts.runs; i++) {
        if (clip(c, &c->ix->runs[i], &run, &id)) {
            return true;
        }
    }
    return false;
}

static enum ls_err put_all(struct cut *c, const struct ls_manifest_segment *whole,
                           struct ls_diag *d)
{
    enum ls_err e = put_canonical(c, d);

    c->seg->is_present = true;
    if (!e) {
        e = put_orphans(c, d);
    }
    return e ? e : name_branches(c, whole, d);
}

/* --- segments without an index: read from end to end --- */

/* Lines come out of the decompressor in pieces. */
struct lines {
    struct ls_buf line;
    enum ls_err (*take)(void *user, struct ls_span line);
    void *user;
};

static enum ls_err take_piece(void *user, const void *p, size_t n)
{
    struct lines *l = user;
    struct ls_span rest = {p, n};
    struct ls_span line;
    enum ls_err e = LS_OK;

    while (!e && ls_segment_line(&rest, &line)) {
        e = ls_buf_put(&l->line, line.p, line.n);
        if (!e) {
            e = l->take(l->user, ls_buf_span(&l->line));
        }
        ls_buf_clear(&l->line);
    }
    return e ? e : ls_buf_put(&l->line, rest.p, rest.n);
}

static enum ls_err each_line(const char *dir, const char *file,
                             const struct ls_manifest_segment *seg, struct lines *l,
                             struct ls_diag *d)
{
    struct ls_buf packed;

    ls_buf_init(&packed, LS_SEGMENT_BYTES_MAX);
    ls_buf_init(&l->line, LS_CHECK_BLOCK_BYTES_MAX);
    enum ls_err e = ls_segment_read(dir, file, seg->sha256, &packed, d);
    if (!e) {
        e = ls_zst_stream(packed.p, packed.n, take_piece, l);
        if (e) {
            ls_fail(d, e, "%s: %s", file, ls_err_text(e));
        }
    }
    ls_buf_fini(&l->line);
    ls_buf_fini(&packed);
    return e;
}

/* --- label rows --- */

struct rows {
    const struct cut *l2;
    struct ls_buf *out;
    uint64_t kept;
    struct range l1; /* numbers the kept rows name */
};

static bool has_block(const void *set, const struct ls_hash *hash)
{
    const struct cut *c = set;

    return is_kept(c, ls_index_find(c->ix, hash));
}

static void widen(struct range *r, uint64_t number)
{
    r->low = number < r->low ? number : r->low;
    r->high = number > r->high ? number : r->high;
}

static void widen_by(struct range *r, const struct ls_sync_status *s)
{
    const struct ls_l1_ref *refs[] = {&s->current_l1, &s->current_l1_finalized, &s->head_l1,
                                      &s->safe_l1, &s->finalized_l1};

    for (size_t i = 0; i < sizeof refs / sizeof refs[0]; i++) {
        if (!ls_hash_is_zero(&refs[i]->hash)) {
            widen(r, refs[i]->number);
        }
    }
}

/* A glance at the head's number leaves out most rows of a long recording without parsing them. */
static bool may_belong(const struct rows *r, struct ls_span line)
{
    struct ls_span v = ls_jsontext_get(line, "result");
    uint64_t number = 0;

    v = ls_jsontext_get(v, "unsafe_l2");
    v = ls_jsontext_get(v, "number");
    return v.n == 0 || ls_parse_dec((const char *)v.p, v.n, &number) || number == 0 ||
           (number >= r->l2->numbers.low && number <= r->l2->top);
}

static enum ls_err take_row(void *user, struct ls_span line)
{
    struct rows *r = user;
    const struct ls_check_known known = {has_block, r->l2};
    struct ls_json_scan found;
    struct ls_sync_status s;
    struct cJSON *root = NULL;
    enum ls_err e = LS_OK;

    /* A row that is no JSON is kept, so that the loader names it. */
    bool is_json =
        ls_json_scan((const char *)line.p, line.n, LS_JSON_DEPTH_MAX, false, &found) == LS_OK;
    if (is_json && !may_belong(r, line)) {
        return LS_OK;
    }
    if (is_json && (e = ls_json_parse((const char *)line.p, line.n, 0, &root, NULL)) == LS_OK &&
        ls_sync_status_parse(ls_json_get(root, "result"), &s, NULL) == LS_OK) {
        if (!ls_check_labels_recorded(&s, &known)) {
            ls_json_free(root);
            return LS_OK;
        }
        widen_by(&r->l1, &s);
    }
    ls_json_free(root);
    ls_buf_put(r->out, line.p, line.n);
    r->kept++;
    return e ? e : ls_buf_putc(r->out, '\n');
}

static enum ls_err load_rows(const struct ls_window_spec *spec, const struct cut *l2,
                             struct ls_window *out, struct range *l1, struct ls_diag *d)
{
    const struct ls_manifest_segment *seg = &spec->manifest->status;
    struct rows r = {.l2 = l2, .out = &out->status.text, .l1 = {UINT64_MAX, 0}};
    struct lines lines = {.take = take_row, .user = &r};
    enum ls_err e =
        seg->is_present ? each_line(spec->dir, LS_SEGMENT_STATUS_FILE, seg, &lines, d) : LS_OK;

    out->status_seg.is_present = r.kept > 0;
    out->status_seg.lines = r.kept;
    *l1 = r.l1;
    return e;
}

/* --- receipts and proofs: a line a block --- */

struct beside {
    const struct cut *l2;
    struct ls_buf *out;
    uint64_t id; /* of the next line's block */
    uint64_t kept;
};

static enum ls_err take_beside(void *user, struct ls_span line)
{
    struct beside *b = user;
    uint64_t id = b->id++;

    if (id >= b->l2->ix->counts.blocks || !is_kept(b->l2, (uint32_t)id)) {
        return LS_OK;
    }
    b->kept++;
    ls_buf_put(b->out, line.p, line.n);
    return ls_buf_putc(b->out, '\n');
}

static enum ls_err load_beside(const struct ls_window_spec *spec, enum ls_beside_kind k,
                               const struct cut *l2, struct ls_window *out, struct ls_diag *d)
{
    const struct ls_manifest_segment *seg = &spec->manifest->beside[k];
    struct beside b = {.l2 = l2, .out = &out->beside[k].text};
    struct lines lines = {.take = take_beside, .user = &b};
    enum ls_err e =
        seg->is_present ? each_line(spec->dir, ls_beside_of(k)->file, seg, &lines, d) : LS_OK;

    out->beside_seg[k].is_present = seg->is_present;
    out->beside_seg[k].lines = b.kept;
    return e;
}

/* --- segments --- */

static enum ls_err open_cut(const struct ls_window_spec *spec, bool is_l1, struct cut *c,
                            struct ls_diag *d)
{
    const struct ls_store_spec what = {.dir = spec->dir,
                                       .seg = is_l1 ? &spec->manifest->l1 : &spec->manifest->l2,
                                       .rollup = spec->rollup,
                                       .is_l1 = is_l1};
    enum ls_err e = ls_store_open(&what, &c->store, d);

    if (e) {
        return e;
    }
    c->ix = ls_store_index(c->store);
    if (spec->rollup) {
        c->keep = ls_index_find(c->ix, is_l1 ? &spec->rollup->genesis_l1.hash
                                             : &spec->rollup->genesis_l2.hash);
    }
    c->keep = c->keep < c->ix->counts.canonical ? c->keep : LS_INDEX_NONE;
    return LS_OK;
}

static void close_cut(struct cut *c)
{
    free(c->orphans);
    ls_store_close(c->store);
}

/* Origins of the kept blocks but genesis, whose origin may be far below. */
static void widen_by_origins(const struct cut *l2, struct range *r)
{
    for (uint64_t i = 0; i < l2->ix->counts.runs; i++) {
        struct ls_manifest_run run;
        uint32_t id;
        if (clip(l2, &l2->ix->runs[i], &run, &id)) {
            /* Origins never go down along a run. */
            if (id != l2->keep || run.first == run.last) {
                widen(r, l2->ix->blocks[id].origin_number);
            } else {
                widen(r, l2->ix->blocks[id + 1].origin_number);
            }
            widen(r, l2->ix->blocks[id + (run.last - run.first)].origin_number);
        }
    }
    for (uint64_t id = l2->ix->counts.canonical; id < l2->ix->counts.blocks; id++) {
        if (is_kept(l2, (uint32_t)id)) {
            widen(r, l2->ix->blocks[id].origin_number);
        }
    }
}

static enum ls_err load_l1(const struct ls_window_spec *spec, struct range numbers,
                           struct ls_window *out, struct ls_arena *a, struct ls_diag *d)
{
    struct cut c = {.numbers = numbers,
                    .keep = LS_INDEX_NONE,
                    .text = &out->l1,
                    .seg = &out->l1_seg,
                    .arena = a};

    if (!spec->manifest->l1.is_present || numbers.low > numbers.high) {
        return LS_OK;
    }
    c.numbers.high += numbers.high > UINT64_MAX - LS_DRAFT_L1_MARGIN ? 0 : LS_DRAFT_L1_MARGIN;
    enum ls_err e = open_cut(spec, true, &c, d);
    if (!e && has_canonical(&c)) {
        e = choose_orphans(&c, d);
        e = e ? e : put_all(&c, &spec->manifest->l1, d);
    }
    close_cut(&c);
    return e;
}

static enum ls_err load_l2(const struct ls_window_spec *spec, struct cut *c, struct ls_diag *d)
{
    enum ls_err e = open_cut(spec, false, c, d);

    if (!e && !has_canonical(c)) {
        e = ls_fail(d, LS_ERR_RANGE,
                    "blocks %" PRIu64 "..%" PRIu64 ": none of them is recorded here", spec->first,
                    spec->last);
    }
    if (!e) {
        e = choose_orphans(c, d);
    }
    return e ? e : put_all(c, &spec->manifest->l2, d);
}

enum ls_err ls_window_load(const struct ls_window_spec *spec, struct ls_arena *a,
                           struct ls_window *out, struct ls_diag *d)
{
    struct cut l2 = {.numbers = {spec->first, spec->last},
                     .keep = LS_INDEX_NONE,
                     .text = &out->l2,
                     .seg = &out->l2_seg,
                     .arena = a};
    struct range l1 = {UINT64_MAX, 0};

    *out = (struct ls_window){.l2_seg = {.is_present = false}};
    ls_buf_init(&out->l2.text, LS_SEGMENT_BYTES_MAX);
    ls_buf_init(&out->l1.text, LS_SEGMENT_BYTES_MAX);
    ls_buf_init(&out->status.text, LS_SEGMENT_BYTES_MAX);
    enum ls_err e = load_l2(spec, &l2, d);
    for (int k = 0; k < LS_BESIDE_COUNT; k++) {
        ls_buf_init(&out->beside[k].text, LS_SEGMENT_BYTES_MAX);
        e = e ? e : load_beside(spec, (enum ls_beside_kind)k, &l2, out, d);
    }
    if (!e) {
        e = load_rows(spec, &l2, out, &l1, d);
    }
    if (!e) {
        widen_by_origins(&l2, &l1);
        e = load_l1(spec, l1, out, a, d);
    }
    close_cut(&l2);
    return e;
}

void ls_window_fini(struct ls_window *w)
{
    ls_segment_fini(&w->l2);
    ls_segment_fini(&w->l1);
    ls_segment_fini(&w->status);
    for (size_t k = 0; k < LS_BESIDE_COUNT; k++) {
        ls_segment_fini(&w->beside[k]);
    }
}
