#include "harness/capture/pull_beside.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 1024u

struct ls_pull_beside_place {
    uint64_t key; /* of the line's: others may have the same */
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
    struct ls_pull_beside *b = ctx;
    struct ls_hash hash;

    if (!b->kind->line_key(text, &hash)) {
        return LS_OK; /* damaged: its block will lack it */
    }
    if (b->count == b->capacity) {
        size_t capacity = b->capacity ? 2 * b->capacity : FIRST_CAPACITY;
        void *places = realloc(b->places, capacity * sizeof *b->places);
        if (!places) {
            return ls_fail(d, LS_ERR_NOMEM, "out of memory");
        }
        b->places = places;
        b->capacity = capacity;
    }
    b->places[b->count++] = (struct ls_pull_beside_place){key_of(&hash), at, text.n};
    return LS_OK;
}

static int compare(const void *x, const void *y)
{
    const struct ls_pull_beside_place *a = x;
    const struct ls_pull_beside_place *b = y;

    return a->key != b->key ? (a->key > b->key) - (a->key < b->key)
                            : (a->at > b->at) - (a->at < b->at);
}

void ls_pull_beside_init(struct ls_pull_beside *b, enum ls_beside_kind k)
{
    *b = (struct ls_pull_beside){.kind = ls_beside_of(k), .to.fd = -1};
}

enum ls_err ls_pull_beside_open(struct ls_pull_beside *b, const struct ls_pull_folder *f,
                                const char *dir, int level, struct ls_diag *d)
{
    const struct ls_pull_journal *journal = &f->beside[b->kind->kind];
    enum ls_err e = ls_pull_journal_each(journal, note, b, d);

    b->rollup = ls_pull_facts_rollup(&f->facts);
    b->genesis = f->facts.genesis.hash;
    if (!e && b->count > 0) {
        qsort(b->places, b->count, sizeof *b->places, compare);
        e = ls_pull_journal_map(journal, &b->journal, d);
    }
    return e ? e : ls_pull_frames_open(dir, b->kind->file, level, &b->to, d);
}

/* The first place of that key, or behind it. */
static size_t first_of(const struct ls_pull_beside *b, uint64_t key)
{
    size_t low = 0;
    size_t high = b->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (b->places[mid].key < key) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static struct ls_span find(const struct ls_pull_beside *b, struct ls_span block,
                           const struct ls_hash *hash)
{
    uint64_t key = key_of(hash);

    for (size_t i = first_of(b, key); i < b->count && b->places[i].key == key; i++) {
        struct ls_span line = {b->journal.p + b->places[i].at, (size_t)b->places[i].bytes};
        if (b->kind->check(block, line, b->rollup, NULL) == LS_OK) {
            return line;
        }
    }
    return (struct ls_span){NULL, 0};
}

enum ls_err ls_pull_beside_put(struct ls_pull_beside *b, struct ls_span block, struct ls_diag *d)
{
    static const char none[] = LS_BESIDE_NONE;
    struct ls_span line = b->kind->needless(block);
    struct ls_l2_ref ref;
    struct ls_hash key;

    if (!line.p && b->kind->block_key(block, &key)) {
        line = find(b, block, &key);
    }
    if (!line.p) {
        b->lacking += !ls_pull_glance(block, &ref) || !ls_hash_eq(&ref.hash, &b->genesis);
        line = (struct ls_span){(const uint8_t *)none, sizeof none - 1};
    }
    return ls_pull_frames_put(&b->to, line, d);
}

void ls_pull_beside_close(struct ls_pull_beside *b)
{
    ls_pull_frames_close(&b->to);
    ls_pull_journal_unmap(b->journal);
    free(b->places);
    ls_pull_beside_init(b, b->kind->kind);
}
