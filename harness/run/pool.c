#include "harness/run/pool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPORT_BYTES_MAX (2u << 20)
#define GRACE_MS 120000 /* beyond the ticks a job may take */

/* A running worker. pid 0: free. */
struct worker {
    pid_t pid;
    int fd; /* its report comes here */
    size_t job;
    struct ls_buf report;
    int64_t deadline_ms;
    bool is_late;
};

struct pool {
    const struct ls_run_options *o;
    const struct ls_plan *plan;
    ls_pool_sink *sink;
    void *user;
    struct worker workers[LS_RUN_JOBS_MAX];
    size_t next; /* job to start */
    size_t told; /* results handed out */
    struct ls_job_result *results;
    bool *is_done;
    int signal_fd;
    sigset_t old_mask;
    bool is_interrupted;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- in the worker --- */

static void write_all(int fd, const void *p, size_t n)
{
    const char *at = p;
    while (n > 0) {
        ssize_t w = write(fd, at, n);
        if (w < 0 && errno == EINTR) {
            continue;
        }
        if (w <= 0) {
            return; /* the parent is gone: nobody to tell */
        }
        at += w;
        n -= (size_t)w;
    }
}

/* "outcome ticks\nwhy\ndetail…" */
static void send_report(int fd, const struct ls_job_result *r)
{
    char head[400];
    int n = snprintf(head, sizeof head, "%d %llu\n%s\n", (int)r->outcome,
                     (unsigned long long)r->ticks, r->why);
    write_all(fd, head, (size_t)n);
    write_all(fd, r->detail.p, r->detail.n);
}

static void work(const struct pool *p, size_t job, int fd)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    close(p->signal_fd);
    sigprocmask(SIG_SETMASK, &p->old_mask, NULL);
    struct ls_job_result r;
    ls_job_run(p->o, p->plan, &p->plan->jobs[job], &r);
    send_report(fd, &r);
    ls_buf_fini(&r.detail);
    close(fd);
}

/* --- in the parent --- */

/* Puts a YAML block with one message into a result. */
static void set_failure(struct ls_job_result *r, enum ls_outcome outcome, const char *what)
{
    r->outcome = outcome;
    ls_buf_clear(&r->detail);
    ls_tap_yaml(&r->detail);
    ls_tap_yaml_str(&r->detail, "message", what);
    ls_tap_yaml_end(&r->detail);
}

/* Splits a report; false when it is cut short. */
static bool read_report(const struct ls_buf *report, struct ls_job_result *r)
{
    const char *text = (const char *)report->p;
    const char *line = text ? strchr(text, '\n') : NULL;
    const char *why_end = line ? strchr(line + 1, '\n') : NULL;
    char *end;
    if (!why_end) {
        return false;
    }
    long outcome = strtol(text, &end, 10);
    if (outcome < LS_OUTCOME_PASSED || outcome > LS_OUTCOME_KNOWN || *end != ' ') {
        return false;
    }
    r->outcome = (enum ls_outcome)outcome;
    r->ticks = strtoull(end + 1, NULL, 10);
    snprintf(r->why, sizeof r->why, "%.*s", (int)(why_end - line - 1), line + 1);
    size_t at = (size_t)(why_end + 1 - text);
    ls_buf_put(&r->detail, text + at, report->n - at);
    return true;
}

static void finish_worker(struct pool *p, struct worker *w)
{
    int status = 0;
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR) {
    }
    struct ls_job_result *r = &p->results[w->job];
    ls_buf_init(&r->detail, REPORT_BYTES_MAX);
    char what[128];
    if (w->is_late) {
        set_failure(r, LS_OUTCOME_FAILED, "the worker hung and was killed");
    } else if (WIFSIGNALED(status)) {
        snprintf(what, sizeof what, "the worker died of signal %d", WTERMSIG(status));
        set_failure(r, LS_OUTCOME_FAILED, what);
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !read_report(&w->report, r)) {
        snprintf(what, sizeof what, "the worker ended with exit code %d, its report is not whole",
                 WEXITSTATUS(status));
        set_failure(r, LS_OUTCOME_FAILED, what);
    }
    p->is_done[w->job] = true;
    close(w->fd);
    ls_buf_fini(&w->report);
    *w = (struct worker){0};
}

static void tell_results(struct pool *p)
{
    for (; p->told < p->plan->job_count && p->is_done[p->told]; p->told++) {
        p->sink(p->user, p->told, &p->results[p->told]);
        ls_buf_fini(&p->results[p->told].detail);
    }
}

