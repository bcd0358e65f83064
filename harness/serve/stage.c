#include "harness/serve/stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/capture/fork.h"
#include "lib/hex.h"
#include "lib/num.h"

#define REORG_MARGIN 32u /* blocks a new branch is longer than what it replaces */
#define TICKS_PER_S (1000000000u / LS_STAGE_TICK_NS)

static const struct ls_chain *chain_of(const struct ls_stage *s)
{
    return s->mocks.chain;
}

static uint64_t number_of(const struct ls_stage *s, uint32_t id)
{
    return ls_universe_get(chain_of(s)->l2, id)->ref.number;
}

/* --- branches --- */

static const struct ls_chain_branch *side_branch(const struct ls_stage *s, uint32_t id)
{
    const struct ls_chain *c = chain_of(s);

    for (size_t i = 1; i < c->branch_count; i++) {
        const struct ls_chain_branch *b = &c->branches[i];
        if (ls_universe_is_ancestor(c->l2, b->first, id) &&
            ls_universe_is_ancestor(c->l2, id, b->tip)) {
            return b;
        }
    }
    return NULL;
}

const char *ls_stage_branch_of(const struct ls_stage *s, uint32_t id)
{
    const struct ls_chain_branch *b = id != LS_NO_BLOCK ? side_branch(s, id) : NULL;

    return b != NULL ? b->name : NULL;
}

/* The branch that the source is on once its unsafe head is id. */
static void follow_branch(struct ls_stage *s, uint32_t id)
{
    const struct ls_chain_branch *b;

    if (id == LS_NO_BLOCK || ls_universe_is_ancestor(chain_of(s)->l2, id, s->tip)) {
        return;
    }
    b = side_branch(s, id);
    s->tip = b != NULL ? b->tip : chain_of(s)->tip;
}

/* --- what everybody sees --- */

/* The L1 block of id's origin; otherwise when it is not recorded. */
static uint32_t origin_of(const struct ls_stage *s, uint32_t id, uint32_t otherwise)
{
    uint32_t found = LS_NO_BLOCK;

    if (id != LS_NO_BLOCK) {
        found = ls_universe_find(chain_of(s)->l1,
                                 &ls_universe_get(chain_of(s)->l2, id)->ref.l1_origin.hash);
    }
    return found != LS_NO_BLOCK ? found : otherwise;
}

static uint64_t l1_number(const struct ls_stage *s, uint32_t id)
{
    return id != LS_NO_BLOCK ? ls_universe_get(chain_of(s)->l1, id)->ref.number : UINT64_MAX;
}

/* L1 and the engine's peers follow the source's heads. */
static void spread(struct ls_stage *s)
{
    const struct ls_src_heads *h = ls_source_heads(s->mocks.source);

    if (h->head_l1 != LS_NO_BLOCK) {
        ls_l1_set_tip(s->mocks.l1, h->head_l1);
        ls_l1_set_safe(s->mocks.l1, l1_number(s, h->safe_l1));
        ls_l1_set_finalized(s->mocks.l1, l1_number(s, h->finalized_l1));
    }
    ls_engine_set_peer_tip(s->mocks.engine, h->unsafe_l2);
    follow_branch(s, h->unsafe_l2);
}

/* Heads that were set by hand take their L1 along: no head is ahead of the L1. */
static void derive_l1(struct ls_stage *s)
{
    struct ls_src_heads *h = ls_source_heads(s->mocks.source);
    uint32_t head = origin_of(s, h->unsafe_l2, h->head_l1);

    h->current_l1 = origin_of(s, h->safe_l2, h->current_l1);
    h->safe_l1 = h->current_l1;
    h->finalized_l1 = origin_of(s, h->finalized_l2, h->finalized_l1);
    if (h->head_l1 == LS_NO_BLOCK || l1_number(s, head) > l1_number(s, h->head_l1)) {
        h->head_l1 = head;
    }
}

static void show(struct ls_stage *s, uint64_t at_ms)
{
    *ls_source_heads(s->mocks.source) = ls_timeline_heads(&s->timeline, at_ms);
    spread(s);
}

/* --- profiles --- */

static enum ls_err read_profile(const char *text, struct ls_engine_profile *out, const char **block,
                                struct ls_diag *d)
{
    char names[LS_EL_NAMES_MAX];
    const char *param;

