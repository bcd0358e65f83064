#include "mocks/rpc/tap.h"

#include <stdlib.h>
#include <string.h>

#include "mocks/rpc/jsonrpc.h"
#include "mocks/rpc/note.h"

struct tap {
    struct ls_backend base;
    struct ls_backend *inner;
    struct ls_trace *trace;
    enum ls_trace_ep ep;
};

/* For requests that no handler saw: what they asked. */
struct asking {
    struct ls_trace *trace;
    uint64_t ticket;
};

static bool note_message(void *self, const char *method, const struct cJSON *params)
{
    struct asking *a = self;
    struct ls_trace_event *ev = ls_trace_call(a->trace, a->ticket);
    ls_note_asked(ev, method, params, NULL);
    return ev != NULL;
}

static bool is_answer(enum ls_http_fate fate)
{
    switch (fate) {
    case LS_FATE_SEND:
    case LS_FATE_DRIP:
        return true;
    case LS_FATE_HOLD:
    case LS_FATE_HANG:
    case LS_FATE_RESET:
    case LS_FATE_REFUSE:
    case LS_FATE_TRUNCATE:
        break;
    }
    return false;
}

/* A fault changed what the handler said, or answered in its place: read what really leaves. */
static void note_altered(struct ls_trace_event *ev, const struct ls_http_reply *reply,
                         bool is_only_call)
{
    bool is_readable =
        is_only_call && reply->status == 200 && strcmp(reply->fault, LS_FAULT_NAME_WRONG_ID) != 0;
    ls_note_unsaid(ev);
    if (is_readable && reply->stored == NULL) {
        ls_note_wire(ev, (const char *)reply->body.p, reply->body.n);
    } else {
        ev->answer = LS_TRACE_OTHER;
    }
}

static void note_fate(struct ls_trace_event *ev, const struct ls_http_reply *reply,
                      bool is_only_call)
{
    if (reply->fault != NULL) {
        ls_trace_copy(ev->fault, sizeof ev->fault, reply->fault, strlen(reply->fault));
    }
    if (!is_answer(reply->fate)) {
        ls_note_unsaid(ev);
        return;
    }
    ev->http_status = reply->status;
    if (reply->fault != NULL && strcmp(reply->fault, LS_FAULT_NAME_DELAY) != 0) {
        note_altered(ev, reply, is_only_call);
    } else if (ev->answer == LS_TRACE_NO_ANSWER) {
        ev->answer = LS_TRACE_OTHER;
    }
}

static void tap_handle(struct ls_backend *b, const struct ls_http_request *req,
                       struct ls_http_reply *reply)
{
    struct tap *t = (struct tap *)b;
    struct ls_http_request inside = *req;
    struct ls_trace_event *ev;
    if (req->ticket == 0) {
        inside.ticket = ls_trace_open(t->trace, t->ep, req->conn, req->now_ns);
    }
    ls_trace_call_reset(t->trace, inside.ticket);
    t->inner->ops->handle(t->inner, &inside, reply);
    if (ls_trace_call_at(t->trace, inside.ticket, 0) == NULL) {
        struct asking asking = {t->trace, inside.ticket};
        ls_rpc_each(req->body, req->body_bytes, note_message, &asking);
    }
    if (ls_trace_call_at(t->trace, inside.ticket, 0) == NULL) {
        (void)ls_trace_call(t->trace, inside.ticket); /* not JSON-RPC: still one record */
    }
    bool is_only_call = ls_trace_call_at(t->trace, inside.ticket, 1) == NULL;
    for (size_t i = 0; (ev = ls_trace_call_at(t->trace, inside.ticket, i)) != NULL; i++) {
        note_fate(ev, reply, is_only_call);
    }
    if (req->ticket == 0) {
        ls_trace_close(t->trace, inside.ticket, req->now_ns, is_answer(reply->fate));
    }
}

static void tap_abandon(struct ls_backend *b, uint64_t serial)
{
    struct tap *t = (struct tap *)b;
    if (t->inner->ops->abandon != NULL) {
        t->inner->ops->abandon(t->inner, serial);
    }
}

static void tap_left(struct ls_backend *b, uint64_t serial)
{
    struct tap *t = (struct tap *)b;
    if (t->inner->ops->left != NULL) {
        t->inner->ops->left(t->inner, serial);
    }
}

static bool tap_admit(struct ls_backend *b, const struct ls_http_request *req,
                      struct ls_http_reply *reply)
{
    return ls_backend_admits(((struct tap *)b)->inner, req, reply);
}

static const struct ls_backend_ops TAP_OPS = {
    .handle = tap_handle, .abandon = tap_abandon, .left = tap_left, .admit = tap_admit};

struct ls_backend *ls_tap_new(struct ls_backend *inner, struct ls_trace *trace, enum ls_trace_ep ep)
{
    struct tap *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    *t = (struct tap){.base = {&TAP_OPS}, .inner = inner, .trace = trace, .ep = ep};
    return &t->base;
}

void ls_tap_free(struct ls_backend *b)
{
    free(b);
}
