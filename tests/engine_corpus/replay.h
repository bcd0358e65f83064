/*
 * Feeds recorded sequences of calls to our engine, a fresh one each, and counts how many answers
 * are the recorded ones.
 */
#ifndef LS_TESTS_ENGINE_CORPUS_REPLAY_H
#define LS_TESTS_ENGINE_CORPUS_REPLAY_H

#include "tests/engine_corpus/compare.h"

struct ls_tally {
    unsigned long calls;
    unsigned long equal;
    unsigned long execution; /* equal but for what only execution can tell */
    unsigned long different;
    unsigned long raced;     /* other than recorded, after a race the recorded run lost or won */
    unsigned long excluded;  /* other than recorded where the recording contradicts itself */
    unsigned long undecided; /* of the calls: the real engine's own answers vary */
};

struct ls_replay_options {
    const char *profile;
    unsigned every;   /* of so many sequences one is replayed; 0: all are */
    const char *show; /* a sequence: both sides of all its calls are printed; NULL: none */
    bool is_verbose;  /* both sides of what differs */
};

struct ls_replay;

/* corpus and options are borrowed. */
struct ls_replay *ls_replay_new(const struct ls_corpus *corpus, const struct ls_replay_options *o);
void ls_replay_free(struct ls_replay *r);
/* One sequence, a line of JSON. */
void ls_replay_run(struct ls_replay *r, const char *line, size_t n);
unsigned long ls_replay_sequences(const struct ls_replay *r);
/* Of them, those that took a disk which is behind (docs/decisions/0008). */
unsigned long ls_replay_late(const struct ls_replay *r);
struct ls_tally ls_replay_total(const struct ls_replay *r);
/* One line a method and a flavour, to stdout. */
void ls_replay_print(const struct ls_replay *r);

#endif
