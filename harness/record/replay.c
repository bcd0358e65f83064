#include "harness/record/replay.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/record/child.h"
#include "harness/record/feed.h"
#include "harness/record/match.h"
#include "harness/record/player.h"
#include "harness/record/rehearse.h"
#include "harness/record/verdict.h"
#include "harness/report/tap.h"

#define TAP_BYTES_MAX (1u << 20)
#define LINGER_NS UINT64_C(100000000) /* for the last answer to leave, when all calls have come */
#define PAYLOAD_METHOD "admin_postUnsafePayload"

struct stage {
    const struct ls_replay_options *o;
    struct ls_loop *loop;
    struct ls_match *match;
    struct ls_player *player;
    struct ls_child *child;
    struct ls_feed *feed;
    struct ls_rehearsal *rehearsal;
    struct ls_buf tap;
    size_t progress;
    uint64_t progress_ns; /* when it was made */
};

static void show(struct stage *s)
{
    (void)fwrite(s->tap.p, 1, s->tap.n, stdout);
    (void)fflush(stdout);
    ls_buf_clear(&s->tap);
}

static void note(struct stage *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct stage *s, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ls_tap_note(&s->tap, text);
}

/* --- setting up --- */

static bool on_stall(void *user)
{
    struct stage *s = user;

    return s->feed != NULL && ls_feed_push(s->feed);
}

static void on_taken(void *user)
{
    const struct stage *s = user;

    ls_player_told(s->player);
}

static enum ls_err open_player(struct stage *s, struct ls_diag *d)
{
    struct ls_player_options po = {.loop = s->loop,
                                   .tape = s->o->tape,
                                   .match = s->match,
                                   .is_loose = s->o->is_loose,
                                   .patience_ns = s->o->patience_ns,
                                   .has_delays = s->o->has_delays,
                                   .settle_ns = s->o->is_rehearsal ? 0 : s->o->settle_ns,
                                   .on_stall = on_stall,
                                   .user = s};

    memcpy(po.at, s->o->at, sizeof po.at);
    return ls_player_new(&po, &s->player, d);
}

/* A source that says optimism_* is a consensus node, one that has blocks an execution node. */
static enum ls_variant variant_of(const struct ls_tape *t)
{
    static const char prefix[] = "optimism_";

    for (size_t i = 0; i < t->exchange_count; i++) {
        const struct ls_row *row = &t->rows[t->by_in[i]];
        if (row->peer == LS_PEER_SOURCE && row->call_count > 0 &&
            row->calls[0].method.n > sizeof prefix - 1 &&
            memcmp(row->calls[0].method.p, prefix, sizeof prefix - 1) == 0) {
            return LS_VARIANT_B;
        }
    }
    return LS_VARIANT_A;
}

static enum ls_err start_child(struct stage *s, struct ls_diag *d)
{
    struct ls_child_options co = {.loop = s->loop,
                                  .adapter = s->o->adapter,
                                  .program = s->o->program,
                                  .variant = variant_of(s->o->tape),
                                  .rollup = s->o->rollup,
                                  .poll_ns = s->o->tick_ns,
                                  .args = s->o->args,
                                  .args_count = s->o->args_count};

    for (int p = 0; p < LS_PEER_COUNT; p++) {
        co.ports[p] = ls_player_port(s->player, (enum ls_peer)p);
    }
    return ls_child_start(&co, &s->child, d);
}

static enum ls_err start_feed(struct stage *s, struct ls_diag *d)
{
    const struct ls_feed_options fo = {
        .loop = s->loop,
        .tape = s->o->tape,
        .match = s->match,
        .is_loose = s->o->is_loose,
        .url = s->child != NULL ? ls_child_url(s->child) : s->o->feed_url,
        .on_taken = on_taken,
        .user = s,
        .method = s->o->adapter != NULL ? s->o->adapter->payload_method : PAYLOAD_METHOD};

    return fo.url != NULL ? ls_feed_new(&fo, &s->feed, d) : LS_OK;
}

static enum ls_err start_rehearsal(struct stage *s, struct ls_diag *d)
{
    uint16_t ports[LS_PEER_COUNT];

    for (int p = 0; p < LS_PEER_COUNT; p++) {
        ports[p] = ls_player_port(s->player, (enum ls_peer)p);
    }
    return ls_rehearsal_new(s->loop, s->o->tape, s->match, ports, &s->rehearsal, d);
}

static void announce(struct stage *s)
{
    ls_tap_begin(&s->tap, ls_verdict_count(s->o->tape) + (s->rehearsal != NULL ? 1 : 0));
    for (int p = 0; p < LS_PEER_COUNT; p++) {
        uint16_t port = ls_player_port(s->player, (enum ls_peer)p);
        if (port != 0) {
            note(s, "%s http://%s:%u", ls_peer_name((enum ls_peer)p), s->o->at[p].address, port);
        }
    }
    show(s);
}

static enum ls_err set_up(struct stage *s, struct ls_diag *d)
{
    enum ls_err e = ls_loop_new(s->o->tick_ns, &s->loop, d);

