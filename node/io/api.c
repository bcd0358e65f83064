#include "node/io/api.h"

#include <string.h>

#include "lib/arena.h"
#include "lib/json.h"
#include "lib/jsonw.h"
#include "lib/op/output.h"
#include "lib/op/rpc.h"
#include "lib/op/sync_status.h"

/* A payload's transactions take at most half of their hex text. */
#define PAYLOAD_BYTES_MAX LS_API_BODY_BYTES_MAX

/* One call while it is served. */
struct call {
    const struct ls_api_host *host;
    const struct cJSON *id;     /* NULL: a notification, nobody wants the answer */
    const struct cJSON *params; /* array, or NULL */
    struct ls_jw *w;            /* where the reply goes */
};

/* --- replies --- */

static void put_id(struct call *c)
{
    struct ls_buf id;

    ls_buf_init(&id, LS_API_BODY_BYTES_MAX);
    if (c->id != NULL) {
        ls_json_print(c->id, &id);
        ls_jw_raw(c->w, "id", (const char *)id.p, id.n);
    } else {
        ls_jw_null(c->w, "id");
    }
    ls_buf_fini(&id);
}

static void reply_begin(struct call *c)
{
    ls_jw_object(c->w, NULL);
    ls_jw_str(c->w, "jsonrpc", "2.0");
    put_id(c);
}

static void reply_error(struct call *c, int64_t code, const char *message)
{
    reply_begin(c);
    ls_jw_object(c->w, "error");
    ls_jw_i64(c->w, "code", code);
    ls_jw_str(c->w, "message", message);
    ls_jw_object_end(c->w);
    ls_jw_object_end(c->w);
}

static void reply_error_about(struct call *c, int64_t code, const char *front, const char *about,
                              const char *back)
{
    struct ls_diag text;

    (void)ls_fail(&text, LS_OK, "%s%s%s", front, about, back);
    reply_error(c, code, text.text);
}

/* --- methods --- */

static void sync_status(struct call *c)
{
    struct ls_core_status s;

    c->host->status(c->host->node, &s);
    reply_begin(c);
    ls_sync_status_write(&s.published, c->w, "result");
    ls_jw_object_end(c->w);
}

static void rollup_config(struct call *c)
{
    reply_begin(c);
    ls_jw_raw(c->w, "result", c->host->rollup_json, c->host->rollup_bytes);
    ls_jw_object_end(c->w);
}

static void node_version(struct call *c)
{
    reply_begin(c);
    ls_jw_str(c->w, "result", LS_API_VERSION);
    ls_jw_object_end(c->w);
}

/* The only check of the content is the block hash (spec 3.4). */
static void post_unsafe_payload(struct call *c)
{
    struct ls_payload payload;
    struct ls_arena arena;
    struct ls_diag d = {""};
    enum ls_err e;

    ls_arena_init(&arena, PAYLOAD_BYTES_MAX);
    e = ls_envelope_from_json(ls_json_at(c->params, 0), &arena, &payload, &d);
    if (e != LS_OK) {
        reply_error_about(c, LS_RPC_INVALID_PARAMS, "invalid argument 0: ", d.text, "");
        goto out;
    }
    e = ls_payload_verify(&payload, &d);
    if (e == LS_OK) {
        e = c->host->post(c->host->node, &payload, &d);
    }
    if (e != LS_OK) {
        reply_error(c, LS_RPC_SERVER, d.text);
        goto out;
    }
    reply_begin(c);
    ls_jw_null(c->w, "result");
    ls_jw_object_end(c->w);
out:
    ls_arena_fini(&arena);
}

static const char OUTPUT_AT_BLOCK[] = "optimism_outputAtBlock";

/* Only what ls_api_wants_output does not take comes here. */
static void output_at_block(struct call *c)
{
    uint64_t number = 0;

    if (ls_json_quantity(ls_json_at(c->params, 0), &number) != LS_OK) {
        reply_error(c, LS_RPC_INVALID_PARAMS, "invalid argument 0: not a hex number");
    } else {
        reply_error(c, LS_RPC_SERVER, "optimism_outputAtBlock is not served in a batch");
    }
}

