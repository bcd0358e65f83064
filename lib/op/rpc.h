/*
 * JSON-RPC 2.0 messages, and the Engine API's answers and error codes (spec 2.8, mock-engine 2.7).
 */
#ifndef LS_OP_RPC_H
#define LS_OP_RPC_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/jsonw.h"
#include "lib/op/types.h"

struct cJSON;

/* Error codes met on these interfaces. */
enum ls_rpc_code {
    LS_RPC_PARSE = -32700,
    LS_RPC_INVALID_REQUEST = -32600,
    LS_RPC_METHOD_NOT_FOUND = -32601,
    LS_RPC_INVALID_PARAMS = -32602,
    LS_RPC_INTERNAL = -32603,
    LS_RPC_SERVER = -32000,
    LS_RPC_TIMED_OUT = -32002,
    LS_RPC_UNKNOWN_PAYLOAD = -38001,
    LS_RPC_INVALID_FORKCHOICE = -38002,
    LS_RPC_INVALID_ATTRIBUTES = -38003,
    LS_RPC_REQUEST_TOO_LARGE = -38004,
    LS_RPC_UNSUPPORTED_FORK = -38005,
    LS_RPC_TOO_DEEP_REORG = -38006,
    LS_RPC_UNKNOWN_BLOCK = -39001
};

/* Opens {"jsonrpc":"2.0","id":id,"method":method,"params":[ — the caller writes the elements, then
 * calls ls_rpc_request_end. */
void ls_rpc_request_begin(struct ls_jw *w, uint64_t id, const char *method);
void ls_rpc_request_end(struct ls_jw *w);

/* A decoded response. result and data borrow from root; free with ls_rpc_reply_fini. */
struct ls_rpc_reply {
    struct cJSON *root;
    const struct cJSON *result; /* NULL when is_error; a JSON null is a valid result */
    bool is_error;
    int64_t code;
    const char *message; /* never NULL when is_error */
    const struct cJSON *data;
};

/* Decodes a response to the request with this id. PARSE: not JSON; PROTOCOL-class errors: wrong id,
 * neither or both of result and error, wrong types. A JSON-RPC error object is a success here with
 * is_error set. Tolerated: a null next to the other of the two, and a null id on an error (the
 * server could not read the request). On error *out is zeroed. */
enum ls_err ls_rpc_reply_parse(const char *text, size_t n, uint64_t id, struct ls_rpc_reply *out,
                               struct ls_diag *d);
void ls_rpc_reply_fini(struct ls_rpc_reply *r);

/* true when an error means "no such block" (op-node's and kona's texts, -39001, -32001; case
 * ignored): "block not found", "header not found", "unknown block", "not found". -32601 never does:
 * there the method was not found. */
bool ls_rpc_is_not_found(int64_t code, const char *message);

enum ls_payload_status {
    LS_STATUS_VALID,
    LS_STATUS_INVALID,
    LS_STATUS_SYNCING,
    LS_STATUS_ACCEPTED,
    LS_STATUS_INVALID_BLOCK_HASH
};

/* "VALID" … */
const char *ls_payload_status_name(enum ls_payload_status s);

/* A PayloadStatusV1 object. */
struct ls_payload_verdict {
    enum ls_payload_status status;
    bool has_latest_valid;
    struct ls_hash latest_valid;
    char error[160]; /* validationError, cut; empty when null or absent */
};

/* Reads {status, latestValidHash?, validationError?}; null and absent are the same. UNSUPPORTED for
 * an unknown status text. */
enum ls_err ls_payload_verdict_parse(const struct cJSON *v, struct ls_payload_verdict *out,
                                     struct ls_diag *d);

/* Reads a forkchoiceUpdated result {payloadStatus, payloadId?}; payloadId is ignored (ENG-11). */
enum ls_err ls_forkchoice_result_parse(const struct cJSON *v, struct ls_payload_verdict *out,
                                       struct ls_diag *d);

/* A forkchoice state; zero safe or finalized means "not known". */
struct ls_forkchoice {
    struct ls_hash head;
    struct ls_hash safe;
    struct ls_hash finalized;
};

/* Writes {"headBlockHash","safeBlockHash","finalizedBlockHash"} under key. */
void ls_forkchoice_write(const struct ls_forkchoice *f, struct ls_jw *w, const char *key);

#endif
