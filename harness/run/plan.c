#include "harness/run/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/check/check.h"
#include "harness/run/locate.h"
#include "lib/num.h"

#define JOBS_MAX 20000u
#define PATH_BYTES 1024u

static enum ls_err collect_files(const struct ls_run_options *o, struct ls_paths *files,
                                 struct ls_diag *d)
{
    char scenarios[PATH_BYTES];
    enum ls_err found = ls_locate_folder("scenarios", scenarios, sizeof scenarios, d);
    if (o->name_count == 0) {
        return found == LS_OK ? ls_locate_scenarios(scenarios, NULL, files, d) : found;
    }
    enum ls_err err = LS_OK;
    for (size_t i = 0; i < o->name_count && err == LS_OK; i++) {
        err = ls_locate_scenarios(o->names[i], found == LS_OK ? scenarios : NULL, files, d);
    }
    return err;
}

/* The same id in two files would make results ambiguous; an exemption of nothing hides a typo. */
static enum ls_err check_meta(const struct ls_plan *plan, const struct ls_scenario_meta *m,
                              struct ls_diag *d)
{
    for (size_t i = 0; i < plan->meta_count; i++) {
        if (strcmp(plan->metas[i].id, m->id) == 0 && strcmp(plan->metas[i].path, m->path) != 0) {
            return ls_fail(d, LS_ERR_CONFIG, "%s:%d: id \"%s\" is taken by %s", m->path,
                           ls_meta_line(m->path, m->id), m->id, plan->metas[i].path);
        }
    }
    for (size_t i = 0; i < m->exempt_count; i++) {
        if (!ls_check_is_known(m->exempt[i].id)) {
            return ls_fail(d, LS_ERR_CONFIG, "%s:%d: \"%s\" is no invariant that is checked",
                           m->path, ls_meta_line(m->path, m->exempt[i].id), m->exempt[i].id);
        }
    }
    return LS_OK;
}

static enum ls_err read_metas(const struct ls_paths *files, struct ls_plan *plan, struct ls_diag *d)
{
    plan->metas = calloc(files->count, sizeof *plan->metas);
    if (!plan->metas) {
        return ls_fail(d, LS_ERR_NOMEM, "no memory for %zu scenarios", files->count);
    }
    enum ls_err err = LS_OK;
    for (size_t i = 0; i < files->count && err == LS_OK; i++) {
        struct ls_scenario_meta *m = &plan->metas[plan->meta_count];
        err = ls_meta_load(files->items[i], m, d);
        if (err == LS_OK) {
            err = check_meta(plan, m, d);
            plan->meta_count += err == LS_OK;
        }
    }
    return err;
}

static struct ls_fixture *find_fixture(const struct ls_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->fixture_count; i++) {
        if (strcmp(plan->fixtures[i].name, name) == 0) {
            return &plan->fixtures[i];
        }
    }
    return NULL;
}

/* "1000..1200" */
static bool read_window(const char *text, struct ls_chain_options *out)
{
    const char *dots = strstr(text, "..");
    return dots && ls_parse_dec(text, (size_t)(dots - text), &out->first) == LS_OK &&
           ls_parse_dec(dots + 2, strlen(dots + 2), &out->last) == LS_OK && out->first <= out->last;
}

/* What to open of a fixture: the window behind its name, else that of the command line. */
static enum ls_err choose_window(const struct ls_run_options *o, const struct ls_scenario_meta *m,
                                 const char *name, struct ls_chain_options *out, struct ls_diag *d)
{
    const char *at = strchr(name, '@');
    *out = (struct ls_chain_options){.extra_blocks = LS_FORK_BLOCKS_MAX,
                                     .has_window = at || o->from > 0 || o->to < UINT64_MAX,
                                     .first = o->from,
                                     .last = o->to};
    return !at || read_window(at + 1, out)
               ? LS_OK
               : ls_fail(d, LS_ERR_CONFIG,
                         "%s:%d: fixture \"%s\": a window is FOLDER@FIRST..LAST, numbers of blocks",
                         m->path, ls_meta_line(m->path, name), name);
}

static enum ls_err open_fixture(const struct ls_run_options *o, struct ls_plan *plan,
                                const struct ls_scenario_meta *m, const char *name,
                                const char *folder, struct ls_diag *d)
{
    char dir[PATH_BYTES];
    struct ls_chain_options options;
    enum ls_err err = choose_window(o, m, name, &options, d);
    if (err != LS_OK) {
        return err;
    }
    int n = snprintf(dir, sizeof dir, "%s/%.*s", folder, (int)strcspn(name, "@"), name);
    if (n < 0 || (size_t)n >= sizeof dir) {
        return ls_fail(d, LS_ERR_LIMIT, "the path of fixture \"%s\" is too long", name);
    }
    if (access(dir, F_OK) != 0) {
        return ls_fail(d, LS_ERR_CONFIG,
                       "%s:%d: there is no fixture \"%s\" in \"%s\"; name one that is there, or "
                       "make it with lockstep import",
                       m->path, ls_meta_line(m->path, name), name, folder);
    }
    struct ls_fixture *f = &plan->fixtures[plan->fixture_count];
    err = ls_chain_open(dir, &options, &f->chain, d);
    if (err != LS_OK) {
        return ls_fail_in(d, err, "fixture \"%s\"", name);
    }
    strcpy(f->name, name); /* as long as a name in a struct ls_scenario_meta */
    plan->fixture_count++;
    return LS_OK;
}

