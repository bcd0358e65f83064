/*
 * What a recorded corpus of engine calls refers to: blocks with the newPayload call that delivers
 * each, and altered payloads. Read from a folder in one of three forms: as recorded (chain,
 * branches, mutations .ndjson.zst), ours (blocks, mutations .ndjson.zst, config.json; written by
 * ls_corpus_pack), or a fixture folder of a chain (manifest.json); a chain may lie in several of
 * those.
 *
 * A test program's part: whatever is wrong with a file ends the process with exit code 2.
 */
#ifndef LS_TESTS_ENGINE_CORPUS_CORPUS_H
#define LS_TESTS_ENGINE_CORPUS_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/op/rollup.h"
#include "lib/op/types.h"

struct cJSON;

#define LS_CORPUS_BYTES_MAX ((size_t)1 << 30) /* one file, decompressed */

struct ls_corpus_block {
    struct ls_hash hash;
    uint64_t number;
    struct cJSON *row;          /* owner of what follows */
    const struct cJSON *block;  /* as eth_getBlockByHash(hash, true) gives it */
    const struct cJSON *params; /* of its newPayload call; NULL for genesis */
    const char *method;
    char *text; /* block, printed */
    size_t text_bytes;
};

struct ls_corpus {
    struct ls_corpus_block *blocks; /* parents before children; the canonical chain first */
    size_t block_count;
    struct cJSON **mutations;
    size_t mutation_count;
    struct cJSON *capabilities; /* NULL: not recorded */
    struct ls_rollup rollup;
};

/* Reads the folder; c is freed by ls_corpus_close. */
void ls_corpus_open(struct ls_corpus *c, const char *dir);
/* Adds the blocks of another fixture folder of the same chain; those that are there stay. */
void ls_corpus_extend(struct ls_corpus *c, const char *dir);
/* Zeroed is fine. */
/* What a folder of sequences says of its engine goes before what the chain's folder says: the
 * capabilities, when file stands beside some. */
void ls_corpus_beside(struct ls_corpus *c, const char *file);
void ls_corpus_close(struct ls_corpus *c);
/* Takes away the newest blocks, so that count stay. */
void ls_corpus_drop(struct ls_corpus *c, size_t count);
/* Appends one block by its JSON-RPC object; its newPayload call follows from it (tests). */
void ls_corpus_add_block(struct ls_corpus *c, const char *text, size_t n);
/* Appends one mutation {"id", "base", "set", "del"} (tests). */
void ls_corpus_add_mutation(struct ls_corpus *c, const char *text, size_t n);

/* NULL when there is none; hash as "0x…" text, NULL is fine. */
const struct ls_corpus_block *ls_corpus_block(const struct ls_corpus *c, const char *hash);
/* The first block of that number, which is the canonical one; NULL: none. */
const struct ls_corpus_block *ls_corpus_at(const struct ls_corpus *c, uint64_t number);
const struct cJSON *ls_corpus_mutation(const struct ls_corpus *c, const char *id);

/* Writes our form of a corpus to folder dir (made when missing): blocks, mutations, config, and of
 * each "NAME=FILE" of sequences what a replay looks at, as NAME.ndjson.zst. */
void ls_corpus_pack(struct ls_corpus *c, const char *dir, char *const *files, size_t n);

/* --- files --- */

typedef void ls_corpus_line(void *self, const char *line, size_t n);
/* Calls fn for each line of a file, zstd or plain. */
void ls_corpus_lines(const char *path, ls_corpus_line *fn, void *self);
struct cJSON *ls_corpus_parse(const char *text, size_t n);
void ls_corpus_die(const char *what, const char *why) __attribute__((noreturn));
void *ls_corpus_need(void *p);

#endif