static enum ls_err start_worker(struct pool *p, struct worker *w, struct ls_diag *d)
{
    int fds[2];
    if (pipe(fds) != 0) {
        return ls_fail(d, LS_ERR_INTERNAL, "no pipe for a worker: %s", strerror(errno));
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        close(fds[0]);
        close(fds[1]);
        return ls_fail(d, LS_ERR_INTERNAL, "no process for a worker: %s", strerror(errno));
    }
    if (pid == 0) {
        close(fds[0]);
        work(p, p->next, fds[1]);
        exit(0); /* buffers were flushed before the fork; sanitizers report at exit */
    }
    close(fds[1]);
    const struct ls_job *job = &p->plan->jobs[p->next];
    int64_t allowance = (int64_t)(job->meta->ticks_max * (p->o->tick_ns / 1000000u));
    *w = (struct worker){.pid = pid,
                         .fd = fds[0],
                         .job = p->next++,
                         .deadline_ms = now_ms() + 2 * allowance + GRACE_MS};
    ls_buf_init(&w->report, REPORT_BYTES_MAX);
    return LS_OK;
}

static enum ls_err fill_slots(struct pool *p, struct ls_diag *d)
{
    for (size_t i = 0; i < p->o->workers; i++) {
        if (p->workers[i].pid == 0 && p->next < p->plan->job_count && !p->is_interrupted) {
            enum ls_err err = start_worker(p, &p->workers[i], d);
            if (err != LS_OK) {
                return err;
            }
        }
    }
    return LS_OK;
}

static void stop_workers(const struct pool *p)
{
    for (size_t i = 0; i < LS_RUN_JOBS_MAX; i++) {
        if (p->workers[i].pid != 0) {
            kill(p->workers[i].pid, SIGTERM);
        }
    }
}

static void read_from(struct pool *p, struct worker *w)
{
    char chunk[65536];
    ssize_t n = read(w->fd, chunk, sizeof chunk);
    if (n > 0) {
        ls_buf_put(&w->report, chunk, (size_t)n);
    } else if (n == 0 || errno != EINTR) {
        finish_worker(p, w);
    }
}

/* Waits for reports, ends and signals. */
static void turn(struct pool *p)
{
    struct pollfd fds[LS_RUN_JOBS_MAX + 1];
    struct worker *owner[LS_RUN_JOBS_MAX + 1];
    nfds_t n = 0;
    fds[n++] = (struct pollfd){.fd = p->signal_fd, .events = POLLIN};
    for (size_t i = 0; i < LS_RUN_JOBS_MAX; i++) {
        struct worker *w = &p->workers[i];
        if (w->pid != 0) {
            if (now_ms() > w->deadline_ms && !w->is_late) {
                w->is_late = true;
                kill(w->pid, SIGKILL);
            }
            owner[n] = w;
            fds[n++] = (struct pollfd){.fd = w->fd, .events = POLLIN};
        }
    }
    if (poll(fds, n, 1000) <= 0) {
        return;
    }
    if (fds[0].revents != 0) {
        struct signalfd_siginfo info;
        p->is_interrupted = read(p->signal_fd, &info, sizeof info) > 0 || p->is_interrupted;
        stop_workers(p);
    }
    for (nfds_t i = 1; i < n; i++) {
        if (fds[i].revents != 0) {
            read_from(p, owner[i]);
        }
    }
}

static bool is_busy(const struct pool *p)
{
    for (size_t i = 0; i < LS_RUN_JOBS_MAX; i++) {
        if (p->workers[i].pid != 0) {
            return true;
        }
    }
    return false;
}

static enum ls_err run_all(struct pool *p, struct ls_diag *d)
{
    enum ls_err err = LS_OK;
    do {
        if (err == LS_OK) {
            err = fill_slots(p, d);
            if (err != LS_OK) {
                p->is_interrupted = true;
                stop_workers(p);
            }
        }
        if (is_busy(p)) {
            turn(p);
        }
        if (!p->is_interrupted) {
            tell_results(p);
        }
    } while (is_busy(p) || (p->next < p->plan->job_count && !p->is_interrupted));
    if (err == LS_OK && p->is_interrupted) {
        err = ls_fail(d, LS_ERR_TIMEOUT, "interrupted");
    }
    return err;
}

enum ls_err ls_pool_run(const struct ls_run_options *o, const struct ls_plan *plan,
                        ls_pool_sink *sink, void *user, struct ls_diag *d)
{
    struct pool *p = calloc(1, sizeof *p);
    enum ls_err err = LS_OK;
    if (!p) {
        return ls_fail(d, LS_ERR_NOMEM, "no memory for workers");
    }
    p->o = o;
    p->plan = plan;
    p->sink = sink;
    p->user = user;
    p->results = calloc(plan->job_count, sizeof *p->results);
    p->is_done = calloc(plan->job_count, sizeof *p->is_done);
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigprocmask(SIG_BLOCK, &mask, &p->old_mask);
    p->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC);
    if (!p->results || !p->is_done || p->signal_fd < 0) {
        err = ls_fail(d, LS_ERR_NOMEM, "no memory for results");
    } else {
        err = run_all(p, d);
    }
    for (size_t i = p->told; p->results && i < plan->job_count; i++) {
        ls_buf_fini(&p->results[i].detail);
    }
    if (p->signal_fd >= 0) {
        close(p->signal_fd);
    }
    sigprocmask(SIG_SETMASK, &p->old_mask, NULL);
    free(p->results);
    free(p->is_done);
    free(p);
    return err;
}
