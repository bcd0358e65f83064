/*
 * From journals to a fixture. Everything is built in a folder beside the old state and verified
 * there; renaming that folder is the moment from which on a killed process will be completed
 * instead of undone (ls_pull_folder_roll).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/capture/chain.h"
#include "harness/capture/check.h"
#include "harness/capture/manifest.h"
#include "harness/capture/pull_beside.h"
#include "harness/capture/pull_folder.h"
#include "harness/capture/pull_frames.h"
#include "harness/capture/pull_labels.h"
#include "harness/capture/segment.h"
#include "lib/json.h"

static enum ls_err fail_io(const char *what, const char *path, struct ls_diag *d)
{
    return ls_fail(d, LS_ERR_IO, "cannot %s \"%s\": %s", what, path, strerror(errno));
}

/* --- building --- */

struct builder {
    struct ls_pull_folder *f;
    char dir[LS_PATH_MAX]; /* building.part */
    int level;
    struct ls_manifest m;
    struct ls_arena arena; /* runs and branches */
    uint64_t text_bytes;
    struct ls_pull_result *out;
    struct ls_diag *d;
};

/* One layer of blocks. */
struct layer {
    struct builder *b;
    struct ls_pull_layer *from;
    struct ls_pull_frames to;
    struct ls_pull_beside *beside; /* written along, a line a block; NULL: L1 */
    uint64_t next;                 /* canonical number that is due */
    bool has_anchor;               /* genesis has been put in front */
};

static enum ls_err no_memory(struct ls_diag *d)
{
    return ls_fail(d, LS_ERR_NOMEM, "out of memory");
}

static enum ls_err put_block(struct layer *l, struct ls_span line, struct ls_diag *d)
{
    enum ls_err e = ls_pull_frames_put(&l->to, line, d);

    for (size_t k = 0; l->beside && !e && k < LS_BESIDE_COUNT; k++) {
        if (l->b->f->facts.has_beside[k]) {
            e = ls_pull_beside_put(&l->beside[k], line, d);
        }
    }
    return e;
}

/* Canonical lines go out as they come; of orphans the place is noted. A line that is there twice
 * counts once. */
static enum ls_err sort_line(void *ctx, uint64_t at, struct ls_span line, struct ls_diag *d)
{
    struct layer *l = ctx;
    const struct ls_pull_track *t = &l->from->track;
    struct ls_l2_ref ref;

    if (!ls_pull_glance(line, &ref)) {
        return ls_fail(d, LS_ERR_PARSE, "\"%s\": a line is no block", l->from->journal.path);
    }
    struct ls_block_id id = {ref.hash, ref.number};
    struct ls_pull_orphan *orphan = ls_pull_track_orphan(t, &id);
    if (orphan) {
        orphan->offset = at;
        orphan->bytes = line.n;
        return LS_OK;
    }
    bool is_anchor = t->has_anchor && ls_hash_eq(&ref.hash, &t->anchor.hash);
    if (is_anchor && !l->has_anchor) {
        l->has_anchor = true;
        return put_block(l, line, d);
    }
    if (is_anchor || ref.number < l->next) {
        return LS_OK;
    }
    if (ref.number != l->next) {
        return ls_fail(d, LS_ERR_LINK, "\"%s\": block %" PRIu64 " is missing",
                       l->from->journal.path, l->next);
    }
    l->next++;
    return put_block(l, line, d);
}

static int compare_orphans(const void *x, const void *y)
{
    const struct ls_l2_ref *a = &((const struct ls_pull_orphan *)x)->ref;
    const struct ls_l2_ref *b = &((const struct ls_pull_orphan *)y)->ref;

    return a->number != b->number ? (a->number > b->number) - (a->number < b->number)
                                  : memcmp(a->hash.b, b->hash.b, sizeof a->hash.b);
}

