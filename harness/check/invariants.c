#include "harness/check/invariants.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/hex.h"

#define NAME_BYTES 64u

/* "1758 0x13c5ab01…", or what is known of it. */
static const char *name(const struct ls_check_model *m, const struct ls_hash *h,
                        char out[NAME_BYTES])
{
    char hex[9] = {0};
    ls_hex_encode(h->b, 4, hex);
    uint32_t id = ls_check_block(m, h);
    if (ls_hash_is_zero(h)) {
        snprintf(out, NAME_BYTES, "zero");
    } else if (id == LS_NO_BLOCK) {
        snprintf(out, NAME_BYTES, "unknown block 0x%s…", hex);
    } else {
        snprintf(out, NAME_BYTES, "%" PRIu64 " 0x%s…", ls_universe_get(m->cfg->l2, id)->ref.number,
                 hex);
    }
    return out;
}

/* Says what is wrong, with the three heads of the forkchoice behind it. Always true. */
static bool blame(const struct ls_check_model *m, const struct ls_trace_event *e,
                  struct ls_diag *why, const char *what)
{
    char h[NAME_BYTES], s[NAME_BYTES], f[NAME_BYTES];
    ls_fail(why, LS_OK, "%s in forkchoice head=%s safe=%s finalized=%s", what,
            name(m, &e->head.hash, h), name(m, &e->safe.hash, s), name(m, &e->finalized.hash, f));
    return true;
}

/* Number of a block in the universe. */
static uint64_t number_of(const struct ls_check_model *m, uint32_t id)
{
    return ls_universe_get(m->cfg->l2, id)->ref.number;
}

/* Both known, and a above b. */
static bool is_above(const struct ls_check_model *m, const struct ls_hash *a,
                     const struct ls_hash *b)
{
    uint32_t x = ls_check_block(m, a);
    uint32_t y = ls_check_block(m, b);
    return x != LS_NO_BLOCK && y != LS_NO_BLOCK && number_of(m, x) > number_of(m, y);
}

/* Both known, and a is not an ancestor of b. */
static bool is_off_chain(const struct ls_check_model *m, const struct ls_hash *a,
                         const struct ls_hash *b)
{
    uint32_t x = ls_check_block(m, a);
    uint32_t y = ls_check_block(m, b);
    return x != LS_NO_BLOCK && y != LS_NO_BLOCK && !ls_universe_is_ancestor(m->cfg->l2, x, y);
}

static bool is_ancestor(const struct ls_check_model *m, const struct ls_hash *a,
                        const struct ls_hash *b)
{
    return ls_universe_is_ancestor(m->cfg->l2, ls_check_block(m, a), ls_check_block(m, b));
}

static bool no_genesis_head(const struct ls_check_model *m, const struct ls_trace_event *e,
                            struct ls_diag *why)
{
    if (!ls_check_is_forkchoice(e)) {
        return false;
    }
    const struct ls_hash *g = &ls_universe_get(m->cfg->l2, m->cfg->genesis)->ref.hash;
    if (ls_hash_eq(&e->head.hash, g)) {
        if (m->cfg->is_strict) {
            return blame(m, e, why, "genesis as head (never allowed)");
        }
        if (m->source_is_past_genesis) {
            return blame(m, e, why, "genesis as head though the source is past it");
        }
    }
    if (!m->source_is_past_genesis) {
        return false;
    }
    if (ls_hash_eq(&e->safe.hash, g)) {
        return blame(m, e, why, "genesis as safe though the source is past it");
    }
    if (ls_hash_eq(&e->finalized.hash, g) && !m->finalized_is_genesis) {
        return blame(m, e, why, "genesis as finalized though the source's is not");
    }
    return false;
}

