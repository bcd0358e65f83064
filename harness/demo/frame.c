/*
 * The graph is a grid of pixels, two to a character cell by half blocks. Each pixel remembers the
 * most important line that crosses it, so where the engine's safe head lies on the source's only
 * the engine's is seen: a node that follows well hides its target.
 */
#include "harness/demo/frame.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define LABEL_COLUMNS 12u
#define GRAPH_COLUMNS_MAX 160u
#define GRAPH_ROWS_MAX 18u
#define EVENT_ROWS 6u
#define FRAME_ROWS 10u /* lines of a frame that are neither graph nor events */

#define PIXEL_NONE 0u
#define PIXEL_FORK (LS_DEMO_LINE_COUNT + 1u)

/* Colours of the 256-colour palette that read on dark and light ground. */
enum tint {
    TINT_NONE,
    TINT_DIM,
    TINT_SOURCE,
    TINT_BLUE,
    TINT_GREEN,
    TINT_CYAN,
    TINT_RED,
    TINT_BOLD
};

static unsigned tint_code(enum tint t)
{
    static const unsigned codes[] = {0, 245, 220, 33, 35, 44, 203, 0};
    return codes[t];
}

struct graph {
    unsigned columns, rows; /* in cells */
    uint8_t pixel[2 * GRAPH_ROWS_MAX][GRAPH_COLUMNS_MAX];
    int32_t top; /* height of the topmost pixel */
};

static_assert(LS_FRAME_ROWS_MIN >= FRAME_ROWS + EVENT_ROWS + 5, "room for a graph");

struct pen {
    const struct ls_screen *screen;
    struct ls_buf *out;
    unsigned column; /* of the line being written */
    unsigned lines;
};

static void tint(struct pen *p, enum tint t)
{
    if (t == TINT_NONE) {
        ls_buf_puts(p->out, "\x1b[0m");
    } else if (t == TINT_BOLD) {
        ls_buf_puts(p->out, "\x1b[1m");
    } else {
        ls_buf_printf(p->out, "\x1b[38;5;%um", tint_code(t));
    }
}

/* Text of one column a character (UTF-8 counted by lead bytes), cut at the right edge. */
static void text(struct pen *p, enum tint t, const char *s)
{
    if (t != TINT_NONE) {
        tint(p, t);
    }
    for (; *s; s++) {
        bool is_lead = ((uint8_t)*s & 0xc0u) != 0x80u;
        if (is_lead && p->column + 1 >= p->screen->columns) {
            break;
        }
        p->column += is_lead;
        ls_buf_putc(p->out, (uint8_t)*s);
    }
    if (t != TINT_NONE) {
        tint(p, TINT_NONE);
    }
}

static void number(struct pen *p, enum tint t, uint64_t n)
{
    char digits[32];
    text(p, t, ls_screen_number(n, digits));
}

static void count(struct pen *p, const char *name, uint64_t n)
{
    text(p, TINT_DIM, name);
    number(p, TINT_NONE, n);
}

static void pad_to(struct pen *p, unsigned column)
{
    while (p->column < column && p->column + 1 < p->screen->columns) {
        text(p, TINT_NONE, " ");
    }
}

static void end_line(struct pen *p)
{
    ls_buf_puts(p->out, "\x1b[K\n");
    p->column = 0;
    p->lines++;
}

static void draw_title(struct pen *p, const struct ls_demo_view *v)
{
    struct ls_buf b;
    ls_buf_init(&b, 256);

    text(p, TINT_NONE, " ");
    text(p, TINT_BOLD, "lockstep demo");
    ls_buf_printf(&b, "  lightcl, variant %s, on %s", v->variant, v->chain);
    text(p, TINT_DIM, b.p ? (const char *)b.p : "");
    ls_buf_clear(&b);
    ls_buf_printf(&b, "%llu.%llu s  tick %llu", (unsigned long long)(v->elapsed_ms / 1000),
                  (unsigned long long)(v->elapsed_ms / 100 % 10), (unsigned long long)v->tick);
    if (p->screen->columns > b.n + 2) {
        pad_to(p, p->screen->columns - (unsigned)b.n - 2);
    }
    text(p, TINT_DIM, b.p ? (const char *)b.p : "");
    end_line(p);
    ls_buf_fini(&b);
}

