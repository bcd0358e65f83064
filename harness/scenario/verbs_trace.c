/*
 * Verbs about the wire: what was called and answered, and what happens to calls on their way.
 */
#include <stdio.h>
#include <string.h>

#include "harness/scenario/script.h"
#include "mocks/filter/filter.h"
#include "mocks/model/engine.h"
#include "mocks/model/source.h"

/* --- reading the trace --- */

static void set_block(lua_State *lua, const char *key, const struct ls_trace_block *b)
{
    if (b->has_hash) {
        ls_block_push_hash(lua, &b->hash);
        lua_setfield(lua, -2, key);
    }
}

static void set_text(lua_State *lua, const char *key, const char *text)
{
    if (text[0] != '\0') {
        lua_pushstring(lua, text);
        lua_setfield(lua, -2, key);
    }
}

static void set_count(lua_State *lua, const char *key, uint64_t n)
{
    lua_pushinteger(lua, (lua_Integer)n);
    lua_setfield(lua, -2, key);
}

static const char *answer_name(enum ls_trace_answer a)
{
    switch (a) {
    case LS_TRACE_NO_ANSWER:
        return "none";
    case LS_TRACE_RESULT:
        return "result";
    case LS_TRACE_NULL:
        return "null";
    case LS_TRACE_ERROR:
        return "error";
    case LS_TRACE_OTHER:
        return "other";
    }
    return "?";
}

/* Pushes one event as a table; absent things are nil. */
static void push_event(lua_State *lua, const struct ls_trace_event *e, size_t index)
{
    lua_createtable(lua, 0, 16);
    set_count(lua, "index", index + 1);
    set_count(lua, "tick", e->tick);
    set_count(lua, "seq", e->seq_in);
    set_count(lua, "done", e->seq_out);
    set_count(lua, "incarnation", e->incarnation);
    lua_pushnumber(lua, (lua_Number)e->ns_in / 1e6);
    lua_setfield(lua, -2, "ms");
    lua_pushnumber(lua, (lua_Number)e->ns_out / 1e6);
    lua_setfield(lua, -2, "done_ms");
    set_text(lua, "method", e->method);
    set_text(lua, "tag", e->tag);
    set_text(lua, "status", e->status);
    set_text(lua, "text", e->text);
    set_text(lua, "fault", e->fault);
    lua_pushstring(lua, answer_name(e->answer));
    lua_setfield(lua, -2, "answer");
    if (e->code != 0) {
        lua_pushinteger(lua, (lua_Integer)e->code);
        lua_setfield(lua, -2, "code");
    }
    if (e->has_attributes) {
        lua_pushboolean(lua, 1);
        lua_setfield(lua, -2, "attributes");
    }
    set_block(lua, "head", &e->head);
    set_block(lua, "safe", &e->safe);
    set_block(lua, "finalized", &e->finalized);
    set_block(lua, "block", &e->block);
    set_block(lua, "result", &e->result);
    if (e->block.has_number) {
        set_count(lua, "number", e->block.number);
    }
    if (e->has_heads) {
        set_block(lua, "unsafe", &e->unsafe_l2);
        set_block(lua, "local_safe", &e->local_safe_l2);
        set_block(lua, "safe", &e->safe_l2);
        set_block(lua, "finalized", &e->finalized_l2);
    }
}

/* w:calls(endpoint, glob [, from]): finished calls, oldest first; from is a mark or a call */
static int verb_calls(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    enum ls_endpoint ep = ls_args_endpoint(lua, 2);
    const char *glob = lua_type(lua, 3) == LUA_TSTRING ? lua_tostring(lua, 3) : "*";
    size_t from = s->mark;
    if (lua_istable(lua, 4)) {
        from = (size_t)ls_args_field_count(lua, 4, "index", 0);
    } else if (!lua_isnoneornil(lua, 4)) {
        from = (size_t)ls_args_count(lua, 4, "calls' beginning");
    }
    lua_newtable(lua);
    lua_Integer n = 0;
    for (size_t i = from; i < ls_tracelog_count(s->log); i++) {
        const struct ls_trace_event *e = ls_tracelog_at(s->log, i);
        if (e->kind == LS_TRACE_CALL && (int)e->ep == (int)ep && ls_glob_match(glob, e->method)) {
            push_event(lua, e, i);
            lua_rawseti(lua, -2, ++n);
        }
    }
    return 1;
}

