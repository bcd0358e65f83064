/*
 * lockstep capture.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/capture/beside.h"
#include "harness/capture/cmd.h"
#include "harness/capture/commands.h"
#include "harness/capture/files.h"
#include "harness/capture/manifest.h"
#include "harness/capture/pull_batch.h"
#include "harness/capture/pull_fetch.h"
#include "harness/capture/pull_http.h"
#include "harness/capture/pull_progress.h"
#include "harness/capture/pull_run.h"
#include "lib/log.h"
#include "lib/num.h"

#define LEVEL_DEFAULT 6u
#define LEVEL_MAX 19u
#define PARALLEL_DEFAULT 4u
#define BATCH_DEFAULT 128u
#define FIRST_CONTACT_MS 5000u
#define NS_PER_MS 1000000u
#define URL_BYTES 256u

static const char usage[] =
    "usage: lockstep capture --l2 URL --from N --to M -o DIR [options]\n"
    "       lockstep capture --l2 URL --from N --follow [--to M] -o DIR [options]\n"
    "       lockstep capture --finish -o DIR\n"
    "\n"
    "Records blocks of a living chain into a fixture folder, each one verified as it arrives. "
    "Started\n"
    "again with the same folder it goes on where it stopped, however it was stopped. Ctrl-C ends "
    "it\n"
    "with a fixture of what is there.\n"
    "\n"
    "  --l2 URL            execution client of the chain (JSON-RPC over HTTP)\n"
    "  --l1 URL            execution client of its L1: headers of all L1 origins are recorded\n"
    "  --cl URL            consensus client of the chain: rollup config and label timeline\n"
    "  --from N            first block; or latest, safe, finalized: the head of now\n"
    "  --to M              last block\n"
    "  --follow            wait for new blocks; reorgs become branches\n"
    "  --receipts          receipts of the blocks too (eth_getBlockReceipts)\n"
    "  --proofs            proofs of their L2ToL1MessagePasser too (eth_getProof), so that output\n"
    "                      roots before Isthmus can be served\n"
    "  -o DIR              where to; the folder above it must exist\n"
    "  --finish            make the fixture of what DIR holds, without asking any node\n"
    "  --rollup FILE       op-node's rollup.json, instead of the --cl's; \"none\": do without\n"
    "  --name NAME         name in the manifest (default: that of DIR)\n"
    "  --provenance TEXT   a sentence more on where the data comes from, without hosts\n"
    "  --poll TIME         how often to look at the head (default 1s)\n"
    "  --patience TIME     how long a node may fail before capture gives up (default 2m)\n"
    "  --parallel N        requests at a time, 1..16 (default 4)\n"
    "  --batch N           calls in one request at most, 1..256 (default 128); 1: no batches\n"
    "  --seed N            of the jitter in pauses (default: chosen and printed)\n"
    "  --level N           zstd level 1..19 (default 6)\n"
    "  --quiet             no progress\n"
    "\n"
    "Exit code 0: the fixture is made; 1: it is not, what is there stays; 2: wrong usage.\n";

struct request {
    const char *urls[LS_PULL_NODE_COUNT];
    const char *from;
    const char *rollup;
    const char *poll;
    const char *patience;
    uint64_t to;
    uint64_t parallel;
    uint64_t batch;
    uint64_t seed;
    uint64_t level;
    bool finish;
    bool quiet;
    bool help;
    struct ls_buf rollup_text;
    struct ls_pull_options o;
};

/* The world of a capture: nodes behind HTTP, the system's clock, the terminal. */
struct console {
    struct ls_pull_world world; /* first */
    struct ls_pull_http *http;
    struct ls_pull_endpoint ends[LS_PULL_NODE_COUNT];
    char names[LS_PULL_NODE_COUNT][URL_BYTES];
    struct ls_pull_fetch_options fetch;
    struct ls_pull_progress progress;
    uint64_t seed;
    bool is_seed_told;
    bool is_quiet;
    bool has_bar; /* a bar stands on the line */
};

/* --- the terminal --- */

static uint64_t clock_ms(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / NS_PER_MS;
}

static void clear_bar(struct console *c)
{
    if (c->has_bar) {
        fputs("\r\033[K", stderr);
        c->has_bar = false;
    }
}

static void on_note(void *user, const char *text)
{
    struct console *c = user;

    clear_bar(c);
    fprintf(stderr, "capture: %s\n", text);
}

