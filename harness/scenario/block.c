/*
 * Blocks in scripts and their names: "G" genesis, "B+3" the fourth block of the recorded window,
 * "x@330+20" the twentieth block of fork x, which leaves the window after B+330.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/scenario/script.h"
#include "lib/hex.h"

#define TYPE_NAME "ls.block"

static struct ls_universe *universe(const struct ls_script *s)
{
    return s->chain->l2;
}

static uint64_t number_of(const struct ls_script *s, uint32_t id)
{
    return ls_universe_get(universe(s), id)->ref.number;
}

/* The branch other than the canonical one that id is on, or NULL. */
static const struct ls_chain_branch *branch_of(const struct ls_script *s, uint32_t id)
{
    for (size_t i = 1; i < s->chain->branch_count; i++) {
        const struct ls_chain_branch *b = &s->chain->branches[i];
        if (ls_universe_is_ancestor(universe(s), b->first, id) &&
            ls_universe_is_ancestor(universe(s), id, b->tip)) {
            return b;
        }
    }
    return NULL;
}

static uint32_t tip_of(const struct ls_script *s, uint32_t id)
{
    const struct ls_chain_branch *b = branch_of(s, id);
    return b ? b->tip : s->chain->tip;
}

void ls_block_name(const struct ls_script *s, uint32_t id, char *out, size_t cap)
{
    if (id == LS_NO_BLOCK) {
        snprintf(out, cap, "none");
        return;
    }
    const struct ls_ublock *b = ls_universe_get(universe(s), id);
    uint64_t first = number_of(s, s->chain->first);
    const struct ls_chain_branch *branch = branch_of(s, id);
    if (branch) {
        uint32_t at = ls_universe_get(universe(s), branch->first)->parent;
        uint64_t fork = number_of(s, at);
        snprintf(out, cap, "%s@%" PRIu64 "+%" PRIu64, branch->name, fork - first,
                 b->ref.number - fork);
    } else if (id == s->chain->genesis) {
        snprintf(out, cap, "G");
    } else if (ls_universe_is_ancestor(universe(s), id, s->chain->tip) && b->ref.number >= first) {
        snprintf(out, cap, "B+%" PRIu64, b->ref.number - first);
    } else {
        char hex[9] = {0};
        ls_hex_encode(b->ref.hash.b, 4, hex);
        snprintf(out, cap, "%" PRIu64 " 0x%s…", b->ref.number, hex);
    }
}

static void push(lua_State *lua, struct ls_script_block b)
{
    struct ls_script_block *p = lua_newuserdatauv(lua, sizeof *p, 0);
    *p = b;
    luaL_setmetatable(lua, TYPE_NAME);
}

void ls_block_push(lua_State *lua, uint32_t id)
{
    if (id == LS_NO_BLOCK) {
        lua_pushnil(lua);
    } else {
        push(lua, (struct ls_script_block){.id = id, .tip = tip_of(ls_script_of(lua), id)});
    }
}

void ls_block_push_hash(lua_State *lua, const struct ls_hash *hash)
{
    uint32_t id = ls_universe_find(universe(ls_script_of(lua)), hash);
    if (id != LS_NO_BLOCK || ls_hash_is_zero(hash)) {
        ls_block_push(lua, id);
        return;
    }
    char hex[2 * sizeof hash->b + 1] = {0};
    ls_hex_encode(hash->b, sizeof hash->b, hex);
    lua_pushfstring(lua, "0x%s", hex);
}

/* "+20" or "" -> 20 or 0; false when there is something else. */
static bool parse_offset(const char *text, uint64_t *out)
{
    *out = 0;
    if (*text == '\0') {
        return true;
    }
    return *text == '+' && ls_parse_dec(text + 1, strlen(text + 1), out) == LS_OK;
}

static struct ls_script_block canonical(lua_State *lua, const char *name, const char *offset)
{
    struct ls_script *s = ls_script_of(lua);
    uint64_t k;
    if (!parse_offset(offset, &k)) {
        ls_script_misuse(lua, "\"%s\" is no block name; write \"B+340\"", name);
    }
    uint64_t length = number_of(s, s->chain->tip) - number_of(s, s->chain->first) + 1;
    uint32_t id =
        k < length ? ls_chain_at(s->chain, number_of(s, s->chain->first) + k) : LS_NO_BLOCK;
    if (id == LS_NO_BLOCK) {
        ls_script_misuse(lua,
                         "\"%s\": fixture \"%s\" ends at B+%" PRIu64
                         "; w:at(k) scales positions to the window",
                         name, s->o->fixture, length - 1);
    }
    return (struct ls_script_block){.id = id, .tip = s->chain->tip};
}

