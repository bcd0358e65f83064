#include "harness/scenario/meta.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <string.h>

#include "harness/scenario/host.h"

#define TICKS_MAX_DEFAULT 2000u

/* Position of the table being read, and where errors go. */
struct reader {
    lua_State *lua;
    const char *path;
    struct ls_scenario_meta *out;
    struct ls_diag *d;
};

int ls_meta_line(const char *path, const char *text)
{
    FILE *f = fopen(path, "rb");
    int line = 1;
    int found = 1;
    char buf[1024];
    while (f && fgets(buf, sizeof buf, f)) {
        if (strstr(buf, text)) {
            found = line;
            break;
        }
        line += strchr(buf, '\n') != NULL;
    }
    if (f) {
        fclose(f);
    }
    return found;
}

/* "file:line: key: what", the line being where near stands. */
static enum ls_err fail_at(const struct reader *r, const char *near, const char *what)
{
    return ls_fail(r->d, LS_ERR_CONFIG, "%s:%d: %s", r->path, ls_meta_line(r->path, near), what);
}

static enum ls_err fail_key(const struct reader *r, const char *key, const char *what)
{
    return ls_fail(r->d, LS_ERR_CONFIG, "%s:%d: \"%s\" %s", r->path, ls_meta_line(r->path, key),
                   key, what);
}

/* The string at key of the table at index, bounded; a missing one is an error when required. */
static enum ls_err get_str(const struct reader *r, int index, const char *key, bool required,
                           char *out, size_t cap)
{
    enum ls_err err = LS_OK;
    int type = lua_getfield(r->lua, index, key);
    if (type == LUA_TSTRING) {
        size_t n;
        const char *s = lua_tolstring(r->lua, -1, &n);
        if (n == 0 || n >= cap) {
            err = fail_key(r, key, "is empty or too long");
        } else {
            memcpy(out, s, n + 1);
        }
    } else if (type != LUA_TNIL) {
        err = fail_key(r, key, "must be a string");
    } else if (required) {
        err = ls_fail(r->d, LS_ERR_CONFIG, "%s:1: the scenario has no \"%s\"; add %s = \"…\"",
                      r->path, key, key);
    }
    lua_pop(r->lua, 1);
    return err;
}

/* Calls each on every element of the list at key; a missing list is empty. */
static enum ls_err for_list(const struct reader *r, const char *key, size_t count_max,
                            enum ls_err (*each)(const struct reader *r))
{
    enum ls_err err = LS_OK;
    int type = lua_getfield(r->lua, -1, key);
    if (type == LUA_TTABLE) {
        size_t n = (size_t)lua_rawlen(r->lua, -1);
        if (n > count_max) {
            err = fail_key(r, key, "has too many entries");
        }
        for (size_t i = 1; i <= n && err == LS_OK; i++) {
            lua_rawgeti(r->lua, -1, (lua_Integer)i);
            err = each(r);
            lua_pop(r->lua, 1);
        }
    } else if (type != LUA_TNIL) {
        err = fail_key(r, key, "must be a list: {…}");
    }
    lua_pop(r->lua, 1);
    return err;
}

static enum ls_err each_variant(const struct reader *r)
{
    const char *s = lua_tostring(r->lua, -1);
    if (!s || (strcmp(s, "A") != 0 && strcmp(s, "B") != 0)) {
        return fail_key(r, "variants", "knows \"A\" (EL tags) and \"B\" (CL status) only");
    }
    r->out->has_variant[s[0] == 'A' ? LS_VARIANT_A : LS_VARIANT_B] = true;
    return LS_OK;
}

static enum ls_err each_fixture(const struct reader *r)
{
    const char *s = lua_tostring(r->lua, -1);
    if (!s || strlen(s) == 0 || strlen(s) >= sizeof r->out->fixtures[0]) {
        return fail_key(r, "fixtures", "must hold folder names below fixtures/");
    }
    strcpy(r->out->fixtures[r->out->fixture_count++], s);
    return LS_OK;
}

