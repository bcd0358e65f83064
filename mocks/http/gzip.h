/*
 * One gzip compressor, used again for each body. Private to mocks/http.
 */
#ifndef LS_MOCKS_HTTP_GZIP_H
#define LS_MOCKS_HTTP_GZIP_H

#include <stdbool.h>

#include "lib/bytes.h"
#include "lib/err.h"

struct ls_gzip;

/* NULL when out of memory. Freed by ls_gzip_free. */
struct ls_gzip *ls_gzip_new(void);
/* NULL is fine. */
void ls_gzip_free(struct ls_gzip *g);

/* Appends body as one gzip member, for speed rather than size. LIMIT, NOMEM: out is as it was. */
enum ls_err ls_gzip_put(struct ls_gzip *g, struct ls_span body, struct ls_buf *out);

/* An Accept-Encoding header (NULL = absent) asks for it; as geth looks at it: the word is in there,
 * whatever stands around it. */
bool ls_gzip_is_wanted(const char *accept_encoding);

#endif
