/* GET /state: everything a person wants to see at a glance. */
#include <stdio.h>

#include "harness/serve/control_parts.h"

static void put_l2(const struct ls_stage *s, struct ls_jw *w, const char *key, uint32_t id)
{
    const char *branch = ls_stage_branch_of(s, id);

    if (id == LS_NO_BLOCK) {
        ls_jw_null(w, key);
        return;
    }
    const struct ls_l2_ref *ref = &ls_universe_get(s->mocks.chain->l2, id)->ref;

    ls_jw_object(w, key);
    ls_jw_u64(w, "number", ref->number);
    ls_jw_hex(w, "hash", ref->hash.b, sizeof ref->hash.b);
    if (branch != NULL) {
        ls_jw_str(w, "branch", branch);
    }
    ls_jw_object_end(w);
}

static void put_l1(const struct ls_stage *s, struct ls_jw *w, const char *key, uint32_t id)
{
    if (id == LS_NO_BLOCK) {
        ls_jw_null(w, key);
        return;
    }
    const struct ls_l2_ref *ref = &ls_universe_get(s->mocks.chain->l1, id)->ref;

    ls_jw_object(w, key);
    ls_jw_u64(w, "number", ref->number);
    ls_jw_hex(w, "hash", ref->hash.b, sizeof ref->hash.b);
    ls_jw_object_end(w);
}

static void put_chain(const struct ls_stage *s, struct ls_jw *w)
{
    const struct ls_chain *c = s->mocks.chain;

    ls_jw_object(w, "chain");
    ls_jw_str(w, "name", c->name);
    ls_jw_u64(w, "l2_chain_id", c->rollup.l2_chain_id);
    ls_jw_u64(w, "l1_chain_id", c->rollup.l1_chain_id);
    ls_jw_u64(w, "first", ls_universe_get(c->l2, c->first)->ref.number);
    ls_jw_u64(w, "tip", ls_universe_get(c->l2, c->tip)->ref.number);
    ls_jw_array(w, "branches");
    for (size_t i = 0; i < c->branch_count; i++) {
        ls_jw_str(w, NULL, c->branches[i].name);
    }
    ls_jw_array_end(w);
    ls_jw_object_end(w);
}

static void put_pace(const struct ls_stage *s, uint64_t now_ns, struct ls_jw *w)
{
    char text[LS_PACE_TEXT_BYTES];
    uint64_t end_ms = ls_timeline_end_ms(&s->timeline);
    uint64_t at_ms = ls_pace_at_ms(&s->pace, now_ns);

    ls_pace_print(&s->pace, text);
    ls_jw_object(w, "pace");
    ls_jw_str(w, "mode", text);
    ls_jw_str(w, "by", s->mocks.chain->timeline_count > 0 ? "recorded labels" : "block time");
    ls_jw_u64(w, "at_ms", at_ms < end_ms ? at_ms : end_ms);
    ls_jw_u64(w, "end_ms", end_ms);
    ls_jw_object_end(w);
}

static void put_source(const struct ls_stage *s, struct ls_jw *w)
{
    const struct ls_src_heads *h = ls_source_heads(s->mocks.source);

    ls_jw_object(w, "source");
    put_l2(s, w, "unsafe", h->unsafe_l2);
    put_l2(s, w, "local_safe", h->local_safe_l2);
    put_l2(s, w, "safe", h->safe_l2);
    put_l2(s, w, "finalized", h->finalized_l2);
    put_l2(s, w, "tip", s->tip);
    put_l1(s, w, "current_l1", h->current_l1);
    ls_jw_object_end(w);
    ls_jw_object(w, "l1");
    put_l1(s, w, "latest", ls_l1_by_tag(s->mocks.l1, LS_L1_TAG_LATEST));
    put_l1(s, w, "safe", ls_l1_by_tag(s->mocks.l1, LS_L1_TAG_SAFE));
    put_l1(s, w, "finalized", ls_l1_by_tag(s->mocks.l1, LS_L1_TAG_FINALIZED));
    ls_jw_object_end(w);
}

