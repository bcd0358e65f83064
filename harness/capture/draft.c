/*
 * Drafts: collecting.
 */
#include "harness/capture/draft.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/beside.h"
#include "harness/capture/chain_mem.h"

#define DRAFT_BYTES_MAX ((size_t)16 << 30)
#define FIRST_CAPACITY 64u

void ls_draft_init(struct ls_draft *f)
{
    *f = (struct ls_draft){.name = ""};
    ls_arena_init(&f->arena, DRAFT_BYTES_MAX);
}

void ls_draft_fini(struct ls_draft *f)
{
    ls_arena_fini(&f->arena);
    free(f->provenance);
    free(f->l2.items);
    free(f->l1.items);
    for (size_t k = 0; k < LS_BESIDE_COUNT; k++) {
        free(f->beside[k].items);
    }
    free(f->l2_points.items);
    free(f->l1_points.items);
    free(f->rows);
    *f = (struct ls_draft){.name = ""};
}

struct ls_span ls_draft_keep(struct ls_draft *f, struct ls_span text)
{
    return (struct ls_span){ls_arena_dup(&f->arena, text.p, text.n), text.n};
}

/* Room for one more item in a list that doubles; NULL without memory. */
static void *grow(void *items, size_t count, size_t *capacity, size_t item_bytes)
{
    if (count < *capacity) {
        return items;
    }
    size_t want = *capacity ? *capacity * 2 : FIRST_CAPACITY;
    void *p = want > SIZE_MAX / item_bytes ? NULL : realloc(items, want * item_bytes);
    if (p) {
        *capacity = want;
    }
    return p;
}

static enum ls_err no_memory(struct ls_diag *d)
{
    return ls_fail(d, LS_ERR_NOMEM, "out of memory");
}

enum ls_err ls_draft_add_block(struct ls_draft_blocks *to, const struct ls_draft_block *b,
                               struct ls_diag *d)
{
    struct ls_draft_block *items = grow(to->items, to->count, &to->capacity, sizeof *items);

    if (!items) {
        return no_memory(d);
    }
    to->items = items;
    items[to->count++] = *b;
    return LS_OK;
}

enum ls_err ls_draft_add_row(struct ls_draft *f, const struct ls_draft_row *row, struct ls_diag *d)
{
    struct ls_draft_row *rows = grow(f->rows, f->row_count, &f->row_capacity, sizeof *rows);

    if (!rows) {
        return no_memory(d);
    }
    f->rows = rows;
    rows[f->row_count++] = *row;
    return LS_OK;
}

enum ls_err ls_draft_add_beside(struct ls_draft_beside_list *to, const struct ls_hash *key,
                                struct ls_span text, struct ls_diag *d)
{
    struct ls_draft_beside *items = grow(to->items, to->count, &to->capacity, sizeof *items);

    if (!items) {
        return no_memory(d);
    }
    to->items = items;
    items[to->count++] = (struct ls_draft_beside){*key, text};
    return LS_OK;
}

enum ls_err ls_draft_add_point(struct ls_draft_points *to, const struct ls_hash *hash,
                               enum ls_dag_point_kind kind, struct ls_diag *d)
{
    struct ls_dag_point *items = grow(to->items, to->count, &to->capacity, sizeof *items);

    if (!items) {
        return no_memory(d);
    }
    to->items = items;
    items[to->count++] = (struct ls_dag_point){*hash, kind};
    return LS_OK;
}

/* Copies text without the words that hold a URL. out has room for all of it. */
static void without_urls(const char *text, char *out)
{
    size_t n = 0;

    while (*text) {
        size_t word = strcspn(text, " \t\r\n");
        char *url = strstr(text, "://");
        if (!url || url >= text + word) {
            memcpy(out + n, text, word);
            n += word;
        }
        text += word;
        size_t space = strspn(text, " \t\r\n");
        if (space > 0 && n > 0 && out[n - 1] != ' ') {
            out[n++] = ' ';
        }
        text += space;
    }
    while (n > 0 && out[n - 1] == ' ') {
        n--;
    }
    out[n] = '\0';
}

enum ls_err ls_draft_add_provenance(struct ls_draft *f, const char *text, struct ls_diag *d)
{
    size_t bytes = strlen(text);
    char *clean = bytes > LS_MANIFEST_TEXT_MAX ? NULL : ls_arena_alloc(&f->arena, bytes + 2);

    if (!clean) {
        return ls_fail(d, bytes > LS_MANIFEST_TEXT_MAX ? LS_ERR_LIMIT : LS_ERR_NOMEM,
                       "provenance: longer than %u bytes, or no memory", LS_MANIFEST_TEXT_MAX);
    }
    without_urls(text, clean);
    for (size_t i = 0; i < f->provenance_count; i++) {
        if (strcmp(f->provenance[i], clean) == 0) {
            return LS_OK;
        }
    }
    const char **lines =
        grow(f->provenance, f->provenance_count, &f->provenance_capacity, sizeof *lines);
    if (!lines) {
        return no_memory(d);
    }
    f->provenance = lines;
    lines[f->provenance_count++] = clean;
    return LS_OK;
}

enum ls_err ls_draft_set_rollup(struct ls_draft *f, struct ls_span text, struct ls_diag *d)
{
    enum ls_err e = ls_rollup_parse((const char *)text.p, text.n, &f->rollup, d);

