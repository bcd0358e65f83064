/*
 * A running script: what the verbs and the loop share. Inside harness/scenario only.
 *
 * A verb is a Lua C function whose first argument is the world. It finds its struct ls_script with
 * ls_script_self, complains with ls_script_misuse (the script is wrong) or ls_script_fail (the node
 * is), and waits by filling in `wait` and yielding.
 */
#ifndef LS_HARNESS_SCENARIO_SCRIPT_H
#define LS_HARNESS_SCENARIO_SCRIPT_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/capture/chain.h"
#include "harness/scenario/run.h"

#define LS_WATCHES_MAX 16u
#define LS_HOOKS_MAX 8u
#define LS_WHAT_MAX 256u
#define LS_PROCESS_SLACK_NS UINT64_C(1500000000) /* scenarios 1 */

/* What the script waits for. */
struct ls_wait {
    enum { LS_WAIT_NONE, LS_WAIT_TICKS, LS_WAIT_PREDICATE, LS_WAIT_EXIT } kind;
    uint64_t began;    /* tick at which waiting began */
    uint64_t bound;    /* tick at which the outcome was due */
    uint64_t deadline; /* tick at which waiting ends: bound and slack */
    int predicate;     /* registry reference */
    char what[LS_WHAT_MAX];
    struct ls_script_pos at;
};

/* never(what, predicate). */
struct ls_watch {
    int predicate;
    char what[LS_WHAT_MAX];
    struct ls_script_pos at;
};

/* The source moves by itself. */
struct ls_steady {
    uint64_t rate;       /* blocks a tick, 0 = stands still */
    uint64_t distance;   /* safe - finalized; UINT64_MAX = finalized stays */
    bool is_feeding;     /* unsafe payloads go to the node, too */
    uint64_t feed_ahead; /* so many above safe */
    uint64_t fed;        /* highest number handed over */
};

struct ls_script {
    const struct ls_scenario_options *o;
    struct ls_scenario_result *out;
    struct ls_world *world;
    struct ls_chain *chain;
    struct ls_tracelog *log;
    lua_State *lua; /* main thread: predicates run here */
    lua_State *co;  /* the script */
    struct ls_wait wait;
    struct ls_watch watches[LS_WATCHES_MAX];
    size_t watch_count;
    int hooks[LS_HOOKS_MAX]; /* every(function): registry references */
    size_t hook_count;
    struct ls_steady steady;
    uint32_t source_tip; /* the branch on which the source advances, as its tip */
    size_t mark;         /* calls() counts from here */
    uint64_t tick;       /* last seen */
    bool is_running_lua_predicate;
    struct ls_start_options start; /* of the last start */
    const char *start_args[16];
    char start_text[16][128];
};

/* --- complaining --- */

/* The script of the world at argument 1. Raises a misuse when it is something else. */
struct ls_script *ls_script_self(lua_State *lua);
/* The script a Lua state belongs to. */
struct ls_script *ls_script_of(lua_State *lua);
/* The scenario is wrong: records place and sentence, raises. */
int ls_script_misuse(lua_State *lua, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The node is wrong: records place, what, expected and seen, raises. */
int ls_script_fail(lua_State *lua, const char *what, const char *expected, const char *seen);
/* Raises a misuse for a failed call of a lower layer. */
void ls_script_check(lua_State *lua, enum ls_err err, const struct ls_diag *d);

/* --- arguments --- */

/* Raises a misuse unless the table at index has only keys of the list (NULL at the end). */
void ls_args_keys(lua_State *lua, int index, const char *verb, const char *const *known);
/* A whole number >= 0 at argument i. */
uint64_t ls_args_count(lua_State *lua, int i, const char *name);
/* Member of the table at index: a whole number >= 0; fallback when absent. */
uint64_t ls_args_field_count(lua_State *lua, int index, const char *key, uint64_t fallback);
bool ls_args_field_bool(lua_State *lua, int index, const char *key, bool fallback);
/* Endpoint name at argument i: "engine", "source", "l1". */
enum ls_endpoint ls_args_endpoint(lua_State *lua, int i);

/* --- blocks --- */

/* A block as scripts hold it: its id, and the tip of the branch it was named on, so that b + 1
 * knows where to go. */
struct ls_script_block {
    uint32_t id;
    uint32_t tip;
};

/* Registers the type. */
void ls_block_register(lua_State *lua);
/* Pushes a block, or nil for LS_NO_BLOCK. The branch is found from the id. */
void ls_block_push(lua_State *lua, uint32_t id);
/* Pushes the block of this hash: a block, the hash as text when nobody has it, nil when zero. */
void ls_block_push_hash(lua_State *lua, const struct ls_hash *hash);
/* The block at index: a block value, or a name ("B+3", "x@330+20", "G", "0x…"). Raises a misuse
 * that says what is wrong with it; what names the argument. */
struct ls_script_block ls_block_get(lua_State *lua, int index, const char *what);
/* Same for member key of the table at index; LS_NO_BLOCK as id when absent. */
struct ls_script_block ls_block_field(lua_State *lua, int index, const char *key);
/* The name of a block: "B+3". */
void ls_block_name(const struct ls_script *s, uint32_t id, char *out, size_t cap);

/* --- verbs, by file --- */

extern const luaL_Reg ls_verbs_node[];
extern const luaL_Reg ls_verbs_engine[];
extern const luaL_Reg ls_verbs_source[];
extern const luaL_Reg ls_verbs_trace[];
extern const luaL_Reg ls_verbs_wait[];

/* Writes the trace line of a verb. */
void ls_verb_trace(struct ls_script *s, const char *verb, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Hands one payload to the node, with its trace line. */
enum ls_err ls_verb_feed(struct ls_script *s, uint32_t id, struct ls_diag *d);
/* One tick of the source's own movement. */
enum ls_err ls_steady_tick(struct ls_script *s, struct ls_diag *d);
/* Ticks a live world adds to each bound (scenarios 1); 0 in virtual time. */
uint64_t ls_script_slack(const struct ls_script *s);
/* Makes the script wait until the node ended; the caller yields. */
void ls_wait_for_exit(struct ls_script *s, lua_State *lua, const char *what);
/* "engine latest=… safe=… finalized=…; source …": for people. */
void ls_script_describe(const struct ls_script *s, char *out, size_t cap);

#endif
