/*
 * A child process: the node under test. It leads a process group of its own, dies with us
 * (PR_SET_PDEATHSIG), inherits no descriptor but a log file, and is reaped through a pidfd, so that
 * no SIGCHLD and no pid that may be somebody else's by now is involved.
 */
#ifndef LS_HARNESS_LIVE_PROCESS_H
#define LS_HARNESS_LIVE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/err.h"

#define LS_PROCESS_LOG_MAX (1ull << 30) /* bytes of any one file it writes */

/* Zeroed is "never started". */
struct ls_process {
    pid_t pid; /* 0: not running */
    int pidfd; /* valid while pid is not 0 */
    bool has_ended;
    int status; /* of the last end: >= 0 exit code, < 0 minus the signal */
};

/* Starts program (a path) with argv (NULL-terminated, argv[0] included); standard output and error
 * are appended to log_path. p must not be running. IO, naming the program, when it cannot be
 * executed or the log cannot be written; NOMEM. */
enum ls_err ls_process_start(struct ls_process *p, const char *program, char *const argv[],
                             const char *log_path, struct ls_diag *d);

/* Started and not reaped. */
bool ls_process_is_running(const struct ls_process *p);

/* Becomes readable when the process has ended; then call ls_process_reap. */
int ls_process_fd(const struct ls_process *p);

/* Sends signo to its process group. No effect when it is not running. */
void ls_process_signal(const struct ls_process *p, int signo);

/* Takes note of its end without waiting; true when it ended in this call. What is left of its
 * process group is killed. */
bool ls_process_reap(struct ls_process *p);

/* Ends it: SIGTERM (and SIGCONT), at most grace_ms for its own clean-up, SIGKILL; reaps it. true
 * when it had to be killed. */
bool ls_process_stop(struct ls_process *p, int grace_ms);

#endif
