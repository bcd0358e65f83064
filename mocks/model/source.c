#include "mocks/model/source.h"

#include <assert.h>
#include <string.h>

struct ls_source {
    const struct ls_universe *l2;
    const struct ls_universe *l1;
    uint32_t genesis;
    enum ls_src_flavour flavour;
    enum ls_src_shape shape;
    struct ls_src_heads views[LS_SRC_VIEWS_MAX];
    struct ls_src_heads frozen[LS_SRC_VIEWS_MAX];
    bool is_frozen;
    struct ls_turns turns; /* of the views */
    bool is_following;     /* the views are view 0 as the backends see it */
    struct ls_src_backend backends[LS_SRC_VIEWS_MAX];
    enum ls_src_mood mood;
    uint64_t mood_left;
    const struct ls_src_moment *moments;
    size_t moment_count;
    size_t moment;
    size_t frozen_moment;
    struct ls_src_profile profile; /* its movements count here */
    uint64_t tick;
    uint64_t salt; /* answers so far, mixed */
};

size_t ls_source_size(void)
{
    return (sizeof(struct ls_source) + 15u) / 16u * 16u;
}

struct ls_source *ls_source_init(void *mem, const struct ls_universe *l2, uint32_t genesis,
                                 const struct ls_universe *l1, enum ls_src_flavour flavour)
{
    struct ls_source *s = mem;
    memset(s, 0, sizeof *s);
    s->l2 = l2;
    s->l1 = l1;
    s->genesis = genesis;
    s->flavour = flavour;
    s->turns.count = 1;
    s->views[0] = (struct ls_src_heads){.unsafe_l2 = genesis,
                                        .local_safe_l2 = LS_NO_BLOCK,
                                        .safe_l2 = LS_NO_BLOCK,
                                        .finalized_l2 = LS_NO_BLOCK,
                                        .current_l1 = LS_NO_BLOCK,
                                        .head_l1 = LS_NO_BLOCK,
                                        .safe_l1 = LS_NO_BLOCK,
                                        .finalized_l1 = LS_NO_BLOCK};
    return s;
}

enum ls_src_flavour ls_source_flavour(const struct ls_source *s)
{
    return s->flavour;
}

void ls_source_set_flavour(struct ls_source *s, enum ls_src_flavour flavour)
{
    s->flavour = flavour;
}

void ls_source_set_shape(struct ls_source *s, enum ls_src_shape shape)
{
    s->shape = shape;
}

enum ls_src_shape ls_source_shape(const struct ls_source *s)
{
    return s->shape;
}

struct ls_src_heads *ls_source_heads(struct ls_source *s)
{
    return &s->views[0];
}

void ls_source_follow(struct ls_source *s, uint32_t safe, uint32_t finalized)
{
    struct ls_src_heads *h = &s->views[0];
    h->safe_l2 = safe;
    h->local_safe_l2 = safe;
    h->finalized_l2 = finalized;
    if (safe == LS_NO_BLOCK) {
        return;
    }
    if (!ls_universe_is_ancestor(s->l2, safe, h->unsafe_l2)) {
        h->unsafe_l2 = safe;
    }
    if (s->l1 != NULL) {
        uint32_t origin =
            ls_universe_find(s->l1, &ls_universe_get(s->l2, safe)->ref.l1_origin.hash);
        h->current_l1 = origin != LS_NO_BLOCK ? origin : h->current_l1;
    }
}

void ls_source_freeze(struct ls_source *s, bool is_frozen)
{
    if (is_frozen && !s->is_frozen) {
        memcpy(s->frozen, s->views, sizeof s->frozen);
        s->frozen_moment = s->moment;
    }
    s->is_frozen = is_frozen;
}

void ls_source_set_mood(struct ls_source *s, enum ls_src_mood mood, uint64_t answers)
{
    s->mood = answers == 0 ? LS_SRC_NORMAL : mood;
    s->mood_left = answers;
}

void ls_source_set_profile(struct ls_source *s, const struct ls_src_profile *p)
{
    s->profile = *p;
    s->tick = 0;
    s->shape = p->shape;
    ls_source_set_mood(s, p->mood, p->mood == LS_SRC_NORMAL ? UINT64_MAX : p->answers);
    ls_source_freeze(s, p->is_frozen);
}

