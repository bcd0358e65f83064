/*
 * Acts are rows of a table: how the trouble strikes, how the engine shows that it did, from when on
 * the node can mend it. All bounds are ticks from that moment.
 */
#include "harness/demo/story.h"

#include "harness/capture/fork.h"
#include "mocks/model/engine.h"
#include "mocks/model/source.h"

#define START_SAFE 60u       /* blocks of the window that are safe at the start */
#define FINALIZED_BEHIND 24u /* blocks finalized is behind safe */
#define GOSSIP_AHEAD 8u      /* blocks gossip is ahead of a fresh safe head */
#define BATCH 4u             /* blocks a batch makes safe */
#define BACKFILL 8u          /* blocks a tick the engine obtains from its peers */
#define DOWN_TICKS 4u        /* the engine's port stays closed after the wipe */
#define FROZEN_TICKS_MAX 8u  /* for the labels to become equal once the source rests */
#define HIT_TICKS_MAX 30u    /* for a trouble to show */

struct act {
    void (*announce)(struct ls_story *s);
    enum ls_err (*strike)(struct ls_story *s, struct ls_diag *d);
    bool (*is_hit)(const struct ls_story *s);
    bool (*is_open)(const struct ls_story *s);
    enum ls_err (*open)(struct ls_story *s, struct ls_diag *d);
    uint64_t ticks_max; /* to mend it */
    uint64_t calm;      /* ticks to look at the result */
};

static uint64_t number_of(const struct ls_story *s, uint32_t id)
{
    return ls_universe_get(s->chain->l2, id)->ref.number;
}

static uint32_t label(const struct ls_story *s, enum ls_label which)
{
    return ls_engine_label(s->world->engine, which);
}

static void tell(struct ls_story *s, enum ls_demo_mood mood, const char *text)
{
    ls_demo_tell(s->view, mood, "harness", "%s", text);
}

/* --- the trouble --- */

static bool is_at_genesis(const struct ls_story *s)
{
    return label(s, LS_LABEL_LATEST) == s->chain->genesis;
}

static bool is_on_fork(const struct ls_story *s)
{
    return s->fork_fed > 0 &&
           ls_universe_is_ancestor(s->chain->l2, s->fork[0], label(s, LS_LABEL_LATEST));
}

static void announce_empty(struct ls_story *s)
{
    tell(s, LS_DEMO_PLAIN, "lightcl starts beside an engine that has nothing but genesis");
}

static enum ls_err strike_empty(struct ls_story *s, struct ls_diag *d)
{
    (void)d;
    ls_engine_set_backfill(s->world->engine, BACKFILL);
    return LS_OK;
}

static void announce_fork(struct ls_story *s)
{
    tell(s, LS_DEMO_BAD, "gossip turns to a fork; the source stays on the recorded chain");
}

/* The sequencer's blocks above the newest gossiped one are replaced by a synthetic branch. */
static enum ls_err strike_fork(struct ls_story *s, struct ls_diag *d)
{
    struct ls_fork_spec spec = {.name = "demo", .seed = 1};

    s->is_forked = true;
    s->fork_number = s->fed + 1;
    return ls_chain_fork(s->chain, ls_chain_at(s->chain, s->fed), LS_STORY_FORK_BLOCKS, &spec,
                         s->fork, d);
}

/* Only a safe head on the other branch contradicts the fork. */
static bool is_fork_contradicted(const struct ls_story *s)
{
    return s->safe >= s->fork_number;
}

static enum ls_err end_fork(struct ls_story *s, struct ls_diag *d)
{
    (void)d;
    s->is_forked = false;
    s->fed = s->safe;
    tell(s, LS_DEMO_PLAIN, "the source's safe head now contradicts the fork");
    return LS_OK;
}

static void announce_wipe(struct ls_story *s)
{
    tell(s, LS_DEMO_BAD, "the engine dies and comes back with an empty database");
}

static enum ls_err strike_wipe(struct ls_story *s, struct ls_diag *d)
{
    ls_engine_wipe(s->world->engine);
    return s->world->ops->port(s->world, LS_EP_ENGINE, false, d);
}

static bool is_down_long_enough(const struct ls_story *s)
{
    return s->world->ops->now(s->world) >= s->phase_tick + DOWN_TICKS;
}

static enum ls_err end_wipe(struct ls_story *s, struct ls_diag *d)
{
    tell(s, LS_DEMO_PLAIN, "the engine answers again, at genesis");
    return s->world->ops->port(s->world, LS_EP_ENGINE, true, d);
}

static bool is_now(const struct ls_story *s)
{
    (void)s;
    return true;
}

static enum ls_err nothing(struct ls_story *s, struct ls_diag *d)
{
    (void)s;
    (void)d;
    return LS_OK;
}

