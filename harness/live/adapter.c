#include "harness/live/adapter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_MS UINT64_C(1000000)

static const char *const lightcl_args[] = {
    "--l2={engine}",
    "--l2.jwt-secret={jwt}",
    "--rollup.config={rollup}",
    "--rpc.addr=127.0.0.1",
    "--rpc.port={rpc_port}",
    "--rpc.enable-admin",
    "--follow.poll-interval={poll}",
    NULL,
};
static const char *const lightcl_a[] = {"--safe-source=l2", "--safe-source.l2-rpc={source}", NULL};
static const char *const lightcl_b[] = {"--l2.follow.source={source}", NULL};
static const char *const lightcl_l1[] = {"--l1={l1}", NULL};
static const char *const lightcl_verbose[] = {"--log.level=debug", NULL};

/* op-node in follow mode. It always needs an L1, and polls with twice the block time (2 s on the
 * chains recorded here). It believes the L1's hashes (--l1.trustrpc) because the mock's L1 has no
 * state to prove a slot from. */
static const char *const opnode_args[] = {
    "--l1={l1}",
    "--l1.trustrpc",
    "--l1.beacon.ignore",
    "--l1.http-poll-interval=1s",
    "--l2={engine}",
    "--l2.jwt-secret={jwt}",
    "--rollup.config={rollup}",
    "--rollup.l1-chain-config={dir}/l1-chain.json",
    "--p2p.disable",
    "--rpc.addr=127.0.0.1",
    "--rpc.port={rpc_port}",
    "--rpc.enable-admin",
    NULL,
};
static const char *const opnode_verbose[] = {"--log.level=debug", NULL};

static const struct ls_adapter adapters[] = {
    {
        .name = "lightcl",
        .program = "lightcl",
        .tick_ns = 50 * NS_PER_MS,
        .args = lightcl_args,
        .args_a = lightcl_a,
        .args_b = lightcl_b,
        .args_l1 = lightcl_l1,
        .args_verbose = lightcl_verbose,
        .status_method = "optimism_syncStatus",
        .payload_method = "admin_postUnsafePayload",
    },
    {
        .name = "op-node",
        .program = "op-node",
        .tick_ns = 4000 * NS_PER_MS,
        .tick_fixed_ns = 4000 * NS_PER_MS,
        .args = opnode_args,
        .args_b = lightcl_b,
        .args_verbose = opnode_verbose,
        .status_method = "optimism_syncStatus",
        .payload_method = "admin_postUnsafePayload",
    },
};

const struct ls_adapter *ls_adapter_at(size_t i)
{
    return i < sizeof adapters / sizeof adapters[0] ? &adapters[i] : NULL;
}

const struct ls_adapter *ls_adapter_find(const char *name)
{
    const struct ls_adapter *a;

    for (size_t i = 0; (a = ls_adapter_at(i)) != NULL; i++) {
        if (strcmp(a->name, name) == 0) {
            return a;
        }
    }
    return NULL;
}

/* --- templates --- */

/* The value of a placeholder, NULL when unknown. scratch holds at least 32 bytes. */
static const char *value_of(const struct ls_adapter_vars *v, const char *name, size_t n,
                            char scratch[32])
{
    const struct {
        const char *name, *value;
    } texts[] = {{"engine", v->engine}, {"source", v->source}, {"l1", v->l1},
                 {"jwt", v->jwt},       {"rollup", v->rollup}, {"dir", v->dir}};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strlen(texts[i].name) == n && memcmp(texts[i].name, name, n) == 0) {
            return texts[i].value;
        }
    }
    if (n == strlen("rpc_port") && memcmp(name, "rpc_port", n) == 0) {
        (void)snprintf(scratch, 32, "%u", v->rpc_port);
        return scratch;
    }
    if (n == strlen("poll") && memcmp(name, "poll", n) == 0) {
        (void)snprintf(scratch, 32, "%" PRIu64 "ms", v->poll_ns / NS_PER_MS);
        return scratch;
    }
    return NULL;
}

