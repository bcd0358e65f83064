/*
 * What a capture costs without a network: blocks of a chain made up as they are asked for, taken,
 * verified, written and finished. CPU time of one core, and the most memory it held.
 *
 *   capture BUILD [BLOCKS]      prints "name value" lines; 1000000 blocks need 2 GB of disk
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "harness/capture/manifest.h"
#include "harness/capture/pull_run.h"
#include "lib/jsonw.h"
#include "lib/num.h"
#include "lib/op/header.h"

#define BLOCKS_DEFAULT 20000u
#define BLOCK_BYTES_MAX 8192u
#define KEPT 65536u /* hashes that may be asked for again */
#define EPOCH_MS 1790000000000u

/* A chain of empty blocks, each made when it is first asked for. */
struct maker {
    struct ls_pull_world world; /* first */
    uint64_t blocks;
    uint64_t made;
    uint64_t now_ms;
    struct ls_hash *hashes; /* of the last KEPT blocks, at number % KEPT */
    struct ls_buf text;
};

static struct maker *of(struct ls_pull_world *w)
{
    return (struct maker *)w;
}

static void write_block(struct maker *m, uint64_t number)
{
    struct ls_header h = {.number = number,
                          .timestamp = 2 * number + 1,
                          .gas_limit = 30000000,
                          .uncles_hash = LS_EMPTY_UNCLES,
                          .tx_root = LS_EMPTY_TRIE,
                          .receipts_root = LS_EMPTY_TRIE,
                          .tail = LS_TAIL_BASE_FEE};
    struct ls_jw w;

    if (number > 0) {
        h.parent = m->hashes[(number - 1) % KEPT];
    }
    ls_put_be64(h.state_root.b, number * 2654435761u);
    struct ls_hash hash = ls_header_hash(&h);
    m->hashes[number % KEPT] = hash;
    m->made = number >= m->made ? number + 1 : m->made;
    ls_buf_clear(&m->text);
    ls_jw_init(&w, &m->text);
    ls_jw_object(&w, NULL);
    ls_header_write(&h, &hash, &w);
    ls_jw_array(&w, "transactions");
    ls_jw_array_end(&w);
    ls_jw_object_end(&w);
}

static enum ls_err fetch(struct ls_pull_world *w, const struct ls_pull_plan *plan,
                         struct ls_diag *d)
{
    struct maker *m = of(w);
    enum ls_err e = LS_OK;

    for (uint64_t i = 0; !e && i < plan->count; i++) {
        struct ls_pull_call c = {.method = LS_PULL_CHAIN_ID};
        plan->call(plan->ctx, i, &c);
        ls_buf_clear(&m->text);
        if (c.method == LS_PULL_CHAIN_ID) {
            ls_buf_puts(&m->text, "\"0x1\"");
        } else if (c.method == LS_PULL_BLOCK_BY_NUMBER && c.number <= m->made &&
                   c.number + KEPT > m->made) {
            write_block(m, c.number);
        } else if (c.method == LS_PULL_BLOCK_BY_TAG && strcmp(c.tag, "latest") == 0) {
            /* The number is all that counts: the block has not been made yet. */
            ls_buf_printf(&m->text,
                          "{\"number\":\"0x%llx\",\"timestamp\":\"0x11\",\"hash\":\"0x%064x\","
                          "\"parentHash\":\"0x%064x\"}",
                          (unsigned long long)m->blocks - 1, 1, 2);
        } else {
            ls_buf_puts(&m->text, "null");
        }
        struct ls_pull_answer a = {.result = ls_buf_span(&m->text)};
        e = m->text.err ? ls_fail(d, m->text.err, "no room") : plan->take(plan->ctx, i, &a, d);
    }
    return e;
}

static uint64_t now_ms(struct ls_pull_world *w)
{
    return EPOCH_MS + of(w)->now_ms;
}

static void wait_ms(struct ls_pull_world *w, uint64_t ms)
{
    of(w)->now_ms += ms;
}

static bool is_stopped(struct ls_pull_world *w)
{
    (void)w;
    return false;
}

static void remove_folder(const char *dir)
{
    static const char *const files[] = {LS_MANIFEST_FILE, LS_SEGMENT_L2_FILE, LS_PULL_FACTS_FILE,
                                        LS_SEGMENT_STATUS_FILE, LS_PULL_L2_JOURNAL};
    char path[LS_PATH_MAX];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (ls_path_join(dir, files[i], path, NULL) == LS_OK) {
            unlink(path);
        }
    }
    rmdir(dir);
}

static enum ls_err bench(struct maker *m, const char *dir, struct ls_diag *d)
{
    const struct ls_pull_options o = {.dir = dir,
                                      .has_from = true,
                                      .has_to = true,
                                      .to = m->blocks - 1,
                                      .patience_ms = 10000,
                                      .poll_ms = 1000,
                                      .level = 3,
                                      .window = LS_PULL_WINDOW};
    const struct ls_pull_watch watch = {NULL, NULL, NULL};
    struct ls_pull_result result;
    struct rusage usage;
    clock_t start = clock();
    enum ls_err e = ls_pull_run(&m->world, &o, &watch, &result, d);
    double taken = (double)(clock() - start) / CLOCKS_PER_SEC;

    if (!e && getrusage(RUSAGE_SELF, &usage) == 0) {
        printf("capture_cpu_blocks_per_s %.0f\n", (double)result.blocks / taken);
        printf("capture_rss_kib %ld\n", usage.ru_maxrss);
    }
    return e;
}

int main(int argc, char **argv)
{
    static const struct ls_pull_world_ops ops = {fetch, now_ms, wait_ms, is_stopped};
    struct maker m = {.world = {.ops = &ops, .names = {"the maker"}}, .blocks = BLOCKS_DEFAULT};
    struct ls_diag d = {""};
    char dir[LS_PATH_MAX];
    enum ls_err e = LS_ERR_USAGE;

    if (argc < 2 || (argc > 2 && ls_parse_dec(argv[2], strlen(argv[2]), &m.blocks)) ||
        m.blocks < 2) {
        fprintf(stderr, "usage: capture BUILD [BLOCKS]\n");
        return 2;
    }
    ls_buf_init(&m.text, BLOCK_BYTES_MAX);
    m.hashes = calloc(KEPT, sizeof *m.hashes);
    if (m.hashes && ls_path_join(argv[1], "bench-capture", dir, &d) == LS_OK) {
        remove_folder(dir);
        e = bench(&m, dir, &d);
        remove_folder(dir);
    }
    if (e) {
        fprintf(stderr, "capture: %s\n", d.text);
    }
    free(m.hashes);
    ls_buf_fini(&m.text);
    return e ? 1 : 0;
}