static enum ls_err each_cover(const struct reader *r)
{
    const char *s = lua_tostring(r->lua, -1);
    if (!s || strlen(s) == 0 || strlen(s) >= sizeof r->out->covers[0]) {
        return fail_key(r, "covers", "must hold requirement names such as \"R-2.6\"");
    }
    strcpy(r->out->covers[r->out->cover_count++], s);
    return LS_OK;
}

static enum ls_err each_exemption(const struct reader *r)
{
    struct ls_exemption *e = &r->out->exempt[r->out->exempt_count];
    if (!lua_istable(r->lua, -1)) {
        return fail_key(r, "exempt", "must hold entries {id = \"I-06\", reason = \"…\"}");
    }
    enum ls_err err = get_str(r, -1, "id", true, e->id, sizeof e->id);
    if (err == LS_OK) {
        err = get_str(r, -1, "reason", true, e->reason, sizeof e->reason);
    }
    r->out->exempt_count += err == LS_OK;
    return err;
}

static enum ls_err each_known(const struct reader *r)
{
    struct ls_known_deviation *k = &r->out->known[r->out->known_count];
    if (!lua_istable(r->lua, -1)) {
        return fail_key(r, "known_deviations",
                        "must hold entries {cl = \"op-node\", what = \"…\", link = \"…\"}");
    }
    enum ls_err err = get_str(r, -1, "cl", true, k->cl, sizeof k->cl);
    if (err == LS_OK) {
        err = get_str(r, -1, "what", true, k->what, sizeof k->what);
    }
    if (err == LS_OK) {
        err = get_str(r, -1, "link", true, k->link, sizeof k->link);
    }
    r->out->known_count += err == LS_OK;
    return err;
}

static enum ls_err check_keys(const struct reader *r)
{
    static const char *const known[] = {"id",       "title",  "priority", "applies",
                                        "variants", "covers", "fixtures", "known_deviations",
                                        "exempt",   "run",    "ticks_max"};
    lua_pushnil(r->lua);
    while (lua_next(r->lua, -2) != 0) {
        const char *key = lua_type(r->lua, -2) == LUA_TSTRING ? lua_tostring(r->lua, -2) : NULL;
        bool is_known = false;
        for (size_t i = 0; key && i < sizeof known / sizeof known[0]; i++) {
            is_known = is_known || strcmp(key, known[i]) == 0;
        }
        if (!is_known) {
            enum ls_err err =
                fail_key(r, key ? key : "return",
                         "is no key of a scenario; known: id title priority applies variants "
                         "fixtures covers exempt known_deviations ticks_max run");
            lua_pop(r->lua, 2);
            return err;
        }
        lua_pop(r->lua, 1);
    }
    return LS_OK;
}

static enum ls_err read_identity(const struct reader *r)
{
    struct ls_scenario_meta *m = r->out;
    char applies[4] = "A";
    enum ls_err err = get_str(r, -1, "id", true, m->id, sizeof m->id);
    if (err == LS_OK) {
        err = get_str(r, -1, "title", true, m->title, sizeof m->title);
    }
    if (err == LS_OK) {
        err = get_str(r, -1, "priority", true, m->priority, sizeof m->priority);
    }
    if (err == LS_OK) {
        err = get_str(r, -1, "applies", true, applies, sizeof applies);
    }
    if (err == LS_OK && (m->priority[0] != 'P' || !strchr("012", m->priority[1]))) {
        err = fail_key(r, "priority", "is \"P0\", \"P1\" or \"P2\"");
    }
    if (err == LS_OK && (applies[1] != '\0' || !strchr("ALDX", applies[0]))) {
        err = fail_key(r, "applies", "is \"A\", \"L\", \"D\" or \"X\"");
    }
    m->applies = applies[0];
    return err;
}

