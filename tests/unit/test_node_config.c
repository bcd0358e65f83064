/*
 * Flags and environment: what is taken, and that everything wrong is one sentence with the name of
 * the flag in it.
 */
#include "tests/unit/node_rig.h"

#include <sys/stat.h>
#include <unistd.h>

#include "node/io/config.h"
#include "node/io/flags.h"
#include "node/io/url.h"

#define SECRET_HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ARGS_MAX 40

/* A folder with the files the flags name. */
struct files {
    char dir[64];
    char jwt[96];
    char rollup[96];
    char scratch[96];
};

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int make_files(void **state)
{
    static struct files f;

    (void)snprintf(f.dir, sizeof f.dir, "/tmp/lightcl-config-XXXXXX");
    assert_non_null(mkdtemp(f.dir));
    (void)snprintf(f.jwt, sizeof f.jwt, "%s/jwt", f.dir);
    (void)snprintf(f.rollup, sizeof f.rollup, "%s/rollup.json", f.dir);
    (void)snprintf(f.scratch, sizeof f.scratch, "%s/scratch", f.dir);
    write_file(f.jwt, "0x" SECRET_HEX "\n");
    write_file(f.rollup, RIG_ROLLUP);
    *state = &f;
    return 0;
}

static int remove_files(void **state)
{
    struct files *f = *state;

    (void)unlink(f->jwt);
    (void)unlink(f->rollup);
    (void)unlink(f->scratch);
    return rmdir(f->dir);
}

static char *no_env(const char *name)
{
    (void)name;
    return NULL;
}

/* One load: the arguments are split at blanks; $J, $R and $S are the files. */
struct load {
    struct ls_node_config cfg;
    struct ls_diag d;
    enum ls_config_want want;
    char text[2048];
};

static void expand(const struct files *f, const char *line, char *out, size_t cap)
{
    size_t n = 0;

    out[0] = '\0';
    for (; *line != '\0'; line++) {
        const char *piece = line[0] != '$'   ? NULL
                            : line[1] == 'J' ? f->jwt
                            : line[1] == 'R' ? f->rollup
                                             : f->scratch;

        n += (size_t)snprintf(out + n, cap - n, piece != NULL ? "%s" : "%.1s",
                              piece != NULL ? piece : line);
        line += piece != NULL ? 1 : 0;
    }
}

static enum ls_err load(const struct files *f, char *(*env)(const char *), const char *line,
                        struct load *l)
{
    char *argv[ARGS_MAX] = {(char *)(uintptr_t) "lightcl"};
    char *rest = NULL;
    int argc = 1;

    *l = (struct load){.want = LS_WANT_RUN};
    expand(f, line, l->text, sizeof l->text);
    for (char *arg = strtok_r(l->text, " ", &rest); arg != NULL; arg = strtok_r(NULL, " ", &rest)) {
        assert_true(argc < ARGS_MAX - 1);
        argv[argc++] = arg;
    }
    return ls_config_load(argc, argv, env, &l->cfg, &l->want, &l->d);
}

#define OURS "--l2 http://127.0.0.1:8551 --l2.jwt-secret $J --rollup.config $R "
#define CL "--l2.follow.source http://cl.example:9545 "

