#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/capture/files.h"
#include "harness/report/tap.h"
#include "harness/run/pool.h"
#include "harness/run/run.h"

#define TAP_BYTES_MAX (64u << 20)

/* Results as they come, and what they add up to. */
struct tally {
    const struct ls_run_options *o;
    const struct ls_plan *plan;
    struct ls_buf tap; /* all of it, for --tap */
    size_t shown;      /* bytes of it on the terminal */
    size_t count[LS_OUTCOME_KNOWN + 1];
};

/* Puts on the terminal what is new. */
static void show(struct tally *t)
{
    fwrite(t->tap.p + t->shown, 1, t->tap.n - t->shown, stdout);
    fflush(stdout);
    t->shown = t->tap.n;
    if (!t->o->tap_file) {
        ls_buf_clear(&t->tap);
        t->shown = 0;
    }
}

static void on_result(void *user, size_t index, const struct ls_job_result *r)
{
    struct tally *t = user;
    char name[128];
    ls_job_name(t->o, &t->plan->jobs[index], name, sizeof name);
    ls_tap_test(&t->tap, index + 1, r->outcome, name, r->why);
    if (r->detail.n > 0) {
        ls_buf_put(&t->tap, r->detail.p, r->detail.n);
    }
    t->count[r->outcome]++;
    show(t);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void put_summary(struct tally *t, double seconds)
{
    char text[200];
    snprintf(text, sizeof text,
             "%zu passed, %zu failed, %zu broken, %zu known deviations, %zu skipped; %.1f s, seed "
             "%llu",
             t->count[LS_OUTCOME_PASSED], t->count[LS_OUTCOME_FAILED], t->count[LS_OUTCOME_BROKEN],
             t->count[LS_OUTCOME_KNOWN], t->count[LS_OUTCOME_SKIPPED], seconds,
             (unsigned long long)t->o->seed);
    ls_tap_note(&t->tap, text);
    show(t);
}

static int complain(const struct ls_diag *d, enum ls_err err)
{
    fprintf(stderr, "lockstep run: %s\n", d->text[0] ? d->text : ls_err_text(err));
    return 2;
}

static int run_plan(const struct ls_run_options *o, const struct ls_plan *plan)
{
    struct tally t = {.o = o, .plan = plan};
    struct ls_diag d = {0};
    ls_buf_init(&t.tap, TAP_BYTES_MAX);
    double began = seconds_now();
    ls_tap_begin(&t.tap, plan->job_count);
    show(&t);
    enum ls_err err = ls_pool_run(o, plan, on_result, &t, &d);
    int code = t.count[LS_OUTCOME_BROKEN] > 0 ? 2 : t.count[LS_OUTCOME_FAILED] > 0 ? 1 : 0;
    if (err != LS_OK) {
        ls_buf_printf(&t.tap, "Bail out! %s\n", d.text);
        code = code != 0 ? code : 1;
    }
    put_summary(&t, seconds_now() - began);
    if (o->tap_file) {
        err = ls_file_write(o->tap_file, ls_buf_span(&t.tap), &d);
        code = err == LS_OK ? code : complain(&d, err);
    }
    ls_buf_fini(&t.tap);
    return code;
}

/* The folder for traces, made now: at the end of a long run it is too late to find it missing. */
static enum ls_err make_trace_dir(const char *path, struct ls_diag *d)
{
    if (path == NULL || mkdir(path, 0777) == 0) {
        return LS_OK;
    }
    struct stat st;
    if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode) && access(path, W_OK) == 0) {
        return LS_OK;
    }
    return ls_fail(d, LS_ERR_IO, "cannot write to the folder \"%s\" (%s): give --trace-dir another",
                   path, strerror(errno == EEXIST ? ENOTDIR : errno));
}

int ls_cmd_run(int argc, char **argv, const char *program)
{
    struct ls_run_options o;
    struct ls_plan plan = {0};
    struct ls_diag d = {0};
    enum ls_err err = ls_run_options_parse(argc, argv, program, &o, &d);
    if (err != LS_OK) {
        return complain(&d, err);
    }
    if (o.wants_help) {
        fputs(ls_run_usage(), stdout);
        return 0;
    }
    err = make_trace_dir(o.trace_dir, &d);
    if (err == LS_OK) {
        err = ls_plan_make(&o, &plan, &d);
    }
    int code = err == LS_OK ? run_plan(&o, &plan) : complain(&d, err);
    ls_plan_fini(&plan);
    return code;
}