/* w:events([from]): everything the trace holds, kinds "call" "start" "exit" "pay" "status" "verb"
 */
static int verb_events(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    size_t from =
        lua_isnoneornil(lua, 2) ? s->mark : (size_t)ls_args_count(lua, 2, "events' beginning");
    lua_newtable(lua);
    lua_Integer n = 0;
    for (size_t i = from; i < ls_tracelog_count(s->log); i++) {
        const struct ls_trace_event *e = ls_tracelog_at(s->log, i);
        push_event(lua, e, i);
        lua_pushstring(lua, ls_trace_kind_name(e->kind));
        lua_setfield(lua, -2, "kind");
        lua_pushstring(lua, ls_trace_ep_name(e->ep));
        lua_setfield(lua, -2, "endpoint");
        lua_rawseti(lua, -2, ++n);
    }
    return 1;
}

/* w:mark(): a place in the trace for calls */
static int verb_mark(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    lua_pushinteger(lua, (lua_Integer)ls_tracelog_count(s->log));
    return 1;
}

/* w:note(text): a line in the trace */
static int verb_note(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    ls_trace_say(s->world->trace, LS_TRACE_NOTE, NULL, luaL_tolstring(lua, 2, NULL),
                 s->world->ops->now_ns(s->world));
    return 0;
}

/* --- holding calls --- */

static const char *glob_at(lua_State *lua, int i)
{
    return lua_type(lua, i) == LUA_TSTRING ? lua_tostring(lua, i) : NULL;
}

/* w:hold(endpoint, glob [, count]): kept before they take effect; count 0 or none = all */
static int verb_hold(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    enum ls_endpoint ep = ls_args_endpoint(lua, 2);
    const char *glob = glob_at(lua, 3);
    uint64_t count = lua_isnoneornil(lua, 4) ? 0 : ls_args_count(lua, 4, "hold's count");
    if (!glob || count > UINT32_MAX) {
        return ls_script_misuse(lua,
                                "hold takes an endpoint, a method such as \"engine_*\", a count");
    }
    s->world->ops->hold(s->world, ep, glob, (unsigned)count);
    ls_verb_trace(s, "hold", "%s", glob);
    return 0;
}

/* w:release(endpoint [, glob]) */
static int verb_release(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    enum ls_endpoint ep = ls_args_endpoint(lua, 2);
    const char *glob = glob_at(lua, 3);
    s->world->ops->release(s->world, ep, glob);
    ls_verb_trace(s, "release", "%s", glob ? glob : "*");
    return 0;
}

/* w:held(endpoint): how many are held now */
static int verb_held(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    lua_pushinteger(lua, (lua_Integer)s->world->ops->held(s->world, ls_args_endpoint(lua, 2)));
    return 1;
}

/* w:port(endpoint, "open" | "closed") */
static int verb_port(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    enum ls_endpoint ep = ls_args_endpoint(lua, 2);
    const char *how = glob_at(lua, 3);
    bool is_open = how && strcmp(how, "open") == 0;
    if (!is_open && (!how || strcmp(how, "closed") != 0)) {
        return ls_script_misuse(lua, "port: \"open\" or \"closed\"");
    }
    struct ls_diag d = {0};
    ls_script_check(lua, s->world->ops->port(s->world, ep, is_open, &d), &d);
    ls_verb_trace(s, "port", "%s %s", ls_trace_ep_name((enum ls_trace_ep)ep), how);
    return 0;
}

/* --- faults --- */

static enum ls_fault fault_kind(lua_State *lua)
{
    enum ls_fault fault = LS_FAULT_DELAY;
    lua_getfield(lua, 3, "kind");
    const char *name = glob_at(lua, -1) ? glob_at(lua, -1) : "";
    if (!ls_fault_find(name, &fault)) {
        ls_script_misuse(lua, "fault{}: no kind \"%s\"; known:" LS_FAULT_NAMES, name);
    }
    lua_pop(lua, 1);
    return fault;
}

static double number_field(lua_State *lua, int index, const char *key)
{
    lua_getfield(lua, index, key);
    double v = lua_isnil(lua, -1) ? 0 : luaL_checknumber(lua, -1);
    lua_pop(lua, 1);
    return v;
}