static void draw_act(struct pen *p, const struct ls_demo_act_view *a, const char *title)
{
    bool fancy = p->screen->is_utf8;
    char ticks[48] = "";

    switch (a->state) {
    case LS_DEMO_WAITING:
        text(p, TINT_DIM, fancy ? "○ " : "  ");
        text(p, TINT_DIM, title);
        break;
    case LS_DEMO_RUNNING:
        text(p, TINT_SOURCE, fancy ? "● " : "> ");
        text(p, TINT_BOLD, title);
        break;
    case LS_DEMO_PASSED:
        text(p, TINT_GREEN, fancy ? "✔ " : "+ ");
        text(p, TINT_NONE, title);
        snprintf(ticks, sizeof ticks, " %llu tick%s", (unsigned long long)a->ticks,
                 a->ticks == 1 ? "" : "s");
        text(p, TINT_GREEN, ticks);
        break;
    case LS_DEMO_FAILED:
        text(p, TINT_RED, fancy ? "✘ " : "! ");
        text(p, TINT_RED, title);
        break;
    }
    text(p, TINT_NONE, "   ");
}

static void draw_acts(struct pen *p, const struct ls_demo_view *v)
{
    text(p, TINT_NONE, " ");
    for (unsigned i = 0; i < LS_DEMO_ACT_COUNT; i++) {
        draw_act(p, &v->acts[i], ls_demo_act_title((enum ls_demo_act)i));
    }
    end_line(p);
}

/* --- the graph --- */

static void plot(struct graph *g, unsigned column, int32_t height, uint8_t what)
{
    unsigned last = 2 * g->rows - 1;
    unsigned from_bottom;

    if (height < 0 || column >= g->columns) {
        return;
    }
    /* Pixel row 0 is genesis; the window shares the others. */
    from_bottom = height == 0 || g->top <= 0
                      ? 0
                      : 1 + (unsigned)((int64_t)(height - 1) * (int64_t)(last - 1) / g->top);
    if (from_bottom > last) {
        from_bottom = last;
    }
    if (g->pixel[last - from_bottom][column] < what) {
        g->pixel[last - from_bottom][column] = what;
    }
}

/* The whole story is always in sight: once it has more ticks than columns, several share one. */
static unsigned column_of(const struct graph *g, size_t sample, size_t count)
{
    return (unsigned)(count <= g->columns ? sample : sample * g->columns / count);
}

static void plot_all(struct graph *g, const struct ls_demo_view *v)
{
    for (size_t i = 0; i < v->sample_count; i++) {
        for (unsigned line = 0; line < LS_DEMO_LINE_COUNT; line++) {
            if (v->samples[i].height[line] > g->top) {
                g->top = v->samples[i].height[line];
            }
        }
    }
    g->top += g->top / 20 + 1;
    for (size_t i = 0; i < v->sample_count; i++) {
        const struct ls_demo_sample *s = &v->samples[i];
        unsigned column = column_of(g, i, v->sample_count);
        for (unsigned line = 0; line < LS_DEMO_LINE_COUNT; line++) {
            bool is_fork = line == LS_DEMO_EL_UNSAFE && s->is_forked;
            plot(g, column, s->height[line], (uint8_t)(is_fork ? PIXEL_FORK : line + 1));
        }
    }
}

static enum tint pixel_tint(unsigned pixel)
{
    static const enum tint tints[] = {TINT_NONE,  TINT_DIM,  TINT_SOURCE, TINT_BLUE,
                                      TINT_GREEN, TINT_CYAN, TINT_RED};
    return tints[pixel];
}

static void draw_cell(struct pen *p, unsigned upper, unsigned lower)
{
    static const char ascii[] = " fsFSUX";

    if (upper == PIXEL_NONE && lower == PIXEL_NONE) {
        text(p, TINT_NONE, " ");
        return;
    }
    if (!p->screen->is_utf8) {
        char c[2] = {ascii[upper > lower ? upper : lower], '\0'};
        text(p, pixel_tint(upper > lower ? upper : lower), c);
        return;
    }
    if (lower == PIXEL_NONE) {
        text(p, pixel_tint(upper), "▀");
        return;
    }
    if (upper != PIXEL_NONE) {
        ls_buf_printf(p->out, "\x1b[48;5;%um", tint_code(pixel_tint(upper)));
    }
    text(p, pixel_tint(lower), "▄");
}

static void draw_graph(struct pen *p, const struct ls_demo_view *v, unsigned rows)
{
    struct graph g = {.rows = rows, .columns = p->screen->columns - LABEL_COLUMNS - 3};
    char label[32];

    if (g.columns > GRAPH_COLUMNS_MAX) {
        g.columns = GRAPH_COLUMNS_MAX;
    }
    plot_all(&g, v);
    for (unsigned row = 0; row < rows; row++) {
        label[0] = '\0';
        if (row == rows - 1) {
            snprintf(label, sizeof label, "genesis");
        } else if (row % 4 == 0) {
            uint64_t above = (uint64_t)g.top * (rows - 1 - row) / rows;
            ls_screen_number(v->base + above, label);
        }
        pad_to(p, strlen(label) < LABEL_COLUMNS ? LABEL_COLUMNS - (unsigned)strlen(label) : 0);
        text(p, TINT_DIM, label);
        text(p, TINT_DIM, p->screen->is_utf8 ? (label[0] ? " ┤" : " │") : " |");
        for (unsigned column = 0; column < g.columns; column++) {
            draw_cell(p, g.pixel[2 * row][column], g.pixel[2 * row + 1][column]);
        }
        end_line(p);
    }
}

