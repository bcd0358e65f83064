#include "harness/run/job.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/files.h"
#include "harness/check/check.h"
#include "harness/live/live.h"
#include "harness/scenario/run.h"

#define DETAIL_BYTES_MAX (1u << 20)
#define TAIL_LINES 20u
#define TAIL_COLUMNS 400u
#define VIOLATIONS_MAX 8u

/* Everything that one run owns. */
struct stage {
    const struct ls_run_options *o;
    const struct ls_plan *plan;
    const struct ls_job *job;
    struct ls_job_result *out;
    struct ls_tracelog *log;
    struct ls_trace *trace;
    struct ls_world *world;
    struct ls_scenario_result script;
    struct ls_violation violations[VIOLATIONS_MAX];
    size_t violation_count;
};

void ls_job_name(const struct ls_run_options *o, const struct ls_job *job, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%s %s %s", job->meta->id, job->variant == LS_VARIANT_A ? "A" : "B",
                     job->fixture->name);
    if (o->repeat > 1 && n > 0 && (size_t)n < cap) {
        snprintf(out + n, cap - (size_t)n, " round %u", job->round + 1);
    }
}

static bool is_interrupted(void *user)
{
    return ls_live_is_interrupted(user);
}

static enum ls_err set_up(struct stage *s, struct ls_diag *d)
{
    s->log = ls_tracelog_new();
    s->trace = s->log ? ls_trace_new(ls_tracelog_sink, s->log) : NULL;
    if (!s->trace) {
        return ls_fail(d, LS_ERR_NOMEM, "no memory for a trace");
    }
    const struct ls_live_options live = {.chain = &s->job->fixture->chain,
                                         .variant = s->job->variant,
                                         .adapter = s->o->cl_kind,
                                         .program = s->plan->cl[0] ? s->plan->cl : NULL,
                                         .profile = s->o->profile ? &s->o->engine : NULL,
                                         .tick_ns = s->o->tick_ns,
                                         .seed = s->job->seed,
                                         .trace = s->trace};
    return ls_live_new(&live, &s->world, d);
}

static void play(struct stage *s)
{
    const struct ls_scenario_options options = {.path = s->job->meta->path,
                                                .world = s->world,
                                                .log = s->log,
                                                .fixture = s->job->fixture->name,
                                                .seed = s->job->seed,
                                                .ticks_max = s->job->meta->ticks_max,
                                                .is_long = s->o->is_long,
                                                .is_interrupted = is_interrupted,
                                                .user = s->world};
    ls_scenario_run(&options, &s->script);
    ls_trace_finish(s->trace, s->world->ops->now_ns(s->world));
    s->out->outcome = s->script.outcome;
    s->out->ticks = s->script.ticks;
}

static enum ls_err judge(struct stage *s, struct ls_diag *d)
{
    const struct ls_scenario_meta *m = s->job->meta;
    struct ls_check_config cfg = {.l2 = s->world->chain->l2,
                                  .genesis = s->world->chain->genesis,
                                  .is_el_source = s->job->variant == LS_VARIANT_A,
                                  .is_strict = strcmp(s->world->cl_name, "lightcl") == 0};
    for (size_t i = 0; i < m->exempt_count; i++) {
        cfg.exempt[cfg.exempt_count++] = m->exempt[i].id;
    }
    enum ls_err err =
        ls_check_run(&cfg, s->log, s->violations, VIOLATIONS_MAX, &s->violation_count, d);
    if (err == LS_OK && s->violation_count > 0 && s->out->outcome == LS_OUTCOME_PASSED) {
        s->out->outcome = LS_OUTCOME_FAILED;
    }
    return err;
}

