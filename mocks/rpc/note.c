#include "mocks/rpc/note.h"

#include <stdio.h>
#include <string.h>

#include "lib/json.h"

static struct ls_trace_block block_of_hash(const struct ls_hash *hash, const struct ls_universe *u)
{
    uint32_t id = u == NULL ? LS_NO_BLOCK : ls_universe_find(u, hash);
    if (id == LS_NO_BLOCK) {
        return ls_trace_block_of(hash);
    }
    return ls_trace_block_id(hash, ls_universe_get(u, id)->ref.number);
}

static void read_hash(const struct cJSON *v, struct ls_trace_block *out,
                      const struct ls_universe *u)
{
    struct ls_hash hash;
    if (ls_json_fixed(v, hash.b, sizeof hash.b) == LS_OK) {
        *out = block_of_hash(&hash, u);
    }
}

static void asked_forkchoice(struct ls_trace_event *ev, const struct cJSON *params,
                             const struct ls_universe *u)
{
    const struct cJSON *state = ls_json_at(params, 0);
    const struct cJSON *attributes = ls_json_at(params, 1);
    read_hash(ls_json_get(state, "headBlockHash"), &ev->head, u);
    read_hash(ls_json_get(state, "safeBlockHash"), &ev->safe, u);
    read_hash(ls_json_get(state, "finalizedBlockHash"), &ev->finalized, u);
    ev->has_attributes = attributes != NULL && !ls_json_is_null(attributes);
}

static void asked_payload(struct ls_trace_event *ev, const struct cJSON *params)
{
    const struct cJSON *payload = ls_json_at(params, 0);
    read_hash(ls_json_get(payload, "blockHash"), &ev->block, NULL);
    ev->block.has_number =
        ls_json_quantity(ls_json_get(payload, "blockNumber"), &ev->block.number) == LS_OK;
}

/* A tag, a number, or a hash. */
static void asked_block(struct ls_trace_event *ev, const struct cJSON *params,
                        const struct ls_universe *u)
{
    const struct cJSON *v = ls_json_at(params, 0);
    const char *s = ls_json_str(v);
    if (s != NULL && s[0] != '0') {
        ls_trace_copy(ev->tag, sizeof ev->tag, s, strlen(s));
        return;
    }
    if (ls_json_u64_any(v, &ev->block.number) == LS_OK) {
        ev->block.has_number = true;
        return;
    }
    read_hash(v, &ev->block, u);
}

static bool begins(const char *s, const char *front)
{
    return strncmp(s, front, strlen(front)) == 0;
}

void ls_note_asked(struct ls_trace_event *ev, const char *method, const struct cJSON *params,
                   const struct ls_universe *u)
{
    unsigned version;
    if (ev == NULL || method == NULL) {
        return;
    }
    ls_trace_copy(ev->method, sizeof ev->method, method, strlen(method));
    if (begins(method, "engine_")) {
        const char *v = strrchr(method, 'V');
        ev->version = v != NULL && sscanf(v + 1, "%2u", &version) == 1 ? version : 0;
    }
    if (begins(method, "engine_forkchoiceUpdated")) {
        asked_forkchoice(ev, params, u);
    } else if (begins(method, "engine_newPayload")) {
        asked_payload(ev, params);
    } else if (begins(method, "eth_getBlockBy") || begins(method, "eth_getHeaderBy") ||
               strcmp(method, "optimism_outputAtBlock") == 0) {
        asked_block(ev, params, u);
    }
}

void ls_note_result(struct ls_trace_event *ev, const struct ls_universe *u, uint32_t id)
{
    if (ev != NULL && id != LS_NO_BLOCK) {
        const struct ls_l2_ref *ref = &ls_universe_get(u, id)->ref;
        ev->result = ls_trace_block_id(&ref->hash, ref->number);
    }
}

