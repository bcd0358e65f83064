#include "harness/serve/gossip.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/live/client.h"
#include "harness/live/pay.h"

#define METHOD "admin_postUnsafePayload"
#define TIMEOUT_MS 10000u

struct ls_gossip {
    struct ls_gossip_options o;
    struct ls_client *client;
    uint32_t last;                       /* the newest head that was told; LS_NO_BLOCK: none yet */
    uint32_t queue[LS_GOSSIP_QUEUE_MAX]; /* a ring */
    size_t head, count;
    struct ls_client_call *call; /* of the oldest */
    uint64_t id;                 /* of that request */
    struct ls_gossip_counts counts;
};

static void send_next(struct ls_gossip *g);

static void drop_all(struct ls_gossip *g)
{
    g->counts.lost += g->count;
    g->count = 0;
}

static void drop_oldest(struct ls_gossip *g)
{
    g->head = (g->head + 1) % LS_GOSSIP_QUEUE_MAX;
    g->count--;
}

/* ls_client_fn */
static void on_answer(void *user, const struct ls_client_answer *answer)
{
    struct ls_gossip *g = user;

    g->call = NULL;
    ls_loop_happened(g->o.loop);
    if (answer->err != LS_OK) {
        drop_all(g);
        return;
    }
    ls_trace_put_pay(g->o.trace, ls_universe_get(g->o.l2, g->queue[g->head]), g->id, METHOD, answer,
                     ls_loop_now_ns(g->o.loop));
    g->counts.sent++;
    drop_oldest(g);
    send_next(g);
}

/* That the oldest can be written was tried when it came: only memory can be missing. */
static void send_next(struct ls_gossip *g)
{
    struct ls_buf body = {0};

    if (g->call != NULL || g->count == 0) {
        return;
    }
    ls_buf_init(&body, LS_PAY_BYTES_MAX);
    if (ls_pay_write(ls_universe_get(g->o.l2, g->queue[g->head]), ++g->id, METHOD, &body, NULL) ==
        LS_OK) {
        g->call = ls_client_post(g->client, g->o.url, ls_buf_span(&body), TIMEOUT_MS, on_answer, g);
    }
    ls_buf_fini(&body);
    if (g->call == NULL) {
        drop_all(g);
    }
}

enum ls_err ls_gossip_tell(struct ls_gossip *g, uint32_t block, struct ls_diag *d)
{
    struct ls_buf body = {0};
    enum ls_err e;

    if (g->count == LS_GOSSIP_QUEUE_MAX) {
        g->counts.lost++;
        return ls_fail(d, LS_ERR_LIMIT, "more than %u payloads wait for the node",
                       LS_GOSSIP_QUEUE_MAX);
    }
    ls_buf_init(&body, LS_PAY_BYTES_MAX);
    e = ls_pay_write(ls_universe_get(g->o.l2, block), 0, METHOD, &body, d);
    ls_buf_fini(&body);
    if (e != LS_OK) {
        return e;
    }
    g->queue[(g->head + g->count++) % LS_GOSSIP_QUEUE_MAX] = block;
    send_next(g);
    return LS_OK;
}

void ls_gossip_follow(struct ls_gossip *g, uint32_t block)
{
    const struct ls_universe *l2 = g->o.l2;
    uint32_t from = g->last;

    if (block == LS_NO_BLOCK || block == g->last) {
        return;
    }
    if (from != LS_NO_BLOCK && ls_universe_is_ancestor(l2, block, from)) {
        return;
    }
    uint64_t to = ls_universe_get(l2, block)->ref.number;
    uint64_t number = to;
    from = from == LS_NO_BLOCK ? LS_NO_BLOCK : ls_universe_common(l2, from, block);
    if (from != LS_NO_BLOCK) {
        number = ls_universe_get(l2, from)->ref.number + 1;
    }
    for (; number <= to; number++) {
        /* One that is no payload, or too much, is not told: neither can be mended here. */
        (void)ls_gossip_tell(g, ls_universe_at(l2, block, number), NULL);
    }
    g->last = block;
}

struct ls_gossip_counts ls_gossip_counts(const struct ls_gossip *g)
{
    struct ls_gossip_counts counts = g->counts;

    counts.waiting = g->count;
    return counts;
}

enum ls_err ls_gossip_new(const struct ls_gossip_options *o, struct ls_gossip **out,
                          struct ls_diag *d)
{
    struct ls_gossip *g = calloc(1, sizeof *g);
    enum ls_err e;

    if (g == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    g->o = *o;
    g->last = LS_NO_BLOCK;
    e = ls_client_new(o->loop, &g->client, d);
    if (e != LS_OK) {
        free(g);
        return e;
    }
    *out = g;
    return LS_OK;
}

void ls_gossip_free(struct ls_gossip *g)
{
    if (g == NULL) {
        return;
    }
    ls_client_free(g->client);
    free(g);
}
