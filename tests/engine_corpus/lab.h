/*
 * One engine with its JSON-RPC front over the blocks of a corpus: what a replay asks, without a
 * socket. Made anew for each sequence; the memory is kept.
 */
#ifndef LS_TESTS_ENGINE_CORPUS_LAB_H
#define LS_TESTS_ENGINE_CORPUS_LAB_H

#include "mocks/backend.h"
#include "mocks/model/engine.h"
#include "tests/engine_corpus/corpus.h"

/* When things on disk are over. */
struct ls_lab_disk {
    unsigned held; /* not before so many calls; so batches end at other blocks */
    unsigned lag;  /* and as many calls after they began */
};

struct ls_lab {
    struct ls_universe *universe;
    uint32_t blocks_max; /* that universe_mem and engine_mem are made for */
    void *universe_mem;
    struct ls_engine *engine;
    void *engine_mem;
    struct ls_backend *port;
    uint64_t now_ns; /* goes on when a row waits */
    struct ls_lab_disk disk;
    unsigned asked;  /* calls */
    unsigned waited; /* of them, with the same thing under way on disk */
};

/* A fresh engine at genesis that knows nothing of the corpus's blocks yet, which its universe
 * holds. lab zeroed, or used before; corpus is borrowed. An unknown profile ends the process. */
void ls_lab_fresh(struct ls_lab *lab, const struct ls_corpus *corpus, const char *profile);
void ls_lab_close(struct ls_lab *lab);
/* A call comes: what is under way on disk may be over before it. */
void ls_lab_let_write(struct ls_lab *lab);
/* Adds a block to the universe, its id: one that is there already keeps its own. */
uint32_t ls_lab_add(struct ls_lab *lab, const struct ls_corpus_block *block);
/* The HTTP status of an answer, 0 when there is none: the process is gone (ls_engine_is_dead), or
 * the call hangs. The body goes to out, which the caller frees. params is JSON text, NULL: null. */
int ls_lab_ask(struct ls_lab *lab, bool is_public, const char *method, const char *params,
               struct ls_buf *out);

#endif
