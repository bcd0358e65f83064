/*
 * The one interface of everything that answers requests: models behind their JSON-RPC codec,
 * filters that wrap another backend (delay, fault, hold), recorded conversations. Sans-I/O: bytes
 * in, bytes and instructions out; who carries them (libmicrohttpd or the simulator) is not its
 * concern.
 */
#ifndef LS_MOCKS_BACKEND_H
#define LS_MOCKS_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"

/* One HTTP request as the carrier saw it. All pointers are borrowed for the call. */
struct ls_http_request {
    const char *verb;          /* "POST" … */
    const char *path;          /* with query, never NULL */
    const char *content_type;  /* NULL when absent */
    const char *authorization; /* NULL when absent */
    const char *host;          /* NULL when absent */
    const char *origin;        /* NULL when absent: no web page asks */
    bool is_peer_local;        /* the client's address is a loopback one */
    bool is_websocket;         /* asks to go on as a WebSocket */
    bool is_preflight;         /* a web page's browser asks what it may send (CORS) */
    const char *body;
    size_t body_bytes;
    uint64_t conn;   /* connection number, from 1 */
    uint64_t serial; /* request number at this carrier, from 1; a held request keeps its own */
    uint64_t now_ns; /* mock time */
    int64_t wall_s;  /* for token checks */
    uint64_t ticket; /* from ls_trace_open, the same again when a held request is asked again; 0 =
                        the carrier does not trace: the record is written when handle returns */
};

/* What the carrier does with the reply. */
enum ls_http_fate {
    LS_FATE_SEND,  /* send it after delay_ns */
    LS_FATE_HOLD,  /* do not answer: the carrier asks again, same serial, when the world lets it */
    LS_FATE_HANG,  /* never answer, keep the connection open */
    LS_FATE_RESET, /* RST instead of an answer */
    LS_FATE_TRUNCATE, /* promise the whole body, send half of it, close */
    LS_FATE_REFUSE,   /* RST, and the port refuses connections for refuse_ns */
    LS_FATE_DRIP      /* send the body one byte per drip_ns */
};

#define LS_REFUSE_FOR_GOOD UINT64_MAX

struct ls_http_reply {
    struct ls_buf body; /* owned by the carrier, empty at call time, its maximum set */
    const char
        *stored; /* when not NULL: body bytes to send without copying, valid for the life of */
    size_t stored_bytes;      /* the backend (recorded blocks) */
    unsigned status;          /* 200 at call time */
    const char *content_type; /* "application/json" at call time; static string; NULL = no header */
    enum ls_http_fate fate;
    uint64_t delay_ns;
    uint64_t drip_ns;
    uint64_t refuse_ns;        /* LS_REFUSE_FOR_GOOD: until somebody opens the port */
    bool close;                /* close the connection after the reply */
    unsigned retry_after_s;    /* 0 = no Retry-After header */
    bool is_bare;              /* of a server without the handlers around it: no Vary header */
    bool is_identity;          /* never compressed */
    bool is_nosniff;           /* X-Content-Type-Options: nosniff */
    bool is_websocket_refused; /* Sec-WebSocket-Version: the handshake that would do */
    char *location;            /* Location header; from malloc, freed by the carrier; NULL = none */
    const char *fault; /* what a filter did to this reply, for the trace; static, NULL = nothing */
};

/* Faults the trace treats on their own: the answer is the right one but late, or right but for its
 * id. */
#define LS_FAULT_NAME_DELAY "delay"
#define LS_FAULT_NAME_WRONG_ID "wrong_id"

struct ls_backend;
struct ls_backend_ops {
    /* Answers one request; must not block. */
    void (*handle)(struct ls_backend *b, const struct ls_http_request *req,
                   struct ls_http_reply *reply);
    /* The client of a request that was answered LS_FATE_HOLD went away: it will not be asked again.
     * May be NULL. */
    void (*abandon)(struct ls_backend *b, uint64_t serial);
    /* The client of a request whose answer waits out its delay went away: nobody gets the answer.
     * May be NULL. */
    void (*left)(struct ls_backend *b, uint64_t serial);
    /* Looks at a request whose body has not been read: body is empty, body_bytes what the client
     * announced. A carrier asks before it reads a body that is large or waits for its permission.
     * false: reply is the answer, and the body is not read. Without effect; may be NULL, which
     * admits all. */
    bool (*admit)(struct ls_backend *b, const struct ls_http_request *req,
                  struct ls_http_reply *reply);
};

/* Embed as the first member. */
struct ls_backend {
    const struct ls_backend_ops *ops;
};

/* The admit of a backend, whether it has one or not: for carriers, and for those that wrap it. */
static inline bool ls_backend_admits(struct ls_backend *b, const struct ls_http_request *req,
                                     struct ls_http_reply *reply)
{
    return b->ops->admit == NULL || b->ops->admit(b, req, reply);
}

#endif
