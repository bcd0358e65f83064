/*
 * Arranging blocks. Everything is done on arrays of indices: sorted by hash to find parents, sorted
 * by number to walk from the bottom or from the top.
 */
#include "harness/capture/dag.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

enum node_kind { KIND_LOOSE, KIND_CANONICAL, KIND_ORPHAN };

/* Per node. */
struct info {
    const struct ls_dag_node *node;
    uint32_t parent;   /* index, NONE when not recorded */
    uint32_t root;     /* lowest node it is linked to */
    uint32_t in_order; /* place it came in: equal numbers keep it */
    uint64_t run_base; /* of a canonical node: number of its root */
    enum node_kind kind;
    bool is_led;   /* of a root: a point says where its canonical path goes */
    bool is_sure;  /* the point itself, and what it descends from */
    bool is_above; /* descends from a point that is no tip */
    bool is_left;  /* on the way to a head of before, or above one */
    bool is_tip;   /* the point, when it is one */
    bool is_kept;
    bool has_kept_child;
    bool is_on_branch;
};

struct work {
    const struct ls_dag_options *o;
    struct info *info;
    struct info **sorted; /* sorted anew for each step */
    size_t count;
    uint32_t *tips;   /* the options' tips as indices, NONE when not there */
    uint32_t *points; /* and its points */
    struct ls_arena *a;
    struct ls_diag *d;
};

/* --- sorting --- */

static int compare_hash(const void *x, const void *y)
{
    const struct info *const *a = x;
    const struct info *const *b = y;

    return memcmp((*a)->node->hash.b, (*b)->node->hash.b, sizeof(*a)->node->hash.b);
}

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_number(const void *x, const void *y)
{
    const struct info *const *a = x;
    const struct info *const *b = y;
    int c = compare_u64((*a)->node->number, (*b)->node->number);

    return c ? c : compare_u64((*a)->in_order, (*b)->in_order);
}

/* File order: canonical runs from the lowest up, then orphans by number. */
static int compare_place(const void *x, const void *y)
{
    const struct info *const *a = x;
    const struct info *const *b = y;

    if ((*a)->kind != (*b)->kind) {
        return (*a)->kind == KIND_CANONICAL ? -1 : 1;
    }
    if ((*a)->kind == KIND_CANONICAL && (*a)->root != (*b)->root) {
        int c = compare_u64((*a)->run_base, (*b)->run_base);
        return c ? c : compare_u64((*a)->root, (*b)->root);
    }
    return compare_number(x, y);
}

/* --- links --- */

static uint32_t find(const struct work *w, const struct ls_hash *hash)
{
    struct ls_dag_node node = {.hash = *hash};
    struct info key = {.node = &node};
    struct info *key_at = &key;
    struct info **found =
        bsearch(&key_at, w->sorted, w->count, sizeof(struct info *), compare_hash);

    return found ? (uint32_t)(*found - w->info) : NONE;
}

/* Needs sorted by hash. */
static enum ls_err link_parents(struct work *w)
{
    for (size_t i = 0; i < w->count; i++) {
        struct info *n = &w->info[i];
        n->parent = find(w, &n->node->parent);
        if (n->parent == NONE) {
            continue;
        }
        uint64_t below = w->info[n->parent].node->number;
        if (below == UINT64_MAX || n->node->number != below + 1) {
            return ls_fail(w->d, LS_ERR_LINK,
                           "block %" PRIu64 ": number: its parent has number %" PRIu64,
                           n->node->number, below);
        }
    }
    return LS_OK;
}

/* Needs sorted by hash. */
static void find_named(struct work *w)
{
    for (size_t i = 0; i < w->o->tip_count; i++) {
        w->tips[i] = find(w, &w->o->tips[i].hash);
    }
    for (size_t i = 0; i < w->o->point_count; i++) {
        w->points[i] = find(w, &w->o->points[i].hash);
    }
}

/* Needs sorted by number: parents come first. */
static void find_roots(struct work *w)
{
    for (size_t i = 0; i < w->count; i++) {
        struct info *n = w->sorted[i];
        n->root = n->parent == NONE ? (uint32_t)(n - w->info) : w->info[n->parent].root;
    }
}

/* --- canonical or not --- */

static void mark_path(struct work *w, struct info *tip)
{
    uint64_t base = w->info[tip->root].node->number;

    for (struct info *n = tip; n; n = n->parent == NONE ? NULL : &w->info[n->parent]) {
        n->kind = KIND_CANONICAL;
        n->run_base = base;
    }
}

static void lead(struct work *w, struct info *point, enum ls_dag_point_kind kind)
{
    w->info[point->root].is_led = true;
    point->is_tip = kind == LS_DAG_TIP;
    point->is_above = kind != LS_DAG_TIP;
    for (struct info *n = point; n; n = n->parent == NONE ? NULL : &w->info[n->parent]) {
        n->is_sure = true;
    }
}

