#include "harness/check/model.h"

#include <stdlib.h>
#include <string.h>

#include "lib/op/rpc.h"

static void set_add(struct ls_check_model *m, struct ls_hash_set *s, const struct ls_hash *h)
{
    if (ls_hash_is_zero(h) || ls_hash_set_has(s, h)) {
        return;
    }
    if (s->count == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 64;
        struct ls_hash *items = realloc(s->items, cap * sizeof *items);
        if (!items) {
            m->is_out_of_memory = true;
            return;
        }
        s->items = items;
        s->cap = cap;
    }
    s->items[s->count++] = *h;
}

bool ls_hash_set_has(const struct ls_hash_set *s, const struct ls_hash *h)
{
    for (size_t i = s->count; i-- > 0;) { /* the newest are asked for most */
        if (ls_hash_eq(&s->items[i], h)) {
            return true;
        }
    }
    return false;
}

void ls_check_model_init(struct ls_check_model *m, const struct ls_check_config *cfg)
{
    *m = (struct ls_check_model){.cfg = cfg};
}

void ls_check_model_fini(struct ls_check_model *m)
{
    free(m->snapshots);
    free(m->latest_reads.items);
    free(m->label_reads.items);
    free(m->number_reads.items);
    free(m->payloads.items);
    *m = (struct ls_check_model){0};
}

uint32_t ls_check_block(const struct ls_check_model *m, const struct ls_hash *h)
{
    return ls_hash_is_zero(h) ? LS_NO_BLOCK : ls_universe_find(m->cfg->l2, h);
}

bool ls_check_is_forkchoice(const struct ls_trace_event *e)
{
    static const char prefix[] = "engine_forkchoiceUpdated";
    return e->kind == LS_TRACE_CALL && e->ep == LS_TRACE_ENGINE &&
           strncmp(e->method, prefix, sizeof prefix - 1) == 0;
}

static void start_incarnation(struct ls_check_model *m, uint32_t incarnation)
{
    struct ls_check_model fresh = {.cfg = m->cfg,
                                   .incarnation = incarnation,
                                   .snapshots = m->snapshots,
                                   .snapshot_cap = m->snapshot_cap,
                                   .latest_reads = m->latest_reads,
                                   .label_reads = m->label_reads,
                                   .number_reads = m->number_reads,
                                   .payloads = m->payloads,
                                   .is_out_of_memory = m->is_out_of_memory};
    fresh.latest_reads.count = 0;
    fresh.label_reads.count = 0;
    fresh.number_reads.count = 0;
    *m = fresh;
}

/* The reference gate. */
static bool is_acceptable(const struct ls_check_model *m, const struct ls_snapshot *s)
{
    uint32_t safe = ls_check_block(m, &s->safe);
    uint32_t finalized = ls_check_block(m, &s->finalized);
    uint32_t local_safe = ls_check_block(m, &s->local_safe);
    return ls_universe_is_ancestor(m->cfg->l2, finalized, safe) &&
           ls_universe_is_ancestor(m->cfg->l2, safe, local_safe);
}

static void add_snapshot(struct ls_check_model *m, const struct ls_snapshot *s)
{
    if (!is_acceptable(m, s)) {
        return;
    }
    const struct ls_universe *u = m->cfg->l2;
    const struct ls_ublock *genesis = ls_universe_get(u, m->cfg->genesis);
    const struct ls_ublock *safe = ls_universe_get(u, ls_check_block(m, &s->safe));
    m->source_is_past_genesis = m->source_is_past_genesis || safe->ref.number > genesis->ref.number;
    m->finalized_is_genesis = ls_hash_eq(&s->finalized, &genesis->ref.hash);
    if (m->snapshot_count > 0 && memcmp(&m->snapshots[m->snapshot_count - 1], s, sizeof *s) == 0) {
        return;
    }
    if (m->snapshot_count == m->snapshot_cap) {
        size_t cap = m->snapshot_cap ? 2 * m->snapshot_cap : 64;
        struct ls_snapshot *list = realloc(m->snapshots, cap * sizeof *list);
        if (!list) {
            m->is_out_of_memory = true;
            return;
        }
        m->snapshots = list;
        m->snapshot_cap = cap;
    }
    m->snapshots[m->snapshot_count++] = *s;
}

/* Variant A: a finalized read and a safe read make a snapshot, whichever came first; a failed half
 * spoils the other (I-07: it contributes nothing). */
