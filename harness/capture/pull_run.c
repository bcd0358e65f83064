/*
 * The order of a capture: meet the nodes, look at the folder, fetch, finish.
 */
#include "harness/capture/pull_run.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "harness/capture/check.h"
#include "harness/capture/jsontext.h"
#include "harness/capture/manifest.h"
#include "harness/capture/pull_inner.h"

#define TEXT_BYTES_MAX (8u << 20) /* of answers that are no blocks */
#define VERSION_BYTES 96u
#define SENTENCE_BYTES 512u
#define SYNC_EVERY_MS 10000u /* a power cut takes no more from a --follow */

void ls_pull_say(const struct ls_pull *p, const char *fmt, ...)
{
    char text[SENTENCE_BYTES];
    va_list args;

    if (p->watch->note) {
        va_start(args, fmt);
        vsnprintf(text, sizeof text, fmt, args);
        va_end(args);
        p->watch->note(p->watch->user, text);
    }
}

/* --- one call --- */

enum ls_err ls_pull_judge(const struct ls_pull *p, enum ls_pull_node node,
                          const struct ls_pull_call *call, const struct ls_pull_answer *a,
                          struct ls_diag *d)
{
    if (!a->is_error) {
        return LS_OK;
    }
    return ls_fail(d, LS_ERR_RPC, "%s: %s: error %" PRId64 ": %s", p->w->names[node],
                   ls_pull_method_name(call->method), a->code, a->message);
}

struct one {
    const struct ls_pull *p;
    enum ls_pull_node node;
    const struct ls_pull_call *call;
    struct ls_buf *out;
};

static void call_one(void *ctx, uint64_t index, struct ls_pull_call *out)
{
    const struct one *o = ctx;

    (void)index;
    *out = *o->call;
}

static enum ls_err take_one(void *ctx, uint64_t index, const struct ls_pull_answer *a,
                            struct ls_diag *d)
{
    const struct one *o = ctx;
    enum ls_err e = ls_pull_judge(o->p, o->node, o->call, a, d);

    (void)index;
    if (!e && (e = ls_buf_put(o->out, a->result.p, a->result.n))) {
        ls_fail(d, e, "%s: %s: %s", o->p->w->names[o->node], ls_pull_method_name(o->call->method),
                ls_err_text(e));
    }
    return e;
}

enum ls_err ls_pull_ask(struct ls_pull *p, enum ls_pull_node node, const struct ls_pull_call *call,
                        struct ls_buf *out)
{
    struct one o = {p, node, call, out};
    const struct ls_pull_plan plan = {node, 1, call_one, take_one, &o};

    return p->w->ops->fetch(p->w, &plan, p->d);
}

/* --- meeting the nodes --- */

/* What is learned before anything is written. */
struct meeting {
    uint64_t l2_chain_id;
    uint64_t l1_chain_id;  /* 0: no L1 is asked */
    struct ls_buf rollup;  /* text; n 0: none */
    struct ls_buf genesis; /* block; n 0: the node does not have it */
    struct ls_l2_ref genesis_ref;
    char client[VERSION_BYTES]; /* name and version of the L2 client, "" when it does not say */
};

static enum ls_err ask_chain_id(struct ls_pull *p, enum ls_pull_node node, uint64_t *out)
{
    const struct ls_pull_call call = {.method = LS_PULL_CHAIN_ID};
    struct ls_buf text;

    ls_buf_init(&text, TEXT_BYTES_MAX);
    enum ls_err e = ls_pull_ask(p, node, &call, &text);
    if (!e && (text.n < 3 || ls_parse_quantity((const char *)text.p + 1, text.n - 2, out))) {
        e = ls_fail(p->d, LS_ERR_PARSE, "%s: eth_chainId: is no quantity", p->w->names[node]);
    }
    ls_buf_fini(&text);
    return e;
}

static bool is_plain(char c)
{
    return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '+' || c == '_';
}

/* "Geth/my-host/v1.2.3/linux-amd64/go1.22": of the parts only the name and the version are kept,
 * an operator may have put anything into the others. */
