/*
 * Lines are taken in file order: canonical blocks run by run, then orphans below whose parent is
 * known. The manifest says how many of each there must be, so a missing, doubled or moved block is
 * found where it is.
 */
#include "harness/capture/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/check.h"
#include "harness/capture/jsontext.h"
#include "lib/hex.h"

/* What is known about an orphan line before it is decoded. */
struct orphan {
    struct ls_hash hash;
    struct ls_hash parent;
    bool is_synthetic;
    bool expect_invalid;
};

/* State of loading one segment of blocks. */
struct loader {
    const struct ls_chain *chain;
    const struct ls_manifest_segment *seg;
    const struct ls_segment *data;
    struct ls_lazy *lazy;
    const char *file;
    struct ls_universe *u;
    bool is_l1;
    struct ls_arena scratch; /* of the block in hand */
    size_t run;              /* run in hand */
    uint64_t next;           /* number the next canonical block must have */
    uint64_t line;           /* lines taken */
    uint64_t canonical;      /* how many canonical blocks there must be */
    uint32_t last;           /* id of the canonical block before; LS_NO_BLOCK at first */
    uint32_t run_first;      /* id of the first block of the newest run */
    struct orphan *orphans;  /* lines behind the canonical ones */
    uint64_t orphan_count;
    struct ls_chain_fault *fault;
};

/* The member at fault, as the sentences of check.h and lib/op name it: 'missing: "field"', or what
 * stands, with or without quotes, before the first of ": ", " is " and the like. */
static struct ls_span find_field(const char *text)
{
    static const char *const ends[] = {": ", " is ", " has ", " does ", " cannot "};
    size_t n = strlen(text);
    const char *quoted = strstr(text, ": \"");
    const char *end = text;

    if (quoted && strchr(quoted + 3, '"') == text + n - 1) {
        return (struct ls_span){(const uint8_t *)quoted + 3, (size_t)(text + n - 1 - quoted - 3)};
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const char *at = strstr(text, ends[i]);
        end = at && (end == text || at < end) ? at : end;
    }
    size_t quote = end > text + 1 && text[0] == '"' && end[-1] == '"' ? 1 : 0;
    return (struct ls_span){(const uint8_t *)text + quote, (size_t)(end - text) - 2 * quote};
}

void ls_load_note(struct ls_chain_fault *f, const char *file, uint64_t line, const uint64_t *block,
                  const struct ls_diag *d)
{
    if (!f) {
        return;
    }
    *f = (struct ls_chain_fault){
        .line = line, .has_block = block != NULL, .block = block ? *block : 0};
    snprintf(f->file, sizeof f->file, "%s", file);
    struct ls_span field = d ? find_field(d->text) : (struct ls_span){NULL, 0};
    if (field.n < sizeof f->field) {
        memcpy(f->field, field.n ? field.p : (const uint8_t *)"", field.n);
    }
}

/* --- one line --- */

static enum ls_err fail_at(const struct loader *l, enum ls_err e, uint64_t number,
                           struct ls_diag *d)
{
    ls_load_note(l->fault, l->file, l->line + 1, &number, d);
    return ls_fail_in(d, e, "%s line %" PRIu64 ", block %" PRIu64, l->file, l->line + 1, number);
}

static enum ls_err decode(struct loader *l, struct ls_span text, struct ls_l2_ref *ref,
                          struct ls_diag *d)
{
    struct ls_l1_ref l1;
    struct ls_block block;
    const struct ls_rollup *r = l->chain->has_rollup ? &l->chain->rollup : NULL;
    enum ls_err e;

    if (l->lazy) {
        *ref = ls_index_ref(ls_lazy_index(l->lazy), (uint32_t)l->line);
        return LS_OK;
    }
    if (!l->is_l1) {
        ls_arena_reset(&l->scratch);
        return ls_check_l2_block(text, r, &l->scratch, &block, ref, d);
    }
    e = ls_check_l1_header(text, &l1, d);
    if (!e) {
        *ref = (struct ls_l2_ref){
            .hash = l1.hash, .number = l1.number, .parent = l1.parent, .timestamp = l1.timestamp};
    }
    return e;
}