void ls_source_tick(struct ls_source *s)
{
    s->tick++;
}

void ls_source_set_views(struct ls_source *s, unsigned count, enum ls_turns_policy policy,
                         uint64_t seed)
{
    assert(count >= 1 && count <= LS_SRC_VIEWS_MAX);
    for (unsigned i = s->turns.count; i < count; i++) {
        s->views[i] = s->views[0];
        s->frozen[i] = s->frozen[0];
    }
    s->is_following = false;
    s->turns = (struct ls_turns){.count = count, .policy = policy, .random = seed};
}

void ls_source_balance(struct ls_source *s, const struct ls_src_backend *backends, unsigned count,
                       enum ls_turns_policy policy, uint64_t seed)
{
    ls_source_set_views(s, count, policy, seed);
    memcpy(s->backends, backends, count * sizeof backends[0]);
    s->is_following = true;
}

struct ls_src_heads *ls_source_view(struct ls_source *s, unsigned i)
{
    assert(i < s->turns.count);
    return &s->views[i];
}

void ls_source_play(struct ls_source *s, const struct ls_src_moment *moments, size_t count)
{
    s->moments = count == 0 ? NULL : moments;
    s->moment_count = count;
    s->moment = 0;
}

void ls_source_seek(struct ls_source *s, uint64_t at_ms)
{
    size_t i = 0;
    while (i + 1 < s->moment_count && s->moments[i + 1].at_ms <= at_ms) {
        i++;
    }
    s->moment = i;
}

void ls_source_step(struct ls_source *s, size_t i)
{
    s->moment = s->moment_count == 0 || i < s->moment_count ? i : s->moment_count - 1;
}

/* --- answers --- */

/* How many blocks safe is lower than its heads say. */
static uint64_t drop_of(const struct ls_source *s)
{
    const struct ls_src_profile *p = &s->profile;
    uint64_t saw = 0;
    if (p->saw_depth != 0) {
        uint64_t at = s->tick % p->saw_period;
        saw = p->saw_depth - p->saw_depth * at / p->saw_period;
    }
    return p->regress + saw;
}

/* The block n lower on id's chain; id where that is not there. */
static uint32_t lower(const struct ls_source *s, uint32_t id, uint64_t n)
{
    if (id == LS_NO_BLOCK || ls_universe_get(s->l2, id)->ref.number < n) {
        return id;
    }
    uint32_t to = ls_universe_at(s->l2, id, ls_universe_get(s->l2, id)->ref.number - n);
    return to != LS_NO_BLOCK ? to : id;
}

/* Safe goes back on its own chain, and finalized is not left above it. */
static void fall(const struct ls_source *s, struct ls_src_heads *h)
{
    uint64_t n = drop_of(s);
    if (n == 0) {
        return;
    }
    h->safe_l2 = lower(s, h->safe_l2, n);
    h->local_safe_l2 = lower(s, h->local_safe_l2, n);
    if (h->safe_l2 != LS_NO_BLOCK && !ls_universe_is_ancestor(s->l2, h->finalized_l2, h->safe_l2)) {
        h->finalized_l2 = h->safe_l2;
    }
}

/* The ancestor of a head so many blocks below it, or genesis. */
static uint32_t behind(const struct ls_source *s, uint32_t id, uint64_t blocks)
{
    if (id == LS_NO_BLOCK) {
        return id;
    }
    uint64_t number = ls_universe_get(s->l2, id)->ref.number;
    uint64_t floor = ls_universe_get(s->l2, s->genesis)->ref.number;
    uint64_t depth = number > floor ? number - floor : 0;
    uint32_t found = ls_universe_at(s->l2, id, number - (blocks < depth ? blocks : depth));
    return found != LS_NO_BLOCK ? found : s->genesis; /* not recorded */
}

/* Where a backend has what the source has at id. */
static uint32_t seen_by(const struct ls_source *s, const struct ls_src_backend *b, uint32_t id)
{
    if (id != LS_NO_BLOCK && b->tip != LS_NO_BLOCK) {
        uint64_t number = ls_universe_get(s->l2, id)->ref.number;
        uint32_t at = ls_universe_at(s->l2, b->tip, number);
        id = at != LS_NO_BLOCK ? at : b->tip;
    }
    return behind(s, id, b->lag);
}