static void shorten_version(struct ls_span text, char out[VERSION_BYTES])
{
    size_t n = 0;
    size_t part = 0;
    const char *sep = "";

    out[0] = '\0';
    for (size_t i = 1; i + 1 < text.n; part++) {
        size_t start = i;
        while (i + 1 < text.n && is_plain((char)text.p[i])) {
            i++;
        }
        bool is_version = i - start > 1 && text.p[start] == 'v' && isdigit(text.p[start + 1]);
        if ((part == 0 || is_version) && n + (i - start) + 2 < VERSION_BYTES) {
            n += (size_t)snprintf(out + n, VERSION_BYTES - n, "%s%.*s", sep, (int)(i - start),
                                  (const char *)text.p + start);
            sep = " ";
        }
        if (is_version || (i + 1 < text.n && text.p[i] != '/')) {
            break;
        }
        i++;
    }
}

static enum ls_err ask_version(struct ls_pull *p, struct meeting *m)
{
    const struct ls_pull_call call = {.method = LS_PULL_CLIENT_VERSION};
    struct ls_buf text;

    ls_buf_init(&text, TEXT_BYTES_MAX);
    enum ls_err e = ls_pull_ask(p, LS_PULL_L2, &call, &text);
    if (!e && text.n > 2 && text.p[0] == '"') {
        shorten_version(ls_buf_span(&text), m->client);
    }
    ls_buf_fini(&text);
    return e == LS_ERR_RPC ? LS_OK : e; /* many providers do not serve it */
}

/* The rollup config the user gave, or the CL's. */
static enum ls_err ask_rollup(struct ls_pull *p, struct meeting *m)
{
    const struct ls_pull_call call = {.method = LS_PULL_ROLLUP_CONFIG};

    if (p->o->has_no_rollup) {
        return LS_OK;
    }
    if (p->o->rollup.n > 0) {
        return ls_buf_put(&m->rollup, p->o->rollup.p, p->o->rollup.n);
    }
    if (!p->has_cl) {
        return LS_OK;
    }
    enum ls_err e = ls_pull_ask(p, LS_PULL_CL, &call, &m->rollup);
    if (e == LS_ERR_RPC) {
        ls_pull_say(p, "%s", p->d->text);
        return LS_OK;
    }
    if (!e && ls_pull_is_null(ls_buf_span(&m->rollup))) {
        ls_buf_clear(&m->rollup);
    }
    return e;
}

static enum ls_err ask_status(struct ls_pull *p)
{
    const struct ls_pull_call call = {.method = LS_PULL_SYNC_STATUS};
    struct ls_buf text;

    if (!p->has_cl) {
        return LS_OK;
    }
    ls_buf_init(&text, TEXT_BYTES_MAX);
    enum ls_err e = ls_pull_ask(p, LS_PULL_CL, &call, &text);
    p->has_status = !e;
    if (e == LS_ERR_RPC) {
        ls_pull_say(p, "%s; labels are taken from the tags of the L2 node instead", p->d->text);
        e = LS_OK;
    }
    ls_buf_fini(&text);
    return e;
}

/* The genesis block, verified. Needs p->rollup. */
static enum ls_err ask_genesis(struct ls_pull *p, struct meeting *m)
{
    const struct ls_pull_call call = {.method = LS_PULL_BLOCK_BY_NUMBER,
                                      .number = p->rollup ? p->rollup->genesis_l2.number : 0,
                                      .is_full = true};
    struct ls_block block;
    enum ls_err e = ls_pull_ask(p, LS_PULL_L2, &call, &m->genesis);

    if (e) {
        return e;
    }
    if (ls_pull_is_null(ls_buf_span(&m->genesis))) {
        ls_pull_say(p, "%s: does not have the genesis block: the folder will be without it",
                    p->w->names[LS_PULL_L2]);
        ls_buf_clear(&m->genesis);
        return LS_OK;
    }
    ls_arena_reset(&p->scratch);
    e = ls_check_l2_block(ls_buf_span(&m->genesis), p->rollup, &p->scratch, &block, &m->genesis_ref,
                          p->d);
    return e ? ls_fail_in(p->d, e, "%s: genesis block", p->w->names[LS_PULL_L2]) : LS_OK;
}

/* --- a new folder --- */

