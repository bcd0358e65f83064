/*
 * What a capture costs by its length: chains of real blocks' contents, repeated and hashed anew, so
 * that number, parent, time, L1 origin and every hash are right; then the index made, opened, and
 * asked. Every figure is taken in a process of its own.
 *
 *   chains BUILD [BLOCKS]      prints "name value" lines, for 1000 blocks and for BLOCKS (10000)
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/capture/chain.h"
#include "harness/capture/draft.h"
#include "harness/capture/files.h"
#include "harness/capture/import.h"
#include "harness/capture/jsontext.h"
#include "harness/capture/manifest.h"
#include "harness/capture/pull_frames.h"
#include "harness/capture/store.h"
#include "lib/arena.h"
#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/num.h"
#include "lib/op/block.h"
#include "lib/op/header.h"
#include "lib/op/tx.h"

#define SOURCE "fixtures/devnet-reorgs"
#define TEMPLATES 256u /* canonical blocks of the source that are repeated */
#define HOLES_MAX 64u
#define TX_MAX 16u
#define FIRST 2000u        /* number of the first made block */
#define L1_FIRST 100000u   /* and of its L1 origin */
#define L1_INFO_BYTES 178u /* calldata of Jovian's L1-info deposit */
#define L1_INFO_SEQUENCE 12u
#define L1_INFO_NUMBER 28u
#define L1_INFO_HASH 100u
#define SAMPLES 2000u
#define PROBES 2000000u
#define HASHES 262144u /* looked up one after another, each at a random place of the table */
#define IMPORT_BLOCKS 20000u
#define LAZY_TEXTS 100000u
#define SMALL 1000u
#define DIR_BYTES 256u

/* What stands in a hole of a template's text. */
enum kind { HASH, PARENT, NUMBER, TIME, TX_ROOT, TX_HASH, TX_INPUT };

struct hole {
    size_t at;
    size_t n;
    enum kind kind;
};

struct template
{
    struct ls_span text;
    struct hole holes[HOLES_MAX];
    size_t hole_count;
    struct ls_header header;
    struct ls_span txs[TX_MAX];
    size_t tx_count;
    uint8_t *info; /* bytes of the first transaction, changed for each block */
};

struct maker {
    struct ls_chain chain;
    struct ls_arena arena;
    struct template *templates;
    size_t count;
    struct ls_hash parent;
    struct ls_pull_frames out;
    struct ls_buf text;
};

static double wall_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* --- templates --- */

static enum ls_err add_hole(struct template *t, struct ls_span value, enum kind kind)
{
    if (!value.p || t->hole_count == HOLES_MAX) {
        return LS_ERR_LIMIT;
    }
    t->holes[t->hole_count++] = (struct hole){(size_t)(value.p - t->text.p), value.n, kind};
    return LS_OK;
}

static enum ls_err add_members(struct template *t, struct ls_span object, const char *const *keys,
                               const enum kind *kinds, size_t count)
{
    enum ls_err e = LS_OK;

    for (size_t i = 0; !e && i < count; i++) {
        e = add_hole(t, ls_jsontext_get(object, keys[i]), kinds[i]);
    }
    return e;
}

static int compare_holes(const void *a, const void *b)
{
    const struct hole *x = a;
    const struct hole *y = b;

    return (x->at > y->at) - (x->at < y->at);
}

static enum ls_err find_holes(struct template *t)
{
    static const char *const keys[] = {"hash", "parentHash", "number", "timestamp",
                                       "transactionsRoot"};
    static const enum kind kinds[] = {HASH, PARENT, NUMBER, TIME, TX_ROOT};
    static const char *const tx_keys[] = {"blockHash", "blockNumber", "hash", "input"};
    static const enum kind tx_kinds[] = {HASH, NUMBER, TX_HASH, TX_INPUT};
    struct ls_jsontext it = ls_jsontext_open(ls_jsontext_get(t->text, "transactions"));
    struct ls_jsontext_item tx;
    enum ls_err e = add_members(t, t->text, keys, kinds, 5);

    for (bool is_info = true; !e && ls_jsontext_next(&it, &tx); is_info = false) {
        e = add_members(t, tx.value, tx_keys, tx_kinds, is_info ? 4 : 2);
    }
    qsort(t->holes, t->hole_count, sizeof t->holes[0], compare_holes);
    return e;
}

static enum ls_err make_template(struct maker *m, const struct ls_ublock *b, struct template *t,
                                 struct ls_diag *d)
{
    struct cJSON *json = NULL;
    struct ls_block block;
    enum ls_err e = ls_json_parse(b->json, b->json_bytes, 0, &json, d);

