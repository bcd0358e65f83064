#include "node/io/unsafe.h"

#include <inttypes.h>

#include "lib/json.h"
#include "lib/jsonw.h"
#include "lib/op/block.h"
#include "lib/op/rpc.h"

void ls_unsafe_init(struct ls_unsafe *u, uint64_t pause_ns)
{
    *u = (struct ls_unsafe){.pause_ns = pause_ns};
}

/* The engine is at our head and goes nowhere by itself. */
static bool is_at_rest(const struct ls_core_status *s)
{
    return s->engine == LS_ENGINE_VALID && !ls_hash_is_zero(&s->published.unsafe_l2.hash) &&
           ls_hash_is_zero(&s->target.hash);
}

bool ls_unsafe_is_due(struct ls_unsafe *u, const struct ls_core_status *s, uint64_t now_ns)
{
    const struct ls_l2_ref *head = &s->published.unsafe_l2;

    if (u->next_ns > now_ns) {
        return false;
    }
    u->next_ns = now_ns + u->pause_ns;
    if (!is_at_rest(s)) {
        u->base = (struct ls_block_id){.number = 0};
        return false;
    }
    /* Nothing waits, but what was taken did not become the head: it was refused, or is lost. */
    bool is_lost = u->base.number > head->number && s->queue_count == 0;
    if (u->base.number <= head->number || is_lost) {
        u->base = (struct ls_block_id){head->hash, head->number};
    }
    return !is_lost && u->base.number - head->number < LS_UNSAFE_AHEAD_MAX;
}

void ls_unsafe_write_request(struct ls_unsafe *u, uint32_t id, struct ls_buf *out)
{
    struct ls_jw w;

    ls_jw_init(&w, out);
    ls_rpc_request_begin(&w, id, "eth_getBlockByNumber");
    ls_jw_quantity(&w, NULL, u->base.number + 1);
    ls_jw_bool(&w, NULL, true);
    ls_rpc_request_end(&w);
    u->next_ns = LS_NEVER;
}

void ls_unsafe_again(struct ls_unsafe *u, uint64_t now_ns, uint64_t retry_after_ns)
{
    u->base = (struct ls_block_id){.number = 0};
    u->next_ns = now_ns + (retry_after_ns > u->pause_ns ? retry_after_ns : u->pause_ns);
}

/* Its place: the number asked for, on the block before. */
static enum ls_err check_place(const struct ls_unsafe *u, const struct ls_header *h,
                               struct ls_diag *d)
{
    if (h->number != u->base.number + 1) {
        return ls_fail(d, LS_ERR_RANGE, "asked for block %" PRIu64 ", got block %" PRIu64,
                       u->base.number + 1, h->number);
    }
    if (!ls_hash_eq(&h->parent, &u->base.hash)) {
        return ls_fail(d, LS_ERR_LINK, "its block %" PRIu64 " is on another branch than our head",
                       h->number);
    }
    return LS_OK;
}

static enum ls_err read_block(const struct ls_unsafe *u, const struct ls_rollup *r,
                              const struct cJSON *result, struct ls_arena *a,
                              struct ls_payload *out, struct ls_diag *d)
{
    struct ls_block b;
    enum ls_err e = ls_block_from_json(result, a, &b, d);

    if (e == LS_OK) {
        e = ls_block_verify(&b, d);
    }
    if (e == LS_OK) {
        e = check_place(u, &b.header, d);
    }
    if (e == LS_OK) {
        e = ls_block_check_fork(&b, r, d);
    }
    return e != LS_OK ? e : ls_payload_from_block(&b, out);
}

/* The payload borrows from a, not from the reply: what ls_block_from_json keeps is in a. */
static enum ls_unsafe_found take_result(struct ls_unsafe *u, const struct ls_rollup *r,
                                        const struct cJSON *result, uint64_t now_ns,
                                        struct ls_arena *a, struct ls_payload *out,
                                        struct ls_diag *d)
{
    if (ls_json_is_null(result)) {
        return LS_UNSAFE_NOTHING;
    }
    if (read_block(u, r, result, a, out, d) != LS_OK) {
        return LS_UNSAFE_BAD;
    }
    u->base = (struct ls_block_id){out->block_hash, out->number};
    u->next_ns = now_ns;
    return LS_UNSAFE_BLOCK;
}

enum ls_unsafe_found ls_unsafe_take(struct ls_unsafe *u, const struct ls_rollup *r, uint32_t id,
                                    struct ls_span body, uint64_t now_ns, struct ls_arena *a,
                                    struct ls_payload *out, struct ls_diag *d)
{
    enum ls_unsafe_found found = LS_UNSAFE_BAD;
    struct ls_rpc_reply reply;

    u->next_ns = now_ns + u->pause_ns;
    if (ls_rpc_reply_parse((const char *)body.p, body.n, id, &reply, d) != LS_OK) {
        return LS_UNSAFE_BAD;
    }
    if (!reply.is_error) {
        found = take_result(u, r, reply.result, now_ns, a, out, d);
    } else if (ls_rpc_is_not_found(reply.code, reply.message)) {
        found = LS_UNSAFE_NOTHING;
    } else {
        (void)ls_fail(d, LS_ERR_RPC, "%s", reply.message);
    }
    ls_rpc_reply_fini(&reply);
    return found;
}
