/*
 * lockstep replay.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/cmd.h"
#include "harness/capture/files.h"
#include "harness/capture/manifest.h"
#include "harness/record/commands.h"
#include "harness/record/replay.h"
#include "harness/record/skeleton.h"
#include "harness/record/tape.h"
#include "lib/num.h"

#define TICK_NS_MIN UINT64_C(1000000)
#define TICK_NS_DEFAULT UINT64_C(50000000)

static const char usage[] =
    "usage: lockstep replay [options] DIR [-- NODE-ARGUMENT...]\n"
    "       lockstep replay --to-scenario [--fixture NAME] DIR\n"
    "\n"
    "Serves the recorded answers of DIR again and says where the calls of the node under test "
    "part\n"
    "from the recording: TAP, a test for each peer. 0 equal, 1 different, 2 wrong usage.\n"
    "\n"
    "  --strict             calls come in the recorded order (default)\n"
    "  --loose              each call gets the next recorded answer to the same call\n"
    "  --engine HOST:PORT   where to listen as the engine; likewise --source, --l1 (default:\n"
    "                       127.0.0.1, any free port, printed)\n"
    "  --cl PATH            start this node, with the recorded payloads handed to it\n"
    "  --cl-kind KIND       how it is started (default lightcl)\n"
    "  --rollup FILE        its rollup config (default: the recorded one)\n"
    "  --feed URL           RPC port of a node that was started by hand: hand it the payloads\n"
    "  --tick T             follow-poll period of a started node (default 50ms)\n"
    "  --ticks N            end after N ticks\n"
    "  --idle T             end when no recorded call came for this long (default 30s)\n"
    "  --patience T         how long an answer waits for calls recorded before it (default 5s)\n"
    "  --settle T           how long a node may take to react to one answer before it gets "
    "another\n"
    "                       (default 1ms; strict)\n"
    "  --delays              answers take as long as they did\n"
    "  --self               no node: make the recorded calls and compare the answers\n"
    "  --to-scenario        print a Lua scenario to start from, for lockstep run\n"
    "  --fixture NAME       its fixture\n";

struct request {
    struct ls_cmd_list rest; /* the folder, then the node's arguments */
    const char *peers[LS_PEER_COUNT];
    const char *cl;
    const char *cl_kind;
    const char *rollup_path;
    const char *feed;
    const char *tick;
    const char *idle;
    const char *patience;
    const char *settle;
    const char *fixture;
    bool is_strict;
    bool to_scenario;
    bool help;
    struct ls_buf rollup;
    struct ls_replay_options run;
};

static enum ls_err parse(int argc, char **argv, struct request *q, struct ls_diag *d)
{
    const struct ls_cmd_option options[] = {
        {.name = "--engine", .value = &q->peers[LS_PEER_ENGINE]},
        {.name = "--source", .value = &q->peers[LS_PEER_SOURCE]},
        {.name = "--l1", .value = &q->peers[LS_PEER_L1]},
        {.name = "--strict", .flag = &q->is_strict},
        {.name = "--loose", .flag = &q->run.is_loose},
        {.name = "--cl", .value = &q->cl},
        {.name = "--cl-kind", .value = &q->cl_kind},
        {.name = "--rollup", .value = &q->rollup_path},
        {.name = "--feed", .value = &q->feed},
        {.name = "--tick", .value = &q->tick},
        {.name = "--ticks", .number = &q->run.ticks_max},
        {.name = "--idle", .value = &q->idle},
        {.name = "--patience", .value = &q->patience},
        {.name = "--settle", .value = &q->settle},
        {.name = "--delays", .flag = &q->run.has_delays},
        {.name = "--self", .flag = &q->run.is_rehearsal},
        {.name = "--to-scenario", .flag = &q->to_scenario},
        {.name = "--fixture", .value = &q->fixture},
        {.name = NULL},
    };
    enum ls_err e = ls_cmd_list_init(&q->rest, argc, d);

    ls_buf_init(&q->rollup, LS_MANIFEST_BYTES_MAX);
    return e != LS_OK ? e : ls_cmd_parse(argc, argv, options, &q->rest, &q->help, d);
}

static enum ls_err read_duration(const char *option, const char *text, uint64_t otherwise_ns,
                                 uint64_t *out, struct ls_diag *d)
{
    *out = otherwise_ns;
    if (text != NULL && (ls_parse_duration(text, out) != LS_OK || *out < TICK_NS_MIN)) {
        return ls_fail(d, LS_ERR_USAGE, "%s: \"%.40s\" is no duration such as 50ms or 4s", option,
                       text);
    }
    return LS_OK;
}

static enum ls_err check_durations(struct request *q, struct ls_diag *d)
{
    const uint64_t second_ns = UINT64_C(1000000000);
    enum ls_err e = read_duration("--tick", q->tick, TICK_NS_DEFAULT, &q->run.tick_ns, d);

