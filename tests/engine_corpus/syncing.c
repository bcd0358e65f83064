#include "tests/engine_corpus/syncing.h"

#include <stdint.h>

#include "lib/json.h"

#define UNWRITTEN_MAX 2u /* op-reth's --engine.persistence-threshold */

static uint64_t number(const struct cJSON *obj, const char *key)
{
    uint64_t n = UINT64_MAX;
    return ls_json_quantity(ls_json_get(obj, key), &n) == LS_OK ? n : UINT64_MAX;
}

static bool is_same(const struct cJSON *want, const struct cJSON *got, const char *key)
{
    return number(want, key) == number(got, key);
}

static bool is_false(const struct cJSON *v)
{
    return ls_json_is_bool(v) && !ls_json_true(v);
}

/* Which object is what is in the header. */
static bool is_running(const struct cJSON *want)
{
    return ls_json_is_object(want) && number(want, "currentBlock") < number(want, "highestBlock");
}

static bool is_at_start(const struct cJSON *got)
{
    return number(got, "currentBlock") == number(got, "startingBlock");
}

static bool lacks_one(const struct cJSON *got)
{
    return number(got, "currentBlock") + 1u == number(got, "highestBlock");
}

bool ls_syncing_is_geth(const struct cJSON *want, const struct cJSON *got,
                        struct ls_syncing_view view)
{
    if (!is_false(want) && !ls_json_is_object(want)) {
        return false;
    }
    if (!ls_json_is_object(got)) {
        return is_false(got) && !(view.has_peers && is_running(want));
    }
    if (!is_running(want)) {
        bool has_no_goal = ls_json_is_object(want) && number(want, "highestBlock") == 0;
        return has_no_goal || (view.has_head && (lacks_one(got) || is_at_start(got)));
    }
    return is_same(want, got, "startingBlock") &&
           (!view.has_head || is_same(want, got, "currentBlock"));
}

static bool is_near(uint64_t a, uint64_t b)
{
    return a > b ? a - b <= UNWRITTEN_MAX : b - a <= UNWRITTEN_MAX;
}

static bool is_stage(const struct cJSON *stages, const struct cJSON *want)
{
    uint64_t n = 0;
    uint64_t have = number(stages, ls_json_key(want));
    return ls_json_quantity(want, &n) == LS_OK && have != UINT64_MAX && is_near(n, have);
}

/* As recorded, or {"$all": n}. */
static bool are_stages(const struct cJSON *want, const struct cJSON *got)
{
    const struct cJSON *all = ls_json_get(want, "$all");
    if (all == NULL && ls_json_count(want) != ls_json_count(got)) {
        return false;
    }
    for (const struct cJSON *m = ls_json_first(all == NULL ? want : got); m != NULL;
         m = ls_json_next(m)) {
        uint64_t a = 0;
        uint64_t b = 0;
        bool is_fine = all == NULL ? is_stage(got, m)
                                   : ls_json_quantity(all, &a) == LS_OK &&
                                         ls_json_quantity(m, &b) == LS_OK && is_near(a, b);
        if (!is_fine) {
            return false;
        }
    }
    return true;
}

bool ls_syncing_is_reth(const struct cJSON *want, const struct cJSON *got)
{
    if (!ls_json_is_object(want)) {
        return is_false(want) && is_false(got);
    }
    return ls_json_is_object(got) && is_same(want, got, "startingBlock") &&
           is_same(want, got, "currentBlock") && is_same(want, got, "highestBlock") &&
           are_stages(ls_json_get(want, "stages"), ls_json_get(got, "stages"));
}
