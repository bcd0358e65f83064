/*
 * Child processes and the run's folder, with /bin/sh as the child. Nothing waits for a time: an end
 * is waited for on the pidfd, whose timeout only bounds a broken implementation.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/live/process.h"
#include "harness/live/rundir.h"

#define STUCK_MS 10000

struct room {
    struct ls_rundir dir;
    struct ls_process process;
    char log[LS_RUNDIR_PATH_MAX];
    char text[4096]; /* of the log */
};

static int setup(void **state)
{
    struct room *r = calloc(1, sizeof *r);

    *state = r;
    return ls_rundir_make(&r->dir, NULL, NULL) == LS_OK &&
                   ls_rundir_path(&r->dir, "log", r->log, sizeof r->log) == LS_OK
               ? 0
               : 1;
}

static int teardown(void **state)
{
    struct room *r = *state;

    (void)ls_process_stop(&r->process, 0);
    ls_rundir_remove(&r->dir);
    free(r);
    return 0;
}

static void run(struct room *r, const char *script)
{
    char *copy = strdup(script);
    char sh[] = "sh", c[] = "-c";
    char *argv[] = {sh, c, copy, NULL};

    assert_int_equal(ls_process_start(&r->process, "/bin/sh", argv, r->log, NULL), LS_OK);
    assert_true(ls_process_is_running(&r->process));
    free(copy);
}

static void wait_for_end(struct room *r)
{
    struct pollfd end = {.fd = ls_process_fd(&r->process), .events = POLLIN};

    assert_int_equal(poll(&end, 1, STUCK_MS), 1);
    assert_true(ls_process_reap(&r->process));
    assert_false(ls_process_is_running(&r->process));
}

static const char *read_log(struct room *r)
{
    int fd = open(r->log, O_RDONLY);
    ssize_t n = read(fd, r->text, sizeof r->text - 1);

    close(fd);
    r->text[n > 0 ? n : 0] = '\0';
    return r->text;
}

static void tells_the_exit_code_and_logs_both_outputs(void **state)
{
    struct room *r = *state;

    run(r, "echo out; echo err >&2; exit 7");
    wait_for_end(r);
    assert_int_equal(r->process.status, 7);
    assert_string_equal(read_log(r), "out\nerr\n");
}

static void a_second_life_is_appended_to_the_log(void **state)
{
    struct room *r = *state;

    run(r, "echo one");
    wait_for_end(r);
    run(r, "echo two");
    wait_for_end(r);
    assert_string_equal(read_log(r), "one\ntwo\n");
}

static void tells_the_signal_that_ended_it(void **state)
{
    struct room *r = *state;

    run(r, "exec tail -f /dev/null");
    assert_false(ls_process_reap(&r->process));
    ls_process_signal(&r->process, SIGKILL);
    wait_for_end(r);
    assert_int_equal(r->process.status, -SIGKILL);
}

static void names_the_program_it_cannot_execute(void **state)
{
    struct room *r = *state;
    char name[] = "nowhere";
    char *argv[] = {name, NULL};
    struct ls_diag d = {{0}};

    assert_int_equal(ls_process_start(&r->process, "/no/such/program", argv, r->log, &d),
                     LS_ERR_IO);
    assert_non_null(strstr(d.text, "\"/no/such/program\""));
    assert_non_null(strstr(d.text, strerror(ENOENT)));
    assert_false(ls_process_is_running(&r->process));
}

static void stops_also_what_does_not_listen(void **state)
{
    struct room *r = *state;

    run(r, "trap '' TERM; exec tail -f /dev/null");
    assert_true(ls_process_stop(&r->process, 0));
    assert_false(ls_process_is_running(&r->process));
}

static void lets_it_end_by_itself_even_when_it_was_stopped(void **state)
{
    struct room *r = *state;

    run(r, "trap 'exit 3' TERM; kill -STOP $$; while :; do :; done");
    assert_int_equal(waitid(P_PID, (id_t)r->process.pid, &(siginfo_t){0}, WSTOPPED | WNOWAIT), 0);
    assert_false(ls_process_stop(&r->process, STUCK_MS));
    assert_int_equal(r->process.status, 3);
}

static void inherits_no_descriptors(void **state)
{
    struct room *r = *state;
    int leak = open("/dev/null", O_RDONLY); /* not close-on-exec on purpose */

    assert_true(leak > 2);
    run(r, "for f in /proc/$$/fd/*; do case $f in */[012]) ;; *) readlink $f;; esac; done");
    close(leak);
    wait_for_end(r);
    assert_string_equal(read_log(r), "");
}

