/*
 * Blocks of L2: a range at a time, by number as long as each sits on the one before, and back down
 * to where the node's chain and the recorded one part when one does not.
 */
#include <inttypes.h>
#include <string.h>

#include "harness/capture/check.h"
#include "harness/capture/pull_inner.h"
#include "harness/capture/receipts.h"

#define CHUNK 1024u       /* blocks between two looks at L1 */
#define PROBE_FIRST 8u    /* blocks compared at once when looking for a fork, at first … */
#define PROBE_MAX 1024u   /* … and at most */
#define BRANCHES_MAX 250u /* a fixture holds LS_CHAIN_BRANCHES_MAX */
#define BY_HASH_MAX 64u   /* blocks fetched by hash below a label */
#define LOWER_POLLS 3u    /* a node behind a load balancer may lag: believe the third time */

/* --- one block --- */

static const struct ls_l2_ref *parent_of(const struct ls_pull_track *t, const struct ls_l2_ref *ref)
{
    struct ls_block_id id = {ref->parent, ref->number - 1};

    return ref->number > 0 ? ls_pull_track_find(t, &id) : NULL;
}

static enum ls_err check_place(struct ls_pull *p, const struct ls_l2_ref *ref, struct ls_diag *d)
{
    const struct ls_pull_track *t = &p->f->l2.track;

    switch (ls_pull_track_place(t, ref)) {
    case LS_PULL_KNOWN:
    case LS_PULL_EXTENDS:
        break;
    case LS_PULL_FORKS:
        if (ls_pull_track_branches(t) >= BRANCHES_MAX) {
            return ls_fail(d, LS_ERR_LIMIT,
                           "block %" PRIu64 ": more than %u branches, a folder holds no more",
                           ref->number, BRANCHES_MAX);
        }
        break;
    case LS_PULL_UNLINKED:
        p->outcome = LS_PULL_REORG;
        return ls_fail(d, LS_ERR_LINK, "block %" PRIu64 ": parentHash: is not recorded",
                       ref->number);
    case LS_PULL_TOO_DEEP:
        return ls_fail(d, LS_ERR_LIMIT,
                       "block %" PRIu64 ": the chain was replaced more than %" PRIu32
                       " blocks below its tip: start a new folder",
                       ref->number, t->window);
    }
    const struct ls_l2_ref *parent = parent_of(t, ref);
    enum ls_err e = LS_OK;
    if (parent && parent->sequence_number != LS_PULL_GLANCED) {
        e = ls_check_l2_link(parent, ref, p->rollup, d);
    }
    return e ? ls_fail_in(d, e, "block %" PRIu64, ref->number) : LS_OK;
}

static enum ls_err decode(struct ls_pull *p, struct ls_span text, struct ls_l2_ref *ref,
                          struct ls_diag *d)
{
    struct ls_block block;
    struct ls_l2_ref stated;

    ls_arena_reset(&p->scratch);
    enum ls_err e = ls_check_l2_block(text, p->rollup, &p->scratch, &block, ref, d);
    if (e && ls_pull_glance(text, &stated)) {
        ls_fail_in(d, e, "%s: block %" PRIu64, p->w->names[LS_PULL_L2], stated.number);
    } else if (e) {
        ls_fail_in(d, e, "%s: block", p->w->names[LS_PULL_L2]);
    }
    return e;
}

static enum ls_err record(struct ls_pull *p, struct ls_span text, const struct ls_l2_ref *ref,
                          struct ls_diag *d)
{
    enum ls_err e = check_place(p, ref, d);

    if (!e) {
        e = ls_pull_folder_put(&p->f->l2, text, ref, d);
    }
    if (!e) {
        p->next = ref->number + 1;
        p->progress_ms = p->w->ops->now_ms(p->w);
        if (p->watch->block) {
            p->watch->block(p->watch->user, ref->number, p->target);
        }
    }
    return e;
}

/* Records the receipts the node gave for the block, before the block itself is. Those of another
 * block are no error of the node: its chain was replaced between the two answers. */
static enum ls_err record_receipts(struct ls_pull *p, struct ls_span block, struct ls_span receipts,
                                   const struct ls_l2_ref *ref, struct ls_diag *d)
{
    struct ls_hash of;

    if (ls_pull_is_null(receipts)) {
        p->outcome = LS_PULL_GONE;
        return ls_fail(d, LS_ERR_NOT_FOUND, "the receipts of block %" PRIu64, ref->number);
    }
    if (ls_receipts_block(receipts, &of) && !ls_hash_eq(&of, &ref->hash)) {
        p->outcome = LS_PULL_REORG;
        return ls_fail(d, LS_ERR_LINK, "block %" PRIu64 ": its receipts are of another block",
                       ref->number);
    }
    enum ls_err e = ls_receipts_check(block, receipts, p->rollup, d);
    if (e) {
        return ls_fail_in(d, e, "%s: block %" PRIu64, p->w->names[LS_PULL_L2], ref->number);
    }
    return ls_pull_folder_put_receipts(p->f, receipts, d);
}