static void on_block(void *user, uint64_t number, uint64_t target)
{
    struct console *c = user;
    char text[LS_PULL_PROGRESS_BYTES];

    if (c->is_quiet ||
        !ls_pull_progress_block(&c->progress, number, target, clock_ms(CLOCK_MONOTONIC), text)) {
        return;
    }
    if (c->progress.is_terminal) {
        fprintf(stderr, "\r\033[K%s", text);
        fflush(stderr);
        c->has_bar = true;
    } else {
        fprintf(stderr, "capture: %s\n", text);
    }
}

static void on_pause(void *user, const struct ls_pull_endpoint *ep, uint64_t pause_ms,
                     const char *why)
{
    struct console *c = user;

    clear_bar(c);
    fprintf(stderr, "capture: %s: %s; asking again in %.1f s", ep->name, why,
            (double)pause_ms / 1000);
    if (!c->is_seed_told) {
        fprintf(stderr, " (seed %" PRIu64 ")", c->seed);
        c->is_seed_told = true;
    }
    fputc('\n', stderr);
}

/* --- the world --- */

static struct console *of(struct ls_pull_world *w)
{
    return (struct console *)w;
}

static enum ls_err fetch(struct ls_pull_world *w, const struct ls_pull_plan *plan,
                         struct ls_diag *d)
{
    struct console *c = of(w);

    return ls_pull_fetch(ls_pull_http_link(c->http), &c->ends[plan->node], &c->fetch, plan, d);
}

static uint64_t now_ms(struct ls_pull_world *w)
{
    (void)w;
    return clock_ms(CLOCK_REALTIME);
}

static void wait_ms(struct ls_pull_world *w, uint64_t ms)
{
    ls_pull_http_sleep(of(w)->http, ms);
}

static bool is_stopped(struct ls_pull_world *w)
{
    struct ls_pull_link *link = ls_pull_http_link(of(w)->http);

    return link->ops->is_stopped(link);
}

static const struct ls_pull_world_ops WORLD = {fetch, now_ms, wait_ms, is_stopped};

static enum ls_err open_console(struct console *c, const struct request *q, struct ls_diag *d)
{
    c->world.ops = &WORLD;
    c->is_quiet = q->quiet;
    c->seed = q->seed ? q->seed : clock_ms(CLOCK_REALTIME) ^ ((uint64_t)getpid() << 32);
    for (size_t i = 0; i < LS_PULL_NODE_COUNT; i++) {
        if (q->urls[i]) {
            ls_log_redact_url(q->urls[i], c->names[i], sizeof c->names[i]);
            c->world.names[i] = c->names[i];
            c->ends[i].url = q->urls[i];
            c->ends[i].name = c->names[i];
            ls_pull_pace_init(&c->ends[i].pace, (size_t)q->batch, c->seed + i);
        }
    }
    c->fetch = (struct ls_pull_fetch_options){.slots = (unsigned)q->parallel,
                                              .patience_ms = q->o.patience_ms,
                                              .first_ms = FIRST_CONTACT_MS,
                                              .on_pause = on_pause,
                                              .user = c};
    ls_pull_progress_init(&c->progress, isatty(STDERR_FILENO) == 1, clock_ms(CLOCK_MONOTONIC));
    return ls_pull_http_new((unsigned)q->parallel, &c->http, d);
}

/* --- the command line --- */

static enum ls_err parse(int argc, char **argv, struct request *q, struct ls_diag *d)
{
    const struct ls_cmd_option options[] = {
        {.name = "--l2", .value = &q->urls[LS_PULL_L2]},
        {.name = "--l1", .value = &q->urls[LS_PULL_L1]},
        {.name = "--cl", .value = &q->urls[LS_PULL_CL]},
        {.name = "--from", .value = &q->from},
        {.name = "--to", .number = &q->to},
        {.name = "--follow", .flag = &q->o.is_following},
        {.name = "-o", .value = &q->o.dir},
        {.name = "--receipts", .flag = &q->o.has_beside[LS_BESIDE_RECEIPTS]},
        {.name = "--proofs", .flag = &q->o.has_beside[LS_BESIDE_PROOFS]},
        {.name = "--finish", .flag = &q->finish},
        {.name = "--rollup", .value = &q->rollup},
        {.name = "--name", .value = &q->o.name},
        {.name = "--provenance", .value = &q->o.provenance},
        {.name = "--poll", .value = &q->poll},
        {.name = "--patience", .value = &q->patience},
        {.name = "--parallel", .number = &q->parallel},
        {.name = "--batch", .number = &q->batch},
        {.name = "--seed", .number = &q->seed},
        {.name = "--level", .number = &q->level},
        {.name = "--quiet", .flag = &q->quiet},
        {.name = NULL},
    };
    struct ls_cmd_list rest = {.items = NULL};
    enum ls_err e = ls_cmd_list_init(&rest, argc, d);

