#include "mocks/rpc/synctester_url.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/num.h"

#define SEGMENTS_MAX 5u /* one more than a session's path has: "too many" */

struct text {
    const char *p;
    size_t n;
};

static bool is(struct text t, const char *s)
{
    return t.n == strlen(s) && memcmp(t.p, s, t.n) == 0;
}

/* --- percent-decoding --- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes n bytes of s into out (of at least n bytes). false: a broken escape. */
static bool decode(const char *s, size_t n, bool is_query, char *out, size_t *out_n)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '%') {
            int high = i + 2 < n ? hex_value(s[i + 1]) : -1;
            int low = i + 2 < n ? hex_value(s[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            out[at++] = (char)(high << 4 | low);
            i += 2;
        } else {
            out[at++] = is_query && s[i] == '+' ? ' ' : s[i];
        }
    }
    *out_n = at;
    return true;
}

/* --- uuid --- */

static bool is_hex_pair(const char *s)
{
    return hex_value(s[0]) >= 0 && hex_value(s[1]) >= 0;
}

/* xxxxxxxx-xxxx-Vxxx-xxxx-xxxxxxxxxxxx; what the variant says is not looked at. */
static const char *dashed_fault(const char *s)
{
    static const uint8_t pairs[] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    if (s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-') {
        return "invalid session id format: invalid UUID format";
    }
    for (size_t i = 0; i < sizeof pairs; i++) {
        if (!is_hex_pair(s + pairs[i])) {
            return "invalid session id format: invalid UUID format";
        }
    }
    return s[14] == '4' ? NULL : "session format must satisfy uuid4 format";
}

static const char *plain_fault(const char *s)
{
    for (size_t i = 0; i < 32; i += 2) {
        if (!is_hex_pair(s + i)) {
            return "invalid session id format: invalid UUID format";
        }
    }
    return s[12] == '4' ? NULL : "session format must satisfy uuid4 format";
}

static bool has_urn_prefix(const char *s)
{
    static const char urn[] = "urn:uuid:";
    for (size_t i = 0; urn[i] != '\0'; i++) {
        if (tolower((unsigned char)s[i]) != urn[i]) {
            return false;
        }
    }
    return true;
}

const char *ls_st_uuid_fault(const char *s, size_t n, char buf[160])
{
    switch (n) {
    case 36:
        return dashed_fault(s);
    case 38: /* braces, or whatever stands in their place */
        return dashed_fault(s + 1);
    case 32:
        return plain_fault(s);
    case 45:
        if (has_urn_prefix(s)) {
            return dashed_fault(s + 9);
        }
        (void)snprintf(buf, 160, "invalid session id format: invalid urn prefix: \"%.9s\"", s);
        return buf;
    default:
        (void)snprintf(buf, 160, "invalid session id format: invalid UUID length: %zu", n);
        return buf;
    }
}

/* --- path --- */

/* Splits what is left of path without the slashes around it. The last one takes the rest. */
static size_t split(struct text path, struct text out[SEGMENTS_MAX])
{
    size_t count = 0;
    while (path.n > 0 && path.p[0] == '/') {
        path.p++;
        path.n--;
    }
    while (path.n > 0 && path.p[path.n - 1] == '/') {
        path.n--;
    }
    while (count + 1 < SEGMENTS_MAX) {
        const char *slash = memchr(path.p, '/', path.n);
        size_t n = slash == NULL ? path.n : (size_t)(slash - path.p);
        out[count++] = (struct text){path.p, n};
        if (slash == NULL) {
            return count;
        }
        path.p += n + 1;
        path.n -= n + 1;
    }
    out[count++] = path;
    return count;
}

/* Appends one segment to the cleaned path out. */
static size_t append_segment(char *out, size_t at, struct text segment)
{
    if (segment.n == 0 || is(segment, ".")) {
        return at;
    }
    if (is(segment, "..")) {
        while (at > 0 && out[--at] != '/') {
        }
        return at;
    }
    out[at++] = '/';
    memcpy(out + at, segment.p, segment.n);
    return at + segment.n;
}

