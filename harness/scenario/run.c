#include "harness/scenario/run.h"

#include <stdio.h>
#include <string.h>

#include "harness/scenario/script.h"
#include "mocks/model/engine.h"
#include "mocks/model/l1.h"
#include "mocks/model/source.h"

#define WORLD_TYPE "ls.world"

static const luaL_Reg *const verb_tables[] = {ls_verbs_node, ls_verbs_engine, ls_verbs_source,
                                              ls_verbs_trace, ls_verbs_wait};

const char *ls_scenario_verb(size_t i)
{
    for (size_t t = 0; t < sizeof verb_tables / sizeof verb_tables[0]; t++) {
        for (const luaL_Reg *v = verb_tables[t]; v->name; v++) {
            if (i-- == 0) {
                return v->name;
            }
        }
    }
    return NULL;
}

/* Facts of the run that are no verbs: w.variant, w.length … false when key is none. */
static bool push_fact(lua_State *lua, const struct ls_script *s, const char *key)
{
    const struct ls_world *w = s->world;
    const struct ls_universe *u = s->chain->l2;
    if (strcmp(key, "variant") == 0) {
        lua_pushstring(lua, w->variant == LS_VARIANT_A ? "A" : "B");
    } else if (strcmp(key, "fixture") == 0) {
        lua_pushstring(lua, s->o->fixture);
    } else if (strcmp(key, "cl") == 0) {
        lua_pushstring(lua, w->cl_name);
    } else if (strcmp(key, "long") == 0) {
        lua_pushboolean(lua, s->o->is_long);
    } else if (strcmp(key, "has_l1") == 0) {
        lua_pushboolean(lua, s->chain->l1_first != LS_NO_BLOCK);
    } else if (strcmp(key, "tick_ms") == 0) {
        lua_pushnumber(lua, (lua_Number)w->tick_ns / 1e6);
    } else if (strcmp(key, "length") == 0) {
        lua_pushinteger(lua, (lua_Integer)(ls_universe_get(u, s->chain->tip)->ref.number -
                                           ls_universe_get(u, s->chain->first)->ref.number + 1));
    } else {
        return false;
    }
    return true;
}

/* w.key: a verb from the upvalue table, or a fact. */
static int world_index(lua_State *lua)
{
    const char *key = lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : "";
    if (lua_getfield(lua, lua_upvalueindex(1), key) != LUA_TNIL) {
        return 1;
    }
    if (push_fact(lua, ls_script_of(lua), key)) {
        return 1;
    }
    return ls_script_misuse(lua, "unknown verb \"%s\"; docs/SCENARIOS.md lists them all", key);
}

static int world_newindex(lua_State *lua)
{
    return ls_script_misuse(lua, "w takes no values; keep \"%s\" in a local",
                            luaL_tolstring(lua, 2, NULL));
}

/* Pushes the world as the script sees it. */
static void push_world(lua_State *lua)
{
    lua_newuserdatauv(lua, 0, 0);
    luaL_newmetatable(lua, WORLD_TYPE);
    lua_newtable(lua);
    for (size_t t = 0; t < sizeof verb_tables / sizeof verb_tables[0]; t++) {
        luaL_setfuncs(lua, verb_tables[t], 0);
    }
    lua_pushcclosure(lua, world_index, 1);
    lua_setfield(lua, -2, "__index");
    lua_pushcfunction(lua, world_newindex);
    lua_setfield(lua, -2, "__newindex");
    lua_pushboolean(lua, 0);
    lua_setfield(lua, -2, "__metatable");
    lua_setmetatable(lua, -2);
}

/* Stack: scenario table. Leaves a coroutine with run and world on its stack. Protected: allocates.
 */
static int prepare(lua_State *lua)
{
    struct ls_script *s = lua_touserdata(lua, 2);
    lua_pushlightuserdata(lua, s);
    lua_setfield(lua, LUA_REGISTRYINDEX, "ls.script");
    ls_block_register(lua);
    s->co = lua_newthread(lua);
    luaL_ref(lua, LUA_REGISTRYINDEX);
    lua_getfield(lua, 1, "run");
    push_world(lua);
    lua_xmove(lua, s->co, 2);
    return 0;
}

static const char *block_text(const struct ls_script *s, uint32_t id, char out[96])
{
    ls_block_name(s, id, out, 96);
    return out;
}

void ls_script_describe(const struct ls_script *s, char *out, size_t cap)
{
    const struct ls_world *w = s->world;
    const struct ls_src_heads *h = ls_source_heads(w->source);
    char t[6][96];
    snprintf(out, cap,
             "engine latest=%s safe=%s finalized=%s; source unsafe=%s safe=%s finalized=%s",
             block_text(s, ls_engine_label(w->engine, LS_LABEL_LATEST), t[0]),
             block_text(s, ls_engine_label(w->engine, LS_LABEL_SAFE), t[1]),
             block_text(s, ls_engine_label(w->engine, LS_LABEL_FINALIZED), t[2]),
             block_text(s, h->unsafe_l2, t[3]), block_text(s, h->safe_l2, t[4]),
             block_text(s, h->finalized_l2, t[5]));
}

