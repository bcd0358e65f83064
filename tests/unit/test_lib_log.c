/*
 * Logger: one line an event whatever the fields hold, times in UTC, and URLs without credentials.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "lib/json.h"
#include "lib/log.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A log into memory. */
struct rig {
    struct ls_log log;
    char *text;
    size_t n;
};

static void rig_open(struct rig *r, enum ls_log_level level, enum ls_log_format format)
{
    *r = (struct rig){0};
    r->log.level = level;
    r->log.format = format;
    r->log.wall_ms = 1700000000123;
    r->log.out = open_memstream(&r->text, &r->n);
    assert_non_null(r->log.out);
}

static void rig_close(struct rig *r)
{
    (void)fclose(r->log.out);
    free(r->text);
}

static void logfmt_lines(void **state)
{
    (void)state;
    uint8_t hash[32];
    memset(hash, 0xab, sizeof hash);
    struct rig r;
    rig_open(&r, LS_LOG_DEBUG, LS_LOG_LOGFMT);
    ls_logf(&r.log, LS_LOG_INFO, "new head", LS_F_U64("number", UINT64_MAX), LS_F_I64("lag", -5),
            LS_F_STR("from", "source a"), LS_F_HASH("hash", hash), LS_F_HASH("none", NULL));
    assert_string_equal(
        r.text,
        "t=2023-11-14T22:13:20.123Z lvl=info msg=\"new head\" number=18446744073709551615 lag=-5 "
        "from=\"source a\" "
        "hash=0xabababababababababababababababababababababababababababababababab none=null\n");
    rig_close(&r);
}

static void json_lines(void **state)
{
    (void)state;
    uint8_t hash[32] = {1};
    struct rig r;
    rig_open(&r, LS_LOG_DEBUG, LS_LOG_JSON);
    ls_logf(&r.log, LS_LOG_WARN, "odd \"thing\"", LS_F_U64("n", 7), LS_F_STR("none", NULL),
            LS_F_HASH("h", hash), LS_F_HASH("no_hash", NULL));
    assert_string_equal(
        r.text,
        "{\"t\":\"2023-11-14T22:13:20.123Z\",\"lvl\":\"warn\",\"msg\":\"odd \\\"thing\\\"\","
        "\"n\":7,\"none\":null,"
        "\"h\":\"0x0100000000000000000000000000000000000000000000000000000000000000\","
        "\"no_hash\":null}\n");
    rig_close(&r);
}

static void a_line_without_fields(void **state)
{
    (void)state;
    struct rig r;
    rig_open(&r, LS_LOG_DEBUG, LS_LOG_LOGFMT);
    ls_log_write(&r.log, LS_LOG_ERROR, "bare", NULL, 0);
    assert_string_equal(r.text, "t=2023-11-14T22:13:20.123Z lvl=error msg=\"bare\"\n");
    rig_close(&r);
}

static void lower_levels_are_silent(void **state)
{
    (void)state;
    for (int level = LS_LOG_DEBUG; level <= LS_LOG_ERROR; level++) {
        struct rig r;
        rig_open(&r, (enum ls_log_level)level, LS_LOG_LOGFMT);
        for (int at = LS_LOG_DEBUG; at <= LS_LOG_ERROR; at++) {
            ls_log_write(&r.log, (enum ls_log_level)at, "x", NULL, 0);
        }
        size_t lines = 0;
        for (size_t i = 0; i < r.n; i++) {
            lines += r.text[i] == '\n';
        }
        assert_int_equal(lines, LS_LOG_ERROR - level + 1);
        rig_close(&r);
    }
}

static void foreign_text_never_breaks_its_line(void **state)
{
    (void)state;
    for (int format = LS_LOG_LOGFMT; format <= LS_LOG_JSON; format++) {
        struct rig r;
        rig_open(&r, LS_LOG_DEBUG, (enum ls_log_format)format);
        ls_logf(&r.log, LS_LOG_INFO, "m\n", LS_F_STR("e", "a\" lvl=error\r\nt=0 \x1b[2J\xff"));
        assert_ptr_equal(strchr(r.text, '\n'), r.text + r.n - 1);
        assert_null(strchr(r.text, '\r'));
        assert_null(strchr(r.text, '\x1b'));
        assert_non_null(strstr(r.text, "a\\\" lvl=error\\r\\nt=0 \\u001b[2J\xef\xbf\xbd"));
        if (format == LS_LOG_JSON) {
            assert_int_equal(ls_json_validate(r.text, r.n, 0, NULL), LS_OK);
        }
        rig_close(&r);
    }
}