    switch (ls_engine_profile_read(text, out, block)) {
    case LS_EL_CHOICE_OK:
        return LS_OK;
    case LS_EL_CHOICE_NO_NAME:
        ls_engine_profile_names(names, sizeof names);
        return ls_fail(d, LS_ERR_USAGE, "no profile \"%.40s\"; there are:%s", text, names);
    case LS_EL_CHOICE_NO_PARAM:
        break;
    }
    param = ls_engine_param_name(out->param);
    return ls_fail(d, LS_ERR_USAGE, "\"%.40s\": profile %s takes %s%s", text, out->name,
                   param == NULL ? "no parameter" : "a colon and ", param == NULL ? "" : param);
}

enum ls_err ls_stage_check_profile(const char *text, struct ls_diag *d)
{
    struct ls_engine_profile p;
    const char *block;

    return read_profile(text, &p, &block, d);
}

enum ls_err ls_stage_find_profile(const struct ls_stage *s, const char *text,
                                  struct ls_stage_profile *out, struct ls_diag *d)
{
    const char *block;
    uint64_t number;
    enum ls_err e = read_profile(text, &out->profile, &block, d);

    out->condemned = LS_NO_BLOCK;
    if (e != LS_OK || block == NULL) {
        return e;
    }
    e = ls_parse_dec(block, strlen(block), &number) == LS_OK
            ? ls_stage_at(s, number, &out->condemned, d)
            : ls_stage_find(s, block, &out->condemned, d);
    if (e == LS_OK && (out->condemned == LS_NO_BLOCK || out->condemned == chain_of(s)->genesis)) {
        return ls_fail(d, LS_ERR_USAGE, "\"%.80s\": no engine executes that", text);
    }
    return e;
}

void ls_stage_condemn(struct ls_stage *s, const struct ls_stage_profile *p)
{
    if (p->condemned != LS_NO_BLOCK) {
        ls_engine_condemn(s->mocks.engine, p->condemned);
    }
}

/* --- life --- */

static enum ls_err seed_engine(struct ls_stage *s, const struct ls_stage_start *start,
                               struct ls_diag *d)
{
    const struct ls_chain *c = chain_of(s);
    uint32_t head = ls_chain_at(c, start->head);
    uint32_t safe = start->has_safe ? ls_chain_at(c, start->safe) : LS_NO_BLOCK;
    uint32_t finalized = start->has_finalized ? ls_chain_at(c, start->finalized) : LS_NO_BLOCK;

    if (!start->is_given) {
        if (ls_universe_get(c->l2, c->first)->is_gap) {
            ls_engine_seed(s->mocks.engine, c->first, c->first, c->first);
        }
        return LS_OK;
    }
    if (head == LS_NO_BLOCK || (start->has_safe && safe == LS_NO_BLOCK) ||
        (start->has_finalized && finalized == LS_NO_BLOCK)) {
        return ls_fail(d, LS_ERR_RANGE,
                       "chain \"%s\" has genesis and blocks %" PRIu64 " to %" PRIu64
                       ": the engine cannot start elsewhere",
                       c->name, number_of(s, c->first), number_of(s, c->tip));
    }
    if ((start->has_safe && start->safe > start->head) ||
        (start->has_finalized && start->finalized > start->head)) {
        return ls_fail(d, LS_ERR_RANGE, "the engine cannot start with a label above its head");
    }
    ls_engine_seed(s->mocks.engine, head, safe, finalized);
    return LS_OK;
}

enum ls_err ls_stage_init(struct ls_stage *s, const struct ls_stage_options *o, struct ls_diag *d)
{
    struct ls_stage_profile profile;
    enum ls_err e;

    *s = (struct ls_stage){
        .timeline = {.chain = o->chain, .lags = o->lags}, .pace = o->pace, .tip = o->chain->tip};
    e = ls_mocks_init(&s->mocks, o->chain, o->trace, ls_engine_profile_find("geth"), d);
    if (e != LS_OK) {
        return e;
    }
    e = seed_engine(s, &o->start, d);
    if (e == LS_OK) {
        show(s, 0); /* a block of the profile may be named by the source's heads */
        e = ls_stage_find_profile(s, o->profile, &profile, d);
    }
    if (e != LS_OK) {
        ls_stage_fini(s);
        return e;
    }
    ls_engine_set_profile(s->mocks.engine, &profile.profile);
    ls_stage_condemn(s, &profile);
    ls_stage_set_peers(s, o->peers);
    return LS_OK;
}

void ls_stage_fini(struct ls_stage *s)
{
    ls_mocks_fini(&s->mocks);
}

