/*
 * Whose turn it is: which of the nodes behind a load balancer gets a request. Pure, in caller
 * memory.
 */
#ifndef LS_MOCKS_TURNS_H
#define LS_MOCKS_TURNS_H

#include <stdbool.h>
#include <stdint.h>

enum ls_turns_policy { LS_TURNS_ROUND_ROBIN, LS_TURNS_STICKY, LS_TURNS_RANDOM };

struct ls_turns {
    unsigned count; /* of nodes; 1 or more */
    enum ls_turns_policy policy;
    uint64_t turn;   /* round robin */
    uint64_t random; /* state of ls_turns_random, at first the seed */
};

/* The next request's node, 0 … count - 1; conn is the connection it came on (STICKY). */
unsigned ls_turns_next(struct ls_turns *t, uint64_t conn);

/* A number of a sequence that depends on where state began (splitmix64). */
uint64_t ls_turns_random(uint64_t *state);

/* Policy by the name people give it: "turn", "conn", "chance". false: there is none such. */
bool ls_turns_policy_find(const char *name, enum ls_turns_policy *out);

#endif
