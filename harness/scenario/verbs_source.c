/*
 * Verbs about what the node follows: the source's heads and how they move, the L1, synthetic forks,
 * the recorded label timeline, and names of blocks.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/capture/files.h"
#include "harness/capture/fork.h"
#include "harness/scenario/script.h"
#include "mocks/model/l1.h"
#include "mocks/model/source.h"

#define CATALOGUE_WINDOW 512u /* scenarios 1: positions B+k are meant for this many blocks */

static uint64_t number_of(const struct ls_script *s, uint32_t id)
{
    return ls_universe_get(s->chain->l2, id)->ref.number;
}

/* Makes the source's L1 references say what its L1 says now. */
static void refresh_l1(struct ls_script *s)
{
    struct ls_src_heads *h = ls_source_heads(s->world->source);
    h->head_l1 = ls_l1_by_tag(s->world->l1, LS_L1_TAG_LATEST);
    h->safe_l1 = ls_l1_by_tag(s->world->l1, LS_L1_TAG_SAFE);
    h->finalized_l1 = ls_l1_by_tag(s->world->l1, LS_L1_TAG_FINALIZED);
}

static void trace_heads(struct ls_script *s, const char *verb)
{
    const struct ls_src_heads *h = ls_source_heads(s->world->source);
    char unsafe_l2[96], safe[96], finalized[96];
    ls_block_name(s, h->unsafe_l2, unsafe_l2, sizeof unsafe_l2);
    ls_block_name(s, h->safe_l2, safe, sizeof safe);
    ls_block_name(s, h->finalized_l2, finalized, sizeof finalized);
    ls_verb_trace(s, verb, "unsafe=%s safe=%s finalized=%s", unsafe_l2, safe, finalized);
}

/* Moves safe and finalized (LS_NO_BLOCK: stays); unsafe follows unless it is given. */
static void place(struct ls_script *s, uint32_t unsafe_l2, uint32_t safe, uint32_t finalized)
{
    struct ls_src_heads *h = ls_source_heads(s->world->source);
    safe = safe != LS_NO_BLOCK ? safe : h->safe_l2;
    finalized = finalized != LS_NO_BLOCK ? finalized : h->finalized_l2;
    if (safe != LS_NO_BLOCK) {
        ls_source_follow(s->world->source, safe, finalized);
    } else {
        h->finalized_l2 = finalized;
    }
    if (unsafe_l2 != LS_NO_BLOCK) {
        h->unsafe_l2 = unsafe_l2;
    }
    refresh_l1(s);
}

static void set_mood(lua_State *lua, struct ls_script *s)
{
    static const struct {
        const char *name;
        enum ls_src_mood mood;
    } moods[] = {{"normal", LS_SRC_NORMAL},       {"nulls", LS_SRC_NULLS},
                 {"zeros", LS_SRC_ZEROS},         {"genesis", LS_SRC_GENESIS},
                 {"only_genesis", LS_SRC_ONLY_G}, {"only_finalized", LS_SRC_ONLY_F},
                 {"garbage", LS_SRC_GARBAGE}};
    if (lua_getfield(lua, 2, "mood") != LUA_TNIL) {
        const char *name = lua_type(lua, -1) == LUA_TSTRING ? lua_tostring(lua, -1) : "";
        uint64_t answers = ls_args_field_count(lua, 2, "answers", UINT64_MAX);
        size_t i = 0;
        while (i < sizeof moods / sizeof moods[0] && strcmp(moods[i].name, name) != 0) {
            i++;
        }
        if (i == sizeof moods / sizeof moods[0]) {
            ls_script_misuse(lua,
                             "source{}: no mood \"%s\"; known: normal nulls zeros genesis "
                             "only_genesis only_finalized garbage",
                             name);
        }
        ls_source_set_mood(s->world->source, moods[i].mood, answers);
    }
    lua_pop(lua, 1);
}

static void set_profile(lua_State *lua, struct ls_script *s)
{
    if (lua_getfield(lua, 2, "profile") != LUA_TNIL) {
        const char *text = lua_type(lua, -1) == LUA_TSTRING ? lua_tostring(lua, -1) : "";
        struct ls_src_profile p;
        if (!ls_source_profile_read(text, &p)) {
            ls_script_misuse(lua, "source{}: no profile \"%s\"; docs/PROFILES.md lists them", text);
        }
        ls_source_set_profile(s->world->source, &p);
    }
    lua_pop(lua, 1);
}

