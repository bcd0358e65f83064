/*
 * How fast recorded blocks are hashed and verified: the figures behind `lockstep verify` and every
 * newPayload. CPU time of one core, over the fixture's own blocks.
 *
 *   hashing BUILD [FIXTURE]      prints "name value" lines
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "harness/capture/chain.h"
#include "lib/arena.h"
#include "lib/json.h"
#include "lib/op/block.h"
#include "lib/op/header.h"

#define PATH_BYTES 1024u
#define BLOCK_BYTES_MAX (64u << 20)
#define SECONDS_MIN 0.5

static double cpu_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static enum ls_err block_of(const struct ls_ublock *u, struct ls_arena *a, struct ls_block *out,
                            struct ls_diag *d)
{
    struct cJSON *json = NULL;
    enum ls_err e = ls_json_parse(u->json, u->json_bytes, 16, &json, d);

    if (!e) {
        e = ls_block_from_json(json, a, out, d);
    }
    ls_json_free(json);
    return e;
}

/* Headers of every recorded block, hashed over and over. */
static enum ls_err bench_headers(const struct ls_chain *c, struct ls_diag *d)
{
    uint32_t count = ls_universe_count(c->l2);
    struct ls_header *headers = calloc(count, sizeof *headers);
    double start;
    double taken = 0;
    uint64_t done = 0;
    enum ls_err e = headers ? LS_OK : LS_ERR_NOMEM;

    for (uint32_t i = 0; !e && i < count; i++) {
        struct ls_arena a;
        struct ls_block block;
        ls_arena_init(&a, BLOCK_BYTES_MAX);
        e = block_of(ls_universe_get(c->l2, i), &a, &block, d);
        headers[i] = block.header;
        ls_arena_fini(&a);
    }
    for (start = cpu_s(); !e && taken < SECONDS_MIN; taken = cpu_s() - start) {
        for (uint32_t i = 0; !e && i < count; i++) {
            struct ls_hash hash = ls_header_hash(&headers[i]);
            if (!ls_hash_eq(&hash, &ls_universe_get(c->l2, i)->ref.hash)) {
                e = ls_fail(d, LS_ERR_HASH, "block %u hashes wrongly", i);
            }
        }
        done += count;
    }
    if (!e) {
        printf("header_hash_per_s %.0f\n", (double)done / taken);
    }
    free(headers);
    return e;
}

/* From recorded text to a believed block: parse, hash of each transaction, header hash, root. */
static enum ls_err bench_blocks(const struct ls_chain *c, struct ls_diag *d)
{
    uint32_t count = ls_universe_count(c->l2);
    uint64_t done = 0;
    uint64_t bytes = 0;
    double taken = 0;
    enum ls_err e = LS_OK;

    for (double start = cpu_s(); !e && taken < SECONDS_MIN; taken = cpu_s() - start) {
        const struct ls_ublock *u = ls_universe_get(c->l2, (uint32_t)(done % count));
        struct ls_arena a;
        struct ls_block block;
        ls_arena_init(&a, BLOCK_BYTES_MAX);
        e = block_of(u, &a, &block, d);
        if (!e) {
            e = ls_block_verify(&block, d);
        }
        ls_arena_fini(&a);
        bytes += u->json_bytes;
        done++;
    }
    if (!e) {
        printf("block_verify_per_s %.0f\n", (double)done / taken);
        printf("block_json_bytes_mean %.0f\n", (double)bytes / (double)done);
    }
    return e;
}

int main(int argc, char **argv)
{
    struct ls_diag d = {{0}};
    struct ls_chain chain;
    char path[PATH_BYTES];
    enum ls_err e;

    snprintf(path, sizeof path, "%s", argc > 2 ? argv[2] : "fixtures/op-sepolia-window");
    e = ls_chain_open(path, NULL, &chain, &d);
    if (!e) {
        e = bench_headers(&chain, &d);
    }
    if (!e) {
        e = bench_blocks(&chain, &d);
    }
    if (e) {
        fprintf(stderr, "bench hashing: %s: %s\n", path, d.text);
    }
    ls_chain_close(&chain);
    return e ? 1 : 0;
}
