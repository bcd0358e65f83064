/*
 * One line of calls.ndjson: an exchange of the node with a peer, or an event beside it.
 *
 * seq_in and seq_out come from one counter: each request that arrives and each answer that leaves
 * takes the next number. So "A was asked before B was answered" is A.seq_in < B.seq_out, across
 * peers too, and lines in the order of completion have rising seq_out.
 *
 * What a peer says is kept as it was written, not as it was understood: params, result and error
 * are the bytes of the wire (line breaks between tokens excepted); an answer that is no JSON-RPC
 * answer to the request is kept whole. Tokens and other headers are not kept.
 */
#ifndef LS_HARNESS_RECORD_ROW_H
#define LS_HARNESS_RECORD_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/record/calls.h"
#include "harness/record/peer.h"
#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"

/* Why there was no whole answer. X(name, word) */
#define LS_FAIL_LIST(X)                                                             \
    X(NONE, "none")                                                                 \
    X(REFUSED, "refused") /* the peer could not be reached */                       \
    X(UNKNOWN, "unknown") /* its name did not resolve */                            \
    X(TLS, "tls")                                                                   \
    X(RESET, "reset") /* the connection ended before an answer began */             \
    X(CUT, "cut")     /* it ended within the answer: http and body are what came */ \
    X(TOO_LONG, "too-long")                                                         \
    X(GONE, "gone") /* the node gave up waiting */                                  \
    X(OPEN, "open") /* the recording ended first */

enum ls_fail_kind {
#define LS_FAIL_ENUM(name, word) LS_FAIL_##name,
    LS_FAIL_LIST(LS_FAIL_ENUM)
#undef LS_FAIL_ENUM
        LS_FAIL_COUNT
};

/* "refused" …; static. */
const char *ls_fail_name(enum ls_fail_kind f);

enum ls_row_kind {
    LS_ROW_CALL,  /* one JSON-RPC call */
    LS_ROW_BATCH, /* several in one request */
    LS_ROW_RAW,   /* a request that is no JSON-RPC */
    LS_ROW_EVENT  /* no exchange: something a person or another program saw or did */
};

struct ls_row_call {
    struct ls_span method; /* without quotes, escapes kept */
    struct ls_span params; /* as written; n 0: none */
    struct ls_said_text said;
};

struct ls_row {
    enum ls_row_kind kind;
    uint64_t seq_in;
    uint64_t seq_out;
    uint64_t asked_seq; /* when the node asked, or was asked: seq_in, but for payloads handed to the
                           node (ls_tape_open). Not in the line */
    uint64_t at_ms;     /* when the request came, from the start of the recording */
    uint64_t ms;        /* until the answer left */
    enum ls_peer peer;

    struct ls_span verb; /* n 0: POST */
    struct ls_span path; /* with query; n 0: "/" */
    struct ls_row_call *calls;
    size_t call_count;
    struct ls_span request; /* RAW: the body */

    unsigned http;          /* status; 0: no answer */
    enum ls_fail_kind fail; /* http 0, or CUT */
    bool has_body;          /* the answer is body, and calls say nothing */
    struct ls_span body;
    struct ls_span content_type; /* n 0: application/json, or none at all: */
    bool has_no_type;
    uint64_t retry_after_s; /* 0: none */
    struct ls_span fault; /* transcripts: what stood between changed or withheld the answer, so that
                             it is not the peer's own; in a few words. n 0: it is */

    struct ls_span who;   /* EVENT: "gossip" "probe" "harness" …, without quotes */
    struct ls_span event; /* EVENT: a JSON value */
};

/* true for a hand-over of an unsafe payload to the node's own port that the node took. */
bool ls_row_is_payload(const struct ls_row *row);

/* true for a single call that changes the engine: a payload or a forkchoice. */
bool ls_row_is_write(const struct ls_row *row);

/* The block of an engine_newPayload or of such a hand-over: its hash as written, n 0 for any other
 * row. */
struct ls_span ls_row_block_hash(const struct ls_row *row);

/* Appends the row as a line without line feed. Errors stick in b. */
void ls_row_write(const struct ls_row *row, struct ls_buf *b);

/* Reads a line. Texts of JSON values borrow from line; decoded ones (request, body, verb, path,
 * content type) and the lists lie in a. PARSE, MISSING, TYPE … with a sentence that names the
 * member. */
enum ls_err ls_row_read(struct ls_span line, struct ls_arena *a, struct ls_row *out,
                        struct ls_diag *d);

#endif