void ls_stage_tick(struct ls_stage *s, uint64_t now_ns)
{
    if (s->pace.is_running) {
        show(s, ls_pace_at_ms(&s->pace, now_ns));
    }
    ls_engine_tick(s->mocks.engine);
    ls_source_tick(s->mocks.source);
}

/* --- time --- */

static void stand_still(struct ls_stage *s, uint64_t now_ns)
{
    const struct ls_pace still = {.milli = LS_PACE_REAL};

    ls_pace_change(&s->pace, &still, now_ns);
}

void ls_stage_pace(struct ls_stage *s, const struct ls_pace *how, uint64_t now_ns)
{
    const struct ls_src_heads *h = ls_source_heads(s->mocks.source);
    bool was_running = s->pace.is_running;

    ls_pace_change(&s->pace, how, now_ns);
    if (!was_running && how->is_running && h->unsafe_l2 != LS_NO_BLOCK) {
        uint64_t at_ms = ls_timeline_when(&s->timeline, h->unsafe_l2);
        bool is_there = number_of(s, ls_timeline_heads(&s->timeline, s->pace.at_ms).unsafe_l2) ==
                        number_of(s, h->unsafe_l2);
        if (!is_there) {
            ls_pace_jump(&s->pace, at_ms, now_ns);
        }
    }
}

void ls_stage_skip(struct ls_stage *s, uint64_t ms, uint64_t now_ns)
{
    uint64_t at_ms;

    if (!ls_add_u64(ls_pace_at_ms(&s->pace, now_ns), ms, &at_ms)) {
        at_ms = UINT64_MAX;
    }
    ls_pace_jump(&s->pace, at_ms, now_ns);
    show(s, at_ms);
}

/* --- by hand --- */

/* n blocks further up the source's branch, to *out; false past its end or from nowhere. */
static bool ahead(const struct ls_stage *s, uint32_t id, uint64_t n, uint32_t *out)
{
    uint64_t number;

    *out = id;
    if (n == 0) {
        return true;
    }
    if (id == LS_NO_BLOCK || !ls_add_u64(number_of(s, id), n, &number)) {
        return false;
    }
    *out = ls_universe_at(chain_of(s)->l2, s->tip, number);
    return *out != LS_NO_BLOCK;
}

enum ls_err ls_stage_advance(struct ls_stage *s, const struct ls_stage_step *by, uint64_t now_ns,
                             struct ls_diag *d)
{
    struct ls_src_heads *h = ls_source_heads(s->mocks.source);
    struct ls_src_heads to = *h;
    const char *stuck = NULL;

    if (!ahead(s, h->unsafe_l2, by->unsafe_l2, &to.unsafe_l2)) {
        stuck = "unsafe";
    } else if (!ahead(s, h->safe_l2, by->safe, &to.safe_l2)) {
        stuck = "safe";
    } else if (!ahead(s, h->finalized_l2, by->finalized, &to.finalized_l2)) {
        stuck = "finalized";
    }
    if (stuck != NULL) {
        return ls_fail(d, LS_ERR_RANGE,
                       "%s cannot go up that far: it is unset, or the branch ends at %" PRIu64,
                       stuck, number_of(s, s->tip));
    }
    to.local_safe_l2 = by->safe != 0 ? to.safe_l2 : to.local_safe_l2;
    stand_still(s, now_ns);
    *h = to;
    derive_l1(s);
    spread(s);
    return LS_OK;
}

void ls_stage_set(struct ls_stage *s, const struct ls_stage_heads *to, uint64_t now_ns)
{
    struct ls_src_heads *h = ls_source_heads(s->mocks.source);

    stand_still(s, now_ns);
    h->unsafe_l2 = to->unsafe_l2 != NULL ? *to->unsafe_l2 : h->unsafe_l2;
    if (to->safe != NULL) {
        h->safe_l2 = *to->safe;
        h->local_safe_l2 = *to->safe;
    }
    h->local_safe_l2 = to->local_safe != NULL ? *to->local_safe : h->local_safe_l2;
    h->finalized_l2 = to->finalized != NULL ? *to->finalized : h->finalized_l2;
    derive_l1(s);
    spread(s);
}

/* Where a head goes when the source's chain becomes the one of tip. */
static uint32_t moved(const struct ls_stage *s, uint32_t id, uint32_t tip)
{
    uint32_t same_height;

    if (id == LS_NO_BLOCK || ls_universe_is_ancestor(chain_of(s)->l2, id, tip)) {
        return id;
    }
    same_height = ls_universe_at(chain_of(s)->l2, tip, number_of(s, id));
    return same_height != LS_NO_BLOCK ? same_height : tip;
}

