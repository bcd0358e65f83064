/*
 * Rows of the label timeline: asked for with every look at the head, recorded once the blocks they
 * name are.
 */
#include <string.h>

#include "harness/capture/manifest.h"
#include "harness/capture/pull_inner.h"
#include "harness/capture/pull_labels.h"
#include "lib/json.h"
#include "lib/jsonw.h"

#define NEAR_BLOCKS 64u /* a head further above the tip is waited for, not fetched by its hash */
#define NEAR_HEADERS 1024u

/* --- looking --- */

#define TAG_COUNT 3u
static const char *const TAGS[TAG_COUNT] = {"latest", "safe", "finalized"};

struct tags {
    struct ls_pull *p;
    struct ls_block_id ids[TAG_COUNT];
};

static void call_tag(void *ctx, uint64_t index, struct ls_pull_call *out)
{
    (void)ctx;
    *out = (struct ls_pull_call){.method = LS_PULL_BLOCK_BY_TAG, .tag = TAGS[index]};
}

/* A node that has no safe block yet says so in many ways: all of them mean "none". */
static enum ls_err take_tag(void *ctx, uint64_t index, const struct ls_pull_answer *a,
                            struct ls_diag *d)
{
    struct tags *t = ctx;
    struct ls_pull_call call;
    struct ls_l2_ref ref;

    call_tag(ctx, index, &call);
    if (!a->is_error && ls_pull_glance(a->result, &ref)) {
        t->ids[index] = (struct ls_block_id){ref.hash, ref.number};
        return LS_OK;
    }
    if (index > 0) {
        return LS_OK;
    }
    enum ls_err e = ls_pull_judge(t->p, LS_PULL_L2, &call, a, d);
    return e ? e
             : ls_fail(d, LS_ERR_PARSE, "%s: \"latest\" is no block", t->p->w->names[LS_PULL_L2]);
}

static enum ls_err look_at_tags(struct ls_pull *p, struct ls_pull_sight *s)
{
    struct tags t = {.p = p};
    const struct ls_pull_plan plan = {LS_PULL_L2, p->has_status ? 1 : TAG_COUNT, call_tag, take_tag,
                                      &t};
    enum ls_err e = p->w->ops->fetch(p->w, &plan, p->d);

    s->head = t.ids[0];
    s->safe = t.ids[1];
    s->finalized = t.ids[2];
    return e;
}

enum ls_err ls_pull_look(struct ls_pull *p, struct ls_pull_sight *s)
{
    const struct ls_pull_call status = {.method = LS_PULL_SYNC_STATUS};
    enum ls_err e = LS_OK;

    ls_buf_clear(&s->status);
    s->at_ms = p->w->ops->now_ms(p->w);
    /* Status first: what it names is there when the head is asked for. */
    if (p->has_status) {
        e = ls_pull_ask(p, LS_PULL_CL, &status, &s->status);
    }
    s->has_row = !e && (!p->has_status || !ls_pull_is_null(ls_buf_span(&s->status)));
    return e ? e : look_at_tags(p, s);
}

/* --- rows from a CL --- */

static bool is_missing(const struct ls_pull_track *t, const struct ls_hash *hash, uint64_t number)
{
    struct ls_block_id id = {*hash, number};

    return !ls_hash_is_zero(hash) && !ls_pull_track_holds(t, &id);
}

/* An unsafe block that is replaced before its turn came is asked for by its hash. When that makes a
 * side branch, the tip goes back to where it was. */
static enum ls_err fetch_block(struct ls_pull *p, const struct ls_block_id *id)
{
    struct ls_pull_track *t = &p->f->l2.track;
    const struct ls_l2_ref *tip = ls_pull_track_tip(t);
    struct ls_block_id old = {tip->hash, tip->number};
    uint64_t next = p->next;

    if (id->number > old.number + NEAR_BLOCKS || id->number < t->low ||
        (p->o->has_to && id->number > p->o->to)) {
        return LS_ERR_NOT_FOUND;
    }
    enum ls_err e = ls_pull_record_hash(p, id);
    if (!e) { /* while it is the tip: its L1 origins, which may be gone soon */
        e = ls_pull_l1_catch_up(p);
    }
    const struct ls_l2_ref *at = ls_pull_track_at(t, old.number);
    if (!at || !ls_hash_eq(&at->hash, &old.hash)) {
        enum ls_err moved = ls_pull_track_move(t, &old, p->d);
        p->next = next;
        e = e ? e : moved;
    }
    return e;
}

