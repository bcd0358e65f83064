#include "harness/live/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 16 /* a node's data folder is nowhere near that deep */

enum ls_err ls_rundir_make(struct ls_rundir *r, const char *parent, struct ls_diag *d)
{
    const char *env = getenv("TMPDIR");
    int n;

    if (parent == NULL) {
        parent = env != NULL && env[0] != '\0' ? env : "/tmp";
    }
    n = snprintf(r->path, sizeof r->path, "%s/lockstep-XXXXXX", parent);
    if (n < 0 || (size_t)n >= sizeof r->path) {
        r->path[0] = '\0';
        return ls_fail(d, LS_ERR_IO, "the path of folder \"%s\" is too long", parent);
    }
    if (mkdtemp(r->path) == NULL) {
        r->path[0] = '\0';
        return ls_fail(d, LS_ERR_IO, "cannot make a folder in \"%s\": %s", parent, strerror(errno));
    }
    return LS_OK;
}

/* Empties the folder behind fd, which it closes. */
static void empty(int fd, int depth)
{
    DIR *dir = fdopendir(fd);
    struct dirent *e;

    if (dir == NULL) {
        (void)close(fd);
        return;
    }
    while ((e = readdir(dir)) != NULL) {
        int sub;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            unlinkat(fd, e->d_name, 0) == 0) {
            continue;
        }
        sub = openat(fd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (sub >= 0 && depth > 0) {
            empty(sub, depth - 1);
        } else if (sub >= 0) {
            (void)close(sub);
        }
        (void)unlinkat(fd, e->d_name, AT_REMOVEDIR);
    }
    (void)closedir(dir);
}

void ls_rundir_remove(struct ls_rundir *r)
{
    int fd;

    if (r->path[0] == '\0') {
        return;
    }
    fd = open(r->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
        empty(fd, DEPTH_MAX);
    }
    (void)rmdir(r->path);
    *r = (struct ls_rundir){{0}};
}

enum ls_err ls_rundir_path(const struct ls_rundir *r, const char *name, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%s/%s", r->path, name);

    return n < 0 || (size_t)n >= cap ? LS_ERR_LIMIT : LS_OK;
}

enum ls_err ls_rundir_write(const struct ls_rundir *r, const char *name, struct ls_span content,
                            struct ls_diag *d)
{
    char path[LS_RUNDIR_PATH_MAX];
    enum ls_err e = ls_rundir_path(r, name, path, sizeof path);
    int fd = e == LS_OK ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    size_t done = 0;

    while (fd >= 0 && done < content.n) {
        ssize_t n = write(fd, content.p + done, content.n - done);
        if (n < 0 && errno != EINTR) {
            break;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    if (fd < 0 || done < content.n) {
        e = ls_fail(d, LS_ERR_IO, "cannot write \"%s/%s\": %s", r->path, name,
                    e == LS_OK ? strerror(errno) : "its path is too long");
    }
    if (fd >= 0 && close(fd) != 0 && e == LS_OK) {
        e = ls_fail(d, LS_ERR_IO, "cannot write \"%s\": %s", path, strerror(errno));
    }
    return e;
}
