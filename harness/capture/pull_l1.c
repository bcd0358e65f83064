/*
 * L1 headers: those the L2 blocks name as their origins, in one chain with what lies between. By
 * number while that leads to the right hash, by hash from above when it does not: only a hash says
 * which header is meant.
 */
#include <inttypes.h>
#include <string.h>

#include "harness/capture/check.h"
#include "harness/capture/pull_inner.h"

#define BY_HASH_MAX 512u                      /* headers, in one walk down */
#define BY_HASH_BYTES_MAX ((size_t)256 << 20) /* their text */

static struct ls_l2_ref as_l2(const struct ls_l1_ref *h)
{
    return (struct ls_l2_ref){
        .hash = h->hash, .number = h->number, .parent = h->parent, .timestamp = h->timestamp};
}

static enum ls_err record(struct ls_pull *p, struct ls_span text, struct ls_diag *d)
{
    struct ls_l1_ref header;
    enum ls_err e = ls_check_l1_header(text, &header, d);

    if (e) {
        return ls_fail_in(d, e, "%s", p->w->names[LS_PULL_L1]);
    }
    struct ls_l2_ref ref = as_l2(&header);
    return ls_pull_folder_put(&p->f->l1, text, &ref, d);
}

/* --- by number --- */

struct range {
    struct ls_pull *p;
    uint64_t first;
    bool is_over; /* the chain by number does not lead on: the rest is dropped */
};

static void call_range(void *ctx, uint64_t index, struct ls_pull_call *out)
{
    const struct range *r = ctx;

    *out = (struct ls_pull_call){.method = LS_PULL_BLOCK_BY_NUMBER, .number = r->first + index};
}

static enum ls_err take_range(void *ctx, uint64_t index, const struct ls_pull_answer *a,
                              struct ls_diag *d)
{
    struct range *r = ctx;
    struct ls_pull_call call;
    struct ls_l2_ref ref;

    call_range(ctx, index, &call);
    enum ls_err e = ls_pull_judge(r->p, LS_PULL_L1, &call, a, d);
    if (e || r->is_over) {
        return e;
    }
    const struct ls_l2_ref *tip = ls_pull_track_tip(&r->p->f->l1.track);
    if (!ls_pull_glance(a->result, &ref) || ref.number != tip->number + 1 ||
        !ls_hash_eq(&ref.parent, &tip->hash)) {
        r->is_over = true;
        return LS_OK;
    }
    return record(r->p, a->result, d);
}

static enum ls_err by_number(struct ls_pull *p, uint64_t to)
{
    struct range r = {.p = p, .first = p->f->l1.track.end};
    const struct ls_pull_plan plan = {LS_PULL_L1, to - r.first + 1, call_range, take_range, &r};

    return p->w->ops->fetch(p->w, &plan, p->d);
}

/* --- by hash --- */

/* Headers from the top down, one behind the other. */
struct walk {
    struct ls_buf texts;
    size_t starts[BY_HASH_MAX + 1];
    size_t count;
};

static enum ls_err not_there(struct ls_pull *p, const struct ls_block_id *id)
{
    return ls_fail(p->d, LS_ERR_NOT_FOUND, "L1 block %" PRIu64, id->number);
}

static bool is_linked(const struct ls_pull_track *t, const struct ls_l2_ref *ref)
{
    struct ls_block_id parent = {ref->parent, ref->number - 1};

    return !ls_pull_track_tip(t) || (ref->number > 0 && ls_pull_track_find(t, &parent));
}

static enum ls_err walk_down(struct ls_pull *p, const struct ls_block_id *id, struct walk *w)
{
    struct ls_pull_call call = {.method = LS_PULL_BLOCK_BY_HASH, .hash = id->hash};
    struct ls_l2_ref ref = {.number = 0};

    for (;;) {
        if (w->count == BY_HASH_MAX) {
            return ls_fail(p->d, LS_ERR_NOT_FOUND, "L1 block %" PRIu64 ": leads to no recorded one",
                           id->number);
        }
        w->starts[w->count] = w->texts.n;
        enum ls_err e = ls_pull_ask(p, LS_PULL_L1, &call, &w->texts);
        if (e) {
            return e;
        }
        struct ls_span text = {w->texts.p + w->starts[w->count], w->texts.n - w->starts[w->count]};
        w->starts[++w->count] = w->texts.n;
        if (!ls_pull_glance(text, &ref) || !ls_hash_eq(&ref.hash, &call.hash)) {
            return not_there(p, id);
        }
        if (is_linked(&p->f->l1.track, &ref)) {
            return LS_OK;
        }
        call.hash = ref.parent;
    }
}

