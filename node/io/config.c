#include "node/io/config.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "lib/num.h"
#include "node/io/file.h"
#include "node/io/flags.h"
#include "node/io/url.h"

#define JWT_FILE_BYTES_MAX 4096u
#define ROLLUP_FILE_BYTES_MAX (1u << 20)
#define QUEUE_BYTES_MIN (1u << 20)
#define QUEUE_BYTES_MAX (1ull << 40)

/* All parsers below: v is the flag's value, with a text. */

static const char *where(enum ls_flag f, const struct ls_flag_value *v)
{
    return v->where != NULL ? v->where : ls_flag_name(f);
}

static enum ls_err read_switch(enum ls_flag f, const struct ls_flag_value *v, bool *out,
                               struct ls_diag *d)
{
    bool yes = strcasecmp(v->text, "true") == 0 || strcmp(v->text, "1") == 0;
    bool no = strcasecmp(v->text, "false") == 0 || strcmp(v->text, "0") == 0;

    if (!yes && !no) {
        return ls_fail(d, LS_ERR_USAGE, "%s: neither true nor false: \"%s\"", where(f, v), v->text);
    }
    *out = yes;
    return LS_OK;
}

static enum ls_err read_period(enum ls_flag f, const struct ls_flag_value *v, uint64_t *out,
                               struct ls_diag *d)
{
    uint64_t ns = 0;

    if (ls_parse_duration(v->text, &ns) != LS_OK || ns < LS_PERIOD_MIN_NS ||
        ns > LS_PERIOD_MAX_NS) {
        return ls_fail(d, LS_ERR_USAGE, "%s: not a time of 10ms .. 1h: \"%s\" (for example 4s)",
                       where(f, v), v->text);
    }
    *out = ns;
    return LS_OK;
}

static enum ls_err read_number(enum ls_flag f, const struct ls_flag_value *v, uint64_t min,
                               uint64_t max, uint64_t *out, struct ls_diag *d)
{
    uint64_t n = 0;

    if (ls_parse_dec(v->text, strlen(v->text), &n) != LS_OK || n < min || n > max) {
        return ls_fail(d, LS_ERR_USAGE, "%s: not a number of %llu .. %llu: \"%s\"", where(f, v),
                       (unsigned long long)min, (unsigned long long)max, v->text);
    }
    *out = n;
    return LS_OK;
}

static enum ls_err read_url(enum ls_flag f, const struct ls_flag_value *v, struct ls_url *out,
                            struct ls_diag *d)
{
    enum ls_err e = ls_url_parse(v->text, out, d);

    return e == LS_OK ? e : ls_fail_in(d, e, "%s", where(f, v));
}

static enum ls_err missing(enum ls_flag f, const char *what, struct ls_diag *d)
{
    return ls_fail(d, LS_ERR_USAGE, "%s is required: %s", ls_flag_name(f), what);
}

/* --- what to follow --- */

/* The value of one of the three pairs of flags that name a source. */
struct choice {
    enum ls_flag flag; /* of the URL */
    enum ls_follow_kind kind;
};

/* --safe-source and its URL come together or not at all (CFG-02): half a choice is a mistake. */
static enum ls_err check_safe_source(const struct ls_flag_value *v, struct ls_diag *d)
{
    const struct ls_flag_value *kind = &v[LS_FLAG_SAFE_SOURCE];
    const struct ls_flag_value *url = &v[LS_FLAG_SAFE_SOURCE_URL];
    bool is_l2 = kind->text != NULL && strcasecmp(kind->text, "l2") == 0;

    if (kind->text != NULL && strcasecmp(kind->text, "l1") == 0) {
        return ls_fail(d, LS_ERR_USAGE,
                       "%s: \"l1\" means deriving from L1, which lightcl does not do: use l2 with "
                       "--safe-source.l2-rpc",
                       where(LS_FLAG_SAFE_SOURCE, kind));
    }
    if (kind->text != NULL && !is_l2) {
        return ls_fail(d, LS_ERR_USAGE, "%s: neither l1 nor l2: \"%s\"",
                       where(LS_FLAG_SAFE_SOURCE, kind), kind->text);
    }
    if (is_l2 && url->text == NULL) {
        return ls_fail(d, LS_ERR_USAGE, "%s: l2 needs --safe-source.l2-rpc URL",
                       where(LS_FLAG_SAFE_SOURCE, kind));
    }
    if (!is_l2 && url->text != NULL) {
        return ls_fail(d, LS_ERR_USAGE, "%s: only has a meaning with --safe-source l2",
                       where(LS_FLAG_SAFE_SOURCE_URL, url));
    }
    return LS_OK;
}

