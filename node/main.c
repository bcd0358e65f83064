/*
 * lightcl: a light consensus-layer node. Reads the configuration, says what it is about to do, and
 * runs the shell. Exit code: 0 ended by a signal, 1 the peers are not the configured chain (or our
 * own failure), 2 the configuration is wrong.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/log.h"
#include "node/io/config.h"
#include "node/io/flags.h"
#include "node/io/node.h"

#define MMAP_FROM_BYTES (128 * 1024)
#define URL_SHOWN_BYTES 256u
#define HELP_BYTES_MAX 16384u
#define TESTING_PERIOD_NS 1000000000u /* below the minimum a follower should use */

enum { EXIT_RUN_OK = 0, EXIT_RUN_FAILED = 1, EXIT_WRONG_USAGE = 2 };

static int print_help(void)
{
    struct ls_buf text;
    int code = EXIT_RUN_OK;

    ls_buf_init(&text, HELP_BYTES_MAX);
    ls_flags_help(&text);
    if (text.err != LS_OK || fwrite(text.p, 1, text.n, stdout) != text.n || fflush(stdout) != 0) {
        code = EXIT_RUN_FAILED;
    }
    ls_buf_fini(&text);
    return code;
}

static int print_version(void)
{
    return puts("lightcl " LS_VERSION) >= 0 && fflush(stdout) == 0 ? EXIT_RUN_OK : EXIT_RUN_FAILED;
}

/* What a person must know before the first call is made; URLs without their secrets. */
static void greet(struct ls_log *log, const struct ls_node_config *c)
{
    char engine[URL_SHOWN_BYTES];
    char source[URL_SHOWN_BYTES];
    char l1[URL_SHOWN_BYTES] = "none";

    ls_log_redact_url(c->engine_url, engine, sizeof engine);
    ls_log_redact_url(c->source_urls[0], source, sizeof source);
    if (c->l1_url != NULL) {
        ls_log_redact_url(c->l1_url, l1, sizeof l1);
    }
    ls_logf(log, LS_LOG_INFO, "lightcl starts", LS_F_STR("version", LS_VERSION),
            LS_F_U64("l2_chain", c->rollup.l2_chain_id),
            LS_F_U64("l1_chain", c->rollup.l1_chain_id),
            LS_F_STR("follows", ls_follow_kind_text(c->follow)),
            LS_F_U64("poll_ms", c->poll_ns / 1000000u));
    ls_logf(log, LS_LOG_INFO, "peers", LS_F_STR("engine", engine), LS_F_STR("source", source),
            LS_F_STR("l1", l1));
    for (size_t i = 0; i < c->source_count; i++) {
        ls_log_redact_url(c->source_urls[i], source, sizeof source);
        ls_logf(log, LS_LOG_WARN,
                "safe and finalized are what the source says, not derived here: the source is "
                "trusted",
                LS_F_STR("source", source));
    }
    if (c->l1_url == NULL) {
        ls_logf(log, LS_LOG_WARN, "without --l1 the L1 origins of the source are not checked",
                LS_F_STR("l1", l1));
    }
    if (!c->is_admin_enabled && c->unsafe_url == NULL) { /* */
        ls_logf(log, LS_LOG_WARN,
                "without --rpc.enable-admin or --unsafe.source no unsafe payload comes in: unsafe "
                "moves with safe",
                LS_F_STR("admin", "disabled"));
    }
    if (c->poll_ns < TESTING_PERIOD_NS) {
        ls_logf(log, LS_LOG_WARN, "a poll interval below 1s is meant for tests",
                LS_F_U64("poll_ms", c->poll_ns / 1000000u));
    }
}

static int run(const struct ls_node_config *cfg)
{
    struct ls_log log = {.out = stderr, .level = cfg->log_level, .format = cfg->log_format};
    struct ls_node *node = NULL;
    struct ls_diag d = {""};
    struct timespec now;
    enum ls_err e;
    bool ended_well = false;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    log.wall_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    e = ls_node_new(cfg, &log, &node, &d);
    if (e != LS_OK) {
        (void)fprintf(stderr, "lightcl: %s\n", d.text);
        return ls_err_class(e) == LS_CLASS_INTERNAL ? EXIT_RUN_FAILED : EXIT_WRONG_USAGE;
    }
    greet(&log, cfg);
    ended_well = ls_node_run(node);
    ls_node_free(node);
    return ended_well ? EXIT_RUN_OK : EXIT_RUN_FAILED;
}

/* A reply of megabytes must not make the process that much larger for good: its buffers go back to
 * the system when freed. Setting the threshold keeps glibc from raising it by itself. */
static void bound_heap(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, MMAP_FROM_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, MMAP_FROM_BYTES);
}

int main(int argc, char *argv[])
{
    struct ls_node_config cfg;
    enum ls_config_want want = LS_WANT_RUN;
    struct ls_diag d = {""};
    enum ls_err e = LS_OK;
    int code = EXIT_WRONG_USAGE;

    bound_heap();
    e = ls_config_load(argc, argv, getenv, &cfg, &want, &d);
    if (e != LS_OK) {
        (void)fprintf(stderr, "lightcl: %s\n", d.text);
        code = ls_err_class(e) == LS_CLASS_INTERNAL ? EXIT_RUN_FAILED : EXIT_WRONG_USAGE;
    } else if (want == LS_WANT_HELP) {
        code = print_help();
    } else if (want == LS_WANT_VERSION) {
        code = print_version();
    } else {
        code = run(&cfg);
    }
    ls_config_fini(&cfg);
    return code;
}
