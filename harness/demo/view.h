/*
 * What the demo shows, as plain data: filled by the story and the watcher, read by the screen.
 * Nothing here knows mocks or terminals, so the drawing can be tested with made-up numbers.
 */
#ifndef LS_HARNESS_DEMO_VIEW_H
#define LS_HARNESS_DEMO_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LS_DEMO_SAMPLES_MAX 1024u
#define LS_DEMO_EVENTS_MAX 64u
#define LS_DEMO_TEXT_MAX 160u

/* The lines of the graph, lowest drawing priority first. */
enum ls_demo_line {
    LS_DEMO_SOURCE_FINALIZED,
    LS_DEMO_SOURCE_SAFE,
    LS_DEMO_EL_FINALIZED,
    LS_DEMO_EL_SAFE,
    LS_DEMO_EL_UNSAFE,
    LS_DEMO_LINE_COUNT
};

/* Heads at one tick. Height: blocks above the one below the recorded window; 0 is anything lower,
 * genesis in practice; negative is unset. */
struct ls_demo_sample {
    int32_t height[LS_DEMO_LINE_COUNT];
    bool is_forked; /* the engine's head is not on the recorded chain */
};

enum ls_demo_act { LS_DEMO_EMPTY, LS_DEMO_FORK, LS_DEMO_WIPE, LS_DEMO_ACT_COUNT };
enum ls_demo_state { LS_DEMO_WAITING, LS_DEMO_RUNNING, LS_DEMO_PASSED, LS_DEMO_FAILED };

struct ls_demo_act_view {
    enum ls_demo_state state;
    uint64_t ticks; /* to recover, once passed */
};

enum ls_demo_mood { LS_DEMO_PLAIN, LS_DEMO_GOOD, LS_DEMO_BAD };

/* One line of the story: who did what. */
struct ls_demo_event {
    uint64_t number; /* counts from 1: tells a new event from an old one */
    uint64_t tick;
    enum ls_demo_mood mood;
    char who[12];
    char text[LS_DEMO_TEXT_MAX];
};

struct ls_demo_view {
    const char *chain;   /* fixture name */
    const char *variant; /* "A" or "B" */
    uint64_t tick;
    uint64_t elapsed_ms;
    uint64_t base; /* block number at height 0 */
    struct ls_demo_act_view acts[LS_DEMO_ACT_COUNT];
    struct ls_demo_sample samples[LS_DEMO_SAMPLES_MAX]; /* one a tick, oldest first */
    size_t sample_count;
    struct ls_demo_event events[LS_DEMO_EVENTS_MAX]; /* ring by number */
    uint64_t event_count;                            /* ever */
    uint64_t new_payloads, forkchoices;              /* engine calls answered */
    uint64_t syncing, errors;                        /* of those: SYNCING, JSON-RPC errors */
};

/* Adds an event; longer text is cut. */
void ls_demo_tell(struct ls_demo_view *v, enum ls_demo_mood mood, const char *who, const char *fmt,
                  ...) __attribute__((format(printf, 4, 5)));

/* The event of this number, or NULL when there is none any more. */
const struct ls_demo_event *ls_demo_event_at(const struct ls_demo_view *v, uint64_t number);

/* Adds a sample; past the maximum every second one is dropped, so a long run stays visible. */
void ls_demo_sample_add(struct ls_demo_view *v, const struct ls_demo_sample *s);

/* "an empty engine" …; never NULL. */
const char *ls_demo_act_title(enum ls_demo_act a);

#endif