static enum ls_err check_follow_kind(const struct ls_flag_value *v, enum ls_follow_kind *out,
                                     struct ls_diag *d)
{
    const struct ls_flag_value *kind = &v[LS_FLAG_FOLLOW_KIND];
    const struct ls_flag_value *url = &v[LS_FLAG_FOLLOW_SOURCE];

    if ((kind->text == NULL) != (url->text == NULL)) {
        return ls_fail(d, LS_ERR_USAGE,
                       "--follow.kind and --follow.source need each other: only %s is given",
                       kind->text != NULL ? where(LS_FLAG_FOLLOW_KIND, kind)
                                          : where(LS_FLAG_FOLLOW_SOURCE, url));
    }
    if (kind->text == NULL || strcasecmp(kind->text, "cl") == 0) {
        *out = LS_FOLLOW_CL;
        return LS_OK;
    }
    if (strcasecmp(kind->text, "el") == 0) {
        *out = LS_FOLLOW_EL;
        return LS_OK;
    }
    return ls_fail(d, LS_ERR_USAGE, "%s: neither cl nor el: \"%s\"",
                   where(LS_FLAG_FOLLOW_KIND, kind), kind->text);
}

/* Exactly one of the three pairs must be given. */
static enum ls_err choose_source(const struct ls_flag_value *v, struct choice *out,
                                 struct ls_diag *d)
{
    struct choice choices[] = {{LS_FLAG_L2_FOLLOW_SOURCE, LS_FOLLOW_CL},
                               {LS_FLAG_SAFE_SOURCE_URL, LS_FOLLOW_EL},
                               {LS_FLAG_FOLLOW_SOURCE, LS_FOLLOW_CL}};
    const struct choice *chosen = NULL;
    enum ls_err e = check_safe_source(v, d);

    if (e == LS_OK) {
        e = check_follow_kind(v, &choices[2].kind, d);
    }
    if (e != LS_OK) {
        return e;
    }
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        const struct choice *c = &choices[i];

        if (v[c->flag].text == NULL) {
            continue;
        }
        if (chosen != NULL) {
            return ls_fail(d, LS_ERR_USAGE, "two sources to follow: %s and %s; give one",
                           where(chosen->flag, &v[chosen->flag]), where(c->flag, &v[c->flag]));
        }
        chosen = c;
    }
    if (chosen == NULL) {
        return ls_fail(d, LS_ERR_USAGE,
                       "nothing to follow: give --l2.follow.source URL (a consensus layer) or "
                       "--safe-source l2 --safe-source.l2-rpc URL (an execution layer)");
    }
    *out = *chosen;
    return LS_OK;
}

/* following oneself would look like perfect agreement. */
static enum ls_err check_not_ourselves(const struct ls_node_config *c, enum ls_flag source_flag,
                                       const struct ls_flag_value *source,
                                       const struct ls_url *source_url,
                                       const struct ls_url *engine_url, struct ls_diag *d)
{
    bool rpc_is_here = strcmp(source_url->host, c->rpc_addr) == 0 || ls_url_is_loopback(source_url);

    if (ls_url_is_same(source_url, engine_url)) {
        return ls_fail(d, LS_ERR_USAGE, "%s: is our own engine (--l2): follow another node",
                       where(source_flag, source));
    }
    if (c->rpc_port != 0 && source_url->port == c->rpc_port && rpc_is_here) {
        return ls_fail(d, LS_ERR_USAGE,
                       "%s: is our own RPC (--rpc.addr, --rpc.port): follow another node",
                       where(source_flag, source));
    }
    return LS_OK;
}

