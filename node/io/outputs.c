#include "node/io/outputs.h"

#include <inttypes.h>

#include "lib/arena.h"
#include "lib/json.h"
#include "lib/jsonw.h"
#include "lib/op/account.h"
#include "lib/op/block.h"
#include "lib/op/rpc.h"

#define BLOCK_BYTES_MAX (64u << 20)

struct ls_output_query ls_output_ask(uint64_t number)
{
    return (struct ls_output_query){.step = LS_OUTPUT_BLOCK, .number = number};
}

void ls_output_write_request(const struct ls_output_query *q, uint32_t id, struct ls_buf *out)
{
    struct ls_jw w;

    ls_jw_init(&w, out);
    if (q->step == LS_OUTPUT_BLOCK) {
        ls_rpc_request_begin(&w, id, "eth_getBlockByNumber");
        ls_jw_quantity(&w, NULL, q->number);
        ls_jw_bool(&w, NULL, true);
    } else {
        ls_rpc_request_begin(&w, id, "eth_getProof");
        ls_jw_hex(&w, NULL, LS_MESSAGE_PASSER.b, sizeof LS_MESSAGE_PASSER.b);
        ls_jw_array(&w, NULL);
        ls_jw_array_end(&w);
        ls_jw_hex(&w, NULL, q->output.ref.hash.b, sizeof q->output.ref.hash.b);
    }
    ls_rpc_request_end(&w);
}

void ls_output_fail(struct ls_output_query *q, const char *why)
{
    (void)ls_fail(&q->why, LS_OK, "%s: %s",
                  q->step == LS_OUTPUT_BLOCK ? "failed to get L2 block ref with sync status"
                                             : "failed to get the message passer's storage root",
                  why);
    q->step = LS_OUTPUT_FAILED;
}

static void not_found(struct ls_output_query *q)
{
    struct ls_diag why;

    (void)ls_fail(&why, LS_OK,
                  "failed to determine L2BlockRef of height %" PRIu64
                  ", could not get payload: not found",
                  q->number);
    ls_output_fail(q, why.text);
}

static void take_block(struct ls_output_query *q, const struct ls_rollup *r,
                       const struct cJSON *result)
{
    struct ls_diag d = {""};
    struct ls_arena arena;
    struct ls_block b;
    enum ls_err e;

    if (ls_json_is_null(result)) {
        not_found(q);
        return;
    }
    ls_arena_init(&arena, BLOCK_BYTES_MAX);
    e = ls_block_from_json(result, &arena, &b, &d);
    if (e == LS_OK) {
        e = ls_block_l2_ref(&b, r, &q->output.ref, &d);
    }
    if (e == LS_OK && b.header.number != q->number) {
        e = ls_fail(&d, LS_ERR_RANGE, "the engine gave another block");
    }
    if (e == LS_OK) {
        bool has_root = b.header.tail >= LS_TAIL_REQUESTS_HASH; /* Isthmus: in the header */

        q->output.state_root = b.header.state_root;
        q->output.passer_root = b.header.withdrawals_root;
        q->step = has_root ? LS_OUTPUT_DONE : LS_OUTPUT_PROOF;
    } else {
        ls_output_fail(q, d.text);
    }
    ls_arena_fini(&arena);
}

/* The block's hash was checked, so its state root holds for what is proved under it. */
static void take_proof(struct ls_output_query *q, const struct cJSON *result)
{
    struct ls_account passer;
    struct ls_diag d = {""};
    enum ls_err e =
        ls_account_prove(result, &LS_MESSAGE_PASSER, &q->output.state_root, &passer, &d);

    if (e == LS_OK && !passer.is_there) {
        e = ls_fail(&d, LS_ERR_NOT_FOUND, "the account is not there");
    }
    if (e == LS_OK) {
        q->output.passer_root = passer.storage_root;
        q->step = LS_OUTPUT_DONE;
    } else {
        (void)ls_fail_in(&d, e, "the engine's proof");
        ls_output_fail(q, d.text);
    }
}

void ls_output_take(struct ls_output_query *q, const struct ls_rollup *r, uint32_t id,
                    struct ls_span body)
{
    struct ls_diag d = {""};
    struct ls_rpc_reply reply;

    if (ls_rpc_reply_parse((const char *)body.p, body.n, id, &reply, &d) != LS_OK) {
        ls_output_fail(q, d.text);
        return;
    }
    if (reply.is_error && q->step == LS_OUTPUT_BLOCK &&
        ls_rpc_is_not_found(reply.code, reply.message)) {
        not_found(q);
    } else if (reply.is_error) {
        ls_output_fail(q, reply.message);
    } else if (q->step == LS_OUTPUT_BLOCK) {
        take_block(q, r, reply.result);
    } else {
        take_proof(q, reply.result);
    }
    ls_rpc_reply_fini(&reply);
}
