#include "harness/live/pay.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/arena.h"
#include "lib/json.h"
#include "lib/jsonw.h"
#include "lib/op/block.h"
#include "lib/op/payload.h"
#include "lib/op/rpc.h"

enum ls_err ls_pay_write(const struct ls_ublock *block, uint64_t id, const char *method,
                         struct ls_buf *out, struct ls_diag *d)
{
    struct ls_arena arena;
    struct ls_span text = ls_ublock_text(block);
    struct cJSON *json = NULL;
    struct ls_block b;
    struct ls_payload payload;
    struct ls_jw w;
    enum ls_err e;

    ls_arena_init(&arena, LS_PAY_BYTES_MAX);
    e = ls_json_parse((const char *)text.p, text.n, 0, &json, d);
    if (e == LS_OK) {
        e = ls_block_from_json(json, &arena, &b, d);
    }
    if (e == LS_OK) {
        e = ls_payload_from_block(&b, &payload);
    }
    if (e == LS_OK) {
        ls_jw_init(&w, out);
        ls_rpc_request_begin(&w, id, method);
        ls_envelope_write(&payload, &w, NULL);
        ls_rpc_request_end(&w);
        e = out->err;
    }
    ls_json_free(json);
    ls_arena_fini(&arena);
    return e == LS_OK ? e : ls_fail_in(d, e, "block %" PRIu64 " as a payload", block->ref.number);
}

struct ls_trace_event ls_trace_node_answer(enum ls_trace_kind kind, const char *method,
                                           const struct ls_client_answer *answer, int64_t code,
                                           const char *text)
{
    struct ls_trace_event ev = {
        .ep = LS_TRACE_CL, .kind = kind, .http_status = answer->status, .code = code};

    (void)snprintf(ev.method, sizeof ev.method, "%s", method);
    (void)snprintf(ev.text, sizeof ev.text, "%.*s", (int)sizeof ev.text - 1, text);
    return ev;
}

void ls_trace_put_pay(struct ls_trace *trace, const struct ls_ublock *block, uint64_t id,
                      const char *method, const struct ls_client_answer *answer, uint64_t now_ns)
{
    struct ls_rpc_reply reply = {0};
    struct ls_diag why = {{0}};
    struct ls_trace_event ev;

    if (ls_rpc_reply_parse((const char *)answer->body.p, answer->body.n, id, &reply, &why) !=
        LS_OK) {
        ev = ls_trace_node_answer(LS_TRACE_PAY, method, answer, 0, why.text);
    } else {
        ev = ls_trace_node_answer(LS_TRACE_PAY, method, answer, reply.is_error ? reply.code : 0,
                                  reply.is_error ? reply.message : "");
    }
    ev.block = ls_trace_block_id(&block->ref.hash, block->ref.number);
    ls_trace_put(trace, &ev, now_ns);
    ls_rpc_reply_fini(&reply);
}
