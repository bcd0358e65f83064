#include "lib/op/rpc.h"

#include <ctype.h>
#include <string.h>

#include "lib/json.h"
#include "lib/op/reader.h"

/* --- requests --- */

void ls_rpc_request_begin(struct ls_jw *w, uint64_t id, const char *method)
{
    ls_jw_object(w, NULL);
    ls_jw_str(w, "jsonrpc", "2.0");
    ls_jw_u64(w, "id", id);
    ls_jw_str(w, "method", method);
    ls_jw_array(w, "params");
}

void ls_rpc_request_end(struct ls_jw *w)
{
    ls_jw_array_end(w);
    ls_jw_object_end(w);
}

/* --- replies --- */

static enum ls_err read_error(const struct cJSON *error, struct ls_rpc_reply *out,
                              struct ls_diag *d)
{
    if (!ls_json_is_object(error)) {
        return ls_fail(d, LS_ERR_TYPE, "not a JSON object: \"error\"");
    }
    if (ls_json_i64(ls_json_get(error, "code"), &out->code) != LS_OK) {
        return ls_fail(d, LS_ERR_TYPE, "not an integer: \"error.code\"");
    }
    out->message = ls_json_str(ls_json_get(error, "message"));
    if (out->message == NULL) {
        return ls_fail(d, LS_ERR_TYPE, "not a string: \"error.message\"");
    }
    out->data = ls_json_get(error, "data");
    out->is_error = true;
    return LS_OK;
}

/* The id must be ours; null is for requests the server could not read, so only errors have it. */
static enum ls_err check_id(const struct cJSON *root, uint64_t id, bool is_error, struct ls_diag *d)
{
    const struct cJSON *v = ls_json_get(root, "id");
    uint64_t have;

    if (is_error && ls_json_is_null(v)) {
        return LS_OK;
    }
    if (ls_json_u64(v, &have) != LS_OK || have != id) {
        return ls_fail(d, LS_ERR_RANGE, "reply to another request: \"id\" is not %llu",
                       (unsigned long long)id);
    }
    return LS_OK;
}

static enum ls_err read_reply(const struct cJSON *root, uint64_t id, struct ls_rpc_reply *out,
                              struct ls_diag *d)
{
    struct ls_reader r = ls_reader_open(root, "reply", d);
    const struct cJSON *error = ls_reader_get(&r, "error"); /* some servers write "error":null */
    const struct cJSON *result = ls_json_get(root, "result");
    const char *version = ls_json_str(ls_json_get(root, "jsonrpc"));
    enum ls_err e;

    if (r.err != LS_OK) {
        return r.err;
    }
    if (version == NULL || strcmp(version, "2.0") != 0) {
        return ls_fail(d, LS_ERR_TYPE, "not a JSON-RPC 2.0 reply: \"jsonrpc\"");
    }
    e = check_id(root, id, error != NULL, d);
    if (e != LS_OK) {
        return e;
    }
    if (error == NULL && result == NULL) {
        return ls_fail(d, LS_ERR_MISSING, "reply has neither \"result\" nor \"error\"");
    }
    if (error != NULL && result != NULL && !ls_json_is_null(result)) {
        return ls_fail(d, LS_ERR_TYPE, "reply has both \"result\" and \"error\"");
    }
    if (error != NULL) {
        return read_error(error, out, d);
    }
    out->result = result;
    return LS_OK;
}

enum ls_err ls_rpc_reply_parse(const char *text, size_t n, uint64_t id, struct ls_rpc_reply *out,
                               struct ls_diag *d)
{
    struct ls_rpc_reply reply = {.root = NULL};
    enum ls_err e = ls_json_parse(text, n, 0, &reply.root, d);

    if (e == LS_OK) {
        e = read_reply(reply.root, id, &reply, d);
    }
    if (e != LS_OK) {
        ls_rpc_reply_fini(&reply);
    }
    *out = reply;
    return e;
}

void ls_rpc_reply_fini(struct ls_rpc_reply *r)
{
    ls_json_free(r->root);
    *r = (struct ls_rpc_reply){.root = NULL};
}