static enum ls_err put_orphans(struct layer *l)
{
    const struct ls_pull_track *t = &l->from->track;
    struct ls_buf line;
    enum ls_err e = LS_OK;

    ls_buf_init(&line, LS_CHECK_BLOCK_BYTES_MAX);
    for (size_t i = 0; !e && i < t->orphan_count; i++) {
        const struct ls_pull_orphan *o = &t->orphans[i];
        if (o->is_left_out) {
            continue;
        }
        ls_buf_clear(&line);
        e = ls_pull_journal_read(&l->from->journal, o->offset, (size_t)o->bytes, &line, l->b->d);
        if (!e) {
            e = put_block(l, ls_buf_span(&line), l->b->d);
        }
    }
    ls_buf_fini(&line);
    return e;
}

/* Branches: from each orphan that no kept orphan sits on, down to the canonical chain or a branch
 * that is listed already. taken has a place for each orphan. */
static struct ls_manifest_branch branch_from(const struct ls_pull_track *t, size_t i, bool *taken)
{
    struct ls_manifest_branch br = {.tip = {t->orphans[i].ref.hash, t->orphans[i].ref.number}};
    const struct ls_pull_orphan *o = &t->orphans[i];

    while (o && !taken[o - t->orphans]) {
        struct ls_block_id parent = {o->ref.parent, o->ref.number - 1};
        taken[o - t->orphans] = true;
        br.first = o->ref.number;
        o = ls_pull_track_orphan(t, &parent);
    }
    return br;
}

static bool is_branch_tip(const struct ls_pull_track *t, size_t i)
{
    const struct ls_l2_ref *ref = &t->orphans[i].ref;

    for (size_t k = 0; k < t->orphan_count; k++) {
        if (!t->orphans[k].is_left_out && t->orphans[k].ref.number == ref->number + 1 &&
            ls_hash_eq(&t->orphans[k].ref.parent, &ref->hash)) {
            return false;
        }
    }
    return !t->orphans[i].is_left_out;
}

/* "orphan-<first>", then "orphan-<first>-2" …, as import names them. */
static void name_branch(struct ls_manifest_branch *branches, size_t i)
{
    struct ls_manifest_branch *br = &branches[i];

    snprintf(br->name, sizeof br->name, "orphan-%" PRIu64, br->first);
    for (size_t k = 1, same = 1; k < i; k++) {
        if (strcmp(branches[k].name, br->name) == 0) {
            snprintf(br->name, sizeof br->name, "orphan-%" PRIu64 "-%zu", br->first, ++same);
            k = 0;
        }
    }
}

static enum ls_err put_branches(struct layer *l, struct ls_manifest_segment *seg)
{
    const struct ls_pull_track *t = &l->from->track;
    const struct ls_l2_ref *tip = ls_pull_track_tip(t);
    struct ls_manifest_branch *list =
        ls_arena_alloc(&l->b->arena, LS_CHAIN_BRANCHES_MAX * sizeof *list);
    bool *taken = calloc(t->orphan_count + 1, sizeof *taken);
    enum ls_err e = list && taken ? LS_OK : no_memory(l->b->d);

    for (size_t i = 0; !e && i < t->orphan_count; i++) {
        if (!is_branch_tip(t, i)) {
            continue;
        }
        if (seg->branch_count + 1 == LS_CHAIN_BRANCHES_MAX) {
            e = ls_fail(l->b->d, LS_ERR_LIMIT, "more than %u branches", LS_CHAIN_BRANCHES_MAX);
            break;
        }
        list[++seg->branch_count] = branch_from(t, i, taken);
        name_branch(list, seg->branch_count);
    }
    if (!e) {
        list[0] = (struct ls_manifest_branch){
            .name = "canonical", .first = t->first, .tip = {tip->hash, tip->number}};
        seg->branches = list;
        seg->branch_count++;
    }
    free(taken);
    return e;
}

