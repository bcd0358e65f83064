/*
 * Rows of a recorded sequence that are no call: what was done to the real engine between calls.
 * They are done to ours: blocks fed, the process ended and begun again.
 *
 * Time is the model's. What the real engine had on disk when it was killed depends on its clock, so
 * how many blocks a kill costs is read off the recorded head after it; the rest of the state must
 * follow from that by the model's rules.
 */
#ifndef LS_TESTS_ENGINE_CORPUS_EVENTS_H
#define LS_TESTS_ENGINE_CORPUS_EVENTS_H

#include "tests/engine_corpus/lab.h"

struct cJSON;

/* Does one row that has "event". A row that only says something is fine; a feed that is not VALID
 * ends the process. */
void ls_event_do(struct ls_lab *lab, const struct ls_corpus *corpus, const struct cJSON *row);

/* Before anything else, what only the description (NULL: none) of a sequence tells: flags the real
 * engine was started with, as knobs, and blocks it was given first. */
void ls_event_start(struct ls_lab *lab, const struct ls_corpus *corpus, const char *description);

/* Delivers a block of the corpus; the process ends unless it is VALID. */
void ls_event_deliver(struct ls_lab *lab, const struct ls_corpus_block *block);
/* A forkchoice of these three, as JSON text of the state; likewise. */
void ls_event_forkchoice(struct ls_lab *lab, const char *state);

#endif
