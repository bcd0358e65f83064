/*
 * The trace: one JSON line for everything that happened in a run, written by the mocks and the
 * harness, read back by the invariant checkers and by people. It is the only evidence a verdict
 * stands on, so it says what was asked, what was answered, and in which order both happened.
 *
 * A call is opened when its request is complete (seq_in) and written when its answer left or the
 * connection died (seq_out): two calls overlap exactly when one's [seq_in, seq_out] contains the
 * other's seq_in. Lines come out in order of seq_out; a call never answered is written by
 * ls_trace_finish with seq_out 0. Sequence numbers are shared by all kinds of events.
 *
 * Who does what: the carrier opens and closes (ls_trace_open, ls_trace_close); the tap
 * (mocks/rpc/tap.h), filters and JSON-RPC handlers between fill in the events; the harness writes
 * its own with ls_trace_put. Member order is fixed, absent things are left out, so equal runs give
 * equal bytes.
 */
#ifndef LS_MOCKS_TRACE_H
#define LS_MOCKS_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/types.h"

/* Who was called, or who speaks. The first three have the values of enum ls_endpoint. */
enum ls_trace_ep {
    LS_TRACE_ENGINE,
    LS_TRACE_SOURCE,
    LS_TRACE_L1,
    LS_TRACE_CL,     /* the node under test: start, exit, pay, status */
    LS_TRACE_HARNESS /* verb, note */
};

enum ls_trace_kind {
    LS_TRACE_CALL,   /* a request to a mock */
    LS_TRACE_START,  /* a new incarnation runs; text = command line */
    LS_TRACE_EXIT,   /* it ended; code = exit code, or minus the signal; text free */
    LS_TRACE_PAY,    /* block was handed to the CL (admin_postUnsafePayload acknowledged) */
    LS_TRACE_STATUS, /* the CL's own optimism_syncStatus: heads */
    LS_TRACE_VERB,   /* a scenario verb changed the world; method = verb, text = arguments */
    LS_TRACE_NOTE    /* a sentence: text */
};

/* A block by hash, with its number where it is known. Zero hash and !has_number: absent. A zero
 * hash that was really sent has has_hash set. */
struct ls_trace_block {
    struct ls_hash hash;
    uint64_t number;
    bool has_hash;
    bool has_number;
};

/* How a call was answered. */
enum ls_trace_answer {
    LS_TRACE_NO_ANSWER, /* nothing was sent (hang, reset, still open) or no call */
    LS_TRACE_RESULT,
    LS_TRACE_NULL,  /* "result": null */
    LS_TRACE_ERROR, /* JSON-RPC error: code, text */
    LS_TRACE_OTHER  /* not a JSON-RPC answer to this call (HTTP error, broken body, wrong id) */
};

#define LS_TRACE_METHOD_MAX 48u
#define LS_TRACE_TEXT_MAX 256u
#define LS_TRACE_LINE_MAX 8192u

struct ls_trace_event {
    /* when and where: set by the trace, except kind and ep */
    uint64_t seq_in;
    uint64_t seq_out; /* 0 = in flight at the end; equals seq_in for all kinds but CALL */
    uint64_t tick;    /* when it came in */
    uint64_t ns_in;   /* since the world was made */
    uint64_t ns_out;
    uint32_t incarnation; /* of the CL, from 1; 0 before the first start */
    enum ls_trace_ep ep;
    enum ls_trace_kind kind;
    /* what was asked */
    char method[LS_TRACE_METHOD_MAX]; /* "" = undecodable request, or none */
    uint64_t conn;                    /* 0 = none */
    struct ls_trace_block head;       /* forkchoiceUpdated */
    struct ls_trace_block safe;
    struct ls_trace_block finalized;
    bool has_attributes;
    struct ls_trace_block block; /* newPayload: the payload's; getBlockByHash/Number, outputAtBlock:
                                    the asked; PAY: the payload's */
    char tag[12];                /* getBlockByNumber: "latest" …, "" = by number */
    unsigned version;            /* engine_*V<version>; 0 = none */
    /* what was answered */
    enum ls_trace_answer answer;
    unsigned http_status;               /* 0 = no HTTP answer */
    char fault[24];                     /* what a filter did; "" = nothing */
    char status[24];                    /* payload status */
    struct ls_trace_block latest_valid; /* latestValidHash */
    int64_t code;                       /* ERROR: code; EXIT: see there */
    char text[LS_TRACE_TEXT_MAX];       /* error message, validationError, or free text; cut */
    struct ls_trace_block result;       /* block answered (getBlockBy*, outputAtBlock) */
    bool has_heads;                     /* optimism_syncStatus or STATUS: */
    struct ls_trace_block unsafe_l2, local_safe_l2, safe_l2, finalized_l2, current_l1;
};

