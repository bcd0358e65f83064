/*
 * The base fee that follows a block: EIP-1559 with the parameters of OP chains (fixed before
 * Holocene, in the header's extraData since; the data footprint and the floor of Jovian), or of an
 * L1.
 */
#ifndef LS_MOCKS_BASEFEE_H
#define LS_MOCKS_BASEFEE_H

#include <stdint.h>

#include "lib/op/header.h"
#include "lib/op/rollup.h"

/* Base fee of the child at timestamp (s) of a block with header parent and base fee parent_fee.
 * rollup NULL: an L1. */
uint64_t ls_base_fee_next(const struct ls_rollup *rollup, const struct ls_header *parent,
                          uint64_t parent_fee, uint64_t timestamp);

#endif