static void tag_answered(struct ls_check_model *m, const struct ls_trace_event *e)
{
    bool is_safe = strcmp(e->tag, "safe") == 0;
    if (e->tag[0] == '\0' && e->answer == LS_TRACE_RESULT && e->result.has_hash) {
        set_add(m, &m->number_reads, &e->result.hash);
    }
    if (!is_safe && strcmp(e->tag, "finalized") != 0) {
        return;
    }
    if (e->answer != LS_TRACE_RESULT || !e->result.has_hash) {
        m->has_read_safe = false;
        m->has_read_finalized = false;
        return;
    }
    if (is_safe) {
        m->read_safe = e->result.hash;
        m->has_read_safe = true;
    } else {
        m->read_finalized = e->result.hash;
        m->has_read_finalized = true;
    }
    if (m->has_read_safe && m->has_read_finalized) {
        const struct ls_snapshot s = {
            .safe = m->read_safe, .finalized = m->read_finalized, .local_safe = m->read_safe};
        add_snapshot(m, &s);
        m->has_read_safe = false;
        m->has_read_finalized = false;
    }
}

static void source_answered(struct ls_check_model *m, const struct ls_trace_event *e)
{
    if (strcmp(e->method, "eth_getBlockByNumber") == 0 && m->cfg->is_el_source) {
        tag_answered(m, e);
    } else if (e->answer == LS_TRACE_RESULT && e->has_heads) {
        struct ls_snapshot s = {.safe = e->safe_l2.hash,
                                .finalized = e->finalized_l2.hash,
                                .local_safe = e->local_safe_l2.hash};
        if (ls_hash_is_zero(&s.local_safe)) {
            s.local_safe = s.safe; /* older programs do not send it */
        }
        add_snapshot(m, &s);
    }
}

static void engine_label_answered(struct ls_check_model *m, const struct ls_trace_event *e)
{
    if (strcmp(e->method, "eth_getBlockByNumber") != 0 || e->tag[0] == '\0') {
        return;
    }
    struct ls_hash h = {{0}};
    if (e->answer == LS_TRACE_RESULT && e->result.has_hash) {
        h = e->result.hash;
    }
    if (strcmp(e->tag, "latest") == 0) {
        set_add(m, &m->latest_reads, &h);
    } else if (!m->has_forkchoice && strcmp(e->tag, "safe") == 0) {
        set_add(m, &m->label_reads, &h);
        m->start.safe = h;
    } else if (!m->has_forkchoice && strcmp(e->tag, "finalized") == 0) {
        set_add(m, &m->label_reads, &h);
        m->start.finalized = h;
    }
}

/* A block that was only asked about is none of the CL's; one that it also delivers is. */
static void payload_answered(struct ls_check_model *m, const struct ls_trace_event *e)
{
    static const char prefix[] = "engine_newPayload";
    if (strncmp(e->method, prefix, sizeof prefix - 1) == 0 &&
        ls_hash_set_has(&m->number_reads, &e->block.hash)) {
        set_add(m, &m->payloads, &e->block.hash);
    }
}

static void forkchoice_answered(struct ls_check_model *m, const struct ls_trace_event *e)
{
    if (e->answer == LS_TRACE_ERROR && e->code == LS_RPC_INVALID_FORKCHOICE) {
        m->was_refused = true;
    } else if (e->answer == LS_TRACE_RESULT && strcmp(e->status, "VALID") == 0) {
        m->has_accepted = true;
        m->accepted = (struct ls_label_pair){.safe = e->safe.hash, .finalized = e->finalized.hash};
    }
}

static void verb_done(struct ls_check_model *m, const struct ls_trace_event *e)
{
    if (strcmp(e->method, "feed") == 0) {
        set_add(m, &m->payloads, &e->block.hash);
    } else if (strcmp(e->method, "signal") == 0) {
        m->is_signalled = true;
    }
}

void ls_check_model_in(struct ls_check_model *m, const struct ls_trace_event *e)
{
    switch (e->kind) {
    case LS_TRACE_START:
        start_incarnation(m, e->incarnation);
        break;
    case LS_TRACE_CALL:
        if (ls_check_is_forkchoice(e)) {
            m->has_forkchoice = true;
            m->sent = (struct ls_label_pair){.safe = e->safe.hash, .finalized = e->finalized.hash};
        }
        break;
    case LS_TRACE_PAY:
        set_add(m, &m->payloads, &e->block.hash);
        break;
    case LS_TRACE_VERB:
        verb_done(m, e);
        break;
    case LS_TRACE_EXIT:
    case LS_TRACE_STATUS:
    case LS_TRACE_NOTE:
        break;
    }
}

void ls_check_model_out(struct ls_check_model *m, const struct ls_trace_event *e)
{
    if (e->incarnation != m->incarnation) {
        return; /* an answer to a process that is gone teaches the new one nothing */
    }
    if (e->ep == LS_TRACE_SOURCE) {
        source_answered(m, e);
    } else if (ls_check_is_forkchoice(e)) {
        forkchoice_answered(m, e);
    } else if (e->ep == LS_TRACE_ENGINE) {
        engine_label_answered(m, e);
        payload_answered(m, e);
    }
}
