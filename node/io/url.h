/*
 * Endpoint URLs as given by a person: checked once at start, so that a typing error is a sentence
 * and not a peer that never answers.
 */
#ifndef LS_NODE_IO_URL_H
#define LS_NODE_IO_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

#define LS_URL_HOST_MAX 256u
#define LS_URL_BYTES_MAX 1024u /* a longer URL is refused */

struct ls_url {
    char host[LS_URL_HOST_MAX];   /* lower case; IPv6 without brackets */
    uint16_t port;                /* the scheme's own when none is given */
    char path[LS_URL_BYTES_MAX];  /* "/" when none is given */
    char query[LS_URL_BYTES_MAX]; /* "" when none is given */
};

/* Reads an http or https URL. USAGE with a sentence that shows the URL redacted. */
enum ls_err ls_url_parse(const char *text, struct ls_url *out, struct ls_diag *d);

/* true when both lead to the same server and page, as far as the text tells: the names of the
 * loopback interface are one. */
bool ls_url_is_same(const struct ls_url *a, const struct ls_url *b);

/* true when the host is a name or an address of the loopback interface. */
bool ls_url_is_loopback(const struct ls_url *u);

#endif