struct method {
    const char *name;
    size_t args; /* exactly so many */
    bool is_admin;
    void (*serve)(struct call *c);
};

/* The rest of op-node's methods is answered as by an op-node that has them switched off: -32601. */
static const struct method METHODS[] = {
    {"optimism_syncStatus", 0, false, sync_status},
    {"optimism_rollupConfig", 0, false, rollup_config},
    {"optimism_version", 0, false, node_version},
    {OUTPUT_AT_BLOCK, 1, false, output_at_block},
    {"health_status", 0, false, node_version},
    {"admin_postUnsafePayload", 1, true, post_unsafe_payload},
};

static const struct method *find_method(const struct ls_api_host *host, const char *name)
{
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++) {
        const struct method *m = &METHODS[i];

        if (strcmp(m->name, name) == 0) {
            return !m->is_admin || host->is_admin_enabled ? m : NULL;
        }
    }
    return NULL;
}

/* --- dispatch --- */

static void check_args(struct call *c, const struct method *m)
{
    size_t have = ls_json_count(c->params);

    if (have > m->args) {
        reply_error_about(c, LS_RPC_INVALID_PARAMS, "too many arguments, want at most ",
                          m->args == 0 ? "0" : "1", "");
    } else if (have < m->args) {
        reply_error(c, LS_RPC_INVALID_PARAMS, "missing value for required argument 0");
    } else {
        m->serve(c);
    }
}

static void serve_method(struct call *c, const char *name)
{
    const struct method *m = find_method(c->host, name);

    if (m == NULL) {
        reply_error_about(c, LS_RPC_METHOD_NOT_FOUND, "the method ", name,
                          " does not exist/is not available");
    } else if (c->params != NULL && !ls_json_is_array(c->params)) {
        reply_error(c, LS_RPC_INVALID_PARAMS, "non-array args");
    } else {
        check_args(c, m);
    }
}

static bool is_well_formed(const struct cJSON *v)
{
    const char *protocol = ls_json_str(ls_json_get(v, "jsonrpc"));
    const struct cJSON *id = ls_json_get(v, "id");

    return ls_json_str(ls_json_get(v, "method")) != NULL && protocol != NULL &&
           strcmp(protocol, "2.0") == 0 &&
           (id == NULL || ls_json_is_string(id) || ls_json_is_number(id) || ls_json_is_null(id));
}

/* Only a well-formed request can be a notification; a broken one is told so. */
static bool is_notification(const struct cJSON *v)
{
    return is_well_formed(v) && ls_json_get(v, "id") == NULL;
}

static void serve_call(const struct ls_api_host *host, const struct cJSON *v, struct ls_jw *w)
{
    const struct cJSON *params = ls_json_get(v, "params");
    struct call c = {.host = host,
                     .id = ls_json_get(v, "id"),
                     .params = ls_json_is_null(params) ? NULL : params,
                     .w = w};

    if (!is_well_formed(v)) {
        c.id = ls_json_is_string(c.id) || ls_json_is_number(c.id) ? c.id : NULL;
        reply_error(&c, LS_RPC_INVALID_REQUEST, "invalid request");
    } else {
        serve_method(&c, ls_json_str(ls_json_get(v, "method")));
    }
}

/* Done, and the answer thrown away. */
static void serve_notification(const struct ls_api_host *host, const struct cJSON *v)
{
    struct ls_buf nowhere;
    struct ls_jw w;

    ls_buf_init(&nowhere, LS_API_REPLY_BYTES_MAX);
    ls_jw_init(&w, &nowhere);
    serve_call(host, v, &w);
    ls_buf_fini(&nowhere);
}

static void serve_any(const struct ls_api_host *host, const struct cJSON *v, struct ls_jw *w)
{
    if (is_notification(v)) {
        serve_notification(host, v);
    } else {
        serve_call(host, v, w);
    }
}

static bool wants_answer(const struct cJSON *list)
{
    const struct cJSON *v = ls_json_first(list);

    while (v != NULL && is_notification(v)) {
        v = ls_json_next(v);
    }
    return v != NULL;
}

