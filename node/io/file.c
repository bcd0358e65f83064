#include "node/io/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CHUNK_BYTES 4096u

enum ls_err ls_file_read(const char *path, struct ls_buf *out, struct ls_diag *d)
{
    uint8_t chunk[CHUNK_BYTES];
    enum ls_err e = LS_OK;
    size_t n = 0;
    FILE *f = fopen(path, "rb");

    if (f == NULL) {
        return ls_fail(d, LS_ERR_IO, "cannot open \"%s\": %s", path, strerror(errno));
    }
    ls_buf_clear(out);
    do {
        n = fread(chunk, 1, sizeof chunk, f);
        e = ls_buf_put(out, chunk, n);
    } while (n == sizeof chunk && e == LS_OK);
    if (ferror(f)) {
        e = ls_fail(d, LS_ERR_IO, "cannot read \"%s\": %s", path, strerror(errno));
    } else if (e == LS_ERR_LIMIT) {
        ls_fail(d, e, "file is longer than %zu bytes: \"%s\"", out->bytes_max, path);
    } else if (e != LS_OK) {
        ls_fail(d, e, "no memory for \"%s\"", path);
    }
    (void)fclose(f);
    return e;
}