static void both_ways_of_giving_a_value_are_taken(void **state)
{
    struct load l;

    assert_int_equal(load(*state, no_env,
                          "--l2=http://127.0.0.1:8551 --l2.jwt-secret=$J --rollup.config $R "
                          "--l1 http://l1:8545 --l2.follow.source=http://cl:9545 --rpc.addr ::1 "
                          "--rpc.port=0 --rpc.enable-admin --follow.poll-interval 50ms "
                          "--l1.poll-interval=3s --l2.engine-rpc-timeout 2s "
                          "--l2.follow.source.rpc-timeout 1500ms --queue.max-bytes 1048576 "
                          "--follow.max-safe-lag 900 --metrics.enabled --metrics.addr 0.0.0.0 "
                          "--metrics.port=7301 --unsafe.source http://el:8545 "
                          "--log.level=WARN --log.format json",
                          &l),
                     LS_OK);
    assert_string_equal(l.cfg.engine_url, "http://127.0.0.1:8551");
    assert_string_equal(l.cfg.source_urls[0], "http://cl:9545");
    assert_string_equal(l.cfg.l1_url, "http://l1:8545");
    assert_string_equal(l.cfg.unsafe_url, "http://el:8545");
    assert_int_equal(l.cfg.follow, LS_FOLLOW_CL);
    assert_string_equal(l.cfg.rpc_addr, "::1");
    assert_int_equal(l.cfg.rpc_port, 0);
    assert_true(l.cfg.is_admin_enabled);
    assert_int_equal(l.cfg.safe_lag_max, 900);
    assert_true(l.cfg.has_metrics);
    assert_string_equal(l.cfg.metrics_addr, "0.0.0.0");
    assert_int_equal(l.cfg.metrics_port, 7301);
    assert_int_equal(l.cfg.poll_ns, 50000000);
    assert_int_equal(l.cfg.l1_poll_ns, 3000000000);
    assert_int_equal(l.cfg.engine_timeout_ns, 2000000000);
    assert_int_equal(l.cfg.source_timeout_ns, 1500000000);
    assert_int_equal(l.cfg.queue_bytes_max, 1048576);
    assert_int_equal(l.cfg.log_level, LS_LOG_WARN);
    assert_int_equal(l.cfg.log_format, LS_LOG_JSON);
    assert_int_equal(l.cfg.rollup.l2_chain_id, 901);
    assert_int_equal(l.cfg.jwt_secret[1], 0x11);
    ls_config_fini(&l.cfg);
}

static void what_is_not_given_has_a_default(void **state)
{
    struct load l;

    assert_int_equal(load(*state, no_env, OURS CL, &l), LS_OK);
    assert_null(l.cfg.l1_url);
    assert_string_equal(l.cfg.rpc_addr, "127.0.0.1");
    assert_int_equal(l.cfg.rpc_port, 9545);
    assert_false(l.cfg.is_admin_enabled);
    assert_int_equal(l.cfg.safe_lag_max, 0);
    assert_false(l.cfg.has_metrics);
    assert_int_equal(l.cfg.metrics_port, 7300);
    assert_int_equal(l.cfg.poll_ns, 4000000000); /* two block times */
    assert_int_equal(l.cfg.l1_poll_ns, 12000000000);
    assert_int_equal(l.cfg.engine_timeout_ns, 10000000000);
    assert_int_equal(l.cfg.source_timeout_ns, 10000000000);
    assert_int_equal(l.cfg.queue_bytes_max, 500u * 1024u * 1024u);
    assert_int_equal(l.cfg.log_level, LS_LOG_INFO);
    ls_config_fini(&l.cfg);
}

static void every_way_of_naming_a_source_is_taken(void **state)
{
    static const struct {
        const char *args;
        enum ls_follow_kind kind;
        const char *url;
    } rows[] = {
        {"--l2.follow.source http://a:1", LS_FOLLOW_CL, "http://a:1"},
        {"--safe-source l2 --safe-source.l2-rpc http://b:2", LS_FOLLOW_EL, "http://b:2"},
        {"--safe-source=L2 --safe-source.l2-rpc=https://b", LS_FOLLOW_EL, "https://b"},
        {"--follow.kind cl --follow.source http://c:3", LS_FOLLOW_CL, "http://c:3"},
        {"--follow.kind EL --follow.source http://c:3", LS_FOLLOW_EL, "http://c:3"},
        {"--l2.follow.source http://a:1 --l2.follow.source http://a:2", LS_FOLLOW_CL, "http://a:2"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[512];
        struct load l;

        (void)snprintf(line, sizeof line, OURS "%s", rows[i].args);
        if (load(*state, no_env, line, &l) != LS_OK) {
            fail_msg("%s: %s", rows[i].args, l.d.text);
        }
        assert_int_equal(l.cfg.follow, rows[i].kind);
        assert_string_equal(l.cfg.source_urls[0], rows[i].url);
        ls_config_fini(&l.cfg);
    }
}

static char *full_env(const char *name)
{
    static char l2[] = "http://env-el:8551", source[] = "http://env-cl:9545", port[] = "7777",
                admin[] = "true", empty[] = "";

    return strcmp(name, "OP_NODE_L2_ENGINE_RPC") == 0      ? l2
           : strcmp(name, "OP_NODE_L2_FOLLOW_SOURCE") == 0 ? source
           : strcmp(name, "OP_NODE_RPC_PORT") == 0         ? port
           : strcmp(name, "OP_NODE_RPC_ENABLE_ADMIN") == 0 ? admin
           : strcmp(name, "OP_NODE_LOG_LEVEL") == 0        ? empty
                                                           : NULL;
}

static void the_environment_stands_in_for_flags(void **state)
{
    struct load l;

    assert_int_equal(load(*state, full_env,
                          "--l2.jwt-secret $J --rollup.config $R --rpc.port 8888 "
                          "--rpc.enable-admin=false",
                          &l),
                     LS_OK);
    assert_string_equal(l.cfg.engine_url, "http://env-el:8551");
    assert_string_equal(l.cfg.source_urls[0], "http://env-cl:9545");
    assert_int_equal(l.cfg.rpc_port, 8888);         /* the flag wins */
    assert_false(l.cfg.is_admin_enabled);           /* here too */
    assert_int_equal(l.cfg.log_level, LS_LOG_INFO); /* an empty variable is none */
    ls_config_fini(&l.cfg);
}

/* What op-node calls them, so that its environment can be kept (R-7.1). */
static void sources_may_be_a_list(void **state)
{
    static const char *const lines[] = {
        OURS "--l2.follow.source http://a:1,http://b:2,https://c/x",
        OURS "--safe-source l2 --safe-source.l2-rpc http://a:1,http://b:2,https://c/x",
        OURS "--follow.kind el --follow.source http://a:1,http://b:2,https://c/x"};
    struct load l;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(load(*state, no_env, lines[i], &l), LS_OK);
        assert_int_equal(l.cfg.source_count, 3);
        assert_string_equal(l.cfg.source_urls[0], "http://a:1");
        assert_string_equal(l.cfg.source_urls[1], "http://b:2");
        assert_string_equal(l.cfg.source_urls[2], "https://c/x");
        ls_config_fini(&l.cfg);
    }
}