static struct ls_src_heads view_heads(const struct ls_source *s, unsigned view)
{
    const struct ls_src_heads *views = s->is_frozen ? s->frozen : s->views;
    struct ls_src_heads h = views[s->is_following ? 0 : view];
    if (s->is_following) {
        const struct ls_src_backend *b = &s->backends[view];
        h.unsafe_l2 = seen_by(s, b, h.unsafe_l2);
        h.local_safe_l2 = seen_by(s, b, h.local_safe_l2);
        h.safe_l2 = seen_by(s, b, h.safe_l2);
        h.finalized_l2 = seen_by(s, b, h.finalized_l2);
    }
    return h;
}

struct ls_src_answer ls_source_answer(struct ls_source *s, uint64_t conn)
{
    struct ls_src_answer a = {.mood = s->mood, .view = ls_turns_next(&s->turns, conn)};
    a.heads = view_heads(s, a.view);
    fall(s, &a.heads);
    a.salt = ls_turns_random(&s->salt);
    if (s->moments != NULL) {
        a.replay = &s->moments[s->is_frozen ? s->frozen_moment : s->moment].status;
    }
    if (s->mood != LS_SRC_NORMAL && s->mood_left != UINT64_MAX && --s->mood_left == 0) {
        s->mood = LS_SRC_NORMAL;
    }
    return a;
}

static struct ls_l2_ref l2_ref(const struct ls_source *s, uint32_t id)
{
    struct ls_l2_ref zero = {0};
    return id == LS_NO_BLOCK ? zero : ls_universe_get(s->l2, id)->ref;
}

static struct ls_l1_ref l1_ref(const struct ls_source *s, uint32_t id)
{
    struct ls_l1_ref r = {0};
    if (id != LS_NO_BLOCK && s->l1 != NULL) {
        const struct ls_l2_ref *b = &ls_universe_get(s->l1, id)->ref;
        r.hash = b->hash;
        r.number = b->number;
        r.parent = b->parent;
        r.timestamp = b->timestamp;
    }
    return r;
}

static void status_of_heads(const struct ls_source *s, const struct ls_src_heads *h,
                            struct ls_sync_status *out)
{
    *out = (struct ls_sync_status){
        .current_l1 = l1_ref(s, h->current_l1),
        .current_l1_finalized = l1_ref(s, h->finalized_l1),
        .head_l1 = l1_ref(s, h->head_l1),
        .safe_l1 = l1_ref(s, h->safe_l1),
        .finalized_l1 = l1_ref(s, h->finalized_l1),
        .unsafe_l2 = l2_ref(s, h->unsafe_l2),
        .safe_l2 = l2_ref(s, h->safe_l2),
        .finalized_l2 = l2_ref(s, h->finalized_l2),
        .pending_safe_l2 = l2_ref(s, h->local_safe_l2),
        .cross_unsafe_l2 = l2_ref(s, h->unsafe_l2),
        .local_safe_l2 = l2_ref(s, h->local_safe_l2),
    };
}

/* What real nodes say right after a restart (transcripts/source-cold). */
static void make_cold(const struct ls_source *s, struct ls_sync_status *st, bool all_genesis)
{
    struct ls_l2_ref genesis = l2_ref(s, s->genesis);
    memset(&st->current_l1, 0, sizeof st->current_l1);
    memset(&st->current_l1_finalized, 0, sizeof st->current_l1_finalized);
    memset(&st->head_l1, 0, sizeof st->head_l1);
    memset(&st->safe_l1, 0, sizeof st->safe_l1);
    memset(&st->finalized_l1, 0, sizeof st->finalized_l1);
    st->safe_l2 = genesis;
    st->local_safe_l2 = genesis;
    st->pending_safe_l2 = genesis;
    st->finalized_l2 = genesis;
    if (all_genesis) {
        st->unsafe_l2 = genesis;
        st->cross_unsafe_l2 = genesis;
    }
}

static struct ls_l2_ref random_ref(uint64_t *salt, uint64_t number)
{
    struct ls_l2_ref r = {.number = number, .timestamp = 1700000000u + 2 * (number % 100000000u)};
    for (size_t i = 0; i < 32; i++) {
        r.hash.b[i] = (uint8_t)ls_turns_random(salt);
        r.parent.b[i] = (uint8_t)ls_turns_random(salt);
        r.l1_origin.hash.b[i] = (uint8_t)ls_turns_random(salt);
    }
    r.l1_origin.number = ls_turns_random(salt) % 100000000u;
    return r;
}

