/*
 * The L1 as a light CL sees it: a canonical chain of headers with latest, safe and finalized, which
 * can lag, go back and be reorganised by choosing another tip of the L1 universe; one node, or
 * several behind a load balancer. Pure, in caller memory.
 */
#ifndef LS_MOCKS_L1_H
#define LS_MOCKS_L1_H

#include <stddef.h>
#include <stdint.h>

#include "lib/op/types.h"
#include "mocks/model/turns.h"
#include "mocks/model/universe.h"

struct ls_l1;

size_t ls_l1_size(void);
/* Over u, canonical tip = tip (LS_NO_BLOCK: an L1 without blocks), nothing safe or finalized. u
 * outlives it. */
struct ls_l1 *ls_l1_init(void *mem, const struct ls_universe *u, uint32_t tip);

/* Another canonical chain: reorg or growth. */
void ls_l1_set_tip(struct ls_l1 *l, uint32_t tip);
uint32_t ls_l1_tip(const struct ls_l1 *l);
/* The node is behind the tip by this many blocks: it does not have them yet. */
void ls_l1_set_lag(struct ls_l1 *l, uint64_t blocks);
/* Numbers; above latest they are clamped to it. UINT64_MAX = unset. */
void ls_l1_set_safe(struct ls_l1 *l, uint64_t number);
void ls_l1_set_finalized(struct ls_l1 *l, uint64_t number);

/* Another network's id (L1-WRONG); 0: the chain's own. */
void ls_l1_set_chain_id(struct ls_l1 *l, uint64_t chain_id);
uint64_t ls_l1_chain_id(const struct ls_l1 *l);

#define LS_L1_NODES_MAX 8u

/* A node behind a balancer (L1-LB). */
struct ls_l1_node {
    uint64_t lag; /* beside that of the L1 */
    uint32_t tip; /* of its canonical chain, as high as the L1's at most; LS_NO_BLOCK: the L1's */
};
/* count (1 … LS_L1_NODES_MAX) nodes; one at the L1's tip is no balancer. */
void ls_l1_balance(struct ls_l1 *l, const struct ls_l1_node *nodes, unsigned count,
                   enum ls_turns_policy policy, uint64_t seed);
/* Which node answers what is asked from now on; once a call. conn: its connection. */
void ls_l1_turn(struct ls_l1 *l, uint64_t conn);

enum ls_l1_tag { LS_L1_TAG_LATEST, LS_L1_TAG_SAFE, LS_L1_TAG_FINALIZED, LS_L1_TAG_EARLIEST };
/* LS_NO_BLOCK when it does not have it. A hash is found also off the canonical chain, as real nodes
 * do, unless it is above the lagging latest. */
uint32_t ls_l1_by_tag(const struct ls_l1 *l, enum ls_l1_tag tag);
uint32_t ls_l1_by_number(const struct ls_l1 *l, uint64_t number);
uint32_t ls_l1_by_hash(const struct ls_l1 *l, const struct ls_hash *hash);

#endif