static enum ls_err read_run(const struct reader *r)
{
    enum ls_err err = LS_OK;
    if (lua_getfield(r->lua, -1, "run") != LUA_TFUNCTION) {
        err = fail_at(r, "run", "the scenario has no run; add run = function(w) … end");
    }
    lua_pop(r->lua, 1);
    r->out->ticks_max = TICKS_MAX_DEFAULT;
    if (err == LS_OK && lua_getfield(r->lua, -1, "ticks_max") != LUA_TNIL) {
        lua_Integer n = lua_tointeger(r->lua, -1);
        if (n < 1) {
            err = fail_key(r, "ticks_max", "must be a number of ticks");
        }
        r->out->ticks_max = (uint64_t)n;
        lua_pop(r->lua, 1);
    } else if (err == LS_OK) {
        lua_pop(r->lua, 1);
    }
    return err;
}

static enum ls_err read_all(const struct reader *r)
{
    const struct {
        const char *key;
        size_t count_max;
        enum ls_err (*each)(const struct reader *r);
    } lists[] = {{"variants", 2, each_variant},
                 {"fixtures", LS_META_FIXTURES_MAX, each_fixture},
                 {"covers", LS_META_COVERS_MAX, each_cover},
                 {"exempt", LS_META_EXEMPT_MAX, each_exemption},
                 {"known_deviations", LS_META_KNOWN_MAX, each_known}};
    enum ls_err err = check_keys(r);
    if (err == LS_OK) {
        err = read_identity(r);
    }
    for (size_t i = 0; i < sizeof lists / sizeof lists[0] && err == LS_OK; i++) {
        err = for_list(r, lists[i].key, lists[i].count_max, lists[i].each);
    }
    if (err == LS_OK) {
        err = read_run(r);
    }
    if (err == LS_OK && !r->out->has_variant[0] && !r->out->has_variant[1]) {
        err = fail_at(r, "variants", "no variant; add variants = {\"A\", \"B\"}");
    }
    if (err == LS_OK && r->out->fixture_count == 0) {
        err = fail_at(r, "fixtures", "no fixture; add fixtures = {\"devnet-forks\"}");
    }
    return err;
}

/* The table may have metamethods that raise, and reading may run out of memory. */
static int read_protected(lua_State *lua)
{
    struct reader *r = lua_touserdata(lua, 2);
    lua_settop(lua, 1);
    lua_pushinteger(lua, (lua_Integer)read_all(r));
    return 1;
}

enum ls_err ls_meta_read(struct ls_host *h, const char *path, struct ls_scenario_meta *out,
                         struct ls_diag *d)
{
    lua_State *lua = ls_host_lua(h);
    struct reader r = {.lua = lua, .path = path, .out = out, .d = d};
    *out = (struct ls_scenario_meta){0};
    snprintf(out->path, sizeof out->path, "%s", path);
    ls_host_allow(h);
    lua_pushcfunction(lua, read_protected);
    lua_pushvalue(lua, -2);
    lua_pushlightuserdata(lua, &r);
    enum ls_err err = LS_OK;
    if (lua_pcall(lua, 2, 1, 0) == LUA_OK) {
        err = (enum ls_err)lua_tointeger(lua, -1);
    } else {
        const char *why = lua_tostring(lua, -1);
        err = ls_fail(d, LS_ERR_CONFIG, "%s: %s", path, why ? why : "cannot be read");
    }
    lua_pop(lua, 1);
    return err;
}

enum ls_err ls_meta_load(const char *path, struct ls_scenario_meta *out, struct ls_diag *d)
{
    struct ls_host *h = ls_host_new(0);
    if (!h) {
        return ls_fail(d, LS_ERR_NOMEM, "no memory for a script state");
    }
    enum ls_err err = ls_host_load(h, path, d);
    if (err == LS_OK) {
        err = ls_meta_read(h, path, out, d);
    }
    ls_host_free(h);
    return err;
}
