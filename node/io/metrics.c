#include "node/io/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>

#include "node/io/api.h"

#define PREFIX "op_node_default_"

/* --- counting --- */

static_assert(LS_STATUS_INVALID_BLOCK_HASH + 2u == LS_METER_ANSWERS, "statuses, and error");

void ls_meter_answer(struct ls_meter *m, const struct ls_action *asked, const struct ls_event *ev)
{
    size_t answer = ev->kind == LS_EV_REPLY ? (size_t)ev->verdict.status : LS_METER_ANSWERS - 1u;

    if (asked->method == LS_M_FORKCHOICE) {
        m->forkchoices[answer]++;
    } else if (asked->method == LS_M_NEW_PAYLOAD) {
        m->payloads[answer]++;
    } else if (ev->kind == LS_EV_REPLY && asked->method == LS_M_STATUS) {
        m->source[LS_METER_UNSAFE] = ev->status.unsafe_l2;
        m->source[LS_METER_LOCAL_SAFE] = ev->status.local_safe_l2;
        m->source[LS_METER_SAFE] = ev->status.safe_l2;
        m->source[LS_METER_FINALIZED] = ev->status.finalized_l2;
    } else if (ev->kind == LS_EV_REPLY && asked->method == LS_M_BLOCK &&
               asked->target == LS_TO_SOURCE && ev->block.found) {
        if (asked->params.tag == LS_TAG_SAFE) {
            m->source[LS_METER_SAFE] = ev->block.ref;
        } else if (asked->params.tag == LS_TAG_FINALIZED) {
            m->source[LS_METER_FINALIZED] = ev->block.ref;
        }
    }
}

void ls_meter_payload(struct ls_meter *m, int64_t wall_s)
{
    m->unsafe_payloads++;
    m->last_unsafe_payload_s = wall_s;
}

/* --- the references of the published status --- */

#define AT(member) offsetof(struct ls_sync_status, member)
static const struct {
    const char *type;
    bool is_l1;
    size_t at;
} REFS[] = {
    {"l1_head", true, AT(head_l1)},
    {"l1_safe", true, AT(safe_l1)},
    {"l1_finalized", true, AT(finalized_l1)},
    {"l1_derived", true, AT(current_l1)},
    {"l2_unsafe", false, AT(unsafe_l2)},
    {"l2_cross_unsafe", false, AT(cross_unsafe_l2)},
    {"l2_local_safe", false, AT(local_safe_l2)},
    {"l2_safe", false, AT(safe_l2)},
    {"l2_finalized", false, AT(finalized_l2)},
};
static_assert(sizeof REFS / sizeof REFS[0] == LS_METER_REFS, "one slot a reference");

/* One reference, whichever layer it is of. */
struct shown {
    const char *layer;
    struct ls_block_id id;
    uint64_t timestamp;
    struct ls_block_id origin; /* zero hash for L1 */
    uint64_t sequence_number;
};

static struct shown ref_at(const struct ls_sync_status *s, size_t i)
{
    const uint8_t *p = (const uint8_t *)s + REFS[i].at;
    struct ls_l1_ref l1;
    struct ls_l2_ref l2;

    if (REFS[i].is_l1) {
        memcpy(&l1, p, sizeof l1);
        return (struct shown){.layer = "l1", .id = {l1.hash, l1.number}, .timestamp = l1.timestamp};
    }
    memcpy(&l2, p, sizeof l2);
    return (struct shown){.layer = "l2",
                          .id = {l2.hash, l2.number},
                          .timestamp = l2.timestamp,
                          .origin = l2.l1_origin,
                          .sequence_number = l2.sequence_number};
}

void ls_meter_heads(struct ls_meter *m, const struct ls_sync_status *s, int64_t wall_s)
{
    for (size_t i = 0; i < LS_METER_REFS; i++) {
        struct shown r = ref_at(s, i);

        if (!ls_hash_eq(&m->seen[i], &r.id.hash)) {
            m->seen[i] = r.id.hash;
            m->latency_s[i] = (int64_t)r.timestamp - wall_s;
        }
    }
}

/* --- the page --- */

static void head(struct ls_buf *out, const char *name, const char *kind, const char *help)
{
    ls_buf_printf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, kind);
}