static const struct act *act_of(enum ls_demo_act a)
{
    static const struct act acts[LS_DEMO_ACT_COUNT] = {
        [LS_DEMO_EMPTY] = {announce_empty, strike_empty, is_at_genesis, is_now, nothing, 40, 22},
        [LS_DEMO_FORK] = {announce_fork, strike_fork, is_on_fork, is_fork_contradicted, end_fork,
                          12, 20},
        [LS_DEMO_WIPE] = {announce_wipe, strike_wipe, is_at_genesis, is_down_long_enough, end_wipe,
                          60, 16},
    };
    return &acts[a];
}

/* --- the source and the gossip --- */

static void set_source(struct ls_story *s)
{
    uint32_t safe = ls_chain_at(s->chain, s->safe);
    uint32_t finalized = ls_chain_at(s->chain, s->finalized);

    ls_source_follow(s->world->source, safe, finalized);
    ls_source_heads(s->world->source)->unsafe_l2 = ls_chain_at(s->chain, s->made);
}

static struct ls_story_pair source_pair(const struct ls_story *s)
{
    return (struct ls_story_pair){ls_chain_at(s->chain, s->safe),
                                  ls_chain_at(s->chain, s->finalized)};
}

/* A tick on the recorded chain: the sequencer makes a block, and every few blocks a batch makes the
 * source's safe and finalized jump after it. */
static void advance_source(struct ls_story *s)
{
    for (unsigned i = LS_STORY_MEMORY - 1; i > 0; i--) {
        s->past[i] = s->past[i - 1];
    }
    s->past[0] = source_pair(s);
    if (s->phase == LS_STORY_FROZEN || s->made == number_of(s, s->chain->tip)) {
        return;
    }
    s->made++;
    if (s->made % BATCH == 0) {
        s->safe = s->made - GOSSIP_AHEAD;
        s->finalized = s->safe - FINALIZED_BEHIND;
    }
    set_source(s);
}

static enum ls_err gossip(struct ls_story *s, struct ls_diag *d)
{
    struct ls_world *w = s->world;

    if (s->is_forked) {
        if (s->fork_fed < LS_STORY_FORK_BLOCKS) {
            return w->ops->feed(w, s->fork[s->fork_fed++], d);
        }
        return LS_OK;
    }
    while (s->fed < s->made) {
        enum ls_err e = w->ops->feed(w, ls_chain_at(s->chain, s->fed + 1), d);
        if (e) {
            return e;
        }
        s->fed++;
    }
    return LS_OK;
}

/* --- the verdict --- */

/* The engine's head is on the recorded chain, at its safe label or above. */
static bool is_head_right(const struct ls_story *s)
{
    uint32_t head = label(s, LS_LABEL_LATEST);

    return ls_universe_is_ancestor(s->chain->l2, head, s->chain->tip) &&
           ls_universe_is_ancestor(s->chain->l2, label(s, LS_LABEL_SAFE), head);
}

bool ls_story_labels_equal(const struct ls_story *s)
{
    struct ls_story_pair p = source_pair(s);

    return label(s, LS_LABEL_SAFE) == p.safe && label(s, LS_LABEL_FINALIZED) == p.finalized &&
           is_head_right(s);
}

/* The labels are one pair the source had within the last ticks, under the engine's head. */
static bool is_following(const struct ls_story *s)
{
    uint32_t safe = label(s, LS_LABEL_SAFE);
    uint32_t finalized = label(s, LS_LABEL_FINALIZED);

    if (!is_head_right(s)) {
        return false;
    }
    for (unsigned i = 0; i < LS_STORY_MEMORY; i++) {
        if (s->past[i].safe == safe && s->past[i].finalized == finalized) {
            return true;
        }
    }
    return false;
}

static void enter(struct ls_story *s, enum ls_story_phase phase)
{
    s->phase = phase;
    s->phase_tick = s->world->ops->now(s->world);
}

static enum ls_err begin_act(struct ls_story *s, enum ls_demo_act a, struct ls_diag *d)
{
    enum ls_err e;

    s->act = a;
    s->view->acts[a].state = LS_DEMO_RUNNING;
    enter(s, LS_STORY_STRUCK);
    act_of(a)->announce(s);
    e = act_of(a)->strike(s, d);
    /* What strikes the engine itself shows at once, and perhaps not for long. */
    if (!e && act_of(a)->is_hit(s)) {
        s->phase = LS_STORY_HIT;
    }
    return e;
}

static void fail(struct ls_story *s, const char *why)
{
    s->view->acts[s->act].state = LS_DEMO_FAILED;
    tell(s, LS_DEMO_BAD, why);
    enter(s, LS_STORY_FAILED);
}

static enum ls_err mended(struct ls_story *s, uint64_t ticks)
{
    s->view->acts[s->act].state = LS_DEMO_PASSED;
    s->view->acts[s->act].ticks = ticks;
    ls_demo_tell(s->view, LS_DEMO_GOOD, "harness",
                 "the engine's labels are the source's again, after %llu %s",
                 (unsigned long long)ticks, ticks == 1 ? "tick" : "ticks");
    enter(s, LS_STORY_AFTER);
    return LS_OK;
}