static enum ls_err fetch_header(struct ls_pull *p, const struct ls_block_id *id)
{
    const struct ls_pull_track *t = &p->f->l1.track;

    if (!p->has_l1 || t->end == t->first || id->number < t->first) {
        return LS_OK; /* nothing that could contradict it is recorded */
    }
    return id->number >= t->end + NEAR_HEADERS ? LS_ERR_NOT_FOUND : ls_pull_l1_reach(p, id);
}

static enum ls_err fetch_named(struct ls_pull *p, const struct ls_sync_status *s)
{
    const struct ls_l2_ref *l2[LS_PULL_L2_LABELS];
    const struct ls_l1_ref *l1[LS_PULL_L1_LABELS];
    enum ls_err e = LS_OK;

    ls_pull_labels_l2(s, l2);
    ls_pull_labels_l1(s, l1);
    for (size_t i = 0; !e && i < LS_PULL_L2_LABELS; i++) {
        struct ls_block_id id = {l2[i]->hash, l2[i]->number};
        if (is_missing(&p->f->l2.track, &id.hash, id.number)) {
            e = fetch_block(p, &id);
        }
    }
    for (size_t i = 0; !e && i < LS_PULL_L1_LABELS; i++) {
        struct ls_block_id id = {l1[i]->hash, l1[i]->number};
        if (is_missing(&p->f->l1.track, &id.hash, id.number)) {
            e = fetch_header(p, &id);
        }
    }
    return e;
}

/* Records the row if it can stand; what it lacks is no error of the capture. */
static enum ls_err put_row(struct ls_pull *p, const struct ls_sync_status *s, struct ls_span result,
                           uint64_t at_ms)
{
    if (ls_pull_labels_check(s, &p->f->l2.track, &p->f->l1.track, NULL)) {
        p->skipped_rows++;
        return LS_OK;
    }
    return ls_pull_folder_put_row(p->f, result, at_ms, p->d);
}

static enum ls_err put_status(struct ls_pull *p, const struct ls_pull_sight *s)
{
    struct ls_sync_status status;
    struct cJSON *root = NULL;
    struct ls_span text = ls_buf_span(&s->status);
    enum ls_err e = ls_json_parse((const char *)text.p, text.n, 0, &root, p->d);

    if (!e) {
        e = ls_sync_status_parse(root, &status, p->d);
    }
    ls_json_free(root);
    if (e) {
        return ls_fail_in(p->d, e, "%s: optimism_syncStatus", p->w->names[LS_PULL_CL]);
    }
    e = fetch_named(p, &status);
    if (e == LS_ERR_NOT_FOUND || e == LS_ERR_LINK || e == LS_ERR_RPC) {
        p->skipped_rows++;
        return LS_OK;
    }
    return e ? e : put_row(p, &status, text, s->at_ms);
}

/* --- rows from an EL's tags --- */

/* The recorded reference behind a tag; false when it is not recorded. A tag that is not set is a
 * zero reference. */
static bool label_of(const struct ls_pull *p, const struct ls_block_id *id, struct ls_l2_ref *out)
{
    const struct ls_l2_ref *ref = ls_pull_track_find(&p->f->l2.track, id);

    *out = ref ? *ref : (struct ls_l2_ref){.number = 0};
    return ref || ls_hash_is_zero(&id->hash);
}

static enum ls_err put_tags(struct ls_pull *p, const struct ls_pull_sight *s)
{
    struct ls_sync_status status = {.unsafe_l2 = {.number = 0}};
    struct ls_buf text;
    struct ls_jw w;
    enum ls_err e = LS_OK;

    if (!label_of(p, &s->head, &status.unsafe_l2) || !label_of(p, &s->safe, &status.safe_l2) ||
        !label_of(p, &s->finalized, &status.finalized_l2)) {
        p->skipped_rows++;
        return LS_OK;
    }
    status.local_safe_l2 = status.safe_l2;
    ls_buf_init(&text, LS_MANIFEST_BYTES_MAX);
    ls_jw_init(&w, &text);
    ls_sync_status_write(&status, &w, NULL);
    e = text.err ? ls_fail(p->d, text.err, "label row: %s", ls_err_text(text.err))
                 : put_row(p, &status, ls_buf_span(&text), s->at_ms);
    ls_buf_fini(&text);
    return e;
}

enum ls_err ls_pull_put_sight(struct ls_pull *p, const struct ls_pull_sight *s)
{
    if (!s->has_row || !ls_pull_track_tip(&p->f->l2.track)) {
        return LS_OK;
    }
    return p->has_status ? put_status(p, s) : put_tags(p, s);
}
