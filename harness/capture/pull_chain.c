/*
 * Blocks of L2: a range at a time, by number as long as each sits on the one before, and back down
 * to where the node's chain and the recorded one part when one does not.
 */
#include <inttypes.h>
#include <string.h>

#include "harness/capture/beside.h"
#include "harness/capture/check.h"
#include "harness/capture/pull_inner.h"

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

/* --- what stands beside a block --- */

static const struct {
    enum ls_pull_method by_number;
    enum ls_pull_method by_hash;
} BESIDE_METHODS[LS_BESIDE_COUNT] = {
    [LS_BESIDE_RECEIPTS] = {LS_PULL_RECEIPTS_BY_NUMBER, LS_PULL_RECEIPTS_BY_HASH},
    [LS_BESIDE_PROOFS] = {LS_PULL_PROOF_BY_NUMBER, LS_PULL_PROOF_BY_HASH},
};

/* Records what the node gave of that kind for the block, before the block itself is. That of
 * another block is no error of the node: its chain was replaced between the two answers, which
 * shows when the block is asked for again. */
static enum ls_err record_beside(struct ls_pull *p, enum ls_beside_kind k, struct ls_span block,
                                 struct ls_span line, const struct ls_l2_ref *ref,
                                 struct ls_diag *d)
{
    const struct ls_beside *kind = ls_beside_of(k);
    struct ls_hash want;
    struct ls_hash of;

    if (ls_pull_is_null(line)) {
        p->outcome = LS_PULL_GONE;
        return ls_fail(d, LS_ERR_NOT_FOUND, "the %s of block %" PRIu64, kind->what, ref->number);
    }
    if (kind->line_key(line, &of) && kind->block_key(block, &want) && !ls_hash_eq(&of, &want)) {
        p->outcome = LS_PULL_MIXED;
        return ls_fail(d, LS_ERR_NOT_FOUND,
                       "the %s of block %" PRIu64 " (what it gives is of another block)",
                       kind->what, ref->number);
    }
    enum ls_err e = kind->check(block, line, p->rollup, d);
    if (e) {
        return ls_fail_in(d, e, "%s: block %" PRIu64, p->w->names[LS_PULL_L2], ref->number);
    }
    return ls_pull_folder_put_beside(p->f, k, line, d);
}

/* Whether block number is recorded with that kind. Of a state as old as genesis most nodes prove
 * nothing. */
static bool is_wanted(const struct ls_pull *p, enum ls_beside_kind k, uint64_t number)
{
    const struct ls_pull_facts *f = &p->f->facts;
    bool is_genesis = number == f->genesis.number && !ls_hash_is_zero(&f->genesis.hash);

    return f->has_beside[k] && !(is_genesis && k == LS_BESIDE_PROOFS);
}

static enum ls_err ask_beside(struct ls_pull *p, enum ls_beside_kind k, struct ls_span block,
                              const struct ls_l2_ref *ref)
{
    const struct ls_pull_call call = {.method = BESIDE_METHODS[k].by_hash, .hash = ref->hash};
    struct ls_buf text;

    ls_buf_init(&text, LS_CHECK_BLOCK_BYTES_MAX);
    enum ls_err e = ls_pull_ask(p, LS_PULL_L2, &call, &text);
    if (!e) {
        e = record_beside(p, k, block, ls_buf_span(&text), ref, p->d);
    }
    ls_buf_fini(&text);
    return e;
}

enum ls_err ls_pull_record(struct ls_pull *p, struct ls_span text, struct ls_diag *d)
{
    struct ls_l2_ref ref;
    enum ls_err e = decode(p, text, &ref, d);

    for (int k = 0; !e && k < LS_BESIDE_COUNT; k++) {
        if (is_wanted(p, (enum ls_beside_kind)k, ref.number)) {
            e = ask_beside(p, (enum ls_beside_kind)k, text, &ref);
        }
    }
    return e ? e : record(p, text, &ref, d);
}

/* --- a range by number --- */

/* Each block is a call for itself, whose answer is kept, and one for each kind that is wanted. */
struct range {
    struct ls_pull *p;
    uint64_t first;
    enum ls_beside_kind kinds[LS_BESIDE_COUNT];
    unsigned kind_count;
    struct ls_buf block; /* waits for what stands beside it */
    struct ls_l2_ref ref;
};

static void call_range(void *ctx, uint64_t index, struct ls_pull_call *out)
{
    const struct range *r = ctx;
    uint64_t part = index % (r->kind_count + 1u);

    *out = (struct ls_pull_call){.method = part == 0 ? LS_PULL_BLOCK_BY_NUMBER
                                                     : BESIDE_METHODS[r->kinds[part - 1]].by_number,
                                 .number = r->first + index / (r->kind_count + 1u),
                                 .is_full = part == 0};
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
    if (e || r->kind_count == 0) {
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
    uint64_t part = index % (r->kind_count + 1u);
    struct ls_pull_call call;

    call_range(ctx, index, &call);
    enum ls_err e = ls_pull_judge(r->p, LS_PULL_L2, &call, a, d);
    if (e || part == 0) {
        return e ? e : take_block(r, &call, a->result, d);
    }
    e = record_beside(r->p, r->kinds[part - 1], ls_buf_span(&r->block), a->result, &r->ref, d);
    return e || part < r->kind_count ? e : record(r->p, ls_buf_span(&r->block), &r->ref, d);
}

static enum ls_err fetch_range(struct ls_pull *p, uint64_t first, uint64_t count)
{
    struct range r = {.p = p, .first = first};

    for (int k = 0; k < LS_BESIDE_COUNT; k++) {
        if (is_wanted(p, (enum ls_beside_kind)k, first)) {
            r.kinds[r.kind_count++] = (enum ls_beside_kind)k;
        } else if (p->f->facts.has_beside[k]) {
            count = 1; /* the blocks after it are wanted with more */
        }
    }
    const struct ls_pull_plan plan = {LS_PULL_L2, count * (r.kind_count + 1u), call_range,
                                      take_range, &r};
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

/* Goes back to the last block that the node still has. */
static enum ls_err look_again(struct ls_pull *p)
{
    const struct ls_pull_track *t = &p->f->l2.track;
    bool has_any = ls_pull_track_tip(t) != NULL;
    /* The L1 headers of the branch that is left are asked for while the L1 may have them. */
    enum ls_err e = has_any ? ls_pull_l1_catch_up(p) : LS_OK;

    if (!e && has_any) {
        e = ls_pull_find_fork(p, p->next - 1);
    }
    if (!e && (!has_any || p->next == t->end)) { /* as before: in the middle of a change */
        p->w->ops->wait(p->w, p->o->poll_ms);
    }
    return e;
}

/* A block did not sit on the one below. */
static enum ls_err part(struct ls_pull *p)
{
    if (p->w->ops->now_ms(p->w) - p->progress_ms >= p->o->patience_ms) {
        return ls_fail(p->d, LS_ERR_LINK, "%s: block %" PRIu64 " does not sit on the one below it",
                       p->w->names[LS_PULL_L2], p->next);
    }
    return look_again(p);
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
    case LS_PULL_MIXED:
        memcpy(what, p->d->text, sizeof what);
        e = ls_pull_be_patient(p, LS_PULL_L2, what, p->progress_ms);
        e = e ? e : look_again(p);
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
