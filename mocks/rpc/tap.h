/*
 * The outermost backend of a port: gives every request one complete trace record, whoever answered
 * it. The JSON-RPC handlers note what they were asked and said; when a filter answered in their
 * place, the tap decodes the request itself. It then adds HTTP status, fault and fate.
 *
 * Composition: ls_engine_rpc_new -> ls_filter_new -> ls_tap_new -> the carrier.
 *
 * A carrier that delays or holds opens the ticket itself (ls_http_request.ticket = ls_trace_open),
 * asks a held request again with the same ticket, and calls ls_trace_close when the answer left or
 * the connection died. With ticket 0 the tap opens and closes around the call.
 */
#ifndef LS_MOCKS_TAP_H
#define LS_MOCKS_TAP_H

#include "mocks/backend.h"
#include "mocks/trace.h"

/* Wraps inner (borrowed; never handed a request with ticket 0). NULL when out of memory. Freed by
 * ls_tap_free, which leaves inner alone. */
struct ls_backend *ls_tap_new(struct ls_backend *inner, struct ls_trace *trace,
                              enum ls_trace_ep ep);
void ls_tap_free(struct ls_backend *b);

#endif