/* A member backends = {lag, {…}, …} of the table at 2 with the members by and seed. */
struct crowd {
    unsigned count; /* 0: not said */
    enum ls_turns_policy policy;
    uint64_t seed;
};

/* Reads it; take gets each element, at the top of the stack. */
static struct crowd read_crowd(lua_State *lua, struct ls_script *s, const char *verb, size_t max,
                               void (*take)(lua_State *, struct ls_script *, size_t, void *),
                               void *ctx)
{
    struct crowd c = {.seed = ls_args_field_count(lua, 2, "seed", 1)};
    lua_getfield(lua, 2, "by");
    lua_getfield(lua, 2, "backends");
    bool is_said = !lua_isnil(lua, -1);
    const char *by = lua_isnil(lua, -2) ? "turn" : luaL_checkstring(lua, -2);
    size_t n = lua_istable(lua, -1) ? (size_t)lua_rawlen(lua, -1) : 0;
    if (!ls_turns_policy_find(by, &c.policy)) {
        ls_script_misuse(lua, "%s: by is \"turn\", \"conn\" or \"chance\"", verb);
    }
    if (is_said && (n == 0 || n > max)) {
        ls_script_misuse(lua, "%s: backends is a list of 1 to %zu lags", verb, max);
    }
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(lua, -1, (lua_Integer)i + 1);
        take(lua, s, i, ctx);
        lua_pop(lua, 1);
    }
    lua_pop(lua, 2);
    c.count = (unsigned)n;
    return c;
}

/* 8, or {lag = 8, fork = BLOCK} */
static void take_source_backend(lua_State *lua, struct ls_script *s, size_t i, void *ctx)
{
    static const char *const keys[] = {"lag", "fork", NULL};
    struct ls_src_backend *b = (struct ls_src_backend *)ctx + i;
    int at = lua_gettop(lua);
    (void)s;
    *b = (struct ls_src_backend){.tip = LS_NO_BLOCK};
    if (!lua_istable(lua, at)) {
        b->lag = ls_args_count(lua, at, "a lag");
        return;
    }
    ls_args_keys(lua, at, "source's backends", keys);
    b->lag = ls_args_field_count(lua, at, "lag", 0);
    b->tip = ls_block_field(lua, at, "fork").id;
}

static void set_backends(lua_State *lua, struct ls_script *s)
{
    struct ls_src_backend all[LS_SRC_VIEWS_MAX];
    struct crowd c = read_crowd(lua, s, "source", LS_SRC_VIEWS_MAX, take_source_backend, all);
    if (c.count > 0) {
        ls_source_balance(s->world->source, all, c.count, c.policy, c.seed);
    }
}

/* The member chain: a fixture beside this one, whose node the port leads to; "own" ends it. */
static void set_chain(lua_State *lua, struct ls_script *s)
{
    char dir[LS_PATH_MAX];
    struct ls_diag d = {""};
    if (lua_getfield(lua, 2, "chain") != LUA_TNIL) {
        const char *name = luaL_checkstring(lua, -1);
        bool is_own = strcmp(name, "own") == 0;
        const char *slash = strrchr(s->chain->dir, '/');
        int above = slash ? (int)(slash - s->chain->dir) + 1 : 0;
        if (name[0] == '\0' || strchr(name, '/') || name[0] == '.') {
            ls_script_misuse(lua, "source: chain is the name of a fixture, or \"own\"");
        }
        int n = snprintf(dir, sizeof dir, "%.*s%s", above, s->chain->dir, name);
        if (n < 0 || (size_t)n >= sizeof dir) {
            ls_script_misuse(lua, "source: the path of chain \"%.40s\" is too long", name);
        }
        ls_script_check(lua, s->world->ops->foreign_source(s->world, is_own ? NULL : dir, &d), &d);
        ls_verb_trace(s, "chain", "%s", name);
    }
    lua_pop(lua, 1);
}

/* w:source{unsafe, safe, finalized, local_safe, profile, mood, answers, backends, by, seed, chain}
 */