static void serve_batch(const struct ls_api_host *host, const struct cJSON *list, struct ls_jw *w)
{
    struct call nobody = {.host = host, .w = w};
    bool is_answered = wants_answer(list);

    if (ls_json_count(list) == 0 || ls_json_count(list) > LS_API_BATCH_MAX) {
        reply_error(&nobody, LS_RPC_INVALID_REQUEST,
                    ls_json_count(list) == 0 ? "empty batch" : "batch too large");
        return;
    }
    if (is_answered) { /* notifications only: not even an empty list */
        ls_jw_array(w, NULL);
    }
    for (const struct cJSON *v = ls_json_first(list); v != NULL; v = ls_json_next(v)) {
        serve_any(host, v, w);
    }
    if (is_answered) {
        ls_jw_array_end(w);
    }
}

/* --- the method that takes time --- */

bool ls_api_wants_output(const char *text, size_t n, uint64_t *number)
{
    struct cJSON *root = NULL;
    const struct cJSON *params = NULL;
    bool wants = false;

    if (ls_json_parse(text, n, 0, &root, NULL) == LS_OK && ls_json_is_object(root) &&
        is_well_formed(root) && !is_notification(root)) {
        params = ls_json_get(root, "params");
        wants = strcmp(ls_json_str(ls_json_get(root, "method")), OUTPUT_AT_BLOCK) == 0 &&
                ls_json_is_array(params) && ls_json_count(params) == 1 &&
                ls_json_quantity(ls_json_at(params, 0), number) == LS_OK;
    }
    ls_json_free(root);
    return wants;
}

static void put_output(struct call *c, const struct ls_output *o)
{
    static const struct ls_hash version_0;
    struct ls_hash root = ls_output_root_v0(&o->state_root, &o->passer_root, &o->ref.hash);
    struct ls_core_status s;

    c->host->status(c->host->node, &s);
    reply_begin(c);
    ls_jw_object(c->w, "result");
    ls_jw_hex(c->w, "version", version_0.b, sizeof version_0.b);
    ls_jw_hex(c->w, "outputRoot", root.b, sizeof root.b);
    ls_l2_ref_write(&o->ref, c->w, "blockRef");
    ls_jw_hex(c->w, "withdrawalStorageRoot", o->passer_root.b, sizeof o->passer_root.b);
    ls_jw_hex(c->w, "stateRoot", o->state_root.b, sizeof o->state_root.b);
    ls_sync_status_write(&s.published, c->w, "syncStatus");
    ls_jw_object_end(c->w);
    ls_jw_object_end(c->w);
}

void ls_api_output(const struct ls_api_host *host, const char *text, size_t n,
                   const struct ls_output *o, const char *why, struct ls_buf *out)
{
    struct cJSON *root = NULL;
    struct ls_jw w;
    struct call c = {.host = host, .w = &w};

    ls_jw_init(&w, out);
    if (ls_json_parse(text, n, 0, &root, NULL) == LS_OK) {
        c.id = ls_json_get(root, "id");
    }
    if (o != NULL) {
        put_output(&c, o);
    } else {
        reply_error(&c, LS_RPC_SERVER, why);
    }
    ls_json_free(root);
}

void ls_api_serve(const struct ls_api_host *host, const char *text, size_t n, struct ls_buf *out)
{
    struct cJSON *root = NULL;
    struct ls_jw w;
    struct call nobody = {.host = host, .w = &w};

    ls_jw_init(&w, out);
    if (ls_json_parse(text, n, 0, &root, NULL) != LS_OK) {
        reply_error(&nobody, LS_RPC_PARSE, "parse error");
    } else if (ls_json_is_array(root)) {
        serve_batch(host, root, &w);
    } else {
        serve_any(host, root, &w);
    }
    ls_json_free(root);
    if (out->err != LS_OK) {
        ls_buf_clear(out);
        ls_jw_init(&w, out);
        reply_error(&nobody, LS_RPC_SERVER, "response too large");
    }
}