/* In an order that is plausible, so that no simple check gives it away. */
static void make_garbage(struct ls_sync_status *st, uint64_t salt)
{
    uint64_t finalized = ls_turns_random(&salt) % 100000000u;
    uint64_t safe = finalized + ls_turns_random(&salt) % 1000u;
    st->finalized_l2 = random_ref(&salt, finalized);
    st->safe_l2 = random_ref(&salt, safe);
    st->local_safe_l2 = st->safe_l2;
    st->pending_safe_l2 = st->safe_l2;
    st->unsafe_l2 = random_ref(&salt, safe + ls_turns_random(&salt) % 1000u);
    st->cross_unsafe_l2 = st->unsafe_l2;
}

bool ls_source_status(const struct ls_source *s, const struct ls_src_answer *a,
                      struct ls_sync_status *out)
{
    if (a->replay != NULL) {
        *out = *a->replay;
    } else {
        status_of_heads(s, &a->heads, out);
    }
    switch (a->mood) {
    case LS_SRC_NORMAL:
        break;
    case LS_SRC_NULLS:
        return false;
    case LS_SRC_ZEROS:
        memset(out, 0, sizeof *out);
        break;
    case LS_SRC_GENESIS:
        make_cold(s, out, false);
        break;
    case LS_SRC_ONLY_G:
        make_cold(s, out, true);
        break;
    case LS_SRC_ONLY_F:
        memset(&out->current_l1, 0, sizeof out->current_l1);
        out->safe_l2 = out->finalized_l2;
        out->local_safe_l2 = out->finalized_l2;
        out->pending_safe_l2 = out->finalized_l2;
        break;
    case LS_SRC_GARBAGE:
        make_garbage(out, a->salt);
        break;
    }
    return true;
}

/* The three heads an execution layer shows, whatever they come from. */
static uint32_t head_of(const struct ls_source *s, const struct ls_src_answer *a,
                        enum ls_src_tag tag)
{
    const struct ls_sync_status *r = a->replay;
    switch (tag) {
    case LS_SRC_LATEST:
        return r != NULL ? ls_universe_find(s->l2, &r->unsafe_l2.hash) : a->heads.unsafe_l2;
    case LS_SRC_SAFE:
        return r != NULL ? ls_universe_find(s->l2, &r->safe_l2.hash) : a->heads.safe_l2;
    case LS_SRC_FINALIZED:
        return r != NULL ? ls_universe_find(s->l2, &r->finalized_l2.hash) : a->heads.finalized_l2;
    case LS_SRC_EARLIEST:
        return s->genesis;
    }
    return LS_NO_BLOCK;
}

uint32_t ls_source_by_tag(const struct ls_source *s, const struct ls_src_answer *a,
                          enum ls_src_tag tag)
{
    switch (a->mood) {
    case LS_SRC_NORMAL:
        break;
    case LS_SRC_NULLS:
    case LS_SRC_ZEROS:
        return LS_NO_BLOCK;
    case LS_SRC_GENESIS:
        return tag == LS_SRC_LATEST ? head_of(s, a, tag) : s->genesis;
    case LS_SRC_ONLY_G:
        return s->genesis;
    case LS_SRC_ONLY_F:
        return head_of(s, a, tag == LS_SRC_SAFE ? LS_SRC_FINALIZED : tag);
    case LS_SRC_GARBAGE:
        return (uint32_t)((a->salt >> (8 * (unsigned)tag)) % ls_universe_count(s->l2));
    }
    return head_of(s, a, tag);
}

uint32_t ls_source_by_number(const struct ls_source *s, const struct ls_src_answer *a,
                             uint64_t number)
{
    return ls_universe_at(s->l2, ls_source_by_tag(s, a, LS_SRC_LATEST), number);
}

uint32_t ls_source_by_hash(const struct ls_source *s, const struct ls_src_answer *a,
                           const struct ls_hash *hash)
{
    uint32_t id = ls_universe_find(s->l2, hash);
    bool is_ours = ls_universe_is_ancestor(s->l2, id, ls_source_by_tag(s, a, LS_SRC_LATEST));
    return is_ours ? id : LS_NO_BLOCK;
}
