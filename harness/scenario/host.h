/*
 * The Lua side of a scenario: one sandboxed Lua 5.4 state, good for one scenario and one run.
 *
 * The sandbox makes a script repeatable and harmless: no os, io, require, load, coroutine or debug;
 * pairs goes by sorted keys; math.random is seeded and cannot be reseeded; memory is capped; a
 * script that computes for ever without waiting is stopped. What a script can do to the outside is
 * only what the verbs of the world offer (verbs.h). This header knows nothing of worlds.
 */
#ifndef LS_HARNESS_SCENARIO_HOST_H
#define LS_HARNESS_SCENARIO_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define LS_HOST_MEMORY_MAX (64u << 20)     /* bytes a script may hold */
#define LS_HOST_INSTRUCTIONS_MAX 50000000u /* between two waits */
#define LS_HOST_SOURCE_MAX (1u << 20)      /* bytes of one scenario file */

struct lua_State;
struct ls_host;

/* A place in a script. */
struct ls_script_pos {
    char file[256]; /* as the path was given; empty when not known */
    int line;       /* 0 when not known */
};

/* Makes a state whose math.random depends on seed only. NULL when memory is short. */
struct ls_host *ls_host_new(uint64_t seed);

/* Frees it and everything its scripts made. NULL is fine. */
void ls_host_free(struct ls_host *h);

/* The state, owned by h. */
struct lua_State *ls_host_lua(struct ls_host *h);

/* Runs the file at path (shown in errors as given), which must return a table, and leaves that
 * table on the stack. CONFIG with a sentence "file:line: what; what to do" for anything wrong with
 * the script, IO when it cannot be read; nothing is left on the stack then. The script may call
 * use("name"), which runs name.lua from the file's folder or the folder above and returns what that
 * returns. */
enum ls_err ls_host_load(struct ls_host *h, const char *path, struct ls_diag *d);

/* Gives the script a fresh instruction allowance: call before every entry into the state. */
void ls_host_allow(struct ls_host *h);

/* Splits "file:line: message" (a Lua error message) into its place and the rest, which is returned
 * (inside text). Text without a place is returned whole, with *pos zeroed. */
const char *ls_host_split(const char *text, struct ls_script_pos *pos);

/* The innermost place in a script, from the point of view of a running C function. */
void ls_host_where(struct lua_State *lua, struct ls_script_pos *pos);

#endif
