/*
 * What the node itself costs: memory once it follows, time from exec to its first forkchoice when
 * its peers answer at once, and requests a follow period while nothing happens.
 *
 *   node BUILD [FIXTURE]      BUILD holds lightcl; prints "name value" lines
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/capture/chain.h"
#include "harness/check/tracelog.h"
#include "harness/live/live.h"
#include "mocks/model/engine.h"
#include "mocks/model/source.h"
#include "mocks/trace.h"

#define PATH_BYTES 1024u
#define TICK_NS 50000000u
#define RUNS 7u          /* the first forkchoice is the median of these */
#define START_BLOCKS 60u /* of the window are the engine's at the start */
#define BUSY_TICKS 60u   /* one block gossiped and one safe each */
#define QUIET_TICKS 40u
#define LIMIT_TICKS 100u

/* One process of the node beside its mocks; zeroed is empty. */
struct bench {
    struct ls_chain chain;
    struct ls_tracelog *log;
    struct ls_trace *trace;
    struct ls_world *world;
    const char *program;
    uint64_t safe; /* number of the source's safe head */
};

static void point_source(struct bench *b)
{
    uint32_t safe = ls_chain_at(&b->chain, b->safe);
    ls_source_follow(b->world->source, safe, ls_chain_at(&b->chain, b->safe - 20));
}

static enum ls_err begin(struct bench *b, struct ls_diag *d)
{
    struct ls_start_options start = {.with_l1 = b->chain.l1_tip != LS_NO_BLOCK};
    struct ls_live_options live = {.chain = &b->chain,
                                   .variant = LS_VARIANT_B,
                                   .program = b->program,
                                   .tick_ns = TICK_NS,
                                   .seed = 1};
    enum ls_err e;

    b->log = ls_tracelog_new();
    b->trace = b->log ? ls_trace_new(ls_tracelog_sink, b->log) : NULL;
    if (!b->trace) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    live.trace = b->trace;
    e = ls_live_new(&live, &b->world, d);
    if (e) {
        return e;
    }
    b->safe = ls_universe_get(b->chain.l2, b->chain.first)->ref.number + START_BLOCKS;
    ls_engine_seed(b->world->engine, ls_chain_at(&b->chain, b->safe), LS_NO_BLOCK, LS_NO_BLOCK);
    point_source(b);
    return b->world->ops->start(b->world, &start, d);
}

static void end(struct bench *b)
{
    if (b->world) {
        b->world->ops->free(b->world);
    }
    ls_trace_free(b->trace);
    ls_tracelog_free(b->log);
    b->world = NULL;
    b->trace = NULL;
    b->log = NULL;
}

/* Nanoseconds from exec to the first forkchoice's arrival; 0 when there is none yet. */
static uint64_t first_forkchoice_ns(const struct ls_tracelog *log)
{
    uint64_t start = 0;

    for (size_t i = 0; i < ls_tracelog_count(log); i++) {
        const struct ls_trace_event *e = ls_tracelog_at(log, i);
        if (e->kind == LS_TRACE_START) {
            start = e->ns_in;
        } else if (strncmp(e->method, "engine_forkchoiceUpdated", 24) == 0) {
            return e->ns_in - start;
        }
    }
    return 0;
}

static uint64_t calls_to(const struct ls_tracelog *log, size_t from, enum ls_trace_ep ep)
{
    uint64_t n = 0;

    for (size_t i = from; i < ls_tracelog_count(log); i++) {
        const struct ls_trace_event *e = ls_tracelog_at(log, i);
        n += e->kind == LS_TRACE_CALL && e->ep == ep;
    }
    return n;
}

static enum ls_err wait_first_forkchoice(struct bench *b, uint64_t *out, struct ls_diag *d)
{
    while ((*out = first_forkchoice_ns(b->log)) == 0) {
        if (b->world->ops->now(b->world) > LIMIT_TICKS || ls_live_is_interrupted(b->world)) {
            return ls_fail(d, LS_ERR_TIMEOUT, "no forkchoice in %u ticks", LIMIT_TICKS);
        }
        b->world->ops->turn(b->world);
    }
    return LS_OK;
}