    if (e) {
        return e;
    }
    if (f->l2_chain_id && f->l2_chain_id != f->rollup.l2_chain_id) {
        return ls_fail(d, LS_ERR_CONFIG,
                       "l2_chain_id: the rollup config is for chain %" PRIu64
                       ", the blocks are of chain %" PRIu64,
                       f->rollup.l2_chain_id, f->l2_chain_id);
    }
    f->rollup_json = ls_draft_keep(f, text);
    f->l2_chain_id = f->rollup.l2_chain_id;
    f->l1_chain_id = f->rollup.l1_chain_id;
    return f->rollup_json.p ? LS_OK : no_memory(d);
}

/* --- from a chain --- */

static enum ls_err take_universe(const struct ls_universe *u, struct ls_draft_blocks *to,
                                 struct ls_diag *d)
{
    enum ls_err e = LS_OK;

    for (uint32_t id = 0; !e && id < ls_universe_count(u); id++) {
        const struct ls_ublock *b = ls_universe_get(u, id);
        struct ls_draft_block block = {.text = ls_ublock_text(b),
                                       .hash = b->ref.hash,
                                       .parent = b->ref.parent,
                                       .number = b->ref.number,
                                       .l1_origin = b->ref.l1_origin,
                                       .is_hydrated = true};
        e = ls_draft_add_block(to, &block, d);
    }
    return e;
}

/* Number of the lowest block of a branch that must be refused; 0: none. */
static uint64_t invalid_from(const struct ls_universe *u, const struct ls_chain_branch *br)
{
    uint64_t number = 0;

    for (uint32_t id = br->tip; id != LS_NO_BLOCK && ls_universe_get(u, id)->expect_invalid;
         id = ls_universe_get(u, id)->parent) {
        number = ls_universe_get(u, id)->ref.number;
    }
    return number;
}

static size_t take_tips(const struct ls_universe *u, const struct ls_chain_branch *branches,
                        size_t count, struct ls_dag_tip *to)
{
    size_t n = 0;

    for (size_t i = 1; i < count; i++) {
        to[n++] = (struct ls_dag_tip){.hash = ls_universe_get(u, branches[i].tip)->ref.hash,
                                      .name = branches[i].name,
                                      .is_synthetic = branches[i].is_synthetic,
                                      .invalid_from = invalid_from(u, &branches[i])};
    }
    return n;
}

static enum ls_err take_beside(struct ls_draft *f, const struct ls_universe *u,
                               enum ls_beside_kind k, struct ls_diag *d)
{
    const struct ls_beside *kind = ls_beside_of(k);
    enum ls_err e = LS_OK;

    for (uint32_t id = 0; !e && id < ls_universe_count(u); id++) {
        const struct ls_ublock *b = ls_universe_get(u, id);
        struct ls_span line = kind->get(b);
        struct ls_hash key;
        if (line.p && kind->block_key(ls_ublock_text(b), &key)) {
            e = ls_draft_add_beside(&f->beside[k], &key, line, d);
        }
    }
    return e;
}

/* The last block of each run: the canonical blocks of a folder stand first, run by run. */
static enum ls_err take_run_tips(const struct ls_universe *u, const struct ls_manifest_segment *seg,
                                 struct ls_draft_points *to, struct ls_diag *d)
{
    enum ls_err e = LS_OK;
    uint64_t end = 0;

    for (size_t i = 0; !e && i < seg->run_count; i++) {
        end += seg->runs[i].last - seg->runs[i].first + 1;
        e = ls_draft_add_point(to, &ls_universe_get(u, (uint32_t)(end - 1))->ref.hash, LS_DAG_TIP,
                               d);
    }
    return e;
}

/* Rows again as lines, from the recorded result object. */
static enum ls_err take_rows(struct ls_draft *f, const struct ls_chain *c, struct ls_diag *d)
{
    struct ls_span rest = ls_buf_span(&c->mem->status.text);
    enum ls_err e = LS_OK;

    for (size_t i = 0; !e && i < c->timeline_count; i++) {
        struct ls_draft_row row = {.status = c->timeline[i].status};
        (void)ls_segment_line(&rest, &row.text);
        e = ls_draft_add_row(f, &row, d);
    }
    return e;
}

enum ls_err ls_draft_from_chain(struct ls_draft *f, const struct ls_chain *c, struct ls_diag *d)
{
    const struct ls_manifest *m = &c->mem->manifest;
    enum ls_err e = take_universe(c->l2, &f->l2, d);

    memcpy(f->name, c->name, sizeof f->name);
    f->l2_chain_id = c->l2_chain_id;
    f->l1_chain_id = c->l1_chain_id;
    f->rollup_json = c->rollup_json;
    f->rollup = c->rollup;
    f->synthetic = c->synthetic;
    if (!e) {
        e = take_universe(c->l1, &f->l1, d);
    }
    for (int k = 0; !e && k < LS_BESIDE_COUNT; k++) {
        e = take_beside(f, c->l2, (enum ls_beside_kind)k, d);
    }
    if (!e) {
        e = take_run_tips(c->l2, &m->l2, &f->l2_points, d);
    }
    if (!e) {
        e = take_run_tips(c->l1, &m->l1, &f->l1_points, d);
    }
    if (!e) {
        e = take_rows(f, c, d);
    }
    for (size_t i = 0; !e && i < m->provenance_count; i++) {
        e = ls_draft_add_provenance(f, m->provenance[i], d);
    }
    f->tip_count = take_tips(c->l2, c->branches, c->branch_count, f->tips);
    f->l1_tip_count = take_tips(c->l1, c->l1_branches, c->l1_branch_count, f->l1_tips);
    return e;
}
