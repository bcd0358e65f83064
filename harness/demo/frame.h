/*
 * One frame of the demo on a terminal. Inside harness/demo only; screen.h is the door.
 */
#ifndef LS_HARNESS_DEMO_FRAME_H
#define LS_HARNESS_DEMO_FRAME_H

#include "harness/demo/screen.h"

#define LS_FRAME_COLUMNS_MIN 60u
#define LS_FRAME_ROWS_MIN 22u

/* Appends the frame for v, drawn over the last one, and counts its lines in s->drawn. The terminal
 * has at least the minimum size. */
void ls_frame_draw(struct ls_screen *s, const struct ls_demo_view *v, struct ls_buf *out);

#endif
