/*
 * A line is composed in memory and written at once, so that lines of two processes on one terminal
 * do not mix.
 */
#include "lib/log.h"

#include <inttypes.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/jsonw.h"

#define LINE_BYTES_MAX 65536u
#define VALUE_BYTES_MAX 2048u /* a longer value from outside is cut, and marked so */
#define CUT_MARK "..."
#define TIME_BYTES 64u
#define SECRET_SEGMENT_MIN 20u
#define SECRET_SEGMENT_KEPT 4u
#define REDACTED "xxxx"

struct name {
    const char *text;
    int value;
};

/* The value of a name, any case; -1 when it is not in the list. */
static int find_name(const struct name *names, size_t count, const char *s)
{
    for (size_t i = 0; i < count; i++) {
        const char *a = names[i].text;
        const char *b = s;
        while (*a && (*b == *a || (*b >= 'A' && *b <= 'Z' && *b - 'A' + 'a' == *a))) {
            a++;
            b++;
        }
        if (*a == *b) {
            return names[i].value;
        }
    }
    return -1;
}

enum ls_err ls_log_parse_level(const char *s, enum ls_log_level *out)
{
    static const struct name names[] = {{"trace", LS_LOG_DEBUG}, {"trce", LS_LOG_DEBUG},
                                        {"debug", LS_LOG_DEBUG}, {"dbug", LS_LOG_DEBUG},
                                        {"info", LS_LOG_INFO},   {"warn", LS_LOG_WARN},
                                        {"error", LS_LOG_ERROR}, {"eror", LS_LOG_ERROR},
                                        {"crit", LS_LOG_ERROR},  {"warning", LS_LOG_WARN}};
    int v = find_name(names, sizeof names / sizeof names[0], s);
    if (v < 0) {
        return LS_ERR_USAGE;
    }
    *out = (enum ls_log_level)v;
    return LS_OK;
}

enum ls_err ls_log_parse_format(const char *s, enum ls_log_format *out)
{
    static const struct name names[] = {{"text", LS_LOG_LOGFMT},
                                        {"logfmt", LS_LOG_LOGFMT},
                                        {"terminal", LS_LOG_LOGFMT},
                                        {"json", LS_LOG_JSON}};
    int v = find_name(names, sizeof names / sizeof names[0], s);
    if (v < 0) {
        return LS_ERR_USAGE;
    }
    *out = (enum ls_log_format)v;
    return LS_OK;
}

static const char *level_name(enum ls_log_level level)
{
    switch (level) {
    case LS_LOG_DEBUG:
        return "debug";
    case LS_LOG_INFO:
        return "info";
    case LS_LOG_WARN:
        return "warn";
    case LS_LOG_ERROR:
        return "error";
    }
    return "error";
}

/* RFC 3339 in UTC. The calendar is computed here: gmtime's result is shared by the whole process.
 * Days are counted from 0000-03-01, so that leap days end a cycle of 400 years. */