static void move_to(struct ls_stage *s, uint32_t tip, uint64_t now_ns)
{
    struct ls_src_heads *h = ls_source_heads(s->mocks.source);

    stand_still(s, now_ns);
    s->tip = tip;
    h->unsafe_l2 = moved(s, h->unsafe_l2, tip);
    h->safe_l2 = moved(s, h->safe_l2, tip);
    h->local_safe_l2 = moved(s, h->local_safe_l2, tip);
    h->finalized_l2 = moved(s, h->finalized_l2, tip);
    derive_l1(s);
    spread(s);
}

/* The fork's length when none is asked for. */
static uint64_t usual_length(const struct ls_stage *s, uint64_t depth)
{
    const struct ls_src_heads *h = ls_source_heads(s->mocks.source);
    uint64_t recorded = number_of(s, s->tip) - number_of(s, h->unsafe_l2);

    return depth + (recorded < REORG_MARGIN ? recorded : REORG_MARGIN);
}

enum ls_err ls_stage_reorg(struct ls_stage *s, const struct ls_stage_fork *fork, uint64_t now_ns,
                           struct ls_diag *d)
{
    const struct ls_src_heads *h = ls_source_heads(s->mocks.source);
    char name[LS_CHAIN_NAME_MAX];
    uint32_t at = LS_NO_BLOCK;
    enum ls_err e;

    if (h->unsafe_l2 != LS_NO_BLOCK && fork->depth <= number_of(s, h->unsafe_l2)) {
        at =
            ls_universe_at(chain_of(s)->l2, h->unsafe_l2, number_of(s, h->unsafe_l2) - fork->depth);
    }
    if (at == LS_NO_BLOCK || fork->depth == 0) {
        return ls_fail(d, LS_ERR_RANGE, "no recorded block is %" PRIu64 " below unsafe, or depth 0",
                       fork->depth);
    }
    uint64_t length = fork->length != 0 ? fork->length : usual_length(s, fork->depth);

    if (fork->name != NULL && strlen(fork->name) >= sizeof name) {
        return ls_fail(d, LS_ERR_LIMIT, "a branch's name has at most %zu bytes", sizeof name - 1);
    }
    if (length > LS_STAGE_FORK_BLOCKS) {
        return ls_fail(d, LS_ERR_LIMIT, "a branch has at most %u blocks", LS_STAGE_FORK_BLOCKS);
    }
    if (fork->name != NULL) {
        (void)snprintf(name, sizeof name, "%s", fork->name);
    } else {
        (void)snprintf(name, sizeof name, "reorg-%u", s->forks + 1);
    }
    e = ls_chain_fork(s->mocks.chain, at, (uint32_t)length,
                      &(struct ls_fork_spec){.name = name,
                                             .seed = s->forks,
                                             .invalid_from = (uint32_t)fork->invalid_from},
                      NULL, d);
    if (e != LS_OK) {
        return e;
    }
    s->forks++;
    move_to(s, ls_chain_branch(chain_of(s), name)->tip, now_ns);
    return LS_OK;
}

enum ls_err ls_stage_switch(struct ls_stage *s, const char *branch, uint64_t now_ns,
                            struct ls_diag *d)
{
    const struct ls_chain *c = chain_of(s);
    const struct ls_chain_branch *b = ls_chain_branch(c, branch);
    char names[256] = "";
    size_t n = 0;

    if (b != NULL) {
        move_to(s, b->tip, now_ns);
        return LS_OK;
    }
    for (size_t i = 0; i < c->branch_count && n < sizeof names; i++) {
        n += (size_t)snprintf(names + n, sizeof names - n, " %s", c->branches[i].name);
    }
    return ls_fail(d, LS_ERR_NOT_FOUND, "no branch \"%.63s\"; there are:%s", branch, names);
}

static enum ls_err find_l1(const struct ls_stage *s, const struct ls_stage_l1 *to, uint32_t *out,
                           struct ls_diag *d)
{
    const struct ls_chain *c = chain_of(s);
    const char *branch = to->branch != NULL ? to->branch : "canonical";

