/*
 * JSON-RPC 2.0 over HTTP as op-geth serves it (mock-engine 3.5, 3.6): verbs and content types,
 * batches, notifications, ids echoed letter by letter, error objects. What a method means is the
 * handler's.
 *
 * A handler is called once a call, writes the JSON text of its result with ls_rpc_result, or names
 * an error with ls_rpc_error; the newer of both counts. It may note what it was asked and what it
 * said in the call's trace event; the rest of the event is filled in here.
 */
#ifndef LS_MOCKS_JSONRPC_H
#define LS_MOCKS_JSONRPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/jsonw.h"
#include "lib/op/rpc.h"
#include "mocks/backend.h"
#include "mocks/trace.h"

struct cJSON;

#define LS_RPC_TEXT_MAX 4096u

struct ls_rpc_call {
    const struct ls_http_request *req;
    const char *method;
    const struct cJSON *params; /* array; NULL when absent or null */
    bool params_not_array;
    struct ls_span params_text;   /* as they were sent; p NULL when absent */
    struct ls_trace_event *event; /* NULL: not traced. Valid during the call of the handler */
    /* private: where the result goes */
    struct ls_buf *out;
    size_t result_at;
    int64_t code; /* 0 = no error */
    char text[LS_RPC_TEXT_MAX];
    char data[LS_RPC_TEXT_MAX]; /* "" = no data member */
    struct ls_span long_text;   /* p NULL: text and data count instead */
    struct ls_span long_data;   /* JSON; p NULL: no data member */
};

typedef void ls_rpc_handler(void *self, struct ls_rpc_call *call);

struct ls_rpc_limits {
    size_t batch_max;
    size_t body_bytes_max;
};
/* op-geth's authenticated and public port (mock-engine 2.8). */
extern const struct ls_rpc_limits LS_RPC_LIMITS_AUTH;
extern const struct ls_rpc_limits LS_RPC_LIMITS_PUBLIC;

/* Answers one HTTP request. trace may be NULL. */
void ls_rpc_serve(const struct ls_http_request *req, struct ls_http_reply *reply,
                  const struct ls_rpc_limits *limits, struct ls_trace *trace,
                  ls_rpc_handler *handler, void *self);

/* The admit (mocks/backend.h) of servers that answer with ls_rpc_serve. */
bool ls_rpc_admits(const struct ls_http_request *req, struct ls_http_reply *reply,
                   const struct ls_rpc_limits *limits);

/* Answers the body alone, whatever verb, path and type the request has: for servers that look at
 * those in their own way. */
void ls_rpc_serve_body(const struct ls_http_request *req, struct ls_http_reply *reply,
                       size_t batch_max, struct ls_trace *trace, ls_rpc_handler *handler,
                       void *self);

/* "application/json" or one of its two old names. */
bool ls_rpc_is_json_type(const char *type);

/* Answers with an HTTP error and a plain text, newline added. */
void ls_rpc_refuse(struct ls_http_reply *reply, unsigned status, const char *text);

/* Takes back what was written and opens the result: write exactly one JSON value with w. */
void ls_rpc_result(struct ls_rpc_call *call, struct ls_jw *w);

/* The call fails with this code and message. */
void ls_rpc_error(struct ls_rpc_call *call, int64_t code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds data {"err": text} to the error. */
void ls_rpc_error_data(struct ls_rpc_call *call, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The call fails with a message and data of any length. message is text, data JSON (p NULL: none);
 * both are read after the handler has returned. */
void ls_rpc_error_spans(struct ls_rpc_call *call, int64_t code, struct ls_span message,
                        struct ls_span data);
/* Go's encoder writes < > & in strings as escapes; does that to what is in out from there on, where
 * they must not stand outside of strings. */
void ls_rpc_escape_html(struct ls_buf *out, size_t from);
/* --- for servers of their own framing: a call is begun, answered by its handler, noted --- */

/* Begins a call whose answer in out has come to the comma behind the id: opens its result. params
 * is the tree of params_text (NULL: it has none); both are borrowed while the call lasts. trace may
 * be NULL. */
void ls_rpc_call_begin(struct ls_rpc_call *call, const struct ls_http_request *req,
                       struct ls_trace *trace, const char *method, const struct cJSON *params,
                       struct ls_span params_text, struct ls_buf *out);
/* Appends the member "error" of a call that failed, and the bracket that ends its answer. */
void ls_rpc_put_error(struct ls_buf *out, const struct ls_rpc_call *call);
/* Takes back what was appended behind the first n bytes, and a failure to append. */
void ls_rpc_cut_back(struct ls_buf *out, size_t n);
/* Notes in ev (NULL: nothing) how the call ended; call->out ends with its result. */
void ls_rpc_note_answer(struct ls_trace_event *ev, const struct ls_rpc_call *call);
/* -32601 with geth's text. */
void ls_rpc_no_method(struct ls_rpc_call *call);

/* Calls visit for each message of a request body, in order, until it returns false: method is NULL
 * when it has none; params NULL when it has none. For filters of the wire and the tap: what a
 * request asks without answering it. */
typedef bool ls_rpc_visit(void *self, const char *method, const struct cJSON *params);
void ls_rpc_each(const char *body, size_t n, ls_rpc_visit *visit, void *self);

#endif
