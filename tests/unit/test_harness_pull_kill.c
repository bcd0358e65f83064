/*
 * A capture is killed at every single system call that changes the disk, torn writes included, and
 * started again: the folder must end byte for byte as if nothing had happened.
 *
 * The program is linked so that those calls come here first (Makefile, TEST_LD_…). Each session is
 * a child process; time passes in memory that the children share.
 */
#include "tests/unit/harness_folder.h"
#include "tests/unit/pull_world.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define FROM 1598u
#define FIRST_MOMENT 395u /* before the first reorg … */
#define LAST_MOMENT 425u  /* … and long enough behind it that a row fits */
#define MIDDLE_MOMENT 412u
#define KILLED 99

/* --- calls that change the disk --- */

static uint64_t calls_left; /* until the kill; 0: none comes */

/* true when the call that is about to happen must not end. */
static bool is_the_end(void)
{
    return calls_left > 0 && --calls_left == 0;
}

#define WRAP(type, name, params, args) \
    type __real_##name params;         \
    type __wrap_##name params;         \
    type __wrap_##name params          \
    {                                  \
        if (is_the_end()) {            \
            _exit(KILLED);             \
        }                              \
        return __real_##name args;     \
    }
WRAP(int, rename, (const char *from, const char *to), (from, to))
WRAP(int, unlink, (const char *path), (path))
WRAP(int, rmdir, (const char *path), (path))
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(int, ftruncate, (int fd, off_t n), (fd, n))
#undef WRAP

/* The disk keeps everything here: what a power cut takes is another matter. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    (void)fd;
    return 0;
}
int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
    (void)fd;
    return 0;
}

ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n)
{
    if (is_the_end()) {
        (void)!__real_write(fd, p, n / 2);
        _exit(KILLED);
    }
    return __real_write(fd, p, n);
}

ssize_t __real_writev(int fd, const struct iovec *v, int count);
ssize_t __wrap_writev(int fd, const struct iovec *v, int count);
ssize_t __wrap_writev(int fd, const struct iovec *v, int count)
{
    if (is_the_end()) { /* every other time all of it but the line feed is out */
        (void)!__real_write(fd, v[0].iov_base, v[0].iov_len / (1 + v[0].iov_len % 2));
        _exit(KILLED);
    }
    return __real_writev(fd, v, count);
}

/* --- sessions --- */

struct rig {
    struct folder tmp;
    struct ls_chain chain;
    struct world_time *time; /* shared */
    size_t last_moment;
};

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    folder_make(&r->tmp);
    assert_int_equal(ls_chain_open(FOLDER_SOURCE, NULL, &r->chain, &r->tmp.d), LS_OK);
    char path[LS_PATH_MAX];
    folder_path(&r->tmp, "in", path); /* a file that folder_remove knows */
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, sizeof *r->time), 0);
    r->time = mmap(NULL, sizeof *r->time, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(r->time, MAP_FAILED);
    close(fd);
    *state = r;
    return 0;
}

static const char *const FILES[] = {LS_MANIFEST_FILE, LS_SEGMENT_L2_FILE, LS_SEGMENT_L1_FILE,
                                    LS_SEGMENT_STATUS_FILE, LS_PULL_FACTS_FILE};
#define FILE_COUNT (sizeof FILES / sizeof FILES[0])

static void remove_capture(const struct rig *r, const char *name)
{
    char dir[LS_PATH_MAX];
    char path[LS_PATH_MAX];

    folder_path(&r->tmp, name, dir);
    for (size_t i = 0; i < FILE_COUNT; i++) {
        assert_int_equal(ls_path_join(dir, FILES[i], path, NULL), LS_OK);
        unlink(path);
    }
    assert_int_equal(rmdir(dir), 0); /* nothing else is in it */
}

static int tear_down(void **state)
{
    struct rig *r = *state;

    munmap(r->time, sizeof *r->time);
    folder_remove(&r->tmp);
    ls_chain_close(&r->chain);
    free(r);
    return 0;
}

/* Starts the world's time. */
static void begin(struct rig *r)
{
    struct pull_world w;

    world_init(&w, &r->chain, r->time, FIRST_MOMENT, LAST_MOMENT);
    r->last_moment = LAST_MOMENT;
}