static enum ls_err next_act(struct ls_story *s, struct ls_diag *d)
{
    if (s->act + 1 < LS_DEMO_ACT_COUNT) {
        return begin_act(s, (enum ls_demo_act)(s->act + 1), d);
    }
    tell(s, LS_DEMO_PLAIN, "the source rests; its labels and the engine's must become equal");
    enter(s, LS_STORY_FROZEN);
    return LS_OK;
}

static enum ls_err judge(struct ls_story *s, struct ls_diag *d)
{
    const struct act *act = act_of(s->act);
    uint64_t ticks = s->world->ops->now(s->world) - s->phase_tick;

    switch (s->phase) {
    case LS_STORY_STRUCK:
        if (act->is_hit(s)) {
            s->phase = LS_STORY_HIT; /* the phase's clock runs on: it started with the strike */
        } else if (ticks > HIT_TICKS_MAX) {
            fail(s, "the trouble did not reach the engine: nothing was tested");
        }
        return LS_OK;
    case LS_STORY_HIT:
        if (act->is_open(s)) {
            enter(s, LS_STORY_OPEN);
            return act->open(s, d);
        }
        return LS_OK;
    case LS_STORY_OPEN:
        if (is_following(s)) {
            return mended(s, ticks);
        }
        if (ticks > act->ticks_max) {
            fail(s, "the engine's labels do not come back to the source's");
        }
        return LS_OK;
    case LS_STORY_AFTER:
        return ticks >= act->calm ? next_act(s, d) : LS_OK;
    case LS_STORY_FROZEN:
        if (ls_story_labels_equal(s)) {
            enter(s, LS_STORY_PASSED);
        } else if (ticks > FROZEN_TICKS_MAX) {
            fail(s, "the source rests, and the engine's labels are not its");
        }
        return LS_OK;
    case LS_STORY_PASSED:
    case LS_STORY_FAILED:
        return LS_OK;
    }
    return LS_OK;
}

/* --- what is shown --- */

static int32_t height_of(const struct ls_story *s, uint32_t id)
{
    uint64_t number;

    if (id == LS_NO_BLOCK) {
        return -1;
    }
    number = number_of(s, id);
    return number <= s->view->base ? 0 : (int32_t)(number - s->view->base);
}

static void take_sample(struct ls_story *s)
{
    struct ls_demo_sample sample = {.is_forked = is_on_fork(s)};

    sample.height[LS_DEMO_SOURCE_SAFE] = height_of(s, ls_chain_at(s->chain, s->safe));
    sample.height[LS_DEMO_SOURCE_FINALIZED] = height_of(s, ls_chain_at(s->chain, s->finalized));
    sample.height[LS_DEMO_EL_UNSAFE] = height_of(s, label(s, LS_LABEL_LATEST));
    sample.height[LS_DEMO_EL_SAFE] = height_of(s, label(s, LS_LABEL_SAFE));
    sample.height[LS_DEMO_EL_FINALIZED] = height_of(s, label(s, LS_LABEL_FINALIZED));
    ls_demo_sample_add(s->view, &sample);
}

enum ls_err ls_story_init(struct ls_story *s, struct ls_world *world, struct ls_chain *chain,
                          struct ls_demo_view *view, struct ls_diag *d)
{
    uint64_t first;

    *s = (struct ls_story){.world = world, .chain = chain, .view = view};
    if (chain->genesis == LS_NO_BLOCK) {
        return ls_fail(d, LS_ERR_RANGE, "fixture \"%s\" has no genesis block: the demo needs one",
                       chain->name);
    }
    first = number_of(s, chain->first);
    if (number_of(s, chain->tip) - first < LS_STORY_BLOCKS_MIN) {
        return ls_fail(d, LS_ERR_RANGE,
                       "fixture \"%s\" has fewer than the %u blocks the demo needs", chain->name,
                       LS_STORY_BLOCKS_MIN);
    }
    view->base = chain->first == chain->genesis ? first : first - 1;
    s->safe = first + START_SAFE;
    s->finalized = s->safe - FINALIZED_BEHIND;
    s->made = s->safe + GOSSIP_AHEAD;
    s->fed = s->safe;
    set_source(s);
    for (unsigned i = 0; i < LS_STORY_MEMORY; i++) {
        s->past[i] = source_pair(s);
    }
    return begin_act(s, LS_DEMO_EMPTY, d);
}

enum ls_err ls_story_tick(struct ls_story *s, struct ls_diag *d)
{
    enum ls_err e = judge(s, d);

    if (!e && s->phase != LS_STORY_PASSED && s->phase != LS_STORY_FAILED) {
        advance_source(s);
        e = gossip(s, d);
    }
    take_sample(s);
    return e;
}
