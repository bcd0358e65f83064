/*
 * RLP as go-ethereum decodes it into its types: what it takes, which fault it meets first, and the
 * words and the path it names, because a consensus node sees and logs them: "rlp: input string too
 * long for uint64, decoding into (types.DynamicFeeTx).Nonce". Types are tables; nothing here knows
 * a transaction. Values are judged, not kept: lib/rlp.h reads what was accepted.
 */
#ifndef LS_MOCKS_GORLP_H
#define LS_MOCKS_GORLP_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/bytes.h"

enum ls_gorlp_kind {
    LS_GORLP_UINT,         /* an integer of at most `size` bytes in a machine word */
    LS_GORLP_BOOL,         /* 0 or 1 */
    LS_GORLP_BIG,          /* an integer of any length */
    LS_GORLP_U256,         /* an integer of at most 32 bytes, too long a one in words of its own */
    LS_GORLP_BYTES,        /* a string of any length */
    LS_GORLP_FIXED,        /* a string of exactly `size` bytes */
    LS_GORLP_FIXED_OR_NIL, /* the same, or an empty one */
    LS_GORLP_LIST,         /* a list of `item`s */
    LS_GORLP_STRUCT        /* a list of these fields, no more and no less */
};

struct ls_gorlp_field;

struct ls_gorlp_type {
    const char *name; /* Go's */
    enum ls_gorlp_kind kind;
    size_t size;
    const struct ls_gorlp_type *item;
    const struct ls_gorlp_field *fields;
    size_t field_count;
};

struct ls_gorlp_field {
    const char *name;
    const struct ls_gorlp_type *type;
};

/* Room for every sentence. */
#define LS_GORLP_TEXT_MAX 256u

/* Levels that types nest at most. */
#define LS_GORLP_DEPTH_MAX 8u

/* All of the bytes are one value of this type: true. Otherwise text says what is wrong. */
bool ls_gorlp_check(struct ls_span in, const struct ls_gorlp_type *type,
                    char text[LS_GORLP_TEXT_MAX]);

/* One value at the front of some bytes, as its function for cutting them reads it (a little
 * stricter in strings of one byte, and with words of its own for bytes that end too early). */
struct ls_gorlp_part {
    bool is_list;
    struct ls_span content;
    struct ls_span rest; /* behind the value */
};
/* NULL, or what is wrong; static. */
const char *ls_gorlp_split(struct ls_span in, struct ls_gorlp_part *out);

#endif
