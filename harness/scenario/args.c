/*
 * Complaints and arguments: what every verb needs to say who is wrong and to read its options.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/scenario/script.h"

#define WORLD_TYPE "ls.world"

struct ls_script *ls_script_of(lua_State *lua)
{
    lua_getfield(lua, LUA_REGISTRYINDEX, "ls.script");
    struct ls_script *s = lua_touserdata(lua, -1);
    lua_pop(lua, 1);
    return s;
}

struct ls_script *ls_script_self(lua_State *lua)
{
    if (!luaL_testudata(lua, 1, WORLD_TYPE)) {
        ls_script_misuse(lua, "call verbs with a colon: w:start{…}, not w.start{…}");
    }
    return ls_script_of(lua);
}

/* Records the first complaint; later ones are its consequences. */
static void record(lua_State *lua, enum ls_outcome outcome, const char *what, const char *expected,
                   const char *seen)
{
    struct ls_scenario_result *out = ls_script_of(lua)->out;
    if (out->outcome != LS_OUTCOME_PASSED) {
        return;
    }
    out->outcome = outcome;
    ls_host_where(lua, &out->at);
    snprintf(out->what, sizeof out->what, "%s", what);
    snprintf(out->expected, sizeof out->expected, "%s", expected);
    snprintf(out->seen, sizeof out->seen, "%s", seen);
}

int ls_script_misuse(lua_State *lua, const char *fmt, ...)
{
    char text[LS_WHAT_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    record(lua, LS_OUTCOME_BROKEN, text, "", "");
    return luaL_error(lua, "%s", text);
}

int ls_script_fail(lua_State *lua, const char *what, const char *expected, const char *seen)
{
    record(lua, LS_OUTCOME_FAILED, what, expected, seen);
    return luaL_error(lua, "%s", what);
}

void ls_script_check(lua_State *lua, enum ls_err err, const struct ls_diag *d)
{
    if (err != LS_OK) {
        ls_script_misuse(lua, "%s", d->text[0] ? d->text : ls_err_text(err));
    }
}

void ls_args_keys(lua_State *lua, int index, const char *verb, const char *const *known)
{
    if (!lua_istable(lua, index)) {
        ls_script_misuse(lua, "%s takes a table: w:%s{…}", verb, verb);
    }
    lua_pushnil(lua);
    while (lua_next(lua, index) != 0) {
        const char *key = lua_type(lua, -2) == LUA_TSTRING ? lua_tostring(lua, -2) : "a list entry";
        bool is_known = false;
        char list[200] = "";
        for (size_t i = 0; known[i]; i++) {
            is_known = is_known || strcmp(known[i], key) == 0;
            size_t n = strlen(list);
            snprintf(list + n, sizeof list - n, " %s", known[i]);
        }
        if (!is_known) {
            ls_script_misuse(lua, "%s{}: unknown key \"%s\"; known:%s", verb, key, list);
        }
        lua_pop(lua, 1);
    }
}

static uint64_t count_at(lua_State *lua, int index, const char *name)
{
    int is_whole = 0;
    lua_Integer n = lua_tointegerx(lua, index, &is_whole);
    if (!is_whole || n < 0 || lua_type(lua, index) != LUA_TNUMBER) {
        ls_script_misuse(lua, "%s must be a whole number, 0 or more", name);
    }
    return (uint64_t)n;
}

uint64_t ls_args_count(lua_State *lua, int i, const char *name)
{
    return count_at(lua, i, name);
}

uint64_t ls_args_field_count(lua_State *lua, int index, const char *key, uint64_t fallback)
{
    uint64_t n = fallback;
    if (lua_getfield(lua, index, key) != LUA_TNIL) {
        n = count_at(lua, -1, key);
    }
    lua_pop(lua, 1);
    return n;
}

bool ls_args_field_bool(lua_State *lua, int index, const char *key, bool fallback)
{
    bool value = fallback;
    int type = lua_getfield(lua, index, key);
    if (type == LUA_TBOOLEAN) {
        value = lua_toboolean(lua, -1) != 0;
    } else if (type != LUA_TNIL) {
        ls_script_misuse(lua, "%s must be true or false", key);
    }
    lua_pop(lua, 1);
    return value;
}

enum ls_endpoint ls_args_endpoint(lua_State *lua, int i)
{
    static const char *const names[LS_ENDPOINT_COUNT] = {"engine", "source", "l1"};
    const char *name = lua_type(lua, i) == LUA_TSTRING ? lua_tostring(lua, i) : "";
    for (int ep = 0; ep < LS_ENDPOINT_COUNT; ep++) {
        if (strcmp(name, names[ep]) == 0) {
            return (enum ls_endpoint)ep;
        }
    }
    ls_script_misuse(lua, "\"%s\" is no endpoint; known: \"engine\" \"source\" \"l1\"", name);
    return LS_EP_ENGINE; /* not reached */
}

void ls_verb_trace(struct ls_script *s, const char *verb, const char *fmt, ...)
{
    char text[LS_TRACE_TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    ls_trace_say(s->world->trace, LS_TRACE_VERB, verb, text, s->world->ops->now_ns(s->world));
}
