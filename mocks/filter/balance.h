/*
 * A load balancer: one backend before several, as a provider's URL is before nodes that are not all
 * at the same block. A held request goes back to the backend that holds it.
 */
#ifndef LS_MOCKS_FILTER_BALANCE_H
#define LS_MOCKS_FILTER_BALANCE_H

#include <stddef.h>
#include <stdint.h>

#include "mocks/backend.h"

#define LS_BALANCE_MAX 8u

enum ls_balance_by {
    LS_BALANCE_TURN,  /* each request to the next one */
    LS_BALANCE_CONN,  /* each connection to the next one, and all of its requests */
    LS_BALANCE_CHANCE /* by a number from the seed */
};

/* The backends are borrowed and outlive it; count is 1 .. LS_BALANCE_MAX. NULL when out of memory.
 * Freed by ls_balance_free. */
struct ls_backend *ls_balance_new(struct ls_backend *const *backends, size_t count,
                                  enum ls_balance_by by, uint64_t seed);
/* Leaves the backends alone. NULL is fine. */
void ls_balance_free(struct ls_backend *b);

/* Takes the i-th backend out (or in again): its requests go to the next one that is in; with none
 * left the answer is 503, as balancers give it. All are in at first. */
void ls_balance_set_in(struct ls_backend *b, size_t i, bool is_in);
/* Requests the i-th backend was given. */
uint64_t ls_balance_served(const struct ls_backend *b, size_t i);

#endif