    if (!e) {
        e = ls_cmd_parse(argc, argv, options, &rest, &q->help, d);
    }
    if (!e && rest.count > 0) {
        e = ls_fail(d, LS_ERR_USAGE, "\"%.80s\" is no option", rest.items[0]);
    }
    free(rest.items);
    return e;
}

static enum ls_err read_from(struct request *q, struct ls_diag *d)
{
    static const char *const tags[] = {"latest", "safe", "finalized"};
    size_t n = q->from ? strlen(q->from) : 0;

    if (!q->from) {
        return LS_OK;
    }
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        if (strcmp(q->from, tags[i]) == 0) {
            q->o.from_tag = tags[i];
            return LS_OK;
        }
    }
    q->o.has_from = true;
    if (ls_parse_dec(q->from, n, &q->o.from) && ls_parse_quantity(q->from, n, &q->o.from)) {
        return ls_fail(d, LS_ERR_USAGE,
                       "--from: \"%.40s\" is neither a number nor latest, safe or finalized",
                       q->from);
    }
    return LS_OK;
}

static enum ls_err read_time(const char *name, const char *text, uint64_t *out_ms,
                             struct ls_diag *d)
{
    uint64_t ns = 0;

    if (text && (ls_parse_duration(text, &ns) || ns < NS_PER_MS)) {
        return ls_fail(d, LS_ERR_USAGE, "%s: \"%.40s\" is no time like 500ms, 2s or 5m", name,
                       text);
    }
    *out_ms = text ? ns / NS_PER_MS : *out_ms;
    return LS_OK;
}

static enum ls_err check_urls(const struct request *q, struct ls_diag *d)
{
    static const char *const names[LS_PULL_NODE_COUNT] = {"--l2", "--l1", "--cl"};

    if (!q->urls[LS_PULL_L2]) {
        return ls_fail(d, LS_ERR_USAGE, "--l2 URL is missing: whose blocks?");
    }
    for (size_t i = 0; i < LS_PULL_NODE_COUNT; i++) {
        const char *url = q->urls[i];
        if (url && strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) {
            return ls_fail(d, LS_ERR_USAGE, "%s: the URL must begin with http:// or https://",
                           names[i]);
        }
    }
    return LS_OK;
}

static enum ls_err check_numbers(struct request *q, struct ls_diag *d)
{
    q->o.has_to = q->to != UINT64_MAX;
    q->o.to = q->to;
    q->o.level = (int)q->level;
    q->o.window = LS_PULL_WINDOW;
    if (q->level < 1 || q->level > LEVEL_MAX) {
        return ls_fail(d, LS_ERR_USAGE, "--level: must be 1..%u", LEVEL_MAX);
    }
    if (q->parallel < 1 || q->parallel > LS_PULL_SLOTS_MAX) {
        return ls_fail(d, LS_ERR_USAGE, "--parallel: must be 1..%u", LS_PULL_SLOTS_MAX);
    }
    if (q->batch < 1 || q->batch > LS_PULL_BATCH_MAX) {
        return ls_fail(d, LS_ERR_USAGE, "--batch: must be 1..%u", LS_PULL_BATCH_MAX);
    }
    return LS_OK;
}

static enum ls_err read_rollup(struct request *q, struct ls_diag *d)
{
    if (!q->rollup) {
        return LS_OK;
    }
    if (strcmp(q->rollup, "none") == 0) {
        q->o.has_no_rollup = true;
        return LS_OK;
    }
    enum ls_err e = ls_file_read(q->rollup, &q->rollup_text, d);
    if (!e && q->rollup_text.n == 0) {
        e = ls_fail(d, LS_ERR_USAGE, "--rollup: \"%s\" is empty", q->rollup);
    }
    q->o.rollup = ls_buf_span(&q->rollup_text);
    return e == LS_ERR_IO ? LS_ERR_USAGE : e;
}