static void choose_name(const struct ls_pull_options *o, char out[LS_CHAIN_NAME_MAX])
{
    size_t n = strlen(o->dir);
    const char *base = o->dir;

    while (n > 1 && o->dir[n - 1] == '/') {
        n--;
    }
    for (size_t i = 0; i + 1 < n; i++) {
        base = o->dir[i] == '/' ? o->dir + i + 1 : base;
    }
    snprintf(out, LS_CHAIN_NAME_MAX, "%.*s", (int)(n - (size_t)(base - o->dir)), base);
    if (o->name) {
        snprintf(out, LS_CHAIN_NAME_MAX, "%s", o->name);
    } else if (!ls_manifest_is_name(out) || out[0] == '.') {
        snprintf(out, LS_CHAIN_NAME_MAX, "chain");
    }
}

static enum ls_err add_provenance(struct ls_pull *p, const char *text)
{
    struct ls_pull_facts *facts = &p->f->facts;
    const char *copy = ls_arena_dup(&p->f->arena, text, strlen(text));

    if (!copy) {
        return ls_fail(p->d, LS_ERR_NOMEM, "out of memory");
    }
    if (facts->provenance_count < LS_PULL_PROVENANCE_MAX) {
        facts->provenance[facts->provenance_count++] = copy;
    }
    return LS_OK;
}

/* What is worth knowing of the source, and no more: no host, no key. */
static enum ls_err describe(struct ls_pull *p, const struct meeting *m)
{
    time_t now = (time_t)(p->w->ops->now_ms(p->w) / 1000);
    struct tm utc;
    char date[16];
    char text[SENTENCE_BYTES];

    if (!gmtime_r(&now, &utc) || !strftime(date, sizeof date, "%Y-%m-%d", &utc)) {
        date[0] = '\0';
    }
    snprintf(text, sizeof text, "captured on %s from an execution client%s%s%s; labels: %s%s", date,
             m->client[0] ? " (" : "", m->client, m->client[0] ? ")" : "",
             p->has_status ? "optimism_syncStatus of a consensus client"
                           : "its tags latest, safe and finalized",
             p->has_l1 ? "; L1 headers from an L1 execution client" : "");
    enum ls_err e = add_provenance(p, text);
    return e || !p->o->provenance ? e : add_provenance(p, p->o->provenance);
}

/* The number a tag stands for. */
static enum ls_err resolve_from(struct ls_pull *p, uint64_t *from)
{
    const struct ls_pull_call call = {.method = LS_PULL_BLOCK_BY_TAG, .tag = p->o->from_tag};
    struct ls_buf text;
    struct ls_l2_ref ref;

    *from = p->o->from;
    if (!p->o->from_tag) {
        return LS_OK;
    }
    ls_buf_init(&text, TEXT_BYTES_MAX);
    enum ls_err e = ls_pull_ask(p, LS_PULL_L2, &call, &text);
    if (!e && !ls_pull_glance(ls_buf_span(&text), &ref)) {
        e = ls_fail(p->d, LS_ERR_NOT_FOUND, "%s: has no %s block yet: give a number with --from",
                    p->w->names[LS_PULL_L2], p->o->from_tag);
    }
    *from = ref.number;
    ls_buf_fini(&text);
    return e;
}

static enum ls_err settle_from(struct ls_pull *p, const struct meeting *m)
{
    struct ls_pull_facts *facts = &p->f->facts;
    uint64_t genesis = p->rollup ? p->rollup->genesis_l2.number : 0;
    enum ls_err e = resolve_from(p, &facts->from);

    if (e) {
        return e;
    }
    if (facts->from < genesis) {
        return ls_fail(p->d, LS_ERR_USAGE,
                       "--from: the chain begins at block %" PRIu64 ", says its rollup config",
                       genesis);
    }
    if (p->o->has_to && p->o->to < facts->from) {
        return ls_fail(p->d, LS_ERR_USAGE, "--to is below --from, which is block %" PRIu64,
                       facts->from);
    }
    if (m->genesis.n > 0) {
        facts->genesis = (struct ls_block_id){m->genesis_ref.hash, m->genesis_ref.number};
        /* Genesis and its child are one stretch. */
        facts->from = facts->from == genesis + 1 ? genesis : facts->from;
    }
    return LS_OK;
}

