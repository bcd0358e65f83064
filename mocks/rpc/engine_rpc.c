/* The engine's port: life, token, and which method goes where. */
#include "mocks/rpc/engine_rpc.h"

#include <stdlib.h>
#include <string.h>

#include "lib/jwt.h"
#include "mocks/rpc/engine_parts.h"
#include "mocks/rpc/jsonrpsee.h"
#include "mocks/rpc/note.h"
#include "mocks/rpc/reth_rpc.h"

static struct ls_engine_port *port_of(struct ls_backend *b)
{
    return (struct ls_engine_port *)b;
}

/* The version of an engine method family the engine has, 0 = it is another method. */
static unsigned version_of(const char *method, const char *family, unsigned version_max)
{
    size_t n = strlen(family);
    if (strncmp(method, family, n) != 0 || method[n] < '1' || method[n] > '9' ||
        method[n + 1] != '\0') {
        return 0;
    }
    unsigned version = (unsigned)(method[n] - '0');
    return version <= version_max ? version : 0;
}

static bool is_reth(const struct ls_engine_port *e)
{
    return ls_engine_knobs(e->engine)->words == LS_EL_WORDS_RETH;
}

static void handle_call(void *self, struct ls_rpc_call *call)
{
    struct ls_engine_port *e = self;
    ls_arena_reset(&e->arena);
    e->life.is_engine_call |= strncmp(call->method, "engine_", 7) == 0;
    ls_note_asked(call->event, call->method, call->params, e->universe);
    if (is_reth(e) && !ls_reth_has(call->method, false)) {
        ls_reth_no_method(call);
        return;
    }
    unsigned np = version_of(call->method, "engine_newPayloadV", 4);
    unsigned gp = version_of(call->method, "engine_getPayloadV", 5);
    unsigned fcu = version_of(call->method, "engine_forkchoiceUpdatedV", 3);
    if (np != 0) {
        ls_engine_np(e, call, np);
    } else if (fcu != 0) {
        ls_engine_fcu(e, call, fcu);
    } else if (gp != 0) {
        ls_engine_get_payload(e, call, gp);
    } else if (is_reth(e)) {
        ls_reth_other(e, call, false);
    } else {
        ls_engine_other(e, call);
    }
}

static bool has_token_of_reth(const struct ls_engine_port *e, const struct ls_http_request *req,
                              struct ls_http_reply *reply)
{
    if (e->jwt_secret == NULL ||
        ls_jsonrpsee_token_is_valid(e->jwt_secret, req->authorization, req->wall_s, &reply->body)) {
        return true;
    }
    reply->status = 401;
    reply->content_type = NULL;
    reply->is_bare = true;
    return false;
}

/* The token is checked before verb, content type and body. */
static bool has_token(const struct ls_engine_port *e, const struct ls_http_request *req,
                      struct ls_http_reply *reply)
{
    char reason[LS_JWT_REASON_BYTES];
    if (is_reth(e)) {
        return has_token_of_reth(e, req, reply);
    }
    if (e->jwt_secret == NULL ||
        ls_jwt_explain(e->jwt_secret, req->authorization, req->wall_s, reason) == LS_JWT_VALID) {
        return true;
    }
    ls_rpc_refuse(reply, 401, reason);
    reply->is_bare = true;
    return false;
}

static bool engine_admit(struct ls_backend *b, const struct ls_http_request *req,
                         struct ls_http_reply *reply)
{
    struct ls_engine_port *e = port_of(b);
    if (!ls_engine_is_there(e, reply)) {
        return true; /* says so when it is asked */
    }
    return has_token(e, req, reply) &&
           (is_reth(e) ? ls_jsonrpsee_admits(req, reply, &LS_JSONRPSEE_LIMITS_AUTH)
                       : ls_rpc_admits(req, reply, &LS_RPC_LIMITS_AUTH));
}

/* op-reth's authenticated port, which compresses nothing. */
static void serve_reth(struct ls_engine_port *e, const struct ls_http_request *req,
                       struct ls_http_reply *reply)
{
    reply->is_identity = true;
    if (req->is_websocket) {
        reply->is_bare = true;
        reply->content_type = NULL;
        (void)ls_buf_puts(&reply->body,
                          "Could not upgrade connection: header Sec-WebSocket-Key not found");
        return;
    }
    ls_jsonrpsee_serve(req, reply, &LS_JSONRPSEE_LIMITS_AUTH, e->trace, handle_call, e);
    ls_engine_end_call(e, req->now_ns, reply);
}

