/*
 * Adapters: what has to be known of a consensus node to test it as a black box, as data. A new
 * client is a new row of the table.
 *
 * Arguments are templates; in each, "{name}" stands for one of
 *   {engine} {source} {l1}   URLs of the mocks
 *   {jwt} {rollup} {dir}     files, and a folder the node may write to
 *   {rpc_port}               port of the node's own JSON-RPC server, on 127.0.0.1
 *   {poll}                   the tick as a duration, "50ms"
 */
#ifndef LS_HARNESS_LIVE_ADAPTER_H
#define LS_HARNESS_LIVE_ADAPTER_H

#include <stddef.h>
#include <stdint.h>

#include "harness/world.h"
#include "lib/arena.h"
#include "lib/err.h"

#define LS_ADAPTER_ARGS_MAX 64u
#define LS_ADAPTER_ARG_MAX 1024u /* bytes of one argument, terminator included */

struct ls_adapter {
    const char *name;
    const char *program;        /* file name of the binary */
    uint64_t tick_ns;           /* follow-poll period when none is asked for */
    uint64_t tick_fixed_ns;     /* not 0: it polls with this period whatever it is told */
    const char *const *args;    /* NULL-terminated lists of templates, in this order */
    const char *const *args_a;  /* variant A; NULL = it cannot */
    const char *const *args_b;  /* variant B; NULL = it cannot */
    const char *const *args_l1; /* with an L1; NULL = none needed */
    const char *const *args_no_l1;
    const char *const *args_verbose;
    const char *status_method;  /* its heads */
    const char *payload_method; /* takes an unsafe payload envelope */
};

/* By name; NULL when there is none. Static. */
const struct ls_adapter *ls_adapter_find(const char *name);
/* i-th row, NULL past the end. */
const struct ls_adapter *ls_adapter_at(size_t i);

/* What the placeholders stand for; all strings borrowed during the call. */
struct ls_adapter_vars {
    const char *engine, *source, *l1, *jwt, *rollup, *dir;
    uint16_t rpc_port;
    uint64_t poll_ns;
};

/* Builds argv (NULL-terminated, argv[0] = program) in the arena: the adapter's lists, then the
 * options' arguments, in which the same placeholders count and other braces stay as they are.
 * CONFIG when the adapter cannot follow in this variant, or its row names an unknown placeholder;
 * LIMIT, NOMEM. */
enum ls_err ls_adapter_argv(const struct ls_adapter *a, enum ls_variant variant,
                            const struct ls_start_options *o, bool is_verbose, const char *program,
                            const struct ls_adapter_vars *vars, struct ls_arena *arena,
                            char ***argv, struct ls_diag *d);

#endif