    if (e == LS_OK) {
        e = ls_match_new(&(struct ls_match_options){.tape = s->o->tape,
                                                    .is_loose = s->o->is_loose,
                                                    .has_feeder = s->o->program != NULL ||
                                                                  s->o->feed_url != NULL},
                         &s->match, d);
    }
    if (e == LS_OK) {
        e = open_player(s, d);
    }
    if (e == LS_OK && s->o->program != NULL) {
        e = start_child(s, d);
    }
    if (e == LS_OK && s->o->is_rehearsal) {
        e = start_rehearsal(s, d);
    } else if (e == LS_OK) {
        e = start_feed(s, d);
    }
    return e;
}

static void tear_down(struct stage *s, bool keep_log)
{
    ls_feed_free(s->feed);
    ls_rehearsal_free(s->rehearsal);
    ls_child_free(s->child, keep_log); /* served while it ends */
    ls_player_free(s->player);
    ls_match_free(s->match);
    ls_loop_free(s->loop);
    ls_buf_fini(&s->tap);
}

/* --- running --- */

static void follow_progress(struct stage *s)
{
    size_t progress = ls_match_progress(s->match);

    if (progress != s->progress) {
        s->progress = progress;
        s->progress_ns = ls_loop_now_ns(s->loop);
    }
}

/* A node that somebody starts by hand may take its time for the first call. */
static bool is_idle(const struct stage *s)
{
    bool has_begun = s->child != NULL || s->rehearsal != NULL || ls_player_requests(s->player) > 0;

    return has_begun && ls_loop_now_ns(s->loop) - s->progress_ns >= s->o->idle_ns;
}

/* Why it is over; NULL: go on. */
static const char *why_over(const struct stage *s)
{
    if (s->rehearsal != NULL ? ls_rehearsal_is_over(s->rehearsal) : ls_player_is_over(s->player)) {
        return "the recording is used up";
    }
    if (ls_loop_is_interrupted(s->loop)) {
        return "interrupted";
    }
    if (s->o->ticks_max > 0 && ls_loop_ticks(s->loop) >= s->o->ticks_max) {
        return "its ticks are over";
    }
    if (s->child != NULL && !ls_child_is_running(s->child)) {
        return "the node has ended";
    }
    return is_idle(s) ? "no recorded call came any more" : NULL;
}

static const char *run(struct stage *s)
{
    const char *why;

    while ((why = why_over(s)) == NULL) {
        (void)ls_loop_turn(s->loop);
        if (s->feed != NULL && !ls_player_has_due(s->player)) {
            ls_feed_turn(s->feed);
        }
        if (s->rehearsal != NULL) {
            ls_rehearsal_turn(s->rehearsal);
        }
        follow_progress(s);
    }
    return why;
}

static void finish_tap(struct stage *s, const char *why, bool *is_equal)
{
    ls_match_finish(s->match);
    *is_equal = ls_verdict_write(s->match, s->o->tape, s->o->is_loose, &s->tap);
    if (s->rehearsal != NULL) {
        bool is_same = ls_rehearsal_differences(s->rehearsal) == 0;
        char line[80];
        (void)snprintf(line, sizeof line, "%zu answers are those of the recording",
                       ls_rehearsal_answers(s->rehearsal));
        ls_tap_test(&s->tap, ls_verdict_count(s->o->tape) + 1,
                    is_same ? LS_OUTCOME_PASSED : LS_OUTCOME_FAILED, line, NULL);
        if (!is_same) {
            ls_tap_yaml(&s->tap);
            ls_tap_yaml_str(&s->tap, "first_difference", ls_rehearsal_first(s->rehearsal));
            ls_tap_yaml_end(&s->tap);
        }
        *is_equal = *is_equal && is_same;
    }
    note(s, "%s after %" PRIu64 " ticks", why, ls_loop_ticks(s->loop));
    if (s->feed != NULL && ls_feed_count(s->feed) > 0) {
        note(s, "%zu of %zu payloads handed to the node", ls_feed_taken(s->feed),
             ls_feed_count(s->feed));
    }
}

static void linger(struct stage *s)
{
    uint64_t until_ns = ls_loop_now_ns(s->loop) + LINGER_NS;

    while (s->rehearsal == NULL && ls_loop_now_ns(s->loop) < until_ns) {
        ls_loop_step(s->loop, until_ns);
    }
}

static void note_child(struct stage *s, bool is_equal)
{
    if (s->child == NULL) {
        return;
    }
    if (!ls_child_is_running(s->child)) {
        note(s, "the node ended by itself: status %d", ls_child_status(s->child));
    }
    if (!is_equal) {
        note(s, "its log: %s", ls_child_log(s->child));
    }
}

enum ls_err ls_replay_run(const struct ls_replay_options *o, bool *is_equal, struct ls_diag *d)
{
    struct stage s = {.o = o};
    enum ls_err e;

    ls_buf_init(&s.tap, TAP_BYTES_MAX);
    e = set_up(&s, d);
    if (e == LS_OK) {
        const char *why;
        announce(&s);
        s.progress_ns = ls_loop_now_ns(s.loop);
        why = run(&s);
        finish_tap(&s, why, is_equal);
        linger(&s);
        note_child(&s, *is_equal);
        show(&s);
    }
    tear_down(&s, e == LS_OK && !*is_equal);
    return e;
}
