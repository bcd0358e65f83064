#include "mocks/model/l1.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

struct ls_l1 {
    const struct ls_universe *u;
    uint32_t tip;
    uint64_t lag;
    uint64_t safe;      /* UINT64_MAX = unset */
    uint64_t finalized; /* UINT64_MAX = unset */
    uint64_t chain_id;  /* 0 = the chain's own */
    struct ls_turns turns;
    struct ls_l1_node nodes[LS_L1_NODES_MAX];
    unsigned node; /* who answers */
};

size_t ls_l1_size(void)
{
    return (sizeof(struct ls_l1) + 15u) / 16u * 16u;
}

struct ls_l1 *ls_l1_init(void *mem, const struct ls_universe *u, uint32_t tip)
{
    struct ls_l1 *l = mem;
    *l = (struct ls_l1){.u = u,
                        .tip = tip,
                        .safe = UINT64_MAX,
                        .finalized = UINT64_MAX,
                        .turns.count = 1,
                        .nodes[0].tip = LS_NO_BLOCK};
    return l;
}

void ls_l1_set_tip(struct ls_l1 *l, uint32_t tip)
{
    l->tip = tip;
}

uint32_t ls_l1_tip(const struct ls_l1 *l)
{
    return l->tip;
}

void ls_l1_set_lag(struct ls_l1 *l, uint64_t blocks)
{
    l->lag = blocks;
}

void ls_l1_set_safe(struct ls_l1 *l, uint64_t number)
{
    l->safe = number;
}

void ls_l1_set_finalized(struct ls_l1 *l, uint64_t number)
{
    l->finalized = number;
}

void ls_l1_set_chain_id(struct ls_l1 *l, uint64_t chain_id)
{
    l->chain_id = chain_id;
}

uint64_t ls_l1_chain_id(const struct ls_l1 *l)
{
    return l->chain_id;
}

void ls_l1_balance(struct ls_l1 *l, const struct ls_l1_node *nodes, unsigned count,
                   enum ls_turns_policy policy, uint64_t seed)
{
    assert(count >= 1 && count <= LS_L1_NODES_MAX);
    l->turns = (struct ls_turns){.count = count, .policy = policy, .random = seed};
    memcpy(l->nodes, nodes, count * sizeof nodes[0]);
    l->node = 0;
}

void ls_l1_turn(struct ls_l1 *l, uint64_t conn)
{
    l->node = ls_turns_next(&l->turns, conn);
}

/* The tip of the node that answers. */
static uint32_t tip_of_node(const struct ls_l1 *l)
{
    uint32_t tip = l->nodes[l->node].tip;
    if (tip == LS_NO_BLOCK || l->tip == LS_NO_BLOCK) {
        return l->tip;
    }
    uint32_t at = ls_universe_at(l->u, tip, ls_universe_get(l->u, l->tip)->ref.number);
    return at != LS_NO_BLOCK ? at : tip;
}

/* The newest block it has; LS_NO_BLOCK when it lags behind everything recorded. */
static uint32_t latest(const struct ls_l1 *l)
{
    uint32_t tip = tip_of_node(l);
    if (tip == LS_NO_BLOCK) {
        return LS_NO_BLOCK;
    }
    uint64_t number = ls_universe_get(l->u, tip)->ref.number;
    uint64_t lag = l->lag + l->nodes[l->node].lag;
    return number < lag ? LS_NO_BLOCK : ls_universe_at(l->u, tip, number - lag);
}

static uint32_t at_most_latest(const struct ls_l1 *l, uint64_t number)
{
    uint32_t top = latest(l);
    if (top == LS_NO_BLOCK || number == UINT64_MAX) {
        return LS_NO_BLOCK;
    }
    if (number >= ls_universe_get(l->u, top)->ref.number) {
        return top;
    }
    return ls_universe_at(l->u, top, number);
}

uint32_t ls_l1_by_tag(const struct ls_l1 *l, enum ls_l1_tag tag)
{
    switch (tag) {
    case LS_L1_TAG_LATEST:
        return latest(l);
    case LS_L1_TAG_SAFE:
        return at_most_latest(l, l->safe);
    case LS_L1_TAG_FINALIZED:
        return at_most_latest(l, l->finalized);
    case LS_L1_TAG_EARLIEST:
        return ls_l1_by_number(l, 0);
    }
    return LS_NO_BLOCK;
}

uint32_t ls_l1_by_number(const struct ls_l1 *l, uint64_t number)
{
    return ls_universe_at(l->u, latest(l), number);
}

uint32_t ls_l1_by_hash(const struct ls_l1 *l, const struct ls_hash *hash)
{
    uint32_t id = ls_universe_find(l->u, hash);
    uint32_t top = latest(l);
    if (id == LS_NO_BLOCK || top == LS_NO_BLOCK) {
        return LS_NO_BLOCK;
    }
    bool is_ahead = ls_universe_get(l->u, id)->ref.number > ls_universe_get(l->u, top)->ref.number;
    return is_ahead ? LS_NO_BLOCK : id;
}
