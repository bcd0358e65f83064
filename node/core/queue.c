/*
 * Unsafe payloads waiting for their turn (spec section 3.2, 3.5).
 *
 * A bounded pool, searched linearly: at most LS_QUEUE_MAX entries. What is farthest above the head
 * is evicted first (docs/decisions/0002), so a flood of far payloads cannot push out the next one.
 */
#include <assert.h>

#include "node/core/state.h"

void ls_queue_init(struct ls_queue *q)
{
    q->gap_next_ns = LS_NEVER;
}

static bool is_waiting(const struct ls_queued *e)
{
    return e->is_used && !e->is_dropped;
}

static uint32_t find_hash(const struct ls_queue *q, const struct ls_hash *h)
{
    for (uint32_t i = 0; i < q->used_below; i++) {
        if (is_waiting(&q->items[i]) && ls_hash_eq(&q->items[i].ref.hash, h)) {
            return i;
        }
    }
    return LS_QUEUE_MAX;
}

static uint32_t find_child(const struct ls_queue *q, const struct ls_l2_ref *parent)
{
    for (uint32_t i = 0; i < q->used_below; i++) {
        const struct ls_queued *e = &q->items[i];
        if (is_waiting(e) && e->ref.number == parent->number + 1 &&
            ls_hash_eq(&e->ref.parent, &parent->hash)) {
            return i;
        }
    }
    return LS_QUEUE_MAX;
}

static uint32_t find_farthest(const struct ls_queue *q)
{
    uint32_t best = LS_QUEUE_MAX;
    for (uint32_t i = 0; i < q->used_below; i++) {
        if (is_waiting(&q->items[i]) &&
            (best == LS_QUEUE_MAX || q->items[i].ref.number >= q->items[best].ref.number)) {
            best = i;
        }
    }
    return best;
}

/* The source had it on its chain under the safe block that is ours now. */
static bool is_vouched(const struct ls_core *c, const struct ls_queued *e)
{
    return ls_known(&c->heads.safe) && ls_hash_eq(&e->vouched, &c->heads.safe.hash);
}

/* A source that cannot be asked is no reason to leave a gap open: only a jump is (I-27, I-03). */
static bool may_be_named(const struct ls_core *c, const struct ls_queued *e)
{
    bool is_doubtful = e->is_stray || (e->is_dated && c->now_ns >= c->source_mute_ns);
    return is_waiting(e) && (!is_doubtful || is_vouched(c, e));
}

/* The lowest that a gap attempt may name. */
static uint32_t find_lowest(const struct ls_core *c)
{
    const struct ls_queue *q = &c->queue;
    uint32_t best = LS_QUEUE_MAX;
    for (uint32_t i = 0; i < q->used_below; i++) {
        if (may_be_named(c, &q->items[i]) &&
            (best == LS_QUEUE_MAX || q->items[i].ref.number < q->items[best].ref.number)) {
            best = i;
        }
    }
    return best;
}

void ls_queue_drop(struct ls_core *c, struct ls_actions *out, uint32_t slot)
{
    struct ls_queue *q = &c->queue;
    assert(slot < LS_QUEUE_MAX && is_waiting(&q->items[slot]));
    q->items[slot].is_dropped = true;
    q->count--;
    q->dropped++;
    q->bytes -= q->items[slot].bytes;
    (void)out;
}

static void mark(struct ls_core *c, bool is_jump)
{
    struct ls_queue *q = &c->queue;
    for (uint32_t i = 0; i < q->used_below; i++) {
        q->items[i].is_stray = q->items[i].is_stray || is_jump;
        q->items[i].is_dated = true;
    }
    struct ls_l2_ref at = c->heads.unsafe;
    for (uint32_t i = find_child(q, &at); i != LS_QUEUE_MAX; i = find_child(q, &at)) {
        q->items[i].is_stray = false;
        q->items[i].is_dated = false;
        at = q->items[i].ref;
    }
}

void ls_queue_mark_strays(struct ls_core *c)
{
    mark(c, true);
}

void ls_queue_mark_dated(struct ls_core *c)
{
    mark(c, false);
}

/* Asked no more often than a gap is acted on; of several, each in turn. */
uint32_t ls_queue_doubtful(const struct ls_core *c)
{
    const struct ls_queue *q = &c->queue;
    uint32_t best = LS_QUEUE_MAX;
    if (c->now_ns < c->source_mute_ns || q->gap_next_ns == LS_NEVER ||
        q->gap_next_ns > c->now_ns + c->cfg.poll_ns || c->is_behind ||
        find_child(q, &c->heads.unsafe) != LS_QUEUE_MAX) {
        return LS_QUEUE_MAX;
    }
    for (uint32_t i = 0; i < q->used_below; i++) {
        const struct ls_queued *e = &q->items[i];
        const struct ls_queued *b = best != LS_QUEUE_MAX ? &q->items[best] : NULL;
        if (is_waiting(e) && (e->asks == 0 || e->is_stray || e->is_dated) && !is_vouched(c, e) &&
            (b == NULL || e->asks < b->asks ||
             (e->asks == b->asks && e->ref.number < b->ref.number))) {
            best = i;
        }
    }
    return best;
}