static int verb_source(lua_State *lua)
{
    static const char *const keys[] = {"unsafe", "safe",    "finalized", "local_safe",
                                       "mood",   "answers", "backends",  "by",
                                       "seed",   "profile", "chain",     NULL};
    struct ls_script *s = ls_script_self(lua);
    ls_args_keys(lua, 2, "source", keys);
    struct ls_script_block unsafe_l2 = ls_block_field(lua, 2, "unsafe");
    struct ls_script_block safe = ls_block_field(lua, 2, "safe");
    struct ls_script_block finalized = ls_block_field(lua, 2, "finalized");
    struct ls_script_block local_safe = ls_block_field(lua, 2, "local_safe");
    place(s, unsafe_l2.id, safe.id, finalized.id);
    if (local_safe.id != LS_NO_BLOCK) {
        ls_source_heads(s->world->source)->local_safe_l2 = local_safe.id;
    }
    uint32_t tip = unsafe_l2.id != LS_NO_BLOCK ? unsafe_l2.tip : safe.tip;
    s->source_tip = tip != LS_NO_BLOCK ? tip : s->source_tip;
    set_profile(lua, s);
    set_mood(lua, s);
    set_backends(lua, s);
    set_chain(lua, s);
    trace_heads(s, "source");
    return 0;
}

/* w:heads(): the source's unsafe, safe, finalized, local_safe */
static int verb_heads(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    const struct ls_src_heads *h = ls_source_heads(s->world->source);
    lua_newtable(lua);
    ls_block_push(lua, h->unsafe_l2);
    lua_setfield(lua, -2, "unsafe");
    ls_block_push(lua, h->safe_l2);
    lua_setfield(lua, -2, "safe");
    ls_block_push(lua, h->finalized_l2);
    lua_setfield(lua, -2, "finalized");
    ls_block_push(lua, h->local_safe_l2);
    lua_setfield(lua, -2, "local_safe");
    return 1;
}

/* n blocks further up the source's branch; LS_NO_BLOCK past its end or without a start. */
static uint32_t ahead(const struct ls_script *s, uint32_t id, uint64_t n)
{
    return id == LS_NO_BLOCK || n == 0
               ? id
               : ls_universe_at(s->chain->l2, s->source_tip, number_of(s, id) + n);
}

/* w:advance(n): safe, finalized and unsafe by n each, or w:advance{unsafe, safe, finalized} */
static int verb_advance(lua_State *lua)
{
    static const char *const keys[] = {"unsafe", "safe", "finalized", NULL};
    struct ls_script *s = ls_script_self(lua);
    uint64_t up[3];
    if (lua_istable(lua, 2)) {
        ls_args_keys(lua, 2, "advance", keys);
        for (size_t i = 0; i < 3; i++) {
            up[i] = ls_args_field_count(lua, 2, keys[i], 0);
        }
    } else {
        up[0] = up[1] = up[2] = ls_args_count(lua, 2, "advance's blocks");
    }
    const struct ls_src_heads *h = ls_source_heads(s->world->source);
    uint32_t from[3] = {h->unsafe_l2, h->safe_l2, h->finalized_l2};
    uint32_t to[3];
    for (size_t i = 0; i < 3; i++) {
        to[i] = ahead(s, from[i], up[i]);
        if (to[i] == LS_NO_BLOCK) {
            return ls_script_misuse(
                lua, "advance: %s cannot go up by %" PRIu64 ": not set, or the fixture ends",
                keys[i], up[i]);
        }
    }
    place(s, to[0], to[1], to[2]);
    trace_heads(s, "advance");
    return 0;
}

/* w:steady(rate, {distance, feed}): the source moves by itself, rate blocks a tick */
static int verb_steady(lua_State *lua)
{
    static const char *const keys[] = {"distance", "feed", NULL};
    struct ls_script *s = ls_script_self(lua);
    const struct ls_src_heads *h = ls_source_heads(s->world->source);
    struct ls_steady next = {.rate = ls_args_count(lua, 2, "steady's rate"),
                             .distance = UINT64_MAX,
                             .feed_ahead = UINT64_MAX};
    if (h->safe_l2 == LS_NO_BLOCK || h->finalized_l2 == LS_NO_BLOCK) {
        return ls_script_misuse(lua, "steady: give the source its heads first, w:source{…}");
    }
    next.distance = number_of(s, h->safe_l2) - number_of(s, h->finalized_l2);
    if (!lua_isnoneornil(lua, 3)) {
        ls_args_keys(lua, 3, "steady", keys);
        next.distance = ls_args_field_count(lua, 3, "distance", next.distance);
        next.feed_ahead = ls_args_field_count(lua, 3, "feed", UINT64_MAX);
    }
    next.is_feeding = next.feed_ahead != UINT64_MAX;
    next.fed = s->steady.fed > number_of(s, h->safe_l2) ? s->steady.fed : number_of(s, h->safe_l2);
    s->steady = next;
    ls_verb_trace(s, "steady", "rate=%" PRIu64 " distance=%" PRIu64, next.rate, next.distance);
    return 0;
}