static void put_time(char out[TIME_BYTES], int64_t wall_ms)
{
    const int64_t day_ms = 86400000;
    int64_t day = wall_ms / day_ms - (wall_ms % day_ms < 0);
    int64_t in_day_ms = wall_ms - day * day_ms;
    int64_t since = day + 719468;
    int64_t era = (since >= 0 ? since : since - 146096) / 146097;
    int64_t of_era = since - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0 is March */
    int date = (int)(of_year - (153 * month + 2) / 5 + 1);
    month = month < 10 ? month + 3 : month - 9;
    year += era * 400 + (month <= 2);
    int ms = (int)in_day_ms;
    (void)snprintf(out, TIME_BYTES, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d.%03dZ", year,
                   (int)month, date, ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

/* Bytes of s to print: all, or the front that ends between two characters. */
static size_t shown_bytes(const char *s)
{
    size_t n = strlen(s);
    if (n <= VALUE_BYTES_MAX) {
        return n;
    }
    n = VALUE_BYTES_MAX;
    while (n && ((unsigned char)s[n] & 0xc0) == 0x80) {
        n--;
    }
    return n;
}

static void put_text(struct ls_jw *w, const char *key, const char *s)
{
    if (!s) {
        ls_jw_null(w, key);
        return;
    }
    size_t n = shown_bytes(s);
    if (s[n] == '\0') {
        ls_jw_strn(w, key, s, n);
        return;
    }
    char cut[VALUE_BYTES_MAX + sizeof CUT_MARK];
    memcpy(cut, s, n);
    memcpy(cut + n, CUT_MARK, sizeof CUT_MARK);
    ls_jw_str(w, key, cut);
}

static void put_value(struct ls_jw *w, const char *key, const struct ls_field *f)
{
    switch (f->kind) {
    case LS_FIELD_STR:
        put_text(w, key, f->str);
        break;
    case LS_FIELD_U64:
        ls_jw_u64(w, key, f->u64);
        break;
    case LS_FIELD_I64:
        ls_jw_i64(w, key, f->i64);
        break;
    case LS_FIELD_HASH:
        if (f->hash) {
            ls_jw_hex(w, key, f->hash, 32);
        } else {
            ls_jw_null(w, key);
        }
        break;
    }
}

static void compose_json(struct ls_buf *b, const char *time, const char *level, const char *msg,
                         const struct ls_field *fields, size_t count)
{
    struct ls_jw w;
    ls_jw_init(&w, b);
    ls_jw_object(&w, NULL);
    ls_jw_str(&w, "t", time);
    ls_jw_str(&w, "lvl", level);
    put_text(&w, "msg", msg);
    for (size_t i = 0; i < count; i++) {
        put_value(&w, fields[i].key, &fields[i]);
    }
    ls_jw_object_end(&w);
}

/* Values are written as in JSON, so that a quoted one never breaks its line or the terminal. A hash
 * alone needs no quotes. */
static void compose_logfmt(struct ls_buf *b, const char *time, const char *level, const char *msg,
                           const struct ls_field *fields, size_t count)
{
    struct ls_jw w;
    (void)ls_buf_printf(b, "t=%s lvl=%s msg=", time, level);
    ls_jw_init(&w, b);
    put_text(&w, NULL, msg);
    for (size_t i = 0; i < count; i++) {
        (void)ls_buf_printf(b, " %s=", fields[i].key);
        if (fields[i].kind == LS_FIELD_HASH && fields[i].hash) {
            ls_hex_put(b, fields[i].hash, 32);
        } else {
            ls_jw_init(&w, b);
            put_value(&w, NULL, &fields[i]);
        }
    }
}

void ls_log_write(struct ls_log *l, enum ls_log_level level, const char *msg,
                  const struct ls_field *fields, size_t count)
{
    if (level < l->level) {
        return;
    }
    char time[TIME_BYTES];
    put_time(time, l->wall_ms);
    struct ls_buf b;
    ls_buf_init(&b, LINE_BYTES_MAX);
    switch (l->format) {
    case LS_LOG_JSON:
        compose_json(&b, time, level_name(level), msg, fields, count);
        break;
    case LS_LOG_LOGFMT:
        compose_logfmt(&b, time, level_name(level), msg, fields, count);
        break;
    }
    (void)ls_buf_putc(&b, '\n');
    if (b.err) {
        /* Better a line without its content than none: somebody waits for it. */
        ls_buf_fini(&b);
        (void)fputs(l->format == LS_LOG_JSON ? "{\"lvl\":\"error\",\"msg\":\"log line lost\"}\n"
                                             : "lvl=error msg=\"log line lost\"\n",
                    l->out);
    } else {
        (void)fwrite(b.p, 1, b.n, l->out);
        ls_buf_fini(&b);
    }
    (void)fflush(l->out);
}

/* --- redaction --- */

/* Bounded text output: what does not fit is dropped. */
struct sink {
    char *p;
    size_t n;
    size_t cap;
};

static void emit(struct sink *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n && out->n + 1 < out->cap; i++) {
        out->p[out->n++] = s[i];
    }
}

/* "//user:pw@host:port"; returns what follows. */
static const char *redact_authority(struct sink *out, const char *s)
{
    size_t n = strcspn(s, "/?#");
    const char *host = s;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '@') {
            host = s + i + 1; /* the last one: a password may hold an '@' of its own */
        }
    }
    if (host != s) {
        emit(out, REDACTED "@", sizeof REDACTED);
    }
    emit(out, host, n - (size_t)(host - s));
    return s + n;
}

static const char *redact_path(struct sink *out, const char *s)
{
    while (*s && *s != '?' && *s != '#') {
        if (*s == '/') {
            emit(out, s++, 1);
            continue;
        }
        size_t n = strcspn(s, "/?#");
        if (n >= SECRET_SEGMENT_MIN) {
            emit(out, s, SECRET_SEGMENT_KEPT);
            emit(out, REDACTED, sizeof REDACTED - 1);
        } else {
            emit(out, s, n);
        }
        s += n;
    }
    return s;
}

/* "?a=b&c": names stay, values go; a part without '=' may be a bare key and goes too. */
static void redact_query(struct sink *out, const char *s)
{
    while (*s) {
        emit(out, s++, 1); /* '?', '#' or '&' */
        size_t n = strcspn(s, "&#");
        size_t name = strcspn(s, "=&#");
        if (name < n) {
            emit(out, s, name + 1);
        }
        if (n) {
            emit(out, REDACTED, sizeof REDACTED - 1);
        }
        s += n;
    }
}

void ls_log_redact_url(const char *url, char *out, size_t cap)
{
    if (cap == 0) {
        return;
    }
    struct sink sink = {out, 0, cap};
    const char *s = strstr(url, "://");
    if (s) {
        s += 3;
        emit(&sink, url, (size_t)(s - url));
    } else {
        s = url;
    }
    s = redact_authority(&sink, s);
    s = redact_path(&sink, s);
    redact_query(&sink, s);
    out[sink.n] = '\0';
}