static enum ls_err put_runs(struct layer *l, struct ls_manifest_segment *seg)
{
    struct ls_manifest_run *runs = ls_arena_alloc(&l->b->arena, 2 * sizeof *runs);

    if (!runs) {
        return no_memory(l->b->d);
    }
    if (l->has_anchor) {
        uint64_t genesis = l->from->track.anchor.number;
        runs[seg->run_count++] = (struct ls_manifest_run){genesis, genesis};
    }
    runs[seg->run_count++] = (struct ls_manifest_run){l->from->track.first, l->next - 1};
    seg->runs = runs;
    return LS_OK;
}

static enum ls_err put_lines(struct layer *l)
{
    enum ls_err e = ls_pull_journal_each(&l->from->journal, sort_line, l, l->b->d);

    if (!e && l->next != l->from->track.end) {
        e = ls_fail(l->b->d, LS_ERR_LINK, "\"%s\": block %" PRIu64 " is missing",
                    l->from->journal.path, l->next);
    }
    return e ? e : put_orphans(l);
}

static enum ls_err build_layer(struct builder *b, struct ls_pull_layer *from, const char *file,
                               struct ls_pull_beside *beside, struct ls_manifest_segment *seg)
{
    struct layer l = {
        .b = b, .from = from, .to.fd = -1, .beside = beside, .next = from->track.first};
    struct ls_pull_track *t = &from->track;
    enum ls_err e = ls_pull_frames_open(b->dir, file, b->level, &l.to, b->d);

    if (t->orphan_count > 0) {
        qsort(t->orphans, t->orphan_count, sizeof *t->orphans, compare_orphans);
    }
    if (!e) {
        e = put_lines(&l);
    }
    if (!e) {
        e = ls_pull_frames_end(&l.to, seg->sha256, b->d);
    }
    if (!e) {
        e = put_runs(&l, seg);
    }
    if (!e) {
        e = put_branches(&l, seg);
    }
    seg->is_present = true;
    seg->lines = l.to.lines;
    b->text_bytes += l.to.text_bytes;
    ls_pull_frames_close(&l.to);
    return e;
}

static enum ls_err end_beside(struct builder *b, enum ls_beside_kind k,
                              struct ls_pull_beside *beside)
{
    struct ls_manifest_segment *seg = &b->m.beside[k];

    seg->is_present = true;
    seg->lines = beside->to.lines;
    b->text_bytes += beside->to.text_bytes;
    b->out->lacking[k] = beside->lacking;
    return ls_pull_frames_end(&beside->to, seg->sha256, b->d);
}

static enum ls_err build_l2(struct builder *b)
{
    struct ls_pull_beside beside[LS_BESIDE_COUNT];
    const bool *has = b->f->facts.has_beside;
    enum ls_err e = LS_OK;

    for (int k = 0; k < LS_BESIDE_COUNT; k++) {
        ls_pull_beside_init(&beside[k], (enum ls_beside_kind)k);
        if (!e && has[k]) {
            e = ls_pull_beside_open(&beside[k], b->f, b->dir, b->level, b->d);
        }
    }
    if (!e) {
        e = build_layer(b, &b->f->l2, LS_SEGMENT_L2_FILE, beside, &b->m.l2);
    }
    for (int k = 0; k < LS_BESIDE_COUNT; k++) {
        if (!e && has[k]) {
            e = end_beside(b, (enum ls_beside_kind)k, &beside[k]);
        }
        ls_pull_beside_close(&beside[k]);
    }
    return e;
}

/* A row that names a block which was left out stays out too. */
static bool can_keep_row(const struct builder *b, struct ls_span line)
{
    struct cJSON *root = NULL;
    struct ls_sync_status s;
    bool can = !ls_json_parse((const char *)line.p, line.n, 0, &root, NULL) &&
               !ls_sync_status_parse(ls_json_get(root, "result"), &s, NULL) &&
               !ls_pull_labels_check(&s, &b->f->l2.track, &b->f->l1.track, NULL);

    ls_json_free(root);
    return can;
}