/* w:freeze(): the source stands still, no more payloads come by themselves */
static int verb_freeze(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    s->steady.rate = 0;
    s->steady.is_feeding = false;
    ls_verb_trace(s, "freeze", "source stands still");
    return 0;
}

static enum ls_err feed_ahead(struct ls_script *s, uint64_t safe, struct ls_diag *d)
{
    enum ls_err err = LS_OK;
    uint64_t to = safe + s->steady.feed_ahead;
    for (uint64_t n = s->steady.fed + 1; n <= to && err == LS_OK; n++) {
        uint32_t id = ls_universe_at(s->chain->l2, s->source_tip, n);
        if (id == LS_NO_BLOCK) {
            break; /* the window ends */
        }
        err = ls_verb_feed(s, id, d);
        s->steady.fed = n;
    }
    return err;
}

enum ls_err ls_steady_tick(struct ls_script *s, struct ls_diag *d)
{
    if (s->steady.rate == 0 || !s->world->ops->is_running(s->world)) {
        return LS_OK;
    }
    const struct ls_src_heads *h = ls_source_heads(s->world->source);
    uint32_t safe = ahead(s, h->safe_l2, s->steady.rate);
    if (safe == LS_NO_BLOCK) {
        return LS_OK; /* the window ends: the source stands still */
    }
    uint64_t number = number_of(s, safe);
    uint32_t finalized = h->finalized_l2;
    if (s->steady.distance != UINT64_MAX && number > number_of(s, finalized) + s->steady.distance) {
        finalized = ls_universe_at(s->chain->l2, safe, number - s->steady.distance);
    }
    uint32_t top = s->steady.is_feeding ? ahead(s, safe, s->steady.feed_ahead) : LS_NO_BLOCK;
    place(s, top, safe, finalized);
    trace_heads(s, "steady");
    return s->steady.is_feeding ? feed_ahead(s, number, d) : LS_OK;
}

/* w:fork(name, at, n, {field, invalid_from}): a synthetic fork; gives its tip */
static int verb_fork(lua_State *lua)
{
    static const char *const keys[] = {"field", "invalid_from", NULL};
    struct ls_script *s = ls_script_self(lua);
    const char *name = lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : "";
    if (*name == '\0' || strpbrk(name, "@+ ")) {
        return ls_script_misuse(lua, "fork: \"%s\" is no name; take one such as \"x\"", name);
    }
    struct ls_script_block at = ls_block_get(lua, 3, "fork's place");
    uint64_t n = ls_args_count(lua, 4, "fork's length");
    struct ls_fork_spec spec = {.name = name, .seed = s->o->seed};
    struct ls_diag d = {0};
    if (!lua_isnoneornil(lua, 5)) {
        ls_args_keys(lua, 5, "fork", keys);
        spec.invalid_from = (uint32_t)ls_args_field_count(lua, 5, "invalid_from", 0);
        if (lua_getfield(lua, 5, "field") == LUA_TSTRING) {
            ls_script_check(lua, ls_fork_field_parse(lua_tostring(lua, -1), &spec.field), &d);
        }
        lua_pop(lua, 1);
    }
    if (n == 0 || n > UINT32_MAX) {
        return ls_script_misuse(lua, "fork: its length must be 1 or more");
    }
    ls_script_check(lua, ls_chain_fork(s->chain, at.id, (uint32_t)n, &spec, NULL, &d), &d);
    const struct ls_chain_branch *b = ls_chain_branch(s->chain, name);
    char text[96];
    ls_block_name(s, b->tip, text, sizeof text);
    ls_verb_trace(s, "fork", "%s", text);
    ls_block_push(lua, b->tip);
    return 1;
}

/* --- L1 --- */

/* The tip of that branch (NULL: canonical). */
static uint32_t l1_branch(lua_State *lua, const struct ls_script *s, const char *branch)
{
    for (size_t i = 0; branch && i < s->chain->l1_branch_count; i++) {
        if (strcmp(s->chain->l1_branches[i].name, branch) == 0) {
            return s->chain->l1_branches[i].tip;
        }
    }
    if (branch) {
        ls_script_misuse(lua, "l1{}: fixture \"%s\" has no L1 branch \"%s\"", s->o->fixture,
                         branch);
    }
    return s->chain->l1_tip;
}

