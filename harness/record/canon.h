/*
 * The normal form of a call: two clients that ask the same thing in other bytes have the same key.
 *
 * Taken out of account: white space, order of object members, members that are null, trailing
 * parameters that are null, absent against empty parameters, upper case in hexadecimal strings, and
 * leading zeros of hexadecimal strings of at most 16 digits (quantities). Numbers, other strings
 * and the order of arrays count as they are.
 */
#ifndef LS_HARNESS_RECORD_CANON_H
#define LS_HARNESS_RECORD_CANON_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"

struct ls_canon_key {
    uint8_t b[32];
};

/* Appends the normal form of params (a JSON value that ls_json_scan took, or n 0) to out. a is for
 * scratch. LIMIT, NOMEM. */
enum ls_err ls_canon_params(struct ls_span params, struct ls_arena *a, struct ls_buf *out);

/* The key of a call. a is for scratch and may be reset afterwards. LIMIT, NOMEM. */
enum ls_err ls_canon_key(struct ls_span method, struct ls_span params, struct ls_arena *a,
                         struct ls_canon_key *out);

#endif