/* URL[,URL…] */
static enum ls_err read_sources(enum ls_flag f, const struct ls_flag_value *v,
                                const struct ls_url *engine, struct ls_node_config *c,
                                struct ls_diag *d)
{
    char *rest;
    enum ls_err e = LS_OK;

    ls_buf_init(&c->source_text, strlen(v->text) + 2);
    ls_buf_puts(&c->source_text, v->text);
    if (ls_buf_putc(&c->source_text, '\0') != LS_OK) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    for (char *url = strtok_r((char *)c->source_text.p, ",", &rest); e == LS_OK && url != NULL;
         url = strtok_r(NULL, ",", &rest)) {
        const struct ls_flag_value one = {.text = url, .where = v->where};
        struct ls_url at;

        if (c->source_count == LS_SOURCES_MAX) {
            return ls_fail(d, LS_ERR_USAGE, "%s: more than %u sources", where(f, v),
                           LS_SOURCES_MAX);
        }
        e = read_url(f, &one, &at, d);
        e = e == LS_OK ? check_not_ourselves(c, f, &one, &at, engine, d) : e;
        c->source_urls[c->source_count++] = url;
    }
    return e != LS_OK || c->source_count > 0
               ? e
               : ls_fail(d, LS_ERR_USAGE, "%s: names no source", where(f, v));
}

static enum ls_err read_peers(const struct ls_flag_value *v, struct ls_node_config *c,
                              struct ls_diag *d)
{
    struct choice choice = {.kind = LS_FOLLOW_CL};
    struct ls_url engine;
    struct ls_url unsafe_source;
    struct ls_url l1;
    enum ls_err e;

    if (v[LS_FLAG_L2].text == NULL) {
        return missing(LS_FLAG_L2, "the URL of our execution layer's Engine API", d);
    }
    if ((e = read_url(LS_FLAG_L2, &v[LS_FLAG_L2], &engine, d)) != LS_OK ||
        (e = choose_source(v, &choice, d)) != LS_OK) {
        return e;
    }
    if (v[LS_FLAG_L1].text != NULL && (e = read_url(LS_FLAG_L1, &v[LS_FLAG_L1], &l1, d)) != LS_OK) {
        return e;
    }
    c->engine_url = v[LS_FLAG_L2].text;
    c->l1_url = v[LS_FLAG_L1].text;
    c->unsafe_url = v[LS_FLAG_UNSAFE_SOURCE].text;
    c->follow = choice.kind;
    e = read_sources(choice.flag, &v[choice.flag], &engine, c, d);
    if (e == LS_OK && c->unsafe_url != NULL) {
        const struct ls_flag_value *u = &v[LS_FLAG_UNSAFE_SOURCE];
        e = read_url(LS_FLAG_UNSAFE_SOURCE, u, &unsafe_source, d);
        e = e == LS_OK
                ? check_not_ourselves(c, LS_FLAG_UNSAFE_SOURCE, u, &unsafe_source, &engine, d)
                : e;
    }
    return e;
}

/* --- files --- */

static enum ls_err read_secret(const struct ls_flag_value *v, struct ls_node_config *c,
                               struct ls_diag *d)
{
    struct ls_buf text;
    enum ls_err e;

    if (v->text == NULL) {
        return missing(LS_FLAG_L2_JWT_SECRET, "the file with the secret the engine knows", d);
    }
    ls_buf_init(&text, JWT_FILE_BYTES_MAX);
    e = ls_file_read(v->text, &text, d);
    if (e == LS_OK) {
        e = ls_jwt_secret_parse((const char *)text.p, text.n, c->jwt_secret, d);
        e = e == LS_OK ? e : ls_fail_in(d, e, "\"%s\"", v->text);
    }
    if (text.p != NULL) {
        memset(text.p, 0, text.n);
    }
    ls_buf_fini(&text);
    return e == LS_OK ? e : ls_fail_in(d, e, "%s", where(LS_FLAG_L2_JWT_SECRET, v));
}