/* Captures into the folder, to the end of the world's time or to the kill. */
static int session(struct rig *r, const char *name, uint64_t kill_at)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        struct pull_world w;
        struct world_time unused;
        struct ls_pull_result result;
        struct ls_diag d = {""};
        char dir[LS_PATH_MAX];
        folder_path(&r->tmp, name, dir);
        const struct ls_pull_options o = {.dir = dir,
                                          .name = "killed",
                                          .has_from = true,
                                          .from = FROM,
                                          .is_following = true,
                                          .poll_ms = 1000,
                                          .patience_ms = 30000,
                                          .level = 1,
                                          .window = 1024};
        world_init(&w, &r->chain, &unused, FIRST_MOMENT, r->last_moment);
        w.time = r->time;
        w.time->is_stopped = false;
        calls_left = kill_at;
        enum ls_err e = world_capture(&w, &o, &result, &d);
        if (e) {
            fprintf(stderr, "%s\n", d.text);
        }
        _exit(e ? 1 : 0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void read_capture(const struct rig *r, const char *name, struct ls_buf out[FILE_COUNT])
{
    char dir[LS_PATH_MAX];
    char path[LS_PATH_MAX];

    folder_path(&r->tmp, name, dir);
    for (size_t i = 0; i < FILE_COUNT; i++) {
        assert_int_equal(ls_path_join(dir, FILES[i], path, NULL), LS_OK);
        ls_buf_init(&out[i], LS_SEGMENT_BYTES_MAX);
        assert_int_equal(ls_file_read(path, &out[i], NULL), LS_OK);
    }
}

static void assert_like_reference(const struct rig *r, const char *name,
                                  const struct ls_buf want[FILE_COUNT])
{
    struct ls_buf have[FILE_COUNT];

    read_capture(r, name, have);
    for (size_t i = 0; i < FILE_COUNT; i++) {
        if (have[i].n != want[i].n || memcmp(have[i].p, want[i].p, want[i].n) != 0) {
            print_error("%s differs\n", FILES[i]);
        }
        assert_int_equal(have[i].n, want[i].n);
        assert_memory_equal(have[i].p, want[i].p, want[i].n);
        ls_buf_fini(&have[i]);
    }
}

static void free_capture(struct ls_buf files[FILE_COUNT])
{
    for (size_t i = 0; i < FILE_COUNT; i++) {
        ls_buf_fini(&files[i]);
    }
}

/* A capture nobody disturbs; it holds orphans of both layers and rows. */
static void make_reference(struct rig *r, struct ls_buf out[FILE_COUNT])
{
    begin(r);
    assert_int_equal(session(r, "whole", 0), 0);
    read_capture(r, "whole", out);
    assert_non_null(strstr((const char *)out[0].p, "orphan-1613"));
    assert_non_null(strstr((const char *)out[0].p, "orphan-806"));
    assert_non_null(strstr((const char *)out[0].p, "\"rows\""));
}

static void killed_at_every_change_of_the_disk_it_ends_the_same(void **state)
{
    struct rig *r = *state;
    struct ls_buf want[FILE_COUNT];
    uint64_t at = 1;

    make_reference(r, want);
    for (int status = KILLED; status == KILLED; at++) {
        begin(r);
        status = session(r, "hit", at);
        if (status == KILLED) {
            assert_int_equal(session(r, "hit", 0), 0);
        } else {
            assert_int_equal(status, 0);
        }
        assert_like_reference(r, "hit", want);
        remove_capture(r, "hit");
    }
    print_message("%u kills\n", (unsigned)at - 2);
    assert_true(at > 100);
    remove_capture(r, "whole");
    free_capture(want);
}

/* A finished capture that goes on, killed at every third change: at each moment a manifest that
 * stands there belongs to the segments beside it. */
static void an_extension_never_leaves_a_fixture_that_is_wrong(void **state)
{
    struct rig *r = *state;
    struct ls_buf want[FILE_COUNT];
    char dir[LS_PATH_MAX];
    unsigned with_manifest = 0;
    uint64_t at = 1;

    make_reference(r, want);
    folder_path(&r->tmp, "hit", dir);
    for (int status = KILLED; status == KILLED; at += 3) {
        struct ls_chain c;
        struct ls_diag d = {""};
        char path[LS_PATH_MAX];
        begin(r);
        r->last_moment = MIDDLE_MOMENT;
        assert_int_equal(session(r, "hit", 0), 0);
        r->last_moment = LAST_MOMENT;
        status = session(r, "hit", at);
        assert_int_equal(ls_path_join(dir, LS_MANIFEST_FILE, path, NULL), LS_OK);
        if (ls_file_exists(path)) {
            with_manifest++;
            enum ls_err e = ls_chain_open(dir, NULL, &c, &d);
            if (e) {
                print_error("%s\n", d.text);
            }
            assert_int_equal(e, LS_OK);
            ls_chain_close(&c);
        }
        if (status == KILLED) {
            assert_int_equal(session(r, "hit", 0), 0);
        }
        assert_like_reference(r, "hit", want);
        remove_capture(r, "hit");
    }
    assert_true(with_manifest > 20);
    remove_capture(r, "whole");
    free_capture(want);
}

static void killed_again_and_again_it_still_ends_the_same(void **state)
{
    static const uint64_t every[] = {29, 33, 37, 41};
    struct rig *r = *state;
    struct ls_buf want[FILE_COUNT];

    make_reference(r, want);
    for (size_t i = 0; i < sizeof every / sizeof every[0]; i++) {
        unsigned kills = 0;
        begin(r);
        while (session(r, "hit", every[i] + kills) == KILLED) {
            kills++;
        }
        assert_true(kills > 1);
        assert_like_reference(r, "hit", want);
        remove_capture(r, "hit");
    }
    remove_capture(r, "whole");
    free_capture(want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(killed_at_every_change_of_the_disk_it_ends_the_same, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_extension_never_leaves_a_fixture_that_is_wrong, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(killed_again_and_again_it_still_ends_the_same, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
