#include "mocks/http/gzip.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define GZIP_WINDOW_BITS (15 + 16) /* zlib's way to ask for a gzip header */
#define MEMORY_LEVEL 8

struct ls_gzip {
    z_stream z;
};

struct ls_gzip *ls_gzip_new(void)
{
    struct ls_gzip *g = calloc(1, sizeof *g);
    if (g == NULL) {
        return NULL;
    }
    if (deflateInit2(&g->z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        free(g);
        return NULL;
    }
    return g;
}

void ls_gzip_free(struct ls_gzip *g)
{
    if (g != NULL) {
        (void)deflateEnd(&g->z);
        free(g);
    }
}

enum ls_err ls_gzip_put(struct ls_gzip *g, struct ls_span body, struct ls_buf *out)
{
    size_t start = out->n;
    if (body.n > UINT_MAX / 2u || deflateReset(&g->z) != Z_OK) {
        return LS_ERR_LIMIT;
    }
    uLong room = deflateBound(&g->z, (uLong)body.n);
    uint8_t *at = ls_buf_grow(out, room);
    if (at == NULL) {
        return out->err;
    }
    g->z.next_in = (z_const Bytef *)(uintptr_t)body.p;
    g->z.avail_in = (uInt)body.n;
    g->z.next_out = at;
    g->z.avail_out = (uInt)room;
    bool is_done = deflate(&g->z, Z_FINISH) == Z_STREAM_END;
    out->n = is_done ? start + (size_t)g->z.total_out : start;
    out->p[out->n] = 0;
    return is_done ? LS_OK : LS_ERR_INTERNAL; /* the bound holds, so it is done */
}

bool ls_gzip_is_wanted(const char *accept_encoding)
{
    return accept_encoding != NULL && strstr(accept_encoding, "gzip") != NULL;
}
