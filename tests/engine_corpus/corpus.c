#include "tests/engine_corpus/corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/capture/chain.h"
#include "harness/capture/files.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/num.h"
#include "lib/op/block.h"
#include "lib/op/payload.h"
#include "lib/zst.h"

#define PATH_BYTES 4096u

void ls_corpus_die(const char *what, const char *why)
{
    (void)fprintf(stderr, "engine_corpus: %s: %s\n", what, why);
    exit(2);
}

void *ls_corpus_need(void *p)
{
    if (p == NULL) {
        ls_corpus_die("memory", "none left");
    }
    return p;
}

/* --- files --- */

static void read_file(const char *path, struct ls_buf *out)
{
    struct ls_buf raw;
    struct ls_diag d = {{0}};
    ls_buf_init(&raw, LS_CORPUS_BYTES_MAX);
    if (ls_file_read(path, &raw, &d) != LS_OK) {
        ls_corpus_die(path, d.text);
    }
    if (!ls_zst_is(raw.p, raw.n)) {
        *out = raw;
        return;
    }
    ls_buf_init(out, LS_CORPUS_BYTES_MAX);
    enum ls_err e = ls_zst_decompress(raw.p, raw.n, out);
    ls_buf_fini(&raw);
    if (e != LS_OK) {
        ls_corpus_die(path, ls_err_text(e));
    }
}

void ls_corpus_lines(const char *path, ls_corpus_line *fn, void *self)
{
    struct ls_buf text;
    read_file(path, &text);
    const char *at = (const char *)text.p;
    const char *end = at + text.n;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop == NULL ? end : stop;
        if (stop > at) {
            fn(self, at, (size_t)(stop - at));
        }
        at = stop + 1;
    }
    ls_buf_fini(&text);
}

struct cJSON *ls_corpus_parse(const char *text, size_t n)
{
    struct cJSON *tree;
    struct ls_diag d = {{0}};
    if (ls_json_parse(text, n, 0, &tree, &d) != LS_OK) {
        ls_corpus_die("line", d.text);
    }
    return tree;
}

/* The first of dir/name.ndjson.zst and dir/name.ndjson that is there; false: none. */
static bool find_file(const char *dir, const char *name, char path[PATH_BYTES])
{
    static const char *const ends[] = {".ndjson.zst", ".ndjson"};
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(path, PATH_BYTES, "%s/%s%s", dir, name, ends[i]);
        if (access(path, R_OK) == 0) {
            return true;
        }
    }
    return false;
}

/* --- blocks --- */

static struct ls_corpus_block *new_block(struct ls_corpus *c, struct cJSON *row,
                                         const struct cJSON *block)
{
    struct ls_buf text;
    size_t bytes = (c->block_count + 1) * sizeof *c->blocks;
    c->blocks = ls_corpus_need(realloc(c->blocks, bytes));
    struct ls_corpus_block *b = &c->blocks[c->block_count++];
    *b = (struct ls_corpus_block){.row = row, .block = block};
    if (ls_json_fixed(ls_json_get(block, "hash"), b->hash.b, sizeof b->hash.b) != LS_OK) {
        ls_corpus_die("block", "has no hash");
    }
    (void)ls_json_quantity(ls_json_get(block, "number"), &b->number);
    ls_buf_init(&text, LS_CORPUS_BYTES_MAX);
    ls_json_print(block, &text);
    b->text = ls_corpus_need(text.p);
    b->text_bytes = text.n;
    return b;
}

/* A row as recorded: the block and the call that delivers it. */
static void add_recorded(void *self, const char *line, size_t n)
{
    struct cJSON *row = ls_corpus_parse(line, n);
    struct ls_corpus_block *b = new_block(self, row, ls_json_get(row, "block"));
    b->params = ls_json_get(row, "params");
    b->method = ls_json_str(ls_json_get(row, "method"));
}

/* {"block": …, "method": …, "params": …}, of which the last two follow from the first. */
static void write_row(const struct ls_rollup *rollup, const char *text, size_t n,
                      struct ls_buf *out)
{
    struct ls_arena arena;
    struct ls_block block;
    struct ls_payload payload;
    struct ls_jw w;
    struct ls_diag d = {{0}};
    struct cJSON *tree = ls_corpus_parse(text, n);
    ls_arena_init(&arena, LS_CORPUS_BYTES_MAX);
    if (ls_block_from_json(tree, &arena, &block, &d) != LS_OK) {
        ls_corpus_die("block", d.text);
    }
    ls_jw_init(&w, out);
    ls_jw_object(&w, NULL);
    ls_jw_raw(&w, "block", text, n);
    if (block.header.number > 0 && ls_payload_from_block(&block, &payload) == LS_OK) {
        unsigned version = ls_payload_version(rollup, block.header.timestamp);
        char method[] = "engine_newPayloadV?";
        method[sizeof method - 2] = (char)('0' + version);
        ls_jw_str(&w, "method", method);
        ls_payload_write_params(&payload, version, &w, "params");
    }
    ls_jw_object_end(&w);
    ls_json_free(tree);
    ls_arena_fini(&arena);
}