/* Where the table at index says a chain ends: members branch and tip (a number). LS_NO_BLOCK: it
 * says neither. */
static uint32_t l1_place(lua_State *lua, const struct ls_script *s, int index)
{
    uint64_t number = ls_args_field_count(lua, index, "tip", UINT64_MAX);
    const char *branch =
        lua_getfield(lua, index, "branch") == LUA_TSTRING ? lua_tostring(lua, -1) : NULL;
    uint32_t id = LS_NO_BLOCK;
    if (branch || number != UINT64_MAX) {
        uint32_t tip = l1_branch(lua, s, branch);
        id = number == UINT64_MAX ? tip : ls_universe_at(s->chain->l1, tip, number);
        if (id == LS_NO_BLOCK) {
            ls_script_misuse(lua,
                             "l1{}: fixture \"%s\" has no L1 block %" PRIu64 " on branch \"%s\"",
                             s->o->fixture, number, branch ? branch : "canonical");
        }
    }
    lua_pop(lua, 1);
    return id;
}

/* 3, or {lag = 3, branch = "orphan-878", tip = 880} */
static void take_l1_backend(lua_State *lua, struct ls_script *s, size_t i, void *ctx)
{
    static const char *const keys[] = {"lag", "branch", "tip", NULL};
    struct ls_l1_node *n = (struct ls_l1_node *)ctx + i;
    int at = lua_gettop(lua);
    *n = (struct ls_l1_node){.tip = LS_NO_BLOCK};
    if (!lua_istable(lua, at)) {
        n->lag = ls_args_count(lua, at, "a lag");
        return;
    }
    ls_args_keys(lua, at, "l1's backends", keys);
    n->lag = ls_args_field_count(lua, at, "lag", 0);
    n->tip = l1_place(lua, s, at);
}

static void set_l1_backends(lua_State *lua, struct ls_script *s)
{
    struct ls_l1_node all[LS_L1_NODES_MAX];
    struct crowd c = read_crowd(lua, s, "l1", LS_L1_NODES_MAX, take_l1_backend, all);
    if (c.count > 0) {
        ls_l1_balance(s->world->l1, all, c.count, c.policy, c.seed);
    }
}

/* w:l1{tip, branch, lag, safe, finalized, chain_id, backends, by, seed}: numbers */
static int verb_l1(lua_State *lua)
{
    static const char *const keys[] = {"tip",      "branch",   "lag", "safe", "finalized",
                                       "chain_id", "backends", "by",  "seed", NULL};
    struct ls_script *s = ls_script_self(lua);
    struct ls_l1 *l1 = s->world->l1;
    ls_args_keys(lua, 2, "l1", keys);
    uint32_t tip = l1_place(lua, s, 2);
    if (tip != LS_NO_BLOCK) {
        ls_l1_set_tip(l1, tip);
    }
    if (lua_getfield(lua, 2, "lag") != LUA_TNIL) {
        ls_l1_set_lag(l1, ls_args_field_count(lua, 2, "lag", 0));
    }
    lua_pop(lua, 1);
    uint64_t safe = ls_args_field_count(lua, 2, "safe", UINT64_MAX);
    uint64_t finalized = ls_args_field_count(lua, 2, "finalized", UINT64_MAX);
    if (safe != UINT64_MAX) {
        ls_l1_set_safe(l1, safe);
    }
    if (finalized != UINT64_MAX) {
        ls_l1_set_finalized(l1, finalized);
    }
    uint64_t chain_id = ls_args_field_count(lua, 2, "chain_id", UINT64_MAX);
    if (chain_id != UINT64_MAX) {
        ls_l1_set_chain_id(l1, chain_id);
    }
    set_l1_backends(lua, s);
    refresh_l1(s);
    ls_verb_trace(s, "l1", "tip=%" PRIu64,
                  ls_l1_tip(l1) == LS_NO_BLOCK
                      ? 0
                      : ls_universe_get(s->chain->l1, ls_l1_tip(l1))->ref.number);
    return 0;
}

/* --- the recorded timeline --- */

static void moment_field(lua_State *lua, const char *key, const struct ls_hash *hash)
{
    ls_block_push_hash(lua, hash);
    lua_setfield(lua, -2, key);
}