uint64_t ls_script_slack(const struct ls_script *s)
{
    uint64_t tick = s->world->tick_ns;
    return s->world->is_live && tick > 0 ? 1 + (LS_PROCESS_SLACK_NS + tick - 1) / tick : 0;
}

/* Ends the run with an error that some Lua call left on top of the stack of from. */
static void end_with_error(struct ls_script *s, lua_State *from)
{
    if (s->out->outcome != LS_OUTCOME_PASSED) {
        return; /* recorded where it was raised, with its place */
    }
    const char *text = lua_tostring(from, -1);
    s->out->outcome = LS_OUTCOME_BROKEN;
    const char *rest = ls_host_split(text ? text : "an error without a text", &s->out->at);
    snprintf(s->out->what, sizeof s->out->what, "%s", rest);
}

static void end_without_script(struct ls_script *s, enum ls_outcome outcome, const char *what,
                               const char *expected)
{
    s->out->outcome = outcome;
    s->out->at = s->wait.at;
    snprintf(s->out->what, sizeof s->out->what, "%s", what);
    snprintf(s->out->expected, sizeof s->out->expected, "%s", expected);
    ls_script_describe(s, s->out->seen, sizeof s->out->seen);
}

/* Calls the function behind ref on the main thread. Leaves two results on the stack; false when it
 * raised (the run is then over). */
static bool call_script(struct ls_script *s, struct ls_host *host, int ref, int args)
{
    ls_host_allow(host);
    lua_rawgeti(s->lua, LUA_REGISTRYINDEX, ref);
    lua_insert(s->lua, -1 - args);
    s->is_running_lua_predicate = true;
    int status = lua_pcall(s->lua, args, 2, 0);
    s->is_running_lua_predicate = false;
    if (status != LUA_OK) {
        end_with_error(s, s->lua);
        lua_settop(s->lua, 0);
        return false;
    }
    return true;
}

/* The second result of a predicate, when it is text, is its reason, for people. */
static void note_reason(const struct ls_script *s, char *out, size_t cap)
{
    out[0] = '\0';
    if (lua_type(s->lua, -1) == LUA_TSTRING) {
        snprintf(out, cap, "%s; ", lua_tostring(s->lua, -1));
    }
}

/* false when a watch broke or a predicate raised. */
static bool keep_watch(struct ls_script *s, struct ls_host *host)
{
    for (size_t i = 0; i < s->watch_count; i++) {
        const struct ls_watch *w = &s->watches[i];
        if (!call_script(s, host, w->predicate, 0)) {
            return false;
        }
        bool happened = lua_toboolean(s->lua, -2);
        char reason[400];
        note_reason(s, reason, sizeof reason);
        lua_settop(s->lua, 0);
        if (happened) {
            s->wait.at = w->at;
            char state[600];
            ls_script_describe(s, state, sizeof state);
            end_without_script(s, LS_OUTCOME_FAILED, w->what, "never");
            snprintf(s->out->seen, sizeof s->out->seen, "%s%s", reason, state);
            return false;
        }
    }
    return true;
}

static bool run_hooks(struct ls_script *s, struct ls_host *host)
{
    uint64_t now = s->world->ops->now(s->world);
    for (; s->tick < now; s->tick++) {
        struct ls_diag d = {0};
        enum ls_err err = ls_steady_tick(s, &d);
        if (err != LS_OK) {
            end_without_script(s, LS_OUTCOME_BROKEN, d.text[0] ? d.text : ls_err_text(err), "");
            return false;
        }
        for (size_t i = 0; i < s->hook_count; i++) {
            lua_pushinteger(s->lua, (lua_Integer)s->tick + 1);
            if (!call_script(s, host, s->hooks[i], 1)) {
                return false;
            }
            lua_settop(s->lua, 0);
        }
    }
    return true;
}

enum progress { WAITING, ARRIVED, OVER };

/* The predicate's bound has passed. */
static enum progress give_up(struct ls_script *s, const char *reason)
{
    char expected[128];
    snprintf(expected, sizeof expected, "within %llu ticks of tick %llu",
             (unsigned long long)(s->wait.bound - s->wait.began),
             (unsigned long long)s->wait.began);
    char state[600];
    ls_script_describe(s, state, sizeof state);
    end_without_script(s, LS_OUTCOME_FAILED, s->wait.what, expected);
    snprintf(s->out->seen, sizeof s->out->seen, "%snot by tick %llu; %s", reason,
             (unsigned long long)s->world->ops->now(s->world), state);
    return OVER;
}

