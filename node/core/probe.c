/*
 * Who are the peers: identity of engine, source and L1, and the engine's labels, before anything is
 * written (R-2.2: heads are seeded from the labels without a forkchoice; no start-up reset).
 *
 * Engine: chain id, genesis hash, latest, safe, finalized, in this order; any failure starts over
 * one poll later, for ever. A well-formed answer that contradicts the configuration halts.
 */
#include "node/core/state.h"

static void ask_engine(struct ls_core *c, struct ls_actions *out, enum ls_purpose p)
{
    struct ls_request_params params = {.want_ref = true};
    enum ls_method m = LS_M_BLOCK;
    if (p == LS_FOR_EL_CHAIN) {
        m = LS_M_CHAIN_ID;
    } else if (p == LS_FOR_EL_GENESIS) {
        params.number = c->cfg.genesis.number;
        params.want_ref = false;
    } else if (p == LS_FOR_EL_LATEST) {
        params.tag = LS_TAG_LATEST;
    } else {
        params.tag = p == LS_FOR_EL_SAFE ? LS_TAG_SAFE : LS_TAG_FINALIZED;
    }
    ls_send(c, out, (struct ls_alive){.purpose = p, .target = LS_TO_ENGINE}, m, params);
}

static void ask_source(struct ls_core *c, struct ls_actions *out)
{
    c->source_probe_ns = LS_NEVER;
    ls_send(c, out, (struct ls_alive){.purpose = LS_FOR_SRC_CHAIN, .target = LS_TO_SOURCE},
            c->cfg.follow == LS_FOLLOW_EL ? LS_M_CHAIN_ID : LS_M_IDENTITY,
            (struct ls_request_params){0});
}

static void ask_l1(struct ls_core *c, struct ls_actions *out)
{
    c->l1_probe_ns = LS_NEVER;
    ls_send(c, out, (struct ls_alive){.purpose = LS_FOR_L1_CHAIN, .target = LS_TO_L1},
            LS_M_CHAIN_ID, (struct ls_request_params){0});
}

void ls_probe_start(struct ls_core *c, struct ls_actions *out)
{
    ls_move_life(c, LS_LIFE_PROBE);
    c->probe_retry_ns = LS_NEVER;
    ask_engine(c, out, LS_FOR_EL_CHAIN);
    ask_source(c, out);
    if (c->cfg.has_l1) {
        ask_l1(c, out);
    }
}

/* What was asked of the one before is not waited for, and nothing is believed of the new one before
 * it has said which chain it is of: a poll later, so that a list of dead ones is no storm. */
void ls_probe_other_source(struct ls_core *c, struct ls_actions *out)
{
    for (size_t i = 0; i < LS_REQUESTS_MAX; i++) {
        struct ls_alive *a = &c->alive[i];
        if (a->id != 0 && (a->target == LS_TO_SOURCE || a->purpose == LS_FOR_PASS)) {
            ls_act(out, LS_ACT_CANCEL)->id = a->id;
            *a = (struct ls_alive){0};
        }
    }
    if (c->pass.is_active) {
        ls_pass_end(c, LS_PASS_FETCH);
    }
    ls_move_source(c, LS_SOURCE_UNKNOWN);
    c->source_known = false;
    c->source_retry_ns = 0;
    c->source_mute_ns = 0;
    c->source_probe_ns = c->now_ns + c->cfg.poll_ns;
}

void ls_probe_timer(struct ls_core *c, struct ls_actions *out)
{
    if (c->life == LS_LIFE_PROBE && c->now_ns >= c->probe_retry_ns) {
        c->probe_retry_ns = LS_NEVER;
        ask_engine(c, out, LS_FOR_EL_CHAIN);
    }
    if (!c->source_known && c->now_ns >= c->source_probe_ns) {
        ask_source(c, out);
    }
    if (c->cfg.has_l1 && !c->l1_known && c->now_ns >= c->l1_probe_ns) {
        ask_l1(c, out);
    }
}

static void halt(struct ls_core *c, struct ls_actions *out, enum ls_note why,
                 const struct ls_block_id *found, const struct ls_block_id *expected)
{
    ls_move_life(c, LS_LIFE_HALTED);
    struct ls_action *a = ls_act(out, LS_ACT_HALT);
    a->note = why;
    a->a = *found;
    a->b = *expected;
}

