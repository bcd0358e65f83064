/* close_range is Linux's, not POSIX's. */
#define _GNU_SOURCE
#include "harness/live/process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- the child, between fork and exec: async-signal-safe calls only --- */

static void limit(int resource, rlim_t max)
{
    const struct rlimit r = {.rlim_cur = max, .rlim_max = max};
    (void)setrlimit((__rlimit_resource_t)resource, &r);
}

static void reset_signals(void)
{
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
}

static _Noreturn void tell_and_die(int report_fd)
{
    int e = errno;
    (void)!write(report_fd, &e, sizeof e);
    _exit(127);
}

static _Noreturn void become(const char *program, char *const argv[], int log_fd, int report_fd,
                             pid_t parent)
{
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(127); /* the parent died before the request above */
    }
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, LS_PROCESS_LOG_MAX);
    reset_signals();
    if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(log_fd, 1) < 0 || dup2(log_fd, 2) < 0) {
        tell_and_die(report_fd);
    }
    (void)close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    execv(program, argv);
    tell_and_die(report_fd);
}

/* --- the parent --- */

static void close_fd(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}

static int end_status(int wstatus)
{
    return WIFSIGNALED(wstatus) ? -WTERMSIG(wstatus) : WEXITSTATUS(wstatus);
}

/* 0, or the errno of the child's exec. The pipe closes by itself when exec succeeds. */
static int read_report(int fd)
{
    int e = 0;
    ssize_t n;

    do {
        n = read(fd, &e, sizeof e);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof e ? e : 0;
}

enum ls_err ls_process_start(struct ls_process *p, const char *program, char *const argv[],
                             const char *log_path, struct ls_diag *d)
{
    enum ls_err e = LS_OK;
    int report[2] = {-1, -1};
    int log_fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_t parent = getpid();
    pid_t pid = -1;
    int code = 0;

    assert(!ls_process_is_running(p));
    if (log_fd < 0) {
        return ls_fail(d, LS_ERR_IO, "cannot write \"%s\": %s", log_path, strerror(errno));
    }
    if (pipe2(report, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
        e = ls_fail(d, LS_ERR_NOMEM, "cannot start \"%s\": %s", program, strerror(errno));
        goto out;
    }
    if (pid == 0) {
        become(program, argv, log_fd, report[1], parent);
    }
    (void)setpgid(pid, pid); /* whoever is first */
    (void)close(report[1]);
    report[1] = -1;
    code = read_report(report[0]);
    *p = (struct ls_process){.pid = pid, .pidfd = code == 0 ? pidfd_open(pid, 0) : -1};
    if (p->pidfd < 0) {
        code = code != 0 ? code : errno;
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        p->pid = 0;
        e = ls_fail(d, LS_ERR_IO, "cannot execute \"%s\": %s", program, strerror(code));
    }
out:
    close_fd(log_fd);
    close_fd(report[0]);
    close_fd(report[1]);
    return e;
}

bool ls_process_is_running(const struct ls_process *p)
{
    return p->pid != 0;
}

int ls_process_fd(const struct ls_process *p)
{
    return p->pidfd;
}

void ls_process_signal(const struct ls_process *p, int signo)
{
    if (p->pid != 0) {
        (void)kill(-p->pid, signo); /* not reaped yet, so the group is still ours */
    }
}

static bool finish(struct ls_process *p, int flags)
{
    int wstatus = 0;
    pid_t got;

    if (p->pid == 0) {
        return false;
    }
    do {
        got = waitpid(p->pid, &wstatus, flags);
    } while (got < 0 && errno == EINTR);
    if (got == 0) {
        return false;
    }
    (void)kill(-p->pid, SIGKILL);
    (void)close(p->pidfd);
    *p = (struct ls_process){.has_ended = true, .status = end_status(wstatus)};
    return true;
}

bool ls_process_reap(struct ls_process *p)
{
    return finish(p, WNOHANG);
}

bool ls_process_stop(struct ls_process *p, int grace_ms)
{
    struct pollfd end = {.fd = p->pidfd, .events = POLLIN};
    bool had_to_kill;

    if (p->pid == 0) {
        return false;
    }
    ls_process_signal(p, SIGTERM);
    ls_process_signal(p, SIGCONT);
    had_to_kill = poll(&end, 1, grace_ms) <= 0;
    if (had_to_kill) {
        ls_process_signal(p, SIGKILL);
    }
    (void)finish(p, 0);
    return had_to_kill;
}