static struct ls_script_block on_fork(lua_State *lua, const char *name, const char *at)
{
    struct ls_script *s = ls_script_of(lua);
    char branch_name[LS_CHAIN_NAME_MAX];
    size_t n = (size_t)(at - name);
    if (n == 0 || n >= sizeof branch_name) {
        ls_script_misuse(lua, "\"%s\" is no block name; write \"x@330+20\"", name);
    }
    memcpy(branch_name, name, n);
    branch_name[n] = '\0';
    const struct ls_chain_branch *b = ls_chain_branch(s->chain, branch_name);
    if (!b) {
        ls_script_misuse(lua, "\"%s\": there is no fork \"%s\"; make it with w:fork(\"%s\", …)",
                         name, branch_name, branch_name);
    }
    uint64_t fork = number_of(s, ls_universe_get(universe(s), b->first)->parent);
    uint64_t base = number_of(s, s->chain->first);
    char *end;
    uint64_t k = strtoull(at + 1, &end, 10);
    uint64_t above = 0;
    if (end == at + 1 || !parse_offset(end, &above)) {
        ls_script_misuse(lua, "\"%s\" is no block name; write \"%s@330+20\"", name, branch_name);
    }
    if (base + k != fork) {
        ls_script_misuse(lua, "\"%s\": fork \"%s\" leaves after B+%" PRIu64, name, branch_name,
                         fork - base);
    }
    uint32_t id = ls_universe_at(universe(s), b->tip, fork + above);
    if (id == LS_NO_BLOCK) {
        ls_script_misuse(lua, "\"%s\": fork \"%s\" is only %" PRIu64 " blocks long", name,
                         branch_name, number_of(s, b->tip) - fork);
    }
    return (struct ls_script_block){.id = id, .tip = b->tip};
}

static struct ls_script_block by_name(lua_State *lua, const char *name)
{
    struct ls_script *s = ls_script_of(lua);
    const char *at = strchr(name, '@');
    if (strcmp(name, "G") == 0) {
        if (s->chain->genesis == LS_NO_BLOCK) {
            ls_script_misuse(lua, "\"G\": fixture \"%s\" has no genesis block", s->o->fixture);
        }
        return (struct ls_script_block){.id = s->chain->genesis, .tip = s->chain->tip};
    }
    if (at) {
        return on_fork(lua, name, at);
    }
    if (name[0] == 'B') {
        return canonical(lua, name, name + 1);
    }
    struct ls_hash h;
    if (ls_hex_fixed(name, strlen(name), h.b, sizeof h.b) == LS_OK) {
        uint32_t id = ls_universe_find(universe(s), &h);
        if (id != LS_NO_BLOCK) {
            return (struct ls_script_block){.id = id, .tip = tip_of(s, id)};
        }
        ls_script_misuse(lua, "\"%s\": no block of the fixture has this hash", name);
    }
    ls_script_misuse(lua, "\"%s\" is no block name; known: \"G\", \"B+340\", \"x@330+20\", a hash",
                     name);
    return (struct ls_script_block){.id = LS_NO_BLOCK}; /* not reached */
}

struct ls_script_block ls_block_get(lua_State *lua, int index, const char *what)
{
    struct ls_script_block *b = luaL_testudata(lua, index, TYPE_NAME);
    if (b) {
        return *b;
    }
    if (lua_type(lua, index) != LUA_TSTRING) {
        ls_script_misuse(lua, "%s must be a block or a block name such as \"B+340\", not a %s",
                         what, luaL_typename(lua, index));
    }
    return by_name(lua, lua_tostring(lua, index));
}

struct ls_script_block ls_block_field(lua_State *lua, int index, const char *key)
{
    struct ls_script_block b = {.id = LS_NO_BLOCK, .tip = LS_NO_BLOCK};
    if (lua_getfield(lua, index, key) != LUA_TNIL) {
        b = ls_block_get(lua, -1, key);
    }
    lua_pop(lua, 1);
    return b;
}