static bool chain_differs(uint64_t found, uint64_t expected, struct ls_block_id *a,
                          struct ls_block_id *b)
{
    *a = (struct ls_block_id){.number = found};
    *b = (struct ls_block_id){.number = expected};
    return found != expected;
}

/* A label is taken over unless it is absent, names genesis (some engines say so for "never set",
 * BOOT-06) or stands above latest (an engine rewound under its labels, #11462). */
static void seed_label(const struct ls_core *c, const struct ls_block_reply *r,
                       struct ls_l2_ref *head)
{
    bool is_set = r->found && r->ref.number != c->cfg.genesis.number &&
                  r->ref.number <= c->heads.unsafe.number;
    *head = is_set ? r->ref : (struct ls_l2_ref){0};
}

static void run(struct ls_core *c, struct ls_actions *out)
{
    if (ls_known(&c->heads.safe) && c->heads.finalized.number > c->heads.safe.number) {
        c->heads.safe = (struct ls_l2_ref){0};
    }
    c->heads.local_safe = c->heads.safe;
    c->writer.last_valid = (struct ls_forkchoice){.head = c->heads.unsafe.hash,
                                                  .safe = c->heads.safe.hash,
                                                  .finalized = c->heads.finalized.hash};
    c->writer.labels_accepted = ls_known(&c->heads.safe) || ls_known(&c->heads.finalized);
    ls_move_life(c, LS_LIFE_RUN);
    ls_move_engine(c, LS_ENGINE_VALID);
    struct ls_block_id head = ls_id(&c->heads.unsafe);
    ls_note(out, LS_NOTE_ENGINE_READY, &head, NULL, 0);
    c->next_poll_ns = c->now_ns; /* the first pass comes at once */
    ls_queue_trim(c, out);
    ls_publish(c, out);
    ls_follow_timer(c, out);
    /* after the first pass was begun: it must not wait for a diagnosis. */
    ls_send(c, out, (struct ls_alive){.purpose = LS_FOR_EL_METHODS, .target = LS_TO_ENGINE},
            LS_M_CAPABILITIES, (struct ls_request_params){0});
}

static void again(struct ls_core *c)
{
    c->probe_retry_ns = c->now_ns + c->cfg.poll_ns;
}

static void engine_reply(struct ls_core *c, const struct ls_alive *q, const struct ls_event *ev,
                         struct ls_actions *out)
{
    struct ls_block_id a, b;
    const struct ls_block_reply *r = &ev->block;
    ls_engine_answered(c, out);
    if (q->purpose == LS_FOR_EL_CHAIN) {
        if (chain_differs(ev->chain_id, c->cfg.l2_chain_id, &a, &b)) {
            halt(c, out, LS_NOTE_ENGINE_WRONG_CHAIN, &a, &b);
        } else {
            ask_engine(c, out, LS_FOR_EL_GENESIS);
        }
    } else if (q->purpose == LS_FOR_EL_GENESIS) {
        if (!r->found) {
            ls_episode(c, out, LS_SLOT_ENGINE, LS_NOTE_ENGINE_NO_GENESIS, &c->cfg.genesis, NULL, 0);
            again(c);
        } else if (!ls_hash_eq(&r->ref.hash, &c->cfg.genesis.hash)) {
            a = ls_id(&r->ref);
            halt(c, out, LS_NOTE_ENGINE_WRONG_GENESIS, &a, &c->cfg.genesis);
        } else {
            ask_engine(c, out, LS_FOR_EL_LATEST);
        }
    } else if (q->purpose == LS_FOR_EL_LATEST) {
        if (!r->found) {
            again(c);
            return;
        }
        c->heads.unsafe = r->ref;
        ask_engine(c, out, LS_FOR_EL_SAFE);
    } else if (q->purpose == LS_FOR_EL_SAFE) {
        seed_label(c, r, &c->heads.safe);
        ask_engine(c, out, LS_FOR_EL_FINALIZED);
    } else {
        seed_label(c, r, &c->heads.finalized);
        run(c, out);
    }
}

