#include "harness/scenario/host.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"

#define HOOK_STEP 10000 /* instructions between two looks at the allowance */

struct ls_host {
    lua_State *lua;
    size_t bytes_used;
    uint64_t instructions;
};

/* Key order of Lua tables depends on addresses; a script must not. */
static const char PRELUDE[] =
    "local next, sort, type = next, table.sort, type\n"
    "local rank = {number = 1, string = 2, boolean = 3}\n"
    "local function before(a, b)\n"
    "  local x, y = type(a), type(b)\n"
    "  if x ~= y then return rank[x] < rank[y] end\n"
    "  if x == 'boolean' then return b and not a end\n"
    "  return a < b\n"
    "end\n"
    "function pairs(t)\n"
    "  local keys = {}\n"
    "  for k in next, t do\n"
    "    if not rank[type(k)] then\n"
    "      error('pairs: keys must be numbers, strings or booleans, not ' .. type(k), 2)\n"
    "    end\n"
    "    keys[#keys + 1] = k\n"
    "  end\n"
    "  sort(keys, before)\n"
    "  local i = 0\n"
    "  return function()\n"
    "    i = i + 1\n"
    "    local k = keys[i]\n"
    "    if k ~= nil then return k, t[k] end\n"
    "  end\n"
    "end\n"
    "for _, name in ipairs{'dofile', 'loadfile', 'load', 'collectgarbage', 'next', 'pcall',\n"
    "                      'xpcall', 'print', 'warn'} do _G[name] = nil end\n"
    "string.dump = nil\n"
    "math.randomseed = nil\n";

static void *allocate(void *ud, void *p, size_t old_bytes, size_t new_bytes)
{
    struct ls_host *h = ud;
    size_t held = p ? old_bytes : 0; /* without p, old_bytes is a type tag */
    if (new_bytes == 0) {
        free(p);
        h->bytes_used -= held;
        return NULL;
    }
    if (new_bytes > held && new_bytes - held > LS_HOST_MEMORY_MAX - h->bytes_used) {
        return NULL;
    }
    void *q = realloc(p, new_bytes);
    if (q) {
        h->bytes_used = h->bytes_used - held + new_bytes;
    }
    return q;
}

static struct ls_host *host_of(lua_State *lua)
{
    struct ls_host *h;
    memcpy(&h, lua_getextraspace(lua), sizeof h);
    return h;
}

static void on_instructions(lua_State *lua, lua_Debug *ar)
{
    (void)ar;
    struct ls_host *h = host_of(lua);
    if (h->instructions < HOOK_STEP) {
        struct ls_script_pos at; /* inside a hook, luaL_error would name the caller's line */
        ls_host_where(lua, &at);
        lua_pushfstring(lua,
                        "%s:%d: the script ran %d instructions without waiting; is there an "
                        "endless loop?",
                        at.file, at.line, (int)LS_HOST_INSTRUCTIONS_MAX);
        lua_error(lua);
    }
    h->instructions -= HOOK_STEP;
}

static enum ls_err read_source(const char *path, struct ls_buf *out, struct ls_diag *d)
{
    enum ls_err err = LS_OK;
    FILE *f = fopen(path, "rb");
    if (!f) {
        return ls_fail(d, LS_ERR_IO, "cannot open scenario file \"%s\"", path);
    }
    char chunk[4096];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) {
        if (ls_buf_put(out, chunk, n) != LS_OK) {
            err = ls_fail(d, LS_ERR_IO, "scenario file \"%s\" is larger than %u bytes", path,
                          LS_HOST_SOURCE_MAX);
            goto out;
        }
    }
    if (ferror(f)) {
        err = ls_fail(d, LS_ERR_IO, "cannot read scenario file \"%s\"", path);
    }
out:
    fclose(f);
    return err;
}

/* Pushes the table that the file returns, or an error message. false on the latter. */
static bool run_file(lua_State *lua, const char *path, struct ls_diag *d)
{
    struct ls_buf text;
    ls_buf_init(&text, LS_HOST_SOURCE_MAX);
    enum ls_err err = read_source(path, &text, d);
    if (err == LS_OK) {
        char chunk_name[300];
        snprintf(chunk_name, sizeof chunk_name, "@%s", path);
        bool ok = luaL_loadbufferx(lua, text.p ? (const char *)text.p : "", text.n, chunk_name,
                                   "t") == LUA_OK &&
                  lua_pcall(lua, 0, 1, 0) == LUA_OK;
        if (!ok) {
            const char *why = lua_tostring(lua, -1);
            err = ls_fail(d, LS_ERR_CONFIG, "%s", why ? why : "the script failed without a word");
            lua_pop(lua, 1);
        } else if (!lua_istable(lua, -1)) {
            err = ls_fail(d, LS_ERR_CONFIG,
                          "%s:1: the file must return a table; end it with return {id = …, run = "
                          "function(w) … end}",
                          path);
            lua_pop(lua, 1);
        }
    }
    ls_buf_fini(&text);
    return err == LS_OK;
}

