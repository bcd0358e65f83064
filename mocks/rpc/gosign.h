/*
 * What op-geth's signer finds wrong with a transaction before it recovers the sender: its type, its
 * chain, the range of its signature. Whether the signature is anybody's takes elliptic curves,
 * which the mocks do without.
 */
#ifndef LS_MOCKS_GOSIGN_H
#define LS_MOCKS_GOSIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"

#define LS_GOSIGN_TEXT_MAX 320u

struct ls_gosign_rules {
    uint64_t chain_id;
    bool has_set_code; /* type 4: Isthmus and later */
};

/* The transaction (one that ls_gotx_check took) may have a sender: true; a deposit says who it is.
 * Otherwise text says what is wrong; numbers past 64 bytes are cut. */
bool ls_gosign_check(struct ls_span tx, const struct ls_gosign_rules *rules,
                     char text[LS_GOSIGN_TEXT_MAX]);

#endif
