#include "mocks/model/turns.h"

#include <stddef.h>
#include <string.h>

uint64_t ls_turns_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

unsigned ls_turns_next(struct ls_turns *t, uint64_t conn)
{
    switch (t->policy) {
    case LS_TURNS_ROUND_ROBIN:
        return (unsigned)(t->turn++ % t->count);
    case LS_TURNS_STICKY:
        return (unsigned)(conn % t->count);
    case LS_TURNS_RANDOM:
        return (unsigned)(ls_turns_random(&t->random) % t->count);
    }
    return 0;
}

bool ls_turns_policy_find(const char *name, enum ls_turns_policy *out)
{
    static const char *const names[] = {
        [LS_TURNS_ROUND_ROBIN] = "turn", [LS_TURNS_STICKY] = "conn", [LS_TURNS_RANDOM] = "chance"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum ls_turns_policy)i;
            return true;
        }
    }
    return false;
}
