/*
 * Verbs about the execution engine: its personality, what it has, what happens to its database.
 */
#include <stdio.h>
#include <string.h>

#include "harness/scenario/script.h"
#include "mocks/model/engine.h"

/* Raises a misuse that says what is wrong with text as a profile. */
static int bad_profile(lua_State *lua, const char *text, const struct ls_engine_profile *p,
                       enum ls_el_choice_fault fault)
{
    char known[LS_EL_NAMES_MAX];
    ls_engine_profile_names(known, sizeof known);
    if (fault == LS_EL_CHOICE_NO_NAME) {
        return ls_script_misuse(lua, "no profile \"%s\"; known:%s", text, known);
    }
    const char *param = ls_engine_param_name(p->param);
    return ls_script_misuse(lua, "\"%s\": profile %s takes %s%s", text, p->name,
                            param == NULL ? "no parameter" : "a colon and ",
                            param == NULL ? "" : param);
}

/* Changes the engine's profile to the one named at index. A block that it is about is left in
 * *condemned, for when the engine has its blocks; else LS_NO_BLOCK. */
static void take_profile(lua_State *lua, struct ls_script *s, int index, uint32_t *condemned)
{
    const char *text = lua_type(lua, index) == LUA_TSTRING ? lua_tostring(lua, index) : "";
    struct ls_engine_profile p;
    const char *block;
    enum ls_el_choice_fault fault = ls_engine_profile_read(text, &p, &block);
    *condemned = LS_NO_BLOCK;
    if (fault != LS_EL_CHOICE_OK) {
        (void)bad_profile(lua, text, &p, fault);
        return;
    }
    if (block != NULL) {
        lua_pushstring(lua, block);
        *condemned = ls_block_get(lua, -1, "the profile's block").id;
        lua_pop(lua, 1);
        if (*condemned == ls_engine_genesis(s->world->engine)) {
            (void)ls_script_misuse(lua, "\"%s\": genesis is not executed", text);
        }
    }
    ls_engine_set_profile(s->world->engine, &p);
}

static void condemn(struct ls_script *s, uint32_t id)
{
    if (id != LS_NO_BLOCK) {
        ls_engine_condemn(s->world->engine, id);
    }
}

/* w:profile("nm"), w:profile("deep:16"): other rules from now on, blocks and labels stay; gives the
 * name of the one in force */
static int verb_profile(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    if (!lua_isnoneornil(lua, 2)) {
        uint32_t condemned;
        take_profile(lua, s, 2, &condemned);
        condemn(s, condemned);
        ls_verb_trace(s, "profile", "%s", lua_tostring(lua, 2));
    }
    lua_pushstring(lua, ls_engine_knobs(s->world->engine)->name);
    return 1;
}

/* head, safe, finalized, knows: what the engine has and calls so. */
static void set_heads(lua_State *lua, struct ls_script *s, int index)
{
    struct ls_engine *e = s->world->engine;
    struct ls_script_block knows = ls_block_field(lua, index, "knows");
    struct ls_script_block head = ls_block_field(lua, index, "head");
    struct ls_script_block safe = ls_block_field(lua, index, "safe");
    struct ls_script_block finalized = ls_block_field(lua, index, "finalized");
    if (knows.id != LS_NO_BLOCK) {
        uint32_t latest = head.id != LS_NO_BLOCK ? head.id : ls_engine_label(e, LS_LABEL_LATEST);
        uint32_t old_safe = ls_engine_label(e, LS_LABEL_SAFE);
        uint32_t old_finalized = ls_engine_label(e, LS_LABEL_FINALIZED);
        ls_engine_seed(e, knows.id, LS_NO_BLOCK, LS_NO_BLOCK);
        ls_engine_seed(e, latest, old_safe, old_finalized);
    }
    if (head.id != LS_NO_BLOCK) {
        ls_engine_seed(e, head.id, safe.id, finalized.id);
        return;
    }
    if (safe.id != LS_NO_BLOCK) {
        ls_engine_set_label(e, LS_LABEL_SAFE, safe.id);
    }
    if (finalized.id != LS_NO_BLOCK) {
        ls_engine_set_label(e, LS_LABEL_FINALIZED, finalized.id);
    }
}

