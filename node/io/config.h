/*
 * What the person who starts lightcl decided: flags and environment, checked, with the files they
 * name read. Everything that can be wrong here is wrong before the first socket is opened, and is
 * one sentence with the flag's name in it.
 */
#ifndef LS_NODE_IO_CONFIG_H
#define LS_NODE_IO_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/jwt.h"
#include "lib/log.h"
#include "lib/op/rollup.h"
#include "node/core/core.h"

#define LS_PERIOD_MIN_NS 10000000ull      /* 10 ms */
#define LS_PERIOD_MAX_NS 3600000000000ull /* 1 h */

#define LS_SOURCES_MAX 8u /* of the list of sources */

/* Texts are borrowed from argv and the environment. */
struct ls_node_config {
    const char *engine_url;
    const char *source_urls[LS_SOURCES_MAX]; /* in the order in which they are tried */
    size_t source_count;
    struct ls_buf source_text; /* what they point into; owned */
    const char *l1_url;        /* NULL: none, origins are not checked */
    const char *unsafe_url;    /* NULL: unsafe payloads come by our RPC only */
    enum ls_follow_kind follow;
    uint8_t jwt_secret[LS_JWT_SECRET_BYTES];
    struct ls_rollup rollup;
    struct ls_buf rollup_text; /* the config file without white space; owned */
    const char *rpc_addr;      /* an IPv4 or IPv6 address */
    uint16_t rpc_port;         /* 0: any free one */
    bool is_admin_enabled;
    bool has_metrics; /* addr and port below are only then used */
    const char *metrics_addr;
    uint16_t metrics_port;
    uint64_t poll_ns;
    uint64_t l1_poll_ns;
    uint64_t source_timeout_ns;
    uint64_t engine_timeout_ns;
    uint64_t queue_bytes_max;
    uint64_t safe_lag_max; /* blocks; 0 = any */
    enum ls_log_level log_level;
    enum ls_log_format log_format;
};

/* What was asked for on the command line. */
enum ls_config_want { LS_WANT_RUN, LS_WANT_HELP, LS_WANT_VERSION };

/* Fills *out (to be freed with ls_config_fini, also after an error) and *want; for HELP and VERSION
 * nothing else is looked at. env as for ls_flags_read. Errors are of class USAGE, PROTOCOL (content
 * of a file), LIMIT or INTERNAL (NOMEM); d says what is wrong, where, and what to do. */
enum ls_err ls_config_load(int argc, char *const argv[], char *(*env)(const char *name),
                           struct ls_node_config *out, enum ls_config_want *want,
                           struct ls_diag *d);

/* Frees what the config owns and wipes the secret; zeroed is fine. */
void ls_config_fini(struct ls_node_config *c);

/* Takes the white space between tokens out of valid JSON text, in place; inside strings it stays.
 */
void ls_config_compact(struct ls_buf *text);

/* "execution layer" or "consensus layer". */
const char *ls_follow_kind_text(enum ls_follow_kind k);

#endif
