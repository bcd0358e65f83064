/*
 * lockstep cut and lockstep fork: a folder made from a folder.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/chain.h"
#include "harness/capture/cmd.h"
#include "harness/capture/commands.h"
#include "harness/capture/draft.h"
#include "harness/capture/fork.h"
#include "harness/capture/manifest.h"

#define LEVEL 19 /* folders made this way are kept: small counts, time does not */

static const char cut_usage[] =
    "usage: lockstep cut DIR --first N --last N -o DIR\n"
    "\n"
    "Makes a folder of a window of L2 numbers: its blocks, the orphans that sit on them, genesis,\n"
    "the L1 headers and label rows that belong to them.\n"
    "\n"
    "  --name NAME   name in the manifest (default: that of the new folder)\n"
    "  --replace     replace the fixture that stands there\n";

static const char fork_usage[] =
    "usage: lockstep fork DIR --at N --length K --name NAME -o DIR\n"
    "\n"
    "Copies a folder and adds a synthetic branch: K siblings of the blocks above block N, the "
    "first\n"
    "with one header field changed, all with right hashes.\n"
    "\n"
    "  --set FIELD[=VALUE]  mixHash (default), stateRoot, receiptsRoot or gasLimit; a value is\n"
    "                       made up when none is given\n"
    "  --seed N             makes another fork of the same block (default 0)\n"
    "  --on BRANCH          block N of that branch, not of the canonical one\n"
    "  --invalid-from I     an engine must refuse the I-th block of the branch and those above it\n"
    "  --replace            replace the fixture that stands there\n";

/* Both commands: one folder in, -o one out. */
static enum ls_err check_dirs(const struct ls_cmd_list *dirs, const char *out, struct ls_diag *d)
{
    if (dirs->count != 1) {
        return ls_fail(d, LS_ERR_USAGE, "one DIR is needed, %zu are given", dirs->count);
    }
    return out ? LS_OK : ls_fail(d, LS_ERR_USAGE, "-o DIR is missing: where should the folder go?");
}

static enum ls_err write_draft(const struct ls_chain *c, const char *name, const char *dir,
                               const struct ls_draft_options *o, struct ls_diag *d)
{
    struct ls_draft f;
    enum ls_err e;

    ls_draft_init(&f);
    e = ls_draft_from_chain(&f, c, d);
    f.name[0] = '\0';
    if (name) {
        snprintf(f.name, sizeof f.name, "%s", name);
    }
    if (!e) {
        e = ls_draft_write(&f, dir, o, d);
    }
    ls_draft_fini(&f);
    return e;
}

/* --- cut --- */

static enum ls_err run_cut(int argc, char **argv, struct ls_cmd_list *dirs, bool *help,
                           struct ls_diag *d)
{
    struct ls_draft_options o = {.last = UINT64_MAX, .level = LEVEL};
    const char *out = NULL;
    const char *name = NULL;
    struct ls_chain c;
    const struct ls_cmd_option options[] = {{.name = "-o", .value = &out},
                                            {.name = "--name", .value = &name},
                                            {.name = "--first", .number = &o.first},
                                            {.name = "--last", .number = &o.last},
                                            {.name = "--replace", .flag = &o.replace},
                                            {.name = NULL}};
    enum ls_err e = ls_cmd_parse(argc, argv, options, dirs, help, d);

    if (e || *help) {
        return e;
    }
    e = check_dirs(dirs, out, d);
    if (!e && name && !ls_manifest_is_name(name)) {
        e = ls_fail(d, LS_ERR_USAGE, "--name: \"%.40s\" is not a name (letters, digits, - _ .)",
                    name);
    }
    if (!e && o.first > o.last) {
        e = ls_fail(d, LS_ERR_USAGE, "--first is above --last");
    }
    if (e) {
        return e;
    }
    const struct ls_chain_options window = {
        .has_window = o.first > 0 || o.last < UINT64_MAX, .first = o.first, .last = o.last};
    e = ls_chain_open(dirs->items[0], &window, &c, d);
    if (!e) {
        e = write_draft(&c, name, out, &o, d);
    }
    if (!e) {
        printf("cut and verified: %s\n", out);
    }
    ls_chain_close(&c);
    return e;
}

/* --- fork --- */

struct fork_request {
    struct ls_draft_options write;
    const char *out;
    const char *name;
    const char *set;
    const char *on;
    uint64_t at;
    uint64_t length;
    uint64_t seed;
    uint64_t invalid_from;
};

/* "FIELD" or "FIELD=VALUE". */
static enum ls_err parse_set(const char *set, struct ls_fork_spec *spec, struct ls_diag *d)
{
    char field[32];
    const char *equals = set ? strchr(set, '=') : NULL;
    size_t n = equals ? (size_t)(equals - set) : strlen(set ? set : "");

