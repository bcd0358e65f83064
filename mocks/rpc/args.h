/*
 * Positional arguments decoded the way Go's JSON and geth's hexutil do it, because a consensus node
 * sees (and logs) their texts: "invalid argument 1: json: cannot unmarshal string into Go value of
 * type bool". The first fault becomes the call's error and every later step does nothing.
 *
 * Use: begin; then for each parameter take and one decoder; then end. Answer only when end is true.
 */
#ifndef LS_MOCKS_ARGS_H
#define LS_MOCKS_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/num.h"
#include "lib/op/types.h"
#include "mocks/rpc/jsonrpc.h"

#define LS_GO_NOTE_MAX 256u

struct ls_go_args {
    struct ls_rpc_call *call;
    const struct cJSON *next; /* NULL: no more given */
    unsigned index;           /* of the argument last taken */
    unsigned taken;
    bool is_failed;
    char noted[LS_GO_NOTE_MAX]; /* ls_go_args_note; "" = nothing */
};

/* Where a value stands, for the text: a field of a Go struct, or the argument itself (NULLs). */
struct ls_go_place {
    const char *structure;
    const char *field;
};
extern const struct ls_go_place LS_GO_ARGUMENT;

/* -32602 "non-array args" when params is something else. */
void ls_go_args_begin(struct ls_go_args *a, struct ls_rpc_call *call);
/* The next argument; NULL when it was not given, which is a fault when it is needed, or when there
 * was a fault before. */
const struct cJSON *ls_go_args_take(struct ls_go_args *a, bool is_needed);
/* No further argument may be there. true: no fault at all. */
bool ls_go_args_end(struct ls_go_args *a);

/* -32602 "invalid argument <index>: <text>". */
void ls_go_args_fail(struct ls_go_args *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Inside of an object Go's decoder reads on behind a value of the wrong kind: keeps the first one
 * in mind. what: the kind it is of ("array"), or the value ("number 1.5"); type: Go's, of the
 * field. */
void ls_go_args_note(struct ls_go_args *a, const char *what, struct ls_go_place p,
                     const char *type);
/* At the object's end, and nothing else was wrong: what was kept in mind is the fault. false: it
 * is, or there was one. */
bool ls_go_args_settle(struct ls_go_args *a);

/* Decoders; v NULL (argument not given) leaves *out. false: fault. type is Go's name of it. */
bool ls_go_fixed(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p,
                 const char *type, uint8_t *out, size_t n);
bool ls_go_hash(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p,
                struct ls_hash *out);
bool ls_go_u64(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p, uint64_t *out);
bool ls_go_big(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p,
               struct ls_u256 *out);
/* The same as holiman's uint256 reads it. */
bool ls_go_u256(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p,
                struct ls_u256 *out);
bool ls_go_bytes(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p,
                 struct ls_arena *arena, struct ls_span *out);
bool ls_go_bool(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p, bool *out);
/* The value must be of this JSON kind ("array", "object") or null; type names Go's type. */
bool ls_go_kind(struct ls_go_args *a, const struct cJSON *v, struct ls_go_place p, const char *kind,
                const char *type);

/* "string", "number", "bool", "array" or "object". */
const char *ls_go_kind_name(const struct cJSON *v);
/* Go matches member names in any case. */
bool ls_go_name_eq(const char *key, const char *name);

/* rpc.BlockNumber: a tag or a number. */
enum ls_go_block {
    LS_GO_NUMBER,
    LS_GO_LATEST,
    LS_GO_PENDING,
    LS_GO_SAFE,
    LS_GO_FINALIZED,
    LS_GO_EARLIEST
};
bool ls_go_block_number(struct ls_go_args *a, const struct cJSON *v, enum ls_go_block *kind,
                        uint64_t *number);
/* The tag's name; "" for LS_GO_NUMBER. */
const char *ls_go_block_name(enum ls_go_block kind);

#endif