    t->text = (struct ls_span){(const uint8_t *)b->json, b->json_bytes};
    if (!e) {
        e = ls_block_from_json(json, &m->arena, &block, d);
    }
    ls_json_free(json);
    if (e || block.tx_count > TX_MAX || block.txs[0].n < L1_INFO_BYTES) {
        return e ? e : LS_ERR_LIMIT;
    }
    t->header = block.header;
    t->tx_count = block.tx_count;
    memcpy(t->txs, block.txs, block.tx_count * sizeof t->txs[0]);
    t->info = ls_arena_dup(&m->arena, t->txs[0].p, t->txs[0].n);
    t->txs[0].p = t->info;
    return t->info ? find_holes(t) : LS_ERR_NOMEM;
}

static enum ls_err make_templates(struct maker *m, struct ls_diag *d)
{
    enum ls_err e = LS_OK;

    m->templates = calloc(TEMPLATES, sizeof *m->templates);
    if (!m->templates) {
        return LS_ERR_NOMEM;
    }
    for (uint32_t id = m->chain.first; !e && id < m->chain.tip && m->count < TEMPLATES; id++) {
        e = make_template(m, ls_universe_get(m->chain.l2, id), &m->templates[m->count++], d);
    }
    return e;
}

/* --- blocks --- */

static void put_u64(uint8_t *p, uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8) {
        p[i] = (uint8_t)v;
    }
}

static void put_hex(struct ls_buf *b, const uint8_t *p, size_t n)
{
    ls_buf_putc(b, '"');
    ls_hex_put(b, p, n);
    ls_buf_putc(b, '"');
}

static void put_quantity(struct ls_buf *b, uint64_t v)
{
    ls_buf_putc(b, '"');
    ls_hex_put_quantity(b, v);
    ls_buf_putc(b, '"');
}

/* The values of one made block. */
struct values {
    struct ls_hash hash;
    struct ls_hash tx_hash;
    const uint8_t *input;
};

static void put_value(struct maker *m, const struct template *t, const struct values *v,
                      enum kind kind)
{
    switch (kind) {
    case HASH:
        put_hex(&m->text, v->hash.b, 32);
        return;
    case PARENT:
        put_hex(&m->text, m->parent.b, 32);
        return;
    case NUMBER:
        put_quantity(&m->text, t->header.number);
        return;
    case TIME:
        put_quantity(&m->text, t->header.timestamp);
        return;
    case TX_ROOT:
        put_hex(&m->text, t->header.tx_root.b, 32);
        return;
    case TX_HASH:
        put_hex(&m->text, v->tx_hash.b, 32);
        return;
    case TX_INPUT:
        put_hex(&m->text, v->input, L1_INFO_BYTES);
        return;
    }
}

static void write_text(struct maker *m, const struct template *t, const struct values *v)
{
    size_t at = 0;

    ls_buf_clear(&m->text);
    for (size_t i = 0; i < t->hole_count; i++) {
        ls_buf_put(&m->text, t->text.p + at, t->holes[i].at - at);
        put_value(m, t, v, t->holes[i].kind);
        at = t->holes[i].at + t->holes[i].n;
    }
    ls_buf_put(&m->text, t->text.p + at, t->text.n - at);
}

/* Block number FIRST + i, two to an L1 block, as on the chain the templates are from. */
static enum ls_err make_block(struct maker *m, uint64_t i, struct ls_diag *d)
{
    struct template *t = &m->templates[i % m->count];
    struct ls_header *h = &t->header;
    uint8_t *input = t->info + t->txs[0].n - L1_INFO_BYTES;
    uint64_t l1 = L1_FIRST + i / 2;
    struct values v = {.input = input};

    put_u64(input + L1_INFO_SEQUENCE, i % 2);
    put_u64(input + L1_INFO_NUMBER, l1);
    ls_keccak256(&l1, sizeof l1, input + L1_INFO_HASH);
    ls_keccak256(t->txs[0].p, t->txs[0].n, v.tx_hash.b);
    h->parent = m->parent;
    h->number = FIRST + i;
    h->timestamp = m->chain.rollup.genesis_l2_time + h->number * m->chain.rollup.block_time;
    enum ls_err e = ls_trie_ordered_root(t->txs, t->tx_count, &h->tx_root);
    if (!e) {
        v.hash = ls_header_hash(h);
        write_text(m, t, &v);
        e = ls_pull_frames_put(&m->out, ls_buf_span(&m->text), d);
    }
    m->parent = v.hash;
    return e;
}

