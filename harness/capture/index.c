/*
 * Layout, checks and look-up of an index. The digest in the head covers the head and the small
 * tables, runs and frames; blocks and slots are as many as the chain has blocks, and reading them
 * all at every start would cost what an index is there to save.
 */
#include "harness/capture/index.h"

#include <assert.h>
#include <string.h>

#include "lib/hash.h"

#define BYTE_ORDER_MARK 0x01020304u

static const char MAGIC[8] = "LSINDEX";

struct ls_index_head {
    char magic[8];
    uint32_t version;
    uint32_t byte_order;
    struct ls_index_source source;
    struct ls_index_counts counts;
    uint8_t digest[32]; /* SHA-256 of head, runs and frames, with this zero */
};

static_assert(sizeof(struct ls_index_head) == 128, "the head has no holes");
static_assert(sizeof(struct ls_index_run) == 24, "a run has no holes");
static_assert(sizeof(struct ls_index_frame) == 24, "a frame has no holes");
static_assert(sizeof(struct ls_index_block) == 144, "a block has no holes");

/* --- layout --- */

static uint32_t slots_for(uint64_t blocks)
{
    uint32_t slots = 8;

    while (slots < blocks * 2) {
        slots *= 2;
    }
    return slots;
}

static size_t tables_size(const struct ls_index_counts *c)
{
    return sizeof(struct ls_index_head) + (size_t)c->runs * sizeof(struct ls_index_run) +
           ((size_t)c->frames + 1) * sizeof(struct ls_index_frame);
}

enum ls_err ls_index_size(const struct ls_index_counts *c, size_t *out)
{
    if (c->blocks > LS_INDEX_BLOCKS_MAX || c->frames > LS_INDEX_FRAMES_MAX || c->runs > c->blocks ||
        c->canonical > c->blocks) {
        return LS_ERR_LIMIT;
    }
    *out = tables_size(c) + (size_t)c->blocks * sizeof(struct ls_index_block) +
           (size_t)slots_for(c->blocks) * sizeof(uint32_t);
    return LS_OK;
}

static void digest(const struct ls_index_head *head, uint8_t out[32])
{
    struct ls_index_head plain = *head;
    uint8_t both[64];

    memset(plain.digest, 0, sizeof plain.digest);
    ls_sha256(&plain, sizeof plain, both);
    ls_sha256(head + 1, tables_size(&head->counts) - sizeof *head, both + 32);
    ls_sha256(both, sizeof both, out);
}

/* --- reading --- */

static enum ls_err check_head(const struct ls_index_head *head, size_t n, struct ls_diag *d)
{
    size_t want = 0;
    uint8_t actual[32];

    if (n < sizeof *head || memcmp(head->magic, MAGIC, sizeof MAGIC) != 0) {
        return ls_fail(d, LS_ERR_PARSE, "index: not an index");
    }
    if (head->version != LS_INDEX_VERSION || head->byte_order != BYTE_ORDER_MARK) {
        return ls_fail(d, LS_ERR_UNSUPPORTED, "index: another version or byte order");
    }
    if (ls_index_size(&head->counts, &want) || want != n) {
        return ls_fail(d, LS_ERR_PARSE, "index: its size is not that of its counts");
    }
    digest(head, actual);
    return memcmp(actual, head->digest, sizeof actual) == 0
               ? LS_OK
               : ls_fail(d, LS_ERR_PARSE, "index: digest: its tables were changed");
}

/* Runs tile the canonical ids and ascend. */
static bool are_runs_right(const struct ls_index *ix)
{
    uint64_t id = 0;

    for (uint64_t i = 0; i < ix->counts.runs; i++) {
        const struct ls_index_run *r = &ix->runs[i];
        uint64_t span = r->last - r->first;
        if (r->last < r->first || r->id != id || span >= ix->counts.canonical - id ||
            (i > 0 && r->first <= ix->runs[i - 1].last)) {
            return false;
        }
        id += span + 1;
    }
    return id == ix->counts.canonical;
}

/* Frames tile file, text and blocks. */
static bool are_frames_right(const struct ls_index *ix)
{
    const struct ls_index_frame *f = ix->frames;
    uint64_t n = ix->counts.frames;

    for (uint64_t i = 0; i < n; i++) {
        if (f[i].packed >= f[i + 1].packed || f[i].text > f[i + 1].text ||
            f[i].block > f[i + 1].block) {
            return false;
        }
    }
    return f[0].packed == 0 && f[0].text == 0 && f[0].block == 0 &&
           f[n].packed == ix->source.bytes && f[n].block == ix->counts.blocks;
}

