/* engine_forkchoiceUpdatedV1 - V3 and engine_getPayloadV1 - V4 of the sync tester, step by step
 * (mock-engine 1.10 - 1.12). */
#include <stdio.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/json.h"
#include "mocks/rpc/synctester_parts.h"

#define INVALID_PARAMS "Invalid parameters"
#define INVALID_ATTRIBUTES "Invalid payload attributes"
#define INVALID_STATE "Invalid forkchoice state"

/* Step 1: attributes have the shape of the version; false: answered. */
static bool has_shape(struct ls_st_call *c, const struct ls_st_attributes *a)
{
    const char *fault = NULL;
    if (c->version == 1) {
        if (a->has_withdrawals || a->has_beacon_root) {
            ls_st_engine_error(c, LS_RPC_INVALID_PARAMS, INVALID_PARAMS,
                               "withdrawals and beacon root not supported");
            return false;
        }
        return true;
    }
    if (c->version == 2 && a->has_beacon_root) {
        fault = "unexpected beacon root";
    } else if (c->version == 3 && !a->has_beacon_root) {
        fault = "missing beacon root";
    } else if (!a->has_withdrawals) {
        fault = "missing withdrawals";
    }
    if (fault != NULL) {
        ls_st_engine_error(c, LS_RPC_INVALID_ATTRIBUTES, INVALID_ATTRIBUTES, fault);
    }
    return fault == NULL;
}

static void answer(struct ls_st_call *c, const char *status, const struct ls_hash *lvh,
                   const uint8_t *payload_id)
{
    struct ls_jw w;
    ls_rpc_result(c->rpc, &w);
    ls_jw_object(&w, NULL);
    ls_st_put_status(c, &w, "payloadStatus", status, lvh, NULL);
    if (payload_id != NULL) {
        ls_jw_hex(&w, "payloadId", payload_id, LS_ST_PAYLOAD_ID_BYTES);
    } else {
        ls_jw_null(&w, "payloadId");
    }
    ls_jw_object_end(&w);
}

/* Steps 5 and 6: a label that is given; false: answered. */
static bool set_label(struct ls_st_call *c, const struct ls_hash *hash, bool is_safe)
{
    const char *name = is_safe ? "safe" : "finalized";
    const char *fault = NULL;
    uint64_t number = 0;
    if (ls_hash_is_zero(hash)) {
        return true; /* stays as it is (Q4) */
    }
    if (ls_st_fetch_number(c, hash, &number) != LS_ST_GOT) {
        fault = "available";
    } else if (!(is_safe ? ls_st_safe : ls_st_finalized)(c->session, number)) {
        fault = "canonical";
    }
    if (fault != NULL) {
        ls_st_engine_error(c, LS_RPC_INVALID_FORKCHOICE, INVALID_STATE,
                           ls_st_text(c, "%s block not %s", name, fault));
    }
    return fault == NULL;
}

/* Steps 7 - 10: the block after the head is the payload the attributes ask for. */
static void build(struct ls_st_call *c, const struct ls_st_forkchoice *f, uint64_t head)
{
    struct ls_st_payload p;
    struct ls_st_block b;
    struct ls_upstream_query q = {0};
    char text[40];
    const char *why;
    bool is_crash = false;
    ls_st_print_number(head + 1, text);
    q.text = text;
    if (ls_st_fetch_block(c, &q, &b, &why) != LS_ST_GOT) {
        answer(c, "SYNCING", NULL, NULL);
        return;
    }
    const char *fault = ls_st_attributes_fault(c, &f->attributes, &b, &is_crash);
    if (is_crash) {
        ls_st_crash(c);
        return;
    }
    if (fault != NULL) {
        ls_st_engine_error(c, LS_RPC_INVALID_ATTRIBUTES, INVALID_ATTRIBUTES, fault);
        return;
    }
    if (b.block->header.tail < LS_TAIL_BASE_FEE) {
        ls_st_engine_error(c, LS_RPC_SERVER, "Server error", "base fee was nil");
        return;
    }
    ls_st_payload_id(c, &f->head, &f->attributes, &b, p.id);
    p.block = b.id;
    p.has_withdrawals = c->version >= 2;
    if (b.id != LS_NO_BLOCK) { /* an altered block is nowhere to be had again */
        ls_st_payload_put(c->chain->sessions, c->session, &p);
    }
    answer(c, "VALID", &f->head, p.id);
}