static bool is_plain_name(const char *s)
{
    return *s != '\0' && *s != '/' && !strstr(s, "..") &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/.") ==
               strlen(s);
}

static bool is_readable(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f) {
        fclose(f);
    }
    return f != NULL;
}

/* use("name"): what another file of the same collection returns. */
static int lua_use(lua_State *lua)
{
    const char *name = luaL_checkstring(lua, 1);
    if (!is_plain_name(name)) {
        return luaL_error(lua, "use \"%s\": give a file name below the scenarios, without .lua",
                          name);
    }
    struct ls_script_pos at;
    ls_host_where(lua, &at);
    char *slash = strrchr(at.file, '/');
    int folder = slash ? (int)(slash - at.file) + 1 : 0;
    const char *const up[] = {"", "../"};
    char path[600];
    for (size_t i = 0; i < sizeof up / sizeof up[0]; i++) {
        snprintf(path, sizeof path, "%.*s%s%s.lua", folder, at.file, up[i], name);
        if (is_readable(path)) {
            struct ls_diag d = {0};
            return run_file(lua, path, &d) ? 1 : luaL_error(lua, "use \"%s\": %s", name, d.text);
        }
    }
    return luaL_error(lua, "use \"%s\": there is no %s.lua beside this file or in the folder above",
                      name, name);
}

/* Opens the libraries and closes the doors. Runs protected: it allocates. */
static int furnish(lua_State *lua)
{
    lua_Integer seed = lua_tointeger(lua, 1);
    luaL_requiref(lua, LUA_GNAME, luaopen_base, 1);
    luaL_requiref(lua, LUA_TABLIBNAME, luaopen_table, 1);
    luaL_requiref(lua, LUA_STRLIBNAME, luaopen_string, 1);
    luaL_requiref(lua, LUA_MATHLIBNAME, luaopen_math, 1);
    luaL_requiref(lua, LUA_UTF8LIBNAME, luaopen_utf8, 1);
    lua_getglobal(lua, "math");
    lua_getfield(lua, -1, "randomseed");
    lua_pushinteger(lua, seed);
    lua_pushinteger(lua, 0);
    lua_call(lua, 2, 0);
    lua_pushcfunction(lua, lua_use);
    lua_setglobal(lua, "use");
    if (luaL_loadbufferx(lua, PRELUDE, sizeof PRELUDE - 1, "=prelude", "t") != LUA_OK) {
        return lua_error(lua);
    }
    lua_call(lua, 0, 0);
    return 0;
}

struct ls_host *ls_host_new(uint64_t seed)
{
    struct ls_host *h = calloc(1, sizeof *h);
    if (!h) {
        return NULL;
    }
    h->lua = lua_newstate(allocate, h);
    if (!h->lua) {
        free(h);
        return NULL;
    }
    memcpy(lua_getextraspace(h->lua), &h, sizeof h);
    ls_host_allow(h);
    lua_pushcfunction(h->lua, furnish);
    lua_pushinteger(h->lua, (lua_Integer)seed);
    if (lua_pcall(h->lua, 1, 0, 0) != LUA_OK) {
        ls_host_free(h);
        return NULL;
    }
    lua_sethook(h->lua, on_instructions, LUA_MASKCOUNT, HOOK_STEP);
    return h;
}

void ls_host_free(struct ls_host *h)
{
    if (h) {
        lua_close(h->lua);
        free(h);
    }
}

struct lua_State *ls_host_lua(struct ls_host *h)
{
    return h->lua;
}

void ls_host_allow(struct ls_host *h)
{
    h->instructions = LS_HOST_INSTRUCTIONS_MAX;
}

enum ls_err ls_host_load(struct ls_host *h, const char *path, struct ls_diag *d)
{
    struct ls_diag why = {0};
    ls_host_allow(h);
    if (run_file(h->lua, path, &why)) {
        return LS_OK;
    }
    return ls_fail(d, is_readable(path) ? LS_ERR_CONFIG : LS_ERR_IO, "%s", why.text);
}

const char *ls_host_split(const char *text, struct ls_script_pos *pos)
{
    *pos = (struct ls_script_pos){0};
    const char *ext = strstr(text, ".lua:");
    if (!ext) {
        return text;
    }
    char *end;
    long line = strtol(ext + 5, &end, 10);
    size_t n = (size_t)(ext - text) + 4;
    if (line <= 0 || line > INT32_MAX || *end != ':' || n >= sizeof pos->file) {
        return text;
    }
    memcpy(pos->file, text, n);
    pos->line = (int)line;
    return end[1] == ' ' ? end + 2 : end + 1;
}

void ls_host_where(struct lua_State *lua, struct ls_script_pos *pos)
{
    *pos = (struct ls_script_pos){0};
    lua_Debug ar;
    for (int level = 0; lua_getstack(lua, level, &ar) == 1; level++) {
        if (lua_getinfo(lua, "Sl", &ar) != 0 && ar.currentline > 0 && ar.source[0] == '@') {
            snprintf(pos->file, sizeof pos->file, "%s", ar.source + 1);
            pos->line = ar.currentline;
            return;
        }
    }
}