static enum ls_err check_link(const struct loader *l, const struct ls_l2_ref *parent,
                              const struct ls_ublock *b, struct ls_diag *d)
{
    const struct ls_rollup *r = l->chain->has_rollup ? &l->chain->rollup : NULL;

    if (!l->is_l1) {
        return b->is_gap ? ls_check_l2_gap(parent, &b->ref, r, d)
                         : ls_check_l2_link(parent, &b->ref, r, d);
    }
    struct ls_l1_ref from = {parent->hash, parent->number, parent->parent, parent->timestamp};
    struct ls_l1_ref to = {b->ref.hash, b->ref.number, b->ref.parent, b->ref.timestamp};
    if (!b->is_gap) {
        return ls_check_l1_link(&from, &to, d);
    }
    return to.number > from.number && to.timestamp >= from.timestamp
               ? LS_OK
               : ls_fail(d, LS_ERR_LINK, "number: comes behind block %" PRIu64, from.number);
}

/* Where a canonical block belongs: behind the last one, or at the start of a run. */
static enum ls_err place_canonical(struct loader *l, struct ls_ublock *b, struct ls_diag *d)
{
    bool starts_run = l->next == l->seg->runs[l->run].first;

    if (b->ref.number != l->next) {
        return ls_fail(d, LS_ERR_LINK,
                       "number: block %" PRIu64 " stands where the manifest has block %" PRIu64
                       " (missing, doubled or moved)",
                       b->ref.number, l->next);
    }
    b->parent = l->last;
    /* A bag of blocks without a config may hold runs of different chains: each stands alone. */
    if (starts_run && !l->chain->has_rollup) {
        b->parent = LS_NO_BLOCK;
    }
    b->is_gap = starts_run && b->parent != LS_NO_BLOCK;
    return LS_OK;
}

static enum ls_err place_orphan(struct loader *l, struct ls_ublock *b, struct ls_diag *d)
{
    const struct orphan *o = &l->orphans[l->line - l->canonical];

    b->is_synthetic = o->is_synthetic;
    b->expect_invalid = o->expect_invalid;
    b->parent = ls_universe_find(l->u, &b->ref.parent);
    if (b->parent == LS_NO_BLOCK) {
        return ls_fail(d, LS_ERR_LINK, "parentHash: no block above this line has that hash");
    }
    return LS_OK;
}

static enum ls_err check_placed(const struct loader *l, const struct ls_ublock *b,
                                bool is_canonical, struct ls_diag *d)
{
    enum ls_err e = LS_OK;

    if (b->parent != LS_NO_BLOCK) {
        e = check_link(l, &ls_universe_get(l->u, b->parent)->ref, b, d);
    }
    if (!e && !l->is_l1 && l->chain->has_rollup) {
        e = ls_check_origin(l->chain->l1, l->chain->l1_tip, &b->ref, is_canonical, d);
    }
    return e;
}

static void advance(struct loader *l, uint32_t id)
{
    const struct ls_manifest_run *run = &l->seg->runs[l->run];

    if (l->next == run->first) {
        l->run_first = id;
    }
    l->last = id;
    if (l->next < run->last) {
        l->next++;
    } else if (++l->run < l->seg->run_count) {
        l->next = l->seg->runs[l->run].first;
    }
}

static enum ls_err load_line(struct loader *l, struct ls_span text, struct ls_diag *d)
{
    bool is_canonical = l->line < l->canonical;
    struct ls_ublock b = {.json = (const char *)text.p,
                          .json_bytes = text.n,
                          .texts = l->lazy ? ls_lazy_texts(l->lazy) : NULL};
    uint32_t id = LS_NO_BLOCK;
    enum ls_err e = decode(l, text, &b.ref, d);

    if (e) {
        return fail_at(l, e, is_canonical ? l->next : b.ref.number, d);
    }
    e = is_canonical ? place_canonical(l, &b, d) : place_orphan(l, &b, d);
    if (!e) {
        e = check_placed(l, &b, is_canonical, d);
    }
    if (!e) {
        e = ls_universe_add(l->u, &b, &id);
        if (e) {
            ls_fail(d, e, "hash: %s",
                    e == LS_ERR_EXISTS ? "the block stands here twice" : ls_err_text(e));
        }
    }
    if (e) {
        return fail_at(l, e, b.ref.number, d);
    }
    if (is_canonical) {
        advance(l, id);
    }
    l->line++;
    return LS_OK;
}

/* --- the whole segment --- */

/* Total of the runs. PARSE when they cannot be right. */
static enum ls_err count_canonical(struct loader *l, struct ls_diag *d)
{
    uint64_t total = 0;