static enum ls_err check(struct request *q, struct ls_diag *d)
{
    enum ls_err e = check_numbers(q, d);

    if (!e && !q->o.dir) {
        e = ls_fail(d, LS_ERR_USAGE, "-o DIR is missing: where should the blocks go?");
    }
    if (e || q->finish) {
        return e;
    }
    e = check_urls(q, d);
    if (!e && !q->o.has_to && !q->o.is_following) {
        e = ls_fail(d, LS_ERR_USAGE, "--to M or --follow is missing: where should it end?");
    }
    if (!e && q->o.name && !ls_manifest_is_name(q->o.name)) {
        e = ls_fail(d, LS_ERR_USAGE, "--name: \"%.40s\" is not a name (letters, digits, - _ .)",
                    q->o.name);
    }
    if (!e && q->o.provenance && strstr(q->o.provenance, "://")) {
        e = ls_fail(d, LS_ERR_USAGE, "--provenance: URLs have no place in a fixture");
    }
    if (!e) {
        e = read_from(q, d);
    }
    if (!e) {
        e = read_time("--poll", q->poll, &q->o.poll_ms, d);
    }
    if (!e) {
        e = read_time("--patience", q->patience, &q->o.patience_ms, d);
    }
    return e ? e : read_rollup(q, d);
}

/* --- running --- */

static void report(const char *dir, const struct ls_pull_result *r)
{
    printf("captured%s: %s, blocks %" PRIu64 "..%" PRIu64, r->is_verified ? " and verified" : "",
           dir, r->first, r->last);
    if (r->orphans > 0) {
        printf(", %" PRIu64 " orphans", r->orphans);
    }
    if (r->headers > 0) {
        printf(", %" PRIu64 " L1 headers", r->headers);
    }
    printf(", %" PRIu64 " label rows\n", r->rows);
    if (r->orphans_left_out > 0) {
        printf("left out %" PRIu64 " orphans: the L1 node does not have the L1 blocks they name\n",
               r->orphans_left_out);
    }
    for (int k = 0; k < LS_BESIDE_COUNT; k++) {
        if (r->lacking[k] > 0) {
            printf("%" PRIu64 " blocks have no %s: they were recorded without\n", r->lacking[k],
                   ls_beside_of((enum ls_beside_kind)k)->what);
        }
    }
    if (!r->is_verified) {
        printf("too large to be verified as a whole here: lockstep verify does it\n");
    }
}

static enum ls_err capture(const struct request *q, struct ls_pull_result *out, struct ls_diag *d)
{
    struct console c = {.http = NULL};
    enum ls_err e = open_console(&c, q, d);
    const struct ls_pull_watch watch = {on_block, on_note, &c};

    if (!e) {
        e = ls_pull_run(&c.world, &q->o, &watch, out, d);
    }
    clear_bar(&c);
    ls_pull_http_free(c.http);
    return e;
}

static enum ls_err run(int argc, char **argv, struct request *q, struct ls_diag *d)
{
    struct ls_pull_result result;
    enum ls_err e = parse(argc, argv, q, d);

    if (e || q->help) {
        return e;
    }
    e = check(q, d);
    if (e) {
        return e;
    }
    /* A file that grows past its limit is an error like a full disk, not the end. */
    signal(SIGXFSZ, SIG_IGN);
    e = q->finish ? ls_pull_finish(q->o.dir, q->o.level, &result, d) : capture(q, &result, d);
    if (!e) {
        report(q->o.dir, &result);
    }
    return e;
}

int ls_cmd_capture(int argc, char **argv)
{
    struct ls_diag d = {""};
    struct request q = {.to = UINT64_MAX,
                        .parallel = PARALLEL_DEFAULT,
                        .batch = BATCH_DEFAULT,
                        .level = LEVEL_DEFAULT,
                        .o = {.poll_ms = 1000, .patience_ms = 120000}};

    ls_buf_init(&q.rollup_text, LS_MANIFEST_BYTES_MAX);
    enum ls_err e = run(argc, argv, &q, &d);
    if (!e && q.help) {
        fputs(usage, stdout);
    }
    ls_buf_fini(&q.rollup_text);
    if (e) {
        (void)ls_cmd_fail("capture", e, &d);
    }
    if (e == LS_ERR_USAGE) {
        return LS_EXIT_USAGE;
    }
    return e ? LS_EXIT_REFUSED : LS_EXIT_OK;
}
