/* Chooses between redrawing in place and plain lines, and prints the latter. */
#include "harness/demo/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/demo/frame.h"

#define PLAIN_TICKS 4u /* ticks between two lines of heads */

static bool env_has(const char *name, const char *a, const char *b)
{
    const char *v = getenv(name);
    return v && (strstr(v, a) || strstr(v, b));
}

static bool env_is_set(const char *name)
{
    const char *v = getenv(name);
    return v && *v;
}

/* The first locale variable that is set decides; none set is taken for UTF-8, as containers have.
 */
static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (env_is_set(names[i])) {
            return env_has(names[i], "UTF-8", "utf8") || env_has(names[i], "utf-8", "UTF8");
        }
    }
    return true;
}

void ls_screen_init(struct ls_screen *s, int fd)
{
    struct winsize size = {0};
    const char *term = getenv("TERM");

    *s = (struct ls_screen){.columns = 80, .rows = 24};
    s->is_utf8 = locale_is_utf8();
    s->is_live = isatty(fd) && !env_is_set("NO_COLOR") && term && strcmp(term, "dumb") != 0;
    if (s->is_live && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        s->columns = size.ws_col;
        s->rows = size.ws_row;
    }
    /* Too small to draw in: the story is still worth reading. */
    if (s->columns < LS_FRAME_COLUMNS_MIN || s->rows < LS_FRAME_ROWS_MIN) {
        s->is_live = false;
    }
}

const char *ls_screen_number(uint64_t n, char *out)
{
    char digits[24];
    size_t count = 0;
    size_t at = 0;

    do {
        digits[count++] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    while (count > 0) {
        out[at++] = digits[--count];
        if (count > 0 && count % 3 == 0) {
            out[at++] = ',';
        }
    }
    out[at] = '\0';
    return out;
}

/* --- plain lines --- */

static void plain_head(const struct ls_demo_view *v, enum ls_demo_line line, const char *name,
                       struct ls_buf *out)
{
    const struct ls_demo_sample *s = &v->samples[v->sample_count - 1];

    if (s->height[line] < 0) {
        ls_buf_printf(out, " %s unset", name);
    } else if (s->height[line] == 0) {
        ls_buf_printf(out, " %s genesis", name);
    } else {
        ls_buf_printf(out, " %s %llu", name,
                      (unsigned long long)v->base + (unsigned)s->height[line]);
    }
}

static void draw_plain(struct ls_screen *s, const struct ls_demo_view *v, struct ls_buf *out)
{
    for (; s->told < v->event_count; s->told++) {
        const struct ls_demo_event *e = ls_demo_event_at(v, s->told + 1);
        if (e) {
            ls_buf_printf(out, "tick %3llu  %-8s %s\n", (unsigned long long)e->tick, e->who,
                          e->text);
        }
    }
    if (v->sample_count == 0 || (s->shown_tick != 0 && v->tick < s->shown_tick + PLAIN_TICKS)) {
        return;
    }
    s->shown_tick = v->tick;
    ls_buf_printf(out, "tick %3llu  heads    source", (unsigned long long)v->tick);
    plain_head(v, LS_DEMO_SOURCE_SAFE, "safe", out);
    plain_head(v, LS_DEMO_SOURCE_FINALIZED, "finalized", out);
    ls_buf_puts(out, "; engine");
    plain_head(v, LS_DEMO_EL_UNSAFE, "unsafe", out);
    ls_buf_puts(out, v->samples[v->sample_count - 1].is_forked ? " (fork)" : "");
    plain_head(v, LS_DEMO_EL_SAFE, "safe", out);
    plain_head(v, LS_DEMO_EL_FINALIZED, "finalized", out);
    ls_buf_printf(out, "; newPayload %llu, forkchoiceUpdated %llu\n",
                  (unsigned long long)v->new_payloads, (unsigned long long)v->forkchoices);
}

void ls_screen_draw(struct ls_screen *s, const struct ls_demo_view *v, struct ls_buf *out)
{
    if (s->is_live) {
        ls_frame_draw(s, v, out);
    } else {
        draw_plain(s, v, out);
    }
}

void ls_screen_end(struct ls_screen *s, struct ls_buf *out)
{
    if (s->is_live && s->drawn > 0) {
        ls_buf_puts(out, "\x1b[?25h");
    }
}