static enum progress look(struct ls_script *s, struct ls_host *host)
{
    uint64_t now = s->world->ops->now(s->world);
    bool is_there = false;
    char reason[400] = "";
    switch (s->wait.kind) {
    case LS_WAIT_NONE:
        return ARRIVED;
    case LS_WAIT_TICKS:
        return now >= s->wait.deadline ? ARRIVED : WAITING;
    case LS_WAIT_EXIT:
        is_there = !s->world->ops->is_running(s->world);
        break;
    case LS_WAIT_PREDICATE:
        if (!call_script(s, host, s->wait.predicate, 0)) {
            return OVER;
        }
        is_there = lua_toboolean(s->lua, -2);
        note_reason(s, reason, sizeof reason);
        lua_pop(s->lua, 1); /* its first result stays */
        break;
    }
    if (is_there) {
        uint64_t left = now < s->wait.bound ? s->wait.bound - now : 0;
        s->out->slack_min = left < s->out->slack_min ? left : s->out->slack_min;
        return ARRIVED;
    }
    lua_settop(s->lua, 0);
    return now >= s->wait.deadline ? give_up(s, reason) : WAITING;
}

/* Lets the world go on until what the script waits for is there. false: the run is over. */
static bool wait_for_it(struct ls_script *s, struct ls_host *host)
{
    for (;;) {
        enum progress p = keep_watch(s, host) ? look(s, host) : OVER;
        if (p != WAITING) {
            return p == ARRIVED;
        }
        if (s->o->is_interrupted && s->o->is_interrupted(s->o->user)) {
            end_without_script(s, LS_OUTCOME_FAILED, "interrupted", "");
            return false;
        }
        if (s->world->ops->now(s->world) >= s->o->ticks_max) {
            end_without_script(s, LS_OUTCOME_FAILED, "the scenario takes too long",
                               "an end before ticks_max");
            return false;
        }
        s->world->ops->turn(s->world);
        if (ls_tracelog_err(s->log, NULL) != LS_OK) {
            struct ls_diag d = {0};
            ls_tracelog_err(s->log, &d);
            end_without_script(s, LS_OUTCOME_BROKEN, d.text, "");
            return false;
        }
        if (!run_hooks(s, host)) {
            return false;
        }
    }
}

static void drive(struct ls_script *s, struct ls_host *host)
{
    int args = 1;
    for (;;) {
        ls_host_allow(host);
        int results = 0;
        int status = lua_resume(s->co, s->lua, args, &results);
        if (status == LUA_OK) {
            keep_watch(s, host);
            return;
        }
        if (status != LUA_YIELD) {
            end_with_error(s, s->co);
            return;
        }
        lua_pop(s->co, results);
        lua_settop(s->lua, 0);
        if (!wait_for_it(s, host)) {
            return;
        }
        args = lua_gettop(s->lua) > 0 ? 1 : 0; /* what the predicate found */
        if (args > 0) {
            lua_settop(s->lua, 1);
            lua_xmove(s->lua, s->co, 1);
        }
        s->wait.kind = LS_WAIT_NONE;
    }
}

/* The world as every scenario finds it: an L1 that has all its blocks. */
static void set_scene(struct ls_script *s)
{
    if (s->chain->l1_first != LS_NO_BLOCK) {
        ls_l1_set_tip(s->world->l1, s->chain->l1_tip);
    }
}

void ls_scenario_run(const struct ls_scenario_options *o, struct ls_scenario_result *out)
{
    *out = (struct ls_scenario_result){.outcome = LS_OUTCOME_PASSED, .slack_min = UINT64_MAX};
    struct ls_script s = {.o = o,
                          .out = out,
                          .world = o->world,
                          .chain = o->world->chain,
                          .log = o->log,
                          .source_tip = o->world->chain->tip};
    struct ls_diag d = {0};
    struct ls_host *host = ls_host_new(o->seed);
    if (!host || ls_host_load(host, o->path, &d) != LS_OK) {
        out->outcome = LS_OUTCOME_BROKEN;
        snprintf(out->what, sizeof out->what, "%s",
                 ls_host_split(host ? d.text : "no memory for a script state", &out->at));
        ls_host_free(host);
        return;
    }
    s.lua = ls_host_lua(host);
    s.tick = o->world->ops->now(o->world);
    uint64_t began = s.tick;
    set_scene(&s);
    lua_pushcfunction(s.lua, prepare);
    lua_insert(s.lua, 1);
    lua_pushlightuserdata(s.lua, &s);
    if (lua_pcall(s.lua, 2, 0, 0) == LUA_OK) {
        drive(&s, host);
    } else {
        end_with_error(&s, s.lua);
    }
    out->ticks = o->world->ops->now(o->world) - began;
    ls_host_free(host);
}
