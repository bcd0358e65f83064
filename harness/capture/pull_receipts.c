#include "harness/capture/pull_receipts.h"

#include <stdlib.h>
#include <string.h>

#include "harness/capture/jsontext.h"
#include "harness/capture/manifest.h"
#include "harness/capture/receipts.h"

#define FIRST_CAPACITY 1024u

struct ls_pull_receipts_place {
    uint64_t key; /* of the block's hash: others may have the same */
    uint64_t at;
    uint64_t bytes;
};

/* Eight bytes of a hash say enough: what is found is proved. */
static uint64_t key_of(const struct ls_hash *hash)
{
    uint64_t key;

    memcpy(&key, hash->b, sizeof key);
    return key;
}

static enum ls_err note(void *ctx, uint64_t at, struct ls_span text, struct ls_diag *d)
{
    struct ls_pull_receipts *r = ctx;
    struct ls_hash hash;

    if (!ls_receipts_block(text, &hash)) {
        return LS_OK; /* damaged: its block will lack it */
    }
    if (r->count == r->capacity) {
        size_t capacity = r->capacity ? 2 * r->capacity : FIRST_CAPACITY;
        void *places = realloc(r->places, capacity * sizeof *r->places);
        if (!places) {
            return ls_fail(d, LS_ERR_NOMEM, "out of memory");
        }
        r->places = places;
        r->capacity = capacity;
    }
    r->places[r->count++] = (struct ls_pull_receipts_place){key_of(&hash), at, text.n};
    return LS_OK;
}

static int compare(const void *x, const void *y)
{
    const struct ls_pull_receipts_place *a = x;
    const struct ls_pull_receipts_place *b = y;

    return a->key != b->key ? (a->key > b->key) - (a->key < b->key)
                            : (a->at > b->at) - (a->at < b->at);
}

enum ls_err ls_pull_receipts_open(const struct ls_pull_folder *f, const char *dir, int level,
                                  struct ls_pull_receipts *r, struct ls_diag *d)
{
    *r = (struct ls_pull_receipts){.to.fd = -1, .rollup = ls_pull_facts_rollup(&f->facts)};
    enum ls_err e = ls_pull_journal_each(&f->receipts, note, r, d);

    if (!e && r->count > 0) {
        qsort(r->places, r->count, sizeof *r->places, compare);
        e = ls_pull_journal_map(&f->receipts, &r->journal, d);
    }
    return e ? e : ls_pull_frames_open(dir, LS_SEGMENT_RECEIPTS_FILE, level, &r->to, d);
}

/* The first place of that key, or behind it. */
static size_t first_of(const struct ls_pull_receipts *r, uint64_t key)
{
    size_t low = 0;
    size_t high = r->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (r->places[mid].key < key) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static struct ls_span find(const struct ls_pull_receipts *r, struct ls_span block,
                           const struct ls_hash *hash)
{
    uint64_t key = key_of(hash);

    for (size_t i = first_of(r, key); i < r->count && r->places[i].key == key; i++) {
        struct ls_span line = {r->journal.p + r->places[i].at, (size_t)r->places[i].bytes};
        if (ls_receipts_check(block, line, r->rollup, NULL) == LS_OK) {
            return line;
        }
    }
    return (struct ls_span){NULL, 0};
}

enum ls_err ls_pull_receipts_put(struct ls_pull_receipts *r, struct ls_span block,
                                 struct ls_diag *d)
{
    static const char empty[] = "[]";
    static const char none[] = LS_RECEIPTS_NONE;
    struct ls_span txs = ls_jsontext_get(block, "transactions");
    struct ls_jsontext it = ls_jsontext_open(txs);
    struct ls_jsontext_item tx;
    struct ls_l2_ref ref;

    if (!ls_jsontext_next(&it, &tx)) {
        return ls_pull_frames_put(&r->to, (struct ls_span){(const uint8_t *)empty, 2}, d);
    }
    struct ls_span found = {NULL, 0};
    if (ls_pull_glance(block, &ref)) {
        found = find(r, block, &ref.hash);
    }
    if (!found.p) {
        r->lacking++;
        found = (struct ls_span){(const uint8_t *)none, sizeof none - 1};
    }
    return ls_pull_frames_put(&r->to, found, d);
}

void ls_pull_receipts_close(struct ls_pull_receipts *r)
{
    ls_pull_frames_close(&r->to);
    ls_pull_journal_unmap(r->journal);
    free(r->places);
    *r = (struct ls_pull_receipts){.to.fd = -1};
}
