#include "mocks/model/synctester.h"

#include <assert.h>
#include <string.h>

#define NONE UINT32_MAX
#define ALIGN 16u

struct tombstone {
    char id[LS_ST_ID_MAX + 1];
    uint8_t id_bytes;
};

struct entry {
    struct ls_st_payload payload;
    uint32_t next; /* of the same session, newest first; or of the free list */
};

struct ls_st {
    struct ls_st_limits limits;
    uint32_t count;
    uint32_t *order; /* slots of the sessions by id, then the free slots */
    struct ls_st_session *sessions;
    struct tombstone *tombstones; /* a ring */
    uint32_t tombstone_count;
    uint32_t tombstone_next;
    struct entry *entries;
    uint32_t entry_free;
};

/* --- memory --- */

static size_t aligned(size_t n)
{
    return (n + ALIGN - 1u) / ALIGN * ALIGN;
}

size_t ls_st_size(const struct ls_st_limits *limits)
{
    return aligned(sizeof(struct ls_st)) + aligned(limits->sessions_max * sizeof(uint32_t)) +
           aligned(limits->sessions_max * sizeof(struct ls_st_session)) +
           aligned(limits->tombstones_max * sizeof(struct tombstone)) +
           aligned(limits->payloads_max * sizeof(struct entry));
}

struct ls_st *ls_st_init(void *mem, const struct ls_st_limits *limits)
{
    struct ls_st *st = mem;
    uint8_t *at = (uint8_t *)mem + aligned(sizeof *st);
    assert(limits->sessions_max > 0 && limits->tombstones_max > 0 && limits->payloads_max > 0);
    memset(st, 0, sizeof *st);
    st->limits = *limits;
    st->order = (uint32_t *)(void *)at;
    at += aligned(limits->sessions_max * sizeof(uint32_t));
    st->sessions = (struct ls_st_session *)(void *)at;
    at += aligned(limits->sessions_max * sizeof(struct ls_st_session));
    st->tombstones = (struct tombstone *)(void *)at;
    at += aligned(limits->tombstones_max * sizeof(struct tombstone));
    st->entries = (struct entry *)(void *)at;
    for (uint32_t i = 0; i < limits->sessions_max; i++) {
        st->order[i] = i;
    }
    for (uint32_t i = 0; i < limits->payloads_max; i++) {
        st->entries[i].next = i + 1 < limits->payloads_max ? i + 1 : NONE;
    }
    return st;
}

/* --- ids --- */

static int compare(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    size_t n = a_bytes < b_bytes ? a_bytes : b_bytes;
    int c = memcmp(a, b, n);
    if (c != 0 || a_bytes == b_bytes) {
        return c;
    }
    return a_bytes < b_bytes ? -1 : 1;
}

