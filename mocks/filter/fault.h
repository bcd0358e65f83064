/*
 * The faults there are, by the names under which a command line, a control request, a URL, a
 * scenario and the trace know them, and the rule that says when one of them strikes (mock-engine
 * 4.2). What a rule does is filter.h's.
 */
#ifndef LS_MOCKS_FILTER_FAULT_H
#define LS_MOCKS_FILTER_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mocks/backend.h"

#define LS_FAULT_KINDS(X)                                                                         \
    X(DELAY, LS_FAULT_NAME_DELAY) /* answer after delay_ns; the effect is at once */              \
    X(DRIP, "drip")               /* the right answer, one byte per delay_ns */                   \
    X(HANG, "hang")               /* never answer */                                              \
    X(HOLD, "hold")               /* kept before it takes effect, until released */               \
    X(RESET, "reset")             /* connection reset instead of an answer */                     \
    X(REFUSE, "refuse")           /* the same, and the port refuses others for delay_ns */        \
    X(COLD_START, "cold_start")   /* a server that was just started: the first is refused as by   \
                                     REFUSE, the others get 503, retry_after_s (0: 1) and text */ \
    X(HTTP, "http")               /* status http_status, retry_after_s; body = text or empty */   \
    X(TRUNCATE, "truncate")       /* half of the right answer under its full Content-Length */    \
    X(BAD_JSON, "bad_json")       /* 200 with a body that is not JSON (text when given) */        \
    X(OVERSIZE, "oversize")       /* a well-formed answer padded to body_bytes */                 \
    X(WRONG_ID, LS_FAULT_NAME_WRONG_ID) /* the right answer under another id */                   \
    X(WRONG_TYPE, "wrong_type")         /* the right answer, its scalars of other types */        \
    X(OUT_OF_RANGE, "out_of_range")     /* the right answer, its quantities 2^64 */               \
    X(NO_RESULT, "no_result")           /* neither result nor error */                            \
    X(NULL, "null")                     /* "result": null */                                      \
    X(RESULT, "result")                 /* "result": text (JSON) */                               \
    X(RPC_ERROR, "rpc_error")           /* JSON-RPC error: code, text */                          \
    X(STATUS, "status") /* payload status text = "SYNCING" …, latestValidHash null              \
                           (newPayload and forkchoiceUpdated only) */

#define LS_FAULT_ENUM_(symbol, name) LS_FAULT_##symbol,
enum ls_fault { LS_FAULT_KINDS(LS_FAULT_ENUM_) LS_FAULT_KIND_COUNT };

/* All names for a message, a space before each. */
#define LS_FAULT_NAME_(symbol, name) " " name
#define LS_FAULT_NAMES LS_FAULT_KINDS(LS_FAULT_NAME_)

#define LS_FAULT_TEXT_MAX 1024u
#define LS_FAULT_METHOD_MAX 64u

struct ls_fault_rule {
    const char *method; /* glob over the method name: * and ?; NULL = any. Copied. */
    const char
        *params;     /* glob over the parameters as compact JSON text, "*\"latest\"*"; NULL = any.
                        What has none is "[]". Copied, at most LS_FAULT_TEXT_MAX - 1 bytes. */
    uint64_t after;  /* matching requests let through first */
    uint64_t count;  /* then this many are hit; 0 = all */
    uint64_t for_ns; /* and none later than this after the first that matched; 0 = no limit */
    double probability; /* of being hit when its turn has come; 0 = always (as 1) */
    enum ls_fault fault;
    bool apply; /* the request reaches the model although its answer is lost or replaced */
    uint64_t delay_ns;
    unsigned http_status;
    unsigned retry_after_s;
    int64_t code;
    const char *text; /* copied, at most LS_FAULT_TEXT_MAX - 1 bytes; NULL = none */
    size_t body_bytes;
};

/* Static text, never NULL. */
const char *ls_fault_name(enum ls_fault fault);
/* false: no fault has this name. */
bool ls_fault_find(const char *name, enum ls_fault *out);
/* What is wrong with a rule, to be told to whoever wrote it; NULL: nothing. */
const char *ls_fault_wrong(const struct ls_fault_rule *rule);

#endif
