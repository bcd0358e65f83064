/* What an engine remembers outside its database: headers it could not connect, and rejections. Both
 * are lost when the process ends. */
#include <assert.h>

#include "mocks/model/engine_state.h"

void ls_el_stash_put(struct ls_engine *e, const struct ls_el_header *h)
{
    uint32_t max = e->profile.stash_max;
    assert(max <= LS_EL_STASH_MAX);
    if (max == 0) {
        return;
    }
    /* No look for an older copy: geth keeps one entry a delivery. */
    e->stash[e->stash_next % max] = *h;
    e->stash_next = (e->stash_next + 1u) % max;
    if (e->stash_count < max) {
        e->stash_count++;
    }
}

const struct ls_el_header *ls_el_stash_get(const struct ls_engine *e, const struct ls_hash *hash)
{
    for (uint32_t i = 0; i < e->stash_count; i++) {
        if (ls_hash_eq(&e->stash[i].hash, hash)) {
            return &e->stash[i];
        }
    }
    return NULL;
}

static struct ls_el_rejected *find_rejected(struct ls_engine *e, const struct ls_hash *tip)
{
    for (uint32_t i = 0; i < e->rejected_below; i++) {
        if (e->rejected[i].age != 0 && ls_hash_eq(&e->rejected[i].tip, tip)) {
            return &e->rejected[i];
        }
    }
    return NULL;
}

/* A free entry, or when the table is full the oldest one (geth drops any). */
static struct ls_el_rejected *free_rejected(struct ls_engine *e)
{
    struct ls_el_rejected *oldest = &e->rejected[0];
    for (uint32_t i = 0; i < e->rejected_below; i++) {
        if (e->rejected[i].age == 0) {
            return &e->rejected[i];
        }
        if (e->rejected[i].age < oldest->age) {
            oldest = &e->rejected[i];
        }
    }
    return e->rejected_below < LS_EL_INVALID_MAX ? &e->rejected[e->rejected_below++] : oldest;
}

void ls_el_reject(struct ls_engine *e, const struct ls_hash *tip, const struct ls_hash *bad,
                  const struct ls_hash *bad_parent, uint32_t hits)
{
    struct ls_el_rejected *r = find_rejected(e, tip);
    if (r == NULL) {
        r = free_rejected(e);
    }
    *r = (struct ls_el_rejected){.tip = *tip,
                                 .bad = *bad,
                                 .bad_parent = *bad_parent,
                                 .hits = hits,
                                 .age = ++e->rejected_age};
}

/* Every tip that leads to bad has one hit more; returns how many there are now. */
static uint32_t count_hit(struct ls_engine *e, const struct ls_hash *bad)
{
    uint32_t hits = 0;
    for (uint32_t i = 0; i < e->rejected_below; i++) {
        if (e->rejected[i].age != 0 && ls_hash_eq(&e->rejected[i].bad, bad)) {
            hits = ++e->rejected[i].hits;
        }
    }
    return hits;
}

/* A rejection that was met often is given up, so that the block is executed again. */
static void forget_rejection(struct ls_engine *e, const struct ls_hash *bad)
{
    for (uint32_t i = 0; i < e->rejected_below; i++) {
        if (ls_hash_eq(&e->rejected[i].bad, bad)) {
            e->rejected[i].age = 0;
        }
    }
}

bool ls_el_is_rejected(struct ls_engine *e, const struct ls_hash *check, const struct ls_hash *head,
                       const char *row, struct ls_el_verdict *v)
{
    const struct ls_el_rejected *r = find_rejected(e, check);
    if (r == NULL) {
        return false;
    }
    struct ls_el_rejected found = *r;
    uint32_t hits = count_hit(e, &found.bad);
    if (e->profile.invalid_hits_max != 0 && hits >= e->profile.invalid_hits_max) {
        forget_rejection(e, &found.bad);
        return false;
    }
    if (!ls_hash_eq(check, head)) {
        ls_el_reject(e, head, &found.bad, &found.bad_parent, hits);
    }
    *v = ls_el_invalid(&found.bad_parent, "links to previously rejected block", row);
    return true;
}

void ls_el_reset_hits(struct ls_engine *e, const struct ls_hash *tip)
{
    struct ls_el_rejected *r = find_rejected(e, tip);
    if (r != NULL) {
        r->hits = 1;
    }
}

void ls_el_forget_memory(struct ls_engine *e)
{
    e->pending = LS_NO_BLOCK;
    e->stash_count = 0;
    e->stash_next = 0;
    e->rejected_below = 0;
}