/* A failure that is expected of this node is told, but does not count. */
static void excuse(struct stage *s)
{
    const struct ls_scenario_meta *m = s->job->meta;
    const char *cl = s->world->cl_name;
    if (s->out->outcome != LS_OUTCOME_FAILED) {
        return;
    }
    for (size_t i = 0; i < m->known_count; i++) {
        if (strcmp(m->known[i].cl, cl) == 0) {
            s->out->outcome = LS_OUTCOME_KNOWN;
            snprintf(s->out->why, sizeof s->out->why, "%.120s %.120s", m->known[i].what,
                     m->known[i].link);
            return;
        }
    }
    bool is_ours = strcmp(cl, "lightcl") == 0;
    if (m->applies == 'X' || (m->applies == 'L' && !is_ours)) {
        s->out->outcome = LS_OUTCOME_KNOWN;
        snprintf(s->out->why, sizeof s->out->why, "%s",
                 m->applies == 'X' ? "characterisation only" : "contract of lightcl only");
    }
}

/* --- telling --- */

/* A folder that a failed run's trace can stay in. */
static bool trace_path(const struct stage *s, char *out, size_t cap)
{
    const struct ls_job *j = s->job;
    char folder[512];
    if (s->o->trace_dir) {
        snprintf(folder, sizeof folder, "%s", s->o->trace_dir);
    } else {
        const char *tmp = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/lockstep-trace-XXXXXX", tmp && *tmp ? tmp : "/tmp");
        if (!mkdtemp(folder)) {
            return false;
        }
    }
    int n = snprintf(out, cap, "%s/%s.%s.%s.%" PRIu64 ".jsonl", folder, j->meta->id,
                     j->variant == LS_VARIANT_A ? "A" : "B", j->fixture->name, j->seed);
    return n > 0 && (size_t)n < cap;
}

static void write_trace(struct stage *s)
{
    char path[1024];
    struct ls_diag d = {0};
    if (!s->o->trace_dir && s->out->outcome == LS_OUTCOME_PASSED) {
        return;
    }
    if (!trace_path(s, path, sizeof path)) {
        ls_tap_yaml_str(&s->out->detail, "trace", "could not be written: no folder for it");
    } else if (ls_file_write(path, ls_tracelog_text(s->log), &d) != LS_OK) {
        ls_tap_yaml_str(&s->out->detail, "trace", d.text);
    } else {
        ls_tap_yaml_str(&s->out->detail, "trace", path);
    }
}

static void put_flag(char *out, size_t cap, const char *flag, const char *value)
{
    size_t n = strlen(out);
    snprintf(out + n, cap - n, " %s%s%s", flag, value ? " " : "", value ? value : "");
}

/* The command that does exactly this again. */
static void put_repeat(struct stage *s)
{
    const struct ls_run_options *o = s->o;
    char text[2048], number[32];
    snprintf(text, sizeof text, "%s run --variant %s --fixture %s --seed %" PRIu64, o->program,
             s->job->variant == LS_VARIANT_A ? "A" : "B", s->job->fixture->name, s->job->seed);
    if (o->tick_ns != LS_RUN_TICK_DEFAULT) {
        snprintf(number, sizeof number, "%" PRIu64 "ms", o->tick_ns / 1000000u);
        put_flag(text, sizeof text, "--tick", number);
    }
    if (o->profile) {
        put_flag(text, sizeof text, "--profile", o->profile);
    }
    if (o->cl) {
        put_flag(text, sizeof text, "--cl", o->cl);
    }
    if (strcmp(o->cl_kind, "lightcl") != 0) {
        put_flag(text, sizeof text, "--cl-kind", o->cl_kind);
    }
    if (o->fixtures) {
        put_flag(text, sizeof text, "--fixtures", o->fixtures);
    }
    if (o->from > 0) {
        snprintf(number, sizeof number, "%" PRIu64, o->from);
        put_flag(text, sizeof text, "--from", number);
    }
    if (o->to < UINT64_MAX) {
        snprintf(number, sizeof number, "%" PRIu64, o->to);
        put_flag(text, sizeof text, "--to", number);
    }
    if (o->is_long) {
        put_flag(text, sizeof text, "--long", NULL);
    }
    put_flag(text, sizeof text, s->job->meta->path, NULL);
    ls_tap_yaml_str(&s->out->detail, "repeat", text);
}

