/*
 * Track: a ring for the canonical chain, a list for the rest. Reorgs move blocks between the two.
 */
#include "harness/capture/pull_track.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum ls_err ls_pull_track_init(struct ls_pull_track *t, uint32_t window, struct ls_diag *d)
{
    *t = (struct ls_pull_track){.window = window};
    t->ring = calloc(window, sizeof *t->ring);
    return t->ring ? LS_OK : ls_fail(d, LS_ERR_NOMEM, "out of memory");
}

void ls_pull_track_fini(struct ls_pull_track *t)
{
    free(t->ring);
    free(t->orphans);
    *t = (struct ls_pull_track){.ring = NULL};
}

void ls_pull_track_anchor(struct ls_pull_track *t, const struct ls_l2_ref *ref)
{
    t->anchor = *ref;
    t->has_anchor = true;
}

static bool is_empty(const struct ls_pull_track *t)
{
    return t->end == t->first;
}

static struct ls_l2_ref *slot(const struct ls_pull_track *t, uint64_t number)
{
    return &t->ring[number % t->window];
}

const struct ls_l2_ref *ls_pull_track_tip(const struct ls_pull_track *t)
{
    return is_empty(t) ? NULL : slot(t, t->end - 1);
}

const struct ls_l2_ref *ls_pull_track_at(const struct ls_pull_track *t, uint64_t number)
{
    return !is_empty(t) && number >= t->low && number < t->end ? slot(t, number) : NULL;
}

/* --- looking up --- */

static bool is_id(const struct ls_l2_ref *ref, const struct ls_block_id *id)
{
    return ref->number == id->number && ls_hash_eq(&ref->hash, &id->hash);
}

static struct ls_block_id id_of(const struct ls_l2_ref *ref)
{
    return (struct ls_block_id){ref->hash, ref->number};
}

/* Of a block whose number is above 0. */
static struct ls_block_id parent_id(const struct ls_l2_ref *ref)
{
    return (struct ls_block_id){ref->parent, ref->number - 1};
}

struct ls_pull_orphan *ls_pull_track_orphan(const struct ls_pull_track *t,
                                            const struct ls_block_id *id)
{
    for (size_t i = 0; t->orphan_count > 0 && id->number <= t->orphan_top && i < t->orphan_count;
         i++) {
        if (is_id(&t->orphans[i].ref, id)) {
            return &t->orphans[i];
        }
    }
    return NULL;
}

static const struct ls_l2_ref *find_canonical(const struct ls_pull_track *t,
                                              const struct ls_block_id *id)
{
    const struct ls_l2_ref *ref = ls_pull_track_at(t, id->number);

    return ref && ls_hash_eq(&ref->hash, &id->hash) ? ref : NULL;
}

const struct ls_l2_ref *ls_pull_track_find(const struct ls_pull_track *t,
                                           const struct ls_block_id *id)
{
    const struct ls_l2_ref *ref = find_canonical(t, id);
    const struct ls_pull_orphan *orphan = ref ? NULL : ls_pull_track_orphan(t, id);

    if (orphan) {
        ref = &orphan->ref;
    }
    return !ref && t->has_anchor && is_id(&t->anchor, id) ? &t->anchor : ref;
}

bool ls_pull_track_holds(const struct ls_pull_track *t, const struct ls_block_id *id)
{
    return ls_pull_track_find(t, id) ||
           (!is_empty(t) && id->number >= t->first && id->number < t->low);
}

enum ls_pull_place ls_pull_track_place(const struct ls_pull_track *t, const struct ls_l2_ref *ref)
{
    struct ls_block_id self = id_of(ref);

    if (is_empty(t)) {
        return LS_PULL_EXTENDS;
    }
    if (find_canonical(t, &self) || ls_pull_track_orphan(t, &self)) {
        return LS_PULL_KNOWN;
    }
    if (ref->number == 0) {
        return LS_PULL_UNLINKED;
    }
    struct ls_block_id parent = parent_id(ref);
    if (find_canonical(t, &parent)) {
        return ref->number == t->end ? LS_PULL_EXTENDS : LS_PULL_FORKS;
    }
    if (ls_pull_track_orphan(t, &parent)) {
        return LS_PULL_FORKS;
    }
    return parent.number >= t->first && parent.number < t->low ? LS_PULL_TOO_DEEP
                                                               : LS_PULL_UNLINKED;
}

/* --- moving --- */

static enum ls_err reserve(struct ls_pull_track *t, size_t more, struct ls_diag *d)
{
    size_t want = t->orphan_count + more;

    if (want > LS_PULL_ORPHANS_MAX) {
        return ls_fail(d, LS_ERR_LIMIT, "more than %u blocks were left by reorgs",
                       LS_PULL_ORPHANS_MAX);
    }
    if (want > t->orphan_capacity) {
        size_t capacity = want * 2;
        struct ls_pull_orphan *p = realloc(t->orphans, capacity * sizeof *p);
        if (!p) {
            return ls_fail(d, LS_ERR_NOMEM, "out of memory");
        }
        t->orphans = p;
        t->orphan_capacity = capacity;
    }
    return LS_OK;
}

static void push(struct ls_pull_track *t, const struct ls_l2_ref *ref)
{
    if (is_empty(t)) {
        t->first = ref->number;
        t->low = ref->number;
        t->end = ref->number;
    } else if (t->end - t->low == t->window) {
        t->low++;
    }
    *slot(t, t->end++) = *ref;
}

