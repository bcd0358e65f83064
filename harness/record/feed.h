/*
 * Feed: the unsafe payloads that the recorded node had, handed to the node under test.
 *
 * Where the node's own port was recorded, they are handed over as they were and when they were.
 * Where they came by gossip the recording does not have them as such, but each led to an
 * engine_newPayload, so that is where they come from; when is then a guess: as soon as everything
 * has been asked that was asked before that, or before the engine call that kept the node busy
 * until then. Loose, a payload is due when the source has said what it had said by then and the one
 * before it has been handed over (and, if guessed, has arrived at the engine).
 */
#ifndef LS_HARNESS_RECORD_FEED_H
#define LS_HARNESS_RECORD_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/live/loop.h"
#include "harness/record/match.h"
#include "harness/record/tape.h"
#include "lib/err.h"

struct ls_feed;

struct ls_feed_options {
    struct ls_loop *loop;       /* borrowed, outlives the feed */
    const struct ls_tape *tape; /* likewise */
    struct ls_match *match;     /* likewise */
    bool is_loose;
    const char *url;              /* the node's RPC port; copied */
    const char *method;           /* that takes a payload envelope; borrowed */
    void (*on_taken)(void *user); /* the node took a payload; may be NULL */
    void *user;
};

enum ls_err ls_feed_new(const struct ls_feed_options *o, struct ls_feed **out, struct ls_diag *d);
/* NULL is fine. */
void ls_feed_free(struct ls_feed *f);

/* Hands over what is due. Call after every turn of the loop. */
void ls_feed_turn(struct ls_feed *f);

/* Hands the next payload over though it is not due, because nothing else happens; false when there
 * is none that the engine has not had. */
bool ls_feed_push(struct ls_feed *f);

/* Payloads of the recording, and those the node took. */
size_t ls_feed_count(const struct ls_feed *f);
size_t ls_feed_taken(const struct ls_feed *f);

#endif