static bool is_wanted(const struct ls_run_options *o, const char *fixture)
{
    return !o->fixture || strcmp(o->fixture, fixture) == 0;
}

/* Opens each fixture once. The table does not move afterwards: jobs point into it. */
static enum ls_err open_fixtures(const struct ls_run_options *o, struct ls_plan *plan,
                                 struct ls_diag *d)
{
    char folder[PATH_BYTES];
    enum ls_err err = LS_OK;
    if (o->fixtures) {
        snprintf(folder, sizeof folder, "%s", o->fixtures);
    } else {
        err = ls_locate_folder("fixtures", folder, sizeof folder, d);
    }
    plan->fixtures = calloc(plan->meta_count * LS_META_FIXTURES_MAX + 1, sizeof *plan->fixtures);
    if (!plan->fixtures) {
        return ls_fail(d, LS_ERR_NOMEM, "no memory for fixtures");
    }
    for (size_t i = 0; i < plan->meta_count && err == LS_OK; i++) {
        const struct ls_scenario_meta *m = &plan->metas[i];
        for (size_t k = 0; k < m->fixture_count && err == LS_OK; k++) {
            const char *name = m->fixtures[k];
            if (is_wanted(o, name) && !find_fixture(plan, name)) {
                err = open_fixture(o, plan, m, name, folder, d);
            }
        }
    }
    return err;
}

static void add_jobs(const struct ls_run_options *o, struct ls_plan *plan,
                     const struct ls_scenario_meta *m, unsigned round)
{
    for (int v = 0; v < 2; v++) {
        if (!m->has_variant[v] || (o->only_variant && (int)o->variant != v)) {
            continue;
        }
        for (size_t k = 0; k < m->fixture_count; k++) {
            if (is_wanted(o, m->fixtures[k]) && plan->job_count < JOBS_MAX) {
                plan->jobs[plan->job_count++] =
                    (struct ls_job){.meta = m,
                                    .fixture = find_fixture(plan, m->fixtures[k]),
                                    .variant = (enum ls_variant)v,
                                    .seed = o->seed + round,
                                    .round = round};
            }
        }
    }
}

static enum ls_err make_jobs(const struct ls_run_options *o, struct ls_plan *plan,
                             struct ls_diag *d)
{
    size_t most = plan->meta_count * 2 * LS_META_FIXTURES_MAX * o->repeat;
    plan->jobs = calloc(most < JOBS_MAX ? most + 1 : JOBS_MAX, sizeof *plan->jobs);
    if (!plan->jobs) {
        return ls_fail(d, LS_ERR_NOMEM, "no memory for %zu runs", most);
    }
    for (unsigned round = 0; round < o->repeat; round++) {
        for (size_t i = 0; i < plan->meta_count; i++) {
            add_jobs(o, plan, &plan->metas[i], round);
        }
    }
    if (plan->job_count == 0) {
        return ls_fail(d, LS_ERR_USAGE, "nothing to run: no scenario has this variant and fixture");
    }
    return LS_OK;
}

static enum ls_err find_cl(const struct ls_run_options *o, struct ls_plan *plan, struct ls_diag *d)
{
    if (!o->cl) {
        if (ls_locate_program(o->cl_kind, plan->cl, sizeof plan->cl) != LS_OK) {
            plan->cl[0] = '\0';
        }
        return LS_OK;
    }
    if (access(o->cl, X_OK) != 0) {
        return ls_fail(d, LS_ERR_USAGE, "--cl \"%s\": no program that can be run is there", o->cl);
    }
    int n = snprintf(plan->cl, sizeof plan->cl, "%s", o->cl);
    return n > 0 && (size_t)n < sizeof plan->cl
               ? LS_OK
               : ls_fail(d, LS_ERR_USAGE, "--cl \"%s\": the path is too long", o->cl);
}

enum ls_err ls_plan_make(const struct ls_run_options *o, struct ls_plan *plan, struct ls_diag *d)
{
    struct ls_paths files = {0};
    *plan = (struct ls_plan){0};
    enum ls_err err = find_cl(o, plan, d);
    if (err == LS_OK) {
        err = collect_files(o, &files, d);
    }
    if (err == LS_OK) {
        err = read_metas(&files, plan, d);
    }
    if (err == LS_OK) {
        err = open_fixtures(o, plan, d);
    }
    if (err == LS_OK) {
        err = make_jobs(o, plan, d);
    }
    ls_paths_fini(&files);
    return err;
}

void ls_plan_fini(struct ls_plan *plan)
{
    for (size_t i = 0; i < plan->fixture_count; i++) {
        ls_chain_close(&plan->fixtures[i].chain);
    }
    free(plan->metas);
    free(plan->fixtures);
    free(plan->jobs);
    *plan = (struct ls_plan){0};
}