static bool height_order(const struct ls_check_model *m, const struct ls_trace_event *e,
                         struct ls_diag *why)
{
    if (!ls_check_is_forkchoice(e)) {
        return false;
    }
    if (is_above(m, &e->finalized.hash, &e->safe.hash)) {
        return blame(m, e, why, "finalized above safe");
    }
    if (is_above(m, &e->safe.hash, &e->head.hash)) {
        return blame(m, e, why, "safe above head");
    }
    if (is_above(m, &e->finalized.hash, &e->head.hash)) {
        return blame(m, e, why, "finalized above head");
    }
    return false;
}

static bool single_chain(const struct ls_check_model *m, const struct ls_trace_event *e,
                         struct ls_diag *why)
{
    if (!ls_check_is_forkchoice(e)) {
        return false;
    }
    if (is_off_chain(m, &e->safe.hash, &e->head.hash)) {
        return blame(m, e, why, "safe is no ancestor of head");
    }
    if (is_off_chain(m, &e->finalized.hash, &e->safe.hash)) {
        return blame(m, e, why, "finalized is no ancestor of safe");
    }
    if (is_off_chain(m, &e->finalized.hash, &e->head.hash)) {
        return blame(m, e, why, "finalized is no ancestor of head");
    }
    return false;
}

static bool is_snapshot_value(const struct ls_check_model *m, const struct ls_hash *h)
{
    for (size_t i = m->snapshot_count; i-- > 0;) {
        const struct ls_snapshot *s = &m->snapshots[i];
        if (ls_hash_eq(h, &s->safe) || ls_hash_eq(h, &s->local_safe) ||
            ls_hash_eq(h, &s->finalized)) {
            return true;
        }
    }
    return false;
}

static bool is_snapshot_safe(const struct ls_check_model *m, const struct ls_hash *h)
{
    for (size_t i = m->snapshot_count; i-- > 0;) {
        const struct ls_snapshot *s = &m->snapshots[i];
        if (ls_hash_eq(h, &s->safe) || ls_hash_eq(h, &s->local_safe)) {
            return true;
        }
    }
    return false;
}

static bool provenance(const struct ls_check_model *m, const struct ls_trace_event *e,
                       struct ls_diag *why)
{
    if (!ls_check_is_forkchoice(e)) {
        return false;
    }
    const struct {
        const struct ls_hash *hash;
        const char *unknown;
        const char *foreign;
    } labels[] = {{&e->safe.hash, "safe is a hash nobody has",
                   "safe was never the source's, nor the engine's label at start,"},
                  {&e->finalized.hash, "finalized is a hash nobody has",
                   "finalized was never the source's, nor the engine's label at start,"}};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        const struct ls_hash *h = labels[i].hash;
        if (ls_hash_is_zero(h)) {
            continue;
        }
        if (ls_check_block(m, h) == LS_NO_BLOCK) {
            return blame(m, e, why, labels[i].unknown);
        }
        if (!is_snapshot_value(m, h) && !ls_hash_set_has(&m->label_reads, h)) {
            return blame(m, e, why, labels[i].foreign);
        }
    }
    if (ls_check_block(m, &e->head.hash) == LS_NO_BLOCK) {
        return blame(m, e, why, "head is a hash nobody has");
    }
    if (!is_snapshot_safe(m, &e->head.hash) && !ls_hash_set_has(&m->payloads, &e->head.hash) &&
        !ls_hash_set_has(&m->latest_reads, &e->head.hash)) {
        return blame(m, e, why,
                     "head was no source's safe, no payload, and no latest read from the engine");
    }
    return false;
}

static bool is_pair(const struct ls_label_pair *p, const struct ls_trace_event *e)
{
    return ls_hash_eq(&p->safe, &e->safe.hash) && ls_hash_eq(&p->finalized, &e->finalized.hash);
}

/* value is the source's, or an older value of ours that the source's does not go beyond (hold). */
static bool is_new_or_held(const struct ls_check_model *m, const struct ls_hash *value,
                           const struct ls_hash *source, const struct ls_hash *const held[3])
{
    if (ls_hash_eq(value, source)) {
        return true;
    }
    for (size_t i = 0; i < 3; i++) {
        if (ls_hash_eq(value, held[i]) && is_ancestor(m, source, value)) {
            return true;
        }
    }
    return false;
}