static void gauge(struct ls_buf *out, const char *name, const char *help, uint64_t value)
{
    head(out, name, "gauge", help);
    ls_buf_printf(out, PREFIX "%s %" PRIu64 "\n", name, value);
}

static void counter(struct ls_buf *out, const char *name, const char *help, uint64_t value)
{
    head(out, name, "counter", help);
    ls_buf_printf(out, PREFIX "%s %" PRIu64 "\n", name, value);
}

/* op-node shows a hash as the little-endian number of its first eight bytes: a change can be seen
 * in a graph. */
static uint64_t hash_value(const struct ls_hash *h)
{
    uint64_t v = 0;

    for (size_t i = 8; i > 0; i--) {
        v = v << 8 | h->b[i - 1];
    }
    return v;
}

enum column { NUMBER, TIME, HASH, LATENCY, SEQUENCE };

static void put_ref(const struct ls_meter *m, size_t i, const struct shown *r, enum column what,
                    struct ls_buf *out)
{
    const char *type = REFS[i].type;

    switch (what) {
    case NUMBER:
        ls_buf_printf(out, PREFIX "refs_number{layer=\"%s\",type=\"%s\"} %" PRIu64 "\n", r->layer,
                      type, r->id.number);
        break;
    case TIME:
        ls_buf_printf(out, PREFIX "refs_time{layer=\"%s\",type=\"%s\"} %" PRIu64 "\n", r->layer,
                      type, r->timestamp);
        break;
    case HASH:
        ls_buf_printf(out, PREFIX "refs_hash{layer=\"%s\",type=\"%s\"} %" PRIu64 "\n", r->layer,
                      type, hash_value(&r->id.hash));
        break;
    case LATENCY:
        ls_buf_printf(out, PREFIX "refs_latency{layer=\"%s\",type=\"%s\"} %" PRId64 "\n", r->layer,
                      type, m->latency_s[i]);
        break;
    case SEQUENCE:
        if (!REFS[i].is_l1) {
            ls_buf_printf(out, PREFIX "refs_seqnr{type=\"%s\"} %" PRIu64 "\n", type,
                          r->sequence_number);
        }
        break;
    }
}

/* An L2 reference's origin is a row of its own, without time and latency. */
static void put_origin(size_t i, const struct shown *r, enum column what, struct ls_buf *out)
{
    if (!ls_hash_is_zero(&r->origin.hash) && (what == NUMBER || what == HASH)) {
        ls_buf_printf(out, PREFIX "refs_%s{layer=\"l1_origin\",type=\"%s\"} %" PRIu64 "\n",
                      what == NUMBER ? "number" : "hash", REFS[i].type,
                      what == NUMBER ? r->origin.number : hash_value(&r->origin.hash));
    }
}

static void put_refs(const struct ls_meter *m, const struct ls_sync_status *s, struct ls_buf *out)
{
    static const struct {
        enum column what;
        const char *name, *help;
    } COLUMNS[] = {
        {NUMBER, "refs_number", "Block number of a reference"},
        {TIME, "refs_time", "Block time of a reference, seconds"},
        {HASH, "refs_hash", "First eight bytes of the hash of a reference, as a number"},
        {LATENCY, "refs_latency", "Block time minus the time it was first shown, seconds"},
        {SEQUENCE, "refs_seqnr", "Position of a reference in its L1 epoch"},
    };

    for (size_t c = 0; c < sizeof COLUMNS / sizeof COLUMNS[0]; c++) {
        head(out, COLUMNS[c].name, "gauge", COLUMNS[c].help);
        for (size_t i = 0; i < LS_METER_REFS; i++) {
            struct shown r = ref_at(s, i);

            if (!ls_hash_is_zero(&r.id.hash)) { /* never set: absent, as op-node has it */
                put_ref(m, i, &r, COLUMNS[c].what, out);
                put_origin(i, &r, COLUMNS[c].what, out);
            }
        }
    }
}

