#include "mocks/model/l1.h"

#include <stdbool.h>

struct ls_l1 {
    const struct ls_universe *u;
    uint32_t tip;
    uint64_t lag;
    uint64_t safe;      /* UINT64_MAX = unset */
    uint64_t finalized; /* UINT64_MAX = unset */
};

size_t ls_l1_size(void)
{
    return (sizeof(struct ls_l1) + 15u) / 16u * 16u;
}

struct ls_l1 *ls_l1_init(void *mem, const struct ls_universe *u, uint32_t tip)
{
    struct ls_l1 *l = mem;
    *l = (struct ls_l1){.u = u, .tip = tip, .safe = UINT64_MAX, .finalized = UINT64_MAX};
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

/* The newest block it has; LS_NO_BLOCK when it lags behind everything recorded. */
static uint32_t latest(const struct ls_l1 *l)
{
    if (l->tip == LS_NO_BLOCK) {
        return LS_NO_BLOCK;
    }
    uint64_t number = ls_universe_get(l->u, l->tip)->ref.number;
    return number < l->lag ? LS_NO_BLOCK : ls_universe_at(l->u, l->tip, number - l->lag);
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