void ls_note_heads(struct ls_trace_event *ev, const struct ls_sync_status *s)
{
    if (ev == NULL) {
        return;
    }
    ev->has_heads = true;
    ev->unsafe_l2 = ls_trace_block_id(&s->unsafe_l2.hash, s->unsafe_l2.number);
    ev->local_safe_l2 = ls_trace_block_id(&s->local_safe_l2.hash, s->local_safe_l2.number);
    ev->safe_l2 = ls_trace_block_id(&s->safe_l2.hash, s->safe_l2.number);
    ev->finalized_l2 = ls_trace_block_id(&s->finalized_l2.hash, s->finalized_l2.number);
    ev->current_l1 = ls_trace_block_id(&s->current_l1.hash, s->current_l1.number);
}

void ls_note_unsaid(struct ls_trace_event *ev)
{
    struct ls_trace_event kept = *ev;
    memset(ev, 0, sizeof *ev);
    ev->seq_in = kept.seq_in;
    ev->tick = kept.tick;
    ev->ns_in = kept.ns_in;
    ev->incarnation = kept.incarnation;
    ev->ep = kept.ep;
    ev->kind = kept.kind;
    ev->conn = kept.conn;
    memcpy(ev->method, kept.method, sizeof ev->method);
    ev->head = kept.head;
    ev->safe = kept.safe;
    ev->finalized = kept.finalized;
    ev->has_attributes = kept.has_attributes;
    ev->block = kept.block;
    memcpy(ev->tag, kept.tag, sizeof ev->tag);
    ev->version = kept.version;
    ev->http_status = kept.http_status;
    memcpy(ev->fault, kept.fault, sizeof ev->fault);
}

static void wire_text(struct ls_trace_event *ev, const struct cJSON *v)
{
    const char *s = ls_json_str(v);
    if (s != NULL) {
        ls_trace_copy(ev->text, sizeof ev->text, s, strlen(s));
    }
}

static void wire_status(struct ls_trace_event *ev, const struct cJSON *result)
{
    const struct cJSON *inner = ls_json_get(result, "payloadStatus");
    const struct cJSON *v = inner != NULL ? inner : result;
    const char *status = ls_json_str(ls_json_get(v, "status"));
    if (status != NULL) {
        ls_trace_copy(ev->status, sizeof ev->status, status, strlen(status));
        read_hash(ls_json_get(v, "latestValidHash"), &ev->latest_valid, NULL);
        wire_text(ev, ls_json_get(v, "validationError"));
    }
}

static void wire_result(struct ls_trace_event *ev, const struct cJSON *result)
{
    struct ls_sync_status status;
    if (begins(ev->method, "engine_")) {
        wire_status(ev, result);
    } else if (strcmp(ev->method, "optimism_syncStatus") == 0) {
        if (ls_sync_status_parse(result, &status, NULL) == LS_OK) {
            ls_note_heads(ev, &status);
        }
    } else if (begins(ev->method, "eth_getBlockBy")) {
        read_hash(ls_json_get(result, "hash"), &ev->result, NULL);
        ev->result.has_number =
            ls_json_quantity(ls_json_get(result, "number"), &ev->result.number) == LS_OK;
    }
}

void ls_note_wire(struct ls_trace_event *ev, const char *body, size_t n)
{
    struct cJSON *root = NULL;
    ev->answer = LS_TRACE_OTHER;
    if (body == NULL || ls_json_parse(body, n, 0, &root, NULL) != LS_OK) {
        return;
    }
    const struct cJSON *error = ls_json_get(root, "error");
    const struct cJSON *result = ls_json_get(root, "result");
    if (ls_json_is_object(error)) {
        ev->answer = LS_TRACE_ERROR;
        (void)ls_json_i64(ls_json_get(error, "code"), &ev->code);
        wire_text(ev, ls_json_get(error, "message"));
    } else if (ls_json_is_null(result)) {
        ev->answer = LS_TRACE_NULL;
    } else if (result != NULL) {
        ev->answer = LS_TRACE_RESULT;
        wire_result(ev, result);
    }
    ls_json_free(root);
}
