/*
 * Blocks with states of which something can be proved: siblings of recorded blocks whose stateRoot
 * is that of a made trie, each with the proof of its L2ToL1MessagePasser.
 */
#ifndef LS_TESTS_MADE_STATES_H
#define LS_TESTS_MADE_STATES_H

#include "tests/unit/made_trie.h"

#include "harness/capture/chain.h"
#include "harness/capture/fork.h"
#include "lib/arena.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/account.h"

#define MADE_STATES_SOURCE "fixtures/devnet-forks"
#define MADE_STATES_BLOCKS 8u /* half of them before Isthmus, half from it on */

/* The passer's storage root after block: from Isthmus on what its header says, before it one that
 * depends on the number. */
static inline struct ls_hash made_storage_root(const struct ls_chain *c, const struct ls_ublock *b)
{
    struct ls_hash out = {{0xaa, (uint8_t)b->ref.number}};
    struct cJSON *block = NULL;

    if (ls_rollup_is_active(&c->rollup, LS_FORK_ISTHMUS, b->ref.timestamp)) {
        assert_int_equal(ls_json_parse(b->json, b->json_bytes, 0, &block, NULL), LS_OK);
        const char *hex = ls_json_str(ls_json_get(block, "withdrawalsRoot"));
        assert_int_equal(ls_hex_fixed(hex, strlen(hex), out.b, sizeof out.b), LS_OK);
        ls_json_free(block);
    }
    return out;
}

/* The first number that is Isthmus. */
static inline uint64_t made_states_isthmus(const struct ls_chain *c)
{
    uint64_t n = ls_universe_get(c->l2, c->genesis)->ref.number;

    while (!ls_rollup_is_active(&c->rollup, LS_FORK_ISTHMUS,
                                ls_universe_get(c->l2, ls_chain_at(c, n))->ref.timestamp)) {
        n++;
    }
    return n;
}

/* Opens MADE_STATES_SOURCE and puts MADE_STATES_BLOCKS such blocks, the last of which is the tip
 * then, over the recorded ones; their texts and proofs are a's. Says the number of the first. */
static inline uint64_t made_states_open(struct ls_chain *c, struct ls_arena *a)
{
    const struct ls_chain_options o = {.extra_blocks = MADE_STATES_BLOCKS};

    assert_int_equal(ls_chain_open(MADE_STATES_SOURCE, &o, c, NULL), LS_OK);
    uint64_t first = made_states_isthmus(c) - MADE_STATES_BLOCKS / 2;
    uint32_t parent = ls_chain_at(c, first - 1);
    for (uint32_t i = 0; i < MADE_STATES_BLOCKS; i++) {
        const struct ls_ublock *real = ls_universe_get(c->l2, ls_chain_at(c, first + i));
        struct ls_hash storage = made_storage_root(c, real);
        struct ls_buf text;
        char hex[67] = "0x";
        ls_buf_init(&text, 1u << 20);
        struct ls_hash root = made_account_proof(&LS_MESSAGE_PASSER, &storage, (uint8_t)i, &text);
        ls_hex_encode(root.b, sizeof root.b, hex + 2);
        const struct ls_fork_spec spec = {.field = LS_FORK_FIELD_STATE_ROOT, .value = hex};
        assert_int_equal(ls_chain_fork(c, parent, 1, &spec, &parent, NULL), LS_OK);
        const char *kept = ls_arena_dup(a, text.p, text.n);
        assert_non_null(kept);
        ls_universe_set_proof(c->l2, parent, kept, text.n);
        ls_buf_fini(&text);
    }
    c->tip = parent;
    return first;
}

#endif
