/*
 * A JSON object decoded into a C struct the way Go's encoding/json does it with geth's types: the
 * members in the order they stand in the text, names in any case, null as absent. A value that
 * cannot be decoded ends it; one of the wrong kind is kept in mind and told when nothing worse
 * comes; only then are fields missed. Types are tables; nothing here knows a method. op-reth's way
 * is mocks/rpc/serde.h.
 */
#ifndef LS_MOCKS_GOSTRUCT_H
#define LS_MOCKS_GOSTRUCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "mocks/rpc/args.h"

enum ls_go_field_kind {
    LS_GO_FIELD_HASH,    /* struct ls_hash */
    LS_GO_FIELD_ADDRESS, /* struct ls_addr */
    LS_GO_FIELD_U64,     /* uint64_t, from hex */
    LS_GO_FIELD_NUMBER,  /* uint64_t, from a JSON number */
    LS_GO_FIELD_BIG,     /* struct ls_u256, from hex */
    LS_GO_FIELD_BOOL,
    LS_GO_FIELD_BYTES,      /* struct ls_span */
    LS_GO_FIELD_BYTES_LIST, /* const struct ls_span *, and size_t at `count` */
    LS_GO_FIELD_OBJECTS     /* a pointer to structs of the type `of`, and size_t at `count` */
};

#define LS_GO_NO_FLAG ((size_t)-1)
#define LS_GO_REQUIRED ((size_t)-2)

struct ls_go_struct;

struct ls_go_field {
    const char *name;
    enum ls_go_field_kind kind;
    size_t at;    /* offset of the value */
    size_t flag;  /* offset of a bool that says whether it is there; or one of the two above */
    size_t count; /* of a list */
    const struct ls_go_struct *of;
};

/* At most LS_GO_FIELDS_MAX fields. Those of elements of a list are hashes, addresses, hex numbers
 * or bytes, none of them required. */
#define LS_GO_FIELDS_MAX 24u
struct ls_go_struct {
    const char *name;    /* as Go's decoder calls it: "ExecutableData" */
    const char *package; /* that it is declared in: "engine" */
    const struct ls_go_field *fields;
    size_t field_count;
    size_t bytes; /* of the C struct */
};

/* EIP-4895. */
struct ls_go_withdrawal {
    uint64_t index;
    uint64_t validator;
    struct ls_addr address;
    uint64_t amount; /* Gwei */
};
extern const struct ls_go_struct LS_GO_WITHDRAWAL;

/* Decodes the argument v into out, which is cleared first; lists and bytes live in the arena. v
 * NULL (argument not given) and every fault: false. A null leaves all fields away. */
bool ls_go_struct_read(struct ls_go_args *a, const struct cJSON *v, const struct ls_go_struct *s,
                       struct ls_arena *arena, void *out);

#endif