/* The path as the mux wants it: no empty, "." or ".." segment; a slash at the end stays. */
static struct text clean(struct text path, char *out)
{
    size_t at = 0;
    bool ends_in_slash = path.n > 0 && path.p[path.n - 1] == '/';
    struct text rest = path;
    while (rest.n > 0) {
        const char *slash = memchr(rest.p, '/', rest.n);
        size_t n = slash == NULL ? rest.n : (size_t)(slash - rest.p);
        at = append_segment(out, at, (struct text){rest.p, n});
        n += slash == NULL ? 0 : 1;
        rest.p += n;
        rest.n -= n;
    }
    if (at == 0 || ends_in_slash) {
        out[at++] = '/';
    }
    return (struct text){out, at};
}

/* --- routes --- */

/* "/chain/<decimal>/synctest" is what its front has to be; the rest goes to *rest. */
static bool has_chain_front(struct text path, uint64_t *chain_id, struct text *rest)
{
    char canonical[64];
    struct text segments[SEGMENTS_MAX];
    size_t count = split(path, segments);
    if (count < 3 || !is(segments[0], "chain") || !is(segments[2], "synctest") ||
        ls_parse_dec(segments[1].p, segments[1].n, chain_id) != LS_OK) {
        return false;
    }
    int n = snprintf(canonical, sizeof canonical, "/chain/%" PRIu64 "/synctest", *chain_id);
    if ((size_t)n > path.n || memcmp(path.p, canonical, (size_t)n) != 0) {
        return false; /* 0901, say */
    }
    *rest = (struct text){path.p + n, path.n - (size_t)n};
    return true;
}

struct reading {
    struct ls_st_url *out;
    ls_st_has_chain *has_chain;
    void *self;
    struct text raw;   /* path as sent */
    struct text path;  /* decoded; a session's without its last segment */
    struct text query; /* as sent */
};

static void route(struct reading *r)
{
    char cleaned[LS_ST_TARGET_MAX + 2];
    struct text rest = {0};
    struct text c = clean(r->path, cleaned);
    if (c.n != r->path.n || memcmp(c.p, r->path.p, c.n) != 0) {
        r->out->route = LS_ST_ROUTE_REDIRECT;
        (void)snprintf(r->out->text, sizeof r->out->text, "%.*s%s%.*s", (int)c.n, c.p,
                       r->query.n > 0 ? "?" : "", (int)r->query.n, r->query.p);
        return;
    }
    r->out->route = LS_ST_ROUTE_MISSING;
    if (has_chain_front(r->path, &r->out->chain_id, &rest) &&
        r->has_chain(r->self, r->out->chain_id)) {
        if (rest.n == 0 || is(rest, "/")) {
            r->out->route = LS_ST_ROUTE_CHAIN;
        }
    } else if (is(r->path, "/")) {
        r->out->route = LS_ST_ROUTE_ROOT;
    } else if (is(r->path, "/healthz") || is(r->path, "/healthz/")) {
        r->out->route = LS_ST_ROUTE_HEALTH;
    }
}

/* --- query --- */

/* The first value of this name, decoded into buf; n SIZE_MAX when there is none. Pairs that cannot
 * be decoded are dropped without a word. *from is where the search goes on. */
static struct text next_value(struct text query, const char *name, size_t *from, char *buf)
{
    char key[64];
    while (*from < query.n) {
        const char *p = query.p + *from;
        size_t left = query.n - *from;
        const char *end = memchr(p, '&', left);
        size_t n = end == NULL ? left : (size_t)(end - p);
        const char *equals = memchr(p, '=', n);
        size_t key_n = equals == NULL ? n : (size_t)(equals - p);
        size_t value_n = equals == NULL ? 0 : n - key_n - 1;
        size_t decoded_n = 0;
        *from += n + (end == NULL ? 0 : 1);
        if (memchr(p, ';', n) != NULL || key_n >= sizeof key ||
            !decode(p, key_n, true, key, &decoded_n) || decoded_n != strlen(name) ||
            memcmp(key, name, decoded_n) != 0) {
            continue;
        }
        if (decode(value_n > 0 ? equals + 1 : "", value_n, true, buf, &decoded_n)) {
            return (struct text){buf, decoded_n};
        }
    }
    return (struct text){NULL, SIZE_MAX};
}

