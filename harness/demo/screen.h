/*
 * Draws the demo. On a terminal: one frame of fixed height that redraws itself in place, a graph of
 * the heads over time above the newest events. Elsewhere (a pipe, NO_COLOR, TERM=dumb): plain
 * lines, one an event and one every few ticks. Output goes to a buffer; who writes it is the
 * caller's business.
 */
#ifndef LS_HARNESS_DEMO_SCREEN_H
#define LS_HARNESS_DEMO_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/demo/view.h"
#include "lib/bytes.h"

struct ls_screen {
    bool is_live; /* redraw in place; else plain lines */
    bool is_utf8; /* half blocks and rules; else ASCII */
    unsigned columns, rows;
    unsigned drawn;      /* lines of the frame on the terminal */
    uint64_t told;       /* plain: events printed */
    uint64_t shown_tick; /* plain: tick of the last line of heads */
};

/* Looks at the descriptor and the environment (TERM, NO_COLOR, LC_ALL, LC_CTYPE, LANG). */
void ls_screen_init(struct ls_screen *s, int fd);

/* Appends what brings the output from the last call's state to v's. */
void ls_screen_draw(struct ls_screen *s, const struct ls_demo_view *v, struct ls_buf *out);

/* Appends what gives the terminal back (cursor). Call before printing anything else. */
void ls_screen_end(struct ls_screen *s, struct ls_buf *out);

/* A number with thin groups of three, "29,470,352"; out holds at least 32 bytes. Returns out. */
const char *ls_screen_number(uint64_t n, char *out);

#endif
