#include "harness/report/tap.h"

#include <string.h>

const char *ls_outcome_name(enum ls_outcome o)
{
    switch (o) {
    case LS_OUTCOME_PASSED:
        return "passed";
    case LS_OUTCOME_FAILED:
        return "failed";
    case LS_OUTCOME_BROKEN:
        return "broken";
    case LS_OUTCOME_SKIPPED:
        return "skipped";
    case LS_OUTCOME_KNOWN:
        return "known deviation";
    }
    return "?";
}

void ls_tap_begin(struct ls_buf *b, size_t count)
{
    ls_buf_printf(b, "TAP version 14\n1..%zu\n", count);
}

/* A description or a reason: '#' starts a directive in TAP and backslash escapes it. */
static void put_escaped(struct ls_buf *b, const char *s)
{
    for (; *s; s++) {
        if (*s == '#' || *s == '\\') {
            ls_buf_putc(b, '\\');
        }
        ls_buf_putc(b, *s == '\n' || *s == '\r' ? ' ' : (uint8_t)*s);
    }
}

void ls_tap_test(struct ls_buf *b, size_t number, enum ls_outcome o, const char *name,
                 const char *why)
{
    bool is_ok = o == LS_OUTCOME_PASSED || o == LS_OUTCOME_SKIPPED;
    ls_buf_printf(b, "%s %zu - ", is_ok ? "ok" : "not ok", number);
    put_escaped(b, name);
    if (o == LS_OUTCOME_SKIPPED || o == LS_OUTCOME_KNOWN) {
        ls_buf_puts(b, o == LS_OUTCOME_SKIPPED ? " # SKIP " : " # TODO ");
        put_escaped(b, why ? why : "");
    }
    ls_buf_putc(b, '\n');
}

void ls_tap_yaml(struct ls_buf *b)
{
    ls_buf_puts(b, "  ---\n");
}

void ls_tap_yaml_str(struct ls_buf *b, const char *key, const char *text)
{
    if (strchr(text, '\n')) {
        ls_tap_yaml_text(b, key, text, strlen(text));
        return;
    }
    ls_buf_printf(b, "  %s: '", key);
    for (const char *s = text; *s; s++) {
        if (*s == '\'') {
            ls_buf_putc(b, '\'');
        }
        ls_buf_putc(b, (uint8_t)*s >= 0x20 || *s == '\t' ? (uint8_t)*s : (uint8_t)' ');
    }
    ls_buf_puts(b, "'\n");
}

void ls_tap_yaml_text(struct ls_buf *b, const char *key, const char *text, size_t n)
{
    ls_buf_printf(b, "  %s: |\n", key);
    size_t at = 0;
    while (at < n) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t line = end ? (size_t)(end - text) - at : n - at;
        ls_buf_puts(b, "    ");
        ls_buf_put(b, text + at, line);
        ls_buf_putc(b, '\n');
        at += line + 1;
    }
}

void ls_tap_yaml_end(struct ls_buf *b)
{
    ls_buf_puts(b, "  ...\n");
}

void ls_tap_note(struct ls_buf *b, const char *text)
{
    const char *end;
    for (; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        ls_buf_puts(b, "# ");
        ls_buf_put(b, text, (size_t)(end - text));
        ls_buf_putc(b, '\n');
    }
    ls_buf_printf(b, "# %s\n", text);
}
