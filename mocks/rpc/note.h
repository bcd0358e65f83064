/*
 * What goes into a trace event: the arguments of a call as far as they can be read, without
 * judging them, and the parts of an answer.
 */
#ifndef LS_MOCKS_NOTE_H
#define LS_MOCKS_NOTE_H

#include "lib/op/sync_status.h"
#include "mocks/model/universe.h"
#include "mocks/trace.h"

struct cJSON;

/* Fills in what was asked. Numbers come from the arguments, or from u (may be NULL) by hash. ev
 * NULL: nothing to do, as in all of these. method NULL: undecodable. */
void ls_note_asked(struct ls_trace_event *ev, const char *method, const struct cJSON *params,
                   const struct ls_universe *u);
/* The block answered: id of u, or LS_NO_BLOCK for none. */
void ls_note_result(struct ls_trace_event *ev, const struct ls_universe *u, uint32_t id);
/* Takes out of the event whatever it holds of an answer. */
void ls_note_unsaid(struct ls_trace_event *ev);
/* Fills in the answer from the body of a response to one call, as far as it can be read. */
void ls_note_wire(struct ls_trace_event *ev, const char *body, size_t n);
/* The heads of a status answered. */
void ls_note_heads(struct ls_trace_event *ev, const struct ls_sync_status *s);

#endif