static enum ls_err write_manifest(struct maker *m, const char *dir, uint64_t blocks,
                                  const uint8_t sha256[32], struct ls_diag *d)
{
    const struct ls_manifest_run runs[] = {{0, 0}, {FIRST, FIRST + blocks - 1}};
    const struct ls_manifest_branch branch = {
        .name = "canonical", .first = FIRST, .tip = {m->parent, FIRST + blocks - 1}};
    struct ls_manifest out = {.name = "made",
                              .synthetic = "blocks of a devnet, repeated and hashed anew",
                              .l2_chain_id = m->chain.l2_chain_id,
                              .l1_chain_id = m->chain.l1_chain_id,
                              .rollup = m->chain.rollup_json,
                              .l2 = {.is_present = true,
                                     .lines = blocks + 1,
                                     .runs = runs,
                                     .run_count = 2,
                                     .branches = &branch,
                                     .branch_count = 1}};
    char path[LS_PATH_MAX];
    struct ls_buf text;
    enum ls_err e = ls_path_join(dir, LS_MANIFEST_FILE, path, d);

    memcpy(out.l2.sha256, sha256, 32);
    ls_buf_init(&text, LS_MANIFEST_BYTES_MAX);
    ls_manifest_write(&out, &text);
    e = e ? e : ls_file_write(path, ls_buf_span(&text), d);
    ls_buf_fini(&text);
    return e;
}

static enum ls_err make_chain(struct maker *m, const char *dir, uint64_t blocks, struct ls_diag *d)
{
    uint8_t sha256[32];
    const struct ls_ublock *genesis = ls_universe_get(m->chain.l2, m->chain.genesis);
    const struct ls_span text = {(const uint8_t *)genesis->json, genesis->json_bytes};
    enum ls_err e = make_templates(m, d);

    m->parent = (struct ls_hash){{1}};
    if (!e) {
        e = ls_pull_frames_open(dir, LS_SEGMENT_L2_FILE, 1, &m->out, d);
    }
    if (!e) {
        e = ls_pull_frames_put(&m->out, text, d);
    }
    for (uint64_t i = 0; !e && i < blocks; i++) {
        e = make_block(m, i, d);
    }
    if (!e) {
        e = ls_pull_frames_end(&m->out, sha256, d);
    }
    return e ? e : write_manifest(m, dir, blocks, sha256, d);
}

static enum ls_err generate(const char *dir, uint64_t blocks, struct ls_diag *d)
{
    struct maker m = {.out = {.fd = -1}};
    enum ls_err e = ls_chain_open(SOURCE, NULL, &m.chain, d);

    ls_arena_init(&m.arena, (size_t)64 << 20);
    ls_buf_init(&m.text, (size_t)1 << 20);
    if (!e) {
        e = ls_dir_make(dir, d);
    }
    double start = wall_s();
    if (!e) {
        e = make_chain(&m, dir, blocks, d);
    }
    if (!e) {
        printf("chain_%" PRIu64 "_made_per_s %.0f\n", blocks, (double)blocks / (wall_s() - start));
        printf("chain_%" PRIu64 "_text_mib %" PRIu64 "\n", blocks, m.out.text_bytes >> 20);
    }
    ls_pull_frames_close(&m.out);
    ls_buf_fini(&m.text);
    ls_arena_fini(&m.arena);
    free(m.templates);
    ls_chain_close(&m.chain);
    return e;
}

/* --- an opened store --- */

struct reader {
    struct ls_buf text;
    struct ls_arena arena;
    struct ls_manifest manifest;
    struct ls_rollup rollup;
    struct ls_store *store;
};

static enum ls_err open_reader(struct reader *r, const char *dir, struct ls_diag *d)
{
    struct ls_store_spec spec = {.dir = dir, .seg = &r->manifest.l2, .rollup = &r->rollup};
    char path[LS_PATH_MAX];
    enum ls_err e = ls_path_join(dir, LS_MANIFEST_FILE, path, d);

    ls_buf_init(&r->text, LS_MANIFEST_BYTES_MAX);
    ls_arena_init(&r->arena, LS_MANIFEST_BYTES_MAX);
    r->store = NULL;
    e = e ? e : ls_file_read(path, &r->text, d);
    e = e ? e : ls_manifest_parse(ls_buf_span(&r->text), &r->arena, &r->manifest, d);
    if (!e) {
        const struct ls_span *text = &r->manifest.rollup;
        e = ls_rollup_parse((const char *)text->p, text->n, &r->rollup, d);
    }
    return e ? e : ls_store_open(&spec, &r->store, d);
}

