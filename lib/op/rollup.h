/*
 * Rollup config (op-node's rollup.json, spec section 6.4) and the fork schedule derived from it.
 */
#ifndef LS_OP_ROLLUP_H
#define LS_OP_ROLLUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/types.h"

/* In order of activation. Bedrock is active from genesis. */
enum ls_fork {
    LS_FORK_BEDROCK,
    LS_FORK_REGOLITH,
    LS_FORK_CANYON,
    LS_FORK_DELTA,
    LS_FORK_ECOTONE,
    LS_FORK_FJORD,
    LS_FORK_GRANITE,
    LS_FORK_HOLOCENE,
    LS_FORK_ISTHMUS,
    LS_FORK_JOVIAN,
    LS_FORK_KARST,
    LS_FORK_INTEROP,
    LS_FORK_COUNT
};

#define LS_FORK_NEVER UINT64_MAX

struct ls_rollup {
    struct ls_block_id genesis_l1;
    struct ls_block_id genesis_l2;
    uint64_t genesis_l2_time; /* s */
    uint64_t block_time;      /* s, >= 1 */
    uint64_t l1_chain_id;
    uint64_t l2_chain_id;
    uint64_t fork_time[LS_FORK_COUNT]; /* s; LS_FORK_NEVER when not scheduled */
};

/* Parses op-node's rollup.json. Unknown members are refused and named in d, as op-node does, but
 * what op-alloy (kona) writes is known too: its own members, null for absent, chain ids by name.
 * Refused as well: wrong types, a missing or zero genesis hash, genesis time, block_time or chain
 * id, L1 and L2 alike in hash or chain id, and forks out of order (regolith … isthmus must each be
 * no earlier than the one before and need it set). All of these are CONFIG, broken JSON is PARSE;
 * *out is then untouched. */
enum ls_err ls_rollup_parse(const char *text, size_t n, struct ls_rollup *out, struct ls_diag *d);

/* true when fork is active for a block with this timestamp (seconds). */
bool ls_rollup_is_active(const struct ls_rollup *r, enum ls_fork fork, uint64_t timestamp_s);

/* true when the block at timestamp is the first of that fork (active now, not block_time ago;
 * activation at genesis has no activation block). */
bool ls_rollup_is_activation(const struct ls_rollup *r, enum ls_fork fork, uint64_t timestamp_s);

/* The newest active fork. */
enum ls_fork ls_rollup_fork_at(const struct ls_rollup *r, uint64_t timestamp_s);

/* "bedrock" … "interop"; never NULL. */
const char *ls_fork_name(enum ls_fork fork);

#endif