static void pass_ticks(struct bench *b, uint64_t ticks)
{
    uint64_t until = b->world->ops->now(b->world) + ticks;

    while (b->world->ops->now(b->world) < until && !ls_live_is_interrupted(b->world)) {
        b->world->ops->turn(b->world);
    }
}

/* The only child of this process; 0 when there is none, or the kernel does not tell. */
static long child_pid(void)
{
    char path[64];
    long pid = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    f = fopen(path, "r");
    if (f) {
        if (fscanf(f, "%ld", &pid) != 1) {
            pid = 0;
        }
        fclose(f);
    }
    return pid;
}

/* A "Name:   value kB" line of the child's status; 0 when it cannot be read. */
static unsigned long status_kib(long pid, const char *name)
{
    char line[128];
    unsigned long value = 0;
    size_t n = strlen(name);
    FILE *f;

    snprintf(line, sizeof line, "/proc/%ld/status", pid);
    f = fopen(line, "r");
    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, name, n) == 0 && line[n] == ':') {
            value = strtoul(line + n + 1, NULL, 10);
        }
    }
    if (f) {
        fclose(f);
    }
    return value;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static enum ls_err bench_start(struct bench *b, struct ls_diag *d)
{
    uint64_t ns[RUNS];
    enum ls_err e = LS_OK;

    for (unsigned i = 0; !e && i < RUNS; i++) {
        e = begin(b, d);
        if (!e) {
            e = wait_first_forkchoice(b, &ns[i], d);
        }
        end(b);
    }
    if (!e) {
        qsort(ns, RUNS, sizeof ns[0], by_size);
        printf("lightcl_first_forkchoice_us %" PRIu64 "\n", ns[RUNS / 2] / 1000);
    }
    return e;
}

static enum ls_err bench_follow(struct bench *b, struct ls_diag *d)
{
    uint64_t first;
    size_t quiet;
    long pid;
    enum ls_err e = begin(b, d);

    if (!e) {
        e = wait_first_forkchoice(b, &first, d);
    }
    for (unsigned i = 0; !e && i < BUSY_TICKS; i++) {
        b->safe++;
        e = b->world->ops->feed(b->world, ls_chain_at(&b->chain, b->safe), d);
        point_source(b);
        pass_ticks(b, 1);
    }
    if (e) {
        return e;
    }
    pass_ticks(b, 5);
    pid = child_pid();
    printf("lightcl_rss_kib %lu\n", status_kib(pid, "VmRSS"));
    printf("lightcl_rss_peak_kib %lu\n", status_kib(pid, "VmHWM"));
    quiet = ls_tracelog_count(b->log);
    pass_ticks(b, QUIET_TICKS);
    printf("lightcl_quiet_engine_calls_per_tick %.2f\n",
           (double)calls_to(b->log, quiet, LS_TRACE_ENGINE) / QUIET_TICKS);
    printf("lightcl_quiet_source_calls_per_tick %.2f\n",
           (double)calls_to(b->log, quiet, LS_TRACE_SOURCE) / QUIET_TICKS);
    printf("lightcl_quiet_l1_calls_per_tick %.2f\n",
           (double)calls_to(b->log, quiet, LS_TRACE_L1) / QUIET_TICKS);
    return LS_OK;
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    struct ls_diag d = {{0}};
    char program[PATH_BYTES];
    const char *fixture = argc > 2 ? argv[2] : "fixtures/op-sepolia-window";
    enum ls_err e;

    snprintf(program, sizeof program, "%s/lightcl", argc > 1 ? argv[1] : "build");
    b.program = program;
    e = ls_chain_open(fixture, NULL, &b.chain, &d);
    if (!e) {
        e = bench_start(&b, &d);
    }
    if (!e) {
        e = bench_follow(&b, &d);
    }
    end(&b);
    ls_chain_close(&b.chain);
    if (e) {
        fprintf(stderr, "bench node: %s\n", d.text);
    }
    return e ? 1 : 0;
}