static void close_reader(struct reader *r)
{
    ls_store_close(r->store);
    ls_arena_fini(&r->arena);
    ls_buf_fini(&r->text);
}

/* A line of /proc/self/status, "VmRSS:" or "RssAnon:": with and without pages of files. */
static uint64_t memory_kib(const char *key)
{
    char line[128];
    unsigned long kib = 0;
    FILE *f = fopen("/proc/self/status", "re");

    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, key, strlen(key)) == 0) {
            (void)sscanf(line + strlen(key), "%lu", &kib);
        }
    }
    if (f) {
        fclose(f);
    }
    return kib;
}

/* --- figures, each in its own process --- */

/* The index: every block decompressed, decoded, hashed, linked. */
static enum ls_err build_index(const char *dir, uint64_t blocks, struct ls_diag *d)
{
    struct reader r;
    double start = wall_s();
    double cpu = cpu_s();
    enum ls_err e = open_reader(&r, dir, d);

    if (!e) {
        printf("chain_%" PRIu64 "_index_s %.2f\n", blocks, wall_s() - start);
        printf("chain_%" PRIu64 "_index_blocks_per_cpu_s %.0f\n", blocks,
               (double)blocks / (cpu_s() - cpu));
        printf("chain_%" PRIu64 "_index_made %d\n", blocks, ls_store_made_index(r.store));
    }
    close_reader(&r);
    return e;
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A random block of one frame after another, so that no look-up finds its frame at hand: as many
 * frames miss in a short chain as in a long one. */
static uint32_t pick(const struct ls_index *ix, uint64_t i, uint64_t *seed)
{
    const struct ls_index_frame *f = &ix->frames[i * 7919 % ix->counts.frames];
    uint64_t span = f[1].block - f[0].block;

    return (uint32_t)(f[0].block + next_random(seed) % span);
}

/* From number (or hash) to the proved bytes of the block, in CPU time. */
static enum ls_err serve(struct reader *r, bool by_hash, double *us, struct ls_diag *d)
{
    const struct ls_index *ix = ls_store_index(r->store);
    struct ls_l2_ref *want = calloc(SAMPLES, sizeof *want);
    uint64_t seed = 0x9e3779b97f4a7c15u;
    enum ls_err e = want ? LS_OK : LS_ERR_NOMEM;

    for (uint64_t i = 0; !e && i < SAMPLES; i++) {
        want[i] = ls_index_ref(ix, pick(ix, i, &seed));
    }
    double start = cpu_s();
    for (uint64_t i = 0; !e && i < SAMPLES; i++) {
        struct ls_l2_ref got;
        struct ls_span text;
        uint32_t id = by_hash ? ls_index_find(ix, &want[i].hash) : ls_index_at(ix, want[i].number);
        e = ls_store_read(r->store, id, &text, &got, d);
        if (!e && !ls_hash_eq(&got.hash, &want[i].hash)) {
            e = ls_fail(d, LS_ERR_INTERNAL, "the wrong block was found");
        }
    }
    *us = (cpu_s() - start) * 1e6 / SAMPLES;
    free(want);
    return e;
}

/* The most memory that is resident while SAMPLES random blocks are read one after another. */
static enum ls_err most_resident(struct reader *r, uint64_t *kib, struct ls_diag *d)
{
    const struct ls_index *ix = ls_store_index(r->store);
    uint64_t seed = 0xd1342543de82ef95u;
    enum ls_err e = LS_OK;