static void long_text_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        char text[6001];
        memset(text, 'a', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3) {
            memcpy(text + i, "\xe2\x82\xac", 4);
        }
        struct rig r;
        rig_open(&r, LS_LOG_DEBUG, LS_LOG_JSON);
        ls_logf(&r.log, LS_LOG_INFO, "m", LS_F_STR("e", text));
        assert_true(r.n < 2200);
        assert_null(strstr(r.text, "\xef\xbf\xbd"));
        assert_non_null(strstr(r.text, "\xe2\x82\xac...\"}\n"));
        rig_close(&r);
    }
    char exact[2049];
    memset(exact, 'x', 2048);
    exact[2048] = '\0';
    struct rig r;
    rig_open(&r, LS_LOG_DEBUG, LS_LOG_JSON);
    ls_logf(&r.log, LS_LOG_INFO, "m", LS_F_STR("e", exact));
    assert_non_null(strstr(r.text, exact));
    assert_null(strstr(r.text, "..."));
    rig_close(&r);
}

static void a_line_past_its_maximum_is_told(void **state)
{
    (void)state;
    char text[2001];
    memset(text, 'x', 2000);
    text[2000] = '\0';
    struct ls_field fields[40];
    for (size_t i = 0; i < COUNT(fields); i++) {
        fields[i] = LS_F_STR("k", text);
    }
    for (int format = LS_LOG_LOGFMT; format <= LS_LOG_JSON; format++) {
        struct rig r;
        rig_open(&r, LS_LOG_DEBUG, (enum ls_log_format)format);
        ls_log_write(&r.log, LS_LOG_INFO, "m", fields, COUNT(fields));
        assert_non_null(strstr(r.text, "log line lost"));
        assert_int_equal(r.text[r.n - 1], '\n');
        rig_close(&r);
    }
}

static void the_calendar(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {951868799999, "2000-02-29T23:59:59.999Z"},
        {951868800000, "2000-03-01T00:00:00.000Z"},
        {1709164800000, "2024-02-29T00:00:00.000Z"},
        {1735689599000, "2024-12-31T23:59:59.000Z"},
        {1735689600000, "2025-01-01T00:00:00.000Z"},
        {4107542400000, "2100-03-01T00:00:00.000Z"},
        {4107456000000, "2100-02-28T00:00:00.000Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rig r;
        rig_open(&r, LS_LOG_DEBUG, LS_LOG_LOGFMT);
        r.log.wall_ms = rows[i].ms;
        ls_log_write(&r.log, LS_LOG_INFO, "m", NULL, 0);
        char want[64];
        (void)snprintf(want, sizeof want, "t=%s lvl=info msg=\"m\"\n", rows[i].text);
        assert_string_equal(r.text, want);
        rig_close(&r);
    }
}

/* Day after day from 1900 to 2105, counted by the rules of the calendar, at changing times. */
static void the_calendar_day_by_day(void **state)
{
    (void)state;
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct rig r;
    rig_open(&r, LS_LOG_DEBUG, LS_LOG_LOGFMT);
    int64_t day = -25567; /* 1900-01-01 */
    for (int year = 1900; year <= 2105; year++) {
        bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 0; month < 12; month++) {
            int days = month_days[month] + (month == 1 && is_leap);
            for (int date = 1; date <= days; date++, day++) {
                int second = (int)((day + 25567) * 7919 % 86400);
                rewind(r.log.out);
                r.log.wall_ms = day * 86400000 + second * 1000 + 7;
                ls_log_write(&r.log, LS_LOG_INFO, "m", NULL, 0);
                char want[64];
                (void)snprintf(want, sizeof want, "t=%d-%02d-%02dT%02d:%02d:%02d.007Z lvl", year,
                               month + 1, date, second / 3600, second / 60 % 60, second % 60);
                if (strncmp(r.text, want, strlen(want)) != 0) {
                    fail_msg("%s instead of %s", r.text, want);
                }
            }
        }
    }
    rig_close(&r);
}

