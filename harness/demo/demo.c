/*
 * Wires chain, live world, story, watcher and screen into one loop; at the end, the summary. The
 * loop sleeps in the world's turn and nowhere else.
 */
#include "harness/demo/demo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/capture/chain.h"
#include "harness/check/tracelog.h"
#include "harness/demo/options.h"
#include "harness/demo/screen.h"
#include "harness/demo/story.h"
#include "harness/demo/summary.h"
#include "harness/demo/watch.h"
#include "harness/live/live.h"

#define FRAME_BYTES_MAX (1u << 20)
#define EXIT_RIGHT 0
#define EXIT_WRONG 1
#define EXIT_USAGE 2

/* Everything one run owns; zeroed is empty. */
struct demo {
    struct ls_demo_options options;
    struct ls_chain chain;
    struct ls_tracelog *log;
    struct ls_trace *trace;
    struct ls_world *world;
    struct ls_demo_view *view;
    struct ls_watch watch;
    struct ls_story story;
    struct ls_screen screen;
    struct ls_buf frame;
    bool is_interrupted;
};

static enum ls_err set_up(struct demo *m, struct ls_diag *d)
{
    struct ls_chain_options room = {.extra_blocks = LS_STORY_FORK_BLOCKS};
    struct ls_live_options live = {.chain = &m->chain,
                                   .variant = m->options.variant,
                                   .program = m->options.program,
                                   .tick_ns = m->options.tick_ns,
                                   .seed = 1};
    enum ls_err e = ls_chain_open(m->options.fixture, &room, &m->chain, d);

    if (e) {
        return e;
    }
    m->log = ls_tracelog_new();
    m->trace = m->log ? ls_trace_new(ls_tracelog_sink, m->log) : NULL;
    m->view = calloc(1, sizeof *m->view);
    if (!m->trace || !m->view) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    live.trace = m->trace;
    e = ls_live_new(&live, &m->world, d);
    if (e) {
        return e;
    }
    m->view->chain = m->chain.name;
    m->view->variant = m->options.variant == LS_VARIANT_A ? "A" : "B";
    m->watch.log = m->log;
    m->watch.l2 = m->chain.l2;
    snprintf(m->watch.path, sizeof m->watch.path, "%s/cl.log", ls_live_temp_dir(m->world));
    ls_buf_init(&m->frame, FRAME_BYTES_MAX);
    ls_screen_init(&m->screen, STDOUT_FILENO);
    return LS_OK;
}

static void flush_frame(struct demo *m)
{
    if (m->frame.n > 0) {
        fwrite(m->frame.p, 1, m->frame.n, stdout);
        fflush(stdout);
    }
    ls_buf_clear(&m->frame);
}

static void show(struct demo *m)
{
    m->view->tick = m->world->ops->now(m->world);
    m->view->elapsed_ms = m->world->ops->now_ns(m->world) / 1000000u;
    ls_screen_draw(&m->screen, m->view, &m->frame);
    flush_frame(m);
}

static bool is_over(const struct demo *m)
{
    return m->story.phase == LS_STORY_PASSED || m->story.phase == LS_STORY_FAILED;
}

static enum ls_err run(struct demo *m, struct ls_diag *d)
{
    struct ls_world *w = m->world;
    struct ls_start_options start = {.with_l1 = m->chain.l1_tip != LS_NO_BLOCK};
    uint64_t tick = w->ops->now(w);
    enum ls_err e = ls_story_init(&m->story, w, &m->chain, m->view, d);

    if (!e) {
        e = w->ops->start(w, &start, d);
    }
    while (!e && !is_over(m)) {
        w->ops->turn(w);
        if (ls_live_is_interrupted(w)) {
            m->is_interrupted = true;
            return LS_OK;
        }
        if (w->ops->now(w) == tick) {
            continue;
        }
        tick = w->ops->now(w);
        m->view->tick = tick;
        ls_watch_update(&m->watch, m->view);
        if (!w->ops->is_running(w)) {
            ls_live_keep_temp(w);
            return ls_fail(d, LS_ERR_INTERNAL, "the node ended by itself (%d); its log is %s",
                           w->ops->exit_status(w), m->watch.path);
        }
        e = ls_story_tick(&m->story, d);
        show(m);
    }
    return e;
}

static enum ls_err save_trace(const struct demo *m, struct ls_diag *d)
{
    struct ls_span text = ls_tracelog_text(m->log);
    FILE *f = fopen(m->options.trace, "w");
    bool is_written = f && fwrite(text.p, 1, text.n, f) == text.n;

    if (f && fclose(f) != 0) {
        is_written = false;
    }
    if (!is_written) {
        return ls_fail(d, LS_ERR_IO, "trace \"%s\": %s", m->options.trace, strerror(errno));
    }
    return LS_OK;
}

static void tear_down(struct demo *m)
{
    ls_watch_fini(&m->watch);
    if (m->world) {
        m->world->ops->free(m->world);
    }
    ls_trace_free(m->trace);
    ls_tracelog_free(m->log);
    ls_chain_close(&m->chain);
    ls_buf_fini(&m->frame);
    free(m->view);
}

/* The trace is kept whatever the verdict is. */
static int conclude(struct demo *m, struct ls_diag *d)
{
    struct ls_demo_result result = {.options = &m->options,
                                    .chain = &m->chain,
                                    .story = &m->story,
                                    .log = m->log,
                                    .is_coloured = m->screen.is_live};
    enum ls_err e;

    ls_trace_finish(m->trace, m->world->ops->now_ns(m->world));
    e = save_trace(m, d);
    if (e) {
        fprintf(stderr, "lockstep demo: %s\n", d->text);
    } else {
        result.trace = m->options.trace;
    }
    return ls_demo_summarise(&result) && !e ? EXIT_RIGHT : EXIT_WRONG;
}

static int run_demo(struct demo *m)
{
    struct ls_diag d = {0};
    enum ls_err e = set_up(m, &d);

    if (!e) {
        e = run(m, &d);
        ls_screen_end(&m->screen, &m->frame);
        flush_frame(m);
    }
    if (e) {
        fprintf(stderr, "lockstep demo: %s\n", d.text);
        return ls_err_class(e) == LS_CLASS_USAGE ? EXIT_USAGE : EXIT_WRONG;
    }
    if (m->is_interrupted) {
        fprintf(stderr, "lockstep demo: interrupted\n");
        return EXIT_WRONG;
    }
    return conclude(m, &d);
}

int ls_cmd_demo(int argc, char **argv)
{
    struct demo m = {0};
    int code = EXIT_RIGHT;

    switch (ls_demo_options_read(argc, argv, &m.options)) {
    case LS_DEMO_GO:
        code = run_demo(&m);
        break;
    case LS_DEMO_HELPED:
        break;
    case LS_DEMO_MISUSED:
        code = EXIT_USAGE;
        break;
    }
    tear_down(&m);
    return code;
}
