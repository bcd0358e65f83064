/*
 * Verbs that wait and judge: wait, within, never, every, expect. Waiting is a yield; the loop in
 * run.c decides when to come back.
 */
#include <stdio.h>
#include <string.h>

#include "harness/scenario/script.h"

/* A name at argument i. */
static void copy_what(lua_State *lua, int i, const char *verb, char out[LS_WHAT_MAX])
{
    if (lua_type(lua, i) != LUA_TSTRING) {
        ls_script_misuse(lua, "%s: say in a string what is expected", verb);
    }
    snprintf(out, LS_WHAT_MAX, "%s", lua_tostring(lua, i));
}

static void check_function(lua_State *lua, int i, const char *verb)
{
    if (!lua_isfunction(lua, i)) {
        ls_script_misuse(lua, "%s needs a function() … return condition end", verb);
    }
}

static void check_may_wait(lua_State *lua, const struct ls_script *s, const char *verb)
{
    if (s->is_running_lua_predicate || !lua_isyieldable(lua)) {
        ls_script_misuse(lua, "%s: a predicate must not wait itself", verb);
    }
}

static void begin_wait(struct ls_script *s, lua_State *lua, uint64_t ticks, uint64_t slack)
{
    s->wait.began = s->world->ops->now(s->world);
    s->wait.bound = s->wait.began + ticks;
    s->wait.deadline = s->wait.bound + slack;
    ls_host_where(lua, &s->wait.at);
}

void ls_wait_for_exit(struct ls_script *s, lua_State *lua, const char *what)
{
    check_may_wait(lua, s, what);
    s->wait.kind = LS_WAIT_EXIT;
    snprintf(s->wait.what, sizeof s->wait.what, "%s", what);
    begin_wait(s, lua, 5, ls_script_slack(s));
}

/* w:wait(ticks) */
static int verb_wait(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    uint64_t ticks = ls_args_count(lua, 2, "wait's ticks");
    check_may_wait(lua, s, "wait");
    s->wait.kind = LS_WAIT_TICKS;
    begin_wait(s, lua, ticks, 0);
    return lua_yield(lua, 0);
}

/* Back from within: what the predicate returned is on the stack. */
static int within_done(lua_State *lua, int status, lua_KContext ctx)
{
    (void)status;
    luaL_unref(lua, LUA_REGISTRYINDEX, (int)ctx);
    return lua_gettop(lua) > 0 ? 1 : 0;
}

/* w:within(ticks, what, predicate) -> what the predicate returned */
static int verb_within(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    uint64_t ticks = ls_args_count(lua, 2, "within's ticks");
    copy_what(lua, 3, "within", s->wait.what);
    check_function(lua, 4, "within");
    check_may_wait(lua, s, "within");
    lua_settop(lua, 4);
    s->wait.predicate = luaL_ref(lua, LUA_REGISTRYINDEX);
    s->wait.kind = LS_WAIT_PREDICATE;
    begin_wait(s, lua, ticks, ls_script_slack(s));
    lua_settop(lua, 0);
    return lua_yieldk(lua, 0, s->wait.predicate, within_done);
}

/* w:never(what, predicate): for the rest of the run */
static int verb_never(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    if (s->watch_count == LS_WATCHES_MAX) {
        return ls_script_misuse(lua, "never: at most %u promises a scenario", LS_WATCHES_MAX);
    }
    struct ls_watch *w = &s->watches[s->watch_count];
    copy_what(lua, 2, "never", w->what);
    check_function(lua, 3, "never");
    lua_settop(lua, 3);
    ls_host_where(lua, &w->at);
    w->predicate = luaL_ref(lua, LUA_REGISTRYINDEX);
    s->watch_count++;
    return 0;
}

/* w:every(function(tick) … end): once a tick */
static int verb_every(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    check_function(lua, 2, "every");
    if (s->hook_count == LS_HOOKS_MAX) {
        return ls_script_misuse(lua, "every: at most %u functions a scenario", LS_HOOKS_MAX);
    }
    lua_settop(lua, 2);
    s->hooks[s->hook_count++] = luaL_ref(lua, LUA_REGISTRYINDEX);
    return 0;
}

/* w:expect(what, condition [, …]) or w:expect(what, actual, expected) */
static int verb_expect(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    char what[LS_WHAT_MAX];
    copy_what(lua, 2, "expect", what);
    int args = lua_gettop(lua);
    if (args < 3) {
        return ls_script_misuse(lua, "expect takes a condition, or what is and what should be");
    }
    bool holds = args == 3 ? lua_toboolean(lua, 3) != 0 : lua_compare(lua, 3, 4, LUA_OPEQ) != 0;
    if (holds) {
        return 0;
    }
    char expected[512], seen[1024];
    snprintf(expected, sizeof expected, "%s", args == 3 ? "true" : luaL_tolstring(lua, 4, NULL));
    char state[600];
    ls_script_describe(s, state, sizeof state);
    snprintf(seen, sizeof seen, "%.400s; %s", luaL_tolstring(lua, 3, NULL), state);
    return ls_script_fail(lua, what, expected, seen);
}

/* w:fail(what, seen): when the script itself found it out */
static int verb_fail(lua_State *lua)
{
    ls_script_self(lua);
    char what[LS_WHAT_MAX];
    copy_what(lua, 2, "fail", what);
    return ls_script_fail(lua, what, "", luaL_tolstring(lua, 3, NULL));
}

/* w:now() -> ticks */
static int verb_now(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    lua_pushinteger(lua, (lua_Integer)s->world->ops->now(s->world));
    return 1;
}

const luaL_Reg ls_verbs_wait[] = {
    {"wait", verb_wait},     {"within", verb_within}, {"never", verb_never}, {"every", verb_every},
    {"expect", verb_expect}, {"fail", verb_fail},     {"now", verb_now},     {NULL, NULL}};