/* Called with one finished line: n bytes without newline, terminated, valid during the call. */
typedef void ls_trace_sink(void *user, const char *line, size_t n);

struct ls_trace;

/* An empty trace writing to sink. NULL when out of memory. Freed by ls_trace_free. */
struct ls_trace *ls_trace_new(ls_trace_sink *sink, void *user);
/* NULL is fine. Does not write open calls: ls_trace_finish does. */
void ls_trace_free(struct ls_trace *t);

/* Stamp of what comes in from now on. */
void ls_trace_set_tick(struct ls_trace *t, uint64_t tick);
void ls_trace_set_incarnation(struct ls_trace *t, uint32_t incarnation);

/* Writes an event that is no call: kind and content are the caller's, the rest is filled in (seq,
 * tick, incarnation, ns). */
void ls_trace_put(struct ls_trace *t, const struct ls_trace_event *e, uint64_t now_ns);
/* Short form for VERB and NOTE; method may be NULL. */
void ls_trace_say(struct ls_trace *t, enum ls_trace_kind kind, const char *method, const char *text,
                  uint64_t now_ns);

/* A request came in completely: gives its ticket (never 0) and its seq_in. NULL t gives 0. */
uint64_t ls_trace_open(struct ls_trace *t, enum ls_trace_ep ep, uint64_t conn, uint64_t now_ns);

/* A new, zeroed event of this ticket for one call (a batch has several), stamped. NULL when t is
 * NULL, the ticket is 0 or unknown, or memory is out. Borrowed until the next call on t. */
struct ls_trace_event *ls_trace_call(struct ls_trace *t, uint64_t ticket);
/* The i-th event of the ticket, NULL past the end. */
struct ls_trace_event *ls_trace_call_at(struct ls_trace *t, uint64_t ticket, size_t i);
/* Drops the ticket's events, keeps the ticket (a held request is asked again). */
void ls_trace_call_reset(struct ls_trace *t, uint64_t ticket);

/* The answer left, or nobody waits for it any more: writes the ticket's events with seq_out and
 * forgets it. is_answered false: nobody got an answer (what was said is taken out of the events:
 * answer NO_ANSWER, http_status 0). Unknown or 0: no effect. */
void ls_trace_close(struct ls_trace *t, uint64_t ticket, uint64_t now_ns, bool is_answered);

/* End of the run: writes every open ticket in order of seq_in with seq_out 0. */
void ls_trace_finish(struct ls_trace *t, uint64_t now_ns);

/* Open tickets. */
size_t ls_trace_open_count(const struct ls_trace *t);

/* Appends the line of e, without newline. */
void ls_trace_write(const struct ls_trace_event *e, struct ls_buf *b);
/* Reads a line back: ls_trace_parse(ls_trace_write(e)) == e. PARSE, TYPE, RANGE, MISSING. */
enum ls_err ls_trace_parse(const char *line, size_t n, struct ls_trace_event *out,
                           struct ls_diag *d);

/* Copies n bytes of s to out (cap bytes, terminated): cut between characters, bytes that are not
 * UTF-8 and controls as '?', so that the line read back holds the same. For method, tag, fault,
 * status and text of an event. */
void ls_trace_copy(char *out, size_t cap, const char *s, size_t n);

/* "engine" …, "call" …; never NULL. */
const char *ls_trace_ep_name(enum ls_trace_ep ep);
const char *ls_trace_kind_name(enum ls_trace_kind kind);

/* Sets hash, or number, or both in a trace block. */
struct ls_trace_block ls_trace_block_of(const struct ls_hash *hash);
struct ls_trace_block ls_trace_block_id(const struct ls_hash *hash, uint64_t number);

#endif