void ls_config_compact(struct ls_buf *text)
{
    bool in_string = false;
    size_t n = 0;

    for (size_t i = 0; i < text->n; i++) {
        uint8_t b = text->p[i];

        if (!in_string && (b == ' ' || b == '\t' || b == '\n' || b == '\r')) {
            continue;
        }
        text->p[n++] = b;
        if (in_string && b == '\\' && i + 1 < text->n) {
            text->p[n++] = text->p[++i];
        } else if (b == '"') {
            in_string = !in_string;
        }
    }
    text->n = n;
    if (text->p != NULL) {
        text->p[n] = '\0';
    }
}

static enum ls_err read_rollup(const struct ls_flag_value *v, struct ls_node_config *c,
                               struct ls_diag *d)
{
    enum ls_err e;

    if (v->text == NULL) {
        return missing(LS_FLAG_ROLLUP_CONFIG, "the rollup.json of the chain", d);
    }
    e = ls_file_read(v->text, &c->rollup_text, d);
    if (e == LS_OK) {
        e = ls_rollup_parse((const char *)c->rollup_text.p, c->rollup_text.n, &c->rollup, d);
        e = e == LS_OK ? e : ls_fail_in(d, e, "\"%s\"", v->text);
    }
    if (e != LS_OK) {
        return ls_fail_in(d, e, "%s", where(LS_FLAG_ROLLUP_CONFIG, v));
    }
    ls_config_compact(&c->rollup_text);
    return LS_OK;
}

/* --- all of it --- */

/* the default period is two block times, the ticker of op-node. */
static enum ls_err read_periods(const struct ls_flag_value *v, struct ls_node_config *c,
                                struct ls_diag *d)
{
    struct {
        enum ls_flag flag;
        uint64_t *out;
    } periods[] = {{LS_FLAG_FOLLOW_POLL, &c->poll_ns},
                   {LS_FLAG_L1_POLL, &c->l1_poll_ns},
                   {LS_FLAG_FOLLOW_TIMEOUT, &c->source_timeout_ns},
                   {LS_FLAG_L2_TIMEOUT, &c->engine_timeout_ns}};

    c->poll_ns = c->rollup.block_time < LS_PERIOD_MAX_NS / 2000000000u
                     ? 2000000000u * c->rollup.block_time
                     : LS_PERIOD_MAX_NS;
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        const struct ls_flag_value *value = &v[periods[i].flag];
        enum ls_err e =
            value->text == NULL ? LS_OK : read_period(periods[i].flag, value, periods[i].out, d);

        if (e != LS_OK) {
            return e;
        }
    }
    return LS_OK;
}

static enum ls_err read_listener(enum ls_flag addr_flag, enum ls_flag port_flag,
                                 const struct ls_flag_value *v, const char **addr_out,
                                 uint16_t *port_out, struct ls_diag *d)
{
    const struct ls_flag_value *addr = &v[addr_flag];
    uint8_t ip[sizeof(struct in6_addr)];
    uint64_t port = 0;
    enum ls_err e;

    if (inet_pton(AF_INET, addr->text, ip) != 1 && inet_pton(AF_INET6, addr->text, ip) != 1) {
        return ls_fail(d, LS_ERR_USAGE, "%s: not an IP address: \"%s\" (for example 127.0.0.1)",
                       where(addr_flag, addr), addr->text);
    }
    e = read_number(port_flag, &v[port_flag], 0, UINT16_MAX, &port, d);
    *addr_out = addr->text;
    *port_out = (uint16_t)port;
    return e;
}

static enum ls_err read_listeners(const struct ls_flag_value *v, struct ls_node_config *c,
                                  struct ls_diag *d)
{
    enum ls_err e =
        read_listener(LS_FLAG_RPC_ADDR, LS_FLAG_RPC_PORT, v, &c->rpc_addr, &c->rpc_port, d);

    if (e == LS_OK) {
        e = read_switch(LS_FLAG_RPC_ADMIN, &v[LS_FLAG_RPC_ADMIN], &c->is_admin_enabled, d);
    }
    if (e == LS_OK) {
        e = read_switch(LS_FLAG_METRICS, &v[LS_FLAG_METRICS], &c->has_metrics, d);
    }
    return e == LS_OK ? read_listener(LS_FLAG_METRICS_ADDR, LS_FLAG_METRICS_PORT, v,
                                      &c->metrics_addr, &c->metrics_port, d)
                      : e;
}