static enum ls_err ask_receipts(struct ls_pull *p, struct ls_span block,
                                const struct ls_l2_ref *ref)
{
    const struct ls_pull_call call = {.method = LS_PULL_RECEIPTS_BY_HASH, .hash = ref->hash};
    struct ls_buf text;

    ls_buf_init(&text, LS_CHECK_BLOCK_BYTES_MAX);
    enum ls_err e = ls_pull_ask(p, LS_PULL_L2, &call, &text);
    if (!e) {
        e = record_receipts(p, block, ls_buf_span(&text), ref, p->d);
    }
    ls_buf_fini(&text);
    return e;
}

enum ls_err ls_pull_record(struct ls_pull *p, struct ls_span text, struct ls_diag *d)
{
    struct ls_l2_ref ref;
    enum ls_err e = decode(p, text, &ref, d);

    if (!e && p->f->facts.has_receipts) {
        e = ask_receipts(p, text, &ref);
    }
    return e ? e : record(p, text, &ref, d);
}

/* --- a range by number --- */

/* With receipts each block is two calls: itself, which is kept, and its receipts. */
struct range {
    struct ls_pull *p;
    uint64_t first;
    unsigned calls_a_block;
    struct ls_buf block; /* waits for its receipts */
    struct ls_l2_ref ref;
};

static void call_range(void *ctx, uint64_t index, struct ls_pull_call *out)
{
    const struct range *r = ctx;
    bool is_block = index % r->calls_a_block == 0;

    *out = (struct ls_pull_call){.method = is_block ? LS_PULL_BLOCK_BY_NUMBER
                                                    : LS_PULL_RECEIPTS_BY_NUMBER,
                                 .number = r->first + index / r->calls_a_block,
                                 .is_full = is_block};
}

static enum ls_err take_block(struct range *r, const struct ls_pull_call *call, struct ls_span text,
                              struct ls_diag *d)
{
    if (ls_pull_is_null(text)) {
        r->p->outcome = LS_PULL_GONE;
        return ls_fail(d, LS_ERR_NOT_FOUND, "block %" PRIu64, call->number);
    }
    enum ls_err e = decode(r->p, text, &r->ref, d);
    if (!e && r->ref.number != call->number) {
        e = ls_fail(d, LS_ERR_RANGE, "%s: asked for block %" PRIu64 ", got block %" PRIu64,
                    r->p->w->names[LS_PULL_L2], call->number, r->ref.number);
    }
    if (e || r->calls_a_block == 1) {
        return e ? e : record(r->p, text, &r->ref, d);
    }
    ls_buf_clear(&r->block);
    e = ls_buf_put(&r->block, text.p, text.n);
    return e ? ls_fail(d, e, "block %" PRIu64 ": %s", call->number, ls_err_text(e)) : LS_OK;
}

static enum ls_err take_range(void *ctx, uint64_t index, const struct ls_pull_answer *a,
                              struct ls_diag *d)
{
    struct range *r = ctx;
    struct ls_pull_call call;

    call_range(ctx, index, &call);
    enum ls_err e = ls_pull_judge(r->p, LS_PULL_L2, &call, a, d);
    if (e || call.method == LS_PULL_BLOCK_BY_NUMBER) {
        return e ? e : take_block(r, &call, a->result, d);
    }
    e = record_receipts(r->p, ls_buf_span(&r->block), a->result, &r->ref, d);
    return e ? e : record(r->p, ls_buf_span(&r->block), &r->ref, d);
}

static enum ls_err fetch_range(struct ls_pull *p, uint64_t first, uint64_t count)
{
    struct range r = {.p = p, .first = first, .calls_a_block = p->f->facts.has_receipts ? 2 : 1};
    const struct ls_pull_plan plan = {LS_PULL_L2, count * r.calls_a_block, call_range, take_range,
                                      &r};

    ls_buf_init(&r.block, LS_CHECK_BLOCK_BYTES_MAX);
    p->outcome = LS_PULL_WENT_WELL;
    enum ls_err e = p->w->ops->fetch(p->w, &plan, p->d);
    ls_buf_fini(&r.block);
    return e;
}

/* --- where the chains part --- */

struct probe {
    struct ls_pull *p;
    uint64_t first;
    bool is_found;
    uint64_t ancestor;
};

