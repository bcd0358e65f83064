/*
 * Chance that repeats: numbers from a seed (splitmix64). Private to mocks/filter.
 */
#ifndef LS_MOCKS_FILTER_CHANCE_H
#define LS_MOCKS_FILTER_CHANCE_H

#include <stdint.h>

/* The next number in [0, 1). *state is the seed at first. */
double ls_chance_next(uint64_t *state);

#endif
