/*
 * Faults by rule: a backend that wraps another one and, while a rule is armed and matches, delays,
 * replaces, damages, loses or holds the answer (mock-engine 4.2). Rules are tried in the order they
 * were added; the first that fires decides. Chance comes from the seed. What it did is named in
 * ls_http_reply.fault.
 *
 * Replaced answers do not reach the wrapped backend unless `apply` is set: then the request takes
 * effect and only its answer is lost or altered.
 */
#ifndef LS_MOCKS_FILTER_H
#define LS_MOCKS_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mocks/backend.h"

enum ls_fault {
    LS_FAULT_DELAY,        /* answer after delay_ns; the effect is at once */
    LS_FAULT_HANG,         /* never answer */
    LS_FAULT_RESET,        /* connection reset instead of an answer */
    LS_FAULT_HTTP,         /* HTTP status code `http_status`, retry_after_s; body = text or empty */
    LS_FAULT_BAD_JSON,     /* 200 with a body that is not JSON (text when given) */
    LS_FAULT_WRONG_ID,     /* the right answer under another id */
    LS_FAULT_NULL,         /* "result": null */
    LS_FAULT_RPC_ERROR,    /* JSON-RPC error: code, text */
    LS_FAULT_RESULT,       /* "result": text (JSON) */
    LS_FAULT_OVERSIZE,     /* a well-formed answer padded to body_bytes */
    LS_FAULT_TRUNCATE,     /* half of the right answer under its full Content-Length */
    LS_FAULT_DRIP,         /* the right answer, one byte per delay_ns */
    LS_FAULT_STATUS,       /* forced payload status: text = "SYNCING" …, lvh null (newPayload and
                              forkchoiceUpdated only) */
    LS_FAULT_HOLD,         /* kept before it takes effect, until released */
    LS_FAULT_REFUSE,       /* the connection is reset and the port refuses others for delay_ns */
    LS_FAULT_WRONG_TYPE,   /* the right answer, its scalars of other types */
    LS_FAULT_OUT_OF_RANGE, /* the right answer, its quantities 2^64 */
    LS_FAULT_NO_RESULT     /* neither result nor error */
};

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

#define LS_FAULT_RULES_MAX 64u
#define LS_FAULT_TEXT_MAX 1024u
#define LS_FAULT_METHOD_MAX 64u

/* Wraps inner (borrowed). NULL when out of memory. Freed by ls_filter_free, which leaves inner
 * alone. Without rules it costs one branch. */
struct ls_backend *ls_filter_new(struct ls_backend *inner, uint64_t seed);
void ls_filter_free(struct ls_backend *b);

/* Arms a rule; its name is never 0. 0 when there are LS_FAULT_RULES_MAX already. */
uint32_t ls_filter_add(struct ls_backend *b, const struct ls_fault_rule *rule);
/* Disarms one (unknown: no effect), or all. Held requests stay held until released. */
void ls_filter_remove(struct ls_backend *b, uint32_t rule);
void ls_filter_clear(struct ls_backend *b);
/* A server that has just been started: its port refuses connections for refuse_ns from the first
 * request on, and what then comes gets 503 with Retry-After for unavailable_ns. Its rules are the
 * first to be tried only when there are no others. false when there is no room for them. */
bool ls_filter_cold_start(struct ls_backend *b, uint64_t refuse_ns, uint64_t unavailable_ns);

/* Requests the rule has hit, 0 when unknown. */
uint64_t ls_filter_hits(const struct ls_backend *b, uint32_t rule);

/* Lets held requests of rules with this method glob go (NULL = all) and disarms those rules: the
 * carrier then asks each request it holds again, in order of arrival; those still held answer
 * LS_FATE_HOLD again. */
void ls_filter_release(struct ls_backend *b, const char *glob);

/* The method glob: * any run, ? any one character. */
bool ls_glob_match(const char *glob, const char *text);

#endif