static void every_flag_has_op_nodes_variable(void **state)
{
    static const struct {
        const char *flag;
        const char *variable;
    } rows[] = {
        {"--l1 URL", "[OP_NODE_L1_ETH_RPC]"},
        {"--l2 URL", "[OP_NODE_L2_ENGINE_RPC]"},
        {"--l2.jwt-secret FILE", "[OP_NODE_L2_ENGINE_AUTH]"},
        {"--l2.engine-rpc-timeout TIME", "[OP_NODE_L2_ENGINE_RPC_TIMEOUT]"},
        {"--rollup.config FILE", "[OP_NODE_ROLLUP_CONFIG]"},
        {"--l2.follow.source URL", "[OP_NODE_L2_FOLLOW_SOURCE]"},
        {"--l2.follow.source.rpc-timeout TIME", "[OP_NODE_L2_FOLLOW_SOURCE_RPC_TIMEOUT]"},
        {"--safe-source l1|l2", "[OP_NODE_SAFE_SOURCE]"},
        {"--safe-source.l2-rpc URL", "[OP_NODE_SAFE_SOURCE_L2_RPC]"},
        {"--l1.http-poll-interval TIME", "[OP_NODE_L1_HTTP_POLL_INTERVAL]"},
        {"--rpc.addr IP", "[OP_NODE_RPC_ADDR]"},
        {"--rpc.port PORT", "[OP_NODE_RPC_PORT]"},
        {"--rpc.enable-admin\n", "[OP_NODE_RPC_ENABLE_ADMIN]"},
        {"--metrics.enabled\n", "[OP_NODE_METRICS_ENABLED]"},
        {"--metrics.addr IP", "[OP_NODE_METRICS_ADDR]"},
        {"--metrics.port PORT", "[OP_NODE_METRICS_PORT]"},
        {"--unsafe.source URL", "[OP_NODE_L2_BACKUP_UNSAFE_SYNC_RPC]"},
        {"--follow.max-safe-lag BLOCKS", "[OP_NODE_FOLLOW_MAX_SAFE_LAG]"},
        {"--follow.poll-interval TIME", "[OP_NODE_FOLLOW_POLL_INTERVAL]"},
        {"--log.level LEVEL", "[OP_NODE_LOG_LEVEL]"},
        {"--log.format FORMAT", "[OP_NODE_LOG_FORMAT]"},
    };
    struct ls_buf help;

    (void)state;
    ls_buf_init(&help, 1u << 16);
    ls_flags_help(&help);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[64];
        const char *at;

        (void)snprintf(line, sizeof line, "\n  %s", rows[i].flag);
        at = strstr((const char *)help.p, line);
        const char *end = at != NULL ? strstr(at + 1, "\n  --") : NULL;
        const char *variable = at != NULL ? strstr(at, rows[i].variable) : NULL;

        if (variable == NULL || (end != NULL && variable > end)) {
            fail_msg("%s has not %s", rows[i].flag, rows[i].variable);
        }
    }
    ls_buf_fini(&help);
}