    if (e == LS_OK) {
        e = read_duration("--idle", q->idle, 30 * second_ns, &q->run.idle_ns, d);
    }
    if (e == LS_OK) {
        e = read_duration("--settle", q->settle, TICK_NS_MIN, &q->run.settle_ns, d);
    }
    if (e == LS_OK) {
        e = read_duration("--patience", q->patience, 5 * second_ns, &q->run.patience_ns, d);
    }
    return e;
}

static enum ls_err check_places(struct request *q, struct ls_diag *d)
{
    enum ls_err e = LS_OK;

    for (int i = 0; e == LS_OK && i < LS_PEER_COUNT; i++) {
        const char *text = q->peers[i] != NULL ? q->peers[i] : "127.0.0.1:0";
        e = ls_gate_place_parse(text, strlen(text), &q->run.at[i], d);
        if (e != LS_OK) {
            (void)ls_fail_in(d, e, "--%s", ls_peer_name((enum ls_peer)i));
        }
    }
    return e;
}

static enum ls_err check_node(struct request *q, struct ls_diag *d)
{
    q->run.adapter = ls_adapter_find(q->cl_kind != NULL ? q->cl_kind : "lightcl");
    if (q->run.adapter == NULL) {
        return ls_fail(d, LS_ERR_USAGE, "--cl-kind: no adapter is named \"%.40s\"", q->cl_kind);
    }
    if ((q->cl != NULL) + (q->feed != NULL) + q->run.is_rehearsal + q->to_scenario > 1) {
        return ls_fail(d, LS_ERR_USAGE,
                       "--cl, --feed, --self and --to-scenario exclude each other");
    }
    if (q->rest.count > 1 && q->cl == NULL) {
        return ls_fail(d, LS_ERR_USAGE, "\"%.80s\" is a second DIR, or an argument without --cl",
                       q->rest.items[1]);
    }
    q->run.program = q->cl;
    q->run.feed_url = q->feed;
    q->run.args = q->rest.items + 1;
    q->run.args_count = q->rest.count - 1;
    return LS_OK;
}

static enum ls_err check(struct request *q, struct ls_diag *d)
{
    enum ls_err e;

    if (q->rest.count == 0) {
        return ls_fail(d, LS_ERR_USAGE, "no DIR to replay");
    }
    if (q->is_strict && q->run.is_loose) {
        return ls_fail(d, LS_ERR_USAGE, "--strict and --loose exclude each other");
    }
    e = check_durations(q, d);
    if (e == LS_OK) {
        e = check_places(q, d);
    }
    return e != LS_OK ? e : check_node(q, d);
}

/* The config a started node gets: the given one, or the recorded one. */
static enum ls_err find_rollup(struct request *q, const struct ls_tape *tape, struct ls_diag *d)
{
    q->run.rollup = tape->head.rollup;
    if (q->rollup_path != NULL) {
        enum ls_err e = ls_file_read(q->rollup_path, &q->rollup, d);
        q->run.rollup = ls_buf_span(&q->rollup);
        return e;
    }
    if (q->cl != NULL && q->run.rollup.n == 0) {
        return ls_fail(d, LS_ERR_USAGE,
                       "--cl needs --rollup FILE: no rollup config is in the recording");
    }
    return LS_OK;
}

static enum ls_err print_scenario(const struct request *q, const struct ls_tape *tape,
                                  struct ls_diag *d)
{
    struct ls_buf text = {0};
    enum ls_err e;

    ls_buf_init(&text, LS_SKELETON_BYTES_MAX);
    e = ls_skeleton_write(tape, q->fixture, &text, d);
    if (e == LS_OK) {
        (void)fwrite(text.p, 1, text.n, stdout);
    }
    ls_buf_fini(&text);
    return e;
}

/* *is_equal: as the exit code wants it. */
static enum ls_err replay(struct request *q, bool *is_equal, struct ls_diag *d)
{
    struct ls_tape tape;
    enum ls_err e = ls_tape_open(q->rest.items[0], &tape, d);

    if (e == LS_OK && q->to_scenario) {
        e = print_scenario(q, &tape, d);
    } else if (e == LS_OK) {
        q->run.tape = &tape;
        e = find_rollup(q, &tape, d);
        e = e != LS_OK ? e : ls_replay_run(&q->run, is_equal, d);
    }
    ls_tape_close(&tape);
    return e;
}

int ls_cmd_replay(int argc, char **argv)
{
    struct request q = {.cl = NULL};
    struct ls_diag d = {""};
    bool is_equal = true;
    enum ls_err e = parse(argc, argv, &q, &d);

    if (e == LS_OK && q.help) {
        (void)fputs(usage, stdout);
    } else if (e == LS_OK) {
        e = check(&q, &d);
        e = e != LS_OK ? e : replay(&q, &is_equal, &d);
    }
    free(q.rest.items);
    ls_buf_fini(&q.rollup);
    if (e != LS_OK) {
        (void)ls_cmd_fail("replay", e, &d);
        return LS_EXIT_USAGE; /* 1 says that a node differs */
    }
    return is_equal ? LS_EXIT_OK : LS_EXIT_REFUSED;
}
