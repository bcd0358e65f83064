#include "harness/serve/timeline.h"

static uint64_t number_of(const struct ls_timeline *t, uint32_t id)
{
    return ls_universe_get(t->chain->l2, id)->ref.number;
}

/* --- recorded labels --- */

/* A window that was cut out of a recording keeps the times of the whole. */
static uint64_t time_of(const struct ls_timeline *t, size_t row)
{
    return t->chain->timeline[row].at_ms - t->chain->timeline[0].at_ms;
}

static const struct ls_chain_label *row_at(const struct ls_timeline *t, uint64_t at_ms)
{
    const struct ls_chain *c = t->chain;
    size_t low = 0; /* its time has come, or it is the first */
    size_t high = c->timeline_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (time_of(t, middle) <= at_ms) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return ls_chain_label(c, low);
}

static struct ls_src_heads recorded_heads(const struct ls_timeline *t, uint64_t at_ms)
{
    const struct ls_sync_status *st = &row_at(t, at_ms)->status;
    const struct ls_universe *l2 = t->chain->l2;
    const struct ls_universe *l1 = t->chain->l1;

    return (struct ls_src_heads){.unsafe_l2 = ls_universe_find(l2, &st->unsafe_l2.hash),
                                 .local_safe_l2 = ls_universe_find(l2, &st->local_safe_l2.hash),
                                 .safe_l2 = ls_universe_find(l2, &st->safe_l2.hash),
                                 .finalized_l2 = ls_universe_find(l2, &st->finalized_l2.hash),
                                 .current_l1 = ls_universe_find(l1, &st->current_l1.hash),
                                 .head_l1 = ls_universe_find(l1, &st->head_l1.hash),
                                 .safe_l1 = ls_universe_find(l1, &st->safe_l1.hash),
                                 .finalized_l1 = ls_universe_find(l1, &st->finalized_l1.hash)};
}

/* --- block time --- */

static uint64_t step_ms(const struct ls_timeline *t)
{
    return t->chain->rollup.block_time * 1000u;
}

static uint64_t length(const struct ls_timeline *t)
{
    return number_of(t, t->chain->tip) - number_of(t, t->chain->first);
}

/* The block whose time came lag blocks ago. At the end of the recording unsafe stands still and the
 * others catch up. */
static uint32_t behind(const struct ls_timeline *t, uint64_t at_ms, uint64_t lag)
{
    uint64_t up = at_ms / step_ms(t);

    up = up > lag ? up - lag : 0;
    up = up < length(t) ? up : length(t);
    return ls_chain_at(t->chain, number_of(t, t->chain->first) + up);
}

static uint32_t origin_of(const struct ls_timeline *t, uint32_t id)
{
    return ls_universe_find(t->chain->l1, &ls_universe_get(t->chain->l2, id)->ref.l1_origin.hash);
}

/* The newest recorded L1 block that is not later than time_s, from an older one on. */
static uint32_t l1_head(const struct ls_timeline *t, uint32_t from, uint64_t time_s)
{
    const struct ls_universe *l1 = t->chain->l1;

    while (from != LS_NO_BLOCK) {
        uint32_t next =
            ls_universe_at(l1, t->chain->l1_tip, ls_universe_get(l1, from)->ref.number + 1);
        if (next == LS_NO_BLOCK || ls_universe_get(l1, next)->ref.timestamp > time_s) {
            break;
        }
        from = next;
    }
    return from;
}

static struct ls_src_heads timed_heads(const struct ls_timeline *t, uint64_t at_ms)
{
    const struct ls_chain *c = t->chain;
    uint32_t unsafe = behind(t, at_ms, 0);
    uint32_t safe = behind(t, at_ms, t->lags.safe);
    uint32_t finalized = behind(t, at_ms, t->lags.finalized);
    uint64_t time_s = ls_universe_get(c->l2, unsafe)->ref.timestamp;

    return (struct ls_src_heads){.unsafe_l2 = unsafe,
                                 .local_safe_l2 = safe,
                                 .safe_l2 = safe,
                                 .finalized_l2 = finalized,
                                 .current_l1 = origin_of(t, safe),
                                 .head_l1 = l1_head(t, origin_of(t, unsafe), time_s),
                                 .safe_l1 = origin_of(t, safe),
                                 .finalized_l1 = origin_of(t, finalized)};
}

/* --- either --- */

struct ls_src_heads ls_timeline_heads(const struct ls_timeline *t, uint64_t at_ms)
{
    return t->chain->timeline_count > 0 ? recorded_heads(t, at_ms) : timed_heads(t, at_ms);
}

uint64_t ls_timeline_end_ms(const struct ls_timeline *t)
{
    const struct ls_chain *c = t->chain;
    uint64_t lag = t->lags.finalized > t->lags.safe ? t->lags.finalized : t->lags.safe;

    return c->timeline_count > 0 ? time_of(t, c->timeline_count - 1)
                                 : (length(t) + lag) * step_ms(t);
}

uint64_t ls_timeline_when(const struct ls_timeline *t, uint32_t block)
{
    const struct ls_chain *c = t->chain;
    uint64_t number = number_of(t, block);
    uint64_t first = number_of(t, c->first);

    for (size_t i = 0; i < c->timeline_count; i++) {
        if (ls_chain_label(c, i)->status.unsafe_l2.number >= number) {
            return time_of(t, i);
        }
    }
    if (c->timeline_count > 0 || number > first + length(t)) {
        return ls_timeline_end_ms(t);
    }
    return number < first ? 0 : (number - first) * step_ms(t);
}
