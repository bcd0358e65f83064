/*
 * The command line and the environment: one table of flags, with op-node's names and the variables
 * OP_NODE_* as fallback. Only names and presence are judged here; what a value means is
 * config.c's business.
 *
 * Accepted: --flag=value, --flag value, and for switches --flag or --flag=true|false. A name must
 * be complete: getopt_long would take any unique beginning, and `--l1` is the beginning of others.
 */
#ifndef LS_NODE_IO_FLAGS_H
#define LS_NODE_IO_FLAGS_H

#include "lib/bytes.h"
#include "lib/err.h"

enum ls_flag {
    LS_FLAG_L2,
    LS_FLAG_L2_JWT_SECRET,
    LS_FLAG_L2_TIMEOUT,
    LS_FLAG_ROLLUP_CONFIG,
    LS_FLAG_L2_FOLLOW_SOURCE,
    LS_FLAG_SAFE_SOURCE,
    LS_FLAG_SAFE_SOURCE_URL,
    LS_FLAG_FOLLOW_KIND,
    LS_FLAG_FOLLOW_SOURCE,
    LS_FLAG_FOLLOW_POLL,
    LS_FLAG_FOLLOW_TIMEOUT,
    LS_FLAG_FOLLOW_LAG,
    LS_FLAG_UNSAFE_SOURCE,
    LS_FLAG_L1,
    LS_FLAG_L1_POLL,
    LS_FLAG_RPC_ADDR,
    LS_FLAG_RPC_PORT,
    LS_FLAG_RPC_ADMIN,
    LS_FLAG_METRICS,
    LS_FLAG_METRICS_ADDR,
    LS_FLAG_METRICS_PORT,
    LS_FLAG_QUEUE_BYTES,
    LS_FLAG_LOG_LEVEL,
    LS_FLAG_LOG_FORMAT,
    LS_FLAG_HELP,
    LS_FLAG_VERSION,
    LS_FLAG_COUNT
};

/* Value of one flag, borrowed from argv, the environment or the table of defaults. */
struct ls_flag_value {
    const char *text;  /* NULL: not given and without default */
    const char *where; /* "--l1" or "OP_NODE_L1_ETH_RPC": names it in messages; NULL for defaults */
};

/* Reads argv[1..] and, for flags not there, the environment through env (getenv in production; an
 * empty variable counts as absent). Given twice, the last counts. USAGE with a sentence. */
enum ls_err ls_flags_read(int argc, char *const argv[], char *(*env)(const char *name),
                          struct ls_flag_value out[LS_FLAG_COUNT], struct ls_diag *d);

/* "--l1" …: for messages about a flag that was not given. */
const char *ls_flag_name(enum ls_flag f);

/* Appends the usage text. */
void ls_flags_help(struct ls_buf *out);

#endif