    if (!set) {
        return LS_OK;
    }
    snprintf(field, sizeof field, "%.*s", (int)(n < sizeof field ? n : 0), set);
    spec->value = equals ? equals + 1 : NULL;
    return ls_fork_field_parse(field, &spec->field)
               ? ls_fail(d, LS_ERR_USAGE,
                         "--set: \"%.40s\" is not mixHash, stateRoot, receiptsRoot or gasLimit",
                         set)
               : LS_OK;
}

static enum ls_err find_at(const struct ls_chain *c, const struct fork_request *q, uint32_t *at,
                           struct ls_diag *d)
{
    const struct ls_chain_branch *br = ls_chain_branch(c, q->on ? q->on : "canonical");

    if (!br) {
        return ls_fail(d, LS_ERR_USAGE, "--on: the folder has no branch \"%.64s\"", q->on);
    }
    *at = ls_universe_at(c->l2, br->tip, q->at);
    return *at != LS_NO_BLOCK
               ? LS_OK
               : ls_fail(d, LS_ERR_USAGE, "--at: block %" PRIu64 " is not recorded", q->at);
}

static enum ls_err add_fork(struct ls_chain *c, const struct fork_request *q,
                            const struct ls_fork_spec *spec, struct ls_diag *d)
{
    uint32_t at = LS_NO_BLOCK;
    enum ls_err e = find_at(c, q, &at, d);

    if (!e) {
        e = ls_chain_fork(c, at, (uint32_t)q->length, spec, NULL, d);
    }
    return e ? e : write_draft(c, c->name, q->out, &q->write, d);
}

static enum ls_err check_fork(const struct fork_request *q, struct ls_diag *d)
{
    if (!q->name || q->at == UINT64_MAX) {
        return ls_fail(d, LS_ERR_USAGE, "%s is missing", q->name ? "--at N" : "--name NAME");
    }
    if (q->length < 1 || q->length > INT32_MAX || q->invalid_from > q->length) {
        return ls_fail(d, LS_ERR_USAGE, "%s",
                       q->invalid_from > q->length ? "--invalid-from is above --length"
                                                   : "--length must be at least 1");
    }
    return LS_OK;
}

static enum ls_err run_fork(int argc, char **argv, struct ls_cmd_list *dirs, bool *help,
                            struct ls_diag *d)
{
    struct fork_request q = {.write = {.last = UINT64_MAX, .level = LEVEL}, .at = UINT64_MAX};
    struct ls_chain c;
    const struct ls_cmd_option options[] = {{.name = "-o", .value = &q.out},
                                            {.name = "--name", .value = &q.name},
                                            {.name = "--at", .number = &q.at},
                                            {.name = "--length", .number = &q.length},
                                            {.name = "--set", .value = &q.set},
                                            {.name = "--seed", .number = &q.seed},
                                            {.name = "--on", .value = &q.on},
                                            {.name = "--invalid-from", .number = &q.invalid_from},
                                            {.name = "--replace", .flag = &q.write.replace},
                                            {.name = NULL}};
    struct ls_fork_spec spec = {.name = NULL};
    enum ls_err e = ls_cmd_parse(argc, argv, options, dirs, help, d);

    if (e || *help) {
        return e;
    }
    e = check_dirs(dirs, q.out, d);
    if (!e) {
        e = check_fork(&q, d);
    }
    if (!e) {
        e = parse_set(q.set, &spec, d);
    }
    if (e) {
        return e;
    }
    spec.name = q.name;
    spec.seed = q.seed;
    spec.invalid_from = (uint32_t)q.invalid_from;
    const struct ls_chain_options room = {.extra_blocks = (uint32_t)q.length};
    e = ls_chain_open(dirs->items[0], &room, &c, d);
    if (!e) {
        e = add_fork(&c, &q, &spec, d);
    }
    if (!e) {
        printf("forked and verified: %s\n", q.out);
    }
    ls_chain_close(&c);
    return e;
}

/* --- entry points --- */

static int run(int argc, char **argv, const char *cmd, const char *usage,
               enum ls_err (*body)(int, char **, struct ls_cmd_list *, bool *, struct ls_diag *))
{
    struct ls_cmd_list dirs = {NULL, 0};
    struct ls_diag d = {""};
    bool help = false;
    enum ls_err e = ls_cmd_list_init(&dirs, argc, &d);

    if (!e) {
        e = body(argc, argv, &dirs, &help, &d);
    }
    if (!e && help) {
        fputs(usage, stdout);
    }
    free(dirs.items);
    return e ? ls_cmd_fail(cmd, e, &d) : LS_EXIT_OK;
}

int ls_cmd_cut(int argc, char **argv)
{
    return run(argc, argv, "cut", cut_usage, run_cut);
}

int ls_cmd_fork(int argc, char **argv)
{
    return run(argc, argv, "fork", fork_usage, run_fork);
}
