/*
 * JSON-RPC over HTTP as op-reth's server (jsonrpsee) frames it: POST on any path, six content
 * types, any number of calls in a batch, ids that are u64, string or null; a request whose id is
 * something else is a notification, and notifications have no effect and the answer "null". The
 * handlers are those of mocks/rpc/jsonrpc.h.
 */
#ifndef LS_MOCKS_JSONRPSEE_H
#define LS_MOCKS_JSONRPSEE_H

#include "mocks/rpc/jsonrpc.h"

/* op-reth's ports: 128 MiB and 15 MiB a body. */
extern const struct ls_rpc_limits LS_JSONRPSEE_LIMITS_AUTH;
extern const struct ls_rpc_limits LS_JSONRPSEE_LIMITS_PUBLIC;

/* What needs no body: verb, content type, length. false: reply is the answer. */
bool ls_jsonrpsee_admits(const struct ls_http_request *req, struct ls_http_reply *reply,
                         const struct ls_rpc_limits *limits);

/* Answers one HTTP request; batch_max does not count. trace may be NULL. */
void ls_jsonrpsee_serve(const struct ls_http_request *req, struct ls_http_reply *reply,
                        const struct ls_rpc_limits *limits, struct ls_trace *trace,
                        ls_rpc_handler *handler, void *self);

/* Checks the value of an Authorization header (NULL: absent) as op-reth does: the signature first,
 * iat within 60 s, exp not at all. false: reason is the body of its 401, without newline. */
bool ls_jsonrpsee_token_is_valid(const uint8_t secret[32], const char *header, int64_t now_s,
                                 struct ls_buf *reason);

#endif