/* Member key of the table at index is there and true or false. */
static bool has_flag(lua_State *lua, int index, const char *key, bool *out)
{
    bool is_there = lua_getfield(lua, index, key) != LUA_TNIL;
    lua_pop(lua, 1);
    *out = is_there && ls_args_field_bool(lua, index, key, false);
    return is_there;
}

static void set_flags(lua_State *lua, struct ls_engine *e, int index)
{
    struct ls_engine_profile *knobs = ls_engine_knobs(e);
    bool is_on;
    if (has_flag(lua, index, "stuck", &is_on)) {
        knobs->is_stuck = is_on;
    }
    if (has_flag(lua, index, "mortal", &is_on)) {
        knobs->is_mortal = is_on;
    }
    if (has_flag(lua, index, "builds_hang", &is_on)) {
        knobs->builds_hang = is_on;
    }
    if (has_flag(lua, index, "disk_lags", &is_on)) {
        ls_engine_set_disk_lags(e, is_on);
    }
}

/* w:engine{profile, head, safe, finalized, knows, backfill, peer_tip, stuck, mortal, builds_hang,
 * disk_lags, prune, invalid, forget} */
static int verb_engine(lua_State *lua)
{
    static const char *const keys[] = {"profile",     "head",      "safe",     "finalized",
                                       "knows",       "backfill",  "peer_tip", "stuck",
                                       "prune",       "invalid",   "forget",   "mortal",
                                       "builds_hang", "disk_lags", NULL};
    uint32_t condemned = LS_NO_BLOCK;
    struct ls_script *s = ls_script_self(lua);
    struct ls_engine *e = s->world->engine;
    ls_args_keys(lua, 2, "engine", keys);
    if (lua_getfield(lua, 2, "profile") != LUA_TNIL) {
        take_profile(lua, s, -1, &condemned);
    }
    lua_pop(lua, 1);
    set_heads(lua, s, 2);
    condemn(s, condemned);
    set_flags(lua, e, 2);
    uint64_t backfill = ls_args_field_count(lua, 2, "backfill", UINT64_MAX);
    if (backfill != UINT64_MAX) {
        ls_engine_set_backfill(e, backfill);
    }
    struct ls_script_block peer_tip = ls_block_field(lua, 2, "peer_tip");
    if (peer_tip.id != LS_NO_BLOCK) {
        ls_engine_set_peer_tip(e, peer_tip.id);
    }
    uint64_t prune = ls_args_field_count(lua, 2, "prune", UINT64_MAX);
    if (prune != UINT64_MAX) {
        ls_engine_set_prune(e, prune);
    }
    struct ls_script_block invalid = ls_block_field(lua, 2, "invalid");
    if (invalid.id != LS_NO_BLOCK) {
        ls_engine_mark_invalid(e, invalid.id, true);
    }
    struct ls_script_block forget = ls_block_field(lua, 2, "forget");
    if (forget.id != LS_NO_BLOCK) {
        ls_engine_forget(e, forget.id);
    }
    char state[600];
    ls_script_describe(s, state, sizeof state);
    ls_verb_trace(s, "engine", "%.240s", state);
    return 0;
}

/* w:wipe(): the engine's database is back at genesis */
static int verb_wipe(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    ls_engine_wipe(s->world->engine);
    ls_verb_trace(s, "wipe", "engine at genesis");
    return 0;
}

