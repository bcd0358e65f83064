/*
 * What happens in the demo, tick by tick, and whether the node came out right: three acts, each a
 * trouble, the evidence that it really struck, and the condition that it is over. Judged by the
 * engine's labels only, never by what the node says of itself.
 */
#ifndef LS_HARNESS_DEMO_STORY_H
#define LS_HARNESS_DEMO_STORY_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capture/chain.h"
#include "harness/demo/view.h"
#include "harness/world.h"
#include "lib/err.h"

/* Blocks the fork act adds to the universe: the extra_blocks the chain must be opened with. */
#define LS_STORY_FORK_BLOCKS 24u
/* Blocks a window must have, at least. */
#define LS_STORY_BLOCKS_MIN 240u

#define LS_STORY_MEMORY 3u /* source pairs an answer may be old, in ticks */

/* Safe and finalized by block id. */
struct ls_story_pair {
    uint32_t safe;
    uint32_t finalized;
};

enum ls_story_phase {
    LS_STORY_STRUCK, /* the trouble began */
    LS_STORY_HIT,    /* the engine shows it */
    LS_STORY_OPEN,   /* from here on the node can mend it */
    LS_STORY_AFTER,  /* mended: a look at the calm after it */
    LS_STORY_FROZEN, /* the source rests: labels must become equal exactly */
    LS_STORY_PASSED,
    LS_STORY_FAILED
};

/* All fields belong to story.c. */
struct ls_story {
    struct ls_world *world;
    struct ls_chain *chain;
    struct ls_demo_view *view;
    enum ls_story_phase phase;
    enum ls_demo_act act;
    uint64_t phase_tick; /* since when */
    uint64_t safe;       /* of the source, block numbers */
    uint64_t finalized;
    uint64_t made; /* by the sequencer, on the recorded chain */
    uint64_t fed;  /* highest block of the recorded chain that was gossiped */
    uint32_t fork[LS_STORY_FORK_BLOCKS];
    uint64_t fork_number; /* of fork[0] */
    uint32_t fork_fed;    /* blocks of the fork gossiped */
    bool is_forked;       /* gossip follows the fork */
    struct ls_story_pair past[LS_STORY_MEMORY];
};

/* Sets source and engine for the first act; the node is not started. world and chain outlive s.
 * RANGE when the window is too short. */
enum ls_err ls_story_init(struct ls_story *s, struct ls_world *world, struct ls_chain *chain,
                          struct ls_demo_view *view, struct ls_diag *d);

/* Call once when a new tick has begun: judges the tick before, moves the world, adds a sample to
 * the view. Phase PASSED or FAILED is the end. An error is the harness's own trouble. */
enum ls_err ls_story_tick(struct ls_story *s, struct ls_diag *d);

/* true when the engine's safe and finalized are exactly the source's. */
bool ls_story_labels_equal(const struct ls_story *s);

#endif