static char *bad_port_env(const char *name)
{
    static char port[] = "http";

    return strcmp(name, "OP_NODE_RPC_PORT") == 0 ? port : NULL;
}

static void a_wrong_variable_is_named_as_such(void **state)
{
    struct load l;

    assert_int_equal(load(*state, bad_port_env, OURS CL, &l), LS_ERR_USAGE);
    assert_non_null(strstr(l.d.text, "OP_NODE_RPC_PORT: "));
    ls_config_fini(&l.cfg);
}

static void what_is_wrong_is_one_sentence_that_says_where(void **state)
{
    static const struct {
        const char *args;
        const char *says;
    } rows[] = {
        {"", "--l2 is required"},
        {"--l2 http://127.0.0.1:8551", "nothing to follow"},
        {OURS, "nothing to follow: give --l2.follow.source"},
        {"--l2 http://127.0.0.1:8551 " CL, "--l2.jwt-secret is required"},
        {"--l2 http://127.0.0.1:8551 --l2.jwt-secret $J " CL, "--rollup.config is required"},
        {"--no-such-flag", "unknown flag: \"--no-such-flag\""},
        {"--no-such-flag=secret", "unknown flag: \"--no-such-flag\" "},
        {"--rpc.por 1", "unknown flag: \"--rpc.por\""},
        {"stray", "argument without a flag: \"stray\""},
        {"--l2", "flag needs a value: --l2 URL"},
        {OURS CL "--rpc.enable-admin=maybe", "--rpc.enable-admin: neither true nor false"},
        {OURS CL "--metrics.port 99999", "--metrics.port: not a number of 0 .. 65535"},
        {OURS CL "--follow.max-safe-lag -1", "--follow.max-safe-lag: not a number"},
        {OURS CL "--metrics.addr here", "--metrics.addr: not an IP address"},
        /* sources (CFG-01, CFG-02, R-7.2) */
        {OURS "--safe-source l2", "--safe-source: l2 needs --safe-source.l2-rpc"},
        {OURS "--safe-source.l2-rpc http://b:2", "only has a meaning with --safe-source l2"},
        {OURS "--safe-source l1", "--safe-source: \"l1\""},
        {OURS "--safe-source l3 --safe-source.l2-rpc http://b:2", "neither l1 nor l2: \"l3\""},
        {OURS "--safe-source= --safe-source.l2-rpc http://b:2", "neither l1 nor l2: \"\""},
        {OURS CL "--safe-source l2 --safe-source.l2-rpc http://b:2",
         "two sources to follow: --l2.follow.source and --safe-source.l2-rpc"},
        {OURS "--follow.kind el", "only --follow.kind is given"},
        {OURS "--follow.source http://c:3", "only --follow.source is given"},
        {OURS "--follow.kind x --follow.source http://c:3", "--follow.kind: neither cl nor el"},
        {OURS "--l2.follow.source http://localhost:8551/", "is our own engine"},
        {OURS "--l2.follow.source http://a:1,http://localhost:8551/", "is our own engine"},
        {OURS "--l2.follow.source http://a:1,nowhere", "--l2.follow.source: "},
        {OURS "--l2.follow.source ,", "--l2.follow.source: names no source"},
        {OURS "--l2.follow.source "
              "http://a,http://b,http://c,http://d,http://e,http://f,http://g,http://h,http://i",
         "more than 8 sources"},
        {OURS CL "--unsafe.source http://localhost:8551/", "--unsafe.source: is our own engine"},
        {OURS CL "--l2.backup-unsafe-sync-rpc http://localhost:9545", "is our own RPC"},
        {OURS CL "--unsafe.source nowhere", "--unsafe.source: "},
        {OURS "--l2.follow.source http://localhost:9545", "is our own RPC"},
        {OURS "--l2.follow.source http://10.0.0.1:99 --rpc.addr 10.0.0.1 --rpc.port 99",
         "is our own RPC"},
        /* URLs; secrets are not shown */
        {OURS "--l2.follow.source cl.example", "--l2.follow.source: "},
        {OURS "--l2.follow.source ws://cl:1",
         "WebSocket is not spoken: give the HTTP endpoint of the "
         "same node: \"ws://cl:1\""},
        {OURS CL "--l1 wss://l1", "--l1: WebSocket is not spoken"},
        {OURS "--l2.follow.source http://", "--l2.follow.source: "},
        {OURS "--l2.follow.source http://cl:70000", "port is not 1 .. 65535"},
        {OURS "--l2.follow.source http://cl:0", "port is not 1 .. 65535"},
        {OURS CL "--l1 ftp://me:hunter2@l1", "--l1: only http and https are spoken: \"ftp://xxxx@"},
        {"--l2 unix:/x " CL, "--l2: "},
        /* numbers, times, names */
        {OURS CL "--rpc.port 65536", "--rpc.port: not a number of 0 .. 65535: \"65536\""},
        {OURS CL "--rpc.port -1", "--rpc.port: "},
        {OURS CL "--rpc.addr localhost", "--rpc.addr: not an IP address: \"localhost\""},
        {OURS CL "--follow.poll-interval 0", "--follow.poll-interval: not a time of 10ms .. 1h"},
        {OURS CL "--follow.poll-interval 1ms", "--follow.poll-interval: "},
        {OURS CL "--follow.poll-interval 24h", "--follow.poll-interval: "},
        {OURS CL "--follow.poll-interval -4s", "--follow.poll-interval: "},
        {OURS CL "--l1.poll-interval soon", "--l1.http-poll-interval: "},
        {OURS CL "--l2.engine-rpc-timeout 0s", "--l2.engine-rpc-timeout: "},
        {OURS CL "--l2.follow.source.rpc-timeout x", "--l2.follow.source.rpc-timeout: "},
        {OURS CL "--queue.max-bytes 1", "--queue.max-bytes: not a number of 1048576 .. "},
        {OURS CL "--log.level loud", "--log.level: "},
        {OURS CL "--log.format xml", "--log.format: "},
        /* files */
        {"--l2 http://e:1 --rollup.config $R --l2.jwt-secret /nowhere " CL,
         "--l2.jwt-secret: cannot open \"/nowhere\": No such file"},
        {"--l2 http://e:1 --rollup.config $R --l2.jwt-secret /tmp " CL,
         "--l2.jwt-secret: cannot read \"/tmp\": Is a directory"},
        {"--l2 http://e:1 --rollup.config /nowhere --l2.jwt-secret $J " CL,
         "--rollup.config: cannot open \"/nowhere\""},
        {"--l2 http://e:1 --rollup.config $J --l2.jwt-secret $J " CL, "/jwt\": malformed JSON"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct load l;
        enum ls_err e = load(*state, no_env, rows[i].args, &l);

        if (e == LS_OK || strstr(l.d.text, rows[i].says) == NULL) {
            fail_msg("\"%s\" gave %s: \"%s\", expected \"%s\"", rows[i].args, ls_err_name(e),
                     l.d.text, rows[i].says);
        }
        if (ls_err_class(e) == LS_CLASS_INTERNAL || strchr(l.d.text, '\n') != NULL ||
            strstr(l.d.text, "hunter2") != NULL || strstr(l.d.text, SECRET_HEX) != NULL) {
            fail_msg("\"%s\" gave %s: \"%s\"", rows[i].args, ls_err_name(e), l.d.text);
        }
        ls_config_fini(&l.cfg);
    }
}

static void secret_files_are_read_as_people_write_them(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
    } rows[] = {
        {SECRET_HEX, true},
        {"0x" SECRET_HEX "\n", true},
        {"  " SECRET_HEX "\r\n", true},
        {"", false},
        {"0x" SECRET_HEX "00", false},
        {"0x00112233445566778899aabbccddeeff00112233445566778899aabbccddee", false},
        {"0x00112233445566778899aabbccddeeff00112233445566778899aabbccddeexx", false},
    };
    struct files *f = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct load l;
        enum ls_err e;

        write_file(f->scratch, rows[i].text);
        e = load(f, no_env, "--l2 http://e:1 --rollup.config $R --l2.jwt-secret $S " CL, &l);
        assert_int_equal(e == LS_OK, rows[i].is_good);
        if (!rows[i].is_good) {
            assert_non_null(strstr(l.d.text, "--l2.jwt-secret: \"/tmp/"));
            assert_null(strstr(l.d.text, "ccddee"));
        }
        ls_config_fini(&l.cfg);
    }
}

