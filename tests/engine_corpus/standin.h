/*
 * Stand-ins for blocks a recording names and nobody kept: side branches that were built for one
 * run, of which references, look-ups and cut payloads are all there is. A stand-in has the recorded
 * number, parent, time and count of transactions, and the recorded state root where a payload
 * states it; the rest is the canonical block's of that number, or the newest one's above the
 * recorded chain. So its hash is another one, and the names of blocks say which stands for which.
 *
 * Blocks of such a branch that nobody named are made as well, from their child down: to the newest
 * branch block that a VALID forkchoice says is below, or to the only branch block that is named at
 * the height, or to the canonical block there.
 */
#ifndef LS_TESTS_ENGINE_CORPUS_STANDIN_H
#define LS_TESTS_ENGINE_CORPUS_STANDIN_H

#include "tests/engine_corpus/corpus.h"
#include "tests/engine_corpus/names.h"

struct ls_ref {
    struct ls_hash hash;
    struct ls_hash parent;
    struct ls_hash state; /* zero: not told */
    uint64_t number;
    uint64_t timestamp; /* s */
    uint64_t txs;       /* 0: not told */
};

/* A VALID forkchoice with this head named that block as safe or finalized. */
struct ls_stand {
    struct ls_hash head;
    struct ls_hash on;
};

struct ls_standins {
    struct ls_ref *items;
    size_t count;
    struct ls_stand *stands;
    size_t stand_count;
};

/* Adds the L2 blocks named in a recorded line that the corpus has not. is_l2: every block in it is
 * one; otherwise only references with an L1 origin are. */
void ls_standins_collect(struct ls_standins *s, const struct ls_corpus *c, const struct cJSON *line,
                         bool is_l2);
/* Of a VALID forkchoice: its head stands on the block that key names. */
void ls_standins_stand(struct ls_standins *s, const struct cJSON *state, const char *key);
/* Appends a block to the corpus for each, and its name to n. Those below whose branch nothing is
 * known stay unknown. */
void ls_standins_make(struct ls_standins *s, struct ls_corpus *c, struct ls_names *n);
/* Zeroed is fine. */
void ls_standins_free(struct ls_standins *s);

#endif
