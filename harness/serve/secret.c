#include "harness/serve/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/hex.h"

#define FILE_BYTES_MAX 1024u

/* At most cap bytes of a file that is open, which is then closed. -1: errno says why. */
static ssize_t read_all(int fd, char *out, size_t cap)
{
    size_t n = 0;
    ssize_t got = 1;
    int saved;

    while (got > 0 && n < cap) {
        got = read(fd, out + n, cap - n);
        n += got > 0 ? (size_t)got : 0;
    }
    saved = errno;
    (void)close(fd);
    errno = saved;
    return got < 0 ? -1 : (ssize_t)n;
}

static enum ls_err random_secret(uint8_t out[LS_JWT_SECRET_BYTES], struct ls_diag *d)
{
    char bytes[LS_JWT_SECRET_BYTES];
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

    if (fd < 0 || read_all(fd, bytes, sizeof bytes) != (ssize_t)sizeof bytes) {
        return ls_fail(d, LS_ERR_IO, "cannot read \"/dev/urandom\": %s", strerror(errno));
    }
    memcpy(out, bytes, sizeof bytes);
    return LS_OK;
}

static enum ls_err make(const char *path, uint8_t out[LS_JWT_SECRET_BYTES], struct ls_diag *d)
{
    char hex[2 * LS_JWT_SECRET_BYTES];
    enum ls_err e = random_secret(out, d);
    int fd;
    ssize_t n;

    if (e != LS_OK) {
        return e;
    }
    ls_hex_encode(out, LS_JWT_SECRET_BYTES, hex);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    n = fd >= 0 ? write(fd, hex, sizeof hex) : -1;
    if (fd >= 0 && close(fd) != 0) {
        n = -1;
    }
    return n == (ssize_t)sizeof hex
               ? LS_OK
               : ls_fail(d, LS_ERR_IO, "cannot write \"%s\": %s", path, strerror(errno));
}

enum ls_err ls_serve_secret(const char *path, uint8_t out[LS_JWT_SECRET_BYTES], struct ls_diag *d)
{
    char text[FILE_BYTES_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;
    enum ls_err e;

    if (fd < 0 && errno == ENOENT) {
        return make(path, out, d);
    }
    n = fd >= 0 ? read_all(fd, text, sizeof text) : -1;
    if (n < 0) {
        return ls_fail(d, LS_ERR_IO, "cannot read \"%s\": %s", path, strerror(errno));
    }
    e = ls_jwt_secret_parse(text, (size_t)n, out, d);
    return e != LS_OK ? ls_fail_in(d, e, "secret file \"%s\"", path) : LS_OK;
}