static void engine_handle(struct ls_backend *b, const struct ls_http_request *req,
                          struct ls_http_reply *reply)
{
    struct ls_engine_port *e = port_of(b);
    if (!ls_engine_is_there(e, reply) || !has_token(e, req, reply)) {
        return;
    }
    if (is_reth(e)) {
        serve_reth(e, req, reply);
        return;
    }
    if (req->is_websocket) {
        /* This port speaks HTTP only; geth's own words for a handshake that does not do. */
        ls_rpc_refuse(reply, 400, "Bad Request");
        reply->is_bare = true;
        reply->is_websocket_refused = true;
        return;
    }
    ls_rpc_serve(req, reply, &LS_RPC_LIMITS_AUTH, e->trace, handle_call, e);
    ls_engine_end_call(e, req->now_ns, reply);
    if (req->is_preflight) {
        reply->content_type = NULL; /* answered by the handler around the one that writes it */
    }
}

static void handle_public_call(void *self, struct ls_rpc_call *call)
{
    struct ls_engine_port *e = self;
    ls_note_asked(call->event, call->method, call->params, e->universe);
    ls_arena_reset(&e->arena);
    if (ls_engine_debug(e, call)) {
        return;
    }
    if (is_reth(e)) {
        ls_reth_other(e, call, true);
    } else if (!ls_engine_eth(e, call, true)) {
        ls_rpc_no_method(call);
    }
}

static void public_handle(struct ls_backend *b, const struct ls_http_request *req,
                          struct ls_http_reply *reply)
{
    struct ls_engine_port *e = ((struct ls_engine_public *)b)->port;
    if (!ls_engine_is_there(e, reply)) {
        return;
    }
    if (is_reth(e) && req->is_websocket) {
        reply->status = 403; /* it has a port of its own for that */
        reply->content_type = "text/plain";
    } else if (is_reth(e)) {
        ls_jsonrpsee_serve(req, reply, &LS_JSONRPSEE_LIMITS_PUBLIC, e->trace, handle_public_call,
                           e);
    } else {
        ls_rpc_serve(req, reply, &LS_RPC_LIMITS_PUBLIC, e->trace, handle_public_call, e);
    }
    reply->is_bare = true; /* no web page is allowed to ask here, so nothing varies */
}

static bool public_admit(struct ls_backend *b, const struct ls_http_request *req,
                         struct ls_http_reply *reply)
{
    struct ls_engine_port *e = ((struct ls_engine_public *)b)->port;
    reply->is_bare = true;
    if (!ls_engine_is_there(e, reply)) {
        return true;
    }
    return is_reth(e) ? ls_jsonrpsee_admits(req, reply, &LS_JSONRPSEE_LIMITS_PUBLIC)
                      : ls_rpc_admits(req, reply, &LS_RPC_LIMITS_PUBLIC);
}

static const struct ls_backend_ops PUBLIC_OPS = {.handle = public_handle, .admit = public_admit};
static const struct ls_backend_ops ENGINE_OPS = {.handle = engine_handle, .admit = engine_admit};

struct ls_backend *ls_engine_rpc_new(const struct ls_engine_rpc_config *cfg)
{
    struct ls_engine_port *e = calloc(1, sizeof *e);
    if (e == NULL) {
        return NULL;
    }
    e->base.ops = &ENGINE_OPS;
    e->public_port = (struct ls_engine_public){.base = {&PUBLIC_OPS}, .port = e};
    e->engine = cfg->engine;
    e->universe = cfg->universe;
    e->rollup = *cfg->rollup;
    e->jwt_secret = cfg->jwt_secret;
    e->trace = cfg->trace;
    e->state = cfg->state;
    e->chain_id = cfg->rollup->l2_chain_id;
    ls_arena_init(&e->arena, LS_ENGINE_ARENA_MAX);
    e->blocks = ls_blockjson_new(cfg->universe);
    e->added = calloc((size_t)ls_universe_capacity(cfg->universe) + 1, sizeof *e->added);
    if (e->blocks == NULL || e->added == NULL) {
        ls_engine_rpc_free(&e->base);
        return NULL;
    }
    return &e->base;
}

void ls_engine_rpc_free(struct ls_backend *b)
{
    if (b == NULL) {
        return;
    }
    struct ls_engine_port *e = port_of(b);
    for (size_t i = 0; i < e->added_count; i++) {
        free(e->added[i]);
    }
    free(e->added);
    ls_engine_drop_builds(e);
    ls_blockjson_free(e->blocks);
    ls_arena_fini(&e->arena);
    free(e);
}

struct ls_backend *ls_engine_rpc_public(struct ls_backend *b)
{
    return &port_of(b)->public_port.base;
}

void ls_engine_rpc_set_secret(struct ls_backend *b, const uint8_t *jwt_secret)
{
    port_of(b)->jwt_secret = jwt_secret;
}

void ls_engine_rpc_set_chain_id(struct ls_backend *b, uint64_t chain_id)
{
    port_of(b)->chain_id = chain_id;
}
