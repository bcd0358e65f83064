/*
 * Turns what came over the wire into counters and events of the demo: it reads the trace as it
 * grows and tells of the calls a person would want to see, the first of a kind and every change,
 * not the hundred that repeat. What the node logs goes the same way.
 */
#ifndef LS_HARNESS_DEMO_WATCH_H
#define LS_HARNESS_DEMO_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/check/tracelog.h"
#include "harness/demo/view.h"
#include "mocks/model/universe.h"

#define LS_WATCH_LINE_MAX 1024u

#define LS_WATCH_MEMORY 16u
#define LS_WATCH_KEY_MAX 80u

/* When something was last said. */
struct ls_watch_said {
    char key[LS_WATCH_KEY_MAX];
    uint64_t tick;
};

/* Zeroed, with log and l2 set, is ready. */
struct ls_watch {
    const struct ls_tracelog *log; /* borrowed */
    const struct ls_universe *l2;  /* borrowed: names of hashes */
    size_t seen;                   /* events read */
    uint64_t last_head;            /* number of the last head that was answered VALID */
    struct ls_watch_said said[LS_WATCH_MEMORY];
    size_t said_next;
    char path[512]; /* of the node's log; empty: none */
    FILE *node_log;
    char line[LS_WATCH_LINE_MAX]; /* incomplete last line of the node's log */
    size_t line_n;
};

/* Reads what is new into v. */
void ls_watch_update(struct ls_watch *w, struct ls_demo_view *v);

/* Closes the node's log; fine when it was never opened. */
void ls_watch_fini(struct ls_watch *w);

#endif