static enum ls_err begin_new(struct ls_pull *p, struct meeting *m)
{
    struct ls_pull_facts *facts = &p->f->facts;
    struct ls_span rollup = ls_jsontext_trim(ls_buf_span(&m->rollup));
    enum ls_err e = LS_OK;

    if (!p->o->has_from && !p->o->from_tag) {
        return ls_fail(p->d, LS_ERR_USAGE, "--from N is missing: where should the capture begin?");
    }
    choose_name(p->o, facts->name);
    facts->l2_chain_id = m->l2_chain_id;
    facts->l1_chain_id = m->l1_chain_id;
    if (rollup.n > 0) {
        e = ls_pull_facts_set_rollup(facts, rollup, &p->f->arena, p->d);
        if (e) {
            return ls_fail_in(p->d, e, "%s (--rollup none does without a rollup config)",
                              p->o->rollup.n > 0 ? "--rollup" : p->w->names[LS_PULL_CL]);
        }
    } else {
        ls_pull_say(p, "without a rollup config (--cl or --rollup): hashes, roots and links are "
                       "checked, fork rules and L1 origins are not");
    }
    p->rollup = ls_pull_facts_rollup(facts);
    e = ask_genesis(p, m);
    if (!e) {
        e = settle_from(p, m);
    }
    if (!e) {
        e = describe(p, m);
    }
    memcpy(p->f->facts.has_beside, p->o->has_beside, sizeof p->o->has_beside);
    return e ? e : ls_pull_folder_save(p->f, p->d);
}

/* --- a folder that is there --- */

static enum ls_err check_chain_id(const struct ls_pull *p, enum ls_pull_node node, uint64_t ours,
                                  uint64_t theirs)
{
    if (ours == 0 || theirs == 0 || ours == theirs) {
        return LS_OK;
    }
    return ls_fail(p->d, LS_ERR_CONFIG,
                   "\"%s\" holds chain %" PRIu64 ", %s serves chain %" PRIu64
                   ": give another folder or another URL",
                   p->f->dir, ours, p->w->names[node], theirs);
}

static enum ls_err check_rollup(const struct ls_pull *p, const struct meeting *m)
{
    struct ls_span given = ls_jsontext_trim(ls_buf_span(&m->rollup));
    struct ls_span ours = p->f->facts.rollup_json;
    bool is_same = given.n == ours.n && (given.n == 0 || memcmp(given.p, ours.p, ours.n) == 0);

    if (is_same || p->o->rollup.n == 0) { /* a CL may print it anew after an update */
        return LS_OK;
    }
    return ls_fail(p->d, LS_ERR_CONFIG, "--rollup: \"%s\" was begun %s: give another folder",
                   p->f->dir,
                   ours.n > 0 ? "with another rollup config" : "without a rollup config");
}

static enum ls_err go_on(struct ls_pull *p, struct meeting *m)
{
    struct ls_pull_facts *facts = &p->f->facts;
    enum ls_err e = check_chain_id(p, LS_PULL_L2, facts->l2_chain_id, m->l2_chain_id);

    p->rollup = ls_pull_facts_rollup(facts);
    if (!e) {
        e = check_chain_id(p, LS_PULL_L1, facts->l1_chain_id, m->l1_chain_id);
    }
    if (!e) {
        e = check_rollup(p, m);
    }
    if (!e && p->o->has_from && p->o->from != facts->from &&
        !(p->o->from == facts->from + 1 && facts->from == facts->genesis.number)) {
        e = ls_fail(p->d, LS_ERR_USAGE,
                    "--from: \"%s\" begins at block %" PRIu64 ": give that, or another folder",
                    p->f->dir, facts->from);
    }
    if (!e) {
        e = ask_genesis(p, m);
    }
    if (!e && m->genesis.n > 0 && !ls_hash_is_zero(&facts->genesis.hash) &&
        !ls_hash_eq(&m->genesis_ref.hash, &facts->genesis.hash)) {
        e = ls_fail(p->d, LS_ERR_CONFIG,
                    "\"%s\" holds another chain than %s serves: the id is %" PRIu64
                    " for both, the genesis blocks differ; give another folder or another URL",
                    p->f->dir, p->w->names[LS_PULL_L2], facts->l2_chain_id);
    }
    bool has_news = facts->l1_chain_id == 0 && m->l1_chain_id != 0;
    for (size_t k = 0; k < LS_BESIDE_COUNT; k++) {
        has_news |= p->o->has_beside[k] && !facts->has_beside[k];
        facts->has_beside[k] |= p->o->has_beside[k];
    }
    if (!e && has_news) {
        facts->l1_chain_id = facts->l1_chain_id ? facts->l1_chain_id : m->l1_chain_id;
        e = ls_pull_folder_save(p->f, p->d);
    }
    return e;
}