static uint64_t gap_pause_ns(struct ls_core *c)
{
    uint64_t polls = c->queue.gap_tries < LS_GAP_EAGER ? 1 : LS_GAP_SLOW;
    c->queue.gap_tries++;
    return polls * c->cfg.poll_ns;
}

void ls_queue_source_has(struct ls_core *c, const struct ls_hash *hash,
                         const struct ls_block_reply *r)
{
    uint32_t i = find_hash(&c->queue, hash);
    if (r == NULL) {
        c->source_mute_ns = c->now_ns + LS_MUTE_POLLS * c->cfg.poll_ns;
    }
    if (i == LS_QUEUE_MAX) {
        return; /* gone in meanwhile */
    }
    struct ls_queued *e = &c->queue.items[i];
    e->asks++;
    if (r != NULL && r->found && ls_hash_eq(&r->ref.hash, hash)) {
        /* and so for what builds on it */
        for (; i != LS_QUEUE_MAX; i = find_child(&c->queue, &c->queue.items[i].ref)) {
            c->queue.items[i].vouched = c->pass.snap.safe.hash;
        }
        return;
    }
    e->is_stray = e->is_stray || (r != NULL && r->found); /* it has another block there */
    if (!may_be_named(c, e) && c->queue.gap_next_ns <= c->now_ns) {
        c->queue.gap_next_ns = c->now_ns + gap_pause_ns(c);
    }
}

void ls_queue_flush(struct ls_core *c, struct ls_actions *out, uint32_t releases_max)
{
    struct ls_queue *q = &c->queue;
    uint32_t budget = releases_max;
    for (uint32_t i = 0; i < q->used_below && q->dropped > 0 && budget > 0; i++) {
        if (q->items[i].is_dropped) {
            ls_act(out, LS_ACT_RELEASE)->handle = q->items[i].handle;
            q->items[i] = (struct ls_queued){0};
            q->dropped--;
            budget--;
        }
    }
    while (q->used_below > 0 && !q->items[q->used_below - 1].is_used) {
        q->used_below--;
    }
}

bool ls_queue_is_bad(const struct ls_queue *q, const struct ls_hash *hash)
{
    for (uint32_t i = 0; i < q->bad_count; i++) {
        if (ls_hash_eq(&q->bad[i], hash)) {
            return true;
        }
    }
    return false;
}

static void remember_bad(struct ls_queue *q, const struct ls_hash *hash)
{
    if (!ls_queue_is_bad(q, hash)) {
        q->bad[q->bad_next] = *hash;
        q->bad_next = (q->bad_next + 1) % LS_BAD_MAX;
        q->bad_count += q->bad_count < LS_BAD_MAX ? 1 : 0;
    }
}

void ls_queue_bad(struct ls_core *c, struct ls_actions *out, const struct ls_hash *hash)
{
    struct ls_queue *q = &c->queue;
    remember_bad(q, hash);
    bool again = true;
    while (again) { /* each turn drops at least one entry or ends */
        again = false;
        for (uint32_t i = 0; i < q->used_below; i++) {
            struct ls_queued *e = &q->items[i];
            if (!is_waiting(e)) {
                continue;
            }
            if (ls_queue_is_bad(q, &e->ref.hash) || ls_queue_is_bad(q, &e->ref.parent)) {
                remember_bad(q, &e->ref.hash);
                ls_queue_drop(c, out, i);
                again = true;
            }
        }
    }
}

static const struct ls_seen *find_seen(const struct ls_queue *q, const struct ls_hash *hash)
{
    for (uint32_t i = 0; i < LS_SEEN_MAX; i++) {
        if (ls_hash_eq(&q->seen[i].hash, hash)) {
            return &q->seen[i];
        }
    }
    return NULL;
}

static void remember_seen(struct ls_queue *q, const struct ls_l2_ref *r)
{
    if (find_seen(q, &r->hash) == NULL) {
        q->seen[q->seen_next] =
            (struct ls_seen){.hash = r->hash, .parent = r->parent, .number = r->number};
        q->seen_next = (q->seen_next + 1) % LS_SEEN_MAX;
    }
}