static enum ls_err read_log(const struct ls_flag_value *v, struct ls_node_config *c,
                            struct ls_diag *d)
{
    const struct ls_flag_value *level = &v[LS_FLAG_LOG_LEVEL];
    const struct ls_flag_value *format = &v[LS_FLAG_LOG_FORMAT];

    if (ls_log_parse_level(level->text, &c->log_level) != LS_OK) {
        return ls_fail(d, LS_ERR_USAGE, "%s: not one of debug, info, warn, error: \"%s\"",
                       where(LS_FLAG_LOG_LEVEL, level), level->text);
    }
    if (ls_log_parse_format(format->text, &c->log_format) != LS_OK) {
        return ls_fail(d, LS_ERR_USAGE, "%s: neither text nor json: \"%s\"",
                       where(LS_FLAG_LOG_FORMAT, format), format->text);
    }
    return LS_OK;
}

static enum ls_err read_all(const struct ls_flag_value *v, struct ls_node_config *c,
                            struct ls_diag *d)
{
    enum ls_err e;

    if ((e = read_log(v, c, d)) != LS_OK || (e = read_listeners(v, c, d)) != LS_OK ||
        (e = read_peers(v, c, d)) != LS_OK ||
        (e = read_secret(&v[LS_FLAG_L2_JWT_SECRET], c, d)) != LS_OK ||
        (e = read_rollup(&v[LS_FLAG_ROLLUP_CONFIG], c, d)) != LS_OK ||
        (e = read_periods(v, c, d)) != LS_OK) {
        return e;
    }
    e = read_number(LS_FLAG_FOLLOW_LAG, &v[LS_FLAG_FOLLOW_LAG], 0, UINT64_MAX, &c->safe_lag_max, d);
    if (e != LS_OK) {
        return e;
    }
    return read_number(LS_FLAG_QUEUE_BYTES, &v[LS_FLAG_QUEUE_BYTES], QUEUE_BYTES_MIN,
                       QUEUE_BYTES_MAX, &c->queue_bytes_max, d);
}

static enum ls_err read_want(const struct ls_flag_value *v, enum ls_config_want *out,
                             struct ls_diag *d)
{
    bool help = false;
    bool version = false;
    enum ls_err e = read_switch(LS_FLAG_HELP, &v[LS_FLAG_HELP], &help, d);

    if (e == LS_OK) {
        e = read_switch(LS_FLAG_VERSION, &v[LS_FLAG_VERSION], &version, d);
    }
    *out = help ? LS_WANT_HELP : version ? LS_WANT_VERSION : LS_WANT_RUN;
    return e;
}

enum ls_err ls_config_load(int argc, char *const argv[], char *(*env)(const char *name),
                           struct ls_node_config *out, enum ls_config_want *want, struct ls_diag *d)
{
    struct ls_flag_value values[LS_FLAG_COUNT];
    enum ls_err e;

    *out = (struct ls_node_config){.rpc_port = 0};
    *want = LS_WANT_RUN;
    ls_buf_init(&out->rollup_text, ROLLUP_FILE_BYTES_MAX);
    e = ls_flags_read(argc, argv, env, values, d);
    if (e == LS_OK) {
        e = read_want(values, want, d);
    }
    return e != LS_OK || *want != LS_WANT_RUN ? e : read_all(values, out, d);
}

void ls_config_fini(struct ls_node_config *c)
{
    ls_buf_fini(&c->source_text);
    if (c->rollup_text.p != NULL) {
        ls_buf_fini(&c->rollup_text);
    }
    memset(c->jwt_secret, 0, sizeof c->jwt_secret);
}

const char *ls_follow_kind_text(enum ls_follow_kind k)
{
    switch (k) {
    case LS_FOLLOW_EL:
        return "execution layer";
    case LS_FOLLOW_CL:
        return "consensus layer";
    }
    return "";
}
