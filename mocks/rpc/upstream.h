/*
 * The node behind the sync tester (mock-engine 1.6): a fully synchronised execution node that is
 * only read. The real tester asks one over HTTP; here it is an interface, and a recorded chain
 * plays it (ls_upstream_fixture_new). Another implementation may wrap it and answer wrongly on
 * purpose.
 *
 * Answers are JSON, as a node returns it, so that whatever a node may say can be said here. A block
 * that is recorded comes as its universe id besides, unaltered, and nobody needs to read its text.
 */
#ifndef LS_MOCKS_RPC_UPSTREAM_H
#define LS_MOCKS_RPC_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/op/types.h"
#include "mocks/model/universe.h"

enum ls_upstream_what {
    LS_UPSTREAM_CHAIN_ID,
    LS_UPSTREAM_BLOCK,   /* by hash, or by text */
    LS_UPSTREAM_RECEIPTS /* by hash, or by text */
};

struct ls_upstream_query {
    enum ls_upstream_what what;
    const struct ls_hash *hash; /* NULL: by text */
    const char *text;           /* "0x1f", "pending", …: the argument as it would be sent */
    bool is_full;               /* BLOCK: with transaction objects */
    uint64_t now_ns;            /* the chain as it is then; may lie ahead of the present */
};

enum ls_upstream_kind {
    LS_UPSTREAM_RESULT, /* text; or block */
    LS_UPSTREAM_ERROR,  /* the node's own JSON-RPC error: code, message, data */
    LS_UPSTREAM_FAILURE /* no JSON-RPC answer: message says why */
};

/* Borrowed from the upstream until it is asked again. */
struct ls_upstream_answer {
    enum ls_upstream_kind kind;
    uint32_t block;      /* RESULT: universe id, or LS_NO_BLOCK: text is the result */
    struct ls_span text; /* JSON */
    int64_t code;
    const char *message;
    struct ls_span data; /* JSON; p NULL: none */
    uint64_t delay_ns;   /* until the answer is there */
};

struct ls_upstream;
struct ls_upstream_ops {
    void (*ask)(struct ls_upstream *u, const struct ls_upstream_query *q,
                struct ls_upstream_answer *out);
};

/* Embed as the first member. */
struct ls_upstream {
    const struct ls_upstream_ops *ops;
    const struct ls_universe *universe; /* of the block ids in answers; borrowed */
};

/* --- a recorded chain as the node --- */

/* Everything is borrowed. Blocks above the tip are not there yet; those at or below it are known by
 * hash, forks of the recording too unless they are synthetic, and by number on the tip's chain. */
struct ls_upstream_fixture {
    const struct ls_universe *universe;
    uint64_t chain_id;
    uint32_t tip; /* at first */
    /* Overrides tip: the newest block at that time, for chains that grow. NULL: there is none. */
    uint32_t (*tip_at)(void *self, uint64_t now_ns);
    void *self;
    /* The universe's blocks have their receipts, as far as they are recorded. Without these, and
     * without the function, the method does not exist. */
    bool has_receipts;
    /* Overrides what the universe has: the JSON array of receipts of a block; p NULL: not recorded.
     */
    struct ls_span (*receipts)(void *self, uint32_t block);
};

/* NULL when out of memory. Freed by ls_upstream_fixture_free. */
struct ls_upstream *ls_upstream_fixture_new(const struct ls_upstream_fixture *f);
void ls_upstream_fixture_free(struct ls_upstream *u);
/* The newest block (an id), and the labels it answers to; LS_NO_BLOCK: unset. */
void ls_upstream_fixture_set_tip(struct ls_upstream *u, uint32_t tip);
void ls_upstream_fixture_set_labels(struct ls_upstream *u, uint32_t safe, uint32_t finalized);

#endif