static enum ls_err by_hash(struct ls_pull *p, const struct ls_block_id *id)
{
    struct walk w = {.count = 0};

    ls_buf_init(&w.texts, BY_HASH_BYTES_MAX);
    enum ls_err e = walk_down(p, id, &w);
    for (size_t i = w.count; !e && i-- > 0;) {
        struct ls_span text = {w.texts.p + w.starts[i], w.starts[i + 1] - w.starts[i]};
        e = record(p, text, p->d);
    }
    ls_buf_fini(&w.texts);
    return e;
}

enum ls_err ls_pull_l1_reach(struct ls_pull *p, const struct ls_block_id *id)
{
    const struct ls_pull_track *t = &p->f->l1.track;
    const struct ls_l2_ref *tip = ls_pull_track_tip(t);
    enum ls_err e = LS_OK;

    if (ls_pull_track_holds(t, id)) {
        return LS_OK;
    }
    if (tip && id->number < t->first) {
        return not_there(p, id);
    }
    if (tip && id->number > tip->number) {
        e = by_number(p, id->number);
    }
    return e || ls_pull_track_holds(t, id) ? e : by_hash(p, id);
}

/* --- origins --- */

struct search {
    struct ls_pull *p;
    uint64_t number;
    bool is_found;
    struct ls_block_id origin;
};

/* The first block of that number: the journal's lines are canonical when they are written, and the
 * lowest blocks were never replaced. */
static enum ls_err search_line(void *ctx, uint64_t at, struct ls_span text, struct ls_diag *d)
{
    struct search *s = ctx;
    struct ls_block block;
    struct ls_l2_ref ref;

    (void)at;
    ls_arena_reset(&s->p->scratch);
    enum ls_err e = ls_check_l2_block(text, s->p->rollup, &s->p->scratch, &block, &ref, d);
    s->is_found = !e && ref.number == s->number;
    s->origin = ref.l1_origin;
    return s->is_found ? LS_ERR_EXISTS : e; /* any error ends the search */
}

/* A canonical block that was recorded long ago, from the journal. */
static enum ls_err origin_in_journal(struct ls_pull *p, uint64_t number, struct ls_block_id *out)
{
    struct search s = {.p = p, .number = number};
    enum ls_err e = ls_pull_journal_each(&p->f->l2.journal, search_line, &s, p->d);

    *out = s.origin;
    return s.is_found ? LS_OK : e;
}

/* The lowest origin there is: that of the first block, or of the second when the first is a genesis
 * that has none. */
static enum ls_err first_origin(struct ls_pull *p, struct ls_block_id *out)
{
    const struct ls_pull_track *t = &p->f->l2.track;
    enum ls_err e = LS_OK;

    *out = (struct ls_block_id){.number = 0};
    for (uint64_t n = t->first; !e && n < t->end && n < t->first + 2; n++) {
        const struct ls_l2_ref *ref = ls_pull_track_at(t, n);
        if (ref) {
            *out = ref->l1_origin;
        } else {
            e = origin_in_journal(p, n, out);
        }
        if (!ls_hash_is_zero(&out->hash)) {
            break;
        }
    }
    return e;
}

static enum ls_err reach_origins(struct ls_pull *p)
{
    struct ls_block_id origin = {.number = 0};
    enum ls_err e = LS_OK;

    if (!ls_pull_track_tip(&p->f->l1.track)) {
        e = first_origin(p, &origin);
        if (e || ls_hash_is_zero(&origin.hash)) {
            return e;
        }
        e = ls_pull_l1_reach(p, &origin);
    }
    if (!e) {
        origin = ls_pull_track_tip(&p->f->l2.track)->l1_origin;
        e = ls_hash_is_zero(&origin.hash) ? LS_OK : ls_pull_l1_reach(p, &origin);
    }
    return e;
}

enum ls_err ls_pull_l1_catch_up(struct ls_pull *p)
{
    char what[sizeof p->d->text];

    if (!p->has_l1 || !ls_pull_track_tip(&p->f->l2.track)) {
        return LS_OK;
    }
    enum ls_err e = reach_origins(p);
    if (e != LS_ERR_NOT_FOUND) {
        p->l1_lacks_ms = 0;
        return e;
    }
    if (p->l1_lacks_ms == 0) {
        p->l1_lacks_ms = p->w->ops->now_ms(p->w);
    }
    memcpy(what, p->d->text, sizeof what);
    return ls_pull_be_patient(p, LS_PULL_L1, what, p->l1_lacks_ms);
}