    *kib = 0;
    for (uint64_t i = 0; !e && i < SAMPLES; i++) {
        struct ls_l2_ref ref = ls_index_ref(ix, pick(ix, i, &seed));
        struct ls_span text;
        e = ls_store_read(r->store, ls_index_find(ix, &ref.hash), &text, NULL, d);
        uint64_t now = memory_kib("VmRSS:");
        *kib = now > *kib ? now : *kib;
    }
    return e;
}

/* Entries only, at random places of the whole table. */
static double probe_ns(struct reader *r, bool by_hash)
{
    const struct ls_index *ix = ls_store_index(r->store);
    uint64_t n = ix->counts.blocks - 1;
    uint64_t seed = 0x2545f4914f6cdd1du;
    uint64_t sum = 0;
    struct ls_hash *hashes = calloc(HASHES, sizeof *hashes);
    double start;

    for (size_t i = 0; hashes && i < HASHES; i++) {
        hashes[i] = ls_index_ref(ix, 1 + (uint32_t)(next_random(&seed) % n)).hash;
    }
    start = cpu_s();
    for (size_t i = 0; hashes && i < PROBES; i++) {
        uint32_t id = by_hash ? ls_index_find(ix, &hashes[i % HASHES])
                              : ls_index_at(ix, FIRST + next_random(&seed) % n);
        sum += ls_index_ref(ix, id).timestamp;
    }
    double taken = cpu_s() - start;
    free(hashes);
    return sum ? taken * 1e9 / PROBES : 0;
}

static enum ls_err open_and_ask(const char *dir, uint64_t blocks, struct ls_diag *d)
{
    struct reader r;
    double by_number;
    double by_hash;
    uint64_t most_kib;
    double start = wall_s();
    enum ls_err e = open_reader(&r, dir, d);

    if (!e) {
        printf("chain_%" PRIu64 "_open_ms %.2f\n", blocks, (wall_s() - start) * 1e3);
        printf("chain_%" PRIu64 "_open_rss_kib %" PRIu64 "\n", blocks, memory_kib("VmRSS:"));
        printf("chain_%" PRIu64 "_open_made_index %d\n", blocks, ls_store_made_index(r.store));
        printf("chain_%" PRIu64 "_open_anon_kib %" PRIu64 "\n", blocks, memory_kib("RssAnon:"));
        e = serve(&r, false, &by_number, d);
    }
    if (!e) {
        e = most_resident(&r, &most_kib, d);
    }
    if (!e) {
        printf("chain_%" PRIu64 "_asked_most_rss_kib %" PRIu64 "\n", blocks, most_kib);
        printf("chain_%" PRIu64 "_asked_anon_kib %" PRIu64 "\n", blocks, memory_kib("RssAnon:"));
        e = serve(&r, true, &by_hash, d);
    }
    if (!e) {
        printf("chain_%" PRIu64 "_serve_by_number_us %.1f\n", blocks, by_number);
        printf("chain_%" PRIu64 "_serve_by_hash_us %.1f\n", blocks, by_hash);
        printf("chain_%" PRIu64 "_entry_by_number_ns %.0f\n", blocks, probe_ns(&r, false));
        printf("chain_%" PRIu64 "_entry_by_hash_ns %.0f\n", blocks, probe_ns(&r, true));
    }
    close_reader(&r);
    return e;
}

/* Sixty-four blocks from the middle, as a scenario would open them. */
static enum ls_err open_window(const char *dir, uint64_t blocks, struct ls_diag *d)
{
    const struct ls_chain_options o = {
        .has_window = true, .first = FIRST + blocks / 2, .last = FIRST + blocks / 2 + 63};
    struct ls_chain c;
    double start = wall_s();
    enum ls_err e = ls_chain_open(dir, &o, &c, d);

    if (!e) {
        printf("chain_%" PRIu64 "_window_ms %.2f\n", blocks, (wall_s() - start) * 1e3);
    }
    ls_chain_close(&c);
    return e;
}

/* As lockstep serve opens a folder; then texts of blocks far apart, more than are kept. */
static enum ls_err open_lazily(const char *dir, uint64_t blocks, struct ls_diag *d)
{
    const struct ls_chain_options o = {.is_lazy = true};
    struct ls_chain c;
    uint64_t seed = 1;
    double start = wall_s();
    enum ls_err e = ls_chain_open(dir, &o, &c, d);

    if (e) {
        return e;
    }
    printf("chain_%" PRIu64 "_lazy_open_ms %.1f\n", blocks, (wall_s() - start) * 1e3);
    printf("chain_%" PRIu64 "_lazy_open_rss_kib %" PRIu64 "\n", blocks, memory_kib("VmRSS:"));
    start = wall_s();
    for (unsigned i = 0; i < LAZY_TEXTS; i++) {
        uint32_t id = (uint32_t)(next_random(&seed) % ls_universe_count(c.l2));
        (void)ls_ublock_text(ls_universe_get(c.l2, id));
    }
    printf("chain_%" PRIu64 "_lazy_text_us %.1f\n", blocks, (wall_s() - start) * 1e6 / LAZY_TEXTS);
    printf("chain_%" PRIu64 "_lazy_used_rss_kib %" PRIu64 "\n", blocks, memory_kib("VmRSS:"));
    e = ls_chain_fault(&c, d);
    ls_chain_close(&c);
    return e;
}

static enum ls_err write_plain(const char *dir, const char *path, struct ls_diag *d)
{
    const struct ls_chain_options o = {
        .has_window = true, .first = FIRST, .last = FIRST + IMPORT_BLOCKS - 1};
    struct ls_chain c;
    struct ls_buf text;
    enum ls_err e = ls_chain_open(dir, &o, &c, d);

