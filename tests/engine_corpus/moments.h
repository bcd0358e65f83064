/*
 * When things happened to an engine that synchronises, or writes beside its calls: a recorded
 * answer shows a state, not the moment at which peers' blocks came or a write was over. A copy of
 * the engine is kept from before each of the newest calls; when an answer is not the recorded one,
 * the search lets model time go on before that call, or before calls ahead of it, until all of them
 * are answered as recorded.
 *
 * Only the model goes back. What a port remembers beside it (builds) does not: the same calls build
 * the same again, and a build that only an attempt made is one more that nobody asks for.
 */
#ifndef LS_TESTS_ENGINE_CORPUS_MOMENTS_H
#define LS_TESTS_ENGINE_CORPUS_MOMENTS_H

#include "tests/engine_corpus/lab.h"

struct cJSON;

#define LS_MOMENTS_MAX 16u

struct ls_moment {
    void *engine; /* a copy from before the call, owned */
    void *tried;  /* the search's, likewise */
    size_t i;
    const struct cJSON *call;
};

struct ls_moments {
    struct ls_moment ring[LS_MOMENTS_MAX];
    size_t count; /* ever marked since the start of the sequence */
};

/* A sequence begins, or something happened that is no call: nothing before it is tried again.
 * Zeroed is fine. */
void ls_moments_begin(struct ls_moments *m);
void ls_moments_close(struct ls_moments *m);
/* Call i is asked next. */
void ls_moments_mark(struct ls_moments *m, const struct ls_lab *lab, size_t i,
                     const struct cJSON *call);

/* Asks a call; true when it is answered as recorded. */
typedef bool ls_moments_ask(void *self, size_t i, const struct cJSON *call);
/* Looks for a moment at which time went on so that the marked calls, up to the newest, are answered
 * as recorded. true: the engine is as after the newest of them. false: it is as it was when that
 * was asked first. */
bool ls_moments_find(struct ls_moments *m, struct ls_lab *lab, ls_moments_ask *ask, void *self);

#endif