/* Whose template it is: the table's must name what there is, a script's may have braces of its own,
 * JSON for one, which stay as they are. */
enum origin { FROM_TABLE, FROM_SCRIPT };

static enum ls_err expand(const char *template, enum origin origin,
                          const struct ls_adapter_vars *vars, struct ls_buf *out, struct ls_diag *d)
{
    const char *at = template, *open;

    while ((open = strchr(at, '{')) != NULL) {
        char scratch[32];
        const char *close = strchr(open, '}');
        const char *value =
            close != NULL ? value_of(vars, open + 1, (size_t)(close - open - 1), scratch) : NULL;
        if (value == NULL && origin == FROM_TABLE) {
            return ls_fail(d, LS_ERR_CONFIG, "unknown placeholder in adapter argument \"%s\"",
                           template);
        }
        (void)ls_buf_put(out, at, (size_t)(open - at));
        (void)ls_buf_puts(out, value != NULL ? value : "{");
        at = value != NULL ? close + 1 : open + 1;
    }
    return ls_buf_puts(out, at) == LS_OK
               ? out->err
               : ls_fail(d, out->err, "adapter argument \"%s\" gets too long", template);
}

/* --- argv --- */

struct builder {
    const struct ls_adapter_vars *vars;
    struct ls_arena *arena;
    char **argv;
    size_t count;
};

static enum ls_err add(struct builder *b, const char *text, size_t n, struct ls_diag *d)
{
    char *copy = ls_arena_dup(b->arena, text, n);

    if (copy == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    if (b->count >= LS_ADAPTER_ARGS_MAX) {
        return ls_fail(d, LS_ERR_LIMIT, "more than %u arguments for the node", LS_ADAPTER_ARGS_MAX);
    }
    b->argv[b->count++] = copy;
    return LS_OK;
}

static enum ls_err add_template(struct builder *b, const char *template, enum origin origin,
                                struct ls_diag *d)
{
    struct ls_buf text = {0};
    enum ls_err e;

    ls_buf_init(&text, LS_ADAPTER_ARG_MAX);
    e = expand(template, origin, b->vars, &text, d);
    if (e == LS_OK) {
        e = add(b, (const char *)text.p, text.n, d);
    }
    ls_buf_fini(&text);
    return e;
}

/* templates may be NULL. */
static enum ls_err add_templates(struct builder *b, const char *const *templates, struct ls_diag *d)
{
    enum ls_err e = LS_OK;

    for (; e == LS_OK && templates != NULL && *templates != NULL; templates++) {
        e = add_template(b, *templates, FROM_TABLE, d);
    }
    return e;
}

enum ls_err ls_adapter_argv(const struct ls_adapter *a, enum ls_variant variant,
                            const struct ls_start_options *o, bool is_verbose, const char *program,
                            const struct ls_adapter_vars *vars, struct ls_arena *arena,
                            char ***argv, struct ls_diag *d)
{
    const char *const *follow = variant == LS_VARIANT_A ? a->args_a : a->args_b;
    const char *const *lists[] = {a->args, follow, o->with_l1 ? a->args_l1 : a->args_no_l1,
                                  is_verbose ? a->args_verbose : NULL};
    struct builder b = {.vars = vars, .arena = arena};
    enum ls_err e;

    if (follow == NULL) {
        return ls_fail(d, LS_ERR_CONFIG, "\"%s\" cannot follow a source of variant %s", a->name,
                       variant == LS_VARIANT_A ? "A" : "B");
    }
    b.argv = ls_arena_alloc(arena, (LS_ADAPTER_ARGS_MAX + 1) * sizeof *b.argv);
    if (b.argv == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    e = add(&b, program, strlen(program), d);
    for (size_t i = 0; e == LS_OK && i < sizeof lists / sizeof lists[0]; i++) {
        e = add_templates(&b, lists[i], d);
    }
    for (size_t i = 0; e == LS_OK && i < o->args_count; i++) {
        e = add_template(&b, o->args[i], FROM_SCRIPT, d);
    }
    if (e == LS_OK) {
        *argv = b.argv;
    }
    return e;
}