void ls_st_engine_fcu(struct ls_st_call *c)
{
    struct ls_st_forkchoice f;
    uint64_t head = 0;
    if (!ls_st_take_forkchoice(c, &f) || !ls_st_enter(c) ||
        (f.has_attributes && !has_shape(c, &f.attributes))) {
        return;
    }
    if (f.is_null) {
        ls_st_crash(c); /* Q19 */
        return;
    }
    if (ls_st_fetch_number(c, &f.head, &head) != LS_ST_GOT || !ls_st_head(c->session, head)) {
        answer(c, "SYNCING", NULL, NULL); /* Q6, Q7 */
        return;
    }
    if (!set_label(c, &f.finalized, false) || !set_label(c, &f.safe, true)) {
        return; /* Q8: what was set stays set */
    }
    if (f.has_attributes) {
        build(c, &f, head);
    } else {
        answer(c, "VALID", &f.head, NULL);
    }
}

/* --- getPayload --- */

/* engine.PayloadID; null is the zero id. */
static void take_id(struct ls_go_args *a, uint8_t out[LS_ST_PAYLOAD_ID_BYTES])
{
    const struct cJSON *v = ls_go_args_take(a, true);
    memset(out, 0, LS_ST_PAYLOAD_ID_BYTES);
    if (v == NULL || ls_json_is_null(v)) {
        return;
    }
    const char *s = ls_json_str(v);
    if (s == NULL) {
        ls_go_args_fail(a, "json: cannot unmarshal %s into Go value of type *engine.PayloadID",
                        ls_go_kind_name(v));
        return;
    }
    size_t n = strlen(s);
    const char *fault = NULL;
    if (n > 0 && (s[0] != '0' || (s[1] != 'x' && s[1] != 'X'))) {
        fault = "hex string without 0x prefix";
    } else if (n % 2 != 0) {
        fault = "hex string of odd length";
    } else if (n != 2 + 2 * LS_ST_PAYLOAD_ID_BYTES) {
        ls_go_args_fail(a,
                        "invalid payload id \"%s\": hex string has length %zu, want 16 for "
                        "PayloadID",
                        s, n > 0 ? n - 2 : 0);
        return;
    } else if (strspn(s + 2, "0123456789abcdefABCDEF") != n - 2) {
        fault = "invalid hex string";
    }
    if (fault != NULL) {
        ls_go_args_fail(a, "invalid payload id \"%s\": %s", s, fault);
        return;
    }
    for (size_t i = 0; i < LS_ST_PAYLOAD_ID_BYTES; i++) {
        unsigned byte = 0;
        (void)sscanf(s + 2 + 2 * i, "%2x", &byte);
        out[i] = (uint8_t)byte;
    }
}

static void put_envelope(struct ls_st_call *c, const struct ls_st_payload *p)
{
    const struct ls_hash *hash = &ls_universe_get(c->chain->upstream->universe, p->block)->ref.hash;
    struct ls_st_block b;
    struct ls_payload payload;
    struct ls_jw w;
    if (!ls_st_recorded_block(c, p->block, &b)) {
        char text[67];
        ls_st_print_hash(hash, text);
        ls_rpc_error(c->rpc, LS_RPC_SERVER, "recorded block %s cannot be read", text);
        return;
    }
    ls_st_block_payload(&b, p->has_withdrawals, true, &payload);
    ls_rpc_result(c->rpc, &w);
    ls_envelope_write(&payload, &w, NULL);
}

void ls_st_engine_get(struct ls_st_call *c)
{
    struct ls_go_args a;
    struct ls_st_payload p;
    uint8_t id[LS_ST_PAYLOAD_ID_BYTES];
    ls_go_args_begin(&a, c->rpc);
    take_id(&a, id);
    if (!ls_go_args_end(&a) || !ls_st_enter(c)) {
        return;
    }
    if (!ls_st_payload_fits(c->version, id[0])) {
        ls_st_engine_error(c, LS_RPC_UNSUPPORTED_FORK, "Unsupported fork", NULL);
    } else if (!ls_st_payload_take(c->chain->sessions, c->session, id, &p)) {
        ls_st_engine_error(c, LS_RPC_UNKNOWN_PAYLOAD, "Unknown payload", NULL);
    } else {
        put_envelope(c, &p);
    }
}
