/* The node's log is logfmt with the message quoted first: lvl=warn msg="…" (lib/log.h). */
#include "harness/demo/watch.h"

#include <inttypes.h>
#include <string.h>

#include "harness/demo/screen.h"

#define SILENCE_TICKS 12u /* what goes on and on is said again after this many quiet ticks */

/* true when key was not heard for a while. Every hearing counts, so that what repeats every tick is
 * told once. */
static bool is_news(struct ls_watch *w, const char *key, uint64_t tick)
{
    struct ls_watch_said *s;
    bool is_old;

    for (size_t i = 0; i < LS_WATCH_MEMORY; i++) {
        s = &w->said[i];
        if (strncmp(s->key, key, sizeof s->key - 1) == 0) {
            is_old = tick > s->tick + SILENCE_TICKS;
            s->tick = tick;
            return is_old;
        }
    }
    s = &w->said[w->said_next++ % LS_WATCH_MEMORY];
    snprintf(s->key, sizeof s->key, "%s", key);
    s->tick = tick;
    return true;
}

/* The number of a block named in a call; false when the hash is none of ours. */
static bool block_number(const struct ls_watch *w, const struct ls_trace_block *b, uint64_t *out)
{
    uint32_t id = b->has_hash ? ls_universe_find(w->l2, &b->hash) : LS_NO_BLOCK;

    if (id == LS_NO_BLOCK) {
        return false;
    }
    *out = ls_universe_get(w->l2, id)->ref.number;
    return true;
}

static const char *block_text(const struct ls_watch *w, const struct ls_trace_block *b, char *out)
{
    uint64_t n = 0;

    if (!block_number(w, b, &n)) {
        strcpy(out, b->has_hash && !ls_hash_is_zero(&b->hash) ? "unknown" : "none");
        return out;
    }
    return ls_screen_number(n, out);
}

static void tell_forkchoice(struct ls_watch *w, const struct ls_trace_event *e,
                            struct ls_demo_view *v)
{
    char head[32];
    char safe[32];
    bool is_error = e->answer == LS_TRACE_ERROR;
    const char *status = is_error ? "error" : e->status[0] ? e->status : "no answer";
    uint64_t number = 0;
    bool is_known = block_number(w, &e->head, &number);
    bool is_valid = is_known && strcmp(status, "VALID") == 0;
    bool is_rewind = is_valid && number < w->last_head;
    bool is_first = is_news(w, status, v->tick);

    if (is_valid) {
        w->last_head = number;
    }
    if (!is_first && !is_rewind) {
        return;
    }
    ls_demo_tell(v, is_rewind ? LS_DEMO_BAD : LS_DEMO_PLAIN, "engine",
                 "forkchoiceUpdated head %s safe %s: %s%s%s", block_text(w, &e->head, head),
                 block_text(w, &e->safe, safe), status, is_error ? " " : "",
                 is_error ? e->text : "");
}

static void take_event(struct ls_watch *w, const struct ls_trace_event *e, struct ls_demo_view *v)
{
    if (e->kind == LS_TRACE_EXIT) {
        ls_demo_tell(v, LS_DEMO_BAD, "lightcl", "exits with %" PRId64 " %s", e->code, e->text);
    }
    if (e->kind != LS_TRACE_CALL || e->ep != LS_TRACE_ENGINE || e->seq_out == 0 ||
        strncmp(e->method, "engine_", 7) != 0) {
        return;
    }
    v->syncing += strcmp(e->status, "SYNCING") == 0;
    v->errors += e->answer == LS_TRACE_ERROR;
    if (strncmp(e->method, "engine_newPayload", 17) == 0) {
        v->new_payloads++;
    } else if (strncmp(e->method, "engine_forkchoiceUpdated", 24) == 0) {
        v->forkchoices++;
        tell_forkchoice(w, e, v);
    }
}

/* --- the node's own words --- */

/* What a node says at every start is no part of the story. */
static bool is_routine(const char *message)
{
    static const char *const routine[] = {"peers", "RPC listens",
                                          "a poll interval below 1s is meant for tests"};

    for (size_t i = 0; i < sizeof routine / sizeof routine[0]; i++) {
        if (strcmp(message, routine[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void take_line(struct ls_watch *w, struct ls_demo_view *v)
{
    char *message = strstr(w->line, " msg=\"");
    char *end;
    bool is_bad = strstr(w->line, "lvl=warn") || strstr(w->line, "lvl=error");

    if (!message || strstr(w->line, "lvl=debug")) {
        return;
    }
    message += 6;
    end = strchr(message, '"');
    if (end) {
        *end = '\0';
    }
    if (end && !is_routine(message) && is_news(w, message, v->tick)) {
        ls_demo_tell(v, is_bad ? LS_DEMO_BAD : LS_DEMO_PLAIN, "lightcl", "%s", message);
    }
}

static void read_node_log(struct ls_watch *w, struct ls_demo_view *v)
{
    int c;

    if (!w->node_log && w->path[0]) {
        w->node_log = fopen(w->path, "r");
    }
    if (!w->node_log) {
        return;
    }
    clearerr(w->node_log);
    while ((c = getc(w->node_log)) != EOF) {
        if (c == '\n') {
            w->line[w->line_n] = '\0';
            take_line(w, v);
            w->line_n = 0;
        } else if (w->line_n + 1 < sizeof w->line) {
            w->line[w->line_n++] = (char)c;
        }
    }
}

void ls_watch_update(struct ls_watch *w, struct ls_demo_view *v)
{
    read_node_log(w, v);
    for (; w->seen < ls_tracelog_count(w->log); w->seen++) {
        take_event(w, ls_tracelog_at(w->log, w->seen), v);
    }
}

void ls_watch_fini(struct ls_watch *w)
{
    if (w->node_log) {
        fclose(w->node_log);
        w->node_log = NULL;
    }
}