void ls_corpus_add_block(struct ls_corpus *c, const char *text, size_t n)
{
    struct ls_buf row;
    ls_buf_init(&row, LS_CORPUS_BYTES_MAX);
    write_row(&c->rollup, text, n, &row);
    add_recorded(c, (const char *)row.p, row.n);
    ls_buf_fini(&row);
}

static void add_block_line(void *self, const char *line, size_t n)
{
    ls_corpus_add_block(self, line, n);
}

void ls_corpus_add_mutation(struct ls_corpus *c, const char *text, size_t n)
{
    size_t bytes = (c->mutation_count + 1) * sizeof(struct cJSON *);
    c->mutations = ls_corpus_need(realloc(c->mutations, bytes));
    c->mutations[c->mutation_count++] = ls_corpus_parse(text, n);
}

static void add_mutation_line(void *self, const char *line, size_t n)
{
    ls_corpus_add_mutation(self, line, n);
}

/* --- the rollup of a recorded chain: the rows say their fork --- */

static void note_fork(struct ls_corpus *c, const struct ls_corpus_block *b)
{
    uint64_t time = 0;
    const char *name = ls_json_str(ls_json_get(b->row, "fork"));
    (void)ls_json_quantity(ls_json_get(b->block, "timestamp"), &time);
    for (size_t f = 0; name != NULL && f < LS_FORK_COUNT; f++) {
        if (strcmp(ls_fork_name((enum ls_fork)f), name) == 0 && time < c->rollup.fork_time[f]) {
            c->rollup.fork_time[f] = time;
        }
    }
}

static void note_chain_id(struct ls_corpus *c, const struct ls_corpus_block *b)
{
    const struct cJSON *tx = ls_json_first(ls_json_get(b->block, "transactions"));
    for (; tx != NULL; tx = ls_json_next(tx)) {
        (void)ls_json_quantity(ls_json_get(tx, "chainId"), &c->rollup.l2_chain_id);
    }
}

static void recorded_rollup(struct ls_corpus *c)
{
    struct ls_rollup *r = &c->rollup;
    uint64_t next = 0;
    if (c->block_count < 2) {
        ls_corpus_die("chain", "has no blocks");
    }
    for (size_t f = 0; f < LS_FORK_COUNT; f++) {
        r->fork_time[f] = LS_FORK_NEVER;
    }
    for (size_t i = 0; i < c->block_count; i++) {
        note_fork(c, &c->blocks[i]);
        note_chain_id(c, &c->blocks[i]);
    }
    /* A fork nobody names begins with the one after it. */
    for (size_t f = LS_FORK_COUNT - 1; f-- > 0;) {
        if (r->fork_time[f] == LS_FORK_NEVER || r->fork_time[f] > r->fork_time[f + 1]) {
            r->fork_time[f] = r->fork_time[f + 1];
        }
    }
    (void)ls_json_quantity(ls_json_get(c->blocks[0].block, "timestamp"), &r->genesis_l2_time);
    for (size_t f = 0; f < LS_FORK_COUNT; f++) {
        if (r->fork_time[f] == r->genesis_l2_time) {
            r->fork_time[f] =
                0; /* active at genesis is active always, for payloads before it too */
        }
    }
    (void)ls_json_quantity(ls_json_get(c->blocks[1].block, "timestamp"), &next);
    r->block_time = next - r->genesis_l2_time;
    r->genesis_l2.hash = c->blocks[0].hash;
}

/* --- the three forms --- */

static const struct ls_corpus_block *find(const struct ls_corpus *c, const struct ls_hash *hash)
{
    for (size_t i = 0; i < c->block_count; i++) {
        if (ls_hash_eq(&c->blocks[i].hash, hash)) {
            return &c->blocks[i];
        }
    }
    return NULL;
}

static void take_capabilities(void *self, const char *line, size_t n)
{
    struct ls_corpus *c = self;
    struct cJSON *row = ls_corpus_parse(line, n);
    const char *id = ls_json_str(ls_json_get(row, "id"));
    if (id != NULL && strcmp(id, "caps") == 0) {
        ls_json_free(c->capabilities);
        c->capabilities = row;
    } else {
        ls_json_free(row);
    }
}