static void the_rollup_config_is_kept_without_white_space(void **state)
{
    struct load l;
    struct ls_buf b;

    assert_int_equal(load(*state, no_env, OURS CL, &l), LS_OK);
    assert_null(memchr(l.cfg.rollup_text.p, ' ', l.cfg.rollup_text.n));
    assert_null(memchr(l.cfg.rollup_text.p, '\n', l.cfg.rollup_text.n));
    assert_int_equal(ls_json_validate((char *)l.cfg.rollup_text.p, l.cfg.rollup_text.n, 0, NULL),
                     LS_OK);
    ls_config_fini(&l.cfg);

    ls_buf_init(&b, 100);
    ls_buf_puts(&b, "{ \"a b\" : \"c \\\" \\\\\" ,\n\t\"e\": [ 1, 2 ] }\r\n");
    ls_config_compact(&b);
    assert_string_equal((char *)b.p, "{\"a b\":\"c \\\" \\\\\",\"e\":[1,2]}");
    ls_buf_fini(&b);
}

static void help_and_version_need_nothing_else(void **state)
{
    struct load l;

    assert_int_equal(load(*state, no_env, "--help", &l), LS_OK);
    assert_int_equal(l.want, LS_WANT_HELP);
    ls_config_fini(&l.cfg);
    assert_int_equal(load(*state, no_env, "-v", &l), LS_OK);
    assert_int_equal(l.want, LS_WANT_VERSION);
    ls_config_fini(&l.cfg);
}

