/*
 * How a source misbehaves by itself: one table, one row a profile (scenarios 2.2). What a source
 * does because of its heads (steady, a fork, a chain of its own) is whoever moves them.
 */
#include <string.h>

#include "lib/num.h"
#include "mocks/model/profile_name.h"
#include "mocks/model/source.h"

#define ALL UINT64_MAX

/* clang-format off */
static const struct ls_src_profile PROFILES[] = {
    {.name = "normal",   .what = "says what its heads are"},
    {.name = "kona",     .shape = LS_SRC_SHAPE_KONA, .what = "a status without pending_safe_l2"},
    {.name = "old",      .shape = LS_SRC_SHAPE_OLD, .what = "a status without local_safe_l2"},
    {.name = "freeze",   .is_frozen = true, .what = "the same for ever"},
    {.name = "regress",  .regress = 5, .param = "BLOCKS",
     .what = "safe is so many blocks lower on the same chain"},
    {.name = "saw",      .saw_depth = 400, .saw_period = 20, .param = "BLOCKS/TICKS",
     .what = "safe falls by so many blocks and climbs back in so many ticks, again and again"},
    {.name = "cold",     .mood = LS_SRC_ONLY_G, .answers = 5, .param = "ANSWERS",
     .what = "just started: everything is genesis, current L1 zero"},
    {.name = "cold-finalized", .mood = LS_SRC_ONLY_F, .answers = 5, .param = "ANSWERS",
     .what = "just restarted: safe is the finalized block, current L1 zero"},
    {.name = "cold-zeros", .mood = LS_SRC_ZEROS, .answers = 5, .param = "ANSWERS",
     .what = "just restarted: every reference is zero"},
    {.name = "byz",      .mood = LS_SRC_GARBAGE, .answers = ALL, .param = "ANSWERS",
     .what = "well-formed garbage, another in each answer"},
};
/* clang-format on */

#define COUNT (sizeof PROFILES / sizeof PROFILES[0])

const struct ls_src_profile *ls_source_profile_at(size_t i)
{
    return i < COUNT ? &PROFILES[i] : NULL;
}

static bool read_number(const char *text, size_t n, uint64_t *out)
{
    return ls_parse_dec(text, n, out) == LS_OK && *out > 0 && *out <= UINT32_MAX;
}

static bool read_param(const char *text, struct ls_src_profile *p)
{
    const char *slash = memchr(text, '/', strlen(text));
    if (p->saw_depth != 0) {
        return slash != NULL && read_number(text, (size_t)(slash - text), &p->saw_depth) &&
               read_number(slash + 1, strlen(slash + 1), &p->saw_period);
    }
    return p->param != NULL &&
           read_number(text, strlen(text), p->regress != 0 ? &p->regress : &p->answers);
}

bool ls_source_profile_read(const char *text, struct ls_src_profile *out)
{
    const char *param = ls_profile_param(text);
    for (size_t i = 0; i < COUNT; i++) {
        if (ls_profile_is(text, "src-", PROFILES[i].name)) {
            *out = PROFILES[i];
            return param == NULL || read_param(param, out);
        }
    }
    return false;
}