enum ls_err ls_index_read(const void *p, size_t n, struct ls_index *out, struct ls_diag *d)
{
    const struct ls_index_head *head = p;
    enum ls_err e = check_head(head, n, d);
    struct ls_index ix;

    if (e) {
        return e;
    }
    ix = (struct ls_index){.source = head->source, .counts = head->counts};
    ix.runs = (const void *)(head + 1);
    ix.frames = (const void *)(ix.runs + ix.counts.runs);
    ix.blocks = (const void *)(ix.frames + ix.counts.frames + 1);
    ix.slots = (const void *)(ix.blocks + ix.counts.blocks);
    ix.slot_mask = slots_for(ix.counts.blocks) - 1;
    if (!are_runs_right(&ix) || !are_frames_right(&ix)) {
        return ls_fail(d, LS_ERR_PARSE, "index: %s do not fit together",
                       are_runs_right(&ix) ? "frames" : "runs");
    }
    *out = ix;
    return LS_OK;
}

uint32_t ls_index_at(const struct ls_index *ix, uint64_t number)
{
    uint64_t low = 0;
    uint64_t high = ix->counts.runs;

    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        const struct ls_index_run *r = &ix->runs[mid];
        if (number < r->first) {
            high = mid;
        } else if (number > r->last) {
            low = mid + 1;
        } else {
            return (uint32_t)(r->id + (number - r->first));
        }
    }
    return LS_INDEX_NONE;
}

/* Hashes are as good as random: their first bytes place them. */
static uint32_t slot_of(const struct ls_hash *hash, uint32_t mask)
{
    uint32_t slot;

    memcpy(&slot, hash->b, sizeof slot);
    return slot & mask;
}

/* The loop ends at a free slot, or, in a file that has none, once around. */
static uint32_t find(const struct ls_index_block *blocks, uint64_t count, const uint32_t *slots,
                     uint32_t mask, const struct ls_hash *hash)
{
    uint32_t slot = slot_of(hash, mask);

    for (uint32_t tries = 0; tries <= mask && slots[slot] != 0; tries++) {
        uint32_t id = slots[slot] - 1;
        if (id < count && ls_hash_eq(&blocks[id].hash, hash)) {
            return id;
        }
        slot = (slot + 1) & mask;
    }
    return LS_INDEX_NONE;
}

uint32_t ls_index_find(const struct ls_index *ix, const struct ls_hash *hash)
{
    return find(ix->blocks, ix->counts.blocks, ix->slots, ix->slot_mask, hash);
}

struct ls_l2_ref ls_index_ref(const struct ls_index *ix, uint32_t id)
{
    assert(id < ix->counts.blocks);
    const struct ls_index_block *b = &ix->blocks[id];

    return (struct ls_l2_ref){.hash = b->hash,
                              .number = b->number,
                              .parent = b->parent,
                              .timestamp = b->timestamp,
                              .l1_origin = {.hash = b->origin_hash, .number = b->origin_number},
                              .sequence_number = b->sequence_number};
}

/* --- making one --- */

void ls_index_begin(void *mem, const struct ls_index_counts *c, struct ls_index_writer *out)
{
    struct ls_index_writer w = {.head = mem, .slot_mask = slots_for(c->blocks) - 1};

    w.runs = (void *)(w.head + 1);
    w.frames = (void *)(w.runs + c->runs);
    w.blocks = (void *)(w.frames + c->frames + 1);
    w.slots = (void *)(w.blocks + c->blocks);
    w.head->counts = *c;
    *out = w;
}

uint32_t ls_index_put_find(const struct ls_index_writer *w, const struct ls_hash *hash)
{
    return find(w->blocks, w->count, w->slots, w->slot_mask, hash);
}

enum ls_err ls_index_put(struct ls_index_writer *w, const struct ls_index_block *b)
{
    uint32_t slot = slot_of(&b->hash, w->slot_mask);

    assert(w->count < w->head->counts.blocks);
    for (; w->slots[slot] != 0; slot = (slot + 1) & w->slot_mask) {
        if (ls_hash_eq(&w->blocks[w->slots[slot] - 1].hash, &b->hash)) {
            return LS_ERR_EXISTS;
        }
    }
    w->blocks[w->count] = *b;
    w->slots[slot] = ++w->count;
    return LS_OK;
}

void ls_index_seal(struct ls_index_writer *w, const struct ls_index_source *source)
{
    struct ls_index_head *head = w->head;

    assert(w->count == head->counts.blocks);
    memcpy(head->magic, MAGIC, sizeof MAGIC);
    head->version = LS_INDEX_VERSION;
    head->byte_order = BYTE_ORDER_MARK;
    head->source = *source;
    digest(head, head->digest);
}