/* w:rewind(n) or w:rewind(block): the newest blocks are lost (debug_setHead) */
static int verb_rewind(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    struct ls_engine *e = s->world->engine;
    uint64_t n;
    if (lua_type(lua, 2) == LUA_TNUMBER) {
        n = ls_args_count(lua, 2, "rewind's number of blocks");
    } else {
        struct ls_script_block to = ls_block_get(lua, 2, "rewind's block");
        uint32_t latest = ls_engine_label(e, LS_LABEL_LATEST);
        if (!ls_universe_is_ancestor(s->chain->l2, to.id, latest)) {
            return ls_script_misuse(lua, "rewind: the engine's chain does not contain that block");
        }
        n = ls_universe_get(s->chain->l2, latest)->ref.number -
            ls_universe_get(s->chain->l2, to.id)->ref.number;
    }
    ls_engine_rewind(e, n);
    ls_verb_trace(s, "rewind", "%llu blocks", (unsigned long long)n);
    return 0;
}

static void open_port(lua_State *lua, struct ls_script *s, bool is_open)
{
    struct ls_diag d = {0};
    ls_script_check(lua, s->world->ops->port(s->world, LS_EP_ENGINE, is_open, &d), &d);
}

/* w:kill_engine(): its process is gone, connections are reset and refused until restart_engine */
static int verb_kill_engine(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    ls_engine_kill(s->world->engine);
    open_port(lua, s, false);
    ls_verb_trace(s, "kill_engine", "%s", "");
    return 0;
}

/* w:is_dead(): the engine's process is gone, by kill_engine or by itself */
static int verb_is_dead(lua_State *lua)
{
    lua_pushboolean(lua, ls_engine_is_dead(ls_script_self(lua)->world->engine));
    return 1;
}

/* w:restart_engine(lost): its process restarts; the newest `lost` blocks did not survive */
static int verb_restart_engine(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    uint64_t lost = lua_isnoneornil(lua, 2) ? 0 : ls_args_count(lua, 2, "restart_engine's blocks");
    bool was_dead = ls_engine_is_dead(s->world->engine);
    ls_engine_restart(s->world->engine, lost);
    if (was_dead) {
        open_port(lua, s, true);
    }
    ls_verb_trace(s, "restart_engine", "lost %llu", (unsigned long long)lost);
    return 0;
}

/* w:label("latest" | "unsafe" | "safe" | "finalized"): the engine's own truth; nil when unset */
static int verb_label(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    static const struct {
        const char *name;
        enum ls_label label;
    } labels[] = {{"latest", LS_LABEL_LATEST},
                  {"unsafe", LS_LABEL_LATEST},
                  {"safe", LS_LABEL_SAFE},
                  {"finalized", LS_LABEL_FINALIZED}};
    const char *name = lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : "";
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        if (strcmp(labels[i].name, name) == 0) {
            ls_block_push(lua, ls_engine_label(s->world->engine, labels[i].label));
            return 1;
        }
    }
    return ls_script_misuse(lua,
                            "\"%s\" is no label; known: \"latest\" \"unsafe\" \"safe\" "
                            "\"finalized\"",
                            name);
}

/* w:canonical(number): the engine's canonical block there, nil above its head */
static int verb_canonical(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    uint64_t number = ls_args_count(lua, 2, "canonical's number");
    ls_block_push(lua, ls_engine_canonical_at(s->world->engine, number));
    return 1;
}

/* w:has(block): the engine executed it and did not forget it */
static int verb_has(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    struct ls_script_block b = ls_block_get(lua, 2, "has's block");
    lua_pushboolean(lua, ls_engine_has(s->world->engine, b.id));
    return 1;
}

/* w:is_syncing(): the engine is on its way to a target */
static int verb_is_syncing(lua_State *lua)
{
    struct ls_script *s = ls_script_self(lua);
    lua_pushboolean(lua, ls_engine_sync_target(s->world->engine) != LS_NO_BLOCK);
    return 1;
}

const luaL_Reg ls_verbs_engine[] = {{"engine", verb_engine},
                                    {"profile", verb_profile},
                                    {"kill_engine", verb_kill_engine},
                                    {"is_dead", verb_is_dead},
                                    {"wipe", verb_wipe},
                                    {"rewind", verb_rewind},
                                    {"restart_engine", verb_restart_engine},
                                    {"label", verb_label},
                                    {"canonical", verb_canonical},
                                    {"has", verb_has},
                                    {"is_syncing", verb_is_syncing},
                                    {NULL, NULL}};