    *out = LS_NO_BLOCK;
    for (size_t i = 0; i < c->l1_branch_count; i++) {
        if (strcmp(c->l1_branches[i].name, branch) == 0) {
            *out = ls_universe_at(c->l1, c->l1_branches[i].tip, to->tip);
        }
    }
    return *out != LS_NO_BLOCK ? LS_OK
                               : ls_fail(d, LS_ERR_NOT_FOUND,
                                         "L1 block %" PRIu64 " of branch \"%.63s\" is not recorded",
                                         to->tip, branch);
}

enum ls_err ls_stage_set_l1(struct ls_stage *s, const struct ls_stage_l1 *to, uint64_t now_ns,
                            struct ls_diag *d)
{
    struct ls_src_heads *h = ls_source_heads(s->mocks.source);
    struct ls_l1 *l1 = s->mocks.l1;
    uint32_t tip = LS_NO_BLOCK;
    enum ls_err e = to->has_tip ? find_l1(s, to, &tip, d) : LS_OK;

    if (e != LS_OK) {
        return e;
    }
    stand_still(s, now_ns);
    if (to->has_tip) {
        ls_l1_set_tip(l1, tip);
    }
    if (to->has_lag) {
        ls_l1_set_lag(l1, to->lag);
    }
    if (to->has_safe) {
        ls_l1_set_safe(l1, to->safe);
    }
    if (to->has_finalized) {
        ls_l1_set_finalized(l1, to->finalized);
    }
    h->head_l1 = ls_l1_by_tag(l1, LS_L1_TAG_LATEST);
    h->safe_l1 = ls_l1_by_tag(l1, LS_L1_TAG_SAFE);
    h->finalized_l1 = ls_l1_by_tag(l1, LS_L1_TAG_FINALIZED);
    return LS_OK;
}

void ls_stage_set_peers(struct ls_stage *s, uint64_t peers)
{
    s->peers = peers;
    ls_engine_set_backfill(s->mocks.engine, (peers + TICKS_PER_S - 1) / TICKS_PER_S);
}

/* --- names of blocks --- */

enum ls_err ls_stage_at(const struct ls_stage *s, uint64_t number, uint32_t *out, struct ls_diag *d)
{
    *out = ls_universe_at(chain_of(s)->l2, s->tip, number);
    return *out != LS_NO_BLOCK
               ? LS_OK
               : ls_fail(d, LS_ERR_NOT_FOUND,
                         "block %" PRIu64 " of the source's branch is not recorded", number);
}

static bool named_head(const struct ls_stage *s, const char *name, uint32_t *out)
{
    const struct ls_src_heads *h = ls_source_heads(s->mocks.source);
    const struct {
        const char *name;
        uint32_t id;
    } names[] = {{"genesis", chain_of(s)->genesis}, {"tip", s->tip},
                 {"unsafe", h->unsafe_l2},          {"safe", h->safe_l2},
                 {"finalized", h->finalized_l2},    {"none", LS_NO_BLOCK}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, name) == 0) {
            *out = names[i].id;
            return true;
        }
    }
    return false;
}

/* "BRANCH:NUMBER"; LS_NO_BLOCK: no such thing. */
static uint32_t on_branch(const struct ls_stage *s, const char *name)
{
    const char *colon = strchr(name, ':');
    char branch[LS_CHAIN_NAME_MAX];
    uint64_t number;

    if (colon == NULL || (size_t)(colon - name) >= sizeof branch ||
        ls_parse_dec(colon + 1, strlen(colon + 1), &number) != LS_OK) {
        return LS_NO_BLOCK;
    }
    (void)snprintf(branch, sizeof branch, "%.*s", (int)(colon - name), name);
    const struct ls_chain_branch *b = ls_chain_branch(chain_of(s), branch);

    return b != NULL ? ls_universe_at(chain_of(s)->l2, b->tip, number) : LS_NO_BLOCK;
}

enum ls_err ls_stage_find(const struct ls_stage *s, const char *name, uint32_t *out,
                          struct ls_diag *d)
{
    struct ls_hash hash;

    if (named_head(s, name, out)) {
        return LS_OK;
    }
    *out = ls_hex_fixed(name, strlen(name), hash.b, sizeof hash.b) == LS_OK
               ? ls_universe_find(chain_of(s)->l2, &hash)
               : on_branch(s, name);
    return *out != LS_NO_BLOCK
               ? LS_OK
               : ls_fail(d, LS_ERR_NOT_FOUND,
                         "no block \"%.80s\"; a block is a number on the source's branch, "
                         "\"BRANCH:NUMBER\", a recorded hash, or one of genesis tip unsafe safe "
                         "finalized none",
                         name);
}