/* Makes orphans of all canonical blocks from number on, the lowest first; room is reserved. */
static void cut(struct ls_pull_track *t, uint64_t number)
{
    for (uint64_t n = number; n < t->end; n++) {
        t->orphans[t->orphan_count++] = (struct ls_pull_orphan){.ref = *slot(t, n)};
        t->orphan_top = n > t->orphan_top ? n : t->orphan_top;
    }
    t->end = number < t->end ? number : t->end;
}

/* Takes the orphan out of the list, which has no order. */
static struct ls_l2_ref take_orphan(struct ls_pull_track *t, const struct ls_block_id *id)
{
    struct ls_pull_orphan *o = ls_pull_track_orphan(t, id);
    struct ls_l2_ref ref = o->ref;

    *o = t->orphans[--t->orphan_count];
    return ref;
}

/* Number of the highest canonical ancestor-or-self of the recorded block, in *fork; the orphans on
 * the way are listed in path, the highest first, when it is not NULL. Returns how many there are.
 */
static size_t path_down(const struct ls_pull_track *t, struct ls_block_id id,
                        struct ls_block_id *path, uint64_t *fork)
{
    size_t n = 0;

    for (const struct ls_pull_orphan *o; !find_canonical(t, &id);) {
        o = ls_pull_track_orphan(t, &id);
        if (!o || id.number == 0) {
            *fork = UINT64_MAX; /* below the window */
            return n;
        }
        if (path) {
            path[n] = id;
        }
        n++;
        id = parent_id(&o->ref);
    }
    *fork = id.number;
    return n;
}

enum ls_err ls_pull_track_move(struct ls_pull_track *t, const struct ls_block_id *id,
                               struct ls_diag *d)
{
    uint64_t fork;
    struct ls_block_id *path = NULL;

    if (!find_canonical(t, id) && !ls_pull_track_orphan(t, id)) {
        return ls_fail(d, LS_ERR_NOT_FOUND, "block %" PRIu64 ": is not recorded", id->number);
    }
    size_t count = path_down(t, *id, NULL, &fork);
    if (fork == UINT64_MAX) {
        return ls_fail(d, LS_ERR_LIMIT,
                       "block %" PRIu64 ": its branch leaves the chain more than "
                       "%" PRIu32 " blocks below the tip",
                       id->number, t->window);
    }
    enum ls_err e = reserve(t, (size_t)(t->end - 1 - fork), d);
    if (!e && count > 0) {
        path = calloc(count, sizeof *path);
        e = path ? LS_OK : ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    if (!e) {
        path_down(t, *id, path, &fork);
        cut(t, fork + 1);
        while (count > 0) {
            struct ls_l2_ref ref = take_orphan(t, &path[--count]);
            push(t, &ref);
        }
    }
    free(path);
    return e;
}

enum ls_err ls_pull_track_add(struct ls_pull_track *t, const struct ls_l2_ref *ref,
                              struct ls_diag *d)
{
    struct ls_block_id self = id_of(ref);
    enum ls_err e = LS_OK;

    switch (ls_pull_track_place(t, ref)) {
    case LS_PULL_EXTENDS:
        break;
    case LS_PULL_FORKS: {
        struct ls_block_id parent = parent_id(ref);
        e = ls_pull_track_move(t, &parent, d);
        break;
    }
    case LS_PULL_KNOWN:
        return ls_pull_track_move(t, &self, d);
    case LS_PULL_UNLINKED:
        return ls_fail(d, LS_ERR_LINK,
                       "block %" PRIu64 ": parentHash: is not a block recorded before it",
                       ref->number);
    case LS_PULL_TOO_DEEP:
        return ls_fail(d, LS_ERR_LIMIT,
                       "block %" PRIu64 ": the chain was replaced more than %" PRIu32
                       " blocks below its tip",
                       ref->number, t->window);
    }
    if (!e) {
        push(t, ref);
    }
    return e;
}

static bool has_child(const struct ls_pull_track *t, const struct ls_l2_ref *parent)
{
    for (size_t i = 0; i < t->orphan_count; i++) {
        const struct ls_l2_ref *ref = &t->orphans[i].ref;
        if (ref->number == parent->number + 1 && ls_hash_eq(&ref->parent, &parent->hash)) {
            return true;
        }
    }
    return false;
}

size_t ls_pull_track_branches(const struct ls_pull_track *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->orphan_count; i++) {
        n += !has_child(t, &t->orphans[i].ref);
    }
    return n;
}

/* The recorded child of the tip; of several the one with the lowest hash, so that it is the same
 * one whatever happened before. */
static const struct ls_pull_orphan *child_of_tip(const struct ls_pull_track *t)
{
    const struct ls_l2_ref *tip = ls_pull_track_tip(t);
    const struct ls_pull_orphan *best = NULL;

    for (size_t i = 0; tip && i < t->orphan_count; i++) {
        const struct ls_pull_orphan *o = &t->orphans[i];
        bool is_child = o->ref.number == tip->number + 1 && ls_hash_eq(&o->ref.parent, &tip->hash);
        if (is_child && (!best || memcmp(o->ref.hash.b, best->ref.hash.b, 32) < 0)) {
            best = o;
        }
    }
    return best;
}

enum ls_err ls_pull_track_climb(struct ls_pull_track *t, struct ls_diag *d)
{
    const struct ls_pull_orphan *child;
    enum ls_err e = LS_OK;

    while (!e && (child = child_of_tip(t)) != NULL) {
        struct ls_block_id id = id_of(&child->ref);
        e = ls_pull_track_move(t, &id, d);
    }
    return e;
}
