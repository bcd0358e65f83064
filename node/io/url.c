#include "node/io/url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/log.h"
#include "lib/num.h"

#define SHOWN_BYTES 256u

static enum ls_err refuse(const char *text, const char *why, struct ls_diag *d)
{
    char shown[SHOWN_BYTES];

    ls_log_redact_url(text, shown, sizeof shown);
    return ls_fail(d, LS_ERR_USAGE, "%s: \"%s\" (expected http://HOST:PORT or https://HOST)", why,
                   shown);
}

/* Copies one part of the URL; false when it is absent or longer than cap - 1. */
static bool get_part(CURLU *u, CURLUPart part, char *out, size_t cap)
{
    char *text = NULL;
    bool fits = curl_url_get(u, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK;

    fits = fits && strlen(text) < cap;
    if (fits) {
        memcpy(out, text, strlen(text) + 1);
    }
    curl_free(text);
    return fits;
}

/* "[::1]" -> "::1", letters lowered. */
static void normalize_host(char *host)
{
    size_t n = strlen(host);

    if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
        memmove(host, host + 1, n - 2);
        host[n - 2] = '\0';
    }
    for (char *p = host; *p != '\0'; p++) {
        if (*p >= 'A' && *p <= 'Z') {
            *p = (char)(*p - 'A' + 'a');
        }
    }
}

static enum ls_err read_parts(CURLU *u, const char *text, struct ls_url *out, struct ls_diag *d)
{
    char scheme[16];
    char port[16];
    uint64_t number = 0;
    bool has_scheme = get_part(u, CURLUPART_SCHEME, scheme, sizeof scheme);

    if (has_scheme && (strcasecmp(scheme, "ws") == 0 || strcasecmp(scheme, "wss") == 0)) {
        return refuse(text, "WebSocket is not spoken: give the HTTP endpoint of the same node", d);
    }
    if (!has_scheme || (strcasecmp(scheme, "http") != 0 && strcasecmp(scheme, "https") != 0)) {
        return refuse(text, "only http and https are spoken", d);
    }
    if (!get_part(u, CURLUPART_HOST, out->host, sizeof out->host) ||
        !get_part(u, CURLUPART_PATH, out->path, sizeof out->path)) {
        return refuse(text, "URL has no host or a host that is too long", d);
    }
    if (!get_part(u, CURLUPART_PORT, port, sizeof port) ||
        ls_parse_dec(port, strlen(port), &number) != LS_OK || number == 0 || number > UINT16_MAX) {
        return refuse(text, "port is not 1 .. 65535", d);
    }
    if (!get_part(u, CURLUPART_QUERY, out->query, sizeof out->query)) {
        out->query[0] = '\0'; /* none */
    }
    out->port = (uint16_t)number;
    normalize_host(out->host);
    return LS_OK;
}

enum ls_err ls_url_parse(const char *text, struct ls_url *out, struct ls_diag *d)
{
    struct ls_url url = {.port = 0};
    CURLU *u = curl_url();
    CURLUcode rc;
    enum ls_err e;

    if (u == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "no memory for a URL");
    }
    if (strlen(text) >= LS_URL_BYTES_MAX) {
        curl_url_cleanup(u);
        return refuse(text, "URL is too long", d);
    }
    rc = curl_url_set(u, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
    if (rc == CURLUE_BAD_PORT_NUMBER) {
        e = refuse(text, "port is not 1 .. 65535", d);
    } else if (rc != CURLUE_OK) {
        e = refuse(text, "not a URL", d);
    } else {
        e = read_parts(u, text, &url, d);
    }
    curl_url_cleanup(u);
    if (e == LS_OK) {
        *out = url;
    }
    return e;
}

bool ls_url_is_loopback(const struct ls_url *u)
{
    return strcmp(u->host, "localhost") == 0 || strncmp(u->host, "127.", 4) == 0 ||
           strcmp(u->host, "::1") == 0;
}

bool ls_url_is_same(const struct ls_url *a, const struct ls_url *b)
{
    bool same_host =
        strcmp(a->host, b->host) == 0 || (ls_url_is_loopback(a) && ls_url_is_loopback(b));

    return same_host && a->port == b->port && strcmp(a->path, b->path) == 0 &&
           strcmp(a->query, b->query) == 0;
}
