/*
 * Synthetic forks: siblings of recorded blocks whose every hash is right.
 *
 * A fork re-uses the transactions of the blocks it replaces, changes one header field of its first
 * block, computes the hash anew and links the blocks above to it. So transactions roots, L1
 * origins, timestamps and sequence numbers stay valid, and a light node cannot tell such a block
 * from a real one; only an executing engine could. Equal arguments give equal blocks.
 */
#ifndef LS_HARNESS_CAPTURE_FORK_H
#define LS_HARNESS_CAPTURE_FORK_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capture/chain.h"

/* The header field that makes the first block differ. extraData is not among them: its form is
 * bound by the fork. X(name, text as in the JSON block and on the command line) */
#define LS_FORK_FIELD_LIST(X)        \
    X(PREV_RANDAO, "mixHash")        \
    X(STATE_ROOT, "stateRoot")       \
    X(RECEIPTS_ROOT, "receiptsRoot") \
    X(GAS_LIMIT, "gasLimit")

enum ls_fork_field {
#define LS_FORK_FIELD_ENUM(name, text) LS_FORK_FIELD_##name,
    LS_FORK_FIELD_LIST(LS_FORK_FIELD_ENUM)
#undef LS_FORK_FIELD_ENUM
        LS_FORK_FIELD_COUNT
};

/* The JSON member's name; never NULL. */
const char *ls_fork_field_name(enum ls_fork_field f);
/* By that name; NOT_FOUND. */
enum ls_err ls_fork_field_parse(const char *text, enum ls_fork_field *out);

/* Zeroed is a nameless fork that differs in mixHash, seed 0. */
struct ls_fork_spec {
    const char *name; /* branch it becomes; NULL: not entered in the branch table */
    uint64_t seed;    /* forks of one block with different seeds (or names) differ */
    enum ls_fork_field field;
    const char *value; /* JSON-RPC text of the value ("0x…"); NULL: derived from name and seed */
    uint32_t invalid_from; /* 1-based index of the first block an engine must refuse, its
                              descendants too; 0: all blocks execute */
};

/* Adds length (>= 1) blocks on top of block at: siblings of the recorded blocks at number + 1 …
 * on the canonical chain, or, when at is an orphan or itself synthetic, on the branch at was made
 * from where that reaches as far. ids[0 … length-1] (may be NULL) get their ids, lowest first.
 *
 * Errors: RANGE when the recorded chain is shorter than that (d names its tip), LIMIT when
 * extra_blocks or the branch table is used up, EXISTS when branch or blocks are there already,
 * PARSE for a bad value, NOMEM. Blocks added before an error stay, without a branch. */
enum ls_err ls_chain_fork(struct ls_chain *c, uint32_t at, uint32_t length,
                          const struct ls_fork_spec *spec, uint32_t *ids, struct ls_diag *d);

#endif