static void tell_script(struct stage *s)
{
    const struct ls_scenario_result *r = &s->script;
    struct ls_buf *b = &s->out->detail;
    if (r->outcome == LS_OUTCOME_PASSED) {
        return;
    }
    ls_tap_yaml_str(b, "message", r->what);
    if (r->at.line > 0) {
        char at[300];
        snprintf(at, sizeof at, "%s:%d", r->at.file, r->at.line);
        ls_tap_yaml_str(b, "at", at);
    }
    if (r->expected[0]) {
        ls_tap_yaml_str(b, "expected", r->expected);
    }
    if (r->seen[0]) {
        ls_tap_yaml_str(b, "seen", r->seen);
    }
}

static void tell_violations(struct stage *s)
{
    for (size_t i = 0; i < s->violation_count && i < VIOLATIONS_MAX; i++) {
        const struct ls_violation *v = &s->violations[i];
        char text[700], key[32];
        snprintf(text, sizeof text, "%s, trace line %zu: %s", v->title, v->line + 1, v->text);
        snprintf(key, sizeof key, "%s", v->invariant);
        ls_tap_yaml_str(&s->out->detail, key, text);
        size_t n;
        const char *line = ls_tracelog_line(s->log, v->line, &n);
        snprintf(key, sizeof key, "%s line", v->invariant);
        ls_tap_yaml_text(&s->out->detail, key, line, n < TAIL_COLUMNS ? n : TAIL_COLUMNS);
    }
}

static void tell_tail(struct stage *s)
{
    struct ls_buf tail;
    ls_buf_init(&tail, DETAIL_BYTES_MAX / 2);
    ls_tracelog_tail(s->log, TAIL_LINES, TAIL_COLUMNS, &tail);
    ls_tap_yaml_text(&s->out->detail, "last trace lines", (const char *)tail.p, tail.n);
    ls_buf_fini(&tail);
}

static void tell(struct stage *s)
{
    struct ls_buf *b = &s->out->detail;
    char ticks[32];
    if (ls_live_is_interrupted(s->world)) {
        ls_buf_clear(b); /* whoever stops a run does not look for what it left behind */
        return;
    }
    if (s->out->outcome == LS_OUTCOME_PASSED) {
        write_trace(s);
        ls_buf_clear(b);
        return;
    }
    ls_tap_yaml(b);
    tell_script(s);
    tell_violations(s);
    snprintf(ticks, sizeof ticks, "%" PRIu64, s->script.ticks);
    ls_tap_yaml_str(b, "ticks", ticks);
    put_repeat(s);
    write_trace(s);
    char log[1100];
    snprintf(log, sizeof log, "%s/cl.log", ls_live_temp_dir(s->world));
    ls_tap_yaml_str(b, "log", log);
    ls_live_keep_temp(s->world);
    tell_tail(s);
    ls_tap_yaml_end(b);
}

static void tell_broken(struct ls_job_result *out, const char *what)
{
    out->outcome = LS_OUTCOME_BROKEN;
    ls_buf_clear(&out->detail);
    ls_tap_yaml(&out->detail);
    ls_tap_yaml_str(&out->detail, "message", what);
    ls_tap_yaml_end(&out->detail);
}

void ls_job_run(const struct ls_run_options *o, const struct ls_plan *plan,
                const struct ls_job *job, struct ls_job_result *out)
{
    *out = (struct ls_job_result){.outcome = LS_OUTCOME_PASSED};
    ls_buf_init(&out->detail, DETAIL_BYTES_MAX);
    struct stage s = {.o = o, .plan = plan, .job = job, .out = out};
    struct ls_diag d = {0};
    enum ls_err err = set_up(&s, &d);
    if (err == LS_OK) {
        play(&s);
        err = judge(&s, &d);
    }
    if (err == LS_OK) {
        excuse(&s);
        tell(&s);
    } else {
        tell_broken(out, d.text[0] ? d.text : ls_err_text(err));
    }
    if (s.world) {
        s.world->ops->free(s.world);
    }
    ls_trace_free(s.trace);
    ls_tracelog_free(s.log);
}