static void level_names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ls_log_level level;
    } rows[] = {{"debug", LS_LOG_DEBUG}, {"DEBUG", LS_LOG_DEBUG}, {"Info", LS_LOG_INFO},
                {"warn", LS_LOG_WARN},   {"error", LS_LOG_ERROR}, {"crit", LS_LOG_ERROR},
                {"trace", LS_LOG_DEBUG}, {"dbug", LS_LOG_DEBUG},  {"EROR", LS_LOG_ERROR},
                {"TrAcE", LS_LOG_DEBUG}};
    enum ls_log_level v;
    for (size_t i = 0; i < COUNT(rows); i++) {
        v = (enum ls_log_level)99;
        assert_int_equal(ls_log_parse_level(rows[i].text, &v), LS_OK);
        assert_int_equal(v, rows[i].level);
    }
    static const char *const wrong[] = {"", "inf", "infox", "3", " info", "[nfo", "err@r"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(ls_log_parse_level(wrong[i], &v), LS_ERR_USAGE);
    }
}

static void format_names(void **state)
{
    (void)state;
    enum ls_log_format v;
    assert_int_equal(ls_log_parse_format("JSON", &v), LS_OK);
    assert_int_equal(v, LS_LOG_JSON);
    static const char *const plain[] = {"text", "logfmt", "terminal"};
    for (size_t i = 0; i < COUNT(plain); i++) {
        v = LS_LOG_JSON;
        assert_int_equal(ls_log_parse_format(plain[i], &v), LS_OK);
        assert_int_equal(v, LS_LOG_LOGFMT);
    }
    assert_int_equal(ls_log_parse_format("xml", &v), LS_ERR_USAGE);
    assert_int_equal(ls_log_parse_format("", &v), LS_ERR_USAGE);
}

static void urls_lose_what_is_secret(void **state)
{
    (void)state;
    static const struct {
        const char *url, *shown;
    } rows[] = {
        {"http://127.0.0.1:8545", "http://127.0.0.1:8545"},
        {"http://host/path/x", "http://host/path/x"},
        {"https://user:pass@host:1/x", "https://xxxx@host:1/x"},
        {"https://user:p@ss@host/x", "https://xxxx@host/x"},
        {"https://user@host", "https://xxxx@host"},
        {"https://host/v3/0123456789abcdef0123", "https://host/v3/0123xxxx"},
        {"https://host/v3/0123456789abcdef012", "https://host/v3/0123456789abcdef012"},
        {"https://host/0123456789abcdef0123/eth/", "https://host/0123xxxx/eth/"},
        {"https://host/x?key=abc&b=2&c", "https://host/x?key=xxxx&b=xxxx&xxxx"},
        {"https://host?key=a=b", "https://host?key=xxxx"},
        {"https://host/x?", "https://host/x?"},
        {"https://host/x#secret", "https://host/x#xxxx"},
        {"https://host/a@b", "https://host/a@b"},
        {"https://host?u=me@home", "https://host?u=xxxx"},
        {"user:pass@host:80/x", "xxxx@host:80/x"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[200];
        ls_log_redact_url(rows[i].url, out, sizeof out);
        assert_string_equal(out, rows[i].shown);
    }
}

static void a_redacted_url_is_cut_to_its_room(void **state)
{
    (void)state;
    static const char want[] = "https://xxxx@host/v3/0123xxxx?k=xxxx";
    for (size_t cap = 1; cap < 60; cap++) {
        char *out = malloc(cap);
        assert_non_null(out);
        ls_log_redact_url("https://u:p@host/v3/0123456789abcdef0123?k=v", out, cap);
        size_t n = cap - 1 < strlen(want) ? cap - 1 : strlen(want);
        assert_int_equal(strlen(out), n);
        assert_memory_equal(out, want, n);
        free(out);
    }
    char untouched = 'x';
    ls_log_redact_url("http://host", &untouched, 0);
    assert_int_equal(untouched, 'x');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt_lines),
        cmocka_unit_test(json_lines),
        cmocka_unit_test(a_line_without_fields),
        cmocka_unit_test(lower_levels_are_silent),
        cmocka_unit_test(foreign_text_never_breaks_its_line),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(a_line_past_its_maximum_is_told),
        cmocka_unit_test(the_calendar),
        cmocka_unit_test(the_calendar_day_by_day),
        cmocka_unit_test(level_names),
        cmocka_unit_test(format_names),
        cmocka_unit_test(urls_lose_what_is_secret),
        cmocka_unit_test(a_redacted_url_is_cut_to_its_room),
    };
    return cmocka_run_group_tests_name("lib log", tests, NULL, NULL);
}