/* The pair is one snapshot's, each half raised to what we had (the hold rule P-1). */
static bool is_from_one_snapshot(const struct ls_check_model *m, const struct ls_trace_event *e)
{
    const struct ls_hash *const safes[3] = {&m->sent.safe, &m->accepted.safe, &m->start.safe};
    const struct ls_hash *const finals[3] = {&m->sent.finalized, &m->accepted.finalized,
                                             &m->start.finalized};
    for (size_t i = m->snapshot_count; i-- > 0;) {
        const struct ls_snapshot *s = &m->snapshots[i];
        bool is_safe_ok = is_new_or_held(m, &e->safe.hash, &s->safe, safes) ||
                          /* a followed regress stops at our finalized (P-1) */
                          (ls_hash_eq(&e->safe.hash, &e->finalized.hash) &&
                           is_ancestor(m, &s->safe, &e->safe.hash));
        if (is_safe_ok && is_new_or_held(m, &e->finalized.hash, &s->finalized, finals)) {
            return true;
        }
    }
    return false;
}

static bool pair_atomicity(const struct ls_check_model *m, const struct ls_trace_event *e,
                           struct ls_diag *why)
{
    if (!ls_check_is_forkchoice(e)) {
        return false;
    }
    const struct ls_label_pair none = {0};
    bool is_unchanged = is_pair(m->has_forkchoice ? &m->sent : &m->start, e);
    /* A head below the pair the engine did not take yet (SYNCING) needs the pair in force. */
    bool is_in_force = m->has_accepted ? is_pair(&m->accepted, e)
                                       : !ls_hash_is_zero(&e->safe.hash) && is_pair(&m->start, e);
    bool is_fallback = is_pair(&none, e) && m->was_refused;
    if (is_unchanged || is_in_force || is_fallback || is_from_one_snapshot(m, e)) {
        return false;
    }
    return blame(m, e, why, "safe and finalized do not come from one source answer");
}

static bool no_attributes(const struct ls_check_model *m, const struct ls_trace_event *e,
                          struct ls_diag *why)
{
    static const char get_payload[] = "engine_getPayload";
    if (ls_check_is_forkchoice(e) && e->has_attributes) {
        return blame(m, e, why, "payload attributes");
    }
    if (e->kind == LS_TRACE_CALL && e->ep == LS_TRACE_ENGINE &&
        strncmp(e->method, get_payload, sizeof get_payload - 1) == 0) {
        ls_fail(why, LS_OK, "\"%s\" was called: a follower builds no blocks", e->method);
        return true;
    }
    return false;
}

static bool no_exit(const struct ls_check_model *m, const struct ls_trace_event *e,
                    struct ls_diag *why)
{
    if (e->kind != LS_TRACE_EXIT || m->is_signalled) {
        return false;
    }
    if (e->code < 0) {
        ls_fail(why, LS_OK, "the node was killed by signal %" PRId64 " of its own making",
                -e->code);
    } else {
        ls_fail(why, LS_OK, "the node ended by itself with exit code %" PRId64, e->code);
    }
    return true;
}

const struct ls_invariant *ls_invariant_at(size_t i)
{
    static const struct ls_invariant table[] = {{"I-01", "NoGenesisHead", no_genesis_head},
                                                {"I-02", "HeightOrder", height_order},
                                                {"I-03", "SingleChain", single_chain},
                                                {"I-06", "Provenance", provenance},
                                                {"I-07", "PairAtomicity", pair_atomicity},
                                                {"I-08", "NoAttributes", no_attributes},
                                                {"I-22", "NoExit", no_exit}};
    return i < sizeof table / sizeof table[0] ? &table[i] : NULL;
}
