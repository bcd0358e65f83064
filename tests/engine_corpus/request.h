/*
 * The parameters of a recorded call, with its references resolved: payloads of blocks and
 * mutations, and payloads that our engine itself built earlier in the sequence.
 */
#ifndef LS_TESTS_ENGINE_CORPUS_REQUEST_H
#define LS_TESTS_ENGINE_CORPUS_REQUEST_H

#include "tests/engine_corpus/corpus.h"

#define LS_BUILT_MAX 256u

/* executionPayloads our engine answered with, as text, by index of the call; NULL: none. */
struct ls_built {
    char *text[LS_BUILT_MAX];
};

/* Frees them: a sequence begins, or the end. Zeroed is fine. */
void ls_built_clear(struct ls_built *b);
/* payload NULL: nothing is kept. */
void ls_built_keep(struct ls_built *b, size_t call, const struct cJSON *payload);

/* Appends the JSON text of call's params; nothing when it has none. */
void ls_request_params(const struct ls_corpus *c, const struct cJSON *calls,
                       const struct ls_built *built, const struct cJSON *call, struct ls_buf *out);

/* The parameters that deliver a block, without members that are null: op-reth's V2 knows only the
 * members of its time. */
void ls_request_block(const struct ls_corpus_block *block, struct ls_buf *out);

#endif
