/*
 * Replays the engine's side of recorded conversations: the node's calls in their order to our
 * engine, its answers against the recorded ones by the rule of docs/decisions/0006-execution.md.
 * What happened to the engine beside them follows from the recording (world.h); what the labels
 * were in between is compared, too, where the recording has it.
 */
#ifndef LS_TESTS_ENGINE_CORPUS_TALK_H
#define LS_TESTS_ENGINE_CORPUS_TALK_H

#include "tests/engine_corpus/replay.h"
#include "tests/engine_corpus/world.h"

struct ls_talk;

struct ls_talk_sum {
    unsigned long talks;
    struct ls_tally tally; /* undecided: what the wall clock decided */
    unsigned long probes;  /* of the calls: readings of the labels */
    unsigned long foreign; /* answers that were not the engine's own: not compared */
    struct ls_world_counts world;
};

/* A conversation folder, or a file of lines with peers. */
bool ls_talk_is(const char *path);

/* corpus gets stand-ins while a conversation runs; options: profile, show (a path), is_verbose.
 * Both are borrowed. */
struct ls_talk *ls_talk_new(struct ls_corpus *corpus, const struct ls_replay_options *o);
void ls_talk_free(struct ls_talk *t);
/* Prints one line: path, and what was counted in it. */
void ls_talk_run(struct ls_talk *t, const char *path);
struct ls_talk_sum ls_talk_total(const struct ls_talk *t);

#endif