static void source_is_known(struct ls_core *c, struct ls_actions *out, bool told)
{
    c->source_known = true;
    ls_move_source(c, LS_SOURCE_OK);
    ls_episode_over(c, out, LS_SLOT_SOURCE, LS_NOTE_SOURCE_BACK);
    ls_note(out, told ? LS_NOTE_SOURCE_READY : LS_NOTE_SOURCE_NO_IDENTITY, NULL, NULL, 0);
    c->next_poll_ns = c->now_ns;
    ls_follow_timer(c, out);
}

static void source_is_foreign(struct ls_core *c, struct ls_actions *out,
                              const struct ls_block_id *found, const struct ls_block_id *expected)
{
    ls_move_source(c, LS_SOURCE_WRONG_CHAIN);
    ls_episode(c, out, LS_SLOT_SOURCE, LS_NOTE_SOURCE_WRONG_CHAIN, found, expected, 0);
    c->source_probe_ns = c->now_ns + c->cfg.poll_ns;
}

static void source_reply(struct ls_core *c, const struct ls_alive *q, const struct ls_event *ev,
                         struct ls_actions *out)
{
    struct ls_block_id a, b;
    bool is_el = c->cfg.follow == LS_FOLLOW_EL;
    if (q->purpose == LS_FOR_SRC_GENESIS) {
        a = ls_id(&ev->block.ref);
        if (ev->block.found && !ls_hash_eq(&a.hash, &c->cfg.genesis.hash)) {
            source_is_foreign(c, out, &a, &c->cfg.genesis);
        } else { /* a pruned source may lack block 0: the chain id has to do */
            source_is_known(c, out, true);
        }
        return;
    }
    if (chain_differs(is_el ? ev->chain_id : ev->identity.l2_chain_id, c->cfg.l2_chain_id, &a,
                      &b)) {
        source_is_foreign(c, out, &a, &b);
    } else if (is_el) {
        ls_send(c, out, (struct ls_alive){.purpose = LS_FOR_SRC_GENESIS, .target = LS_TO_SOURCE},
                LS_M_BLOCK, (struct ls_request_params){.number = c->cfg.genesis.number});
    } else if (!ls_hash_eq(&ev->identity.genesis.hash, &c->cfg.genesis.hash)) {
        source_is_foreign(c, out, &ev->identity.genesis, &c->cfg.genesis);
    } else {
        source_is_known(c, out, true);
    }
}

static void l1_chain_reply(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out)
{
    struct ls_block_id a, b;
    if (chain_differs(ev->chain_id, c->cfg.l1_chain_id, &a, &b)) {
        ls_move_l1(c, LS_L1_WRONG);
        halt(c, out, LS_NOTE_L1_WRONG_CHAIN, &a, &b);
        return;
    }
    c->l1_known = true;
    c->next_l1_ns = c->now_ns;
    ls_l1_answered(c, out);
    ls_l1_timer(c, out);
    ls_follow_continue(c, out);
}

void ls_probe_reply(struct ls_core *c, const struct ls_alive *q, const struct ls_event *ev,
                    struct ls_actions *out)
{
    if (q->target == LS_TO_ENGINE) {
        engine_reply(c, q, ev, out);
    } else if (q->target == LS_TO_SOURCE) {
        source_reply(c, q, ev, out);
    } else {
        l1_chain_reply(c, ev, out);
    }
}

void ls_probe_fail(struct ls_core *c, const struct ls_alive *q, const struct ls_event *ev,
                   struct ls_actions *out)
{
    if (q->target == LS_TO_ENGINE) {
        ls_engine_failed(c, ev, out);
        again(c);
    } else if (q->target == LS_TO_L1) {
        ls_l1_failed(c, ev, out);
        c->l1_probe_ns = c->now_ns + c->cfg.poll_ns;
        ls_follow_continue(c, out);
    } else if (ev->fail == LS_FAIL_RPC && ev->code == LS_RPC_METHOD_NOT_FOUND) {
        source_is_known(c, out, false);
    } else {
        ls_move_source(c, LS_SOURCE_DOWN);
        ls_episode(c, out, LS_SLOT_SOURCE, LS_NOTE_SOURCE_DOWN, NULL, NULL, ev->code);
        c->source_probe_ns = c->now_ns + c->cfg.poll_ns;
    }
}