static void draw_rule(struct pen *p, const char *title)
{
    text(p, TINT_NONE, " ");
    text(p, TINT_DIM, title);
    if (title[0]) {
        text(p, TINT_NONE, " ");
    }
    tint(p, TINT_DIM);
    while (p->column + 2 < p->screen->columns) {
        text(p, TINT_NONE, p->screen->is_utf8 ? "─" : "-");
    }
    tint(p, TINT_NONE);
    end_line(p);
}

/* --- the numbers --- */

static void draw_head(struct pen *p, const struct ls_demo_view *v, enum ls_demo_line line,
                      const char *name)
{
    const struct ls_demo_sample *s = v->sample_count > 0 ? &v->samples[v->sample_count - 1] : NULL;
    bool is_fork = s && s->is_forked && line == LS_DEMO_EL_UNSAFE;
    unsigned pixel = is_fork ? PIXEL_FORK : (unsigned)line + 1;

    text(p, pixel_tint(pixel), p->screen->is_utf8 ? "■ " : "* ");
    text(p, is_fork ? TINT_RED : TINT_DIM, is_fork ? "fork  " : name);
    text(p, TINT_NONE, " ");
    if (!s || s->height[line] < 0) {
        text(p, TINT_DIM, "unset");
    } else if (s->height[line] == 0) {
        text(p, TINT_NONE, "genesis");
    } else {
        number(p, TINT_NONE, v->base + (uint64_t)s->height[line]);
    }
}

static void draw_numbers(struct pen *p, const struct ls_demo_view *v)
{
    text(p, TINT_NONE, " source  ");
    pad_to(p, 31);
    draw_head(p, v, LS_DEMO_SOURCE_SAFE, "safe");
    pad_to(p, 52);
    draw_head(p, v, LS_DEMO_SOURCE_FINALIZED, "finalized");
    end_line(p);
    text(p, TINT_NONE, " engine  ");
    draw_head(p, v, LS_DEMO_EL_UNSAFE, "unsafe");
    pad_to(p, 31);
    draw_head(p, v, LS_DEMO_EL_SAFE, "safe");
    pad_to(p, 52);
    draw_head(p, v, LS_DEMO_EL_FINALIZED, "finalized");
    end_line(p);
    text(p, TINT_NONE, " calls   ");
    count(p, "newPayload ", v->new_payloads);
    pad_to(p, 31);
    count(p, "forkchoiceUpdated ", v->forkchoices);
    pad_to(p, 56);
    count(p, "SYNCING ", v->syncing);
    text(p, TINT_NONE, "  ");
    count(p, "errors ", v->errors);
    end_line(p);
}

static enum tint mood_tint(enum ls_demo_mood mood)
{
    switch (mood) {
    case LS_DEMO_PLAIN:
        return TINT_NONE;
    case LS_DEMO_GOOD:
        return TINT_GREEN;
    case LS_DEMO_BAD:
        return TINT_RED;
    }
    return TINT_NONE;
}

static void draw_events(struct pen *p, const struct ls_demo_view *v)
{
    char head[48];

    for (unsigned i = 0; i < EVENT_ROWS; i++) {
        uint64_t back = EVENT_ROWS - 1 - i;
        const struct ls_demo_event *e =
            v->event_count > back ? ls_demo_event_at(v, v->event_count - back) : NULL;
        if (e) {
            snprintf(head, sizeof head, " %4llu  %-8s ", (unsigned long long)e->tick, e->who);
            text(p, TINT_DIM, head);
            text(p, mood_tint(e->mood), e->text);
        }
        end_line(p);
    }
}

void ls_frame_draw(struct ls_screen *s, const struct ls_demo_view *v, struct ls_buf *out)
{
    struct pen p = {.screen = s, .out = out};
    unsigned graph_rows = s->rows - FRAME_ROWS - EVENT_ROWS;

    if (graph_rows > GRAPH_ROWS_MAX) {
        graph_rows = GRAPH_ROWS_MAX;
    }
    if (s->drawn > 0) {
        ls_buf_printf(out, "\r\x1b[%uA", s->drawn);
    } else {
        ls_buf_puts(out, "\x1b[?25l");
    }
    end_line(&p);
    draw_title(&p, v);
    draw_acts(&p, v);
    end_line(&p);
    draw_graph(&p, v, graph_rows);
    draw_rule(&p, "");
    draw_numbers(&p, v);
    draw_rule(&p, "tick");
    draw_events(&p, v);
    ls_buf_puts(out, "\x1b[J");
    s->drawn = p.lines;
}