static bool read_number(struct reading *r, const char *name, uint64_t *out)
{
    size_t from = 0;
    struct text v = next_value(r->query, name, &from, r->out->query);
    if (v.n == SIZE_MAX || v.n == 0) {
        return true;
    }
    if (ls_parse_dec(v.p, v.n, out) == LS_OK) {
        return true;
    }
    r->out->route = LS_ST_ROUTE_BAD;
    (void)snprintf(r->out->text, sizeof r->out->text, "invalid value for \"%s\": invalid param",
                   name);
    return false;
}

static void read_faults(struct reading *r)
{
    size_t from = 0;
    char *at = r->out->query;
    while (r->out->fault_count < LS_ST_FAULTS_MAX) {
        struct text v = next_value(r->query, "fault", &from, at);
        if (v.n == SIZE_MAX) {
            return;
        }
        at[v.n] = '\0'; /* a pair is longer than its value, so there is room */
        r->out->faults[r->out->fault_count++] = at;
        at += v.n + 1;
    }
}

static bool read_query(struct reading *r)
{
    struct ls_st_start *start = &r->out->start;
    size_t from = 0;
    if (!read_number(r, "latest", &start->heads.latest) ||
        !read_number(r, "safe", &start->heads.safe) ||
        !read_number(r, "finalized", &start->heads.finalized)) {
        return false;
    }
    struct text v = next_value(r->query, "el_sync_active", &from, r->out->query);
    start->is_el_sync = v.n != SIZE_MAX && is(v, "true");
    read_faults(r);
    return true;
}

/* --- a session's path --- */

/* A path that names a session: reads it and takes its last segment off. false: answered. */
static bool read_session(struct reading *r)
{
    struct text segments[SEGMENTS_MAX];
    char buf[160];
    struct ls_st_url *out = r->out;
    if (split(r->path, segments) != 4 || !is(segments[0], "chain") ||
        !is(segments[2], "synctest")) {
        return true;
    }
    const char *fault = ls_st_uuid_fault(segments[3].p, segments[3].n, buf);
    if (fault != NULL) {
        out->route = LS_ST_ROUTE_BAD;
        (void)snprintf(out->text, sizeof out->text, "invalid UUID\n%s", fault);
        return false;
    }
    out->has_session = true;
    out->id_bytes = segments[3].n;
    memcpy(out->id, segments[3].p, segments[3].n);
    /* Slashes in front and at the end go with it, those between stay. */
    r->path.p = segments[0].p - 1;
    r->path.n = (size_t)(segments[2].p + segments[2].n - r->path.p);
    return read_query(r);
}

/* Go compares the path as sent with the route too, when its spelling is unusual. */
static bool is_spelt_plainly(const struct reading *r)
{
    if (r->raw.n == r->path.n || memchr(r->raw.p, '%', r->raw.n) == NULL) {
        return true;
    }
    char front[64];
    int n = snprintf(front, sizeof front, "/chain/%" PRIu64 "/synctest", r->out->chain_id);
    return r->raw.n >= (size_t)n && memcmp(r->raw.p, front, (size_t)n) == 0;
}

void ls_st_url_parse(const char *target, ls_st_has_chain *has_chain, void *self,
                     struct ls_st_url *out)
{
    const char *mark = strchr(target, '?');
    size_t raw_n = mark == NULL ? strlen(target) : (size_t)(mark - target);
    struct reading r = {.out = out, .has_chain = has_chain, .self = self, .raw = {target, raw_n}};
    r.query.p = mark == NULL ? "" : mark + 1;
    r.query.n = strlen(r.query.p);
    out->has_query = r.query.n > 0;
    out->has_session = false;
    out->fault_count = 0;
    memset(&out->start, 0, sizeof out->start);
    memset(out->id, 0, sizeof out->id);
    /* A slash in front, so that a path never starts before the buffer (see read_session). */
    out->decoded[0] = '/';
    if (target[0] != '/' || strlen(target) > LS_ST_TARGET_MAX - 1 ||
        !decode(target, raw_n, false, out->decoded + 1, &r.path.n)) {
        out->route = LS_ST_ROUTE_MALFORMED;
        return;
    }
    r.path.p = out->decoded + 1;
    if (!read_session(&r)) {
        return;
    }
    route(&r);
    if (out->route == LS_ST_ROUTE_CHAIN && !is_spelt_plainly(&r)) {
        out->route = LS_ST_ROUTE_MISSING;
    }
}