/* b + n: up its branch, or down towards genesis. */
static int step(lua_State *lua, int64_t by)
{
    struct ls_script *s = ls_script_of(lua);
    struct ls_script_block *b = luaL_checkudata(lua, 1, TYPE_NAME);
    uint64_t number = number_of(s, b->id);
    uint64_t target = by < 0 ? number - (uint64_t)-by : number + (uint64_t)by;
    bool is_in_range = by >= 0 || (uint64_t)-by <= number;
    uint32_t id = is_in_range ? ls_universe_at(universe(s), b->tip, target) : LS_NO_BLOCK;
    if (id == LS_NO_BLOCK) {
        char name[96];
        ls_block_name(s, b->id, name, sizeof name);
        return ls_script_misuse(lua, "there is no block %" PRId64 " from %s in fixture \"%s\"", by,
                                name, s->o->fixture);
    }
    push(lua, (struct ls_script_block){.id = id, .tip = b->tip});
    return 1;
}

static int block_add(lua_State *lua)
{
    luaL_checkudata(lua, 1, TYPE_NAME);
    return step(lua, luaL_checkinteger(lua, 2));
}

/* block - n is a block, block - block a distance. */
static int block_sub(lua_State *lua)
{
    struct ls_script_block *a = luaL_checkudata(lua, 1, TYPE_NAME);
    struct ls_script_block *b = luaL_testudata(lua, 2, TYPE_NAME);
    if (!b) {
        return step(lua, -luaL_checkinteger(lua, 2));
    }
    struct ls_script *s = ls_script_of(lua);
    lua_pushinteger(lua, (lua_Integer)number_of(s, a->id) - (lua_Integer)number_of(s, b->id));
    return 1;
}

static int block_eq(lua_State *lua)
{
    struct ls_script_block *a = luaL_testudata(lua, 1, TYPE_NAME);
    struct ls_script_block *b = luaL_testudata(lua, 2, TYPE_NAME);
    lua_pushboolean(lua, a && b && a->id == b->id);
    return 1;
}

static int block_tostring(lua_State *lua)
{
    struct ls_script_block *b = luaL_checkudata(lua, 1, TYPE_NAME);
    char name[96];
    ls_block_name(ls_script_of(lua), b->id, name, sizeof name);
    lua_pushstring(lua, name);
    return 1;
}

static int block_concat(lua_State *lua)
{
    luaL_tolstring(lua, 1, NULL);
    luaL_tolstring(lua, 2, NULL);
    lua_concat(lua, 2);
    return 1;
}

/* a:is_ancestor_of(b): of it, or itself. */
static int block_is_ancestor_of(lua_State *lua)
{
    struct ls_script_block a = ls_block_get(lua, 1, "block");
    struct ls_script_block b = ls_block_get(lua, 2, "is_ancestor_of's argument");
    lua_pushboolean(lua, ls_universe_is_ancestor(universe(ls_script_of(lua)), a.id, b.id));
    return 1;
}

static int block_index(lua_State *lua)
{
    struct ls_script_block *b = luaL_checkudata(lua, 1, TYPE_NAME);
    const char *key = luaL_checkstring(lua, 2);
    const struct ls_ublock *u = ls_universe_get(universe(ls_script_of(lua)), b->id);
    if (strcmp(key, "number") == 0) {
        lua_pushinteger(lua, (lua_Integer)u->ref.number);
    } else if (strcmp(key, "time") == 0) {
        lua_pushinteger(lua, (lua_Integer)u->ref.timestamp);
    } else if (strcmp(key, "origin") == 0) {
        lua_pushinteger(lua, (lua_Integer)u->ref.l1_origin.number);
    } else if (strcmp(key, "hash") == 0) {
        char hex[2 * sizeof u->ref.hash.b + 1] = {0};
        ls_hex_encode(u->ref.hash.b, sizeof u->ref.hash.b, hex);
        lua_pushfstring(lua, "0x%s", hex);
    } else if (strcmp(key, "parent") == 0) {
        ls_block_push(lua, u->parent);
    } else if (strcmp(key, "is_ancestor_of") == 0) {
        lua_pushcfunction(lua, block_is_ancestor_of);
    } else {
        return ls_script_misuse(lua,
                                "a block has no \"%s\"; known: number hash time origin parent "
                                "is_ancestor_of",
                                key);
    }
    return 1;
}

void ls_block_register(lua_State *lua)
{
    static const luaL_Reg meta[] = {{"__add", block_add},
                                    {"__sub", block_sub},
                                    {"__eq", block_eq},
                                    {"__tostring", block_tostring},
                                    {"__concat", block_concat},
                                    {"__index", block_index},
                                    {NULL, NULL}};
    luaL_newmetatable(lua, TYPE_NAME);
    luaL_setfuncs(lua, meta, 0);
    lua_pushboolean(lua, 0);
    lua_setfield(lua, -2, "__metatable");
    lua_pop(lua, 1);
}
