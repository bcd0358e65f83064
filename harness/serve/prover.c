#include "harness/serve/prover.h"

#include <stddef.h>

#define BLOCKS_A_TURN 16u /* a fraction of a millisecond, that a request may have to wait */

/* --- the guard --- */

static void guard_handle(struct ls_backend *b, const struct ls_http_request *req,
                         struct ls_http_reply *reply)
{
    struct ls_guard *g = (struct ls_guard *)b;

    g->inner->ops->handle(g->inner, req, reply);
    if (ls_chain_fault(g->chain, NULL) != LS_OK) {
        reply->fate = LS_FATE_RESET;
    }
}

static void guard_abandon(struct ls_backend *b, uint64_t serial)
{
    struct ls_guard *g = (struct ls_guard *)b;

    if (g->inner->ops->abandon != NULL) {
        g->inner->ops->abandon(g->inner, serial);
    }
}

static void guard_left(struct ls_backend *b, uint64_t serial)
{
    struct ls_guard *g = (struct ls_guard *)b;

    if (g->inner->ops->left != NULL) {
        g->inner->ops->left(g->inner, serial);
    }
}

static const struct ls_backend_ops GUARD_OPS = {
    .handle = guard_handle, .abandon = guard_abandon, .left = guard_left};

struct ls_backend *ls_guard_init(struct ls_guard *g, struct ls_backend *inner,
                                 const struct ls_chain *chain)
{
    *g = (struct ls_guard){.base = {&GUARD_OPS}, .inner = inner, .chain = chain};
    return inner != NULL ? &g->base : NULL;
}

/* --- the prover --- */

/* ls_loop_fn */
static void prove_some(void *user)
{
    struct ls_prover *p = user;
    bool is_done = true;

    if (ls_chain_prove(p->chain, BLOCKS_A_TURN, &is_done, NULL) == LS_OK && !is_done) {
        ls_loop_timer_set(p->loop, &p->timer, 0);
    }
}

void ls_prover_start(struct ls_prover *p, struct ls_chain *chain, struct ls_loop *loop)
{
    *p = (struct ls_prover){.chain = chain, .loop = loop, .timer = {.fn = prove_some, .user = p}};
    ls_loop_timer_set(loop, &p->timer, 0);
}