/* w:moments(): the recorded label timeline, a list of {at_ms, unsafe, safe, …} */
static int verb_moments(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    if (s->chain->timeline_count == 0) {
        return ls_script_misuse(lua, "moments: fixture \"%s\" has no label timeline",
                                s->o->fixture);
    }
    lua_createtable(lua, (int)s->chain->timeline_count, 0);
    for (size_t i = 0; i < s->chain->timeline_count; i++) {
        const struct ls_chain_label *row = &s->chain->timeline[i];
        lua_newtable(lua);
        lua_pushinteger(lua, (lua_Integer)row->at_ms);
        lua_setfield(lua, -2, "at_ms");
        lua_pushinteger(lua, (lua_Integer)row->status.head_l1.number);
        lua_setfield(lua, -2, "head_l1");
        lua_pushinteger(lua, (lua_Integer)row->status.current_l1.number);
        lua_setfield(lua, -2, "current_l1");
        moment_field(lua, "unsafe", &row->status.unsafe_l2.hash);
        moment_field(lua, "safe", &row->status.safe_l2.hash);
        moment_field(lua, "local_safe", &row->status.local_safe_l2.hash);
        moment_field(lua, "finalized", &row->status.finalized_l2.hash);
        lua_rawseti(lua, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* w:moment(i): source and L1 are as they were in row i of the timeline */
static int verb_moment(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    uint64_t i = ls_args_count(lua, 2, "moment's row");
    if (i < 1 || i > s->chain->timeline_count) {
        return ls_script_misuse(lua, "moment: the timeline of \"%s\" has rows 1 to %zu",
                                s->o->fixture, s->chain->timeline_count);
    }
    const struct ls_sync_status *st = &s->chain->timeline[i - 1].status;
    const struct ls_universe *l2 = s->chain->l2;
    const struct ls_universe *l1 = s->chain->l1;
    struct ls_src_heads *h = ls_source_heads(s->world->source);
    *h = (struct ls_src_heads){.unsafe_l2 = ls_universe_find(l2, &st->unsafe_l2.hash),
                               .local_safe_l2 = ls_universe_find(l2, &st->local_safe_l2.hash),
                               .safe_l2 = ls_universe_find(l2, &st->safe_l2.hash),
                               .finalized_l2 = ls_universe_find(l2, &st->finalized_l2.hash),
                               .current_l1 = ls_universe_find(l1, &st->current_l1.hash),
                               .head_l1 = ls_universe_find(l1, &st->head_l1.hash),
                               .safe_l1 = ls_universe_find(l1, &st->safe_l1.hash),
                               .finalized_l1 = ls_universe_find(l1, &st->finalized_l1.hash)};
    if (h->head_l1 != LS_NO_BLOCK) {
        ls_l1_set_tip(s->world->l1, h->head_l1);
        ls_l1_set_safe(s->world->l1, st->safe_l1.number);
        ls_l1_set_finalized(s->world->l1, st->finalized_l1.number);
    }
    trace_heads(s, "moment");
    return 0;
}

/* --- names --- */

/* w:block(name) */
static int verb_block(lua_State *lua)
{
    ls_script_self(lua);
    struct ls_script_block b = ls_block_get(lua, 2, "block's name");
    ls_block_push(lua, b.id);
    return 1;
}

/* w:at(k): B+k, scaled to the window when it is shorter than the catalogue's 512 blocks */
static int verb_at(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    uint64_t k = ls_args_count(lua, 2, "at's position");
    uint64_t first = number_of(s, s->chain->first);
    uint64_t length = number_of(s, s->chain->tip) - first + 1;
    if (k >= CATALOGUE_WINDOW) {
        return ls_script_misuse(lua, "at: positions go from 0 to %u", CATALOGUE_WINDOW - 1);
    }
    if (length < CATALOGUE_WINDOW) {
        k = k * length / CATALOGUE_WINDOW;
    }
    ls_block_push(lua, ls_chain_at(s->chain, first + k));
    return 1;
}

const luaL_Reg ls_verbs_source[] = {
    {"source", verb_source}, {"heads", verb_heads},     {"advance", verb_advance},
    {"steady", verb_steady}, {"freeze", verb_freeze},   {"fork", verb_fork},
    {"l1", verb_l1},         {"moments", verb_moments}, {"moment", verb_moment},
    {"block", verb_block},   {"at", verb_at},           {NULL, NULL}};
