/*
 * JSON-RPC by its text: what calls a request makes and what an answer says to each, as spans of the
 * bytes that went over the wire. Nothing is decoded; nothing is judged but the envelope.
 */
#ifndef LS_HARNESS_RECORD_CALLS_H
#define LS_HARNESS_RECORD_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"

#define LS_CALLS_MAX 4096u /* calls in one request */

struct ls_call {
    struct ls_span id;     /* as written; n 0: a notification */
    struct ls_span method; /* without quotes */
    struct ls_span params; /* as written; n 0: none */
};

struct ls_calls {
    struct ls_call *items; /* in the arena */
    size_t count;
    bool is_batch;
};

/* What was said to one call. */
enum ls_said { LS_SAID_NOTHING, LS_SAID_RESULT, LS_SAID_ERROR };

struct ls_said_text {
    enum ls_said kind;
    struct ls_span text; /* the result or the error object, as written */
};

/* Splits a request body. PARSE when it is no JSON-RPC request (an empty batch is none), LIMIT,
 * NOMEM. Everything borrows from body. */
enum ls_err ls_calls_split(struct ls_span body, struct ls_arena *a, struct ls_calls *out);

/* Splits the body of the answer to calls into calls->count texts (in the arena). A member "error"
 * that is null counts as absent, a "result" beside an error too. PARSE when it is anything but
 * answers to these calls: other ids, a lone object for a batch, no JSON. */
enum ls_err ls_calls_answers(struct ls_span body, const struct ls_calls *calls, struct ls_arena *a,
                             struct ls_said_text **out);

/* true when the value is the JSON null. */
bool ls_calls_is_null(struct ls_span value);

#endif