struct rows {
    struct builder *b;
    struct ls_pull_frames to;
};

static enum ls_err put_row(void *ctx, uint64_t at, struct ls_span line, struct ls_diag *d)
{
    struct rows *r = ctx;

    (void)at;
    if (can_keep_row(r->b, line)) {
        return ls_pull_frames_put(&r->to, line, d);
    }
    r->b->out->rows_left_out++;
    return LS_OK;
}

static enum ls_err build_rows(struct builder *b)
{
    struct rows r = {.b = b};
    enum ls_err e = ls_pull_frames_open(b->dir, LS_SEGMENT_STATUS_FILE, b->level, &r.to, b->d);

    if (!e) {
        e = ls_pull_journal_each(&b->f->status, put_row, &r, b->d);
    }
    if (!e && r.to.lines > 0) {
        e = ls_pull_frames_end(&r.to, b->m.status.sha256, b->d);
        b->m.status.is_present = true;
        b->m.status.lines = r.to.lines;
        b->text_bytes += r.to.text_bytes;
    } else if (!e) {
        unlink(r.to.path);
    }
    ls_pull_frames_close(&r.to);
    return e;
}

static enum ls_err build_manifest(struct builder *b)
{
    const struct ls_pull_facts *facts = &b->f->facts;
    const char *provenance[LS_PULL_PROVENANCE_MAX];
    char path[LS_PATH_MAX];
    struct ls_buf text;
    enum ls_err e = ls_path_join(b->dir, LS_MANIFEST_FILE, path, b->d);

    memcpy(provenance, facts->provenance, sizeof provenance);
    memcpy(b->m.name, facts->name, sizeof b->m.name);
    b->m.l2_chain_id = facts->l2_chain_id;
    b->m.l1_chain_id = facts->l1_chain_id;
    b->m.rollup = facts->rollup_json;
    b->m.provenance = provenance;
    b->m.provenance_count = facts->provenance_count;
    ls_buf_init(&text, LS_MANIFEST_BYTES_MAX);
    ls_manifest_write(&b->m, &text);
    if (!e && text.err) {
        e = ls_fail(b->d, text.err, "%s: %s", LS_MANIFEST_FILE, ls_err_text(text.err));
    }
    if (!e) {
        e = ls_file_write(path, ls_buf_span(&text), b->d);
    }
    ls_buf_fini(&text);
    b->m.provenance = NULL;
    return e;
}

/* --- what a fixture can hold --- */

/* Orphans whose L1 origin is missing among recorded headers would make the fixture wrong: their L1
 * node had forgotten it before it could be asked. Needs orphans in the order of numbers. */
static void leave_out(struct builder *b)
{
    struct ls_pull_track *l2 = &b->f->l2.track;
    const struct ls_pull_track *l1 = &b->f->l1.track;

    for (size_t i = 0; i < l2->orphan_count; i++) {
        struct ls_pull_orphan *o = &l2->orphans[i];
        const struct ls_block_id *origin = &o->ref.l1_origin;
        struct ls_block_id parent = {o->ref.parent, o->ref.number - 1};
        const struct ls_pull_orphan *below = ls_pull_track_orphan(l2, &parent);
        bool is_in_range = ls_pull_track_at(l1, origin->number) != NULL;
        o->is_left_out =
            (below && below->is_left_out) ||
            (is_in_range && !ls_hash_is_zero(&origin->hash) && !ls_pull_track_find(l1, origin));
        b->out->orphans_left_out += o->is_left_out;
    }
}

/* The canonical L1 chain is the one the L2 tip's origin is on, as high as it is recorded. */
static enum ls_err settle_l1(struct builder *b)
{
    struct ls_pull_track *l1 = &b->f->l1.track;
    const struct ls_block_id *origin = &ls_pull_track_tip(&b->f->l2.track)->l1_origin;