static enum ls_err meet(struct ls_pull *p, struct meeting *m)
{
    enum ls_err e = ask_chain_id(p, LS_PULL_L2, &m->l2_chain_id);

    if (!e && p->has_l1) {
        e = ask_chain_id(p, LS_PULL_L1, &m->l1_chain_id);
    }
    if (!e) {
        e = ask_status(p);
    }
    if (!e) {
        e = ask_version(p, m);
    }
    if (!e) {
        e = ask_rollup(p, m);
    }
    if (!e) {
        e = p->f->is_new ? begin_new(p, m) : go_on(p, m);
    }
    return e;
}

static enum ls_err begin(struct ls_pull *p)
{
    struct meeting m = {.l2_chain_id = 0};
    struct ls_pull_folder *f = p->f;

    ls_buf_init(&m.rollup, TEXT_BYTES_MAX);
    ls_buf_init(&m.genesis, LS_CHECK_BLOCK_BYTES_MAX);
    enum ls_err e = meet(p, &m);
    if (!e) {
        e = ls_pull_folder_open(f, p->d);
    }
    if (!e && m.genesis.n > 0 && f->facts.from > f->facts.genesis.number &&
        !ls_pull_track_tip(&f->l2.track) && !f->l2.track.has_anchor) {
        e = ls_pull_folder_put_genesis(f, ls_buf_span(&m.genesis), &m.genesis_ref, p->d);
    }
    if (!e) {
        const struct ls_l2_ref *tip = ls_pull_track_tip(&f->l2.track);
        p->next = tip ? tip->number + 1 : f->facts.from;
        if (tip) {
            ls_pull_say(p, "goes on behind block %" PRIu64, tip->number);
        }
        if (f->healed > 0) {
            ls_pull_say(p,
                        "%" PRIu64 " lines at the end of \"%s\" were damaged: dropped, they "
                        "will be fetched again",
                        f->healed, f->dir);
        }
    }
    ls_buf_fini(&m.rollup);
    ls_buf_fini(&m.genesis);
    return e;
}

/* --- fetching --- */

static bool is_at_end(const struct ls_pull *p)
{
    const struct ls_l2_ref *tip = ls_pull_track_tip(&p->f->l2.track);

    return p->o->has_to && tip && tip->number >= p->o->to && p->next > p->o->to;
}

/* One look at the nodes, and what follows from it. */
static enum ls_err turn(struct ls_pull *p, struct ls_pull_sight *s, bool *is_over)
{
    bool is_same = false;
    enum ls_err e = ls_pull_look(p, s);

    if (!e) {
        e = ls_pull_go_to_head(p, &s->head);
    }
    if (!e) {
        e = ls_pull_l1_catch_up(p);
    }
    if (!e) {
        e = ls_pull_put_sight(p, s);
    }
    if (!e && s->at_ms >= p->synced_ms + SYNC_EVERY_MS) {
        e = ls_pull_folder_sync(p->f, p->d);
        p->synced_ms = s->at_ms;
    }
    if (!e && is_at_end(p) && p->l1_lacks_ms == 0) {
        e = ls_pull_confirm(p, &is_same);
    }
    *is_over = is_same;
    return e;
}