static void call_probe(void *ctx, uint64_t index, struct ls_pull_call *out)
{
    const struct probe *r = ctx;

    *out = (struct ls_pull_call){.method = LS_PULL_BLOCK_BY_NUMBER, .number = r->first + index};
}

static enum ls_err take_probe(void *ctx, uint64_t index, const struct ls_pull_answer *a,
                              struct ls_diag *d)
{
    struct probe *r = ctx;
    const struct ls_l2_ref *ours = ls_pull_track_at(&r->p->f->l2.track, r->first + index);
    struct ls_pull_call call;
    struct ls_l2_ref theirs;

    call_probe(ctx, index, &call);
    enum ls_err e = ls_pull_judge(r->p, LS_PULL_L2, &call, a, d);
    if (!e && ours && ls_pull_glance(a->result, &theirs) && ls_hash_eq(&theirs.hash, &ours->hash)) {
        r->is_found = true;
        r->ancestor = r->first + index;
    }
    return e;
}

static enum ls_err fail_replaced(const struct ls_pull *p)
{
    const struct ls_pull_track *t = &p->f->l2.track;

    if (t->low > t->first) {
        return ls_fail(p->d, LS_ERR_LIMIT,
                       "the chain was replaced more than %" PRIu32
                       " blocks below its tip: start a new folder",
                       t->window);
    }
    return ls_fail(p->d, LS_ERR_LINK,
                   "%s: has another block %" PRIu64 ", where the capture in \"%s\" begins: the "
                   "recorded chain was replaced as a whole, or this is another chain with the same "
                   "id; give another folder",
                   p->w->names[LS_PULL_L2], t->first, p->f->dir);
}

enum ls_err ls_pull_find_fork(struct ls_pull *p, uint64_t upper)
{
    const struct ls_pull_track *t = &p->f->l2.track;
    struct probe r = {.p = p};
    uint64_t high = upper < t->end - 1 ? upper : t->end - 1;
    uint64_t span = PROBE_FIRST;
    enum ls_err e = LS_OK;

    while (!e && !r.is_found) {
        if (high < t->low || high == UINT64_MAX) {
            return fail_replaced(p);
        }
        uint64_t count = high - t->low + 1 < span ? high - t->low + 1 : span;
        const struct ls_pull_plan plan = {LS_PULL_L2, count, call_probe, take_probe, &r};
        r.first = high - count + 1;
        e = p->w->ops->fetch(p->w, &plan, p->d);
        high -= count;
        span = span * 4 < PROBE_MAX ? span * 4 : PROBE_MAX;
    }
    if (!e) {
        p->next = r.ancestor + 1;
    }
    return e;
}

/* --- up to a number --- */

enum ls_err ls_pull_be_patient(struct ls_pull *p, enum ls_pull_node node, const char *what,
                               uint64_t since_ms)
{
    if (p->w->ops->now_ms(p->w) - since_ms < p->o->patience_ms) {
        return LS_OK;
    }
    return ls_fail(p->d, LS_ERR_TIMEOUT,
                   "%s: does not have %s, and did not get it in %" PRIu64
                   " s: is it synced, and of the right chain?",
                   p->w->names[node], what, p->o->patience_ms / 1000);
}

/* A block did not sit on the one below. */
static enum ls_err part(struct ls_pull *p)
{
    const struct ls_pull_track *t = &p->f->l2.track;
    enum ls_err e = LS_OK;

    if (p->w->ops->now_ms(p->w) - p->progress_ms >= p->o->patience_ms) {
        return ls_fail(p->d, LS_ERR_LINK, "%s: block %" PRIu64 " does not sit on the one below it",
                       p->w->names[LS_PULL_L2], p->next);
    }
    /* The L1 headers of the branch that is left are asked for while the L1 may have them. */
    e = ls_pull_l1_catch_up(p);
    if (!e) {
        e = ls_pull_find_fork(p, p->next - 1);
    }
    if (!e && p->next == t->end) { /* it is as before: the node was in the middle of a change */
        p->w->ops->wait(p->w, p->o->poll_ms);
    }
    return e;
}

/* After a fetch that did not go through: what to do before the next. */
static enum ls_err recover(struct ls_pull *p, enum ls_err e)
{
    char what[sizeof p->d->text];

    switch (p->outcome) {
    case LS_PULL_WENT_WELL:
        break;
    case LS_PULL_GONE:
        memcpy(what, p->d->text, sizeof what);
        e = ls_pull_be_patient(p, LS_PULL_L2, what, p->progress_ms);
        p->w->ops->wait(p->w, p->o->poll_ms);
        break;
    case LS_PULL_REORG:
        e = part(p);
        break;
    }
    return e;
}

enum ls_err ls_pull_reach(struct ls_pull *p, uint64_t to)
{
    enum ls_err e = LS_OK;