/* Needs sorted by number, and roots. */
static void follow_points(struct work *w)
{
    for (size_t i = 0; i < w->o->point_count; i++) {
        struct info *n = w->points[i] == NONE ? NULL : &w->info[w->points[i]];
        if (n && !w->info[n->root].is_led) {
            lead(w, n, w->o->points[i].kind);
        } else if (n) {
            n->is_left |= w->o->points[i].kind == LS_DAG_HEAD && !n->is_sure;
        }
    }
    for (size_t i = w->count; i > 0; i--) {
        struct info *n = w->sorted[i - 1];
        if (n->is_left && n->parent != NONE) {
            w->info[n->parent].is_left = !w->info[n->parent].is_sure;
        }
    }
    for (size_t i = 0; i < w->count; i++) {
        struct info *n = w->sorted[i];
        if (n->parent != NONE) {
            n->is_above |= w->info[n->parent].is_above;
            n->is_left |= w->info[n->parent].is_left;
        }
    }
}

static bool may_be_tip(const struct work *w, const struct info *n)
{
    return !w->info[n->root].is_led || n->is_tip || (n->is_above && !n->is_left);
}

/* From the highest block down: the first block met of each linked group that may be its tip is it.
 * Of equal numbers the one given first wins, so ties are walked in the order given. */
static enum ls_err mark_canonical(struct work *w)
{
    uint64_t floor = UINT64_MAX;

    for (size_t end = w->count; end > 0;) {
        size_t start = end - 1;
        while (start > 0 &&
               w->sorted[start - 1]->node->number == w->sorted[end - 1]->node->number) {
            start--;
        }
        for (size_t i = start; i < end; i++) {
            struct info *n = w->sorted[i];
            if (w->info[n->root].kind == KIND_CANONICAL || !may_be_tip(w, n)) {
                continue;
            }
            if (w->o->is_one_chain && floor != UINT64_MAX && n->node->number >= floor) {
                return ls_fail(w->d, LS_ERR_EXISTS,
                               "block %" PRIu64
                               ": there are two that are not linked to one another, so one chain "
                               "cannot hold both",
                               n->node->number);
            }
            mark_path(w, n);
            floor = w->info[n->root].node->number;
        }
        end = start;
    }
    return LS_OK;
}

static bool is_in_window(const struct work *w, const struct info *n)
{
    return (n->node->number >= w->o->first && n->node->number <= w->o->last) ||
           (!ls_hash_is_zero(&w->o->keep) && ls_hash_eq(&n->node->hash, &w->o->keep));
}

/* Orphans stay when the block they sit on stays. Needs sorted by number. */
static void apply_window(struct work *w)
{
    for (size_t i = 0; i < w->count; i++) {
        struct info *n = w->sorted[i];
        if (n->kind != KIND_CANONICAL) {
            n->kind = KIND_ORPHAN;
        }
        n->is_kept = is_in_window(w, n);
        if (n->kind == KIND_ORPHAN) {
            n->is_kept &= n->parent != NONE && w->info[n->parent].is_kept;
        }
        if (n->is_kept && n->parent != NONE) {
            w->info[n->parent].has_kept_child = true;
        }
    }
}

/* --- results --- */

static enum ls_err put_order(struct work *w, struct ls_dag *out)
{
    uint32_t *order = ls_arena_alloc(w->a, w->count * sizeof *order);
    size_t n = 0;

    if (!order) {
        return ls_fail(w->d, LS_ERR_NOMEM, "out of memory");
    }
    qsort(w->sorted, w->count, sizeof(struct info *), compare_place);
    for (size_t i = 0; i < w->count; i++) {
        if (w->sorted[i]->is_kept) {
            order[n++] = (uint32_t)(w->sorted[i] - w->info);
            out->canonical_count += w->sorted[i]->kind == KIND_CANONICAL;
        }
    }
    out->order = order;
    out->count = n;
    return out->canonical_count > 0
               ? LS_OK
               : ls_fail(w->d, LS_ERR_RANGE, "no block is in the window %" PRIu64 "..%" PRIu64,
                         w->o->first, w->o->last);
}

static bool continues(const struct work *w, const struct ls_dag *out, size_t i)
{
    return i > 0 && w->info[out->order[i]].parent == out->order[i - 1];
}

static enum ls_err put_runs(struct work *w, struct ls_dag *out)
{
    size_t count = 0;
    struct ls_manifest_run *runs;