/* Payloads handed in so far lead from r down to a block at safe's height that is not safe: r is on
 * a branch the source has not named yet, and no forkchoice may put it above our safe (I-03). */
static bool is_beside_safe(const struct ls_core *c, const struct ls_l2_ref *r)
{
    const struct ls_l2_ref *safe = &c->heads.safe;
    struct ls_seen at = {.hash = r->hash, .parent = r->parent, .number = r->number};
    for (uint32_t n = 0; ls_known(safe) && n < LS_SEEN_MAX && at.number > safe->number + 1; n++) {
        const struct ls_seen *below = find_seen(&c->queue, &at.parent);
        if (below == NULL) {
            return false;
        }
        at = *below;
    }
    return ls_known(safe) && at.number == safe->number + 1 && !ls_hash_eq(&at.parent, &safe->hash);
}

/* Spec 3.2: no use for what the head, safe or finalized has passed, nor for a sibling of the next
 * block on another parent. Only judged once heads are known. */
static bool is_passed(const struct ls_core *c, const struct ls_l2_ref *r)
{
    const struct ls_heads *h = &c->heads;
    return c->life == LS_LIFE_RUN &&
           (r->number <= h->unsafe.number || r->number <= h->safe.number ||
            (r->number == h->unsafe.number + 1 && !ls_hash_eq(&r->parent, &h->unsafe.hash)));
}

void ls_queue_trim(struct ls_core *c, struct ls_actions *out)
{
    struct ls_queue *q = &c->queue;
    for (uint32_t i = 0; i < q->used_below; i++) {
        bool in_flight =
            (c->writer.in_flight == LS_WRITE_PAYLOAD || c->writer.in_flight == LS_WRITE_HEAD) &&
            c->writer.entry == i;
        if (is_waiting(&q->items[i]) && !in_flight && is_passed(c, &q->items[i].ref)) {
            ls_queue_drop(c, out, i);
        }
    }
}

static uint32_t free_slot(const struct ls_queue *q)
{
    for (uint32_t i = 0; i < LS_QUEUE_MAX; i++) {
        if (!q->items[i].is_used) {
            return i;
        }
    }
    return LS_QUEUE_MAX;
}

static bool is_full(const struct ls_core *c, uint64_t more)
{
    const struct ls_queue *q = &c->queue;
    return q->count >= LS_QUEUE_MAX || q->bytes > c->cfg.queue_bytes_max ||
           more > c->cfg.queue_bytes_max - q->bytes;
}

/* Evicts from the far end until the newcomer fits; false when it is itself the farthest. */
static bool make_room(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out)
{
    struct ls_queue *q = &c->queue;
    while (is_full(c, ev->bytes)) {
        ls_episode(c, out, LS_SLOT_QUEUE, LS_NOTE_QUEUE_FULL, NULL, NULL, 0);
        uint32_t far = find_farthest(q);
        bool busy = far == c->writer.entry && c->writer.in_flight != LS_WRITE_NONE &&
                    c->writer.in_flight != LS_WRITE_FOLLOW;
        if (far == LS_QUEUE_MAX || busy || q->items[far].ref.number <= ev->ref.number) {
            return false;
        }
        ls_queue_drop(c, out, far);
    }
    if (q->count + q->dropped >= LS_QUEUE_MAX) {
        ls_queue_flush(c, out, 1);
    }
    return true;
}

void ls_queue_push(struct ls_core *c, const struct ls_event *ev, struct ls_actions *out)
{
    struct ls_queue *q = &c->queue;
    struct ls_block_id id = ls_id(&ev->ref);
    remember_seen(q, &ev->ref);
    bool is_bad = ls_queue_is_bad(q, &ev->ref.hash) || ls_queue_is_bad(q, &ev->ref.parent);
    if (is_bad) {
        remember_bad(q, &ev->ref.hash);
    }
    if (is_bad || c->life == LS_LIFE_HALTED || is_passed(c, &ev->ref) ||
        find_hash(q, &ev->ref.hash) != LS_QUEUE_MAX || !make_room(c, ev, out)) {
        ls_note(out, LS_NOTE_PAYLOAD_DROPPED, &id, NULL, 0);
        ls_act(out, LS_ACT_RELEASE)->handle = ev->handle;
        return;
    }
    uint32_t slot = free_slot(q);
    assert(slot < LS_QUEUE_MAX);
    q->items[slot] = (struct ls_queued){
        .is_used = true, .handle = ev->handle, .ref = ev->ref, .bytes = ev->bytes};
    q->used_below = slot >= q->used_below ? slot + 1 : q->used_below;
    q->count++;
    q->bytes += ev->bytes;
    if (q->gap_next_ns == LS_NEVER) {
        ls_queue_arm(c);
    }
}