    if (!ls_pull_track_find(l1, origin)) {
        return LS_OK;
    }
    const struct ls_l2_ref *at = ls_pull_track_at(l1, origin->number);
    enum ls_err e = LS_OK;
    if (!at || !ls_hash_eq(&at->hash, &origin->hash)) {
        e = ls_pull_track_move(l1, origin, b->d);
    }
    return e ? e : ls_pull_track_climb(l1, b->d);
}

static enum ls_err build(struct builder *b)
{
    struct ls_pull_folder *f = b->f;
    enum ls_err e = ls_dir_make(b->dir, b->d);

    if (!e) {
        e = settle_l1(b);
    }
    if (!e && f->l2.track.orphan_count > 0) {
        qsort(f->l2.track.orphans, f->l2.track.orphan_count, sizeof *f->l2.track.orphans,
              compare_orphans);
        leave_out(b);
    }
    if (!e) {
        e = build_l2(b);
    }
    if (!e && ls_pull_track_tip(&f->l1.track)) {
        e = build_layer(b, &f->l1, LS_SEGMENT_L1_FILE, NULL, &b->m.l1);
    }
    if (!e && f->rows > 0) {
        e = build_rows(b);
    }
    return e ? e : build_manifest(b);
}

/* Opening checks everything there is to check; what is too large for that was checked block by
 * block as it came. */
static enum ls_err verify(struct builder *b)
{
    struct ls_chain c;

    if (b->text_bytes > LS_PULL_VERIFY_BYTES_MAX) {
        return LS_OK;
    }
    enum ls_err e = ls_chain_open(b->dir, NULL, &c, b->d);
    ls_chain_close(&c);
    b->out->is_verified = !e;
    return e;
}

static void fill_result(struct builder *b)
{
    const struct ls_pull_track *t = &b->f->l2.track;

    b->out->first = t->first;
    b->out->last = t->end - 1;
    b->out->blocks = t->end - t->first;
    b->out->orphans = t->orphan_count - b->out->orphans_left_out;
    b->out->headers = b->m.l1.lines;
    b->out->rows = b->m.status.lines;
}

static enum ls_err put_ready(struct builder *b)
{
    char ready[LS_PATH_MAX];
    enum ls_err e = ls_path_join(b->f->dir, LS_PULL_READY, ready, b->d);

    ls_pull_folder_settle(b->dir);
    if (!e && rename(b->dir, ready)) {
        e = fail_io("rename to", ready, b->d);
    }
    ls_pull_folder_settle(b->f->dir);
    return e;
}

enum ls_err ls_pull_folder_finish(struct ls_pull_folder *f, int level, struct ls_pull_result *out,
                                  struct ls_diag *d)
{
    struct builder b = {.f = f, .level = level, .out = out, .d = d};

    *out = (struct ls_pull_result){.first = 0};
    if (!ls_pull_track_tip(&f->l2.track)) {
        return ls_fail(d, LS_ERR_NOT_FOUND, "nothing was captured yet");
    }
    ls_arena_init(&b.arena, (size_t)1 << 20);
    enum ls_err e = ls_path_join(f->dir, LS_PULL_BUILDING, b.dir, d);
    if (!e) {
        e = build(&b);
    }
    if (!e) {
        e = verify(&b);
    }
    if (!e) {
        e = put_ready(&b);
    }
    if (!e) {
        fill_result(&b);
        ls_pull_journal_close(&f->l2.journal);
        ls_pull_journal_close(&f->l1.journal);
        ls_pull_journal_close(&f->status);
        for (size_t k = 0; k < LS_BESIDE_COUNT; k++) {
            ls_pull_journal_close(&f->beside[k]);
        }
        f->is_open = false;
        e = ls_pull_folder_roll(f->dir, d);
    } else {
        ls_pull_folder_undo(f->dir);
    }
    ls_arena_fini(&b.arena);
    return e;
}