/* Without a shell between, which might mend its mask itself. */
static void inherits_no_blocked_signals(void **state)
{
    struct room *r = *state;
    char grep[] = "grep", what[] = "SigBlk", where[] = "/proc/self/status";
    char *argv[] = {grep, what, where, NULL};
    sigset_t block, old;

    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    sigprocmask(SIG_BLOCK, &block, &old);
    assert_int_equal(ls_process_start(&r->process, "/bin/grep", argv, r->log, NULL), LS_OK);
    sigprocmask(SIG_SETMASK, &old, NULL);
    wait_for_end(r);
    assert_string_equal(read_log(r), "SigBlk:\t0000000000000000\n");
}

static void leads_its_own_process_group(void **state)
{
    struct room *r = *state;

    run(r, "exec tail -f /dev/null");
    assert_int_equal(getpgid(r->process.pid), r->process.pid);
}

/* A parent of its own starts the process and goes away without a word. */
static void orphan_maker(struct room *r, int tell_fd, int wait_fd)
{
    char go;

    run(r, "exec tail -f /dev/null");
    (void)!write(tell_fd, &r->process.pid, sizeof r->process.pid);
    (void)!read(wait_fd, &go, 1);
    _exit(0);
}

static void dies_with_its_parent(void **state)
{
    struct room *r = *state;
    int tell[2], wait_for[2];
    pid_t parent, orphan = 0;
    struct pollfd end = {.events = POLLIN};

    assert_int_equal(pipe(tell), 0);
    assert_int_equal(pipe(wait_for), 0);
    parent = fork();
    assert_true(parent >= 0);
    if (parent == 0) {
        orphan_maker(r, tell[1], wait_for[0]);
    }
    assert_int_equal(read(tell[0], &orphan, sizeof orphan), (ssize_t)sizeof orphan);
    end.fd = pidfd_open(orphan, 0);
    assert_true(end.fd >= 0);
    assert_int_equal(poll(&end, 1, 0), 0);
    assert_int_equal(write(wait_for[1], "g", 1), 1);
    assert_int_equal(poll(&end, 1, STUCK_MS), 1);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    close(end.fd);
    close(tell[0]);
    close(tell[1]);
    close(wait_for[0]);
    close(wait_for[1]);
}

static void the_folder_is_private_and_leaves_nothing(void **state)
{
    struct room *r = *state;
    struct stat st;
    char path[LS_RUNDIR_PATH_MAX], sub[LS_RUNDIR_PATH_MAX];
    struct ls_span secret = {(const uint8_t *)"secret", 6};

    assert_int_equal(stat(r->dir.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(ls_rundir_write(&r->dir, "jwt", secret, NULL), LS_OK);
    assert_int_equal(ls_rundir_path(&r->dir, "jwt", path, sizeof path), LS_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 6);
    assert_int_equal(ls_rundir_path(&r->dir, "data", sub, sizeof sub), LS_OK);
    assert_int_equal(mkdir(sub, 0700), 0);
    assert_int_equal(ls_rundir_write(&r->dir, "data/db", secret, NULL), LS_OK);

    (void)snprintf(path, sizeof path, "%s", r->dir.path);
    ls_rundir_remove(&r->dir);
    assert_int_equal(stat(path, &st), -1);
    assert_int_equal(errno, ENOENT);
}

static void removing_the_folder_follows_no_link(void **state)
{
    struct room *r = *state;
    struct ls_rundir other = {{0}};
    char link_path[LS_RUNDIR_PATH_MAX], kept[LS_RUNDIR_PATH_MAX];
    struct ls_span x = {(const uint8_t *)"x", 1};

    assert_int_equal(ls_rundir_make(&other, NULL, NULL), LS_OK);
    assert_int_equal(ls_rundir_write(&other, "kept", x, NULL), LS_OK);
    assert_int_equal(ls_rundir_path(&other, "kept", kept, sizeof kept), LS_OK);
    assert_int_equal(ls_rundir_path(&r->dir, "link", link_path, sizeof link_path), LS_OK);
    assert_int_equal(symlink(other.path, link_path), 0);
    ls_rundir_remove(&r->dir);
    assert_int_equal(access(kept, F_OK), 0);
    ls_rundir_remove(&other);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(tells_the_exit_code_and_logs_both_outputs),
        T(a_second_life_is_appended_to_the_log),
        T(tells_the_signal_that_ended_it),
        T(names_the_program_it_cannot_execute),
        T(stops_also_what_does_not_listen),
        T(lets_it_end_by_itself_even_when_it_was_stopped),
        T(inherits_no_descriptors),
        T(inherits_no_blocked_signals),
        T(leads_its_own_process_group),
        T(dies_with_its_parent),
        T(the_folder_is_private_and_leaves_nothing),
        T(removing_the_folder_follows_no_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