static void put_answers(const char *name, const char *help, const uint64_t counts[LS_METER_ANSWERS],
                        struct ls_buf *out)
{
    static const char *const ANSWERS[LS_METER_ANSWERS] = {[LS_STATUS_VALID] = "valid",
                                                          [LS_STATUS_INVALID] = "invalid",
                                                          [LS_STATUS_SYNCING] = "syncing",
                                                          [LS_STATUS_ACCEPTED] = "accepted",
                                                          [LS_STATUS_INVALID_BLOCK_HASH] =
                                                              "invalid_block_hash",
                                                          [LS_METER_ANSWERS - 1u] = "error"};

    head(out, name, "counter", help);
    for (size_t i = 0; i < LS_METER_ANSWERS; i++) {
        ls_buf_printf(out, PREFIX "%s{status=\"%s\"} %" PRIu64 "\n", name, ANSWERS[i], counts[i]);
    }
}

static void put_passes(const struct ls_core_status *s, struct ls_buf *out)
{
    static const char *const RESULTS[LS_PASS_COUNT] = {[LS_PASS_SUCCESS] = "success",
                                                       [LS_PASS_FETCH] = "error_fetch_status",
                                                       [LS_PASS_INVALID] = "error_invalid_state",
                                                       [LS_PASS_L1_LOOKUP] = "error_l1_lookup",
                                                       [LS_PASS_L1_MISMATCH] = "error_l1_mismatch",
                                                       [LS_PASS_EL] = "error_el",
                                                       [LS_PASS_CONTRADICTION] = "contradiction"};

    head(out, "follow_source_requests_total", "counter", "Follow passes by outcome");
    for (size_t i = 0; i < LS_PASS_COUNT; i++) {
        ls_buf_printf(out, PREFIX "follow_source_requests_total{result=\"%s\"} %" PRIu64 "\n",
                      RESULTS[i], s->passes[i]);
    }
}

static void put_source(const struct ls_meter *m, struct ls_buf *out)
{
    static const char *const TYPES[LS_METER_SOURCES] = {[LS_METER_UNSAFE] = "unsafe",
                                                        [LS_METER_LOCAL_SAFE] = "local_safe",
                                                        [LS_METER_SAFE] = "safe",
                                                        [LS_METER_FINALIZED] = "finalized"};

    head(out, "follow_source_ref", "gauge", "Block number the source told last");
    for (size_t i = 0; i < LS_METER_SOURCES; i++) {
        if (!ls_hash_is_zero(&m->source[i].hash)) {
            ls_buf_printf(out, PREFIX "follow_source_ref{type=\"%s\"} %" PRIu64 "\n", TYPES[i],
                          m->source[i].number);
        }
    }
}

static void put_engine_state(const struct ls_core_status *s, struct ls_buf *out)
{
    head(out, "el_sync_state", "gauge", "State of the engine: 1 for the present one");
    for (int i = 0; i <= LS_ENGINE_MISCONFIGURED; i++) {
        ls_buf_printf(out, PREFIX "el_sync_state{state=\"%s\"} %d\n",
                      ls_api_engine_text((enum ls_engine_state)i), (int)s->engine == i);
    }
}

void ls_metrics_write(const struct ls_meter *m, const struct ls_core_status *s, struct ls_buf *out)
{
    head(out, "info", "gauge", "Version");
    ls_buf_puts(out, PREFIX "info{version=\"" LS_API_VERSION "\"} 1\n");
    gauge(out, "up", "1 while the node runs", 1);
    put_refs(m, &s->published, out);
    counter(out, "unsafe_payloads_total", "Unsafe payloads taken", m->unsafe_payloads);
    gauge(out, "last_unsafe_payloads_unix", "When the last of them came, seconds",
          m->last_unsafe_payload_s > 0 ? (uint64_t)m->last_unsafe_payload_s : 0);
    gauge(out, "unsafe_payloads_buffer_len", "Unsafe payloads waiting", s->queue_count);
    gauge(out, "unsafe_payloads_buffer_mem_size", "Their bytes", s->queue_bytes);
    put_passes(s, out);
    put_source(m, out);
    gauge(out, "follow_last_success_unix", "Last successful follow pass, seconds; 0 = none yet",
          s->last_follow_wall_s);
    put_engine_state(s, out);
    put_answers("fcu_total", "Forkchoice updates by answer", m->forkchoices, out);
    put_answers("new_payload_total", "New payloads by answer", m->payloads, out);
}
