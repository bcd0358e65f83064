#include "node/io/flags.h"

#include <stdio.h>
#include <string.h>

struct spec {
    const char *name;  /* with the dashes */
    const char *alias; /* another spelling; NULL = none */
    const char *env;   /* variable */
    const char *value; /* placeholder; NULL = a switch */
    const char *preset;
    const char *help;
};

/* Names, variables and defaults are op-node's where it has them (spec 7.1, 7.2). */
static const struct spec SPECS[LS_FLAG_COUNT] = {
    [LS_FLAG_L2] = {"--l2", NULL, "OP_NODE_L2_ENGINE_RPC", "URL", NULL,
                    "Engine API of our execution layer (required)"},
    [LS_FLAG_L2_JWT_SECRET] = {"--l2.jwt-secret", NULL, "OP_NODE_L2_ENGINE_AUTH", "FILE", NULL,
                               "secret shared with it: 64 hex digits (required)"},
    [LS_FLAG_L2_TIMEOUT] = {"--l2.engine-rpc-timeout", NULL, "OP_NODE_L2_ENGINE_RPC_TIMEOUT",
                            "TIME", "10s", "longest wait for one engine call, 10ms .. 1h"},
    [LS_FLAG_ROLLUP_CONFIG] = {"--rollup.config", NULL, "OP_NODE_ROLLUP_CONFIG", "FILE", NULL,
                               "op-node's rollup.json of the chain (required)"},
    [LS_FLAG_L2_FOLLOW_SOURCE] =
        {"--l2.follow.source", NULL, "OP_NODE_L2_FOLLOW_SOURCE", "URL", NULL,
         "follow a consensus layer: its optimism_syncStatus; each source may "
         "be a list URL,URL…: the next is asked when one does not answer"},
    [LS_FLAG_SAFE_SOURCE] = {"--safe-source", NULL, "OP_NODE_SAFE_SOURCE", "l1|l2", NULL,
                             "l2: follow an execution layer (any case); l1 is refused: lightcl "
                             "does not derive"},
    [LS_FLAG_SAFE_SOURCE_URL] = {"--safe-source.l2-rpc", NULL, "OP_NODE_SAFE_SOURCE_L2_RPC", "URL",
                                 NULL, "that execution layer: its safe and finalized tags"},
    [LS_FLAG_FOLLOW_KIND] = {"--follow.kind", NULL, "OP_NODE_FOLLOW_KIND", "cl|el", NULL,
                             "the same choice in one pair of flags: kind of"},
    [LS_FLAG_FOLLOW_SOURCE] = {"--follow.source", NULL, "OP_NODE_FOLLOW_SOURCE", "URL", NULL,
                               "the source followed"},
    [LS_FLAG_FOLLOW_POLL] = {"--follow.poll-interval", NULL, "OP_NODE_FOLLOW_POLL_INTERVAL", "TIME",
                             NULL,
                             "period of the follow pass, 10ms .. 1h (default: two block times)"},
    [LS_FLAG_FOLLOW_TIMEOUT] = {"--l2.follow.source.rpc-timeout", NULL,
                                "OP_NODE_L2_FOLLOW_SOURCE_RPC_TIMEOUT", "TIME", "10s",
                                "longest wait for one source or L1 call, 10ms .. 1h"},
    [LS_FLAG_FOLLOW_LAG] = {"--follow.max-safe-lag", NULL, "OP_NODE_FOLLOW_MAX_SAFE_LAG", "BLOCKS",
                            "0",
                            "/readyz says 503 when safe is more blocks behind unsafe; 0 = never"},
    [LS_FLAG_UNSAFE_SOURCE] = {"--unsafe.source", "--l2.backup-unsafe-sync-rpc",
                               "OP_NODE_L2_BACKUP_UNSAFE_SYNC_RPC", "URL", NULL,
                               "an execution layer whose blocks above our head are taken as unsafe "
                               "payloads; without it only admin_postUnsafePayload brings some"},
    [LS_FLAG_L1] = {"--l1", NULL, "OP_NODE_L1_ETH_RPC", "URL", NULL,
                    "L1 execution layer; without it L1 origins are not checked"},
    [LS_FLAG_L1_POLL] = {"--l1.http-poll-interval", "--l1.poll-interval",
                         "OP_NODE_L1_HTTP_POLL_INTERVAL", "TIME", "12s",
                         "period of the L1 head poll, 10ms .. 1h"},
    [LS_FLAG_RPC_ADDR] = {"--rpc.addr", NULL, "OP_NODE_RPC_ADDR", "IP", "127.0.0.1",
                          "address our RPC listens on (op-node: 0.0.0.0)"},
    [LS_FLAG_RPC_PORT] = {"--rpc.port", NULL, "OP_NODE_RPC_PORT", "PORT", "9545",
                          "port our RPC listens on; 0 = any free one"},
    [LS_FLAG_RPC_ADMIN] = {"--rpc.enable-admin", NULL, "OP_NODE_RPC_ENABLE_ADMIN", NULL, "false",
                           "serve admin_postUnsafePayload"},
    [LS_FLAG_METRICS] = {"--metrics.enabled", NULL, "OP_NODE_METRICS_ENABLED", NULL, "false",
                         "serve GET /metrics for Prometheus, with op-node's names"},
    [LS_FLAG_METRICS_ADDR] = {"--metrics.addr", NULL, "OP_NODE_METRICS_ADDR", "IP", "127.0.0.1",
                              "address it listens on (op-node: 0.0.0.0)"},
    [LS_FLAG_METRICS_PORT] = {"--metrics.port", NULL, "OP_NODE_METRICS_PORT", "PORT", "7300",
                              "port it listens on; 0 = any free one"},
    [LS_FLAG_QUEUE_BYTES] = {"--queue.max-bytes", NULL, "OP_NODE_QUEUE_MAX_BYTES", "BYTES",
                             "524288000", "most bytes of unsafe payloads kept waiting"},
    [LS_FLAG_LOG_LEVEL] = {"--log.level", NULL, "OP_NODE_LOG_LEVEL", "LEVEL", "info",
                           "debug, info, warn or error"},
    [LS_FLAG_LOG_FORMAT] = {"--log.format", NULL, "OP_NODE_LOG_FORMAT", "FORMAT", "text",
                            "text (logfmt) or json"},
    [LS_FLAG_HELP] = {"--help", "-h", NULL, NULL, "false", "print this and exit"},
    [LS_FLAG_VERSION] = {"--version", "-v", NULL, NULL, "false", "print the version and exit"},
};