    for (size_t i = 0; i < l->seg->run_count; i++) {
        uint64_t blocks = l->seg->runs[i].last - l->seg->runs[i].first;
        if (blocks >= l->seg->lines || total + blocks >= l->seg->lines) {
            return ls_fail(d, LS_ERR_RANGE,
                           "%s: the manifest's runs hold more than its %" PRIu64 " blocks", l->file,
                           l->seg->lines);
        }
        total += blocks + 1;
    }
    if (total == 0 || l->seg->branch_count == 0) {
        return ls_fail(d, LS_ERR_MISSING, "%s: the manifest names no %s", l->file,
                       total == 0 ? "runs" : "branches");
    }
    l->canonical = total;
    l->next = l->seg->runs[0].first;
    return LS_OK;
}

/* A 32-byte member by a glance at the text: zero when it is not there. Decoding checks it later. */
static struct ls_hash glance(struct ls_span text, const char *key)
{
    struct ls_span v = ls_jsontext_get(text, key);
    struct ls_hash h = {{0}};

    if (v.n == 68 && v.p[0] == '"') {
        (void)ls_hex_fixed((const char *)v.p + 1, 66, h.b, sizeof h.b);
    }
    return h;
}

/* The nearest orphan line above line `below` with that hash; orphan_count when there is none. */
static uint64_t find_orphan(const struct loader *l, uint64_t below, const struct ls_hash *hash)
{
    while (below > 0) {
        if (ls_hash_eq(&l->orphans[--below].hash, hash)) {
            return below;
        }
    }
    return l->orphan_count;
}

/* Marks the blocks of synthetic branches, from each tip down. */
static void mark_synthetic(struct loader *l)
{
    for (size_t i = 0; i < l->seg->branch_count; i++) {
        const struct ls_manifest_branch *br = &l->seg->branches[i];
        uint64_t at =
            br->is_synthetic ? find_orphan(l, l->orphan_count, &br->tip.hash) : l->orphan_count;
        for (uint64_t number = br->tip.number; at < l->orphan_count && number >= br->first;
             number--) {
            struct orphan *o = &l->orphans[at];
            o->is_synthetic = true;
            o->expect_invalid |= br->invalid_from != 0 && number >= br->invalid_from;
            at = find_orphan(l, at, &o->parent);
        }
    }
}

static struct ls_span segment_text(const struct loader *l)
{
    return l->lazy ? (struct ls_span){NULL, 0} : ls_buf_span(&l->data->text);
}

/* The next line; with an index there is none to be read, only to be counted. */
static bool next_line(const struct loader *l, uint64_t line, struct ls_span *rest,
                      struct ls_span *text)
{
    if (!l->lazy) {
        return ls_segment_line(rest, text);
    }
    *text = (struct ls_span){NULL, 0};
    return line < ls_lazy_index(l->lazy)->counts.blocks;
}

static struct orphan look_ahead(const struct loader *l, uint64_t line, struct ls_span text)
{
    if (!l->lazy) {
        return (struct orphan){.hash = glance(text, "hash"), .parent = glance(text, "parentHash")};
    }
    const struct ls_index_block *b = &ls_lazy_index(l->lazy)->blocks[line];
    return (struct orphan){.hash = b->hash, .parent = b->parent};
}

/* Looks ahead at the lines behind the canonical ones. */
static enum ls_err scan_orphans(struct loader *l, struct ls_span rest, struct ls_diag *d)
{
    uint64_t count = l->seg->lines - l->canonical;
    struct ls_span text;

    if (l->seg->lines > LS_LOAD_BLOCKS_MAX) {
        return ls_fail(d, LS_ERR_LIMIT, "%s: more than %u blocks", l->file, LS_LOAD_BLOCKS_MAX);
    }
    l->orphans = calloc(count ? count : 1, sizeof *l->orphans);
    if (!l->orphans) {
        return ls_fail(d, LS_ERR_NOMEM, "%s: out of memory", l->file);
    }
    for (uint64_t i = 0; i < l->seg->lines && next_line(l, i, &rest, &text); i++) {
        if (i >= l->canonical) {
            l->orphans[l->orphan_count++] = look_ahead(l, i, text);
        }
    }
    /* Lines that are missing fail later, where they are. */
    l->orphan_count = count;
    mark_synthetic(l);
    return LS_OK;
}

/* Something is wrong with the file behind its last good line. */
static void note_end(const struct loader *l)
{
    uint64_t number = l->line == 0 ? 0 : ls_universe_get(l->u, (uint32_t)l->line - 1)->ref.number;

    ls_load_note(l->fault, l->file, l->line + 1, l->line > 0 ? &number : NULL, NULL);
}

static enum ls_err load_lines(struct loader *l, struct ls_diag *d)
{
    struct ls_span rest = segment_text(l);
    struct ls_span text;
    char where[64];
    enum ls_err e = LS_OK;