void ls_corpus_extend(struct ls_corpus *c, const char *dir)
{
    struct ls_chain chain;
    struct ls_diag d = {{0}};
    if (ls_chain_open(dir, NULL, &chain, &d) != LS_OK) {
        ls_corpus_die(dir, d.text);
    }
    c->rollup = chain.rollup;
    for (uint32_t id = 0; id < ls_universe_count(chain.l2); id++) {
        const struct ls_ublock *b = ls_universe_get(chain.l2, id);
        if (find(c, &b->ref.hash) == NULL) {
            ls_corpus_add_block(c, b->json, b->json_bytes);
        }
    }
    ls_chain_close(&chain);
}

static void read_config(struct ls_corpus *c, const char *path)
{
    struct ls_buf text;
    read_file(path, &text);
    struct cJSON *v = ls_corpus_parse((const char *)text.p, text.n);
    if (ls_json_u64(ls_json_get(v, "l2_chain_id"), &c->rollup.l2_chain_id) != LS_OK ||
        ls_json_u64(ls_json_get(v, "l2_time"), &c->rollup.genesis_l2_time) != LS_OK ||
        ls_json_u64(ls_json_get(v, "block_time"), &c->rollup.block_time) != LS_OK) {
        ls_corpus_die(path, "lacks a member");
    }
    for (size_t f = 0; f < LS_FORK_COUNT; f++) {
        c->rollup.fork_time[f] = LS_FORK_NEVER;
        (void)ls_json_u64(ls_json_get(v, ls_fork_name((enum ls_fork)f)), &c->rollup.fork_time[f]);
    }
    ls_json_free(v);
    ls_buf_fini(&text);
}

static void open_packed(struct ls_corpus *c, const char *dir, const char *blocks)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/config.json", dir);
    read_config(c, path);
    ls_corpus_lines(blocks, add_block_line, c);
    c->rollup.genesis_l2.hash = c->blocks[0].hash;
}

void ls_corpus_open(struct ls_corpus *c, const char *dir)
{
    char path[PATH_BYTES];
    *c = (struct ls_corpus){0};
    if (find_file(dir, "chain", path)) {
        ls_corpus_lines(path, add_recorded, c);
        if (find_file(dir, "branches", path)) {
            ls_corpus_lines(path, add_recorded, c);
        }
        recorded_rollup(c);
        if (find_file(dir, "quirks", path)) {
            ls_corpus_lines(path, take_capabilities, c);
        }
    } else if (find_file(dir, "blocks", path)) {
        open_packed(c, dir, path);
    } else {
        ls_corpus_extend(c, dir);
    }
    if (find_file(dir, "mutations", path)) {
        ls_corpus_lines(path, add_mutation_line, c);
    }
}

void ls_corpus_beside(struct ls_corpus *c, const char *file)
{
    char path[PATH_BYTES];
    char dir[PATH_BYTES];
    const char *slash = strrchr(file, '/');
    (void)snprintf(dir, sizeof dir, "%.*s", slash == NULL ? 1 : (int)(slash - file),
                   slash == NULL ? "." : file);
    if (find_file(dir, "quirks", path)) {
        ls_corpus_lines(path, take_capabilities, c);
    }
}

void ls_corpus_drop(struct ls_corpus *c, size_t count)
{
    while (c->block_count > count) {
        struct ls_corpus_block *b = &c->blocks[--c->block_count];
        ls_json_free(b->row);
        free(b->text);
    }
}

void ls_corpus_close(struct ls_corpus *c)
{
    ls_corpus_drop(c, 0);
    for (size_t i = 0; i < c->mutation_count; i++) {
        ls_json_free(c->mutations[i]);
    }
    free(c->blocks);
    free(c->mutations);
    ls_json_free(c->capabilities);
    *c = (struct ls_corpus){0};
}

const struct ls_corpus_block *ls_corpus_block(const struct ls_corpus *c, const char *hash)
{
    struct ls_hash h = {{0}};
    if (hash == NULL || strlen(hash) != 66 || ls_hex_fixed(hash, 66, h.b, sizeof h.b) != LS_OK) {
        return NULL;
    }
    return find(c, &h);
}

const struct ls_corpus_block *ls_corpus_at(const struct ls_corpus *c, uint64_t number)
{
    for (size_t i = 0; i < c->block_count; i++) {
        if (c->blocks[i].number == number) {
            return &c->blocks[i];
        }
    }
    return NULL;
}

const struct cJSON *ls_corpus_mutation(const struct ls_corpus *c, const char *id)
{
    for (size_t i = 0; id != NULL && i < c->mutation_count; i++) {
        const char *name = ls_json_str(ls_json_get(c->mutations[i], "id"));
        if (name != NULL && strcmp(name, id) == 0) {
            return c->mutations[i];
        }
    }
    return NULL;
}