/* The source's heads were offered to an engine that is still on its way to the first of them. A
 * payload may help it there, but takes no forkchoice of its own: that could name no labels, after
 * one that did (I-34). */
bool ls_queue_only_delivers(const struct ls_core *c)
{
    const struct ls_writer *w = &c->writer;
    return w->pending.is_set && !w->pending.is_payload && !w->pending.is_lost &&
           !ls_known(&c->heads.safe);
}

/* What the next payload has to fit: our head, or the last one delivered without a forkchoice. */
static const struct ls_l2_ref *base_of(const struct ls_core *c)
{
    bool goes_on = ls_queue_only_delivers(c) && c->writer.delivered.number > c->heads.unsafe.number;
    return goes_on ? &c->writer.delivered : &c->heads.unsafe;
}

/* No payload goes in while its forkchoice would have to name a safe block beside it (I-03). */
uint32_t ls_queue_next(const struct ls_core *c)
{
    uint32_t i = find_child(&c->queue, base_of(c));
    bool may = i != LS_QUEUE_MAX && !c->is_off_branch;
    return may && c->queue.items[i].not_before_ns <= c->now_ns ? i : LS_QUEUE_MAX;
}

/* Where a gap attempt goes on from an earlier one that is SYNCING: to the payload above it, and
 * never back. An engine is better sent to the newest block that is known, and one that syncs by
 * consecutive heads gets nowhere by the same one again and again (SYN-10). */
static uint32_t above_target(const struct ls_core *c, uint32_t lowest)
{
    const struct ls_want *target = &c->writer.pending;
    if (!target->is_set || !target->is_payload) {
        return lowest;
    }
    uint32_t i = find_child(&c->queue, &target->heads.unsafe);
    if (i == LS_QUEUE_MAX) {
        i = find_hash(&c->queue, &target->heads.unsafe.hash);
    }
    return i != LS_QUEUE_MAX && may_be_named(c, &c->queue.items[i]) ? i : lowest;
}

/* The lowest waiting payload when nothing fits the head: what a gap attempt names. None while the
 * engine is behind the source: the source's block is the better target then. */
static uint32_t gap_entry(const struct ls_core *c)
{
    if (c->is_behind || c->is_off_branch ||
        find_child(&c->queue, &c->heads.unsafe) != LS_QUEUE_MAX) {
        return LS_QUEUE_MAX;
    }
    uint32_t i = above_target(c, find_lowest(c));
    return i != LS_QUEUE_MAX && is_beside_safe(c, &c->queue.items[i].ref) ? LS_QUEUE_MAX : i;
}

uint32_t ls_queue_gap(struct ls_core *c)
{
    if (c->queue.gap_next_ns > c->now_ns) {
        return LS_QUEUE_MAX;
    }
    uint32_t i = gap_entry(c);
    if (i != LS_QUEUE_MAX) {
        c->queue.gap_next_ns = c->now_ns + gap_pause_ns(c);
    }
    return i;
}

/* the gap check depends on nothing but the time since the head last moved and on what waits:
 * no other activity re-arms it (the stuck-RR defect). */
void ls_queue_arm(struct ls_core *c)
{
    c->queue.gap_tries = 0;
    c->queue.gap_next_ns = c->queue.count > 0 ? c->now_ns + c->cfg.poll_ns : LS_NEVER;
}

uint64_t ls_queue_deadline(const struct ls_core *c)
{
    uint32_t i = find_child(&c->queue, base_of(c));
    if (c->is_off_branch) {
        return LS_NEVER;
    }
    if (i != LS_QUEUE_MAX) {
        return c->queue.items[i].not_before_ns;
    }
    return gap_entry(c) != LS_QUEUE_MAX ? c->queue.gap_next_ns : LS_NEVER;
}

bool ls_queue_leads_to(const struct ls_core *c, const struct ls_l2_ref *to)
{
    uint32_t i = find_child(&c->queue, &c->heads.unsafe);
    bool is_moving = i != LS_QUEUE_MAX && c->queue.items[i].tries == 0;
    return is_moving && ls_queue_links(c, &c->heads.unsafe, to);
}

bool ls_queue_links(const struct ls_core *c, const struct ls_l2_ref *from,
                    const struct ls_l2_ref *to)
{
    struct ls_l2_ref at = *from;
    while (at.number < to->number) {
        uint32_t i = find_child(&c->queue, &at);
        if (i == LS_QUEUE_MAX) {
            return false;
        }
        at = c->queue.items[i].ref;
    }
    return ls_same(&at, to);
}
