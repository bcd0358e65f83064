/*
 * What the core wants a person to know, as log lines. The core speaks once an episode; here a note
 * gets the names of its two blocks, and the reason that came with the event it answers.
 */
#ifndef LS_NODE_IO_NOTES_H
#define LS_NODE_IO_NOTES_H

#include "lib/log.h"
#include "node/core/core.h"

/* Writes the line of a NOTE or HALT. detail: a sentence about the event the core was answering;
 * NULL or empty = none. */
void ls_notes_write(struct ls_log *log, const struct ls_action *note, const char *detail);

#endif
