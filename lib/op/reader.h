/*
 * Reading the members of one JSON object with a sticky first error: decoders read on without a test
 * a line and look at the error once. Internal to lib/op.
 *
 * The "opt" forms take an absent member and a JSON null as the same thing (Go's encoders write
 * either) and say whether there was a value.
 */
#ifndef LS_OP_READER_H
#define LS_OP_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/json.h"
#include "lib/num.h"

struct ls_reader {
    const struct cJSON *object;
    struct ls_diag *diag; /* may be NULL */
    enum ls_err err;      /* first error; from then on nothing is read */
};

/* A reader over object; TYPE (in .err) when it is not one. what names it in the sentence. */
struct ls_reader ls_reader_open(const struct cJSON *object, const char *what, struct ls_diag *d);

/* Keeps e with a sentence naming the member, unless there is an error already or e is OK. */
void ls_reader_fail(struct ls_reader *r, enum ls_err e, const char *key);

/* The member when it is there and not null; NULL otherwise and after an error. */
const struct cJSON *ls_reader_get(const struct ls_reader *r, const char *key);

/* Required members. On error the output is untouched. */
void ls_reader_fixed(struct ls_reader *r, const char *key, uint8_t *out, size_t n);
void ls_reader_quantity(struct ls_reader *r, const char *key, uint64_t *out);
void ls_reader_u256(struct ls_reader *r, const char *key, struct ls_u256 *out);

/* Required data of at most bytes_max bytes, decoded to out; *n is the count. */
void ls_reader_data(struct ls_reader *r, const char *key, uint8_t *out, size_t bytes_max,
                    size_t *n);

/* Optional members: true when a value was read. */
bool ls_reader_opt_fixed(struct ls_reader *r, const char *key, uint8_t *out, size_t n);
bool ls_reader_opt_quantity(struct ls_reader *r, const char *key, uint64_t *out);
bool ls_reader_opt_u256(struct ls_reader *r, const char *key, struct ls_u256 *out);

/* Why a gave no n bytes: LIMIT at its maximum, which is a peer's doing, or else NOMEM. */
enum ls_err ls_reader_refused(const struct ls_arena *a, size_t n);

#endif