    for (size_t i = 0; i < out->canonical_count; i++) {
        count += !continues(w, out, i);
    }
    if (count > LS_MANIFEST_LIST_MAX) {
        return ls_fail(w->d, LS_ERR_LIMIT, "%zu runs that are not linked, at most %u are possible",
                       count, LS_MANIFEST_LIST_MAX);
    }
    runs = ls_arena_alloc(w->a, count * sizeof *runs);
    if (!runs) {
        return ls_fail(w->d, LS_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < out->canonical_count; i++) {
        uint64_t number = w->info[out->order[i]].node->number;
        if (!continues(w, out, i)) {
            runs[out->run_count++].first = number;
        }
        runs[out->run_count - 1].last = number;
    }
    out->runs = runs;
    return LS_OK;
}

static bool is_taken(const struct ls_dag *out, const char *name)
{
    for (size_t i = 0; i < out->branch_count; i++) {
        if (strcmp(out->branches[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* "orphan-<first>", then "orphan-<first>-2" … */
static void name_orphan(const struct ls_dag *out, struct ls_manifest_branch *br)
{
    snprintf(br->name, sizeof br->name, "orphan-%" PRIu64, br->first);
    for (unsigned i = 2; is_taken(out, br->name); i++) {
        snprintf(br->name, sizeof br->name, "orphan-%" PRIu64 "-%u", br->first, i);
    }
}

/* Enters the branch that ends at tip, unless all its blocks are on branches already. */
static enum ls_err put_branch(struct work *w, struct info *tip, const struct ls_dag_tip *known,
                              struct ls_manifest_branch *room, struct ls_dag *out)
{
    struct ls_manifest_branch br = {.tip = {tip->node->hash, tip->node->number}};
    struct info *n = tip;

    if (n->is_on_branch) {
        return LS_OK;
    }
    if (out->branch_count == LS_CHAIN_BRANCHES_MAX) {
        return ls_fail(w->d, LS_ERR_LIMIT, "more than %u branches", LS_CHAIN_BRANCHES_MAX);
    }
    for (; n && !n->is_on_branch && n->kind == tip->kind && n->is_kept;
         n = n->parent == NONE ? NULL : &w->info[n->parent]) {
        n->is_on_branch = true;
        br.first = n->node->number;
    }
    if (known) {
        snprintf(br.name, sizeof br.name, "%s", known->name);
        br.is_synthetic = known->is_synthetic;
        br.invalid_from = known->invalid_from <= br.tip.number ? known->invalid_from : 0;
    } else {
        name_orphan(out, &br);
    }
    room[out->branch_count++] = br;
    return LS_OK;
}

/* The highest kept block of the branch that ended at this tip before the window was applied. */
static struct info *kept_tip(const struct work *w, size_t t)
{
    uint32_t i = w->tips[t];

    while (i != NONE && !w->info[i].is_kept) {
        i = w->info[i].parent;
    }
    return i == NONE ? NULL : &w->info[i];
}

/* Canonical first, then tips that have names, in the order given (who forked a fork comes later),
 * then tips that have none. */
static enum ls_err put_branches(struct work *w, struct ls_dag *out)
{
    const struct ls_dag_tip canonical = {.name = "canonical"};
    struct ls_manifest_branch *room = ls_arena_alloc(w->a, LS_CHAIN_BRANCHES_MAX * sizeof *room);
    enum ls_err e;

    if (!room) {
        return ls_fail(w->d, LS_ERR_NOMEM, "out of memory");
    }
    out->branches = room;
    e = put_branch(w, &w->info[out->order[out->canonical_count - 1]], &canonical, room, out);
    for (size_t t = 0; !e && t < w->o->tip_count; t++) {
        struct info *n = kept_tip(w, t);
        if (n && n->kind == KIND_ORPHAN) {
            e = put_branch(w, n, &w->o->tips[t], room, out);
        }
    }
    for (size_t i = out->canonical_count; !e && i < out->count; i++) {
        struct info *n = &w->info[out->order[i]];
        if (!n->has_kept_child) {
            e = put_branch(w, n, NULL, room, out);
        }
    }
    return e;
}

static enum ls_err arrange(struct work *w, struct ls_dag *out)
{
    qsort(w->sorted, w->count, sizeof(struct info *), compare_hash);
    enum ls_err e = link_parents(w);

    find_named(w);
    qsort(w->sorted, w->count, sizeof(struct info *), compare_number);
    if (!e) {
        find_roots(w);
        follow_points(w);
        e = mark_canonical(w);
    }
    if (!e) {
        apply_window(w);
        e = put_order(w, out);
    }
    if (!e) {
        e = put_runs(w, out);
    }
    return e ? e : put_branches(w, out);
}

enum ls_err ls_dag_arrange(const struct ls_dag_node *nodes, size_t count,
                           const struct ls_dag_options *options, struct ls_arena *a,
                           struct ls_dag *out, struct ls_diag *d)
{
    struct work w = {.o = options, .count = count, .a = a, .d = d};
    enum ls_err e;

    *out = (struct ls_dag){.count = 0};
    if (count == 0 || count > LS_DAG_NODES_MAX) {
        return ls_fail(d, LS_ERR_LIMIT, count ? "too many blocks" : "there are no blocks");
    }
    w.info = calloc(count, sizeof *w.info);
    w.sorted = calloc(count, sizeof(struct info *));
    w.tips = calloc(options->tip_count + 1, sizeof *w.tips);
    w.points = calloc(options->point_count + 1, sizeof *w.points);
    if (!w.info || !w.sorted || !w.tips || !w.points) {
        e = ls_fail(d, LS_ERR_NOMEM, "out of memory");
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        w.info[i].node = &nodes[i];
        w.info[i].in_order = (uint32_t)i;
        w.sorted[i] = &w.info[i];
    }
    e = arrange(&w, out);
out:
    free(w.info);
    free(w.sorted);
    free(w.tips);
    free(w.points);
    return e;
}