const char *ls_flag_name(enum ls_flag f)
{
    return SPECS[f].name;
}

static bool is_name(const char *spelling, const char *arg, size_t n)
{
    return spelling != NULL && strlen(spelling) == n && memcmp(spelling, arg, n) == 0;
}

/* LS_FLAG_COUNT when there is none of this name. */
static enum ls_flag find(const char *arg, size_t n)
{
    unsigned f = 0;

    while (f < LS_FLAG_COUNT && !is_name(SPECS[f].name, arg, n) &&
           !is_name(SPECS[f].alias, arg, n)) {
        f++;
    }
    return (enum ls_flag)f;
}

static enum ls_err unknown(const char *arg, size_t n, struct ls_diag *d)
{
    if (arg[0] != '-') {
        return ls_fail(d, LS_ERR_USAGE, "argument without a flag: \"%.*s\" (run lightcl --help)",
                       (int)n, arg);
    }
    return ls_fail(d, LS_ERR_USAGE, "unknown flag: \"%.*s\" (run lightcl --help)", (int)n, arg);
}

static enum ls_err read_args(int argc, char *const argv[], struct ls_flag_value *out,
                             struct ls_diag *d)
{
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        const char *eq = strchr(arg, '=');
        size_t n = eq != NULL ? (size_t)(eq - arg) : strlen(arg);
        enum ls_flag f = find(arg, n);

        if (f == LS_FLAG_COUNT) {
            return unknown(arg, n, d);
        }
        out[f].where = SPECS[f].name;
        if (eq != NULL) {
            out[f].text = eq + 1;
        } else if (SPECS[f].value == NULL) {
            out[f].text = "true";
        } else if (i + 1 < argc) {
            out[f].text = argv[++i];
        } else {
            return ls_fail(d, LS_ERR_USAGE, "flag needs a value: %s %s", SPECS[f].name,
                           SPECS[f].value);
        }
    }
    return LS_OK;
}

static void read_env(char *(*env)(const char *name), struct ls_flag_value *out)
{
    for (unsigned f = 0; f < LS_FLAG_COUNT; f++) {
        const char *text = SPECS[f].env != NULL ? env(SPECS[f].env) : NULL;

        if (out[f].text == NULL && text != NULL && text[0] != '\0') {
            out[f] = (struct ls_flag_value){.text = text, .where = SPECS[f].env};
        }
    }
}

enum ls_err ls_flags_read(int argc, char *const argv[], char *(*env)(const char *name),
                          struct ls_flag_value out[LS_FLAG_COUNT], struct ls_diag *d)
{
    enum ls_err e;

    memset(out, 0, LS_FLAG_COUNT * sizeof *out);
    e = read_args(argc, argv, out, d);
    if (e != LS_OK) {
        return e;
    }
    read_env(env, out);
    for (unsigned f = 0; f < LS_FLAG_COUNT; f++) {
        if (out[f].text == NULL) {
            out[f].text = SPECS[f].preset;
        }
    }
    return LS_OK;
}

void ls_flags_help(struct ls_buf *out)
{
    ls_buf_puts(out,
                "lightcl " LS_VERSION ": a light consensus-layer node for OP Stack chains\n"
                "\n"
                "  lightcl --l2 URL --l2.jwt-secret FILE --rollup.config FILE\n"
                "          (--l2.follow.source URL | --safe-source l2 --safe-source.l2-rpc URL)"
                " [flags]\n"
                "\n"
                "A flag that is not given is taken from its environment variable. TIME is a "
                "number with ms, s, m or h.\n"
                "\n");
    for (unsigned f = 0; f < LS_FLAG_COUNT; f++) {
        const struct spec *s = &SPECS[f];
        bool shows_preset = s->preset != NULL && s->value != NULL;

        ls_buf_printf(out, "  %s%s%s%s%s\n      %s", s->name, s->value != NULL ? " " : "",
                      s->value != NULL ? s->value : "", s->alias != NULL ? ", " : "",
                      s->alias != NULL ? s->alias : "", s->help);
        if (shows_preset) {
            ls_buf_printf(out, " (default: %s)", s->preset);
        }
        ls_buf_printf(out, "%s%s%s\n", s->env != NULL ? " [" : "", s->env != NULL ? s->env : "",
                      s->env != NULL ? "]" : "");
    }
    ls_buf_puts(out, "\nExit code: 0 after SIGTERM or SIGINT, 1 when the engine or the L1 is not "
                     "the configured chain, 2 for wrong flags or files.\n");
}