/* Where id stands in the order, or would. */
static uint32_t place_of(const struct ls_st *st, const char *id, size_t id_bytes, bool *is_there)
{
    uint32_t low = 0;
    uint32_t high = st->count;
    *is_there = false;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const struct ls_st_session *s = &st->sessions[st->order[mid]];
        int c = compare(s->id, s->id_bytes, id, id_bytes);
        if (c == 0) {
            *is_there = true;
            return mid;
        }
        if (c < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static bool is_buried(const struct ls_st *st, const char *id, size_t id_bytes)
{
    for (uint32_t i = 0; i < st->tombstone_count; i++) {
        const struct tombstone *t = &st->tombstones[i];
        if (t->id_bytes == id_bytes && memcmp(t->id, id, id_bytes) == 0) {
            return true;
        }
    }
    return false;
}

static void bury(struct ls_st *st, const struct ls_st_session *s)
{
    struct tombstone *t = &st->tombstones[st->tombstone_next];
    memcpy(t->id, s->id, sizeof t->id);
    t->id_bytes = s->id_bytes;
    st->tombstone_next = (st->tombstone_next + 1) % st->limits.tombstones_max;
    if (st->tombstone_count < st->limits.tombstones_max) {
        st->tombstone_count++;
    }
}

/* --- life --- */

static bool is_idle(const struct ls_st *st, const struct ls_st_session *s, uint64_t now_ns)
{
    return st->limits.idle_ns_max != LS_ST_NEVER && now_ns > s->used_ns &&
           now_ns - s->used_ns > st->limits.idle_ns_max;
}

static struct ls_st_session *make(struct ls_st *st, uint32_t place, const char *id, size_t id_bytes,
                                  const struct ls_st_start *start)
{
    uint32_t slot = st->order[st->count];
    struct ls_st_session *s = &st->sessions[slot];
    memmove(&st->order[place + 1], &st->order[place], (st->count - place) * sizeof *st->order);
    st->order[place] = slot;
    st->count++;
    memset(s, 0, sizeof *s);
    memcpy(s->id, id, id_bytes);
    s->id_bytes = (uint8_t)id_bytes;
    s->now = start->heads;
    s->initial = start->heads;
    s->validated = start->heads.latest;
    s->is_el_sync = start->is_el_sync;
    s->payload_first = NONE;
    return s;
}

enum ls_st_found ls_st_open(struct ls_st *st, const char *id, size_t id_bytes,
                            const struct ls_st_start *start, uint64_t now_ns,
                            struct ls_st_session **out)
{
    bool is_there;
    assert(id_bytes > 0 && id_bytes <= LS_ST_ID_MAX);
    uint32_t place = place_of(st, id, id_bytes, &is_there);
    if (!is_there) {
        if (is_buried(st, id, id_bytes)) {
            return LS_ST_DELETED;
        }
        ls_st_expire(st, now_ns);
        if (st->count == st->limits.sessions_max) {
            return LS_ST_FULL;
        }
        place = place_of(st, id, id_bytes, &is_there);
        *out = make(st, place, id, id_bytes, start);
    } else {
        *out = &st->sessions[st->order[place]];
        if (is_idle(st, *out, now_ns)) {
            ls_st_delete(st, *out);
            return LS_ST_DELETED;
        }
    }
    (*out)->used_ns = now_ns;
    return LS_ST_FOUND;
}

struct ls_st_session *ls_st_find(const struct ls_st *st, const char *id, size_t id_bytes)
{
    bool is_there;
    uint32_t place = place_of(st, id, id_bytes, &is_there);
    return is_there ? &st->sessions[st->order[place]] : NULL;
}

static void forget_payloads(struct ls_st *st, struct ls_st_session *s)
{
    while (s->payload_first != NONE) {
        uint32_t i = s->payload_first;
        s->payload_first = st->entries[i].next;
        st->entries[i].next = st->entry_free;
        st->entry_free = i;
    }
}

void ls_st_reset(struct ls_st *st, struct ls_st_session *s)
{
    s->now = s->initial;
    s->validated = s->initial.latest;
    forget_payloads(st, s);
}

void ls_st_delete(struct ls_st *st, struct ls_st_session *s)
{
    bool is_there;
    uint32_t place = place_of(st, s->id, s->id_bytes, &is_there);
    assert(is_there);
    uint32_t slot = st->order[place];
    forget_payloads(st, s);
    bury(st, s);
    st->count--;
    memmove(&st->order[place], &st->order[place + 1], (st->count - place) * sizeof *st->order);
    st->order[st->count] = slot;
}

void ls_st_expire(struct ls_st *st, uint64_t now_ns)
{
    uint32_t i = 0;
    while (i < st->count) {
        struct ls_st_session *s = &st->sessions[st->order[i]];
        if (is_idle(st, s, now_ns)) {
            ls_st_delete(st, s); /* the next one is at i now */
        } else {
            i++;
        }
    }
}

uint32_t ls_st_count(const struct ls_st *st)
{
    return st->count;
}

struct ls_st_session *ls_st_at(const struct ls_st *st, uint32_t i)
{
    assert(i < st->count);
    return &st->sessions[st->order[i]];
}

/* --- reads --- */

bool ls_st_target(const struct ls_st_session *s, enum ls_st_tag tag, uint64_t number,
                  uint64_t *target)
{
    switch (tag) {
    case LS_ST_NUMBER:
        *target = number;
        return number <= s->now.latest;
    case LS_ST_LATEST:
        *target = s->now.latest;
        return true;
    case LS_ST_SAFE:
        *target = s->now.safe;
        return true;
    case LS_ST_FINALIZED:
        *target = s->now.finalized;
        return true;
    case LS_ST_PENDING:
    case LS_ST_EARLIEST:
        break;
    }
    return false;
}

bool ls_st_is_visible(const struct ls_st_session *s, uint64_t number)
{
    return number <= s->now.latest;
}

/* --- newPayload --- */

bool ls_st_payload_is_near(const struct ls_st_session *s, uint64_t number)
{
    return number <= s->validated + 1; /* wraps at 2^64-1, as it does upstream */
}

void ls_st_payload_valid(struct ls_st_session *s, uint64_t number)
{
    if (number == s->validated + 1) {
        s->validated++;
    }
}

/* --- forkchoiceUpdated --- */

bool ls_st_window_feed(struct ls_st_window *w, uint64_t n, uint32_t need, uint32_t keep)
{
    assert(need > 0 && need <= keep && keep <= LS_ST_WINDOW_KEEP);
    while (w->count > 0 && w->numbers[w->count - 1] >= n) {
        w->count--;
    }
    if (w->count == keep) {
        memmove(&w->numbers[0], &w->numbers[1], (keep - 1) * sizeof w->numbers[0]);
        w->count--;
    }
    w->numbers[w->count++] = n;
    if (w->count < need) {
        return false;
    }
    for (uint32_t i = 0; i < need; i++) {
        if (w->numbers[w->count - 1 - i] != n - i) {
            return false;
        }
    }
    return true;
}

bool ls_st_head(struct ls_st_session *s, uint64_t number)
{
    if (s->validated < number) {
        if (s->is_el_sync &&
            ls_st_window_feed(&s->window, number, LS_ST_WINDOW_NEED, LS_ST_WINDOW_KEEP)) {
            s->validated = number;
            s->now.latest = number;
        }
        return false;
    }
    s->now.latest = number;
    return true;
}

bool ls_st_finalized(struct ls_st_session *s, uint64_t number)
{
    if (number > s->now.latest) {
        return false;
    }
    s->now.finalized = number;
    return true;
}

bool ls_st_safe(struct ls_st_session *s, uint64_t number)
{
    if (number > s->now.latest) {
        return false;
    }
    s->now.safe = number;
    return true;
}

/* --- payloads --- */

/* The link that leads to the entry of this id; the end of the list when there is none. */
static uint32_t *link_to(struct ls_st *st, struct ls_st_session *s,
                         const uint8_t id[LS_ST_PAYLOAD_ID_BYTES])
{
    uint32_t *link = &s->payload_first;
    while (*link != NONE &&
           memcmp(st->entries[*link].payload.id, id, LS_ST_PAYLOAD_ID_BYTES) != 0) {
        link = &st->entries[*link].next;
    }
    return link;
}

static void release(struct ls_st *st, uint32_t *link)
{
    uint32_t i = *link;
    *link = st->entries[i].next;
    st->entries[i].next = st->entry_free;
    st->entry_free = i;
}

static void drop_oldest(struct ls_st *st, struct ls_st_session *s)
{
    uint32_t *link = &s->payload_first;
    if (*link == NONE) {
        return;
    }
    while (st->entries[*link].next != NONE) {
        link = &st->entries[*link].next;
    }
    release(st, link);
}

void ls_st_payload_put(struct ls_st *st, struct ls_st_session *s, const struct ls_st_payload *p)
{
    uint32_t *link = link_to(st, s, p->id);
    if (*link != NONE) {
        st->entries[*link].payload = *p;
        return;
    }
    if (st->entry_free == NONE) {
        drop_oldest(st, s);
    }
    uint32_t i = st->entry_free;
    if (i == NONE) {
        return;
    }
    st->entry_free = st->entries[i].next;
    st->entries[i].payload = *p;
    st->entries[i].next = s->payload_first;
    s->payload_first = i;
}

bool ls_st_payload_take(struct ls_st *st, struct ls_st_session *s,
                        const uint8_t id[LS_ST_PAYLOAD_ID_BYTES], struct ls_st_payload *out)
{
    uint32_t *link = link_to(st, s, id);
    if (*link == NONE) {
        return false;
    }
    *out = st->entries[*link].payload;
    release(st, link);
    return true;
}

bool ls_st_payload_fits(unsigned method, uint8_t id_version)
{
    switch (method) {
    case 1:
        return id_version == 1;
    case 2:
        return id_version == 1 || id_version == 2;
    default:
        return id_version == 3;
    }
}
