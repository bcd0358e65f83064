/*
 * Our own L1: its heads for the status, and a small cache of origins found canonical. A cached
 * origin is trusted only at or below L1's finalized block, where it cannot change any more.
 */
#include "node/core/state.h"

static void ask(struct ls_core *c, struct ls_actions *out, enum ls_purpose p, enum ls_tag tag)
{
    ls_send(c, out, (struct ls_alive){.purpose = p, .target = LS_TO_L1}, LS_M_BLOCK,
            (struct ls_request_params){.tag = tag});
}

void ls_l1_timer(struct ls_core *c, struct ls_actions *out)
{
    if (!c->l1_known || c->now_ns < c->next_l1_ns) {
        return;
    }
    c->next_l1_ns = c->now_ns + c->cfg.l1_poll_ns;
    if (!ls_is_asking(c, LS_FOR_L1_LATEST) && !ls_is_asking(c, LS_FOR_L1_SAFE) &&
        !ls_is_asking(c, LS_FOR_L1_FINALIZED)) {
        ask(c, out, LS_FOR_L1_LATEST, LS_TAG_LATEST);
    }
}

static void set_l1(struct ls_core *c, struct ls_actions *out, struct ls_l1_ref *field,
                   const struct ls_block_reply *r)
{
    if (r->found && memcmp(field, &r->l1, sizeof *field) != 0) {
        *field = r->l1;
        c->published.current_l1_finalized = c->published.finalized_l1;
        ls_act(out, LS_ACT_HEADS);
    }
}

void ls_l1_reply(struct ls_core *c, const struct ls_alive *q, const struct ls_event *ev,
                 struct ls_actions *out)
{
    ls_l1_answered(c, out);
    if (q->purpose == LS_FOR_L1_LATEST) {
        set_l1(c, out, &c->published.head_l1, &ev->block);
        ask(c, out, LS_FOR_L1_SAFE, LS_TAG_SAFE);
    } else if (q->purpose == LS_FOR_L1_SAFE) {
        set_l1(c, out, &c->published.safe_l1, &ev->block);
        ask(c, out, LS_FOR_L1_FINALIZED, LS_TAG_FINALIZED);
    } else {
        set_l1(c, out, &c->published.finalized_l1, &ev->block);
    }
}

void ls_l1_failed(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out)
{
    ls_move_l1(c, LS_L1_DOWN);
    ls_episode(c, out, LS_SLOT_L1, LS_NOTE_L1_DOWN, NULL, NULL, ev->code);
}

void ls_l1_answered(struct ls_core *c, struct ls_actions *out)
{
    if (ls_in_episode(c, LS_SLOT_L1, LS_NOTE_L1_DOWN)) {
        ls_episode_over(c, out, LS_SLOT_L1, LS_NOTE_L1_BACK);
    }
    if (c->l1 == LS_L1_DOWN || c->l1 == LS_L1_UNKNOWN) {
        ls_move_l1(c, LS_L1_OK);
    }
}

bool ls_l1_is_checked(const struct ls_core *c, const struct ls_block_id *origin)
{
    if (origin->number > c->published.finalized_l1.number) {
        return false;
    }
    for (size_t i = 0; i < LS_ORIGIN_CACHE; i++) {
        if (c->origins[i].number == origin->number &&
            ls_hash_eq(&c->origins[i].hash, &origin->hash)) {
            return true;
        }
    }
    return false;
}

void ls_l1_remember(struct ls_core *c, const struct ls_block_id *origin)
{
    c->origins[c->origin_next] = *origin;
    c->origin_next = (c->origin_next + 1) % LS_ORIGIN_CACHE;
}