static void put_engine(const struct ls_stage *s, struct ls_jw *w)
{
    struct ls_engine *e = s->mocks.engine;

    ls_jw_object(w, "engine");
    ls_jw_str(w, "profile", ls_engine_knobs(e)->name);
    ls_jw_bool(w, "dead", ls_engine_is_dead(e));
    put_l2(s, w, "latest", ls_engine_label(e, LS_LABEL_LATEST));
    put_l2(s, w, "safe", ls_engine_label(e, LS_LABEL_SAFE));
    put_l2(s, w, "finalized", ls_engine_label(e, LS_LABEL_FINALIZED));
    put_l2(s, w, "sync_target", ls_engine_sync_target(e));
    ls_jw_u64(w, "peers", s->peers);
    ls_jw_object_end(w);
}

static void put_ports(const struct ls_control *c, struct ls_jw *w)
{
    ls_jw_object(w, "ports");
    for (size_t p = 0; p < LS_SERVE_PORT_COUNT; p++) {
        enum ls_serve_port port = (enum ls_serve_port)p;
        if (c->urls[p][0] == '\0') {
            continue;
        }
        ls_jw_object(w, ls_serve_port_name(port));
        ls_jw_str(w, "url", c->urls[p]);
        ls_jw_bool(w, "open", c->hands->is_open(c->hands_user, port));
        ls_jw_u64(w, "held", c->hands->held(c->hands_user, port));
        ls_jw_object_end(w);
    }
    ls_jw_object_end(w);
}

static void put_gossip(const struct ls_gossip *g, struct ls_jw *w)
{
    if (g == NULL) {
        return;
    }
    const struct ls_gossip_counts n = ls_gossip_counts(g);

    ls_jw_object(w, "gossip");
    ls_jw_u64(w, "sent", n.sent);
    ls_jw_u64(w, "lost", n.lost);
    ls_jw_u64(w, "waiting", n.waiting);
    ls_jw_object_end(w);
}

void ls_control_write_state(const struct ls_control *c, uint64_t now_ns, struct ls_jw *w)
{
    ls_jw_object(w, NULL);
    ls_jw_u64(w, "now_ms", now_ns / 1000000u);
    put_chain(c->stage, w);
    put_pace(c->stage, now_ns, w);
    put_source(c->stage, w);
    put_engine(c->stage, w);
    put_ports(c, w);
    put_gossip(c->gossip, w);
    ls_faults_write(c->faults, w, "faults");
    ls_jw_u64(w, "calls", ls_calls_last(c->calls));
    ls_jw_object_end(w);
}

static uint64_t number_or_unset(const struct ls_stage *s, uint32_t id)
{
    return id == LS_NO_BLOCK ? LS_HISTORY_UNSET
                             : ls_universe_get(s->mocks.chain->l2, id)->ref.number;
}

struct ls_sample ls_control_sample(const struct ls_stage *s, uint64_t now_ns)
{
    const struct ls_src_heads *h = ls_source_heads(s->mocks.source);
    const struct ls_engine *e = s->mocks.engine;

    return (struct ls_sample){
        .at_ms = now_ns / 1000000u,
        .numbers = {[LS_HISTORY_SOURCE_UNSAFE] = number_or_unset(s, h->unsafe_l2),
                    [LS_HISTORY_SOURCE_SAFE] = number_or_unset(s, h->safe_l2),
                    [LS_HISTORY_SOURCE_FINALIZED] = number_or_unset(s, h->finalized_l2),
                    [LS_HISTORY_EL_LATEST] =
                        number_or_unset(s, ls_engine_label(e, LS_LABEL_LATEST)),
                    [LS_HISTORY_EL_SAFE] = number_or_unset(s, ls_engine_label(e, LS_LABEL_SAFE)),
                    [LS_HISTORY_EL_FINALIZED] =
                        number_or_unset(s, ls_engine_label(e, LS_LABEL_FINALIZED))}};
}