/* Without --follow everything that is wanted must be there. */
static enum ls_err check_height(struct ls_pull *p, const struct ls_pull_sight *s)
{
    if (p->o->is_following || p->o->to <= s->head.number) {
        return LS_OK;
    }
    return ls_fail(p->d, LS_ERR_RANGE,
                   "%s: its head is block %" PRIu64 ", below --to %" PRIu64
                   ": wait, or add --follow to wait here",
                   p->w->names[LS_PULL_L2], s->head.number, p->o->to);
}

static enum ls_err fetch_all(struct ls_pull *p)
{
    struct ls_pull_sight s = {.has_row = false};
    bool is_over = false;
    enum ls_err e;

    ls_buf_init(&s.status, TEXT_BYTES_MAX);
    e = ls_pull_look(p, &s);
    if (!e) {
        e = check_height(p, &s);
    }
    while (!e && !is_over && !p->w->ops->is_stopped(p->w)) {
        e = turn(p, &s, &is_over);
        if (!e && !is_over && p->next > p->target) {
            p->w->ops->wait(p->w, p->o->poll_ms);
        }
    }
    ls_buf_fini(&s.status);
    return e;
}

/* --- all of it --- */

static enum ls_err finish(struct ls_pull *p, struct ls_pull_result *out)
{
    enum ls_err e = ls_pull_folder_finish(p->f, p->o->level, out, p->d);

    if (!e && out->rows == 0 && p->skipped_rows + out->rows_left_out > 0) {
        ls_pull_say(p, "no label row is in the folder: all named blocks outside of it (begin at or "
                       "below the finalized block, --from finalized, and go up to the head)");
    }
    return e;
}

/* What to do about an error when blocks are recorded already. */
static void add_advice(const struct ls_pull *p, enum ls_err e)
{
    const struct ls_pull_track *t = &p->f->l2.track;
    size_t n = strlen(p->d->text);

    if (e == LS_ERR_USAGE || e == LS_ERR_CONFIG || !ls_pull_track_tip(t)) {
        return;
    }
    snprintf(p->d->text + n, sizeof p->d->text - n,
             "; blocks %" PRIu64 "..%" PRIu64 " are kept in \"%.200s\": run the same command again "
             "to go on, or --finish to make a fixture of them",
             t->first, t->end - 1, p->f->dir);
}

enum ls_err ls_pull_run(struct ls_pull_world *w, const struct ls_pull_options *o,
                        const struct ls_pull_watch *watch, struct ls_pull_result *out,
                        struct ls_diag *d)
{
    struct ls_pull_folder f;
    struct ls_pull p = {.w = w,
                        .o = o,
                        .watch = watch,
                        .f = &f,
                        .has_l1 = w->names[LS_PULL_L1] != NULL,
                        .has_cl = w->names[LS_PULL_CL] != NULL,
                        .d = d};
    enum ls_err e = ls_pull_folder_look(o->dir, o->window, &f, d);

    bool was_new = !e && f.is_new;

    ls_arena_init(&p.scratch, LS_CHECK_BLOCK_BYTES_MAX);
    if (!e) {
        e = begin(&p);
    }
    if (!e) {
        e = fetch_all(&p);
    }
    if (e && f.is_open && w->ops->is_stopped(w)) {
        e = LS_OK; /* whatever was interrupted */
    }
    if (!e) {
        e = finish(&p, out);
    }
    if (e && !ls_pull_track_tip(&f.l2.track) && was_new) {
        ls_pull_folder_forget(&f); /* another start may have another --from */
    } else if (e) {
        add_advice(&p, e);
    }
    ls_arena_fini(&p.scratch);
    ls_pull_folder_close(&f);
    return e;
}

enum ls_err ls_pull_finish(const char *dir, int level, struct ls_pull_result *out,
                           struct ls_diag *d)
{
    struct ls_pull_folder f;
    enum ls_err e = ls_pull_folder_look(dir, LS_PULL_WINDOW, &f, d);

    if (!e && f.is_new) {
        e = ls_fail(d, LS_ERR_USAGE, "\"%s\" holds no capture", dir);
    }
    if (!e) {
        e = ls_pull_folder_open(&f, d);
    }
    if (!e) {
        e = ls_pull_folder_finish(&f, level, out, d);
    }
    ls_pull_folder_close(&f);
    return e;
}