    p->target = to;
    p->progress_ms = p->w->ops->now_ms(p->w);
    while (!e && p->next <= to && !p->w->ops->is_stopped(p->w)) {
        uint64_t left = to - p->next + 1;
        e = fetch_range(p, p->next, left < CHUNK ? left : CHUNK);
        e = e ? recover(p, e) : ls_pull_l1_catch_up(p);
    }
    return p->w->ops->is_stopped(p->w) ? LS_OK : e;
}

/* --- heads --- */

enum ls_err ls_pull_confirm(struct ls_pull *p, bool *is_same)
{
    const struct ls_pull_track *t = &p->f->l2.track;
    uint64_t number = p->o->has_to && p->o->to < t->end - 1 ? p->o->to : t->end - 1;
    const struct ls_l2_ref *ours = ls_pull_track_at(t, number);
    struct ls_pull_call call = {.method = LS_PULL_BLOCK_BY_NUMBER, .number = number};
    struct ls_l2_ref theirs;
    struct ls_buf text;

    ls_buf_init(&text, LS_CHECK_BLOCK_BYTES_MAX);
    enum ls_err e = ls_pull_ask(p, LS_PULL_L2, &call, &text);
    *is_same = !e && (!ours || (ls_pull_glance(ls_buf_span(&text), &theirs) &&
                                ls_hash_eq(&theirs.hash, &ours->hash)));
    ls_buf_fini(&text);
    return e || *is_same ? e : ls_pull_find_fork(p, number);
}

/* The head is a recorded block below the tip: a rollback when it stays so. */
static enum ls_err go_back(struct ls_pull *p, const struct ls_block_id *head)
{
    if (++p->lower_polls < LOWER_POLLS) {
        return LS_OK;
    }
    p->lower_polls = 0;
    enum ls_err e = ls_pull_track_move(&p->f->l2.track, head, p->d);
    p->next = head->number + 1;
    return e;
}

enum ls_err ls_pull_go_to_head(struct ls_pull *p, const struct ls_block_id *head)
{
    struct ls_pull_track *t = &p->f->l2.track;
    const struct ls_l2_ref *tip = ls_pull_track_tip(t);
    uint64_t to = p->o->has_to && p->o->to < head->number ? p->o->to : head->number;

    if (!tip) {
        return ls_pull_reach(p, to);
    }
    const struct ls_l2_ref *at = ls_pull_track_at(t, head->number);
    if (at && ls_hash_eq(&at->hash, &head->hash) && head->number < tip->number) {
        return go_back(p, head);
    }
    p->lower_polls = 0;
    if (ls_pull_track_orphan(t, head)) {
        enum ls_err e = ls_pull_track_move(t, head, p->d);
        p->next = head->number + 1;
        return e;
    }
    if (head->number <= tip->number && !(at && ls_hash_eq(&at->hash, &head->hash))) {
        enum ls_err e = ls_pull_find_fork(p, head->number);
        if (e) {
            return e;
        }
    }
    return ls_pull_reach(p, to);
}

/* --- by hash --- */

enum ls_err ls_pull_record_hash(struct ls_pull *p, const struct ls_block_id *id)
{
    struct ls_buf texts[BY_HASH_MAX];
    struct ls_pull_call call = {.method = LS_PULL_BLOCK_BY_HASH, .hash = id->hash, .is_full = true};
    uint64_t number = id->number;
    size_t count = 0;
    bool is_linked = false;
    enum ls_err e = LS_OK;

    while (!e && !is_linked) {
        struct ls_l2_ref ref;
        if (count == BY_HASH_MAX || number <= p->f->l2.track.first) {
            e = ls_fail(p->d, LS_ERR_NOT_FOUND, "block %" PRIu64 ": leads to no recorded block",
                        id->number);
            break;
        }
        ls_buf_init(&texts[count], LS_CHECK_BLOCK_BYTES_MAX);
        e = ls_pull_ask(p, LS_PULL_L2, &call, &texts[count++]);
        if (e) {
            break;
        }
        if (!ls_pull_glance(ls_buf_span(&texts[count - 1]), &ref) || ref.number != number ||
            !ls_hash_eq(&ref.hash, &call.hash)) {
            e = ls_fail(p->d, LS_ERR_NOT_FOUND, "block %" PRIu64 ": the node does not have it",
                        number);
            break;
        }
        is_linked = parent_of(&p->f->l2.track, &ref) != NULL;
        call.hash = ref.parent;
        number--;
    }
    for (size_t i = count; i-- > 0;) {
        if (!e) {
            e = ls_pull_record(p, ls_buf_span(&texts[i]), p->d);
        }
        ls_buf_fini(&texts[i]);
    }
    return e;
}