/* w:fault(endpoint, {kind, method, params, after, count, for_ticks, probability, apply, ticks,
 * http_status, retry_after, code, text, bytes}) -> its name */
static int verb_fault(lua_State *lua)
{
    static const char *const keys[] = {"kind",        "method",    "after", "count",
                                       "probability", "apply",     "ticks", "http_status",
                                       "retry_after", "code",      "text",  "bytes",
                                       "params",      "for_ticks", NULL};
    struct ls_script *s = ls_script_self(lua);
    enum ls_endpoint ep = ls_args_endpoint(lua, 2);
    ls_args_keys(lua, 3, "fault", keys);
    if (!s->world->filters[ep]) {
        return ls_script_misuse(lua, "fault: this world cannot disturb that endpoint");
    }
    lua_getfield(lua, 3, "method"); /* stays on the stack: its text is borrowed */
    lua_getfield(lua, 3, "text");
    lua_getfield(lua, 3, "params");
    struct ls_fault_rule rule = {
        .method = glob_at(lua, -3),
        .text = glob_at(lua, -2),
        .params = glob_at(lua, -1),
        .for_ns = (uint64_t)(number_field(lua, 3, "for_ticks") * (double)s->world->tick_ns),
        .after = ls_args_field_count(lua, 3, "after", 0),
        .count = ls_args_field_count(lua, 3, "count", 0),
        .probability = number_field(lua, 3, "probability"),
        .fault = fault_kind(lua),
        .apply = ls_args_field_bool(lua, 3, "apply", false),
        .delay_ns = (uint64_t)(number_field(lua, 3, "ticks") * (double)s->world->tick_ns),
        .http_status = (unsigned)ls_args_field_count(lua, 3, "http_status", 500),
        .retry_after_s = (unsigned)ls_args_field_count(lua, 3, "retry_after", 0),
        .code = (int64_t)number_field(lua, 3, "code"),
        .body_bytes = (size_t)ls_args_field_count(lua, 3, "bytes", 0)};
    const char *wrong = ls_fault_wrong(&rule);
    if (wrong) {
        return ls_script_misuse(lua, "fault{}: %s", wrong);
    }
    uint32_t name = ls_filter_add(s->world->filters[ep], &rule);
    if (name == 0) {
        return ls_script_misuse(lua, "fault: at most %u at a time", LS_FAULT_RULES_MAX);
    }
    ls_verb_trace(s, "fault", "%s %s", ls_trace_ep_name((enum ls_trace_ep)ep),
                  rule.method ? rule.method : "*");
    lua_pushinteger(lua, (lua_Integer)name);
    return 1;
}

/* w:clear(endpoint [, name]): the port behaves again */
static int verb_clear(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    enum ls_endpoint ep = ls_args_endpoint(lua, 2);
    if (s->world->filters[ep] && lua_isnoneornil(lua, 3)) {
        ls_filter_clear(s->world->filters[ep]);
    } else if (s->world->filters[ep]) {
        ls_filter_remove(s->world->filters[ep], (uint32_t)ls_args_count(lua, 3, "fault's name"));
    }
    ls_verb_trace(s, "clear", "%s", ls_trace_ep_name((enum ls_trace_ep)ep));
    return 0;
}

/* w:fresh(): a new part: calls() counts from here, earlier promises and hooks are over, the source
 * stands still, the engine is at genesis */
static int verb_fresh(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    if (s->world->ops->is_running(s->world)) {
        return ls_script_misuse(lua, "fresh: stop the node first");
    }
    s->steady = (struct ls_steady){0};
    s->watch_count = 0;
    s->hook_count = 0;
    ls_engine_wipe(s->world->engine);
    ls_source_set_views(s->world->source, 1, LS_TURNS_ROUND_ROBIN, 0);
    s->mark = ls_tracelog_count(s->log);
    ls_verb_trace(s, "fresh", "a new part begins");
    return 0;
}

const luaL_Reg ls_verbs_trace[] = {
    {"calls", verb_calls}, {"events", verb_events},   {"mark", verb_mark},   {"note", verb_note},
    {"hold", verb_hold},   {"release", verb_release}, {"held", verb_held},   {"port", verb_port},
    {"fault", verb_fault}, {"clear", verb_clear},     {"fresh", verb_fresh}, {NULL, NULL}};