    ls_buf_init(&text, LS_SEGMENT_BYTES_MAX);
    for (uint32_t id = 0; !e && id < ls_universe_count(c.l2); id++) {
        const struct ls_ublock *b = ls_universe_get(c.l2, id);
        ls_buf_put(&text, b->json, b->json_bytes);
        e = ls_buf_putc(&text, '\n');
    }
    e = e ? e : ls_file_write(path, ls_buf_span(&text), d);
    ls_buf_fini(&text);
    ls_chain_close(&c);
    return e;
}

/* `lockstep import` of plain lines: parse, check, order, compress, write, open again and verify. */
static enum ls_err import(const char *dir, uint64_t blocks, struct ls_diag *d)
{
    const struct ls_draft_options o = {.last = UINT64_MAX, .level = 6, .replace = true};
    uint64_t count = blocks < IMPORT_BLOCKS ? blocks : IMPORT_BLOCKS;
    char path[DIR_BYTES + 16];
    char to[DIR_BYTES + 16];
    struct ls_draft f;
    struct ls_chain c;
    enum ls_err e;

    snprintf(path, sizeof path, "%s.ndjson", dir);
    snprintf(to, sizeof to, "%s-imported", dir);
    ls_draft_init(&f);
    e = write_plain(dir, path, d);
    double cpu = cpu_s();
    e = e ? e : ls_import_l2(&f, path, d);
    e = e ? e : ls_draft_write(&f, to, &o, d);
    double imported = cpu_s();
    e = e ? e : ls_chain_open(to, NULL, &c, d);
    if (!e) {
        printf("import_verify_blocks_per_cpu_s %.0f\n", (double)count / (imported - cpu));
        printf("verify_blocks_per_cpu_s %.0f\n", (double)count / (cpu_s() - imported));
        ls_chain_close(&c);
    }
    ls_draft_fini(&f);
    return e;
}

/* --- running --- */

typedef enum ls_err figure(const char *dir, uint64_t blocks, struct ls_diag *d);

static int in_child(figure *f, const char *dir, uint64_t blocks)
{
    int status = 1;

    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct ls_diag d = {{0}};
        enum ls_err e = f(dir, blocks, &d);
        if (e) {
            fprintf(stderr, "bench chains: %s: %s\n", dir, d.text[0] ? d.text : ls_err_text(e));
        }
        fflush(NULL);
        _exit(e ? 1 : 0);
    }
    return pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
}

static void remove_chain(const char *dir)
{
    static const char *const files[] = {LS_MANIFEST_FILE, LS_SEGMENT_L2_FILE, LS_INDEX_L2_FILE};
    char path[LS_PATH_MAX];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (!ls_path_join(dir, files[i], path, NULL)) {
            unlink(path);
        }
    }
    rmdir(dir);
}

static int measure(const char *build, uint64_t blocks, bool is_last)
{
    char dir[DIR_BYTES];
    char other[DIR_BYTES + 16];

    snprintf(dir, sizeof dir, "%s/bench-chain-%" PRIu64, build, blocks);
    remove_chain(dir);
    int failed = in_child(generate, dir, blocks) || in_child(build_index, dir, blocks) ||
                 in_child(open_and_ask, dir, blocks) || in_child(open_window, dir, blocks) ||
                 in_child(open_lazily, dir, blocks) || (is_last && in_child(import, dir, blocks));
    remove_chain(dir);
    snprintf(other, sizeof other, "%s-imported", dir);
    remove_chain(other);
    snprintf(other, sizeof other, "%s.ndjson", dir);
    unlink(other);
    return failed;
}

int main(int argc, char **argv)
{
    uint64_t blocks = 10000;

    if (argc < 2 || (argc > 2 && ls_parse_dec(argv[2], strlen(argv[2]), &blocks)) ||
        blocks < SMALL) {
        fprintf(stderr, "usage: chains BUILD [BLOCKS]: BLOCKS is at least %u\n", SMALL);
        return 2;
    }
    return measure(argv[1], SMALL, false) || measure(argv[1], blocks, true);
}
