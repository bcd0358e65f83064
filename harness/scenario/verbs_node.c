/*
 * Verbs about the node under test: its process, its payload feed, its own status.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "harness/scenario/script.h"

#define ARGS_MAX (sizeof((struct ls_script *)0)->start_args / sizeof(const char *))

/* Reads args = {"--flag", "value"} into memory that outlives the call. */
static void read_args(lua_State *lua, struct ls_script *s)
{
    s->start.args_count = 0;
    if (lua_getfield(lua, 2, "args") == LUA_TNIL) {
        lua_pop(lua, 1);
        return;
    }
    size_t n = lua_istable(lua, -1) ? (size_t)lua_rawlen(lua, -1) : ARGS_MAX + 1;
    if (n > ARGS_MAX) {
        ls_script_misuse(lua, "start{args}: a list of at most %zu strings", ARGS_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(lua, -1, (lua_Integer)i + 1);
        const char *text = lua_tostring(lua, -1);
        if (!text || strlen(text) >= sizeof s->start_text[0]) {
            ls_script_misuse(lua, "start{args}: entry %zu is no string, or too long", i + 1);
        }
        strcpy(s->start_text[i], text);
        s->start_args[i] = s->start_text[i];
        lua_pop(lua, 1);
    }
    s->start.args = s->start_args;
    s->start.args_count = n;
    lua_pop(lua, 1);
}

static void start(lua_State *lua, struct ls_script *s)
{
    if (s->world->ops->is_running(s->world)) {
        ls_script_misuse(lua, "start: the node runs already; stop or kill it first");
    }
    struct ls_diag d = {0};
    ls_verb_trace(s, "start", "l1=%s", s->start.with_l1 ? "yes" : "no");
    ls_script_check(lua, s->world->ops->start(s->world, &s->start, &d), &d);
}

/* w:start{l1 = bool, args = {…}} */
static int verb_start(lua_State *lua)
{
    static const char *const keys[] = {"l1", "args", NULL};
    struct ls_script *s = ls_script_self(lua);
    bool has_l1 = s->chain->l1_first != LS_NO_BLOCK;
    s->start = (struct ls_start_options){.with_l1 = has_l1};
    if (!lua_isnoneornil(lua, 2)) {
        ls_args_keys(lua, 2, "start", keys);
        s->start.with_l1 = ls_args_field_bool(lua, 2, "l1", has_l1);
        read_args(lua, s);
    }
    start(lua, s);
    return 0;
}

/* Sends the signal, then yields until the process has ended, if it is one that ends it. */
static void send_signal(struct ls_script *s, int signo, const char *name)
{
    ls_verb_trace(s, "signal", "%s", name);
    s->world->ops->signal(s->world, signo);
}

/* w:stop(): SIGTERM, and its end */
static int verb_stop(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    send_signal(s, SIGTERM, "SIGTERM");
    ls_wait_for_exit(s, lua, "the node ends after SIGTERM");
    return lua_yield(lua, 0);
}

/* w:kill(): SIGKILL, and its end */
static int verb_kill(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    send_signal(s, SIGKILL, "SIGKILL");
    ls_wait_for_exit(s, lua, "the node ends after SIGKILL");
    return lua_yield(lua, 0);
}

static int restart_ended(lua_State *lua, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    start(lua, ls_script_of(lua));
    return 0;
}

/* w:restart(): SIGTERM, its end, and started again as before */
static int verb_restart(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    send_signal(s, SIGTERM, "SIGTERM");
    ls_wait_for_exit(s, lua, "the node ends after SIGTERM");
    return lua_yieldk(lua, 0, 0, restart_ended);
}

/* w:pause() and w:resume(): SIGSTOP and SIGCONT */
static int verb_pause(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    ls_verb_trace(s, "pause", "SIGSTOP");
    s->world->ops->signal(s->world, SIGSTOP);
    return 0;
}

static int verb_resume(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    ls_verb_trace(s, "resume", "SIGCONT");
    s->world->ops->signal(s->world, SIGCONT);
    return 0;
}

/* w:is_running() */
static int verb_is_running(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    lua_pushboolean(lua, s->world->ops->is_running(s->world));
    return 1;
}

/* w:said(text): how many lines of the node's log contain text */
static int verb_said(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    const char *text = luaL_checkstring(lua, 2);
    long lines = s->world->ops->said(s->world, text);
    if (lines < 0) {
        return luaL_error(lua, "the node has no log yet");
    }
    lua_pushinteger(lua, lines);
    return 1;
}

/* w:exit_status(): code, or minus the signal */
static int verb_exit_status(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    lua_pushinteger(lua, s->world->ops->exit_status(s->world));
    return 1;
}

enum ls_err ls_verb_feed(struct ls_script *s, uint32_t id, struct ls_diag *d)
{
    const struct ls_l2_ref *ref = &ls_universe_get(s->chain->l2, id)->ref;
    struct ls_trace_event e = {.ep = LS_TRACE_HARNESS,
                               .kind = LS_TRACE_VERB,
                               .method = "feed",
                               .block = ls_trace_block_id(&ref->hash, ref->number)};
    ls_trace_put(s->world->trace, &e, s->world->ops->now_ns(s->world));
    return s->world->ops->feed(s->world, id, d);
}

/* w:feed(block) or w:feed(first, last): along last's branch, both included */
static int verb_feed(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    struct ls_script_block first = ls_block_get(lua, 2, "feed's block");
    struct ls_script_block last =
        lua_isnoneornil(lua, 3) ? first : ls_block_get(lua, 3, "feed's last block");
    uint64_t from = ls_universe_get(s->chain->l2, first.id)->ref.number;
    uint64_t to = ls_universe_get(s->chain->l2, last.id)->ref.number;
    if (!ls_universe_is_ancestor(s->chain->l2, first.id, last.id)) {
        return ls_script_misuse(lua, "feed: the first block is no ancestor of the last");
    }
    for (uint64_t n = from; n <= to; n++) {
        struct ls_diag d = {0};
        uint32_t id = ls_universe_at(s->chain->l2, last.id, n);
        ls_script_check(lua, id == LS_NO_BLOCK ? LS_ERR_NOT_FOUND : ls_verb_feed(s, id, &d), &d);
    }
    return 0;
}

/* w:feeding(): payloads the node has not acknowledged yet */
static int verb_feeding(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    lua_pushinteger(lua, (lua_Integer)s->world->ops->feeding(s->world));
    return 1;
}

/* w:status(): the node's own report, nil until it answered */
static int verb_status(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    struct ls_sync_status st;
    if (!s->world->ops->status(s->world, &st)) {
        lua_pushnil(lua);
        return 1;
    }
    const struct {
        const char *key;
        const struct ls_l2_ref *ref;
    } heads[] = {{"unsafe", &st.unsafe_l2},
                 {"safe", &st.safe_l2},
                 {"finalized", &st.finalized_l2},
                 {"local_safe", &st.local_safe_l2},
                 {"cross_unsafe", &st.cross_unsafe_l2},
                 {"pending_safe", &st.pending_safe_l2}};
    lua_newtable(lua);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        ls_block_push_hash(lua, &heads[i].ref->hash);
        lua_setfield(lua, -2, heads[i].key);
    }
    lua_pushinteger(lua, (lua_Integer)st.current_l1.number);
    lua_setfield(lua, -2, "current_l1");
    lua_pushinteger(lua, (lua_Integer)st.head_l1.number);
    lua_setfield(lua, -2, "head_l1");
    return 1;
}

const luaL_Reg ls_verbs_node[] = {{"start", verb_start},
                                  {"stop", verb_stop},
                                  {"kill", verb_kill},
                                  {"restart", verb_restart},
                                  {"pause", verb_pause},
                                  {"resume", verb_resume},
                                  {"is_running", verb_is_running},
                                  {"exit_status", verb_exit_status},
                                  {"said", verb_said},
                                  {"feed", verb_feed},
                                  {"feeding", verb_feeding},
                                  {"status", verb_status},
                                  {NULL, NULL}};
