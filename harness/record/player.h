/*
 * Player: the recorded peers of a conversation on ports of their own, for a node under test. Which
 * answer a call gets is ls_match's decision; when it leaves, and what becomes of a call that waits
 * for others, is decided here.
 *
 * Tokens are not looked at: any node may ask.
 */
#ifndef LS_HARNESS_RECORD_PLAYER_H
#define LS_HARNESS_RECORD_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/live/loop.h"
#include "harness/record/gate.h"
#include "harness/record/match.h"
#include "harness/record/tape.h"
#include "lib/err.h"

struct ls_player;

struct ls_player_options {
    struct ls_loop *loop;                   /* borrowed, outlives the player */
    const struct ls_tape *tape;             /* likewise */
    struct ls_match *match;                 /* likewise */
    bool is_loose;                          /* as the match */
    struct ls_gate_place at[LS_PEER_COUNT]; /* of those that the tape has */
    uint64_t patience_ns; /* how long an answer waits for calls that were made before it */
    bool has_delays;      /* answers take as long as they did */
    /* Strict: after it was told one thing a node has this long to react before it is told another,
     * so that it hears them in the recorded order on whatever connections they come. */
    uint64_t settle_ns;
    /* Patience has ended: true when something was done that may bring the missing call, so that
     * there is reason to wait again. NULL: there is nothing to do. */
    bool (*on_stall)(void *user);
    void *user;
};

/* Opens a port for each peer of the tape. IO, NOMEM. Sets the loop's on_prepare. */
enum ls_err ls_player_new(const struct ls_player_options *o, struct ls_player **out,
                          struct ls_diag *d);
/* NULL is fine. */
void ls_player_free(struct ls_player *p);

/* Where a peer's port listens; 0 when the tape does not have it. */
uint16_t ls_player_port(const struct ls_player *p, enum ls_peer peer);

/* Requests that came so far. */
uint64_t ls_player_requests(const struct ls_player *p);

/* Answers are due that have not left yet, or the node is still to react to the last one. */
bool ls_player_has_due(const struct ls_player *p);

/* Somebody told the node something, and took a call for it (ls_match_take): what waited for that
 * may be due. */
void ls_player_told(struct ls_player *p);

/* The recording is used up and nobody waits for an answer that is due. */
bool ls_player_is_over(const struct ls_player *p);

#endif