static bool contains(const char *text, const char *word)
{
    size_t n = strlen(word);

    for (; *text != '\0'; text++) {
        size_t i = 0;

        while (i < n && tolower((unsigned char)text[i]) == word[i]) {
            i++;
        }
        if (i == n) {
            return true;
        }
    }
    return false;
}

bool ls_rpc_is_not_found(int64_t code, const char *message)
{
    if (code == LS_RPC_UNKNOWN_BLOCK || code == -32001) {
        return true;
    }
    if (code == LS_RPC_METHOD_NOT_FOUND || message == NULL) {
        return false; /* "Method not found" is about the method */
    }
    return contains(message, "not found") || contains(message, "unknown block");
}

/* --- Engine API results --- */

static const char *const STATUS_NAMES[] = {
    [LS_STATUS_VALID] = "VALID",
    [LS_STATUS_INVALID] = "INVALID",
    [LS_STATUS_SYNCING] = "SYNCING",
    [LS_STATUS_ACCEPTED] = "ACCEPTED",
    [LS_STATUS_INVALID_BLOCK_HASH] = "INVALID_BLOCK_HASH",
};
#define STATUS_COUNT (sizeof STATUS_NAMES / sizeof STATUS_NAMES[0])

const char *ls_payload_status_name(enum ls_payload_status s)
{
    return (size_t)s < STATUS_COUNT ? STATUS_NAMES[s] : "unknown";
}

static enum ls_err read_status(struct ls_reader *r, enum ls_payload_status *out)
{
    const char *name = ls_json_str(ls_reader_get(r, "status"));

    if (r->err != LS_OK) {
        return r->err;
    }
    if (name == NULL) {
        ls_reader_fail(r, ls_reader_get(r, "status") == NULL ? LS_ERR_MISSING : LS_ERR_TYPE,
                       "status");
        return r->err;
    }
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        if (strcmp(name, STATUS_NAMES[i]) == 0) {
            *out = (enum ls_payload_status)i;
            return LS_OK;
        }
    }
    return ls_fail(r->diag, LS_ERR_UNSUPPORTED, "unknown payload status \"%.40s\"", name);
}

/* Copies text, cut before a character that does not fit as a whole. */
static void copy_cut(const char *text, char *out, size_t cap)
{
    size_t n = strlen(text);

    if (n >= cap) {
        n = cap - 1;
        while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) {
            n--;
        }
    }
    memcpy(out, text, n);
    out[n] = '\0';
}

enum ls_err ls_payload_verdict_parse(const struct cJSON *v, struct ls_payload_verdict *out,
                                     struct ls_diag *d)
{
    struct ls_reader r = ls_reader_open(v, "payload status", d);
    struct ls_payload_verdict verdict = {.status = LS_STATUS_VALID};
    enum ls_err e = read_status(&r, &verdict.status);
    const struct cJSON *error;

    if (e != LS_OK) {
        return e;
    }
    verdict.has_latest_valid =
        ls_reader_opt_fixed(&r, "latestValidHash", verdict.latest_valid.b, 32);
    error = ls_reader_get(&r, "validationError");
    if (error != NULL && ls_json_str(error) == NULL) {
        ls_reader_fail(&r, LS_ERR_TYPE, "validationError");
    } else if (error != NULL) {
        copy_cut(ls_json_str(error), verdict.error, sizeof verdict.error);
    }
    if (r.err == LS_OK) {
        *out = verdict;
    }
    return r.err;
}

enum ls_err ls_forkchoice_result_parse(const struct cJSON *v, struct ls_payload_verdict *out,
                                       struct ls_diag *d)
{
    struct ls_reader r = ls_reader_open(v, "forkchoice result", d);
    const struct cJSON *status = ls_reader_get(&r, "payloadStatus");

    if (status == NULL) {
        ls_reader_fail(&r, LS_ERR_MISSING, "payloadStatus");
        return r.err;
    }
    return ls_payload_verdict_parse(status, out, d);
}

void ls_forkchoice_write(const struct ls_forkchoice *f, struct ls_jw *w, const char *key)
{
    ls_jw_object(w, key);
    ls_jw_hex(w, "headBlockHash", f->head.b, 32);
    ls_jw_hex(w, "safeBlockHash", f->safe.b, 32);
    ls_jw_hex(w, "finalizedBlockHash", f->finalized.b, 32);
    ls_jw_object_end(w);
}