static void urls_are_compared_by_where_they_lead(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } rows[] = {
        {"http://h:1", "http://h:1/", true},
        {"http://H:1", "http://h:1", true},
        {"http://u:p@h:1", "http://h:1", true},
        {"http://h", "http://h:80", true},
        {"https://h", "https://h:443/", true},
        {"http://localhost:1", "http://127.0.0.1:1", true},
        {"http://[::1]:1", "http://127.0.0.2:1", true},
        {"http://h:1", "http://h:2", false},
        {"http://h:1/a", "http://h:1/b", false},
        {"http://h:1/?k=a", "http://h:1/?k=b", false},
        {"http://g:1", "http://h:1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_url a, b;

        assert_int_equal(ls_url_parse(rows[i].a, &a, NULL), LS_OK);
        assert_int_equal(ls_url_parse(rows[i].b, &b, NULL), LS_OK);
        if (ls_url_is_same(&a, &b) != rows[i].same) {
            fail_msg("%s and %s", rows[i].a, rows[i].b);
        }
    }
}

static void a_very_long_url_is_refused(void **state)
{
    char text[2 * LS_URL_BYTES_MAX];
    struct ls_url u;

    (void)state;
    (void)snprintf(text, sizeof text, "http://h:1/%01500d", 0);
    assert_int_equal(ls_url_parse(text, &u, NULL), LS_ERR_USAGE);
    (void)snprintf(text, sizeof text, "http://h:1/?%01500d", 0);
    assert_int_equal(ls_url_parse(text, &u, NULL), LS_ERR_USAGE);
    memset(text, 'h', sizeof text);
    memcpy(text, "http://", 7);
    text[600] = '\0';
    assert_int_equal(ls_url_parse(text, &u, NULL), LS_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_of_giving_a_value_are_taken),
        cmocka_unit_test(what_is_not_given_has_a_default),
        cmocka_unit_test(every_way_of_naming_a_source_is_taken),
        cmocka_unit_test(the_environment_stands_in_for_flags),
        cmocka_unit_test(sources_may_be_a_list),
        cmocka_unit_test(every_flag_has_op_nodes_variable),
        cmocka_unit_test(a_wrong_variable_is_named_as_such),
        cmocka_unit_test(what_is_wrong_is_one_sentence_that_says_where),
        cmocka_unit_test(secret_files_are_read_as_people_write_them),
        cmocka_unit_test(the_rollup_config_is_kept_without_white_space),
        cmocka_unit_test(help_and_version_need_nothing_else),
        cmocka_unit_test(urls_are_compared_by_where_they_lead),
        cmocka_unit_test(a_very_long_url_is_refused),
    };

    return cmocka_run_group_tests_name("node_config", tests, make_files, remove_files);
}