    while (!e && l->line < l->seg->lines && next_line(l, l->line, &rest, &text)) {
        e = load_line(l, text, d);
    }
    if (e) {
        return e;
    }
    snprintf(where, sizeof where, "line %" PRIu64 ", block %" PRIu64, l->line,
             l->line == 0 ? 0 : ls_universe_get(l->u, (uint32_t)l->line - 1)->ref.number);
    e = l->lazy ? LS_OK : ls_segment_judge(l->data, l->file, where, d);
    if (!e && (l->line < l->seg->lines || rest.n > 0)) {
        e = ls_fail(d, LS_ERR_RANGE, "%s: %s behind %s, the manifest says %" PRIu64 " blocks",
                    l->file, rest.n > 0 ? "there are more lines" : "lines are missing", where,
                    l->seg->lines);
    }
    if (e) {
        note_end(l);
    }
    return e;
}

/* --- branches --- */

static enum ls_err resolve_branch(const struct loader *l, size_t i, struct ls_chain_branch *out,
                                  struct ls_diag *d)
{
    const struct ls_manifest_branch *br = &l->seg->branches[i];
    uint32_t tip = ls_universe_find(l->u, &br->tip.hash);
    uint32_t first = ls_universe_at(l->u, tip, br->first);

    if (tip == LS_NO_BLOCK || ls_universe_get(l->u, tip)->ref.number != br->tip.number) {
        return ls_fail(d, LS_ERR_NOT_FOUND,
                       "%s: branch \"%s\": tip: block %" PRIu64 " of that hash is not recorded",
                       l->file, br->name, br->tip.number);
    }
    if (first == LS_NO_BLOCK || (i == 0 ? tip != l->last : first < l->canonical)) {
        return ls_fail(d, LS_ERR_LINK, "%s: branch \"%s\": %s", l->file, br->name,
                       i == 0 ? "tip: is not the last canonical block"
                              : "first: is not a block of this branch alone");
    }
    memcpy(out->name, br->name, sizeof out->name);
    out->first = first;
    out->tip = tip;
    out->is_synthetic = br->is_synthetic;
    return LS_OK;
}

static enum ls_err resolve_branches(const struct loader *l, struct ls_chain_branch **out,
                                    size_t *count, struct ls_diag *d)
{
    enum ls_err e = LS_OK;

    *out = calloc(LS_CHAIN_BRANCHES_MAX, sizeof **out);
    if (!*out) {
        return ls_fail(d, LS_ERR_NOMEM, "%s: out of memory", l->file);
    }
    for (size_t i = 0; !e && i < l->seg->branch_count; i++) {
        e = resolve_branch(l, i, &(*out)[i], d);
        for (size_t k = 0; !e && k < i; k++) {
            if (strcmp((*out)[k].name, (*out)[i].name) == 0) {
                e = ls_fail(d, LS_ERR_EXISTS, "%s: branch \"%s\" stands in the manifest twice",
                            l->file, (*out)[i].name);
            }
        }
        *count = i + 1;
    }
    return e;
}

/* --- all of it --- */

static enum ls_err load_all(struct loader *l, struct ls_loaded *out, struct ls_diag *d)
{
    enum ls_err e = count_canonical(l, d);

    if (!e) {
        e = scan_orphans(l, segment_text(l), d);
    }
    if (!e) {
        e = load_lines(l, d);
    }
    if (!e) {
        out->first = l->run_first;
        out->tip = l->last;
        e = resolve_branches(l, &out->branches, &out->branch_count, d);
    }
    return e;
}

enum ls_err ls_load_blocks(const struct ls_load *what, struct ls_loaded *out, struct ls_diag *d)
{
    struct loader l = {.chain = what->chain,
                       .seg = what->seg,
                       .data = what->data,
                       .lazy = what->lazy,
                       .file = what->is_l1 ? LS_SEGMENT_L1_FILE : LS_SEGMENT_L2_FILE,
                       .u = what->universe,
                       .is_l1 = what->is_l1,
                       .fault = what->fault,
                       .last = LS_NO_BLOCK,
                       .run_first = LS_NO_BLOCK};

    *out = (struct ls_loaded){.first = LS_NO_BLOCK, .tip = LS_NO_BLOCK};
    ls_arena_init(&l.scratch, LS_CHECK_BLOCK_BYTES_MAX);
    enum ls_err e = load_all(&l, out, d);
    free(l.orphans);
    ls_arena_fini(&l.scratch);
    return e;
}
