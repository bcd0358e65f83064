/*
 * What happened to a recorded engine between the calls of the node whose conversation was recorded:
 * blocks it had from the start, blocks its peers sent, blocks another program gave it, and blocks
 * that were taken away. None of that is in the conversation, so it follows from the answers, by
 * rules that never look at a name or a time:
 *
 * 1. An answer may need a block: newPayload VALID its parent, a forkchoice that was not SYNCING its
 *    head, a block that was read that block. When our engine has it too, nothing happened.
 * 2. A block that no answer of this life of the engine denied was there from the start. SYNCING
 *    denies the head or the parent, null the block (by number: all on top of the head from there
 *    on), "not available in database" the label.
 * 3. A denied block that an earlier forkchoice with the answer SYNCING led to came from peers: that
 *    forkchoice is acted on, up to the block and no further. Nothing tells when it came, so the
 *    call that shows it is decided by the wall clock; so is one that shows a head further on the
 *    way to such a forkchoice.
 * 4. A denied block no forkchoice led to was given by another program, when the recording says that
 *    something was done since it was denied. So was a head no forkchoice led to, when something was
 *    done since the head was seen.
 * 5. A head that went back on its chain was taken back, when the recording says that something was
 *    done since the head was seen.
 * 6. An engine that could not be reached, or was seen down, begins a new life: its head and labels
 *    are what is read first; when nothing is, genesis, until an answer needs a canonical block.
 *
 * Anything else happens to nobody: the answers then differ.
 */
#ifndef LS_TESTS_ENGINE_CORPUS_WORLD_H
#define LS_TESTS_ENGINE_CORPUS_WORLD_H

#include "tests/engine_corpus/lab.h"

#define LS_WORLD_DENIED_MAX 1024u
#define LS_WORLD_WANTED_MAX 256u

struct ls_world_counts {
    unsigned long lives;
    unsigned long there;   /* rule 2 */
    unsigned long synced;  /* rule 3 */
    unsigned long given;   /* rule 4 */
    unsigned long rewound; /* rule 5 */
};

struct ls_world {
    struct ls_lab lab;
    struct ls_world_counts counts;
    /* of this life */
    struct {
        uint32_t id;
        unsigned long deed; /* deeds seen when it was denied */
    } denied[LS_WORLD_DENIED_MAX];
    size_t denied_count;
    uint64_t denied_from;  /* numbers from here on; UINT64_MAX: none … */
    uint32_t denied_above; /* … on top of what was the head then */
    unsigned long denied_from_deed;
    struct ls_forkchoice wanted[LS_WORLD_WANTED_MAX]; /* answered SYNCING, oldest first */
    size_t wanted_count;
    unsigned long deeds;       /* that the recording tells */
    unsigned long deeds_known; /* at the last answer that showed the head */
    bool is_told;              /* the engine has a head that was read or needed */
};

/* Rule 6. head LS_NO_BLOCK: not read, it is genesis until an answer needs a canonical block. */
void ls_world_begin(struct ls_world *w, const struct ls_corpus *c, const char *profile,
                    uint32_t head, uint32_t safe, uint32_t finalized);
void ls_world_close(struct ls_world *w);

/* What an answer needs, before our engine is asked; id LS_NO_BLOCK: nothing. true: the wall clock
 * decided (rule 3). */
enum ls_need {
    LS_NEED_BLOCK,     /* it has the block */
    LS_NEED_CANONICAL, /* it is on its chain */
    LS_NEED_HEAD       /* it is its head */
};
bool ls_world_need(struct ls_world *w, uint32_t id, enum ls_need need);

/* What an answer tells, after our engine was asked. */
void ls_world_deny(struct ls_world *w, uint32_t id);
void ls_world_deny_from(struct ls_world *w, uint64_t number);
void ls_world_want(struct ls_world *w, const struct ls_forkchoice *f);
/* The recording tells of something that was done. */
void ls_world_deed(struct ls_world *w);

#endif
